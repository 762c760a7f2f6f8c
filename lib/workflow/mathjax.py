"""Formulas without the network: the part of MathJax that the pages need, copied from an installed package."""

from __future__ import annotations

import json
import shutil
import tempfile
from importlib import metadata, util
from pathlib import Path

# Of MathJax 2 only what its HTML output asks for: TeX in, HTML with the STIX fonts out.
PARTS = (
    "LICENSE",
    "MathJax.js",
    "config/TeX-AMS-MML_HTMLorMML-full.js",
    "extensions/TeX",
    "extensions/HTML-CSS",
    "extensions/MatchWebFonts.js",
    "fonts/HTML-CSS/STIX-Web/woff",
    "jax/element/mml/optable",
    "jax/output/HTML-CSS",
)
SCRIPT = "MathJax.js?config=TeX-AMS-MML_HTMLorMML-full"
# Text is searched for formulas in elements of class "maths" only; the body carries "plain". The formulas are also there
# as hidden MathML for screen readers, whose style asks for a font that is not part of the copy: no font is named for it.
CONFIG = r"""window.MathJax = {
  tex2jax: {inlineMath: [["$", "$"], ["\\(", "\\)"]], displayMath: [["$$", "$$"], ["\\[", "\\]"]],
            processEscapes: true, processEnvironments: true, ignoreClass: "plain", processClass: "maths"},
  "HTML-CSS": {availableFonts: [], preferredFont: null, webFont: "STIX-Web", imageFont: null, EqnChunk: 500, scale: 95,
               linebreaks: {automatic: true, width: "container"}},
  NativeMML: {styles: {"@font-face /*1*/": {src: "local(serif)"}, "@font-face /*2*/": {src: "local(serif)"},
                       "@font-face /*3*/": {src: "local(serif)"}, "@font-face /*4*/": {src: "local(serif)"},
                       "@font-face /*5*/": {src: "local(serif)"}, "@font-face /*6*/": {src: "local(serif)"}}},
  TeX: {equationNumbers: {autoNumber: "AMS"}}, menuSettings: {zoom: "None"}, showMathMenu: false, messageStyle: "none"
};"""


def copy_mathjax(folder: Path) -> Path:
    """Copy what the pages need of MathJax (about 2 MB) into a folder, once.

    Parameters
    ----------
    folder : Path
        Made by this function; one that is complete is left as it is.

    Returns
    -------
    Path
        The folder.
    """
    # found without importing it: the package loads a whole server
    source = Path(util.find_spec("jupyter_server_mathjax").origin).parent / "static"
    folder = Path(folder)
    mark = folder / "parts.json"
    wanted = json.dumps([metadata.version("jupyter-server-mathjax"), PARTS])
    if mark.is_file() and mark.read_text(encoding="utf-8") == wanted:
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".mathjax-", dir=folder.parent) as scratch:
        made = Path(scratch) / "mathjax"
        for part in PARTS:
            target = made / part
            target.parent.mkdir(parents=True, exist_ok=True)
            if (source / part).is_dir():
                shutil.copytree(source / part, target)
            else:
                shutil.copyfile(source / part, target)
        (made / mark.name).write_text(wanted, encoding="utf-8")
        if folder.exists():
            shutil.rmtree(folder)
        made.rename(folder)
    return folder
