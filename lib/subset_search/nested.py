"""Honest score of "search, then select": the search is repeated without the rows that judge it.

The lowest of many cross-validated losses is optimistic, because the same held-out rows chose the subset and judge it.  In
nested cross-validation [1]_ each outer fold is left out of the whole search; the subset found without it is fitted without it
and scored on it.  The mean is an unbiased estimate of the loss of the procedure with the rows of the outer training parts; it
judges the procedure, not one subset: the subsets of the outer folds may differ, and how often they do tells how stable the
choice is.

References
----------
.. [1] Varma, S., Simon, R. (2006) Bias in error estimation when using cross-validation for model selection. BMC
       Bioinformatics 7, 91.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from lib.subset_search.masks import members, names_of, popcount
from lib.subset_search.problem import fold_statistics
from lib.tasks import run_tasks

__all__ = ["NestedScore", "choose", "nested_cv"]


@dataclass(frozen=True)
class NestedScore:
    """Score of the whole procedure beside that of its winner.

    Parameters
    ----------
    loss, loss_se : float
        Mean loss of rows that took part in neither search nor fit, and its standard error over the outer folds.
    accuracy : float
        Of the same rows; NaN for a linear problem.
    optimistic_mask : int
        Subset chosen with all rows.
    optimistic_loss, optimistic_accuracy : float
        Its cross-validated loss, by which it was chosen.
    baseline_loss : float
        Loss of the model without columns on the same outer folds.
    folds : pandas.DataFrame
        One row an outer fold: fold, n_rows, mask, size, features, inner_loss (by which it was chosen), loss, accuracy.
    inclusion : pandas.DataFrame
        feature, frequency: share of the outer folds whose subset holds the column.
    """

    loss: float
    loss_se: float
    accuracy: float
    optimistic_mask: int
    optimistic_loss: float
    optimistic_accuracy: float
    baseline_loss: float
    folds: pd.DataFrame
    inclusion: pd.DataFrame

    @property
    def optimism(self):
        """By how much the winner's loss is better than what the procedure delivers."""
        return self.loss - self.optimistic_loss


def nested_cv(problem, *, outer_folds=None, sizes=None, constraints=None, rule="best", search="exhaustive", result=None,
              seed=0, n_jobs=1, store=None, label="", progress=None, **options):  # fmt: skip
    """Nested cross-validation of a search.

    Parameters
    ----------
    problem : Problem
    outer_folds : array of int, shape (n,), optional
        Outer fold of each row, 0 to K-1; None: the folds of the problem. The inner search uses the folds of the problem on the
        rows that remain, so that grouped folds stay grouped.
    sizes, constraints : optional
        As in `exhaustive_search`.
    rule : {"best", "one_se"}
        Subset of the lowest loss, or the smallest one within one standard error of it.
    search : {"exhaustive", "exchange"}
    result : SearchResult or ExchangeResult, optional
        Of the same search with all rows, if it is there already.
    seed : int
        Of the exchange search.
    n_jobs, store, label, progress : optional
        As in `lib.tasks.run_tasks`; an outer fold is a task.
    **options
        More arguments of the search.

    Returns
    -------
    NestedScore

    Raises
    ------
    ValueError
        If a choice is unknown, the folds do not fit the rows, or fewer than three folds would leave no inner ones.

    References
    ----------
    .. [1] Varma and Simon (2006), see the module.
    """
    if rule not in ("best", "one_se"):
        raise ValueError(f"rule = {rule!r}: expected 'best' or 'one_se'")
    if search not in ("exhaustive", "exchange"):
        raise ValueError(f"search = {search!r}: expected 'exhaustive' or 'exchange'")
    inner = row_folds(problem)
    outer = inner if outer_folds is None else np.asarray(outer_folds)
    if outer is None:
        raise ValueError("the problem has no fold numbers (leave-one-out or a criterion): give outer_folds, one number a row")
    if outer.shape != (problem.n_rows,) or outer.min() < 0 or len(np.unique(outer)) != outer.max() + 1:
        raise ValueError(f"outer_folds: expected {problem.n_rows} fold numbers 0, 1, ... with none left out")
    if outer_folds is None and outer.max() < 2:
        raise ValueError("the problem has two folds: without one of them nothing is left to choose by; use three or more")
    task = {"problem": problem, "inner": inner, "outer": outer, "sizes": sizes, "constraints": constraints, "rule": rule,
            "search": search, "options": {**options, **({"seed": seed} if search == "exchange" else {})}}  # fmt: skip
    rows = run_tasks(
        _outer_fold, [{**task, "fold": k} for k in range(outer.max() + 1)], n_jobs=n_jobs, store=store,
        label=label or "nested cross-validation", progress=progress,
    )  # fmt: skip
    folds = pd.DataFrame(rows)
    result = _search(problem, search, sizes, constraints, task["options"]) if result is None else result
    mask, loss, accuracy = choose(result, rule)
    mean, se = fold_statistics(folds["loss"] * folds["n_rows"], folds["n_rows"])
    share = members(folds["mask"].to_numpy(np.uint64), problem.n_features).mean(axis=0)
    return NestedScore(
        loss=float(mean[0]), loss_se=float(se[0]), accuracy=float(np.average(folds["accuracy"], weights=folds["n_rows"])),
        optimistic_mask=mask, optimistic_loss=loss, optimistic_accuracy=accuracy,
        baseline_loss=float(np.average(folds.pop("baseline"), weights=folds["n_rows"])),
        folds=folds, inclusion=pd.DataFrame({"feature": list(problem.names), "frequency": share}),
    )  # fmt: skip


def choose(result, rule="best"):
    """Subset that a rule takes from a search.

    Parameters
    ----------
    result : SearchResult or ExchangeResult
    rule : {"best", "one_se"}

    Returns
    -------
    mask : int
    loss, accuracy : float
    """
    row = result.top.iloc[0] if rule == "best" else result.one_se.sort_values(["size", "loss", "mask"]).iloc[0]
    return int(row["mask"]), float(row["loss"]), float(row["accuracy"])


def _outer_fold(problem, inner, outer, fold, sizes, constraints, rule, search, options):
    """Search without one outer fold, and score the choice on it; a task of `nested_cv`."""
    train, test = np.flatnonzero(outer != fold), np.flatnonzero(outer == fold)
    if inner is None:
        part = problem.with_rows(train)
    else:
        part = problem.with_rows(train, folds=np.unique(inner[train], return_inverse=True)[1])
    mask, inner_loss, _ = choose(_search(part, search, sizes, constraints, options), rule)
    judge = problem if outer is inner else problem.with_rows(np.arange(problem.n_rows), folds=outer)
    both = np.array([mask, 0], np.uint64)
    loss, baseline = judge.fold_losses(both)[:, fold] / len(test)
    hits = judge.fold_hits(both[:1])[0, fold] / len(test) if hasattr(judge, "fold_hits") else np.nan
    return {
        "fold": fold, "n_rows": len(test), "mask": mask, "size": int(popcount(mask)),
        "features": ", ".join(names_of(mask, problem.names)), "inner_loss": inner_loss, "loss": float(loss),
        "accuracy": float(hits), "baseline": float(baseline),
    }  # fmt: skip


def _search(problem, search, sizes, constraints, options):
    if search == "exchange":
        from lib.subset_search.exchange import exchange_search

        return exchange_search(problem, sizes=sizes, constraints=constraints, progress=False, **options)
    from lib.subset_search.search import exhaustive_search

    return exhaustive_search(problem, sizes=sizes, constraints=constraints, progress=False, **options)


def row_folds(problem):
    """Fold of each row.

    Parameters
    ----------
    problem : Problem

    Returns
    -------
    array of int, shape (n,), or None
        Of the first repeat if there are several; None if rows have no fold numbers.
    """
    folds = getattr(problem, "folds", None)
    if folds is None or isinstance(folds, str):
        return None
    folds = np.asarray(folds)
    return folds if folds.ndim == 1 else folds[:, 0]
