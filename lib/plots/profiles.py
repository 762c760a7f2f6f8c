"""Profiles of a quantity against distance or depth."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from lib.plots import _check
from lib.plots.notes import count_note
from lib.plots.scales import ratio_percent_axis
from lib.plots.style import ROLES, class_colors

__all__ = ["profile"]

_MARKERS = ("o", "s", "^", "D", "v", "P", "X")


def profile(
    position, values, *, lower=None, upper=None, truth=None, band=None, direction="distance", zones=None,
    position_label="Distance from the vein (m)", value_label="Mass change (%)", scale="linear", colors=None,
    dodge=0.012, connect=True, names=None, n=None, legend="best", ax=None,
):  # fmt: skip
    """Draw one or more series against distance (to the right) or depth (downwards), with intervals.

    Parameters
    ----------
    position : array, shape (n_samples,)
        Distance or depth; any order.
    values : array, shape (n_samples,), or mapping or DataFrame of name to such arrays
        At most 7 series. NaN is left out.
    lower, upper : as `values`, optional
        95 % intervals; for a mapping, series that have none may be missing.
    truth : array, shape (n_samples,), optional
        Known answer of artificial data, drawn as a black line.
    band : bool, optional
        Draw intervals as bands and not as bars. Default: bands for more than 40 samples.
    direction : {"distance", "depth"}
    zones : sequence of (float, float, str), optional
        Start, end and name of alteration zones.
    position_label, value_label : str
        Axis labels with units.
    scale : {"linear", "ratio"}
        "ratio" for changes in per cent that run over more than a factor of two.
    colors : mapping of name to color, optional
    dodge : float
        Shift between the series as a fraction of the position range, so that bars do not hide one another; none with
        bands, or for more than 40 samples.
    connect : bool
        Join the samples of a series by a thin line; for more than 40 samples thinner, and without markers.
    names : mapping of name to text, optional
        Legend texts.
    n : int or str, optional
        Default: the number of samples.
    legend : str or None
    ax : Axes, optional

    Returns
    -------
    Axes
    """
    where = "profile"
    ax = _check.axes_or_current(ax)
    down = _check.one_of(where, "direction", direction, ["distance", "depth"]) == "depth"
    _check.one_of(where, "scale", scale, ["linear", "ratio"])
    t = _check.array(where, "position", position)
    series = _series(values)
    low, high = _series(lower), _series(upper)
    dense = len(t) > 40
    band = dense if band is None else band
    order = np.argsort(t, kind="stable")
    span = (np.nanmax(t) - np.nanmin(t)) if len(t) else 1.0
    tint = dict(zip(series, class_colors(len(series)), strict=True)) | dict(colors or {})
    if scale == "ratio":
        ratio_percent_axis(ax, "x" if down else "y")
    (ax.axvline if down else ax.axhline)(0, color=ROLES["muted"], lw=0.7, zorder=0)
    if truth is not None:
        known = _check.array(where, "truth", truth, t.shape)
        ax.plot(*_turn(t[order], known[order], down), color="black", lw=1.4, zorder=1.5, label="known answer")
    for i, (key, value) in enumerate(series.items()):
        value = _check.array(where, f"values[{key!r}]" if key else "values", value, t.shape)
        lo, hi = _check.interval(where, low.get(key), high.get(key), value)
        shift = 0.0 if band or dense else (i - (len(series) - 1) / 2) * dodge * span
        s, color = t[order] + shift, tint[key]
        text = (names or {}).get(key, key) or None
        good = np.isfinite(value[order])
        if lo is not None and band:
            (ax.fill_betweenx if down else ax.fill_between)(s, lo[order], hi[order], color=color, alpha=0.2, lw=0, zorder=1)
        elif lo is not None:
            reach = _check.bars_around(value, lo, hi)[:, order]
            ax.errorbar(*_turn(s, value[order], down), **{"xerr" if down else "yerr": reach}, fmt="none", ecolor=color,
                        elinewidth=0.9, zorder=2)  # fmt: skip
        line = {"ls": "-", "lw": 0.6 if dense else 0.8} if connect else {"ls": "none"}
        if not (dense and connect):
            line |= {"marker": _MARKERS[i], "ms": 2.5 if dense else 4, "mec": "white", "mew": 0.2 if dense else 0.4}
        ax.plot(*_turn(s[good], value[order][good], down), color=color, label=text, zorder=3, **line)
    ax.set(**dict(zip(("ylabel", "xlabel") if down else ("xlabel", "ylabel"), (position_label, value_label), strict=True)))
    if down and not ax.yaxis_inverted():
        ax.invert_yaxis()
    _draw_zones(ax, where, zones or [], down)
    if legend and len(ax.get_legend_handles_labels()[1]) > 1:
        ax.legend(loc=legend)
    return count_note(ax, len(t) if n is None else n)


def _series(values):
    """Series by name; a single array has the name ''."""
    if values is None:
        return {}
    if isinstance(values, pd.DataFrame):
        return {str(c): values[c].to_numpy() for c in values.columns}
    return dict(values) if isinstance(values, Mapping) else {"": values}


def _turn(t, value, down):
    """Return (x, y): position down the page or to the right."""
    return (value, t) if down else (t, value)


def _draw_zones(ax, where, zones, down):
    """Shade every other zone and name each at the edge, reserving room for the names."""
    if not zones:
        return
    for i, zone in enumerate(zones):
        if len(zone) != 3 or not zone[0] < zone[1]:
            raise ValueError(f"{where}: zone {zone!r} is not (start, end, name) with start < end")
        start, end, name = zone
        if i % 2 == 0:
            (ax.axhspan if down else ax.axvspan)(start, end, color=ROLES["shade"], lw=0, zorder=-1)
        middle = (start + end) / 2
        if down:
            ax.text(1.02, middle, name, transform=ax.get_yaxis_transform(), rotation=270, ha="left", va="center",
                    fontsize=7, color=ROLES["reference"])  # fmt: skip
        else:
            ax.text(middle, 0.98, name, transform=ax.get_xaxis_transform(), ha="center", va="top", fontsize=7,
                    color=ROLES["reference"], linespacing=1.1)  # fmt: skip
    if not down:  # headroom for the names
        tall = 0.09 * max(1 + str(z[2]).count("\n") for z in zones)
        to, back = ax.yaxis.get_transform().transform, ax.yaxis.get_transform().inverted().transform
        bottom, top = to(np.array(ax.get_ylim()))
        ax.set_ylim(top=float(back(np.array([top + tall * (top - bottom)]))[0]))
