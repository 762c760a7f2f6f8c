"""Water and the non-ideality of silicate melt: thermodynamic terms of the olivine-melt equilibrium, by exhaustive search.

Experiments (`prepare`, `read_lepr`) give the left-hand side of the equation of forsterite; every combination of terms is tried
under several schemes of cross-validation (`analyse`); the chosen equation predicts liquidus temperatures (`TermModel`).  After
Ueki et al. (2020), in a formulation of our own.  Names are imported when first used.
"""

from __future__ import annotations

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "analysis": ["FRAMES", "MeltAnalysis", "analyse"],
        "artificial": ["LAW", "Artificial", "artificial_experiments"],
        "check": ["check_table"],
        "components": ["OXIDES", "cation_fractions", "ferrous_share", "hydrous_wt", "log_fo2_nno", "mole_fractions"],
        "consistent": ["ConsistentFit", "consistent_problem", "fit_consistent"],
        "depression": ["depression_curves", "partition_isopleths"],
        "equilibrium": [
            "FUSION_ENTROPY", "entropy_of", "equilibrium_fo", "excess_design", "magnesium_partition", "pair_names", "response",
            "slope_of"
        ],
        "lepr": ["DEFAULT_FILTERS", "FILTERS", "STRICT_FILTERS", "filtered", "read_lepr", "short_names"],
        "liquidus": ["TermModel", "fit_terms", "heldout"],
        "profile": ["ENTROPIES", "FAMILIES", "entropy_profile"],
        "published": ["BASALT", "DEPRESSIONS", "basalt_wt", "putirka2008_eq22", "putirka_partition"],
        "required": ["acceptance_table"],
        "schemes": ["SCHEMES", "folds_of"],
        "searching": ["Search", "nested", "over_deals", "search_terms", "water_patterns"],
        "study": ["recovery"],
        "tabular": ["Experiments", "prepare"],
        "terms": ["SHORT_TERMS", "TERMS", "hierarchy", "water_terms"],
    },
)  # fmt: skip
