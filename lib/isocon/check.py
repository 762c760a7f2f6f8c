"""What must hold in a table before an isocon can be drawn; every message says what to do."""

from __future__ import annotations

import difflib

import numpy as np

from .choices import read_choices
from .tabular import (
    GROUP_COLUMN,
    POSITION_COLUMNS,
    ROLE_COLUMN,
    concentration_columns,
    group_names,
    group_rows,
    id_column,
    role_rows,
    split_column,
)

MIN_ANALYTES = 5
#: Methods of `lib.isocon.METHODS` that need no further arguments (named here, since a check must not load the kernels).
METHOD_NAMES = ("sparse", "em", "convex", "geometric median", "lasso", "median", "welsch", "cellwise", "spatial")
VOLATILES = ("LOI", "H2O", "H2O+", "H2O-", "CO2", "S", "SO3", "F", "Cl")
MAJORS = ("SiO2", "TiO2", "Al2O3", "MnO", "MgO", "CaO", "Na2O", "K2O", "P2O5")
IRON = ("Fe2O3T", "FeOT", "Fe2O3", "FeO")
#: A total this near to 100 (wt%) in two or more rows was made by normalising; a single row must be nearer.
NORMALISED, NORMALISED_ONE = 0.06, 0.02
#: Volatiles (wt%) from which on the basis of an analysis matters.
HYDROUS = 2.0


def check_table(table, parameters=None) -> list:
    """List everything that keeps a table from being analysed.

    Parameters
    ----------
    table : tables.Table
        As read by `lib.tables.read`.
    parameters : dict, optional
        Parameters of the run.  An unknown ``method`` is refused, and "spatial" where a group lacks positions.

    Returns
    -------
    list of str or tables.Fault
        Empty when all is well (a Fault where one cell is meant).  Checked in every group: fresh and altered samples, at
        least 5 analytes measured in both, elements (other than volatiles) analysed in altered samples but in no fresh
        one, zero or negative concentrations, and mixed bases (see `mixed_basis`).  An element below detection in all
        fresh samples is no fault: the analysis leaves it out with a note.
    """
    frame = table.frame
    if ROLE_COLUMN not in frame:
        return ["the table has no column 'role': add it, with 'fresh' for the original rock and 'altered' for the rest"]
    columns = concentration_columns(table)
    if not columns:
        return ["no column of concentrations: name them like SiO2_wt, Zr_ppm or Au_ppb"]
    method = (parameters or {}).get("method", "sparse")
    faults = (
        _choices((parameters or {}).get("elements_path"))
        + _method(method)
        + _empty_groups(table)
        + _not_positive(table, columns)
    )
    for group in group_names(table):
        if not group.strip():
            continue
        where = f"group {group!r}: " if GROUP_COLUMN in frame else ""
        rows = group_rows(table, group)
        fresh, altered = rows & role_rows(frame, "fresh"), rows & role_rows(frame, "altered")
        if not fresh.any():
            faults.append(
                f"{where}no fresh sample: mark at least one row as role 'fresh' (the original rock of this group), "
                "or take the group out"
            )
        if not altered.any():
            faults.append(f"{where}no altered sample: mark at least one row as role 'altered', or take the group out")
        if method == "spatial" and altered.any():
            faults += [where + text for text in _positions(frame, altered)]
        if not (fresh.any() and altered.any()):
            continue
        faults += [where + text for text in _analytes(table, columns, fresh, altered)]
        faults += [where + text for text in mixed_basis(table, rows)]
    return faults


def _choices(path):
    """Faults of a reader's own file of priors and blocks."""
    try:
        if path:
            read_choices(path)
    except (ValueError, OSError) as error:
        return str(error).splitlines()
    return []


def _method(method):
    if method in METHOD_NAMES:
        return []
    near = difflib.get_close_matches(str(method), METHOD_NAMES, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    return [f"parameter method = {method!r} is not a method of this analysis{hint} Known: {', '.join(METHOD_NAMES)}"]


def _empty_groups(table):
    if GROUP_COLUMN not in table.frame:
        return []
    empty = [not str(cell).strip() for cell in table.frame[GROUP_COLUMN].fillna("")]
    message = (
        "the cell is empty: write the name of the halo or profile that the sample belongs to, or delete the whole column "
        "when there is only one"
    )
    return [table.fault(int(row), GROUP_COLUMN, message) for row in np.flatnonzero(empty)]


def _positions(frame, altered):
    given = [column for column in POSITION_COLUMNS if column in frame]
    ids = id_column(frame)
    if not given:
        return ["method 'spatial' needs a position of every altered sample: add the column distance_m or depth_m, or choose "
                "another method"]  # fmt: skip
    complete = [column for column in given if frame.loc[altered, column].notna().all()]
    if complete:
        same = altered.sum() > 1 and frame.loc[altered, complete[0]].nunique() == 1
        text = (
            f"all altered samples have the same {complete[0]}: method 'spatial' needs different positions, or choose another"
        )
        return [text] if same else []
    gaps = altered & frame[given[0]].isna().to_numpy()
    who = ", ".join(frame.loc[gaps, ids].astype(str).head(5)) if ids else f"{gaps.sum()} altered rows"
    return [f"method 'spatial' needs a position of every altered sample: {given[0]} is empty for {who}; fill it in, or choose "
            "another method"]  # fmt: skip


def _not_positive(table, columns):
    ids = id_column(table.frame)
    out = []
    for column in columns:
        value = table.frame[column].to_numpy(float)
        for row in np.flatnonzero(np.isfinite(value) & (value <= 0)):
            name = table.frame[ids].iloc[row] if ids else f"row {row + 1}"
            out.append(
                f"sample {name}, {column}: {value[row]:g} has no logarithm; write '<limit' if it was below detection, "
                "leave it empty if it was not analysed"
            )
    return out


def _analytes(table, columns, fresh, altered):
    frame, censored = table.frame[columns], table.censored[columns]
    measured_fresh = (frame[fresh].notna() & ~censored[fresh]).any()
    measured_altered = (frame[altered].notna() & ~censored[altered]).any()
    out = []
    both = int((measured_fresh & measured_altered).sum())
    if both < MIN_ANALYTES:
        out.append(
            f"only {both} analyte(s) measured in fresh and altered samples: at least {MIN_ANALYTES} are needed to find "
            "the immobile ones, ten or more are advisable"
        )
    out += [
        f"{column} is not analysed in any fresh sample, so that gains and losses have no reference: give a fresh value, "
        "or leave the column empty in this group"
        for column in columns
        if measured_altered[column]
        and not (measured_fresh[column] or censored.loc[fresh, column].any())
        and split_column(column)[0] not in VOLATILES
    ]
    return out


def mixed_basis(table, rows: np.ndarray) -> list[str]:
    """Tell whether some rows are on a volatile-free basis and others on a hydrous one.

    Parameters
    ----------
    table : tables.Table
    rows : bool array, shape (n_rows,)

    Returns
    -------
    list of str
        Empty or one message.

    Notes
    -----
    Only rows with SiO2, some iron and at least seven more majors are judged.  *Hydrous*: volatiles of 2 wt% or more are
    given and everything sums to 100 +- 2.5.  *Volatile-free*: the majors alone sum to exactly 100 (within 0.06 for two
    or more such rows, 0.02 for a single one), as only a normalised analysis does, while volatiles are either given on
    top (2 wt% or more) or not given at all.  Both kinds in one group are a fault: between them every element seems to
    change by the factor of the volatiles.  Measured dry rocks whose total is merely near 100 raise no alarm.
    """
    units = {split_column(c)[0]: c for c in concentration_columns(table) if split_column(c)[1] == "wt"}
    if "SiO2" not in units:
        return []
    value = table.frame.loc[rows]
    majors = [units[name] for name in (*MAJORS, *IRON) if name in units]
    iron = [units[name] for name in IRON if name in units]
    volatiles = [units[name] for name in VOLATILES if name in units]
    seen = value[majors].notna() | table.censored.loc[rows, majors]
    complete = (seen.sum(axis=1) >= 9) & seen[units["SiO2"]] & (seen[iron].any(axis=1) if iron else False)
    total = value[majors].sum(axis=1)
    if volatiles:
        given = (value[volatiles].notna() | table.censored.loc[rows, volatiles]).any(axis=1)
        extra = value[volatiles].sum(axis=1)
        if "LOI" in units:  # LOI already holds H2O and CO2
            loi = value[units["LOI"]]
            extra = extra.where(loi.isna(), loi)
    else:
        given, extra = total.isna(), total * 0.0
    hydrous = complete & (extra >= HYDROUS) & ((total + extra - 100).abs() <= 2.5) & ((total - 100).abs() > 0.5)
    free = complete & ((total - 100).abs() <= NORMALISED) & (~given | (extra >= HYDROUS))
    if free.sum() == 1:
        free &= (total - 100).abs() <= NORMALISED_ONE
    if not (hydrous.any() and free.any()):
        return []
    ids = id_column(table.frame)
    names = [", ".join(value.loc[kind, ids].astype(str).head(5)) if ids else f"{kind.sum()} rows" for kind in (hydrous, free)]
    return [
        f"mixed bases: {names[0]} sum to 100 with their volatiles, {names[1]} without; put all on one basis (divide the "
        "oxides and trace elements of the latter by 1 + volatiles/100, or normalise all volatile-free), or, if a rock "
        "really is dry, give its measured volatiles, for instance LOI_wt <0.1"
    ]
