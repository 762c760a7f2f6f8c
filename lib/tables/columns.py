"""Which column is what: the header against the schema, with a helpful word on every name that does not fit."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .names import (
    IRON,
    PAIRS_ALLOWED,
    TO_WT,
    UNITS,
    canonical_analyte,
    canonical_unit,
    element_of,
    known_analyte,
    nearest,
    parse_column,
)

_TOTAL_IRON = re.compile(r"((?:FeO|Fe2O3)[ _]?(?:\(?(?:t|tot|total)\)?|\(?\*\)?))(?:[_ .,;(\[]+(.*))?", re.IGNORECASE)
_SPLIT = re.compile(r"([A-Za-z0-9]+[+*-]?)(?:[_ .,;(\[]+(.*))?")
_GLUED = re.compile(r"([A-Z][A-Za-z0-9]*?)(wt\.?%?|%|ppm|ppb)", re.IGNORECASE)
_ERROR = re.compile(r"([A-Z].*?)[ _]?(?:err|error|sd|std|sigma|[12]s|[12]se|unc|stdev)", re.IGNORECASE)
_RATIO = re.compile(r"(\d{1,3})([A-Z][a-z]?) ?[/_] ?(\d{1,3})([A-Z][a-z]?)(?:_ratio)?(_err)?")
_SUM = re.compile(r"(?:total|sum|summe|totals)(?:[_ (].*)?", re.IGNORECASE)


@dataclass(frozen=True)
class Role:
    """What the reader does with a column.

    Parameters
    ----------
    name, kind : str
        Column and one of ``id``, ``text``, ``category``, ``number``.
    unit : str
        Of numbers.
    declared : Column or None
        From the schema, when declared there.
    analyte : str
        Analyte name, "" for other numbers.
    values : str
        For a column of errors: the column of values that it belongs to.
    """

    name: str
    kind: str
    unit: str = ""
    declared: object = None
    analyte: str = ""
    values: str = ""


def assign_roles(grid, schema) -> dict:
    """Give each column of a grid its role; faults of the header go to the grid.

    Parameters
    ----------
    grid : Grid
        Header and rows as text.
    schema : Schema
        What the case expects.

    Returns
    -------
    dict of str to Role
        In the order of the file; columns with a fault are left out.
    """
    header = [name for name in grid.header if name]
    if header and all(re.fullmatch(r"[<+-]?[\d.,]+", name) for name in header):
        grid.fault(
            grid.header_row,
            None,
            None,
            "the first line holds numbers; it must hold the column names, such as sample_id,SiO2_wt",
        )
        return {}
    roles = {}
    for name in header:
        role = _role(name, schema, header)
        if isinstance(role, Role):
            roles[name] = role
        else:
            grid.fault(grid.header_row, name, name, role)
    for column in schema.columns.values():
        if column.required and column.name not in header and not schema.open:
            near = nearest(column.name, [name for name in header if name not in roles])
            hint = f"; is it the column '{near}'?" if near else f": {column.description}" if column.description else ""
            grid.fault(grid.header_row, column.name, None, f"the required column {column.name} is missing{hint}")
    if schema.analytes and not schema.analytes.same_element:
        _same_element(grid, roles)
    return roles


def _role(name, schema, header):
    """Return the role of a column, or the text of its fault."""
    if name in schema.columns:
        column = schema.columns[name]
        return Role(name, column.kind, column.unit, column)
    parts, rule = parse_column(name), schema.analytes
    if parts and parts.error:
        return _error_role(name, parts, schema, header)
    if parts and rule and known_analyte(parts.analyte, parts.unit):
        if parts.unit in rule.units:
            return Role(name, "number", parts.unit, None, parts.analyte)
        return f"the unit {parts.unit} is not taken here; allowed are {_forms(parts.analyte, rule.units)}"
    if parts and rule and rule.any_name and parts.unit in rule.units:
        return Role(name, "number", parts.unit, None, parts.analyte)
    if schema.open and parts and canonical_analyte(parts.analyte) is None:
        return Role(name, "number", parts.unit)
    repaired = _repair(name, schema, header)
    if repaired:
        return repaired
    return Role(name, "text") if schema.open else _unknown(name, schema)


def _error_role(name, parts, schema, header):
    """Return the role of a column of standard deviations, or the text of its fault."""
    if schema.analytes and not schema.analytes.errors:
        return f"the unknown column {name}: this case takes no columns of errors; delete it"
    if parts.base in header:
        base = _role(parts.base, schema, header)
        if isinstance(base, Role):
            return Role(name, "number", parts.unit, None, "", parts.base)
        return f"the errors belong to {parts.base}, which has a fault itself"
    others = [other for other in header if (p := parse_column(other)) and not p.error and p.analyte == parts.analyte]
    if others:
        return f"the errors must have the unit of their values, {others[0]}; write {others[0]}_err and convert the numbers"
    return f"the errors have no column of values; add the column {parts.base}, or delete {name}"


def _forms(analyte, units):
    """Return the allowed ways to write a column of an analyte."""
    forms = [unit for unit in units if known_analyte(analyte, unit)]
    forms = [unit for unit in forms if unit in TO_WT] or forms  # Nd_eps is possible, but not what La_cps was meant for
    return ", ".join(f"{analyte}_{unit}" for unit in forms) or ", ".join(units)


def _repair(name, schema, header):
    """Say what a name with a known analyte should be, or return None when no analyte is recognised in it."""
    rule = schema.analytes
    if rule is None or nearest_declared(name, schema):
        return None
    ratio = _RATIO.fullmatch(name)
    if ratio and "ratio" in rule.units:
        written = f"{ratio[2]}{ratio[1]}_{ratio[4]}{ratio[3]}_ratio{ratio[5] or ''}"
        return f"the name {name} is not written like this; write {written}: element before mass number, and the unit"
    units = [unit for unit in rule.units if not schema.open or unit in ("wt", "ppm", "ppb")]
    if _SUM.fullmatch(name):
        return f"a column of totals ({name}) is not read; delete it: totals are calculated and checked"
    error = _ERROR.fullmatch(name)
    core, tail = (error[1], "_err") if error else (name, "")
    bare = _known_start(core)
    if bare is None:
        return None
    analyte, rest, guessed = bare
    unit = canonical_unit(rest) if rest else None
    if tail and (not unit or unit in rule.units):
        shown = unit or next(
            (p.unit for other in header if (p := parse_column(other)) and p.analyte == analyte), rule.units[0]
        )
        half = "; halve errors of two sigma" if "2s" in name.lower()[-3:] else ""
        return (
            f"the unknown column {name}: errors (1 sigma, in the unit of the values) are written {analyte}_{shown}_err{half}"
        )
    if not rest:
        return f"the column {name} has no unit; write {_forms(analyte, units)}"
    if guessed and unit == rest:
        return f"the unknown analyte {core[: -len(rest) - 1]}; do you mean {analyte}_{unit}?"
    if unit and not known_analyte(analyte, unit):
        return f"the unit '{rest}' does not fit {analyte}; allowed are {_forms(analyte, units)}: convert the numbers if needed"
    if unit and unit == rest and unit in rule.units:
        return f"the name {name} is not written like this; write {analyte}_{unit}: analyte, underscore, unit"
    if unit and unit in rule.units:
        return f"the unit '{rest}' is not written like this; write {analyte}_{unit} (allowed: {_forms(analyte, units)})"
    return f"the unit '{rest}' is not known here; allowed are {_forms(analyte, units)}: convert the numbers if needed"


def _known_start(name):
    """Split a name into (analyte, rest, whether the analyte was guessed), or return None."""
    name = re.sub(r"L\.O\.I\.?", "LOI", name, flags=re.IGNORECASE)
    split = _TOTAL_IRON.fullmatch(name) or _GLUED.fullmatch(name) or _SPLIT.fullmatch(name)
    if not split:
        return None
    written = split[1]
    analyte = canonical_analyte(written)
    rest = (split[2] or "").strip("()[] ")
    if analyte is None:
        return None
    # a word without unit that merely resembles an analyte says nothing
    repaired = analyte.lower() == written.replace("0", "O").lower() or _TOTAL_IRON.fullmatch(written)
    if analyte != written and not canonical_unit(rest) and not (repaired and len(written) > 2):
        return None
    return analyte, rest, analyte != written


def nearest_declared(name, schema):
    """Return the declared column that a name most probably means, or None."""
    start = name.lower()
    longer = [known for known in schema.columns if len(start) > 3 and known.lower().startswith(start)]
    return nearest(name, schema.columns) or next(iter(longer), None)


def _unknown(name, schema):
    """Explain a name that nothing in the schema resembles."""
    near = nearest_declared(name, schema)
    if near:
        return f"the unknown column {name}; do you mean {near}?"
    known = ", ".join(schema.columns)
    parts = parse_column(name)
    if parts and schema.analytes:
        known += "; analytes are oxides, elements and volatiles such as SiO2, La, LOI"
    elif schema.analytes:
        known += f", and analytes such as SiO2_{schema.analytes.units[0]}"
    elif any(c.unit for c in schema.columns.values()):
        known += f" (units: {', '.join(sorted({c.unit for c in schema.columns.values() if c.unit} & UNITS.keys()))})"
    return f"the unknown column {name}; rename or delete it (known: {known})"


def _same_element(grid, roles):
    """Report an element that is given twice."""
    names = [role for role in roles.values() if role.analyte and role.unit in TO_WT]  # Nd_ppm and Nd_eps are different things
    for i, second in enumerate(names):
        for first in names[:i]:
            pair = {first.analyte, second.analyte}
            if element_of(first.analyte) != element_of(second.analyte) or (
                element_of(first.analyte) is None and len(pair) > 1
            ):
                continue
            if pair in PAIRS_ALLOWED:
                continue
            what = f"{element_of(first.analyte) or first.analyte} is given twice, as {first.name} and {second.name}"
            total = pair & {"FeOT", "Fe2O3T"} and pair <= set(IRON)
            why = " (total iron already holds the rest)" if total else ""
            grid.fault(grid.header_row, second.name, second.name, f"{what}{why}; keep one of them, or join them in one unit")
