"""Exhaustive search over subsets of columns: every subset scored, and the whole distribution kept.

A problem (`LinearProblem`, `MultinomialProblem`) scores subsets by the loss on held-out rows; `exhaustive_search` lets every
allowed subset through it and hands back the best of them, their density of states and how often each column takes part.
Subsets are bit masks: bit j stands for column j.  Names are imported when first used, so that nothing is compiled before it
is needed.
"""

from __future__ import annotations

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "masks": ["combinations", "gray", "mask_of", "n_subsets", "names_of", "popcount"],
        "constraints": ["Constraints"],
        "problem": ["Scores", "Subset", "energy_factor", "fold_statistics"],
        "linear": ["LinearFit", "LinearProblem"],
        "multinomial": ["MultinomialProblem"],
        "multinomial_fit": ["Linear", "MultinomialFit", "separable"],
        "folds": [
            "describe_folds", "grouped", "leave_group_out", "random_folds", "repeats", "stratified", "stratified_grouped"
        ],
        "search": ["exhaustive_search"],
        "results": ["SearchResult"],
        "multihistogram": ["MultiHistogram", "solve_multihistogram"],
        "exchange": ["exchange_search"],
        "exchange_results": ["ExchangeResult"],
        "selectors": ["SELECTORS", "lasso_path", "scored_frame", "select_all", "stepwise", "subsets_better"],
        "nested": ["NestedScore", "nested_cv"],
        "permutation": ["PermutedNull", "permuted_null"],
        "ties": ["collinear_sets", "paired_differences", "span_classes", "tie_classes"],
        "estimators": ["ExhaustiveClassifier", "ExhaustiveRegressor"],
    },
)  # fmt: skip
