"""From a table of slices to profiles: durations, slices, measured solids with their errors."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd

from lib.tables.names import parse_column

from .model import Design

#: Columns of the table that are not measured solids.
DURATION, DISTANCE, THICKNESS = "duration_h", "distance_m", "thickness_m"
NOT_SOLIDS = (DURATION, DISTANCE, THICKNESS)
UNITS = ("wt", "ratio")


@dataclasses.dataclass(frozen=True, eq=False)
class Profiles:
    """Measured profiles.

    Parameters
    ----------
    design : Design
        Durations (h), slices (m) and solids of the table.
    data, error : ndarray, shape (n_data,)
        Values and their standard deviations, in the order of the design (duration, slice, solid); NaN where not measured or
        no error given.
    samples : ndarray of str, shape (n_data,)
        Sample that a number belongs to, "" where none.
    notes : tuple of str
        What was assumed.
    """

    design: Design
    data: np.ndarray
    error: np.ndarray
    samples: np.ndarray
    notes: tuple = ()


def solid_columns(table) -> list:
    """Return the columns of measured solids.

    Parameters
    ----------
    table : tables.Table
        As read.

    Returns
    -------
    list of str
        Columns with at least one value, in the order of the table.
    """
    errors = set(table.errors.values())
    names = [c for c in table.units if c not in NOT_SOLIDS and c not in errors]
    return [c for c in names if table.frame[c].notna().any()]


def cuts_of(table) -> np.ndarray:
    """Return from and to of every row's slice.

    Parameters
    ----------
    table : tables.Table
        With distances of the middles of slices and, where known, their thickness.

    Returns
    -------
    ndarray, shape (n_rows, 2)
        In metres.  Without a thickness a slice reaches half-way to its neighbours of the same run, the outer ones as far
        outwards as inwards, though not beyond zero.
    """
    frame = table.frame
    middle = frame[DISTANCE].to_numpy(float)
    out = np.full((len(frame), 2), np.nan)
    for duration in frame[DURATION].unique():
        rows = np.flatnonzero(frame[DURATION].to_numpy(float) == duration)
        order = rows[np.argsort(middle[rows])]
        x = middle[order]
        half = np.diff(x) / 2
        if x.size > 1:
            out[order] = np.column_stack([x - np.append(half[0], half), x + np.append(half, half[-1])])
        else:
            out[order] = [[0.0, 2 * x[0]]]
    if THICKNESS in frame and frame[THICKNESS].notna().any():
        thick = frame[THICKNESS].to_numpy(float)
        known = np.isfinite(thick)
        out[known] = middle[known, None] + np.outer(thick[known], [-0.5, 0.5])
    # distances are written with few digits
    grid = 1e-9 * max(np.nanmax(np.abs(out)), 1e-300)
    out[:, 0] = np.where(out[:, 0] < 0, 0.0, out[:, 0])
    return np.round(out / grid) * grid


def prepare(table, *, length_m=0.0, n_cells=50, boundary=1.0) -> Profiles:
    """Order a table of slices as profiles.

    Parameters
    ----------
    table : tables.Table
        One row a slice: duration_h, distance_m of its middle from the quartz, optionally thickness_m, then solids such as
        Srp_wt (mass % of the dry solids) or Srp_ratio (moles per mole of olivine at the start), with errors ``_err``.
    length_m : float
        Length of the column; 0 = to the end of the last slice.
    n_cells : int
        Cells of the model.
    boundary : float
        Dissolved silica at the quartz side, 1 at saturation.

    Returns
    -------
    Profiles
        Design and data; a slice that is measured after one duration only is empty in the others.

    Raises
    ------
    ValueError
        For solids in two units, two rows of one slice, or a column that ends before the last slice.
    """
    columns = solid_columns(table)
    parts = [parse_column(c) for c in columns]
    units = sorted({p.unit for p in parts})
    if len(units) != 1:
        raise ValueError(
            f"the solids are given in {' and '.join(units) or 'no unit'}; give all of them in one of {', '.join(UNITS)}"
        )
    cuts, durations = cuts_of(table), table.frame[DURATION].to_numpy(float)
    times, slices = np.unique(durations), np.unique(cuts, axis=0)
    end = float(slices.max())
    if length_m and length_m < end * (1 - 1e-6):
        raise ValueError(
            f"length_m is {length_m:g} but the last slice ends at {end:g} m; give the length of the whole column, or 0"
        )
    length = float(length_m or end)
    row = np.searchsorted(times, durations)
    place = np.array([np.flatnonzero((slices == cut).all(axis=1))[0] for cut in cuts])
    twice = pd.Series(list(zip(row, place, strict=True))).duplicated()
    if twice.any():
        raise ValueError(f"row {int(np.argmax(twice)) + 1} of the data repeats a slice of the same run; average them first")
    shape = (times.size, len(slices), len(columns))
    data, error = np.full(shape, np.nan), np.full(shape, np.nan)
    samples = np.full(shape, "", dtype=object)
    for o, column in enumerate(columns):
        data[row, place, o] = table.frame[column].to_numpy(float)
        if column in table.errors:
            error[row, place, o] = table.frame[table.errors[column]].to_numpy(float)
    samples[row, place] = table.frame["sample_id"].to_numpy(str)[:, None]
    names = tuple(p.analyte for p in parts)
    notes = []
    if not length_m:
        notes.append(f"the column is taken to end with the last slice, at {length:g} m")
    design = Design(
        tuple(times.tolist()), len(slices), names, length, units[0], tuple(map(tuple, slices.tolist())), n_cells, boundary
    )  # fmt: skip
    return Profiles(design, data.ravel(), error.ravel(), samples.ravel(), tuple(notes))
