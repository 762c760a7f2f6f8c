"""Reaction kinetics: networks of candidate reactions, rate laws as numbers, and a compiled stiff solver with sensitivities.

A `Network` lists candidate reactions with stoichiometry, surface model and affinity; a `BatchReactor` follows it in time.
Names are imported when first used, so that reading a network file compiles nothing.
"""

from __future__ import annotations

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "laws": ["AFFINITIES", "SURFACES", "Factor"],
        "balance": ["NetworkFault", "parse_equation", "parse_formula"],
        "network": ["Network", "Reaction", "silica_network", "silica_start"],
        "network_files": ["NetworkFileFaults", "read_network", "write_template"],
        "reactor": ["BatchReactor", "StepFailure"],
        "profile": ["ProfileReactor", "slice_averages"],
    },
)  # fmt: skip
