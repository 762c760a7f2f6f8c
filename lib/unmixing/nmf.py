"""Non-negative factorisation of compositions: on the simplex, with or without a price on volume, and the plain one.

Simplex NMF looks for end members E (rows on the simplex) and proportions A (rows on the simplex) with X = A E.  Without
anything else the answer is not unique: every simplex around the samples fits equally well.  `mu` puts a price on the volume,

    F(E) = min_A ||(X - A E)/s||^2 / 2  +  mu N log vol(E).

The proportions are not unknowns of the descent: for given E they follow exactly (`fcls`), and by the envelope theorem the
slope of F needs no more than the residuals.  This leaves K x D unknowns whatever the number of samples, and no softmax that
stalls at proportions near zero.  End members have lower bounds 0 and are closed inside the objective.

References
----------
Lee, D. D. & Seung, H. S. (1999) Nature 401, 788-791 (plain NMF);  Miao, L. & Qi, H. (2007) Endmember extraction from highly
mixed data using minimum volume constrained nonnegative matrix factorization. IEEE Trans. Geosci. Remote Sens. 45, 765-777;
Golub, G. & Pereyra, V. (1973) SIAM J. Numer. Anal. 10, 413-432 (variable projection).
"""

from __future__ import annotations

import numpy as np
from scipy import optimize

from .fcls import part_scale, sample_grams, solve

SMALLEST = 1e-6


def simplex_nmf(x, start, scale, *, mu=0.3, closed=True, max_iterations=200):
    """End members that fit the samples best, at a price for their volume.

    Parameters
    ----------
    x : array, shape (n_samples, n_parts)
        Compositions, >= 0; rows sum to 1 if `closed`.
    start : array, shape (n_end_members, n_parts)
        Positive first guess.  It matters: without a price on volume any simplex around the samples is an answer.
    scale : array, shape (n_parts,) or (n_samples, n_parts)
        Standard deviations of the analyses.
    mu : float
        Price of log volume per sample, >= 0; 1 is the likelihood of evenly spread proportions that are held at their best
        value, which overrates small volumes; 0 = least squares only.
    closed : bool
        Rows of the end members sum to 1.
    max_iterations : int

    Returns
    -------
    end_members : array, shape (n_end_members, n_parts)
    proportions : array, shape (n_samples, n_end_members)
    objective : float
        F / N.

    References
    ----------
    Miao & Qi (2007), eqs 12-13, with the logarithm of the volume.
    """
    x, e = np.asarray(x, float), np.maximum(np.asarray(start, float), SMALLEST * np.mean(x))
    k, d = e.shape
    s = np.asarray(scale, float)
    unit = s if s.ndim == 1 else np.median(s, axis=0)
    mean = x.mean(axis=0)
    axes = np.linalg.svd(np.cov(x.T))[2][: k - 1]
    problem = _Problem(x, s, unit, mean, axes, mu, closed, k)
    done = optimize.minimize(
        problem, (e / unit).ravel(), method="L-BFGS-B", jac=True, bounds=[(0.0, None)] * (k * d),
        options={"maxiter": max_iterations, "ftol": 1e-9, "gtol": 1e-7, "maxcor": 20},
    )  # fmt: skip
    e = problem.end_members(done.x)[0]
    return e, problem.proportions(e), float(done.fun)


class _Problem:
    """F / N and its slope in the end members divided by `unit`."""

    def __init__(self, x, s, unit, mean, axes, mu, closed, k):
        self.x, self.unit, self.mean, self.axes, self.mu, self.closed, self.k = x, unit, mean, axes, mu, closed, k
        self.precision = 1 / s**2
        self.weighted = x * self.precision
        self.last = None

    def end_members(self, flat):
        raw = flat.reshape(self.k, -1) * self.unit
        total = np.maximum(raw.sum(axis=1, keepdims=True), 1e-12) if self.closed else np.ones((self.k, 1))
        return raw / total, total

    def proportions(self, e):
        """Best proportions, started from those of the step before."""
        shared = self.precision.ndim == 1
        gram = (e * self.precision) @ e.T if shared else sample_grams(self.precision, e)
        self.last = solve(gram, self.weighted @ e.T, self.last)
        return self.last

    def __call__(self, flat):
        e, total = self.end_members(flat)
        a, n = self.proportions(e), len(self.x)
        apart = a @ e - self.x
        misfit = apart * self.precision
        value = 0.5 * np.vdot(misfit, apart) / n
        gradient = a.T @ misfit / n
        if self.mu > 0:
            matrix = np.column_stack([(e - self.mean) @ self.axes.T, np.ones(self.k)])
            sign, logdet = np.linalg.slogdet(matrix)
            if sign == 0:
                return 1e10, np.zeros_like(flat)
            value += self.mu * logdet
            gradient = gradient + self.mu * np.linalg.inv(matrix).T[:, :-1] @ self.axes
        if self.closed:  # slope through e = raw / sum(raw)
            gradient = (gradient - np.sum(gradient * e, axis=1, keepdims=True)) / total
        return value, (gradient * self.unit).ravel()


def plain_nmf(x, n_end_members, *, closed=True, init="nndsvda", seed=1, max_iterations=5000):
    """Plain non-negative factorisation, W H of scikit-learn, closed afterwards.  Not unique: shown as a warning.

    Parameters
    ----------
    x : array, shape (n_samples, n_parts)
    n_end_members : int
    closed : bool
        Rows of x sum to 1, and those of the end members will.
    init : str
        Start, as in scikit-learn: "nndsvda" (singular value decomposition), "random" (shows how little is determined).
    seed : int
        Of a random start.
    max_iterations : int

    Returns
    -------
    end_members : array, shape (n_end_members, n_parts)
        Rows of H, closed to 1 or scaled.
    proportions : array, shape (n_samples, n_end_members)
        W times the factors taken from H, closed to 1.

    References
    ----------
    Lee & Seung (1999).
    """
    from sklearn.decomposition import NMF

    x = np.asarray(x, float)
    s = part_scale(x)  # unscaled, the major parts decide alone
    model = NMF(n_end_members, init=init, random_state=seed, max_iter=max_iterations, tol=1e-6)
    w = model.fit_transform(x / s)
    h = model.components_ * s
    # closed end members; or, in other units, the factors that bring the sums of the proportions nearest to 1
    factor = h.sum(axis=1) if closed else optimize.nnls(w, np.ones(len(w)))[0]
    factor = np.maximum(factor, 1e-9 * factor.max())
    a = w * factor
    return h / factor[:, None], a / np.maximum(a.sum(axis=1, keepdims=True), 1e-300)
