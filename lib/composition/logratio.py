"""Log-ratio coordinates (clr, alr, ilr) and their inverses.

References
----------
Aitchison, J. 1986. The Statistical Analysis of Compositional Data. Chapman and Hall.
Egozcue, J.J., Pawlowsky-Glahn, V., Mateu-Figueras, G. and Barcelo-Vidal, C. 2003. Isometric logratio transformations for
compositional data analysis. Mathematical Geology 35, 279-300.
"""

from __future__ import annotations

import numpy as np

from .bases import check_basis, pivot_basis
from .parts import as_parts, as_rows


def clr(x) -> np.ndarray:
    """Centred log-ratios: ln x_i minus the mean of the logarithms of all parts.

    Parameters
    ----------
    x : array-like, shape (n_parts,) or (n_samples, n_parts)
        Positive; any closure, which drops out.

    Returns
    -------
    array, same shape
        Rows sum to 0, so that a covariance of them is singular.

    Raises
    ------
    ValueError
        A cell that is zero, negative or not finite.
    """
    logs = np.log(as_parts(x))
    return logs - logs.mean(axis=-1, keepdims=True)


def clr_inv(y, total=1.0) -> np.ndarray:
    """Composition with given clr parts (or any logarithms of its parts: a constant drops out).

    Parameters
    ----------
    y : array-like, shape (n_parts,) or (n_samples, n_parts)
        Finite.
    total : float
        Sum of the result.

    Returns
    -------
    array, same shape
    """
    values = _finite(as_rows(y, "y"), "y")
    # the largest is taken out first, so that no exponential overflows
    parts = np.exp(values - values.max(axis=-1, keepdims=True))
    return parts * (total / parts.sum(axis=-1, keepdims=True))


def alr(x, denominator=-1) -> np.ndarray:
    """Additive log-ratios, ln(x_i / x_d); not isometric, hence not for distances, PCA or clusters.

    Parameters
    ----------
    x : array-like, shape (n_parts,) or (n_samples, n_parts)
        Positive.
    denominator : int
        Column of the dividing part; default the last.

    Returns
    -------
    array, shape (..., n_parts - 1)
        In the order of the other parts.

    Raises
    ------
    ValueError
        Cells that are not positive, or no such column.
    """
    logs = np.log(as_parts(x))
    d = _column(denominator, logs.shape[-1])
    return np.delete(logs, d, axis=-1) - logs[..., d, None]


def alr_inv(z, denominator=-1) -> np.ndarray:
    """Composition, closed to 1, with given additive log-ratios.

    Parameters
    ----------
    z : array-like, shape (n_parts - 1,) or (n_samples, n_parts - 1)
        Finite.
    denominator : int
        Column that the dividing part has in the result.

    Returns
    -------
    array, shape (..., n_parts)
    """
    values = _finite(np.asarray(z, float), "z")
    d = _column(denominator, values.shape[-1] + 1)
    return clr_inv(np.insert(values, d, 0.0, axis=-1))


def ilr(x, basis=None) -> np.ndarray:
    """Isometric log-ratios: coordinates of the clr parts in an orthonormal basis.

    Parameters
    ----------
    x : array-like, shape (n_parts,) or (n_samples, n_parts)
        Positive.
    basis : array, shape (n_parts, n_parts - 1), optional
        Orthonormal columns that sum to 0 (see `lib.composition.check_basis`); default pivot coordinates.

    Returns
    -------
    array, shape (..., n_parts - 1)

    Raises
    ------
    ValueError
        Cells that are not positive, or a basis that is none.
    """
    y = clr(x)
    return y @ _basis(basis, y.shape[-1])


def ilr_inv(z, basis=None) -> np.ndarray:
    """Composition, closed to 1, with given isometric log-ratios.

    Parameters
    ----------
    z : array-like, shape (n_parts - 1,) or (n_samples, n_parts - 1)
        Finite.
    basis : array, shape (n_parts, n_parts - 1), optional
        The basis that `z` refers to; default pivot coordinates.

    Returns
    -------
    array, shape (..., n_parts)
    """
    values = _finite(np.asarray(z, float), "z")
    return clr_inv(values @ _basis(basis, values.shape[-1] + 1).T)


def zero_as_clr_zero(x) -> np.ndarray:
    """Centred log-ratios the way the R package ``compositions`` takes them when a part is zero.

    The geometric mean is that of the positive parts only and the clr of a zero is set to 0.  This is no estimate of
    anything; it is here to compare numbers with results that were published with it.

    Parameters
    ----------
    x : array-like, shape (n_parts,) or (n_samples, n_parts)
        Not negative, at least one positive part a row.

    Returns
    -------
    array, same shape
    """
    values = as_rows(x)
    positive = values > 0
    if np.any(~(values >= 0)) or not positive.any(axis=-1).all():
        raise ValueError("x: parts must be zero or positive, with a positive part in every row")
    logs = np.log(np.where(positive, values, 1.0))
    mean = logs.sum(axis=-1, keepdims=True) / positive.sum(axis=-1, keepdims=True)
    return np.where(positive, logs - mean, 0.0)


def _basis(basis, n_parts):
    """Return the basis to use, checked."""
    if basis is None:
        return pivot_basis(n_parts)
    found = check_basis(basis)
    if len(found) != n_parts:
        raise ValueError(f"the basis is for {len(found)} parts, the composition has {n_parts}")
    return found


def _column(index, n_parts):
    """Return a column index counted from the left."""
    if not -n_parts <= index < n_parts:
        raise ValueError(f"denominator = {index}: there are {n_parts} parts, counted from 0 (or from -1 backwards)")
    return index % n_parts


def _finite(values, what):
    """Return values when all are finite."""
    if values.ndim not in (1, 2):
        raise ValueError(f"{what} has shape {values.shape}; expected one row or a table of rows")
    if not np.isfinite(values).all():
        raise ValueError(f"{what} holds values that are not finite, first in row {np.argwhere(~np.isfinite(values))[0][0]}")
    return values
