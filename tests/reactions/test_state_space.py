"""Series on a grid of steps, artificial series, paths without system noise."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from lib.reactions.starting_rates import first_noise, noiseless_path
from lib.reactions.state_space import StateSpace, simulate_series, surface_network

RATES = {"dissolution: area of A": 0.1, "precipitation: area of B": 0.08}


def test_every_measurement_falls_on_a_step_and_steps_keep_to_their_limits():
    times = np.array([0.7, 2.0, 9.0])
    model = StateSpace(surface_network(), times, {"c": [0.1, np.nan, 0.2]}, max_step=(0.25, 1.0))
    assert np.isin(times, model.grid).all()
    assert np.allclose(np.diff(model.grid), model.steps)
    assert (model.steps <= 0.25 + 0.75 * model.grid[:-1] / 9.0 + 1e-12).all()
    assert model.n_data == 2
    assert model.observed == ("c",)
    assert model.frame().to_dict("list") == {"time_h": [0.7, 9.0], "species": ["c", "c"], "value": [0.1, 0.2]}


def test_candidates_balance_and_conserve_the_total():
    network = surface_network()
    assert network.balance() == []
    assert np.allclose(network.stoichiometry.sum(axis=0), 0)
    series = simulate_series(RATES, np.linspace(1, 30, 30), np.random.default_rng(0), observation_sd=1e-9, system_sd=1e-9)
    total = series.truth.groupby("time_h")["value"].sum()
    assert np.allclose(total, 1.01, atol=1e-6)


def test_a_series_almost_without_noise_follows_the_differential_equation():
    times = np.linspace(1, 30, 30)
    series = simulate_series(RATES, times, np.random.default_rng(0), observation_sd=1e-9, system_sd=1e-9, max_step=0.25)
    network, k = surface_network(), series.rates.to_numpy()
    solved = solve_ivp(
        lambda t, y: network.stoichiometry @ network.rates(y, k),
        (0, 30),
        network.initial(),
        t_eval=times,
        rtol=1e-8,
        atol=1e-10,
    )
    exact = solved.y[2]
    # Euler steps of 1/80 h: an error near step * k / c_A / 2 of the rise to 0.2
    assert np.abs(series.model.frame()["value"] - exact).max() < 2e-3


def test_slopes_of_the_path_without_noise_are_its_derivatives():
    series = simulate_series(RATES, np.linspace(1, 20, 20), np.random.default_rng(0))
    k = np.array([0.02, 0.06, 0.03, 0.01, 0.02, 0.03, 0.02])
    _, slopes = noiseless_path(series.model, k)
    step = 1e-6
    for j in range(7):
        up, down = (noiseless_path(series.model, k + sign * step * (np.arange(7) == j))[0] for sign in (1, -1))
        assert np.abs((up - down) / (2 * step) - slopes[:, :, j]).max() < 1e-4 * np.abs(slopes).max()


def test_the_roughness_of_a_straight_line_with_noise_is_its_noise():
    rng = np.random.default_rng(3)
    times = np.sort(rng.uniform(0.1, 50, 400))
    model = StateSpace(surface_network(), times, {"c": 0.1 + 0.002 * times + 0.004 * rng.standard_normal(400)})
    # 400 points, median absolute deviation: standard error near 7 % with neighbours sharing points
    assert first_noise(model).observation[2] == pytest.approx(0.004, rel=0.3)


@pytest.mark.parametrize(
    ("times", "data", "options", "message"),
    [
        ([1, 3, 2], {"c": [0, 0, 0]}, {}, "time 2 is 2"),
        ([-1, 3, 4], {"c": [0, 0, 0]}, {}, "time 0 is -1"),
        ([1, 2, 3], {"d": [0, 0, 0]}, {}, "unknown species 'd'"),
        ([1, 2, 3], {"c": [0, 0]}, {}, "expected 3 numbers"),
        ([1, 2, 3], {"c": [np.nan] * 3}, {}, "no measured number"),
        ([1, 2, 3], {"c": [0, 0, 0]}, {"max_step": 0}, "max_step is 0"),
        ([1, 2, 3], {"c": [0, 0, 0]}, {"noise_shape": [1, 0, 1]}, "noise_shape"),
    ],
)
def test_unfit_series_are_refused(times, data, options, message):
    with pytest.raises(ValueError, match=message):
        StateSpace(surface_network(), times, data, **options)


def test_impossible_solubilities_and_noise_are_refused():
    with pytest.raises(ValueError, match="smaller one of B"):
        surface_network(saturation=(0.1, 0.3))
    model = StateSpace(surface_network(), [1, 2, 3], {"c": [0.0, 0.1, 0.2]})
    with pytest.raises(ValueError, match="noise levels"):
        model.noise(0.0, 0.1)
