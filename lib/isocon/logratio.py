"""From concentrations to log ratios: the one form in which every isocon method of this package takes its data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from .censored import censored_mean
from .votes import votes

#: Default relative 1-sigma error of one analysis, and of the protolith composition (fractions).
DEFAULT_ERROR = 0.05


@dataclass(frozen=True)
class IsoconData:
    """Log ratios of altered samples to their original rock, with errors.

    Parameters
    ----------
    elements, samples : tuple of str, lengths I and N
        Analytes (columns) and altered samples, in the order of the arrays.
    c0 : array, shape (I,)
        Original rock: geometric mean of the fresh samples, in ``units``; where some of them are below detection, the mean
        of a censored normal distribution of the logarithms.
    altered : array, shape (I, N)
        Concentrations in the altered samples, in ``units``; NaN where not analysed, the limit where censored.
    log_ratio : array, shape (I, N)
        ln(c_A / c_0); NaN where not analysed, ln(limit / c_0) where censored.
    below : bool array, shape (I, N)
        True where the altered cell is censored (below its detection limit).
    sigma_altered : array, shape (I, N)
        Relative 1-sigma error of every altered cell (fraction).
    sigma_protolith : array, shape (I,)
        Relative 1-sigma error of ``c0`` itself (fraction): already divided by sqrt(K) when it is a mean of K samples.
    weight : array, shape (I,)
        Vote of an element in the choice of the isocon: 1, or 1/(block size), or 0 (reported but not used).
    units : tuple of str, length I
        Unit of each element's concentrations (wt, ppm, ppb).
    position : array, shape (N,) or None
        Distance or depth of the altered samples.
    position_name : str
        Column that the position came from.
    density_fresh : float or None
        Bulk density of the original rock, g/cm3.
    density_altered : array, shape (N,) or None
        Bulk density of the altered samples, g/cm3.
    n_fresh : int
        Number K of fresh samples.
    fresh_scatter : array, shape (I,)
        Standard deviation of ln c among the fresh samples (NaN with fewer than 2).
    fresh : array, shape (K, I)
        The fresh samples; the expected value where censored (see `from_arrays`), NaN where not analysed.
    notes : tuple of str
        What was left out, and why.
    """

    elements: tuple[str, ...]
    samples: tuple[str, ...]
    c0: np.ndarray
    altered: np.ndarray
    log_ratio: np.ndarray
    below: np.ndarray
    sigma_altered: np.ndarray
    sigma_protolith: np.ndarray
    weight: np.ndarray
    units: tuple[str, ...]
    position: np.ndarray | None = None
    position_name: str = ""
    density_fresh: float | None = None
    density_altered: np.ndarray | None = None
    n_fresh: int = 1
    fresh_scatter: np.ndarray | None = None
    fresh: np.ndarray | None = None
    notes: tuple[str, ...] = ()

    @property
    def shape(self) -> tuple[int, int]:
        """Number of elements and of altered samples."""
        return self.log_ratio.shape

    @property
    def used(self) -> np.ndarray:
        """Elements that vote for the isocon, shape (I,)."""
        return self.weight > 0

    @property
    def dof(self) -> np.ndarray:
        """Measured (not censored) cells of each element, shape (I,); at least 1 to keep quantiles defined."""
        return np.maximum((np.isfinite(self.log_ratio) & ~self.below).sum(axis=1), 1)

    def index(self, names: Sequence[str]) -> np.ndarray:
        """Row numbers of named elements; a name that is not there raises ValueError."""
        missing = [name for name in names if name not in self.elements]
        if missing:
            raise ValueError(
                f"element(s) {', '.join(missing)} are not in the data; expected names from: {', '.join(self.elements)}"
            )
        return np.array([self.elements.index(name) for name in names], dtype=int)

    def with_errors(self, factor: float) -> IsoconData:
        """Return the same data with all stated errors multiplied by ``factor`` (> 0)."""
        if not factor > 0:
            raise ValueError(f"the error factor must be positive, got {factor}")
        return replace(self, sigma_altered=self.sigma_altered * factor, sigma_protolith=self.sigma_protolith * factor)

    def take(self, elements: np.ndarray | None = None, samples: np.ndarray | None = None) -> IsoconData:
        """Return a subset (index arrays) of elements and samples."""
        e = np.arange(self.shape[0]) if elements is None else np.asarray(elements)
        s = np.arange(self.shape[1]) if samples is None else np.asarray(samples)
        cells = np.ix_(e, s)
        return replace(
            self,
            elements=tuple(self.elements[i] for i in e),
            samples=tuple(self.samples[n] for n in s),
            units=tuple(self.units[i] for i in e),
            c0=self.c0[e],
            sigma_protolith=self.sigma_protolith[e],
            weight=self.weight[e],
            fresh_scatter=None if self.fresh_scatter is None else self.fresh_scatter[e],
            fresh=None if self.fresh is None else self.fresh[:, e],
            altered=self.altered[cells],
            log_ratio=self.log_ratio[cells],
            below=self.below[cells],
            sigma_altered=self.sigma_altered[cells],
            position=None if self.position is None else self.position[s],
            density_altered=None if self.density_altered is None else self.density_altered[s],
        )


def per_element(value: float | Mapping[str, float], elements: Sequence[str], default: float, name: str) -> np.ndarray:
    """Expand a scalar or an element -> value mapping to shape (I,); values are relative errors in (0, 2)."""
    if isinstance(value, Mapping):
        out = np.array([float(value.get(element, default)) for element in elements])
    else:
        out = np.full(len(elements), float(value))
    if not np.all((out >= 0) & (out < 2)):
        raise ValueError(f"{name} holds relative 1-sigma errors as fractions (0.05 for 5 %), expected 0-2, got {value}")
    return out


def from_arrays(
    fresh,
    altered,
    *,
    elements: Sequence[str] | None = None,
    samples: Sequence[str] | None = None,
    units: Sequence[str] | None = None,
    below=None,
    fresh_below=None,
    sigma_altered=DEFAULT_ERROR,
    sigma_protolith=DEFAULT_ERROR,
    protolith_error: str = "per sample",
    protolith_scatter: bool = False,
    group_weights: str | Mapping[str, Sequence[str]] | None = None,
    min_measured: float = 0.6,
    position=None,
    position_name: str = "",
    density_fresh: float | None = None,
    density_altered=None,
) -> IsoconData:
    """Build `IsoconData` from arrays with one row a sample, one column an element.

    Parameters
    ----------
    fresh : array, shape (K, I) or (I,)
        Fresh samples (> 0; NaN = not analysed).
    altered : array, shape (N, I) or (I,)
        Altered samples in the same units; the detection limit where ``below``.
    elements, samples, units : sequences of str, optional
        Names and units (wt, ppm, ppb); default e1.., s1.. and none.
    below, fresh_below : bool arrays, shapes of ``altered`` and ``fresh``, optional
        True where the value is a detection limit.
    sigma_altered : float, mapping element -> float, or array shape (N, I)
        Relative 1-sigma errors of the altered analyses (fractions).
    sigma_protolith : float, mapping, or array shape (I,)
        Relative 1-sigma error of one fresh sample, heterogeneity included.
    protolith_error : {"per sample", "of the mean"}
        "per sample": divided here by sqrt(K_i), K_i = fresh samples in which element i was measured.
    protolith_scatter : bool
        With K >= 3, replace ``sigma_protolith`` by the scatter among the fresh samples, shrunk towards the stated
        value as by 3 prior degrees of freedom.
    group_weights : None, "blocks", or mapping block -> members
        None: every element has one vote.  See `lib.isocon.votes`.
    min_measured : float, 0-1
        Elements measured in a smaller fraction of the altered samples get no vote; gains and losses are still given.
    position : array, shape (N,), optional
        Distance or depth of the altered samples.
    position_name : str
        What the position is, for labels.
    density_fresh : float, optional
        Bulk density of the original rock, g/cm3.
    density_altered : array, shape (N,), optional
        Bulk densities of the altered samples, g/cm3.

    Returns
    -------
    IsoconData

    Raises
    ------
    ValueError
        Shapes that do not match, zero or negative concentrations, fewer than 2 usable elements.

    Notes
    -----
    A fresh sample below detection is not left out (that would put the original rock too high): see `lib.isocon.censored`.
    An element below detection in every fresh sample has no reference and is dropped.  Both leave a note.
    """
    fresh = np.atleast_2d(np.asarray(fresh, float))
    altered = np.atleast_2d(np.asarray(altered, float))
    n_elements = altered.shape[1]
    if fresh.shape[1] != n_elements:
        raise ValueError(f"fresh has {fresh.shape[1]} columns and altered {n_elements}: expected the same elements")
    if altered.shape[0] == 0 or fresh.shape[0] == 0:
        raise ValueError("at least one fresh and one altered sample are needed")
    elements = tuple(elements) if elements is not None else tuple(f"e{i + 1}" for i in range(n_elements))
    samples = tuple(map(str, samples)) if samples is not None else tuple(f"s{n + 1}" for n in range(len(altered)))
    if len(elements) != n_elements or len(samples) != len(altered):
        raise ValueError(f"{len(elements)} element and {len(samples)} sample names for altered of {altered.shape}")
    units = tuple(units) if units is not None else ("",) * n_elements
    below = np.zeros(altered.shape, bool) if below is None else np.atleast_2d(np.asarray(below, bool))
    fresh_below = np.zeros(fresh.shape, bool) if fresh_below is None else np.atleast_2d(np.asarray(fresh_below, bool))
    for name, table in (("fresh", fresh), ("altered", altered)):
        bad = np.argwhere(np.isfinite(table) & (table <= 0))
        if bad.size:
            row, col = bad[0]
            raise ValueError(
                f"{name} row {row + 1}, {elements[col]}: {table[row, col]} has no logarithm ({len(bad)} such cell(s)); "
                "give the detection limit as censored, or leave the cell empty if it was not analysed"
            )
    notes = []
    fresh_limit, fresh_below = fresh, fresh_below & np.isfinite(fresh)
    known = np.isfinite(fresh) & ~fresh_below
    k = known.sum(axis=0)
    keep = k > 0
    for i in np.flatnonzero(~keep):
        n_below, n_empty = int(fresh_below[:, i].sum()), int((~fresh_below[:, i]).sum())
        parts = ((n_below, "below detection"), (n_empty, "not analysed"))
        why = " and ".join(f"{text} in {n}" for n, text in parts if n)
        notes.append(f"{elements[i]}: dropped, {why} of {len(fresh)} fresh sample(s), so it has no reference value")
    log_fresh = np.where(known, np.log(np.where(known, fresh, 1.0)), 0.0)
    mean = log_fresh.sum(axis=0) / np.maximum(k, 1)
    scatter = np.sqrt(np.where(known, (log_fresh - mean) ** 2, 0).sum(axis=0) / np.maximum(k - 1, 1))
    scatter[k < 2] = np.nan

    per_sample = (
        per_element(sigma_protolith, elements, DEFAULT_ERROR, "sigma_protolith")
        if np.ndim(sigma_protolith) == 0 or isinstance(sigma_protolith, Mapping)
        else np.asarray(sigma_protolith, float)
    )
    if protolith_error not in ("per sample", "of the mean"):
        raise ValueError(f"protolith_error is 'per sample' or 'of the mean', got {protolith_error!r}")
    if protolith_scatter:
        shrunk = np.sqrt((3 * per_sample**2 + (k - 1) * np.nan_to_num(scatter) ** 2) / (3 + k - 1))
        per_sample = np.where(k >= 3, shrunk, per_sample)
    s0 = per_sample / np.sqrt(np.maximum(k, 1)) if protolith_error == "per sample" else per_sample
    fresh = np.where(known, fresh, np.nan)
    for i in np.flatnonzero(keep & fresh_below.any(axis=0)):
        limits = np.log(fresh_limit[fresh_below[:, i], i])
        one = per_sample[i] if protolith_error == "per sample" else per_sample[i] * np.sqrt(k[i])
        before, (mean[i], error, expected) = mean[i], censored_mean(log_fresh[known[:, i], i], limits, one)
        fresh[fresh_below[:, i], i] = np.exp(expected)
        if protolith_error == "per sample":
            s0[i] = error
        notes.append(
            f"{elements[i]}: below detection in {limits.size} of {len(fresh)} fresh samples; its original concentration is "
            f"the mean of a censored normal distribution, {np.exp(mean[i]):.4g} ({np.exp(before):.4g} without those samples)"
        )
    if np.ndim(sigma_altered) == 2:
        sa = np.asarray(sigma_altered, float).T
    else:
        sa = np.repeat(per_element(sigma_altered, elements, DEFAULT_ERROR, "sigma_altered")[:, None], len(samples), 1)
    if sa.shape != altered.T.shape or np.any(sa <= 0):
        raise ValueError(f"sigma_altered must be positive and of shape {altered.shape}, got shape {sa.T.shape}")

    below = below & np.isfinite(altered)
    measured = (np.isfinite(altered) & ~below).mean(axis=0)
    weight = votes(elements, group_weights, keep)
    for i in np.flatnonzero(keep & (measured < min_measured)):
        weight[i] = 0.0
        notes.append(
            f"{elements[i]}: no vote for the isocon, measured in {100 * measured[i]:.0f} % of the altered samples "
            f"({100 * min_measured:.0f} % needed); its gain or loss is still reported where it can be"
        )
    if (keep & (weight > 0)).sum() < 2:
        raise ValueError("fewer than 2 usable elements: an isocon needs at least 2, better 10 or more. " + "; ".join(notes))
    with np.errstate(invalid="ignore"):
        log_ratio = np.log(altered.T) - mean[:, None]
    return IsoconData(
        elements=tuple(e for e, ok in zip(elements, keep, strict=True) if ok),
        samples=samples,
        units=tuple(u for u, ok in zip(units, keep, strict=True) if ok),
        c0=np.exp(mean)[keep],
        altered=altered.T[keep],
        log_ratio=log_ratio[keep],
        below=below.T[keep],
        sigma_altered=sa[keep],
        sigma_protolith=s0[keep],
        weight=weight[keep],
        position=None if position is None else np.asarray(position, float),
        position_name=position_name,
        density_fresh=density_fresh,
        density_altered=None if density_altered is None else np.asarray(density_altered, float),
        n_fresh=len(fresh),
        fresh_scatter=scatter[keep],
        fresh=fresh[:, keep],
        notes=tuple(notes),
    )
