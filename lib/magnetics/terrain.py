"""Heights of the ground: a grid, a generator of volcanic islands, and grids read from a table of points."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Terrain:
    """Heights on a rectangular grid.

    Parameters
    ----------
    easting_m, northing_m : array, shape (n_east,), (n_north,)
        Coordinates of the nodes, ascending, in m.
    height_m : array, shape (n_north, n_east)
        Height of the ground (below the sea, of its floor) in m.
    name : str
        Shown on figures; artificial terrain says so.

    Raises
    ------
    ValueError
        When shapes do not fit or coordinates do not ascend.
    """

    easting_m: np.ndarray
    northing_m: np.ndarray
    height_m: np.ndarray
    name: str = ""

    def __post_init__(self):
        """Check the grid."""
        for field in ("easting_m", "northing_m", "height_m"):
            object.__setattr__(self, field, np.ascontiguousarray(getattr(self, field), dtype=float))
        if self.height_m.shape != (self.northing_m.size, self.easting_m.size):
            raise ValueError(
                f"height_m has the shape {self.height_m.shape}; expected ({self.northing_m.size}, {self.easting_m.size}), "
                "rows northwards"
            )
        if not all((np.diff(x) > 0).all() for x in (self.easting_m, self.northing_m)):
            raise ValueError("coordinates of a terrain must ascend")

    def at(self, easting_m, northing_m) -> np.ndarray:
        """Return heights between the nodes.

        Parameters
        ----------
        easting_m, northing_m : array
            Places in m, of one shape; beyond the grid the height of its nearest side is taken.

        Returns
        -------
        array
            Heights in m, bilinear between nodes.
        """
        x, y = np.broadcast_arrays(np.asarray(easting_m, float), np.asarray(northing_m, float))
        i, u = _place(self.easting_m, x)
        j, v = _place(self.northing_m, y)
        z = self.height_m
        i1, j1 = np.minimum(i + 1, z.shape[1] - 1), np.minimum(j + 1, z.shape[0] - 1)
        return (1 - v) * ((1 - u) * z[j, i] + u * z[j, i1]) + v * ((1 - u) * z[j1, i] + u * z[j1, i1])


def _place(nodes, x):
    """Node before each value and the share of the way to the next."""
    x = np.clip(x, nodes[0], nodes[-1])
    i = np.clip(np.searchsorted(nodes, x, side="right") - 1, 0, max(nodes.size - 2, 0))
    step = np.diff(nodes)[i] if nodes.size > 1 else 1.0
    return i, (x - nodes[i]) / step


def gaussian_island(half_width_m=2000.0, height_m=160.0, width_m=600.0, spacing_m=25.0) -> Terrain:
    """Return a round hill on a plain, artificial.

    Parameters
    ----------
    half_width_m : float
        Half side of the square in m.
    height_m, width_m : float
        Height, and distance from the middle at which exp(-1/2) of it is left, in m.
    spacing_m : float
        Of the nodes in m.

    Returns
    -------
    Terrain
        height_m * exp(-r^2 / (2 width_m^2)).
    """
    x = np.arange(-half_width_m, half_width_m + spacing_m / 2, spacing_m)
    r2 = x[None, :] ** 2 + x[:, None] ** 2
    return Terrain(x, x, height_m * np.exp(-r2 / (2 * width_m**2)), "Gaussian island (artificial)")


def volcanic_island(seed=0, half_width_m=2500.0, spacing_m=25.0) -> Terrain:
    """Return a young volcanic island in the sea, artificial: lava platform, cone with a crater, submarine slopes.

    Parameters
    ----------
    seed : int or Generator
        Of the coast and of the lava flows.
    half_width_m : float
        Half side of the square in m; the island is about 2 km across.
    spacing_m : float
        Of the nodes in m.

    Returns
    -------
    Terrain
        Heights above the sea level, below it those of the sea floor.
    """
    rng = np.random.default_rng(seed)
    x = np.arange(-half_width_m, half_width_m + spacing_m / 2, spacing_m)
    east, north = np.meshgrid(x, x)
    r, azimuth = np.hypot(east, north), np.arctan2(east, north)
    waves, phases = rng.uniform(0.5, 1.0, 5), rng.uniform(0, 2 * np.pi, 5)
    order = np.arange(2, 7)
    lobes = (waves / order * np.cos(np.multiply.outer(azimuth, order) + phases)).sum(axis=-1)
    inland = 950.0 * (1 + 0.2 * lobes) - r
    # steep fronts of lava at the coast, a shelf of ash, then the slope of the edifice
    land = 6.0 + 34.0 * (1 - np.exp(-np.maximum(inland, 0) / 300))
    sea = -18.0 * (1 - np.exp(np.minimum(inland, 0) / 60)) + 0.21 * np.minimum(inland, 0)
    height = np.where(inland > 0, land * (1 - np.exp(-np.maximum(inland, 0) / 40)), sea)
    cone = 150.0 * np.clip(1 - r / 420, 0, None) ** 1.1
    crater = 70.0 * np.exp(-((r / 75) ** 4))
    height += cone - crater
    for _ in range(6):  # lava flows
        distance, turn, length = rng.uniform(350, 850), rng.uniform(0, 2 * np.pi), rng.uniform(90, 180)
        u = np.hypot(east - distance * np.sin(turn), north - distance * np.cos(turn)) / length
        height += rng.uniform(4, 11) * np.exp(-(u**2))
    return Terrain(x, x, height, "volcanic island (artificial)")
