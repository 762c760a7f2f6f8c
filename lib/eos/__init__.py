"""Equation of state of liquid iron in the outer core, with its uncertainty.

A Vinet isotherm with vibrational and electronic thermal pressure, compiled; published parameter sets; isentropes; shock
temperatures; the outer core of PREM; and Bayesian inference from measurements.  Names are imported when first used, so that
checking a table compiles nothing.
"""

from __future__ import annotations

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "vinet_thermal": ["FORMS", "Adiabat", "VinetThermal"],
        "parameter_sets": ["ParameterSet", "published_set", "published_sets"],
        "isentropes": ["BirchMurnaghan"],
        "anderson_ahrens": ["AndersonAhrens"],
        "hugoniot": ["RHO00", "hugoniot_curve", "hugoniot_temperature"],
        "outer_core": ["compare_with_prem", "core_profile", "prem_outer_core"],
        "measurements": ["Measurements", "prepare", "published_measurements"],
        "priors": ["PRIORS", "SAMPLED_FORMS", "Form", "Prior"],
        "inference": ["EosModel", "Inference", "infer", "prior_overlap"],
        "predictions": ["core_frame", "core_numbers", "core_states", "isotherm_frame"],
        "shock_states": ["shock_frame", "temperature_draws"],
        "comparison": ["compare_forms"],
        "artificial": ["KINDS_OF_STATIC", "TRUTH", "artificial_iron", "imitation", "static_states", "with_errors"],
        "design": ["DESIGNS", "static_designs"],
        "study": ["coverage", "hidden_temperatures", "plausible_truths", "summarise_coverage"],
        "check": ["check_table"],
        "analysis": ["EosAnalysis", "analyse"],
        "required": ["acceptance_table"],
        "embedded": ["example_measurements"],
    },
)  # fmt: skip
