"""Compiled likelihood of measurements on a liquid metal, and its priors: one call for the whole data set.

At a fixed density everything is a polynomial in temperature, with d = T - T0 and q = T^2 - T0^2::

    P = c0 + c1 d + c2 q ,   K_T = k0 + k1 d + k2 q ,   (dP/dT)_V = c1 + 2 c2 T ,   C_V = 3R/M (1 + 2 eps T)

so that a measured density costs five exponentials, and the quadrature over a temperature that nobody measured costs hardly
more.

*What is compared.*  The density at the measured pressure.  With r = P_obs - P(rho_obs, T) its error is linearised,
sigma^2 = a_P^2 sigma_P^2 + a_rho^2 sigma_rho^2 + a_T^2 sigma_T^2 with a the derivatives of r, and the probability of the
measured density is |a_rho| N(r; 0, sigma^2): both factors depend on the parameters.  A sound speed adds a second residual with
its own derivatives; the two share the errors of P, rho and T, hence a 2 x 2 covariance.

All compiled code that the sampler sees is in this file and calls nothing outside of it, because Numba's disk cache does not
see a change of a callee in another file; tests hold it against `lib.eos.eos_kernels`, where the equations are documented.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

#: Columns of the rows of data (SI units; nan = not measured).
SHOCK, P, P_ERR, RHO, RHO_ERR, T, T_ERR, V, V_ERR, RHO_START, SET = range(11)
#: Columns of the settings.
T0, FORM, LATENT, T_LOW, T_HIGH, MOLAR_MASS = range(6)
#: Places of the parameters, in the units in which they are sampled; errors of data sets follow from `FIRST_SET` on.
RHO0, K0, K_PRIME, GAMMA0, B, E0, G, A, H0, FIRST_SET = range(10)
UNIFORM, NORMAL, HALF_NORMAL = 0.0, 1.0, 2.0
R3 = 3.0 * 8.314462618
REACH = 5.5  # half-width of the quadrature in standard deviations: beyond lie 4e-8 of a normal distribution
LOG_2PI = math.log(2.0 * math.pi)
STEP = 1e-4  # relative step of density in the derivative of the sound speed: error 1e-8 of it


@njit(cache=True, error_model="numpy")
def isochore(rho, full, settings):
    """Return the polynomials in temperature at one density: c0, c1, c2, k0, k1, k2 and eps (SI), see the module."""
    log_x = math.log(full[RHO0] / rho)
    third = math.exp(log_x / 3.0)
    eta = 1.5 * (full[K_PRIME] - 1.0)
    u = 1.0 - third
    stiff = 1e9 * full[K0] * math.exp(eta * u) / (third * third)
    r = R3 * rho / settings[MOLAR_MASS]
    slope = full[GAMMA0] * full[A] * math.exp(full[B] * log_x)
    gamma = full[GAMMA0] * (1.0 - full[A]) + slope
    slope *= full[B]
    g = full[G]
    eps = 1e-4 * full[E0] * math.exp(g * log_x) if full[E0] > 0.0 else 0.0
    c0, k0 = 3.0 * stiff * u, stiff * (1.0 + (1.0 + eta * third) * u)
    c1, k1 = r * gamma, r * (gamma - slope)
    if settings[FORM] == 0.0:
        c2, k2 = c1 * eps, r * eps * (gamma - slope - gamma * g)
    else:
        c2, k2 = r * g * eps, r * g * (1.0 - g) * eps
    return c0, c1, c2, k0, k1, k2, eps


@njit(cache=True, error_model="numpy")
def moduli(iso, rho, temperature, settings):
    """Return P, K_T, dP/dT, K_S and dK_S/dT at a temperature of an isochore."""
    c0, c1, c2, k0, k1, k2, eps = iso
    d = temperature - settings[T0]
    q = temperature * temperature - settings[T0] * settings[T0]
    warm = c1 + 2.0 * c2 * temperature
    heat = rho * R3 / settings[MOLAR_MASS] * (1.0 + 2.0 * eps * temperature)
    modulus = k0 + k1 * d + k2 * q
    extra = warm * warm * temperature / heat
    change = k1 + 2.0 * k2 * temperature + (4.0 * warm * c2 * temperature + warm * warm) / heat
    change -= extra / heat * rho * R3 / settings[MOLAR_MASS] * 2.0 * eps
    return c0 + c1 * d + c2 * q, modulus, warm, modulus + extra, change


@njit(cache=True, error_model="numpy")
def _neighbours(rho, full, settings):
    """Isochores a little above and below a density."""
    return isochore(rho * (1.0 + STEP), full, settings), isochore(rho * (1.0 - STEP), full, settings)


@njit(cache=True, error_model="numpy")
def _speed(iso, above, below, rho, temperature, settings):
    """Return the sound speed and its derivatives by density and temperature; nan where K_S <= 0."""
    _, _, _, here, change = moduli(iso, rho, temperature, settings)
    _, _, _, more, _ = moduli(above, rho * (1.0 + STEP), temperature, settings)
    _, _, _, less, _ = moduli(below, rho * (1.0 - STEP), temperature, settings)
    if not here > 0.0:
        return math.nan, 0.0, 0.0
    speed = math.sqrt(here / rho)
    by_density = ((more - less) / (2.0 * STEP) - here) / (2.0 * rho * rho * speed)
    return speed, by_density, change / (2.0 * rho * speed)


@njit(cache=True, error_model="numpy")
def _power_integral(exponent, log_x):
    """Integral of t^(exponent - 1) from 1 to x."""
    z = exponent * log_x
    return math.expm1(z) / exponent if abs(z) > 1e-12 else log_x * (1.0 + 0.5 * z)


@njit(cache=True, error_model="numpy")
def reference_energy(rho, full, settings):
    """Energy at T0 above that at rho0, J/kg, in closed form: the integral of T0 dP/dT - P over volume."""
    log_x = math.log(full[RHO0] / rho)
    u = -math.expm1(log_x / 3.0)
    z = 1.5 * (full[K_PRIME] - 1.0) * u
    squeeze = (1.0 - (1.0 - z) * math.exp(z)) / (z * z) if abs(z) > 1e-3 else 0.5 + z / 3.0 + z * z / 8.0
    cold = 9e9 * full[K0] / full[RHO0] * u * u * squeeze
    still = full[GAMMA0] * (1.0 - full[A])
    warm = still * log_x + full[GAMMA0] * full[A] * _power_integral(full[B], log_x)
    if full[E0] > 0.0:
        twice = 2e-4 * full[E0] * settings[T0]
        if settings[FORM] == 0.0:
            warm += twice * still * _power_integral(full[G], log_x)
            warm += twice * full[GAMMA0] * full[A] * _power_integral(full[G] + full[B], log_x)
        else:
            warm += twice * math.expm1(full[G] * log_x)
    return cold + R3 / settings[MOLAR_MASS] * settings[T0] * warm


@njit(cache=True, error_model="numpy")
def shock_temperature(row, iso, full, settings):
    """Return the temperature that the energy of a shock leaves, and its derivatives by measured pressure and density.

    From the Rankine-Hugoniot energy (P/2)(1/rho_start - 1/rho) = H0 + E(rho, T) - E(rho0, T0); nan where none.
    """
    c0, c1, c2, _, _, _, eps = iso
    rho, pressure, t0 = row[RHO], row[P], settings[T0]
    compressed = 0.5 * (1.0 / row[RHO_START] - 1.0 / rho)
    target = pressure * compressed - 1e6 * full[H0] - reference_energy(rho, full, settings)
    target = target * settings[MOLAR_MASS] / R3 + t0 + eps * t0 * t0
    if not target > 0.0:
        return math.nan, 0.0, 0.0
    temperature = 2.0 * target / (1.0 + math.sqrt(1.0 + 4.0 * eps * target))
    heat = R3 / settings[MOLAR_MASS] * (1.0 + 2.0 * eps * temperature)
    gain = (0.5 * pressure - c0 + t0 * (c1 + 2.0 * c2 * t0)) / (rho * rho)
    gain += R3 / settings[MOLAR_MASS] * eps * full[G] / rho * (temperature * temperature - t0 * t0)
    return temperature, compressed / heat, gain / heat


@njit(cache=True, error_model="numpy")
def _weigh(row, iso, above, below, temperature, temperature_err, by_pressure, by_density, inflate, settings):
    """Return weight, form and standardised residuals of a datum with a density, whose probability is weight exp(-form/2).

    The temperature is `temperature` +- `temperature_err`, with derivatives by the measured P and rho where it follows from
    them. `above` and `below` are used for a sound speed only.
    """
    rho = row[RHO]
    pressure, modulus, warm, _, _ = moduli(iso, rho, temperature, settings)
    scale = inflate * inflate
    vp, vr, vt = (
        scale * row[P_ERR] * row[P_ERR],
        scale * row[RHO_ERR] * row[RHO_ERR],
        scale * temperature_err * temperature_err,
    )
    a_p, a_rho, a_t = 1.0 - warm * by_pressure, modulus / rho + warm * by_density, warm
    if not (modulus > 0.0 and a_rho > 0.0):
        return 0.0, 0.0, math.nan, math.nan
    r = row[P] - pressure
    pp = a_p * a_p * vp + a_rho * a_rho * vr + a_t * a_t * vt
    standard = -r / math.sqrt(pp)  # above zero: denser than the model
    if math.isnan(row[V]):
        return a_rho / math.sqrt(2.0 * math.pi * pp), standard * standard, standard, math.nan
    speed, v_rho, v_t = _speed(iso, above, below, rho, temperature, settings)
    b_p, b_rho, b_t = -v_t * by_pressure, -(v_rho + v_t * by_density), -v_t
    vv = scale * row[V_ERR] * row[V_ERR] + b_p * b_p * vp + b_rho * b_rho * vr + b_t * b_t * vt
    pv = a_p * b_p * vp - a_rho * b_rho * vr - a_t * b_t * vt
    determinant = pp * vv - pv * pv
    if not (speed > 0.0 and determinant > 0.0):
        return 0.0, 0.0, math.nan, math.nan
    left = row[V] - speed
    form = (vv * r * r - 2.0 * pv * r * left + pp * left * left) / determinant
    return a_rho / (2.0 * math.pi * math.sqrt(determinant)), form, standard, left / math.sqrt(vv)


@njit(cache=True, error_model="numpy")
def _weigh_speed(row, full, settings, inflate):
    """As `weigh` for a sound speed at measured pressure and temperature, density not measured."""
    rho, temperature = full[RHO0], row[T]
    low, high = math.log(0.3 * full[RHO0]), math.log(6.0 * full[RHO0])
    here = math.log(rho * max(1.0 + full[K_PRIME] * row[P] / (1e9 * full[K0]), 0.5) ** (1.0 / full[K_PRIME]))
    here = min(max(here, low), high)
    for _ in range(60):  # Newton steps in ln rho within a bracket
        rho = math.exp(here)
        pressure, modulus, warm, _, _ = moduli(isochore(rho, full, settings), rho, temperature, settings)
        if not modulus > 0.0:  # inside the spinodal: only denser states are stable
            low, after = here, 0.5 * (here + high)
        else:
            if pressure < row[P]:
                low = here
            else:
                high = here
            after = here + (row[P] - pressure) / modulus
            if abs(after - here) < 1e-9:
                break
            if not low < after < high:
                after = 0.5 * (low + high)
        here = after
    if not modulus > 0.0 or abs(pressure - row[P]) > 1e-6 * (abs(row[P]) + modulus):
        return -math.inf, math.nan, math.nan
    above, below = _neighbours(rho, full, settings)
    speed, v_rho, v_t = _speed(isochore(rho, full, settings), above, below, rho, temperature, settings)
    if not speed > 0.0:
        return -math.inf, math.nan, math.nan
    by_p = v_rho * rho / modulus
    by_t = v_t - warm * by_p
    variance = inflate * inflate * (row[V_ERR] ** 2 + (by_p * row[P_ERR]) ** 2 + (by_t * row[T_ERR]) ** 2)
    standard = (row[V] - speed) / math.sqrt(variance)
    return -0.5 * (standard * standard + LOG_2PI + math.log(variance)), math.nan, standard


@njit(cache=True, error_model="numpy")
def window(row, iso, settings, inflate):
    """Return the interval of temperatures that matters to a shocked state without a temperature, within the prior's limits."""
    rho = row[RHO]
    c0, c1, c2, _, _, _, _ = iso
    t0, low, high = settings[T0], settings[T_LOW], settings[T_HIGH]
    cold, _, _, _, _ = moduli(iso, rho, low, settings)
    hot, _, _, _, _ = moduli(iso, rho, high, settings)
    if cold >= row[P]:
        centre = low
    elif hot <= row[P]:
        centre = high
    else:
        left = row[P] - c0 + c1 * t0 + c2 * t0 * t0
        centre = 2.0 * left / (c1 + math.sqrt(c1 * c1 + 4.0 * c2 * left))
    pressure, modulus, warm, _, _ = moduli(iso, rho, centre, settings)
    if not warm > 0.0:
        return low, high
    sigma = inflate * math.hypot(row[P_ERR], modulus / rho * row[RHO_ERR]) / warm
    away = abs(row[P] - pressure) / (warm * sigma)  # zero inside; beyond the limits the density falls off like exp(-away z)
    reach = REACH * sigma if away < 1.0 else sigma * min(REACH, 30.0 / away)
    return max(low, centre - reach), min(high, centre + reach)


@njit(cache=True, error_model="numpy")
def _weigh_latent(row, iso, above, below, inflate, settings, nodes):
    """Log probability of a shocked state, its temperature integrated over a flat prior, and the residuals at the best node."""
    start, end = window(row, iso, settings, inflate)
    middle, half = 0.5 * (start + end), 0.5 * (end - start)
    _, reference, _, _ = _weigh(row, iso, above, below, middle, 0.0, 0.0, 0.0, inflate, settings)
    total, best, first, second = 0.0, math.inf, math.nan, math.nan
    for k in range(nodes.shape[0]):
        weight, form, one, two = _weigh(row, iso, above, below, middle + half * nodes[k, 0], 0.0, 0.0, 0.0, inflate, settings)
        if weight > 0.0:
            total += nodes[k, 1] * weight * math.exp(0.5 * (reference - form))
            if form < best:
                best, first, second = form, one, two
    if not total > 0.0:
        return -math.inf, math.nan, math.nan
    return math.log(total * half / (settings[T_HIGH] - settings[T_LOW])) - 0.5 * reference, first, second


@njit(cache=True, error_model="numpy")
def fill(theta, args):
    """Return all parameters from those that are sampled."""
    _, places, base, _, _, _ = args
    full = base.copy()
    for i in range(len(theta)):
        full[places[i]] = theta[i]
    return full


@njit(cache=True, error_model="numpy")
def _datum(i, full, args):
    """Log probability and residuals of one row."""
    rows, _, _, settings, nodes, _ = args
    row = rows[i]
    inflate = math.exp(full[FIRST_SET + int(row[SET])]) if row[SET] >= 0.0 else 1.0
    if math.isnan(row[RHO]):
        return _weigh_speed(row, full, settings, inflate)
    iso = isochore(row[RHO], full, settings)
    above, below = iso, iso
    if not math.isnan(row[V]):
        above, below = _neighbours(row[RHO], full, settings)
    temperature, error, by_pressure, by_density = row[T], row[T_ERR], 0.0, 0.0
    if row[SHOCK] == 1.0:
        if settings[LATENT] == 1.0:
            return _weigh_latent(row, iso, above, below, inflate, settings, nodes)
        temperature, by_pressure, by_density = shock_temperature(row, iso, full, settings)
        error = 0.0
    weight, form, one, two = _weigh(row, iso, above, below, temperature, error, by_pressure, by_density, inflate, settings)
    return (math.log(weight) - 0.5 * form if weight > 0.0 else -math.inf), one, two


@njit(cache=True, error_model="numpy")
def log_likelihood(theta, args):
    """Return the log-likelihood of all rows at one point.

    Parameters
    ----------
    theta : array, shape (d,)
        Sampled parameters, in the units of `lib.eos.PRIORS`.
    args : tuple
        Rows (n, 11), places (d,), base (m,), settings (6,), nodes (k, 2), priors (d, 5).

    Returns
    -------
    float
        -inf where the form gives no stable liquid or no temperature.
    """
    full = fill(theta, args)
    total = 0.0
    for i in range(args[0].shape[0]):
        value, _, _ = _datum(i, full, args)
        if not value > -math.inf:  # nan, too: overflow far outside of what is physical
            return -math.inf
        total += value
    return total


@njit(cache=True, error_model="numpy")
def log_prior(theta, args):
    """Return the log-prior at one point, without its constants; bounds are the sampler's."""
    priors = args[5]
    total = 0.0
    for i in range(len(theta)):
        if priors[i, 0] != UNIFORM:
            total -= 0.5 * ((theta[i] - priors[i, 1]) / priors[i, 2]) ** 2
    return total


@njit(cache=True, error_model="numpy")
def pointwise(thetas, args):
    """Return log probability and standardised residuals of density and sound speed: array, shape (n, n_rows, 3)."""
    n = args[0].shape[0]
    out = np.empty((len(thetas), n, 3))
    for j in range(len(thetas)):
        full = fill(thetas[j], args)
        for i in range(n):
            out[j, i, 0], out[j, i, 1], out[j, i, 2] = _datum(i, full, args)
    return out


@njit(cache=True, error_model="numpy")
def draw_temperatures(thetas, uniform, args, n_grid):
    """Return temperatures of the shocked rows at each point: from energy, and drawn as unobserved variables.

    Parameters
    ----------
    thetas : array, shape (n, d)
    uniform : array, shape (n, n_rows)
        Uniform random numbers that pick the draws.
    args : tuple
        As in `log_likelihood`.
    n_grid : int
        Points at which the density of a temperature is evaluated.

    Returns
    -------
    array, shape (n, n_rows, 2)
        K; nan for rows that are not shocked states.
    """
    rows, _, _, settings, _, _ = args
    out = np.full((len(thetas), rows.shape[0], 2), np.nan)
    weight = np.empty(n_grid)
    for j in range(len(thetas)):
        full = fill(thetas[j], args)
        for i in range(rows.shape[0]):
            row = rows[i]
            if row[SHOCK] == 0.0 or math.isnan(row[RHO]):
                continue
            inflate = math.exp(full[FIRST_SET + int(row[SET])]) if row[SET] >= 0.0 else 1.0
            iso = isochore(row[RHO], full, settings)
            above, below = _neighbours(row[RHO], full, settings)
            out[j, i, 0], _, _ = shock_temperature(row, iso, full, settings)
            start, end = window(row, iso, settings, inflate)
            best = -math.inf
            for k in range(n_grid):
                temperature = start + (end - start) * k / (n_grid - 1)
                size, form, _, _ = _weigh(row, iso, above, below, temperature, 0.0, 0.0, 0.0, inflate, settings)
                weight[k] = math.log(size) - 0.5 * form if size > 0.0 else -math.inf
                best = max(best, weight[k])
            if not best > -math.inf:
                continue
            total = 0.0
            for k in range(n_grid):
                weight[k] = math.exp(weight[k] - best)
                if k > 0:
                    total += 0.5 * (weight[k - 1] + weight[k])
            left = uniform[j, i] * total
            for k in range(1, n_grid):
                area = 0.5 * (weight[k - 1] + weight[k])
                if left <= area or k == n_grid - 1:
                    share = min(left / area, 1.0) if area > 0.0 else 0.5
                    out[j, i, 1] = start + (end - start) * (k - 1 + share) / (n_grid - 1)
                    break
                left -= area
    return out
