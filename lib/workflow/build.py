"""Everything at once: run what is out of date, publish it, make the pages, and say what was left and why."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from lib.workflow import fingerprint, parameters, runner
from lib.workflow.paths import ROOT, UsageError, build_root, short, stems


@contextlib.contextmanager
def only_one(mode: str):
    """Hold the build folder of a mode; a second build waits for the first and says so."""
    from filelock import FileLock, Timeout

    folder = build_root() / mode
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / ".lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        print(f"another build holds {short(folder)}; waiting for it", flush=True)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def jobs_of_make() -> int:
    """How many notebooks at once: the ``-jN`` of the make that called, or 1."""
    asked = re.search(r"(?:^|\s)-?[a-zA-Z]*j(\d+)", os.environ.get("MAKEFLAGS", ""))
    return max(1, int(asked.group(1))) if asked else 1


def fetch_data(*, retry: bool = False) -> list[str]:
    """Fetch external data sets that are missing, when the network allows; return the keys that stay missing."""
    from lib.tables import external

    keys = sorted({key for stem in stems() for key in fingerprint.external_keys(stem)})
    if all(map(fingerprint.here, keys)):
        return []
    report = external.fetch(keys, retry=retry)
    if str(report):
        print(report, flush=True)
    return sorted(report.missing)


def build(mode: str, *, jobs: int = 1, only: list[str] | None = None, retry_data: bool = False) -> int:
    """Bring every case study of a mode up to date.

    Parameters
    ----------
    mode : {"full", "quick"}
        Only full mode publishes to ``figures/``.
    jobs : int
        Notebooks at once, each with its share of the cores.
    only : list of str, optional
        Stems; all by default.
    retry_data : bool
        Ask the network again even if it failed within the last day.

    Returns
    -------
    int
        0, or 1 when a notebook failed (the others still ran).
    """
    began = time.perf_counter()
    wanted = only or stems()
    with only_one(mode):
        missing = fetch_data(retry=retry_data)
        cores = os.cpu_count() or 1
        due = []
        for stem in wanted:
            values = parameters.effective(stem, {"mode": mode})
            if not runner.is_current(runner.default_out(stem, values), stem, values):
                due.append(stem)
        each = max(1, cores // min(jobs, max(1, len(due))))
        with ThreadPoolExecutor(max_workers=jobs) as pool:
            codes = list(pool.map(lambda stem: _run_apart(stem, mode, each), due))
        failed = [stem for stem, code in zip(due, codes, strict=True) if code]
        changed, left = [], []
        if mode == "full":
            changed, left = _publish([stem for stem in wanted if stem not in failed])
        from lib.workflow import site_build

        pages = site_build.build(mode)
    seconds = time.perf_counter() - began
    print(f"{len(due)} of {len(wanted)} notebooks run, {len(failed)} failed, {pages} pages written, {seconds:.1f} s")
    for stem in failed:
        print(f"  FAILED {stem}: see {short(build_root() / mode / stem)}/{stem}.failed.ipynb")
    for name in changed:
        print(f"  changed: figures/{name}")
    for key in missing:
        print(f"  not here: external data set {key} (`make data` tries again; notebooks ran on embedded data and say so)")
    for name in left:
        print(f"  left as committed, for it needs data that are not here: figures/{name}")
    print(f"  pages: {short(site_build.index_path(mode))}")
    return 1 if failed else 0


def _run_apart(stem: str, mode: str, n_jobs: int) -> int:
    """Run one notebook in a process of its own, so that several can run at once."""
    command = [
        sys.executable,
        "-m",
        "lib.workflow",
        "run",
        stem,
        "--mode",
        mode,
        "-p",
        "n_jobs",
        str(n_jobs),
        "--no-lock",
    ]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


def _publish(wanted: list[str]) -> tuple[list[str], list[str]]:
    from lib.workflow import publish

    changed, left = [], []
    for stem in wanted:
        out = build_root() / "full" / stem
        if _published_already(stem, out):
            left += [f"{stem}/{name}" for name in json.loads((out / "published.json").read_text(encoding="utf-8"))["left"]]
            continue
        report = publish.publish(stem, out)
        changed += [f"{stem}/{name}" for name in report["changed"]]
        left += [f"{stem}/{name}" for name in report["left"]]
        state = {"key": _publish_key(stem, out), "left": report["left"]}
        (out / "published.json").write_text(json.dumps(state), encoding="utf-8")
    return changed, left


def _publish_key(stem: str, out) -> str:
    """Content of both sides: comparing pictures takes seconds, comparing their hashes does not."""
    from lib.workflow.paths import FIGURES

    names = [path for path in (FIGURES / stem).glob("*") if path.is_file()]
    return fingerprint.combine(
        {path.name: fingerprint.file_sha256(path) for path in names} | {"stamp": fingerprint.file_sha256(out / runner.STAMP)}
    )


def _published_already(stem: str, out) -> bool:
    try:
        return json.loads((out / "published.json").read_text(encoding="utf-8"))["key"] == _publish_key(stem, out)
    except (OSError, ValueError, KeyError):
        return False


def require(stem: str, mode: str = "full"):
    """Return the out folder of a finished run, or say how to make it.

    Raises
    ------
    UsageError
        When the case has not been run in that mode.
    """
    out = build_root() / mode / stem
    if not (out / runner.STAMP).is_file():
        raise UsageError(f"{stem} has not been run in {mode} mode here; run `make` first")
    return out
