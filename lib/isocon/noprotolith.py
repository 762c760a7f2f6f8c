"""When the original rock is not at hand: immobile elements from the altered samples alone, relative mass changes only.

An element that nobody moved has the same ratio to every other such element in all samples.  The unknown protolith value
of an element is an offset common to its row, which the covariance Sigma_i = diag + s2 1 1^T holds when s2 is made very
large: Algorithm S then applies as it stands, and m is known up to one common constant.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy import stats

from .logratio import IsoconData
from .results import IsoconFit
from .sparse import fit_sparse

#: Protolith error (ln units) that stands for "unknown".
UNKNOWN = 1e3


def variation_matrix(log_concentration: np.ndarray) -> np.ndarray:
    """Aitchison's variation matrix, var_n ln(c_i/c_j).

    Parameters
    ----------
    log_concentration : array, shape (I, N)
        Logarithms of concentrations (or log ratios to any fixed rock); NaN where missing.

    Returns
    -------
    array, shape (I, I)
        NaN where fewer than 2 samples have both elements.
    """
    n = len(log_concentration)
    out = np.full((n, n), np.nan)
    for i in range(n):
        for j in range(i, n):
            difference = log_concentration[i] - log_concentration[j]
            difference = difference[np.isfinite(difference)]
            if difference.size >= 2:
                out[i, j] = out[j, i] = np.var(difference, ddof=1)
    return out


def mutual_set(data: IsoconData, level: float = 0.99) -> tuple[str, ...]:
    """Largest set of elements whose mutual log-ratio variances are those of the analytical errors alone.

    Parameters
    ----------
    data : IsoconData
        Only altered samples and their errors are used; at least 3 samples.
    level : float
        A pair agrees when (N-1) var / (sigma_i^2 + sigma_j^2) is below this quantile of chi-square (N-1).

    Returns
    -------
    tuple of str

    Notes
    -----
    Greedy: from every element the others are added in order of their mean variance to the set while all pairs agree;
    the largest set wins, ties go to the smaller mean variance.
    """
    n_samples = data.shape[1]
    if n_samples < 3:
        raise ValueError(f"a variation matrix needs at least 3 samples, got {n_samples}")
    y = np.where(data.below, np.nan, data.log_ratio)
    y = np.where(data.used[:, None], y, np.nan)
    variance = variation_matrix(y)
    error2 = np.mean(data.sigma_altered**2, axis=1)
    limit = stats.chi2.ppf(level, n_samples - 1) / (n_samples - 1) * (error2[:, None] + error2[None, :])
    agree = np.nan_to_num(variance, nan=np.inf) <= limit
    best, best_score = [], (0, -np.inf)
    for i in np.flatnonzero(data.used):
        chosen = [i]
        candidates = set(np.flatnonzero(agree[i] & data.used)) - {i}
        while candidates:
            j = min(candidates, key=lambda c: (variance[c, chosen].mean(), c))
            chosen.append(j)
            candidates = {c for c in candidates if c != j and agree[c, j]}
        pairs = variance[np.ix_(chosen, chosen)]
        score = (len(chosen), -pairs[np.triu_indices(len(chosen), 1)].mean() if len(chosen) > 1 else -np.inf)
        if score > best_score:
            best, best_score = sorted(chosen), score
    return tuple(data.elements[i] for i in best)


def fit_without_protolith(data: IsoconData, *, reference: int = 0, **options) -> IsoconFit:
    """Immobile set and relative mass changes from altered samples alone.

    Parameters
    ----------
    data : IsoconData
        ``c0`` is ignored (its value changes nothing but the offsets).  At least 3 altered samples.
    reference : int
        Sample whose mass ratio is set to 1; the others are relative to it.
    **options
        See `lib.isocon.sparse.fit_sparse`.

    Returns
    -------
    IsoconFit
        ``m`` is zero in the reference sample; ``tau`` has no meaning here and is not to be used.
    """
    if data.shape[1] < 3:
        raise ValueError(f"without a protolith at least 3 altered samples are needed, got {data.shape[1]}")
    have = np.isfinite(data.log_ratio) & ~data.below
    count = np.maximum(have.sum(axis=1), 1)
    offset = np.where(have, data.log_ratio, 0.0).sum(axis=1) / count
    centred = replace(
        data,
        log_ratio=data.log_ratio - offset[:, None],
        sigma_protolith=np.full(data.shape[0], UNKNOWN),
    )
    fit = fit_sparse(centred, **options)
    m = fit.m - fit.m[reference]
    transform = np.eye(m.size)
    transform[:, reference] -= 1.0
    covariance = transform @ fit.covariance @ transform.T
    return fit.replace(method="no protolith", m=m, covariance=covariance)
