"""Compiled sampler of the melt fractions with the source composition integrated out (collapsed).

With fixed melt fractions the model is linear and Gaussian in the logarithms of the source, ``y_ij = ln C0_j + b_j x_i +
g_j(F_i) + a_i v_j + e_ij``, so that ``ln C0_j``, the fractionation slope ``b_j`` and two directions common to all elements are
integrated analytically.  What remains are the ``m`` melt fractions, and a change of one of them costs one row of the table.

With additive noise the same holds for ``C0_j`` with a Gaussian prior cut at zero.  A prior on ``ln C0_j`` (a Gaussian one on
C0 favours large sources, and with them large F) is kept by ``C0_j = mean_j(F) + zeta_j sd_j(F)`` with the moments under an
auxiliary Gaussian prior: zeta is sampled too, stays put when F moves, and the ratio of both priors enters the likelihood.

All compiled code of the sampler is in this one file, and it calls no compiled function of another: Numba's disk cache looks at
the date of the file of a kernel only, and would go on using an old melting equation.  The equations therefore enter as a
table of g (or exp g) and its slope on a grid of ln F, between whose nodes a cubic is exact to about 1e-9; it also makes
every forward model, compiled or not, equally fast.

Sums of element j with weights w = 1/s^2 and residuals r:  Q = sum w r^2, S = sum w r, X = sum w x r.  With additive noise
Q = sum w f^2 and S = sum w f y.  One evaluation of the likelihood is counted for every m rows.
"""

import math
from collections import namedtuple

import numpy as np
from numba import njit, types
from numba.experimental import structref

PROBLEM = (
    "linear y s2 seen x v mu tau2 ln_mu ln_tau2 b0 sb2 z ta2 table u_lo step delta_lo delta_step prior hyper cens limit nodes "
    "ridge flags"
)
STATE = (
    "u a eps hyp zeta y w g work q s x ia pq ib const c cq cs cx cu ca cg cw row size axes "
    "centre root cloud count value ll_grid p_grid"
)
#: What is known (data, priors, tables; see `lib.melting.posterior.Posterior.problem`), and what is sampled, with the sums that
#: belong to it and room for proposals.
Problem = namedtuple("Problem", PROBLEM)
State = namedtuple("State", STATE)


@structref.register
class _Ref(types.StructRef):
    """The same two inside compiled code, by reference: passing forty arrays by value costs most of the time otherwise."""

    def preprocess_fields(self, fields):
        return tuple((name, types.unliteral(kind)) for name, kind in fields)


class _ProblemRef:
    """Constructor name of a problem in compiled code."""


class _StateRef:
    """Constructor name of a state in compiled code."""


structref.define_constructor(_ProblemRef, _Ref, PROBLEM.split())
structref.define_constructor(_StateRef, _Ref, STATE.split())
FLAT, LOG_UNIFORM, HIERARCHICAL = 0, 1, 2
#: Positions in ``Problem.flags``.
HAS_A, HAS_D, HAS_ERROR, HAS_ZETA = 0, 1, 2, 3
#: Positions in ``State.hyp``: mean and ln sd of logit F, ln sd of the deviations, common ln D shift, ln model error.
MU, LN_SD, LN_SA, ETA, LN_ERROR = 0, 1, 2, 3, 4
#: Positions in ``Problem.hyper``.
H_MU, H_MU_SD, H_SD, H_SA, H_ETA, H_EPS, H_ERROR = 0, 1, 2, 3, 4, 5, 6
#: Step sizes after those of the m samples and n elements.
RIDGE, STRETCH, FLOW, AXIS, OWN_SD, OWN_SA, SCALE_SA, ETA_RIDGE, ETA_FREE, ERROR = 0, 1, 2, 3, 5, 6, 7, 8, 9, 10
N_SIZES = 11
#: Positions in ``State.cloud``: turns from one sweep to the next (0: no cloud moves), tries, acceptances.
EVERY, TRIED, TAKEN = 0, 1, 2
#: Degrees of freedom of the cloud; from which acceptance on cloud moves are made at all, and from which on most turns are
#: nothing else (one sweep in so many turns) where there is nothing but melt fractions to sample.
CLOUD_FREEDOM, CLOUD_WORTH, CLOUD_RULES, CLOUD_TURNS = 8.0, 0.15, 0.4, 4
#: A concentration of zero has this logarithm (or less) in the table.
EXHAUSTED = -1e3
_SQRT2 = math.sqrt(2.0)


@njit(cache=True)
def problem_ref(p):
    """Return the problem by reference."""
    return _ProblemRef(
        p.linear, p.y, p.s2, p.seen, p.x, p.v, p.mu, p.tau2, p.ln_mu, p.ln_tau2, p.b0, p.sb2, p.z, p.ta2, p.table,
        p.u_lo, p.step, p.delta_lo, p.delta_step, p.prior, p.hyper, p.cens, p.limit, p.nodes, p.ridge, p.flags,
    )  # fmt: skip


@njit(cache=True)
def state_ref(p):
    """Return the state by reference (the arrays are shared)."""
    return _StateRef(
        p.u, p.a, p.eps, p.hyp, p.zeta, p.y, p.w, p.g, p.work, p.q, p.s, p.x, p.ia, p.pq, p.ib, p.const, p.c, p.cq,
        p.cs, p.cx, p.cu, p.ca, p.cg, p.cw, p.row, p.size, p.axes, p.centre, p.root, p.cloud, p.count, p.value,
        p.ll_grid, p.p_grid,
    )  # fmt: skip


@njit(cache=True, error_model="numpy")
def log_phi(t):
    """Return the logarithm of the standard normal distribution function at t."""
    if t > 8.0:
        return 0.0
    if t > -30.0:
        return math.log(0.5 * math.erfc(-t / _SQRT2))
    return -0.5 * t * t - math.log(-t) - 0.9189385332046727


@njit(cache=True, error_model="numpy")
def normal_above(rng, low):
    """Draw from the standard normal restricted to values above ``low``."""
    if low < 0.5:
        while True:
            t = rng.standard_normal()
            if t > low:
                return t
    rate = 0.5 * (low + math.sqrt(low * low + 4.0))
    while True:
        t = low - math.log(1.0 - rng.random()) / rate
        if rng.random() < math.exp(-0.5 * (t - rate) ** 2):
            return t


@njit(cache=True, error_model="numpy")
def hermite(t, v0, d0, v1, d1):
    """Return the cubic through two values with two slopes (per node distance) at 0 <= t <= 1."""
    c = v1 - v0
    e = d0 - c
    return v0 + t * (c + (1.0 - t) * (e * (1.0 - t) - (d1 - c) * t))


@njit(cache=True, error_model="numpy")
def fill_row(table, u_lo, step, u, out):
    """Fill ``out`` (n,) with the tabulated function of every element at ln F = u."""
    t = (u - u_lo) / step
    k = min(max(int(t), 0), table.shape[0] - 2)
    t -= k
    for j in range(out.size):
        out[j] = hermite(t, table[k, j, 0], table[k, j, 1], table[k + 1, j, 0], table[k + 1, j, 1])


@njit(cache=True, error_model="numpy")
def layer_weights(p, delta):
    """Return the first of four layers around ln D shift ``delta`` and their cubic (Lagrange) weights."""
    t = (delta - p.delta_lo) / p.delta_step
    k = min(max(int(t) - 1, 0), p.table.shape[0] - 4)
    t -= k
    return (
        k,
        -(t - 1) * (t - 2) * (t - 3) / 6,
        t * (t - 2) * (t - 3) / 2,
        -t * (t - 1) * (t - 3) / 2,
        t * (t - 1) * (t - 2) / 6,
    )


@njit(cache=True, error_model="numpy")
def layered(p, j, delta, u):
    """Return the tabulated function of element j at ln F = u and ln D shift ``delta``."""
    k, w0, w1, w2, w3 = layer_weights(p, delta)
    t = (u - p.u_lo) / p.step
    i = min(max(int(t), 0), p.table.shape[1] - 2)
    t -= i
    total = 0.0
    for o in range(4):
        a = p.table[k + o, i, j]
        b = p.table[k + o, i + 1, j]
        w = w0 if o == 0 else (w1 if o == 1 else (w2 if o == 2 else w3))
        total += w * hermite(t, a[0], a[1], b[0], b[1])
    return total


@njit(cache=True, error_model="numpy")
def fill_column(p, st, j):
    """Bring the working table of element j to its present ln D shift."""
    k, w0, w1, w2, w3 = layer_weights(p, st.hyp[ETA] + st.eps[j])
    for i in range(st.work.shape[0]):
        for c in range(2):
            st.work[i, j, c] = (
                w0 * p.table[k, i, j, c] + w1 * p.table[k + 1, i, j, c]
                + w2 * p.table[k + 2, i, j, c] + w3 * p.table[k + 3, i, j, c]
            )  # fmt: skip


@njit(cache=True, error_model="numpy")
def inside(p, st, u):
    """Tell whether ln F = u is within the table."""
    return p.u_lo < u < p.u_lo + p.step * (st.work.shape[0] - 1)


@njit(cache=True, error_model="numpy")
def logit(u):
    """Return logit F from u = ln F."""
    return u - math.log(-math.expm1(u))


@njit(cache=True, error_model="numpy")
def prior_u(p, hyp, u):
    """Return the logarithm of the prior density of one u = ln F, given the hyperparameters."""
    if p.prior == FLAT:
        return u
    if p.prior == LOG_UNIFORM:
        return 0.0
    t = (logit(u) - hyp[MU]) * math.exp(-hyp[LN_SD])
    return -0.5 * t * t - hyp[LN_SD] - math.log(-math.expm1(u))


@njit(cache=True, error_model="numpy")
def constants(p, st):
    """Fill what depends on the weights only: inverse precisions, projections and the determinant term."""
    m, n = st.w.shape
    b00, b01, b11, total = 0.0, 0.0, 0.0, 0.0
    for j in range(n):
        w0, w1, w2 = 0.0, 0.0, 0.0
        for i in range(m):
            w = st.w[i, j]
            if w > 0.0:
                w0 += w
                w1 += w * p.x[i]
                w2 += w * p.x[i] * p.x[i]
                total += 0.5 * math.log(w) - 0.9189385332046727
        a00, a11 = w0 + 1.0 / p.tau2[j], 0.0
        if p.sb2[j] > 0.0:
            a11 = w2 + 1.0 / p.sb2[j]
            det = a00 * a11 - w1 * w1
            st.ia[j, 0], st.ia[j, 1], st.ia[j, 2] = a11 / det, -w1 / det, a00 / det
            total -= 0.5 * math.log(det * p.tau2[j] * p.sb2[j])
        else:
            st.ia[j, 0], st.ia[j, 1], st.ia[j, 2] = 1.0 / a00, 0.0, 0.0
            total -= 0.0 if p.linear else 0.5 * math.log(a00 * p.tau2[j])
        st.pq[j, 0] = st.ia[j, 0] * w0 + st.ia[j, 1] * w1
        st.pq[j, 1] = st.ia[j, 1] * w0 + st.ia[j, 2] * w1
        kappa = w0 - w0 * st.pq[j, 0] - w1 * st.pq[j, 1]
        st.pq[j, 2], st.pq[j, 3] = w0, w1
        b00 += kappa * p.z[j, 0] ** 2
        b01 += kappa * p.z[j, 0] * p.z[j, 1]
        b11 += kappa * p.z[j, 1] ** 2
    st.ib[:], st.c[:] = 0.0, 0.0
    if p.ta2[0] > 0.0 and p.ta2[1] > 0.0:
        b00 += 1.0 / p.ta2[0]
        b11 += 1.0 / p.ta2[1]
        det = b00 * b11 - b01 * b01
        st.ib[0], st.ib[1], st.ib[2] = b11 / det, -b01 / det, b00 / det
        total -= 0.5 * math.log(det * p.ta2[0] * p.ta2[1])
    elif p.ta2[0] > 0.0:
        b00 += 1.0 / p.ta2[0]
        st.ib[0] = 1.0 / b00
        total -= 0.5 * math.log(b00 * p.ta2[0])
    if p.linear:
        for j in range(n):
            total -= 0.0 if p.flags[HAS_ZETA] else log_phi(p.mu[j] / math.sqrt(p.tau2[j]))
            for i in range(m):
                total -= 0.5 * st.w[i, j] * st.y[i, j] ** 2
    st.const[0] = total


@njit(cache=True, error_model="numpy")
def weights(p, st, out, ln_error):
    """Fill ``out`` (m, n) with precisions: stated errors plus model error; 0 where nothing is known."""
    extra = math.exp(2.0 * ln_error) if p.flags[HAS_ERROR] else 0.0
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[i, j] = 1.0 / (p.s2[i, j] + extra) if p.seen[i, j] else 0.0


@njit(cache=True, error_model="numpy")
def sums(p, st, g, a, w, q, s, x):
    """Fill the sums of all elements; False when an exhausted element was measured."""
    m, n = g.shape
    y, mu, b0, v, linear = st.y, p.mu, p.b0, p.v, p.linear
    q[:], s[:], x[:] = 0.0, 0.0, 0.0
    for i in range(m):
        xi, ai = p.x[i], a[i]
        for j in range(n):
            wij, gij = w[i, j], g[i, j]
            if wij == 0.0:
                continue
            if linear:
                q[j] += wij * gij * gij
                s[j] += wij * gij * y[i, j]
            else:
                if gij <= EXHAUSTED:
                    return False
                r = y[i, j] - gij - mu[j] - b0[j] * xi - ai * v[j]
                q[j] += wij * r * r
                s[j] += wij * r
                x[j] += wij * xi * r
    return True


@njit(cache=True, error_model="numpy")
def row_sums(p, st, i, row, a):
    """Fill the candidate sums for another row i of the table; False when an exhausted element was measured."""
    y, g, w, mu, b0, v, xi, ai = st.y[i], st.g[i], st.w[i], p.mu, p.b0, p.v, p.x[i], st.a[i]
    q, s, x, cq, cs, cx, linear = st.q, st.s, st.x, st.cq, st.cs, st.cx, p.linear
    for j in range(row.size):
        wj = w[j]
        cq[j], cs[j], cx[j] = q[j], s[j], x[j]
        if wj == 0.0:
            continue
        if linear:
            f, o = row[j], g[j]
            cq[j] += wj * (f - o) * (f + o)
            cs[j] += wj * (f - o) * y[j]
        else:
            if row[j] <= EXHAUSTED:
                return False
            base = y[j] - mu[j] - b0[j] * xi
            o = base - g[j] - ai * v[j]
            r = base - row[j] - a * v[j]
            cq[j] += wj * (r - o) * (r + o)
            cs[j] += wj * (r - o)
            cx[j] += wj * xi * (r - o)
    return True


@njit(cache=True, error_model="numpy")
def prior_ratio(p, j, c0):
    """Return the log of the ratio of the prior density of C0_j (log-normal) to the auxiliary Gaussian one."""
    if c0 <= 0.0:
        return -np.inf
    t, d = math.log(c0) - p.ln_mu[j], c0 - p.mu[j]
    ratio = p.tau2[j] / p.ln_tau2[j]
    return 0.5 * (d * d / p.tau2[j] - t * t / p.ln_tau2[j] + math.log(ratio)) - t - p.ln_mu[j]


@njit(cache=True, error_model="numpy")
def zeta_moves(p, st, rng, beta):
    """Update the standardised source concentrations, each by itself; the melting equations are not needed."""
    for j in range(st.zeta.size):
        k = st.q[j] + 1.0 / p.tau2[j]
        mean, sd = (st.s[j] + p.mu[j] / p.tau2[j]) / k, 1.0 / math.sqrt(k)
        for o in range(2):
            old = st.zeta[j]
            new = rng.standard_normal() if o == 0 else old + rng.standard_normal()
            now = prior_ratio(p, j, mean + sd * old)
            change = prior_ratio(p, j, mean + sd * new) - now
            ratio = beta * change + (0.0 if o == 0 else 0.5 * (old * old - new * new))
            if math.log(1.0 - rng.random()) < ratio:
                st.zeta[j] = new
                st.value[0] += change


@njit(cache=True, error_model="numpy")
def keep_source(p, st, ln_c0):
    """Set zeta so that the source is the given one."""
    for j in range(st.zeta.size):
        k = st.q[j] + 1.0 / p.tau2[j]
        st.zeta[j] = (math.exp(ln_c0[j]) - (st.s[j] + p.mu[j] / p.tau2[j]) / k) * math.sqrt(k)


@njit(cache=True, error_model="numpy")
def log_likelihood(p, st, q, s, x):
    """Return the collapsed log-likelihood from the sums; fills the common directions ``st.c`` as well."""
    total = st.const[0]
    mu, tau2, ia, pq, ib, c, z = p.mu, p.tau2, st.ia, st.pq, st.ib, st.c, p.z
    if p.linear:
        for j in range(q.size):
            k = q[j] + 1.0 / tau2[j]
            h = s[j] + mu[j] / tau2[j]
            total += 0.5 * (h * h / k - mu[j] ** 2 / tau2[j] - math.log(tau2[j] * k))
            if p.flags[HAS_ZETA]:
                total += prior_ratio(p, j, h / k + st.zeta[j] / math.sqrt(k))
            else:
                total += log_phi(h / math.sqrt(k))
        return total
    for j in range(q.size):
        total -= 0.5 * (q[j] - s[j] * s[j] * ia[j, 0] - 2 * s[j] * x[j] * ia[j, 1] - x[j] * x[j] * ia[j, 2])
    if ib[0] == 0.0:
        return total
    c0, c1 = 0.0, 0.0
    for j in range(q.size):
        lam = s[j] - s[j] * pq[j, 0] - x[j] * pq[j, 1]
        c0 += lam * z[j, 0]
        c1 += lam * z[j, 1]
    c[0], c[1] = c0, c1
    return total + 0.5 * (c0 * c0 * ib[0] + 2 * c0 * c1 * ib[1] + c1 * c1 * ib[2])


@njit(cache=True, error_model="numpy")
def deviation_terms(p, st, i, row):
    """Return slope and curvature of the log-likelihood in a_i at a_i = 0 (sums and ``st.c`` are the candidate's)."""
    y, ws, mu, b0, v, xi = st.y[i], st.w[i], p.mu, p.b0, p.v, p.x[i]
    cs, cx, ia, pq, ib, c, z = st.cs, st.cx, st.ia, st.pq, st.ib, st.c, p.z
    l1, l2, d0, d1 = 0.0, 0.0, 0.0, 0.0
    for j in range(row.size):
        w = ws[j]
        if w == 0.0:
            continue
        wv = w * v[j]
        r = y[j] - mu[j] - b0[j] * xi - row[j]
        e0 = ia[j, 0] + ia[j, 1] * xi
        e1 = ia[j, 1] + ia[j, 2] * xi
        l1 += wv * (r - cs[j] * e0 - cx[j] * e1)
        l2 += wv * v[j] - wv * wv * (e0 + e1 * xi)
        d = wv * (1.0 - pq[j, 0] - pq[j, 1] * xi)
        d0 += d * z[j, 0]
        d1 += d * z[j, 1]
    e0, e1 = ib[0] * d0 + ib[1] * d1, ib[1] * d0 + ib[2] * d1
    return l1 - e0 * c[0] - e1 * c[1], l2 - d0 * e0 - d1 * e1


@njit(cache=True, error_model="numpy")
def row_value(p, st, i, row):
    """Return (log-likelihood with a_i integrated out, mean and sd of a_i) for a row i; without deviations a_i = 0."""
    if not row_sums(p, st, i, row, 0.0):
        return -np.inf, 0.0, 0.0
    value = log_likelihood(p, st, st.cq, st.cs, st.cx)
    if not p.flags[HAS_A]:
        return value, 0.0, 0.0
    l1, l2 = deviation_terms(p, st, i, row)
    precision = l2 + math.exp(-2.0 * st.hyp[LN_SA])
    return value + 0.5 * l1 * l1 / precision - 0.5 * math.log(precision), l1 / precision, 1.0 / math.sqrt(precision)


@njit(cache=True, error_model="numpy")
def take_row(p, st, i, u, row, a):
    """Put sample i at ln F = u and deviation a; ``row`` holds its tabulated functions."""
    row_sums(p, st, i, row, a)
    st.value[0] = log_likelihood(p, st, st.cq, st.cs, st.cx)
    st.u[i], st.a[i] = u, a
    g, q, s, x, cq, cs, cx = st.g[i], st.q, st.s, st.x, st.cq, st.cs, st.cx
    for j in range(row.size):
        g[j] = row[j]
        q[j], s[j], x[j] = cq[j], cs[j], cx[j]


@njit(cache=True, error_model="numpy")
def renew(p, st):
    """Compute everything afresh from the unknowns; returns the log-likelihood."""
    weights(p, st, st.w, st.hyp[LN_ERROR])
    if p.flags[HAS_D]:
        for j in range(st.eps.size):
            fill_column(p, st, j)
    for i in range(st.u.size):
        fill_row(st.work, p.u_lo, p.step, st.u[i], st.g[i])
    constants(p, st)
    fine = sums(p, st, st.g, st.a, st.w, st.q, st.s, st.x)
    st.value[0] = log_likelihood(p, st, st.q, st.s, st.x) if fine else -np.inf
    return st.value[0]


@njit(cache=True, error_model="numpy")
def adapt(st, which, accepted, gain):
    """Move a step size towards 44 % acceptance; ``gain`` 0 leaves it alone."""
    if gain > 0.0:
        st.size[which] *= math.exp(gain * ((1.0 if accepted else 0.0) - 0.44))


@njit(cache=True, error_model="numpy")
def site_move(p, st, rng, i, beta, gain):
    """Random-walk step of one ln F_i; its deviation a_i is integrated out and drawn afterwards."""
    u = st.u[i] + st.size[i] * rng.standard_normal()
    st.count[0] += 1
    row, current = st.row[0], st.g[i]
    accepted, mean, sd = False, 0.0, 0.0
    if p.flags[HAS_A]:
        now, mean, sd = row_value(p, st, i, current)
    else:
        now = st.value[0]
    if inside(p, st, u):
        fill_row(st.work, p.u_lo, p.step, u, row)
        value, new_mean, new_sd = row_value(p, st, i, row)
        ratio = beta * (value - now) + prior_u(p, st.hyp, u) - prior_u(p, st.hyp, st.u[i])
        accepted = math.log(1.0 - rng.random()) < ratio
    if accepted:
        take_row(p, st, i, u, row, new_mean + new_sd * rng.standard_normal())
    elif p.flags[HAS_A]:
        row[:] = current
        take_row(p, st, i, st.u[i], row, mean + sd * rng.standard_normal())
    adapt(st, i, accepted, gain)


@njit(cache=True, error_model="numpy")
def jump_move(p, st, rng, i, beta):
    """Independence step of one ln F_i from a histogram of its conditional on a coarse grid: it can change mode.

    The histogram (tempered, with a uniform tenth) depends on the other samples only, so that the step is an ordinary
    Metropolis-Hastings one.
    """
    k = p.nodes.size
    spacing = p.step * (p.nodes[1] - p.nodes[0])
    top = -np.inf
    for o in range(k):
        row = st.row[0]
        row[:] = st.work[p.nodes[o], :, 0]
        value, _, _ = row_value(p, st, i, row)
        u = p.u_lo + p.step * p.nodes[o]
        st.ll_grid[o] = 0.5 * (beta * value + prior_u(p, st.hyp, u))
        top = max(top, st.ll_grid[o])
    st.count[0] += k + 1
    if top == -np.inf:
        return
    total = 0.0
    for o in range(k):
        st.p_grid[o] = math.exp(st.ll_grid[o] - top)
        total += st.p_grid[o]
    for o in range(k):
        st.p_grid[o] = 0.9 * st.p_grid[o] / total + 0.1 / k
    t, o = rng.random(), 0
    while o < k - 1 and t > st.p_grid[o]:
        t -= st.p_grid[o]
        o += 1
    u = p.u_lo + p.step * p.nodes[o] + spacing * (rng.random() - 0.5)
    back = min(max(int((st.u[i] - p.u_lo - p.step * p.nodes[0]) / spacing + 0.5), 0), k - 1)
    row = st.row[0]
    row[:] = st.g[i]
    now, _, _ = row_value(p, st, i, row)
    if not inside(p, st, u):
        return
    fill_row(st.work, p.u_lo, p.step, u, row)
    value, mean, sd = row_value(p, st, i, row)
    ratio = beta * (value - now) + prior_u(p, st.hyp, u) - prior_u(p, st.hyp, st.u[i])
    ratio += math.log(st.p_grid[back]) - math.log(st.p_grid[o])
    if math.log(1.0 - rng.random()) < ratio:
        take_row(p, st, i, u, row, mean + sd * rng.standard_normal())


@njit(cache=True, error_model="numpy")
def accept_all(st, value, with_g, with_w):
    """Take over a proposal that changed all samples at once."""
    st.u[:], st.a[:] = st.cu, st.ca
    st.q[:], st.s[:], st.x[:] = st.cq, st.cs, st.cx
    if with_g:
        st.g[:, :] = st.cg
    if with_w:
        st.w[:, :] = st.cw
    st.value[0] = value


@njit(cache=True, error_model="numpy")
def to_ridge(p, u):
    """Return the coordinate along the ridge of ln F = u, and its slope (it is linear between nodes)."""
    t = (u - p.u_lo) / p.step
    k = min(max(int(t), 0), p.ridge.size - 2)
    d = p.ridge[k + 1] - p.ridge[k]
    return p.ridge[k] + (t - k) * d, d / p.step


@njit(cache=True, error_model="numpy")
def from_ridge(p, v):
    """Return ln F from the coordinate along the ridge, and the slope there; +-inf outside."""
    n = p.ridge.size
    if not p.ridge[0] < v < p.ridge[n - 1]:
        return -np.inf, 1.0
    k = min(np.searchsorted(p.ridge, v) - 1, n - 2)
    d = p.ridge[k + 1] - p.ridge[k]
    return p.u_lo + p.step * (k + (v - p.ridge[k]) / d), d / p.step


@njit(cache=True, error_model="numpy")
def add_moments(p, st, total, square):
    """Add the present point, in coordinates along the ridge, to sums and sums of products."""
    m = st.u.size
    for i in range(m):
        st.cu[i] = to_ridge(p, st.u[i])[0]
    for i in range(m):
        total[i] += st.cu[i]
        for j in range(m):
            square[i, j] += st.cu[i] * st.cu[j]


@njit(cache=True, error_model="numpy")
def common_move(p, st, rng, kind, beta, gain):
    """Move all F_i at once along one line, with one step size for each kind of line.

    ``RIDGE``: a common factor of F, or with hyperparameters a common shift of logit F that takes their mean along; C0 follows
    by itself.  ``STRETCH``: about their mean, the hierarchical sd going along.  ``FLOW``: a common shift of the coordinate
    ``ridge`` (see `Posterior.ridge`), along the bent ridge of an instantaneous melt.  ``AXIS``, ``AXIS + 1``: in the same
    coordinate, the slowest directions of the chain, learned in the warm-up.
    """
    m = st.u.size
    which = m + st.eps.size + kind
    e = st.size[which] * rng.standard_normal()
    mu, ln_sd = st.hyp[MU], st.hyp[LN_SD]
    together = p.prior == HIERARCHICAL and kind <= STRETCH
    prior = 0.0
    st.count[0] += m
    centre = st.u.mean()
    for i in range(m):
        u = st.u[i]
        if together:
            t = logit(u)
            t = t + e if kind == RIDGE else mu + (t - mu) * math.exp(e)
            new = -math.log1p(math.exp(-t))
        elif kind == RIDGE:
            new = u + e
        elif kind == STRETCH:
            new = centre + (u - centre) * math.exp(e)
        else:
            v, slope = to_ridge(p, u)
            new, new_slope = from_ridge(p, v + e * (1.0 if kind == FLOW else st.axes[kind - AXIS, i]))
            prior += math.log(slope / new_slope)
        if not inside(p, st, new):
            adapt(st, which, False, gain)
            return
        st.cu[i] = new
        if not together:
            prior += prior_u(p, st.hyp, new) - prior_u(p, st.hyp, u)
    if together and kind == STRETCH:
        ln_sd += e
        prior = e - 0.5 * (math.exp(2 * ln_sd) - math.exp(2 * st.hyp[LN_SD])) / p.hyper[H_SD] ** 2
    elif together:
        mu += e
        prior = 0.5 * ((st.hyp[MU] - p.hyper[H_MU]) ** 2 - (mu - p.hyper[H_MU]) ** 2) / p.hyper[H_MU_SD] ** 2
    elif kind == STRETCH:
        prior += (m - 1) * e
    for i in range(m):
        fill_row(st.work, p.u_lo, p.step, st.cu[i], st.cg[i])
    accepted = False
    if sums(p, st, st.cg, st.a, st.w, st.cq, st.cs, st.cx):
        value = log_likelihood(p, st, st.cq, st.cs, st.cx)
        if math.log(1.0 - rng.random()) < beta * (value - st.value[0]) + prior:
            st.ca[:] = st.a
            accept_all(st, value, True, False)
            st.hyp[MU], st.hyp[LN_SD] = mu, ln_sd
            accepted = True
    adapt(st, which, accepted, gain)


@njit(cache=True, error_model="numpy")
def choose_line(p, st, rng):
    """Return a kind of common move at random; the learned axes come to the fore once they are known."""
    t = rng.random()
    if st.axes[0, 0] == 0.0:
        return RIDGE if t < 0.6 else FLOW
    if t < 0.6:
        return AXIS
    return AXIS + 1 if t < 0.8 else (RIDGE if t < 0.9 else FLOW)


@njit(cache=True, error_model="numpy")
def learn_axes(p, st, total, square, n):
    """Set the two directions whose spread is largest beside the step sizes of the single samples, which do the rest."""
    m = st.u.size
    mean = total / n
    c = square / n - np.outer(mean, mean)
    width = np.empty(m)
    for i in range(m):
        width[i] = st.size[i] * to_ridge(p, st.u[i])[1]
    for i in range(m):
        for j in range(m):
            c[i, j] /= width[i] * width[j]
    values, vectors = np.linalg.eigh(c)
    for k in range(min(2, m)):
        r = math.sqrt(max(values[m - 1 - k], 1e-12))
        for i in range(m):
            st.axes[k, i] = vectors[i, m - 1 - k] * r * width[i]
        st.size[m + st.eps.size + AXIS + k] = 2.0


@njit(cache=True, error_model="numpy")
def learn_cloud(p, st, total, square, n):
    """Set centre and Cholesky root of the cloud of draws, in coordinates along the ridge; False when it is flat."""
    m = st.u.size
    for i in range(m):
        st.centre[i] = total[i] / n
    for i in range(m):
        for j in range(i + 1):
            c = square[i, j] / n - st.centre[i] * st.centre[j]
            for k in range(j):
                c -= st.root[i, k] * st.root[j, k]
            if i > j:
                st.root[i, j] = c / st.root[j, j]
            elif c > 1e-12 * square[i, i] / n:
                st.root[i, i] = math.sqrt(c)
            else:
                return False
    return True


@njit(cache=True, error_model="numpy")
def cloud_move(p, st, rng, beta):
    """Propose all F_i afresh from the cloud: a Student t in coordinates along the ridge, learned in the warm-up.

    An independence step. Where the posterior is one cloud nearly of that form, its draws hardly remember each other.
    """
    m = st.u.size
    st.count[0] += m
    st.cloud[TRIED] += 1
    near, far, prior = 0.0, 0.0, 0.0
    stretch = math.sqrt(CLOUD_FREEDOM / rng.chisquare(CLOUD_FREEDOM))
    for i in range(m):
        v, slope = to_ridge(p, st.u[i])
        z = v - st.centre[i]
        for k in range(i):
            z -= st.root[i, k] * st.cu[k]
        st.cu[i] = z / st.root[i, i]
        near += st.cu[i] ** 2
        prior += math.log(slope) - prior_u(p, st.hyp, st.u[i])
        st.ca[i] = stretch * rng.standard_normal()
        far += st.ca[i] ** 2
    prior += 0.5 * (CLOUD_FREEDOM + m) * (math.log1p(far / CLOUD_FREEDOM) - math.log1p(near / CLOUD_FREEDOM))
    for i in range(m):
        v = st.centre[i]
        for k in range(i + 1):
            v += st.root[i, k] * st.ca[k]
        u, slope = from_ridge(p, v)
        if not inside(p, st, u):
            return
        st.cu[i] = u
        prior += prior_u(p, st.hyp, u) - math.log(slope)
    for i in range(m):
        fill_row(st.work, p.u_lo, p.step, st.cu[i], st.cg[i])
    if sums(p, st, st.cg, st.a, st.w, st.cq, st.cs, st.cx):
        value = log_likelihood(p, st, st.cq, st.cs, st.cx)
        if math.log(1.0 - rng.random()) < beta * (value - st.value[0]) + prior:
            st.ca[:] = st.a
            accept_all(st, value, True, False)
            st.cloud[TAKEN] += 1


@njit(cache=True, error_model="numpy")
def judge_cloud(p, st):
    """Decide from the tries in the warm-up how often cloud moves are made."""
    share = st.cloud[TAKEN] / max(st.cloud[TRIED], 1)
    more = p.flags[HAS_A] or p.flags[HAS_D] or p.flags[HAS_ZETA] or p.flags[HAS_ERROR] or p.cens.shape[0] > 0
    only_melts = p.prior != HIERARCHICAL and not more
    st.cloud[EVERY] = 0 if share < CLOUD_WORTH else (CLOUD_TURNS if only_melts and share > CLOUD_RULES else 1)


@njit(cache=True, error_model="numpy")
def hyper_moves(p, st, rng, gain):
    """Update mean and sd of logit F, and the sd of the deviations, given the samples (no likelihood needed)."""
    m, first = st.u.size, st.u.size + st.eps.size
    if p.prior == HIERARCHICAL:
        total = 0.0
        for i in range(m):
            total += logit(st.u[i])
        for _ in range(3):
            w = math.exp(-2.0 * st.hyp[LN_SD])
            precision = m * w + 1.0 / p.hyper[H_MU_SD] ** 2
            mean = (total * w + p.hyper[H_MU] / p.hyper[H_MU_SD] ** 2) / precision
            st.hyp[MU] = mean + rng.standard_normal() / math.sqrt(precision)
            square = 0.0
            for i in range(m):
                square += (logit(st.u[i]) - st.hyp[MU]) ** 2
            sd_step(st, rng, LN_SD, first + OWN_SD, square, m, p.hyper[H_SD], gain)
    if p.flags[HAS_A]:
        square = 0.0
        for i in range(m):
            square += st.a[i] ** 2
        for _ in range(3):
            sd_step(st, rng, LN_SA, first + OWN_SA, square, m, p.hyper[H_SA], gain)


@njit(cache=True, error_model="numpy")
def sd_step(st, rng, which, size, square, m, scale, gain):
    """Random-walk step of a ln sd with a half-normal prior, given the sum of squares of m values."""
    old = st.hyp[which]
    new = old + st.size[size] * rng.standard_normal()
    ratio = (1 - m) * (new - old) - 0.5 * square * (math.exp(-2 * new) - math.exp(-2 * old))
    ratio -= 0.5 * (math.exp(2 * new) - math.exp(2 * old)) / scale**2
    accepted = math.log(1.0 - rng.random()) < ratio
    if accepted:
        st.hyp[which] = new
    adapt(st, size, accepted, gain)


@njit(cache=True, error_model="numpy")
def deviation_scale_move(p, st, rng, beta, gain):
    """Stretch all deviations a_i together with their sd."""
    m = st.u.size
    which = m + st.eps.size + SCALE_SA
    e = st.size[which] * rng.standard_normal()
    st.count[0] += m
    st.ca[:] = st.a * math.exp(e)
    sums(p, st, st.g, st.ca, st.w, st.cq, st.cs, st.cx)
    value = log_likelihood(p, st, st.cq, st.cs, st.cx)
    ln_sa = st.hyp[LN_SA] + e
    prior = e - 0.5 * (math.exp(2 * ln_sa) - math.exp(2 * st.hyp[LN_SA])) / p.hyper[H_SA] ** 2
    accepted = math.log(1.0 - rng.random()) < beta * (value - st.value[0]) + prior
    if accepted:
        st.cu[:] = st.u
        accept_all(st, value, False, False)
        st.hyp[LN_SA] = ln_sa
    adapt(st, which, accepted, gain)


@njit(cache=True, error_model="numpy")
def common_d_move(p, st, rng, ridge, beta, gain):
    """Shift ln D of all elements; with ``ridge`` all ln F go along, which the data hardly notice."""
    m, n = st.g.shape
    which = m + n + (ETA_RIDGE if ridge else ETA_FREE)
    e = st.size[which] * rng.standard_normal()
    eta = st.hyp[ETA] + e
    prior = 0.5 * (st.hyp[ETA] ** 2 - eta**2) / p.hyper[H_ETA] ** 2
    st.count[0] += m
    fine = True
    for i in range(m):
        st.cu[i] = st.u[i] + (e if ridge else 0.0)
        fine = fine and inside(p, st, st.cu[i])
        if fine:
            prior += prior_u(p, st.hyp, st.cu[i]) - prior_u(p, st.hyp, st.u[i])
    reach = p.delta_lo + p.delta_step * (p.table.shape[0] - 1)
    for j in range(n):
        fine = fine and p.delta_lo < eta + st.eps[j] < reach
    accepted = False
    if fine:
        for i in range(m):
            for j in range(n):
                st.cg[i, j] = layered(p, j, eta + st.eps[j], st.cu[i])
        if sums(p, st, st.cg, st.a, st.w, st.cq, st.cs, st.cx):
            value = log_likelihood(p, st, st.cq, st.cs, st.cx)
            accepted = math.log(1.0 - rng.random()) < beta * (value - st.value[0]) + prior
    if accepted:
        st.ca[:] = st.a
        accept_all(st, value, True, False)
        st.hyp[ETA] = eta
        for j in range(n):
            fill_column(p, st, j)
    adapt(st, which, accepted, gain)


@njit(cache=True, error_model="numpy")
def column_sums(p, st, j, delta):
    """Fill the candidate sums for ln D shift ``delta`` of element j; False when it is measured though exhausted."""
    st.cq[:], st.cs[:], st.cx[:] = st.q, st.s, st.x
    q, s, x = 0.0, 0.0, 0.0
    for i in range(st.u.size):
        g, w = layered(p, j, delta, st.u[i]), st.w[i, j]
        st.cg[i, j] = g
        if w == 0.0:
            continue
        if p.linear:
            q += w * g * g
            s += w * g * st.y[i, j]
            continue
        if g <= EXHAUSTED:
            return False
        r = st.y[i, j] - g - p.mu[j] - p.b0[j] * p.x[i] - st.a[i] * p.v[j]
        q += w * r * r
        s += w * r
        x += w * p.x[i] * r
    st.cq[j], st.cs[j], st.cx[j] = q, s, x
    return True


@njit(cache=True, error_model="numpy")
def own_d_move(p, st, rng, j, beta, gain):
    """Random-walk step of the ln D shift of one element."""
    m = st.u.size
    e = st.eps[j] + st.size[m + j] * rng.standard_normal()
    delta = st.hyp[ETA] + e
    st.count[1] += m
    accepted = False
    if p.delta_lo < delta < p.delta_lo + p.delta_step * (p.table.shape[0] - 1):
        fine = column_sums(p, st, j, delta)
        if fine:
            value = log_likelihood(p, st, st.cq, st.cs, st.cx)
            ratio = beta * (value - st.value[0]) + 0.5 * (st.eps[j] ** 2 - e * e) / p.hyper[H_EPS] ** 2
            accepted = math.log(1.0 - rng.random()) < ratio
    if accepted:
        st.g[:, j] = st.cg[:, j]
        st.q[j], st.s[j], st.x[j] = st.cq[j], st.cs[j], st.cx[j]
        st.value[0] = value
        st.eps[j] = e
        fill_column(p, st, j)
    adapt(st, m + j, accepted, gain)


@njit(cache=True, error_model="numpy")
def error_move(p, st, rng, beta, gain):
    """Random-walk step of the ln model error; the weights and all that follows from them change."""
    m, n = st.g.shape
    which = m + n + ERROR
    old, before = st.hyp[LN_ERROR], st.value[0]
    new = old + st.size[which] * rng.standard_normal()
    st.count[0] += m
    prior = new - old - 0.5 * (math.exp(2 * new) - math.exp(2 * old)) / p.hyper[H_ERROR] ** 2
    weights(p, st, st.w, new)
    constants(p, st)
    sums(p, st, st.g, st.a, st.w, st.cq, st.cs, st.cx)
    value = log_likelihood(p, st, st.cq, st.cs, st.cx)
    accepted = math.log(1.0 - rng.random()) < beta * (value - before) + prior
    if accepted:
        st.hyp[LN_ERROR] = new
        st.q[:], st.s[:], st.x[:] = st.cq, st.cs, st.cx
        st.value[0] = value
    else:
        weights(p, st, st.w, old)
        constants(p, st)
        log_likelihood(p, st, st.q, st.s, st.x)
    adapt(st, which, accepted, gain)


@njit(cache=True, error_model="numpy")
def draw_source(p, st, rng, ln_c0, slope):
    """Draw ln C0_j and the fractionation slopes from their exact conditional, given all else."""
    n = ln_c0.size
    if p.linear:
        for j in range(n):
            k = st.q[j] + 1.0 / p.tau2[j]
            mean, sd = (st.s[j] + p.mu[j] / p.tau2[j]) / k, 1.0 / math.sqrt(k)
            t = st.zeta[j] if p.flags[HAS_ZETA] else normal_above(rng, -mean / sd)
            ln_c0[j] = math.log(max(mean + sd * t, 1e-300))
        return
    log_likelihood(p, st, st.q, st.s, st.x)
    e0, e1 = 0.0, 0.0
    if st.ib[0] > 0.0:
        r = math.sqrt(st.ib[0])
        t = rng.standard_normal()
        e0 = st.ib[0] * st.c[0] + st.ib[1] * st.c[1] + r * t
        if st.ib[2] > 0.0:
            off = st.ib[1] / r
            e1 = st.ib[1] * st.c[0] + st.ib[2] * st.c[1] + off * t
            e1 += math.sqrt(max(st.ib[2] - off * off, 0.0)) * rng.standard_normal()
    for j in range(n):
        d = p.z[j, 0] * e0 + p.z[j, 1] * e1
        s, x = st.s[j] - st.pq[j, 2] * d, st.x[j] - st.pq[j, 3] * d
        r = math.sqrt(st.ia[j, 0])
        t = rng.standard_normal()
        ln_c0[j] = p.mu[j] + d + st.ia[j, 0] * s + st.ia[j, 1] * x + r * t
        slope[j] = p.b0[j]
        if p.sb2[j] > 0.0:
            off = st.ia[j, 1] / r
            slope[j] += st.ia[j, 1] * s + st.ia[j, 2] * x + off * t
            slope[j] += math.sqrt(max(st.ia[j, 2] - off * off, 0.0)) * rng.standard_normal()


@njit(cache=True, error_model="numpy")
def expected(p, st, i, j, ln_c0, slope):
    """Return the value that the model predicts for one cell."""
    if p.linear:
        return math.exp(ln_c0[j]) * st.g[i, j]
    return ln_c0[j] + slope[j] * p.x[i] + st.g[i, j] + st.a[i] * p.v[j]


@njit(cache=True, error_model="numpy")
def fill_censored(p, st, rng, ln_c0, slope):
    """Draw the cells below detection, given everything: normal restricted to values under the limit."""
    if p.cens.shape[0] == 0:
        return
    draw_source(p, st, rng, ln_c0, slope)
    for o in range(p.cens.shape[0]):
        i, j = p.cens[o, 0], p.cens[o, 1]
        sd = 1.0 / math.sqrt(st.w[i, j])
        mean = expected(p, st, i, j, ln_c0, slope)
        st.y[i, j] = mean - sd * normal_above(rng, (mean - p.limit[o]) / sd)
    constants(p, st)
    sums(p, st, st.g, st.a, st.w, st.q, st.s, st.x)
    if p.flags[HAS_ZETA]:
        keep_source(p, st, ln_c0)
    st.value[0] = log_likelihood(p, st, st.q, st.s, st.x)


@njit(cache=True, error_model="numpy")
def joint_log_likelihood(p, st, ln_c0, slope):
    """Return ln p(data | F, C0, ...) of measured cells, with its normalisation."""
    total = 0.0
    for i in range(st.u.size):
        for j in range(ln_c0.size):
            if st.w[i, j] > 0.0:
                r = st.y[i, j] - expected(p, st, i, j, ln_c0, slope)
                total += 0.5 * math.log(st.w[i, j]) - 0.9189385332046727 - 0.5 * st.w[i, j] * r * r
    return total


@njit(cache=True, error_model="numpy")
def sweep(p, st, rng, beta, gain, jump):
    """One turn over all unknowns; ``jump`` samples, chosen at random, also get an independence step."""
    m, n = st.g.shape
    for i in range(m):
        site_move(p, st, rng, i, beta, gain)
    common_move(p, st, rng, choose_line(p, st, rng), beta, gain)
    if p.prior == HIERARCHICAL and m > 1:
        common_move(p, st, rng, RIDGE if rng.random() < 0.5 else STRETCH, beta, gain)
    for _ in range(jump):
        jump_move(p, st, rng, int(rng.random() * m), beta)
    hyper_moves(p, st, rng, gain)
    if p.flags[HAS_ZETA]:
        zeta_moves(p, st, rng, beta)
    if p.flags[HAS_A]:
        deviation_scale_move(p, st, rng, beta, gain)
    if p.flags[HAS_D]:
        common_d_move(p, st, rng, True, beta, gain)
        common_d_move(p, st, rng, False, beta, gain)
        for j in range(n):
            own_d_move(p, st, rng, j, beta, gain)
    if p.flags[HAS_ERROR]:
        error_move(p, st, rng, beta, gain)
    fill_censored(p, st, rng, st.row[1], st.row[2])


@njit(cache=True, error_model="numpy")
def warm_up(problem, state, rng, n, anneal, jump, jump_every, power):
    """``n`` adapting turns with the likelihood raised to ``power``, over a part ``anneal`` of them rising from a 1e-4th of it.

    There are four times as many independence steps in that part.  Directions are learned from three windows of growing length
    after it, from the last of them also the cloud; the last tenth only adapts the steps and tries the cloud.
    """
    p, st = problem_ref(problem), state_ref(state)
    renew(p, st)
    m = st.u.size
    total, square, kept, cloud = np.zeros(m), np.zeros((m, m)), 0, False
    st.cloud[:] = 0
    first = int(anneal * n)
    rest = n - first
    ends = (first + int(0.2 * rest), first + int(0.5 * rest), first + int(0.9 * rest))
    for o in range(n):
        beta = power * (1e-4 ** (1.0 - o / first) if o < first else 1.0)
        every = max(jump_every // 4, 1) if o < first else jump_every
        since = o - first if o >= first else o
        sweep(p, st, rng, beta, (since + 3.0) ** -0.6, jump if o % every == 0 else 0)
        if o % 50 == 49:
            renew(p, st)
        if o >= first:
            add_moments(p, st, total, square)
            kept += 1
        if cloud:
            cloud_move(p, st, rng, beta)
        if o + 1 == ends[0] or o + 1 == ends[1] or o + 1 == ends[2]:
            if kept > 10:
                learn_axes(p, st, total, square, kept)
            if o + 1 == ends[2] and kept > 4 * m:
                cloud = learn_cloud(p, st, total, square, kept)
            total[:], square[:, :], kept = 0.0, 0.0, 0
    judge_cloud(p, st)


@njit(cache=True, error_model="numpy")
def run(problem, state, rng, thin, jump, jump_every, power, u, a, ln_c0, slope, eps, hyp, value):
    """Fill arrays of kept draws, one every ``thin`` turns; ``value`` holds collapsed and joint log-likelihood."""
    p, st = problem_ref(problem), state_ref(state)
    renew(p, st)
    for k in range(u.shape[0]):
        for o in range(k * thin, (k + 1) * thin):
            if st.cloud[EVERY]:
                cloud_move(p, st, rng, power)
                if o % st.cloud[EVERY]:
                    continue
            sweep(p, st, rng, power, 0.0, jump if o % jump_every == 0 else 0)
        if k % 50 == 49:
            renew(p, st)
        draw_source(p, st, rng, ln_c0[k], slope[k])
        u[k], a[k], eps[k], hyp[k] = st.u, st.a, st.eps, st.hyp
        value[k, 0], value[k, 1] = st.value[0], joint_log_likelihood(p, st, ln_c0[k], slope[k])


@njit(cache=True, error_model="numpy")
def refresh(problem, state):
    """Compute everything afresh from the unknowns; returns the collapsed log-likelihood."""
    return renew(problem_ref(problem), state_ref(state))


@njit(cache=True, error_model="numpy")
def begin(problem, state, rng):
    """Compute everything at a start; where zeta is sampled, draw it so that all sources are positive."""
    p, st = problem_ref(problem), state_ref(state)
    renew(p, st)
    if p.flags[HAS_ZETA]:
        for j in range(st.zeta.size):
            k = st.q[j] + 1.0 / p.tau2[j]
            st.zeta[j] = normal_above(rng, -(st.s[j] + p.mu[j] / p.tau2[j]) / math.sqrt(k))
    return renew(p, st)
