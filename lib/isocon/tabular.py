"""From a table of fresh and altered samples to `IsoconData`, one for each group of samples with its own fresh rock."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from lib.tables.names import TO_WT, parse_column

from .logratio import DEFAULT_ERROR, IsoconData, from_arrays, per_element

#: Columns that are looked for, first found is taken.
ID_COLUMNS = ("sample", "sample_id", "id", "name")
ROLE_COLUMN = "role"
GROUP_COLUMN = "group"
POSITION_COLUMNS = ("distance_m", "depth_m", "position_m", "height_m")
DENSITY_COLUMN = "density_g_cm3"
#: Fe2O3 per unit mass of FeO.
FEO_TO_FE2O3 = 159.688 / (2 * 71.844)


def split_column(column: str) -> tuple[str, str]:
    """Take ``SiO2_wt`` apart into analyte and unit; the unit is empty when it is not a concentration."""
    name = parse_column(column)
    return (name.analyte, name.unit) if name and name.unit in TO_WT else (column, "")


def concentration_columns(table) -> list[str]:
    """Columns of concentrations by mass (wt, ppm, ppb) of a table; isotope ratios and the like are left out."""
    return [column for column in table.analytes if split_column(column)[1]]


def id_column(frame: pd.DataFrame) -> str | None:
    """Name of the column that identifies samples, None when there is none."""
    return next((name for name in ID_COLUMNS if name in frame), None)


def group_names(table) -> list[str]:
    """Groups of a table in order of appearance; one group called "all" when there is no group column.

    Parameters
    ----------
    table : tables.Table
        As read by `lib.tables.read`.

    Returns
    -------
    list of str
    """
    if GROUP_COLUMN not in table.frame:
        return ["all"]
    return list(dict.fromkeys(str(g) for g in table.frame[GROUP_COLUMN]))


def group_rows(table, group: str | None) -> np.ndarray:
    """Boolean mask of the rows of a group, shape (n_rows,)."""
    if GROUP_COLUMN not in table.frame or group is None:
        return np.ones(len(table.frame), bool)
    return (table.frame[GROUP_COLUMN].astype(str) == group).to_numpy()


def role_rows(frame: pd.DataFrame, role: str) -> np.ndarray:
    """Boolean mask of the rows with a role ("fresh" or "altered"), shape (n_rows,)."""
    return (frame[ROLE_COLUMN].astype(str).str.strip().str.lower() == role).to_numpy()


def _cells(table, columns, rows):
    """Values with limits put in, censored mask and relative errors (NaN where not measured), each (n_rows, I)."""
    frame = table.frame.loc[rows]
    value = frame[columns].to_numpy(float)
    below, limit = np.zeros(value.shape, bool), np.full(value.shape, np.nan)
    error = np.full(value.shape, np.nan)
    for j, column in enumerate(columns):
        if column in table.censored:
            below[:, j] = table.censored.loc[rows, column].to_numpy(bool)
            limit[:, j] = table.limit.loc[rows, column].to_numpy(float)
        if column in table.errors:
            error[:, j] = frame[table.errors[column]].to_numpy(float)
    value = np.where(below, limit, value)
    with np.errstate(invalid="ignore", divide="ignore"):
        error = np.where(below, np.nan, error / value)
    return value, below, error


def _total_iron(names, units, parts):
    """Add FeO to Fe2O3 where both are given in the same unit; both must be measured in a row."""
    if not {"FeO", "Fe2O3"} <= set(names):
        return names, units, parts, []
    a, b = names.index("Fe2O3"), names.index("FeO")
    if units[a] != units[b]:
        return names, units, parts, []
    for value, below, error in parts:
        fe3, fe2 = value[:, a], value[:, b] * FEO_TO_FE2O3
        both = np.hypot(fe3 * error[:, a], fe2 * error[:, b])
        value[:, a] = fe3 + fe2
        error[:, a] = both / value[:, a]
        below[:, a] = below[:, a] & below[:, b]
    keep = [j for j in range(len(names)) if j != b]
    names = ["Fe2O3T" if j == a else names[j] for j in keep]
    parts = [tuple(array[:, keep] for array in part) for part in parts]
    return names, [units[j] for j in keep], parts, ["FeO and Fe2O3 were added up as Fe2O3T: iron changes its valence"]


def prepare(
    table,
    *,
    group: str | None = None,
    sigma_altered=DEFAULT_ERROR,
    sigma_protolith=DEFAULT_ERROR,
    protolith_error: str = "per sample",
    protolith_scatter: bool = False,
    group_weights=None,
    min_measured: float = 0.6,
    exclude=(),
) -> IsoconData:
    """Build `IsoconData` for one group of a table.

    Parameters
    ----------
    table : tables.Table
        With a column ``role`` (fresh or altered); optional: ``group``, ``sample``, ``distance_m`` or ``depth_m``,
        ``density_g_cm3``; concentrations ``<analyte>_<wt|ppm|ppb>`` and their errors ``..._err``.
    group : str, optional
        Which group; default all rows.
    sigma_altered, sigma_protolith : float or mapping analyte -> float
        Relative errors (fractions) for cells without a measured error.
    protolith_error : {"per sample", "of the mean"}
        See `lib.isocon.from_arrays`.
    protolith_scatter : bool
        See `lib.isocon.from_arrays`.
    group_weights : None, "blocks" or mapping block -> members
        See `lib.isocon.from_arrays`.
    min_measured : float, 0-1
        See `lib.isocon.from_arrays`.
    exclude : sequence of str
        Analytes left out altogether.

    Returns
    -------
    IsoconData

    Raises
    ------
    ValueError
        No role column, no fresh or no altered rows, or what `from_arrays` refuses.
    """
    frame = table.frame
    where = "" if group in (None, "all") else f"group {group!r}: "
    if ROLE_COLUMN not in frame:
        raise ValueError(f"{where}the table has no column 'role'; add it, with 'fresh' or 'altered' in every row")
    rows = group_rows(table, group)
    fresh, altered = rows & role_rows(frame, "fresh"), rows & role_rows(frame, "altered")
    for role, mask in (("fresh", fresh), ("altered", altered)):
        if not mask.any():
            raise ValueError(f"{where}no row has role {role!r}; mark at least one")
    columns = [c for c in concentration_columns(table) if split_column(c)[0] not in set(exclude)]
    # an empty column of this group is no element of this group
    columns = [c for c in columns if (frame.loc[rows, c].notna() | table.censored.loc[rows, c]).any()]
    names = [split_column(c)[0] for c in columns]
    units = [split_column(c)[1] for c in columns]
    parts = [_cells(table, columns, mask) for mask in (fresh, altered)]
    names, units, parts, notes = _total_iron(names, units, parts)
    (f_value, f_below, f_error), (a_value, a_below, a_error) = parts
    stated = per_element(sigma_altered, names, DEFAULT_ERROR, "sigma_altered")
    sa = np.where(np.isfinite(a_error) & (a_error > 0), a_error, stated[None, :])
    stated0 = per_element(sigma_protolith, names, DEFAULT_ERROR, "sigma_protolith")
    measured0 = np.isfinite(f_error) & (f_error > 0)
    s0 = np.sqrt((np.where(measured0, f_error, stated0) ** 2).mean(axis=0))
    ids = id_column(frame)
    samples = frame.loc[altered, ids].astype(str) if ids else frame.index[altered].astype(str)
    position = next((c for c in POSITION_COLUMNS if c in frame and frame.loc[altered, c].notna().all()), None)
    density = density_fresh = None
    if DENSITY_COLUMN in frame and frame.loc[fresh, DENSITY_COLUMN].notna().any():
        density = frame.loc[altered, DENSITY_COLUMN].to_numpy(float)
        density_fresh = float(frame.loc[fresh, DENSITY_COLUMN].mean())
    data = from_arrays(
        f_value, a_value, elements=names, samples=list(samples), units=units, below=a_below, fresh_below=f_below,
        sigma_altered=sa, sigma_protolith=s0, protolith_error=protolith_error, protolith_scatter=protolith_scatter,
        group_weights=group_weights, min_measured=min_measured,
        position=None if position is None else frame.loc[altered, position].to_numpy(float),
        position_name=position or "", density_fresh=density_fresh, density_altered=density,
    )  # fmt: skip
    return _without_double_volatiles(data, notes)


def _without_double_volatiles(data: IsoconData, notes) -> IsoconData:
    """Take the vote from LOI where its parts are given too, and add the notes."""
    weight = data.weight.copy()
    if "LOI" in data.elements and {"H2O", "H2O+", "CO2"} & set(data.elements):
        weight[data.elements.index("LOI")] = 0.0
        notes = [*notes, "LOI has no vote: its parts (H2O, CO2) are given too"]
    return replace(data, weight=weight, notes=(*data.notes, *notes))
