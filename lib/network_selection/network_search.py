"""What a search over networks found."""

from __future__ import annotations

import dataclasses
import functools
from collections import Counter
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.special import logsumexp

from .laplace import LaplaceFit
from .mapfit import MapFit

__all__ = ["Fitted", "NetworkSearch"]

NONE = "none"


class Fitted(NamedTuple):
    """A network's most probable rates, its Laplace approximation and its mask without inert reactions."""

    fit: MapFit
    laplace: LaplaceFit
    canonical: int


@dataclasses.dataclass(frozen=True, eq=False)
class NetworkSearch:
    """Weights of networks, inclusion probabilities of reactions, rates.

    Parameters
    ----------
    names : tuple of str
        Candidates; bit j of a mask is candidate j.
    always : int
        Mask of those that are part of every network.
    fitted : dict of int to Fitted
        Fits by mask.
    networks : pandas.DataFrame
        One row a network, the most probable first: mask, network, n_active, log_likelihood (at the most probable rates),
        log_posterior (with the priors of the rates), log_evidence, log_weight (with the prior of networks), bic (inert
        reactions not counted), probability, probability_bic, n_at_bound, canonical, effective, converged; after `rescore` also
        log_evidence_laplace and log_evidence_error.
    nesting_violations : int
        Networks that fit worse than a part of them by more than 0.1 nat beyond the solver's error: zero for a sound search.
    worst_nesting : float
        Largest such difference, in nats, with the solver's error taken off.
    n_solves : int
        Simulations with derivatives.
    cpu_seconds : float
        Time of this process.
    """

    names: tuple
    always: int
    fitted: dict
    networks: pd.DataFrame
    nesting_violations: int = 0
    worst_nesting: float = 0.0
    n_solves: int = 0
    cpu_seconds: float = 0.0

    @classmethod
    def weigh(cls, problem, fitted, evidence=None, errors=None, **about):
        """Weigh networks by their evidence.

        Parameters
        ----------
        problem : SelectionProblem
            For names, the number of data and the prior of networks.
        fitted : dict of int to Fitted
            Fits by mask.
        evidence, errors : dict of int to float, optional
            Better evidences of some networks, and their standard errors.
        **about
            Other fields.

        Returns
        -------
        NetworkSearch
            Sorted and normalised.
        """
        masks = list(fitted)
        laplace = np.array([fitted[m].laplace.log_evidence for m in masks])
        likelihood = np.array([fitted[m].fit.log_likelihood for m in masks])
        size = np.array([m.bit_count() for m in masks])
        classes = Counter(f.canonical for f in fitted.values())
        prior = np.array([_log_prior(problem, m, fitted[m].canonical, classes) for m in masks])
        found = np.array([(evidence or {}).get(m, v) for m, v in zip(masks, laplace, strict=True)])
        effective_size = np.array([fitted[m].canonical.bit_count() for m in masks])
        bic = -2.0 * likelihood + effective_size * np.log(problem.n_data)
        frame = pd.DataFrame({
            "mask": masks, "network": [_label(problem.names, m) for m in masks], "n_active": size,
            "log_likelihood": likelihood,
            "log_posterior": [fitted[m].fit.penalised + problem.prior.constant[fitted[m].fit.active].sum() for m in masks],
            "log_evidence": found, "log_weight": found + prior, "bic": bic, "probability": _normalised(found + prior),
            "probability_bic": _normalised(-0.5 * bic + prior),
            "n_at_bound": [int(fitted[m].laplace.at_bound.sum()) for m in masks],
            "canonical": [fitted[m].canonical for m in masks],
            "effective": [_label(problem.names, fitted[m].canonical) for m in masks],
            "converged": [fitted[m].fit.converged for m in masks],
        })  # fmt: skip
        if evidence is not None:
            frame["log_evidence_laplace"] = laplace
            frame["log_evidence_error"] = [(errors or {}).get(m, np.nan) for m in masks]
        frame = frame.sort_values("probability", ascending=False, kind="stable", ignore_index=True)
        frame.index = pd.RangeIndex(1, len(frame) + 1, name="rank")
        return cls(problem.names, problem.always, fitted, frame, **about)

    @property
    def effective(self) -> pd.DataFrame:
        """Effective networks, the most probable first.

        Columns mask, network, probability, probability_bic, log_evidence (largest of its members), n_members, members.
        """
        return self._effective.copy()

    @functools.cached_property
    def _effective(self):
        rows = []
        for canonical, group in self.networks.groupby("canonical", sort=False):
            rows.append({
                "mask": canonical, "network": _label(self.names, canonical), "probability": group["probability"].sum(),
                "probability_bic": group["probability_bic"].sum(), "log_evidence": group["log_evidence"].max(),
                "n_members": len(group), "members": "; ".join(group["network"]),
            })  # fmt: skip
        frame = pd.DataFrame(rows).sort_values("probability", ascending=False, kind="stable", ignore_index=True)
        frame.index = pd.RangeIndex(1, len(frame) + 1, name="rank")
        return frame

    @property
    def inclusion(self) -> pd.DataFrame:
        """Probability of each reaction.

        Columns reaction, probability (part of the network and not inert), nominal (part of the network), probability_bic (as
        the first, with BIC weights).
        """
        table = self.networks

        def share(masks, weights):
            return [float(np.sum(np.where(masks >> j & 1, weights, 0.0))) for j in range(len(self.names))]

        canonical, mask = table["canonical"].to_numpy(), table["mask"].to_numpy()
        return pd.DataFrame({
            "reaction": self.names, "probability": share(canonical, table["probability"].to_numpy()),
            "nominal": share(mask, table["probability"].to_numpy()),
            "probability_bic": share(canonical, table["probability_bic"].to_numpy()),
        })  # fmt: skip

    def log_odds(self, reaction) -> float:
        """Return the logarithm of the odds that a reaction takes part.

        Parameters
        ----------
        reaction : str
            Candidate.

        Returns
        -------
        float
            ln of the weight of effective networks with it over that of those without; finite where the probability rounds to 0
            or 1, infinite if all networks or none have it.
        """
        inside = self.networks["canonical"].to_numpy() >> self.names.index(reaction) & 1 == 1
        weight = self.networks["log_weight"].to_numpy()
        sides = [logsumexp(weight[side]) if side.any() else -np.inf for side in (inside, ~inside)]
        return float(sides[0] - sides[1])

    @property
    def best_mask(self) -> int:
        """Mask of the most probable effective network."""
        return int(self._effective["mask"].iloc[0])

    @property
    def best(self) -> tuple:
        """Names of the reactions of the most probable effective network."""
        return tuple(name for j, name in enumerate(self.names) if self.best_mask >> j & 1)

    @property
    def rates(self) -> pd.DataFrame:
        """Rates of the most probable effective network; see `rates_of`."""
        return self.rates_of(self.best_mask)

    @property
    def k(self) -> np.ndarray:
        """Most probable rate constants of all networks, shape (n_networks, n), in the order of `networks`."""
        return np.array([self.fitted[m].fit.k for m in self.networks["mask"]])

    def fit(self, mask) -> MapFit:
        """Return the fit of a network.

        Parameters
        ----------
        mask : int
            Network; if it was not fitted itself, the most probable one with these effective reactions.

        Returns
        -------
        MapFit
            Most probable rates.
        """
        return self.fitted[self._member(mask)].fit

    def rates_of(self, mask) -> pd.DataFrame:
        """Return the rates of a network.

        Parameters
        ----------
        mask : int
            Network.

        Returns
        -------
        pandas.DataFrame
            Columns reaction, map (most probable together), median, lo95, hi95 (of the marginal posterior), at_bound.
        """
        member = self._member(mask)
        fit, laplace, _ = self.fitted[member]
        low, middle, high = laplace.quantiles([0.025, 0.5, 0.975]) if len(fit.active) else np.zeros((3, 0))
        frame = pd.DataFrame({
            "reaction": [self.names[j] for j in fit.active], "map": fit.k[fit.active], "median": middle, "lo95": low,
            "hi95": high, "at_bound": laplace.at_bound,
        })  # fmt: skip
        keep = [bool(int(mask) >> int(j) & 1) for j in fit.active]
        return frame[keep].reset_index(drop=True)

    def averaged_rates(self, most=50) -> pd.DataFrame:
        """Return the rates averaged over networks, given that the reaction takes part.

        Parameters
        ----------
        most : int
            Networks with the largest probabilities that are averaged.

        Returns
        -------
        pandas.DataFrame
            Columns reaction, probability (inclusion), median, lo95, hi95.
        """
        table, inclusion = self.networks.head(most), self.inclusion["probability"]
        taken = [(self.fitted[m], w) for m, w in zip(table["mask"], table["probability"], strict=True) if w > 0]
        rows = []
        for j, name in enumerate(self.names):
            parts = [(f, int(np.searchsorted(f.fit.active, j)), w) for f, w in taken if f.canonical >> j & 1]
            low, middle, high = _mixture_quantiles(parts, (0.025, 0.5, 0.975))
            rows.append({"reaction": name, "probability": inclusion[j], "median": middle, "lo95": low, "hi95": high})
        return pd.DataFrame(rows)

    def _member(self, mask):
        mask = int(mask)
        if mask in self.fitted:
            return mask
        found = self.networks.loc[self.networks["canonical"] == mask, "mask"]
        if not len(found):
            raise ValueError(f"network {_label(self.names, mask)} is not among the {len(self.networks)} that were fitted")
        return int(found.iloc[0])


def _mixture_quantiles(parts, probabilities):
    """Quantiles of a rate over networks, (fitted, place of the rate, weight) each, by bisection."""
    if not parts:
        return [np.nan] * len(probabilities)
    fits, places, weights = [f.laplace for f, _, _ in parts], [i for _, i, _ in parts], np.array([w for _, _, w in parts])

    def column(name):
        return np.array([getattr(f, name)[i] for f, i in zip(fits, places, strict=True)])

    marginal = LaplaceFit(
        0.0, np.zeros(len(parts), dtype=bool), column("mean"), column("sd"), np.zeros((0, 0)), column("bound"), column("log")
    )
    found = []
    for u, each in zip(probabilities, marginal.quantiles(probabilities), strict=True):
        low, high = each.min(), each.max()
        for _ in range(60):
            middle = 0.5 * (low + high)
            below = weights @ marginal.cdf(np.full(len(parts), middle)) < u * weights.sum()
            low, high = (middle, high) if below else (low, middle)
        found.append(0.5 * (low + high))
    return found


def _log_prior(problem, mask, canonical, classes):
    """Prior of a network; members of a class share that of their effective network."""
    if problem.network_prior == "reactions":
        return problem.log_network_prior(mask)
    return problem.log_network_prior(canonical) - np.log(classes[canonical])


def _label(names, mask):
    return " + ".join(name for j, name in enumerate(names) if int(mask) >> j & 1) or NONE


def _normalised(values):
    if not np.isfinite(values).any():
        raise ValueError("the simulator failed for every network: check units, rate scales and the start")
    return np.exp(values - logsumexp(values))
