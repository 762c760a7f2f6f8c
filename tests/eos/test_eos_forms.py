"""The thermal Vinet equation of state: derivatives, limits, two forms, inversion, adiabats, refusals."""

import dataclasses

import numpy as np
import pytest

from lib.eos import FORMS, VinetThermal, eos_kernels

R_IRON = 8.314462618 / 55.845e-3
# Parameters without symmetry: Ichikawa's constant differs from 1, every exponent is at work.
PLAIN = VinetThermal(7030.0, 82.1, 5.8, 2.02, 0.63, 0.68e-4, -0.9, 1811.0, a=0.8)
METAL = PLAIN.replace(g=1.4, form="consistent")
RHO, T = np.meshgrid(np.linspace(6500.0, 13800.0, 7), np.array([1500.0, 1811.0, 4000.0, 7000.0]))
BOTH = pytest.mark.parametrize("eos", [PLAIN, METAL], ids=list(FORMS))


def slope(function, at, step):
    """Central difference with its leading error removed."""
    near, far = (function(at + h) - function(at - h) for h in (step, 2 * step))
    return (8 * near - far) / (12 * step)


@BOTH
def test_moduli_are_the_derivatives_of_pressure(eos):
    np.testing.assert_allclose(
        eos.bulk_modulus_gpa(RHO, T), RHO * slope(lambda r: eos.pressure_gpa(r, T), RHO, 5.0), rtol=1e-9
    )
    by_t = slope(lambda t: eos.pressure_gpa(RHO, t), T, 50.0)  # pressure is quadratic in T: no error of the difference
    np.testing.assert_allclose(eos.expansivity(RHO, T) * eos.bulk_modulus_gpa(RHO, T), by_t, rtol=1e-10)
    np.testing.assert_allclose(eos.grueneisen(RHO, T), by_t * 1e9 / (RHO * eos.heat_capacity(RHO, T)), rtol=1e-10)


@BOTH
def test_heat_capacity_is_the_derivative_of_energy(eos):
    np.testing.assert_allclose(slope(lambda t: eos.energy(RHO, t), T, 50.0), eos.heat_capacity(RHO, T), rtol=1e-9)


@BOTH
def test_energy_of_compression_is_its_integral(eos):
    """Gauss-Legendre over volume of T0 (dP/dT)_V - P against the closed form."""
    node, weight = np.polynomial.legendre.leggauss(24)
    for rho in (6600.0, 9000.0, 13500.0):
        half = 0.5 * (1 / rho - 1 / eos.rho0)
        volume = 1 / eos.rho0 + half * (node + 1)
        heating = eos.expansivity(1 / volume, eos.t0_k) * eos.bulk_modulus_gpa(1 / volume, eos.t0_k) * eos.t0_k
        found = half * np.sum(weight * (heating - eos.pressure_gpa(1 / volume, eos.t0_k))) * 1e9
        assert eos.energy(rho, eos.t0_k) == pytest.approx(found, rel=1e-10)


def inconsistency(eos, rho, t):
    """(dE/dV)_T + P - T (dP/dT)_V in GPa: zero where one energy and entropy belong together."""
    by_volume = -(rho**2) * slope(lambda r: eos.energy(r, t), rho, 5.0) / 1e9
    return by_volume + eos.pressure_gpa(rho, t) - t * eos.expansivity(rho, t) * eos.bulk_modulus_gpa(rho, t)


def test_only_the_consistent_form_has_an_entropy():
    np.testing.assert_allclose(inconsistency(METAL, RHO, T), 0, atol=1e-6)
    np.testing.assert_allclose(inconsistency(PLAIN, RHO, PLAIN.t0_k), 0, atol=1e-6)  # the path of the energy lies at T0
    np.testing.assert_allclose(inconsistency(PLAIN.replace(e0=0.0), RHO, T), 0, atol=1e-6)
    assert abs(inconsistency(PLAIN, 12000.0, 6000.0)) > 5  # GPa: the trap that the module warns of


def test_forms_agree_where_both_grueneisen_parameters_are_equal():
    eos = PLAIN.replace(gamma0=1.3, b=0.0, g=1.3)
    other = eos.replace(form="consistent")
    for method in ("pressure_gpa", "bulk_modulus_gpa", "grueneisen", "adiabatic_bulk_modulus_gpa", "energy"):
        np.testing.assert_allclose(getattr(eos, method)(RHO, T), getattr(other, method)(RHO, T), rtol=1e-10, err_msg=method)
    path = np.array([50.0, 200.0, 330.0])
    np.testing.assert_allclose(eos.adiabat(path, 3000.0).temperature_k, other.adiabat(path, 3000.0).temperature_k, rtol=1e-9)


@BOTH
def test_reference_state(eos):
    assert eos.pressure_gpa(eos.rho0, eos.t0_k) == pytest.approx(0, abs=1e-12)
    assert eos.bulk_modulus_gpa(eos.rho0, eos.t0_k) == pytest.approx(eos.k0_gpa, rel=1e-14)
    modulus = slope(lambda p: eos.bulk_modulus_gpa(eos.density(p, eos.t0_k), eos.t0_k), 0.0, 0.05)
    assert modulus == pytest.approx(eos.k0_prime, rel=1e-6)
    assert eos.energy(eos.rho0, eos.t0_k) == pytest.approx(0, abs=1e-6)


def test_limits():
    cold = PLAIN.replace(e0=0.0)
    np.testing.assert_allclose(cold.heat_capacity(RHO, T), 3 * R_IRON, rtol=1e-14)  # Dulong and Petit
    soft = PLAIN.replace(k0_prime=1.0)  # Vinet's exponential is 1 here, and the closed energy is 0/0
    near = PLAIN.replace(k0_prime=1.0 + 1e-9)
    np.testing.assert_allclose(soft.energy(RHO, T), near.energy(RHO, T), rtol=1e-8)
    np.testing.assert_allclose(PLAIN.replace(b=0.0).energy(RHO, T), PLAIN.replace(b=1e-9).energy(RHO, T), rtol=1e-7)
    np.testing.assert_allclose(PLAIN.replace(b=0.0).grueneisen(RHO, T), PLAIN.gamma0, rtol=1e-14)
    squeeze = [eos_kernels._squeeze.py_func(z) for z in (0.05 - 1e-12, 0.05 + 1e-12)]
    assert squeeze[0] == pytest.approx(squeeze[1], rel=1e-12)  # the series meets the closed form


@BOTH
def test_sound_speed_is_the_slope_of_the_adiabat(eos):
    path = np.linspace(140.0, 320.0, 181)
    found = eos.adiabat(path, 4200.0)
    by_density = np.gradient(path, found.density, edge_order=2)[1:-1] * 1e9
    np.testing.assert_allclose(np.sqrt(by_density), found.sound_speed[1:-1], rtol=1e-4)  # second-order differences
    np.testing.assert_allclose(eos.density(path, found.temperature_k), found.density, rtol=1e-10)


@BOTH
def test_adiabat_against_runge_kutta(eos):
    """The literature integrates dT/dP = gamma T/K_S step by step; ours has no steps."""

    def rise(p, t):
        rho = eos.density(p, t)
        return eos.grueneisen(rho, t) * t / eos.adiabatic_bulk_modulus_gpa(rho, t)

    path, t = np.linspace(135.75, 328.85, 21), 4000.0
    step = path[1] - path[0]
    for p in path[:-1]:
        k1 = rise(p, t)
        k2 = rise(p + step / 2, t + step / 2 * k1)
        k3 = rise(p + step / 2, t + step / 2 * k2)
        t = t + step / 6 * (k1 + 2 * k2 + 2 * k3 + rise(p + step, t + step * k3))
    assert eos.adiabat(path, 4000.0).temperature_k[-1] == pytest.approx(t, abs=2e-3)  # fourth order, 20 steps


def test_density_inverts_pressure_for_parameters_of_a_wide_prior():
    rng = np.random.default_rng(6)
    for _ in range(200):
        low = {"rho0": 6800, "k0_gpa": 30, "k0_prime": 3, "gamma0": 0.3, "b": -0.5, "e0": 0, "g": -3}
        high = {"rho0": 7300, "k0_gpa": 180, "k0_prime": 9, "gamma0": 4, "b": 2.5, "e0": 4e-4, "g": 1}
        eos = VinetThermal(t0_k=1811.0, **{k: rng.uniform(low[k], high[k]) for k in low})
        rho, t = rng.uniform(8000, 14000, 20), rng.uniform(1800, 7000, 20)
        stable = eos.bulk_modulus_gpa(np.linspace(0.3 * eos.rho0, 6 * eos.rho0, 200)[:, None], t) > 0
        # where the liquid is stable from some density on (one spinodal), that density is the only answer
        single = (np.diff(stable.astype(int), axis=0) >= 0).all(axis=0) & (eos.bulk_modulus_gpa(rho, t) > 0)
        found = eos.density(eos.pressure_gpa(rho, t), t)
        np.testing.assert_allclose(found[single], rho[single], rtol=1e-10)


def test_no_density_in_strong_tension():
    assert np.isnan(PLAIN.density(-200.0, 3000.0))
    with pytest.raises(ValueError, match=r"no stable density at -200 GPa"):
        PLAIN.adiabat([10.0, -200.0], 3000.0)


def test_shapes_broadcast():
    assert PLAIN.pressure_gpa(RHO[0], 3000.0).shape == RHO[0].shape
    assert PLAIN.density(RHO / 100, T).shape == RHO.shape
    assert PLAIN.energy(11000.0, T[:, 0]).shape == T[:, 0].shape


def test_many_adiabats_are_the_single_ones():
    path = np.array([135.75, 250.0, 328.85])
    others = [PLAIN.replace(gamma0=1.7), PLAIN.replace(k0_gpa=90.0), PLAIN.replace(k0_gpa=0.01, k0_prime=2.0)]
    found = eos_kernels.adiabats(path * 1e9, 4000.0, np.array([o.vector for o in others]), PLAIN.form_code)
    for one, eos in zip(found, others[:2], strict=False):
        np.testing.assert_array_equal(one.T, np.array(eos.adiabat(path, 4000.0)[1:]))
    assert np.isnan(found[2]).all()  # denser than 6 rho0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"rho0": 0.0}, "rho0 = 0 must be above 0"),
        ({"k0_gpa": -3.0}, "k0_gpa = -3 must be above 0"),
        ({"g": float("nan")}, "g = nan is not finite"),
        ({"e0": -1e-5}, "negative electronic heat capacity"),
        ({"form": "matsumura"}, "'kuwayama', 'consistent'"),
    ],
)
def test_parameters_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        dataclasses.replace(PLAIN, **change)


def test_states_are_refused():
    with pytest.raises(ValueError, match=r"density: -5 kg/m3 is not above 0"):
        PLAIN.pressure_gpa([7000.0, -5.0], 2000.0)
    with pytest.raises(ValueError, match=r"temperature: 0 K is not above 0"):
        PLAIN.density(10.0, 0.0)
