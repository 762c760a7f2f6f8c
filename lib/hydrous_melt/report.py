"""Tidy frames, diagnostics and messages of an analysis."""

from __future__ import annotations

import numpy as np
import pandas as pd

from .components import OXIDES
from .lepr import short_names

#: Larger of the stated errors of a published olivine-melt thermometer (Putirka 2008, eq. 22: 29 K hydrous, 45 K dry).
TEMPERATURE_LIMIT_K = 45.0
#: Gain of the water terms, in its standard errors, from which on it counts as seen.
SEEN = 1.0
#: Number of best equations whose terms are counted.
TOP = 100


def temperature_errors(error) -> dict:
    """Summarise errors of temperature (K; NaN = no solution): rmse_k, median_abs_k, bias_k, solved (0-1)."""
    error = np.asarray(error, float)
    good = error[np.isfinite(error)]
    if not good.size:
        return {"rmse_k": np.nan, "median_abs_k": np.nan, "bias_k": np.nan, "solved": 0.0}
    return {"rmse_k": float(np.sqrt(np.mean(good**2))), "median_abs_k": float(np.median(np.abs(good))),
            "bias_k": float(good.mean()), "solved": good.size / error.size}  # fmt: skip


def searches_frame(searches) -> pd.DataFrame:
    """One row a scheme: its best equation, and how many are as good within one standard error."""
    rows = []
    for search in searches.values():
        result, best = search.result, search.result.best
        simplest = result.one_se.sort_values(["size", "loss"]).iloc[0]
        rows.append(
            {"scheme": search.scheme, "cv_rmse_k": search.rmse, "se_k": best.loss_se / (2 * search.rmse), "n_terms": best.size,
             "terms": ", ".join(best.names), "intercept_only_k": float(np.sqrt(result.empty)), "n_equations": result.n_subsets,
             "one_se_count": int(result.one_se_count), "simplest_terms": simplest["features"],
             "simplest_rmse_k": float(np.sqrt(simplest["loss"]))}
        )  # fmt: skip
    return pd.DataFrame(rows)


def inclusion_frame(searches) -> pd.DataFrame:
    """One row a scheme and term: share of the best `TOP` equations that hold it."""
    frames = [
        search.result.inclusion("top", n=min(TOP, search.result.n_subsets)).assign(scheme=search.scheme)
        for search in searches.values()
    ]
    out = pd.concat(frames, ignore_index=True).rename(columns={"feature": "term", "frequency": "inclusion"})
    return out[["scheme", "term", "inclusion"]]


def density_frame(searches) -> pd.DataFrame:
    """One row a scheme, size and bin: number of equations by cross-validated error of y in K."""
    frames = []
    for search in searches.values():
        d = search.result.density
        frames.append(
            pd.DataFrame({"scheme": search.scheme, "size": d["size"], "loss_low": np.sqrt(d["loss_low"].clip(lower=0)),
                          "loss_high": np.sqrt(d["loss_high"].clip(lower=0)), "count": d["count"]})
        )  # fmt: skip
    return pd.concat(frames, ignore_index=True)


def sizes_frame(searches) -> pd.DataFrame:
    """One row a scheme and number of terms: the best equation of that size."""
    frames = []
    for search in searches.values():
        d = search.result.best_by_size
        rmse = np.sqrt(d["loss"])
        frames.append(
            pd.DataFrame({"scheme": search.scheme, "size": d["size"], "cv_rmse_k": rmse, "se_k": d["loss_se"] / (2 * rmse),
                          "terms": d["features"]})
        )  # fmt: skip
    return pd.concat(frames, ignore_index=True)


def by_study_frame(experiments, found) -> pd.DataFrame:
    """One row a study: pairs, largest water content, bias and error of the temperature predicted without the study's fold.

    The largest water content of a study of one or two experiments is left empty: it would be a row of the table read.
    """
    error = found["temperature_predicted_k"] - found["temperature_k"]
    names = short_names(experiments.studies)
    frame = pd.DataFrame({"study": [names[s] for s in experiments.studies], "error": error, "water": experiments.h2o_wt})
    frame["square"] = frame["error"] ** 2
    groups = frame.groupby("study")
    out = groups.agg(n=("error", "size"), h2o_max_wt=("water", "max"), bias_k=("error", "mean"), rmse_k=("square", "mean"))
    out["rmse_k"] = np.sqrt(out["rmse_k"])
    out["h2o_max_wt"] = out["h2o_max_wt"].where(out["n"] > 2)
    return out.sort_values("n", ascending=False).reset_index()


def ranges_frame(model) -> pd.DataFrame:
    """One row a variable of the calibration: lower, upper, unit."""
    units = {"T": "K", "P": "GPa", "H2O_wt": "wt%"} | dict.fromkeys(OXIDES, "mole fraction")
    return pd.DataFrame(
        [
            {"variable": name, "unit": units[name], "lower": model.lower[name], "upper": model.upper[name]}
            for name in model.lower
        ]
    )


def diagnostics_frame(nested_error, patterns, strict, curve) -> pd.DataFrame:
    """Headline diagnostics; columns name, value, limit, ok, meaning.

    Parameters
    ----------
    nested_error : dict
        Of `temperature_errors`, for equations that were searched without the fold.
    patterns : DataFrame
        Of `lib.hydrous_melt.searching.water_patterns`, with a column scheme.
    strict : str
        Scheme that decides.
    curve : DataFrame
        Of `lib.hydrous_melt.depression.depression_curves`.
    """
    rows = [("temperature_error", nested_error["rmse_k"], TEMPERATURE_LIMIT_K,
             bool(nested_error["rmse_k"] <= TEMPERATURE_LIMIT_K and nested_error["solved"] == 1),
             f"error of temperature (K) of equations searched without the fold, scheme {strict}")]  # fmt: skip
    best = {scheme: part.loc[part["rmse_k"].idxmin()] for scheme, part in patterns.groupby("scheme", sort=False)}
    row = best[strict]
    if row["n_water"] == 0 or not row["difference_se_pct"] > 0:
        gain = 0.0
    else:
        gain = float(-row["difference_pct"] / row["difference_se_pct"])
    rows.append(("water_terms", gain, SEEN, gain >= SEEN,
                 f"gain of the best water terms over none, in its standard errors, scheme {strict}"))  # fmt: skip
    different = sorted({one["pattern"] for one in best.values()})
    rows.append(("scheme_agreement", len(different), 1, len(different) == 1,
                 f"different best combinations of water terms over the schemes: {'; '.join(different)}"))  # fmt: skip
    share = float(curve["extrapolated"].mean())
    rows.append(("extrapolation", share, 0.0, share == 0, "share of the liquidus curve outside the calibration"))
    return pd.DataFrame(rows, columns=["name", "value", "limit", "ok", "meaning"])


def outside_message(curve) -> str:
    """Say where a curve leaves the calibration, "" when it does not."""
    out = curve[curve["extrapolated"]]
    if not len(out):
        return ""
    first = out.iloc[0]
    why = first["outside"] or ("an unusual combination of terms" if np.isfinite(first["liquidus_k"]) else "no solution")
    return (
        f"the liquidus curve is extrapolated at {len(out)} of {len(curve)} water contents, first at {first['h2o_wt']:g} wt% "
        f"H2O ({why}): do not use it there"
    )
