"""Terms that may stand in the equation of the melt: temperature, pressure, oxides, their powers, roots and products."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass

import numpy as np

from .components import OXIDES

#: Variables that terms are made of: T in K, P in GPa, mole fractions of the oxides on a hydrous basis.
VARIABLES = ("T", "P", *OXIDES)
#: The dictionary of the case: 16 terms, 65,536 equations.
TERMS = (
    *("T", "P", "SiO2", "TiO2", "Al2O3", "FeO", "MgO", "CaO", "Na2O", "K2O"),
    *("H2O", "H2O^2", "sqrtH2O", "SiO2^2", "MgO^2", "SiO2*H2O"),
)
#: A smaller one (4,096 equations), for the many searches on artificial data.
SHORT_TERMS = ("T", "P", "SiO2", "Al2O3", "FeO", "MgO", "CaO", "Na2O", "H2O", "H2O^2", "sqrtH2O", "SiO2*H2O")
_FACTOR = re.compile(r"(sqrt|ln)?([A-Z][A-Za-z0-9]*)(?:\^([2-4]))?")


@dataclass(frozen=True)
class Factor:
    """One factor of a term: a variable, with a power, or under a root."""

    variable: str
    power: float


def parse(term: str) -> tuple[Factor, ...]:
    """Take a term apart.

    Parameters
    ----------
    term : str
        Factors joined by ``*``: a variable of `VARIABLES`, ``MgO^2`` up to the fourth power, or ``sqrtH2O``.

    Returns
    -------
    tuple of Factor

    Raises
    ------
    ValueError
        A factor that is not known, with the nearest known variable.
    """
    out = []
    for text in str(term).replace(" ", "").split("*"):
        found = _FACTOR.fullmatch(text)
        if found and found[1] == "ln":
            raise ValueError(f"term {term!r}: a logarithm has no value for a dry melt; write sqrt{found[2]} or {found[2]}")
        if not found or found[2] not in VARIABLES or (found[1] and found[3]):
            near = difflib.get_close_matches(found[2] if found else text, VARIABLES, n=1, cutoff=0.5)
            hint = f"; is {near[0]} meant?" if near else ""
            raise ValueError(
                f"term {term!r}: {text!r} is not known{hint} A term is a product (*) of variables, powers (H2O^2) and roots "
                f"(sqrtH2O) of {', '.join(VARIABLES)}"
            )
        out.append(Factor(found[2], 0.5 if found[1] else float(found[3] or 1)))
    return tuple(out)


def design(temperature_k, pressure_gpa, x, terms=TERMS) -> np.ndarray:
    """Values of the terms.

    Parameters
    ----------
    temperature_k, pressure_gpa : array-like, shape (n,)
        Temperature in K, pressure in GPa.
    x : array-like, shape (n, 11)
        Mole fractions of `lib.hydrous_melt.components.OXIDES`.
    terms : sequence of str
        See `parse`.

    Returns
    -------
    array, shape (n, p)
        One column a term, without an intercept.
    """
    x = np.asarray(x, float)
    values = dict(zip(OXIDES, x.T, strict=True)) | {
        "T": np.asarray(temperature_k, float),
        "P": np.asarray(pressure_gpa, float),
    }
    columns = [np.prod([np.broadcast_to(values[f.variable], len(x)) ** f.power for f in parse(t)], axis=0) for t in terms]
    return np.column_stack(columns) if columns else np.empty((len(x), 0))


def water_terms(terms) -> tuple[str, ...]:
    """Those of the terms that hold water.

    Parameters
    ----------
    terms : sequence of str
        Names of terms.

    Returns
    -------
    tuple of str
    """
    return tuple(term for term in terms if any(f.variable == "H2O" for f in parse(term)))


def temperature_power(term: str) -> float:
    """Power of T in a term: 0, 1 or higher."""
    return sum(f.power for f in parse(term) if f.variable == "T")


def hierarchy(terms) -> dict[str, tuple[str, ...]]:
    """Which terms each term builds on: a power on its variable, a product on its factors.

    Parameters
    ----------
    terms : sequence of str
        Dictionary of terms; only those that are in it can be required.

    Returns
    -------
    dict of str to tuple of str
        For `lib.subset_search.Constraints(requires=...)`; terms that build on nothing are left out.
    """
    out = {}
    for term in terms:
        factors = parse(term)
        simple = len(factors) == 1 and factors[0].power in (1.0, 0.5)
        needs = () if simple else tuple(dict.fromkeys(f.variable for f in factors if f.variable in terms))
        if needs:
            out[term] = needs
    return out
