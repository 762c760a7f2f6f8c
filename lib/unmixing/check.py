"""What must hold in a table before processes or end members can be sought; every message says what to do."""

from __future__ import annotations

import difflib

import numpy as np

from lib.tables.names import TO_WT, parse_column

from .choices import METHODS, TRANSFORMS, choose_transform
from .tabular import MIN_MEASURED, part_columns, prepare

MIN_PARTS = 3
#: Largest share of a part's cells that may be below detection.
MAX_CENSORED = 0.3
#: Oxides that sum to 100 this closely (wt%) were normalised; measured ones meet it in one row of a hundred or so.
NORMALISED = 0.02
#: Share of such rows from which on they are no accident.
NORMALISED_SHARE = 0.25
#: Relative spread below which a column counts as constant.
CONSTANT = 1e-6
_VOLATILES = ("LOI", "H2O", "H2O+", "H2O-", "CO2", "C", "TOC", "S", "SO2", "SO3", "F", "Cl")


def check_table(table, parameters=None) -> list:
    """List everything that keeps a table from being analysed.

    Parameters
    ----------
    table : tables.Table
        As read by `lib.tables.read`.
    parameters : dict, optional
        Parameters of the run.  Used: method, transform, n_end_members, exclude, min_measured, max_censored, noise.

    Returns
    -------
    list of str or tables.Fault
        Empty when all is well (a Fault where one cell is meant).  Checked: method and transform, at least 3 parts, zero or
        negative contents, constant columns, the share below detection, oxides normalised to 100 beside trace elements, as many
        complete samples as parts, and an `n_end_members` that the parts and samples can carry.
    """
    given = dict(parameters or {})
    exclude, faults = _names(given.get("exclude", ())), []
    faults += _choices(given)
    columns = part_columns(table, exclude)
    if len(columns) < MIN_PARTS:
        faults.append(
            f"{len(columns)} part(s) with values{_left(exclude)}: at least {MIN_PARTS} are needed, named like SiO2_wt, Zr_ppm "
            "or Au_ppb; processes and end members are told apart by several parts"
        )
    faults += _unknown_exclude(table, exclude)
    faults += _not_positive(table, columns)
    faults += _constant(table, columns)
    max_censored = given.get("max_censored", MAX_CENSORED)
    faults += _censored(table, columns, max_censored)
    faults += _normalised(table, columns)
    if len(columns) >= MIN_PARTS:
        faults += _sizes(table, exclude, given)
    return faults


def _names(given):
    """Return a parameter that may be one name or several as a tuple."""
    return (given,) if isinstance(given, str) else tuple(given or ())


def _left(exclude):
    return f" (without the excluded {', '.join(exclude)})" if exclude else ""


def _choices(given):
    """Faults of the chosen method and transform."""
    out = []
    for name, known in (("method", METHODS), ("transform", TRANSFORMS)):
        value = given.get(name, "auto")
        if value not in known:
            near = difflib.get_close_matches(str(value), known, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            out.append(f"parameter {name} = {value!r} is not known here{hint} Known: {', '.join(known)}")
    if not out:
        try:
            choose_transform(given.get("method", "auto"), given.get("transform", "auto"))
        except ValueError as error:
            out.append(str(error))
    return out


def _unknown_exclude(table, exclude):
    known = {parse_column(c).analyte for c in table.analytes} | set(table.analytes)
    unknown = [name for name in exclude if name not in known]
    if not unknown:
        return []
    near = difflib.get_close_matches(unknown[0], sorted(known), n=1)
    hint = f" (is {near[0]} meant?)" if near else ""
    return [f"parameter exclude names {', '.join(unknown)}{hint}, which the table does not have"]


def _not_positive(table, columns):
    message = (
        "a content that is not positive has no logarithm and is no part: write '<limit' if it was below detection, leave it "
        "empty if it was not analysed"
    )
    return [
        table.fault(int(row), column, f"{table.frame[column].iloc[row]:g}: {message}")
        for column in columns
        for row in np.flatnonzero(table.frame[column].to_numpy(float) <= 0)
    ]


def _constant(table, columns):
    out = []
    for column in columns:
        value = table.frame[column].dropna().to_numpy(float)
        if len(value) > 1 and np.ptp(value) <= CONSTANT * abs(value.mean()):
            out.append(
                f"{column} is {value[0]:g} in all {len(value)} samples: a constant column was not measured, or not to enough "
                "digits, and would only mirror the closure; delete it, or exclude it"
            )
    return out


def _censored(table, columns, allowed):
    out = []
    for column in columns:
        below = int(table.censored[column].sum())
        seen = below + int(table.frame[column].notna().sum())
        if below > allowed * seen:
            out.append(
                f"{column}: {below} of {seen} samples ({below / seen:.0%}) are below detection, more than the "
                f"{allowed:.0%} that may be replaced (parameter max_censored): exclude {parse_column(column).analyte}, "
                "or raise max_censored and look at how far the results move with the replacement"
            )
    return out


def _normalised(table, columns):
    """Find oxides that were normalised to 100 beside trace elements that were not."""
    units = {parse_column(c).analyte: (c, parse_column(c).unit) for c in columns}
    solid = [c for name, (c, unit) in units.items() if unit == "wt" and name not in _VOLATILES]
    traces = [c for _, (c, unit) in units.items() if unit != "wt"]
    if len(solid) < MIN_PARTS or not traces:
        return []
    value = table.frame[solid]
    rows = value.notna().all(axis=1).to_numpy()
    total = value.sum(axis=1).to_numpy()
    every = total + sum(np.nan_to_num(table.frame[c].to_numpy(float)) * TO_WT[parse_column(c).unit] for c in traces)
    # an analysis brought to 100 with its trace elements counted is on one basis: then the sum of everything is the nearer
    closed = rows & (np.abs(total - 100) <= NORMALISED) & (np.abs(total - 100) < np.abs(every - 100))
    count, judged = int(closed.sum()), int(rows.sum())
    if not judged or count < max(2, NORMALISED_SHARE * judged):
        return []
    volatile = [c for name, (c, _) in units.items() if name in _VOLATILES]
    said = f" while {', '.join(volatile)} is given on top" if volatile else ""
    return [
        f"the oxides add up to exactly 100 wt% in {count} of {judged} samples{said}: they were normalised as a subset, and "
        f"{', '.join(traces[:4])}{' ...' if len(traces) > 4 else ''} "
        "were not, so that their ratios are wrong by an unknown factor that differs between samples. Give the oxides as they "
        "were measured (not normalised), or bring the trace elements to the same basis, or exclude them and analyse the "
        f"{len(solid)} oxides alone"
    ]


def _sizes(table, exclude, given):
    """Compare the number of complete samples with the parts and the components asked for."""
    try:
        made = prepare(table, exclude=exclude, min_measured=given.get("min_measured", MIN_MEASURED))
    except ValueError as error:
        return [str(error)]
    n, d = made.shape
    out = []
    if n < d:
        note = f" ({'; '.join(made.notes)})" if made.notes else ""
        out.append(
            f"{n} complete samples for {d} parts{note}: fewer samples than parts carry no covariance; add samples, or exclude "
            f"parts ({', '.join(made.names)})"
        )
    k = given.get("n_end_members", 0)
    if not k:
        return out
    method = given.get("method", "auto")
    most, why = feasible(n, d, method)
    least = 1 if METHODS.get(method) == "factors" else 2
    if not least <= k <= most:
        out.append(
            f"parameter n_end_members = {k}: {n} samples of {d} parts can carry {least} to {most} with method {method!r} "
            f"({why}); 0 lets the analysis choose"
        )
    return out


def feasible(n_samples: int, n_parts: int, method: str = "auto") -> tuple[int, str]:
    """Largest number of components or end members.

    Parameters
    ----------
    n_samples, n_parts : int
        Complete samples, and parts.
    method : str
        Key of `METHODS`.

    Returns
    -------
    most : int
        The largest number.
    why : str
        Which limit it is.
    """
    if METHODS.get(method) == "factors":
        most, why = n_parts - 1, "D parts have D - 1 independent log-ratios"
    else:
        most, why = n_parts, "D parts span D - 1 dimensions, and K end members need K - 1"
    if n_samples - 1 < most:
        most, why = n_samples - 1, "there must be more samples than components"
    return most, why
