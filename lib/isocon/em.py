"""Spike-and-slab isocon: posterior probability of immobility by expectation maximisation.

Immobile element:  x_i ~ N(m, s Sigma_i).   Mobile element:  x_i ~ N(u, s Sigma_i + A 11^T + B I), with a free mean u,
so that mobile elements may go mostly one way without pulling the isocon.

Approximations: censored cells enter the responsibilities only, as ln Phi((ln limit - mean - e)/sd) with the element's
common error e fixed at its value from the measured cells; they do not enter the updates of m, u, A, B and s.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numba import njit
from scipy import stats

from . import kernels
from .logratio import IsoconData
from .results import IsoconFit, Mode, location_covariance
from .sparse import MEMBER_LEVEL, arrays, fit_sparse

#: Suggested prior probability of immobility.  A summary of common practice in whole-rock geochemistry, not
#: measurements: a starting point to be argued about for each rock, fluid and temperature.
SUGGESTED_PRIORS = {
    **dict.fromkeys(("Zr", "Hf", "Nb", "Ta", "Ti", "TiO2"), 0.8),
    **dict.fromkeys(("Al", "Al2O3"), 0.75),
    **dict.fromkeys(("Th", "Sc", "Y", "Gd", "Tb", "Dy", "Ho", "Er", "Tm", "Yb", "Lu"), 0.65),
    **dict.fromkeys(("V", "Cr", "Cr2O3", "Ga"), 0.6),
    **dict.fromkeys(("La", "Ce", "Pr", "Nd", "Sm", "Eu", "P", "P2O5"), 0.45),
    **dict.fromkeys(("Fe", "FeO", "FeOT", "Fe2O3", "Fe2O3T", "Ni", "NiO", "Co"), 0.4),
    "U": 0.3,
    **dict.fromkeys(("Si", "SiO2", "Mg", "MgO", "Mn", "MnO"), 0.25),
    **dict.fromkeys(("Ca", "CaO", "Sr", "Na", "Na2O", "Ba", "BaO"), 0.2),
    **dict.fromkeys(("K", "K2O", "Rb", "Cs", "Pb"), 0.15),
    **dict.fromkeys(("LOI", "H2O", "H2O+", "H2O-", "S", "SO3", "CO2", "C", "F", "Cl"), 0.1),
}
#: Smallest slab variances (squared log units).
SLAB_FLOOR = 0.01
SCALE_PRIOR_DOF = kernels.SCALE_PRIOR_DOF
_HALF_LOG_2PI = 0.5 * np.log(2 * np.pi)


@njit(cache=True, nogil=True)
def _log_cdf(z):
    """Return ln Phi(z): asymptotic series below -8, where the tail underflows."""
    if z < -8.0:
        return -0.5 * z * z - np.log(-z) - _HALF_LOG_2PI + np.log1p(-1.0 / (z * z) + 3.0 / z**4)
    return np.log(0.5 * math.erfc(-z / np.sqrt(2.0)))


@njit(cache=True, nogil=True)
def _log_density(x, p, s2, below, mean, scale, common, own, out, quadratic):
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
                    out[i] += _log_cdf((x[i, n] - mean[n] - e) / np.sqrt(scale / p[i, n] + own))


@njit(cache=True, nogil=True)
def em(x, p, s2, below, weight, log_odds, use_prior, start, tol, max_turns):
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
        _log_density(x, p, s2, below, m, s, 0.0, 0.0, spike, q)
        _log_density(x, p, s2, below, u, s, slab_common, slab_own, slab, q_slab)
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
        moved = kernels.improve(x, measured, s2, w * weight, m)
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


def prior_log_odds(elements: Sequence[str], priors: Mapping[str, float] | str | None) -> np.ndarray | None:
    """Prior log odds of immobility, shape (I,), or None for the common unknown fraction pi.

    Parameters
    ----------
    elements : sequence of str
    priors : None, "suggested", or mapping element -> probability in (0, 1)
        Elements that a mapping does not name get 0.5.

    Raises
    ------
    ValueError
        A probability outside (0, 1), or another word.
    """
    if priors is None or (isinstance(priors, str) and priors == ""):
        return None
    table = SUGGESTED_PRIORS if isinstance(priors, str) and priors == "suggested" else priors
    if not isinstance(table, Mapping):
        raise ValueError(f"priors is None, 'suggested' or a mapping element -> probability, got {priors!r}")
    out = np.array([float(table.get(element, 0.5)) for element in elements])
    if not np.all((out > 0) & (out < 1)):
        raise ValueError("prior probabilities of immobility must lie strictly between 0 and 1: certainty cannot be revised")
    return np.log(out / (1 - out))


def fit_em(data: IsoconData, *, priors=None, starts=None, tolerance: float = 1e-9, max_turns: int = 1000) -> IsoconFit:
    """V4: spike-and-slab mixture, best of several starts.

    Parameters
    ----------
    data : IsoconData
    priors : None, "suggested", or mapping element -> P(immobile)
        Default: one common fraction pi with a Beta(3, 2) prior, estimated.
    starts : sequence of arrays (N,), optional
        Default: every mode of Algorithm S (with its geometric-median start) and the mean log ratio of all elements.
    tolerance : float
        Change of the penalised log likelihood at which EM stops.
    max_turns : int

    Returns
    -------
    IsoconFit
        ``p_immobile`` holds P(immobile | data, model); ``immobile`` is P > 0.5; ``scale`` is sqrt(s); every distinct
        solution is in ``modes`` with objective = -(penalised log likelihood).
    """
    x, p, s2, below = arrays(data)
    odds = prior_log_odds(data.elements, priors)
    use_prior = odds is not None
    odds = np.zeros(len(x)) if odds is None else odds
    if starts is None:
        sparse = fit_sparse(data)
        median = np.zeros(data.shape[1])
        kernels.iterate(kernels.MEDIAN, x, p, s2, below, data.weight, np.full(len(x), 1e-6), median, 1e-5, 200)
        seen = (p > 0) & ~below & data.used[:, None]
        clr = (x * seen).sum(axis=0) / np.maximum(seen.sum(axis=0), 1)
        starts = [sparse.m, median, clr, *(mode.m_refit for mode in sparse.modes if mode.effective_number > 1.5)]
    solutions = [em(x, p, s2, below, data.weight, odds, use_prior, np.array(s), tolerance, max_turns) for s in starts]
    valid = [s for s in solutions if (s[2] * data.weight).sum() >= 2.0] or solutions
    valid.sort(key=lambda s: -s[0])
    distinct = []
    for solution in valid:
        if all(np.max(np.abs(solution[1] - other[1])) > 1e-3 for other in distinct):
            distinct.append(solution)
    _, m, w, s, _, _, _, _ = distinct[0]
    r2 = np.empty(len(x))
    kernels.distances(x, p, s2, below, m, np.empty_like(x), r2)
    member = data.used & (w > 0.5)
    modes = tuple(
        Mode(
            d[1], d[1], -float(d[0]), float((d[2] * data.weight).sum()),
            tuple(e for e, q, u in zip(data.elements, d[2], data.used, strict=True) if q > 0.5 and u),
        )
        for d in distinct
    )  # fmt: skip
    chosen = member if member.any() else r2 <= s * stats.chi2.ppf(MEMBER_LEVEL, data.dof)
    fit = IsoconFit(
        method="em", data=data, m=m, covariance=location_covariance(data, chosen, np.sqrt(s)), scale=float(np.sqrt(s)),
        immobile=member, distance=np.sqrt(r2), weight=w, modes=modes, p_immobile=w,
    )  # fmt: skip
    return fit.flagged()
