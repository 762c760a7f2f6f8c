"""Experiments on olivine and hydrous melt: from a table to compositions, temperatures and the equation's left-hand side."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from lib.tables.names import parse_column

from .components import FE2O3_TO_FEO, MOLAR_MASS, OXIDES, at, hydrous_wt, mole_fractions
from .equilibrium import exchange_kd, response
from .terms import design

#: Oxides without which the equilibrium, or the melt, is not known.
MAJOR = ("SiO2", "Al2O3", "FeO", "MgO", "CaO", "Na2O")
#: Oxides that may be missing: they enter the sum of moles only, unless a term names them.
MINOR = ("TiO2", "MnO", "K2O", "P2O5")
_IRON = ("FeOT", "Fe2O3T", "FeO", "Fe2O3")
#: A cell below detection counts as this share of its limit.
BELOW = 0.5


@dataclass(frozen=True, eq=False)
class Experiments:
    """Pairs of olivine and melt at known temperature and pressure.

    Parameters
    ----------
    samples : tuple of str
        Names of the n experiments.
    studies : tuple of str
        Publication or laboratory series of each; "" where there is none.
    temperature_k, pressure_gpa : array, shape (n,)
        Temperature in K, pressure in GPa.
    wt : array, shape (n, 11)
        Hydrous melt, mass % of `components.OXIDES`, all iron as FeO.
    fo : array, shape (n,)
        Mg/(Mg + Fe) of the olivine, 0-1.
    quality : DataFrame
        What is known of each experiment beyond that: water_method, log_fo2, chromium_wt, duration_h, olivine_total_wt.
    notes : tuple of str
        How the table was read, and what was left out.
    key : str
        Table it came from.
    """

    samples: tuple[str, ...]
    studies: tuple[str, ...]
    temperature_k: np.ndarray
    pressure_gpa: np.ndarray
    wt: np.ndarray
    fo: np.ndarray
    quality: pd.DataFrame
    notes: tuple[str, ...] = ()
    key: str = ""

    def __len__(self) -> int:
        return len(self.samples)

    @property
    def x(self) -> np.ndarray:
        """Mole fractions of the melt, shape (n, 11)."""
        return mole_fractions(self.wt)

    @property
    def h2o_wt(self) -> np.ndarray:
        """Water of the melt in wt%, shape (n,)."""
        return self.wt[:, at("H2O")]

    @property
    def y(self) -> np.ndarray:
        """Left-hand side of the equation of forsterite in K, shape (n,)."""
        return response(self.temperature_k, self.fo, self.x)

    @property
    def kd(self) -> np.ndarray:
        """Kd(Fe-Mg) with all iron as FeO, shape (n,)."""
        return exchange_kd(self.fo, self.x)

    @property
    def n_studies(self) -> int:
        """Number of different studies."""
        return len(set(self.studies))

    def design(self, terms) -> np.ndarray:
        """Values of the terms, shape (n, p); see `lib.hydrous_melt.terms.design`."""
        return design(self.temperature_k, self.pressure_gpa, self.x, terms)

    def take(self, rows) -> Experiments:
        """Some of the experiments.

        Parameters
        ----------
        rows : array of bool or of int
            Which.

        Returns
        -------
        Experiments
        """
        rows = np.arange(len(self))[np.asarray(rows)]
        arrays = {name: getattr(self, name)[rows] for name in ("temperature_k", "pressure_gpa", "wt", "fo")}
        names = {name: tuple(getattr(self, name)[i] for i in rows) for name in ("samples", "studies")}
        return replace(self, **arrays, **names, quality=self.quality.iloc[rows].reset_index(drop=True))

    def frame(self) -> pd.DataFrame:
        """One row an experiment, with units in the names of the columns."""
        out = pd.DataFrame({"sample": self.samples, "study": self.studies, "temperature_k": self.temperature_k,
                            "pressure_gpa": self.pressure_gpa, "olivine_fo_1": self.fo})  # fmt: skip
        return out.join(pd.DataFrame(self.wt, columns=[f"{name}_wt" for name in OXIDES]))


def empty_quality(n: int) -> pd.DataFrame:
    """A quality frame in which nothing is known, n rows."""
    unknown = np.full(n, np.nan)
    return pd.DataFrame(
        {
            "water_method": [""] * n,
            "log_fo2": unknown,
            "chromium_wt": unknown,
            "duration_h": unknown,
            "olivine_total_wt": unknown,
        }
    )


def forsterite(mgo_wt, feo_wt) -> np.ndarray:
    """Mg/(Mg + Fe) of olivine from its MgO and FeO in mass %."""
    mg = np.asarray(mgo_wt, float) / MOLAR_MASS[at("MgO")]
    return mg / (mg + np.asarray(feo_wt, float) / MOLAR_MASS[at("FeO")])


def prepare(table, *, terms=()) -> Experiments:
    """Build `Experiments` from a table in the columns of this case.

    Parameters
    ----------
    table : tables.Table
        ``sample_id``, ``temperature_k``, ``pressure_gpa``, ``H2O_wt``, the oxides of the melt in wt%, and either
        ``olivine_fo_pct`` or ``olivine_MgO_wt`` with ``olivine_FeOT_wt``; optional ``study`` and ``water_method``.
    terms : sequence of str
        Terms that will be used: an oxide that one of them names must be analysed.

    Returns
    -------
    Experiments
        The anhydrous oxides are brought to 100 wt% less H2O.  Rows without a needed number are left out, with a note.

    Raises
    ------
    ValueError
        An oxide that is needed has no column, there is no composition of olivine, or no row is complete.
    """
    from .terms import parse

    frame, notes = table.frame, []
    n = len(frame)
    named = {f.variable for term in terms for f in parse(term)}
    needed = [name for name in OXIDES[:-1] if name in MAJOR or name in named]
    values, columns = {}, {parse_column(c).analyte: c for c in table.analytes if parse_column(c).unit == "wt"}
    for name in OXIDES[:-1]:
        values[name] = _iron(table, columns, notes) if name == "FeO" else _cells(table, columns.get(name), notes)
    absent = [name for name in needed if values[name] is None]
    if absent:
        raise ValueError(
            f"no column of {', '.join(absent)} in the melt: {', '.join(f'{a}_wt' for a in absent)} must be there"
            + (" (or leave out the terms that name it)" if set(absent) - set(MAJOR) else "")
        )
    fo = _olivine(frame)
    filled = {name: np.zeros(n) if value is None else value for name, value in values.items()}
    zeros = [name for name in MINOR if (name not in needed and np.isnan(filled[name]).any()) or values[name] is None]
    if zeros:
        notes.append(
            f"{', '.join(zeros)} not analysed in all melts: counted as zero there, which changes the sum of moles only"
        )
    dry = np.column_stack([np.nan_to_num(filled[name]) if name not in needed else filled[name] for name in OXIDES[:-1]])
    numbers = {"temperature_k": frame["temperature_k"], "pressure_gpa": frame["pressure_gpa"], "H2O_wt": frame["H2O_wt"]}
    numbers = {name: value.to_numpy(float) for name, value in numbers.items()}
    lacking = {name: int(np.isnan(value).sum()) for name, value in {**numbers, "olivine": fo}.items()}
    lacking |= {name: int(np.isnan(filled[name]).sum()) for name in needed}
    rows = np.isfinite(np.column_stack([dry, fo, *numbers.values()])).all(axis=1)
    blame = ", ".join(f"{name} ({count})" for name, count in lacking.items() if count)
    if not rows.any():
        raise ValueError(f"no row has everything that the equation needs; empty cells: {blame}")
    if not rows.all():
        notes.append(f"{(~rows).sum()} of {n} experiments are left out, with an empty cell in {blame}")
    text = {name: tuple(frame[name].astype(str)) if name in frame else ("",) * n for name in ("study", "water_method")}
    quality = empty_quality(n).assign(water_method=list(text["water_method"]))
    made = Experiments(
        tuple(frame["sample_id"].astype(str)), text["study"], numbers["temperature_k"], numbers["pressure_gpa"],
        np.full((n, len(OXIDES)), np.nan), fo, quality, tuple(notes), table.key,
    ).take(rows)  # fmt: skip
    return replace(made, wt=hydrous_wt(dry[rows], numbers["H2O_wt"][rows]))


def _cells(table, column, notes):
    """Contents of one oxide in wt%, half the limit where below detection; None without a column."""
    if column is None:
        return None
    value = table.frame[column].to_numpy(float)
    below = table.censored[column].to_numpy(bool)
    if below.any():
        notes.append(f"{column}: {below.sum()} cells below detection count as half their limit")
    return np.where(below, BELOW * table.limit[column].to_numpy(float), value)


def _iron(table, columns, notes):
    """All iron as FeO in wt%."""
    total = next((name for name in ("FeOT", "Fe2O3T") if name in columns), None)
    if total:
        return _cells(table, columns[total], notes) * (FE2O3_TO_FEO if total == "Fe2O3T" else 1)
    parts = [name for name in ("FeO", "Fe2O3") if name in columns]
    if not parts:
        return None
    notes.append(f"{' and '.join(parts)} of the melt taken as all iron, as FeO")
    return sum(_cells(table, columns[name], notes) * (FE2O3_TO_FEO if name == "Fe2O3" else 1) for name in parts)


def _olivine(frame):
    """Mg/(Mg + Fe) of the olivine, from whichever columns there are."""
    out = np.full(len(frame), np.nan)
    if {"olivine_MgO_wt", "olivine_FeOT_wt"} <= set(frame):
        out = forsterite(frame["olivine_MgO_wt"], frame["olivine_FeOT_wt"])
    if "olivine_fo_pct" in frame:
        given = frame["olivine_fo_pct"].to_numpy(float) / 100
        out = np.where(np.isfinite(given), given, out)
    if {"olivine_MgO_wt", "olivine_FeOT_wt"} <= set(frame) or "olivine_fo_pct" in frame:
        return out
    raise ValueError(
        "no composition of the olivine: add olivine_fo_pct (mol% forsterite), or olivine_MgO_wt and olivine_FeOT_wt"
    )
