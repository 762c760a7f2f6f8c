"""Whitened k-means: clusters that lie along the same trends as independent components (the Iwamori line).

On standardised data k-means divides along the principal components; on whitened data, where Euclidean distance is that of
Mahalanobis, it divides along the independent ones.  Looked at in the space of the components, trends show as arms.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from lib.composition import centre, closure
from lib.tasks import spawn
from lib.threads import one_thread

from .factors import Factors, fit_factors

__all__ = ["Clusters", "whitened_kmeans"]


@dataclass(frozen=True, eq=False)
class Clusters:
    """Clusters of samples in the whitened space of K components, the largest first.

    Parameters
    ----------
    labels : array of int, shape (N,)
        Cluster of each sample, from 0.
    counts : array of int, shape (C,)
        Samples in each.
    centres : array, shape (C, D)
        Mean composition of each, closed to 1: geometric for log-ratios, else arithmetic.
    centre_scores : array, shape (C, K)
        Mean scores of each on the independent components.
    whitened : array, shape (N, K)
        Principal scores, mean 0 and standard deviation 1, in which the distances were taken.
    ic_scores : array, shape (N, K)
        Scores on the independent components: the same points, rotated.
    factors : Factors
        The independent components.
    curve : DataFrame
        n_clusters, within (mean squared distance to the own centre), gap, gap_sd, chosen.
    rule : {"given", "gap", "elbow"}
        What fixed the number of clusters.
    """

    labels: np.ndarray
    counts: np.ndarray
    centres: np.ndarray
    centre_scores: np.ndarray
    whitened: np.ndarray
    ic_scores: np.ndarray
    factors: Factors
    curve: pd.DataFrame
    rule: str

    @property
    def n_clusters(self) -> int:
        """Number of clusters."""
        return len(self.counts)


def whitened_kmeans(
    x, n_components, n_clusters=None, *, transform="ilr", n_init=50, max_clusters=8, n_reference=10, seed=1
) -> Clusters:
    """Cluster compositions in the whitened space of their components.

    Parameters
    ----------
    x : array, shape (N, D)
        Positive compositions, any closure.
    n_components : int
        K, the dimensions of the whitened space.
    n_clusters : int, optional
        C, from 1 to `max_clusters`; default the smallest whose gap is not surpassed by the next one, or, where that is a
        single one (arms of one cloud rather than clumps), the sharpest bend of the within-cluster distances.
    transform : {"ilr", "raw", "standardised"}
        As for `fit_factors`; "standardised" is that of the publications.
    n_init : int
        Random starts of k-means; a fifth of them for the numbers that are only compared.
    max_clusters : int
        Largest number tried, from 3, below N.
    n_reference : int
        Uniform samples for the gap statistic, at least 2.
    seed : int or numpy.random.SeedSequence
        For all starts and reference samples.

    Returns
    -------
    Clusters

    Raises
    ------
    ValueError
        As `fit_factors`, or a number of clusters that cannot be.

    References
    ----------
    Iwamori et al. (2017) Geochemistry Geophysics Geosystems 18, 994-1012 (whitened k-means and ICA);
    Tibshirani et al. (2001) Journal of the Royal Statistical Society B 63, 411-423 (gap statistic).
    """
    factors = fit_factors(x, n_components, transform=transform, seed=seed)
    white = fit_factors(x, n_components, method="pca", transform=transform).scores
    n_samples = len(white)
    if not 3 <= max_clusters < n_samples:
        raise ValueError(f"max_clusters = {max_clusters}: {n_samples} samples allow 3 to {n_samples - 1}")
    if n_clusters is not None and not 1 <= n_clusters <= max_clusters:
        raise ValueError(f"n_clusters = {n_clusters}: expected 1 to max_clusters = {max_clusters}")
    fits, reference = spawn(seed, 2)
    numbers = np.arange(1, max_clusters + 1)
    with one_thread:
        found = [_kmeans(white, k, max(n_init // 5, 1), fits) for k in numbers]
        low, high = white.min(axis=0), white.max(axis=0)
        null = np.array([
            [np.log(_kmeans(sample, k, 2, reference).inertia_) for k in numbers]
            for sample in (reference.uniform(low, high, white.shape) for _ in range(n_reference))
        ])  # fmt: skip
    within = np.array([fit.inertia_ for fit in found]) / n_samples
    gap = null.mean(axis=0) - np.log(within * n_samples)
    gap_sd = null.std(axis=0) * np.sqrt(1 + 1 / n_reference)
    rule = "given"
    if n_clusters is None:
        enough = np.flatnonzero(gap[:-1] >= gap[1:] - gap_sd[1:])
        n_clusters, rule = int(numbers[enough[0]]) if len(enough) else int(numbers[gap.argmax()]), "gap"
        if n_clusters == 1:
            n_clusters, rule = int(numbers[1:-1][np.diff(within, 2).argmax()]), "elbow"
    with one_thread:
        raw_labels = _kmeans(white, n_clusters, n_init, fits).labels_
    counts = np.bincount(raw_labels, minlength=n_clusters)
    order = np.argsort(-counts, kind="stable")
    labels = np.argsort(order)[raw_labels]
    members = [labels == c for c in range(n_clusters)]
    parts = closure(x)
    mean = centre if transform == "ilr" else (lambda rows: rows.mean(axis=0))
    return Clusters(
        labels=labels,
        counts=counts[order],
        centres=np.stack([mean(parts[rows]) for rows in members]),
        centre_scores=np.stack([factors.scores[rows].mean(axis=0) for rows in members]),
        whitened=white,
        ic_scores=factors.scores,
        factors=factors,
        curve=pd.DataFrame(
            {"n_clusters": numbers, "within": within, "gap": gap, "gap_sd": gap_sd, "chosen": numbers == n_clusters}
        ),
        rule=rule,
    )


def _kmeans(points, n_clusters, n_init, rng):
    from sklearn.cluster import KMeans

    return KMeans(int(n_clusters), n_init=n_init, random_state=int(rng.integers(2**31))).fit(points)
