"""Methods compared: error curves, score tables, estimate against truth, and fields of gains and losses."""

import numpy as np
from matplotlib.colors import LogNorm, Normalize
from matplotlib.patches import Rectangle
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, NullFormatter

from lib.plots import _check
from lib.plots.ends import end_labels
from lib.plots.labels import formula, names_touch
from lib.plots.notes import count_note
from lib.plots.scales import RatioPercentLocator, color_bar, percent_text
from lib.plots.style import ROLES, class_colors, field_map

__all__ = ["benchmark_curves", "gain_heatmap", "score_table", "truth_scatter"]

_MARKERS = ("o", "s", "^", "D", "v", "P", "X")


def benchmark_curves(
    frame, *, x, y="error", lower=None, upper=None, method="method", methods=None, highlight=None, log=True,
    x_label=None, y_label="Mean absolute error of mass change (% points)", label="end", n=None, ax=None,
):  # fmt: skip
    """Draw the error of several methods against a difficulty of the data, with intervals.

    Parameters
    ----------
    frame : DataFrame
        Tidy: one row a method and difficulty.
    x, y : str
        Columns of the difficulty (fraction of mobile elements, one-sidedness, noise) and of the error.
    lower, upper : str, optional
        Columns of the 95 % interval of the error.
    method : str
        Column of method names.
    methods : sequence of str, optional
        Which, and in which order; at most 7.
    highlight : str, optional
        Method drawn thicker than the rest.
    log : bool
        Logarithmic error axis.
    x_label, y_label : str
        With units.
    label : {"end", "legend", "none"}
        Names at the right ends of the lines, in a legend, or nowhere (shared with a neighbouring panel).
    n : int or str, optional
    ax : Axes, optional

    Returns
    -------
    Axes
    """
    where = "benchmark_curves"
    ax = _check.axes_or_current(ax)
    _check.one_of(where, "label", label, ["end", "legend", "none"])
    missing = [c for c in (x, y, lower, upper, method) if c is not None and c not in frame.columns]
    if missing:
        raise ValueError(f"{where}: frame lacks column(s) {', '.join(missing)}; it has {', '.join(frame.columns)}")
    methods = list(dict.fromkeys(frame[method])) if methods is None else list(methods)
    lines = []
    for i, (name, color) in enumerate(zip(methods, class_colors(len(methods)), strict=True)):
        part = frame.loc[frame[method] == name].sort_values(x, kind="stable")
        if part.empty:
            raise ValueError(f"{where}: no row of method {name!r}; frame has {', '.join(sorted(set(frame[method])))}")
        wide = 2.0 if name == highlight else 1.0
        if lower is not None and upper is not None:
            ax.fill_between(part[x], part[lower], part[upper], color=color, alpha=0.15, lw=0, zorder=1)
        lines += ax.plot(part[x], part[y], color=color, lw=wide, marker=_MARKERS[i], ms=3 + wide, mec="white", mew=0.4,
                         label=name, zorder=3 if name == highlight else 2)  # fmt: skip
    if log:
        ax.set_yscale("log")
        ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        ax.yaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{v:g}"))
        ax.yaxis.set_minor_formatter(NullFormatter())
    ax.grid(axis="y")
    ax.set(xlabel=x_label or x, ylabel=y_label)
    if label == "end":
        end_labels(ax, lines, methods)
    elif label == "legend":
        ax.legend(loc="best")
    return count_note(ax, n)


def score_table(
    values, methods, scenarios, *, lower=None, upper=None, limits=None, label="Mean absolute error (% points)",
    log=True, fmt="{:.1f}", n=None, ax=None,
):  # fmt: skip
    """Draw a table of methods and scenarios, shaded by the value that is printed in each cell.

    Parameters
    ----------
    values : array, shape (n_methods, n_scenarios)
        NaN: not run.
    methods, scenarios : sequence of str
    lower, upper : array, shape (n_methods, n_scenarios), optional
        95 % interval, printed under the value.
    limits : array, shape (n_scenarios,), optional
        Acceptance limit of each scenario; cells within it get a frame.
    label : str
        With unit, of the colour bar.
    log : bool
        Logarithmic colours.
    fmt : str
        Format of the numbers.
    n : int or str, optional
    ax : Axes, optional

    Returns
    -------
    Axes
    """
    where = "score_table"
    ax = _check.axes_or_current(ax)
    methods, scenarios = _check.names_of(where, methods), _check.names_of(where, scenarios)
    v = _check.array(where, "values", values, (len(methods), len(scenarios)))
    lower, upper = _check.interval(where, lower, upper, v)
    bounds = None if limits is None else _check.array(where, "limits", limits, (len(scenarios),))
    if log and np.nanmin(v) <= 0:
        raise ValueError(f"{where}: smallest value is {np.nanmin(v):.3g}, expected > 0 with log colours; pass log=False")
    norm = (LogNorm if log else Normalize)(np.nanmin(v), np.nanmax(v))
    colors = field_map("light").with_extremes(bad="#EEEEEE")
    image = ax.imshow(np.ma.masked_invalid(v), cmap=colors, norm=norm, aspect="auto")
    for (i, j), value in np.ndenumerate(v):
        text = "not run" if np.isnan(value) else fmt.format(value)
        if lower is not None and np.isfinite(value):
            text += f"\n{fmt.format(lower[i, j])}–{fmt.format(upper[i, j])}"
        light = np.isnan(value) or _luminance(image.cmap(norm(value))) > 0.55
        ax.text(j, i, text, ha="center", va="center", fontsize=7, color="black" if light else "white", linespacing=1.15)
        if bounds is not None and value <= bounds[j]:
            ax.add_patch(_frame(j, i))
    ax.set_xticks(range(len(scenarios)), scenarios)
    ax.set_yticks(range(len(methods)), methods)
    ax.tick_params(length=0, top=True, labeltop=True, bottom=False, labelbottom=False)
    ax.spines[:].set_visible(False)
    bar = color_bar(ax, image, label)
    if log:
        bar.ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        bar.ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        bar.ax.yaxis.set_minor_formatter(NullFormatter())
    words = ["framed: within the acceptance limit"] if bounds is not None else []
    words += [n if isinstance(n, str) else f"n = {n} data sets a cell"] if n is not None else []
    ax.set_xlabel("; ".join(words), loc="right", fontsize=7)
    return ax


def _luminance(rgba):
    """Perceived lightness of a colour, 0-1."""
    return float(np.dot(rgba[:3], (0.299, 0.587, 0.114)))


def _frame(j, i):
    """Return the frame of an accepted cell."""
    return Rectangle((j - 0.47, i - 0.44), 0.94, 0.88, fill=False, edgecolor=ROLES["immobile"], linewidth=1.4)


def truth_scatter(truth, estimate, *, lower=None, upper=None, groups=None, quantity="mass change", unit="%", n=None, ax=None):
    """Draw estimates against the known answer with the 1:1 line, and print error, bias and coverage.

    Parameters
    ----------
    truth, estimate : array, shape (n,)
    lower, upper : array, shape (n,), optional
        95 % interval of the estimate; its coverage is printed.
    groups : sequence of str, length n, optional
        Shown by colour and marker; at most 7.
    quantity, unit : str
        For the axes.
    n : int or str, optional
        Default: number of points.
    ax : Axes, optional

    Returns
    -------
    Axes
    """
    where = "truth_scatter"
    ax = _check.axes_or_current(ax)
    t = _check.array(where, "truth", truth)
    e = _check.array(where, "estimate", estimate, t.shape)
    lower, upper = _check.interval(where, lower, upper, e)
    groups = [""] * len(t) if groups is None else _check.names_of(where, groups, len(t))
    kinds = list(dict.fromkeys(groups))
    for i, (kind, color) in enumerate(zip(kinds, class_colors(len(kinds)), strict=True)):
        pick = np.array([g == kind for g in groups])
        if lower is not None:
            ax.errorbar(t[pick], e[pick], _check.bars_around(e, lower, upper)[:, pick], fmt="none", ecolor=color,
                        elinewidth=0.6, alpha=0.6, zorder=2)  # fmt: skip
        ax.plot(
            t[pick],
            e[pick],
            ls="none",
            marker=_MARKERS[i],
            ms=3.6,
            mec="white",
            mew=0.3,
            color=color,
            label=kind,
            zorder=3,
        )
    both = np.concatenate([t, e])
    both = both[np.isfinite(both)]
    room = 0.06 * (np.ptp(both) or 1.0)
    ends = [both.min() - room, both.max() + room]
    ax.plot(ends, ends, color=ROLES["reference"], lw=0.9, zorder=1)
    ax.set(xlim=ends, ylim=ends, xlabel=f"True {quantity} ({unit})", ylabel=f"Estimated {quantity} ({unit})")
    ax.set_box_aspect(1)
    ax.set_anchor("SW")
    error = (e - t)[np.isfinite(e - t)]
    points = "% points" if unit == "%" else unit
    text = f"mean |error| {np.mean(np.abs(error)):.2f} {points}\nbias {np.mean(error):+.2f} {points}"
    if lower is not None:
        text += f"\n95 % interval covers {100 * np.mean((lower <= t) & (t <= upper)):.0f} %"
    ax.text(0.03, 0.97, text.replace("-", "\N{MINUS SIGN}"), transform=ax.transAxes, va="top", fontsize=7, linespacing=1.3)
    if len(kinds) > 1:
        ax.legend(loc="lower right")
    return count_note(ax, int(np.isfinite(t * e).sum()) if n is None else n)


def _sample_ticks(ax, samples):
    """Name the samples under a heat map, upright when they are long, and only every second or so when they are many."""
    width = ax.get_position().width * ax.figure.get_figwidth() * 25.4  # mm, before the layout; names take some of it
    upright = names_touch(ax, samples)
    step = int(np.ceil(3.0 * len(samples) / width)) if upright else 1
    ax.set_xticks(range(0, len(samples), step), samples[::step], rotation=90 if upright else 0)


def gain_heatmap(change, elements, samples, *, immobile=None, limit=None, sample_label="Sample", colorbar=True, ax=None):
    """Draw gains and losses of all elements in all samples, on colours symmetrical in the logarithm of the ratio.

    Parameters
    ----------
    change : array or DataFrame, shape (n_elements, n_samples), per cent, > -100
        100 tau; NaN (grey, crossed) where not analysed or below detection.
    elements, samples : sequence of str
        Sample names that would touch are thinned out evenly.
    immobile : array of bool, shape (n_elements,), optional
        Names in the colour of the immobile set.
    limit : float, per cent, > 0, optional
        Gain at which colours saturate; the matching loss is its inverse ratio. Default: from the data. The colour bar
        shows the part of the scale that occurs.
    sample_label : str
    colorbar : bool
    ax : Axes, optional

    Returns
    -------
    Axes
    """
    where = "gain_heatmap"
    ax = _check.axes_or_current(ax)
    elements, samples = _check.names_of(where, elements), _check.names_of(where, samples)
    v = _check.array(where, "change", change, (len(elements), len(samples)))
    if np.nanmin(v) <= -100:
        raise ValueError(f"{where}: smallest change is {np.nanmin(v):.4g} %, expected > -100 %; total losses go in as NaN")
    held = _check.mask(where, "immobile", immobile, len(elements))
    logs = np.log1p(v / 100)
    top = max(float(np.nanmax(np.abs(logs))), 1e-3) if limit is None else float(np.log1p(limit / 100))
    colors = field_map("diverging").with_extremes(bad="#D0D0D0")
    image = ax.imshow(np.ma.masked_invalid(logs), cmap=colors, vmin=-top, vmax=top, aspect="auto",
                      interpolation="nearest")  # fmt: skip
    rows, cols = np.nonzero(np.isnan(v))
    ax.plot(cols, rows, ls="none", marker="x", ms=3, mew=0.6, color="#777777")
    _sample_ticks(ax, samples)
    ax.set_yticks(range(len(elements)), [formula(e) for e in elements])
    for tick, h in zip(ax.get_yticklabels(), held, strict=True):
        tick.set(color=ROLES["immobile"] if h else "black", fontweight="bold" if h else "normal")
    ax.set_xticks(np.arange(len(samples) - 1) + 0.5, minor=True)
    ax.set_yticks(np.arange(len(elements) - 1) + 0.5, minor=True)
    ax.grid(which="minor", color="white", lw=0.5)
    ax.tick_params(which="both", length=0)
    ax.set_xlabel(sample_label)
    if colorbar:
        # the colours stay centred on no change, but the bar shows only what occurs
        low, high = min(float(np.nanmin(logs)), 0.0), max(float(np.nanmax(logs)), 0.0)
        beyond = {(True, True): "both", (True, False): "min", (False, True): "max"}.get((low < -top, high > top), "neither")
        low, high = (max(low, -top), min(high, top)) if low < high else (-top, top)
        bar = color_bar(ax, image, "Gain or loss (%)", extend=beyond)
        bar.ax.set_ylim(low, high)
        ticks = RatioPercentLocator(9).tick_values(100 * np.expm1(low), 100 * np.expm1(high))
        bar.ax.yaxis.set_major_locator(FixedLocator(np.log1p(ticks / 100)))
        bar.ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: percent_text(100 * np.expm1(value))))
    return ax
