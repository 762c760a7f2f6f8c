"""R-hat, effective sizes and Monte-Carlo errors against arviz, against theory, and on chains that say nothing."""

import numpy as np
import pytest
from scipy import signal

from lib import sampling
from lib.sampling.diagnostics import ensemble_diagnostics


def autoregressive(rho, n_chains, n, rng):
    noise = rng.standard_normal((n_chains, n))
    x = np.empty((n_chains, n))
    x[:, 0] = noise[:, 0] / np.sqrt(1 - rho**2)
    for t in range(1, n):
        x[:, t] = rho * x[:, t - 1] + noise[:, t]
    return x


@pytest.fixture(scope="module")
def sets():
    """The order of the draws matters: the stored values belong to this stream."""
    rng = np.random.default_rng(20210630)
    return {
        "independent": autoregressive(0.0, 4, 500, rng),
        "autocorrelated": autoregressive(0.9, 4, 1000, rng),
        "antithetic": autoregressive(-0.5, 3, 400, rng),
        "one chain apart": autoregressive(0.5, 4, 300, rng) + np.array([[0], [0], [0], [1.0]]),
        "heavy tails": rng.standard_cauchy((4, 1000)),
        "ties": np.round(autoregressive(0.3, 2, 600, rng)),
        "drift": autoregressive(0.2, 2, 300, rng) + np.linspace(0, 2, 300),
    }


# arviz 0.23.4 on numpy 2.4.6: rhat(x), ess(x, method="bulk"), ess(x, method="tail"), mcse(x, method="mean"),
# mcse(x, method="quantile", prob=0.9)
ARVIZ = {
    "independent": (0.9992609432283599, 2103.566603818857, 1934.3115755104727, 0.021500530594452116, 0.04065768833298611),
    "autocorrelated": (1.0226407970192872, 206.24070444012824, 433.8970956354503, 0.15609918774851106, 0.18703946667598426),
    "antithetic": (1.0041471159781707, 3695.0174952571497, 1053.4598283399241, 0.019321354823341384, 0.07199762166264345),
    "one chain apart": (1.0517731910242534, 105.94097426510804, 465.8865228471399, 0.1183981398300206, 0.07421274995834326),
    "heavy tails": (1.0000395041304584, 3711.7431663958278, 3801.6609530198266, 8.261334279148434, 0.20263672761107854),
    "ties": (1.0008949368610125, 747.2557623411662, 888.8222606787529, 0.039884228502766544, 0.0),
    "drift": (1.1458167801110228, 10.448417791952334, 162.90718077702542, 0.3527418514431478, 0.16365441739866227),
}


@pytest.mark.parametrize("name", ARVIZ)
def test_values_are_those_of_arviz(sets, name):
    x = sets[name]
    found = (
        sampling.rhat(x),
        sampling.ess_bulk(x),
        sampling.ess_tail(x),
        sampling.mcse_mean(x),
        sampling.mcse_quantile(x, 0.9),
    )
    np.testing.assert_allclose(found, ARVIZ[name], rtol=1e-10)


@pytest.mark.parametrize("rho", [0.0, 0.5, 0.95, -0.3])
def test_effective_size_of_an_autoregression_is_that_of_theory(rho):
    x = signal.lfilter([1], [1, -rho], np.random.default_rng(5).standard_normal((4, 200_000)), axis=1)
    # the sum of autocorrelations is known to about sqrt(8 tau / 800 000), 2 % at rho = 0.95, and a little high
    assert sampling.ess_mean(x) == pytest.approx(x.size * (1 - rho) / (1 + rho), rel=0.07)
    assert sampling.autocorrelation_time(x) == pytest.approx((1 + rho) / (1 - rho), rel=0.07)


def test_errors_are_those_of_repeated_runs():
    rng = np.random.default_rng(6)
    runs = [autoregressive(0.8, 4, 1000, rng) for _ in range(200)]
    for error, estimate in (
        (sampling.mcse_mean, np.mean),
        (lambda x: sampling.mcse_quantile(x, 0.9), lambda x: np.quantile(x, 0.9)),
    ):
        told = np.mean([error(x) for x in runs])
        # the standard deviation of 200 estimates has an error of 5 %
        assert told == pytest.approx(np.std([estimate(x) for x in runs]), rel=0.15)


def test_parameters_are_treated_one_by_one(sets):
    x, y = sets["autocorrelated"], sets["heavy tails"]
    both = np.stack([x, y], axis=2)
    for function in (sampling.rhat, sampling.ess_bulk, sampling.ess_tail, sampling.ess_mean, sampling.mcse_mean):
        assert function(both).tolist() == [function(x), function(y)]


def test_ranks_make_the_diagnostics_blind_to_monotone_transformations(sets):
    x = sets["one chain apart"]
    assert sampling.rhat(np.exp(x)) == pytest.approx(sampling.rhat(x), abs=0.01)  # folding sees the scale
    assert sampling.ess_bulk(np.exp(x)) == sampling.ess_bulk(x)


def test_chains_of_different_spread_are_seen():
    x = np.random.default_rng(7).standard_normal((4, 1000)) * np.array([[1], [1], [1], [3.0]])
    assert sampling.rhat(x) > 1.05


STUCK = {
    "all constant": np.ones((4, 100)),
    "constant at different values": np.repeat(np.arange(4.0)[:, None], 100, axis=1),
    "one never moves": np.vstack([np.random.default_rng(8).standard_normal((3, 100)), np.zeros((1, 100))]),
    "one stops half-way": np.vstack(
        [np.random.default_rng(8).standard_normal((3, 100)), np.r_[np.arange(50.0), np.zeros(50)]]
    ),
    "nan": np.where(np.arange(400).reshape(4, 100) == 77, np.nan, np.random.default_rng(8).standard_normal((4, 100))),
    "inf": np.where(np.arange(400).reshape(4, 100) == 77, np.inf, np.random.default_rng(8).standard_normal((4, 100))),
}


@pytest.mark.parametrize("name", STUCK)
def test_chains_that_say_nothing_never_get_a_pleasing_number(name):
    x = STUCK[name]
    assert sampling.rhat(x) == np.inf
    assert sampling.ess_bulk(x) == sampling.ess_tail(x) == sampling.ess_mean(x) == sampling.ess_quantile(x, 0.3) == 0
    assert sampling.mcse_mean(x) == sampling.mcse_quantile(x, 0.3) == sampling.autocorrelation_time(x) == np.inf


def test_rare_indicators_may_rest_if_they_are_declared():
    x = (np.random.default_rng(9).random((4, 200)) < 0.005).astype(float)
    assert np.ptp(x[:, :100], axis=1).min() == 0  # some half chains never move
    assert sampling.rhat(x) == np.inf
    assert sampling.rhat(x, discrete=True) < 1.05
    assert sampling.rhat(np.zeros((4, 200)), discrete=True) == np.inf


@pytest.mark.parametrize(("shape", "message"), [((100,), "x\\[None\\]"), ((4, 5), "at least 8"), ((2, 3, 4, 5), "expected")])
def test_wrong_shapes_are_refused(shape, message):
    with pytest.raises(ValueError, match=message):
        sampling.rhat(np.zeros(shape))


def test_a_probability_is_one():
    with pytest.raises(ValueError, match="between 0 and 1"):
        sampling.ess_quantile(np.zeros((4, 100)), 1.0)


def test_ensembles_are_worth_their_walkers_only_if_these_are_independent():
    rng = np.random.default_rng(10)
    free = rng.standard_normal((4, 2000, 20, 1))
    found = ensemble_diagnostics(free)
    # the variance of a mean over 8000 steps is known to 2 %, its autocorrelation time to about 5 %
    assert found["ess_bulk"][0] == pytest.approx(free.size, rel=0.15)
    assert found["mcse"][0] == pytest.approx(1 / np.sqrt(free.size), rel=0.1)
    tied = free + 3 * signal.lfilter([1], [1, -0.9], rng.standard_normal((4, 2000, 1, 1)), axis=1)  # all walkers together
    assert ensemble_diagnostics(tied)["ess_bulk"][0] < 1000
    assert sampling.ess_bulk(tied.swapaxes(1, 2).reshape(80, 2000)) > 5000  # what walkers seem to be worth
    assert ensemble_diagnostics(np.ones((2, 50, 4, 1)))["ess_bulk"][0] == 0
