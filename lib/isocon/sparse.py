"""Sparse isocon: which elements kept their mass is found together with the mass change.

Model (elements i, altered samples n)::

    ln(c_A,in / c_0,i) = m_n + d_in + e_in,      d_i = (d_i1 .. d_iN) = 0 for an immobile element

m is the logarithm of the isocon slope and exp(-m) = M_A/M_0 the mass ratio.  Profiling out a penalised d turns every
variant into a robust estimate of location: the group lasso (L2,1) is the geometric median or Huber's estimate (biased
when most mobile elements move one way), a redescending penalty seeks the densest cluster of elements.

References
----------
Kuwatani, T. et al. (2020) Sparse isocon analysis. Chemical Geology 532, 119345 (the idea: the immobile elements are
chosen by sparsity over many samples; its objective function was not available here, the formulation is ours).
"""

from __future__ import annotations

import numpy as np
from scipy import stats

from . import kernels
from .logratio import IsoconData
from .results import IsoconFit, Mode, location_covariance

#: Noise scale k is estimated only with at least this many voting elements, and kept inside these limits.
MIN_ELEMENTS_FOR_SCALE = 20
SCALE_LIMITS = (0.3, 2.0)
#: Level of the chi-square test by which an element counts as immobile.
MEMBER_LEVEL = 0.99


def arrays(data: IsoconData) -> tuple[np.ndarray, ...]:
    """Kernel form (x, p, s2, below) of the data: gaps have precision 0."""
    have = np.isfinite(data.log_ratio)
    x = np.where(have, data.log_ratio, 0.0)
    p = np.where(have, 1.0 / data.sigma_altered**2, 0.0)
    return x, p, data.sigma_protolith**2, data.below & have


def chi2_table(dof: np.ndarray, n_used: int) -> tuple[np.ndarray, np.ndarray]:
    """Quantiles needed by Algorithm S: membership (I,) and, for every size n_A of the set, scale (n_used + 1, I)."""
    h = max(1, round(0.35 * n_used))
    levels = np.minimum(0.9, h / (np.arange(n_used + 1) + 1.0))
    kinds, inverse = np.unique(dof, return_inverse=True)
    return stats.chi2.ppf(MEMBER_LEVEL, kinds)[inverse], stats.chi2.ppf(levels[:, None], kinds[None, :])[:, inverse]


def fit_sparse(
    data: IsoconData,
    *,
    estimate_scale: bool | None = None,
    scale: float = 1.0,
    tuning: float = 1.5,
    tolerance: float = 1e-9,
    max_turns: int = 500,
) -> IsoconFit:
    """Algorithm S: Welsch penalty from many starts, hard refit, noise scale, all modes kept.

    Parameters
    ----------
    data : IsoconData
        Log ratios and errors.
    estimate_scale : bool, optional
        Re-estimate the noise scale k.  Default: only with 20 voting elements or more (with ten the quantile used
        reaches into the mobile elements and k runs away).
    scale : float
        First (or only) value of k, the factor on the stated errors.
    tuning : float
        Welsch constant in units of sqrt(number of cells) and of k; 1.5 by default.
    tolerance : float
        Largest change of m at which the iterations stop.
    max_turns : int
        Limit of the iterations from one start.

    Returns
    -------
    IsoconFit
        With every distinct minimum in ``modes`` (best first) and ``ambiguous`` set when another minimum holds at
        least 80 % of the effective number of elements of the first and lies more than 3 standard errors away.
    """
    x, p, s2, below = arrays(data)
    used = data.used
    n_used = int(used.sum())
    if estimate_scale is None:
        estimate_scale = n_used >= MIN_ELEMENTS_FOR_SCALE
    dof = data.dof
    cut, quantiles = chi2_table(dof, n_used)
    m, k, member, r2, modes, value, effective = kernels.algorithm_s(
        x, p, s2, below, data.weight, used.astype(np.int64), dof.astype(float), cut, quantiles,
        tuning, float(scale), bool(estimate_scale), *SCALE_LIMITS, tolerance, max_turns,
    )  # fmt: skip
    weight = np.exp(-0.5 * r2 / (tuning * k) ** 2 / dof)
    mode_list = []
    r2_mode = np.empty(len(x))
    for vector, objective, support in zip(modes, value, effective, strict=True):
        refit = vector.copy()
        inside, _ = kernels.hard_refit(x, p, s2, below, data.weight, used.astype(np.int64), cut, k, refit)
        if support < 1.5 * data.weight[used].min():  # one element alone: its own vector, no refit on strangers
            kernels.distances(x, p, s2, below, vector, np.empty_like(x), r2_mode)
            refit, inside = vector, used & (r2_mode < k * k * cut)
        members = tuple(e for e, yes in zip(data.elements, inside, strict=True) if yes)
        mode_list.append(Mode(vector, refit, float(objective), float(support), members))
    fit = IsoconFit(
        method="sparse", data=data, m=m, covariance=location_covariance(data, member, k), scale=float(k),
        immobile=member, distance=np.sqrt(r2), weight=weight, modes=tuple(mode_list), tuning=tuning,
    )  # fmt: skip
    return fit.flagged()


def _from_weights(data, method, m, omega, r2, threshold) -> IsoconFit:
    """Result of a convex variant: immobile = residual within the penalty's threshold."""
    member = data.used & (r2 <= threshold**2)
    chosen = member if member.any() else data.used & (r2 <= np.min(r2[data.used]) * (1 + 1e-9))
    return IsoconFit(
        method=method, data=data, m=m, covariance=location_covariance(data, chosen), scale=1.0, immobile=member,
        distance=np.sqrt(r2), weight=np.where(data.used, omega, 0.0), modes=(),
    )  # fmt: skip


def fit_median(data: IsoconData) -> IsoconFit:
    """V0: median of the log ratios in every sample separately; breaks down when mobile elements go one way."""
    x, p, _, _ = arrays(data)
    m = np.empty(data.shape[1])
    for n in range(m.size):
        ok = (p[:, n] > 0) & data.used
        m[n] = weighted_median(x[ok, n], data.weight[ok])
    return _evaluate(data, "median", m)


def weighted_median(values: np.ndarray, weights: np.ndarray) -> float:
    """Median of weighted values (mean of the two middle ones when the halves are equal)."""
    order = np.argsort(values)
    cumulative = np.cumsum(weights[order]) / np.sum(weights)
    lower = values[order][np.searchsorted(cumulative, 0.5 - 1e-12)]
    upper = values[order][min(np.searchsorted(cumulative, 0.5 + 1e-12), len(values) - 1)]
    return 0.5 * (lower + upper)


def _evaluate(data: IsoconData, method: str, m: np.ndarray) -> IsoconFit:
    """Result at a given ``m``: members by the chi-square test."""
    x, p, s2, below = arrays(data)
    r2 = np.empty(len(x))
    kernels.distances(x, p, s2, below, m, np.empty_like(x), r2)
    threshold = np.sqrt(stats.chi2.ppf(MEMBER_LEVEL, data.dof))
    return _from_weights(data, method, m, np.ones(len(x)), r2, threshold)


def fit_geometric_median(data: IsoconData, *, whiten: bool = True, tolerance: float = 1e-12) -> IsoconFit:
    """V1: group lasso without noise term, min over m of sum_i ||x_i - m||, the geometric median.

    Parameters
    ----------
    data : IsoconData
        Log ratios and errors.
    whiten : bool
        Measure distances with Sigma_i^{-1} (default), or as plain Euclidean distances.
    tolerance : float
        Largest change of m at which Weiszfeld's iterations stop.

    Returns
    -------
    IsoconFit

    Notes
    -----
    Weiszfeld's iteration divides by the residual.  It is run with residuals sqrt(r^2 + eps^2), eps lowered in steps;
    then the optimality condition at the nearest elements is tested exactly (the sum of the unit pulls of the others
    is no longer than the element's own weight) and, where it holds, that element's vector is the answer.
    """
    x, p, s2, below = arrays(data)
    if not whiten:
        p, s2 = (p > 0).astype(float), np.zeros_like(s2)
    m = fit_median(data).m
    for eps in (1e-2, 1e-4, 1e-6, 1e-9):
        _, r2, _ = kernels.iterate(kernels.MEDIAN, x, p, s2, below, data.weight, np.full(len(x), eps**2), m, tolerance, 5000)
    for i in np.argsort(r2)[: min(3, len(r2))]:
        if data.used[i] and np.all(p[i] > 0) and not below[i].any() and _is_vertex(i, x, p, s2, below, data.weight):
            m = x[i].copy()
            break
    fit = _evaluate(data, "geometric median", m)
    return fit


def _is_vertex(i, x, p, s2, below, weight) -> bool:
    """Whether the geometric median is the vector of element ``i`` itself (sub-gradient contains zero)."""
    r2 = np.empty(len(x))
    active = np.empty_like(x)
    kernels.distances(x, p, s2, below, x[i], active, r2)
    pull = np.zeros(x.shape[1])
    for j in np.flatnonzero((weight > 0) & (r2 > 0)):
        u = x[j] - x[i]
        a = s2[j] / (1 + s2[j] * active[j].sum())
        pull += weight[j] * active[j] * (u - a * (active[j] @ u)) / np.sqrt(r2[j])
    covariance_pull = pull / p[i] + s2[i] * pull.sum()
    tied = (weight > 0) & (r2 == 0)
    return pull @ covariance_pull <= weight[tied].sum() ** 2


def universal_threshold(data: IsoconData) -> np.ndarray:
    """Huber threshold sqrt(chi2_{N, p}) with p = 0.95^(1/I): no immobile element exceeds it with probability 0.95."""
    return np.sqrt(stats.chi2.ppf(0.95 ** (1.0 / max(int(data.used.sum()), 1)), data.dof))


def fit_convex(data: IsoconData, *, threshold: float | str = "sqrt", tolerance: float = 1e-12) -> IsoconFit:
    """V2: group lasso with noise term = multivariate Huber estimate.

    Parameters
    ----------
    data : IsoconData
        Log ratios and errors.
    threshold : float, "sqrt" or "universal"
        lambda of the penalty in units of noise: "sqrt" is sqrt(number of cells), "universal" `universal_threshold`.
    tolerance : float
        Largest change of m at which the iterations stop.

    Returns
    -------
    IsoconFit

    Notes
    -----
    min_{m,d} 1/2 sum_i ||x_i - m - d_i||^2_{Sigma_i^-1} + lam sum_i ||d_i||_{Sigma_i^-1}, whose minimum over d is
    Huber's function of r_i and d_i = (1 - lam/r_i)_+ (x_i - m).
    """
    x, p, s2, below = arrays(data)
    if threshold == "sqrt":
        lam = np.sqrt(data.dof)
    elif threshold == "universal":
        lam = universal_threshold(data)
    else:
        lam = np.full(len(x), float(threshold))
    m = fit_median(data).m
    omega, r2, _ = kernels.iterate(kernels.HUBER, x, p, s2, below, data.weight, lam**2, m, tolerance, 5000)
    return _from_weights(data, "convex", m, omega, r2, lam)


def fit_lasso(data: IsoconData, *, threshold: float = 1.0, tolerance: float = 1e-12) -> IsoconFit:
    """V2s: elementwise lasso = Huber's estimate in every sample separately (protolith error added to the diagonal).

    ``threshold`` is lambda in units of one cell's noise.
    """
    x, p, s2, below = arrays(data)
    total = np.where(p > 0, 1.0 / (1.0 / np.where(p > 0, p, 1.0) + s2[:, None]), 0.0)
    m = fit_median(data).m
    zero, lam2 = np.zeros(len(x)), np.full(len(x), threshold**2)
    for n in range(m.size):
        cell = np.ascontiguousarray(m[n : n + 1])
        column = tuple(np.ascontiguousarray(a[:, n : n + 1]) for a in (x, total, below))
        kernels.iterate(kernels.HUBER, column[0], column[1], zero, column[2], data.weight, lam2, cell, tolerance, 5000)
        m[n] = cell[0]
    return _evaluate(data, "lasso", m)


def fit_welsch(data: IsoconData, *, tuning: float = 1.5, scale: float = 1.0) -> IsoconFit:
    """V3 alone: best Welsch minimum without refit and without noise scale (for comparison and for paths)."""
    x, p, s2, below = arrays(data)
    start = np.zeros(data.shape[1])
    kernels.iterate(kernels.MEDIAN, x, p, s2, below, data.weight, np.full(len(x), 1e-6), start, 1e-5, 200)
    c2 = (tuning * scale) ** 2 * data.dof
    _, modes, _, _ = kernels.find_modes(x, p, s2, below, data.weight, c2, start, 1e-9, 500)
    return _evaluate(data, "welsch", modes[0].copy())


def fit_reference(data: IsoconData, elements) -> IsoconFit:
    """Isocon through named immobile elements: precision-weighted mean of their log ratios.

    Raises ValueError when a name is unknown.
    """
    x, p, s2, below = arrays(data)
    member = np.zeros(len(x), bool)
    member[data.index(list(elements))] = True
    omega = member * np.maximum(data.weight, 1e-3)
    m = fit_median(data).m
    kernels.iterate(kernels.FIXED, x, p, s2, below, omega, np.ones(len(x)), m, 1e-13, 100)
    fit = _evaluate(data, "reference", m)
    return fit.replace(immobile=member, covariance=location_covariance(data, member))
