"""Draws of networks and rates, and how far independent chains agree."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd

from .inert import canonical_mask
from .network_search import NONE

__all__ = ["IndicatorChains", "agreement"]

#: Chains that differ in an inclusion probability by more than this have not been run long enough.
SPREAD_MAX = 0.05
SWAP_RANGE = (0.2, 0.95)


@dataclasses.dataclass(frozen=True, eq=False)
class IndicatorChains:
    """Chains over networks and rates.

    Parameters
    ----------
    names : tuple of str
        Candidates.
    masks : ndarray of int, shape (n_chains, n_kept)
        Networks.
    k : ndarray, shape (n_chains, n_kept, n)
        Rate constants, zero for reactions that are not part.
    log_likelihood : ndarray, shape (n_chains, n_kept)
        Of the draws.
    canonical : dict of int to int
        Effective network of every network visited.
    weight : dict of int to float
        Weight of the draws of every network visited: what the prior over effective networks is to that over all.
    betas, swap_rates : ndarray, shape (n_chains, K) and (n_chains, K - 1)
        Inverse temperatures and mean acceptance of exchanges.
    round_trips : ndarray of int, shape (n_chains,)
        Trips of replicas from the posterior to the prior and back.
    n_solves : int
        Simulations.
    """

    names: tuple
    masks: np.ndarray
    k: np.ndarray
    log_likelihood: np.ndarray
    canonical: dict
    weight: dict
    betas: np.ndarray
    swap_rates: np.ndarray
    round_trips: np.ndarray
    n_solves: int

    @classmethod
    def collect(cls, problem, chains):
        """Put chains together.

        Parameters
        ----------
        problem : SelectionProblem
            What was sampled.
        chains : list of dict
            One a chain.

        Returns
        -------
        IndicatorChains
            All of them.
        """
        masks = np.array([c["masks"] for c in chains])
        k = np.array([c["k"] for c in chains])
        canonical, weight = {}, {}
        for mask in np.unique(masks):
            typical = np.median(k[masks == mask], axis=0)
            canonical[int(mask)] = canonical_mask(problem, _Point(problem.active(int(mask)), typical))
            weight[int(mask)] = 1.0
        if problem.network_prior == "effective" and problem.flux is not None:
            weight = _share(problem, canonical, masks, k)
        return cls(
            problem.names, masks, k, np.array([c["log_likelihood"] for c in chains]), canonical, weight,
            np.array([c["betas"] for c in chains]), np.array([c["swap"] for c in chains]),
            np.array([c["round_trips"] for c in chains]), sum(c["n_solves"] for c in chains),
        )  # fmt: skip

    def _weighted(self):
        """Effective mask and normalised weight of every draw, (n_chains, n_kept) each; weights sum to one in a chain."""
        known, place = np.unique(self.masks, return_inverse=True)
        place = place.reshape(self.masks.shape)
        canonical = np.array([self.canonical[int(m)] for m in known])[place]
        weight = np.array([self.weight[int(m)] for m in known])[place]
        return canonical, weight / weight.sum(axis=1, keepdims=True)

    @property
    def inclusion(self) -> pd.DataFrame:
        """Probability of each reaction: reaction, probability, lowest, highest (of the chains), spread."""
        canonical, weight = self._weighted()
        each = np.array([(weight * (canonical >> j & 1)).sum(axis=1) for j in range(len(self.names))])
        return pd.DataFrame({
            "reaction": self.names, "probability": each.mean(axis=1), "lowest": each.min(axis=1), "highest": each.max(axis=1),
            "spread": np.ptp(each, axis=1),
        })  # fmt: skip

    @property
    def effective(self) -> pd.DataFrame:
        """Effective networks, the most probable first: mask, network, probability, lowest, highest (of the chains)."""
        canonical, weight = self._weighted()
        rows = []
        for mask in np.unique(canonical):
            each = (weight * (canonical == mask)).sum(axis=1)
            label = " + ".join(n for j, n in enumerate(self.names) if int(mask) >> j & 1) or NONE
            rows.append({"mask": int(mask), "network": label, "probability": each.mean(), "lowest": each.min(),
                         "highest": each.max()})  # fmt: skip
        frame = pd.DataFrame(rows).sort_values("probability", ascending=False, kind="stable", ignore_index=True)
        frame.index = pd.RangeIndex(1, len(frame) + 1, name="rank")
        return frame

    @property
    def rates(self) -> pd.DataFrame:
        """Rates given that the reaction takes part, over all networks: reaction, median, lo95, hi95, n_draws."""
        rows = []
        inside = self.masks[..., None] >> np.arange(len(self.names)) & 1
        for j, name in enumerate(self.names):
            values = self.k[..., j][inside[..., j] == 1]
            low, middle, high = np.quantile(values, [0.025, 0.5, 0.975]) if values.size else (np.nan,) * 3
            rows.append({"reaction": name, "median": middle, "lo95": low, "hi95": high, "n_draws": values.size})
        return pd.DataFrame(rows)

    @property
    def max_spread(self) -> float:
        """Largest difference between chains of an inclusion probability."""
        return float(self.inclusion["spread"].max())

    def verdict(self):
        """Hold the chains against their limits.

        Returns
        -------
        ok : bool
            Whether chains agree to 0.05 in every inclusion probability, and exchanges are accepted at 0.2-0.95.
        text : str
            What was found.
        """
        low, high = float(self.swap_rates.min()), float(self.swap_rates.max())
        worst = self.inclusion.loc[self.inclusion["spread"].idxmax()]
        ok = len(self.masks) > 1 and worst["spread"] <= SPREAD_MAX and low >= SWAP_RANGE[0] and high <= SWAP_RANGE[1]
        return bool(ok), (
            f"{len(self.masks)} chains of {self.masks.shape[1]} sweeps; largest difference of an inclusion probability "
            f"{worst['spread']:.3f} ({worst['reaction']}; at most {SPREAD_MAX:g}); exchanges accepted at {low:.2f} to "
            f"{high:.2f} ({SWAP_RANGE[0]:g}-{SWAP_RANGE[1]:g}); {int(self.round_trips.sum())} round trips"
        )


@dataclasses.dataclass(frozen=True, eq=False)
class _Point:
    """Rates at which inertness is looked at."""

    active: np.ndarray
    k: np.ndarray


def _share(problem, canonical, masks, k):
    """Weights that turn the prior over all networks into one in which those that differ by inert reactions share one place.

    A candidate that is inert when it alone joins a network is inert in any company of such: with m of them 2^m networks are
    one.
    """
    shared = {}
    for effective in set(canonical.values()):
        like = [m for m, c in canonical.items() if c == effective]
        rates = np.median(k[np.isin(masks, like)], axis=0)
        total = problem.log_network_prior(effective)
        for j in range(problem.n):
            if effective >> j & 1:
                continue
            joined = effective | 1 << j
            if canonical_mask(problem, _Point(problem.active(joined), rates)) == effective and problem.allowed(joined):
                total -= np.log1p(-problem.inclusion_prior[j])
        shared[effective] = total
    # all draws of a class together have its prior mass in the chain; they should have that of the effective network alone
    mass = {}
    for effective in shared:
        mass[effective] = problem.log_network_prior(effective) - shared[effective]
    return {mask: float(np.exp(mass[c])) for mask, c in canonical.items()}


def agreement(first, second) -> pd.DataFrame:
    """Compare the inclusion probabilities of two calculations.

    Parameters
    ----------
    first, second : NetworkSearch or IndicatorChains
        Results for the same candidates.

    Returns
    -------
    pandas.DataFrame
        Columns reaction, first, second, difference.

    Raises
    ------
    ValueError
        For different candidates.
    """
    if first.names != second.names:
        raise ValueError(f"candidates differ: {', '.join(first.names)} and {', '.join(second.names)}")
    a, b = first.inclusion["probability"].to_numpy(), second.inclusion["probability"].to_numpy()
    return pd.DataFrame({"reaction": first.names, "first": a, "second": b, "difference": a - b})
