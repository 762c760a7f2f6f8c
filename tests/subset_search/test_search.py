"""The exhaustive search against a plain loop, in pieces, on workers, from a store, and without keeping what it scored."""

import numpy as np
import pytest

from lib.subset_search import Constraints, LinearProblem, combinations, exhaustive_search, popcount
from lib.subset_search import search as module

RNG = np.random.default_rng(1707)
N, P = 80, 11
X = RNG.normal(size=(N, P))
Y = X[:, 2] - 0.5 * X[:, 7] + 0.3 * X[:, 0] + RNG.normal(size=N)
FOLDS = np.arange(N) % 8
EVERY = np.arange(1, 1 << P, dtype=np.uint64)


class Chopped(LinearProblem):
    """Small chunks, so that there are several."""

    chunk = 300


PROBLEM = Chopped(X, Y, FOLDS)
LOSS = PROBLEM.score(EVERY).loss


def same(one, other):
    """Equal to the last bit in all that is kept and counted."""
    for part in ("kept", "counts", "gauge"):
        for name, value in vars(getattr(one, part)).items():
            np.testing.assert_array_equal(value, getattr(getattr(other, part), name), err_msg=f"{part}.{name}")
    return (one.n_subsets, one.best.mask, one.empty) == (other.n_subsets, other.best.mask, other.empty)


def test_the_search_scores_every_subset_once():
    found = exhaustive_search(PROBLEM)
    assert found.n_subsets == 2**P - 1
    assert sorted(found.whole.masks.tolist()) == EVERY.tolist()
    assert np.array_equal(found.whole.loss, LOSS[found.whole.masks.astype(int) - 1])
    assert np.array_equal(found.top["loss"], np.sort(LOSS)[:1000])
    assert found.empty == PROBLEM.score([0]).loss[0]
    by_size = [LOSS[popcount(EVERY) == k].min() for k in range(1, P + 1)]
    assert found.best_by_size["loss"].tolist() == by_size
    assert found.best_by_size["size"].tolist() == list(range(1, P + 1))


def test_counts_are_exact_whether_scores_are_kept_or_not():
    kept, streamed = exhaustive_search(PROBLEM, keep=40), exhaustive_search(PROBLEM, keep=40, whole=False)
    assert streamed.whole is None
    for found in (kept, streamed):
        assert found.counts_sum
        for k, rows in found.density.groupby("size"):
            assert rows["count"].sum() == len(combinations(P, k))
        histogram = np.histogram(LOSS, found.gauge.edges)[0]
        assert np.array_equal(found.counts.bins.sum(axis=0), histogram)
        best = found.best
        assert found.one_se_count == np.count_nonzero(best.loss + best.loss_se >= LOSS)
        weights = np.exp(-N / (2 * best.loss) * (LOSS - best.loss))
        expected = [weights[(EVERY >> np.uint64(j)) & np.uint64(1) == 1].sum() / weights.sum() for j in range(P)]
        np.testing.assert_allclose(found.inclusion("boltzmann")["frequency"], expected, rtol=1e-9)  # sums in another order
    assert np.array_equal(kept.counts.bins, streamed.counts.bins)
    assert kept.top.equals(streamed.top)


def test_memory_does_not_grow_with_the_number_of_subsets(monkeypatch):
    monkeypatch.setattr(module, "WHOLE_BYTES", module._ROW_BYTES * 2**P - 1)
    assert exhaustive_search(PROBLEM).whole is None
    assert exhaustive_search(PROBLEM, sizes=(1, 3)).whole is not None


def test_chunks_and_workers_change_nothing():
    alone = exhaustive_search(PROBLEM, whole=False)
    assert same(alone, exhaustive_search(PROBLEM, whole=False))
    # The searches that leave this process are in tests/acceptance (a worker loads the compiled kernels first: seconds).
    larger = Chopped(X, Y, FOLDS)
    larger.chunk = 10_000
    one = exhaustive_search(larger, whole=False)
    assert np.array_equal(one.kept.masks, alone.kept.masks)
    assert np.array_equal(one.kept.loss, alone.kept.loss)
    assert np.array_equal(one.counts.bins, alone.counts.bins)


def test_an_interrupted_search_goes_on_where_it_stopped(tmp_path, monkeypatch):
    calls = []

    def counted(self, masks):
        calls.append(len(masks))
        if len(calls) == 4:
            raise KeyboardInterrupt
        return LinearProblem.score(self, masks)

    monkeypatch.setattr(Chopped, "score", counted)
    with pytest.raises(KeyboardInterrupt):
        exhaustive_search(PROBLEM, store=tmp_path)
    assert calls == [299, 300, 300, 300]
    found = exhaustive_search(PROBLEM, store=tmp_path)
    assert sum(calls[4:-1]) == 2**P - 1 - 899, "three chunks were stored; the last call is the model without columns"
    assert same(found, exhaustive_search(PROBLEM))


def test_sizes_and_rules_narrow_the_search():
    pairs = exhaustive_search(PROBLEM, sizes=2)
    assert (pairs.n_subsets, pairs.sizes) == (55, (2, 2))
    rules = Constraints(always=["x2"], requires={"x7": ["x0"]}, groups=[("x3", "x4")], exclusive=[("x5", "x6")], max_size=4)
    found = exhaustive_search(PROBLEM, constraints=rules)
    allowed = rules.allowed(EVERY, PROBLEM.names)
    assert found.n_subsets == allowed.sum()
    assert found.counts_sum
    assert found.best.loss == LOSS[allowed].min()
    assert exhaustive_search(PROBLEM, sizes=(0, 1)).n_subsets == P + 1


def test_equal_subsets_are_ranked_by_size_then_mask():
    # Column 1 repeats column 0 in other units, so that what differs is rounding alone.
    x = np.column_stack([X[:, 0], 1000 * X[:, 0] + 7, X[:, 1]])
    found = exhaustive_search(LinearProblem(x, Y, FOLDS))
    order = found.top["mask"].tolist()
    assert order.index(0b001) + 1 == order.index(0b010)
    assert order.index(0b101) + 1 == order.index(0b110)
    assert found.n_failed == 2, "both copies together are collinear"
    assert found.counts_sum


def test_an_exact_law_is_found_without_what_it_does_not_need():
    found = exhaustive_search(LinearProblem(X, 3 * X[:, 2] - X[:, 7] + 400, FOLDS))
    assert found.best.names == ("x2", "x7")
    assert found.best.loss == 0.0
    assert found.one_se_count == 2 ** (P - 2), "with any of the others it is exact too"
    assert np.array_equal(found.inclusion("boltzmann")["frequency"][[2, 3, 7]], [1.0, 0.5, 1.0])


def test_far_outliers_do_not_take_the_resolution():
    x, y = np.column_stack([X[:, :5], np.exp(6 * X[:, 5])]), Y
    found = exhaustive_search(LinearProblem(x, y, FOLDS), n_bins=100)
    assert found.density["loss_high"].max() > 4 * found.empty
    assert np.diff(found.gauge.edges)[:-1].max() < 0.02 * found.empty
    assert found.counts_sum


def test_information_criteria_are_searched_too():
    found = exhaustive_search(LinearProblem(X, Y, criterion="bic"))
    assert {"x2", "x7"} <= set(found.best.names)
    bic = LinearProblem(X, Y).criteria(EVERY)["bic"].to_numpy()
    weight = np.exp(-(bic - bic.min()) / 2)
    np.testing.assert_allclose(
        found.inclusion("boltzmann")["frequency"][2], weight[EVERY & np.uint64(4) != 0].sum() / weight.sum(), rtol=1e-9
    )
    with pytest.raises(ValueError, match="no standard error, as it rests on no folds"):
        _ = found.one_se


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"keep": 0}, "expected 1 or more of both"),
        ({"whole": "yes"}, 'expected "auto", True or False'),
        ({"sizes": (4, 12)}, "whole numbers between 0 and the number of columns, 11"),
        ({"sizes": 1, "constraints": Constraints(always=["x1", "x2"])}, "no subset of 1 to 1 columns: 2 are always in"),
    ],
)
def test_what_cannot_be_searched_is_refused(arguments, said):
    with pytest.raises(ValueError, match=said):
        exhaustive_search(PROBLEM, **arguments)
    with pytest.raises(ValueError, match=r"none of 3 subsets can be fitted.*or give a ridge"):
        exhaustive_search(LinearProblem(np.ones((N, 2)), Y, FOLDS))
