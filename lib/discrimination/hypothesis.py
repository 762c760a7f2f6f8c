"""A published reading of which elements matter, weighed against every subset: whether it is enough, and whether it is needed.

Reading the elements of the best subset off the top of a list says little: dozens of subsets tie with it.  Here a reading is a
set of element groups of which a subset has to hold at least one member each, and the best subset that obeys it is compared
with the best that does not, on the same folds.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from math import comb

import numpy as np
import pandas as pd

from lib.subset_search import Constraints, exhaustive_search, mask_of, names_of, popcount

LIGHT = ("La", "Ce", "Pr", "Nd")
MIDDLE = ("Sm", "Gd", "Tb")
HEAVY = ("Dy", "Ho", "Er", "Tm", "Yb", "Lu", "Y")
#: Groups of elements that fractionate together.
ELEMENT_GROUPS = {
    "light rare earths": LIGHT,
    "middle rare earths": MIDDLE,
    "Eu": ("Eu",),
    "heavy rare earths": HEAVY,
    "Th and U": ("Th", "U"),
}
#: Monazite: light rare earths, Eu and some heavy rare earths (Itano and others 2020, Geosciences 10, 63, abstract).
READING = {"light rare earths": LIGHT, "Eu": ("Eu",), "heavy rare earths": HEAVY}
#: Standard errors beyond which a difference of held-out losses counts.
DECISIVE = 2.0


@dataclass(frozen=True, eq=False)
class Hypothesis:
    """What the search says of a reading.

    Parameters
    ----------
    groups : DataFrame
        One row an element group: group, elements, in_reading, best_with and best_without (features), loss_with, loss_without,
        cost (loss without it minus loss with it, nats a grain), cost_se, needed (cost above two standard errors).
    reading : dict
        share_one_se and share_all (of the subsets of the one-standard-error set, and of all subsets of the same sizes, that
        obey the reading), enrichment (their ratio), best_obeying, best_violating (features), loss_obeying, loss_violating,
        difference (violating minus obeying), difference_se, verdict ("needed", "sufficient, not needed" or "contradicted"),
        largest_size (of the search: with few elements allowed, a group may be crowded out by one that serves better).
    text : str
        The same in words.
    """

    groups: pd.DataFrame
    reading: dict
    text: str


def element_group(feature: str) -> str:
    """Group of a feature; ratios and other elements are "other"."""
    return next((group for group, members in ELEMENT_GROUPS.items() if feature in members), "other")


def paired_difference(problem, mask, reference) -> tuple[float, float]:
    """Difference of the held-out losses of two subsets on the same folds, and its standard error.

    Parameters
    ----------
    problem : lib.subset_search.Problem
        With one set of folds.
    mask, reference : int
        Subsets.

    Returns
    -------
    difference : float
        Loss of `mask` minus loss of `reference`, nats a grain.
    se : float
        From the scatter between folds, with the correction for training sets that overlap.

    References
    ----------
    Nadeau, C. & Bengio, Y. (2003) Machine Learning 52, 239-281, section 3.2: the variance of a mean over J splits is
    ``(1/J + n_test/n_train)`` times that of one split.
    """
    if int(mask) == int(reference):
        return 0.0, 0.0
    size = np.asarray(problem.fold_sizes, float)
    first, second = problem.fold_losses(np.array([mask, reference], np.uint64))
    a_fold = (first - second) / size
    n_folds = len(size)
    share = size.mean() / (size.sum() - size.mean())
    return float((first - second).sum() / size.sum()), float(np.sqrt((1 / n_folds + share) * a_fold.var(ddof=1)))


def _known(search):
    """Masks and losses that the search kept: all of them, or the top list."""
    if search.whole is not None:
        masks, loss = np.asarray(search.whole.masks, np.uint64), np.asarray(search.whole.loss, float)
    else:
        masks, loss = search.top["mask"].to_numpy(np.uint64), search.top["loss"].to_numpy(float)
    good = np.isfinite(loss)
    return masks[good], loss[good]


def _best(masks, loss, wanted):
    """Lowest loss among the wanted subsets: mask and loss, or None; ties go to the smaller subset, then the smaller mask."""
    if not wanted.any():
        return None
    masks, loss = masks[wanted], loss[wanted]
    i = np.lexsort((masks, popcount(masks), loss))[0]
    return int(masks[i]), float(loss[i])


def _without(problem, sizes, group):
    """Best subset without a group, by a search of its own (when the whole distribution was not kept)."""
    found = exhaustive_search(problem, sizes=sizes, constraints=Constraints(forbidden=tuple(group)), keep=1)
    return found.best.mask, found.best.loss


def weigh_reading(search, problem, reading=None, *, sizes=None) -> Hypothesis:
    """Test a reading of which element groups matter.

    Parameters
    ----------
    search : SearchResult
        Of all subsets.
    problem : lib.subset_search.Problem
        What was searched.
    reading : dict, optional
        Group -> elements; a subset obeys the reading if it holds at least one of each group.  Default `READING`.  Elements
        that were not analysed are passed over.
    sizes : None, int or (int, int)
        Sizes of the search (used only where the distribution was not kept whole).

    Returns
    -------
    Hypothesis

    Raises
    ------
    ValueError
        None of the elements of a group of the reading was analysed, or the search was of subsets too small to obey it.
    """
    names = tuple(search.names)
    reading = READING if reading is None else reading
    empty = [group for group, members in reading.items() if not set(members) & set(names)]
    if empty:
        raise ValueError(
            f"the reading cannot be tested: no element of {', '.join(empty)} was analysed (there are {', '.join(names)})"
        )
    largest = int(search.best_by_size["size"].max())
    if largest < len(reading):
        raise ValueError(
            f"the reading cannot be tested: a subset needs {len(reading)} elements to obey it, and the search went up to "
            f"{largest}; raise sizes"
        )
    known = {**ELEMENT_GROUPS, **reading}
    bits = {g: np.uint64(mask_of([e for e in members if e in names], names)) for g, members in known.items()}
    bits = {g: b for g, b in bits.items() if b}
    masks, loss = _known(search)
    rows = []
    for group, bit in bits.items():
        inside = (masks & bit) != 0
        with_it = _best(masks, loss, inside)
        without = _best(masks, loss, ~inside) if search.whole is not None else None
        if without is None and popcount(np.array([bit], np.uint64))[0] < len(names):
            without = _without(problem, sizes, names_of(int(bit), names))
        if with_it is None or without is None:
            continue
        cost, se = paired_difference(problem, without[0], with_it[0])
        rows.append((group, ", ".join(names_of(int(bit), names)), group in reading, ", ".join(names_of(with_it[0], names)),
                     ", ".join(names_of(without[0], names)), with_it[1], without[1], cost, se,
                     cost > DECISIVE * se))  # fmt: skip
    columns = ["group", "elements", "in_reading", "best_with", "best_without", "loss_with", "loss_without", "cost", "cost_se",
               "needed"]  # fmt: skip
    groups = pd.DataFrame(rows, columns=columns)
    found = _reading(search, problem, masks, loss, [bits[g] for g in reading], names, groups)
    found["largest_size"] = largest
    return Hypothesis(groups, found, _text(found, groups, reading, len(names)))


def _reading(search, problem, masks, loss, bits, names, groups):
    """Compare subsets that obey the reading with those that do not."""
    obeys = np.all([(masks & b) != 0 for b in bits], axis=0)
    within = search.one_se["mask"].to_numpy(np.uint64)
    share = float(np.all([(within & b) != 0 for b in bits], axis=0).mean())
    # what chance would give: subsets of the same sizes, whatever their loss
    sizes, count = np.unique(popcount(within), return_counts=True)
    every = _share_by_size(bits, len(names), sizes)
    chance = float((every * count).sum() / count.sum())
    right, wrong = _best(masks, loss, obeys), _best(masks, loss, ~obeys)
    if wrong is None:
        # streamed search: the best violating subset is the best of those that lack one group
        row = groups[groups["in_reading"]].sort_values("loss_without").iloc[0]
        wrong = mask_of(row["best_without"].split(", "), names), float(row["loss_without"])
    out = {
        "share_one_se": share, "share_all": chance, "enrichment": share / chance if chance else None,
        "verdict": "contradicted", "best_obeying": "", "best_violating": ", ".join(names_of(wrong[0], names)),
        "loss_obeying": None, "loss_violating": wrong[1], "difference": None, "difference_se": None,
    }  # fmt: skip
    if right is None:
        return out
    difference, se = paired_difference(problem, wrong[0], right[0])
    if difference >= -DECISIVE * se:
        out["verdict"] = "needed" if difference > DECISIVE * se else "sufficient, not needed"
    found = {"loss_obeying": right[1], "difference": difference, "difference_se": se}
    return out | found | {"best_obeying": ", ".join(names_of(right[0], names))}


def _share_by_size(bits, p, sizes):
    """Share of all subsets of each size that hold at least one member of each group, by inclusion and exclusion."""
    out = []
    for k in sizes:
        total = 0
        for r in range(len(bits) + 1):
            for some in combinations(bits, r):
                union = np.bitwise_or.reduce(np.array(some, np.uint64)) if r else np.uint64(0)
                total += (-1) ** r * comb(p - int(popcount(np.array([union], np.uint64))[0]), int(k))
        out.append(total / comb(p, int(k)))
    return np.array(out)


def _text(found, groups, reading, p):
    """The result in words."""
    said = " + ".join(reading)
    limit = "" if found["largest_size"] == p else f"among subsets of up to {found['largest_size']} features, "
    head = (f"{limit}the reading ({said}) is obeyed by {found['share_one_se']:.0%} of the subsets within one standard error "
            f"of the best, and by {found['share_all']:.0%} of all subsets of these sizes")  # fmt: skip
    if found["difference"] is None:
        return f"{head}; no subset that was kept obeys it"
    gap = f"{found['difference']:.4f} +- {found['difference_se']:.4f} nats a grain"
    meaning = {
        "needed": f"the best subset that violates it is worse by {gap}: it is needed",
        "sufficient, not needed": f"the best subset that violates it differs by {gap}, within two standard errors: it is "
        "enough, but these data do not need it",
        "contradicted": f"the best subset that violates it is better ({gap}): it is contradicted",
    }[found["verdict"]]
    needed = list(groups.loc[groups["needed"], "group"])
    return f"{head}; {meaning}; groups that cannot be left out: {', '.join(needed) or 'none'}"
