"""A multivariate normal distribution above lower bounds whose density is known exactly."""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from scipy.special import log_ndtr, ndtri_exp

__all__ = ["CutNormal"]

LOG_ROOT_TWO_PI = 0.5 * math.log(2.0 * math.pi)
ROOT_TWO = math.sqrt(2.0)


@njit(cache=True, error_model="numpy")
def _log_ndtr(t):
    """Return the logarithm of the standard normal distribution function, right to 1e-11."""
    if t > -25.0:
        return math.log(0.5 * math.erfc(-t / ROOT_TWO))
    s = 1.0 / (t * t)  # asymptotic series
    return -0.5 * t * t - math.log(-t) - LOG_ROOT_TWO_PI + math.log1p(-s * (1.0 - s * (3.0 - s * (15.0 - 105.0 * s))))


@njit(cache=True, error_model="numpy")
def _log_density(x, mean, factor, bound):
    """Compiled body of `CutNormal.log_density`: a sampler asks for a few points at a time, many thousand times."""
    n, p = x.shape
    z, out = np.empty(p), np.zeros(n)
    for o in range(n):
        for i in range(p):
            if not x[o, i] >= bound[i]:
                out[o] = -np.inf
                break
            centre, sd = mean[i], factor[i, i]
            for k in range(i):
                centre += factor[i, k] * z[k]
            z[i] = (x[o, i] - centre) / sd
            out[o] -= 0.5 * z[i] * z[i] + math.log(sd) + LOG_ROOT_TWO_PI + _log_ndtr((centre - bound[i]) / sd)
    return out


class CutNormal:
    """A normal distribution above lower bounds, with known density and exact draws.

    Coordinate after coordinate is normal given those before it, as in the Cholesky factor, and cut off at its own bound; where
    the bounds are far this is the multivariate normal.

    Parameters
    ----------
    mean : ndarray, shape (p,)
        Mean before the cut.
    covariance : ndarray, shape (p, p)
        Covariance before the cut.
    bound : ndarray, shape (p,)
        Lowest values; -inf for none.
    """

    def __init__(self, mean, covariance, bound):
        self.mean, self.bound = np.asarray(mean, dtype=float), np.asarray(bound, dtype=float)
        self.factor = np.linalg.cholesky(covariance)

    def log_density(self, x):
        """Return the log density, normalised.

        Parameters
        ----------
        x : ndarray, shape (n, p)
            Points.

        Returns
        -------
        ndarray, shape (n,)
            -inf below a bound.
        """
        return _log_density(np.ascontiguousarray(x, dtype=float), self.mean, self.factor, self.bound)

    def draw(self, rng, size):
        """Draw points.

        Parameters
        ----------
        rng : numpy.random.Generator
            Source of random numbers.
        size : int
            How many.

        Returns
        -------
        ndarray, shape (size, p)
            Points.
        """
        z = np.zeros((size, self.mean.size))
        x = np.zeros_like(z)
        for i, sd in enumerate(np.diag(self.factor)):
            centre = self.mean[i] + z[:, :i] @ self.factor[i, :i]
            # in logarithms, for a bound far up the tail: correlated rates send conditional means hundreds of sd below it
            z[:, i] = -ndtri_exp(log_ndtr((centre - self.bound[i]) / sd) + np.log1p(-rng.random(size)))
            x[:, i] = np.maximum(centre + sd * z[:, i], self.bound[i])
            z[:, i] = (x[:, i] - centre) / sd
        return x
