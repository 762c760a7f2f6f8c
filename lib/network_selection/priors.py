"""Priors of rate constants: a half-normal, or a log-normal for what cannot be zero.

A prior has a coordinate x in which it is a normal distribution (cut off at a lower bound): the rate constant itself, or its
natural logarithm.  Fits and Laplace approximations work in x.
"""

from __future__ import annotations

import dataclasses
import math

import numpy as np

__all__ = ["HalfNormal", "LogNormal", "PriorArrays"]

LOG_ROOT_TWO_PI = 0.5 * math.log(2.0 * math.pi)


@dataclasses.dataclass(frozen=True)
class HalfNormal:
    """Half-normal prior, density 2 / (scale sqrt(2 pi)) exp(-k^2 / (2 scale^2)) for k >= 0.

    Parameters
    ----------
    scale : float, above 0
        Standard deviation of the whole normal distribution, in the unit of the rate constant.

    Raises
    ------
    ValueError
        For a scale that is not a finite number above zero.
    """

    scale: float

    def __post_init__(self):
        _positive("scale", self.scale)

    def wider(self, factor):
        """Return the prior with its scale multiplied.

        Parameters
        ----------
        factor : float, above 0
            Multiplier.

        Returns
        -------
        HalfNormal
            A new prior.
        """
        return HalfNormal(self.scale * factor)


@dataclasses.dataclass(frozen=True)
class LogNormal:
    """Log-normal prior.

    Parameters
    ----------
    median : float, above 0
        Median, in the unit of the rate constant.
    dex : float, above 0
        Standard deviation of log10 of the rate constant.

    Raises
    ------
    ValueError
        For numbers that are not finite and above zero.
    """

    median: float
    dex: float

    def __post_init__(self):
        _positive("median", self.median)
        _positive("dex", self.dex)

    def wider(self, factor):
        """Return the same prior: its width is stated in decades, and a factor of scale does not apply.

        Parameters
        ----------
        factor : float
            Not used.

        Returns
        -------
        LogNormal
            This prior.
        """
        return self


class PriorArrays:
    """Priors of all candidates as arrays, with the transform to their coordinates.

    Parameters
    ----------
    priors : sequence of HalfNormal or LogNormal, length n
        One a candidate.
    lower : ndarray, shape (n,), optional
        Lowest rate constant allowed to a half-normal one; zero when left out.

    Attributes
    ----------
    log : ndarray of bool, shape (n,)
        Whether x is ln k.
    centre, width, constant : ndarray, shape (n,)
        The log density in x is constant - ((x - centre) / width)^2 / 2.
    bound : ndarray, shape (n,)
        Lowest x.
    typical : ndarray, shape (n,)
        A typical rate constant: half the scale, or the median.
    """

    def __init__(self, priors, lower=None):
        self.priors = tuple(priors)
        for i, prior in enumerate(self.priors):
            if not isinstance(prior, HalfNormal | LogNormal):
                raise ValueError(f"prior {i} is {prior!r}; expected HalfNormal(scale) or LogNormal(median, dex)")
        n = len(self.priors)
        self.log = np.array([isinstance(p, LogNormal) for p in self.priors], dtype=bool)
        self.centre = np.array([math.log(p.median) if isinstance(p, LogNormal) else 0.0 for p in self.priors])
        self.width = np.array([p.dex * math.log(10.0) if isinstance(p, LogNormal) else p.scale for p in self.priors])
        self.constant = np.where(self.log, 0.0, math.log(2.0)) - np.log(self.width) - LOG_ROOT_TWO_PI
        lower = np.zeros(n) if lower is None else np.asarray(lower, dtype=float)
        self.bound = np.where(self.log, -np.inf, lower)
        self.typical = np.array([p.median if isinstance(p, LogNormal) else 0.5 * p.scale for p in self.priors])

    def coordinates(self, k):
        """Return x of rate constants.

        Parameters
        ----------
        k : array_like, shape (n,)
            Rate constants; those with a log-normal prior above zero.

        Returns
        -------
        ndarray, shape (n,)
            Coordinates.
        """
        k = np.asarray(k, dtype=float)
        return np.where(self.log, np.log(np.where(self.log, np.maximum(k, 1e-300), 1.0)), k)

    def rates(self, x, active):
        """Return rate constants and their derivatives with respect to the coordinates.

        Parameters
        ----------
        x : ndarray, shape (..., p)
            Coordinates of the active candidates.
        active : ndarray of int, shape (p,)
            Which these are.

        Returns
        -------
        k, dk_dx : ndarray, shape (..., p)
            Rate constants; k where x = ln k, one elsewhere.
        """
        log = self.log[active]
        if not log.any():
            return x, np.ones_like(x)
        k = np.where(log, np.exp(np.where(log, np.clip(x, -300.0, 300.0), 0.0)), x)
        return k, np.where(log, k, 1.0)

    def log_density(self, x, active):
        """Return the log density in the coordinates, normalised.

        Parameters
        ----------
        x : ndarray, shape (..., p)
            Coordinates.
        active : ndarray of int, shape (p,)
            Candidates.

        Returns
        -------
        ndarray, shape (...)
            Sum over the active candidates; -inf below the bound.
        """
        z = (x - self.centre[active]) / self.width[active]
        value = (self.constant[active] - 0.5 * z * z).sum(axis=-1)
        return np.where((x >= self.bound[active]).all(axis=-1), value, -np.inf)

    def draw(self, rng, size, active):
        """Draw coordinates from the prior.

        Parameters
        ----------
        rng : numpy.random.Generator
            Source of random numbers.
        size : int
            Number of draws.
        active : ndarray of int, shape (p,)
            Candidates.

        Returns
        -------
        ndarray, shape (size, p)
            Coordinates.
        """
        z = rng.standard_normal((size, len(active)))
        log = self.log[active]
        z = np.where(log, z, np.abs(z))
        x = self.centre[active] + self.width[active] * z
        return np.maximum(x, np.where(log, -np.inf, self.bound[active]))


def _positive(name, value):
    if not (np.isscalar(value) and np.isfinite(value) and value > 0):
        raise ValueError(f"{name} of the prior is {value!r}; expected a finite number above zero")
