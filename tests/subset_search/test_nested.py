"""Nested cross-validation: unbiased where the minimum is optimistic."""

import numpy as np
import pytest

from lib.subset_search.linear import LinearProblem
from lib.subset_search.nested import choose, nested_cv
from lib.subset_search.search import exhaustive_search

N, P, FOLDS = 48, 8, 4


def noise(seed, signal=0.0):
    rng = np.random.default_rng([seed, 17])
    x = rng.normal(size=(N, P))
    return LinearProblem(x, signal * x[:, 2] + rng.normal(size=N), folds=np.arange(N) % FOLDS)


def test_unbiased_where_the_minimum_is_optimistic():
    nested, optimistic, truth = [], [], []
    for seed in range(30):
        problem = noise(seed)
        score = nested_cv(problem)
        nested.append(score.loss)
        optimistic.append(score.optimistic_loss)
        # expected loss of each outer fit on fresh rows, in closed form: columns are independent with mean 0 and variance 1
        fits = [problem.with_rows(np.flatnonzero(problem.folds != row.fold)).fit(row.mask) for row in score.folds.itertuples()]
        truth.append(np.mean([1 + fit.intercept**2 + np.sum(fit.coef**2) for fit in fits]))
    error = np.std(np.subtract(nested, truth), ddof=1) / np.sqrt(30)
    assert abs(np.mean(nested) - np.mean(truth)) < 3.5 * error
    assert error < 0.08
    assert np.mean(optimistic) < np.mean(truth) - 0.1  # what the minimum promises of pure noise


def test_each_outer_fold_is_judged_by_a_search_and_fit_without_it():
    problem = noise(1, signal=1.0)
    score = nested_cv(problem, sizes=(1, 3))
    for row in score.folds.itertuples():
        train = np.flatnonzero(problem.folds != row.fold)
        inner = problem.with_rows(train)
        mask, loss, _ = choose(exhaustive_search(inner, sizes=(1, 3)))
        assert (mask, loss) == (row.mask, pytest.approx(row.inner_loss, rel=1e-12))
        held = np.flatnonzero(problem.folds == row.fold)
        assert problem.row_losses(inner.fit(mask), held).mean() == pytest.approx(row.loss, rel=1e-9)
        base = ((problem.y[held] - problem.y[train].mean()) ** 2).mean()
        assert base >= 0
    assert score.loss == pytest.approx(score.folds["loss"].mean(), rel=1e-12)  # folds of one size
    assert score.optimistic_mask == exhaustive_search(problem, sizes=(1, 3)).best.mask
    assert score.loss < 0.8 * score.baseline_loss
    assert score.inclusion.set_index("feature").loc["x2", "frequency"] == 1
    assert score.optimism == score.loss - score.optimistic_loss


def test_own_outer_folds_the_smaller_choice_and_the_sampled_search():
    problem = noise(2, signal=1.0)
    outer = np.arange(N) // 16
    best = nested_cv(problem, outer_folds=outer, sizes=(1, 4))
    small = nested_cv(problem, outer_folds=outer, sizes=(1, 4), rule="one_se")
    assert best.folds["n_rows"].tolist() == [16, 16, 16]
    assert (small.folds["size"] <= best.folds["size"]).all()
    assert small.folds["size"].sum() < best.folds["size"].sum()
    sampled = nested_cv(problem, outer_folds=outer, sizes=3, search="exchange", n_sweeps=200, n_chains=2, seed=1)
    assert sampled.folds["mask"].tolist() == nested_cv(problem, outer_folds=outer, sizes=3).folds["mask"].tolist()
    information = LinearProblem(problem.x, problem.y, names=problem.names, criterion="bic")
    assert nested_cv(information, outer_folds=outer).baseline_loss == pytest.approx(best.baseline_loss, rel=1e-12)


def test_result_of_the_whole_search_is_used():
    problem = noise(3)
    whole = exhaustive_search(problem, sizes=2)
    assert nested_cv(problem, sizes=2, result=whole).optimistic_loss == whole.best.loss


def test_refusals():
    problem = noise(0)
    with pytest.raises(ValueError, match="expected 'best' or 'one_se'"):
        nested_cv(problem, rule="luck")
    with pytest.raises(ValueError, match="expected 'exhaustive' or 'exchange'"):
        nested_cv(problem, search="luck")
    with pytest.raises(ValueError, match="none left out"):
        nested_cv(problem, outer_folds=np.arange(N) % 2 * 2)
    with pytest.raises(ValueError, match="use three or more"):
        nested_cv(problem.with_rows(np.arange(N), folds=np.arange(N) % 2))
    with pytest.raises(ValueError, match="give outer_folds"):
        nested_cv(LinearProblem(problem.x, problem.y, folds="loo"))
