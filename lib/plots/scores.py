"""Scores of components: in the plane of two of them, and on a map."""

import numpy as np

from lib.plots import _check, _shared
from lib.plots.notes import count_note
from lib.plots.scales import color_bar
from lib.plots.style import ROLES, class_colors, field_map

__all__ = ["score_map", "score_plot"]


def score_plot(
    scores, *, x=0, y=1, groups=None, values=None, value_label="", names=None, shares=None, marks=None, unit="sd",
    legend="below", n=None, ax=None,
):  # fmt: skip
    """Draw the samples in the plane of two scores, coloured by class or by a value.

    Parameters
    ----------
    scores : array, shape (n_samples, K)
    x, y : int
        Columns of the two components.
    groups : sequence of str, length n_samples, optional
        Classes; at most 7.
    values : array, shape (n_samples,), optional
        Colours by value, with a colour bar; not together with `groups`.
    value_label : str
        With its unit.
    names : sequence of str, length K, optional
        Default IC1, IC2, ...
    shares : array, shape (K,), 0-1, optional
        Shares of variance, written on the axes.
    marks : dict of str to (float, float), optional
        Named points, such as a reference composition.
    unit : str
        Unit of the scores.
    legend : str or None
    n : int or str, optional
        Default: number of samples.
    ax : Axes, optional

    Returns
    -------
    Axes
    """
    where = "score_plot"
    ax = _check.axes_or_current(ax)
    s = _check.array(where, "scores", scores, (None, None))
    if not (0 <= x < s.shape[1] and 0 <= y < s.shape[1]):
        raise ValueError(f"{where}: x={x}, y={y}, but scores have {s.shape[1]} columns (0-{s.shape[1] - 1})")
    if groups is not None and values is not None:
        raise ValueError(f"{where}: both groups and values were given; colour by one of them")
    names = [f"IC{i + 1}" for i in range(s.shape[1])] if names is None else _check.names_of(where, names, s.shape[1])
    share = None if shares is None else _check.array(where, "shares", shares, (s.shape[1],))
    many = len(s) > 300
    ax.axhline(0, color=ROLES["muted"], lw=0.6, zorder=0)
    ax.axvline(0, color=ROLES["muted"], lw=0.6, zorder=0)
    if values is not None:
        v = _check.array(where, "values", values, (len(s),))
        dots = ax.scatter(s[:, x], s[:, y], c=v, cmap=field_map("points"), s=6 if many else 14, linewidths=0, rasterized=many)
        color_bar(ax, dots, value_label)
    else:
        groups = np.array([""] * len(s) if groups is None else _check.names_of(where, groups, len(s)), dtype=object)
        kinds = list(dict.fromkeys(groups))
        for i, (kind, color) in enumerate(zip(kinds, class_colors(len(kinds)), strict=True)):
            pick = groups == kind
            ax.plot(s[pick, x], s[pick, y], ls="none", marker=_shared.MARKERS[i], ms=2.4 if many else 3.6, color=color, mew=0,
                    alpha=0.6 if many else 0.85, rasterized=many, zorder=2,
                    label=f"{kind} ({pick.sum()})" if kind else None)  # fmt: skip
    for name, point in (marks or {}).items():
        ax.plot(*[[c] for c in point], ls="none", marker="D", ms=4.6, mfc="white", mec="black", mew=1.0, zorder=4)
        ax.annotate(name, point, (5, 4), textcoords="offset points", fontsize=7, zorder=5)
    words = [names[c] + (f", {100 * share[c]:.0f} % of variance" if share is not None else "") for c in (x, y)]
    ax.set(xlabel=f"{words[0]} ({unit})", ylabel=f"{words[1]} ({unit})")
    _shared.legend(ax, legend, ncols=4)
    return count_note(ax, len(s) if n is None else n)


def score_map(longitude, latitude, score, *, label="Score (sd)", limit=None, n=None, ax=None):
    """Draw a score at the places of the samples, on colours symmetrical about zero.

    Parameters
    ----------
    longitude, latitude : array, shape (n_samples,), degrees
    score : array, shape (n_samples,)
    label : str
        Of the colour bar, with its unit.
    limit : float, > 0, optional
        Score at which colours saturate; default: the 98 % quantile of the absolute scores.
    n : int or str, optional
        Default: number of samples.
    ax : Axes, optional

    Returns
    -------
    Axes
    """
    where = "score_map"
    ax = _check.axes_or_current(ax)
    lon = _check.array(where, "longitude", longitude)
    lat, s = _check.array(where, "latitude", latitude, lon.shape), _check.array(where, "score", score, lon.shape)
    if np.nanmax(np.abs(lat)) > 90 or np.nanmax(np.abs(lon)) > 360:
        raise ValueError(f"{where}: latitudes reach {np.nanmax(np.abs(lat)):.4g} and longitudes {np.nanmax(np.abs(lon)):.4g}, "
                         "expected degrees; check their order, and convert projected coordinates")  # fmt: skip
    seen = np.isfinite(lon + lat + s)
    top = float(np.quantile(np.abs(s[seen]), 0.98)) if limit is None else float(limit)
    order = np.flatnonzero(seen)[np.argsort(np.abs(s[seen]), kind="stable")]  # the telling ones on top
    dots = ax.scatter(lon[order], lat[order], c=s[order], cmap=field_map("diverging"), vmin=-top, vmax=top, s=14,
                      edgecolors="#666666", linewidths=0.3, zorder=2)  # fmt: skip
    over = [np.any(s[seen] < -top), np.any(s[seen] > top)]
    color_bar(ax, dots, label, extend=("both" if all(over) else "min" if over[0] else "max" if over[1] else "neither"))
    ax.set(xlabel="Longitude (°)", ylabel="Latitude (°)")
    ax.set_aspect(1 / max(np.cos(np.deg2rad(np.mean(lat[seen]))), 0.2), adjustable="box")
    ax.grid(True)
    return count_note(ax, int(seen.sum()) if n is None else n)
