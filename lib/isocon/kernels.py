"""Numba kernels of the isocon estimators: residual, weighted location, mode search.

Every element i has the covariance ``Sigma_i = diag(1/p_i) + s2_i 1 1^T`` over its cells: independent errors of
the altered samples plus the error of the protolith, which all samples share.  The Woodbury identity gives
``Sigma_i^{-1} = diag(p_i) - a_i p_i p_i^T`` with ``a_i = s2_i / (1 + s2_i sum p_i)``, so nothing larger than a
vector is ever formed; a missing cell simply has ``p = 0`` and the formula is then that of the observed sub-block.

Shapes: ``x, p, below`` are (I, N) = (elements, samples); ``x`` is ln(c_A/c_0), or ln(limit/c_0) in a censored cell.
"""

import numpy as np
from numba import njit

MEDIAN, HUBER, WELSCH, FIXED = 0, 1, 2, 3
#: Weight, in cells, of the stated errors in the estimate of the noise scale.
SCALE_PRIOR_DOF = 6.0


@njit(cache=True, nogil=True)
def distances(x, p, s2, below, m, active, r2):
    """Fill ``r2`` (I,) with squared Mahalanobis residuals at ``m`` and ``active`` (I, N) with precisions in use.

    A censored cell (true value below the limit) costs nothing while the isocon, shifted by the element's best
    common protolith error e, predicts a value below the limit; else it counts as a measured value at the limit.
    e minimises a convex piecewise-quadratic function whose derivative is convex, so Newton steps on the set of
    active cells end after finitely many turns.
    """
    for i in range(x.shape[0]):
        sp, su, suu = 0.0, 0.0, 0.0
        n_below = 0
        for n in range(x.shape[1]):
            if below[i, n]:
                n_below += 1
                active[i, n] = 0.0
                continue
            w = p[i, n]
            u = x[i, n] - m[n]
            active[i, n] = w
            sp += w
            su += w * u
            suu += w * u * u
        if n_below > 0:
            tp, tu, tuu = sp, su, suu
            for _ in range(n_below + 2):
                e = s2[i] * tu / (1.0 + s2[i] * tp)
                changed = False
                tp, tu, tuu = sp, su, suu
                for n in range(x.shape[1]):
                    if below[i, n]:
                        u = x[i, n] - m[n]
                        w = p[i, n] if u < e else 0.0
                        if w != active[i, n]:
                            changed = True
                            active[i, n] = w
                        tp += w
                        tu += w * u
                        tuu += w * u * u
                if not changed:
                    break
            sp, su, suu = tp, tu, tuu
        value = suu - s2[i] / (1.0 + s2[i] * sp) * su * su
        r2[i] = value if value > 0.0 else 0.0


@njit(cache=True, nogil=True)
def _times_precision(active, a, omega, v, out):
    """Write H v into ``out``, where H is the sum of omega_i Sigma_i^{-1}."""
    out[:] = 0.0
    for i in range(active.shape[0]):
        if omega[i] == 0.0:
            continue
        t = 0.0
        for n in range(v.size):
            t += active[i, n] * v[n]
        t *= a[i]
        for n in range(v.size):
            out[n] += omega[i] * active[i, n] * (v[n] - t)


@njit(cache=True, nogil=True)
def improve(x, active, s2, omega, m):
    """Move ``m`` to the precision-weighted mean with element weights ``omega``; return the largest step.

    Solves H d = g by conjugate gradients preconditioned with diag(H): with equal errors this needs two turns.
    A sample without any weight keeps its value.
    """
    n_elements, n_samples = x.shape
    a = np.zeros(n_elements)
    diag = np.zeros(n_samples)
    g = np.zeros(n_samples)
    for i in range(n_elements):
        if omega[i] == 0.0:
            continue
        sp, su = 0.0, 0.0
        for n in range(n_samples):
            sp += active[i, n]
            su += active[i, n] * (x[i, n] - m[n])
        a[i] = s2[i] / (1.0 + s2[i] * sp)
        for n in range(n_samples):
            w = omega[i] * active[i, n]
            diag[n] += w * (1.0 - a[i] * active[i, n])
            g[n] += w * (x[i, n] - m[n] - a[i] * su)
    for n in range(n_samples):
        diag[n] = 1.0 / diag[n] if diag[n] > 1e-300 else 0.0
    step = np.zeros(n_samples)
    z = diag * g
    direction = z.copy()
    hv = np.empty(n_samples)
    rz = np.dot(g, z)
    first = rz
    for _ in range(2 * n_samples + 5):
        if rz <= 1e-26 * first or rz <= 0.0:
            break
        _times_precision(active, a, omega, direction, hv)
        curvature = np.dot(direction, hv)
        if curvature <= 0.0:
            break
        alpha = rz / curvature
        for n in range(n_samples):
            step[n] += alpha * direction[n]
            g[n] -= alpha * hv[n]
            z[n] = diag[n] * g[n]
        new = np.dot(g, z)
        beta = new / rz
        rz = new
        for n in range(n_samples):
            direction[n] = z[n] + beta * direction[n]
    largest = 0.0
    for n in range(n_samples):
        m[n] += step[n]
        largest = max(largest, abs(step[n]))
    return largest


@njit(cache=True, nogil=True)
def _element_weights(kind, r2, c2, weight, omega):
    """IRLS weights rho'(r)/r times the element's block weight; ``c2`` (I,) holds squared thresholds."""
    for i in range(r2.size):
        if weight[i] == 0.0:
            omega[i] = 0.0
        elif kind == WELSCH:
            omega[i] = weight[i] * np.exp(-0.5 * r2[i] / c2[i])
        elif kind == HUBER:
            omega[i] = weight[i] * (1.0 if r2[i] <= c2[i] else np.sqrt(c2[i] / r2[i]))
        elif kind == MEDIAN:
            omega[i] = weight[i] / np.sqrt(r2[i] + c2[i])
        else:
            omega[i] = weight[i]


@njit(cache=True, nogil=True)
def iterate(kind, x, p, s2, below, weight, c2, m, tol, max_turns):
    """Iteratively reweighted least squares from ``m`` (changed in place); return weights, r2 and turns used."""
    n_elements = x.shape[0]
    active = np.empty(x.shape)
    r2 = np.empty(n_elements)
    omega = np.empty(n_elements)
    turns = 0
    for _ in range(max_turns):
        turns += 1
        distances(x, p, s2, below, m, active, r2)
        _element_weights(kind, r2, c2, weight, omega)
        if improve(x, active, s2, omega, m) < tol:
            break
    distances(x, p, s2, below, m, active, r2)
    _element_weights(kind, r2, c2, weight, omega)
    return omega, r2, turns


@njit(cache=True, nogil=True)
def _apart2(p, s2, weight, m1, m2):
    """Mean over elements of the squared Mahalanobis distance between two isocon vectors."""
    total, sum_weight = 0.0, 0.0
    for i in range(p.shape[0]):
        if weight[i] == 0.0:
            continue
        sp, su, suu = 0.0, 0.0, 0.0
        for n in range(p.shape[1]):
            u = m1[n] - m2[n]
            sp += p[i, n]
            su += p[i, n] * u
            suu += p[i, n] * u * u
        total += weight[i] * (suu - s2[i] / (1.0 + s2[i] * sp) * su * su)
        sum_weight += weight[i]
    return total / sum_weight


@njit(cache=True, nogil=True)
def find_modes(x, p, s2, below, weight, c2, start, tol, max_turns):
    """All distinct minima of sum weight (1 - exp(-r2/2c2)), reached from ``start`` and from every element's vector.

    Returns (n_modes, modes (I+1, N), objective (I+1,), effective number (I+1,)), sorted by objective.  Two minima are
    one when their mean Mahalanobis distance divided by sqrt(N) is below one half.
    """
    n_elements, n_samples = x.shape
    modes = np.empty((n_elements + 1, n_samples))
    value = np.empty(n_elements + 1)
    effective = np.empty(n_elements + 1)
    count = 0
    total = weight.sum()
    for s in range(-1, n_elements):
        m = start.copy()
        if s >= 0:
            if weight[s] == 0.0:
                continue
            for n in range(n_samples):
                if p[s, n] > 0.0 and not below[s, n]:
                    m[n] = x[s, n]
        omega, _, _ = iterate(WELSCH, x, p, s2, below, weight, c2, m, tol, max_turns)
        support = omega.sum()
        objective = total - support
        twin = -1
        for j in range(count):
            if _apart2(p, s2, weight, m, modes[j]) < 0.25 * n_samples:
                twin = j
                break
        if twin < 0:
            twin = count
            count += 1
        elif objective >= value[twin]:
            continue
        modes[twin] = m
        value[twin] = objective
        effective[twin] = support
    order = np.argsort(value[:count])
    return count, modes[:count][order], value[:count][order], effective[:count][order]


@njit(cache=True, nogil=True)
def hard_refit(x, p, s2, below, weight, count, cut, k, m):
    """Refit ``m`` in place on the elements with r2 < k^2 cut until the set is stable; return members and r2."""
    n_elements = x.shape[0]
    active = np.empty(x.shape)
    r2 = np.empty(n_elements)
    omega = np.zeros(n_elements)
    member = np.zeros(n_elements, np.bool_)
    used = 0
    for i in range(n_elements):
        used += 1 if weight[i] > 0.0 else 0
    for _ in range(50):
        distances(x, p, s2, below, m, active, r2)
        new = np.zeros(n_elements, np.bool_)
        size = 0
        for i in range(n_elements):
            if weight[i] > 0.0 and r2[i] < k * k * cut[i]:
                new[i] = True
                size += count[i]
        if size < 2:
            wanted = max(2, used // 4)
            for i in np.argsort(r2 / cut):
                if wanted > 0 and weight[i] > 0.0:
                    new[i] = True
                    wanted -= 1
        same = True
        for i in range(n_elements):
            same = same and new[i] == member[i]
            member[i] = new[i]
            omega[i] = weight[i] if new[i] else 0.0
        if same and not below.any():
            break
        moved = improve(x, active, s2, omega, m)
        if same and moved < 1e-12:
            break
    distances(x, p, s2, below, m, active, r2)
    return member, r2


@njit(cache=True, nogil=True)
def rescale(r2, count, dof, quantiles, n_members):
    """Noise scale k from the h-th smallest r2, h = 35 % of the elements; not clipped.

    ``quantiles`` (I_total + 1, I) holds chi2_{dof_i, p} with p = min(.9, h/(n_A + 1)) for every n_A.  The quantile
    rests on h elements only; k^2 is therefore drawn towards the stated errors (k = 1) with the weight of
    SCALE_PRIOR_DOF cells, which matters for one or two samples and vanishes for ten.
    """
    total = 0
    cells = 0.0
    for i in range(r2.size):
        total += count[i]
        cells += count[i] * dof[i]
    h = max(1, int(np.rint(0.35 * total)))
    ratio = r2 / quantiles[min(n_members, total)]
    seen = 0
    for i in np.argsort(ratio):
        seen += count[i]
        if seen >= h:
            k2 = ratio[i] * total / max(total - 1, 1)
            known = h * cells / total
            return np.sqrt((SCALE_PRIOR_DOF + known * k2) / (SCALE_PRIOR_DOF + known))
    return 1.0


@njit(cache=True, nogil=True)
def algorithm_s(x, p, s2, below, weight, count, dof, cut, quantiles, tune, k, estimate, k_low, k_high, tol, max_turns):
    """Multi-start Welsch search, hard refit and noise scale (Algorithm S); see `lib.isocon.sparse.fit_sparse`.

    Returns (m, k, member, r2, modes, objective, effective number).
    """
    start = np.zeros(x.shape[1])
    c2 = np.full(x.shape[0], 1e-6)
    iterate(MEDIAN, x, p, s2, below, weight, c2, start, 1e-5, 200)
    turn = 0
    while True:
        turn += 1
        c2 = tune * tune * k * k * dof
        _, modes, value, effective = find_modes(x, p, s2, below, weight, c2, start, tol, max_turns)
        m = modes[0].copy()
        member, r2 = hard_refit(x, p, s2, below, weight, count, cut, k, m)
        if not estimate or turn >= 6:
            break
        n_members = 0
        for i in range(member.size):
            if member[i]:
                n_members += count[i]
        new = min(max(rescale(r2, count, dof, quantiles, n_members), k_low), k_high)
        if abs(new - k) < 0.02 * k:
            break
        k = new
    return m, k, member, r2, modes, value, effective


@njit(cache=True, nogil=True)
def bootstrap(x, p, s2, below, weight, counts, dof, cut, quantiles, tune, k, estimate, k_low, k_high, tol, max_turns):
    """Algorithm S on resampled elements; ``counts`` (B, I) are multiplicities.  Returns m (B, N) and members (B, I)."""
    n_sets = counts.shape[0]
    m = np.empty((n_sets, x.shape[1]))
    chosen = np.zeros((n_sets, x.shape[0]), np.bool_)
    for b in range(n_sets):
        result = algorithm_s(
            x, p, s2, below, weight * counts[b], counts[b], dof, cut, quantiles,
            tune, k, estimate, k_low, k_high, tol, max_turns,
        )  # fmt: skip
        m[b] = result[0]
        chosen[b] = result[2]
    return m, chosen
