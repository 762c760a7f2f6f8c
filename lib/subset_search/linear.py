"""Linear regression as a search problem: every subset of columns scored by cross-validation or an information criterion."""

import numpy as np
import pandas as pd

from lib.subset_search.linear_fit import LinearFit, criterion_values, fit_linear
from lib.subset_search.linear_input import checked_criterion, checked_folds, checked_table
from lib.subset_search.linear_kernels import fold_errors, left_out_errors
from lib.subset_search.masks import members, names_of, popcount
from lib.subset_search.problem import COLLINEAR, OK, Scores, fold_statistics

__all__ = ["LinearFit", "LinearProblem"]

_BLOCK = 4096  # subsets a call of the kernel: their fold losses stay in cache
_CONSTANT = 1e-20  # a column of this variance, over all rows 1, is constant in the training rows but for rounding
_EXACT = 1e-14  # an error below this share of the variance of y is one of rounding


class LinearProblem:
    """Least squares with an intercept on subsets of the columns of x.

    Parameters
    ----------
    x : array, shape (n, p)
        Columns to choose from, without missing values; at most 63. Need not be scaled.
    y : array, shape (n,)
        Response.
    folds : None, array of int of shape (n,), or "loo"
        Fold 0 to K - 1 in which each row is held out. "loo" leaves out one row at a time, in closed form. None: no rows are
        held out, and subsets are compared by `criterion`.
    ridge : float
        Penalty: ``|y - b0 - x b|^2 + ridge |b s|^2``, with s the standard deviations of the columns, the intercept free, and
        the sum of squares over rows (as ``Ridge(alpha=ridge)`` of scikit-learn after a ``StandardScaler``).
    names : sequence of str, optional
        Of the columns; x0, x1, ... if not given.
    scale : bool
        Whether s is taken (True) or 1 (False). It plays no part without a ridge: least squares do not depend on scale. With
        folds, s and the means are those of the training rows; in closed-form leave-one-out, s is that of all rows.
    criterion : {"aic", "aicc", "bic", "ebic", "cp", "adjr2"}, optional
        If there are no folds; "bic" if not given. Formulas: `lib.subset_search.linear_fit.criterion_values`.

    Raises
    ------
    ValueError
        If shapes, names or folds do not fit, values are missing, or a criterion is asked for together with folds or a ridge.

    Notes
    -----
    The cost of a subset does not depend on the number of rows, except with "loo": cross products of the training and the
    held-out rows of each fold are made once, and eliminations on them give held-out errors
    (`lib.subset_search.linear_kernels`).

    A subset in which a column is, within the training rows of any fold, a linear function of the others cannot be fitted: its
    loss is NaN and its flag 1.

    Rounding errors of a held-out loss are some 1e-16 of the variance of y: beyond 10 digits of the loss where 1 - R2 is above
    1e-6. A loss below 1e-14 of that variance is set to 0.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> x = rng.normal(size=(60, 3))
    >>> problem = LinearProblem(x, 2 * x[:, 1] + 0.1 * rng.normal(size=60), folds=np.arange(60) % 5)
    >>> problem.score([0b000, 0b010]).loss.round(2).tolist()
    [3.17, 0.01]
    """

    kind = "linear"
    chunk = 1 << 17

    def __init__(self, x, y, folds=None, *, ridge=0.0, names=None, scale=True, criterion=None):
        self.x, self.y, self.names = checked_table(x, y, names)
        self.n_rows, self.n_features = self.x.shape
        self.ridge, self.scale = float(ridge), bool(scale)
        if not (np.isfinite(self.ridge) and self.ridge >= 0):
            raise ValueError(f"ridge = {ridge!r}: expected a number of 0 or more")
        self.folds = checked_folds(folds, self.n_rows)
        self.criterion = checked_criterion(criterion, self.folds, self.ridge, self.n_rows, self.n_features)
        # Standard units keep pivots comparable; what is left of the unit of y is one factor.
        self._sd = self.x.std(axis=0)
        self._sd[np.ptp(self.x, axis=0) == 0] = 1.0
        self._y_sd = self.y.std()
        if self._y_sd == 0:
            raise ValueError(f"y is {self.y[0]} in all {self.n_rows} rows: there is nothing to explain")
        z = np.column_stack([(self.y - self.y.mean()) / self._y_sd, (self.x - self.x.mean(axis=0)) / self._sd])
        if isinstance(self.folds, np.ndarray):
            self.fold_sizes = np.bincount(self.folds)
            parts = [(z[self.folds != f], z[self.folds == f]) for f in range(len(self.fold_sizes))]
        else:
            self.fold_sizes = np.ones(self.n_rows if isinstance(self.folds, str) else 0, int)
            parts = [(z, z)]
        self.n_folds = len(self.fold_sizes)
        self._train = np.stack([self._penalised(rows) for rows, _ in parts], axis=-1)
        self._test = np.stack([_cross(held, rows.mean(axis=0)) for rows, held in parts], axis=-1)
        self._columns = np.ascontiguousarray((z - z.mean(axis=0)).T)
        if self.criterion == "cp" and np.isnan(self._full_rss()):
            raise ValueError(
                'criterion "cp" takes the error variance from the model with all columns, which are collinear or leave no '
                'residual: leave columns out, or take "bic"'
            )

    def _penalised(self, rows):
        """Cross products of training rows, with the ridge in the metric that was asked for."""
        gram = _cross(rows, rows.mean(axis=0))
        diagonal = np.einsum("ii->i", gram)
        diagonal[diagonal < _CONSTANT * len(rows)] = 0.0
        if self.ridge:
            variance = rows[:, 1:].var(axis=0) if self.scale else 1.0 / self._sd**2
            diagonal[1:] += self.ridge * np.where(variance > 0, variance, 1.0)
        return gram

    def score(self, masks):
        """Loss of subsets.

        Parameters
        ----------
        masks : array of int, shape (M,)
            Fastest in ascending order; the values depend on each mask alone.

        Returns
        -------
        Scores
            `loss` is the mean squared error of held-out rows, unit of y squared, or the criterion.
        """
        masks = self._checked_masks(masks)
        loss, loss_se = np.empty(len(masks)), np.full(len(masks), np.nan)
        for where, losses in self._blocks(masks):
            if self.n_folds:
                loss[where], loss_se[where] = fold_statistics(losses, self.fold_sizes)
                # Several subsets may hold an exact law: equal losses let the smallest win, rounding errors would not.
                loss[where] = np.where(loss[where] < _EXACT * self._y_sd**2, 0.0, loss[where])
            else:
                loss[where] = self._criterion(self.criterion, losses[:, 0], popcount(masks[where]))
        flag = np.where(np.isnan(loss), COLLINEAR, OK).astype(np.uint8)
        return Scores(loss, loss_se, np.full(len(masks), np.nan), flag)

    def fold_losses(self, masks):
        """Summed squared error of the held-out rows of each fold.

        Parameters
        ----------
        masks : array of int, shape (M,)

        Returns
        -------
        array, shape (M, n_folds)
            Unit of y squared; of each row with ``folds="loo"``.

        Raises
        ------
        ValueError
            If the problem has no folds.
        """
        if not self.n_folds:
            raise ValueError(f"this problem compares subsets by {self.criterion}, on no folds: make it with folds")
        masks = self._checked_masks(masks)
        found = np.empty((len(masks), self.n_folds))
        for where, losses in self._blocks(masks):
            found[where] = losses
        return found

    def _blocks(self, masks):
        """Positions in `masks`, and losses of the folds there, a block at a time."""
        ascending = masks.size < 2 or bool(np.all(masks[1:] >= masks[:-1]))
        order = None if ascending else np.argsort(masks, kind="stable")
        leaving_one = isinstance(self.folds, str)
        width = self.n_rows if leaving_one else self._train.shape[-1]
        step = max(16, min(_BLOCK, (1 << 18) // width))
        for start in range(0, len(masks), step):
            where = slice(start, start + step) if order is None else order[start : start + step]
            chosen = masks[where]
            losses = np.empty((len(chosen), width))
            if leaving_one:
                left_out_errors(chosen, self._train[:, :, 0].copy(), self._columns, losses)
            else:
                fold_errors(chosen, self._train, self._test, losses)
            yield where, np.maximum(losses, 0.0) * self._y_sd**2  # an exact fit may round to less than 0; NaN stays

    def _criterion(self, name, rss, size):
        return criterion_values(
            name,
            rss,
            size,
            n_rows=self.n_rows,
            n_features=self.n_features,
            tss=self.n_rows * self._y_sd**2,
            rss_full=self._full_rss() if name == "cp" else None,
        )

    def _full_rss(self):
        """Residual sum of squares with all columns, on which Cp rests."""
        _, losses = next(self._blocks(np.array([(1 << self.n_features) - 1], np.uint64)))
        return losses[0, 0] if self.n_rows > self.n_features + 1 and losses[0, 0] > 0 else np.nan

    def criteria(self, masks):
        """All criteria of subsets, by least squares on all rows (folds and ridge play no part).

        Parameters
        ----------
        masks : array of int, shape (M,)

        Returns
        -------
        pandas.DataFrame
            Columns mask, size, rss, r2, adj_r2, aic, aicc, bic, ebic, cp (NaN if all columns cannot be fitted), press (sum of
            squares of leave-one-out errors).
        """
        masks = self._checked_masks(masks)
        plain = LinearProblem(self.x, self.y, criterion="aic", names=self.names)
        single = LinearProblem(self.x, self.y, "loo", names=self.names)
        rss, size = np.empty(len(masks)), popcount(masks)
        for where, losses in plain._blocks(masks):
            rss[where] = losses[:, 0]
        found = {"mask": masks, "size": size, "rss": rss, "r2": 1 - rss / (self.n_rows * self._y_sd**2)}
        found["adj_r2"] = 1 - plain._criterion("adjr2", rss, size)
        for name in ("aic", "aicc", "bic", "ebic", "cp"):
            found[name] = plain._criterion(name, rss, size)
        found["press"] = single.score(masks).loss * self.n_rows
        return pd.DataFrame(found)

    def fit(self, mask):
        """Fit one subset to all rows.

        Parameters
        ----------
        mask : int

        Returns
        -------
        LinearFit

        Raises
        ------
        ValueError
            If its columns are collinear.
        """
        mask = int(self._checked_masks([mask])[0])
        columns = np.flatnonzero(members([mask], self.n_features)[0])
        chosen = names_of(mask, self.names)
        return fit_linear(self.x, self.y, columns, ridge=self.ridge, scale=self.scale, mask=mask, names=chosen)

    def row_losses(self, fit, rows=None):
        """Squared error of rows under a fit, which may come from other rows.

        Parameters
        ----------
        fit : LinearFit
        rows : array of int or bool, optional
            Which rows of this problem; all if not given.

        Returns
        -------
        array, shape (m,)
            Unit of y squared.
        """
        rows = slice(None) if rows is None else rows
        return (self.y[rows] - fit.predict(self.x[rows])) ** 2

    def with_rows(self, index, folds=None):
        """The same problem on some of its rows.

        Parameters
        ----------
        index : array of int or bool
            Rows; may repeat.
        folds : array of int, or "loo", optional
            New folds of these rows; if not given, those that the rows have now, numbered anew without gaps.

        Returns
        -------
        LinearProblem
        """
        if folds is None:
            folds = np.unique(self.folds[index], return_inverse=True)[1] if isinstance(self.folds, np.ndarray) else self.folds
        return self._like(self.x[index], self.y[index], folds)

    def with_target(self, y):
        """The same problem with another response.

        Parameters
        ----------
        y : array, shape (n,)

        Returns
        -------
        LinearProblem
        """
        return self._like(self.x, y, self.folds)

    def _like(self, x, y, folds):
        criterion = self.criterion if folds is None else None
        return LinearProblem(x, y, folds, ridge=self.ridge, names=self.names, scale=self.scale, criterion=criterion)

    def _checked_masks(self, masks):
        masks = np.atleast_1d(np.asarray(masks, dtype=np.uint64))
        if masks.size and int(masks.max()) >> self.n_features:
            raise ValueError(f"mask {int(masks.max())} has a bit beyond the {self.n_features} columns of this problem")
        return masks


def _cross(rows, about):
    centred = rows - about
    return centred.T @ centred
