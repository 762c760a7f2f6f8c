"""A multivariate normal distribution above lower bounds whose density is known exactly."""

from __future__ import annotations

import math

import numpy as np
from scipy.special import log_ndtr, ndtri_exp

__all__ = ["CutNormal"]

LOG_ROOT_TWO_PI = 0.5 * math.log(2.0 * math.pi)


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
        z, value = np.zeros_like(x), np.zeros(len(x))
        for i, sd in enumerate(np.diag(self.factor)):
            centre = self.mean[i] + z[:, :i] @ self.factor[i, :i]
            z[:, i] = (x[:, i] - centre) / sd
            value -= 0.5 * z[:, i] ** 2 + math.log(sd) + LOG_ROOT_TWO_PI
            value -= log_ndtr((centre - self.bound[i]) / sd)
        return np.where((x >= self.bound).all(axis=1), value, -np.inf)

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
