"""Networks and rates sampled together: replica exchange over (which reactions run, how fast).

Every replica holds a network and its rates at an inverse temperature beta, and samples likelihood^beta x prior by three moves:
a reaction enters with a rate drawn for it or leaves; a reaction hands its place, and its rate in units of the prior's width,
to another; rates walk in their logarithms, one alone, or together along differences of states that this temperature has seen.
Neighbours exchange.  At beta = 0 a replica is a fresh draw from the prior.  Steps, entry rates, the ladder and the store of
states are tuned in burn-in and then fixed.

It shares nothing with the exhaustive search but the likelihood, and so checks it; with many candidates it replaces it.  Given
a `Guide` from a search, the coldest replicas also jump to networks that this proposes: many more networks are then visited at
the same cost.  The Metropolis rule keeps the result exact for long chains whatever the search found; the check is then an
assisted one, for what the guide does not know is left to the other moves.
"""

from __future__ import annotations

import dataclasses
import math

import numpy as np

from lib.sampling import equal_rejection, round_trips
from lib.tasks import run_tasks

from .indicator_results import IndicatorChains

__all__ = ["sample_networks"]

N_TEMPERATURES = 12
HOTTEST = 5e-4
#: Share of entries whose rate is drawn from the prior; the others follow the rates this temperature saw in burn-in.
FROM_PRIOR = 0.3
ROUNDS = (1, 1, 2, 4)
ACCEPTANCE = 0.3
STORED = 500
#: Jumps of a sweep at the temperatures from this inverse one on.
JUMPS, COLD = 3, 0.4
LOG_ROOT_TWO_PI = 0.5 * math.log(2.0 * math.pi)


def sample_networks(
    problem,
    *,
    n_sweeps=7500,
    burn_in=1 / 3,
    n_temperatures=N_TEMPERATURES,
    n_chains=2,
    guide=None,
    seed,
    n_jobs=1,
    progress=None,
):
    """Sample networks and rates.

    Parameters
    ----------
    problem : SelectionProblem
        Data, candidates, priors; `predict` saves time.
    n_sweeps : int
        Sweeps of each chain; a sweep is some 3 simulations a temperature, and 3 more at a cold one with a guide.
    burn_in : float
        Share of them that tunes and is not kept.
    n_temperatures : int
        Replicas of a chain.
    n_chains : int
        Independent chains; two or more tell how far to trust the result.
    guide : Guide, optional
        Proposals from a search.
    seed : int
        Of the random numbers; chain i gets stream i.
    n_jobs : int
        Processes.
    progress : bool, optional
        Draw progress or not; None asks the environment.

    Returns
    -------
    IndicatorChains
        Draws, inclusion probabilities, agreement of the chains.

    Raises
    ------
    ValueError
        For too few sweeps or temperatures.
    """
    if n_temperatures < 3 or n_sweeps < 100 or not 0.1 <= burn_in <= 0.9 or n_chains < 1:
        raise ValueError(
            f"n_temperatures = {n_temperatures}, n_sweeps = {n_sweeps}, burn_in = {burn_in:g}, n_chains = {n_chains}: "
            "expected 3 temperatures, 100 sweeps, one chain or more, and a burn-in of 0.1 to 0.9"
        )
    task = {"problem": problem, "n_sweeps": n_sweeps, "burn_in": burn_in, "n_temperatures": n_temperatures,
            "guide": guide}  # fmt: skip
    chains = run_tasks(_run_chain, [task] * n_chains, seed=seed, n_jobs=n_jobs, label="chains of networks", progress=progress)
    return IndicatorChains.collect(problem, chains)


@dataclasses.dataclass
class _Ladder:
    """Inverse temperatures (K,); walk lengths, mean and sd of entry rates (K, n); whether these are known (K, n).

    Also the store: coordinates of the walk, NaN for reactions that are not part (K, n_stored, n), empty at first.
    """

    betas: np.ndarray
    step: np.ndarray
    mean: np.ndarray
    sd: np.ndarray
    known: np.ndarray
    stored: np.ndarray


class _Chain:
    """One ladder of replicas."""

    def __init__(self, problem, betas, rng, guide=None):
        self.problem, self.rng, self.n, self.guide, self.pool = problem, rng, problem.n, guide, []
        self.everything = np.arange(problem.n)
        self.free = np.array([j for j in range(problem.n) if not problem.always >> j & 1])
        self.logit = np.log(problem.inclusion_prior / (1.0 - problem.inclusion_prior))
        n, levels = problem.n, len(betas)
        prior = problem.prior
        spread = np.where(prior.log, prior.width, 1.0)
        self.ladder = _Ladder(betas, np.tile(0.3 * spread, (levels, 1)), np.zeros((levels, n)), np.ones((levels, n)),
                              np.zeros((levels, n), dtype=bool), np.zeros((levels, 0, n)))  # fmt: skip
        self.inside, self.x = np.zeros((levels, n), dtype=bool), np.zeros((levels, n))
        self.value = np.empty(levels)
        self.walker = np.arange(levels)
        self.n_solves = 0
        for level in range(levels):
            self._fresh(level)

    def _likelihood(self, inside, x):
        if self.problem.admissible is not None and not self.problem.admissible(inside):
            return -np.inf
        active = np.flatnonzero(inside)
        k = np.zeros(self.n)
        k[active] = self.problem.prior.rates(x[active], active)[0]
        self.n_solves += 1
        return self.problem.log_likelihood(k, active)

    def _fresh(self, level):
        """A draw from the prior, one that the simulator can follow."""
        for _ in range(1000):
            inside = self.rng.random(self.n) < self.problem.inclusion_prior
            inside |= [bool(self.problem.always >> j & 1) for j in range(self.n)]
            x = self.problem.prior.draw(self.rng, 1, self.everything)[0]
            value = self._likelihood(inside, x)
            if np.isfinite(value):
                self.inside[level], self.x[level], self.value[level] = inside, np.where(inside, x, 0.0), value
                return
        raise ValueError("1000 draws from the prior in a row have zero likelihood; check rate scales and admissible=")

    def _accept(self, level, inside, x, log_ratio):
        """Metropolis step with a proposal's other factors in log_ratio."""
        if not log_ratio > -np.inf:
            return False
        value = self._likelihood(inside, x)
        chance = self.ladder.betas[level] * (value - self.value[level]) + log_ratio
        if not np.log(1.0 - self.rng.random()) < chance:
            return False
        self.inside[level], self.x[level], self.value[level] = inside, x, value
        return True

    def _entry(self, level, j):
        """Draw a coordinate for a reaction that enters."""
        ladder, prior = self.ladder, self.problem.prior
        if not ladder.known[level, j] or self.rng.random() < FROM_PRIOR:
            return prior.draw(self.rng, 1, np.array([j]))[0, 0]
        while True:
            x = ladder.mean[level, j] + ladder.sd[level, j] * self.rng.standard_normal()
            if x >= prior.bound[j]:
                return x

    def _log_entry(self, level, j, x):
        """Log of prior density over the density with which `_entry` draws x."""
        ladder, prior = self.ladder, self.problem.prior
        density = float(prior.log_density(np.array([x]), np.array([j])))
        if not ladder.known[level, j]:
            return 0.0
        sd, mean = ladder.sd[level, j], ladder.mean[level, j]
        other = -0.5 * ((x - mean) / sd) ** 2 - math.log(sd) - LOG_ROOT_TWO_PI
        above = 0.5 * math.erfc((prior.bound[j] - mean) / (sd * math.sqrt(2.0)))
        mixed = np.logaddexp(math.log(FROM_PRIOR) + density, math.log1p(-FROM_PRIOR) + other - math.log(max(above, 1e-300)))
        return density - mixed

    def flip(self, level):
        """A reaction enters or leaves."""
        j = self.rng.choice(self.free)
        inside, x = self.inside[level].copy(), self.x[level].copy()
        inside[j] = not inside[j]
        if inside[j]:
            x[j] = self._entry(level, j)
            ratio = self._log_entry(level, j, x[j]) + self.logit[j]
        else:
            ratio = -self._log_entry(level, j, x[j]) - self.logit[j]
            x[j] = 0.0
        self._accept(level, inside, x, ratio)

    def hand_over(self, level):
        """A reaction leaves and another takes its place and its rate, in units of the prior's width."""
        here = self.inside[level]
        on, off = self.free[here[self.free]], self.free[~here[self.free]]
        if not on.size or not off.size:
            return
        a, b = self.rng.choice(on), self.rng.choice(off)
        prior = self.problem.prior
        if prior.log[a] != prior.log[b]:
            return
        inside, x = here.copy(), self.x[level].copy()
        inside[a], inside[b] = False, True
        x[b] = prior.centre[b] + prior.width[b] * (x[a] - prior.centre[a]) / prior.width[a]
        x[a] = 0.0
        # the densities of the standardised coordinate are equal: only the prior odds of the two remain
        ratio = self.logit[b] - self.logit[a] if x[b] >= prior.bound[b] else -np.inf
        self._accept(level, inside, x, ratio)

    def walk(self, level, gain, together):
        """Rates walk, in the logarithms of the rates: one, or all along the difference of two stored states."""
        active = np.flatnonzero(self.inside[level])
        if not active.size:
            return
        ladder, normal = self.ladder, self.rng.standard_normal
        joint = together and ladder.stored.shape[1] > 0
        if joint:
            a, b = ladder.stored[level, self.rng.integers(ladder.stored.shape[1], size=2)][:, active]
            length = 1.0 if self.rng.random() < 0.1 else 2.38 / math.sqrt(2.0 * active.size) * 10.0 ** self.rng.uniform(-1, 0)
            move = length * np.nan_to_num(a - b) + 0.05 * ladder.step[level, active] * normal(active.size)
        else:
            active = active if together else self.rng.choice(active, 1)
            move = ladder.step[level, active] * normal(active.size) / math.sqrt(active.size)
        prior = self.problem.prior
        log = prior.log[active]
        old = self.x[level, active]
        new = np.where(log, old + move, old * np.exp(np.where(log, 0.0, np.clip(move, -50.0, 50.0))))
        x = self.x[level].copy()
        x[active] = new
        # the walk is symmetric in ln k: d k = k d ln k for coordinates that are rates
        ratio = float(prior.log_density(new, active) - prior.log_density(old, active) + move[~log].sum())
        accepted = self._accept(level, self.inside[level], x, ratio)
        if gain > 0 and not joint:
            ladder.step[level, active] *= math.exp(gain * (accepted - ACCEPTANCE) / math.sqrt(active.size))
            ladder.step[level, active] = np.minimum(ladder.step[level, active], 5.0)

    def jumps(self, level):
        """Another network with all its rates, as the guide proposes, several times."""
        here = self.guide.log_density(self.inside[level], self.x[level])
        if here == -np.inf:
            return  # no way back
        here -= self._log_prior(self.inside[level], self.x[level])
        for _ in range(JUMPS):
            if not self.pool:
                drawn = zip(*self.guide.draw(self.rng, 500), strict=True)
                self.pool = [(inside, x, q - self._log_prior(inside, x)) for inside, x, q in drawn]
            inside, x, there = self.pool.pop()
            if self._accept(level, inside, x, here - there):
                here = there

    def _log_prior(self, inside, x):
        active = np.flatnonzero(inside)
        return float(self.problem.prior.log_density(x[active], active) + self.logit[self.free][inside[self.free]].sum())

    def sweep(self, number, gain):
        """All moves at all temperatures, then exchanges; return the chances of these, (K - 1,)."""
        betas = self.ladder.betas
        for level in range(len(betas) - 1):
            if self.free.size:
                self.flip(level)
                if number % 2:
                    self.hand_over(level)
            for together in (False, True):
                self.walk(level, gain, together)
            if self.guide is not None and betas[level] >= COLD:
                self.jumps(level)
        self._fresh(len(betas) - 1)
        chance = np.minimum(0.0, (betas[:-1] - betas[1:]) * (self.value[1:] - self.value[:-1]))
        for level in range(number % 2, len(betas) - 1, 2):
            if np.log(1.0 - self.rng.random()) < chance[level]:
                for values in (self.inside, self.x, self.value, self.walker):
                    values[[level, level + 1]] = values[[level + 1, level]]
        return np.exp(chance)


def _run_chain(problem, n_sweeps, burn_in, n_temperatures, guide, rng):
    """Burn in, tune, sample; return what `IndicatorChains.collect` takes."""
    betas = np.append(np.geomspace(1.0, HOTTEST, n_temperatures - 1), 0.0)
    chain = _Chain(problem, betas, rng, guide)
    burn = int(burn_in * n_sweeps)
    for share in ROUNDS:
        length = max(10, burn * share // sum(ROUNDS))
        swap = np.zeros(n_temperatures - 1)
        seen = np.empty((length, 2, n_temperatures, problem.n))
        for number in range(length):
            swap += chain.sweep(number, gain=(number + 1.0) ** -0.5)
            seen[number] = chain.inside, chain.x
        _learn(chain, seen)
        if share != ROUNDS[-1]:
            chain.ladder.betas = equal_rejection(chain.ladder.betas, 1.0 - swap / length)
    kept = n_sweeps - burn
    masks, x = np.empty(kept, dtype=np.int64), np.zeros((kept, problem.n))
    value, position = np.empty(kept), np.empty((kept, n_temperatures), dtype=np.int64)
    swap, powers = np.zeros(n_temperatures - 1), 1 << np.arange(problem.n)
    for number in range(kept):
        swap += chain.sweep(number, gain=0.0)
        masks[number], x[number], value[number] = powers[chain.inside[0]].sum(), chain.x[0], chain.value[0]
        position[number] = chain.walker
    k = np.zeros_like(x)
    inside = (masks[:, None] >> np.arange(problem.n) & 1).astype(bool)
    rates = problem.prior.rates(x, np.arange(problem.n))[0]
    k[inside] = rates[inside]
    return {"masks": masks, "k": k, "log_likelihood": value, "betas": chain.ladder.betas, "swap": swap / kept,
            "round_trips": int(round_trips(position).sum()), "n_solves": chain.n_solves}  # fmt: skip


def _learn(chain, seen):
    """Entry rates and the store of each temperature, from the states that it saw, (n_sweeps, 2, K, n)."""
    inside, x = seen[:, 0] == 1, seen[:, 1]
    prior, ladder = chain.problem.prior, chain.ladder
    count = inside.sum(axis=0)
    divisor = np.maximum(count, 1)
    mean = x.sum(axis=0) / divisor
    sd = np.sqrt(np.maximum((x**2).sum(axis=0) / divisor - mean**2, 0.0))
    ladder.known = (count >= 30) & (sd > 1e-6 * prior.width)
    ladder.mean = np.maximum(mean, prior.bound)
    ladder.sd = np.maximum(1.2 * sd, 1e-6 * prior.width)
    chosen = np.linspace(0, len(x) - 1, min(STORED, len(x))).astype(int)
    values = np.where(prior.log, x, np.log(np.maximum(x, 1e-300)))
    ladder.stored = np.moveaxis(np.where(inside, values, np.nan)[chosen], 1, 0)
