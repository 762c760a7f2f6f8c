"""The reader's own copy of a published supplement of monazite analyses: header, elements and classes are found in it.

Written for the supplement of Itano and others (2020), which is not part of this compendium and was not at hand: nothing about
its layout is taken for granted, and what was recognised is said in the notes of the table.
"""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd

from lib import tables
from lib.tables.grid import Grid
from lib.tables.reader import build

from .kinds import STEM
from .lattice import ELEMENTS

CITATION = (
    "Itano, K., Ueki, K., Iizuka, T. and Kuwatani, T. 2020. Geochemical discrimination of monazite source rock based on "
    "machine learning techniques and multinomial logistic regression analysis. Geosciences 10(2), 63, "
    "doi:10.3390/geosciences10020063"
)
#: A row with this many names of elements is a header.
MIN_ELEMENTS = 8
_KNOWN = (*ELEMENTS, "Y")
_ELEMENT = re.compile(r"\d{0,3}\s*([A-Z][a-z]?)\s*\d{0,3}(?:[ _]*[(\[]?(?:ppm|mg/kg|[uµμ]g/g)[)\]]?)?")
_CLASS_WORDS = re.compile(r"granit|metamorph|igneous|pegmatit|gneiss|garnet|rhyolit", re.IGNORECASE)
_CLASS_HEADS = re.compile(r"class|source|host|rock ?type|lithology|type|label", re.IGNORECASE)
_GROUP_HEADS = re.compile(r"sample|rock ?(?:name|no|id)?|locality|river|specimen", re.IGNORECASE)
_ABSENT = re.compile(r"|nan|none|-+|–|n\.?\s?[ad]\.?|b\.?\s?d\.?\s?l?\.?|<\s*(?:d\.?l\.?|l\.?o\.?d\.?)", re.IGNORECASE)


def read_itano(path, *, sheet=None, class_column=None, group_column=None):
    """Read a published table of monazite analyses in the columns of this case.

    Parameters
    ----------
    path : path-like
        ``.csv`` or ``.xlsx`` (take the workbook out of its archive first); contents in ppm.
    sheet : str, optional
        Sheet of the workbook; default the one with the most grains.
    class_column, group_column : str, optional
        Headers of the source rock and of the rock sample; by default found by their headers and words, or left out.

    Returns
    -------
    tables.Table
        The 16 elements and Y, where there; `notes` say which columns were taken.  A cell without a number ("b.d.", "n.a.",
        "-") or with zero is read as empty, since no limit is known; ``<0.1`` stays below detection.

    Raises
    ------
    ValueError
        When no header with `MIN_ELEMENTS` elements is found, or a named sheet or column is not there; what was seen is told.
    """
    sheets = _sheets(path)
    if sheet is not None and sheet not in sheets:
        raise ValueError(f"{path}: no sheet {sheet!r}; there are {', '.join(sheets)}")
    found = {name: _header(cells) for name, cells in sheets.items() if sheet in (None, name)}
    found = {name: hit for name, hit in found.items() if hit}
    if not found:
        seen = "; ".join(
            f"{name}: {', '.join(filter(None, cells[0][:6])) if cells else 'empty'}" for name, cells in sheets.items()
        )
        raise ValueError(
            f"{path}: no row with the names of {MIN_ELEMENTS} or more of {', '.join(_KNOWN)} (first row of each sheet: "
            f"{seen}); give the table of contents, one row a grain, or rewrite it after data/templates/{STEM}_blank.csv"
        )
    chosen = max(found, key=lambda name: len(sheets[name]) - found[name][0])
    cells, (top, columns) = sheets[chosen], found[chosen]
    header = cells[top]
    body = [(i + 1, row) for i, row in enumerate(cells) if i > top and _numbers(row, columns) >= len(columns) / 2]
    texts = {j: [row[j] for _, row in body] for j, name in enumerate(header) if name and j not in columns.values()}
    kind = _column(path, header, texts, class_column, _CLASS_HEADS, _CLASS_WORDS)
    group = _column(path, header, texts, group_column, _GROUP_HEADS, None, but=kind)
    notes = [f"sheet {chosen}: header in row {top + 1}, {len(body)} grains, elements {', '.join(columns)}, taken for ppm"]
    notes += [
        f"{what}: {f'column {header[j]!r}' if j is not None else 'no column found'}"
        for what, j in (("class", kind), ("group", group))
    ]
    names = ["sample_id", "class", *(["group"] if group is not None else []), "reference", *(f"{e}_ppm" for e in columns)]
    rows, emptied = [], 0
    for line, row in body:
        out = [f"M{line:04d}", row[kind] if kind is not None else ""]
        out += [row[group] or f"row {line}"] if group is not None else []
        out.append("Itano and others 2020")
        for j in columns.values():
            gone = bool(_ABSENT.fullmatch(row[j])) or _value(row[j]) == 0
            emptied += gone and bool(row[j])
            out.append("" if gone else row[j])
        rows.append((line, out))
    if emptied:
        notes.append(f"{emptied} cells without a number, or zero, were read as empty: no detection limit is known")
    return build(Grid(str(path), top + 1, names, rows, notes=notes), tables.load_schema(STEM), path)


def _sheets(path):
    """All cells of a file as stripped text: sheet -> rows."""
    path = Path(path)
    if not path.is_file():
        raise ValueError(f"{path}: there is no such file; get the supplement from its publisher ({CITATION})")
    if path.read_bytes()[:4] == b"PK\x03\x04":
        try:
            frames = pd.read_excel(path, sheet_name=None, header=None, dtype=object)
        except (ValueError, KeyError, OSError) as error:
            raise ValueError(f"{path}: not a workbook (.xlsx); take it out of its archive first ({error})") from None
    else:
        frame = pd.read_csv(path, header=None, dtype=str, sep=None, engine="python", encoding="utf-8-sig", names=None)
        frames = {path.stem: frame}
    return {str(n): [["" if pd.isna(c) else str(c).strip() for c in row] for row in f.to_numpy()] for n, f in frames.items()}


def _header(cells):
    """Row with the most names of elements, and element -> column there; None when there is none."""
    best = None
    for i, row in enumerate(cells):
        columns = {}
        for j, text in enumerate(row):
            match = _ELEMENT.fullmatch(text)
            if match and match[1] in _KNOWN:
                columns.setdefault(match[1], j)
        if len(columns) >= MIN_ELEMENTS and (best is None or len(columns) > len(best[1])):
            best = i, {e: columns[e] for e in _KNOWN if e in columns}
    return best


def _value(text):
    try:
        return float(text.lstrip("< "))
    except ValueError:
        return float("nan")


def _numbers(row, columns):
    return sum(_value(row[j]) == _value(row[j]) for j in columns.values())


def _column(path, header, texts, named, heads, words, but=None):
    """Column of a given header, else the first whose header and (where wanted) words fit; None when there is none."""
    if named is not None:
        if named not in header:
            raise ValueError(f"{path}: no column {named!r}; there are {', '.join(filter(None, header))}")
        return header.index(named)
    for j, values in texts.items():
        filled = [v for v in values if v]
        fits = filled and (words is None or sum(bool(words.search(v)) for v in filled) >= len(filled) / 2)
        if j != but and fits and (heads.search(header[j]) or words is not None):
            return j
    return None
