"""Multinomial regression in plain NumPy: one tight fit, and cross-validated losses of many subsets in batches.

The batch is the reference of the compiled kernel: the same penalised likelihood, minimised by full Newton steps on another
route (all Hessian blocks of a batch are one matrix product with the precomputed products of the columns).
"""

from __future__ import annotations

import numpy as np

__all__ = ["batched_fold_losses", "newton"]

_PASSES = 100
_ELEMENTS = 2_000_000  # of the largest array of a batch
_FARTHEST = 1e4  # coefficients beyond this may come from a step that left the region of curvature: fitted again with damping
_DECREMENT = 1e-9  # stop of the Newton iterations; convergence being quadratic, what is left is rounding


def _log_probabilities(eta):
    """Log probabilities (..., K, n) from predictors (..., K - 1, n) relative to the last class."""
    full = np.concatenate([eta, np.zeros_like(eta[..., :1, :])], axis=-2)
    full = full - full.max(axis=-2, keepdims=True)
    return full - np.log(np.exp(full).sum(axis=-2, keepdims=True))


def newton(z, codes, n_classes, penalty, start=None):
    """Fit one penalised multinomial regression by damped Newton steps.

    Minimises ``sum_i -log p(codes_i | z_i) + (1/2) sum_j penalty_j sum_k (w_kj - mean_k w_kj)^2``, the symmetric ridge of the
    K classes, here written with coefficients relative to the last class.

    Parameters
    ----------
    z : array, shape (n, k)
        Columns of order one.
    codes : array of int, shape (n,)
        Class of each row, 0 to K - 1.
    n_classes : int
        K, at least 2.
    penalty : array, shape (k,)
        Of each column, at least 0.
    start : array, shape (K - 1, k + 1), optional
        First coefficients, intercepts first.

    Returns
    -------
    theta : array, shape (K - 1, k + 1)
        Coefficients relative to the last class, intercepts first.
    iterations : int
        Newton steps.
    converged : bool
        The Newton decrement has fallen under 1e-9 (or to rounding).
    """
    n, k = z.shape
    a, d = n_classes - 1, (n_classes - 1) * (k + 1)
    design = np.column_stack([np.ones(n), z])
    ridge = np.kron(np.eye(a) - 1.0 / n_classes, np.diag(np.concatenate([[0.0], penalty])))
    target = (codes[:, None] == np.arange(a)).astype(float)

    def objective(theta):
        log_p = _log_probabilities(theta.reshape(a, k + 1) @ design.T)
        return -log_p[codes, np.arange(n)].sum() + 0.5 * theta @ ridge @ theta, np.exp(log_p[:a]).T

    theta = np.zeros(d) if start is None else np.array(start, float).ravel()
    value, prob = objective(theta)
    for iteration in range(1, _PASSES + 1):
        gradient = ((prob - target).T @ design).ravel() + ridge @ theta
        weight = np.einsum("na,ab->nab", prob, np.eye(a)) - prob[:, :, None] * prob[:, None, :]
        hessian = np.einsum("nab,ni,nj->aibj", weight, design, design, optimize=True).reshape(d, d) + ridge
        try:
            step = np.linalg.solve(hessian, -gradient)
        except np.linalg.LinAlgError:
            return theta.reshape(a, k + 1), iteration, False
        slope = gradient @ step
        if not np.isfinite(slope):
            return theta.reshape(a, k + 1), iteration, False
        length = 1.0
        new, new_prob = objective(theta + step)
        while new > value + 1e-4 * length * slope + 1e-12 * abs(value) and length > 1e-10:
            length *= 0.5
            new, new_prob = objective(theta + length * step)
        stalled = value - new <= 1e-13 * abs(value) and -slope < 1e-11 * (1.0 + abs(value))  # rounding: nothing left to gain
        theta, value, prob = theta + length * step, new, new_prob
        if -slope < _DECREMENT**2 or stalled:
            return theta.reshape(a, k + 1), iteration, True
    return theta.reshape(a, k + 1), _PASSES, False


class _Batch:
    """Newton steps of many (subset, training rows) pairs of one subset size at once."""

    def __init__(self, z, codes, n_classes):
        self.n, self.p = z.shape
        self.a = n_classes - 1
        self.design = np.column_stack([np.ones(self.n), z])
        self.codes = codes
        self.target = (codes == np.arange(self.a)[:, None]).astype(float)
        self.left, self.right = np.triu_indices(self.p + 1)
        self.products = self.design[:, self.left] * self.design[:, self.right]
        self.place = np.zeros((self.p + 1, self.p + 1), int)
        self.place[self.left, self.right] = self.place[self.right, self.left] = np.arange(len(self.left))
        self.pairs = [(i, j) for i in range(self.a) for j in range(i + 1)]

    def predict(self, columns, theta):
        """Linear predictors (B, K - 1, n) from coefficients (B, K - 1, k + 1) of columns (B, k + 1)."""
        full = np.zeros((len(theta), self.a, self.p + 1))
        np.put_along_axis(full, np.broadcast_to(columns[:, None, :], theta.shape), theta, axis=2)
        return full @ self.design.T

    def step(self, columns, theta, rows, penalty):
        """Newton step and decrement of each member; rows (B, n) 0/1, penalty (B, k + 1)."""
        size, width = columns.shape[1], self.a
        prob = np.exp(_log_probabilities(self.predict(columns, theta)))[:, : self.a]
        gradient = np.take_along_axis(
            ((prob - self.target) * rows[:, None, :]) @ self.design, np.broadcast_to(columns[:, None, :], theta.shape), axis=2
        )
        gradient = gradient + penalty[:, None, :] * (theta - theta.sum(axis=1, keepdims=True) / (width + 1))
        where = self.place[columns[:, :, None], columns[:, None, :]]
        hessian = np.empty((len(theta), width, size, width, size))
        diagonal = penalty[:, :, None] * np.eye(size)
        for i, j in self.pairs:
            weight = rows * prob[:, i] * (float(i == j) - prob[:, j])
            block = np.take_along_axis((weight @ self.products)[:, None, :], where.reshape(len(theta), 1, -1), axis=2)
            block = block.reshape(len(theta), size, size) + (float(i == j) - 1.0 / (width + 1)) * diagonal
            hessian[:, i, :, j, :] = hessian[:, j, :, i, :] = block
        g = gradient.reshape(len(theta), -1, 1)
        step = -np.linalg.solve(hessian.reshape(len(theta), width * size, width * size), g)
        return step.reshape(theta.shape), np.sqrt(np.maximum(-(g * step).sum(axis=(1, 2)), 0.0))

    def fit(self, columns, theta, rows, penalty):
        """Newton to the end for every member; what does not settle quickly is fitted alone, with damping."""
        theta, open_ = theta.copy(), np.arange(len(theta))
        converged = np.zeros(len(theta), bool)
        last = np.full(len(theta), np.inf)
        for _ in range(15):
            try:
                step, decrement = self.step(columns[open_], theta[open_], rows[open_], penalty[open_])
            except np.linalg.LinAlgError:
                break
            theta[open_] += step
            converged[open_[decrement < _DECREMENT]] = True
            stay = (decrement >= _DECREMENT) & (decrement < 1.5 * last[open_])
            last[open_] = decrement
            open_ = open_[stay]
            if not len(open_):
                break
        converged &= np.abs(theta).max(axis=(1, 2)) < _FARTHEST
        for b in np.flatnonzero(~converged):
            keep, chosen = rows[b] > 0, columns[b][1:]
            theta[b], _, converged[b] = newton(
                self.design[keep][:, chosen], self.codes[keep], self.a + 1, penalty[b][1:]
            )  # from zero: the start was a bad one
        return theta, converged


def batched_fold_losses(z, codes, folds, n_classes, penalty, masks):
    """Held-out log-loss and hits of every fold for many subsets, in NumPy.

    Parameters
    ----------
    z : array, shape (n, p)
        Columns of order one.
    codes, folds : arrays of int, shape (n,)
        Class and held-out fold of each row.
    n_classes : int
        K.
    penalty : array, shape (F + 1, p)
        Of the columns in each fold's training rows; last, in all rows.
    masks : array of uint64, shape (M,)
        Subsets: bit j stands for column j.

    Returns
    -------
    loss : array, shape (M, F)
        Summed log-loss, nats.
    hits : array of int, shape (M, F)
        Rows whose most probable class is theirs.
    converged : array of bool, shape (M,)
    """
    masks = np.asarray(masks, np.uint64)
    n, p = z.shape
    n_folds = int(folds.max()) + 1
    batch = _Batch(z, codes, n_classes)
    chosen = (masks[:, None] >> np.arange(p, dtype=np.uint64)) & np.uint64(1) > 0
    sizes = chosen.sum(axis=1)
    loss, hits = np.empty((len(masks), n_folds)), np.empty((len(masks), n_folds), int)
    converged = np.ones(len(masks), bool)
    held = (folds == np.arange(n_folds)[:, None]).astype(float)
    ridge = np.column_stack([np.zeros(n_folds + 1), penalty])
    at_once = max(1, _ELEMENTS // (n * n_folds * n_classes))
    for size in np.unique(sizes):
        members = np.flatnonzero(sizes == size)
        for block in np.split(members, np.arange(at_once, len(members), at_once)):
            columns = np.column_stack([np.zeros(len(block), int), 1 + np.nonzero(chosen[block])[1].reshape(len(block), size)])
            start = np.zeros((len(block), n_classes - 1, size + 1))
            start, _ = batch.fit(columns, start, np.ones((len(block), n)), ridge[n_folds][columns])
            columns = np.repeat(columns, n_folds, axis=0)
            fold = np.tile(np.arange(n_folds), len(block))
            theta, good = batch.fit(
                columns, np.repeat(start, n_folds, axis=0), 1.0 - held[fold], ridge[fold[:, None], columns]
            )
            log_p = _log_probabilities(batch.predict(columns, theta))
            own = log_p[:, codes, np.arange(n)]
            loss[block] = -(own * held[fold]).sum(axis=1).reshape(len(block), n_folds)
            right = (log_p.argmax(axis=1) == codes) * held[fold]
            hits[block] = right.sum(axis=1).reshape(len(block), n_folds)
            converged[block] = good.reshape(len(block), n_folds).all(axis=1)
    return loss, hits, converged
