"""Frames, diagnostics and messages of an analysis."""

from __future__ import annotations

import numpy as np
import pandas as pd

#: Limits of the headline diagnostics.
MOST_RHAT, LEAST_ESS, MOST_MISFIT, LEAST_REACHED = 1.01, 1000.0, 2.0, 0.99
#: A factor on errors above this is worth a message.
NOTABLE_SCALE = 1.5


def residual_frame(model, draws) -> pd.DataFrame:
    """Return standardised residuals of every measurement.

    Parameters
    ----------
    model : EosModel
        Measurements and form.
    draws : array, shape (n, d)
        From its posterior.

    Returns
    -------
    DataFrame
        Columns sample_id, data_set, kind, pressure_gpa, quantity (density, sound speed), residual (mean over the posterior, in
        standard deviations: measured minus model), square (mean of its square).
    """
    found = model.pointwise(draws)
    frame = model.measurements.frame
    parts = []
    for k, quantity in ((1, "density"), (2, "sound speed")):
        z = found[..., k]
        there = np.isfinite(z).any(axis=0)
        part = frame.loc[there, ["sample_id", "data_set", "kind", "pressure_gpa"]].copy()
        part["quantity"] = quantity
        part["residual"], part["square"] = np.nanmean(z[:, there], axis=0), np.nanmean(z[:, there] ** 2, axis=0)
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def correlation_frame(inference) -> pd.DataFrame:
    """Return correlations of the parameters in the posterior: columns first, second, correlation."""
    names, r = inference.names, np.corrcoef(inference.chain.flat().T)
    rows = [(names[i], names[j], r[i, j]) for i in range(len(names)) for j in range(i)]
    return pd.DataFrame(rows, columns=["first", "second", "correlation"])


def diagnostics_frame(parameters, residuals, numbers) -> pd.DataFrame:
    """Headline diagnostics: rhat, ess, misfit, core_reached.

    Parameters
    ----------
    parameters : DataFrame
        From `Inference.summary`.
    residuals : DataFrame
        From `residual_frame`.
    numbers : DataFrame
        From `lib.eos.core_numbers`.

    Returns
    -------
    DataFrame
        Columns name, value, limit, ok, meaning.
    """
    ess = parameters[["ess_bulk", "ess_tail"]].to_numpy().min()
    misfit = float(residuals.groupby("data_set")["square"].mean().max())
    reached = float(numbers["reached"].min())
    rows = [
        ("rhat", float(parameters["rhat"].max()), MOST_RHAT, "largest R-hat of a parameter, over independent chains"),
        ("ess", float(ess), LEAST_ESS, "smallest effective sample size of a parameter, bulk or tail"),
        ("misfit", misfit, MOST_MISFIT, "largest mean squared residual of a data set, in units of its (scaled) errors"),
        ("core_reached", reached, LEAST_REACHED, "share of the draws that are a liquid all through the outer core"),
    ]
    frame = pd.DataFrame(rows, columns=["name", "value", "limit", "meaning"])
    above = frame["name"].isin(["ess", "core_reached"])
    frame.insert(3, "ok", np.where(above, frame["value"] >= frame["limit"], frame["value"] <= frame["limit"]))
    return frame


def messages(measurements, parameters, diagnostics) -> pd.DataFrame:
    """What a reader must know: columns level, code, text.

    Parameters
    ----------
    measurements : Measurements
        Whose notes are passed on.
    parameters, diagnostics : DataFrame
        Frames of the analysis.

    Returns
    -------
    DataFrame
    """
    rows = [("note", "prepare", text) for text in measurements.notes]
    rows += [
        ("warning", row.name, f"{row.name}: {row.value:.4g}, limit {row.limit:g} ({row.meaning})")
        for row in diagnostics[~diagnostics["ok"]].itertuples()
    ]
    own = parameters[~parameters["parameter"].str.startswith("s[")]
    blind = own.loc[~own["identified"], "parameter"].tolist()
    if blind:
        text = f"{', '.join(blind)}: the posterior is about the prior; the measurements do not tell"
        rows.append(("note", "unidentified", text))
    for row in parameters[parameters["parameter"].str.startswith("s[")].itertuples():
        factor = float(np.exp(row.median))
        if factor > NOTABLE_SCALE:
            text = f"errors of {row.parameter[2:-1]} are too small by a factor of about {factor:.1f}"
            rows.append(("note", "errors", text))
    few = measurements.frame["data_set"].value_counts()
    static = measurements.frame["kind"].eq("static").sum()
    if not static:
        rows.append(
            ("note", "static", "no static measurement at high pressure: see the designs of section B for what they add")
        )
    alone = few[few < 3].index.tolist()
    if alone:
        rows.append(("note", "errors", f"fewer than three rows, errors taken as stated: {', '.join(alone)}"))
    return pd.DataFrame(rows, columns=["level", "code", "text"])
