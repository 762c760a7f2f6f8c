"""The offline page of one executed notebook: code folded, figures with caption and files, formulas typeset locally.

A page asks nothing of the network.  What a notebook's output would load from elsewhere is replaced by a plain link, and
the page's own content security policy has the browser refuse the rest.
"""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache
from pathlib import Path

from lib.workflow import mathjax, present
from lib.workflow.paths import write_atomic

# What a static page can show, best first; scripts and widgets of an output fall back to its picture or text.
SHOWN = ["text/html", "image/png", "image/svg+xml", "text/markdown", "image/jpeg", "text/latex", "text/plain"]
ELSEWHERE = re.compile(r"(?i)\s*(?:[a-z][a-z0-9+.-]*:)?//")
LOADING = ("img", "iframe", "link", "source", "video", "audio", "embed", "object", "track", "input", "image", "use")
BODY = """{%- extends 'basic/index.html.j2' -%}
{%- block input -%}
{%- set tags = cell.metadata.get('tags', []) -%}
{%- set given = 'injected-parameters' in tags -%}
{%- set open = given or 'parameters' in tags -%}
<details class="code{{ ' parameters' if open }}{{ ' given' if given }}"{{ ' open' if open }}><summary></summary>
{{- cell.source | highlight_code(metadata=cell.metadata) -}}</details>
{%- endblock input -%}
{%- block in_prompt %}{% endblock %}{% block empty_in_prompt %}{% endblock %}{% block output_area_prompt %}{% endblock %}
"""


def render_page(ipynb, out_html, *, title, question="", results=None, files="", mathjax_at="mathjax", home=None) -> Path:
    """Write the page of an executed notebook.

    Parameters
    ----------
    ipynb : path
        Executed notebook.
    out_html : path
        The page; replaced as a whole or not at all.
    title, question : str
        Heading and the sentence under it.
    results : path, optional
        ``results.json`` of the run: captions, alternative texts, verdicts and the record at the end of the page.
    files : str
        Address, from the page, of the folder that holds the figures' files; empty when they lie beside the page.
    mathjax_at : str
        Address, from the page, of the shared MathJax; copied there when the text holds formulas and it is not there.
    home : str, optional
        Address of the index page.

    Returns
    -------
    Path
        The page.
    """
    from markupsafe import Markup

    ipynb, out_html = Path(ipynb), Path(out_html)
    folder = Path(results).parent if results is not None else ipynb.parent
    record = present.read_json(Path(results)) if results is not None else None
    address = f"{files.rstrip('/')}/" if files else ""
    soup = _soup(ipynb)
    _cut_loads(soup)
    _figures(soup, record, folder, address)
    contents = _order(soup)
    maths = any("$" in block.text or r"\begin{" in block.text or r"\[" in block.text for block in soup.select(".maths"))
    if maths:
        mathjax.copy_mathjax(out_html.parent / mathjax_at)
    numbers = record["numbers"] if record else []
    compared = [number for number in numbers if number["verdict"] != "no published value"]
    own = [number for number in numbers if number["verdict"] == "no published value"]
    text = present.environment().get_template("page.html").render(
        title=title, question=question, home=home, contents=contents, record=record, body=Markup(str(soup)),
        maths=maths, maths_config=Markup(mathjax.CONFIG), mathjax=f"{mathjax_at}/{mathjax.SCRIPT}", code_style=_code_style(),
        tags=present.run_tags(record, present.read_json(folder / "provenance.json")) if record else [],
        failed=present.failed_checks(record), quick=bool(record) and record["mode"] == "quick",
        compared=present.number_table(compared), own=present.number_table(own), n_own=len(own),
        downloads=[{"href": address + name, "name": name} for name in run_files(folder, ipynb, record)],
    )  # fmt: skip
    write_atomic(out_html, text)
    return out_html


def run_files(folder: Path, ipynb: Path, record: dict | None) -> list[str]:
    """Names of the files that a reader may take from a run: notebook, results, each figure's picture and numbers."""
    names = [ipynb.name, "results.json"]
    for entry in (record or {}).get("figures", []):
        stem = Path(entry["file"]).stem
        names += [entry["file"], f"{stem}.svg", f"{stem}.csv", f"{stem}.measured.csv"]
    return [name for name in dict.fromkeys(names) if (folder / name).is_file()]


def _soup(ipynb: Path):
    """The notebook as a tree of HTML."""
    import nbformat
    from bs4 import BeautifulSoup

    notebook = nbformat.read(ipynb, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if "data" not in output or set(output.data) & set(SHOWN)]
        for output in cell.get("outputs", []):
            if output.output_type == "stream":  # a progress bar redraws its line: the last state counts
                output.text = re.sub(r"[^\n]*\r(?!\n)", "", output.text.replace("\r\n", "\n"))
    return BeautifulSoup(_exporter().from_notebook_node(notebook)[0], "html.parser")


@cache
def _exporter():
    from jinja2 import DictLoader
    from nbconvert import HTMLExporter
    from traitlets.config import Config

    config = Config({"NbConvertBase": {"display_data_priority": SHOWN}})
    exporter = HTMLExporter(config=config, template_name="basic", extra_loaders=[DictLoader({"body.html.j2": BODY})])
    exporter.anchor_link_text = "#"
    exporter.template_file = "body.html.j2"
    return exporter


@cache
def _code_style() -> str:
    from pygments.formatters import HtmlFormatter

    rules = HtmlFormatter(style="friendly").get_style_defs(".highlight").splitlines()
    return "\n".join(rule for rule in rules if rule.startswith(".highlight ."))


def _cut_loads(soup) -> None:
    """Replace whatever would load from another place by a link, and drop scripts: a page runs no script but its own."""
    for tag in soup.find_all(("script", "base", "meta")):
        tag.decompose()
    for tag in soup.find_all(True):
        for name in [name for name in tag.attrs if name.startswith("on") or name == "srcset"]:
            del tag[name]
        if "style" in tag.attrs:
            tag["style"] = re.sub(r"(?i)url\([^)]*//[^)]*\)", "none", tag["style"])
    for tag in soup.find_all("style"):
        tag.string = re.sub(r"(?i)@import[^;]*;?|url\([^)]*//[^)]*\)", "", tag.get_text())
    for tag in soup.find_all(LOADING):
        addresses = [str(tag[name]) for name in ("src", "href", "data", "poster", "xlink:href") if tag.get(name)]
        target = next((text for text in addresses if ELSEWHERE.match(text)), "")
        if target:
            link = soup.new_tag("a", href=target, attrs={"class": "blocked"})
            link.string = f"[not shown, it is on the network: {target}]"
            tag.replace_with(link)


def _figures(soup, record: dict | None, folder: Path, address: str) -> None:
    """Give every picture an alternative text, and the figures of the run their caption and files."""
    known = {}
    for entry in (record or {}).get("figures", []):
        path = folder / entry["file"]
        known[entry["alt_text"]] = entry
        if path.is_file():
            known[hashlib.sha256(path.read_bytes()).hexdigest()] = entry
    for picture in soup.find_all("img"):
        source = picture.get("src", "")
        raw = base64.b64decode(source.partition("base64,")[2]) if source.startswith("data:image/png;base64,") else b""
        entry = known.get(hashlib.sha256(raw).hexdigest()) or known.get(picture.get("alt"))
        if entry is None:
            picture["alt"] = picture.get("alt") or "Output of the code above, without a description"
            continue
        stem = Path(entry["file"]).stem
        picture["alt"] = entry["alt_text"]
        if (folder / entry["file"]).is_file():  # also newer: a check that fails later is drawn on the file
            picture["src"] = address + entry["file"]
        output = picture.find_parent(class_="output_area")
        following = output.find_next_sibling(class_="output_area") if output else None
        if following is not None and following.get_text().strip().startswith(f"Figure: {stem}."):
            following.decompose()  # the caption as the notebook shows it
        frame = picture.wrap(soup.new_tag("figure", id=f"figure-{stem}"))
        frame.append(_caption(soup, entry, folder, address))


def _caption(soup, entry: dict, folder: Path, address: str):
    stem = Path(entry["file"]).stem
    caption = soup.new_tag("figcaption", attrs={"class": "maths"})
    caption.append(entry["caption"] + " ")
    links = soup.new_tag("span", attrs={"class": "files"})
    for suffix, word in ((".png", "PNG"), (".svg", "SVG"), (".csv", "numbers (CSV)")):
        if (folder / f"{stem}{suffix}").is_file():
            link = soup.new_tag("a", href=f"{address}{stem}{suffix}")
            link.string = word
            links.extend([" · ", link] if links.contents else [link])
    caption.append(links)
    return caption


def _order(soup) -> list[dict]:
    """Mark where formulas are, make wide tables scroll, and return the table of contents."""
    from markupsafe import Markup

    for block in soup.select(".text_cell_render, .output_markdown, .output_latex"):
        block["class"] = [*block["class"], "maths"]
    for table in soup.select("table"):
        del table["border"]
        table.wrap(soup.new_tag("div", attrs={"class": "table", "tabindex": "0"}))
    first = soup.select_one(".text_cell h1")
    if first is not None:  # the page has its own heading
        first.decompose()
    for late in soup.select("h1"):
        late.name = "h2"
    contents = []
    for heading in soup.select(".text_cell h2[id], .text_cell h3[id]"):
        mark = heading.find("a", class_="anchor-link")
        if mark is not None:
            mark.extract()
        text = Markup.escape(heading.get_text().strip())
        if "$" in text:
            text = Markup('<span class="maths">{}</span>').format(text)
        contents.append({"id": heading["id"], "level": int(heading.name[1]), "html": text})
        if mark is not None:
            mark["aria-label"] = "link to this section"
            heading.append(mark)
    return contents
