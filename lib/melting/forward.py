"""Melting models: composition of a melt, of its residue, and how both change with the melt fraction.

Symbols: C0 concentration in the source, C_L in the melt, C_S in the residue; F melt fraction (mass of melt per mass of
initial solid, 0-1); D bulk solid/melt partition coefficient of the initial solid, P of the assemblage that melts.  All models
hold for one source, constant mineral coefficients and a constant melting reaction.
"""

from __future__ import annotations

import numpy as np

from . import kernels

#: Names of the models; `two_stage` is accumulated fractional melting that goes on after a phase (clinopyroxene) is used up.
MODELS = ("batch", "accumulated", "instantaneous", "dynamic", "two_stage")
#: Residual porosity of dynamic melting when none is given: half a per cent of the residue by mass.
POROSITY = 0.005
_IDS = {
    "batch": kernels.BATCH,
    "accumulated": kernels.ACCUMULATED,
    "instantaneous": kernels.INSTANTANEOUS,
    "dynamic": kernels.DYNAMIC,
}
_OPTIONS = {"dynamic": ("porosity",), "two_stage": ("exhaustion", "d_after", "p_after")}


def log_enrichment(model, melt_fraction, bulk_d, bulk_p, **options) -> np.ndarray:
    """Return ln(C_L / C0) of a melt.

    Parameters
    ----------
    model : {"batch", "accumulated", "instantaneous", "dynamic", "two_stage"}
        Melting model, see Notes.
    melt_fraction : float or array, shape (m,)
        F, above 0 and below 1 (a fraction, not per cent).
    bulk_d : float or array, shape (n,)
        D of each element, above 0.
    bulk_p : float or array, shape (n,)
        P of each element, 0 or more.
    **options
        ``porosity`` of "dynamic" (mass fraction of melt that stays in the residue, 0 to below 1; default 0.005);
        ``exhaustion``, ``d_after``, ``p_after`` of "two_stage" (melt fraction at which a phase is used up, and the
        coefficients of the residue from there on, shape (n,); see `lib.melting.bulk_coefficients`).

    Returns
    -------
    array, shape (m, n)
        Rows are melt fractions, columns are elements; -inf where an instantaneous melt holds nothing of an element any more.

    Raises
    ------
    ValueError
        For an unknown model or option, a melt fraction outside (0, 1), D that is not positive, negative P, or shapes that do
        not fit.

    Notes
    -----
    ==============  =================================================================================================
    batch           1 / (D + F (1 - P)); 1/F once P F >= D (non-modal batch melting)
    accumulated     (1 - (1 - P F/D)^(1/P)) / F; 1/F once P F >= D (aggregated fractional melts)
    instantaneous   (1/D) (1 - P F/D)^(1/P - 1); 0 once P F >= D (last drop of fractional melting)
    dynamic         as accumulated, with A = D + phi (1 - P) in the place of D and B = P + phi (1 - P) in that of P
    two_stage       accumulated up to F*, then again from the residue with D', P' and F' = (F - F*) / (1 - F*)
    ==============  =================================================================================================

    *Dynamic melting.*  Melt beyond the mass fraction phi of the residue leaves it.  F is here the melt **extracted**; the
    melt made so far is phi + (1 - phi) F (`total_fraction`).  The residue holds c (phi (1 - F) + D - P (phi + (1 - phi) F))
    = c (A - B F) of an element whose melt has the concentration c, so that d(residue)/dF = -c gives the form above; for
    P = D it is 1 - (1 - F)^(1/D_eff) with D_eff = (1 - phi) D + phi.  Once the solid has given up all of an element, the
    melt in the pores is only washed out.  phi = 0 is fractional melting.

    Scaling D and F by one factor changes the enrichment of batch, accumulated and instantaneous melts exactly by its
    inverse, so that F is measured in units of D; phi and F* break this.

    References
    ----------
    Shaw, D.M. 1970. Trace element fractionation during anatexis. Geochim. Cosmochim. Acta 34, 237-243: batch, fractional.
    Zou, H. 1998. Trace element fractionation during modal and nonmodal dynamic melting. Geochim. Cosmochim. Acta 62,
    1937-1945: dynamic.
    """
    return log_enrichment_and_slope(model, melt_fraction, bulk_d, bulk_p, **options)[0]


def log_enrichment_and_slope(model, melt_fraction, bulk_d, bulk_p, **options) -> tuple[np.ndarray, np.ndarray]:
    """Return ln(C_L / C0) and its derivative by ln F.

    Parameters
    ----------
    model : str
        One of `MODELS`.
    melt_fraction : float or array, shape (m,)
        F, above 0 and below 1.
    bulk_d, bulk_p : float or array, shape (n,)
        D and P of each element, as for `log_enrichment`.
    **options
        Options of the model, as for `log_enrichment`.

    Returns
    -------
    value, slope : array, shape (m, n)
        The slope is -1 where all of the element is in the melt (only C0/F is seen), 0 for an instantaneous melt without it.

    Raises
    ------
    ValueError
        As for `log_enrichment`.
    """
    f, d, p, given = _arguments(model, melt_fraction, bulk_d, bulk_p, options)
    if model == "two_stage":
        return _two_stage(f, d, p, *given)
    return kernels.log_ratios(_IDS[model], f, d, p, *(given or (0.0,)))


def residue(model, melt_fraction, bulk_d, bulk_p, **options) -> np.ndarray:
    """Return C_S / C0, the concentration in the residue over that in the source.

    Parameters
    ----------
    model : str
        One of `MODELS`; "accumulated" and "instantaneous" leave the same residue.
    melt_fraction : float or array, shape (m,)
        F, above 0 and below 1.
    bulk_d, bulk_p : float or array, shape (n,)
        D and P of each element, as for `log_enrichment`.
    **options
        Options of the model, as for `log_enrichment`.

    Returns
    -------
    array, shape (m, n)
        0 where the element is exhausted.  The residue of dynamic melting is counted with the melt in its pores.

    Raises
    ------
    ValueError
        As for `log_enrichment`.
    """
    f, d, p, given = _arguments(model, melt_fraction, bulk_d, bulk_p, options)
    left = (1 - f)[:, None]
    if model == "batch":
        solid = np.maximum(d - p * f[:, None], 0.0)
        return solid / (solid + f[:, None]) / left
    if model == "two_stage":
        return np.exp(_held_two_stage(f, d, p, *given)) / left
    return np.exp(kernels.log_held(f, d, p, given[0] if given else 0.0)) / left


def scale_information(model, melt_fraction, bulk_d, bulk_p, **options) -> np.ndarray:
    """Return the information that each element gives on the absolute level of the melt fractions.

    Parameters
    ----------
    model : str
        One of `MODELS`.
    melt_fraction : float or array, shape (m,)
        F of all samples of one source, above 0 and below 1.
    bulk_d, bulk_p : float or array, shape (n,)
        D and P of each element, as for `log_enrichment`.
    **options
        Options of the model, as for `log_enrichment`.

    Returns
    -------
    array, shape (n,)
        Sum over samples of (d ln C_L / d ln F - its mean)^2, for measurements with unit variance: divide it by the variance
        of ln C.  Samples in which the element is exhausted (instantaneous melts) do not count.

    Raises
    ------
    ValueError
        As for `log_enrichment`.

    Notes
    -----
    With the source concentration free, an element tells of a common factor on all F only through what a single factor on C0
    cannot undo, the differences of its slope between samples.  A very incompatible element has the slope -1 everywhere and
    gives none: it fixes the ratios of the F.  If all F are equal, no element gives any.
    """
    value, slope = log_enrichment_and_slope(model, melt_fraction, bulk_d, bulk_p, **options)
    seen = np.isfinite(value)
    count = np.maximum(seen.sum(axis=0), 1)
    mean = np.where(seen, slope, 0.0).sum(axis=0) / count
    return np.where(seen, (slope - mean) ** 2, 0.0).sum(axis=0)


def extracted_fraction(total, porosity=POROSITY):
    """Return the melt extracted, (F_total - phi) / (1 - phi), as a fraction of the initial solid.

    Parameters
    ----------
    total : float or array
        Melt made so far, from `porosity` to 1; below it nothing has been extracted and the result is 0.
    porosity : float
        Mass fraction of melt in the residue, 0 to below 1.

    Returns
    -------
    float or array
    """
    return np.maximum((np.asarray(total, float) - porosity) / (1 - porosity), 0.0)


def total_fraction(extracted, porosity=POROSITY):
    """Return the melt made so far, phi + (1 - phi) F, from the melt extracted F.

    Parameters
    ----------
    extracted : float or array
        0 to 1.
    porosity : float
        Mass fraction of melt in the residue, 0 to below 1.

    Returns
    -------
    float or array
    """
    return porosity + (1 - porosity) * np.asarray(extracted, float)


def _two_stage(f, d, p, out, d_after, p_after):
    """Accumulated melting through the exhaustion of a phase; d(F C_L)/dF is the instantaneous melt, which gives the slope."""
    value, slope = kernels.log_ratios(kernels.ACCUMULATED, f, d, p, 0.0)
    late = f > out
    if not late.any():
        return value, slope
    step = (f[late] - out) / (1 - out)
    source = kernels.log_held(np.array([out]), d, p, 0.0) - np.log1p(-out)  # ln C0'/C0, shape (1, n)
    first = np.log(out) + kernels.log_ratios(kernels.ACCUMULATED, np.array([out]), d, p, 0.0)[0]
    second = np.log(f[late] - out)[:, None] + source
    second = second + kernels.log_ratios(kernels.ACCUMULATED, step, d_after, p_after, 0.0)[0]
    value[late] = np.logaddexp(first, second) - np.log(f[late])[:, None]
    drop = source + kernels.log_ratios(kernels.INSTANTANEOUS, step, d_after, p_after, 0.0)[0]
    slope[late] = np.exp(drop - value[late]) - 1
    return value, slope


def _held_two_stage(f, d, p, out, d_after, p_after):
    """Return ln(part of the element still in the residue), shape (m, n)."""
    held = kernels.log_held(np.minimum(f, out), d, p, 0.0)
    late = f > out
    held[late] += kernels.log_held((f[late] - out) / (1 - out), d_after, p_after, 0.0)
    return held


def _arguments(model, melt_fraction, bulk_d, bulk_p, options):
    """Check all arguments; returns f (m,), d (n,), p (n,), and the options of the model as a tuple."""
    if model not in MODELS:
        raise ValueError(f"there is no melting model {model!r}; the models are {', '.join(MODELS)}")
    allowed = _OPTIONS.get(model, ())
    strange = [name for name in options if name not in allowed]
    if strange:
        takes = f"its options are {', '.join(allowed)}" if allowed else "it has none"
        raise ValueError(f"{model} melting has no option {strange[0]!r}; {takes}")
    f = _vector("melt_fraction", melt_fraction)
    bad = f[~((f > 0) & (f < 1))]
    if bad.size:
        hint = "; per cent are to be divided by 100" if np.all(bad >= 1) else ""
        raise ValueError(f"melt_fraction has {bad[0]:g}; each must be above 0 and below 1{hint}")
    d, p = _coefficients("bulk_d", bulk_d, "bulk_p", bulk_p)
    if model == "dynamic":
        phi = float(options.get("porosity", POROSITY))
        if not 0 <= phi < 1:
            raise ValueError(f"porosity is {phi:g}; it is a mass fraction of the residue, 0 or more and below 1")
        return f, d, p, (phi,)
    if model != "two_stage":
        return f, d, p, ()
    lacking = [name for name in allowed if name not in options]
    if lacking:
        raise ValueError(f"two_stage melting needs {', '.join(lacking)}; lib.melting.bulk_coefficients gives all three")
    out = float(options["exhaustion"])
    if not 0 < out < 1:
        raise ValueError(f"exhaustion is {out:g}; it is the melt fraction at which a phase is used up, above 0 and below 1")
    after = _coefficients("d_after", options["d_after"], "p_after", options["p_after"])
    if after[0].shape != d.shape:
        raise ValueError(f"d_after has {after[0].size} elements, bulk_d has {d.size}; give one value an element in both")
    return f, d, p, (out, *after)


def _vector(name, given):
    """Return a number or a list of numbers as an array of shape (k,)."""
    array = np.atleast_1d(np.asarray(given, float))
    if array.ndim != 1 or array.size == 0:
        raise ValueError(f"{name} has the shape {np.shape(given)}; expected a number or a list of numbers")
    return np.ascontiguousarray(array)


def _coefficients(d_name, d_given, p_name, p_given):
    """Check a pair of bulk coefficients."""
    d, p = _vector(d_name, d_given), _vector(p_name, p_given)
    if d.shape != p.shape:
        raise ValueError(f"{d_name} has {d.size} elements, {p_name} has {p.size}; give one value an element in both")
    for name, array, ok, what in ((d_name, d, d > 0, "above 0"), (p_name, p, p >= 0, "0 or more")):
        if not np.all(ok & np.isfinite(array)):
            where = int(np.flatnonzero(~(ok & np.isfinite(array)))[0])
            raise ValueError(f"{name}[{where}] is {array[where]:g}; a partition coefficient here must be finite and {what}")
    return d, p
