"""How strongly a process acted on each sample: distributions of intensities, alone or correlated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

#: Kind -> number of parameters.
_KINDS = {"uniform": 2, "gamma": 2, "beta": 3, "normal": 2}


@dataclass(frozen=True)
class Intensity:
    """Distribution of the intensity of one process over the samples.

    Parameters
    ----------
    kind : {"uniform", "gamma", "beta", "normal"}
        Family.
    parameters : tuple of float
        uniform: lowest, highest; gamma: shape, scale; beta: a, b, largest value; normal: mean, standard deviation.

    Raises
    ------
    ValueError
        For an unknown family, or a wrong number of parameters.
    """

    kind: str
    parameters: tuple[float, ...]

    def __post_init__(self):
        if self.kind not in _KINDS:
            raise ValueError(f"unknown distribution of intensities {self.kind!r}: use one of {', '.join(_KINDS)}")
        if len(self.parameters) != _KINDS[self.kind]:
            raise ValueError(f"{self.kind} takes {_KINDS[self.kind]} parameters, got {self.parameters!r}")
        low, high = self.parameters[:2]
        if (self.kind == "uniform" and high <= low) or (self.kind != "uniform" and min(self.parameters[1:]) <= 0):
            raise ValueError(f"{self.kind}: parameters {self.parameters!r} describe no distribution")

    def quantile(self, u) -> np.ndarray:
        """Intensities at given probabilities.

        Parameters
        ----------
        u : array
            Probabilities, 0-1.

        Returns
        -------
        array
            Same shape.
        """
        u = np.asarray(u, dtype=float)
        p = self.parameters
        if self.kind == "uniform":
            return p[0] + (p[1] - p[0]) * u
        if self.kind == "gamma":
            return p[1] * special.gammaincinv(p[0], u)
        if self.kind == "beta":
            return p[2] * special.betaincinv(p[0], p[1], u)
        return p[0] + p[1] * special.ndtri(u)

    @property
    def mean(self) -> float:
        """Mean of the distribution."""
        p = self.parameters
        return {"uniform": lambda: (p[0] + p[1]) / 2, "gamma": lambda: p[0] * p[1],
                "beta": lambda: p[2] * p[0] / (p[0] + p[1]), "normal": lambda: p[0]}[self.kind]()  # fmt: skip

    @property
    def sd(self) -> float:
        """Standard deviation of the distribution."""
        p = self.parameters
        if self.kind == "beta":
            return p[2] * np.sqrt(p[0] * p[1] / (p[0] + p[1] + 1)) / (p[0] + p[1])
        return {"uniform": lambda: (p[1] - p[0]) / np.sqrt(12), "gamma": lambda: np.sqrt(p[0]) * p[1],
                "normal": lambda: p[1]}[self.kind]()  # fmt: skip

    def reshaped(self, step: float) -> Intensity:
        """Another shape of the same family and spread.

        Parameters
        ----------
        step : float
            Change of the logarithm of the shape parameter (gamma: shape, beta: the first one); kept within -3 and 3.

        Returns
        -------
        Intensity
            The standard deviation of a gamma distribution stays, and the largest value of a beta distribution.  A uniform or
            normal distribution has no other shape and comes back as it is.
        """
        factor = float(np.exp(np.clip(step, -3, 3)))
        if self.kind == "gamma":
            shape = self.parameters[0] * factor
            return Intensity("gamma", (shape, self.sd / np.sqrt(shape)))
        if self.kind == "beta":
            return Intensity("beta", (self.parameters[0] * factor, *self.parameters[1:]))
        return self


def draw(intensities: Sequence | Mapping, n: int, rng: np.random.Generator, correlation=None) -> np.ndarray:
    """Intensities of all processes for n samples.

    Parameters
    ----------
    intensities : sequence or mapping
        One a process: an `Intensity`, a number (the same everywhere) or an array of n values.
    n : int
        Samples.
    rng : numpy.random.Generator
        Stream.
    correlation : float or array, shape (P, P), optional
        Correlation of the normal scores of the processes (Gaussian copula); a number is meant for every pair.

    Returns
    -------
    array, shape (n, P)
        Intensities.

    Raises
    ------
    ValueError
        For a matrix that is no correlation, or an array of another length.
    """
    given = list(intensities.values()) if isinstance(intensities, Mapping) else list(intensities)
    p = len(given)
    z = rng.standard_normal((n, p))
    if correlation is not None:
        matrix = np.asarray(correlation, dtype=float)
        if matrix.ndim == 0:
            matrix = np.full((p, p), float(matrix)) + (1 - float(matrix)) * np.eye(p)
        if matrix.shape != (p, p) or not np.allclose(np.diag(matrix), 1) or np.linalg.eigvalsh(matrix)[0] <= 0:
            raise ValueError(f"correlation must be a positive definite {p} x {p} matrix with ones in its diagonal: {matrix}")
        z = z @ np.linalg.cholesky(matrix).T
    u = special.ndtr(z)
    out = np.empty((n, p))
    for k, one in enumerate(given):
        if isinstance(one, Intensity):
            out[:, k] = one.quantile(u[:, k])
        elif np.ndim(one) == 0 or np.shape(one) == (n,):
            out[:, k] = one
        else:
            raise ValueError(f"intensity {k} has {np.shape(one)} values, {n} samples need {n}, one number or an Intensity")
    return out
