"""Single-pair mass balance with immobile elements chosen by the user: Gresens, Grant, Baumgartner & Olsen.

Concentrations of one altered sample ``ca`` and the original rock ``c0`` are arrays of shape (I,), in any unit that is
the same in both rocks for an element.  Slope S = M_0/M_A of the isocon c_A = S c_0; mass change = 1/S - 1.

References
----------
Gresens, R. L. (1967) Composition-volume relationships of metasomatism. Chem. Geol. 2, 47-65.
Grant, J. A. (1986) The isocon diagram. Econ. Geol. 81, 1976-1982;  Grant, J. A. (2005) Isocon analysis: a brief review
of the method and applications. Phys. Chem. Earth 30, 997-1004.
Baumgartner, L. P. & Olsen, S. N. (1995) A least-squares approach to mass transport calculations using the isocon
method. Econ. Geol. 90, 1261-1270.
Guo, S. et al. (2009) Econ. Geol. 104, 881-886 (isocon diagram of several progressively altered samples).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import optimize


def _pair(c0, ca) -> tuple[np.ndarray, np.ndarray]:
    c0, ca = np.asarray(c0, float), np.asarray(ca, float)
    if c0.shape != ca.shape or c0.ndim != 1:
        raise ValueError(f"c0 and ca hold one rock each with the same elements, got shapes {c0.shape} and {ca.shape}")
    if not (np.all(c0 > 0) and np.all(ca >= 0)):
        raise ValueError("c0 must be positive and ca not negative; leave elements without a value out")
    return c0, ca


def gresens(c0, ca, density_ratio: float, volume_factor: float) -> np.ndarray:
    """Gains and losses per 100 g of original rock, X_i = 100 [f_v (rho_A/rho_0) c_A,i - c_0,i].

    Parameters
    ----------
    c0, ca : arrays, shape (I,)
        Mass fractions (0-1) for X in g; wt% gives 100 times as much.
    density_ratio : float
        rho_A / rho_0.
    volume_factor : float
        f_v = V_A / V_0.
    """
    c0, ca = _pair(c0, ca)
    return 100.0 * (volume_factor * density_ratio * ca - c0)


def gresens_volume_factor(c0, ca, density_ratio: float) -> np.ndarray:
    """f_v at which each element would be immobile, (c_0/c_A) (rho_0/rho_A), shape (I,): the axis of Gresens' diagram."""
    c0, ca = _pair(c0, ca)
    return c0 / ca / density_ratio


def slopes(c0, ca) -> np.ndarray:
    """Slope c_A/c_0 of the line from the origin through each element, shape (I,)."""
    c0, ca = _pair(c0, ca)
    return ca / c0


def average_slope(c0, ca) -> float:
    """Grant's safer way: mean of the slopes of the chosen elements; independent of the scaling of the diagram."""
    return float(np.mean(slopes(c0, ca)))


def least_squares_slope(c0, ca, scale=None) -> float:
    """Least-squares slope through the origin of the scaled diagram, sum k^2 c0 cA / sum k^2 c0^2.

    Parameters
    ----------
    c0, ca : arrays, shape (I,)
        Chosen elements only.
    scale : array, shape (I,), optional
        Factors k_i on both axes; default 1 (unscaled).  The answer depends on them, which is the method's weakness.
    """
    c0, ca = _pair(c0, ca)
    k = np.ones_like(c0) if scale is None else np.asarray(scale, float)
    return float(np.sum(k**2 * c0 * ca) / np.sum(k**2 * c0**2))


def reference_slope(c0, ca, index) -> float:
    """Slope for one or several named immobile elements (positions in the arrays): geometric mean of c_A/c_0."""
    return float(np.exp(np.mean(np.log(slopes(c0, ca)[np.atleast_1d(index)]))))


def reference_lines(c0, ca, elements, density_ratio: float | None = None) -> dict[str, float]:
    """Slopes of the lines of constant mass (1), constant volume (rho_0/rho_A) and constant alumina.

    Parameters
    ----------
    c0, ca : arrays, shape (I,)
    elements : sequence of str
    density_ratio : float, optional
        rho_A / rho_0; without it there is no line of constant volume.
    """
    out = {"constant mass": 1.0}
    if density_ratio:
        out["constant volume"] = 1.0 / density_ratio
    for name in ("Al2O3", "Al"):
        if name in elements:
            i = list(elements).index(name)
            out["constant Al"] = float(np.asarray(ca)[i] / np.asarray(c0)[i])
            break
    return out


def mass_change(slope):
    """Fractional mass change M_A/M_0 - 1 = 1/S - 1."""
    return 1.0 / np.asarray(slope) - 1.0


def gain(c0, ca, slope) -> tuple[np.ndarray, np.ndarray]:
    """Relative (tau = c_A/(S c_0) - 1) and absolute (c_0 tau, units of c0 per original mass) changes, each (I,)."""
    tau = slopes(c0, ca) / slope - 1.0
    return tau, np.asarray(c0, float) * tau


def volume_change(mass_ratio, density_0: float, density_a) -> np.ndarray:
    """V_A/V_0 - 1 = mu rho_0/rho_A - 1, with mu = M_A/M_0 (densities in the same unit)."""
    density_a = np.asarray(density_a, float)
    if not (density_0 > 0 and np.all(density_a[np.isfinite(density_a)] > 0)):
        raise ValueError(f"densities must be positive, got {density_0} and {density_a}")
    return np.asarray(mass_ratio) * density_0 / density_a - 1.0


def guo_normalise(altered, mass_ratio) -> np.ndarray:
    """Concentrations per original mass, mu_n c_A,in, shape (I, N): all samples then share the 1:1 isocon (Guo 2009)."""
    return np.asarray(altered, float) * np.asarray(mass_ratio, float)[None, :]


@dataclass(frozen=True)
class WeightedSlope:
    """Isocon slope of `baumgartner_olsen` with its standard error, chi-square and the elements kept (bool, (I,))."""

    slope: float
    se: float
    chi2: float
    kept: np.ndarray

    @property
    def mass_change(self) -> float:
        """Fractional mass change."""
        return 1.0 / self.slope - 1.0


def baumgartner_olsen(c0, ca, sigma_0, sigma_a, *, kept=None, reject: float | None = 2.5) -> WeightedSlope:
    """Weighted least-squares slope with errors in both rocks, chi2(S) = sum (c_A - S c_0)^2/(s_A^2 + S^2 s_0^2).

    Parameters
    ----------
    c0, ca : arrays, shape (I,)
    sigma_0, sigma_a : float or arrays, shape (I,)
        Relative 1-sigma errors (fractions) of the two rocks.
    kept : bool array, shape (I,), optional
        Immobile set; default: found by rejection.
    reject : float or None
        Elements further than this many sigma are rejected, from the median slope on, until the set is stable;
        None keeps ``kept`` (or all) as it is.

    Returns
    -------
    WeightedSlope
        The standard error is sqrt(2 / (d2 chi2/dS2)) from the curvature at the minimum.

    Notes
    -----
    The rejection scheme is a common reading of compatibility selection, not taken from the paper's text.
    """
    c0, ca = _pair(c0, ca)
    e0 = np.broadcast_to(sigma_0, c0.shape) * c0
    ea = np.broadcast_to(sigma_a, c0.shape) * ca

    def chi2(s, inside):
        return float(np.sum((ca - s * c0)[inside] ** 2 / (ea**2 + s**2 * e0**2)[inside]))

    def minimise(inside, near):
        ratio = (ca / c0)[inside]
        low, high = ratio.min() * 0.9, ratio.max() * 1.1
        # several minima are possible: the one nearest to where the set was chosen is wanted
        span = 3 * max(float(np.median((np.hypot(e0 / c0, ea / ca))[inside])), 1e-6)
        low, high = max(low, near * (1 - span)), min(high, near * (1 + span))
        if low >= high:
            return near
        return search(low, high, inside)

    def search(low, high, inside):
        options = {"xatol": 1e-12}
        return float(optimize.minimize_scalar(chi2, (low, high), (low, high), (inside,), "bounded", options=options).x)

    every = np.ones(c0.size, bool)
    inside = every if kept is None else np.asarray(kept, bool)
    slope = float(np.median((ca / c0)[inside]))
    if reject is None:
        slope = search((ca / c0)[inside].min() * 0.9, (ca / c0)[inside].max() * 1.1, inside)
    else:
        start = inside
        for _ in range(50):
            z = np.abs(ca - slope * c0) / np.sqrt(ea**2 + slope**2 * e0**2)
            new = start & (z <= reject)
            if not new.any():
                new = start & (z <= np.min(z[start]))
            new_slope = minimise(new, slope)
            if np.array_equal(new, inside) and abs(new_slope - slope) < 1e-10:
                break
            inside, slope = new, new_slope
    h = 1e-4 * slope
    curvature = (chi2(slope + h, inside) - 2 * chi2(slope, inside) + chi2(slope - h, inside)) / h**2
    return WeightedSlope(slope, float(np.sqrt(2.0 / max(curvature, 1e-300))), chi2(slope, inside), inside)
