"""From a table of points, and a file of terrain, to a survey on a mesh."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from lib.tables.cells import decimal_style, parse_cell
from lib.tables.faults import TableFaults
from lib.tables.grid import read_grid

from .meshing import mesh_for, terrain_of_points
from .problems import Problem
from .survey import Survey
from .terrain import Terrain

EASTING, NORTHING, HEIGHT, ANOMALY, LINE = "easting_m", "northing_m", "height_m", "anomaly_nt", "line"
ERROR = "anomaly_nt_err"
ONE_LINE = "no line names"


def survey_of(table) -> Survey:
    """Return the survey of a table of points.

    Parameters
    ----------
    table : tables.Table
        Columns easting_m, northing_m, height_m, anomaly_nt and, where known, line.

    Returns
    -------
    Survey
        In the order of the table; points without a line are on one line together.
    """
    frame = table.frame
    line = frame[LINE].to_numpy(str) if LINE in frame else np.full(len(frame), "")
    line = np.where(np.char.str_len(line) > 0, line, ONE_LINE)
    values = [frame[c].to_numpy(float) for c in (EASTING, NORTHING, HEIGHT, ANOMALY)]
    name = Path(table.path).stem if table.path else table.key
    return Survey(*values, line, name, tuple(table.notes))


def read_terrain(path) -> Terrain:
    """Read terrain from a CSV (or Excel) file of points.

    Parameters
    ----------
    path : path-like
        Columns easting_m, northing_m and height_m, others are passed over; below the sea, heights of the sea floor (negative).

    Returns
    -------
    Terrain
        A grid, see `terrain_of_points`.

    Raises
    ------
    TableFaults
        With every cell that is no number, or the columns that are missing.
    ValueError
        For too few points, or points on a straight line.
    """
    grid = read_grid(path)
    wanted = (EASTING, NORTHING, HEIGHT)
    if not grid.faults:
        absent = [c for c in wanted if c not in grid.header]
        if absent:
            grid.fault(
                grid.header_row, None, None,
                f"terrain needs the columns {', '.join(wanted)} in metres; {', '.join(absent)} is missing, found "
                f"{', '.join(grid.header)}",
            )  # fmt: skip
    if grid.faults:
        raise TableFaults(grid.faults)
    place = [grid.header.index(c) for c in wanted]
    style, _ = decimal_style([cells[p] for _, cells in grid.rows for p in place])
    values = np.empty((len(grid.rows), 3))
    for i, (row, cells) in enumerate(grid.rows):
        for o, p in enumerate(place):
            kind, value, why = parse_cell(cells[p], style)
            if kind != "number":
                grid.fault(row, wanted[o], cells[p], why or "a height or coordinate is missing: fill it, or leave the row out")
            values[i, o] = value
    if grid.faults:
        raise TableFaults(grid.faults)
    return terrain_of_points(*values.T, name=Path(path).stem)


def prepare(
    table, *, inclination_deg, declination_deg, dem_path="", magnetization_deg=(), ground_m=0.0, cell_m=0.0, n_layers=0,
    depth_m=0.0, noise_nt=0.0, field_nt=float("nan"),
) -> Problem:  # fmt: skip
    """Put a table of points on a mesh.

    Parameters
    ----------
    table : tables.Table
        As read by `lib.tables.read`.
    inclination_deg, declination_deg : float
        Direction of the geomagnetic field in degrees.
    dem_path : path-like
        Terrain; empty = level ground at `ground_m`.
    magnetization_deg : tuple of float
        Inclination and declination of the magnetization; empty = along the field.
    ground_m : float
        Height of level ground in m, in the datum of the stations.
    cell_m, n_layers, depth_m : float, int, float
        Of the mesh, 0 = chosen from the survey; see `mesh_for`.
    noise_nt : float
        Standard deviation in nT; 0 = the median of the column anomaly_nt_err, or where there is none 2 % of the spread between
        the 5th and 95th percentile of the anomaly.
    field_nt : float
        Strength of the geomagnetic field in nT, where it is known.

    Returns
    -------
    Problem
        Without truth; notes say what was assumed.

    Raises
    ------
    ValueError
        For terrain that cannot be read, a survey without area, or impossible directions.
    """
    survey = survey_of(table)
    terrain = read_terrain(dem_path) if str(dem_path) else None
    mesh = mesh_for(survey, terrain, ground_m=ground_m, cell_m=cell_m, n_layers=n_layers, depth_m=depth_m)
    notes = [*survey.notes, _size(mesh)]
    if terrain is None:
        notes.append(f"no terrain given: level ground at {ground_m:g} m")
    if not noise_nt:
        noise_nt, said = _noise(table, survey)
        notes.append(said)
    return Problem(
        survey.name, survey, mesh, None, None, float(noise_nt), float(inclination_deg), float(declination_deg), field_nt,
        tuple(magnetization_deg) or None, terrain, notes=tuple(notes),
    )  # fmt: skip


def _size(mesh):
    layers, rows, columns = mesh.shape
    width = np.diff(mesh.east_edges_m).mean()
    depth = float((mesh.interfaces_m[0] - mesh.interfaces_m[-1]).max())
    return f"{columns} x {rows} x {layers} prisms, {width:g} m wide, to {depth:.0f} m"


def _noise(table, survey):
    """Standard deviation of the noise in nT, and where it comes from."""
    if ERROR in table.frame and table.frame[ERROR].notna().any():
        value = float(np.nanmedian(table.frame[ERROR].to_numpy(float)))
        return value, f"noise {value:g} nT, the median of {ERROR}"
    low, high = np.percentile(survey.anomaly_nt, [5, 95])
    value = max(0.02 * float(high - low), 1.0)
    return value, f"no errors given: noise taken as {value:.1f} nT, 2 % of the anomaly's spread"
