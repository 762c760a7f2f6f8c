"""Detectability: from which rate on, error and number of data a reaction shows in the data."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import expit

from lib.tasks import run_tasks

from .exhaustive import exhaustive_networks
from .laplace import laplace_evidence
from .mapfit import fit_map

__all__ = ["detectability"]


def detectability(make_problem, reaction, k, *, designs, multipliers=(0.03, 0.1, 0.3, 1.0), against="without", n_jobs=1):
    """Compute the evidence for a true reaction, from data without scatter, for a range of its rate.

    Parameters
    ----------
    make_problem : callable
        ``make_problem(k, **design) -> SelectionProblem`` on data that follow exactly from the rate constants k, with the
        errors of the design stated.  A function of a module if `n_jobs` is above one.
    reaction : str
        The reaction in question.
    k : array_like, shape (n,)
        True rate constants; those above zero, the reaction's among them, are the true network.
    designs : sequence of dict
        Arguments of `make_problem`, such as noise and n_times.
    multipliers : sequence of float, above 0
        Factors of the reaction's rate constant.
    against : {"without", "all"}
        Hold the true network against itself without the reaction, or all networks with the reaction against all without:
        others may then take its place.
    n_jobs : int
        Processes.

    Returns
    -------
    pandas.DataFrame
        The design's arguments, multiplier, rate, log_bayes_factor (with over without the reaction) and probability (for even
        odds; for "all" the inclusion probability).

    Raises
    ------
    ValueError
        For an unknown `against`, or a reaction whose rate constant is zero.

    Notes
    -----
    Data without scatter give the log Bayes factor that the mean of many experiments has, but for half a nat a parameter.
    """
    if against not in ("without", "all"):
        raise ValueError(f'against = {against!r}: expected "without" or "all"')
    k = np.asarray(k, dtype=float)
    names = make_problem(k, **designs[0]).names
    if reaction not in names or not k[names.index(reaction)] > 0:
        raise ValueError(f"{reaction!r} must be a candidate with a true rate constant above zero, to be multiplied; got {k}")
    same = {"make_problem": make_problem, "reaction": reaction, "k": k, "against": against}
    tasks = [{**same, "multiplier": float(m), "design": d} for d in designs for m in multipliers]
    found = run_tasks(_one_rate, tasks, n_jobs=n_jobs, label="detectability")
    return pd.DataFrame(found)


def _one_rate(make_problem, reaction, k, multiplier, design, against):
    """Bayes factor for one design and rate."""
    k = k.copy()
    j = make_problem(k, **design).names.index(reaction)
    k[j] *= multiplier
    problem = make_problem(k, **design)
    about = {**design, "multiplier": multiplier, "rate": k[j]}
    if against == "all":
        factor = exhaustive_networks(problem, progress=False).log_odds(reaction)
        return {**about, "log_bayes_factor": factor, "probability": float(expit(factor))}
    true = sum(1 << int(i) for i in np.flatnonzero(k > 0))
    values = []
    for mask in (true, true & ~(1 << j)):
        active = problem.active(mask)
        # without the reaction others may take its place: start from the truth and from plain rates
        fit = fit_map(problem, active, [k[active], problem.prior.typical[active]])
        values.append(laplace_evidence(problem, fit).log_evidence)
    factor = values[0] - values[1]
    return {**about, "log_bayes_factor": factor, "probability": float(expit(factor))}
