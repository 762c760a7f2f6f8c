"""Folds hold out what they say, and refuse what would leave nothing to train on."""

import numpy as np
import pytest

from lib.subset_search import folds as f

LABELS = np.repeat(["granite", "schist", "gneiss"], [30, 20, 10])
GROUPS = np.array([f"s{i:02d}" for i in np.arange(60) // 4])


def test_stratified_folds_share_every_class_evenly():
    table = f.describe_folds(LABELS, f.stratified(LABELS, 5, seed=3))
    assert table.loc[:, ["granite", "schist", "gneiss"]].to_numpy().tolist() == [[6, 4, 2]] * 5


@pytest.mark.parametrize("scheme", [f.grouped, lambda groups, k, seed: f.stratified_grouped(LABELS, groups, k, seed)])
def test_rows_of_a_group_stay_together(scheme):
    folds = scheme(GROUPS, 3, seed=1)
    assert sorted(set(folds)) == [0, 1, 2]
    assert all(len(set(folds[group == GROUPS])) == 1 for group in set(GROUPS))


def test_leave_group_out_has_one_fold_a_group():
    folds = f.leave_group_out(GROUPS)
    assert folds.max() + 1 == 15
    assert np.all(GROUPS[folds == 4] == "s04")


def test_random_folds_differ_by_one_row_at_most():
    counts = np.bincount(f.random_folds(23, 5, seed=0))
    assert counts.sum() == 23
    assert np.ptp(counts) == 1


def test_seeds_repeat_and_repeats_differ():
    assert np.array_equal(f.stratified(LABELS, 5, seed=9), f.stratified(LABELS, 5, seed=9))
    many = f.repeats(f.stratified, 3, LABELS, 5, seed=9)
    assert many.shape == (60, 3)
    assert not np.array_equal(many[:, 0], many[:, 1])
    assert np.array_equal(many, f.repeats(f.stratified, 3, LABELS, k=5, seed=9))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: f.stratified(["a"] * 9, 3), "at least two classes"),
        (lambda: f.stratified(LABELS, 12), r"gneiss \(10\); use k <= 10, or merge or drop"),
        (lambda: f.stratified(["a", "", "b", "b"], 2), "no label .first: row 1"),
        (lambda: f.stratified(LABELS, 1), "at least 2"),
        (lambda: f.grouped(GROUPS, 16), "15 groups cannot fill k = 16 folds; use k <= 15"),
        (lambda: f.grouped(np.array(["a", None, "b"], object), 2), "no group .first: row 1"),
        (lambda: f.stratified_grouped(["a", "a", "b", "b"], ["p", "q", "r", "r"], 2), "class b comes from a single group"),
        (lambda: f.stratified_grouped(LABELS, GROUPS[:10], 2), r"expected one sample or study name a row, \(60,\)"),
        (lambda: f.leave_group_out(["one"] * 5), "at least two groups"),
        (lambda: f.random_folds(3, 5), "3 rows cannot fill"),
        (lambda: f.repeats(f.random_folds, 0, 10), "n_repeats = 0"),
        (lambda: f.require_classes(np.array([0, 0, 1, 1]), np.array([0, 1, 2, 2]), np.array(["a", "b"])), "fold 2 .* class b"),
    ],
)
def test_refusals_say_what_to_do(call, message):
    with pytest.raises(ValueError, match=message):
        call()
