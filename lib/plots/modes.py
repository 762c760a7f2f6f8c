"""Is the answer unique? The objective against the mass change, and paths against the threshold."""

import numpy as np
import pandas as pd
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize

from lib.plots import _check
from lib.plots.labels import formula, point_labels
from lib.plots.notes import count_note, verdict_box
from lib.plots.scales import color_bar, percent_text, plain_log_axis, ratio_percent_axis
from lib.plots.style import OKABE_ITO, ROLES, field_map

__all__ = ["membership_path", "mode_plot", "path_plot"]


def mode_plot(
    mass_change, objective, *, modes=None, element_change=None, names=None, immobile=None, ambiguous=False,
    label="Objective, $\\Sigma_i(1-w_i)$ (elements)", n=None, ax=None,
):  # fmt: skip
    """Draw the objective against the mass change, its minima, and the mass change that each element alone would say.

    Parameters
    ----------
    mass_change : array, shape (n_grid,), per cent, > -100
    objective : array, shape (n_grid,)
        Smaller is better.
    modes : DataFrame, optional
        Columns ``mass_change`` (per cent), ``objective``, ``n_effective`` (effective number of elements); the best
        first. Others are drawn hollow.
    element_change : array, shape (n_elements,), per cent, optional
        100 (c_0/c_A - 1) of each element, drawn as ticks along the bottom.
    names : sequence of str, length n_elements, optional
        Labels of these ticks.
    immobile : array of bool, shape (n_elements,), optional
        Ticks in the colour of the immobile set.
    ambiguous : bool
        Draw the note AMBIGUOUS.
    label : str
    n : int or str, optional
    ax : Axes, optional

    Returns
    -------
    Axes
    """
    where = "mode_plot"
    ax = _check.axes_or_current(ax)
    m = _check.array(where, "mass_change", mass_change)
    f = _check.array(where, "objective", objective, m.shape)
    ratio_percent_axis(ax, "x")
    ax.plot(m, f, color=OKABE_ITO["black"], lw=1.1, zorder=2)
    low, high = np.nanmin(f), np.nanmax(f)
    room = (high - low) or 1.0
    if modes is not None:
        modes = pd.DataFrame(modes)
        missing = {"mass_change", "objective", "n_effective"} - set(modes.columns)
        if missing:
            raise ValueError(f"{where}: modes lacks column(s) {', '.join(sorted(missing))}; it has {list(modes.columns)}")
        for i, mode in enumerate(modes.itertuples(index=False)):
            color = ROLES["immobile"] if i == 0 else ROLES["undecided"]
            foot = low - (0.14 if element_change is not None else 0.1) * room
            ax.plot([mode.mass_change] * 2, [foot, mode.objective], color=color, lw=0.9, ls="-" if i == 0 else (0, (4, 2)))
            ax.scatter([mode.mass_change], [mode.objective], s=34, marker="o", c=color if i == 0 else "white",
                       edgecolors=color, linewidths=1.3, zorder=4)  # fmt: skip
        tone = [ROLES["immobile"]] + ["#A66F00"] * (len(modes) - 1)
        texts = [f"{_short(c)} %\n({e:.1f} elements)" for c, e in zip(modes.mass_change, modes.n_effective, strict=True)]
        point_labels(ax, modes.mass_change, modes.objective, texts, colors=tone[: len(modes)])
    floor = low - 0.12 * room
    if element_change is not None:
        x = _check.array(where, "element_change", element_change)
        held = _check.mask(where, "immobile", immobile, len(x))
        floor = low - 0.62 * room
        for pick, color in ((held, ROLES["immobile"]), (~held, ROLES["muted"])):
            ax.plot(
                x[pick],
                np.full(pick.sum(), floor + 0.03 * room),
                ls="none",
                marker="|",
                ms=7,
                mew=1.1,
                color=color,
                zorder=3,
            )
        if names is not None:
            seen = (x >= np.nanmin(m)) & (x <= np.nanmax(m))
            _rug_names(ax, x, _check.names_of(where, names, len(x)), held, seen, floor + 0.07 * room, 0.1 * room, m)
    ax.set(ylim=(floor - 0.02 * room, high + 0.12 * room), xlim=(np.nanmin(m), np.nanmax(m)))
    ax.set_yticks([t for t in ax.get_yticks() if low - 0.12 * room <= t <= high + 0.12 * room])
    ax.set(xlabel="Mass change (%)", ylabel=label)
    if ambiguous:
        verdict_box(ax, "AMBIGUOUS", "warning", loc="upper left")
    return count_note(ax, n)


def _short(change):
    """Write a change with one decimal when it is small."""
    return f"{change:+.1f}".replace("-", "\N{MINUS SIGN}") if abs(change) < 10 else percent_text(change)


def _rug_names(ax, x, names, held, seen, y, rise, m):
    """Write the names of elements in view upright over their ticks, kept apart, each joined to its tick."""
    order = np.argsort(x, kind="stable")
    order = order[seen[order]]
    place = np.log1p(x[order] / 100)
    low, high = np.log1p(np.array([np.nanmin(m), np.nanmax(m)]) / 100)
    step = min(0.036 * (high - low), 0.97 * (high - low) / max(len(order), 1))
    place = np.clip(place, low + step / 2, high - step / 2)
    for _turn in range(400):
        push = np.maximum(step - np.diff(place), 0) / 2
        place[:-1] -= push
        place[1:] += push
        place = np.clip(place, low + step / 2, high - step / 2)
    for i, at in zip(order, 100 * np.expm1(place), strict=True):
        color = ROLES["immobile"] if held[i] else "#666666"
        ax.plot([x[i], at], [y, y + rise], color=color, lw=0.4, zorder=1)
        ax.text(at, y + 1.15 * rise, formula(names[i]), rotation=90, ha="center", va="bottom", fontsize=7, color=color)


def path_plot(
    threshold, mass_change, *, lower=None, upper=None, chosen=None, plateau=None, position=None,
    position_label="Sample", threshold_label="Threshold $c/\\sqrt{N}$ (σ)", n=None, ax=None,
):  # fmt: skip
    """Draw the mass change of every sample against the threshold; a plateau is the evidence of a stable answer.

    Parameters
    ----------
    threshold : array, shape (n_thresholds,), > 0
    mass_change : array, shape (n_thresholds,) or (n_thresholds, n_samples), per cent
    lower, upper : array, shape (n_thresholds,), optional
        95 % interval of a single series.
    chosen : float, optional
        Threshold used, a line.
    plateau : (float, float), optional
        Range of thresholds over which the answer does not change, shaded.
    position : array, shape (n_samples,), optional
        Distance or depth, shown by colour.
    position_label, threshold_label : str
    n : int or str, optional
    ax : Axes, optional

    Returns
    -------
    Axes
    """
    where = "path_plot"
    ax = _check.axes_or_current(ax)
    c = _check.array(where, "threshold", threshold, positive=True)
    y = np.array(mass_change, dtype=float)
    y = y[:, None] if y.ndim == 1 else y
    y = _check.array(where, "mass_change", y, (len(c), None))
    lower, upper = _check.interval(where, lower, upper, c)
    _draw_threshold(ax, chosen, plateau)
    if lower is not None:
        ax.fill_between(c, lower, upper, color=OKABE_ITO["blue"], alpha=0.2, lw=0)
    place = np.arange(y.shape[1]) + 1.0 if position is None else position
    place = _check.array(where, "position", place, (y.shape[1],))
    reach = np.ptp(place) or 1.0
    for j in range(y.shape[1]):
        color = OKABE_ITO["blue"] if y.shape[1] == 1 else field_map("points")((place[j] - place.min()) / reach)
        ax.plot(c, y[:, j], color=color, lw=1.1)
    if y.shape[1] > 1:
        bar = color_bar(ax, ScalarMappable(Normalize(place.min(), place.max()), field_map("points")), position_label)
        if position is None:
            bar.set_ticks(np.unique(np.linspace(1, len(place), min(len(place), 6)).round()))
    ax.set_xscale("log")
    ax.set(xlim=(c.min(), c.max()), xlabel=threshold_label, ylabel="Mass change (%)")
    plain_log_axis(ax, "x")
    if chosen is not None or plateau is not None:
        ax.legend(loc="best")
    return count_note(ax, f"{y.shape[1]} samples" if n is None and y.shape[1] > 1 else n)


def membership_path(
    threshold, weight, names, *, chosen=None, plateau=None, threshold_label="Threshold $c/\\sqrt{N}$ (σ)",
    colorbar=True, ax=None,
):  # fmt: skip
    """Draw each element's membership of the immobile set against the threshold, in order of entry.

    Parameters
    ----------
    threshold : array, shape (n_thresholds,), > 0, increasing
    weight : array, shape (n_thresholds, n_elements), 0-1
        Membership: a weight, a probability, or 0/1.
    names : sequence of str, length n_elements
    chosen, plateau : as in `path_plot`
    threshold_label : str
    colorbar : bool
    ax : Axes, optional

    Returns
    -------
    Axes
        Rows from the top are elements in order of entry: the ranking by immobility.
    """
    where = "membership_path"
    ax = _check.axes_or_current(ax)
    names = _check.names_of(where, names)
    c = _check.array(where, "threshold", threshold, positive=True)
    if np.any(np.diff(c) <= 0):
        raise ValueError(f"{where}: threshold is not increasing; sort it, and the rows of weight with it")
    w = _check.array(where, "weight", weight, (len(c), len(names)))
    # order of entry: the threshold at which half membership is first reached, then total membership
    inside = w >= 0.5
    first = np.where(inside.any(axis=0), np.argmax(inside, axis=0), len(c))
    order = np.lexsort((-np.nansum(w, axis=0), first))
    logc = np.log(c)
    middle = (logc[1:] + logc[:-1]) / 2 if len(c) > 1 else np.array([])
    edges = np.exp(np.concatenate([[logc[0]], middle, [logc[-1]]])) if len(c) > 1 else np.array([c[0] * 0.9, c[0] * 1.1])
    mesh = ax.pcolormesh(edges, np.arange(len(names) + 1) - 0.5, w.T[order], cmap=field_map("light"), vmin=0, vmax=1,
                         rasterized=True)  # fmt: skip
    ax.hlines(np.arange(1, len(names)) - 0.5, edges[0], edges[-1], color="white", lw=0.6)
    _draw_threshold(ax, chosen, plateau, shade=False)
    ax.set_xscale("log")
    ax.set_yticks(np.arange(len(names)), [formula(names[i]) for i in order])
    ax.tick_params(axis="y", length=0)
    ax.set(ylim=(len(names) - 0.5, -0.5), xlim=(edges[0], edges[-1]), xlabel=threshold_label)
    plain_log_axis(ax, "x")
    if colorbar:
        color_bar(ax, mesh, "Membership of the immobile set (1)")
    return ax


def _draw_threshold(ax, chosen, plateau, shade=True):
    """Mark the threshold used and the plateau."""
    if plateau is not None:
        if shade:
            ax.axvspan(*plateau, color=ROLES["immobile"], alpha=0.12, lw=0, zorder=0, label="plateau")
        else:
            for edge in plateau:
                ax.axvline(edge, color=ROLES["immobile"], lw=0.8, zorder=3)
    if chosen is not None:
        ax.axvline(chosen, color=OKABE_ITO["vermillion"], lw=1.0, ls=(0, (4, 2)), zorder=3, label="threshold used")
