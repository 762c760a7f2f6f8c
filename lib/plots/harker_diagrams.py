"""Harker diagrams with components drawn back as curves: parts against SiO2, data, curves, bootstrap bands, truth."""

from collections.abc import Mapping

import numpy as np
from matplotlib.ticker import MaxNLocator

from lib.plots import _check, _curves, _shared
from lib.plots.labels import formula
from lib.plots.notes import count_note
from lib.plots.style import ROLES

__all__ = ["harker", "harker_matrix"]


def harker(
    x, names, part, curves=None, *, against="SiO2", t=None, bands=None, truth=None, groups=None, units="wt%", level=0.9,
    legend="below", n=None, ax=None,
):  # fmt: skip
    """Draw one part against another, with the curves that components make of them.

    A component of log-ratios is a straight line in log-ratio space and a curve here; one of raw contents is a straight
    line here and may run below zero, where the panel is hatched: no rock can lie there.

    Parameters
    ----------
    x : array, shape (n_samples, n_parts), > 0
        Compositions of any closure; closed to 1 first (a row with NaN by the median total, and left out where NaN).
    names : sequence of str, length n_parts
    part : str
        Part on the vertical axis.
    curves : dict of str to curve, optional
        Mass fractions, array (T, n_parts) with `t`, or a tuple (t, array), or a DataFrame with columns ``t`` and the
        parts; at most 7. The open circle is score 0, dots are 1 and 2 standard deviations, the head points to rising
        scores.
    against : str
        Part on the horizontal axis.
    t : array, shape (T,), standard deviations, rising, optional
        Scores along the curves that do not bring their own.
    bands : dict of str to array, shape (B, T, n_parts), optional
        Bootstrap curves of the curve of that name, aligned in sign.
    truth : dict of str to curve, optional
        Known answers, dashed; in the (darker) colour of the curve of the same name.
    groups : sequence of str, length n_samples, optional
        Classes of the samples; at most 4 (in greys) with curves, 7 (in colours) without.
    units : str or dict of str to str
        "wt%", "ppm", "ppb", "g/kg" or "mg/kg"; a dict by part (others in wt%).
    level : float, 0-1
        Share of the bootstrap curves inside the band.
    legend : str or None
        "below", a location, or None.
    n : int or str, optional
        The legend counts the samples anyway.
    ax : Axes, optional

    Returns
    -------
    Axes
    """
    where = "harker"
    ax = _check.axes_or_current(ax)
    plot = _Harker(where, x, names, against, groups, units, level, bool(curves))
    drawn = plot.curves(curves, t, bands, truth)
    plot.panel(ax, part, drawn)
    ax.set(xlabel=plot.label(against), ylabel=plot.label(part))
    _shared.legend(ax, legend, drop=26, ncols=3, handles=plot.keys([drawn]))
    return count_note(ax, n)


def harker_matrix(
    x, names, curves=None, *, against="SiO2", parts=None, t=None, bands=None, truth=None, groups=None, units="wt%",
    level=0.9, ncols=3, n=None, fig=None,
):  # fmt: skip
    """Draw every part against one, in a panel each, with curves of components; or methods side by side, one a column.

    Parameters
    ----------
    x : array, shape (n_samples, n_parts)
        Compositions, as in `harker`.
    names : sequence of str, length n_parts
    curves : dict of str to curve, or dict of str to such dicts, optional
        Of the latter the outer names are the titles of columns (methods) and the rows are `parts`.
    against : str
        Part on the horizontal axes.
    parts : sequence of str, optional
        Parts on the vertical axes; default: all but `against`.
    t : array, shape (T,), optional
        Scores along all curves that come without their own.
    bands, truth : dict, optional
        As in `harker`; with columns, `bands` by column too, and `truth` common to all or by column.
    groups : sequence of str, length n_samples, optional
    units : str or dict of str to str
        As in `harker`.
    level : float, 0-1
        Of the bands.
    ncols : int
        Columns of a grid without methods.
    n : int or str, optional
        Written over the legend, which counts the samples of each class anyway.
    fig : Figure or SubFigure, optional
        Default: a new figure of the double width (single for one column).

    Returns
    -------
    array of Axes, shape (n_rows, n_columns)
        None in empty places.

    References
    ----------
    Muehlmann et al. (2020) arXiv:2007.00456: independent components of compositions, in log-ratio coordinates.
    """
    where = "harker_matrix"
    methods = _columns(curves)
    plot = _Harker(where, x, names, against, groups, units, level, bool(curves))
    parts = [name for name in plot.names if name != against] if parts is None else _check.names_of(where, parts)
    if methods is None:
        drawn = [plot.curves(curves, t, bands, truth)]
        ncols = max(1, min(int(ncols), len(parts)))
        cells = np.array([*parts, *[None] * (-len(parts) % ncols)], dtype=object).reshape(-1, ncols)
    else:
        known, shades = _columns(truth), _columns(bands) or {}
        drawn = [plot.curves(c, t, shades.get(m), (known or {}).get(m) if known else truth) for m, c in methods.items()]
        ncols = len(methods)
        cells = np.array([[part] * ncols for part in parts], dtype=object)
    nrows = len(cells)
    size = ("double" if ncols > 1 else "single", float(np.clip(22 + nrows * (46 if methods is None else 33), 60, 245)))
    fig, axes = _shared.grid(fig, size, nrows, ncols, squeeze=False, sharex=True, sharey="row" if methods else False)
    for (i, j), ax in np.ndenumerate(axes):
        if cells[i, j] is None:
            continue
        plot.panel(ax, cells[i, j], drawn[j if methods else 0], every=drawn)
        lowest = i == nrows - 1 or cells[i + 1, j] is None
        ax.tick_params(labelbottom=lowest)
        first = j == 0 or not methods
        ax.set(xlabel=plot.label(against) if lowest else None, ylabel=plot.label(cells[i, j]) if first else None)
        if methods and i == 0:
            ax.set_title(list(methods)[j], fontsize=7.5)
    for place in np.argwhere(cells == None):  # noqa: E711 - element by element
        axes[tuple(place)].remove()
        axes[tuple(place)] = None
    handles = plot.keys(drawn)
    fig.legend(handles=handles, loc="outside lower center", ncols=-(-len(handles) // (2 if len(handles) > 4 else 1)),
               borderpad=0, title=f"n = {n}" if isinstance(n, int) else n)  # fmt: skip
    fig.align_ylabels([ax for ax in axes.flat if ax is not None])
    return axes


def _columns(value):
    """Return `value` when it is a dict of dicts, else None."""
    return value if value and isinstance(value, Mapping) and all(isinstance(v, Mapping) for v in value.values()) else None


class _Harker:
    """Checked data of a Harker diagram, drawn panel by panel."""

    def __init__(self, where, x, names, against, groups, units, level, coloured):
        self.where, self.against, self.level = where, against, float(level)
        self.names = _check.names_of(where, names)
        x = _check.array(where, "x", x, (None, len(self.names)), positive=True)
        whole = x.sum(axis=1, keepdims=True)
        self.x = x / np.where(np.isfinite(whole), whole, np.nanmedian(whole))
        if not 0 < self.level < 1:
            raise ValueError(f"{where}: level is {level}, expected a share between 0 and 1")
        groups = [""] * len(x) if groups is None else _check.names_of(where, groups, len(x))
        self.kinds = list(dict.fromkeys(groups))
        self.groups = np.array(groups, dtype=object)
        self.style = _curves.group_style(where, self.kinds, coloured or len(self.kinds) == 1)
        self.units = dict(units) if isinstance(units, Mapping) else dict.fromkeys(self.names, units)
        for part, unit in self.units.items():
            _check.one_of(where, f"unit of {part}", unit, list(_shared.MASS_UNITS))
        self.column(against)

    def column(self, part):
        """Return the index of a part."""
        if part not in self.names:
            raise ValueError(f"{self.where}: no part {part!r}; parts are {', '.join(self.names)}")
        return self.names.index(part)

    def pair(self, points, part):
        """Return the two columns of a panel, in their units; `points` has the parts along its last axis."""
        chosen = [self.against, part]
        factor = [_shared.MASS_UNITS[self.units.get(p, "wt%")] for p in chosen]
        return points[..., [self.column(p) for p in chosen]] * factor

    def label(self, part):
        """Return the axis label of a part."""
        return f"{formula(part)} ({self.units.get(part, 'wt%')})"

    def curves(self, curves, t, bands, truth):
        """Return checked (curves, bands, truth)."""
        read = _curves.read(self.where, curves, self.names, t)
        return read, _curves.read_bands(self.where, bands, read, self.names), _curves.read(self.where, truth, self.names, t)

    def keys(self, drawn):
        """Return the handles of a legend for all columns."""
        out = _curves.group_keys(self.groups, self.style)
        for curves, bands, truth in drawn:
            tone, _ = _curves.palette(curves, truth)
            out += _curves.keys(tone, truth, bands, self.level)
        seen = {}
        for key in out:  # lines of components before the marks that all share
            seen.setdefault(key.get_label(), key)
        shared = {"score 0": 1, "±1, ±2 sd": 2, "truth": 4}
        return sorted(seen.values(), key=lambda k: shared.get(k.get_label(), 3 if "bootstraps" in k.get_label() else 0))

    def panel(self, ax, part, own, every=None):
        """Draw one panel; `every` holds the curves of all columns, which share their limits."""
        data = self.pair(self.x, part)
        seen = data[np.all(np.isfinite(data), axis=1)]
        if not len(seen):
            raise ValueError(f"{self.where}: no sample has both {self.against} and {part}; leave this part out")
        limits = [_limits(seen[:, k], [self.pair(c, part)[:, k] for e in (every or [own]) for g in (e[0], e[2])
                                       for _, c in g.values()]) for k in (0, 1)]  # fmt: skip
        ax.set(xlim=limits[0], ylim=limits[1])
        many = len(data) > 300
        for kind in self.kinds:
            pick, (color, marker) = self.groups == kind, self.style[kind]
            ax.plot(*data[pick].T, ls="none", marker=marker, ms=1.8 if many else 2.8, mfc=color, mew=0, rasterized=many,
                    alpha=0.45 if many else 0.65, zorder=1.5, scalex=False, scaley=False)  # fmt: skip
        for low, span in ((limits[0][0], ax.axvspan), (limits[1][0], ax.axhspan)):
            if low < 0:
                span(low, 0, facecolor=ROLES["shade"], edgecolor="#C4C4C4", hatch="////", lw=0, zorder=0.5)
        curves, bands, truth = own
        tone, dark = _curves.palette(curves, truth)
        scale = np.array([np.ptp(limit) for limit in limits])
        for name, draws in bands.items():
            edges = _curves.envelope(self.pair(curves[name][1], part), self.pair(draws, part), scale, self.level)
            ax.fill(*np.concatenate([edges[0], edges[1][::-1]]).T, color=tone[name], alpha=0.25, lw=0, zorder=2.4)
        for name, (t, points) in curves.items():
            path = self.pair(points, part)
            marks = {s: m for s in (0.0, *_curves.MARKS) if (m := _curves.at_score(t, path, s)) is not None}
            _curves.draw(ax, path.T, marks, _tip(path, limits), tone[name])
        for name, (_, points) in truth.items():
            _curves.draw(ax, self.pair(points, part).T, {}, None, dark[name], truth=True)
        ax.xaxis.set_major_locator(MaxNLocator(5))
        ax.yaxis.set_major_locator(MaxNLocator(5))


def _limits(data, curves):
    """Limits of an axis: all samples, and curves as far as a quarter of the range of the samples beyond them."""
    low, high = data.min(), data.max()
    span = (high - low) or abs(high) or 1.0
    ends = np.concatenate([[low, high], *curves])
    bottom, top = max(ends.min(), low - 0.25 * span), min(ends.max(), high + 0.25 * span)
    bottom -= 0.05 * span
    return (max(bottom, 0.0) if ends.min() >= 0 else bottom), top + 0.05 * span


def _tip(path, limits):
    """Return the last two points of a curve that are in view, or None."""
    inside = np.all([(path[:, k] >= limits[k][0]) & (path[:, k] <= limits[k][1]) for k in (0, 1)], axis=0)
    last = int(np.flatnonzero(inside)[-1]) if inside.any() else 0
    return (path[last - 1], path[last]) if last > 0 else None
