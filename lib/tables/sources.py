"""Where a table comes from: embedded in the compendium, with its descriptor, or external."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from .faults import SchemaError
from .names import UNITS
from .schema_files import DATA, read_toml

_REQUIRED = {"title": str, "rows": int, "sha256": str, "licence": str, "citation": str, "how_made": str}
_REQUIRED |= {"artificial": bool, "columns": dict}
_OPTIONAL = {"schema": str}


@dataclass(frozen=True)
class Source:
    """A data set, usable wherever a path is.

    Parameters
    ----------
    key : str
        ``<stem>/<name>.csv`` of an embedded table, or the key of an external one.
    path : pathlib.Path
        The file.
    schema : pathlib.Path or None
        The ``input.toml`` it is read with.
    descriptor : pathlib.Path or None
        Its descriptor, for embedded tables.
    adapter : pathlib.Path or None
        Mapping from foreign column names to the schema, for external tables.
    licence, citation : str
        Of the data.
    artificial : bool
        True for data made by a generator.
    """

    key: str
    path: Path
    schema: Path | None = None
    descriptor: Path | None = None
    adapter: Path | None = None
    licence: str = ""
    citation: str = ""
    artificial: bool = False

    def __fspath__(self) -> str:
        """Return the path, so that a Source can be opened like a file."""
        return str(self.path)

    @classmethod
    def embedded(cls, stem, name) -> Source:
        """Return an embedded table, ``data/<stem>/<name>.csv``.

        Parameters
        ----------
        stem : str
            Case, such as ``"02_alteration_isocon"``, or ``"templates"``.
        name : str
            File name without ``.csv``.

        Raises
        ------
        SchemaError
            When the table or its descriptor is not there or is wrong.
        """
        path = DATA / stem / f"{name}.csv"
        if not path.is_file():
            known = ", ".join(sorted(p.stem for p in path.parent.glob("*.csv"))) or "nothing"
            raise SchemaError(f"there is no embedded table {stem}/{name}.csv; data/{stem} holds {known}")
        described = read_descriptor(path.with_suffix(".toml"))
        owner = re.sub(r"_(blank|example)$", "", name) if stem == "templates" else stem
        schema = DATA / owner / described.get("schema", "input.toml")
        return cls(
            key=f"{stem}/{name}.csv",
            path=path,
            schema=schema if schema.is_file() else None,
            descriptor=path.with_suffix(".toml"),
            licence=described["licence"],
            citation=described["citation"],
            artificial=described["artificial"],
        )

    @classmethod
    def from_key(cls, key) -> Source | None:
        """Return a table by its key; None for an external one that is not on this machine.

        Raises
        ------
        SchemaError
            When nothing has that key.
        """
        from .external import locate, registry

        stem, _, name = key.rpartition("/")
        if (DATA / key).is_file() and name.endswith(".csv"):
            return cls.embedded(stem, name.removesuffix(".csv"))
        if key in registry():
            return locate(key)
        known = [source.key for source in embedded_sources()] + list(registry())
        raise SchemaError(f"there is no table '{key}'; known: {', '.join(known)}")


def embedded_sources() -> list:
    """Return all embedded tables, sorted by key."""
    return [Source.embedded(path.parent.name, path.stem) for path in sorted(DATA.glob("*/*.csv"))]


def read_descriptor(path) -> dict:
    """Read and check a descriptor.

    Parameters
    ----------
    path : path-like
        ``<table>.toml`` beside ``<table>.csv``.

    Returns
    -------
    dict
        title, rows, sha256, licence, citation, how_made, artificial, columns (name -> {unit, meaning}); optional schema, the
        file beside it that a table which is not one of samples is read with (``input.toml`` when not given).

    Raises
    ------
    SchemaError
        With everything that is wrong in the descriptor.
    """
    path = Path(path)
    given = read_toml(path, "descriptor")
    where = f"{path.parent.name}/{path.name}"
    problems = [f"{where}: {key} is missing" for key in _REQUIRED if key not in given]
    known = _REQUIRED | _OPTIONAL
    for key, value in given.items():
        if key not in known:
            problems.append(f"{where}: unknown value {key}; known: {', '.join(known)}")
        elif not isinstance(value, known[key]) or (known[key] is int and isinstance(value, bool)):
            problems.append(f"{where}: {key} must be of type {known[key].__name__}")
    for name, column in (given.get("columns") or {}).items() if not problems else ():
        if not isinstance(column, dict) or not column.get("meaning"):
            problems.append(f"{where}: the column {name} needs a meaning")
        elif column.get("unit", "") not in ("", *UNITS):
            problems.append(f"{where}: the column {name} has the unit {column['unit']!r}; known: {', '.join(UNITS)}")
    if problems:
        raise SchemaError("\n".join(problems))
    return given


def describe(source) -> dict:
    """Say what is known about a data set, without checking its cells.

    Parameters
    ----------
    source : Source
        Embedded, external, or the reader's own.

    Returns
    -------
    dict
        key, title, rows, sha256, licence, citation, how_made, artificial; texts are "" where nothing is known.
    """
    from .external import registry, sha256_of
    from .grid import read_grid

    if source.descriptor is not None:
        known = {key: value for key, value in read_descriptor(source.descriptor).items() if key in _REQUIRED}
        del known["columns"]
        return {"key": source.key, **known}
    item = registry().get(source.key) if source.citation else None
    return {
        "key": source.key,
        "title": item.note if item else "",
        "rows": len(read_grid(source.path).rows),
        "sha256": sha256_of(source.path),
        "licence": source.licence,
        "citation": source.citation,
        "how_made": f"fetched from {item.url}" if item else "",
        "artificial": source.artificial,
    }


def verify_embedded(source) -> list:
    """Compare an embedded table with its descriptor.

    Returns
    -------
    list of str
        What does not agree: checksum, number of rows, columns. Empty when all is well.
    """
    from .external import sha256_of
    from .grid import read_grid

    described, grid = read_descriptor(source.descriptor), read_grid(source.path)
    faults = []
    if sha256_of(source.path) != described["sha256"]:
        faults.append(
            f"{source.key}: SHA-256 is {sha256_of(source.path)}, the descriptor says {described['sha256']}; "
            "if the table was changed on purpose, write the new one there"
        )
    if len(grid.rows) != described["rows"]:
        faults.append(f"{source.key}: {len(grid.rows)} rows, the descriptor says {described['rows']}")
    if grid.header != list(described["columns"]):
        faults.append(f"{source.key}: columns {', '.join(grid.header)}; the descriptor has {', '.join(described['columns'])}")
    return faults
