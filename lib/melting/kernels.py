"""Compiled scalar melting equations: enrichment of a melt over its source, and its slope.

One file holds them all: Numba's disk cache looks at the date of a kernel's own file only, and would go on using the old form
of one that was changed elsewhere.  Arguments are plain numbers; nothing is
checked here (`lib.melting.forward` does that).  For ``0 < f < 1``, ``d > 0``, ``p >= 0`` and ``0 <= phi < 1`` the results are
never NaN: they are finite, or -inf where an instantaneous melt holds nothing of the element any more.

Fractional melting is written with ``u = p f / d``, the part of the solid's hold on the element that is used up (exhausted at
``u >= 1``), and with ``x = -ln(1 - u) / p = -ln(part of the element still in the residue)``, which goes to ``f / d`` as p goes
to 0.
"""

import math

import numba
import numpy as np

#: Model numbers of `log_ratio` and `log_ratio_slope`.
BATCH, ACCUMULATED, INSTANTANEOUS, DYNAMIC = 0, 1, 2, 3
#: Below this u the logarithm is replaced by its series, whose next term (u^2/3) is lost in double precision.
_SMALL = 1e-8
#: exp(-x) beside 1 is nothing beyond this x.
_LARGE = 700.0


@numba.njit(cache=True, error_model="numpy")
def _exponent(f, d, u):
    """Return x = -ln(1 - u) / p for u < 1, without dividing by p."""
    if u < _SMALL:
        return (f / d) * (1.0 + 0.5 * u)
    return (f / d) * (-math.log1p(-u) / u)


@numba.njit(cache=True, error_model="numpy")
def _extraction(f, d, p, phi):
    """Return x = -ln(part of the element still in the residue), and that amount over its concentration in the melt.

    f is the fraction of melt extracted and phi the mass fraction of melt in the residue (0: perfect fractional melting).
    With melt in the residue the solid can be exhausted (p F >= d, F = phi + (1 - phi) f) before the residue is; from there
    on the pores are only washed out.
    """
    if phi == 0.0:
        u = p * f / d
        if u >= 1.0:
            return math.inf, 0.0
        return _exponent(f, d, u), d * (1.0 - u)
    a, b = d + phi * (1.0 - p), p + phi * (1.0 - p)
    if p * (phi + (1.0 - phi) * f) < d:
        u = b * f / a
        return _exponent(f, a, u), a * (1.0 - u)
    out = (d / p - phi) / (1.0 - phi)  # extracted fraction at which the solid is exhausted
    x = 0.0
    if out > 0.0:
        x = _exponent(out, a, b * out / a)
    else:
        out = 0.0
    return x + (math.log1p(-out) - math.log1p(-f)) / phi, phi * (1.0 - f)


@numba.njit(cache=True, error_model="numpy")
def log_ratio(model, f, d, p, phi):
    """Return ln(C_L / C_0), the logarithm of the enrichment of a melt over its source.

    Parameters
    ----------
    model : int
        `BATCH`, `ACCUMULATED`, `INSTANTANEOUS` or `DYNAMIC`.
    f : float
        Melt fraction, 0 < f < 1; for `DYNAMIC` the fraction of melt extracted.
    d, p : float
        Bulk solid/melt coefficients of the initial solid (> 0) and of the melting assemblage (>= 0).
    phi : float
        Mass fraction of melt kept in the residue, 0 <= phi < 1; used by `DYNAMIC` only.

    Returns
    -------
    float
        -inf when an instantaneous melt is exhausted in the element; -ln f when all of it has gone into a batch or
        accumulated melt.

    Notes
    -----
    Beyond exhaustion (p f >= d) the solid holds nothing, not a negative amount.
    """
    if model == BATCH:
        solid = d - p * f
        return -math.log(f + solid if solid > 0.0 else f)
    if model == INSTANTANEOUS:
        u = p * f / d
        if u >= 1.0:
            return -math.inf
        return -math.log(d) - _exponent(f, d, u) - math.log1p(-u)
    x, _ = _extraction(f, d, p, phi if model == DYNAMIC else 0.0)
    return math.log(-math.expm1(-x)) - math.log(f)


@numba.njit(cache=True, error_model="numpy")
def log_ratio_slope(model, f, d, p, phi):
    """Return d ln(C_L / C_0) / d ln f.

    Parameters
    ----------
    model, f, d, p, phi
        As for `log_ratio`.

    Returns
    -------
    float
        -1 for an element that is all in the melt (only C_0 / f is seen), 0 for one that the melt fraction does not change;
        0 as well for an instantaneous melt beyond exhaustion, where the concentration stays zero.
    """
    if model == BATCH:
        solid = d - p * f
        return -f * (1.0 - p) / (f + solid) if solid > 0.0 else -1.0
    if model == INSTANTANEOUS:
        u = p * f / d
        return -(1.0 - p) * f / (d * (1.0 - u)) if u < 1.0 else 0.0
    x, hold = _extraction(f, d, p, phi if model == DYNAMIC else 0.0)
    if x > _LARGE:
        return -1.0
    if x == 0.0:
        return 0.0
    return f / (hold * math.expm1(x)) - 1.0


@numba.njit(cache=True, error_model="numpy")
def log_ratios(model, f, d, p, phi):
    """Return `log_ratio` and `log_ratio_slope` for f of shape (m,), d and p of shape (n,); two arrays of shape (m, n)."""
    value, slope = np.empty((f.size, d.size)), np.empty((f.size, d.size))
    for i in range(f.size):
        for j in range(d.size):
            value[i, j] = log_ratio(model, f[i], d[j], p[j], phi)
            slope[i, j] = log_ratio_slope(model, f[i], d[j], p[j], phi)
    return value, slope


@numba.njit(cache=True, error_model="numpy")
def log_held(f, d, p, phi):
    """Return ln(part of the element still in the residue of fractional melting), shape (m, n); -inf where exhausted.

    phi is the mass fraction of melt in the residue, which counts as residue; f is then the fraction of melt extracted.
    """
    out = np.empty((f.size, d.size))
    for i in range(f.size):
        for j in range(d.size):
            out[i, j] = -_extraction(f[i], d[j], p[j], phi)[0]
    return out
