"""Sensitivity matrices in the form that takes least memory: dense, or shared where only offsets count.

A station grid over a level mesh of the same spacing has (2 n - 1)^2 distinct entries a layer instead of n^4: the matrix of
2,500 stations over 50 x 50 x 25 cells (1.25 GB) is a table of 2 MB, every column a window of it.  Nothing is approximated.
"""

from __future__ import annotations

import numpy as np

from .total_field import NT_PER_A_M, _body_direction, _factors, _finite, direction, memory_estimate, sensitivity

#: Departure from a grid, as a share of the spacing, that is taken for rounding.
_ROUNDING = 1e-9
_CHUNK = 2048


class DenseKernel:
    """A sensitivity matrix in memory, in float64 or float32.

    Parameters
    ----------
    matrix : array, shape (n_data, n_cells), Fortran order
        In nT per A/m.

    Attributes
    ----------
    shape : tuple of int
        n_data, n_cells.
    nbytes : int
        Memory it takes.
    kind : str
        "dense".
    """

    kind = "dense"

    def __init__(self, matrix):
        self._rows = np.asarray(matrix).T
        self.shape, self.nbytes = matrix.shape, matrix.nbytes

    def _parts(self):
        """Slices of cells and their columns (as rows) in float64."""
        size = self.shape[1] if self._rows.dtype == np.float64 else _CHUNK
        for a in range(0, self.shape[1], size):
            yield slice(a, a + size), self._rows[a : a + size].astype(np.float64, copy=False)

    def matvec(self, values) -> np.ndarray:
        """Return K m: data (n_data,) in nT of magnetizations (n_cells,) in A/m."""
        values = np.asarray(values, float)
        total = np.zeros(self.shape[0])
        for cells, rows in self._parts():
            total += values[cells] @ rows
        return total

    def rmatvec(self, data) -> np.ndarray:
        """Return K^T r, shape (n_cells,), of data (n_data,)."""
        return np.concatenate([rows @ np.asarray(data, float) for _, rows in self._parts()])

    def column(self, cell) -> np.ndarray:
        """Return one column, shape (n_data,)."""
        return self._rows[cell].astype(np.float64)

    def columns(self, cells) -> np.ndarray:
        """Return columns, shape (n_data, len(cells)), Fortran order."""
        return self._rows[cells].astype(np.float64).T

    def column_norms(self) -> np.ndarray:
        """Return the Euclidean norms of the columns, shape (n_cells,)."""
        return np.concatenate([np.sqrt(np.einsum("ij,ij->i", rows, rows)) for _, rows in self._parts()])

    def dense(self) -> np.ndarray:
        """Return the matrix, shape (n_data, n_cells), Fortran order, float64."""
        return self._rows.astype(np.float64, copy=False).T


class SharedKernel:
    """Sensitivities that depend on the offset between station and cell only.

    Parameters
    ----------
    table : array, shape (n_layers, rows + n_north - 1, columns + n_east - 1)
        Distinct entries: [k, q, p] for a station q - (n_north - 1) spacings north and p - (n_east - 1) east of a cell.
    mesh_shape : tuple of int
        n_layers, n_north, n_east.
    place : int array, shape (n_data,)
        Position of each datum on the full grid of rows x columns stations.

    Attributes
    ----------
    shape : tuple of int
        n_data, n_cells.
    nbytes : int
        Memory it takes.
    kind : str
        "shared".
    grid : tuple of int
        Rows and columns of the full grid of stations.
    """

    kind = "shared"

    def __init__(self, table, mesh_shape, place):
        self.table, self.mesh_shape, self.place = np.ascontiguousarray(table), tuple(mesh_shape), place
        _, n_north, n_east = mesh_shape
        self.grid = (table.shape[1] - n_north + 1, table.shape[2] - n_east + 1)
        self.shape = (place.size, int(np.prod(mesh_shape)))
        self.nbytes = table.nbytes

    def _product(self, table, values, transpose):
        from .prism_kernels import window_products

        sizes = (*self.grid, *self.mesh_shape[1:])
        if transpose:
            full = np.zeros(self.grid[0] * self.grid[1])
            np.add.at(full, self.place, np.asarray(values, float))
            out = np.zeros(self.mesh_shape)
            window_products(table, sizes, full.reshape(1, *self.grid), True, out)
            return out.ravel()
        out = np.zeros((1, *self.grid))
        window_products(table, sizes, np.array(values, dtype=float, order="C").reshape(self.mesh_shape), False, out)
        return out.ravel()[self.place]

    def matvec(self, values) -> np.ndarray:
        """Return K m: data (n_data,) in nT of magnetizations (n_cells,) in A/m."""
        return self._product(self.table, values, False)

    def rmatvec(self, data) -> np.ndarray:
        """Return K^T r, shape (n_cells,), of data (n_data,)."""
        return self._product(self.table, data, True)

    def window(self, cell) -> np.ndarray:
        """Return a column as a view (rows, columns) of the table, for the full grid of stations."""
        k, n, e = np.unravel_index(cell, self.mesh_shape)
        rows, columns = self.grid
        _, n_north, n_east = self.mesh_shape
        return self.table[k, n_north - 1 - n : n_north - 1 - n + rows, n_east - 1 - e : n_east - 1 - e + columns]

    def column(self, cell) -> np.ndarray:
        """Return one column, shape (n_data,)."""
        return self.window(cell).ravel()[self.place]

    def columns(self, cells) -> np.ndarray:
        """Return columns, shape (n_data, len(cells)), Fortran order."""
        cells = np.arange(self.shape[1])[cells]
        out = np.empty((cells.size, self.shape[0]))
        for row, cell in zip(out, cells, strict=True):
            row[:] = self.column(cell)
        return out.T

    def column_norms(self) -> np.ndarray:
        """Return the Euclidean norms of the columns, shape (n_cells,)."""
        return np.sqrt(self._product(self.table**2, np.ones(self.shape[0]), True))

    def dense(self) -> np.ndarray:
        """Return the matrix, shape (n_data, n_cells), Fortran order."""
        return self.columns(slice(None))


def sensitivity_operator(survey, mesh, inclination_deg, declination_deg, magnetization=None, limit_gb=1.0):
    """Return the sensitivities in the form that takes least memory.

    Parameters
    ----------
    survey : Survey
        Stations.
    mesh : Mesh
        Prisms.
    inclination_deg, declination_deg : float
        Direction of the geomagnetic field in degrees.
    magnetization : tuple of float, optional
        Inclination and declination of the magnetization; by default that of the field.
    limit_gb : float
        Memory that the matrix may take in GB (1e9 bytes), above zero.

    Returns
    -------
    SharedKernel or DenseKernel
        Shared where stations lie on a level grid of the mesh's own spacing above a level mesh, else dense in float64, or in
        float32 (relative error 6e-8) where only that stays within the limit.

    Raises
    ------
    ValueError
        When even float32 is beyond the limit; the message says how large the problem is and what to do.
    """
    shared = _shared(survey, mesh, inclination_deg, declination_deg, magnetization)
    if shared is not None:
        return shared
    for dtype in (np.float64, np.float32):
        if memory_estimate(survey.n, mesh.n_cells, dtype) <= limit_gb * 1e9:
            return DenseKernel(sensitivity(survey, mesh, inclination_deg, declination_deg, magnetization, dtype))
    raise ValueError(too_large(survey.n, mesh.n_cells, limit_gb))


def analysis_memory(n_data, n_cells, n_jobs=1) -> int:
    """Return the memory that `analyse` takes with a dense matrix.

    Parameters
    ----------
    n_data, n_cells : int
        Size of the problem.
    n_jobs : int
        Fits at once.

    Returns
    -------
    int
        Bytes, 8 n_data n_cells (2 + n_jobs): the matrix, the columns of the working set, and a copy of rows for every fit.
    """
    return memory_estimate(n_data, n_cells, np.float64) * (2 + int(n_jobs))


def too_large(n_data, n_cells, limit_gb, n_jobs=None) -> str:
    """Return what to say about a problem beyond the limit of memory.

    Parameters
    ----------
    n_data, n_cells : int
        Size of the problem.
    limit_gb : float
        Memory in GB that the matrix may take, or with `n_jobs` the whole analysis.
    n_jobs : int, optional
        Fits at once of an analysis; None = the matrix alone.

    Returns
    -------
    str
        With the estimate, and the ways out.
    """
    double, single = (memory_estimate(n_data, n_cells, t) / 1e9 for t in (np.float64, np.float32))
    if n_jobs is None:
        least, size = single, f"{double:.2f} GB ({single:.2f} GB in single precision)"
    else:
        least = analysis_memory(n_data, n_cells, n_jobs) / 1e9
        size = f"about {least:.2f} GB in the analysis ({double:.2f} GB the matrix, the rest copies for {n_jobs} fits at once)"
    fewer = "" if n_jobs in (None, 1) else ", or run fewer fits at once (n_jobs)"
    return (
        f"{n_data:,} data x {n_cells:,} cells take {size}, the limit is {limit_gb:g} GB: use cells "
        f"{np.sqrt(least / limit_gb):.1f} times as wide (cell_m), fewer layers (n_layers) or a smaller depth_m, or one datum "
        f"in {int(np.ceil(least / limit_gb))}, as medians along the lines (lib.magnetics.block_median){fewer}; a survey at "
        "one height on a regular grid above level ground takes far less when cell_m is the spacing of its points"
    )


def shares_kernel(survey, mesh) -> bool:
    """Tell whether the small kernel of a flat gridded survey serves, without computing it.

    Parameters
    ----------
    survey : Survey
        Stations.
    mesh : Mesh
        Prisms.

    Returns
    -------
    bool
        True where `sensitivity_operator` returns a `SharedKernel`.
    """
    return _grid_of(survey, mesh) is not None


def _shared(survey, mesh, inclination_deg, declination_deg, magnetization):
    """A shared kernel, or None where stations and cells do not form such a grid."""
    found = _grid_of(survey, mesh)
    if found is None:
        return None
    first, (rows, columns), offset = found
    body = _body_direction(magnetization, inclination_deg, declination_deg)
    factors = _factors(direction(inclination_deg, declination_deg), body)
    table = _table(mesh, survey.height_m[0], first, (rows, columns), factors)
    return SharedKernel(table, mesh.shape, offset[1] * columns + offset[0])


def _grid_of(survey, mesh):
    """First station from the corner of the mesh and offsets of all, in spacings, and size of their grid; None without one."""
    if not mesh.is_flat or np.ptp(survey.height_m) > 0:
        return None
    steps = [np.diff(edges) for edges in (mesh.east_edges_m, mesh.north_edges_m)]
    if any(np.ptp(step) > _ROUNDING * step.max() for step in steps):
        return None
    first, offset = [], []
    sides = ((survey.easting_m, mesh.east_edges_m), (survey.northing_m, mesh.north_edges_m))
    for (x, edges), step in zip(sides, steps, strict=True):
        node = (x - x.min()) / step.mean()
        if np.abs(node - np.round(node)).max() > _ROUNDING * max(node.max(), 1.0):
            return None
        offset.append(np.round(node).astype(np.int64))
        first.append((x.min() - edges[0]) / step.mean())
    columns, rows = (int(o.max()) + 1 for o in offset)
    _, n_north, n_east = mesh.shape
    if (columns + n_east) * (rows + n_north) > 0.25 * survey.n * n_north * n_east:
        return None
    return first, (rows, columns), offset


def _table(mesh, height, first, grid, factors):
    """All distinct entries: the cells of one column, seen from every offset."""
    from .prism_kernels import columns_kernel

    n_layers, n_north, n_east = mesh.shape
    spacing = [float(np.diff(e).mean()) for e in (mesh.east_edges_m, mesh.north_edges_m)]
    rows, columns = grid[0] + n_north - 1, grid[1] + n_east - 1
    # in units of the spacing, so that stations in line with a wall are exactly so
    east = (first[0] + np.arange(columns) - (n_east - 1)) * spacing[0]
    north = (first[1] + np.arange(rows) - (n_north - 1)) * spacing[1]
    stations = np.column_stack([a.ravel() for a in np.meshgrid(east, north)] + [np.full(rows * columns, height)])
    out = np.zeros((1, n_layers, rows * columns))
    column = np.array([[0.0, spacing[0], 0.0, spacing[1]]])
    z = np.array(mesh.interfaces_m[None, :, 0, 0], order="C")
    if height < z[0, 0]:
        raise ValueError(
            f"the stations are at {height:g} m, below the surface of the mesh at {z[0, 0]:g} m: heights are positive upwards"
        )
    weights = np.full((1, n_layers), NT_PER_A_M)
    columns_kernel(stations, column, z, np.arange(n_layers), np.zeros(1, np.int64), weights, factors[None], out)
    _finite(out)
    return out.reshape(n_layers, rows, columns)
