"""Lattice strain of a crystal site, and the numbers of the field that the artificial monazites are made from.

Each constant carries its source.  Those marked "chosen here" are round numbers without a publication of their own: they make
patterns of the kind that natural monazite shows, and nothing is concluded from them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

AVOGADRO = 6.02214076e23  # 1/mol
GAS_CONSTANT = 8.314462618  # J/(mol K)
#: One GPa cubic angstrom in joules.
_GPA_A3 = 1e-21

REE = ("La", "Ce", "Pr", "Nd", "Sm", "Eu", "Gd", "Tb", "Dy", "Ho", "Er", "Tm", "Yb", "Lu")
#: The features of the case: 14 rare earth elements, thorium, uranium.
ELEMENTS = (*REE, "Th", "U")

#: Ionic radii in angstrom of trivalent ions in nine-fold coordination, the site of monazite: Shannon (1976) table 1.
RADII_IX = dict(
    zip(
        (*REE, "Y"),
        (1.216, 1.196, 1.179, 1.163, 1.132, 1.120, 1.107, 1.095, 1.083, 1.072, 1.062, 1.052, 1.042, 1.032, 1.075),
        strict=True,
    )
)
#: The same in eight-fold coordination, the X site of garnet: Shannon (1976) table 1.
RADII_VIII = dict(
    zip(
        (*REE, "Y"),
        (1.160, 1.143, 1.126, 1.109, 1.079, 1.066, 1.053, 1.040, 1.027, 1.015, 1.004, 0.994, 0.985, 0.977, 1.019),
        strict=True,
    )
)
#: CI chondrite in ppm: McDonough and Sun (1995) table 1.
CHONDRITE = dict(
    zip(
        (*REE, "Y"),
        (0.237, 0.613, 0.0928, 0.457, 0.148, 0.0563, 0.199, 0.0361, 0.246, 0.0546, 0.160, 0.0247, 0.161, 0.0246, 1.57),
        strict=True,
    )
)
#: Upper continental crust in ppm, the starting rock: Rudnick and Gao (2003) table 3.
UPPER_CRUST = dict(
    zip(
        (*REE, "Y"),
        (31.0, 63.0, 7.1, 27.0, 4.7, 1.0, 4.0, 0.7, 3.9, 0.83, 2.3, 0.30, 2.0, 0.31, 21.0),
        strict=True,
    )
)
#: Standard atomic weights, abridged (IUPAC).
ATOMIC_MASS = dict(
    zip(
        (*REE, "Y"),
        (
            138.91,
            140.12,
            140.91,
            144.24,
            150.36,
            151.96,
            157.25,
            158.93,
            162.50,
            164.93,
            167.26,
            168.93,
            173.05,
            174.97,
            88.906,
        ),
        strict=True,
    )
) | {"Th": 232.04, "U": 238.03, "Ca": 40.078, "P": 30.974, "Si": 28.085, "O": 15.999}


@dataclass(frozen=True)
class Site:
    """A crystal site as lattice strain sees it.

    Parameters
    ----------
    name : str
        Mineral and site.
    r0 : float
        Radius of the ion that fits without strain, in angstrom.
    modulus : float
        Effective Young's modulus of the site for trivalent ions, in GPa.
    d0 : float
        Partition coefficient of the unstrained ion.
    source : str
        Where the three numbers come from.
    """

    name: str
    r0: float
    modulus: float
    d0: float
    source: str


#: Only the shape counts, for the site is always full: hence d0 = 1.
MONAZITE_SITE = Site(
    "monazite, nine-fold site", 1.18, 330.0, 1.0,
    "chosen here: largest near La to Nd, light over heavy by one to two orders of magnitude",
)  # fmt: skip
GARNET_SITE = Site(
    "garnet, X site", 0.93, 450.0, 60.0,
    "chosen here, of the size found for garnet and melt (van Westrenen and Draper 2007): Lu far above 1, Sm near 1, La near 0",
)  # fmt: skip


def lattice_strain(radius, r0, modulus, temperature_k, d0=1.0) -> np.ndarray:
    """Partition coefficients of ions of one charge by the elastic strain that they cause in a site.

    Parameters
    ----------
    radius : array_like
        Ionic radii in angstrom, above 0.
    r0 : float
        Radius that fits without strain, in angstrom, above 0.
    modulus : float
        Effective Young's modulus in GPa, 0 or more.
    temperature_k : array_like
        Temperature in K, above 0; broadcast against `radius`.
    d0 : float
        Partition coefficient at `r0`, above 0.

    Returns
    -------
    array
        Partition coefficients, largest (`d0`) where the radius is `r0`.

    Raises
    ------
    ValueError
        When a radius, `r0`, `d0` or a temperature is not above zero, or `modulus` is negative.

    References
    ----------
    Brice, J.C. 1975. Some thermodynamic aspects of the growth of strained crystals. Journal of Crystal Growth 28, 249-253.
    Blundy, J. and Wood, B. 1994. Prediction of crystal-melt partition coefficients from elastic moduli. Nature 372, 452-454,
    equation 3.
    """
    radius, temperature_k = np.asarray(radius, float), np.asarray(temperature_k, float)
    for name, value in (("radius", radius), ("r0", r0), ("temperature_k", temperature_k), ("d0", d0)):
        if not np.all(np.asarray(value) > 0):
            raise ValueError(f"{name} = {value} must be above zero (radii in angstrom, temperature in K)")
    if modulus < 0:
        raise ValueError(f"modulus = {modulus} must not be negative (Young's modulus of the site in GPa)")
    misfit = radius - r0
    volume = r0 / 2 * misfit**2 + misfit**3 / 3
    return d0 * np.exp(-4 * np.pi * modulus * AVOGADRO * _GPA_A3 * volume / (GAS_CONSTANT * temperature_k))


def site_coefficients(site, radii, temperature_k) -> np.ndarray:
    """Partition coefficients of several elements at several temperatures.

    Parameters
    ----------
    site : Site
        The crystal site.
    radii : dict of str to float
        Element -> ionic radius in angstrom.
    temperature_k : array_like, shape (n,)
        Temperatures in K.

    Returns
    -------
    array, shape (n, n_elements)
        In the order of `radii`.
    """
    t = np.atleast_1d(np.asarray(temperature_k, float))[:, None]
    return lattice_strain(np.array(list(radii.values())), site.r0, site.modulus, t, site.d0)
