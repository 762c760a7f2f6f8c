"""What must hold in a table of magnetic points before it can be inverted; every message says what to do."""

from __future__ import annotations

import numpy as np

from .flight_lines import along_line
from .meshing import mesh_for, planned
from .operators import analysis_memory, shares_kernel, too_large
from .survey import Survey
from .tabular import ANOMALY, EASTING, HEIGHT, LINE, NORTHING, read_terrain, survey_of
from .total_field import check_outside, direction

#: Fewest points, default limit of the memory of an analysis in GB, rows that are named one by one.
FEWEST, LIMIT_GB, NAMED = 20, 4.0, 12
#: A spike departs from the median of its neighbours this many times as far as the second farthest of them does from theirs.
#: Surveys without spikes (Osborne at 9, 100 and 300 m, all artificial ones) stay below 3.5.
SPIKE = 5.0
_NEIGHBOURS = 8
#: Mean distance of points under which coordinates are degrees or kilometres: in their unit, and as a share of the height above
#: the ground, of which at most `COUNTED` m are counted (more may be a datum).
CLOSEST, SHARE, COUNTED = 0.3, 0.02, 500.0
#: Largest degree; widest survey in degrees on one axis, where the other has metres, and on both; coordinates surely in metres.
DEGREES, ONE_AXIS, BOTH_AXES, METRES = 360.0, 10.0, 30.0, 1000.0
#: Median height above level ground, in cells or in cells of `LEVEL` m, up to which the ground is taken for right.
CELLS_ABOVE, LEVEL = 3.0, 300.0
#: Most cells of a mesh that is made to see whether a large problem has a small kernel.
MOST_CELLS = 1_000_000
#: Share of its length that a flight line may spread sideways.
SIDEWAYS = 0.5


def check_table(table, parameters=None) -> list:
    """List everything that keeps a table from being inverted.

    Parameters
    ----------
    table : tables.Table
        As read by `lib.tables.read`.
    parameters : dict, optional
        Parameters of the run.  Used: dem_path, inclination_deg, declination_deg, magnetization_deg, ground_m, cell_m,
        n_layers, depth_m, n_jobs, and limit_gb (memory that the analysis may take).

    Returns
    -------
    list of str or tables.Fault
        Empty when all is well.  Checked: number of points, degrees or kilometres given as metres, points given twice, flight
        lines (names for all points or none; a line is a line), spikes, terrain (readable, under all points, below them), level
        ground far below the points, directions, and the memory that the problem takes.
    """
    given = dict(parameters or {})
    frame = table.frame
    faults = _directions(given)
    needed = [c for c in (EASTING, NORTHING, HEIGHT, ANOMALY) if c not in frame or frame[c].isna().any()]
    if needed:
        return faults  # the reader has said so, cell by cell
    if len(table) < FEWEST:
        return [*faults, f"{len(table)} points: at least {FEWEST} are needed, over an area"]
    survey = survey_of(table)
    terrain, unread = _read(given)
    metres = _metres(survey, _ground(survey, terrain, given))
    faults += metres + _places(table, survey) + _lines(table, survey)
    if metres:
        return faults
    faults += _spikes(table, survey)
    terrain, found = (None, unread) if unread else _terrain(table, survey, terrain, given)
    return faults + found + _mesh(survey, terrain, given, bool(found))


def _directions(given):
    out = []
    for name, pair in (
        ("inclination_deg and declination_deg", (given.get("inclination_deg", 0.0), given.get("declination_deg", 0.0))),
        ("magnetization_deg", tuple(given.get("magnetization_deg") or (0.0, 0.0))),
    ):
        try:
            direction(*pair)
        except (TypeError, ValueError):
            out.append(
                f"parameter {name}: {pair} is no inclination (-90 to 90, downwards positive) and declination (from north, "
                "eastwards positive) in degrees"
            )
    return out


def _read(given):
    """Terrain of the run, None where the ground is level, and what is wrong with its file."""
    path = str(given.get("dem_path") or "")
    if not path:
        return None, []
    try:
        return read_terrain(path), []
    except (ValueError, OSError) as error:
        return None, [f"parameter dem_path: {text}" for text in str(error).splitlines()]


def _ground(survey, terrain, given):
    """Height of the ground under every point in m; None where its terrain cannot be read."""
    if terrain is not None:
        return terrain.at(survey.easting_m, survey.northing_m)
    return None if given.get("dem_path") else np.full(survey.n, float(given.get("ground_m") or 0.0))


def _metres(survey, ground):
    """Coordinates that are degrees or kilometres."""
    west, east, south, north = survey.extent_m
    wide = (east - west, north - south)
    far = (max(abs(west), abs(east)), max(abs(south), abs(north)))
    clearance = 0.0 if ground is None else min(float(np.median(survey.height_m - ground)), COUNTED)
    close = wide[0] * wide[1] > 0 and (
        np.sqrt(wide[0] * wide[1] / survey.n) < max(CLOSEST, SHARE * clearance) or max(wide) < clearance / 2
    )
    mixed = any(far[a] <= DEGREES and wide[a] <= ONE_AXIS and far[1 - a] > METRES for a in (0, 1))
    if not (close or mixed or (max(far) <= DEGREES and max(wide) <= BOTH_AXES)):
        return []
    shown = f"easting {west:.6g} to {east:.6g}, northing {south:.6g} to {north:.6g}"
    swapped = "; they also look swapped, latitude first" if 90 < far[1] <= DEGREES and far[0] <= 90 else ""
    return [
        f"{EASTING} and {NORTHING}{', of which one,' if mixed else ''} look like degrees or kilometres, not metres "
        f"({shown}){swapped}: give metres of one map projection (UTM), or convert degrees with "
        "lib.magnetics.local_metres(longitude, latitude, height, origin), kilometres times 1000"
    ]


def _places(table, survey):
    """Points given twice."""
    _, first, count = np.unique(survey.stations, axis=0, return_index=True, return_counts=True)
    rows = np.sort(first[count > 1])
    text = "another row has the same easting, northing and height: leave one out, or average them"
    return [table.fault(int(i), EASTING, text) for i in rows[:NAMED]] + _more(rows, "places given twice")


def _more(rows, what):
    return [f"{len(rows) - NAMED} more {what}"] if len(rows) > NAMED else []


def _lines(table, survey):
    """Flight lines: named for all points or none, and lines indeed."""
    if LINE not in table.frame:
        return []
    named = np.char.str_len(table.frame[LINE].to_numpy(str)) > 0
    if not named.any():
        return []
    rows = np.flatnonzero(~named)
    text = "the flight line is missing here and given in other rows: name the line of every point, or delete the column"
    out = [table.fault(int(i), LINE, text) for i in rows[:NAMED]] + _more(rows, "rows without a line")
    for number, name in enumerate(survey.lines):
        rows = np.flatnonzero(survey.blocks == number)
        if rows.size < 4 or not named[rows[0]]:
            continue
        xy = np.column_stack([survey.easting_m[rows], survey.northing_m[rows]])
        long, wide = np.linalg.svd(xy - xy.mean(axis=0), compute_uv=False)
        if wide > SIDEWAYS * long:
            out.append(
                table.fault(
                    int(rows[0]), LINE,
                    f"the {rows.size} points of line {name} spread over an area: points of several lines have one name; give "
                    "each flight line a name of its own (also lines of different surveys), or delete the column",
                )
            )  # fmt: skip
            continue
        out += _parallel(table, survey, rows, name)
    return out


def _parallel(table, survey, rows, name):
    """Two tracks under one name: the line is flown over and over."""
    place = along_line(survey.easting_m[rows], survey.northing_m[rows])
    turns = np.abs(np.diff(place))
    back = turns[np.diff(place) < 0].sum()
    if back <= 0.4 * turns.sum() or rows.size < 10:
        return []
    return [
        table.fault(
            int(rows[0]), LINE,
            f"line {name} goes to and fro ({back:,.0f} m of {turns.sum():,.0f} m backwards): two or more passes have one "
            "name, or the rows are not in the order of flight; give every pass a name, sort the rows along the line",
        )
    ]  # fmt: skip


def _spikes(table, survey):
    from scipy.spatial import cKDTree

    k = min(_NEIGHBOURS, survey.n - 1)
    near = cKDTree(survey.stations[:, :2]).query(survey.stations[:, :2], k + 1)[1][:, 1:]
    apart = survey.anomaly_nt - np.median(survey.anomaly_nt[near], axis=1)
    size = np.abs(apart)
    usual = np.maximum(np.sort(size[near], axis=1)[:, -2], 7.4 * np.median(size) + 1.0)
    rows = np.flatnonzero(size > SPIKE * usual)
    return [
        table.fault(
            int(i), ANOMALY,
            f"a spike: {apart[i]:+,.0f} nT from the median of its {k} neighbours, which differ among themselves by "
            f"{usual[i]:,.0f} nT at most; a field this far from its sources cannot change so: correct it or leave the row out",
        )
        for i in rows[:NAMED]
    ] + _more(rows, "spikes")  # fmt: skip


def _terrain(table, survey, terrain, given):
    """Terrain of the run and what is wrong with it, with points below it, or with level ground far below them."""
    ground = _ground(survey, terrain, given)
    if terrain is None:
        found = _below(table, survey, ground, f"level ground at {ground[0]:g} m (parameter ground_m)")
        return None, found + _high(survey, ground[0], given)
    west, east, south, north = survey.extent_m
    sides = (terrain.easting_m[0], terrain.easting_m[-1], terrain.northing_m[0], terrain.northing_m[-1])
    if west < sides[0] or east > sides[1] or south < sides[2] or north > sides[3]:
        return None, [
            f"the terrain (easting {sides[0]:.0f} to {sides[1]:.0f}, northing {sides[2]:.0f} to {sides[3]:.0f} m) does not "
            f"cover all points ({west:.0f} to {east:.0f}, {south:.0f} to {north:.0f} m): give terrain of the whole survey, in "
            "the same coordinates"
        ]
    return terrain, _below(table, survey, ground, "the terrain")


def _high(survey, ground, given):
    """Level ground so far below the points that it is hardly theirs."""
    above = float(np.median(survey.height_m - ground))
    try:
        (west, east, _, _), (columns, _), _ = planned(survey, cell_m=float(given.get("cell_m") or 0.0))
    except ValueError:
        return []  # said with the mesh
    if above <= CELLS_ABOVE * max((east - west) / columns, LEVEL):
        return []
    return [
        f"points are about {above:.0f} m above level ground at {ground:g} m: give -p ground_m or -p dem_path, in the datum of "
        f"{HEIGHT} (or, where the survey was flown that high, -p cell_m {np.ceil(above / CELLS_ABOVE):.0f} or more)"
    ]


def _below(table, survey, ground, what):
    """Points under the ground."""
    gap = ground - survey.height_m
    rows = np.flatnonzero(gap >= 0)
    if rows.size > survey.n / 2 and ground.max() > 0:
        return [
            f"{rows.size} of {survey.n} points lie below {what}: {HEIGHT} looks like the height above the ground; add the "
            "height of the ground, so that both have one datum"
        ]
    return [
        table.fault(
            int(i), HEIGHT,
            f"the point lies {gap[i]:.1f} m below {what} ({ground[i]:.1f} m): heights of points and terrain must have one "
            "datum, in metres, upwards positive; correct it or leave the row out",
        )
        for i in rows[:NAMED]
    ] + _more(rows, "points below the ground")  # fmt: skip


def _mesh(survey: Survey, terrain, given, faulty):
    """The mesh that would be used: can it be made, are all points outside, does its matrix fit."""
    sizes = {key: given[key] for key in ("cell_m", "n_layers", "depth_m") if given.get(key) is not None}
    limit, jobs = float(given.get("limit_gb") or LIMIT_GB), max(int(given.get("n_jobs") or 1), 1)
    ground = float(given.get("ground_m") or 0.0)
    try:
        _, (columns, rows), thickness = planned(survey, **sizes)
        n_cells = columns * rows * thickness.size
        large = analysis_memory(survey.n, n_cells, jobs) > limit * 1e9
        # a flat gridded survey has a small kernel; a mesh of too many cells is not even made to find out
        if large and (terrain is not None or n_cells > MOST_CELLS or np.ptp(survey.height_m) > 0):
            return [too_large(survey.n, n_cells, limit, jobs)]
        mesh = mesh_for(survey, terrain, ground_m=ground, **sizes)
        if large and not shares_kernel(survey, mesh):
            return [too_large(survey.n, n_cells, limit, jobs)]
        if not faulty:
            check_outside(survey, mesh)
    except ValueError as error:
        return [str(error)]
    return []
