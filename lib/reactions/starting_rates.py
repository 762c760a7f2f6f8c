"""Starting rates for EM: least squares of the model without system noise, pulled weakly towards a random guess.

EM finds the nearest maximum, and from rates far off it explains the series by system noise.  A path without system noise costs
next to nothing, with its derivatives; the pull makes every start differ where the measurements leave rates open.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from scipy.optimize import least_squares

from lib.kinetics.solver_kernels import evaluate_rates

__all__ = ["first_noise", "least_squares_rates", "noiseless_path"]

MOST_EVALUATIONS = 40
ATTEMPTS = 3  # least squares has several minima too


@njit(cache=True, nogil=True, error_model="numpy")
def _euler(code, k, steps, start, x, slopes):
    """Explicit Euler steps from the start, with derivatives with respect to the rate constants."""
    n, p = start.shape[0], k.shape[0]
    active = np.arange(p)
    rate = np.empty(p)
    along = np.empty((p, n))
    for s in range(n):
        x[0, s] = start[s]
        for l in range(p):
            slopes[0, s, l] = 0.0
    for t in range(steps.shape[0]):
        evaluate_rates(code, active, x[t], rate, along)
        for s in range(n):
            x[t + 1, s] = x[t, s]
            for l in range(p):
                slopes[t + 1, s, l] = slopes[t, s, l]
        for j in range(p):
            for s in range(n):
                nu = code.stoichiometry[s, j] * steps[t]
                if nu != 0.0:
                    x[t + 1, s] += nu * k[j] * rate[j]
                    slopes[t + 1, s, j] += nu * rate[j]
                    for o in range(n):
                        if along[j, o] != 0.0:
                            for l in range(p):
                                slopes[t + 1, s, l] += nu * k[j] * along[j, o] * slopes[t, o, l]


def noiseless_path(model, rates):
    """Return the states of a model without system noise.

    Parameters
    ----------
    model : StateSpace
        The series.
    rates : array_like, shape (n,)
        Rate constants.

    Returns
    -------
    states : ndarray, shape (n_grid, n_species)
        States on the model's grid.
    slopes : ndarray, shape (n_grid, n_species, n)
        Their derivatives with respect to the rate constants.
    """
    network, k = model.network, np.array(rates, dtype=float)
    x = np.empty((model.grid.size, network.n_species))
    slopes = np.empty((*x.shape, network.n))
    _euler(network.code, k, model.steps, model.start, x, slopes)
    return x, slopes


def first_noise(model):
    """Guess noise levels from the roughness of the measurements.

    Parameters
    ----------
    model : StateSpace
        The series.

    Returns
    -------
    Noise
        Levels for EM to start from: rather too large, as all the roughness is given to both kinds of noise.
    """
    levels, spreads = {}, []
    for s in model.observed:
        column = model.data[:, model.network.species.index(s)]
        at = np.flatnonzero(np.isfinite(column))
        t, v = model.grid[at], column[at]
        spread = np.ptp(v) or 1.0
        rough = 0.1 * spread
        if at.size >= 5:  # each measurement against the line between its neighbours
            w = (t[1:-1] - t[:-2]) / (t[2:] - t[:-2])
            off = (v[1:-1] - (1 - w) * v[:-2] - w * v[2:]) / np.sqrt(1 + w**2 + (1 - w) ** 2)
            rough = max(1.4826 * float(np.median(np.abs(off))), 2e-3 * spread)
        levels[s] = rough
        spreads.append(rough / model.noise_shape[model.network.species.index(s)])
    return model.noise(float(np.mean(spreads)) / np.sqrt(np.median(np.diff(model.times))), levels)


def least_squares_rates(model, rng, support=None, pull=0.3):
    """Return rates that fit the series without system noise, near a random guess.

    Parameters
    ----------
    model : StateSpace
        The series.
    rng : numpy.random.Generator
        Source of the guesses, exponential with the scales of the rates as means.
    support : sequence of str, optional
        Reactions that may run; all when left out.
    pull : float
        Weight of the guess: a rate one scale off it counts like a measurement this many standard deviations off.

    Returns
    -------
    ndarray, shape (n,)
        Rates, zero outside the support.
    """
    network = model.network
    on = np.arange(network.n) if support is None else np.flatnonzero(network.mask(support))
    scale, seen = network.rate_scale, np.isfinite(model.data)
    sd = np.broadcast_to(first_noise(model).observation, model.data.shape)[seen]
    best = None

    def evaluate(u):
        k = np.zeros(network.n)
        k[on] = u * scale[on]
        x, slopes = noiseless_path(model, k)
        off, along = ((x - model.data)[seen] / sd), slopes[seen][:, on] * scale[on] / sd[:, None]
        return np.nan_to_num(np.clip(off, -1e6, 1e6), nan=1e6), np.nan_to_num(np.clip(along, -1e9, 1e9))

    for _ in range(ATTEMPTS):
        guess = rng.exponential(size=on.size)
        found = least_squares(
            lambda u, guess=guess: np.append(evaluate(u)[0], pull * (u - guess)),
            np.clip(guess, 0.05, 2.0),
            lambda u: np.vstack([evaluate(u)[1], pull * np.eye(on.size)]),
            bounds=(0.0, np.inf),
            max_nfev=MOST_EVALUATIONS,
        )
        best = found if best is None or found.cost < best.cost else best
    k = np.zeros(network.n)
    k[on] = best.x * scale[on]
    return k
