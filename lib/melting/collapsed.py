"""Sampling melt fractions and source: several dispersed chains of the collapsed sampler."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from . import collapsed_kernels as kernels
from .posterior import N_JUMP, Posterior

#: Part of the warm-up over which the likelihood is switched on slowly.
ANNEAL = 0.3
#: For additive noise an independence step that can change mode takes about this share of the evaluations.
JUMP_SHARE = 0.15
#: Where every sample's source may deviate, F and deviation can trade places in all samples at once and a chain can settle
#: in the wrong mode: each chain then starts from the best of so many short pilots of so many turns.
PILOTS, PILOT_TURNS = 3, 1000
#: Kept draws of a chain, however small its budget.
FEWEST = 20
#: Tries to find a start from the prior at which the likelihood is not zero.
_TRIES = 1000


@dataclass(frozen=True)
class Draws:
    """Draws from the posterior.

    Parameters
    ----------
    melt_fraction : array, shape (chains, draws, m)
        Melt fractions F.
    ln_source : array, shape (chains, draws, n)
        ln ppm of the source.
    deviation : array, shape (chains, draws, m)
        Deviations a_i of the source (zeros when not in the model).
    slope : array, shape (chains, draws, n)
        d ln C / d MgO per wt% (zeros when not in the model).
    ln_d : array, shape (chains, draws, n)
        Shifts of ln D: the common and the own one together.
    hyper : array, shape (chains, draws, 5)
        Mean and ln sd of logit F, ln sd of the deviations, common shift of ln D, ln model error.
    log_likelihood : array, shape (chains, draws, 2)
        Collapsed, and joint with the source of the same draw.
    n_evaluations : float
        Evaluations of the likelihood that all this took, warm-up included (m rows = one).
    """

    melt_fraction: np.ndarray
    ln_source: np.ndarray
    deviation: np.ndarray
    slope: np.ndarray
    ln_d: np.ndarray
    hyper: np.ndarray
    log_likelihood: np.ndarray
    n_evaluations: float

    @property
    def level(self) -> np.ndarray:
        """Mean of ln F over the samples, the coordinate along the ridge, shape (chains, draws)."""
        return np.log(self.melt_fraction).mean(axis=2)

    def pooled(self, name: str) -> np.ndarray:
        """Return one of the arrays with chains joined, shape (chains * draws, ...)."""
        value = getattr(self, name)
        return value.reshape(-1, *value.shape[2:])

    def quantities(self) -> dict:
        """Return everything that convergence is judged by: name -> array (chains, draws, k)."""
        out = {
            "ln F": np.log(self.melt_fraction), "ln C0": self.ln_source, "level": self.level[..., None],
            "log-likelihood": self.log_likelihood[..., :1],
        }  # fmt: skip
        for name in ("deviation", "slope", "ln_d"):
            value = getattr(self, name)
            if np.ptp(value, axis=1).any():
                out[name] = value
        moving = np.flatnonzero(np.ptp(self.hyper, axis=1).any(axis=0))
        if moving.size:
            out["hyperparameters"] = self.hyper[..., moving]
        return out


def make_state(problem: kernels.Problem, start: dict) -> kernels.State:
    """Return the compiled sampler's state at a starting point (see `Posterior.draw_start`), not yet refreshed."""
    m, n = problem.y.shape
    layered = problem.flags[kernels.HAS_D]
    work = problem.table[0].copy() if layered else problem.table[0]
    size = np.full(m + n + kernels.N_SIZES, 0.1)
    hyper = start.get("hyper", np.array([problem.hyper[kernels.H_MU], np.log(problem.hyper[kernels.H_SD]),
                                         np.log(problem.hyper[kernels.H_SA]), 0.0, np.log(problem.hyper[-1])]))  # fmt: skip
    return kernels.State(
        u=np.log(start["melt_fraction"]), a=np.array(start.get("deviation", np.zeros(m))),
        eps=np.array(start.get("ln_d", np.zeros(n))), hyp=np.array(hyper), zeta=np.zeros(n), y=problem.y.copy(),
        w=np.zeros((m, n)), g=np.zeros((m, n)), work=work, q=np.zeros(n), s=np.zeros(n), x=np.zeros(n), ia=np.zeros((n, 3)),
        pq=np.zeros((n, 4)), ib=np.zeros(3), const=np.zeros(1), c=np.zeros(2), cq=np.zeros(n), cs=np.zeros(n), cx=np.zeros(n),
        cu=np.zeros(m), ca=np.zeros(m), cg=np.zeros((m, n)), cw=np.zeros((m, n)), row=np.zeros((3, n)), size=size,
        axes=np.zeros((2, m)), centre=np.zeros(m), root=np.zeros((m, m)), cloud=np.zeros(3, np.int64),
        count=np.zeros(2, np.int64), value=np.zeros(1), ll_grid=np.zeros(problem.nodes.size),
        p_grid=np.zeros(problem.nodes.size),
    )  # fmt: skip


def evaluations(problem: kernels.Problem, state: kernels.State) -> float:
    """Return the number of likelihood evaluations: rows over m, and columns of one element over n."""
    m, n = problem.y.shape
    return state.count[0] / m + state.count[1] / (m * n)


def turn_cost(posterior: Posterior, jump: int, jump_every: int, annealed: float = 0.0) -> float:
    """Return the mean evaluations of a turn over all unknowns; a part ``annealed`` of them has more independence steps."""
    m = posterior.data.shape[0]
    extras = posterior.extras
    cost = 2.0 + (posterior.prior_f.kind == "hierarchical" and m > 1)
    cost += (extras.enrichment is not None) + 3 * extras.uncertain_d + (extras.model_error > 0)
    more = jump_every / max(jump_every // 4, 1)
    return cost + jump * (N_JUMP + 1) / m / jump_every * (1 + annealed * (more - 1))


def jump_plan(posterior: Posterior) -> tuple[int, int]:
    """Return how many samples get an independence step, and every how many turns: only where a sample can have two modes.

    That is so on the plateaus of additive noise, and where a sample may be enriched either by little melting or in its source.
    """
    m = posterior.data.shape[0]
    if posterior.extras.enrichment is not None:
        return max(m // 8, 1), 1
    return (1, max(int(N_JUMP / m / (2 * JUMP_SHARE)), 1)) if posterior.linear else (0, 1)


def start_state(posterior: Posterior, problem: kernels.Problem, rng: np.random.Generator, start: dict | None = None):
    """Return a state of finite likelihood, from the prior or from a given start.

    Raises
    ------
    ValueError
        When no draw from the prior has a finite likelihood.
    """
    for _ in range(_TRIES if start is None else 1):
        state = make_state(problem, posterior.draw_start(rng) if start is None else start)
        if np.isfinite(kernels.begin(problem, state, rng)):
            return state
    raise ValueError(
        f"the likelihood is zero at {'every start from the prior' if start is None else 'the given start'}: the model "
        f"{posterior.model!r} has exhausted an element that was measured; lower the upper bound of F "
        f"({posterior.prior_f.high}), leave out the most incompatible elements, or use additive noise"
    )


def pilot_state(posterior: Posterior, problem: kernels.Problem, rng: np.random.Generator):
    """Return the state with the highest likelihood among short runs, which start with and without deviations.

    All pilots but the last start without deviations, at one melt fraction for all samples, drawn (in ln F) from the upper half
    of the prior, and with the full likelihood at once: there the elements differ most, and deviations can only grow where
    the data ask for them. The last starts like any other chain. On three ridge segments of 26 to 56 samples, 48 of 48
    starts of the first kind reached the best level known, of the second 13 of 24.
    """
    best, total = None, np.zeros(2, np.int64)
    for k in range(PILOTS):
        start, anneal = posterior.draw_start(rng), ANNEAL
        if k < PILOTS - 1:
            low, high = np.log(posterior.prior_f.low), np.log(posterior.prior_f.high)
            common = np.exp(rng.uniform(0.5 * (low + high), high))
            start |= {"melt_fraction": np.full_like(start["melt_fraction"], common), "deviation": 0 * start["deviation"]}
            anneal = 0.0
        state = make_state(problem, start)
        if not np.isfinite(kernels.begin(problem, state, rng)):
            continue
        kernels.warm_up(problem, state, rng, PILOT_TURNS, anneal, *jump_plan(posterior), 1.0)
        total += state.count
        if best is None or state.value[0] > best.value[0]:
            best = state
    if best is None:
        return start_state(posterior, problem, rng)
    best.count[:] = total
    return best


def run_chain(posterior, problem, rng, *, n_warm, n_draws=None, thin=1, start=None, jump=None, budget=None):
    """Run one chain; returns the arrays of `kernels.run` in its order, and the evaluations used.

    With ``n_draws`` None as many draws are kept as a budget of evaluations, warm-up included, allows: what a turn costs is
    known when the warm-up has shown whether cloud moves are worth it.
    """
    m, n = posterior.data.shape
    jump, every = jump_plan(posterior) if jump is None else jump
    if start is None and posterior.extras.enrichment is not None:
        state = pilot_state(posterior, problem, rng)
        kernels.warm_up(problem, state, rng, n_warm, 0.0, jump, every, 1.0)
    else:
        state = start_state(posterior, problem, rng, start)
        kernels.warm_up(problem, state, rng, n_warm, ANNEAL if start is None else 0.0, jump, every, 1.0)
    if n_draws is None:
        turn, between = turn_cost(posterior, jump, every), state.cloud[kernels.EVERY]
        left = budget - evaluations(problem, state)
        n_draws = max(int(left / thin / (1 + turn / between if between else turn)), FEWEST)
    out = tuple(np.zeros((n_draws, k)) for k in (m, m, n, n, n, 5, 2))
    kernels.run(problem, state, rng, thin, jump, every, 1.0, *out)
    return out, evaluations(problem, state)


def sample(
    posterior: Posterior,
    *,
    n_chains: int = 4,
    n_draws: int = 1000,
    n_warm: int | None = None,
    thin: int = 2,
    seed=1,
    start: dict | None = None,
    jump: tuple[int, int] | None = None,
) -> Draws:
    """Sample the posterior with the collapsed sampler.

    Parameters
    ----------
    posterior : Posterior
        What to sample.
    n_chains, n_draws : int
        Chains, each from its own draw from the prior, and kept draws of each.
    n_warm : int, optional
        Turns of warm-up, in which step sizes adapt and the likelihood is switched on slowly; default half as many as are
        sampled, at least 500.
    thin : int
        Turns over all unknowns between kept draws.
    seed : int, SeedSequence or Generator
        Streams of the chains are spawned from it.
    start : dict, optional
        Start of all chains instead of draws from the prior (see `Posterior.draw_start`).
    jump : (int, int), optional
        Samples with an independence step, and every how many turns; default see `jump_plan`.

    Returns
    -------
    Draws

    Raises
    ------
    ValueError
        See `start_state`; or too few chains or draws.
    """
    if n_chains < 1 or n_draws < 1 or thin < 1:
        raise ValueError(f"n_chains, n_draws and thin must be at least 1, got {n_chains}, {n_draws}, {thin}")
    n_warm = max(n_draws * thin // 2, 500) if n_warm is None else n_warm
    problem = posterior.problem()
    arrays, total = [], 0.0
    for rng in streams(seed, n_chains):
        out, used = run_chain(
            posterior, problem, rng, n_warm=n_warm, n_draws=n_draws, thin=thin, start=start, jump=jump
        )  # fmt: skip
        arrays.append(out)
        total += used
    u, a, ln_c0, slope, eps, hyper, value = (np.stack(part) for part in zip(*arrays, strict=True))
    return Draws(np.exp(u), ln_c0, a, slope, eps + hyper[..., 3:4], hyper, value, total)


def streams(seed, n: int) -> list:
    """Return n independent generators from an int, a SeedSequence or a Generator."""
    if isinstance(seed, np.random.Generator):
        return seed.spawn(n)
    sequence = seed if isinstance(seed, np.random.SeedSequence) else np.random.SeedSequence(seed)
    return [np.random.default_rng(child) for child in sequence.spawn(n)]
