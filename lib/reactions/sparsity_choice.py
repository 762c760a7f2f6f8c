"""Choice of the sparsity: several penalties and starts, every support found refitted without penalty, the lowest BIC wins."""

from __future__ import annotations

import dataclasses
import functools
import itertools
import math

import numpy as np
import pandas as pd

from .sparse_em import SparseFit, fit_sparse_em
from .starting_rates import first_noise, least_squares_rates, noiseless_path

__all__ = ["SparsityChoice", "choose_sparsity", "rate_bars"]

PENALTIES = {True: (1.0, 2.0), False: (3.0, 10.0)}  # adaptive, uniform
MOST_COMBINATIONS = 64  # of one surface model for each reaction: all reactions are simplified at once up to this many
WEAK = 4.0  # standard deviations, themselves uncertain: a rate less than this above zero is tried without


@dataclasses.dataclass(frozen=True)
class SparsityChoice:
    """Fits over penalties and starts, and the one chosen.

    Parameters
    ----------
    fit : SparseFit
        The penalised fit that led to the chosen support.
    debiased : SparseFit
        The chosen support refitted without penalty.
    table : DataFrame
        One row a penalised fit: penalty, start, support, active, log_likelihood and bic of the penalised fit, debiased_bic of
        its support (or of what was left of it), chosen.
    fits : tuple of SparseFit
        All penalised fits, in the order of the table.
    """

    fit: SparseFit
    debiased: SparseFit
    table: pd.DataFrame
    fits: tuple

    @property
    def support(self):
        """Names of the chosen reactions."""
        return self.debiased.support


def choose_sparsity(model, rng, *, penalties=None, adaptive=True, n_starts=2, **settings):
    """Choose the size of the penalty, and with it the reactions.

    Parameters
    ----------
    model : StateSpace
        The series.
    rng : numpy.random.Generator
        Source of randomness.
    penalties : sequence of float, optional
        Penalties to try; a short list, by kind of sparsity, when left out.
    adaptive : bool
        Non-uniform instead of uniform sparsity.
    n_starts : int
        Starts for each penalty, 1 or more.
    **settings
        Further arguments of `fit_sparse_em` (n_iterations, n_particles, n_trajectories, curvature).

    Returns
    -------
    SparsityChoice
        All fits and the chosen one.

    Notes
    -----
    A support is refitted without penalty (debiased).  Then simpler ones are tried in the same way, and kept if the BIC falls:
    without its weakest rate, and with a single surface model for a reaction that has several, or for all; which ones, least
    squares without system noise says.  Mixtures of two surface models imitate a third closely, and an L1 penalty cannot tell
    them apart.
    """
    penalties = PENALTIES[bool(adaptive)] if penalties is None else tuple(penalties)
    if not penalties or n_starts < 1:
        raise ValueError(f"penalties {penalties}, n_starts {n_starts}; expected at least one penalty and one start.")
    # a stream for every fit, by what is fitted: how many numbers one fit draws must not change the next one
    root, known, fits, ends, rows = int(rng.integers(2**62)), {}, [], [], []
    misfit = functools.cache(lambda support: _misfit(model, root, support))
    for start in range(n_starts):
        first = least_squares_rates(model, np.random.default_rng([root, start]))
        for i, penalty in enumerate(penalties):
            own = np.random.default_rng([root, start, i])
            fit = fit_sparse_em(model, own, penalty=penalty, adaptive=adaptive, start=first, **settings)
            end = _debias(model, root, fit, known, misfit, settings)
            fits.append(fit)
            ends.append(end)
            rows.append(
                {
                    "penalty": penalty, "start": start, "support": " + ".join(fit.support), "active": len(fit.support),
                    "log_likelihood": fit.log_likelihood, "bic": fit.bic, "debiased_bic": end.bic,
                }
            )  # fmt: skip
    best = int(np.argmin([end.bic for end in ends]))
    table = pd.DataFrame(rows)
    table["chosen"] = np.arange(len(rows)) == best
    return SparsityChoice(fits[best], ends[best], table, tuple(fits))


def _stream(model, root, support):
    """Random numbers that belong to a support."""
    return np.random.default_rng([root, *(int(on) for on in model.network.mask(support)), 2])


def _debias(model, root, fit, known, misfit, settings):
    """Refit without penalty, then with fewer reactions; `known` holds refits, `misfit` tells least squares, by support."""

    def refit(support, like):
        if support not in known:
            own = _stream(model, root, support)
            known[support] = fit_sparse_em(model, own, penalty=0.0, support=support, noise=like.noise, **settings)
        return known[support]

    best = refit(fit.support, fit)
    while True:
        tried = [refit(support, best) for support in _simpler(model, best, misfit)]
        better = min(tried, key=lambda one: one.bic, default=best)
        if better.bic >= best.bic:
            return best
        best = better


def _simpler(model, fit, misfit):
    """Supports with fewer reactions: without the weakest rate, and with one surface model where a reaction has several."""
    support, network, found = fit.support, model.network, []
    if len(support) > 1:
        ratio = (fit.rates / fit.sd)[list(support)]
        if ratio.min() < WEAK:
            found.append(tuple(n for n in support if n != ratio.idxmin()))
    columns = [tuple(column) for column in network.stoichiometry.T]
    models = [[n for n, c in zip(network.names, columns, strict=True) if c == column] for column in dict.fromkeys(columns)]
    present = [(same, [n for n in same if n in support]) for same in models if set(same) & set(support)]
    several = [same for same, chosen in present if len(chosen) > 1]
    for same in several:
        others = [n for n in support if n not in same]
        found.append(min((_sorted(network, [*others, n]) for n in same), key=misfit))
    if len(present) > 1 and several and math.prod(len(same) for same, _ in present) <= MOST_COMBINATIONS:
        trials = [_sorted(network, trial) for trial in itertools.product(*(same for same, _ in present))]
        found.append(min(trials, key=misfit))
    return found


def _sorted(network, names):
    return tuple(n for n in network.names if n in names)


def _misfit(model, root, support):
    """Sum of squares of the best path without system noise, in units of the measurement noise first guessed."""
    path, _ = noiseless_path(model, least_squares_rates(model, _stream(model, root, support), support))
    return np.nansum(((path - model.data) / first_noise(model).observation) ** 2)


def rate_bars(uniform, adaptive, truth=None):
    """Return rates for bars: truth, uniform sparsity, non-uniform sparsity, and the latter debiased.

    Parameters
    ----------
    uniform, adaptive : SparsityChoice
        Choices with uniform and with non-uniform sparsity.
    truth : Series, optional
        True rates by reaction.

    Returns
    -------
    DataFrame
        Columns reaction, kind ("true", "uniform", "non-uniform", "non-uniform, debiased"), rate, sd (NaN for the truth).
    """
    parts = [
        ("uniform", uniform.fit.rates, uniform.fit.sd),
        ("non-uniform", adaptive.fit.rates, adaptive.fit.sd),
        ("non-uniform, debiased", adaptive.debiased.rates, adaptive.debiased.sd),
    ]
    if truth is not None:
        parts.insert(0, ("true", truth, pd.Series(np.nan, index=truth.index)))
    rows = [(name, kind, rates[name], sd[name]) for kind, rates, sd in parts for name in rates.index]
    return pd.DataFrame(rows, columns=["reaction", "kind", "rate", "sd"])
