"""``data/README.md`` and ``LICENSE-DATA.md``: written from the descriptors and the registry, so that they cannot drift."""

from __future__ import annotations

from .external import registry
from .names import UNITS
from .schema_files import DATA, ROOT, load_schema
from .sources import embedded_sources, read_descriptor, verify_embedded

_MARK = "<!-- written by `python -m lib.tables readme` from the descriptors and external.toml: do not edit -->"


def catalogue_files() -> dict:
    """Return the generated files.

    Returns
    -------
    dict of pathlib.Path to str
        ``data/README.md`` and ``LICENSE-DATA.md`` with the text that they should have.
    """
    return {DATA / "README.md": _readme(), ROOT / "LICENSE-DATA.md": _licences()}


def write_catalogue() -> list:
    """Write the generated files that are not current; returns their paths."""
    written = []
    for path, text in catalogue_files().items():
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8", newline="\n")
            written.append(path)
    return written


def verify() -> list:
    """Check every embedded table against its descriptor, and whether the generated files are current.

    Returns
    -------
    list of str
        What does not agree; empty when all is well.
    """
    faults = [text for source in embedded_sources() for text in verify_embedded(source)]
    for path, text in catalogue_files().items():
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            faults.append(f"{path.relative_to(ROOT)} is not current; run `python -m lib.tables readme`")
    return faults


def _cell(text):
    """Return text that is safe in a Markdown table."""
    return str(text).replace("|", "\\|").replace("\n", " ")


def _table(header, rows):
    """Return a Markdown table as lines."""
    return [f"| {' | '.join(map(_cell, row))} |" for row in (header, ["---"] * len(header), *rows)]


def _columns(columns):
    """Return the columns of a descriptor as Markdown lines."""
    rows = [(f"`{name}`", UNITS.get(column.get("unit", ""), ""), column["meaning"]) for name, column in columns.items()]
    return _table(("column", "unit", "meaning"), rows)


_HOW = """\
Small published tables are here, each beside a descriptor (`.toml`) with its columns, units, SHA-256, licence and original
publication. Larger open data sets are listed in `external.toml` and fetched into a cache by `make data`;
`COMPENDIUM_DATA_MIRROR` names a folder that is tried first. `make check-data NAME=<case> DATA=<file>` checks your own table.

## How a table is written

CSV, UTF-8, one line a sample, columns `<analyte>_<unit>`; one standard deviation of a column is `<analyte>_<unit>_err`.

| cell | meaning |
| --- | --- |
| empty | not analysed |
| `<0.05` | below the detection limit 0.05 |
| `0` | exactly zero: refused for concentrations |

{units}

Totals of whole-rock analyses: over 106 wt% is a fault, outside 90-102 a warning. Analytes in wt, ppm and ppb are counted as
they stand; beside LOI, the volatiles H2O, CO2, C, S are not counted; cells below detection count as zero. Without SiO2, or
with three of the ten majors absent, a total is not judged.
"""


def _readme():
    """Return the text of data/README.md."""
    units = "\n".join(_table(("unit", "meaning"), [(f"`{unit}`", meaning) for unit, meaning in UNITS.items()]))
    lines = ["# Data", "", _MARK, "", _HOW.format(units=units)]
    for path in sorted(DATA.glob("*/input.toml")):
        lines += _case(load_schema(path))
    lines += ["## Tables in this folder", ""]
    for source in embedded_sources():
        described = read_descriptor(source.descriptor)
        lines += [
            *(f"### {source.key}{' (artificial)' if source.artificial else ''}", ""),
            *(f"{described['title']}; {described['rows']} rows.", ""),
            *(f"- publication: {described['citation']}", f"- licence: {described['licence']}"),
            *(f"- made: {described['how_made']}", f"- SHA-256: `{described['sha256']}`", ""),
            *_columns(described["columns"]),
            "",
        ]
    lines += ["## External tables", ""]
    for item in registry().values():
        lines += [
            *(f"### {item.key}", "", f"{item.note or item.citation}.", ""),
            *(f"- publication: {item.citation}", f"- licence: {item.licence}", f"- from: <{item.url}>, {item.bytes} bytes"),
            *(f"- SHA-256: `{item.sha256}`", *([f"- columns: `{item.columns}`"] if item.columns else []), ""),
        ]
    return "\n".join(lines).rstrip() + "\n"


def _case(schema):
    """Return the columns of a case as Markdown lines."""
    rows = []
    for c in schema.columns.values():
        kind = f"{c.kind}: {', '.join(c.values)}" if c.values else c.kind
        rows.append((f"`{c.name}`", "yes" if c.required else "no", kind, UNITS.get(c.unit, ""), c.description))
    lines = [f"## Case {schema.stem}", "", f"{schema.title}.", ""]
    lines += [*_table(("column", "required", "kind", "unit", "meaning"), rows), ""]
    if schema.analytes:
        units = ", ".join(schema.analytes.units)
        lines += [f"and at least {schema.analytes.minimum} columns `<analyte>_<unit>` in {units}.", ""]
    return lines


_LICENCES = """\
The code has its own licence (`LICENSE`). Data differ table by table. Published measurements are facts; whoever uses them
cites the original publication.
"""


def _licences():
    """Return the text of LICENSE-DATA.md."""
    here = []
    for source in embedded_sources():
        rows = read_descriptor(source.descriptor)["rows"]
        kind = "artificial" if source.artificial else "measured" if rows else "header only"
        here.append((f"`data/{source.key}`", kind, source.licence, source.citation))
    away = [(f"`{item.key}`", item.licence, item.citation) for item in registry().values()]
    lines = ["# Licences of the data", "", _MARK, "", _LICENCES, "## In this repository", ""]
    lines += [*_table(("table", "kind", "licence", "publication"), here), ""]
    lines += ["## Fetched from elsewhere, never copied into this repository", ""]
    return "\n".join([*lines, *_table(("key", "licence", "publication"), away)]) + "\n"
