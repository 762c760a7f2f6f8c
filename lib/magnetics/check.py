"""What must hold in a table of magnetic points before it can be inverted; every message says what to do."""

from __future__ import annotations

import numpy as np

from .flight_lines import along_line
from .meshing import mesh_for, planned
from .operators import too_large
from .survey import Survey
from .tabular import ANOMALY, EASTING, HEIGHT, LINE, NORTHING, read_terrain, survey_of
from .total_field import check_outside, direction, memory_estimate

#: Fewest points, default limit of memory in GB, rows that are named one by one.
FEWEST, LIMIT_GB, NAMED = 20, 1.0, 12
#: A spike departs from the median of its neighbours this many times as far as the second farthest of them does from theirs.
#: Surveys without spikes (Osborne at 9, 100 and 300 m, all artificial ones) stay below 3.5.
SPIKE = 5.0
_NEIGHBOURS = 8
#: Mean distance of points, in the unit of the coordinates, under which small coordinates are degrees or kilometres.
CLOSEST = 0.3
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
        n_layers, depth_m, limit_gb.

    Returns
    -------
    list of str or tables.Fault
        Empty when all is well.  Checked: number of points, degrees or kilometres given as metres, points given twice, flight
        lines (names for all points or none; a line is a line), spikes, terrain (readable, under all points, below them),
        directions, and the memory that the problem takes.
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
    metres = _metres(survey)
    faults += metres + _places(table, survey) + _lines(table, survey)
    if metres:
        return faults
    faults += _spikes(table, survey)
    terrain, found = _terrain(table, survey, given)
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


def _metres(survey):
    """Coordinates that are degrees or kilometres."""
    west, east, south, north = survey.extent_m
    small = max(abs(west), abs(east)) <= 360 and max(abs(south), abs(north)) <= 90
    if small and np.sqrt((east - west) * (north - south) / survey.n) < CLOSEST:
        shown = f"easting {west:g} to {east:g}, northing {south:g} to {north:g}"
        return [
            f"{EASTING} and {NORTHING} look like degrees or kilometres, not metres ({shown}): give metres of one map "
            "projection (UTM), or convert degrees with lib.magnetics.local_metres(longitude, latitude, height, origin), "
            "kilometres times 1000"
        ]
    return []


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


def _terrain(table, survey, given):
    """Terrain of the run and what is wrong with it, or with points below it."""
    path = str(given.get("dem_path") or "")
    if not path:
        ground = float(given.get("ground_m", 0.0) or 0.0)
        return None, _below(table, survey, np.full(survey.n, ground), f"level ground at {ground:g} m (parameter ground_m)")
    try:
        terrain = read_terrain(path)
    except (ValueError, OSError) as error:
        return None, [f"parameter dem_path: {text}" for text in str(error).splitlines()]
    west, east, south, north = survey.extent_m
    sides = (terrain.easting_m[0], terrain.easting_m[-1], terrain.northing_m[0], terrain.northing_m[-1])
    if west < sides[0] or east > sides[1] or south < sides[2] or north > sides[3]:
        return None, [
            f"the terrain (easting {sides[0]:.0f} to {sides[1]:.0f}, northing {sides[2]:.0f} to {sides[3]:.0f} m) does not "
            f"cover all points ({west:.0f} to {east:.0f}, {south:.0f} to {north:.0f} m): give terrain of the whole survey, in "
            "the same coordinates"
        ]
    return terrain, _below(table, survey, terrain.at(survey.easting_m, survey.northing_m), "the terrain")


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
    limit = float(given.get("limit_gb") or LIMIT_GB)
    try:
        _, (columns, rows), thickness = planned(survey, **sizes)
        n_cells = columns * rows * thickness.size
        if memory_estimate(survey.n, n_cells, np.float32) > limit * 1e9:
            return [too_large(survey.n, n_cells, limit)]
        mesh = mesh_for(survey, terrain, ground_m=float(given.get("ground_m") or 0.0), **sizes)
        if not faulty:
            check_outside(survey, mesh)
    except ValueError as error:
        return [str(error)]
    return []
