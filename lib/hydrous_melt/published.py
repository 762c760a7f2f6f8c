"""Published water depressions of the olivine liquidus, and a published olivine-melt thermometer, for comparison.

`DEPRESSIONS` says of each curve how its numbers were checked: "abstract" (read in the public abstract of the paper),
"implementations" (two public implementations agree), or "not verified" (from memory; drawn with that note, tested only for
sanity).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .components import at, cation_fractions, hydrous_wt


@dataclass(frozen=True)
class Depression:
    """A published curve of the depression of the olivine liquidus by water.

    Parameters
    ----------
    name : str
        Short citation.
    formula : callable
        H2O in wt% -> depression in K.
    limits : tuple of float
        Range of H2O (wt%) in which it is drawn.
    checked : str
        "abstract", "implementations" or "not verified".
    citation : str
        Publication, and where the numbers were read.
    """

    name: str
    formula: Callable
    limits: tuple[float, float]
    checked: str
    citation: str


def _almeev(h2o_wt):
    return 39.69 * np.asarray(h2o_wt, float) ** 0.73


def _medard(h2o_wt):
    w = np.asarray(h2o_wt, float)
    return 40.4 * w - 2.97 * w**2 + 0.0761 * w**3


def _falloon(h2o_wt):
    return 74.403 * np.asarray(h2o_wt, float) ** 0.352


DEPRESSIONS = {
    "Almeev et al. 2007": Depression(
        "Almeev et al. 2007",
        _almeev,
        (0.0, 4.2),
        "abstract",
        "Almeev, R.R., Holtz, F., Koepke, J., Parat, F. and Botcharnikov, R.E. 2007. American Mineralogist 92, 670-674, "
        "abstract; basaltic melts (MORB), 200 MPa, up to 4.2 wt% H2O",
    ),
    "Médard & Grove 2008": Depression(
        "Médard & Grove 2008",
        _medard,
        (0.0, 8.0),
        "not verified",
        "Médard, E. and Grove, T.L. 2008. Contributions to Mineralogy and Petrology 155, 417-432; coefficients from memory",
    ),
    "Falloon & Danyushevsky 2000": Depression(
        "Falloon & Danyushevsky 2000",
        _falloon,
        (0.0, 3.0),
        "not verified",
        "Falloon, T.J. and Danyushevsky, L.V. 2000. Journal of Petrology 41, 257-283; coefficients quoted from memory",
    ),
}
#: A tholeiitic basalt in round numbers (wt%, anhydrous; no measured rock), whose liquidus is drawn.
BASALT = {"SiO2": 50.0, "TiO2": 1.0, "Al2O3": 16.0, "FeO": 9.0, "MnO": 0.15, "MgO": 8.5, "CaO": 12.0, "Na2O": 2.5}
BASALT |= {"K2O": 0.2, "P2O5": 0.1}


def basalt_wt(h2o_wt=0.0, **changes) -> np.ndarray:
    """Hydrous composition of `BASALT`.

    Parameters
    ----------
    h2o_wt : float or array
        Water, mass %.
    **changes : float
        Anhydrous mass % of oxides that replace those of the basalt.

    Returns
    -------
    array, shape (..., 11)
        Mass % of `components.OXIDES`.
    """
    unknown = [name for name in changes if name not in BASALT]
    if unknown:
        raise ValueError(f"unknown oxide {', '.join(unknown)}; there are {', '.join(BASALT)}")
    return hydrous_wt(list((BASALT | changes).values()), h2o_wt)


def putirka2008_eq22(wt, pressure_gpa, partition) -> np.ndarray:
    """Temperature of olivine-melt pairs by the thermometer of Putirka et al. (2007), eq. 22 of Putirka (2008).

    Parameters
    ----------
    wt : array-like, shape (n, 11)
        Mass % of the hydrous melt, all iron as FeO.
    pressure_gpa : array-like, shape (n,)
        Pressure in GPa.
    partition : array-like, shape (n,)
        Cation ratio of Mg in olivine (cations sum to one, so two thirds of X_Fo) to Mg in the melt (anhydrous).

    Returns
    -------
    array, shape (n,)
        Temperature in K; its stated error is 29 K for hydrous melts.

    References
    ----------
    Putirka, K.D. 2008. Reviews in Mineralogy and Geochemistry 69, 61-120, eq. 22; coefficients as in public implementations
    (Thermobar, MagmaPandas).  NF is 7/2 ln(1 - X_AlO1.5) + 7 ln(1 - X_TiO2).
    """
    wt, p = np.asarray(wt, float), np.asarray(pressure_gpa, float)
    c = cation_fractions(wt)
    network = sum(c[..., at(name)] for name in ("MgO", "FeO", "CaO", "MnO"))
    nf = 3.5 * np.log(1 - c[..., at("Al2O3")]) + 7 * np.log(1 - c[..., at("TiO2")])
    below = 8.048 + 2.8352 * np.log(partition) + 2.097 * np.log(1.5 * network) + 2.575 * np.log(3 * c[..., at("SiO2")])
    below = below - 1.41 * nf + 0.222 * wt[..., at("H2O")] + 0.5 * p
    return (15294.6 + 1318.8 * p + 2.4834 * p**2) / below + 273.15


def putirka_partition(fo, wt) -> np.ndarray:
    """Cation ratio of Mg between olivine and melt, as `putirka2008_eq22` takes it.

    Parameters
    ----------
    fo : array, shape (n,)
        Mg/(Mg + Fe) of the olivine.
    wt : array, shape (n, 11)
        Mass % of `components.OXIDES` of the melt.

    Returns
    -------
    array, shape (n,)
    """
    return 2 / 3 * np.asarray(fo, float) / cation_fractions(wt)[..., at("MgO")]
