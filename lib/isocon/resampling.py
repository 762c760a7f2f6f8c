"""How sure is an isocon: refits of resampled elements, errors, fresh samples and halves of the data."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from . import kernels
from .fitting import fit
from .logratio import IsoconData
from .sparse import MIN_ELEMENTS_FOR_SCALE, SCALE_LIMITS, arrays, chi2_table


@dataclass(frozen=True)
class Resampling:
    """Refits of resampled data.

    Parameters
    ----------
    kind : str
        What was resampled.
    m : array, shape (B, N)
        Isocon vectors.
    members : bool array, shape (B, I)
        Immobile sets.
    drawn : bool array, shape (B, I)
        Whether an element was in the resample.
    """

    kind: str
    m: np.ndarray
    members: np.ndarray
    drawn: np.ndarray

    def interval(self, level: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
        """Percentile interval of the mass change in per cent, two arrays (N,)."""
        half = 50 * (1 - level)
        low, high = np.percentile(self.m, [half, 100 - half], axis=0)
        return 100 * np.expm1(-high), 100 * np.expm1(-low)

    @property
    def frequency(self) -> np.ndarray:
        """How often an element was in the immobile set when it was drawn, shape (I,); NaN if never drawn."""
        drawn = self.drawn.sum(axis=0)
        hits = (self.members & self.drawn).sum(axis=0)
        return np.where(drawn > 0, hits / np.maximum(drawn, 1), np.nan)


def kernel_arguments(data: IsoconData, tuning: float, scale: float, estimate: bool | None) -> tuple:
    """Trailing arguments of `kernels.bootstrap`, from dof on."""
    n_used = int(data.used.sum())
    estimate = n_used >= MIN_ELEMENTS_FOR_SCALE if estimate is None else estimate
    cut, quantiles = chi2_table(data.dof, n_used)
    return data.dof.astype(float), cut, quantiles, tuning, float(scale), bool(estimate), *SCALE_LIMITS, 1e-7, 500


def element_bootstrap(
    data: IsoconData, rng: np.random.Generator, *, n_draws: int = 200, tuning: float = 1.5, scale: float = 1.0,
    estimate_scale: bool | None = None,
) -> Resampling:  # fmt: skip
    """Bootstrap the voting elements and refit Algorithm S, with all its starts, each time.

    Parameters
    ----------
    data : IsoconData
        Log ratios.
    rng : numpy.random.Generator
        Stream to draw from.
    n_draws : int
        Number of resamples B.
    tuning, scale : float
        As in `lib.isocon.sparse.fit_sparse`.
    estimate_scale : bool, optional
        As in `lib.isocon.sparse.fit_sparse`.

    Returns
    -------
    Resampling

    Notes
    -----
    A resample is a vector of multiplicities; an element drawn twice has two votes.
    """
    used = np.flatnonzero(data.used)
    counts = np.zeros((n_draws, data.shape[0]), np.int64)
    counts[:, used] = rng.multinomial(used.size, np.full(used.size, 1.0 / used.size), size=n_draws)
    m, members = kernels.bootstrap(*arrays(data), data.weight, counts, *kernel_arguments(data, tuning, scale, estimate_scale))
    return Resampling("elements", m, members, counts > 0)


def error_monte_carlo(
    data: IsoconData, rng: np.random.Generator, *, n_draws: int = 200, method: str = "sparse", **options
) -> Resampling:
    """Perturb the altered and the original rock by their stated errors and refit.

    Parameters
    ----------
    data : IsoconData
        Log ratios.
    rng : numpy.random.Generator
        Stream to draw from.
    n_draws : int
        Number of perturbed data sets B.
    method : str
        Key of `lib.isocon.METHODS`.
    **options
        Passed to the method.

    Returns
    -------
    Resampling

    Notes
    -----
    The spread is that of two measurements (the data carry one error already), so it is that of the method's answer to
    the errors, not of the truth around the answer when the set is unstable.
    """
    m = np.empty((n_draws, data.shape[1]))
    members = np.zeros((n_draws, data.shape[0]), bool)
    for b in range(n_draws):
        own = rng.standard_normal(data.shape) * np.where(data.below, 0.0, data.sigma_altered)
        common = rng.standard_normal(data.shape[0]) * data.sigma_protolith
        result = fit(replace(data, log_ratio=data.log_ratio + own + common[:, None]), method, **options)
        m[b], members[b] = result.m, result.immobile
    return Resampling("errors", m, members, np.broadcast_to(data.used, members.shape))


def fresh_bootstrap(
    data: IsoconData, rng: np.random.Generator, *, n_draws: int = 200, method: str = "sparse", **options
) -> Resampling:
    """Resample the fresh samples (K >= 2) and refit: how much depends on which fresh rocks were collected.

    Parameters
    ----------
    data : IsoconData
        Log ratios.
    rng : numpy.random.Generator
        Stream to draw from.
    n_draws : int
        Number of resamples B.
    method : str
        Key of `lib.isocon.METHODS`.
    **options
        Passed to the method.

    Returns
    -------
    Resampling

    Raises
    ------
    ValueError
        Fewer than 2 fresh samples.
    """
    if data.fresh is None or len(data.fresh) < 2:
        raise ValueError("a bootstrap of the fresh samples needs at least 2 of them")
    k = len(data.fresh)
    logs = np.log(data.fresh)
    reference = np.log(data.c0)
    m = np.empty((n_draws, data.shape[1]))
    members = np.zeros((n_draws, data.shape[0]), bool)
    for b in range(n_draws):
        rows = logs[rng.integers(0, k, k)]
        have = np.isfinite(rows)
        mean = np.where(have, rows, 0).sum(axis=0) / np.maximum(have.sum(axis=0), 1)
        shift = np.where(have.any(axis=0), mean - reference, 0.0)
        result = fit(replace(data, log_ratio=data.log_ratio - shift[:, None]), method, **options)
        m[b], members[b] = result.m, result.immobile
    return Resampling("fresh samples", m, members, np.broadcast_to(data.used, members.shape))


def stability_selection(data: IsoconData, rng: np.random.Generator, *, n_draws: int = 100, **options) -> Resampling:
    """Selection of elements in random halves of the samples with bootstrapped elements.

    Parameters
    ----------
    data : IsoconData
        Log ratios; with fewer than 4 altered samples only the elements are resampled.
    rng : numpy.random.Generator
        Stream to draw from.
    n_draws : int
        Number of resamples B.
    **options
        Passed to `element_bootstrap`.

    Returns
    -------
    Resampling
        ``m`` is NaN in samples that were not drawn.
    """
    n_samples = data.shape[1]
    m = np.full((n_draws, n_samples), np.nan)
    members = np.zeros((n_draws, data.shape[0]), bool)
    drawn = np.zeros((n_draws, data.shape[0]), bool)
    for b in range(n_draws):
        half = np.arange(n_samples)
        if n_samples >= 4:
            half = np.sort(rng.choice(n_samples, (n_samples + 1) // 2, replace=False))
        one = element_bootstrap(data.take(samples=half), rng, n_draws=1, **options)
        m[b, half], members[b], drawn[b] = one.m[0], one.members[0], one.drawn[0]
    return Resampling("halves of the samples and elements", m, members, drawn)
