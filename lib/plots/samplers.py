"""Samplers compared: how often they fail, in which way, and what they deliver when they do not."""

import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.colors import ListedColormap, PowerNorm
from matplotlib.lines import Line2D
from matplotlib.ticker import NullLocator

from lib.plots import _check, _shared
from lib.plots.notes import count_note
from lib.plots.scales import color_bar, plain_log_axis
from lib.plots.style import OKABE_ITO, ROLES, class_colors, field_map

__all__ = ["ess_bars", "failure_grid", "failure_map", "failure_rates"]

_KINDS = [OKABE_ITO[k] for k in ("vermillion", "orange", "reddish_purple", "blue", "bluish_green", "sky_blue", "black")]

# light for none, dark for many; without the darkest part of the map, on which frames would not show
_RATES = ListedColormap(field_map("error")(np.linspace(1.0, 0.15, 256)), name="failure_rates")


def failure_rates(
    names, failures, total, kinds, *, style="points", scale="sqrt", limit=None, label="Data sets that failed (%)",
    legend="below", n=None, ax=None,
):  # fmt: skip
    """Draw how often each sampler (or cell) failed, by kind of failure, with binomial (Wilson) 95 % intervals.

    Parameters
    ----------
    names : sequence of str, length n_rows
        Samplers or cells, from the top.
    failures : array of int, shape (n_rows, n_kinds)
        Counts; NaN where not run or not defined.
    total : int or array, shape (n_rows, 1), >= 1
        Data sets of each row.
    kinds : sequence of str, length n_kinds
        Such as wrong mode, slow ridge, identifiability, prior bias; at most 7.
    style : {"points", "stacked"}
        "points": a symbol a kind, each with its interval; zero failures show what they exclude. "stacked": bars of
        kinds that exclude one another, with the interval of their sum.
    scale : {"sqrt", "linear"}
        Axis of the points: the square root gives rare failures room, and zero a place.
    limit : float, %, optional
        Accepted rate, drawn as a line.
    label : str
    legend : str or None
    n : int or str, optional
        Default: the total.
    ax : Axes, optional

    Returns
    -------
    Axes

    References
    ----------
    Wilson (1927) J. Am. Stat. Assoc. 22, 209-212: interval of a proportion.
    """
    where = "failure_rates"
    ax = _check.axes_or_current(ax)
    names, kinds = _check.names_of(where, names), _check.names_of(where, kinds)
    _check.one_of(where, "style", style, ["points", "stacked"])
    _check.one_of(where, "scale", scale, ["sqrt", "linear"])
    k = _check.array(where, "failures", failures, (len(names), len(kinds)))
    k, t = _shared.counts(where, k, np.reshape(total, (-1, 1)))
    if style == "stacked" and np.any(np.nansum(k, axis=1) > t[:, 0]):
        bad = names[int(np.argmax(np.nansum(k, axis=1) > t[:, 0]))]
        raise ValueError(f"{where}: kinds of {bad} add up to more than its total, so they overlap; pass style='points'")
    if len(kinds) > len(_KINDS):
        raise ValueError(f"{where}: {len(kinds)} kinds, but colour tells 1-{len(_KINDS)} apart; put some together")
    at = np.arange(len(names))
    if style == "points":
        if scale == "sqrt":
            ax.set_xscale("function", functions=(lambda v: np.sqrt(np.maximum(v, 0)), np.square))
        dodge = 0.72 / len(kinds)
        for j, (kind, color) in enumerate(zip(kinds, _KINDS, strict=False)):
            y = at + (j - (len(kinds) - 1) / 2) * dodge
            low, high = (100 * b for b in _shared.wilson(k[:, j], t[:, j]))
            ax.hlines(y, low, high, color=color, lw=1.2, zorder=2)
            ax.plot(100 * k[:, j] / t[:, j], y, ls="none", marker=_shared.MARKERS[j], ms=4.4, color=color, mec="white",
                    mew=0.4, zorder=3, clip_on=False, label=kind)  # fmt: skip
        for i in at[1:]:
            ax.axhline(i - 0.5, color=ROLES["shade"], lw=0.8, zorder=0)
        top = np.nanmax([100 * _shared.wilson(k, t)[1], np.full(k.shape, limit or 0.0)])
    else:
        left = np.zeros(len(names))
        for j, (kind, color) in enumerate(zip(kinds, _KINDS, strict=False)):
            part = np.nan_to_num(100 * k[:, j] / t[:, j])
            ax.barh(at, part, 0.62, left=left, color=color, edgecolor="white", zorder=2, label=kind)
            left += part
        whole = np.nansum(k, axis=1)
        low, high = (100 * b for b in _shared.wilson(whole, t[:, 0]))
        ax.errorbar(left, at, xerr=_check.bars_around(left, low, high), fmt="none", ecolor="#222222", elinewidth=0.9,
                    capsize=2, capthick=0.9, zorder=3)  # fmt: skip
        top = high.max()
    if limit is not None:
        ax.axvline(limit, color="black", lw=0.8, ls=(0, (4, 2)), zorder=1, label=f"limit {limit:g} %")
    ax.set(xlim=(0, min(100.0, 1.06 * top)), ylim=(len(names) - 0.45, -0.55), xlabel=label)
    if style == "points" and scale == "sqrt":
        ax.set_xticks(_shared.sqrt_ticks(ax.get_xlim()[1]))
        ax.xaxis.set_minor_locator(NullLocator())
        ax.xaxis.set_major_formatter(lambda v, _: f"{v:g}")
    ax.grid(axis="x")
    ax.set_yticks(at, names)
    ax.tick_params(axis="y", length=0)
    _shared.legend(ax, legend, ncols=min(len(kinds) + (limit is not None), 4))
    span = sorted({int(v) for v in t[:, 0]})
    said = f"{span[0]} data sets each" if len(span) == 1 else f"{span[0]}–{span[-1]} data sets"
    return count_note(ax, said if n is None else n)


def failure_map(
    failures, total, rows, columns, *, row_label="Samples (count)", column_label="Noise (%)", highest=None, interval=True,
    colorbar=True, label="Data sets that failed (%)", n=None, ax=None,
):  # fmt: skip
    """Draw failures over a grid of two conditions: colour for the rate, and in each cell the count and its interval.

    Parameters
    ----------
    failures : array of int, shape (n_rows, n_columns)
        Counts; NaN (grey) where not run.
    total : int or array, shape (n_rows, n_columns), >= 1
        Data sets of each cell.
    rows, columns : sequence of str
        Values of the conditions, from the top and the left.
    row_label, column_label : str
        With units.
    highest : float, %, optional
        Rate at the end of the colours; default: from the data, at least 5.
    interval : bool
        Print the Wilson 95 % interval in per cent under the count; a zero gets its upper limit.
    colorbar : bool
    label : str
        Of the colour bar.
    n : int or str, optional
    ax : Axes, optional

    Returns
    -------
    Axes
    """
    where = "failure_map"
    ax = _check.axes_or_current(ax)
    rows, columns = _check.names_of(where, rows), _check.names_of(where, columns)
    k = _check.array(where, "failures", failures, (len(rows), len(columns)))
    k, t = _shared.counts(where, k, total)
    norm = _rate_norm(k, t, highest)
    image = ax.imshow(np.ma.masked_invalid(100 * k / t), cmap=_RATES.with_extremes(bad="#E2E2E2"), norm=norm,
                      aspect="auto", interpolation="nearest")  # fmt: skip
    low, high = (100 * b for b in _shared.wilson(np.nan_to_num(k), t))
    for (i, j), count in np.ndenumerate(k):
        if np.isnan(count):
            ax.text(j, i, "not run", ha="center", va="center", fontsize=7, color="#444444")
            continue
        text = f"{count:.0f}/{t[i, j]:.0f}"
        if interval:
            text += f"\n≤ {_round(high[i, j])} %" if count == 0 else f"\n{_round(low[i, j])}–{_round(high[i, j])} %"
        dark = np.dot(image.cmap(norm(100 * count / t[i, j]))[:3], (0.299, 0.587, 0.114)) < 0.55
        ax.text(j, i, text, ha="center", va="center", fontsize=7, color="white" if dark else "black", linespacing=1.1)
    ax.set_xticks(range(len(columns)), columns)
    ax.set_yticks(range(len(rows)), rows)
    ax.set_xticks(np.arange(len(columns) - 1) + 0.5, minor=True)
    ax.set_yticks(np.arange(len(rows) - 1) + 0.5, minor=True)
    ax.grid(which="minor", color="white", lw=0.8)
    ax.tick_params(which="both", length=0)
    ax.set(xlabel=column_label, ylabel=row_label)
    if colorbar:
        color_bar(ax, image, label).set_ticks(_shared.sqrt_ticks(norm.vmax), minor=False)
    return count_note(ax, n)


def _rate_norm(k, t, highest):
    """Colours of a failure rate, per cent: the square root, so that rare ones differ from none."""
    rate = 100 * k / t
    top = max(5.0, float(np.max(rate[np.isfinite(rate)], initial=0))) if highest is None else float(highest)
    return PowerNorm(0.5, 0, top, clip=True)


def _round(percent):
    """Write a per cent with a decimal only below ten."""
    return f"{percent:.0f}" if percent >= 9.95 else f"{percent:.1f}"


def failure_grid(
    frame, *, failures="failures", total="n", x="noise_pct", y="n_samples", column="n_elements", row="model",
    x_label="Noise (%)", y_label="Samples (count)", column_text="{} elements", row_text="{}", interval=True,
    label="Data sets that failed (%)", n=None, fig=None,
):  # fmt: skip
    """Draw failures over a grid of four conditions: a `failure_map` for each of two, with one colour bar.

    Parameters
    ----------
    frame : DataFrame
        Tidy: one row a cell.
    failures, total : str
        Columns of counts and of data sets.
    x, y : str
        Columns of the conditions within a panel.
    column, row : str
        Columns of the conditions that make the panels; those of `row` in their order in the frame.
    x_label, y_label : str
        With units.
    column_text, row_text : str
        Formats of the values of `column` and `row`.
    interval : bool
        See `failure_map`.
    label : str
        Of the colour bar.
    n : int or str, optional
    fig : Figure or SubFigure, optional
        Default: a new figure of the double width.

    Returns
    -------
    array of Axes, shape (n_rows, n_columns)
    """
    where = "failure_grid"
    _shared.has_columns(where, frame, (failures, total, x, y, column, row))
    if frame.duplicated([x, y, column, row]).any():
        raise ValueError(f"{where}: cells occur more than once in frame; add up {failures} and {total} of equal cells first")
    xs, ys, cols = (sorted(frame[c].unique()) for c in (x, y, column))
    rows = list(dict.fromkeys(frame[row]))
    size = ("double", min(18 + len(rows) * (9 + 9.5 * len(ys)), 240))
    shares = [1.0] * len(cols) + [0.06]
    fig, whole = _shared.grid(fig, size, len(rows), len(cols) + 1, squeeze=False, width_ratios=shares)
    axes = whole[:, :-1]
    for blank in whole[:, -1]:
        blank.remove()
    # a place of the grid, not taken from the panels: saving the figure again then gives the same bytes
    beside = fig.add_subplot(whole[0, 0].get_gridspec()[:, -1])
    norm = _rate_norm(frame[failures].to_numpy(float), frame[total].to_numpy(float), None)
    for (i, j), ax in np.ndenumerate(axes):
        part = frame[(frame[column] == cols[j]) & (frame[row] == rows[i])].set_index([y, x])
        k, t = (part[c].unstack().reindex(index=ys, columns=xs).to_numpy(float) for c in (failures, total))
        failure_map(k, np.where(np.isfinite(t), t, 1), [f"{v:g}" for v in ys], [f"{v:g}" for v in xs], highest=norm.vmax,
                    interval=interval, colorbar=False, row_label=y_label if j == 0 else "",
                    column_label=x_label if i == len(rows) - 1 else "", ax=ax)  # fmt: skip
        ax.tick_params(labelleft=j == 0, labelbottom=i == len(rows) - 1)
        ax.set_title(f"{row_text.format(rows[i])}, {column_text.format(cols[j])}", fontsize=7.5)
    bar = fig.colorbar(ScalarMappable(norm, _RATES), cax=beside)
    bar.set_label(label if n is None else f"{label}; {n} data sets a cell" if isinstance(n, int) else f"{label}; {n}")
    bar.set_ticks(_shared.sqrt_ticks(norm.vmax))
    bar.outline.set_linewidth(0.5)
    return axes


def ess_bars(
    names, ess, *, lower=None, upper=None, failed=None, tolerated=0.05, cases=None, needed=None,
    label="ESS per 1000 likelihood evaluations (1)", legend="below", n=None, ax=None,
):  # fmt: skip
    """Draw the efficiency of samplers on a logarithmic axis; those that failed are hollow, grey, and say so.

    A stuck chain can show a large effective sample size: its value is drawn only as what it is, never as a success.

    Parameters
    ----------
    names : sequence of str, length n_samplers
    ess : array, shape (n_samplers,) or (n_cases, n_samplers), > 0
        Effective sample size per unit of cost, of chains that did not fail where there are any; NaN when there are none.
    lower, upper : array, shape of `ess`, optional
        95 % interval.
    failed : array, shape of `ess`, 0-1 (or bool), optional
        Share of data sets on which the sampler failed; above zero it is printed at the right.
    tolerated : float, 0-1
        Share above which the sampler as a whole has failed: its mark is hollow.
    cases : sequence of str, length n_cases, optional
        Names of the cases that share a row; at most 4.
    needed : float, optional
        Accepted efficiency, drawn as a line.
    label : str
        With its unit.
    legend : str or None
    n : int or str, optional
    ax : Axes, optional

    Returns
    -------
    Axes
    """
    where = "ess_bars"
    ax = _check.axes_or_current(ax)
    names = _check.names_of(where, names)
    v = _shared.series_rows(where, "ess", ess, len(names), positive=True)
    titles = _shared.series_names(where, cases, len(v))
    lower, upper = (None if b is None else np.atleast_2d(np.array(b, float)) for b in (lower, upper))
    lower, upper = _check.interval(where, lower, upper, v)
    share = np.zeros(v.shape) if failed is None else _shared.series_rows(where, "failed", failed, len(names))
    if share.shape != v.shape or np.nanmin(share) < 0 or np.nanmax(share) > 1:
        raise ValueError(f"{where}: failed has shape {share.shape} and spans {np.nanmin(share):.3g}-{np.nanmax(share):.3g}; "
                         f"expected {v.shape}, shares 0-1 of the data sets")  # fmt: skip
    bad = share > tolerated
    at = np.arange(len(names))
    ax.set_xscale("log")
    ends = np.concatenate([a[np.isfinite(a)] for a in (v, lower, upper) if a is not None] + [[needed] if needed else []])
    ends = ends[ends > 0] if np.any(ends > 0) else np.ones(1)  # nobody delivered: an empty axis, and the words at the right
    ax.set_xlim(ends.min() / 1.5, ends.max() * 1.5)
    dodge = 0.74 / len(v)
    for j, color in enumerate(class_colors(len(v))):
        y = at + (j - (len(v) - 1) / 2) * dodge
        tone = [ROLES["muted"] if b else color for b in bad[j]]
        ax.hlines(y, ax.get_xlim()[0], v[j], color=tone, lw=0.7, ls=":", zorder=1)
        if lower is not None:
            low = np.maximum(lower[j], ax.get_xlim()[0])
            ax.hlines(y, low, upper[j], color=tone, lw=1.2, zorder=2)
        fill = ["white" if b else color for b in bad[j]]
        ax.scatter(v[j], y, s=24, marker=_shared.MARKERS[j], c=fill, edgecolors=tone, linewidths=1.1, zorder=3)
        for i in at[(share[j] > 0) | np.isnan(v[j])]:
            text = f"{100 * share[j, i]:.0f} % failed" if share[j, i] > 0 else "no result"
            _shared.right_note(ax, y[i], text, "#B23A00")
    if needed is not None:
        ax.axvline(needed, color="black", lw=0.8, ls=(0, (4, 2)), zorder=1)
    for i in at[1:]:
        ax.axhline(i - 0.5, color=ROLES["shade"], lw=0.8, zorder=0)
    plain_log_axis(ax, "x")
    ax.set_yticks(at, names)
    ax.tick_params(axis="y", length=0)
    ax.set(ylim=(len(names) - 0.45, -0.55), xlabel=label)
    keys = [Line2D([], [], ls="none", marker=_shared.MARKERS[j], ms=4.6, color=c, label=title)
            for j, (title, c) in enumerate(zip(titles, class_colors(len(v)), strict=True)) if title]  # fmt: skip
    if bad.any():
        keys.append(Line2D([], [], ls="none", marker="o", ms=4.6, mfc="white", mec=ROLES["muted"], mew=1.1,
                           label=f"failed on > {100 * tolerated:g} % of data sets"))  # fmt: skip
    if needed is not None:
        keys.append(Line2D([], [], color="black", lw=0.8, ls=(0, (4, 2)), label=f"needed: {needed:g}"))
    _shared.legend(ax, legend, ncols=min(max(len(keys), 1), 3), handles=keys)
    return count_note(ax, n)
