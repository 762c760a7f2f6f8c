"""Forward models of geochemical processes: how crystallisation, melting, mixing, leaching and dilution move a composition.

A process takes compositions and an intensity and returns compositions.  What a data analysis can hope to find of it is its
*tangent*: the change of the clr coordinates with the intensity.  Processes that multiply every part by a power of one factor
(crystallisation, leaching) have the same tangent everywhere and are straight lines in log ratios; mixing, dilution and melting
have tangents that turn, so that theirs is stated at a composition and an intensity.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

#: Step of the complex-step derivative: no difference is taken, hence no rounding, however small the step.
_STEP = 1e-30


def _crystallisation(x, t, d):
    return x * np.exp((1 - d) * t)


def _leaching(x, t, k):
    return x * np.exp(-k * t)


def _mixing(x, f, c):
    return (1 - f) * x + f * c


def _dilution(x, r, c):
    return x + r * c


def _batch_melt(x, melt, d):
    return x / (d + melt * (1 - d))


#: Kind of process -> (law, lowest and highest intensity, whether its coefficients are a composition).
_LAWS = {
    "fractional crystallisation": (_crystallisation, 0.0, np.inf, False),
    "leaching": (_leaching, -np.inf, np.inf, False),
    "mixing": (_mixing, 0.0, 1.0, True),
    "dilution": (_dilution, 0.0, np.inf, True),
    "batch melting": (_batch_melt, 0.0, 1.0, False),
}


@dataclass(frozen=True, eq=False)
class Process:
    """One process: a law, its coefficients and the range of its intensity.  Made by the functions of this module.

    Parameters
    ----------
    kind : str
        "fractional crystallisation", "leaching", "mixing", "dilution", "batch melting", or any word with a law of one's own.
    coefficients : array, shape (D,)
        Partition coefficients, leaching rates or the composition that is added, a part each.
    name : str
        What tables and figures call it; default the kind.
    law : callable, optional
        ``law(x, intensity, coefficients)`` for a process of one's own: x has shape (..., D), intensity (..., 1), both may be
        complex, and only analytic operations may be used (the tangent is a complex-step derivative).

    Raises
    ------
    ValueError
        For an unknown kind without a law, and for coefficients that the kind does not allow.
    """

    kind: str
    coefficients: np.ndarray
    name: str = ""
    law: Callable | None = None

    def __post_init__(self):
        values = np.array(self.coefficients, dtype=float)
        if self.law is None and self.kind not in _LAWS:
            raise ValueError(f"unknown kind of process {self.kind!r}: use one of {', '.join(_LAWS)}, or give a law")
        if values.ndim != 1 or not np.isfinite(values).all():
            raise ValueError(f"{self.kind}: coefficients must be finite numbers, one a part, got {self.coefficients!r}")
        if self.law is None and self.adds_composition:
            if (values < 0).any() or values.sum() <= 0:
                raise ValueError(f"{self.kind}: the composition that is added must not be negative, got {values}")
            values = values / values.sum()
        if self.kind in ("fractional crystallisation", "batch melting") and (values < 0).any():
            raise ValueError(f"{self.kind}: partition coefficients must not be negative, got {values}")
        values.setflags(write=False)
        object.__setattr__(self, "coefficients", values)
        object.__setattr__(self, "name", self.name or self.kind)

    @property
    def adds_composition(self) -> bool:
        """Whether the coefficients are a composition that is added (mixing, dilution)."""
        return self.kind in _LAWS and _LAWS[self.kind][3]

    @property
    def limits(self) -> tuple[float, float]:
        """Lowest and highest intensity."""
        return _LAWS[self.kind][1:3] if self.law is None else (-np.inf, np.inf)

    @property
    def turns(self) -> bool:
        """Whether the clr tangent depends on composition and intensity (False: a straight line in log ratios)."""
        return self.law is not None or self.kind not in ("fractional crystallisation", "leaching")

    def _act(self, x, intensity):
        law = self.law or _LAWS[self.kind][0]
        out = law(x, np.asarray(intensity)[..., None], self.coefficients)
        return out / out.sum(axis=-1, keepdims=True)

    def apply(self, x, intensity) -> np.ndarray:
        """Compositions after the process.

        Parameters
        ----------
        x : array, shape (D,) or (N, D)
            Positive compositions, any closure (they are closed to 1 first, which matters for mixing).
        intensity : float or array, shape (N,)
            -ln F for crystallisation (F = melt left, fraction), melt fraction for batch melting, mass fraction of what is
            added for mixing, added mass a unit mass of rock for dilution, rate times time for leaching.

        Returns
        -------
        array, shape (D,) or (N, D)
            Closed to 1.

        Raises
        ------
        ValueError
            For parts that do not fit the coefficients, and for an intensity out of range.
        """
        x = np.asarray(x, dtype=float)
        intensity = np.asarray(intensity, dtype=float)
        if x.shape[-1] != self.coefficients.size:
            raise ValueError(f"{self.name}: compositions have {x.shape[-1]} parts, its coefficients {self.coefficients.size}")
        if not (x > 0).all():
            raise ValueError(f"{self.name}: compositions must be positive in all parts; replace zeros first")
        low, high = self.limits
        wrong = ~((intensity >= low) & (intensity <= high))
        if wrong.any():
            first = np.atleast_1d(intensity)[np.atleast_1d(wrong)][0]
            raise ValueError(f"{self.name}: intensity must be between {low:g} and {high:g}, got {first:g}")
        return self._act(x / x.sum(axis=-1, keepdims=True), intensity)

    def tangent(self, x, intensity=0.0) -> np.ndarray:
        """Change of the clr coordinates with the intensity.

        Parameters
        ----------
        x : array, shape (D,)
            Composition before the process, positive.
        intensity : float
            Where along the process.

        Returns
        -------
        array, shape (D,)
            d clr / d intensity; sums to 0.
        """
        return chain_tangents(x, [self], [intensity])[0]

    def revised(self, coefficients) -> Process:
        """The same process with other coefficients.

        Parameters
        ----------
        coefficients : array, shape (D,)
            The new ones.

        Returns
        -------
        Process
            A new process of the same kind and name.
        """
        return replace(self, coefficients=coefficients)


def fractional_crystallisation(partition_coefficients, name: str = "") -> Process:
    """Rayleigh crystallisation: x F^(D - 1), intensity -ln F.

    Parameters
    ----------
    partition_coefficients : array, shape (D,)
        Bulk crystal/melt coefficients, not negative.
    name : str
        Name; default the kind.

    Returns
    -------
    Process
        Tangent 1 - D, centred; the same everywhere.
    """
    return Process("fractional crystallisation", partition_coefficients, name)


def batch_melt(partition_coefficients, name: str = "") -> Process:
    """Batch melting: x / (D + F (1 - D)), intensity F.

    Parameters
    ----------
    partition_coefficients : array, shape (D,)
        Bulk residue/melt coefficients, not negative; positive if F may be 0.
    name : str
        Name; default the kind.

    Returns
    -------
    Process
        Its tangent turns with F.
    """
    return Process("batch melting", partition_coefficients, name)


def leaching(rates, name: str = "") -> Process:
    """First-order removal: x exp(-k t), intensity t.

    Parameters
    ----------
    rates : array, shape (D,)
        Rate k of each part (0 = immobile, negative = gained).  Only differences of rates show in a composition.
    name : str
        Name; default the kind.

    Returns
    -------
    Process
        Tangent -k, centred; the same everywhere.
    """
    return Process("leaching", rates, name)


def mixing(composition, name: str = "") -> Process:
    """Two-component mixing: (1 - f) x + f c, intensity f.

    Parameters
    ----------
    composition : array, shape (D,)
        What is added; closed to 1 here.
    name : str
        Name; default the kind.

    Returns
    -------
    Process
        Its tangent turns with f and with the composition.
    """
    return Process("mixing", composition, name)


def dilution(composition, name: str = "") -> Process:
    """Dilution by added material: x + r c, intensity r (mass of diluent a unit mass of x).

    Parameters
    ----------
    composition : array, shape (D,)
        The diluent (may hold zeros, for instance pure silica or carbonate); closed to 1 here.
    name : str
        Name; default the kind.

    Returns
    -------
    Process
        The same paths as mixing, with r = f / (1 - f).
    """
    return Process("dilution", composition, name)


def chain(start, processes: Sequence[Process], intensities) -> np.ndarray:
    """Let processes act one after the other.

    Parameters
    ----------
    start : array, shape (D,) or (N, D)
        Composition(s) before, positive.
    processes : sequence of Process
        In the order of time.
    intensities : array, shape (P,) or (N, P)
        Intensity of each process (and sample).

    Returns
    -------
    array, shape (D,) or (N, D)
        Closed to 1.

    Raises
    ------
    ValueError
        For numbers that do not fit each other or a process.
    """
    t = np.asarray(intensities, dtype=float)
    if t.shape[-1] != len(processes):
        raise ValueError(f"{len(processes)} processes need as many intensities a sample, got {t.shape[-1]}")
    x = np.broadcast_to(np.asarray(start, dtype=float), (*t.shape[:-1], np.shape(start)[-1]))
    for k, process in enumerate(processes):
        x = process.apply(x, t[..., k])
    return x / x.sum(axis=-1, keepdims=True)


def chain_tangents(start, processes: Sequence[Process], intensities) -> np.ndarray:
    """What the final composition feels of each process: d clr(final) / d intensity, at stated intensities.

    Parameters
    ----------
    start : array, shape (D,)
        Composition before, positive.
    processes : sequence of Process
        In the order of time.
    intensities : array, shape (P,) or (N, P)
        Where the derivatives are taken, usually the mean intensities.

    Returns
    -------
    array, shape (P, D) or (N, P, D)
        One clr vector a process, each summing to 0.

    Notes
    -----
    Complex-step derivative: exact to rounding for any law made of analytic functions.
    """
    t = np.asarray(intensities, dtype=float)
    chain(start, processes, t)  # says what is wrong before complex numbers hide it
    x = np.asarray(start, dtype=float)
    steps = t[..., None, :] + 1j * _STEP * np.eye(len(processes))
    x = np.broadcast_to((x / x.sum()).astype(complex), (*steps.shape[:-1], x.size))
    for k, process in enumerate(processes):
        x = process._act(x, steps[..., k])
    slopes = x.imag / x.real / _STEP
    return slopes - slopes.mean(axis=-1, keepdims=True)
