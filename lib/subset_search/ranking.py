"""Scored subsets, put in order: which are the best, over all and of each size."""

from dataclasses import dataclass, fields

import numpy as np
import pandas as pd

from lib.subset_search.masks import names_of, popcount

__all__ = ["Scored", "order", "select", "subset_frame"]

_DIGITS = 12  # losses that agree in so many digits are equal but for rounding


@dataclass(frozen=True)
class Scored:
    """Subsets with their scores, one array a quantity.

    Parameters
    ----------
    masks : array of uint64, shape (M,)
    loss, loss_se, accuracy : array, shape (M,)
    flag : array of uint8, shape (M,)
        As in `lib.subset_search.problem.Scores`.
    """

    masks: np.ndarray
    loss: np.ndarray
    loss_se: np.ndarray
    accuracy: np.ndarray
    flag: np.ndarray

    def take(self, index):
        """Those at some positions.

        Parameters
        ----------
        index : array of int or bool

        Returns
        -------
        Scored
        """
        return Scored(*(getattr(self, entry.name)[index] for entry in fields(self)))

    @classmethod
    def joined(cls, parts):
        """Several, one after the other.

        Parameters
        ----------
        parts : sequence of Scored

        Returns
        -------
        Scored
        """
        return cls(*(np.concatenate([getattr(part, entry.name) for part in parts]) for entry in fields(cls)))


def order(masks, loss):
    """Positions from the best to the worst subset.

    Losses are compared to 12 digits, so that rounding does not decide; among equals the smaller subset comes first, then the
    smaller mask.  Subsets without a loss come last.

    Parameters
    ----------
    masks : array of uint64, shape (M,)
    loss : array, shape (M,)

    Returns
    -------
    array of int, shape (M,)
    """
    return np.lexsort((masks, popcount(masks), _rounded(loss)))


def _rounded(loss):
    scale = np.abs(loss)
    usable = np.isfinite(loss) & (scale > 0)
    step = 10.0 ** (np.floor(np.log10(np.where(usable, scale, 1.0))) - _DIGITS + 1)
    return np.where(usable, np.round(loss / step) * step, loss)


def select(scored, keep, keep_of_size):
    """The best subsets over all and of each size, in order.

    Parameters
    ----------
    scored : Scored
    keep, keep_of_size : int

    Returns
    -------
    Scored
        Only subsets with a finite loss.
    """
    finite = np.flatnonzero(np.isfinite(scored.loss))
    size = popcount(scored.masks[finite])
    chosen = [_best(scored, finite, keep)]
    chosen += [_best(scored, finite[size == k], keep_of_size) for k in np.unique(size)]
    best = scored.take(np.unique(np.concatenate(chosen)))
    return best.take(order(best.masks, best.loss))


def _best(scored, among, n):
    """Positions of the n best; a partition first, so that few need sorting."""
    if len(among) > n:
        loss = scored.loss[among]
        limit = np.partition(loss, n - 1)[n - 1]
        among = among[loss <= limit + abs(limit) * 10.0 ** (1 - _DIGITS)]  # with what rounds to the same
    return among[order(scored.masks[among], scored.loss[among])[:n]]


def subset_frame(scored, names, *, rmse=False):
    """Table of subsets, in the order given.

    Parameters
    ----------
    scored : Scored
    names : sequence of str
        Of all columns.
    rmse : bool
        Add the square root of the loss.

    Returns
    -------
    pandas.DataFrame
        Columns rank (from 1), mask, size, loss, rmse (if asked for), loss_se, accuracy, flag, features (names joined by ", ").
    """
    columns = {
        "rank": np.arange(1, len(scored.masks) + 1),
        "mask": scored.masks,
        "size": popcount(scored.masks),
        "loss": scored.loss,
        "rmse": np.sqrt(scored.loss) if rmse else None,
        "loss_se": scored.loss_se,
        "accuracy": scored.accuracy,
        "flag": scored.flag,
        "features": [", ".join(names_of(mask, names)) for mask in scored.masks],
    }
    return pd.DataFrame({name: value for name, value in columns.items() if value is not None})
