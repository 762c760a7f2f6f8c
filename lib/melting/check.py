"""What must hold in a table before source and melt fractions can be estimated; every message says what to do."""

from __future__ import annotations

import numpy as np

from .coefficients import bulk_coefficients
from .compositions import reference_compositions
from .forward import scale_information
from .inversion import DEFAULT_ERROR, ELEMENTS, group_names, group_table, usable_elements
from .tabular import element_columns, to_ppm

MIN_SAMPLES, MIN_ELEMENTS = 3, 3
#: A concentration this many times above or below all mean mid-ocean ridge basalts is a slip of units.
UNIT_FACTOR = 100.0
#: Melt fractions for which the information of the elements is judged, and what at least one element must carry.
TYPICAL_F, MIN_INFORMATION = np.linspace(0.03, 0.14, 10), 0.1
#: Table of coefficients that the check uses.
_TABLE = "gibson_geist_2010"


def check_table(table) -> list[str]:
    """List everything that keeps a table from being inverted.

    Parameters
    ----------
    table : tables.Table
        As read by `lib.tables.read`.

    Returns
    -------
    list of str
        Empty when all is well.  Checked: slips of units (an element a hundred times above or below mean mid-ocean ridge
        basalt); and in every group at least 3 samples and 3 usable elements, an element that tells of the absolute melt
        fraction, and differences between the samples beyond their errors.
    """
    if not element_columns(table):
        return ["no column of an element that can be used: name them like La_ppm, Th_ppb or TiO2_wt"]
    faults = _units(table)
    names = group_names(table)
    for name in names:
        where = f"group {name!r}: " if len(names) > 1 else ""
        part = group_table(table, name) if len(names) > 1 else table
        faults += [where + text for text in _group(part, bool(faults))]
    return faults


def _units(table):
    """Find concentrations that no basalt has."""
    found = to_ppm(table)
    known = reference_compositions()
    morb = known[[index.startswith(("NMORB", "EMORB", "MORB", "DMORB")) for index in known.index]]
    out = []
    for j, element in enumerate(found.elements):
        if element not in morb or not np.isfinite(found.ppm[:, j]).any():
            continue
        typical = float(np.exp(np.nanmean(np.log(morb[element].to_numpy(float)))))
        ratio = float(np.nanmedian(found.ppm[:, j])) / typical
        if 1 / UNIT_FACTOR < ratio < UNIT_FACTOR:
            continue
        column = found.columns[element]
        value = float(np.nanmedian(table.frame[column]))
        out.append(
            f"{column}: the median {value:g} is {_times(ratio)} mean mid-ocean ridge basalt ({typical:.3g} ppm {element}): "
            f"check the unit{_suggestion(element, column, ratio)}"
        )
    return out


def _times(ratio):
    return f"{ratio:.3g} times" if ratio > 1 else f"1/{1 / ratio:.3g} of"


def _suggestion(element, column, ratio):
    oxide = {"Ti": "TiO2_wt", "Na": "Na2O_wt", "K": "K2O_wt", "P": "P2O5_wt"}.get(element)
    if ratio < 1 and oxide and column.endswith("_ppm"):
        return f"; values in wt% belong in a column {element}_wt, or {oxide} for the oxide"
    if ratio > 1 and column.endswith("_ppm"):
        return f"; values in ppb belong in a column {element}_ppb"
    if ratio < 1 and column.endswith("_ppb"):
        return f"; values in ppm belong in a column {element}_ppm"
    return ", and the name of the column with it"


def _group(table, slipped):
    out = []
    if len(table) < MIN_SAMPLES:
        out.append(
            f"{len(table)} sample(s): at least {MIN_SAMPLES} of one source are needed, ten are advisable; "
            "the differences between samples tell how much each melted"
        )
    usable = usable_elements(table, _TABLE)
    if len(usable) < MIN_ELEMENTS:
        out.append(
            f"{len(usable)} usable element(s) ({', '.join(usable) or 'none'}): at least {MIN_ELEMENTS} of "
            f"{', '.join(ELEMENTS)} must be measured in most samples"
        )
        return out
    bulk = bulk_coefficients(usable, table=_TABLE)
    information = scale_information("accumulated", TYPICAL_F, bulk.d, bulk.p)
    if information.max() < MIN_INFORMATION:
        out.append(
            f"the elements {', '.join(usable)} fix only ratios of the melt fractions, not how much melted: they are all too "
            f"incompatible; add at least one of {', '.join(_informative(usable))}"
        )
    elif len(table) >= MIN_SAMPLES and not slipped and _all_alike(table, usable):
        out.append(
            "the samples differ no more than their errors once a common factor of each is taken out (all ratios "
            "are constant): all melted equally, and only C0/F can be known; add samples of the same source that melted more "
            "or less"
        )
    return out


def _informative(usable):
    """Return the elements that would tell, best first."""
    others = [e for e in ELEMENTS if e not in usable]
    bulk = bulk_coefficients(others, table=_TABLE)
    information = scale_information("accumulated", TYPICAL_F, bulk.d, bulk.p)
    return [others[k] for k in np.argsort(-information) if information[k] >= MIN_INFORMATION]


def _all_alike(table, usable):
    """Tell whether ratios of elements are constant: chi-square of the doubly centred logarithms below its expectation."""
    found = to_ppm(table, usable)
    complete = np.isfinite(found.ppm) & (found.ppm > 0)
    columns = complete.all(axis=0)
    if columns.sum() < MIN_ELEMENTS:
        return False
    ln = np.log(found.ppm[:, columns])
    error = found.error[:, columns] / found.ppm[:, columns]
    error = np.where(np.isfinite(error) & (error > 0), error, DEFAULT_ERROR)
    centred = ln - ln.mean(axis=0) - ln.mean(axis=1, keepdims=True) + ln.mean()
    dof = (ln.shape[0] - 1) * (ln.shape[1] - 1)
    # two standard deviations of chi-square above its mean: at the stated errors, nothing but noise
    return float(np.sum((centred / error) ** 2)) < dof + 2 * np.sqrt(2 * dof)
