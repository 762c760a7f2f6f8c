"""Artificial compositions from forward models of processes: what a laboratory would report, and the truth behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from .intensities import draw
from .processes import Process, chain, chain_tangents


@dataclass(frozen=True, eq=False)
class Artificial:
    """Artificial samples, and the processes that made them.

    Parameters
    ----------
    x : array, shape (N, D)
        Reported compositions, closed to 1 before censoring; NaN where below the limit.
    clean : array, shape (N, D)
        The same without noise and limits.
    intensity : array, shape (N, P)
        Intensity of each process in each sample.
    tangents : array, shape (P, D)
        Truth of the directions: d clr / d intensity of each process at the mean intensities.
    processes : tuple of Process
        In order of time.
    start : array, shape (D,)
        Composition before, closed to 1.
    noise : float or array, shape (D,)
        Relative standard deviation of the multiplicative noise (fraction).
    below : array of bool, shape (N, D)
        Cells below the detection limit.
    limit : array, shape (N, D)
        Detection limit where below, else NaN (mass fraction).
    parts : tuple of str
        Names of the parts.
    """

    x: np.ndarray
    clean: np.ndarray
    intensity: np.ndarray
    tangents: np.ndarray
    processes: tuple[Process, ...]
    start: np.ndarray
    noise: float | np.ndarray
    below: np.ndarray
    limit: np.ndarray
    parts: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the processes."""
        return tuple(process.name for process in self.processes)

    @property
    def directions(self) -> np.ndarray:
        """Unit vectors along the tangents, shape (P, D)."""
        return self.tangents / np.linalg.norm(self.tangents, axis=1, keepdims=True)

    def curve(self, k: int, t=None, n_points: int = 60) -> np.ndarray:
        """Compositions along process k alone, the others at their mean intensities.

        Parameters
        ----------
        k : int
            Which process.
        t : array, shape (T,), optional
            Intensities; default the 5-95 % range of the samples.
        n_points : int
            Points where t is not given.

        Returns
        -------
        array, shape (T, D)
            Closed to 1.
        """
        if t is None:
            t = np.linspace(*np.quantile(self.intensity[:, k], [0.05, 0.95]), n_points)
        intensities = np.tile(self.intensity.mean(axis=0), (len(t), 1))
        intensities[:, k] = t
        return chain(self.start, self.processes, intensities)


def simulate(
    start, processes: Sequence[Process], intensities: Sequence | Mapping, noise, rng: np.random.Generator, *,
    n: int | None = None, limits=None, heterogeneity: float = 0.0, correlation=None, parts: Sequence[str] | None = None,
) -> Artificial:  # fmt: skip
    """Artificial samples of a rock that went through several processes.

    Parameters
    ----------
    start : array, shape (D,)
        Composition before, positive, any closure.
    processes : sequence of Process
        In the order of time.
    intensities : sequence or mapping
        One a process: an `Intensity`, a number, or an array of N values.
    noise : float or array, shape (D,)
        Relative standard deviation of the multiplicative (log-normal) analytical noise, fraction.
    rng : numpy.random.Generator
        Stream.
    n : int, optional
        Samples; default the length of the first intensity that is an array.
    limits : array, shape (D,), optional
        Detection limits (mass fraction; 0 or NaN = none): smaller values are censored.
    heterogeneity : float
        Relative standard deviation of the starting composition from sample to sample (log-normal, before the processes).
    correlation : float or array, shape (P, P), optional
        Correlation of the normal scores of the intensities.
    parts : sequence of str, optional
        Names of the parts.

    Returns
    -------
    Artificial
        Samples with their truth.

    Raises
    ------
    ValueError
        For negative noise, missing N, or what a process refuses.

    Examples
    --------
    >>> import numpy as np
    >>> from lib.unmixing.processes import leaching
    >>> from lib.unmixing.intensities import Intensity
    >>> rng = np.random.default_rng(1)
    >>> soil = simulate([60, 30, 10], [leaching([0.2, 0, 1.5])], [Intensity("gamma", (1, 0.5))], 0.02, rng, n=50)
    >>> soil.x.shape
    (50, 3)
    """
    start = np.asarray(start, dtype=float)
    if start.ndim != 1 or not (start > 0).all():
        raise ValueError(f"start must be one composition, positive in all parts, got {start}")
    processes = tuple(processes)
    names = [process.name for process in processes]
    if isinstance(intensities, Mapping):
        if set(intensities) != set(names):
            raise ValueError(f"intensities are given for {', '.join(intensities)}; the processes are {', '.join(names)}")
        intensities = [intensities[name] for name in names]
    if len(intensities) != len(processes):
        raise ValueError(f"{len(processes)} processes need as many intensities, got {len(intensities)}")
    if n is None:
        n = next((len(one) for one in intensities if np.ndim(one) == 1), None)
        if n is None:
            raise ValueError("the number of samples is not known: give n, or an array of intensities")
    parts = tuple(f"x{i + 1}" for i in range(start.size)) if parts is None else tuple(parts)
    if len(parts) != start.size:
        raise ValueError(f"{len(parts)} names for {start.size} parts")
    noise = np.asarray(noise, dtype=float)
    if (noise < 0).any() or heterogeneity < 0:
        raise ValueError("noise and heterogeneity are relative standard deviations and must not be negative")

    start = start / start.sum()
    t = draw(intensities, n, rng, correlation)
    z_noise, z_start = rng.standard_normal((2, n, start.size))
    clean = chain(start * np.exp(heterogeneity * z_start), processes, t)
    x = clean * np.exp(noise * z_noise)
    x /= x.sum(axis=1, keepdims=True)
    floor = np.zeros(start.size) if limits is None else np.nan_to_num(np.asarray(limits, dtype=float))
    below = x < floor
    return Artificial(
        x=np.where(below, np.nan, x), clean=clean, intensity=t, tangents=chain_tangents(start, processes, t.mean(axis=0)),
        processes=processes, start=start, noise=noise if noise.ndim else float(noise), below=below,
        limit=np.where(below, floor, np.nan), parts=parts,
    )  # fmt: skip
