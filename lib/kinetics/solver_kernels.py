"""Compiled rates and the compiled stiff solver of the reactor (one file: Numba's cache does not see a callee elsewhere).

The solver follows the *extents* xi of the p reactions that run, y = y0 + N xi, and not the species: the linear algebra is p by
p, every linear conservation law holds to rounding whatever the step, and xi is each reaction's integrated rate.  A step is one
of Rodas4 (order 4, stiffly accurate, six stages, one factorisation).  The sensitivities S = d xi / dk obey linear equations,
S' = J S + d(rate)/dk.  The same stages with the same factorisation integrate them; as the right side of every stage holds the
derivative of the Jacobian (along S and along k) times that stage, S is the exact derivative of the solver's own numbers for
given steps, and no order is lost.

A ramp, max(a + b x, 0), breaks smoothness where it starts or stops.  All stages of a step keep to the line on which the step
began; if the ramp crosses zero, the dense output says where, the step ends there, and the next begins on the other line.

References
----------
Hairer, E. & Wanner, G. 1996, Solving Ordinary Differential Equations II, 2nd ed., section IV.7, eqs 7.25 (stages) and VI.4
(method RODAS, its coefficients and dense output).
"""

from typing import NamedTuple

import numpy as np
from numba import njit

__all__ = ["MOST", "RAMP", "NetworkCode", "evaluate_rates", "factor_line", "fill_factors", "fill_products", "solve_kernel"]

RAMP, GRAIN, POWER = 1, 2, 3  # 0: a straight line; 4: Avrami's; numbered as in lib.kinetics.laws
#: Most factors that a law may have.
MOST = 4
STAGES = 6
GAMMA = 0.25
A = np.zeros((STAGES, STAGES - 1))
A[1, 0] = 1.544
A[2, :2] = 0.9466785280815826, 0.2557011698983284
A[3, :3] = 3.314825187068521, 2.896124015972201, 0.9986419139977817
A[4, :4] = 1.221224509226641, 6.019134481288629, 12.53708332932087, -0.6878860361058950
A[5] = A[4] + [0, 0, 0, 0, 1]
C = np.zeros((STAGES, STAGES - 1))
C[1, 0] = -5.6688
C[2, :2] = -2.430093356833875, -0.2063599157091915
C[3, :3] = -0.1073529058151375, -9.594562251023355, -20.47028614809616
C[4, :4] = 7.496443313967647, -10.24680431464352, -33.99990352819905, 11.70890893206160
C[5] = 8.083246795921522, -7.981132988064893, -31.52159432874371, 16.31930543123136, -6.058818238834054
DENSE = np.array([
    [10.12623508344586, -7.487995877610167, -34.80091861555747, -7.992771707568823, 1.025137723295662],
    [-0.6762803392801253, 6.087714651680015, 16.43084320892478, 24.76722511418386, -6.594389125716872],
])  # fmt: skip
OPTIONS = {"nogil": True, "error_model": "numpy", "fastmath": {"contract", "reassoc", "nsz"}}
INNER = {**OPTIONS, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}  # called from compiled code only: less to compile
OUTER = {**OPTIONS, "cache": True}


class NetworkCode(NamedTuple):
    """A network as plain arrays, for compiled code.

    Parameters
    ----------
    factor_law, factor_species : ndarray of int, shape (n_factors,)
        Function and species of each factor.
    factor_parameters : ndarray, shape (n_factors, 4)
        Its parameters.
    reaction_factors : ndarray of int, shape (n, 4)
        Factors of each reaction, -1 where there are no more.
    stoichiometry : ndarray, shape (n_species, n)
        Change of each state by one unit of each reaction.
    """

    factor_law: np.ndarray
    factor_species: np.ndarray
    factor_parameters: np.ndarray
    reaction_factors: np.ndarray
    stoichiometry: np.ndarray


@njit(**INNER)
def factor_line(code, f, y):
    """Return the value of the straight line of a factor: a ramp runs where it is above zero.  For compiled code only.

    Parameters
    ----------
    code : NetworkCode
        The network.
    f : int
        The factor; what is returned means something for lines and ramps.
    y : ndarray, shape (n_species,)
        State.

    Returns
    -------
    float
        Offset + slope * state.
    """
    return code.factor_parameters[f, 0] + code.factor_parameters[f, 1] * y[code.factor_species[f]]


@njit(**INNER)
def fill_factors(code, used, n_used, on, y, g):
    """Fill value, slope and curvature of factors.  For compiled code only.

    Parameters
    ----------
    code : NetworkCode
        The network.
    used : ndarray of int, shape (n_used or more,)
        Factors asked for.
    n_used : int
        How many of them count.
    on : ndarray of int, shape (n_factors,)
        1 for a ramp that runs, 0 for one that is flat; not looked at for other laws.
    y : ndarray, shape (n_species,)
        State.
    g : ndarray, shape (3, n_factors)
        Filled with value, first and second derivative of each with respect to its species.
    """
    for i in range(n_used):
        f = used[i]
        x = y[code.factor_species[f]]
        law = code.factor_law[f]
        p0 = code.factor_parameters[f, 0]
        p1 = code.factor_parameters[f, 1]
        p2 = code.factor_parameters[f, 2]
        v0 = 0.0
        v1 = 0.0
        v2 = 0.0
        if law <= RAMP:
            if law != RAMP or on[f] == 1:
                v0 = p0 + p1 * x
                v1 = p1
        elif law == GRAIN:  # z (z + p0)^(-1/3) + p2 with z = x + p1
            z = x + p1
            v0 = p2
            if z > 0.0:
                w = 1.0 / (z + p0)
                root = np.cbrt(w)
                v0 += z * root
                v1 = root * (1.0 - z * w / 3.0)
                v2 = root * w * (4.0 / 9.0 * z * w - 2.0 / 3.0)
        elif x > 0.0:
            if law == POWER:  # x (x + p1)^(p0 - 1)
                w = 1.0 / (x + p1)
                power = w ** (1.0 - p0)
                v0 = x * power
                v1 = power * (1.0 + (p0 - 1.0) * x * w)
                v2 = power * w * (p0 - 1.0) * (2.0 + (p0 - 2.0) * x * w)
            else:  # Avrami: p0 x L^q with L = ln(p1 / x) + p2
                q = (p0 - 1.0) / p0
                length = max(np.log(p1 / x), 0.0) + p2
                power = p0 * length**q
                v0 = x * power
                v1 = power * (1.0 - q / length)
                v2 = -q * power / (length * x) * (1.0 - (q - 1.0) / length)
        g[0, f] = v0
        g[1, f] = v1
        g[2, f] = v2


@njit(**INNER)
def fill_products(rows, active, slopes, g, phi, w):
    """Fill rates for rate constants of one and, if asked, their slopes.  For compiled code only.

    Parameters
    ----------
    rows : ndarray of int, shape (n, MOST)
        Factors of each reaction, `NetworkCode.reaction_factors`.
    active : ndarray of int, shape (p,)
        Reactions asked for.
    slopes : bool
        Whether `w` is filled.
    g : ndarray, shape (3, n_factors)
        Values and slopes from `fill_factors`.
    phi : ndarray, shape (p,)
        Filled with the rates.
    w : ndarray, shape (p, MOST)
        Filled with their slopes along the species of each factor.
    """
    for i in range(active.shape[0]):
        j = active[i]
        total = 1.0
        for a in range(MOST):
            f = rows[j, a]
            if f < 0:
                break
            total *= g[0, f]
            if slopes:
                part = g[1, f]
                for b in range(MOST):
                    other = rows[j, b]
                    if other < 0:
                        break
                    if b != a:
                        part *= g[0, other]
                w[i, a] = part
        phi[i] = total


@njit(**OUTER)
def evaluate_rates(code, active, y, phi, dphi):
    """Fill the rates for rate constants of one, and their derivatives.

    Parameters
    ----------
    code : NetworkCode
        The network.
    active : ndarray of int, shape (p,)
        Reactions asked for.
    y : ndarray, shape (n_species,)
        State.
    phi : ndarray, shape (p,)
        Filled with S(y) f(y) of each.
    dphi : ndarray, shape (p, n_species)
        Filled with its derivatives with respect to the state.
    """
    n_factors = code.factor_law.shape[0]
    g = np.empty((3, n_factors))
    w = np.empty((active.shape[0], MOST))
    used = np.empty(n_factors, dtype=np.int64)
    on = np.empty(n_factors, dtype=np.int64)
    for f in range(n_factors):
        used[f] = f
        on[f] = factor_line(code, f, y) > 0.0
    fill_factors(code, used, n_factors, on, y, g)
    fill_products(code.reaction_factors, active, True, g, phi, w)
    for i in range(active.shape[0]):
        for s in range(y.shape[0]):
            dphi[i, s] = 0.0
        for a in range(MOST):
            f = code.reaction_factors[active[i], a]
            if f < 0:
                break
            dphi[i, code.factor_species[f]] += w[i, a]


@njit(**INNER)
def _factorise(lu, pivot):
    """Factorise in place with row exchanges; the diagonal is left inverted.  False for a singular matrix."""
    p = lu.shape[0]
    for k in range(p):
        best = k
        for i in range(k + 1, p):
            if abs(lu[i, k]) > abs(lu[best, k]):
                best = i
        pivot[k] = best
        if lu[best, k] == 0.0:
            return False
        if best != k:
            for l in range(p):
                lu[k, l], lu[best, l] = lu[best, l], lu[k, l]
        inverse = 1.0 / lu[k, k]
        lu[k, k] = inverse
        for i in range(k + 1, p):
            m = lu[i, k] * inverse
            lu[i, k] = m
            for l in range(k + 1, p):
                lu[i, l] -= m * lu[k, l]
    return True


@njit(**INNER)
def _back(lu, pivot, x, start, q):
    """Solve in place for q right sides, held row by row in x from `start` on."""
    p = lu.shape[0]
    for k in range(p):
        b = pivot[k]
        row = start + k * q
        if b != k:
            other = start + b * q
            for l in range(q):
                x[row + l], x[other + l] = x[other + l], x[row + l]
    for k in range(1, p):
        row = start + k * q
        for i in range(k):
            m = lu[k, i]
            other = start + i * q
            for l in range(q):
                x[row + l] -= m * x[other + l]
    for k in range(p - 1, -1, -1):
        row = start + k * q
        for i in range(k + 1, p):
            m = lu[k, i]
            other = start + i * q
            for l in range(q):
                x[row + l] -= m * x[other + l]
        for l in range(q):
            x[row + l] *= lu[k, k]


@njit(**INNER)
def _linearise(code, active, k, g, w, na, nz, q, slot, jac, second):
    """Jacobian of the extents' rates and, for q sensitivities, its change along them and along k."""
    p, n = active.shape[0], na.shape[0]
    rows = code.reaction_factors
    for i in range(p):
        for l in range(p):
            jac[i, l] = 0.0
        j = active[i]
        for b in range(MOST):
            s = slot[i, b]
            if s < 0:
                break
            for l in range(p):
                jac[i, l] += k[i] * w[i, b] * na[s, l]
            if q == 0:
                continue
            for l in range(q):
                second[i, b, l] = 0.0
            second[i, b, i] = w[i, b]
            for a in range(MOST):
                f = rows[j, a]
                if f < 0:
                    break
                part = k[i] * (g[2, f] if a == b else g[1, f] * g[1, rows[j, b]])
                for c in range(MOST):
                    other = rows[j, c]
                    if other < 0:
                        break
                    if c != a and c != b:
                        part *= g[0, other]
                if part != 0.0:
                    row = n + slot[i, a] * q
                    for l in range(q):
                        second[i, b, l] += part * nz[row + l]


@njit(**INNER)
def _species(na, z, q, y0, out, y):
    """Turn extents into species: out = (N xi, N S) and y = y0 + N xi."""
    n, p = na.shape
    for s in range(n):
        change = 0.0
        row = n + s * q
        for l in range(q):
            out[row + l] = 0.0
        for i in range(p):
            m = na[s, i]
            if m != 0.0:
                change += m * z[i]
                other = p + i * q
                for l in range(q):
                    out[row + l] += m * z[other + l]
        out[s] = change
        y[s] = y0[s] + change


@njit(**INNER)
def _add_rates(k, phi, w, slot, nz, n, q, out):
    """Add the rates, and their total derivatives with respect to the rate constants."""
    p = k.shape[0]
    for i in range(p):
        out[i] += k[i] * phi[i]
        if q > 0:
            row = p + i * q
            for a in range(MOST):
                s = slot[i, a]
                if s < 0:
                    break
                m = k[i] * w[i, a]
                other = n + s * q
                for l in range(q):
                    out[row + l] += m * nz[other + l]
            out[row + i] += phi[i]


@njit(**INNER)
def _dense(x, z, end, u, out):
    """Extents and sensitivities at the share x of a step from z to end."""
    for i in range(z.shape[0]):
        first = 0.0
        then = 0.0
        for m in range(STAGES - 1):
            first += DENSE[0, m] * u[m, i]
            then += DENSE[1, m] * u[m, i]
        out[i] = (1.0 - x) * z[i] + x * (end[i] + (1.0 - x) * (first + x * then))


@njit(**INNER)
def _crossing(v0, v1, slopes, u):
    """Share of a step after which a line that goes from v0 to v1 passes zero, on the dense output."""
    first = 0.0
    then = 0.0
    for m in range(STAGES - 1):
        for i in range(slopes.shape[0]):
            first += DENSE[0, m] * slopes[i] * u[m, i]
            then += DENSE[1, m] * slopes[i] * u[m, i]
    low = 0.0
    high = 1.0
    for _ in range(30):
        x = 0.5 * (low + high)
        if ((1.0 - x) * v0 + x * (v1 + (1.0 - x) * (first + x * then))) * v1 < 0.0:
            low = x
        else:
            high = x
    return high


@njit(**OUTER)
def solve_kernel(code, active, k, y0, times, rtol, atol, n_sens, scale, max_steps, xi, slopes):
    """Follow the extents of some reactions of a network, with sensitivities or without.

    Parameters
    ----------
    code : NetworkCode
        The network.
    active : ndarray of int64, shape (p,)
        Reactions that run.
    k : ndarray, shape (p,)
        Their rate constants.
    y0 : ndarray, shape (n_species,)
        State at time zero.
    times : ndarray, shape (n_times,)
        Output times, increasing, zero or later.
    rtol, atol : float
        Relative and absolute tolerance of a step, on every state.
    n_sens : int
        p for sensitivities, 0 for none.
    scale : ndarray, shape (p,)
        The error of the derivative with respect to k[l] counts scale[l] times in the step control; zeros leave it out.
    max_steps : int
        Steps, rejected ones included, after which to give up.
    xi : ndarray, shape (n_times, p)
        Filled with the extents; the states are y0 + N[:, active] @ xi[t].
    slopes : ndarray, shape (n_times, p, n_sens)
        Filled with d xi / dk; the states' are N[:, active] @ slopes[t].

    Returns
    -------
    int
        Number of steps; -1: max_steps reached; -2: the step size fell to nothing.
    """
    p, n, q = active.shape[0], y0.shape[0], n_sens
    size = p + p * q  # xi first, then S row by row; species the same way
    n_factors = code.factor_law.shape[0]
    n_times = times.shape[0]
    memory = np.empty((STAGES + 3, size))
    u, z, zi, at = memory[:STAGES], memory[STAGES], memory[STAGES + 1], memory[STAGES + 2]
    memory2 = np.empty((3, n + n * q))
    nz, ni, ne = memory2[0], memory2[1], memory2[2]
    memory3 = np.empty((3, n))
    y, yn, unused = memory3[0], memory3[1], memory3[2]
    g = np.empty((3, n_factors))
    phi = np.empty((2, p))
    w = np.empty((2, p, MOST))
    second = np.empty((p, MOST, q))
    jac = np.empty((p, p))
    lu = np.empty((p, p))
    na = np.empty((n, p))
    pivot = np.empty(p, dtype=np.int64)
    used = np.empty(n_factors, dtype=np.int64)
    on = np.empty(n_factors, dtype=np.int64)
    slot = np.empty((p, MOST), dtype=np.int64)  # species of each factor of each active reaction
    for i in range(size):
        z[i] = 0.0
    for i in range(n + n * q):
        nz[i] = 0.0
    for s in range(n):
        y[s] = y0[s]
    for f in range(n_factors):
        on[f] = -1
    for i in range(p):
        for a in range(MOST):
            f = code.reaction_factors[active[i], a]
            slot[i, a] = -1
            if f >= 0:
                slot[i, a] = code.factor_species[f]
                on[f] = factor_line(code, f, y) > 0.0
        for s in range(n):
            na[s, i] = code.stoichiometry[s, active[i]]
    n_used = 0
    for f in range(n_factors):
        if on[f] >= 0:
            used[n_used] = f
            n_used += 1
    done = 0
    while done < n_times and times[done] <= 0.0:
        for i in range(p):
            xi[done, i] = 0.0
            for l in range(q):
                slopes[done, i, l] = 0.0
        done += 1
    end = times[n_times - 1]
    t, h, last_h, last_worst = 0.0, 0.0, 0.0, 1.0
    steps = 0
    fresh = True
    rejected = False
    while done < n_times:
        if fresh:
            fill_factors(code, used, n_used, on, y, g)
            fill_products(code.reaction_factors, active, True, g, phi[0], w[0])
            _linearise(code, active, k, g, w[0], na, nz, q, slot, jac, second)
            fresh = False
            if steps == 0:
                fastest = 1e-300
                for s in range(n):
                    slope = 0.0
                    for i in range(p):
                        slope += na[s, i] * k[i] * phi[0, i]
                    fastest = max(fastest, abs(slope) / (abs(y[s]) + atol / rtol))
                h = min(4.0 * rtol**0.25 / fastest, end)
            # a reaction that speeds itself up may start from amounts that no tolerance sees: follow its growth
            growth = 1e-300
            for i in range(p):
                growth = max(growth, jac[i, i])
            h = min(h, 0.5 / growth)
        if steps >= max_steps:
            return -1
        if not h > 1e-14 * end:
            return -2
        steps += 1
        inverse = 1.0 / h
        for i in range(p):
            for l in range(p):
                lu[i, l] = -jac[i, l]
            lu[i, i] += inverse / GAMMA
        sound = _factorise(lu, pivot)
        for stage in range(STAGES):
            now = u[stage]
            for i in range(size):
                zi[i] = z[i]
                now[i] = 0.0
            if stage == 0:
                _add_rates(k, phi[0], w[0], slot, nz, n, q, now)
            else:
                for m in range(stage):
                    a = A[stage, m]
                    c = C[stage, m] * inverse
                    for i in range(size):
                        zi[i] += a * u[m, i]
                        now[i] += c * u[m, i]
                _species(na, zi, q, y0, ni, yn)
                fill_factors(code, used, n_used, on, yn, g)
                fill_products(code.reaction_factors, active, q > 0, g, phi[1], w[1])
                _add_rates(k, phi[1], w[1], slot, ni, n, q, now)
            _back(lu, pivot, now, 0, 1)
            if q > 0:  # the right side of the sensitivities holds the change of the Jacobian times this stage
                for i in range(p):
                    for b in range(MOST):
                        s = slot[i, b]
                        if s < 0:
                            break
                        change = 0.0
                        for l in range(p):
                            change += na[s, l] * now[l]
                        for l in range(q):
                            now[p + i * q + l] += second[i, b, l] * change
                _back(lu, pivot, now, p, q)
        # stiffly accurate: the last stage is both the last correction and the estimate of the error
        for i in range(size):
            zi[i] += u[STAGES - 1, i]
        _species(na, zi, q, y0, ni, yn)
        _species(na, u[STAGES - 1], q, y0, ne, unused)
        worst = 0.0
        for s in range(n):
            weight = 1.0 / (atol + rtol * max(abs(y[s]), abs(yn[s])))
            worst = max(worst, abs(ne[s]) * weight)
            for l in range(q):
                worst = max(worst, abs(ne[n + s * q + l]) * scale[l] * weight)
        if not (sound and worst < 1e300):
            h *= 0.1
            rejected = True
            continue
        factor = 0.9 * max(worst, 1e-4) ** -0.25
        if worst > 1.0:
            h *= max(0.2, factor)
            rejected = True
            continue
        cut = 1.0
        switch = -1
        for i in range(n_used):
            f = used[i]
            if code.factor_law[f] == RAMP:
                s = code.factor_species[f]
                slope = code.factor_parameters[f, 1]
                v0, v1 = factor_line(code, f, y), factor_line(code, f, yn)
                small = 0.1 * abs(slope) * (atol + rtol * abs(y[s]))  # no crossing: it only touches, within the tolerance
                if (v1 < -small) if on[f] == 1 else (v1 > small):
                    x = _crossing(v0, v1, slope * na[s], u)
                    if x < cut:
                        cut = x
                        switch = f
        after = end if t + cut * h > end * (1.0 - 1e-14) else t + cut * h
        while done < n_times and times[done] <= after:
            _dense(min((times[done] - t) * inverse, 1.0), z, zi, u, at)
            for i in range(p):
                xi[done, i] = at[i]
                for l in range(q):
                    slopes[done, i, l] = at[p + i * q + l]
            done += 1
        if switch >= 0:
            _dense(cut, z, zi, u, at)
            zi, at = at, zi
            _species(na, zi, q, y0, ni, yn)
        t = after
        z, zi = zi, z
        nz, ni = ni, nz
        y, yn = yn, y
        for i in range(n_used):
            f = used[i]
            on[f] = 1 - on[f] if f == switch else factor_line(code, f, y) > 0.0
        fresh = True
        worst = max(worst, 1e-2)
        if last_h > 0.0:  # predictive control: what the error has done from step to step, it will do again
            factor = min(factor, factor * h / last_h * (last_worst / worst) ** 0.25)
        last_h, last_worst = h, worst
        h *= min(1.0 if rejected else 6.0, max(0.2, factor))
        rejected = False
        if t + h > end:
            h = end - t
    return steps
