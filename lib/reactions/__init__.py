"""Hydrothermal reactions: which of many candidates ran in a closed vessel, from what was measured of it over time.

Three routes: evidence of every network (`analyse`), a hidden-state model with sparse expectation-maximisation
(`choose_sparsity`, after Ito et al. 2021), and surface models of one reaction from its progress (`weigh_surfaces`).
Artificial series with known reactions (`artificial_series`, `recovery`, `recover_supports`) say how far each can be trusted.
Names are imported when first used.
"""

from __future__ import annotations

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "analysis": ["FRAMES", "ReactionAnalysis", "analyse", "problem_of"],
        "check": ["check_table"],
        "examples": ["recover_supports", "silica_example", "sparse_example"],
        "particles": ["Filtered", "Smoothed", "backward_simulation", "particle_filter"],
        "pinene": ["BOX", "PLAUSIBLE", "box_fit", "pinene_network", "pinene_series", "traps"],
        "progress": ["SURFACE_MODELS", "ProgressFit", "fit_progress", "predictive_band", "standard_curve", "weigh_surfaces"],
        "required": ["acceptance_table"],
        "silica": [
            "DESIGNS", "TRUTHS", "SilicaSeries", "artificial_series", "decisions", "detectable", "recovery", "series_problem",
            "summary",
        ],
        "sensitivity": ["under_priors"],
        "sparse_em": ["SparseFit", "fit_sparse_em", "log_likelihood", "nonnegative_lasso", "rate_errors"],
        "sparsity_choice": ["SparsityChoice", "choose_sparsity", "rate_bars"],
        "starting_rates": ["first_noise", "least_squares_rates", "noiseless_path"],
        "state_space": ["Noise", "Series", "StateSpace", "simulate_series", "surface_network"],
        "support_recovery": ["HIDDEN_TRUTHS", "recovery_study", "series_times", "summarise_support"],
        "tabular": ["ProgressData", "SeriesData", "candidate_network", "prepare"],
    },
)  # fmt: skip
