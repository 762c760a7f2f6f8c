"""Several explanations of one network, and proposals of whole networks, against quadrature and enumeration."""

import numpy as np
import pytest
from scipy.special import logsumexp

from lib.kinetics import StepFailure
from lib.network_selection import (
    Guide,
    HalfNormal,
    LogNormal,
    SelectionProblem,
    exhaustive_networks,
    rescore,
    stepping_stone,
)
from lib.network_selection.cut_normal import CutNormal
from lib.network_selection.indicator_exchange import _Chain
from lib.network_selection.mapfit import fit_map
from lib.network_selection.modes import find_modes, mixture_reference

#: The second datum, measured as zero, is this times the product of both rates.
TOGETHER = 10.0


def either(k, active):
    """Each rate alone explains the first datum, 1; both together spoil the second."""
    slopes = np.array([[1.0, 0.8], [TOGETHER * k[1], TOGETHER * k[0]]])
    return np.array([k[0] + 0.8 * k[1], TOGETHER * k[0] * k[1]]), slopes[:, active]


@pytest.fixture
def bimodal():
    """Return a problem of two modes, at rates of (1, 0) and (0, 1.25)."""
    return SelectionProblem(either, [1.0, 0.0], 0.1, names=("a", "b"), scales=[2.0, 2.0])


def nodes(low, high, n):
    """Nodes and log weights of Gauss and Legendre, close together at the ends."""
    u, w = np.polynomial.legendre.leggauss(n)
    return low + (high - low) * (u + 1) / 2, np.log((high - low) * w / 2)


def plane(first, second):
    """Points (n, 2) and log weights (n,) of a product of two rules."""
    x = np.array(np.meshgrid(first[0], second[0], indexing="ij")).reshape(2, -1).T
    return x, (first[1][:, None] + second[1]).ravel()


def test_draws_far_up_a_tail_are_no_ties_and_follow_their_density():
    correlated = np.array([[1.0, -0.9999], [-0.9999, 1.0]])
    reference = CutNormal([-30.0, -40.0], correlated, [0.0, 0.0])
    draws = reference.draw(np.random.default_rng(5), 5000)
    assert (draws >= 0).all() and ((draws == 0).sum(axis=0) <= 1).all()
    assert len(np.unique(draws[:, 1])) > 4990
    # so far up, each coordinate is nearly exponential: 30 sd, and then 70 above a mean with variance 1 - 0.9999^2
    rate = np.array([30.0, 70.0 / (1 - 0.9999**2)])
    density = reference.log_density(draws)
    for factor in (1.2, 1.8):  # of steeper exponential distributions, whose ratio to the density is bounded
        ratio = np.exp(np.log(factor * rate).sum() - (factor * rate * draws).sum(axis=1) - density)
        assert ratio.mean() == pytest.approx(1.0, abs=4 * ratio.std() / np.sqrt(len(draws)))
    x, weight = plane(nodes(0, 40 / rate[0], 200), nodes(0, 40 / rate[1], 200))
    assert logsumexp(reference.log_density(x) + weight) == pytest.approx(0.0, abs=1e-6)


def test_a_mixture_of_two_modes_and_a_guard_is_normalised_and_draws_from_itself(bimodal):
    modes = find_modes(bimodal, exhaustive_networks(bimodal), 3)
    reference, _ = mixture_reference(bimodal, modes, 0.3)
    assert len(reference.parts) == 5  # two modes, wider, and the prior
    assert np.exp(reference.log_share).sum() == pytest.approx(1.0)
    # edges where a narrow part and one mode end: three rules a side
    rules = nodes(0, 0.3, 70), nodes(0.3, 3, 100), nodes(3, 14, 50)
    side = [np.concatenate(part) for part in zip(*rules, strict=True)]
    x, weight = plane(side, side)
    density = np.exp(reference.log_density(x) + weight)
    assert density.sum() == pytest.approx(1.0, abs=1e-4)
    draws = reference.draw(np.random.default_rng(2), 20000)
    regions = (lambda r: r[:, 0] > r[:, 1], lambda r: r[:, 1] < 0.01, lambda r: (r > 0.3).all(axis=1), lambda r: r[:, 0] > 1)
    for inside in regions:
        share = density[inside(x)].sum()
        assert inside(draws).mean() == pytest.approx(share, abs=4 * np.sqrt(share / 20000) + 0.005)  # nodes at the edges
    first = draws[:2000, 0] > draws[:2000, 1]
    assert 0.1 < np.mean(first[1:] != first[:-1]) < 0.9  # in random order


def test_both_explanations_are_found_and_their_evidence_is_that_of_quadrature(bimodal):
    search = exhaustive_networks(bimodal)
    modes = find_modes(bimodal, search, 3)
    assert sorted(fit.k.round(1).tolist() for fit in modes) == [[0.0, 1.2], [1.0, 0.0]]
    assert modes[0].penalised >= modes[1].penalised
    side = nodes(0, 2.5, 300)
    k, weight = plane(side, side)
    misfit = ((k[:, 0] + 0.8 * k[:, 1] - 1) / 0.1) ** 2 + (TOGETHER * k[:, 0] * k[:, 1] / 0.1) ** 2
    exact = logsumexp(-0.5 * misfit + bimodal.prior.log_density(k, np.array([0, 1])) + weight)
    both = stepping_stone(bimodal, 3, modes, n_evaluations=3000, seed=4)
    assert both.error < 0.1
    assert abs(both.value - exact) < 4 * both.error + 0.02
    assert mixture_reference(bimodal, modes)[1] == pytest.approx(exact, abs=0.15)  # two quadratics
    again = rescore(bimodal, search, 3, n_evaluations=600, seed=1).networks.set_index("mask")
    assert again.loc[3, "log_evidence"] == pytest.approx(exact, abs=0.15)


def test_two_starts_of_one_mode_give_one(linear):
    problem, *_ = linear((1.0, 0.05, 0.03))
    search = exhaustive_networks(problem)
    near = [m for m, fitted in search.fitted.items() if m != 7 and fitted.fit.penalised > search.fitted[7].fit.penalised - 8]
    assert len(near) > 1
    assert len(find_modes(problem, search, 7)) == 1


def test_no_mode_no_reference(linear):
    problem, *_ = linear()

    def fails(k, active):
        raise StepFailure("no step is short enough")

    broken = SelectionProblem(fails, problem.errors.data, 0.1, names=problem.names, scales=[2.0] * 3)
    fit = fit_map(broken, broken.active(3), [np.ones(2)])
    with pytest.raises(ValueError, match=r"network a \+ b, or its most probable rates are no maximum"):
        mixture_reference(broken, [fit, fit])
    # one mode that fails does not spoil another
    good = fit_map(problem, problem.active(3), [np.ones(2)])
    assert mixture_reference(problem, [fit, good])[1] == pytest.approx(mixture_reference(problem, [good])[1])


@pytest.fixture
def uneven(linear_simulator):
    """Return a problem with a log-normal rate that is always in, uneven odds, and a rule, and its columns and data."""
    rng = np.random.default_rng(8)
    columns = rng.standard_normal((40, 3)) * 0.5
    data = columns @ [0.08, 0.04, 0.5] + 0.1 * rng.standard_normal(40)
    problem = SelectionProblem(
        linear_simulator(columns), data, 0.1, names=("a", "b", "c"), always=("c",), inclusion_prior=[0.2, 0.6, 0.5],
        priors=[HalfNormal(0.3), HalfNormal(0.3), LogNormal(0.3, 0.06)], admissible=lambda inside: inside.sum() <= 2,
    )  # fmt: skip
    return problem, columns, data


def enumerated(problem, columns, data, beta):
    """Probabilities of the networks, and the mean of the logarithm of rate c, under likelihood^beta x prior."""
    c = nodes(-2.0, 0.0, 120)
    log, mean = {}, {}
    for mask in (4, 5, 6):
        x, weight = (c[0][:, None], c[1]) if mask == 4 else plane(nodes(0, 1.2, 120), c)
        active = problem.active(mask)
        residual = data[:, None] - columns[:, active] @ problem.prior.rates(x, active)[0].T
        value = -0.5 * beta * (residual**2).sum(axis=0) / 0.01 + problem.prior.log_density(x, active) + weight
        log[mask] = logsumexp(value) + problem.log_network_prior(mask)
        mean[mask] = np.exp(value - logsumexp(value)) @ x[:, -1]
    total = logsumexp(list(log.values()))
    chance = {mask: np.exp(value - total) for mask, value in log.items()}
    return chance, sum(chance[mask] * mean[mask] for mask in chance)


@pytest.mark.parametrize(("level", "beta"), [(0, 1.0), (1, 0.5)])
def test_jumps_alone_sample_networks_and_rates(uneven, level, beta):
    problem, columns, data = uneven
    exact, mean = enumerated(problem, columns, data, beta)
    assert all(0.05 < chance < 0.8 for chance in exact.values())  # an open question, or the test says nothing
    guide = Guide(problem, exhaustive_networks(problem))
    assert sorted(guide.parts) == [4, 5, 6]
    chain = _Chain(problem, np.array([1.0, 0.5, 0.0]), np.random.default_rng(6), guide)
    n = 3000
    masks, x, value = np.empty(n, dtype=int), np.empty(n), np.empty(n)
    others = chain.x[1 - level].copy()
    for i in range(n):
        chain.jumps(level)
        masks[i], x[i], value[i] = chain.inside[level] @ [1, 2, 4], chain.x[level, 2], chain.value[level]
    assert np.array_equal(chain.x[1 - level], others)  # other temperatures stay
    # three jumps between states: hardly correlated
    for mask, chance in exact.items():
        assert np.mean(masks == mask) == pytest.approx(chance, abs=0.04)  # 4 standard errors
    assert x.mean() == pytest.approx(mean, abs=6 * x.std() / np.sqrt(n))
    assert np.mean(np.diff(value) != 0) > 0.5  # three jumps each: a good guide is followed


def test_jumps_wait_where_the_guide_knows_no_way_back(uneven):
    problem, *_ = uneven
    guide = Guide(problem, exhaustive_networks(problem))
    del guide.parts[5]
    chain = _Chain(problem, np.array([1.0, 0.5, 0.0]), np.random.default_rng(6), guide)
    chain.inside[0], chain.x[0] = [True, False, True], [0.1, 0.0, -0.7]
    chain.jumps(0)
    assert chain.x[0].tolist() == [0.1, 0.0, -0.7]
