"""Element ratios, as sources are usually told apart: a baseline for classifiers of abundances."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from sklearn.tree import DecisionTreeClassifier

from .classifier import fit_classifier, scores
from .grains import Grains
from .lattice import CHONDRITE

#: Ratio -> power of each element; with every rare earth over its chondritic content.
RATIOS = {
    "Eu/Eu*": {"Eu": 1.0, "Sm": -0.5, "Gd": -0.5},
    "(Gd/Lu)N": {"Gd": 1.0, "Lu": -1.0},
    "(Gd/Yb)N": {"Gd": 1.0, "Yb": -1.0},
    "(La/Sm)N": {"La": 1.0, "Sm": -1.0},
    "Th/U": {"Th": 1.0, "U": -1.0},
}
#: What published ratio diagrams of monazite use; (Gd/Yb)N only stands in where Lu was not measured.
PREFERRED = ("Eu/Eu*", "(Gd/Lu)N", "(La/Sm)N", "Th/U")


def element_ratios(grains: Grains, names=None) -> Grains:
    """Return grains described by element ratios.

    Parameters
    ----------
    grains : Grains
        With elements as features (ratios among the features are passed over).
    names : sequence of str, optional
        Keys of `RATIOS`; default those of `PREFERRED` that the elements allow, and (Gd/Yb)N where Lu is missing.

    Returns
    -------
    Grains
        log10 of the ratios.

    Raises
    ------
    ValueError
        No ratio can be made, or an element of a ratio asked for is missing.
    """
    have = set(grains.names)
    if names is None:
        names = [n for n in PREFERRED if set(RATIOS[n]) <= have]
        if "(Gd/Lu)N" not in names and set(RATIOS["(Gd/Yb)N"]) <= have:
            names.append("(Gd/Yb)N")
    for name in names:
        if name not in RATIOS:
            raise ValueError(f"ratio {name!r} is not known here; known: {', '.join(RATIOS)}")
        missing = sorted(set(RATIOS[name]) - have)
        if missing:
            raise ValueError(
                f"{name} needs {', '.join(missing)}, which these grains do not have: they have {', '.join(grains.names)}"
            )
    if not len(names):
        wanted = sorted({e for n in PREFERRED for e in RATIOS[n]})
        raise ValueError(f"no element ratio can be made of {', '.join(grains.names)}: the ratios need {', '.join(wanted)}")
    columns = []
    for name in names:
        log = np.zeros(len(grains.x))
        for element, power in RATIOS[name].items():
            log += power * (grains.x[:, grains.names.index(element)] - np.log10(CHONDRITE.get(element, 1.0)))
        columns.append(log)
    below = None
    if grains.below is not None:
        below = np.column_stack([
            np.any([grains.below[:, grains.names.index(e)] for e in RATIOS[n]], axis=0) for n in names
        ])  # fmt: skip
    return replace(grains, x=np.column_stack(columns), names=tuple(names), below=below, units=("ratio",) * len(names))


def held_out(grains: Grains, folds, fit) -> np.ndarray:
    """Probabilities of every grain from a classifier that had not seen its fold.

    Parameters
    ----------
    grains : Grains
        All with a class.
    folds : array of int, shape (N,)
        Held-out fold of each grain.
    fit : callable
        ``fit(x, codes) -> object`` with ``predict_proba(x)``.

    Returns
    -------
    array, shape (N, K)
    """
    p = np.empty((len(grains.x), len(grains.classes)))
    for fold in np.unique(folds):
        test = folds == fold
        p[test] = fit(grains.x[~test], grains.codes[~test]).predict_proba(grains.x[test])
    return p


def fit_thresholds(x, codes, n_leaves: int):
    """Fit thresholds on ratios, as on a published diagram: at most ``n_leaves - 1`` of them, one ratio each (a small tree)."""
    tree = DecisionTreeClassifier(max_leaf_nodes=n_leaves, min_samples_leaf=5, random_state=0)
    return tree.fit(x, codes)


def threshold_rules(grains: Grains) -> list[str]:
    """Thresholds in words.

    Parameters
    ----------
    grains : Grains
        Described by ratios (`element_ratios`), all with a class.

    Returns
    -------
    list of str
        For instance ``(Gd/Lu)N <= 45.2``, in the order in which they split the grains.
    """
    tree = fit_thresholds(grains.x, grains.codes, len(grains.classes) + 1).tree_
    inner = np.flatnonzero(tree.feature >= 0)
    return [f"{grains.names[tree.feature[i]]} <= {10.0 ** tree.threshold[i]:.3g}" for i in inner]


def ratio_baseline(grains: Grains, folds, *, C: float = 1.0) -> pd.DataFrame:
    """Score element ratios on the folds of the search.

    Parameters
    ----------
    grains : Grains
        With elements; all with a class.
    folds : array of int, shape (N,)
        Held-out fold of each grain.
    C : float
        Ridge of the logistic classifier.

    Returns
    -------
    DataFrame
        scheme ("ratios, logistic" or "ratios, thresholds"), features, log_loss (NaN for thresholds, which know no
        probabilities), accuracy, balanced_accuracy.  No rows when no ratio can be made.
    """
    columns = ["scheme", "features", "log_loss", "accuracy", "balanced_accuracy"]
    try:
        made = element_ratios(grains)
    except ValueError:
        return pd.DataFrame(columns=columns)
    p = ratio_probabilities(made, folds, C=C)
    tree = held_out(made, folds, lambda x, codes: fit_thresholds(x, codes, len(made.classes) + 1))
    logistic, thresholds = scores(made.codes, p), scores(made.codes, tree) | {"log_loss": np.nan}
    used = ", ".join(made.names)
    rows = [{"scheme": "ratios, logistic", "features": used, **logistic},
            {"scheme": "ratios, thresholds", "features": "; ".join(threshold_rules(made)), **thresholds}]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def ratio_probabilities(made: Grains, folds, *, C: float = 1.0) -> np.ndarray:
    """Held-out probabilities of the logistic classifier on ratios, shape (N, K)."""
    return held_out(made, folds, lambda x, codes: fit_classifier(x, codes, made.names, made.classes, C=C))


def threshold_shares(training: Grains, detrital: Grains) -> np.ndarray:
    """Shares of the classes among detrital grains by counting on ratio thresholds, shape (K,)."""
    first, second = element_ratios(training), element_ratios(detrital)
    tree = fit_thresholds(first.x, first.codes, len(first.classes) + 1)
    return np.bincount(tree.predict(second.x), minlength=len(first.classes)) / len(second.x)
