"""What other priors of the rates would have said, with the evidence of the best networks sampled each time."""

from __future__ import annotations

import pandas as pd

from lib.tasks import run_tasks

#: Networks whose evidence is sampled under each prior, and simulations for each.
N_RESCORED, N_EVALUATIONS = 8, 1000


def under_priors(problem, factors=(0.25, 1.0, 4.0), dex=(0.5, 1.5), *, seed=1, n_jobs=1) -> pd.DataFrame:
    """Weigh all networks again under narrower, wider and log-normal priors.

    Parameters
    ----------
    problem : lib.network_selection.SelectionProblem
        Data, candidates and priors that are varied.
    factors : sequence of float
        Factors of the scales of half-normal priors.
    dex : sequence of float
        Log-normal priors around half the scale, with these standard deviations of log10 k: broad ones let a reaction that is
        present and negligible stand for one that is absent.
    seed : int
        Of the sampled evidence.
    n_jobs : int
        Processes.

    Returns
    -------
    DataFrame
        One row a prior and reaction: prior, kind, width (factor or dex), reaction, probability, best (most probable effective
        network), best_probability.  `lib.network_selection.prior_sensitivity` is the same without sampling.
    """
    tasks = [{"problem": problem, "kind": "half-normal", "width": float(f)} for f in factors]
    tasks += [{"problem": problem, "kind": "log-normal", "width": float(d)} for d in dex]
    return pd.concat(run_tasks(_weighed, tasks, seed=seed, n_jobs=n_jobs, label="priors"), ignore_index=True)


def _weighed(problem, kind, width, rng):
    """Inclusion probabilities under one prior."""
    from lib.network_selection import exhaustive_networks, rescore

    changed = problem.with_priors(factor=width) if kind == "half-normal" else problem.with_priors(dex=width)
    search = exhaustive_networks(changed, progress=False)
    search = rescore(changed, search, N_RESCORED, n_evaluations=N_EVALUATIONS, seed=int(rng.integers(2**31)))
    label = f"half-normal, scale × {width:g}" if kind == "half-normal" else f"log-normal, {width:g} dex"
    top = search.effective.iloc[0]
    return pd.DataFrame(
        {
            "prior": label, "kind": kind, "width": width, "reaction": search.inclusion["reaction"],
            "probability": search.inclusion["probability"], "best": top["network"], "best_probability": top["probability"],
        }
    )  # fmt: skip
