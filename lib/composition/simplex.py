"""The simplex as a vector space: closure, perturbation, powering, inner product, distance, centre and spread.

References
----------
Aitchison, J. 1986. The Statistical Analysis of Compositional Data. Chapman and Hall.
Pawlowsky-Glahn, V., Egozcue, J.J. and Tolosana-Delgado, R. 2015. Modeling and Analysis of Compositional Data. Wiley.
"""

from __future__ import annotations

import numpy as np

from .logratio import clr, clr_inv
from .parts import as_parts, as_rows, describe_cells


def closure(x, total=1.0) -> np.ndarray:
    """Scale every composition to the same sum.

    Parameters
    ----------
    x : array-like, shape (n_parts,) or (n_samples, n_parts)
        Parts, not negative; zeros pass.
    total : float
        Sum wanted: 1 for mass fractions, 100 for mass %.

    Returns
    -------
    array, same shape

    Raises
    ------
    ValueError
        A negative cell, one that is not finite, or a row of zeros.
    """
    values = as_rows(x)
    wrong = ~((values >= 0) & np.isfinite(values))
    if wrong.any():
        raise ValueError(f"x: {describe_cells(values, wrong)}; parts are amounts, zero or positive")
    sums = values.sum(axis=-1, keepdims=True)
    if np.any(sums == 0):
        raise ValueError(
            f"x: row(s) {np.flatnonzero(np.atleast_1d(sums[..., 0]) == 0).tolist()} hold only zeros; leave them out"
        )
    return values * (total / sums)


def perturb(x, y) -> np.ndarray:
    """Perturbation, the addition of the simplex: parts times parts, closed to 1.

    Parameters
    ----------
    x, y : array-like, shape (n_parts,) or (n_samples, n_parts)
        Positive; broadcast against each other.

    Returns
    -------
    array, closed to 1

    Raises
    ------
    ValueError
        Cells that are not positive, or shapes that do not fit.
    """
    a, b = as_parts(x, "x"), as_parts(y, "y")
    if a.shape[-1] != b.shape[-1]:
        raise ValueError(f"x has {a.shape[-1]} parts, y has {b.shape[-1]}; both must have the same parts in the same order")
    return clr_inv(np.log(a) + np.log(b))


def power(x, a) -> np.ndarray:
    """Powering, the multiplication by a number: parts to the power `a`, closed to 1.

    Parameters
    ----------
    x : array-like, shape (n_parts,) or (n_samples, n_parts)
        Positive.
    a : float or array, shape (n_samples,)
        One factor for all, or one a sample (then one composition x gives n_samples rows: a straight line).

    Returns
    -------
    array, closed to 1
    """
    factor = np.asarray(a, float)
    return clr_inv(clr(x) * (factor[:, None] if factor.ndim == 1 else factor))


def inner(x, y) -> np.ndarray | float:
    """Aitchison inner product, row by row.

    Parameters
    ----------
    x, y : array-like, shape (n_parts,) or (n_samples, n_parts)
        Positive; broadcast against each other.

    Returns
    -------
    float or array, shape (n_samples,)
    """
    found = (clr(x) * clr(y)).sum(axis=-1)
    return float(found) if found.ndim == 0 else found


def norm(x) -> np.ndarray | float:
    """Aitchison norm, the distance from the composition of equal parts.

    Parameters
    ----------
    x : array-like, shape (n_parts,) or (n_samples, n_parts)
        Positive.

    Returns
    -------
    float or array, shape (n_samples,)
    """
    found = np.linalg.norm(clr(x), axis=-1)
    return float(found) if found.ndim == 0 else found


def distance(x, y) -> np.ndarray | float:
    """Aitchison distance, row by row.

    Parameters
    ----------
    x, y : array-like, shape (n_parts,) or (n_samples, n_parts)
        Positive; one composition is compared with every row of a table.

    Returns
    -------
    float or array, shape (n_samples,)
    """
    found = np.linalg.norm(clr(x) - clr(y), axis=-1)
    return float(found) if found.ndim == 0 else found


def centre(x) -> np.ndarray:
    """Centre of a set of compositions: its geometric means, closed to 1.

    Parameters
    ----------
    x : array-like, shape (n_samples, n_parts)
        Positive.

    Returns
    -------
    array, shape (n_parts,)
    """
    return clr_inv(np.atleast_2d(clr(x)).mean(axis=0))


def total_variance(x, ddof=1) -> float:
    """Total variance: the sum of the variances of the clr parts, half the mean of the variation matrix times n_parts.

    Parameters
    ----------
    x : array-like, shape (n_samples, n_parts)
        Positive, at least two samples.
    ddof : int
        1 (default) divides by n - 1.

    Returns
    -------
    float
    """
    return float(np.var(_many(x), axis=0, ddof=ddof).sum())


def variation_matrix(x, ddof=1) -> np.ndarray:
    """Variances of the logarithms of all ratios of two parts.

    Parameters
    ----------
    x : array-like, shape (n_samples, n_parts)
        Positive, at least two samples.
    ddof : int
        1 (default) divides by n - 1.

    Returns
    -------
    array, shape (n_parts, n_parts)
        Symmetric with zeros on the diagonal; element (i, j) is var ln(x_i / x_j).

    References
    ----------
    Aitchison, J. 1986, section 4.5 (variation array).
    """
    y = _many(x)
    covariance = np.cov(y, rowvar=False, ddof=ddof)
    variance = np.diag(covariance)
    found = variance[:, None] + variance[None, :] - 2 * covariance
    np.fill_diagonal(found, 0.0)
    return np.maximum(found, 0.0)


def _many(x):
    """Return the clr of two samples or more."""
    y = clr(x)
    if y.ndim != 2 or len(y) < 2:
        raise ValueError(f"x has shape {y.shape}; a variance needs two samples (rows) or more")
    return y
