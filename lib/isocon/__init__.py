"""Sparse isocon analysis: element mobility and mass change in alteration haloes and weathering profiles.

A table of fresh and altered samples goes through `prepare` (log ratios and errors), `fit` (isocon and immobile set)
and, all together, `analyse`.  `make_halo` makes artificial haloes with a known answer and `benchmark` scores methods.
Names are imported when first used, so that checking a table does not load the compiled kernels.
"""

from __future__ import annotations

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=["classical", "groups"],
    submod_attrs={
        "analysis": ["FRAMES", "GroupResult", "HaloAnalysis", "analyse", "analyse_group"],
        "artificial": ["SCENARIOS", "Halo", "Scenario", "make_halo", "variant"],
        "check": ["check_table"],
        "em": ["SUGGESTED_PRIORS", "fit_em"],
        "fitting": ["METHODS", "fit"],
        "logratio": ["IsoconData", "from_arrays"],
        "noprotolith": ["fit_without_protolith", "mutual_set", "variation_matrix"],
        "results": ["IsoconFit", "Mode"],
        "scoring": ["BENCHMARK_METHODS", "benchmark", "benchmark_table", "sweep"],
        "sparse": ["fit_convex", "fit_geometric_median", "fit_sparse"],
        "required": ["acceptance_table"],
        "tabular": ["group_names", "prepare"],
        "votes": ["COHERENT_BLOCKS", "block_weights"],
        "resampling": ["Resampling", "element_bootstrap", "error_monte_carlo", "fresh_bootstrap", "stability_selection"],
        "uncertainty": ["entry_order", "error_sensitivity", "objective_profile", "threshold_path"],
    },
)  # fmt: skip
