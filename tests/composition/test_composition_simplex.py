"""The simplex is a vector space, log-ratio coordinates are isometric, and closure, order and units of parts do not matter."""

import numpy as np
import pandas as pd
import pytest

from lib import composition as comp
from lib import tables

ROUNDING = 1e-12  # a few hundred operations on numbers of order one


@pytest.fixture(scope="module")
def kongite():
    table = tables.read(tables.Source.embedded("03_sediment_unmixing", "kongite"))
    return table.frame[[name for name in table.frame if name.endswith("_pct")]].to_numpy()


@pytest.fixture(scope="module")
def pair():
    rng = np.random.default_rng(11)
    return rng.dirichlet(np.ones(6), 9), rng.dirichlet(np.ones(6), 9)


def bases(n_parts):
    split = np.zeros((n_parts - 1, n_parts))
    for i in range(n_parts - 1):  # the last part against the rest, then the last but one, ...
        split[i, : n_parts - 1 - i], split[i, n_parts - 1 - i] = 1, -1
    yield comp.pivot_basis(n_parts)
    yield comp.helmert_basis(n_parts)
    yield comp.balance_basis(split)
    yield comp.random_basis(n_parts, np.random.default_rng(5))


def test_perturbation_and_powering_make_a_vector_space(pair):
    x, y = pair
    neutral = np.ones(6)
    np.testing.assert_allclose(comp.perturb(x, y), comp.perturb(y, x), rtol=ROUNDING)
    np.testing.assert_allclose(comp.perturb(x, neutral), comp.closure(x), rtol=ROUNDING)
    np.testing.assert_allclose(comp.perturb(x, comp.power(x, -1)), np.full_like(x, 1 / 6), rtol=ROUNDING)
    np.testing.assert_allclose(
        comp.power(comp.perturb(x, y), 2.5), comp.perturb(comp.power(x, 2.5), comp.power(y, 2.5)), rtol=1e-11
    )
    line = comp.power(x[0], np.linspace(-1, 1, 5))
    np.testing.assert_allclose(np.diff(comp.clr(line), n=2, axis=0), 0, atol=ROUNDING)


def test_products_agree_with_their_pairwise_definition(pair):
    """Aitchison's first definition runs over all ratios of two parts, without clr."""
    x, y = pair
    i, j = np.triu_indices(6, 1)
    a, b = np.log(x[:, i] / x[:, j]), np.log(y[:, i] / y[:, j])
    np.testing.assert_allclose(comp.inner(x, y), (a * b).sum(axis=1) / 6, rtol=1e-10, atol=ROUNDING)
    np.testing.assert_allclose(comp.distance(x, y), np.sqrt(((a - b) ** 2).sum(axis=1) / 6), rtol=1e-10)
    np.testing.assert_allclose(comp.norm(x), np.sqrt(comp.inner(x, x)), rtol=1e-10)
    assert isinstance(comp.distance(x[0], y[0]), float)


def test_distance_keeps_what_must_not_matter_and_shrinks_in_a_subcomposition(pair):
    x, y = pair
    d = comp.distance(x, y)
    shift, order = np.random.default_rng(3).dirichlet(np.ones(6)), [3, 0, 5, 1, 4, 2]
    np.testing.assert_allclose(comp.distance(1e4 * x, y), d, rtol=1e-11)
    np.testing.assert_allclose(comp.distance(comp.perturb(x, shift), comp.perturb(y, shift)), d, rtol=1e-11)
    np.testing.assert_allclose(comp.distance(x[:, order], y[:, order]), d, rtol=1e-11)
    # one part in other units (FeO for Fe2O3, ppm for wt%) moves both ends alike
    units = np.array([1, 1, 1.1113, 1, 1e4, 1])
    np.testing.assert_allclose(comp.distance(x * units, y * units), d, rtol=1e-11)
    assert (comp.distance(x[:, :4], y[:, :4]) <= d).all()


@pytest.mark.parametrize("n_parts", [2, 3, 10, 40])
def test_every_basis_is_isometric_and_has_an_inverse(n_parts):
    rng = np.random.default_rng(n_parts)
    x, y = rng.dirichlet(np.ones(n_parts), 2)
    for basis in bases(n_parts):
        assert comp.check_basis(basis) is not None
        z = comp.ilr(x, basis)
        np.testing.assert_allclose(comp.ilr_inv(z, basis), x, rtol=1e-10)
        assert np.linalg.norm(z - comp.ilr(y, basis)) == pytest.approx(comp.distance(x, y), rel=1e-11)
    for d in (0, n_parts // 2, -1):
        np.testing.assert_allclose(comp.alr_inv(comp.alr(x, d), d), x, rtol=1e-10)
    np.testing.assert_allclose(comp.clr_inv(comp.clr(x), 100), 100 * x, rtol=1e-10)


def test_coordinates_are_what_their_formulas_say():
    """Written out for four parts, part by part."""
    x = np.array([48.0, 17.0, 9.0, 26.0])
    gm = lambda *parts: np.prod(parts) ** (1 / len(parts))  # noqa: E731
    a, b, c, d = x
    pivot = [np.sqrt(3 / 4) * np.log(a / gm(b, c, d)), np.sqrt(2 / 3) * np.log(b / gm(c, d)), np.sqrt(1 / 2) * np.log(c / d)]
    np.testing.assert_allclose(comp.ilr(x), pivot, rtol=ROUNDING)
    helmert = [np.sqrt(1 / 2) * np.log(a / b), np.sqrt(2 / 3) * np.log(gm(a, b) / c), np.sqrt(3 / 4) * np.log(gm(a, b, c) / d)]
    np.testing.assert_allclose(comp.ilr(x, comp.helmert_basis(4)), helmert, rtol=ROUNDING)
    np.testing.assert_allclose(comp.ilr(x, comp.balance_basis([[1, 1, -1, -1], [1, -1, 0, 0], [0, 0, 1, -1]]))[0],
                               comp.balance(x, [0, 1], [2, 3]), rtol=ROUNDING)  # fmt: skip
    np.testing.assert_allclose(comp.alr(x, 1), np.log([a / b, c / b, d / b]), rtol=ROUNDING)


def test_a_large_log_ratio_does_not_overflow():
    assert comp.clr_inv([800.0, 0.0, -800.0]).tolist() == [1.0, 0.0, 0.0]
    np.testing.assert_allclose(comp.clr_inv([1000.0, 1000.0]), [0.5, 0.5])


def test_spread_by_parts_by_ratios_and_by_coordinates_is_one_number(kongite):
    t = comp.variation_matrix(kongite)
    i, j = 1, 3
    assert t[i, j] == pytest.approx(np.var(np.log(kongite[:, i] / kongite[:, j]), ddof=1), rel=1e-10)
    assert comp.total_variance(kongite) == pytest.approx(t.sum() / (2 * 5), rel=1e-11)
    for basis in bases(5):
        assert np.var(comp.ilr(kongite, basis), axis=0, ddof=1).sum() == pytest.approx(comp.total_variance(kongite), rel=1e-11)
    np.testing.assert_allclose(comp.centre(kongite), comp.closure(np.exp(np.log(kongite).mean(axis=0))), rtol=ROUNDING)


def test_principal_directions_do_not_depend_on_the_basis_or_the_units(kongite):
    directions, variances, share = comp.principal_directions(kongite)
    np.testing.assert_allclose(directions.sum(axis=1), 0, atol=1e-11)
    assert share.sum() == pytest.approx(1) and variances.sum() == pytest.approx(comp.total_variance(kongite))
    for basis in bases(5):
        values, vectors = np.linalg.eigh(np.cov(comp.ilr(kongite, basis), rowvar=False))
        np.testing.assert_allclose(values[::-1], variances, rtol=1e-8)
        # the last two eigenvalues are 1e-4 of the first: their vectors keep about nine digits
        assert comp.angles((basis @ vectors).T, directions).max() < 1e-5
    again, _, _ = comp.principal_directions(kongite * [1, 1e4, 1, 0.7, 1])
    np.testing.assert_allclose(again, directions, atol=1e-10)
    assert (np.take_along_axis(directions, np.abs(directions).argmax(axis=1)[:, None], axis=1) > 0).all()


def test_matching_undoes_order_and_sign_and_measures_small_angles():
    rng = np.random.default_rng(8)
    reference = comp.helmert_basis(6).T[:3]
    mixed = -2.0 * reference[[2, 0, 1]]
    order, signs, cosine = comp.match(mixed, reference)
    assert order.tolist() == [1, 2, 0] and signs.tolist() == [-1, -1, -1]
    np.testing.assert_allclose(cosine, 1)
    turn = 1e-7
    tilted = np.cos(turn) * reference[0] + np.sin(turn) * comp.helmert_basis(6)[:, 4]
    # an arc cosine would give 0 or 1.5e-8 rad here
    assert np.radians(comp.angles(tilted, reference[:1])[0]) == pytest.approx(turn, rel=1e-6)
    # cosines (0.95, 0.80) and (0.85, 0.05): taking the best pair first would leave 0.05 for the other
    plane = comp.pivot_basis(4).T[:2]
    directions, two = [[0.95, 0.3122], [0.8, -0.6]] @ plane, [[1.0, 0.0], [0.64, 0.7684]] @ plane
    assert comp.match(directions, two)[0].tolist() == [1, 0]
    assert comp.match(rng.standard_normal((5, 6)), reference)[0].shape == (3,)


def test_the_r_convention_for_zeros_is_the_clr_of_the_positive_parts():
    x = np.array([[2.0, 0.0, 8.0], [1.0, 2.0, 3.0]])
    found = comp.zero_as_clr_zero(x)
    np.testing.assert_allclose(found[0, [0, 2]], comp.clr(x[0, [0, 2]]))
    assert found[0, 1] == 0
    np.testing.assert_allclose(found[1], comp.clr(x[1]))


def test_frames_and_single_rows_are_taken():
    frame = pd.DataFrame({"SiO2": [50.0, 60.0], "MgO": [8.0, 3.0]})
    np.testing.assert_array_equal(comp.clr(frame), comp.clr(frame.to_numpy()))
    assert comp.clr([1.0, 2.0, 3.0]).shape == (3,) and comp.closure([0.0, 2.0, 2.0], 100).tolist() == [0, 50, 50]


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (
            lambda: comp.clr([[1, 2], [0, 3], [1, np.nan]]),
            r"2 cells not positive \(0 at row 1, column 0; nan at row 2, column 1\)",
        ),
        (lambda: comp.clr([1, -2]), "-2 at part 1.*truly"),
        (lambda: comp.clr([["a", "b"]]), "numbers are needed"),
        (lambda: comp.clr([[1.0]]), "at least two parts"),
        (lambda: comp.clr(np.ones((2, 2, 2))), "expected"),
        (lambda: comp.closure([[1, 1], [0, 0]]), r"row\(s\) \[1\] hold only zeros"),
        (lambda: comp.closure([1, -1]), "zero or positive"),
        (lambda: comp.perturb([1, 2], [1, 2, 3]), "2 parts, y has 3"),
        (lambda: comp.alr([1, 2, 3], 3), "there are 3 parts"),
        (lambda: comp.ilr([1, 2, 3], comp.pivot_basis(4)), "for 4 parts, the composition has 3"),
        (lambda: comp.ilr([1, 2, 3], np.ones((3, 2))), "sum to 0"),
        (lambda: comp.check_basis(2 * comp.pivot_basis(4)), "orthonormal; largest departure 3"),
        (lambda: comp.check_basis(np.eye(3)), r"expected \(n_parts, n_parts - 1\)"),
        (lambda: comp.balance_basis([[1, -1, 0], [1, 0, -1]]), "splits 0 and 1 overlap"),
        (lambda: comp.balance_basis([[1, 1, -1], [1, 1, 0]]), "split 1 has no parts on one side"),
        (lambda: comp.balance_basis([[1, 1, -1]]), "D - 1 splits"),
        (lambda: comp.balance([1, 2, 3], [0, 1], [1, 2]), r"shared: \[1\]"),
        (lambda: comp.variation_matrix([1, 2, 3]), "two samples"),
        (lambda: comp.clr_inv([np.inf, 1]), "not finite"),
        (lambda: comp.principal_directions([[1, 2, 3], [2, 4, 6]]), "no direction"),
        (lambda: comp.principal_directions(np.eye(3) + 1, 3), "have 1 to 2"),
        (lambda: comp.match([[1, -1, 0]], [[1, -1, 0], [0, 1, -1]]), "1 directions cannot be matched to 2"),
        (lambda: comp.angles([[1, -1]], [[1, -1, 0]]), "2 parts, the reference has 3"),
        (lambda: comp.angles([[0, 0]], [[1, -1]]), "row 0 has no direction"),
        (lambda: comp.pivot_basis(1), "two parts or more"),
    ],
)
def test_errors_say_what_where_and_what_to_do(call, said):
    with pytest.raises(ValueError, match=said):
        call()


def test_unknown_names_are_refused():
    with pytest.raises(AttributeError, match=r"lib\.composition attribute close"):
        comp.close  # noqa: B018
