"""Partition coefficients, modes and melting reactions, and the bulk coefficients that follow from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd

from lib import tables

CASE = "01_morb_inversion"
MINERALS = ("ol", "opx", "cpx", "grt", "sp", "plg")
#: Tables of mineral/melt coefficients in ``data/01_morb_inversion``.
TABLES = {
    "gibson_geist_2010": "partition_gibson_geist_2010",
    "mckenzie_onions_1991_1995": "partition_mckenzie_onions_1991_1995",
}
MODE, REACTION = "dmm_spinel", "kinzler_grove"


@dataclass(frozen=True)
class BulkCoefficients:
    """Bulk solid/melt coefficients of a list of elements.

    Parameters
    ----------
    elements : tuple of str, length n
        Chemical symbols.
    d, p : array, shape (n,)
        Coefficients of the initial solid and of the melting assemblage.
    exhaustion : float
        Melt fraction at which the first mineral is used up (usually clinopyroxene); infinite when none is.
    exhausted : str
        That mineral, "" when there is none.
    d_after, p_after : array, shape (n,)
        Coefficients of the residue from there on.
    table, mode, reaction : str
        Where the numbers come from.
    """

    elements: tuple
    d: np.ndarray
    p: np.ndarray
    exhaustion: float
    exhausted: str
    d_after: np.ndarray
    p_after: np.ndarray
    table: str = ""
    mode: str = ""
    reaction: str = ""

    @property
    def two_stage(self) -> dict:
        """Options of the model "two_stage" of `lib.melting.log_enrichment`."""
        return {"exhaustion": self.exhaustion, "d_after": self.d_after, "p_after": self.p_after}

    def frame(self) -> pd.DataFrame:
        """Return a table with the columns element, d, p."""
        return pd.DataFrame({"element": list(self.elements), "d": self.d, "p": self.p})


def mineral_coefficients(table="gibson_geist_2010") -> pd.DataFrame:
    """Return a table of mineral/melt partition coefficients.

    Parameters
    ----------
    table : {"gibson_geist_2010", "mckenzie_onions_1991_1995"}
        Compilation.

    Returns
    -------
    pandas.DataFrame, shape (n_elements, 6)
        Indexed by element, columns ol, opx, cpx, grt, sp, plg.

    Raises
    ------
    ValueError
        For an unknown table.
    """
    if table not in TABLES:
        raise ValueError(f"there is no table of partition coefficients {table!r}; known: {', '.join(TABLES)}")
    return _minerals(TABLES[table], "element").copy()


def modes_and_reactions() -> pd.DataFrame:
    """Return the known modes (mass fractions of a solid) and melting reactions (mass entering unit mass of melt).

    Returns
    -------
    pandas.DataFrame
        Indexed by name; columns kind, ol, opx, cpx, grt, sp, plg (as published, not renormalised), reference, remark.
    """
    text = _read("modes_and_reactions").set_index("name")
    return pd.concat([text[["kind"]], _minerals("modes_and_reactions", "name"), text[["reference", "remark"]]], axis=1)


def bulk_workman_hart() -> pd.Series:
    """Return the bulk D of depleted mantle as Workman and Hart (2005) give it; no P goes with it.

    Returns
    -------
    pandas.Series, shape (25,)
        Indexed by element.
    """
    return _read("bulk_workman_hart_2005").set_index("element")["bulk_d_ratio"].rename("bulk_d").copy()


def bulk_coefficients(
    elements=None, table="gibson_geist_2010", mode=MODE, reaction=REACTION, after=None, renormalise_mode=False
) -> BulkCoefficients:
    """Return the bulk coefficients of a peridotite and its melting reaction.

    Parameters
    ----------
    elements : list of str, optional
        Chemical symbols, length n; by default all of the table.
    table : str or pandas.DataFrame
        Name of a table (`mineral_coefficients`), or one in the same form.
    mode : str or mapping of str to float
        Name of a mode (`modes_and_reactions`), or mass fraction of each mineral.
    reaction : str or mapping of str to float
        Name of a reaction, or mass of each mineral that enters unit mass of melt, below zero for one that is made; its sum
        is made 1.
    after : mapping of str to float, optional
        Reaction once the first mineral is used up; by default the minerals left over melt in their proportions (P = D).
    renormalise_mode : bool
        Whether the sum of the mode is made 1 (a published mode is taken as it stands otherwise).

    Returns
    -------
    BulkCoefficients
        D = sum of X_k K_k, P = sum of p_k K_k over the minerals k; the first mineral is used up at F* = min X_k / p_k, where
        the residue has the modes (X_k - p_k F*) / (1 - F*).

    Raises
    ------
    ValueError
        For an unknown name, an element that the table lacks, a mineral that a reaction consumes and the mode lacks, or a P
        below zero.
    """
    label = table if isinstance(table, str) else "given"
    minerals = mineral_coefficients(table) if isinstance(table, str) else table.reindex(columns=list(MINERALS), fill_value=0.0)
    elements = tuple(minerals.index if elements is None else elements)
    lacking = [name for name in elements if name not in minerals.index]
    if lacking:
        raise ValueError(
            f"the partition coefficients {label} have no {', '.join(lacking)}; they have {', '.join(map(str, minerals.index))}"
        )
    k = minerals.loc[list(elements), list(MINERALS)].to_numpy(float)
    x = _proportions(mode, "mode")
    p = _proportions(reaction, "reaction")
    x, p = (x / x.sum() if renormalise_mode else x), p / p.sum()
    absent = [m for m, xk, pk in zip(MINERALS, x, p, strict=True) if pk > 0 and xk <= 0]
    if absent:
        raise ValueError(f"the reaction consumes {', '.join(absent)}, which the mode does not hold; choose a mode that has it")
    gone = np.where(p > 0, x / np.where(p > 0, p, 1.0), np.inf)
    first = int(np.argmin(gone))
    exhaustion = float(gone[first])
    d, melt = k @ x, k @ p
    if np.any(melt < 0):
        name = elements[int(np.argmin(melt))]
        raise ValueError(f"P of {name} is {melt.min():g}, below zero: the reaction makes a mineral that holds it; check both")
    d_after, p_after = _afterwards(k, x, p, exhaustion, first, after) if exhaustion < 1 else (d, melt)
    names = (mode if isinstance(mode, str) else "given", reaction if isinstance(reaction, str) else "given")
    return BulkCoefficients(
        elements, d, melt, exhaustion, MINERALS[first] if np.isfinite(exhaustion) else "", d_after, p_after, label, *names
    )


def _afterwards(k, x, p, exhaustion, first, after):
    """Return D and P of the residue at the exhaustion of mineral `first`."""
    left = (x - p * exhaustion) / (1 - exhaustion)
    left[first] = 0.0  # exactly, not to rounding
    d = k @ left
    if after is None:
        return d, d / left.sum()
    melting = _proportions(after, "reaction")
    if np.any((melting > 0) & (left <= 0)):
        raise ValueError("the reaction after exhaustion consumes a mineral that is not left; take it out of `after`")
    return d, k @ (melting / melting.sum())


def _proportions(given, kind):
    """Return a mode or reaction as an array in the order of `MINERALS`."""
    if isinstance(given, str):
        known = modes_and_reactions()
        known = known[known["kind"] == kind]
        if given not in known.index:
            raise ValueError(f"there is no {kind} {given!r}; known: {', '.join(known.index)}")
        return known.loc[given, list(MINERALS)].to_numpy(float)
    if not isinstance(given, Mapping):
        raise TypeError(f"a {kind} is a name, or a mapping of minerals to mass fractions, not {type(given).__name__}")
    strange = [name for name in given if name not in MINERALS]
    if strange:
        raise ValueError(f"{kind}: there is no mineral {strange[0]!r}; known: {', '.join(MINERALS)}")
    array = np.array([float(given.get(name, 0.0)) for name in MINERALS])
    if not array.sum() > 0 or (kind == "mode" and np.any(array < 0)):
        raise ValueError(f"{kind}: the mass fractions are {dict(given)}; they must not be negative in a mode, nor sum to zero")
    return array


@cache
def _read(name):
    """Read one embedded table once."""
    return tables.read(tables.Source.embedded(CASE, name)).frame


def _minerals(name, index):
    """Return the six mineral columns of an embedded table under the minerals' short names."""
    frame = _read(name).set_index(index)[[f"{m}_ratio" for m in MINERALS]]
    return frame.set_axis(list(MINERALS), axis=1)
