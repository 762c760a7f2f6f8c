"""Sparse isocon analysis: element mobility and mass change in alteration haloes and weathering profiles.

A table of fresh and altered samples goes through `prepare` (log ratios and errors), `fit` (isocon and immobile set)
and, all together, `analyse`.  `make_halo` makes artificial haloes with a known answer and `benchmark` scores methods.
"""

from .analysis import GroupResult, HaloAnalysis, analyse
from .artificial import SCENARIOS, Halo, Scenario, make_halo, variant
from .check import check_table
from .em import SUGGESTED_PRIORS, fit_em
from .fitting import METHODS, fit
from .logratio import COHERENT_BLOCKS, IsoconData, block_weights, from_arrays
from .noprotolith import fit_without_protolith, mutual_set, variation_matrix
from .results import IsoconFit, Mode
from .scoring import BENCHMARK_METHODS, benchmark, benchmark_table, sweep
from .sparse import fit_convex, fit_geometric_median, fit_sparse
from .tabular import group_names, prepare
from .uncertainty import (
    Resampling,
    element_bootstrap,
    entry_order,
    error_monte_carlo,
    error_sensitivity,
    fresh_bootstrap,
    objective_profile,
    stability_selection,
    threshold_path,
)

__all__ = [
    "BENCHMARK_METHODS", "COHERENT_BLOCKS", "METHODS", "SCENARIOS", "SUGGESTED_PRIORS", "GroupResult", "Halo",
    "HaloAnalysis", "IsoconData", "IsoconFit", "Mode", "Resampling", "Scenario", "analyse", "benchmark",
    "benchmark_table", "block_weights", "check_table", "element_bootstrap", "entry_order", "error_monte_carlo",
    "error_sensitivity", "fit", "fit_convex", "fit_em", "fit_geometric_median", "fit_sparse",
    "fit_without_protolith", "fresh_bootstrap", "from_arrays", "group_names", "make_halo", "mutual_set",
    "objective_profile", "prepare", "stability_selection", "sweep", "threshold_path", "variant", "variation_matrix",
]  # fmt: skip
