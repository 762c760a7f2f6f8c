"""Sampled searches and honest scores over many sets: do errors cover, are p values uniform, is the nested score unbiased."""

import hashlib

import numpy as np
import pytest
from scipy.stats import binomtest, kstest

from lib.subset_search import LinearProblem, exchange_search, exhaustive_search, nested_cv, permuted_null

pytestmark = pytest.mark.acceptance
SEED = int.from_bytes(hashlib.sha256(b"replica exchange over subsets of columns").digest()[:8])


def made(number, n=60, p=12, signal=True):
    rng = np.random.default_rng([SEED, number])
    x = rng.normal(size=(n, p))
    x[:, 5 % p] = x[:, 0] + 0.3 * rng.normal(size=n)
    y = signal * (x[:, 0] + 0.6 * x[:, 1] - 0.4 * x[:, 2]) + rng.normal(size=n)
    return LinearProblem(x, y, folds=np.arange(n) % 5)


def test_stated_errors_cover_the_exhaustive_counts_and_frequencies():
    z = []
    for number in range(20):
        problem = made(number)
        exact = exhaustive_search(problem)
        found = exchange_search(problem, n_sweeps=1000, seed=number)
        assert found.ok
        assert found.best.mask == exact.best.mask
        for share in (0.003, 0.01, 0.1, 0.5, 0.9):
            limit = np.quantile(exact.whole.loss, share)
            count, se = found.count_below(limit)
            z.append((count - (exact.whole.loss <= limit).sum()) / se)
        true = exact.inclusion("boltzmann", beta=found.gauge.factor / exact.gauge.factor)["frequency"]
        sampled = found.inclusion("boltzmann")
        some = sampled["frequency_se"] > 1e-3
        z.extend((sampled["frequency"] - true)[some] / sampled["frequency_se"][some])
    z = np.array(z)
    # Student's t with 19 degrees of freedom: 95 % within 2.09; of the correlated values of a run some 5 are independent
    assert binomtest(round(100 * np.mean(np.abs(z) < 2.09)), 100, 0.95).pvalue > 1e-3
    assert abs(z.mean()) < 4 * z.std() / np.sqrt(100)


def test_p_values_are_uniform_without_a_relation():
    p = np.array([permuted_null(made(n, 40, 6, signal=False), 19, sizes=(1, 3), seed=n).p_value for n in range(120)])
    assert kstest(p - np.random.default_rng(SEED).random(120) / 20, "uniform").pvalue > 1e-3


def test_nested_score_is_that_of_fresh_rows():
    difference, optimism = [], []
    for number in range(200):
        rng = np.random.default_rng([SEED, 7, number])
        x = rng.normal(size=(60, 8))
        truth = np.array([0.5, 0.3, 0, 0, 0, 0, 0, 0])
        problem = LinearProblem(x, x @ truth + rng.normal(size=60), folds=np.arange(60) % 5)
        score = nested_cv(problem)
        expected = []
        for row in score.folds.itertuples():
            fit = problem.with_rows(np.flatnonzero(problem.folds != row.fold)).fit(row.mask)
            full = np.zeros(8)
            full[[int(name[1:]) for name in row.features.split(", ")]] = fit.coef
            expected.append(1 + fit.intercept**2 + np.sum((full - truth) ** 2))  # columns are independent, mean 0, variance 1
        difference.append(score.loss - np.mean(expected))
        optimism.append(score.optimistic_loss - np.mean(expected))
    error = np.std(difference, ddof=1) / np.sqrt(200)
    assert abs(np.mean(difference)) < 3.3 * error  # chance 0.001
    assert np.mean(optimism) < -5 * error


def test_the_same_bits_in_several_processes_and_after_resuming(tmp_path):
    problem = made(1)
    runs = [exchange_search(problem, n_sweeps=300, seed=1, n_jobs=jobs, store=store)
            for jobs, store in ((1, None), (2, None), (2, tmp_path), (1, tmp_path))]  # fmt: skip
    for other in runs[1:]:
        assert other.density.equals(runs[0].density)
        assert other.top.equals(runs[0].top)
    nested = [nested_cv(problem, sizes=(1, 3), n_jobs=jobs) for jobs in (1, 2)]
    assert nested[0].folds.equals(nested[1].folds)
    null = [permuted_null(problem, 4, sizes=2, n_jobs=jobs, seed=3) for jobs in (1, 2)]
    assert null[0].best_loss.tolist() == null[1].best_loss.tolist()
