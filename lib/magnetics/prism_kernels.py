"""Compiled anomaly of magnetised prisms that stand on each other in columns.

The eight corner terms of a prism are taken interface by interface: the four corners of a column at one height share their
logarithms (one logarithm of a product instead of four) and their arc tangents (one angle of a product of complex numbers,
with whole turns put back), and the bottom of a layer is the top of the next.  An interface costs four roots, three
logarithms and two arc tangents.

Of the three diagonal terms two are computed; the third follows from the trace, which is zero outside of a prism.
"""

import numpy as np
from numba import njit

__all__ = ["columns_kernel", "window_products"]

OPTIONS = {"cache": True, "nogil": True, "error_model": "numpy"}
TURN = 2.0 * np.pi


@njit(inline="always")
def _edge(near, far, first, second, across):
    """Return exp of the logarithm along one edge, ln((r2 + b) / (r1 + a)) for the edge from a to b, b > a."""
    if first >= 0.0:
        return (far + second) / (near + first)
    if second <= 0.0:
        return (near - first) / (far - second)
    return (far + second) * (near - first) / across


@njit(inline="always")
def _angle(x0, x1, y0, y1, z, r00, r01, r10, r11):
    """Return the sum of s atan(y z / (x r)) over the four corners, r[x][y]; the angles of x = 0 cancel and count as none."""
    # the difference of two arc tangents is the angle of the product of (|x| r, +-y z) with a conjugate: within half a turn
    a, b = y0 * z, y1 * z
    p0, q0, p1, q1 = 1.0, 0.0, 1.0, 0.0
    if x0 != 0.0:
        p0, q0 = x0 * x0 * r00 * r01 + a * b, x0 * (b * r00 - a * r01)
    if x1 != 0.0:
        p1, q1 = x1 * x1 * r10 * r11 + a * b, x1 * (b * r10 - a * r11)
    total = np.arctan2(q1 * p0 - p1 * q0, p1 * p0 + q1 * q0)
    # two angles of the same sign may add up to more than half a turn
    if q1 > 0.0 and q0 < 0.0 and total < 0.0:
        total += TURN
    elif q1 < 0.0 and q0 > 0.0 and total > 0.0:
        total -= TURN
    return total


@njit(inline="always")
def _interface(x0, x1, y0, y1, z, below):
    """Return the corner sums ee, nn, en, eu, nu of one horizontal rectangle."""
    z2 = z * z
    a0, a1, b0, b1 = x0 * x0, x1 * x1, y0 * y0, y1 * y1
    r00, r01 = np.sqrt(a0 + b0 + z2), np.sqrt(a0 + b1 + z2)
    r10, r11 = np.sqrt(a1 + b0 + z2), np.sqrt(a1 + b1 + z2)
    if z > 0.0:
        upright = (r11 + z) * (r00 + z) / ((r01 + z) * (r10 + z))
    else:
        upright = (r01 - z) * (r10 - z) / ((r11 - z) * (r00 - z))
        # ln(r + z) = ln(x2 + y2) - ln(r - z); the first part is that of every interface and cancels in a column that lies
        # below the station, also where the station stands in line with an upright edge
        if not below:
            upright *= (a1 + b1) * (a0 + b0) / ((a0 + b1) * (a1 + b0))
    along_north = _edge(r10, r11, y0, y1, a1 + z2) / _edge(r00, r01, y0, y1, a0 + z2)
    along_east = _edge(r01, r11, x0, x1, b1 + z2) / _edge(r00, r10, x0, x1, b0 + z2)
    return (
        -_angle(x0, x1, y0, y1, z, r00, r01, r10, r11),
        -_angle(y0, y1, x0, x1, z, r00, r10, r01, r11),
        np.log(upright),
        np.log(along_north),
        np.log(along_east),
    )


@njit(**OPTIONS)
def columns_kernel(stations, rectangles, interfaces, step, target, weights, factors, out):
    """Add the anomaly of columns of prisms, in one or more directions.

    Parameters
    ----------
    stations : array, shape (n_data, 3)
        Easting, northing, height in m.
    rectangles : array, shape (n_columns, 4)
        West, east, south, north of each column in m.
    interfaces : array, shape (n_columns, n_layers + 1)
        Heights, top first, in m.
    step : int array, shape (n_layers,)
        Step in the cell index from the first layer to each layer.
    target : int array, shape (n_columns,)
        Cell index of the first layer of a column; columns may share cells, and add up.
    weights : array, shape (n_columns, n_layers)
        Factor of each prism; columns without any are passed over.
    factors : array, shape (n_directions, 5)
        Weights of ee - uu, nn - uu, en, eu, nu in each direction.
    out : array, shape (n_directions, n_cells, n_data)
        Added to, of any float type.
    """
    n_data, n_layers, n_directions = stations.shape[0], weights.shape[1], factors.shape[0]
    upper = np.empty((n_directions, n_data))
    for c in range(rectangles.shape[0]):
        if not np.any(weights[c]):
            continue
        west, east, south, north = rectangles[c]
        top = interfaces[c, 0]
        for k in range(n_layers + 1):
            height = interfaces[c, k]
            layer = max(k - 1, 0)
            cell, weight = target[c] + step[layer], weights[c, layer] if k > 0 else 0.0
            for i in range(n_data):
                x, y, z = stations[i, 0], stations[i, 1], stations[i, 2]
                ee, nn, en, eu, nu = _interface(west - x, east - x, south - y, north - y, height - z, top <= z)
                for d in range(n_directions):
                    f = factors[d]
                    value = f[0] * ee + f[1] * nn + f[2] * en + f[3] * eu + f[4] * nu
                    if weight != 0.0:
                        out[d, cell, i] += weight * (upper[d, i] - value)
                    upper[d, i] = value


@njit(**OPTIONS)
def window_products(table, shape, values, transpose, out):
    """Multiply by a kernel that depends on the offset of station and cell only.

    Parameters
    ----------
    table : array, shape (n_layers, n_north_data + n_north - 1, n_east_data + n_east - 1)
        Entry [k, q, p] for a station q - (n_north - 1) spacings north and p - (n_east - 1) east of a cell of layer k.
    shape : tuple of int
        n_north_data, n_east_data, n_north, n_east.
    values : array
        Magnetization (n_layers, n_north, n_east), or data (1, n_north_data, n_east_data) if `transpose`.
    transpose : bool
        Multiply by the transpose.
    out : array
        As the other one of the two; added to.
    """
    rows, columns, n_north, n_east = shape
    for k in range(table.shape[0]):
        for n in range(n_north):
            for q in range(rows):
                line = table[k, q + n_north - 1 - n]
                for e in range(n_east):
                    start = n_east - 1 - e
                    if transpose:
                        total = 0.0
                        for p in range(columns):
                            total += line[start + p] * values[0, q, p]
                        out[k, n, e] += total
                    else:
                        value = values[k, n, e]
                        if value != 0.0:
                            for p in range(columns):
                                out[0, q, p] += line[start + p] * value
