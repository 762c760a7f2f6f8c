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
import scipy.linalg as la

from .descent_kernels import conjugate, sweep
from .matrices import column_norms, take_columns, transposed_product

#: Passes of descent before each Newton step, and rounds of the two before the working set is checked again at the latest.
PASSES, ROUNDS = 5, 40
#: Rounds of descent alone before Newton steps are made.
NEWTON_AFTER = 3
#: Fewest cells added to the working set at once.
LEAST_ADDED = 50
#: Share of the allowed gap up to which the working set is solved before the other cells are looked at.
INNER_SHARE = 0.3
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
        raise ValueError(f"cell {j} has an anomaly of length {lengths[j]}: every cell must reach a datum; drop cells that do not")
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
    penalty_term: np.ndarray
    weights: np.ndarray
    alpha: float

    def frame(self) -> pd.DataFrame:
        """One row a penalty: penalty, rms_nt, relative_gap, n_active, objective, penalty_term."""
        names = ("rms_nt", "relative_gap", "n_active", "objective", "penalty_term")
        return pd.DataFrame({"penalty": self.penalties} | {name: getattr(self, name) for name in names})

    def first_below(self, rms_nt: float) -> int | None:
        """Index of the largest penalty whose misfit is at most rms_nt (nT), None when there is none."""
        below = np.flatnonzero(self.rms_nt <= rms_nt)
        return int(below[0]) if below.size else None


class _WorkingSet:
    """Cells in play: their scaled columns and coefficients, kept for a whole path."""

    def __init__(self, matrix, data, weights, lower, upper):
        self.matrix, self.data, self.weights = matrix, data, weights
        self.all_lower, self.all_upper = lower, upper
        self.cells = np.empty(0, dtype=np.int64)
        self.z = np.zeros(0)
        self.residual = data.copy()
        self.store = np.empty((256, data.size))
        self.add(self.cells)

    def add(self, cells):
        """Bring new cells in, at zero."""
        n, more = self.cells.size, self.cells.size + cells.size
        if more > len(self.store):
            self.store = np.concatenate([self.store[:n], np.empty((max(more, 2 * n) - n, self.data.size))])
        self.store[n:more] = (take_columns(self.matrix, cells) / self.weights[cells]).T
        self.cells = np.concatenate([self.cells, cells])
        self.z = np.concatenate([self.z, np.zeros(cells.size)])
        self.columns = self.store[:more]
        self.lengths2 = np.einsum("ij,ij->i", self.columns, self.columns)
        self.lower, self.upper = self.all_lower[self.cells], self.all_upper[self.cells]

    def refresh(self):
        """Residual without the rounding of many updates."""
        active = np.flatnonzero(self.z)
        self.residual = self.data - self.z[active] @ self.columns[active]

    def solve(self, lam1, lam2, allowed):
        """Descend until the duality gap of these cells is at most ``allowed``."""
        z = self.z
        stop = 0.1 * np.sqrt(2 * allowed / max(z.size, 1))
        bounds = self.lower, self.upper
        for turn in range(ROUNDS):
            self.passes = getattr(self,"passes",0)+sweep(self.columns, z, self.residual, self.lengths2, lam1, lam2, *bounds, PASSES, stop)
            loss = 0.5 * (self.residual @ self.residual)
            correlation = self.columns @ self.residual
            value = loss + lam1 * np.abs(z).sum() + 0.5 * lam2 * (z @ z)
            if value - best_dual(loss, z @ correlation, correlation, lam1, lam2, *bounds) <= allowed:
                break
            if turn >= NEWTON_AFTER:
                self.newtons = getattr(self,"newtons",0)+1
                self._newton(correlation, lam1, lam2)

    def _newton(self, correlation, lam1, lam2):
        """Step to the minimum over the free cells for their present signs, cut off where a sign or a bound is met."""
        z = self.z
        free = np.flatnonzero((z != 0) & (z > self.lower) & (z < self.upper))
        if free.size == 0:
            return
        signs, columns = np.sign(z[free]), self.columns[free]
        slope = correlation[free] - lam1 * signs - lam2 * z[free]
        step = _ridge(columns, slope, lam2)
        low = np.where(signs > 0, 0.0, self.lower[free])
        high = np.where(signs > 0, self.upper[free], 0.0)
        with np.errstate(divide="ignore", invalid="ignore"):
            reach = np.where(step > 0, (high - z[free]) / step, np.where(step < 0, (low - z[free]) / step, np.inf))
        for move in (np.clip(z[free] + step, low, high) - z[free], min(1.0, float(reach.min())) * step):
            effect = move @ columns
            if move @ slope - 0.5 * (effect @ effect + lam2 * (move @ move)) > 0:
                z[free] = np.clip(z[free] + move, low, high)
                self.residual -= effect
                return


def _ridge(columns, slope, lam2):
    """Solve ``(X^T X + lam2 I) step = slope``, by the smaller of the two Gram matrices; columns of X as rows."""
    n, n_data = columns.shape
    small = n <= n_data or lam2 == 0
    gram = columns @ columns.T if small else columns.T @ columns
    gram[np.diag_indices_from(gram)] += lam2 + 1e-12 * gram.trace() / len(gram)
    factor = la.cho_factor(gram, overwrite_a=True, check_finite=False)
    if small:
        return la.cho_solve(factor, slope, check_finite=False)
    return (slope - columns @ la.cho_solve(factor, slope @ columns, check_finite=False)) / lam2


def best_dual(loss, overlap, correlation, lam1, lam2, lower, upper):
    """Largest dual value over a few scalings of the residual.

    Parameters
    ----------
    loss : float
        ``|r|^2 / 2``.
    overlap : float
        ``r . X z``, written through the correlations as ``z . X^T r``.
    correlation : ndarray, shape (n,)
        ``X^T r`` over all cells that count.
    lam1, lam2 : float
        Weights of the penalties.
    lower, upper : ndarray, shape (n,)
        Bounds of z.

    Returns
    -------
    float
        ``max_s  s r.y - s^2 |r|^2 / 2 - sum_j conjugate_j(s X_j^T r)``: a lower bound of the objective for any s, because the
        conjugates take bounds and L2 penalty in and need no constraint (Fenchel duality).
    """
    most = float(np.abs(correlation).max(initial=0.0))
    scales = {1.0, min(1.0, lam1 / most) if most > 0 else 1.0}
    with_data = 2 * loss + overlap  # r . y
    return max(s * with_data - s * s * loss - conjugate(s * correlation, lam1, lam2, lower, upper) for s in scales)


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
    working = _WorkingSet(matrix, data, weights, lower, upper)
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
    lam, models, rms, gaps, objective, active, l1, l22 = (np.array(column) for column in zip(*rows, strict=True))
    return Path(lam, models, rms, gaps, objective, active, alpha * l1 + 0.5 * (1 - alpha) * l22, weights, alpha)


def _penalties(penalties, correlation, lower, upper, alpha, n_penalties, smallest):
    """Check the penalties given, or make them."""
    if penalties is None:
        if not (0 < smallest < 1 and n_penalties >= 1):
            raise ValueError(f"penalties: need 0 < smallest < 1 and n_penalties >= 1, got {smallest} and {n_penalties}")
        useful = np.where(correlation > 0, upper > 0, lower < 0)
        most = np.abs(correlation[useful]).max(initial=0.0)
        if most == 0:
            raise ValueError("data: no cell within its bounds is correlated with them, so no path can start; check signs and bounds")
        return most / alpha * np.logspace(0, np.log10(smallest), n_penalties)
    penalties = np.atleast_1d(np.asarray(penalties, float))
    if not ((penalties > 0).all() and (np.diff(penalties) < 0).all()):
        raise ValueError("penalties: expected lambdas above zero, in falling order")
    return penalties


def _solve_one(working, correlation, lam1, lam2, tolerance, energy):
    """Minimise for one penalty; correlations of all cells with the residual go in and come out."""
    outside = np.ones(correlation.size, dtype=bool)
    outside[working.cells] = False
    loss = 0.5 * energy
    for _ in range(MOST_CHECKS):
        pull = np.where(np.where(correlation > 0, working.all_upper > 0, working.all_lower < 0), np.abs(correlation), 0.0)
        wanted = np.flatnonzero(outside & (pull > lam1))
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
        residual = working.residual
        loss = 0.5 * (residual @ residual)
        correlation = transposed_product(working.matrix, residual) / working.weights
        l1, l22 = float(np.abs(z).sum()), float(z @ z)
        value = loss + lam1 * l1 + 0.5 * lam2 * l22
        overlap = residual @ (working.data - residual)
        gap = value - best_dual(loss, overlap, correlation, lam1, lam2, working.all_lower, working.all_upper)
        if gap <= tolerance * value:
            rms = np.sqrt(2 * loss / residual.size)
            return (rms, max(gap, 0.0) / value if value > 0 else 0.0, value, np.count_nonzero(z), l1, l22), correlation
    raise RuntimeError(
        f"elastic net: relative duality gap {gap / value:.2g} after {MOST_CHECKS} checks, wanted {tolerance:g}; "
        "use a looser tolerance, a larger penalty or alpha below 1"
    )
