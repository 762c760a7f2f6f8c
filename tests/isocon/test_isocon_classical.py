"""Classical mass balance: published numbers, identities between the formulations, known answers."""

from pathlib import Path

import numpy as np
import pytest
from scipy import optimize

from lib import tables
from lib.isocon import classical, groups, prepare

GRANT = Path(__file__).parents[2] / "data/02_alteration_isocon/grant2005.csv"
SLOPES = {
    "SiO2": 0.982, "TiO2": 1.008, "Al2O3": 1.031, "Fe2O3": 0.742, "MnO": 0.882, "MgO": 0.737, "CaO": 0.683,
    "Na2O": 0.713, "K2O": 6.367, "H2O": 0.727, "CO2": 3.331, "Sc": 0.929, "V": 0.933, "Cr": 0.901, "Ni": 0.627,
    "Cu": 0.974, "Zn": 0.720, "Sr": 1.259, "Y": 0.586, "Ba": 1.750,
}  # fmt: skip


@pytest.fixture(scope="module")
def grant():
    data = prepare(tables.read(GRANT, "02_alteration_isocon"))
    return data.elements, data.c0, data.altered[:, 0]


def test_slopes_of_grant_2005(grant):
    """Slopes as listed in the isocon example of the GCDkit manual; half a unit of the last digit."""
    names, c0, ca = grant
    found = dict(zip(names, classical.slopes(c0, ca), strict=True))
    assert set(found) == set(SLOPES)
    for name, value in SLOPES.items():
        assert found[name] == pytest.approx(value, abs=5.1e-4), name


def test_isocon_of_the_chosen_set(grant):
    """Al2O3, SiO2, TiO2, Cu, Sc: mean slope 0.98465, unscaled least squares 0.96895 (GCDkit manual)."""
    names, c0, ca = grant
    chosen = [names.index(n) for n in ("Al2O3", "SiO2", "TiO2", "Cu", "Sc")]
    assert classical.average_slope(c0[chosen], ca[chosen]) == pytest.approx(0.98465, abs=5e-6)
    assert classical.least_squares_slope(c0[chosen], ca[chosen]) == pytest.approx(0.96895, abs=5e-6)
    assert 100 * classical.mass_change(0.98465) == pytest.approx(1.56, abs=5e-3)


def test_least_squares_depends_on_the_scaling_and_the_mean_slope_does_not(grant):
    _, c0, ca = grant
    k = 10.0 / c0
    assert classical.least_squares_slope(c0, ca, k) == pytest.approx(classical.average_slope(c0, ca))
    assert classical.average_slope(k * c0, k * ca) == pytest.approx(classical.average_slope(c0, ca))


def test_gresens_and_grant_are_one_balance(grant):
    names, c0, ca = grant
    ratio = 0.9
    f_v = classical.gresens_volume_factor(c0, ca, ratio)[names.index("Al2O3")]
    slope = classical.reference_slope(c0, ca, names.index("Al2O3"))
    np.testing.assert_allclose(classical.gresens(c0, ca, ratio, f_v), 100 * classical.gain(c0, ca, slope)[1], atol=1e-10)
    # its mass ratio and volume factor say the same
    assert classical.volume_change(1 / slope, 1.0, ratio) == pytest.approx(f_v - 1)


def test_reference_lines(grant):
    names, c0, ca = grant
    lines = classical.reference_lines(c0, ca, names, density_ratio=0.9)
    assert lines["constant mass"] == 1 and lines["constant volume"] == pytest.approx(1 / 0.9)
    assert lines["constant Al"] == pytest.approx(14.74 / 14.30)


def test_weighted_slope_agrees_with_a_fit_of_the_hidden_true_values():
    rng = np.random.default_rng(1)
    c0 = rng.uniform(1, 50, 12)
    ca = 0.8 * c0 * np.exp(0.03 * rng.standard_normal(12))
    found = classical.baumgartner_olsen(c0, ca, 0.03, 0.05, reject=None)

    def residuals(v):  # v = slope and the true concentrations of the original rock
        return np.concatenate([(c0 - v[1:]) / (0.03 * c0), (ca - v[0] * v[1:]) / (0.05 * ca)])

    direct = optimize.least_squares(residuals, np.concatenate([[1.0], c0]), xtol=1e-14, ftol=1e-14, gtol=1e-14)
    assert found.slope == pytest.approx(direct.x[0], rel=1e-7)
    assert found.chi2 == pytest.approx(2 * direct.cost)
    # curvature of the profiled chi2 against the linearised covariance: equal up to the residuals
    assert found.se == pytest.approx(np.linalg.inv(direct.jac.T @ direct.jac)[0, 0] ** 0.5, rel=0.1)


def test_rejection_finds_the_isocon_among_few_mobile_elements():
    rng = np.random.default_rng(2)
    c0 = rng.uniform(1, 50, 20)
    d = np.zeros(20)
    d[:6] = [0.5, 0.7, -0.6, 0.9, -0.8, 0.4]
    ca = 1.2 * c0 * np.exp(d + 0.02 * rng.standard_normal(20))
    found = classical.baumgartner_olsen(c0, ca, 0.02, 0.02)
    assert not found.kept[:6].any() and found.kept[6:].sum() >= 13
    assert abs(found.slope - 1.2) < 4 * found.se


def test_guo_normalised_immobile_elements_lie_on_the_unit_line():
    c0, mu = np.array([50.0, 15.0]), np.array([0.8, 1.3])
    np.testing.assert_allclose(classical.guo_normalise(c0[:, None] / mu, mu), np.repeat(c0[:, None], 2, 1))


def test_bad_pairs_are_refused():
    with pytest.raises(ValueError, match="one rock each"):
        classical.slopes([1, 2], [1, 2, 3])
    with pytest.raises(ValueError, match="c0 must be positive"):
        classical.slopes([1, 0], [1, 2])
    with pytest.raises(ValueError, match="densities must be positive"):
        classical.volume_change(1.0, 0.0, 2.5)


def test_ratio_tau_and_strain_say_the_same(grant):
    names, c0, ca = grant
    i, j = names.index("TiO2"), names.index("K2O")
    _, r_inv, change = groups.concentration_ratio(c0, ca, i)
    assert r_inv == pytest.approx(ca[i] / c0[i])
    assert change[j] == pytest.approx(groups.tau(ca[j], ca[i], c0[j], c0[i]))
    # strain = volume change of the isocon through i
    expected = classical.volume_change(c0[i] / ca[i], 2.9, 2.6)
    assert groups.strain(ca[i], c0[i], 2.6, 2.9) == pytest.approx(expected)


def test_bootstrap_of_samples_covers_the_truth():
    rng = np.random.default_rng(4)
    inside = 0
    for _ in range(60):
        fresh = np.exp([1.0, 2.0] + 0.1 * rng.standard_normal((12, 2)))
        altered = np.exp([1.2, 2.6] + 0.1 * rng.standard_normal((12, 2)))
        tau, low, high = groups.log_ratio_tau(fresh, altered, 0, rng, n_bootstrap=300)
        assert tau[0] == 0
        inside += low[1] <= np.expm1(0.4) <= high[1]
    assert inside >= 49  # percentile bootstrap of 12 + 12 samples: about 0.92; 49 of 60 is 3 sd below


def test_wedge_sorts_samples():
    fresh_i, fresh_j = np.array([100.0, 110.0, 90.0]), np.array([2.0, 2.4, 1.7])
    found = groups.wedge(fresh_i, fresh_j, [100, 100, 140, 70], [4.0, 0.5, 2.9, 1.4], np.random.default_rng(0))
    assert found.verdict.tolist() == ["gained", "lost", "residual enrichment", "dilution"]
    assert found.slope_min == pytest.approx(1.7 / 90) and found.slope_max == pytest.approx(2.4 / 110)
    with pytest.raises(ValueError, match="positive values"):
        groups.wedge([1.0], [0.0], [1.0], [1.0], np.random.default_rng(0))
