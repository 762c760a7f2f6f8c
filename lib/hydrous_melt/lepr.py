"""Olivine-liquid pairs of the LEPR compilation, as stitched by Wieser et al. (2023), with filters that are counted."""

from __future__ import annotations

import re
from collections import Counter

import numpy as np
import pandas as pd

from lib import tables

from .components import OXIDES
from .tabular import Experiments, forsterite

LEPR = "hydrous_melt/LEPR_Wet_Stitched_April2023_Norm100Anhydrs.xlsx"
SHEET = "Ol-Liq"
KBAR = 0.1  # GPa
#: Words of the sheet's column H2O_Liq_Method, by what they mean.
MEASURED = ("FTIR", "SIMS", "Raman", "H2O_Raman")
DIFFERENCE = ("VBD_GSC", "VBD_nd", "VBD_nd_nd", "H2O_VBD")
ESTIMATED = ("Sol_MagmaSat", "Sol_Magmasat", "Sol_Papale", "Sol_Vague_Estimate", "mass_balance")
NOT_STATED = "not stated"

#: Filters, by name: (what is kept, function of the experiments -> bool array).
FILTERS = {
    "olivine": ("olivine with X_Fo above 0.3", lambda e: e.fo > 0.3),
    "not silicic": ("melts with less than 66 wt% SiO2 (anhydrous)", lambda e: _dry(e, "SiO2") < 66),
    "Kd": ("Kd(Fe-Mg) of 0.27 to 0.36, all iron as FeO", lambda e: (e.kd >= 0.27) & (e.kd <= 0.36)),
    "water known": (
        "dry, or water measured, by difference, or not stated: none from a solubility model or a mass balance",
        lambda e: (e.h2o_wt == 0) | ~e.quality["water_method"].isin(ESTIMATED).to_numpy(),
    ),
    "water not blank": (
        "no zero water beside a stated method of measuring it: there the zero stands for a blank cell, not for a dry melt",
        lambda e: (e.h2o_wt > 0) | (e.quality["water_method"] == NOT_STATED).to_numpy(),
    ),
    "water measured": (
        "dry, or water measured by infrared, Raman or ion probe",
        lambda e: (e.h2o_wt == 0) | e.quality["water_method"].isin(MEASURED).to_numpy(),
    ),
    "chromium-free": ("at most 0.05 wt% Cr2O3 in the melt", lambda e: ~(e.quality["chromium_wt"].to_numpy() > 0.05)),
    "pressure": ("at most 1 GPa", lambda e: e.pressure_gpa <= 1.0),
    "olivine total": (
        "total of the olivine 98 to 102 wt%, or not stated",
        lambda e: ~(np.abs(e.quality["olivine_total_wt"].to_numpy() - 100) > 2),
    ),
    "hydrous": ("melts with water", lambda e: e.h2o_wt > 0),
}  # fmt: skip
#: What the specification of this case used, and a stricter choice.
DEFAULT_FILTERS = ("olivine", "not silicic")
STRICT_FILTERS = (*DEFAULT_FILTERS, "water not blank", "Kd", "water known", "chromium-free", "olivine total")


def _dry(e, name):
    return 100 * e.wt[:, OXIDES.index(name)] / (100 - e.h2o_wt)


def read_lepr(source=None) -> Experiments | None:
    """Read the sheet of olivine-liquid pairs.

    Parameters
    ----------
    source : path-like or tables.Source, optional
        The workbook; by default where `lib.tables.locate` finds it.

    Returns
    -------
    Experiments or None
        453 pairs of 33 studies; None when the file is not on this machine.

    Raises
    ------
    ValueError
        When the file is not that workbook, or lacks a column.

    Notes
    -----
    The sheet's oxides are normalised to 100 wt% anhydrous and are scaled here by (100 - H2O)/100, not normalised again
    (their sums without Cr2O3 are 98.9 to 100.9). Blank cells are zero in that file: for oxides they stay zero, elsewhere
    they mean "not stated". Five zeros of water stand beside a method of measuring it, in melts that were far too cold to be
    dry: the filter "water not blank" leaves them out. One experiment's name stands twice and gets a number.
    """
    source = tables.locate(LEPR) if source is None else source
    if source is None:
        return None
    path = getattr(source, "path", source)
    try:
        sheet = pd.read_excel(path, sheet_name=SHEET)
    except ValueError as error:
        raise ValueError(f"{path}: no sheet {SHEET!r} ({error}); expected the LEPR workbook of Wieser et al. (2023)") from None
    theirs = {"SiO2": "SiO2_Liq", "FeO": "FeOt_Liq"} | {name: f"{name}_Liq" for name in OXIDES if name not in ("FeO",)}
    wanted = [*theirs.values(), "MgO_Ol", "FeOt_Ol", "T_K_x", "P_kbar_x", "Citation_x", "Experiment_x", "H2O_Liq_Method"]
    wanted += ["logfo2", "Cr2O3_Liq", "Duration_x", "Total_Ol"]
    lacking = [name for name in wanted if name not in sheet]
    if lacking:
        raise ValueError(
            f"{path}, sheet {SHEET}: no column {', '.join(lacking)}; expected the workbook of Wieser et al. (2023)"
        )
    wt = sheet[[theirs[name] for name in OXIDES]].to_numpy(float)
    water = wt[:, -1:]
    wt = np.column_stack([wt[:, :-1] * (100 - water) / 100, water])
    method = [NOT_STATED if str(m) == "0" else str(m) for m in sheet["H2O_Liq_Method"]]
    stated = {"log_fo2": "logfo2", "duration_h": "Duration_x", "olivine_total_wt": "Total_Ol"}
    quality = pd.DataFrame({"water_method": method, "chromium_wt": sheet["Cr2O3_Liq"].to_numpy(float)})
    quality = quality.assign(**{ours: sheet[name].where(sheet[name] != 0).to_numpy(float) for ours, name in stated.items()})
    notes = (
        "blank cells are zero in that file: kept as zero for oxides, read as not stated elsewhere",
        f"the water method is not stated for {sum(m == NOT_STATED for m in method)} of {len(method)} pairs",
    )
    return Experiments(
        _unique(sheet["Experiment_x"]), tuple(sheet["Citation_x"].astype(str)), sheet["T_K_x"].to_numpy(float),
        sheet["P_kbar_x"].to_numpy(float) * KBAR, wt, forsterite(sheet["MgO_Ol"], sheet["FeOt_Ol"]), quality, notes, LEPR,
    )  # fmt: skip


def _unique(names):
    """Names in which a repeated one gets a number."""
    seen, out = Counter(), []
    for name in names.astype(str):
        seen[name] += 1
        out.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return tuple(out)


def short_study(citation: str) -> str:
    """A short name of a study: first author and year, such as ``Sisson & Grove 1993``."""
    text = citation.replace("_notinLEPR", "")
    if text != citation:
        return re.sub(r"(\d{4})$", r" \1", text)
    found = re.search(r"\((\d{4})\)", text)
    if not found:
        return citation
    year = found[1]
    authors = re.findall(r"([A-ZÀ-Ý][\wÀ-ÿ'-]+),\s*(?:[A-Z]\.)", text.split("(")[0])
    if not authors:
        return citation
    names = (
        authors[0] if len(authors) == 1 else f"{authors[0]} & {authors[1]}" if len(authors) == 2 else f"{authors[0]} et al."
    )
    return f"{names} {year}"


def short_names(studies) -> dict[str, str]:
    """Short names of studies, no two alike (a, b, ... after the year), by their full names.

    Parameters
    ----------
    studies : sequence of str
        Full citations.

    Returns
    -------
    dict of str to str
    """
    out: dict[str, str] = {}
    for study in sorted(set(studies)):
        name = short_study(study)
        twins = sum(short_study(other) == name for other in set(studies))
        out[study] = name if twins == 1 else f"{name}{chr(97 + sum(v.startswith(name) for v in out.values()))}"
    return out


def filtered(experiments: Experiments, filters=DEFAULT_FILTERS) -> tuple[Experiments, pd.DataFrame]:
    """Apply filters, and count what each takes away.

    Parameters
    ----------
    experiments : Experiments
        As read.
    filters : sequence of str
        Keys of `FILTERS`, applied in this order.

    Returns
    -------
    Experiments
        What passes all of them.
    counts : DataFrame
        One row a filter of `FILTERS`: filter, meaning, used, fails_alone (pairs of the table that fail it), removed (pairs
        that it takes away in its turn), kept (pairs left after it; NaN when it is not used).

    Raises
    ------
    ValueError
        An unknown filter, or none left.
    """
    unknown = [name for name in filters if name not in FILTERS]
    if unknown:
        raise ValueError(f"unknown filter {', '.join(map(repr, unknown))}; there are {', '.join(FILTERS)}")
    keep, rows = np.ones(len(experiments), bool), []
    for name in [*filters, *(f for f in FILTERS if f not in filters)]:
        meaning, test = FILTERS[name]
        passed = np.asarray(test(experiments), bool)
        row = {"filter": name, "meaning": meaning, "used": name in filters, "fails_alone": int((~passed).sum())}
        if name in filters:
            row |= {"removed": int((keep & ~passed).sum())}
            keep &= passed
            row |= {"kept": int(keep.sum())}
        rows.append(row)
    if not keep.any():
        raise ValueError(f"no pair passes all of the filters {', '.join(filters)}: leave out the one that removes most")
    return experiments.take(keep), pd.DataFrame(rows, columns=["filter", "meaning", "used", "fails_alone", "removed", "kept"])
