"""Evidence of a network by sampling: stepping stones between a known distribution and the posterior.

The usual path leads from the prior to the posterior and is long: most of it is spent far from where the data allow anything.
Here it starts from normal distributions with the means and covariances of the Laplace approximations about all explanations
that the network holds, somewhat wider, cut off at the bounds and normalised exactly, which the posterior resembles already; a
share is much wider, or the prior, for what the approximation does not see.
What is tempered is the ratio of likelihood times prior to this reference; the normalising constant is the evidence, whatever
the reference, and its Monte-Carlo error is small.

References
----------
Fan, Y., Wu, R., Chen, M.-H., Kuo, L. & Lewis, P. O. 2011, Mol. Biol. Evol. 28, 523-532 (reference distribution).
Xie, W., Lewis, P. O., Fan, Y., Kuo, L. & Chen, M.-H. 2011, Syst. Biol. 60, 150-160 (stepping stones).
"""

from __future__ import annotations

import numpy as np

from lib.tasks import run_tasks

from .mapfit import fit_map
from .modes import find_modes, mixture_reference
from .network_search import NetworkSearch

__all__ = ["Target", "rescore", "stepping_stone"]

REFERENCES = ("laplace", "prior")
#: So many times more networks are looked at for several explanations than are sampled.
LOOKED_AT = 3
#: An evidence with a larger error than this, in nats, of a network more probable than this, is sampled again, longer.
ERROR, SHARE, LONGER = 0.25, 0.01, 3


class Target:
    """Likelihood and prior of one network in the coordinates of its priors, relative to a reference distribution.

    Parameters
    ----------
    problem : SelectionProblem
        Data and priors.
    active : ndarray of int, shape (p,)
        Candidates that run.
    reference : CutNormal or NormalMixture, optional
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
    fit : MapFit or sequence of MapFit, optional
        Its most probable rates, if known, or all its local maxima (`find_modes`).
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
        modes = [one for one in (fit if isinstance(fit, list | tuple) else [fit]) if np.isfinite(one.penalised)]
        if not modes:
            raise ValueError(f"the simulator fails for the network {' + '.join(problem.names_of(mask))}: no evidence")
        start = mixture_reference(problem, modes)[0]
    chain = sample(
        Target(problem, active, start).sampling_problem(), n_evaluations=n_evaluations, seed=seed, n_chains=n_chains,
        burn_in=0.3, betas=(1.0, 0.5, 0.0) if reference == "laplace" else None,
    )  # fmt: skip
    return chain.evidence("bridge"), chain


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
    Networks that differ by inert reactions only have the same evidence: it is sampled once for all of them.  Of three times
    `n_top` networks all explanations are sought (`find_modes`); those that are not sampled get the sum of their Laplace
    evidences, without an error.  Probable networks whose evidence comes out rough are sampled again with three times
    `n_evaluations`.
    """
    members, prior = {}, {}
    for row in search.networks.itertuples():
        members.setdefault(int(row.canonical), []).append(int(row.mask))
        prior.setdefault(int(row.canonical), row.log_weight - row.log_evidence)
    looked = list(members)[: LOOKED_AT * n_top]
    fitted = {c: c if c in search.fitted else members[c][0] for c in looked}
    modes = {c: find_modes(problem, search, fitted[c]) for c in looked}
    found = {}
    for c in looked:
        try:
            found[c] = mixture_reference(problem, modes[c])[1]
        except ValueError:
            continue  # keeps what the search found
    prior = {c: prior[c] + np.log(len(members[c])) for c in found}
    chosen = sorted(found, key=lambda c: -found[c] - prior[c])[:n_top]
    root = np.random.SeedSequence(seed)

    def sampling(which, n):
        tasks = [
            {"problem": problem, "mask": fitted[c], "fit": modes[c], "n_evaluations": n, "seed": s}
            for c, s in zip(which, root.spawn(len(which)), strict=True)
        ]
        return dict(zip(which, run_tasks(_evidence_task, tasks, n_jobs=n_jobs, label="evidence"), strict=True))

    sampled = sampling(chosen, n_evaluations)
    weight = np.array([sampled[c][0] + prior[c] for c in chosen])
    share = np.exp(weight - weight.max())
    rough = [c for c, w in zip(chosen, share / share.sum(), strict=True) if sampled[c][1] > ERROR and w > SHARE]
    if rough:
        sampled |= sampling(rough, LONGER * n_evaluations)
    evidence = {m: sampled[c][0] if c in sampled else value for c, value in found.items() for m in members[c]}
    errors = {m: error for c, (_, error) in sampled.items() for m in members[c]}
    return NetworkSearch.weigh(
        problem, search.fitted, evidence, errors, nesting_violations=search.nesting_violations,
        worst_nesting=search.worst_nesting, n_solves=search.n_solves, cpu_seconds=search.cpu_seconds,
    )  # fmt: skip
