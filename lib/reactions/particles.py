"""Particle filter and backward simulation for a partially observed reaction network, compiled.

The filter draws each step from the exact law of the next state given the last one *and* the next measurement, which for
additive Gaussian noise is Gaussian: weights then depend on the last state only, and particles are chosen (systematic
resampling) before they move.  Backward simulation picks, from the last time to the first, one particle a time with the weight
of the filter times the density of the step to the state already picked: trajectories drawn given *all* measurements.

References
----------
Pitt, M. & Shephard, N. 1999, J. Am. Stat. Assoc. 94, 590 (full adaption).  Godsill, S., Doucet, A. & West, M. 2004,
J. Am. Stat. Assoc. 99, 156 (backward simulation).  Kitagawa, G. 1996, J. Comput. Graph. Stat. 5, 1 (systematic resampling).
"""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
from numba import njit

from lib.kinetics.solver_kernels import MOST, RAMP, factor_line, fill_factors, fill_products

from .state_space import Noise, StateSpace

__all__ = ["Filtered", "Smoothed", "backward_simulation", "particle_filter"]

RESAMPLE_BELOW = 0.5  # of the particles, effective
FAR = 40.0  # log weight below the best at which a weight counts as nothing
OPTIONS = {"cache": True, "nogil": True, "error_model": "numpy", "fastmath": {"contract", "reassoc", "nsz"}}


@njit(**OPTIONS)
def _filter(code, active, k, steps, data, start, start_var, q, r, normal, uniform, x, logw, mean, phi, ess):
    """Run the filter; fill states, log weights, means of the next step and rates per unit k; return the log likelihood."""
    n_grid, n, size = x.shape
    p = active.shape[0]
    y = np.empty(n)
    rate = np.empty(p)
    n_factors = code.factor_law.shape[0]
    on = np.zeros(n_factors, dtype=np.int64)
    for j in active:
        for f in code.reaction_factors[j]:
            if f >= 0:
                on[f] = 1
    used = np.flatnonzero(on)
    values = np.empty((3, n_factors))
    unused = np.empty((p, MOST))
    chosen = np.arange(size)
    last = np.full(size, -np.log(size))  # log weights
    total = 0.0
    for t in range(n_grid):
        step = 1.0 if t == 0 else steps[t - 1]
        # how well each particle foretells the measurements of time t
        seen = False
        for s in range(n):
            var = start_var[s] if t == 0 else q[s] * step
            value = data[t, s]
            if not np.isnan(value):
                seen = True
                spread = var + r[s]
                constant = 0.5 * np.log(2.0 * np.pi * spread)
                for i in range(size):
                    d = value - (start[s] if t == 0 else mean[t - 1, s, i])
                    last[i] -= 0.5 * d * d / spread + constant
        best = last.max()
        if not best > -1e300:
            return np.nan
        summed = 0.0
        squares = 0.0
        for i in range(size):
            w = np.exp(last[i] - best)
            summed += w
            squares += w * w
        if seen:
            total += best + np.log(summed)
        ess[t] = summed * summed / squares
        if t > 0 and ess[t] < RESAMPLE_BELOW * size:  # systematic resampling
            point = uniform[t] / size * summed
            i = 0
            reached = np.exp(last[0] - best)
            for m in range(size):
                while reached < point and i < size - 1:
                    i += 1
                    reached += np.exp(last[i] - best)
                chosen[m] = i
                point += summed / size
            for i in range(size):
                logw[t, i] = -np.log(size)
        else:
            for i in range(size):
                chosen[i] = i
                logw[t, i] = last[i] - best - np.log(summed)
        for s in range(n):
            var = start_var[s] if t == 0 else q[s] * step
            value = data[t, s]
            gain = 0.0 if np.isnan(value) else var / (var + r[s])
            sd = np.sqrt(var * (1.0 - gain))
            for i in range(size):
                m = start[s] if t == 0 else mean[t - 1, s, chosen[i]]
                if gain > 0.0:
                    m += gain * (value - m)
                x[t, s, i] = m + sd * normal[t, s, i]
        for i in range(size):
            last[i] = logw[t, i]
            if t < n_grid - 1:
                for s in range(n):
                    y[s] = x[t, s, i]
                for f in used:
                    if code.factor_law[f] == RAMP:
                        on[f] = factor_line(code, f, y) > 0.0
                fill_factors(code, used, used.size, on, y, values)
                fill_products(code.reaction_factors, active, False, values, rate, unused)
                for s in range(n):
                    drift = 0.0
                    for j in range(p):
                        drift += code.stoichiometry[s, active[j]] * k[active[j]] * rate[j]
                    mean[t, s, i] = y[s] + steps[t] * drift
                for j in range(p):
                    phi[t, active[j], i] = rate[j]
    return total


@njit(**{**OPTIONS, "fastmath": {"contract", "reassoc", "nsz", "nnan"}})
def _backward(x, logw, mean, steps, q, uniform, index):
    """Fill the particle of each time on each trajectory."""
    n_grid, n, size = x.shape
    weight = np.empty(size)
    for back in range(n_grid):
        t = n_grid - 1 - back
        for m in range(index.shape[0]):
            for i in range(size):
                weight[i] = logw[t, i]
            if back > 0:
                j = index[m, t + 1]
                for s in range(n):
                    there = x[t + 1, s, j]
                    half = 0.5 / (q[s] * steps[t])
                    for i in range(size):
                        d = there - mean[t, s, i]
                        weight[i] -= half * d * d
            best = weight[0]
            for i in range(size):
                best = max(best, weight[i])
            summed = 0.0
            for i in range(size):
                if weight[i] > best - FAR:
                    summed += np.exp(weight[i] - best)
                weight[i] = summed
            index[m, t] = min(np.searchsorted(weight, uniform[t, m] * summed), size - 1)


@njit(**OPTIONS)
def _statistics(x, phi, index, steps, data, rate_pairs, rate_moves, moves, misfit):
    """Fill, for each trajectory, the sums that the M step needs (see `Smoothed`)."""
    n_grid, n, _ = x.shape
    p = phi.shape[1]
    for m in range(index.shape[0]):
        for t in range(n_grid):
            i = index[m, t]
            for s in range(n):
                if not np.isnan(data[t, s]):
                    misfit[m, s] += (data[t, s] - x[t, s, i]) ** 2
            if t < n_grid - 1:
                after = index[m, t + 1]
                for s in range(n):
                    d = x[t + 1, s, after] - x[t, s, i]
                    moves[m, s] += d * d / steps[t]
                    for j in range(p):
                        rate_moves[m, j, s] += phi[t, j, i] * d
                for j in range(p):
                    for l in range(p):
                        rate_pairs[m, j, l] += phi[t, j, i] * phi[t, l, i] * steps[t]


def _bands(model, low, middle, high, quantity):
    """Tidy frame of three arrays (n_grid, n_species)."""
    names, grid = model.network.species, model.grid
    columns = {"median": middle, "low": low, "high": high}
    frame = {"time_h": np.tile(grid, len(names)), "species": np.repeat(names, grid.size), "quantity": quantity}
    return pd.DataFrame(frame | {c: v.T.ravel() for c, v in columns.items()})


def _tails(level):
    if not 0 < level < 1:
        raise ValueError(f"level is {level}; expected a probability between 0 and 1, such as 0.95.")
    return np.array([(1 - level) / 2, 0.5, (1 + level) / 2])


@dataclasses.dataclass(frozen=True)
class Filtered:
    """Particles at every time, given the measurements up to then.

    Parameters
    ----------
    model : StateSpace
        The series.
    rates : ndarray, shape (n,)
        Rate constants of the run.
    noise : Noise
        Noise levels of the run.
    log_likelihood : float
        Estimate of the log probability density of all measurements (its exponential is unbiased).
    ess : ndarray, shape (n_grid,)
        Effective number of particles, before resampling.
    states : ndarray, shape (n_grid, n_species, n_particles)
        The particles.
    log_weights : ndarray, shape (n_grid, n_particles)
        Logarithms of their weights.
    means : ndarray, shape (n_grid - 1, n_species, n_particles)
        Mean of the next state of each particle.
    unit_rates : ndarray, shape (n_grid - 1, n, n_particles)
        Rate of each candidate at each particle for rate constants of one.
    """

    model: StateSpace
    rates: np.ndarray
    noise: Noise
    log_likelihood: float
    ess: np.ndarray
    states: np.ndarray
    log_weights: np.ndarray
    means: np.ndarray
    unit_rates: np.ndarray

    def frame(self, level=0.95):
        """Return weighted quantiles of the filtered states.

        Parameters
        ----------
        level : float
            Probability of the band, between 0 and 1.

        Returns
        -------
        DataFrame
            Columns time_h, species, quantity ("filtered"), median, low, high.
        """
        order = np.argsort(self.states, axis=2)
        ordered = np.take_along_axis(self.states, order, axis=2)
        weights = np.broadcast_to(np.exp(self.log_weights)[:, None, :], self.states.shape)
        reached = np.cumsum(np.take_along_axis(weights, order, axis=2), axis=2)
        found = []
        for tail in _tails(level):
            at = np.minimum((reached < tail).sum(axis=2), self.states.shape[2] - 1)
            found.append(np.take_along_axis(ordered, at[:, :, None], axis=2)[:, :, 0])
        return _bands(self.model, *found, "filtered")


@dataclasses.dataclass(frozen=True)
class Smoothed:
    """Trajectories given all measurements, with the sums that the M step needs.

    Parameters
    ----------
    model : StateSpace
        The series.
    states : ndarray, shape (n_trajectories, n_grid, n_species)
        The trajectories.
    rate_pairs : ndarray, shape (n_trajectories, n, n)
        Sum over steps of phi_j phi_l dt, phi_j the rate of candidate j for a rate constant of one.
    rate_moves : ndarray, shape (n_trajectories, n, n_species)
        Sum of phi_j dx_s, dx_s the change of species s over the step.
    moves : ndarray, shape (n_trajectories, n_species)
        Sum of dx_s^2 / dt.
    misfit : ndarray, shape (n_trajectories, n_species)
        Sum of squared differences between measurement and state.
    """

    model: StateSpace
    states: np.ndarray
    rate_pairs: np.ndarray
    rate_moves: np.ndarray
    moves: np.ndarray
    misfit: np.ndarray

    def frame(self, level=0.95):
        """Return quantiles of the smoothed states.

        Parameters
        ----------
        level : float
            Probability of the band, between 0 and 1.

        Returns
        -------
        DataFrame
            Columns time_h, species, quantity ("smoothed"), median, low, high.
        """
        return _bands(self.model, *np.quantile(self.states, _tails(level), axis=0), "smoothed")


def particle_filter(model, rates, noise, rng, n_particles=1000, *, only=None):
    """Follow the hidden states through the measurements.

    Parameters
    ----------
    model : StateSpace
        The series.
    rates : array_like, shape (n,)
        Rate constants of all candidates, zero or more.
    noise : Noise
        Noise levels, see `StateSpace.noise`.
    rng : numpy.random.Generator
        Source of randomness.  The same state of it gives common random numbers for a comparison of rate constants.
    n_particles : int
        Number of particles, 10 or more.
    only : array_like of bool, shape (n,), optional
        Candidates whose rates are worked out (`Filtered.unit_rates` is zero for the others); all when left out.

    Returns
    -------
    Filtered
        Particles, weights and the log likelihood.

    Raises
    ------
    ValueError
        For rate constants that do not fit the network, and when the explicit steps are unstable.
    """
    network = model.network
    k = np.array(rates, dtype=float)
    if k.shape != (network.n,) or not (np.isfinite(k) & (k >= 0)).all():
        raise ValueError(f"rates are {k}; expected {network.n} finite numbers, zero or more, for {', '.join(network.names)}.")
    if n_particles < 10:
        raise ValueError(f"n_particles is {n_particles}; expected 10 or more.")
    shape = (model.grid.size, network.n_species, int(n_particles))
    x, logw, ess = np.empty(shape), np.empty((shape[0], shape[2])), np.empty(shape[0])
    mean, phi = np.empty((shape[0] - 1, *shape[1:])), np.zeros((shape[0] - 1, network.n, shape[2]))
    active = np.arange(network.n) if only is None else np.flatnonzero(np.asarray(only) | (k > 0))
    total = _filter(
        network.code, active, k, model.steps, model.data, model.start, model.start_sd**2,
        (noise.system * model.noise_shape) ** 2, noise.observation**2, rng.standard_normal(shape), rng.random(shape[0]),
        x, logw, mean, phi, ess,
    )  # fmt: skip
    if not np.isfinite(total):
        raise ValueError(
            f"the particles left all bounds with rates {np.array2string(k, precision=3)}: the explicit steps, up to "
            f"{model.steps.max():.3g}, are too long for them; set a smaller max_step or smaller starting rates."
        )
    return Filtered(model, k, noise, float(total), ess, x, logw, mean, phi)


def backward_simulation(filtered, rng, n_trajectories=200):
    """Draw trajectories of the hidden states given all measurements.

    Parameters
    ----------
    filtered : Filtered
        Result of `particle_filter`.
    rng : numpy.random.Generator
        Source of randomness.
    n_trajectories : int
        Number of trajectories.

    Returns
    -------
    Smoothed
        The trajectories.
    """
    model, x = filtered.model, filtered.states
    n_grid, n, _ = x.shape
    p, m = model.network.n, int(n_trajectories)
    index = np.empty((m, n_grid), dtype=np.int64)
    q = (filtered.noise.system * model.noise_shape) ** 2
    _backward(x, filtered.log_weights, filtered.means, model.steps, q, rng.random((n_grid, m)), index)
    sums = np.zeros((m, p, p)), np.zeros((m, p, n)), np.zeros((m, n)), np.zeros((m, n))
    _statistics(x, filtered.unit_rates, index, model.steps, model.data, *sums)
    states = x[np.arange(n_grid), :, index]
    return Smoothed(model, states, *sums)
