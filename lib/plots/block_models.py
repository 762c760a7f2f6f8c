"""Models of cells: slices at depth, vertical sections at true elevations, and how often each cell was selected."""

import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.colors import Normalize
from matplotlib.ticker import MaxNLocator

from lib.plots import _check, _shared
from lib.plots.anomaly_maps import map_axes, map_scale
from lib.plots.notes import count_note
from lib.plots.scales import color_bar
from lib.plots.style import OKABE_ITO, field_map

__all__ = ["depth_slices", "section", "selection_map"]

_TRUTH = OKABE_ITO["vermillion"]


def depth_slices(
    model, east_edges, north_edges, *, layers=None, titles=None, truth=None, known=None, limit=None,
    label="Magnetization (A m$^{-1}$)", ncols=4, panel_mm=None, n=None, fig=None,
):  # fmt: skip
    """Draw layers of a model of cells as maps, with the outline of a known body.

    Parameters
    ----------
    model : array, shape (n_layers, n_north, n_east), or dict of str to such arrays
        NaN for cells that do not exist. Several models have a row each, named, on one scale.
    east_edges, north_edges : array, shape (n_east + 1,) and (n_north + 1,), m
    layers : sequence of int, optional
        Default: at most eight, evenly.
    titles : sequence of str, optional
        One a layer drawn, such as its depth.
    truth : array of bool, shape of `model`, optional
        Cells of the known body, outlined.
    known : array of bool, shape of `model`, optional
        Cells that the data resolve; the others are paled.
    limit : float, > 0, optional
        Value at which colours saturate; default: the largest absolute value.
    label : str
        Of the colour bar.
    ncols : int
    panel_mm : float, mm, optional
        Height of a row; default: from the shape of the map.
    n : str, optional
        Stated on the colour bar.
    fig : Figure, optional
        Default: a new one of double width.

    Returns
    -------
    array of Axes, shape (n_models * n_layers drawn,)
    """
    where = "depth_slices"
    models = model if isinstance(model, dict) else {"": model}
    models = {name: _check.array(where, f"model {name}".strip(), m, (None, None, None)) for name, m in models.items()}
    if len({m.shape for m in models.values()}) != 1:
        raise ValueError(
            f"{where}: models of the shapes {', '.join(str(m.shape) for m in models.values())}; expected one shape"
        )
    every = np.stack(list(models.values()))
    colors, norm = _scale(every, limit)
    masks = {
        key: None if value is None else _cells(where, key, value, every[0])
        for key, value in (("truth", truth), ("known", known))
    }
    chosen, edges, flat = _panels(where, every[0], east_edges, north_edges, layers, titles, ncols, panel_mm, fig, list(models))
    for ax, (m, k) in zip(flat, [(m, k) for m in every for k in chosen], strict=True):
        ax.pcolormesh(*edges, m[k], cmap=colors, norm=norm, rasterized=True)
        if known is not None:
            pale = np.ma.masked_where(masks["known"][k], np.ones(m.shape[1:]))
            ax.pcolormesh(*edges, pale, cmap="gray", vmin=0, vmax=1, alpha=0.6, rasterized=True)
        if truth is not None:
            _outline(ax, masks["truth"][k], *edges)
    _shared_bar(flat, ScalarMappable(norm, colors), label if n is None else f"{label}; {n}", every, norm)
    return flat


def selection_map(
    frequency, east_edges, north_edges, *, layers=None, titles=None, truth=None, threshold=0.5, n_draws=None, ncols=4,
    panel_mm=None, fig=None,
):  # fmt: skip
    """Draw in how many resamplings each cell was selected, layer by layer, with a line at a threshold.

    Parameters
    ----------
    frequency : array, shape (n_layers, n_north, n_east), 0-1
    east_edges, north_edges : array, shape (n_east + 1,) and (n_north + 1,), m
    layers : sequence of int, optional
        Default: at most eight, evenly.
    titles : sequence of str, optional
        One a layer drawn.
    truth : array of bool, shape of `frequency`, optional
        Cells of the known body, outlined.
    threshold : float, 0-1
        Frequency that is outlined in white; None for no line.
    n_draws : int, optional
        Resamplings, stated on the colour bar.
    ncols : int
    panel_mm : float, mm, optional
        Height of a row.
    fig : Figure, optional
        Default: a new one of double width.

    Returns
    -------
    array of Axes, shape (n_layers drawn,)
    """
    where = "selection_map"
    f = _check.array(where, "frequency", frequency, (None, None, None))
    if np.nanmin(f) < 0 or np.nanmax(f) > 1:
        raise ValueError(
            f"{where}: frequency spans {np.nanmin(f):.3g} to {np.nanmax(f):.3g}, expected 0-1; divide counts by n_draws"
        )
    chosen, edges, flat = _panels(where, f, east_edges, north_edges, layers, titles, ncols, panel_mm, fig, [""])
    colors, norm = field_map("sequential"), Normalize(0, 100)
    for ax, k in zip(flat, chosen, strict=True):
        ax.pcolormesh(*edges, 100 * f[k], cmap=colors, norm=norm, rasterized=True)
        if threshold is not None:
            _outline(ax, f[k] >= threshold, *edges, color="white", lw=0.7)
        if truth is not None:
            _outline(ax, _cells(where, "truth", truth, f)[k], *edges)
    draws = "resamplings" if n_draws is None else f"{n_draws} resamplings"
    _shared_bar(flat, ScalarMappable(norm, colors), f"Selected (% of {draws})", None, norm)
    return flat


def section(
    model, east_edges, north_edges, top, bottom, *, north_m=None, east_m=None, truth=None, known=None, survey=None, limit=None,
    label="Magnetization (A m$^{-1}$)", colorbar=True, stretch=1.0, n=None, ax=None,
):  # fmt: skip
    """Draw a vertical section of a model of cells at true elevations.

    Parameters
    ----------
    model : array, shape (n_layers, n_north, n_east)
    east_edges, north_edges : array, m
    top, bottom : array, shape of `model`, m
        Elevations of the upper and lower faces of the cells.
    north_m, east_m : float, m
        Northing of a section from west to east, or easting of one from south to north; exactly one of them.
    truth, known : array of bool, shape of `model`, optional
    survey : (array, array), optional
        Positions along the section and heights of survey points, m.
    limit : float, > 0, optional
    label : str
    colorbar : bool
    stretch : float, > 0
        Vertical exaggeration.
    n : int or str, optional
        Default: place of the section.
    ax : Axes, optional

    Returns
    -------
    Axes
    """
    where = "section"
    ax = _check.axes_or_current(ax)
    if (north_m is None) == (east_m is None):
        raise ValueError(
            f"{where}: pass exactly one of north_m (a section from west to east) and east_m (from south to north)"
        )
    m = _check.array(where, "model", model, (None, None, None))
    faces = [_check.array(where, name, value, m.shape) for name, value in (("top", top), ("bottom", bottom))]
    across = _check.array(
        where, "edges", north_edges if east_m is None else east_edges, (m.shape[1 if east_m is None else 2] + 1,)
    )
    along = _check.array(
        where, "edges", east_edges if east_m is None else north_edges, (m.shape[2 if east_m is None else 1] + 1,)
    )
    at = float(north_m if east_m is None else east_m)
    if not across[0] <= at <= across[-1]:
        raise ValueError(f"{where}: the section at {at:g} m is outside the cells, {across[0]:g} to {across[-1]:g} m")
    j = min(int(np.searchsorted(across, at, side="right")) - 1, len(across) - 2)
    slab = (slice(None), j) if east_m is None else (slice(None), slice(None), j)
    scale, unit = map_scale(along)
    colors, norm = _scale(m, limit)
    cells, z1, z0 = m[slab], faces[0][slab] * scale, faces[1][slab] * scale
    x0, x1 = np.broadcast_to(along[:-1] * scale, cells.shape), np.broadcast_to(along[1:] * scale, cells.shape)
    corners = np.stack([np.stack(pair, -1) for pair in ((x0, z0), (x1, z0), (x1, z1), (x0, z1))], axis=-2)
    there = np.isfinite(cells)
    body = PolyCollection(
        corners[there], array=cells[there], cmap=colors, norm=norm, edgecolors="face", linewidths=0.2, rasterized=True
    )
    ax.add_collection(body)
    if known is not None:
        dim = there & ~_cells(where, "known", known, m)[slab]
        ax.add_collection(PolyCollection(corners[dim], facecolors="white", alpha=0.6, linewidths=0))
    if truth is not None:
        lines = _cell_borders(_cells(where, "truth", truth, m)[slab], corners)
        ax.add_collection(LineCollection(lines, colors=_TRUTH, linewidths=1.1, zorder=5))
    ax.plot(np.repeat(along, 2)[1:-1] * scale, np.repeat(z1[0], 2), color="black", lw=0.7, zorder=4)
    if survey is not None:
        points = [np.asarray(value, float) * scale for value in survey]
        ax.plot(*points, ls="none", marker="v", ms=2.0, mew=0, color="#444444", zorder=5)
    if colorbar:
        color_bar(ax, body, label, extend=_extend(m, norm))
    ax.autoscale_view()
    ax.margins(0.01, 0.04)
    ax.set_aspect(stretch, adjustable="box")
    ax.xaxis.set_major_locator(MaxNLocator(5))
    ax.yaxis.set_major_locator(MaxNLocator(4))
    ax.set(xlabel=f"{'Easting' if east_m is None else 'Northing'} ({unit})", ylabel=f"Elevation ({unit})")
    place = f"{'northing' if east_m is None else 'easting'} {round(at * scale, 3 if unit == 'km' else 0):g} {unit}" + (
        f", ×{stretch:g}" if stretch != 1 else ""
    )
    return count_note(ax, place if n is None else n)


def _panels(where, m, east_edges, north_edges, layers, titles, ncols, panel_mm, fig, names):
    """Return (layers drawn, edges as drawn, flat array of Axes): maps with titles, those of several models a row each."""
    east = _check.array(where, "east_edges", east_edges, (m.shape[2] + 1,))
    north = _check.array(where, "north_edges", north_edges, (m.shape[1] + 1,))
    most = ncols if len(names) > 1 else 8
    every = np.linspace(0, len(m) - 1, min(len(m), most)).round().astype(int)
    chosen = list(np.unique(every)) if layers is None else list(layers)
    if not chosen or min(chosen) < 0 or max(chosen) >= len(m):
        raise ValueError(f"{where}: layers {chosen}, expected some of 0 to {len(m) - 1}")
    words = [f"layer {k + 1}" for k in chosen] if titles is None else _check.names_of(where, titles, len(chosen))
    words = [f"{name}: {word}" if name and i == 0 else word for name in names for i, word in enumerate(words)]
    columns = len(chosen) if len(names) > 1 else min(ncols, len(chosen))
    rows = -(-len(words) // columns)
    scale, unit = map_scale(east, north)
    height = panel_mm or min(62.0, 152 / columns * (north[-1] - north[0]) / (east[-1] - east[0]) + 7)
    fig, axes = _shared.grid(fig, ("double", height * rows + 10), rows, columns, sharex=True, sharey=True, squeeze=False)
    flat = axes.ravel()
    for ax in flat[len(words) :]:
        ax.set_visible(False)
    for i, (ax, word) in enumerate(zip(flat, words, strict=False)):
        map_axes(ax, unit)
        ax.set_title(word, loc="left", fontsize=7)
        # the axes at the edges tell for all; what is not there need not be laid out
        ax.xaxis.set_major_locator(MaxNLocator(4))
        ax.xaxis.set_visible(i + columns >= len(words))
        ax.yaxis.set_visible(i % columns == 0)
    return chosen, (east * scale, north * scale), flat[: len(words)]


def _scale(m, limit):
    """Colour map and range: from zero when nothing is negative, else symmetrical about it."""
    top = (float(np.nanmax(np.abs(m))) or 1.0) if limit is None else float(limit)
    if np.nanmin(m) >= 0:
        return field_map("light"), Normalize(0, top)
    return field_map("diverging"), Normalize(-top, top)


def _extend(m, norm):
    over = [np.nanmin(m) < norm.vmin, np.nanmax(m) > norm.vmax]
    return "both" if all(over) else "min" if over[0] else "max" if over[1] else "neither"


def _shared_bar(axes, mappable, label, m, norm):
    """Draw one colour bar for all panels."""
    bar = axes[0].figure.colorbar(mappable, ax=list(axes), label=label, shrink=0.9, aspect=30, pad=0.01,
                                  extend="neither" if m is None else _extend(m, norm))  # fmt: skip
    bar.outline.set_linewidth(0.5)


def _cells(where, name, value, m):
    """Return a boolean array of the shape of the model."""
    out = np.asarray(value)
    if out.dtype != bool or out.shape != m.shape:
        raise ValueError(f"{where}: {name} must be a boolean array of shape {m.shape}, got {out.dtype} of shape {out.shape}")
    return out


def _outline(ax, inside, east, north, color=_TRUTH, lw=1.1):
    """Draw the border of a set of cells of one layer."""
    x0, x1 = np.broadcast_to(east[:-1], inside.shape), np.broadcast_to(east[1:], inside.shape)
    y0, y1 = (np.broadcast_to(side[:, None], inside.shape) for side in (north[:-1], north[1:]))
    corners = np.stack([np.stack(pair, -1) for pair in ((x0, y0), (x1, y0), (x1, y1), (x0, y1))], axis=-2)
    ax.add_collection(LineCollection(_cell_borders(inside, corners, up=1), colors=color, linewidths=lw, zorder=5))


def _cell_borders(inside, corners, up=-1):
    """Return the borders of a set of cells, (n, 2, 2); `up` = +1 when rows count upwards, -1 when downwards."""
    ring = np.pad(inside, 1)
    rows, columns = np.nonzero(inside)
    lines = []
    # corners run lower left, lower right, upper right, upper left
    for a, b, dr, dc in ((0, 1, -up, 0), (1, 2, 0, 1), (3, 2, up, 0), (0, 3, 0, -1)):
        open_side = ~ring[rows + 1 + dr, columns + 1 + dc]
        lines.append(corners[rows[open_side], columns[open_side]][:, [a, b]])
    return np.concatenate(lines)
