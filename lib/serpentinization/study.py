"""Recovery of known pathways from artificial experiments, over designs and noise."""

from __future__ import annotations

import numpy as np
import pandas as pd

from lib.tasks import run_tasks

from .experiment import artificial_experiment
from .pathways import PATHWAYS
from .selection import score, select_pathway


def _one(label, design, noise, pathway, rng, keep_inclusion):
    """Score of one artificial experiment."""
    made = artificial_experiment(pathway, design, noise=noise, rng=rng)
    search = select_pathway(made.model, made.data, noise)
    row = {"design": label, "noise": noise, "pathway": pathway, **score(search, made)}
    row |= {"nesting_violations": int(search.nesting_violations), "n_solves": int(search.n_solves)}
    if keep_inclusion:
        found = search.inclusion.set_index("reaction")["probability"]
        row |= {f"inclusion {name}": float(found[name]) for name in made.model.network.names}
        row |= {f"ran {name}": bool(ran) for name, ran in zip(made.model.network.names, made.truth, strict=True)}
    return row


def recovery(designs, noises=(0.01, 0.03, 0.1), n_sets=5, *, pathways=tuple(PATHWAYS), seed=1, n_jobs=1, store=None):
    """Look for known pathways in artificial experiments.

    Parameters
    ----------
    designs : mapping of str to Design
        Label -> design.
    noises : sequence of float
        Standard deviations of the noise.
    n_sets : int
        Experiments of each design, noise and pathway.
    pathways : sequence of str
        Keys of `PATHWAYS`.
    seed : int
        Streams are spawned from it, one an experiment.
    n_jobs : int
        Processes at once; the results do not depend on it.
    store : path-like, optional
        Folder for finished experiments, see `lib.tasks.run_tasks`.

    Returns
    -------
    DataFrame
        One row an experiment: design, noise, pathway, what `lib.serpentinization.score` gives, nesting_violations, n_solves,
        and for each candidate the columns "inclusion <name>" and "ran <name>".
    """
    tasks = [
        {"label": label, "design": design, "noise": noise, "pathway": pathway, "keep_inclusion": True}
        for label, design in designs.items()
        for noise in noises
        for pathway in pathways
        for _ in range(n_sets)
    ]
    return pd.DataFrame(run_tasks(_one, tasks, seed=seed, n_jobs=n_jobs, store=store, label="artificial experiments"))


def summarise_recovery(rows, by=("design", "noise")) -> pd.DataFrame:
    """Average the scores of `recovery`.

    Parameters
    ----------
    rows : DataFrame
        From `recovery`.
    by : sequence of str
        Columns that tell groups apart.

    Returns
    -------
    DataFrame
        One row a group: its labels, n_sets, exact (share) with lo95 and hi95 (Wilson), tpr, fpr, brier, probability_of_truth,
        inside, log_rate_error and log_diffusivity_error (medians), nesting_violations (sum).
    """
    out = []
    for key, group in rows.groupby(list(by), sort=False):
        n, share = len(group), float(group["exact"].mean())
        z = 1.959964
        middle, half = (
            (share + z * z / (2 * n)) / (1 + z * z / n),
            z / (1 + z * z / n) * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n)),
        )
        means = {c: float(group[c].mean()) for c in ("tpr", "fpr", "brier", "probability_of_truth", "inside")}
        medians = {c: float(group[c].median()) for c in ("log_rate_error", "log_diffusivity_error")}
        ends = {"lo95": max(middle - half, 0.0), "hi95": min(middle + half, 1.0)}
        out.append({**dict(zip(by, key, strict=True)), "n_sets": n, "exact": share, **ends, **means, **medians,
                    "nesting_violations": int(group["nesting_violations"].sum())})  # fmt: skip
    return pd.DataFrame(out)


def inclusion_decisions(rows) -> pd.DataFrame:
    """Return every inclusion probability of `recovery` beside the truth.

    Parameters
    ----------
    rows : DataFrame
        From `recovery`.

    Returns
    -------
    DataFrame
        Columns design, noise, pathway, reaction, probability, ran: the data of a calibration plot.
    """
    names = [c.removeprefix("inclusion ") for c in rows if c.startswith("inclusion ")]
    parts = [
        rows[["design", "noise", "pathway"]].assign(
            reaction=name, probability=rows[f"inclusion {name}"], ran=rows[f"ran {name}"]
        )
        for name in names
    ]
    return pd.concat(parts, ignore_index=True)
