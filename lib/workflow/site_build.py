"""Which pages to make, from what a mode's build folder holds; titles and questions come from the notebooks' own text."""

from __future__ import annotations

import re
from pathlib import Path

from lib.workflow import site
from lib.workflow.paths import build_root, notebook, stems

TITLE = re.compile(r"^# # (.+)$", re.MULTILINE)
QUESTION = re.compile(r"^# \*\*Question\.\*\* (.+(?:\n# [^\n#*].*)*)", re.MULTILINE)


def describe(stem: str) -> dict[str, str]:
    """Title and question of a case, from the first heading and the line ``**Question.** ...`` of its notebook."""
    text = notebook(stem).read_text(encoding="utf-8")
    title, question = TITLE.search(text), QUESTION.search(text)
    asked = re.sub(r"\s*\n# ", " ", question.group(1)) if question else ""
    return {"stem": stem, "title": title.group(1) if title else stem, "question": asked}


def folder(mode: str) -> Path:
    """Where the pages of a mode go: ``build/site`` for full runs, a site of its own for quick ones."""
    return build_root() / ("site" if mode == "full" else f"site-{mode}")


def index_path(mode: str) -> Path:
    """The page to open first."""
    return folder(mode) / "index.html"


def build(mode: str) -> int:
    """Bring the pages of a mode up to date; return how many were written."""
    done = site.build_site(build_root() / mode, folder(mode), [describe(stem) for stem in stems()])
    return len(done["written"])


def own_page(stem: str, out: Path) -> Path:
    """Write ``<stem>.html`` beside the products of a run on a reader's own data."""
    about = describe(stem)
    results = out / "results.json"
    return site.render_page(
        out / f"{stem}.ipynb", out / f"{stem}.html", title=about["title"], question=about["question"], results=results
    )
