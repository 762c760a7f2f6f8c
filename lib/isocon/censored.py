"""Mean of normal values of which some are only known to lie below a detection limit."""

from __future__ import annotations

import numpy as np


def censored_mean(values, limits, sigma: float) -> tuple[float, float, np.ndarray]:
    """Maximum-likelihood mean of a normal distribution with known standard deviation from measured and censored values.

    Parameters
    ----------
    values : array, shape (k,)
        Measured values (here ln c), k >= 1.
    limits : array, shape (l,)
        Limits (ln) below which the other values lie.
    sigma : float
        Standard deviation of one value, >= 0; below 1e-4 it is taken as 1e-4.

    Returns
    -------
    mean : float
        Never above the mean of ``values``.
    error : float
        Standard error from the curvature of the log likelihood, at most sigma/sqrt(k).
    expected : array, shape (l,)
        Expected hidden values given the limits; with them the mean of all k + l values is ``mean``.

    Notes
    -----
    With z = (limit - mean)/sigma and h = phi(z)/Phi(z) the score is sum(values - mean)/sigma^2 - sum(h)/sigma, which
    falls steadily, so that its only root is the maximum.  A limit far above the measured values says nothing; one far
    below them pulls the mean down, nearly as a value at the limit would.
    """
    from scipy import optimize, special  # here, since a mere check of a table must not wait for SciPy

    values, limits, sigma = np.asarray(values, float), np.asarray(limits, float), max(float(sigma), 1e-4)

    def hazard(mean):
        z = (limits - mean) / sigma
        return z, np.exp(-0.5 * z * z - special.log_ndtr(z)) / np.sqrt(2 * np.pi)

    def score(mean):
        return (values - mean).sum() / sigma - hazard(mean)[1].sum()

    top = float(values.mean())
    # at this lower end every h is below 0.8, and the measured values pull up more strongly than that
    low = min(top, float(limits.min(initial=np.inf))) - sigma * (1 + 0.8 * limits.size / values.size)
    mean = top if limits.size == 0 or score(top) >= 0 else float(optimize.brentq(score, low, top, xtol=1e-14, rtol=1e-14))
    z, h = hazard(mean)
    information = (values.size + np.sum(h * (z + h))) / sigma**2
    return mean, float(information**-0.5), mean - sigma * h
