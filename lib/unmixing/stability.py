"""How reproducible are the components: repeated fits, clustered (Icasso), and the cone in which each direction lies.

A random restart on the same samples finds the same optimum again even where the data do not determine it; it is the
resampling of samples that shows what a new sampling campaign would have found.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import squareform

from lib.composition import closure, clr, clr_inv
from lib.tasks import run_tasks

from .factors import Factors, fit_factors, match

__all__ = ["RESAMPLE", "THRESHOLD", "Stability", "icasso"]

RESAMPLE = ("bootstrap", "start", "both")
#: A component with a lower quality index over bootstrap runs is flagged as unstable.
THRESHOLD = 0.75


@dataclass(frozen=True, eq=False)
class Stability:
    """Repeated fits of the same table; component k is that of the fit to all samples.

    Parameters
    ----------
    factors : Factors
        Fit to all samples.
    iq : array, shape (K,)
        Quality index: mean similarity inside the cluster minus mean similarity to all others, at most 1.
    centrotype : array, shape (K, D)
        clr direction of the run that is most like all others of its cluster, one standard deviation long.
    angles_deg : array, shape (R, K)
        Angle between the direction of each run and the centrotype, 0-90 degrees.
    cone_deg : array, shape (K,)
        Their quantile at `level`.
    directions : array, shape (R, K, D)
        clr directions of all runs, matched and pointed as the centrotypes.
    centres : array, shape (R, D)
        Centre of each run, closed to 1.
    labels : array of int, shape (R K,)
        Cluster (= component) of component j of run r, at r K + j.
    similarity : array, shape (R K, R K)
        ``|correlation|`` of the scores that two runs give to all samples, 0-1.
    linkage : array, shape (R K - 1, 4)
        Average-link tree as of `scipy.cluster.hierarchy.linkage`, of distances 1 - similarity.
    threshold : float
        Index below which a component is flagged.
    level : float
        Level of the cone.
    resample : str
        What was varied.
    unconverged : int
        Runs whose ICA did not reach an optimum (kept: they are part of the instability).
    """

    factors: Factors
    iq: np.ndarray
    centrotype: np.ndarray
    angles_deg: np.ndarray
    cone_deg: np.ndarray
    directions: np.ndarray
    centres: np.ndarray
    labels: np.ndarray
    similarity: np.ndarray
    linkage: np.ndarray
    threshold: float
    level: float
    resample: str
    unconverged: int = 0

    @property
    def flagged(self) -> np.ndarray:
        """Components whose quality index is below the threshold, bool, shape (K,)."""
        return ~(self.iq >= self.threshold)

    @property
    def n_runs(self) -> int:
        """Number of runs."""
        return len(self.directions)

    @property
    def messages(self) -> list[str]:
        """What a reader has to know before naming the components."""
        found = [
            f"component {k + 1} is not reproducible: quality index {self.iq[k]:.2f} (limit {self.threshold:g}), "
            f"{100 * self.level:.0f} % cone {self.cone_deg[k]:.0f} degrees"
            for k in np.flatnonzero(self.flagged)
        ]
        if self.resample == "start":
            found.append("only the starts were varied: this cannot show that there are too few samples")
        if self.unconverged:
            found.append(f"{self.unconverged} of {self.n_runs} runs did not converge")
        return found

    def interval(self, level=0.9) -> tuple[np.ndarray, np.ndarray]:
        """Lower and upper clr loadings over the runs, each of shape (K, D).

        Parameters
        ----------
        level : float
            Share of the runs between the two, 0-1.
        """
        tail = (1.0 - level) / 2
        low, high = np.quantile(self.directions, [tail, 1.0 - tail], axis=0)
        return low, high

    def curves(self, k, t=None, through=None) -> np.ndarray:
        """Curves of component k in all runs, shape (R, T, D): the bundle behind a bootstrap band (log-ratio fits only).

        Parameters
        ----------
        k : int
            Component, from 0.
        t : array, shape (T,), optional
            Scores in standard deviations; default `Factors.span`.
        through : array, shape (D,), optional
            Composition at t = 0; default the centre of each run.
        """
        if self.factors.transform != "ilr":
            raise ValueError(f"curves of a {self.factors.transform} fit are straight lines: draw them from factors.curve")
        t = self.factors.span(k) if t is None else np.asarray(t, dtype=float)
        origin = clr(self.centres) if through is None else np.broadcast_to(clr(through), self.centres.shape)
        logs = origin[:, None, :] + t[:, None] * self.directions[:, None, k, :]
        return clr_inv(logs.reshape(-1, logs.shape[-1])).reshape(logs.shape)

    def frame(self) -> pd.DataFrame:
        """One row a component: share, stability_iq, cone_deg, median_angle_deg, flagged."""
        return pd.DataFrame(
            {
                "component": np.arange(1, len(self.iq) + 1),
                "share": self.factors.share,
                "stability_iq": self.iq,
                "cone_deg": self.cone_deg,
                "median_angle_deg": np.median(self.angles_deg, axis=0),
                "flagged": self.flagged,
            }
        )


def icasso(
    x, n_components, *, n_runs=50, resample="bootstrap", method="ica", transform="ilr", threshold=THRESHOLD, level=0.9,
    seed=1, n_jobs=1,
) -> Stability:  # fmt: skip
    """Fit the components again and again, cluster all results, and say which of them come back.

    Parameters
    ----------
    x : array, shape (N, D)
        Positive compositions, any closure.
    n_components : int
        K.
    n_runs : int
        Repeated fits, at least 2; 50-100 for a published index.
    resample : {"bootstrap", "start", "both"}
        Draw the samples again with replacement; only begin from other random rotations; or both.
    method, transform : str
        As for `fit_factors`.
    threshold : float
        Quality index below which a component is flagged. Default 0.75, calibrated on artificial rocks.
    level : float
        Level of the cone (0-1).
    seed : int or numpy.random.SeedSequence
        For resampling and starts.
    n_jobs : int
        Processes (see `lib.tasks.run_tasks`); the result does not depend on it.

    Returns
    -------
    Stability

    Raises
    ------
    ValueError
        As `fit_factors`, or fewer than two runs.

    References
    ----------
    Himberg et al. (2004) NeuroImage 22, 1214-1222 (similarity, clusters, quality index).
    """
    if resample not in RESAMPLE:
        raise ValueError(f"resample = {resample!r}: expected one of {', '.join(RESAMPLE)}")
    if n_runs < 2:
        raise ValueError(f"n_runs = {n_runs}: two fits at least are needed to compare them")
    factors = fit_factors(x, n_components, method=method, transform=transform, seed=seed)
    x = closure(x)
    sequence = seed if isinstance(seed, np.random.SeedSequence) else np.random.SeedSequence(seed)
    task = {
        "x": x, "n_components": n_components, "resample": resample, "method": method, "transform": transform,
        "fixed": int(sequence.generate_state(1)[0]),
    }  # fmt: skip
    runs = run_tasks(_one_run, [task] * n_runs, seed=seed, n_jobs=n_jobs, label="stability")
    directions = np.stack([run[0] for run in runs])
    unmixing = np.concatenate([run[1] for run in runs])

    similarity = _similarity(unmixing, clr(x) if transform == "ilr" else x)
    tree, labels = _clusters(similarity, n_components)
    iq, centres = _quality(similarity, labels, n_components)
    flat = directions.reshape(-1, directions.shape[-1])
    # a cluster has the number of the component of the full fit that it is most like
    pairs = match(flat[centres], factors.directions)
    renumber = np.argsort(pairs.order)
    centrotype = pairs.apply(flat[centres])
    matched = [match(run, centrotype) for run in directions]
    angles = np.stack([pair.angle_deg for pair in matched])
    return Stability(
        factors=factors,
        iq=iq[pairs.order],
        centrotype=centrotype,
        angles_deg=angles,
        cone_deg=np.quantile(angles, level, axis=0),
        directions=np.stack([pair.apply(run) for pair, run in zip(matched, directions, strict=True)]),
        centres=np.stack([run[2] for run in runs]),
        labels=renumber[labels],
        similarity=similarity,
        linkage=tree,
        threshold=threshold,
        level=level,
        resample=resample,
        unconverged=sum(not run[3] for run in runs),
    )


def _one_run(x, n_components, resample, method, transform, fixed, rng):
    """Directions, unmixing vectors, centre and convergence of one repeated fit."""
    if resample != "start":
        x = x[_distinct_rows(len(x), n_components + 1, rng)]
    start = fixed if resample == "bootstrap" else int(rng.integers(2**32))
    found = fit_factors(x, n_components, method=method, transform=transform, n_starts=1, seed=start)
    return found.directions, found.unmixing, found.centre, found.converged


def _distinct_rows(n_samples, least, rng):
    """Rows drawn with replacement; again in the rare case that too few differ to fit anything."""
    while True:
        rows = rng.integers(n_samples, size=n_samples)
        if len(np.unique(rows)) > least:
            return rows


def _similarity(unmixing, coordinates):
    """``|correlation|`` of the scores that each unmixing vector gives to all samples."""
    scores = unmixing @ (coordinates - coordinates.mean(axis=0)).T
    scores /= np.linalg.norm(scores, axis=1, keepdims=True)
    found = np.abs(scores @ scores.T)
    np.fill_diagonal(found, 1.0)
    return np.minimum(found, 1.0)


def _clusters(similarity, n_clusters):
    """Average-link tree and labels 0 to n_clusters - 1."""
    distance = 1.0 - (similarity + similarity.T) / 2
    tree = linkage(squareform(distance, checks=False), method="average")
    labels = fcluster(tree, n_clusters, criterion="maxclust") - 1
    missing = n_clusters - (labels.max() + 1)
    if missing:  # ties of identical results: the cut gives fewer clusters than asked for; take the nearest centres instead
        labels = _by_first_run(similarity, n_clusters)
    return tree, labels


def _by_first_run(similarity, n_clusters):
    labels = np.empty(len(similarity), dtype=int)
    for start in range(0, len(similarity), n_clusters):
        rows, columns = linear_sum_assignment(-similarity[start : start + n_clusters, :n_clusters])
        labels[start + rows] = columns
    return labels


def _quality(similarity, labels, n_clusters):
    """Quality index and row of the centrotype of each cluster; one run alone is no cluster and gets no inside."""
    iq, centres = np.empty(n_clusters), np.empty(n_clusters, dtype=int)
    for k in range(n_clusters):
        inside = labels == k
        size = inside.sum()
        block = similarity[np.ix_(inside, inside)]
        within = (block.sum() - size) / (size * (size - 1)) if size > 1 else 0.0
        between = similarity[np.ix_(inside, ~inside)].mean() if size < len(labels) else 0.0
        iq[k] = within - between
        centres[k] = np.flatnonzero(inside)[block.sum(axis=1).argmax()]
    return iq, centres
