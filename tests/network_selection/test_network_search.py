"""The exhaustive search: nesting, inert reactions, weights, recovery on the silica network."""

import numpy as np
import pytest

from lib.kinetics import BatchReactor, silica_network
from lib.network_selection import (
    ReactorModel,
    SelectionProblem,
    exhaustive_networks,
    next_measurement,
    prior_sensitivity,
    reactor_problem,
    score_search,
)

TIMES = np.geomspace(0.2, 60.0, 10)


@pytest.fixture(scope="module")
def silica():
    """Noisy data of quartz dissolution, hydration and brucite consumption, and their search."""
    network = silica_network()
    k = network.reference * network.mask(("R1", "R2", "R5"))
    data = BatchReactor(network, None, TIMES, rtol=1e-6).solve(k) + 0.01 * np.random.default_rng(7).standard_normal((10, 7))
    problem = reactor_problem(BatchReactor(network, None, TIMES), data, 0.01)
    return problem, k, exhaustive_networks(problem)


def test_the_true_network_and_its_rates_are_found(silica):
    _, k, search = silica
    assert search.best == ("R1", "R2", "R5")
    rates = search.rates
    assert ((rates["lo95"] < rates["median"]) & (rates["median"] < rates["hi95"])).all()
    assert rates["median"].to_numpy() == pytest.approx(k[k > 0], rel=0.25)


def test_no_network_fits_worse_than_a_part_of_it(silica):
    _, _, search = silica
    assert search.nesting_violations == 0
    likelihood = search.networks.set_index("mask")["log_likelihood"]
    top = likelihood.max()
    for mask in likelihood.index:
        for j in range(8):
            part = mask & ~(1 << j)
            # the prior pulls rates a little, the solver errs a little: half a nat near the top, 1e-3 of the misfit below
            assert likelihood[mask] >= likelihood[part] - 0.5 - 1e-3 * (top - likelihood[part])


def test_probabilities_are_normalised_and_consistent(silica):
    _, _, search = silica
    assert len(search.networks) == 256
    assert search.networks["probability"].sum() == pytest.approx(1.0)
    assert search.effective["probability"].sum() == pytest.approx(1.0)
    assert search.effective["n_members"].sum() == 256
    inclusion = search.inclusion
    assert (inclusion["probability"] <= inclusion["nominal"] + 1e-12).all()
    averaged = search.averaged_rates().set_index("reaction")
    assert averaged.loc["R1", "median"] == pytest.approx(search.rates["median"][0], rel=0.05)


def test_networks_that_differ_by_an_inert_reaction_are_one(silica):
    problem, _, search = silica
    networks = search.networks.set_index("mask")
    without, inert = problem.mask(("R1", "R3", "R4")), problem.mask(("R1", "R3", "R4", "R5"))
    assert networks.loc[inert, "canonical"] == without
    # no source of brucite: the same evidence to the solver's error (its steps differ)
    gap = abs(networks.loc[inert, "log_evidence"] - networks.loc[without, "log_evidence"])
    assert gap < 1e-3 * abs(networks.loc[without, "log_evidence"])
    # without silica none of R3-R7 can run
    assert networks.loc[problem.mask(("R2", "R4", "R5", "R7")), "canonical"] == problem.mask("R2")


def test_the_next_measurement_is_where_the_networks_differ_most(silica):
    problem, _, search = silica
    model = ReactorModel(problem.model.reactor)
    table = next_measurement(search, model.simulate, 0.01, model.frame())
    first, second = (search.fit(m) for m in search.effective["mask"].iloc[:2])
    gap = np.abs(model.predict(first.k, first.active) - model.predict(second.k, second.active)) / 0.01
    assert table["difference_over_sigma"].iloc[0] == pytest.approx(gap.max())
    i = int(np.argmax(gap))
    assert table["time"].iloc[0] == TIMES[i // 7] and table["species"].iloc[0] == silica_network().species[i % 7]
    assert (table["z"] <= table["difference_over_sigma"] + 1e-12).all()
    with pytest.raises(ValueError, match="as many errors"):
        next_measurement(search, model.simulate, [0.01, 0.02])


def test_unknown_errors_are_integrated_out(linear):
    known, _, data = linear()
    unknown = SelectionProblem(known.simulate, data, None, names=known.names, scales=[2.0] * 3)
    a, b = exhaustive_networks(known), exhaustive_networks(unknown)
    assert a.best == b.best == ("a", "b")
    # 38 degrees of freedom: the estimated error differs from 0.1 by 12 %, and widths with it
    assert b.rates["median"].to_numpy() == pytest.approx(a.rates["median"].to_numpy(), abs=0.01)
    width = [(s.rates["hi95"] - s.rates["lo95"]).to_numpy() for s in (a, b)]
    assert width[1] == pytest.approx(width[0], rel=0.4)


def test_groups_have_errors_of_their_own(linear):
    known, columns, data = linear()
    scale = np.where(np.arange(40) < 20, 1.0, 1000.0)
    simulate = lambda k, a: (scale * (columns @ k), scale[:, None] * columns[:, a])  # noqa: E731
    found = exhaustive_networks(
        SelectionProblem(simulate, scale * data, None, names=known.names, scales=[2.0] * 3, groups=scale.astype(int))
    )
    assert found.best == ("a", "b")


def test_other_data_keep_errors_and_groups(linear):
    known, _, data = linear()
    other = known.with_data(np.where(np.arange(40) < 10, np.nan, 2.0 * data))
    assert other.n_data == 30 and known.n_data == 40
    assert exhaustive_networks(other).rates["map"][0] == pytest.approx(2.0, rel=0.1)
    with pytest.raises(ValueError, match="3 data were given"):
        known.with_data(np.zeros(3))


def test_always_admissible_and_odds_are_heeded(linear):
    problem, *_ = linear(always=("c",), admissible=lambda mask: mask.sum() <= 2)
    search = exhaustive_networks(problem)
    assert sorted(search.networks["network"]) == ["a + c", "b + c", "c"]
    rare, *_ = linear(inclusion_prior=[0.5, 0.5, 1e-3])
    even, *_ = linear()
    odds = [p / (1 - p) for p in (exhaustive_networks(x).inclusion["probability"][2] for x in (even, rare))]
    assert odds[1] / odds[0] == pytest.approx(1e-3 / 0.999, rel=1e-6)
    with pytest.raises(ValueError, match="no network is admissible"):
        exhaustive_networks(linear(admissible=lambda mask: False)[0])


def test_a_broad_log_normal_prior_lets_a_negligible_reaction_pass(linear):
    problem, *_ = linear()
    table = prior_sensitivity(problem, factors=(1.0, 4.0), dex=(1.5,))
    absent = table[table["reaction"] == "c"].set_index("prior")["probability"]
    assert absent["half-normal, scale x 4"] < absent["half-normal, scale x 1"] < absent["log-normal, 1.5 dex"]


def test_scores_count_exactness_and_positives(silica):
    _, _, search = silica
    score = score_search(search, ("R1", "R2", "R5"))
    assert score["exact"] and score["tpr"] == 1.0 and score["fpr"] == 0.0 and score["brier"] < 0.05
    assert not score_search(search, ("R1", "R3"))["exact"]
    with pytest.raises(ValueError, match="'R9' is no candidate"):
        score_search(search, ("R9",))


def test_problems_that_do_not_fit_together_are_refused(linear):
    problem, columns, data = linear()
    names, simulate = problem.names, problem.simulate
    with pytest.raises(ValueError, match="either scales"):
        SelectionProblem(simulate, data, names=names)
    with pytest.raises(ValueError, match="different names"):
        SelectionProblem(simulate, data, names=("a", "a", "b"), scales=1.0)
    with pytest.raises(ValueError, match="sigma of datum 3"):
        SelectionProblem(simulate, data, np.where(np.arange(40) == 3, 0.0, 1.0), names=names, scales=1.0)
    with pytest.raises(ValueError, match="unknown candidate 'z'"):
        problem.mask("z")
    with pytest.raises(ValueError, match="simulate gave shapes"):
        exhaustive_networks(SelectionProblem(lambda k, a: (columns @ k, columns[:, :1]), data, 0.1, names=names, scales=1.0))
    with pytest.raises(ValueError, match="times x species"):
        reactor_problem(BatchReactor(silica_network(), None, TIMES), np.zeros((3, 3)), 0.01)


def test_many_candidates_are_searched_up_to_a_size_and_refused_only_beyond(linear_simulator):
    rng = np.random.default_rng(4)
    columns = np.linalg.qr(rng.standard_normal((60, 18)))[0] * 3.0
    data = columns[:, [1, 5, 9]].sum(axis=1) + 0.3 * rng.standard_normal(60)
    names = tuple(f"r{i}" for i in range(18))
    problem = SelectionProblem(linear_simulator(columns), data, 0.3, names=names, scales=[2.0] * 18)
    with pytest.raises(ValueError, match=r"18 free candidates make 262144 networks, more than 65536; .* sizes="):
        exhaustive_networks(problem)
    search = exhaustive_networks(problem, sizes=(1, 3))
    assert len(search.networks) == 18 + 153 + 816 and search.best == ("r1", "r5", "r9")
    fixed = SelectionProblem(
        linear_simulator(columns), data, 0.3, names=names, scales=[2.0] * 18, always=("r1", "r5", "r9", "r11")
    )
    assert set(exhaustive_networks(fixed, sizes=(0, 5)).networks["n_active"]) == {4, 5}
