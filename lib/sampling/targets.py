"""Problems with known answers: a Gaussian, two peaks, a linear regression; for tests, benchmarks and demonstrations."""

import numpy as np
from numba import njit

from lib.sampling.problem import Problem

__all__ = ["GaussianTarget", "LinearRegression", "bimodal"]


@njit
def quadratic(theta, args):
    """Compiled Gaussian log-likelihood with mean args[0] and precision args[1]; args[2] is the prior's sd."""
    total = 0.0
    for i in range(theta.shape[0]):
        for j in range(theta.shape[0]):
            total -= 0.5 * (theta[i] - args[0][i]) * args[1][i, j] * (theta[j] - args[0][j])
    return total


@njit
def gaussian_prior(theta, args):
    """Compiled ln N(0, args[2]^2) without its constant."""
    return -0.5 * np.sum(theta**2) / args[2] ** 2


class GaussianTarget:
    """Gaussian likelihood exp(-q / 2) and prior N(0, sd^2): posterior and evidence in closed form.

    Parameters
    ----------
    d : int
        Number of parameters.
    seed : int
        Of the correlated precision matrix and the mean.
    sd : float
        Of the prior.
    information : float
        Factor of the precision matrix.
    """

    def __init__(self, d, seed=3, sd=3.0, information=20.0):
        rng = np.random.default_rng(seed)
        a = rng.standard_normal((d, d))
        self.d, self.sd, self.mean = d, sd, rng.standard_normal(d)
        self.precision = np.linalg.inv(a @ a.T + 0.1 * np.eye(d)) * information
        spread = np.linalg.inv(self.precision)
        self.covariance = np.linalg.inv(self.precision + np.eye(d) / sd**2)
        self.posterior_mean = self.covariance @ self.precision @ self.mean
        total = spread + sd**2 * np.eye(d)
        # ln of integral exp(-q/2) N(theta; 0, sd^2) = ln N(mean; 0, spread + sd^2) + d/2 ln 2 pi + 1/2 ln |spread|
        self.log_evidence = 0.5 * (
            np.linalg.slogdet(spread)[1] - np.linalg.slogdet(total)[1] - self.mean @ np.linalg.solve(total, self.mean)
        )

    def problem(self, form="compiled"):
        """The problem with its functions "compiled", "vectorised" or "plain".

        Parameters
        ----------
        form : str

        Returns
        -------
        Problem
        """
        names = [f"x{i}" for i in range(self.d)]
        if form == "compiled":
            return Problem(names, quadratic, gaussian_prior, self.draw, args=(self.mean, self.precision, self.sd))
        return Problem(names, self.log_likelihood, self.log_prior, self.draw, vectorised=form == "vectorised")

    def log_likelihood(self, theta):
        """Ln L of theta, shape (..., d)."""
        u = theta - self.mean
        return -0.5 * np.einsum("...i,ij,...j->...", u, self.precision, u)

    def log_prior(self, theta):
        """Ln prior of theta, shape (..., d), without its constant."""
        return -0.5 * np.sum(theta**2, axis=-1) / self.sd**2

    def draw(self, rng, n):
        """N draws from the prior, shape (n, d)."""
        return self.sd * rng.standard_normal((n, self.d))


@njit
def two_peaks(theta, args):
    """Two equal Gaussian peaks of width args[0] at +- 1 in every coordinate, normalised."""
    s = args[0]
    right, left = 0.0, 0.0
    for i in range(theta.shape[0]):
        right -= 0.5 * ((theta[i] - 1) / s) ** 2
        left -= 0.5 * ((theta[i] + 1) / s) ** 2
    high = max(right, left)
    norm = theta.shape[0] * np.log(s * np.sqrt(2 * np.pi))
    return high + np.log(0.5 * np.exp(right - high) + 0.5 * np.exp(left - high)) - norm


def bimodal(d=3, width=0.05):
    """Two equal peaks at +1 and -1 in every coordinate, prior flat on (-3, 3)^d: ln Z = -d ln 6, half of the mass each.

    Parameters
    ----------
    d : int
    width : float
        Standard deviation of a peak.

    Returns
    -------
    Problem
    """
    return Problem([f"x{i}" for i in range(d)], two_peaks, bounds=np.tile([-3.0, 3.0], (d, 1)), args=(width,))


class LinearRegression:
    """y = X theta + N(0, sigma^2), theta ~ N(0, sd^2): ln Z = ln N(y; 0, sigma^2 + sd^2 X X^T).

    Parameters
    ----------
    rng : numpy.random.Generator
        For X, the true theta and the noise.
    n, d : int
        Data and coefficients.
    sigma, sd : float
        Standard deviations of noise and prior.
    """

    def __init__(self, rng, n=20, d=3, sigma=0.5, sd=2.0):
        self.x, self.sigma, self.sd, self.n, self.d = rng.standard_normal((n, d)), sigma, sd, n, d
        self.truth = sd * rng.standard_normal(d)
        self.y = self.x @ self.truth + sigma * rng.standard_normal(n)
        c = sigma**2 * np.eye(n) + sd**2 * self.x @ self.x.T
        self.log_evidence = -0.5 * (self.y @ np.linalg.solve(c, self.y) + np.linalg.slogdet(c)[1] + n * np.log(2 * np.pi))

    def problem(self):
        """The compiled problem.

        Returns
        -------
        Problem
        """
        return Problem(
            [f"b{i}" for i in range(self.d)],
            regression,
            regression_prior,
            self.draw,
            args=(self.x, self.y, self.sigma, self.sd),
        )

    def draw(self, rng, n):
        """N draws from the prior, shape (n, d)."""
        return self.sd * rng.standard_normal((n, self.d))


@njit
def regression(theta, args):
    """Compiled log-likelihood of y = X theta with args = (X, y, sigma, sd of the prior)."""
    x, y, sigma, _ = args
    total = 0.0
    for i in range(len(y)):
        r = y[i]
        for j in range(theta.shape[0]):
            r -= x[i, j] * theta[j]
        total += r * r
    return -0.5 * total / sigma**2 - len(y) * np.log(sigma * np.sqrt(2 * np.pi))


@njit
def regression_prior(theta, args):
    """Compiled ln N(0, args[3]^2) without its constant."""
    return -0.5 * np.sum(theta**2) / args[3] ** 2
