"""What is to be sampled: a likelihood, a prior, and draws from that prior.

Likelihood and prior stay apart, because replica exchange tempers the first and keeps the second, and because an evidence is
the mean of the likelihood over the *normalised* prior, which `prior_sample` supplies.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

__all__ = ["Problem"]


@dataclass(frozen=True)
class Problem:
    """A Bayesian inverse problem of d parameters.

    Parameters
    ----------
    names : sequence of str, length d
        Names of the parameters, for messages and tables.
    log_likelihood : callable
        Natural logarithm of the likelihood. Three forms are known:

        - plain: ``f(theta)`` with theta of shape (d,), or ``f(theta, args)`` if `args` is given; returns a float;
        - `vectorised` (plain as well): theta of shape (n, d), returns an array of shape (n,);
        - compiled: a function made by ``numba.njit`` with the two arguments ``f(theta, args)``, theta a contiguous float array
          of shape (d,); `args` must be given (an empty tuple cannot be compiled: write ``(0.0,)``). The whole sampler then
          runs compiled.

        May be -inf where the data are impossible; NaN and +inf are refused.
    log_prior : callable, optional
        Same form. Normalised or not. None: flat inside `bounds`.
    prior_sample : callable, optional
        ``prior_sample(rng, n)`` gives n independent draws from the prior, shape (n, d). None: uniform inside `bounds`; must be
        given if `log_prior` is, for the evidence rests on it.
    bounds : array, shape (d, 2), optional
        Lowest and highest value of each parameter (may be infinite); nothing is evaluated outside.
    vectorised : bool
        Both functions take many points at once.
    args : object, optional
        Second argument of both functions, such as a tuple of arrays.

    Raises
    ------
    ValueError
        If the parts do not fit together.

    Examples
    --------
    >>> import numpy as np
    >>> line = Problem(("slope",), lambda theta: -0.5 * (theta[0] - 1) ** 2, bounds=[(-5, 5)])
    >>> line.n_parameters, line.prior_sample(np.random.default_rng(1), 3).shape
    (1, (3, 1))
    """

    names: tuple
    log_likelihood: Callable
    log_prior: Callable | None = None
    prior_sample: Callable | None = None
    bounds: np.ndarray | None = None
    vectorised: bool = False
    args: object = None

    def __post_init__(self):
        names = (self.names,) if isinstance(self.names, str) else tuple(self.names)
        object.__setattr__(self, "names", names)
        d = len(names)
        if d == 0 or len(set(names)) < d:
            raise ValueError(f"names = {names!r}: expected one or more different names, one a parameter")
        bounds = np.tile([-np.inf, np.inf], (d, 1)) if self.bounds is None else np.array(self.bounds, float)
        if bounds.shape != (d, 2) or not (bounds[:, 0] < bounds[:, 1]).all():
            raise ValueError(f"bounds of shape {bounds.shape}: expected ({d}, 2), each lower bound below its upper one")
        object.__setattr__(self, "bounds", bounds)
        if not callable(self.log_likelihood):
            raise ValueError(f"log_likelihood = {self.log_likelihood!r}: expected a function of theta")
        if self.compiled:
            if self.vectorised:
                raise ValueError(
                    "vectorised=True does not go with a compiled log_likelihood: it takes one point, theta of shape (d,)"
                )
            if self.args is None or (isinstance(self.args, tuple) and not self.args):
                raise ValueError(
                    "a compiled log_likelihood takes (theta, args): give args, a tuple that is not empty, such as (0.0,)"
                )
            if self.log_prior is not None and not _is_compiled(self.log_prior):
                raise ValueError("log_likelihood is compiled and log_prior is not: compile both with numba.njit, or neither")
        elif _is_compiled(self.log_prior):
            raise ValueError("log_prior is compiled and log_likelihood is not: compile both with numba.njit, or neither")
        if self.prior_sample is None:
            if self.log_prior is not None or not np.isfinite(bounds).all():
                raise ValueError(
                    "prior_sample is missing: give prior_sample(rng, n), or finite bounds and no log_prior for a flat one"
                )
            object.__setattr__(self, "prior_sample", _Uniform(bounds))

    @property
    def n_parameters(self):
        """Number of parameters d."""
        return len(self.names)

    @property
    def compiled(self):
        """Whether the likelihood is compiled by Numba."""
        return _is_compiled(self.log_likelihood)

    def inside(self, points):
        """Which points lie inside the bounds.

        Parameters
        ----------
        points : array, shape (n, d)

        Returns
        -------
        array of bool, shape (n,)
        """
        return ((points >= self.bounds[:, 0]) & (points <= self.bounds[:, 1])).all(axis=1)

    def evaluate(self, points):
        """Log-likelihood and log-prior of many points, whatever form the functions have.

        Parameters
        ----------
        points : array, shape (n, d)

        Returns
        -------
        log_likelihood, log_prior : array, shape (n,)
            The first is not evaluated, and -inf, where the prior is zero.
        evaluations : int
            Likelihoods computed.

        Raises
        ------
        ValueError
            If a function gives NaN or +inf, or an array of another shape.
        """
        points = np.ascontiguousarray(points, float)
        prior = self.log_prior_of(points)
        likelihood = np.full(len(points), -np.inf)
        self._fill(likelihood, self.log_likelihood, points, prior > -np.inf, "log_likelihood")
        return likelihood, prior, int((prior > -np.inf).sum())

    def log_prior_of(self, points):
        """Log-prior of many points.

        Parameters
        ----------
        points : array, shape (n, d)

        Returns
        -------
        array, shape (n,)
            0 for a flat prior, -inf out of bounds.
        """
        prior = np.where(self.inside(points), 0.0, -np.inf)
        if self.log_prior is not None:
            self._fill(prior, self.log_prior, points, prior > -np.inf, "log_prior")
        return prior

    def draw_prior(self, rng, n):
        """Checked draws from the prior.

        Parameters
        ----------
        rng : numpy.random.Generator
        n : int

        Returns
        -------
        array, shape (n, d)

        Raises
        ------
        ValueError
            If `prior_sample` gives another shape, values that are not finite, or points out of bounds.
        """
        points = np.ascontiguousarray(self.prior_sample(rng, n), float)
        if points.shape != (n, self.n_parameters):
            raise ValueError(f"prior_sample(rng, {n}) gave shape {points.shape}: expected ({n}, {self.n_parameters})")
        if not np.isfinite(points).all() or not self.inside(points).all():
            wrong = [name for name, x, (low, high) in zip(self.names, points.T, self.bounds, strict=True)
                     if not ((x >= low) & (x <= high) & np.isfinite(x)).all()]  # fmt: skip
            raise ValueError(
                f"prior_sample gave values out of bounds or not finite, of {', '.join(wrong)}: bounds and prior disagree"
            )
        return points

    def _fill(self, out, function, points, where, name):
        """Fill `out` with function values at the points marked by `where`."""
        index = np.flatnonzero(where)
        if len(index) == 0:
            return
        extra = () if self.args is None else (self.args,)
        if self.vectorised:
            values = np.asarray(function(points[index], *extra), float)
            if values.shape != index.shape:
                raise ValueError(
                    f"{name} of {len(index)} points gave shape {values.shape}: a vectorised function returns (n,)"
                )
        else:
            values = np.array([function(points[i], *extra) for i in index], float)
        wrong = np.isnan(values) | (values == np.inf)
        if wrong.any():
            i = int(np.argmax(wrong))
            point = ", ".join(f"{n} = {v:.6g}" for n, v in zip(self.names, points[index[i]], strict=True))
            raise ValueError(f"{name} is {values[i]} at {point}: expected a finite number, or -inf where it is impossible")
        out[index] = values


@dataclass(frozen=True)
class _Uniform:
    """Draws from the flat prior between bounds; a class, so that a problem can be sent to another process."""

    bounds: np.ndarray

    def __call__(self, rng, n):
        return rng.uniform(self.bounds[:, 0], self.bounds[:, 1], (n, len(self.bounds)))


def _is_compiled(function):
    """A Numba dispatcher, told without importing Numba."""
    return hasattr(function, "py_func") and hasattr(function, "disable_compile")
