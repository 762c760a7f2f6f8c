"""The 1-D profile: known answers, an independent integration, balances, sensitivities, scaling, refusals."""

import re

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from lib.kinetics import Network, ProfileReactor, Reaction, silica_network, slice_averages

NAMES = ("R2", "R3", "R4", "R5", "R6", "R8")
K = np.array([0.01, 0.05, 0.05, 0.5, 0.02, 0.05])
D = 0.5
MAGNESIUM = {"Fo": 2, "Srp": 3, "Brc": 1, "Tlc": 3}
SILICON = {"Fo": 1, "Srp": 2, "Brc": 0, "Tlc": 4}
VOLUMES = {"Fo": 0.44, "Srp": 0.95, "Brc": 0.25, "Tlc": 0.5}


def column(names=NAMES, n_cells=20, durations=(40.0,), **options):
    network = silica_network()
    return ProfileReactor(network.subset(network.mask(names)), 5.0, n_cells, durations=durations, start={"Fo": 1.0}, **options)


def test_first_order_sink_has_the_hyperbolic_profile_and_converges_as_the_square_of_the_cell():
    network = silica_network()
    worst = []
    for n in (20, 40):
        reactor = ProfileReactor(network.subset(network.mask(["R7"])), 2.0, n, durations=[3.0])
        found = reactor.solve([0.4], 0.7)[0, :, reactor.minerals.index("Am")]
        thickness = np.sqrt(0.7 / 0.4)
        c = np.cosh((2.0 - reactor.centres) / thickness) / np.cosh(2.0 / thickness)
        worst.append(np.abs(found - 0.4 * 3.0 * c).max())
    assert worst[1] < 1e-3
    assert 3.5 < worst[0] / worst[1] < 4.5  # second order


def test_agrees_with_an_explicit_integration_written_apart():
    n, length, k3, k4, diffusivity = 6, 5.0, 0.05, 0.1, 0.3

    def area(m):
        return np.where(m > 0, m / np.cbrt(np.maximum(m, 0) + 1e-3), 0.0)

    dx = length / n
    laplacian = (np.diag(-2.0 * np.ones(n)) + np.diag(np.ones(n - 1), 1) + np.diag(np.ones(n - 1), -1)) / dx**2
    laplacian[0, 0], laplacian[-1, -1] = -3.0 / dx**2, -1.0 / dx**2
    source = np.zeros(n)
    source[0] = 2.0 / dx**2

    def slope(t, y):
        fo, srp, _ = y.reshape(3, n)
        a3, a4 = k3 * area(fo), 2 * k4 * area(srp)
        talc = np.ones(n, dtype=bool)
        for _ in range(n + 1):  # C is linear where it is known on which side of talc saturation a cell lies
            matrix = diffusivity * laplacian - np.diag(a3 + talc * a4 / 0.3)
            c = np.linalg.solve(matrix, -diffusivity * source - talc * a4)
            if ((c > 0.3) == talc).all():
                break
            talc = c > 0.3
        r3, r4 = a3 * c, 0.5 * a4 * np.maximum(c / 0.3 - 1, 0)
        return np.concatenate([-3 * r3, 2 * r3 - r4, r4])

    start = np.concatenate([np.ones(n), np.zeros(2 * n)])
    expected = solve_ivp(slope, (0, 20), start, method="DOP853", rtol=1e-7, atol=1e-8).y[:, -1].reshape(3, n)
    reactor = column(["R3", "R4"], n, [20.0])
    found = reactor.solve([k3, k4], diffusivity, atol=1e-7)[0]
    order = [reactor.minerals.index(m) for m in ("Fo", "Srp", "Tlc")]
    np.testing.assert_allclose(found[:, order].T, expected, atol=2e-5)  # kinks limit both
    assert np.abs(reactor.solve([k3, k4], diffusivity)[0][:, order].T - expected).max() < 1e-3


def test_default_tolerance_reaches_the_target_error_in_the_published_setting_of_the_specification():
    reactor = column(["R2", "R3", "R4", "R5"], 50)
    exact = reactor.solve(K[:4], D, atol=1e-7)
    assert np.abs(reactor.solve(K[:4], D) - exact).max() < 1e-3
    errors = [np.abs(reactor.solve(K[:4], D, atol=a) - exact).max() for a in (1e-2, 1e-4)]
    assert errors[1] < errors[0] / 8  # error follows tolerance


def test_magnesium_stays_and_silicon_is_what_diffused_in():
    reactor = column(durations=(5.0, 40.0))
    y = reactor.solve(K, D)
    magnesium = y @ [MAGNESIUM.get(m, 0) for m in reactor.minerals]
    np.testing.assert_allclose(magnesium, 2.0, atol=1e-12)
    extents = reactor.extents(K, D, atol=1e-7)
    silicon = reactor.solve(K, D, atol=1e-7) @ [SILICON.get(m, 0) for m in reactor.minerals]
    taken = -extents @ reactor.network.moles[reactor.mobile]
    np.testing.assert_allclose(silicon - 1.0, taken, atol=1e-8)  # extents and amounts are summed apart
    assert reactor.fluxes(K, D)[-1] == pytest.approx(taken.mean(axis=1).max(), rel=1e-3)


def test_minerals_are_zoned_talc_serpentine_brucite():
    reactor = column(["R2", "R3", "R4", "R5"])
    y = dict(zip(reactor.minerals, reactor.solve([0.015, 0.1, 0.1, 0.5], 0.1)[0].T, strict=True))
    c = reactor.dissolved([0.015, 0.1, 0.1, 0.5], 0.1)[0]
    assert y["Tlc"].argmax() < y["Srp"].argmax() < y["Brc"].argmax()
    assert (np.diff(c) < 0).all()
    assert 0 < c[-1] < c[0] < 1


@pytest.mark.parametrize("archie", [0.0, 1.5])
def test_sensitivities_agree_with_differences(archie):
    reactor = column(n_cells=8, archie=archie, volumes=VOLUMES if archie else None)
    y, slopes = reactor.solve_with_sensitivities(K, D, atol=1e-6)
    np.testing.assert_allclose(y, reactor.solve(K, D, atol=1e-6), atol=1e-4)
    parameters = np.append(K, D)
    for j, value in enumerate(parameters):
        sides = []
        for sign in (1, -1):
            p = parameters.copy()
            p[j] = value * (1 + sign * 0.01)
            sides.append(reactor.solve(p[:-1], p[-1], atol=1e-6))
        difference = (sides[0] - sides[1]) / (0.02 * value)
        # differences of 1 % carry errors of their square and of the kinks at saturation
        np.testing.assert_allclose(slopes[..., j], difference, atol=0.01 * np.abs(difference).max())


def test_every_law_has_the_value_that_the_network_gives():
    laws = [
        (("proportional", "A"), ("none",)),
        (("mineral", "A"), ("dissolution", "C", {"saturation": 2.0})),
        (("product", "B"), ("undersaturation", "C")),
        (("nucleation", "B"), ("precipitation", "C", {"saturation": 0.3})),
        (("autocatalytic", "A", "B"), ("first order", "C")),
        (("power", "A", {"exponent": 0.5}), ("excess", "C", {"threshold": 0.1})),
        (("fractured", "A", {"growth": 2.0}), ("mass action", "C", {"orders": [1.5]})),
        (("avrami", "A", {"exponent": 2.5, "initial": 1.0, "seed": 1e-3}), ("reversible precipitation", "C")),
    ]
    reactions = [Reaction(f"r{i}", {"A": -1, "B": 1}, *law) for i, law in enumerate(laws)]
    network = Network(("A", "B", "C"), reactions, fast={"C": 0.01})
    amounts = np.array([[1.0, 0.0, 0.8], [0.6, 0.4, 0.8], [1e-3, 0.999, 0.8], [-1e-4, 1.0, 0.8]])
    reactor = ProfileReactor(network, 1.0, 4, 0.8, [1.0], start=amounts)
    # with rate constants of zero nothing changes, and the derivative is the rate law at the start times the duration
    _, slopes = reactor.solve_with_sensitivities(np.zeros(8), 1.0, np.arange(8))
    expected = np.array([network.rates(y, np.ones(8)) for y in amounts])
    np.testing.assert_allclose(slopes[0, :, 1, :8], expected, rtol=1e-7, atol=1e-12)


def test_speeding_up_reactions_and_diffusion_shortens_the_time():
    slow, fast = column(durations=(40.0,)), column(durations=(4.0,))
    np.testing.assert_allclose(slow.solve(K, D, atol=1e-7), fast.solve(10 * K, 10 * D, atol=1e-7), atol=1e-6)


def test_what_has_no_effect_has_no_flux():
    reactor = column(["R3", "R4", "R5"])
    fluxes = reactor.fluxes([0.05, 0.05, 0.5], D)
    assert fluxes[2] == 0  # no brucite, nothing for R5 to do
    assert (fluxes[[0, 1, 3]] > 1e-3).all()
    dry = column(["R2"])
    assert dry.fluxes([0.01], D)[-1] == 0  # hydration alone takes no silica
    assert not dry.solve_with_sensitivities([0.01], D)[1][..., -1].any()


def test_clogging_keeps_silica_out():
    # three olivines make two serpentines: with 1.5 times its volume each the pores stay, with more they fill
    supply = [column(["R3"], archie=2.0, volumes={"Fo": 0.3, "Srp": v}).fluxes([0.05], 0.3)[-1] for v in (0.45, 1.4)]
    kept = column(["R3"]).fluxes([0.05], 0.3 * 0.7**2)[-1]
    assert supply[0] == pytest.approx(kept, rel=1e-3)
    assert supply[1] < 0.8 * supply[0]


def test_start_and_several_durations():
    together = column(durations=(0.0, 10.0, 40.0)).solve(K, D, atol=1e-6)
    np.testing.assert_allclose(together[0], np.tile([1.0, 0, 0, 0, 0, 0], (20, 1)), atol=0)
    np.testing.assert_allclose(together[1], column(durations=(10.0,)).solve(K, D, atol=1e-6)[0], atol=1e-4)


def test_slices_average_cells():
    edges = np.linspace(0, 1, 5)
    weights = slice_averages(edges, [[0, 0.5], [0.5, 0.625], [0.25, 1.0]])
    np.testing.assert_allclose(weights, [[0.5, 0.5, 0, 0], [0, 0, 1, 0], [0, 1 / 3, 1 / 3, 1 / 3]])
    with pytest.raises(ValueError, match=re.escape("slice 0 from 0.5 to 1.2 must lie in the column from 0 to 1")):
        slice_averages(edges, [[0.5, 1.2]])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"durations": [3.0, 1.0]}, "must be 0 or more and increase"),
        ({"durations": []}, "expected a list of one or more"),
        ({"n_cells": 1}, "2 cells or more"),
        ({"archie": 2.0}, "archie = 2 needs volumes"),
        ({"archie": 2.0, "volumes": {"Fo": 1.5}}, "fill more than the whole volume"),
        ({"archie": 2.0, "volumes": {"Foo": 0.4}}, "unknown species 'Foo'"),
    ],
)
def test_refusals(change, message):
    with pytest.raises(ValueError, match=message):
        column(**change)


def test_refuses_bad_rates_and_networks():
    reactor = column(["R3", "R4"])
    with pytest.raises(ValueError, match="rate constant of 'R4' is -1"):
        reactor.solve([0.1, -1.0], D)
    with pytest.raises(ValueError, match="diffusivity is 0"):
        reactor.solve([0.1, 0.1], 0.0)
    with pytest.raises(ValueError, match="one rate constant for each of the 2 candidates"):
        reactor.solve([0.1], D)
    network = Network(("A", "B"), [Reaction("r", {"A": -1, "B": 1})])
    with pytest.raises(ValueError, match="needs exactly one, the dissolved species"):
        ProfileReactor(network, 1.0, durations=[1.0])
