"""How sure is an isocon: threshold paths, profile of the objective, other errors, cross-validation."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from . import kernels
from .logratio import IsoconData
from .results import IsoconFit
from .sparse import arrays, fit_convex, fit_sparse


def threshold_path(
    data: IsoconData, *, kind: str = "welsch", grid=None, scale: float = 1.0
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Run the penalty's threshold over a grid: a stable plateau is the evidence for an isocon.

    Parameters
    ----------
    data : IsoconData
        Log ratios.
    kind : {"welsch", "convex"}
        Redescending (c) or convex (lambda) penalty.
    grid : array, optional
        Thresholds in units of sqrt(cells) and of the noise; default 25 values from 0.3 to 12 in equal ratios.
    scale : float
        Noise scale k on the stated errors.

    Returns
    -------
    samples : DataFrame
        Columns threshold, sample, mass_change_pct, effective_number.
    elements : DataFrame
        Columns threshold, element, distance (r / (k sqrt(cells))), weight, immobile (distance below the threshold).
    """
    if kind not in ("welsch", "convex"):
        raise ValueError(f"kind of path is 'welsch' or 'convex', got {kind!r}")
    grid = np.geomspace(0.3, 12.0, 25) if grid is None else np.asarray(grid, float)
    x, p, s2, below = arrays(data)
    root = np.sqrt(data.dof)
    start = np.zeros(data.shape[1])
    kernels.iterate(kernels.MEDIAN, x, p, s2, below, data.weight, np.full(len(x), 1e-6), start, 1e-5, 200)
    by_sample, by_element = [], []
    r2 = np.empty(len(x))
    for threshold in grid:
        c2 = (threshold * scale) ** 2 * data.dof
        if kind == "welsch":
            _, modes, _, effective = kernels.find_modes(x, p, s2, below, data.weight, c2, start, 1e-9, 500)
            m, support = modes[0], effective[0]
        else:
            m = start.copy()
            omega, _, _ = kernels.iterate(kernels.HUBER, x, p, s2, below, data.weight, c2, m, 1e-10, 2000)
            support = omega.sum()
        kernels.distances(x, p, s2, below, m, np.empty_like(x), r2)
        distance = np.sqrt(r2) / root / scale
        weight = np.exp(-0.5 * r2 / c2) if kind == "welsch" else np.minimum(1, threshold / np.maximum(distance, 1e-12))
        by_sample.append(
            pd.DataFrame({"threshold": threshold, "sample": data.samples, "mass_change_pct": 100 * np.expm1(-m),
                          "effective_number": support})
        )  # fmt: skip
        by_element.append(
            pd.DataFrame({"threshold": threshold, "element": data.elements, "distance": distance,
                          "weight": np.where(data.used, weight, 0.0), "immobile": data.used & (distance < threshold)})
        )  # fmt: skip
    return pd.concat(by_sample, ignore_index=True), pd.concat(by_element, ignore_index=True)


def entry_order(elements: pd.DataFrame) -> pd.Series:
    """Threshold from which on an element stays in the immobile set: an immobility ranking (index element, sorted).

    Parameters
    ----------
    elements : DataFrame
        Second frame of `threshold_path`.

    Returns
    -------
    Series
        An element that is never in for good gets infinity.
    """
    out = {}
    for name, rows in elements.sort_values("threshold").groupby("element", sort=False):
        inside = rows["immobile"].to_numpy()
        last_out = np.flatnonzero(~inside)
        first = 0 if last_out.size == 0 else last_out[-1] + 1
        out[name] = rows["threshold"].iloc[first] if first < len(rows) else np.inf
    return pd.Series(out, name="threshold").sort_values(kind="stable")


def objective_profile(
    result: IsoconFit, *, sample: str | int | None = None, n_points: int = 181, pad: float = 0.25
) -> pd.DataFrame:
    """Lowest objective sum(1 - w_i) with the isocon of one sample held fixed, over a grid of its mass change.

    Parameters
    ----------
    result : IsoconFit
        Its noise scale and tuning are used.
    sample : str or int, optional
        Which altered sample, by name or by position; default the one of largest |mass change| in ``result``.
    n_points : int
        Size of the grid.
    pad : float
        How far the grid goes beyond the elements' log ratios (ln units), within -90 to +900 %.

    Returns
    -------
    frame : DataFrame
        Columns sample, m, mass_change_pct, objective.

    Notes
    -----
    The value is held by one more row that measures only this sample, extremely precisely.  The isocons of all other
    samples are free: at every grid value they are optimised anew from all starts of Algorithm S (``result.m`` and every
    element's own vector), and the lowest minimum counts.  With several samples the profile is therefore the lower
    envelope of the objective, with kinks where another cluster takes over; with one sample it is the objective itself.

    Raises
    ------
    ValueError
        A sample that is not in the data.
    """
    data = result.data
    sample = _sample_index(result, sample)
    x, p, s2, below = arrays(data)
    seen = (p[:, sample] > 0) & ~below[:, sample] & data.used
    low, high = np.min(x[seen, sample]) - pad, np.max(x[seen, sample]) + pad
    low, high = max(low, -np.log(10)), min(high, -np.log(0.1))
    x = np.vstack([x, np.zeros(x.shape[1])])
    holder = np.zeros(x.shape[1])
    holder[sample] = 1e12
    p = np.vstack([p, holder])
    s2 = np.append(s2, 0.0)
    below = np.vstack([below, np.zeros(x.shape[1], bool)])
    weight = np.append(data.weight, 1.0)
    c2 = np.append((result.tuning * result.scale) ** 2 * data.dof, 1e30)
    grid = np.linspace(low, high, n_points)
    value = np.empty(n_points)
    for j, m in enumerate(grid):
        x[-1, sample] = m
        start = result.m.copy()
        start[sample] = m
        value[j] = kernels.find_modes(x, p, s2, below, weight, c2, start, 1e-6, 200)[2][0]
    return pd.DataFrame(
        {"sample": data.samples[sample], "m": grid, "mass_change_pct": 100 * np.expm1(-grid), "objective": value}
    )


def _sample_index(result: IsoconFit, sample: str | int | None) -> int:
    """Position of a sample given by name or position; None is the one of largest |mass change|."""
    names = result.data.samples
    if sample is None:
        return int(np.argmax(np.abs(result.mass_change_pct)))
    if isinstance(sample, str) and sample in names:
        return names.index(sample)
    if not isinstance(sample, str) and -len(names) <= sample < len(names):
        return int(sample) % len(names)
    raise ValueError(
        f"sample {sample!r} is not in the data: expected a position from 0 to {len(names) - 1}, or one of {', '.join(names)}"
    )


def error_sensitivity(data: IsoconData, factors=(0.5, 1.0, 2.0), *, known: IsoconFit | None = None, **options) -> pd.DataFrame:
    """Algorithm S with the stated errors multiplied.

    Parameters
    ----------
    data : IsoconData
        Log ratios.
    factors : sequence of float
        Factors on all stated errors.
    known : IsoconFit, optional
        Solution with the errors as stated (factor 1), when there is one already.
    **options
        Passed to `lib.isocon.sparse.fit_sparse`.

    Returns
    -------
    DataFrame
        Columns error_factor, sample, mass_change_pct, scale, immobile (names), ambiguous.
    """
    frames = []
    for factor in factors:
        one = known if known is not None and factor == 1 else fit_sparse(data.with_errors(factor), **options)
        frames.append(
            pd.DataFrame({"error_factor": factor, "sample": data.samples, "mass_change_pct": one.mass_change_pct,
                          "scale": one.scale, "immobile": " ".join(one.immobile_elements), "ambiguous": one.ambiguous})
        )  # fmt: skip
    return pd.concat(frames, ignore_index=True)


def cross_validate(data: IsoconData, rng: np.random.Generator, *, grid=None, folds: int = 10) -> pd.DataFrame:
    """Cross-validated prediction error of the convex fit over its threshold: columns threshold, error.

    Cells are left out in ``folds`` random parts; a left-out cell is predicted as m_n + d_i, d_i the element's mean
    offset in the other samples shrunk as by the group lasso.  It tends to keep too many elements mobile: offered for
    comparison, not used by default.
    """
    grid = np.geomspace(0.3, 8.0, 12) if grid is None else np.asarray(grid, float)
    cells = np.argwhere(np.isfinite(data.log_ratio) & ~data.below & data.used[:, None])
    part = rng.permutation(len(cells)) % folds
    error = np.zeros(grid.size)
    for f in range(folds):
        out = cells[part == f]
        y = data.log_ratio.copy()
        y[out[:, 0], out[:, 1]] = np.nan
        train = replace(data, log_ratio=y)
        for g, threshold in enumerate(grid):
            one = fit_convex(train, threshold=threshold * np.sqrt(data.shape[1]))
            shrink = np.maximum(0.0, 1 - threshold * np.sqrt(data.dof) / np.maximum(one.distance, 1e-12))
            have = np.isfinite(y)
            offset = np.where(have, y - one.m, 0.0).sum(axis=1) / np.maximum(have.sum(axis=1), 1) * shrink
            miss = data.log_ratio[out[:, 0], out[:, 1]] - one.m[out[:, 1]] - offset[out[:, 0]]
            error[g] += np.sum((miss / data.sigma_altered[out[:, 0], out[:, 1]]) ** 2)
    return pd.DataFrame({"threshold": grid, "error": error / len(cells)})
