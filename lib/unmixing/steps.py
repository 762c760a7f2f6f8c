"""Steps of the analysis: gaps filled, numbers chosen, components and end members found with their uncertainty."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from . import report
from .check import MAX_CENSORED
from .geometry import WITHIN_NOISE
from .tabular import Compositions

#: Share of a column's mean below which the error of a cell no longer shrinks with its content.
FLOOR = 0.2
#: Largest number of end members that is tried, and resamples for each.
MOST_TRIED, TRIED_BOOTSTRAP = 6, 20
#: Methods whose proportions are weighted by the analytical errors.
WEIGHTED = ("minimum volume", "simplex nmf")


def fill(made: Compositions, method: str = "multiplicative", max_share: float = MAX_CENSORED):
    """Replace cells below detection.

    Parameters
    ----------
    made : Compositions
        As `prepare` returns it.
    method : {"multiplicative", "log-ratio EM"}
        See `lib.composition.replace`.
    max_share : float, 0-1
        Largest share of a part's cells.

    Returns
    -------
    x : array, shape (N, D)
        Mass fractions without gaps; measured cells keep their values.
    counts : DataFrame
        Columns part, below, missing, share.
    notes : tuple of str
        What was replaced.
    """
    from lib.composition import replace as fill_gaps

    found = fill_gaps(
        made.x, below=made.below, limit=made.limit, missing=made.missing, method=method, max_share=max_share,
        names=list(made.names), samples=list(made.samples),
    )  # fmt: skip
    # `replace` closes; put every sample back to the scale of its measured parts
    seen = made.observed
    scale = np.where(seen, made.x, 0).sum(axis=1) / np.where(seen, found.values, 0).sum(axis=1)
    x = np.where(seen, made.x, found.values * scale[:, None])
    return x, found.counts, tuple(found.notes)


def find_components(x, error, asked, most, seed):
    """Number of components, the criteria side by side, and why this number."""
    from .number import component_number, suggest_number

    numbers = component_number(x, error, seed=seed)
    suggested = suggest_number(numbers)
    k = min(asked or suggested.n_components, most)
    said = "" if asked else f"{k} component(s) were chosen: {suggested.reason}"
    return k, numbers, said


def find_factors(x, k, method, transform, n_bootstrap, seeds, n_jobs):
    """Components with their stability, and for ICA the test of whether they may be named.

    One component alone is the first principal component whatever the method: there is nothing to rotate.
    """
    from .gate import gaussianity
    from .stability import icasso

    runs = max(n_bootstrap, 10)
    method = "pca" if k == 1 else method
    stability = icasso(x, k, n_runs=runs, method=method, transform=transform, seed=seeds[0], n_jobs=n_jobs)
    gate = gaussianity(stability.factors, seed=seeds[1]) if method != "pca" else None
    return stability, gate


def find_number(x, relative, asked, most, whole, shape, seed, n_jobs):
    """Number of end members, the criteria side by side, and why this number.

    Tried are 2 and up to one more than the flat of concentrations that comes down to the analytical error needs.
    """
    if asked:
        return asked, report.empty("end_member_number"), ""
    from .count import end_member_number

    good = shape["n_dimensions"][shape["concentrations"] < WITHIN_NOISE]
    last = min(MOST_TRIED, most, int(good.iloc[0]) + 2 if len(good) else MOST_TRIED)
    numbers = end_member_number(
        x, range(2, max(last, 3) + 1), noise=_noise(x, relative), close=whole, n_bootstrap=TRIED_BOOTSTRAP, seed=seed,
        n_jobs=n_jobs,
    )  # fmt: skip
    row = numbers[numbers["chosen"]].iloc[0]
    k = int(row["n_end_members"])
    return k, numbers, f"{k} end members were chosen: {row['reason']}"


def _noise(x, relative):
    """Noise in the form that the unmixing takes: one number when all cells have the same, else sd in the unit of x."""
    if np.ptp(relative) < 1e-12:
        return float(relative.flat[0])
    # no analysis is good to a share of a content far below the mean of its column, near its detection limit
    return relative * np.hypot(x, FLOOR * x.mean(axis=0))


def find_end_members(x, k, method, relative, whole, n_bootstrap, seeds, n_jobs):
    """End members with their intervals: of the bootstrap, or of the posterior."""
    from .endmembers import unmix
    from .fcls import fully_constrained
    from .intervals import bootstrap_intervals

    noise = _noise(x, relative)
    if method == "bayesian":
        return _posterior(x, k, noise, whole, seeds[0])
    mixture = unmix(x, k, method, noise=noise, close=whole, seed=seeds[0])
    if not n_bootstrap:
        return mixture, None
    found = bootstrap_intervals(x, mixture, n_bootstrap=n_bootstrap, noise=noise, seed=seeds[1], n_jobs=n_jobs)
    if method in WEIGHTED:
        # proportions of the resamples with the weights that those of the answer were found with
        data = x / x.sum(axis=1, keepdims=True) if whole else x
        shares = np.array([fully_constrained(data, draw, mixture.scale) for draw in found.draws])
        low, high = np.quantile(shares, [0.5 - 0.5 * found.level, 0.5 + 0.5 * found.level], axis=0)
        found = replace(found, proportions_lower=low, proportions_upper=high)
    return mixture, found


def _posterior(x, k, noise, whole, seed):
    """Posterior mean as the end members, its quantiles as the intervals."""
    from .bayesian import sample_posterior
    from .endmembers import unmix
    from .fcls import part_scale
    from .intervals import Intervals, stability

    found = sample_posterior(x, k, noise=noise, close=whole, seed=seed)
    mixture = unmix(x, k, "known", noise=noise, close=whole, end_members=found.mean)
    data = x / x.sum(axis=1, keepdims=True) if whole else x
    residual = data - found.proportions_mean @ found.mean
    misfit = float(np.sqrt(np.mean((residual / mixture.scale) ** 2)))
    notes = [*found.notes, *([] if found.ok else ["the chains have not converged: draw more, or take another method"])]
    mixture = replace(
        mixture, end_members=found.mean, proportions=found.proportions_mean, residual=residual, misfit=misfit,
        method="bayesian", notes=notes,
    )  # fmt: skip
    draws = found.end_members.reshape(-1, *found.mean.shape)
    return mixture, Intervals(
        found.mean, found.lower, found.upper, draws, found.proportions_lower, found.proportions_upper,
        stability(found.mean, draws, part_scale(data)), 0.9, 0,
    )  # fmt: skip
