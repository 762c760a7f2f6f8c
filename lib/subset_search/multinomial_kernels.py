"""Compiled loops of the cross-validated multinomial fits: one subset after another, all folds together.

What makes them fast is, in this order.

1. All folds start from the fit to all rows. The Hessians of all folds at that point come from one pass over the rows, because
   the training sum of a fold is the total less the fold's own rows.
2. After that only gradients are computed. The Cholesky factor of each fold is kept and corrected by BFGS pairs, so that
   convergence is faster than linear without another Hessian.
3. The fit to all rows starts from the linear discriminant functions, which need no pass over the rows, and stops early.
4. Loops run along rows in columns of memory; the exponential is the module's own and vectorises; small matrices of eight folds
   are factorised side by side.

Arrays: `x` (p + 2, 2 n) holds a row of ones, the p features, and a row of zeros (the partner of an odd column). Samples are
sorted by fold and written twice, so that the training rows of any fold are one unbroken range. Coefficients are relative to
the last class. No subset uses another one's result.

Stop rule and its error. Let H be the Hessian of a fold at the common start, d0 the Newton decrement there and d_m that of pass
m, in the metric of H corrected by BFGS. The gradient of the fold's held-out loss is, but for the change of the penalty, minus
that of its training loss at the start, where all rows together are balanced; its norm in the metric of 1/H is therefore d0.
By Cauchy and Schwarz, coefficients at a distance e from the minimum (norm in H) change the held-out loss by d0 e at most, to
first order. After step m, e is at most d_m times the rate of convergence r; the rate falls from pass to pass, so that
``r = max(d_m / d_(m-1), 0.03)`` is on the safe side. A fold is left, the step taken, when ``d0 d_m r <= tolerance * rows``,
the rows held out. Measured with 3e-9 nats a row on 2,000 subsets of 16 columns (3 classes, 500 rows, 10 folds), against
iterations to rounding: the mean loss is off by 4e-10 at most (median 7e-11), single folds by 2e-9; the error goes with the
tolerance from 1e-7 to 1e-10. In some 17,000 subsets of random problems (half of them with Student outliers, C from 1e-3 to
1e6, 2 to 5 classes, collinear columns) the mean loss was off by 4e-8 at most.

The module is long for one reason: the compiler's cache looks at the file of the outermost function only, so that a change of
inner functions in another file would go unnoticed.
"""

from __future__ import annotations

import math

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

__all__ = ["score_block"]

# sums may be split over vector lanes; the order is fixed by the compiled code, so that runs and workers agree to the last bit
SUMS = {"contract", "reassoc", "nsz"}
FUSED = {"contract"}  # where rounding is used on purpose (_exp) nothing may be regrouped
# called from compiled code only; a division by zero gives infinity, without a branch in the loop
INNER = {"cache": True, "error_model": "numpy", "no_cpython_wrapper": True, "no_cfunc_wrapper": True}
BLOCK = 512  # rows treated together: their part of the table stays in the first-level cache
LANES = 8  # folds factorised side by side
START_SHARE, STEP_SHARE = (
    0.02,
    0.5,
)  # a step is halved if the slope at its end exceeds this share of the slope at its beginning
NEWTON_PASSES = 100
LAST_LIMIT = 1e-6  # decrement before the last step of the fallback
START_LIMIT = 1.0  # decrement at which the common start is near enough: the folds lie about 1 away from it anyway
LEAST_RATIO = 0.03  # a faster rate of convergence is not believed: it may be an accident of one pass
WORST_RATIO = 0.7  # slower convergence hands a fold over to the damped Newton iteration
MEMORY = 10  # BFGS pairs kept; as many gradient passes are tried before the fallback
LINEAR_LIMIT = 600.0  # exp() of a larger linear predictor is cut, and
CUT = 1e260  # sums that contain such a one (exp(600) = 3.8e260) are done again with care
ROUND = 6755399441055744.0  # 1.5 * 2**52: adding it rounds to an integer that then stands in the low bits
LOG2E = 1.4426950408889634
LN2_HIGH = 6.93147180369123816490e-01
LN2_LOW = 1.90821492927058770002e-10


@intrinsic
def _as_bits(typingctx, value):
    """Return the bit pattern of a double as an integer."""

    def generate(context, builder, signature, arguments):
        return builder.bitcast(arguments[0], ir.IntType(64))

    return types.int64(types.float64), generate


@intrinsic
def _as_double(typingctx, bits):
    """Return the double that has the given bit pattern."""

    def generate(context, builder, signature, arguments):
        return builder.bitcast(arguments[0], ir.DoubleType())

    return types.float64(types.int64), generate


@njit(inline="always")
def _exp(value):
    """Exponential to 1e-14 relative, without branches or calls: 2**k times a polynomial of degree 11 on |r| <= log(2)/2."""
    value = min(max(value, -LINEAR_LIMIT), LINEAR_LIMIT)
    shifted = value * LOG2E + ROUND
    k = shifted - ROUND
    r = (value - k * LN2_HIGH) - k * LN2_LOW
    s = r * (1.0 / 39916800.0) + (1.0 / 3628800.0)
    s = s * r + (1.0 / 362880.0)
    s = s * r + (1.0 / 40320.0)
    s = s * r + (1.0 / 5040.0)
    s = s * r + (1.0 / 720.0)
    s = s * r + (1.0 / 120.0)
    s = s * r + (1.0 / 24.0)
    s = s * r + (1.0 / 6.0)
    s = s * r + 0.5
    s = s * r + 1.0
    s = s * r + 1.0
    return s * _as_double((_as_bits(shifted) << 52) + (1023 << 52))


@njit(**INNER)
def _copy(source, target):
    """Copy a vector; array assignments of the compiler cost it seconds, for the shapes they may refuse."""
    for i in range(target.size):
        target[i] = source[i]


@njit(**INNER)
def _add(source, sign, target):
    """Add sign * source to target."""
    for i in range(target.size):
        target[i] += sign * source[i]


@njit(**INNER)
def _fill(value, target):
    """Set every element of a vector."""
    for i in range(target.size):
        target[i] = value


@njit(**INNER, fastmath=SUMS)
def _predict(x, columns, theta, low, high, eta):
    """Linear predictors of rows low..high relative to the last class, into eta[:, :high - low]."""
    m = high - low
    for j in range(0, columns.size, 2):
        x0, x1 = x[columns[j], low:high], x[columns[j + 1], low:high]
        keep = 0.0 if j == 0 else 1.0
        for a in range(theta.shape[0]):
            out, t0, t1 = eta[a], theta[a, j], theta[a, j + 1]
            for i in range(m):
                out[i] = keep * out[i] + t0 * x0[i] + t1 * x1[i]


@njit(**INNER, fastmath=SUMS)
def _total(values, m):
    """Sum of the first m values."""
    total = 0.0
    for i in range(m):
        total += values[i]
    return total


@njit(**INNER, fastmath=FUSED)
def _softmax(work, n_classes, m):
    """Turn linear predictors work[:n_classes] into probabilities, in place; False if a predictor is too large."""
    sums = work[n_classes]
    for i in range(m):
        sums[i] = 1.0
    for a in range(n_classes):
        out = work[a]
        for i in range(m):
            value = _exp(out[i])
            out[i] = value
            sums[i] += value
    if _total(sums, m) > CUT:
        return False
    for i in range(m):
        sums[i] = 1.0 / sums[i]
    for a in range(n_classes):
        out = work[a]
        for i in range(m):
            out[i] *= sums[i]
    return True


@njit(**INNER)
def _softmax_far(work, n_classes, m):
    """The same for rows of any distance from the boundaries (outliers), with the largest predictor taken out first."""
    for i in range(m):
        top = 0.0
        for a in range(n_classes):
            top = max(top, work[a, i])
        total = math.exp(-top)
        for a in range(n_classes):
            work[a, i] = math.exp(work[a, i] - top)
            total += work[a, i]
        for a in range(n_classes):
            work[a, i] /= total


@njit(**INNER, fastmath=SUMS)
def _dots(rows, a, x, columns, j, start, m, out, row, column):
    """Add the four scalar products of rows a, a + 1 with columns j, j + 1 to out[row:row + 2, column:column + 2]."""
    u0, u1 = rows[a], rows[a + 1]
    v0, v1 = x[columns[j], start : start + m], x[columns[j + 1], start : start + m]
    s00 = s01 = s10 = s11 = 0.0
    for i in range(m):
        s00 += u0[i] * v0[i]
        s01 += u0[i] * v1[i]
        s10 += u1[i] * v0[i]
        s11 += u1[i] * v1[i]
    out[row, column] += s00
    out[row, column + 1] += s01
    out[row + 1, column] += s10
    out[row + 1, column + 1] += s11


@njit(**INNER)
def _pass(x, columns, theta, low, high, grad, hess, with_hess, work):
    """Add sum p x to grad and, if asked, sum (p_a [a = b] - p_a p_b) x x' to hess, over rows low..high.

    grad (K, q): its last row is a spare. hess (K - 1, K - 1, q, q): only class pairs b <= a and column pairs of the lower
    triangle (in tiles of 2 x 2) are filled.
    """
    n_classes, q = theta.shape
    w, w0, w1 = work[n_classes + 1], work[n_classes + 2], work[n_classes + 3]
    for start in range(low, high, BLOCK):
        m = min(start + BLOCK, high) - start
        _predict(x, columns, theta, start, start + m, work)
        if not _softmax(work, n_classes, m):
            _predict(x, columns, theta, start, start + m, work)
            _softmax_far(work, n_classes, m)
        for a in range(0, n_classes, 2):
            for j in range(0, q, 2):
                _dots(work, a, x, columns, j, start, m, grad, a, j)
        if not with_hess:
            continue
        for a in range(n_classes):
            for b in range(a + 1):
                pa, pb = work[a], work[b]
                same = 1.0 if a == b else 0.0
                for i in range(m):
                    w[i] = pa[i] * (same - pb[i])
                for j in range(0, q, 2):
                    x0, x1 = x[columns[j], start : start + m], x[columns[j + 1], start : start + m]
                    for i in range(m):
                        w0[i] = w[i] * x0[i]
                        w1[i] = w[i] * x1[i]
                    for l in range(0, j + 1, 2):
                        _dots(work, n_classes + 2, x, columns, l, start, m, hess[a, b], j, l)


@njit(**INNER)
def _assemble(total, sign, part, penalty, size, lane, matrix):
    """Write the lower triangle of (total + sign * part + penalty) into one lane; order of unknowns: class, then column."""
    n_classes = total.shape[0]
    for a in range(n_classes):
        for b in range(a + 1):
            factor = (1.0 if a == b else 0.0) - 1.0 / (n_classes + 1)
            for j in range(size):
                for l in range(size if b < a else j + 1):
                    high, low = max(j, l), min(j, l)
                    value = total[a, b, high, low] + sign * part[a, b, high, low]
                    if j == l:
                        value += factor * penalty[j]
                    matrix[a * size + j, b * size + l, lane] = value


@njit(**INNER, fastmath=FUSED)
def _subtract(u, v, low, high, out):
    """Take sum_k u[k] * v[k] from out, every lane for itself; written out, since only so do the sums stay in registers."""
    s0, s1, s2, s3, s4, s5, s6, s7 = out[0], out[1], out[2], out[3], out[4], out[5], out[6], out[7]
    for k in range(low, high):
        a, b = u[k], v[k]
        s0 -= a[0] * b[0]
        s1 -= a[1] * b[1]
        s2 -= a[2] * b[2]
        s3 -= a[3] * b[3]
        s4 -= a[4] * b[4]
        s5 -= a[5] * b[5]
        s6 -= a[6] * b[6]
        s7 -= a[7] * b[7]
    out[0], out[1], out[2], out[3], out[4], out[5], out[6], out[7] = s0, s1, s2, s3, s4, s5, s6, s7


@njit(**INNER, fastmath=FUSED)
def _factorise(matrix, d, used):
    """Cholesky factors of all lanes in place, mirrored above the diagonal of reciprocals; False if one is not definite."""
    good = True
    for i in range(d):
        for j in range(i + 1):
            out = matrix[i, j]
            _subtract(matrix[i], matrix[j], 0, j, out)
            if i == j:
                for lane in range(LANES):
                    if not out[lane] > 0.0:
                        good = good and lane >= used
                        out[lane] = 1.0
                    out[lane] = 1.0 / math.sqrt(out[lane])
            else:
                pivot, mirror = matrix[j, j], matrix[j, i]
                for lane in range(LANES):
                    out[lane] *= pivot[lane]
                    mirror[lane] = out[lane]
    return good


@njit(**INNER, fastmath=FUSED)
def _solve(factor, d, right):
    """Solve with the Cholesky factors of all lanes; right (d, LANES) is replaced by the solution."""
    for i in range(d):
        out, pivot = right[i], factor[i, i]
        _subtract(factor[i], right, 0, i, out)
        for lane in range(LANES):
            out[lane] *= pivot[lane]
    for i in range(d - 1, -1, -1):
        out, pivot = right[i], factor[i, i]
        _subtract(factor[i], right, i + 1, d, out)
        for lane in range(LANES):
            out[lane] *= pivot[lane]


@njit(**INNER)
def _finish_gradient(grad, sums, sign, part, penalty, theta, size, out):
    """Turn sum p x into the gradient: less the class sums of the rows, plus the penalty; out (d,)."""
    n_classes = theta.shape[0]
    for j in range(size):
        mean = 0.0
        for a in range(n_classes):
            mean += theta[a, j]
        mean /= n_classes + 1
        for a in range(n_classes):
            out[a * size + j] = grad[a, j] - (sums[a, j] + sign * part[a, j]) + penalty[j] * (theta[a, j] - mean)


@njit(**INNER)
def _newton(x, columns, size, rows, sums, sign, part, penalty, theta, slope, limit, matrix, work):
    """Damped Newton from theta (in place) until the decrement falls under limit, that last step taken; False if it does not.

    A step is judged by the slope along it at its end: for a convex function that is enough, and no objective is needed. The
    start counts as a step from zero, of the given slope there (0: it is taken as it is).
    """
    n_classes, q = theta.shape
    d = n_classes * size
    right = np.zeros((d, LANES))
    hess = np.empty((n_classes, n_classes, q, q))
    none = np.zeros((n_classes, n_classes, q, q))
    grad = np.empty((n_classes + 1, q))
    before = np.zeros((n_classes, size))
    g = np.empty(d)
    step = np.empty((n_classes, size))
    for a in range(n_classes):
        _copy(theta[a], step[a])
    share = START_SHARE
    for _ in range(NEWTON_PASSES):
        _fill(0.0, grad.ravel())
        _fill(0.0, hess.ravel())
        _pass(x, columns, theta, rows[0], rows[1], grad, hess, True, work)
        _finish_gradient(grad, sums, sign, part, penalty, theta, size, g)
        ahead = 0.0
        for a in range(n_classes):
            for j in range(size):
                ahead += g[a * size + j] * step[a, j]
        if ahead > -share * slope and slope < 0.0:
            slope *= 0.5
            for a in range(n_classes):
                for j in range(size):
                    step[a, j] *= 0.5
                    theta[a, j] = before[a, j] + step[a, j]
            continue
        share = STEP_SHARE
        _assemble(hess, 0.0, none, penalty, size, 0, matrix)
        if not _factorise(matrix, d, 1):
            return False
        for i in range(d):
            right[i, 0] = g[i]
        _solve(matrix, d, right)
        slope = 0.0
        for a in range(n_classes):
            for j in range(size):
                step[a, j] = -right[a * size + j, 0]
                before[a, j] = theta[a, j]
                theta[a, j] += step[a, j]
                slope += step[a, j] * g[a * size + j]
        if not slope <= 0.0:
            return False
        if -slope < limit * limit:
            return True
    return False


@njit(**INNER)
def _discriminant_start(within, means, prior, columns, size, theta, matrix, right):
    """Linear discriminant functions of the chosen columns, relative to the last class, into theta (zeros); return 0."""
    n_classes, k = means.shape[0], size - 1
    for i in range(k):
        for j in range(i + 1):
            matrix[i, j, 0] = within[columns[i + 1] - 1, columns[j + 1] - 1]
    if not _factorise(matrix, k, 1):
        return 0.0
    last = n_classes - 1
    for a in range(last):
        for i in range(k):
            c = columns[i + 1] - 1
            right[i, 0] = means[a, c] - means[last, c]
        _solve(matrix, k, right)
        theta[a, 0] = math.log(prior[a] / prior[last])
        for i in range(k):
            c = columns[i + 1] - 1
            theta[a, i + 1] = right[i, 0]
            theta[a, 0] -= 0.5 * right[i, 0] * (means[a, c] + means[last, c])
    return 0.0


@njit(**INNER, fastmath=FUSED)
def _held_out(x, columns, theta, low, high, codes, work):
    """Log-loss summed over rows low..high and the number of rows whose most probable class is theirs."""
    n_classes = theta.shape[0]
    eta, sums = work[:n_classes], work[n_classes]
    loss, product, hits = 0.0, 1.0, 0
    for start in range(low, high, BLOCK):
        m = min(start + BLOCK, high) - start
        _predict(x, columns, theta, start, start + m, eta)
        for i in range(m):
            sums[i] = 1.0
        for a in range(n_classes):
            out = eta[a, :m]
            for i in range(m):
                sums[i] += _exp(out[i])
        for i in range(m):
            code = codes[start + i]
            own = eta[code, i] if code < n_classes else 0.0
            right = 1
            for a in range(n_classes):
                if a < code:
                    right &= eta[a, i] < own
                elif a > code:
                    right &= eta[a, i] <= own
            if code < n_classes:
                right &= own >= 0.0
            hits += right
            loss -= own
            if sums[i] > CUT:
                top = eta[0, i]
                for a in range(1, n_classes):
                    top = max(top, eta[a, i])
                sums[i] = 0.0
                for a in range(n_classes):
                    sums[i] += math.exp(eta[a, i] - top)
                loss += top
            product *= sums[i]  # the logarithm of a product of many is taken at once
            if product > 1e30:
                loss += math.log(product)
                product = 1.0
    return loss + math.log(product), hits


@njit(**INNER, fastmath=SUMS)
def _dot(u, v):
    """Scalar product."""
    total = 0.0
    for i in range(u.size):
        total += u[i] * v[i]
    return total


@njit(**INNER)
def _fold_factors(total, parts, penalty, size, factors):
    """Cholesky factors of the training Hessians of all folds: the total less the fold's own rows, plus its penalty."""
    good = True
    n_folds, d = parts.shape[0], total.shape[0] * size
    for group in range(factors.shape[0]):
        used = min(LANES, n_folds - group * LANES)
        for lane in range(LANES):
            f = group * LANES + min(lane, used - 1)
            _assemble(total, -1.0, parts[f], penalty[f], size, lane, factors[group])
        good = _factorise(factors[group], d, used) and good
    return good


@njit(**INNER)
def _directions(g, active, pairs, steps, changes, curvature, factors, right, out):
    """Descent directions of the active folds: BFGS with the kept factor as its first metric (two-loop recursion)."""
    n_folds, d = g.shape
    alpha = np.empty((n_folds, MEMORY))
    for f in range(n_folds):
        _copy(g[f], out[f])
        if active[f]:
            for m in range(pairs[f] - 1, -1, -1):
                alpha[f, m] = _dot(steps[f, m], out[f]) / curvature[f, m]
                _add(changes[f, m], -alpha[f, m], out[f])
    for group in range(factors.shape[0]):
        first = group * LANES
        used = min(LANES, n_folds - first)
        _fill(0.0, right.ravel())
        some = False
        for lane in range(used):
            if active[first + lane]:
                some = True
                for i in range(d):
                    right[i, lane] = out[first + lane, i]
        if some:
            _solve(factors[group], d, right)
            for lane in range(used):
                for i in range(d):
                    out[first + lane, i] = -right[i, lane]
    for f in range(n_folds):
        if active[f]:
            for m in range(pairs[f]):
                beta = alpha[f, m] + _dot(changes[f, m], out[f]) / curvature[f, m]
                _add(steps[f, m], -beta, out[f])


@njit(**INNER)
def _fit_folds(x, starts, columns, size, fold_sums, total_sums, penalty, start, tolerance, theta, failed, work):
    """Fit every fold from the common start; theta (F, K - 1, q); failed (F,) is set where that does not converge well.

    fold_sums (F, K - 1, size), total_sums: sum of x over the rows of each class of each fold, of all; penalty (F + 1, q).
    """
    n_folds, n_classes, q = theta.shape
    n, d = starts[n_folds], n_classes * size
    parts = np.zeros((n_folds, n_classes, n_classes, q, q))
    part_grad = np.zeros((n_folds, n_classes + 1, q))
    total = np.zeros((n_classes, n_classes, q, q))
    total_grad = np.zeros((n_classes + 1, q))
    for f in range(n_folds):
        _pass(x, columns, start, starts[f], starts[f + 1], part_grad[f], parts[f], True, work)
        _add(parts[f].ravel(), 1.0, total.ravel())
        _add(part_grad[f].ravel(), 1.0, total_grad.ravel())
    factors = np.zeros(((n_folds + LANES - 1) // LANES, d, d, LANES))
    regular = _fold_factors(total, parts, penalty, size, factors)

    g = np.empty((n_folds, d))
    direction = np.zeros((n_folds, d))
    steps, changes = np.empty((n_folds, MEMORY, d)), np.empty((n_folds, MEMORY, d))
    curvature = np.empty((n_folds, MEMORY))
    pairs = np.zeros(n_folds, np.int64)
    active = np.empty(n_folds, np.bool_)
    first, previous = np.empty(n_folds), np.empty(n_folds)
    right = np.zeros((d, LANES))
    grad = np.empty((n_classes + 1, q))
    for f in range(n_folds):
        _copy(start.ravel(), theta[f].ravel())
        _copy(total_grad.ravel(), grad.ravel())
        _add(part_grad[f].ravel(), -1.0, grad.ravel())
        _finish_gradient(grad, total_sums, -1.0, fold_sums[f], penalty[f], start, size, g[f])
        active[f], failed[f] = regular, not regular
    for m in range(MEMORY + 1):
        _directions(g, active, pairs, steps, changes, curvature, factors, right, direction)
        some = False
        for f in range(n_folds):
            if not active[f]:
                continue
            square = -_dot(g[f], direction[f])
            decrement = math.sqrt(max(square, 0.0))
            if m == 0:
                first[f] = decrement
                ratio = 0.0 if decrement < 1e-12 else WORST_RATIO
            else:
                ratio = decrement / previous[f]
            if not (square >= 0.0 and ratio <= WORST_RATIO) or m == MEMORY:
                active[f] = False
                failed[f] = True
                continue
            previous[f] = decrement
            for a in range(n_classes):
                for j in range(size):
                    theta[f, a, j] += direction[f, a * size + j]
            rows = starts[f + 1] - starts[f]
            if first[f] * decrement * max(ratio, LEAST_RATIO) <= tolerance * rows:
                active[f] = False
                continue
            some = True
            pair = pairs[f]
            _copy(g[f], changes[f, pair])
            _fill(0.0, grad.ravel())
            _pass(x, columns, theta[f], starts[f + 1], starts[f] + n, grad, parts[f], False, work)
            _finish_gradient(grad, total_sums, -1.0, fold_sums[f], penalty[f], theta[f], size, g[f])
            _copy(direction[f], steps[f, pair])
            for i in range(d):
                changes[f, pair, i] = g[f, i] - changes[f, pair, i]
            curvature[f, pair] = _dot(steps[f, pair], changes[f, pair])
            if curvature[f, pair] > 0.0:
                pairs[f] += 1
        if not some:
            break


@njit(cache=True, error_model="numpy")
def score_block(masks, x, starts, codes, sums, penalty, within, means, prior, tolerance, loss, hits, good):
    """Score subsets: held-out log-loss and hits of every fold.

    Parameters
    ----------
    masks : array of uint64, shape (M,)
    x : array, shape (p + 2, 2 n)
        Ones, features (any affine scaling), zeros; samples sorted by fold, all of them twice.
    starts : array of int, shape (F + 1,)
        First row of each fold.
    codes : array of int, shape (n,)
        Class of each sorted row.
    sums : array, shape (F, K, p + 2)
        Sum of x over the rows of each class of each fold.
    penalty : array, shape (F + 1, p + 2)
        Penalty of each squared coefficient, by fold, and for all rows; 0 for the ones and the zeros.
    within, means, prior : arrays, shapes (p, p), (K, p), (K,)
        Covariance within classes (made definite), class means and frequencies: the start.
    tolerance : float
        Of the held-out log-loss per row.
    loss, hits : arrays, shape (M, F)
        Results: summed log-loss (NaN if not converged), rows rightly classified.
    good : array of bool, shape (M,)
        Result: all folds have converged.
    """
    n_folds, n_all, width = sums.shape
    n_classes, n = n_all - 1, starts[n_folds]
    work = np.empty((n_classes + 5, BLOCK))
    _fill(0.0, work.ravel())
    matrix = np.zeros((n_classes * (width - 1), n_classes * (width - 1), LANES))
    right = np.zeros((n_classes * (width - 1), LANES))
    for s in range(masks.size):
        size = 1
        for j in range(width - 2):
            size += (masks[s] >> np.uint64(j)) & np.uint64(1) != 0
        q = size + size % 2
        columns = np.zeros(q, np.int64)
        columns[q - 1] = width - 1
        c = 1
        for j in range(width - 2):
            if (masks[s] >> np.uint64(j)) & np.uint64(1) != 0:
                columns[c] = j + 1
                c += 1
        weights = np.empty((n_folds + 1, q))
        for f in range(n_folds + 1):
            for j in range(q):
                weights[f, j] = penalty[f, columns[j]]
        fold_sums = np.empty((n_folds, n_classes, size))
        total = np.zeros((n_classes, size))
        start = np.zeros((n_classes, q))
        theta = np.zeros((n_folds, n_classes, q))
        failed = np.ones(n_folds, np.bool_)
        slope = _discriminant_start(within, means, prior, columns, size, start, matrix, right)
        for j in range(size):
            column = 0.0
            for f in range(n_folds):
                for a in range(n_classes):
                    fold_sums[f, a, j] = sums[f, a, columns[j]]
                    total[a, j] += fold_sums[f, a, j]
                    column += fold_sums[f, a, j]
                column += sums[f, n_classes, columns[j]]
            for a in range(n_classes):
                slope += start[a, j] * (column / n_all - total[a, j])
        # member -1: all rows, to the common start; then, after the fast iteration of the folds, those that it failed
        for member in range(-1, n_folds):
            if member >= 0 and not failed[member]:
                continue
            rows = (0, n) if member < 0 else (starts[member + 1], starts[member] + n)
            part = total if member < 0 else fold_sums[member]
            sign = 0.0 if member < 0 else -1.0
            for attempt in range(2):
                target = start if member < 0 else theta[member]
                if member >= 0 or attempt > 0:
                    _fill(0.0, target.ravel())
                    slope = 0.0
                limit = START_LIMIT if member < 0 else LAST_LIMIT
                good[s] = _newton(
                    x, columns, size, rows, total, sign, part, weights[member], target, slope, limit, matrix, work
                )
                if good[s]:
                    break
            if not good[s]:
                break
            if member < 0:
                _fit_folds(x, starts, columns, size, fold_sums, total, weights, start, tolerance, theta, failed, work)
        for f in range(n_folds):
            loss[s, f], hits[s, f] = _held_out(x, columns, theta[f], starts[f], starts[f + 1], codes, work)
            if not good[s]:
                loss[s, f] = math.nan
