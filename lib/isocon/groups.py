"""Several fresh against several altered samples, one reference element: Ague's ratio, wedge, log-ratio tau, strain.

References
----------
Ague, J. J. (1994) Mass transfer during Barrovian metamorphism of pelites. Am. J. Sci. 294, 989-1057.
Ague, J. J. & van Haren, J. L. M. (1996) Assessing metasomatic mass and volume changes using the bootstrap. Econ. Geol.
91, 1169-1182.
Bucholz, C. E. & Ague, J. J. (2010) Fluid flow and Al transport during quartz-kyanite vein formation. J. metamorphic
Geol. 28, 19-39.
Brimhall, G. H. & Dietrich, W. E. (1987) Constitutive mass balance relations. Geochim. Cosmochim. Acta 51, 567-587.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


def concentration_ratio(c0, ca, reference) -> tuple[np.ndarray, float, np.ndarray]:
    """Ague (1994): ratios c_A/c_0 (I,), r_inv of the reference element(s), and fractional changes r_j/r_inv - 1 (I,).

    ``reference`` are positions of the invariant elements; total mass change is 1/r_inv - 1.
    """
    ratio = np.asarray(ca, float) / np.asarray(c0, float)
    r_inv = float(np.exp(np.mean(np.log(ratio[np.atleast_1d(reference)]))))
    return ratio, r_inv, ratio / r_inv - 1.0


def tau(c_element, c_reference, p_element, p_reference):
    """Brimhall & Dietrich (1987) tau = (c_j,w/c_j,p)(c_i,p/c_i,w) - 1; any shapes that broadcast."""
    c_element, c_reference = np.asarray(c_element, float), np.asarray(c_reference, float)
    return c_element / np.asarray(p_element, float) * np.asarray(p_reference, float) / c_reference - 1.0


def strain(c_reference, p_reference, density_weathered, density_parent):
    """Volume strain eps = rho_p c_i,p / (rho_w c_i,w) - 1 (negative = collapse); any shapes that broadcast."""
    top = np.asarray(density_parent, float) * np.asarray(p_reference, float)
    return top / (np.asarray(density_weathered, float) * np.asarray(c_reference, float)) - 1.0


def _log_columns(name, table, reference):
    table = np.atleast_2d(np.asarray(table, float))
    if np.any(table[np.isfinite(table)] <= 0):
        raise ValueError(f"{name} holds zero or negative concentrations; a log ratio needs positive ones")
    if not np.isfinite(table[:, reference]).all():
        raise ValueError(f"{name}: the reference element is missing in {np.sum(~np.isfinite(table[:, reference]))} row(s)")
    return np.log(table)


def log_ratio_tau(fresh, altered, reference: int, rng: np.random.Generator, *, n_bootstrap: int = 2000, level=0.95):
    """Ague & van Haren (1996): tau from geometric means of c_j/c_i, with bootstrap intervals over samples.

    Parameters
    ----------
    fresh : array, shape (K, I)
    altered : array, shape (N, I)
        Concentrations > 0; NaN = not analysed.
    reference : int
        Column of the immobile element i.
    rng : numpy.random.Generator
    n_bootstrap : int
        Resamplings of the rows within each group.
    level : float
        Of the percentile interval, 0-1.

    Returns
    -------
    tau, lower, upper : arrays, shape (I,)
        Fractions.  With a single sample in a group nothing of that group's scatter is known, and the interval is
        too short; with one in both groups it has no width.

    Notes
    -----
    tau_j = exp(mean_A ln(c_j/c_i) - mean_0 ln(c_j/c_i)) - 1.
    """
    log0, loga = _log_columns("fresh", fresh, reference), _log_columns("altered", altered, reference)
    log0, loga = log0 - log0[:, [reference]], loga - loga[:, [reference]]
    value = _nanmean(loga) - _nanmean(log0)
    draws = np.empty((n_bootstrap, value.size))
    for b in range(n_bootstrap):
        a = loga[rng.integers(0, len(loga), len(loga))]
        z = log0[rng.integers(0, len(log0), len(log0))]
        draws[b] = _nanmean(a) - _nanmean(z)
    half = (1 - level) / 2
    low, high = np.full(value.shape, np.nan), np.full(value.shape, np.nan)
    known = np.isfinite(draws).any(axis=0)
    low[known], high[known] = np.nanquantile(draws[:, known], [half, 1 - half], axis=0)
    return np.expm1(value), np.expm1(low), np.expm1(high)


def _nanmean(table):
    """Column means without NaN; NaN for an empty column, silently (a resample may miss the only value)."""
    have = np.isfinite(table)
    count = have.sum(axis=0)
    return np.where(count > 0, np.where(have, table, 0.0).sum(axis=0) / np.maximum(count, 1), np.nan)


@dataclass(frozen=True)
class Wedge:
    """Wedge diagram of one element j against a reference i.

    Attributes
    ----------
    slope_min, slope_max : float
        Lowest and highest c_j/c_i among the fresh samples: the sides of the wedge.
    verdict : array of str, shape (N,)
        "gained" (above the wedge), "lost" (below), "residual enrichment" or "dilution" (inside, both elements higher or
        lower than in the fresh mean).
    tau, lower, upper : float
        Mean fractional change of j at constant i, with its bootstrap interval.
    """

    slope_min: float
    slope_max: float
    verdict: np.ndarray
    tau: float
    lower: float
    upper: float


def wedge(fresh_reference, fresh_element, altered_reference, altered_element, rng, *, n_bootstrap=2000) -> Wedge:
    """Wedge diagram (Bucholz & Ague 2010): whether element j moved more than the fresh rocks spread.

    Parameters
    ----------
    fresh_reference, fresh_element : arrays, shape (K,)
        Concentrations of i and j in the fresh samples (> 0).
    altered_reference, altered_element : arrays, shape (N,)
    rng : numpy.random.Generator
    n_bootstrap : int

    Returns
    -------
    Wedge
    """
    fresh = np.column_stack([fresh_reference, fresh_element]).astype(float)
    altered = np.column_stack([altered_reference, altered_element]).astype(float)
    if len(fresh) < 1 or len(altered) < 1 or np.any(fresh <= 0) or np.any(altered <= 0):
        raise ValueError("a wedge needs at least one fresh and one altered sample with positive values of both elements")
    slope = fresh[:, 1] / fresh[:, 0]
    ratio = altered[:, 1] / altered[:, 0]
    centre = np.exp(np.log(fresh[:, 0]).mean())
    inside = np.where(altered[:, 0] >= centre, "residual enrichment", "dilution")
    verdict = np.where(ratio > slope.max(), "gained", np.where(ratio < slope.min(), "lost", inside))
    value, low, high = log_ratio_tau(fresh, altered, 0, rng, n_bootstrap=n_bootstrap)
    return Wedge(float(slope.min()), float(slope.max()), verdict, float(value[1]), float(low[1]), float(high[1]))
