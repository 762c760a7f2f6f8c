"""Isocon with mass change smooth along a profile: a Gaussian prior on m along distance, spacing irregular.

Two priors.  *walk*: gamma/2 sum (m_{n+1} - m_n)^2 / distance, a random walk (the fused penalty with squares); *matern*:
stationary with covariance sd^2 exp(-distance/length) around a free mean (Matern-1/2), which is the walk at short
distances with gamma = length / (2 sd^2).  With gamma -> 0 (or sd -> infinity) the plain fit comes back.
"""

from __future__ import annotations

import itertools

import numpy as np
from scipy import optimize

from . import kernels
from .logratio import IsoconData
from .results import IsoconFit, location_covariance
from .sparse import arrays, chi2_table, fit_sparse


def walk_precision(position: np.ndarray) -> np.ndarray:
    """Laplacian L of the random walk, shape (N, N): m^T L m = sum over neighbours of (difference)^2 / distance.

    Samples at the same place are tied through a thousandth of the profile's length.
    """
    position = np.asarray(position, float)
    order = np.argsort(position, kind="stable")
    span = np.ptp(position)
    if not (np.isfinite(span) and span > 0):
        raise ValueError("a profile needs at least two samples at different positions")
    out = np.zeros((position.size, position.size))
    for a, b in itertools.pairwise(order):
        w = 1.0 / max(position[b] - position[a], 1e-3 * span)
        out[[a, b], [a, b]] += w
        out[[a, b], [b, a]] -= w
    return out


def matern_precision(position: np.ndarray, sd: float, length: float) -> np.ndarray:
    """Precision of the Matern-1/2 prior with a free mean, shape (N, N); a constant vector costs nothing."""
    position = np.asarray(position, float)
    covariance = sd**2 * np.exp(-np.abs(position[:, None] - position[None, :]) / length)
    covariance[np.diag_indices(position.size)] += 1e-9 * sd**2
    precision = np.linalg.inv(covariance)
    one = precision.sum(axis=0)
    return precision - np.outer(one, one) / one.sum()


def smooth(m: np.ndarray, covariance: np.ndarray, precision: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Posterior mean (N,) and covariance (N, N) of m from an estimate, its covariance, and a prior precision."""
    information = np.linalg.inv(covariance)
    posterior = np.linalg.inv(information + precision)
    return posterior @ (information @ m), posterior


def log_marginal(m: np.ndarray, covariance: np.ndarray, precision: np.ndarray) -> float:
    """Log density of an estimate m ~ N(prior, covariance), up to a constant; flat directions are integrated out.

    Uses ln|Q|_+ over the positive eigenvalues of the prior precision Q.
    """
    information = np.linalg.inv(covariance)
    both = information + precision
    fitted = np.linalg.solve(both, information @ m)
    quadratic = m @ information @ m - (information @ m) @ fitted
    eigen = np.linalg.eigvalsh(precision)
    positive = eigen[eigen > 1e-9 * eigen[-1]]
    return 0.5 * (np.log(positive).sum() - np.linalg.slogdet(both)[1] + np.linalg.slogdet(information)[1] - quadratic)


def choose_gamma(m: np.ndarray, covariance: np.ndarray, position: np.ndarray) -> float:
    """Strength gamma of the walk prior with the highest marginal likelihood (searched from 1e-4 to 1e6 times unity)."""
    laplacian = walk_precision(position)
    grid = np.logspace(-4, 6, 41) * np.ptp(position)
    value = [log_marginal(m, covariance, g * laplacian) for g in grid]
    best = int(np.argmax(value))
    low, high = grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)]
    found = optimize.minimize_scalar(
        lambda v: -log_marginal(m, covariance, np.exp(v) * laplacian), bounds=(np.log(low), np.log(high)), method="bounded"
    )
    return float(np.exp(found.x))


def fit_spatial(
    data: IsoconData,
    *,
    gamma: float | None = None,
    matern: tuple[float, float] | None = None,
    estimate_scale: bool | None = None,
    max_turns: int = 20,
) -> IsoconFit:
    """Algorithm S with a smooth prior on m along ``data.position``.

    Parameters
    ----------
    data : IsoconData
        With ``position`` (any unit) for every altered sample.
    gamma : float, optional
        Strength of the walk prior (position units); 0 = plain fit; default: by marginal likelihood.
    matern : (sd, length), optional
        Use the Matern-1/2 prior with these values instead.
    estimate_scale : bool, optional
        See `lib.isocon.sparse.fit_sparse`.
    max_turns : int
        Limit of the turns between the smooth profile and the immobile set.

    Notes
    -----
    The plain fit gives the starting set A; then in turn: mean and covariance of m from A, prior strength, posterior
    of m, new set A at the posterior, until A is stable.
    """
    plain = fit_sparse(data, estimate_scale=estimate_scale)
    if data.shape[1] < 2:
        return plain.replace(method="spatial")
    if data.position is None:
        raise ValueError("the spatial variant needs a position of every altered sample: add distance_m or depth_m")
    x, p, s2, below = arrays(data)
    cut, _ = chi2_table(data.dof, int(data.used.sum()))
    member, k = plain.immobile, plain.scale
    r2, active = np.empty(len(x)), np.empty_like(x)
    m = plain.m
    for _ in range(max_turns):
        covariance = location_covariance(data, member, k)
        estimate = m.copy()
        omega = np.where(member, data.weight, 0.0)
        kernels.iterate(kernels.FIXED, x, p, s2, below, omega, np.ones(len(x)), estimate, 1e-12, 50)
        if matern is not None:
            prior = matern_precision(data.position, *matern)
        else:
            strength = choose_gamma(estimate, covariance, data.position) if gamma is None else float(gamma)
            prior = strength * walk_precision(data.position)
        m, posterior = smooth(estimate, covariance, prior)
        kernels.distances(x, p, s2, below, m, active, r2)
        new = data.used & (r2 < k * k * cut)
        if np.array_equal(new, member) or new.sum() < 2:
            break
        member = new
    kernels.distances(x, p, s2, below, m, active, r2)
    weight = np.exp(-0.5 * r2 / (plain.tuning * k) ** 2 / data.dof)
    return plain.replace(method="spatial", m=m, covariance=posterior, immobile=member, distance=np.sqrt(r2), weight=weight)
