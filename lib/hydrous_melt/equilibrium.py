"""Olivine and melt in equilibrium: the equations of forsterite and fayalite, with free and with consistent excess terms.

For Mg2SiO4 (olivine) = Mg2SiO4 (melt), with a = X_Fo^2 in olivine and X_MgO^2 X_SiO2 gamma in the melt,

    y = T ln( X_Fo^2 / (X_MgO^2 X_SiO2) ) = (dH - T dS + P dV + RT ln gamma) / R        (in K),

which is linear in the coefficients of any terms that stand for the right-hand side.  Free terms need not satisfy the
Gibbs-Duhem equation; the terms of `excess_design` do, because they are derivatives of one molar excess energy.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np

from .components import OXIDES, R, at

#: Moles of oxides that one formula unit of the olivine end members makes.
REACTIONS = {"Fo": {"MgO": 2, "SiO2": 1}, "Fa": {"FeO": 2, "SiO2": 1}}
#: Components between which interactions are sought; the others are too dilute.
MIXING = ("SiO2", "Al2O3", "FeO", "MgO", "CaO", "Na2O", "K2O", "H2O")
#: Kd(Fe-Mg) = (Fe/Mg)olivine / (Fe/Mg)melt of Roeder & Emslie (1970), Contrib. Mineral. Petrol. 29, 275-289.
KD = 0.30

#: Entropy of fusion of the olivine end members at their melting points, J/(mol K): Ghiorso & Sack (1995), Contrib. Mineral.
#: Petrol. 119, 197-212 (forsterite 2163 K, fayalite 1490 K; the first checked in a public MELTS data file, the second from
#: memory).  Calorimetry gives 53 (Navrotsky et al. 1989) to 65 (Richet et al. 1993) for forsterite (both from memory), and it
#: falls on cooling, because the liquid has the larger heat capacity (by 80 J/(mol K)): to about 25 at 1400 K.
FUSION_ENTROPY = {"Fo": 57.2, "Fa": 59.9}


def slope_of(entropy: float) -> float:
    """Coefficient w_T of T in `response` for an entropy of fusion in J/(mol K): -dS/R + ln(27/4).

    The ideal activity of pure Mg2SiO4 melt is (2/3)^2 (1/3) = 4/27, not one: hence the constant.

    Parameters
    ----------
    entropy : float
        Entropy of fusion of forsterite, J/(mol K).

    Returns
    -------
    float
    """
    return -entropy / R + np.log(27 / 4)


def entropy_of(slope: float) -> float:
    """Entropy of fusion (J/(mol K)) that a coefficient w_T implies; the inverse of `slope_of`.

    Parameters
    ----------
    slope : float
        Coefficient of T in `response` (1).

    Returns
    -------
    float
    """
    return R * (np.log(27 / 4) - slope)


def response(temperature_k, fo, x, end_member: str = "Fo") -> np.ndarray:
    """Left-hand side of the equilibrium, T ln(a_olivine / ideal activity in the melt).

    Parameters
    ----------
    temperature_k : array-like, shape (n,)
        Temperature in K.
    fo : array-like, shape (n,)
        Mg/(Mg + Fe) of the olivine, mole fraction 0-1.
    x : array-like, shape (n, 11)
        Mole fractions of the melt, hydrous basis; all iron as FeO unless taken apart before.
    end_member : {"Fo", "Fa"}
        Forsterite or fayalite.

    Returns
    -------
    array, shape (n,)
        In K; times R it is an energy.
    """
    return np.asarray(temperature_k, float) * log_quotient(fo, x, end_member)


def log_quotient(fo, x, end_member: str = "Fo") -> np.ndarray:
    """Logarithm of the activity in olivine over the ideal activity in the melt, shape (n,); see `response`."""
    fo, x = np.asarray(fo, float), np.asarray(x, float)
    share = fo if end_member == "Fo" else 1 - fo
    return 2 * np.log(share) - sum(nu * np.log(x[..., at(name)]) for name, nu in REACTIONS[end_member].items())


def equilibrium_fo(x, kd: float = KD, ferrous=1.0) -> np.ndarray:
    """Forsterite content of the olivine that a melt makes, from the exchange coefficient.

    Parameters
    ----------
    x : array-like, shape (n, 11)
        Mole fractions of the melt, all iron as FeO.
    kd : float
        Kd(Fe-Mg), 0.25-0.4.
    ferrous : float or array-like, shape (n,)
        Share of the iron that is ferrous (0-1); 1 when `kd` is meant for all iron.

    Returns
    -------
    array, shape (n,)
        X_Fo, 0-1.
    """
    x = np.asarray(x, float)
    return 1 / (1 + kd * np.asarray(ferrous, float) * x[..., at("FeO")] / x[..., at("MgO")])


def exchange_kd(fo, x, ferrous=1.0) -> np.ndarray:
    """Measured Kd(Fe-Mg) of pairs of olivine and melt, shape (n,); arguments as in `equilibrium_fo`."""
    fo, x = np.asarray(fo, float), np.asarray(x, float)
    return (1 - fo) / fo * x[..., at("MgO")] / (np.asarray(ferrous, float) * x[..., at("FeO")])


def magnesium_partition(fo, x) -> np.ndarray:
    """Molar distribution coefficient of MgO, X_MgO(olivine)/X_MgO(melt).

    Parameters
    ----------
    fo : array-like, shape (n,)
        Mg/(Mg + Fe) of the olivine.
    x : array-like, shape (n, 11)
        Mole fractions of the melt, hydrous basis.

    Returns
    -------
    array, shape (n,)
        Both on oxide moles: olivine (Mg,Fe)2SiO4 has 2 X_Fo / 3.
    """
    return 2 / 3 * np.asarray(fo, float) / np.asarray(x, float)[..., at("MgO")]


def partition_from_response(y, temperature_k, x) -> np.ndarray:
    """Molar D of MgO that the equation of forsterite implies: X_Fo/X_MgO = sqrt(X_SiO2 exp(y/T)), times 2/3.

    Parameters
    ----------
    y : array-like, shape (n,)
        Right-hand side of the equation, K.
    temperature_k : array-like, shape (n,)
        Temperature in K.
    x : array-like, shape (n, 11)
        Mole fractions of the melt.

    Returns
    -------
    array, shape (n,)
        X_MgO(olivine)/X_MgO(melt).
    """
    quotient = np.exp(np.asarray(y, float) / np.asarray(temperature_k, float))
    return 2 / 3 * np.sqrt(np.asarray(x, float)[..., at("SiO2")] * quotient)


def pair_names(components=MIXING) -> tuple[str, ...]:
    """Names of the interactions, such as ``W(SiO2,H2O)``, in the order of `excess_design`.

    Parameters
    ----------
    components : sequence of str
        Components that interact.

    Returns
    -------
    tuple of str
    """
    return tuple(f"W({a},{b})" for a, b in combinations(components, 2))


def excess_design(x, end_member: str = "Fo", components=MIXING) -> np.ndarray:
    """Columns of a Gibbs-Duhem-consistent excess energy in the equation of an end member.

    The molar excess energy of the melt is sum_{j<k} W_jk X_j X_k.  Then ln gamma of component i (times RT) is
    sum_k W_ik X_k - sum_{j<k} W_jk X_j X_k with W_ii = 0, and that of Mg2SiO4 is twice MgO plus SiO2.  The coefficient of each
    W_jk is its column here; one set of W serves forsterite and fayalite.

    Parameters
    ----------
    x : array-like, shape (n, 11)
        Mole fractions of the melt.
    end_member : {"Fo", "Fa"}
        Which equation.
    components : sequence of str
        Components that interact.

    Returns
    -------
    array, shape (n, n_pairs)
        W in K gives y in K.
    """
    x, nu = np.asarray(x, float), REACTIONS[end_member]
    total = sum(nu.values())
    columns = []
    for a, b in combinations(components, 2):
        xa, xb = x[..., at(a)], x[..., at(b)]
        columns.append(nu.get(a, 0) * xb + nu.get(b, 0) * xa - total * xa * xb)
    return np.stack(columns, axis=-1)


def excess_energy(x, w, components=MIXING) -> np.ndarray:
    """Molar excess energy sum_{j<k} W_jk X_j X_k, in the unit of `w`, shape (n,); `w` in the order of `pair_names`."""
    x = np.asarray(x, float)
    pairs = combinations([OXIDES.index(name) for name in components], 2)
    return sum(wi * x[..., j] * x[..., k] for wi, (j, k) in zip(w, pairs, strict=True))
