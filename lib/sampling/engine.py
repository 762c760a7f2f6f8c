"""Sweeps of replica exchange over several chains at once: the plain (NumPy) engine, and the door to the compiled one.

Both advance a `State` by whole sweeps with a fixed `Tuning` (only the step length may follow the acceptance, in burn-in) and
return a `Segment` of what they saw.  One replica at inverse temperature 1 makes a Metropolis sampler.

The plain engine proposes for all chains and replicas together, so that a vectorised likelihood is called once a step.
Random numbers are drawn chain by chain from the chain's own generator, so a chain does not depend on how many others run.
"""

from dataclasses import dataclass

import numpy as np

__all__ = ["Moves", "Segment", "State", "Tuning", "run"]

BLOCK = 64  # sweeps for which random numbers are drawn ahead
KINDS = {"walk": 0, "site": 1}


@dataclass
class State:
    """Where all replicas are: theta (C, K, d), log-likelihood, log-prior and walker number (C, K), sweeps made so far."""

    theta: np.ndarray
    ll: np.ndarray
    lp: np.ndarray
    walker: np.ndarray
    sweeps: int = 0


@dataclass
class Tuning:
    """Inverse temperatures (K,), proposal factors (K, d, d), spreads (K, d), log step lengths (K,)."""

    betas: np.ndarray
    factor: np.ndarray
    scale: np.ndarray
    log_step: np.ndarray


@dataclass(frozen=True)
class Moves:
    """The local move: "walk", "site" or a function; updates between swaps; acceptance that the step length aims at."""

    local: object
    n_local: int
    target: float

    def cost(self, d):
        """Likelihoods of one replica in one sweep; None if only a trial can tell."""
        return None if callable(self.local) else self.n_local * (d if self.local == "site" else 1)


@dataclass
class Segment:
    """What a run of n sweeps gave, chains first.

    draws (C, n // thin, d) and level_ll (C, n // thin, K); position (C, n, K), the walker at each level after each sweep;
    acceptance (C, K); swap (C, K - 1), mean acceptance probabilities; log_step (C, K) at the end; mean (C, K, d) and
    covariance (C, K, d, d) of the sweeps, if asked for; evaluations, their number.
    """

    draws: np.ndarray
    level_ll: np.ndarray
    position: np.ndarray
    acceptance: np.ndarray
    swap: np.ndarray
    log_step: np.ndarray
    covariance: np.ndarray | None
    evaluations: int


def run(problem, state, tuning, moves, n_sweeps, rngs, *, gain=0.0, thin=1, collect=False):
    """Advance all chains by whole sweeps, in place.

    Parameters
    ----------
    problem : lib.sampling.Problem
    state : State
        Changed in place.
    tuning : Tuning
    moves : Moves
    n_sweeps : int
    rngs : list of numpy.random.Generator, length n_chains
    gain : float
        How fast the step length follows the acceptance; 0 outside burn-in.
    thin : int
        Keep every thin-th sweep.
    collect : bool
        Compute covariances of the sweeps.

    Returns
    -------
    Segment
    """
    n_chains, n_levels, d = state.theta.shape
    kept = n_sweeps // thin
    out = Segment(
        draws=np.empty((n_chains, kept, d)),
        level_ll=np.empty((n_chains, kept, n_levels)),
        position=np.empty((n_chains, n_sweeps, n_levels), np.int16),
        acceptance=np.zeros((n_chains, n_levels)),
        swap=np.zeros((n_chains, n_levels - 1)),
        log_step=np.tile(tuning.log_step, (n_chains, 1)),
        covariance=None,
        evaluations=0,
    )
    prior = np.empty((n_chains, n_sweeps, d))
    if tuning.betas[-1] == 0:
        for chain, rng in enumerate(rngs):
            prior[chain] = problem.draw_prior(rng, n_sweeps)
    moments = np.zeros((n_chains, n_levels, d + 2, d)) if collect else np.zeros((n_chains, 0, d + 2, d))
    if collect:
        moments[:, :, d + 1] = state.theta
    proposed = np.zeros((n_chains, n_levels))
    engine = _run_compiled if problem.compiled else _run_plain
    engine(problem, state, tuning, moves, rngs, gain, thin, prior, out, proposed, moments)
    out.acceptance /= np.maximum(proposed, 1)
    out.swap /= n_sweeps
    state.sweeps += n_sweeps
    if collect:
        mean = moments[:, :, d] / n_sweeps
        lower = moments[:, :, :d] / n_sweeps
        full = np.tril(lower) + np.tril(lower, -1).swapaxes(-1, -2)
        out.covariance = full - mean[..., :, None] * mean[..., None, :]
    return out


def _run_compiled(problem, state, tuning, moves, rngs, gain, thin, prior, out, proposed, moments):
    """Chain after chain through the compiled kernel."""
    from lib.sampling import kernels  # Numba takes a third of a second to import

    functions, kinds = kernels.pointers(problem, moves.local if callable(moves.local) else None)
    kind = kernels.USER if callable(moves.local) else KINDS[moves.local]
    for c, rng in enumerate(rngs):
        error, evaluations = kernels.exchange_kernel(
            functions, kinds, problem.args, rng, kind, moves.n_local, state.theta[c], state.ll[c], state.lp[c],
            state.walker[c], tuning.betas, tuning.factor, tuning.scale, out.log_step[c], gain, moves.target, problem.bounds,
            prior[c], state.sweeps, thin, out.draws[c], out.level_ll[c], out.position[c], out.acceptance[c], proposed[c],
            out.swap[c], moments[c],
        )  # fmt: skip
        out.evaluations += evaluations
        if error == kernels.BAD_LIKELIHOOD:
            for point in state.theta[c]:
                problem.evaluate(point[None])  # finds the point and says which
            raise ValueError("log_likelihood is NaN or +inf: expected a finite number, or -inf where it is impossible")
        if error == kernels.BAD_MOVE:
            raise ValueError("the local move returned a log-likelihood that is not finite: it must reject such points")


def _run_plain(problem, state, tuning, moves, rngs, gain, thin, prior, out, proposed, moments):
    """All chains and replicas together, with NumPy."""
    n_chains, n_levels, d = state.theta.shape
    n_sweeps, betas = prior.shape[1], tuning.betas
    warm = np.flatnonzero(betas > 0)
    n_steps = 0 if callable(moves.local) else moves.cost(d)
    size = d if moves.local == "walk" else 1
    step_of = np.diff(betas) * -1.0
    for start in range(0, n_sweeps, BLOCK):
        length = min(BLOCK, n_sweeps - start)
        noise = np.array([rng.standard_normal((length, n_steps, len(warm), size)) for rng in rngs])
        chance = np.log1p(-np.array([rng.random((length, n_steps, len(warm))) for rng in rngs]))
        swapping = np.log1p(-np.array([rng.random((length, n_levels - 1)) for rng in rngs]))
        for s in range(length):
            t = start + s
            weight = gain * (t + 1.0) ** -0.6
            if betas[-1] == 0:
                state.theta[:, -1] = prior[:, t]
                state.ll[:, -1], state.lp[:, -1], n = problem.evaluate(prior[:, t])
                out.evaluations += n
            if callable(moves.local):
                _user_moves(problem, state, tuning, moves, rngs, weight, out, proposed, warm)
            for local in range(n_steps):
                step = np.exp(out.log_step[:, warm])
                new = state.theta[:, warm].copy()
                if moves.local == "site":
                    i = local % d
                    new[..., i] += step * tuning.scale[warm, i] * noise[:, s, local, :, 0]
                else:
                    new += step[..., None] * np.einsum("kij,ckj->cki", tuning.factor[warm], noise[:, s, local])
                ll, lp, n = problem.evaluate(new.reshape(-1, d))
                out.evaluations += n
                ll, lp = ll.reshape(n_chains, -1), lp.reshape(n_chains, -1)
                ratio = np.full_like(ll, -np.inf)
                able = (ll > -np.inf) & (lp > -np.inf)
                old_ll, old_lp = state.ll[:, warm], state.lp[:, warm]
                ratio[able] = (betas[warm] * (ll - np.where(able, old_ll, 0)))[able] + (lp - old_lp)[able]
                accept = chance[:, s, local] < ratio
                state.theta[:, warm] = np.where(accept[..., None], new, state.theta[:, warm])
                state.ll[:, warm] = np.where(accept, ll, old_ll)
                state.lp[:, warm] = np.where(accept, lp, old_lp)
                out.acceptance[:, warm] += accept
                proposed[:, warm] += 1
                out.log_step[:, warm] += weight * (np.exp(np.minimum(ratio, 0)) - moves.target)
            _swap(state, step_of, swapping[:, s], (state.sweeps + t) % 2, out.swap)
            if moments.shape[1]:
                u = state.theta - moments[:, :, d + 1]
                moments[:, :, d] += u
                moments[:, :, :d] += u[..., :, None] * u[..., None, :]
            if (t + 1) % thin == 0:
                out.draws[:, (t + 1) // thin - 1] = state.theta[:, 0]
                out.level_ll[:, (t + 1) // thin - 1] = state.ll
            out.position[:, t] = state.walker


def _swap(state, difference, log_uniform, parity, seen):
    """Non-reversible exchange: even pairs in even sweeps, odd pairs in odd ones; `seen` collects all acceptances."""
    if state.ll.shape[1] == 1:
        return
    colder, hotter = state.ll[:, :-1], state.ll[:, 1:]
    able = hotter > -np.inf
    ratio = np.where(able, difference * (np.where(able, hotter, 0) - colder), -np.inf)
    seen += np.exp(np.minimum(ratio, 0))
    accept = log_uniform < ratio
    accept[:, 1 - parity :: 2] = False
    order = np.tile(np.arange(state.ll.shape[1]), (len(state.ll), 1))
    chain, k = np.nonzero(accept)
    order[chain, k], order[chain, k + 1] = k + 1, k
    state.theta[:] = np.take_along_axis(state.theta, order[..., None], axis=1)
    for values in (state.ll, state.lp, state.walker):
        values[:] = np.take_along_axis(values, order, axis=1)


def _user_moves(problem, state, tuning, moves, rngs, weight, out, proposed, warm):
    """The user's own local move, replica by replica."""
    extra = () if problem.args is None else (problem.args,)
    for c, rng in enumerate(rngs):
        for k in warm:
            scale = np.exp(out.log_step[c, k]) * tuning.scale[k]
            result = moves.local(rng, state.theta[c, k], state.ll[c, k], state.lp[c, k], tuning.betas[k], scale, *extra)
            state.ll[c, k], state.lp[c, k], accepted, tried, evaluations = result
            if not np.isfinite(state.ll[c, k]):
                raise ValueError("the local move returned a log-likelihood that is not finite: it must reject such points")
            out.acceptance[c, k] += accepted
            proposed[c, k] += tried
            out.evaluations += int(evaluations)
            out.log_step[c, k] += weight * (accepted / max(tried, 1) - moves.target)
