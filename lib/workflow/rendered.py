"""Executed notebooks for readers on a code host: outputs kept, machine traces stripped, under 1 MB each."""

from __future__ import annotations

import base64
import json
import re

from lib.workflow import fingerprint
from lib.workflow.build import require
from lib.workflow.paths import NOTEBOOKS, ROOT, stems, write_atomic
from lib.workflow.products import fewer_colours

FOLDER = NOTEBOOKS / "rendered"
LIMIT = 1_000_000


def written(stem: str, executed: dict, *, source: str) -> str:
    """Text of the rendered notebook.

    Parameters
    ----------
    stem : str
    executed : dict
        The executed notebook as JSON.
    source : str
        Hash of the notebook's text, kept in the metadata so that CI can say when the code has drifted.

    Raises
    ------
    ValueError
        When it cannot be brought under 1 MB, or still names a folder of this machine.
    """
    cells = []
    for cell in executed["cells"]:
        tags = cell.get("metadata", {}).get("tags", [])
        if "injected-parameters" in tags:
            continue  # its values are this machine's folders; the parameters cell above states the defaults
        kept = {
            "cell_type": cell["cell_type"],
            "id": cell["id"],
            "metadata": {"tags": tags} if tags else {},
            "source": cell["source"],
        }
        if cell["cell_type"] == "code":
            kept |= {
                "execution_count": cell["execution_count"],
                "outputs": [_output(o) for o in cell["outputs"] if o.get("name") != "stderr"],
            }
        cells.append(kept)
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}, "compendium": {"source_sha256": source}}
    for width, colours in ((760, 128), (700, 64), (620, 32), (520, 24)):
        text = (
            json.dumps(
                {"cells": _shrunk(cells, width, colours), "metadata": metadata, "nbformat": 4, "nbformat_minor": 5},
                indent=1,
                ensure_ascii=False,
            )
            + "\n"
        )
        if len(text.encode()) < LIMIT:
            break
    else:
        raise ValueError(f"{stem}: the rendered notebook stays over {LIMIT} bytes; print less")
    trace = re.search(re.escape(str(ROOT)), text)
    if trace:
        raise ValueError(
            f"{stem}: an output names a folder of this machine: {text[max(0, trace.start() - 80) : trace.end() + 80]}"
        )
    return text


def _output(output: dict) -> dict:
    kept = {key: value for key, value in output.items() if key != "metadata"}
    if output["output_type"] in ("display_data", "execute_result"):
        kept["metadata"] = {}
    return kept


def _shrunk(cells: list[dict], width: int, colours: int) -> list[dict]:
    def shrink(output: dict) -> dict:
        picture = output.get("data", {}).get("image/png")
        if not picture:
            return output
        raw = base64.b64decode("".join(picture))
        small = base64.b64encode(fewer_colours(raw, colours=colours, width=width)).decode()
        return output | {"data": output["data"] | {"image/png": small}}

    return [cell | ({"outputs": [shrink(o) for o in cell["outputs"]]} if "outputs" in cell else {}) for cell in cells]


def write() -> int:
    """Write ``notebooks/rendered/<stem>.ipynb`` from the last full runs; drop those of notebooks that are gone."""
    for stem in stems():
        executed = json.loads((require(stem) / f"{stem}.ipynb").read_text(encoding="utf-8"))
        source = fingerprint.sha256(fingerprint.notebook_text(stem).encode())
        write_atomic(FOLDER / f"{stem}.ipynb", written(stem, executed, source=source))
        print(f"notebooks/rendered/{stem}.ipynb: {(FOLDER / f'{stem}.ipynb').stat().st_size / 1000:.0f} kB")
    for path in FOLDER.glob("*.ipynb"):
        if path.stem not in stems():
            path.unlink()
    return 0


def stale() -> list[str]:
    """Stems whose rendered notebook was made from other text than the present one."""
    old = []
    for stem in stems():
        path = FOLDER / f"{stem}.ipynb"
        made = (
            json.loads(path.read_text(encoding="utf-8"))["metadata"]["compendium"]["source_sha256"] if path.is_file() else None
        )
        if made != fingerprint.sha256(fingerprint.notebook_text(stem).encode()):
            old.append(stem)
    return old
