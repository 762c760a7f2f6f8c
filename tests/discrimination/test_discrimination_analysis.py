"""Analysis of grains, end to end: folds that keep rocks together, frames, choices, detrital grains."""

import numpy as np
import pytest

from lib.discrimination import FRAMES, Grains, analyse, choose_scheme, make_folds
from lib.discrimination.steps import choose_subset, feasible_sizes
from lib.discrimination.tabular import split_known

NAMES = ("La", "Sm", "Eu", "Gd", "Yb")
QUICK = {
    "n_folds": 4,
    "n_permutations": 3,
    "null_sizes": (1, 1),
    "n_outer": 3,
    "nested_sizes": (1, 1),
    "n_bootstrap": 8,
    "repeats": 1,
}


def made(n_rocks=6, n_grains=8, k=2, seed=1, groups=True):
    """Rocks of k classes that differ in Eu and Yb; grains of a rock are alike."""
    rng = np.random.default_rng(seed)
    codes = np.repeat(np.arange(k), n_rocks * n_grains)
    rock = np.repeat(np.arange(k * n_rocks), n_grains)
    x = np.log10([5e4, 1e4, 5e2, 8e3, 2e2]) + 0.15 * rng.standard_normal((len(codes), 5))
    x += 0.08 * rng.standard_normal((k * n_rocks, 5))[rock]
    x[:, 2] += 0.3 * (codes == 1)
    x[:, 4] -= 0.4 * (codes == k - 1)
    return Grains.from_arrays(10**x, NAMES, np.array(["granite", "schist", "gneiss"])[codes], groups=rock if groups else None)


@pytest.fixture(scope="module")
def analysis():
    sand = made(seed=2, groups=False).take(rows=np.arange(30, 60))
    return analyse(made(), sand, **QUICK)


def test_every_frame_is_there_and_says_something(analysis):
    for name in set(FRAMES) - {"ties", "collinear"}:
        assert len(analysis.frame(name)), name
    assert analysis.search.n_subsets == 31
    assert analysis.frame("density")["count"].sum() == 31
    assert set(analysis.chosen) >= {"Eu"} or set(analysis.chosen) >= {"Yb"}
    with pytest.raises(ValueError, match="unknown frame"):
        analysis.frame("bestt")


def test_diagnostics_are_those_that_the_case_demands(analysis):
    frame = analysis.frame("diagnostics")
    assert list(frame["name"]) == ["converged", "permuted_labels", "optimism", "calibration", "leakage"]
    assert analysis.diagnostic("converged")["ok"] is True
    assert analysis.diagnostic("permuted_labels")["value"] == 0.25
    with pytest.raises(ValueError, match="unknown diagnostic"):
        analysis.diagnostic("rhat")


def test_rocks_are_never_split_between_folds(analysis):
    assert analysis.parameters["used"]["cv"] == "grouped"
    groups = analysis.grains.group_codes
    assert all(len(set(analysis.folds[groups == g])) == 1 for g in np.unique(groups))
    assert set(analysis.frame("schemes")["cv"]) == {"stratified", "grouped"}


def test_predictions_are_the_held_out_ones_and_agree_with_the_search(analysis):
    frame = analysis.frame("predictions")
    p = frame[[f"p[{c}]" for c in analysis.grains.classes]].to_numpy()
    best = analysis.frame("best").set_index("role").loc["chosen"]
    codes = analysis.grains.codes
    # the search stops at 1e-7 of log-loss
    assert -np.log(p[np.arange(len(p)), codes]).mean() == pytest.approx(best["loss"], abs=2e-7)
    assert frame["right"].mean() == pytest.approx(best["accuracy"])
    assert analysis.frame("confusion")["count"].sum() == len(p)


def test_the_classifier_of_the_analysis_is_that_of_the_search(analysis):
    fit = analysis.problem.fit(analysis.mask)
    x = analysis.grains.take(features=analysis.chosen).x
    # two solvers: Newton in scikit-learn and the compiled one
    ours = analysis.calibration.apply(fit.predict_proba(x))
    np.testing.assert_allclose(analysis.classifier.predict_proba(analysis.grains), ours, atol=1e-6)


def test_known_grains_of_one_table_teach_and_unknown_ones_are_judged():
    grains = made()
    codes = grains.codes.copy()
    codes[40:56] = -1
    labels = [grains.classes[c] if c >= 0 else "" for c in codes]
    mixed = Grains.from_arrays(grains.values, NAMES, labels)
    known, unknown = split_known(mixed, None, "drop")
    assert len(known.x) == 80 and len(unknown.x) == 16
    assert split_known(grains, None, "drop")[1] is None
    assert split_known(grains, unknown, "drop")[1].names == grains.names


def test_the_choice_of_a_subset(analysis):
    search, names = analysis.search, analysis.grains.names
    assert choose_subset("best", search, names) == search.best.mask
    assert choose_subset("full", search, names) == 31
    assert choose_subset(["Yb", "Eu"], search, names) == 0b10100
    small = choose_subset("one_se", search, names)
    assert int(small).bit_count() == search.one_se["size"].min()
    with pytest.raises(ValueError, match="'one_se'"):
        choose_subset("smallest", search, names)


def test_sizes_are_cut_to_what_can_be_searched():
    assert feasible_sizes(10, None, 2000) == ((1, 10), "")
    (low, high), said = feasible_sizes(30, None, 150_000)
    assert (low, high) == (1, 4) and "exchange_search" in said
    assert feasible_sizes(30, (2, 3), 10) == ((2, 3), "")
    assert feasible_sizes(5, 4, 10)[0] == (4, 4)
    with pytest.raises(ValueError, match="between 1 and 5"):
        feasible_sizes(5, (6, 9), 10)


def test_folds_follow_what_the_table_knows():
    assert choose_scheme(made(), "auto", 4)[0] == "grouped"
    assert choose_scheme(made(), "auto", 10)[:2] == ("grouped", 6)
    scheme, folds, said = choose_scheme(made(n_rocks=2), "auto", 4)
    assert (scheme, folds) == ("stratified", 4) and "optimistic" in said
    assert choose_scheme(made(groups=False), "auto", 200)[:2] == ("stratified", 48)
    assert choose_scheme(made(), "leave-group-out")[:2] == ("leave-group-out", 12)
    folds = make_folds(made(), "leave-group-out", 12, 1)
    assert len(np.unique(folds)) == 12


@pytest.mark.parametrize(
    ("grains", "cv", "said"),
    [
        (made(groups=False), "grouped", "needs a column `group`"),
        (made(n_rocks=1), "grouped", "comes from 1 group"),
        (made(k=1), "auto", "two sources"),
        (made(n_rocks=1, n_grains=1), "auto", "at least 2 are needed"),
        (made(), "random", "known: auto"),
    ],
)
def test_what_cannot_be_held_out_is_refused(grains, cv, said):
    with pytest.raises(ValueError, match=said):
        choose_scheme(grains, cv, 4)


def test_steps_that_are_not_asked_for_leave_empty_frames():
    found = analyse(
        made(), sizes=(1, 2), choose=["Eu", "Yb"], n_permutations=0, nested=False, n_folds=3, repeats=0, recalibrate=False,
        selectors=False,
    )  # fmt: skip
    for name in ("null", "null_density", "null_best", "nested", "selectors", "detrital", "proportions"):
        assert not len(found.frame(name)), name
    assert not found.diagnostic("permuted_labels")["ok"] and found.diagnostic("optimism")["value"] is None
    assert found.chosen == ("Eu", "Yb")
    assert any("went up to 2" in text for text in found.messages)
    assert found.classifier.slope == 1


def test_a_ratio_beside_its_elements_is_told_as_such():
    grains = made()
    x = np.column_stack([grains.x, grains.x[:, 3] - grains.x[:, 4]])
    grains = Grains.from_arrays(10**x, (*NAMES, "Gd/Yb"), grains.labels, groups=grains.groups)
    found = analyse(grains, sizes=(1, 4), n_permutations=0, nested=False, n_folds=3, repeats=0, selectors=False)
    frame = found.frame("collinear")
    assert set(frame["features"].iloc[0].split(", ")) == {"Gd", "Yb", "Gd/Yb"}
    assert (found.frame("ties")["reason"] == "same column space").any()
    assert any("the same model up to the ridge" in text for text in found.messages)


def test_another_seed_gives_other_folds_but_the_same_story():
    options = {"n_folds": 3, "n_permutations": 0, "nested": False, "repeats": 0, "selectors": False}
    one, two = (analyse(made(k=3), seed=s, **options) for s in (1, 2))
    assert not np.array_equal(one.folds, two.folds)
    assert {"Eu", "Yb"} <= set(one.chosen) and {"Eu", "Yb"} <= set(two.chosen)
    assert one.frame("indicator")["class"].isin(one.grains.classes).all()
