"""Every combination of terms under a scheme of cross-validation, and what the water terms are worth in it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain, combinations

import numpy as np
import pandas as pd

from lib.subset_search import Constraints, LinearProblem, exhaustive_search, fold_statistics, mask_of

from .equilibrium import slope_of
from .liquidus import fit_terms
from .schemes import N_FOLDS, folds_of
from .terms import TERMS, hierarchy, water_terms

#: Best subsets that are kept.
KEEP = 1000


@dataclass(frozen=True, eq=False)
class Search:
    """One exhaustive search.

    Parameters
    ----------
    scheme : str
        Scheme of cross-validation, see `lib.hydrous_melt.schemes.SCHEMES`.
    terms : tuple of str
        Dictionary that was searched.
    entropy : float or None
        Entropy of fusion that fixes the coefficient of T; None when T is a free term.
    folds : array of int or "loo"
        Folds of the scheme.
    result : lib.subset_search.SearchResult
        Losses are mean squared errors of y (K^2).
    """

    scheme: str
    terms: tuple[str, ...]
    entropy: float | None
    folds: object
    result: object

    @property
    def best(self) -> tuple[str, ...]:
        """Terms of the best equation."""
        return self.result.best.names

    @property
    def rmse(self) -> float:
        """Its cross-validated error of y in K."""
        return float(np.sqrt(self.result.best.loss))


def problem_of(experiments, terms, folds, entropy=None) -> LinearProblem:
    """The regression that is searched: y (less the given part of T) on the terms, shape (n, p)."""
    y = experiments.y - (0.0 if entropy is None else slope_of(entropy)) * experiments.temperature_k
    return LinearProblem(experiments.design(terms), y, folds, names=list(terms))


def searched_terms(terms, entropy) -> tuple[str, ...]:
    """The dictionary without the terms in T when the entropy fixes their part."""
    return tuple(terms) if entropy is None else tuple(term for term in terms if term != "T")


def search_terms(
    experiments,
    terms=TERMS,
    scheme: str = "random",
    *,
    entropy: float | None = None,
    n_folds: int = N_FOLDS,
    fold_seed: int = 0,
    always=(),
    forbidden=(),
    with_hierarchy: bool = False,
    sizes=None,
    keep: int = KEEP,
    n_jobs: int = 1,
    store=None,
) -> Search:
    """Try every combination of terms.

    Parameters
    ----------
    experiments : Experiments
        Data.
    terms : sequence of str
        Dictionary; up to about 25 terms.
    scheme : str
        Key of `lib.hydrous_melt.schemes.SCHEMES`.
    entropy : float, optional
        Entropy of fusion of forsterite, J/(mol K), that fixes the coefficient of T; the term T is then not searched.
    n_folds, fold_seed : int
        Folds of the schemes that deal, and the seed of the deal.
    always, forbidden : sequence of str
        Terms of every equation, and of none.
    with_hierarchy : bool
        Whether a power or product is allowed only beside its variables.
    sizes : int or (int, int), optional
        Number of terms; default any.
    keep : int
        Best combinations to keep.
    n_jobs : int
        Processes; the result does not depend on it.
    store : path-like, optional
        Folder from which a killed search goes on.

    Returns
    -------
    Search
    """
    terms = searched_terms(terms, entropy)
    folds = folds_of(scheme, experiments.studies, n_folds, fold_seed)
    constraints = Constraints(
        always=tuple(always), forbidden=tuple(forbidden), requires=hierarchy(terms) if with_hierarchy else {}
    )
    result = exhaustive_search(
        problem_of(experiments, terms, folds, entropy), sizes=sizes, constraints=constraints, keep=keep, n_jobs=n_jobs,
        store=store, label=f"terms, {scheme}",
    )  # fmt: skip
    return Search(scheme, terms, entropy, folds, result)


def water_patterns(experiments, search: Search) -> pd.DataFrame:
    """What each combination of water terms can reach, whatever the other terms.

    Parameters
    ----------
    experiments : Experiments
        Data of the search.
    search : Search
        A search without constraints.

    Returns
    -------
    DataFrame
        One row a combination of the dictionary's water terms, the empty one ("no water term") first: pattern, n_water, rmse_k,
        rmse_se_k, difference_pct (error relative to no water term), difference_se_pct (standard error of that, paired over
        folds), n_terms, terms (of its best equation).

    Notes
    -----
    The water terms of a pattern are forced in and the others forbidden, so that a pattern may do worse than a smaller one.
    """
    water = water_terms(search.terms)
    problem = problem_of(experiments, search.terms, search.folds, search.entropy)
    rows, reference = [], None
    sizes = np.asarray(problem.fold_sizes, float)
    for pattern in chain.from_iterable(combinations(water, k) for k in range(len(water) + 1)):
        constraints = Constraints(always=pattern, forbidden=tuple(set(water) - set(pattern)))
        best = exhaustive_search(problem, constraints=constraints, keep=1, whole=False).best
        fold = problem.fold_losses(np.array([mask_of(best.names, search.terms)], dtype=np.uint64))
        reference = fold if reference is None else reference
        base, _ = fold_statistics(reference, sizes)
        _, error = fold_statistics(fold - reference, sizes)
        rmse = np.sqrt(best.loss)
        # to first order, a relative change of the root is half that of the mean square
        rows.append(
            {"pattern": " + ".join(pattern) or "no water term", "n_water": len(pattern), "rmse_k": rmse,
             "rmse_se_k": best.loss_se / (2 * rmse), "difference_pct": 100 * (rmse / np.sqrt(base[0]) - 1),
             "difference_se_pct": 50 * float(error[0] / base[0]), "n_terms": len(best.names), "terms": ", ".join(best.names)}
        )  # fmt: skip
    return pd.DataFrame(rows)


def over_deals(
    experiments, terms=TERMS, schemes=("random", "study"), *, entropy=None, n_deals: int = 20, n_folds: int = N_FOLDS
) -> pd.DataFrame:
    """Search again with other deals of the folds: whether the best water terms are more than an accident of one deal.

    Parameters
    ----------
    experiments : Experiments
        Olivine-melt pairs.
    terms : sequence of str
        Candidate terms.
    schemes : sequence of str
        Schemes that deal: "random", "study".
    entropy : float or None
        Fixed entropy of fusion of forsterite (J/(mol K)); None leaves it free.
    n_deals : int
        Deals a scheme; their seeds are 0, 1, ...
    n_folds : int
        Folds of a deal.

    Returns
    -------
    DataFrame
        One row a scheme and deal: scheme, fold_seed, pattern (water terms of the best equation), rmse_k, terms, a column a
        water term of the dictionary (bool), and difference_pct with difference_se_pct of the linear and the squared term
        together against none (NaN when the dictionary lacks them).
    """
    rows, water = [], water_terms(searched_terms(terms, entropy))
    for scheme in schemes:
        for fold_seed in range(n_deals):
            search = search_terms(experiments, terms, scheme, entropy=entropy, n_folds=n_folds, fold_seed=fold_seed, keep=1)
            patterns = water_patterns(experiments, search)
            best = patterns.loc[patterns["rmse_k"].idxmin()]
            both = patterns[patterns["pattern"] == "H2O + H2O^2"]
            held = set(best["terms"].split(", "))
            rows.append(
                {"scheme": scheme, "fold_seed": fold_seed, "pattern": best["pattern"], "rmse_k": best["rmse_k"],
                 "terms": best["terms"], **{name: name in held for name in water},
                 "difference_pct": float(both["difference_pct"].iloc[0]) if len(both) else np.nan,
                 "difference_se_pct": float(both["difference_se_pct"].iloc[0]) if len(both) else np.nan}
            )  # fmt: skip
    return pd.DataFrame(rows)


def nested(
    experiments, terms=TERMS, scheme="study", *, entropy=None, n_folds: int = N_FOLDS, fold_seed: int = 0
) -> pd.DataFrame:
    """Search again without each fold, and predict it: the honest error of "search, then use the best".

    Parameters
    ----------
    experiments : Experiments
        Olivine-melt pairs.
    terms : sequence of str
        Candidate terms.
    scheme : {"random", "study"}
        Folds outside and inside.
    entropy : float or None
        Fixed entropy of fusion of forsterite (J/(mol K)); None leaves it free.
    n_folds, fold_seed : int
        Number of folds, and the seed of their deal.

    Returns
    -------
    DataFrame
        One row an experiment: fold, terms (chosen without it), y_k, y_predicted_k, temperature_k, temperature_predicted_k.

    Raises
    ------
    ValueError
        The scheme "loo".
    """
    outer = folds_of(scheme, experiments.studies, n_folds, fold_seed)
    if isinstance(outer, str):
        raise ValueError("nested cross-validation needs folds: use the scheme random, study or one study")
    x, out = experiments.x, []
    for k in np.unique(outer):
        here = outer == k
        rest = experiments.take(~here)
        inner = scheme if scheme == "random" or rest.n_studies > 2 else "random"
        chosen = search_terms(rest, terms, inner, entropy=entropy, n_folds=n_folds, fold_seed=fold_seed + 1, keep=1).best
        model = fit_terms(rest, chosen, entropy=entropy)
        part = experiments.take(here)
        predicted = model.predict(part.temperature_k, part.pressure_gpa, x[here])
        out.append(
            pd.DataFrame(
                {"row": np.flatnonzero(here), "fold": int(k), "terms": ", ".join(chosen), "y_k": part.y,
                 "y_predicted_k": predicted, "temperature_k": part.temperature_k,
                 "temperature_predicted_k": model.temperature(part.wt, part.pressure_gpa, fo=part.fo)}
            )
        )  # fmt: skip
    return pd.concat(out).sort_values("row").drop(columns="row").reset_index(drop=True)
