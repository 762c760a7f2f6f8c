"""A reading of which element groups matter, weighed against every subset."""

from itertools import combinations

import numpy as np
import pytest

from lib.discrimination import paired_difference, weigh_reading
from lib.discrimination.hypothesis import ELEMENT_GROUPS, _share_by_size, element_group
from lib.subset_search import MultinomialProblem, exhaustive_search, mask_of, names_of

NAMES = ("La", "Nd", "Eu", "Dy", "Yb")
READING = {"light": ("La", "Nd"), "Eu": ("Eu",), "heavy": ("Dy", "Yb")}


def problem_of(needed, n=150, seed=1):
    """Two classes parted by the sum of the needed elements."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n, len(NAMES)))
    score = 2.5 * x[:, [NAMES.index(e) for e in needed]].sum(axis=1)
    codes = (rng.random(n) < 1 / (1 + np.exp(-score))).astype(int)
    return MultinomialProblem(x, codes, np.arange(n) % 5, names=NAMES)


@pytest.fixture(scope="module")
def supported():
    problem = problem_of(("La", "Eu", "Yb"))
    search = exhaustive_search(problem)
    return problem, search, weigh_reading(search, problem, READING)


def test_a_true_reading_is_needed_and_so_is_each_of_its_groups(supported):
    _, _, found = supported
    assert found.reading["verdict"] == "needed"
    assert found.reading["difference"] > 2 * found.reading["difference_se"] > 0
    asked = found.groups[found.groups["in_reading"]]
    assert asked["needed"].all() and set(asked["group"]) == set(READING)
    assert found.reading["share_one_se"] == 1
    assert found.reading["enrichment"] > 1.2
    assert "it is needed" in found.text


def test_best_with_and_without_are_those_of_a_plain_loop(supported):
    _, search, found = supported
    whole = dict(zip(search.whole.masks.tolist(), search.whole.loss.tolist(), strict=True))
    for row in found.groups.itertuples():
        inside = mask_of([e for e in {**ELEMENT_GROUPS, **READING}[row.group] if e in NAMES], NAMES)
        assert row.loss_with == min(loss for mask, loss in whole.items() if mask & inside)
        assert row.loss_without == min(loss for mask, loss in whole.items() if not mask & inside)
        assert row.cost == pytest.approx(row.loss_without - row.loss_with, abs=1e-9)


def test_a_reading_that_leaves_the_cause_out_is_not_needed():
    problem = problem_of(("Dy",))
    found = weigh_reading(exhaustive_search(problem), problem, {"light": ("La", "Nd"), "Eu": ("Eu",)})
    assert found.reading["verdict"] != "needed"
    assert list(found.groups.loc[found.groups["needed"], "group"]) == ["heavy rare earths"]


def test_a_streamed_search_gives_the_same_answer(supported):
    problem, _, found = supported
    streamed = exhaustive_search(problem, whole=False, keep=20)
    again = weigh_reading(streamed, problem, READING)
    assert again.reading["best_obeying"] == found.reading["best_obeying"]
    assert again.reading["best_violating"] == found.reading["best_violating"]
    assert again.reading["verdict"] == "needed"


def test_chance_share_counts_subsets():
    bits = [np.uint64(0b00011), np.uint64(0b00100), np.uint64(0b11000)]
    for k in range(1, 6):
        every = [sum(1 << j for j in some) for some in combinations(range(5), k)]
        share = np.mean([all(mask & int(b) for b in bits) for mask in every])
        assert _share_by_size(bits, 5, [k])[0] == pytest.approx(share, abs=1e-14)


def test_paired_difference_is_that_of_the_losses_and_has_no_sign_of_its_own(supported):
    problem, search, _ = supported
    a, b = mask_of(["Eu"], NAMES), mask_of(["La", "Eu"], NAMES)
    value, se = paired_difference(problem, a, b)
    loss = problem.score(np.array([a, b], np.uint64)).loss
    assert value == pytest.approx(loss[0] - loss[1], abs=1e-10)
    back, back_se = paired_difference(problem, b, a)
    assert back == pytest.approx(-value) and back_se == pytest.approx(se)
    assert paired_difference(problem, a, a) == (0.0, 0.0)
    # correction for overlapping training sets: sqrt(1 + J/(J - 1)) times the plain standard error of J folds
    folds = problem.fold_losses(np.array([a, b], np.uint64)) / problem.fold_sizes
    plain = (folds[0] - folds[1]).std(ddof=1) / np.sqrt(5)
    assert se == pytest.approx(plain * np.sqrt(1 + 5 / 4), rel=1e-9)
    assert names_of(search.best.mask, NAMES)


def test_what_cannot_be_tested_is_said(supported):
    problem, search, _ = supported
    with pytest.raises(ValueError, match="no element of Th"):
        weigh_reading(search, problem, {"Th": ("Th",)})
    small = exhaustive_search(problem, sizes=(1, 2))
    with pytest.raises(ValueError, match="went up to 2"):
        weigh_reading(small, problem, READING)


def test_every_rare_earth_has_a_group():
    assert element_group("Nd") == "light rare earths" and element_group("Eu") == "Eu"
    assert element_group("Th/U") == "other"
    members = [e for group in ELEMENT_GROUPS.values() for e in group]
    assert len(members) == len(set(members))
