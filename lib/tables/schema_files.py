"""Schema files, ``data/<stem>/input.toml``: loaded, checked with clear errors, and described for people."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from .faults import SchemaError
from .names import UNITS, nearest, parse_column
from .schemas import KINDS, AnalyteRule, Column, Schema

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "data"

_TOP = {"title": str, "description": str, "check": str, "external": list, "mandatory_diagnostics": list}
_TOP |= {"columns": dict, "analytes": dict}
_COLUMN = {"kind": str, "title": str, "description": str, "unit": str, "required": bool, "range": list, "values": list}
_COLUMN |= {"at_least": dict, "role": str, "allow_sentinels": bool, "filled": bool}
_ANALYTES = {"units": list, "minimum": int, "range": dict, "description": str}
_ANALYTES |= dict.fromkeys(("censored", "zero", "errors", "any_name", "same_element", "totals"), bool)


def load_schema(source) -> Schema:
    """Load and check a schema.

    Parameters
    ----------
    source : Schema, str or path-like
        A stem such as ``"02_alteration_isocon"``, or the path of an ``input.toml``.

    Returns
    -------
    Schema
        The columns of the case.

    Raises
    ------
    SchemaError
        With everything that is wrong in the file.
    """
    if isinstance(source, Schema):
        return source
    path = Path(source)
    if isinstance(source, str) and path.suffix != ".toml":
        path = DATA / source / "input.toml"
    content = read_toml(path, "schema")
    problems = []
    _check_keys(content, _TOP, "the file", problems)
    columns = {name: _column(name, given, problems) for name, given in _section(content, "columns").items()}
    rule = _analytes(content["analytes"], problems) if isinstance(content.get("analytes"), dict) else None
    if sum(c.kind == "id" for c in columns.values()) != 1:
        problems.append("exactly one column must have kind = 'id'")
    check = content.get("check", "")
    if check and not re.fullmatch(r"[\w.]+:\w+", str(check)):
        problems.append(f"check = {check!r} must be 'module:function', such as 'lib.isocon:check_table'")
    if not content.get("title"):
        problems.append("title is missing; say in one line what the table is")
    lists = {key: content[key] for key in ("external", "mandatory_diagnostics") if isinstance(content.get(key), list)}
    wrong = [key for key, items in lists.items() if not all(isinstance(item, str) for item in items)]
    problems += [f"{key} must be a list of strings" for key in wrong]
    if problems:
        raise SchemaError("\n".join(f"{path.name} of {path.parent.name}: {text}" for text in problems))
    return Schema(
        stem=path.parent.name,
        title=content["title"],
        description=content.get("description", ""),
        columns=columns,
        analytes=rule,
        check=check,
        external=tuple(content.get("external", ())),
        mandatory_diagnostics=tuple(content.get("mandatory_diagnostics", ())),
    )


def read_toml(path, what) -> dict:
    """Read a TOML file of the compendium, with an error that names it.

    Raises
    ------
    SchemaError
        When the file is missing or is not TOML.
    """
    path = Path(path)
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        known = ", ".join(sorted(p.parent.name for p in DATA.glob("*/input.toml"))) if what == "schema" else ""
        raise SchemaError(f"{what}: there is no file {path}" + (f"; cases with a schema: {known}" if known else "")) from None
    except tomllib.TOMLDecodeError as error:
        raise SchemaError(f"{what} {path}: not valid TOML: {error}") from None


def _section(content, key):
    """Return a sub-table that holds tables only; wrong types are reported by the key check."""
    part = content.get(key, {})
    return part if isinstance(part, dict) else {}


def _check_keys(given, allowed, where, problems):
    """Report unknown keys, with the nearest known one, and wrong types."""
    for key, value in given.items():
        if key not in allowed:
            near = nearest(key, allowed)
            problems.append(
                f"{where}: unknown key '{key}'" + (f"; do you mean '{near}'?" if near else f"; known: {', '.join(allowed)}")
            )
        elif not isinstance(value, allowed[key]) or (allowed[key] is int and isinstance(value, bool)):
            problems.append(f"{where}: {key} = {value!r} must be of type {allowed[key].__name__}")


def _bad_range(pair):
    """Tell whether something is not [smallest, largest]."""
    numbers = (
        isinstance(pair, list) and len(pair) == 2 and all(isinstance(x, int | float) and not isinstance(x, bool) for x in pair)
    )
    return not numbers or pair[0] >= pair[1]


def _column(name, given, problems):
    """Build one declared column and report what is wrong with it."""
    where = f"columns.{name}"
    if not isinstance(given, dict):
        problems.append(f"{where} must be a table, such as [columns.{name}]")
        return Column(name, "text")
    _check_keys(given, _COLUMN, where, problems)
    kind = given.get("kind", "")
    if kind not in KINDS:
        problems.append(f"{where}: kind = {kind!r} must be one of {', '.join(KINDS)}")
    problems += [
        f"{where}: {key} is missing; write a few words for the help text"
        for key in ("title", "description")
        if not given.get(key)
    ]
    if kind == "number":
        parts = parse_column(name)
        if given.get("unit") not in UNITS:
            problems.append(f"{where}: unit = {given.get('unit')!r} must be one of {', '.join(UNITS)}")
        elif parts is None or parts.unit != given["unit"] or parts.error:
            problems.append(f"{where}: the name must end in its unit, _{given['unit']}")
        if "range" in given and _bad_range(given["range"]):
            problems.append(f"{where}: range = {given['range']!r} must be two numbers, the smaller first")
    elif "unit" in given or "range" in given:
        problems.append(f"{where}: unit and range belong to kind = 'number'")
    if (kind == "category") != bool(given.get("values")):
        problems.append(f"{where}: values (a list of words) and kind = 'category' need each other")
    at_least = given.get("at_least", {})
    if isinstance(at_least, dict):
        problems += [
            f"{where}: at_least names '{word}', which is not in values"
            for word in at_least
            if word not in given.get("values", [])
        ]
    plain = {key: value for key, value in given.items() if key in _COLUMN}
    plain.update({key: tuple(plain[key]) for key in ("range", "values") if isinstance(plain.get(key), list)})
    return Column(name, **{**plain, "kind": kind, "required": kind == "id" or bool(given.get("required"))})


def _analytes(given, problems):
    """Build the analyte rule and report what is wrong with it."""
    _check_keys(given, _ANALYTES, "analytes", problems)
    units = given.get("units", ["wt", "ppm", "ppb"])
    if isinstance(units, list):
        problems += [f"analytes: unit {unit!r} must be one of {', '.join(UNITS)}" for unit in units if unit not in UNITS]
    ranges = given.get("range", {})
    if isinstance(ranges, dict):
        problems += [
            f"analytes: range.{unit} must be two numbers, the smaller first"
            for unit, pair in ranges.items()
            if _bad_range(pair)
        ]
    plain = {key: value for key, value in given.items() if key in _ANALYTES}
    return AnalyteRule(**{**plain, "units": tuple(units) if isinstance(units, list) else ()})


def describe_schema(source) -> str:
    """Return a readable text of the columns that a case takes.

    Parameters
    ----------
    source : Schema, str or path-like
        As for `load_schema`.

    Returns
    -------
    str
        Plain text: a line a column, then the rule for analytes.
    """
    schema = load_schema(source)
    lines = [schema.title, *([schema.description] if schema.description else []), ""]
    width = max((len(name) for name in schema.columns), default=0)
    for column in schema.columns.values():
        parts = ["required" if column.required else "optional", column.kind]
        parts += [UNITS[column.unit]] if column.unit else []
        parts += [f"{column.range[0]:g} to {column.range[1]:g}"] if column.range else []
        parts += ["one of: " + ", ".join(column.values)] if column.values else []
        parts += [f"at least {number} {word}" for word, number in column.at_least.items()]
        lines += [f"{column.name:<{width}}  {'; '.join(parts)}", f"{'':<{width}}  {column.description}"]
    rule = schema.analytes
    if rule:
        units = ", ".join(f"{unit} ({UNITS[unit]})" for unit in rule.units)
        lines += ["", f"<analyte>_<unit>: {f'at least {rule.minimum} columns; ' if rule.minimum else ''}units {units}"]
        lines += [rule.description] if rule.description else []
        lines += ["Empty = not analysed. " + ("<0.05 = below the detection limit 0.05. " if rule.censored else "")
                  + ("" if rule.zero else "Zero is refused: a concentration is never exactly zero.")]  # fmt: skip
        lines += ["<analyte>_<unit>_err: one standard deviation of that column, in its unit."] if rule.errors else []
    return "\n".join(lines)
