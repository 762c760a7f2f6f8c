"""Proportions of known end members: exact constraints, optimality, other routes to the same answer."""

import numpy as np
import pytest
from scipy import optimize

from lib.unmixing.artificial import pelagic
from lib.unmixing.fcls import fully_constrained, solve


def mixtures(k, d, n, seed=0, noise=0.3):
    rng = np.random.default_rng(seed)
    e = rng.dirichlet(np.ones(d), k)
    return rng.dirichlet(np.ones(k), n) @ e + noise * 0.1 * rng.standard_normal((n, d)), e, rng


def test_an_exact_mixture_gives_its_proportions_back():
    made = pelagic(200, 0.0, np.random.default_rng(1))
    found = fully_constrained(made.x, made.end_members)
    np.testing.assert_allclose(found, made.proportions, atol=1e-9)


@pytest.mark.parametrize(("k", "d"), [(2, 3), (4, 10), (6, 8), (10, 14)])  # 10 goes the way without a table of sub-systems
def test_the_same_as_non_negative_least_squares_with_a_heavy_row_for_the_sum(k, d):
    x, e, rng = mixtures(k, d, 40)
    s = rng.uniform(0.5, 2, d)
    found = fully_constrained(x, e, s)
    assert (found >= 0).all()
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-14)
    heavy = 1e5 * np.max(np.abs(e / s))
    other = [optimize.nnls(np.vstack([(e / s).T, np.full(k, heavy)]), np.append(row / s, heavy))[0] for row in x]
    # the heavy row itself errs by about 1e-10, magnified where end members are alike
    np.testing.assert_allclose(found, other, atol=1e-6)


def test_at_the_optimum_no_exchange_between_two_end_members_helps():
    x, e, _ = mixtures(5, 9, 60, seed=3)
    gram, linear = e @ e.T, x @ e.T
    a = solve(gram, linear)
    slope = a @ gram - linear
    # whoever is present has the smallest slope; whoever is absent has none smaller
    least = slope.min(axis=1, keepdims=True)
    size = np.abs(gram).max()
    assert np.max(np.where(a > 1e-9, slope - least, 0)) < 1e-8 * size


def test_a_start_changes_nothing():
    x, e, rng = mixtures(4, 8, 50, seed=4)
    start = rng.dirichlet(np.full(4, 0.3), 50)
    start[:10] = np.eye(4)[0]
    np.testing.assert_allclose(solve(e @ e.T, x @ e.T, start), solve(e @ e.T, x @ e.T), atol=1e-9)


def test_errors_of_each_cell_and_of_each_part_agree_where_they_are_the_same():
    x, e, rng = mixtures(4, 8, 50, seed=5)
    s = rng.uniform(0.5, 2, 8)
    np.testing.assert_allclose(fully_constrained(x, e, np.broadcast_to(s, x.shape)), fully_constrained(x, e, s), atol=1e-10)


def test_an_empty_cell_is_the_same_as_a_part_less():
    x, e, _ = mixtures(3, 7, 20, seed=6)
    s = np.ones(7)
    holes = x.copy()
    holes[:, 2] = np.nan
    keep = [0, 1, 3, 4, 5, 6]
    np.testing.assert_allclose(fully_constrained(holes, e, s), fully_constrained(x[:, keep], e[:, keep], s[keep]), atol=1e-10)


def test_the_unit_of_a_part_does_not_matter():
    x, e, _ = mixtures(4, 8, 50, seed=7)
    factor = np.array([1, 1e4, 1, 1e-3, 1, 1, 1, 10.0])
    np.testing.assert_allclose(fully_constrained(x * factor, e * factor), fully_constrained(x, e), atol=1e-9)


def test_a_subset_must_not_be_closed_again():
    made = pelagic(50, 0.0, np.random.default_rng(2))
    x, e = made.x[:, 1:], made.end_members[:, 1:]  # silica was not analysed
    np.testing.assert_allclose(fully_constrained(x, e), made.proportions, atol=1e-9)
    again = fully_constrained(x / x.sum(axis=1, keepdims=True), e / e.sum(axis=1, keepdims=True))
    assert np.abs(again - made.proportions).max() > 0.2


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda x, e: (x[:, 1:], e, None), "same parts"),
        (lambda x, e: (x, np.vstack([e, e[:2].mean(axis=0)]), None), "mixture of the others"),
        (lambda x, e: (x[:, :2], e[:, :2], None), "at least 3 parts"),
        (lambda x, e: (x, e, np.zeros(6)), "positive"),
        (lambda x, e: (np.where(np.arange(6) < 4, np.nan, x), e, None), "fewer measured parts"),
        (lambda x, e: (x, np.where(e == e.max(), np.inf, e), None), "finite"),
        (lambda x, e: (x[0], e, None), "two dimensions"),
    ],
)
def test_what_cannot_be_done_is_said(change, message):
    x, e, _ = mixtures(4, 6, 10)
    with pytest.raises(ValueError, match=message):
        fully_constrained(*change(x, e))
