"""Shocked liquid iron: the temperature that conservation of energy leaves, and the Hugoniot of an equation of state."""

from __future__ import annotations

import numpy as np

from . import eos_kernels as kernels
from .vinet_thermal import GPA, VinetThermal

#: Density of iron before the shock, kg/m3, and its melting temperature at 1 bar, K.
RHO00, MELTING_K = 7850.0, 1811.0
#: Enthalpy of the liquid at the melting point above that of the metal at 298 K, J/kg, with its standard deviation; in common
#: use, not compared with a printed table.  The first point of Hixson et al. (1990), 1.5 MJ/kg at 2125 K, gives 1.24e6.
H0, H0_SD = 1.30e6, 0.03e6
#: Lowest pressure at which shocked iron is wholly liquid, GPa (Nguyen & Holmes 2004, Nature 427, 339).
LIQUID_ABOVE_GPA = 260.0


def hugoniot_temperature(eos: VinetThermal, rho, pressure_gpa, *, rho00=RHO00, h0=H0):
    """Return the temperature behind a shock from the energy that it brought in, at a measured pressure and density.

    The energy of the liquid is counted from the melting point at 1 bar, by way of the equation of state's reference
    temperature; 0.1 MJ/kg in ``h0`` is about 100 K.  It is not a measured temperature: an equation of state whose energy is
    wrong (the form as printed has no single energy) gives a wrong one.

    Parameters
    ----------
    eos : VinetThermal
        Equation of state of the liquid.
    rho, pressure_gpa : array_like
        Behind the shock: kg/m3, more than ``rho00``; GPa, more than 0.  Broadcast against each other.
    rho00 : float, optional
        Density before the shock, kg/m3.
    h0 : float, optional
        Enthalpy of the liquid at 1811 K and 1 bar above the metal before the shock, J/kg.

    Returns
    -------
    array
        K; nan where no positive temperature has this energy.

    Raises
    ------
    ValueError
        If a density is not above ``rho00``, or the equation of state has no liquid at 1811 K and 1 bar.

    References
    ----------
    Rankine-Hugoniot: E - E00 = (P/2) (1/rho00 - 1/rho).
    """
    rho, pressure = np.broadcast_arrays(_denser(rho, rho00), np.asarray(pressure_gpa, float) * GPA)
    found = kernels.hugoniot_temperatures(
        rho.ravel(), pressure.ravel(), eos.vector, eos.form_code, float(rho00), energy_offset(eos, h0)
    )
    return found.reshape(rho.shape)


def hugoniot_curve(eos: VinetThermal, rho, *, rho00=RHO00, h0=H0):
    """Return pressure and temperature of the equation of state's own Hugoniot.

    Parameters
    ----------
    eos : VinetThermal
        Equation of state of the liquid.
    rho : array_like
        Densities behind the shock, kg/m3, more than ``rho00``; iron is wholly liquid there above some 12 380.
    rho00, h0 : float, optional
        As in `hugoniot_temperature`.

    Returns
    -------
    tuple of array
        Pressure, GPa, and temperature, K; nan where no positive temperature has this energy.

    Raises
    ------
    ValueError
        As in `hugoniot_temperature`.
    """
    rho = _denser(rho, rho00)
    found = kernels.hugoniot_models(rho.ravel(), eos.vector, eos.form_code, float(rho00), energy_offset(eos, h0))
    return found[:, 0].reshape(rho.shape) / GPA, found[:, 1].reshape(rho.shape)


def energy_offset(eos: VinetThermal, h0=H0) -> float:
    """Return the energy of the liquid at (rho0, T0) above the metal before the shock, as the kernels need it.

    Parameters
    ----------
    eos : VinetThermal
        Equation of state; with T0 = 1811 K the offset is ``h0`` itself.
    h0 : float, optional
        J/kg, as in `hugoniot_temperature`.

    Returns
    -------
    float
        J/kg.

    Raises
    ------
    ValueError
        If the equation of state has no liquid at 1811 K and zero pressure.
    """
    melt = eos.density(0.0, MELTING_K)
    if not np.isfinite(melt):
        raise ValueError(
            f"{eos.name or 'this equation of state'} (reference temperature {eos.t0_k:g} K) has no liquid at zero pressure "
            f"and {MELTING_K:g} K, from where the energy of a shock is counted; use a set that describes the melting point"
        )
    return float(h0 - eos.energy(melt, MELTING_K))


def _denser(rho, rho00):
    """Array of densities, all above the one before the shock."""
    rho = np.asarray(rho, float)
    if np.any(rho <= rho00):
        raise ValueError(
            f"density {rho[rho <= rho00].flat[0]:g} kg/m3 behind the shock is not above {rho00:g} kg/m3 before it; "
            "give densities in kg/m3"
        )
    return rho
