"""What must hold in a table before the sources of its grains can be told apart; every message says what to do."""

from __future__ import annotations

import dataclasses
import difflib
from collections import Counter
from math import comb

import numpy as np

from lib import tables

from .tabular import BELOW, CLASS_COLUMN, MIN_MEASURED, element_columns, prepare

SCHEMES = ("auto", "stratified", "grouped", "leave-group-out")
N_FOLDS = 10
#: Relative spread below which an element counts as constant.
CONSTANT = 1e-6
#: A subset is kept as bits of one number.
MAX_FEATURES = 64
#: Subsets that are searched without being asked for.
MAX_MODELS = 150_000
#: Longest search, in minutes, that is started without being asked for (parameter max_minutes).
MAX_MINUTES = 30.0
#: Seconds a grain and fold for one subset: constant, for each weight, for each pair of weights (measured on one core, with 480
#: grains of 3 classes and 310 of 2).
_SECONDS = (1.0e-8, 1.1e-9, 0.09e-9)


def check_table(table, parameters=None) -> list:
    """List everything that keeps a table from being analysed.

    Parameters
    ----------
    table : tables.Table
        Grains of known source, as read by `lib.tables.read`.
    parameters : dict, optional
        Parameters of the run.  Used where given: detrital_path, features, exclude, ratios, choose, below, min_measured, cv,
        n_folds, sizes (or max_size), max_models, max_minutes, n_jobs.

    Returns
    -------
    list of str or tables.Fault
        Empty when all is well (a Fault where one cell is meant).  Checked: options and names of elements, at least two
        classes, classes that differ in spelling only, contents that have no logarithm, constant elements, as many complete
        grains in each class as folds, two groups a class where groups are held out, the time that the search will take, and
        the table of unknown grains.
    """
    given = dict(parameters or {})
    columns = element_columns(table)
    faults = _options(given) + _names(columns, given) + _classes(table) + _not_positive(table, columns)
    if not columns:
        faults.append("no column of contents: name them like La_ppm or Th_ppm, one row a grain")
    if faults:
        return faults + _detrital(table, None, given)
    try:
        grains = prepare(table, **_preparation(given))
    except ValueError as error:
        return [str(error), *_detrital(table, None, given)]
    faults = _constant(grains) + _sizes(grains, given) + _groups(grains, given) + _time(grains, given)
    return faults + _detrital(table, grains, given)


def _preparation(given):
    """Arguments of `prepare` among the parameters; an empty list of features means all."""
    out = {"below": given.get("below", "drop"), "min_measured": given.get("min_measured", MIN_MEASURED)}
    out |= {"exclude": tuple(given.get("exclude") or ()), "ratios": tuple(given.get("ratios") or ())}
    return out | ({"features": tuple(given["features"])} if given.get("features") else {})


def _near(name, known):
    near = difflib.get_close_matches(str(name), [str(k) for k in known], n=1)
    return f" (is {near[0]} meant?)" if near else ""


def _options(given):
    """Faults of words and numbers among the parameters."""
    out = []
    for name, known in (("cv", SCHEMES), ("below", tuple(BELOW))):
        if name in given and given[name] not in known:
            out.append(
                f"parameter {name} = {given[name]!r} is not known{_near(given[name], known)}; known: {', '.join(known)}"
            )
    if given.get("n_folds", N_FOLDS) < 2:
        out.append(f"parameter n_folds = {given['n_folds']}: at least 2 are needed, one to learn from and one to judge by")
    return out


def _names(columns, given):
    """Faults of names of elements among the parameters."""
    wanted = {name: list(given.get(name) or ()) for name in ("features", "exclude")}
    wanted["ratios"] = [part for ratio in given.get("ratios") or () for part in str(ratio).split("/")]
    wanted["choose"] = [] if isinstance(given.get("choose", ""), str) else [f for f in given["choose"] if "/" not in f]
    out = []
    for parameter, names in wanted.items():
        unknown = [name for name in names if name not in columns]
        if unknown:
            out.append(
                f"parameter {parameter} names {', '.join(unknown)}{_near(unknown[0], columns)}, which the table does not "
                f"have; it has {', '.join(columns) or 'no element'}"
            )
    return out


def _classes(table):
    """Faults of the column of classes as a whole."""
    if CLASS_COLUMN not in table.frame or not any(table.frame[CLASS_COLUMN]):
        return [
            "no grain has a class: fill the column class with the source rock of each grain that is known; grains of unknown "
            "source go into a table of their own (parameter detrital_path) or keep an empty cell"
        ]
    counts = Counter(filter(None, table.frame[CLASS_COLUMN]))
    out, seen = [], {}
    for name in sorted(counts):
        plain = " ".join(name.casefold().replace("_", " ").replace("-", " ").split())
        if plain in seen:
            first = seen[plain]
            out.append(
                f"classes {first!r} ({counts[first]} grains) and {name!r} ({counts[name]}) differ in spelling only; write one "
                "of them"
            )
        seen.setdefault(plain, name)
    if len(counts) < 2:
        out.append(
            f"all {sum(counts.values())} grains with a class are {next(iter(counts))!r}: at least two sources are needed to "
            "tell them apart; add grains of another source"
        )
    return out


def _not_positive(table, columns):
    message = "has no logarithm: write '<limit' if it was below detection, leave it empty if it was not analysed"
    return [
        table.fault(int(row), column, f"{table.frame[column].iloc[row]:g} {message}")
        for column in columns.values()
        for row in np.flatnonzero(table.frame[column].to_numpy(float) <= 0)
    ]


def _constant(grains):
    flat = np.ptp(grains.x, axis=0) < CONSTANT
    return [
        f"{name} is the same in all {len(grains.x)} grains: it was not measured, or not to enough digits; leave it out "
        "(parameter exclude)"
        for name, same in zip(grains.names, flat, strict=True)
        if same
    ]


def _lost(grains):
    """Why grains were left out, to be put behind a count."""
    return f" ({'; '.join(grains.notes)})" if grains.notes else ""


def _sizes(grains, given):
    """Compare the number of complete grains in each class with the folds."""
    folds = given.get("n_folds", N_FOLDS)
    counts = grains.counts
    used = {name: count for name, count in counts.items() if count}
    if len(used) < 2:
        names = ", ".join(f"'{name}'" for name in used) or "no class"
        return [
            f"only {names} has grains with a value in every element used{_lost(grains)}: exclude the elements "
            "with many gaps, or replace what is below detection (parameter below = 'lod/sqrt2')"
        ]
    out = []
    for name, count in counts.items():
        if count < folds:
            advice = f"set n_folds to {count} or less, " if count >= 2 else ""
            out.append(
                f"class '{name}' has {count} usable grains{_lost(grains)}, fewer than the {folds} folds of the "
                f"cross-validation: {advice}add grains, join it with a related class, or leave its class empty"
            )
    return out


def _groups(grains, given):
    """Two groups a class, where groups are held out together."""
    cv = given.get("cv", "auto")
    if cv not in ("grouped", "leave-group-out"):
        return []
    codes = grains.group_codes
    if codes is None:
        return [
            f"parameter cv = {cv!r} needs the column group (rock, deposit or study of each grain); add it, or take cv = 'auto'"
        ]
    out = []
    for k, name in enumerate(grains.classes):
        number = len(np.unique(codes[grains.codes == k]))
        if number == 1:
            out.append(
                f"all grains of class '{name}' are of one group: held out, nothing is left to learn the class from; add "
                "groups, leave the class out, or take cv = 'stratified' and read its score as too good"
            )
    return out


def estimated_seconds(n_features, n_grains, n_classes, n_folds, sizes=None, n_jobs=1) -> float:
    """Time that a search of all subsets takes, roughly.

    Parameters
    ----------
    n_features, n_grains, n_classes, n_folds : int
        Size of the problem.
    sizes : (int, int), optional
        Smallest and largest subset; default all.
    n_jobs : int
        Processes at once.

    Returns
    -------
    float
        Seconds; right within a factor of about three.
    """
    low, high = sizes or (1, n_features)
    a, b, c = _SECONDS
    weights = {k: (k + 1) * (n_classes - 1) for k in range(low, high + 1)}
    a_grain = sum(comb(n_features, k) * (a + b * d + c * d**2) for k, d in weights.items())
    return a_grain * n_grains * n_folds / max(n_jobs, 1)


def _asked(given, p):
    """Sizes that the parameters ask for, None for all."""
    sizes = given.get("sizes")
    if sizes is not None and not isinstance(sizes, int) and len(sizes) == 2:
        return max(int(sizes[0]), 1), min(int(sizes[1]), p)
    top = sizes if isinstance(sizes, int) and sizes else given.get("max_size")
    return (1, min(int(top), p)) if top else None


def _time(grains, given):
    """Refuse a search that takes too long, with the size of subsets that would fit."""
    p, n, k = len(grains.names), len(grains.x), sum(1 for count in grains.counts.values() if count)
    folds, jobs = min(given.get("n_folds", N_FOLDS), n), given.get("n_jobs", 1)
    if p > MAX_FEATURES:
        return [f"{p} elements: a search over subsets takes at most {MAX_FEATURES}; name fewer (parameters features, exclude)"]
    asked, most = _asked(given, p), given.get("max_models", MAX_MODELS)
    sizes = asked or (1, p)
    if asked is None:  # the analysis itself stops at the size from which on there are too many subsets
        while sizes[1] > 1 and sum(comb(p, i) for i in range(1, sizes[1] + 1)) > most:
            sizes = (1, sizes[1] - 1)
    limit = 60 * given.get("max_minutes", MAX_MINUTES)
    seconds = estimated_seconds(p, n, k, folds, sizes, jobs)
    if seconds <= limit:
        return []
    count = sum(comb(p, i) for i in range(sizes[0], sizes[1] + 1))
    fits = [top for top in range(sizes[0], sizes[1]) if estimated_seconds(p, n, k, folds, (sizes[0], top), jobs) <= limit]
    smaller = f"subsets of at most {fits[-1]} elements would fit (parameter sizes), or " if fits else ""
    return [
        f"{p} elements make {count:,} subsets of {sizes[0]} to {sizes[1]}; with {n} grains, {k} classes and {folds} folds "
        f"their search takes about {seconds / 60:,.0f} minutes, more than the {limit / 60:g} allowed (parameter max_minutes): "
        f"{smaller}exclude elements, take fewer folds, more processes (n_jobs), or lib.subset_search.exchange_search, which "
        "samples subsets"
    ]


def _detrital(table, grains, given):
    """Faults of the table of unknown grains, each with its own file and line."""
    path = given.get("detrital_path")
    if not path:
        return []
    schema = table.schema.stem if table.schema is not None and table.schema.stem else "04_monazite_discrimination"
    try:
        unknown = tables.read(path, schema)
    except tables.TableFaults as error:
        return list(error.faults)
    out = []
    inside = sum(not name for name in table.frame.get(CLASS_COLUMN, ()))
    if inside:
        out.append(
            f"{inside} grains of the table have no class, and detrital_path names another table of unknown grains: keep "
            "them in one place"
        )
    if grains is None:
        return out
    there, wanted = element_columns(unknown), [name for name in grains.names if "/" not in name]
    lacking = [name for name in wanted if name not in there]
    if lacking:
        message = (
            f"no column of {', '.join(lacking)}, by which grains are told apart; add it, or exclude it (parameter exclude)"
        )
        return [*out, unknown.fault(None, None, message)]
    # what the table says about sources must not be looked at
    blind = dataclasses.replace(unknown, frame=unknown.frame.drop(columns=[CLASS_COLUMN], errors="ignore"))
    try:
        prepare(blind, like=grains, below=given.get("below", "drop"))
    except ValueError as error:
        out.append(unknown.fault(None, None, str(error)))
    return out
