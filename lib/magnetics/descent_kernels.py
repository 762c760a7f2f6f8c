"""Compiled pieces of the elastic net: sweeps of coordinate descent over a working set, and the dual penalty.

The inner loops over the data may be reordered by the compiler (for vector instructions): results agree between machines to
rounding, which the stopping rule, a certified duality gap, does not feel.
"""

from __future__ import annotations

import numba as nb
import numpy as np


@nb.njit(cache=True, fastmath={"reassoc", "contract"})
def sweep(columns, z, residual, lengths2, lam1, lam2, lower, upper, n_passes, stop):
    """Minimise over one coordinate after the other, in place.

    The objective is ``1/2 |y - X z|^2 + lam1 |z|_1 + lam2/2 |z|^2`` with ``lower <= z <= upper``.  The first pass visits every
    coordinate, the others those that are not zero.

    Parameters
    ----------
    columns : ndarray, shape (n, n_data)
        Columns of X as rows.
    z, residual : ndarray, shape (n,) and (n_data,)
        Coefficients, and ``y - X z``; both are changed.
    lengths2 : ndarray, shape (n,)
        Squared lengths of the columns.
    lam1, lam2 : float
        Weights of the L1 and L2 penalties, 0 or more.
    lower, upper : ndarray, shape (n,)
        Bounds of z, ``lower <= 0 <= upper``.
    n_passes : int
        Most passes.
    stop : float
        A pass whose largest change of z, times the length of its column, is below this is the last.

    Returns
    -------
    int
        Passes made.
    """
    n_data = residual.size
    for turn in range(n_passes):
        largest = 0.0
        for j in range(z.size):
            old = z[j]
            if turn > 0 and old == 0.0:
                continue
            column = columns[j]
            pull = lengths2[j] * old
            for i in range(n_data):
                pull += column[i] * residual[i]
            if pull > lam1:
                new = (pull - lam1) / (lengths2[j] + lam2)
            elif pull < -lam1:
                new = (pull + lam1) / (lengths2[j] + lam2)
            else:
                new = 0.0
            new = min(max(new, lower[j]), upper[j])
            change = new - old
            if change != 0.0:
                z[j] = new
                for i in range(n_data):
                    residual[i] -= change * column[i]
                largest = max(largest, change * change * lengths2[j])
        if largest <= stop * stop:
            return turn + 1
    return n_passes


@nb.njit(cache=True)
def conjugate(correlation, lam1, lam2, lower, upper):
    """Sum the convex conjugates of the penalty with its bounds: what the dual pays for a correlation.

    Parameters
    ----------
    correlation : ndarray, shape (n,)
        ``X^T theta`` of a dual point theta.
    lam1, lam2 : float
        Weights of the penalties.
    lower, upper : ndarray, shape (n,)
        Bounds, ``lower <= 0 <= upper``, infinite ones allowed.

    Returns
    -------
    float
        ``sum_j max_z (v_j z - lam1 |z| - lam2/2 z^2)``; infinite where lam2 = 0, no bound stops z and ``|v_j| > lam1``.
    """
    total = 0.0
    for j in range(correlation.size):
        v = correlation[j]
        if v > lam1:
            excess, bound = v - lam1, upper[j]
        elif v < -lam1:
            excess, bound = -v - lam1, -lower[j]
        else:
            continue
        if bound == np.inf and lam2 == 0.0:
            return np.inf
        if lam2 == 0.0 or excess > lam2 * bound:  # the bound stops it
            total += bound * (excess - 0.5 * lam2 * bound)
        else:
            total += 0.5 * excess * excess / lam2
    return total


@nb.njit(cache=True, fastmath={"reassoc", "contract"})
def group_sweep(columns, z, residual, steep, lam1, lam2, n_passes, stop):
    """Proximal steps over one cell with all its components after the other, in place.

    Parameters
    ----------
    columns : ndarray, shape (n, n_components, n_data)
        Columns of X.
    z, residual : ndarray, shape (n, n_components) and (n_data,)
        Coefficients, and ``y - X z``; both are changed.
    steep : ndarray, shape (n,)
        Largest eigenvalue of ``X_j^T X_j`` of each cell.
    lam1, lam2 : float
        Weights of the sum of lengths ``|z_j|`` and of half their squares.
    n_passes : int
        Most passes; the first visits every cell, the others those that are not zero.
    stop : float
        A pass whose largest change, times the root of ``steep``, is below this is the last.

    Returns
    -------
    int
        Passes made.
    """
    n, size, n_data = columns.shape
    pull, new = np.empty(size), np.empty(size)
    for turn in range(n_passes):
        largest = 0.0
        for j in range(n):
            if turn > 0 and not z[j].any():
                continue
            length2 = 0.0
            for c in range(size):
                total = steep[j] * z[j, c]
                for i in range(n_data):
                    total += columns[j, c, i] * residual[i]
                pull[c] = total
                length2 += total * total
            length = np.sqrt(length2)
            share = (1.0 - lam1 / length) / (steep[j] + lam2) if length > lam1 else 0.0
            moved = 0.0
            for c in range(size):
                new[c] = share * pull[c]
                change = new[c] - z[j, c]
                if change != 0.0:
                    moved += change * change
                    z[j, c] = new[c]
                    for i in range(n_data):
                        residual[i] -= change * columns[j, c, i]
            largest = max(largest, moved * steep[j])
        if largest <= stop * stop:
            return turn + 1
    return n_passes
