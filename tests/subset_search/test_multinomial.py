"""Multinomial subsets: the losses of scikit-learn, two routes that agree, invariances, separated classes."""

import math
import pickle

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from lib.subset_search import MultinomialProblem, separable, stratified
from lib.subset_search.multinomial_reference import newton

# The compiled loops stop at 3e-9 nats a row by their own estimate; scikit-learn at tol=1e-9 is good to about 1e-8.
COMPILED, SKLEARN = 1e-8, 1e-7


def table(n_classes, n=90, p=4, apart=1.0, seed=5):
    """Correlated columns of unlike scale, one of them skew."""
    rng = np.random.default_rng(seed)
    codes = np.arange(n) % n_classes
    x = apart * rng.normal(size=(n_classes, p))[codes] + rng.normal(size=(n, p)) @ (np.eye(p) + 0.3)
    x[:, 1] += rng.exponential(size=n)
    return x * np.linspace(0.3, 3.0, p) + 2.0, np.array(["igneous", "meta", "sed", "vein"])[codes]


def by_sklearn(x, labels, folds, columns, C, scale):
    """Held-out losses and accuracy from one tight scikit-learn fit a fold."""
    losses, right = np.empty(len(x)), np.empty(len(x), bool)
    x = x[:, columns]
    for fold in np.unique(folds):
        held = folds == fold
        rows = ~held if scale == "fold" else np.ones(len(x), bool)
        z = (x - x[rows].mean(axis=0)) / x[rows].std(axis=0) if scale else x
        model = LogisticRegression(C=C, tol=1e-9, max_iter=200, solver="newton-cholesky").fit(z[~held], labels[~held])
        log_p = model.predict_log_proba(z[held])
        losses[held] = -log_p[np.arange(held.sum()), np.searchsorted(model.classes_, labels[held])]
        right[held] = model.predict(z[held]) == labels[held]
    return losses, right.mean()


@pytest.mark.parametrize(
    ("n_classes", "scale", "C"), [(3, "fold", 1.0), (3, "global", 30.0), (4, False, 1.0), (2, "fold", 0.5)]
)
def test_losses_and_accuracy_are_those_of_scikit_learn(n_classes, scale, C):
    x, labels = table(n_classes)
    folds = stratified(labels, 4, seed=1)
    masks = np.array([1, 6, 11, 15])
    scores = MultinomialProblem(x, labels, folds, C, scale=scale).score(masks)
    for mask, loss, accuracy in zip(masks, scores.loss, scores.accuracy, strict=True):
        columns = [j for j in range(4) if mask >> j & 1]
        # two classes: one weight vector w = w_1 - w_2 is penalised there, w_1 and w_2 = -w_1 here
        losses, right = by_sklearn(x, labels, folds, columns, 2 * C if n_classes == 2 else C, scale)
        assert loss == pytest.approx(losses.mean(), abs=SKLEARN)
        assert accuracy == pytest.approx(right)
    assert not scores.flag.any()


@pytest.mark.parametrize(("n_classes", "apart", "C"), [(3, 1.0, 1.0), (2, 0.3, 1e-2), (4, 1.0, 10.0), (3, 6.0, 1e4)])
def test_compiled_loops_and_batched_numpy_agree_on_all_subsets(n_classes, apart, C):
    x, labels = table(n_classes, apart=apart)
    x[:, 3] = x[:, 0] - x[:, 2]  # a log ratio: exactly collinear, held by the penalty alone
    folds = stratified(labels, 9, seed=2)  # more than one group of lanes
    masks = np.arange(16)
    compiled, plain = (MultinomialProblem(x, labels, folds, C, engine=engine) for engine in ("numba", "numpy"))
    np.testing.assert_allclose(compiled.fold_losses(masks), plain.fold_losses(masks), atol=COMPILED * len(x) / 2)
    a, b = compiled.score(masks), plain.score(masks)
    np.testing.assert_allclose(a.loss, b.loss, rtol=0, atol=COMPILED)
    np.testing.assert_allclose(a.loss_se, b.loss_se, rtol=0, atol=COMPILED)
    # of the empty subset, classes of equal frequency tie exactly, and rounding decides
    np.testing.assert_array_equal(compiled.fold_hits(masks[1:]), plain.fold_hits(masks[1:]))
    assert not (a.flag | b.flag).any()


def test_outliers_and_a_weak_penalty_do_not_change_the_minimum():
    x, labels = table(4, apart=6.0)
    rng = np.random.default_rng(3)
    x = x + rng.standard_t(1.0, size=x.shape)
    x[5] = x[5] * 300.0  # far beyond the linear predictors at which exp() is cut
    folds = stratified(labels, 3, seed=4)
    masks = np.arange(1, 16, 2)
    compiled, plain = (MultinomialProblem(x, labels, folds, 1e5, engine=engine).score(masks) for engine in ("numba", "numpy"))
    assert plain.loss.max() > 10.0
    np.testing.assert_allclose(compiled.loss, plain.loss, rtol=COMPILED, atol=SKLEARN)
    assert not (compiled.flag | plain.flag).any()


def test_a_value_does_not_depend_on_its_neighbours_in_the_call():
    x, labels = table(3)
    problem = MultinomialProblem(x, labels, stratified(labels, 5))
    masks = np.arange(16)
    together = problem.fold_losses(masks)
    shuffled = np.random.default_rng(0).permutation(16)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(problem)).fold_losses(masks[shuffled]), together[shuffled])
    np.testing.assert_array_equal(problem.fold_losses([13])[0], together[13])


def test_the_empty_subset_predicts_class_frequencies():
    x, labels = table(3)
    labels[:12] = "meta"
    folds = stratified(labels, 3)
    expected = sum(
        -math.log(np.mean(labels[folds != fold] == label)) for label, fold in zip(labels, folds, strict=True)
    ) / len(labels)
    assert MultinomialProblem(x, labels, folds).score([0]).loss[0] == pytest.approx(expected, abs=COMPILED)


def test_order_and_scale_of_columns_and_order_of_rows_do_not_matter():
    x, labels = table(3)
    folds = stratified(labels, 5)
    loss = MultinomialProblem(x, labels, folds).score([0b0111, 0b1001]).loss
    turned = MultinomialProblem(x[:, ::-1] * [5.0, 0.1, 1e3, -1.0], labels, folds).score([0b1110, 0b1001]).loss
    np.testing.assert_allclose(turned, loss, atol=COMPILED)
    rows = np.random.default_rng(1).permutation(len(x))
    np.testing.assert_allclose(
        MultinomialProblem(x, labels, folds).with_rows(rows).score([0b0111]).loss, loss[:1], atol=COMPILED
    )


def test_repeats_are_averaged():
    x, labels = table(3)
    folds = np.column_stack([stratified(labels, 5, seed=1), stratified(labels, 5, seed=2)])
    both = MultinomialProblem(x, labels, folds)
    single = [both.with_folds(column).score([7]) for column in folds.T]
    scores = both.score([7])
    assert scores.loss[0] == pytest.approx(np.mean([s.loss[0] for s in single]))
    assert scores.accuracy[0] == pytest.approx(np.mean([s.accuracy[0] for s in single]))
    assert min(s.loss_se[0] for s in single) <= scores.loss_se[0] <= max(s.loss_se[0] for s in single)
    assert both.n_folds == 10


def test_held_out_probabilities_give_the_losses():
    x, labels = table(3)
    problem = MultinomialProblem(x, labels, stratified(labels, 5))
    probabilities = problem.cv_probabilities(0b1011)
    assert -np.log(probabilities[np.arange(90), problem.codes]).mean() == pytest.approx(
        problem.score([11]).loss[0], abs=COMPILED
    )
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0)


def test_a_fit_is_a_minimum_and_says_the_same_in_both_spaces():
    x, labels = table(3)
    problem = MultinomialProblem(x, labels, stratified(labels, 5), C=2.0, names=["La", "Eu", "Yb", "Th"])
    fit = problem.fit(0b1101)
    assert (fit.names, fit.converged) == (("La", "Yb", "Th"), True)
    z = (x[:, fit.columns] - fit.mean) / fit.sd
    residual = fit.predict_proba(x) - (problem.codes[:, None] == np.arange(3))
    np.testing.assert_allclose(residual.T @ z + fit.coef / 2.0, 0.0, atol=1e-8)  # the gradient, by another formula
    np.testing.assert_allclose(residual.sum(axis=0), 0.0, atol=1e-8)
    np.testing.assert_allclose(fit.coef.sum(axis=0), 0.0, atol=1e-12)
    linear = fit.ppm()
    np.testing.assert_allclose(x[:, fit.columns] @ linear.coef.T + linear.intercept, fit.decision(x), atol=1e-9)
    intercept, coef = fit.discriminant("sed", "igneous")
    log_odds = np.log(fit.predict_proba(x)[:, 2] / fit.predict_proba(x)[:, 0])
    np.testing.assert_allclose(intercept + x[:, fit.columns] @ coef, log_odds, atol=1e-9)
    np.testing.assert_allclose(fit.predict_proba(x[:, fit.columns]), fit.predict_proba(x))
    assert problem.row_losses(fit).mean() == pytest.approx(fit.loss)
    np.testing.assert_allclose(problem.row_losses(fit, [3, 8]), problem.row_losses(fit)[[3, 8]])
    assert fit.loss < math.log(3)


def test_separated_classes_are_reported_and_stay_finite():
    x, labels = table(3, apart=8.0)
    problem = MultinomialProblem(x, labels, stratified(labels, 5), C=100.0)
    message = separable(problem.fit(15), x, labels)
    assert "all classes are separated without error by x0, x1, x2, x3" in message
    assert "C = 100" in message
    assert np.isfinite(problem.score([15]).loss).all()
    x, labels = table(3, apart=0.5)
    assert separable(MultinomialProblem(x, labels, stratified(labels, 5)).fit(15), x, labels) == ""


def test_newton_from_a_wild_start_finds_the_same_minimum():
    x, labels = table(3)
    z = (x - x.mean(axis=0)) / x.std(axis=0)
    codes = np.unique(labels, return_inverse=True)[1]
    plain = newton(z, codes, 3, np.ones(4))
    wild = newton(z, codes, 3, np.ones(4), start=np.full((2, 5), 40.0))
    assert plain[2]
    assert wild[2]
    np.testing.assert_allclose(wild[0], plain[0], atol=1e-7)


X, LABELS = table(3)
FOLDS = np.arange(90) // 3 % 5


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"x": np.where(np.arange(4) == 2, np.nan, X)}, "first: row 0, column x2.*before the logarithm"),
        ({"x": X * [1, 0, 1, 1]}, "constant columns: x1"),
        ({"labels": np.full(90, "meta")}, "at least two classes"),
        ({"labels": LABELS[:50]}, "50 labels for 90 rows"),
        ({"folds": np.arange(90) % 3}, "fold 0 holds every row of class igneous"),
        ({"folds": FOLDS + 1}, "numbered 0, 1"),
        ({"folds": FOLDS.astype(float)}, "whole numbers"),
        ({"C": np.inf}, "no fit without a penalty"),
        ({"scale": True}, "expected one of"),
        ({"names": ["La", "La", "Eu", "Yb"]}, "4 names .3 different"),
        (
            {"x": np.where((FOLDS == 0)[:, None] | (np.arange(4) != 3), X, 7.0)},
            "x3 is constant in the training rows of fold 0",
        ),
    ],
)
def test_refusals_say_what_and_where(change, message):
    with pytest.raises(ValueError, match=message):
        MultinomialProblem(**({"x": X, "labels": LABELS, "folds": FOLDS} | change))


def test_masks_outside_the_columns_are_refused():
    problem = MultinomialProblem(X, LABELS, FOLDS)
    with pytest.raises(ValueError, match="below 2\\*\\*4"):
        problem.score([16])
    with pytest.raises(ValueError, match="mask 16 is outside"):
        problem.fit(16)
    with pytest.raises(ValueError, match="unknown class 'slate'"):
        problem.fit(3).discriminant("slate", "sed")
    with pytest.raises(ValueError, match="those of the fit: x0, x1"):
        problem.fit(3).predict(X[:, :3])


def test_chunks_are_fixed_by_the_problem():
    problem = MultinomialProblem(X, LABELS, FOLDS)
    assert problem.chunk == MultinomialProblem(X, LABELS, FOLDS).chunk
    assert 16 <= problem.chunk <= 4096
    assert problem.estimate_seconds(2000) == pytest.approx(2 * problem.estimate_seconds(1000))
