"""Basalts of mid-ocean ridges: the samples of Gale et al. (2013), segments of them, and correction to 8 wt% MgO."""

from __future__ import annotations

import dataclasses
from collections import Counter

import numpy as np
import pandas as pd

from lib import tables
from lib.tables.grid import Grid, read_grid
from lib.tables.names import nearest
from lib.tables.reader import build
from lib.tables.totals import FAULT_ABOVE

from .coefficients import CASE
from .tabular import GROUP_COLUMN, MGO_COLUMN, element_columns, to_ppm

GALE = "morb/Gale_2013_MOR_Sample_Data.csv"
#: Regions of that table that are not normal ridges: a back-arc basin, and a rift on land.
NOT_RIDGES = ("FIJI", "AFAR")
#: Left by a conversion from UTF-7, in which it stands for a semicolon.
DEBRIS = "+ADs-"
_MAJORS = {"SiO2": "SiO2", "TiO2": "TiO2", "Al2O3": "Al2O3", "FeO": "FeOT", "MnO": "MnO", "CaO": "CaO"}
_MAJORS |= {"Na2O": "Na2O", "K2O": "K2O", "P2O5": "P2O5"}
_TRACES = """
Li Sc V Cr Co Ni Cu Zn Ga Rb Sr Y Zr Nb Cs La Ce Pr Nd Sm Eu Gd Tb Dy Ho Er Yb Lu Hf Ta Pb Th U
"""
# 207Pb/206Pb is a slip of that file: its numbers (15.3 to 15.7) are 207Pb/204Pb
_RATIOS = {"87Sr/86Sr": "Sr87_Sr86", "143Nd/144Nd": "Nd143_Nd144", "206Pb/204Pb": "Pb206_Pb204"}
_RATIOS |= {"207Pb/206Pb": "Pb207_Pb204", "208Pb/204Pb": "Pb208_Pb204"}
_COLUMNS = {"Province": GROUP_COLUMN, "Author": "reference", "MgO": MGO_COLUMN}
_COLUMNS |= {theirs: f"{ours}_ratio" for theirs, ours in _RATIOS.items()}
_COLUMNS |= {theirs: f"{ours}_wt" for theirs, ours in _MAJORS.items()} | {name: f"{name}_ppm" for name in _TRACES.split()}

#: Incompatible elements and oxides whose slopes on MgO are compared.
SLOPE_ELEMENTS = (
    *("Rb", "Th", "Nb", "La", "Ce", "Nd", "Sr", "Zr", "Hf", "Sm", "Eu", "Gd", "Dy", "Y", "Er", "Yb", "Lu"),
    *("Ti", "Na", "K", "P"),
)
#: Slope d ln C / d MgO (per wt%) of an incompatible element in a fractionating basalt, and its uncertainty (1 sigma): that
#: of the heavy rare earths, Ti and Y within segments.  Steeper slopes of Th or Nb hold differences of the sources as well.
INCOMPATIBLE_SLOPE, SLOPE_SD = -0.19, 0.03
#: Slopes within segments of the elements that plagioclase (Sr, Eu, Na) or clinopyroxene take up, rounded.
COMPATIBLE_SLOPES = {"Sr": -0.02, "Eu": -0.16, "Na": -0.08}
REFERENCE_MGO = 8.0


def read_gale(source, ridges_only=True) -> tables.Table:
    """Read the samples of Gale et al. (2013) in the columns of this case.

    Parameters
    ----------
    source : tables.Source or path-like
        ``Gale_2013_MOR_Sample_Data.csv``, as `lib.tables.locate` finds it.
    ridges_only : bool
        Whether the Fiji basin and Afar are left out, which are not normal mid-ocean ridges.

    Returns
    -------
    tables.Table
        ``group`` is the ridge segment (their column Province), such as ``"MARR121"``.  The notes say what was left out.

    Raises
    ------
    tables.TableFaults
        When the file is not that table.

    Notes
    -----
    Traps of the file: Ti is in wt% beside TiO2; the numbers of Ba (0.06 to 4.5, where Rb goes to 72) cannot be ppm of
    barium; neither is read, nor are Sn and Tl.  A zero stands for an empty cell in traces and isotope ratios.  207Pb/206Pb
    holds 207Pb/204Pb.  Names carry debris of a text conversion and are repeated: later ones get a number.
    """
    theirs = read_grid(source)
    if not theirs.faults:
        for name in (*_COLUMNS, "Sample"):
            if name not in theirs.header:
                theirs.fault(theirs.header_row, name, None, f"the column {name} of the table of Gale et al. (2013) is missing")
    if theirs.faults:
        raise tables.TableFaults(theirs.faults)
    place = {name: i for i, name in enumerate(theirs.header)}
    skipped = NOT_RIDGES if ridges_only else ()
    kept = [(n, cells) for n, cells in theirs.rows if not cells[place["Province"]].startswith(skipped)]
    grid = Grid(theirs.file, theirs.header_row, ["sample_id", *_COLUMNS.values()])
    heavy, count, zeros, seen = [], 0, 0, Counter()
    for number, cells in kept:
        if sum(_number(cells[place[name]]) for name in (*_MAJORS, "MgO")) > FAULT_ABOVE:
            heavy.append(number)
            continue
        name = _plain(cells[place["Sample"]]) or "sample"
        name = f"line {number}" if name.startswith("#") else name
        seen[name] += 1
        made = [name if seen[name] == 1 else f"{name} ({seen[name]})"]
        count += seen[name] > 1
        for column, ours in _COLUMNS.items():
            text = _plain(cells[place[column]])
            if text and ours not in (GROUP_COLUMN, "reference") and _number(text) == 0:
                text, zeros = "", zeros + 1
            made.append(text)
        grid.rows.append((number, made))
    if ridges_only:
        out = len(theirs.rows) - len(kept)
        grid.notes.append(f"{out} samples of {' and '.join(NOT_RIDGES)} are left out: not normal mid-ocean ridges")
    grid.notes += [
        f"line {', '.join(map(str, heavy))} is left out: its oxides add up to more than {FAULT_ABOVE:g} wt%",
        "Ti (in wt%, beside TiO2) and Ba (its numbers cannot be ppm of barium) are not read",
        f"{zeros} zeros were read as not analysed; {count} names that stand more than once got a number",
        "the column 207Pb/206Pb was read as 207Pb/204Pb, which its numbers are",
    ]
    return build(grid, tables.load_schema(CASE), source)


def _plain(text):
    """Return a cell without the debris of a conversion."""
    return text.replace(DEBRIS, ";").strip("; ")


def _number(text):
    """Return a cell of numbers, 0 when it is empty, NaN when it holds no number (which the reader then reports)."""
    try:
        return float(text or 0)
    except ValueError:
        return np.nan


def segment(table, code, elements, mgo=(7.0, 9.0)) -> tables.Table:
    """Return the samples of one segment that are complete in some elements.

    Parameters
    ----------
    table : tables.Table
        As `read_gale` returns it, or any table with the columns group and MgO_wt.
    code : str
        Segment, such as ``"JUAN15"``.
    elements : list of str
        Chemical symbols (Ti is taken from TiO2_wt).
    mgo : tuple of float
        Smallest and largest MgO in wt%, the first included.

    Returns
    -------
    tables.Table
        Only these elements, and the columns that are not analytes; a note counts the samples.

    Raises
    ------
    ValueError
        For an unknown segment, an element that the table lacks, or when no sample is left.
    """
    groups = table.frame[GROUP_COLUMN]
    if code not in set(groups):
        near = nearest(code, sorted(set(groups)))
        hint = f"; do you mean {near}?" if near else f" among the {groups.nunique()} of the table"
        raise ValueError(f"there is no segment {code!r}{hint}")
    known = element_columns(table)
    lacking = [name for name in elements if name not in known]
    if lacking:
        raise ValueError(f"the table has no column of {', '.join(lacking)}; its elements are {', '.join(known)}")
    columns = [known[name] for name in elements]
    there = (groups == code).to_numpy()
    between = there & table.frame[MGO_COLUMN].between(*mgo, inclusive="left").to_numpy()
    mask = between & table.frame[columns].notna().all(axis=1).to_numpy()
    limits = f"MgO from {mgo[0]:g} to below {mgo[1]:g} wt%"
    if not mask.any():
        raise ValueError(
            f"{code} has {there.sum()} samples, {between.sum()} with {limits}, none of them "
            f"with all of {', '.join(elements)}; ask for fewer elements or a wider range"
        )
    drop = [name for name in table.analytes if name not in columns]
    drop += [table.errors[name] for name in drop if name in table.errors]
    part = table.subset(mask)
    note = f"{code}: {mask.sum()} of {there.sum()} samples have {limits} and all elements asked for"
    return dataclasses.replace(
        part,
        frame=part.frame.drop(columns=drop, errors="ignore"),
        censored=part.censored.drop(columns=drop, errors="ignore"),
        limit=part.limit.drop(columns=drop, errors="ignore"),
        units={name: unit for name, unit in part.units.items() if name not in drop},
        errors={name: error for name, error in part.errors.items() if name not in drop},
        analytes=columns,
        notes=[*part.notes, note],
    )


def mgo_slopes(table, elements=SLOPE_ELEMENTS, mgo=(6.0, 9.0), min_samples=8) -> pd.DataFrame:
    """Return the pooled slopes of ln C on MgO within segments.

    Parameters
    ----------
    table : tables.Table
        With the columns group and MgO_wt.
    elements : list of str
        Chemical symbols.
    mgo : tuple of float
        Range of MgO in wt%, the first included.
    min_samples : int
        Smallest number of samples of a segment, counted for each element.

    Returns
    -------
    pandas.DataFrame
        element, slope and standard_error (per wt% MgO), scatter (standard deviation of ln C about the lines), n_samples,
        n_segments.

    Raises
    ------
    ValueError
        When no segment has enough samples of an element.

    Notes
    -----
    Least squares with one level a segment and one slope for all.  The standard error is that of a slope whose residuals may
    be correlated within a segment (cluster-robust, Liang and Zeger 1986), for samples of a segment share sources and
    laboratories.
    """
    data = to_ppm(table, elements)
    groups = table.frame[GROUP_COLUMN].to_numpy()
    inside = (data.mgo >= mgo[0]) & (data.mgo < mgo[1])
    rows = []
    for j, name in enumerate(data.elements):
        keep = inside & np.isfinite(data.ppm[:, j])
        frame = pd.DataFrame({"g": groups[keep], "x": data.mgo[keep], "y": np.log(data.ppm[keep, j])})
        frame = frame[frame.groupby("g")["x"].transform("size") >= min_samples]
        if frame.empty:
            raise ValueError(f"{name}: no group has {min_samples} samples with MgO from {mgo[0]:g} to below {mgo[1]:g} wt%")
        centred = frame[["x", "y"]] - frame.groupby("g")[["x", "y"]].transform("mean")
        sxx, n, k = (centred["x"] ** 2).sum(), len(frame), frame["g"].nunique()
        slope = (centred["x"] * centred["y"]).sum() / sxx
        rest = centred["y"] - slope * centred["x"]
        per_group = (centred["x"] * rest).groupby(frame["g"]).sum()
        error = np.sqrt((per_group**2).sum() * k / max(k - 1, 1)) / sxx
        scatter = np.sqrt((rest**2).sum() / max(n - k - 1, 1))
        rows.append((name, slope, error, scatter, n, k))
    return pd.DataFrame(rows, columns=["element", "slope", "standard_error", "scatter", "n_samples", "n_segments"])


def slope_prior(elements) -> tuple[np.ndarray, np.ndarray]:
    """Return what is known beforehand of the slopes of ln C on MgO.

    Parameters
    ----------
    elements : list of str
        Chemical symbols, length n.

    Returns
    -------
    mean, sd : array, shape (n,)
        Per wt% MgO: one value for incompatible elements, others for Sr, Eu and Na.
    """
    mean = [COMPATIBLE_SLOPES.get(name, INCOMPATIBLE_SLOPE) for name in elements]
    return np.array(mean, float), np.full(len(mean), SLOPE_SD)


def correct_to_mgo(ppm, mgo, slopes, reference=REFERENCE_MGO) -> np.ndarray:
    """Correct concentrations for fractionation, ln C_ref = ln C + b (reference - MgO).

    Parameters
    ----------
    ppm : array, shape (m, n)
        Concentrations.
    mgo : array, shape (m,)
        MgO in wt%.
    slopes : float or array, shape (n,)
        b = d ln C / d MgO, per wt%.
    reference : float
        MgO in wt% that is corrected to.

    Returns
    -------
    array, shape (m, n)

    Raises
    ------
    ValueError
        When the shapes do not fit.
    """
    ppm, mgo, slopes = np.asarray(ppm, float), np.asarray(mgo, float), np.asarray(slopes, float)
    if ppm.ndim != 2 or mgo.shape != ppm.shape[:1] or slopes.shape not in ((), ppm.shape[1:]):
        raise ValueError(
            f"ppm has shape {ppm.shape}, mgo {mgo.shape}, slopes {slopes.shape}; expected (m, n), (m,), and (n,) or one number"
        )
    return ppm * np.exp(slopes * (reference - mgo)[:, None])
