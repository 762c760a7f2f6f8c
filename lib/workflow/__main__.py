"""Command line of the compendium: what make, CI and readers all use. ``python -m lib.workflow --help`` lists it."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from lib.workflow.paths import UsageError, resolve_case, short, stems


def main(arguments: list[str] | None = None) -> int:
    """Carry out one command; return its exit code (0 done, 1 something failed, 2 the request or the data are faulty)."""
    options = _parser().parse_args(arguments)
    # a folder that the caller names is meant from where the caller stands, also in a kernel that stands elsewhere
    mirror = os.environ.get("COMPENDIUM_DATA_MIRROR")
    if mirror:
        os.environ["COMPENDIUM_DATA_MIRROR"] = str(Path(mirror).expanduser().absolute())
    try:
        return options.do(options) or 0
    except UsageError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted; nothing half-written is left, finished work is kept", file=sys.stderr)
        return 130
    except Exception as error:
        from lib.workflow.runner import CellFailed

        if isinstance(error, CellFailed):
            print(error, file=sys.stderr)
            return 1
        raise


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m lib.workflow", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, do, text: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=text, description=text)
        added.set_defaults(do=do)
        return added

    run = command("run", _run, "run one notebook")
    run.add_argument("case", help="stem, number or part of it")
    run.add_argument(
        "-p", nargs=2, action="append", metavar=("NAME", "VALUE"), default=[], help="a parameter; may be repeated"
    )
    run.add_argument("-f", "--file", type=Path, help="YAML file of parameters")
    run.add_argument("--mode", choices=("full", "quick"))
    run.add_argument("--data", help="your own table")
    run.add_argument("--out", type=Path, help="out folder")
    run.add_argument("--html", action="store_true", help="also write the page beside the notebook")
    run.add_argument("--no-lock", action="store_true", help=argparse.SUPPRESS)
    every = command("all", _all, "run what is out of date, publish figures, make pages")
    every.add_argument("--mode", choices=("full", "quick"), default="full")
    every.add_argument("-j", "--jobs", type=int, help="notebooks at once (default: the -jN of make, or 1)")
    every.add_argument("cases", nargs="*", help="stems, numbers or parts of them; all by default")
    case = command("case", _case, "run one case on your own table; reads NAME, DATA, OUT, MODE from the environment")
    case.add_argument("-p", nargs=2, action="append", metavar=("NAME", "VALUE"), default=[])
    command("check-data", _check_data, "check your own table (NAME and DATA from the environment); runs nothing")
    command("data", _data, "fetch external data sets, asking the network again")
    command("reproduce", _reproduce, "print published against present numbers; fails on a regression")
    command("readme", _readme, "write the computed table of README.md")
    command("rendered", _rendered, "write executed notebooks to notebooks/rendered/")
    shown = command("params", _params, "list a notebook's parameters")
    shown.add_argument("case")
    command("list", _list, "list the case studies")
    lab = command("lab", _lab, "open the notebooks in JupyterLab")
    lab.add_argument("arguments", nargs=argparse.REMAINDER)
    return parser


def _run(options) -> int:
    from lib.workflow import build, parameters, runner

    stem = resolve_case(options.case)
    given: dict[str, object] = {}
    if options.file:
        given |= _read_yaml(options.file)
    known = parameters.declared(stem)
    for name, text in options.p:
        given[name] = parameters.parse_value(known[name], text) if name in known else text
    if options.mode:
        given["mode"] = options.mode
    if options.data:
        given["data_path"] = options.data
    out = options.out.expanduser().absolute() if options.out else None
    if options.no_lock or out or given.get("data_path"):
        out = runner.run(stem, given, out=out)
    else:
        values = parameters.effective(stem, given)
        ordinary = {"mode", "n_jobs", "out_dir"}
        special = {name for name, value in values.items() if name not in ordinary and value != known[name].default}
        if special:
            # results of other parameters must never be published as the case's own
            import hashlib

            tag = hashlib.sha256(repr(sorted((name, values[name]) for name in special)).encode()).hexdigest()[:8]
            out = build.build_root() / "trials" / f"{stem}-{values['mode']}-{tag}"
        with build.only_one(str(values["mode"])):
            out = runner.run(stem, given, out=out)
    if options.html:
        _page(stem, out)
    if not options.no_lock:
        print(f"results in {short(out)}")
    return 0


def _read_yaml(path: Path) -> dict[str, object]:
    import yaml

    if not path.is_file():
        raise UsageError(f"-f {path}: no such file")
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise UsageError(f"-f {path}: not YAML: {error}") from error
    if not isinstance(values, dict):
        raise UsageError(f"-f {path}: expected lines 'name: value'")
    return values


def _page(stem: str, out: Path) -> None:
    from lib.workflow import site_build

    site_build.own_page(stem, out)


def _all(options) -> int:
    from lib.workflow import build

    jobs = options.jobs or build.jobs_of_make()
    return build.build(options.mode, jobs=jobs, only=[resolve_case(name) for name in options.cases] or None)


def _case(options) -> int:
    from lib.workflow import parameters, runner

    stem = resolve_case(_asked("NAME", "the case: its stem, number or a part of it, e.g. NAME=isocon"))
    data = os.environ.get("DATA", "")
    known = parameters.declared(stem)
    given = {name: parameters.parse_value(known[name], text) if name in known else text for name, text in options.p}
    if data:
        given["data_path"] = data
    if os.environ.get("MODE"):
        given["mode"] = os.environ["MODE"]
    asked = os.environ.get("OUT")
    if not data and not asked:
        return main(["run", stem, "--html", *[part for name, text in options.p for part in ("-p", name, text)]]
                    + (["--mode", os.environ["MODE"]] if os.environ.get("MODE") else []))  # fmt: skip
    out = runner.run(stem, given, out=Path(asked).expanduser().absolute() if asked else None)
    _page(stem, out)
    print(f"results in {short(out)}: {stem}.html, results.json, figures with their numbers as CSV")
    return 0


def _asked(name: str, meaning: str) -> str:
    value = os.environ.get(name, "")
    if not value:
        raise UsageError(f"{name} is not set: {meaning}. Known cases: {', '.join(stems())}")
    return value


def _check_data(options) -> int:
    from lib.workflow import runner

    stem = resolve_case(_asked("NAME", "the case whose input this is"))
    path = Path(_asked("DATA", "the table to check")).expanduser().absolute()
    if not path.is_file():
        raise UsageError(f"DATA={path}: no such file")
    runner.check_own_data(stem, path)
    from lib import tables
    from lib.workflow.paths import DATA

    table = tables.read(tables.Source(key=path.name, path=path, schema=DATA / stem / "input.toml", descriptor=None))
    print(f"{path.name}: no fault; {len(table.frame)} rows, {len(table.analytes)} analytes")
    for line in [*table.notes, *table.warnings]:
        print(f"  {line}")
    return 0


def _data(options) -> int:
    from lib.workflow import build

    missing = build.fetch_data(retry=True)
    print("all external data sets are here" if not missing else f"still missing: {', '.join(missing)}")
    return 0


def _reproduce(options) -> int:
    from lib.workflow import reproduce

    text, regressions = reproduce.table()
    print(text)
    return 1 if regressions else 0


def _readme(options) -> int:
    from lib.workflow import readme

    return readme.write()


def _rendered(options) -> int:
    from lib.workflow import rendered

    return rendered.write()


def _params(options) -> int:
    from lib.workflow import parameters

    print(parameters.table(resolve_case(options.case)))
    return 0


def _list(options) -> int:
    print("\n".join(stems()))
    return 0


def _lab(options) -> int:
    from lib.workflow import lab

    return lab.start(options.arguments)


if __name__ == "__main__":
    sys.exit(main())
