"""Samplers of other packages behind one call: ``run_*(target, n_evaluations, seed, transform)``.

A target offers ``d`` (number of parameters), ``likelihood(points)`` and ``prior(points)`` for points (n, d), ``start(rng, n)``
and the count ``n`` of likelihoods so far: `Counter` makes one from any `lib.sampling.Problem`.  Every runner returns (draws,
weights or None, ln Z, its error, likelihoods, whether the run passed its own check); draws are a `lib.sampling.Chain`, walkers
(n_walkers, n, d) or weighted points (n, d).
"""

import importlib.util
import time
import warnings

import numpy as np

from lib import sampling
from lib.threads import one_thread

PEERS = {"emcee, stretch": "emcee", "reddemcee": "reddemcee", "dynesty": "dynesty", "nautilus": "nautilus"}


class Counter:
    """Counts the points of a vectorised problem and gives the functions that peers want."""

    def __init__(self, problem):
        self.problem, self.d, self.n = problem, problem.n_parameters, 0

    def likelihood(self, points):
        """Log-likelihood without -inf, which not every peer takes."""
        likelihood, _, n = self.problem.evaluate(np.atleast_2d(points))
        self.n += n
        return np.maximum(likelihood, -1e300)

    def prior(self, points):
        """Log-prior."""
        return self.problem.log_prior_of(np.atleast_2d(points))

    def start(self, rng, n):
        """Draws from the prior."""
        return self.problem.draw_prior(rng, n)


def stretch():
    """The default move of emcee."""
    import emcee

    return [(emcee.moves.StretchMove(), 1.0)]


def run_stretch(target, n_evaluations, seed, transform):
    """One emcee ensemble with the default move."""
    chain = sampling.sample(target.problem, "emcee", n_evaluations=n_evaluations, seed=seed, moves=stretch())
    return chain, None, np.nan, np.nan, chain.n_evaluations, "yes" if chain.verdict().ok else "no"


def run_reddemcee(target, n_evaluations, seed, transform):
    """Adaptive ladder over stretch moves, as many temperatures as ours starts with; its vectorize=True fails (1.0)."""
    import reddemcee

    d = target.d
    n_temperatures, n_walkers = 4 + int(np.ceil(2 * np.sqrt(d))), max(4 * d, 16)
    n_sweeps = int(n_evaluations / (n_temperatures * n_walkers))
    sampler = reddemcee.PTSampler(
        n_walkers, d, lambda x: float(target.likelihood(x)[0]), lambda x: float(target.prior(x)[0]),
        ntemps=n_temperatures, adapt_tau=max(n_sweeps / 20, 10),
    )  # fmt: skip
    rng = np.random.default_rng(seed)
    sampler._random = np.random.RandomState(np.random.MT19937(seed))  # unseeded otherwise
    start = target.start(rng, n_temperatures * n_walkers).reshape(n_temperatures, n_walkers, d)
    sampler.run_mcmc(start, nsweeps=n_sweeps, nsteps=1, progress=False)
    half = n_sweeps // 2
    chains = sampler.get_chain(discard=half)[0].swapaxes(0, 1)
    value, error = sampler.get_evidence_ss(discard=half)
    return chains, None, float(value), float(error), target.n, ""


def run_dynesty(target, n_evaluations, seed, transform):
    """Static nested sampling with its defaults, stopped at the budget."""
    import dynesty

    sampler = dynesty.NestedSampler(
        lambda x: float(target.likelihood(x)[0]), transform, target.d, rstate=np.random.default_rng(seed)
    )
    sampler.run_nested(maxcall=n_evaluations, print_progress=False)
    found = sampler.results
    return found.samples, np.exp(found.logwt - found.logz[-1]), found.logz[-1], found.logzerr[-1], target.n, ""


def run_nautilus(target, n_evaluations, seed, transform):
    """Importance nested sampling with neural networks; 2000 effective draws (default 10 000) are enough, and slow enough."""
    import nautilus

    sampler = nautilus.Sampler(transform, target.likelihood, n_dim=target.d, vectorized=True, seed=seed)
    sampler.run(n_like_max=n_evaluations, n_eff=2000, verbose=False)
    points, log_weight, _ = sampler.posterior()
    error = 1 / np.sqrt(max(sampler.n_eff, 1))
    return points, np.exp(log_weight), sampler.log_z, error, target.n, ""


RUNNERS = {
    "emcee, stretch": run_stretch,
    "reddemcee": run_reddemcee,
    "dynesty": run_dynesty,
    "nautilus": run_nautilus,
}


def present(names):
    """Those of the peers that can be imported here (they are imported, so that no timing holds it); says which are not."""
    found = []
    for name in names:
        if importlib.util.find_spec(PEERS[name]) is None:
            print(f"note: {name} is not installed here; benchmarks/sampling/peers.lock sets up an environment that has it")
        else:
            importlib.import_module(PEERS[name])
            found.append(name)
    return found


def timed(job, seed):
    """Result and processor seconds of one run, with one thread."""
    with warnings.catch_warnings(), one_thread:
        warnings.simplefilter("once")
        began = time.process_time()
        result = job(seed)
        return (*result, time.process_time() - began)
