"""Pages in a real browser: formulas typeset, pictures loaded, nothing asked of the network."""

import io

import nbformat
import numpy as np
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from lib.workflow.site import build_site

pytestmark = pytest.mark.browser
STEM = "02_alteration_isocon"
TEXT = r"""## A. The model

The slope $s = M^O/M^A$, an expectation $\mathbb{E}[\theta]$, a set $\mathcal{N}$, and

$$ \hat{s} = \arg\min_s \sum_{i=1}^{n} \frac{|c_i^A - s\,c_i^O|}{\sigma_i}, \qquad \mathbf{x} \in \mathbb{R}^n $$

\begin{align}
\log p &= -\tfrac12 \sum_i \left(\frac{d_i - f_i}{\sigma_i}\right)^2 \\
\mathrm{Mg_2SiO_4} + \tfrac32\,\mathrm{H_2O} &\rightleftharpoons \ldots
\end{align}

A price of \$5 stays text. ![elsewhere](https://example.org/x.png)
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A site of one hand-made executed notebook (no kernel)."""
    import base64
    import json

    import matplotlib

    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    root = tmp_path_factory.mktemp("site")
    folder = root / "full" / STEM
    folder.mkdir(parents=True)
    fig, ax = plt.subplots(figsize=(5, 3))
    ax.plot(np.arange(10), np.arange(10) ** 2)
    stream = io.BytesIO()
    fig.savefig(stream, format="png")
    plt.close(fig)
    (folder / "isocon.png").write_bytes(stream.getvalue())
    picture = new_output("display_data", data={"image/png": base64.b64encode(stream.getvalue()).decode()})
    hostile = new_output("display_data", data={"text/html": '<div style="background:url(https://example.org/b.png)">x</div>'})
    cells = [new_markdown_cell(TEXT), new_code_cell("x = 1", outputs=[picture, hostile])]
    nbformat.write(new_notebook(cells=cells), folder / f"{STEM}.ipynb")
    figure = {"file": "isocon.png", "caption": "A parabola.", "alt_text": "A curve that rises ever faster."}
    number = {"name": "slope", "value": 0.98, "unit": "1", "uncertainty": None, "published": 0.98, "source": "Table 1",
              "tolerance": 0.005, "verdict": "reproduced"}  # fmt: skip
    results = {"case": STEM, "mode": "full", "parameters": {}, "data": [], "numbers": [number], "diagnostics": [],
               "figures": [figure], "inputs_hash": "0" * 64, "versions": {}}  # fmt: skip
    (folder / "results.json").write_text(json.dumps(results))
    build_site(root / "full", root / "out", [{"stem": STEM, "title": "Who moved", "question": "And how much?"}])
    return root / "out"


@pytest.mark.parametrize("width", [1000, 400])
def test_a_notebook_page_is_typeset_without_the_network(browser, site, width):
    browser.resize(width, 1000)
    browser.open((site / f"{STEM}.html").as_uri())
    browser.wait(lambda: browser.script("return !!window.MathJax && !!MathJax.Hub && !MathJax.Hub.queue.pending"))
    browser.wait(lambda: browser.script("return document.querySelectorAll('.MathJax .math').length === 5"))
    shown = browser.script("return document.querySelector('article').innerText")
    assert r"\frac" not in shown and r"\begin" not in shown and "$s" not in shown
    assert "$5 stays text" in shown
    assert browser.script("return document.querySelectorAll('.MathJax_Error, .merror').length") == 0
    # typeset in its own fonts, not in a fallback: they have been loaded
    fonts = browser.script("return [...document.fonts].filter(f => f.status === 'loaded').map(f => f.family)")
    assert any("STIXMathJax" in family for family in fonts)
    widths = browser.script("return [...document.images].map(image => image.complete ? image.naturalWidth : 0)")
    assert widths and all(widths)
    assert browser.script("return document.documentElement.scrollWidth") <= width, "the page itself must not scroll sideways"
    browser.picture(f"page-{width}", whole=True)
    outside = [url for url in browser.requests() if not url.startswith("file://") and url != "about:blank"]
    assert outside == []
    # MathJax tries an empty font address to learn what the browser can do; the page's policy refuses it
    assert [text for text in browser.complaints() if "about:blank" not in text] == []


def test_code_unfolds_at_a_click(browser, site):
    browser.resize(1000, 1000)
    browser.open((site / f"{STEM}.html").as_uri())
    visible = "return document.querySelector('details.code .highlight').checkVisibility()"
    assert browser.script(visible) is False
    browser.driver.find_element("css selector", "details.code summary").click()
    assert browser.script(visible) is True
    browser.driver.find_element("css selector", "button.all").click()
    assert browser.script("return [...document.querySelectorAll('details.code')].every(cell => cell.open)")


@pytest.mark.parametrize("width", [1000, 400])
def test_the_index_leads_to_the_page(browser, site, width):
    from PIL import Image

    browser.resize(width, 1000)
    browser.open((site / "index.html").as_uri())
    browser.wait(lambda: browser.script("return document.images.length === 1 && document.images[0].naturalWidth > 0"))
    assert browser.script("return document.documentElement.scrollWidth") <= width
    with Image.open(browser.picture(f"index-{width}", whole=True)) as image:
        colours = np.unique(np.asarray(image.convert("RGB")).reshape(-1, 3), axis=0)
    assert len(colours) > 100, "the picture is empty"
    assert all(url.startswith("file://") for url in browser.requests())
    assert browser.complaints() == []
    browser.driver.find_element("css selector", ".card h3 a").click()
    browser.wait(lambda: browser.driver.title == "Who moved")
