"""Processes and end members of sediments: log-ratio components, unmixing on the simplex, and forward models.

A table goes through `prepare` (compositions in one unit, gaps kept apart) and, all together, `analyse`.  Processes that
multiply are sought in log-ratio coordinates, conservative mixtures among raw proportions.  Names are imported when first used,
so that checking a table loads nothing heavy.
"""

from __future__ import annotations

import importlib

_HOME = {
    "FRAMES": "analysis", "SedimentAnalysis": "analysis", "analyse": "analysis",
    "check_table": "check",
    "Compositions": "tabular", "part_columns": "tabular", "prepare": "tabular",
    "Verdict": "geometry", "flatness": "geometry", "verdict": "geometry",
    # published tables
    "ObliqueFit": "lipp", "oblique_fit": "lipp", "principal_components": "lipp", "read_lipp": "lipp", "reproduction": "lipp",
    "seven_parts": "lipp",
    "Mano": "mano", "mixture_compositions": "mano", "read_mano": "mano", "reference_proportions": "mano",
    "Glorise": "glorise", "read_glorise": "glorise",
    "Kola": "kola", "read_kola": "kola",
    # components
    "Factors": "factors", "Match": "factors", "cosine_matrix": "factors", "fit_factors": "factors", "match": "factors",
    "Stability": "stability", "icasso": "stability",
    "Gaussianity": "gate", "gaussianity": "gate",
    "Clusters": "kca", "whitened_kmeans": "kca",
    "component_number": "number", "suggest_number": "number",
    "mobility_table": "mobility", "relative_mobility": "mobility",
    # end members
    "EndMembers": "endmembers", "match_end_members": "endmembers", "unmix": "endmembers",
    "archetypal_analysis": "archetypes", "fully_constrained": "fcls", "minimum_volume": "volume", "n_findr": "nfindr",
    "plain_nmf": "nmf", "simplex_nmf": "nmf",
    "Posterior": "bayesian", "sample_posterior": "bayesian",
    "Intervals": "intervals", "bootstrap_intervals": "intervals", "end_member_number": "count",
    # forward models, artificial data and scores
    "Process": "processes", "batch_melt": "processes", "chain": "processes", "chain_tangents": "processes",
    "dilution": "processes", "fractional_crystallisation": "processes", "leaching": "processes", "mixing": "processes",
    "Intensity": "intensities", "Artificial": "forward", "simulate": "forward",
    "Mixtures": "artificial", "pelagic": "artificial", "three_processes": "artificial", "wang_wen": "artificial",
    "curve_distance": "metrics", "unmixing_errors": "metrics",
    "END_MEMBER_METHODS": "study", "FACTOR_METHODS": "study", "MIXING_CASES": "study", "decision_rule": "study",
    "end_member_recovery": "study", "negative_controls": "study", "recovery": "study", "score_factors": "study",
    "acceptance_table": "required",
    # the bilateral loop
    "Bilateral": "loop", "bilateral": "loop", "ForwardModel": "revision", "project_intensities": "revision",
    "first_guess": "pooled", "pooled_rocks": "pooled",
}  # fmt: skip
__all__ = sorted(_HOME)


def __getattr__(name):
    """Import a public name from its module when it is first used (PEP 562)."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}; it has {', '.join(__all__)}")
    value = getattr(importlib.import_module(f".{_HOME[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__():
    """Return the public names."""
    return __all__
