"""How often the right reactions are found, against noise and number of times, on artificial series."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.stats import binomtest

from lib.tasks import run_tasks

from .sparsity_choice import choose_sparsity
from .state_space import simulate_series, surface_network

__all__ = ["HIDDEN_TRUTHS", "MAX_STEP", "recovery_study", "series_times", "summarise_support"]

HIDDEN_TRUTHS = (
    {"dissolution: area of A": 0.10, "precipitation: area of B": 0.08},
    {"dissolution: area of A": 0.10, "precipitation: area of A": 0.04},
    {"dissolution: amount of A": 0.10, "precipitation: area of B": 0.08},
    {"dissolution: constant": 0.08, "precipitation: amount of B": 0.15},
)
SPREAD = 0.2  # standard deviation of the natural logarithm of the true rates about these
MAX_STEP = 0.25, 1.5  # of the model, at the start and at the end, h
LIGHT = {"n_particles": 100, "n_trajectories": 30, "n_iterations": 30}


def series_times(n, end=60.0):
    """Return times of measurement that are denser at the start.

    Parameters
    ----------
    n : int
        Number of times.
    end : float
        Last time, h.

    Returns
    -------
    ndarray, shape (n,)
        Times, h.
    """
    return end * (np.arange(1, n + 1) / n) ** 1.5


def _one(noise, n_times, truth, adaptive, n_starts, rng):
    """Make one series and say what was found of it."""
    network = surface_network()
    rates = {name: k * np.exp(SPREAD * rng.standard_normal()) for name, k in HIDDEN_TRUTHS[truth].items()}
    series = simulate_series(
        rates, series_times(n_times), rng, network=network, observation_sd=noise, system_sd=noise, max_step=MAX_STEP
    )
    on, rows = network.mask(rates), []
    for kind in adaptive:
        choice = choose_sparsity(series.model, rng, adaptive=kind, n_starts=n_starts, **LIGHT)
        for stage, fit in (("penalised", choice.fit), ("debiased", choice.debiased)):
            found = fit.rates.to_numpy() > 0
            error = np.abs(fit.rates - series.rates)[on].sum() / series.rates.sum()
            rows.append(
                {
                    "noise": noise, "n_times": n_times, "truth": truth, "sparsity": "non-uniform" if kind else "uniform",
                    "stage": stage, "exact": bool((found == on).all()), "true_positive": found[on].mean(),
                    "false_positive": found[~on].mean(), "rate_error": error,
                }
            )  # fmt: skip
    return rows


def recovery_study(noises=(0.002, 0.005, 0.02), numbers_of_times=(15, 30, 60), *, n_sets=8, seed=0, n_jobs=1,
                     sparsities=("uniform", "non-uniform"), n_starts=1, store=None):  # fmt: skip
    """Run the choice of reactions on many artificial series.

    Parameters
    ----------
    noises : sequence of float
        Measurement noise, mol per kg; the system noise has the same number, per square root of an hour.
    numbers_of_times : sequence of int
        Numbers of times measured, over 60 h.
    n_sets : int
        Series for each noise and number of times; the four truths take turns.
    seed : int
        Seed of all series.
    n_jobs : int
        Processes.
    sparsities : sequence of str
        "uniform", "non-uniform" or both.
    n_starts : int
        Starts for each penalty.
    store : path-like, optional
        Folder in which finished tasks are kept.

    Returns
    -------
    DataFrame
        One row a series, sparsity and stage ("penalised", "debiased"): noise, n_times, truth, exact (the right reactions and
        no others), true_positive and false_positive (shares of those that ran and did not run), rate_error (sum of the errors
        of the true rates over their sum).
    """
    if unknown := set(sparsities) - {"uniform", "non-uniform"}:
        raise ValueError(f"unknown sparsity {sorted(unknown)[0]!r}; expected 'uniform' or 'non-uniform'.")
    tasks = [
        {"noise": noise, "n_times": n, "truth": i % len(HIDDEN_TRUTHS), "n_starts": n_starts,
         "adaptive": tuple(s == "non-uniform" for s in sparsities)}
        for noise in noises for n in numbers_of_times for i in range(n_sets)
    ]  # fmt: skip
    found = run_tasks(_one, tasks, seed=seed, n_jobs=n_jobs, store=store, label="support recovery")
    return pd.DataFrame([row for rows in found for row in rows])


def summarise_support(table):
    """Return recovery rates with their binomial errors.

    Parameters
    ----------
    table : DataFrame
        Result of `recovery_study`.

    Returns
    -------
    DataFrame
        One row a sparsity, stage, noise and number of times: n_sets, exact with exact_lo95 and exact_hi95 (Wilson),
        exact_se (Agresti-Coull), true_positive, false_positive, rate_error (median).
    """
    groups = table.groupby(["sparsity", "stage", "noise", "n_times"])
    out = groups.agg(
        n_sets=("exact", "size"), exact=("exact", "mean"), true_positive=("true_positive", "mean"),
        false_positive=("false_positive", "mean"), rate_error=("rate_error", "median"),
    ).reset_index()  # fmt: skip
    share = (out["exact"] * out["n_sets"] + 2) / (out["n_sets"] + 4)
    out.insert(6, "exact_se", np.sqrt(share * (1 - share) / (out["n_sets"] + 4)))
    ends = [
        binomtest(round(p * n), n).proportion_ci(method="wilson") for p, n in zip(out["exact"], out["n_sets"], strict=True)
    ]
    out.insert(6, "exact_lo95", [end.low for end in ends])
    out.insert(7, "exact_hi95", [end.high for end in ends])
    return out
