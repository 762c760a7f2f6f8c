"""The batch reactor's own doings: inputs, outputs, inert reactions, failure."""

import numpy as np
import pytest

from lib.kinetics import BatchReactor, Network, Reaction, StepFailure, silica_network

TIMES = np.geomspace(0.2, 60.0, 12)


@pytest.fixture(scope="module")
def reactor():
    return BatchReactor(silica_network(), None, TIMES)


def test_time_zero_is_the_start(reactor):
    network = reactor.network
    both = BatchReactor(network, {"Fo": 0.4, "Qz": 0.1}, [0.0, 1.0])
    y, slopes = both.solve_with_sensitivities(network.reference, network.mask(["R1", "R2"]))
    assert np.array_equal(y[0], both.y0)
    assert not slopes[0].any()
    assert BatchReactor(network, None, [0.0]).solve(network.reference) == pytest.approx(both.network.initial()[None])


def test_outputs_do_not_depend_on_which_times_are_asked_for(reactor):
    k = reactor.network.reference
    fewer = BatchReactor(reactor.network, None, TIMES[[2, 7, 11]])
    assert np.array_equal(fewer.solve(k), reactor.solve(k)[[2, 7, 11]])


def test_a_mask_is_the_same_as_zero_rates(reactor):
    network = reactor.network
    mask = network.mask(["R1", "R3"])
    assert np.array_equal(reactor.solve(network.reference, mask), reactor.solve(network.reference * mask))
    assert np.array_equal(reactor.solve(network.reference, [0, 2]), reactor.solve(network.reference, mask))


def test_no_reaction_changes_nothing(reactor):
    assert np.array_equal(reactor.solve(np.zeros(8)), np.tile(reactor.y0, (12, 1)))


def test_extents_rebuild_the_states(reactor):
    network = reactor.network
    y = reactor.y0 + reactor.extents(network.reference) @ network.stoichiometry.T
    assert y == pytest.approx(reactor.solve(network.reference), abs=1e-13)


def test_a_reaction_without_its_reactant_is_inert(reactor):
    network = reactor.network
    flux = reactor.fluxes(network.reference, network.mask(["R1", "R3", "R4", "R5"]))
    assert flux[4] < 1e-8 * flux.sum()  # brucite has no source
    assert flux[[1, 5, 6, 7]].max() == 0.0
    assert (flux[[0, 2, 3]] > 0.01).all()


@pytest.mark.parametrize("times", [[], [-1.0, 1.0], [1.0, 1.0], [2.0, 1.0], [1.0, np.nan], [[1.0]]])
def test_times_that_do_not_increase_are_refused(times):
    with pytest.raises(ValueError, match="times"):
        BatchReactor(silica_network(), None, times)


def test_rate_constants_are_checked(reactor):
    k = reactor.network.reference.copy()
    with pytest.raises(ValueError, match="one rate constant for each of the 8"):
        reactor.solve(k[:3])
    for bad in (-1.0, np.nan, np.inf):
        k[4] = bad
        with pytest.raises(ValueError, match="rate constant of 'R5'"):
            reactor.solve(k)


def test_a_solution_that_blows_up_is_a_failure_with_its_rates():
    network = Network(("A",), [Reaction("grow", {"A": 1}, affinity=("mass action", "A", {"orders": [2]}))], start={"A": 1.0})
    with pytest.raises(StepFailure, match="grow=1"):
        BatchReactor(network, None, [0.5, 2.0]).solve([1.0])  # 1 / (1 - t)
