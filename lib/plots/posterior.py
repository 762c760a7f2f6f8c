"""Posterior draws: corner plots, traces with ranks."""

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator
from scipy.ndimage import gaussian_filter
from scipy.stats import rankdata

from lib.plots import _check, _shared
from lib.plots.labels import quantity
from lib.plots.notes import count_note, verdict_box
from lib.plots.scales import plain_log_axis
from lib.plots.style import OKABE_ITO, ROLES, class_colors, field_map, figure

__all__ = ["corner", "trace_ranks"]


def corner(draws, names=None, *, truth=None, quantiles=(0.025, 0.5, 0.975), masses=(0.5, 0.95), log=(), bins=40, fig=None):
    """Draw marginal and pairwise posterior densities as a triangle of panels.

    Pairs are smoothed along the axes of their own correlation, so that a narrow ridge stays narrow.

    Parameters
    ----------
    draws : DataFrame, array of shape (n_draws, n_parameters), or dict of str to either
        2-6 parameters, chains put together; a dict (at most 3) overlays several posteriors.
    names : sequence of str, length n_parameters, optional
        Axis labels with units, or table columns such as ``La_ppm``; default: the columns of the frame.
    truth : array, shape (n_parameters,), optional
        Known answer; NaN for none.
    quantiles : sequence of float, 0-1
        Lower, middle and upper one, drawn on the marginals; the first posterior's are printed above them.
    masses : sequence of float, 0-1
        Probabilities that the contours enclose.
    log : sequence of str or bool
        Names of parameters (all > 0) on logarithmic axes; True for all.
    bins : int
        Of the marginals.
    fig : Figure or SubFigure, optional
        Default: a new figure, single width for 2-3 parameters, else double.

    Returns
    -------
    array of Axes, shape (n_parameters, n_parameters)
        None above the diagonal.
    """
    where = "corner"
    sets = dict(draws) if isinstance(draws, dict) else {"": draws}
    first = next(iter(sets.values()))
    names = list(getattr(first, "columns", [])) if names is None else names
    names = _check.names_of(where, names)
    d = len(names)
    if not 2 <= d <= 6 or len(sets) > 3:
        raise ValueError(f"{where}: {d} parameters, {len(sets)} posteriors; expected 2-6 and 1-3: choose those of the ridge")
    values = {key: _check.array(where, f"draws {key}".strip(), np.asarray(v, float), (None, d)) for key, v in sets.items()}
    answer = np.full(d, np.nan) if truth is None else _check.array(where, "truth", truth, (d,))
    scale = np.array([log is True or (log is not False and name in log) for name in names])
    for key, v in values.items():
        flat = np.flatnonzero(~(np.isfinite(v).all(axis=0) & (np.ptp(v, axis=0) > 0) & ((v > 0).all(axis=0) | ~scale)))
        if len(v) < 20 or len(flat):
            what = f"{names[flat[0]]} is constant, not finite, or <= 0 on a log axis" if len(flat) else f"{len(v)} draws only"
            raise ValueError(f"{where}: draws {key}: {what}; pass at least 20 finite draws that vary")
    side = (90, 88) if d <= 3 else (190, 186)
    fig, axes = _shared.grid(fig, side, d, d, squeeze=False)
    colors = [OKABE_ITO["blue"], OKABE_ITO["vermillion"], OKABE_ITO["bluish_green"]]
    limits = [_range([v[:, k] for v in values.values()], answer[k], scale[k]) for k in range(d)]
    for (i, j), ax in np.ndenumerate(axes):
        if j > i:
            continue
        ax.set(xlim=limits[j], xscale="log" if scale[j] else "linear")
        for (key, v), color in zip(values.items(), colors, strict=False):
            if i == j:
                _marginal(ax, v[:, i], limits[i], scale[i], quantiles, bins, color, title=key == next(iter(values)))
            else:
                _pair(ax, v[:, j], v[:, i], scale[[j, i]], masses, color)
        if i != j:
            ax.set(ylim=limits[i], yscale="log" if scale[i] else "linear")
            ax.axhline(answer[i], color="black", lw=0.8, ls=(0, (4, 2)))
        ax.axvline(answer[j], color="black", lw=0.8, ls=(0, (4, 2)))
        most = 2 if fig.bbox.width / fig.dpi * 25.4 / d < 33 else 3
        _few_ticks(ax.xaxis, limits[j], most, i == d - 1, quantity(names[j]))
        _few_ticks(ax.yaxis, limits[i], most, j == 0 and i > 0, quantity(names[i])) if i != j else ax.set_yticks([])
    keys = [Patch(facecolor=c, alpha=0.5, label=key) for key, c in zip(values, colors, strict=False) if key]
    words = " and ".join(f"{100 * m:g}" for m in sorted(masses))
    keys.append(Patch(facecolor="#BBBBBB", edgecolor="#555555", label=f"{words} % of draws"))
    keys.append(Line2D([], [], color="#555555", lw=0.8, ls=":", label=", ".join(f"{100 * q:g}" for q in quantiles) + " %"))
    keys += [Line2D([], [], color="black", lw=0.8, ls=(0, (4, 2)), label="truth")] if np.isfinite(answer).any() else []
    counts = {len(v) for v in values.values()}
    corner_ax = axes[0, -1]
    for i, j in zip(*np.triu_indices(d, 1), strict=True):
        if axes[i, j] is not corner_ax:
            axes[i, j].remove()
        axes[i, j] = None
    corner_ax.axis("off")
    key = corner_ax.legend(handles=keys, loc="upper right", bbox_to_anchor=(1.0, 1.0), borderpad=0, borderaxespad=0,
                       title="–".join(map(str, sorted(counts))) + " draws", alignment="left")  # fmt: skip
    key.set_in_layout(False)  # it has the empty triangle for itself, and shall not widen the column
    fig.align_labels([ax for ax in axes.flat if ax is not None])
    return axes


def _range(columns, truth, log):
    """Limits of an axis: nearly all draws of all posteriors, and the truth, with room."""
    ends = np.concatenate([np.quantile(c, [0.002, 0.998]) for c in columns] + [[truth]])
    ends = ends[np.isfinite(ends)]
    low, high = (np.log([ends.min(), ends.max()])) if log else (ends.min(), ends.max())
    room = 0.12 * (high - low)
    return tuple(np.exp([low - room, high + room])) if log else (low - room, high + room)


def _marginal(ax, v, limits, log, quantiles, bins, color, title):
    """Draw a histogram with its quantiles, and print them above when it is the first."""
    edges = np.geomspace(*limits, bins + 1) if log else np.linspace(*limits, bins + 1)
    count = np.histogram(v, edges)[0] / len(v)
    ax.stairs(count, edges, color=color, lw=1.0, zorder=2)
    ax.stairs(count, edges, color=color, fill=True, alpha=0.25, lw=0, zorder=1)
    at = np.quantile(v, quantiles)
    ax.vlines(at, 0, np.interp(at, (edges[1:] + edges[:-1]) / 2, count), color=color, lw=0.8, ls=":", zorder=3)
    ax.set_ylim(0, max(ax.get_ylim()[1], 1.08 * count.max()))
    if title and len(at) == 3:
        digits = int(np.clip(1 - np.floor(np.log10(at[2] - at[0])), 0, 6))
        text = [_number(q, digits) for q in at]
        ax.set_title(f"{text[1]}\n({text[0]} to {text[2]})", fontsize=7, linespacing=1.1)


def _number(value, places):
    """Write a number with a true minus sign; places None: as short as it goes."""
    return (f"{value:g}" if places is None else f"{value:.{places}f}").replace("-", "\N{MINUS SIGN}")


def _pair(ax, x, y, log, masses, color, cells=72):
    """Draw contours that enclose given masses of a density, smoothed in coordinates where the draws are round."""
    both = np.column_stack([np.log(x) if log[0] else x, np.log(y) if log[1] else y])
    centre, cov = both.mean(axis=0), np.cov(both.T)
    root = np.linalg.cholesky(cov + 1e-9 * np.diag(np.diag(cov)))
    u = np.linalg.solve(root, (both - centre).T).T
    width = 0.95 * len(u) ** (-1 / 6)  # Scott's rule in two dimensions
    low, high = np.quantile(u, 0.0005, axis=0) - 3 * width, np.quantile(u, 0.9995, axis=0) + 3 * width
    edges = [np.linspace(a, b, cells + 1) for a, b in zip(low, high, strict=True)]
    density = np.histogram2d(u[:, 0], u[:, 1], bins=edges)[0]
    density = gaussian_filter(density, [width / (e[1] - e[0]) for e in edges], mode="constant")
    ranked = np.sort(density.ravel())[::-1]
    levels = [ranked[np.searchsorted(np.cumsum(ranked) / ranked.sum(), m)] for m in sorted(masses, reverse=True)]
    grid = np.meshgrid(*[(e[1:] + e[:-1]) / 2 for e in edges], indexing="ij")
    place = centre[:, None, None] + np.tensordot(root, np.array(grid), 1)
    place = [np.exp(p) if is_log else p for p, is_log in zip(place, log, strict=True)]
    for i, level in enumerate(levels):
        ax.contourf(*place, density, [level, 2 * ranked[0]], colors=[color], alpha=0.18 + 0.2 * i, zorder=1 + i)
    ax.contour(*place, density, sorted(levels), colors=[color], linewidths=0.8, zorder=4)


def _few_ticks(axis, limits, most, labelled, text):
    """Put a few round ticks on a small panel, off its corners; label them on the outer panels only."""
    edge = 0.06 * (limits[1] - limits[0])
    for bins in range(most, most + 4):  # more only when fewer than two are in view
        ticks = MaxNLocator(bins, steps=[1, 2, 2.5, 5, 10]).tick_values(*limits)
        ticks = ticks[(ticks >= limits[0] + edge) & (ticks <= limits[1] - edge)]
        if len(ticks) >= 2:
            break
    ticks = ticks[::2] if len(ticks) > most else ticks
    if axis.get_scale() == "log" and limits[1] / limits[0] > 4:
        for steps in ((1,), (1, 3), (1, 2, 5)):
            ticks = np.array([s * 10.0**e for e in range(-8, 9) for s in steps if limits[0] <= s * 10.0**e <= limits[1]])
            if len(ticks) >= 2:
                break
    axis.set_major_locator(FixedLocator(ticks))
    axis.set_minor_locator(NullLocator())
    wide = limits[1] / limits[0] > 4 and axis.get_scale() == "log"
    places = max((len(f"{t:.6f}".rstrip("0").split(".")[1]) for t in ticks), default=0)
    axis.set_major_formatter(FuncFormatter(lambda v, _: _number(v, None if wide else places)))
    axis.set_tick_params(labelbottom=labelled, labelleft=labelled)
    if labelled:
        axis.set_label_text(text)


def trace_ranks(
    chains, *, label="Value (1)", warmup=0, log=False, truth=None, r_hat=None, r_hat_limit=1.01, ess=None, bins=20,
    axes=None,
):  # fmt: skip
    """Draw the traces of several chains and, beside them, the ranks of their draws: flat when chains agree.

    Parameters
    ----------
    chains : array, shape (n_chains, n_draws)
        Of one quantity, warm-up first when it is passed too.
    label : str
        Its name with unit.
    warmup : int, >= 0
        Draws at the start that are shaded in the trace and left out of the ranks.
    log : bool
        Logarithmic axis of values.
    truth : float, optional
    r_hat : float, optional
        Rank-normalised R-hat, printed; above `r_hat_limit` the figure says NOT CONVERGED.
    r_hat_limit : float
    ess : float, optional
        Bulk effective sample size of all chains: sets the width of the 95 % band of the ranks.
    bins : int
        Of the ranks.
    axes : sequence of two Axes, optional
        Default: a new figure of the double width.

    Returns
    -------
    array of Axes, shape (2,)

    References
    ----------
    Vehtari et al. (2021) Bayesian Anal. 16, 667-718, section 4: rank plots in place of traces alone.
    """
    where = "trace_ranks"
    v = _check.array(where, "chains", chains, (None, None))
    kept = v[:, int(warmup) :]
    if kept.shape[1] < bins or not np.isfinite(v).all():
        raise ValueError(f"{where}: {kept.shape[1]} finite draws a chain after warm-up, expected at least {bins} (bins) and "
                         "none missing; run longer or pass fewer bins")  # fmt: skip
    axes = figure("double", 20 + max(34, 9 * len(v)), 1, 2, width_ratios=[1.7, 1])[1] if axes is None else axes
    axes = np.array(list(axes), dtype=object)
    left, right = axes
    m = len(v)
    colors = class_colors(m) if m <= 7 else [field_map("points")(i / (m - 1)) for i in range(m)]
    step = max(1, v.shape[1] // 1200)
    for i, color in enumerate(colors):
        left.plot(np.arange(1, v.shape[1] + 1)[::step], v[i, ::step], color=color, lw=0.5, alpha=0.8, zorder=2)
    if truth is not None:
        left.axhline(truth, color="black", lw=0.9, ls=(0, (4, 2)), zorder=3)
        left.annotate("truth", (1, truth), (3, 0), xycoords=("axes fraction", "data"), textcoords="offset points",
                      va="center", fontsize=7)  # fmt: skip
    left.set(xlim=(1, v.shape[1]), xlabel="Draw (count)", ylabel=label)
    if log:
        left.set_yscale("log")
    if warmup:
        left.axvspan(1, warmup, color=ROLES["shade"], lw=0, zorder=0)
        low, high = left.transData.transform([(1, y) for y in left.get_ylim()])[:, 1]  # head room, on whatever scale
        left.set_ylim(left.get_ylim()[0], left.transData.inverted().transform((0, high + 0.1 * (high - low)))[1])
        left.annotate("warm-up", (warmup / 2, 1), (0, -2), xycoords=("data", "axes fraction"), textcoords="offset points",
                      ha="center", va="top", fontsize=7, color="#555555", zorder=5)  # fmt: skip
    if log:
        plain_log_axis(left, "y")
    ranks = rankdata(kept, axis=None).reshape(kept.shape)
    edges = np.linspace(0.5, kept.size + 0.5, bins + 1)
    ratio = np.array([np.histogram(r, edges)[0] for r in ranks]) * bins / kept.shape[1]
    tall = 0.88 / max(2.0, ratio.max())
    place = (edges - 0.5) / kept.size
    for i, color in enumerate(colors):
        foot = m - i - 0.5
        right.stairs(foot + tall * ratio[i], place, baseline=foot, color=color, fill=True, alpha=0.75, zorder=2)
        if ess is not None:
            low, high = _shared.binomial_band(max(int(ess / m), 1), 1 / bins)
            reach = foot + tall * np.array([low, high]) * bins / max(int(ess / m), 1)
            right.axhspan(*reach, color="#555555", alpha=0.22, lw=0, zorder=3)
        right.axhline(foot + tall, color="black", lw=0.7, ls=(0, (3, 2)), zorder=4)
    right.set(xlim=(0, 1), ylim=(0.42, m + 0.5), xlabel=f"Rank among all draws / {kept.size} (1)", ylabel="Chain")
    right.set_yticks(np.arange(m) + 0.95, [str(m - i) for i in range(m)])
    right.tick_params(axis="y", length=0)
    count_note(left, f"{m} chains of {kept.shape[1]} draws")
    words = [f"$\\hat{{R}}$ = {r_hat:.3f}"] if r_hat is not None else []
    words += [f"bulk ESS {ess:.0f}"] if ess is not None else []
    count_note(right, ", ".join(words) or None)
    if r_hat is not None and not r_hat <= r_hat_limit:
        verdict_box(right.figure, f"NOT CONVERGED: R-hat {r_hat:.2f}, limit {r_hat_limit:g}", "fail")
    return axes
