"""A closed, stirred vessel: amounts of all species over time for given rate constants, with their sensitivities."""

from __future__ import annotations

import numpy as np

from .solver_kernels import solve_kernel

__all__ = ["BatchReactor", "StepFailure"]

TOLERANCE = 3e-4  # relative; the largest error of a state is then near 1e-4
ABSOLUTE = 0.1  # absolute tolerance over the relative one and the largest initial amount
MOST_STEPS = 5000
SENSITIVITY_WEIGHT = 0.2  # share of the sensitivities' error (times the rate constant) in the step control
FAILURES = {-1: "took too many steps", -2: "step size fell to nothing"}


class StepFailure(RuntimeError):
    """The stiff solver could not reach the last time."""


class BatchReactor:
    """Closed batch reactor of a network.

    Parameters
    ----------
    network : Network
        Candidate reactions.
    y0 : mapping of str to float or array_like, shape (n_species,), optional
        Initial amounts; the network's own start when None.
    times : array_like, shape (n_times,)
        Output times, increasing, the start of the run being time zero; in the unit of the rate constants.
    rtol : float
        Relative tolerance of the solver.
    atol : float, optional
        Absolute tolerance on every state; a tenth of `rtol` times the largest initial amount when left out.

    Raises
    ------
    ValueError
        For times that are not increasing or negative, and initial amounts that do not fit the network.
    """

    def __init__(self, network, y0=None, times=(), *, rtol=TOLERANCE, atol=None):
        self.network, self.y0 = network, network.initial(y0)
        self.times = np.array(times, dtype=float)
        if self.times.ndim != 1 or not self.times.size or not np.isfinite(self.times).all():
            raise ValueError(f"times have shape {self.times.shape}; expected a list of one or more finite numbers.")
        if self.times[0] < 0 or (np.diff(self.times) <= 0).any():
            i = 0 if self.times[0] < 0 else int(np.argmax(np.diff(self.times) <= 0)) + 1
            raise ValueError(f"times must start at 0 or later and increase; time {i} is {self.times[i]:g}.")
        self.rtol, self.atol = float(rtol), None if atol is None else float(atol)

    def _extents(self, k, active, n_sens, rtol, atol):
        k = np.asarray(k, dtype=float)
        network = self.network
        if k.shape != (network.n,):
            raise ValueError(f"k has shape {k.shape}; expected one rate constant for each of the {network.n} candidates.")
        active = np.flatnonzero(k != 0) if active is None else np.atleast_1d(np.asarray(active))
        active = np.flatnonzero(active) if active.dtype == bool else active.astype(np.int64)
        chosen = np.ascontiguousarray(k[active])
        if not (np.isfinite(chosen) & (chosen >= 0)).all():
            j = active[np.argmin(np.isfinite(chosen) & (chosen >= 0))]
            raise ValueError(f"rate constant of {network.names[j]!r} is {k[j]}; expected a finite number, zero or more.")
        rtol = self.rtol if rtol is None else float(rtol)
        atol = self.atol if atol is None else float(atol)
        if atol is None:
            atol = ABSOLUTE * rtol * (np.abs(self.y0).max() or 1.0)
        xi = np.empty((self.times.size, active.size))
        slopes = np.empty((self.times.size, active.size, n_sens * active.size))
        # a rate near zero counts by what it could become, but by no more than its neighbours are: a scale may be left at one
        floor = 0.05 * np.minimum(network.rate_scale[active], chosen.max(initial=0.0))
        weight = SENSITIVITY_WEIGHT * np.maximum(chosen, floor)
        steps = solve_kernel(
            network.code, active, chosen, self.y0, self.times, rtol, atol, n_sens * active.size, weight, MOST_STEPS, xi, slopes
        )
        if steps < 0:
            rates = ", ".join(f"{network.names[j]}={k[j]:.4g}" for j in active)
            raise StepFailure(
                f"the solver {FAILURES[steps]} at rtol {rtol:g} with {rates}; check units and rates, loosen rtol."
            )
        return active, xi, slopes

    def solve(self, k, mask=None, *, rtol=None, atol=None):
        """Return the amounts of all species over time.

        Parameters
        ----------
        k : array_like, shape (n,)
            Rate constants of all candidates, zero or more.
        mask : array_like of bool, shape (n,), or of int, optional
            Reactions that run; those with a rate constant above zero when left out.
        rtol, atol : float, optional
            Tolerances, in place of the reactor's.

        Returns
        -------
        ndarray, shape (n_times, n_species)
            States.

        Raises
        ------
        StepFailure
            When the solver cannot reach the last time.
        """
        active, xi, _ = self._extents(k, mask, 0, rtol, atol)
        return self.y0 + xi @ self.network.stoichiometry[:, active].T

    def solve_with_sensitivities(self, k, active=None, *, rtol=None, atol=None):
        """Return the amounts over time and their derivatives with respect to the rate constants.

        Parameters
        ----------
        k : array_like, shape (n,)
            Rate constants of all candidates, zero or more.
        active : array_like of bool, shape (n,), or of int, optional
            Reactions that run.  One with a rate constant of zero changes nothing, but has its derivative.
        rtol, atol : float, optional
            Tolerances, in place of the reactor's.

        Returns
        -------
        y : ndarray, shape (n_times, n_species)
            States.
        dy_dk : ndarray, shape (n_times, n_species, n_active)
            Derivatives, in the order of `active`.
        """
        active, xi, slopes = self._extents(k, active, 1, rtol, atol)
        part = self.network.stoichiometry[:, active]
        return self.y0 + xi @ part.T, part @ slopes

    def extents(self, k, mask=None, *, rtol=None, atol=None):
        """Return how far each reaction has run.

        Parameters
        ----------
        k : array_like, shape (n,)
            Rate constants of all candidates.
        mask : array_like of bool, shape (n,), or of int, optional
            Reactions that run.
        rtol, atol : float, optional
            Tolerances, in place of the reactor's.

        Returns
        -------
        ndarray, shape (n_times, n)
            Integrated rate of each reaction, in moles; zero for those that do not run.
        """
        active, xi, _ = self._extents(k, mask, 0, rtol, atol)
        full = np.zeros((self.times.size, self.network.n))
        full[:, active] = xi
        return full

    def fluxes(self, k, mask=None):
        """Return the largest extent that each reaction reaches.

        Parameters
        ----------
        k : array_like, shape (n,)
            Rate constants of all candidates.
        mask : array_like of bool, shape (n,), or of int, optional
            Reactions that run.

        Returns
        -------
        ndarray, shape (n,)
            Largest absolute extent over the output times, in moles; zero marks a reaction that is present and inert.
        """
        return np.abs(self.extents(k, mask)).max(axis=0)
