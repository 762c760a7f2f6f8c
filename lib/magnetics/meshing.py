"""A mesh that suits a survey, terrain from a file of points, and the Osborne survey with its mesh."""

from __future__ import annotations

import numpy as np

from .external_surveys import OSBORNE_FIELD
from .flight_lines import without_trend
from .prisms import Mesh, flat_mesh, terrain_mesh
from .problems import Problem
from .terrain import Terrain

#: Growth of the layers with depth, and depth of the mesh as a share of the survey's shorter side.
GROWTH, REACH = 1.15, 1 / 3
#: Height of the lowest point above the level ground that is assumed at Osborne, where no terrain is supplied, in m.
OSBORNE_CLEARANCE = 30.0


def mesh_for(survey, terrain=None, *, ground_m=0.0, cell_m=0.0, n_layers=0, depth_m=0.0, padding=2, subdivide=2) -> Mesh:
    """Make a mesh for a survey.

    Parameters
    ----------
    survey : Survey
        Stations.
    terrain : Terrain, optional
        Heights; by default the ground is level.
    ground_m : float
        Height of level ground in m, used without terrain.
    cell_m : float
        Width of the cells in m; 0 takes 1.25 times the mean distance of stations (root of area a station).
    n_layers : int
        Layers; 0 as many as reach the depth, each 15 % thicker than the one above.
    depth_m : float
        Depth of the mesh in m; 0 takes a third of the survey's shorter side.
    padding : int
        Columns beyond the outermost stations on every side.
    subdivide : int
        Pieces of a side in which the surface of a cell is resolved (with terrain).

    Returns
    -------
    Mesh
        Symmetric about the middle of the survey; the first layer is about half a cell thick, or thicker where the terrain
        within a cell asks for it.

    Raises
    ------
    ValueError
        When the survey has no area, or sizes are negative.
    """
    sides, count, thickness = planned(survey, cell_m=cell_m, n_layers=n_layers, depth_m=depth_m, padding=padding)
    if terrain is None:
        return flat_mesh(*sides, *count, thickness, ground_m)
    if subdivide < 1:
        raise ValueError(f"subdivide is {subdivide}; give one piece or more")
    relief = terrain_mesh(terrain, *sides, *count, np.array([1e6]), subdivide=subdivide)
    if relief.top_detail_m is not None:
        fine = relief.top_detail_m.reshape(count[1], subdivide, count[0], subdivide)
        dip = float((relief.interfaces_m[0][:, None, :, None] - fine).max())
        thickness[0] = max(thickness[0], 1.1 * dip)
    return terrain_mesh(terrain, *sides, *count, thickness, subdivide=subdivide)


def planned(survey, *, cell_m=0.0, n_layers=0, depth_m=0.0, padding=2) -> tuple:
    """Return the size of the mesh that `mesh_for` makes, without making it.

    Parameters
    ----------
    survey : Survey
        Stations.
    cell_m, depth_m : float
        Width of the cells and depth of the mesh in m; 0 as for `mesh_for`.
    n_layers, padding : int
        Layers (0 as for `mesh_for`), and columns beyond the outermost stations.

    Returns
    -------
    sides : list of float
        West, east, south and north in m.
    count : list of int
        Columns eastwards and northwards.
    thickness : array, shape (n_layers,)
        Thickness of the layers in m, the relief within cells not counted.

    Raises
    ------
    ValueError
        When the survey has no area, or sizes are negative.
    """
    if min(cell_m, depth_m, n_layers, padding) < 0:
        raise ValueError("cell_m, depth_m, n_layers and padding must be zero or more")
    west, east, south, north = survey.extent_m
    shorter = min(east - west, north - south)
    if not shorter > 0:
        raise ValueError("all stations are on one straight line: magnetization in three dimensions needs a surveyed area")
    cell_m = cell_m or rounded(1.25 * np.sqrt((east - west) * (north - south) / survey.n))
    count, sides = [], []
    for a, b in ((west, east), (south, north)):
        n = int(np.ceil((b - a) / cell_m - 1e-9)) + 2 * padding
        count.append(n)
        sides += [(a + b - n * cell_m) / 2, (a + b + n * cell_m) / 2]
    return sides, count, layer_thickness(cell_m / 2, depth_m or REACH * shorter, n_layers)


def layer_thickness(first_m, depth_m, n_layers=0) -> np.ndarray:
    """Return thicknesses of layers that grow by 15 % downwards.

    Parameters
    ----------
    first_m : float
        Thickness of the uppermost layer in m, used when the number of layers is free.
    depth_m : float
        Depth to reach in m.
    n_layers : int
        Number of layers; 0 = as many as are needed.

    Returns
    -------
    array, shape (n_layers,)
        In m; they add up to `depth_m`.
    """
    if not n_layers:
        n_layers = max(int(np.ceil(np.log1p((GROWTH - 1) * depth_m / first_m) / np.log(GROWTH) - 1e-9)), 1)
    shape = GROWTH ** np.arange(n_layers)
    return depth_m * shape / shape.sum()


def rounded(length) -> float:
    """Return a length of two significant digits."""
    unit = 10.0 ** (np.floor(np.log10(length)) - 1)
    return float(np.round(length / unit) * unit)


def terrain_of_points(easting_m, northing_m, height_m, name="") -> Terrain:
    """Make a terrain from points.

    Parameters
    ----------
    easting_m, northing_m, height_m : array, shape (n,)
        Coordinates and heights in m, in any order.
    name : str
        Of the terrain.

    Returns
    -------
    Terrain
        The grid itself where points fill one; otherwise a grid as dense as the points, linear between them and nearest beyond
        their hull.

    Raises
    ------
    ValueError
        For fewer than four points, or points on a straight line.
    """
    east, north, height = (np.asarray(a, float).ravel() for a in (easting_m, northing_m, height_m))
    if east.size < 4:
        raise ValueError(f"{east.size} points of terrain; give four or more")
    x, column = np.unique(east, return_inverse=True)
    y, row = np.unique(north, return_inverse=True)
    if x.size * y.size == east.size and np.unique(row * x.size + column).size == east.size:
        grid = np.empty((y.size, x.size))
        grid[row, column] = height
        return Terrain(x, y, grid, name)
    spread = np.linalg.svd(np.column_stack([east - east.mean(), north - north.mean()]), compute_uv=False)
    if spread[1] <= 1e-6 * spread[0]:
        raise ValueError("all points of the terrain are on one straight line; give points over the surveyed area")
    from scipy.interpolate import griddata

    step = np.sqrt((x[-1] - x[0]) * (y[-1] - y[0]) / east.size)
    nodes = [np.linspace(a[0], a[-1], max(int(np.ceil((a[-1] - a[0]) / step)) + 1, 2)) for a in (x, y)]
    place = np.meshgrid(*nodes)
    points = np.column_stack([east, north])
    grid = griddata(points, height, tuple(place), method="linear")
    nearest = griddata(points, height, tuple(place), method="nearest")
    return Terrain(*nodes, np.where(np.isfinite(grid), grid, nearest), name)


def osborne_problem(survey, *, cell_m=250.0, n_layers=10, depth_m=2000.0, noise_nt=20.0, degree=1) -> Problem:
    """Return the Osborne survey on a mesh.

    Parameters
    ----------
    survey : Survey
        As read by `read_osborne`.
    cell_m : float
        Width of the cells in m.
    n_layers : int
        Layers, each 15 % thicker than the one above.
    depth_m : float
        Depth of the mesh in m.
    noise_nt : float
        Standard deviation of what a model need not explain in nT (steps of the ground, sources smaller than a cell, the
        linearised anomaly; the readings themselves are good to 1 nT).
    degree : int
        Regional trend that is subtracted, see `without_trend`.

    Returns
    -------
    Problem
        Without truth.  No terrain is supplied: the ground is taken to be level, 30 m under the lowest point (about 110 m under
        the median one), so that depths are uncertain by some tens of metres.
    """
    ground = float(np.min(survey.height_m)) - OSBORNE_CLEARANCE
    local, _ = without_trend(survey, degree)
    mesh = mesh_for(local, ground_m=ground, cell_m=cell_m, n_layers=n_layers, depth_m=depth_m)
    trend = ("level", "plane")[degree]
    notes = (*survey.notes, f"level ground assumed at {ground:.0f} m; a {trend} through the rim subtracted")
    return Problem("Osborne", local, mesh, None, None, float(noise_nt), *OSBORNE_FIELD, notes=notes)
