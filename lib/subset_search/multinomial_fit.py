"""A fitted multinomial regression: predictors, probabilities, discriminant functions; whether classes are separated."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

__all__ = ["Linear", "MultinomialFit", "separable"]


@dataclass(frozen=True)
class Linear:
    """Linear predictors of the classes.

    Parameters
    ----------
    intercept : array, shape (K,)
    coef : array, shape (K, k)
    """

    intercept: np.ndarray
    coef: np.ndarray


@dataclass(frozen=True)
class MultinomialFit:
    """A fitted multinomial regression of some of the columns.

    Parameters
    ----------
    classes : array, shape (K,)
        In sorted order.
    names : tuple of str
        The k columns of the fit.
    columns : array of int, shape (k,)
        Their places in the problem's x.
    n_features : int
        Columns of the problem's x.
    mask : int
        The same as bits.
    intercept, coef : arrays, shapes (K,), (K, k)
        For columns of zero mean and unit variance; they sum to zero over the classes.
    mean, sd : arrays, shape (k,)
        Of the columns over the training rows.
    penalty : array, shape (k,)
        Multiplies ``coef**2 / 2`` in the penalised likelihood.
    C : float
        Inverse strength of the penalty.
    loss : float
        Mean log-loss of the training rows, nats.
    loss_penalised : float
        Minimum reached: summed log-loss plus penalty, nats.
    iterations : int
        Newton steps.
    converged : bool
        Whether the minimum was reached.
    """

    classes: np.ndarray
    names: tuple
    columns: np.ndarray
    n_features: int
    mask: int
    intercept: np.ndarray
    coef: np.ndarray
    mean: np.ndarray
    sd: np.ndarray
    penalty: np.ndarray
    C: float
    loss: float
    loss_penalised: float
    iterations: int
    converged: bool

    @property
    def standardised(self):
        """Coefficients for columns of unit variance, shape (K, k)."""
        return self.coef

    def ppm(self):
        """Coefficients for the columns as they were given (log10 of ppm, if that was given).

        Returns
        -------
        Linear
            ``coef = coef_z / sd`` and ``intercept = intercept_z - sum_j coef_z mean / sd``.
        """
        coef = self.coef / self.sd
        return Linear(self.intercept - coef @ self.mean, coef)

    def discriminant(self, first, second):
        """Discriminant function of two classes for the columns as given: positive where the first is more probable.

        Parameters
        ----------
        first, second : label
            Of two classes.

        Returns
        -------
        intercept : float
        coef : array, shape (k,)
        """
        known = self.classes.tolist()
        for label in (first, second):
            if label not in known:
                raise ValueError(f"unknown class {label!r}; the classes are {', '.join(map(str, known))}")
        linear, i, j = self.ppm(), known.index(first), known.index(second)
        return float(linear.intercept[i] - linear.intercept[j]), linear.coef[i] - linear.coef[j]

    def decision(self, x):
        """Linear predictors of the classes.

        Parameters
        ----------
        x : array, shape (m, p) or (m, k)
            All columns of the problem, or those of the fit only, in their order.

        Returns
        -------
        array, shape (m, K)
            They sum to zero over the classes.
        """
        x = np.asarray(x, float)
        if x.ndim != 2 or x.shape[1] not in (self.n_features, len(self.columns)):
            raise ValueError(
                f"x has shape {x.shape}; expected (m, {self.n_features}), all columns, or (m, {len(self.columns)}), those of "
                f"the fit: {', '.join(self.names)}"
            )
        if x.shape[1] == self.n_features:
            x = x[:, self.columns]
        return self.intercept + (x - self.mean) / self.sd @ self.coef.T

    def predict_proba(self, x):
        """Probabilities of the classes, shape (m, K); x as in `decision`, NaN where a value is missing."""
        eta = self.decision(x)
        eta = np.exp(eta - eta.max(axis=1, keepdims=True))
        return eta / eta.sum(axis=1, keepdims=True)

    def predict(self, x):
        """Most probable class of each row, shape (m,); x as in `decision`."""
        return self.classes[self.decision(x).argmax(axis=1)]

    def log_loss(self, x, labels):
        """Log-loss of rows with known class.

        Parameters
        ----------
        x : array, shape (m, p) or (m, k)
            As in `decision`.
        labels : array, shape (m,)
            Classes of the fit.

        Returns
        -------
        array, shape (m,)
            Nats.
        """
        labels = np.asarray(labels)
        unknown = sorted(set(labels.tolist()) - set(self.classes.tolist()), key=str)
        if unknown:
            raise ValueError(f"unknown classes {unknown}; the classes of the fit are {self.classes.tolist()}")
        eta = self.decision(x)
        top = eta.max(axis=1)
        own = eta[np.arange(len(eta)), np.searchsorted(self.classes, labels)]
        return top + np.log(np.exp(eta - top[:, None]).sum(axis=1)) - own

    def with_losses(self, loss, loss_penalised):
        """The same fit with its losses set."""
        return replace(self, loss=float(loss), loss_penalised=float(loss_penalised))


def separable(fit, x, labels):
    """Say whether the classes are separated by a fit, so that the penalty alone keeps its coefficients finite.

    Parameters
    ----------
    fit : MultinomialFit
    x : array, shape (n, p) or (n, k)
        The training rows.
    labels : array, shape (n,)
        Their classes.

    Returns
    -------
    str
        Empty if some row is on the wrong side of a boundary, else a message.

    Notes
    -----
    If every row has a positive margin, scaling up all coefficients lowers the log-loss without end: no unpenalised fit exists
    (Albert and Anderson, 1984). One pair of classes apart is enough, so pairs are checked one by one; the check is of this
    fit, and a ridge may leave a row on the wrong side of a boundary that another fit would draw.

    References
    ----------
    Albert A., Anderson J.A. (1984) On the existence of maximum likelihood estimates in logistic regression models. Biometrika
    71, 1-10.
    """
    labels = np.asarray(labels)
    eta = fit.decision(x)
    codes = np.searchsorted(fit.classes, labels)
    apart = []
    for a in range(len(fit.classes)):
        for b in range(a):
            margin = eta[:, a] - eta[:, b]
            if margin[codes == a].min() > 0 and margin[codes == b].max() < 0:
                apart.append(f"{fit.classes[b]} and {fit.classes[a]}")
    if not apart:
        return ""
    whole = len(apart) == len(fit.classes) * (len(fit.classes) - 1) // 2
    return (
        f"{'all classes are' if whole else ' and '.join(apart) + ' are'} separated without error by {', '.join(fit.names)}: "
        f"the coefficients are finite only through the penalty (C = {fit.C:g}), their size is not a measurement; "
        "report C, and compare subsets by held-out log-loss at one C"
    )
