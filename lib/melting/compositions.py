"""Published compositions: depleted and primitive mantle, and mean basalts of mid-ocean ridges."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd

from lib import tables

from .coefficients import CASE

#: Tables of ``data/01_morb_inversion`` that hold compositions.
MANTLE, MEAN_MORB = "mantle_compositions", "mean_morb"


@cache
def _all():
    """Both tables, indexed by the name of the composition, columns are chemical symbols (ppm)."""
    frames = []
    for name in (MANTLE, MEAN_MORB):
        table = tables.read(tables.Source.embedded(CASE, name))
        frame = table.frame.set_index("sample_id")[table.analytes]
        frames.append(frame.rename(columns=lambda column: column.removesuffix("_ppm")))
    return pd.concat(frames)


def reference_compositions(elements=None) -> pd.DataFrame:
    """Return all published compositions.

    Parameters
    ----------
    elements : list of str, optional
        Chemical symbols; by default all.

    Returns
    -------
    pandas.DataFrame, shape (n_compositions, n_elements)
        ppm by mass, NaN where not given; indexed by name (DMM_WH2005, PM_PON, NMORB_Gale2013, ...).

    Raises
    ------
    ValueError
        For an element that no composition has.
    """
    frame = _all()
    if elements is None:
        return frame.copy()
    lacking = [name for name in elements if name not in frame]
    if lacking:
        raise ValueError(f"no reference composition has {', '.join(lacking)}; they have {', '.join(frame.columns)}")
    return frame[list(elements)].copy()


def composition(name, elements=None):
    """Return one published composition.

    Parameters
    ----------
    name : str
        Such as ``"DMM_WH2005"`` (depleted mantle), ``"PM_PON"`` (primitive mantle) or ``"NMORB_Gale2013"``.
    elements : list of str, optional
        Chemical symbols, length n.

    Returns
    -------
    array, shape (n,), or pandas.Series
        ppm by mass; with `elements` an array in their order, else a series of all elements that the composition has.

    Raises
    ------
    ValueError
        For an unknown composition, or an element that it lacks.
    """
    frame = _all()
    if name not in frame.index:
        raise ValueError(f"there is no composition {name!r}; known: {', '.join(frame.index)}")
    row = frame.loc[name].dropna()
    if elements is None:
        return row.copy()
    lacking = [element for element in elements if element not in row.index]
    if lacking:
        raise ValueError(f"{name} has no value for {', '.join(lacking)}; it has {', '.join(row.index)}")
    return np.array([row[element] for element in elements], float)
