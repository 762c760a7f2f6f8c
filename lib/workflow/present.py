"""How results are shown on pages: numbers in a readable form, verdicts as coloured words, failed checks first."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from functools import cache
from pathlib import Path

TEMPLATES = Path(__file__).with_name("pages")
# The same folder, opened as files or served; style and script inside the page are its own.
POLICY = "default-src 'self' file: data: 'unsafe-inline'; base-uri 'none'; form-action 'none'"
VERDICTS = {  # verdict -> colour class, short word, word in a count
    "reproduced": ("good", "reproduced", "reproduced"),
    "not reproduced": ("bad", "not reproduced", "not reproduced"),
    "not run: data not here": ("wait", "data not here", "not run, data not here"),
    "no published value": ("", "own number", "own number"),
}


@cache
def environment():
    """Jinja environment of the page templates, with their filters; everything is escaped."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    made.filters |= {"number": number_text, "spread": spread_text, "breakable": breakable, "unit": unit_text}
    made.globals |= {"policy": POLICY, "style": (TEMPLATES / "style.css").read_text(encoding="utf-8")}
    return made


def number_text(value, digits: int = 6) -> str:
    """Write a value for people: six significant digits, a real minus, powers of ten for the very large and small."""
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(number_text(item, digits) for item in value)
    if not isinstance(value, int | float) or not math.isfinite(value):
        return str(value)
    text = f"{value:.{digits}g}" if isinstance(value, float) else str(value)
    mantissa, e, power = text.partition("e")
    superscript = str(int(power)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")) if e else ""
    return (mantissa + ("×10" + superscript if e else "")).replace("-", "−")


def spread_text(uncertainty: dict | None) -> str:
    """Write an uncertainty of ``results.json``: standard deviation, 95 % interval, and what kind it is."""
    if not uncertainty:
        return ""
    parts = []
    if uncertainty.get("sd") is not None:
        parts.append(f"± {number_text(uncertainty['sd'], 3)}")
    if uncertainty.get("lo95") is not None and uncertainty.get("hi95") is not None:
        parts.append(f"{number_text(uncertainty['lo95'], 4)} to {number_text(uncertainty['hi95'], 4)} (95 %)")
    return ", ".join(parts) + (f"; {uncertainty['kind']}" if uncertainty.get("kind") else "")


def unit_text(unit: str | None) -> str:
    """Write a unit of ``results.json`` the way it is printed."""
    return {"1": "", "pct": "%", "wt": "wt%", "permil": "‰", "gpa": "GPa", "k": "K"}.get(unit or "", unit or "")


def breakable(name: str):
    """Let a long name break before its keys and after its underscores, nowhere else."""
    from markupsafe import Markup, escape

    return Markup(re.sub(r"(\[|(?<=_)(?=[a-z]))", r"<wbr>\1", str(escape(name))))


def read_json(path: Path) -> dict | None:
    """Content of a JSON file, or None when it is missing or broken."""
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def failed_checks(record: dict | None) -> list[dict]:
    """Diagnostics of the result itself that did not pass; those shown failing on purpose do not count."""
    return [d for d in (record or {}).get("diagnostics", []) if not d["ok"] and d["scope"] == "headline"]


def count_tags(numbers: list[dict]) -> list[dict]:
    """One tag a verdict that occurs, with its count."""
    counts = Counter(n["verdict"] for n in numbers)
    return [
        {"kind": kind, "text": f"{counts[verdict]} {word}" + ("s" if word == "own number" and counts[verdict] > 1 else "")}
        for verdict, (kind, _, word) in VERDICTS.items()
        if counts[verdict]
    ]


def run_tags(record: dict, provenance: dict | None) -> list[dict]:
    """Tags of one run: quick mode, verdict counts, failed checks, duration."""
    tags = [{"kind": "wait", "text": "quick mode"}] if record["mode"] == "quick" else []
    tags += count_tags(record["numbers"])
    failed = failed_checks(record)
    if failed:
        tags.append({"kind": "bad", "text": f"{len(failed)} check{'s' if len(failed) > 1 else ''} failed"})
    seconds = (provenance or {}).get("seconds")
    if seconds is not None:
        tags.append({"kind": "", "text": f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.1f} min"})
    return tags


def number_table(numbers: list[dict], *, with_case: bool = False):
    """Table of numbers against their published values, as HTML.

    Parameters
    ----------
    numbers : list of dict
        Entries of ``results.json``; with `with_case` also ``case`` (stem) and ``href`` (its page).
    with_case : bool
        Show the case in the first column.

    Returns
    -------
    markupsafe.Markup
        Empty without numbers.
    """
    from markupsafe import Markup

    if not numbers:
        return Markup()
    rows = [{"reason": None, **n, "kind": VERDICTS[n["verdict"]][0], "short": VERDICTS[n["verdict"]][1]} for n in numbers]
    has = {
        "unit": any(unit_text(row["unit"]) for row in rows),
        "published": any(row["published"] is not None for row in rows),
    }
    # A safe string: the template escapes every value that goes into it.
    return Markup(environment().get_template("numbers.html").render(rows=rows, with_case=with_case, has=has))
