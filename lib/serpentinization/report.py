"""Tidy frames, diagnostics and messages of an analysis of profiles."""

from __future__ import annotations

import numpy as np
import pandas as pd

from lib.kinetics import StepFailure

from .pathways import DIFFUSIVITY_NAME

#: Networks listed, most probable first.
N_NETWORKS = 20
#: Probability of the best network from which on the pathway counts as found.
IDENTIFIED = 0.5
#: Ratio of the ends of the diffusivity's interval up to which it counts as measured.
DECADE = 10.0
#: Reduced chi-square, and correlation of neighbouring residuals, up to which a fit is good.
MOST_CHI_SQUARE, MOST_CORRELATION = 2.0, 0.5
#: Share of a mineral's largest amount in the column that marks the edge of its zone.
ZONE_EDGE = 0.5
QUANTILES = (0.5, 0.025, 0.975)


def posterior_draws(search, n_draws, rng) -> np.ndarray:
    """Draw rate constants and diffusivity from the posterior over networks.

    Parameters
    ----------
    search : lib.network_selection.NetworkSearch
        With the fit of every network.
    n_draws : int
        Number of draws.
    rng : numpy.random.Generator
        Source of the draws.

    Returns
    -------
    ndarray, shape (n_draws, n + 1)
        Networks in proportion to their probability; around the best fit of each a normal distribution of the rates, cut off at
        zero, and of the logarithm of the diffusivity.
    """
    p = search.networks["probability"].to_numpy(float)
    chosen = rng.choice(len(p), size=n_draws, p=p / p.sum())
    out = np.zeros((n_draws, search.k.shape[1]))
    for i, row in enumerate(chosen):
        fit = search.fit(int(search.networks["mask"].iloc[row]))
        spread = np.linalg.inv(fit.hessian)
        for _ in range(50):
            step = rng.multivariate_normal(np.zeros(fit.active.size), spread, method="eigh")
            draw = np.append(fit.k[fit.active][:-1] + step[:-1], fit.k[-1] * np.exp(step[-1]))
            if (draw >= 0).all():
                break
        out[i, fit.active] = np.maximum(draw, 0.0)
    return out


def _bands(values) -> np.ndarray:
    return np.quantile(values, QUANTILES, axis=0)


def inclusion_frame(search, network) -> pd.DataFrame:
    """One row a candidate: reaction, equation, probability, probability_bic.

    Parameters
    ----------
    search : lib.network_selection.NetworkSearch
        The search.
    network : Network
        Its candidates.

    Returns
    -------
    DataFrame
        Without the diffusivity.
    """
    frame = search.inclusion[search.inclusion["reaction"] != DIFFUSIVITY_NAME].reset_index(drop=True)
    equations = {r.name: r.equation for r in network.reactions}
    frame.insert(1, "equation", frame["reaction"].map(equations))
    return frame


def networks_frame(search) -> pd.DataFrame:
    """One row an effective network, the most probable first: network, probability, log_evidence, n_members.

    Parameters
    ----------
    search : lib.network_selection.NetworkSearch
        The search.

    Returns
    -------
    DataFrame
        At most `N_NETWORKS` rows; names without the diffusivity, which is in all.
    """
    frame = search.effective.head(N_NETWORKS).reset_index(drop=True).drop(columns="mask", errors="ignore")
    frame["network"] = [without_diffusivity(name) for name in frame["network"]]
    return frame


def without_diffusivity(name) -> str:
    """Return the name of a network without the diffusivity.

    Parameters
    ----------
    name : str
        Such as "R3 + R4 + D".

    Returns
    -------
    str
        Such as "R3 + R4".
    """
    return " + ".join(part for part in name.split(" + ") if part != DIFFUSIVITY_NAME)


def rates_frame(search) -> pd.DataFrame:
    """One row a parameter of the best network: reaction, median, lo95, hi95, unit.

    Parameters
    ----------
    search : lib.network_selection.NetworkSearch
        The search.

    Returns
    -------
    DataFrame
        The diffusivity is the row D.
    """
    frame = search.rates.reset_index(drop=True)
    frame["unit"] = np.where(frame["reaction"] == DIFFUSIVITY_NAME, "m2/h", "1/h")
    return frame


def profile_frames(made, model, draws, sigma):
    """Return the data beside the predictive bands, and the minerals of every cell.

    Parameters
    ----------
    made : Profiles
        Data.
    model : ProfileModel
        Of their design.
    draws : ndarray, shape (n_draws, n + 1)
        Posterior.
    sigma : ndarray, shape (n_data,), or None
        Errors of the data.

    Returns
    -------
    profiles : DataFrame
        duration, slice, distance, from, to, observable, unit, value, error, sample, median, lo95, hi95 (of the model).
    columns : DataFrame
        duration, distance, mineral, median, lo95, hi95: moles per mole of olivine at the start.
    """
    predicted, cells = [], []
    for draw in draws:
        try:
            y = model.reactor.solve(draw[:-1], draw[-1])
        except StepFailure:  # a far draw; the others tell
            continue
        cells.append(y)
        predicted.append(model.measure(y))
    bands = _bands(predicted)
    profiles = model.frame(made.data).assign(
        error=np.nan if sigma is None else sigma, sample=made.samples,
        median=bands[0], lo95=bands[1], hi95=bands[2],
    )  # fmt: skip
    middle, low, high = (np.maximum(b, 0.0) for b in _bands(cells))
    t, x, m = np.meshgrid(model.design.durations, model.reactor.centres, np.arange(middle.shape[2]), indexing="ij")
    columns = pd.DataFrame({
        "duration": t.ravel(), "distance": x.ravel(), "mineral": np.array(model.reactor.minerals)[m.ravel()],
        "median": middle.ravel(), "lo95": low.ravel(), "hi95": high.ravel(),
    })  # fmt: skip
    return profiles, columns


def zones_frame(columns) -> pd.DataFrame:
    """Say where each mineral's zone lies.

    Parameters
    ----------
    columns : DataFrame
        From `profile_frames`.

    Returns
    -------
    DataFrame
        duration, mineral, most (largest amount), peak (its distance), from and to (between where it exceeds half of that; NaN
        where it still does at the first or last cell, so that the zone reaches that end of the column).
    """

    def crossing(x, amount, inside, outside, level):
        if not 0 <= outside < len(x):
            return np.nan
        return x[inside] + (amount[inside] - level) / (amount[inside] - amount[outside]) * (x[outside] - x[inside])

    rows = []
    for (duration, mineral), one in columns.groupby(["duration", "mineral"], sort=False):
        amount, x = one["median"].to_numpy(), one["distance"].to_numpy()
        most = float(amount.max())
        if most < 1e-3:
            continue
        inside = np.flatnonzero(amount >= ZONE_EDGE * most)
        first, last = (
            crossing(x, amount, i, i + step, ZONE_EDGE * most) for i, step in ((inside[0], -1), (inside[-1], 1))
        )  # fmt: skip
        rows.append({"duration": duration, "mineral": mineral, "most": most, "peak": float(x[amount.argmax()]),
                     "from": float(first), "to": float(last)})  # fmt: skip
    return pd.DataFrame(rows, columns=["duration", "mineral", "most", "peak", "from", "to"])


def reactions_frame(model, draws) -> pd.DataFrame:
    """Say how much each reaction did.

    Parameters
    ----------
    model : ProfileModel
        The column.
    draws : ndarray, shape (n_draws, n + 1)
        Posterior.

    Returns
    -------
    DataFrame
        duration, reaction, median, lo95, hi95: extent averaged over the column, moles per mole of olivine at the start.
    """
    extents = []
    for draw in draws[: max(20, len(draws) // 3)]:
        try:
            extents.append(model.reactor.extents(draw[:-1], draw[-1]).mean(axis=1))
        except StepFailure:
            continue
    middle, low, high = _bands(extents)
    t, j = np.meshgrid(model.design.durations, np.arange(model.network.n), indexing="ij")
    return pd.DataFrame({
        "duration": t.ravel(), "reaction": np.array(model.network.names)[j.ravel()], "median": middle.ravel(),
        "lo95": low.ravel(), "hi95": high.ravel(),
    })  # fmt: skip


def scatter(profiles) -> float:
    """Return the root mean square of the residuals, in the unit of the data (above zero).

    Parameters
    ----------
    profiles : DataFrame
        From `profile_frames`.

    Returns
    -------
    float
        Scatter.
    """
    residual = (profiles["value"] - profiles["median"]).dropna()
    return max(float(np.sqrt(np.mean(residual**2))), 1e-6)


def _neighbours(profiles) -> float:
    """Correlation of the residuals of neighbouring slices."""
    first, second = [], []
    for _, one in profiles.groupby(["duration", "observable"], sort=False):
        r = (one.sort_values("distance")["value"] - one.sort_values("distance")["median"]).to_numpy()
        first.append(r[:-1])
        second.append(r[1:])
    a, b = np.concatenate(first), np.concatenate(second)
    both = np.isfinite(a) & np.isfinite(b)
    size = np.sqrt((a[both] ** 2).sum() * (b[both] ** 2).sum())
    return float((a[both] * b[both]).sum() / size) if size > 0 else 0.0


def diagnostics_frame(search, frames, known) -> pd.DataFrame:
    """Headline diagnostics: nesting, residual, identified, diffusivity.

    Parameters
    ----------
    search : lib.network_selection.NetworkSearch
        The search.
    frames : dict
        Frames so far.
    known : bool
        Whether the errors of the data are known.

    Returns
    -------
    DataFrame
        Columns name, value, limit, ok, meaning.
    """
    profiles = frames["profiles"]
    if known:
        z = ((profiles["value"] - profiles["median"]) / profiles["error"]).dropna()
        misfit, limit = float(np.mean(z**2)), MOST_CHI_SQUARE
        meaning = "mean squared residual in units of the errors"
    else:
        misfit, limit = _neighbours(profiles), MOST_CORRELATION
        meaning = "correlation of the residuals of neighbouring slices: high when the model misses the shape of a profile"
    best = float(search.effective["probability"].max())
    d = search.rates.set_index("reaction").loc[DIFFUSIVITY_NAME]
    width = float(d["hi95"] / max(d["lo95"], 1e-300))
    rows = [
        ("nesting", float(search.nesting_violations), 0.0, search.nesting_violations == 0,
         "networks that fit worse than one of their parts: 0 when every search arrived"),
        ("residual", misfit, limit, misfit <= limit, meaning),
        ("identified", best, IDENTIFIED, best >= IDENTIFIED, "probability of the most probable pathway"),
        ("diffusivity", width, DECADE, width <= DECADE, "upper over lower end of the 95 % interval of the diffusivity"),
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["name", "value", "limit", "ok", "meaning"])


def warnings(search, frames) -> list:
    """Messages on what a reader must know.

    Parameters
    ----------
    search : lib.network_selection.NetworkSearch
        The search.
    frames : dict
        Frames of the analysis.

    Returns
    -------
    list of (level, code, text)
        Warnings for failed diagnostics, notes otherwise.
    """
    failed = frames["diagnostics"][~frames["diagnostics"]["ok"].astype(bool)]
    out = [
        ("warning", row.name, f"{row.name}: {row.value:.3g}, limit {row.limit:g} ({row.meaning})")
        for row in failed.itertuples()
    ]
    top = frames["networks"].head(2)
    names = [f"{name} ({p:.0%})" for name, p in zip(top["network"], top["probability"], strict=True)]
    out.append(("note", "pathway", "most probable: " + ", then ".join(names)))
    if (d := frames["profiles"]["duration"].nunique()) < 2:
        out.append(("warning", "design", f"{d} duration: rates and diffusivity hang on it alone; a second one would fix them"))
    return out
