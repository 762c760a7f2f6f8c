"""Meshes of rectangular prisms in columns, flat or following the terrain."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

AXES = ("layer", "north", "east")


@dataclass(frozen=True, eq=False)
class Mesh:
    """Columns of prisms on a rectangular grid; every column has its own heights.

    Cells are numbered layer by layer from the top, then northwards, then eastwards:
    ``cell = (layer * n_north + row) * n_east + column``.

    Parameters
    ----------
    east_edges_m, north_edges_m : array, shape (n_east + 1,), (n_north + 1,)
        Walls between columns, ascending, in m.
    interfaces_m : array, shape (n_layers + 1, n_north, n_east)
        Heights of the layer boundaries of each column, the surface first, descending, in m.
    top_detail_m : array, shape (pieces * n_north, pieces * n_east), optional
        Surface within the cells: every top cell has pieces x pieces tops of its own.

    Raises
    ------
    ValueError
        When edges do not ascend, heights do not descend, or shapes do not fit.
    """

    east_edges_m: np.ndarray
    north_edges_m: np.ndarray
    interfaces_m: np.ndarray
    top_detail_m: np.ndarray | None = None

    def __post_init__(self):
        """Check edges and heights."""
        for field in ("east_edges_m", "north_edges_m", "interfaces_m"):
            object.__setattr__(self, field, np.ascontiguousarray(getattr(self, field), dtype=float))
        for field in ("east_edges_m", "north_edges_m"):
            edges = getattr(self, field)
            if edges.ndim != 1 or edges.size < 2 or not (np.diff(edges) > 0).all():
                raise ValueError(f"{field} must be two or more ascending numbers in m")
        wanted = (self.north_edges_m.size - 1, self.east_edges_m.size - 1)
        z = self.interfaces_m
        if z.ndim != 3 or z.shape[0] < 2 or z.shape[1:] != wanted:
            raise ValueError(f"interfaces_m has the shape {z.shape}; expected (layers + 1, {wanted[0]}, {wanted[1]})")
        if not (np.diff(z, axis=0) < 0).all():
            raise ValueError("interfaces_m must descend in every column, the surface first")
        if self.top_detail_m is not None:
            self._check_detail(wanted)

    def _check_detail(self, wanted):
        fine = np.ascontiguousarray(self.top_detail_m, dtype=float)
        object.__setattr__(self, "top_detail_m", fine)
        pieces = fine.shape[0] // wanted[0]
        if pieces < 1 or fine.shape != (pieces * wanted[0], pieces * wanted[1]):
            raise ValueError(f"top_detail_m has the shape {fine.shape}; expected a multiple of {wanted}")
        floor = np.kron(self.interfaces_m[1], np.ones((pieces, pieces)))
        if not (fine > floor).all():
            gap = float((floor - fine).max())
            raise ValueError(
                f"the terrain within a top cell reaches {gap:.0f} m below the bottom of the cell: make the top layer thicker, "
                "or the cells narrower"
            )

    @property
    def shape(self) -> tuple:
        """Number of layers, rows northwards, columns eastwards."""
        return (self.interfaces_m.shape[0] - 1, *self.interfaces_m.shape[1:])

    @property
    def n_cells(self) -> int:
        """Number of prisms."""
        return int(np.prod(self.shape))

    def _spread(self, values, axis):
        shape = [1, 1, 1]
        shape[axis] = -1
        return np.broadcast_to(values.reshape(shape), self.shape).ravel()

    @property
    def west(self) -> np.ndarray:
        """Western wall of each cell in m, shape (n_cells,)."""
        return self._spread(self.east_edges_m[:-1], 2)

    @property
    def east(self) -> np.ndarray:
        """Eastern wall of each cell in m, shape (n_cells,)."""
        return self._spread(self.east_edges_m[1:], 2)

    @property
    def south(self) -> np.ndarray:
        """Southern wall of each cell in m, shape (n_cells,)."""
        return self._spread(self.north_edges_m[:-1], 1)

    @property
    def north(self) -> np.ndarray:
        """Northern wall of each cell in m, shape (n_cells,)."""
        return self._spread(self.north_edges_m[1:], 1)

    @property
    def top(self) -> np.ndarray:
        """Height of each cell's top in m, shape (n_cells,)."""
        return self.interfaces_m[:-1].ravel()

    @property
    def bottom(self) -> np.ndarray:
        """Height of each cell's bottom in m, shape (n_cells,)."""
        return self.interfaces_m[1:].ravel()

    @property
    def centres(self) -> np.ndarray:
        """Easting, northing and height of the cells' centres in m, shape (n_cells, 3)."""
        return np.column_stack([self.west + self.east, self.south + self.north, self.top + self.bottom]) / 2

    @property
    def depth(self) -> np.ndarray:
        """Depth of the cells' centres below the surface of their column in m, shape (n_cells,)."""
        middle = (self.interfaces_m[:-1] + self.interfaces_m[1:]) / 2
        return (self.interfaces_m[:1] - middle).ravel()

    @property
    def volume(self) -> np.ndarray:
        """Volume of the cells in m3, shape (n_cells,); the detail of the surface counted."""
        height = -np.diff(self.interfaces_m, axis=0)
        if self.top_detail_m is not None:
            rows, columns = self.shape[1:]
            pieces = self.top_detail_m.shape[0] // rows
            fine = self.top_detail_m.reshape(rows, pieces, columns, pieces).mean(axis=(1, 3))
            height[0] = fine - self.interfaces_m[1]
        area = np.outer(np.diff(self.north_edges_m), np.diff(self.east_edges_m))
        return (height * area).ravel()

    @property
    def is_flat(self) -> bool:
        """Whether every layer boundary is level."""
        level = self.interfaces_m == self.interfaces_m[:, :1, :1]
        return bool(level.all()) and self.top_detail_m is None

    def cube(self, values) -> np.ndarray:
        """Return values of cells as (n_layers, n_north, n_east)."""
        return np.asarray(values).reshape(self.shape)

    def neighbours(self, axis) -> np.ndarray:
        """Return pairs of cells that share a wall.

        Parameters
        ----------
        axis : str or int
            "layer" (0), "north" (1) or "east" (2).

        Returns
        -------
        int array, shape (n_pairs, 2)
            Indices of the upper, southern or western cell and of its neighbour.

        Raises
        ------
        ValueError
            For another axis.
        """
        axis = AXES.index(axis) if axis in AXES else axis
        if axis not in (0, 1, 2):
            raise ValueError(f"axis is {axis!r}; give one of {', '.join(AXES)}")
        index = np.arange(self.n_cells).reshape(self.shape)
        size = self.shape[axis]
        return np.column_stack([index.take(range(size - 1), axis).ravel(), index.take(range(1, size), axis).ravel()])

    def mask_cylinder(self, easting_m, northing_m, radius_m, top_depth_m=0.0, bottom_depth_m=np.inf, bottom_radius_m=None):
        """Return which cells have their centre in an upright pipe (a conduit).

        Parameters
        ----------
        easting_m, northing_m : float
            Axis of the pipe in m.
        radius_m : float
            Radius at its top, above zero, in m.
        top_depth_m, bottom_depth_m : float
            Depths below the surface of each column in m.
        bottom_radius_m : float, optional
            Radius at the bottom of the mesh; by default that of the top.

        Returns
        -------
        bool array, shape (n_cells,)
            True inside.
        """
        east, north, _ = self.centres.T
        depth = self.depth
        share = np.clip(depth / (self.interfaces_m[0] - self.interfaces_m[-1]).max(), 0, 1)
        radius = radius_m + (0 if bottom_radius_m is None else bottom_radius_m - radius_m) * share
        inside = np.hypot(east - easting_m, north - northing_m) <= radius
        return inside & (depth >= top_depth_m) & (depth <= bottom_depth_m)


def flat_mesh(west_m, east_m, south_m, north_m, n_east, n_north, thickness_m, top_m=0.0) -> Mesh:
    """Make a mesh with level layers.

    Parameters
    ----------
    west_m, east_m, south_m, north_m : float
        Sides in m.
    n_east, n_north : int
        Columns in each direction.
    thickness_m : array, shape (n_layers,)
        Thickness of the layers from the top, above zero, in m.
    top_m : float
        Height of the surface in m.

    Returns
    -------
    Mesh
        Of n_layers x n_north x n_east cells.
    """
    heights = top_m - np.concatenate([[0.0], np.cumsum(np.asarray(thickness_m, float))])
    z = np.broadcast_to(heights[:, None, None], (heights.size, n_north, n_east))
    return Mesh(np.linspace(west_m, east_m, n_east + 1), np.linspace(south_m, north_m, n_north + 1), z)


def terrain_mesh(terrain, west_m, east_m, south_m, north_m, n_east, n_north, thickness_m, subdivide=1) -> Mesh:
    """Make a mesh whose layers follow the terrain.

    Parameters
    ----------
    terrain : Terrain
        Heights; below the sea, those of the sea floor.
    west_m, east_m, south_m, north_m : float
        Sides in m.
    n_east, n_north : int
        Columns in each direction.
    thickness_m : array, shape (n_layers,)
        Thickness of the layers from the top, above zero, in m.
    subdivide : int
        Pieces of a side in which the surface of a cell is resolved; 1 leaves one step a column.

    Returns
    -------
    Mesh
        A column's surface is the mean of its pieces.

    Raises
    ------
    ValueError
        When the terrain within a cell reaches below the top layer.
    """
    east, north = (np.linspace(a, b, n + 1) for a, b, n in ((west_m, east_m, n_east), (south_m, north_m, n_north)))
    fine_east, fine_north = (np.linspace(a, b, n * subdivide + 1) for a, b, n in (
        (west_m, east_m, n_east), (south_m, north_m, n_north)))  # fmt: skip
    x, y = np.meshgrid((fine_east[1:] + fine_east[:-1]) / 2, (fine_north[1:] + fine_north[:-1]) / 2)
    fine = terrain.at(x, y)
    surface = fine.reshape(n_north, subdivide, n_east, subdivide).mean(axis=(1, 3))
    depths = np.concatenate([[0.0], np.cumsum(np.asarray(thickness_m, float))])
    return Mesh(east, north, surface[None] - depths[:, None, None], fine if subdivide > 1 else None)
