"""What the sparse isocon has to reach on artificial haloes, and what it and its rivals do reach."""

from __future__ import annotations

import numpy as np
import pandas as pd

from lib.tasks import run_tasks

from .artificial import make_halo, variant
from .results import IsoconFit
from .scoring import BENCHMARK_METHODS, compare

METHODS = ("sparse", "oracle", "em", "convex")
#: A halo with one sample gives a single error, so that scenario G needs more of them for the same certainty.
SETS_FACTOR = {"G": 5}
#: Scenario, quantity -> lower and upper limit for the sparse isocon.
LIMITS = {
    ("A", "mae"): (None, 1.8), ("A", "f1"): (0.98, None),
    ("B", "mae"): (None, 1.8), ("B", "bias"): (-0.5, 0.5), ("B", "f1"): (0.98, None), ("B", "coverage"): (0.88, 0.98),
    ("C", "mae"): (None, 4.6), ("C", "f1"): (0.90, None),
    ("D", "mae"): (None, 2.2), ("D", "f1"): (0.95, None),
    ("E", "mae"): (None, 1.0), ("G", "mae"): (None, 1.7),
}  # fmt: skip
#: The convex form must fail in scenario D: this row shows why it is not the default.
CONVEX_FAILS_FROM = 9.0
MISSTATED = {"B, sigma x0.5": 0.5, "B, sigma x2": 2.0}
#: Largest error of the isocon relative to known sigma, and relative to the oracle.
MISSTATED_RATIO, ORACLE_RATIO = 1.1, 1.15
#: Largest error of m in noise-free haloes.
NOISE_FREE_ERROR = 1e-8
LABELS = {
    "A": "A: 40 % mobile, symmetric, 5 %", "B": "B: 40 % mobile, 85 % gains, 5 %", "C": "C: 40 % mobile, all gains, 10 %",
    "D": "D: 60 % mobile, 85 % gains, 5 %", "E": "E: as A, 3 %", "G": "G: as B, one sample",
    "B, sigma x0.5": "B, stated errors half the true ones", "B, sigma x2": "B, stated errors twice the true ones",
    "noise-free": "D without noise",
}  # fmt: skip
WORDS = {
    "mae": "mean absolute error, % points", "f1": "F1 of the immobile set", "bias": "bias, % points",
    "coverage": "coverage of the 95 % interval", "mae ratio to known sigma": "error relative to known errors",
    "mae ratio to oracle": "error relative to the oracle", "largest error of m": "largest error of m",
}  # fmt: skip


def noise_free_error(methods, n_sets: int, seed: int) -> dict[str, float]:
    """Largest |error of m| over noise-free haloes of scenario D, method -> value."""
    worst = dict.fromkeys(methods, 0.0)
    for stream in np.random.SeedSequence(seed).spawn(n_sets):
        halo = make_halo(variant("D", noise=0.0, stated_error=1e-3), np.random.default_rng(stream))
        for method in methods:
            answer = BENCHMARK_METHODS[method](halo)
            m = answer.m if isinstance(answer, IsoconFit) else answer
            worst[method] = max(worst[method], float(np.max(np.abs(m - halo.m))))
    return worst


def _one(scenario, methods, n_sets, seed):
    """One task: scores of a scenario, or the noise-free error."""
    if scenario == "noise-free":
        return noise_free_error(methods, n_sets, seed)
    if scenario in MISSTATED:
        scenario = variant("B", stated=MISSTATED[scenario])
    return compare(scenario, methods, n_sets, seed)


def acceptance_table(n_sets: int = 60, seed: int = 1, n_jobs: int = 1) -> pd.DataFrame:
    """Every statistical requirement on the sparse isocon, measured, and the same quantity for other methods.

    Parameters
    ----------
    n_sets : int
        Artificial haloes a scenario (five times as many with one sample).
    seed : int
        One stream a halo is spawned from it.
    n_jobs : int
        Scenarios at once; the results do not depend on it.

    Returns
    -------
    DataFrame
        One row a requirement and method.  Columns row (scenario and quantity, one word for all its methods), label, method,
        quantity, value, se (standard error of a mean error; else NaN), limit_low, limit_high (NaN = none), met (boolean; NA
        for a method of which nothing is required), n_sets.  Required of "sparse", and in the row "D mae convex fails" of
        "convex".
    """
    scenarios = ["A", "B", "C", "D", "E", "G", *MISSTATED, "noise-free"]
    sets = {name: n_sets * SETS_FACTOR.get(name, 1) for name in scenarios}
    tasks = [{"scenario": name, "methods": list(METHODS), "n_sets": sets[name], "seed": seed} for name in scenarios]
    scores = dict(zip(scenarios, run_tasks(_one, tasks, n_jobs=n_jobs, label="isocon requirements"), strict=True))
    rows = []

    def add(name, quantity, values, low=None, high=None, *, required="sparse", suffix="", errors=None):
        for method, value in values.items():
            met = bool((low is None or value >= low) and (high is None or value <= high)) if method == required else pd.NA
            rows.append(
                {"row": f"{name} {quantity}{suffix}", "label": f"{LABELS[name]}: {WORDS[quantity]}", "method": method,
                 "quantity": quantity, "value": value, "se": np.nan if errors is None else errors[method],
                 "limit_low": np.nan if low is None else low, "limit_high": np.nan if high is None else high,
                 "met": met, "n_sets": sets[name]}
            )  # fmt: skip

    def column(name, quantity):
        return {method: scores[name][method][quantity] for method in METHODS}

    for (name, quantity), (low, high) in LIMITS.items():
        add(name, quantity, column(name, quantity), low, high,
            errors=column(name, "mae_se") if quantity == "mae" else None)  # fmt: skip
    add("D", "mae", column("D", "mae"), CONVEX_FAILS_FROM, None, required="convex", suffix=" convex fails",
        errors=column("D", "mae_se"))  # fmt: skip
    for name in MISSTATED:
        ratio = {method: scores[name][method]["mae"] / scores["B"][method]["mae"] for method in METHODS}
        add(name, "mae ratio to known sigma", ratio, None, MISSTATED_RATIO)
    for name in "AB":
        ratio = {method: scores[name][method]["mae"] / scores[name]["oracle"]["mae"] for method in METHODS}
        add(name, "mae ratio to oracle", ratio, None, ORACLE_RATIO)
    add("noise-free", "largest error of m", scores["noise-free"], None, NOISE_FREE_ERROR)
    return pd.DataFrame(rows).astype({"met": "boolean"})
