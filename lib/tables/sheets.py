"""Cells of an Excel file as text, refusing what Excel has changed behind the reader's back."""

from __future__ import annotations

import datetime
import io
import struct
import zipfile
import zlib
from xml.etree.ElementTree import ParseError

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

# a damaged workbook can fail anywhere between the archive, its compression and its XML
_UNREADABLE = (InvalidFileException, zipfile.BadZipFile, zlib.error, ParseError, struct.error)
_UNREADABLE += (LookupError, ValueError, TypeError, AttributeError, OSError, EOFError, RuntimeError)
_ERRORS = {"#DIV/0!", "#N/A", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!", "#GETTING_DATA"}


def excel_lines(raw, grid):
    """Return the first sheet of an .xlsx file as (row number, list of str).

    Parameters
    ----------
    raw : bytes
        Content of the file.
    grid : Grid
        Receives notes and faults: dates (often sample names that Excel has changed), formulas without a stored result,
        error values, merged cells and numbers shown as per cent (stored as fractions) cannot be read safely.

    Returns
    -------
    list of (int, list of str)
        All rows of the sheet, empty ones too.
    """
    try:
        values = load_workbook(io.BytesIO(raw), data_only=True)
        formulas = load_workbook(io.BytesIO(raw), data_only=False)
    except _UNREADABLE as error:
        grid.fault(
            None,
            None,
            None,
            f"the file cannot be opened as an Excel workbook ({error}); save it again as .xlsx or as CSV",
        )
        return []
    if not values.worksheets:
        grid.fault(None, None, None, "the workbook has no sheet with cells; put the table on the first sheet")
        return []
    sheet, source = values.worksheets[0], formulas.worksheets[0]
    grid.notes.append(f"Excel file: the sheet '{sheet.title}' was read")
    if len(values.worksheets) > 1:
        others = ", ".join(f"'{other.title}'" for other in values.worksheets[1:])
        grid.notes.append(f"only the first sheet is read; left out: {others}")
    for area in sheet.merged_cells.ranges:
        grid.fault(
            area.min_row,
            None,
            None,
            f"the cells {area.coord} are merged, only the first holds a value; unmerge them and fill each",
        )
    hidden = sum(d.hidden for d in sheet.row_dimensions.values()) + sum(d.hidden for d in sheet.column_dimensions.values())
    if hidden:
        grid.notes.append(f"{hidden} hidden rows or columns were read like the others")
    return [(cells[0].row, [_cell_text(cell, source, grid) for cell in cells]) for cells in sheet.iter_rows()]


def _cell_text(cell, source, grid):
    """Return one cell as text; what Excel has changed becomes a fault."""
    value = cell.value
    where = f"({cell.coordinate})"

    def fault(text, message):
        grid.fault(cell.row, None, text, f"cell {where}: {message}")
        return ""

    if value is None:
        if source[cell.coordinate].data_type == "f":
            return fault(None, "a formula without a stored result; open the file in Excel, recalculate, and paste as values")
        return ""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, datetime.datetime | datetime.date | datetime.time | datetime.timedelta):
        return fault(
            str(value),
            f"Excel holds a date ({value}); if it was a sample name or a number, format the cell as text and type it again",
        )
    if isinstance(value, int | float):
        if "%" in (cell.number_format or ""):
            return fault(
                str(value),
                f"shown as per cent but stored as {value}; format the cell as a number and write the percentage",
            )
        return str(int(value)) if float(value).is_integer() else repr(value)
    if str(value) in _ERRORS:
        return fault(str(value), f"the error value {value}; write the number, or leave the cell empty")
    return str(value)
