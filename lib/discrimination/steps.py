"""Steps of the analysis of grains: search, choice of a subset, honest score, null distribution, selectors."""

from __future__ import annotations

import numpy as np
import pandas as pd

from lib.subset_search import mask_of, n_subsets, names_of
from lib.subset_search.nested import nested_cv
from lib.subset_search.permutation import permuted_null
from lib.subset_search.selectors import select_all
from lib.subset_search.ties import collinear_sets, tie_classes

from .classifier import scores
from .grains import Grains
from .hypothesis import element_group, paired_difference
from .ratios import element_ratios, ratio_baseline, threshold_shares
from .report import empty
from .schemes import make_folds

#: Subsets whose score is repeated on other folds.
N_REPEATED = 50
#: Best subsets among which ties are looked for.
N_TIES = 100
#: Rows of the indicator diagram.
N_INDICATOR = 50


def feasible_sizes(p: int, sizes, max_models: int) -> tuple[tuple[int, int], str]:
    """Sizes of subsets to search.

    Parameters
    ----------
    p : int
        Features.
    sizes : None, int or (int, int)
        Asked for; None = all.
    max_models : int
        Most subsets that are searched without being asked for.

    Returns
    -------
    (low, high) : tuple of int
        Smallest and largest size.
    note : str
        What was cut, "" if nothing.
    """
    if sizes is not None:
        low, high = (sizes, sizes) if np.isscalar(sizes) else sizes
        low, high = max(int(low), 1), min(int(high), p)
        if low > high:
            raise ValueError(f"sizes = {sizes!r} holds no subset of {p} features: give sizes between 1 and {p}")
        return (low, high), ""
    high = p
    while high > 1 and n_subsets(p, (1, high)) > max_models:
        high -= 1
    if high == p:
        return (1, p), ""
    return (1, high), (
        f"{p} features have {2**p - 1:,} subsets: searched up to {high} features ({n_subsets(p, (1, high)):,} subsets, "
        f"max_models = {max_models:,}); exclude features, or look at larger sets with lib.subset_search.exchange_search"
    )


def choose_subset(choose, search, names) -> int:
    """Mask of the subset to go on with.

    Parameters
    ----------
    choose : {"best", "one_se", "full"} or sequence of str
        Lowest loss; the smallest subset within one standard error of it; all features; or the features named.
    search : SearchResult
        Of all subsets.
    names : sequence of str
        Features.

    Returns
    -------
    int
    """
    if not isinstance(choose, str):
        return mask_of(tuple(choose), tuple(names))
    if choose == "best":
        return int(search.best.mask)
    if choose == "one_se":
        within = search.one_se.sort_values(["size", "loss", "mask"])
        return int(within["mask"].iloc[0])
    if choose == "full":
        return mask_of(tuple(names), tuple(names))
    raise ValueError(f"choose = {choose!r} is not known: write 'best', 'one_se', 'full', or the names of features")


def repeated_scores(problem, grains: Grains, masks, scheme: str, n_folds: int, repeats: int, seed: int) -> pd.DataFrame:
    """Score subsets on other folds: mean and standard deviation of the loss over `repeats` of them (columns mask, ...)."""
    masks = np.asarray(masks, np.uint64)
    if repeats < 1 or scheme == "leave-group-out":
        return pd.DataFrame({"mask": masks, "loss_repeated": np.nan, "loss_repeated_sd": np.nan})
    streams = np.random.SeedSequence(seed).generate_state(repeats)
    loss = np.array([problem.with_folds(make_folds(grains, scheme, n_folds, int(s))).score(masks).loss for s in streams])
    sd = loss.std(axis=0, ddof=1) if repeats > 1 else np.full(len(masks), np.nan)
    return pd.DataFrame({"mask": masks, "loss_repeated": loss.mean(axis=0), "loss_repeated_sd": sd})


def balanced(problem, mask) -> dict:
    """Log-loss, accuracy and balanced accuracy of one subset, held out."""
    return scores(problem.codes, problem.cv_probabilities(mask))


def features_frame(problem, search, sizes) -> pd.DataFrame:
    """How much each feature takes part, and what leaving it out costs.

    Returns
    -------
    DataFrame
        feature, element_group, single_loss (alone), inclusion_top (of the best 1 % of subsets), inclusion_one_se,
        inclusion_boltzmann, share_expected (of all subsets), best_without (features), loss_without, cost_without (loss of the
        best subset without it minus the best, nats a grain), cost_without_se (paired over folds).
    """
    names = tuple(search.names)
    p = len(names)
    kinds = {"top": {"fraction": 0.01}, "one_se": {}, "boltzmann": {}}
    inclusion = {kind: search.inclusion(kind, **more).set_index("feature")["frequency"] for kind, more in kinds.items()}
    total = n_subsets(p, sizes)
    low, high = sizes
    expected = 1 - (n_subsets(p - 1, (low, min(high, p - 1))) / total if low <= p - 1 else 0.0)
    alone = problem.score(np.uint64(1) << np.arange(p, dtype=np.uint64)).loss
    best = int(search.best.mask)
    rows = []
    for j, name in enumerate(names):
        without = _best_without(search, j)
        cost, se = paired_difference(problem, without, best) if without is not None else (np.nan, np.nan)
        rows.append({
            "feature": name, "element_group": element_group(name), "single_loss": float(alone[j]),
            **{f"inclusion_{kind}": float(values[name]) for kind, values in inclusion.items()}, "share_expected": expected,
            "best_without": "" if without is None else ", ".join(names_of(without, names)),
            "loss_without": np.nan if without is None else search.best.loss + cost, "cost_without": cost,
            "cost_without_se": se,
        })  # fmt: skip
    return pd.DataFrame(rows)


def _best_without(search, j):
    """Best known subset without feature j, None if no kept one lacks it."""
    if search.whole is not None:
        masks, loss = search.whole.masks, search.whole.loss
    else:
        masks, loss = search.top["mask"].to_numpy(np.uint64), search.top["loss"].to_numpy(float)
    lacks = ((np.asarray(masks) >> np.uint64(j)) & np.uint64(1) == 0) & np.isfinite(loss)
    if not lacks.any():
        return None
    return int(np.asarray(masks)[lacks][np.argmin(np.asarray(loss)[lacks])])


def ties_frame(search, grains: Grains) -> pd.DataFrame:
    """Classes of the best subsets that are one model written in several ways, or score alike to the last digit."""
    out = tie_classes(search.top.head(N_TIES), grains.names, grains.x)
    return out.assign(common=[", ".join(c) for c in out["common"]], masks=[", ".join(map(str, m)) for m in out["masks"]])


def collinear_frame(grains: Grains) -> pd.DataFrame:
    """Features that are exact sums of others, such as log Th - log U - log Th/U: set, features, relation, residual."""
    out = collinear_sets(grains.x, grains.names)
    return out.assign(features=[", ".join(f) for f in out["features"]])


def honest_score(problem, grains: Grains, scheme, n_outer, sizes, search, rule, seed, n_jobs, store):
    """Nested cross-validation: the search is repeated without the grains on which its choice is scored.

    With as many outer folds as the search has, its own are taken: then the two scores differ by the choice alone.  `search` is
    the main one, for the optimistic score, when it was of the same `sizes`; else None.
    """
    outer = None if n_outer == problem.n_folds else make_folds(grains, scheme, n_outer, seed)
    return nested_cv(
        problem, outer_folds=outer, sizes=sizes, rule=rule, result=search, n_jobs=n_jobs, store=store, label="nested search"
    )  # fmt: skip


def null_distribution(problem, grains: Grains, scheme, n, sizes, seed, n_jobs, store):
    """Search with permuted labels: what the best of many subsets reaches by chance.

    Labels move with whole groups only where every group is of one class.
    """
    groups = grains.group_codes
    if scheme == "stratified" or groups is None or any(len(set(grains.codes[groups == g])) > 1 for g in np.unique(groups)):
        groups = None
    return permuted_null(
        problem, n, sizes=sizes, groups=groups, seed=seed, n_jobs=n_jobs, store=store, label="permuted labels"
    )


def selectors_frame(problem, search) -> pd.DataFrame:
    """Where other selectors end up among all subsets, scored on the same folds."""
    return select_all(problem, result=search)


def baselines(grains, folds, problem, mask, C) -> pd.DataFrame:
    """Score the chosen subset, all features, element ratios and the commonest class on the same folds."""
    p = len(grains.names)
    share = max(grains.counts.values()) / len(grains.codes)
    rows = [
        {"scheme": "chosen subset", "features": ", ".join(names_of(mask, grains.names)), **balanced(problem, mask)},
        {"scheme": "all features", "features": ", ".join(grains.names), **balanced(problem, (1 << p) - 1)},
        {"scheme": "commonest class", "features": "", "log_loss": float(problem.score(np.zeros(1, np.uint64)).loss[0]),
         "accuracy": share, "balanced_accuracy": 1 / len(grains.classes)},
    ]  # fmt: skip
    ratio = ratio_baseline(grains, folds, C=C)
    return pd.concat([pd.DataFrame(rows), ratio], ignore_index=True) if len(ratio) else pd.DataFrame(rows)


def proportions_frame(found, grains, unknown) -> pd.DataFrame:
    """Shares of the sources by every method, with those from element ratios beside them."""
    if found is None:
        return empty("proportions")
    try:
        element_ratios(grains, None)
    except ValueError:
        return found.proportions
    counted = threshold_shares(grains, unknown)
    rows = [("all", "ratio thresholds, counts", name, float(v), np.nan, np.nan, len(unknown.x))
            for name, v in zip(grains.classes, counted, strict=True)]  # fmt: skip
    return pd.concat([found.proportions, pd.DataFrame(rows, columns=found.proportions.columns)], ignore_index=True)
