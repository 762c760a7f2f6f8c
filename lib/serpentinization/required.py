"""What the choice of pathways has to reach on artificial experiments, and what it does reach."""

from __future__ import annotations

import numpy as np
import pandas as pd

from lib.kinetics import ProfileReactor

from .model import Design
from .pathways import PATHWAYS, pathway_network
from .study import inclusion_decisions, recovery

#: The full design, and one that cannot tell.
FULL, POOR = Design(), Design(durations=(10.0,), n_slices=5, solids=("H2O",))
FULL_NAME, POOR_NAME = "3 runs, 15 slices, 4 minerals", "1 short run, 5 slices, water"
#: Designs of the study of recovery: the full one, what is lost by leaving something out, and one that cannot tell.
STUDY_DESIGNS = {
    FULL_NAME: FULL,
    "1 run, 15 slices, 4 minerals": Design(durations=(40.0,)),
    "3 runs, 5 slices, 4 minerals": Design(n_slices=5),
    "3 runs, 15 slices, talc": Design(solids=("Tlc",)),
    POOR_NAME: POOR,
}
NOISES = {"1 %": 0.01, "3 %": 0.03, "10 %": 0.1}
#: Setting in which the specification asks for an error of the profile: rates of R2 ... R5, diffusivity, duration.
SETTING = ({"R2": 0.01, "R3": 0.05, "R4": 0.05, "R5": 0.5}, 0.5, 40.0)
BINS = (0.0, 0.05, 0.5, 0.95, 1.0)
LEAST_IN_BIN = 15

#: row -> (label, quantity, lower limit, upper limit).
REQUIREMENTS = {
    "profile error": ("50 cells at the default tolerance", "largest error of an amount", None, 1e-3),
    "magnesium": ("50 cells at the default tolerance", "largest change of magnesium", None, 1e-12),
    "exact 1 %": ("three runs, 15 slices, four minerals; noise 1 %", "share of pathways found", 0.95, None),
    "exact 3 %": ("three runs, 15 slices, four minerals; noise 3 %", "share of pathways found", 0.80, None),
    "exact 10 %": ("three runs, 15 slices, four minerals; noise 10 %", "share of pathways found", 0.60, None),
    "brier 1 %": ("noise 1 %", "mean squared error of inclusion", None, 0.03),
    "brier 3 %": ("noise 3 %", "mean squared error of inclusion", None, 0.05),
    "brier 10 %": ("noise 10 %", "mean squared error of inclusion", None, 0.11),
    "false 1 %": ("noise 1 %", "share of absent reactions included", None, 0.05),
    "false 3 %": ("noise 3 %", "share of absent reactions included", None, 0.10),
    "diffusivity 3 %": ("noise 3 %", "median error of log10 diffusivity", None, 0.05),
    "rates 3 %": ("noise 3 %", "median error of log10 rates", None, 0.15),
    "calibration": ("all noises, bins of inclusion probability", "largest |predicted - observed|", None, 0.12),
    "nesting": ("all searches", "networks that fit worse than a part of theirs", None, 0.0),
    "poor design fails": ("one short run, five slices, only water; 3 % (must fail)", "share of pathways found", None, 0.5),
}  # fmt: skip


def _numerics():
    """Error and magnesium balance of the profile in the specification's setting."""
    rates, diffusivity, duration = SETTING
    network = pathway_network()
    k = np.array([rates.get(name, 0.0) for name in network.names])
    reactor = ProfileReactor(network, 5.0, 50, durations=[duration])
    found, exact = (reactor.solve(k, diffusivity, atol=atol) for atol in (None, 1e-7))
    magnesium = found @ [network.elements[m]["Mg"] for m in reactor.minerals]
    return float(np.abs(found - exact).max()), float(np.abs(magnesium - magnesium[0, 0]).max())


def calibration_error(decisions) -> tuple:
    """Return the largest difference between predicted and observed shares of reactions that ran.

    Parameters
    ----------
    decisions : DataFrame
        From `lib.serpentinization.inclusion_decisions`.

    Returns
    -------
    gap, se : float
        Largest over bins with 15 decisions or more, and its standard error; zeros without such a bin.
    """
    p, ran = decisions["probability"].to_numpy(float), decisions["ran"].to_numpy(float)
    place = np.clip(np.digitize(p, BINS) - 1, 0, len(BINS) - 2)
    bins = [place == b for b in np.unique(place) if (place == b).sum() >= LEAST_IN_BIN]
    gaps = [(abs(float(p[b].mean() - ran[b].mean())), float(np.sqrt((p[b] * (1 - p[b])).sum()) / b.sum())) for b in bins]
    return max(gaps, default=(0.0, 0.0))


def acceptance_table(n_sets: int = 24, seed: int = 1, n_jobs: int = 1, *, rows=None) -> pd.DataFrame:
    """Every requirement of this case on artificial experiments, measured.

    Parameters
    ----------
    n_sets : int
        Experiments of each noise, shared by the pathways (rounded up to a multiple of their number).
    seed : int
        Streams are spawned from it, one an experiment.
    n_jobs : int
        Experiments at once; the results do not depend on it.
    rows : DataFrame, optional
        From `lib.serpentinization.recovery` of (at least) the first and last of `STUDY_DESIGNS` at noises 0.01, 0.03 and 0.1,
        in place of experiments of its own; `n_sets` is then not used.

    Returns
    -------
    DataFrame
        One row a requirement: row, label, quantity, value, se (standard error of a share or mean), limit_low, limit_high
        (NaN = none), met, n_sets.  A share or mean meets its limit when it is within 1.64 standard errors of it: the limit is
        what has to be reached on average.  The row "poor design fails" shows a design failing on purpose.
    """
    each = -(-n_sets // len(PATHWAYS))
    if rows is None:
        rows = recovery({"full": FULL}, tuple(NOISES.values()), each, seed=seed, n_jobs=n_jobs)
        poor = recovery({"poor": POOR}, (NOISES["3 %"],), each, seed=seed + 1, n_jobs=n_jobs)
    else:
        poor = rows[(rows["design"] == POOR_NAME) & (rows["noise"] == NOISES["3 %"])]
        rows = rows[rows["design"] == FULL_NAME]
    values, errors, numbers = {}, {}, {}

    def record(row, series):
        series = series.to_numpy(float)
        if not series.size:
            raise ValueError(f"no artificial experiment for {row!r}: noises 0.01, 0.03 and 0.1 of the full design are needed")
        values[row], numbers[row] = float(series.mean()), series.size
        errors[row] = float(series.std(ddof=1) / np.sqrt(series.size)) if series.size > 1 else 0.0

    for label, noise in NOISES.items():
        one = rows[rows["noise"] == noise]
        record(f"exact {label}", one["exact"])
        record(f"brier {label}", one["brier"])
        record(f"false {label}", one["fpr"])
    record("poor design fails", poor["exact"])
    three = rows[rows["noise"] == NOISES["3 %"]]
    values["diffusivity 3 %"] = float(three["log_diffusivity_error"].median())
    values["rates 3 %"] = float(three["log_rate_error"].median())
    values["calibration"], errors["calibration"] = calibration_error(inclusion_decisions(rows))
    values["nesting"] = float(rows["nesting_violations"].sum() + poor["nesting_violations"].sum())
    values["profile error"], values["magnesium"] = _numerics()
    out = []
    for row, (label, quantity, low, high) in REQUIREMENTS.items():
        value, se, n = values[row], errors.get(row, np.nan), numbers.get(row, len(rows))
        slack = 0.0
        if row in errors and quantity.startswith("share"):
            limit = low if low is not None else high
            slack = 1.645 * np.sqrt(limit * (1 - limit) / n)
        elif row in errors:
            slack = 1.645 * se
        out.append({
            "row": row, "label": label, "quantity": quantity, "value": value, "se": se,
            "limit_low": np.nan if low is None else low, "limit_high": np.nan if high is None else high,
            "met": bool((low is None or value >= low - slack) and (high is None or value <= high + slack)), "n_sets": n,
        })  # fmt: skip
    return pd.DataFrame(out)
