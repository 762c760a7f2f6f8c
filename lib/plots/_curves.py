"""Curves of components in the simplex: what the Harker and ternary diagrams share."""

import matplotlib.patheffects as pe
import numpy as np
import pandas as pd
from matplotlib.colors import to_rgb
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from lib.plots import _check
from lib.plots.style import class_colors

MARKS = (-2.0, -1.0, 1.0, 2.0)  # standard deviations of the score at which a curve carries a dot
GREYS = ("#8C8C8C", "#5A5A5A", "#B9B9B9", "#2E2E2E")
_TRUTH = (0, (3.2, 1.6))


def read(where, curves, names, t):
    """Check curves and return them as a dict of name to (t, compositions).

    Parameters
    ----------
    where : str
        Function, for the messages.
    curves : dict of str to curve, or None
        A curve is an array (T, n_parts) on the common `t`, a tuple (t, array), or a DataFrame with a column ``t`` and
        one for each of `names`.
    names : sequence of str, length n_parts
    t : array, shape (T,), or None
        Scores of the points of curves that do not bring their own.

    Returns
    -------
    dict of str to (array (T,), array (T, n_parts))
    """
    out = {}
    for name, curve in (curves or {}).items():
        label, own = f"curve {name!r}", t
        if isinstance(curve, pd.DataFrame):
            missing = [c for c in ("t", *names) if c not in curve.columns]
            if missing:
                raise ValueError(f"{where}: {label} lacks column(s) {', '.join(missing)}; pass t and every part")
            own, curve = curve["t"].to_numpy(), curve[list(names)].to_numpy()
        elif isinstance(curve, tuple):
            own, curve = curve
        points = _check.array(where, label, curve, (None, len(names)))
        if own is None:
            raise ValueError(f"{where}: {label} has no scores; pass t=, or the curve as (t, compositions)")
        own = _check.array(where, f"t of {label}", own, (len(points),))
        if len(own) < 2 or np.any(np.diff(own) <= 0):
            raise ValueError(f"{where}: t of {label} does not rise from point to point; pass two scores or more, in order")
        out[str(name)] = own, points
    return out


def read_bands(where, bands, curves, names):
    """Check bootstrap curves, dict of name to array (B, T, n_parts), against the curves that they belong to."""
    out = {}
    for name, draws in (bands or {}).items():
        if name not in curves:
            raise ValueError(f"{where}: band {name!r} belongs to no curve; curves are {', '.join(curves) or 'none'}")
        out[name] = _check.array(where, f"band {name!r}", draws, (None, len(curves[name][0]), len(names)))
    return out


def palette(curves, truth=()):
    """Return the colour of each curve, and of each truth: that of the curve of its name, darker, or black."""
    tone = dict(zip(curves, class_colors(max(len(curves), 1)), strict=False))
    dark = {name: tuple(0.62 * c for c in to_rgb(tone[name])) if name in tone else (0.0, 0.0, 0.0) for name in truth}
    return tone, dark


def at_score(t, points, score):
    """Return the point of a curve (k,) at a score, or None where the curve does not reach."""
    if not t[0] <= score <= t[-1]:
        return None
    return np.array([np.interp(score, t, column) for column in points.T])


def envelope(center, draws, scale, level):
    """Return the edges (T, 2) and (T, 2) of a band about a plane curve that holds `level` of bootstrap curves.

    At each score the distances of the bootstrap curves across the curve count, those along it do not: a shift along
    itself leaves a curve where it is.

    Parameters
    ----------
    center : array, shape (T, 2)
    draws : array, shape (B, T, 2)
    scale : array, shape (2,)
        Lengths of the axes, so that normals look normal.
    level : float, 0-1

    Returns
    -------
    tuple of array
        Lower and upper edge, shape (T, 2).
    """
    c, d = center / scale, draws / scale
    tangent = np.gradient(c, axis=0)
    length = np.hypot(*tangent.T)[:, None]
    tangent = np.divide(tangent, length, out=np.zeros_like(tangent), where=length > 0)
    normal = np.column_stack([-tangent[:, 1], tangent[:, 0]])
    across = np.einsum("btk,tk->bt", d - c, normal)
    low, high = np.quantile(across, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return center + low[:, None] * normal * scale, center + high[:, None] * normal * scale


def draw(ax, path, marks, tip, color, *, truth=False):
    """Draw one curve with its marks.

    Parameters
    ----------
    ax : Axes
    path : sequence of array
        Coordinates as ``Axes.plot`` of this Axes takes them: two, or three on a ternary.
    marks : dict of float to sequence of float
        Scores and the points there; score 0 is drawn as an open circle, the others as dots.
    tip : (array (2,), array (2,)) or None
        Two points in data coordinates, towards rising scores, for an arrow head.
    color : color
    truth : bool
        Dashed, without marks.
    """
    halo = [pe.Stroke(linewidth=2.4, foreground="white", alpha=0.8), pe.Normal()]
    if truth:
        ax.plot(*path, color=color, lw=1.2, ls=_TRUTH, zorder=4.2, scalex=False, scaley=False)
        return
    ax.plot(*path, color=color, lw=1.4, zorder=3.6, path_effects=halo, scalex=False, scaley=False)
    for score, point in marks.items():
        middle = score == 0
        ax.plot(*[[v] for v in point], ls="none", marker="o", ms=4.4 if middle else 3.0, mfc="white" if middle else color,
                mec=color if middle else "white", mew=1.1 if middle else 0.4, zorder=4.6 if middle else 4.4,
                scalex=False, scaley=False)  # fmt: skip
    if tip is not None:
        ax.annotate("", tip[1], tip[0], zorder=4.5, arrowprops={"arrowstyle": "-|>", "color": color, "lw": 0,
                    "mutation_scale": 8, "shrinkA": 0, "shrinkB": 0})  # fmt: skip


def keys(tone, truth, banded, level):
    """Return what a legend has to say of curves: names, marks, band, truth."""
    out = [Line2D([], [], color=color, lw=1.4, label=name) for name, color in tone.items()]
    if tone:
        out.append(Line2D([], [], ls="none", marker="o", ms=4.4, mfc="white", mec="#444444", mew=1.1, label="score 0"))
        out.append(Line2D([], [], ls="none", marker="o", ms=3.0, color="#444444", mew=0, label="±1, ±2 sd"))
    if banded:
        out.append(Patch(facecolor="#777777", alpha=0.3, lw=0, label=f"{100 * level:g} % of bootstraps"))
    alone = [name for name in truth if name not in tone]
    if truth:
        words = "truth" if len(alone) != 1 or len(truth) > 1 else f"truth: {alone[0]}"
        out.append(Line2D([], [], color="#333333", lw=1.2, ls=_TRUTH, label=words))
    return out


def group_keys(groups, style):
    """Return the legend of classes of samples with their counts; `style` gives (color, marker) by name."""
    counts = {kind: sum(g == kind for g in groups) for kind in style}
    return [Line2D([], [], ls="none", marker=mark, ms=3.4, color=color, mew=0,
                   label=f"{kind} ({counts[kind]})" if kind else f"{counts[kind]} samples")
            for kind, (color, mark) in style.items()]  # fmt: skip


def group_style(where, kinds, grey):
    """Return (color, marker) of each class of samples: greys beside coloured curves, else colours."""
    most = len(GREYS) if grey else 7
    if len(kinds) > most:
        where_to = "under curves" if grey else "by colour"
        raise ValueError(f"{where}: {len(kinds)} groups, at most {most} can be told apart {where_to}; merge some")
    tones = GREYS[: len(kinds)] if grey else class_colors(max(len(kinds), 1))
    return {kind: (tones[i], "os^Dv<>"[i]) for i, kind in enumerate(kinds)}
