"""The one check of what comes in: rows of positive, finite parts."""

from __future__ import annotations

import numpy as np

#: How many wrong cells a message names.
SHOWN = 5


def as_rows(x, what="x") -> np.ndarray:
    """Turn an array-like of one composition or a table of them into floats, without a look at the values.

    Parameters
    ----------
    x : array-like, shape (n_parts,) or (n_samples, n_parts)
        Any numbers.
    what : str
        Name used in messages.

    Returns
    -------
    array, same shape, float64

    Raises
    ------
    ValueError
        Text in it, another number of axes, or fewer than two parts.
    """
    try:
        values = np.asarray(x, float)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{what}: numbers are needed, one row a sample and one column a part ({error})") from error
    if values.ndim not in (1, 2):
        raise ValueError(f"{what} has shape {values.shape}; expected (n_parts,) or (n_samples, n_parts)")
    if values.shape[-1] < 2:
        raise ValueError(f"{what} has shape {values.shape}; a composition needs at least two parts (columns)")
    return values


def as_parts(x, what="x") -> np.ndarray:
    """Turn an array-like into floats and refuse everything that has no logarithm.

    Parameters
    ----------
    x : array-like, shape (n_parts,) or (n_samples, n_parts)
        Positive and finite; any closure.
    what : str
        Name used in messages.

    Returns
    -------
    array, same shape, float64

    Raises
    ------
    ValueError
        As `as_rows`, or a cell that is zero, negative or not finite; the first of them are named.
    """
    values = as_rows(x, what)
    wrong = ~((values > 0) & np.isfinite(values))
    if wrong.any():
        raise ValueError(
            f"{what}: {describe_cells(values, wrong)}; a log-ratio needs positive parts. Cells below detection or not "
            "analysed are filled by lib.composition.replace, which needs to be told which is which; a part that is truly "
            "absent has to be left out or added to another"
        )
    return values


def describe_cells(values, wrong) -> str:
    """Say how many cells are wrong and name the first of them, rows and columns counted from 0."""
    where = np.argwhere(wrong)
    many = f"{len(where)} cell{'s' if len(where) != 1 else ''} not positive"
    named = [
        f"{values[tuple(i)]:g} at " + (f"row {i[0]}, column {i[1]}" if len(i) == 2 else f"part {i[0]}") for i in where[:SHOWN]
    ]
    more = f" and {len(where) - SHOWN} more" if len(where) > SHOWN else ""
    return f"{many} ({'; '.join(named)}{more})"
