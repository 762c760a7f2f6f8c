"""Liquid iron of Anderson and Ahrens (1994): a Birch-Murnaghan isentrope, its temperature, and heat capacities around it.

The thermal pressure that the paper prints and its heat capacities do not belong to one free energy.  Here everything follows
from the energy and entropy that the heat capacities give when they are integrated over temperature from the isentrope:
F = E - T S, P = -dF/dV, in closed form.  burnman makes the same choice with finite differences.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from . import eos_kernels as kernels
from .isentropes import BirchMurnaghan, invert_density
from .vinet_thermal import GPA, MOLAR_MASS_IRON

_IMAGINARY = 1e-30  # step of the derivative in the complex plane: exact, since nothing is subtracted
#: Of liquid iron from its melting point at 1 bar.
ISENTROPE = BirchMurnaghan(7019.0, 109.7, 4.661, -0.043)


@dataclasses.dataclass(frozen=True)
class AndersonAhrens:
    """Equation of state of liquid iron around the isentrope from its melting point; parameters as published.

    Densities in kg/m3, temperatures in K; made for 1 bar to some 330 GPa and 1800 K to some 8000 K.

    Parameters
    ----------
    isentrope : BirchMurnaghan, optional
        Pressure along the isentrope; fourth order.
    t0_k : float, optional
        Its temperature at zero pressure, K.
    gamma0, gamma_prime, gamma_power : float, optional
        gamma = gamma0 + gamma_prime (rho/rho0)^gamma_power (E - E0) along it; gamma_prime in kg/J.
    molar_mass : float, optional
        kg/mol.

    References
    ----------
    After Anderson, W.W. & Ahrens, T.J. 1994. An equation of state for liquid iron and implications for the Earth's core.
    Journal of Geophysical Research 99, 4273-4284; equation numbers as cited by burnman (eos/aa.py).
    """

    isentrope: BirchMurnaghan = ISENTROPE
    t0_k: float = 1811.0
    gamma0: float = 1.735
    gamma_prime: float = -0.130e-6
    gamma_power: float = -1.870
    molar_mass: float = MOLAR_MASS_IRON

    def isentropic_gamma(self, rho):
        """Return the Grueneisen parameter along the isentrope at densities in kg/m3 (eq. 15)."""
        return self.gamma0 + self.gamma_prime * (rho / self.isentrope.rho0) ** self.gamma_power * self.isentrope.energy(rho)

    def isentropic_temperature(self, rho):
        """Return the temperature along the isentrope, K, at densities in kg/m3: d ln T = gamma d ln rho (eqs B5-B10)."""
        x = self.isentrope.strain(rho)
        power = 3.0 * self.gamma_power
        bent = sum(c * (x ** (power + k) - 1.0) / (power + k) for k, c in self.isentrope.energy_terms().items())
        return self.t0_k * x ** (3.0 * self.gamma0) * np.exp(3.0 * self.gamma_prime * bent)

    def heat_capacity(self, rho, temperature):
        """Return the isochoric heat capacity, J/kg/K: kinetic, electronic (eq. A1) and potential (eq. A15)."""
        values, _ = _coefficients(rho / self.isentrope.rho0)
        a, b, scale, bond, limit = values
        kinetic = 1.5 * kernels.GAS_CONSTANT / self.molar_mass
        electronic = a * temperature**2 / (scale**2 + temperature**2) + b * temperature**0.6
        return kinetic + electronic + (bond * temperature + limit * _THETA) / (_THETA + temperature)

    def _pressure(self, rho, temperature):
        """Pressure (Pa) and its derivative by temperature (Pa/K); rho may be complex."""
        cold = self.isentropic_temperature(rho)
        flow = self.isentropic_gamma(rho) * self.heat_capacity(rho, cold)
        values, slopes = _coefficients(rho / self.isentrope.rho0)
        energy, entropy = (
            hot - start for hot, start in zip(_slopes(values, slopes, temperature), _slopes(values, slopes, cold), strict=True)
        )
        isentropic = self.isentrope.pressure_gpa(rho) * GPA
        return isentropic + rho * (flow * (temperature - cold) - energy + temperature * entropy), rho * (flow + entropy)

    def pressure_gpa(self, rho, temperature):
        """Return the pressure, GPa, at densities (kg/m3) and temperatures (K), broadcast against each other."""
        rho, temperature = np.asarray(rho, float), np.asarray(temperature, float)
        return self._pressure(rho, temperature)[0] / GPA

    def bulk_modulus_gpa(self, rho, temperature):
        """Return the isothermal bulk modulus, GPa; arguments as in `pressure_gpa`."""
        rho, temperature = np.asarray(rho, float), np.asarray(temperature, float)
        return self._pressure(rho * (1.0 + 1j * _IMAGINARY), temperature)[0].imag / _IMAGINARY / GPA

    def grueneisen(self, rho, temperature):
        """Return gamma = V (dP/dT)_V/C_V; arguments as in `pressure_gpa`."""
        rho, temperature = np.asarray(rho, float), np.asarray(temperature, float)
        return self._pressure(rho, temperature)[1] / (rho * self.heat_capacity(rho, temperature))

    def adiabatic_bulk_modulus_gpa(self, rho, temperature):
        """Return K_S = K_T + rho gamma^2 C_V T, GPa; arguments as in `pressure_gpa`."""
        rho, temperature = np.asarray(rho, float), np.asarray(temperature, float)
        thermal = rho * self.grueneisen(rho, temperature) ** 2 * self.heat_capacity(rho, temperature) * temperature
        return self.bulk_modulus_gpa(rho, temperature) + thermal / GPA

    def sound_speed(self, rho, temperature):
        """Return sqrt(K_S/rho), m/s; arguments as in `pressure_gpa`."""
        return np.sqrt(self.adiabatic_bulk_modulus_gpa(rho, temperature) * GPA / np.asarray(rho, float))

    def density(self, pressure_gpa, temperature):
        """Return the density, kg/m3.

        Parameters
        ----------
        pressure_gpa, temperature : array_like
            GPa and K, broadcast against each other.

        Returns
        -------
        array
            nan where there is no stable density between 0.5 and 4 times that of the melting point.
        """
        pressure, temperature = np.broadcast_arrays(np.asarray(pressure_gpa, float), np.asarray(temperature, float))
        flat = temperature.ravel()
        found = invert_density(
            lambda rho: (self.pressure_gpa(rho, flat), self.bulk_modulus_gpa(rho, flat)), pressure.ravel(), self.isentrope.rho0
        )
        return found.reshape(pressure.shape)


_THETA = 5000.0  # K, of the potential heat capacity
_A, _B, _SCALE = (248.92, 289.48), (0.4057, -1.1499), (1747.3, 1.537)  # J/kg/K, J/kg/K^1.6, K (eqs A2-A4)
_BOND, _LIMIT = (-325.23, 302.07, 30.45), 282.67  # J/kg/K (eqs A16, A17; the form that draws the paper's figure 5)
_FADE = (7766.0 / 7019.0, 1146.0 / 7019.0)  # middle and width in rho/rho0 (eq. A18)


def _coefficients(r):
    """Coefficients of the heat capacity at r = rho/rho0 and their derivatives by ln V: A, B, Theta, Lambda, Xi."""
    v = 1.0 / r
    fade = 1.0 / (1.0 + np.exp((r - _FADE[0]) / _FADE[1]))
    bonds = _BOND[0] + _BOND[1] * r + _BOND[2] * r**0.4
    values = (
        _A[0] + _A[1] * v,
        _B[0] + _B[1] * v * v,
        _SCALE[0] * r ** _SCALE[1],
        fade * bonds,
        _LIMIT * r**-0.6,
    )
    slopes = (
        _A[1] * v,
        2.0 * _B[1] * v * v,
        -_SCALE[1] * values[2],
        fade * ((1.0 - fade) * r / _FADE[1] * bonds - _BOND[1] * r - 0.4 * _BOND[2] * r**0.4),
        0.6 * values[4],
    )
    return values, slopes


def _slopes(values, slopes, t):
    """Derivatives by ln V of the integrals of C_V and of C_V/T over temperature, up to t (eqs A5, A6, A19, A20)."""
    a, _, scale, _, _ = values
    da, db, dscale, dbond, dlimit = slopes
    angle, both, log_sum = np.arctan(t / scale), scale**2 + t**2, np.log(_THETA + t)
    energy = da * (t - scale * angle) + a * dscale * (scale * t / both - angle) + 0.625 * db * t**1.6
    energy = energy + dbond * t + _THETA * (dlimit - dbond) * log_sum
    entropy = 0.5 * da * np.log(both) + a * scale * dscale / both + 5.0 / 3.0 * db * t**0.6
    return energy, entropy + dbond * log_sum + dlimit * (np.log(t) - log_sum)
