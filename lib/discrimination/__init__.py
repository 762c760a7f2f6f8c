"""Which rock did a detrital grain come from: tables of grains, artificial monazites, classifiers from every set of elements.

A table goes through `prepare` (logarithms of contents, gaps accounted for) and, all together, `analyse`.  Names are imported
when first used, so that checking a table loads nothing heavy.
"""

from __future__ import annotations

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        # tables and artificial data
        "kinds": ["CLASSES", "PROCESSES", "SANDS", "STEM", "process_shifts"],
        "artificial": ["Artificial", "make_detrital", "make_grains"],
        "embedded": ["embedded_detrital", "embedded_files", "embedded_monazite"],
        "planted": ["Planted", "plant"],
        "monazite": ["anomaly", "monazite_contents"],
        "lattice": ["CHONDRITE", "ELEMENTS", "REE", "lattice_strain", "site_coefficients"],
        "check": ["check_table", "estimated_seconds"],
        "readers": ["read_apatite", "read_pyrite", "read_zircon"],
        "itano": ["read_itano"],
        # grains and classifiers
        "grains": ["Grains"],
        "tabular": ["prepare"],
        "classifier": ["Classifier", "confusion", "fit_classifier", "scores"],
        "calibration": ["Calibration", "calibrate", "reliability"],
        "projection": ["Projection", "discriminant_projection"],
        "shift": ["PriorShift", "adjusted_counts", "draw_proportions", "em_prior_shift", "shares_by_method", "shares_frame"],
        "detrital": ["Detrital", "apply_to_detrital"],
        "outside": ["unlike"],
        "ratios": ["RATIOS", "element_ratios", "ratio_baseline", "threshold_rules"],
        "schemes": ["choose_scheme", "make_folds"],
        "hypothesis": ["ELEMENT_GROUPS", "READING", "Hypothesis", "paired_difference", "weigh_reading"],
        "analysis": ["FRAMES", "DiscriminationAnalysis", "analyse"],
        "anchors": ["anchor_table"],
        "required": ["acceptance_table"],
    },
)  # fmt: skip
