"""Replica exchange over subsets: the density of states where there are too many subsets to try them all.

Replicas l walk over subsets c with probabilities proportional to ``exp(-beta_l s E(c))``, E the cross-validated loss and s its
scale in units of log-likelihood: the number of rows for a mean log-loss, ``n / (2 sigma^2)`` with sigma^2 the loss of a good
subset for mean squared residuals, so that beta = 1 weighs subsets as a likelihood would.  The hottest replica, beta = 0, draws
subsets independently, which sets the scale of the density and shows its high end.  Neighbours exchange subsets, even pairs in
even sweeps and odd pairs in odd ones [2]_.  The ladder is placed in a pilot run so that neighbours reject equally often.  The
samples of all temperatures and chains are weighed together without bins (`lib.subset_search.multihistogram`).

At beta = 1 a walk is among good subsets, but where columns are many, seldom at the very best one.  So each chain ends with a
descent from its best subsets: one column in, out or both, whichever lowers the loss most, until nothing does.  What is met on
the way enters the list of best subsets, not the density.

References
----------
.. [1] Igarashi, Y., Takenaka, H., Nakanishi-Ohno, Y., Uemura, M., Ikeda, S., Okada, M. (2018) Exhaustive search for sparse
       variable selection in linear regression. J. Phys. Soc. Jpn. 87, 044802.
.. [2] Syed, S., Bouchard-Cote, A., Deligiannidis, G., Doucet, A. (2022) Non-reversible parallel tempering: a scalable highly
       parallel MCMC scheme. J. R. Stat. Soc. B 84, 321-350 (algorithms 1 and 2).
"""

import time
from dataclasses import dataclass

import numpy as np

from lib.subset_search.exchange_results import ExchangeResult, build_result
from lib.subset_search.problem import energy_factor
from lib.subset_search.selectors import stepwise
from lib.subset_search.space import SubsetSpace
from lib.tasks import run_tasks, spawn

__all__ = ["ExchangeResult", "Walk", "exchange_search", "replica_exchange"]

PILOT = (40, 80, 160)  # sweeps of the rounds that place the ladder
MAX_LEVELS = 40
DESCENTS = 3  # from the best subsets of a chain


def exchange_search(problem, *, sizes=None, constraints=None, n_sweeps=2000, n_chains=4, n_levels=None, beta_max=1.0,
                    burn_in=0.25, scale=None, keep=1000, n_bins=512, seed=0, n_jobs=1, store=None, label="",
                    progress=None):  # fmt: skip
    """Sample subsets at a ladder of temperatures and reconstruct the distribution of their losses.

    Parameters
    ----------
    problem : Problem
        `LinearProblem`, `MultinomialProblem`, or any object with their protocol.
    sizes : int or tuple (int, int), optional
        One size, or smallest and largest; None: 1 to all columns.
    constraints : Constraints, optional
        At least one subset in a thousand must be allowed.
    n_sweeps : int
        Moves of each replica, burn-in included, at least 200.
    n_chains : int
        Independent ladders, 2 or more: their agreement is the check of convergence.
    n_levels : int, optional
        Temperatures; None: as many as the pilot run finds useful (twice the sum of rejections).
    beta_max : float
        Coldest inverse temperature, 1 or more; larger values look longer among the best subsets.
    burn_in : float
        Share of sweeps dropped, 0-0.9.
    scale : float, optional
        Factor s from loss to log-likelihood; None: see the module.
    keep : int
        Length of the list of best subsets.
    n_bins : int
        Bins of the density over the range of losses met.
    seed : int
    n_jobs, store, label, progress : optional
        As in `lib.tasks.run_tasks`; a chain is a task.

    Returns
    -------
    ExchangeResult

    Raises
    ------
    ValueError
        If a number is out of its range or the space cannot be sampled.

    References
    ----------
    .. [1] Igarashi et al. (2018), see the module.
    """
    began = time.perf_counter()
    for name, value, low, high in (("n_sweeps", n_sweeps, 200, np.inf), ("n_chains", n_chains, 2, np.inf),
                                   ("beta_max", beta_max, 1, np.inf), ("burn_in", burn_in, 0, 0.9),
                                   ("n_levels", 3 if n_levels is None else n_levels, 3, np.inf)):  # fmt: skip
        if not low <= value <= high:
            raise ValueError(f"{name} = {value}: expected {low:g} or more" + (f", {high:g} at most" if high < np.inf else ""))
    space = SubsetSpace(tuple(problem.names), sizes, constraints)
    scale = _energy_scale(problem, space) if scale is None else float(scale)
    pilot_seed, chain_seed = np.random.SeedSequence(seed).spawn(2)
    betas = _place_ladder(problem, space, scale, beta_max, n_levels, spawn(pilot_seed, 1)[0])
    task = {"problem": problem, "space": space, "betas": betas, "scale": scale, "n_sweeps": n_sweeps, "burn_in": burn_in}
    chains = run_tasks(
        replica_exchange, [dict(task) for _ in range(n_chains)], seed=chain_seed, n_jobs=n_jobs, store=store,
        label=label or "replica exchange", progress=progress,
    )  # fmt: skip
    return build_result(problem, space, betas, scale, chains, keep=keep, n_bins=n_bins, began=began)


@dataclass(frozen=True)
class Walk:
    """What one ladder left behind.

    Parameters
    ----------
    masks, losses : array, shape (n_kept, L)
        Subset and loss at each level (hottest first) after each kept sweep.
    scored, scored_losses : array, shape (U,)
        All distinct subsets whose loss was computed, sorted.
    acceptance : array, shape (L,)
        Share of moves accepted at each level.
    exchange : array, shape (L - 1,)
        Mean chance of exchange of neighbours.
    round_trips : int
        Journeys of replicas from the hottest level to the coldest and back.
    """

    masks: np.ndarray
    losses: np.ndarray
    scored: np.ndarray
    scored_losses: np.ndarray
    acceptance: np.ndarray
    exchange: np.ndarray
    round_trips: int


def replica_exchange(problem, space, betas, scale, n_sweeps, burn_in, rng):
    """Run one ladder.

    Parameters
    ----------
    problem : Problem
    space : SubsetSpace
    betas : array, shape (L,)
        From 0 up.
    scale : float
    n_sweeps : int
    burn_in : float
    rng : numpy.random.Generator

    Returns
    -------
    Walk
    """
    n_levels, memory = len(betas), LossMemory(problem)
    first = int(burn_in * n_sweeps)
    states = space.draw(n_levels, rng)
    hottest = space.draw(n_sweeps, rng)
    losses = memory.losses(space.masks(states))
    strength = betas * scale
    replica, visited_hot, trips = np.arange(n_levels), np.zeros(n_levels, bool), 0
    accepted, swapped, tried = np.zeros(n_levels), np.zeros(n_levels - 1), np.zeros(n_levels - 1)
    kept_masks, kept_losses = np.empty((n_sweeps - first, n_levels), np.uint64), np.empty((n_sweeps - first, n_levels))
    went_cold = np.zeros(n_levels, bool)
    for sweep in range(n_sweeps):
        new = space.propose(states, rng)
        new[0] = hottest[sweep]
        inside = space.allowed(new)
        new_losses = np.full(n_levels, np.inf)
        new_losses[inside] = memory.losses(space.masks(new[inside]))
        take = inside & (np.log(rng.random(n_levels)) <= -_cost(strength, new_losses, losses))
        states[take], losses[take] = new[take], new_losses[take]

        low = np.arange(sweep % 2, n_levels - 1, 2)
        chance = np.exp(np.minimum(_cost(np.diff(strength)[low], losses[low + 1], losses[low]), 0.0))
        go = low[rng.random(len(low)) < chance]
        for values in (states, losses, replica):
            values[go], values[go + 1] = values[go + 1].copy(), values[go].copy()
        visited_hot[replica[0]] = True
        trips += int(went_cold[replica[0]])
        went_cold[replica[0]] = False
        went_cold[replica[-1]] |= visited_hot[replica[-1]]
        if sweep >= first:
            kept_masks[sweep - first], kept_losses[sweep - first] = space.masks(states), losses
            accepted += take
            swapped[low] += chance
            tried[low] += 1
    scored, scored_losses = memory.all()
    for start in scored[np.argsort(scored_losses, kind="stable")[:DESCENTS]]:
        descend(space, memory, space.states(start))
    scored, scored_losses = memory.all()
    n_kept = n_sweeps - first
    return Walk(kept_masks, kept_losses, scored, scored_losses, accepted / n_kept, swapped / np.maximum(tried, 1), trips)


def descend(space, memory, state):
    """Steepest descent in loss by one block in, one out, or one exchanged for another.

    Parameters
    ----------
    space : SubsetSpace
    memory : LossMemory
    state : array of bool, shape (m,)
        An allowed subset.

    Returns
    -------
    array of bool, shape (m,)
        No neighbour of it is better.
    """
    loss = memory.losses(space.masks(state[None]))[0]
    while True:
        inside, outside = np.flatnonzero(state), np.flatnonzero(~state)
        flips = np.eye(len(state), dtype=bool)
        swaps = (flips[inside][:, None] | flips[outside]).reshape(-1, len(state))
        near = state ^ np.concatenate([flips, swaps])
        near = near[space.allowed(near)]
        losses = memory.losses(space.masks(near))
        if not len(near) or not losses.min() < loss:
            return state
        state, loss = near[losses.argmin()], losses.min()


def _cost(strength, new, old):
    """Strength times difference of losses, with subsets that cannot be fitted (loss inf) worse than all others."""
    with np.errstate(invalid="ignore"):
        difference = np.where(np.isinf(new) & np.isinf(old), 0.0, new - old)
        return np.where(strength == 0, 0.0, strength * difference)


class LossMemory:
    """Losses of subsets that were met before: cold replicas come back to the same ones again and again.

    Parameters
    ----------
    problem : Problem
    recent : int
        Subsets kept in a dictionary before they are sorted into the arrays, which take a tenth of its memory.
    """

    def __init__(self, problem, recent=1 << 15):
        self.problem, self.limit, self.recent = problem, recent, {}
        self.masks, self.values = np.empty(0, np.uint64), np.empty(0)

    def losses(self, masks):
        """Loss of each subset (M,); inf where it cannot be fitted."""
        values = np.array([self.recent.get(mask, np.nan) for mask in masks.tolist()])
        unknown = np.flatnonzero(np.isnan(values))
        if len(unknown) and len(self.masks):
            at = np.minimum(np.searchsorted(self.masks, masks[unknown]), len(self.masks) - 1)
            hit = self.masks[at] == masks[unknown]
            values[unknown[hit]] = self.values[at[hit]]
            unknown = unknown[~hit]
        if len(unknown):
            fresh, back = np.unique(masks[unknown], return_inverse=True)
            loss = np.asarray(self.problem.score(fresh).loss, float)
            loss = np.where(np.isfinite(loss), loss, np.inf)
            values[unknown] = loss[back]
            self.recent.update(zip(fresh.tolist(), loss.tolist(), strict=True))
            if len(self.recent) > self.limit:
                self.masks, self.values = self.all()
                self.recent = {}
        return values

    def all(self):
        """All subsets scored so far, sorted, and their losses."""
        masks = np.concatenate([self.masks, np.array(list(self.recent), np.uint64)])
        values = np.concatenate([self.values, np.array(list(self.recent.values()), float)])
        order = np.argsort(masks)
        return masks[order], values[order]


def _energy_scale(problem, space):
    """Factor from loss to log-likelihood, the best subset being that of a stepwise search: see the module."""
    if problem.kind == "multinomial" or problem.criterion not in ("cv", "loo"):
        return energy_factor(problem, 0.0)
    best = stepwise(problem, "forward", sizes=(space.low, space.high), constraints=space.constraints)["loss"].min()
    if not (np.isfinite(best) and best > 0):
        raise ValueError(f"a stepwise search ends at loss {best:g}: give scale, the factor from loss to log-likelihood")
    return energy_factor(problem, best)


def _place_ladder(problem, space, scale, beta_max, n_levels, rng):
    """Inverse temperatures from 0 to beta_max at which neighbours reject about equally often."""
    losses = LossMemory(problem).losses(space.masks(space.draw(100, rng)))
    spread = np.std(losses[np.isfinite(losses)], ddof=1) if np.isfinite(losses).sum() > 1 else 0.0
    first = min(1.0 / max(scale * spread, 1e-6), 0.1 * beta_max)
    betas = np.concatenate([[0.0], np.geomspace(first, beta_max, (n_levels or 12) - 1)])
    for sweeps in PILOT:
        walk = replica_exchange(problem, space, betas, scale, sweeps, 0.3, rng)
        rejection = np.clip(1 - walk.exchange, 1e-2, 1)
        wanted = n_levels or int(np.clip(np.ceil(2 * rejection.sum()) + 2, 4, MAX_LEVELS))
        barrier = np.concatenate([[0], np.cumsum(rejection)])
        places = np.linspace(0, barrier[-1], wanted)
        warm = np.exp(np.interp(places, barrier[1:], np.log(betas[1:])))
        betas = np.where(places < barrier[1], betas[1] * places / barrier[1], warm)  # linear next to 0, else in log beta
        betas[0], betas[-1] = 0.0, beta_max
    return betas
