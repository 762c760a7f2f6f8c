"""Is the posterior calibrated: ranks and coverage with truths drawn from the prior, and the bias that a prior of F brings."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd

from .artificial import Cell, cell_of, make_data
from .collapsed import sample
from .study import collapsed_chains, wilson

#: Settings of the calibration; the last two have additive noise, and priors narrow enough that one error an element (which
#: must not follow the concentrations drawn) suits all of them.
CALIBRATION_CELLS = (
    Cell("accumulated", 0.05, 5, 8),
    Cell("batch", 0.05, 5, 8),
    Cell("accumulated", 0.10, 10, 5, prior="hierarchical"),
    Cell("accumulated", 0.05, 5, 5, "linear", f_low=0.02, f_high=0.15, source_sd=0.5),
    Cell("instantaneous", 0.05, 5, 8, "linear", f_low=0.02, f_high=0.15, source_sd=0.5),
)
#: Where the prior of F matters, and a cell where it does not.
BIAS_CELLS = (
    cell_of("batch", 0.10, 30, 14),
    cell_of("batch", 0.05, 30, 14),
    cell_of("accumulated", 0.10, 30, 5),
    cell_of("accumulated", 0.05, 10, 14),
)
PRIORS = ("flat", "log-uniform", "hierarchical")
#: Kept draws of a data set in calibration: ranks have this many steps.
N_RANKS = 400
_CHUNK = 20


def calibrate_cell(cell: Cell, n_sets: int, first: int, rng: np.random.Generator) -> list[dict]:
    """Draw truths from the prior, invert, and return rank and coverage of every unknown."""
    rows = []
    for number in range(n_sets):
        data_rng, run_rng = rng.spawn(2)
        data = make_data(cell, data_rng, from_prior=True)
        draws = sample(data.posterior, n_chains=2, n_draws=N_RANKS // 2, n_warm=700, thin=8, seed=run_rng)
        ln_f, ln_c0 = np.log(draws.pooled("melt_fraction")), draws.pooled("ln_source")
        quantities = [("level", "mean ln F", ln_f.mean(axis=1), data.level)]
        quantities += [("melt_fraction", f"F {i + 1}", ln_f[:, i], t) for i, t in enumerate(np.log(data.melt_fraction))]
        quantities += [
            ("source", element, ln_c0[:, j], data.ln_source[j]) for j, element in enumerate(data.posterior.data.elements)
        ]
        for kind, name, values, truth in quantities:
            low, high = np.quantile(values, [0.025, 0.975])
            rows.append({
                "cell": cell.label, "model": cell.model, "kind_of_noise": cell.kind, "prior": cell.prior,
                "set": first + number, "kind": kind, "quantity": name, "rank": float(np.mean(values < truth)),
                "covered": bool(low <= truth <= high),
            })  # fmt: skip
    return rows


def run_calibration(cells=None, *, n_sets: int = 100, seed: int = 1, n_jobs: int = 1, store=None) -> pd.DataFrame:
    """Simulation-based calibration: truths from the prior, ranks of the truths among the draws.

    Parameters
    ----------
    cells : sequence of Cell, optional
        Default `CALIBRATION_CELLS`.
    n_sets : int
        Data sets a cell.
    seed : int
        One stream a task is spawned from it.
    n_jobs : int
        Tasks at once.
    store : path-like, optional
        Folder that keeps finished tasks.

    Returns
    -------
    DataFrame
        One row a data set and unknown: cell, model, kind_of_noise, prior, set, kind ("level", "melt_fraction" or "source"),
        quantity, rank (0-1, uniform when all is well), covered (by the central 95 % interval).
    """
    from lib.tasks import run_tasks

    tasks = [
        {"cell": cell, "n_sets": min(_CHUNK, n_sets - first), "first": first}
        for cell in (CALIBRATION_CELLS if cells is None else cells)
        for first in range(0, n_sets, _CHUNK)
    ]
    results = run_tasks(calibrate_cell, tasks, seed=seed, n_jobs=n_jobs, store=store, label="calibration")
    return pd.DataFrame([row for rows in results for row in rows])


def coverage(frame: pd.DataFrame, by=("kind",)) -> pd.DataFrame:
    """Coverage of 95 % intervals from the rows of `run_calibration`, by group and pooled.

    Parameters
    ----------
    frame : DataFrame
        As returned by `run_calibration`.
    by : sequence of str
        Columns that make a group.

    Returns
    -------
    DataFrame
        The group (last row: "all"), n, coverage, lo, hi (95 % binomial interval, as if intervals were independent) and
        clustered_lo, clustered_hi (data sets resampled: the unknowns of one data set go together).
    """
    rows = []
    groups = [(*key, part) for key, part in frame.groupby(list(by), sort=False)]
    for *key, part in [*groups, *[("all",) * len(by) + (frame,)]]:
        n, count = len(part), int(part["covered"].sum())
        low, high = wilson(count, n)
        per_set = part.groupby(["cell", "set"], sort=False)["covered"].agg(["sum", "count"]).to_numpy(float)
        rate = count / n
        residual = per_set[:, 0] - rate * per_set[:, 1]
        half = 1.96 * np.sqrt(np.sum(residual**2)) / n
        rows.append({**dict(zip(by, key, strict=True)), "n": n, "coverage": rate, "lo": low, "hi": high,
                     "clustered_lo": max(rate - half, 0.0), "clustered_hi": min(rate + half, 1.0)})  # fmt: skip
    return pd.DataFrame(rows)


def bias_cell(cell: Cell, n_sets: int, budget: int, first: int, rng: np.random.Generator) -> list[dict]:
    """Invert the same data sets with every prior of F; returns one row a data set and prior."""
    rows = []
    for number in range(n_sets):
        data_rng, run_rng = rng.spawn(2)
        data = make_data(cell, data_rng)
        for prior in PRIORS:
            posterior = dataclasses.replace(
                data.posterior, prior_f=dataclasses.replace(data.posterior.prior_f, kind=prior)
            )  # fmt: skip
            levels = collapsed_chains(posterior, run_rng, budget)[0]
            low, high = np.quantile(levels, [0.025, 0.975])
            rows.append({
                "cell": cell.label, "model": cell.model, "noise": cell.noise, "n_samples": cell.n_samples,
                "n_elements": cell.n_elements, "prior": prior, "set": first + number,
                "error": float(levels.mean() - data.level),
                "variance": float(levels.var()), "covered": bool(low <= data.level <= high),
            })  # fmt: skip
    return rows


def prior_bias(cells=None, *, n_sets: int = 40, budget: int = 6_000, seed: int = 1, n_jobs: int = 1,
               store=None) -> pd.DataFrame:  # fmt: skip
    """Bias of the mean ln F under three priors of F, at fixed true melt fractions.

    Parameters
    ----------
    cells : sequence of Cell, optional
        Default `BIAS_CELLS`.
    n_sets : int
        Data sets a cell; all priors see the same.
    budget : int
        Likelihood evaluations of every run.
    seed : int
        One stream a task is spawned from it.
    n_jobs : int
        Tasks at once.
    store : path-like, optional
        Folder that keeps finished tasks.

    Returns
    -------
    DataFrame
        One row a cell and prior: bias and bias_se (of mean ln F), coverage with lo, hi, and m_var = m Var(mean ln F), the
        shift that m independent flat priors are expected to cause.
    """
    from lib.tasks import run_tasks

    tasks = [
        {"cell": cell, "n_sets": min(_CHUNK, n_sets - first), "budget": budget, "first": first}
        for cell in (BIAS_CELLS if cells is None else cells)
        for first in range(0, n_sets, _CHUNK)
    ]
    results = run_tasks(bias_cell, tasks, seed=seed, n_jobs=n_jobs, store=store, label="prior bias")
    frame = pd.DataFrame([row for rows in results for row in rows])
    rows = []
    for (label, prior), part in frame.groupby(["cell", "prior"], sort=False):
        low, high = wilson(int(part["covered"].sum()), len(part))
        rows.append({
            "cell": label, "prior": prior, "n": len(part), "bias": part["error"].mean(),
            "bias_se": part["error"].std(ddof=1) / np.sqrt(len(part)), "coverage": part["covered"].mean(),
            "lo": low, "hi": high, "m_var": float(part["n_samples"].iloc[0] * part["variance"].mean()),
        })  # fmt: skip
    return pd.DataFrame(rows)
