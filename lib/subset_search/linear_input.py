"""What a linear problem accepts, and what it says about the rest."""

import numpy as np

from lib.subset_search.linear_fit import CRITERIA
from lib.subset_search.masks import MAX_FEATURES

__all__ = ["checked_criterion", "checked_folds", "checked_table"]


def checked_table(x, y, names):
    """Arrays and names of a regression, or what is wrong with them.

    Parameters
    ----------
    x : array, shape (n, p)
    y : array, shape (n,)
    names : sequence of str, or None

    Returns
    -------
    x, y : array of float
        Copies.
    names : tuple of str
    """
    x, y = np.array(x, dtype=float), np.array(y, dtype=float)
    if x.ndim != 2 or y.shape != x.shape[:1] or len(x) < 3:
        raise ValueError(f"x of shape {x.shape}, y of shape {y.shape}: expected (n, p) and (n,), with 3 rows or more")
    if not 1 <= x.shape[1] <= MAX_FEATURES:
        raise ValueError(f"x has {x.shape[1]} columns: expected 1 to {MAX_FEATURES}, one bit of a mask each")
    names = tuple(f"x{j}" for j in range(x.shape[1])) if names is None else tuple(map(str, names))
    if len(names) != x.shape[1] or len(set(names)) != len(names):
        raise ValueError(f"names = {names}: expected {x.shape[1]} different names, one a column")
    gaps = [f"{name} ({n} rows)" for name, n in zip((*names, "y"), (~np.isfinite([*x.T, y])).sum(axis=1), strict=True) if n]
    if gaps:
        raise ValueError(f"missing or infinite values in {', '.join(gaps)}: leave out these rows or columns")
    return x, y, names


def checked_folds(folds, n):
    """Fold numbers of n rows, or what is wrong with them.

    Parameters
    ----------
    folds : None, "loo" or array of int, shape (n,)
    n : int

    Returns
    -------
    None, "loo" or array of int64, shape (n,)
    """
    if folds is None or (isinstance(folds, str) and folds == "loo"):
        return folds
    found = np.asarray(folds)
    if found.shape != (n,) or found.dtype.kind not in "iu":
        raise ValueError(
            f'folds of shape {found.shape} and type {found.dtype}: expected None, "loo" or one whole number a row, ({n},)'
        )
    sizes = np.bincount(found) if found.min() >= 0 else np.zeros(1, int)
    if len(sizes) < 2 or sizes.min() == 0:
        raise ValueError(
            f"folds hold the numbers {np.unique(found).tolist()[:20]}: expected 0, 1, ... K - 1 with at least two folds and "
            "no gap"
        )
    return found.astype(np.int64)


def checked_criterion(criterion, folds, ridge, n, p):
    """Name of what is minimised, or why it cannot be.

    Parameters
    ----------
    criterion : str or None
    folds : None, "loo" or array
    ridge : float
    n, p : int
        Rows and columns.

    Returns
    -------
    str
    """
    if folds is not None:
        if criterion is not None:
            raise ValueError(f"criterion = {criterion!r} together with folds: the loss of held-out rows is the criterion then")
        return "loo" if isinstance(folds, str) else "cv"
    criterion = "bic" if criterion is None else criterion
    if criterion not in CRITERIA:
        raise ValueError(f"criterion = {criterion!r}: expected one of {', '.join(CRITERIA)}")
    if ridge:
        raise ValueError(
            f'criterion = "{criterion}" counts parameters, which a ridge makes fewer: use folds or "loo", or ridge = 0'
        )
    if criterion == "cp" and n <= p + 1:
        raise ValueError(
            f'criterion = "cp" needs more rows than columns and intercept: {n} rows, {p} columns; take "bic" or folds'
        )
    return criterion
