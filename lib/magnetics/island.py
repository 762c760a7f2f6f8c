"""An artificial survey above an artificial volcanic island: an edifice of one magnetization with a demagnetised conduit."""

from __future__ import annotations

import numpy as np

from .prisms import terrain_mesh
from .problems import Problem
from .surroundings import surroundings
from .survey import Survey
from .terrain import volcanic_island
from .total_field import exact_anomaly

#: Geomagnetic field at Nishinoshima in the middle of 2019 (IGRF): inclination, declination in degrees, strength in nT.
ISLAND_FIELD = (37.37, -4.56, 41861.0)
#: Magnetization of edifice and conduit in A/m.
EDIFICE, CONDUIT = 8.0, 1.0
#: The conduit: easting, northing, radius at the surface, depth of its top, depth of its bottom, radius at the bottom, in m.
PIPE = (90.0, 60.0, 230.0, 90.0, 900.0, 330.0)
_HALF_MESH, _HALF_SURVEY, _CLEARANCE = 2250.0, 1500.0, 120.0


def _magnetization(mesh):
    return np.where(mesh.mask_cylinder(*PIPE), CONDUIT, EDIFICE)


def island_survey(terrain, *, line_spacing_m=125.0, spacing_m=125.0, seed=0) -> Survey:
    """Return the track of a low flight over an island, without values.

    Parameters
    ----------
    terrain : Terrain
        Heights; the sensor keeps 120 m above them, or above the sea.
    line_spacing_m, spacing_m : float
        Between lines and along a line in m.
    seed : int or Generator
        Of the departures from the planned track.

    Returns
    -------
    Survey
        Lines from west to east, 3 km long; the track wavers by some metres.
    """
    rng = np.random.default_rng(seed)
    lines = np.arange(-_HALF_SURVEY, _HALF_SURVEY + 1, line_spacing_m)
    along = np.arange(-_HALF_SURVEY, _HALF_SURVEY + 1, spacing_m)
    east, north = np.meshgrid(along, lines)
    east = east + rng.uniform(-0.1, 0.1, east.shape) * spacing_m
    waver = np.cumsum(rng.standard_normal(east.shape), axis=1)
    north = north + 2.0 * (waver - waver.mean(axis=1, keepdims=True))
    # a drone follows the ground as it was some seconds ago, hence the mean over the neighbourhood
    ahead = [np.maximum(terrain.at(east + step, north), 0.0) for step in (-120, -60, 0, 60, 120)]
    height = np.maximum(np.mean(ahead, axis=0), ahead[2] - 30) + _CLEARANCE + rng.uniform(-4, 4, east.shape)
    number = np.indices(east.shape)[0].ravel()
    names = np.array([f"L{i + 1:02d}" for i in range(lines.size)])
    return Survey(east, north, height, np.full(east.size, np.nan), names[number], "island survey (artificial)")


def artificial_island(*, seed=0, noise_nt=10.0, cell_m=150.0, quick=False) -> Problem:
    """Return an artificial survey above a volcanic island like Nishinoshima, with its truth.

    The anomaly is the exact |F + B| - |F| of a finer mesh than the one to invert on, and of an edifice that goes on beyond and
    below it, so that steps of the terrain, the linearised anomaly and the ends of the mesh count as errors, as they do in
    nature.

    Parameters
    ----------
    seed : int
        Of the noise; island and track are always the same.
    noise_nt : float
        Standard deviation of the normal noise, zero or more, in nT.
    cell_m : float
        Width of the cells to invert on in m, a part of 4500 m.
    quick : bool
        Coarser cells and every second line.

    Returns
    -------
    Problem
        `truth` is 8 A/m with a conduit of 1 A/m, on the mesh to invert on; `reference` the uniform 8 A/m.

    Raises
    ------
    ValueError
        For negative noise.
    """
    if not noise_nt >= 0:
        raise ValueError(f"noise_nt is {noise_nt}; give a standard deviation in nT, zero or more")
    terrain = volcanic_island(2021)
    survey = island_survey(terrain, line_spacing_m=250.0 if quick else 125.0, seed=2021)
    sides = (-_HALF_MESH, _HALF_MESH, -_HALF_MESH, _HALF_MESH)
    cell_m = 2 * cell_m if quick else cell_m
    n = max(round(2 * _HALF_MESH / cell_m), 1)
    thickness = np.full(10, 100.0)
    mesh = terrain_mesh(terrain, *sides, n, n, thickness, subdivide=4 if quick else 2)
    fine = int(2 * _HALF_MESH / (90 if quick else 75))
    true_mesh = terrain_mesh(terrain, *sides, fine, fine, thickness)
    # further and deeper, and of other cells, than what an inversion will assume of it
    around = [
        (piece, np.full(piece.n_cells, EDIFICE)) for piece in surroundings(true_mesh, terrain, reach=2.0, base=3.0, across=20)
    ]
    clean = exact_anomaly(survey, true_mesh, _magnetization(true_mesh), *ISLAND_FIELD, more=around)
    noisy = clean + noise_nt * np.random.default_rng(seed).standard_normal(survey.n)
    notes = (
        "artificial island and survey: no measured point",
        f"anomaly of {true_mesh.n_cells:,} prisms, exact, to be inverted on {mesh.n_cells:,}",
    )
    return Problem(
        "island", survey.with_anomaly(noisy), mesh, _magnetization(mesh), clean, float(noise_nt), *ISLAND_FIELD,
        terrain=terrain, reference=np.full(mesh.n_cells, EDIFICE), notes=notes,
    )  # fmt: skip
