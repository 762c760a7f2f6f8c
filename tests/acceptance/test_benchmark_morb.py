"""The compiled posterior that the sampler benchmark hands to other packages is the one that our sampler draws from."""

import importlib.util

import numpy as np
import pytest

from lib import melting
from lib.workflow.paths import ROOT

pytestmark = pytest.mark.acceptance


@pytest.fixture(scope="module")
def benchmark():
    spec = importlib.util.spec_from_file_location("morb_target", ROOT / "benchmarks" / "sampling" / "morb_target.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def data():
    return melting.make_data("A", np.random.default_rng(4))


@pytest.fixture(scope="module")
def plain(benchmark, data):
    target = benchmark.Target(data.posterior, False)
    target.use_start(*benchmark.mode(target))
    return target


def near(data, rng, n=4):
    return np.log(data.melt_fraction) + 0.1 * rng.standard_normal((n, data.melt_fraction.size))


def test_the_source_is_integrated_out_rightly(plain, data):
    points = near(data, np.random.default_rng(1))
    ours = [data.posterior.collapsed_log_likelihood(np.exp(u)) for u in points]
    differences = plain.both(points)[:, 0] - ours
    # constants are left out; sums of some hundred squares cancel to 1e-10
    assert np.ptp(differences) < 1e-8


def test_joint_is_collapsed_times_the_conditional_of_the_source(benchmark, plain, data):
    rng = np.random.default_rng(2)
    u = near(data, rng)
    source = plain.source_given(rng, u)
    both = benchmark.Target(data.posterior, True).log_density(np.hstack([u, source]))
    *_, y, w, mu, tau2 = plain.arguments
    variance = 1 / (w.sum(axis=0) + 1 / tau2)
    expected = variance * (
        ((y - data.posterior.enrichment(np.exp(u).ravel()).reshape(*u.shape, -1)) * w).sum(axis=1) + mu / tau2
    )
    conditional = -0.5 * np.sum((source - expected) ** 2 / variance, axis=1)
    differences = both - plain.log_density(u) - conditional
    assert np.ptp(differences) < 1e-6  # the table against the equations themselves


def test_out_of_bounds_is_impossible_and_costs_nothing_to_peers(plain):
    low, high = plain.bounds
    outside = np.full((2, plain.d), np.mean([low, high]))
    outside[0, 3], outside[1, 0] = low - 1e-6, high + 1e-6
    assert np.all(plain.log_density(outside) == -np.inf)
    assert np.all(np.isfinite(plain.likelihood(outside)))
    before = plain.n
    plain.prior(outside)
    assert plain.n == before


def test_prior_transform_is_flat_in_the_melt_fraction(plain, data):
    prior = data.posterior.prior_f
    unit = np.array([0.0, 0.25, 1.0])
    assert np.exp(plain.transform(unit)) == pytest.approx(prior.low + (prior.high - prior.low) * unit)


def test_peers_start_in_the_bulk_of_the_posterior(benchmark, plain):
    rng = np.random.default_rng(3)
    drop = plain.log_density(plain.centre) - plain.log_density(plain.start(rng, 200))
    # half a chi-square with ten degrees of freedom has mean 5; 200 draws give 0.16, the posterior's shape as much again
    assert np.mean(drop) == pytest.approx(0.5 * plain.d, abs=1.0)
    step = 1e-3 * np.eye(plain.d)
    sides = np.concatenate([plain.log_density(plain.centre + step), plain.log_density(plain.centre - step)])
    assert np.all(sides <= plain.log_density(plain.centre) + 1e-6)


def test_reference_without_a_chain_agrees_with_our_sampler(benchmark, plain, data):
    mean, sd, effective = benchmark.reference(plain, np.random.default_rng(5), 20_000)
    draws = melting.sample(data.posterior, n_draws=1000, thin=2, seed=6)
    assert effective > 5000
    # about 400 effective draws at least: 0.05 sd, four times that allowed
    assert abs(draws.level.mean() - mean) < 0.2 * sd
    assert draws.level.std() == pytest.approx(sd, rel=0.15)
