"""Schemes of cross-validation: which experiments are predicted together from the rest."""

from __future__ import annotations

import numpy as np

#: Name -> meaning.
SCHEMES = {
    "random": "experiments dealt at random to the folds: neighbours of one study stand on both sides",
    "loo": "one experiment at a time is predicted from all others",
    "study": "whole studies are dealt to the folds: none stands on both sides",
    "one study": "one whole study at a time is predicted from all others",
}
#: Folds of the schemes that deal.
N_FOLDS = 10


def folds_of(scheme: str, studies, n_folds: int = N_FOLDS, seed: int = 0):
    """Folds of a scheme.

    Parameters
    ----------
    scheme : str
        Key of `SCHEMES`.
    studies : sequence of str, length n
        Study of each experiment.
    n_folds : int
        Folds of "random" and "study"; at most the number of experiments, or studies.
    seed : int
        Of the deal.

    Returns
    -------
    array of int, shape (n,), or "loo"
        Fold that each experiment is held out in; "loo" where a closed form exists.

    Raises
    ------
    ValueError
        An unknown scheme, fewer than three experiments, or fewer than two studies for a scheme by study.
    """
    n = len(studies)
    if scheme not in SCHEMES:
        raise ValueError(f"unknown scheme {scheme!r}; there are {', '.join(SCHEMES)}")
    if n < 3:
        raise ValueError(f"{n} experiments: cross-validation needs at least 3")
    if scheme == "loo":
        return "loo"
    rng = np.random.default_rng(seed)
    if scheme == "random":
        return rng.permutation(n) % min(n_folds, n)
    names = sorted(set(studies))
    if len(names) < 2:
        raise ValueError(
            f"scheme {scheme!r} predicts one study from others, and there is {len(names)}: give the studies in the column "
            "`study`, or use the schemes random and loo"
        )
    folds = np.arange(len(names)) if scheme == "one study" else deal(len(names), min(n_folds, len(names)), rng)
    of = dict(zip(names, folds, strict=True))
    return np.array([of[name] for name in studies])


def deal(n: int, n_folds: int, rng) -> np.ndarray:
    """Deal n items to folds whose sizes differ by one at most, shape (n,)."""
    out = np.empty(n, dtype=np.int64)
    out[rng.permutation(n)] = np.arange(n) % n_folds
    return out
