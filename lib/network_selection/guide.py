"""Proposals of whole networks with their rates, learned from a search.

A search leaves the evidence and the Laplace approximation of every network: together a mixture of cut-off normal distributions
that is close to the joint posterior of networks and rates.  A chain that proposes draws from it jumps between networks far
apart in one step.  The Metropolis rule corrects whatever is wrong with the mixture, so that the result does not lean on it.

References
----------
Green, P. J. 1995, Biometrika 82, 711-732 (jumps between models); Tierney, L. 1994, Ann. Stat. 22, 1701-1762, section 2.3.3
(independence chains).
"""

from __future__ import annotations

import numpy as np

from .modes import find_modes, mixture_reference

__all__ = ["Guide"]

#: Networks that share all but this part of the probability are proposed, and no more than so many.
REST, MOST = 1e-3, 400
#: The evidence is taken to this power: rather too many networks than one too few.
FLATTER = 0.8
#: Share of widely spread rates within a network.
GUARD = 0.2


class Guide:
    """A mixture of cut-off normal distributions over networks and the coordinates of their rates.

    Parameters
    ----------
    problem : SelectionProblem
        Priors.
    search : NetworkSearch
        Result of `exhaustive_networks` or `rescore` for this problem.

    Raises
    ------
    ValueError
        If the candidates differ.
    """

    def __init__(self, problem, search):
        if problem.names != search.names:
            raise ValueError(f"candidates differ: {', '.join(problem.names)} and {', '.join(search.names)}")
        table = search.networks
        weight = table["log_evidence"] + [problem.log_network_prior(m) for m in table["mask"]]
        weight = np.exp(FLATTER * (weight - weight.max())).to_numpy()
        order = np.argsort(-weight, kind="stable")
        share = np.cumsum(weight[order]) / weight.sum()
        self.parts, chosen = {}, []
        for i in order[: min(MOST, int(np.searchsorted(share, 1.0 - REST)) + 1)]:
            mask = int(table["mask"].iloc[i])
            try:
                reference = mixture_reference(problem, find_modes(problem, search, mask), GUARD)[0] if mask else None
            except ValueError:
                continue  # left to the other moves
            self.parts[mask] = (len(chosen), problem.active(mask), reference)
            chosen.append(weight[i])
        self.n = problem.n
        self.log_share = np.log(np.array(chosen) / np.sum(chosen))
        self._edges = np.cumsum(np.exp(self.log_share))

    def draw(self, rng, size):
        """Draw networks and their rates.

        Parameters
        ----------
        rng : numpy.random.Generator
            Source of random numbers.
        size : int
            How many.

        Returns
        -------
        inside : ndarray of bool, shape (size, n)
            Networks.
        x : ndarray, shape (size, n)
            Coordinates of the rates, zero for reactions that are not part.
        log_density : ndarray, shape (size,)
            As `log_density` tells.
        """
        place = np.minimum(np.searchsorted(self._edges, rng.random(size)), len(self._edges) - 1)
        inside, x, density = np.zeros((size, self.n), dtype=bool), np.zeros((size, self.n)), self.log_share[place]
        parts = list(self.parts.values())
        for i in np.unique(place):
            _, active, reference = parts[i]
            rows = np.flatnonzero(place == i)
            if active.size:
                inside[np.ix_(rows, active)] = True
                found = reference.draw(rng, rows.size)
                x[np.ix_(rows, active)] = found
                density[rows] += reference.log_density(found)
        return inside, x, density

    def log_density(self, inside, x) -> float:
        """Return the log density of a network and its rates.

        Parameters
        ----------
        inside : ndarray of bool, shape (n,)
            The network.
        x : ndarray, shape (n,)
            Coordinates of the rates.

        Returns
        -------
        float
            -inf for a network that is not proposed.
        """
        part = self.parts.get(int(sum(1 << int(j) for j in np.flatnonzero(inside))))
        if part is None:
            return -np.inf
        place, active, reference = part
        return float(self.log_share[place] + (reference.log_density(x[None, active])[0] if active.size else 0.0))
