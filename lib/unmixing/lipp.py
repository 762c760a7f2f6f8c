"""Weathering and provenance in sediments: the tables and published vectors of Lipp et al. (2020).

Their two directions are first principal components of centred log-ratios: *w* of one weathering profile (the Toorongo
granodiorite), *p* of one igneous series (Crater Lake).  They are not orthogonal, so that no principal component analysis of
sediments can return both; a sediment is located by an oblique fit of the two.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
import pandas as pd

from lib import tables
from lib.tables.grid import Grid, read_grid
from lib.tables.reader import build
from lib.tables.schema_files import DATA

from .tabular import Compositions, prepare

CASE = "03_sediment_unmixing"
CITATION = "Lipp, A.G. and others 2020. Geochemistry, Geophysics, Geosystems 21, doi:10.1029/2019GC008758"
#: The seven parts, in their order.
PARTS = ("SiO2", "Al2O3", "Fe2O3T", "MgO", "Na2O", "CaO", "K2O")
#: Published unit vector of weathering, clr coordinates in the order of `PARTS`.
WEATHERING = (0.2619174, 0.4259264, 0.1595349, 0.1079454, -0.5224674, -0.6324979, 0.1996411)
#: Published unit vector of provenance (the crystallisation of the Crater Lake series).
PROVENANCE = (0.23373465, 0.09797867, -0.23159232, -0.60061708, 0.24779572, -0.33628409, 0.58898446)
#: Published shares of variance, cumulative, of the principal components of each table.
CUMULATIVE = {
    "toorongo": (0.9792031, 0.9970249, 0.9988605, 0.9995500, 0.9999483),
    "craterlake": (0.9540329, 0.9835190, 0.9921867, 0.9968923, 0.9992484),
    "sedimentary_rocks": (0.4776355, 0.7270508, 0.8458634, 0.9210767, 0.9741157, 1.0),
}
#: Published clr coordinates of the upper continental crust, the origin of their plane.
UPPER_CRUST = (2.333699, 0.8690621, -0.1423602, -0.9570468, -0.6805154, -0.5871532, -0.835686)

#: Key of each table in the registry of external files.
KEYS = {
    "toorongo": "isocon/toorongo_soil.csv",
    "craterlake": "sediment/craterlake_igneous.csv",
    "sedimentary_rocks": "sediment/sedimentary_rocks.csv",
    "rivers": "sediment/river_sediments.csv",
}
_MAPPINGS = {"toorongo": "toorongo_columns.toml", "craterlake": "craterlake_columns.toml", "rivers": "rivers_columns.toml"}
_ROCKS = {"Sample": "sample_id", "Stratigraphic Unit": "group", "Reference": "reference"}
_ROCKS |= {"SiO2": "SiO2_wt", "TiO2": "TiO2_wt", "Al2O3": "Al2O3_wt", "Fe2O3(T)": "Fe2O3T_wt", "MgO": "MgO_wt"}
_ROCKS |= {"CaO": "CaO_wt", "Na2O": "Na2O_wt", "K2O": "K2O_wt"}


@dataclass(frozen=True)
class ObliqueFit:
    """Samples in the plane of weathering and provenance.

    Parameters
    ----------
    omega, psi : array, shape (N,)
        Amount of weathering and position in the igneous series, in units of the two vectors; 0 = upper continental crust.
    residual : array, shape (N,)
        Aitchison distance from the plane.
    explained : float
        Share of the sum of squares about the origin that lies in the plane, 0-1.
    """

    omega: np.ndarray
    psi: np.ndarray
    residual: np.ndarray
    explained: float


def read_lipp(name: str, source=None) -> tables.Table | None:
    """Read one of their tables in the columns of this case.

    Parameters
    ----------
    name : {"toorongo", "craterlake", "sedimentary_rocks", "rivers"}
        Which table.
    source : path-like or tables.Source, optional
        The file; by default where `lib.tables.locate` finds it.

    Returns
    -------
    tables.Table or None
        None when the file is not on this machine.  In the sedimentary rocks four zeros of MgO were read as empty cells, since
        nothing tells a limit; MnO, P2O5 and LOI are not read, being often zero, empty or text.

    Raises
    ------
    ValueError
        For an unknown name.
    tables.TableFaults
        When the file is not that table.
    """
    source = _located(name, source)
    if source is None:
        return None
    if name in _MAPPINGS:
        table = tables.adapt(source, DATA / CASE / _MAPPINGS[name])
        return _quieter(table)
    theirs = read_grid(source)
    for column in _ROCKS if not theirs.faults else ():
        if column not in theirs.header:
            theirs.fault(theirs.header_row, column, None, f"the column {column} of the sedimentary rocks is missing")
    if theirs.faults:
        raise tables.TableFaults(theirs.faults)
    place = [theirs.header.index(column) for column in _ROCKS]
    grid = Grid(theirs.file, theirs.header_row, list(_ROCKS.values()), notes=theirs.notes)
    zeros = 0
    for number, cells in theirs.rows:
        row = [cells[i] for i in place]
        empty = [text and column.endswith("_wt") and _is_zero(text) for text, column in zip(row, grid.header, strict=True)]
        zeros += sum(map(bool, empty))
        grid.rows.append((number, ["" if drop else text for text, drop in zip(row, empty, strict=True)]))
    grid.notes.append(f"{zeros} zeros were read as empty cells: they cannot be told from below detection")
    schema = tables.load_schema(CASE)
    # LOI is not read, so that a total says nothing
    schema = dataclasses.replace(schema, analytes=dataclasses.replace(schema.analytes, totals=False))
    return build(grid, schema, source)


def _located(name, source):
    """Return the file of a table by its name, or what was given."""
    if name not in KEYS:
        raise ValueError(f"there is no table {name!r} of Lipp et al. (2020); there are {', '.join(KEYS)}")
    return tables.locate(KEYS[name]) if source is None else source


def _quieter(table):
    """Turn warnings on totals into one note: without LOI a soil or sediment does not add up to 100."""
    about = [text for text in table.warnings if "add up to" in text]
    kept = [text for text in table.warnings if text not in about]
    note = [f"{len(about)} samples add up to less than 90 wt% without their volatiles"] if about else []
    return dataclasses.replace(table, notes=[*table.notes, *note], warnings=kept)


def _is_zero(text):
    """Tell whether a cell is the number zero."""
    try:
        return float(text) == 0
    except ValueError:
        return False


def seven_parts(name: str, source=None) -> np.ndarray | None:
    """Return the seven oxides of one of their tables as they stand, zeros included.

    Parameters
    ----------
    name : {"toorongo", "craterlake", "sedimentary_rocks", "rivers"}
        Which table.
    source : path-like or tables.Source, optional
        As in `read_lipp`.

    Returns
    -------
    array, shape (N, 7), or None
        wt%, in the order of `PARTS`; None when the file is not on this machine.
    """
    source = _located(name, source)
    if source is None:
        return None
    if name in _MAPPINGS:
        made: Compositions = prepare(read_lipp(name, source), parts=PARTS)
        return 100 * made.x
    grid = read_grid(source)
    theirs = {ours: column for column, ours in _ROCKS.items()}
    place = [grid.header.index(theirs[f"{part}_wt"]) for part in PARTS]
    return np.array([[float(cells[i]) for i in place] for _, cells in grid.rows])


def principal_components(x) -> tuple[np.ndarray, np.ndarray]:
    """Principal components of clr coordinates, zeros by the convention of the R package *compositions*.

    Parameters
    ----------
    x : array, shape (N, D)
        Compositions of any closure; a zero gets the clr coordinate 0 and does not count in the geometric mean, which is
        what their program did.  For anything but the comparison with their numbers replace zeros before.

    Returns
    -------
    directions : array, shape (D, D)
        Unit vectors, one a row, in order of variance.
    cumulative : array, shape (D,)
        Cumulative share of variance, 0-1.
    """
    from lib.composition import zero_as_clr_zero

    y = zero_as_clr_zero(np.asarray(x, float))
    _, s, directions = np.linalg.svd(y - y.mean(axis=0), full_matrices=False)
    return directions, np.cumsum(s**2) / np.sum(s**2)


def reproduction() -> pd.DataFrame:
    """Calculate every published number again from their tables.

    Returns
    -------
    DataFrame
        Columns table, quantity ("loading" or "cumulative share"), key (the oxide, or the number of the component), value,
        published, tolerance (half the last printed digit).  Rows of a table that is not on this machine have NaN as value.
    """
    rows = []
    for name, published in CUMULATIVE.items():
        vector = {"toorongo": WEATHERING, "craterlake": PROVENANCE}.get(name)
        x = seven_parts(name)
        directions, cumulative = (np.full((7, 7), np.nan), np.full(7, np.nan)) if x is None else principal_components(x)
        if vector is not None:
            first = directions[0] * np.sign(directions[0] @ np.asarray(vector))
            tolerance = 5e-8 if name == "toorongo" else 5e-9
            for part, value, known in zip(PARTS, first, vector, strict=True):
                rows.append((name, "loading", part, value, known, tolerance))
        for k, known in enumerate(published):
            rows.append((name, "cumulative share", str(k + 1), cumulative[k], known, 5e-8))
    return pd.DataFrame(rows, columns=["table", "quantity", "key", "value", "published", "tolerance"])


def oblique_fit(x, directions=(WEATHERING, PROVENANCE), origin=UPPER_CRUST) -> ObliqueFit:
    """Locate samples by least squares in the plane of two directions that need not be orthogonal.

    Parameters
    ----------
    x : array, shape (N, D)
        Positive compositions in the order of `PARTS`, any closure.
    directions : sequence of two arrays, each shape (D,)
        Directions in clr coordinates.
    origin : array, shape (D,)
        Origin in clr coordinates; default the upper continental crust.

    Returns
    -------
    ObliqueFit
        clr(x) = origin + omega w + psi p + residual.

    References
    ----------
    Lipp et al. (2020), the decomposition of a composition into weathering and provenance.
    """
    from lib.composition import clr

    y = np.atleast_2d(clr(np.asarray(x, float))) - np.asarray(origin, float)
    basis = np.asarray(directions, float).T
    coordinates = np.linalg.lstsq(basis, y.T, rcond=None)[0]
    rest = y - (basis @ coordinates).T
    return ObliqueFit(coordinates[0], coordinates[1], np.linalg.norm(rest, axis=1), float(1 - np.sum(rest**2) / np.sum(y**2)))
