"""The table that a notebook works with: numbers, censored cells, units, errors, and where it came from."""

from __future__ import annotations

import csv
import dataclasses
import io
import re
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from .faults import Fault
from .schemas import Schema


@dataclass(frozen=True)
class Table:
    """A validated table.

    Parameters
    ----------
    frame : pandas.DataFrame, shape (n_rows, n_columns)
        Id, text and category columns as str (an empty text is ""); number columns as float with NaN for *not analysed*
        and for censored cells.
    censored : pandas.DataFrame of bool, shape (n_rows, n_number_columns)
        True where the value is below detection.
    limit : pandas.DataFrame of float, shape (n_rows, n_number_columns)
        Detection limit where censored, else NaN.
    units : dict
        Number column -> unit.
    errors : dict
        Number column -> the column of its standard deviations.
    analytes : list of str
        Columns of analytes, without their errors.
    notes, warnings : list of str
        What was read rightly although unusual; what a reader of the figure has to know.
    rows : list of int
        Line of the file of each row of `frame`.
    key, sha256, licence, citation : str
        Name of the data set, checksum of the file, licence and original publication ("" when not known).
    path : pathlib.Path or None
        The file.
    schema : Schema or None
        What the table was checked against.
    artificial : bool
        True for data made by a generator: figures must say so.
    """

    frame: pd.DataFrame
    censored: pd.DataFrame
    limit: pd.DataFrame
    units: dict
    errors: dict
    analytes: list
    notes: list = field(default_factory=list)
    warnings: list = field(default_factory=list)
    rows: list = field(default_factory=list)
    key: str = ""
    sha256: str = ""
    licence: str = ""
    citation: str = ""
    path: Path | None = None
    schema: Schema | None = None
    artificial: bool = False

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.frame)

    def subset(self, mask) -> Table:
        """Return the table of some rows; analytes without any value or limit left are dropped.

        Parameters
        ----------
        mask : array of bool, shape (n_rows,)
            Rows to keep, such as ``table.frame["group"] == "16"``.

        Returns
        -------
        Table
            With a fresh row index; warnings on rows that are left out go with them, the rest is that of the file.
        """
        mask = np.asarray(mask)
        if mask.shape != (len(self),) or mask.dtype != bool:
            raise ValueError(f"mask has shape {mask.shape} and type {mask.dtype}; expected ({len(self)},) booleans, one a row")
        empty = [a for a in self.analytes if self.frame.loc[mask, a].isna().all() and not self.censored.loc[mask, a].any()]
        drop = empty + [self.errors[a] for a in empty if a in self.errors]

        def cut(frame):
            return frame.loc[mask].drop(columns=drop, errors="ignore").reset_index(drop=True)

        return dataclasses.replace(
            self, frame=cut(self.frame), censored=cut(self.censored), limit=cut(self.limit),
            units={c: u for c, u in self.units.items() if c not in drop},
            errors={c: e for c, e in self.errors.items() if c not in drop},
            analytes=[a for a in self.analytes if a not in empty],
            warnings=[text for text in self.warnings if _concerns(text, {self.rows[i] for i in np.flatnonzero(mask)})],
            rows=[row for row, keep in zip(self.rows, mask, strict=True) if keep],
        )  # fmt: skip

    def fault(self, index, column, message) -> Fault:
        """Return a fault of row `index` of the frame (None: of the whole file), for the check function of a case."""
        if index is None:
            return Fault(str(self.path or self.key), None, column, None, message)
        value = None if column is None else str(self.frame[column].iloc[index])
        return Fault(str(self.path or self.key), self.rows[index], column, value, message)

    def to_csv(self, path=None) -> str:
        """Write the table as CSV in the compendium's own form (UTF-8, comma, ``<limit`` for censored cells).

        Parameters
        ----------
        path : path-like, optional
            File to write; without it only the text is returned.

        Returns
        -------
        str
            The text; reading it gives an equal table.
        """
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(self.frame.columns)
        for i in range(len(self)):
            writer.writerow([self._cell(i, column) for column in self.frame.columns])
        if path is not None:
            Path(path).write_text(out.getvalue(), encoding="utf-8", newline="")
        return out.getvalue()

    def _cell(self, i, column):
        """Return one cell as the reader would understand it."""
        value = self.frame[column].iloc[i]
        if column not in self.units:
            return value
        if self.censored[column].iloc[i]:
            return f"<{float(self.limit[column].iloc[i])!r}"
        return "" if np.isnan(value) else repr(float(value))


def _concerns(text, rows):
    """Tell whether a warning concerns one of some rows, or the whole file."""
    match = re.match(r"row (\d+)\b", text)
    return match is None or int(match[1]) in rows
