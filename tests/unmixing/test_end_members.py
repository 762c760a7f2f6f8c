"""Searches for end members: known answers, slopes against differences, invariances, messages."""

from itertools import combinations, permutations

import numpy as np
import pytest
from scipy import optimize

from lib.unmixing import nmf, volume
from lib.unmixing.archetypes import archetypal_analysis
from lib.unmixing.artificial import pelagic, wang_wen
from lib.unmixing.endmembers import METHODS, match_end_members, unmix
from lib.unmixing.metrics import unmixing_errors
from lib.unmixing.nfindr import n_findr
from lib.unmixing.samples import relative_errors

SEARCHES = [m for m in METHODS if m not in ("known", "bayesian")]


def errors(made, **how):
    found = unmix(made.x, len(made.end_members), **how)
    return unmixing_errors(found.end_members, found.proportions, made.end_members, made.proportions)


@pytest.fixture(scope="module")
def flat():
    return pelagic(300, 0.02, np.random.default_rng(11))


# levels of the specification 5.4 (B1-B3, B6), with room for one draw instead of a median of many: acceptance has the medians
@pytest.mark.parametrize(
    ("concentration", "noise", "background", "end_member", "proportion"),
    [(1, 0.02, 0, 0.6, 1.6), (3, 0.02, 0, 3.5, 5.5), (1, 0.05, 0, 0.9, 2.8), (1, 0.02, 0.08, 0.5, 2.7)],
)
def test_minimum_volume_finds_end_members_that_no_sample_shows(concentration, noise, background, end_member, proportion):
    made = pelagic(300, noise, np.random.default_rng(12), concentration=concentration, background=background)
    found = errors(made, noise=noise)
    assert found["end_member"] < end_member
    assert found["proportion"] < proportion


def test_published_recipe_without_noise():
    made = wang_wen(1000, 0.0, np.random.default_rng(13))
    found = errors(made, close=False, refine=False, softness=0.002)
    assert found["end_member"] < 0.6  # 0.006 in their unit; the publication's archetypes have 0.043
    assert errors(made, close=False, method="archetypes")["end_member"] > 1.5


def test_softness_follows_the_noise():
    made = wang_wen(1000, 0.1, np.random.default_rng(14))
    assert errors(made, close=False, refine=False, noise=0.1)["end_member"] < 5
    assert errors(made, close=False, refine=False, softness=0.002)["end_member"] > 12  # a hard wall runs after the noise


@pytest.mark.parametrize("method", ["archetypes", "n-findr", "minimum volume", "simplex nmf"])
def test_pure_samples_without_noise_are_found(method):
    made = pelagic(100, 0.0, np.random.default_rng(15), concentration=0.5)
    x = np.vstack([made.x, made.end_members])
    found = unmix(x, 4, method, noise=0.001)
    order = match_end_members(made.end_members, found.end_members)
    # one per cent: the softness of the walls is not below 0.004 of a proportion, on each of the faces of a corner
    np.testing.assert_allclose(found.end_members[order], made.end_members, atol=0.01)


def test_samples_as_end_members_are_biased_inwards_where_nothing_is_pure(flat):
    inside = errors(flat, method="n-findr")["end_member"]
    assert inside > 3 * errors(flat)["end_member"]


@pytest.mark.parametrize("method", SEARCHES)
def test_answers_are_mixtures_in_order_of_size_and_repeatable(flat, method):
    found, again = (unmix(flat.x * scale, 4, method, seed=3) for scale in (1, 100))
    np.testing.assert_allclose(found.end_members.sum(axis=1), 1, atol=1e-9)
    np.testing.assert_allclose(found.proportions.sum(axis=1), 1, atol=1e-9)
    assert found.end_members.min() >= 0
    assert found.proportions.min() >= 0
    assert (np.diff(found.proportions.mean(axis=0)) <= 0).all()
    np.testing.assert_allclose(found.residual, flat.x - found.proportions @ found.end_members, atol=1e-12)
    # wt% instead of fractions: the same path up to rounding
    np.testing.assert_allclose(again.end_members, found.end_members, atol=1e-4)


def test_order_of_samples_and_parts_does_not_matter(flat):
    rng = np.random.default_rng(5)
    rows, parts = rng.permutation(300), rng.permutation(10)
    found = unmix(flat.x, 4)
    other = unmix(flat.x[rows][:, parts], 4)
    # other random starts, the same optimum to the tolerance of the descent
    np.testing.assert_allclose(other.end_members, found.end_members[:, parts], atol=2e-3)
    np.testing.assert_allclose(other.proportions, found.proportions[rows], atol=5e-3)


def test_part_of_the_elements_is_unmixed_in_their_own_unit(flat):
    x = 1e6 * flat.x[:, 1:]  # mg/kg, silica not analysed
    found = unmix(x, 4, close=False)
    truth = 1e6 * flat.end_members[:, 1:]
    order = match_end_members(truth, found.end_members)
    assert np.abs(found.end_members[order] - truth).mean() < 6000  # 0.6 wt%
    assert np.sqrt(np.mean((found.proportions[:, order] - flat.proportions) ** 2)) < 0.016


def test_plain_factorisation_is_not_unique():
    made = pelagic(300, 0.02, np.random.default_rng(16), background=0.08)
    fits, shares = [], []
    for seed in range(2):
        e, a = nmf.plain_nmf(made.x, 4, init="random", seed=seed, max_iterations=1000)
        fits.append(np.sqrt(np.mean((made.x - a @ e) ** 2)))
        shares.append(a[:, match_end_members(made.end_members, e)])
    assert max(fits) < 1.1 * min(fits)
    assert np.sqrt(np.mean((shares[1] - shares[0]) ** 2)) > 0.05


def test_the_slope_of_the_soft_walls():
    rng = np.random.default_rng(6)
    extended = np.hstack([rng.standard_normal((40, 2)), np.ones((40, 1))])
    q = np.linalg.inv(np.hstack([rng.standard_normal((3, 2)), np.ones((3, 1))]))[:, :-1].ravel()
    arguments = (extended, extended.T, 0.05, 20 / 40, 3)
    value, slope = volume._objective(q, *arguments)
    numerical = optimize.approx_fprime(q, lambda p: volume._objective(p, *arguments)[0], 1e-7)
    np.testing.assert_allclose(slope, numerical, rtol=1e-4, atol=1e-4 * abs(value))


@pytest.mark.parametrize("closed", [True, False])
@pytest.mark.parametrize("by_cell", [True, False])
def test_the_slope_with_proportions_eliminated(flat, closed, by_cell):
    x = flat.x[:60]
    s = relative_errors(x, 0.02) if by_cell else 0.02 * x.mean(axis=0)
    unit = s if s.ndim == 1 else np.median(s, axis=0)
    axes = np.linalg.svd(np.cov(x.T))[2][:3]
    problem = nmf._Problem(x, s, unit, x.mean(axis=0), axes, 0.3, closed, 4)
    point = (np.maximum(0.9 * flat.end_members + 0.1 * x.mean(axis=0), 1e-4) / unit).ravel()
    slope = problem(point)[1]
    numerical = optimize.approx_fprime(point, lambda p: problem(p)[0], 1e-6 * np.maximum(point, 1))
    np.testing.assert_allclose(slope, numerical, rtol=2e-3, atol=2e-4 * np.abs(slope).max())


def test_the_smallest_simplex_moves_with_the_points():
    rng = np.random.default_rng(7)
    y = rng.dirichlet([1, 1, 1], 200) @ np.array([[-1, -1], [2, 0], [0, 2]])
    turn, shift = np.array([[1.0, 0.6], [-0.4, 0.8]]), np.array([0.3, -0.2])
    one = volume.minimum_volume(y, 3, np.random.default_rng(0))[0]
    other = volume.minimum_volume(y @ turn + shift, 3, np.random.default_rng(0))[0]
    apart = np.linalg.norm((one @ turn + shift)[:, None] - other[None], axis=2).min(axis=1)
    assert apart.max() < 2e-3


def test_n_findr_is_the_largest_simplex_of_all():
    rng = np.random.default_rng(8)
    y = rng.standard_normal((14, 2))
    size = {c: abs(np.linalg.det(np.column_stack([y[list(c)], np.ones(3)]))) for c in combinations(range(14), 3)}
    assert set(n_findr(y, 3, rng)) == set(max(size, key=size.get))


def test_archetypes_are_mixtures_of_samples_and_fit_better_than_samples(flat):
    rng = np.random.default_rng(9)
    e, weights, rss = archetypal_analysis(flat.x, 4, rng)
    assert weights.min() >= 0
    np.testing.assert_allclose(weights.sum(axis=1), 1, atol=1e-9)
    np.testing.assert_allclose(weights @ flat.x, e, atol=1e-12)
    spread = flat.x.std(axis=0)
    for method in ("archetypes", "n-findr"):
        found = unmix(flat.x, 4, method)
        assert np.sum((found.residual / spread) ** 2) >= 0.999 * rss


def test_two_archetypes_of_a_line_are_its_ends():
    t = np.linspace(0, 1, 21)[:, None]
    x = t * [0.7, 0.2, 0.1] + (1 - t) * [0.1, 0.3, 0.6]
    e = archetypal_analysis(x, 2, np.random.default_rng(0))[0]
    np.testing.assert_allclose(e[np.argsort(e[:, 0])], x[[0, -1]], atol=1e-6)


def test_matching_is_the_best_of_all_orders():
    rng = np.random.default_rng(10)
    a, b = rng.random((2, 4, 6))
    s = a.std(axis=0)
    order = match_end_members(a, b)
    best = min(permutations(range(4)), key=lambda p: np.sum(((a - b[list(p)]) / s) ** 2))
    assert tuple(order) == best


def test_errors_of_closed_cells_are_those_of_simulated_ones():
    rng = np.random.default_rng(17)
    x = np.array([0.9, 0.06, 0.03, 0.01])
    drawn = x * np.exp(0.02 * rng.standard_normal((20_000, 4)))
    drawn /= drawn.sum(axis=1, keepdims=True)
    rows = np.vstack([x, 1e-9 * np.ones((1, 4))])  # the second row takes the floor away from the column means
    stated = relative_errors(rows, 0.02)[0]
    floor = 0.02 * 0.2 * rows.mean(axis=0)
    # 20 000 draws give a standard deviation to 0.5 %; the first-order formula is good to about noise squared
    np.testing.assert_allclose(np.sqrt(stated**2 - floor**2), drawn.std(axis=0), rtol=0.02)


def test_a_hundred_thousand_samples_take_no_hundred_thousand_unknowns():
    made = pelagic(12_000, 0.02, np.random.default_rng(18), names=("detrital", "opal", "carbonate"))
    assert errors(made)["end_member"] < 0.3


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"method": "magic"}, "minimum volume"),
        ({"n_end_members": 11}, "from 2 to 10"),
        ({"n_end_members": 1}, "from 2 to 10"),
        ({"noise": 2.0}, "between 0 and 1"),
        ({"noise": -np.ones(10)}, "positive standard deviations"),
        ({"method": "known"}, "needs end_members"),
        ({"softness": 0.0}, "softness must be positive"),
        ({"change": (3, 4, np.nan)}, r"x\[3, 4\] is NaN"),
        ({"change": (3, 4, -0.1)}, r"x\[3, 4\] = -0.1"),
        ({"change": (5, slice(None), 0.0)}, "row 5 of x is all zero"),
        ({"change": (slice(None), 2, 0.0)}, "column 2 of x is constant"),
    ],
)
def test_what_cannot_be_unmixed_is_said(how, message):
    x = pelagic(40, 0.02, np.random.default_rng(19)).x
    how = {"n_end_members": 4, **how}
    if "change" in how:
        i, j, value = how.pop("change")
        x[i, j] = value
    with pytest.raises(ValueError, match=message):
        unmix(x, **how)


def test_more_end_members_than_the_samples_have_dimensions_are_refused():
    x = pelagic(50, 0.0, np.random.default_rng(20), names=("opal", "carbonate")).x
    with pytest.raises(ValueError, match="no more than 2 end members"):
        unmix(x, 3)


def test_an_unknown_option_is_refused(flat):
    with pytest.raises(TypeError, match="n_sweep"):
        unmix(flat.x, 4, n_sweep=3)
