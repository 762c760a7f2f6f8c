"""Which grains are held out together, and what the choice does to the score."""

from __future__ import annotations

import numpy as np
import pandas as pd

from lib.subset_search import leave_group_out, stratified, stratified_grouped

#: Ways of holding grains out.  "auto" keeps rocks together where the table names enough of them.
SCHEMES = ("auto", "stratified", "grouped", "leave-group-out")
#: Fewest groups a class at which grouped folds are chosen by themselves.
MIN_GROUPS = 3
#: Most folds of leave-group-out: beyond, groups are pooled at random (time grows with the folds, the score does not).
MAX_GROUPS_OUT = 30


def groups_a_class(grains) -> np.ndarray:
    """Number of groups with grains of each class, shape (K,); zeros where the table has no groups."""
    codes = grains.group_codes
    if codes is None:
        return np.zeros(len(grains.classes), int)
    return np.array([len(np.unique(codes[grains.codes == k])) for k in range(len(grains.classes))])


def choose_scheme(grains, cv: str = "auto", n_folds: int = 10) -> tuple[str, int, str]:
    """Decide how grains are held out.

    Parameters
    ----------
    grains : Grains
        All with a class.
    cv : {"auto", "stratified", "grouped", "leave-group-out"}
        What was asked for.
    n_folds : int, >= 2
        Folds wanted.

    Returns
    -------
    scheme : str
        "stratified", "grouped" or "leave-group-out".
    n_folds : int
        Folds that the classes or groups allow.
    note : str
        Why, "" when as asked.

    Raises
    ------
    ValueError
        An unknown scheme, groups asked for that the table does not have, or a class of fewer than two grains (or groups).
    """
    if cv not in SCHEMES:
        raise ValueError(f"cv = {cv!r} is not known; known: {', '.join(SCHEMES)}")
    counts = np.array(list(grains.counts.values()))
    if len(counts) < 2:
        raise ValueError(f"{len(counts)} class(es) ({', '.join(grains.classes)}): grains of two sources at least are needed")
    if counts.min() < 2:
        small = grains.classes[int(counts.argmin())]
        raise ValueError(
            f"class {small!r} has {counts.min()} usable grain(s): at least 2 are needed; leave the class out, or add grains"
        )
    have = groups_a_class(grains)
    if cv in ("grouped", "leave-group-out") and not have.any():
        raise ValueError(
            f"cv = {cv!r} needs a column `group` (rock, deposit or study of each grain), which this table does not fill"
        )
    if cv in ("grouped", "leave-group-out") and have.min() < 2:
        small = grains.classes[int(have.argmin())]
        raise ValueError(
            f"class {small!r} comes from {have.min()} group: holding it out leaves nothing to learn the class from; add "
            "groups, leave the class out, or take cv = 'stratified' and read its score as optimistic"
        )
    if cv == "leave-group-out":
        n = len(np.unique(grains.group_codes))
        return (
            (cv, n, "")
            if n <= MAX_GROUPS_OUT
            else ("grouped", MAX_GROUPS_OUT, f"{n} groups were pooled into {MAX_GROUPS_OUT} folds")
        )
    if cv == "grouped" or (cv == "auto" and have.min() >= MIN_GROUPS):
        folds = int(min(n_folds, have.min()))
        note = (
            ""
            if folds == n_folds
            else f"{folds} folds: class {grains.classes[int(have.argmin())]!r} comes from {have.min()} groups"
        )
        return "grouped", folds, note
    folds = int(min(n_folds, counts.min()))
    notes = []
    if folds < n_folds:
        notes.append(f"{folds} folds: class {grains.classes[int(counts.argmin())]!r} has {counts.min()} grains")
    if have.any():
        notes.append(f"grains are held out at random, as class {grains.classes[int(have.argmin())]!r} comes from {have.min()} "
                     "group(s); neighbours share a rock, so that the score is optimistic")  # fmt: skip
    return "stratified", folds, "; ".join(notes)


def make_folds(grains, scheme: str, n_folds: int, seed: int) -> np.ndarray:
    """Held-out fold of every grain.

    Parameters
    ----------
    grains : Grains
        All with a class.
    scheme : {"stratified", "grouped", "leave-group-out"}
        As `choose_scheme` returns it.
    n_folds : int
        Folds (not looked at by leave-group-out).
    seed : int
        Of the shuffling.

    Returns
    -------
    array of int, shape (N,)
        0 to n_folds - 1.
    """
    if scheme == "leave-group-out":
        return leave_group_out(grains.group_codes)
    if scheme == "grouped":
        return stratified_grouped(grains.codes, grains.group_codes, n_folds, seed)
    return stratified(grains.codes, n_folds, seed)


def contrast(problem, grains, masks: dict[str, int], n_folds: int, seed: int) -> pd.DataFrame:
    """Score the same subsets with grains held out at random, and with whole groups held out.

    Parameters
    ----------
    problem : MultinomialProblem
        Of these grains.
    grains : Grains
        All with a class.
    masks : dict
        Name -> subset.
    n_folds : int
        Folds wanted.
    seed : int
        Of the folds.

    Returns
    -------
    DataFrame
        cv ("stratified" or "grouped"), n_folds, subset, loss, loss_se, accuracy; the rows of "grouped" are missing where no
        two groups a class are known.
    """
    rows = []
    for cv in ("stratified", "grouped"):
        if cv == "grouped" and groups_a_class(grains).min() < 2:
            continue
        scheme, folds, _ = choose_scheme(grains, cv, n_folds)
        again = problem.with_folds(make_folds(grains, scheme, folds, seed))
        found = again.score(np.array(list(masks.values()), np.uint64))
        rows += [(cv, folds, name, float(found.loss[i]), float(found.loss_se[i]), float(found.accuracy[i]))
                 for i, name in enumerate(masks)]  # fmt: skip
    return pd.DataFrame(rows, columns=["cv", "n_folds", "subset", "loss", "loss_se", "accuracy"])
