"""Artificial magnetization problems with a known answer: three blocks, a dipping dyke, and a body for tuning only."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from .prisms import Mesh, flat_mesh, terrain_mesh
from .survey import Survey, station_grid
from .terrain import Terrain, gaussian_island
from .total_field import anomaly, sensitivity

#: Geomagnetic field of the artificial problems: inclination, declination in degrees, strength in nT.
FIELD = (36.3, -4.6, 41861.0)
BODIES = ("blocks", "blocks_island", "dyke", "dyke_flat", "tuning", "tuning_island")
#: Magnetization of the bodies in A/m; the tuning body has another one, so that no bound can be learnt from it.
STRENGTH, TUNING_STRENGTH = 5.0, 3.5


@dataclass(frozen=True, eq=False)
class Problem:
    """A survey with the mesh it is inverted on, and the truth where it is known.

    Parameters
    ----------
    name : str
        Of the problem.
    survey : Survey
        Stations with the measured (noisy) anomaly.
    mesh : Mesh
        Prisms.
    truth : array, shape (n_cells,), or None
        Magnetization in A/m.
    clean_nt : array, shape (n_data,), or None
        Anomaly of the truth without noise, in nT.
    noise_nt : float
        Standard deviation of the noise in nT.
    inclination_deg, declination_deg, field_nt : float
        Geomagnetic field.
    magnetization : tuple of float, optional
        Inclination and declination of the magnetization where it is not along the field.
    terrain : Terrain, optional
        Heights that the mesh follows.
    reference : array, shape (n_cells,), optional
        Magnetization in A/m from which differences are sought (a uniform edifice); None = zero.
    notes : tuple of str
        How it was made.
    """

    name: str
    survey: Survey
    mesh: Mesh
    truth: np.ndarray | None
    clean_nt: np.ndarray | None
    noise_nt: float
    inclination_deg: float
    declination_deg: float
    field_nt: float
    magnetization: tuple | None = None
    terrain: Terrain | None = None
    reference: np.ndarray | None = None
    notes: tuple = field(default=())

    @property
    def directions(self) -> dict:
        """Arguments inclination_deg, declination_deg and magnetization of the forward functions."""
        return {
            "inclination_deg": self.inclination_deg,
            "declination_deg": self.declination_deg,
            "magnetization": self.magnetization,
        }

    def sensitivity(self, dtype=np.float64) -> np.ndarray:
        """Return the matrix, shape (n_data, n_cells), in nT per A/m."""
        return sensitivity(self.survey, self.mesh, **self.directions, dtype=dtype)

    def operator(self, limit_gb=1.0):
        """Return the matrix in the form that takes least memory; see `sensitivity_operator`."""
        from .operators import sensitivity_operator

        return sensitivity_operator(self.survey, self.mesh, **self.directions, limit_gb=limit_gb)

    @property
    def centroid_depth_m(self) -> float:
        """Depth of the truth's centre in m, see `centroid_depth`."""
        return centroid_depth(self.mesh, self.truth if self.reference is None else self.truth - self.reference)


def centroid_depth(mesh, values) -> float:
    """Return the mean depth of cells below the surface, weighted by |magnetization| times volume, in m.

    Parameters
    ----------
    mesh : Mesh
        Cells.
    values : array, shape (n_cells,)
        Magnetization in A/m.

    Returns
    -------
    float
        In m; NaN when all values are zero.
    """
    weight = np.abs(values) * mesh.volume
    return float((weight * mesh.depth).sum() / weight.sum()) if weight.any() else float("nan")


def _truth(name, mesh):
    """Magnetization of a body in A/m on the 10 x 20 x 20 cells."""
    k, j, i = (a.ravel() for a in np.indices(mesh.shape))
    if name.startswith("blocks"):
        shallow = (k >= 1) & (k <= 3) & (j >= 9) & (j <= 11)
        west, east = (i >= 4) & (i <= 6), (i >= 13) & (i <= 15)
        deep = (k >= 4) & (k <= 6) & (j >= 14) & (j <= 16) & (i >= 9) & (i <= 11)
        return STRENGTH * ((shallow & (west | east)) | deep)
    if name.startswith("dyke"):
        return STRENGTH * ((k >= 1) & (k <= 6) & (j >= 7) & (j <= 12) & (np.abs(i - (5 + 1.4 * k)) <= 1))
    # for tuning: an upright stock with a rounded outline, and a thin sheet that dips north in another corner
    stock = ((i - 13.2) / 2.3) ** 2 + ((j - 12.4) / 1.8) ** 2 + ((k - 3.6) / 2.2) ** 2 <= 1
    sheet = (i >= 3) & (i <= 7) & (j >= 3) & (j <= 7) & (np.abs(k - (0.4 * (j - 3) + 0.8)) <= 0.6)
    return TUNING_STRENGTH * (stock | sheet)


def artificial_body(name, *, noise_nt=5.0, seed=0) -> Problem:
    """Return one of the artificial problems.

    Parameters
    ----------
    name : str
        blocks (three blocks under a plain), blocks_island, dyke (a dipping dyke under the island), dyke_flat: for evaluation;
        tuning (a stock and a dipping sheet), tuning_island: to set hyperparameters by, never to evaluate.
    noise_nt : float
        Standard deviation of the normal noise, zero or more, in nT.
    seed : int or Generator
        Of the noise.

    Returns
    -------
    Problem
        625 stations 125 m apart, 100 m above the ground, lines from west to east; 20 x 20 x 10 prisms of 150 x 150 x 100 m.

    Raises
    ------
    ValueError
        For an unknown name or negative noise.
    """
    if name not in BODIES:
        raise ValueError(f"no artificial body {name!r}; known: {', '.join(BODIES)}")
    if not noise_nt >= 0:
        raise ValueError(f"noise_nt is {noise_nt}; give a standard deviation in nT, zero or more")
    places = np.linspace(-1500, 1500, 25)
    sides, cells = (-1500, 1500, -1500, 1500), (20, 20)
    thickness = np.full(10, 100.0)
    if name in ("blocks", "dyke_flat", "tuning"):
        terrain, mesh, ground = None, flat_mesh(*sides, *cells, thickness), 0.0
    else:
        terrain = gaussian_island()
        mesh = terrain_mesh(terrain, *sides, *cells, thickness)
        ground = terrain.at(*np.meshgrid(places, places))
    survey = station_grid(places, places, ground + 100.0)
    truth = _truth(name, mesh).astype(float)
    clean = anomaly(survey, mesh, truth, *FIELD[:2])
    rng = np.random.default_rng(seed)
    survey = survey.with_anomaly(clean + noise_nt * rng.standard_normal(survey.n), f"{name} (artificial)")
    return Problem(
        name, survey, mesh, truth, clean, float(noise_nt), *FIELD, terrain=terrain, notes=("artificial, known answer",)
    )  # fmt: skip
