"""The verdict table: every published number beside today's, and everything that moved."""

from __future__ import annotations

import json
import shutil
import subprocess

from lib.workflow import publish, results
from lib.workflow.build import require
from lib.workflow.paths import FIGURES, ROOT, build_root, stems


def rows(stated: dict) -> list[dict]:
    """The numbers of a run that have a published value."""
    return [entry for entry in stated["numbers"] if entry["published"] is not None]


def shown(value: object) -> str:
    """A value for a table: five significant digits."""
    if isinstance(value, float):
        return f"{value:.5g}"
    if isinstance(value, list):
        return "{" + ", ".join(map(str, value)) + "}"
    return "-" if value is None else str(value)


def committed(stem: str) -> dict | None:
    """The results of a case as committed: of git's HEAD; None without git, when the record of the last drift must serve."""
    git = shutil.which("git")
    if git is None:
        return None
    name = (FIGURES / stem / "results.json").relative_to(ROOT).as_posix()
    asked = subprocess.run([git, "show", f"HEAD:{name}"], cwd=ROOT, capture_output=True, check=False)
    return json.loads(asked.stdout) if asked.returncode == 0 else None


def table() -> tuple[str, int]:
    """Compare the last full runs with what is published and with what is committed.

    Returns
    -------
    text : str
        One line a number, then drift, then counts.
    regressions : int
        Numbers that were reproduced in the committed results and are not now, and committed numbers that vanished.
    """
    head = ("number", "published", "now", "difference", "tolerance", "verdict", "source")
    lines, moved, regressions = [], [], 0
    recorded = build_root() / "drift.json"
    drifted = json.loads(recorded.read_text(encoding="utf-8")) if recorded.is_file() else {}
    for stem in stems():
        out = require(stem)
        stated = results.load(out / "results.json")
        missing = json.loads((out / "provenance.json").read_text(encoding="utf-8"))["missing"]
        for entry in rows(stated):
            numeric = isinstance(entry["value"], (int, float)) and isinstance(entry["published"], (int, float))
            difference = shown(float(entry["value"] - entry["published"])) if numeric else "-"
            cells = (
                shown(entry["value"]),
                difference,
                shown(entry["tolerance"]),
                entry["verdict"],
                entry["source"] or "",
            )
            lines.append((f"{stem[:2]} {entry['name']}", shown(entry["published"]), *cells))
        changes = {entry["name"]: entry for entry in drifted.get(stem, [])}
        old = committed(stem)
        if old is not None:
            here = {entry["name"] for entry in stated["numbers"]}
            live = publish.drift(stated, old)
            # without its external data a run states less; that is not a regression
            changes = {entry["name"]: entry for entry in live if entry["name"] in here or not missing}
        for entry in changes.values():
            moved.append((f"{stem[:2]} {entry['name']}", shown(entry["before"]), shown(entry["now"])))
            lost = entry["verdict_before"] == results.REPRODUCED and entry["verdict_now"] not in (
                results.REPRODUCED,
                results.NOT_RUN,
            )
            regressions += bool(lost)
    text = [_columns([head, *lines])] if lines else ["no number with a published value"]
    text += [f"\n{len(moved)} numbers moved against the committed results"]
    text += [_columns([("number", "before", "now"), *moved])] if moved else []
    verdicts = [line[5] for line in lines]
    text += [
        ", ".join(f"{verdicts.count(verdict)} {verdict}" for verdict in dict.fromkeys(verdicts))
        + f"; {regressions} regressions"
    ]
    return "\n".join(text), regressions


def _columns(lines: list[tuple[str, ...]]) -> str:
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines)
