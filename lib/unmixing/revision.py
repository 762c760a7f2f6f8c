"""A forward model that can be revised: start, processes, intensities and noise, with the free numbers as one vector.

The coefficients of straight processes count only as differences, a contaminant only as a composition, and so the free numbers
are coordinates that leave out what no composition can show.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from lib.composition import closure, clr, helmert_basis

from .forward import Artificial, simulate
from .intensities import Intensity
from .processes import Process, chain, chain_tangents

#: Word in place of the intensities: those that explain the observed samples best are taken.
PROJECTED = "projected"


@dataclass(frozen=True, eq=False)
class ForwardModel:
    """What is thought to have made a set of samples.

    Parameters
    ----------
    start : array, shape (D,)
        Composition before all processes, positive.
    processes : sequence of Process
        In the order of time.
    intensities : sequence or "projected"
        One a process: an `Intensity`, an array of N values or a number.  "projected": each sample's own, found with
        `project_intensities` whenever the processes change.
    noise : float or array, shape (D,)
        Relative standard deviation of the analytical noise (fraction).
    heterogeneity : float
        Relative standard deviation of the start from sample to sample.
    correlation : float or array, shape (P, P), optional
        Correlation of the normal scores of the intensities.
    parts : sequence of str, optional
        Names of the parts.
    """

    start: np.ndarray
    processes: Sequence[Process]
    intensities: Sequence | str
    noise: float | np.ndarray
    heterogeneity: float = 0.0
    correlation: float | np.ndarray | None = None
    parts: Sequence[str] | None = None

    def __post_init__(self):
        start = closure(np.asarray(self.start, dtype=float))
        if isinstance(self.intensities, str) and self.intensities != PROJECTED:
            raise ValueError(f'intensities must be given for each process, or be "{PROJECTED}", got {self.intensities!r}')
        if self.intensities != PROJECTED and len(self.intensities) != len(self.processes):
            raise ValueError(f"{len(self.processes)} processes need as many intensities, got {len(self.intensities)}")
        names = [process.name for process in self.processes]
        if len(set(names)) < len(names):
            raise ValueError(f"processes must have different names, got {', '.join(names)}")
        parts = [f"x{i + 1}" for i in range(start.size)] if self.parts is None else self.parts
        object.__setattr__(self, "start", start)
        object.__setattr__(self, "processes", tuple(self.processes))
        object.__setattr__(self, "parts", tuple(parts))

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the processes."""
        return tuple(process.name for process in self.processes)

    def simulate(self, n: int, rng: np.random.Generator, observed=None) -> Artificial:
        """Artificial samples of this model.

        Parameters
        ----------
        n : int
            Samples.
        rng : numpy.random.Generator
            Stream.
        observed : array, shape (n, D), optional
            Samples whose intensities are taken where they are to be projected.

        Returns
        -------
        Artificial
            Without detection limits: they belong to `replace`, before the analysis.
        """
        given = self.intensities
        if given == PROJECTED:
            if observed is None:
                raise ValueError("projected intensities need the observed samples")
            given = list(project_intensities(observed, self.start, self.processes).T)
        return simulate(self.start, self.processes, given, self.noise, rng, n=n, heterogeneity=self.heterogeneity,
                        correlation=self.correlation, parts=self.parts)  # fmt: skip


def project_intensities(x, start, processes: Sequence[Process], n_iterations: int = 30) -> np.ndarray:
    """Intensities that bring the end of the chain nearest to each sample, in Aitchison distance.

    Parameters
    ----------
    x : array, shape (N, D)
        Positive compositions.
    start : array, shape (D,)
        Composition before.
    processes : sequence of Process
        In the order of time.
    n_iterations : int
        Most Gauss-Newton steps; straight processes need one.

    Returns
    -------
    array, shape (N, P)
        Kept within the limits of each process.
    """
    limits = np.array([process.limits for process in processes])
    low, high = np.where(np.isfinite(limits), limits, np.sign(limits) * 1e3).T
    high = np.where(high == 1, 1 - 1e-6, high)  # a rock of nothing but contaminant has no tangent of earlier processes
    target = clr(np.asarray(x, dtype=float))
    t = np.tile(np.clip(0.1, low, high), (len(target), 1))
    for _ in range(n_iterations):
        slopes = chain_tangents(start, processes, t)
        rest = target - clr(chain(start, processes, t))
        # a small ridge: tangents of one sample may be parallel
        normal = slopes @ slopes.transpose(0, 2, 1) + 1e-9 * np.eye(len(processes))
        step = np.linalg.solve(normal, (slopes @ rest[:, :, None]))[:, :, 0]
        new = np.clip(t + step, low, high)
        if np.max(np.abs(new - t)) < 1e-9:
            break
        t = new
    return t


class Freedom:
    """The free numbers of a forward model as one vector, zero at the initial model.

    Parameters
    ----------
    model : ForwardModel
        Where the revision begins.
    free : sequence of str
        Names of the processes whose coefficients are free.
    shapes : sequence of str
        Names of the processes whose intensity distribution may change its shape at the same spread.

    Raises
    ------
    ValueError
        For names that are no process, and for a diluent with zeros.
    """

    def __init__(self, model: ForwardModel, free: Sequence[str], shapes: Sequence[str]):
        unknown = [name for name in (*free, *shapes) if name not in model.names]
        if unknown:
            raise ValueError(f"no process is called {', '.join(unknown)}; there are {', '.join(model.names)}")
        self.model, self.basis = model, helmert_basis(model.start.size)
        self.free = [k for k, name in enumerate(model.names) if name in free]
        self.shapes = [k for k, name in enumerate(model.names) if name in shapes]
        for k in self.shapes:
            if model.intensities == PROJECTED or not isinstance(model.intensities[k], Intensity):
                raise ValueError(f"{model.names[k]}: only an Intensity has a shape that can be revised")
        self.columns = {}
        at = 0
        for k in self.free:
            process = model.processes[k]
            if process.adds_composition and (process.coefficients <= 0).any():
                raise ValueError(f"{process.name}: a composition with zeros cannot be revised; keep it fixed, or give traces")
            size = self.basis.shape[0] if self._absolute(process) else self.basis.shape[1]
            self.columns[k] = slice(at, at + size)
            at += size
        self.size = at + len(self.shapes)

    @staticmethod
    def _absolute(process):
        """Whether a common shift or factor of the coefficients shows in the compositions."""
        return process.law is not None or process.kind == "batch melting"

    def processes(self, theta) -> tuple[Process, ...]:
        """Processes at a vector of free numbers.

        Parameters
        ----------
        theta : array, shape (size,)
            Free numbers.

        Returns
        -------
        tuple of Process
            In order.
        """
        out = list(self.model.processes)
        for k in self.free:
            process, step = out[k], theta[self.columns[k]]
            base = process.coefficients
            if not self._absolute(process):
                step = self.basis @ step
            if process.adds_composition:
                new = closure(base * np.exp(step))
            elif process.kind == "batch melting":
                new = base * np.exp(step)
            else:
                new = base + step
                if process.kind == "fractional crystallisation":
                    new = new - min(new.min(), 0.0)  # the same compositions: only differences count
            out[k] = process.revised(new)
        return tuple(out)

    def at(self, theta) -> ForwardModel:
        """Model at a vector of free numbers.

        Parameters
        ----------
        theta : array, shape (size,)
            Free numbers.

        Returns
        -------
        ForwardModel
            The revised model.
        """
        intensities = self.model.intensities
        if self.shapes:
            intensities = list(intensities)
            for k, step in zip(self.shapes, theta[self.size - len(self.shapes) :], strict=True):
                intensities[k] = intensities[k].reshaped(step)
        return replace(self.model, processes=self.processes(theta), intensities=intensities)
