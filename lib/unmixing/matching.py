"""Which direction is which: pairs of two sets of directions, their angles, and straight steps as clr directions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lib.composition import angles
from lib.composition import match as pair_directions

__all__ = ["Match", "cosine_matrix", "match", "to_clr_direction"]


@dataclass(frozen=True, eq=False)
class Match:
    """Which of some directions belong to which of a reference.

    Parameters
    ----------
    order : array of int, shape (R,)
        Row of the directions for each row of the reference.
    sign : array, shape (R,)
        1 or -1, to point the same way.
    cosine : array, shape (R,)
        ``|cos|`` of each pair.
    angle_deg : array, shape (R,)
        Angle of each pair, 0-90 degrees.
    """

    order: np.ndarray
    sign: np.ndarray
    cosine: np.ndarray
    angle_deg: np.ndarray

    def apply(self, directions) -> np.ndarray:
        """Directions in the order and with the signs of the reference, shape (R, D).

        Parameters
        ----------
        directions : array, shape (K, D)
            The directions that were matched, or others in their order.
        """
        return np.asarray(directions)[self.order] * self.sign[:, None]


def match(directions, reference) -> Match:
    """Pair directions with those of a reference: the largest sum of ``|cos|`` (Hungarian algorithm).

    Parameters
    ----------
    directions : array, shape (K, D)
        At least as many as the reference has.
    reference : array, shape (R, D)
        None of length 0.

    Returns
    -------
    Match
    """
    order, sign, cosine = pair_directions(directions, reference)
    return Match(order, sign, cosine, angles(directions, reference))


def cosine_matrix(a, b) -> np.ndarray:
    """Cosines of all pairs of two sets of directions.

    Parameters
    ----------
    a : array, shape (K, D)
        Directions, none of length 0.
    b : array, shape (R, D)
        The same.

    Returns
    -------
    array, shape (K, R)
    """
    a, b = np.atleast_2d(a), np.atleast_2d(b)
    return a @ b.T / np.linalg.norm(a, axis=1)[:, None] / np.linalg.norm(b, axis=1)


def to_clr_direction(step, mean) -> np.ndarray:
    """Direction (clr) at the mean of a straight step in mass fractions: step/mean, centred.

    Parameters
    ----------
    step : array, shape (..., D)
        Change of mass fractions.
    mean : array, shape (D,)
        Composition from which it starts, positive.

    Returns
    -------
    array, shape (..., D)
    """
    relative = np.asarray(step) / mean
    return relative - relative.mean(axis=-1, keepdims=True)
