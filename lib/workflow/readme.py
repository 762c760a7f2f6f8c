"""The computed part of README.md: which figure comes from which notebook, how long it takes, and what is reproduced."""

from __future__ import annotations

import json
import re

from lib.workflow import results
from lib.workflow.build import require
from lib.workflow.paths import FIGURES, ROOT, stems, write_atomic

BLOCK = re.compile(r"(<!-- computed:begin -->\n).*?(<!-- computed:end -->)", re.DOTALL)


def table(minutes: dict[str, str]) -> str:
    """The table of figures as Markdown.

    Parameters
    ----------
    minutes : dict of str to str
        Minutes of a full run by stem, as measured on this machine.
    """
    lines = ["| figure | notebook | minutes | verdict |", "|---|---|---|---|"]
    for stem in stems():
        stated = results.load(FIGURES / stem / "results.json")
        verdict = verdict_of(stated)
        for position, figure in enumerate(stated["figures"]):
            name = figure["file"].removesuffix(".png")
            first = position == 0
            notebook = f"[{stem}](notebooks/{stem}.py)" if first else ""
            row = (f"[{name.replace('_', ' ')}](figures/{stem}/{figure['file']})", notebook)
            lines.append("| " + " | ".join([*row, minutes[stem] if first else "", verdict if first else ""]) + " |")
    return "\n".join(lines) + "\n"


def verdict_of(stated: dict) -> str:
    """Count the verdicts of a run's published numbers, and name failed headline diagnostics."""
    verdicts = [e["verdict"] for e in stated["numbers"] if e["verdict"] != results.NO_PUBLISHED]
    failed = [e["name"] for e in stated["diagnostics"] if e["scope"] == "headline" and not e["ok"]]
    text = ", ".join(f"{verdicts.count(verdict)} {verdict}" for verdict in dict.fromkeys(verdicts)) or "no published number"
    return text + (f"; failed: {', '.join(failed)}" if failed else "")


def filled(text: str, minutes: dict[str, str]) -> str:
    """README text with its computed block renewed."""
    if not BLOCK.search(text):
        raise ValueError("README.md has lost its lines '<!-- computed:begin -->' and '<!-- computed:end -->'")
    return BLOCK.sub(lambda found: found.group(1) + "\n" + table(minutes) + "\n" + found.group(2), text)


def write() -> int:
    """Renew README.md from the last full runs."""
    minutes = {}
    for stem in stems():
        facts = json.loads((require(stem) / "provenance.json").read_text(encoding="utf-8"))
        minutes[stem] = f"{facts['seconds'] / 60:.1f}"
    path = ROOT / "README.md"
    write_atomic(path, filled(path.read_text(encoding="utf-8"), minutes))
    print("README.md: table renewed")
    return 0
