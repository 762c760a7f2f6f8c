"""The compiled likelihood against independent routes: the equation's own kernels, other quadratures, plain linear algebra."""

import dataclasses

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import multivariate_normal, norm

from lib import eos
from lib.eos import eos_kernels, likelihood_kernels
from lib.eos.artificial import artificial_iron
from lib.eos.inference import EosModel
from lib.eos.measurements import Measurements, tidy

THETA = {"rho0": 7020.0, "K0": 86.0, "K0_prime": 5.75, "gamma0": 1.9, "b": 0.4, "e0": 1.0, "g": 0.9, "a": 0.7, "H0": 1.3}


def point(model):
    """The truth of artificial iron as this model's parameters, errors as stated."""
    return np.array([[THETA.get(name, 0.0) for name in model.names]])


@pytest.fixture(scope="module")
def exact():
    return eos.imitation(artificial_iron())


def test_exact_states_have_no_residuals_whatever_is_known_of_their_temperature(exact):
    model = EosModel(exact, scaled=False)
    z = model.pointwise(point(model))[0, :, 1:]
    # states were found by bisection to 1e-6 of the pressure, a thousandth of its error
    assert np.nanmax(np.abs(z)) < 2e-3
    assert np.isfinite(z[:, 0]).sum() == 22 and np.isfinite(z[:, 1]).sum() == 4


def test_every_requirement_that_is_exact_is_met():
    from lib.eos import required

    rng = np.random.default_rng(5)
    assert required._anchors() < 0.02
    assert required._polynomials(rng) < 1e-9
    assert required._quadrature(rng) < 1e-3


def test_a_static_state_is_a_normal_density_of_its_density():
    eq = artificial_iron()
    rho, t = 9000.0, 3200.0
    p0 = float(eq.pressure_gpa(rho, t))
    frame = tidy(_frame(kind="static", pressure_gpa=p0 + 2.0, pressure_gpa_err=1.5, density_g_cm3=9.0, density_g_cm3_err=0.05,
                        temperature_k=t, temperature_k_err=80.0))  # fmt: skip
    model = EosModel(Measurements(frame))
    step = 1e-3
    slope = (eq.pressure_gpa(rho + step, t) - eq.pressure_gpa(rho - step, t)) / (2 * step)
    warm = (eq.pressure_gpa(rho, t + step) - eq.pressure_gpa(rho, t - step)) / (2 * step)
    sigma = np.sqrt(1.5**2 + (50 * slope) ** 2 + (80 * warm) ** 2)
    assert model.log_likelihood(point(model))[0] == pytest.approx(norm.logpdf(2.0, 0, sigma) + np.log(slope), abs=1e-6)


def test_sound_speed_and_density_share_their_errors():
    eq = artificial_iron()
    rho, t = 9000.0, 3200.0
    p0, v0 = float(eq.pressure_gpa(rho, t)), float(eq.sound_speed(rho, t))
    frame = tidy(_frame(kind="static", pressure_gpa=p0 - 1.0, pressure_gpa_err=1.5, density_g_cm3=9.0, density_g_cm3_err=0.08,
                        temperature_k=t, temperature_k_err=80.0, sound_speed_km_s=v0 / 1e3 + 0.05,
                        sound_speed_km_s_err=0.1))  # fmt: skip
    model = EosModel(Measurements(frame))
    d = 0.01
    by_rho = np.array([(f(rho + d, t) - f(rho - d, t)) / (2 * d) for f in (eq.pressure_gpa, eq.sound_speed)])
    by_t = np.array([(f(rho, t + d) - f(rho, t - d)) / (2 * d) for f in (eq.pressure_gpa, eq.sound_speed)])
    covariance = np.diag([1.5**2, 100.0**2]) + 80.0**2 * np.outer(by_rho, by_rho) + 80.0**2 * np.outer(by_t, by_t)
    # densities of speeds are per m/s in the kernel, of pressures per Pa times dP/drho in Pa
    expected = multivariate_normal.logpdf([-1.0, 50.0], [0, 0], covariance) + np.log(by_rho[0])
    assert model.log_likelihood(point(model))[0] == pytest.approx(expected, abs=1e-5)


def test_a_sound_speed_without_density_takes_the_density_of_its_pressure():
    eq = artificial_iron()
    p, t = 40.0, 2700.0
    rho = float(eq.density(p, t))
    v0 = float(eq.sound_speed(rho, t))
    frame = tidy(_frame(kind="static", pressure_gpa=p, pressure_gpa_err=0.8, temperature_k=t, temperature_k_err=100.0,
                        sound_speed_km_s=v0 / 1e3 + 0.1, sound_speed_km_s_err=0.12))  # fmt: skip
    model = EosModel(Measurements(frame))

    def speed(p, t):
        return float(eq.sound_speed(eq.density(p, t), t))

    by_p, by_t = (speed(p + 0.01, t) - speed(p - 0.01, t)) / 0.02, (speed(p, t + 1) - speed(p, t - 1)) / 2
    sigma = np.sqrt(120**2 + (0.8 * by_p) ** 2 + (100 * by_t) ** 2)
    assert model.log_likelihood(point(model))[0] == pytest.approx(norm.logpdf(100, 0, sigma), abs=1e-4)


def test_energy_temperatures_carry_the_errors_of_pressure_and_density(exact):
    shocks = Measurements(exact.frame[exact.shocked].head(1).reset_index(drop=True))
    model = EosModel(shocks, scaled=False)
    row, full = model.args[0][0], likelihood_kernels.fill(point(model)[0], model.args)
    settings, eq = model.args[3], artificial_iron()

    def residual(pressure, rho):
        warm = eos_kernels.hugoniot_temperature(
            rho, pressure, eq.vector, eq.form_code, row[likelihood_kernels.RHO_START], 1.3e6
        )
        return pressure - eos_kernels.pressure(rho, warm, eq.vector, eq.form_code)

    p, rho = row[likelihood_kernels.P], row[likelihood_kernels.RHO]
    a_p = (residual(p * 1.0001, rho) - residual(p * 0.9999, rho)) / (2e-4 * p)
    a_rho = -(residual(p, rho * 1.0001) - residual(p, rho * 0.9999)) / (2e-4 * rho)
    sigma = np.hypot(a_p * row[likelihood_kernels.P_ERR], a_rho * row[likelihood_kernels.RHO_ERR])
    expected = norm.logpdf(residual(p, rho), 0, sigma) + np.log(a_rho)
    assert model.log_likelihood(point(model))[0] == pytest.approx(expected, abs=1e-4)
    iso = likelihood_kernels.isochore(rho, full, settings)
    warm, _, _ = likelihood_kernels.shock_temperature(row, iso, full, settings)
    assert warm == pytest.approx(
        eos_kernels.hugoniot_temperature(rho, p, eq.vector, eq.form_code, row[likelihood_kernels.RHO_START], 1.3e6), rel=1e-10
    )


@pytest.mark.parametrize("shift", [0.0, -0.6, 0.6])
def test_the_integral_over_a_latent_temperature_is_that_of_an_adaptive_routine(exact, shift):
    """Inside of the prior's limits, and with densities that only a temperature beyond them would explain."""
    frame = exact.frame[exact.shocked].iloc[[4, 13]].reset_index(drop=True)
    frame["density_g_cm3"] += shift
    model = EosModel(Measurements(frame), "consistent", "latent", scaled=False)
    theta, eq = point(model), artificial_iron()
    total = 0.0
    for row in model.args[0]:
        rho = row[likelihood_kernels.RHO]

        def density(t, offset, row=row, rho=rho):
            one = Measurements(tidy(_frame(
                kind="static", pressure_gpa=row[likelihood_kernels.P] / 1e9,
                pressure_gpa_err=row[likelihood_kernels.P_ERR] / 1e9,
                density_g_cm3=rho / 1e3, density_g_cm3_err=row[likelihood_kernels.RHO_ERR] / 1e3, temperature_k=t,
                sound_speed_km_s=row[likelihood_kernels.V] / 1e3, sound_speed_km_s_err=row[likelihood_kernels.V_ERR] / 1e3,
            )))  # fmt: skip
            known = dataclasses.replace(model, measurements=one)
            return float(np.exp(known.log_likelihood(theta)[0] - offset))

        offset = float(model.log_likelihood(theta)[0])  # of both rows: only keeps the exponential in range
        peak = np.interp(
            row[likelihood_kernels.P], eq.pressure_gpa(rho, np.linspace(3000, 9000, 200)) * 1e9, np.linspace(3000, 9000, 200)
        )
        value = quad(density, 3000, 9000, args=(offset,), points=[float(np.clip(peak, 3001, 8999))], limit=60, epsrel=1e-6)[0]
        total += np.log(value / 6000.0) + offset
    assert model.log_likelihood(theta)[0] == pytest.approx(total, abs=2e-3)


def test_latent_temperatures_are_drawn_from_their_own_density(exact):
    shocks = Measurements(exact.frame[exact.shocked].iloc[[5]].reset_index(drop=True))
    model = EosModel(shocks, "consistent", "latent")
    drawn = eos.temperature_draws(model, np.repeat(point(model), 4000, axis=0), np.random.default_rng(2))[:, 0]
    eq, row = artificial_iron(), model.args[0][0]
    energy, latent = drawn.T
    true = eos.hidden_temperatures(eq, shocks.frame)[0]
    assert energy == pytest.approx(true, rel=1e-6)  # the truth's parameters give the truth's temperature
    sigma_p = np.hypot(
        row[likelihood_kernels.P_ERR], eq.bulk_modulus_gpa(row[3], true) * 1e9 / row[3] * row[likelihood_kernels.RHO_ERR]
    )
    sigma_t = sigma_p / eos_kernels.state(row[3], true, eq.vector, eq.form_code)[2]
    # normal around the truth, 4000 draws: the mean is known to sigma/63; the slope of dP/dT shifts it by some per cent
    assert latent.mean() == pytest.approx(true, abs=0.15 * sigma_t) and latent.std() == pytest.approx(sigma_t, rel=0.06)


def test_errors_that_are_scaled_enter_as_if_they_were_larger(exact):
    model, plain = EosModel(exact), EosModel(exact, scaled=False)
    theta = point(model)
    place = model.names.index("s[Hixson et al. 1990 (artificial)]")
    theta[0, place] = np.log(3.0)
    tripled = exact.frame.copy()
    tripled.loc[tripled["data_set"].str.startswith("Hixson"), "density_g_cm3_err"] *= 3
    other = EosModel(Measurements(tripled), scaled=False)
    assert model.log_likelihood(theta)[0] == pytest.approx(other.log_likelihood(point(other))[0], abs=1e-9)
    assert model.log_likelihood(point(model))[0] == pytest.approx(plain.log_likelihood(point(plain))[0], abs=1e-9)


def test_impossible_points_have_no_likelihood_and_never_nan(exact):
    for form in eos.SAMPLED_FORMS:
        for shock in ("energy", "latent"):
            model = EosModel(exact, form, shock)
            draws = model.problem().prior_sample(np.random.default_rng(3), 60)
            value = model.log_likelihood(draws)
            assert not np.isnan(value).any() and (value < np.inf).all()
            assert all((draws[:, i] >= p.low).all() and (draws[:, i] <= p.high).all() for i, p in enumerate(model.prior_list))


def _frame(**values):
    import pandas as pd

    return pd.DataFrame([{"sample_id": "a", "data_set": "one", **values}])
