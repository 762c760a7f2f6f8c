"""Publish what a full run found to ``figures/<stem>/``, leaving committed files alone where nothing has changed.

A picture is compared by its pixels and a table by its numbers, so that another machine's last digits change no file, while
a changed colour or caption does. Figures that another machine's last digits do change (`resampled`) stay as long as all
numbers of the case agree and no text has changed. A figure that needs external data which this machine lacks is left as it is.
"""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

from lib.workflow import results
from lib.workflow.paths import FIGURES, build_root, write_atomic

PIXEL_TOLERANCE = 0.004  # mean absolute difference, as a fraction of the full range; a moved line is above, antialiasing below


def publish(stem: str, out: Path) -> dict:
    """Bring ``figures/<stem>/`` up to date with the full run in `out`.

    Returns
    -------
    dict
        ``{"changed": [files], "left": [figures that need absent data], "drift": [numbers that moved]}``.
    """
    new = results.load(out / "results.json")
    missing = json.loads((out / "provenance.json").read_text(encoding="utf-8"))["missing"]
    folder = FIGURES / stem
    report: dict[str, list] = {"changed": [], "left": [], "drift": []}
    committed = folder / "results.json"
    old = results.load(committed) if committed.is_file() else None
    known = {figure["file"]: figure for stated in (new, old or new) for figure in stated["figures"]}
    left = [name for name, figure in known.items() if set(figure.get("needs", [])) & set(missing)]
    merged = _merge(new, old, missing, left)
    if old is not None:
        report["drift"] = drift(merged, old)
    unmoved = old is not None and not report["drift"] and _texts(merged) == _texts(old)
    for figure in merged["figures"]:
        if figure["file"] in left and (folder / figure["file"]).is_file():
            report["left"].append(figure["file"])
            continue
        if figure.get("resampled") and unmoved and (folder / figure["file"]).is_file():
            continue
        for name in (figure["file"], figure["file"].removesuffix(".png") + ".csv"):
            if (out / name).is_file() and not _same(out / name, folder / name):
                write_atomic(folder / name, (out / name).read_bytes())
                report["changed"].append(name)
    if not unmoved:
        write_atomic(committed, results.dump(merged))
        report["changed"].append("results.json")
    for name in sorted(_files(old) - _files(merged)):  # of figures that are no longer made; other files are not ours
        if (folder / name).is_file():
            (folder / name).unlink()
            report["changed"].append(name)
    _record_drift(stem, report["drift"])
    return report


def _files(stated: dict | None) -> set[str]:
    """Names of the published files that results list."""
    pictures = {figure["file"] for figure in stated["figures"]} if stated else set()
    return pictures | {name.removesuffix(".png") + ".csv" for name in pictures}


def _merge(new: dict, old: dict | None, missing: list[str], left: list[str]) -> dict:
    """The run's results, with the committed ones kept where this machine lacked the data to make them."""
    if old is None or not missing:
        return new
    numbers = {entry["name"]: entry for entry in old["numbers"]}
    # what a run states only because its data are absent (a stand-in) is not published beside the real thing
    numbers |= {e["name"]: e for e in new["numbers"] if e["name"] in numbers and e["verdict"] != results.NOT_RUN}
    kept = {entry["file"]: entry for entry in old["figures"]}
    made = {entry["file"]: entry for entry in new["figures"] if entry["file"] in kept and entry["file"] not in left}
    figures = kept | made
    data = {entry["key"]: entry for entry in old["data"]} | {entry["key"]: entry for entry in new["data"]}
    return new | {
        "numbers": list(numbers.values()),
        "diagnostics": old["diagnostics"],
        "figures": list(figures.values()),
        "data": [data[entry["key"]] for entry in old["data"]],
    }


def _texts(stated: dict) -> object:
    """What of a result is compared exactly: everything but numbers' values (see `drift`), versions and hashes."""
    numbers = [{k: v for k, v in e.items() if k not in ("value", "uncertainty", "reason")} for e in stated["numbers"]]
    diagnostics = [(e["name"], e["ok"], e["scope"]) for e in stated["diagnostics"]]
    return [numbers, diagnostics, stated["figures"], stated["data"], stated["parameters"]]


def drift(new: dict, old: dict) -> list[dict]:
    """Numbers that moved by more than their tier, appeared, or vanished."""
    before = {entry["name"]: entry for entry in old["numbers"]}
    after = {entry["name"]: entry for entry in new["numbers"]}
    moved = []
    for name in dict.fromkeys([*before, *after]):
        a, b = before.get(name), after.get(name)
        if a is None or b is None or not results.agree(b, a):
            entry = {"name": name, "before": a and a["value"], "now": b and b["value"]}
            moved.append(entry | {"verdict_before": a and a["verdict"], "verdict_now": b and b["verdict"]})
    return moved


def _record_drift(stem: str, moved: list[dict]) -> None:
    """Keep ``build/drift.json``: per case what last moved against the committed results."""
    path = build_root() / "drift.json"
    known = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    if moved:
        known[stem] = moved
    if moved or not path.is_file():
        write_atomic(path, json.dumps(known, indent=1, ensure_ascii=False) + "\n")


def _same(new: Path, old: Path) -> bool:
    if not old.is_file():
        return False
    a, b = new.read_bytes(), old.read_bytes()
    if a == b:
        return True
    return _same_picture(a, b) if new.suffix == ".png" else _same_table(a.decode(), b.decode())


def _same_picture(a: bytes, b: bytes) -> bool:
    import numpy as np
    from PIL import Image

    pictures = [np.asarray(Image.open(io.BytesIO(raw)).convert("RGB"), dtype=np.int16) for raw in (a, b)]
    if pictures[0].shape != pictures[1].shape:
        return False
    difference = np.abs(pictures[0] - pictures[1]) / 255
    # a recoloured thin line is a small mean but a large difference at its pixels
    return bool(difference.mean() < PIXEL_TOLERANCE and (difference.max(axis=2) > 0.25).mean() < PIXEL_TOLERANCE / 10)


def _same_table(a: str, b: str) -> bool:
    rows = [list(csv.reader(io.StringIO(text))) for text in (a, b)]
    if [len(row) for row in rows[0]] != [len(row) for row in rows[1]]:
        return False
    pairs = ((x, y) for p, q in zip(*rows, strict=True) for x, y in zip(p, q, strict=True))
    return all(x == y or _close_text(x, y) for x, y in pairs)


def _close_text(x: str, y: str) -> bool:
    try:
        return results.close(float(x), float(y), 1e-5)
    except ValueError:
        return False
