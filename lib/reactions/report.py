"""Tidy frames, predictions, diagnostics and messages of an analysis."""

from __future__ import annotations

import numpy as np
import pandas as pd

#: Probability below which the most probable network is not called identified.
IDENTIFIED = 0.5
#: Largest difference of inclusion probabilities between two ways of computing them.
AGREEMENT = 0.1
#: Probability of chance below which residuals are not noise.
CHANCE = 0.01
#: Inclusion probabilities between which a reaction is called undecided.
UNDECIDED = (0.2, 0.8)
#: Candidates for each posterior draw, and readings for each predicted amount.
OVERSAMPLED, READINGS = 8, 25
#: Largest difference of log evidence between two grids.
GRID_NATS = 0.05


def reactions_frame(network) -> pd.DataFrame:
    """One row a candidate: reaction, equation, surface, affinity (with their constants), prior_scale.

    Parameters
    ----------
    network : lib.kinetics.Network
        Candidates.

    Returns
    -------
    DataFrame
    """

    def law(parts):
        named = [f"{key} {value:g}" for x in parts if isinstance(x, dict) for key, value in x.items() if np.isscalar(value)]
        return " ".join([*(str(x) for x in parts if not isinstance(x, dict)), *([f"({', '.join(named)})"] if named else [])])

    rows = [
        {"reaction": r.name, "equation": r.equation, "surface": law(r.surface), "affinity": law(r.affinity),
         "prior_scale": r.rate_scale}
        for r in network.reactions
    ]  # fmt: skip
    return pd.DataFrame(rows)


def data_frame(prepared) -> pd.DataFrame:
    """One row a measured number: time_h, species, unit, value, error (NaN = unknown), below_detection.

    Parameters
    ----------
    prepared : SeriesData
        As `lib.reactions.prepare` makes it.

    Returns
    -------
    DataFrame
    """
    i, j = np.nonzero(np.isfinite(prepared.data))
    species = np.array(prepared.reactor.network.species)[j]
    return pd.DataFrame(
        {
            "time_h": prepared.reactor.times[i], "species": species, "unit": [prepared.units[s] for s in species],
            "value": prepared.data[i, j], "error": prepared.error[i, j], "below_detection": prepared.below[i, j],
        }
    )  # fmt: skip


def posterior_draws(problem, search, n, rng) -> np.ndarray:
    """Draw rate constants of all candidates from the mixture of networks, each by importance resampling.

    Parameters
    ----------
    problem : lib.network_selection.SelectionProblem
        For the coordinates of rates.
    search : lib.network_selection.NetworkSearch
        Networks with their probabilities.
    n : int
        Draws.
    rng : numpy.random.Generator
        Of the draws.

    Returns
    -------
    ndarray, shape (n, n_candidates)
        Zero for candidates that are not part of the drawn network.
    """
    from lib.network_selection.modes import find_modes, mixture_reference
    from lib.network_selection.stepping import Target

    weight = search.networks["probability"].to_numpy(float)
    counts = rng.multinomial(n, weight / weight.sum())
    out = []
    for row in np.flatnonzero(counts):
        mask = int(search.networks["mask"].iloc[row])
        fit = search.fitted[mask].fit
        k = np.zeros((counts[row], problem.n))
        if fit.active.size:
            # the approximation is only where candidates for draws come from; each then counts by its true posterior
            reference, _ = mixture_reference(problem, find_modes(problem, search, mask))
            x = reference.draw(rng, OVERSAMPLED * counts[row] + OVERSAMPLED)
            log_weight = Target(problem, fit.active, reference).log_likelihood(x)
            share = np.exp(log_weight - log_weight.max())
            chosen = rng.choice(len(x), counts[row], p=share / share.sum())
            k[:, fit.active] = problem.prior.rates(x[chosen], fit.active)[0]
        out.append(k)
    return np.vstack(out)


def prediction_frame(reactor, k, times, sigma, rng) -> pd.DataFrame:
    """Posterior predictive bands of every species, measured or hidden.

    Parameters
    ----------
    reactor : lib.kinetics.BatchReactor
        Candidates and start.
    k : ndarray, shape (n_draws, n)
        Draws of rate constants.
    times : array_like, shape (n_times,)
        Above zero.
    sigma : dict of str to float
        Standard deviation of a new reading of each measured species.
    rng : numpy.random.Generator
        Of the errors of new readings.

    Returns
    -------
    DataFrame
        time_h, species, median, lo95, hi95, and predictive_lo95, predictive_hi95 of a new reading (NaN for hidden species).
    """
    from lib.kinetics import BatchReactor, StepFailure

    finer = BatchReactor(reactor.network, reactor.y0, times)
    states = []
    for one in k:
        try:
            states.append(finer.solve(one))
        except StepFailure:
            continue
    states = np.array(states)
    frames = []
    for j, name in enumerate(reactor.network.species):
        low, middle, high = np.quantile(states[:, :, j], [0.025, 0.5, 0.975], axis=0)
        below = above = np.full(len(finer.times), np.nan)
        if name in sigma:
            reading = np.repeat(states[:, :, j], READINGS, axis=0)
            reading = reading + sigma[name] * rng.standard_normal(reading.shape)
            below, above = np.quantile(reading, [0.025, 0.975], axis=0)
        frames.append(
            pd.DataFrame({"time_h": finer.times, "species": name, "median": middle, "lo95": low, "hi95": high,
                          "predictive_lo95": below, "predictive_hi95": above})
        )  # fmt: skip
    return pd.concat(frames, ignore_index=True)


def residual_frame(prepared, prediction) -> pd.DataFrame:
    """Residuals of the best network: the columns of `data_frame`, prediction and residual.

    Parameters
    ----------
    prepared : SeriesData
        Data.
    prediction : ndarray, shape (n_times, n_species)
        Of the most probable rates.

    Returns
    -------
    DataFrame
    """
    i, j = np.nonzero(np.isfinite(prepared.data))
    return data_frame(prepared).assign(prediction=prediction[i, j], residual=prepared.data[i, j] - prediction[i, j])


def spread_of(residuals, common) -> dict:
    """Standard deviation of a reading of each species, from its residuals.

    Parameters
    ----------
    residuals : DataFrame
        Of `residual_frame`.
    common : bool
        One for all.

    Returns
    -------
    dict of str to float
        By species; that of a known error where there is one.
    """
    whole = float(np.sqrt((residuals["residual"] ** 2).mean()))
    out = {}
    for name, part in residuals.groupby("species", sort=False):
        known = part["error"].median()
        own = whole if common else float(np.sqrt((part["residual"] ** 2).mean()))
        out[name] = float(known) if np.isfinite(known) else own
    return out


def residual_check(residuals, n_active) -> tuple:
    """Ask whether residuals look like noise.

    Parameters
    ----------
    residuals : DataFrame
        Of `residual_frame`.
    n_active : int
        Fitted rate constants.

    Returns
    -------
    chance : float
        Probability of what is seen, or worse, by chance: of chi-square where errors are known, else of the correlation of
        successive residuals of a species.
    meaning : str
        Which of the two.
    """
    from scipy.stats import chi2, norm

    if residuals["error"].notna().all():
        value = float(((residuals["residual"] / residuals["error"]) ** 2).sum())
        free = max(1, len(residuals) - n_active)
        return float(chi2.sf(value, free)), f"chance of chi-square {value:.1f} with {free} degrees of freedom"
    top = bottom = pairs = 0.0
    for _, part in residuals.groupby("species"):
        r = part["residual"].to_numpy() / (part["residual"].std() or 1.0)
        top, bottom, pairs = top + (r[1:] * r[:-1]).sum(), bottom + (r**2).sum(), pairs + len(r) - 1
    r1 = top / bottom if bottom else 0.0
    # the fit takes up some of what is left, which makes successive residuals slightly unlike by itself: one-sided
    return float(norm.sf(r1 * np.sqrt(max(pairs, 1)))), f"chance of a correlation of {r1:.2f} between successive residuals"


def agreement_frame(search, chains) -> pd.DataFrame:
    """Inclusion probabilities by two ways: reaction, exhaustive, exchange, spread (between chains), difference.

    Parameters
    ----------
    search : lib.network_selection.NetworkSearch
        All networks, with Laplace (or stepping-stone) evidence.
    chains : lib.network_selection.IndicatorChains or None
        Replica exchange.

    Returns
    -------
    DataFrame
        Without rows when there are no chains.
    """
    columns = ["reaction", "exhaustive", "exchange", "spread", "difference"]
    if chains is None:
        return pd.DataFrame(columns=columns)
    one = search.inclusion.set_index("reaction")["probability"]
    other = chains.inclusion.set_index("reaction")
    return pd.DataFrame(
        {
            "reaction": one.index, "exhaustive": one.to_numpy(), "exchange": other.loc[one.index, "probability"].to_numpy(),
            "spread": other.loc[one.index, "spread"].to_numpy(),
            "difference": (other.loc[one.index, "probability"] - one).abs().to_numpy(),
        }
    )  # fmt: skip


def network_diagnostics(search, agreement, chance, meaning) -> pd.DataFrame:
    """Headline diagnostics of a choice of networks; columns name, value, limit, ok, meaning.

    Parameters
    ----------
    search : lib.network_selection.NetworkSearch
        Networks.
    agreement : DataFrame
        Of `agreement_frame`.
    chance, meaning
        Of `residual_check`.

    Returns
    -------
    DataFrame
    """
    worst = float(agreement["difference"].max()) if len(agreement) else np.nan
    best = search.effective.iloc[0]
    rows = [
        ("nesting", search.nesting_violations, 0, search.nesting_violations == 0,
         "networks that fit worse than a part of them"),
        ("agreement", worst, AGREEMENT, bool(worst <= AGREEMENT),
         "largest difference of an inclusion probability between the whole search and replica exchange"),
        ("residual", chance, CHANCE, bool(chance >= CHANCE), meaning),
        ("identified", float(best["probability"]), IDENTIFIED, bool(best["probability"] >= IDENTIFIED),
         f"probability of the most probable network, {best['network']}"),
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["name", "value", "limit", "ok", "meaning"])


def surface_diagnostics(table, difference) -> pd.DataFrame:
    """Headline diagnostics of a choice of surface models; columns name, value, limit, ok, meaning.

    Parameters
    ----------
    table : DataFrame
        Of `lib.reactions.progress.weigh_surfaces`.
    difference : float
        Largest difference of log evidence between two grids, nats.

    Returns
    -------
    DataFrame
    """
    from scipy.stats import norm

    by = table.set_index("model")
    # a model that contains another one fits at least as well, up to the range of its shape parameter
    worse = sum(
        bool(by.loc[large, "rms"] > 1.05 * by.loc[small, "rms"])
        for large, small in (("cracking", "shrinking grains"),)
        if {large, small} <= set(by.index)
    )
    best = table.iloc[0]
    chance = float(norm.sf(best["autocorrelation"] * np.sqrt(best["n"] - 1)))
    rows = [
        ("nesting", worse, 0, worse == 0, "models that fit worse than one they contain"),
        ("agreement", difference, GRID_NATS, bool(difference <= GRID_NATS), "difference of log evidence of two grids, nats"),
        ("residual", chance, CHANCE, bool(chance >= CHANCE),
         f"chance of a correlation of {best['autocorrelation']:.2f} between successive residuals of {best['model']}"),
        ("identified", float(best["probability"]), IDENTIFIED, bool(best["probability"] >= IDENTIFIED),
         f"probability of the most probable surface model, {best['model']}"),
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["name", "value", "limit", "ok", "meaning"])


def said(diagnostics) -> list:
    """Messages on failed diagnostics, as rows (level, code, text).

    Parameters
    ----------
    diagnostics : DataFrame
        Columns name, value, limit, ok, meaning.

    Returns
    -------
    list of tuple
    """
    return [
        ("warning", row.name, f"{row.name}: {row.value:.3g}, limit {row.limit:g} ({row.meaning})")
        for row in diagnostics[~diagnostics["ok"].astype(bool)].itertuples(index=False)
    ]
