"""What a sampler hands back: draws, what they cost, and whether they may be believed."""

from dataclasses import dataclass, field

import numpy as np

from lib.sampling import diagnostics
from lib.sampling.evidence import estimate_evidence, estimate_wbic

__all__ = ["ESS_MIN", "RHAT_MAX", "ROUND_TRIPS_MIN", "SWAP_MIN", "WALKER_RHAT_MAX", "Chain", "Verdict"]

RHAT_MAX = 1.01  # Vehtari et al. (2021), section 4.1
ESS_MIN = 400.0  # bulk and tail, all chains together; Vehtari et al. (2021), section 4.1
SWAP_MIN = 0.05  # below it, neighbouring replicas hardly speak to each other
ROUND_TRIPS_MIN = 10  # all chains together; with fewer the temperatures have added little
WALKER_RHAT_MAX = 1.1  # walkers of an ensemble are short chains: 1.1 is about five independent draws a half walker


@dataclass(frozen=True)
class Verdict:
    """Whether chains pass, and a sentence or two that says why.

    Parameters
    ----------
    ok : bool
    text : str
        What was found, against which threshold.
    """

    ok: bool
    text: str

    def __bool__(self):
        return self.ok

    def __str__(self):
        return self.text


@dataclass(frozen=True)
class Chain:
    """Draws from a posterior.

    Parameters
    ----------
    names : tuple of str, length d
    method : str
    draws : array, shape (n_chains, n_draws, d)
        After burn-in. Of an ensemble sampler all walkers follow each other, step by step.
    log_likelihood : array, shape (n_chains, n_draws)
        Of the draws.
    n_evaluations : int
        Likelihoods computed, burn-in included.
    acceptance : array, shape (K,)
        Of local moves after burn-in, one a replica, the coldest first (NaN for one that draws from the prior).
    seconds : float
        Wall time.
    n_walkers : int
        Walkers of an ensemble; 1 for other samplers.
    betas : array, shape (K,)
        Inverse temperatures.
    level_log_likelihood : array, shape (n_chains, n_draws, K), or None
        Log-likelihood at each level, for the evidence.
    swap_rates : array, shape (K - 1,)
        Mean acceptance of the exchange of neighbours.
    round_trips : array of int, shape (n_chains,)
        Trips cold -> hot -> cold of all replicas of a chain.
    round_trip_rate : float
        Round trips a sweep and chain.
    """

    names: tuple
    method: str
    draws: np.ndarray
    log_likelihood: np.ndarray
    n_evaluations: int
    acceptance: np.ndarray
    seconds: float
    n_walkers: int = 1
    betas: np.ndarray = field(default_factory=lambda: np.ones(1))
    level_log_likelihood: np.ndarray | None = None
    swap_rates: np.ndarray = field(default_factory=lambda: np.empty(0))
    round_trips: np.ndarray = field(default_factory=lambda: np.empty(0, int))
    round_trip_rate: float = np.nan

    def flat(self):
        """All draws together.

        Returns
        -------
        array, shape (n_chains * n_draws, d)
        """
        return self.draws.reshape(-1, self.draws.shape[2])

    def walkers(self):
        """Draws with each walker as a chain of its own.

        Returns
        -------
        array, shape (n_chains * n_walkers, n_steps, d)
            The draws themselves for other than ensemble samplers.
        """
        n_chains, n_draws, d = self.draws.shape
        split = self.draws.reshape(n_chains, n_draws // self.n_walkers, self.n_walkers, d)
        return split.swapaxes(1, 2).reshape(n_chains * self.n_walkers, -1, d)

    def diagnostics(self):
        """Convergence of every parameter.

        Returns
        -------
        dict of str to array, shape (d,)
            "rhat" (between chains; ensembles as wholes), "ess_bulk", "ess_tail", "mcse" (of the mean), and for ensembles
            "rhat_walkers". Effective sizes of ensembles are the smaller of those of the walkers as chains, and of the
            mean over the walkers as a series (`lib.sampling.diagnostics.ensemble_diagnostics`).
        """
        walkers = self.walkers()
        found = {
            "rhat": diagnostics.rhat(self.draws),
            "ess_bulk": diagnostics.ess_bulk(walkers),
            "ess_tail": diagnostics.ess_tail(walkers),
            "mcse": diagnostics.mcse_mean(walkers),
        }
        if self.n_walkers > 1:
            n_chains, _, d = self.draws.shape
            together = diagnostics.ensemble_diagnostics(self.draws.reshape(n_chains, -1, self.n_walkers, d))
            found["ess_bulk"] = np.minimum(found["ess_bulk"], together["ess_bulk"])
            found["ess_tail"] = np.minimum(found["ess_tail"], together["ess_tail"])
            found["mcse"] = np.maximum(found["mcse"], together["mcse"])
            found["rhat_walkers"] = diagnostics.rhat(walkers)
        return found

    def verdict(self):
        """Hold the chains against the thresholds of this module.

        R-hat of every parameter at most 1.01; effective sizes of bulk and tail at least 400; for ensembles R-hat of the
        walkers at most 1.1; for replica exchange every swap rate at least 0.05 and 10 round trips or more in all.

        Returns
        -------
        Verdict
        """
        found = self.diagnostics()
        checks = [("R-hat", found["rhat"], RHAT_MAX, True), ("bulk ESS", found["ess_bulk"], ESS_MIN, False),
                  ("tail ESS", found["ess_tail"], ESS_MIN, False)]  # fmt: skip
        if self.n_walkers > 1:
            checks.append(("R-hat of walkers", found["rhat_walkers"], WALKER_RHAT_MAX, True))
        ok, said = True, []
        for name, values, limit, at_most in checks:
            worst = int(np.argmax(values) if at_most else np.argmin(values))
            passed = bool(values[worst] <= limit if at_most else values[worst] >= limit)
            ok &= passed
            digits = ".3f" if at_most else ".0f"
            said.append(
                f"{name} {'' if passed else 'FAILS: '}{values[worst]:{digits}} ({self.names[worst]}; "
                f"{'at most' if at_most else 'at least'} {limit:g})"
            )
        if len(self.betas) > 1:
            low, trips = float(self.swap_rates.min()), int(self.round_trips.sum())
            ok &= low >= SWAP_MIN and trips >= ROUND_TRIPS_MIN
            said.append(f"lowest swap rate {'' if low >= SWAP_MIN else 'FAILS: '}{low:.2f} (at least {SWAP_MIN:g})")
            said.append(f"round trips {'' if trips >= ROUND_TRIPS_MIN else 'FAILS: '}{trips} (at least {ROUND_TRIPS_MIN})")
        return Verdict(bool(ok), f"{self.method}: {'passed' if ok else 'NOT CONVERGED'}. " + "; ".join(said))

    def evidence(self, method="bridge"):
        """Log evidence from the ladder.

        Parameters
        ----------
        method : {"bridge", "stepping-stone", "thermodynamic"}

        Returns
        -------
        lib.sampling.evidence.Evidence

        Raises
        ------
        ValueError
            If the chains are not those of a replica exchange down to the prior.
        """
        return estimate_evidence(self.betas, self._levels(), method=method)

    def wbic(self, n_data):
        """WBIC, an approximation of minus the log evidence.

        Parameters
        ----------
        n_data : int
            Number of data.

        Returns
        -------
        lib.sampling.evidence.Evidence

        Raises
        ------
        ValueError
            If the chains are not those of a replica exchange, or there are fewer than 3 data.
        """
        return estimate_wbic(self.betas, self._levels(), n_data)

    def _levels(self):
        if self.level_log_likelihood is None:
            raise ValueError(
                f'chains of method "{self.method}" hold one temperature only: use method="exchange" for an evidence'
            )
        return self.level_log_likelihood
