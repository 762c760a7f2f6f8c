"""Processes and end members of sediments: log-ratio components, unmixing on the simplex, and forward models.

A table goes through `prepare` (compositions in one unit, gaps kept apart) and, all together, `analyse`.  Processes that
multiply are sought in log-ratio coordinates, conservative mixtures among raw proportions.  Names are imported when first used,
so that checking a table loads nothing heavy.
"""

from __future__ import annotations

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "analysis": ["FRAMES", "SedimentAnalysis", "analyse"],
        "check": ["check_table"],
        "tabular": ["Compositions", "part_columns", "prepare"],
        "geometry": ["Verdict", "flatness", "verdict"],
        "lipp": ["ObliqueFit", "oblique_fit", "principal_components", "read_lipp", "reproduction", "seven_parts"],
        "mano": ["Mano", "mixture_compositions", "read_mano", "reference_proportions"],
        "glorise": ["Glorise", "read_glorise"],
        "kola": ["Kola", "read_kola"],
        "factors": ["Factors", "Match", "cosine_matrix", "fit_factors", "match"],
        "stability": ["Stability", "icasso"],
        "gate": ["Gaussianity", "gaussianity"],
        "kca": ["Clusters", "whitened_kmeans"],
        "number": ["component_number", "suggest_number"],
        "mobility": ["mobility_table", "relative_mobility"],
        "endmembers": ["EndMembers", "match_end_members", "unmix"],
        "archetypes": ["archetypal_analysis"],
        "fcls": ["fully_constrained"],
        "volume": ["minimum_volume"],
        "nfindr": ["n_findr"],
        "nmf": ["plain_nmf", "simplex_nmf"],
        "bayesian": ["Posterior", "sample_posterior"],
        "intervals": ["Intervals", "bootstrap_intervals"],
        "count": ["end_member_number"],
        "processes": [
            "Process", "batch_melt", "chain", "chain_tangents", "dilution", "fractional_crystallisation", "leaching",
            "mixing"
        ],
        "intensities": ["Intensity"],
        "forward": ["Artificial", "simulate"],
        "artificial": ["Mixtures", "pelagic", "three_processes", "wang_wen"],
        "metrics": ["curve_distance", "unmixing_errors"],
        "study": [
            "END_MEMBER_METHODS", "FACTOR_METHODS", "MIXING_CASES", "decision_rule", "end_member_recovery",
            "negative_controls", "recovery", "score_factors"
        ],
        "required": ["acceptance_table"],
        "loop": ["Bilateral", "bilateral"],
        "revision": ["ForwardModel", "project_intensities"],
        "pooled": ["first_guess", "pooled_rocks"],
    },
)  # fmt: skip
