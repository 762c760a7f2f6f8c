"""Permuted labels: uniform p values without a relation, small ones with it, exchangeable units respected."""

import numpy as np
import pytest
from scipy.stats import kstest

from lib.subset_search.constraints import Constraints
from lib.subset_search.linear import LinearProblem
from lib.subset_search.multinomial import MultinomialProblem
from lib.subset_search.permutation import permute_labels, permuted_null, rebin
from lib.subset_search.search import exhaustive_search


def problem_of(seed, signal=0.0, n=40, p=5):
    rng = np.random.default_rng([seed, 23])
    x = rng.normal(size=(n, p))
    return LinearProblem(x, signal * x[:, 1] + rng.normal(size=n), folds=np.arange(n) % 4)


def test_p_values_are_uniform_where_there_is_nothing_to_find():
    p = np.array([permuted_null(problem_of(seed), 4, sizes=(1, 2), seed=seed).p_value for seed in range(40)])
    assert set(np.round(p * 5)) <= set(range(1, 6))
    # p - U/5 with U uniform is continuous and uniform under the null
    spread = p - np.random.default_rng(0).random(40) / 5
    assert kstest(spread, "uniform").pvalue > 1e-3


def test_a_relation_is_found_and_placed():
    problem = problem_of(1, signal=1.5)
    null = permuted_null(problem, 19, sizes=(1, 3), seed=2)
    real = exhaustive_search(problem, sizes=(1, 3))
    assert null.p_value == 1 / 20
    assert null.observed_loss == real.best.loss
    assert null.by_size["size"].tolist() == [1, 2, 3]
    assert null.by_size["observed"].tolist() == real.best_by_size["loss"].tolist()
    assert (null.by_size["p_value"] == 1 / 20).all()
    assert (null.by_size["null_lo95"] <= null.by_size["null_median"]).all()
    assert null.best_loss.min() > null.observed_loss
    # both densities count the same subsets: 5 + 10 + 10, a permutation each
    for frame in (null.observed, null.density):
        assert frame.groupby("size")["count"].sum().tolist() == pytest.approx([5, 10, 10], rel=1e-9)
    assert set(null.density["loss_low"]) | set(null.observed["loss_low"]) <= set(
        np.append(null.density["loss_low"], null.observed["loss_low"])
    )
    means = [np.average(f["loss_low"], weights=f["count"]) for f in (null.observed, null.density)]
    assert means[0] < means[1]


def test_streams_belong_to_permutations():
    problem = problem_of(2)
    few, more = (permuted_null(problem, n, sizes=1, seed=3) for n in (3, 6))
    assert more.best_loss[:3].tolist() == few.best_loss.tolist()
    assert len(set(more.best_loss)) > 1
    rules = Constraints(forbidden=("x1", "x2"))
    assert not any(int(mask) & 0b110 for mask in permuted_null(problem, 4, sizes=(1, 9), constraints=rules).best_mask)


def test_labels_stay_in_their_blocks_and_with_their_groups():
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(30), rng.integers(1, 6, 30))
    label = np.array(list("abc"))[rng.integers(0, 3, 30)]
    moved = permute_labels(label[groups], rng, groups=groups)
    first = moved[np.unique(groups, return_index=True)[1]]
    assert (moved == first[groups]).all()
    assert sorted(first) == sorted(label)
    assert (first != label).any()

    target, blocks = rng.normal(size=60), np.arange(60) % 3
    shuffled = permute_labels(target, rng, blocks=blocks)
    assert (shuffled != target).sum() > 40
    for block in range(3):
        assert sorted(shuffled[blocks == block]) == sorted(target[blocks == block])


def test_all_orders_are_equally_likely():
    rng = np.random.default_rng(5)
    orders = ["".join(permute_labels(np.array(list("abc")), rng)) for _ in range(1200)]
    counts = np.unique(orders, return_counts=True)[1]
    assert len(counts) == 6
    assert ((counts - 200) ** 2 / 200).sum() < 20.5  # chi-square of 5 degrees: chance 0.001


def test_rebinning_keeps_counts():
    frame = exhaustive_search(problem_of(3), n_bins=37).density
    edges = np.linspace(frame["loss_low"].min() - 0.1, frame["loss_high"].max() + 0.1, 9)
    coarse = rebin([frame, frame], edges)
    for size, part in frame.groupby("size"):
        again = coarse[coarse["size"] == size]
        assert again["count"].sum() == pytest.approx(part["count"].sum(), rel=1e-12)
        width = (frame["loss_high"] - frame["loss_low"]).max()
        middle = [np.average((f["loss_low"] + f["loss_high"]) / 2, weights=f["count"]) for f in (part, again)]
        assert abs(middle[0] - middle[1]) < (edges[1] - edges[0]) / 2 + width


def test_every_training_part_keeps_every_class():
    rng = np.random.default_rng(9)
    groups = np.repeat(np.arange(8), 6)
    label = np.array(list("aaabbbcc"))[groups]  # two groups of c: in one fold they would leave none to learn from
    folds = np.array([0, 0, 1, 1, 2, 2, 0, 1])[groups]
    problem = MultinomialProblem(rng.normal(size=(48, 3)), label, folds)
    null = permuted_null(problem, 30, sizes=1, groups=groups, seed=1)
    assert np.isfinite(null.best_loss).all()
    assert null.p_value > 1 / 31
    assert (null.best_accuracy <= 1).all()


def test_refusals():
    problem = problem_of(0)
    with pytest.raises(ValueError, match="one permutation or more"):
        permuted_null(problem, 0)
    with pytest.raises(ValueError, match="rows of more than one label"):
        permuted_null(problem, 2, groups=np.arange(40) // 2)
    with pytest.raises(ValueError, match="rows of more than one block"):
        permute_labels(np.array([1, 1, 2, 2]), np.random.default_rng(0), groups=[0, 0, 1, 1], blocks=[0, 1, 0, 0])
    with pytest.raises(ValueError, match="expected one a row"):
        permuted_null(problem, 2, blocks=np.zeros(3))
    with pytest.raises(ValueError, match="expected 'auto', 'folds'"):
        permuted_null(problem, 2, blocks="rows")
