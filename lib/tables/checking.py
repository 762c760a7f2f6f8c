"""The one call that the runner, the notebook and ``make check-data`` share."""

from __future__ import annotations

import importlib

from .faults import Fault, SchemaError, TableFaults
from .reader import read
from .schema_files import load_schema


def check(source, schema=None) -> list:
    """Return everything that is wrong with a table.

    Parameters
    ----------
    source : path-like or Source
        The table.
    schema : Schema, str or path-like, optional
        As for `read`.

    Returns
    -------
    list of Fault
        The reader's faults; when there are none, those of the case's own check function, which is called with the
        `Table` and returns texts or faults. An empty list means that the table can be used.

    Raises
    ------
    SchemaError
        When the schema names a check function that does not exist.
    """
    given = schema if schema is not None else getattr(source, "schema", None)
    try:
        table = read(source, given)
    except TableFaults as error:
        return error.faults
    function = load_check(load_schema(given)) if given is not None else None
    found = function(table) if function else []
    return [item if isinstance(item, Fault) else table.fault(None, None, str(item)) for item in found]


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
