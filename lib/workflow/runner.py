"""Execute one notebook: parameters checked before a kernel starts, products moved in place only when all went well."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import sys
import time
from pathlib import Path

from lib.workflow import fingerprint, parameters
from lib.workflow.paths import ROOT, UsageError, build_root, notebook, short, write_atomic
from lib.workflow.products import EPOCH

STAMP = "stamp.json"
NOISE = re.compile(r"frozen modules|frozen_modules|PYDEVD|Debugger warning|TCP without encryption|^\s*$")
# Set before a kernel starts: one thread a process (workers are processes), no clock in the files, no alarming notices.
KERNEL_ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "NUMBA_NUM_THREADS": "1",
    "PYTHONHASHSEED": "0",
    "SOURCE_DATE_EPOCH": EPOCH,
    "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
}


class CellFailed(Exception):
    """A cell of the notebook raised; the message names the cell and shows its last lines."""


def default_out(stem: str, values: dict[str, object]) -> Path:
    """Out folder of a run that names none: own data apart, quick and full apart."""
    if values.get("data_path"):
        return build_root() / "own" / stem / Path(str(values["data_path"])).stem
    return build_root() / str(values["mode"]) / stem


def is_current(out: Path, stem: str, values: dict[str, object]) -> bool:
    """Whether `out` already holds a finished run of exactly these inputs, with all of its files."""
    try:
        stamp = json.loads((out / STAMP).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    if stamp.get("inputs") != fingerprint.combine(fingerprint.run_parts(stem, values)):
        return False
    return all((out / name).is_file() for name in stamp.get("files", ["missing"]))


def check_own_data(stem: str, path: Path, values: dict[str, object] | None = None) -> None:
    """Validate a reader's table by the case's description of input, and by the parameters that it is to be run with.

    Raises
    ------
    UsageError
        With every fault of the file, one a line.
    """
    from lib import tables
    from lib.workflow.paths import DATA

    schema = DATA / stem / "input.toml"
    source = tables.Source(key=path.name, path=path, schema=schema, descriptor=None)
    faults = tables.check(source, schema, parameters=values)
    if faults:
        listed = "\n".join(f"  {fault}" for fault in faults)
        hint = f"A blank table and a filled example: data/templates/{stem}_blank.csv, {stem}_example.csv"
        raise UsageError(f"{path}: {len(faults)} fault(s), nothing was run or written\n{listed}\n{hint}")


def run(stem: str, given: dict[str, object], *, out: Path | None = None, quiet: bool = False) -> Path:
    """Run a notebook with parameters and leave its products in an out folder.

    Parameters
    ----------
    stem : str
        The notebook's stem.
    given : dict
        Parameter values by name; the others keep their declared defaults.
    out : Path, optional
        Where products go; see `default_out`.
    quiet : bool
        Print no progress.

    Returns
    -------
    Path
        The out folder, holding ``<stem>.ipynb``, figures, ``results.json``, ``provenance.json`` and the stamp.

    Raises
    ------
    UsageError
        For bad parameters or bad data; nothing is written then.
    CellFailed
        When a cell raises; ``<stem>.failed.ipynb`` keeps what had run.
    """
    values = parameters.effective(stem, given)
    if values.get("data_path"):
        check_own_data(stem, Path(str(values["data_path"])), values)
    out = (out or default_out(stem, values)).absolute()
    partial = out / ".partial"
    shutil.rmtree(partial, ignore_errors=True)
    try:
        partial.mkdir(parents=True)
    except OSError as error:
        raise UsageError(f"OUT={out} is not a folder that can be written to ({error.strerror}); name another") from error
    values["out_dir"] = str(partial)
    parts = fingerprint.run_parts(stem, values)
    seconds = _execute(stem, values, out, partial, quiet=quiet)
    _move_in_place(stem, out, partial, inputs=fingerprint.combine(parts), seconds=seconds)
    return out


def _execute(stem: str, values: dict[str, object], out: Path, partial: Path, *, quiet: bool) -> float:
    import jupytext
    import papermill
    from papermill.exceptions import PapermillExecutionError

    running, failed = out / f"{stem}.running.ipynb", out / f"{stem}.failed.ipynb"
    failed.unlink(missing_ok=True)
    text = jupytext.read(notebook(stem), fmt="py:percent")
    for position, cell in enumerate(text.cells):
        cell["id"] = f"cell-{position:03d}"  # jupytext draws random ones each time
    cache_folder = out / ".cache" if values.get("data_path") else out.parent / ".cache" / stem
    # progress of long work appears in the launcher's terminal; nothing of it enters the executed notebook
    progress = os.ttyname(2) if hasattr(os, "ttyname") and sys.stderr.isatty() and not quiet else "0"
    environment = KERNEL_ENVIRONMENT | {"COMPENDIUM_CACHE_DIR": str(cache_folder), "COMPENDIUM_PROGRESS": progress}
    began = time.perf_counter()
    if not quiet:
        print(f"{stem}: running ({values['mode']} mode) ...", flush=True)
    with _environment(environment), _without_noise():
        try:
            papermill.execute_notebook(
                text, str(running), parameters=values, kernel_name="python3", language="python", cwd=str(ROOT),
                progress_bar=False if quiet or not sys.stderr.isatty() else {"desc": stem, "leave": False},
                log_output=False, extra_arguments=["--log-level=50"], request_save_on_cell_execute=False,
            )  # fmt: skip
        except PapermillExecutionError as error:
            os.replace(running, failed)  # noqa: PTH105
            shutil.rmtree(partial, ignore_errors=True)
            raise CellFailed(_describe(stem, error, failed)) from None
        except BaseException:
            running.unlink(missing_ok=True)
            shutil.rmtree(partial, ignore_errors=True)
            raise
    seconds = time.perf_counter() - began
    if not quiet:
        print(f"{stem}: done in {seconds:.0f} s", flush=True)
    return seconds


def _describe(stem: str, error, failed: Path) -> str:
    ansi = re.compile(r"\x1b\[[0-9;]*m")
    lines = [line for line in ansi.sub("", "\n".join(error.traceback)).splitlines() if line.strip()]
    source = "\n".join(f"    | {line}" for line in str(error.source).strip().splitlines()[-12:])
    last = "\n".join(f"    {line}" for line in lines[-12:])
    return (
        f"{stem}: cell {error.cell_index} failed with {error.ename}: {error.evalue}\n"
        f"  the cell's last lines:\n{source}\n  the traceback's last lines:\n{last}\n"
        f"  what had run is kept in {short(failed)}"
    )


def _move_in_place(stem: str, out: Path, partial: Path, *, inputs: str, seconds: float) -> None:
    """Move finished products into the out folder, the stamp last, and drop what an earlier run left."""
    try:
        earlier = json.loads((out / STAMP).read_text(encoding="utf-8"))["files"]
    except (OSError, ValueError, KeyError):
        earlier = []
    (out / STAMP).unlink(missing_ok=True)
    if not (partial / "results.json").is_file():
        shutil.rmtree(partial)
        raise CellFailed(f"{stem}: the notebook ended without results.json; its last cell must call run.finish()")
    facts = json.loads((partial / "provenance.json").read_text(encoding="utf-8"))
    facts |= {"seconds": round(seconds, 1), "out": short(out), "commit": _commit()}
    write_atomic(partial / "provenance.json", json.dumps(facts, indent=1) + "\n")
    made = sorted(path for path in partial.iterdir() if path.is_file())
    for path in made:
        os.replace(path, out / path.name)  # noqa: PTH105
    os.replace(out / f"{stem}.running.ipynb", out / f"{stem}.ipynb")  # noqa: PTH105
    names = [path.name for path in made] + [f"{stem}.ipynb"]
    for name in set(earlier) - set(names):
        (out / name).unlink(missing_ok=True)
    shutil.rmtree(partial)
    write_atomic(out / STAMP, json.dumps({"inputs": inputs, "files": names}, indent=1) + "\n")


def _commit() -> str | None:
    import subprocess

    git = shutil.which("git")
    if git is None:
        return None
    asked = subprocess.run([git, "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True, check=False)
    return asked.stdout.strip() or None


@contextlib.contextmanager
def _environment(values: dict[str, str]):
    """Set environment variables for the kernel and restore the caller's."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextlib.contextmanager
def _without_noise():
    """Keep notices that alarm without meaning (debugger, loopback transport) off the terminal."""
    import logging

    class Quiet(logging.Filter):
        def filter(self, record: logging.LogRecord) -> bool:
            return not NOISE.search(record.getMessage())

    handlers = [logging.getLogger(name) for name in ("papermill", "traitlets", "nbclient", "")]
    quiet = Quiet()
    for logger in handlers:
        logger.addFilter(quiet)
    try:
        yield
    finally:
        for logger in handlers:
            logger.removeFilter(quiet)
