"""From a table of basalts to the posterior of one group: elements, errors, priors, corrections, and what was left out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .coefficients import BulkCoefficients, bulk_coefficients, mineral_coefficients
from .posterior import Extras, MeltingData, Posterior
from .priors import MeltFractionPrior, SourcePrior, primitive
from .tabular import GROUP_COLUMN, element_columns, to_ppm

#: Elements taken by default, most incompatible first; Sr and Eu go into plagioclase, Ba, Rb, U, Pb are easily altered.
ELEMENTS = ("Th", "Nb", "La", "Ce", "Nd", "Zr", "Hf", "Sm", "Gd", "Ti", "Dy", "Y", "Er", "Yb", "Lu")
#: Mean d ln C / d MgO (per wt%) of an incompatible element, of those that plagioclase holds, and the prior sd.
SLOPE, OWN_SLOPES, SLOPE_SD = -0.19, {"Sr": -0.01, "Eu": -0.16, "Na": -0.08}, 0.03
#: Part of the samples in which an element must be measured (or below detection) to be used.
MIN_MEASURED = 0.6
DEFAULT_ERROR = 0.05
#: Bounds of F for own data.
F_LOW, F_HIGH = 0.001, 0.40
SOURCES = ("wide", "smooth")
MGO_CORRECTIONS = ("auto", "in model", "none")


@dataclass(frozen=True)
class Prepared:
    """A group of samples ready for inversion.

    Parameters
    ----------
    posterior : Posterior
        Data, priors and model.
    bulk : BulkCoefficients
        Where the coefficients come from.
    notes : list of (str, str, str)
        Level ("note" or "warning"), code and text of what was left out or assumed.
    """

    posterior: Posterior
    bulk: BulkCoefficients
    notes: list


def group_names(table) -> list[str]:
    """Return the groups of a table in order of appearance; one called "all" when there is no group column."""
    if GROUP_COLUMN not in table.frame:
        return ["all"]
    return list(dict.fromkeys(str(name) for name in table.frame[GROUP_COLUMN]))


def group_table(table, name: str):
    """Return the rows of one group."""
    if GROUP_COLUMN not in table.frame:
        return table
    return table.subset((table.frame[GROUP_COLUMN].astype(str) == name).to_numpy())


def usable_elements(table, coefficients="gibson_geist_2010", elements=None) -> list[str]:
    """Return the elements of a table that can be inverted: measured in enough samples, with coefficients.

    Parameters
    ----------
    table : tables.Table
        Samples of one group.
    coefficients : str
        Table of partition coefficients.
    elements : sequence of str, optional
        Elements wanted; default `ELEMENTS`.
    """
    known = set(mineral_coefficients(coefficients).index)
    have = element_columns(table)
    wanted = [e for e in (ELEMENTS if elements is None else elements) if e in have and e in known]
    if not wanted:
        return []
    found = to_ppm(table, wanted)
    share = (np.isfinite(found.ppm) | np.isfinite(found.limit)).mean(axis=0)
    return [e for e, part in zip(wanted, share, strict=True) if part >= MIN_MEASURED]


def prepare(
    table, *, group: str | None = None, model="accumulated", coefficients="gibson_geist_2010", prior_f="log-uniform",
    elements=None, errors=DEFAULT_ERROR, model_error=0.05, d_common=0.25, d_element=0.15, source="wide",
    source_deviation=False, mgo_correction="auto", mgo_slopes=None, mgo_slope_sd=SLOPE_SD, primary_factor=1.0, options=None,
) -> Prepared:  # fmt: skip
    """Make the posterior of one group of a table.

    Parameters
    ----------
    table : tables.Table
        Samples with concentrations, see ``data/01_morb_inversion/input.toml``.
    group : str, optional
        Which group; default all rows.
    model, coefficients, prior_f, elements, errors, model_error, d_common, d_element, source, source_deviation : object
        See `lib.melting.analyse`.
    mgo_correction, mgo_slopes, mgo_slope_sd, primary_factor, options : object
        See `lib.melting.analyse`.

    Returns
    -------
    Prepared
        The posterior, and notes on what was left out.

    Raises
    ------
    ValueError
        No usable element or sample, or an unknown choice.
    """
    for name, value, allowed in (("source", source, SOURCES), ("mgo_correction", mgo_correction, MGO_CORRECTIONS)):
        if value not in allowed:
            raise ValueError(f"{name} must be one of {', '.join(allowed)}, got {value!r}")
    if not primary_factor > 0:
        raise ValueError(f"primary_factor must be positive, got {primary_factor}")
    part = table if group is None else group_table(table, group)
    notes = []
    chosen = usable_elements(part, coefficients, elements)
    if len(chosen) < 3:
        raise ValueError(
            f"only {len(chosen)} usable element(s) ({', '.join(chosen) or 'none'}) in group {group or 'all'}: at least 3 of "
            f"{', '.join(ELEMENTS)} must be measured in {MIN_MEASURED:.0%} of its samples"
        )
    left = [e for e in (elements or element_columns(part)) if e not in chosen]
    if left:
        notes.append(
            ("note", "elements", f"not used: {', '.join(left)} (no coefficients, too few values, or not in the list)")
        )
    found = to_ppm(part, chosen)
    below = np.isfinite(found.limit) & ~np.isfinite(found.ppm)
    value = np.where(below, found.limit, found.ppm)
    rows = np.isfinite(value).sum(axis=1) >= 2
    if (~rows).any():
        lost = [s for s, keep in zip(found.samples, rows, strict=True) if not keep]
        notes.append(("warning", "samples", f"left out, with fewer than two elements: {', '.join(lost)}"))
    if below[rows].any():
        notes.append(("note", "below_detection", f"{int(below[rows].sum())} value(s) below detection enter as such"))
    given = np.array([_of(errors, e, DEFAULT_ERROR) for e in chosen])
    with np.errstate(invalid="ignore", divide="ignore"):
        stated = found.error / value
    sigma = np.where(np.isfinite(stated) & (stated > 0), stated, given)
    use_mgo = mgo_correction != "none" and found.mgo is not None and np.isfinite(found.mgo[rows]).any()
    mgo = _mgo(found.mgo[rows], notes) if use_mgo else None
    if not use_mgo:
        why = "no MgO_wt column" if found.mgo is None else "switched off"
        notes.append(
            ("warning", "no_mgo_correction", f"no correction of fractionation ({why}): source and F hold for these melts")
        )
    bulk = bulk_coefficients(chosen, table=coefficients)
    samples = [s for s, keep in zip(found.samples, rows, strict=True) if keep]
    data = MeltingData(
        chosen, samples, np.log(value[rows]) + np.log(primary_factor), sigma[rows], below=below[rows], noise="log", mgo=mgo
    )  # fmt: skip
    incompatibility = -np.log(bulk.d)
    vector = (incompatibility - incompatibility.min()) / np.ptp(incompatibility)
    extras = Extras(
        d_common=d_common, d_element=d_element, model_error=model_error, enrichment=vector if source_deviation else None,
        mgo_slope=np.array([_of(mgo_slopes or OWN_SLOPES, e, SLOPE) for e in chosen]), mgo_slope_sd=mgo_slope_sd,
    )  # fmt: skip
    prior = MeltFractionPrior(prior_f, F_LOW, F_HIGH)
    pm = primitive(chosen)
    composition = SourcePrior.wide(chosen, pm) if source == "wide" else SourcePrior.smooth(chosen, bulk.d, pm)
    options = dict(bulk.two_stage) | dict(options or {}) if model == "two_stage" else dict(options or {})
    return Prepared(Posterior(data, bulk.d, bulk.p, model, prior, composition, extras, options), bulk, notes)


def _of(given, element, default):
    return given.get(element, default) if hasattr(given, "get") else (default if given is None else float(given))


def _mgo(mgo, notes):
    """MgO of every sample; the median where it is missing."""
    lacking = ~np.isfinite(mgo)
    if lacking.any():
        notes.append(("warning", "mgo_missing", f"{int(lacking.sum())} sample(s) without MgO got the median of the group"))
    mgo = np.where(lacking, np.nanmedian(mgo), mgo)
    outside = int(np.sum((mgo < 6) | (mgo > 10)))
    if outside:
        notes.append(("warning", "mgo_range", f"{outside} sample(s) outside 6-10 wt% MgO: the slope was found inside it"))
    return mgo
