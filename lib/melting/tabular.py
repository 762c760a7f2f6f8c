"""From the columns of a table (oxides, ppm, ppb) to concentrations of elements in ppm."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from lib.tables.names import TO_WT, element_of, parse_column

#: Mass fraction of the element in its oxide, from the standard atomic weights of IUPAC (2021 abridged).
ELEMENT_IN_OXIDE = {
    "TiO2": 47.867 / (47.867 + 2 * 15.999),
    "Na2O": 2 * 22.990 / (2 * 22.990 + 15.999),
    "K2O": 2 * 39.098 / (2 * 39.098 + 15.999),
    "P2O5": 2 * 30.974 / (2 * 30.974 + 5 * 15.999),
}
MGO_COLUMN, GROUP_COLUMN, ID_COLUMN = "MgO_wt", "group", "sample_id"


@dataclass(frozen=True)
class ElementTable:
    """Concentrations of elements, in ppm by mass.

    Parameters
    ----------
    samples : list of str, length m
        Names.
    elements : list of str, length n
        Chemical symbols.
    ppm : array, shape (m, n)
        NaN where not analysed or below detection.
    error : array, shape (m, n)
        One standard deviation in ppm, NaN where the table has none.
    limit : array, shape (m, n)
        Detection limit in ppm where the value is below it, else NaN.
    mgo : array, shape (m,), or None
        MgO in wt%, None when the table has no such column.
    columns : dict of str to str
        Element -> column that it was taken from.
    """

    samples: list
    elements: list
    ppm: np.ndarray
    error: np.ndarray
    limit: np.ndarray
    mgo: np.ndarray | None
    columns: dict

    def frame(self) -> pd.DataFrame:
        """Return the concentrations as a table, shape (m, n), indexed by sample."""
        return pd.DataFrame(self.ppm, index=pd.Index(self.samples, name=ID_COLUMN), columns=self.elements)


def element_columns(table) -> dict:
    """Return the columns of a table that can be turned into ppm of an element.

    Parameters
    ----------
    table : tables.Table
        As read by `lib.tables.read`.

    Returns
    -------
    dict of str to str
        Element -> column.  An element in wt, ppm or ppb, and TiO2, Na2O, K2O and P2O5 count; where an element is given
        twice, the column in ppm or ppb is taken.
    """
    found = {}
    for column in table.analytes:
        parts = parse_column(column)
        element = element_of(parts.analyte)
        usable = parts.unit in TO_WT and (parts.analyte == element or parts.analyte in ELEMENT_IN_OXIDE)
        if element and usable and (element not in found or parts.unit != "wt"):
            found[element] = column
    return found


def to_ppm(table, elements=None) -> ElementTable:
    """Turn a table into ppm of elements.

    Parameters
    ----------
    table : tables.Table
        As read by `lib.tables.read`.
    elements : list of str, optional
        Chemical symbols wanted; by default all that `element_columns` finds.

    Returns
    -------
    ElementTable

    Raises
    ------
    ValueError
        When the table has no column of a wanted element.
    """
    columns = element_columns(table)
    elements = list(columns if elements is None else elements)
    lacking = [name for name in elements if name not in columns]
    if lacking:
        raise ValueError(
            f"the table has no column of {', '.join(lacking)} (such as {lacking[0]}_ppm); "
            f"its elements are {', '.join(columns) or 'none'}"
        )
    shape = (len(table), len(elements))
    ppm, error, limit = (np.full(shape, np.nan) for _ in range(3))
    for j, name in enumerate(elements):
        column = columns[name]
        factor = ppm_per_unit(column)
        ppm[:, j] = factor * table.frame[column].to_numpy(float)
        limit[:, j] = factor * table.limit[column].to_numpy(float)
        if column in table.errors:
            error[:, j] = factor * table.frame[table.errors[column]].to_numpy(float)
    mgo = table.frame[MGO_COLUMN].to_numpy(float) if MGO_COLUMN in table.frame else None
    samples = table.frame[ID_COLUMN].astype(str).tolist()
    return ElementTable(samples, elements, ppm, error, limit, mgo, {name: columns[name] for name in elements})


def ppm_per_unit(column) -> float:
    """Return the factor from a column of concentrations to ppm of its element.

    Parameters
    ----------
    column : str
        Such as ``La_ppm`` (1), ``Th_ppb`` (0.001) or ``TiO2_wt`` (5993).

    Returns
    -------
    float
    """
    parts = parse_column(column)
    return TO_WT[parts.unit] * 1e4 * ELEMENT_IN_OXIDE.get(parts.analyte, 1.0)
