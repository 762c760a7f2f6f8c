"""What is wrong with a table: one record a fault, all faults of a file in one error."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """One thing that a person has to change in a file.

    Parameters
    ----------
    file : str
        Name of the file as the person gave it.
    row : int or None
        Line of the file (row of the sheet), counted from 1 as an editor counts; None for the file as a whole.
    column : str or None
        Name of the column, None when the fault is not in one column.
    value : str or None
        What stands there now.
    message : str
        What is wrong, and what to write instead.
    """

    file: str
    row: int | None
    column: str | None
    value: str | None
    message: str

    def __str__(self) -> str:
        """Return ``file: row 17, column La_ppm: message``."""
        place = [f"row {self.row}"] if self.row is not None else []
        place += [f"column {self.column}"] if self.column else []
        return ": ".join(part for part in (self.file, ", ".join(place), self.message) if part)


class TableFaults(ValueError):
    """A table cannot be used; ``faults`` lists everything that has to be changed.

    Parameters
    ----------
    faults : list of Fault
        At least one fault, in the order of the file.
    partial : Table, optional
        What could be read, with faulty numbers and words of a category left out, so that further checks can still run; None
        when no line or not every required column could be read. Not for analysis.
    """

    def __init__(self, faults, partial=None):
        self.faults = list(faults)
        self.partial = partial
        super().__init__(self.faults)

    def __str__(self) -> str:
        """Return all faults, one a line."""
        return "\n".join(str(fault) for fault in self.faults)


class SchemaError(ValueError):
    """A file of the compendium itself (schema, descriptor, registry, mapping) is written wrongly."""


def in_order(faults):
    """Return the faults sorted by row, those of the whole file first, otherwise as found."""
    return sorted(faults, key=lambda fault: -1 if fault.row is None else fault.row)
