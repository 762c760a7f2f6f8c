"""End members as the corners of the smallest simplex that holds the samples, softly.

In a plane of K - 1 principal components the mixtures of K end members fill a simplex.  Among all simplices that contain the
samples the smallest one is the maximum-likelihood answer for evenly spread proportions; noise pushes samples across its
faces, so that the wall must be as soft as the noise is large.

In coordinates y_i extended by 1 (Yh, N x K) the inverse simplex Q = V^-1 gives the proportions A = Yh Q directly, and

    f(Q) = -log|det Q| + (L/N) sum_ik h(-A_ik),   h(u) = tau log(1 + exp(u/tau)),   Q 1 = e_K

is minimised with tau going down to half the relative noise (L = 1/tau at the end of the path).

References
----------
Craig, M. D. (1994) Minimum-volume transforms for remotely sensed data. IEEE Trans. Geosci. Remote Sens. 32, 542-552 (the
idea);  Li, J., Agathos, A., Zaharie, D., Bioucas-Dias, J. M., Plaza, A. & Li, X. (2015) Minimum volume simplex analysis. IEEE
Trans. Geosci. Remote Sens. 53, 5067-5082 (the problem in Q);  Bioucas-Dias, J. M. (2009) A variable splitting augmented
Lagrangian approach to linear spectral unmixing (SISAL; soft walls). Proc. WHISPERS.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import optimize

from .nfindr import n_findr

SMALLEST_SOFTNESS = 0.004
STEPS = 6
SUBSET = 4000


@dataclass(frozen=True)
class Plane:
    """The plane of the end members: the samples' mean and first K - 1 principal components.

    Parameters
    ----------
    mean : array, shape (D,)
    scale : array, shape (D,)
        What the parts were divided by before the principal components were taken.
    axes : array, shape (K-1, D)
        Orthonormal, in scaled parts.
    sd : array, shape (K-1,)
        Standard deviation of each score.
    """

    mean: np.ndarray
    scale: np.ndarray
    axes: np.ndarray
    sd: np.ndarray

    def scores(self, x):
        """Coordinates (n, K-1) of compositions (n, D), standard deviation 1 over the samples of the plane."""
        return (np.asarray(x) - self.mean) / self.scale @ self.axes.T / self.sd

    def compositions(self, scores):
        """Compositions (n, D) of points (n, K-1) of the plane."""
        return self.mean + (np.asarray(scores) * self.sd) @ self.axes * self.scale


def fit_plane(x, n_end_members, scale):
    """Mean and first K - 1 principal components of x / scale.

    Parameters
    ----------
    x : array, shape (n_samples, n_parts)
    n_end_members : int
        K.
    scale : array, shape (n_parts,)

    Returns
    -------
    Plane

    Raises
    ------
    ValueError
        The samples vary in fewer than K - 1 directions.
    """
    mean = x.mean(axis=0)
    centred = (x - mean) / scale
    if len(x) > 4 * x.shape[1]:
        values, vectors = np.linalg.eigh(centred.T @ centred / len(x))
        sd, axes = np.sqrt(np.maximum(values[::-1], 0)), vectors.T[::-1]
    else:
        _, s, axes = np.linalg.svd(centred, full_matrices=False)
        sd = s / math.sqrt(len(x))
    k = n_end_members - 1
    if len(sd) < k or sd[k - 1] < 1e-7 * max(sd[0], 1e-300):
        rank = int(np.sum(sd > 1e-7 * max(sd[0], 1e-300)))
        raise ValueError(f"the samples vary in {rank} directions only, so that no more than {rank + 1} end members can be "
                         f"told apart; {n_end_members} were asked for")  # fmt: skip
    return Plane(mean, scale, axes[:k], sd[:k])


def minimum_volume(scores, n_end_members, rng, *, noise=0.02, softness=None, n_starts=5):
    """Corners of the smallest simplex around points of a plane, with soft walls.

    Parameters
    ----------
    scores : array, shape (n_samples, n_end_members - 1)
        Standard deviation about 1 in each column.
    n_end_members : int
        K, 2 or more.
    rng : numpy.random.Generator
    noise : float
        Relative standard deviation of the analyses; the softness is half of it, at least 0.004.
    softness : float, optional
        tau in units of a proportion, instead of noise/2.
    n_starts : int
        Starts from inflated N-FINDR simplices; the best one is kept.

    Returns
    -------
    corners : array, shape (K, K-1)
    objective : float
        -log|det Q| + walls at the optimum.
    spread : float
        Difference of objective between the worst and the best start: 0 = all agree.

    References
    ----------
    Li et al. (2015), problem (7), with the hinge of Bioucas-Dias (2009) made smooth.
    """
    y = np.asarray(scores, float)
    k = int(n_end_members)
    tau = max(SMALLEST_SOFTNESS, 0.5 * noise) if softness is None else float(softness)
    if not tau > 0:
        raise ValueError(f"softness must be positive (a proportion), got {tau}")
    few = y if len(y) <= SUBSET else y[_subset(y, rng)]
    extended, thin = (np.hstack([p, np.ones((len(p), 1))]) for p in (y, few))
    index = n_findr(few, k, rng)
    path = np.geomspace(max(0.05, 2 * tau), tau, STEPS)
    found = []
    for start in range(max(1, n_starts)):
        # the first start inflates least; the others also move the vertices a little, to leave the N-FINDR basin
        corners = few[index].copy()
        centre = corners.mean(axis=0)
        corners = centre + (1.3 + 0.5 * start / max(1, n_starts - 1)) * (corners - centre)
        if start:
            corners = corners + 0.1 * rng.standard_normal(corners.shape)
        q = np.linalg.inv(np.hstack([corners, np.ones((k, 1))]))[:, :-1]
        for t in path:
            q, value = _minimise(q, thin, t, 1 / tau, last=t == path[-1])
        found.append((value, q))
    found.sort(key=lambda pair: pair[0])
    value, q = found[0]
    if len(few) < len(y):
        q, value = _minimise(q, extended, tau, 1 / tau, last=True)
    return np.linalg.inv(_whole(q))[:, :-1], float(value), float(found[-1][0] - found[0][0])


def _subset(y, rng):
    """Random samples together with the extreme ones of many directions, which carry the faces."""
    directions = rng.standard_normal((y.shape[1], 400))
    extreme = np.argmax(y @ directions, axis=0)
    return np.union1d(extreme, rng.choice(len(y), SUBSET, replace=False))


def _whole(q):
    """Q with its last column e_K - sum of the others."""
    last = -q.sum(axis=1)
    last[-1] += 1.0
    return np.column_stack([q, last])


def _minimise(q, extended, tau, penalty, last):
    k = q.shape[0]
    arguments = (extended, np.ascontiguousarray(extended.T), tau, penalty / len(extended), k)
    options = {"maxiter": 400 if last else 60, "ftol": 1e-11 if last else 1e-6, "gtol": 1e-6 if last else 1e-4, "maxcor": 20}
    done = optimize.minimize(_objective, q.ravel(), arguments, method="L-BFGS-B", jac=True, options=options)
    return done.x.reshape(k, k - 1), done.fun


def _objective(flat, extended, transposed, tau, weight, k):
    """Objective and gradient in the free columns of Q."""
    q = _whole(flat.reshape(k, k - 1))
    sign, logdet = np.linalg.slogdet(q)
    if sign == 0:
        return 1e10, np.zeros_like(flat)
    minus = extended @ q
    minus /= -tau
    # softplus and its slope share one exponential that cannot overflow
    small = np.exp(-np.abs(minus))
    positive = minus > 0
    walls = tau * (np.log1p(small).sum() + minus[positive].sum())
    slope = np.where(positive, 1.0, small) / (1.0 + small)
    gradient = -weight * (transposed @ slope) - np.linalg.inv(q).T
    return -logdet + weight * walls, (gradient[:, :-1] - gradient[:, -1:]).ravel()
