"""One door to all isocon methods by name."""

from __future__ import annotations

import difflib

from .cellwise import fit_cellwise
from .em import fit_em
from .logratio import IsoconData
from .results import IsoconFit
from .sparse import (
    fit_convex,
    fit_geometric_median,
    fit_lasso,
    fit_median,
    fit_reference,
    fit_sparse,
    fit_welsch,
)
from .spatial import fit_spatial

#: Name -> (function, what it is).
METHODS = {
    "sparse": (fit_sparse, "redescending penalty, many starts, hard refit (Algorithm S, default)"),
    "em": (fit_em, "spike-and-slab mixture, posterior probability of immobility"),
    "convex": (fit_convex, "sparse isocon, convex (median-type): group lasso with noise = Huber"),
    "geometric median": (fit_geometric_median, "sparse isocon, convex (median-type): group lasso without noise"),
    "lasso": (fit_lasso, "elementwise lasso = Huber in every sample"),
    "median": (fit_median, "median of the log ratios in every sample"),
    "welsch": (fit_welsch, "redescending penalty without refit"),
    "reference": (fit_reference, "immobile elements named by the user"),
    "cellwise": (fit_cellwise, "elements may be immobile in some samples only"),
    "spatial": (fit_spatial, "mass change smooth along the profile"),
}


def fit(data: IsoconData, method: str = "sparse", **options) -> IsoconFit:
    """Fit the isocon of every altered sample.

    Parameters
    ----------
    data : IsoconData
        Log ratios and errors.
    method : str
        Key of `METHODS`.
    **options
        Passed to the method's function.

    Returns
    -------
    IsoconFit

    Raises
    ------
    ValueError
        Unknown method (the nearest known one is named).
    """
    if method not in METHODS:
        near = difflib.get_close_matches(str(method), METHODS, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise ValueError(f"unknown isocon method {method!r}{hint} Known: {', '.join(METHODS)}")
    return METHODS[method][0](data, **options)
