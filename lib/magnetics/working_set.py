"""Coordinate descent and Newton steps on the cells that may differ from zero.

Descent finds quickly which cells those are; between neighbours with nearly the same anomaly it creeps.  So after some rounds
each ends with a Newton step on the free cells for their present signs, by the smaller of two Gram matrices (cells or data).
"""

from __future__ import annotations

import numpy as np
import scipy.linalg as la
from scipy.linalg.blas import dsyrk

from .descent_kernels import sweep
from .duality import best_dual
from .matrices import column_norms, take_columns

#: Passes of descent before the gap is looked at, and rounds before all cells are looked at again at the latest.
PASSES, ROUNDS = 3, 60
#: Rounds of descent alone before Newton steps are made.
NEWTON_AFTER = 1


class WorkingSet:
    """Cells in play, kept for a whole path.

    Parameters
    ----------
    matrix : ndarray or operator, shape (n_data, n_cells)
        Anomaly of every cell, nT per A/m.
    data : ndarray, shape (n_data,)
        Anomaly in nT.
    weights : ndarray, shape (n_cells,)
        Column weights.
    lower, upper : ndarray, shape (n_cells,)
        Bounds of z = w m.

    Attributes
    ----------
    cells : ndarray of int, shape (n,)
        Which cells.
    z : ndarray, shape (n,)
        Their coefficients.
    residual : ndarray, shape (n_data,)
        Data minus the anomaly of z.
    lengths : ndarray, shape (n_cells,)
        Lengths of all columns of X.
    """

    def __init__(self, matrix, data, weights, lower, upper):
        self.matrix, self.data, self.weights = matrix, data, weights
        self.all_lower, self.all_upper = lower, upper
        self.cells = np.empty(0, dtype=np.int64)
        self.z = np.zeros(0)
        self.residual = data.copy()
        self.lengths = column_norms(matrix) / weights
        self.store = np.empty((256, data.size))
        self.add(self.cells)

    def add(self, cells):
        """Bring new cells in, at zero.

        Parameters
        ----------
        cells : ndarray of int
            Cells that are not in yet.
        """
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
        """Descend on the cells in play.

        Parameters
        ----------
        lam1, lam2 : float
            Weights of the penalties.
        allowed : float
            Duality gap, over these cells alone, at which to stop.
        """
        z = self.z
        stop = np.sqrt(2 * allowed / max(z.size, 1))
        bounds = self.lower, self.upper
        for turn in range(ROUNDS):
            sweep(self.columns, z, self.residual, self.lengths2, lam1, lam2, *bounds, PASSES, stop)
            loss = 0.5 * (self.residual @ self.residual)
            correlation = self.columns @ self.residual
            value = loss + lam1 * np.abs(z).sum() + 0.5 * lam2 * (z @ z)
            if value - best_dual(loss, z @ correlation, correlation, lam1, lam2, *bounds)[0] <= allowed:
                break
            if turn >= NEWTON_AFTER:
                self._newton(correlation, lam1, lam2)

    def _newton(self, correlation, lam1, lam2):
        """Step to the minimum over the free cells for their present signs, cut off where a sign or a bound is met."""
        z = self.z
        free = np.flatnonzero((z != 0) & (z > self.lower) & (z < self.upper))
        if free.size == 0:
            return
        signs, columns = np.sign(z[free]), self.columns[free]
        slope = correlation[free] - lam1 * signs - lam2 * z[free]
        try:
            step = _ridge(columns, slope, lam2)
        except la.LinAlgError:  # without L2 penalty columns may be dependent; descent goes on
            return
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
    gram = dsyrk(1.0, columns.T, trans=small, lower=1)  # the lower triangle alone
    gram[np.diag_indices_from(gram)] += lam2 + 1e-12 * gram.trace() / len(gram)
    factor = la.cho_factor(gram, lower=True, overwrite_a=True, check_finite=False)
    if small:
        return la.cho_solve(factor, slope, check_finite=False)
    return (slope - columns @ la.cho_solve(factor, slope @ columns, check_finite=False)) / lam2
