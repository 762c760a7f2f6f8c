"""Multinomial logistic regression as a search problem: held-out log-loss of subsets, fits, probabilities."""

from __future__ import annotations

import numpy as np

from lib.subset_search.folds import class_codes, require_classes
from lib.subset_search.multinomial_fit import MultinomialFit
from lib.subset_search.multinomial_reference import batched_fold_losses, newton
from lib.subset_search.problem import NOT_CONVERGED, OK, Scores, fold_statistics

__all__ = ["MultinomialProblem"]

SCALES = ("fold", "global", False)
TOLERANCE = 3e-9  # nats a row, of the held-out loss; see multinomial_kernels


class MultinomialProblem:
    """Subsets scored by the held-out log-loss of a ridge-penalised multinomial regression.

    Parameters
    ----------
    x : array, shape (n, p)
        Finite columns (for concentrations: log10 of ppm), at most 63, none constant.
    labels : array, shape (n,)
        Class of each row, two classes at least.
    folds : array of int, shape (n,) or (n, R)
        Held-out fold of each row; with R repeats, losses are means over them.
    C : float
        Inverse strength of the penalty ``(1/2C) sum_k |w_k|^2``, above 0; intercepts are free. For three classes or more
        it is the C of scikit-learn's LogisticRegression, for two classes half of it (there one weight vector is penalised, not
        two).
    names : sequence of str, optional
        Of the columns; default x0, x1, ...
    scale : {"fold", "global", False}
        Whether the penalty sees columns standardised within the training rows (strict), over all rows, or as they are.
    engine : {"numba", "numpy"}
        Compiled loops, or the batched reference (slower, the same to 1e-8).

    Attributes
    ----------
    kind, criterion : str
        "multinomial", "cv".
    names : tuple of str
    n_rows, n_features, n_classes, n_folds, n_repeats : int
    fold_sizes : array of int, shape (n_folds,)
        With repeats n_folds counts the folds of all of them.
    classes : array, shape (K,)
    codes : array of int, shape (n,)
    chunk : int
        Subsets in one task; fixed by the size of the problem.

    Raises
    ------
    ValueError
        For gaps, constant columns, a single class, folds that leave a class without training rows.

    Notes
    -----
    A subset's loss does not depend on the others in the call. Scaling is carried by the penalty: a column divided by s has
    the coefficient s w, so that all folds work on the same numbers, and each has its own penalty s^2 / C.
    """

    kind = "multinomial"
    criterion = "cv"

    def __init__(self, x, labels, folds, C=1.0, names=None, scale="fold", *, engine="numba"):
        self.x = np.array(x, float)
        if self.x.ndim != 2:
            raise ValueError(f"x has shape {self.x.shape}; expected (n rows, p columns)")
        self.n_rows, self.n_features = self.x.shape
        n, p = self.x.shape
        self.names = tuple(names) if names is not None else tuple(f"x{j}" for j in range(p))
        self._check(C, scale, engine)
        self.C, self.scale, self.engine = float(C), scale, engine
        self.labels = np.asarray(labels)
        self.classes, self.codes = class_codes(self.labels)
        if len(self.codes) != n:
            raise ValueError(f"{len(self.codes)} labels for {n} rows of x")
        self.n_classes = len(self.classes)
        self.folds = np.asarray(folds)
        if self.folds.shape[:1] != (n,) or self.folds.ndim > 2 or self.folds.dtype.kind not in "iu":
            raise ValueError(
                f"folds have shape {self.folds.shape}; expected whole numbers 0, 1, ... , shape ({n},) or ({n}, R)"
            )
        self._mean, self._sd = self.x.mean(axis=0), self.x.std(axis=0)
        self._z = (self.x - self._mean) / self._sd
        self._repeats = [self._repeat(column) for column in self.folds.reshape(n, -1).T]
        self.n_repeats = len(self._repeats)
        self._prepared = [None] * self.n_repeats
        self.fold_sizes = np.concatenate([np.bincount(column) for column in self.folds.reshape(n, -1).T])
        self.n_folds = len(self.fold_sizes)

    def _check(self, C, scale, engine):
        p = self.x.shape[1]
        if len(self.names) != p or len(set(self.names)) != p:
            raise ValueError(f"{len(self.names)} names ({len(set(self.names))} different) for {p} columns of x")
        if not 0 < p <= 63:
            raise ValueError(f"x has {p} columns; expected 1 to 63")
        if not C > 0 or not np.isfinite(C):
            raise ValueError(f"C = {C!r}; expected a finite number above 0: separated classes have no fit without a penalty")
        if scale not in SCALES:
            raise ValueError(f"scale = {scale!r}; expected one of {SCALES}")
        if engine not in ("numba", "numpy"):
            raise ValueError(f'engine = {engine!r}; expected "numba" or "numpy"')
        bad = np.argwhere(~np.isfinite(self.x))
        if len(bad):
            raise ValueError(
                f"{len(bad)} values of x are not finite (first: row {bad[0][0]}, column {self.names[bad[0][1]]}); drop the "
                "rows or the column, or impute; zeros and values below detection must be dealt with before the logarithm"
            )
        constant = [self.names[j] for j in np.flatnonzero(np.ptp(self.x, axis=0) == 0)]
        if constant:
            raise ValueError(f"constant columns: {', '.join(constant)}; leave them out")

    def _repeat(self, folds):
        """Check one assignment of folds; return folds and the penalties (F + 1, p) of the globally standardised columns."""
        counts = np.bincount(folds) if folds.min() >= 0 else np.zeros(1)
        if len(counts) < 2 or not counts.all():
            raise ValueError("folds must be numbered 0, 1, ..., K - 1, at least two, none of them empty")
        require_classes(self.codes, folds, self.classes)
        if self.scale == "fold":
            square = np.array([self._z[folds != f].var(axis=0) for f in range(len(counts))] + [np.ones(self.n_features)])
            still = np.argwhere(square < 1e-20)
            if len(still):
                raise ValueError(
                    f"column {self.names[still[0][1]]} is constant in the training rows of fold {still[0][0]}; leave it out "
                    'or use other folds, or scale="global"'
                )
        else:
            square = np.ones((len(counts) + 1, self.n_features)) * (1.0 if self.scale else self._sd**-2.0)
        return folds, square / self.C

    def _tables(self, repeat):
        """Arrays of the compiled kernel for one assignment of folds; rows sorted by fold, all of them twice."""
        if self._prepared[repeat] is None:
            folds, penalty = self._repeats[repeat]
            n, p = self._z.shape
            order = np.argsort(folds, kind="stable")
            z, codes = self._z[order], self.codes[order].astype(np.int64)
            x = np.zeros((p + 2, 2 * n))
            x[0] = 1.0
            x[1 : p + 1, :n] = x[1 : p + 1, n:] = z.T
            counts = np.bincount(folds)
            sums = np.zeros((len(counts), self.n_classes, p + 2))
            np.add.at(sums, (folds[order], codes), x[:, :n].T)
            means = np.array([z[codes == a].mean(axis=0) for a in range(self.n_classes)])
            spread = z - means[codes]
            # the penalty and a trace of the identity keep the start defined for collinear columns; it is a start only
            within = spread.T @ spread / n + np.diag(penalty[-1] / n + 1e-8)
            starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
            prior = np.bincount(codes) / n
            self._prepared[repeat] = x, starts, codes, sums, np.pad(penalty, ((0, 0), (1, 1))), within, means, prior
        return self._prepared[repeat]

    def _run(self, masks):
        """Summed loss and hits of every fold of every repeat, shape (M, n_folds), and whether all fits converged, (M,)."""
        masks = np.atleast_1d(np.asarray(masks, np.uint64))
        if masks.ndim != 1 or (masks >> np.uint64(self.n_features)).any():
            raise ValueError(f"masks must be a list of bit masks below 2**{self.n_features}: bit j stands for column j")
        losses, hits, good = [], [], np.ones(len(masks), bool)
        for repeat, (folds, penalty) in enumerate(self._repeats):
            if self.engine == "numpy":
                loss, hit, ok = batched_fold_losses(self._z, self.codes, folds, self.n_classes, penalty, masks)
            else:
                from lib.subset_search.multinomial_kernels import score_block

                shape = (len(masks), len(penalty) - 1)
                loss, hit, ok = np.empty(shape), np.empty(shape, np.int64), np.empty(len(masks), np.bool_)
                score_block(masks, *self._tables(repeat), TOLERANCE, loss, hit, ok)
                if not ok.all():  # separated classes under a weak penalty, at the limits of rounding: slowly, but surely
                    loss[~ok], hit[~ok], ok[~ok] = batched_fold_losses(
                        self._z, self.codes, folds, self.n_classes, penalty, masks[~ok]
                    )
            loss[~ok] = np.nan
            losses.append(loss)
            hits.append(hit)
            good &= ok
        return np.hstack(losses), np.hstack(hits), good

    @property
    def chunk(self):
        """Subsets in one task: about a third of a second, whatever the number of workers."""
        return int(np.clip(2 ** round(np.log2(0.33 / self.estimate_seconds(1))), 16, 4096))

    def estimate_seconds(self, n_subsets, mean_size=None):
        """CPU time of the compiled loops on one core, to a factor of about two.

        Parameters
        ----------
        n_subsets : int
        mean_size : float, optional
            Columns in a subset; default half of them.

        Returns
        -------
        float
            s
        """
        size = self.n_features / 2 if mean_size is None else mean_size
        folds, pairs = self.n_folds / self.n_repeats, self.n_classes * (self.n_classes - 1) / 2
        unknowns = (self.n_classes - 1) * (size + 1)
        gradients = 4 * folds * self.n_rows * (self.n_classes - 1) * (1.5e-9 + 0.12e-9 * (size + 1))
        hessians = 3.5 * self.n_rows * pairs * (size + 1) ** 2 * 0.08e-9
        factors = (3 + folds / 8) * (1e-6 + 1e-9 * unknowns**3)
        return float(n_subsets * self.n_repeats * (gradients + hessians + factors))

    def score(self, masks):
        """Score subsets.

        Parameters
        ----------
        masks : array of uint64, shape (M,)
            0 is the model of class frequencies alone.

        Returns
        -------
        Scores
            loss: mean held-out log-loss, nats a row; loss_se: from the folds; accuracy: 0 to 1; flag: 2 (and a loss of
            NaN) where a fit has not converged.
        """
        loss, hits, good = self._run(masks)
        if self.n_repeats == 1:
            mean, error = fold_statistics(loss, self.fold_sizes)
        else:  # the repeats share their rows: the error is the mean of theirs, not less
            ends = np.cumsum([len(penalty) - 1 for _, penalty in self._repeats])[:-1]
            parts = zip(np.split(loss, ends, axis=1), np.split(self.fold_sizes, ends), strict=True)
            mean, error = np.mean([fold_statistics(part, sizes) for part, sizes in parts], axis=0)
        flag = np.where(good, OK, NOT_CONVERGED).astype(np.uint8)
        return Scores(mean, error, hits.sum(axis=1) / self.fold_sizes.sum(), flag)

    def fold_losses(self, masks):
        """Summed held-out log-loss of each fold, shape (M, n_folds), nats; repeats side by side."""
        return self._run(masks)[0]

    def fold_hits(self, masks):
        """Rows of each fold that are classified rightly, shape (M, n_folds)."""
        return self._run(masks)[1]

    def columns_of(self, mask):
        """Column numbers of a mask, in order."""
        mask = int(mask)
        if not 0 <= mask < 2**self.n_features:
            raise ValueError(
                f"mask {mask} is outside 0 to 2**{self.n_features} - 1: bit j stands for column j of {self.names}"
            )
        return np.array([j for j in range(self.n_features) if mask >> j & 1], int)

    def fit(self, mask):
        """Fit a subset to all rows, to rounding.

        Parameters
        ----------
        mask : int

        Returns
        -------
        MultinomialFit
        """
        columns = self.columns_of(mask)
        square = (self._sd[columns] ** -2.0 if self.scale is False else np.ones(len(columns))) / self.C
        theta, iterations, converged = newton(self._z[:, columns], self.codes, self.n_classes, square)
        full = np.vstack([theta, np.zeros(theta.shape[1])])
        full -= full.mean(axis=0)
        fit = MultinomialFit(
            classes=self.classes, names=tuple(self.names[j] for j in columns), columns=columns, n_features=self.n_features,
            mask=int(mask), intercept=full[:, 0], coef=full[:, 1:], mean=self._mean[columns], sd=self._sd[columns],
            penalty=square, C=self.C, loss=np.nan, loss_penalised=np.nan, iterations=iterations, converged=converged,
        )  # fmt: skip
        losses = self.row_losses(fit)
        return fit.with_losses(losses.mean(), losses.sum() + 0.5 * (square * fit.coef**2).sum())

    def row_losses(self, fit, rows=None):
        """Log-loss of single rows under a fit, which may come from other rows.

        Parameters
        ----------
        fit : MultinomialFit
        rows : array of int or bool, optional
            Default all.

        Returns
        -------
        array, nats
        """
        rows = np.arange(self.n_rows) if rows is None else np.arange(self.n_rows)[rows]
        return fit.log_loss(self.x[rows], self.classes[self.codes[rows]])

    def cv_probabilities(self, mask):
        """Class probabilities of every row from the fit that did not see its fold.

        Parameters
        ----------
        mask : int

        Returns
        -------
        array, shape (n, K)
            Mean over the repeats.
        """
        columns = self.columns_of(mask)
        out = np.zeros((self.n_rows, self.n_classes))
        for folds, penalty in self._repeats:
            theta = None
            for f in range(len(penalty) - 1):
                held = folds == f
                theta, _, _ = newton(
                    self._z[~held][:, columns], self.codes[~held], self.n_classes, penalty[f][columns], theta
                )  # the fold before is a good start
                eta = np.column_stack([theta[:, 0] + self._z[held][:, columns] @ theta[:, 1:].T, np.zeros(held.sum())])
                eta = np.exp(eta - eta.max(axis=1, keepdims=True))
                out[held] += eta / eta.sum(axis=1, keepdims=True)
        return out / self.n_repeats

    def _again(self, x, labels, folds):
        return MultinomialProblem(x, labels, folds, self.C, self.names, self.scale, engine=self.engine)

    def with_rows(self, index, folds=None):
        """The same problem on some of the rows.

        Parameters
        ----------
        index : array of int or bool
            Rows.
        folds : array of int, optional
            Of these rows; default their present folds, numbered anew if some are empty.

        Returns
        -------
        MultinomialProblem
        """
        index = np.arange(self.n_rows)[index]
        if folds is None:
            kept = self.folds[index].reshape(len(index), -1)
            folds = np.column_stack([np.unique(column, return_inverse=True)[1] for column in kept.T])
            folds = folds.reshape(self.folds[index].shape)
        return self._again(self.x[index], self.labels[index], folds)

    def with_folds(self, folds):
        """The same problem with other folds."""
        return self._again(self.x, self.labels, folds)

    def with_target(self, y):
        """The same problem with other labels (permuted ones, for instance) on the same folds."""
        return self._again(self.x, y, self.folds)

    def __getstate__(self):
        """Leave the kernel's tables behind: a worker makes its own, which is quicker than sending them."""
        return self.__dict__ | {"_prepared": [None] * self.n_repeats}
