"""Numbers that a search of published zircon and apatite data has to give, measured beforehand with another solver.

They come from a loop over scikit-learn's logistic regression (tolerance 1e-9) on the same folds: contents as log10, one
standardisation for all grains, C = 1 in the symmetric form, ten stratified folds shuffled with random state 0.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.model_selection import StratifiedKFold

from lib.subset_search import MultinomialProblem, exhaustive_search, mask_of, names_of

from .readers import read_apatite, read_zircon

#: Half the last digit that was written down, and one grain more: the place of a grain on the border is nobody's.
LOSS_TOLERANCE = 5.1e-5
#: (data, quantity, features, log-loss or None, accuracy or None); features None = whatever the search finds best.
ANCHORS = (
    ("zircon", "best log-loss", "Ce Eu Nb Ta U Th/U Ce/Ce* Eu/Eu*", 0.5504, 0.7776),
    ("zircon", "best accuracy", "Ce Eu Ho Nb Ta Th Th/U Ce/Ce*", None, 0.7792),
    ("zircon", "all features", "Ce Eu Ho Nb Ta Th U Th/U U/Yb Ce/Ce* Eu/Eu*", 0.5513, 0.7753),
    ("zircon", "best accuracy of size 1", "Ce/Ce*", None, 0.549),
    ("zircon", "best accuracy of size 2", "Ce Eu/Eu*", None, 0.678),
    ("zircon", "best accuracy of size 3", "Ce Th Eu/Eu*", None, 0.722),
    ("zircon", "best accuracy of size 4", "Ce Th Eu/Eu* Eu", None, 0.745),
    ("zircon", "best accuracy of size 5", "Ce Eu Ta U Ce/Ce*", None, 0.767),
    ("apatite", "best log-loss", "Gd Dy Yb Sr", 0.1355, 0.9632),
    ("apatite", "best accuracy", "Ce Nd Sm Eu Dy Er Lu Sr Y", None, 0.9699),
    ("apatite", "best accuracy of size 1", "Dy", None, 0.9389),
)
READERS = {"zircon": read_zircon, "apatite": read_apatite}


def anchor_problem(grains) -> MultinomialProblem:
    """The problem as the anchors were measured: global standardisation, C = 1, ten folds of scikit-learn."""
    folds = np.empty(len(grains.codes), int)
    split = StratifiedKFold(10, shuffle=True, random_state=0).split(grains.x, grains.codes)
    for fold, (_, test) in enumerate(split):
        folds[test] = fold
    return MultinomialProblem(grains.x, grains.codes, folds, C=1.0, names=grains.names, scale="global")


def anchor_table(*, whole: bool = True, n_jobs: int = 1) -> pd.DataFrame | None:
    """Compare with the anchors.

    Parameters
    ----------
    whole : bool
        Search all subsets (about a minute on one core), which also tells whether the best ones are the best; otherwise score
        the named subsets only.
    n_jobs : int
        Processes at once.

    Returns
    -------
    DataFrame or None
        data, quantity, features, log_loss, log_loss_expected, accuracy, accuracy_expected, accuracy_tolerance, found (features
        that the search found in that place, "" when not searched), tied (whether they score alike), met.  None when neither
        data set is on this machine.
    """
    frames = []
    for data, reader in READERS.items():
        grains = reader()
        if grains is not None:
            problem = anchor_problem(grains)
            search = exhaustive_search(problem, whole=True, n_jobs=n_jobs, label=data) if whole else None
            frames.append(_compare(data, problem, search))
    return pd.concat(frames, ignore_index=True) if frames else None


def _compare(data, problem, search):
    """Rows of one data set."""
    rows = []
    for one, quantity, features, loss, accuracy in ANCHORS:
        if one != data:
            continue
        mask = mask_of(tuple(features.split()), problem.names)
        at = problem.score(np.array([mask], np.uint64))
        found, tied = _place(search, quantity, at, problem.names) if search is not None else ("", True)
        # three digits were written for some: half of the last one, and one grain
        step = 5.1e-4 if round(accuracy, 3) == accuracy else 5.1e-5
        tolerance = step + 1 / problem.n_rows
        met = tied and abs(at.accuracy[0] - accuracy) <= tolerance
        met = met and (loss is None or abs(at.loss[0] - loss) <= LOSS_TOLERANCE)
        rows.append({
            "data": data, "quantity": quantity, "features": ", ".join(features.split()), "log_loss": float(at.loss[0]),
            "log_loss_expected": np.nan if loss is None else loss, "accuracy": float(at.accuracy[0]),
            "accuracy_expected": accuracy, "accuracy_tolerance": tolerance, "found": found, "tied": tied, "met": bool(met),
        })  # fmt: skip
    return pd.DataFrame(rows)


def _place(search, quantity, at, names):
    """What the search found in the place of an anchor, and whether the anchor scores like it."""
    loss, accuracy, masks = search.whole.loss, search.whole.accuracy, search.whole.masks
    if quantity == "all features":
        return "", True
    size = int(quantity.rsplit(" ", 1)[1]) if "of size" in quantity else None
    inside = np.ones(len(masks), bool) if size is None else np.bitwise_count(masks) == size
    if "log-loss" in quantity:
        i = int(np.nanargmin(np.where(inside, loss, np.nan)))
        # exact ties up to the ridge (Th, U, Th/U): 1e-4 is a fifth of the gap to the next other model
        tied = at.loss[0] <= loss[i] + 1e-4
    else:
        i = int(np.nanargmax(np.where(inside, accuracy, np.nan)))
        # one grain, at most, decides between neighbours
        tied = at.accuracy[0] >= accuracy[i] - 1.5 / search.n_rows
    return ", ".join(names_of(int(masks[i]), names)), bool(tied)
