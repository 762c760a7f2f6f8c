"""How well a search finds the law behind artificial experiments, and how honest its cross-validated error is."""

from __future__ import annotations

import numpy as np
import pandas as pd

from lib.tasks import run_tasks

from .artificial import LAW, artificial_experiments
from .equilibrium import FUSION_ENTROPY
from .liquidus import fit_terms, heldout
from .report import SEEN
from .searching import search_terms, water_patterns
from .terms import SHORT_TERMS, water_terms

#: Schemes compared.
COMPARED = ("random", "loo", "study")


def one_set(study_k, schemes, terms, n_studies, n_each, rng) -> list[dict]:
    """Search one artificial data set under each scheme, and predict studies that nobody has seen.

    Parameters
    ----------
    study_k : float
        See `artificial_experiments`.
    schemes, terms : sequence of str
        Schemes of cross-validation, and the dictionary.
    n_studies, n_each : int
        Size of the data set; twice as many studies are made to be predicted.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    list of dict
        One a scheme; see `recovery`.
    """
    made = artificial_experiments(n_studies, n_each, rng, study_k=study_k)
    new = artificial_experiments(2 * n_studies, n_each, rng, study_k=study_k)
    entropy, law, water = FUSION_ENTROPY["Fo"], set(LAW), set(water_terms(terms))
    out = []
    for scheme in schemes:
        search = search_terms(made.experiments, terms, scheme, entropy=entropy, fold_seed=int(rng.integers(2**31)), keep=100)
        chosen = set(search.best)
        inner = heldout(made.experiments, search.best, search.folds, entropy=entropy)
        model = fit_terms(made.experiments, search.best, entropy=entropy)
        e = new.experiments
        fresh = model.temperature(e.wt, e.pressure_gpa, fo=e.fo) - e.temperature_k
        one_se = search.result.one_se
        smallest = set(str(one_se.sort_values(["size", "loss"]).iloc[0]["features"]).split(", "))
        inclusion = search.result.inclusion("top", n=100).set_index("feature")["frequency"]
        out.append(
            {"study_k": study_k, "scheme": scheme, "exact": chosen == law, "water_exact": chosen & water == law & water,
             "found": len(chosen & law) / len(law), "false_terms": len(chosen - law),
             "smallest_water_exact": smallest & water == law & water, "smallest_false_terms": len(smallest - law),
             "linear_water": float(inclusion.get("H2O", 0)), "squared_water": float(inclusion.get("H2O^2", 0)),
             "seen": water_seen(made.experiments, search), "one_se_count": int(search.result.one_se_count),
             "claimed_k": float(np.sqrt(np.nanmean((inner["temperature_predicted_k"] - inner["temperature_k"]) ** 2))),
             "new_k": float(np.sqrt(np.nanmean(fresh**2)))}
        )  # fmt: skip
    return out


def water_seen(experiments, search) -> bool:
    """Whether the best water terms of a search beat none by a standard error (`lib.hydrous_melt.report.SEEN`)."""
    patterns = water_patterns(experiments, search)
    best = patterns.loc[patterns["rmse_k"].idxmin()]
    return bool(best["n_water"] and -best["difference_pct"] >= SEEN * best["difference_se_pct"])


def _task(sets, rng, **given):
    return [row for _ in range(sets) for row in one_set(rng=rng, **given)]


def recovery(
    study_k=(0.0, 15.0, 30.0),
    schemes=COMPARED,
    terms=SHORT_TERMS,
    *,
    n_sets: int = 20,
    n_studies: int = 20,
    n_each: int = 12,
    seed: int = 1,
    n_jobs: int = 1,
) -> pd.DataFrame:
    """Repeat `one_set` over data sets and sizes of the offset between studies.

    Parameters
    ----------
    study_k : sequence of float
        Offsets between studies (K, one sigma).
    schemes, terms : sequence of str
        What is compared, and the dictionary.
    n_sets : int
        Data sets a point.
    n_studies, n_each : int
        Size of each.
    seed : int
        One stream a task is spawned from it.
    n_jobs : int
        Tasks at once; the results do not depend on it.

    Returns
    -------
    DataFrame
        One row an offset and scheme, means over the sets with standard errors ``_se``: exact (share in which the best equation
        is the law), water_exact (share in which its water terms are those of the law), found (share of the law's terms),
        false_terms (count), smallest_* (of the smallest equation within one standard error), linear_water and squared_water
        (inclusion in the best 100), seen (share in which `water_seen`), one_se_count,
        claimed_k (cross-validated error of temperature of the best equation),
        new_k (its error on new studies), and n_sets.
    """
    per_task = max(1, n_sets // 4)
    counts = [per_task] * (n_sets // per_task) + ([n_sets % per_task] if n_sets % per_task else [])
    tasks = [
        {"sets": count, "study_k": float(k), "schemes": tuple(schemes), "terms": tuple(terms), "n_studies": n_studies,
         "n_each": n_each}
        for k in study_k
        for count in counts
    ]  # fmt: skip
    rows = [row for part in run_tasks(_task, tasks, seed=seed, n_jobs=n_jobs, label="artificial experiments") for row in part]
    frame = pd.DataFrame(rows)
    groups = frame.astype({name: float for name in frame if frame[name].dtype == bool}).groupby(
        ["study_k", "scheme"], sort=False
    )
    mean, error = groups.mean(), groups.sem()
    out = mean.join(error.add_suffix("_se")).assign(n_sets=groups.size()).reset_index()
    return out
