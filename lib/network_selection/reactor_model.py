"""Predictions of a batch reactor where it was measured: the simulator of a selection problem."""

from __future__ import annotations

import numpy as np
import pandas as pd

from .posterior import SelectionProblem

__all__ = ["ReactorModel", "reactor_problem"]


class ReactorModel:
    """What is measured of a batch reactor: some species at some times.

    Parameters
    ----------
    reactor : lib.kinetics.BatchReactor
        Network, start and times.
    observed : array_like of bool, shape (n_times, n_species), optional
        What is measured; everything when left out.

    Raises
    ------
    ValueError
        For another shape, or when nothing is measured.
    """

    def __init__(self, reactor, observed=None):
        shape = (reactor.times.size, reactor.network.n_species)
        observed = np.ones(shape, dtype=bool) if observed is None else np.asarray(observed, dtype=bool)
        if observed.shape != shape or not observed.any():
            raise ValueError(f"observed has shape {observed.shape}, {observed.sum()} true; expected {shape}, one true or more")
        self.reactor, self.observed = reactor, observed
        self._flat = None if observed.all() else np.flatnonzero(observed)
        self.time_index, self.species_index = np.nonzero(observed)

    @property
    def n_data(self) -> int:
        """Number of data."""
        return self.time_index.size

    def simulate(self, k, active):
        """Return predictions and their derivatives.

        Parameters
        ----------
        k : ndarray, shape (n,)
            Rate constants of all candidates.
        active : ndarray of int, shape (p,)
            Those that run.

        Returns
        -------
        prediction : ndarray, shape (n_data,)
            By time, then species.
        jacobian : ndarray, shape (n_data, p)
            Derivatives with respect to the active rate constants.
        """
        if not len(active):
            return self.predict(k, active), np.zeros((self.n_data, 0))
        y, slopes = self.reactor.solve_with_sensitivities(k, active)
        y, slopes = y.reshape(-1), slopes.reshape(-1, len(active))
        return (y, slopes) if self._flat is None else (y[self._flat], slopes[self._flat])

    def predict(self, k, active):
        """Return predictions.

        Parameters
        ----------
        k : ndarray, shape (n,)
            Rate constants of all candidates.
        active : ndarray of int, shape (p,)
            Those that run.

        Returns
        -------
        ndarray, shape (n_data,)
            By time, then species.
        """
        still = np.tile(self.reactor.y0, self.reactor.times.size)
        y = self.reactor.solve(k, active).reshape(-1) if len(active) else still
        return y if self._flat is None else y[self._flat]

    def flux(self, k, active):
        """Return how far each reaction runs.

        Parameters
        ----------
        k : ndarray, shape (n,)
            Rate constants of all candidates.
        active : ndarray of int, shape (p,)
            Those that run.

        Returns
        -------
        ndarray, shape (n,)
            Largest extents, in moles.
        """
        return self.reactor.fluxes(k, active) if len(active) else np.zeros(self.reactor.network.n)

    def frame(self, **columns):
        """Return a table with one row a datum.

        Parameters
        ----------
        **columns : array_like, shape (n_data,)
            Numbers to add.

        Returns
        -------
        pandas.DataFrame
            Columns time and species, and those given.
        """
        species = np.array(self.reactor.network.species)[self.species_index]
        return pd.DataFrame({"time": self.reactor.times[self.time_index], "species": species, **columns})


def reactor_problem(
    reactor, data, sigma=None, *, scales=None, priors=None, always=(), admissible=None, by_species=True, inclusion_prior=0.5
):
    """Return the selection problem of a batch experiment.

    Parameters
    ----------
    reactor : lib.kinetics.BatchReactor
        Candidates, start and times.
    data : array_like, shape (n_times, n_species)
        Measured amounts; NaN = not measured.
    sigma : None, float or array_like of shape (n_times, n_species)
        Their standard deviations; None = unknown.
    scales : array_like, shape (n,), optional
        Scales of half-normal priors; the network's own (`rate_scale`) when left out.
    priors : sequence of HalfNormal or LogNormal, optional
        In place of `scales`.
    always : sequence of str
        Candidates that are part of every network.
    admissible : callable, optional
        Networks that are considered.
    by_species : bool
        Where sigma is unknown: one for each species, or one for all.
    inclusion_prior : float or array_like of shape (n,)
        Prior probability that a candidate is part of the network.

    Returns
    -------
    SelectionProblem
        Its `simulate` is a method of a `ReactorModel`, kept as attribute `model`.

    Raises
    ------
    ValueError
        For data of another shape.
    """
    data = np.asarray(data, dtype=float)
    network = reactor.network
    shape = (reactor.times.size, network.n_species)
    if data.shape != shape:
        raise ValueError(f"data have shape {data.shape}; expected {shape}, times x species, NaN where not measured")
    model = ReactorModel(reactor, np.isfinite(data))
    if sigma is not None:
        sigma = np.broadcast_to(np.asarray(sigma, dtype=float), shape)[model.observed]
    if scales is None and priors is None:
        scales = network.rate_scale
    problem = SelectionProblem(
        model.simulate, data[model.observed], sigma, names=network.names, scales=scales, priors=priors,
        groups=model.species_index if by_species else None, always=always, admissible=admissible, predict=model.predict,
        flux=model.flux, inclusion_prior=inclusion_prior,
    )  # fmt: skip
    problem.model = model
    return problem
