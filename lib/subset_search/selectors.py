"""Other ways to choose columns, put on the same scale: each becomes a subset, scored by the same problem.

A selector that shrinks, adds or drops columns one at a time sees one path through the subsets.  Where its choice lies in the
density of states of all subsets tells what it missed.
"""

import dataclasses

import numpy as np
import pandas as pd

from lib.subset_search.masks import popcount, size_range
from lib.subset_search.problem import fold_statistics
from lib.subset_search.ranking import Scored, subset_frame

__all__ = ["SELECTORS", "lasso_path", "scored_frame", "select_all", "stepwise", "subsets_better"]

SELECTORS = ("full", "univariate", "forward", "backward", "lasso", "lasso one-SE")


def select_all(problem, *, methods=SELECTORS, constraints=None, result=None, n_penalties=20):
    """What several selectors choose, scored by one problem.

    Parameters
    ----------
    problem : Problem
    methods : sequence of str
        From `SELECTORS`: all columns; the columns best alone, as many as is best; greedily adding or dropping columns, as
        many as is best; the columns of the L1-penalised fit of the least cross-validated loss, or of the strongest penalty
        within one standard error of it.
    constraints : Constraints, optional
        Kept by the stepwise selectors; the others know no rules.
    result : SearchResult or ExchangeResult, optional
        If given, the choices are placed in its distribution.
    n_penalties : int
        Length of the L1 path.

    Returns
    -------
    pandas.DataFrame
        method, the columns of `scored_frame`, allowed, better (number of subsets of the search with a lower loss; NaN without
        `result`), share_better.

    Raises
    ------
    ValueError
        If a method is unknown.
    """
    unknown = [name for name in methods if name not in SELECTORS]
    if unknown:
        raise ValueError(f"no selector is named {unknown[0]!r}: expected some of {', '.join(SELECTORS)}")
    chosen, path = {}, None
    for name in methods:
        if name == "full":
            chosen[name] = (1 << problem.n_features) - 1
        elif name == "univariate":
            chosen[name] = _best_of(_univariate(problem))
        elif name in ("forward", "backward"):
            chosen[name] = _best_of(stepwise(problem, name, constraints=constraints))
        else:
            path = lasso_path(problem, n_penalties) if path is None else path
            least = path["loss_lasso"].idxmin()
            limit = path.loc[least, "loss_lasso"] + (path.loc[least, "loss_lasso_se"] if name == "lasso one-SE" else 0.0)
            chosen[name] = int(path.loc[(path["loss_lasso"] <= limit).idxmax(), "mask"])  # strongest penalty first
    masks = np.array(list(chosen.values()), np.uint64)
    frame = scored_frame(problem, masks)
    frame.insert(0, "method", list(chosen))
    frame["allowed"] = True if constraints is None else constraints.allowed(masks, problem.names)
    frame["better"] = [np.nan if result is None else subsets_better(result, loss) for loss in frame["loss"]]
    frame["share_better"] = frame["better"] / (np.nan if result is None else result.n_subsets)
    return frame


def stepwise(problem, direction="forward", *, sizes=None, constraints=None):
    """Path of a greedy search: the block whose coming (or going) gives the lowest loss, one after another.

    Parameters
    ----------
    problem : Problem
    direction : {"forward", "backward"}
    sizes : int or tuple (int, int), optional
        Sizes that are returned; the path may lead there through others.
    constraints : Constraints, optional

    Returns
    -------
    pandas.DataFrame
        One row a step, as `scored_frame`, from the smallest (forward) or largest (backward) subset on.

    Raises
    ------
    ValueError
        If the direction is unknown, or no step leads to an allowed subset of the sizes.
    """
    if direction not in ("forward", "backward"):
        raise ValueError(f"direction = {direction!r}: expected 'forward' or 'backward'")
    p = problem.n_features
    low, high = size_range(p, sizes)
    always, units, rules = 0, np.uint64(1) << np.arange(p, dtype=np.uint64), None
    if constraints is not None:
        always, units = constraints.reduce(problem.names)
        low = max(0 if sizes is None else low, constraints.min_size)
        high = high if constraints.max_size is None else min(high, constraints.max_size)
        rules = dataclasses.replace(constraints, min_size=0, max_size=None)
    everything = np.bitwise_or.reduce(units, initial=np.uint64(always))
    if direction == "backward" and rules is not None and not rules.allowed([everything], problem.names)[0]:
        # columns exclude each other: start where adding them ends
        everything = stepwise(problem, "forward", constraints=rules)["mask"].iloc[-1]
    now = np.uint64(always) if direction == "forward" else np.uint64(everything)
    path = [now]
    while True:
        moves = now ^ units[(units & now == 0) if direction == "forward" else (units & now != 0)]
        moves = moves[popcount(moves) <= high] if direction == "forward" else moves[popcount(moves) >= low]
        moves = moves if rules is None or not len(moves) else moves[rules.allowed(moves, problem.names)]
        if not len(moves):
            break
        loss = problem.score(moves).loss
        if np.isnan(loss).all():
            break
        now = moves[np.nanargmin(loss)]
        path.append(now)
    path = np.array(path, np.uint64)
    path = path[(popcount(path) >= low) & (popcount(path) <= high)]
    if not len(path):
        raise ValueError(f"no {direction} step leads to a subset of {low} to {high} columns that the constraints allow")
    return scored_frame(problem, path)


def scored_frame(problem, masks):
    """Score subsets and put them into a frame, in the order given.

    Parameters
    ----------
    problem : Problem
    masks : array of int, shape (M,)

    Returns
    -------
    pandas.DataFrame
        mask, size, loss, rmse (linear, held out), loss_se, accuracy, flag, features.
    """
    masks = np.asarray(masks, np.uint64)
    found = problem.score(masks)
    rmse = problem.kind == "linear" and problem.criterion in ("cv", "loo")
    scored = Scored(masks, found.loss, found.loss_se, found.accuracy, found.flag)
    return subset_frame(scored, problem.names, rmse=rmse).drop(columns="rank")


def lasso_path(problem, n_penalties=20, ratio=1e-3):
    """Subsets along a path of L1-penalised fits (scikit-learn), columns standardised.

    Parameters
    ----------
    problem : Problem
        With `x`, `folds` and its target (`y` or `labels`).
    n_penalties : int
        From the one that leaves nothing, downwards.
    ratio : float
        Weakest to strongest penalty.

    Returns
    -------
    pandas.DataFrame
        penalty (of a mean loss a row), mask, size, loss_lasso and loss_lasso_se (cross-validated loss of the penalised fit
        with the folds of the problem, the columns scaled in each training part). A column belongs to the subset if the fit to
        all rows gives it a coefficient, in any class.

    Raises
    ------
    ValueError
        If the problem has no folds that rows belong to.
    """
    folds = getattr(problem, "folds", None)
    if folds is None or isinstance(folds, str):
        raise ValueError("the problem has no fold numbers: give it K folds, by which the penalty can be chosen")
    folds = np.asarray(folds) if np.ndim(folds) == 1 else np.asarray(folds)[:, 0]
    fit = _multinomial_l1 if problem.kind == "multinomial" else _linear_l1
    target = np.asarray(problem.labels if problem.kind == "multinomial" else problem.y)
    penalties, support, _ = fit(problem.x, target, None, n_penalties, ratio, None)
    losses = np.empty((n_penalties, folds.max() + 1))
    for k in range(losses.shape[1]):
        out = folds == k
        losses[:, k] = fit(problem.x[~out], target[~out], penalties, n_penalties, ratio, (problem.x[out], target[out]))[2]
    mean, se = fold_statistics(losses, np.bincount(folds))
    masks = support.astype(np.uint64) @ (np.uint64(1) << np.arange(problem.n_features, dtype=np.uint64))
    return pd.DataFrame(
        {"penalty": penalties, "mask": masks, "size": popcount(masks), "loss_lasso": mean, "loss_lasso_se": se}
    )


def subsets_better(result, loss):
    """Number of subsets of a search with a loss below the one given.

    Parameters
    ----------
    result : SearchResult or ExchangeResult
    loss : float

    Returns
    -------
    float
        Exact within the list of the best; beyond it from the density of states, by linear interpolation in its bins.
    """
    top = result.top["loss"].to_numpy()
    tolerance = 1e-12 * max(abs(loss), 1.0)
    if loss <= top[-1] + tolerance:
        return float((top < loss - tolerance).sum())
    frame = result.density
    width = np.maximum(frame["loss_high"] - frame["loss_low"], 1e-300)
    return float((frame["count"] * np.clip((loss - frame["loss_low"]) / width, 0, 1)).sum())


def _best_of(path):
    """Mask of the lowest loss of a path."""
    return int(path.loc[path["loss"].idxmin(), "mask"])


def _univariate(problem):
    """Path of the columns in the order of their loss alone."""
    single = np.uint64(1) << np.arange(problem.n_features, dtype=np.uint64)
    order = np.argsort(problem.score(single).loss, kind="stable")
    return scored_frame(problem, np.bitwise_or.accumulate(single[order]))


def _scaled(x, test):
    mean, sd = x.mean(axis=0), x.std(axis=0)
    sd = np.where(sd > 0, sd, 1.0)
    return (x - mean) / sd, None if test is None else ((test[0] - mean) / sd, test[1])


def _linear_l1(x, y, penalties, n_penalties, ratio, test):
    """Penalties, support (n_penalties, p), and summed squared error of test rows."""
    from sklearn.linear_model import lasso_path as path

    z, test = _scaled(x, test)
    if penalties is None:
        penalties = np.abs(z.T @ (y - y.mean())).max() / len(y) * np.geomspace(1, ratio, n_penalties)
    coef = path(z, y - y.mean(), alphas=penalties)[1].T
    loss = None if test is None else ((test[1][:, None] - y.mean() - test[0] @ coef.T) ** 2).sum(axis=0)
    return penalties, coef != 0, loss


def _multinomial_l1(x, labels, penalties, n_penalties, ratio, test):
    """Penalties, support, and summed log-loss of test rows; each fit starts from the one before it."""
    from sklearn.linear_model import LogisticRegression

    z, test = _scaled(x, test)
    classes, codes = np.unique(labels, return_inverse=True)
    if penalties is None:
        residual = np.eye(len(classes))[codes] - np.bincount(codes) / len(codes)
        penalties = np.abs(z.T @ residual).max() / len(z) * np.geomspace(1, ratio, n_penalties)
    support, loss = [], []
    model = LogisticRegression(l1_ratio=1.0, solver="saga", warm_start=True, tol=1e-3, max_iter=2000, random_state=0)
    for penalty in penalties:
        model.set_params(C=1 / (penalty * len(z))).fit(z, codes)
        support.append((np.abs(model.coef_) > 1e-8).any(axis=0))
        if test is not None:
            log_p = model.predict_log_proba(test[0])
            loss.append(-log_p[np.arange(len(test[1])), np.searchsorted(classes, test[1])].sum())
    return penalties, np.array(support), None if test is None else np.array(loss)
