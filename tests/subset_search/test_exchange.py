"""Replica exchange over subsets against the exhaustive search, and the space that it walks in."""

from dataclasses import replace
from math import comb

import numpy as np
import pytest

from lib.subset_search.constraints import Constraints
from lib.subset_search.exchange import LossMemory, descend, exchange_search
from lib.subset_search.linear import LinearProblem
from lib.subset_search.masks import popcount
from lib.subset_search.search import exhaustive_search
from lib.subset_search.space import SubsetSpace

P = 12
RULES = Constraints(requires={"x3": ("x0",)}, groups=[("x5", "x6")], exclusive=[("x8", "x9")], forbidden=("x11",))


@pytest.fixture(scope="module")
def problem():
    rng = np.random.default_rng(3)
    x = rng.normal(size=(60, P))
    x[:, 5] = x[:, 0] + 0.3 * rng.normal(size=60)
    y = x[:, 0] + 0.6 * x[:, 1] - 0.4 * x[:, 2] + 0.3 * x[:, 7] + rng.normal(size=60)
    return LinearProblem(x, y, folds=np.arange(60) % 5)


@pytest.mark.parametrize(
    ("sizes", "constraints"), [(None, None), (5, None), ((2, 6), RULES)], ids=["all", "one size", "rules"]
)
def test_agrees_with_the_exhaustive_search(problem, sizes, constraints):
    exact = exhaustive_search(problem, sizes=sizes, constraints=constraints)
    found = exchange_search(problem, sizes=sizes, constraints=constraints, n_sweeps=600, n_chains=3, seed=4)
    assert found.ok
    assert found.n_subsets == exact.n_subsets
    assert found.best.mask == exact.best.mask
    loss = exact.whole.loss
    z = []
    for limit in np.quantile(loss, [0.01, 0.03, 0.1, 0.3, 0.6, 0.9]):
        count, se = found.count_below(limit)
        assert se < 0.25 * count  # an error that covers because it is huge would say nothing
        z.append((count - (loss <= limit).sum()) / se)
    kinds = {"one_se": {}, "boltzmann": {"beta": found.gauge.factor / exact.gauge.factor}}
    for kind, more in kinds.items():
        sampled, true = found.inclusion(kind), exact.inclusion(kind, **more)
        some = sampled["frequency_se"] > 1e-6  # columns that are always in have no error
        z.extend((sampled["frequency"] - true["frequency"])[some] / sampled["frequency_se"][some])
        assert (np.abs(sampled["frequency"] - true["frequency"])[~some] < 1e-3).all()
    assert np.abs(z).max() < 4.5  # the largest of about 30 values of t with 19 degrees of freedom: chance below 1 %
    assert np.sqrt(np.mean(np.square(z))) < 2


def test_density_adds_up_and_bounds_hold(problem):
    found = exchange_search(problem, sizes=6, n_sweeps=200, n_chains=2, seed=1)
    assert found.density["count"].sum() == pytest.approx(924, rel=1e-9)
    assert found.counts_sum
    assert found.density["visited"].sum() == found.n_scored <= 924
    assert (found.density["size"] == 6).all()
    assert found.levels["beta"].iloc[[0, -1]].tolist() == [0, 1]
    assert found.top["loss"].is_monotonic_increasing
    half = found.inclusion("all")
    assert (np.abs(half["frequency"] - 0.5) < 4.5 * half["frequency_se"]).all()
    assert half["frequency_se"].max() < 0.08
    assert list(found.indicator(7).columns) == list(problem.names)


def test_same_seed_same_numbers_other_seed_others(problem):
    runs = [exchange_search(problem, sizes=4, n_sweeps=200, n_chains=2, seed=seed, n_bins=20).density for seed in (1, 1, 2)]
    assert runs[0].equals(runs[1])
    assert not runs[0].equals(runs[2])


def test_warns_when_the_chains_are_too_short():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(80, 30))
    hard = LinearProblem(x, x[:, :8] @ np.full(8, 0.4) + rng.normal(size=80), folds=np.arange(80) % 4)
    found = exchange_search(hard, n_sweeps=200, n_chains=3, seed=1)
    assert not found.ok
    assert "round trips in 3 chains, expected 2 or more each" in " ".join(found.messages)
    lonely = replace(found, n_found=1, levels=found.levels.assign(exchange=0.05))
    assert "only 1 of 3 chains met the best subset" in lonely.messages[0]
    assert "5% of the time" in lonely.messages[-1]


def test_descents_end_where_no_neighbour_is_better(problem):
    space, memory = SubsetSpace(problem.names, (2, 7), RULES), LossMemory(problem)
    masks = np.arange(2**P, dtype=np.uint64)
    masks = masks[(popcount(masks) >= 2) & (popcount(masks) <= 7) & RULES.allowed(masks, problem.names)]
    for start in space.draw(4, np.random.default_rng(2)):
        end = space.masks(descend(space, memory, start)[None])[0]
        loss = problem.score([start @ space.units, end]).loss
        assert loss[1] <= loss[0]
        change = np.unique(masks ^ end)
        one_block = np.isin(change, space.units)
        assert problem.score(change[one_block] ^ end).loss.min() > loss[1]


def test_collinear_subsets_are_counted_apart(problem):
    x = np.column_stack([problem.x[:, :6], problem.x[:, 0] - problem.x[:, 1]])
    tied = LinearProblem(x, problem.y, folds=np.arange(60) % 5)
    found = exchange_search(tied, n_sweeps=600, n_chains=2, seed=1)
    assert found.n_failed == pytest.approx(16, abs=8)  # subsets with all of x0, x1, x0 - x1: 2^4 of 127
    assert found.counts_sum


@pytest.mark.parametrize("sizes", [None, 4, (2, 5)])
def test_moves_are_symmetric_and_draws_uniform(sizes):
    space = SubsetSpace(tuple(f"x{j}" for j in range(6)), sizes)
    rng = np.random.default_rng(0)
    start = space.draw(12_000, rng)
    ids = np.unique(space.masks(start), return_inverse=True)[1]
    n = int(space.count)
    assert ids.max() + 1 == n
    expected = 12_000 / n
    assert ((np.bincount(ids) - expected) ** 2 / expected).sum() < n + 6 * np.sqrt(2 * n)  # chi-square, n - 1 degrees
    moved = space.propose(start, rng)
    inside = space.allowed(moved)
    both, cells = np.unique(np.concatenate([space.masks(start), space.masks(moved[inside])]), return_inverse=True)
    flow = np.zeros((len(both), len(both)))
    np.add.at(flow, (cells[:12_000][inside], cells[12_000:]), 1)
    there, back = flow[np.triu_indices(n, 1)], flow.T[np.triu_indices(n, 1)]
    used = there + back > 0
    assert used.sum() > n  # it goes somewhere
    z = (there - back)[used] / np.sqrt((there + back)[used])
    assert np.mean(z**2) < 1 + 6 * np.sqrt(2 / used.sum())


def test_space_follows_the_rules_and_counts_them():
    names = tuple(f"x{j}" for j in range(P))
    space = SubsetSpace(names, (2, 6), RULES)
    masks = np.arange(2**P, dtype=np.uint64)
    size = popcount(masks)
    wanted = masks[(size >= 2) & (size <= 6) & RULES.allowed(masks, names)]
    assert (space.count, space.count_se) == (len(wanted), 0)
    assert set(space.masks(space.draw(8_000, np.random.default_rng(1))).tolist()) == set(wanted.tolist())
    wide = SubsetSpace(tuple(f"x{j}" for j in range(24)), (3, 9), Constraints(exclusive=[("x0", "x1", "x2")]))
    exact = sum(comb(21, k) + 3 * comb(21, k - 1) for k in range(3, 10))
    assert abs(wide.count - exact) < 4 * wide.count_se < 0.02 * exact


def test_losses_are_remembered(problem):
    class Counting:
        scored = 0

        def score(self, masks):
            self.scored += len(masks)
            return problem.score(masks)

    counting = Counting()
    memory = LossMemory(counting, recent=50)
    masks = np.random.default_rng(0).integers(1, 2**P, (40, 10), dtype=np.uint64)
    for row in masks:
        assert memory.losses(row).tolist() == problem.score(row).loss.tolist()
    assert counting.scored == len(np.unique(masks)) == len(memory.all()[0])


def test_refusals(problem):
    refused = [
        ({"n_sweeps": 10}, "n_sweeps = 10: expected 200"),
        ({"n_chains": 1}, "n_chains = 1"),
        ({"beta_max": 0.5}, "beta_max"),
        ({"burn_in": 0.95}, r"0\.9 at most"),
        ({"sizes": 13}, "sizes = 13"),
    ]
    for wrong, said in refused:
        with pytest.raises(ValueError, match=said):
            exchange_search(problem, **wrong)
    few = Constraints(exclusive=[tuple(f"x{j}" for j in range(P))])
    assert SubsetSpace(problem.names, None, few).count == P
    names = tuple(f"x{j}" for j in range(20))
    with pytest.raises(ValueError, match=r"Search exhaustively"):
        SubsetSpace(names, None, Constraints(exclusive=[names]))
