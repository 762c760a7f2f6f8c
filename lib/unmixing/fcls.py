"""Proportions of known end members: least squares with every proportion >= 0 and a sum of exactly 1.

For one sample the problem is  min_a ||(x - E^T a)/s||^2  with a >= 0, 1^T a = 1.  The sum is imposed by a Lagrange
multiplier, not by a heavily weighted extra equation, so that it holds to rounding whatever the errors s are.  All samples
are solved together by a primal active-set method: the same few small linear systems serve a hundred thousand samples.

References
----------
Heinz, D. C. & Chang, C.-I. (2001) Fully constrained least squares linear spectral mixture analysis. IEEE Trans. Geosci.
Remote Sens. 39, 529-545 (the problem);  Lawson, C. L. & Hanson, R. J. (1974) Solving Least Squares Problems, ch. 23 (active
sets);  Van Benthem, M. H. & Keenan, M. R. (2004) J. Chemometrics 18, 441-450 (many right-hand sides at once).
"""

from __future__ import annotations

import numpy as np

# All 2^K sub-systems are inverted beforehand up to this many end members; above, each sample's system is solved by itself.
TABULATED = 8
BLOCK = 20_000


def fully_constrained(x, end_members, scale=None):
    """Proportions of known end members in every sample, each >= 0, sum 1.

    Parameters
    ----------
    x : array, shape (n_samples, n_parts)
        Concentrations, in the same unit and with the same closure as the end members.  NaN = left out of the fit of that
        sample (weight 0), which is right if the values are fractions of the whole and wrong in a re-closed subset.
    end_members : array, shape (n_end_members, n_parts)
    scale : array, shape (n_parts,) or (n_samples, n_parts), optional
        Standard deviation by which a misfit is divided, positive, unit of x; default: standard deviation of each part of x.

    Returns
    -------
    array, shape (n_samples, n_end_members)
        Rows sum to 1.

    Raises
    ------
    ValueError
        Shapes that do not fit, a scale that is not positive, too few parts, or end members that are mixtures of each
        other (their proportions are then not determined).

    References
    ----------
    Heinz & Chang (2001), eqs 11-13, with the sum as an exact constraint.
    """
    x, e = _matrix(x, "x", missing=True), _matrix(end_members, "end_members")
    if x.shape[1] != e.shape[1]:
        raise ValueError(f"x has {x.shape[1]} parts and end_members {e.shape[1]}: both need the same parts, in the same order")
    seen, k = ~np.isnan(x), len(e)
    few = ~seen.all(axis=1) & (seen.sum(axis=1) < k - 1)
    if few.any():
        raise ValueError(f"row {np.flatnonzero(few)[0]} has fewer measured parts than {k} end members need ({k - 1}): "
                         "leave the sample out or use fewer end members")  # fmt: skip
    s = part_scale(x) if scale is None else np.asarray(scale, float)
    if s.shape not in (x.shape[1:], x.shape) or not np.all(s > 0) or not np.all(np.isfinite(s)):
        raise ValueError(f"scale must be positive, shape ({x.shape[1]},) or {x.shape}, got shape {s.shape}")
    _check_independent(e / (s if s.ndim == 1 else np.median(s, axis=0)))
    if seen.all() and s.ndim == 1:
        scaled = e / s
        gram = scaled @ scaled.T
        return np.concatenate([solve(gram, (b / s) @ scaled.T) for b in blocks(x)]) if len(x) else np.empty((0, k))
    out = np.empty((len(x), k))
    for start in range(0, len(x), BLOCK):
        part = slice(start, start + BLOCK)
        weight = np.where(seen[part], 1 / np.broadcast_to(s, x.shape)[part] ** 2, 0.0)
        out[part] = solve(sample_grams(weight, e), (weight * np.where(seen[part], x[part], 0.0)) @ e.T)
    return out


def sample_grams(weight, e):
    """E W_n E^T of every sample.

    Parameters
    ----------
    weight : array, shape (n, D)
        Diagonals of W_n.
    e : array, shape (K, D)

    Returns
    -------
    array, shape (n, K, K)
    """
    k, d = e.shape
    return (weight @ (e[:, None] * e[None]).reshape(k * k, d).T).reshape(-1, k, k)


def solve(gram, linear, start=None):
    """Minimise a^T G a / 2 - f^T a over the unit simplex, for many f.

    Parameters
    ----------
    gram : array, shape (K, K) or (n, K, K)
        G, positive semi-definite.
    linear : array, shape (n, K)
        f.
    start : array, shape (n, K), optional
        Points of the simplex to start from, such as the solution of a similar problem.

    Returns
    -------
    array, shape (n, K)
    """
    gram, f = np.asarray(gram, float), np.array(linear, float)
    n, k = f.shape
    size = np.trace(gram, axis1=-2, axis2=-1) / k
    # a ridge far below any data error keeps nearly equal end members solvable inside an optimisation
    gram = gram / size[..., None, None] + 1e-12 * np.eye(k)
    f /= size[..., None] if gram.ndim == 3 else size
    systems = _systems(gram) if gram.ndim == 2 and k <= TABULATED else None
    a = np.full((n, k), 1 / k) if start is None else np.array(start, float)
    free = a > 0
    live = np.arange(n)
    for _ in range(6 * k):
        todo = live
        for _ in range(k):
            todo = _step(gram, f, a, free, todo, systems)
            if not todo.size:
                break
        slope = f[live] - _times(gram, a, live)
        inside = free[live]
        level = np.sum(slope * inside, axis=1) / inside.sum(axis=1)
        gain = np.where(inside, -np.inf, slope - level[:, None])
        best = np.argmax(gain, axis=1)
        open_ = gain[np.arange(len(live)), best] > 1e-10
        live = live[open_]
        if not live.size:
            break
        free[live, best[open_]] = True
    return a / a.sum(axis=1, keepdims=True)


def _step(gram, f, a, free, todo, systems):
    """Go towards the optimum of the present free sets; return the samples that met a bound on the way."""
    inside = free[todo]
    right = np.where(inside, f[todo], 0.0)
    if systems is not None:
        codes = inside @ (1 << np.arange(f.shape[1]))
        inverse, shift = systems
        z = np.matmul(inverse[codes], right[:, :, None])[:, :, 0] + shift[codes]
    else:
        g = gram if gram.ndim == 2 else gram[todo]
        bordered = _bordered(np.broadcast_to(g, (len(todo), *gram.shape[-2:])), inside)
        z = np.linalg.solve(bordered, np.hstack([right, np.ones((len(todo), 1))])[:, :, None])[:, :-1, 0]
    out = inside & (z <= 0)
    stopped = out.any(axis=1)
    a[todo[~stopped]] = np.where(inside[~stopped], z[~stopped], 0.0)
    rows, z, out = todo[stopped], z[stopped], out[stopped]
    if rows.size:
        now = a[rows]
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = np.where(out, now / (now - z), np.inf)
        first = np.argmin(ratio, axis=1)
        length = np.clip(ratio[np.arange(len(rows)), first], 0, 1)[:, None]
        now = np.where(free[rows], now + length * (z - now), 0.0)
        now[np.arange(len(rows)), first] = 0.0
        a[rows] = np.maximum(now, 0.0)
        free[rows, first] = False
    return rows


def _bordered(gram, inside):
    """Matrices of the equations G a + mu 1 = f, 1^T a = 1 on the free sets; the others are kept at 0."""
    n, k = inside.shape
    both = inside[:, :, None] & inside[:, None, :]
    out = np.zeros((n, k + 1, k + 1))
    out[:, :k, :k] = np.where(both, gram, 0.0)
    out[:, range(k), range(k)] += ~inside
    out[:, :k, k] = out[:, k, :k] = inside
    return out


def _systems(gram):
    """Inverse systems of all 2^K free sets (the empty one is never used)."""
    k = len(gram)
    inside = (np.arange(2**k)[:, None] >> np.arange(k)) & 1 == 1
    inside[0] = inside[-1]
    inverse = np.linalg.inv(_bordered(np.broadcast_to(gram, (2**k, k, k)), inside))
    return np.ascontiguousarray(inverse[:, :k, :k]), np.ascontiguousarray(inverse[:, :k, k])


def _times(gram, a, rows):
    return a[rows] @ gram if gram.ndim == 2 else np.einsum("nkl,nl->nk", gram[rows], a[rows])


def blocks(x, size=BLOCK):
    """Consecutive rows, at most so many at once, so that memory stays small.

    Parameters
    ----------
    x : array, shape (n, ...)
    size : int

    Returns
    -------
    list of array
    """
    return [x[i : i + size] for i in range(0, len(x), size)]


def part_scale(x):
    """Standard deviation of each part; 1 where a part does not vary.

    Parameters
    ----------
    x : array, shape (n_samples, n_parts)

    Returns
    -------
    array, shape (n_parts,)
    """
    s = np.nanstd(x, axis=0) if len(x) > 1 else np.ones(x.shape[1])
    return np.where(s > 0, s, 1.0)


def _matrix(x, name, missing=False):
    x = np.asarray(x, float)
    if x.ndim != 2:
        raise ValueError(f"{name} must have two dimensions (rows x parts), got shape {x.shape}")
    bad = np.isinf(x) if missing else ~np.isfinite(x)
    if bad.any():
        i, j = np.argwhere(bad)[0]
        raise ValueError(f"{name}[{i}, {j}] is {x[i, j]}: give a finite number")
    return x


def _check_independent(e):
    k = len(e)
    if k - 1 > e.shape[1]:
        raise ValueError(
            f"{k} end members need at least {k - 1} parts, there are {e.shape[1]}: use fewer end members or more parts"
        )
    if k > 1:
        singular = np.linalg.svd(e[1:] - e[0], compute_uv=False)
        if singular[-1] < 1e-9 * max(singular[0], 1e-300):
            raise ValueError(f"the {k} end members lie in fewer than {k - 1} dimensions (one is a mixture of the others, "
                             "or two are equal), so proportions are not determined: leave one out")  # fmt: skip
