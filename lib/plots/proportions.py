"""Proportions of end members: sample by sample, against the known answer, and against measured minerals."""

import numpy as np
from scipy import stats

from lib.plots import _check, _shared
from lib.plots.benchmark import truth_scatter
from lib.plots.labels import names_touch
from lib.plots.notes import count_note
from lib.plots.style import ROLES, class_colors

__all__ = ["mineral_crosscheck", "proportions_bars", "proportions_truth"]


def proportions_truth(truth, estimate, members=None, *, lower=None, upper=None, groups=None, n=None, fig=None):
    """Draw estimated proportions against the known ones, a panel an end member.

    Parameters
    ----------
    truth, estimate : array, shape (n_samples, K), 0-1
        Columns in the same order.
    members : sequence of str, length K, optional
        Default EM1, EM2, ...
    lower, upper : array, shape (n_samples, K), 0-1, optional
        95 % interval.
    groups : sequence of str, length n_samples, optional
    n : int or str, optional
        Default: number of samples, in each title.
    fig : Figure or SubFigure, optional

    Returns
    -------
    array of Axes, shape (K,)
    """
    where = "proportions_truth"
    t, members = _shares(where, "truth", truth, members)
    e, _ = _shares(where, "estimate", estimate, members)
    t = _check.array(where, "truth", t, e.shape)
    lower, upper = _check.interval(where, lower, upper, e)
    k = len(members)
    both = 100 * np.concatenate([t, e], axis=None)
    ends = [np.nanmin(both) - 4, np.nanmax(both) + 4]
    ticks = [tick for tick in range(0, 101, 25 if np.ptp(ends) > 60 else 10) if ends[0] <= tick <= ends[1]]
    fig, axes = _shared.grid(fig, ("double" if k > 1 else "single", 190 / max(k, 2) + 8), 1, k, squeeze=False)
    for i, ax in enumerate(axes[0]):
        bounds = {} if lower is None else {"lower": 100 * lower[:, i], "upper": 100 * upper[:, i]}
        truth_scatter(100 * t[:, i], 100 * e[:, i], groups=groups, quantity="proportion", n="", ax=ax, **bounds)
        seen = int(np.isfinite(t[:, i] * e[:, i]).sum())
        ax.set_title(f"{members[i]}, n = {seen}" if n is None else members[i], fontsize=7.5)
        ax.texts[-1].set_text(ax.texts[-1].get_text().replace("95 % interval covers", "coverage"))  # room in narrow panels
        ax.lines[-1].set_data(ends, ends)  # the 1:1 line
        ax.set(xlim=ends, ylim=ends)
        ax.set_xticks(ticks)
        ax.set_yticks(ticks)
        if i:
            ax.set_ylabel(None)
            if ax.get_legend() is not None:
                ax.get_legend().remove()
    if n is not None:
        fig.legend([], [], loc="outside lower center", title=f"n = {n}" if isinstance(n, int) else n)
    return axes[0]


def proportions_bars(
    proportions, samples=None, members=None, *, order="given", groups=None, label="Proportion (%)", legend="below", n=None,
    ax=None,
):  # fmt: skip
    """Draw the proportions of all samples as stacked columns.

    Parameters
    ----------
    proportions : array, shape (n_samples, K), 0-1, rows sum to 1
    samples : sequence of str, length n_samples, optional
        Names, thinned out evenly where they would touch; default: numbers.
    members : sequence of str, length K, optional
        At most 7.
    order : {"given", "dominant"}
        "dominant": gathered by the greatest proportion, from high to low in each.
    groups : sequence of str, length n_samples, optional
        Classes; samples stand class by class, named above.
    label : str
    legend : str or None
    n : int or str, optional
        Default: number of samples.
    ax : Axes, optional

    Returns
    -------
    Axes
    """
    where = "proportions_bars"
    ax = _check.axes_or_current(ax)
    _check.one_of(where, "order", order, ["given", "dominant"])
    p, members = _shares(where, "proportions", proportions, members)
    off = np.abs(np.nansum(p, axis=1) - 1)
    if np.any(off > 0.01):
        raise ValueError(f"{where}: row {int(np.argmax(off))} sums to {np.nansum(p[int(np.argmax(off))]):.3g}, expected 1; "
                         "pass proportions of all end members as fractions")  # fmt: skip
    samples = [str(i + 1) for i in range(len(p))] if samples is None else _check.names_of(where, samples, len(p))
    groups = [""] * len(p) if groups is None else _check.names_of(where, groups, len(p))
    kinds = list(dict.fromkeys(groups))
    place = np.array([kinds.index(g) for g in groups])
    rank = np.lexsort((-p.max(axis=1), p.argmax(axis=1), place)) if order == "dominant" else np.argsort(place, kind="stable")
    many = len(p) > 60
    at, foot = np.arange(len(p)), np.zeros(len(p))
    for k, color in enumerate(class_colors(len(members))):
        tall = 100 * np.nan_to_num(p[rank, k])
        ax.bar(at, tall, 1.0 if many else 0.86, bottom=foot, color=color, lw=0, zorder=2, label=members[k], rasterized=many)
        foot += tall
    for i, kind in enumerate(kinds):
        inside = np.flatnonzero(place[rank] == i)
        if kind:
            ax.annotate(kind, (inside.mean(), 1), (0, 3), xycoords=("data", "axes fraction"), textcoords="offset points",
                        ha="center", va="bottom", fontsize=7)  # fmt: skip
        if i:
            ax.axvline(inside[0] - 0.5, color="black", lw=1.0, zorder=3)
    named = [samples[i] for i in rank]
    upright = names_touch(ax, named)
    wide = ax.get_position().width * ax.figure.bbox.width / ax.figure.dpi * 25.4  # mm, before the layout
    step = int(np.ceil(3.0 * len(p) / wide)) if upright else 1
    ax.set_xticks(at[::step], named[::step], rotation=90 if upright else 0)
    ax.tick_params(axis="x", length=2)
    ax.set(xlim=(-0.5, len(p) - 0.5), ylim=(0, 100), ylabel=label)
    longest = max(map(len, named[::step]))
    _shared.legend(ax, legend, drop=8 + (4.6 * longest if upright else 8), ncols=len(members))
    if kinds == [""]:
        count_note(ax, len(p) if n is None else n)
    return ax


def mineral_crosscheck(
    mineral, proportion, *, lower=None, upper=None, groups=None, x_label="Measured mineral (wt%)",
    y_label="Proportion of the end member (%)", line="1:1", legend="best", n=None, ax=None,
):  # fmt: skip
    """Draw the proportion of an end member against a mineral that was measured independently.

    Parameters
    ----------
    mineral : array, shape (n_samples,), wt%
    proportion : array, shape (n_samples,), per cent
    lower, upper : array, shape (n_samples,), per cent, optional
        95 % interval of the proportion.
    groups : sequence of str, length n_samples, optional
        At most 7.
    x_label, y_label : str
    line : {"1:1", "fit", None}
        Identity, or a robust line (Theil-Sen) where the end member is not the mineral itself.
    legend : str or None
    n : int or str, optional
        Default: number of samples with both.
    ax : Axes, optional

    Returns
    -------
    Axes

    References
    ----------
    Bonett & Wright (2000) Psychometrika 65, 23-28: interval of Spearman's rank correlation.
    """
    where = "mineral_crosscheck"
    ax = _check.axes_or_current(ax)
    _check.one_of(where, "line", line, ["1:1", "fit", None])
    m = _check.array(where, "mineral", mineral)
    p = _check.array(where, "proportion", proportion, m.shape)
    lower, upper = _check.interval(where, lower, upper, p)
    groups = np.array([""] * len(m) if groups is None else _check.names_of(where, groups, len(m)), dtype=object)
    both = np.isfinite(m) & np.isfinite(p)
    if both.sum() < 4:
        raise ValueError(f"{where}: {both.sum()} samples have both mineral and proportion, expected at least 4")
    kinds = list(dict.fromkeys(groups[both]))
    many = both.sum() > 150
    for i, (kind, color) in enumerate(zip(kinds, class_colors(len(kinds)), strict=True)):
        pick = both & (groups == kind)
        if lower is not None:
            ax.errorbar(m[pick], p[pick], _check.bars_around(p, lower, upper)[:, pick], fmt="none", ecolor=color,
                        elinewidth=0.6, alpha=0.5, zorder=2)  # fmt: skip
        ax.plot(m[pick], p[pick], ls="none", marker=_shared.MARKERS[i], ms=2.6 if many else 3.6, mec="white", mew=0.2,
                color=color, alpha=0.7 if many else 1, zorder=3, label=kind or None)  # fmt: skip
    rho = stats.spearmanr(m[both], p[both]).statistic
    words = f"Spearman ρ = {rho:.2f}"
    if abs(rho) < 1:
        half = 1.959964 * np.sqrt((1 + rho**2 / 2) / (both.sum() - 3))
        words += " ({:.2f} to {:.2f})".format(*np.tanh(np.arctanh(rho) + np.array([-half, half])))
    low, high = min(0.0, m[both].min()), m[both].max()
    if line == "1:1":
        ends = [min(low, p[both].min()), max(high, p[both].max())]
        ax.plot(ends, ends, color=ROLES["reference"], lw=0.9, zorder=1, label="1:1")
        words += f"\nmean difference {np.mean((p - m)[both]):+.1f} % points"
    elif line == "fit":
        fit = stats.theilslopes(p[both], m[both])
        ends = np.array([low, high])
        ax.plot(ends, fit.intercept + fit.slope * ends, color=ROLES["reference"], lw=0.9, zorder=1, label="robust line")
        words += f"\nslope {fit.slope:.2f} ({fit.low_slope:.2f} to {fit.high_slope:.2f})"
    room = ax.get_ylim()
    ax.set(xlabel=x_label, ylabel=y_label, ylim=(room[0], room[1] + 0.2 * (room[1] - room[0])))
    ax.set_yticks([tick for tick in ax.get_yticks() if tick <= 100.5 and room[0] <= tick <= ax.get_ylim()[1]])
    ax.text(0.03, 0.97, words.replace("-", "\N{MINUS SIGN}"), transform=ax.transAxes, va="top", fontsize=7, linespacing=1.3,
            zorder=5)  # fmt: skip
    _shared.legend(ax, legend, ncols=3)
    return count_note(ax, int(both.sum()) if n is None else n)


def _shares(where, name, value, members):
    """Return checked proportions (n, K) and the names of the end members."""
    p = _check.array(where, name, value, (None, None))
    if np.any(p < -1e-6) or np.nanmax(p) > 1 + 1e-6:
        raise ValueError(f"{where}: {name} spans {np.nanmin(p):.3g}-{np.nanmax(p):.3g}, expected 0-1; divide per cent by 100")
    names = [f"EM{k + 1}" for k in range(p.shape[1])] if members is None else _check.names_of(where, members, p.shape[1])
    return p, names
