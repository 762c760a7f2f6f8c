"""Command line: ``python -m lib.tables readme | verify | templates | describe STEM | check STEM FILE | fetch [--retry]``."""

from __future__ import annotations

import argparse
import sys


def main(argv=None) -> int:
    """Run one command; returns the exit code (0 well, 1 not current or not fetched, 2 faults in a table)."""
    parser = argparse.ArgumentParser(prog="python -m lib.tables", description="Tables of the compendium.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("readme", help="write data/README.md and LICENSE-DATA.md")
    commands.add_parser("verify", help="check checksums, and that the generated files are current")
    commands.add_parser("templates", help="write data/templates again")
    commands.add_parser("describe", help="print the columns of a case").add_argument("stem")
    check = commands.add_parser("check", help="check a table of your own")
    check.add_argument("stem")
    check.add_argument("file")
    fetch = commands.add_parser("fetch", help="download the external tables that are not here")
    fetch.add_argument("keys", nargs="*")
    fetch.add_argument("--retry", action="store_true", help="try even if the network failed within the last day")
    given = parser.parse_args(argv)
    lines, code = _run(given)
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    return code


def _run(given):
    """Return the lines to print and the exit code."""
    from . import catalogue, download, templates
    from .checking import check
    from .schema_files import describe_schema

    if given.command in ("readme", "templates"):
        write = catalogue.write_catalogue if given.command == "readme" else templates.write_templates
        return [f"written: {path}" for path in write()] or ["nothing to do"], 0
    if given.command == "verify":
        faults = catalogue.verify()
        return faults or ["all tables agree with their descriptors, the generated files are current"], int(bool(faults))
    if given.command == "describe":
        return [describe_schema(given.stem)], 0
    if given.command == "check":
        faults = check(given.file, given.stem)
        return [*map(str, faults)] or [f"{given.file}: no faults"], 2 if faults else 0
    report = download.fetch(given.keys or None, retry=given.retry)
    return [str(report)], int(bool(report.missing))


if __name__ == "__main__":
    raise SystemExit(main())
