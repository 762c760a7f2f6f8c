"""Archetypal analysis: end members that are mixtures of samples, E = B X, rows of B on the simplex.

The end members stay inside the convex hull of the samples: right where nearly pure samples exist (laboratory mixtures, drill
cores through a source), biased inwards where nothing is pure.

References
----------
Cutler, A. & Breiman, L. (1994) Archetypal analysis. Technometrics 36, 338-347;  Morup, M. & Hansen, L. K. (2012)
Neurocomputing 80, 54-63 (furthest-sum start);  Mair, S., Boubekki, A. & Brefeld, U. (2017) Frame-based data factorizations.
Proc. ICML, PMLR 70, 2305-2313 (hull points suffice).
"""

from __future__ import annotations

import numpy as np
from scipy import optimize

from .fcls import solve

# with more samples than this, archetypes use the samples that are extreme in so many directions, and the alternation looks at
# these and at as many random ones; proportions are then found for all
MOST_CANDIDATES = 1500
DIRECTIONS = 700


def archetypal_analysis(x, n_end_members, rng, *, scale=None, n_starts=3, max_iterations=200, tolerance=1e-6):
    """Archetypes by exact alternating least squares.

    Parameters
    ----------
    x : array, shape (n_samples, n_parts)
    n_end_members : int
        K, 2 or more.
    rng : numpy.random.Generator
    scale : array, shape (n_parts,), optional
        What misfits are divided by; default: standard deviation of each part.
    n_starts : int
        Furthest-sum starts; the best one is kept.
    max_iterations : int
        Alternations a start.
    tolerance : float
        Stop when the residual sum of squares falls by less than this share.

    Returns
    -------
    end_members : array, shape (K, n_parts)
    weights : array, shape (K, n_samples)
        B; each row >= 0, sum 1: which samples an archetype is made of.
    rss : float
        Residual sum of squares in scaled parts, of the samples that were looked at.

    References
    ----------
    Cutler & Breiman (1994), section 5.
    """
    x = np.asarray(x, float)
    s = np.std(x, axis=0) if scale is None else np.asarray(scale, float)
    z = (x - x.mean(axis=0)) / np.where(s > 0, s, 1.0)
    hull = _candidates(z, rng)
    rows = hull if len(x) > MOST_CANDIDATES else np.arange(len(x))
    if len(rows) < len(x):
        rows = np.union1d(rows, rng.choice(len(x), MOST_CANDIDATES, replace=False))
    best = None
    for _ in range(max(1, n_starts)):
        e, weights, rss = _alternate(z[rows], z[hull], n_end_members, rng, max_iterations, tolerance)
        if best is None or rss < best[2]:
            best = e, weights, rss
    _, weights, rss = best
    whole = np.zeros((n_end_members, len(x)))
    whole[:, hull] = weights
    return whole @ x, whole, float(rss)


def _candidates(z, rng):
    """Samples that archetypes may use: all of few, else those that are extreme in many directions."""
    if len(z) <= MOST_CANDIDATES:
        return np.arange(len(z))
    directions = rng.standard_normal((z.shape[1], DIRECTIONS))
    axes = np.linalg.svd(np.cov(z.T))[2]  # directions in the first few components matter most
    few = axes[: min(5, len(axes))].T @ rng.standard_normal((min(5, len(axes)), DIRECTIONS))
    return np.unique(np.concatenate([np.argmax(z @ directions, axis=0), np.argmax(z @ few, axis=0)]))


def _alternate(z, hull, k, rng, max_iterations, tolerance):
    weights = np.zeros((k, len(hull)))
    weights[np.arange(k), _furthest_sum(hull, k, rng)] = 1.0
    e = weights @ hull
    # one row of large numbers keeps the sum of the weights at 1 inside a standard NNLS
    heavy = 100 * np.max(np.abs(hull))
    system = np.vstack([hull.T, np.full(len(hull), heavy)])
    total, rss, a = np.sum(z**2), np.inf, None
    for _ in range(max_iterations):
        a = solve(e @ e.T, z @ e.T, a)
        gram, cross = a.T @ a, a.T @ z
        for j in range(k):
            if gram[j, j] < 1e-12:
                continue
            target = e[j] + (cross[j] - gram[j] @ e) / gram[j, j]
            found = optimize.nnls(system, np.append(target, heavy))[0]
            weights[j] = found / found.sum()
            e[j] = weights[j] @ hull
        now = total - 2 * np.sum(e * cross) + np.sum((gram @ e) * e)
        if rss - now < tolerance * max(rss, 1e-12 * total) if np.isfinite(rss) else False:
            rss = now
            break
        rss = now
    return e, weights, max(rss, 0.0)


def _furthest_sum(points, k, rng, extra=10):
    """Points far from each other: add the one with the largest summed distance, then replace the first (random) ones."""
    chosen = [int(rng.integers(len(points)))]
    distance = np.linalg.norm(points - points[chosen[0]], axis=1)
    for i in range(k + extra - 1):
        if i >= k - 1:  # forget the oldest
            old = chosen.pop(0)
            distance = distance - np.linalg.norm(points - points[old], axis=1)
        score = distance.copy()
        score[chosen] = -np.inf
        chosen.append(int(np.argmax(score)))
        distance = distance + np.linalg.norm(points - points[chosen[-1]], axis=1)
    return np.array(chosen)
