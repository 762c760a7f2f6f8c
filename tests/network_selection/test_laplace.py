"""Evidence of one network: cut-off normal integrals against quadrature."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import logsumexp

from lib.network_selection import HalfNormal, LogNormal, SelectionProblem
from lib.network_selection.laplace import laplace_evidence, one_sided_integral
from lib.network_selection.mapfit import fit_map


def by_quadrature(problem, mask, n=400):
    """Log evidence on a grid of Gauss-Legendre nodes over 8 posterior or prior widths (at most 2 rates)."""
    active = problem.active(mask)
    grids = []
    for _ in active:
        u, w = np.polynomial.legendre.leggauss(n)
        edge = 1.5  # rates lie below 1.1 in these problems, posterior widths are 0.04
        grids.append((edge * (u + 1) / 2, edge * w / 2))
    mesh = np.array(np.meshgrid(*[g[0] for g in grids], indexing="ij")).reshape(len(active), -1).T
    weight = np.prod(np.array(np.meshgrid(*[g[1] for g in grids], indexing="ij")).reshape(len(active), -1), axis=0)
    values = []
    for k in mesh:
        full = np.zeros(problem.n)
        full[active] = k
        values.append(problem.log_likelihood(full, active))
    return logsumexp(np.array(values) + problem.prior.log_density(mesh, active), b=weight)


@pytest.mark.parametrize("truth", [(1.0, 0.5, 0.0), (0.03, 0.5, 0.0), (0.0, 0.02, 0.0)])
def test_uncorrelated_rates_are_integrated_exactly_also_near_zero(linear, truth):
    problem, *_ = linear(truth)
    for mask in (1, 2, 3):
        found = laplace_evidence(problem, fit_map(problem, problem.active(mask), [np.ones(mask.bit_count())]))
        # specification 2: truncated formula against quadrature 2e-5 at most
        assert found.log_evidence == pytest.approx(by_quadrature(problem, mask, 120), abs=2e-5)


def test_the_empty_network_has_the_likelihood_as_evidence(linear):
    problem, _, data = linear()
    found = laplace_evidence(problem, fit_map(problem, problem.active(0), [np.zeros(0)]))
    assert found.log_evidence == pytest.approx(-0.5 * np.sum((data / 0.1) ** 2), rel=1e-12)


@pytest.mark.parametrize(
    ("slope", "curvature", "distance"), [(0.0, 2.0, 0.0), (3.0, 0.5, 0.0), (40.0, 0.1, 0.0), (-1.0, 2.0, 0.4)]
)
def test_the_one_sided_integral_is_that_of_quadrature(slope, curvature, distance):
    value, _ = quad(lambda u: np.exp(-slope * u - 0.5 * curvature * u * u), -distance, np.inf)
    assert float(one_sided_integral(slope, curvature, distance)) == pytest.approx(np.log(value), abs=1e-9)


def test_correlated_rates_away_from_zero_are_integrated_exactly(linear):
    problem, columns, data = linear((1.0, 0.8, 0.9), orthogonal=False)
    found = laplace_evidence(problem, fit_map(problem, problem.active(7), [np.full(3, 0.1)]))
    # the other way: data are normal with covariance sigma^2 I + s^2 X X', and 8 = 2^3 for the half priors
    covariance = 0.01 * np.eye(40) + 4.0 * columns @ columns.T
    exact = -0.5 * data @ np.linalg.solve(covariance, data) - 0.5 * np.linalg.slogdet(covariance)[1] + 40 * np.log(0.1)
    assert found.log_evidence == pytest.approx(exact + 3 * np.log(2), abs=0.01)  # specification 7


def test_quantiles_are_those_of_the_cut_normal(linear):
    problem, *_ = linear((0.0, 0.5, 0.0))
    found = laplace_evidence(problem, fit_map(problem, problem.active(3), [np.ones(2)]))
    low, middle, high = found.quantiles([0.025, 0.5, 0.975])
    assert (low >= 0).all() and (low < middle).all() and (middle < high).all()
    assert found.cdf(middle) == pytest.approx([0.5, 0.5], abs=1e-9)
    assert abs(middle[1] - 0.5) < 0.15  # 4 posterior standard deviations


def test_a_log_normal_rate_is_fitted_in_its_logarithm(linear_simulator):
    columns = np.ones((50, 1)) * 2.0
    data = columns[:, 0] * 0.7
    problem = SelectionProblem(
        linear_simulator(columns), data, 0.02, names=("D",), priors=[LogNormal(0.1, 1.0)], always=("D",)
    )
    found = laplace_evidence(problem, fit_map(problem, problem.active(1), [np.array([0.1])]))
    assert found.quantiles([0.5])[0, 0] == pytest.approx(0.7, abs=0.003)

    def integrand(u):
        return np.exp(problem.log_likelihood([np.exp(u)]) + float(problem.prior.log_density(np.array([u]), np.array([0]))))

    exact, _ = quad(integrand, np.log(0.65), np.log(0.75))
    assert found.log_evidence == pytest.approx(np.log(exact), abs=1e-3)  # curvature of exp over a width of 0.002


def test_priors_refuse_scales_that_are_not_positive():
    with pytest.raises(ValueError, match="scale of the prior"):
        HalfNormal(0.0)
    with pytest.raises(ValueError, match="dex of the prior"):
        LogNormal(1.0, -1.0)
