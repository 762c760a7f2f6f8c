"""Ground beyond the sides and below the bottom of a mesh: what a uniform edifice has that a mesh cuts off.

An island does not end where the mesh ends.  The anomaly of the cut-off sides and base is smooth and large, and a fit of one
magnetization to the mesh alone puts it into that magnetization.
"""

from __future__ import annotations

import numpy as np

from .prisms import Mesh
from .total_field import anomaly

#: How far the ground goes on beyond the mesh, in its larger side, and below, in its thickness.
REACH, BASE = 1.5, 2.0
#: Cells of a strip along the shorter way.
ACROSS = 12


def surroundings(mesh, terrain=None, *, reach=REACH, base=BASE, across=ACROSS) -> tuple:
    """Return coarse meshes that continue a mesh outwards and downwards.

    Parameters
    ----------
    mesh : Mesh
        What is inverted on.
    terrain : Terrain, optional
        Heights; beyond its last point the ground goes on at the same height.  Without it the ground is level, at the mean
        height of the mesh.
    reach : float, above 0
        Width of the strips on all four sides, in the larger side of the mesh.
    base : float, above 0
        Thickness of what lies below, in the mean thickness of the mesh.
    across : int
        Cells across a strip.

    Returns
    -------
    tuple of Mesh
        Four strips, as thick as mesh and base together, and the base.

    Raises
    ------
    ValueError
        For sizes that are not above zero.
    """
    if not (reach > 0 and base > 0 and across >= 1):
        raise ValueError(f"reach {reach}, base {base}, across {across}: give numbers above zero")
    west, east = mesh.east_edges_m[[0, -1]]
    south, north = mesh.north_edges_m[[0, -1]]
    wide = reach * max(east - west, north - south)
    thick = float(np.mean(mesh.interfaces_m[0] - mesh.interfaces_m[-1]))
    level = float(mesh.interfaces_m[0].mean())
    cell = wide / across

    def strip(a, b, c, d):
        sides = [np.linspace(low, high, max(round((high - low) / cell), 1) + 1) for low, high in ((a, b), (c, d))]
        x, y = np.meshgrid(*[(side[1:] + side[:-1]) / 2 for side in sides])
        top = terrain.at(x, y) if terrain is not None else np.full(x.shape, level)
        return Mesh(*sides, np.stack([top, top - (1 + base) * thick]))

    below = mesh.interfaces_m[-1]
    return (
        strip(west - wide, west, south - wide, north + wide), strip(east, east + wide, south - wide, north + wide),
        strip(west, east, south - wide, south), strip(west, east, north, north + wide),
        Mesh(mesh.east_edges_m, mesh.north_edges_m, np.stack([below, below - base * thick])),
    )  # fmt: skip


def surroundings_response(problem) -> np.ndarray:
    """Return the anomaly of the surroundings of a problem's mesh.

    Parameters
    ----------
    problem : Problem
        Survey, mesh, terrain and directions.

    Returns
    -------
    array, shape (n_data,)
        In nT per A/m of one magnetization everywhere outside of the mesh.
    """
    pieces = surroundings(problem.mesh, problem.terrain)
    return sum(anomaly(problem.survey, piece, np.ones(piece.n_cells), **problem.directions) for piece in pieces)
