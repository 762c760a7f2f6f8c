"""Forward model of one monazite: from crust through feldspar, garnet and earlier monazite to a full crystal site."""

from __future__ import annotations

import numpy as np

from .lattice import (
    ATOMIC_MASS,
    CHONDRITE,
    ELEMENTS,
    GARNET_SITE,
    MONAZITE_SITE,
    RADII_IX,
    RADII_VIII,
    REE,
    UPPER_CRUST,
    site_coefficients,
)

#: What `monazite_contents` takes, with unit and meaning; all are arrays over the grains.
INPUTS = {
    "temperature_k": "K; at which monazite grew",
    "feldspar": "1; fraction of the melt (or of its equivalent in the rock) that crystallised as feldspar before",
    "garnet": "1; mass fraction of garnet that shares the rare earths with the rest of the rock",
    "light": "1; light rare earths taken away before by earlier monazite or allanite, in e-folds of the best-fitting ion",
    "thorium": "1; Th and U together, in cations per four oxygens",
    "uranium": "1; U over Th by mass",
    "huttonite": "1; share of Th and U that came in with Si (huttonite); the rest came with Ca (cheralite)",
}
#: How much more feldspar takes of Eu than of its neighbours: chosen here, of the size found in felsic rocks.
EU_PREFERENCE = 3.0
_TRIVALENT = (*REE, "Y")


def monazite_contents(temperature_k, feldspar, garnet, light, thorium, uranium, huttonite) -> np.ndarray:
    r"""Contents of 16 elements in monazite.

    Parameters
    ----------
    temperature_k : array_like, shape (n,)
        Temperature of growth in K, above 0.
    feldspar : array_like, shape (n,)
        Crystallised as feldspar before, 0 to below 1.
    garnet : array_like, shape (n,)
        Mass fraction of garnet in the rock, 0-1.
    light : array_like, shape (n,)
        Light rare earths removed before, in e-folds; 0 for none.
    thorium : array_like, shape (n,)
        Th + U in cations per four oxygens, 0 to 0.5.
    uranium : array_like, shape (n,)
        U/Th by mass, 0 or more.
    huttonite : array_like, shape (n,)
        Share of Th and U that came in as huttonite, 0-1.

    Returns
    -------
    array, shape (n, 16)
        ppm, in the order of `ELEMENTS`.

    Raises
    ------
    ValueError
        When an input is outside its range.

    Notes
    -----
    1. The starting rock is upper crust, its Eu set to :math:`Eu^*(1-f)^{\Delta D}` times the crust's own anomaly, with
       :math:`Eu^*` the geometric mean of Sm and Gd after normalisation to chondrite and f the feldspar.
    2. Garnet in equilibrium leaves :math:`c/(1+g(D-1))` in the rest of the rock; D by lattice strain.
    3. Earlier light phases leave :math:`c\,e^{-mD}` with D of the monazite site.
    4. Monazite takes the rest in proportion to c D(T).  Its site is full: REE + Y + Th + U + Ca = 1 for four oxygens, with
       Th + Si for REE + P (huttonite) or Th + Ca for 2 REE (cheralite), and from that come the contents by mass.

    References
    ----------
    Onuma, N., Higuchi, H., Wakita, H. and Nagasawa, H. 1968. Trace element partition between two pyroxenes and the host lava.
    Earth and Planetary Science Letters 5, 47-51 (the parabola).
    Blundy, J. and Wood, B. 1994. Nature 372, 452-454, equation 3 (lattice strain).
    McDonough, W.F. and Sun, S.-s. 1995. The composition of the Earth. Chemical Geology 120, 223-253.
    Rudnick, R.L. and Gao, S. 2003. Composition of the continental crust. Treatise on Geochemistry 3, 1-64.
    Shannon, R.D. 1976. Revised effective ionic radii. Acta Crystallographica A32, 751-767.
    van Westrenen, W. and Draper, D.S. 2007. Contributions to Mineralogy and Petrology 154, 717-730.
    """
    given = (temperature_k, feldspar, garnet, light, thorium, uranium, huttonite)
    given = np.broadcast_arrays(*(np.atleast_1d(np.asarray(value, float)) for value in given))
    _check(dict(zip(INPUTS, given, strict=True)))
    t, f, g, m, x4, u_th, si = (value[:, None] for value in given)
    rock = np.array([UPPER_CRUST[e] / ATOMIC_MASS[e] for e in _TRIVALENT])
    rock = np.repeat(rock[None, :], len(t), axis=0)
    eu = _TRIVALENT.index("Eu")
    rock[:, eu] *= (1 - f[:, 0]) ** EU_PREFERENCE
    rock /= 1 + g * (site_coefficients(GARNET_SITE, RADII_VIII, t[:, 0]) - 1)
    d = site_coefficients(MONAZITE_SITE, RADII_IX, t[:, 0])
    trivalent = rock * np.exp(-m * d) * d
    trivalent *= (1 - x4 * (2 - si)) / trivalent.sum(axis=1, keepdims=True)
    uranium_moles = u_th / ATOMIC_MASS["U"]
    u = x4 * uranium_moles / (uranium_moles + 1 / ATOMIC_MASS["Th"])
    th, ca, p = x4 - u, (1 - si) * x4, 1 - si * x4
    moles = np.hstack([trivalent, th, u])
    masses = np.array([ATOMIC_MASS[e] for e in (*_TRIVALENT, "Th", "U")])
    formula = moles @ masses + (ca * ATOMIC_MASS["Ca"] + p * ATOMIC_MASS["P"] + si * x4 * ATOMIC_MASS["Si"])[:, 0]
    ppm = 1e6 * moles * masses / (formula + 4 * ATOMIC_MASS["O"])[:, None]
    return np.delete(ppm, _TRIVALENT.index("Y"), axis=1)


def _check(given):
    """Refuse inputs outside their range, naming the first."""
    ranges = {"temperature_k": (1, 5000), "feldspar": (0, 0.999), "garnet": (0, 1), "light": (0, 50)}
    ranges |= {"thorium": (0, 0.5), "uranium": (0, 1000), "huttonite": (0, 1)}
    for name, (low, high) in ranges.items():
        bad = ~((given[name] >= low) & (given[name] <= high))
        if bad.any():
            raise ValueError(f"{name} = {given[name][bad][0]:g} is outside {low} to {high} ({INPUTS[name]})")


def anomaly(ppm, element="Eu", left="Sm", right="Gd") -> np.ndarray:
    """Anomaly of an element against the geometric mean of its neighbours, all normalised to chondrite.

    Parameters
    ----------
    ppm : array, shape (n, 16)
        Contents in the order of `ELEMENTS`.
    element, left, right : str
        Rare earth elements; default Eu/Eu*.

    Returns
    -------
    array, shape (n,)
        1 for no anomaly.
    """
    ppm = np.atleast_2d(ppm)
    e, a, b = (ppm[:, ELEMENTS.index(name)] / CHONDRITE[name] for name in (element, left, right))
    return e / np.sqrt(a * b)
