"""Group L1-L2 inversion: several components a cell, such as those of an unknown direction, are on or off together.

Minimised over ``z_j = w_j m_j`` (vectors of one cell):

    1/2 |y - sum_j X_j z_j|^2 + lambda alpha sum_j |z_j| + 1/2 lambda (1 - alpha) sum_j |z_j|^2,   X_j = K_j / w_j.

The length |z_j| instead of the sum of magnitudes makes the result independent of the choice of axes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .descent_kernels import group_sweep
from .matrices import product, take_columns, transposed_product

#: Passes before the gap is looked at, and looks at most for one penalty.
PASSES, MOST_CHECKS = 20, 500


@dataclass(frozen=True, eq=False)
class GroupPath:
    """Models of several components along a falling sequence of penalties.

    Parameters
    ----------
    penalties : ndarray, shape (n,)
        Lambda, falling.
    models : ndarray, shape (n, n_cells, n_components)
        Magnetisation in A/m.
    rms_nt, relative_gap, objective : ndarray, shape (n,)
        Misfit, (primal - dual) / primal, primal objective.
    n_active : ndarray of int, shape (n,)
        Cells that are not zero.
    weights : ndarray, shape (n_cells,)
        Weights w.
    """

    penalties: np.ndarray
    models: np.ndarray
    rms_nt: np.ndarray
    relative_gap: np.ndarray
    objective: np.ndarray
    n_active: np.ndarray
    weights: np.ndarray

    def first_below(self, rms_nt: float) -> int | None:
        """Index of the largest penalty whose misfit is at most rms_nt (nT), None when there is none."""
        below = np.flatnonzero(self.rms_nt <= rms_nt)
        return int(below[0]) if below.size else None


def _dual(loss, with_data, lengths, lam1, lam2):
    """Largest dual value over two scalings of the residual."""
    most = float(lengths.max(initial=0.0))
    values = []
    for s in (1.0, min(1.0, lam1 / most) if most > 0 else 1.0):
        excess = np.maximum(s * lengths - lam1 * (1 + 1e-14), 0.0)
        price = 0.0 if not excess.any() else 0.5 * (excess @ excess) / lam2 if lam2 > 0 else np.inf
        values.append(s * with_data - s * s * loss - price)
    return max(values)


def group_path(
    matrices,
    data,
    *,
    alpha: float = 0.9,
    exponent: float = 0.75,
    n_penalties: int = 16,
    smallest: float = 1e-3,
    penalties=None,
    tolerance: float = 1e-3,
    stop_rms_nt: float | None = None,
) -> GroupPath:
    """Models along a path of penalties, each started from the one before.

    Parameters
    ----------
    matrices : sequence of ndarray or operator, each of shape (n_data, n_cells)
        One a component: anomaly of every cell, nT per A/m of that component.
    data : array-like, shape (n_data,)
        Anomaly in nT.
    alpha : float
        Share of the sum of lengths, above 0, at most 1.
    exponent : float
        Of the weights: root mean squared length of the columns of a cell, to this power, as in `column_weights`.
    n_penalties, smallest, penalties, tolerance, stop_rms_nt
        As in `elastic_net_path`.

    Returns
    -------
    GroupPath
        One model a penalty.

    Raises
    ------
    ValueError
        When shapes, alpha or penalties do not fit.
    RuntimeError
        When the gap is not reached.

    References
    ----------
    Yuan and Lin (2006), Model selection and estimation in regression with grouped variables, J. R. Stat. Soc. B 68, 49.
    """
    data = np.asarray(data, float)
    shapes = {tuple(m.shape) for m in matrices}
    if len(shapes) != 1 or data.shape != (next(iter(shapes))[0],):
        raise ValueError(f"components: expected matrices of one shape with {data.size} rows (data), got {sorted(shapes)}")
    if not 0 < alpha <= 1:
        raise ValueError(f"alpha: {alpha} is outside 0 (excluded) to 1")
    n_cells, size = next(iter(shapes))[1], len(matrices)
    every = np.arange(n_cells)
    blocks = np.stack([take_columns(m, every).T for m in matrices], axis=1)  # (n_cells, n_components, n_data)
    gram = np.einsum("jci,jdi->jcd", blocks, blocks)
    length = np.sqrt(np.trace(gram, axis1=1, axis2=2) / size)
    weights = length**exponent * np.exp((1 - exponent) * np.log(length).mean())
    blocks /= weights[:, None, None]
    steep = np.linalg.eigvalsh(gram)[:, -1] / weights**2

    def pulls(residual):
        return np.stack([transposed_product(m, residual) for m in matrices], axis=1) / weights[:, None]

    pull = pulls(data)
    if penalties is None:
        penalties = np.linalg.norm(pull, axis=1).max() / alpha * np.logspace(0, np.log10(smallest), n_penalties)
    z, residual, rows = np.zeros((n_cells, size)), data.copy(), []
    for lam in np.asarray(penalties, float):
        lam1, lam2 = lam * alpha, lam * (1 - alpha)
        for _ in range(MOST_CHECKS):
            lengths = np.linalg.norm(z, axis=1)
            loss = 0.5 * (residual @ residual)
            value = loss + lam1 * lengths.sum() + 0.5 * lam2 * (lengths @ lengths)
            strength = np.linalg.norm(pull, axis=1)
            gap = value - _dual(loss, residual @ data, strength, lam1, lam2)
            if gap <= tolerance * value:
                break
            index = np.flatnonzero((lengths > 0) | (strength > lam1))
            part = z[index]
            group_sweep(blocks[index], part, residual, steep[index], lam1, lam2, PASSES, 1e-3 * np.sqrt(tolerance * value))
            z[index] = part
            residual = data - sum(product(m, z[:, c] / weights) for c, m in enumerate(matrices))
            pull = pulls(residual)
        else:
            raise RuntimeError(f"group L1-L2: relative gap {gap / value:.2g} after {MOST_CHECKS} checks, wanted {tolerance:g}")
        rms = float(np.sqrt((residual**2).mean()))
        rows.append((lam, z / weights[:, None], rms, max(gap, 0.0) / value, value, np.count_nonzero(lengths)))
        if stop_rms_nt is not None and rms <= stop_rms_nt:
            break
    return GroupPath(*(np.array(column) for column in zip(*rows, strict=True)), weights)
