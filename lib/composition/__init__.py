"""Compositional data: the simplex, its log-ratio coordinates, and cells that are zero, below detection or missing.

Rows are samples, columns are parts (oxides, elements, minerals, grain sizes); only ratios of parts count.  Names are
imported when first used.
"""

from __future__ import annotations

import importlib

_HOME = {
    "balance": "bases", "balance_basis": "bases", "check_basis": "bases", "helmert_basis": "bases", "pivot_basis": "bases",
    "random_basis": "bases",
    "angles": "directions", "match": "directions", "orient": "directions", "principal_directions": "directions",
    "log_ratio_em": "em",
    "alr": "logratio", "alr_inv": "logratio", "clr": "logratio", "clr_inv": "logratio", "ilr": "logratio",
    "ilr_inv": "logratio", "zero_as_clr_zero": "logratio",
    "sensitivity": "sensitive",
    "centre": "simplex", "closure": "simplex", "distance": "simplex", "inner": "simplex", "norm": "simplex",
    "perturb": "simplex", "power": "simplex", "total_variance": "simplex", "variation_matrix": "simplex",
    "METHODS": "zeros", "Replaced": "zeros", "censor": "zeros", "replace": "zeros",
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
