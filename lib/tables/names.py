"""Names of analytes and units: the column grammar ``<analyte>_<unit>[_err]``."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass

#: Units that may end a column name, with their meaning.
UNITS = {
    "wt": "mass %",
    "ppm": "mass fraction 1e-6 (ug/g)",
    "ppb": "mass fraction 1e-9 (ng/g)",
    "permil": "delta, parts per thousand",
    "eps": "epsilon, parts in ten thousand",
    "ratio": "ratio, 1",
    "pct": "per cent",
    "mol": "mol",
    "mmol_kg": "mmol/kg",
    "gpa": "GPa",
    "k": "K",
    "h": "hours",
    "m": "metres",
    "nt": "nT",
    "g_cm3": "g/cm3",
    "km_s": "km/s",
    "per_k": "1/K",
}
#: Units of a concentration by mass, with the factor that turns them into mass %.
TO_WT = {"wt": 1.0, "ppm": 1e-4, "ppb": 1e-7}
#: How other people write a unit, in small letters, for each unit here.
_SPELLINGS = {
    "wt": "% wt% wt.% w% wtpct wt_pct wtpercent masspct mass% pct percent",
    "ppm": "ppmm ppmw mg_kg mg/kg mgkg ug_g ug/g ugg g_t g/t µg/g µg_g μg/g μg_g",
    "ppb": "ppbb ppbw ng_g ng/g ngg ug_kg ug/kg mg_t mg/t µg/kg μg/kg",
    "permil": "‰ permille per_mil per_mille",
    "g_cm3": "g/cm3 gcm3 g_cc g/cc gcc",
}
UNIT_HINTS = {word: unit for unit, words in _SPELLINGS.items() for word in words.split()}

_ELEMENTS = """
H He Li Be B C N O F Ne Na Mg Al Si P S Cl Ar K Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn Ga Ge As Se Br Kr Rb Sr Y Zr Nb Mo Ru
Rh Pd Ag Cd In Sn Sb Te I Xe Cs Ba La Ce Pr Nd Sm Eu Gd Tb Dy Ho Er Tm Yb Lu Hf Ta W Re Os Ir Pt Au Hg Tl Pb Bi Th U
"""
_OXIDES = """
SiO2 TiO2 Al2O3 Fe2O3 FeO FeOT Fe2O3T MnO MnO2 MgO CaO Na2O K2O P2O5 H2O H2O+ H2O- CO2 SO2 SO3 Cr2O3 V2O3 V2O5 NiO CoO
Co3O4 CuO ZnO BaO SrO Rb2O Cs2O Li2O B2O3 BeO Ga2O3 GeO2 As2O3 As2O5 SnO2 Sb2O3 PbO ZrO2 HfO2 Nb2O5 Ta2O5 WO3 MoO3 ThO2
UO2 U3O8 Sc2O3 Y2O3 La2O3 Ce2O3 CeO2 Pr2O3 Pr6O11 Nd2O3 Sm2O3 Eu2O3 Gd2O3 Tb2O3 Dy2O3 Ho2O3 Er2O3 Tm2O3 Yb2O3 Lu2O3
"""
ELEMENTS = tuple(_ELEMENTS.split())
#: Oxide (or volatile compound) -> the element that it reports; TOC is total organic carbon.
OXIDES = {name: re.match(r"[A-Z][a-z]?", name)[0] for name in _OXIDES.split()} | {"TOC": "C"}
#: Everything that leaves a rock on heating; LOI is their sum and not an element.
VOLATILES = ("LOI", "H2O", "H2O+", "H2O-", "CO2", "S", "SO2", "SO3", "F", "Cl", "C", "TOC")
#: The ten majors that a whole-rock analysis reports; iron under any of its names.
IRON = ("Fe2O3T", "FeOT", "Fe2O3", "FeO")
MAJORS = ("SiO2", "TiO2", "Al2O3", "Fe2O3T", "MnO", "MgO", "CaO", "Na2O", "K2O", "P2O5")
#: Analytes of one element that are different things and may stand side by side.
PAIRS_ALLOWED = ({"FeO", "Fe2O3"}, {"H2O+", "H2O-"}, {"CO2", "C"}, {"CO2", "TOC"}, {"S", "SO3"})

ANALYTES = frozenset(ELEMENTS) | frozenset(OXIDES) | {"LOI"}
_DELTA = re.compile(r"(?:d|D)\d{1,3}[A-Z][a-z]?(?:_[A-Z][A-Za-z0-9-]*)?")
_ISOTOPES = re.compile(r"[A-Z][a-z]?\d{1,3}_[A-Z][a-z]?\d{1,3}")
_UNIT_LAST = re.compile("(.+?)_(" + "|".join(sorted(UNITS, key=len, reverse=True)) + ")")


@dataclass(frozen=True)
class ColumnName:
    """A column name taken apart: ``La_ppm_err`` is analyte ``La``, unit ``ppm``, error True."""

    analyte: str
    unit: str
    error: bool

    @property
    def base(self) -> str:
        """Name of the column of values."""
        return f"{self.analyte}_{self.unit}"


def parse_column(name: str) -> ColumnName | None:
    """Take a column name apart.

    Parameters
    ----------
    name : str
        Column name such as ``SiO2_wt``, ``La_ppm_err`` or ``Sr87_Sr86_ratio``.

    Returns
    -------
    ColumnName or None
        None when the name does not end in a known unit (with or without ``_err``).
    """
    error = name.endswith("_err")
    match = _UNIT_LAST.fullmatch(name[: -len("_err")] if error else name)
    return ColumnName(match[1], match[2], error) if match else None


def known_analyte(analyte: str, unit: str) -> bool:
    """Tell whether an analyte is known in that unit (isotopes in permil, eps and ratio, else oxides and elements)."""
    if unit in TO_WT:
        return analyte in ANALYTES
    if unit == "permil":
        return bool(_DELTA.fullmatch(analyte))
    if unit == "eps":
        return analyte in ELEMENTS
    return unit == "ratio" and bool(_ISOTOPES.fullmatch(analyte))


def element_of(analyte: str) -> str | None:
    """Return the element that an analyte reports, None for LOI and isotope names."""
    return OXIDES.get(analyte, analyte if analyte in ELEMENTS else None)


def canonical_analyte(text: str) -> str | None:
    """Return the known analyte that a misspelt name most probably means, or None.

    Capital letters, zeros in the place of the letter O, and the usual marks of total iron are repaired first, then the
    nearest known name by letters is taken.
    """
    if text in ANALYTES:
        return text
    total = re.fullmatch(r"(FeO|Fe2O3)[ _]?\(?(?:t|tot|total|\*)\)?", text.replace("0", "O"), re.IGNORECASE)
    if total:
        return {"feo": "FeOT", "fe2o3": "Fe2O3T"}[total[1].lower()]
    by_lower = {name.lower(): name for name in ANALYTES}
    for trial in (text, text.replace("0", "O")):
        if trial.lower() in by_lower:
            return by_lower[trial.lower()]
    # a few letters are near to everything: a guess there would mislead
    telling = len(text) > 3 or re.search(r"\d", text)
    near = difflib.get_close_matches(text.lower(), by_lower, n=1, cutoff=0.7) if telling else []
    return by_lower[near[0]] if near else None


def canonical_unit(text: str) -> str | None:
    """Return the unit suffix of this compendium that another spelling means, or None."""
    bare = text.strip().strip("()[]").strip().lower()
    if bare in UNITS:
        return bare
    if bare in UNIT_HINTS:
        return UNIT_HINTS[bare]
    near = difflib.get_close_matches(bare, UNITS, n=1, cutoff=0.7)
    return near[0] if near else None


def nearest(text: str, candidates) -> str | None:
    """Return the candidate nearest to a text, letter case apart, or None when none is near."""
    by_lower = {str(name).lower(): str(name) for name in candidates}
    near = difflib.get_close_matches(text.lower(), by_lower, n=1, cutoff=0.6)
    return by_lower[near[0]] if near else None
