"""Independent component analysis of whitened scores: the rotation that makes the sources least Gaussian.

Written out here, and not taken from scikit-learn, for two reasons that were measured.  Its stopping rule looks at
1 - |cos| of the last turn, which is blind to small turns, so that two ilr bases of the same data end 1e-6 apart; here a
Newton step ends the search, and equal data give equal answers to round-off.  And its contrast looks at the tails alone,
while the intensities of geochemical processes are skewed: a contrast that looks at both needs half the samples.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

__all__ = ["CONTRASTS", "Rotation", "random_rotation", "rotate"]

#: Weight of the skewed term of the contrast, as a fraction of its weight in the negentropy. The term is much the sharper
#: one on few samples, and follows the curvature of a process rather than its mean direction on many; the value was chosen on
#: the three processes of `lib.unmixing.artificial`, where 0.1 to 0.2 serves from 50 to 2000 samples.
SKEW_WEIGHT = 0.15
#: Fixed-point steps before the Newton steps: the first find the basin, the second its bottom.
WARM_STEPS = 5


def _log_cosh(s):
    t = np.tanh(s)
    size = np.abs(s)
    return size + np.log1p(np.exp(-2.0 * size)) - np.log(2.0), t, 1.0 - t * t


def _odd(s):
    bell = np.exp(-0.5 * s * s)
    return s * bell, (1.0 - s * s) * bell, (s * s - 3.0) * s * bell


def _even(s):
    bell = np.exp(-0.5 * s * s)
    return -bell, s * bell, (1.0 - s * s) * bell


#: Name -> terms (function returning G, G', G''; mean of G over a standard normal; weight), and whether the deviations of
#: the means are squared (an approximate negentropy) or taken by size.
CONTRASTS = {
    "negentropy": (
        ((_odd, 0.0, SKEW_WEIGHT * 36 / (8 * np.sqrt(3) - 9)), (_even, -np.sqrt(0.5), 24 / (16 * np.sqrt(3) - 27))),
        True,
    ),
    "log cosh": (((_log_cosh, 0.3745672074914381, 1.0),), False),
}


@dataclass(frozen=True, eq=False)
class Rotation:
    """An orthogonal unmixing matrix and how it was reached.

    Parameters
    ----------
    matrix : array, shape (K, K)
        Rows are unmixing vectors in the whitened space: sources = whitened @ matrix.T.
    n_iter : int
        Newton steps taken.
    converged : bool
        Whether the last step turned by less than the tolerance.
    contrast : float
        Objective, at least 0; larger is less Gaussian.
    """

    matrix: np.ndarray
    n_iter: int
    converged: bool
    contrast: float


def random_rotation(n, rng):
    """Orthogonal matrix drawn uniformly.

    Parameters
    ----------
    n : int
        Size, at least 1.
    rng : numpy.random.Generator
        Source of the draw.

    Returns
    -------
    array, shape (n, n)
    """
    q, r = np.linalg.qr(rng.standard_normal((n, n)))
    return q * np.sign(np.diag(r))


def rotate(whitened, start, *, contrast="negentropy", tolerance=1e-9, max_iter=200):
    """Rotate whitened scores to the largest contrast: a few fixed-point steps, then Newton steps on the rotations.

    Parameters
    ----------
    whitened : array, shape (N, K)
        Scores with mean 0 and unit covariance (ddof 0).
    start : array, shape (K, K)
        Orthogonal matrix to begin with.
    contrast : {"negentropy", "log cosh"}
        Squared deviations of a skewed and a symmetric function from their means over a normal, or the classical
        ln cosh of symmetric FastICA, whose optimum is that of scikit-learn's ``FastICA``.
    tolerance : float, rad, > 0
        Largest turn of the last Newton step. Newton steps converge quadratically: the answer is far closer than that.
    max_iter : int
        Most Newton steps, at least 1.

    Returns
    -------
    Rotation
        A search that did not converge is reported, not raised: what it means depends on the caller.

    References
    ----------
    Hyvarinen (1998) Advances in Neural Information Processing Systems 10, 273-279 (approximate negentropy);
    Hyvarinen (1999) IEEE Transactions on Neural Networks 10, 626-634 (fixed-point steps);
    Miettinen et al. (2017) Signal Processing 131, 402-411 (squared deviations).
    """
    y = np.ascontiguousarray(whitened.T)
    matrix = _fixed_point(y, np.asarray(start, dtype=float), WARM_STEPS)
    if len(y) == 1:
        return Rotation(matrix, 0, True, _objective(matrix @ y, *CONTRASTS[contrast])[0])
    objective = _objective(matrix @ y, *CONTRASTS[contrast], derivatives=True)
    for n_iter in range(1, max_iter + 1):
        value, gradient, hessian = objective
        turn = _ascent(gradient, hessian)
        for _ in range(15):  # a step that leads down is halved
            trial = _turned(matrix, turn)
            objective = _objective(trial @ y, *CONTRASTS[contrast], derivatives=True)
            if objective[0] >= value - 1e-13:
                break
            turn = turn / 2
        matrix = trial
        if np.max(np.abs(turn)) < tolerance:
            return Rotation(matrix, n_iter, True, objective[0])
    return Rotation(matrix, max_iter, False, objective[0])


def _fixed_point(y, matrix, n_steps):
    """Symmetric fixed-point steps with tanh (Hyvarinen 1999, eq. 20, all rows at once)."""
    for _ in range(n_steps):
        g = np.tanh(matrix @ y)
        left, _, right = np.linalg.svd(g @ y.T / y.shape[1] - np.mean(1.0 - g * g, axis=1)[:, None] * matrix)
        matrix = left @ right
    return matrix


def _objective(s, terms, squared, derivatives=False):
    """Contrast of the sources s, shape (K, N), with gradient and Hessian for s -> exp(skew) s at skew = 0."""
    n_sources, n_samples = s.shape
    basis = _pairs(n_sources)
    flat = basis.reshape(len(basis), n_sources**2)
    value, gradient, hessian = 0.0, np.zeros(len(basis)), np.zeros((len(basis),) * 2)
    one = np.arange(n_sources)
    for function, normal_mean, weight in terms:
        g0, g1, g2 = function(s)
        deviation = g0.mean(axis=1) - normal_mean
        value += weight * (0.5 * np.sum(deviation**2) if squared else np.sum(np.abs(deviation)))
        if not derivatives:
            continue
        slope = deviation if squared else np.sign(deviation)
        cross = g1 @ s.T / n_samples
        by_source = np.sum(basis * cross, axis=2)  # derivative of each source's mean along each pair, (P, K)
        gradient += weight * (by_source @ slope)
        # second order of mean G((s + A s + A^2 s / 2)_k): curvature of G, and the second turn
        form = np.zeros((n_sources,) * 4)
        for k in range(n_sources):
            form[k, :, k, :] = slope[k] * ((g2[k] * s) @ s.T) / n_samples
        form[:, one, one, :] += (slope[:, None] * cross)[:, None, :]
        second = flat @ form.reshape(n_sources**2, n_sources**2) @ flat.T
        hessian += weight * 0.5 * (second + second.T)
        if squared:
            hessian += weight * by_source @ by_source.T
    return float(value), gradient, hessian


def _ascent(gradient, hessian):
    """Newton step with the curvature made negative everywhere, at most 0.6 rad a pair."""
    curvature, vectors = np.linalg.eigh(hessian)
    curvature = np.maximum(np.abs(curvature), 1e-3 * np.abs(curvature).max() + 1e-300)
    turn = vectors @ ((vectors.T @ gradient) / curvature)
    return turn * min(1.0, 0.6 / max(np.abs(turn).max(), 1e-300))


@lru_cache(maxsize=32)
def _pairs(n):
    """Antisymmetric matrices with one pair of entries each, shape (n (n - 1) / 2, n, n)."""
    rows, columns = np.triu_indices(n, 1)
    basis = np.zeros((len(rows), n, n))
    index = np.arange(len(rows))
    basis[index, rows, columns], basis[index, columns, rows] = 1.0, -1.0
    return basis


def _turned(matrix, turn):
    """exp(A) matrix to second order in A, and orthogonal for every A: the Cayley transform."""
    half = np.tensordot(turn, _pairs(len(matrix)), axes=1) / 2
    identity = np.eye(len(matrix))
    return np.linalg.solve(identity - half, (identity + half) @ matrix)
