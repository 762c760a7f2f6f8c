"""Tidy frames, diagnostics and messages of an analysis of a survey."""

from __future__ import annotations

import numpy as np
import pandas as pd

from .problems import centroid_depth
from .resolution import score

#: Largest relative duality gap of a path, misfit over the noise either way, ratio of the penalties of the rules, and share of
#: moment below the depth to which single cells come back, up to which a diagnostic is met.
MOST_GAP, MOST_MISFIT, MOST_RATIO, MOST_BELOW = 1e-3, 1.5, 10.0, 0.5
#: A single cell counts as resolved when this share of its moment comes back, at a depth wrong by at most this share of it,
#: or by the width of a cell.
LEAST_MOMENT, MOST_SHIFT = 0.5, 1 / 3
#: Share of the largest magnetization of a model below which a cell does not count as magnetised in refits.
FAINT = 0.05
#: What is said where cross-validation has no minimum within the path.
TOO_SHORT = "cross-validation still falls at the weakest penalty: the path ends too early"


def observations_frame(survey, predicted) -> pd.DataFrame:
    """One row a point: point, line, easting_m, northing_m, height_m, observed_nt, predicted_nt, residual_nt.

    Parameters
    ----------
    survey : Survey
        Points.
    predicted : ndarray, shape (n_data,)
        Anomaly of the model, nT.

    Returns
    -------
    DataFrame
        In the order of the survey.
    """
    return pd.DataFrame({
        "point": np.arange(1, survey.n + 1), "line": survey.line, "easting_m": survey.easting_m,
        "northing_m": survey.northing_m, "height_m": survey.height_m, "observed_nt": survey.anomaly_nt,
        "predicted_nt": predicted, "residual_nt": survey.anomaly_nt - predicted,
    })  # fmt: skip


def model_frame(model, mesh, selection) -> pd.DataFrame:
    """One row a cell: layer, north, east, its place, magnetization_am, selection_frequency, mean_am and sd_am of the refits.

    Parameters
    ----------
    model : ndarray, shape (n_cells,)
        A/m.
    mesh : Mesh
        Cells.
    selection : SelectionMap
        Refits.

    Returns
    -------
    DataFrame
        Also easting_m, northing_m, height_m, depth_m (of the centre), in the order of the mesh.
    """
    layer, north, east = (index.ravel() for index in np.indices(mesh.shape))
    x, y, z = mesh.centres.T
    return pd.DataFrame({
        "layer": layer, "north": north, "east": east, "easting_m": x, "northing_m": y, "height_m": z, "depth_m": mesh.depth,
        "magnetization_am": model, "selection_frequency": selection.frequency, "mean_am": selection.mean,
        "sd_am": selection.sd,
    })  # fmt: skip


def depths_frame(model, mesh, resolution) -> pd.DataFrame:
    """One row a layer: layer, depth_m, moment_share, resolved (bool).

    Parameters
    ----------
    model : ndarray, shape (n_cells,)
        A/m.
    mesh : Mesh
        Cells.
    resolution : DataFrame
        From `point_spread` with the noise of the data, one cell a layer.

    Returns
    -------
    DataFrame
        Resolved down to the first layer where a single cell does not come back.
    """
    moment = np.abs(mesh.cube(model * mesh.volume)).sum(axis=(1, 2))
    total = moment.sum()
    width = float(np.diff(mesh.east_edges_m).mean())
    near = resolution["deeper_m"].abs() <= np.maximum(MOST_SHIFT * resolution["depth_m"], width)
    back = ((resolution["moment_ratio"] >= LEAST_MOMENT) & near).to_numpy()
    return pd.DataFrame({
        "layer": np.arange(mesh.shape[0]), "depth_m": mesh.cube(mesh.depth).mean(axis=(1, 2)),
        "moment_share": moment / total if total > 0 else np.nan, "resolved": np.logical_and.accumulate(back),
    })  # fmt: skip


def numbers_frame(problem, model, choice, body, predicted, sigma_nt, reference_am) -> pd.DataFrame:
    """Headline numbers: name, value, unit.

    Parameters
    ----------
    problem : Problem
        Survey, mesh and, where known, truth.
    model : ndarray, shape (n_cells,)
        A/m.
    choice : PenaltyChoice
        Path and penalty.
    body : CompactFit or None
        The compact model, where asked for.
    predicted : ndarray, shape (n_data,)
        Anomaly of the model, nT.
    sigma_nt : float
        Noise.
    reference_am : float
        Magnetization of the uniform ground from which the model departs, 0 = none.

    Returns
    -------
    DataFrame
        lambda, rms_nt, sigma_nt, duality_gap, centroid_depth_m, n_active, largest_am, reference_am where there is one;
        corr_truth and true_centroid_depth_m where the truth is known; bound_am of a compact model.
    """
    rms = float(np.sqrt(np.mean((problem.survey.anomaly_nt - predicted) ** 2)))
    gap = float(choice.path.relative_gap.max()) if body is None else body.relative_gap
    rows = [
        ("lambda", choice.penalty, "nT^2"), ("rms_nt", rms, "nT"), ("sigma_nt", float(sigma_nt), "nT"),
        ("duality_gap", gap, "1"), ("centroid_depth_m", centroid_depth(problem.mesh, model), "m"),
        ("n_active", float(np.count_nonzero(model)), "1"), ("largest_am", float(np.abs(model).max()), "A/m"),
    ]  # fmt: skip
    if reference_am:
        rows.append(("reference_am", float(reference_am), "A/m"))
    if body is not None and np.isfinite(body.bound_am):
        rows.append(("bound_am", body.bound_am, "A/m"))
    if problem.truth is not None:
        truth = problem.truth if problem.reference is None else problem.truth - problem.reference
        marks = score(model, truth, problem.mesh)
        rows += [("corr_truth", marks["corr_truth"], "1"), ("true_centroid_depth_m", marks["true_centroid_depth_m"], "m")]
    frame = pd.DataFrame(rows, columns=["name", "value", "unit"])
    return frame[np.isfinite(frame["value"])].reset_index(drop=True)


def diagnostics_frame(choice, numbers, depths, body, assumed=False) -> pd.DataFrame:
    """Headline diagnostics: duality_gap, misfit, choices_agree, resolved_depth.

    Parameters
    ----------
    choice : PenaltyChoice
        Path and rules.
    numbers, depths : DataFrame
        From `numbers_frame` and `depths_frame`.
    body : CompactFit or None
        The compact model.
    assumed : bool
        The noise was assumed, not measured.

    Returns
    -------
    DataFrame
        Columns name, value, limit, ok, meaning.  choices_agree is not ok either where cross-validation still falls at the
        weakest penalty; it is 1 where one rule alone has an answer.
    """
    value = dict(zip(numbers["name"], numbers["value"], strict=True))
    ratio = value["rms_nt"] / value["sigma_nt"] if value["sigma_nt"] > 0 else np.inf
    misfit = max(ratio, 1 / ratio) if ratio > 0 else np.inf
    found = [choice.path.penalties[i] for i in choice.picks.values() if i is not None]
    spread = float(max(found) / min(found))
    below = float(depths.loc[~depths["resolved"], "moment_share"].sum())
    limit = MOST_GAP if body is None else 10 * MOST_GAP
    what = "of the path" if body is None else "of the compact model"
    error = "; error assumed, not measured" if assumed else ""
    agree = "largest over smallest penalty of the rules that have an answer"
    if choice.ends_early:
        agree = f"{agree}; {TOO_SHORT}"
    explained = f"misfit over noise or its inverse: 1 when the data are explained and not their noise{error}"
    rows = [
        ("duality_gap", value["duality_gap"], limit, f"largest relative duality gap {what}"),
        ("misfit", misfit, MOST_MISFIT, explained),
        ("choices_agree", spread, MOST_RATIO, agree),
        ("resolved_depth", below, MOST_BELOW, "share of the magnetic moment below the depth to which single cells come back"),
    ]  # fmt: skip
    frame = pd.DataFrame(rows, columns=["name", "value", "limit", "meaning"])
    early = (frame["name"] == "choices_agree") & choice.ends_early
    frame.insert(3, "ok", (frame["value"] <= frame["limit"]) & ~early)
    return frame


def warnings(choice, frames, assumed_nt=None) -> list:
    """Messages on what a reader must know.

    Parameters
    ----------
    choice : PenaltyChoice
        Path and rules.
    frames : dict
        Frames of the analysis.
    assumed_nt : float, optional
        Noise in nT that was assumed and not measured; None where it is known.

    Returns
    -------
    list of (level, code, text)
        Warnings for failed diagnostics, notes otherwise.
    """
    failed = frames["diagnostics"][~frames["diagnostics"]["ok"].astype(bool)]
    out = [("warning", r.name, f"{r.name}: {r.value:.3g}, limit {r.limit:g} ({r.meaning})") for r in failed.itertuples()]
    if assumed_nt is not None:
        text = (
            f"misfit: error assumed, not measured ({assumed_nt:.3g} nT): whether the data are explained to their noise is not "
            "known; give sigma_nt, or a column anomaly_nt_err"
        )
        out.append(("warning", "misfit", text))
    silent = [rule for rule, index in choice.picks.items() if index is None]
    if silent:
        out.append(("note", "rules", f"no answer on this path: {', '.join(silent)}"))
    if len(silent) == len(choice.picks) - 1:
        out.append(("note", "rules", "one rule alone has an answer: nothing is there that it could agree with"))
    if choice.ends_early:
        out.append(("warning", "choices_agree", f"{TOO_SHORT} (lower `smallest`)"))
    elif choice.index == len(choice.path.penalties) - 1:
        text = "the penalty chosen is the smallest of the path: a smaller one may be better (lower `smallest`)"
        out.append(("warning", "path_end", text))
    frequency = frames["model"]["selection_frequency"]
    size = frames["model"]["magnetization_am"].abs()
    used = size > FAINT * size.max()
    if used.any():
        text = (
            f"{int((frequency[used] >= 0.5).sum())} of {int(used.sum())} magnetised cells "
            f"(above {FAINT:.0%} of the strongest) return in half of the refits"
        )
        out.append(("note", "selection", text))
    return out
