"""Artificial alteration haloes with a known answer, and the scores of the isocon methods on them.

Everything made here is artificial: rock compositions are round numbers, mobility is drawn at random.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from .logratio import IsoconData, from_arrays

#: Original rock of the generator (wt% closed to 100, then ppm): an andesite-like round composition.
ROCK_WT = {"SiO2": 55, "TiO2": 1, "Al2O3": 16, "FeO": 8, "MnO": 0.15, "MgO": 5, "CaO": 7, "Na2O": 3.5, "K2O": 2,
           "P2O5": 0.25}  # fmt: skip
ROCK_PPM = {"Sc": 25, "V": 180, "Cr": 120, "Ni": 50, "Zn": 85, "Rb": 60, "Sr": 350, "Y": 28, "Zr": 150, "Nb": 10, "Cs": 2.5,
            "Ba": 500, "La": 22, "Ce": 45, "Nd": 24, "Sm": 5, "Yb": 2.6, "Hf": 4, "Th": 6, "U": 1.6}  # fmt: skip
ELEMENTS = (*ROCK_WT, *ROCK_PPM)
UNITS = ("wt",) * len(ROCK_WT) + ("ppm",) * len(ROCK_PPM)


@dataclass(frozen=True)
class Scenario:
    """How an artificial halo is made.

    Parameters
    ----------
    n_samples : int
        Altered samples.
    mobile : float, 0-1
        Fraction of mobile elements; SiO2 is always one of them.
    gain : float, 0-1
        Probability that a mobile element is gained.
    noise : float
        Relative 1-sigma error of altered and original rock (fraction).
    amplitude : (float, float)
        Range of the largest |ln(1 + tau)| of a mobile element.
    protolith_noise : float, optional
        Error of the original rock, where it differs.
    coherent : tuple of str
        Elements that move together.
    stated : float
        Factor by which the errors told to the method are wrong.
    stated_error : float, optional
        Error told to the method whatever the noise (fraction; needed when the noise is zero).
    label : str
        What the scenario is, in words.
    """

    n_samples: int = 10
    mobile: float = 0.4
    gain: float = 0.5
    noise: float = 0.05
    amplitude: tuple[float, float] = (0.25, 1.2)
    protolith_noise: float | None = None
    coherent: tuple[str, ...] = ()
    stated: float = 1.0
    stated_error: float | None = None
    label: str = ""


SCENARIOS = {
    "A": Scenario(label="40 % mobile, as many gains as losses, 5 % noise"),
    "B": Scenario(gain=0.85, label="40 % mobile, 85 % gains, 5 % noise"),
    "C": Scenario(gain=1.0, noise=0.10, label="40 % mobile, all gains, 10 % noise"),
    "D": Scenario(mobile=0.6, gain=0.85, label="60 % mobile, 85 % gains, 5 % noise"),
    "E": Scenario(noise=0.03, label="as A, 3 % noise"),
    "F": Scenario(gain=0.85, amplitude=(0.05, 0.4), label="as B, weak mobility |d| 0.05-0.4"),
    "G": Scenario(n_samples=1, gain=0.85, label="as B, one altered sample"),
    "coherent": Scenario(
        mobile=0.6, gain=0.85, coherent=("La", "Ce", "Nd", "Sm", "Yb", "Y", "P2O5", "Th", "U"),
        label="nine elements moving together, nine others mobile, 5 % noise",
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Halo:
    """An artificial halo: what a method may see (``data``) and the truth.

    Parameters
    ----------
    data : IsoconData
        Noisy log ratios.
    m : array, shape (N,)
        True ln of the isocon slope.
    d : array, shape (I, N)
        True ln(1 + tau), zero for immobile elements.
    immobile : bool array, shape (I,)
        True set.
    scenario : Scenario
        How it was made.
    """

    data: IsoconData
    m: np.ndarray
    d: np.ndarray
    immobile: np.ndarray
    scenario: Scenario

    @property
    def mass_change_pct(self) -> np.ndarray:
        """True mass change, shape (N,), per cent of the original mass."""
        return 100 * np.expm1(-self.m)


def original_rock() -> np.ndarray:
    """Composition of the original rock, shape (30,): wt% for oxides (closed to 100), ppm for trace elements."""
    c0 = np.array([*ROCK_WT.values(), *ROCK_PPM.values()], float)
    major = slice(0, len(ROCK_WT))
    # the oxides alone are closed; the 0.16 wt% of trace elements stay within the noise of an analysis
    c0[major] *= 100.0 / c0[major].sum()
    return c0


def make_halo(scenario: Scenario | str, rng: np.random.Generator) -> Halo:
    """Draw one artificial halo.

    Parameters
    ----------
    scenario : Scenario or str
        A scenario, or a key of `SCENARIOS`.
    rng : numpy.random.Generator
        Stream to draw from.

    Returns
    -------
    Halo
        SiO2 takes up the balance, so that the mass changes (uniform -30 to +40 %) and the element changes are
        consistent and the altered rocks sum to 100 wt%.
    """
    scenario = SCENARIOS[scenario] if isinstance(scenario, str) else scenario
    c0 = original_rock()
    n_elements, n = c0.size, scenario.n_samples
    major = np.arange(n_elements) < len(ROCK_WT)
    index = {name: i for i, name in enumerate(ELEMENTS)}
    n_mobile = max(1, round(scenario.mobile * n_elements))
    fixed = [0, *(index[name] for name in scenario.coherent)]
    others = np.setdiff1d(np.arange(n_elements), fixed)
    while True:
        drawn = rng.choice(others, n_mobile - len(fixed), replace=False) if n_mobile > len(fixed) else []
        mobile = np.zeros(n_elements, bool)
        mobile[fixed] = True
        mobile[np.asarray(drawn, int)] = True
        mass_ratio = rng.uniform(0.7, 1.4, n)
        position = np.sort(rng.uniform(0, 1, n))
        decay = np.exp(-position / rng.uniform(0.3, 0.8))
        decay = decay / decay.max()
        sign = np.where(rng.uniform(size=n_elements) < scenario.gain, 1.0, -1.0)
        amplitude = rng.uniform(*scenario.amplitude, n_elements)
        wobble = np.maximum(0.15, decay * (1 + 0.15 * rng.standard_normal((n_elements, n))))
        d = np.where(mobile[:, None], (sign * amplitude)[:, None] * wobble, 0.0)
        if scenario.coherent:
            block = [index[name] for name in scenario.coherent]
            d[block] = d[block[0]] + 0.02 * rng.standard_normal((len(block), 1))
        rest = major.copy()
        rest[0] = False
        silica = 100 * mass_ratio - (c0[rest, None] * np.exp(d[rest])).sum(axis=0)
        if np.all(silica > 5.0):
            break
    d[0] = np.log(silica / c0[0])
    true = c0[:, None] * np.exp(d) / mass_ratio
    noise0 = scenario.noise if scenario.protolith_noise is None else scenario.protolith_noise
    seen0 = c0 * np.exp(noise0 * rng.standard_normal(n_elements))
    seen = true * np.exp(scenario.noise * rng.standard_normal(true.shape))
    told, told0 = scenario.noise * scenario.stated, noise0 * scenario.stated
    if scenario.stated_error is not None:
        told = told0 = scenario.stated_error
    data = from_arrays(
        seen0, seen.T, elements=ELEMENTS, units=UNITS, position=position, position_name="distance (artificial)",
        sigma_altered=told, sigma_protolith=told0,
    )  # fmt: skip
    return Halo(data, -np.log(mass_ratio), d, ~mobile, scenario)


def variant(name: str, **changes) -> Scenario:
    """Return a named scenario with changed fields.

    Parameters
    ----------
    name : str
        Key of `SCENARIOS`.
    **changes
        Fields of `Scenario`.

    Returns
    -------
    Scenario
    """
    return replace(SCENARIOS[name], **changes)
