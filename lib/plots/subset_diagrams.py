"""Which features the good subsets hold: the indicator (weight) diagram and inclusion frequencies."""

import re

import numpy as np
from matplotlib.colors import ListedColormap
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator, NullLocator

from lib.plots import _check, _shared
from lib.plots._strips import strip
from lib.plots.feature_labels import term_label
from lib.plots.labels import names_touch
from lib.plots.notes import count_note
from lib.plots.scales import color_bar
from lib.plots.style import OKABE_ITO, ROLES, class_colors, field_map

__all__ = ["inclusion_bars", "indicator_diagram"]

_TRUE = "#006B4E"  # bluish green, dark enough for letters
_OUT = "#F1F1F1"
_LOSS_WIDTH = 56.0  # points, of the strip of losses


def indicator_diagram(
    matrix, names, loss=None, *, loss_se=None, value="signed", limit=None, truth=None, shares=True,
    label="Standardised coefficient (1)", loss_label="Log-loss (nats)", n=None, ax=None,
):  # fmt: skip
    """Draw the best subsets as rows and the features as columns: what the good subsets share, and what they exchange.

    Parameters
    ----------
    matrix : array, shape (n_subsets, p)
        Best subset first. "member": true or 1 where the subset holds the feature; "signed": its standardised
        coefficient, NaN (or 0) where the subset does not hold it.
    names : sequence of str, length p
    loss : array, shape (n_subsets,), optional
        Drawn in a strip at the left.
    loss_se : array, shape (n_subsets,), optional
        Standard errors.
    value : {"signed", "member"}
    limit : float, > 0, optional
        Coefficient at which the colours end; default: that which 2 % of the coefficients exceed.
    truth : sequence of str, optional
        Features that truly act: their names are bold and green.
    shares : bool
        Draw over each column how many of the rows hold the feature.
    label, loss_label : str
        With units.
    n : int or str, optional
        Default: number of rows.
    ax : Axes, optional

    Returns
    -------
    Axes

    References
    ----------
    Igarashi et al. (2018) arXiv:1707.02050: weight diagram.
    """
    where = "indicator_diagram"
    ax = _check.axes_or_current(ax)
    names = _check.names_of(where, names)
    m = _check.array(where, "matrix", matrix, (None, len(names)))
    _check.one_of(where, "value", value, ["signed", "member"])
    held = np.isfinite(m) & (m != 0)
    if value == "member" and np.any(m[held] != 1):
        raise ValueError(f"{where}: matrix holds {m[held][m[held] != 1][0]:.3g} where 0 or 1 belongs; pass value='signed' for "
                         "coefficients")  # fmt: skip
    true = _true(where, truth, names)
    rows = len(m)
    if value == "member":
        ax.imshow(np.where(held, 1.0, np.nan), cmap=ListedColormap([OKABE_ITO["blue"]]).with_extremes(bad=_OUT), aspect="auto",
                  interpolation="nearest")  # fmt: skip
    else:
        sizes = np.abs(m[held])
        limit = float(limit) if limit is not None else (np.quantile(sizes, 0.98) if sizes.size else 1.0)
        image = ax.imshow(np.where(held, m, np.nan), cmap=field_map("diverging").with_extremes(bad="white"), vmin=-limit,
                          vmax=limit, aspect="auto", interpolation="nearest")  # fmt: skip
        exceeded = ["neither", "max", "min", "both"][int(np.any(m[held] > limit)) + 2 * int(np.any(m[held] < -limit))]
        color_bar(ax, image, label, extend=exceeded)
    for edge in np.arange(0.5, len(names) - 1):
        ax.axvline(edge, color="white" if value == "member" else "#D9D9D9", lw=0.6)
    if rows <= 60:
        for edge in np.arange(0.5, rows - 1):
            ax.axhline(edge, color="white" if value == "member" else "#E6E6E6", lw=0.3)
    if value == "signed":  # a pale coefficient is not an absent one
        i, j = np.nonzero(held)
        ax.plot(j, i, ls="none", marker=".", ms=1.6 if rows > 25 else 2.2, color="#555555", mew=0, zorder=3)
    taken = (0 if loss is None else _LOSS_WIDTH + 30) + (45 if value == "signed" else 0)  # points
    _name_columns(ax, names, true, 25.4 / 72 * taken)
    ax.set(xlim=(-0.5, len(names) - 0.5), ylim=(rows - 0.5, -0.5))
    at = _ranks(rows)
    ax.set_yticks(at - 1, at)
    ax.tick_params(axis="both", length=0)
    if shares:
        over = strip(ax, "above", 26, 3)
        over.bar(np.arange(len(names)), 100 * held.mean(axis=0), 0.76, lw=0,
                 color=[ROLES["immobile"] if t else ROLES["muted"] for t in true])  # fmt: skip
        over.set(ylim=(0, 100))
        over.set_yticks([0, 50, 100])
        over.set_ylabel("Held\n(%)", fontsize=7)
        over.spines[["top", "right"]].set_visible(False)
    if loss is None:
        ax.set_ylabel("Rank of the subset")
        return count_note(ax, f"best {rows} subsets" if n is None else n)
    beside = strip(ax, "left", _LOSS_WIDTH, 4)
    losses = _check.array(where, "loss", loss, (rows,))
    if loss_se is not None:
        errors = _check.array(where, "loss_se", loss_se, (rows,))
        beside.fill_betweenx(np.arange(rows), losses - errors, losses + errors, color="#CFE3F1", lw=0, zorder=1)
    beside.plot(
        losses, np.arange(rows), color=OKABE_ITO["blue"], lw=0.8, marker="o", ms=2.2 if rows > 25 else 3, mew=0, zorder=2
    )
    _two_ticks(beside)
    beside.set_xlabel(loss_label + (",\n± SE" if loss_se is not None else ""))
    beside.grid(axis="x")
    ax.tick_params(axis="y", labelleft=False)
    beside.tick_params(axis="y", left=False, labelleft=True)
    beside.set_ylabel("Rank of the subset")
    return count_note(ax, f"best {rows} subsets" if n is None else n)


def inclusion_bars(
    names, frequency, *, series=None, lower=None, upper=None, truth=None, chance=None, sort="given", orientation="vertical",
    label="Inclusion among the subsets (%)", legend="below", n=None, ax=None,
):  # fmt: skip
    """Draw how often each feature belongs to the good subsets, by one or several definitions of good.

    Parameters
    ----------
    names : sequence of str, length p
    frequency : array, shape (p,) or (n_series, p), 0-1
    series : sequence of str, length n_series, optional
        Such as ``best 100``, ``within one SE``, ``Boltzmann weights``, or schemes of cross-validation; at most 7.
    lower, upper : array, shape of `frequency`, 0-1, optional
        95 % interval.
    truth : sequence of str, optional
        Features that truly act: bold green names on a shaded ground.
    chance : float or array, shape (p,), 0-1, optional
        Share among all subsets searched: dashed.
    sort : {"given", "value"}
        "value": by the first series, the most frequent first.
    orientation : {"vertical", "horizontal"}
    label : str
    legend : str or None
    n : int or str, optional
    ax : Axes, optional

    Returns
    -------
    Axes
    """
    where = "inclusion_bars"
    ax = _check.axes_or_current(ax)
    names = _check.names_of(where, names)
    f = _shared.series_rows(where, "frequency", frequency, len(names))
    if np.nanmin(f) < -1e-9 or np.nanmax(f) > 1 + 1e-9:
        raise ValueError(f"{where}: frequency spans {np.nanmin(f):.3g}-{np.nanmax(f):.3g}, expected 0-1; divide by the count")
    bounds = [None if b is None else _shared.series_rows(where, "interval", b, len(names)) for b in (lower, upper)]
    bounds = _check.interval(where, *bounds, f)
    labels = _shared.series_names(where, series, len(f))
    flat = _check.one_of(where, "orientation", orientation, ["vertical", "horizontal"]) == "horizontal"
    _check.one_of(where, "sort", sort, ["given", "value"])
    order = np.argsort(-np.nan_to_num(f[0]), kind="stable") if sort == "value" else np.arange(len(names))
    true = _true(where, truth, names)[order]
    at, wide = np.arange(len(names)), 0.82 / len(f)
    for i in at[true]:
        (ax.axhspan if flat else ax.axvspan)(i - 0.5, i + 0.5, color=ROLES["immobile"], alpha=0.13, lw=0, zorder=0)
    for k, (name, color) in enumerate(zip(labels, class_colors(len(f)), strict=True)):
        place, tall = at + (k - (len(f) - 1) / 2) * wide, 100 * f[k, order]
        (ax.barh if flat else ax.bar)(place, tall, wide * 0.92, color=color, lw=0, zorder=2, label=name or None)
        if bounds[0] is not None:
            reach = 100 * _check.bars_around(f[k], bounds[0][k], bounds[1][k])[:, order]
            xy = {"x": tall, "y": place, "xerr": reach} if flat else {"x": place, "y": tall, "yerr": reach}
            ax.errorbar(**xy, fmt="none", ecolor="#222222", elinewidth=0.7, zorder=3)
    if chance is not None:
        level = 100 * _check.array(where, "chance", np.broadcast_to(chance, len(names)), (len(names),))[order]
        if np.ptp(level) == 0:
            (ax.axvline if flat else ax.axhline)(level[0], color="black", lw=0.8, ls=(0, (3, 1.5)), zorder=4)
        else:
            (ax.vlines if flat else ax.hlines)(level, at - 0.5, at + 0.5, color="black", lw=0.8, ls=(0, (2, 1)), zorder=4)
    keys = ax.get_legend_handles_labels()[0]
    if chance is not None:
        keys.append(Line2D([], [], color="black", lw=0.8, ls=(0, (3, 1.5)), label="all subsets"))
    ordered, upright = [names[i] for i in order], False
    if flat:
        ax.set_yticks(at, [term_label(name) for name in ordered])
        ax.set(ylim=(len(names) - 0.4, -0.6), xlim=(0, 100), xlabel=label)
        ax.grid(axis="x")
        _true_names(ax.get_yticklabels(), true)
    else:
        upright = _name_columns(ax, ordered, true)
        ax.set(xlim=(-0.6, len(names) - 0.4), ylim=(0, 100), ylabel=label)
        ax.grid(axis="y")
    ax.tick_params(axis="y" if flat else "x", length=0)
    drop = 26 if flat else 9 + (4.4 * max(len(_plain(term_label(t))) for t in ordered) if upright else 9)
    _shared.legend(ax, legend, drop=drop, ncols=3, handles=keys)
    return count_note(ax, n)


def _true(where, truth, names):
    """Return which of `names` truly act, boolean (p,)."""
    strange = [t for t in (truth or ()) if t not in names]
    if strange:
        raise ValueError(f"{where}: truth names {', '.join(map(str, strange))}, not among the features {', '.join(names)}")
    return np.array([name in (truth or ()) for name in names])


def _name_columns(ax, names, true, taken=0.0):
    """Write the names under the columns, upright where they would touch beside `taken` mm; return whether they are upright."""
    texts = [term_label(name) for name in names]
    width = ax.get_position().width * ax.figure.bbox.width / ax.figure.dpi * 25.4  # mm, before the layout
    letters = max(len(_plain(text)) for text in texts)
    upright = (
        names_touch(ax, [_plain(text) for text in texts]) if not taken else len(names) * (1.5 * letters + 0.6) > width - taken
    )
    ax.set_xticks(np.arange(len(names)), texts, rotation=90 if upright else 0)
    _true_names(ax.get_xticklabels(), true)
    ax.xaxis.set_minor_locator(NullLocator())
    return upright


def _true_names(labels, true):
    """Make the names of the features that truly act bold and green."""
    for text, yes in zip(labels, true, strict=True):
        if yes:
            text.set(fontweight="bold", color=_TRUE)


def _ranks(rows):
    """Return the ranks that are written: 1 and round numbers."""
    step = next(s for s in (1, 2, 5, 10, 20, 50, 100, 200, 500) if rows / s <= 11 or s == 500)
    return np.unique([1, *range(step, rows + 1, step)])


def _plain(text):
    """Return a typeset name without its marks, to count letters."""
    return re.sub(r"[${}_^]", "", text)


def _two_ticks(ax):
    """Set two round ticks far apart on the abscissa of a narrow strip, their numbers inside it."""
    low, high = ax.get_xlim()
    seen = [t for t in MaxNLocator(4, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high) if low <= t <= high]
    ax.set_xticks([seen[0], seen[-1]] if len(seen) > 1 else seen)
    for tick, text in zip(ax.get_xticks(), ax.get_xticklabels(), strict=True):
        share = (tick - low) / (high - low)
        text.set_ha("left" if share < 0.15 else "right" if share > 0.85 else "center")
