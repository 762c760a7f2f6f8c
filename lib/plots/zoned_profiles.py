"""Zones of minerals along a column: what stands where after each run, and how well a model meets what was measured."""

import numpy as np
from matplotlib.ticker import MaxNLocator

from lib.plots import _check, _shared
from lib.plots.notes import count_note
from lib.plots.style import ROLES, class_colors

__all__ = ["mineral_profiles", "zoned_profile"]

#: A zone is named in the plot where it is at least so tall (share of the axis) and so wide (share of the column).
_TALL, _WIDE = 0.16, 0.10


def zoned_profile(
    frame, *, panel="duration", kind="mineral", position="distance", value="share", kinds=None, names=None,
    panel_text="{}", position_label="Distance from quartz (mm)", value_label="Share of the magnesium (%)", ncols=4, n=None,
    fig=None,
):  # fmt: skip
    """Draw stacked amounts of minerals against distance, a panel a run, with the names in the zones.

    Parameters
    ----------
    frame : DataFrame
        One row a panel, mineral and position: the columns named by the next four; every panel has the same minerals.
    panel, kind, position, value : str
        Columns of the run, the mineral, the distance and the amount, 0 or more.
    kinds : sequence of str, optional
        Minerals from the bottom up, at most 7; default: as they come.
    names : mapping of str to str, optional
        Texts for minerals.
    panel_text : str
        Format of the title of a panel.
    position_label, value_label : str
        With units.
    ncols : int
        Panels in a row at most.
    n : int or str, optional
        Sample count, at the last panel of the first row.
    fig : Figure or SubFigure, optional
        Default: a new one of double width.

    Returns
    -------
    array of Axes, shape (n_panels,)
    """
    where = "zoned_profile"
    _shared.has_columns(where, frame, [panel, kind, position, value])
    panels = list(dict.fromkeys(frame[panel]))
    kinds = list(dict.fromkeys(frame[kind])) if kinds is None else list(kinds)
    tints = dict(zip(kinds, class_colors(len(kinds)), strict=True))
    columns = min(ncols, len(panels))
    rows = -(-len(panels) // columns)
    fig, axes = _shared.grid(fig, ("double", 52 * rows + 12), rows, columns, squeeze=False, sharex=True, sharey=True)
    flat = axes.ravel()
    tables = {}
    for at in panels:
        table = frame[frame[panel] == at].pivot(index=position, columns=kind, values=value)
        absent = [k for k in kinds if k not in table]
        if absent:
            raise ValueError(f"{where}: panel {at!r} has no row of {absent[0]!r}; it has {', '.join(map(str, table.columns))}")
        if (table[kinds].to_numpy() < 0).any():
            raise ValueError(f"{where}: panel {at!r} has amounts below zero, which cannot be stacked; clip them first")
        tables[at] = table[kinds]
    top = max(float(table.sum(axis=1).max()) for table in tables.values())
    for ax, (at, table) in zip(flat, tables.items(), strict=False):
        x, y = table.index.to_numpy(float), table.to_numpy().T
        ax.stackplot(x, y, colors=[tints[k] for k in kinds], labels=[(names or {}).get(k, k) for k in kinds], lw=0.4,
                     edgecolor="white")  # fmt: skip
        ax.set_title(panel_text.format(at), fontsize=8, loc="left")
        _name_zones(ax, x, y, [(names or {}).get(k, k) for k in kinds], top)
        ax.set(xlim=(x[0], x[-1]), ylim=(0, top))
        ax.xaxis.set_major_locator(MaxNLocator(5))
    for i, ax in enumerate(flat[: len(panels)]):
        ax.set(ylabel=value_label if i % columns == 0 else "")
        if i >= len(panels) - columns:
            ax.set_xlabel(position_label)
            ax.tick_params(labelbottom=True)
    for ax in flat[len(panels) :]:
        ax.set_visible(False)
    handles, labels = flat[0].get_legend_handles_labels()
    fig.legend(handles, labels, loc="outside lower center", ncols=len(labels), frameon=False, fontsize=7)
    count_note(flat[columns - 1], n)
    return flat[: len(panels)]


def _name_zones(ax, x, y, texts, top):
    """Write each name where its layer is tallest, where there is room."""
    base = np.cumsum(y, axis=0) - y
    wide = x[-1] - x[0]
    for layer, low, text in zip(y, base, texts, strict=True):
        inside = layer >= _TALL * top
        if not inside.any() or inside.sum() * wide / len(x) < _WIDE * wide:
            continue
        i = int(np.argmax(np.convolve(layer, np.ones(max(len(x) // 6, 1)), "same")))
        half = 0.016 * len(text) * wide
        place = np.clip(x[i], x[0] + half, x[-1] - half)
        middle = np.interp(place, x, low + layer / 2)
        ax.text(place, middle, text, ha="center", va="center", fontsize=7, color="black",
                bbox={"facecolor": "white", "alpha": 0.75, "lw": 0, "pad": 1.0})  # fmt: skip


def mineral_profiles(
    frame, truth=None, *, panel="observable", series="duration", position="distance", panels=None, names=None,
    series_text="{}", position_label="Distance from quartz (mm)", value_label="Amount (wt%)", ncols=2,
    band_label="model, 95 %", n=None, fig=None,
):  # fmt: skip
    """Draw measured amounts and the bands of a model against distance: a panel a mineral, a colour a run.

    Parameters
    ----------
    frame : DataFrame
        One row a mineral, run and position: the columns named below, median, lo95, hi95 (of the model), and value (NaN: not
        measured) with, optionally, error (1 sigma).
    truth : DataFrame, optional
        Known answer of artificial data: the same columns with `value`; drawn dashed.
    panel, series, position : str
        Columns of the mineral, the run (at most 7) and the distance.
    panels : sequence of str, optional
        Which minerals, in order.
    names : mapping of str to str, optional
        Titles of panels.
    series_text : str
        Format of the name of a run.
    position_label, value_label : str
        With units.
    ncols : int
        Panels in a row at most.
    band_label : str
        What the band is.
    n : int or str, optional
        Default: number of measured values.
    fig : Figure or SubFigure, optional
        Default: a new one of double width.

    Returns
    -------
    array of Axes, shape (n_panels,)
    """
    where = "mineral_profiles"
    _shared.has_columns(where, frame, [panel, series, position, "value", "median", "lo95", "hi95"])
    panels = list(dict.fromkeys(frame[panel])) if panels is None else list(panels)
    runs = list(dict.fromkeys(frame[series]))
    columns = min(ncols, len(panels))
    rows = -(-len(panels) // columns)
    fig, axes = _shared.grid(fig, ("double", 55 * rows + 12), rows, columns, squeeze=False, sharex=True)
    flat = axes.ravel()
    for ax, at in zip(flat, panels, strict=False):
        for i, (run, tint) in enumerate(zip(runs, class_colors(len(runs)), strict=True)):
            part = frame[(frame[panel] == at) & (frame[series] == run)].sort_values(position)
            x = _check.array(where, position, part[position].to_numpy(float))
            ax.fill_between(x, part["lo95"], part["hi95"], color=tint, alpha=0.3, lw=0, zorder=2)
            ax.plot(x, part["median"], color=tint, lw=1.1, zorder=3, label=f"{series_text.format(run)}: {band_label}")
            if truth is not None:
                known = truth[(truth[panel] == at) & (truth[series] == run)].sort_values(position)
                ax.plot(known[position], known["value"], color="black", lw=0.8, ls="--", zorder=3.5, label="known answer")
            error = part["error"] if "error" in part and np.isfinite(part["error"]).any() else None
            ax.errorbar(x, part["value"], yerr=error, fmt=_shared.MARKERS[i], ms=3, color=tint, mec="black", mew=0.4,
                        elinewidth=0.6, zorder=4, label=f"{series_text.format(run)}: measured")  # fmt: skip
        ax.axhline(0, color=ROLES["muted"], lw=0.6, zorder=0)
        ax.set_title((names or {}).get(at, at), fontsize=8, loc="left")
        ax.xaxis.set_major_locator(MaxNLocator(5))
    for i, ax in enumerate(flat[: len(panels)]):
        ax.set(ylabel=value_label if i % columns == 0 else "")
        if i >= len(panels) - columns:
            ax.set_xlabel(position_label)
            ax.tick_params(labelbottom=True)
    for ax in flat[len(panels) :]:
        ax.set_visible(False)
    found = {label: handle for handle, label in zip(*flat[0].get_legend_handles_labels(), strict=True)}
    fig.legend(list(found.values()), list(found), loc="outside lower center", ncols=min(len(found), 4), frameon=False,
               fontsize=7)  # fmt: skip
    count_note(flat[columns - 1], f"{int(frame['value'].notna().sum())} numbers" if n is None else n)
    return flat[: len(panels)]
