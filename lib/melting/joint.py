"""Samplers of melt fractions and source together: what the collapsed sampler is compared with, at the same cost.

All walk in theta = (ln F, ln C0) from draws of the prior and stop at the same number of likelihood evaluations.  They know the
plain model only: no cells below detection or missing extras, and flat or log-uniform priors of F.
"""

from __future__ import annotations

import numpy as np

from . import joint_kernels as kernels
from .posterior import Posterior

#: Ladder of the replica exchange: eleven levels from 1 to 0.001 in equal steps of the logarithm, and the prior.
LADDER = np.append(np.geomspace(1.0, 1e-3, 11), 0.0)
#: Walkers of emcee at least.
WALKERS = 64


def arguments(posterior: Posterior) -> tuple:
    """Return what every compiled joint sampler takes first.

    Raises
    ------
    ValueError
        When the posterior has parts that these samplers do not know.
    """
    problem = posterior.problem()
    if (
        problem.flags[:3].any()
        or posterior.source.of != "ln"
        or len(problem.cens)
        or posterior.prior_f.kind == "hierarchical"
        or posterior.source.correlated
    ):
        raise ValueError("the joint samplers know the plain model only: use lib.melting.sample")
    weight = np.where(problem.seen, 1 / problem.s2, 0.0)
    flat = posterior.prior_f.kind == "flat"
    return (
        problem.linear,
        flat,
        problem.table[0],
        problem.u_lo,
        problem.step,
        problem.y,
        weight,
        problem.ln_mu,
        problem.ln_tau2,
    )


def normalisation(posterior: Posterior) -> float:
    """Return the constant that makes the log-likelihoods of this module those of the data."""
    sigma = posterior.data.sigma[posterior.data.seen]
    return float(-np.sum(np.log(sigma)) - 0.5 * sigma.size * np.log(2 * np.pi))


def starts(posterior: Posterior, rng: np.random.Generator, n: int) -> np.ndarray:
    """Draw starts (n, m + n_elements) from the prior."""
    drawn = [posterior.draw_start(rng) for _ in range(n)]
    return np.array([np.concatenate([np.log(one["melt_fraction"]), one["ln_source"]]) for one in drawn])


def block_metropolis(posterior, rng, theta, budget, learn=False):
    """Metropolis steps of all unknowns at once; returns mean ln F and log-likelihood after every evaluation."""
    levels, values = np.empty(budget), np.empty(budget)
    kernels.block(*arguments(posterior), rng, theta[0].copy(), learn, levels, values)
    return levels[:, None], values[:, None]


def adaptive_metropolis(posterior, rng, theta, budget):
    """The same with the covariance learned on the way (Haario); it is fixed after half the budget."""
    return block_metropolis(posterior, rng, theta, budget, learn=True)


def single_site(posterior, rng, theta, budget, scale=False):
    """Single-site Metropolis steps, 2 evaluations a turn; with the scale move 3."""
    turns = budget // (3 if scale else 2)
    levels, values = np.empty(turns), np.empty(turns)
    kernels.sites(*arguments(posterior), rng, theta[:1].copy(), np.ones(1), scale, levels, values)
    return levels[:, None], values[:, None]


def single_site_scale(posterior, rng, theta, budget):
    """Single-site steps and the scale move."""
    return single_site(posterior, rng, theta, budget, scale=True)


def replica_exchange(posterior, rng, theta, budget):
    """Replica exchange over `LADDER` with single-site steps and the scale move at every level, alternating swaps."""
    turns = budget // (3 * LADDER.size)
    levels, values = np.empty(turns), np.empty(turns)
    kernels.sites(*arguments(posterior), rng, theta[: LADDER.size].copy(), LADDER, True, levels, values)
    return levels[:, None], values[:, None]


def ensemble(posterior, rng, theta, budget):
    """The stretch move of emcee on a compiled, vectorised posterior; returns (steps, walkers) arrays."""
    import emcee
    from numpy.random import MT19937, RandomState

    fixed = arguments(posterior)
    m, n = posterior.data.shape
    walkers = max(WALKERS, 2 * (m + n) + 2)

    def log_density(points):
        out = np.empty((len(points), 2))
        kernels.many(*fixed, np.ascontiguousarray(points), out)
        return [(a + b, a) for a, b in out]

    sampler = emcee.EnsembleSampler(walkers, m + n, log_density, vectorize=True)
    # emcee takes its state from NumPy's global one, and ignores a wrong one silently
    sampler.random_state = RandomState(MT19937(int(rng.integers(2**32)))).get_state()
    sampler.run_mcmc(theta[:walkers], max(budget // walkers - 1, 2))
    return sampler.get_chain()[:, :, :m].mean(axis=2), np.asarray(sampler.get_blobs(), float)


#: Name -> function (posterior, rng, starts, budget) -> (levels, log-likelihoods), both (steps, chains).
JOINT = {
    "block Metropolis": block_metropolis,
    "adaptive Metropolis": adaptive_metropolis,
    "single site": single_site,
    "single site + scale": single_site_scale,
    "emcee": ensemble,
    "replica exchange + scale": replica_exchange,
}
