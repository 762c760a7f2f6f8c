"""How far the weights of pathways can be trusted: sampled evidence, other criteria, other priors."""

from __future__ import annotations

import pandas as pd

from .pathways import DIFFUSIVITY_NAME
from .report import without_diffusivity
from .selection import selection_problem


def problem_of(answer):
    """Return the selection problem that an analysis solved.

    Parameters
    ----------
    answer : PathwayAnalysis
        Result of `lib.serpentinization.analyse`.

    Returns
    -------
    lib.network_selection.SelectionProblem
        With the same data, errors and priors.
    """
    profiles = answer.frame("profiles")
    sigma = None if profiles["error"].isna().all() else profiles["error"].to_numpy(float)
    return selection_problem(answer.model, answer.profiles.data, sigma, diffusivity=answer.parameters["used"]["diffusivity"])


def compare_evidence(answer, n_top=5, *, n_evaluations=3000, seed=1, n_jobs=1) -> pd.DataFrame:
    """Set evidence, WBIC and BIC of the most probable pathways side by side.

    Parameters
    ----------
    answer : PathwayAnalysis
        Result of `lib.serpentinization.analyse`.
    n_top : int
        How many effective networks.
    n_evaluations : int
        Simulations for each, by either method.
    seed : int
        Of the random numbers.
    n_jobs : int
        Processes at once; the results do not depend on it.

    Returns
    -------
    DataFrame
        One row a network, the most probable first: network, n_active (the diffusivity counted), probability (with the sampled
        evidence), log_evidence and log_evidence_error (sampled, with its Monte-Carlo error), log_evidence_laplace, minus_wbic
        and wbic_error, minus_half_bic.  All are without the constants of the likelihood.

    References
    ----------
    Oyanagi, R., Kuwatani, T. & Omori, T. 2021, Eur. Phys. J. B 94, 42: WBIC of every pathway.
    """
    from lib.network_selection import compare_criteria, rescore

    problem = problem_of(answer)
    sampled = rescore(problem, answer.search, n_top, n_evaluations=n_evaluations, seed=seed, n_jobs=n_jobs)
    table = compare_criteria(problem, sampled, n_top, n_evaluations=n_evaluations, seed=seed + 1, n_jobs=n_jobs)
    columns = ["effective", "log_evidence_error", "log_evidence_laplace"]
    best = sampled.networks[columns].drop_duplicates("effective").rename(columns={"effective": "network"})
    table = table.merge(best, on="network", how="left")
    table["network"] = [without_diffusivity(name) for name in table["network"]]
    order = ["network", "n_active", "probability", "log_evidence", "log_evidence_error", "log_evidence_laplace",
             "minus_wbic", "wbic_error", "minus_half_bic"]  # fmt: skip
    return table[order]


def prior_panel(answer, *, factors=(0.25, 1.0, 4.0), dex=(1.5,), n_jobs=1) -> pd.DataFrame:
    """Repeat the choice of pathways with other priors of the rates.

    Parameters
    ----------
    answer : PathwayAnalysis
        Result of `lib.serpentinization.analyse`.
    factors : sequence of float, above 0
        Of the scales of half-normal priors.
    dex : sequence of float, above 0
        Standard deviations of log10 k of log-normal priors.
    n_jobs : int
        Processes at once; the results do not depend on it.

    Returns
    -------
    DataFrame
        What `lib.network_selection.prior_sensitivity` says, without the diffusivity, whose prior stays.
    """
    from lib.network_selection import prior_sensitivity

    frame = prior_sensitivity(problem_of(answer), factors=factors, dex=dex, n_jobs=n_jobs)
    frame = frame[frame["reaction"] != DIFFUSIVITY_NAME].reset_index(drop=True)
    return frame.assign(best=[without_diffusivity(name) for name in frame["best"]])
