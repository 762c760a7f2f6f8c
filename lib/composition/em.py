"""Expectation and maximisation for normal log-ratios of which some are known only to lie below a limit, or not at all."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .logratio import alr, alr_inv


@dataclass(frozen=True)
class EmFit:
    """Result of `log_ratio_em`.

    Attributes
    ----------
    values : array, shape (n_samples, n_parts)
        The table with imputed cells filled and observed cells as given.
    mean : array, shape (n_parts - 1,)
        Of the log-ratios to the denominator.
    covariance : array, shape (n_parts - 1, n_parts - 1)
        Maximum likelihood (divided by n).
    denominator : int
        Column that was divided by.
    iterations : int
        Done.
    converged : bool
        Whether the last change was below the tolerance.
    change : float
        Largest change of a mean or covariance in the last iteration.
    """

    values: np.ndarray
    mean: np.ndarray
    covariance: np.ndarray
    denominator: int
    iterations: int
    converged: bool
    change: float


def log_ratio_em(start, below, missing, limit, *, denominator=-1, tolerance=1e-4, max_iterations=200) -> EmFit:
    """Estimate mean and covariance of the alr log-ratios and fill cells with their conditional expectation.

    Parameters
    ----------
    start : array, shape (n_samples, n_parts)
        Positive; observed cells and a first guess of the others.
    below, missing : array of bool, shape (n_samples, n_parts)
        Cells known to be below `limit`, and cells not known.
    limit : array, shape (n_samples, n_parts)
        Detection limits in the unit of `start`; read where `below` is true.
    denominator : int
        Column without imputed cells.
    tolerance : float
        See `lib.composition.replace`.
    max_iterations : int
        See `lib.composition.replace`.

    Returns
    -------
    EmFit

    Raises
    ------
    ValueError
        An incomplete denominator, too few samples, or observed log-ratios that do not vary independently.

    Notes
    -----
    E-step, a pattern of cells at a time: the normal distribution of the unknown log-ratios given the observed ones; a
    censored one has the truncated mean mu - s l(a) with a = (threshold - mu) / s, l = phi / Phi, and variance
    s^2 (1 - a l - l^2).  Where a sample has several censored parts each is truncated by itself; their correlation is
    kept by scaling rows and columns of the conditional covariance.  Parts not analysed follow by regression on both.

    References
    ----------
    Palarea-Albaladejo, J. and Martin-Fernandez, J.A. 2008. A modified EM alr-algorithm for replacing rounded zeros in
    compositional data sets. Computers and Geosciences 34, 902-917 (section 3).
    """
    start = np.asarray(start, float)
    n, n_parts = start.shape
    d = denominator % n_parts
    imputed = below | missing
    if imputed[:, d].any():
        raise ValueError(f"the denominator, column {d}, has {imputed[:, d].sum()} cells without a value; take a complete part")
    if n < n_parts + 1:
        raise ValueError(
            f"method 'log-ratio EM' estimates a covariance of {n_parts - 1} log-ratios and needs {n_parts + 1} samples or "
            f"more; there are {n}: use method 'multiplicative', or fewer parts"
        )
    y = alr(start, d)
    known = ~np.delete(imputed, d, axis=1)
    censored = np.delete(below, d, axis=1)
    with np.errstate(invalid="ignore"):
        threshold = np.log(np.delete(limit, d, axis=1) / start[:, [d]])
    patterns = _patterns(known, censored)
    mean, covariance = y.mean(axis=0), np.cov(y, rowvar=False, ddof=0).reshape(n_parts - 1, n_parts - 1)
    _check(covariance)
    change, iterations = np.inf, 0
    while change > tolerance and iterations < max_iterations:
        extra = np.zeros_like(covariance)
        for rows, o, c, m in patterns:
            extra += _expect(y, rows, o, c, m, mean, covariance, threshold)
        new_mean = y.mean(axis=0)
        new = ((y - new_mean).T @ (y - new_mean) + extra) / n
        change = max(np.abs(new - covariance).max(), np.abs(new_mean - mean).max())
        mean, covariance = new_mean, new
        iterations += 1
    filled = alr_inv(y, d)
    # the closed result is brought back to the unit given by the denominator, and observed cells stay as they were
    filled *= start[:, [d]] / filled[:, [d]]
    filled = np.where(imputed, filled, start)
    return EmFit(filled, mean, covariance, d, iterations, bool(change <= tolerance), float(change))


def _patterns(known, censored):
    """Group incomplete rows by which log-ratios are observed (o), censored (c) and missing (m)."""
    incomplete = np.flatnonzero(~known.all(axis=1))
    keys = known[incomplete].astype(np.int8) + 2 * censored[incomplete]
    found, which = np.unique(keys, axis=0, return_inverse=True)
    which = which.reshape(-1)
    return [
        (incomplete[which == k], np.flatnonzero(key == 1), np.flatnonzero(key == 2), np.flatnonzero(key == 0))
        for k, key in enumerate(found)
    ]


def _expect(y, rows, o, c, m, mean, covariance, threshold):
    """Put conditional expectations into ``y[rows]``; return the sum of their conditional covariances."""
    u = np.concatenate([c, m])
    centre = np.broadcast_to(mean[u], (len(rows), len(u))).copy()
    spread = covariance[np.ix_(u, u)]
    if len(o):
        gain = np.linalg.solve(covariance[np.ix_(o, o)], covariance[np.ix_(o, u)])
        centre += (y[np.ix_(rows, o)] - mean[o]) @ gain
        spread = spread - covariance[np.ix_(u, o)] @ gain
    k = len(c)
    total = np.zeros_like(covariance)
    if not k:
        y[np.ix_(rows, m)] = centre
        total[np.ix_(m, m)] = len(rows) * spread
        return total
    s = np.sqrt(np.maximum(np.diag(spread)[:k], 1e-300))
    truncated, ratio = _truncate(centre[:, :k], s, threshold[np.ix_(rows, c)])
    y[np.ix_(rows, c)] = truncated
    # sum over rows of diag(ratio) S diag(ratio), with ratio = standard deviation after over before
    weight = ratio.T @ ratio
    inner = spread[:k, :k] * weight
    total[np.ix_(c, c)] = inner
    if len(m):
        slope = np.linalg.solve(spread[:k, :k], spread[:k, k:])
        y[np.ix_(rows, m)] = centre[:, k:] + (truncated - centre[:, :k]) @ slope
        rest = spread[k:, k:] - spread[k:, :k] @ slope
        total[np.ix_(m, m)] = slope.T @ inner @ slope + len(rows) * rest
        total[np.ix_(c, m)] = inner @ slope
        total[np.ix_(m, c)] = total[np.ix_(c, m)].T
    return total


def _truncate(mu, s, threshold):
    """Return mean of a normal distribution cut off above a threshold, and its standard deviation over the uncut one."""
    from scipy.special import log_ndtr

    a = (threshold - mu) / s
    l = np.exp(-0.5 * a**2 - 0.5 * np.log(2 * np.pi) - log_ndtr(a))
    # rounding may carry the variance just below zero far in the tail, where it goes like 1 / a^2
    variance = np.maximum(1 - a * l - l**2, 1 / (1 + np.maximum(-a, 0.0) ** 2) * 1e-3)
    return mu - s * l, np.sqrt(np.minimum(variance, 1.0))


def _check(covariance):
    """Refuse log-ratios that are combinations of each other."""
    values = np.linalg.eigvalsh(covariance)
    if values[0] <= 1e-12 * values[-1]:
        raise ValueError(
            "method 'log-ratio EM': the log-ratios are combinations of each other (a part that is constant or a multiple of "
            "another?); leave one of these parts out, or use 'multiplicative'"
        )
