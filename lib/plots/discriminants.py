"""Classes of grains: triangle of their probabilities, plane of discriminant functions, and their REE patterns."""

import numpy as np
from matplotlib.colors import ListedColormap
from matplotlib.lines import Line2D
from matplotlib.patches import Ellipse, Patch
from matplotlib.ticker import FuncFormatter
from scipy import stats

from lib.plots import _check, _shared
from lib.plots.classification import sums_to_one
from lib.plots.feature_labels import term_label, wrapped
from lib.plots.labels import point_labels
from lib.plots.notes import count_note
from lib.plots.patterns import spider
from lib.plots.style import ROLES, class_colors
from lib.plots.triangles import ternary

__all__ = ["class_ternary", "discriminant_projection", "ree_by_class"]


def class_ternary(probabilities, classes, *, known=None, threshold=None, mark_wrong=True, legend="below", n=None, ax=None):
    """Draw the probabilities of three classes in a triangle, with the region that stays undetermined.

    Parameters
    ----------
    probabilities : array, shape (n_samples, 3), 0-1, rows sum to 1
        Held-out ones, or those of unlabelled grains.
    classes : sequence of str, length 3
        Top, lower left, lower right.
    known : sequence of str, length n_samples, optional
        Known classes, which colour the grains; without them grains have the colour of the likeliest class.
    threshold : float, 1/3-1, optional
        Least probability for a decision: the region below is shaded.
    mark_wrong : bool
        Ring grains whose likeliest class is not the known one.
    legend : str or None
    n : int or str, optional
        Default: number of grains.
    ax : Axes, optional
        Replaced by a ternary one; use the one returned.

    Returns
    -------
    mpltern.ternary.TernaryAxes
    """
    where = "class_ternary"
    classes = _check.names_of(where, classes)
    if len(classes) != 3:
        raise ValueError(
            f"{where}: {len(classes)} classes, but a triangle shows 3; pass three, or one of them as the sum of others"
        )
    p = _check.array(where, "probabilities", probabilities, (None, 3))
    sums_to_one(where, p)
    p = np.clip(p, 0, 1)
    likeliest = np.array(classes, dtype=object)[p.argmax(axis=1)]
    groups = likeliest if known is None else np.array(_check.names_of(where, known, len(p)), dtype=object)
    strange = sorted(set(groups) - set(classes))
    if strange:
        raise ValueError(f"{where}: known holds {', '.join(strange)}, not among the classes {', '.join(classes)}")
    ax = ternary(np.eye(3)[:0], ["", "", ""], legend=None, ax=ax)
    tones = class_colors(3)
    if threshold is not None:
        if not 1 / 3 < threshold <= 1:
            raise ValueError(f"{where}: threshold is {threshold:.3g}, expected above 1/3 and at most 1, a probability")
        ax.fill(*_undecided(float(threshold)).T, color=ROLES["shade"], lw=0, zorder=0.2)
    middle = np.full(3, 1 / 3)
    for i in range(3):  # where two classes are equally likely
        ax.plot(*np.array([middle, (1 - np.eye(3)[i]) / 2]).T, color="#777777", lw=0.7, zorder=1)
    keys = []
    for i, (name, color) in enumerate(zip(classes, tones, strict=True)):
        mine = groups == name
        many = len(p) > 300
        ax.plot(*p[mine].T, ls="none", marker=_shared.MARKERS[i], ms=2.6 if many else 3.6, mfc=color, mew=0, clip_on=False,
                alpha=0.5 if many else 0.75, rasterized=len(p) > 2000, zorder=3)  # fmt: skip
        keys.append(Line2D([], [], ls="none", marker=_shared.MARKERS[i], ms=3.6, color=color, mew=0,
                           label=f"{name} ({int(mine.sum())})"))  # fmt: skip
    wrong = likeliest != groups
    if known is not None and mark_wrong and wrong.any():
        ax.plot(*p[wrong].T, ls="none", marker="o", ms=5.6, mfc="none", mec="black", mew=0.7, zorder=4, clip_on=False)
        keys.append(Line2D([], [], ls="none", marker="o", ms=5.6, mfc="none", mec="black", mew=0.7,
                           label=f"likeliest class is another ({int(wrong.sum())})"))  # fmt: skip
    if threshold is not None:
        under = int(np.sum(p.max(axis=1) < threshold))
        keys.append(Patch(facecolor=ROLES["shade"], lw=0, label=f"undetermined, p < {100 * threshold:g} % ({under})"))
    lines = _corner_names(ax, classes)
    ax.annotate("Probability (%)", (0.25, 0.5), (-21, 12), xycoords="axes fraction", textcoords="offset points", ha="center",
                va="center", rotation=60, fontsize=7)  # fmt: skip
    _shared.legend(ax, legend, drop=26 + 9 * lines, ncols=2, handles=keys)
    return count_note(ax, len(p) if n is None else n)


def discriminant_projection(
    scores, groups, classes=None, *, others=None, others_label="unlabelled", arrows=None, names=None, level=0.9, regions=None,
    labels=None, legend="below", n=None, ax=None,
):  # fmt: skip
    """Draw grains in the plane of two discriminant functions, or along one, by class.

    Parameters
    ----------
    scores : array, shape (n_samples, 2) or (n_samples, 1)
        One function (two classes) is drawn as a histogram a class.
    groups : sequence of str, length n_samples
    classes : sequence of str, optional
        Order of the colours, at most 7; default: sorted names.
    others : array, shape (m, same), optional
        Unlabelled grains.
    others_label : str
    arrows : array, shape (p, 2), optional
        How the functions rise with each standardised feature; scaled to the plot together. Only with two functions.
    names : sequence of str, length p
        Of the arrows.
    level : float, 0-1, or None
        Content of the ellipses, from the covariance of each class.
    regions : (array (a,), array (b,), array (b, a)), optional
        Abscissae, ordinates and the index of the likeliest class on their grid: a pale ground.
    labels : sequence of str, optional
        Of the axes; default: ``Discriminant function 1 (sd)``, ...
    legend : str or None
    n : int or str, optional
        Default: number of labelled grains.
    ax : Axes, optional

    Returns
    -------
    Axes
    """
    where = "discriminant_projection"
    ax = _check.axes_or_current(ax)
    s = _check.array(where, "scores", scores, (None, None))
    if s.shape[1] not in (1, 2):
        raise ValueError(f"{where}: scores have {s.shape[1]} columns, expected 1 or 2; pass the leading two")
    groups = np.array(_check.names_of(where, groups, len(s)), dtype=object)
    classes = sorted(set(groups)) if classes is None else _check.names_of(where, classes)
    strange = sorted(set(groups) - set(classes))
    if strange:
        raise ValueError(f"{where}: groups hold {', '.join(strange)}, not among the classes {', '.join(classes)}")
    labels = [f"Discriminant function {i + 1} (sd)" for i in (0, 1)] if labels is None else list(labels)
    more = None if others is None else _check.array(where, "others", others, (None, s.shape[1]))
    tones = class_colors(len(classes))
    if s.shape[1] == 1:
        keys = _along_one(ax, s[:, 0], groups, classes, tones, more, others_label)
        ax.set(xlabel=labels[0], ylabel="Share of the class a bin (%)")
        _shared.legend(ax, legend, ncols=3, handles=keys)
        return count_note(ax, len(s) if n is None else n)
    ax.axhline(0, color=ROLES["muted"], lw=0.6, zorder=0.5)
    ax.axvline(0, color=ROLES["muted"], lw=0.6, zorder=0.5)
    keys, many = [], len(s) > 300
    for i, (name, color) in enumerate(zip(classes, tones, strict=True)):
        mine = s[groups == name]
        ax.plot(*mine.T, ls="none", marker=_shared.MARKERS[i], ms=2.2 if many else 3.4, mfc=color, mew=0, zorder=2,
                alpha=0.5 if many else 0.75, rasterized=many)  # fmt: skip
        keys.append(Line2D([], [], ls="none", marker=_shared.MARKERS[i], ms=3.6, color=color, mew=0,
                           label=f"{name} ({len(mine)})"))  # fmt: skip
        if level is not None and len(mine) > 2:
            ax.add_patch(_ellipse(mine, level, color))
    if level is not None:
        keys.append(Line2D([], [], color="#555555", lw=1.2, label=f"{100 * level:g} % of a normal class"))
    if more is not None:
        ax.plot(*more.T, ls="none", marker="+", ms=4, color="black", mew=0.6, zorder=2.5)
        keys.append(
            Line2D([], [], ls="none", marker="+", ms=4.5, color="black", mew=0.8, label=f"{others_label} ({len(more)})")
        )
    ax.autoscale_view()
    ax.set(xlim=ax.get_xlim(), ylim=ax.get_ylim())
    if regions is not None:
        x, y, index = regions
        ax.pcolormesh(x, y, np.asarray(index, float), cmap=ListedColormap(tones), vmin=-0.5, vmax=len(classes) - 0.5,
                      alpha=0.13, shading="nearest", zorder=0, rasterized=True, lw=0)  # fmt: skip
    if arrows is not None:
        _arrows(where, ax, arrows, names)
    ax.set(xlabel=labels[0], ylabel=labels[1])
    _shared.legend(ax, legend, ncols=3, handles=keys)
    return count_note(ax, len(s) if n is None else n)


def ree_by_class(
    elements, values, groups, classes=None, *, normalise=None, normalisation=None, level=0.8, others=None,
    others_label="unlabelled", subject="Monazite", legend="below", n=None, ax=None,
):  # fmt: skip
    """Draw the REE (or other) pattern of each class of grains: median and the band of its grains.

    Parameters
    ----------
    elements : sequence of str, length n_elements
        In the order of the axis.
    values : array, shape (n_samples, n_elements), ppm, > 0
        NaN: not analysed or below detection; left out of medians and bands.
    groups : sequence of str, length n_samples
    classes : sequence of str, optional
        Order of the colours, at most 7; default: sorted names.
    normalise, normalisation : optional
        As in `lib.plots.spider`, such as chondrite.
    level : float, 0-1
        Share of the grains of a class that the band holds at each element, in the middle.
    others : array, shape (m, n_elements), ppm, optional
        Unlabelled grains: median and band in black.
    others_label, subject : str
    legend : str or None
    n : int or str, optional
        Default: number of labelled grains.
    ax : Axes, optional

    Returns
    -------
    Axes
    """
    where = "ree_by_class"
    ax = _check.axes_or_current(ax)
    elements = _check.names_of(where, elements)
    v = _check.array(where, "values", values, (None, len(elements)), positive=True)
    groups = np.array(_check.names_of(where, groups, len(v)), dtype=object)
    classes = sorted(set(groups)) if classes is None else _check.names_of(where, classes)
    empty = [name for name in classes if not np.any(groups == name)]
    if empty:
        raise ValueError(f"{where}: no grain of {', '.join(empty)}; groups hold {', '.join(sorted(set(groups)))}")
    tail = (1 - float(level)) / 2
    rows = [_quantiles(v[groups == name], [tail, 0.5, 1 - tail]) for name in classes]
    low, middle, high = np.moveaxis(np.array(rows), 1, 0)
    keys = []
    if others is not None:
        by = np.ones(len(elements)) if normalise is None else np.asarray(normalise, float)
        more = _check.array(where, "others", others, (None, len(elements)), positive=True)
        q = _quantiles(more, [tail, 0.5, 1 - tail]) / by
        at = np.flatnonzero(np.isfinite(q[1]))
        ax.fill_between(
            at, q[0][at], q[2][at], facecolor="none", edgecolor="#555555", hatch="////", lw=0.5, alpha=0.6, zorder=1.8
        )
        ax.plot(at, q[1][at], color="black", lw=1.0, ls=(0, (4, 1.5)), zorder=3.5)
        keys.append(Line2D([], [], color="black", lw=1.0, ls=(0, (4, 1.5)), label=f"{others_label} ({len(more)})"))
    spider(elements, middle, lower=low, upper=high, series=classes, normalise=normalise, normalisation=normalisation,
           order="given", subject=subject, legend=None, n=len(v) if n is None else n, ax=ax)  # fmt: skip
    tones = class_colors(len(classes))
    for i, (name, color) in reversed(list(enumerate(zip(classes, tones, strict=True)))):
        keys.insert(0, Line2D([], [], color=color, lw=0.8, marker=_shared.MARKERS[i], ms=4.2, mec="white", mew=0.4,
                              label=f"{name} ({int(np.sum(groups == name))})"))  # fmt: skip
    keys.append(Patch(facecolor="#777777", alpha=0.3, lw=0, label=f"middle {100 * level:g} % of the grains"))
    ax.yaxis.set_major_formatter(FuncFormatter(_plain_or_power))
    _shared.legend(ax, legend, drop=15, ncols=3, handles=keys)
    return ax


def _plain_or_power(value, _position=None):
    """Write a power of ten from 10,000 on as such, another number plainly."""
    power = np.log10(value)
    return f"$10^{{{power:.0f}}}$" if value > 9999 and abs(power - round(power)) < 1e-9 else f"{value:g}"


def _quantiles(values, shares):
    """Return quantiles of each column without NaN; a column of NaN only has none."""
    out = np.full((len(shares), values.shape[1]), np.nan)
    seen = np.isfinite(values).any(axis=0)
    out[:, seen] = np.nanquantile(values[:, seen], shares, axis=0)
    return out


def _undecided(t):
    """Return the outline (m, 3) of the region where no probability reaches `t`."""
    if t <= 0.5:
        return np.array([(t, t, 1 - 2 * t), (t, 1 - 2 * t, t), (1 - 2 * t, t, t)])
    return np.array([(t, 1 - t, 0), (1 - t, t, 0), (0, t, 1 - t), (0, 1 - t, t), (1 - t, 0, t), (t, 0, 1 - t)])


def _corner_names(ax, classes):
    """Write class names at the corners, on lines that fit under them; return how many lines there are below."""
    words = [wrapped(classes[0], 30), wrapped(classes[1], 16), wrapped(classes[2], 16)]
    ax.set_tlabel(words[0], fontsize=8, labelpad=13)
    for word, x, side in zip(words[1:], (0, 1), ("left", "right"), strict=True):
        ax.annotate(word, (x, 0), (-14 if x == 0 else 14, -21), xycoords="axes fraction", textcoords="offset points", ha=side,
                    va="top", fontsize=8, linespacing=1.1)  # fmt: skip
    return max(word.count("\n") + 1 for word in words[1:])


def _ellipse(points, level, color):
    """Return the ellipse that holds `level` of a normal class of the mean and covariance of `points`."""
    size, axes = np.linalg.eigh(np.cov(points.T))
    radius = np.sqrt(np.maximum(size, 0) * stats.chi2.ppf(level, 2))
    angle = np.degrees(np.arctan2(axes[1, 1], axes[0, 1]))
    return Ellipse(
        points.mean(axis=0), 2 * radius[1], 2 * radius[0], angle=angle, fill=False, edgecolor=color, lw=1.2, zorder=3
    )


def _arrows(where, ax, arrows, names):
    """Draw loadings as arrows from the origin, as long as the panel allows, with their names."""
    a = _check.array(where, "arrows", arrows, (None, 2))
    names = _check.names_of(where, names if names is not None else [], len(a))
    (x0, x1), (y0, y1) = ax.get_xlim(), ax.get_ylim()
    ends = np.array([[x1 if u > 0 else x0, y1 if w > 0 else y0] for u, w in a])
    with np.errstate(divide="ignore"):
        room = np.where(a != 0, ends / np.where(a != 0, a, 1), np.inf)
    scale = 0.85 * np.min(room[room > 0])
    for u, w in a * scale:
        ax.plot([0, u], [0, w], color="black", lw=0.8, zorder=4, scalex=False, scaley=False)  # seen by the labels
        ax.annotate("", (u, w), (0, 0), zorder=4, arrowprops={"arrowstyle": "-|>", "color": "black", "lw": 0.8,
                    "mutation_scale": 6, "shrinkA": 0, "shrinkB": 0})  # fmt: skip
    point_labels(ax, *(a * scale).T, [term_label(name) for name in names], colors="black")


def _along_one(ax, score, groups, classes, tones, more, others_label):
    """Draw histograms of one discriminant function, in per cent of each class; return the legend."""
    everything = score if more is None else np.concatenate([score, more[:, 0]])
    edges = np.histogram_bin_edges(everything[np.isfinite(everything)], bins=int(np.clip(len(score) ** 0.5, 10, 40)))
    keys = []
    for name, color in zip(classes, tones, strict=True):
        mine = score[groups == name]
        share = 100 * np.histogram(mine, edges)[0] / max(len(mine), 1)
        ax.stairs(share, edges, fill=True, color=color, alpha=0.35, lw=0)
        ax.stairs(share, edges, color=color, lw=1.1)
        keys.append(Patch(facecolor=color, alpha=0.5, lw=0, label=f"{name} ({len(mine)})"))
    if more is not None:
        ax.stairs(100 * np.histogram(more[:, 0], edges)[0] / len(more), edges, color="black", lw=1.0, ls=(0, (3, 1.5)))
        keys.append(Line2D([], [], color="black", lw=1.0, ls=(0, (3, 1.5)), label=f"{others_label} ({len(more)})"))
    ax.set_ylim(0, None)
    return keys
