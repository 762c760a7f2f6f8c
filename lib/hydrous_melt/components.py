"""Oxide components of a melt: mass per cent to mole and cation fractions on a hydrous basis, and the valence of iron."""

from __future__ import annotations

import numpy as np

#: Oxide components in the order of every array of this package; all iron as FeO.
OXIDES = ("SiO2", "TiO2", "Al2O3", "FeO", "MnO", "MgO", "CaO", "Na2O", "K2O", "P2O5", "H2O")
#: Their molar masses in g/mol (IUPAC standard atomic weights).
MOLAR_MASS = np.array([60.0843, 79.8658, 101.9613, 71.8464, 70.9375, 40.3044, 56.0774, 61.9789, 94.196, 141.9445, 18.01528])
#: Cations in a formula unit; hydrogen is not counted (anhydrous cation fractions).
CATIONS = np.array([1, 1, 2, 1, 1, 1, 1, 2, 2, 2, 0])
#: Gas constant in J/(mol K).
R = 8.314462618
#: Mass of Fe2O3 to that of the FeO with as much iron.
FE2O3_TO_FEO = 2 * 71.8464 / 159.6882


def at(name: str) -> int:
    """Position of an oxide in `OXIDES`."""
    return OXIDES.index(name)


def hydrous_wt(anhydrous_wt, h2o_wt) -> np.ndarray:
    """Put water into anhydrous compositions.

    Parameters
    ----------
    anhydrous_wt : array-like, shape (..., 10)
        Oxides of `OXIDES` without H2O, in mass %; brought to 100 first.
    h2o_wt : array-like, shape (...)
        H2O of the hydrous melt in mass %, 0-60.

    Returns
    -------
    array, shape (..., 11)
        Mass % that sum to 100, H2O last.

    Raises
    ------
    ValueError
        Water outside 0 to 60 wt%, or another number of oxides.
    """
    dry, water = np.asarray(anhydrous_wt, float), np.asarray(h2o_wt, float)
    if dry.shape[-1] != len(OXIDES) - 1:
        raise ValueError(
            f"{dry.shape[-1]} oxides; expected the {len(OXIDES) - 1} of OXIDES without H2O: {', '.join(OXIDES[:-1])}"
        )
    if np.any(~(water >= 0) | ~(water <= 60)):
        raise ValueError(f"H2O of {np.nanmin(water):g} to {np.nanmax(water):g} wt%; expected 0 to 60 wt% in a silicate melt")
    dry = dry / dry.sum(axis=-1, keepdims=True)
    shape = np.broadcast_shapes(dry.shape[:-1], water.shape)
    dry = np.broadcast_to(dry, (*shape, dry.shape[-1])) * (100 - np.broadcast_to(water, shape))[..., None]
    return np.concatenate([dry, np.broadcast_to(water, shape)[..., None]], axis=-1)


def mole_fractions(wt) -> np.ndarray:
    """Mole fractions of the oxides, water counted.

    Parameters
    ----------
    wt : array-like, shape (..., 11)
        Mass % of `OXIDES`; need not sum to 100.

    Returns
    -------
    array, shape (..., 11)
        Sum to one.
    """
    moles = np.asarray(wt, float) / MOLAR_MASS
    return moles / moles.sum(axis=-1, keepdims=True)


def cation_fractions(wt) -> np.ndarray:
    """Anhydrous cation fractions, such as Putirka (2008) uses.

    Parameters
    ----------
    wt : array-like, shape (..., 11)
        Mass % of `OXIDES`.

    Returns
    -------
    array, shape (..., 11)
        Sum to one; zero for H2O.
    """
    moles = np.asarray(wt, float) / MOLAR_MASS * CATIONS
    return moles / moles.sum(axis=-1, keepdims=True)


# ln(XFe2O3/XFeO) = a ln fO2 + b/T + c + sum d_i X_i + e (1 - T0/T - ln(T/T0)) + f P/T + g (T - T0) P/T + h P^2/T
_A, _B, _C, _E, _F, _G, _H, _T0 = 0.196, 1.1492e4, -6.675, -3.36, -7.01e-7, -1.54e-10, 3.85e-17, 1673.0
_D = {"Al2O3": -2.243, "FeO": -1.828, "CaO": 3.201, "Na2O": 5.854, "K2O": 6.215}


def ferrous_share(wt, temperature_k, pressure_gpa, log_fo2) -> np.ndarray:
    """Share of the iron of a melt that is ferrous, after Kress & Carmichael (1991).

    Parameters
    ----------
    wt : array-like, shape (n, 11)
        Mass % of `OXIDES` with all iron as FeO; water is left out, as in the calibration.
    temperature_k, pressure_gpa : array-like, shape (n,)
        Temperature (1473-1903 K in the calibration) and pressure.
    log_fo2 : array-like, shape (n,)
        Decadic logarithm of the oxygen fugacity in bar.

    Returns
    -------
    array, shape (n,)
        Fe2+/(Fe2+ + Fe3+), 0-1.

    References
    ----------
    Kress, V.C. and Carmichael, I.S.E. 1991. Contributions to Mineralogy and Petrology 108, 82-92, eq. 7 and Table 7.
    """
    moles = np.asarray(wt, float)[..., :-1] / MOLAR_MASS[:-1]
    x = moles / moles.sum(axis=-1, keepdims=True)
    t, p = np.asarray(temperature_k, float), np.asarray(pressure_gpa, float) * 1e9
    ln_ratio = _A * np.log(10) * np.asarray(log_fo2, float) + _B / t + _C + sum(d * x[..., at(name)] for name, d in _D.items())
    ln_ratio = ln_ratio + _E * (1 - _T0 / t - np.log(t / _T0)) + (_F * p + _G * (t - _T0) * p + _H * p**2) / t
    return 1 / (1 + 2 * np.exp(ln_ratio))  # one Fe2O3 holds two Fe3+


def log_fo2_nno(temperature_k, pressure_gpa, delta=0.0) -> np.ndarray:
    """Decadic logarithm of the oxygen fugacity (bar) at the nickel-nickel oxide buffer, or `delta` log units above it.

    Parameters
    ----------
    temperature_k, pressure_gpa : array, shape (n,)
        Temperature (K, > 0) and pressure (GPa).
    delta : float or array, shape (n,)
        Log units above the buffer.

    Returns
    -------
    array, shape (n,)

    References
    ----------
    Frost, B.R. 1991. Reviews in Mineralogy 25, 1-9, Table 1 (after Huebner and Sato 1970).
    """
    t = np.asarray(temperature_k, float)
    return -24930 / t + 9.36 + 0.046 * (np.asarray(pressure_gpa, float) * 1e4 - 1) / t + delta
