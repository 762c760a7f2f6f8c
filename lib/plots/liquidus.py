"""Curves of the olivine liquidus against dissolved water, with their bands, measurements and published curves."""

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from lib.plots import _check, _shared
from lib.plots.ends import end_labels
from lib.plots.feature_labels import term_label
from lib.plots.notes import count_note
from lib.plots.style import ROLES, class_colors

__all__ = ["liquidus_depression"]

_DASHES = ((0, (5, 1.5)), (0, (1, 1)), (0, (4, 1.2, 1, 1.2)), (0, (9, 2)), (0, (6, 1.2, 1, 1.2, 1, 1.2)))


def liquidus_depression(
    water, curves, *, bands=None, published=None, points=None, truth=None, calibrated=None, band_label="90 % of bootstraps",
    x_label="H$_2$O in the melt (wt%)", label="Depression of the olivine liquidus (K)", limits=None, legend="below", n=None,
    ax=None,
):  # fmt: skip
    """Draw how far water lowers the olivine liquidus (or another quantity that follows water).

    Parameters
    ----------
    water : array, shape (n,), wt%
        Rising.
    curves : dict of str to array (n,)
        Of models, K; at most 7.
    bands : dict of str to (array (n,), array (n,)), optional
        Lower and upper bound, by the name of the curve.
    published : dict of str to array (n,) or (array, array), optional
        On `water`, or (x, y): grey broken lines, named at their ends, in a narrow panel in the legend.
    points : dict of str to (x, y) or (x, y, error), optional
        Measurements, with 1 sigma.
    truth : array, shape (n,), optional
        Known law of artificial data: black.
    calibrated : (float, float), optional
        Range of water in the data: beyond it curves are dotted and the panel is shaded.
    band_label, x_label, label : str
    limits : (float, float), optional
        Of the ordinate.
    legend : str or None
    n : int or str, optional
    ax : Axes, optional

    Returns
    -------
    Axes
    """
    where = "liquidus_depression"
    ax = _check.axes_or_current(ax)
    x = _check.array(where, "water", water)
    if len(x) < 2 or np.any(np.diff(x) <= 0):
        raise ValueError(f"{where}: water does not rise from value to value; pass two contents or more, in order")
    lines = {str(k): _check.array(where, f"curve {k!r}", v, (len(x),)) for k, v in curves.items()}
    strange = [k for k in bands or {} if k not in lines]
    if strange:
        raise ValueError(f"{where}: band {strange[0]!r} belongs to no curve; curves are {', '.join(lines) or 'none'}")
    low, high = (x[0], x[-1]) if calibrated is None else (float(v) for v in calibrated)
    if not low < high:
        raise ValueError(f"{where}: calibrated is ({low:.4g}, {high:.4g}), expected (low, high) with low < high, wt%")
    keys, beside = [], _shared._width_mm(ax) > 100  # names at the ends of lines take the width of a narrow panel
    for i, (name, curve) in enumerate((published or {}).items()):
        xy = curve if isinstance(curve, tuple) else (x, curve)
        xy = [_check.array(where, f"published {name!r}", v) for v in xy]
        style = _DASHES[i % 5]
        ax.plot(*xy, color="#555555", lw=0.9, ls=style, zorder=2.4, gid=f"published:{name}")
        if not beside:
            keys.append(Line2D([], [], color="#555555", lw=0.9, ls=style, label=name))
    for name, color in zip(lines, class_colors(max(len(lines), 1)), strict=False):
        y = lines[name]
        if name in (bands or {}):
            bounds = _check.interval(where, *bands[name], y)
            ax.fill_between(x, *bounds, color=color, alpha=0.2, lw=0, zorder=1)
        inside = (x >= low - 1e-9) & (x <= high + 1e-9)
        ax.plot(x, y, color=color, lw=1.3, ls=(0, (1, 1.2)), zorder=3)
        ax.plot(x[inside], y[inside], color=color, lw=1.6, zorder=3.1, solid_capstyle="butt")
        keys.append(Line2D([], [], color=color, lw=1.6, label=term_label(name)))
    if truth is not None:
        ax.plot(x, _check.array(where, "truth", truth, x.shape), color="black", lw=1.1, ls=(0, (3.2, 1.6)), zorder=3.5)
        keys.append(Line2D([], [], color="black", lw=1.1, ls=(0, (3.2, 1.6)), label="truth"))
    for i, (name, dots) in enumerate((points or {}).items()):
        px, py, *error = (_check.array(where, f"points {name!r}", v) for v in dots)
        mark = {"marker": _shared.MARKERS[i % 7], "ms": 4, "mfc": "white", "mec": "#222222", "mew": 0.8}
        ax.errorbar(px, py, error[0] if error else None, ls="none", ecolor="#222222", elinewidth=0.7, zorder=4, **mark)
        keys.append(Line2D([], [], ls="none", label=f"{name} ({int(np.isfinite(px * py).sum())})", **mark))
    if bands:
        keys.append(Patch(facecolor="#777777", alpha=0.3, lw=0, label=band_label))
    left, right = ax.get_xlim() if points else (x[0], x[-1])
    ax.set(xlim=(min(left, x[0]), max(right, x[-1])), xlabel=x_label, ylabel=label)
    if limits is not None:
        ax.set_ylim(*limits)
    elif lines and min(np.nanmin(v) for v in lines.values()) >= 0:
        ax.set_ylim(0, None)
    if calibrated is not None:
        ends = ax.get_xlim()
        for a, b in ((ends[0], low if low > x[0] else ends[0]), (high, ends[1])):
            if b > a:
                ax.axvspan(a, b, color=ROLES["shade"], lw=0, zorder=0)
        ax.set_xlim(ends)
        if low > x[0] or high < ends[1]:
            keys.append(Patch(facecolor=ROLES["shade"], lw=0, label="extrapolated"))
    ax.grid(axis="y")
    if published and beside:
        named = [line for line in ax.lines if (line.get_gid() or "").startswith("published:")]
        end_labels(ax, named, [line.get_gid().split(":", 1)[1] for line in named])
    _shared.legend(ax, legend, ncols=2, handles=keys)
    return count_note(ax, n)
