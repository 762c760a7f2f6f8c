"""Cell-wise isocon: an element may be immobile in some samples and mobile in others (sparse-group variant).

Two nested redescending penalties: phi(u) = 2 b^2 (1 - exp(-u^2/2b^2)) caps what a single cell can cost, and
1 - exp(-R/2c^2) over R = sum of the capped cells caps what an element can cost.  An element that is mobile in a third of
the samples then still votes in the others.  b = 2 sigma; c = sqrt(cells), less than in Algorithm S, since R cannot exceed
2 b^2 a cell: with a larger c the wholly mobile elements keep a vote.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy import stats

from . import kernels
from .logratio import IsoconData
from .results import IsoconFit, location_covariance
from .sparse import arrays, fit_sparse

CELL_TUNING = 2.0
ELEMENT_TUNING = 1.0
CELL_LEVEL = 0.99
#: An element is called immobile when at least this fraction of its measured cells is.
MIN_SHARE = 0.5


def fit_cellwise(data: IsoconData, *, scale: float = 1.0, max_turns: int = 500) -> IsoconFit:
    """Sparse-group fit: set of immobile cells instead of immobile elements.

    Parameters
    ----------
    data : IsoconData
    scale : float
        Noise scale k on the stated errors.  Not estimated: partly mobile elements would inflate it.
    max_turns : int
        Limit of the iterations from one start.

    Returns
    -------
    IsoconFit
        ``cells`` (I, N): immobile cells; ``immobile`` (I,): immobile in at least `MIN_SHARE` of the measured samples;
        ``distance`` is over all cells.

    Notes
    -----
    Starts: Algorithm S's modes and every element's own vector.  For N = 1 the result is Algorithm S's.
    The plug-in intervals take the chosen cells as known and are too short (coverage 0.75-0.9 in artificial haloes): a
    cell that moved by less than the noise cannot be told from one that did not.
    """
    plain = fit_sparse(data)
    if data.shape[1] == 1:
        return plain.replace(method="cellwise", cells=plain.immobile[:, None].copy())
    k = float(scale)
    x, p, s2, below = arrays(data)
    p, s2 = p / k**2, s2 * k**2
    c2 = ELEMENT_TUNING**2 * data.dof.astype(float)
    starts = [plain.m, *(mode.m for mode in plain.modes if mode.effective_number > 1.2)]
    starts += [np.where(p[i] > 0, x[i], plain.m) for i in np.flatnonzero(data.used)]
    best = None
    for start in starts:
        m = np.array(start, float)
        result = kernels.cellwise_descend(x, p, s2, below, data.weight, c2, CELL_TUNING**2, m, max_turns)
        if best is None or result[0] < best[1][0] - 1e-9:
            best = (m, result)
    m, (_, omega, _, common) = best
    measured = (p > 0) & ~below
    cells = measured & (p * (x - m - common[:, None]) ** 2 < stats.chi2.ppf(CELL_LEVEL, 1))
    cells &= (common**2 <= s2 * stats.chi2.ppf(0.999, 1))[:, None]
    immobile = data.used & (_share(cells, measured) >= MIN_SHARE)
    r2 = np.empty(len(x))
    kernels.distances(x, p, s2, below, m, np.empty_like(x), r2)
    masked = np.where(cells & immobile[:, None], data.log_ratio, np.nan)
    covariance = location_covariance(replace(data, log_ratio=masked), immobile, k)
    return plain.replace(
        method="cellwise", m=m, covariance=covariance, scale=k, immobile=immobile, distance=np.sqrt(r2) * k, weight=omega,
        cells=cells & immobile[:, None],
    )  # fmt: skip


def _share(cells, measured):
    """Fraction of an element's measured cells that are immobile, shape (I,)."""
    return (cells & measured).sum(axis=1) / np.maximum(measured.sum(axis=1), 1)
