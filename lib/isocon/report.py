"""Tidy frames and messages of one analysed group."""

from __future__ import annotations

import numpy as np
import pandas as pd

from . import classical, messages
from .results import AMBIGUOUS_SHARE, IsoconFit
from .sparse import fit_convex, fit_geometric_median, fit_median, fit_reference
from .tabular import TO_WT

#: Limits of the headline diagnostics.
SPREAD_LIMIT_PCT = 15.0


def mass_frame(result: IsoconFit, bootstrap=None, fresh=None) -> pd.DataFrame:
    """One row a sample: slope, mass change with its intervals, volume change where densities are known."""
    data = result.data
    low, high = result.interval()
    frame = pd.DataFrame(
        {"sample": data.samples, "position": np.nan if data.position is None else data.position, "m": result.m,
         "m_se": result.se, "slope": result.slope, "mass_ratio": result.mass_ratio,
         "mass_change_pct": result.mass_change_pct, "lo95_pct": low, "hi95_pct": high}
    )  # fmt: skip
    for label, resampling in (("bootstrap", bootstrap), ("fresh_bootstrap", fresh)):
        limits = (np.nan, np.nan) if resampling is None else resampling.interval()
        frame[f"{label}_lo95_pct"], frame[f"{label}_hi95_pct"] = limits
    if data.density_altered is not None and data.density_fresh:
        volume = [100 * classical.volume_change(np.asarray(1 + v / 100), data.density_fresh, data.density_altered)
                  for v in (result.mass_change_pct, low, high)]  # fmt: skip
        frame["volume_change_pct"], frame["volume_lo95_pct"], frame["volume_hi95_pct"] = volume
    else:
        frame["volume_change_pct"] = frame["volume_lo95_pct"] = frame["volume_hi95_pct"] = np.nan
    return frame


def gains_frame(result: IsoconFit) -> pd.DataFrame:
    """One row an element and sample: tau in per cent, and gain or loss in wt% of the original mass, with intervals.

    ``kind`` is "value", "upper bound" (censored: the change is at most this) or "not analysed".
    """
    data = result.data
    se = result.log_tau_se()
    log_tau = data.log_ratio - result.m
    c0_wt = np.array([c * TO_WT.get(u, np.nan) for c, u in zip(data.c0, data.units, strict=True)])
    kind = np.where(data.below, "upper bound", np.where(np.isfinite(log_tau), "value", "not analysed"))
    n_elements, n_samples = data.shape
    out = {
        "element": np.repeat(data.elements, n_samples),
        "sample": np.tile(data.samples, n_elements),
        "position": np.nan if data.position is None else np.tile(data.position, n_elements),
        "kind": kind.ravel(),
    }
    levels = {"": log_tau, "lo95": np.where(data.below, -np.inf, log_tau - 1.96 * se), "hi95": log_tau + 1.96 * se}
    for label, value in levels.items():
        out[f"{label}_pct" if label else "tau_pct"] = 100 * np.expm1(value).ravel()
    for label, value in levels.items():
        out[f"gain_{label}_wt" if label else "gain_wt"] = (c0_wt[:, None] * np.expm1(value)).ravel()
    frame = pd.DataFrame(out)
    return frame.assign(immobile=np.repeat(result.immobile, n_samples))


def elements_frame(result: IsoconFit, em: IsoconFit, stability, entry: pd.Series, log_odds) -> pd.DataFrame:
    """One row an element: vote, distance from the isocon, membership, probability, selection frequency, entry."""
    data = result.data
    frequency = np.nan if stability is None else stability.frequency
    return pd.DataFrame(
        {"element": data.elements, "unit": data.units, "c0": data.c0, "sigma_protolith": data.sigma_protolith,
         "fresh_scatter": data.fresh_scatter, "vote": data.weight, "n_cells": data.dof, "immobile": result.immobile,
         "distance": result.distance / np.sqrt(data.dof), "weight": result.weight, "p_immobile": em.p_immobile,
         "prior": np.nan if log_odds is None else 1 / (1 + np.exp(-log_odds)),
         "selection_frequency": frequency, "entry_threshold": entry.reindex(list(data.elements)).to_numpy()}
    )  # fmt: skip


def is_ambiguous(result: IsoconFit, em: IsoconFit, sparse: IsoconFit) -> bool:
    """Whether any of the fits has a rival isocon, or no two elements agree at all."""
    return result.ambiguous or em.ambiguous or sparse.ambiguous or sparse.n_modes == 0


def modes_frame(result: IsoconFit, em: IsoconFit, sparse: IsoconFit) -> pd.DataFrame:
    """One row a mode and sample: those of Algorithm S, best first, of the chosen method if it has its own, of the mixture.

    ``supported`` tells the modes with at least 1.5 effective elements from elements that stand alone.
    """
    fits = [sparse, *([result] if result.modes and result is not sparse and result is not em else []), em]
    frames = [
        pd.DataFrame(
            {"source": one.method, "mode": j + 1, "effective_number": mode.effective_number,
             "supported": mode.supported, "objective": mode.objective, "members": " ".join(mode.members),
             "sample": one.data.samples, "mass_change_pct": mode.mass_change_pct,
             "mass_change_refit_pct": mode.mass_change_refit_pct}
        )
        for one in fits
        for j, mode in enumerate(one.modes)
    ]  # fmt: skip
    return pd.concat(frames, ignore_index=True)


def comparison_frame(data, result: IsoconFit, em: IsoconFit, sparse: IsoconFit) -> pd.DataFrame:
    """Mass change of every sample by the classical methods and by ours, with intervals where the method has one."""
    rows = []

    def add(label, change, low=np.nan, high=np.nan):
        rows.append(pd.DataFrame({"method": label, "sample": data.samples, "mass_change_pct": change,
                                  "lo95_pct": low, "hi95_pct": high}))  # fmt: skip

    for label, one in (("this analysis", result), ("sparse", sparse), ("em", em),
                       ("convex", fit_convex(data)), ("geometric median", fit_geometric_median(data)),
                       ("median", fit_median(data))):  # fmt: skip
        add(label, one.mass_change_pct, *(one.interval() if label in ("this analysis", "sparse", "em") else ()))
    seen = np.isfinite(data.log_ratio) & ~data.below
    counted = np.maximum(seen.sum(axis=0), 1)
    add("mean log ratio", 100 * np.expm1(-np.where(seen, data.log_ratio, 0).sum(axis=0) / counted))
    reference = [e for e in ("Al2O3", "TiO2", "Zr", "Al", "Ti") if e in data.elements]
    reference = [e for e in reference if seen[data.index([e])[0]].all()]
    for name in reference:
        one = fit_reference(data, [name])
        half = 1.96 * one.se
        add(f"constant {name}", one.mass_change_pct, 100 * np.expm1(-one.m - half), 100 * np.expm1(-one.m + half))
    if len(reference) > 1:
        add(f"constant mean of {', '.join(reference)}", fit_reference(data, reference).mass_change_pct)
    grant, weighted = np.full((2, data.shape[1]), np.nan), np.full((3, data.shape[1]), np.nan)
    for n in range(data.shape[1]):
        ok = seen[:, n]
        if ok.sum() < 2:
            continue
        pair = data.c0[ok], data.altered[ok, n]
        both = classical.least_squares_slope(*pair), classical.average_slope(*pair)
        grant[:, n] = 100 * classical.mass_change(both)
        s = classical.baumgartner_olsen(*pair, data.sigma_protolith[ok], data.sigma_altered[ok, n])
        slope = np.array([s.slope, s.slope + 1.96 * s.se, max(s.slope - 1.96 * s.se, 1e-6)])
        weighted[:, n] = 100 * classical.mass_change(slope)
    add("Grant, unscaled least squares, all elements", grant[0])
    add("Grant, mean slope, all elements", grant[1])
    add("weighted least squares, 2.5 sigma rejection", *weighted)
    return pd.concat(rows, ignore_index=True)


def totals(data) -> tuple[float, np.ndarray] | None:
    """Sum of the analysed parts in wt% of the original rock and of each altered sample (N,); None if incomplete."""
    factor = np.array([TO_WT.get(u, np.nan) for u in data.units])
    weights = np.array([e not in ("LOI",) or not {"H2O", "CO2"} & set(data.elements) for e in data.elements])
    if "SiO2" not in data.elements or not np.isfinite(factor).all():
        return None
    first = float(np.sum(data.c0 * factor * weights))
    parts = np.where(np.isfinite(data.altered) & ~data.below, data.altered, 0.0)
    second = (parts * (factor * weights)[:, None]).sum(axis=0)
    return (first, second) if first > 90 else None


def diagnostics_frame(result: IsoconFit, em: IsoconFit, sparse: IsoconFit, bootstrap) -> pd.DataFrame:
    """Headline diagnostics: ambiguity, bootstrap spread, closure; columns name, value, limit, ok, meaning."""
    fits = (result, em, sparse)
    share = max((m.effective_number / one.modes[0].effective_number for one in fits for m in one.rivals()), default=0.0)
    rows = [
        ("ambiguity", share, AMBIGUOUS_SHARE, not is_ambiguous(*fits),
         "support of the best far-away isocon relative to the chosen one, by the sparse fit or the mixture"),
    ]  # fmt: skip
    if bootstrap is None:
        rows.append(("bootstrap_spread", None, SPREAD_LIMIT_PCT, False, "not run: no resampling was asked for"))
    else:
        low, high = bootstrap.interval()
        spread = float(np.median((high - low) / 2))
        rows.append(("bootstrap_spread", spread, SPREAD_LIMIT_PCT, spread <= SPREAD_LIMIT_PCT,
                     "median half width of the 95 % bootstrap interval of the mass change, percentage points"))  # fmt: skip
    sums = totals(result.data)
    if sums is None:
        rows.append(("closure", None, messages.CLOSURE_LIMIT_WT, True, "not applicable: the analysis is not complete"))
    else:
        worst = float(np.max(np.abs(sums[1] - sums[0])))
        rows.append(("closure", worst, messages.CLOSURE_LIMIT_WT, worst <= messages.CLOSURE_LIMIT_WT,
                     "largest difference between the totals of an altered sample and of the original rock, wt%"))  # fmt: skip
    return pd.DataFrame(rows, columns=["name", "value", "limit", "ok", "meaning"])


def messages_frame(
    result: IsoconFit, em: IsoconFit, sparse: IsoconFit, stability, sensitivity: pd.DataFrame, priors
) -> pd.DataFrame:
    """Warnings and notes: columns level, code, text."""
    rows = messages.collect(result, em, sparse, stability, sensitivity, priors, totals(result.data))
    return pd.DataFrame(rows, columns=["level", "code", "text"])
