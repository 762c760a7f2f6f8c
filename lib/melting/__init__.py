"""Melting of the mantle: composition of the source and degree of melting of basalts, estimated together.

`log_enrichment` is the forward model (batch, fractional, dynamic, two-stage melting), `bulk_coefficients` and
`composition` give its published inputs, `segment` real samples of mid-ocean ridges.  Names are imported when first used,
so that checking a table does not load the compiled kernels.
"""

from __future__ import annotations

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "forward": [
            "MODELS", "POROSITY", "log_enrichment", "log_enrichment_and_slope", "residue", "scale_information",
            "extracted_fraction", "total_fraction"
        ],
        "coefficients": [
            "BulkCoefficients", "bulk_coefficients", "bulk_workman_hart", "mineral_coefficients", "modes_and_reactions"
        ],
        "compositions": ["composition", "reference_compositions"],
        "morb": ["GALE", "correct_to_mgo", "mgo_slopes", "read_gale", "segment", "slope_prior"],
        "tabular": ["ElementTable", "element_columns", "to_ppm"],
        "analysis": ["FRAMES", "MorbAnalysis", "MorbGroup", "analyse", "analyse_group"],
        "check": ["check_table"],
        "inversion": ["Prepared", "prepare"],
        "posterior": ["MeltingData", "Extras", "Posterior"],
        "priors": ["MeltFractionPrior", "SourcePrior"],
        "collapsed": ["Draws", "sample"],
        "artificial": ["CASES", "Cell", "GRID", "STAR", "Artificial", "make_data"],
        "study": ["BUDGET", "FAILURES", "SAMPLERS", "run_study", "summary", "wilson"],
        "calibration": ["run_calibration", "coverage", "prior_bias"],
        "evidence": ["Evidence", "compare_models", "log_evidence"],
        "variants": ["compare_variants", "VARIANTS"],
    },
)  # fmt: skip
