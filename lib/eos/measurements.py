"""Measurements on a liquid metal: from tables to arrays, with what was not measured left open."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
import pandas as pd

from . import likelihood_kernels as columns

KINDS = ("static", "shock", "1 bar")
#: Density of iron before a shock, kg/m3, where the table gives none.
RHO_START = 7850.0
#: Data sets with fewer rows get no scale of their errors: it could not be told from the misfit.
SCALED_FROM = 3
#: Published tables of this compendium, and errors that are assumed where the table prints none (share or unit of the column).
PUBLISHED = {
    "hixson1990": {"density_g_cm3": ("share", 0.015)},
    "brown2000_hugoniot": {},
    "brown_mcqueen1986": {
        "pressure_gpa": ("share", 0.01), "density_g_cm3": ("value", 0.05), "sound_speed_km_s": ("value", 0.2),
    },
    "anderson_ahrens1994": {"sound_speed_km_s": ("value", 0.06)},
}  # fmt: skip
_MEASURED = {"pressure_gpa": 1e9, "density_g_cm3": 1e3, "temperature_k": 1.0, "sound_speed_km_s": 1e3}
_PLACES = {
    "pressure_gpa": columns.P, "density_g_cm3": columns.RHO, "temperature_k": columns.T, "sound_speed_km_s": columns.V
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Measurements:
    """States of a liquid metal, one a row.

    Parameters
    ----------
    frame : DataFrame, shape (n, ...)
        Columns sample_id, kind (static, shock, 1 bar), data_set, pressure_gpa, density_g_cm3, temperature_k,
        sound_speed_km_s, each with ``_err`` (1 sigma), and initial_density_g_cm3; NaN where not measured.
    notes : tuple of str
        What was assumed or left out.

    Raises
    ------
    ValueError
        For rows that cannot enter a likelihood; the message names them.
    """

    frame: pd.DataFrame
    notes: tuple = ()

    def __post_init__(self):
        faults = row_faults(self.frame)
        if faults:
            raise ValueError("\n".join(f"{self.frame['sample_id'].iloc[i]}: {text}" for i, _, text in faults))

    def __len__(self):
        return len(self.frame)

    @property
    def n_values(self) -> int:
        """Densities and sound speeds that were measured, without those used up by pressure and temperature."""
        return int(self.frame[["density_g_cm3", "sound_speed_km_s"]].notna().to_numpy().sum())

    @property
    def sets(self) -> tuple:
        """Data sets, in the order of the rows."""
        return tuple(dict.fromkeys(self.frame["data_set"]))

    @property
    def scaled_sets(self) -> tuple:
        """Data sets whose errors get a scale: those with three rows or more."""
        counts = self.frame["data_set"].value_counts()
        return tuple(name for name in self.sets if counts[name] >= SCALED_FROM)

    @property
    def shocked(self) -> np.ndarray:
        """Rows behind shocks, bool array, shape (n,)."""
        return (self.frame["kind"] == "shock").to_numpy()

    def rows(self) -> np.ndarray:
        """Return what the compiled likelihood reads: array, shape (n, 11), SI units."""
        out = np.full((len(self.frame), 11), np.nan)
        for column, unit in _MEASURED.items():
            out[:, _PLACES[column]] = self.frame[column].to_numpy(float) * unit
            out[:, _PLACES[column] + 1] = self.frame[f"{column}_err"].fillna(0.0).to_numpy(float) * unit
        out[:, columns.SHOCK] = self.shocked
        out[:, columns.RHO_START] = self.frame["initial_density_g_cm3"].fillna(RHO_START / 1e3).to_numpy(float) * 1e3
        scaled = {name: i for i, name in enumerate(self.scaled_sets)}
        out[:, columns.SET] = [scaled.get(name, -1) for name in self.frame["data_set"]]
        return out

    def join(self, *others: Measurements) -> Measurements:
        """Return these and other measurements together."""
        frames = [self.frame, *(other.frame for other in others)]
        notes = tuple(note for one in (self, *others) for note in one.notes)
        return Measurements(pd.concat(frames, ignore_index=True), notes)

    def replace(self, **values) -> Measurements:
        """Return a copy with other values of some columns."""
        return dataclasses.replace(self, frame=self.frame.assign(**values))


def row_faults(frame) -> list:
    """List what keeps rows out of a likelihood.

    Parameters
    ----------
    frame : DataFrame
        As of `Measurements`.

    Returns
    -------
    list of (int, str or None, str)
        Row, column and message.
    """
    out = []
    for i, row in enumerate(frame.to_dict("records")):
        dense, speed = np.isfinite(row["density_g_cm3"]), np.isfinite(row["sound_speed_km_s"])
        if not dense and not speed:
            out.append((i, None, "neither density nor sound speed is given: fill one of them, or delete the row"))
            continue
        if not np.isfinite(row["pressure_gpa"]):
            out.append((i, "pressure_gpa", "the pressure is empty; it is needed in every row but those of kind '1 bar'"))
        if row["kind"] == "shock" and not dense:
            out.append((i, "density_g_cm3", "a shocked state needs its density, which gives the energy of the shock"))
        if row["kind"] != "shock" and not np.isfinite(row["temperature_k"]):
            text = "the temperature is empty; only shocked states (kind 'shock') may leave it open"
            out.append((i, "temperature_k", text))
        errors = np.nan_to_num([row[f"{name}_err"] for name in ("pressure_gpa", "density_g_cm3", "temperature_k")])
        if dense and not errors[:2].any():
            text = "no error of pressure or density: fill density_g_cm3_err or pressure_gpa_err (1 sigma)"
            out.append((i, "density_g_cm3_err", text))
        if speed and not np.nan_to_num(row["sound_speed_km_s_err"]) > 0:
            out.append((i, "sound_speed_km_s_err", "the error of the sound speed is empty: fill it (1 sigma, km/s)"))
    return out


def tidy(frame) -> pd.DataFrame:
    """Return a table's frame with every column that `Measurements` needs, and 1 bar where the kind says so.

    Parameters
    ----------
    frame : DataFrame
        With some of the columns.

    Returns
    -------
    DataFrame
    """
    names = [part for name in _MEASURED for part in (name, f"{name}_err")] + ["initial_density_g_cm3"]
    numbers = {name: frame[name].to_numpy(float) if name in frame else np.full(len(frame), np.nan) for name in names}
    ambient = (frame["kind"] == "1 bar").to_numpy() & ~np.isfinite(numbers["pressure_gpa"])
    numbers["pressure_gpa"] = np.where(ambient, 1e-4, numbers["pressure_gpa"])
    # a shocked state's temperature is calculated or sampled, whatever the table says of it
    shocked = (frame["kind"] == "shock").to_numpy()
    for name in ("temperature_k", "temperature_k_err"):
        numbers[name] = np.where(shocked, np.nan, numbers[name])
    words = {name: frame[name].astype(str).to_numpy() for name in ("sample_id", "kind", "data_set")}
    return pd.DataFrame(words | numbers)


def prepare(table) -> Measurements:
    """Turn a table of the reader's into measurements.

    Parameters
    ----------
    table : tables.Table
        One row a measured state; see ``data/06_outer_core_eos/input.toml`` for the columns.

    Returns
    -------
    Measurements

    Raises
    ------
    ValueError
        As `Measurements`.
    """
    frame, notes = tidy(table.frame), []
    given = "temperature_k" in table.frame and table.frame.loc[frame["kind"] == "shock", "temperature_k"].notna().any()
    if given:
        notes.append("temperatures of shocked states are not used: they follow from the energy of the shock, or stay open")
    shocked = frame["kind"] == "shock"
    if (shocked & frame["initial_density_g_cm3"].isna()).any():
        notes.append(f"shocked states without an initial density: {RHO_START / 1e3:g} g/cm3 is taken, that of iron")
    return Measurements(frame, tuple(notes))


def published_measurements(*, hottest_k=3000.0, liquid_above_gpa=259.0, sets=tuple(PUBLISHED)) -> Measurements:
    """Return the published measurements of this compendium that are on the liquid.

    Parameters
    ----------
    hottest_k : float
        Rows at 1 bar above this temperature (K) are left out: their scatter grows.
    liquid_above_gpa : float
        Shocked states below this pressure (GPa) are left out, because melting was not complete: it ends near 260 GPa.
    sets : tuple of str
        Tables of ``data/06_outer_core_eos``.

    Returns
    -------
    Measurements
        With the errors of `PUBLISHED` where a table prints none.
    """
    from lib import tables

    parts, notes = [], []
    for name in sets:
        frame = tidy(tables.read(tables.Source.embedded("06_outer_core_eos", name)).frame)
        kept = np.where(
            frame["kind"] == "shock", frame["pressure_gpa"] >= liquid_above_gpa, ~(frame["temperature_k"] > hottest_k)
        )
        for column, (how, size) in PUBLISHED[name].items():
            frame[f"{column}_err"] = frame[column] * size if how == "share" else size
        frame.loc[frame["density_g_cm3"].isna(), "density_g_cm3_err"] = np.nan
        left_out = int((~kept).sum())
        if left_out:
            notes.append(
                f"{left_out} of {len(frame)} rows of {name} are left out: not wholly liquid, or above {hottest_k:g} K"
            )
        parts.append(frame[kept])
    return Measurements(pd.concat(parts, ignore_index=True), tuple(notes))
