"""Isocon diagrams of one altered sample and of many: altered against fresh concentrations, and the lines of the art."""

import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.transforms import ScaledTranslation

from lib.plots import _check
from lib.plots.labels import formula, point_labels
from lib.plots.notes import count_note
from lib.plots.scales import color_bar
from lib.plots.style import ROLES, class_colors, field_map

__all__ = ["guo_isocon", "isocon_diagram", "spread_factors"]


def spread_factors(fresh, scale="log", decades=1.5):
    """Compute factors that spread components evenly along the fresh-rock axis, in their order of concentration.

    Multiplying a component by the same factor in both rocks leaves its slope as it is, so that a diagram with
    per cent and ppm on one axis can be spread out without a change of meaning.

    Parameters
    ----------
    fresh : array, shape (n_elements,), > 0
    scale : {"log", "linear"}
        Evenly in the logarithm, over `decades`; or at 1, 2, ... n.
    decades : float
        Length of the axis with ``scale="log"``.

    Returns
    -------
    array, shape (n_elements,)

    References
    ----------
    Grant (2005) Phys. Chem. Earth 30, 997-1004: scaling of data in isocon diagrams.
    """
    fresh = _check.array("spread_factors", "fresh", fresh, positive=True)
    rank = np.argsort(np.argsort(fresh, kind="stable"), kind="stable")
    place = rank + 1.0 if scale == "linear" else 10 ** (decades * rank / max(len(fresh) - 1, 1))
    return place / fresh


def _factors(where, scaling, fresh, scale):
    """Resolve `scaling` (None, "spread" or an array) into factors."""
    if scaling is None:
        return np.ones(len(fresh))
    if isinstance(scaling, str):
        _check.one_of(where, "scaling", scaling, ["spread"])
        return spread_factors(fresh, scale)
    return _check.array(where, "scaling", scaling, (len(fresh),), positive=True)


def _slope_line(ax, slope, limits, **kwargs):
    """Draw c_A = slope * c_0 over the x limits; many points, so that it is straight on any scale."""
    x = np.geomspace(*limits, 60) if ax.get_xscale() == "log" else np.linspace(0, limits[1], 60)
    return ax.plot(x, slope * x, **kwargs)[0]


def isocon_diagram(
    fresh, altered, names, *, fresh_err=None, altered_err=None, slope=None, slope_interval=None, immobile=None,
    alternatives=None, density_ratio=None, constant="Al2O3", scale="log", scaling=None, labels=True, n=None,
    unit="wt% or ppm", legend="below", ax=None,
):  # fmt: skip
    """Draw the isocon diagram of one altered sample (or of the mean of several).

    Parameters
    ----------
    fresh, altered : array, shape (n_elements,), > 0
        Concentrations in the fresh and the altered rock, each element in the same unit in both; NaN is left out.
    names : sequence of str, length n_elements
    fresh_err, altered_err : array, shape (n_elements,), optional
        1-sigma errors in the units of the concentrations; drawn as +-1 sigma.
    slope : float, optional
        Slope of the isocon, exp(m); the mass change is 100 (1/slope - 1) %.
    slope_interval : (float, float), optional
        95 % interval of the slope, drawn as a band.
    immobile : array of bool, shape (n_elements,), optional
        Filled symbols; the others are hollow, warm above the isocon (gained) and cold below it (lost).
    alternatives : dict of str to float, optional
        Slopes of other modes, drawn dashed, by legend text.
    density_ratio : float, optional
        rho_0 / rho_A, the slope of constant volume; without it that line is not drawn.
    constant : str or None
        Element whose own slope is drawn as "constant Al2O3"; nothing when it is not among `names`.
    scale : {"log", "linear"}
    scaling : None, "spread" or array, shape (n_elements,)
        Factors on both rocks (Grant's scaling); "spread" spaces the elements evenly (see `spread_factors`).
    labels : bool
        Label the points.
    n : int or str, optional
        Sample count to state.
    unit : str
        Unit text of the axes without `scaling`; scaled concentrations have an arbitrary unit.
    legend : str or None
        "below" the axes, where it hides no data; or a legend location; or None.
    ax : Axes, optional

    Returns
    -------
    Axes

    References
    ----------
    Grant (1986) Econ. Geol. 81, 1976-1982; Grant (2005) Phys. Chem. Earth 30, 997-1004.
    """
    where = "isocon_diagram"
    ax, names, held, fresh, altered = _check.named(
        where, ax, names, immobile=immobile, positive=True, fresh=fresh, altered=altered
    )
    _check.one_of(where, "scale", scale, ["log", "linear"])
    shape = fresh.shape
    k = _factors(where, scaling, fresh, scale)
    x, y = k * fresh, k * altered
    sx = None if fresh_err is None else k * _check.array(where, "fresh_err", fresh_err, shape)
    sy = None if altered_err is None else k * _check.array(where, "altered_err", altered_err, shape)

    limits = _limits(x, y, scale)
    ax.set(xscale=scale, yscale=scale, xlim=limits, ylim=limits)
    if slope is not None:
        _draw_isocon(ax, where, slope, slope_interval, limits)
    lines = {"constant mass (slope 1)": (1.0, (0, (5, 2)))}
    if density_ratio is not None:
        lines[f"constant volume ({density_ratio:.2f})"] = (density_ratio, (0, (1, 1.5)))
    if constant in names:
        own = altered[names.index(constant)] / fresh[names.index(constant)]
        if np.isfinite(own):
            lines[f"constant {formula(constant)} ({own:.2f})"] = (own, (0, (5, 1.5, 1, 1.5)))
    for text, (value, dash) in lines.items():
        _slope_line(ax, value, limits, color=ROLES["muted"], lw=0.8, ls=dash, label=text, zorder=1)
    tints = class_colors(7)[3:6]
    for i, (text, value) in enumerate((alternatives or {}).items()):
        label = f"{text} ({100 * (1 / value - 1):+.0f} %)".replace("-", "\N{MINUS SIGN}")
        _slope_line(ax, value, limits, color=tints[i % 3], lw=1.0, ls=(0, (4, 2)), label=label, zorder=2)

    reference = 1.0 if slope is None else slope
    tone = np.where(held, ROLES["immobile"], np.where(altered / fresh > reference, ROLES["gain"], ROLES["loss"]))
    if sx is not None or sy is not None:
        for color in np.unique(tone):
            pick = tone == color
            ax.errorbar(x[pick], y[pick], xerr=_cut(x, sx, scale, pick), yerr=_cut(y, sy, scale, pick), fmt="none",
                        ecolor=color, elinewidth=0.7, alpha=0.8, zorder=3)  # fmt: skip
    ax.scatter(x, y, s=20, c=np.where(held, tone, "white"), edgecolors=tone, linewidths=1.0, zorder=4)
    _square(ax, "c_0", "c_A", unit, scaling)
    if legend and ax.get_legend_handles_labels()[1]:
        _draw_legend(ax, legend)
    if labels:
        point_labels(ax, x, y, [formula(name) for name in names], colors=list(tone))
    return count_note(ax, n)


def _square(ax, fresh, altered, unit, scaling):
    """Make the Axes a square and label its axes; concentrations times factors k_i have no unit any more."""
    labels = {"xlabel": ("Fresh", fresh), "ylabel": ("Altered", altered)}
    if scaling is None:
        ax.set(**{key: f"{rock} rock, ${symbol}$ ({unit})" for key, (rock, symbol) in labels.items()})
    else:
        words = "scaled concentration, $k_i"
        ax.set(**{key: f"{rock}: {words} {symbol}$ (arbitrary unit)" for key, (rock, symbol) in labels.items()})
    ax.set_box_aspect(1)
    ax.set_anchor("SW")  # where its axis labels hang: constrained layout then finds their room at once


def _draw_legend(ax, where):
    """Draw the legend, below the axis label (28 points under the axes) or at a location inside."""
    if where != "below":
        ax.legend(loc=where, handlelength=2.4)
        return
    under = ax.transAxes + ScaledTranslation(0, -28 / 72, ax.figure.dpi_scale_trans)
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, 0), bbox_transform=under, ncols=2, handlelength=2.4, borderpad=0)


def _limits(x, y, scale):
    """Equal limits of both axes with room for labels."""
    both = np.concatenate([x[np.isfinite(x)], y[np.isfinite(y)]])
    if both.size == 0:
        raise ValueError("isocon diagram: no element has a concentration in both rocks; check for NaN columns")
    if scale == "linear":
        return 0.0, 1.08 * both.max()
    room = (both.max() / both.min()) ** 0.07 * 1.05
    return both.min() / room, both.max() * room


def _cut(value, sigma, scale, pick):
    """Error bar lengths (2, n); on a log axis the lower bar ends at a tenth of the value, never at or below zero."""
    if sigma is None:
        return None
    low = np.minimum(sigma, 0.9 * value) if scale == "log" else sigma
    return np.vstack([low[pick], sigma[pick]])


def _draw_isocon(ax, where, slope, slope_interval, limits):
    """Draw the isocon, its band, and say the mass change with its interval in the legend."""
    text = f"isocon: mass change {100 * (1 / slope - 1):+.1f} %"
    if slope_interval is not None:
        low, high = _check.array(where, "slope_interval", slope_interval, (2,), positive=True)
        if not low <= slope <= high:
            raise ValueError(f"{where}: slope {slope:.4g} lies outside slope_interval ({low:.4g}, {high:.4g})")
        x = np.geomspace(*limits, 60) if ax.get_xscale() == "log" else np.linspace(0, limits[1], 60)
        ax.fill_between(x, low * x, high * x, color=ROLES["immobile"], alpha=0.2, lw=0, zorder=1.5)
        text += f"\n(95 %: {100 * (1 / high - 1):+.1f} to {100 * (1 / low - 1):+.1f})"
    text = text.replace("-", "\N{MINUS SIGN}")
    _slope_line(ax, slope, limits, color=ROLES["immobile"], lw=1.4, label=text, zorder=2.5)


def guo_isocon(
    fresh, altered, mass_ratio, names, *, immobile=None, altered_err=None, position=None, position_label="Sample",
    scaling="spread", labels=True, n=None, unit="wt% or ppm", colorbar=True, ax=None,
):  # fmt: skip
    """Draw many altered samples on one isocon, each normalised by its own mass ratio.

    Every sample's concentrations are multiplied by mu_n = M_A/M_0, so that immobile elements of all samples lie on
    the 1:1 line and the distance from it is the gain or loss.

    Parameters
    ----------
    fresh : array, shape (n_elements,), > 0
    altered : array, shape (n_samples, n_elements), > 0
        NaN where not analysed or below detection.
    mass_ratio : array, shape (n_samples,), > 0
        mu_n.
    names : sequence of str, length n_elements
    immobile : array of bool, shape (n_elements,), optional
        Filled symbols.
    altered_err : array, shape (n_samples, n_elements), optional
        1-sigma errors of `altered`, drawn as +-1 sigma.
    position : array, shape (n_samples,), optional
        Distance, depth or grade, shown by colour; default: order of the samples.
    position_label : str
        With its unit.
    scaling : None, "spread" or array, shape (n_elements,)
        As for `isocon_diagram`.
    labels : bool
    n : int or str, optional
    unit : str
        As for `isocon_diagram`.
    colorbar : bool
    ax : Axes, optional

    Returns
    -------
    Axes

    References
    ----------
    Guo et al. (2009): isocon diagram normalised for progressively altered samples.
    """
    where = "guo_isocon"
    ax, names, held, fresh = _check.named(where, ax, names, immobile=immobile, positive=True, fresh=fresh)
    altered = _check.array(where, "altered", altered, (None, len(names)), positive=True)
    ratio = _check.array(where, "mass_ratio", mass_ratio, (len(altered),), positive=True)
    k = _factors(where, scaling, fresh, "log")
    x, y = k * fresh, k * altered * ratio[:, None]
    order = np.arange(len(altered)) + 1.0 if position is None else position
    order = _check.array(where, "position", order, (len(altered),))
    shade = ScalarMappable(Normalize(np.nanmin(order), np.nanmax(order)), field_map("points"))
    limits = _limits(x, y.ravel(), "log")
    ax.set(xscale="log", yscale="log", xlim=limits, ylim=limits)
    _slope_line(ax, 1.0, limits, color=ROLES["reference"], lw=1.0, zorder=1)
    for row, color in zip(range(len(y)), shade.to_rgba(order), strict=True):
        if altered_err is not None:
            sigma = k * ratio[row] * _check.array(where, "altered_err", altered_err, altered.shape)[row]
            ax.errorbar(x, y[row], yerr=_cut(y[row], sigma, "log", slice(None)), fmt="none", ecolor=color,
                        elinewidth=0.6, zorder=2)  # fmt: skip
        fill = [color if h else (1, 1, 1, 1) for h in held]
        ax.scatter(x, y[row], s=15, c=fill, edgecolors=[color], linewidths=0.9, zorder=3)
    _square(ax, "c_0", "\\mu_n c_A", unit, scaling)
    if colorbar:
        bar = color_bar(ax, shade, position_label)
        if position is None:
            bar.set_ticks(np.unique(np.linspace(1, len(y), min(len(y), 6)).round()))
    if labels:
        top = np.nanmax(np.where(np.isfinite(y), y, -np.inf), axis=0)
        tone = [ROLES["immobile"] if h else "#222222" for h in held]
        point_labels(ax, x, np.where(top > 0, top, np.nan), [formula(name) for name in names], colors=tone)
    return count_note(ax, f"{len(y)} altered samples" if n is None else n)
