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
#: Heights that terrain can have in m, values that stand for no data, and the one of them that is also a usual depth of the
#: sea: it counts as a depth where another height is that near.
HEIGHTS, NO_DATA, USUAL, NEAR = (-11000.0, 9000.0), (-9999.0, -32768.0, -999.0), -999.0, 100.0
#: Faults of one kind that are named one by one.
NAMED = 12
#: Direction of the field that the notebook takes when none is given (Nishinoshima): inclination, declination in degrees.
DEFAULT_FIELD = (37.37, -4.56)
#: Beginning of the note of a noise that was given, and not assumed.
NOISE_GIVEN = "noise: "


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
        With every cell that is no number, no height on Earth, or a value for "no data" (-9999, -32768, -999); or the columns
        that are missing.
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
    if not grid.faults:
        _heights(grid, values[:, 2], place[2])
    if grid.faults:
        raise TableFaults(grid.faults)
    return terrain_of_points(*values.T, name=Path(path).stem)


def _heights(grid, height, place):
    """Add faults for heights that are none."""
    missing = np.isin(height, NO_DATA)
    if (np.abs(height[~missing] - USUAL) <= NEAR).any():
        missing &= height != USUAL
    outside = ~missing & ((height < HEIGHTS[0]) | (height > HEIGHTS[1]))
    for rows, text in (
        (missing, "the value stands for no data: leave the row out, or fill it from the terrain around it"),
        (
            outside,
            f"no height on Earth: expected metres from {HEIGHTS[0]:.0f} to {HEIGHTS[1]:.0f}, upwards positive; correct it, or "
            "leave the row out",
        ),
    ):
        rows = np.flatnonzero(rows)
        for k, i in enumerate(rows[:NAMED]):
            row, cells = grid.rows[i]
            more = f" ({rows.size - NAMED} more rows like this)" if k == NAMED - 1 and rows.size > NAMED else ""
            grid.fault(row, HEIGHT, cells[place], text + more)


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
        Standard deviation in nT; 0 = the root mean square of the column anomaly_nt_err, or where there is none 2 % of the
        spread between the 5th and 95th percentile of the anomaly, which notes say (`noise_known`).
    field_nt : float
        Strength of the geomagnetic field in nT, where it is known.

    Returns
    -------
    Problem
        Without truth; notes say what was assumed: mesh, directions of field and magnetization, ground, noise.

    Raises
    ------
    ValueError
        For terrain that cannot be read, a survey without area, or impossible directions.
    """
    survey = survey_of(table)
    terrain = read_terrain(dem_path) if str(dem_path) else None
    mesh = mesh_for(survey, terrain, ground_m=ground_m, cell_m=cell_m, n_layers=n_layers, depth_m=depth_m)
    magnetization_deg = tuple(magnetization_deg)
    notes = [*survey.notes, _size(mesh), *_directions(float(inclination_deg), float(declination_deg), magnetization_deg)]
    if terrain is None:
        notes.append(f"no terrain given: level ground at {ground_m:g} m")
    else:
        notes.append(
            f"terrain: {Path(dem_path).name}, {terrain.height_m.size} nodes from {terrain.height_m.min():.0f} to "
            f"{terrain.height_m.max():.0f} m"
        )
    if noise_nt:
        notes.append(f"{NOISE_GIVEN}{noise_nt:g} nT, as given")
    else:
        noise_nt, said = _noise(table, survey)
        notes.append(said)
    return Problem(
        survey.name, survey, mesh, None, None, float(noise_nt), float(inclination_deg), float(declination_deg), field_nt,
        magnetization_deg or None, terrain, notes=tuple(notes),
    )  # fmt: skip


def noise_known(problem) -> bool:
    """Tell whether the noise of a problem was given, or measured, and not assumed.

    Parameters
    ----------
    problem : Problem
        From `prepare`, or with a known answer.

    Returns
    -------
    bool
        True where `prepare` was given it or found errors in the table, and for artificial data.
    """
    return problem.clean_nt is not None or noise_noted(problem)


def noise_noted(problem) -> bool:
    """Tell whether `prepare` was given the noise of a problem, or found errors in the table.

    Parameters
    ----------
    problem : Problem
        From `prepare`.

    Returns
    -------
    bool
        By its notes.
    """
    return any(note.startswith(NOISE_GIVEN) for note in problem.notes)


def _directions(inclination_deg, declination_deg, magnetization_deg):
    """Notes on the directions that are used."""
    along = "along the field"
    if magnetization_deg:
        along = "inclination {:g}, declination {:g} degrees".format(*magnetization_deg)
    notes = [f"field: inclination {inclination_deg:g}, declination {declination_deg:g} degrees; magnetization: {along}"]
    if np.allclose((inclination_deg, declination_deg), DEFAULT_FIELD, rtol=0, atol=1e-9):
        notes.append("field direction is the default (that of Nishinoshima); give -p inclination_deg and -p declination_deg")
    return notes


def _size(mesh):
    layers, rows, columns = mesh.shape
    width = np.diff(mesh.east_edges_m).mean()
    depth = float((mesh.interfaces_m[0] - mesh.interfaces_m[-1]).max())
    return f"{columns} x {rows} x {layers} prisms, {width:g} m wide, to {depth:.0f} m"


def _noise(table, survey):
    """Standard deviation of the noise in nT, and where it comes from."""
    if ERROR in table.frame and table.frame[ERROR].notna().any():
        value = float(np.sqrt(np.nanmean(table.frame[ERROR].to_numpy(float) ** 2)))
        if value > 0:
            return value, f"{NOISE_GIVEN}{value:.4g} nT, the root mean square of {ERROR}"
    low, high = np.percentile(survey.anomaly_nt, [5, 95])
    value = max(0.02 * float(high - low), 1.0)
    return value, f"no errors given: noise taken as {value:.1f} nT, 2 % of the anomaly's spread; assumed, not measured"
