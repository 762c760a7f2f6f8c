"""What is asked: data, a simulator of candidate reactions, priors of their rates and of the networks."""

from __future__ import annotations

import copy

import numpy as np

from .normal_errors import NormalErrors
from .priors import HalfNormal, LogNormal, PriorArrays

__all__ = ["SelectionProblem"]

MOST_CANDIDATES = 62
NETWORK_PRIORS = ("effective", "reactions")


class SelectionProblem:
    """Which of several candidate reactions explain data.

    Parameters
    ----------
    simulate : callable
        ``simulate(k, active) -> (prediction, jacobian)``: k of shape (n,), rate constants of all candidates; active, indices
        of those that run, shape (p,); prediction of shape (n_data,), jacobian of shape (n_data, p), derivatives with respect
        to the active rate constants, also where these are zero.  It may raise `lib.kinetics.StepFailure`: likelihood zero.
    data : array_like, shape (n_data,)
        Measured values; NaN = not measured.
    sigma : None, float or array_like of shape (n_data,)
        Standard deviation of the errors, which are normal and independent.  None: unknown, with the prior 1 / sigma,
        integrated out, one for each group of `groups`.
    names : sequence of str, length n
        Names of the candidates.
    scales : array_like, shape (n,), optional
        Scales of half-normal priors of the rate constants.
    priors : sequence of HalfNormal or LogNormal, length n, optional
        In place of `scales`.
    groups : array_like of int, shape (n_data,), optional
        Observable of each datum, for errors of unknown size; all the same when left out.
    always : sequence of str
        Candidates that are part of every network.
    admissible : callable, optional
        ``admissible(mask) -> bool`` with a mask of bool, shape (n,): networks that are considered.
    predict : callable, optional
        ``predict(k, active) -> prediction``, cheaper than `simulate`.
    flux : callable, optional
        ``flux(k, active) -> (n,)``: how far each reaction ran; zero marks one that is present and inert.
    inclusion_prior : float or array_like of shape (n,), between 0 and 1
        Prior probability that a candidate is part of the network.
    network_prior : {"effective", "reactions"}
        Networks that differ by inert reactions share the prior probability of the smallest of them; or each has its own, and
        a network counts the more, the more candidates would be inert in it.
    lower : array_like, shape (n,), optional
        Lowest rate constants of candidates with a half-normal prior; zero when left out.

    Raises
    ------
    ValueError
        If the parts do not fit together.

    Notes
    -----
    Networks are numbered by a mask, an integer whose bit j is candidate j.  Constants of the likelihood are left out
    throughout: it is -chi^2 / 2, or -sum over groups of n_o / 2 ln SSR_o.
    """

    def __init__(
        self, simulate, data, sigma=None, *, names, scales=None, priors=None, groups=None, always=(), admissible=None,
        predict=None, flux=None, inclusion_prior=0.5, network_prior="effective", lower=None,
    ):  # fmt: skip
        self.names = tuple(names)
        self.simulate, self._predict, self.flux, self.admissible = simulate, predict, flux, admissible
        if not 1 <= self.n <= MOST_CANDIDATES or len(set(self.names)) < self.n:
            raise ValueError(f"names {self.names}: expected 1 to {MOST_CANDIDATES} different names of candidates")
        if (scales is None) == (priors is None):
            raise ValueError("give either scales, of half-normal priors, or priors")
        if priors is None:
            priors = [HalfNormal(float(s)) for s in np.broadcast_to(np.asarray(scales, dtype=float), (self.n,))]
        if len(priors) != self.n:
            raise ValueError(f"{len(priors)} priors were given; expected one for each of the {self.n} candidates")
        if network_prior not in NETWORK_PRIORS:
            raise ValueError(f"network_prior = {network_prior!r}: expected one of {', '.join(NETWORK_PRIORS)}")
        self.network_prior = network_prior
        self.lower = np.zeros(self.n) if lower is None else np.array(lower, dtype=float)
        self.prior = PriorArrays(priors, self.lower)
        self.always = self.mask(always)
        self.inclusion_prior = np.array(np.broadcast_to(np.asarray(inclusion_prior, dtype=float), (self.n,)))
        if not ((self.inclusion_prior > 0) & (self.inclusion_prior < 1)).all():
            raise ValueError(f"inclusion_prior {inclusion_prior!r}: expected probabilities between 0 and 1; see also always=")
        self.errors = NormalErrors(data, sigma, groups)

    @property
    def n(self) -> int:
        """Number of candidates."""
        return len(self.names)

    @property
    def n_data(self) -> int:
        """Number of measured values."""
        return self.errors.data.size

    def mask(self, names) -> int:
        """Return the mask of named candidates.

        Parameters
        ----------
        names : sequence of str
            Candidates.

        Returns
        -------
        int
            Bit j set for candidate j.

        Raises
        ------
        ValueError
            For an unknown name.
        """
        names = (names,) if isinstance(names, str) else tuple(names)
        for name in names:
            if name not in self.names:
                raise ValueError(f"unknown candidate {name!r}; known: {', '.join(self.names)}")
        return sum(1 << self.names.index(name) for name in set(names))

    def names_of(self, mask) -> tuple:
        """Return the names of the candidates of a mask.

        Parameters
        ----------
        mask : int
            Network.

        Returns
        -------
        tuple of str
            Names.
        """
        return tuple(name for j, name in enumerate(self.names) if int(mask) >> j & 1)

    def active(self, mask) -> np.ndarray:
        """Return the indices of the candidates of a mask.

        Parameters
        ----------
        mask : int or array_like of bool, shape (n,)
            Network.

        Returns
        -------
        ndarray of int, shape (p,)
            Indices, increasing.
        """
        if np.ndim(mask):
            return np.flatnonzero(mask)
        return np.array([j for j in range(self.n) if int(mask) >> j & 1], dtype=np.int64)

    def log_network_prior(self, mask) -> float:
        """Return the log prior probability of a network, not normalised over the admissible ones.

        Parameters
        ----------
        mask : int
            Network.

        Returns
        -------
        float
            Sum of ln P(in) and ln P(out) over the candidates that are not always in.
        """
        inside = np.array([int(mask) >> j & 1 for j in range(self.n)], dtype=bool)
        free = np.array([not self.always >> j & 1 for j in range(self.n)])
        return float(np.log(np.where(inside, self.inclusion_prior, 1 - self.inclusion_prior))[free].sum())

    def allowed(self, mask) -> bool:
        """Tell whether a network is considered.

        Parameters
        ----------
        mask : int
            Network.

        Returns
        -------
        bool
            True if it holds the candidates that are always in, and is admissible.
        """
        if int(mask) & self.always != self.always:
            return False
        return self.admissible is None or bool(self.admissible(np.array([bool(mask >> j & 1) for j in range(self.n)])))

    def predict(self, k, active) -> np.ndarray:
        """Return the predictions of what was measured.

        Parameters
        ----------
        k : ndarray, shape (n,)
            Rate constants.
        active : ndarray of int, shape (p,)
            Candidates that run.

        Returns
        -------
        ndarray, shape (n_measured,)
            Predictions, without those of data that are not there.
        """
        full = self.simulate(k, active)[0] if self._predict is None else self._predict(k, active)
        return self.errors.pick(full)

    def linearise(self, k, active):
        """Return the predictions of what was measured, and their derivatives.

        Parameters
        ----------
        k : ndarray, shape (n,)
            Rate constants.
        active : ndarray of int, shape (p,)
            Candidates that run.

        Returns
        -------
        prediction : ndarray, shape (n_measured,)
            Predictions.
        jacobian : ndarray, shape (n_measured, p)
            Derivatives.
        """
        prediction, jacobian = self.simulate(k, active)
        size = self.errors.size
        if np.shape(prediction) != (size,) or np.shape(jacobian) != (size, len(active)):
            raise ValueError(
                f"simulate gave shapes {np.shape(prediction)} and {np.shape(jacobian)}; expected {(size,)} and "
                f"{(size, len(active))}: one row a datum, one column an active candidate"
            )
        return self.errors.pick(prediction), self.errors.pick(jacobian)

    def log_likelihood(self, k, active=None) -> float:
        """Return the log likelihood of rate constants.

        Parameters
        ----------
        k : array_like, shape (n,)
            Rate constants of all candidates.
        active : array_like of int, shape (p,), optional
            Candidates that run; those with a rate constant above zero when left out.

        Returns
        -------
        float
            Without constants; -inf where the simulator fails.
        """
        from lib.kinetics import StepFailure

        k = np.asarray(k, dtype=float)
        active = np.flatnonzero(k != 0) if active is None else np.asarray(active, dtype=np.int64)
        try:
            return self.errors.log_likelihood(self.predict(k, active))
        except StepFailure:
            return -np.inf

    def with_data(self, data, sigma=None):
        """Return the same problem with other data.

        Parameters
        ----------
        data : array_like, shape (n_data,)
            As many as before; NaN = not measured.
        sigma : float or array_like, optional
            Their errors; those of this problem when left out.

        Returns
        -------
        SelectionProblem
            A new problem.
        """
        other = copy.copy(self)
        other.errors = self.errors.with_data(data, sigma)
        return other

    def with_priors(self, priors=None, *, factor=1.0, dex=None):
        """Return the same problem with other priors of the rate constants.

        Parameters
        ----------
        priors : sequence of HalfNormal or LogNormal, length n, optional
            New ones; those of this problem when left out.
        factor : float, above 0
            Multiplies the scales of half-normal priors.
        dex : float, above 0, optional
            Makes half-normal priors log-normal ones around half their scale, with this standard deviation of log10 k.

        Returns
        -------
        SelectionProblem
            A new problem.
        """
        other = copy.copy(self)
        priors = [p.wider(factor) for p in (self.prior.priors if priors is None else priors)]
        if dex is not None:
            priors = [LogNormal(0.5 * p.scale, dex) if isinstance(p, HalfNormal) else p for p in priors]
        if len(priors) != self.n:
            raise ValueError(f"{len(priors)} priors were given; expected one for each of the {self.n} candidates")
        other.prior = PriorArrays(priors, self.lower)
        return other
