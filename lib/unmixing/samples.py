"""Samples to be unmixed: what is checked before, and errors of the analyses."""

from __future__ import annotations

import numpy as np


def relative_errors(x, noise, closed=True):
    """Standard deviations of analyses with the same relative error in every cell.

    Closing a row turns independent relative errors r into errors  r x_j sqrt(1 - 2 x_j + sum_i x_i^2)  to first order: a part
    that is nearly everything hardly varies.  Cells far below the mean of their column get a fifth of the error of that mean
    at least, for no method is that good near its detection limit.

    Parameters
    ----------
    x : array, shape (N, D)
        Rows sum to 1 if `closed`.
    noise : float
        r, between 0 and 1.
    closed : bool

    Returns
    -------
    array, shape (N, D)
    """
    size = np.abs(x)
    if closed:
        size = size * np.sqrt(np.maximum(1 - 2 * x + np.sum(x**2, axis=1, keepdims=True), 0))
    return noise * np.hypot(size, 0.2 * np.abs(x).mean(axis=0))


def noise_scale(noise, x, close):
    """Noise as one relative number, and as standard deviations.

    Parameters
    ----------
    noise : float or array, shape (D,) or (N, D)
        As in `unmix`, for x as given here.
    x : array, shape (N, D)
    close : bool

    Returns
    -------
    relative : float
    scale : array, shape (D,) or (N, D)

    Raises
    ------
    ValueError
    """
    noise = np.asarray(noise, float)
    if noise.ndim == 0:
        if not 0 < noise < 1:
            raise ValueError(f"noise = {noise} is a relative standard deviation: give a number between 0 and 1 (0.02 = 2 %)")
        return float(noise), relative_errors(x, float(noise), close)
    if noise.shape not in (x.shape, x.shape[1:]) or not np.all(np.isfinite(noise)) or not np.all(noise > 0):
        raise ValueError(f"noise must be one number, or positive standard deviations of shape ({x.shape[1]},) or {x.shape}; "
                         f"got shape {noise.shape}")  # fmt: skip
    return float(np.median(noise / np.maximum(x.mean(axis=0), 1e-300))), noise


def checked(x, n_end_members, method, close):
    """Samples as an array, and the number of end members, or an error that says what is wrong where.

    Parameters
    ----------
    x : array_like, shape (N, D)
    n_end_members : int
    method : str
    close : bool

    Returns
    -------
    x : array, shape (N, D)
    n_end_members : int

    Raises
    ------
    ValueError
    """
    x = np.asarray(x, float)
    if x.ndim != 2:
        raise ValueError(f"x must have two dimensions (samples x parts), got shape {x.shape}")
    if np.isnan(x).any():
        i, j = np.argwhere(np.isnan(x))[0]
        raise ValueError(f"x[{i}, {j}] is NaN ({np.isnan(x).sum()} such cells): replace cells below detection and leave "
                         "samples that were not analysed out")  # fmt: skip
    wrong = np.isinf(x) | ((x < 0) & (close or method == "nmf"))
    if wrong.any():
        i, j = np.argwhere(wrong)[0]
        raise ValueError(f"x[{i}, {j}] = {x[i, j]}: concentrations are finite and not negative (scatter below zero is taken "
                         'with close=False by all methods but "nmf")')  # fmt: skip
    n, d = x.shape
    k = int(n_end_members)
    most = min(n, d if close else d + 1)
    if k != n_end_members or not 2 <= k <= most:
        raise ValueError(f"n_end_members = {n_end_members}: {n} samples of {d} parts allow a whole number from 2 to {most}")
    if np.any(x.sum(axis=1) == 0):
        raise ValueError(f"row {np.flatnonzero(x.sum(axis=1) == 0)[0]} of x is all zero: leave the sample out")
    constant = np.ptp(x / x.sum(axis=1, keepdims=True) if close else x, axis=0) == 0
    if constant.any() and method != "known":
        raise ValueError(
            f"column {np.flatnonzero(constant)[0]} of x is constant, it says nothing of the mixture: leave it out"
        )
    return x, k
