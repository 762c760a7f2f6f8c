"""Counts over all subsets: density of states, and how often each column takes part.

A second pass, once the best loss is known: the bins, the limit of one standard error and the Boltzmann weights all refer to
it.
"""

from dataclasses import dataclass

import numpy as np

from lib.subset_search.masks import members, popcount

__all__ = ["Counts", "Gauge", "bin_edges", "count"]

_NEGLIGIBLE = 50.0  # exp(-50): even 2^63 such weights are nothing beside that of the best subset


@dataclass(frozen=True)
class Gauge:
    """What subsets are counted by.

    Parameters
    ----------
    low, high : int
        Smallest and largest size.
    edges : array, shape (n_bins + 1,)
        Of the bins of loss; both outer ones belong to a bin.
    best : float
        Lowest loss.
    limit : float
        Best loss plus its standard error; NaN if there is none.
    factor : float
        Of the Boltzmann weight ``exp(-factor (loss - best))``.
    """

    low: int
    high: int
    edges: np.ndarray
    best: float
    limit: float
    factor: float


@dataclass(frozen=True)
class Counts:
    """Sums over subsets.

    Parameters
    ----------
    bins : array of int, shape (n_sizes, n_bins)
        Subsets of each size in each bin of loss.
    one_se : int
        Subsets up to the limit of one standard error.
    one_se_features : array of int, shape (p,)
        In how many of these each column is.
    weight : float
        Sum of Boltzmann weights.
    weight_features : array, shape (p,)
        Sum of the weights of the subsets with each column.
    """

    bins: np.ndarray
    one_se: int
    one_se_features: np.ndarray
    weight: float
    weight_features: np.ndarray

    def __add__(self, other):
        return Counts(
            self.bins + other.bins,
            self.one_se + other.one_se,
            self.one_se_features + other.one_se_features,
            self.weight + other.weight,
            self.weight_features + other.weight_features,
        )


def bin_edges(lowest, highest, empty, n_bins):
    """Edges of bins of equal width in loss.

    Parameters
    ----------
    lowest, highest : float
        Over all subsets.
    empty : float
        Loss of the model without columns. Some subsets may predict far worse than that (a held-out row far outside the
        others); they share the last bin, so that they do not take the resolution from the rest.
    n_bins : int

    Returns
    -------
    array, shape (n_bins + 1,)
    """
    if not highest > lowest:
        half = max(abs(lowest), 1.0) * 1e-9
        return np.linspace(lowest - half, lowest + half, n_bins + 1)
    far = lowest + 2.0 * (empty - lowest) if empty > lowest else highest
    if highest > far and n_bins > 1:
        return np.append(np.linspace(lowest, far, n_bins), highest)
    return np.linspace(lowest, highest, n_bins + 1)


def count(masks, loss, n_features, gauge):
    """Count subsets.

    Parameters
    ----------
    masks : array of uint64, shape (M,)
    loss : array, shape (M,)
        Those without a finite loss are left out.
    n_features : int
    gauge : Gauge

    Returns
    -------
    Counts
    """
    finite = np.isfinite(loss)
    masks, loss = (masks, loss) if finite.all() else (masks[finite], loss[finite])
    n_bins, n_sizes = len(gauge.edges) - 1, gauge.high - gauge.low + 1
    place = np.clip(np.searchsorted(gauge.edges, loss, side="right") - 1, 0, n_bins - 1)
    bins = np.bincount((popcount(masks) - gauge.low) * n_bins + place, minlength=n_sizes * n_bins)

    near = loss <= gauge.limit
    heavy = gauge.factor * (loss - gauge.best) < _NEGLIGIBLE
    weights = np.exp(-gauge.factor * (loss[heavy] - gauge.best))
    return Counts(
        bins.reshape(n_sizes, n_bins),
        int(near.sum()),
        members(masks[near], n_features).sum(axis=0),
        float(weights.sum()),
        weighted(masks[heavy], weights, n_features),
    )


def weighted(masks, weights, n_features):
    """Sum of weights of the subsets with each column.

    Parameters
    ----------
    masks : array of uint64, shape (M,)
    weights : array, shape (M,)
    n_features : int

    Returns
    -------
    array, shape (p,)
    """
    one = np.uint64(1)
    return np.array([weights[(masks >> np.uint64(j)) & one != 0].sum() for j in range(n_features)])
