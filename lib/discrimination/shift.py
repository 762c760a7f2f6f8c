"""Shares of sources among grains of unknown source: estimators that need only probabilities and the training shares."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.optimize import nnls

#: Estimators of `class_shares`, from the naive to the one that is used.
METHODS = ("counts", "probability sum", "adjusted counts", "prior shift (EM)")
UNDETERMINED = "undetermined"
#: Least likelihood ratio of a grain: keeps one grain that a class all but excludes from deciding a share alone.
FLOOR = 1e-12


@dataclass(frozen=True, eq=False)
class PriorShift:
    """Maximum-likelihood shares of the classes among new grains.

    Parameters
    ----------
    proportions : array, shape (K,)
        Shares, sum 1.
    posterior : array, shape (N, K)
        Class probabilities of the grains under these shares.
    log_likelihood : float
        ``sum_i log sum_k proportions_k p_ik / prior_k``, up to a constant.
    n_iterations : int
        Steps taken.
    converged : bool
        Whether the last step moved no share by more than the tolerance.
    """

    proportions: np.ndarray
    posterior: np.ndarray
    log_likelihood: float
    n_iterations: int
    converged: bool


def likelihood_ratios(p, prior) -> np.ndarray:
    """Likelihood of each class for each grain, up to a factor a grain: probabilities over the shares they took for granted."""
    p, prior = np.asarray(p, float), np.asarray(prior, float)
    if p.ndim != 2 or p.shape[1] != prior.size:
        raise ValueError(
            f"probabilities of shape {p.shape} do not go with {prior.size} training shares: give one column a class"
        )
    if (prior <= 0).any():
        raise ValueError(f"training shares {np.round(prior, 4)}: every class needs training grains to be told from the others")
    ratio = p / prior
    return np.maximum(ratio / ratio.max(axis=1, keepdims=True), FLOOR)


def em_prior_shift(p, prior, *, tolerance: float = 1e-8, max_iterations: int = 5000) -> PriorShift:
    """Estimate class shares among new grains when only the shares differ from those of the training grains.

    Parameters
    ----------
    p : array, shape (N, K)
        Calibrated class probabilities of the new grains from a classifier trained with shares `prior`.
    prior : array, shape (K,)
        Shares of the classes among its training grains, above 0.
    tolerance : float
        Largest change of a share at which to stop.
    max_iterations : int
        Most steps.

    Returns
    -------
    PriorShift

    Notes
    -----
    Holds if grains of a class look alike in the training set and in the sand (the shift is one of shares alone).  The
    likelihood is concave in the shares, so that the start does not matter.

    References
    ----------
    Saerens, M., Latinne, P. & Decaestecker, C. (2002) Neural Computation 14, 21-41, eq. 2.9.
    """
    ratio = likelihood_ratios(p, prior)
    share = np.full(ratio.shape[1], 1 / ratio.shape[1])
    converged = False
    step = 0
    for step in range(1, max_iterations + 1):  # noqa: B007 the count is reported
        joint = ratio * share
        new = (joint / joint.sum(axis=1, keepdims=True)).mean(axis=0)
        moved = np.abs(new - share).max()
        share = new
        if moved < tolerance:
            converged = True
            break
    joint = ratio * share
    total = joint.sum(axis=1, keepdims=True)
    return PriorShift(share, joint / total, float(np.log(total).sum()), step, converged)


def draw_proportions(p, prior, n_draws: int, rng, *, alpha: float = 1.0, burn_in: int = 20, start=None) -> np.ndarray:
    """Draw class shares from their posterior, the class of each grain being unknown (Gibbs sampling).

    Parameters
    ----------
    p : array, shape (N, K)
        Calibrated class probabilities from a classifier trained with shares `prior`.
    prior : array, shape (K,)
        Those shares.
    n_draws : int
        Draws to keep.
    rng : numpy.random.Generator
        Stream.
    alpha : float, > 0
        Of the symmetric Dirichlet prior of the shares; 1 = flat.
    burn_in : int
        Draws to leave out first.
    start : array, shape (K,), optional
        Where to begin; default equal shares.

    Returns
    -------
    array, shape (n_draws, K)
        Rows sum to 1.
    """
    ratio = likelihood_ratios(p, prior)
    n, k = ratio.shape
    share = np.full(k, 1 / k) if start is None else np.maximum(np.asarray(start, float), 1e-6)
    out = np.empty((n_draws, k))
    for step in range(burn_in + n_draws):
        cumulative = np.cumsum(ratio * share, axis=1)
        drawn = (rng.random((n, 1)) * cumulative[:, -1:] > cumulative).sum(axis=1)
        share = rng.dirichlet(alpha + np.bincount(drawn, minlength=k)[:k])
        if step >= burn_in:
            out[step - burn_in] = share
    return out


def adjusted_counts(counts, confusion) -> np.ndarray:
    """Shares that, sent through a confusion matrix, give the counts best (least squares on the simplex).

    Parameters
    ----------
    counts : array, shape (K,)
        New grains assigned to each class.
    confusion : array, shape (K, K)
        Training grains by true (row) and assigned (column) class, held out.

    Returns
    -------
    array, shape (K,)
        Shares, sum 1.
    """
    confusion = np.asarray(confusion, float)
    rate = confusion / np.maximum(confusion.sum(axis=1, keepdims=True), 1)
    seen = np.asarray(counts, float) / np.sum(counts)
    # the row of ones, heavily weighted, holds the sum to 1
    heavy = 1e3
    share = nnls(np.vstack([rate.T, np.full((1, len(rate)), heavy)]), np.append(seen, heavy))[0]
    return share / share.sum()


def shares_by_method(p, prior, *, confusion=None, threshold: float = 0.0, tolerance: float = 1e-8) -> dict[str, np.ndarray]:
    """Class shares by every point estimator.

    Parameters
    ----------
    p : array, shape (N, K)
        Class probabilities of the new grains.
    prior : array, shape (K,)
        Class shares among the training grains.
    confusion : array, shape (K, K), optional
        Held-out confusion matrix; without it there are no adjusted counts.
    threshold : float, 0-1
        Counts leave grains whose largest probability is below it undetermined.
    tolerance : float
        Of `em_prior_shift`.

    Returns
    -------
    dict
        Name of `METHODS` -> array, shape (K,); counts have the undetermined share as a last entry, shape (K + 1,).
    """
    p = np.asarray(p, float)
    k = p.shape[1]
    best = p.argmax(axis=1)
    sure = p.max(axis=1) >= threshold
    out = {"counts": np.bincount(np.where(sure, best, k), minlength=k + 1) / len(p), "probability sum": p.mean(axis=0)}
    if confusion is not None:
        out["adjusted counts"] = adjusted_counts(np.bincount(best, minlength=k), confusion)
    out["prior shift (EM)"] = em_prior_shift(p, prior, tolerance=tolerance).proportions
    return out


def shares_frame(shares: dict, classes) -> pd.DataFrame:
    """Tidy form of `shares_by_method`.

    Parameters
    ----------
    shares : dict
        Method -> array, shape (K,) or (K + 1,).
    classes : sequence of str
        The K names.

    Returns
    -------
    DataFrame
        method, class (with "undetermined" where the method has it), proportion (0-1).
    """
    names = (*classes, UNDETERMINED)
    rows = [(method, name, float(v)) for method, values in shares.items() for name, v in zip(names, values, strict=False)]
    return pd.DataFrame(rows, columns=["method", "class", "proportion"])
