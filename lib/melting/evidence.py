"""Which kind of melting made these samples: evidence of the collapsed likelihood, by replica exchange.

Replicas sample prior x likelihood^beta over a ladder of beta from 0 to 1, neighbours change places, and the evidence follows
from steps between levels (stepping stone; bridge sampling of each step uses draws of both its ends).  The source is integrated
out already, so that the ladder only has to bring the melt fractions from the prior to the posterior.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
import pandas as pd

from . import collapsed_kernels as kernels
from .collapsed import ANNEAL, start_state, streams
from .posterior import Posterior

#: Turns between swaps.
_BETWEEN = 2


@dataclass(frozen=True)
class Evidence:
    """Evidence of one model.

    Parameters
    ----------
    log_evidence, standard_error : float
        ln p(data | model), and its Monte-Carlo error.
    thermodynamic : float
        The same by integrating the mean log-likelihood over beta (trapezium): a check, good to its step error.
    beta, mean_log_likelihood, swap_rate : array, shape (n_levels,)
        The ladder from 0 to 1, the means on it, and acceptance of swaps with the next level (last: NaN).
    """

    log_evidence: float
    standard_error: float
    thermodynamic: float
    beta: np.ndarray
    mean_log_likelihood: np.ndarray
    swap_rate: np.ndarray


def log_evidence(
    posterior: Posterior, *, n_levels: int = 20, n_sweeps: int = 3000, n_repeats: int = 2, seed=1
) -> Evidence:  # fmt: skip
    """Estimate ln p(data | model).

    Parameters
    ----------
    posterior : Posterior
        Model and data; its prior of F is used with its normalisation.
    n_levels : int
        Levels of the ladder.
    n_sweeps : int
        Turns of every replica; the first quarter is warm-up.
    n_repeats : int
        Independent ladders: their spread enters the error.
    seed : int, SeedSequence or Generator
        Random numbers.

    Returns
    -------
    Evidence
    """
    runs = [_ladder(posterior, n_levels, n_sweeps, rng) for rng in streams(seed, n_repeats)]
    values = np.array([_bridge(beta, trace) for beta, trace, _ in runs])
    errors = np.array([_bridge_error(beta, trace) for beta, trace, _ in runs])
    beta, trace, swaps = runs[0]
    within = float(np.sqrt(np.mean(errors**2) / n_repeats))
    between = float(values.std(ddof=1) / np.sqrt(n_repeats)) if n_repeats > 1 else 0.0
    means = trace.mean(axis=1)
    return Evidence(float(values.mean()), max(within, between), float(np.trapezoid(means, beta)), beta, means, swaps)


def _ladder(posterior, n_levels, n_sweeps, rng):
    """Run one ladder; returns beta (from 0 to 1), log-likelihoods (n_levels, draws) and swap rates."""
    problem = posterior.problem()
    beta = np.append(0.0, np.geomspace(1e-5, 1.0, n_levels - 1))
    chains = rng.spawn(n_levels)
    states = [start_state(posterior, problem, chain) for chain in chains]
    n_warm, order = n_sweeps // 4, np.arange(n_levels)
    for k in range(n_levels):  # step sizes at the level's own temperature, cold levels slowly from hot ones
        kernels.warm_up(problem, states[k], chains[k], n_warm, ANNEAL, 0, 1, beta[k])
        states[k].cloud[:] = 0  # states change temperature, and each temperature has a cloud of its own
    sizes = [state.size.copy() for state in states]
    axes = [state.axes.copy() for state in states]
    draws = (n_sweeps - n_warm) // _BETWEEN
    m, n = posterior.data.shape
    kept = tuple(np.zeros((1, size)) for size in (m, m, n, n, n, 5, 2))
    trace, swaps, tries = np.empty((n_levels, draws)), np.zeros(n_levels), np.zeros(n_levels)
    for t in range(draws):
        for k in range(n_levels):
            state = states[order[k]]
            kernels.run(problem, state, rng, _BETWEEN, 0, 1, beta[k], *kept)
            trace[k, t] = kept[-1][0, 0]
        for k in range(t % 2, n_levels - 1, 2):
            tries[k] += 1
            if np.log(1 - rng.random()) < (beta[k + 1] - beta[k]) * (trace[k, t] - trace[k + 1, t]):
                order[k], order[k + 1] = order[k + 1], order[k]
                swaps[k] += 1
        for k in range(n_levels):
            states[order[k]].size[:], states[order[k]].axes[:] = sizes[k], axes[k]
    rate = np.append(swaps[:-1] / np.maximum(tries[:-1], 1), np.nan)
    return beta, trace, rate


def _bridge(beta, trace):
    """Return ln Z from draws of both ends of every step, by the optimal bridge for equal numbers (Bennett)."""
    total = 0.0
    for k in range(beta.size - 1):
        d = beta[k + 1] - beta[k]
        low, high = d * trace[k], d * trace[k + 1]
        r = 0.5 * (low.mean() + high.mean())
        for _ in range(200):
            new = _log_mean(low - np.logaddexp(low, r)) - _log_mean(-np.logaddexp(high, r))
            if abs(new - r) < 1e-9:
                break
            r = new
        total += new
    return total


def _bridge_error(beta, trace, blocks: int = 20):
    """Return the Monte-Carlo error of `_bridge` from blocks of draws left out (jackknife)."""
    length = trace.shape[1] // blocks
    if length < 1:
        return np.nan
    values = np.array([
        _bridge(beta, np.delete(trace, slice(b * length, (b + 1) * length), axis=1)) for b in range(blocks)
    ])  # fmt: skip
    return float(np.sqrt((blocks - 1) * np.mean((values - values.mean()) ** 2)))


def _log_mean(x):
    top = x.max()
    return top + np.log(np.mean(np.exp(x - top)))


def compare_models(posterior: Posterior, models=("batch", "accumulated", "dynamic"), *, options=None, n_jobs: int = 1, seed=1,
                   **settings) -> pd.DataFrame:  # fmt: skip
    """Compare melting models by their evidence on the same data and priors.

    Parameters
    ----------
    posterior : Posterior
        Data, coefficients and priors; its model is replaced.
    models : sequence of str
        Keys of `lib.melting.MODELS`.
    options : mapping model -> dict, optional
        Further arguments of a model; default ``porosity = 0.01`` for dynamic melting.
    n_jobs : int
        Models at once.
    seed : int
        Random numbers.
    **settings
        Of `log_evidence`.

    Returns
    -------
    DataFrame
        model, log_evidence, standard_error, delta (to the best), probability (models equally likely beforehand),
        thermodynamic, swap_rate_min.
    """
    from lib.tasks import run_tasks

    chosen = {"dynamic": {"porosity": 0.01}} | dict(options or {})
    tasks = [
        {"posterior": dataclasses.replace(posterior, model=model, options=chosen.get(model, {})), "settings": settings}
        for model in models
    ]
    found = run_tasks(_one_model, tasks, seed=seed, n_jobs=n_jobs, label="evidence")
    value = np.array([one.log_evidence for one in found])
    weight = np.exp(value - value.max())
    return pd.DataFrame({
        "model": list(models), "log_evidence": value, "standard_error": [one.standard_error for one in found],
        "delta": value - value.max(), "probability": weight / weight.sum(),
        "thermodynamic": [one.thermodynamic for one in found], "swap_rate_min": [np.nanmin(one.swap_rate) for one in found],
    })  # fmt: skip


def _one_model(posterior, settings, rng):
    """Evidence of one model, as a task."""
    return log_evidence(posterior, seed=rng, **settings)
