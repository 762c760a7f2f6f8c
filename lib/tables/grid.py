"""From the bytes of a file to a grid of text: encoding, delimiter, quotes, sheets; nothing is interpreted here."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from .faults import Fault

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab"}


@dataclass
class Grid:
    """A table as text, with the line numbers that a person sees.

    Parameters
    ----------
    file : str
        Name for messages.
    header_row : int
        Line of the header.
    header : list of str
        Column names, stripped.
    rows : list of (int, list of str)
        Line number and stripped cells, one cell a column.
    ragged : int
        Number of lines that were left out because they have too many or too few cells (each is a fault).
    notes : list of str
        What was read rightly although it is unusual.
    faults : list of Fault
        What cannot be read.
    """

    file: str
    header_row: int = 1
    header: list = field(default_factory=list)
    rows: list = field(default_factory=list)
    ragged: int = 0
    notes: list = field(default_factory=list)
    faults: list = field(default_factory=list)

    def fault(self, row, column, value, message):
        """Add one fault."""
        self.faults.append(Fault(self.file, row, column, value, message))


def read_grid(path) -> Grid:
    """Read a CSV or Excel file as text.

    Parameters
    ----------
    path : path-like
        The file.

    Returns
    -------
    Grid
        With `faults` when the file is missing, empty, of an unreadable kind, or ragged.
    """
    path = Path(path)
    grid = Grid(str(path))
    try:
        raw = path.read_bytes()
    except OSError as error:
        reason = "there is no such file" if isinstance(error, FileNotFoundError) else error.strerror or str(error)
        grid.fault(None, None, None, f"{reason}; looked for {path.absolute()}")
        return grid
    if raw.startswith(b"PK\x03\x04"):
        from .sheets import excel_lines  # openpyxl is slow to import and most tables are CSV

        lines = excel_lines(raw, grid)
    elif raw.startswith(b"\xd0\xcf\x11\xe0"):
        lines = []
        grid.fault(None, None, None, "this is an old Excel file (.xls); save it as .xlsx or as CSV UTF-8")
    else:
        lines = _text_lines(raw, grid)
    if not grid.faults:
        _arrange(lines, grid)
    return grid


def _decode(raw, grid):
    """Return the text of a file, or None with a fault."""
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        grid.notes.append("the file is UTF-16 text (Excel's 'Unicode text'); it was read as such")
        return raw.decode("utf-16", errors="replace")
    if b"\0" in raw:
        grid.fault(None, None, None, "this is not a text table; give a CSV file (UTF-8) or an Excel file (.xlsx)")
        return None
    if raw.startswith(b"\xef\xbb\xbf"):
        grid.notes.append("a byte-order mark at the start of the file was skipped")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        grid.notes.append("the file is not UTF-8; it was read as Western European (latin-1): check accented letters")
        return raw.decode("cp1252", errors="replace") if any(0x80 <= b < 0xA0 for b in raw) else raw.decode("latin-1")


def _unquoted(line):
    """Count the possible delimiters of a line outside double quotes."""
    bare = re.sub(r'"[^"]*"?', "", line)
    return {mark: bare.count(mark) for mark in DELIMITERS if mark in bare}


def _text_lines(raw, grid):
    """Split the text of a CSV file into (line number, cells); sets notes and faults."""
    text = _decode(raw, grid)
    if text is None:
        return []
    if "\r\n" in text:
        grid.notes.append("the file has Windows line ends (CRLF)")
    physical = text.splitlines()
    skip = 0
    declared = re.fullmatch(r"sep=(.)", physical[0].strip('"\ufeff ')) if physical else None
    if declared:
        skip = 1
        grid.notes.append("the first line, 'sep=', is a remark of Excel and was skipped")
    first = next((i for i in range(skip, len(physical)) if physical[i].strip(" ,;\t")), None)
    if first is None:
        grid.fault(
            None,
            None,
            None,
            "the file is empty; its first line must hold the column names, and a line a sample below it",
        )
        return []
    marks = _unquoted(physical[first])
    if len(marks) > 1:
        names = " and ".join(f"{DELIMITERS[mark]} ({count})" for mark, count in marks.items())
        grid.fault(
            first + 1,
            None,
            physical[first],
            f"the header mixes delimiters: {names}; use one of them throughout, best the comma",
        )
        return []
    if not marks and len(physical[first].split()) > 1 and not physical[first].lstrip().startswith('"'):
        grid.fault(first + 1, None, physical[first], "the columns are separated by spaces; separate them by commas")
        return []
    delimiter = next(iter(marks), ",")
    if delimiter != ",":
        grid.notes.append(f"the columns are separated by {DELIMITERS[delimiter]}s")
    try:
        return list(_records(text.partition("\n")[2] if skip else text, delimiter, skip))
    except csv.Error as error:
        what, row = error.args
        why = "a double quote is opened and never closed" if "end of data" in what else "a double quote stands wrongly"
        grid.fault(row, None, None, f'{why}; close it, or write "" for a quote inside a quoted text')
    return []


def _records(text, delimiter, skipped):
    """Yield (line number of the first line, cells) of CSV text."""
    # a space between a closing quote and the delimiter means nothing, but the reader of the standard library refuses it
    tidy = re.sub(rf'(?<=")[ ]+(?={delimiter}|\r?\n|\Z)', "", text)
    # the text itself is handed over, not its lines: \x0b, \x0c and the like are no line ends to an editor
    reader = csv.reader(io.StringIO(tidy, newline=""), delimiter=delimiter, strict=True, skipinitialspace=True)
    start = skipped + 1
    try:
        for cells in reader:
            yield start, cells
            start = skipped + reader.line_num + 1
    except csv.Error as error:
        raise csv.Error(str(error), start) from None


def _arrange(lines, grid):
    """Turn (line number, cells) into header and rows of equal length; sets notes and faults."""
    padded = 0
    stripped = []
    for number, cells in lines:
        clean = [cell.strip() for cell in cells]
        padded += sum(a != b for a, b in zip(cells, clean, strict=True))
        stripped.append((number, clean))
    filled = [(number, cells) for number, cells in stripped if any(cells)]
    if padded:
        grid.notes.append(f"spaces around {padded} cells were removed")
    if not filled:
        grid.fault(
            None,
            None,
            None,
            "the file is empty; its first line must hold the column names, and a line a sample below it",
        )
        return
    empty = len(stripped) - len(filled)
    if empty:
        grid.notes.append(f"{empty} empty rows were skipped")
    grid.header_row, header = filled[0]
    body = filled[1:]
    while header and not header[-1]:
        header = header[:-1]
    if not body:
        grid.fault(grid.header_row, None, None, "there is a header and no row below it; add one line a sample")
    width = len(header)
    longest = max([width, *(len(cells) for _, cells in body)])
    for number, cells in body:
        surplus = [cell for cell in cells[width:] if cell]
        if len(cells) < width or surplus:
            grid.ragged += 1
            grid.fault(number, None, None, _ragged(cells, width))
        else:
            grid.rows.append((number, cells[:width]))
    if longest > width and not grid.ragged:
        grid.notes.append("empty columns at the right were dropped")
    grid.header = header
    _drop_nameless(grid)
    for name, count in Counter(name for name in grid.header if name).items():
        if count > 1:
            grid.fault(
                grid.header_row,
                name,
                name,
                f"the column {name} stands {count} times; keep one and delete or rename the others",
            )


def _ragged(cells, width):
    """Explain a row with too many or too few cells."""
    found = len(cells)
    while found > width and not cells[found - 1]:
        found -= 1
    text = f"{found} cells where the header has {width}"
    if found > width:
        return (
            f"{text}; is there a decimal comma, or a comma in a text? Write 45.3 and not 45,3, "
            'and put texts with commas in double quotes ("...")'
        )
    joined = "".join(cells)
    for mark, name in ((";", "semicolons"), ("\t", "tabs"), (",", "commas")):
        if joined.count(mark) >= (width - found) / 2 and found < width:
            return f"{text}; the row is separated by {name}, the header is not: use one delimiter throughout"
    return f"{text}; add the missing delimiters: an empty cell still needs its own"


def _drop_nameless(grid):
    """Drop columns without name and content; a column with content needs a name."""
    keep = []
    for i, name in enumerate(grid.header):
        if name or any(cells[i] for _, cells in grid.rows):
            keep.append(i)
            if not name:
                grid.fault(
                    grid.header_row,
                    None,
                    None,
                    f"the column number {i + 1} has values and no name; give it one, or delete it",
                )
    if len(keep) < len(grid.header):
        grid.notes.append(f"{len(grid.header) - len(keep)} empty columns without name were dropped")
        grid.header = [grid.header[i] for i in keep]
        grid.rows = [(number, [cells[i] for i in keep]) for number, cells in grid.rows]
