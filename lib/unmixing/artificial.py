"""Artificial data sets with a known answer: three processes, pelagic mixtures, a published recipe, negative controls.

Everything made here is artificial; the compositions are round numbers of plausible rocks and sediments.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .forward import Artificial, simulate
from .intensities import Intensity
from .processes import fractional_crystallisation, leaching, mixing

#: Parts of the designs (mass fraction or wt%, FeO total).
OXIDES = ("SiO2", "TiO2", "Al2O3", "FeO", "MnO", "MgO", "CaO", "Na2O", "K2O", "P2O5")

#: Basaltic andesite, crustal contaminant (wt%), bulk partition coefficients and leaching rates of `three_processes`.
ANDESITE = np.array([53, 0.95, 17.5, 8.6, 0.16, 6, 9, 3.2, 1, 0.2])
CONTAMINANT = np.array([68, 0.5, 15.2, 4, 0.08, 1.6, 3, 3.4, 4, 0.15])
PARTITION = np.array([0.85, 0.7, 0.8, 1.6, 1.2, 3, 1.25, 0.45, 0.1, 0.1])
LEACHING = np.array([0.35, 0, 0, 0.1, 0.5, 0.8, 1.5, 1.3, 0.6, 0.3])
#: Intensities: -ln F, mass fraction of contaminant, rate times time.
INTENSITIES = (Intensity("uniform", (0, 0.9)), Intensity("beta", (0.5, 1.5, 0.7)), Intensity("gamma", (0.8, 0.45)))
PROCESSES = ("crystallisation", "mixing", "leaching")

#: End members of the pelagic sediments (wt%, closed when used).
PELAGIC = {
    "detrital": (66.6, 0.64, 15.4, 5.04, 0.10, 2.48, 3.59, 3.27, 2.80, 0.15),
    "opal": (94, 0.05, 1.5, 0.8, 0.03, 0.6, 0.6, 1.8, 0.4, 0.1),
    "carbonate": (4, 0.05, 1.2, 0.6, 0.10, 0.9, 91.5, 1.0, 0.3, 0.35),
    "Fe-Mn": (14, 0.9, 4.5, 42, 28, 3.5, 3.2, 2.4, 0.7, 0.8),
}  # fmt: skip

#: End members of Wang & Wen (2025), arbitrary units, not closed.
WANG_WEN = np.array([
    [1.3, 1.2, 1.0, 0.6, 0.3, 0.2, 0.2, 0.1],
    [0.3, 0.4, 0.9, 1.3, 1.0, 0.5, 0.4, 0.2],
    [0.2, 0.8, 1.2, 0.4, 0.3, 1.2, 0.9, 0.3],
    [0.2, 0.3, 0.1, 0.2, 0.5, 0.9, 1.4, 1.0],
])  # fmt: skip


@dataclass(frozen=True, eq=False)
class Mixtures:
    """Artificial mixtures of end members, and the truth.

    Parameters
    ----------
    x : array, shape (N, D)
        Noisy mixtures.
    end_members : array, shape (K, D)
        True end members.
    proportions : array, shape (N, K)
        True proportions; rows sum to 1.
    noise : float
        Relative standard deviation of the noise (fraction).
    parts : tuple of str
        Names of the parts.
    names : tuple of str
        Names of the end members.
    """

    x: np.ndarray
    end_members: np.ndarray
    proportions: np.ndarray
    noise: float
    parts: tuple[str, ...]
    names: tuple[str, ...]


def three_processes(
    n: int, noise: float, rng: np.random.Generator, *, design: str = "independent", correlation: float = 0.5,
    limits=None, heterogeneity: float = 0.0,
) -> Artificial:  # fmt: skip
    """Basaltic andesite that crystallised, took up crust and was leached, in that order.

    Parameters
    ----------
    n : int
        Samples.
    noise : float
        Relative noise (fraction).
    rng : numpy.random.Generator
        Stream.
    design : {"independent", "correlated", "gaussian"}
        Independent skewed or bounded intensities; the same with correlated normal scores; or the negative control: the
        same three directions and spreads, but normal intensities, every process a straight line in log ratios.
    correlation : float
        Correlation of each pair of normal scores in the design "correlated".
    limits : array, shape (10,), optional
        Detection limits (mass fraction).
    heterogeneity : float
        Relative standard deviation of the starting rock.

    Returns
    -------
    Artificial
        Samples with processes, intensities and tangents.

    Raises
    ------
    ValueError
        For an unknown design.
    """
    options = {"n": n, "parts": OXIDES, "limits": limits, "heterogeneity": heterogeneity}
    processes = (
        fractional_crystallisation(PARTITION, PROCESSES[0]),
        mixing(CONTAMINANT, PROCESSES[1]),
        leaching(LEACHING, PROCESSES[2]),
    )
    if design == "independent":
        return simulate(ANDESITE, processes, INTENSITIES, noise, rng, **options)
    if design == "correlated":
        return simulate(ANDESITE, processes, INTENSITIES, noise, rng, correlation=correlation, **options)
    if design == "gaussian":
        middle = simulate(ANDESITE, processes, [one.mean for one in INTENSITIES], 0, np.random.default_rng(0), n=1)
        straight = [leaching(-slope, name) for slope, name in zip(middle.tangents, PROCESSES, strict=True)]
        normal = [Intensity("normal", (0, one.sd)) for one in INTENSITIES]
        return simulate(middle.clean[0], straight, normal, noise, rng, **options)
    raise ValueError(f'unknown design {design!r}: use "independent", "correlated" or "gaussian"')


def pelagic(
    n: int, noise: float, rng: np.random.Generator, *, concentration: float = 1.0, background: float = 0.0,
    names: tuple[str, ...] = tuple(PELAGIC),
) -> Mixtures:  # fmt: skip
    """Mixtures of detritus, opal, carbonate and Fe-Mn oxide.

    Parameters
    ----------
    n : int
        Samples.
    noise : float
        Relative noise (fraction), multiplicative and log-normal.
    rng : numpy.random.Generator
        Stream.
    concentration : float
        Parameter of the symmetric Dirichlet distribution of the proportions: below 1 nearly pure samples exist, 3 is highly
        mixed.
    background : float
        Mass fraction added to every part of every end member before closing again.  It lifts the near-zero entries from
        which a plain NMF lives.
    names : tuple of str
        Which of the end members; two or three of them make smaller problems.

    Returns
    -------
    Mixtures
        Closed to 1.

    Raises
    ------
    ValueError
        For an unknown end member.
    """
    unknown = [name for name in names if name not in PELAGIC]
    if unknown:
        raise ValueError(f"unknown end members {', '.join(unknown)}: there are {', '.join(PELAGIC)}")
    ends = np.array([PELAGIC[name] for name in names], dtype=float)
    ends = ends / ends.sum(axis=1, keepdims=True) + background
    ends /= ends.sum(axis=1, keepdims=True)
    proportions = rng.dirichlet(np.full(len(names), concentration), n)
    x = proportions @ ends * np.exp(noise * rng.standard_normal((n, ends.shape[1])))
    return Mixtures(x / x.sum(axis=1, keepdims=True), ends, proportions, noise, OXIDES, tuple(names))


def wang_wen(n: int, noise: float, rng: np.random.Generator) -> Mixtures:
    """Mixtures by the published recipe: additive noise on end members and mixtures, flat proportions, nothing closed.

    Parameters
    ----------
    n : int
        Samples (1000 in the publication).
    noise : float
        Standard deviation of both noises (0.1 in the publication; the entries of the end members are about 1).
    rng : numpy.random.Generator
        Stream.

    Returns
    -------
    Mixtures
        Values may be negative where the noise is strong.

    References
    ----------
    Wang & Wen (2025), synthetic data of their end-member comparison.
    """
    k, d = WANG_WEN.shape
    proportions = rng.dirichlet(np.ones(k), n)
    ends = WANG_WEN + noise * rng.standard_normal((n, k, d))
    x = np.einsum("nk,nkd->nd", proportions, ends) + noise * rng.standard_normal((n, d))
    names = tuple(f"end member {i + 1}" for i in range(k))
    return Mixtures(x, WANG_WEN.copy(), proportions, noise, tuple(f"v{i + 1}" for i in range(d)), names)
