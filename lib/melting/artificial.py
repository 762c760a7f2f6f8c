"""Artificial basalts with a known answer: cells of the study, cases of the trial experiment, draws from a prior."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import cache
from itertools import product

import numpy as np

from .coefficients import bulk_coefficients
from .compositions import composition
from .forward import log_enrichment
from .posterior import MeltingData, Posterior
from .priors import MeltFractionPrior, SourcePrior

#: Elements of the study by their number.
ELEMENTS = {
    5: ("La", "Sm", "Zr", "Ti", "Yb"),
    6: ("La", "Nd", "Sm", "Dy", "Yb", "Ti"),
    8: ("Nb", "La", "Nd", "Zr", "Sm", "Ti", "Dy", "Yb"),
    14: ("Ba", "Th", "Nb", "La", "Ce", "Sr", "Nd", "Zr", "Sm", "Ti", "Dy", "Y", "Yb", "Lu"),
}
#: Additive part of the noise, as a fraction of the source concentration.
FLOOR = 0.01
#: Range of the melt fractions of artificial samples.
F_RANGE = (0.02, 0.15)


@dataclass(frozen=True)
class Cell:
    """One setting of the study.

    Parameters
    ----------
    model : str
        Key of `lib.melting.MODELS`.
    noise : float
        Relative 1-sigma error, a fraction.
    n_samples, n_elements : int
        m samples of one source; 5, 6, 8 or 14 elements (see `ELEMENTS`).
    kind : {"log", "linear"}
        Noise on the logarithm, or additive with a floor of 1 % of the source concentration.
    prior : str
        Kind of the prior of F.
    f_low, f_high : float
        Its bounds.
    source_sd : float
        Prior sd of every ln C0.
    """

    model: str
    noise: float = 0.05
    n_samples: int = 10
    n_elements: int = 14
    kind: str = "log"
    prior: str = "log-uniform"
    f_low: float = 0.002
    f_high: float = 0.30
    source_sd: float = 1.5

    @property
    def label(self) -> str:
        """Short name for tables and axes."""
        return f"{self.model}, {self.noise:.0%}, {self.n_samples} samples, {self.n_elements} elements"


def cell_of(model: str, noise: float, n_samples: int, n_elements: int) -> Cell:
    """Return a cell of the grid; instantaneous melts have additive noise, since an exhausted element has no logarithm."""
    return Cell(model, noise, n_samples, n_elements, "linear" if model == "instantaneous" else "log")


NOISES, SAMPLES, COUNTS = (0.01, 0.03, 0.05, 0.10), (3, 10, 30), (5, 8, 14)
GRID_MODELS = ("batch", "accumulated", "instantaneous")
#: All 108 cells: model x noise x samples x elements.
GRID = tuple(cell_of(*values) for values in product(GRID_MODELS, NOISES, SAMPLES, COUNTS))
#: Ten cells around (accumulated, 5 %, 10 samples, 14 elements), one or two things changed at a time.
STAR = (
    cell_of("accumulated", 0.05, 10, 14),
    cell_of("accumulated", 0.01, 10, 14),
    cell_of("accumulated", 0.10, 10, 14),
    cell_of("accumulated", 0.05, 3, 14),
    cell_of("accumulated", 0.05, 30, 14),
    cell_of("accumulated", 0.05, 10, 5),
    cell_of("batch", 0.05, 10, 14),
    cell_of("batch", 0.10, 30, 14),
    cell_of("instantaneous", 0.05, 10, 14),
    cell_of("instantaneous", 0.05, 10, 5),
)
#: Cases of the trial experiment, with its flat prior of F.
CASES = {
    "A": Cell("accumulated", prior="flat"),
    "B": Cell("batch", prior="flat"),
    "C": Cell("accumulated", kind="linear", prior="flat"),
    "D": Cell("instantaneous", kind="linear", prior="flat"),
    "E": Cell("accumulated", n_samples=4, n_elements=6, prior="flat"),
}


@dataclass(frozen=True)
class Artificial:
    """A data set with its true answer.

    Parameters
    ----------
    posterior : Posterior
        Data and priors.
    melt_fraction : array, shape (m,)
        True melt fractions.
    ln_source : array, shape (n,)
        True ln ppm of the source.
    """

    posterior: Posterior
    melt_fraction: np.ndarray
    ln_source: np.ndarray

    @property
    def level(self) -> float:
        """Mean of ln F."""
        return float(np.log(self.melt_fraction).mean())


@cache
def _mantle(elements: tuple[str, ...]):
    """Bulk coefficients of a set of elements and their contents in depleted mantle (ppm), read once and only looked at."""
    return bulk_coefficients(elements), composition("DMM_WH2005", elements)


def make_data(cell, rng: np.random.Generator, *, from_prior: bool = False, **changes) -> Artificial:
    """Make one artificial data set.

    Parameters
    ----------
    cell : Cell or str
        A cell, or a key of `CASES`.
    rng : numpy.random.Generator
        Source of the random numbers.
    from_prior : bool
        Draw melt fractions and source from the prior of the cell, as calibration demands; else F is uniform in `F_RANGE`
        and the source is depleted mantle (Workman & Hart 2005).
    **changes
        Fields of the cell to change.

    Returns
    -------
    Artificial
        With additive noise the stated errors are those of the noise-free concentrations.

    Raises
    ------
    ValueError
        Unknown case or number of elements.
    """
    if isinstance(cell, str):
        if cell not in CASES:
            raise ValueError(f"unknown case {cell!r}; there are {', '.join(CASES)}")
        cell = CASES[cell]
    cell = dataclasses.replace(cell, **changes)
    if cell.n_elements not in ELEMENTS:
        raise ValueError(f"no set of {cell.n_elements} elements; there are {', '.join(map(str, ELEMENTS))}")
    elements = ELEMENTS[cell.n_elements]
    bulk, depleted = _mantle(elements)
    prior = MeltFractionPrior(cell.prior, cell.f_low, cell.f_high)
    source = dataclasses.replace(SourcePrior.wide(elements), sd=cell.source_sd)
    if from_prior:
        f, ln_source = prior.draw(rng, cell.n_samples)[0], source.draw(rng)
    else:
        f, ln_source = rng.uniform(*F_RANGE, cell.n_samples), np.log(depleted)
    g = log_enrichment(cell.model, f, bulk.d, bulk.p)
    if cell.kind == "log":
        sigma = np.full(g.shape, cell.noise)
        values = ln_source + g + sigma * rng.standard_normal(g.shape)
    else:
        clean = np.exp(ln_source + g)
        # errors must not follow concentrations drawn from a prior, or they would tell them: then one error an element
        typical = np.exp(source.mean)
        sigma = np.hypot(cell.noise * clean, FLOOR * np.exp(ln_source))
        if from_prior:
            sigma = np.broadcast_to(np.hypot(cell.noise, FLOOR) * typical, g.shape)
        values = clean + sigma * rng.standard_normal(g.shape)
    samples = tuple(f"artificial {i + 1}" for i in range(cell.n_samples))
    data = MeltingData(elements, samples, values, sigma, noise=cell.kind)
    return Artificial(Posterior(data, bulk.d, bulk.p, cell.model, prior, source), f, ln_source)
