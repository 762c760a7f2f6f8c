"""Names of methods and transforms, kept apart from them so that a check loads nothing heavy."""

from __future__ import annotations

#: Method -> its family: "factors" are directions of change, "end members" are compositions that were mixed.
METHODS = {
    "auto": "both",
    "ica": "factors",
    "pca": "factors",
    "minimum volume": "end members",
    "simplex nmf": "end members",
    "archetypes": "end members",
    "n-findr": "end members",
    "nmf": "end members",
    "bayesian": "end members",
}
TRANSFORMS = ("auto", "ilr", "raw", "standardised")


def choose_transform(method: str, transform: str = "auto") -> str:
    """Return the transform that a method is used with.

    Parameters
    ----------
    method : str
        Key of `METHODS`.
    transform : {"auto", "ilr", "raw", "standardised"}
        As asked for.

    Returns
    -------
    str
        "ilr" for factors by default; end members always "raw": conservative mixing is linear in concentrations.

    Raises
    ------
    ValueError
        End members asked for in log-ratio coordinates.
    """
    family = METHODS[method]
    if family == "end members" and transform not in ("auto", "raw"):
        raise ValueError(
            f"parameter transform = {transform!r} does not go with method {method!r}: mixing is linear in concentrations and "
            "not in log-ratios; leave transform at 'auto', or choose method 'ica' or 'pca'"
        )
    if transform != "auto":
        return transform
    return "raw" if family == "end members" else "ilr"
