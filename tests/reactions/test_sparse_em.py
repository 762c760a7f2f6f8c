"""M step, gradient, EM and the choice of sparsity."""

import numpy as np
import pytest
from scipy.optimize import nnls

from lib.reactions.particles import backward_simulation, particle_filter
from lib.reactions.sparse_em import curvature_and_score, fit_sparse_em, log_likelihood, nonnegative_lasso
from lib.reactions.sparsity_choice import choose_sparsity, rate_bars
from lib.reactions.state_space import simulate_series, surface_network
from lib.reactions.support_recovery import recovery_study, summarise_support

TRUTH = {"dissolution: area of A": 0.1, "precipitation: area of B": 0.08}
SMALL = {"n_particles": 120, "n_trajectories": 40, "n_iterations": 25}


@pytest.fixture(scope="module")
def series():
    times = 60 * (np.arange(1, 41) / 40) ** 1.5
    return simulate_series(TRUTH, times, np.random.default_rng(7), observation_sd=0.002, system_sd=0.002, max_step=(0.3, 2.0))


@pytest.mark.parametrize("seed", range(5))
def test_without_penalty_the_m_step_is_non_negative_least_squares(seed):
    rng = np.random.default_rng(seed)
    a, y = rng.standard_normal((20, 7)), rng.standard_normal(20)
    assert np.allclose(nonnegative_lasso(a.T @ a, a.T @ y, np.zeros(7)), nnls(a, y)[0], atol=1e-8)


@pytest.mark.parametrize("seed", range(5))
def test_the_m_step_meets_the_conditions_of_the_minimum(seed):
    rng = np.random.default_rng(seed)
    a, y, penalty = rng.standard_normal((20, 7)), rng.standard_normal(20), rng.uniform(0, 3, 7)
    penalty[3] = np.inf
    k = nonnegative_lasso(a.T @ a, a.T @ y, penalty, start=rng.uniform(0, 1, 7))
    slope = (a.T @ a @ k - a.T @ y + penalty)[np.isfinite(penalty)]
    inside = (k > 0)[np.isfinite(penalty)]
    assert k[3] == 0
    assert (k >= 0).all()
    assert np.abs(slope[inside]).max(initial=0) < 1e-7
    assert (slope[~inside] > -1e-7).all()


def test_penalties_must_be_numbers():
    with pytest.raises(ValueError, match="zero or more"):
        nonnegative_lasso(np.eye(2), [1, 1], [0, -1])


def test_the_mean_score_is_the_slope_of_the_log_likelihood(series):
    k, rng = series.rates.to_numpy().copy(), np.random.default_rng(1)
    k[1] *= 1.15
    noise = series.model.noise(0.01, 0.005)
    scores = []
    for _ in range(6):
        run = particle_filter(series.model, k, noise, rng, 500)
        scores.append(curvature_and_score(backward_simulation(run, rng, 200), k, noise)[2][1])
    step = 0.01
    low, high = (
        [log_likelihood(series.model, k + s * step * (np.arange(7) == 1), noise, rng, 1000, 1) for _ in range(6)]
        for s in (-1, 1)
    )
    slope = (np.mean(high) - np.mean(low)) / (2 * step)
    error = np.sqrt(np.var(scores) / 5 + (np.var(high) + np.var(low)) / 5 / (2 * step) ** 2)
    assert abs(slope) > 4 * error  # the slope is there to be found
    assert abs(np.mean(scores) - slope) < 4 * error + 0.05 * abs(slope)  # 5 %: curvature over the step


def test_plain_em_never_lowers_the_likelihood_beyond_its_monte_carlo_error(series):
    start = 0.5 * surface_network().rate_scale
    fit = fit_sparse_em(
        series.model, np.random.default_rng(2), penalty=0.0, start=start, noise=series.model.noise(0.03, 0.02), curvature=1.0,
        relax=1.0, **SMALL,
    )  # fmt: skip
    climb = fit.progress["log_likelihood"].to_numpy()
    again = [
        particle_filter(series.model, fit.rates, fit.noise, np.random.default_rng(s), SMALL["n_particles"]).log_likelihood
        for s in range(8)
    ]
    error = np.std(again, ddof=1)  # of one evaluation where noise is least, and the error largest
    assert error < 3
    assert (np.diff(climb) > -5 * max(error, 0.5)).all()
    assert climb[-1] - climb[0] > 30


def test_long_steps_reach_further_than_plain_em(series):
    start, noise = 0.5 * surface_network().rate_scale, series.model.noise(0.02, 0.01)
    plain, long = (
        fit_sparse_em(series.model, np.random.default_rng(2), penalty=0.0, start=start, noise=noise, curvature=c, **SMALL)
        for c in (1.0, 0.05)
    )
    assert long.log_likelihood > plain.log_likelihood + 3


def test_non_uniform_sparsity_finds_the_reactions_and_hardly_shrinks_them(series):
    choice = choose_sparsity(series.model, np.random.default_rng(3), penalties=(2.0,), n_starts=1, **SMALL)
    uniform = fit_sparse_em(series.model, np.random.default_rng(3), penalty=10.0, adaptive=False, **SMALL)
    assert choice.support == tuple(TRUTH)
    assert len(uniform.support) > 2
    fit, true = choice.debiased, series.rates
    off = (fit.rates - true)[list(TRUTH)] / (fit.sd[list(TRUTH)] + 0.06 * true[list(TRUTH)])  # 6 %: explicit steps
    assert off.abs().max() < 3
    assert np.isnan(fit.sd[[n for n in true.index if n not in TRUTH]]).all()
    assert 0.5 < fit.noise.system / 0.002 < 2
    assert choice.table["chosen"].sum() == 1
    assert set(fit.path.columns) == {"iteration", "reaction", "rate"}
    assert fit.path["iteration"].nunique() == len(fit.progress) + 1
    bars = rate_bars(choice, choice, true)
    assert bars.groupby("kind").size().eq(7).all()
    assert (bars.query("kind == 'true'")["rate"].to_numpy() == true.to_numpy()).all()


def test_the_same_generator_gives_the_same_fit(series):
    one, two = (fit_sparse_em(series.model, np.random.default_rng(5), n_iterations=5, n_particles=50) for _ in range(2))
    assert (one.rates == two.rates).all()
    assert one.log_likelihood == two.log_likelihood


def test_a_support_is_kept_to(series):
    fit = fit_sparse_em(
        series.model, np.random.default_rng(5), penalty=0.0, support=list(TRUTH), n_iterations=5, n_particles=50
    )
    assert set(fit.support) <= set(TRUTH)
    with pytest.raises(KeyError, match="no reaction 'R9'"):
        fit_sparse_em(series.model, np.random.default_rng(5), support=["R9"])


def test_impossible_settings_are_refused(series):
    with pytest.raises(ValueError, match="curvature 0"):
        fit_sparse_em(series.model, np.random.default_rng(0), curvature=0)
    with pytest.raises(ValueError, match="at least one penalty"):
        choose_sparsity(series.model, np.random.default_rng(0), penalties=())
    with pytest.raises(ValueError, match="unknown sparsity 'strong'"):
        recovery_study(sparsities=("strong",))


def test_the_study_gives_one_row_a_series_sparsity_and_stage(monkeypatch):
    monkeypatch.setattr("lib.reactions.support_recovery.LIGHT", {"n_particles": 40, "n_trajectories": 20, "n_iterations": 8})
    table = recovery_study((0.005,), (12,), n_sets=1, sparsities=("non-uniform",), seed=1)
    assert list(table["stage"]) == ["penalised", "debiased"]
    assert table["exact"].equals(table["true_positive"].eq(1) & table["false_positive"].eq(0))
    summary = summarise_support(table)
    assert len(summary) == 2
    assert summary["exact_se"].between(0, 0.5).all()


def test_two_species_may_be_measured():
    times = np.linspace(2, 40, 20)
    one = simulate_series(TRUTH, times, np.random.default_rng(1), observed=("c", "B"), observation_sd=0.002, system_sd=0.002)
    assert one.model.observed == ("B", "c")
    fit = fit_sparse_em(one.model, np.random.default_rng(1), penalty=0.0, support=list(TRUTH), **SMALL)
    assert fit.noise.observation[[1, 2]] == pytest.approx(0.002, rel=0.8)
