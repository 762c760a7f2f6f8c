"""Compiled kernels of the thermal Vinet equation of state: scalars in, scalars out, nothing allocated.

Units are SI throughout: Pa, kg/m3, K, m/s, J/kg.  All kernels are in this file, because Numba's disk cache does not see a
change of a callee in another.  The parameters are one array ``p`` of length `N_PARAMETERS`, in the order of the index names
below (`RHO0`, ... `MOLAR_MASS`), and an integer ``form``:

* `KUWAYAMA`, the form as it is printed: the thermal pressure is the Grueneisen parameter times all of the thermal energy;
* `CONSISTENT`: the linear (vibrational) part of the energy keeps the Grueneisen parameter gamma(V), the quadratic (electronic)
  part has its own, which is the exponent g.  Only this makes the entropy a function of state, see `energy`.

With x = V/V0 = rho0/rho, X = x^(1/3), eta = 3/2 (K0' - 1), gamma = gamma0 [1 + a (x^b - 1)]::

    P   = P_T0 + P_th,           P_T0 = 3 K0 (1 - X)/X^2 exp[eta (1 - X)]
    E_th = 3R/M [T + e0 x^g T^2],  P_th = rho gamma [E_th(T) - E_th(T0)]                             (as printed)
                                   P_th = 3R rho/M [gamma (T - T0) + g e0 x^g (T^2 - T0^2)]          (consistent)

References
----------
After Vinet, P., Ferrante, J., Rose, J.H. & Smith, J.R. 1987, J. Geophys. Res. 92, 9319; Ichikawa, H., Tsuchiya, T. & Tange, Y.
2014, J. Geophys. Res. Solid Earth 119, 240; Kuwayama, Y. et al. 2020, Phys. Rev. Lett. 124, 165701.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

RHO0, K0, K_PRIME, GAMMA0, B, E0, G, T0, A, MOLAR_MASS = range(10)
N_PARAMETERS = 10
KUWAYAMA, CONSISTENT = 0, 1
GAS_CONSTANT = 8.314462618  # J/mol/K, exact in the SI of 2019 to all these digits
_MAX_ITERATIONS = 80
# Densities beyond these multiples of rho0 are not searched: liquid iron is there neither measured nor computed.
LOWEST, HIGHEST = 0.3, 6.0


@njit(cache=True, error_model="numpy")
def state(rho, temperature, p, form):
    """Return pressure, isothermal bulk modulus, alpha K_T, Grueneisen parameter and isochoric heat capacity.

    Parameters
    ----------
    rho, temperature : float
        Density, kg/m3, > 0; temperature, K, > 0.
    p : array, shape (10,)
        Parameters, see the module.
    form : int
        `KUWAYAMA` or `CONSISTENT`.

    Returns
    -------
    tuple of float
        P (Pa), K_T (Pa), alpha K_T = (dP/dT)_V (Pa/K), gamma = alpha K_T/(rho C_V), C_V (J/kg/K).
    """
    x = p[RHO0] / rho
    log_x = math.log(x)
    third = math.exp(log_x / 3.0)
    eta = 1.5 * (p[K_PRIME] - 1.0)
    u = 1.0 - third
    stiff = p[K0] * math.exp(eta * u) / (third * third)
    r = 3.0 * GAS_CONSTANT * rho / p[MOLAR_MASS]  # 3R/V: Pa/K
    slope = p[GAMMA0] * p[A] * math.exp(p[B] * log_x)
    gamma = p[GAMMA0] * (1.0 - p[A]) + slope
    slope *= p[B]  # d gamma/d ln x
    electronic = p[E0] * math.exp(p[G] * log_x)
    rise = temperature - p[T0]
    rise2 = electronic * (temperature * temperature - p[T0] * p[T0])
    heat = 1.0 + 2.0 * electronic * temperature
    pressure = 3.0 * stiff * u
    modulus = stiff * (1.0 + (1.0 + eta * third) * u)
    if form == KUWAYAMA:
        pressure += r * gamma * (rise + rise2)
        modulus += r * ((gamma - slope) * (rise + rise2) - gamma * p[G] * rise2)
    else:
        pressure += r * (gamma * rise + p[G] * rise2)
        modulus += r * ((gamma - slope) * rise + p[G] * (1.0 - p[G]) * rise2)
        gamma = (gamma + 2.0 * p[G] * electronic * temperature) / heat
    return pressure, modulus, r * gamma * heat, gamma, 3.0 * GAS_CONSTANT / p[MOLAR_MASS] * heat


@njit(cache=True, error_model="numpy")
def pressure(rho, temperature, p, form):
    """Return the pressure in Pa; arguments as in `state`."""
    return state(rho, temperature, p, form)[0]


@njit(cache=True, error_model="numpy")
def isothermal_modulus(rho, temperature, p, form):
    """Return K_T in Pa; arguments as in `state`."""
    return state(rho, temperature, p, form)[1]


@njit(cache=True, error_model="numpy")
def adiabatic_modulus(rho, temperature, p, form):
    """Return K_S = K_T + alpha K_T gamma T in Pa; arguments as in `state`."""
    _, modulus, alpha_k, gamma, _ = state(rho, temperature, p, form)
    return modulus + alpha_k * gamma * temperature


@njit(cache=True, error_model="numpy")
def sound_speed(rho, temperature, p, form):
    """Return the bulk sound speed of the liquid, sqrt(K_S/rho), in m/s, nan where K_S < 0; arguments as in `state`."""
    modulus = adiabatic_modulus(rho, temperature, p, form)
    return math.sqrt(modulus / rho) if modulus >= 0.0 else math.nan


@njit(cache=True, error_model="numpy")
def _power_integral(exponent, log_x):
    """Integral of t^(exponent - 1) from 1 to x; the logarithm at exponent 0."""
    z = exponent * log_x
    return math.expm1(z) / exponent if abs(z) > 1e-12 else log_x * (1.0 + 0.5 * z)


@njit(cache=True, error_model="numpy")
def _gamma_integral(exponent, log_x, p):
    """Integral of gamma t^exponent/t from 1 to x = exp(log_x)."""
    return p[GAMMA0] * ((1.0 - p[A]) * _power_integral(exponent, log_x) + p[A] * _power_integral(p[B] + exponent, log_x))


@njit(cache=True, error_model="numpy")
def _squeeze(z):
    """Integral of t exp(z t) from 0 to 1: [1 - (1 - z) exp z]/z^2, by its series where that cancels."""
    if abs(z) > 0.05:
        return (1.0 - (1.0 - z) * math.exp(z)) / (z * z)
    return 0.5 + z * (1.0 / 3.0 + z * (0.125 + z * (1.0 / 30.0 + z * (1.0 / 144.0 + z * (1.0 / 840.0 + z / 5760.0)))))


@njit(cache=True, error_model="numpy")
def reference_energy(rho, p, form):
    """Return E(rho, T0) - E(rho0, T0) in J/kg, the integral of T0 (dP/dT)_V - P over volume, in closed form.

    Parameters
    ----------
    rho : float
        Density, kg/m3, > 0.
    p, form
        As in `state`.

    Returns
    -------
    float
    """
    log_x = math.log(p[RHO0] / rho)
    u = -math.expm1(log_x / 3.0)
    cold = 9.0 * p[K0] / p[RHO0] * u * u * _squeeze(1.5 * (p[K_PRIME] - 1.0) * u)
    warm = _gamma_integral(0.0, log_x, p)
    if form == KUWAYAMA:
        warm += 2.0 * p[E0] * p[T0] * _gamma_integral(p[G], log_x, p)
    else:
        warm += 2.0 * p[E0] * p[T0] * math.expm1(p[G] * log_x)
    return cold + 3.0 * GAS_CONSTANT / p[MOLAR_MASS] * p[T0] * warm


@njit(cache=True, error_model="numpy")
def energy(rho, temperature, p, form):
    """Return E(rho, T) - E(rho0, T0) in J/kg: at T0 from rho0 to rho, then at rho from T0 to T.

    In the form as printed another path gives another value: (dS/dV)_T and (dS/dT)_V do not belong to one entropy unless
    gamma(V) = g.  The `CONSISTENT` form has no such path dependence.

    Parameters
    ----------
    rho, temperature : float
        Density, kg/m3, > 0; temperature, K, > 0.
    p, form
        As in `state`.

    Returns
    -------
    float
    """
    electronic = p[E0] * (p[RHO0] / rho) ** p[G]
    heat = (temperature - p[T0]) * (1.0 + electronic * (temperature + p[T0]))
    return reference_energy(rho, p, form) + 3.0 * GAS_CONSTANT / p[MOLAR_MASS] * heat


@njit(cache=True, error_model="numpy")
def _rise_root(linear, quadratic, start, target):
    """Temperature T > 0 where linear (T - start) + quadratic (T^2 - start^2) = target; nan if there is none."""
    c = target + linear * start + quadratic * start * start
    root = linear * linear + 4.0 * quadratic * c
    if linear <= 0.0 or c <= 0.0 or root < 0.0:
        return math.nan
    return 2.0 * c / (linear + math.sqrt(root))


@njit(cache=True, error_model="numpy")
def hugoniot_temperature(rho, shock_pressure, p, form, rho00, offset):
    """Return the temperature that the energy of a shock leaves at a measured pressure and density, K.

    The Rankine-Hugoniot energy (P/2)(1/rho00 - 1/rho) equals offset + `energy`, which is quadratic in temperature.

    Parameters
    ----------
    rho, shock_pressure : float
        Behind the shock, kg/m3 and Pa.
    p, form
        As in `state`.
    rho00 : float
        Density before the shock, kg/m3.
    offset : float
        Energy of the liquid at (rho0, T0) above the metal before the shock, J/kg.

    Returns
    -------
    float
        nan where no positive temperature has this energy.
    """
    target = 0.5 * shock_pressure * (1.0 / rho00 - 1.0 / rho) - offset - reference_energy(rho, p, form)
    electronic = p[E0] * (p[RHO0] / rho) ** p[G]
    return _rise_root(1.0, electronic, p[T0], target * p[MOLAR_MASS] / (3.0 * GAS_CONSTANT))


@njit(cache=True, error_model="numpy")
def hugoniot_model(rho, p, form, rho00, offset):
    """Return pressure (Pa) and temperature (K) of the equation of state's own Hugoniot at a density.

    As `hugoniot_temperature`, but with the pressure of the equation of state, which is linear in the same two terms.

    Parameters
    ----------
    rho : float
        Behind the shock, kg/m3.
    p, form
        As in `state`.
    rho00, offset : float
        As in `hugoniot_temperature`.

    Returns
    -------
    tuple of float
        nan where no positive temperature has this energy.
    """
    half = 0.5 * (1.0 / rho00 - 1.0 / rho)
    cold, _, alpha_k, gamma, _ = state(rho, p[T0], p, form)
    electronic = p[E0] * (p[RHO0] / rho) ** p[G]
    target = (half * cold - offset - reference_energy(rho, p, form)) * p[MOLAR_MASS] / (3.0 * GAS_CONSTANT)
    if form == KUWAYAMA:
        work = 1.0 - half * rho * gamma
        temperature = _rise_root(work, electronic * work, p[T0], target)
    else:
        lattice = alpha_k * p[MOLAR_MASS] / (3.0 * GAS_CONSTANT * rho) - 2.0 * p[G] * electronic * p[T0]
        linear, quadratic = 1.0 - half * rho * lattice, 1.0 - half * rho * p[G]
        temperature = _rise_root(linear, electronic * quadratic, p[T0], target)
    return state(rho, temperature, p, form)[0] if temperature > 0.0 else math.nan, temperature


@njit(cache=True, error_model="numpy")
def _entropy_part(log_x, temperature, p):
    """Entropy of the consistent form in units of 3R/M, up to a constant: ln T + 2 e0 x^g T + integral of gamma/x."""
    return math.log(temperature) + 2.0 * p[E0] * math.exp(p[G] * log_x) * temperature + _gamma_integral(0.0, log_x, p)


@njit(cache=True, error_model="numpy")
def isentropic_temperature(rho, rho_start, temperature_start, p, form):
    """Return the temperature on the adiabat dT/dP = gamma T/K_S through a state, at another density.

    This is d ln T = gamma d ln rho.  Where gamma depends on density alone (as printed) it integrates in closed form; in the
    consistent form the entropy is a function of state and kept.

    Parameters
    ----------
    rho, rho_start, temperature_start : float
        kg/m3, kg/m3, K.
    p, form
        As in `state`.

    Returns
    -------
    float
        K.
    """
    log_x, log_start = math.log(p[RHO0] / rho), math.log(p[RHO0] / rho_start)
    if form == KUWAYAMA:
        return temperature_start * math.exp(_gamma_integral(0.0, log_start, p) - _gamma_integral(0.0, log_x, p))
    target = _entropy_part(log_start, temperature_start, p) - _gamma_integral(0.0, log_x, p)
    c = 2.0 * p[E0] * math.exp(p[G] * log_x)
    log_t = math.log(temperature_start)
    for _ in range(_MAX_ITERATIONS):  # in ln T the entropy is convex and increasing: Newton steps converge from anywhere
        linear = c * math.exp(log_t)
        step = (log_t + linear - target) / (1.0 + linear)
        log_t -= step
        if abs(step) < 1e-9:
            break
    return math.exp(log_t)


@njit(cache=True, error_model="numpy")
def _find_density(target, temperature, rho_start, p, form, guess):
    """Density on the isotherm ``temperature``, or, if rho_start > 0, on the adiabat through (rho_start, temperature)."""
    low, high = math.log(LOWEST * p[RHO0]), math.log(HIGHEST * p[RHO0])
    isothermal = not rho_start > 0.0
    here = math.log(guess)
    for _ in range(_MAX_ITERATIONS):
        rho = math.exp(here)
        warm = temperature if isothermal else isentropic_temperature(rho, rho_start, temperature, p, form)
        found, slope, alpha_k, gamma, _ = state(rho, warm, p, form)
        if not isothermal:
            slope += alpha_k * gamma * warm
        if not slope > 0.0:  # inside the spinodal: only denser states are stable
            low, after = here, 0.5 * (here + high)
        else:
            if found < target:
                low = here
            else:
                high = here
            after = here + (target - found) / slope
            if abs(after - here) < 1e-8:  # the step after this one would be its square
                return math.exp(after)
            if not low < after < high:
                after = 0.5 * (low + high)
        here = after
    return math.nan


@njit(cache=True, error_model="numpy")
def density(target, temperature, p, form, guess):
    """Return the density at a pressure and temperature, kg/m3, by Newton steps in ln rho kept within a bracket.

    Parameters
    ----------
    target, temperature : float
        Pressure, Pa; temperature, K.
    p, form
        As in `state`.
    guess : float
        First density, kg/m3; 0: from Murnaghan's equation.

    Returns
    -------
    float
        On the stable branch (K_T > 0); nan where there is none between 0.3 and 6 rho0.
    """
    return _find_density(target, temperature, 0.0, p, form, guess if guess > 0.0 else _murnaghan(target, p))


@njit(cache=True, error_model="numpy")
def isentropic_density(target, rho_start, temperature_start, p, form, guess):
    """Return the density at a pressure on the adiabat through a state, kg/m3.

    Parameters
    ----------
    target, rho_start, temperature_start : float
        Pressure, Pa; a state of the adiabat, kg/m3 and K.
    p, form, guess
        As in `density`.

    Returns
    -------
    float
        nan as in `density`.
    """
    return _find_density(target, temperature_start, rho_start, p, form, guess if guess > 0.0 else _murnaghan(target, p))


@njit(cache=True, error_model="numpy")
def _murnaghan(target, p):
    """First guess of a density."""
    inner = 1.0 + p[K_PRIME] * target / p[K0]
    return p[RHO0] * min(max(inner, 0.5) ** (1.0 / max(p[K_PRIME], 1.0)), 0.9 * HIGHEST)


@njit(cache=True, error_model="numpy")
def states(rho, temperature, p, form):
    """Return `state` of many pairs: array, shape (n, 5), from arrays of shape (n,)."""
    out = np.empty((len(rho), 5))
    for i in range(len(rho)):
        out[i, 0], out[i, 1], out[i, 2], out[i, 3], out[i, 4] = state(rho[i], temperature[i], p, form)
    return out


@njit(cache=True, error_model="numpy")
def energies(rho, temperature, p, form):
    """Return `energy` of many pairs: array, shape (n,), J/kg."""
    out = np.empty(len(rho))
    for i in range(len(rho)):
        out[i] = energy(rho[i], temperature[i], p, form)
    return out


@njit(cache=True, error_model="numpy")
def densities(target, temperature, p, form):
    """Return `density` of many pairs: array, shape (n,), kg/m3."""
    out = np.empty(len(target))
    for i in range(len(target)):
        out[i] = density(target[i], temperature[i], p, form, 0.0)
    return out


@njit(cache=True, error_model="numpy")
def hugoniot_temperatures(rho, shock_pressure, p, form, rho00, offset):
    """Return `hugoniot_temperature` of many pairs: array, shape (n,), K."""
    out = np.empty(len(rho))
    for i in range(len(rho)):
        out[i] = hugoniot_temperature(rho[i], shock_pressure[i], p, form, rho00, offset)
    return out


@njit(cache=True, error_model="numpy")
def hugoniot_models(rho, p, form, rho00, offset):
    """Return `hugoniot_model` of many densities: array, shape (n, 2), Pa and K."""
    out = np.empty((len(rho), 2))
    for i in range(len(rho)):
        out[i, 0], out[i, 1] = hugoniot_model(rho[i], p, form, rho00, offset)
    return out


@njit(cache=True, error_model="numpy")
def _follow(target, temperature_start, p, form, out):
    """Write density, temperature and sound speed along the adiabat from ``target[0]``; nan where there is no liquid."""
    start = density(target[0], temperature_start, p, form, 0.0)
    rho = start
    for i in range(len(target)):
        rho = isentropic_density(target[i], start, temperature_start, p, form, rho) if start > 0.0 else math.nan
        out[i, 0] = rho
        out[i, 1] = isentropic_temperature(rho, start, temperature_start, p, form) if rho > 0.0 else math.nan
        out[i, 2] = sound_speed(rho, out[i, 1], p, form) if rho > 0.0 else math.nan


@njit(cache=True, error_model="numpy")
def adiabats(target, temperature_start, draws, form):
    """Return density, temperature and sound speed along the adiabats of many parameter vectors.

    Parameters
    ----------
    target : array, shape (n,)
        Pressures, Pa; the first one is where the temperature is given.
    temperature_start : float
        K.
    draws : array, shape (n_draws, 10)
        Parameters, one row each.
    form : int
        As in `state`.

    Returns
    -------
    array, shape (n_draws, n, 3)
        kg/m3, K, m/s; nan where there is no stable density.
    """
    out = np.empty((len(draws), len(target), 3))
    for d in range(len(draws)):
        _follow(target, temperature_start, draws[d], form, out[d])
    return out
