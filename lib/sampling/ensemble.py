"""emcee ensembles with streams of their own.

emcee copies NumPy's *global* random state when a sampler is built, so two samplers of one process run the same chain, and it
swallows an assignment such as ``sampler.random_state = 42`` without a word.  Here every ensemble gets the state of a Mersenne
twister seeded from its own child of one SeedSequence, and one ensemble counts as one chain: convergence is judged
*between* ensembles, because the walkers of one are not independent.

Moves: differential evolution 60 %, stretch 30 %, snooker 10 %.  Differential evolution scales with the posterior's shape
better than the stretch move alone when there are more than a few parameters; snooker steps let walkers jump between modes.
The snooker move is ours: that of emcee 3.1.6 does not leave the target invariant (see `lib.sampling.snooker`).
"""

import numpy as np

__all__ = ["default_walkers", "random_state", "run_ensembles"]


def default_walkers(d):
    """Walkers of an ensemble: four a parameter, at least 16.

    Parameters
    ----------
    d : int

    Returns
    -------
    int
        Even.
    """
    return max(4 * d, 16)


def random_state(child):
    """State that emcee's samplers accept, from a numpy.random.SeedSequence.

    Parameters
    ----------
    child : numpy.random.SeedSequence

    Returns
    -------
    tuple
        As of ``numpy.random.RandomState.get_state``.
    """
    return np.random.RandomState(np.random.MT19937(child)).get_state()


def run_ensembles(problem, n_evaluations, children, rngs, start, *, burn_in, thin, n_walkers, moves):
    """Run one ensemble a child; called by `lib.sampling.sample`.

    Parameters
    ----------
    problem : lib.sampling.Problem
    n_evaluations : int
        In total.
    children : list of numpy.random.SeedSequence
        One an ensemble.
    rngs : list of numpy.random.Generator
        For the starts, one an ensemble.
    start : array, shape (n_chains, n_walkers, d), or None
        None: draws from the prior.
    burn_in : float
    thin : int
    n_walkers : int
    moves : list or None
        As emcee takes them.

    Returns
    -------
    draws : array, shape (n_chains, n_steps * n_walkers, d)
    log_likelihood : array, shape (n_chains, n_steps * n_walkers)
    acceptance : float
    evaluations : int
    """
    import emcee

    from lib.sampling.snooker import SnookerMove

    if moves is None:
        moves = [(emcee.moves.DEMove(), 0.6), (emcee.moves.StretchMove(), 0.3), (SnookerMove(), 0.1)]
    counted = [0]

    def log_posterior(points):
        likelihood, prior, n = problem.evaluate(points)
        counted[0] += n
        return np.where(prior > -np.inf, likelihood + prior, -np.inf)

    n_steps = int(n_evaluations / (len(children) * n_walkers)) - 1  # the start costs one evaluation a walker
    n_burn = int(burn_in * n_steps)
    if (n_steps - n_burn) // thin < 8:
        need = int(8 * thin * len(children) * n_walkers / (1 - burn_in)) + 1
        raise ValueError(
            f"n_evaluations = {n_evaluations} leaves {max(n_steps - n_burn, 0)} steps after burn-in for {len(children)} "
            f"ensembles of {n_walkers} walkers, thinned by {thin}: at least {need} are needed"
        )
    draws, likelihoods, accepted = [], [], []
    for i, (child, rng) in enumerate(zip(children, rngs, strict=True)):
        first = _living(problem, rng, n_walkers, counted) if start is None else start[i]
        sampler = emcee.EnsembleSampler(n_walkers, problem.n_parameters, log_posterior, moves=moves, vectorize=True)
        sampler.random_state = random_state(child)
        sampler.run_mcmc(first, n_steps)
        chain = sampler.get_chain(discard=n_burn, thin=thin)
        flat = chain.reshape(-1, problem.n_parameters)
        posterior = sampler.get_log_prob(discard=n_burn, thin=thin).reshape(-1)
        prior = problem.log_prior_of(flat)
        draws.append(flat)
        likelihoods.append(posterior - prior)
        accepted.append(sampler.acceptance_fraction.mean())
    return np.array(draws), np.array(likelihoods), float(np.mean(accepted)), counted[0]


def _living(problem, rng, n_walkers, counted):
    """Draws from the prior where the likelihood is not zero."""
    found = np.empty((0, problem.n_parameters))
    for _ in range(200):
        points = problem.draw_prior(rng, n_walkers)
        likelihood, _, n = problem.evaluate(points)
        counted[0] += n
        found = np.concatenate([found, points[likelihood > -np.inf]])[:n_walkers]
        if len(found) == n_walkers:
            return found
    raise ValueError(
        "200 sets of draws from the prior have almost all zero likelihood: give start, shape (n_chains, n_walkers, d)"
    )
