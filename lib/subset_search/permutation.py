"""What a search finds where there is nothing to find: the distribution of losses with permuted labels.

The best of many subsets fits well even if the columns know nothing about the labels.  The same search is run with labels that
were shuffled among the rows; if labels and columns are unrelated, the real search is one more draw from this distribution, so
that ``p = (1 + number of permutations at least as good) / (n + 1)`` is a valid p value [1]_ (section 3), whatever the number
of subsets.

Which rows may trade labels matters.  Within folds, the numbers of each class in each fold stay what stratification made
them.  Rows of one sample are not independent: with `groups`, a sample moves as a whole with its label.

References
----------
.. [1] Ojala, M., Garriga, G.C. (2010) Permutation tests for studying classifier performance. J. Mach. Learn. Res. 11,
       1833-1863.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from lib.subset_search.counting import bin_edges
from lib.subset_search.nested import row_folds
from lib.tasks import run_tasks

__all__ = ["PermutedNull", "permute_labels", "permuted_null"]

TRIALS = 1000  # permutations drawn until every training part holds every class


@dataclass(frozen=True)
class PermutedNull:
    """Searches with permuted labels beside the real one, over the same subsets.

    Parameters
    ----------
    observed_loss : float
        Best loss of the real search.
    best_loss, best_accuracy : array, shape (n,)
        Of the best subset of each permutation.
    best_mask : array of uint64, shape (n,)
    observed : pandas.DataFrame
        Density of the real search: size, loss_low, loss_high, count.
    density : pandas.DataFrame
        The same with permuted labels: mean count a permutation.
    by_size : pandas.DataFrame
        size, observed, null_median, null_lo95, null_hi95 (best loss of each size), p_value.
    """

    observed_loss: float
    best_loss: np.ndarray
    best_accuracy: np.ndarray
    best_mask: np.ndarray
    observed: pd.DataFrame
    density: pd.DataFrame
    by_size: pd.DataFrame

    @property
    def p_value(self):
        """Chance of a search at least as good if the labels had nothing to do with the columns."""
        return p_value(self.observed_loss, self.best_loss)


def permuted_null(problem, n=100, *, sizes=(1, 5), constraints=None, groups=None, blocks="auto", n_bins=200, seed=0, n_jobs=1,
                  store=None, label="", progress=None):  # fmt: skip
    """Repeat an exhaustive search with permuted labels.

    Parameters
    ----------
    problem : Problem
    n : int
        Permutations, 1 or more; the least p value is 1 / (n + 1).
    sizes : int or tuple (int, int)
        Sizes searched, in the real search as well; sizes beyond the number of columns are left out.
    constraints : Constraints, optional
    groups : array, shape (n_rows,), optional
        Sample of each row; all rows of one must have the same label, which moves with it.
    blocks : {"auto", "folds", None} or array, shape (n_rows,)
        Rows trade labels within a block only. "auto": the folds of a classification without groups, otherwise all rows.
    n_bins : int
        Common bins of the two densities.
    seed : int
    n_jobs, store, label, progress : optional
        As in `lib.tasks.run_tasks`; a permutation is a task.

    Returns
    -------
    PermutedNull

    Raises
    ------
    ValueError
        If rows of a group differ in label, blocks do not fit, or n is not positive.

    References
    ----------
    .. [1] Ojala and Garriga (2010), see the module, definition 1.
    """
    if n < 1:
        raise ValueError(f"n = {n}: expected one permutation or more")
    target = np.asarray(problem.labels if problem.kind == "multinomial" else problem.y)
    blocks = _blocks(problem, blocks, groups)
    permute_labels(target, np.random.default_rng(0), groups, blocks)  # refuses before any work
    low, high = (sizes, sizes) if np.isscalar(sizes) else sizes
    task = {"problem": problem, "target": target, "groups": groups, "blocks": blocks, "constraints": constraints,
            "sizes": (low, min(high, problem.n_features))}  # fmt: skip
    real = _searched(**task, rng=None)
    null = run_tasks(
        _searched, [dict(task) for _ in range(n)], seed=seed, n_jobs=n_jobs, store=store, label=label or "permuted labels",
        progress=progress,
    )  # fmt: skip
    frames = [real["density"], *(one["density"] for one in null)]
    ends = min(f["loss_low"].min() for f in frames), max(f["loss_high"].max() for f in frames)
    edges = bin_edges(*ends, float(problem.score(np.zeros(1, np.uint64)).loss[0]), n_bins)
    best = pd.DataFrame([one["sizes"] for one in null])
    found = real["sizes"].reindex(best.columns).to_numpy()
    by_size = pd.DataFrame({
        "size": best.columns, "observed": found, "null_median": best.median().to_numpy(),
        "null_lo95": best.quantile(0.025).to_numpy(), "null_hi95": best.quantile(0.975).to_numpy(),
        "p_value": [p_value(value, best[size]) for size, value in zip(best.columns, found, strict=True)],
    })  # fmt: skip
    return PermutedNull(
        observed_loss=real["loss"], best_loss=np.array([one["loss"] for one in null]),
        best_accuracy=np.array([one["accuracy"] for one in null]),
        best_mask=np.array([one["mask"] for one in null], np.uint64), observed=rebin(frames[:1], edges),
        density=rebin(frames[1:], edges), by_size=by_size,
    )  # fmt: skip


def p_value(observed, null):
    """Share of losses, the observed one among them, that are as low as the observed one.

    Parameters
    ----------
    observed : float
    null : array, shape (n,)

    Returns
    -------
    float
        1 / (n + 1) to 1.
    """
    null = np.asarray(null, float)
    return float((1 + np.sum(null <= observed)) / (len(null) + 1))


def permute_labels(target, rng, groups=None, blocks=None):
    """Shuffle labels among rows.

    Parameters
    ----------
    target : array, shape (n,)
    rng : numpy.random.Generator
    groups : array, shape (n,), optional
        Rows that keep one common label.
    blocks : array, shape (n,), optional
        Labels stay within a block; a group must lie in one block.

    Returns
    -------
    array, shape (n,)

    Raises
    ------
    ValueError
        If the rows of a group have several labels or lie in several blocks.
    """
    target = np.asarray(target)
    units = np.arange(len(target)) if groups is None else np.unique(groups, return_inverse=True)[1]
    first = np.unique(units, return_index=True)[1]
    block = np.zeros(len(target), int) if blocks is None else np.asarray(blocks)
    for what, values in (("label", target), ("block", block)):
        mixed = np.flatnonzero(values != values[first][units])
        if len(mixed):
            raise ValueError(
                f"group {np.asarray(groups)[mixed[0]]!r} has rows of more than one {what}: a group moves as a whole, so "
                "expected one. Leave groups out and give them as blocks, if labels vary within a group"
            )
    labels = target[first].copy()
    for value in np.unique(block[first]):
        rows = np.flatnonzero(block[first] == value)
        labels[rows] = labels[rng.permutation(rows)]
    return labels[units]


def _searched(problem, target, groups, blocks, constraints, sizes, rng):
    """Best losses and density of one search; with permuted labels if there is a generator. A task of `permuted_null`."""
    from lib.subset_search.search import exhaustive_search

    if rng is not None:
        problem = problem.with_target(_usable_labels(problem, target, groups, blocks, rng))
    result = exhaustive_search(problem, sizes=sizes, constraints=constraints, keep=1, progress=False)
    best = result.best
    return {
        "loss": best.loss, "accuracy": best.accuracy, "mask": best.mask, "density": result.density,
        "sizes": result.best_by_size.set_index("size")["loss"],
    }  # fmt: skip


def _usable_labels(problem, target, groups, blocks, rng):
    """Permuted labels with which every training part knows every class.

    Groups that move as a whole can rob it of one.  The real labels keep this rule too, so leaving out permutations that break
    it leaves the p value valid.
    """
    for _ in range(TRIALS):
        labels = permute_labels(target, rng, groups, blocks)
        if problem.kind != "multinomial":
            return labels
        kinds = len(np.unique(labels))
        columns = np.asarray(problem.folds).reshape(len(labels), -1).T
        if all(len(np.unique(labels[fold != k])) == kinds for fold in columns for k in range(fold.max() + 1)):
            return labels
    raise ValueError(
        f"none of {TRIALS} permutations leaves every class in the training rows of every fold: use fewer folds, or more groups"
    )


def rebin(frames, edges):
    """Mean of several densities in common bins, the counts of a bin spread evenly over its width.

    Parameters
    ----------
    frames : list of pandas.DataFrame
        Each with size, loss_low, loss_high, count.
    edges : array, shape (n_bins + 1,)
        Must cover all frames.

    Returns
    -------
    pandas.DataFrame
        The same columns, cells with a count only; sums of counts are kept.
    """
    sizes = sorted({int(k) for frame in frames for k in frame["size"]})
    table = np.zeros((len(sizes), len(edges) - 1))
    for frame in frames:
        for row, size in enumerate(sizes):
            part = frame[frame["size"] == size]
            low, count = part["loss_low"].to_numpy(), part["count"].to_numpy()
            width = np.maximum(part["loss_high"].to_numpy() - low, 1e-300)
            below = np.clip((edges[:, None] - low) / width, 0, 1) @ count  # cumulative count at each edge
            below[-1] = count.sum()
            table[row] += np.diff(below)
    row, column = np.nonzero(table > 0)
    return pd.DataFrame({
        "size": np.array(sizes)[row], "loss_low": edges[column], "loss_high": edges[column + 1],
        "count": table[row, column] / len(frames),
    })  # fmt: skip


def _blocks(problem, blocks, groups):
    """Block of each row, or None."""
    if isinstance(blocks, str) and blocks == "auto":
        repeated = np.ndim(getattr(problem, "folds", None)) != 1
        blocks = "folds" if problem.kind == "multinomial" and groups is None and not repeated else None
    if blocks is None:
        return None
    if isinstance(blocks, str):
        found = row_folds(problem) if blocks == "folds" else None
        if found is None:
            raise ValueError(
                f"blocks = {blocks!r}: expected 'auto', 'folds' (if the problem has folds), None, or one block a row"
            )
        return found
    blocks = np.asarray(blocks)
    if blocks.shape != (problem.n_rows,):
        raise ValueError(f"blocks of shape {blocks.shape}: expected one a row, ({problem.n_rows},)")
    return blocks
