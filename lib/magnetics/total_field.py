"""Total-field anomaly of a mesh of magnetised prisms: sensitivity matrix, linearised and exact anomaly."""

from __future__ import annotations

import numpy as np

#: mu0/(4 pi) in nT per (A/m): 1e-7 T m/A in nanotesla.
NT_PER_A_M = 100.0
#: Size of the blocks in which a matrix of single precision is made.
_STRIP_BYTES = 64e6


def direction(inclination_deg, declination_deg) -> np.ndarray:
    """Return the unit vector of a direction.

    Parameters
    ----------
    inclination_deg : float
        Dip below the horizontal in degrees, downwards positive, -90 to 90.
    declination_deg : float
        Azimuth from north in degrees, eastwards positive.

    Returns
    -------
    array, shape (3,)
        East, north, up.

    Raises
    ------
    ValueError
        For an inclination beyond 90 degrees or a number that is not finite.
    """
    if not (np.isfinite(declination_deg) and abs(inclination_deg) <= 90):
        raise ValueError(
            f"inclination {inclination_deg} and declination {declination_deg}: give degrees, the inclination from -90 to 90 "
            "(downwards positive), the declination from north (eastwards positive)"
        )
    i, d = np.radians(inclination_deg), np.radians(declination_deg)
    return np.array([np.cos(i) * np.sin(d), np.cos(i) * np.cos(d), -np.sin(i)])


def memory_estimate(n_data, n_cells, dtype=np.float64) -> int:
    """Return the memory of a sensitivity matrix.

    Parameters
    ----------
    n_data, n_cells : int
        Size of the problem.
    dtype : type
        float64 or float32.

    Returns
    -------
    int
        Bytes.
    """
    return int(n_data) * int(n_cells) * np.dtype(dtype).itemsize


def _factors(along, magnetization):
    """Weights of ee - uu, nn - uu, en, eu, nu in the component of the field along one direction, per unit magnetization."""
    f, m = along, magnetization
    uu = f[2] * m[2]
    return np.array([
        f[0] * m[0] - uu, f[1] * m[1] - uu, f[0] * m[1] + f[1] * m[0], f[0] * m[2] + f[2] * m[0], f[1] * m[2] + f[2] * m[1]
    ])  # fmt: skip


def _body_direction(magnetization, inclination_deg, declination_deg):
    """Unit vector of the magnetization; None = along the field."""
    return direction(*((inclination_deg, declination_deg) if magnetization is None else magnetization))


def check_outside(survey, mesh) -> None:
    """Refuse stations that lie inside of the mesh.

    Parameters
    ----------
    survey : Survey
        Stations.
    mesh : Mesh
        Cells.

    Raises
    ------
    ValueError
        With the number of such stations, the deepest one, and what to do.
    """
    pieces = 1 if mesh.top_detail_m is None else mesh.top_detail_m.shape[0] // mesh.shape[1]
    surface = mesh.interfaces_m[0] if mesh.top_detail_m is None else mesh.top_detail_m
    edges = [_refined(e, pieces) for e in (mesh.east_edges_m, mesh.north_edges_m)]
    places = (survey.easting_m, survey.northing_m)
    place = [np.searchsorted(e, x, side="right") - 1 for e, x in zip(edges, places, strict=True)]
    within = np.logical_and.reduce([(p >= 0) & (p < e.size - 1) for p, e in zip(place, edges, strict=True)])
    rows = np.flatnonzero(within)
    below = surface[place[1][rows], place[0][rows]] - survey.height_m[rows]
    if (below > 0).any():
        worst = rows[below.argmax()]
        raise ValueError(
            f"{int((below > 0).sum())} of {survey.n} stations lie below the surface of the mesh, number {worst + 1} by "
            f"{below.max():.1f} m (height {survey.height_m[worst]:.1f} m): heights of stations and terrain must have one "
            "datum; resolve the terrain better (subdivide, narrower cells) or leave these stations out"
        )


def _refined(edges, pieces):
    """Edges with every cell cut into equal pieces."""
    inner = edges[:-1, None] + np.diff(edges)[:, None] * np.arange(pieces) / pieces
    return np.append(inner.ravel(), edges[-1])


def _columns(mesh):
    """Yield first layer, rectangles, interfaces and column numbers: whole columns, or detailed tops and then the rest."""
    _, rows, columns = mesh.shape
    number = np.arange(rows * columns)
    coarse = _rectangles(mesh.east_edges_m, mesh.north_edges_m)
    z = mesh.interfaces_m.reshape(mesh.shape[0] + 1, -1).T
    if mesh.top_detail_m is None:
        yield 0, coarse, z, number
        return
    pieces = mesh.top_detail_m.shape[0] // rows
    owner = np.kron(number.reshape(rows, columns), np.ones((pieces, pieces), int)).ravel()
    fine = _rectangles(_refined(mesh.east_edges_m, pieces), _refined(mesh.north_edges_m, pieces))
    yield 0, fine, np.column_stack([mesh.top_detail_m.ravel(), z[owner, 1]]), owner
    if mesh.shape[0] > 1:
        yield 1, coarse, z[:, 1:], number


def _rectangles(east, north):
    """West, east, south and north walls of columns, row by row."""
    w, s = np.meshgrid(east[:-1], north[:-1])
    e, n = np.meshgrid(east[1:], north[1:])
    return np.column_stack([w.ravel(), e.ravel(), s.ravel(), n.ravel()])


def _fill(out, stations, mesh, factors, values=None):
    """Add every cell's anomaly to out (n_directions, n_cells, n_data).

    Where magnetizations, `values` (n_cells,), are given, all cells are added together to out (n_directions, 1, n_data).
    """
    from .prism_kernels import columns_kernel

    per_layer = mesh.shape[1] * mesh.shape[2]
    for first, rectangles, z, number in _columns(mesh):
        n_layers = z.shape[1] - 1
        step = np.arange(n_layers, dtype=np.int64) * per_layer
        target = (number + first * per_layer).astype(np.int64)
        weights = np.full((target.size, n_layers), NT_PER_A_M)
        if values is not None:
            weights *= values[target[:, None] + step]
            step, target = np.zeros_like(step), np.zeros_like(target)
        # a copy, since a view that may not be written to would be compiled for anew
        columns_kernel(stations, rectangles, np.array(z, order="C"), step, target, weights, factors, out)


def _strips(mesh, n_data):
    """Yield meshes of some rows each, with the cells that they hold."""
    layers, rows, columns = mesh.shape
    count = max(1, int(_STRIP_BYTES / memory_estimate(n_data, layers * columns)))
    index = np.arange(mesh.n_cells).reshape(mesh.shape)
    pieces = 1 if mesh.top_detail_m is None else mesh.top_detail_m.shape[0] // rows
    for a in range(0, rows, count):
        b = min(a + count, rows)
        fine = None if mesh.top_detail_m is None else mesh.top_detail_m[a * pieces : b * pieces]
        part = type(mesh)(mesh.east_edges_m, mesh.north_edges_m[a : b + 1], mesh.interfaces_m[:, a:b], fine)
        yield part, index[:, a:b].ravel()


def sensitivity(
    survey, mesh, inclination_deg, declination_deg, magnetization=None, dtype=np.float64
) -> np.ndarray:  # fmt: skip
    """Return the anomaly at every station of every cell, per A/m.

    Parameters
    ----------
    survey : Survey
        Stations, outside of the mesh.
    mesh : Mesh
        Prisms.
    inclination_deg, declination_deg : float
        Direction of the geomagnetic field in degrees (inclination downwards, declination eastwards positive).
    magnetization : tuple of float, optional
        Inclination and declination of the magnetization where it is not along the field (remanence).
    dtype : type
        float64, or float32 for half the memory (sums are formed in float64).

    Returns
    -------
    array, shape (n_data, n_cells), Fortran order
        Linearised total-field anomaly in nT per A/m, positive where the field is strengthened.

    Raises
    ------
    ValueError
        For a station within the mesh or on an edge of a prism, or impossible directions.

    References
    ----------
    Corner sums of a rectangular prism after Nagy, Papp and Benedek (2000), J. Geodesy 74, 552-560, with Poisson's relation.
    """
    check_outside(survey, mesh)
    along = direction(inclination_deg, declination_deg)
    factors = _factors(along, _body_direction(magnetization, inclination_deg, declination_deg))
    out = np.zeros((mesh.n_cells, survey.n), dtype=dtype)
    if out.dtype == np.float64:
        _fill(out[None], survey.stations, mesh, factors[None])
    else:
        for part, cells in _strips(mesh, survey.n):
            block = np.zeros((1, cells.size, survey.n))
            _fill(block, survey.stations, part, factors[None])
            out[cells] = block[0]
    _finite(out)
    return out.T


def _finite(rows):
    """Refuse infinite anomalies; the last axis of `rows` is that of the stations."""
    with np.errstate(invalid="ignore"):
        bad = np.flatnonzero(~np.isfinite(rows.reshape(-1, rows.shape[-1]).sum(axis=0)))
    if bad.size:
        raise ValueError(
            f"station {bad[0] + 1} (and {bad.size - 1} more) lies on an edge of a prism, where the field is infinite: raise "
            "the station above the surface, or shift the mesh by part of a cell"
        )


def field_vector(survey, mesh, magnetization_a_m, inclination_deg, declination_deg, magnetization=None) -> np.ndarray:
    """Return the anomalous field of a magnetised mesh.

    Parameters
    ----------
    survey : Survey
        Stations, outside of the mesh.
    mesh : Mesh
        Prisms.
    magnetization_a_m : array, shape (n_cells,)
        Magnetization of each cell in A/m along one direction.
    inclination_deg, declination_deg : float
        Direction of the geomagnetic field in degrees.
    magnetization : tuple of float, optional
        Inclination and declination of the magnetization; by default that of the field.

    Returns
    -------
    array, shape (n_data, 3)
        East, north and up component in nT.
    """
    body = _body_direction(magnetization, inclination_deg, declination_deg)
    return _along(survey, mesh, magnetization_a_m, [(axis, body) for axis in np.eye(3)])


def _along(survey, mesh, values, pairs):
    """Components of the field along directions, without a matrix; shape (n_data, n_directions)."""
    values = np.asarray(values, float).ravel()
    if values.size != mesh.n_cells:
        raise ValueError(f"{values.size} magnetizations for {mesh.n_cells} cells; give one a cell")
    check_outside(survey, mesh)
    out = np.zeros((len(pairs), 1, survey.n))
    _fill(out, survey.stations, mesh, np.array([_factors(along, body) for along, body in pairs]), values)
    _finite(out)
    return out[:, 0].T


def anomaly(survey, mesh, magnetization_a_m, inclination_deg, declination_deg, magnetization=None) -> np.ndarray:
    """Return the linearised total-field anomaly of a magnetised mesh, without its matrix.

    Parameters
    ----------
    survey : Survey
        Stations, outside of the mesh.
    mesh : Mesh
        Prisms.
    magnetization_a_m : array, shape (n_cells,)
        Magnetization of each cell in A/m along one direction.
    inclination_deg, declination_deg : float
        Direction of the geomagnetic field in degrees.
    magnetization : tuple of float, optional
        Inclination and declination of the magnetization; by default that of the field.

    Returns
    -------
    array, shape (n_data,)
        The anomalous field's component along the geomagnetic field, in nT.
    """
    along = direction(inclination_deg, declination_deg)
    body = _body_direction(magnetization, inclination_deg, declination_deg)
    return _along(survey, mesh, magnetization_a_m, [(along, body)])[:, 0]


def exact_anomaly(
    survey, mesh, magnetization_a_m, inclination_deg, declination_deg, field_nt, magnetization=None, more=()
) -> np.ndarray:
    """Return |F + B| - |F| of a magnetised mesh.

    Parameters
    ----------
    survey : Survey
        Stations, outside of the mesh.
    mesh : Mesh
        Prisms.
    magnetization_a_m : array, shape (n_cells,)
        Magnetization of each cell in A/m along one direction.
    inclination_deg, declination_deg : float
        Direction of the geomagnetic field in degrees.
    field_nt : float
        Strength of the geomagnetic field in nT, 20,000 to 70,000 on Earth.
    magnetization : tuple of float, optional
        Inclination and declination of the magnetization; by default that of the field.
    more : sequence of (Mesh, array)
        Further meshes with their magnetizations.

    Returns
    -------
    array, shape (n_data,)
        In nT.  The linearised anomaly is too small by about B_perp^2 / 2F.

    Raises
    ------
    ValueError
        When `field_nt` is not above zero.
    """
    if not field_nt > 0:
        raise ValueError(f"field_nt is {field_nt}; give the strength of the geomagnetic field in nT, above zero")
    b = field_vector(survey, mesh, magnetization_a_m, inclination_deg, declination_deg, magnetization)
    for other, values in more:
        b = b + field_vector(survey, other, values, inclination_deg, declination_deg, magnetization)
    f = field_nt * direction(inclination_deg, declination_deg)
    # (|F + B|^2 - F^2) / (|F + B| + F) loses no digits where B is small
    return (2 * b @ f + (b * b).sum(axis=1)) / (np.linalg.norm(f + b, axis=1) + field_nt)
