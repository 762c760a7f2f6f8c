"""The study: does a sampler find the answer, how often does it fail, and why, over noise, samples, elements and models.

Every sampler gets the same data, starts from draws of the same prior and stops at the same number of likelihood evaluations.
A run is judged against a chain of the collapsed sampler that starts at the truth; its failure is one of

    wrong level       the median log-likelihood of a chain's second half lies more than 10 below the reference
    slow ridge        the mean of s = mean ln F lies more than 2 sd of the reference from it
    prior bias        sampled rightly, but the reference lies more than 3 sd from the truth, and a hierarchical prior cures it
    identifiability   the same, and it does not: noise, or data that do not fix the melt fractions
"""

from __future__ import annotations

import dataclasses
import time

import numpy as np
import pandas as pd

from lib.sampling import diagnostics

from .artificial import GRID, Cell, make_data
from .collapsed import ANNEAL, jump_plan, run_chain, streams, turn_cost
from .joint import JOINT, WALKERS, normalisation, starts

SAMPLERS = ("collapsed", *JOINT)
FAILURES = ("wrong_level", "slow_ridge", "prior_bias", "identifiability")
#: Evaluations of every sampler, chains of the collapsed one, and its part of warm-up.
BUDGET, N_CHAINS, WARM = 20_000, 4, 0.3
#: A run further from the reference (log-likelihood; sd of s) or from the truth (sd of s) has failed.
LEVEL_LIMIT, RIDGE_LIMIT, TRUTH_LIMIT = 10.0, 2.0, 3.0
#: Data sets of one task.
_CHUNK = 10
#: Evaluations on the whole grid; more for every sample of instantaneous melts, whose plateaus hold chains longest (with
#: 8600 for thirty samples, 1 run in 720 had not left; with 13 000, none). Then the part of the budget that the reference gets.
GRID_BUDGET, PER_INSTANTANEOUS_SAMPLE, REFERENCE = 6_500, 200, 0.2


def collapsed_chains(posterior, rng, budget: int = BUDGET, n_chains: int = N_CHAINS, start: dict | None = None):
    """Run the collapsed sampler for a number of evaluations, from the prior or from a given start.

    Returns
    -------
    levels, values : array, shape (draws, chains)
        s = mean ln F, and the joint log-likelihood with a source drawn to it.
    evaluations : float
        What was used, warm-up included.
    """
    problem = posterior.problem()
    share = budget / n_chains
    n_warm = int(WARM * share / turn_cost(posterior, *jump_plan(posterior), 0.0 if start else ANNEAL))
    levels, values, used = [], [], 0.0
    for stream in streams(rng, n_chains):
        out, evaluations = run_chain(posterior, problem, stream, n_warm=n_warm, budget=share, start=start)
        levels.append(out[0].mean(axis=1))
        values.append(out[6][:, 1])
        used += evaluations
    shortest = min(map(len, levels))  # chains with and without cloud moves get different numbers for the same budget
    return np.array([x[:shortest] for x in levels]).T, np.array([x[:shortest] for x in values]).T, used


def run_sampler(name: str, posterior, rng, theta, budget: int = BUDGET):
    """Run one sampler; returns (levels, values, evaluations) of what it keeps: the joint ones keep their second half."""
    if name == "collapsed":
        return collapsed_chains(posterior, rng, budget)
    levels, values = JOINT[name](posterior, rng, theta, budget)
    half = len(levels) // 2
    return levels[half:], values[half:] + normalisation(posterior), budget


def judge(levels, values, reference, truth: float) -> dict:
    """Compare a run with the reference (levels, values) and with the truth; see the head of this module."""
    mean, sd = float(levels.mean()), float(levels.std(ddof=1))
    ref_mean, ref_sd = float(reference[0].mean()), float(reference[0].std(ddof=1))
    worst = float(np.median(values, axis=0).min()) if values.shape[1] <= N_CHAINS else float(np.median(values))
    low, high = np.quantile(levels, [0.025, 0.975])
    return {
        "level": mean, "level_sd": sd, "reference": ref_mean, "reference_sd": ref_sd, "truth": truth,
        "likelihood_gap": float(np.median(reference[1])) - worst, "z_reference": abs(mean - ref_mean) / ref_sd,
        "z_truth": (ref_mean - truth) / ref_sd, "covered": bool(low <= truth <= high),
    }  # fmt: skip


def _failure(row: dict, data, rng) -> str:
    """Return the kind of failure of a judged run, or an empty text."""
    if row["likelihood_gap"] > LEVEL_LIMIT:
        return "wrong_level"
    if row["z_reference"] > RIDGE_LIMIT:
        return "slow_ridge"
    if abs(row["z_truth"]) <= TRUTH_LIMIT:
        return ""
    other = dataclasses.replace(
        data.posterior, prior_f=dataclasses.replace(data.posterior.prior_f, kind="hierarchical")
    )  # fmt: skip
    again = collapsed_chains(other, rng)[0]
    return "prior_bias" if abs(again.mean() - data.level) <= TRUTH_LIMIT * again.std() else "identifiability"


def study_cell(cell: Cell, samplers, n_sets: int, budget: int, first: int, rng: np.random.Generator) -> list[dict]:
    """Run samplers on data sets of one cell; returns one row a sampler and data set."""
    rows = []
    for number in range(n_sets):
        data_rng, start_rng, ref_rng, judge_rng, *runs = rng.spawn(4 + len(SAMPLERS))
        data = make_data(cell, data_rng)
        posterior = data.posterior
        m, n = posterior.data.shape
        theta = starts(posterior, start_rng, max(WALKERS, 2 * (m + n) + 2)) if set(samplers) != {"collapsed"} else None
        reference = collapsed_chains(posterior, ref_rng, int(REFERENCE * budget), 1, {"melt_fraction": data.melt_fraction})
        for name in samplers:
            stream = runs[SAMPLERS.index(name)]
            began = time.perf_counter()
            levels, values, used = run_sampler(name, posterior, stream, theta, budget)
            seconds = time.perf_counter() - began
            row = {**dataclasses.asdict(cell), "cell": cell.label, "sampler": name, "set": first + number}
            row |= judge(levels, values, reference, data.level)
            row["failure"] = _failure(row, data, judge_rng)
            chains = levels.T if levels.shape[1] <= N_CHAINS else levels.mean(axis=1)[None]
            sampled = row["failure"] not in ("wrong_level", "slow_ridge")
            row["rhat"] = float(np.max(diagnostics.rhat(chains)))
            # a stuck chain shows a large ESS: none is quoted for a run that failed
            row["ess_per_1000"] = 1000 * float(np.min(diagnostics.ess_mean(chains))) / used if sampled else np.nan
            rows.append(row | {"evaluations": used, "seconds": seconds})
    return rows


def grid_budget(cell: Cell) -> int:
    """Return the evaluations that a cell gets where the whole grid has to be run in minutes."""
    return GRID_BUDGET + (PER_INSTANTANEOUS_SAMPLE * cell.n_samples if cell.model == "instantaneous" else 0)


def run_study(cells=None, samplers=("collapsed",), *, n_sets: int = 30, budget: int | None = BUDGET, seed: int = 1,
          n_jobs: int = 1, store=None) -> pd.DataFrame:  # fmt: skip
    """Run samplers over cells of artificial data.

    Parameters
    ----------
    cells : sequence of Cell, optional
        Default `GRID`, all 108 cells; `STAR` has ten.
    samplers : sequence of str
        Of `SAMPLERS`; all of them see the same data and starts.
    n_sets : int
        Data sets a cell.
    budget : int or None
        Likelihood evaluations of every run; None = `grid_budget` of each cell.
    seed : int
        One stream a task of up to ten data sets is spawned from it.
    n_jobs : int
        Tasks at once.
    store : path-like, optional
        Folder that keeps finished tasks (see `lib.tasks.run_tasks`).

    Returns
    -------
    DataFrame
        One row a cell, sampler and data set: fields of the cell, level, level_sd, reference, reference_sd, truth,
        likelihood_gap, z_reference, z_truth, covered, failure ("" = none), rhat, ess_per_1000, evaluations, seconds.

    Raises
    ------
    ValueError
        Unknown sampler.
    """
    from lib.tasks import run_tasks

    unknown = set(samplers) - set(SAMPLERS)
    if unknown:
        raise ValueError(f"unknown sampler(s) {', '.join(sorted(unknown))}; there are {', '.join(SAMPLERS)}")
    tasks = [
        {
            "cell": cell,
            "samplers": tuple(samplers),
            "n_sets": min(_CHUNK, n_sets - first),
            "first": first,
            "budget": grid_budget(cell) if budget is None else budget,
        }
        for cell in (GRID if cells is None else cells)
        for first in range(0, n_sets, _CHUNK)
    ]
    results = run_tasks(study_cell, tasks, seed=seed, n_jobs=n_jobs, store=store, label="study")
    return pd.DataFrame([row for rows in results for row in rows])


def summary(frame: pd.DataFrame, by=("cell", "sampler")) -> pd.DataFrame:
    """Failure rates and accuracy from the rows of `run_study`.

    Parameters
    ----------
    frame : DataFrame
        As returned by `run_study`.
    by : sequence of str
        Columns that make a group; fields of the cell that are constant in a group are carried along.

    Returns
    -------
    DataFrame
        The group, n, rates of `FAILURES` with 95 % binomial (Wilson) intervals ``_lo`` and ``_hi``, ``failed`` (any of them),
        bias, rmse (of s against the truth, over runs that sampled rightly), sd, coverage with interval, ess_per_1000
        (median), evaluations, seconds (means).
    """
    rows = []
    fields = [f.name for f in dataclasses.fields(Cell)]
    for key, part in frame.groupby(list(by), sort=False):
        row = dict(zip(by, key, strict=True))
        row |= {f: part[f].iloc[0] for f in fields if f not in row and (part[f] == part[f].iloc[0]).all()}
        row["n"] = len(part)
        for name in (*FAILURES, "failed"):
            count = int((part["failure"] != "").sum() if name == "failed" else (part["failure"] == name).sum())
            row[name] = count / len(part)
            row[f"{name}_lo"], row[f"{name}_hi"] = wilson(count, len(part))
        good = part[~part["failure"].isin(FAILURES[:2])]
        error = (good["level"] - good["truth"]).to_numpy()
        row["bias"] = float(error.mean()) if error.size else np.nan
        row["rmse"] = float(np.sqrt(np.mean(error**2))) if error.size else np.nan
        row["sd"] = float(good["level_sd"].mean())
        row["coverage"] = float(good["covered"].mean()) if error.size else np.nan
        row["coverage_lo"], row["coverage_hi"] = wilson(int(good["covered"].sum()), len(good))
        row["ess_per_1000"] = float(good["ess_per_1000"].median())
        row["evaluations"], row["seconds"] = float(part["evaluations"].mean()), float(part["seconds"].mean())
        rows.append(row)
    return pd.DataFrame(rows)


def wilson(count: int, n: int) -> tuple[float, float]:
    """Return the 95 % Wilson interval of a binomial rate.

    Parameters
    ----------
    count : int, 0 to n
        Successes.
    n : int
        Trials; NaN is returned for none.

    Returns
    -------
    low, high : float
        0 to 1.
    """
    if n == 0:
        return np.nan, np.nan
    z = 1.959963984540054
    rate, spread = count / n, z * z / n
    centre = (rate + spread / 2) / (1 + spread)
    half = z * np.sqrt(rate * (1 - rate) / n + spread / (4 * n)) / (1 + spread)
    return max(centre - half, 0.0), min(centre + half, 1.0)
