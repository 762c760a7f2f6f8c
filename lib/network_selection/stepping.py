"""Evidence of a network by sampling: stepping stones between a known distribution and the posterior.

The usual path leads from the prior to the posterior and is long: most of it is spent far from where the data allow anything.
Here it starts from a normal distribution with the mean and covariance of the Laplace approximation, somewhat wider, cut off at
the bounds and normalised exactly, which the posterior resembles already.  What is tempered is the ratio of likelihood times
prior to this reference; the normalising constant is the evidence, whatever the reference, and its Monte-Carlo error is small.

References
----------
Fan, Y., Wu, R., Chen, M.-H., Kuo, L. & Lewis, P. O. 2011, Mol. Biol. Evol. 28, 523-532 (reference distribution).
Xie, W., Lewis, P. O., Fan, Y., Kuo, L. & Chen, M.-H. 2011, Syst. Biol. 60, 150-160 (stepping stones).
"""

from __future__ import annotations

import numpy as np

from lib.tasks import run_tasks

from .cut_normal import CutNormal
from .laplace import laplace_evidence
from .mapfit import fit_map
from .network_search import NetworkSearch

__all__ = ["Target", "rescore", "stepping_stone"]

#: The reference has this times the standard deviations of the Laplace approximation.
WIDER = 1.4
REFERENCES = ("laplace", "prior")


class Target:
    """Likelihood and prior of one network in the coordinates of its priors, relative to a reference distribution.

    Parameters
    ----------
    problem : SelectionProblem
        Data and priors.
    active : ndarray of int, shape (p,)
        Candidates that run.
    reference : CutNormal, optional
        Where the path starts; the prior when left out.
    power : float
        Exponent of the likelihood.
    """

    def __init__(self, problem, active, reference=None, power=1.0):
        self.problem, self.active, self.reference, self.power = problem, np.asarray(active), reference, power

    def log_likelihood(self, x):
        """Return the tempered quantity: power ln L, plus prior over reference.

        Parameters
        ----------
        x : ndarray, shape (n, p)
            Coordinates.

        Returns
        -------
        ndarray, shape (n,)
            Logarithms.
        """
        value = np.empty(len(x))
        k = np.zeros(self.problem.n)
        rates = self.problem.prior.rates(x, self.active)[0]
        for i, rate in enumerate(rates):
            k[self.active] = rate
            value[i] = self.power * self.problem.log_likelihood(k, self.active)
        if self.reference is not None:
            value += self.problem.prior.log_density(x, self.active) - self.reference.log_density(x)
        return value

    def log_prior(self, x):
        """Return the log density where the path starts.

        Parameters
        ----------
        x : ndarray, shape (n, p)
            Coordinates.

        Returns
        -------
        ndarray, shape (n,)
            Logarithms.
        """
        if self.reference is None:
            return self.problem.prior.log_density(x, self.active)
        return self.reference.log_density(x)

    def draw(self, rng, size):
        """Draw points where the path starts.

        Parameters
        ----------
        rng : numpy.random.Generator
            Source of random numbers.
        size : int
            How many.

        Returns
        -------
        ndarray, shape (size, p)
            Coordinates.
        """
        if self.reference is None:
            return self.problem.prior.draw(rng, size, self.active)
        return self.reference.draw(rng, size)

    def sampling_problem(self):
        """Return the problem that `lib.sampling.sample` takes.

        Returns
        -------
        lib.sampling.Problem
            Vectorised.
        """
        from lib.sampling import Problem

        bound = self.problem.prior.bound[self.active]
        return Problem(
            tuple(self.problem.names[j] for j in self.active), self.log_likelihood, self.log_prior, self.draw,
            bounds=np.column_stack([bound, np.full(bound.size, np.inf)]), vectorised=True,
        )  # fmt: skip


def stepping_stone(problem, mask, fit=None, *, n_evaluations=6000, seed, reference="laplace", n_chains=4):
    """Compute the evidence of a network by replica exchange along a path of tempered distributions.

    Parameters
    ----------
    problem : SelectionProblem
        Data and priors.
    mask : int
        Network.
    fit : MapFit, optional
        Its most probable rates, if known.
    n_evaluations : int
        Simulations at most.
    seed : int or numpy.random.SeedSequence
        Of the random numbers.
    reference : {"laplace", "prior"}
        Where the path starts.
    n_chains : int
        Independent ladders.

    Returns
    -------
    lib.sampling.Evidence
        Log evidence, without the constants of the likelihood, and its Monte-Carlo error.

    Raises
    ------
    ValueError
        For an unknown reference, or a network for which the simulator fails.
    """
    return sample_network(problem, mask, fit, n_evaluations, seed, reference, n_chains)[0]


def sample_network(problem, mask, fit=None, n_evaluations=6000, seed=0, reference="laplace", n_chains=4):
    """Compute the evidence of a network, and draw from its posterior.

    Parameters
    ----------
    problem, mask, fit, n_evaluations, seed, reference, n_chains
        As in `stepping_stone`.

    Returns
    -------
    evidence : lib.sampling.Evidence
        Log evidence and its error.
    chain : lib.sampling.Chain or None
        Draws of the coordinates; None for the empty network.
    """
    from lib.sampling import Evidence, sample

    if reference not in REFERENCES:
        raise ValueError(f"reference = {reference!r}: expected one of {', '.join(REFERENCES)}")
    active = problem.active(mask)
    if not active.size:
        value = problem.log_likelihood(np.zeros(problem.n), active)
        return Evidence(value, 0.0, "exact", np.full(n_chains, value)), None
    start = None
    if reference == "laplace":
        fit = fit_map(problem, active, [problem.prior.typical[active]]) if fit is None else fit
        if not np.isfinite(fit.penalised):
            raise ValueError(f"the simulator fails for the network {' + '.join(problem.names_of(mask))}: no evidence")
        start = laplace_reference(problem, fit)
    chain = sample(
        Target(problem, active, start).sampling_problem(), n_evaluations=n_evaluations, seed=seed, n_chains=n_chains,
        burn_in=0.3, betas=(1.0, 0.5, 0.0) if reference == "laplace" else None,
    )  # fmt: skip
    return chain.evidence("bridge"), chain


def laplace_reference(problem, fit, wider=WIDER):
    """Return the normal distribution of a Laplace approximation, made wider and cut off at the bounds.

    Parameters
    ----------
    problem : SelectionProblem
        Priors.
    fit : MapFit
        Most probable rates.
    wider : float
        Factor of the standard deviations.

    Returns
    -------
    CutNormal
        Reference distribution.
    """
    laplace = laplace_evidence(problem, fit)
    # a rate at its bound keeps the slope's mean below the bound: correlations with it then say little
    covariance = np.linalg.inv(fit.hessian)
    at = np.flatnonzero(laplace.at_bound)
    for j in at:
        others = np.arange(len(fit.active)) != j
        covariance[j, others] = covariance[others, j] = 0.0
        covariance[j, j] = laplace.sd[j] ** 2
    mean = np.where(laplace.at_bound, np.maximum(laplace.mean, laplace.bound - 8.0 * laplace.sd), laplace.mean)
    order = np.diag(np.where(laplace.at_bound, 1.0, wider))
    return CutNormal(mean, order @ covariance @ order, laplace.bound)


def _evidence_task(problem, mask, fit, n_evaluations, seed):
    found = stepping_stone(problem, mask, fit, n_evaluations=n_evaluations, seed=seed)
    return found.value, found.error


def rescore(problem, search, n_top=10, *, n_evaluations=4000, seed, n_jobs=1):
    """Replace the Laplace evidence of the most probable networks by one that is sampled.

    Parameters
    ----------
    problem : SelectionProblem
        That of the search.
    search : NetworkSearch
        Result of `exhaustive_networks`.
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
    NetworkSearch
        With new weights; its table has the columns log_evidence_laplace and log_evidence_error.

    Notes
    -----
    Networks that differ by inert reactions only have the same evidence: it is sampled once for all of them.
    """
    members = {}
    for mask, canonical in zip(search.networks["mask"], search.networks["canonical"], strict=True):
        members.setdefault(int(canonical), []).append(int(mask))
    chosen = list(members)[:n_top]
    fitted = [c if c in search.fitted else members[c][0] for c in chosen]
    root = np.random.SeedSequence(seed)
    tasks = [
        {"problem": problem, "mask": m, "fit": search.fitted[m].fit, "n_evaluations": n_evaluations, "seed": s}
        for m, s in zip(fitted, root.spawn(len(fitted)), strict=True)
    ]
    found = run_tasks(_evidence_task, tasks, n_jobs=n_jobs, label="evidence")
    evidence = {m: value for c, (value, _) in zip(chosen, found, strict=True) for m in members[c]}
    errors = {m: error for c, (_, error) in zip(chosen, found, strict=True) for m in members[c]}
    return NetworkSearch.weigh(
        problem, search.fitted, evidence, errors, nesting_violations=search.nesting_violations,
        worst_nesting=search.worst_nesting, n_solves=search.n_solves, cpu_seconds=search.cpu_seconds,
    )  # fmt: skip
