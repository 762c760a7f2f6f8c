"""Subsets that cannot be told apart: the same column space, the same loss, or a difference within its error.

The logarithm of a ratio is the difference of two logarithms: log Th - log U - log(Th/U) = 0.  Any two of {Th, U, Th/U} then
carry what all three carry, and subsets that hold different pairs are one model under several names, up to a ridge.  Lists of
best subsets and frequencies of inclusion must be read with such exchanges in mind.
"""

import numpy as np
import pandas as pd
from scipy.linalg import qr

from lib.subset_search.masks import members, names_of
from lib.subset_search.problem import fold_statistics

__all__ = ["collinear_sets", "paired_differences", "span_classes", "tie_classes"]


def collinear_sets(x, names, tol=1e-6):
    """Smallest sets of columns of which each is a linear function of the others (with an intercept).

    Parameters
    ----------
    x : array, shape (n, p)
    names : sequence of str, length p
    tol : float
        A column counts as a function of others if what these leave of it is below `tol` of its standard deviation.

    Returns
    -------
    pandas.DataFrame
        set (number), features (tuple of str), relation (text, in the units of x), residual (largest departure from the
        relation in standard deviations of its first column). If p exceeds the rank by several, as many independent sets; more
        can follow from them.

    Examples
    --------
    >>> x = np.random.default_rng(0).normal(size=(30, 3))
    >>> x = np.column_stack([x, x[:, 0] - x[:, 1]])
    >>> collinear_sets(x, ["Th", "U", "La", "Th/U"])["relation"].tolist()
    ['Th - U - Th/U = constant']
    """
    z, sd = _standard(x)
    rows = []
    for j, others in enumerate(_bases(z, tol)):
        if others is None:
            continue
        coef = np.linalg.lstsq(z[:, others], z[:, j], rcond=None)[0] if len(others) else np.empty(0)
        used = np.abs(coef) > 10 * tol
        columns = [*np.array(others, int)[used].tolist(), j]
        weight = np.append(-coef[used], 1.0) / sd[columns]
        order = np.argsort(columns)
        columns, weight = np.array(columns)[order], weight[order] / weight[order][0]
        residual = np.abs(z[:, columns] * sd[columns] @ weight).max() / sd[columns[0]]
        relation = " ".join(_term(w, names[c], i == 0) for i, (w, c) in enumerate(zip(weight, columns, strict=True)))
        rows.append((len(rows), tuple(names[c] for c in columns), relation + " = constant", residual))
    return pd.DataFrame(rows, columns=["set", "features", "relation", "residual"])


def span_classes(x, masks, tol=1e-6):
    """Number subsets so that those with the same column space (with an intercept) share a number.

    Parameters
    ----------
    x : array, shape (n, p)
    masks : array of int, shape (M,)
    tol : float
        As in `collinear_sets`.

    Returns
    -------
    array of int, shape (M,)
        0, 1, ... in the order of first appearance.  Without a penalty, subsets of one class are one model.
    """
    z, _ = _standard(x)
    masks = np.asarray(masks, np.uint64)
    table = members(masks, z.shape[1])
    if any(base is not None for base in _bases(z, tol)):  # otherwise each subset spans a space of its own
        # what a subset spans is told by all columns that lie in it
        table = np.array([_closure(z, row, tol) for row in table])
    found = {}
    return np.array([found.setdefault(row.tobytes(), len(found)) for row in table])


def tie_classes(top, names, x=None, *, tol=1e-9):
    """Group the best subsets by equal loss and, if the columns are given, by equal column space.

    Parameters
    ----------
    top : pandas.DataFrame
        With columns mask and loss (`result.top`), best first.
    names : sequence of str
        Of the columns of the problem (`result.names`).
    x : array, shape (n, p), optional
        Columns of the problem. With a ridge, subsets of one column space differ slightly in loss: they are found only with it.
    tol : float
        Relative difference of neighbouring losses that counts as none.

    Returns
    -------
    pandas.DataFrame
        One row a class of two subsets or more: tie_class, n, loss (lowest), loss_spread, common (features of all), exchanged
        (what else each has, "Th+U | Th+Th/U"), reason ("same column space" or "equal loss"), masks (tuple).
    """
    masks = top["mask"].to_numpy(np.uint64)
    loss = top["loss"].to_numpy(float)
    features = [names_of(mask, names) for mask in masks]
    label = np.cumsum(np.append(0, np.diff(loss) > tol * np.abs(loss[1:])))
    if x is not None:
        span = span_classes(x, masks)
        first = {}
        for tied, space in zip(label, span, strict=True):  # a class of the one kind joins classes of the other
            first.setdefault(space, tied)
        label = np.array([min(first[space], tied) for tied, space in zip(label, span, strict=True)])
    rows = []
    for value in pd.unique(label):
        inside = np.flatnonzero(label == value)
        if len(inside) < 2:
            continue
        common = set.intersection(*(set(features[i]) for i in inside))
        spans = 0 if x is None else len(np.unique(span[inside]))
        rows.append({
            "tie_class": len(rows), "n": len(inside), "loss": loss[inside].min(), "loss_spread": np.ptp(loss[inside]),
            "common": tuple(name for name in features[inside[0]] if name in common),
            "exchanged": " | ".join("+".join(name for name in features[i] if name not in common) or "-" for i in inside),
            "reason": "same column space" if spans == 1 else "equal loss", "masks": tuple(masks[inside].tolist()),
        })  # fmt: skip
    columns = ["tie_class", "n", "loss", "loss_spread", "common", "exchanged", "reason", "masks"]
    return pd.DataFrame(rows, columns=columns)


def paired_differences(problem, masks, reference=None):
    """Loss of subsets minus that of a reference, with the error of the difference.

    Two losses share the difficulty of the rows, so that their difference is known better than either.

    Parameters
    ----------
    problem : Problem
    masks : array of int, shape (M,)
    reference : int, optional
        A mask; None: the one of the lowest loss.

    Returns
    -------
    pandas.DataFrame
        mask, features, difference, se (over folds), z, within_one_se (difference at most one se); 0 and True for the
        reference.
    """
    masks = np.asarray(masks, np.uint64)
    losses = problem.fold_losses(masks)
    if reference is None:
        base = losses[np.nanargmin(losses.sum(axis=1))]
    else:
        base = problem.fold_losses(np.array([reference], np.uint64))[0]
    repeats = _repeats(problem)  # they share their rows: neither the difference nor its error gets better than their means
    difference, se = np.mean([fold_statistics((losses - base)[:, i], problem.fold_sizes[i]) for i in repeats], axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.where(difference == 0, 0.0, difference / se)
    return pd.DataFrame({
        "mask": masks, "features": [", ".join(names_of(mask, problem.names)) for mask in masks], "difference": difference,
        "se": se, "z": z, "within_one_se": difference <= se,
    })  # fmt: skip


def _repeats(problem):
    """Columns of the fold losses that belong to each repeat."""
    folds = np.asarray(getattr(problem, "folds", 0))
    counts = folds.max(axis=0) + 1 if folds.ndim == 2 else [len(problem.fold_sizes)]
    return [slice(end - n, end) for n, end in zip(counts, np.cumsum(counts), strict=True)]


def _standard(x):
    """Columns with mean 0 and standard deviation 1 (0 where constant), and their standard deviations."""
    x = np.asarray(x, float)
    sd = x.std(axis=0)
    sd = np.where(sd > 0, sd, 1.0)
    return (x - x.mean(axis=0)) / sd, sd


def _bases(z, tol):
    """For each column: None if it is independent of those before it, else the independent columns before it."""
    scale, basis, independent, found = np.sqrt(len(z)), np.empty((len(z), 0)), [], []
    for j in range(z.shape[1]):
        rest = z[:, j] - basis @ (basis.T @ z[:, j])
        rest -= basis @ (basis.T @ rest)  # twice is enough to keep the basis orthogonal
        if np.linalg.norm(rest) < tol * scale:
            found.append(list(independent))
        else:
            found.append(None)
            independent.append(j)
            basis = np.column_stack([basis, rest / np.linalg.norm(rest)])
    return found


def _closure(z, row, tol):
    """Which columns lie in the space of the chosen ones."""
    if not row.any():
        return np.abs(z).max(axis=0) < tol
    q, r, _ = qr(z[:, row], mode="economic", pivoting=True)
    size = np.abs(np.diag(r))
    q = q[:, size > tol * np.sqrt(len(z))]
    return np.linalg.norm(z - q @ (q.T @ z), axis=0) < tol * np.sqrt(len(z))


def _term(weight, name, first):
    sign = "-" if weight < 0 else "" if first else "+"
    size = abs(weight)
    text = name if abs(size - 1) < 1e-4 else f"{size:.4g} {name}"
    return f"{sign}{'' if first or not sign else ' '}{text}"
