"""Temperatures behind shocks: conservation of energy by another route, known values, refusals."""

import numpy as np
import pytest

from lib.eos import VinetThermal, hugoniot, hugoniot_curve, hugoniot_temperature, published_set

KUWAYAMA = published_set("kuwayama2020").eos
METAL = KUWAYAMA.replace(g=1.4, form="consistent")
RHO, P = np.array([12444.9, 12483.2, 12910.7]), np.array([259.385, 264.291, 332.589])


def test_known_values():
    """Of an independent calculation with quadrature: temperature, pressure and sound speed of the model there."""
    t = hugoniot_temperature(KUWAYAMA, RHO, P)
    np.testing.assert_allclose(t, [4442, 4545, 5950], atol=0.6)
    np.testing.assert_allclose(KUWAYAMA.pressure_gpa(RHO, t), [253.8, 258.4, 318.5], atol=0.06)
    np.testing.assert_allclose(KUWAYAMA.sound_speed(RHO, t), [9200, 9251, 9882], atol=0.6)
    denser = hugoniot_temperature(KUWAYAMA, RHO[0], P[0], rho00=7873.0)
    assert denser - t[0] == pytest.approx(-53, abs=1)
    warmer = hugoniot_temperature(KUWAYAMA, RHO, P, h0=1.4e6) - t
    assert np.all((warmer < -70) & (warmer > -130))  # 0.1 MJ/kg is about 100 K


@pytest.mark.parametrize("eos", [KUWAYAMA, METAL, KUWAYAMA.replace(t0_k=2500.0, e0=0.0)], ids=["printed", "consistent", "T0"])
def test_energy_is_conserved(eos):
    """Internal energy from the melting point, added up along T0 and then along the density, equals the work of the shock."""
    melt = eos.density(0.0, 1811.0)
    for rho, p, t in zip(RHO, P, hugoniot_temperature(eos, RHO, P), strict=True):
        gained = hugoniot.H0 + eos.energy(rho, t) - eos.energy(melt, 1811.0)
        assert gained == pytest.approx(0.5 * p * 1e9 * (1 / 7850.0 - 1 / rho), rel=1e-12)


@pytest.mark.parametrize("eos", [KUWAYAMA, METAL], ids=["printed", "consistent"])
def test_own_hugoniot_is_its_fixed_point(eos):
    rho = np.linspace(12400.0, 13600.0, 5)
    p, t = hugoniot_curve(eos, rho)
    np.testing.assert_allclose(eos.pressure_gpa(rho, t), p, rtol=1e-12)
    np.testing.assert_allclose(hugoniot_temperature(eos, rho, p), t, rtol=1e-10)
    assert np.all(np.diff(p) > 0)
    assert np.all(np.diff(t) > 0)


def test_a_shock_that_is_too_weak_leaves_no_temperature():
    assert np.isnan(hugoniot_temperature(KUWAYAMA, 12000.0, 1.0))
    p, t = hugoniot_curve(KUWAYAMA, 12900.0, h0=1e8)
    assert np.isnan(p)
    assert np.isnan(t)


def test_refusals():
    with pytest.raises(ValueError, match=r"density 12\.4 kg/m3 behind the shock is not above 7850 kg/m3"):
        hugoniot_temperature(KUWAYAMA, [12.4, 12500.0], 260.0)
    boiling = VinetThermal(7000.0, 5.0, 4.0, 3.0, 0.0, 0.0, 0.0, 300.0, name="weak")
    with pytest.raises(ValueError, match=r"weak \(reference temperature 300 K\) has no liquid at zero pressure"):
        hugoniot_temperature(boiling, 12500.0, 260.0)
