"""Birch-Murnaghan curves and the equation of state of Anderson and Ahrens: identities that any right code obeys."""

import numpy as np
import pytest

from lib.eos import AndersonAhrens, BirchMurnaghan

IRON = AndersonAhrens()
FOURTH, THIRD = IRON.isentrope, BirchMurnaghan(7019.0, 109.7, 4.661)
RHO = np.linspace(6700.0, 13800.0, 9)
CURVES = pytest.mark.parametrize("curve", [FOURTH, THIRD], ids=["fourth order", "third order"])


def slope(function, at, step):
    near, far = (function(at + h) - function(at - h) for h in (step, 2 * step))
    return (8 * near - far) / (12 * step)


@CURVES
def test_curve_and_its_derivatives(curve):
    np.testing.assert_allclose(RHO * slope(curve.pressure_gpa, RHO, 4.0), curve.bulk_modulus_gpa(RHO), rtol=1e-9)
    np.testing.assert_allclose(RHO**2 * slope(curve.energy, RHO, 4.0) / 1e9, curve.pressure_gpa(RHO), rtol=1e-8)
    assert curve.energy(curve.rho0) == pytest.approx(0, abs=1e-6)
    np.testing.assert_allclose(curve.density(curve.pressure_gpa(RHO)), RHO, rtol=1e-12)
    by_p = slope(lambda p: curve.bulk_modulus_gpa(curve.density(p)), 0.0, 0.2)
    assert by_p == pytest.approx(curve.k0_prime, rel=1e-6)


def test_second_derivative_and_orders():
    step = 0.5
    bulk = FOURTH.bulk_modulus_gpa(FOURTH.density(np.array([-step, 0.0, step])))
    assert np.diff(bulk, 2)[0] / step**2 == pytest.approx(-0.043, rel=1e-3)  # second-order difference
    k, kp = THIRD.k0_gpa, THIRD.k0_prime
    implied = BirchMurnaghan(7019.0, k, kp, -(kp * (kp - 7) + 143 / 9) / k)
    np.testing.assert_allclose(implied.pressure_gpa(RHO), THIRD.pressure_gpa(RHO), rtol=1e-12)


def test_isentrope_of_anderson_ahrens():
    t = IRON.isentropic_temperature(RHO)
    np.testing.assert_allclose(
        slope(lambda r: np.log(IRON.isentropic_temperature(r)), RHO, 4.0) * RHO, IRON.isentropic_gamma(RHO), rtol=1e-9
    )
    np.testing.assert_allclose(IRON.pressure_gpa(RHO, t), FOURTH.pressure_gpa(RHO), rtol=1e-12)
    np.testing.assert_allclose(IRON.grueneisen(RHO, t), IRON.isentropic_gamma(RHO), rtol=1e-12)
    np.testing.assert_allclose(IRON.adiabatic_bulk_modulus_gpa(RHO, t), FOURTH.bulk_modulus_gpa(RHO), rtol=1e-10)
    assert IRON.isentropic_temperature(7019.0) == pytest.approx(1811.0)


def test_thermodynamic_identities_away_from_the_isentrope():
    t = np.linspace(2000.0, 8000.0, 5)[:, None]
    by_t = slope(lambda x: IRON.pressure_gpa(RHO, x), t, 20.0) * 1e9
    np.testing.assert_allclose(IRON.grueneisen(RHO, t) * RHO * IRON.heat_capacity(RHO, t), by_t, rtol=1e-8)
    np.testing.assert_allclose(
        IRON.bulk_modulus_gpa(RHO, t), RHO * slope(lambda r: IRON.pressure_gpa(r, t), RHO, 4.0), rtol=1e-8
    )
    # (dC_V/dV)_T = T (d2P/dT2)_V: one free energy
    left = -(RHO**2) * slope(lambda r: IRON.heat_capacity(r, t), RHO, 4.0)
    right = t * slope(lambda x: IRON.grueneisen(RHO, x) * RHO * IRON.heat_capacity(RHO, x), t, 20.0)
    np.testing.assert_allclose(left, right, rtol=1e-6, atol=1e-6 * np.abs(left).max())


def test_density_inverts_and_says_where_it_cannot():
    t = np.array([2000.0, 5000.0, 8000.0])
    rho = np.array([7500.0, 11000.0, 13500.0])
    np.testing.assert_allclose(IRON.density(IRON.pressure_gpa(rho, t), t), rho, rtol=1e-10)
    assert np.isnan(FOURTH.density(-100.0))


def test_bad_parameters_are_refused():
    with pytest.raises(ValueError, match=r"k0_gpa = -1 must be a number above 0"):
        BirchMurnaghan(7019.0, -1, 4.0)
