"""One linear model: coefficients with their covariance, and what information criteria make of residual sums of squares."""

from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln

__all__ = ["CRITERIA", "LinearFit", "criterion_values", "fit_linear"]

#: Criteria from the residual sum of squares, all written so that lower is better.
CRITERIA = ("aic", "aicc", "bic", "ebic", "cp", "adjr2")


@dataclass(frozen=True)
class LinearFit:
    """A linear model with intercept, on k of p columns.

    Parameters
    ----------
    mask : int
    names : tuple of str, length k
    columns : array of int, shape (k,)
        Positions among all columns.
    intercept : float
        Unit of y.
    coef : array, shape (k,)
        Unit of y over unit of the column.
    standardised : array, shape (k,)
        Coefficients between columns and response of unit variance.
    covariance : array, shape (k + 1, k + 1)
        Of intercept and coefficients, for independent errors of variance ``sigma**2``; NaN without residual freedom.
    sigma : float
        Residual standard deviation, unit of y: ``sqrt(rss / (n - k - 1))``.
    rss : float
        Residual sum of squares, unit of y squared.
    r2 : float
        1 - rss / tss.
    n_rows : int
    """

    mask: int
    names: tuple
    columns: np.ndarray
    intercept: float
    coef: np.ndarray
    standardised: np.ndarray
    covariance: np.ndarray
    sigma: float
    rss: float
    r2: float
    n_rows: int

    def predict(self, x):
        """Response of rows.

        Parameters
        ----------
        x : array, shape (m, p)
            All columns of the problem, also those not in the model.

        Returns
        -------
        array, shape (m,)
        """
        return self.intercept + np.asarray(x, float)[:, self.columns] @ self.coef

    def standard_errors(self):
        """Standard errors of intercept and coefficients.

        Returns
        -------
        array, shape (k + 1,)
        """
        return np.sqrt(np.diag(self.covariance))


def fit_linear(x, y, columns, *, ridge, scale, mask=0, names=()):
    """Least squares by QR, with an unpenalised intercept and, if asked for, a ridge.

    Parameters
    ----------
    x : array, shape (n, p)
    y : array, shape (n,)
    columns : array of int, shape (k,)
    ridge : float
        Minimised is ``|y - b0 - x b|^2 + ridge |b s|^2``.
    scale : bool
        s are the standard deviations (of divisor n) of the columns; else 1.
    mask : int
    names : sequence of str
        Of the chosen columns.

    Returns
    -------
    LinearFit

    Raises
    ------
    ValueError
        If the columns are collinear and there is no ridge.
    """
    columns = np.asarray(columns, int)
    n, k = len(y), len(columns)
    mean, sd = x[:, columns].mean(axis=0), x[:, columns].std(axis=0)
    sd = np.where(sd > 0, sd, 1.0)
    z, centred = (x[:, columns] - mean) / sd, y - y.mean()
    weight = np.sqrt(ridge) * (np.ones(k) if scale else 1.0 / sd)
    q, r = np.linalg.qr(np.vstack([z, np.diag(weight)]))
    diagonal, length = np.abs(np.diag(r)), np.sqrt((z**2).sum(axis=0) + weight**2)
    if np.any(diagonal <= 1e-5 * length):  # the square is the threshold of the search, 1e-10
        worst = names[int(np.argmin(diagonal / np.maximum(length, 1e-300)))] if len(names) == k else "one of them"
        raise ValueError(
            f"columns {', '.join(names)} are collinear: {worst} is a linear function of the others in these {n} rows. "
            "Leave one out, or give a ridge above 0"
        )
    beta = np.linalg.solve(r, q[:n].T @ centred) if k else np.empty(0)
    residual = centred - z @ beta
    rss, tss = float(residual @ residual), float(centred @ centred)
    free = n - k - 1
    sigma2 = rss / free if free > 0 else np.nan
    inverse = np.linalg.inv(r) if k else np.empty((0, 0))
    inverse = inverse @ inverse.T
    spread = (
        inverse @ (z.T @ z) @ inverse / np.outer(sd, sd)
    )  # of the coefficients, over sigma2; equals `inverse` without ridge
    cross = -spread @ mean
    covariance = sigma2 * np.block([[np.atleast_2d(1.0 / n + mean @ spread @ mean), cross[None, :]], [cross[:, None], spread]])
    return LinearFit(
        mask=int(mask),
        names=tuple(names),
        columns=columns,
        intercept=float(y.mean() - mean @ (beta / sd)),
        coef=beta / sd,
        standardised=beta / np.sqrt(tss / n) if tss > 0 else np.zeros(k),
        covariance=covariance,
        sigma=float(np.sqrt(sigma2)),
        rss=rss,
        r2=1.0 - rss / tss if tss > 0 else np.nan,
        n_rows=n,
    )


def criterion_values(name, rss, size, *, n_rows, n_features, tss, rss_full):
    """Criteria of linear models with intercept and normal errors.

    Parameters
    ----------
    name : {"aic", "aicc", "bic", "ebic", "cp", "adjr2"}
    rss : array, shape (M,)
        Residual sums of squares.
    size : array of int, shape (M,)
        Numbers of columns k, without the intercept.
    n_rows, n_features : int
        n and p.
    tss : float
        Sum of squares of y about its mean.
    rss_full : float
        Of the model with all columns; for "cp" only.

    Returns
    -------
    array, shape (M,)
        With q = k + 2 parameters (coefficients, intercept, variance) and ``L = n log(2 pi rss / n) + n``: AIC ``L + 2 q``,
        AICc ``AIC + 2 q (q + 1) / (n - q - 1)``, BIC ``L + q log n``, EBIC ``BIC + 2 log C(p, k)`` (gamma = 1), Cp
        ``rss / s2 - n + 2 (k + 1)`` with ``s2 = rss_full / (n - p - 1)``, and "adjr2" as ``1 - adjusted R2``, which is
        ``(rss / (n - k - 1)) / (tss / (n - 1))``. Infinite where a denominator is not positive.

    References
    ----------
    Burnham K.P., Anderson D.R. (2002) Model selection and multimodel inference, 2nd ed., Springer (AIC, AICc, BIC).
    Chen J., Chen Z. (2008) Extended Bayesian information criteria for model selection with large model spaces. Biometrika 95,
    759-771 (EBIC). Mallows C.L. (1973) Some comments on Cp. Technometrics 15, 661-675.
    """
    rss, size = np.asarray(rss, float), np.asarray(size)
    n, p, q = n_rows, n_features, size + 2
    # An exact fit leaves rounding errors only: keep their logarithm finite.
    twice = n * np.log(2 * np.pi * np.maximum(rss, np.finfo(float).eps * tss) / n) + n
    if name == "aic":
        return twice + 2 * q
    if name == "aicc":
        room = n - q - 1
        return np.where(room > 0, twice + 2 * q + 2 * q * (q + 1) / np.where(room > 0, room, 1), np.inf)
    if name == "bic":
        return twice + q * np.log(n)
    if name == "ebic":
        return twice + q * np.log(n) + 2 * (gammaln(p + 1) - gammaln(size + 1) - gammaln(p - size + 1))
    if name == "cp":
        return rss * (n - p - 1) / rss_full - n + 2 * (size + 1)
    free = n - size - 1
    return np.where(free > 0, rss / np.where(free > 0, free, 1) / (tss / (n - 1)), np.inf)
