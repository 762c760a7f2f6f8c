"""What the choice of networks has to reach on artificial series with known reactions, and what it does reach."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.stats import norm

from .silica import DESIGNS, decisions, summary

SILICA, END, ALL = DESIGNS
#: row -> (label, quantity, design, noise, lower limit, upper limit).  The levels are those set for this system before anything
#: was run; shares are held against them with the one-sided 5 % margin of their number of series.
REQUIREMENTS = {
    "A1": ("everything, 1 % noise: right network", "exact", ALL, 0.01, 0.95, None),
    "A2": ("silica and end, 1 %: right network", "exact", END, 0.01, 0.90, None),
    "A3": ("silica and end, 3 %: right network", "exact", END, 0.03, 0.80, None),
    "A4": ("everything, 10 %: right network", "exact", ALL, 0.10, 0.60, None),
    "B1": ("silica and end, 1 %: false reactions", "fpr", END, 0.01, None, 0.05),
    "B2": ("silica and end, 3 %: false reactions", "fpr", END, 0.03, None, 0.10),
    "C1": ("silica and end, 1 %: Brier score", "brier", END, 0.01, None, 0.03),
    "C2": ("silica and end, 3 %: Brier score", "brier", END, 0.03, None, 0.05),
    "C3": ("silica and end, 10 %: Brier score", "brier", END, 0.10, None, 0.11),
    "D1": ("all: predicted against observed probability, worst of four bins", "calibration", None, None, None, 0.12),
    "E1": ("all: networks that fit worse than a part of them", "nesting", None, None, None, 0.0),
    "F1": ("silica and end, 3 %: right network more often than by BIC", "gain", END, 0.03, 0.10, None),
}
#: Chance that a choice which just meets a requirement is said to miss it.
RISK = 0.05
#: Least standard deviation of the difference between two ways of one series.
LEAST_SD = 0.35


def acceptance_table(results, *, together=False) -> pd.DataFrame:
    """Hold artificial series against the requirements.

    Parameters
    ----------
    results : list of dict
        Of `lib.reactions.recovery` over the designs "silica + solids at the end" and "everything", 1, 3 and 10 % noise.
    together : bool
        Whether the risk of 5 % that chance alone fails a choice which just meets a requirement is one of all rows together
        (Bonferroni; for a few series) instead of one of each row.

    Returns
    -------
    DataFrame
        One row a requirement: row, label, quantity, value, se (its standard error), limit_low, limit_high (NaN = none), met,
        n_sets.

    Notes
    -----
    A share or mean is met when it is within 1.645 standard errors of its limit (2.64 when all rows share the risk); the
    standard error of a share is that of a binomial at the limit.
    """
    table = summary(results).set_index(["design", "noise"])
    margin = float(norm.isf(RISK / (len(REQUIREMENTS) if together else 1)))
    by = {}
    for r in results:
        by.setdefault((r["design"], r["noise"]), []).append(r)
    rows = []
    for row, (label, quantity, design, noise, low, high) in REQUIREMENTS.items():
        value, se, n = _measure(quantity, table, by, results, design, noise, low)
        met = bool((low is None or value >= low - margin * se) and (high is None or value <= high + margin * se))
        rows.append(
            {
                "row": row, "label": label, "quantity": quantity, "value": value, "se": se,
                "limit_low": np.nan if low is None else low, "limit_high": np.nan if high is None else high, "met": met,
                "n_sets": n,
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


def _measure(quantity, table, by, results, design, noise, low):
    """Value, standard error and number of series of one requirement."""
    if quantity == "nesting":
        return float(sum(r["nesting_violations"] for r in results)), 0.0, len(results)
    if quantity == "calibration":
        from lib.network_selection import calibration_table

        bins = calibration_table(*decisions(results))
        worst = bins.loc[bins["difference"].abs().idxmax()]
        return float(abs(worst["difference"])), float(worst["error"]), len(results)
    line, sets = table.loc[(design, noise)], by[design, noise]
    n = len(sets)
    if quantity == "exact":
        return float(line["exact"]), float(np.sqrt(low * (1 - low) / n)), n
    each = [float(r["exact"]) - float(r["exact_bic"]) for r in sets] if quantity == "gain" else [r[quantity] for r in sets]
    # few series may all agree by accident, which does not make their mean exact
    least = LEAST_SD if quantity == "gain" else 0.0
    return float(np.mean(each)), float(max(np.std(each), least) / np.sqrt(n)), n
