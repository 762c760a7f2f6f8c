"""One door to all samplers: the same problem, budget, starts and seeds, so that they can be compared."""

import time

import numpy as np

from lib.sampling.exchange import round_trips, run_exchange
from lib.sampling.result import Chain

__all__ = ["METHODS", "sample"]

METHODS = ("exchange", "metropolis", "adaptive", "emcee")


def sample(problem, method="exchange", *, n_evaluations, seed=None, rng=None, n_chains=4, start="prior", burn_in=0.5, thin=1,
           n_replicas=None, betas=None, local="walk", n_local=1, n_walkers=None, moves=None):  # fmt: skip
    """Draw from the posterior of a problem.

    Parameters
    ----------
    problem : lib.sampling.Problem
    method : {"exchange", "metropolis", "adaptive", "emcee"}
        Replica exchange; random walk of one length in all directions (in units of the prior's spread), length tuned: the naive
        sampler; random walk with learned covariance (Haario's, learned in burn-in only); emcee ensembles.
    n_evaluations : int
        Likelihoods at most, in total over chains, replicas or walkers, and burn-in. (A user's local move may cost more or
        less than its first sweeps told.)
    seed : int or numpy.random.SeedSequence
        Either this or `rng`. The same seed gives the same draws; chains have independent streams.
    rng : numpy.random.Generator
        Streams are spawned from it.
    n_chains : int
        Independent chains (ensembles, ladders); 2 or more, or R-hat can only compare halves.
    start : "prior" or array, shape (n_chains, d)
        Where the chains start; for emcee shape (n_chains, n_walkers, d).
    burn_in : float
        Share of the evaluations that is used for tuning and thrown away, 0.05-0.95.
    thin : int
        Keep every thin-th sweep.
    n_replicas : int, optional
        Replicas of a ladder, 2-200; None: from the problem.
    betas : array, optional
        A ladder to be used as it stands, from 1 downwards.
    local : "walk", "site" or callable
        Local move of replica exchange (and of "metropolis" and "adaptive"): a joint random walk, one parameter after the
        other, or a function ``move(rng, theta, log_likelihood, log_prior, beta, scale[, args])`` that changes theta (d,) in
        place, leaves L^beta prior invariant and returns five floats: log-likelihood and log-prior of the new theta, moves
        accepted, moves tried, likelihoods computed. `scale` (d,) is the replica's spread times an adapted step length.
        For a compiled problem it must be compiled.
    n_local : int
        Local updates between exchanges (ignored for a function).
    n_walkers : int, optional
        Walkers of an emcee ensemble, even; None: four a parameter, at least 16.
    moves : list, optional
        emcee's moves.

    Returns
    -------
    Chain

    Raises
    ------
    ValueError
        If an argument is out of range, the likelihood gives NaN or +inf, or the budget is too small.
    """
    _check(method, n_evaluations, n_chains, burn_in, thin, n_replicas, betas, local, n_local)
    children, rngs = _streams(seed, rng, n_chains)
    d = problem.n_parameters
    began = time.perf_counter()
    if method == "emcee":
        from lib.sampling.ensemble import default_walkers, run_ensembles

        n_walkers = n_walkers or default_walkers(d)
        if n_walkers % 2 or n_walkers < 2 * d:
            raise ValueError(f"n_walkers = {n_walkers}: expected an even number of at least 2 d = {2 * d}")
        first = _start(start, (n_chains, n_walkers, d))
        draws, likelihood, accepted, used = run_ensembles(
            problem, n_evaluations, children, rngs, first, burn_in=burn_in, thin=thin, n_walkers=n_walkers, moves=moves
        )
        return Chain(
            problem.names, method, draws, likelihood, used, np.array([accepted]), time.perf_counter() - began, n_walkers
        )
    if method != "exchange":
        betas, n_replicas = np.ones(1), None
    segment, tuning, used, _ = run_exchange(
        problem, n_evaluations, rngs, _start(start, (n_chains, d)), burn_in=burn_in, thin=thin, n_replicas=n_replicas,
        betas=betas, local=local, n_local=n_local, isotropic=method == "metropolis",
    )  # fmt: skip
    acceptance = np.where(tuning.betas > 0, segment.acceptance.mean(axis=0), np.nan)
    result = {"betas": tuning.betas, "swap_rates": segment.swap.mean(axis=0)}
    if method == "exchange":
        trips = np.array([round_trips(position).sum() for position in segment.position])
        result |= {"round_trips": trips, "round_trip_rate": float(trips.mean() / segment.position.shape[1])}
        result["level_log_likelihood"] = segment.level_ll
    return Chain(
        problem.names,
        method,
        segment.draws,
        segment.level_ll[:, :, 0].copy(),
        used,
        acceptance,
        time.perf_counter() - began,
        **result,
    )


def _streams(seed, rng, n):
    """Children for emcee's own generator and NumPy generators, one of each a chain."""
    if (seed is None) == (rng is None):
        raise ValueError("give either seed, an integer, or rng, a numpy.random.Generator: draws must be reproducible")
    if rng is not None:
        if not isinstance(rng, np.random.Generator):
            raise ValueError(f"rng = {rng!r}: expected a numpy.random.Generator, such as numpy.random.default_rng(1)")
        root = rng.bit_generator.seed_seq.spawn(1)[0]
    else:
        root = (
            np.random.SeedSequence(seed.entropy, spawn_key=seed.spawn_key)
            if isinstance(seed, np.random.SeedSequence)
            else None
        )
        root = np.random.SeedSequence(seed) if root is None else root
    pairs = [child.spawn(2) for child in root.spawn(n)]
    return [a for a, _ in pairs], [np.random.default_rng(b) for _, b in pairs]


def _start(start, shape):
    if isinstance(start, str) and start == "prior":
        return None
    points = np.asarray(start, float) if not isinstance(start, str) else np.empty(0)
    if points.shape != shape:
        raise ValueError(f'start of shape {points.shape}: expected {shape}, or "prior"')
    return points


def _check(method, n_evaluations, n_chains, burn_in, thin, n_replicas, betas, local, n_local):
    if method not in METHODS:
        raise ValueError(f"method = {method!r}: expected one of {', '.join(METHODS)}")
    for name, value, low, high in (("n_evaluations", n_evaluations, 1, 10**12), ("n_chains", n_chains, 1, 10_000),
                                   ("thin", thin, 1, 10**9), ("n_local", n_local, 1, 10**6)):  # fmt: skip
        if value != int(value) or not low <= value <= high:
            raise ValueError(f"{name} = {value!r}: expected a whole number between {low} and {high}")
    if not 0.05 <= burn_in <= 0.95:
        raise ValueError(f"burn_in = {burn_in!r}: expected a share of the evaluations between 0.05 and 0.95")
    if not callable(local) and local not in ("walk", "site"):
        raise ValueError(f'local = {local!r}: expected "walk", "site" or a function')
    if n_replicas is not None and betas is not None:
        raise ValueError("give n_replicas or betas, not both")
    if n_replicas is not None and not 2 <= n_replicas <= 200:
        raise ValueError(f"n_replicas = {n_replicas!r}: expected 2 to 200")
    if betas is not None:
        b = np.asarray(betas, float)
        if b.ndim != 1 or len(b) < 2 or b[0] != 1 or b[-1] < 0 or not (np.diff(b) < 0).all():
            raise ValueError(f"betas = {betas!r}: expected inverse temperatures falling from 1, best to 0 (the prior)")
