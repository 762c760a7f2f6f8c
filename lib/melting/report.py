"""Tidy frames of an inversion: melt fractions, source, ratios, predictions, diagnostics, messages."""

from __future__ import annotations

import numpy as np
import pandas as pd

from lib.sampling import diagnostics

from .collapsed import Draws
from .forward import scale_information
from .posterior import Posterior
from .priors import primitive

RHAT_LIMIT, ESS_LIMIT, PREDICTIVE_LIMIT, BOUNDARY_LIMIT = 1.01, 400.0, 0.01, 0.05
#: Draws used for predictions and kept in the frames of traces.
_THINNED = 500


def interval(values, axis=0):
    """Return 2.5 %, 50 % and 97.5 % quantiles."""
    return np.quantile(values, [0.025, 0.5, 0.975], axis=axis)


def melt_fraction_frame(posterior: Posterior, draws: Draws) -> pd.DataFrame:
    """Melt fraction of every sample (fractions 0-1), with convergence."""
    f = draws.pooled("melt_fraction")
    low, median, high = interval(f)
    ln = np.log(draws.melt_fraction)
    return pd.DataFrame({
        "sample": posterior.data.samples, "median": median, "lo95": low, "hi95": high, "mean": f.mean(axis=0),
        "sd_ln": np.log(f).std(axis=0), "rhat": diagnostics.rhat(ln), "ess": diagnostics.ess_bulk(ln),
    })  # fmt: skip


def source_frame(posterior: Posterior, draws: Draws) -> pd.DataFrame:
    """Source composition in ppm and over primitive mantle, with convergence."""
    ln = draws.pooled("ln_source")
    low, median, high = np.exp(interval(ln))
    pm = primitive(posterior.data.elements)
    return pd.DataFrame({
        "element": posterior.data.elements, "median_ppm": median, "lo95_ppm": low, "hi95_ppm": high, "sd_ln": ln.std(axis=0),
        "median_pm": median / pm, "lo95_pm": low / pm, "hi95_pm": high / pm, "rhat": diagnostics.rhat(draws.ln_source),
        "ess": diagnostics.ess_bulk(draws.ln_source),
    })  # fmt: skip


def relative_frame(posterior: Posterior, draws: Draws) -> pd.DataFrame:
    """F of every sample over that of the sample in the middle: free of the common scale, which is fixed by D only."""
    f = draws.pooled("melt_fraction")
    order = np.argsort(np.median(f, axis=0))
    reference = int(order[len(order) // 2])
    low, median, high = interval(f / f[:, [reference]])
    return pd.DataFrame({
        "sample": posterior.data.samples, "reference": posterior.data.samples[reference], "ratio": median, "lo95": low,
        "hi95": high,
    })  # fmt: skip


def scale_frame(posterior: Posterior, draws: Draws) -> pd.DataFrame:
    """Geometric mean of F (the common scale), and how much of its uncertainty comes from the coefficients."""
    level = draws.level.ravel()
    low, median, high = np.exp(interval(level))
    share = np.nan
    if posterior.extras.uncertain_d:
        share = float(np.corrcoef(level, draws.pooled("ln_d").mean(axis=1))[0, 1] ** 2)
    return pd.DataFrame({
        "quantity": ["geometric mean F"], "median": [median], "lo95": [low], "hi95": [high], "sd_ln": [level.std()],
        "share_of_coefficients": [share],
    })  # fmt: skip


def predictive_frame(posterior: Posterior, draws: Draws, rng: np.random.Generator) -> tuple[pd.DataFrame, float]:
    """Predictions of every cell, and the posterior predictive probability of a chi-square as large as that of the data.

    Returns
    -------
    frame : DataFrame
        sample, element, observed_ppm (the limit where ``below``), below, median_ppm, lo95_ppm, hi95_ppm (of new measurements),
        standardised (residual over its predictive sd), p_value (of the cell, two-sided).
    p_value : float
        Small when the model does not fit.
    """
    data = posterior.data
    take = np.linspace(0, draws.level.size - 1, min(_THINNED, draws.level.size)).astype(int)
    expected = np.array([_expected(posterior, draws, k) for k in take])
    extra = np.exp(2 * draws.pooled("hyper")[take, 4]) if posterior.extras.model_error > 0 else np.zeros(take.size)
    sd = np.sqrt(data.sigma[None] ** 2 + extra[:, None, None])
    again = expected + sd * rng.standard_normal(expected.shape)
    measured = data.seen & ~data.below
    observed = np.where(measured, data.values, 0.0)
    misfit = np.where(measured, ((observed - expected) / sd) ** 2, 0.0).sum(axis=(1, 2))
    typical = np.where(measured, ((again - expected) / sd) ** 2, 0.0).sum(axis=(1, 2))
    low, median, high = np.exp(interval(again))
    below_draws = np.mean(again < data.values[None], axis=0)
    i, j = np.nonzero(data.seen)
    frame = pd.DataFrame({
        "sample": np.array(data.samples)[i], "element": np.array(data.elements)[j], "observed_ppm": np.exp(data.values[i, j]),
        "below": data.below[i, j], "median_ppm": median[i, j], "lo95_ppm": low[i, j], "hi95_ppm": high[i, j],
        "standardised": np.where(data.below, np.nan, (data.values - again.mean(axis=0)) / again.std(axis=0))[i, j],
        "p_value": np.where(data.below, np.nan, 2 * np.minimum(below_draws, 1 - below_draws))[i, j],
    })  # fmt: skip
    return frame, float(np.mean(typical >= misfit))


def _expected(posterior, draws, k):
    """Expected ln ppm (m, n) of pooled draw k, from the melting equations at its own coefficients."""
    from .forward import log_enrichment

    shift = np.exp(draws.pooled("ln_d")[k])
    options = {n: shift * v if n in ("d_after", "p_after") else v for n, v in posterior.options.items()}
    f = draws.pooled("melt_fraction")[k]
    out = log_enrichment(posterior.model, f, posterior.bulk_d * shift, posterior.bulk_p * shift, **options)
    out = out + draws.pooled("ln_source")[k] + np.outer(posterior.covariate, draws.pooled("slope")[k])
    if posterior.extras.enrichment is not None:
        out = out + np.outer(draws.pooled("deviation")[k], posterior.extras.enrichment)
    return out


def information_frame(posterior: Posterior, draws: Draws) -> pd.DataFrame:
    """Information of each element on the common scale of F, at the posterior median."""
    f = np.median(draws.pooled("melt_fraction"), axis=0)
    centred = scale_information(posterior.model, f, posterior.bulk_d, posterior.bulk_p, **posterior.options)
    typical = np.nanmedian(np.where(posterior.data.seen, posterior.data.sigma, np.nan), axis=0)
    weighted = centred / typical**2
    return pd.DataFrame({
        "element": posterior.data.elements, "bulk_d": posterior.bulk_d, "bulk_p": posterior.bulk_p, "centred": centred,
        "information": weighted, "share": weighted / max(weighted.sum(), 1e-300),
    })  # fmt: skip


def traces_frame(draws: Draws) -> pd.DataFrame:
    """Level (geometric mean F) and log-likelihood of thinned draws by chain."""
    n_chains, n_draws = draws.level.shape
    take = np.linspace(0, n_draws - 1, min(_THINNED, n_draws)).astype(int)
    chain, draw = np.meshgrid(np.arange(n_chains), take, indexing="ij")
    return pd.DataFrame({
        "chain": chain.ravel(), "draw": draw.ravel(), "level": np.exp(draws.level[:, take]).ravel(),
        "log_likelihood": draws.log_likelihood[:, take, 0].ravel(),
    })  # fmt: skip


def ridge_frame(posterior: Posterior, draws: Draws) -> pd.DataFrame:
    """Thinned draws of the geometric mean F, the common D shift and the source of three elements, for a corner plot."""
    order = np.argsort(posterior.bulk_d)
    chosen = [int(order[0]), int(order[len(order) // 2]), int(order[-1])]
    take = np.linspace(0, draws.level.size - 1, min(4 * _THINNED, draws.level.size)).astype(int)
    out = {"geometric_mean_f": np.exp(draws.level.ravel()[take])}
    for j in chosen:
        out[f"{posterior.data.elements[j]}_ppm"] = np.exp(draws.pooled("ln_source")[take, j])
    if posterior.extras.uncertain_d:
        out["d_factor"] = np.exp(draws.pooled("hyper")[take, 3])
    return pd.DataFrame(out)


def diagnostics_frame(posterior: Posterior, draws: Draws, predictive: float) -> pd.DataFrame:
    """The verdicts that a figure has to show: name, value, limit, ok, meaning."""
    arrays = list(draws.quantities().values())
    rhat = max(float(np.nanmax(diagnostics.rhat(a))) for a in arrays)
    ess = min(float(np.nanmin(diagnostics.ess_bulk(a))) for a in arrays)
    u, prior = np.log(draws.pooled("melt_fraction")), posterior.prior_f
    margin = 0.02 * np.log(prior.high / prior.low)
    near = ((u < np.log(prior.low) + margin) | (u > np.log(prior.high) - margin)).mean(axis=0).max()
    rows = [
        ("rhat_max", rhat, RHAT_LIMIT, rhat <= RHAT_LIMIT, "largest rank-normalised R-hat of all unknowns; at most"),
        ("ess_min", ess, ESS_LIMIT, ess >= ESS_LIMIT, "smallest effective number of draws; at least"),
        ("posterior_predictive", predictive, PREDICTIVE_LIMIT, predictive >= PREDICTIVE_LIMIT,
         "probability that data from the model misfit as much as the measured ones; at least"),
        ("level_boundary", float(near), BOUNDARY_LIMIT, near <= BOUNDARY_LIMIT,
         "largest share of the draws of one F at a bound of its prior; at most"),
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["name", "value", "limit", "ok", "meaning"])


def messages_frame(prepared, draws: Draws, frames: dict) -> pd.DataFrame:
    """Warnings and notes: level, code, text."""
    posterior, rows = prepared.posterior, list(prepared.notes)
    rows += [
        ("warning", one.name, f"{one.name} is {one.value:.3g}: {one.meaning} {one.limit:g}")
        for one in frames["diagnostics"].itertuples()
        if not one.ok
    ]
    f = frames["melt_fraction"]
    beyond = f["sample"][f["median"] > prepared.bulk.exhaustion]
    if posterior.model != "two_stage" and len(beyond):
        rows.append(("warning", "exhaustion", f"F of {', '.join(beyond)} is beyond {prepared.bulk.exhaustion:.3f}, where "
                     f"{prepared.bulk.exhausted} is used up: try model='two_stage'"))  # fmt: skip
    if posterior.extras.model_error > 0:
        error = float(np.median(np.exp(draws.pooled("hyper")[:, 4])))
        typical = float(np.nanmedian(posterior.data.sigma[posterior.data.seen]))
        if error > typical:
            rows.append(("warning", "one_source", f"the data need a model error of {error:.1%} beside {typical:.1%} of "
                         "measurement: these samples hardly have one source; group them by isotopes, or allow "
                         "source_deviation"))  # fmt: skip
    scale = frames["scale"].iloc[0]
    if posterior.extras.uncertain_d and scale["share_of_coefficients"] > 0.5:
        rows.append(("note", "scale", "the absolute level of F and of the source is limited by the partition coefficients: "
                     "ratios of F are better known than F"))  # fmt: skip
    if scale["sd_ln"] > 0.5:
        rows.append(("warning", "level", f"the level of F is known to a factor of {np.exp(1.96 * scale['sd_ln']):.1f} only: "
                     "middle and heavy rare earths, Hf or Ti with smaller errors would help"))  # fmt: skip
    return pd.DataFrame(rows, columns=["level", "code", "text"])
