"""What discrimination has to reach on artificial grains, and what the usual short cuts do reach."""

from __future__ import annotations

import numpy as np
import pandas as pd

from lib.subset_search import MultinomialProblem, exhaustive_search, mask_of, n_subsets, stratified
from lib.subset_search.nested import nested_cv
from lib.subset_search.permutation import permuted_null
from lib.tasks import run_tasks

from .artificial import CLASSES, make_detrital, make_grains
from .calibration import calibrate, calibration_error
from .classifier import fit_classifier, scores
from .detrital import ALL, HEADLINE, apply_to_detrital
from .hypothesis import HEAVY, LIGHT, weigh_reading
from .outside import unlike
from .planted import plant
from .schemes import make_folds

#: Elements that carry the class in the planted sets: one light rare earth, Eu, one heavy rare earth.
INFORMATIVE = ("Nd", "Eu", "Yb")
#: A reading that is wrong of them: Th and U in the place of Eu.
WRONG = {"light rare earths": LIGHT, "Th and U": ("Th", "U"), "heavy rare earths": HEAVY}
#: Elements of the classifier that is applied to sands: one or two of each process of the generator.
JUDGES = ("La", "Nd", "Sm", "Eu", "Gd", "Yb", "Th", "U")
#: Grains to learn from, grains to judge on.
N_TRAIN, N_FRESH = 500, 2000
#: Redrawn training sets of an interval.
N_BOOTSTRAP = 60

#: row -> (label, quantity, lower limit, upper limit).
REQUIREMENTS = {
    "T1 elements": ("planted elements in the best subset of their number", "mean share", 0.9, None),
    "T1 within": ("planted subset within one standard error of the best", "share", 0.9, None),
    "T1 inclusion": ("likelihood-weighted inclusion: least planted minus best other element", "median", 0.2, None),
    "T1 reading": ("reading 'light + Eu + heavy', which is true, found needed", "share", 0.5, None),
    "T1 wrong reading": ("reading 'light + Th, U + heavy', which is wrong, found needed", "share", None, 0.05),
    "T1 regret": ("accuracy lost against the true model on fresh grains", "mean", None, 0.01),
    "T1 single elements fail": ("planted elements among the three best single ones (must fail)", "mean share", None, 0.75),
    "T2 nested": ("nested accuracy minus accuracy on fresh grains", "mean, absolute", None, 0.01),
    "T2 random labels": ("best of 696 subsets on labels without meaning: loss below that of no elements", "share", 0.5, None),
    "T3 false alarm": ("labels without meaning called significant at 5 %", "share", None, 0.12),
    "T3 power": ("planted labels called significant at 5 %", "share", 1.0, None),
    "S1 coverage": ("95 % intervals of class shares that hold the truth", "share", 0.9, None),
    "S1 counts fail": ("the same for counted grains (must fail)", "share", None, 0.9),
    "S2 error": ("error of shares by prior shift over error of counts", "ratio of means", None, 1.0),
    "S3 calibration": ("calibrated probabilities of grains of new rocks, error against shares", "mean", None, 0.05),
    "S4 known": ("grains of known kinds of rock called unlike", "share", None, 0.01),
    "S4 foreign": ("grains of a foreign source called unlike", "share", 0.9, None),
    "L1 grouped": ("accuracy with whole rocks held out minus accuracy on new rocks", "mean, absolute", None, 0.02),
    "L1 random is optimistic": ("accuracy with single grains held out minus accuracy on new rocks", "mean", 0.0, None),
}  # fmt: skip


def _planted(rng):
    """Search one planted set, and judge it on fresh grains."""
    made = plant(rng, N_TRAIN + N_FRESH, INFORMATIVE, accuracy=0.96)
    grains, fresh = made.grains.take(rows=np.arange(N_TRAIN)), made.grains.take(rows=np.arange(N_TRAIN, N_TRAIN + N_FRESH))
    folds = stratified(grains.codes, 10, int(rng.integers(2**31)))
    problem = MultinomialProblem(grains.x, grains.codes, folds, names=grains.names)
    search = exhaustive_search(problem, sizes=(1, 4))
    truth = mask_of(INFORMATIVE, grains.names)
    three = search.best_by_size.set_index("size").loc[3, "features"].split(", ")
    inclusion = search.inclusion("boltzmann").set_index("feature")["frequency"]
    others = inclusion.drop(list(INFORMATIVE))
    single = problem.score(np.uint64(1) << np.arange(16, dtype=np.uint64)).loss
    alone = [grains.names[j] for j in np.argsort(single)[:3]]
    fit = problem.fit(search.best.mask)
    accuracy = scores(fresh.codes, fit.predict_proba(fresh.x))["accuracy"]
    best = scores(fresh.codes, made.probabilities(fresh.x))["accuracy"]
    outer = stratified(grains.codes, 5, int(rng.integers(2**31)))
    nested = nested_cv(problem, outer_folds=outer, sizes=(1, 3))
    return {
        "elements": len(set(three) & set(INFORMATIVE)) / 3, "within": bool((search.one_se["mask"] == truth).any()),
        "inclusion": float(inclusion[list(INFORMATIVE)].min() - others.max()), "regret": best - accuracy,
        "single": len(set(alone) & set(INFORMATIVE)) / 3, "nested": nested.accuracy - accuracy,
        "reading": weigh_reading(search, problem).reading["verdict"] == "needed",
        "wrong": weigh_reading(search, problem, WRONG).reading["verdict"] == "needed",
    }  # fmt: skip


def _labels(rng):
    """Search one set with labels without meaning, and one with planted labels."""
    out = {}
    made = plant(rng, 200, INFORMATIVE, accuracy=0.96).grains
    for kind, codes in (("random", rng.permutation(made.codes)), ("planted", made.codes)):
        folds = stratified(codes, 5, int(rng.integers(2**31)))
        problem = MultinomialProblem(made.x, codes, folds, names=made.names)
        null = permuted_null(problem, 19, sizes=(1, 2), seed=int(rng.integers(2**31)))
        out[kind] = null.p_value <= 0.05
        if kind == "random":
            search = exhaustive_search(problem, sizes=(1, 3))
            assert search.n_subsets == n_subsets(16, (1, 3))  # the label of the row says how many
            out["optimistic"] = search.best.loss < search.empty
    return out


def _sand(rng):
    """Learn from one set of rocks, and judge one sand of known shares."""
    learnt = make_grains(rng).grains()
    share = rng.dirichlet(np.ones(3))
    sand = make_detrital(rng, shares={"sand": tuple(share)}, n_grains=120).grains(labelled=False)
    rocks = make_detrital(rng, shares={"rocks": (1 / 3, 1 / 3, 1 / 3)}, n_grains=600).grains()
    sub, codes = learnt.take(features=JUDGES), learnt.codes
    accuracy, held = {}, None
    model = fit_classifier(sub.x, codes, JUDGES, CLASSES)
    p_new = model.predict_proba(rocks)
    new = scores(rocks.codes, p_new)["accuracy"]
    for scheme in ("stratified", "grouped"):
        folds = make_folds(learnt, scheme, 10, int(rng.integers(2**31)))
        problem = MultinomialProblem(sub.x, codes, folds, names=JUDGES)
        held = problem.cv_probabilities((1 << len(JUDGES)) - 1)
        accuracy[scheme] = scores(codes, held)["accuracy"]
    calibration = calibrate(codes, held)
    found = apply_to_detrital(
        learnt, sand, JUDGES, held, calibration=calibration, n_bootstrap=N_BOOTSTRAP, seed=int(rng.integers(2**31))
    )
    table = found.proportions[found.proportions["site"] == ALL].set_index(["method", "class"])
    out = {"calibration": calibration_error(rocks.codes, calibration.apply(p_new)),
           "known": float(found.grains["unlike"].mean()), "random": accuracy["stratified"] - new,
           "grouped": accuracy["grouped"] - new}  # fmt: skip
    for name, method in (("shift", HEADLINE), ("counts", "counts")):
        one = table.loc[method].loc[list(CLASSES)]
        out[f"{name} covered"] = float(((one["lo95"] <= share) & (share <= one["hi95"])).mean())
        out[f"{name} error"] = float(np.abs(one["proportion"] - share).mean())
    foreign = sand.x.copy()
    # a source poor in light and rich in heavy rare earths without a Eu anomaly, such as a hydrothermal xenotime intergrowth
    foreign[:, [sand.names.index(e) for e in ("La", "Ce", "Pr", "Nd")]] -= 1.0
    foreign[:, [sand.names.index(e) for e in ("Dy", "Ho", "Er", "Tm", "Yb", "Lu")]] += 1.0
    out["foreign"] = float(unlike(learnt.x, codes, foreign, clusters=learnt.group_codes).mean())
    return out


def _task(kind, rng):
    """One artificial set of one kind."""
    return {"planted": _planted, "labels": _labels, "sand": _sand}[kind](rng)


def acceptance_table(n_sets: int = 30, seed: int = 1, n_jobs: int = 1) -> pd.DataFrame:
    """Every statistical requirement of this case on artificial data, measured.

    Parameters
    ----------
    n_sets : int
        Planted sets; three times as many sets of labels without meaning, and of sands.
    seed : int
        One stream a set is spawned from it.
    n_jobs : int
        Sets at once; the results do not depend on it.

    Returns
    -------
    DataFrame
        One row a requirement: row, label, quantity, value, se (from the scatter of the sets), limit_low, limit_high (NaN =
        none), met, n_sets.  Rows that say "fail" show a short cut failing on purpose.
    """
    plan = {"planted": n_sets, "labels": 3 * n_sets, "sand": 3 * n_sets}
    tasks = [{"kind": kind} for kind, n in plan.items() for _ in range(n)]
    results = run_tasks(_task, tasks, seed=seed, n_jobs=n_jobs, label="discrimination requirements")
    found, start = {}, 0
    for kind, n in plan.items():
        found[kind] = pd.DataFrame(results[start : start + n])
        start += n
    planted, labels, sand = found["planted"], found["labels"], found["sand"]
    columns = {
        "T1 elements": planted["elements"], "T1 within": planted["within"], "T1 inclusion": planted["inclusion"],
        "T1 reading": planted["reading"], "T1 wrong reading": planted["wrong"], "T1 regret": planted["regret"],
        "T1 single elements fail": planted["single"], "T2 nested": planted["nested"],
        "T2 random labels": labels["optimistic"], "T3 false alarm": labels["random"], "T3 power": labels["planted"],
        "S1 coverage": sand["shift covered"], "S1 counts fail": sand["counts covered"],
        "S2 error": sand["shift error"], "S3 calibration": sand["calibration"], "S4 known": sand["known"],
        "S4 foreign": sand["foreign"], "L1 grouped": sand["grouped"], "L1 random is optimistic": sand["random"],
    }  # fmt: skip
    rows = []
    for row, (label, quantity, low, high) in REQUIREMENTS.items():
        values = columns[row].to_numpy(float)
        value, se = _value(values, quantity)
        if quantity == "ratio of means":
            scale = float(sand["counts error"].mean())
            # both errors are of the same sands: the scatter is that of what the one leaves over the other
            se = float((values - value / scale * sand["counts error"]).std() / np.sqrt(values.size) / scale)
            value = value / scale
        rows.append({
            "row": row, "label": label, "quantity": quantity, "value": value, "se": se,
            "limit_low": np.nan if low is None else low, "limit_high": np.nan if high is None else high,
            "met": bool((low is None or value >= low) and (high is None or value <= high)), "n_sets": values.size,
        })  # fmt: skip
    return pd.DataFrame(rows)


def _value(values, quantity):
    """The quantity of a row, and its standard error."""
    root = np.sqrt(values.size)
    if "median" in quantity:
        # standard error of a median: 1.2533 sd/sqrt(n) for a bell shape, with the sd from the quartiles
        return float(np.median(values)), float(1.2533 * np.subtract(*np.quantile(values, [0.75, 0.25])) / 1.349 / root)
    mean = float(values.mean())
    return abs(mean) if "absolute" in quantity else mean, float(values.std() / root)
