"""Analysis of a table of grains: every subset of elements searched, one chosen, judged honestly, and applied to a sand."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from lib.answers import Answer
from lib.subset_search import MultinomialProblem, exhaustive_search, names_of, separable

from . import report, schemes, steps
from .calibration import Calibration, calibrate, reliability
from .classifier import Classifier, fit_classifier
from .detrital import Detrital, apply_to_detrital
from .grains import Grains
from .hypothesis import Hypothesis, weigh_reading
from .projection import discriminant_projection
from .tabular import MIN_MEASURED, prepare, split_known

#: Frames of an analysis, in the order of the CSV files.
FRAMES = (
    "best", "top", "best_by_size", "one_se", "density", "null", "null_density", "null_best", "features", "indicator",
    "selectors", "nested", "coefficients", "discriminants", "confusion", "predictions", "reliability", "projection",
    "loadings", "ties", "collinear", "hypothesis", "baselines", "schemes", "detrital", "proportions", "dropped",
    "diagnostics", "messages",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class DiscriminationAnalysis(Answer):
    """Results of `analyse`.

    Parameters
    ----------
    grains : Grains
        Grains of known source that were used.
    problem : MultinomialProblem
        What was searched.
    folds : array of int, shape (N,)
        Held-out fold of each grain.
    search : SearchResult
        All subsets.
    mask : int
        The subset that was chosen.
    classifier : Classifier
        Fitted with it to all grains, calibrated when asked.
    calibration : Calibration
        Of the held-out probabilities.
    nested : NestedScore or None
        Score of "search, then choose".
    null : PermutedNull or None
        Search with permuted labels.
    hypothesis : Hypothesis or None
        Test of the reading; None when its elements were not analysed.
    detrital : Detrital or None
        Grains of unknown source.
    frames : dict
        Name (see `FRAMES`) -> tidy DataFrame.
    parameters : dict
        What `analyse` was called with, and what it chose ("used").
    """

    grains: Grains
    problem: object
    folds: np.ndarray
    search: object
    mask: int
    classifier: Classifier
    calibration: Calibration
    nested: object | None
    null: object | None
    hypothesis: Hypothesis | None
    detrital: Detrital | None
    frames: dict[str, pd.DataFrame]
    parameters: dict = field(default_factory=dict)

    @property
    def chosen(self) -> tuple[str, ...]:
        """Features of the chosen subset."""
        return names_of(self.mask, self.grains.names)


def analyse(
    table,
    detrital=None,
    *,
    features=None,
    exclude=(),
    ratios=(),
    below: str = "drop",
    min_measured: float = MIN_MEASURED,
    sizes=None,
    C: float = 1.0,
    cv: str = "auto",
    n_folds: int = 10,
    repeats: int = 3,
    choose="best",
    n_permutations: int = 20,
    null_sizes=(1, 5),
    nested: bool = True,
    nested_sizes=(1, 5),
    n_outer: int = 10,
    threshold: float = 0.6,
    recalibrate: bool = True,
    n_bootstrap: int = 200,
    max_models: int = 150_000,
    reading=None,
    selectors: bool = True,
    seed: int = 1,
    n_jobs: int = 1,
    store=None,
) -> DiscriminationAnalysis:
    """Find which elements tell the sources of grains apart, and judge grains of unknown source.

    Parameters
    ----------
    table : tables.Table or Grains
        Grains of known source; those without a class are taken as detrital when `detrital` is not given.
    detrital : tables.Table or Grains, optional
        Grains of unknown source; classes in it are not looked at.
    features, exclude, ratios : sequence of str
        See `lib.discrimination.prepare`.
    below : {"drop", "lod/sqrt2", "lod/2"}
        What stands in for a cell below detection, see there.
    min_measured : float, 0-1
        See there.
    sizes : None, int or (int, int)
        Sizes of subsets; None = all, as far as `max_models` allows.
    C : float, > 0
        Ridge, ``sum w^2 / (2 C)`` beside the summed negative log-likelihood.
    cv : {"auto", "stratified", "grouped", "leave-group-out"}
        How grains are held out; "auto" keeps rocks together where three or more a class are named.
    n_folds : int
        Folds; fewer when a class has fewer grains or groups.
    repeats : int
        Other folds on which the best subsets are scored again; 0 = none.
    choose : {"best", "one_se", "full"} or sequence of str
        Subset to go on with, see `lib.discrimination.steps.choose_subset`.
    n_permutations : int
        Searches with permuted labels; 0 = none.
    null_sizes : (int, int)
        Sizes of subsets in them: smaller than those of the main search, for time.
    nested : bool
        Whether to score "search, then choose" on grains that the search has not seen.
    nested_sizes : (int, int)
        Sizes of subsets in that.
    n_outer : int
        Folds of that; as many as `n_folds` are the folds of the search.
    threshold : float, 0-1
        Largest probability below which a detrital grain stays undetermined.
    recalibrate : bool
        Whether probabilities are calibrated on the held-out ones before they are used on detrital grains.
    n_bootstrap : int
        Redrawn training sets for the shares; 0 = no intervals.
    max_models : int
        Most subsets to search when `sizes` is None.
    reading : dict, optional
        Group -> elements, see `lib.discrimination.weigh_reading`.
    selectors : bool
        Whether LASSO, stepwise selection and others are placed among all subsets.
    seed : int
        Streams are spawned from it.
    n_jobs : int
        Processes at once; the results do not depend on it.
    store : path, optional
        Folder in which finished parts of the searches are kept.

    Returns
    -------
    DiscriminationAnalysis

    Raises
    ------
    ValueError
        What `prepare` and `lib.discrimination.choose_scheme` refuse, or an unknown choice.
    """
    made = table if isinstance(table, Grains) else prepare(
        table, features=features, exclude=exclude, ratios=ratios, min_measured=min_measured, below=below
    )  # fmt: skip
    grains, unknown = split_known(made, detrital, below)
    seeds = [int(s.generate_state(1)[0]) for s in np.random.SeedSequence(seed).spawn(6)]
    scheme, folds_used, said = schemes.choose_scheme(grains, cv, n_folds)
    folds = schemes.make_folds(grains, scheme, folds_used, seeds[0])
    problem = MultinomialProblem(grains.x, grains.codes, folds, C=C, names=grains.names)
    sizes_used, cut = steps.feasible_sizes(len(grains.names), sizes, max_models)
    rows = [("note", "prepare", text) for text in grains.notes]
    rows += [("note", "folds", text) for text in (said,) if text] + [("warning", "sizes", text) for text in (cut,) if text]

    search = exhaustive_search(problem, sizes=sizes_used, n_jobs=n_jobs, store=store, label="subsets of elements")
    mask = steps.choose_subset(choose, search, grains.names)
    chosen = names_of(mask, grains.names)
    held = problem.cv_probabilities(mask)
    calibration = calibrate(grains.codes, held)
    x = grains.take(features=chosen).x
    classifier = fit_classifier(x, grains.codes, chosen, grains.classes, C=C)
    alone = separable(problem.fit(mask), grains.x, grains.codes)
    rows += [("warning", "separable", alone)] if alone else []

    top = search.top.copy()
    again = steps.repeated_scores(
        problem, grains, top["mask"].to_numpy(np.uint64)[: steps.N_REPEATED], scheme, folds_used, repeats, seeds[1]
    )  # fmt: skip
    top = top.merge(again, on="mask", how="left")
    honest = None
    if nested:
        outer = schemes.choose_scheme(grains, _not_single(scheme), n_outer)[1]
        inner = _within(nested_sizes, sizes_used)
        rule = "one_se" if isinstance(choose, str) and choose == "one_se" else "best"
        honest = steps.honest_score(
            problem, grains, _not_single(scheme), outer, inner, search if inner == sizes_used else None, rule, seeds[2],
            n_jobs, store,
        )  # fmt: skip
    null = None
    if n_permutations:
        null = steps.null_distribution(
            problem, grains, scheme, n_permutations, _within(null_sizes, sizes_used), seeds[3], n_jobs, store
        )  # fmt: skip
    hypothesis = None
    try:
        hypothesis = weigh_reading(search, problem, reading, sizes=sizes_used)
        rows.append(("note", "reading", hypothesis.text))
    except ValueError as error:
        rows.append(("note", "reading", str(error)))
    found = None
    if unknown is not None:
        found = apply_to_detrital(
            grains, unknown, chosen, held, C=C, calibration=calibration if recalibrate else None, threshold=threshold,
            n_bootstrap=n_bootstrap, seed=seeds[4],
        )  # fmt: skip
        rows += [(level, "detrital", text) for level, text in found.messages]

    projection = discriminant_projection(grains.x, grains.codes, len(grains.classes))
    features_at = steps.features_frame(problem, search, sizes_used)
    masks = {"chosen": mask, "all features": (1 << len(grains.names)) - 1}
    contrast = schemes.contrast(problem, grains, masks, n_folds, seeds[0])
    frames = {
        "best": report.best_frame(search, problem, mask, honest, null),
        "top": top, "best_by_size": search.best_by_size, "one_se": search.one_se, "density": search.density,
        "null": report.null_frame(null), "null_density": report.of(null, "density"), "null_best": report.null_best_frame(null),
        "features": features_at, "indicator": report.indicator_frame(search, problem, grains.classes, steps.N_INDICATOR),
        "selectors": steps.selectors_frame(problem, search) if selectors else report.empty("selectors"),
        "nested": report.of(honest, "folds"),
        "coefficients": classifier.coefficients(), "discriminants": classifier.discriminants(),
        "confusion": report.confusion_frame(grains, held), "predictions": report.predictions_frame(grains, held, folds),
        "reliability": reliability(grains.codes, held, grains.classes),
        "projection": report.projection_frame(projection, grains, unknown),
        "loadings": report.loadings_frame(projection, grains.names),
        "ties": steps.ties_frame(search, grains), "collinear": steps.collinear_frame(grains),
        "hypothesis": report.hypothesis_frame(hypothesis), "schemes": contrast,
        "baselines": steps.baselines(grains, folds, problem, mask, C),
        "detrital": report.of(found, "grains"), "proportions": steps.proportions_frame(found, grains, unknown),
        "dropped": grains.dropped,
    }  # fmt: skip
    rows += [("note", "collinear", f"{relation}: subsets with two of them or all three are the same model up to the ridge")
             for relation in frames["collinear"]["relation"]]  # fmt: skip
    frames["diagnostics"] = report.diagnostics_frame(search, honest, null, calibration, contrast, scheme, recalibrate)
    rows += report.findings(search, honest, frames["diagnostics"], scheme)
    frames["messages"] = pd.DataFrame(rows, columns=["level", "code", "text"])
    parameters = {
        "features": None if features is None else tuple(features), "exclude": tuple(exclude), "ratios": tuple(ratios),
        "below": below, "min_measured": min_measured, "sizes": sizes, "C": C, "cv": cv, "n_folds": n_folds, "repeats": repeats,
        "choose": choose,
        "n_permutations": n_permutations, "null_sizes": null_sizes, "nested": nested, "nested_sizes": nested_sizes,
        "n_outer": n_outer, "threshold": threshold, "recalibrate": recalibrate, "n_bootstrap": n_bootstrap,
        "max_models": max_models, "selectors": selectors, "seed": seed,
        "used": {"cv": scheme, "n_folds": int(folds.max()) + 1, "sizes": sizes_used, "features": chosen},
    }  # fmt: skip
    if recalibrate:
        classifier = classifier.calibrated(calibration)
    frames = {name: frames[name] for name in FRAMES}
    return DiscriminationAnalysis(
        grains, problem, folds, search, mask, classifier, calibration, honest, null, hypothesis, found, frames, parameters
    )  # fmt: skip


def _within(wanted, searched):
    """Sizes of a smaller search, not beyond those of the main one."""
    low, high = (wanted, wanted) if np.isscalar(wanted) else wanted
    low, high = max(low, searched[0]), min(high, searched[1])
    return (low, high) if low <= high else searched


def _not_single(scheme):
    """Outer folds of leave-group-out are pooled groups: one group alone may hold one class only."""
    return "grouped" if scheme == "leave-group-out" else scheme
