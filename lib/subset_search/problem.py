"""What is searched: a problem scores subsets of its columns by the loss on rows that the fit did not see."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

__all__ = ["COLLINEAR", "NOT_CONVERGED", "OK", "Problem", "Scores", "Subset", "energy_factor", "fold_statistics"]

#: Values of `Scores.flag`.
OK, COLLINEAR, NOT_CONVERGED = 0, 1, 2
_INFORMATION = ("aic", "aicc", "bic", "ebic", "cp")


@dataclass(frozen=True)
class Scores:
    """Scores of M subsets.

    Parameters
    ----------
    loss : array, shape (M,)
        Lower is better; NaN where there is none. Nats a row (multinomial), squared unit of y (linear), or the criterion.
    loss_se : array, shape (M,)
        Standard error of the loss, from its differences between folds; NaN without folds.
    accuracy : array, shape (M,)
        Fraction of held-out rows that are classified rightly; NaN for a linear problem.
    flag : array of uint8, shape (M,)
        0 in order, 1 collinear columns, 2 not converged.
    """

    loss: np.ndarray
    loss_se: np.ndarray
    accuracy: np.ndarray
    flag: np.ndarray


@dataclass(frozen=True)
class Subset:
    """One subset and its score.

    Parameters
    ----------
    mask : int
    names : tuple of str
    size : int
    loss, loss_se, accuracy : float
        As in `Scores`.
    """

    mask: int
    names: tuple
    size: int
    loss: float
    loss_se: float
    accuracy: float


class Problem(Protocol):
    """What a search asks of a problem.

    Attributes
    ----------
    kind : {"linear", "multinomial"}
    criterion : str
        "cv" or "loo" for a mean loss over held-out rows, or an information criterion.
    names : tuple of str
        Of the columns.
    n_rows, n_features, n_folds : int
    fold_sizes : array of int, shape (n_folds,)
        Rows of each fold.
    chunk : int
        Subsets in one task: about a third of a second.
    """

    kind: str
    criterion: str
    names: tuple
    n_rows: int
    n_features: int
    n_folds: int
    fold_sizes: np.ndarray
    chunk: int

    def score(self, masks) -> Scores:
        """Loss of subsets. The value of a subset must not depend on the others in the call."""

    def fold_losses(self, masks) -> np.ndarray:
        """Summed loss of the rows of each fold, shape (M, n_folds)."""

    def fit(self, mask):
        """Fit to all rows: has ``predict(x)`` and ``standardised``, coefficients for columns of unit variance."""

    def row_losses(self, fit, rows=None) -> np.ndarray:
        """Loss of single rows under a fit, which may come from other rows."""

    def with_rows(self, index, folds=None) -> "Problem":
        """The same problem on some of the rows."""

    def with_target(self, y) -> "Problem":
        """The same problem with another response: permutations, artificial data."""


def fold_statistics(fold_losses, fold_sizes):
    """Mean loss a row, and its standard error from the differences between folds.

    Parameters
    ----------
    fold_losses : array, shape (M, K)
        Summed loss of each fold.
    fold_sizes : array of int, shape (K,)
        Rows of each fold.

    Returns
    -------
    loss, loss_se : array, shape (M,)
        With fold sums s_f of n_f rows, n in all: ``loss = sum s_f / n`` and
        ``loss_se = sqrt(K / (K - 1) sum (s_f - n_f loss)^2) / n``, the error of a ratio of two sums over K clusters; with
        folds of one size it is the standard deviation of the fold means over sqrt(K).

    Notes
    -----
    The folds share most of their training rows, so the true error is somewhat larger; no unbiased estimate exists
    (Bengio and Grandvalet, 2004, section 3).

    References
    ----------
    Bengio Y., Grandvalet Y. (2004) No unbiased estimator of the variance of K-fold cross-validation. Journal of Machine
    Learning Research 5, 1089-1105.
    """
    fold_losses, sizes = np.atleast_2d(np.asarray(fold_losses, float)), np.asarray(fold_sizes, float)
    n, k = sizes.sum(), len(sizes)
    loss = fold_losses.sum(axis=1) / n
    if k < 2:
        return loss, np.full(len(loss), np.nan)
    spread = ((fold_losses - sizes * loss[:, None]) ** 2).sum(axis=1)
    return loss, np.sqrt(spread * k / (k - 1)) / n


def energy_factor(searched, best_loss):
    """Factor between a difference of losses and one of log weights.

    Parameters
    ----------
    searched : Problem or SearchResult
        Has `kind`, `criterion` and `n_rows`.
    best_loss : float
        Lowest loss of the search.

    Returns
    -------
    float
        f in the Boltzmann weight ``exp(-beta f (loss - best_loss))``: n rows for a log-loss; ``n / (2 best_loss)`` for a mean
        square, whose variance is that of the best subset; 1/2 for an information criterion, which is twice a log-likelihood.
    """
    if searched.criterion in _INFORMATION:
        return 0.5
    if searched.kind == "multinomial":
        return float(searched.n_rows)
    return searched.n_rows / (2.0 * max(best_loss, 1e-300))
