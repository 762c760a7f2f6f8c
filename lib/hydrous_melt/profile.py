"""How much the answer hangs on the entropy of fusion that the equation is given."""

from __future__ import annotations

import numpy as np
import pandas as pd

from .liquidus import fit_terms, heldout
from .report import temperature_errors
from .searching import search_terms
from .terms import TERMS, water_terms

#: Entropies of fusion (J/(mol K)) that are tried.
ENTROPIES = (10.0, 20.0, 30.0, 40.0, 50.0, 57.2, 65.0, 80.0, 100.0)
#: Water terms that are allowed, by family.
FAMILIES = {"no water term": (), "linear": ("H2O",), "linear + squared": ("H2O", "H2O^2"), "any": None}


def entropy_profile(
    experiments, terms=TERMS, *, entropies=ENTROPIES, schemes=("random", "study"), families=FAMILIES, n_folds: int = 10,
    n_jobs: int = 1,
) -> pd.DataFrame:  # fmt: skip
    """Search again with other entropies, and predict temperatures.

    Parameters
    ----------
    experiments : Experiments
        Data.
    terms : sequence of str
        Dictionary.
    entropies : sequence of float or None
        Entropies of fusion of forsterite, J/(mol K); None = the coefficient of T is free.
    schemes : sequence of str
        Schemes of cross-validation.
    families : dict of str to tuple of str or None
        Water terms that each family always has (no other water term is allowed); None = any of the dictionary.
    n_folds : int
        Folds.
    n_jobs : int
        Processes.

    Returns
    -------
    DataFrame
        One row an entropy, scheme and family: cv_rmse_k (of y), and of the temperature predicted without the fold: rmse_k,
        median_abs_k, solved (share with a solution); terms, and slope (coefficient of T).
    """
    rows, water = [], set(water_terms(terms))
    for entropy in entropies:
        for scheme in schemes:
            for family, always in families.items():
                forced = () if always is None else tuple(t for t in always if t in terms)
                forbidden = () if always is None else tuple(water - set(forced))
                search = search_terms(
                    experiments, terms, scheme, entropy=entropy, n_folds=n_folds, always=forced, forbidden=forbidden, keep=1,
                    n_jobs=n_jobs,
                )  # fmt: skip
                found = heldout(experiments, search.best, search.folds, entropy=entropy)
                slope = fit_terms(experiments, search.best, entropy=entropy)
                slope = slope.fixed_slope + sum(c for c, t in zip(slope.coef, slope.terms, strict=True) if t == "T")
                rows.append(
                    {"entropy_j_mol_k": np.nan if entropy is None else entropy, "scheme": scheme, "family": family,
                     "cv_rmse_k": search.rmse, **temperature_errors(found["temperature_predicted_k"] - found["temperature_k"]),
                     "slope": slope, "terms": ", ".join(search.best)}
                )  # fmt: skip
    return pd.DataFrame(rows)
