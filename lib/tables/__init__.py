"""Tables: read, validated, with units, detection limits, licence and origin.

``tables.read(source, schema)`` gives a `Table` or raises `TableFaults` with every fault of the file. Names are imported
when first used, so that ``from lib.tables import external`` stays light.
"""

from __future__ import annotations

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "faults": ["Fault", "SchemaError", "TableFaults"],
        "schemas": ["Schema"],
        "schema_files": ["describe_schema", "load_schema"],
        "table": ["Table"],
        "reader": ["read"],
        "checking": ["check"],
        "sources": ["Source", "describe"],
        "adapters": ["adapt"],
        "external": ["ExternalDataError", "locate"],
        "download": ["FetchReport", "fetch"],
    },
)  # fmt: skip
