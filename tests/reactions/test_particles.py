"""Particle filter and backward simulation against the exact Kalman filter and smoother."""

import numpy as np
import pytest

from lib.kinetics import Network, Reaction
from lib.kinetics.solver_kernels import evaluate_rates
from lib.reactions.particles import backward_simulation, particle_filter
from lib.reactions.state_space import StateSpace, simulate_series, surface_network

K = np.array([0.3, 0.1])


@pytest.fixture(scope="module")
def linear():
    """A -> B and B -> A of first order: a linear Gaussian model, B measured at some of its steps."""
    rows = [("forth", {"A": -1.0, "B": 1.0}, "A"), ("back", {"A": 1.0, "B": -1.0}, "B")]
    reactions = [Reaction(n, nu, ("constant",), ("first order", s), rate=k) for (n, nu, s), k in zip(rows, K, strict=True)]
    network = Network(("A", "B"), reactions, start={"A": 1.0})
    rates = dict(zip(network.names, K, strict=True))
    return simulate_series(
        rates, np.arange(1.0, 16.0), np.random.default_rng(4), network=network, observation_sd=0.03, system_sd=0.05,
        observed=("B",), max_step=0.5, start_sd=0.1,
    )  # fmt: skip


def kalman(series):
    """Exact log likelihood, filtered and smoothed means and variances."""
    model, noise = series.model, series.noise
    r = noise.observation[1] ** 2
    q = np.diag((noise.system * model.noise_shape) ** 2)
    drift = np.array([[-K[0], K[1]], [K[0], -K[1]]])
    m, p = model.start, np.diag(model.start_sd**2)
    total, filtered, ahead = 0.0, [], []
    for t in range(model.grid.size):
        if t:
            f = np.eye(2) + model.steps[t - 1] * drift
            m, p = f @ m, f @ p @ f.T + model.steps[t - 1] * q
            ahead.append((f, m, p))
        if np.isfinite(model.data[t, 1]):
            e, s = model.data[t, 1] - m[1], p[1, 1] + r
            total -= 0.5 * (e**2 / s + np.log(2 * np.pi * s))
            gain = p[:, 1] / s
            m, p = m + gain * e, p - np.outer(gain, p[1])
        filtered.append((m, p))
    smoothed = [filtered[-1]]
    for t in range(model.grid.size - 2, -1, -1):
        (f, m1, p1), (m, p), (ms, ps) = ahead[t], filtered[t], smoothed[0]
        g = p @ f.T @ np.linalg.inv(p1)
        smoothed.insert(0, (m + g @ (ms - m1), p + g @ (ps - p1) @ g.T))
    return total, filtered, smoothed


def test_filter_and_smoother_agree_with_kalman(linear):
    total, filtered, smoothed = kalman(linear)
    runs = [particle_filter(linear.model, K, linear.noise, np.random.default_rng(s), 2000) for s in range(8)]
    found = np.array([run.log_likelihood for run in runs])
    spread = found.std(ddof=1)
    assert spread < 0.3  # fifteen measurements and 2000 particles, each chosen knowing the next measurement
    assert abs(np.logaddexp.reduce(found) - np.log(8) - total) < 4 * spread / np.sqrt(8) + 0.02
    run = runs[0]
    mean = (run.states * np.exp(run.log_weights)[:, None, :]).sum(axis=2)
    sd = np.sqrt([np.diag(p) for _, p in filtered])
    # Monte-Carlo error of a mean of 2000 draws, sd / 45, grown by resampling over the whole series
    assert np.abs((mean - [m for m, _ in filtered]) / sd).max() < 0.2
    paths = backward_simulation(run, np.random.default_rng(9), 1000).states
    sd = np.sqrt([np.diag(p) for _, p in smoothed])
    assert np.abs((paths.mean(axis=0) - [m for m, _ in smoothed]) / sd).max() < 0.25
    assert np.abs(paths.std(axis=0) / sd - 1).max() < 0.2


def test_the_sums_of_the_trajectories_are_theirs(linear):
    run = particle_filter(linear.model, K, linear.noise, np.random.default_rng(1), 100)
    smoothed = backward_simulation(run, np.random.default_rng(2), 3)
    x, steps = smoothed.states, linear.model.steps
    phi, dx = x[:, :-1], np.diff(x, axis=1)  # first order: the rates for k = 1 are the amounts themselves
    assert np.allclose(smoothed.rate_pairs, np.einsum("mtj,mtl,t->mjl", phi, phi, steps))
    assert np.allclose(smoothed.rate_moves, np.einsum("mtj,mts->mjs", phi, dx))
    assert np.allclose(smoothed.moves, (dx**2 / steps[:, None]).sum(axis=1))
    assert np.allclose(smoothed.misfit[:, 1], np.nansum((linear.model.data - x) ** 2, axis=1)[:, 1])


def test_rates_inside_the_filter_are_those_of_the_network():
    network = surface_network()
    series = simulate_series(
        {network.names[1]: 0.1, network.names[5]: 0.08}, [1.0, 2.0, 30.0], np.random.default_rng(1), max_step=1.0
    )
    run = particle_filter(series.model, series.rates, series.noise, np.random.default_rng(1), 20)
    rate, slopes = np.empty(7), np.empty((7, 3))
    for t in range(run.unit_rates.shape[0]):
        for i in (0, 19):
            evaluate_rates(network.code, np.arange(7), run.states[t, :, i].copy(), rate, slopes)
            assert np.allclose(run.unit_rates[t, :, i], rate, rtol=1e-12)
    some = particle_filter(series.model, series.rates, series.noise, np.random.default_rng(1), 20, only=series.rates > 0)
    assert some.log_likelihood == pytest.approx(run.log_likelihood, abs=1e-9)
    assert not some.unit_rates[:, 0].any()


def test_bands_are_ordered_tidy_and_narrower_with_all_measurements(linear):
    run = particle_filter(linear.model, K, linear.noise, np.random.default_rng(1), 500)
    one, all_ = run.frame(), backward_simulation(run, np.random.default_rng(2), 300).frame()
    for frame in (one, all_):
        assert list(frame.columns) == ["time_h", "species", "quantity", "median", "low", "high"]
        assert (frame["low"] <= frame["median"]).all()
        assert (frame["median"] <= frame["high"]).all()
    assert (all_["high"] - all_["low"]).mean() < (one["high"] - one["low"]).mean()


def test_unfit_arguments_and_wild_steps_are_refused(linear):
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="expected 2 finite numbers"):
        particle_filter(linear.model, [0.1, -1.0], linear.noise, rng)
    with pytest.raises(ValueError, match="10 or more"):
        particle_filter(linear.model, K, linear.noise, rng, 2)
    with pytest.raises(ValueError, match="between 0 and 1"):
        particle_filter(linear.model, K, linear.noise, rng, 50).frame(level=95)
    wild = StateSpace(linear.model.network, np.arange(1.0, 800.0), {"B": np.zeros(799)})
    with pytest.raises(ValueError, match="smaller max_step"):
        particle_filter(wild, [50.0, 50.0], linear.noise, rng, 20)
