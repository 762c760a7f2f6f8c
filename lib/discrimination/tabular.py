"""From a table of analysed grains to logarithms, with an account of every gap."""

from __future__ import annotations

import numpy as np
import pandas as pd

from lib.tables.names import TO_WT, parse_column

from .grains import Grains, class_codes, feature_columns

ID_COLUMN, CLASS_COLUMN, GROUP_COLUMN = "sample_id", "class", "group"
#: An element must be measured in this share of the grains to be used; one that is not loses more grains than it tells.
MIN_MEASURED = 0.9
#: What may stand in for a cell below detection: a factor of the detection limit.  "drop" leaves the grain out.
BELOW = {"drop": None, "lod/sqrt2": 1 / np.sqrt(2), "lod/2": 0.5}


def element_columns(table) -> dict[str, str]:
    """Element -> column, for every concentration by mass in a table that holds a value or a limit."""
    out = {}
    for column in table.analytes:
        name = parse_column(column)
        if name and name.unit in TO_WT and (table.frame[column].notna().any() or table.censored[column].any()):
            out[name.analyte] = column
    return out


def prepare(
    table, *, features=None, exclude=(), ratios=(), classes=None, min_measured=MIN_MEASURED, below="drop", like=None
) -> Grains:
    """Build `Grains` from a table.

    Parameters
    ----------
    table : tables.Table
        ``sample_id``, ``class`` ("" = unknown source), optional ``group``, and contents ``<element>_<ppm|ppb|wt>``.
    features : sequence of str, optional
        Elements to use; default all that are measured in enough grains.
    exclude : sequence of str
        Elements to leave out.
    ratios : sequence of str
        Ratios to add as features, ``"Th/U"``; their logarithms are differences of those of the elements, so that subsets
        with all three are exact ties.
    classes : sequence of str, optional
        Order of the classes; default sorted.
    min_measured : float, 0-1
        Elements with a value in a smaller share of the grains are left out, with a note; not applied to `features`.
    below : {"drop", "lod/sqrt2", "lod/2"}
        Grains with a cell below detection are left out, or the cell is replaced by that share of the limit.
    like : Grains, optional
        Use the features and classes of these: for grains that are to be judged by a classifier made of them.

    Returns
    -------
    Grains

    Raises
    ------
    ValueError
        An unknown element or option, fewer than one feature, or no complete grain.
    """
    if below not in BELOW:
        raise ValueError(f"below = {below!r} is not known; known: {', '.join(BELOW)}")
    if like is not None:
        features = [n for n in like.names if "/" not in n]
        ratios = [n for n in like.names if "/" in n]
        classes = like.classes
    columns = element_columns(table)
    wanted = list(features) if features is not None else [n for n in columns if n not in set(exclude)]
    parts = [*wanted, *(e for r in ratios for e in _two(r))]
    elements = list(dict.fromkeys(parts))
    feature_columns(elements, columns)
    if features is None:
        feature_columns(exclude, columns)
    frame = table.frame[[columns[e] for e in elements]].to_numpy(float)
    scale = np.array([TO_WT[parse_column(columns[e]).unit] / TO_WT["ppm"] for e in elements])
    value = frame * scale
    censored = table.censored[[columns[e] for e in elements]].to_numpy(bool)
    limit = table.limit[[columns[e] for e in elements]].to_numpy(float) * scale
    if BELOW[below] is not None:
        value = np.where(censored, BELOW[below] * limit, value)
    with np.errstate(invalid="ignore"):
        good = value > 0
    share = good.mean(axis=0) if len(good) else np.zeros(len(elements))
    used = np.array([features is not None or s >= min_measured or e not in wanted
                     for e, s in zip(elements, share, strict=True)], bool)  # fmt: skip
    rows = np.flatnonzero(good[:, used].all(axis=1))
    dropped = pd.DataFrame(
        {"feature": elements, "not_analysed": (np.isnan(frame) & ~censored).sum(axis=0), "below": censored.sum(axis=0),
         "measured_share": share, "grains_lost": np.where(used, (~good).sum(axis=0), 0), "used": used}
    )  # fmt: skip
    if not used.any() or not len(rows):
        raise ValueError(
            f"no grain has a value in all of {', '.join(np.array(elements)[used]) or 'no element'}: exclude the elements with "
            "many gaps, lower min_measured only together with a replacement (parameter below), or add grains"
        )
    kept = {e: j for j, e in enumerate(elements) if used[j]}
    log = np.log10(np.where(good, value, np.nan))[rows]
    names = [e for e in dict.fromkeys(wanted) if e in kept]
    x = [log[:, kept[e]] for e in names]
    for ratio in ratios:
        first, second = _two(ratio)
        x.append(log[:, kept[first]] - log[:, kept[second]])
    text = table.frame[CLASS_COLUMN].to_numpy(str) if CLASS_COLUMN in table.frame else np.full(len(value), "")
    codes, known = class_codes(text, classes)
    below_x = [censored[rows, kept[e]] for e in names] + [
        censored[rows, kept[_two(r)[0]]] | censored[rows, kept[_two(r)[1]]] for r in ratios
    ]
    groups = tuple(table.frame[GROUP_COLUMN].iloc[rows].astype(str)) if GROUP_COLUMN in table.frame else ()
    return Grains(
        np.column_stack(x), (*names, *ratios), known, codes[rows], groups if any(groups) else (),
        tuple(table.frame[ID_COLUMN].iloc[rows].astype(str)), rows, np.column_stack(below_x),
        (*("ppm" for _ in names), *("ratio" for _ in ratios)), dropped, tuple(_notes(dropped, len(value), len(rows), below)),
    )  # fmt: skip


def split_known(made: Grains, detrital, below: str) -> tuple[Grains, Grains | None]:
    """Grains of known source, and those of unknown source (None when there are none).

    Parameters
    ----------
    made : Grains
        Of the main table.
    detrital : tables.Table, Grains or None
        Grains of unknown source, when they have a table of their own.
    below : str
        See `prepare`.

    Returns
    -------
    grains : Grains
    unknown : Grains or None
        With the same features.
    """
    known = made.codes >= 0
    present = [k for k in range(len(made.classes)) if (made.codes == k).any()]
    grains = made.take(rows=known)
    if len(present) < len(made.classes):
        names = tuple(made.classes[k] for k in present)
        grains = Grains.from_arrays(
            grains.values, grains.names, grains.labels, classes=names, groups=grains.groups or None, samples=grains.samples,
            units=grains.units,
        )  # fmt: skip
    if detrital is None:
        return grains, (made.take(rows=~known) if (~known).any() else None)
    if isinstance(detrital, Grains):
        return grains, detrital.take(features=grains.names)
    return grains, prepare(detrital, below=below, like=grains)


def _two(ratio):
    """Elements of a ratio such as ``Th/U``."""
    parts = ratio.split("/")
    if len(parts) != 2 or not all(parts):
        raise ValueError(f"ratio {ratio!r}: write two elements with a slash, such as Th/U")
    return parts


def _notes(dropped, n, kept, below):
    """What was left out, in words."""
    out = []
    away = dropped[~dropped["used"]]
    if len(away):
        said = ", ".join(f"{r.feature} ({r.measured_share:.0%})" for r in away.itertuples())
        out.append(f"left out, measured in too few grains: {said}")
    if kept < n:
        worst = dropped[dropped["used"]].sort_values("grains_lost", ascending=False)
        worst = ", ".join(f"{r.feature} {r.grains_lost}" for r in worst.itertuples() if r.grains_lost)
        out.append(f"{n - kept} of {n} grains left out: no value in {worst} (grains an element)")
    replaced = int(dropped.loc[dropped["used"], "below"].sum())
    if BELOW[below] is not None and replaced:
        out.append(f"{replaced} cells below detection were replaced by {below} of their limit")
    return out
