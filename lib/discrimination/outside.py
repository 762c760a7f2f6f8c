"""Grains that look like none of the known sources: shares mean little for a source that the training table lacks."""

from __future__ import annotations

import numpy as np
from scipy.stats import norm
from sklearn.covariance import ledoit_wolf

#: Parts into which the rocks of a class are split, to see how far a grain of a new rock lies from the cloud of the others.
N_PARTS = 10
#: Rocks (or grains) that a class needs before its cloud is judged.
MIN_CLUSTERS = 5


def unlike(x_train, codes, x_new, *, clusters=None, level: float = 0.999) -> np.ndarray:
    """Grains that lie outside the cloud of every class.

    Parameters
    ----------
    x_train : array, shape (N, p)
        log10 contents of training grains.
    codes : array of int, shape (N,)
        Their classes.
    x_new : array, shape (M, p)
        log10 contents of new grains.
    clusters : array of int, shape (N,), optional
        Rock of each training grain.  Grains of one rock are alike, so that a cloud of few rocks is narrower than the class.
    level : float, 0-1
        Share of the grains of a class that its cloud holds.

    Returns
    -------
    array of bool, shape (M,)
        All False where a class has too few rocks or grains to tell.

    Notes
    -----
    The squared Mahalanobis distance (shrunk covariance) of a training grain is taken to the cloud of the *other* rocks of its
    class; the limit is the quantile of a normal fitted to the logarithms of these held-out distances.
    """
    x_train, x_new, codes = np.asarray(x_train, float), np.asarray(x_new, float), np.asarray(codes)
    clusters = np.arange(len(codes)) if clusters is None else np.asarray(clusters)
    out = np.ones(len(x_new), bool)
    for k in np.unique(codes):
        x = x_train[codes == k]
        place = np.unique(clusters[codes == k], return_inverse=True)[1]
        if place.max() + 1 < MIN_CLUSTERS:
            return np.zeros(len(x_new), bool)
        part = place % N_PARTS
        held = np.concatenate([_distance(x[part != m], x[part == m]) for m in np.unique(part)])
        log = np.log(np.maximum(held, 1e-12))
        out &= np.log(np.maximum(_distance(x, x_new), 1e-12)) > log.mean() + norm.ppf(level) * log.std()
    return out


def _distance(cloud, x):
    """Squared distances of x from a cloud, in its own scatter."""
    sd = np.maximum(cloud.std(axis=0), 1e-9)
    covariance, _ = ledoit_wolf(cloud / sd)
    gap = (x - cloud.mean(axis=0)) / sd
    return np.einsum("ij,ij->i", gap @ np.linalg.inv(covariance), gap)
