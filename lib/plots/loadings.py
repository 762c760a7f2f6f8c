"""Directions of components and compositions of end members, part by part, with their intervals."""

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from lib.plots import _check, _shared
from lib.plots.labels import formula, names_touch
from lib.plots.notes import count_note
from lib.plots.scales import plain_log_axis
from lib.plots.style import ROLES, class_colors

__all__ = ["clr_loadings", "end_member_bars", "end_member_profile"]


def clr_loadings(
    directions, names, *, lower=None, upper=None, truth=None, components=None, notes=None, sort=True,
    label="clr loading (1)", interval_label="95 % interval", n=None, fig=None,
):  # fmt: skip
    """Draw the centred log-ratio loadings of several components as bars, a panel each.

    A bar is pale when its interval includes zero. With the length of one standard deviation of the score, a loading of
    0.1 means that one standard deviation multiplies the part by exp(0.1) relative to the geometric mean of all.

    Parameters
    ----------
    directions : array, shape (K, n_parts), or (n_parts,)
        Loadings; each row sums to zero.
    names : sequence of str, length n_parts
    lower, upper : array, shape of `directions`, optional
        Intervals.
    truth : array, shape of `directions`, optional
        Known answer, of the same length and sign; a row of NaN for none.
    components : sequence of str, length K, optional
        Default IC1, IC2, ...
    notes : sequence of str, length K, optional
        A second line of the titles, such as ``43 % of variance, Iq 0.91``.
    sort : bool
        Parts from the greatest loading of the first component down; else in the order given, from the top.
    label, interval_label : str
    n : int or str, optional
    fig : Figure or SubFigure, optional
        Default: a new figure, double width for two components or more.

    Returns
    -------
    array of Axes, shape (K,)
    """
    where = "clr_loadings"
    names = _check.names_of(where, names)
    m = _shared.series_rows(where, "directions", directions, len(names))
    lower, upper = _rows_interval(where, lower, upper, m)
    known = None if truth is None else _check.array(where, "truth", np.atleast_2d(truth), m.shape)
    components = [f"IC{i + 1}" for i in range(len(m))] if components is None else _check.names_of(where, components, len(m))
    notes = [""] * len(m) if notes is None else _check.names_of(where, notes, len(m))
    off = np.abs(np.sum(m, axis=1))
    if np.any(off > 1e-6 * np.abs(m).sum(axis=1) + 1e-9):
        bad = components[int(np.argmax(off))]
        raise ValueError(f"{where}: loadings of {bad} sum to {m[int(np.argmax(off))].sum():.3g}, expected 0; pass "
                         "directions in clr: subtract their mean over the parts")  # fmt: skip
    order = np.argsort(-m[0], kind="stable") if sort else np.arange(len(names))
    at = np.arange(len(names))
    fig, axes = _shared.grid(fig, ("double" if len(m) > 1 else "single", 26 + 4.4 * len(names)), 1, len(m), sharey=True,
                             squeeze=False)  # fmt: skip
    keys = {}
    for k, (ax, color) in enumerate(zip(axes[0], class_colors(len(m)), strict=True)):
        ax.axvline(0, color="black", lw=0.7, zorder=4)
        sure = np.ones(len(at), bool) if lower is None else ~((lower[k] <= 0) & (upper[k] >= 0))
        ax.barh(at, m[k][order], 0.66, color=[color if s else _pale(color) for s in sure[order]], zorder=2)
        if lower is not None:
            ax.errorbar(m[k][order], at, xerr=_check.bars_around(m[k], lower[k], upper[k])[:, order], fmt="none",
                        ecolor="#222222", elinewidth=0.8, capsize=1.5, capthick=0.8, zorder=3)  # fmt: skip
            keys["interval"] = Line2D([], [], color="#222222", lw=0.8, label=interval_label)
            if not sure.all():
                keys["pale"] = Patch(facecolor="#CCCCCC", label="interval includes zero")
        if known is not None and np.isfinite(known[k]).any():
            ax.plot(known[k][order], at, ls="none", marker="D", ms=3.6, mfc="white", mec="black", mew=0.8, zorder=5)
            keys["truth"] = Line2D([], [], ls="none", marker="D", ms=3.6, mfc="white", mec="black", mew=0.8, label="truth")
        ax.set_title(components[k] + (f"\n{notes[k]}" if notes[k] else ""), fontsize=7.5, linespacing=1.25)
        ax.set(xlabel=label, ylim=(len(at) - 0.4, -0.6))
        ax.set_yticks(at, [formula(names[i]) for i in order])
        ax.tick_params(axis="y", length=0)
        ax.margins(x=0.08)
        ax.grid(axis="x")
    if keys or n is not None:
        fig.legend(handles=list(keys.values()), loc="outside lower center", ncols=3, borderpad=0,
                   title=f"n = {n}" if isinstance(n, int) else n)  # fmt: skip
    return axes[0]


def end_member_bars(
    end_members, names, *, lower=None, upper=None, truth=None, members=None, unit="wt%", values=None,
    interval_label="95 % interval", n=None, fig=None,
):  # fmt: skip
    """Draw the composition of each end member as bars, a panel each, with the values and their intervals in print.

    Parameters
    ----------
    end_members : array, shape (K, n_parts), >= 0
        Mass fractions.
    names : sequence of str, length n_parts
    lower, upper : array, shape (K, n_parts), optional
        Intervals, mass fractions.
    truth : array, shape (K, n_parts), optional
        Known answer, mass fractions; a row of NaN for none.
    members : sequence of str, length K, optional
        Names; default EM1, EM2, ...
    unit : {"wt%", "g/kg", "ppm", "mg/kg", "ppb"}
    values : bool, optional
        Print the values, with as many digits as the intervals warrant; default: for at most 4 end members.
    interval_label : str
    n : int or str, optional
    fig : Figure or SubFigure, optional

    Returns
    -------
    array of Axes, shape (K,)
    """
    where = "end_member_bars"
    names, members, e, lower, upper, known = _members(where, end_members, names, members, lower, upper, truth)
    factor = _shared.MASS_UNITS[_check.one_of(where, "unit", unit, list(_shared.MASS_UNITS))]
    at = np.arange(len(names))
    fig, axes = _shared.grid(fig, ("double" if len(e) > 1 else "single", 26 + 4.6 * len(names)), 1, len(e), sharey=True,
                             squeeze=False)  # fmt: skip
    for k, (ax, color) in enumerate(zip(axes[0], class_colors(len(e)), strict=True)):
        v = factor * e[k]
        low, high = (v, v) if lower is None else (factor * lower[k], factor * upper[k])
        ax.barh(at, v, 0.62, color=color, alpha=0.85, zorder=2)
        if lower is not None:
            ax.errorbar(v, at, xerr=_check.bars_around(v, low, high), fmt="none", ecolor="#222222", elinewidth=0.8,
                        capsize=1.5, capthick=0.8, zorder=3)  # fmt: skip
        reach = np.fmax(v, high)
        if known is not None:
            ax.plot(factor * known[k], at, ls="none", marker="D", ms=3.6, mfc="white", mec="black", mew=0.8, zorder=5)
            reach = np.fmax(reach, factor * known[k])
        top = wide = np.nanmax(reach)
        if len(e) <= 4 if values is None else values:
            words = [_digits(v[i], low[i], high[i]) if lower is not None else f"{v[i]:.3g}" for i in at]
            for i in at:
                ax.annotate(words[i], (reach[i], i), (6, 0), textcoords="offset points", va="center", fontsize=7)
            # a letter is about 1.35 mm wide; beside the longest bar there has to be room for its value
            panel = (fig.bbox.width / fig.dpi * 25.4 - 10) / len(e) - 5
            wide = np.nanmax([r / max(1 - (3 + 1.35 * len(w)) / panel, 0.3) for r, w in zip(reach, words, strict=True)])
        ax.set(xlim=(-0.03 * wide, 1.02 * wide), ylim=(len(at) - 0.4, -0.6), xlabel=f"Content ({unit})")
        ax.set_xticks([tick for tick in MaxNLocator(4).tick_values(0, top) if 0 <= tick <= 1.1 * top])
        ax.axvline(0, color="black", lw=0.6, zorder=4)
        ax.set_yticks(at, [formula(name) for name in names])
        ax.tick_params(axis="y", length=0)
        ax.set_title(members[k], fontsize=7.5)
    keys = [] if lower is None else [Line2D([], [], color="#222222", lw=0.8, label=interval_label)]
    if known is not None:
        keys.append(Line2D([], [], ls="none", marker="D", ms=3.6, mfc="white", mec="black", mew=0.8, label="truth"))
    if keys or n is not None:
        title = f"n = {n}" if isinstance(n, int) else n
        fig.legend(handles=keys, loc="outside lower center", ncols=2, borderpad=0, title=title)
    return axes[0]


def end_member_profile(
    end_members, names, *, lower=None, upper=None, truth=None, members=None, data=None, unit="wt%",
    interval_label="95 % interval", legend="below", n=None, ax=None,
):  # fmt: skip
    """Draw the compositions of all end members in one panel on a logarithmic axis, with the range of the samples.

    Parameters
    ----------
    end_members : array, shape (K, n_parts), > 0
        Mass fractions; an end member free of a part is drawn at the lower edge, by its upper bound.
    names : sequence of str, length n_parts
    lower, upper, truth : array, shape (K, n_parts), optional
        As in `end_member_bars`.
    members : sequence of str, length K, optional
    data : array, shape (n_samples, n_parts), optional
        Samples, mass fractions: grey boxes from the least to the greatest content.
    unit : str
        As in `end_member_bars`.
    interval_label : str
    legend : str or None
    n : int or str, optional
        Default: number of samples of `data`.
    ax : Axes, optional

    Returns
    -------
    Axes
    """
    where = "end_member_profile"
    ax = _check.axes_or_current(ax)
    names, members, e, lower, upper, known = _members(where, end_members, names, members, lower, upper, truth)
    factor = _shared.MASS_UNITS[_check.one_of(where, "unit", unit, list(_shared.MASS_UNITS))]
    at, step = np.arange(len(names)), min(0.16, 0.66 / len(e))
    keys, tops, bottoms = [], [factor * np.nanmax(e)], []
    if data is not None:
        x = factor * _check.array(where, "data", data, (None, len(names)))
        low, high = np.nanmin(np.where(x > 0, x, np.nan), axis=0), np.nanmax(x, axis=0)
        ax.bar(at, high - low, 0.84, bottom=low, color=ROLES["shade"], zorder=0.5)
        keys, tops, bottoms = (
            [Patch(facecolor="#DDDDDD", label=f"range of {len(x)} samples")],
            [*tops, high.max()],
            [low.min()],
        )
    bottoms.append(factor * np.nanmin(np.where(e > 0, e, np.nan)))
    floor = max(min(bottoms), max(tops) * 1e-6) / 1.6
    for k, (member, color) in enumerate(zip(members, class_colors(len(e)), strict=True)):
        x = at + (k - (len(e) - 1) / 2) * step
        v, mark = np.fmax(factor * e[k], floor), _shared.MARKERS[k]
        if lower is not None:
            ax.vlines(x, np.fmax(factor * lower[k], floor), np.fmax(factor * upper[k], floor), color=color, lw=1.0, zorder=2)
        ax.plot(x, v, color=color, lw=0.6, alpha=0.6, zorder=2.5)
        ax.plot(x, v, ls="none", marker=mark, ms=4.2, color=color, mec="white", mew=0.4, zorder=3)
        keys.append(Line2D([], [], color=color, lw=0.6, marker=mark, ms=4.2, mec="white", mew=0.4, label=member))
        if known is not None:
            ax.plot(x, np.fmax(factor * known[k], floor), ls="none", marker="_", ms=7, mec="black", mew=1.2, zorder=4)
    if lower is not None:
        keys.append(Line2D([], [], ls="none", marker="|", ms=7, mew=1.0, color="#555555", label=interval_label))
    if known is not None:
        keys.append(Line2D([], [], ls="none", marker="_", ms=7, mew=1.2, color="black", label="truth"))
    ax.set_yscale("log")
    ax.set(xlim=(-0.6, len(at) - 0.4), ylim=(floor, 1.4 * max(tops)), ylabel=f"Content ({unit})")
    upright = names_touch(ax, names)
    ax.set_xticks(at, [formula(name) for name in names], rotation=90 if upright else 0)
    ax.tick_params(axis="x", length=0)
    plain_log_axis(ax, "y")
    _shared.legend(ax, legend, drop=15 + (18 if upright else 0), ncols=4, handles=keys)
    return count_note(ax, n)


def _members(where, end_members, names, members, lower, upper, truth):
    """Check end members: return names of parts and members, (K, n_parts) arrays of values, bounds and truth or None."""
    names = _check.names_of(where, names)
    e = _check.array(where, "end_members", end_members, (None, len(names)))
    if np.any(e < 0) or np.nanmax(e) > 1 + 1e-6:
        raise ValueError(f"{where}: end_members span {np.nanmin(e):.3g}-{np.nanmax(e):.3g}, expected mass fractions 0-1; "
                         "divide per cent by 100")  # fmt: skip
    members = [f"EM{k + 1}" for k in range(len(e))] if members is None else _check.names_of(where, members, len(e))
    lower, upper = _rows_interval(where, lower, upper, e)
    return names, members, e, lower, upper, None if truth is None else _check.array(where, "truth", truth, e.shape)


def _rows_interval(where, lower, upper, value):
    """Check the bounds of one or several rows."""
    if lower is None or upper is None:
        return _check.interval(where, lower, upper, value)
    return _check.interval(where, np.atleast_2d(lower), np.atleast_2d(upper), value)


def _pale(color):
    """Return a pale tint of a colour."""
    red, green, blue = (int(color[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return tuple(1 - 0.35 * (1 - c) for c in (red, green, blue))


def _digits(value, low, high):
    """Write a value and its interval, with two significant digits of the interval's width."""
    width = high - low
    if not np.isfinite(width) or width <= 0:
        return f"{value:.3g}"
    places = int(np.clip(1 - np.floor(np.log10(width)), 0, 4))
    return f"{value:.{places}f} ({low:.{places}f}–{high:.{places}f})"
