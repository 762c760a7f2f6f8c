"""Tables: read, validated, with units, detection limits, licence and origin.

``tables.read(source, schema)`` gives a `Table` or raises `TableFaults` with every fault of the file. Names are imported
when first used, so that ``from lib.tables import external`` stays light.
"""

from __future__ import annotations

import importlib

_HOME = {
    "Fault": "faults", "SchemaError": "faults", "TableFaults": "faults",
    "Schema": "schemas", "describe_schema": "schema_files", "load_schema": "schema_files",
    "Table": "table", "read": "reader", "check": "checking",
    "Source": "sources", "describe": "sources", "adapt": "adapters",
    "ExternalDataError": "external", "locate": "external",
    "FetchReport": "download", "fetch": "download",
}  # fmt: skip
__all__ = sorted(_HOME)


def __getattr__(name):
    """Import a public name from its module when it is first used (PEP 562)."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}; it has {', '.join(__all__)}")
    value = getattr(importlib.import_module(f".{_HOME[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__():
    """Return the public names."""
    return __all__
