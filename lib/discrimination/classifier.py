"""One multinomial logistic classifier: fit, discriminant functions, scores and confusion."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import pandas as pd
from scipy.special import softmax
from sklearn import config_context
from sklearn.linear_model import LogisticRegression

from .grains import feature_columns

#: Least probability of which a logarithm is taken.
TINY = 1e-300


@dataclass(frozen=True, eq=False)
class Classifier:
    """Multinomial logistic regression ``p(k|x) = softmax_k(b_k + w_k . z)`` with ``z = (x - mean)/sd``.

    Parameters
    ----------
    names : tuple of str
        The k features.
    classes : tuple of str
        The K sources.
    intercept : array, shape (K,)
        b, sum zero over classes.
    coef : array, shape (K, k)
        w on standardised features, sum zero over classes.
    mean, sd : array, shape (k,)
        Of log10 contents in the training grains.
    prior : array, shape (K,)
        Share of each class among the training grains, which the probabilities take for granted.
    penalty : float
        C of the ridge; the penalty is ``sum w^2 / (2 C)`` beside the summed negative log-likelihood.
    slope : float
        Calibration: logarithms of probabilities are multiplied by it (1 = as fitted).
    offset : array, shape (K,)
        Calibration: added to them.
    """

    names: tuple[str, ...]
    classes: tuple[str, ...]
    intercept: np.ndarray
    coef: np.ndarray
    mean: np.ndarray
    sd: np.ndarray
    prior: np.ndarray
    penalty: float
    slope: float = 1.0
    offset: np.ndarray | float = 0.0

    def logits(self, x) -> np.ndarray:
        """Log-probabilities up to a constant a grain, shape (N, K), of log10 contents x, shape (N, k)."""
        if hasattr(x, "names"):
            x = x.x[:, feature_columns(self.names, x.names)]
        x = np.asarray(x, float)
        raw = self.intercept + ((x - self.mean) / self.sd) @ self.coef.T
        return self.slope * raw + self.offset

    def predict_proba(self, x) -> np.ndarray:
        """Probability of each class.

        Parameters
        ----------
        x : array, shape (N, k), or Grains
            log10 contents of the features of this classifier; Grains may have more.

        Returns
        -------
        array, shape (N, K)
        """
        return softmax(self.logits(x), axis=1)

    def in_log10(self) -> tuple[np.ndarray, np.ndarray]:
        """Intercepts (K,) and coefficients (K, k) for x = log10 contents, without the standardisation."""
        w = self.slope * self.coef / self.sd
        return self.slope * self.intercept + self.offset - w @ self.mean, w

    def coefficients(self) -> pd.DataFrame:
        """One row a class and feature ("intercept" first): z (per standard deviation), log10 (per decade)."""
        b, w = self.in_log10()
        z0 = self.slope * self.intercept + self.offset
        rows = []
        for k, name in enumerate(self.classes):
            rows.append((name, "intercept", float(np.broadcast_to(z0, b.shape)[k]), float(b[k])))
            rows += [(name, f, float(self.slope * self.coef[k, j]), float(w[k, j])) for j, f in enumerate(self.names)]
        return pd.DataFrame(rows, columns=["class", "feature", "z", "log10"])

    def discriminants(self) -> pd.DataFrame:
        """Discriminant functions ``D_ab = (b_a - b_b) + (w_a - w_b) . log10 x``; above 0 the grain is rather a than b."""
        b, w = self.in_log10()
        rows = []
        for a, c in combinations(range(len(self.classes)), 2):
            terms = [("intercept", b[a] - b[c]), *zip(self.names, w[a] - w[c], strict=True)]
            rows += [(self.classes[a], self.classes[c], f, float(value)) for f, value in terms]
        return pd.DataFrame(rows, columns=["class_a", "class_b", "feature", "coefficient"])

    def calibrated(self, calibration) -> Classifier:
        """Return this classifier with the probabilities of a `lib.discrimination.Calibration`."""
        offset = calibration.slope * np.asarray(self.offset, float) + calibration.offset
        return replace(self, slope=calibration.slope * self.slope, offset=offset)


def fit_classifier(x, codes, names, classes, *, C: float = 1.0, weight=None) -> Classifier:
    """Fit a classifier with all columns of x.

    Parameters
    ----------
    x : array, shape (N, k)
        log10 contents.
    codes : array of int, shape (N,)
        Class of each grain, 0 to K - 1; every class must occur.
    names, classes : sequence of str
        Features and classes.
    C : float, > 0
        Ridge: the penalty is ``sum w^2 / (2 C)``, biases free, beside the sum (not the mean) of negative log-likelihoods.
    weight : array, shape (N,), optional
        Weight of each grain, for instance how often a bootstrap drew it.

    Returns
    -------
    Classifier

    Raises
    ------
    ValueError
        Contents that are not finite, a class without grains, or a feature that is the same in all grains.
    """
    x, codes = np.asarray(x, float), np.asarray(codes)
    if not np.isfinite(x).all():
        raise ValueError(
            f"{names[int(np.argmin(np.isfinite(x).all(axis=0)))]} is not finite in every grain: drop the gaps first"
        )
    w = np.ones(len(x)) if weight is None else np.asarray(weight, float)
    mass = np.bincount(codes, weights=w, minlength=len(classes))
    if (mass == 0).any():
        raise ValueError(
            f"no training grain of class {classes[int(np.argmin(mass))]!r}: a classifier needs grains of every class"
        )
    mean = np.average(x, axis=0, weights=w)
    sd = np.sqrt(np.average((x - mean) ** 2, axis=0, weights=w))
    if (sd <= 1e-12 * np.maximum(np.abs(mean), 1)).any():
        raise ValueError(f"{names[int(np.argmin(sd))]} has the same content in all training grains: leave it out")
    used = w > 0
    # scikit-learn's two-class form has one weight vector: the symmetric penalty with C is its penalty with 2 C
    model = LogisticRegression(C=2 * C if len(classes) == 2 else C, solver="newton-cholesky", tol=1e-8, max_iter=200)
    # everything was checked above: a bootstrap fits hundreds of these
    with config_context(assume_finite=True, skip_parameter_validation=True):
        model.fit(((x - mean) / sd)[used], codes[used], sample_weight=w[used])
    b, coef = model.intercept_, model.coef_
    if len(classes) == 2:
        b, coef = np.array([-b[0], b[0]]) / 2, np.vstack([-coef, coef]) / 2
    return Classifier(
        tuple(names), tuple(classes), b - b.mean(), coef - coef.mean(axis=0), mean, sd, mass / mass.sum(), float(C)
    )


def scores(codes, p) -> dict[str, float]:
    """Score probabilities.

    Parameters
    ----------
    codes : array of int, shape (N,)
        True classes.
    p : array, shape (N, K)
        Probabilities.

    Returns
    -------
    dict
        log_loss (nats a grain), accuracy and balanced_accuracy (mean over classes; 0-1).
    """
    codes, p = np.asarray(codes), np.asarray(p, float)
    hit = p.argmax(axis=1) == codes
    return {
        "log_loss": float(-np.log(np.maximum(p[np.arange(len(codes)), codes], TINY)).mean()),
        "accuracy": float(hit.mean()),
        "balanced_accuracy": float(np.mean([hit[codes == k].mean() for k in np.unique(codes)])),
    }


def confusion_matrix(codes, p, n_classes: int) -> np.ndarray:
    """Counts of grains by true class (rows) and assigned class (columns), shape (K, K)."""
    out = np.zeros((n_classes, n_classes), int)
    np.add.at(out, (np.asarray(codes), np.asarray(p).argmax(axis=1)), 1)
    return out


def confusion(codes, p, classes) -> pd.DataFrame:
    """Tabulate which class grains are assigned to.

    Parameters
    ----------
    codes : array of int, shape (N,)
        True classes.
    p : array, shape (N, K)
        Probabilities.
    classes : sequence of str
        The K names.

    Returns
    -------
    DataFrame
        true, assigned, count, share (0-1, of the true class); one row a pair of classes.
    """
    counts = confusion_matrix(codes, p, len(classes))
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    rows = [(a, b, int(counts[i, j]), float(share[i, j])) for i, a in enumerate(classes) for j, b in enumerate(classes)]
    return pd.DataFrame(rows, columns=["true", "assigned", "count", "share"])
