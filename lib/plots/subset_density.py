"""Density of states of a subset search: how many subsets have which loss, by size, and with permuted labels."""

import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.colors import BoundaryNorm, ListedColormap
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter, NullLocator

from lib.plots import _check, _shared
from lib.plots._strips import merged, named_rows
from lib.plots.notes import count_note
from lib.plots.scales import color_bar
from lib.plots.style import OKABE_ITO, ROLES, field_map

__all__ = ["density_of_states", "null_overlay"]

_LOSS = "Cross-validated log-loss (nats)"
_COLUMNS = ("size", "loss_low", "loss_high", "count")
_GREY, _BAND = "#D4D4D4", "#FBE3BC"


def density_of_states(
    density, *, marks=None, empty=None, one_se=None, null=None, null_label="labels permuted", bins=80, limits=None,
    label=_LOSS, n=None, ax=None,
):  # fmt: skip
    """Draw the number of subsets at each loss, by size, with the subsets that methods choose.

    Parameters
    ----------
    density : DataFrame
        One row a size and bin: columns ``size``, ``loss_low``, ``loss_high``, ``count``; with ``count_se``, of a sampled
        density, a band of 1.96 standard errors is drawn about each curve.
    marks : dict of str to float or tuple, optional
        Named subsets, such as what LASSO chooses: the loss, (loss, size), or (loss, size, standard error); a row each
        in a strip over the panel. A size gives the symbol its colour. Methods that end at one loss and size share a row.
    empty : float, optional
        Loss of the model without features.
    one_se : (float, float), optional
        Least loss and the loss one standard error above it: shaded.
    null : DataFrame, optional
        As `density`, from permuted labels, counts a permutation.
    null_label : str
    bins : int, >= 5
        About how many bins are drawn; the given ones are only merged, never split.
    limits : (float, float), optional
        Of the loss axis.
    label : str
        With its unit.
    n : int or str, optional
        Default: number of subsets.
    ax : Axes, optional

    Returns
    -------
    Axes

    References
    ----------
    Igarashi et al. (2018) arXiv:1707.02050: density of states of an exhaustive search.
    """
    where = "density_of_states"
    ax = _check.axes_or_current(ax)
    frame = _read(where, "density", density)
    frames = [frame] if null is None else [frame, _read(where, "null", null)]
    low, high = _view(where, frames, limits, [v[0] if np.iterable(v) else v for v in (marks or {}).values()], empty)
    edges = _edges(frames, low, high, bins)
    sizes = np.unique(frame["size"]).astype(int)
    colors, norm = _size_colors(sizes)
    total = np.zeros(len(edges) - 1)
    for size in sizes:
        count = _counts(frame[frame["size"] == size], edges)
        total += count
        if "count_se" in density.columns:
            _error_band(ax, density[density["size"] == size], edges, count, colors(norm(size)))
        ax.plot(
            np.repeat(edges, 2)[1:-1],
            np.repeat(np.where(count > 0, count, np.nan), 2),
            color=colors(norm(size)),
            lw=1.0,
            zorder=3,
            label=_number_of(size),
            solid_capstyle="butt",
        )  # a gap, not a comb, where there is none
    ax.stairs(total, edges, fill=True, color=_GREY, lw=0, zorder=1, baseline=1e-3)
    keys = [Patch(facecolor=_GREY, lw=0, label="all sizes")]
    if one_se is not None:
        ax.axvspan(*_band(where, one_se), color=_BAND, lw=0, zorder=0.5)
        keys.append(Patch(facecolor=_BAND, lw=0, label="within one SE of the best"))
    top = total.max()
    if null is not None:
        count = _counts(frames[1], edges)
        top = max(top, count.max())
        ax.stairs(count, edges, color="black", lw=0.9, ls=(0, (3, 1.5)), zorder=3.5, baseline=1e-3)
        keys.append(Line2D([], [], color="black", lw=0.9, ls=(0, (3, 1.5)), label=null_label))
    _dress(ax, edges, top, label)
    if len(sizes) > 7:
        bar = color_bar(ax, ScalarMappable(norm, colors), "Features in the subset (count)")
        step = int(np.ceil(len(sizes) / 9))
        bar.set_ticks(sizes[::step], labels=[str(s) for s in sizes[::step]])
        bar.ax.yaxis.set_minor_locator(NullLocator())
    else:
        keys += ax.get_legend_handles_labels()[0]
    rows = merged(marks or {})
    if empty is not None:
        rows["no feature"] = (float(empty), 0)
    named_rows(ax, rows, lambda size: colors(norm(size)) if size in sizes else "white")
    _shared.legend(ax, "below", ncols=4, handles=keys)
    return count_note(ax, f"{round(frame['count'].sum()):,} subsets" if n is None else n)


def null_overlay(
    density, null, *, best=None, null_best=None, p_value=None, empty=None, bins=60, limits=None, sizes=None, label=_LOSS,
    null_label="labels permuted", legend="below", n=None, ax=None,
):  # fmt: skip
    """Draw the density of states over that of permuted labels: what the data say beyond chance and selection.

    Parameters
    ----------
    density : DataFrame
        One row a size and bin: columns ``size``, ``loss_low``, ``loss_high``, ``count``.
    null : DataFrame
        The same from permuted labels, counts a permutation.
    best : float, optional
        Least loss with the labels as they are; default: the lower edge of the lowest bin of `density`.
    null_best : array, shape (n_permutations,), optional
        Least loss of each permutation, a tick each in the strip over the panel.
    p_value : float, 0-1, optional
        Share of permutations whose least loss is as low, written beside `best`; default (1 + count)/(1 + n) of `null_best`.
    empty : float, optional
        Loss of the model without features.
    bins : int, >= 5
    limits : (float, float), optional
    sizes : sequence of int, optional
        Sizes that are compared; default: those in `null`, which is often searched to a smaller size.
    label, null_label : str
    legend : str or None
    n : int or str, optional
        Default: number of subsets compared, and of permutations.
    ax : Axes, optional

    Returns
    -------
    Axes

    References
    ----------
    Phipson & Smyth (2010) Stat. Appl. Genet. Mol. Biol. 9, 39: why a permutation p-value is never 0.
    """
    where = "null_overlay"
    ax = _check.axes_or_current(ax)
    frames = [_read(where, "density", density), _read(where, "null", null)]
    wanted = np.unique(frames[1]["size"]) if sizes is None else np.array(sizes)
    frames = [f[f["size"].isin(wanted)] for f in frames]
    if any(f.empty for f in frames):
        raise ValueError(f"{where}: no subset of size {', '.join(map(str, wanted))} in both frames; pass sizes that both hold")
    best = float(frames[0]["loss_low"].min()) if best is None else float(best)
    others = [] if null_best is None else _check.array(where, "null_best", null_best)
    low, high = _view(where, frames, limits, [*others, best], empty)
    edges = _edges(frames, low, high, bins)
    counts = [_counts(f, edges) for f in frames]
    tones = (OKABE_ITO["blue"], ROLES["muted"])
    for count, tone, z in zip(counts, tones, (2, 1.5), strict=True):
        ax.stairs(count, edges, fill=True, color=tone, alpha=0.35, lw=0, zorder=z, baseline=1e-3)
        ax.stairs(count, edges, color=tone, lw=1.0, zorder=z + 1, baseline=1e-3)
    _dress(ax, edges, max(c.max() for c in counts), label)
    if len(others) and p_value is None:
        p_value = (1 + np.sum(others <= best)) / (1 + len(others))
    rows = {"best, labels as they are" + ("" if p_value is None else f": p = {p_value:.2g}"): (best,)}
    if empty is not None:
        rows["no feature"] = (float(empty), 0)
    named_rows(ax, rows, lambda size: "white" if size == 0 else tones[0], ticks=others,
               ticks_label=f"best of each of {len(others)} permutations")  # fmt: skip
    keys = [
        Patch(facecolor=t, alpha=0.5, lw=0, label=w) for t, w in zip(tones, ("labels as they are", null_label), strict=True)
    ]
    _shared.legend(ax, legend, ncols=2, handles=keys)
    words = f"{round(frames[0]['count'].sum()):,} subsets of {_spelled(wanted)}"
    return count_note(ax, words if n is None else n)


def _read(where, name, frame):
    """Return the rows of a density with a count, after a check."""
    _shared.has_columns(f"{where} ({name})", frame, _COLUMNS)
    out = frame.loc[frame["count"] > 0, list(_COLUMNS)].astype(float)
    if out.empty or np.any(out["loss_high"] < out["loss_low"]):
        what = "no bin with a count" if out.empty else "a bin whose upper edge is below its lower one"
        raise ValueError(f"{where}: {name} has {what}; expected one row a size and bin, loss_low <= loss_high, count > 0")
    return out


def _view(where, frames, limits, marks, empty):
    """Return the limits of the loss axis: given, or those of all that is drawn, with a small margin."""
    if limits is not None:
        low, high = _band(where, limits)
        return low, high
    points = np.array([*marks, *([] if empty is None else [empty])], float)
    low = min([f["loss_low"].min() for f in frames] + list(points[np.isfinite(points)]))
    high = max([f["loss_high"].max() for f in frames] + list(points[np.isfinite(points)]))
    margin = 0.02 * (high - low) or 1e-3
    return low - margin, high + margin


def _band(where, pair):
    """Return two finite losses in order."""
    low, high = (float(v) for v in pair)
    if not low < high:
        raise ValueError(f"{where}: got the loss limits {low:.4g}, {high:.4g}; expected (low, high), low < high")
    return low, high


def _edges(frames, low, high, bins):
    """Return edges between `low` and `high` that merge whole bins of the frames, where these share their edges."""
    low_edges = np.unique(np.concatenate([f["loss_low"] for f in frames]))
    high_edges = np.unique(np.concatenate([f["loss_high"] for f in frames]))
    wide = np.median(np.concatenate([f["loss_high"] - f["loss_low"] for f in frames]))
    if wide > 0:
        phase = (np.concatenate([low_edges, high_edges]) - low_edges[0]) / wide
        if np.max(np.abs(phase - np.round(phase))) < 0.01:  # one common grid: take every m-th edge of it
            step = wide * max(1, round((high - low) / wide / bins))
            first = low_edges[0] + np.floor((low - low_edges[0]) / step) * step
            return first + step * np.arange(int(np.ceil((high - first) / step - 1e-9)) + 1)
    widest = max(float((f["loss_high"] - f["loss_low"]).max()) for f in frames)
    n = int(np.clip((high - low) / widest if widest > 0 else bins, 5, bins))
    return np.linspace(low, high, n + 1)


def _counts(frame, edges):
    """Return the count of each drawn bin; a given bin goes where its middle is."""
    middle = (frame["loss_low"] + frame["loss_high"]) / 2
    return np.histogram(middle, edges, weights=frame["count"])[0]


def _error_band(ax, part, edges, count, color):
    """Shade 1.96 standard errors about the counts of one size; errors of merged bins are taken as independent."""
    middle = (part["loss_low"] + part["loss_high"]) / 2
    error = np.sqrt(np.histogram(middle, edges, weights=np.nan_to_num(part["count_se"]) ** 2)[0])
    low, high = (np.where(count > 0, count + sign * 1.96 * error, np.nan) for sign in (-1, 1))
    ax.fill_between(np.repeat(edges, 2)[1:-1], np.repeat(np.maximum(low, 1e-3), 2), np.repeat(high, 2), color=color,
                    alpha=0.25, lw=0, zorder=2)  # fmt: skip


def _size_colors(sizes):
    """Return a map of as many colours as sizes, and its norm."""
    tones = field_map("points")(np.linspace(0, 1, len(sizes))) if len(sizes) > 1 else [OKABE_ITO["blue"]]
    ends = np.concatenate([[sizes[0] - 0.5], (sizes[1:] + sizes[:-1]) / 2, [sizes[-1] + 0.5]])
    return ListedColormap(tones), BoundaryNorm(ends, len(sizes))


def _number_of(size):
    """Return '1 feature', '2 features'."""
    return f"{size:g} feature" + ("" if size == 1 else "s")


def _spelled(sizes):
    """Return 'size 3' or 'sizes 1-5'."""
    sizes = np.sort(np.array(sizes, int))
    return f"size {sizes[0]}" if len(sizes) == 1 else f"sizes {sizes[0]}–{sizes[-1]}"


def _dress(ax, edges, top, label):
    """Scale and name the axes: counts are logarithmic, from a little under 1."""
    ax.set(
        yscale="log", xlim=(edges[0], edges[-1]), ylim=(0.6, 2.2 * max(top, 1)), xlabel=label, ylabel="Subsets (count a bin)"
    )
    ax.yaxis.set_major_locator(LogLocator())
    ax.yaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{v:,.0f}" if v < 2e5 else f"$10^{{{np.log10(v):.0f}}}$"))
    ax.yaxis.set_minor_formatter(NullFormatter())
    ax.grid(axis="y", zorder=0)
