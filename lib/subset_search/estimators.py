"""Exhaustive search behind the interface of scikit-learn: fit, predict, score, get_support."""

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.feature_selection import SelectorMixin
from sklearn.model_selection import check_cv
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from lib.subset_search.linear import LinearProblem
from lib.subset_search.linear_fit import CRITERIA
from lib.subset_search.masks import members, popcount
from lib.subset_search.ranking import order
from lib.subset_search.search import exhaustive_search

__all__ = ["ExhaustiveClassifier", "ExhaustiveRegressor"]


class _Exhaustive(SelectorMixin, BaseEstimator):
    """What regressor and classifier share: the search, the choice among its subsets, the selected columns."""

    def _search(self, problem):
        if self.rule not in ("best", "one_se"):
            raise ValueError(f'rule = {self.rule!r}: expected "best" or "one_se"')
        self.result_ = exhaustive_search(
            problem, sizes=self.sizes, constraints=self.constraints, keep=self.keep, n_jobs=self.n_jobs
        )
        self.mask_ = self.result_.best.mask
        if self.rule == "one_se":  # the smallest of the subsets that the data do not tell from the best
            near = self.result_.one_se
            masks = near["mask"].to_numpy(np.uint64)
            smallest = popcount(masks) == popcount(masks).min()
            masks, loss = masks[smallest], near["loss"].to_numpy()[smallest]
            self.mask_ = int(masks[order(masks, loss)[0]])
        self.fit_ = problem.fit(self.mask_)

    def _get_support_mask(self):
        check_is_fitted(self)
        return members([self.mask_], self.n_features_in_)[0]

    def _column_names(self):
        return getattr(self, "feature_names_in_", None)


class ExhaustiveRegressor(RegressorMixin, _Exhaustive):
    """Linear regression on the best of all subsets of columns.

    Parameters
    ----------
    cv : int, splitter or iterable
        As in scikit-learn; every row must be held out exactly once. A number of folds above that of the rows is refused.
    ridge : float
        Penalty on coefficients of columns of unit variance, 0 or more.
    sizes : None, int or tuple (int, int)
        Numbers of columns to try.
    constraints : Constraints, optional
        By the names of the columns of a data frame, or x0, x1, ...
    criterion : {"cv", "loo", "aic", "aicc", "bic", "ebic", "cp", "adjr2"}
        What is minimised; `cv` is used for the first only.
    rule : {"best", "one_se"}
        The subset of lowest loss, or the smallest one within one standard error of it.
    keep : int
        Length of the list of best subsets in `result_`.
    n_jobs : int
        Processes.

    Attributes
    ----------
    result_ : SearchResult
    mask_ : int
        The chosen subset.
    fit_ : LinearFit
    coef_ : array, shape (p,)
        0 outside the subset.
    intercept_ : float

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> x = rng.normal(size=(90, 5))
    >>> model = ExhaustiveRegressor(rule="one_se").fit(x, 3 * x[:, 2] + rng.normal(size=90))
    >>> model.get_support(indices=True).tolist()
    [2]
    """

    def __init__(
        self, cv=5, *, ridge=0.0, sizes=None, constraints=None, criterion="cv", rule="best", keep=1000, n_jobs=1
    ):  # numpydoc ignore=GL08
        self.cv = cv
        self.ridge = ridge
        self.sizes = sizes
        self.constraints = constraints
        self.criterion = criterion
        self.rule = rule
        self.keep = keep
        self.n_jobs = n_jobs

    def fit(self, X, y, groups=None):
        """Search, and fit the chosen subset to all rows.

        Parameters
        ----------
        X : array, shape (n, p)
        y : array, shape (n,)
        groups : array, shape (n,), optional
            For splitters that keep groups together.

        Returns
        -------
        ExhaustiveRegressor
            Itself.
        """
        X, y = validate_data(self, X, y, y_numeric=True, dtype=np.float64, ensure_min_samples=3)
        if self.criterion not in ("cv", "loo", *CRITERIA):
            raise ValueError(f"criterion = {self.criterion!r}: expected one of cv, loo, {', '.join(CRITERIA)}")
        folds = {"cv": None, "loo": "loo"}.get(self.criterion)
        if self.criterion == "cv":
            folds = folds_of(self.cv, X, y, groups)
        criterion = self.criterion if self.criterion in CRITERIA else None
        problem = LinearProblem(X, y, folds, ridge=self.ridge, names=self._column_names(), criterion=criterion)
        self._search(problem)
        self.coef_ = np.zeros(self.n_features_in_)
        self.coef_[self.fit_.columns] = self.fit_.coef
        self.intercept_ = self.fit_.intercept
        return self

    def predict(self, X):
        """Response of rows.

        Parameters
        ----------
        X : array, shape (m, p)
            All columns that `fit` saw.

        Returns
        -------
        array, shape (m,)
        """
        check_is_fitted(self)
        return self.fit_.predict(validate_data(self, X, reset=False, dtype=np.float64))


class ExhaustiveClassifier(ClassifierMixin, _Exhaustive):
    """Multinomial logistic regression on the best of all subsets of columns.

    Parameters
    ----------
    cv : int, splitter or iterable
        As in scikit-learn (a number means stratified folds); every row must be held out exactly once.
    C : float
        Inverse strength of the penalty, above 0 (`MultinomialProblem`).
    scale : {"fold", "global", False}
        Where the columns are standardised for the penalty.
    sizes : None, int or tuple (int, int)
        Numbers of columns to try.
    constraints : Constraints, optional
        By the names of the columns of a data frame, or x0, x1, ...
    rule : {"best", "one_se"}
        The subset of lowest held-out log-loss, or the smallest one within one standard error of it.
    keep : int
        Length of the list of best subsets in `result_`.
    n_jobs : int
        Processes.

    Attributes
    ----------
    classes_ : array, shape (K,)
    result_ : SearchResult
    mask_ : int
        The chosen subset.
    fit_ : MultinomialFit
    """

    def __init__(
        self, cv=5, *, C=1.0, scale="fold", sizes=None, constraints=None, rule="best", keep=1000, n_jobs=1
    ):  # numpydoc ignore=GL08
        self.cv = cv
        self.C = C
        self.scale = scale
        self.sizes = sizes
        self.constraints = constraints
        self.rule = rule
        self.keep = keep
        self.n_jobs = n_jobs

    def fit(self, X, y, groups=None):
        """Search, and fit the chosen subset to all rows.

        Parameters
        ----------
        X : array, shape (n, p)
        y : array, shape (n,)
            Classes.
        groups : array, shape (n,), optional
            For splitters that keep groups together.

        Returns
        -------
        ExhaustiveClassifier
            Itself.
        """
        from lib.subset_search.multinomial import MultinomialProblem

        X, y = validate_data(self, X, y, dtype=np.float64)
        check_classification_targets(y)
        self.classes_ = np.unique(y)
        folds = folds_of(self.cv, X, y, groups, classifier=True)
        self._search(MultinomialProblem(X, y, folds, C=self.C, names=self._column_names(), scale=self.scale))
        return self

    def predict_proba(self, X):
        """Probabilities of the classes.

        Parameters
        ----------
        X : array, shape (m, p)
            All columns that `fit` saw.

        Returns
        -------
        array, shape (m, K)
        """
        check_is_fitted(self)
        return self.fit_.predict_proba(validate_data(self, X, reset=False, dtype=np.float64))

    def predict(self, X):
        """Most probable class.

        Parameters
        ----------
        X : array, shape (m, p)

        Returns
        -------
        array, shape (m,)
        """
        most = self.predict_proba(X).argmax(axis=1)
        return self.classes_[most]


def folds_of(cv, x, y, groups=None, *, classifier=False):
    """Fold numbers from a splitter of scikit-learn.

    Parameters
    ----------
    cv : int, splitter or iterable
    x : array, shape (n, p)
    y, groups : array, shape (n,)
    classifier : bool
        Whether a plain number of folds means stratified ones.

    Returns
    -------
    array of int, shape (n,)
        In which fold each row is held out.

    Raises
    ------
    ValueError
        If the splitter holds a row out more or less often than once.
    """
    folds, times = np.zeros(len(y), np.int64), np.zeros(len(y), int)
    for f, (_, held) in enumerate(check_cv(cv, y, classifier=classifier).split(x, y, groups)):
        folds[held] = f
        times[held] += 1
    if np.any(times != 1):
        raise ValueError(
            f"cv = {cv!r} holds out {np.count_nonzero(times != 1)} of {len(times)} rows more or less often than once; take a "
            "splitter that partitions the rows, such as KFold or GroupKFold"
        )
    return folds
