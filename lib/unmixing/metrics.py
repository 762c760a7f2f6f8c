"""How far an answer is from the truth: distances of curves, errors of end members and of proportions."""

from __future__ import annotations

import numpy as np

from .endmembers import match_end_members


def curve_distance(truth, found, scale) -> float:
    """Mean over the true curve of the nearest distance to a found curve.

    Parameters
    ----------
    truth : array, shape (T, D)
        Points of the true curve.
    found : array, shape (S, D)
        Points of the found curve, joined by straight segments.
    scale : array, shape (D,)
        Unit of each part, usually the standard deviation of its column.

    Returns
    -------
    float
        Distance as root mean square over the parts, in units of `scale`.
    """
    a, b = np.asarray(truth) / scale, np.asarray(found) / scale
    step = b[1:] - b[:-1]
    length = np.maximum((step**2).sum(axis=1), 1e-300)
    offset = a[:, None, :] - b[None, :-1, :]
    along = np.clip((offset * step).sum(axis=2) / length, 0, 1)
    square = ((offset - along[:, :, None] * step) ** 2).mean(axis=2)
    return float(np.sqrt(square.min(axis=1)).mean())


def unmixing_errors(end_members, proportions, true_end_members, true_proportions) -> dict[str, float]:
    """Errors of an unmixing against the truth.

    Parameters
    ----------
    end_members : array, shape (K, D)
        Found end members.
    proportions : array, shape (N, K)
        Found proportions.
    true_end_members : array, shape (K, D)
        True end members, in the same unit.
    true_proportions : array, shape (N, K)
        True proportions.

    Returns
    -------
    dict
        end_member (mean absolute error, 100 x the unit of the end members: wt% for mass fractions) and proportion (root mean
        square error, %).
    """
    order = match_end_members(true_end_members, end_members)
    return {
        "end_member": float(100 * np.abs(np.asarray(end_members)[order] - true_end_members).mean()),
        "proportion": float(100 * np.sqrt(np.mean((np.asarray(proportions)[:, order] - true_proportions) ** 2))),
    }
