"""How far directions turn when cells below detection are filled in another way."""

from __future__ import annotations

import numpy as np
import pandas as pd

from .directions import angles, principal_directions
from .zeros import replace

#: The usual fraction of the limit, that angles are measured from.
REFERENCE = 0.65
FRACTIONS = (0.5, 0.65, 0.8)


def sensitivity(x, *, below, limit, direction=None, fractions=FRACTIONS, n_components=1, em=True, **options) -> pd.DataFrame:
    """Angles between directions found after different replacements of cells below detection.

    Parameters
    ----------
    x : array-like, shape (n_samples, n_parts)
        As `lib.composition.replace` takes it, with `below` and `limit`.
    below : array-like of bool, shape (n_samples, n_parts)
        See `lib.composition.replace`.
    limit : float or array-like
        See `lib.composition.replace`.
    direction : callable, optional
        Takes compositions (n_samples, n_parts) and returns clr directions (n_directions, n_parts), such as those of an
        independent component analysis; default the first `n_components` principal directions.
    fractions : sequence of float
        Fractions of the limit to try, each above 0 and at most 1.
    n_components : int
        For the default directions.
    em : bool
        Whether the log-ratio EM is tried as well; when it is not possible its row says why.
    **options
        Passed on to `lib.composition.replace`.

    Returns
    -------
    pandas.DataFrame
        method, fraction (NaN for the EM), component (counted from 1), angle_deg (from the result with 0.65 of the limit, 0
        to 90), imputed_share (of all cells, 0 to 1), note.

    Raises
    ------
    ValueError
        As `lib.composition.replace`.
    """
    find = direction or (lambda values: principal_directions(values, n_components)[0])
    common = options | {"below": below, "limit": limit}
    first = replace(x, method="multiplicative", fraction=REFERENCE, **common)
    reference = np.atleast_2d(find(first.values))
    share = float(first.imputed.mean())
    tries = [("multiplicative", float(f)) for f in fractions] + ([("log-ratio EM", np.nan)] if em else [])
    rows = []
    for method, fraction in tries:
        note = ""
        turned = np.full(len(reference), np.nan)
        try:
            filled = replace(x, method=method, fraction=REFERENCE if np.isnan(fraction) else fraction, **common)
        except ValueError as error:
            if method == "multiplicative":
                raise
            note = str(error)
        else:
            turned = angles(find(filled.values), reference)
        rows += [(method, fraction, k + 1, angle, share, note) for k, angle in enumerate(turned)]
    return pd.DataFrame(rows, columns=["method", "fraction", "component", "angle_deg", "imputed_share", "note"])
