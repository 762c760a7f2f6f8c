"""Forward processes: mass balance, known tangents, order of processes, censoring, and what is refused."""

import pickle

import numpy as np
import pytest

from lib.unmixing import processes as pr
from lib.unmixing.artificial import ANDESITE, CONTAMINANT, LEACHING, OXIDES, PARTITION, pelagic, three_processes, wang_wen
from lib.unmixing.forward import simulate
from lib.unmixing.intensities import Intensity, draw

ALL = [
    (pr.fractional_crystallisation(PARTITION), 0.4),
    (pr.leaching(LEACHING), 0.7),
    (pr.mixing(CONTAMINANT), 0.3),
    (pr.dilution(CONTAMINANT), 0.5),
    (pr.batch_melt(PARTITION), 0.1),
]
IDS = [process.kind for process, _ in ALL]


def clr(x):
    log = np.log(x)
    return log - log.mean(axis=-1, keepdims=True)


def test_crystallisation_follows_rayleigh_and_conserves_mass():
    # melt + cumulate = whole, element by element: the integrated cumulate has F-weighted balance
    d, x0, left = np.array([0.2, 1.0, 2.5]), np.array([0.5, 0.3, 0.2]), 0.6
    melt = pr.fractional_crystallisation(d).apply(x0, -np.log(left))
    unclosed = x0 * left ** (d - 1)
    np.testing.assert_allclose(melt, unclosed / unclosed.sum(), rtol=1e-13)
    # ratio of two parts: ln change is (D_i - D_j) ln F
    np.testing.assert_allclose(np.log(melt[0] / melt[2]) - np.log(x0[0] / x0[2]), (0.2 - 2.5) * np.log(left), rtol=1e-12)


def test_batch_melting_ends_at_the_source_and_begins_at_source_over_d():
    process = pr.batch_melt(PARTITION)
    np.testing.assert_allclose(process.apply(ANDESITE, 1.0), ANDESITE / ANDESITE.sum(), rtol=1e-13)
    first = ANDESITE / PARTITION
    np.testing.assert_allclose(process.apply(ANDESITE, 0.0), first / first.sum(), rtol=1e-13)


def test_mixing_and_dilution_are_the_same_paths():
    f = np.linspace(0, 0.9, 7)
    x = np.tile(ANDESITE, (7, 1))
    mixed = pr.mixing(CONTAMINANT).apply(x, f)
    np.testing.assert_allclose(mixed, pr.dilution(CONTAMINANT).apply(x, f / (1 - f)), rtol=1e-12)
    # concentrations are linear in f
    np.testing.assert_allclose(np.diff(mixed, 2, axis=0), 0, atol=1e-15)


@pytest.mark.parametrize(("process", "t"), ALL, ids=IDS)
def test_tangent_is_the_slope_of_the_clr_coordinates(process, t):
    h = 1e-5
    slope = (clr(process.apply(ANDESITE, t + h)) - clr(process.apply(ANDESITE, t - h))) / (2 * h)
    found = process.tangent(ANDESITE, t)
    np.testing.assert_allclose(found, slope, atol=1e-7)  # h^2 times the third derivative
    assert abs(found.sum()) < 1e-12


@pytest.mark.parametrize(("process", "t"), ALL, ids=IDS)
def test_closure_of_what_goes_in_does_not_matter(process, t):
    np.testing.assert_allclose(process.apply(7.3 * ANDESITE, t), process.apply(ANDESITE, t), rtol=1e-13)


def test_straight_processes_have_one_tangent_everywhere_and_commute():
    cool, leach = pr.fractional_crystallisation(PARTITION), pr.leaching(LEACHING)
    np.testing.assert_allclose(cool.tangent(ANDESITE, 0.1), (1 - PARTITION) - (1 - PARTITION).mean(), atol=1e-14)
    np.testing.assert_allclose(leach.tangent(CONTAMINANT, 2.0), LEACHING.mean() - LEACHING, atol=1e-14)
    one = pr.chain(ANDESITE, [cool, leach], [0.5, 0.8])
    np.testing.assert_allclose(one, pr.chain(ANDESITE, [leach, cool], [0.8, 0.5]), rtol=1e-13)
    assert not cool.turns
    assert pr.mixing(CONTAMINANT).turns


def test_only_differences_of_rates_show():
    np.testing.assert_allclose(
        pr.leaching(LEACHING + 3).apply(ANDESITE, 0.6), pr.leaching(LEACHING).apply(ANDESITE, 0.6), rtol=1e-12
    )


def test_tangents_through_a_chain_are_slopes_of_its_end():
    steps = [process for process, _ in ALL]
    t = np.array([value for _, value in ALL])
    found = pr.chain_tangents(ANDESITE, steps, t)
    h = 1e-5
    for k in range(len(steps)):
        up, down = t.copy(), t.copy()
        up[k], down[k] = t[k] + h, t[k] - h
        slope = (clr(pr.chain(ANDESITE, steps, up)) - clr(pr.chain(ANDESITE, steps, down))) / (2 * h)
        np.testing.assert_allclose(found[k], slope, atol=1e-7)
    np.testing.assert_allclose(pr.chain_tangents(ANDESITE, steps, np.stack([t, t]))[1], found, rtol=1e-12)


def square_root_of_leaching(x, t, k):
    return x * np.exp(-k * t**0.5)


def test_a_law_of_ones_own_gets_its_tangent_for_nothing():
    process = pr.Process("parabolic leaching", LEACHING, law=square_root_of_leaching)
    expected = -LEACHING * 0.5 / np.sqrt(0.36)
    np.testing.assert_allclose(process.tangent(ANDESITE, 0.36), expected - expected.mean(), atol=1e-13)
    again = pickle.loads(pickle.dumps(process))
    np.testing.assert_array_equal(again.apply(ANDESITE, 0.2), process.apply(ANDESITE, 0.2))


@pytest.mark.parametrize(
    ("do", "words"),
    [
        (lambda: pr.Process("sorcery", [1, 2]), "unknown kind of process 'sorcery': use one of fractional"),
        (lambda: pr.fractional_crystallisation([1, -0.1]), "partition coefficients must not be negative"),
        (lambda: pr.mixing([1, -1]), "composition that is added must not be negative"),
        (lambda: pr.leaching([1, np.nan]), "must be finite"),
        (lambda: pr.mixing([1, 2]).apply([1, 1], 1.2), "intensity must be between 0 and 1, got 1.2"),
        (lambda: pr.leaching([1, 2]).apply([1, 0], 1), "replace zeros first"),
        (lambda: pr.leaching([1, 2]).apply([1, 1, 1], 1), "have 3 parts, its coefficients 2"),
        (lambda: pr.chain([1, 1], [pr.leaching([1, 2])], [1, 2]), "1 processes need as many intensities"),
        (lambda: Intensity("cauchy", (0, 1)), "unknown distribution of intensities 'cauchy'"),
        (lambda: Intensity("uniform", (1, 1)), "describe no distribution"),
    ],
)
def test_what_is_refused_and_how(do, words):
    with pytest.raises(ValueError, match=words.replace("(", r"\(")):
        do()


@pytest.mark.parametrize(
    "one",
    [Intensity("uniform", (0.2, 0.9)), Intensity("gamma", (0.8, 0.45)), Intensity("beta", (0.5, 1.5, 0.7)),
     Intensity("normal", (1, 2))],
    ids=lambda one: one.kind,
)  # fmt: skip
def test_moments_of_intensities(one):
    # midpoint rule over the quantile function; the tails of the gamma cost the last digits
    t = one.quantile((np.arange(200_000) + 0.5) / 200_000)
    assert t.mean() == pytest.approx(one.mean, rel=1e-4)
    assert t.std() == pytest.approx(one.sd, rel=1e-3)


def test_correlated_intensities_keep_their_distributions():
    gamma, uniform = Intensity("gamma", (0.8, 0.45)), Intensity("uniform", (0, 1))
    t = draw([gamma, uniform], 20_000, np.random.default_rng(3), correlation=0.5)
    # rank correlation of a Gaussian copula: 6/pi asin(rho/2) = 0.483; standard error 0.006
    ranks = np.argsort(np.argsort(t, axis=0), axis=0)
    assert np.corrcoef(ranks.T)[0, 1] == pytest.approx(6 / np.pi * np.arcsin(0.25), abs=0.03)
    assert t[:, 1].mean() == pytest.approx(0.5, abs=0.012)
    with pytest.raises(ValueError, match="positive definite"):
        draw([gamma, uniform], 5, np.random.default_rng(3), correlation=1.5)


def test_simulate_without_noise_is_the_chain():
    made = three_processes(40, 0.0, np.random.default_rng(5))
    np.testing.assert_allclose(made.x, pr.chain(made.start, made.processes, made.intensity), rtol=1e-14)
    np.testing.assert_allclose(made.x.sum(axis=1), 1, rtol=1e-13)
    # the curve of a process passes through the sample that has the mean of the others
    t = made.intensity.mean(axis=0)
    np.testing.assert_allclose(made.curve(1, [t[1]])[0], pr.chain(made.start, made.processes, t), rtol=1e-12)


def test_noise_and_limits():
    rng = np.random.default_rng(6)
    limits = np.zeros(10)
    limits[OXIDES.index("MnO")] = 0.0012
    made = three_processes(4000, 0.03, rng, limits=limits)
    column = OXIDES.index("MnO")
    assert 0.1 < made.below[:, column].mean() < 0.9
    assert not np.delete(made.below, column, axis=1).any()
    assert np.array_equal(np.isnan(made.x), made.below)
    assert np.nanmin(made.x[:, column]) >= 0.0012
    np.testing.assert_array_equal(made.limit[made.below], 0.0012)
    # log ratios of two uncensored parts scatter by sqrt(2) of the noise (standard error 1.1 %)
    ratio = np.log(made.x[:, 4 - 1] / made.x[:, 0]) - np.log(made.clean[:, 4 - 1] / made.clean[:, 0])
    assert ratio.std() == pytest.approx(np.sqrt(2) * 0.03, rel=0.05)


def test_same_stream_same_data():
    one, two = (three_processes(30, 0.02, np.random.default_rng(8), design="correlated") for _ in range(2))
    np.testing.assert_array_equal(one.x, two.x)


def test_cosines_of_the_three_true_directions():
    # specification 5.1: .15, .29, .03; population means differ a little from those of a sample
    unit = three_processes(4000, 0.02, np.random.default_rng(9)).directions
    np.testing.assert_allclose([unit[0] @ unit[2], unit[0] @ unit[1], unit[1] @ unit[2]], [0.15, 0.29, 0.03], atol=0.02)


def test_gaussian_control_has_the_same_directions_and_no_shape():
    made = three_processes(5000, 0.0, np.random.default_rng(10), design="gaussian")
    reference = three_processes(5000, 0.0, np.random.default_rng(11))
    cosine = (made.directions * reference.directions).sum(axis=1)
    assert (cosine > 0.999).all()
    z = clr(made.x) @ np.linalg.svd(made.tangents)[2][:3].T
    skew = ((z - z.mean(axis=0)) ** 3).mean(axis=0) / z.std(axis=0) ** 3
    assert (np.abs(skew) < 4 * np.sqrt(6 / 5000)).all()


def test_refusals_of_simulate():
    rng = np.random.default_rng(0)
    leach = pr.leaching([1, 0])
    with pytest.raises(ValueError, match="number of samples is not known"):
        simulate([1, 1], [leach], [0.5], 0.02, rng)
    with pytest.raises(ValueError, match="intensities are given for melting; the processes are leaching"):
        simulate([1, 1], [leach], {"melting": 0.5}, 0.02, rng, n=5)
    with pytest.raises(ValueError, match="one composition, positive"):
        simulate([1, 0], [leach], [0.5], 0.02, rng, n=5)
    with pytest.raises(ValueError, match="must not be negative"):
        simulate([1, 1], [leach], [0.5], -0.02, rng, n=5)
    with pytest.raises(ValueError, match='use "independent"'):
        three_processes(5, 0.02, rng, design="odd")


def test_pelagic_mixtures_lie_in_their_simplex():
    made = pelagic(200, 0.0, np.random.default_rng(1), background=0.08)
    np.testing.assert_allclose(made.x, made.proportions @ made.end_members, atol=1e-15)
    np.testing.assert_allclose(made.end_members.sum(axis=1), 1, rtol=1e-13)
    assert made.end_members.min() > 0.08 / (1 + 0.8) * 0.99
    assert pelagic(20, 0.0, np.random.default_rng(1), names=("opal", "carbonate")).proportions.shape == (20, 2)
    with pytest.raises(ValueError, match="unknown end members basalt"):
        pelagic(20, 0.0, np.random.default_rng(1), names=("opal", "basalt"))


def test_published_recipe_has_noise_on_end_members_and_samples():
    made = wang_wen(20_000, 0.1, np.random.default_rng(2))
    residual = made.x - made.proportions @ made.end_members
    # variance sigma^2 (1 + sum of squared proportions), whose mean under a flat Dirichlet of 4 is 2/5
    assert residual.var() == pytest.approx(0.01 * 1.4, rel=0.02)
