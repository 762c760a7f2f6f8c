"""Certificates from duality: a lower bound of the elastic net's objective with bounds, and cells that are surely zero."""

from __future__ import annotations

import numpy as np

from .descent_kernels import conjugate


def best_dual(loss, overlap, correlation, lam1, lam2, lower, upper):
    """Largest dual value over a few scalings of the residual.

    Parameters
    ----------
    loss : float
        ``|r|^2 / 2``.
    overlap : float
        ``r . X z``, written through the correlations as ``z . X^T r``.
    correlation : ndarray, shape (n,)
        ``X^T r`` over all cells that count.
    lam1, lam2 : float
        Weights of the penalties.
    lower, upper : ndarray, shape (n,)
        Bounds of z.

    Returns
    -------
    dual, scale : float
        ``max_s  s r.y - s^2 |r|^2 / 2 - sum_j conjugate_j(s X_j^T r)``, a lower bound of the objective for any s, because the
        conjugates take bounds and L2 penalty in and need no constraint (Fenchel duality); and its s.
    """
    most = float(np.abs(correlation).max(initial=0.0))
    scales = {1.0, min(1.0, lam1 / most) if most > 0 else 1.0}
    with_data = 2 * loss + overlap  # r . y
    return max((s * with_data - s * s * loss - conjugate(s * correlation, lam1, lam2, lower, upper), s) for s in scales)


def certified_zero(correlation, lengths, radius, lam1, lower, upper):
    """Cells that are zero at the minimum, whatever it is: gap-safe screening.

    Parameters
    ----------
    correlation : ndarray, shape (n,)
        ``X^T theta`` of a dual point.
    lengths : ndarray, shape (n,)
        Lengths of the columns of X.
    radius : float
        ``sqrt(2 gap)`` at that point: the dual optimum is not farther away, because the dual is strongly concave.
    lam1 : float
        Weight of L1.
    lower, upper : ndarray, shape (n,)
        Bounds of z.

    Returns
    -------
    ndarray of bool, shape (n,)
        True where no correlation within the radius exceeds lam1 in a direction that the bounds allow.

    References
    ----------
    Ndiaye, Fercoq, Gramfort and Salmon (2017), Gap safe screening rules, J. Mach. Learn. Res. 18, 128, Theorem 6.
    """
    reach = radius * lengths
    return ((correlation + reach < lam1) | (upper == 0)) & ((reach - correlation < lam1) | (lower == 0))
