"""Pathways of serpentinization in space and time: which reactions made the zones between quartz and olivine.

Slices of a column of olivine that stood against quartz in hot water, after one or more durations, are explained by networks of
candidate reactions with their rate constants and the diffusivity of dissolved silica.  Names are imported when first used, so
that checking a table compiles nothing.
"""

from __future__ import annotations

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "pathways": ["CANDIDATES", "DIFFUSIVITY", "PATHWAYS", "pathway_network"],
        "model": ["Design", "ProfileModel"],
        "experiment": ["Experiment", "artificial_experiment"],
        "selection": ["effective_truth", "probability_of", "score", "select_pathway", "selection_problem", "separation"],
        "design": ["design_information", "design_map", "next_measurement", "standard_designs"],
        "study": ["inclusion_decisions", "recovery", "summarise_recovery"],
        "tabular": ["Profiles", "prepare"],
        "check": ["check_table"],
        "analysis": ["FRAMES", "PathwayAnalysis", "analyse"],
        "choices": ["candidate_network", "reference_diffusivity"],
        "evidence": ["compare_evidence", "prior_panel", "problem_of"],
        "zones": ["column_of", "to_the_ends", "zone_shares"],
        "embedded": ["embedded_experiment", "write_embedded"],
        "required": ["STUDY_DESIGNS", "acceptance_table"],
    },
)  # fmt: skip
