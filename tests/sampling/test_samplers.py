"""All samplers against known answers: moments, evidence, modes, streams, messages."""

import dataclasses

import numpy as np
import pytest
from numba import njit
from scipy import stats

from lib import sampling
from lib.sampling import Problem, sample
from lib.sampling.engine import State, _swap
from lib.sampling.targets import GaussianTarget, LinearRegression, bimodal


@pytest.fixture(scope="module")
def gaussian():
    return GaussianTarget(4)


@pytest.fixture(scope="module")
def laddered(gaussian):
    return sample(gaussian.problem(), "exchange", n_evaluations=400_000, seed=11)


def moments_agree(chain, target, z=4.5):
    """Means and second moments within 4.5 of their own Monte-Carlo errors: 14 numbers, false alarm below 1e-4."""
    u = chain.walkers() - target.posterior_mean
    products = np.stack([u[..., i] * u[..., j] for i in range(target.d) for j in range(i + 1)], axis=-1)
    wanted = np.array([target.covariance[i, j] for i in range(target.d) for j in range(i + 1)])
    assert np.all(np.abs(u.mean(axis=(0, 1))) < z * sampling.mcse_mean(u))
    assert np.all(np.abs(products.mean(axis=(0, 1)) - wanted) < z * sampling.mcse_mean(products))


@pytest.mark.parametrize(
    ("method", "form", "options"),
    [
        ("metropolis", "compiled", {}),
        ("adaptive", "compiled", {}),
        ("adaptive", "vectorised", {}),
        ("adaptive", "compiled", {"local": "site"}),
        ("exchange", "vectorised", {"local": "site", "n_local": 2}),
        ("exchange", "plain", {"n_replicas": 5}),
        ("emcee", "vectorised", {}),
        ("emcee", "compiled", {}),
    ],
)
def test_a_gaussian_is_recovered(gaussian, method, form, options):
    # a Python call costs what a hundred compiled evaluations do
    n = 400_000 if form == "compiled" and method != "emcee" else 30_000
    chain = sample(gaussian.problem(form), method, n_evaluations=n, seed=1, **options)
    moments_agree(chain, gaussian)
    assert chain.n_evaluations <= n * 1.01 + 100
    np.testing.assert_allclose(chain.log_likelihood, gaussian.log_likelihood(chain.draws), rtol=1e-9, atol=1e-9)


def test_the_ladder_recovers_a_gaussian_and_its_evidence(gaussian, laddered):
    moments_agree(laddered, gaussian)
    assert laddered.verdict().ok, laddered.verdict()
    for method in ("bridge", "stepping-stone"):
        found = laddered.evidence(method)
        assert 0 < found.error < 0.1
        assert abs(found.value - gaussian.log_evidence) < 4 * found.error
    # thermodynamic integration has, beside it, the error of the quadrature: here about a tenth
    assert laddered.evidence("thermodynamic").value == pytest.approx(gaussian.log_evidence, abs=0.4)


def test_neighbours_reject_equally_often_after_adaptation(laddered):
    assert np.ptp(laddered.swap_rates) < 0.15
    assert laddered.betas[0] == 1
    assert laddered.betas[-1] == 0


def test_every_level_samples_its_power_posterior(gaussian, laddered):
    """E of ln L at beta in closed form; the last level is the prior."""
    for k, beta in enumerate(laddered.betas):
        covariance = np.linalg.inv(beta * gaussian.precision + np.eye(4) / gaussian.sd**2)
        u = beta * covariance @ gaussian.precision @ gaussian.mean - gaussian.mean
        wanted = -0.5 * (np.trace(gaussian.precision @ covariance) + u @ gaussian.precision @ u)
        ll = laddered.level_log_likelihood[..., k]
        assert abs(ll.mean() - wanted) < 4.5 * sampling.mcse_mean(ll), beta


def test_the_hottest_replica_draws_from_the_prior(gaussian):
    """At beta = 0 the log-likelihoods are those of independent prior draws."""
    chain = sample(gaussian.problem(), "exchange", n_evaluations=80_000, seed=4, n_chains=1)
    direct = gaussian.log_likelihood(gaussian.draw(np.random.default_rng(5), 4000))
    # after a swap the last level holds the state that came down; before it, an own draw: both follow the prior
    assert stats.ks_2samp(chain.level_log_likelihood[0, ::10, -1], direct).pvalue > 1e-3


def test_wbic_is_the_mean_at_its_temperature(gaussian, laddered):
    beta = 1 / np.log(30)
    covariance = np.linalg.inv(beta * gaussian.precision + np.eye(4) / gaussian.sd**2)
    u = beta * covariance @ gaussian.precision @ gaussian.mean - gaussian.mean
    wanted = 0.5 * (np.trace(gaussian.precision @ covariance) + u @ gaussian.precision @ u)
    found = laddered.wbic(30)
    assert abs(found.value - wanted) < 4.5 * found.error


def test_evidence_of_a_linear_regression_within_the_stated_error():
    z = []
    for seed in range(5):
        target = LinearRegression(np.random.default_rng([21, seed]))
        chain = sample(target.problem(), "exchange", n_evaluations=80_000, seed=seed)
        found = chain.evidence()
        z.append((found.value - target.log_evidence) / found.error)
    assert np.sum(np.square(z)) < stats.chi2.ppf(1 - 1e-4, 5)
    assert np.max(np.abs(z)) > 0.1  # errors not blown up


def test_replica_exchange_weighs_two_modes_and_plain_walks_stick():
    problem = bimodal()
    chain = sample(problem, "exchange", n_evaluations=1_500_000, seed=2)
    right = (chain.draws[..., 0] > 0).astype(float)
    error = sampling.mcse_mean(right)
    assert error < 0.05
    assert abs(right.mean() - 0.5) < 4 * error
    assert chain.verdict().ok, chain.verdict()
    found = chain.evidence()
    assert abs(found.value + 3 * np.log(6)) < 4 * found.error
    for method in ("metropolis", "adaptive"):
        # the valley is 200 in ln L deep: a longer walk would cross it no sooner
        stuck = sample(problem, method, n_evaluations=150_000, seed=2, n_chains=8)
        right = stuck.draws[..., 0] > 0
        assert np.all(right == right[:, :1])  # no chain ever crossed
        assert not stuck.verdict().ok
        assert "NOT CONVERGED" in stuck.verdict().text


def test_swaps_leave_the_joint_distribution_alone():
    """From exact draws at every temperature, one exchange of each parity keeps every marginal (rank test on the whole)."""
    rng = np.random.default_rng(14)
    betas, n = np.array([1.0, 0.3, 0.1, 0.0]), 20_000
    # L = exp(-theta^2 / 2 * 4), prior N(0, 1): the power posterior is N(0, 1 / (1 + 4 beta))
    sd = 1 / np.sqrt(1 + 4 * betas)
    theta = sd * rng.standard_normal((n, 4))
    state = State(theta[..., None].copy(), -2 * theta**2, -0.5 * theta**2, np.tile(np.arange(4, dtype=np.int16), (n, 1)))
    seen = np.zeros((n, 3))
    for parity in (0, 1):
        _swap(state, -np.diff(betas), np.log(rng.random((n, 3))), parity, seen)
    assert 0.1 < np.mean(state.walker != np.arange(4)) < 0.95
    for k in range(4):
        assert stats.kstest(state.theta[:, k, 0], stats.norm(scale=sd[k]).cdf).pvalue > 1e-3
    # replicas stay independent of each other
    assert np.max(np.abs(np.corrcoef(state.theta[..., 0].T) - np.eye(4))) < 5 / np.sqrt(n)
    np.testing.assert_array_equal(state.ll, -2 * state.theta[..., 0] ** 2)


def test_round_trips_by_hand():
    #                walker at level 0, 1, 2
    position = [[0, 1, 2], [1, 0, 2], [1, 2, 0], [2, 1, 0], [2, 0, 1], [0, 2, 1], [0, 1, 2], [1, 0, 2], [1, 2, 0], [2, 1, 0]]
    # walker 0: cold, hot, cold, hot: one; walker 1: cold, hot, cold: one; walker 2: starts hot, cold, hot, cold: one
    assert sampling.round_trips(position).tolist() == [1, 1, 1]
    assert sampling.round_trips([[0, 1]] * 5).tolist() == [0, 0]
    assert sampling.round_trips([[0]] * 5).tolist() == [0]


def test_the_equal_rejection_ladder_is_a_fixed_point_and_keeps_its_ends():
    betas = np.array([1, 0.3, 0.05, 0.0])
    np.testing.assert_allclose(sampling.equal_rejection(betas, [0.4, 0.4, 0.4]), betas, atol=1e-12)
    longer = sampling.equal_rejection(betas, [0.9, 0.1, 0.5], 9)
    assert longer[0] == 1
    assert longer[-1] == 0
    assert (np.diff(longer) < 0).all()
    assert np.sum(longer > 0.3) > np.sum((longer < 0.3) & (longer > 0.05))


@pytest.mark.parametrize("method", sampling.METHODS)
def test_seeds_are_reproducible_and_streams_distinct(gaussian, method):
    problem = gaussian.problem("compiled" if method != "emcee" else "vectorised")
    one, again, other = (sample(problem, method, n_evaluations=4000, seed=seed) for seed in (5, 5, 6))
    np.testing.assert_array_equal(one.draws, again.draws)
    assert not np.array_equal(one.draws, other.draws)
    for i in range(4):
        for j in range(i):
            assert not np.intersect1d(one.draws[i], one.draws[j]).size  # emcee left alone repeats whole ensembles here


def test_equal_starts_and_the_global_state_make_no_two_ensembles_alike(gaussian):
    problem = gaussian.problem("vectorised")
    start = np.tile(gaussian.draw(np.random.default_rng(1), 16), (3, 1, 1))
    chain = sample(problem, "emcee", n_evaluations=6000, seed=5, n_chains=3, start=start, n_walkers=16)
    assert not np.array_equal(chain.draws[0], chain.draws[1])
    np.random.random(17)  # noqa: NPY002 (the global state is what must not matter)
    again = sample(problem, "emcee", n_evaluations=6000, seed=5, n_chains=3, start=start, n_walkers=16)
    np.testing.assert_array_equal(chain.draws, again.draws)


@pytest.mark.parametrize("d", [2, 8])
def test_the_snooker_move_leaves_a_normal_distribution_alone(d):
    """The move of emcee 3.1.6 would give variances of 0.94 and 0.7 here."""
    import emcee

    from lib.sampling.snooker import SnookerMove

    problem = Problem(
        [f"x{i}" for i in range(d)], lambda x: -0.5 * np.sum(x**2, axis=1), bounds=[(-9, 9)] * d, vectorised=True
    )
    moves = [(SnookerMove(), 0.7), (emcee.moves.DEMove(), 0.3)]
    start = np.random.default_rng(3).standard_normal((2, 32, d))
    chain = sample(problem, "emcee", n_evaluations=50_000, seed=3, n_chains=2, n_walkers=32, moves=moves, start=start)
    square = chain.walkers() ** 2
    assert np.all(np.abs(square.mean(axis=(0, 1)) - 1) < 4.5 * sampling.mcse_mean(square))
    assert sampling.mcse_mean(square).max() < 0.07


def test_a_generator_serves_as_well_as_a_seed(gaussian):
    draws = [sample(gaussian.problem(), "adaptive", n_evaluations=2000, rng=np.random.default_rng(1)).draws for _ in range(2)]
    np.testing.assert_array_equal(*draws)
    rng = np.random.default_rng(1)
    two = [sample(gaussian.problem(), "adaptive", n_evaluations=2000, rng=rng).draws for _ in range(2)]
    assert not np.array_equal(*two)


def independence_move(rng, theta, log_likelihood, log_prior, beta, scale, args):
    """Propose from the prior: accept by the likelihood alone."""
    new = args[2] * rng.standard_normal(theta.shape[0])
    ll = 0.0
    for i in range(theta.shape[0]):
        for j in range(theta.shape[0]):
            ll -= 0.5 * (new[i] - args[0][i]) * args[1][i, j] * (new[j] - args[0][j])
    if np.log(rng.random()) < beta * (ll - log_likelihood):
        theta[:] = new
        return ll, -0.5 * np.sum(new**2) / args[2] ** 2, 1.0, 1.0, 1.0
    return log_likelihood, log_prior, 0.0, 1.0, 1.0


@pytest.mark.parametrize("compiled", [True, False])
def test_a_move_of_the_users_own(compiled):
    target = GaussianTarget(2, information=1.0)
    problem = target.problem()
    move = njit(independence_move) if compiled else independence_move
    if not compiled:
        plain = {name: getattr(problem, name).py_func for name in ("log_likelihood", "log_prior")}
        problem = dataclasses.replace(problem, **plain)
    n = 200_000 if compiled else 20_000
    chain = sample(problem, "exchange", n_evaluations=n, seed=8, local=move, n_replicas=4)
    moments_agree(chain, target)
    assert 0.5 * n < chain.n_evaluations <= 1.05 * n


def test_impossible_regions_are_left_out():
    """L = 0 on half of the prior: the evidence halves, and prior draws there do no harm."""
    problem = Problem(("x",), lambda x: np.where(x[:, 0] > 0, 0.0, -np.inf), bounds=[(-1, 1)], vectorised=True)
    chain = sample(problem, "exchange", n_evaluations=20_000, seed=1)
    assert chain.draws.min() > 0
    found = chain.evidence()
    assert abs(found.value - np.log(0.5)) < 4 * found.error
    with pytest.raises(ValueError, match="use the bridge"):
        chain.evidence("thermodynamic")


WRONG = {
    "expected one of exchange": {"method": "gibbs"},
    "either seed": {"seed": None},
    "n_chains = 0": {"n_chains": 0},
    "burn_in = 1": {"burn_in": 1},
    "local = 'leap'": {"local": "leap"},
    "falling from 1": {"betas": [0.5, 0]},
    "not both": {"betas": [1, 0], "n_replicas": 3},
    r"expected \(4, 4\)": {"start": np.zeros((2, 4))},
    "at least .* evaluations are needed": {"n_evaluations": 300},
    "even number": {"method": "emcee", "n_walkers": 7},
    "are needed": {"method": "emcee", "n_evaluations": 300},
}


@pytest.mark.parametrize("message", WRONG)
def test_wrong_arguments_are_named(gaussian, message):
    arguments = {"n_evaluations": 5000, "seed": 1, **WRONG[message]}
    with pytest.raises(ValueError, match=message):
        sample(gaussian.problem(), **arguments)


def flat(x):
    return 0.0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"names": ("a", "a"), "bounds": [(0, 1)] * 2}, "different names"),
        ({"bounds": [(1, 0)]}, "lower bound below"),
        ({}, "prior_sample is missing"),
        ({"bounds": [(0, 1)], "log_prior": flat}, "prior_sample is missing"),
        ({"bounds": [(0, 1)], "log_likelihood": njit(flat)}, "give args"),
        ({"bounds": [(0, 1)], "log_likelihood": njit(flat), "args": (1.0,), "log_prior": flat}, "compile both"),
        ({"bounds": [(0, 1)], "log_likelihood": njit(flat), "args": (1.0,), "vectorised": True}, "one point"),
    ],
)
def test_a_problem_that_does_not_fit_together_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        Problem(**{"names": ("a",), "log_likelihood": flat, **arguments})


@njit
def broken(theta, args):
    return np.nan if theta[0] > args[0] else 0.0


@pytest.mark.parametrize("compiled", [True, False])
def test_a_likelihood_that_is_not_a_number_is_reported_with_its_place(compiled):
    problem = Problem(("slope",), broken if compiled else broken.py_func, bounds=[(0, 1)], args=(0.999,))
    with pytest.raises(ValueError, match=r"log_likelihood is nan at slope = 0\.999"):
        sample(problem, "adaptive", n_evaluations=100_000, seed=1)


def test_draws_out_of_bounds_are_refused():
    problem = Problem(("a", "b"), flat, bounds=[(0, 1)] * 2, prior_sample=lambda rng, n: np.tile([0.5, 2.0], (n, 1)))
    with pytest.raises(ValueError, match="of b: bounds and prior disagree"):
        sample(problem, n_evaluations=1000, seed=1)


def test_an_evidence_needs_a_ladder(gaussian):
    chain = sample(gaussian.problem(), "adaptive", n_evaluations=4000, seed=1)
    with pytest.raises(ValueError, match='method="exchange"'):
        chain.evidence()


def test_a_chain_that_is_too_short_is_not_passed(gaussian):
    verdict = sample(gaussian.problem(), "metropolis", n_evaluations=2000, seed=1).verdict()
    assert not verdict
    assert "FAILS" in str(verdict)
