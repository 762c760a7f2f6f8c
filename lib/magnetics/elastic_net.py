"""L1-L2 inversion (elastic net) along a path of penalties, with bounds on every cell and a certified duality gap.

Minimised over ``z = w m`` (m magnetisation, w column weights), for a falling sequence of lambda:

    1/2 |y - X z|^2 + lambda alpha |z|_1 + 1/2 lambda (1 - alpha) |z|^2,   X = K diag(1/w),   lower <= m <= upper.

A working set holds the cells that may differ from zero; its Gram matrix is built once for the whole path, coordinate descent
runs on it, and a Newton step on the cells that are free ends each round where descent alone would creep, because neighbouring
cells have nearly the same anomaly.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from .duality import best_dual, certified_zero
from .matrices import column_norms, transposed_product
from .working_set import WorkingSet

#: Fewest cells added to the working set at once.
LEAST_ADDED = 50
#: Share of the allowed gap up to which the working set is solved before the other cells are looked at.
INNER_SHARE = 0.9
#: Checks of all cells before a path gives up on a penalty.
MOST_CHECKS = 200


def column_weights(matrix, exponent: float = 0.75) -> np.ndarray:
    """Weights of the cells from the lengths of their columns.

    Parameters
    ----------
    matrix : ndarray or operator, shape (n_data, n_cells)
        Anomaly of every cell, nT per A/m.
    exponent : float
        0 (no weights: shallow models) to 1 (unit columns: deep models).

    Returns
    -------
    ndarray, shape (n_cells,)
        ``w = |K_j|^p G^(1-p)``, G the geometric mean of the lengths; nT per A/m.

    Raises
    ------
    ValueError
        When the exponent is outside 0-2, or a cell has no effect on any datum.
    """
    if not 0 <= exponent <= 2:
        raise ValueError(f"exponent of the column weights: {exponent} is outside 0 to 2; 0.5 to 1 are usual")
    lengths = column_norms(matrix)
    if not (lengths > 0).all() or not np.isfinite(lengths).all():
        j = int(np.flatnonzero(~((lengths > 0) & np.isfinite(lengths)))[0])
        raise ValueError(f"cell {j} has an anomaly of length {lengths[j]}: drop cells that reach no datum")
    return lengths**exponent * np.exp((1 - exponent) * np.log(lengths).mean())


@dataclass(frozen=True, eq=False)
class Path:
    """Models along a falling sequence of penalties.

    Parameters
    ----------
    penalties : ndarray, shape (n,)
        Lambda, falling.
    models : ndarray, shape (n, n_cells)
        Magnetisation in A/m.
    rms_nt : ndarray, shape (n,)
        Root mean square of the residuals.
    relative_gap : ndarray, shape (n,)
        (primal - dual) / primal.
    objective : ndarray, shape (n,)
        Primal objective.
    n_active : ndarray of int, shape (n,)
        Cells that are not zero.
    n_screened : ndarray of int, shape (n,)
        Cells that are zero at the minimum for certain, see `certified_zero`.
    penalty_term : ndarray, shape (n,)
        ``alpha |z|_1 + (1 - alpha)/2 |z|^2``.
    weights : ndarray, shape (n_cells,)
        Column weights w.
    alpha : float
        Share of L1.
    """

    penalties: np.ndarray
    models: np.ndarray
    rms_nt: np.ndarray
    relative_gap: np.ndarray
    objective: np.ndarray
    n_active: np.ndarray
    n_screened: np.ndarray
    penalty_term: np.ndarray
    weights: np.ndarray
    alpha: float

    def frame(self) -> pd.DataFrame:
        """One row a penalty: penalty, rms_nt, relative_gap, n_active, n_screened, objective, penalty_term."""
        names = ("rms_nt", "relative_gap", "n_active", "n_screened", "objective", "penalty_term")
        return pd.DataFrame({"penalty": self.penalties} | {name: getattr(self, name) for name in names})

    def first_below(self, rms_nt: float) -> int | None:
        """Index of the largest penalty whose misfit is at most rms_nt (nT), None when there is none."""
        below = np.flatnonzero(self.rms_nt <= rms_nt)
        return int(below[0]) if below.size else None


def elastic_net_path(
    matrix,
    data,
    *,
    alpha: float = 0.9,
    exponent: float = 0.75,
    lower=-np.inf,
    upper=np.inf,
    penalties=None,
    n_penalties: int = 25,
    smallest: float = 1e-4,
    weights=None,
    tolerance: float = 1e-4,
    stop_rms_nt: float | None = None,
) -> Path:
    """Models along a path of penalties, each started from the one before.

    Parameters
    ----------
    matrix : ndarray or operator, shape (n_data, n_cells)
        Anomaly of every cell, nT per A/m; an operator has ``columns``, ``rmatvec`` and ``column_norms``.
    data : array-like, shape (n_data,)
        Anomaly in nT.
    alpha : float
        Share of L1 in the penalty, above 0, at most 1.
    exponent : float
        Of the column weights, see `column_weights`.
    lower, upper : float or array-like, shape (n_cells,)
        Bounds of the magnetisation in A/m, ``lower <= 0 <= upper``.
    penalties : array-like, optional
        Lambdas, falling; None = ``n_penalties`` from the one at which the first cell appears down to ``smallest`` times it.
    n_penalties : int
        See penalties.
    smallest : float
        See penalties; between 0 and 1.
    weights : array-like, shape (n_cells,), optional
        In place of `column_weights`.
    tolerance : float
        Largest relative duality gap.
    stop_rms_nt : float, optional
        The path ends with the first model whose misfit is at most this (nT).

    Returns
    -------
    Path
        One model a penalty.

    Raises
    ------
    ValueError
        When shapes, bounds, alpha or penalties do not fit.
    RuntimeError
        When the gap is not reached.

    References
    ----------
    Utsugi, M. (2019), 3-D inversion of magnetic data based on the L1-L2 norm regularization, Earth, Planets and Space 71, 73
    (the objective); Fercoq, Gramfort and Salmon (2015), Mind the duality gap, ICML (the stopping rule).
    """
    data = np.ascontiguousarray(data, dtype=float)
    n_data, n_cells = matrix.shape
    if data.shape != (n_data,) or not np.isfinite(data).all():
        raise ValueError(f"data: expected {n_data} finite numbers (rows of the matrix), got shape {data.shape}")
    if not 0 < alpha <= 1:
        raise ValueError(f"alpha: {alpha} is outside 0 (excluded) to 1; it is the share of L1, usually 0.9")
    weights = column_weights(matrix, exponent) if weights is None else np.broadcast_to(np.asarray(weights, float), n_cells)
    lower, upper = (np.broadcast_to(np.asarray(b, float), n_cells) * weights for b in (lower, upper))
    if not ((lower <= 0) & (upper >= 0)).all():
        raise ValueError("bounds: every cell needs lower <= 0 <= upper, because a cell without evidence is zero")
    working = WorkingSet(matrix, data, weights, lower, upper)
    correlation = transposed_product(matrix, data) / weights
    penalties = _penalties(penalties, correlation, lower, upper, alpha, n_penalties, smallest)

    rows = []
    energy = data @ data
    for lam in penalties:
        lam1, lam2 = lam * alpha, lam * (1 - alpha)
        row, correlation = _solve_one(working, correlation, lam1, lam2, tolerance, energy)
        model = np.zeros(n_cells)
        model[working.cells] = working.z / weights[working.cells]
        rows.append((lam, model, *row))
        if stop_rms_nt is not None and row[0] <= stop_rms_nt:
            break
    lam, models, rms, gaps, objective, active, screened, l1, l22 = (np.array(column) for column in zip(*rows, strict=True))
    return Path(lam, models, rms, gaps, objective, active, screened, alpha * l1 + 0.5 * (1 - alpha) * l22, weights, alpha)


def _penalties(penalties, correlation, lower, upper, alpha, n_penalties, smallest):
    """Check the penalties given, or make them."""
    if penalties is None:
        if not (0 < smallest < 1 and n_penalties >= 1):
            raise ValueError(f"penalties: need 0 < smallest < 1 and n_penalties >= 1, got {smallest} and {n_penalties}")
        useful = np.where(correlation > 0, upper > 0, lower < 0)
        most = np.abs(correlation[useful]).max(initial=0.0)
        if most == 0:
            raise ValueError("data: no cell can explain any of them within its bounds; check the signs of the bounds")
        return most / alpha * np.logspace(0, np.log10(smallest), n_penalties)
    penalties = np.atleast_1d(np.asarray(penalties, float))
    if not ((penalties > 0).all() and (np.diff(penalties) < 0).all()):
        raise ValueError("penalties: expected lambdas above zero, in falling order")
    return penalties


def _solve_one(working, correlation, lam1, lam2, tolerance, energy):
    """Minimise for one penalty; correlations of all cells with the residual go in and come out."""
    outside = np.ones(correlation.size, dtype=bool)
    outside[working.cells] = False
    bounds = working.all_lower, working.all_upper
    loss = 0.5 * energy
    for _ in range(MOST_CHECKS):
        allowed = np.where(correlation > 0, bounds[1] > 0, bounds[0] < 0)
        pull = np.abs(correlation)
        wanted = np.flatnonzero(outside & allowed & (pull > lam1))
        limit = max(LEAST_ADDED, np.count_nonzero(working.z))
        if wanted.size > limit:
            wanted = np.sort(wanted[np.argpartition(-pull[wanted], limit)[:limit]])
        if wanted.size:
            working.add(wanted)
            outside[wanted] = False
        z = working.z
        value = loss + lam1 * np.abs(z).sum() + 0.5 * lam2 * (z @ z)
        working.solve(lam1, lam2, INNER_SHARE * tolerance * value)
        working.refresh()
        residual, z = working.residual, working.z
        loss = 0.5 * (residual @ residual)
        correlation = transposed_product(working.matrix, residual) / working.weights
        l1, l22 = float(np.abs(z).sum()), float(z @ z)
        value = loss + lam1 * l1 + 0.5 * lam2 * l22
        overlap = residual @ (working.data - residual)
        dual, scale = best_dual(loss, overlap, correlation, lam1, lam2, *bounds)
        gap = max(value - dual, 0.0)
        zero = certified_zero(scale * correlation, working.lengths, np.sqrt(2 * gap), lam1, *bounds)
        if gap <= tolerance * value:
            rms = np.sqrt(2 * loss / residual.size)
            counts = np.count_nonzero(z), np.count_nonzero(zero)
            return (rms, gap / value if value > 0 else 0.0, value, *counts, l1, l22), correlation
        outside &= ~zero
    raise RuntimeError(
        f"elastic net: relative duality gap {gap / value:.2g} after {MOST_CHECKS} checks, wanted {tolerance:g}; "
        "use a looser tolerance, a larger penalty or alpha below 1"
    )
