"""Published parameters of the thermal Vinet equation of state, with what of them was checked."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from lib import tables

from .vinet_thermal import VinetThermal

CASE = "06_outer_core_eos"


@dataclass(frozen=True)
class ParameterSet:
    """A published equation of state.

    Parameters
    ----------
    eos : VinetThermal
        Its parameters, in the form as printed.
    reference : str
        Short citation.
    checked : {"abstract", "code"}
        "abstract": it reproduces numbers of the publication's abstract; "code": read in a public implementation only.
    remark : str
        What to know.
    """

    eos: VinetThermal
    reference: str
    checked: str
    remark: str


@cache
def published_sets() -> dict:
    """Return the published parameter sets of ``data/06_outer_core_eos/parameter_sets.csv``.

    Returns
    -------
    dict of str to ParameterSet
        "kuwayama2020", "matsumura2021" (its reference temperature is not certain: see the remark), "ichikawa2014",
        "ichikawa_tsuchiya2020".
    """
    frame = tables.read(tables.Source.embedded(CASE, "parameter_sets")).frame
    return {row["name"]: _set(row) for row in frame.to_dict("records")}


def published_set(name) -> ParameterSet:
    """Return one published parameter set.

    Parameters
    ----------
    name : str
        As in `published_sets`.

    Returns
    -------
    ParameterSet

    Raises
    ------
    ValueError
        For an unknown name.
    """
    known = published_sets()
    if name not in known:
        raise ValueError(f"there is no parameter set {name!r}; known: {', '.join(known)}")
    return known[name]


def _set(row):
    """Parameter set from a row of the table."""
    eos = VinetThermal(
        rho0=row["rho0_g_cm3"] * 1e3,
        k0_gpa=row["k0_gpa"],
        k0_prime=row["k0_prime_ratio"],
        gamma0=row["gamma0_ratio"],
        b=row["b_ratio"],
        e0=row["e0_per_k"],
        g=row["g_ratio"],
        t0_k=row["t0_k"],
        a=row["a_ratio"],
        name=row["reference"],
    )
    return ParameterSet(eos, row["reference"], row["checked"], row["remark"])
