"""Thermal Vinet equation of state of liquid iron: the family of Ichikawa, Kuwayama and Matsumura, in the field's units."""

from __future__ import annotations

import dataclasses
import math
from typing import NamedTuple

import numpy as np

from . import eos_kernels as kernels

GPA = 1e9
MOLAR_MASS_IRON = 55.845e-3  # kg/mol
FORMS = {"kuwayama": kernels.KUWAYAMA, "consistent": kernels.CONSISTENT}


class Adiabat(NamedTuple):
    """States along an adiabat.

    Parameters
    ----------
    pressure_gpa, density, temperature_k, sound_speed : array, shape (n,)
        GPa, kg/m3, K, m/s.
    """

    pressure_gpa: np.ndarray
    density: np.ndarray
    temperature_k: np.ndarray
    sound_speed: np.ndarray


@dataclasses.dataclass(frozen=True)
class VinetThermal:
    """A Vinet isotherm with a vibrational and an electronic thermal pressure.

    Methods broadcast arrays; densities are in kg/m3, temperatures in K, pressures and moduli in GPa, speeds in m/s.

    Parameters
    ----------
    rho0 : float
        Density at zero pressure and ``t0_k``, kg/m3, > 0.
    k0_gpa : float
        Isothermal bulk modulus there, GPa, > 0.
    k0_prime : float
        Its pressure derivative there.
    gamma0 : float
        Grueneisen parameter there.
    b : float
        Exponent of gamma = gamma0 [1 + a (x^b - 1)], x = rho0/rho.
    e0 : float
        Electronic heat capacity over the vibrational one, per 2 K, 1/K, >= 0; 0: no electronic term.
    g : float
        Exponent of its growth with volume, e0 x^g.  In the consistent form it is the electronic Grueneisen parameter, > 0 in
        a metal.
    t0_k : float
        Reference temperature, K, > 0.
    a : float, optional
        1, or the constant of Ichikawa's gamma.
    form : {"kuwayama", "consistent"}, optional
        As printed, or with one entropy (see `lib.eos.eos_kernels`).
    molar_mass : float, optional
        kg/mol, of one atom.
    name : str, optional
        For figures.

    Raises
    ------
    ValueError
        If a parameter is not finite or out of its range; the message names it.

    References
    ----------
    After Kuwayama, Y. et al. 2020, Phys. Rev. Lett. 124, 165701; Ichikawa, H., Tsuchiya, T. & Tange, Y. 2014, J. Geophys. Res.
    Solid Earth 119, 240.
    """

    rho0: float
    k0_gpa: float
    k0_prime: float
    gamma0: float
    b: float
    e0: float
    g: float
    t0_k: float
    a: float = 1.0
    form: str = "kuwayama"
    molar_mass: float = MOLAR_MASS_IRON
    name: str = ""

    def __post_init__(self):
        if self.form not in FORMS:
            raise ValueError(f"form = {self.form!r} is not known; use one of {', '.join(map(repr, FORMS))}")
        for field in ("rho0", "k0_gpa", "k0_prime", "gamma0", "b", "e0", "g", "t0_k", "a", "molar_mass"):
            if not math.isfinite(getattr(self, field)):
                raise ValueError(f"{field} = {getattr(self, field)} is not finite; give a number")
        for field in ("rho0", "k0_gpa", "t0_k", "molar_mass"):
            if getattr(self, field) <= 0:
                raise ValueError(f"{field} = {getattr(self, field):g} must be above 0")
        if self.e0 < 0:
            raise ValueError(f"e0 = {self.e0:g} 1/K is a negative electronic heat capacity; use 0 for none")

    @property
    def vector(self):
        """Parameters in the order and units of the kernels, array, shape (10,)."""
        return np.array(
            [
                self.rho0,
                self.k0_gpa * GPA,
                self.k0_prime,
                self.gamma0,
                self.b,
                self.e0,
                self.g,
                self.t0_k,
                self.a,
                self.molar_mass,
            ]
        )

    @property
    def form_code(self):
        """Integer of the form, for the kernels."""
        return FORMS[self.form]

    def replace(self, **changes):
        """Return a copy with other parameters."""
        return dataclasses.replace(self, **changes)

    def _states(self, rho, temperature):
        """Shape of the result and the columns of `kernels.states`."""
        rho, temperature = _positive("density", rho, "kg/m3"), _positive("temperature", temperature, "K")
        rho, temperature = np.broadcast_arrays(rho, temperature)
        found = kernels.states(rho.ravel(), temperature.ravel(), self.vector, self.form_code)
        return found.T.reshape(5, *rho.shape), rho, temperature

    def pressure_gpa(self, rho, temperature):
        """Return the pressure, GPa.

        Parameters
        ----------
        rho, temperature : array_like
            kg/m3 and K, > 0, broadcast against each other.

        Returns
        -------
        array

        Raises
        ------
        ValueError
            If a density or temperature is not above 0.
        """
        return self._states(rho, temperature)[0][0] / GPA

    def bulk_modulus_gpa(self, rho, temperature):
        """Return the isothermal bulk modulus K_T, GPa; arguments as in `pressure_gpa`."""
        return self._states(rho, temperature)[0][1] / GPA

    def adiabatic_bulk_modulus_gpa(self, rho, temperature):
        """Return K_S = K_T + alpha K_T gamma T, GPa; arguments as in `pressure_gpa`."""
        (_, modulus, alpha_k, gamma, _), _, temperature = self._states(rho, temperature)
        return (modulus + alpha_k * gamma * temperature) / GPA

    def sound_speed(self, rho, temperature):
        """Return sqrt(K_S/rho), m/s, nan where the liquid is not stable (K_S < 0); arguments as in `pressure_gpa`."""
        modulus = self.adiabatic_bulk_modulus_gpa(rho, temperature) * GPA
        return np.sqrt(np.where(modulus >= 0, modulus, np.nan) / np.asarray(rho, float))

    def grueneisen(self, rho, temperature):
        """Return gamma = V alpha K_T/C_V (of both terms together); arguments as in `pressure_gpa`."""
        return self._states(rho, temperature)[0][3]

    def expansivity(self, rho, temperature):
        """Return the thermal expansivity alpha, 1/K; arguments as in `pressure_gpa`."""
        (_, modulus, alpha_k, _, _), _, _ = self._states(rho, temperature)
        return alpha_k / modulus

    def heat_capacity(self, rho, temperature):
        """Return the isochoric heat capacity C_V, J/kg/K; arguments as in `pressure_gpa`."""
        return self._states(rho, temperature)[0][4]

    def energy(self, rho, temperature):
        """Return the internal energy above that at (rho0, t0_k), J/kg, by way of t0_k; arguments as in `pressure_gpa`.

        In the form "kuwayama" another way gives another energy, see `lib.eos.eos_kernels.energy`.
        """
        rho, temperature = np.broadcast_arrays(_positive("density", rho, "kg/m3"), _positive("temperature", temperature, "K"))
        found = kernels.energies(rho.ravel(), temperature.ravel(), self.vector, self.form_code)
        return found.reshape(rho.shape)

    def density(self, pressure_gpa, temperature):
        """Return the density of the stable liquid, kg/m3.

        Parameters
        ----------
        pressure_gpa, temperature : array_like
            GPa, and K > 0, broadcast against each other.

        Returns
        -------
        array
            nan where there is no stable density between 0.3 and 6 rho0.

        Raises
        ------
        ValueError
            If a temperature is not above 0.
        """
        pressure, temperature = np.broadcast_arrays(
            np.asarray(pressure_gpa, float) * GPA, _positive("temperature", temperature, "K")
        )
        found = kernels.densities(pressure.ravel(), temperature.ravel(), self.vector, self.form_code)
        return found.reshape(pressure.shape)

    def adiabat(self, pressure_gpa, temperature_start):
        """Return the states of the adiabat dT/dP = gamma T/K_S that starts at the first pressure.

        The curve is d ln T = gamma d ln rho, which the kernels solve state by state: there is no step size.

        Parameters
        ----------
        pressure_gpa : array_like, shape (n,)
            GPa; the first one is where the temperature is given.
        temperature_start : float
            K, > 0.

        Returns
        -------
        Adiabat
            Of arrays, shape (n,).

        Raises
        ------
        ValueError
            If the temperature is not above 0, or the liquid has no stable density somewhere on the way.
        """
        pressure = np.atleast_1d(np.asarray(pressure_gpa, float))
        start = float(_positive("temperature", temperature_start, "K"))
        found = kernels.adiabats(pressure * GPA, start, self.vector[None], self.form_code)[0].T
        rho, temperature, speed = np.ascontiguousarray(found)
        if not np.all(np.isfinite(rho)):
            where = pressure[np.argmin(np.isfinite(rho))]
            raise ValueError(
                f"adiabat from {pressure[0]:g} GPa and {start:g} K: no stable density at {where:g} GPa between "
                f"{kernels.LOWEST:g} and {kernels.HIGHEST:g} rho0; these parameters do not describe a liquid there: {self}"
            )
        return Adiabat(pressure, rho, temperature, speed)


def _positive(what, values, unit):
    """Array of floats, all above 0 (nan passes)."""
    values = np.asarray(values, float)
    if np.any(values <= 0):
        raise ValueError(f"{what}: {values[values <= 0].flat[0]:g} {unit} is not above 0; give {what} in {unit}")
    return values
