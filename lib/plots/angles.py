"""Do directions agree? Angles with their cones, and the comparison of a real data set with its simulation."""

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from scipy import stats

from lib.plots import _check, _shared
from lib.plots.labels import formula, names_touch
from lib.plots.notes import count_note
from lib.plots.style import ROLES, class_colors, figure

__all__ = ["angle_panel", "bilateral_comparison"]


def angle_panel(
    names, angle, *, cone=None, start=None, series=None, n_parts=None, cone_label="90 % bootstrap cone",
    label="Angle between directions (°)", legend="below", n=None, ax=None,
):  # fmt: skip
    """Draw the angles between matched directions, against the cones inside which they cannot be told apart.

    Parameters
    ----------
    names : sequence of str, length K
        Directions compared.
    angle : array, shape (K,) or (n_series, K), degrees, 0-90
    cone : array, shape (K,) or (n_series, K), degrees, optional
        Half-angle of the bootstrap cone: a symbol is full inside it, hollow outside.
    start : array, shape (K,), degrees, optional
        Angles before a revision of the model, joined by an arrow; for a single series.
    series : sequence of str, length n_series, optional
        Such as methods; at most 7.
    n_parts : int, >= 3, optional
        Number of parts: the angles that one direction in twenty drawn at random would fall below are shaded.
    cone_label, label : str
    legend : str or None
    n : int or str, optional
    ax : Axes, optional

    Returns
    -------
    Axes
    """
    where = "angle_panel"
    ax = _check.axes_or_current(ax)
    names = _check.names_of(where, names)
    a = _degrees(where, "angle", angle, len(names))
    series = _shared.series_names(where, series, len(a))
    c = None if cone is None else np.broadcast_to(_degrees(where, "cone", cone, len(names)), a.shape)
    keys, at, wide = [], np.arange(len(names)), 0.72 / len(a)
    for i, color in enumerate(class_colors(len(a)) if len(a) > 1 else ["#0072B2"]):
        y = at + (i - (len(a) - 1) / 2) * wide
        if c is not None:
            ax.barh(y, c[i], 0.8 * wide, color=color if len(a) > 1 else ROLES["muted"], alpha=0.3, lw=0, zorder=1)
        inside = np.ones(len(at), bool) if c is None else a[i] <= c[i]
        for full in (True, False):
            pick = inside == full
            ax.plot(a[i][pick], y[pick], ls="none", marker=_shared.MARKERS[i], ms=5, color=color, mew=1.1, zorder=4,
                    mfc=color if full else "white")  # fmt: skip
        if len(a) > 1:
            keys.append(Line2D([], [], ls="none", marker=_shared.MARKERS[i], ms=5, color=color, label=series[i]))
    if c is not None:
        keys += [Patch(facecolor="#777777", alpha=0.35, lw=0, label=cone_label)]
        keys += [Line2D([], [], ls="none", marker="o", ms=5, color="#555555", mew=1.1, mfc="white", label="outside its cone")]
    if start is not None:
        first = _check.array(where, "start", start, (len(names),))
        for y, before, after in zip(at, first, a[0], strict=True):
            ax.plot([before], [y], ls="none", marker="|", ms=8, color="#333333", mew=1.0, zorder=3)
            ax.annotate("", (after, y), (before, y), zorder=3, arrowprops={"arrowstyle": "-|>", "color": "#333333", "lw": 0.7,
                        "mutation_scale": 6, "shrinkA": 0, "shrinkB": 3})  # fmt: skip
        keys.append(Line2D([], [], ls="none", marker="|", ms=8, color="#333333", mew=1.0, label="before the revision"))
    everything = np.concatenate([a.ravel(), [] if c is None else c.ravel(), [] if start is None else first, [5.0]])
    top = min(90.0, 1.12 * np.nanmax(everything))
    if n_parts is not None:
        chance = random_angle(n_parts, 0.05)
        top = max(top, min(90.0, chance + 6))
        ax.axvspan(chance, 90, color=ROLES["shade"], lw=0, zorder=0)
        keys.append(Patch(facecolor=ROLES["shade"], label=f"95 % of random directions, > {chance:.0f}°"))
    ax.set(xlim=(0, top), ylim=(len(at) - 0.4, -0.6), xlabel=label)
    ax.set_yticks(at, names)
    ax.tick_params(axis="y", length=0)
    ax.grid(axis="x")
    _shared.legend(ax, legend, ncols=3, handles=keys)
    return count_note(ax, n)


def random_angle(n_parts, probability):
    """Return the angle, degrees, below which a random direction lies with a probability, for compositions of n parts.

    The squared cosine with a given direction in d = n - 1 dimensions follows the beta distribution (1/2, (d - 1)/2).
    """
    if int(n_parts) < 3:
        raise ValueError(f"angle_panel: n_parts is {n_parts}, expected 3 or more: two parts have one direction only")
    return float(np.rad2deg(np.arccos(np.sqrt(stats.beta.isf(probability, 0.5, (int(n_parts) - 2) / 2)))))


def bilateral_comparison(
    names, real, simulated, *, lower=None, upper=None, real_scores=None, simulated_scores=None, real_residual=None,
    simulated_residual=None, analytical=None, angle=None, cone=None, start=None, components=None, n=None, fig=None,
):  # fmt: skip
    """Compare the components of a real data set with those of its simulation: directions, scores, residuals, angles.

    Parameters
    ----------
    names : sequence of str, length n_parts
    real, simulated : array, shape (K, n_parts)
        Matched directions, clr, same length and sign; at most 4 components.
    lower, upper : array, shape (K, n_parts), optional
        Bootstrap interval of the real ones.
    real_scores, simulated_scores : array, shape (n, K) and (m, K), optional
        Compared by their quantiles.
    real_residual, simulated_residual : array, shape (n_parts,), optional
        Standard deviations of the residuals of ln content.
    analytical : array, shape (n_parts,), optional
        Relative analytical errors, 1 sigma.
    angle, cone, start : array, shape (K,), degrees, optional
        As in `angle_panel`.
    components : sequence of str, length K, optional
    n : int or str, optional
        Written over the legend of the directions, at the foot.
    fig : Figure or SubFigure, optional

    Returns
    -------
    dict of str to Axes
        ``direction0``, ``direction1``, ..., and ``scores``, ``residuals``, ``angles`` where they were given.
    """
    where = "bilateral_comparison"
    names = _check.names_of(where, names)
    r = _shared.series_rows(where, "real", real, len(names))
    s = _check.array(where, "simulated", np.atleast_2d(simulated), r.shape)
    k = len(r)
    if k > 4:
        raise ValueError(f"{where}: {k} components, at most 4 fit side by side; choose those that the model explains")
    if lower is not None and upper is not None:
        lower, upper = np.atleast_2d(lower), np.atleast_2d(upper)
    lower, upper = _check.interval(where, lower, upper, r)
    components = [f"IC{i + 1}" for i in range(k)] if components is None else _check.names_of(where, components, k)
    given = {"scores": real_scores is not None, "residuals": real_residual is not None, "angles": angle is not None}
    below = [word for word, there in given.items() if there]
    mosaic = _mosaic([f"direction{i}" for i in range(k)], below)
    height = 26 + 4.2 * len(names) + (62 if below else 0)
    share = {"height_ratios": [22 + 4.2 * len(names), 58]} if below else {}
    if fig is None:
        fig, axes = figure("double", float(np.clip(height, 60, 245)), mosaic=mosaic, **share)
    else:
        axes = fig.subplot_mosaic(mosaic, **share)
    tone = class_colors(k)
    order = np.argsort(-r[0], kind="stable")
    for i in range(k):
        _directions(axes[f"direction{i}"], [names[j] for j in order], r[i][order], s[i][order],
                    None if lower is None else (lower[i][order], upper[i][order]), tone[i], components[i], i == 0)  # fmt: skip
    if "scores" in axes:
        _quantiles(axes["scores"], where, real_scores, simulated_scores, components, tone)
    if "residuals" in axes:
        _residuals(axes["residuals"], where, names, real_residual, simulated_residual, analytical)
    if "angles" in axes:
        angle_panel(components, angle, cone=cone, start=start, n_parts=len(names), label="Angle, real to simulated (°)",
                    ax=axes["angles"])  # fmt: skip
    keys = [Patch(facecolor="#999999", label="real direction")]
    keys.append(Line2D([], [], ls="none", marker="D", ms=3.8, mfc="white", mec="black", mew=0.9, label="simulated direction"))
    keys += [] if lower is None else [Line2D([], [], color="#222222", lw=0.8, label="bootstrap interval")]
    title = f"n = {n}" if isinstance(n, int) else n
    fig.legend(handles=keys, loc="outside lower center", ncols=3, borderpad=0, title=title)
    return axes


def _mosaic(top, below):
    """Return a mosaic of one or two rows of panels of equal width each."""
    if not below:
        return [top]
    wide = int(np.lcm(len(top), len(below)))
    return [[name for name in row for _ in range(wide // len(row))] for row in (top, below)]


def _directions(ax, names, real, simulated, bounds, color, title, named):
    """Draw the loadings of one real component as bars, and of the simulated one as diamonds."""
    at = np.arange(len(names))
    ax.barh(at, real, 0.66, color=color, alpha=0.75, zorder=2)
    if bounds is not None:
        reach = _check.bars_around(real, *bounds)
        ax.errorbar(real, at, xerr=reach, fmt="none", ecolor="#222222", elinewidth=0.8, capsize=1.5, zorder=3)
    ax.plot(simulated, at, ls="none", marker="D", ms=3.8, mfc="white", mec="black", mew=0.9, zorder=4)
    ax.axvline(0, color="black", lw=0.7, zorder=5)
    ax.set_yticks(at, [formula(name) for name in names] if named else [])
    ax.tick_params(axis="y", length=0)
    ax.set(ylim=(len(at) - 0.4, -0.6), xlabel="clr loading (1)")
    ax.margins(x=0.08)
    ax.grid(axis="x")
    ax.set_title(title, fontsize=7.5)


def _quantiles(ax, where, real, simulated, components, tone):
    """Draw the quantiles of the simulated scores against those of the real ones."""
    a = _check.array(where, "real_scores", real, (None, len(tone)))
    b = _check.array(
        where, "simulated_scores", np.empty((0, len(tone))) if simulated is None else simulated, (None, len(tone))
    )
    if len(a) < 5 or len(b) < 5:
        raise ValueError(f"{where}: {len(a)} real and {len(b)} simulated scores; pass both, of at least 5 samples")
    level = np.linspace(0.01, 0.99, 99) if min(len(a), len(b)) >= 100 else (np.arange(len(a)) + 0.5) / len(a)
    for i, color in enumerate(tone):
        ax.plot(np.nanquantile(a[:, i], level), np.nanquantile(b[:, i], level), ls="none", marker=_shared.MARKERS[i], ms=2.6,
                mew=0, color=color, alpha=0.8, label=components[i], zorder=2)  # fmt: skip
    ends = [min(ax.get_xlim()[0], ax.get_ylim()[0]), max(ax.get_xlim()[1], ax.get_ylim()[1])]
    ax.plot(ends, ends, color=ROLES["reference"], lw=0.9, zorder=1)
    ax.set(xlim=ends, ylim=ends, xlabel="Quantile of real scores (sd)", ylabel="Quantile of simulated (sd)")
    _shared.legend(ax, "below", ncols=2)


def _residuals(ax, where, names, real, simulated, analytical):
    """Draw the residuals of every part: real, simulated, and what the analysis explains."""
    at = np.arange(len(names))
    rows = [
        ("real", real, "o", "#0072B2"),
        ("simulated", simulated, "D", "#D55E00"),
        ("analytical error", analytical, "_", "black"),
    ]
    for word, value, marker, color in rows:
        if value is not None:
            v = 100 * _check.array(where, word, value, (len(names),))
            ax.plot(at, v, ls="none", marker=marker, ms=7 if marker == "_" else 4, mew=1.4 if marker == "_" else 0.8,
                    mfc="white" if marker == "D" else color, mec=color, label=word, zorder=3)  # fmt: skip
    upright = names_touch(ax, names)
    ax.set_xticks(at, [formula(name) for name in names], rotation=90 if upright else 0)
    ax.tick_params(axis="x", length=0)
    ax.set(xlim=(-0.6, len(at) - 0.4), ylabel="Residual (%, 1 sd)")
    ax.set_ylim(0, 1.06 * ax.get_ylim()[1])
    ax.grid(axis="x")
    _shared.legend(ax, "below", drop=33 if upright else 15, ncols=2)


def _degrees(where, name, value, n):
    """Return angles (n_series, n), checked to be 0-90 degrees."""
    a = _shared.series_rows(where, name, value, n)
    if np.nanmin(a) < 0 or np.nanmax(a) > 90 + 1e-9:
        raise ValueError(f"{where}: {name} spans {np.nanmin(a):.3g}-{np.nanmax(a):.3g}, expected degrees 0-90 between axes; "
                         "the sign of a component is free: take the angle of |cos|")  # fmt: skip
    return a
