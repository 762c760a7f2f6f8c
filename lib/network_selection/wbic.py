"""The widely applicable Bayesian information criterion of a network, with its Monte-Carlo error.

WBIC is the mean of minus the log likelihood over prior x likelihood^beta at beta = 1 / ln n, and estimates minus the log
evidence.  It is given because published work used it: at the sizes of data here it is off by more than its Monte-Carlo error
and penalises a superfluous reaction less than the evidence does.

References
----------
Watanabe, S. 2013, J. Mach. Learn. Res. 14, 867-897 (definition 2).
"""

from __future__ import annotations

import dataclasses

import numpy as np

from lib.tasks import run_tasks

from .mapfit import fit_map
from .modes import laplace_reference
from .stepping import Target

__all__ = ["compare_criteria", "network_wbic"]


def network_wbic(problem, mask, fit=None, *, n_evaluations=4000, n_chains=4, seed):
    """Compute the WBIC of a network.

    Parameters
    ----------
    problem : SelectionProblem
        Data (3 or more) and priors.
    mask : int
        Network.
    fit : MapFit, optional
        Its most probable rates, if known.
    n_evaluations : int
        Simulations at most; the first 30 % tune.
    n_chains : int
        Independent chains.
    seed : int or numpy.random.SeedSequence
        Of the random numbers.

    Returns
    -------
    lib.sampling.Evidence
        `value` is the WBIC, on the scale of minus the log evidence, without the constants of the likelihood; `error` is its
        Monte-Carlo standard error.

    Raises
    ------
    ValueError
        For fewer than 3 data.
    """
    from lib.sampling import Evidence, mcse_mean, sample

    if problem.n_data < 3:
        raise ValueError(f"{problem.n_data} data: WBIC needs 3 or more, so that ln n exceeds one")
    beta = 1.0 / np.log(problem.n_data)
    active = problem.active(mask)
    if not active.size:
        value = -problem.log_likelihood(np.zeros(problem.n), active)
        return Evidence(value, 0.0, "WBIC", np.full(n_chains, value))
    fit = fit_map(problem, active, [problem.prior.typical[active]]) if fit is None else fit
    reference = laplace_reference(problem, _tempered(problem, fit, beta))
    target = Target(problem, active, reference, power=beta)
    chain = sample(
        target.sampling_problem(),
        n_evaluations=n_evaluations,
        seed=seed,
        n_chains=n_chains,
        burn_in=0.3,
        betas=(1.0, 0.5, 0.0),
    )
    # what was sampled is beta ln L + ln prior - ln reference
    flat = chain.flat()
    rest = problem.prior.log_density(flat, active) - reference.log_density(flat)
    values = -(chain.log_likelihood - rest.reshape(chain.log_likelihood.shape)) / beta
    return Evidence(float(values.mean()), float(mcse_mean(values)), "WBIC", values.mean(axis=1))


def _tempered(problem, fit, beta):
    """The fit as if the likelihood had the exponent beta: the same rates, wider."""
    width = problem.prior.width[fit.active]
    pull, curvature = (fit.x - problem.prior.centre[fit.active]) / width**2, np.diag(1.0 / width**2)
    return dataclasses.replace(
        fit, gradient=beta * (fit.gradient - pull) + pull, hessian=beta * (fit.hessian - curvature) + curvature
    )


def compare_criteria(problem, search, n_top=5, *, n_evaluations=4000, seed, n_jobs=1):
    """Set the criteria of the most probable effective networks side by side.

    Parameters
    ----------
    problem : SelectionProblem
        That of the search.
    search : NetworkSearch
        Result of `exhaustive_networks` or `rescore`.
    n_top : int
        How many networks.
    n_evaluations : int
        Simulations for each.
    seed : int
        Of the random numbers.
    n_jobs : int
        Processes.

    Returns
    -------
    pandas.DataFrame
        Columns network, n_active, probability, log_evidence, minus_wbic, wbic_error, minus_half_bic: the last three estimate
        the log evidence.
    """
    frame = search.effective.head(n_top)
    masks = [int(m) if int(m) in search.fitted else _member(search, int(m)) for m in frame["mask"]]
    seeds = np.random.SeedSequence(seed).spawn(len(masks))
    tasks = [
        {"problem": problem, "mask": m, "fit": search.fitted[m].fit, "n_evaluations": n_evaluations, "seed": s}
        for m, s in zip(masks, seeds, strict=True)
    ]
    found = run_tasks(network_wbic, tasks, n_jobs=n_jobs, label="WBIC")
    bic = search.networks.set_index("mask")["bic"]
    return frame[["network", "probability", "log_evidence"]].assign(
        n_active=[m.bit_count() for m in masks], minus_wbic=[-f.value for f in found], wbic_error=[f.error for f in found],
        minus_half_bic=[-0.5 * bic[m] for m in masks],
    )  # fmt: skip


def _member(search, canonical):
    return int(search.networks.loc[search.networks["canonical"] == canonical, "mask"].iloc[0])
