"""Melting of the mantle: composition of the source and degree of melting of basalts, estimated together.

`log_enrichment` is the forward model (batch, fractional, dynamic, two-stage melting), `bulk_coefficients` and
`composition` give its published inputs, `segment` real samples of mid-ocean ridges.  Names are imported when first used,
so that checking a table does not load the compiled kernels.
"""

from __future__ import annotations

import importlib

_HOME = {
    "MODELS": "forward", "POROSITY": "forward", "log_enrichment": "forward", "log_enrichment_and_slope": "forward",
    "residue": "forward", "scale_information": "forward", "extracted_fraction": "forward", "total_fraction": "forward",
    "BulkCoefficients": "coefficients", "bulk_coefficients": "coefficients", "bulk_workman_hart": "coefficients",
    "mineral_coefficients": "coefficients", "modes_and_reactions": "coefficients",
    "composition": "compositions", "reference_compositions": "compositions",
    "GALE": "morb", "correct_to_mgo": "morb", "mgo_slopes": "morb", "read_gale": "morb", "segment": "morb",
    "slope_prior": "morb", "ElementTable": "tabular", "element_columns": "tabular", "to_ppm": "tabular",
    "FRAMES": "analysis", "MorbAnalysis": "analysis", "MorbGroup": "analysis", "analyse": "analysis",
    "analyse_group": "analysis", "check_table": "check", "Prepared": "inversion", "prepare": "inversion",
    "MeltingData": "posterior", "Extras": "posterior", "Posterior": "posterior",
    "MeltFractionPrior": "priors", "SourcePrior": "priors", "Draws": "collapsed", "sample": "collapsed",
    "CASES": "artificial", "Cell": "artificial", "GRID": "artificial", "STAR": "artificial", "Artificial": "artificial",
    "make_data": "artificial",
    "BUDGET": "study", "FAILURES": "study", "SAMPLERS": "study", "run_study": "study",
    "summary": "study", "wilson": "study",
    "run_calibration": "calibration", "coverage": "calibration", "prior_bias": "calibration",
    "Evidence": "evidence", "compare_models": "evidence", "compare_variants": "variants",
    "VARIANTS": "variants", "log_evidence": "evidence",
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
