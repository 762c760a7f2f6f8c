"""Artificial measurements from a known equation of state, all of them labelled artificial.

Static measurements of dense liquid iron are not public.  Their kinds are imitated here, to see what they would tell.
"""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd

from . import eos_kernels
from .measurements import Measurements, published_measurements, tidy
from .priors import REFERENCE_K
from .vinet_thermal import VinetThermal

#: Kinds of static measurements: pressures (GPa), temperature as (K at the first pressure, K at the last), what is measured,
#: and relative errors of pressure, density and sound speed, error of temperature in K.
KINDS_OF_STATIC = {
    "1 bar, density": {"gpa": (1e-4, 1e-4, 6), "k": (1811, 2300), "what": "density", "errors": (0.0, 0.004, 0.02, 20)},
    "press, density": {"gpa": (3, 20, 8), "k": (2000, 2400), "what": "density", "errors": (0.02, 0.01, 0.02, 50)},
    "anvil, density": {"gpa": (20, 116, 11), "k": (2600, 4350), "what": "density", "errors": (0.02, 0.01, 0.02, 100)},
    "anvil, sound speed": {"gpa": (15, 45, 4), "k": (2300, 2700), "what": "speed", "errors": (0.02, 0.01, 0.02, 100)},
    "anvil, hotter": {"gpa": (20, 116, 11), "k": (4000, 6000), "what": "density", "errors": (0.02, 0.01, 0.02, 150)},
    "core pressure": {"gpa": (135, 200, 4), "k": (4500, 5000), "what": "density", "errors": (0.02, 0.01, 0.02, 150)},
}

#: Parameters of artificial iron.
TRUTH = {"rho0": 7020.0, "k0_gpa": 86.0, "k0_prime": 5.75, "gamma0": 1.9, "b": 0.4, "e0": 1.0e-4, "g": 0.9}


def artificial_iron() -> VinetThermal:
    """Return the equation of state that artificial measurements obey: round numbers, consistent form, near measured iron."""
    return VinetThermal(**TRUTH, t0_k=REFERENCE_K, form="consistent", name="artificial iron")


def static_states(kind: str, eos: VinetThermal) -> pd.DataFrame:
    """Return states of a kind of static measurement, without errors.

    Parameters
    ----------
    kind : str
        Key of `KINDS_OF_STATIC`.
    eos : VinetThermal
        Equation of state.

    Returns
    -------
    DataFrame
        Columns of `Measurements`; data_set says that it is artificial.

    Raises
    ------
    ValueError
        For an unknown kind.
    """
    if kind not in KINDS_OF_STATIC:
        raise ValueError(f"unknown kind of static measurement {kind!r}; known: {', '.join(KINDS_OF_STATIC)}")
    plan = KINDS_OF_STATIC[kind]
    first, last, n = plan["gpa"]
    pressure, temperature = np.linspace(first, last, n), np.linspace(*plan["k"], n)
    density = eos.density(pressure, temperature)
    p, rho, v, t = plan["errors"]
    frame = pd.DataFrame({
        "sample_id": [f"{kind} {i + 1} (artificial)" for i in range(n)],
        "kind": "1 bar" if last < 0.001 else "static", "data_set": f"{kind} (artificial)",
        "pressure_gpa": pressure, "pressure_gpa_err": p * pressure, "temperature_k": temperature,
        "temperature_k_err": float(t),
    })  # fmt: skip
    if plan["what"] == "density":
        frame["density_g_cm3"], frame["density_g_cm3_err"] = density / 1e3, rho * density / 1e3
    else:
        speed = eos.sound_speed(density, temperature)
        frame["sound_speed_km_s"], frame["sound_speed_km_s_err"] = speed / 1e3, v * speed / 1e3
    return tidy(frame)


def imitation(eos: VinetThermal, h0: float = 1.30, template: Measurements | None = None) -> Measurements:
    """Return exact states in the places of the published measurements: same pressures, temperatures, errors.

    Parameters
    ----------
    eos : VinetThermal
        Equation of state that they obey.
    h0 : float
        Enthalpy of the liquid at 1811 K over iron before the shock, MJ/kg.
    template : Measurements, optional
        What is imitated; the published measurements by default.

    Returns
    -------
    Measurements
        Shocked states lie on the equation's own Hugoniot; data sets say that they are artificial.

    Raises
    ------
    ValueError
        If the equation of state has no liquid at one of the states.
    """
    template = published_measurements() if template is None else template
    frame = template.frame.copy()
    pressure, temperature = frame["pressure_gpa"].to_numpy() * 1e9, frame["temperature_k"].to_numpy(copy=True)
    density = np.empty(len(frame))
    for i, shocked in enumerate(template.shocked):
        if shocked:
            start = 1e3 * frame["initial_density_g_cm3"].fillna(7.85).iloc[i]
            density[i], temperature[i] = on_hugoniot(eos, pressure[i], start, 1e6 * h0, 1e3 * frame["density_g_cm3"].iloc[i])
        else:
            density[i] = eos_kernels.density(pressure[i], temperature[i], eos.vector, eos.form_code, 0.0)
    if not np.isfinite(density).all():
        raise ValueError(f"{eos.name or 'this equation of state'} has no liquid at a state of the measurements")
    speed = eos.sound_speed(density, temperature)
    frame["density_g_cm3"] = np.where(frame["density_g_cm3"].notna(), density / 1e3, np.nan)
    frame["sound_speed_km_s"] = np.where(frame["sound_speed_km_s"].notna(), speed / 1e3, np.nan)
    frame["data_set"] = frame["data_set"] + " (artificial)"
    frame["sample_id"] = frame["sample_id"] + " (artificial)"
    return Measurements(frame)


def on_hugoniot(eos, pressure, start, offset, guess):
    """Return density and temperature at a pressure of the equation's own Hugoniot, by bisection around a guess.

    Parameters
    ----------
    eos : VinetThermal
        Equation of state.
    pressure : float
        Pa.
    start : float
        Density before the shock, kg/m3.
    offset : float
        Enthalpy of the liquid at 1811 K over the metal before the shock, J/kg.
    guess : float
        Density to search around, kg/m3.

    Returns
    -------
    tuple of float
        kg/m3 and K; nan when the Hugoniot does not reach the pressure there.
    """
    low, high = 0.7 * guess, 1.4 * guess
    for _ in range(60):
        middle = 0.5 * (low + high)
        reached, _ = eos_kernels.hugoniot_model(middle, eos.vector, eos.form_code, start, offset)
        low, high = (middle, high) if reached < pressure else (low, middle)
    reached, temperature = eos_kernels.hugoniot_model(middle, eos.vector, eos.form_code, start, offset)
    return (middle, temperature) if abs(reached - pressure) < 1e-6 * pressure else (np.nan, np.nan)


def with_errors(exact: Measurements, rng, scale=None) -> Measurements:
    """Return measurements with errors of the stated sizes, drawn at random.

    Parameters
    ----------
    exact : Measurements
        States without errors.
    rng : numpy.random.Generator
        Source of the errors.
    scale : dict, optional
        Data set -> factor by which its errors are larger than stated.

    Returns
    -------
    Measurements
    """
    frame = exact.frame.copy()
    factor = frame["data_set"].map(scale or {}).fillna(1.0).to_numpy(float)
    for column in ("pressure_gpa", "density_g_cm3", "temperature_k", "sound_speed_km_s"):
        error = frame[f"{column}_err"].fillna(0.0).to_numpy(float) * factor
        frame[column] = frame[column] + error * rng.standard_normal(len(frame))
    return dataclasses.replace(exact, frame=frame)
