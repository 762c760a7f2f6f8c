"""The one call that the runner, the notebook and ``make check-data`` share."""

from __future__ import annotations

import importlib
import inspect
import re
from dataclasses import replace

from .faults import Fault, SchemaError, TableFaults, in_order
from .mending import mended
from .reader import read
from .schema_files import load_schema

_LEFT_OUT = " (judged without the lines and columns that could not be read)"


def check(source, schema=None, parameters=None) -> list:
    """Return everything that is wrong with a table.

    Parameters
    ----------
    source : path-like or Source
        The table.
    schema : Schema, str or path-like, optional
        As for `read`.
    parameters : dict, optional
        Parameters of the run, passed on to the case's check function when it takes a keyword ``parameters``.

    Returns
    -------
    list of Fault
        The reader's faults and those of the case's own check function, in the order of the file. The function is called
        with the `Table` and returns texts or faults. Where the reader found faults, it is called with what could be read,
        and a fault that would go away with the reader's faults is left out. An empty list means that the table can be used.

    Raises
    ------
    SchemaError
        When the schema names a check function that does not exist.
    """
    given = schema if schema is not None else getattr(source, "schema", None)
    function = load_check(load_schema(given)) if given is not None else None
    extra = {"parameters": parameters} if function and _takes_parameters(function) else {}
    try:
        table = read(source, given)
    except TableFaults as error:
        if function is None or error.partial is None:
            return error.faults
        later = _lasting(function, extra, error.partial, error.faults)
        known = {(fault.row, fault.column) for fault in error.faults if fault.row is not None and fault.column}
        return in_order(error.faults + [fault for fault in later if (fault.row, fault.column) not in known])
    return in_order(_run(function, extra, table)) if function else []


def _takes_parameters(function):
    """Tell whether a check function has a keyword ``parameters``."""
    return "parameters" in inspect.signature(function).parameters


def _run(function, extra, table):
    """Call the check function of a case; texts become faults of the file, and no fault comes twice."""
    found = [item if isinstance(item, Fault) else table.fault(None, None, str(item)) for item in function(table, **extra)]
    return list(dict.fromkeys(found))


def _lasting(function, extra, table, faults):
    """Return the faults of a partly read table that stay whatever the faulty cells are replaced by.

    A message may count what is there, so that messages are compared without their numbers; the one that is reported is
    that of the mended table when all mended tables agree on it.
    """
    try:
        found = _run(function, extra, table)
        others = [_run(function, extra, other) for other in mended(table, faults)] if found else []
    except Exception:  # the function was written for whole tables, and the reader's faults have to be corrected first
        return []
    lasting = []
    for fault in found:
        matches = [[other for other in run if _bare(other) == _bare(fault)] for run in others]
        if all(matches):
            texts = {match[0].message for match in matches}
            lasting.append(matches[0][0] if len(texts) == 1 else fault)
    if any(fault.row is not None and fault.column not in table.frame for fault in faults):
        lasting = [replace(f, message=f.message + _LEFT_OUT) if f.row is None else f for f in lasting]
    return list(dict.fromkeys(lasting))


def _bare(fault):
    """Return what identifies a fault: its place, and its message without numbers."""
    return fault.row, fault.column, re.sub(r"\d+(\.\d+)?", "#", fault.message)


def load_check(schema):
    """Return the check function that a schema names, or None.

    Raises
    ------
    SchemaError
        When the module or the function cannot be found.
    """
    if not schema.check:
        return None
    module, _, name = schema.check.partition(":")
    try:
        return getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise SchemaError(f"input.toml of {schema.stem}: check = '{schema.check}' cannot be imported: {error}") from error
