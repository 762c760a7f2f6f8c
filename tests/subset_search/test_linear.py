"""Losses of linear subsets against a fit a fold, their independence of each other, and what cannot be fitted."""

import math
import pickle

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.model_selection import LeaveOneOut, PredefinedSplit, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from lib.subset_search import LinearProblem, energy_factor, fold_statistics
from lib.subset_search.masks import members

N, P = 60, 5
RNG = np.random.default_rng(20200210)
#: Columns in units as unlike as kelvin and mole fractions, far from zero, and correlated.
X = (RNG.normal(size=(N, P)) @ (np.eye(P) + 0.4)) * [1, 100, 1e-3, 10, 0.1] + np.array([0, 1500, 0.02, -5, 1])
Y = 3e4 + 2 * X[:, 1] + 5e4 * X[:, 2] + RNG.normal(size=N) * 100
FOLDS = RNG.permutation(N) % 7
ALL = np.arange(1 << P, dtype=np.uint64)
# Gram matrices hold squares, so errors are those of the condition number squared: 1e-10 is the target, 1e-13 is usual here.
EXACT = 1e-10


def reference(model, cv, x=X, masks=ALL):
    """Squared error of each held-out row, shape (masks, rows), by a fit a fold."""
    columns = [np.flatnonzero(row) for row in members(masks, P)]
    held = [cross_val_predict(model, x[:, c] if len(c) else np.ones((N, 1)), Y, cv=cv) for c in columns]
    return (np.array(held) - Y) ** 2


@pytest.mark.parametrize("ridge", [0.0, 7.0])
def test_cross_validated_losses_are_those_of_a_fit_a_fold(ridge):
    model = make_pipeline(StandardScaler(), Ridge(ridge)) if ridge else LinearRegression()
    some = ALL[[0, 1, 2, 4, 8, 16, 9, 22, 13, 30, 31]]
    squared = reference(model, PredefinedSplit(FOLDS), masks=some)
    problem = LinearProblem(X, Y, FOLDS, ridge=ridge)
    summed = np.stack([squared[:, f == FOLDS].sum(axis=1) for f in range(7)], axis=1)
    np.testing.assert_allclose(problem.fold_losses(some), summed, rtol=EXACT)
    np.testing.assert_allclose(problem.score(some).loss, squared.mean(axis=1), rtol=EXACT)


@pytest.mark.parametrize("ridge", [0.0, 7.0])
def test_leave_one_out_in_closed_form_is_a_fit_a_row(ridge):
    model = Ridge(ridge) if ridge else LinearRegression()
    some = ALL[[0, 4, 11, 31]]
    squared = reference(model, LeaveOneOut(), X / X.std(axis=0), some)
    problem = LinearProblem(X, Y, "loo", ridge=ridge)
    np.testing.assert_allclose(problem.fold_losses(some), squared, rtol=1e-8)  # single errors may be near zero
    scores = problem.score(some)
    np.testing.assert_allclose(scores.loss, squared.mean(axis=1), rtol=EXACT)
    np.testing.assert_allclose(scores.loss_se, squared.std(axis=1, ddof=1) / np.sqrt(N), rtol=EXACT)


def test_a_penalty_on_unscaled_columns_is_that_of_a_plain_ridge():
    problem = LinearProblem(X, Y, FOLDS, ridge=0.5, scale=False)
    some = ALL[1::6]
    squared = reference(Ridge(0.5, solver="svd"), PredefinedSplit(FOLDS), masks=some)
    np.testing.assert_allclose(problem.score(some).loss, squared.mean(axis=1), rtol=1e-8)  # of columns in unlike units


def test_the_value_of_a_subset_depends_on_its_mask_alone():
    for problem in (LinearProblem(X, Y, FOLDS), LinearProblem(X, Y, "loo"), LinearProblem(X, Y)):
        together = problem.score(ALL).loss
        alone = np.array([problem.score([mask]).loss[0] for mask in ALL])
        shuffled = RNG.permutation(ALL)
        assert np.array_equal(together, alone)
        assert np.array_equal(problem.score(shuffled).loss, together[shuffled.astype(int)])
        assert np.array_equal(problem.score(np.repeat(shuffled, 2)).loss[::2], together[shuffled.astype(int)])
        assert np.array_equal(pickle.loads(pickle.dumps(problem)).score(ALL).loss, together)


def test_losses_do_not_depend_on_the_order_or_the_scale_of_columns():
    turned = np.array([int(f"{mask:05b}"[::-1], 2) for mask in ALL], np.uint64)
    for folds in (FOLDS, "loo", None):
        one, other = LinearProblem(X, Y, folds), LinearProblem(X[:, ::-1] * 1e4 - 3, Y, folds)
        np.testing.assert_allclose(one.score(ALL).loss, other.score(turned).loss, rtol=EXACT)


def test_criteria_are_those_of_their_definitions():
    table = LinearProblem(X, Y).criteria(ALL).set_index("mask")
    tss, n = float(((Y - Y.mean()) ** 2).sum()), N
    for mask in (0b00001, 0b10110, 0b11111):
        design = np.column_stack([np.ones(N), X[:, members([mask], P)[0]]])
        hat = design @ np.linalg.pinv(design)
        residual = Y - hat @ Y
        rss, k, row = float(residual @ residual), mask.bit_count(), table.loc[mask]
        sigma2 = table.loc[31, "rss"] / (n - P - 1)
        # Maximised normal log-likelihood, with the variance as a parameter (as AIC and BIC of R's lm).
        log_likelihood = -n / 2 * (math.log(2 * math.pi * rss / n) + 1)
        aic = -2 * log_likelihood + 2 * (k + 2)
        expected = {
            "size": k,
            "rss": rss,
            "r2": 1 - rss / tss,
            "adj_r2": 1 - (rss / (n - k - 1)) / (tss / (n - 1)),
            "aic": aic,
            "aicc": aic + 2 * (k + 2) * (k + 3) / (n - k - 3),
            "bic": -2 * log_likelihood + (k + 2) * math.log(n),
            "ebic": -2 * log_likelihood + (k + 2) * math.log(n) + 2 * math.log(math.comb(P, k)),
            "cp": rss / sigma2 - n + 2 * (k + 1),
            "press": float(((residual / (1 - np.diag(hat))) ** 2).sum()),
        }
        assert row.to_dict() == pytest.approx(expected, rel=1e-9)
    for name in ("aic", "aicc", "bic", "ebic", "cp"):
        assert np.array_equal(LinearProblem(X, Y, criterion=name).score(ALL).loss, table[name].to_numpy())


def test_a_fit_is_least_squares_with_its_covariance():
    problem = LinearProblem(X, Y, FOLDS, names=list("abcde"))
    fit = problem.fit(0b10110)
    design = np.column_stack([np.ones(N), X[:, [1, 2, 4]]])
    beta, rss, *_ = np.linalg.lstsq(design / design.std(axis=0).clip(1e-9, None), Y)  # another scale, another solver
    assert fit.names == ("b", "c", "e")
    np.testing.assert_allclose(fit.predict(X), design / design.std(axis=0).clip(1e-9, None) @ beta, rtol=1e-9)
    assert fit.rss == pytest.approx(float(rss[0]), rel=1e-9)
    covariance = fit.sigma**2 * np.linalg.inv(design.T @ design)
    np.testing.assert_allclose(fit.covariance, covariance, rtol=1e-4)  # a plain inverse of unscaled columns is that inexact
    np.testing.assert_allclose(fit.standardised, fit.coef * X[:, [1, 2, 4]].std(axis=0) / Y.std(), rtol=1e-12)
    np.testing.assert_allclose(problem.row_losses(fit, [3, 5]), (Y - fit.predict(X))[[3, 5]] ** 2)
    shrunk = LinearProblem(X, Y, FOLDS, ridge=20.0).fit(31)
    model = make_pipeline(StandardScaler(), Ridge(20.0)).fit(X, Y)
    np.testing.assert_allclose(shrunk.predict(X), model.predict(X), rtol=1e-10)
    assert problem.fit(0).predict(X[:2]) == pytest.approx([Y.mean()] * 2)


def test_collinear_columns_have_no_loss_and_say_so():
    x = np.column_stack([X, X[:, 0] - X[:, 3]])  # such as log Th, log U and log Th/U
    rare = np.where(FOLDS == 2, X[:, 0], 1.0)  # varies in one fold only: constant when that fold is held out
    trio, one = 0b101001, 0b1000000
    for folds in (FOLDS, "loo", None):
        scores = LinearProblem(np.column_stack([x, rare]), Y, folds).score([trio, trio | 0b10, 0b001001, one, 0])
        bad = [True, True, False, isinstance(folds, np.ndarray), False]
        assert np.isnan(scores.loss).tolist() == bad
        assert (scores.flag == 1).tolist() == bad
    with pytest.raises(ValueError, match=r"columns x0, x3, x5 are collinear.*Leave one out, or give a ridge"):
        LinearProblem(x, Y).fit(trio)
    assert np.isfinite(LinearProblem(x, Y, FOLDS, ridge=1e-3).score([trio]).loss).all()


def test_a_row_that_alone_decides_a_coefficient_cannot_be_left_out():
    x = np.column_stack([X[:, 0], np.arange(N) == 7])
    assert np.isnan(LinearProblem(x, Y, "loo").score([0b01, 0b10, 0b11]).loss).tolist() == [False, True, True]


def test_standard_errors_of_equal_folds_are_those_of_the_fold_means():
    losses = RNG.gamma(2.0, size=(4, 10))
    loss, se = fold_statistics(losses * 6, np.full(10, 6))
    np.testing.assert_allclose(loss, losses.mean(axis=1))
    np.testing.assert_allclose(se, losses.std(axis=1, ddof=1) / np.sqrt(10))
    assert np.all(fold_statistics(np.outer([1.0, 2.0], [5, 7, 11]), [5, 7, 11])[1] < 1e-15), "equal means, unequal folds"


def test_other_rows_and_other_targets_make_the_same_kind_of_problem():
    problem = LinearProblem(X, Y, FOLDS, ridge=1.0, names=list("abcde"))
    rows = np.flatnonzero(FOLDS != 3)
    part = problem.with_rows(rows)
    again = LinearProblem(X[rows], Y[rows], np.where(FOLDS > 3, FOLDS - 1, FOLDS)[rows], ridge=1.0)
    assert np.array_equal(part.score(ALL).loss, again.score(ALL).loss)
    assert part.names == problem.names
    assert np.array_equal(problem.with_target(-2 * Y).score(ALL).loss, 4 * problem.score(ALL).loss)
    assert LinearProblem(X, Y, criterion="aicc").with_rows(rows).criterion == "aicc"
    assert LinearProblem(X, Y, "loo").with_rows(rows).n_folds == len(rows)


def test_energies_are_log_likelihoods():
    assert energy_factor(LinearProblem(X, Y), 123.0) == 0.5
    assert energy_factor(LinearProblem(X, Y, FOLDS), 4.0) == N / 8


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"x": X[:, 0]}, r"x of shape \(60,\), y of shape \(60,\): expected \(n, p\) and \(n,\)"),
        ({"x": np.where(np.arange(N)[:, None] == 3, np.nan, X)}, r"missing or infinite values in x0 \(1 rows\), x1"),
        ({"y": np.full(N, 4.0)}, "y is 4.0 in all 60 rows"),
        ({"names": list("abcda")}, "expected 5 different names"),
        ({"folds": FOLDS + 1}, "expected 0, 1, ... K - 1 with at least two folds and no gap"),
        ({"folds": FOLDS.astype(float)}, "one whole number a row"),
        ({"folds": FOLDS, "criterion": "bic"}, "together with folds"),
        ({"criterion": "BIC"}, "expected one of aic"),
        ({"criterion": "bic", "ridge": 1.0}, "which a ridge makes fewer"),
        ({"ridge": -1.0}, "expected a number of 0 or more"),
        ({"x": RNG.normal(size=(N, 64))}, "x has 64 columns: expected 1 to 63"),
        ({"x": RNG.normal(size=(N, 60)), "criterion": "cp"}, "needs more rows than columns and intercept"),
    ],
)
def test_what_cannot_be_a_problem_is_refused(arguments, said):
    with pytest.raises(ValueError, match=said):
        LinearProblem(**{"x": X, "y": Y, **arguments})


def test_questions_that_a_problem_cannot_answer_are_refused():
    with pytest.raises(ValueError, match="beyond the 5 columns"):
        LinearProblem(X, Y).score([32])
    with pytest.raises(ValueError, match="on no folds: make it with folds"):
        LinearProblem(X, Y).fold_losses([1])
    x = np.column_stack([X, X[:, 0] + X[:, 1]])
    with pytest.raises(ValueError, match="are collinear or leave no residual"):
        LinearProblem(x, Y, criterion="cp").score([1])
