"""The reader: text to numbers, all faults at once (one pass, one report)."""

from __future__ import annotations

import hashlib
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd

from .cells import ADVICE, decimal_style, is_sentinel, parse_cell
from .columns import assign_roles
from .faults import TableFaults, in_order
from .grid import read_grid
from .names import TO_WT, nearest
from .schema_files import load_schema
from .schemas import OPEN
from .table import Table
from .totals import check_totals


def read(source, schema=None) -> Table:
    """Read and validate a table.

    Parameters
    ----------
    source : path-like or Source
        A CSV or .xlsx file, or a data set of the compendium.
    schema : Schema, str or path-like, optional
        A stem, an ``input.toml`` or a `Schema`; by default the one of the `Source`, and for a bare path none: then sample
        ids and analytes are recognised and every other column is text.

    Returns
    -------
    Table
        Numbers, censored cells, units, notes and warnings.

    Raises
    ------
    TableFaults
        With every fault of the file.
    SchemaError
        When the schema itself is wrong.
    """
    if getattr(source, "adapter", None):
        from .adapters import adapt

        return adapt(source, source.adapter, schema)
    given = schema if schema is not None else getattr(source, "schema", None)
    return build(read_grid(source), load_schema(given) if given is not None else OPEN, source)


def build(grid, schema, source) -> Table:
    """Turn a grid of text into a table.

    Parameters
    ----------
    grid : Grid
        As `read_grid` returns it.
    schema : Schema
        What the case expects.
    source : path-like or Source
        Where the grid came from: gives key, checksum, licence and citation.

    Returns
    -------
    Table
        The validated table.

    Raises
    ------
    TableFaults
        With every fault of the file.
    """
    roles = assign_roles(grid, schema) if grid.header else {}
    place = {name: i for i, name in enumerate(grid.header)}
    cells = {name: [row[place[name]] for _, row in grid.rows] for name in roles}
    _drop_unused(grid, roles, cells)
    numbers = [role for role in roles.values() if role.kind == "number"]
    style = _style(grid, cells, numbers)
    data, censored, limit = {}, {}, {}
    for name, role in roles.items():
        if role.kind == "number":
            data[name], limit[name] = _number_column(grid, cells[name], role, schema, style)
            censored[name] = ~np.isnan(limit[name])
        else:
            bad = _text_column(grid, cells[name], role)
            kept = ["" if i in bad else text for i, text in enumerate(cells[name])] if role.kind == "category" else cells[name]
            data[name] = pd.Series(kept, dtype="str")
    frame = pd.DataFrame(data, index=range(len(grid.rows)))
    analytes = [role.name for role in numbers if role.analyte]
    warnings = _check_whole(grid, cells, frame, censored, roles, schema)
    if schema.analytes and schema.analytes.totals:
        label = frame.get(schema.id_column)
        warnings += check_totals(grid, frame, censored, numbers, label)
    if grid.faults and not _usable(grid, roles, schema):
        raise TableFaults(in_order(grid.faults))
    path = Path(source)
    table = Table(
        frame=frame, censored=pd.DataFrame(censored, index=frame.index), limit=pd.DataFrame(limit, index=frame.index),
        units={role.name: role.unit for role in numbers}, errors={r.values: r.name for r in numbers if r.values},
        analytes=analytes, notes=grid.notes, warnings=warnings, rows=[number for number, _ in grid.rows],
        key=getattr(source, "key", "") or path.name, sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        licence=getattr(source, "licence", ""), citation=getattr(source, "citation", ""), path=path, schema=schema,
        artificial=getattr(source, "artificial", False),
    )  # fmt: skip
    if grid.faults:
        raise TableFaults(in_order(grid.faults), table)
    return table


def _usable(grid, roles, schema):
    """Tell whether enough of a faulty table was read for a check of the whole: rows, and every required column."""
    return bool(grid.rows) and all(c.name in roles for c in schema.columns.values() if c.required)


def _drop_unused(grid, roles, cells):
    """Drop an optional column that must be filled where it is there, and is wholly empty: a leftover of the template."""
    for name, role in list(roles.items()):
        if role.declared and role.declared.filled and not role.declared.required and grid.rows and not any(cells[name]):
            del roles[name], cells[name]
            grid.notes.append(f"the column {name} is empty in every row and was left out")


def _style(grid, cells, numbers):
    """Find the decimal mark of the file and note a comma."""
    style, seen = decimal_style(text for role in numbers for text in cells[role.name])
    if style == ",":
        grid.notes.append(f"decimal commas were read in {seen[','] + seen['?']} cells")
    return style


def _number_column(grid, texts, role, schema, style):
    """Read one column of numbers; returns values and detection limits, both of shape (n_rows,)."""
    values, limits = np.full(len(texts), np.nan), np.full(len(texts), np.nan)
    rule, column = schema.analytes, role.declared
    # a ratio has no detection limit, unless it is the amount of a species
    may_censor = bool(role.analyte and rule.censored and (role.unit in TO_WT or rule.any_name))
    bounds = rule.limits(role.unit) if role.analyte else column.range if column else None
    for i, text in enumerate(texts):
        kind, value, message = parse_cell(text, style, censored=may_censor)
        if kind == "number" and is_sentinel(text) and not (column and column.allow_sentinels):
            advice = ADVICE if may_censor else "leave the cell empty if there is no value"
            message = f"'{text}' stands for a missing value in many tables; {advice}"
        elif kind == "number":
            message = _wrong_value(text, value, role, rule, bounds)
        elif kind == "censored" and bounds and value > bounds[1]:
            message = f"'{text}': the detection limit must be at most {bounds[1]:g} {role.unit}"
        elif kind == "empty" and column and column.required:
            message = f"the cell is empty; {column.name} is required in every row"
        if message:
            grid.fault(grid.rows[i][0], role.name, text, message)
        elif kind == "number":
            values[i] = value
        elif kind == "censored":
            limits[i] = value
    return values, limits


def _wrong_value(text, value, role, rule, bounds):
    """Return what is wrong with a number, or an empty string."""
    if role.values:
        return "" if value > 0 else f"'{text}': an error (1 sigma) must be above zero; leave it empty if not known"
    if role.analyte and bounds and value < bounds[0] and bounds[0] == 0:
        return f"'{text}': a concentration cannot be negative; {ADVICE}"
    if role.analyte and value == 0 and not rule.zero and bounds:
        return f"'{text}': a concentration of exactly zero cannot be measured; {ADVICE}"
    if bounds and not bounds[0] <= value <= bounds[1]:
        return f"'{text}' is outside {bounds[0]:g} to {bounds[1]:g} {role.unit}; check the number and its unit"
    return ""


def _text_column(grid, texts, role):
    """Check a column of ids, texts or categories; returns the indices of the cells with a fault."""
    column, first, bad = role.declared, {}, set()
    for i, text in enumerate(texts):
        row, message = grid.rows[i][0], ""
        if not text:
            if column and column.required:
                what = "the sample has no name; give each row a name of its own" if role.kind == "id" else "the cell is empty"
                message = what + (f"; write one of {', '.join(column.values)}" if column.values else "")
            elif column and column.filled:
                known = list(dict.fromkeys(filter(None, texts)))
                message = f"the cell is empty; write {_one_of(known)}, or delete the whole column. {column.description}"
        elif role.kind == "id" and text in first:
            message = f"the name '{text}' stands in row {first[text]} already; each row needs a name of its own"
        elif role.kind == "category" and text not in column.values:
            near = nearest(text, column.values)
            message = f"'{text}' is not one of {', '.join(column.values)}" + (f"; write {near}" if near else "")
        if message:
            grid.fault(row, role.name, text, message)
            bad.add(i)
        if role.kind == "id":
            first.setdefault(text, row)
            if text != "Na" and text.upper() in ("NA", "NAN", "NULL", "NONE", "N/A"):
                grid.notes.append(f"row {row}: the name '{text}' was kept as a name; it does not mean missing")
    return bad


def _one_of(known):
    """Say which words stand in the other rows of a column, a few of them."""
    return f"what the row belongs to, such as {', '.join(map(repr, known[:3]))}"


def _check_whole(grid, cells, frame, censored, roles, schema):
    """Check what concerns several cells; returns warnings."""
    filled = {name: frame[name].notna().to_numpy() | censored[name] for name in censored}
    analytes = [role.name for role in roles.values() if role.analyte]
    rule = schema.analytes
    warnings = [f"the column {name} holds no value" for name in analytes if len(frame) and not filled[name].any()]
    # a cell with a fault counts as filled and a ragged row may hold anything: no fault that only follows from another
    mass = [unit for unit in rule.units if unit in TO_WT] or rule.units if rule else ()  # isotope ratios do not count
    present = sum(any(texts) for name, texts in cells.items() if roles[name].analyte and roles[name].unit in mass)
    if rule and roles and present < rule.minimum and grid.rows and not grid.ragged:
        allowed = ", ".join(f"_{unit}" for unit in mass)
        grid.fault(
            None,
            None,
            None,
            f"{present} columns of analytes hold values; at least {rule.minimum} are needed (names end in {allowed})",
        )
    for role in roles.values():
        if role.values in filled and role.values:
            lost = int((frame[role.name].notna().to_numpy() & frame[role.values].isna().to_numpy()).sum())
            if lost:
                warnings.append(f"{role.name}: {lost} errors stand beside empty or censored values and are not used")
        if role.kind == "category" and grid.rows and not grid.ragged and _all_valid(cells[role.name], role.declared):
            counts = Counter(frame[role.name])
            for word, least in role.declared.at_least.items():
                if counts[word] < least:
                    grid.fault(None, role.name, None, f"{counts[word]} rows have '{word}', at least {least} must have it")
    return warnings


def _all_valid(words, column):
    """Tell whether no word of a category has a fault of its own."""
    return set(words) <= {*column.values, *([] if column.required else [""])}
