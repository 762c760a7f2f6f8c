"""Numba kernels of the isocon estimators: residual, weighted location, mode search.

Every element i has the covariance ``Sigma_i = diag(1/p_i) + s2_i 1 1^T`` over its cells: independent errors of
the altered samples plus the error of the protolith, which all samples share.  The Woodbury identity gives
``Sigma_i^{-1} = diag(p_i) - a_i p_i p_i^T`` with ``a_i = s2_i / (1 + s2_i sum p_i)``, so nothing larger than a
vector is ever formed; a missing cell simply has ``p = 0`` and the formula is then that of the observed sub-block.

All compiled code of the package is in this one file on purpose: Numba's disk cache looks at the date of the file of a
kernel only, so that a kernel would go on using the old form of another one that was changed in another file.

Shapes: ``x, p, below`` are (I, N) = (elements, samples); ``x`` is ln(c_A/c_0), or ln(limit/c_0) in a censored cell.
"""

import math

import numpy as np
from numba import njit

MEDIAN, HUBER, WELSCH, FIXED = 0, 1, 2, 3
#: Weight, in cells, of the stated errors in the estimate of the noise scale.
SCALE_PRIOR_DOF = 6.0
#: Smallest slab variances of the mixture (squared log units).
SLAB_FLOOR = 0.01
_HALF_LOG_2PI = 0.5 * np.log(2 * np.pi)


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


@njit(cache=True, nogil=True)
def log_cdf(z):
    """Return ln Phi(z): asymptotic series below -8, where the tail underflows."""
    if z < -8.0:
        return -0.5 * z * z - np.log(-z) - _HALF_LOG_2PI + np.log1p(-1.0 / (z * z) + 3.0 / z**4)
    return np.log(0.5 * math.erfc(-z / np.sqrt(2.0)))


@njit(cache=True, nogil=True)
def log_density(x, p, s2, below, mean, scale, common, own, out, quadratic):
    """Fill ``out`` with ln N(x_i; mean, scale Sigma_i + common 11^T + own I) and ``quadratic`` with its exponent.

    Diagonal plus rank one: determinant and inverse by the Woodbury identity.
    """
    for i in range(x.shape[0]):
        sp, su, suu, logdet = 0.0, 0.0, 0.0, 0.0
        cells = 0
        n_below = 0
        rank_one = scale * s2[i] + common
        for n in range(x.shape[1]):
            if below[i, n]:
                n_below += 1
            elif p[i, n] > 0.0:
                d = scale / p[i, n] + own
                u = x[i, n] - mean[n]
                sp += 1.0 / d
                su += u / d
                suu += u * u / d
                logdet += np.log(d)
                cells += 1
        quadratic[i] = suu - rank_one / (1.0 + rank_one * sp) * su * su
        out[i] = -0.5 * (quadratic[i] + logdet + np.log1p(rank_one * sp)) - cells * _HALF_LOG_2PI
        if n_below > 0:
            e = rank_one * su / (1.0 + rank_one * sp)
            for n in range(x.shape[1]):
                if below[i, n]:
                    out[i] += log_cdf((x[i, n] - mean[n] - e) / np.sqrt(scale / p[i, n] + own))


@njit(cache=True, nogil=True)
def em_iterate(x, p, s2, below, weight, log_odds, use_prior, start, tol, max_turns):
    """Run EM from the isocon ``start``; return (penalised log likelihood, m, w, s, pi, u, A, B)."""
    n_elements, n_samples = x.shape
    have = np.zeros(x.shape)
    cells = np.zeros(n_elements)
    for i in range(n_elements):
        for n in range(n_samples):
            if p[i, n] > 0.0 and not below[i, n]:
                have[i, n] = 1.0
                cells[i] += 1.0
    measured = p * have
    m = start.copy()
    u = np.zeros(n_samples)
    w = weight.copy()
    s, pi, slab_common, slab_own = 1.0, 0.5, 0.25, 0.05
    previous = -np.inf
    spike, slab, q, q_slab = np.empty(n_elements), np.empty(n_elements), np.empty(n_elements), np.empty(n_elements)
    _slab_mean(x, have, weight, u)
    slab_common, slab_own = _slab_moments(x, have, cells, weight, u)
    total_weight = weight.sum()
    for _ in range(max_turns):
        log_density(x, p, s2, below, m, s, 0.0, 0.0, spike, q)
        log_density(x, p, s2, below, u, s, slab_common, slab_own, slab, q_slab)
        logl = 0.0
        for i in range(n_elements):
            odds = log_odds[i] if use_prior else np.log(pi / (1.0 - pi))
            a = spike[i] - np.log1p(np.exp(-odds))
            b = slab[i] - np.log1p(np.exp(odds))
            top = max(a, b)
            both = top + np.log(np.exp(a - top) + np.exp(b - top))
            w[i] = np.exp(a - both)
            if weight[i] > 0.0:
                logl += weight[i] * both
        if not use_prior:
            logl += 2.0 * np.log(pi) + np.log(1.0 - pi)
        logl += -(0.5 * SCALE_PRIOR_DOF + 1.0) * np.log(s) - 0.5 * SCALE_PRIOR_DOF / s
        moved = improve(x, measured, s2, w * weight, m)
        sum_w = 0.0
        chi2 = 0.0
        n_cells = 0.0
        for i in range(n_elements):
            sum_w += w[i] * weight[i]
            chi2 += w[i] * weight[i] * q[i] * s
            n_cells += w[i] * weight[i] * cells[i]
        pi = (sum_w + 2.0) / (total_weight + 3.0)
        free = max(n_cells - n_samples, 0.0)
        s = min(max((SCALE_PRIOR_DOF + chi2) / (SCALE_PRIOR_DOF + free), 0.1), 10.0)
        v = (1.0 - w) * weight
        _slab_mean(x, have, v, u)
        slab_common, slab_own = _slab_moments(x, have, cells, v, u)
        if abs(logl - previous) < tol and moved < 1e-8:
            break
        previous = logl
    return logl, m, w, s, pi, u, slab_common, slab_own


@njit(cache=True, nogil=True)
def _slab_mean(x, have, v, u):
    for n in range(x.shape[1]):
        top, bottom = 0.0, 1e-12
        for i in range(x.shape[0]):
            top += v[i] * have[i, n] * x[i, n]
            bottom += v[i] * have[i, n]
        u[n] = top / bottom


@njit(cache=True, nogil=True)
def _slab_moments(x, have, cells, v, u):
    """Slab variances A (common to the samples) and B (own) by moments."""
    top_a, top_b, bottom_a, bottom_b = 0.0, 0.0, 1e-12, 1e-12
    for i in range(x.shape[0]):
        if cells[i] == 0.0 or v[i] == 0.0:
            continue
        mean = 0.0
        for n in range(x.shape[1]):
            mean += have[i, n] * (x[i, n] - u[n])
        mean /= cells[i]
        top_a += v[i] * mean * mean
        bottom_a += v[i]
        for n in range(x.shape[1]):
            top_b += v[i] * have[i, n] * (x[i, n] - u[n] - mean) ** 2
        bottom_b += v[i] * (cells[i] - 1.0)
    a = max(top_a / bottom_a, SLAB_FLOOR)
    b = max(top_b / bottom_b, SLAB_FLOOR) if bottom_b > 1e-9 else SLAB_FLOOR
    return a, b


@njit(cache=True, nogil=True)
def _common_error(u, p, s2, cell2, previous):
    """Robust common protolith error of one element at residuals ``u`` (N,), IRLS from 0 and from its previous value."""
    best, best_cost = 0.0, np.inf
    for turn in range(2 if s2 > 0.0 else 1):
        e = 0.0 if turn == 0 else previous
        for _ in range(30 if s2 > 0.0 else 0):
            top, bottom = 0.0, 1.0 / s2
            for n in range(u.size):
                w = p[n] * np.exp(-0.5 * p[n] * (u[n] - e) ** 2 / cell2)
                top += w * u[n]
                bottom += w
            new = top / bottom
            done = abs(new - e) < 1e-10
            e = new
            if done:
                break
        cost = e * e / s2 if s2 > 0.0 else 0.0
        for n in range(u.size):
            cost += 2.0 * cell2 * (1.0 - np.exp(-0.5 * p[n] * (u[n] - e) ** 2 / cell2))
        if cost < best_cost - 1e-12:
            best, best_cost = e, cost
    return best, best_cost


@njit(cache=True, nogil=True)
def cellwise_descend(x, p, s2, below, weight, c2, cell2, m, max_turns):
    """IRLS over cells and elements from ``m`` (changed in place); return objective, element and cell weights, errors."""
    n_elements, n_samples = x.shape
    omega = np.zeros(n_elements)
    cell = np.zeros(x.shape)
    common = np.zeros(n_elements)
    u = np.empty(n_samples)
    q = np.empty(n_samples)
    objective = 0.0
    voting = np.zeros(n_elements)
    use = np.zeros(x.shape)
    for _ in range(max_turns):
        objective = 0.0
        for i in range(n_elements):
            for n in range(n_samples):
                u[n] = x[i, n] - m[n]
                # a censored cell below the isocon's prediction is evidence; above it says nothing
                q[n] = 0.0 if below[i, n] and u[n] > common[i] else p[i, n]
            common[i], cost = _common_error(u, q, s2[i], cell2, common[i])
            omega[i] = np.exp(-0.5 * cost / c2[i])
            voting[i] = weight[i] * omega[i]
            objective += weight[i] * (1.0 - omega[i])
            for n in range(n_samples):
                cell[i, n] = np.exp(-0.5 * q[n] * (u[n] - common[i]) ** 2 / cell2) if q[n] > 0.0 else 0.0
                use[i, n] = cell[i, n] * q[n]
        # with the cell weights as precisions the common errors are eliminated exactly
        if improve(x, use, s2, voting, m) < 1e-8:
            break
    return objective, omega, cell, common
