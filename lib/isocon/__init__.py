"""Sparse isocon analysis: element mobility and mass change in alteration haloes and weathering profiles.

A table of fresh and altered samples goes through `prepare` (log ratios and errors), `fit` (isocon and immobile set)
and, all together, `analyse`.  `make_halo` makes artificial haloes with a known answer and `benchmark` scores methods.
Names are imported when first used, so that checking a table does not load the compiled kernels.
"""

from __future__ import annotations

import importlib

_HOME = {
    "FRAMES": "analysis", "GroupResult": "analysis", "HaloAnalysis": "analysis", "analyse": "analysis",
    "analyse_group": "analysis",
    "SCENARIOS": "artificial", "Halo": "artificial", "Scenario": "artificial", "make_halo": "artificial",
    "variant": "artificial",
    "check_table": "check",
    "SUGGESTED_PRIORS": "em", "fit_em": "em",
    "METHODS": "fitting", "fit": "fitting",
    "IsoconData": "logratio", "from_arrays": "logratio",
    "fit_without_protolith": "noprotolith", "mutual_set": "noprotolith", "variation_matrix": "noprotolith",
    "IsoconFit": "results", "Mode": "results",
    "BENCHMARK_METHODS": "scoring", "benchmark": "scoring", "benchmark_table": "scoring", "sweep": "scoring",
    "fit_convex": "sparse", "fit_geometric_median": "sparse", "fit_sparse": "sparse",
    "acceptance_table": "required",
    "group_names": "tabular", "prepare": "tabular",
    "COHERENT_BLOCKS": "votes", "block_weights": "votes",
    "Resampling": "resampling", "element_bootstrap": "resampling", "entry_order": "uncertainty",
    "error_monte_carlo": "resampling", "error_sensitivity": "uncertainty", "fresh_bootstrap": "resampling",
    "objective_profile": "uncertainty", "stability_selection": "resampling", "threshold_path": "uncertainty",
}  # fmt: skip
__all__ = sorted([*_HOME, "classical", "groups"])


def __getattr__(name):
    """Import a public name from its module when it is first used (PEP 562)."""
    if name in ("classical", "groups"):
        return importlib.import_module(f".{name}", __name__)
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}; it has {', '.join(__all__)}")
    value = getattr(importlib.import_module(f".{_HOME[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__():
    """Return the public names."""
    return __all__
