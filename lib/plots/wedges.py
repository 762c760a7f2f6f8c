"""Ratio diagrams: the wedge of one element against a reference, and concentration ratios in element order."""

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedFormatter, FixedLocator, NullLocator
from matplotlib.transforms import ScaledTranslation

from lib.plots import _check
from lib.plots._shared import legend as draw_legend
from lib.plots.labels import formula, names_touch
from lib.plots.notes import count_note
from lib.plots.scales import RatioPercentLocator, color_bar, percent_text, plain_log_axis
from lib.plots.style import ROLES, field_map

__all__ = ["concentration_ratio", "wedge"]


def wedge(
    fresh_reference, fresh_element, altered_reference, altered_element, *, reference="Zr", element="K2O",
    reference_unit="ppm", element_unit="wt%", position=None, position_label="Sample", sectors=True, n=None,
    legend="below", ax=None,
):  # fmt: skip
    """Draw an element against a reference element, with the wedge that the fresh rocks span from the origin.

    Above the wedge the element was gained relative to the reference, below it was lost; inside, samples that moved
    away from the origin are enriched because other matter left, those that moved towards it are diluted.

    Parameters
    ----------
    fresh_reference, fresh_element : array, shape (n_fresh,), > 0
    altered_reference, altered_element : array, shape (n_altered,), > 0
    reference, element : str
        Names.
    reference_unit, element_unit : str
    position : array, shape (n_altered,), optional
        Shown by colour. Default: coloured by sector, gained, lost, or (grey) inside the wedge.
    position_label : str
    sectors : bool
        Name the sectors.
    n : int or str, optional
        Default: the two counts.
    legend : str or None
        "below" the axes, a legend location or None: which symbols are fresh and altered. Not drawn with `position`, where
        the colour bar and the count say it.
    ax : Axes, optional

    Returns
    -------
    Axes

    References
    ----------
    Ague (1994) Am. J. Sci. 294, 989-1057; Bucholz & Ague (2010): wedge diagram.
    """
    where = "wedge"
    ax = _check.axes_or_current(ax)
    x0 = _check.array(where, "fresh_reference", fresh_reference, positive=True)
    y0 = _check.array(where, "fresh_element", fresh_element, x0.shape, positive=True)
    x1 = _check.array(where, "altered_reference", altered_reference, positive=True)
    y1 = _check.array(where, "altered_element", altered_element, x1.shape, positive=True)
    fresh = np.isfinite(x0) & np.isfinite(y0)
    if not fresh.any():
        raise ValueError(f"{where}: no fresh sample has both {reference} and {element}; the wedge needs one at least")
    low, high = np.min((y0 / x0)[fresh]), np.max((y0 / x0)[fresh])
    xmax = 1.12 * np.nanmax(np.concatenate([x0, x1]))
    ymax = 1.12 * max(np.nanmax(np.concatenate([y0, y1])), high * np.nanmean(x0))
    edge = np.array([0, xmax])
    ax.fill_between(edge, low * edge, high * edge, color="#D9D9D9", lw=0, zorder=0)
    for value in (low, high):
        ax.plot(edge, value * edge, color=ROLES["reference"], lw=0.8, zorder=1)
    with np.errstate(invalid="ignore"):
        gained, lost = y1 > high * x1, y1 < low * x1
    dots = {"s": 20, "edgecolors": "white", "linewidths": 0.4, "zorder": 3}
    old = ax.scatter(x0, y0, s=30, marker="s", facecolors="white", edgecolors="black", linewidths=1, label="fresh", zorder=4)
    if position is None:
        tone = np.where(gained, ROLES["gain"], np.where(lost, ROLES["loss"], ROLES["reference"]))
        ax.scatter(x1, y1, color=tone, **dots)
        new = Line2D([], [], ls="none", marker="o", color=ROLES["reference"], mec="white", mew=0.4, label="altered")
        draw_legend(ax, legend, handles=[old, new])
    else:
        values = _check.array(where, "position", position, x1.shape)
        color_bar(ax, ax.scatter(x1, y1, c=values, cmap=field_map("points"), **dots), position_label)
    ax.set(xlim=(0, xmax), ylim=(0, ymax))
    ax.set(xlabel=f"{formula(reference)} ({reference_unit})", ylabel=f"{formula(element)} ({element_unit})")
    if sectors:
        style = {"transform": ax.transAxes, "fontsize": 7, "style": "italic", "zorder": 5}
        ax.text(0.03, 0.97, f"gain of {formula(element)}", color=ROLES["gain"], ha="left", va="top", **style)
        ax.text(0.97, 0.03, f"loss of {formula(element)}", color=ROLES["loss"], ha="right", va="bottom", **style)
        above = gained.sum() > lost.sum()
        _wedge_words(ax, low if above else high, xmax, ymax, -1 if above else 1)
    return count_note(ax, f"{fresh.sum()} fresh (squares), {np.isfinite(x1 * y1).sum()} altered" if n is None else n)


def _wedge_words(ax, slope, xmax, ymax, side):
    """Write what moving along the wedge means, outside the edge of it on which fewer samples lie."""
    far = min(xmax, 0.92 * ymax / slope)
    beside = ax.transData + ScaledTranslation(0, side * 5 / 72, ax.figure.dpi_scale_trans)
    for part, text, align in ((0.97, "residual enrichment →", "right"), (0.22, "← dilution", "left")):
        ax.text(part * far, part * far * slope, text, transform=beside, ha=align, va="bottom" if side > 0 else "top",
                rotation=np.rad2deg(np.arctan(slope)), rotation_mode="anchor", transform_rotates_text=True,
                fontsize=7, color=ROLES["reference"], style="italic", zorder=2)  # fmt: skip


def concentration_ratio(
    names, ratio, *, lower=None, upper=None, r_inv=None, r_inv_interval=None, immobile=None, n=None, legend="below", ax=None
):
    """Draw concentration ratios altered/fresh in element order, with the ratio of the immobile elements as a line.

    The right axis reads as gain or loss of each element, 100 (ratio/r_inv - 1) %.

    Parameters
    ----------
    names : sequence of str, length n_elements
    ratio : array, shape (n_elements,), > 0
        c_A / c_0.
    lower, upper : array, shape (n_elements,), optional
        95 % interval of the ratio.
    r_inv : float, optional
        Ratio of the immobile elements; the total mass change is 100 (1/r_inv - 1) %.
    r_inv_interval : (float, float), optional
        95 % interval of `r_inv`, drawn as a band.
    immobile : array of bool, shape (n_elements,), optional
        Filled symbols.
    n : int or str, optional
    legend : str or None
        "below" the axes, where it hides no data; a legend location; or None.
    ax : Axes, optional

    Returns
    -------
    Axes

    References
    ----------
    Ague (1994) Am. J. Sci. 294, 989-1057: concentration ratio diagram.
    """
    where = "concentration_ratio"
    ax, names, held, ratio = _check.named(where, ax, names, immobile=immobile, positive=True, ratio=ratio)
    lower, upper = _check.interval(where, lower, upper, ratio)
    level = 1.0 if r_inv is None else float(r_inv)
    tone = np.where(held, ROLES["immobile"], np.where(ratio > level, ROLES["gain"], ROLES["loss"]))
    x = np.arange(len(names))
    ax.set_yscale("log")
    if r_inv is not None:
        if r_inv_interval is not None:
            ax.axhspan(*_check.array(where, "r_inv_interval", r_inv_interval, (2,), positive=True),
                       color=ROLES["immobile"], alpha=0.2, lw=0)  # fmt: skip
        text = f"$r_{{inv}}$ = {level:.3f}, mass change {100 * (1 / level - 1):+.1f} %"
        text = text.replace("-", "\N{MINUS SIGN}")
        ax.axhline(level, color=ROLES["immobile"], lw=1.3, label=text)
    ax.axhline(1, color=ROLES["muted"], lw=0.8, ls=(0, (5, 2)), label="no change of concentration")
    for color in np.unique(tone):
        pick = tone == color
        if lower is not None:
            ax.errorbar(x[pick], ratio[pick], _check.bars_around(ratio, lower, upper)[:, pick], fmt="none",
                        ecolor=color, elinewidth=0.9)  # fmt: skip
    ax.scatter(x, ratio, s=20, c=np.where(held, tone, "white"), edgecolors=tone, linewidths=1, zorder=3)
    upright = names_touch(ax, names)
    ax.set_xticks(x, [formula(name) for name in names], rotation=90 if upright else 0)
    ax.set(xlim=(-0.7, len(names) - 0.3), ylabel="Concentration ratio, altered/fresh (1)")
    ax.set_ylim(ax.get_ylim())
    plain_log_axis(ax)
    if r_inv is not None:
        twin = ax.secondary_yaxis("right")
        bottom, top = ax.get_ylim()
        percent = RatioPercentLocator(9).tick_values(100 * (bottom / level - 1), 100 * (top / level - 1))
        twin.yaxis.set_major_locator(FixedLocator(level * (1 + percent / 100)))
        twin.yaxis.set_minor_locator(NullLocator())
        twin.yaxis.set_major_formatter(FixedFormatter([percent_text(p) for p in percent]))
        twin.set_ylabel("Gain or loss (%)")
    # upright names need about 4.2 points a letter under the axes, level ones a line
    draw_legend(ax, legend, drop=7 + (4.2 * max(map(len, names)) if upright else 9))
    return count_note(ax, n)
