"""The stiff solver against closed forms, against LSODA, and against itself."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from lib.kinetics import BatchReactor, Network, Reaction, silica_network
from lib.kinetics.solver_kernels import DENSE, GAMMA, A, C

TIMES = np.geomspace(0.2, 60.0, 30)
TRUTHS = (["R1", "R2", "R5"], ["R1", "R3", "R4"], ["R1", "R2", "R3", "R4"], [f"R{i}" for i in range(1, 9)])


def lsoda(network, y0, times, k, rtol=1e-9):
    def slope(_, y):
        return network.stoichiometry @ network.rates(y, k)

    return solve_ivp(slope, (0, times[-1]), y0, method="LSODA", rtol=rtol, atol=rtol / 100, t_eval=times).y.T


def conditions(alpha, gamma, b):
    """Left sides of the order conditions of a Rosenbrock method up to order four."""
    a, beta = alpha.sum(1), alpha + gamma
    s = beta.sum(1)
    return np.array([
        b.sum(), b @ s, b @ a**2, b @ beta @ s, b @ a**3, b @ (a * (alpha @ s)), b @ beta @ a**2, b @ beta @ beta @ s,
    ])  # fmt: skip


def test_the_coefficients_fulfil_the_order_conditions():
    gamma = np.linalg.inv(np.eye(6) / GAMMA - np.pad(C, ((0, 0), (0, 1))))
    weights = np.append(A[5], 1.0)
    exact = np.array([1, 1 / 2, 1 / 3, 1 / 6, 1 / 4, 1 / 8, 1 / 12, 1 / 24])
    alpha = np.pad(A, ((0, 0), (0, 1))) @ gamma
    assert conditions(alpha, gamma, weights @ gamma) == pytest.approx(exact, abs=1e-13)  # printed to 16 digits
    embedded = np.append(A[5], 0.0)  # order three, whence the error estimate
    assert conditions(alpha, gamma, embedded @ gamma)[:4] == pytest.approx(exact[:4], abs=1e-13)
    x, dense = 0.3, np.pad(DENSE, ((0, 0), (0, 1)))  # the dense output has order three everywhere
    inside = x * (weights + (1 - x) * (dense[0] + x * dense[1]))
    assert conditions(alpha, gamma, inside @ gamma)[:4] == pytest.approx(exact[:4] * x ** np.array([1, 2, 3, 3]), abs=1e-13)


@pytest.mark.parametrize("names", TRUTHS, ids="-".join)
def test_the_largest_error_is_below_5e_4_at_the_default_tolerance(names):
    network = silica_network()
    reactor, mask = BatchReactor(network, times=TIMES), network.mask(names)
    k = network.reference * mask
    assert np.abs(reactor.solve(k) - lsoda(network, reactor.y0, TIMES, k)).max() < 5e-4


def test_the_error_falls_with_the_tolerance():
    network = silica_network()
    reactor, k = BatchReactor(network, times=TIMES), network.reference * network.mask(TRUTHS[2])
    exact = lsoda(network, reactor.y0, TIMES, k, 1e-11)
    error = [np.abs(reactor.solve(k, rtol=rtol) - exact).max() for rtol in (1e-3, 1e-5, 1e-7)]
    assert error[1] < 0.1 * error[0]
    assert error[2] < 0.1 * error[1]


def test_mass_is_conserved_to_rounding_at_a_loose_tolerance():
    network = silica_network()
    reactor = BatchReactor(network, times=TIMES, rtol=1e-2)
    rng = np.random.default_rng(1)
    for _ in range(50):
        mask = rng.random(8) < 0.6
        y = reactor.solve(network.reference * 10 ** rng.uniform(-2, 1, 8), mask)
        assert np.abs((y - reactor.y0) @ network.conserved().T).max() < 1e-12


def test_sensitivities_are_the_derivatives():
    network = silica_network()
    reactor = BatchReactor(network, times=TIMES, rtol=1e-7)
    rng = np.random.default_rng(2)
    k = network.reference * 10 ** rng.uniform(-0.3, 0.3, 8)
    y, slopes = reactor.solve_with_sensitivities(k, np.ones(8, dtype=bool))
    assert np.abs(y - reactor.solve(k)).max() < 1e-6
    for j in range(8):
        step = 1e-4 * k[j] * np.eye(8)[j]
        difference = (reactor.solve(k + step) - reactor.solve(k - step)) / 2e-4
        # rounding of both solves at 1e-8 over the step of 1e-4
        assert np.abs(slopes[:, :, j] * k[j] - difference).max() < 5e-4


def test_sensitivities_hold_at_the_default_tolerance():
    network = silica_network()
    for names in TRUTHS:
        mask = network.mask(names)
        coarse, fine = BatchReactor(network, times=TIMES), BatchReactor(network, times=TIMES, rtol=1e-7)
        k = network.reference * mask
        error = (coarse.solve_with_sensitivities(k, mask)[1] - fine.solve_with_sensitivities(k, mask)[1]) * k[mask]
        assert np.abs(error).max() < 0.01  # of amounts near one: dissolved silica as it passes talc saturation is the worst


def test_a_candidate_at_zero_rate_still_has_its_derivative():
    network = silica_network()
    reactor, k = BatchReactor(network, times=TIMES, rtol=1e-7), network.reference * network.mask(["R1", "R3"])
    y, slopes = reactor.solve_with_sensitivities(k, network.mask(["R1", "R3", "R2"]))
    assert np.abs(y - reactor.solve(k)).max() < 1e-6
    step = 1e-6 * np.eye(8)[1]
    difference = (reactor.solve(k + step) - reactor.solve(k)) / 1e-6
    assert np.abs(slopes[:, :, 1] - difference).max() < 0.01 * np.abs(difference).max()


def linear(*reactions, start=None):
    return Network(("A", "B", "C"), reactions, start=start or {"A": 1.0})


def test_a_first_order_chain():
    network = linear(
        Reaction("a", {"A": -1, "B": 1}, affinity=("first order", "A")),
        Reaction("b", {"B": -1, "C": 1}, affinity=("first order", "B")),
    )
    t, (a, b) = np.linspace(0, 5, 11), (1.3, 0.4)
    y, slopes = BatchReactor(network, times=t, rtol=1e-7).solve_with_sensitivities([a, b], [0, 1])
    middle = a / (b - a) * (np.exp(-a * t) - np.exp(-b * t))
    assert np.abs(y - np.column_stack([np.exp(-a * t), middle, 1 - np.exp(-a * t) - middle])).max() < 1e-6
    d_middle = b / (b - a) ** 2 * (np.exp(-a * t) - np.exp(-b * t)) - a / (b - a) * t * np.exp(-a * t)
    assert np.abs(slopes[:, 1, 0] - d_middle).max() < 1e-5


def test_a_second_order_reaction():
    network = linear(Reaction("a", {"A": -2, "B": 1}, affinity=("mass action", "A", {"orders": [2]})))
    t = np.array([0.0, 1.0, 10.0, 100.0])
    y = BatchReactor(network, times=t, rtol=1e-7).solve([0.7])
    assert y[:, 0] == pytest.approx(1 / (1 + 2 * 0.7 * t), rel=1e-5)


def test_avramis_law():
    surface = ("avrami", "A", {"exponent": 3.0})
    network = linear(Reaction("a", {"A": -1, "B": 1}, surface))
    t, k = np.linspace(0, 20, 9), 0.1
    y = BatchReactor(network, times=t, rtol=1e-6).solve([k])
    assert np.abs(y[:, 0] - np.exp(1e-9 - (1e-3 + k * t) ** 3)).max() < 1e-5


def test_a_shrinking_grain():
    network = linear(Reaction("a", {"A": -1, "B": 1}, ("mineral", "A", {"softening": 1e-9})))
    t, k = np.linspace(0, 4, 9), 0.5
    y = BatchReactor(network, times=t, rtol=1e-6).solve([k])
    assert np.abs(y[:, 0] - np.maximum(1 - k * t / 3, 0) ** 3).max() < 1e-5


def test_a_mineral_of_constant_area_ends_when_it_is_used_up():
    network = linear(Reaction("a", {"A": -1, "B": 1}, ("constant", "A")))
    y = BatchReactor(network, times=[0.5, 1.5, 3.0]).solve([1.0])
    assert y[:, 0] == pytest.approx([0.5, 0.0, 0.0], abs=0.01)  # the last 1e-3 goes by itself


def test_a_ramp_is_passed_without_loss_of_accuracy():
    """B grows until it passes 0.5 at t = 0.5, from where C grows as its excess: C = (t - 0.5)^2 / 2."""
    network = linear(
        Reaction("a", {"B": 1}), Reaction("b", {"C": 1}, affinity=("excess", "B", {"threshold": 0.5})), start={"A": 0.0}
    )
    t = np.linspace(0, 2, 21)
    y, slopes = BatchReactor(network, times=t, rtol=1e-2).solve_with_sensitivities([1.0, 1.0], [0, 1])
    late = np.maximum(t - 0.5, 0)
    assert np.abs(y[:, 2] - late**2 / 2).max() < 1e-8  # a parabola, so exact but for the place of the start
    assert np.abs(slopes[:, 2, 0] - (t**2 - 0.25) / 2 * (late > 0)).max() < 1e-7  # C = (k t - 0.5)^2 / (2 k) at k = 1
