"""A plane to look at classes in: canonical variates of the logarithms."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .classifier import TINY


@dataclass(frozen=True, eq=False)
class Projection:
    """Plane in which the classes lie furthest apart relative to their own scatter (canonical variates).

    Parameters
    ----------
    axes : array, shape (p, 2)
        Directions on log10 contents; scores have unit pooled scatter within classes.
    centre : array, shape (p,)
        Mean of the grains.
    share : array, shape (2,)
        Share of the separation (trace of between over within scatter) that each axis shows, 0-1.
    """

    axes: np.ndarray
    centre: np.ndarray
    share: np.ndarray

    def scores(self, x) -> np.ndarray:
        """Scores of log10 contents x, shape (N, p) -> (N, 2)."""
        return (np.asarray(x, float) - self.centre) @ self.axes


def discriminant_projection(x, codes, n_classes: int) -> Projection:
    """Canonical variates of classes; with two classes the second axis shows the largest scatter across the first.

    Parameters
    ----------
    x : array, shape (N, p), p >= 2
        log10 contents.
    codes : array of int, shape (N,)
        Classes.
    n_classes : int
        How many there are.

    Returns
    -------
    Projection
    """
    x, codes = np.asarray(x, float), np.asarray(codes)
    centre = x.mean(axis=0)
    means = np.array([x[codes == k].mean(axis=0) for k in range(n_classes)])
    inside = x - means[codes]
    within = inside.T @ inside / (len(x) - n_classes)
    # a ridge of 1e-9 keeps columns that are exact sums of others (Th, U, Th/U) from stopping the whitening
    value, vector = np.linalg.eigh(within + 1e-9 * np.trace(within) / len(within) * np.eye(len(within)))
    white = vector / np.sqrt(value)
    weight = np.sqrt(np.bincount(codes, minlength=n_classes) / len(x))
    _, spread, direction = np.linalg.svd((weight[:, None] * (means - centre)) @ white, full_matrices=True)
    axes = white @ direction[:2].T
    power = np.zeros(2)
    found = spread[:2] ** 2
    power[: len(found)] = found / max((spread**2).sum(), TINY)
    if n_classes == 2:
        # across the first axis nothing separates: take the direction of the largest scatter instead
        first = axes[:, 0]
        rest = inside - np.outer(inside @ first, within @ first)
        second = np.linalg.svd(rest, full_matrices=False)[2][0]
        second -= first * (first @ within @ second)
        axes[:, 1] = second / np.sqrt(second @ within @ second)
    turn = np.where(axes[np.abs(axes).argmax(axis=0), np.arange(axes.shape[1])] < 0, -1.0, 1.0)
    return Projection(axes * turn, centre, power)
