"""Tidy frames and messages of an analysis of sediments."""

from __future__ import annotations

import numpy as np
import pandas as pd

from .geometry import WITHIN_NOISE, log_residuals

#: Number of points of a curve in the frame.
CURVE_POINTS = 41
#: Mass fraction -> unit of the table.
FROM_FRACTION = {"wt": 1e2, "ppm": 1e6, "ppb": 1e9}
#: Least stability of an end member (see `lib.unmixing.intervals`).
STABLE = 0.7
COLUMNS = {
    "directions": ["component", "label", "part", "loading", "lo90", "hi90", "unit_loading"],
    "curves": ["component", "label", "score", "part", "unit", "value", "lo90", "hi90"],
    "scores": ["sample", "group", "position", "component", "label", "score"],
    "end_members": ["end_member", "label", "part", "unit", "value", "lo90", "hi90"],
    "proportions": ["sample", "group", "position", "end_member", "label", "proportion", "lo90", "hi90"],
    "component_number": ["n_components"],
    "end_member_number": ["n_end_members"],
    "geometry": ["n_dimensions", "concentrations", "log_ratios"],
    "stability": ["family", "component", "label", "share", "stability_iq", "cone_deg", "flagged"],
    "residuals": ["family", "part", "rms", "bias"],
    "imputed": ["part", "below", "missing", "share"],
}


def empty(name: str) -> pd.DataFrame:
    """Return a frame without rows, for a family that was not asked for."""
    return pd.DataFrame(columns=COLUMNS[name])


def labels_of_factors(stability, gate) -> list[str]:
    """Names of components: IC or PC and a number; unstable or normal ones are told as such."""
    factors = stability.factors
    prefix = "PC" if factors.method == "pca" else "IC"
    named = gate.labels(prefix) if gate is not None else [f"{prefix}{k + 1}" for k in range(factors.n_components)]
    return [f"{name} (unstable)" if bad and "(" not in name else name
            for name, bad in zip(named, stability.flagged, strict=True)]  # fmt: skip


def labels_of_end_members(end_members, mean, names) -> list[str]:
    """Names of end members: a number, and the two major parts in which each is richest relative to the mean sample."""
    out = []
    with np.errstate(divide="ignore", invalid="ignore"):
        for k, row in enumerate(end_members):
            # parts that make up less than a thousandth of everything name nothing that a reader would look for
            major = row >= 1e-3 * row.sum()
            order = np.argsort(np.where(major, -np.log(row / mean), np.inf))
            rich = [names[j] for j in order[:2] if major[j] and row[j] > mean[j]]
            out.append(f"EM{k + 1}" + (f" ({', '.join(rich)})" if rich else ""))
    return out


def directions_frame(stability, names, labels) -> pd.DataFrame:
    """One row a component and part: clr loading of one standard deviation of the score, with its 90 % bootstrap interval."""
    factors = stability.factors
    low, high = stability.interval(0.9)
    # the intervals are those of runs pointed as the centrotype
    turn = np.sign(np.sum(stability.centrotype * factors.directions, axis=1))[:, None]
    low, high = np.minimum(low * turn, high * turn), np.maximum(low * turn, high * turn)
    k, d = factors.directions.shape
    return pd.DataFrame(
        {"component": np.repeat(np.arange(1, k + 1), d), "label": np.repeat(labels, d), "part": np.tile(names, k),
         "loading": factors.directions.ravel(), "lo90": low.ravel(), "hi90": high.ravel(),
         "unit_loading": factors.unit.ravel()}
    )  # fmt: skip


def curves_frame(stability, names, units, labels) -> pd.DataFrame:
    """One row a component, score and part: content along the curve, in the unit of the table, with a 90 % bootstrap band.

    The contents are those of compositions closed to the parts that were used.
    """
    factors = stability.factors
    factor = np.array([FROM_FRACTION[unit] for unit in units])
    frames = []
    for k in range(factors.n_components):
        t = factors.span(k, CURVE_POINTS)
        value = factors.curve(k, t)
        low = high = np.full(value.shape, np.nan)
        if factors.transform == "ilr":
            turn = np.sign(stability.centrotype[k] @ factors.directions[k])
            low, high = np.quantile(stability.curves(k, turn * t), [0.05, 0.95], axis=0)
        frames.append(pd.DataFrame(
            {"component": k + 1, "label": labels[k], "score": np.repeat(t, len(names)), "part": np.tile(names, len(t)),
             "unit": np.tile(units, len(t)), "value": (value * factor).ravel(), "lo90": (low * factor).ravel(),
             "hi90": (high * factor).ravel()}
        ))  # fmt: skip
    return pd.concat(frames, ignore_index=True)


def long_frame(values, compositions, what: str, column: str, labels) -> pd.DataFrame:
    """One row a sample and component (or end member), with the class and position of the sample."""
    n, k = values.shape
    groups = compositions.groups or ("",) * n
    position = np.full(n, np.nan) if compositions.position is None else compositions.position
    return pd.DataFrame(
        {"sample": np.repeat(compositions.samples, k), "group": np.repeat(groups, k), "position": np.repeat(position, k),
         what: np.tile(np.arange(1, k + 1), n), "label": np.tile(labels, n), column: values.ravel()}
    )  # fmt: skip


def unmixing_notes(mixture, samples) -> list[str]:
    """Notes of the unmixing, with samples by their names."""
    if mixture.method != "n-findr":
        return list(mixture.notes)
    # the end members are samples: those that hold nothing else
    names = [samples[i] for i in np.argmax(mixture.proportions, axis=0)]
    return [f"end members are the samples {', '.join(names)}: if none is pure, they are too much like each other"]


def unstable_end_members(intervals, labels) -> list[str]:
    """Sentences on the end members that move too far over the resamples."""
    if intervals is None:
        return []
    return [
        f"end member {label} is not reproducible: stability {value:.2f} (limit {STABLE:g}; 0 = as far as its neighbour)"
        for label, value in zip(labels, intervals.stability, strict=True)
        if not value >= STABLE
    ]


def proportions_frame(mixture, intervals, compositions, labels) -> pd.DataFrame:
    """One row a sample and end member: proportion (0-1) with its 90 % interval from the intervals of the end members."""
    frame = long_frame(mixture.proportions, compositions, "end_member", "proportion", labels)
    low = high = np.full(mixture.proportions.shape, np.nan)
    if intervals is not None:
        low, high = intervals.proportions_lower, intervals.proportions_upper
    return frame.assign(lo90=low.ravel(), hi90=high.ravel())


def end_members_frame(mixture, intervals, names, units, labels) -> pd.DataFrame:
    """One row an end member and part: content in the unit of the table, with its 90 % interval."""
    factor = np.array([FROM_FRACTION[unit] for unit in units])
    k, d = mixture.end_members.shape
    low = high = np.full((k, d), np.nan)
    if intervals is not None:
        low, high = intervals.lower, intervals.upper
    return pd.DataFrame(
        {"end_member": np.repeat(np.arange(1, k + 1), d), "label": np.repeat(labels, d), "part": np.tile(names, k),
         "unit": np.tile(units, k), "value": (mixture.end_members * factor).ravel(), "lo90": (low * factor).ravel(),
         "hi90": (high * factor).ravel()}
    )  # fmt: skip


def stability_frame(stability, gate, labels, intervals, em_labels) -> pd.DataFrame:
    """One row a component or end member; for end members ``stability_iq`` is the share of the spread that does not move."""
    frames = []
    if stability is not None:
        one = stability.frame().assign(family="factors", label=labels)
        if gate is not None:
            one = one.merge(gate.frame(), on="component", how="left")
        frames.append(one)
    if intervals is not None:
        index = np.asarray(intervals.stability, float)
        frames.append(pd.DataFrame(
            {"family": "end members", "component": np.arange(1, len(index) + 1), "label": em_labels, "stability_iq": index,
             "flagged": ~(index >= STABLE)}
        ))  # fmt: skip
    if not frames:
        return empty("stability")
    first = [c for c in COLUMNS["stability"] if any(c in f for f in frames)]
    out = pd.concat(frames, ignore_index=True)
    return out[first + [c for c in out if c not in first]]


def residuals_frame(x, relative, names, fitted: dict) -> pd.DataFrame:
    """One row a family and part: root mean square and mean of the log residuals in units of the analytical error."""
    frames = []
    for family, values in fitted.items():
        rest = log_residuals(x, values) / relative
        frames.append(pd.DataFrame({"family": family, "part": names, "rms": np.sqrt((rest**2).mean(axis=0)),
                                    "bias": rest.mean(axis=0)}))  # fmt: skip
    return pd.concat(frames, ignore_index=True) if frames else empty("residuals")


def diagnostics_frame(stability, gate, intervals, residuals: pd.DataFrame) -> pd.DataFrame:
    """Headline diagnostics: stability, not_gaussian, residual; columns name, value, limit, ok, meaning."""
    rows = []
    values = [(float(np.min(stability.iq)), stability.threshold)] if stability is not None else []
    if intervals is not None:
        values.append((float(np.min(intervals.stability)), STABLE))
    if values:
        value, limit = min(values, key=lambda pair: pair[0] - pair[1])
        rows.append(("stability", value, limit, all(v >= lim for v, lim in values),
                     "smallest stability of a component or end member over bootstrap samples, 0-1"))  # fmt: skip
    else:
        rows.append(("stability", None, STABLE, False, "not run: no resampling was asked for"))
    if gate is None:
        rows.append(("not_gaussian", None, 0.05, True, "not applicable: no independent components were asked for"))
    else:
        rows.append(("not_gaussian", float(min(gate.p_skewness, gate.p_kurtosis)), gate.level / 2, not gate.gaussian,
                     "p value of Mardia's tests; normal scores have no independent components to name"))  # fmt: skip
    worst = residuals.groupby("family")["rms"].apply(lambda r: float(np.sqrt((r**2).mean()))) if len(residuals) else []
    value = float(np.min(worst)) if len(worst) else None
    rows.append(("residual", value, WITHIN_NOISE, value is not None and value <= WITHIN_NOISE,
                 "root mean square of what the better description leaves, in units of the analytical error"))  # fmt: skip
    return pd.DataFrame(rows, columns=["name", "value", "limit", "ok", "meaning"])
