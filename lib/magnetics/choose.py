"""Choice of the penalty by three rules that fail in different ways: L-curve, discrepancy, and cross-validation by lines."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.interpolate import CubicSpline

from lib.tasks import run_tasks

from .elastic_net import Path, column_weights, elastic_net_path
from .matrices import product, scaled_rows

RULES = ("discrepancy", "cross_validation", "l_curve")
#: Misfit over sigma at which the discrepancy rule stops: noise of a few hundred data scatters by that much.
DISCREPANCY = 1.0


@dataclass(frozen=True, eq=False)
class PenaltyChoice:
    """A path, the three choices on it, and the one taken.

    Parameters
    ----------
    path : Path
        Models of all penalties.
    frame : DataFrame
        One row a penalty: penalty, rms_nt, chi2 (of a datum; NaN without sigma), misfit_log10, norm_log10, curvature
        (signed, of the L-curve), cv_rms_nt, cv_se_nt, n_active, relative_gap, and a column a rule, True at its choice.
    picks : dict
        Rule -> index into the path; None where the rule has no answer.  An L-curve has one only where its corner (largest
        curvature, above zero) is interior, with a curvature on either side of it.
    method : str
        Rule that was followed.
    """

    path: Path
    frame: pd.DataFrame
    picks: dict
    method: str

    @property
    def index(self) -> int:
        """Index of the choice."""
        return self.picks[self.method]

    @property
    def model(self) -> np.ndarray:
        """Magnetisation of the choice, A/m, shape (n_cells,)."""
        return self.path.models[self.index]

    @property
    def penalty(self) -> float:
        """Lambda of the choice."""
        return float(self.path.penalties[self.index])

    @property
    def ends_early(self) -> bool:
        """Whether cross-validation still falls at the weakest penalty, so that its minimum may lie beyond the path."""
        return self.picks["cross_validation"] == len(self.path.penalties) - 1


def corner(curvature) -> int | None:
    """Index of the corner of an L-curve.

    Parameters
    ----------
    curvature : array-like, shape (n,)
        Signed, see `signed_curvature`; NaN where there is none.

    Returns
    -------
    int or None
        Of the largest curvature, when it is above zero and neither the first nor the last that there is; a curve that still
        bends more and more where it ends has shown no corner.
    """
    curvature = np.asarray(curvature, float)
    known = np.flatnonzero(np.isfinite(curvature))
    if known.size < 3:
        return None
    best = int(known[curvature[known].argmax()])
    return best if curvature[best] > 0 and best not in (known[0], known[-1]) else None


def signed_curvature(penalties, misfit, norm) -> np.ndarray:
    """Curvature of the L-curve, positive where it bends as the corner of an L does.

    Parameters
    ----------
    penalties : array-like, shape (n,)
        Lambda, in falling order.
    misfit, norm : array-like, shape (n,)
        Positive measures of misfit and of the model; logarithms are taken.

    Returns
    -------
    ndarray, shape (n,)
        Of a cubic spline through the points in log10 lambda; NaN at the two ends, where the spline has no neighbours, and
        where a norm is zero.

    References
    ----------
    Hansen and O'Leary (1993), SIAM J. Sci. Comput. 14, 1487, Eq. 18 (curvature); signed here, because a path also has bends
    of the other sign, which its absolute value would take for corners.
    """
    penalties, misfit, norm = (np.asarray(a, float) for a in (penalties, misfit, norm))
    out = np.full(penalties.size, np.nan)
    use = (norm > 0) & (misfit > 0)
    if use.sum() < 5:
        return out
    t = np.log10(penalties[use])[::-1]
    x, y = (CubicSpline(t, np.log10(a[use])[::-1]) for a in (misfit, norm))
    speed = x(t, 1) ** 2 + y(t, 1) ** 2
    bend = (x(t, 1) * y(t, 2) - y(t, 1) * x(t, 2)) / np.maximum(speed, 1e-300) ** 1.5
    bend[[0, -1]] = np.nan
    out[use] = bend[::-1]
    return out


def line_folds(line, n_folds: int) -> np.ndarray:
    """Deal whole flight lines to folds in turn.

    Parameters
    ----------
    line : array-like, shape (n_data,)
        Label of the line (or block) of every datum, neighbours in neighbouring order.
    n_folds : int
        2 or more, at most the number of lines.

    Returns
    -------
    ndarray of int, shape (n_data,)
        Fold of every datum.  Points of one line are never apart, because neighbours on a line predict each other.

    Raises
    ------
    ValueError
        When there are fewer lines than folds.
    """
    _, first, number = np.unique(np.asarray(line), return_index=True, return_inverse=True)
    if not 2 <= n_folds <= first.size:
        raise ValueError(
            f"cross-validation by lines: {n_folds} folds of {first.size} lines; give 2 to {first.size} folds, or blocks"
        )
    rank = np.argsort(np.argsort(first))
    return rank[number] % n_folds


def spatial_blocks(easting_m, northing_m, size_m: float) -> np.ndarray:
    """Labels of square blocks, for surveys whose lines are not known.

    Parameters
    ----------
    easting_m, northing_m : array-like, shape (n_data,)
        Positions in m.
    size_m : float
        Side of a block in m.

    Returns
    -------
    ndarray of str, shape (n_data,)
        Such as "block 3 2".
    """
    columns, rows = (np.floor((np.asarray(a) - np.min(a)) / size_m).astype(int) for a in (easting_m, northing_m))
    return np.array([f"block {r} {c}" for r, c in zip(rows, columns, strict=True)])


def _fold_errors(matrix, data, use, penalties, options):
    """Squared errors of the data left out, one row a penalty."""
    path = elastic_net_path(scaled_rows(matrix, use), data[use], penalties=penalties * use.mean(), **options)
    left = scaled_rows(matrix, ~use)
    return [float(((product(left, m) - data[~use]) ** 2).mean()) for m in path.models]


def choose_penalty(
    matrix, data, *, sigma_nt=None, line=None, n_folds: int = 5, n_jobs: int = 1, method: str = "auto", **options
) -> PenaltyChoice:
    """Fit a path and choose on it.

    Parameters
    ----------
    matrix : ndarray or operator, shape (n_data, n_cells)
        Anomaly of every cell, nT per A/m.
    data : array-like, shape (n_data,)
        Anomaly in nT.
    sigma_nt : float, optional
        Standard deviation of the noise; None = not known, then there is no discrepancy rule.
    line : array-like, shape (n_data,), optional
        Flight line or block of every datum; None = no cross-validation.
    n_folds : int
        Of the cross-validation.
    n_jobs : int
        Folds at once.
    method : {"auto", "discrepancy", "cross_validation", "l_curve"}
        Rule to follow; auto takes the first of the three that has an answer.
    **options
        Of `elastic_net_path`.

    Returns
    -------
    PenaltyChoice
        All three choices are marked in its frame, whichever is followed.

    Raises
    ------
    ValueError
        When the method is unknown or has no answer.
    """
    if method not in ("auto", *RULES):
        raise ValueError(f"method of choosing the penalty: {method!r} is not one of auto, {', '.join(RULES)}")
    data = np.asarray(data, float)
    options = dict(options)
    weights = options.pop("weights", None)
    options["weights"] = column_weights(matrix, options.pop("exponent", 0.75)) if weights is None else weights
    path = elastic_net_path(matrix, data, **options)
    frame = path.frame().drop(columns=["objective", "penalty_term"])
    frame["chi2"] = np.nan if sigma_nt is None else (path.rms_nt / sigma_nt) ** 2
    with np.errstate(divide="ignore"):
        frame["misfit_log10"] = np.log10(path.rms_nt * np.sqrt(data.size))
        frame["norm_log10"] = np.where(path.penalty_term > 0, np.log10(path.penalty_term), np.nan)
    frame["curvature"] = signed_curvature(path.penalties, path.rms_nt, path.penalty_term)
    picks = dict.fromkeys(RULES)
    picks["l_curve"] = corner(frame["curvature"])
    if sigma_nt is not None:
        picks["discrepancy"] = path.first_below(DISCREPANCY * sigma_nt)
    frame["cv_rms_nt"] = frame["cv_se_nt"] = np.nan
    if line is not None:
        folds = line_folds(line, n_folds)
        again = {k: v for k, v in options.items() if k not in ("penalties", "n_penalties", "smallest", "stop_rms_nt")}
        tasks = [
            {"matrix": matrix, "data": data, "use": folds != f, "penalties": path.penalties, "options": again}
            for f in range(n_folds)
        ]
        squares = np.array(run_tasks(_fold_errors, tasks, n_jobs=n_jobs, label="folds"))
        mean, spread = squares.mean(axis=0), squares.std(axis=0, ddof=1) / np.sqrt(n_folds)
        frame["cv_rms_nt"], frame["cv_se_nt"] = np.sqrt(mean), spread / (2 * np.sqrt(mean))
        picks["cross_validation"] = int(mean.argmin())
    for rule in RULES:
        frame[rule] = np.arange(len(frame)) == (-1 if picks[rule] is None else picks[rule])
    asked = method
    if method == "auto":
        method = next((rule for rule in RULES if picks[rule] is not None), "l_curve")
    if picks[method] is None:
        others = [] if sigma_nt is None else ["discrepancy"]
        rules = [method] if asked != "auto" else [*others, "l_curve"]
        raise ValueError("; ".join(_no_answer(rule, path, sigma_nt) for rule in rules))
    return PenaltyChoice(path, frame, picks, method)


def _no_answer(method, path, sigma_nt):
    """Say why a rule has no answer, and what to do."""
    if method == "discrepancy" and sigma_nt is not None:
        return (
            f"discrepancy: the smallest misfit on the path is {path.rms_nt.min():.3g} nT, above sigma = {sigma_nt:g} nT; "
            "use smaller penalties (smallest), a finer or deeper mesh, or a larger sigma"
        )
    needs = {
        "discrepancy": "give sigma_nt",
        "cross_validation": "give line",
        "l_curve": "the curve has no corner within the path; use more penalties (n_penalties) or smaller ones (smallest)",
    }
    return f"{method} has no answer: {needs[method]}"
