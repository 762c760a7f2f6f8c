"""How the inclusion probabilities depend on the priors of the rates."""

from __future__ import annotations

import pandas as pd

from lib.tasks import run_tasks

from .exhaustive import exhaustive_networks

__all__ = ["prior_sensitivity"]


def prior_sensitivity(problem, *, factors=(0.25, 0.5, 1.0, 2.0, 4.0), dex=(0.5, 1.5), n_jobs=1):
    """Repeat the search with narrower, wider and log-normal priors.

    Parameters
    ----------
    problem : SelectionProblem
        Data, candidates and the priors that are varied.
    factors : sequence of float, above 0
        Factors of the scales of half-normal priors.
    dex : sequence of float, above 0
        Log-normal priors around half the scale, with these standard deviations of log10 k.  Broad ones let a reaction that is
        present and negligible stand for one that is absent.
    n_jobs : int
        Processes.

    Returns
    -------
    pandas.DataFrame
        One row a prior and reaction: prior, kind, width (factor or dex), reaction, probability, best (most probable effective
        network), best_probability.

    Examples
    --------
    >>> import numpy as np
    >>> from lib.network_selection import SelectionProblem, prior_sensitivity
    >>> t = np.linspace(0.0, 1.0, 20)
    >>> columns = np.column_stack([t, t**2])
    >>> line = SelectionProblem(lambda k, a: (columns @ k, columns[:, a]), 2 * t, 0.1, names=("a", "b"), scales=(2.0, 2.0))
    >>> prior_sensitivity(line, factors=(1.0, 4.0), dex=())["best"].unique().tolist()
    ['a']
    """
    cases = [("half-normal", float(f), problem.with_priors(factor=f)) for f in factors]
    cases += [("log-normal", float(d), problem.with_priors(dex=d)) for d in dex]
    tasks = [{"problem": changed, "progress": False} for _, _, changed in cases]
    searches = run_tasks(exhaustive_networks, tasks, n_jobs=n_jobs, label="priors")
    frames = []
    for (kind, width, _), search in zip(cases, searches, strict=True):
        label = f"half-normal, scale x {width:g}" if kind == "half-normal" else f"log-normal, {width:g} dex"
        top = search.effective.iloc[0]
        frames.append(search.inclusion[["reaction", "probability"]].assign(
            prior=label, kind=kind, width=width, best=top["network"], best_probability=top["probability"]
        ))  # fmt: skip
    columns = ["prior", "kind", "width", "reaction", "probability", "best", "best_probability"]
    return pd.concat(frames, ignore_index=True)[columns]
