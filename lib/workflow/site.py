"""The offline site: one page a case study, an index with every published number, one shared MathJax."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from pathlib import Path

from lib.workflow import mathjax, page, present
from lib.workflow.page import render_page
from lib.workflow.paths import write_atomic

__all__ = ["build_index", "build_site", "render_page", "site_key"]

TITLE = "Data-driven solid-earth science"
ABOUT = (
    "A research compendium: each case study runs from a raw table to the figures of a publication, first on artificial "
    "data with a known answer, then on real data, and can be pointed at your own. Everything on these pages was "
    "computed by its notebook; code is folded away, one click brings it back."
)


def site_key(*files, text="") -> str:
    """Hash of everything that a page is made of: the files given, and the code and templates that make pages.

    Parameters
    ----------
    *files : path
        Executed notebook, results, figures. A missing file counts as such.
    text : str
        Title and the like.

    Returns
    -------
    str
        SHA-256, hexadecimal.
    """
    own = [Path(module.__file__) for module in (mathjax, page, present)] + [Path(__file__)]
    digest = hashlib.sha256(text.encode())
    for path in [*map(Path, files), *own, *sorted(present.TEMPLATES.iterdir())]:
        content = path.read_bytes() if path.is_file() else b"absent"
        digest.update(f"\n{path.name} {hashlib.sha256(content).hexdigest()}".encode())
    return digest.hexdigest()


def build_site(build_root, out, cases) -> dict:
    """Bring the site up to date; pages whose notebook and results did not change are left as they are.

    Parameters
    ----------
    build_root : path
        Folder with one out folder a case, ``<stem>/<stem>.ipynb`` and ``results.json`` in it.
    out : path
        The site, for instance ``build/site``.
    cases : list of dict
        ``stem``, ``title`` and, if there is one, ``question``; in reading order.

    Returns
    -------
    dict of str to list of str
        Stems by what was done: ``written``, ``kept``, ``missing`` (no executed notebook; listed on the index as such).
    """
    build_root, out = Path(build_root), Path(out)
    out.mkdir(parents=True, exist_ok=True)
    mathjax.copy_mathjax(out / "mathjax")
    done = {"written": [], "kept": [], "missing": []}
    for case in cases:
        folder, stem = build_root / case["stem"], case["stem"]
        ipynb, results = folder / f"{stem}.ipynb", folder / "results.json"
        record = present.read_json(results)
        if not ipynb.is_file() or record is None:
            done["missing"].append(stem)
            (out / f"{stem}.html").unlink(missing_ok=True)
            shutil.rmtree(out / stem, ignore_errors=True)
            continue
        names = page.run_files(folder, ipynb, record)
        key = site_key(*(folder / name for name in names), folder / "provenance.json", text=repr(sorted(case.items())))
        mark = out / stem / ".key"
        if (out / f"{stem}.html").is_file() and mark.is_file() and mark.read_text(encoding="utf-8") == key:
            done["kept"].append(stem)
            continue
        _copy_files(folder, names, out / stem)
        render_page(
            ipynb, out / f"{stem}.html", title=case["title"], question=case.get("question", ""), results=results,
            files=stem, home="index.html",
        )  # fmt: skip
        write_atomic(mark, key)  # last: a page that was interrupted is made again
        done["written"].append(stem)
    wanted = {case["stem"] for case in cases}
    for old in out.glob("[0-9][0-9]_*.html"):  # of a case that was renamed
        if old.stem not in wanted:
            old.unlink()
            shutil.rmtree(out / old.stem, ignore_errors=True)
    build_index(build_root, out, cases)
    return done


def _copy_files(folder: Path, names: list[str], target: Path) -> None:
    """Put copies of a run's files in place of the earlier ones, all at once."""
    with tempfile.TemporaryDirectory(prefix=".new-", dir=target.parent) as scratch:
        made = Path(scratch) / "files"
        made.mkdir()
        for name in names:
            shutil.copyfile(folder / name, made / name)
        if target.exists():
            shutil.rmtree(target)
        os.replace(made, target)  # noqa: PTH105


def build_index(build_root, out, cases) -> Path:
    """Write ``index.html``: a card a case, and the table of published numbers.

    Parameters
    ----------
    build_root, out, cases
        As for `build_site`; pages that are not in `out` are not linked.

    Returns
    -------
    Path
        The index page; it is rewritten only if its content changed.
    """
    build_root, out = Path(build_root), Path(out)
    cards = [_card(build_root / case["stem"], out, case) for case in cases]
    every = [number for card in cards for number in card["numbers"]]
    published = [number for number in every if number["published"] is not None]
    ready = [card for card in cards if card["href"]]
    quick = bool(ready) and all(card["quick"] for card in ready)
    text = present.environment().get_template("index.html").render(
        title=TITLE, about=ABOUT, cards=cards, quick=quick,
        tags=[{"kind": "", "text": f"{len(ready)} of {len(cards)} case studies run"}, *present.count_tags(published)],
        rows=present.number_table(published, with_case=True),
    )  # fmt: skip
    target = out / "index.html"
    if not target.is_file() or target.read_text(encoding="utf-8") != text:
        write_atomic(target, text)
    return target


def _card(folder: Path, out: Path, case: dict) -> dict:
    stem = case["stem"]
    record = present.read_json(folder / "results.json")
    href = f"{stem}.html" if record is not None and (out / f"{stem}.html").is_file() else None
    card = {
        "stem": stem, "title": case["title"], "question": case.get("question", ""), "href": href, "picture": None,
        "alt": "", "failed": present.failed_checks(record), "tags": [], "numbers": [], "quick": False,
        "broken": f"{stem}.failed.ipynb" if (folder / f"{stem}.failed.ipynb").is_file() else None,
    }  # fmt: skip
    if href is None:
        return card | {"tags": [{"kind": "wait", "text": "not run"}]}
    figure = next((f for f in record["figures"] if (out / stem / f["file"]).is_file()), None)
    if figure is not None:
        card |= {"picture": f"{stem}/{figure['file']}", "alt": figure["alt_text"]}
    card["tags"] = present.run_tags(record, present.read_json(folder / "provenance.json"))
    card["numbers"] = [{**number, "case": stem, "href": f"{href}#record"} for number in record["numbers"]]
    return card | {"quick": record["mode"] == "quick"}
