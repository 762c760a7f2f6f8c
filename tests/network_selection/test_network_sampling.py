"""Evidence and networks by sampling, against exact answers of a linear simulator."""

import numpy as np
import pytest

from lib.network_selection import (
    Guide,
    SelectionProblem,
    agreement,
    calibration_table,
    compare_criteria,
    detectability,
    exhaustive_networks,
    network_wbic,
    rescore,
    sample_networks,
    stepping_stone,
)
from lib.network_selection.cut_normal import CutNormal


def test_stepping_stones_give_the_exact_evidence(linear):
    problem, columns, data = linear((1.0, 0.8, 0.9), orthogonal=False)
    covariance = 0.01 * np.eye(40) + 4.0 * columns @ columns.T
    exact = -0.5 * data @ np.linalg.solve(covariance, data) - 0.5 * np.linalg.slogdet(covariance)[1]
    exact += 40 * np.log(0.1) + 3 * np.log(2)
    found = stepping_stone(problem, 7, n_evaluations=4000, seed=3)
    assert found.error < 0.05
    assert abs(found.value - exact) < 0.1  # specification 7


def test_both_ends_of_the_path_give_the_same_evidence_near_a_bound(linear):
    problem, *_ = linear((0.0, 0.5, 0.0), orthogonal=False)
    near = stepping_stone(problem, 3, n_evaluations=4000, seed=3)
    far = stepping_stone(problem, 3, n_evaluations=12000, seed=4, reference="prior")
    assert abs(near.value - far.value) < 4 * np.hypot(near.error, far.error)


def test_the_reference_is_normalised_where_it_is_cut():
    reference = CutNormal([0.2, -0.3], [[1.0, 0.6], [0.6, 0.8]], [0.0, 0.0])
    u = (np.arange(400) + 0.5) / 400 * 7.0
    grid = np.array(np.meshgrid(u, u)).reshape(2, -1).T
    total = np.exp(reference.log_density(grid)).sum() * (7.0 / 400) ** 2
    assert total == pytest.approx(1.0, abs=1e-3)  # midpoint rule
    draws = reference.draw(np.random.default_rng(1), 20000)
    assert (draws >= 0).all()
    mean = (np.exp(reference.log_density(grid))[:, None] * grid).sum(axis=0) * (7.0 / 400) ** 2
    assert draws.mean(axis=0) == pytest.approx(mean, abs=0.02)  # 4 standard errors


def test_rescoring_changes_the_top_and_keeps_the_rest(linear):
    problem, *_ = linear()
    search = exhaustive_networks(problem)
    again = rescore(problem, search, 3, n_evaluations=1500, seed=1)
    table = again.networks
    assert table["log_evidence_error"].notna().sum() == 3
    assert again.networks["probability"].sum() == pytest.approx(1.0)
    assert (table["log_evidence"] - table["log_evidence_laplace"]).abs().max() < 0.3  # exact case: Monte-Carlo error only


def test_sampled_networks_agree_with_the_search(linear):
    problem, *_ = linear((1.0, 0.07, 0.0), always=())
    search = exhaustive_networks(problem)
    chains = sample_networks(problem, n_sweeps=450, n_temperatures=4, n_chains=2, seed=11)
    table = agreement(search, chains)
    assert 0.1 < table["first"][1] < 0.9  # an open question, or the test says nothing
    assert table["difference"].abs().max() < 0.12  # 2 x 300 kept sweeps
    rates = chains.rates.set_index("reaction")
    assert rates.loc["a", "median"] == pytest.approx(search.rates["median"][0], abs=0.02)
    again = sample_networks(problem, n_sweeps=100, n_temperatures=3, n_chains=2, seed=11)
    assert not np.array_equal(again.k[0], again.k[1])
    ok, text = again.verdict()
    assert "2 chains of 67 sweeps" in text and isinstance(ok, bool)
    with pytest.raises(ValueError, match="expected 3 temperatures"):
        sample_networks(problem, n_temperatures=2, seed=1)


def test_proposals_from_a_search_bring_chains_together_and_a_wrong_search_misleads_nobody(linear):
    problem, *_ = linear((1.0, 0.07, 0.0), always=())
    search = exhaustive_networks(problem)
    options = {"n_sweeps": 450, "n_temperatures": 4, "n_chains": 2, "seed": 11}
    guided = sample_networks(problem, guide=Guide(problem, search), **options)
    assert agreement(search, guided)["difference"].abs().max() < 0.06  # half of what the unguided chains are allowed
    assert guided.max_spread < 0.06
    other, *_ = linear((0.4, 0.5, 0.9), always=())  # the right answer to other data
    misled = sample_networks(problem, guide=Guide(problem, exhaustive_networks(other)), **options)
    assert agreement(search, misled)["difference"].abs().max() < 0.12


def test_a_guide_knows_the_density_of_its_draws(linear):
    problem, *_ = linear((1.0, 0.07, 0.0), always=())
    guide = Guide(problem, exhaustive_networks(problem))
    inside, x, density = guide.draw(np.random.default_rng(3), 4000)
    assert [guide.log_density(a, b) for a, b in zip(inside[:50], x[:50], strict=True)] == pytest.approx(density[:50].tolist())
    with_b = np.exp(guide.log_share[[place for mask, (place, *_) in guide.parts.items() if mask & 2]]).sum()
    assert inside[:, 1].mean() == pytest.approx(with_b, abs=0.03)  # 4 standard errors
    assert guide.log_density(np.array([False, False, True]), np.array([0.0, 0.0, 0.1])) == -np.inf  # far from the data
    with pytest.raises(ValueError, match="candidates differ"):
        Guide(linear((1.0, 0.5))[0], exhaustive_networks(problem))


def test_sampled_networks_share_the_place_of_inert_reactions(linear_simulator):
    # c never does anything: with and without it is one network, and a and b keep their even odds against nothing
    columns = np.ones((10, 3))
    columns[:, 2] = 0.0
    problem = SelectionProblem(
        linear_simulator(columns), np.full(10, 0.2), 1.0, names=("a", "b", "c"), scales=[1.0] * 3,
        flux=lambda k, a: k * [1.0, 1.0, 0.0],
    )  # fmt: skip
    search = exhaustive_networks(problem)
    assert search.inclusion["probability"][2] == 0.0
    chains = sample_networks(problem, n_sweeps=300, n_temperatures=3, n_chains=2, seed=2)
    assert chains.inclusion["probability"][2] == 0.0
    assert agreement(search, chains)["difference"].abs().max() < 0.12


def test_wbic_is_that_of_a_normal_posterior(linear):
    problem, columns, data = linear((1.0, 0.8, 0.9))
    # far from zero and with a wide prior: E[-ln L] at beta = -max ln L + p / (2 beta)
    best = np.linalg.lstsq(columns, data, rcond=None)[0]
    expected = 0.5 * np.sum(((data - columns @ best) / 0.1) ** 2) + 1.5 * np.log(40)
    found = network_wbic(problem, 7, n_evaluations=4000, seed=5)
    assert abs(found.value - expected) < 5 * found.error + 0.05  # 0.05: the prior's width is finite
    assert 0 < found.error < 0.5
    table = compare_criteria(problem, exhaustive_networks(problem), 2, n_evaluations=1200, seed=1)
    assert list(table["network"]) == list(exhaustive_networks(problem).effective["network"].iloc[:2])


def make_line(k, n, noise):
    """Data without scatter of two candidates that differ."""
    t = np.linspace(0.0, 1.0, n)
    columns = np.column_stack([t, t**2])
    return SelectionProblem(lambda r, a: (columns @ r, columns[:, a]), columns @ k, noise, names=("a", "b"), scales=(2.0, 2.0))


def test_a_reaction_is_easier_to_see_the_faster_and_the_better_measured():
    designs = [{"n": 10, "noise": 0.1}, {"n": 10, "noise": 0.02}, {"n": 60, "noise": 0.02}]
    table = detectability(make_line, "b", [1.0, 1.0], designs=designs, multipliers=(0.1, 1.0))
    fast = table[table["multiplier"] == 1.0]["log_bayes_factor"].to_numpy()
    slow = table[table["multiplier"] == 0.1]["log_bayes_factor"].to_numpy()
    assert (np.diff(fast) > 0).all() and (fast > slow).all()
    assert ((table["probability"] > 0.5) == (table["log_bayes_factor"] > 0)).all()
    # a alone, or nothing, cannot explain the data better than both: against all networks b is no easier to see
    every = detectability(make_line, "b", [1.0, 1.0], designs=designs[1:2], multipliers=(1.0,), against="all")
    assert every["log_bayes_factor"][0] == pytest.approx(fast[1], abs=0.05)
    with pytest.raises(ValueError, match="rate constant above zero"):
        detectability(make_line, "b", [1.0, 0.0], designs=designs[:1])


def test_calibration_counts():
    table = calibration_table([0.1] * 10 + [0.9] * 10, [0] * 9 + [1] * 11)
    assert table["observed"].tolist() == [0.1, 1.0]
    assert table["n"].sum() == 20
    with pytest.raises(ValueError, match="as many outcomes"):
        calibration_table([0.1], [0, 1])
