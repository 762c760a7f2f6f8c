"""Evidence of one network by a Laplace approximation that knows that rates are not negative.

Around the most probable rates the posterior is a normal distribution of which only the part above the bounds counts: for each
rate away from its bound the whole normal integral times the probability Phi of that part; for a rate at its bound the integral
over one side of what is then not a maximum but a slope.  Rates are treated one after the other, so that the value is
approximate where several rates near zero are correlated.
"""

from __future__ import annotations

import dataclasses
import math

import numpy as np
from scipy.special import log_ndtr, ndtr, ndtri

__all__ = ["LaplaceFit", "laplace_evidence", "one_sided_integral"]

#: A rate counts as at its bound when it is less than this many posterior standard deviations ...
NEAR_SD = 0.5
#: ... and less than this part of the prior's width above it.
NEAR_SCALE = 0.05
#: What a slope may promise beyond the point where the fit ended, in nats.
MOST_PROMISE = 1.0
#: Allowance, in nats, for the likelihood of the most probable rates being below the largest, which caps the evidence.
CAP = 0.5
LOG_TWO_PI = math.log(2.0 * math.pi)


@dataclasses.dataclass(frozen=True, eq=False)
class LaplaceFit:
    """A Laplace approximation.

    Parameters
    ----------
    log_evidence : float
        Natural logarithm of the evidence, without the constants of the likelihood.
    at_bound : ndarray of bool, shape (p,)
        Rates at their bound.
    mean, sd : ndarray, shape (p,)
        Of the normal distribution of each coordinate, whose part above the bound is its marginal posterior.
    covariance : ndarray, shape (p, p)
        Of the normal distribution of all coordinates: the inverse Hessian.
    bound : ndarray, shape (p,)
        Lowest coordinate.
    log : ndarray of bool, shape (p,)
        Coordinates that are logarithms.
    caught : bool
        Whether the fit ended at a kink, whose slope was left out.
    """

    log_evidence: float
    at_bound: np.ndarray
    mean: np.ndarray
    sd: np.ndarray
    covariance: np.ndarray
    bound: np.ndarray
    log: np.ndarray
    caught: bool = False

    def quantiles(self, probabilities):
        """Return quantiles of the rate constants' marginal posteriors.

        Parameters
        ----------
        probabilities : array_like, shape (q,)
            Between 0 and 1.

        Returns
        -------
        ndarray, shape (q, p)
            Rate constants.
        """
        u = np.asarray(probabilities, dtype=float)[:, None]
        # upper tail probabilities keep their digits where the mean lies far below the bound
        above = ndtr((self.mean - self.bound) / self.sd)
        z = -ndtri(np.maximum((1.0 - u) * above, 1e-300))
        x = np.maximum(self.mean + self.sd * z, self.bound)
        return np.where(self.log, np.exp(np.where(self.log, x, 0.0)), x)

    def cdf(self, k):
        """Return the marginal posterior probabilities of rate constants at most k.

        Parameters
        ----------
        k : ndarray, shape (..., p)
            Rate constants.

        Returns
        -------
        ndarray, shape (..., p)
            Probabilities.
        """
        x = np.where(self.log, np.log(np.maximum(k, 1e-300)), k)
        above = ndtr((self.mean - self.bound) / self.sd)
        return np.clip(1.0 - ndtr((self.mean - x) / self.sd) / np.maximum(above, 1e-300), 0.0, 1.0)


def one_sided_integral(slope, curvature, distance=0.0):
    """Return the logarithm of the integral of exp(-slope u - curvature u^2 / 2) from u = -distance to infinity.

    Parameters
    ----------
    slope : array_like
        Gradient of the negative log posterior at u = 0.
    curvature : array_like, above 0
        Its second derivative.
    distance : array_like, 0 or more
        How far the bound lies below.

    Returns
    -------
    ndarray
        sqrt(2 pi / h) exp(g^2 / 2h) Phi(d sqrt(h) - g / sqrt(h)), as logarithm.
    """
    root = np.sqrt(curvature)
    z = np.asarray(slope) / root
    return 0.5 * LOG_TWO_PI - np.log(root) + 0.5 * z * z + log_ndtr(distance * root - z)


def laplace_evidence(problem, fit):
    """Approximate the evidence of a network.

    Parameters
    ----------
    problem : SelectionProblem
        Data and priors.
    fit : MapFit
        Its most probable rates.

    Returns
    -------
    LaplaceFit
        Evidence and marginal posteriors; ``caught`` when the fit ended at a kink.

    Notes
    -----
    A fit caught at a kink (a rate of zero, next to which something is used up at once) leaves a gradient that promises a
    summit where there is none: a promise of more than `MOST_PROMISE` is left out. Priors integrate to one, so that an evidence
    is at most the largest likelihood.
    """
    found = _quadratic(problem, fit, fit.gradient)
    if not np.isfinite(fit.penalised):
        return found
    sober = _quadratic(problem, fit, np.where(found.at_bound, np.maximum(fit.gradient, 0.0), 0.0))
    if found.log_evidence > sober.log_evidence + MOST_PROMISE:
        found = dataclasses.replace(sober, caught=True)
    return dataclasses.replace(found, log_evidence=min(found.log_evidence, fit.log_likelihood + CAP))


def _quadratic(problem, fit, gradient):
    """Integral of the quadratic about the fit, cut off at the bounds."""
    prior, active, p = problem.prior, fit.active, len(fit.active)
    bound, log = prior.bound[active], prior.log[active]
    if not np.isfinite(fit.penalised):
        nothing = np.full(p, np.nan)
        return LaplaceFit(-np.inf, np.zeros(p, dtype=bool), nothing, nothing, np.full((p, p), np.nan), bound, log)
    covariance = np.linalg.inv(fit.hessian) if p else np.zeros((0, 0))
    distance = fit.x - bound
    near = (distance < NEAR_SD * np.sqrt(np.diag(covariance))) & (distance < NEAR_SCALE * prior.width[active])
    inside, at = np.flatnonzero(~near), np.flatnonzero(near)
    value = fit.penalised + float(prior.constant[active].sum())
    mean, sd = fit.x.copy(), np.sqrt(np.diag(covariance))
    rest = np.zeros((0, 0))
    if inside.size:
        block = fit.hessian[np.ix_(inside, inside)]
        rest = np.linalg.inv(block)
        # the search stops a little short of the top: the quadratic says by how much
        shift = -rest @ gradient[inside]
        value += 0.5 * float(shift @ block @ shift)
        value += 0.5 * inside.size * LOG_TWO_PI - 0.5 * float(np.linalg.slogdet(block)[1])
        mean[inside] += shift
        sd[inside] = np.sqrt(np.diag(rest))
        value += float(log_ndtr((mean[inside] - bound[inside]) / sd[inside]).sum())
    if at.size:
        cross = fit.hessian[np.ix_(at, inside)]
        curvature = np.diag(fit.hessian)[at] - np.einsum("ij,jk,ik->i", cross, rest, cross)
        curvature = np.maximum(curvature, 1e-12 * np.diag(fit.hessian)[at])
        slope = gradient[at]
        value += float(one_sided_integral(slope, curvature, distance[at]).sum())
        mean[at], sd[at] = fit.x[at] - slope / curvature, 1.0 / np.sqrt(curvature)
    return LaplaceFit(value, near, mean, sd, covariance, bound, log)
