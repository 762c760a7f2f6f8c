"""A reader's own knowledge of the elements: prior probabilities of immobility, and blocks that count as one witness."""

from __future__ import annotations

from pathlib import Path

import pandas as pd


def read_choices(path) -> tuple[dict[str, float] | None, dict[str, list[str]] | None]:
    """Read a CSV with the columns ``element`` and ``p_immobile`` or ``block`` (or both).

    Parameters
    ----------
    path : path-like
        One row an element, named as in the table of analyses without its unit (``Zr``, ``TiO2``). ``p_immobile`` is a
        probability, 0 < p < 1, or empty; ``block`` is any word, the same for elements that move together, or empty.

    Returns
    -------
    priors : dict of str to float, or None
        For `lib.isocon.analyse(priors=...)`; None without the column.
    blocks : dict of str to list of str, or None
        For `lib.isocon.analyse(group_weights=...)`; None without the column.

    Raises
    ------
    ValueError
        Naming every row that cannot be understood.
    """
    name = Path(path).name
    frame = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig", skipinitialspace=True)
    unknown = set(frame.columns) - {"element", "p_immobile", "block"}
    if "element" not in frame or len(frame.columns) < 2 or unknown:
        found = ", ".join(frame.columns)
        raise ValueError(f"{name}: expected the columns element, and p_immobile or block or both; found {found}")
    faults = []
    priors: dict[str, float] = {}
    blocks: dict[str, list[str]] = {}
    for line, row in enumerate(frame.itertuples(index=False), 2):
        element = row.element.strip()
        if not element or element in priors or any(element in members for members in blocks.values()):
            faults.append(f"{name}: row {line}: element {element!r} is empty or stands here twice")
            continue
        text = getattr(row, "p_immobile", "").strip()
        if text:
            try:
                value = float(text)
            except ValueError:
                value = float("nan")
            if not 0 < value < 1:
                faults.append(f"{name}: row {line}, p_immobile: {text!r} is not a probability between 0 and 1 (exclusive)")
            priors[element] = value
        block = getattr(row, "block", "").strip()
        if block:
            blocks.setdefault(block, []).append(element)
    if faults:
        raise ValueError("\n".join(faults))
    return (priors or None), (blocks or None)
