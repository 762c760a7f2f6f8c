"""Scores of the isocon methods on artificial haloes: error, bias, recovered immobile set, coverage."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from lib.tasks import run_tasks

from . import classical
from .artificial import SCENARIOS, Halo, Scenario, make_halo, variant
from .em import fit_em
from .results import IsoconFit
from .sparse import (
    fit_convex,
    fit_geometric_median,
    fit_lasso,
    fit_median,
    fit_reference,
    fit_sparse,
    fit_welsch,
)
from .tabular import TO_WT
from .votes import block_weights


def _oracle(halo: Halo) -> IsoconFit:
    return fit_reference(halo.data, [e for e, yes in zip(halo.data.elements, halo.immobile, strict=True) if yes])


def _least_squares(halo: Halo) -> np.ndarray:
    """Unscaled, everything in wt%, so that SiO2 decides; other units give another answer."""
    data = halo.data
    factor = np.array([TO_WT[unit] for unit in data.units])
    c0, altered = data.c0 * factor, data.altered * factor[:, None]
    return np.log((c0[:, None] * altered).sum(axis=0) / np.sum(c0**2))


def _weighted(halo: Halo) -> np.ndarray:
    data = halo.data
    fits = [
        classical.baumgartner_olsen(data.c0, data.altered[:, n], data.sigma_protolith, data.sigma_altered[:, n])
        for n in range(data.shape[1])
    ]
    return np.log([one.slope for one in fits])


def _one_vote(halo: Halo, shipped: bool = False):
    """The data with one vote for the elements that the scenario moves together, or for each of `COHERENT_BLOCKS`."""
    blocks = None if shipped else {"together": halo.scenario.coherent}
    return replace(halo.data, weight=block_weights(halo.data.elements, blocks))


#: Method name -> function of a Halo that returns an IsoconFit, or ln slopes (N,) only.
BENCHMARK_METHODS: dict[str, Callable] = {
    "oracle": _oracle,
    "constant Al": lambda halo: fit_reference(halo.data, ["Al2O3"]),
    "mean of Al, Ti, Zr": lambda halo: fit_reference(halo.data, ["Al2O3", "TiO2", "Zr"]),
    "Grant least squares": _least_squares,
    "mean log ratio": lambda halo: halo.data.log_ratio.mean(axis=0),
    "weighted LSQ + rejection": _weighted,
    "median": lambda halo: fit_median(halo.data),
    "lasso": lambda halo: fit_lasso(halo.data),
    "geometric median": lambda halo: fit_geometric_median(halo.data, tolerance=1e-8),
    "geometric median, unweighted": lambda halo: fit_geometric_median(halo.data, whiten=False, tolerance=1e-8),
    "convex": lambda halo: fit_convex(halo.data, tolerance=1e-8),
    "welsch": lambda halo: fit_welsch(halo.data),
    "em": lambda halo: fit_em(halo.data, tolerance=1e-7),
    "em with priors": lambda halo: fit_em(halo.data, priors="suggested", tolerance=1e-7),
    "sparse": lambda halo: fit_sparse(halo.data),
    "sparse, stated errors": lambda halo: fit_sparse(halo.data, estimate_scale=False),
    "sparse, one vote for the block": lambda halo: fit_sparse(_one_vote(halo)),
    "em, one vote for the block": lambda halo: fit_em(_one_vote(halo), tolerance=1e-7),
    "sparse, shipped blocks": lambda halo: fit_sparse(_one_vote(halo, shipped=True)),
    "em, shipped blocks": lambda halo: fit_em(_one_vote(halo, shipped=True), tolerance=1e-7),
}


def score(halo: Halo, answer: IsoconFit | np.ndarray) -> dict[str, float]:
    """Scores of one answer: mae, bias (percentage points of original mass), f1 and coverage (0-1; NaN without a set)."""
    m = answer.m if isinstance(answer, IsoconFit) else np.asarray(answer)
    error = 100 * (np.expm1(-m) - np.expm1(-halo.m))
    out = {"mae": float(np.abs(error).mean()), "bias": float(error.mean()), "f1": np.nan, "coverage": np.nan}
    if isinstance(answer, IsoconFit):
        both = int((answer.immobile & halo.immobile).sum())
        out["f1"] = 2 * both / (int(answer.immobile.sum()) + int(halo.immobile.sum()))
        low, high = answer.interval()
        out["coverage"] = float(((low <= halo.mass_change_pct) & (halo.mass_change_pct <= high)).mean())
    return out


def benchmark(scenario: Scenario | str, method: str = "sparse", n_sets: int = 60, seed: int = 1) -> dict[str, float]:
    """Mean scores of one method over artificial haloes of one scenario.

    Parameters
    ----------
    scenario : Scenario or str
        A scenario, or a key of `lib.isocon.SCENARIOS`.
    method : str
        Key of `BENCHMARK_METHODS`.
    n_sets : int
        Haloes; halo j is the same for every method.
    seed : int
        One stream a halo is spawned from it.

    Returns
    -------
    dict
        mae, mae_se, p95 (95 % quantile of the error of a halo), bias, f1, coverage, n_sets.
    """
    return compare(scenario, [method], n_sets, seed)[method]


def _haloes(scenario, n_sets, seed):
    streams = np.random.SeedSequence(seed).spawn(n_sets)
    return [make_halo(scenario, np.random.default_rng(stream)) for stream in streams]


def _summary(scores: list[dict]) -> dict[str, float]:
    frame = pd.DataFrame(scores)
    mae = frame["mae"].to_numpy()
    return {
        "mae": float(mae.mean()),
        "mae_se": float(mae.std(ddof=1) / np.sqrt(mae.size)) if mae.size > 1 else np.nan,
        "p95": float(np.quantile(mae, 0.95)),
        "bias": float(frame["bias"].mean()),
        "f1": float(frame["f1"].mean()),
        "coverage": float(frame["coverage"].mean()),
        "n_sets": mae.size,
    }


def compare(scenario: Scenario | str, methods: Sequence[str], n_sets: int, seed: int) -> dict[str, dict[str, float]]:
    """Scores of several methods on the same haloes of one scenario: method -> what `benchmark` returns."""
    haloes = _haloes(scenario, n_sets, seed)
    return {name: _summary([score(halo, BENCHMARK_METHODS[name](halo)) for halo in haloes]) for name in methods}


def benchmark_table(
    scenarios: Sequence[str] = tuple("ABCDEG"), methods: Sequence[str] | None = None, n_sets: int = 60, seed: int = 1,
    n_jobs: int = 1,
) -> pd.DataFrame:  # fmt: skip
    """Scores of all methods on all scenarios.

    Parameters
    ----------
    scenarios : sequence of str
        Keys of `lib.isocon.SCENARIOS`.
    methods : sequence of str, optional
        Keys of `BENCHMARK_METHODS`; default all.
    n_sets : int
        Haloes a scenario; every method sees the same.
    seed : int
        One stream a halo is spawned from it.
    n_jobs : int
        Scenarios at once; the results do not depend on it.

    Returns
    -------
    DataFrame
        Columns scenario, label, method, mae, mae_se, p95, bias, f1, coverage, n_sets.
    """
    methods = list(BENCHMARK_METHODS if methods is None else methods)
    tasks = [{"scenario": name, "methods": methods, "n_sets": n_sets, "seed": seed} for name in scenarios]
    found = run_tasks(compare, tasks, n_jobs=n_jobs, label="isocon benchmark")
    return pd.DataFrame(
        [
            {"scenario": name, "label": SCENARIOS[name].label, "method": method, **one}
            for name, scores in zip(scenarios, found, strict=True)
            for method, one in scores.items()
        ]
    )


def sweep(
    along: str = "mobile", values: Sequence[float] | None = None, *, base: str = "B",
    methods: Sequence[str] = ("oracle", "sparse", "em", "convex", "geometric median", "weighted LSQ + rejection"),
    n_sets: int = 60, seed: int = 1, n_jobs: int = 1,
) -> pd.DataFrame:  # fmt: skip
    """Error of several methods against the difficulty of the halo.

    Parameters
    ----------
    along : {"mobile", "gain", "noise", "n_samples"}
        Field of `Scenario` that is varied.
    values : sequence, optional
        Default: mobile 0.1-0.7, gain (one-sidedness) 0.5-1, noise 0.02-0.12, n_samples 1-20.
    base : str
        Scenario that is varied.
    methods : sequence of str
        Keys of `BENCHMARK_METHODS`.
    n_sets : int
        Haloes a value.
    seed : int
        As in `benchmark_table`.
    n_jobs : int
        Values at once; the results do not depend on it.

    Returns
    -------
    DataFrame
        Columns value, method, mae, lower, upper (95 % interval of the mean over haloes), bias, f1, coverage.
    """
    defaults = {
        "mobile": (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7),
        "gain": (0.5, 0.6, 0.7, 0.8, 0.9, 1.0),
        "noise": (0.02, 0.03, 0.05, 0.08, 0.12),
        "n_samples": (1, 2, 3, 5, 10, 20),
    }
    if along not in defaults:
        raise ValueError(f"a sweep goes along {', '.join(defaults)}, got {along!r}")
    values = list(defaults[along] if values is None else values)
    tasks = [
        {"scenario": variant(base, **{along: value}), "methods": list(methods), "n_sets": n_sets, "seed": seed}
        for value in values
    ]
    found = run_tasks(compare, tasks, n_jobs=n_jobs, label=f"isocon sweep of {along}")
    frame = pd.DataFrame(
        [
            {"along": along, "value": value, "method": method, **one}
            for value, scores in zip(values, found, strict=True)
            for method, one in scores.items()
        ]
    )
    half = 1.96 * frame["mae_se"]
    return frame.assign(lower=frame["mae"] - half, upper=frame["mae"] + half)
