"""N-FINDR: the samples that span the largest simplex.

The end members are samples, so the answer is biased inwards unless every end member occurs nearly pure.  Kept as a
baseline, as a start for other methods, and for mixtures made in the laboratory, where pure samples exist.

References
----------
Winter, M. E. (1999) N-FINDR: an algorithm for fast autonomous spectral end-member determination in hyperspectral data.
Proc. SPIE 3753, 266-275;  Nascimento, J. & Bioucas-Dias, J. (2005) IEEE Trans. Geosci. Remote Sens. 43, 898-910 (successive
projection as a start).
"""

from __future__ import annotations

import numpy as np


def n_findr(scores, n_end_members, rng, n_starts=3, max_sweeps=50):
    """Indices of the samples whose simplex has the largest volume.

    Parameters
    ----------
    scores : array, shape (n_samples, n_end_members - 1)
        Coordinates of the samples in the plane of the end members, such as the first principal components.
    n_end_members : int
        K, 2 or more.
    rng : numpy.random.Generator
    n_starts : int
        Starts: one by successive projection, the others random.
    max_sweeps : int
        Exchange sweeps a start; a sweep costs O(n_samples K^2).

    Returns
    -------
    array of int, shape (n_end_members,)
        Rows of `scores`.

    Raises
    ------
    ValueError
        Wrong number of coordinates, or fewer samples than end members.

    References
    ----------
    Winter (1999): volume |det [y_1 1; ...; y_K 1]| / (K-1)!, exchanged one vertex at a time.
    """
    y = np.asarray(scores, float)
    k = int(n_end_members)
    if y.ndim != 2 or y.shape[1] != k - 1 or k < 2:
        raise ValueError(f"scores need n_end_members - 1 = {k - 1} columns (K >= 2), got shape {y.shape}")
    if len(y) < k:
        raise ValueError(f"{len(y)} samples cannot hold {k} vertices: use at most {len(y)} end members")
    augmented = np.hstack([y, np.ones((len(y), 1))])
    best, volume = None, -1.0
    for start in range(max(1, n_starts)):
        index = _projection(y, k) if start == 0 else rng.choice(len(y), k, replace=False)
        index, size = _exchange(augmented, index, max_sweeps)
        if size > volume:
            best, volume = index, size
    return best


def _projection(y, k):
    """Successive projection: the sample farthest from the span of those chosen so far."""
    centred = y - y.mean(axis=0)
    chosen = [int(np.argmax(np.sum(centred**2, axis=1)))]
    rest = y - y[chosen[0]]
    for _ in range(k - 1):
        size = np.sum(rest**2, axis=1)
        size[chosen] = -1.0
        chosen.append(int(np.argmax(size)))
        direction = rest[chosen[-1]]
        norm = direction @ direction
        if norm > 0:
            rest = rest - np.outer(rest @ direction / norm, direction)
    return np.array(chosen)


def _exchange(augmented, index, max_sweeps):
    """Replace one vertex after the other by the sample that makes the volume largest, until nothing changes."""
    index = np.array(index)
    k = len(index)
    for _ in range(max_sweeps):
        changed = False
        for j in range(k):
            others = np.delete(augmented[index], j, axis=0)
            # the determinant is linear in row j; its coefficients are the normal of the other rows (last right vector)
            normal = np.linalg.svd(others)[2][-1]
            heights = np.abs(augmented @ normal)
            i = int(np.argmax(heights))
            if heights[i] > heights[index[j]] * (1 + 1e-12):
                index[j], changed = i, True
        if not changed:
            break
    return index, abs(np.linalg.det(augmented[index]))
