"""Unbinned multi-histogram reweighting: known densities, independent routes, errors that cover."""

import numpy as np
import pytest

from lib.subset_search.multihistogram import jackknife_se, solve_multihistogram

BETAS = np.array([0.0, 0.15, 0.4, 0.8])


@pytest.fixture(scope="module")
def states():
    return np.sort(np.random.default_rng(5).gamma(12.0, 1.0, 1500))


def draws(states, rng, n=320, n_blocks=16):
    """Independent samples at each temperature: state, level, block."""
    state = []
    for beta in BETAS:
        p = np.exp(-beta * (states - states[0]))
        state.append(rng.choice(len(states), n, p=p / p.sum()))
    return np.concatenate(state), np.repeat(np.arange(len(BETAS)), n), np.tile(np.arange(n) * n_blocks // n, len(BETAS))


def bins_of(states):
    edges = np.quantile(states, [0, 0.01, 0.03, 0.1, 0.4, 1])
    return np.clip(np.searchsorted(edges, states, side="right") - 1, 0, 4)


def test_errors_cover_the_true_density_means_and_free_energies(states):
    true_count = np.bincount(bins_of(states), minlength=5)
    true_free = -np.log([np.mean(np.exp(-b * states)) for b in BETAS])
    weights = np.exp(-0.6 * (states - states[0]))
    true_mean = weights @ states / weights.sum()  # at a temperature between two levels
    z = []
    for rng in np.random.default_rng(1).spawn(20):
        state, level, block = draws(states, rng)
        met, where = np.unique(state, return_inverse=True)
        found = solve_multihistogram(states[met], level, BETAS, state=where, block=block)
        count, se = found.density(bins_of(states)[met], 5, len(states))
        mean, mean_se = found.mean(states[met], 0.6)
        free = (found.free_energy - true_free)[1:] / found.free_energy_se[1:]
        z.append([*(count - true_count) / se, *free, (mean - true_mean) / mean_se])
    z = np.array(z)
    # 180 correlated z values of Student's t with 15 degrees of freedom: 95 % lie within 2.13, and their variance is 15/13
    assert np.mean(np.abs(z) < 2.13) > 0.87  # 3.5 standard errors of some 80 independent values
    assert 0.8 < z.std() < 1.4
    assert np.abs(z.mean(axis=0)).max() < 4 / np.sqrt(20)


def test_agrees_with_bennett_for_two_levels(states):
    rng = np.random.default_rng(3)
    state, level, _ = draws(states, rng)
    two = level < 2
    found = solve_multihistogram(states[state[two]], level[two], BETAS[:2])
    e0, e1 = states[state[level == 0]], states[state[level == 1]]
    f = 0.0
    for _ in range(200):  # Bennett (1976): equal numbers, sum of Fermi functions equal
        up = 1 / (1 + np.exp(BETAS[1] * e0 - f))
        down = 1 / (1 + np.exp(f - BETAS[1] * e1))
        f += 0.5 * np.log(down.sum() / up.sum())
    assert found.free_energy[1] - found.free_energy[0] == pytest.approx(f, abs=1e-7)  # both iterate to 1e-9 or better


def test_only_the_hottest_level_gives_plain_counts():
    found = solve_multihistogram([1.0, 2.0, 5.0], np.zeros(8, int), [0.0], state=np.array([0, 0, 0, 0, 1, 1, 1, 2]))
    assert found.weights == pytest.approx([0.5, 0.375, 0.125], abs=1e-12)


def test_samples_can_be_states_or_point_to_states(states):
    state, level, block = draws(states, np.random.default_rng(8), n=100)
    met, where = np.unique(state, return_inverse=True)
    one = solve_multihistogram(states[met], level, BETAS, state=where, block=block)
    other = solve_multihistogram(states[state], level, BETAS, block=block)
    assert one.free_energy == pytest.approx(other.free_energy, abs=1e-8)
    assert one.free_energy_se == pytest.approx(other.free_energy_se, rel=1e-5)
    assert one.weights == pytest.approx(np.bincount(where, other.weights), rel=1e-6)


def test_states_without_a_loss_keep_their_share():
    rng = np.random.default_rng(2)
    energy = np.array([0.0, 1.0, np.inf])
    level = np.repeat([0, 1], 3000)
    state = np.concatenate([rng.choice(3, 3000), rng.choice(2, 3000, p=[1 / (1 + np.exp(-1)), 1 / (1 + np.exp(1))])])
    found = solve_multihistogram(energy, level, [0.0, 1.0], state=state)
    assert found.weights == pytest.approx([1 / 3] * 3, abs=0.04)  # 4.6 standard errors of a share of 3000
    assert np.isfinite(found.free_energy).all()


def test_overlap_tells_close_levels_from_distant_ones(states):
    state, level, _ = draws(states, np.random.default_rng(4))
    found = solve_multihistogram(states[state], level, BETAS)
    skipped = level != 1
    far = solve_multihistogram(states[state[skipped]], np.maximum(level[skipped] - 1, 0), BETAS[[0, 2, 3]])
    assert 0 < far.overlap[0] < found.overlap[0] < 1


def test_jackknife_of_a_mean_is_its_standard_error():
    x = np.random.default_rng(0).normal(size=12)
    left_out = (x.sum() - x) / 11
    assert jackknife_se(left_out, ()) == pytest.approx(x.std(ddof=1) / np.sqrt(12), rel=1e-12)
    assert np.isnan(jackknife_se(left_out[:1], ()))


def test_refuses_levels_without_samples():
    with pytest.raises(ValueError, match=r"no sample at beta = 0\.5"):
        solve_multihistogram([1.0, 2.0], np.array([0, 0]), [0.0, 0.5])
    with pytest.raises(ValueError, match="one each a sample"):
        solve_multihistogram([1.0, 2.0], np.array([0, 0]), [0.0], block=np.array([0]))
    with pytest.raises(ValueError, match="samples in one block only"):
        solve_multihistogram([1.0, 2.0, 1.5], np.array([0, 0, 1]), [0.0, 0.5], block=np.array([0, 1, 1]))
