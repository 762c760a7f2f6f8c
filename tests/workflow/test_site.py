"""Pages: nothing from the network, every picture described, formulas local, made again only when something changed."""

import base64
import json
import re

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from lib.workflow import present
from lib.workflow.site import build_site, render_page

STEM = "02_alteration_isocon"
PNG = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==")
ALT = "Points along a line of slope one; calcium below it."
TEXT = r"""# The notebook's own title

## A. The model

With $c_i < s$ and

$$ s = \frac{M^O}{M^A} $$

<img src="https://example.org/far.png"> ![far](http://example.org/two.png) [a paper](https://doi.org/10.1/abc)

### Why $\ell_1$
"""


def output(**data):
    return new_output("display_data", data={name.replace("_", "/", 1): value for name, value in data.items()})


@pytest.fixture
def case(tmp_path):
    """Make an out folder as a run leaves it, by hand: `build/full/<stem>/`."""
    folder = tmp_path / "full" / STEM
    folder.mkdir(parents=True)
    encoded = base64.b64encode(PNG).decode()
    page = '<b onclick="x()">t</b><script src="https://example.org/a.js"></script><style>@import "http://e.org/a.css";</style>'
    cells = [
        new_markdown_cell(TEXT),
        new_code_cell("penalty = 1.0", metadata={"tags": ["parameters"]}),
        new_code_cell("draw()", outputs=[output(image_png=encoded)]),
        new_code_cell("other()", outputs=[output(image_png=base64.b64encode(PNG + b"x").decode())]),
        new_code_cell("html()", outputs=[output(text_html=page), output(application_javascript="alert(1)")]),
        new_code_cell(
            "slow()",
            outputs=[new_output("stream", name="stdout", text=" 10%\r 50%\r100%\ndone <b>\n"), output(text_markdown="$x^2$")],
        ),
    ]
    nbformat.write(new_notebook(cells=cells), folder / f"{STEM}.ipynb")
    (folder / "isocon.png").write_bytes(PNG)
    (folder / "isocon.csv").write_text("x,y\n1,2\n")
    number = {"unit": "1", "uncertainty": None, "published": None, "source": None, "tolerance": None}
    numbers = [
        {**number, "name": "slope[a]", "value": 0.98, "published": 0.98, "tolerance": 0.005, "verdict": "reproduced",
         "source": "Table <3>", "uncertainty": {"sd": 0.01, "kind": "bootstrap"}},
        {**number, "name": "gain[K2O]", "value": 3.0, "published": 2.0, "verdict": "not reproduced", "reason": "rounded <up>"},
        {**number, "name": "n", "value": 8, "verdict": "no published value"},
    ]  # fmt: skip
    results = {
        "case": STEM, "mode": "full", "parameters": {"penalty": 1.0}, "numbers": numbers, "inputs_hash": "0" * 64,
        "data": [{"key": "t", "sha256": "0" * 64, "rows": 3, "licence": "CC0", "citation": "A & B (2001)"}],
        "diagnostics": [
            {"name": "coverage", "value": 0.5, "limit": 0.9, "ok": False, "scope": "headline"},
            {"name": "naive sampler", "value": 2.0, "limit": 1.01, "ok": False, "scope": "demonstration"},
        ],
        "figures": [{"file": "isocon.png", "caption": "Isocon with slope $s$.", "alt_text": ALT}],
        "versions": {"python": "3"},
    }  # fmt: skip
    (folder / "results.json").write_text(json.dumps(results))
    (folder / "provenance.json").write_text(json.dumps({"seconds": 120.0}))
    return folder


CASES = [
    {"stem": STEM, "title": "Who moved <in> a halo", "question": "And how much?"},
    {"stem": "09_hydrous_melt", "title": "Water in melt", "question": ""},
]


def build(case):
    return build_site(case.parents[0], case.parents[1] / "site", CASES), case.parents[1] / "site"


def soup(path):
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


def test_no_page_loads_anything_from_another_place(case):
    _, site = build(case)
    for path in site.glob("*.html"):
        tree = soup(path)
        for tag in tree.find_all(lambda tag: tag.name != "a" and (tag.get("src") or tag.get("href") or tag.get("srcset"))):
            target = tag.get("src") or tag.get("href")
            assert target.startswith("data:") or (site / target.partition("?")[0]).is_file(), (path.name, target)
        assert not re.search(r"@import|url\((?!['\"]?data:)", path.read_text(encoding="utf-8"))
        policy = tree.find("meta", attrs={"http-equiv": "Content-Security-Policy"})["content"]
        assert "http" not in policy and "*" not in policy


def test_links_to_the_network_stay_links(case):
    _, site = build(case)
    tree = soup(site / f"{STEM}.html")
    links = {a["href"] for a in tree.find_all("a", href=True)}
    assert {"https://doi.org/10.1/abc", "https://example.org/far.png", "http://example.org/two.png"} <= links
    assert not tree.find(onclick=True)
    assert "alert(1)" not in str(tree)


def test_every_picture_has_a_description_and_the_runs_own_have_caption_and_files(case):
    _, site = build(case)
    pictures = soup(site / f"{STEM}.html").find_all("img")
    assert len(pictures) == 2 and all(p["alt"].strip() for p in pictures)
    figure = pictures[0].find_parent("figure")
    assert pictures[0]["alt"] == ALT and pictures[0]["src"] == f"{STEM}/isocon.png"
    assert "Isocon with slope $s$." in figure.figcaption.text
    assert [a["href"] for a in figure.find_all("a")] == [f"{STEM}/isocon.png", f"{STEM}/isocon.csv"]
    assert (site / STEM / "isocon.csv").read_text() == "x,y\n1,2\n"


def test_a_picture_redrawn_since_is_found_by_its_description_and_said_once(case):
    notebook = nbformat.read(case / f"{STEM}.ipynb", 4)
    cell = notebook.cells[2]
    cell.outputs[0].data["image/png"] = base64.b64encode(PNG + b"earlier").decode()
    cell.outputs[0].metadata = {"image/png": {"alt": ALT}}
    cell.outputs.append(output(text_markdown="**Figure: isocon.** Isocon with slope $s$."))
    nbformat.write(notebook, case / f"{STEM}.ipynb")
    _, site = build(case)
    tree = soup(site / f"{STEM}.html")
    assert tree.find("img")["src"] == f"{STEM}/isocon.png"
    assert tree.find("article").get_text().count("Isocon with slope") == 1


def test_code_is_folded_and_parameters_are_not(case):
    _, site = build(case)
    cells = soup(site / f"{STEM}.html").select("details.code")
    assert [cell.has_attr("open") for cell in cells] == [True, False, False, False, False]
    assert "penalty" in cells[0].get_text()


def test_contents_list_the_sections_and_the_title_is_said_once(case):
    _, site = build(case)
    tree = soup(site / f"{STEM}.html")
    items = tree.select("aside li a[href^='#']")
    assert [item.get_text() for item in items] == ["A. The model", r"Why $\ell_1$", "Record of this run"]
    assert all(tree.find(id=item["href"][1:]) for item in items)
    assert [h1.get_text() for h1 in tree.find_all("h1")] == ["Who moved <in> a halo"]


def test_formulas_are_marked_for_the_shared_mathjax_and_plain_output_is_not(case):
    _, site = build(case)
    tree = soup(site / f"{STEM}.html")
    assert tree.body["class"] == ["plain"]
    maths = " ".join(block.get_text() for block in tree.select(".maths"))
    assert r"\frac{M^O}{M^A}" in maths and "$c_i < s$" in maths and "$x^2$" in maths
    assert not tree.select_one("pre").find_parent(class_="maths")
    assert (site / "mathjax" / "MathJax.js").is_file() and (site / "mathjax" / "LICENSE").is_file()
    size = sum(p.stat().st_size for p in (site / "mathjax").rglob("*") if p.is_file())
    assert size < 4e6, "the copy of MathJax is kept small: it is also put beside pages of own data"


def test_a_page_without_formulas_takes_no_mathjax(tmp_path):
    nbformat.write(new_notebook(cells=[new_markdown_cell("## Plain words")]), tmp_path / "a.ipynb")
    path = render_page(tmp_path / "a.ipynb", tmp_path / "a.html", title="A")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.html", "a.ipynb"]
    assert not soup(path).find("script", src=True)


def test_a_page_beside_its_files_stands_alone(case):
    page = render_page(case / f"{STEM}.ipynb", case / f"{STEM}.html", title="Own", results=case / "results.json")
    for tag in soup(page).find_all(["img", "script"], src=True):
        assert tag["src"].startswith("data:") or (case / tag["src"].partition("?")[0]).is_file()
    for tag in soup(page).find_all("a", href=re.compile(r"^[^#:]+$")):
        assert (case / tag["href"]).is_file()


def test_a_redrawn_progress_line_shows_its_last_state_and_text_is_escaped(case):
    _, site = build(case)
    texts = [pre.get_text().strip() for pre in soup(site / f"{STEM}.html").select(".output_stdout pre")]
    assert texts == ["100%\ndone <b>"]


def test_the_index_counts_verdicts_and_shows_what_failed(case):
    done, site = build(case)
    assert done == {"written": [STEM], "kept": [], "missing": ["09_hydrous_melt"]}
    first, second = soup(site / "index.html").select(".card")
    assert first.find("img")["src"] == f"{STEM}/isocon.png" and first.find("img")["alt"] == ALT
    tags = [tag.get_text() for tag in first.select(".tag")]
    assert tags == ["1 reproduced", "1 not reproduced", "1 own number", "1 check failed", "2.0 min"]
    assert "coverage: 0.5 (expected 0.9)" in first.get_text()
    assert "naive" not in first.get_text(), "shown failing on purpose"
    assert second.find("a") is None and "not run" in second.get_text()
    rows = [row.get_text(" ", strip=True) for row in soup(site / "index.html").select("tbody tr")]
    assert len(rows) == 2, "only numbers with a published value"
    assert "± 0.01; bootstrap" in rows[0] and "Table <3>" in rows[0] and "rounded <up>" in rows[1]


def test_quick_runs_say_so_everywhere(case):
    results = json.loads((case / "results.json").read_text())
    (case / "results.json").write_text(json.dumps({**results, "mode": "quick"}))
    _, site = build(case)
    for name in ("index.html", f"{STEM}.html"):
        assert "Quick mode." in soup(site / name).select_one(".note.quick").get_text()


def test_a_failed_last_run_is_named_on_its_card(case):
    (case / f"{STEM}.failed.ipynb").write_text("{}")
    _, site = build(case)
    assert f"{STEM}.failed.ipynb" in soup(site / "index.html").select_one(".card").get_text()


def test_a_second_build_writes_nothing(case):
    _, site = build(case)
    before = {p: p.stat().st_mtime_ns for p in site.rglob("*")}
    done, _ = build(case)
    assert done["kept"] == [STEM] and done["written"] == []
    assert {p: p.stat().st_mtime_ns for p in site.rglob("*")} == before
    assert not list(site.glob(".*")), "no scratch is left"


@pytest.mark.parametrize("name", [f"{STEM}.ipynb", "results.json", "isocon.csv"])
def test_a_changed_input_makes_the_page_again(case, name):
    build(case)
    path = case / name
    text = path.read_text()
    path.write_text({"isocon.csv": text + "3,4\n"}.get(name, text.replace("penalty", "weight")))
    done, site = build(case)
    assert done["written"] == [STEM]
    assert (site / STEM / name).read_bytes() == path.read_bytes()


def test_a_page_that_was_removed_or_interrupted_comes_back_and_a_renamed_case_goes(case):
    _, site = build(case)
    (site / STEM / ".key").unlink()
    (site / "07_old_name.html").touch()
    (site / "07_old_name").mkdir()
    assert build(case)[0]["written"] == [STEM]
    assert not (site / "07_old_name.html").exists() and not (site / "07_old_name").exists()


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.98465123, "0.984651"), (5e-6, "5×10⁻⁶"), (-3, "−3"), (None, "–"), (True, "yes"), ([1, 2.5], "1, 2.5"), ("a-b", "a-b"),
     (1.5e22, "1.5×10²²"), (1234567, "1234567"), (float("inf"), "inf")],
)  # fmt: skip
def test_numbers_are_written_for_people(value, text):
    assert present.number_text(value) == text


def test_an_uncertainty_is_written_with_its_kind():
    assert present.spread_text({"lo95": 1.0, "hi95": 2.5, "kind": "posterior"}) == "1 to 2.5 (95 %); posterior"
    assert present.spread_text(None) == ""
