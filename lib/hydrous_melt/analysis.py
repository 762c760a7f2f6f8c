"""Analysis of olivine-melt experiments: which terms the equilibrium needs, what they predict, and how far to believe it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from lib.answers import Answer

from . import report
from .depression import PRESSURE_GPA, depression_curves, partition_isopleths
from .equilibrium import FUSION_ENTROPY, entropy_of
from .lepr import short_names
from .liquidus import TermModel, fit_terms, heldout
from .published import putirka2008_eq22, putirka_partition
from .schemes import N_FOLDS
from .searching import Search, nested, problem_of, search_terms, searched_terms, water_patterns
from .tabular import Experiments, prepare
from .terms import TERMS, water_terms

#: Frames of an analysis, in the order of the CSV files.
FRAMES = (
    "searches", "patterns", "inclusion", "density", "best_by_size", "indicator", "coefficients", "temperatures", "residuals",
    "by_study", "depression", "partition", "ranges", "diagnostics", "messages",
)  # fmt: skip
#: Studies from which on whole studies are predicted.
FEWEST_STUDIES = 3
#: Equations in the indicator diagram.
SHOWN = 50


@dataclass(frozen=True, eq=False)
class MeltAnalysis(Answer):
    """Results of `analyse`.

    Parameters
    ----------
    experiments : Experiments
        What was used.
    searches : dict of str to Search
        By scheme of cross-validation.
    strict : str
        Scheme whose best equation is adopted: "study" with three studies or more, else the last one asked for.
    model : TermModel
        The adopted equation, fitted to all experiments.
    frames : dict
        Name (see `FRAMES`) -> tidy DataFrame.
    parameters : dict
        What `analyse` was called with, and what it chose.
    """

    experiments: Experiments
    searches: dict[str, Search]
    strict: str
    model: TermModel
    frames: dict[str, pd.DataFrame]
    parameters: dict = field(default_factory=dict)


def analyse(
    table,
    *,
    terms=TERMS,
    schemes=("random", "loo", "study"),
    entropy: float | None = FUSION_ENTROPY["Fo"],
    n_folds: int = N_FOLDS,
    fold_seed: int = 0,
    with_hierarchy: bool = False,
    pressure_gpa: float = PRESSURE_GPA,
    n_bootstrap: int = 200,
    seed: int = 1,
    n_jobs: int = 1,
) -> MeltAnalysis:
    """Choose the terms of the olivine-melt equilibrium by exhaustive search, and predict temperatures with them.

    Parameters
    ----------
    table : tables.Table or Experiments
        See `lib.hydrous_melt.prepare` for the columns.
    terms : sequence of str
        Dictionary of terms, at most 25; see `lib.hydrous_melt.terms.parse`.
    schemes : sequence of str
        Schemes of cross-validation; those by study are left out, with a message, when there are fewer than three studies.
    entropy : float or None
        Entropy of fusion of forsterite in J/(mol K), which fixes the coefficient of T (the term T is then not searched);
        None = free.
    n_folds, fold_seed : int
        Folds, and the seed of their deal.
    with_hierarchy : bool
        Whether powers and products need their variables.
    pressure_gpa : float
        Pressure at which the liquidus of the basalt is drawn.
    n_bootstrap : int
        Resamplings of studies for its band.
    seed : int
        Of the resamplings.
    n_jobs : int
        Processes; the results do not depend on it.

    Returns
    -------
    MeltAnalysis

    Raises
    ------
    ValueError
        What `prepare`, the terms and the folds refuse; no scheme that can be used.
    """
    made = table if isinstance(table, Experiments) else prepare(table, terms=terms)
    rows = [("note", "prepare", text) for text in made.notes]
    used, rows = _varying(made, searched_terms(terms, entropy), rows)
    possible = [s for s in schemes if s in ("random", "loo") or made.n_studies >= FEWEST_STUDIES]
    if len(possible) < len(schemes):
        text = "none can be predicted from others, so that errors that a study's experiments share go unseen"
        rows.append(("warning", "schemes", f"{made.n_studies} study or studies: {text}"))
    if not possible:
        raise ValueError(f"no scheme of {', '.join(schemes)} can be used with {made.n_studies} studies: use random or loo")
    options = {"entropy": entropy, "n_folds": n_folds, "fold_seed": fold_seed}
    searches = {
        s: search_terms(made, used, s, **options, with_hierarchy=with_hierarchy, n_jobs=n_jobs)
        for s in dict.fromkeys(possible)
    }
    strict = "study" if "study" in searches else possible[-1]
    best = searches[strict].best
    model = fit_terms(made, best, entropy=entropy)
    frames = {
        "searches": report.searches_frame(searches),
        "patterns": pd.concat([water_patterns(made, s).assign(scheme=s.scheme) for s in searches.values()], ignore_index=True),
        "inclusion": report.inclusion_frame(searches),
        "density": report.density_frame(searches),
        "best_by_size": report.sizes_frame(searches),
        "indicator": _indicator(made, searches[strict]),
        "coefficients": model.frame(),
    }
    found = {s: heldout(made, searches[s].best, searches[s].folds, entropy=entropy) for s in searches}
    outer = strict if strict != "loo" else "random"
    again = nested(made, used, outer, **options)
    frames["temperatures"], nested_error = _temperatures(made, found, again, outer)
    frames["residuals"] = found[strict].assign(
        sample=made.samples, study=[short_names(made.studies)[s] for s in made.studies], h2o_wt=made.h2o_wt,
        residual_k=found[strict]["y_k"] - found[strict]["y_predicted_k"],
        temperature_error_k=found[strict]["temperature_predicted_k"] - found[strict]["temperature_k"],
    )  # fmt: skip
    frames["by_study"] = report.by_study_frame(made, found[strict])
    frames["depression"] = depression_curves(
        made, best, entropy=entropy, pressure_gpa=pressure_gpa, n_bootstrap=n_bootstrap, seed=seed
    )
    frames["partition"] = partition_isopleths(model, pressure_gpa=pressure_gpa)
    frames["ranges"] = report.ranges_frame(model)
    frames["diagnostics"] = report.diagnostics_frame(nested_error, frames["patterns"], strict, frames["depression"])
    rows += _said(frames, model, strict, entropy)
    frames["messages"] = pd.DataFrame(rows, columns=["level", "code", "text"])
    parameters = {"terms": tuple(terms), "schemes": tuple(schemes), **options, "with_hierarchy": with_hierarchy,
                  "pressure_gpa": pressure_gpa, "n_bootstrap": n_bootstrap, "seed": seed,
                  "used": {"terms": used, "schemes": tuple(searches), "strict": strict}}  # fmt: skip
    return MeltAnalysis(made, searches, strict, model, {name: frames[name] for name in FRAMES}, parameters)


def _varying(made, terms, rows):
    """Leave out the terms that do not vary in these experiments, with a warning."""
    phi = made.design(terms)
    flat = np.ptp(phi, axis=0) <= 1e-9 * np.abs(phi).max(axis=0, initial=1e-300)
    if flat.any():
        names = ", ".join(t for t, f in zip(terms, flat, strict=True) if f)
        rows = [*rows, ("warning", "terms", f"{names} left out of the dictionary: the same in all experiments")]
    return tuple(t for t, f in zip(terms, flat, strict=True) if not f), rows


def _indicator(made, search) -> pd.DataFrame:
    """Signed standardised coefficients of the best equations: one row an equation, rank, cv_rmse_k, then a column a term."""
    problem = problem_of(made, search.terms, search.folds, search.entropy)
    n = min(SHOWN, len(search.result.top))
    table = search.result.indicator(n=n, problem=problem).reset_index(drop=True)
    top = search.result.top.iloc[:n].reset_index(drop=True)
    table.insert(0, "cv_rmse_k", np.sqrt(top["loss"]))
    table.insert(0, "rank", np.arange(1, n + 1))
    return table


def _temperatures(made, found, again, outer):
    """Errors of temperature of the best equations, of searching again in every fold, and of a published thermometer."""
    summary = report.temperature_errors
    rows = [
        {"method": f"best equation, {s}", "scheme": s, **summary(f["temperature_predicted_k"] - f["temperature_k"]),
         "liquidus_rmse_k": summary(f["liquidus_predicted_k"] - f["temperature_k"])["rmse_k"],
         "ln_partition_rmse": float(np.sqrt(np.mean(np.log(f["partition_predicted"] / f["partition"]) ** 2)))}
        for s, f in found.items()
    ]  # fmt: skip
    error = report.temperature_errors(again["temperature_predicted_k"] - again["temperature_k"])
    rows.append({"method": f"searched again in every fold, {outer}", "scheme": outer, **error})
    putirka = putirka2008_eq22(made.wt, made.pressure_gpa, putirka_partition(made.fo, made.wt)) - made.temperature_k
    rows.append({"method": "Putirka 2008 eq. 22", "scheme": "published", **report.temperature_errors(putirka)})
    return pd.DataFrame(rows).assign(n=len(made)), error


def _said(frames, model, strict, entropy) -> list:
    """Messages about the result."""
    rows = []
    for line in frames["searches"].itertuples():
        text = f"scheme {line.scheme}: best of {line.n_equations} equations {line.terms}; error {line.cv_rmse_k:.1f} K; "
        rows.append(("note", "search", text + f"{line.one_se_count} others are as good within one standard error"))
    failed = frames["diagnostics"][~frames["diagnostics"]["ok"]]
    rows += [
        ("warning", "diagnostic", f"{d.name}: {d.value:.3g}, limit {d.limit:g} ({d.meaning})") for d in failed.itertuples()
    ]
    text = report.outside_message(frames["depression"])
    rows += [("warning", "extrapolation", text)] if text else []
    if entropy is None and "T" in model.terms:
        implied = entropy_of(model.coef[model.terms.index("T")])
        text = f"the free coefficient of T implies an entropy of fusion of {implied:.0f} J/(mol K)"
        rows.append(
            ("warning" if implied < 0 else "note", "entropy", f"{text}; calorimetry says about 57 at the melting point")
        )
    if not water_terms(model.terms):
        rows.append(
            ("note", "water", f"the best equation under scheme {strict} has no water term: dilution alone serves as well")
        )
    return rows
