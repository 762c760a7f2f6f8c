"""Directions in the clr plane: principal directions, their signs, matching of two sets, and angles between them."""

from __future__ import annotations

import numpy as np

from .logratio import clr


def principal_directions(x, n_components=None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Principal directions of the clr parts (the same for every ilr basis).

    Parameters
    ----------
    x : array-like, shape (n_samples, n_parts)
        Positive, at least two samples.
    n_components : int, optional
        How many, at most ``min(n_samples - 1, n_parts - 1)``; default all of these.

    Returns
    -------
    directions : array, shape (n_components, n_parts)
        Of length 1, rows sum to 0, largest loading positive.
    variances : array, shape (n_components,)
        Eigenvalues of the clr covariance (divided by n - 1), largest first.
    share : array, shape (n_components,)
        Parts of the total variance, 0 to 1.

    Raises
    ------
    ValueError
        Fewer than two samples, more components than there can be, or samples that are all the same.

    References
    ----------
    Aitchison, J. 1983. Principal component analysis of compositional data. Biometrika 70, 57-65.
    """
    y = clr(x)
    if y.ndim != 2 or len(y) < 2:
        raise ValueError(f"x has shape {y.shape}; principal directions need two samples (rows) or more")
    most = min(len(y) - 1, y.shape[1] - 1)
    k = most if n_components is None else int(n_components)
    if not 1 <= k <= most:
        raise ValueError(f"n_components = {k}; {len(y)} samples of {y.shape[1]} parts have 1 to {most}")
    _, s, rows = np.linalg.svd(y - y.mean(axis=0), full_matrices=False)
    variances = s**2 / (len(y) - 1)
    if s[0] <= 1e-12 * max(1.0, np.abs(y).max()):  # rounding of equal samples
        raise ValueError("all samples have the same composition; there is no direction in them")
    return orient(rows[:k]), variances[:k], variances[:k] / variances.sum()


def orient(directions) -> np.ndarray:
    """Turn directions so that the loading of largest size is positive.

    Parameters
    ----------
    directions : array-like, shape (n_parts,) or (n_directions, n_parts)
        Directions of any length.

    Returns
    -------
    array, same shape
    """
    found = np.array(directions, float)
    rows = np.atleast_2d(found)
    largest = rows[np.arange(len(rows)), np.abs(rows).argmax(axis=1)]
    rows *= np.where(largest < 0, -1.0, 1.0)[:, None]
    return found


def match(directions, reference) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pair directions with those of a reference so that the sum of ``|cos|`` is largest (Hungarian algorithm).

    Parameters
    ----------
    directions : array-like, shape (n_directions, n_parts)
        At least as many as the reference has.
    reference : array-like, shape (n_reference, n_parts)
        None of length 0.

    Returns
    -------
    order : array of int, shape (n_reference,)
        ``directions[order]`` stands in the order of the reference.
    signs : array, shape (n_reference,)
        +1 or -1: ``signs[:, None] * directions[order]`` points the same way.
    cosine : array, shape (n_reference,)
        ``|cos|`` of each pair, 0 to 1.

    Raises
    ------
    ValueError
        Different parts, too few directions, or a direction of length 0.
    """
    from scipy.optimize import linear_sum_assignment

    a, b = _units(reference, "reference"), _units(directions, "directions")
    if a.shape[1] != b.shape[1]:
        raise ValueError(
            f"the directions have {b.shape[1]} parts, the reference has {a.shape[1]}; they must be the same parts"
        )
    cosine = a @ b.T
    if cosine.shape[1] < cosine.shape[0]:
        raise ValueError(f"{cosine.shape[1]} directions cannot be matched to {cosine.shape[0]} of the reference")
    rows, order = linear_sum_assignment(-np.abs(cosine))
    found = cosine[rows, order]
    return order, np.where(found < 0, -1.0, 1.0), np.minimum(np.abs(found), 1.0)


def angles(directions, reference) -> np.ndarray:
    """Angles between matched directions, without regard to sign.

    Parameters
    ----------
    directions : array-like, shape (n_directions, n_parts)
        At least as many as the reference has.
    reference : array-like, shape (n_reference, n_parts)
        None of length 0.

    Returns
    -------
    array, shape (n_reference,)
        Degrees, 0 to 90, in the order of the reference.
    """
    order, signs, _ = match(directions, reference)
    a = _units(directions, "directions")[order] * signs[:, None]
    # the arc cosine loses half the digits near 0; this form does not
    chord = np.linalg.norm(a - _units(reference, "reference"), axis=1)
    return np.degrees(2 * np.arcsin(np.clip(chord / 2, 0.0, 1.0)))


def _units(directions, what):
    """Return directions as rows of length 1."""
    rows = np.atleast_2d(np.asarray(directions, float))
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    if not (np.isfinite(length) & (length > 0)).all():
        raise ValueError(
            f"{what}: row {int(np.flatnonzero(~(length[:, 0] > 0))[0])} has no direction (length 0 or not finite)"
        )
    return rows / length
