"""Ties: exact collinearity, equal losses, and paired differences."""

import itertools

import numpy as np
import pytest

from lib.subset_search.linear import LinearProblem
from lib.subset_search.masks import mask_of, members
from lib.subset_search.search import exhaustive_search
from lib.subset_search.ties import collinear_sets, paired_differences, span_classes, tie_classes

NAMES = ("Ce", "Th", "U", "Eu", "Th/U", "Sm")


@pytest.fixture(scope="module")
def x():
    """Logarithms of elements, and of a ratio with the rounding of a printed table."""
    rng = np.random.default_rng(7)
    x = rng.normal(1.0, 0.4, size=(90, 6))
    x[:, 4] = x[:, 1] - x[:, 2] + 3e-8 * rng.normal(size=90)
    return x


@pytest.fixture(scope="module")
def problem(x):
    y = x[:, 0] + 0.8 * x[:, 4] + 0.2 * np.random.default_rng(1).normal(size=90)
    return LinearProblem(x, y, folds=np.arange(90) % 6, ridge=1e-9, names=NAMES)


def test_finds_thorium_uranium_and_their_ratio(x):
    found = collinear_sets(x, NAMES)
    assert found["features"].tolist() == [("Th", "U", "Th/U")]
    assert found["relation"].tolist() == ["Th - U - Th/U = constant"]
    assert 1e-9 < found["residual"][0] < 1e-6
    assert collinear_sets(x, NAMES, tol=1e-9).empty  # the rounding is seen
    assert collinear_sets(x[:, :4], NAMES[:4]).empty


def test_relations_hold_in_the_units_of_the_columns():
    rng = np.random.default_rng(2)
    parts = rng.dirichlet([4, 3, 2], size=40) * 100  # a closed sum: the intercept takes the 100
    x = np.column_stack([parts, 2.5 * parts[:, 0] - 4, rng.normal(size=40), np.full(40, 7.0)])
    found = collinear_sets(x, ["a", "b", "c", "d", "e", "f"])
    assert found["relation"].tolist() == ["a + b + c = constant", "a - 0.4 d = constant", "f = constant"]
    assert found["residual"].max() < 1e-12


def test_classes_are_those_of_rank(x):
    masks = np.arange(64, dtype=np.uint64)
    label = span_classes(x, masks)
    table = members(masks, 6)

    def rank(chosen):
        z = np.column_stack([np.ones(90), x[:, chosen]])
        return np.linalg.matrix_rank(z, tol=1e-5)

    for i, j in itertools.combinations(range(0, 64, 3), 2):
        same = rank(table[i]) == rank(table[j]) == rank(table[i] | table[j])
        assert (label[i] == label[j]) == same
    assert len(set(label)) == 40  # of the three: none, one of three, or the plane, times 2^3 other columns
    assert len(set(span_classes(x[:, :4], np.arange(16)))) == 16


def test_tie_classes_name_what_is_exchanged(problem, x):
    result = exhaustive_search(problem)
    for top, columns in ((result.top, x), (result.top, None)):
        found = tie_classes(top, NAMES, columns, tol=1e-7)
        best = found.iloc[0]
        assert (best["n"], best["common"]) == (3, ("Ce",))
        assert set(best["exchanged"].split(" | ")) == {"Th+U", "Th+Th/U", "U+Th/U"}
        assert best["loss"] == pytest.approx(problem.score(best["masks"]).loss.min(), rel=1e-9)
    assert set(tie_classes(result.top, NAMES, x)["reason"]) == {"same column space"}
    listed = [mask for masks in tie_classes(result.top, NAMES, x)["masks"] for mask in masks]
    assert len(listed) == len(set(listed)) == 24  # 8 choices of the others times three pairs; all three at once have no fit


def test_a_ridge_separates_losses_but_not_column_spaces(problem, x):
    ridged = LinearProblem(x, problem.y, folds=problem.folds, ridge=5.0, names=NAMES)
    top = exhaustive_search(ridged).top
    assert tie_classes(top, NAMES).empty
    found = tie_classes(top, NAMES, x)
    assert (found["n"] == 4).all()
    assert (found["loss_spread"] > 1e-5).all()


def test_ties_by_chance_are_called_equal_loss():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(40, 2))
    top = exhaustive_search(LinearProblem(x, x[:, 0] + rng.normal(size=40), folds=np.arange(40) % 4)).top
    top["loss"] = 1.0
    assert tie_classes(top, ["a", "b"], x)["reason"].tolist() == ["equal loss"]
    assert tie_classes(top, ["a", "b"], x)["exchanged"].tolist() == ["a | a+b | b"]


def test_paired_differences_are_known_better_than_losses(problem):
    masks = [mask_of(names, NAMES) for names in (["Ce", "Th/U"], ["Ce", "Th/U", "Eu"], ["Ce"])]
    found = paired_differences(problem, masks, reference=masks[0]).set_index("features")
    assert found.loc["Ce, Th/U", ["difference", "se", "z"]].tolist() == [0, 0, 0]
    scores = problem.score(masks)
    assert found["difference"].tolist() == pytest.approx((scores.loss - scores.loss[0]).tolist(), rel=1e-9, abs=1e-15)
    assert found.loc["Ce, Eu, Th/U" if "Ce, Eu, Th/U" in found.index else "Ce, Th/U, Eu", "se"] < 0.5 * scores.loss_se[1]
    assert found["z"].iloc[2] > 4
    assert found["within_one_se"].tolist()[::2] == [True, False]
    lowest = paired_differences(problem, masks)
    assert lowest["difference"].min() == 0
