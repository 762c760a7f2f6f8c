"""Compiled time stepping of a 1-D profile: minerals in cells, one dissolved species in quasi-steady diffusion.

Arrays end in the cell index, so that inner loops run over cells and vectorise.  A step is TR-BDF2 written as an ESDIRK method
(Hosea & Shampine 1996): one explicit and two implicit stages with the same diagonal coefficient, second order, L-stable, with
a third-order companion for the error.  At an implicit stage the amounts z and the dissolved species C of all cells are found
together by Newton's method: the amounts of a cell depend on its own C only, so they are eliminated cell by cell and one
tridiagonal system for C remains.  Sensitivities are solutions of the same linear system at the converged stage.

Rows of a cell's system: 0 .. r-1 the amounts, r the balance of C, r+1 the change of porosity (a passive row: eliminating the
amounts turns it into what the neighbours' conductance needs).  Its columns: the amounts and C.
"""

import numpy as np
from numba import njit

__all__ = ["profile_kernel"]

OPTIONS = {"cache": True, "nogil": True, "error_model": "numpy", "fastmath": {"contract", "nsz"}}
GAMMA = 2.0 - np.sqrt(2.0)
DIAGONAL = GAMMA / 2.0
WEIGHT = np.sqrt(2.0) / 4.0
# weights of the error: those of the third-order companion less those of the method
ERROR_0, ERROR_1 = (1.0 - WEIGHT) / 3.0 - WEIGHT, (3.0 * WEIGHT + 1.0) / 3.0 - WEIGHT
ERROR_2 = DIAGONAL / 3.0 - DIAGONAL
ITERATIONS, FIRST_ITERATIONS = 7, 60
# size of the last correction, relative to the error tolerance, at which Newton stops (it converges quadratically)
ENOUGH = 0.03
DISSOLVED_WEIGHT = 0.1  # of a correction to C against one to an amount
INVERSE_CUBE_ROOT = 0x553EF0FF289DD796  # from the bits of w, the start of Newton's iteration for w**(-1/3)


@njit(**OPTIONS)
def _laws(law, species, par, used, y, g, g1, work, bits):
    """Values and slopes of the factors in use, in every cell; the functions are those of `laws.factors_of`."""
    n = y.shape[1]
    for f in used:
        x, v, v1 = y[species[f]], g[f], g1[f]
        p0, p1, p2 = par[f, 0], par[f, 1], par[f, 2]
        kind = law[f]
        if kind <= 1:
            for i in range(n):
                a = p0 + p1 * x[i]
                keep = kind == 0 or a > 0.0
                v[i] = a if keep else 0.0
                v1[i] = p1 if keep else 0.0
        elif kind == 2:
            for i in range(n):
                work[i] = max(x[i] + p1, 0.0) + p0
            for i in range(n):
                bits[i] = INVERSE_CUBE_ROOT - bits[i] // 3
            for i in range(n):
                z = x[i] + p1
                w = (max(z, 0.0) + p0) * (1.0 / 3.0)
                q = work[i]
                q *= 4.0 / 3.0 - w * q * q * q
                q *= 4.0 / 3.0 - w * q * q * q
                q *= 4.0 / 3.0 - w * q * q * q
                q *= 4.0 / 3.0 - w * q * q * q
                v[i] = (z * q if z > 0.0 else 0.0) + p2
                v1[i] = q * (1.0 - z * q * q * q * (1.0 / 3.0)) if z > 0.0 else 0.0
        else:
            for i in range(n):
                v[i], v1[i] = 0.0, 0.0
                if x[i] > 0.0:
                    if kind == 3:
                        q = (x[i] + p1) ** (p0 - 1.0)
                        v[i] = x[i] * q
                        v1[i] = q * (1.0 + (p0 - 1.0) * x[i] / (x[i] + p1))
                    else:
                        q = (p0 - 1.0) / p0
                        el = max(np.log(p1 / x[i]), 0.0) + p2
                        power = el**q
                        v[i] = p0 * x[i] * power
                        v1[i] = p0 * power * (1.0 - q / el)


@njit(**OPTIONS)
def _assemble(rows, active, species, k, directions, effect, g, g1, phi, big, work):
    """Add the reactions to the cells' matrices `big`; fill the rates phi (p, n) for k = 1."""
    n = phi.shape[1]
    for j in range(active.shape[0]):
        row = rows[active[j]]
        for i in range(n):
            phi[j, i] = 1.0
        for s in range(4):
            if row[s] < 0:
                break
            for i in range(n):
                phi[j, i] *= g[row[s], i]
                work[i] = k[j] * g1[row[s], i]
            for t in range(4):
                if t != s and row[t] >= 0:
                    for i in range(n):
                        work[i] *= g[row[t], i]
            for d in range(directions.shape[1]):
                b = directions[species[row[s]], d]
                for c in range(effect.shape[0]):
                    m = effect[c, j] * b
                    if m != 0.0:
                        for i in range(n):
                            big[c, d, i] -= m * work[i]


@njit(**OPTIONS)
def _conduct(volumes, y, mobile, diffusivity, archie, floor, boundary, face, left, right):
    """Conductances of the n + 1 faces, and how the flux through one answers to the porosity of the cells on its two sides."""
    n = y.shape[1]
    before, slope_before = diffusivity, 0.0
    for i in range(n):
        here, slope = diffusivity, 0.0
        if archie != 0.0:
            pore = 1.0
            for s in range(volumes.shape[0]):
                pore -= volumes[s] * y[s, i]
            if pore > floor:
                slope = diffusivity * archie * pore ** (archie - 1.0)
            here = diffusivity * max(pore, floor) ** archie
        if i == 0:
            face[0] = 2.0 * here
            right[0] = 2.0 * slope * (y[mobile, 0] - boundary)
        else:
            both = 1.0 / (before + here)
            step = 2.0 * (y[mobile, i] - y[mobile, i - 1]) * both * both
            face[i] = 2.0 * before * here * both
            left[i] = step * here * here * slope_before
            right[i] = step * before * before * slope
        before, slope_before = here, slope


@njit(**OPTIONS)
def _factorise(big, face, left, right, lower, diagonal, upper):
    """Eliminate the amounts of every cell, then factorise the tridiagonal matrix of C.

    No pivoting: the matrices are one plus a multiple of the step, and a step that makes one singular is refused.
    """
    rows, columns, n = big.shape
    r = columns - 1
    for c in range(r):
        for i in range(n):
            big[c, c, i] = 1.0 / big[c, c, i]
        for d in range(c + 1, rows):
            for i in range(n):
                big[d, c, i] *= big[c, c, i]
            for e in range(c + 1, columns):
                for i in range(n):
                    big[d, e, i] -= big[d, c, i] * big[c, e, i]
    for i in range(n):
        diagonal[i] = big[r, r, i] - face[i] - face[i + 1]
        lower[i], upper[i] = face[i], face[i + 1]
    if rows > columns:
        for i in range(n):
            diagonal[i] += (left[i + 1] - right[i]) * big[r + 1, r, i]
            if i + 1 < n:
                upper[i] += right[i + 1] * big[r + 1, r, i + 1]
            if i > 0:
                lower[i] -= left[i] * big[r + 1, r, i - 1]
    diagonal[0] = 1.0 / diagonal[0]
    for i in range(1, n):
        lower[i] *= diagonal[i - 1]
        diagonal[i] = 1.0 / (diagonal[i] - lower[i] * upper[i - 1])


@njit(**OPTIONS)
def _solve(big, left, right, lower, diagonal, upper, x):
    """Solve the linear system in place; x (r + 1 or r + 2, n), the passive row zero on entry."""
    rows, columns, n = big.shape
    r = columns - 1
    for c in range(1, rows):
        for d in range(min(c, r)):
            for i in range(n):
                x[c, i] -= big[c, d, i] * x[d, i]
    v = x[r]
    if rows > columns:
        # the passive row holds minus the change of porosity that does not come from C
        for i in range(n):
            v[i] += (left[i + 1] - right[i]) * x[r + 1, i]
            if i + 1 < n:
                v[i] += right[i + 1] * x[r + 1, i + 1]
            if i > 0:
                v[i] -= left[i] * x[r + 1, i - 1]
    for i in range(1, n):
        v[i] -= lower[i] * v[i - 1]
    v[n - 1] *= diagonal[n - 1]
    for i in range(n - 2, -1, -1):
        v[i] = (v[i] - upper[i] * v[i + 1]) * diagonal[i]
    for c in range(r - 1, -1, -1):
        for d in range(c + 1, columns):
            for i in range(n):
                x[c, i] -= big[c, d, i] * x[d, i]
        for i in range(n):
            x[c, i] *= big[c, c, i]


@njit(**OPTIONS)
def _divergence(face, boundary, c, scale, out):
    """Subtract scale times what diffusion brings into every cell."""
    n = c.shape[0]
    out[0] -= scale * face[0] * (boundary - c[0])
    for i in range(1, n):
        flux = scale * face[i] * (c[i - 1] - c[i])
        out[i] -= flux
        out[i - 1] += flux


@njit(**OPTIONS)
def _begin(stage, h, share, z, new, known, slopes, middle, drift, effect):
    """Set what a stage starts from: the known part of the amounts, a first guess, and the weights of the rates."""
    n = drift.shape[0]
    m = z.shape[0] - n
    step = DIAGONAL * h
    # what the slopes before count for, in the known part and (extrapolated to the end of the stage) in the guess
    w0, w1 = (0.0, 0.0) if stage == 0 else (step, 0.0) if stage == 1 else (WEIGHT * h, WEIGHT * h)
    ahead = (1.0 - GAMMA) / GAMMA if stage == 2 else -1.0
    for e in range(m):
        known[e] = z[e] + w0 * slopes[0, e] + w1 * slopes[1, e]
        new[e] = known[e] + (step * (slopes[1, e] * (1.0 + ahead) - slopes[0, e] * ahead) if stage > 0 else 0.0)
    for i in range(n):
        if stage == 2:
            middle[i] = new[m + i]
            new[m + i] = z[m + i] + (new[m + i] - z[m + i]) / GAMMA
        else:
            new[m + i] = z[m + i] + GAMMA * h * drift[i]
    for c in range(share.shape[0]):
        for j in range(share.shape[1]):
            effect[c, j] = share[c, j] * (step if c < share.shape[0] - 1 else 1.0)


@njit(**OPTIONS)
def _linearise(problem, store, k, new, stage):
    """Rates, matrices and their factors at a state, ready for `_solve`."""
    code, active, used, y0, directions, passive, mobile, diffusivity, volumes, archie, floor, boundary = problem
    law, species, par, rows, _ = code
    y, effect, laws, work, bits, big, face, left, right, lower, diagonal, upper, phis = store
    n, r = y0.shape[1], directions.shape[1] - 1
    for sp in range(y0.shape[0]):
        for i in range(n):
            y[sp, i] = y0[sp, i]
        for b in range(r + 1):
            m = directions[sp, b]
            if m != 0.0:
                for i in range(n):
                    y[sp, i] += m * new[b * n + i]
    for c in range(big.shape[0]):
        for d in range(r + 1):
            m = 1.0 if c == d and c < r else 0.0
            if c > r and d < r:
                m = passive[d]
            for i in range(n):
                big[c, d, i] = m
    _laws(law, species, par, used, y, laws[0], laws[1], work, bits)
    _assemble(rows, active, species, k, directions, effect, laws[0], laws[1], phis[stage], big, work)
    _conduct(volumes, y, mobile, diffusivity, archie, floor, boundary, face, left, right)
    _factorise(big, face, left, right, lower, diagonal, upper)


@njit(**OPTIONS)
def _advance(h, k, z, new, slopes, middle, drift, phis, extent, s, s_new, s_slopes):
    """Make the end of a step the start of the next."""
    n = drift.shape[0]
    m = z.shape[0] - n
    for j in range(extent.shape[0]):
        for i in range(n):
            extent[j, i] += h * k[j] * (WEIGHT * (phis[0, j, i] + phis[1, j, i]) + DIAGONAL * phis[2, j, i])
            phis[0, j, i] = phis[2, j, i]
    for i in range(n):
        drift[i] = (new[m + i] - middle[i]) / ((1.0 - GAMMA) * h)
    for e in range(m + n):
        z[e] = new[e]
        slopes[0, e] = slopes[2, e]
    for l in range(s.shape[0]):
        for e in range(m + n):
            s[l, e] = s_new[l, e]
            s_slopes[0, l, e] = s_slopes[2, l, e]


@njit(**OPTIONS)
def _record(done, z, extent, s, z_out, extent_out, s_out):
    for e in range(z.shape[0]):
        z_out[done, e] = z[e]
        for l in range(s.shape[0]):
            s_out[done, l, e] = s[l, e]
    for j in range(extent.shape[0]):
        for i in range(extent.shape[1]):
            extent_out[done, j, i] = extent[j, i]


@njit(**OPTIONS)
def profile_kernel(
    problem, store, k, share, times, atol, rtol, max_steps, z, new, known, x, x_rows, slopes, drift, middle, extent, s, s_new,
    s_slopes, z_out, extent_out, s_out,
):  # fmt: skip
    """Integrate a profile; returns steps taken and refused, the first below zero when it cannot go on.

    With n cells, r independent amounts, p reactions: `problem` holds the network's code, active (p,), used factors, y0
    (n_species, n) the start, zero in the mobile row, directions (n_species, r + 1): y = y0 + directions (z, C), passive
    (r,) the change of porosity with z (used when big has r + 2 rows), the mobile species, diffusivity over the square of a
    cell, volumes (n_species,), archie, floor, boundary. share (r + 1, p): dz/dt = share k phi, last row moles of the mobile
    species consumed. `store` holds work arrays: y, effect (r + 1, p), laws (2, n_factors, n), work (n,), bits (the same as
    ints), big (r + 1 or r + 2, r + 1, n), face, left and right (n + 1,), lower, diagonal and upper (n,), phis (3, p, n).
    Amounts and C of all cells lie in one line, (r + 1) n: z (the start, zeros and a guess of C), new, known, slopes (3 of
    them), s and s_new (q of them), s_slopes (3 of q); x with room for big's rows, x_rows the same as rows; drift, middle
    (n,). Slopes, s, s_slopes, drift, phis and extent (p, n) are zero on entry. q is p + 1 (the diffusivity last) or 0
    without sensitivities.
    """
    effect, big, face, left, right, lower, diagonal, upper, phis = (
        store[1], store[5], store[6], store[7], store[8], store[9], store[10], store[11], store[12]
    )  # fmt: skip
    diffusivity, boundary = problem[7], problem[11]
    n, p, r, q = drift.shape[0], k.shape[0], share.shape[0] - 1, s.shape[0]
    m = r * n
    end = times[-1]
    t, h, steps, refused, done = 0.0, 1e-8 * end, 0, 0, 0
    while done < times.shape[0]:
        # the start: a step of next to nothing, which gives C and the slopes for the first stage
        starting = steps == 0
        if not starting:
            if t >= times[done] * (1.0 - 1e-12):
                _record(done, z, extent, s, z_out, extent_out, s_out)
                done += 1
                continue
            h = min(h, times[done] - t)
        ok, error = True, 1e300
        step = DIAGONAL * h
        for stage in range(0 if starting else 1, 1 if starting else 3):
            _begin(stage, h, share, z, new, known, slopes, middle, drift, effect)
            ok = False
            before = 1e300
            for iteration in range(FIRST_ITERATIONS if starting else ITERATIONS):
                _linearise(problem, store, k, new, stage)
                if ok:
                    break  # this was the linear system at the converged stage
                for e in range(x.shape[0]):
                    x[e] = known[e] - new[e] if e < m else 0.0
                for c in range(r + 1):
                    for j in range(p):
                        w = effect[c, j] * k[j]
                        if w != 0.0:
                            for i in range(n):
                                x_rows[c, i] += w * phis[stage, j, i]
                _divergence(face, boundary, new[m:], 1.0, x_rows[r])
                _solve(big, left, right, lower, diagonal, upper, x_rows)
                size = 0.0
                for e in range(m + n):
                    change = abs(x[e]) * (1.0 if e < m else DISSOLVED_WEIGHT)
                    new[e] += x[e]
                    size = max(size, change if change < 1e12 else 1e300)
                size /= atol
                if size > 1e200 or (iteration > 1 and size > 2.0 * before and not starting):
                    break
                ok = size < ENOUGH or (iteration > 0 and size < 1.0 and size * size < ENOUGH * before)
                if ok and q == 0 and not starting:
                    break
                before = size
            if not ok:
                break
            for e in range(m):
                slopes[stage, e] = (new[e] - known[e]) / step
            for l in range(q):
                # right side: what is known, and how rates or flux depend on the parameter itself
                w0, w1 = (0.0, 0.0) if stage == 0 else (step, 0.0) if stage == 1 else (WEIGHT * h, WEIGHT * h)
                for e in range(x.shape[0]):
                    x[e] = 0.0
                    if e < m:
                        x[e] = s[l, e] + w0 * s_slopes[0, l, e] + w1 * s_slopes[1, l, e]
                        s_new[l, e] = x[e]
                if l < p:
                    for c in range(r + 1):
                        for i in range(n):
                            x_rows[c, i] += effect[c, l] * phis[stage, l, i]
                else:
                    _divergence(face, boundary, new[m:], 1.0 / diffusivity, x_rows[r])
                _solve(big, left, right, lower, diagonal, upper, x_rows)
                for e in range(m + n):
                    s_slopes[stage, l, e] = (x[e] - s_new[l, e]) / step
                    s_new[l, e] = x[e]
        if ok and not starting:
            for e in range(x.shape[0]):
                x[e] = 0.0
                if e < m:
                    x[e] = h * (ERROR_0 * slopes[0, e] + ERROR_1 * slopes[1, e] + ERROR_2 * slopes[2, e])
            _solve(big, left, right, lower, diagonal, upper, x_rows)  # damps what is stiff
            error = 0.0
            for e in range(m):
                error = max(error, abs(x[e]) / (atol + rtol * abs(new[e])))
            ok = error <= 1.0
        if starting:
            if not ok:
                return -3, 0
            steps = 1
            steepest = 1e-300
            for e in range(m):
                steepest = max(steepest, abs(slopes[0, e]))
            h = min(end, np.sqrt(atol) / steepest)
            for i in range(m, m + n):
                z[i] = new[i]
                for l in range(q):
                    s[l, i] = s_new[l, i]
            continue
        if ok:
            _advance(h, k, z, new, slopes, middle, drift, phis, extent, s, s_new, s_slopes)
            steps += 1
            t += h
            h *= min(4.0, max(0.3, 0.85 * max(error, 1e-6) ** (-1.0 / 3.0)))
        else:
            refused += 1
            h *= 0.25 if error > 1e200 else max(0.2, 0.85 * error ** (-1.0 / 3.0))
            if not h > 1e-13 * end:
                return -2, refused
        if steps + refused > max_steps:
            return -1, refused
    return steps, refused
