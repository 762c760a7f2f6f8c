"""Which rows are held out together: stratified, grouped, both, whole groups, at random; refusals that say what to do.

Every function returns an integer array, shape (n,): the held-out fold of each row.
"""

from __future__ import annotations

import numpy as np

__all__ = [
    "class_codes",
    "describe_folds",
    "grouped",
    "leave_group_out",
    "random_folds",
    "repeats",
    "require_classes",
    "stratified",
    "stratified_grouped",
]


def class_codes(labels):
    """Classes in sorted order, and the class number of each row.

    Parameters
    ----------
    labels : array, shape (n,)
        Text or whole numbers.

    Returns
    -------
    classes : array, shape (K,)
    codes : array of int, shape (n,)

    Raises
    ------
    ValueError
        If a label is missing, or there is only one class.
    """
    labels = np.asarray(labels)
    if labels.ndim != 1:
        raise ValueError(f"labels have shape {labels.shape}; expected one label a row, shape (n,)")
    empty = [i for i, value in enumerate(labels.tolist()) if value is None or value != value or value == ""]
    if empty:
        raise ValueError(f"{len(empty)} rows have no label (first: row {empty[0]}); leave them out of the training table")
    classes, codes = np.unique(labels if labels.dtype != object else labels.astype(str), return_inverse=True)
    if len(classes) < 2:
        raise ValueError(f"all {len(labels)} rows are of class {classes.tolist()}; discrimination needs at least two classes")
    return classes, codes


def _number(k, n, what):
    if isinstance(k, bool) or k != int(k) or k < 2:
        raise ValueError(f"k = {k!r} folds; expected a whole number of at least 2")
    if n < k:
        raise ValueError(f"{n} {what} cannot fill k = {k} folds; use k <= {n}")
    return int(k)


def _random_state(seed):
    """Turn a seed or a Generator into the 32-bit seed that the splitters of scikit-learn take."""
    if isinstance(seed, np.random.Generator):
        return int(seed.integers(2**32 - 1))
    return int(np.random.SeedSequence(seed).generate_state(1)[0])


def _collect(splitter, labels, groups, n):
    folds = np.empty(n, int)
    for number, (_, held) in enumerate(splitter.split(np.zeros((n, 1)), labels, groups)):
        folds[held] = number
    return folds


def stratified(labels, k=10, seed=0):
    """Folds with about the same share of each class.

    Parameters
    ----------
    labels : array, shape (n,)
        Class of each row.
    k : int
        Number of folds, at least 2, at most the size of the smallest class.
    seed : int, SeedSequence entropy or Generator
        Of the shuffle.

    Returns
    -------
    array of int, shape (n,)

    Raises
    ------
    ValueError
        If there is one class, or a class has fewer rows than folds.
    """
    from sklearn.model_selection import StratifiedKFold

    classes, codes = class_codes(labels)
    k = _number(k, len(codes), "rows")
    counts = np.bincount(codes)
    small = [f"{name} ({count})" for name, count in zip(classes.tolist(), counts.tolist(), strict=True) if count < k]
    if small:
        raise ValueError(
            f"classes with fewer rows than k = {k} folds: {', '.join(small)}; use k <= {counts.min()}, or merge or drop them"
        )
    return _collect(StratifiedKFold(k, shuffle=True, random_state=_random_state(seed)), codes, None, len(codes))


def _groups(groups, n=None):
    groups = np.asarray(groups)
    if groups.ndim != 1 or (n is not None and len(groups) != n):
        raise ValueError(
            f"groups have shape {groups.shape}; expected one sample or study name a row" + (f", ({n},)" if n else "")
        )
    missing = [i for i, value in enumerate(groups.tolist()) if value is None or value != value or value == ""]
    if missing:
        raise ValueError(f"{len(missing)} rows have no group (first: row {missing[0]}); name one, or use stratified folds")
    return np.unique(groups if groups.dtype != object else groups.astype(str), return_inverse=True)


def grouped(groups, k=10, seed=0):
    """Folds that keep the rows of a group (a grain, a sample, a study) together, of about equal size.

    Parameters
    ----------
    groups : array, shape (n,)
        Group of each row.
    k : int
        Number of folds, at least 2, at most the number of groups.
    seed : int, SeedSequence entropy or Generator
        Of the shuffle.

    Returns
    -------
    array of int, shape (n,)

    Raises
    ------
    ValueError
        If there are fewer groups than folds.
    """
    from sklearn.model_selection import GroupKFold

    names, codes = _groups(groups)
    k = _number(k, len(names), "groups")
    return _collect(GroupKFold(k, shuffle=True, random_state=_random_state(seed)), None, codes, len(codes))


def stratified_grouped(labels, groups, k=10, seed=0):
    """Folds that keep groups together and share the classes as evenly as that allows.

    Parameters
    ----------
    labels, groups : arrays, shape (n,)
        Class and group of each row.
    k : int
        Number of folds, at least 2; every class must come from at least two groups.
    seed : int, SeedSequence entropy or Generator
        Of the shuffle.

    Returns
    -------
    array of int, shape (n,)

    Raises
    ------
    ValueError
        If there are fewer groups than folds, or a class comes from one group only (held out, it would be unknown).
    """
    from sklearn.model_selection import StratifiedGroupKFold

    classes, codes = class_codes(labels)
    names, group_codes = _groups(groups, len(codes))
    k = _number(k, len(names), "groups")
    for number, name in enumerate(classes.tolist()):
        if len(np.unique(group_codes[codes == number])) < 2:
            raise ValueError(
                f"class {name} comes from a single group: held out, nothing of it is left to train on; "
                "add groups of this class, merge it, or use stratified(labels) and say that groups are split"
            )
    counts = np.bincount(codes)
    if counts.min() < k:
        raise ValueError(
            f"class {classes[counts.argmin()]} has {counts.min()} rows, fewer than k = {k} folds; use fewer folds"
        )
    splitter = StratifiedGroupKFold(k, shuffle=True, random_state=_random_state(seed))
    folds = _collect(splitter, codes, group_codes, len(codes))
    require_classes(codes, folds, classes)
    return folds


def leave_group_out(groups):
    """One fold a group, in the sorted order of their names.

    Parameters
    ----------
    groups : array, shape (n,)
        Group of each row, at least two.

    Returns
    -------
    array of int, shape (n,)

    Raises
    ------
    ValueError
        If there is only one group.
    """
    names, codes = _groups(groups)
    if len(names) < 2:
        raise ValueError(f"all rows belong to group {names.tolist()}; leave-group-out needs at least two groups")
    return codes


def random_folds(n, k=10, seed=0):
    """Folds of equal size (to one row), drawn at random.

    Parameters
    ----------
    n : int
        Number of rows.
    k : int
        Number of folds, 2 to n.
    seed : int, SeedSequence entropy or Generator
        Of the permutation.

    Returns
    -------
    array of int, shape (n,)
    """
    k = _number(k, n, "rows")
    rng = seed if isinstance(seed, np.random.Generator) else np.random.default_rng(seed)
    folds = np.empty(n, int)
    folds[rng.permutation(n)] = np.arange(n) % k
    return folds


def repeats(scheme, n_repeats, *args, seed=0, **options):
    """Repeat a scheme of folds with independent seeds.

    Parameters
    ----------
    scheme : callable
        One of the functions of this module that take a seed.
    n_repeats : int
        R, at least 1.
    *args : object
        Passed on to the scheme.
    seed : int
        Spawns one stream a repeat.
    **options : object
        Passed on to the scheme.

    Returns
    -------
    array of int, shape (n, R)
    """
    if n_repeats < 1:
        raise ValueError(f"n_repeats = {n_repeats}; expected at least 1")
    streams = np.random.SeedSequence(seed).spawn(n_repeats)
    return np.column_stack([scheme(*args, seed=np.random.default_rng(stream), **options) for stream in streams])


def require_classes(codes, folds, classes):
    """Refuse folds whose training rows lack a class.

    Parameters
    ----------
    codes, folds : arrays of int, shape (n,)
        Class number and held-out fold of each row.
    classes : array, shape (K,)
        Names of the classes.

    Raises
    ------
    ValueError
        Naming fold and class.
    """
    for fold in np.unique(folds):
        counts = np.bincount(codes[folds != fold], minlength=len(classes))
        if not counts.all():
            name = classes[int(np.flatnonzero(counts == 0)[0])]
            raise ValueError(
                f"fold {fold} holds every row of class {name}: nothing of it is left to train on; "
                "use another seed or fewer folds, or split that group"
            )


def describe_folds(labels, folds):
    """Rows of each class in each fold.

    Parameters
    ----------
    labels, folds : arrays, shape (n,)

    Returns
    -------
    DataFrame
        One row a fold, one column a class.
    """
    import pandas as pd

    return pd.crosstab(pd.Series(np.asarray(folds), name="fold"), pd.Series(np.asarray(labels), name="class"))
