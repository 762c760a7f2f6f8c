"""Are probabilities honest?  Observed shares against them, and a calibration that makes them so."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.optimize import minimize
from scipy.special import logsumexp, softmax
from scipy.stats import beta as beta_distribution

from .classifier import TINY


@dataclass(frozen=True, eq=False)
class Calibration:
    """Slope and offsets that make held-out probabilities honest: ``softmax(slope log p + offset)``.

    Parameters
    ----------
    slope : float
        1 = honest, below 1 = too sure, above 1 = not sure enough.
    slope_se : float
        Standard error of the slope.
    offset : array, shape (K,)
        Sum zero.
    error_before, error_after : float, 0-1
        Expected calibration error: mean distance of assigned probability and observed share.
    """

    slope: float
    slope_se: float
    offset: np.ndarray
    error_before: float
    error_after: float

    def apply(self, p) -> np.ndarray:
        """Calibrated probabilities, shape (N, K)."""
        return softmax(self.slope * np.log(np.maximum(p, TINY)) + self.offset, axis=1)


def calibrate(codes, p, weight=None) -> Calibration:
    """Fit bias-corrected temperature scaling to held-out probabilities.

    Parameters
    ----------
    codes : array of int, shape (N,)
        True classes.
    p : array, shape (N, K)
        Probabilities of grains that the classifier had not seen.
    weight : array, shape (N,), optional
        Weight of each grain, for instance how often a bootstrap drew it.

    Returns
    -------
    Calibration

    References
    ----------
    Alexandari, A., Kundaje, A. & Shrikumar, A. (2020) Proc. 37th Int. Conf. on Machine Learning, PMLR 119, 222-232: class
    offsets beside the temperature matter where proportions are estimated afterwards.
    """
    codes, logp = np.asarray(codes), np.log(np.maximum(np.asarray(p, float), TINY))
    n, k = logp.shape
    w = np.ones(n) if weight is None else np.asarray(weight, float)
    truth = np.eye(k)[codes]

    def loss(theta):
        eta = theta[0] * logp + np.append(theta[1:], 0.0)
        value = w @ (logsumexp(eta, axis=1) - eta[np.arange(n), codes])
        gap = w[:, None] * (softmax(eta, axis=1) - truth)
        # a weak pull to (1, 0) keeps classes that are told apart without an error finite
        pull = np.append(theta[0] - 1, theta[1:])
        return value + 0.5 * (pull**2).sum(), np.append((gap * logp).sum(), gap[:, :-1].sum(axis=0)) + pull

    found = minimize(loss, np.append(1.0, np.zeros(k - 1)), jac=True, method="BFGS")
    slope = float(found.x[0])
    offset = np.append(found.x[1:], 0.0)
    out = Calibration(slope, _slope_se(logp, slope, offset, w), offset - offset.mean(), 0.0, 0.0)
    return replace(out, error_before=calibration_error(codes, p), error_after=calibration_error(codes, out.apply(p)))


def _slope_se(logp, slope, offset, weight):
    """Standard error of the slope from the information matrix at the solution."""
    n, k = logp.shape
    q = softmax(slope * logp + offset, axis=1)
    d = np.zeros((n, k, k))  # derivative of eta by (slope, offsets of the first K - 1)
    d[:, :, 0] = logp
    d[:, np.arange(k - 1), 1 + np.arange(k - 1)] = 1
    mean = np.einsum("nk,nkj->nj", q, d)
    q = weight[:, None] * q
    information = np.einsum("nk,nki,nkj->ij", q, d, d) - (weight[:, None] * mean).T @ mean + np.eye(k)
    return float(np.sqrt(np.linalg.inv(information)[0, 0]))


def calibration_error(codes, p, n_bins: int = 10) -> float:
    """Mean over all classes of |observed share - mean probability| in bins of probability, weighted by grains (0-1)."""
    p = np.asarray(p, float)
    truth = np.eye(p.shape[1])[np.asarray(codes)]
    place = np.minimum((p * n_bins).astype(int), n_bins - 1)
    gap = 0.0
    for k in range(p.shape[1]):
        difference = np.bincount(place[:, k], weights=p[:, k] - truth[:, k], minlength=n_bins)
        gap += np.abs(difference).sum() / len(p)
    return gap / p.shape[1]


def reliability(codes, p, classes, n_bins: int = 8) -> pd.DataFrame:
    """Observed shares against probabilities, in bins of probability of each class.

    Parameters
    ----------
    codes : array of int, shape (N,)
        True classes.
    p : array, shape (N, K)
        Probabilities.
    classes : sequence of str
        The K names.
    n_bins : int
        Bins of equal width.

    Returns
    -------
    DataFrame
        class, low, high (bin, 0-1), predicted (mean probability), observed (share of grains that are of the class), lo95, hi95
        (Jeffreys interval of the share), count; empty bins are left out.
    """
    p, codes = np.asarray(p, float), np.asarray(codes)
    edges = np.linspace(0, 1, n_bins + 1)
    rows = []
    for k, name in enumerate(classes):
        place = np.minimum((p[:, k] * n_bins).astype(int), n_bins - 1)
        for b in np.unique(place):
            inside = place == b
            n, hit = int(inside.sum()), int((codes[inside] == k).sum())
            low, high = beta_distribution.ppf([0.025, 0.975], hit + 0.5, n - hit + 0.5)
            rows.append((name, edges[b], edges[b + 1], p[inside, k].mean(), hit / n, low, high, n))
    columns = ["class", "low", "high", "predicted", "observed", "lo95", "hi95", "count"]
    return pd.DataFrame(rows, columns=columns)
