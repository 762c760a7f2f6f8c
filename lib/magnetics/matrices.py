"""Three products that a solver asks of a sensitivity matrix, whether it is an array or an operator that makes its columns."""

from __future__ import annotations

import numpy as np


def column_norms(matrix) -> np.ndarray:
    """Lengths of the columns.

    Parameters
    ----------
    matrix : ndarray or operator, shape (n_data, n_cells)
        An operator has the method of the same name.

    Returns
    -------
    ndarray, shape (n_cells,)
        Euclidean lengths.
    """
    if isinstance(matrix, np.ndarray):
        return np.sqrt(np.einsum("ij,ij->j", matrix, matrix))
    return np.asarray(matrix.column_norms())


def take_columns(matrix, index) -> np.ndarray:
    """Copy of some columns.

    Parameters
    ----------
    matrix : ndarray or operator, shape (n_data, n_cells)
        An operator has the method ``columns``.
    index : ndarray of int
        Cells.

    Returns
    -------
    ndarray, shape (n_data, len(index))
        In double precision.
    """
    return np.asarray(matrix[:, index] if isinstance(matrix, np.ndarray) else matrix.columns(index), dtype=float)


def product(matrix, model) -> np.ndarray:
    """Anomaly of a model, ``K m``.

    Parameters
    ----------
    matrix : ndarray or operator, shape (n_data, n_cells)
        An operator has the method ``matvec``.
    model : ndarray, shape (n_cells,)
        Magnetisation.

    Returns
    -------
    ndarray, shape (n_data,)
        Anomaly.
    """
    return matrix @ model if isinstance(matrix, np.ndarray) else np.asarray(matrix.matvec(model))


def transposed_product(matrix, residual) -> np.ndarray:
    """Correlation of every column with a residual, ``K^T r``.

    Parameters
    ----------
    matrix : ndarray or operator, shape (n_data, n_cells)
        An operator has the method ``rmatvec``.
    residual : ndarray, shape (n_data,)
        Residuals.

    Returns
    -------
    ndarray, shape (n_cells,)
        Products.
    """
    return matrix.T @ residual if isinstance(matrix, np.ndarray) else np.asarray(matrix.rmatvec(residual))


class _ScaledRows:
    """Rows of an operator, chosen and multiplied by factors."""

    def __init__(self, operator, rows, factors):
        self.operator, self.rows, self.factors = operator, rows, factors
        self.shape = (rows.size, operator.shape[1])

    def columns(self, index):
        return self.operator.columns(index)[self.rows] * self.factors[:, None]

    def matvec(self, model):
        return self.operator.matvec(model)[self.rows] * self.factors

    def rmatvec(self, residual):
        full = np.zeros(self.operator.shape[0])
        full[self.rows] = residual * self.factors
        return self.operator.rmatvec(full)

    def column_norms(self):
        total, step = np.empty(self.shape[1]), 1024
        for start in range(0, self.shape[1], step):
            index = np.arange(start, min(start + step, self.shape[1]))
            total[index] = np.linalg.norm(self.columns(index), axis=0)
        return total


def scaled_rows(matrix, factors):
    """Return the rows whose factor is not zero, multiplied by it.

    Parameters
    ----------
    matrix : ndarray or operator, shape (n_data, n_cells)
        An operator is not expanded.
    factors : array-like, shape (n_data,)
        One factor a row; a mask of bools chooses rows.

    Returns
    -------
    ndarray or operator, shape (n_rows, n_cells)
        In the order of the rows.
    """
    factors = np.asarray(factors, float)
    rows = np.flatnonzero(factors)
    if not isinstance(matrix, np.ndarray):
        return _ScaledRows(matrix, rows, factors[rows])
    return np.asfortranarray(matrix[rows] if (factors[rows] == 1).all() else matrix[rows] * factors[rows, None])
