"""Intervals, posterior and number of end members."""

import numpy as np
import pytest
from scipy import stats

from lib.unmixing.artificial import pelagic
from lib.unmixing.bayesian import _power_law, _State, sample_posterior, truncated_normal
from lib.unmixing.count import end_member_number
from lib.unmixing.endmembers import match_end_members, unmix
from lib.unmixing.intervals import bootstrap_intervals


@pytest.mark.parametrize(("low", "high"), [(-1, 2), (1, 1.5), (-np.inf, -3), (6, np.inf), (-45, -40), (39, 60), (0, 1e-9)])
def test_cut_normal_variates_have_the_right_distribution(low, high):
    n = 4000
    full = np.ones(n)
    z = truncated_normal(0 * full, full, low * full, high * full, np.random.default_rng(1))
    assert (z >= low).all()
    assert (z <= high).all()
    # truncnorm takes the far lower tail only, like every route through probabilities
    p = stats.kstest(z if high <= 0 else -z, stats.truncnorm(*((low, high) if high <= 0 else (-high, -low))).cdf).pvalue
    assert p > 1e-4


@pytest.mark.parametrize("power", [-300, -1, 0, 2])
def test_powers_are_drawn_from_their_distribution(power):
    u = _power_law(np.full(4000, 0.9), np.full(4000, 1.3), power, np.random.default_rng(2).uniform(size=4000))
    primitive = (lambda v: np.log(v)) if power == 0 else (lambda v: v**power)
    p = stats.kstest((primitive(u) - primitive(0.9)) / (primitive(1.3) - primitive(0.9)), "uniform").pvalue
    assert p > 1e-4


def draws(x, s, start, close, n_sweeps):
    """Many short problems at once: 200 chains from one start, noise known."""
    rng = np.random.default_rng(1)
    state = _State(x, np.full(x.shape, 1 / s**2), start, 200, close, rng)
    state._noise = lambda: None
    kept = []
    for sweep in range(n_sweeps):
        state.sweep()
        if sweep >= n_sweeps // 4:
            kept.append(state.e[:, :, 0].copy())
    return np.array(kept)


@pytest.mark.parametrize("close", [True, False])
def test_the_posterior_of_two_end_members_agrees_with_a_grid(close):
    # one free part and two end members: proportions (and totals) integrate out, and two unknowns are left for a grid
    t, s = np.array([0.25, 0.31, 0.4, 0.45, 0.52, 0.58, 0.63, 0.67]), 0.03
    x = np.column_stack([t, 1 - t]) if close else t[:, None]
    start = np.array([[0.75, 0.25], [0.2, 0.8]])[:, : x.shape[1]]
    found = draws(x, s, start, close, 400)
    found = np.sort(found, axis=2)[:, :, ::-1]
    p = np.linspace(0, 1, 801) if close else np.linspace(0, 2, 1601)
    # likelihood of a sample whose mixture has the value p; a total that is integrated out leaves the distance from a ray
    length = np.hypot(p, 1 - p) if close else np.ones_like(p)
    likelihood = np.exp(-0.5 * ((t[:, None] - p) / (s * length)) ** 2) / length
    primitive = np.hstack([np.zeros((len(t), 1)), np.cumsum(0.5 * (likelihood[:, 1:] + likelihood[:, :-1]), axis=1)])
    few = primitive[:, ::4]
    q = p[::4]
    width = np.subtract.outer(q, q)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = (few[:, :, None] - few[:, None, :]) / width
        weight = np.where(width > 0, np.exp(np.sum(np.log(np.maximum(mean, 1e-300)), axis=0)), 0.0)
    for k, grid in enumerate(np.meshgrid(q, q, indexing="ij")):
        expected = np.sum(weight * grid) / weight.sum()
        sd = np.sqrt(np.sum(weight * (grid - expected) ** 2) / weight.sum())
        chains = found[:, :, k].mean(axis=0)
        assert abs(chains.mean() - expected) < 4.5 * chains.std() / np.sqrt(len(chains)) + 0.02 * sd  # + the grid's own error
        assert found[:, :, k].std() == pytest.approx(sd, rel=0.05)


def test_the_posterior_holds_end_members_and_noise():
    made = pelagic(120, 0.03, np.random.default_rng(3), names=("detrital", "opal", "carbonate"))
    found = sample_posterior(made.x, 3, noise=0.03, n_sweeps=700, n_chains=3, thin=2)
    order = match_end_members(made.end_members, found.mean)
    held = (found.lower[order] <= made.end_members) & (made.end_members <= found.upper[order])
    assert held.mean() > 0.7  # 90 % aimed at; the elements of one draw hang together
    assert 0.7 < found.sigma.mean() < 1.2
    assert np.abs(found.mean[order] - made.end_members).mean() < 0.006
    np.testing.assert_allclose(found.proportions_mean.sum(axis=1), 1, atol=1e-5)


def test_a_posterior_that_has_not_converged_says_so():
    made = pelagic(40, 0.02, np.random.default_rng(4))
    found = unmix(made.x, 4, "bayesian", n_sweeps=40, n_chains=2, thin=1)
    assert "raise n_sweeps" in found.notes[0]
    with pytest.raises(ValueError, match="at least 40 sweeps"):
        sample_posterior(made.x, 4, n_sweeps=20)
    with pytest.raises(ValueError, match="nothing tells the noise"):
        sample_posterior(made.x[:, :4], 4)
    with pytest.raises(ValueError, match="too many"):
        sample_posterior(np.tile(made.x, (200, 1)), 4)


@pytest.fixture(scope="module")
def three():
    return pelagic(120, 0.02, np.random.default_rng(5), names=("detrital", "opal", "carbonate"))


def test_bootstrap_intervals_hold_the_answer_and_grow_with_the_level(three):
    found = unmix(three.x, 3)
    wide, narrow = (bootstrap_intervals(three.x, found, n_bootstrap=8, level=level) for level in (0.95, 0.5))
    assert (narrow.lower <= found.end_members + 1e-12).all()
    assert (found.end_members <= narrow.upper + 1e-12).all()
    assert (wide.lower <= narrow.lower).all()
    assert (wide.upper >= narrow.upper).all()
    assert wide.draws.shape == (8, 3, 10)
    assert wide.n_failed == 0
    np.testing.assert_array_equal(wide.draws, narrow.draws)
    inside = (wide.proportions_lower <= three.proportions[:, match_end_members(found.end_members, three.end_members)]) & (
        three.proportions[:, match_end_members(found.end_members, three.end_members)] <= wide.proportions_upper)  # fmt: skip
    assert inside.mean() > 0.45  # coverage differs much from data set to data set: acceptance has the mean
    # three far corners of one simplex: they move much less than they are apart
    assert wide.stability.min() > 0.9


def test_bootstrap_refuses_what_it_cannot_repeat(three):
    known = unmix(three.x, 3, "known", end_members=three.end_members)
    with pytest.raises(ValueError, match="sample_posterior"):
        bootstrap_intervals(three.x, known)
    with pytest.raises(ValueError, match="level"):
        bootstrap_intervals(three.x, 3, level=1.5)


def test_the_number_of_end_members_is_found_with_a_reason(three):
    table = end_member_number(three.x, range(2, 5), n_bootstrap=3, n_starts=1).set_index("n_end_members")
    assert table.index[table["chosen"]].tolist() == [3]
    assert "stated noise" in table.loc[3, "reason"]
    assert table["rss"].is_monotonic_decreasing
    assert table.loc[2, "chi2_per_dof"] > 20
    # residuals come down to the errors: 1 is expected, the errors of small cells are stated generously
    assert 0.5 < table.loc[3, "chi2_per_dof"] < 1.25
    with pytest.raises(ValueError, match="none of the candidates"):
        end_member_number(three.x, [40])


def test_where_the_noise_is_stated_too_small_the_elbow_decides(three):
    table = end_member_number(three.x, range(2, 5), noise=0.002, n_bootstrap=3, n_starts=1).set_index("n_end_members")
    assert table.index[table["chosen"]].tolist() == [3]
    assert "elbow" in table.loc[3, "reason"]
