"""What draws from a posterior say of the outer core and of isotherms, with bands."""

from __future__ import annotations

import numpy as np
import pandas as pd

from . import eos_kernels
from .inference import EosModel
from .outer_core import deviations, prem_outer_core

#: Temperatures at the core-mantle boundary of the published comparisons, K.
T_CMB_K = (3500.0, 4000.0, 4200.0)
#: Draws that bands are made of: their 95 % limits are then known to a tenth of their distance.
N_BAND = 800
#: Share of the draws that must be liquid for a band to be given.
ALIVE = 0.9
_QUANTILES = (0.5, 0.025, 0.975)


def core_states(vectors, code: int, t_cmb_k: float) -> dict:
    """Return liquid iron along the adiabat of the outer core for many parameter vectors.

    Parameters
    ----------
    vectors : array, shape (n, 10)
        Parameters as of `lib.eos.eos_kernels`.
    code : int
        Form of the equation.
    t_cmb_k : float
        Temperature at the core-mantle boundary, K.

    Returns
    -------
    dict of str to ndarray, shape (n, 24)
        density (kg/m3), temperature_k, sound_speed (m/s) at the depths of `prem_outer_core`, and the columns of
        `lib.eos.outer_core.deviations`; nan where there is no liquid.
    """
    prem = prem_outer_core()
    pressure = prem["pressure_gpa"].to_numpy() * 1e9
    found = eos_kernels.adiabats(pressure, float(t_cmb_k), np.ascontiguousarray(vectors), code)
    density, temperature, speed = np.moveaxis(found, 2, 0)
    out = {"density": density, "temperature_k": temperature, "sound_speed": speed}
    return out | deviations(prem, density, speed)


def band(values) -> np.ndarray:
    """Return median and 95 % limits over the first axis: array (3, ...); nan where a tenth of the draws have no liquid."""
    values = np.asarray(values, float)
    there = np.isfinite(values)
    known = there.mean(axis=0) >= ALIVE
    filled = np.where(known, values, 0.0)
    return np.where(known, np.nanquantile(filled, _QUANTILES, axis=0), np.nan)


def core_frame(model: EosModel, draws, t_cmb_k=T_CMB_K) -> pd.DataFrame:
    """Return bands along the adiabats of the outer core.

    Parameters
    ----------
    model : EosModel
        Whose parameters are drawn.
    draws : array, shape (n, d)
        From its posterior.
    t_cmb_k : sequence of float
        Core-mantle temperatures, K.

    Returns
    -------
    DataFrame
        Columns t_cmb_k, depth_km, pressure_gpa, and for density, temperature_k, sound_speed and the deviations from PREM the
        median (their name), ``_lo95``, ``_hi95``.
    """
    prem, vectors, parts = prem_outer_core(), model.vectors(draws), []
    for t in t_cmb_k:
        part = prem[["depth_km", "pressure_gpa"]].copy()
        part.insert(0, "t_cmb_k", float(t))
        for name, values in core_states(vectors, model.equation.code, float(t)).items():
            part[name], part[f"{name}_lo95"], part[f"{name}_hi95"] = band(values)
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def core_numbers(model: EosModel, draws, t_cmb_k=T_CMB_K) -> pd.DataFrame:
    """Return the deviations from PREM at both boundaries of the outer core.

    Parameters
    ----------
    model, draws, t_cmb_k
        As in `core_frame`.

    Returns
    -------
    DataFrame
        Columns quantity (density_deficit_pct, vp_excess_pct, t_icb_k), place (cmb, icb), t_cmb_k, median, mean, sd, lo95,
        hi95, reached (share of the draws that have a liquid there).
    """
    vectors, rows = model.vectors(draws), []
    for t in t_cmb_k:
        found = core_states(vectors, model.equation.code, float(t))
        wanted = [
            (name, place, found[name][:, i])
            for name in ("density_deficit_pct", "vp_excess_pct")
            for place, i in (("cmb", 0), ("icb", -1))
        ]
        for name, place, x in [*wanted, ("t_icb_k", "icb", found["temperature_k"][:, -1])]:
            median, low, high = band(x)
            good = x[np.isfinite(x)]
            rows.append({
                "quantity": name, "place": place, "t_cmb_k": float(t), "median": median,
                "mean": good.mean() if good.size else np.nan, "sd": good.std(ddof=1) if good.size > 1 else np.nan,
                "lo95": low, "hi95": high, "reached": float(np.isfinite(x).mean()),
            })  # fmt: skip
    return pd.DataFrame(rows)


def isotherm_frame(model: EosModel, draws, temperatures_k, pressures_gpa) -> pd.DataFrame:
    """Return bands of density and sound speed along isotherms.

    Parameters
    ----------
    model : EosModel
        Whose parameters are drawn.
    draws : array, shape (n, d)
        From its posterior.
    temperatures_k, pressures_gpa : sequence of float
        Grid, K and GPa.

    Returns
    -------
    DataFrame
        Columns temperature_k, pressure_gpa, density and sound_speed with ``_lo95`` and ``_hi95`` (kg/m3, m/s).
    """
    pressures = np.asarray(pressures_gpa, float)
    vectors, code, parts = model.vectors(draws), model.equation.code, []
    for t in temperatures_k:
        warm = np.full(pressures.shape, float(t))
        density, speed = (np.full((len(vectors), len(pressures)), np.nan) for _ in range(2))
        for i, p in enumerate(np.ascontiguousarray(vectors)):
            density[i] = eos_kernels.densities(pressures * 1e9, warm, p, code)
            state = eos_kernels.states(density[i], warm, p, code)
            modulus = state[:, 1] + state[:, 2] * state[:, 3] * warm
            speed[i] = np.sqrt(np.where(modulus > 0, modulus, np.nan) / density[i])
        part = pd.DataFrame({"temperature_k": float(t), "pressure_gpa": pressures})
        for name, values in (("density", density), ("sound_speed", speed)):
            part[name], part[f"{name}_lo95"], part[f"{name}_hi95"] = band(values)
        parts.append(part)
    return pd.concat(parts, ignore_index=True)
