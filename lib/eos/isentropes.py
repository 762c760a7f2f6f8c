"""Birch-Murnaghan compression curves of third and fourth order: pressure, bulk modulus, energy, density."""

from __future__ import annotations

import dataclasses
import math

import numpy as np

from .vinet_thermal import GPA

_STEPS = 100


@dataclasses.dataclass(frozen=True)
class BirchMurnaghan:
    """Compression along one isotherm or isentrope, in powers of X = (rho/rho0)^(1/3).

    Parameters
    ----------
    rho0 : float
        Density at zero pressure, kg/m3, > 0.
    k0_gpa : float
        Bulk modulus there, GPa, > 0.
    k0_prime : float
        Its pressure derivative.
    k0_second : float, optional
        Its second pressure derivative, 1/GPa; None: third order, K'' follows from K'.

    Raises
    ------
    ValueError
        If the density or the bulk modulus is not above 0.

    References
    ----------
    Birch, F. 1947, Phys. Rev. 71, 809; P = 3/2 K0 (X^7 - X^5) [1 + xi1 - xi1 X^2 + xi2 (X^2 - 1)^2], after eqs 17-20 of
    Anderson, W.W. & Ahrens, T.J. 1994, J. Geophys. Res. 99, 4273.
    """

    rho0: float
    k0_gpa: float
    k0_prime: float
    k0_second: float | None = None

    def __post_init__(self):
        for field in ("rho0", "k0_gpa"):
            if not (math.isfinite(getattr(self, field)) and getattr(self, field) > 0):
                raise ValueError(f"{field} = {getattr(self, field)} must be a number above 0")

    @property
    def _powers(self):
        """Coefficients of 1, X^2 and X^4 in the bracket of the pressure."""
        xi1, xi2 = 0.75 * (4.0 - self.k0_prime), 0.0
        if self.k0_second is not None:
            xi2 = 0.375 * (self.k0_gpa * self.k0_second + self.k0_prime * (self.k0_prime - 7.0)) + 143.0 / 24.0
        return 1.0 + xi1 + xi2, -xi1 - 2.0 * xi2, xi2

    def strain(self, rho):
        """Return X = (rho/rho0)^(1/3), array, of densities in kg/m3, > 0."""
        return (np.asarray(rho) / self.rho0) ** (1.0 / 3.0)

    def pressure_gpa(self, rho):
        """Return the pressure, GPa, at densities in kg/m3, > 0."""
        x = self.strain(rho)
        c0, c1, c2 = self._powers
        return 1.5 * self.k0_gpa * x**5 * (x * x - 1.0) * (c0 + x * x * (c1 + x * x * c2))

    def bulk_modulus_gpa(self, rho):
        """Return rho dP/drho, GPa, at densities in kg/m3, > 0."""
        x = self.strain(rho)
        c0, c1, c2 = self._powers
        terms = {5: -c0, 7: c0 - c1, 9: c1 - c2, 11: c2}  # of P: powers of X
        return 0.5 * self.k0_gpa * sum(power * c * x**power for power, c in terms.items())

    def energy_terms(self):
        """Return the coefficients of the energy in powers of X, J/kg: {power: coefficient}, zero in sum."""
        c0, c1, c2 = self._powers
        scale = 4.5 * self.k0_gpa * GPA / self.rho0
        terms = {2: -c0 / 2.0, 4: (c0 - c1) / 4.0, 6: (c1 - c2) / 6.0, 8: c2 / 8.0}
        return {0: -scale * sum(terms.values())} | {power: scale * c for power, c in terms.items()}

    def energy(self, rho):
        """Return the work of compression from zero pressure, J/kg, at densities in kg/m3, > 0."""
        x = self.strain(rho)
        return sum(c * x**power for power, c in self.energy_terms().items())

    def density(self, pressure_gpa):
        """Return the density at pressures in GPa, kg/m3; nan where there is none between 0.5 and 4 rho0.

        Parameters
        ----------
        pressure_gpa : array_like
            GPa.

        Returns
        -------
        array
        """
        return invert_density(lambda rho: (self.pressure_gpa(rho), self.bulk_modulus_gpa(rho)), pressure_gpa, self.rho0)


def invert_density(curve, pressure_gpa, rho0):
    """Return densities at given pressures: Newton steps in ln rho, kept within a bracket.

    Parameters
    ----------
    curve : callable
        Densities, array (n,) -> pressures and bulk moduli, GPa, arrays (n,).
    pressure_gpa : array_like
        GPa, any shape.
    rho0 : float
        kg/m3; the bracket is 0.5 to 4 times this.

    Returns
    -------
    array
        kg/m3; nan where no stable density (bulk modulus > 0) has the pressure.
    """
    target = np.asarray(pressure_gpa, float)
    low = np.full(target.size, math.log(0.5 * rho0))
    high = np.full(target.size, math.log(4.0 * rho0))
    here, wanted = np.full(target.size, math.log(1.3 * rho0)), target.ravel()
    settled = np.zeros(target.size, bool)
    for _ in range(_STEPS):
        found, modulus = curve(np.exp(here))
        stable = modulus > 0
        below = ~stable | (found < wanted)  # where it is not stable the liquid must be denser
        low, high = np.where(below, here, low), np.where(below, high, here)
        after = here + np.where(stable, (wanted - found) / np.where(stable, modulus, 1.0), np.inf)
        inside = (after >= low) & (after <= high)
        after = np.where(inside, after, 0.5 * (low + high))
        settled |= inside & (np.abs(after - here) < 1e-8)  # the step after this one would be its square
        here = np.where(np.isfinite(after), after, here)
        if settled.all():
            break
    return np.where(settled, np.exp(here), np.nan).reshape(target.shape)
