"""What a replica exchange over subsets found: a search result whose counts are estimates, with their errors."""

import time
from dataclasses import dataclass

import numpy as np
import pandas as pd

from lib.subset_search.counting import Counts, Gauge, bin_edges
from lib.subset_search.masks import members, popcount
from lib.subset_search.multihistogram import MultiHistogram, solve_multihistogram
from lib.subset_search.ranking import Scored, order, select
from lib.subset_search.results import SearchResult
from lib.subset_search.space import SubsetSpace

__all__ = ["ExchangeResult", "build_result"]

BLOCKS = 20  # for the jackknife, over all chains
LEAST_EXCHANGE = 0.1
KEEP_OF_SIZE = 100


@dataclass(frozen=True)
class ExchangeResult(SearchResult):
    """Sampled counterpart of `SearchResult`, whose frames and methods it has.

    Lists (`top`, `best_by_size`, `one_se`) hold the best of what was scored; counts and frequencies are estimates for all
    subsets.

    Parameters
    ----------
    names, kind, criterion, n_rows, sizes, n_subsets, n_failed, empty, empty_se, empty_accuracy, keep, kept, whole : as there
        The number of subsets that cannot be fitted is an estimate; `whole` is None.
    gauge, counts, seconds : as there
        `gauge.factor` is the scale of the run.
    space : SubsetSpace
    histogram : MultiHistogram
        Weights of the distinct subsets that the replicas were in; energies are losses times `gauge.factor`.
    states : array of uint64, shape (S,)
        These subsets.
    bins_se, visited : array, shape (n_sizes, n_bins)
        Standard errors of `counts.bins`, and distinct subsets of each bin that were scored.
    levels : pandas.DataFrame
        beta, acceptance, exchange (chance with the next colder level), mean_loss, free_energy, free_energy_se, overlap.
    n_scored : int
        Distinct subsets scored.
    n_found : int
        Chains that scored the best subset, in their walk or in the descents at its end.
    n_chains, round_trips : int
        Independent ladders, and journeys from the hottest level to the coldest and back in all of them.
    """

    space: SubsetSpace
    histogram: MultiHistogram
    states: np.ndarray
    bins_se: np.ndarray
    visited: np.ndarray
    levels: pd.DataFrame
    n_scored: int
    n_found: int
    n_chains: int
    round_trips: int

    @property
    def density(self):
        """Density of states: size, loss_low, loss_high, count, count_se, visited; bins that were met.

        `visited` is no estimate but a lower bound: the distinct subsets of the bin that were scored.
        """
        size, place = np.nonzero((self.counts.bins > 0) | (self.visited > 0))
        edges = self.gauge.edges
        return pd.DataFrame(
            {
                "size": size + self.gauge.low,
                "loss_low": edges[place],
                "loss_high": edges[place + 1],
                "count": self.counts.bins[size, place],
                "count_se": self.bins_se[size, place],
                "visited": self.visited[size, place],
            }
        )

    @property
    def counts_sum(self):
        """Whether the density of states and the subsets without a loss add up to all subsets."""
        return bool(np.isclose(self.counts.bins.sum() + self.n_failed, self.n_subsets))

    @property
    def models_per_second(self):
        """Distinct subsets scored a second."""
        return self.n_scored / self.seconds

    @property
    def messages(self):
        """What speaks against trusting the run, as sentences; empty if nothing does."""
        said = []
        if self.n_found < self.n_chains:
            said.append(
                f"only {self.n_found} of {self.n_chains} chains met the best subset, so there may be better ones: use more "
                "sweeps or a larger beta_max"
            )
        if self.round_trips < 2 * self.n_chains:
            said.append(f"{self.round_trips} round trips in {self.n_chains} chains, expected 2 or more each: use more sweeps")
        worst = self.levels["exchange"].min()
        if worst < LEAST_EXCHANGE:
            said.append(f"neighbouring temperatures exchange {worst:.0%} of the time, expected 10 % or more: use more levels")
        return said

    @property
    def ok(self):
        """Whether there are no messages."""
        return not self.messages

    def count_below(self, loss):
        """Estimated number of subsets with a loss up to the one given.

        Parameters
        ----------
        loss : float

        Returns
        -------
        count, se : float
        """
        bins = np.where(self.histogram.energy <= loss * self.gauge.factor, 0, -1)
        count, se = self.histogram.density(bins, 1, self.space.count)
        return float(count[0]), float(np.hypot(se[0], count[0] * self.space.count_se / self.space.count))

    def inclusion(self, kind="top", *, n=100, beta=1.0):
        """How often each column takes part.

        Parameters
        ----------
        kind : {"top", "one_se", "boltzmann", "all"}
            Among the `n` best scored; estimated among all within one standard error of the best; over all with weights
            ``exp(-beta f (loss - best))``; over all alike.
        n : int
            For "top"; at most `keep`.
        beta : float
            For "boltzmann", 0 or more.

        Returns
        -------
        pandas.DataFrame
            feature, frequency (0-1), frequency_se (Monte Carlo; NaN for "top").

        Raises
        ------
        ValueError
            If the kind is unknown, or the loss has no standard error.
        """
        if kind == "top":
            return super().inclusion("top", n=n).assign(frequency_se=np.nan)
        table = members(self.states, len(self.names)).astype(float)
        if kind in ("boltzmann", "all"):
            mean, se = self.histogram.mean(table, beta if kind == "boltzmann" else 0.0)
        elif kind == "one_se":
            self._need_se()
            inside = self.histogram.energy <= self.gauge.limit * self.gauge.factor
            mean, se = self.histogram.mean(table, 0.0, among=inside)
        else:
            raise ValueError(f"kind = {kind!r}: expected 'top', 'one_se', 'boltzmann' or 'all'")
        return pd.DataFrame({"feature": list(self.names), "frequency": mean, "frequency_se": se})

    def energy_factor(self):
        """Factor f of the Boltzmann weights.

        Returns
        -------
        float
        """
        return self.gauge.factor


def build_result(problem, space, betas, scale, chains, *, keep, n_bins, began):
    """Weigh the samples of all chains together.

    Parameters
    ----------
    problem : Problem
    space : SubsetSpace
    betas : array, shape (L,)
    scale : float
        Factor from loss to log-likelihood.
    chains : list of Walk
    keep, n_bins : int
    began : float
        `time.perf_counter` at the start.

    Returns
    -------
    ExchangeResult
    """
    n_kept, n_levels = chains[0].masks.shape
    walked = np.concatenate([walk.losses for walk in chains])
    states, state = np.unique(np.concatenate([walk.masks for walk in chains]).ravel(), return_inverse=True)
    loss = np.empty(len(states))
    loss[state] = walked.ravel()
    per_chain = max(2, -(-BLOCKS // len(chains)))
    part = np.arange(n_kept) * per_chain // n_kept
    block = np.concatenate([np.repeat(i * per_chain + part, n_levels) for i in range(len(chains))])
    level = np.tile(np.arange(n_levels), n_kept * len(chains))
    histogram = solve_multihistogram(loss * scale, level, betas, state=state, block=block)

    scored, first = np.unique(np.concatenate([walk.scored for walk in chains]), return_index=True)
    scored_loss = np.concatenate([walk.scored_losses for walk in chains])[first]
    finite = np.isfinite(scored_loss)
    blank = np.full(len(scored), np.nan)
    listed = select(Scored(scored, scored_loss, blank, blank, np.zeros(len(scored), np.uint8)), keep, KEEP_OF_SIZE).masks
    again = problem.score(listed)
    kept = Scored(listed, again.loss, again.loss_se, again.accuracy, again.flag)
    kept = kept.take(order(kept.masks, kept.loss))
    reference = problem.score(np.zeros(1, np.uint64))
    best, empty = float(kept.loss[0]), float(reference.loss[0])
    edges = bin_edges(min(best, scored_loss[finite].min()), scored_loss[finite].max(), empty, n_bins)
    gauge = Gauge(space.low, space.high, edges, best, best + float(kept.loss_se[0]), scale)
    shape = (space.high - space.low + 1, len(edges) - 1)
    bins, bins_se = histogram.density(_cells(states, loss, gauge), np.prod(shape), space.count)
    seen = _cells(scored, scored_loss, gauge)
    failed = space.count * histogram.weights[~np.isfinite(loss)].sum()
    levels = pd.DataFrame({
        "beta": betas,
        "acceptance": np.mean([walk.acceptance for walk in chains], axis=0),
        "exchange": np.append(np.mean([walk.exchange for walk in chains], axis=0), np.nan),
        "mean_loss": np.where(np.isfinite(walked), walked, 0).sum(axis=0) / np.isfinite(walked).sum(axis=0),
        "free_energy": histogram.free_energy,
        "free_energy_se": histogram.free_energy_se,
        "overlap": np.append(histogram.overlap, np.nan),
    })  # fmt: skip
    return ExchangeResult(
        names=tuple(problem.names), kind=problem.kind, criterion=problem.criterion, n_rows=int(problem.n_rows),
        sizes=(space.low, space.high), n_subsets=space.count, n_failed=failed, empty=empty,
        empty_se=float(reference.loss_se[0]), empty_accuracy=float(reference.accuracy[0]), keep=int(keep), kept=kept,
        whole=None, gauge=gauge, counts=_counts(bins.reshape(shape), histogram, states, loss, gauge, len(problem.names),
        space.count), seconds=time.perf_counter() - began, space=space, histogram=histogram, states=states,
        bins_se=np.hypot(bins_se, bins * space.count_se / space.count).reshape(shape),
        visited=np.bincount(seen[seen >= 0], minlength=np.prod(shape)).reshape(shape), levels=levels, n_scored=len(scored),
        n_found=sum(bool(np.isin(kept.masks[0], walk.scored)) for walk in chains), n_chains=len(chains),
        round_trips=sum(walk.round_trips for walk in chains),
    )  # fmt: skip


def _cells(masks, loss, gauge):
    """Number of the bin of each subset in the table of sizes and losses; -1 where there is no loss."""
    n_bins = len(gauge.edges) - 1
    place = np.clip(np.searchsorted(gauge.edges, loss, side="right") - 1, 0, n_bins - 1)
    return np.where(np.isfinite(loss), (popcount(masks) - gauge.low) * n_bins + place, -1)


def _counts(bins, histogram, states, loss, gauge, n_features, total):
    """Estimates of what an exhaustive search counts."""
    table, weights = members(states, n_features), total * histogram.weights
    near = weights * (loss <= gauge.limit)
    heavy = weights * np.exp(-gauge.factor * (loss - gauge.best))
    return Counts(bins, float(near.sum()), near @ table, float(heavy.sum()), heavy @ table)
