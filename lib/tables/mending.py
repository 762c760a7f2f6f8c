"""What a faulty table could become once its cells are corrected: to tell faults of their own from mere consequences."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd

from .names import ELEMENTS, TO_WT, element_of, nearest, parse_column


def mended(table, faults) -> list:
    """Return versions of a partly read table with plausible contents in the faulty cells.

    A number is replaced by the median of its column, an empty text by the text above it, a word of a category by the nearest
    allowed word, else by each of them in turn (the same in all such cells). Where too few rows have a word, rows with it are
    added; where too few analytes were given, analytes. These tables only serve to ask whether another fault would remain;
    they are never analysed.

    Parameters
    ----------
    table : Table
        As `TableFaults.partial`.
    faults : list of Fault
        What the reader found.

    Returns
    -------
    list of Table
        One for each word of the category with the most allowed words, at least one.
    """
    at = {row: i for i, row in enumerate(table.rows)}
    cells = [(at[f.row], f.column, f.value or "") for f in faults if f.row in at and f.column in table.frame]
    declared = table.schema.columns
    words = [declared[c].values for _, c, _ in cells if c in declared and declared[c].kind == "category"]
    return [_mend(table, cells, faults, turn) for turn in range(max(map(len, words), default=1))]


def _mend(table, cells, faults, turn):
    """Return one mended version: in each category, the faulty cells get the word number `turn`."""
    frame, declared = table.frame.copy(), table.schema.columns
    for i, name, found in cells:
        column = declared.get(name)
        if column and column.kind == "category":
            frame.loc[i, name] = nearest(found, column.values) or column.values[turn % len(column.values)]
        elif name in table.units:
            middle = np.nanmedian(frame[name]) if frame[name].notna().any() else 1.0
            frame.loc[i, name] = middle
        elif column and column.filled and not frame.loc[i, name]:
            texts = [text for text in (*frame[name].iloc[:i][::-1], *frame[name].iloc[i:]) if text]
            frame.loc[i, name] = texts[0] if texts else ""
    repeat = np.arange(len(frame))
    for fault in faults:
        column = declared.get(fault.column)
        if fault.row is None and column and column.at_least:
            for word, least in column.at_least.items():
                if (frame[column.name] == word).sum() < least:
                    repeat = np.concatenate([repeat, np.arange(len(table.frame))])
                    more = table.frame.assign(**{column.name: word})
                    frame = pd.concat([frame, more], ignore_index=True)

    censored, limit = (part.iloc[repeat].reset_index(drop=True) for part in (table.censored, table.limit))
    new = _missing_analytes(table)
    frame = frame.assign(**new)
    censored, limit = censored.assign(**dict.fromkeys(new, False)), limit.assign(**dict.fromkeys(new, np.nan))
    return dataclasses.replace(
        table, frame=frame, censored=censored, limit=limit, rows=[table.rows[i] for i in repeat],
        analytes=[*table.analytes, *new], units={**table.units, **dict.fromkeys(new, "ppm")},
    )  # fmt: skip


def _missing_analytes(table):
    """Return columns of analytes, name to value, as many as the case wants and the table has not."""
    rule = table.schema.analytes
    if rule is None:
        return {}
    given = [parse_column(name).analyte for name in table.analytes if table.units[name] in TO_WT]
    spare = [name for name in ELEMENTS if name not in {element_of(analyte) for analyte in given}]
    return {f"{name}_ppm": 1.0 for name in spare[: max(rule.minimum - len(given), 0)]}
