"""Soils of the Mano Dam catchment (Fukushima) and laboratory mixtures of three of them.

The percentages that were weighed in are published elsewhere and are not at hand.  Three of the 27 mixtures look like the pure
soils (their contents are those of the class means), and everything relative to them is agreement with an *inferred*
reference, not accuracy.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import pandas as pd

from lib import tables
from lib.tables.grid import Grid
from lib.tables.reader import build

from .tabular import Compositions, prepare

CASE = "03_sediment_unmixing"
MANO = "sediment/Hayama.rda"
#: The elements used: of the 17 measured, Si, Cr and Zr scatter and are left out, a choice made after looking at the data.
ELEMENTS = ("Al", "Ca", "Co", "Cu", "Fe", "K", "Mg", "Mn", "Ni", "Pb", "Rb", "Sr", "Ti", "Zn")
SCATTERED = ("Cr", "Si", "Zr")
#: The three samples that are taken for the pure soils, an inference from their contents.
PURE = {"subsoil": "MEL1-1", "cropland": "MEL1-3", "forest": "MEL1-4"}
_COLUMNS = {"Sample_name": "sample_id", "Class": "group"}


@dataclass(frozen=True)
class Mano:
    """The three kinds of samples of the data set.

    Parameters
    ----------
    mixtures : tables.Table
        27 laboratory mixtures.
    sources : tables.Table
        56 soils; ``group`` is Cropland, Forest or Subsoil.
    core : tables.Table
        32 layers of a core from the reservoir, with ``depth_m`` at mid-layer.
    """

    mixtures: tables.Table
    sources: tables.Table
    core: tables.Table

    @property
    def class_means(self) -> pd.DataFrame:
        """Mean content of each class of source soils in mg/kg: index class, columns elements."""
        frame = self.sources.frame
        means = frame.groupby("group")[self.sources.analytes].mean()
        return means.rename(columns=lambda name: name.removesuffix("_ppm"))


def read_mano(source=None, elements=ELEMENTS) -> Mano | None:
    """Read mixtures, sources and core layers in the columns of this case.

    Parameters
    ----------
    source : path-like or tables.Source, optional
        ``Hayama.rda``; by default where `lib.tables.locate` finds it.
    elements : sequence of str
        Which elements; default `ELEMENTS`.

    Returns
    -------
    Mano or None
        None when the file is not on this machine.  A content that is not positive is read as an empty cell, with a note.

    Raises
    ------
    ValueError
        When the file is not that data set, or has no such element.
    """
    source = tables.locate(MANO) if source is None else source
    if source is None:
        return None
    frame = read_rda(source, "Hayama")
    lacking = [name for name in [*_COLUMNS, "Material", *(f"{e}_mg.kg" for e in elements)] if name not in frame]
    if lacking:
        raise ValueError(f"{source}: no column {', '.join(lacking)}; expected the data set Hayama of the R package fingR")
    kinds = {"mixtures": "Lab Mixture", "sources": "Source", "core": "Target"}
    parts = {name: frame[frame["Material"] == word] for name, word in kinds.items()}
    return Mano(**{name: _table(part, elements, source, name == "core") for name, part in parts.items()})


def read_rda(path, name) -> pd.DataFrame:
    """Read one data frame of an R data file.

    Parameters
    ----------
    path : path-like
        File as R's ``save`` writes it.
    name : str
        Object in it.

    Returns
    -------
    DataFrame
        Column names as plain text.

    Raises
    ------
    ValueError
        When the file holds no such data frame; what it holds is named.
    """
    import rdata
    from rdata.conversion import DEFAULT_CLASS_MAP, dataframe_constructor

    # a tibble is a data frame with another way of printing
    constructors = {**DEFAULT_CLASS_MAP, "tbl_df": dataframe_constructor, "tbl": dataframe_constructor}
    found = rdata.read_rda(str(getattr(path, "path", path)), constructor_dict=constructors)
    if not isinstance(found.get(name), pd.DataFrame):
        raise ValueError(f"{path}: no data frame {name!r} in it; it holds {', '.join(found) or 'nothing'}")
    return found[name].rename(columns=str).reset_index(drop=True)


def _table(frame, elements, source, with_depth):
    """Turn rows of the data frame into a table of this case."""
    made = frame[list(_COLUMNS)].rename(columns=_COLUMNS).astype(str)
    if with_depth:
        made["depth_m"] = [_depth(name) for name in made["sample_id"]]
    notes = ["the columns _RMSE are not read: they are not errors of single samples"]
    for element in elements:
        value = frame[f"{element}_mg.kg"].to_numpy(float)
        bad = ~(value > 0)
        if bad.any():
            notes.append(f"{element}: {bad.sum()} values that are not positive were read as empty cells")
        made[f"{element}_ppm"] = ["" if no else repr(float(v)) for no, v in zip(bad, value, strict=True)]
    # rows as a person counts them: the line below the header is 2
    rows = [(i + 2, list(map(str, cells))) for i, cells in enumerate(made.itertuples(index=False))]
    grid = Grid(str(getattr(source, "path", source)), 1, list(made.columns), rows, notes=notes)
    return build(grid, tables.load_schema(CASE), source)


def _depth(name):
    """Return the depth in metres at the middle of a layer, from names such as ManoDd_2106_06-07 (cm)."""
    match = re.search(r"_(\d+)-(\d+)", name)
    return repr((int(match[1]) + int(match[2])) / 200) if match else ""


def mixture_compositions(mano: Mano, elements=ELEMENTS) -> Compositions:
    """Return the 27 mixtures as compositions.

    Parameters
    ----------
    mano : Mano
        As `read_mano` returns it.
    elements : sequence of str
        Which elements; default `ELEMENTS`.

    Returns
    -------
    Compositions
        Mass fractions of the elements in the soil, not closed: mixing is linear in them.
    """
    return prepare(mano.mixtures, parts=elements)


def reference_proportions(compositions: Compositions) -> pd.DataFrame:
    """Proportions of the three soils by least squares with the three samples that are taken for pure.

    Parameters
    ----------
    compositions : Compositions
        The mixtures, the three of `PURE` among them.

    Returns
    -------
    DataFrame
        Index sample, columns subsoil, cropland, forest: non-negative, summing to one.  Elements are weighted by the
        reciprocal of their standard deviation over the mixtures.

    Raises
    ------
    ValueError
        When one of the three is not among the samples.
    """
    from .fcls import fully_constrained

    lacking = [name for name in PURE.values() if name not in compositions.samples]
    if lacking:
        raise ValueError(f"the reference needs the samples {', '.join(lacking)}, which are not among the mixtures")
    x = compositions.x
    pure = x[[compositions.samples.index(name) for name in PURE.values()]]
    found = fully_constrained(x, pure, scale=x.std(axis=0, ddof=1))
    return pd.DataFrame(found, index=pd.Index(compositions.samples, name="sample"), columns=list(PURE))
