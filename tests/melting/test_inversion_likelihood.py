"""Likelihood and sampler of the inversion: each against a second, independent route."""

import dataclasses

import numpy as np
import pytest
from scipy import integrate, stats

from lib import melting
from lib.melting import collapsed, collapsed_kernels
from lib.melting.artificial import Cell, make_data
from lib.melting.posterior import Extras, MeltingData
from lib.melting.priors import SourcePrior


def small(model="accumulated", kind="log", m=3, n=5, seed=1, **changes):
    data = make_data(Cell(model, 0.05, m, n, kind), np.random.default_rng(seed))
    return data, dataclasses.replace(data.posterior, **changes)


def one_element(posterior, f, j, density, weight):
    """Likelihood of element j, its source integrated numerically over x with a prior density; x is ln C0 or C0."""
    data = posterior.data
    g = posterior.enrichment(f)[:, j]

    def integrand(x):
        expected = x * np.exp(g) if posterior.linear else x + g
        return density(x) * np.prod(stats.norm.pdf(data.values[:, j], expected, data.sigma[:, j]))

    low, high = weight
    return integrate.quad(integrand, low, high, limit=500, points=np.linspace(low, high, 41)[1:-1])[0]


def test_collapsed_likelihood_is_the_joint_one_integrated():
    data, posterior = small()
    f = data.melt_fraction * np.array([1.1, 0.9, 1.0])
    expected = 0.0
    for j in range(5):
        centre = float(np.mean(posterior.data.values[:, j] - posterior.enrichment(f)[:, j]))
        prior = stats.norm(posterior.source.mean[j], posterior.source.sd[j])
        expected += np.log(one_element(posterior, f, j, prior.pdf, (centre - 0.5, centre + 0.5)))
    # table of g: cubic between nodes, errors below 1e-7 times residuals over s^2
    assert posterior.collapsed_log_likelihood(f) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("model", ["accumulated", "instantaneous"])
def test_additive_noise_keeps_the_determinant_that_depends_on_melt_fraction(model):
    data, posterior = small(model, "linear")
    wide = SourcePrior.wide(posterior.data.elements, of="ppm")
    posterior = dataclasses.replace(posterior, source=wide)
    values, expected = [], []
    for factor in (0.9, 1.0, 1.2):
        f = data.melt_fraction * factor
        total = 0.0
        for j in range(5):
            mean, sd = wide.mean[j], wide.sd[j]
            prior = stats.truncnorm(-mean / sd, np.inf, mean, sd)
            y, s, e = posterior.data.values[:, j], posterior.data.sigma[:, j], np.exp(posterior.enrichment(f)[:, j])
            k = np.sum(e**2 / s**2) + 1 / sd**2
            centre = (np.sum(e * y / s**2) + mean / sd**2) / k
            reach = (max(centre - 9 / np.sqrt(k), 0.0), max(centre, 0.0) + 9 / np.sqrt(k))
            total += np.log(one_element(posterior, f, j, prior.pdf, reach))
        values.append(posterior.collapsed_log_likelihood(f))
        expected.append(total)
    assert np.allclose(values, expected, atol=1e-3)


def test_correlated_source_and_fractionation_slope_against_a_dense_gaussian():
    data, posterior = small(m=4)
    rng = np.random.default_rng(2)
    mgo = 8 + rng.standard_normal(4)
    source = SourcePrior.smooth(posterior.data.elements, posterior.bulk_d)
    enrichment, deviation = np.linspace(1, 0, 5), np.array([0.2, -0.1, 0.0, 0.3])
    extras = Extras(mgo_slope=-0.2, mgo_slope_sd=0.05, enrichment=enrichment)
    posterior = dataclasses.replace(posterior, source=source, extras=extras, data=dataclasses.replace(posterior.data, mgo=mgo))
    f, x = data.melt_fraction, mgo - 8
    mean = source.mean + posterior.enrichment(f) - 0.2 * x[:, None] + np.outer(deviation, enrichment)
    design = np.einsum("i,jk->ijk", np.ones(4), source.directions).reshape(20, 2)
    own = np.tile(np.eye(5), (4, 1))
    slopes = np.kron(x[:, None], np.eye(5))
    covariance = (
        design @ np.diag(source.direction_sd**2) @ design.T
        + own @ np.diag(source.sd**2) @ own.T
        + 0.05**2 * slopes @ slopes.T
        + np.diag(posterior.data.sigma.ravel() ** 2)
    )
    expected = stats.multivariate_normal(mean.ravel(), covariance).logpdf(posterior.data.values.ravel())
    assert posterior.collapsed_log_likelihood(f, deviation) == pytest.approx(expected, abs=1e-4)


def test_a_missing_cell_is_dropped():
    _, posterior = small(n=8, m=4)
    values = posterior.data.values.copy()
    values[:, 3] = np.nan
    without = dataclasses.replace(posterior, data=dataclasses.replace(posterior.data, values=values))
    keep = [j for j in range(8) if j != 3]
    source = SourcePrior(posterior.source.mean[keep], posterior.source.sd[keep])
    fewer = dataclasses.replace(
        posterior, data=posterior.data.take(elements=keep), bulk_d=posterior.bulk_d[keep], bulk_p=posterior.bulk_p[keep],
        source=source,
    )  # fmt: skip
    f = np.full(4, 0.07)
    assert without.collapsed_log_likelihood(f) == pytest.approx(fewer.collapsed_log_likelihood(f), abs=1e-9)


@pytest.mark.parametrize(("model", "kind"), [("batch", "log"), ("accumulated", "log"), ("instantaneous", "linear")])
def test_sums_carried_along_agree_with_a_fresh_computation(model, kind):
    _, posterior = small(model, kind, m=5, n=8)
    problem, rng = posterior.problem(), np.random.default_rng(3)
    state = collapsed.start_state(posterior, problem, rng)
    collapsed_kernels.warm_up(problem, state, rng, 49, 0.3, 1, 3, 1.0)
    carried = state.value[0]
    assert carried == pytest.approx(collapsed_kernels.refresh(problem, state), rel=1e-9, abs=1e-6)
    table = np.exp(state.g) if kind == "log" else state.g
    # additive noise: elements may be exhausted, where only the absolute value matters beside the floor of the noise
    assert np.allclose(table, np.exp(posterior.enrichment(np.exp(state.u))), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("kind", ["flat", "log-uniform", "hierarchical"])
def test_without_information_every_move_leaves_the_prior_of_melt_fraction(kind):
    _, posterior = small(m=2)
    prior = dataclasses.replace(posterior.prior_f, kind=kind)
    # errors of a factor e^1000: the likelihood is flat, and what remains is the prior
    data = dataclasses.replace(posterior.data, sigma=np.full((2, 5), 1e3))
    draws = melting.sample(dataclasses.replace(posterior, prior_f=prior, data=data), n_chains=2, n_draws=2000, thin=10, seed=4)
    rng = np.random.default_rng(5)
    truth = np.array([prior.draw(rng, 2)[0] for _ in range(4000)])
    pairs = ((draws.pooled("melt_fraction")[:, 0], truth[:, 0]), (draws.level.ravel(), np.log(truth).mean(axis=1)))
    for found, expected in pairs:
        # 4000 nearly independent draws a side: the 99.9 % point of the two-sample statistic is 0.044
        assert stats.ks_2samp(found, expected).statistic < 0.06


def test_scale_move_leaves_the_posterior_unchanged():
    """Collapsed posterior of two samples against a grid: every move, the common ones too, must agree with it."""
    _, posterior = small(m=2)
    prior = dataclasses.replace(posterior.prior_f, kind="flat")
    posterior = dataclasses.replace(posterior, prior_f=prior)
    draws = melting.sample(posterior, n_chains=4, n_draws=3000, thin=3, seed=6)
    # a grid twice as fine moves the mean by 2e-4 sd
    u = np.linspace(np.log(prior.low) + 1e-6, np.log(prior.high) - 1e-6, 91)
    value = np.array([[posterior.collapsed_log_likelihood(np.exp([a, b])) + a + b for b in u] for a in u])
    weight = np.exp(value - value.max())
    weight /= weight.sum()
    level = 0.5 * (u[:, None] + u[None, :])
    mean = float(np.sum(weight * level))
    sd = float(np.sqrt(np.sum(weight * (level - mean) ** 2)))
    # effective draws of the level: above 1500, hence five standard errors
    assert abs(draws.level.mean() - mean) < 5 * sd / np.sqrt(1500)
    assert draws.level.std() == pytest.approx(sd, rel=0.1)


def test_cells_below_detection_enter_by_the_distribution_function():
    _, posterior = small(m=2)
    below = np.zeros((2, 5), bool)
    below[1, 0] = True
    data = dataclasses.replace(posterior.data, below=below)
    posterior = dataclasses.replace(posterior, data=data)
    f, ln_source = np.array([0.05, 0.1]), posterior.source.mean
    g = posterior.enrichment(f)
    t = (data.values - ln_source - g) / data.sigma
    expected = np.sum(np.where(below, stats.norm.logcdf(t), stats.norm.logpdf(t) - np.log(data.sigma)))
    assert posterior.joint_log_likelihood(f, ln_source) == pytest.approx(expected)
    draws = melting.sample(posterior, n_chains=2, n_draws=500, seed=1)
    g = np.array([posterior.enrichment(one)[1, 0] for one in draws.pooled("melt_fraction")])
    predicted = draws.pooled("ln_source")[:, 0] + g
    # La of sample 2 is predicted from its other elements; the limit only cuts what lies well above it
    assert np.mean(predicted < data.values[1, 0] + 3 * data.sigma[1, 0]) > 0.99


def test_faulty_data_are_refused():
    with pytest.raises(ValueError, match="expected \\(samples, elements\\)"):
        MeltingData(("La", "Yb"), ("a",), np.zeros((2, 2)), 0.05)
    with pytest.raises(ValueError, match="errors must be positive"):
        MeltingData(("La", "Yb"), ("a",), np.zeros((1, 2)), 0.0)
    with pytest.raises(ValueError, match="bounds of F"):
        melting.MeltFractionPrior(low=0.3, high=0.2)
