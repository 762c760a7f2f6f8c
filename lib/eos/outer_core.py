"""Liquid iron along an adiabat of the outer core against the seismological model."""

from __future__ import annotations

from functools import cache

import pandas as pd

from lib import tables

from .parameter_sets import CASE
from .vinet_thermal import VinetThermal

#: Pressures of the core-mantle and of the inner core boundary in PREM, GPa.
P_CMB_GPA, P_ICB_GPA = 135.751, 328.8502
#: Core-mantle temperature of the published comparisons, K.
T_CMB_K = 4000.0


@cache
def _prem():
    given = tables.read(tables.Source.embedded(CASE, "prem_outer_core")).frame
    return pd.DataFrame({
        "depth_km": given["depth_m"] / 1e3,
        "radius_km": given["radius_m"] / 1e3,
        "pressure_gpa": given["pressure_gpa"],
        "density": given["density_g_cm3"] * 1e3,
        "sound_speed": given["sound_speed_km_s"] * 1e3,
        "adiabatic_modulus_gpa": given["adiabatic_modulus_gpa"],
    })  # fmt: skip


def prem_outer_core() -> pd.DataFrame:
    """Return the outer core of PREM, from the core-mantle to the inner core boundary.

    Returns
    -------
    pandas.DataFrame, shape (24, 6)
        depth_km, radius_km, pressure_gpa, density (kg/m3), sound_speed (m/s), adiabatic_modulus_gpa.

    References
    ----------
    Dziewonski, A.M. & Anderson, D.L. 1981, Phys. Earth Planet. Inter. 25, 297.
    """
    return _prem().copy()


def deviations(reference, density, sound_speed) -> dict:
    """Return how iron differs from a seismological model, in both conventions of the literature.

    Parameters
    ----------
    reference : pandas.DataFrame
        Columns density (kg/m3) and sound_speed (m/s), length n.
    density, sound_speed : array, shape (n,) or (..., n)
        Of iron at the same pressures.

    Returns
    -------
    dict of str to array
        Per cent *of iron* (Kuwayama et al. 2020): density_deficit_pct = (iron - model)/iron,
        vp_excess_pct = (model - iron)/iron.  Per cent *of the model* (Matsumura et al. 2021): density_of_model_pct and
        vp_of_model_pct = (iron - model)/model.
    """
    rho, speed = reference["density"].to_numpy(), reference["sound_speed"].to_numpy()
    return {
        "density_deficit_pct": 100.0 * (1.0 - rho / density),
        "vp_excess_pct": 100.0 * (speed / sound_speed - 1.0),
        "density_of_model_pct": 100.0 * (density / rho - 1.0),
        "vp_of_model_pct": 100.0 * (sound_speed / speed - 1.0),
    }


def core_profile(eos: VinetThermal, t_cmb_k=T_CMB_K, reference=None) -> pd.DataFrame:
    """Return liquid iron along the adiabat from a core-mantle temperature, and its deviation from the seismological model.

    Parameters
    ----------
    eos : VinetThermal
        Equation of state.
    t_cmb_k : float, optional
        Temperature at the first pressure, K.
    reference : pandas.DataFrame, optional
        Another model in the columns of `prem_outer_core`, pressures increasing.

    Returns
    -------
    pandas.DataFrame
        One row a depth of the model: depth_km, radius_km, pressure_gpa, temperature_k, density, sound_speed (of iron), and the
        columns of `deviations`.

    Raises
    ------
    ValueError
        If the temperature is not above 0 or the equation of state has no liquid somewhere on the way.
    """
    reference = prem_outer_core() if reference is None else reference
    path = eos.adiabat(reference["pressure_gpa"].to_numpy(), t_cmb_k)
    frame = reference[["depth_km", "radius_km", "pressure_gpa"]].reset_index(drop=True)
    return frame.assign(
        temperature_k=path.temperature_k, density=path.density, sound_speed=path.sound_speed,
        **deviations(reference, path.density, path.sound_speed),
    )  # fmt: skip


def compare_with_prem(eos: VinetThermal, t_cmb_k=T_CMB_K) -> dict:
    """Return the numbers that publications quote: deviations at the two boundaries, and the temperature of the inner one.

    Parameters
    ----------
    eos : VinetThermal
        Equation of state.
    t_cmb_k : float, optional
        Temperature at the core-mantle boundary, K.

    Returns
    -------
    dict of str to float
        ``<quantity>[cmb]`` and ``<quantity>[icb]`` for the quantities of `deviations`, and t_icb_k.

    Raises
    ------
    ValueError
        As in `core_profile`.
    """
    profile = core_profile(eos, t_cmb_k)
    names = [name for name in profile if name.endswith("_pct")]
    ends = {"cmb": profile.iloc[0], "icb": profile.iloc[-1]}
    numbers = {f"{name}[{key}]": float(row[name]) for name in names for key, row in ends.items()}
    return numbers | {"t_icb_k": float(profile["temperature_k"].iloc[-1])}
