"""Mobilities of elements from the direction of a leaching (or enrichment) component.

Leaching by ``C(x exp(-k tau))`` moves samples along -k in log ratios, so that a direction m (one standard deviation of its
score long) says ``k_i - k_ref = -(m_i - m_ref) / sd(tau)``: mobilities relative to a reference, up to one common factor.
Nothing in the compositions alone says which part did not move, nor how long the process ran.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from .stability import Stability

__all__ = ["mobility_table", "relative_mobility"]


def relative_mobility(direction, reference=None, *, mobile=None, intensity_sd=1.0) -> np.ndarray:
    """Rate of loss of each part relative to a reference part.

    Parameters
    ----------
    direction : array, shape (..., D)
        clr direction of the component, one standard deviation of its score long.
    reference : int or sequence of int, optional
        Part, or parts (their mean), taken as immobile, such as Ti, Al, Zr; default the least mobile part, so that no part
        gains.
    mobile : int, optional
        A part known to be lost relative to the others: the direction is turned so that it is. Default: `direction` already
        points to where more is leached.
    intensity_sd : float
        Standard deviation of the intensity tau, if known; 1 gives rates for one standard deviation of the score.

    Returns
    -------
    array, shape (..., D)
        k_i - k_ref, per unit of tau; positive = lost.

    Raises
    ------
    ValueError
        A part that does not exist, or a standard deviation that is not positive.

    Notes
    -----
    A score also holds noise, so that `direction` and the rates come out too large by sqrt(1 + noise variance / variance of
    tau) in units of the score; relative to each other they do not.

    References
    ----------
    Kuwatani et al. (2025) Frontiers in Earth Science 13, 1559321 (mobilities from an extracted component).
    """
    direction = np.asarray(direction, dtype=float)
    n_parts = direction.shape[-1]
    if not (np.isfinite(intensity_sd) and intensity_sd > 0):
        raise ValueError(f"intensity_sd = {intensity_sd}: expected a positive number")
    if mobile is not None:
        _check_part("mobile", mobile, n_parts)
        others = (direction.sum(axis=-1) - direction[..., mobile]) / (n_parts - 1)
        direction = np.where((direction[..., mobile] > others)[..., None], -direction, direction)
    if reference is None:
        level = direction.max(axis=-1, keepdims=True)
    else:
        parts = np.atleast_1d(reference)
        for part in parts:
            _check_part("reference", part, n_parts)
        level = direction[..., parts].mean(axis=-1, keepdims=True)
    return (level - direction) / intensity_sd


def mobility_table(found, k, names, *, reference=None, mobile=None, intensity_sd=1.0, level=0.9) -> pd.DataFrame:
    """Mobilities of all parts from one component, with intervals over the repeated fits.

    Parameters
    ----------
    found : Stability or Factors
        From `icasso` (with intervals) or `fit_factors` (without).
    k : int
        Component, from 0.
    names : sequence of str
        Parts.
    reference, mobile : str or sequence of str, optional
        As for `relative_mobility`, by name. The reference chosen by default is that of the fit to all samples.
    intensity_sd : float
        As for `relative_mobility`.
    level : float
        Share of the repeated fits inside the interval (0-1).

    Returns
    -------
    DataFrame
        part, mobility, lo, hi, relative (to the most mobile part), reference (bool), the most mobile first.

    Raises
    ------
    ValueError
        Unknown names.
    """
    names = list(names)
    factors = found.factors if isinstance(found, Stability) else found
    direction = factors.directions[k]
    if len(names) != len(direction):
        raise ValueError(f"{len(names)} names for {len(direction)} parts")
    index = None if mobile is None else _index(names, mobile)
    if index is not None and direction[index] > np.delete(direction, index).mean():
        direction = -direction
    parts = [int(direction.argmax())] if reference is None else [_index(names, name) for name in _listed(reference)]
    options = {"reference": parts, "intensity_sd": intensity_sd}
    mobility = relative_mobility(direction, **options)
    low = high = np.full(len(names), np.nan)
    if isinstance(found, Stability):
        runs = found.directions[:, k]
        runs = runs * np.where(runs @ direction < 0, -1.0, 1.0)[:, None]
        tail = (1.0 - level) / 2
        low, high = np.quantile(relative_mobility(runs, **options), [tail, 1.0 - tail], axis=0)
    frame = pd.DataFrame(
        {
            "part": names,
            "mobility": mobility,
            "lo": low,
            "hi": high,
            "relative": mobility / np.abs(mobility).max(),
            "reference": [i in parts for i in range(len(names))],
        }
    )
    return frame.sort_values("mobility", ascending=False, ignore_index=True, kind="stable")


def _listed(value):
    return [value] if isinstance(value, str) else list(value)


def _index(names, name):
    if name not in names:
        raise ValueError(f"part {name!r} is not in the table: it has {', '.join(names)}")
    return names.index(name)


def _check_part(what, part, n_parts):
    if not -n_parts <= part < n_parts:
        raise ValueError(f"{what} = {part}: expected a column from 0 to {n_parts - 1}")
