"""Foreign tables in our own schema: a small declarative mapping of columns, words and units, applied when reading."""

from __future__ import annotations

from pathlib import Path

from .faults import SchemaError, TableFaults, in_order
from .grid import Grid, read_grid
from .names import TO_WT, nearest, parse_column
from .reader import build
from .schema_files import load_schema, read_toml
from .table import Table

_KEYS = ("about", "schema", "columns", "analytes", "ignore", "incomplete")
_COLUMN_KEYS = ("from", "words", "otherwise", "value")
_ANALYTE_KEYS = ("from", "unit")
_INCOMPLETE_KEYS = ("within", "zero")


def adapt(source, mapping, schema=None) -> Table:
    """Read a foreign table through a mapping.

    Parameters
    ----------
    source : path-like or Source
        The foreign file.
    mapping : path-like
        A TOML file with ``schema`` (stem), ``[columns.<ours>]`` (``from`` their column, ``words`` theirs -> ours,
        ``otherwise`` for any other word, or ``value`` for all rows), ``[analytes]`` (our column -> theirs, or
        ``{from, unit}`` where their unit differs), ``ignore`` (their columns that are left out) and ``[incomplete]``
        (``within`` = our column of groups: an analyte with an empty cell in a group is dropped from that group;
        ``zero = "drop"`` treats a zero as an empty cell there). Every column of the foreign file must be named.
    schema : Schema, str or path-like, optional
        By default the one of the mapping.

    Returns
    -------
    Table
        In our schema; `notes` say what was dropped.

    Raises
    ------
    TableFaults
        When the foreign file does not fit the mapping.
    SchemaError
        When the mapping itself is wrong.
    """
    rules = _load(mapping)
    ours = load_schema(schema if schema is not None else rules["schema"])
    theirs = read_grid(source)
    if not theirs.faults:
        _check_fit(theirs, rules)
    if theirs.faults:
        raise TableFaults(in_order(theirs.faults))
    grid = Grid(theirs.file, theirs.header_row, notes=theirs.notes)
    place = {name: i for i, name in enumerate(theirs.header)}
    made = {name: _words(rule, theirs.rows, place) for name, rule in rules["columns"].items()}
    for name, rule in rules["analytes"].items():
        taken = [cells[place[_origin(rule)]] for _, cells in theirs.rows]
        made[name] = [_convert(text, name, rule) for text in taken]
    _drop_incomplete(made, rules, grid)
    grid.header = list(made)
    grid.rows = [(number, [made[name][i] for name in made]) for i, (number, _) in enumerate(theirs.rows)]
    return build(grid, ours, source)


def _load(path):
    """Read a mapping and check it."""
    path = Path(path)
    rules = {"schema": "", "columns": {}, "analytes": {}, "ignore": [], "incomplete": {}, **read_toml(path, "mapping")}
    problems = [f"unknown key '{key}'; known: {', '.join(_KEYS)}" for key in rules if key not in _KEYS]
    for section, allowed in (("columns", _COLUMN_KEYS), ("analytes", _ANALYTE_KEYS)):
        for name, rule in rules[section].items():
            if isinstance(rule, dict):
                problems += [
                    f"{section}.{name}: unknown key '{key}'; known: {', '.join(allowed)}" for key in rule if key not in allowed
                ]
            if not (isinstance(rule, dict) and ("from" in rule or "value" in rule)) and not isinstance(rule, str):
                problems.append(f"{section}.{name}: name the foreign column, from = '...'")
    for name, rule in rules["analytes"].items():
        parts = parse_column(name)
        if parts is None or (isinstance(rule, dict) and "unit" in rule and not {rule["unit"], parts.unit} <= set(TO_WT)):
            problems.append(f"analytes.{name}: units must be of {', '.join(TO_WT)}")
    strange = [key for key in rules["incomplete"] if key not in _INCOMPLETE_KEYS]
    problems += [f"incomplete: unknown key '{key}'; known: {', '.join(_INCOMPLETE_KEYS)}" for key in strange]
    if rules["incomplete"] and rules["incomplete"].get("within") not in rules["columns"]:
        problems.append("incomplete: within must name one of [columns]")
    if problems:
        raise SchemaError("\n".join(f"mapping {path.name}: {text}" for text in problems))
    return rules


def _origin(rule):
    """Return the foreign column of a rule, or None for a constant."""
    return rule if isinstance(rule, str) else rule.get("from")


def _check_fit(theirs, rules):
    """Report foreign columns that the mapping does not know, and those that it wants and does not find."""
    wanted = [_origin(rule) for part in ("columns", "analytes") for rule in rules[part].values()]
    wanted = [name for name in wanted if name] + rules["ignore"]
    for name in theirs.header:
        if name not in wanted:
            near = nearest(name, wanted)
            theirs.fault(
                theirs.header_row, name, name, "the mapping does not name this column" + (f"; near to {near}" if near else "")
            )
    for name in wanted:
        if name not in theirs.header:
            theirs.fault(theirs.header_row, name, None, "the mapping needs this column and the file has it not")


def _words(rule, rows, place):
    """Return one column of ours, with words translated."""
    if isinstance(rule, dict) and "value" in rule:
        return [str(rule["value"])] * len(rows)
    taken = [cells[place[_origin(rule)]] for _, cells in rows]
    if isinstance(rule, str) or "words" not in rule:
        return taken
    return [str(rule["words"].get(text, rule.get("otherwise", text))) for text in taken]


def _convert(text, name, rule):
    """Return a cell in our unit; anything that is not a plain number is left for the reader to judge."""
    if isinstance(rule, str) or "unit" not in rule or rule["unit"] == parse_column(name).unit:
        return text
    factor = TO_WT[rule["unit"]] / TO_WT[parse_column(name).unit]
    mark = "<" if text.startswith("<") else ""
    try:
        return f"{mark}{float(text.lstrip('< ')) * factor:.12g}"
    except ValueError:
        return text


def _drop_incomplete(made, rules, grid):
    """Empty an analyte in every group where one of its cells is empty (or zero)."""
    if not rules["incomplete"]:
        return
    within = rules["incomplete"]["within"]
    groups = made[within]
    for name in rules["analytes"]:
        values = made[name]
        lacking = {g: "" for g, text in zip(groups, values, strict=True) if not text}
        if rules["incomplete"].get("zero") == "drop":
            lacking |= {g: " or zero" for g, text in zip(groups, values, strict=True) if _is_zero(text)}
        partly = [g for g in lacking if any(t and not _is_zero(t) for h, t in zip(groups, values, strict=True) if h == g)]
        if partly:
            why = "where a cell is empty" + (" or zero" if any(lacking[g] for g in partly) else "")
            grid.notes.append(f"{name} is left out of {within} {', '.join(partly)}, {why}")
        made[name] = ["" if group in lacking else text for group, text in zip(groups, values, strict=True)]


def _is_zero(text):
    """Tell whether a cell is the number zero."""
    try:
        return float(text) == 0
    except ValueError:
        return False
