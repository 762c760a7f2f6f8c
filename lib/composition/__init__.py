"""Compositional data: the simplex, its log-ratio coordinates, and cells that are zero, below detection or missing.

Rows are samples, columns are parts (oxides, elements, minerals, grain sizes); only ratios of parts count.  Names are
imported when first used.
"""

from __future__ import annotations

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "bases": ["balance", "balance_basis", "check_basis", "helmert_basis", "pivot_basis", "random_basis"],
        "directions": ["angles", "match", "orient", "principal_directions"],
        "em": ["log_ratio_em"],
        "logratio": ["alr", "alr_inv", "clr", "clr_inv", "ilr", "ilr_inv", "zero_as_clr_zero"],
        "sensitive": ["sensitivity"],
        "simplex": [
            "centre", "closure", "distance", "inner", "norm", "perturb", "power", "total_variance", "variation_matrix"
        ],
        "zeros": ["METHODS", "Replaced", "censor", "replace"],
    },
)  # fmt: skip
