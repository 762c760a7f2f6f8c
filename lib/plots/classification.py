"""How a classifier does: confusion matrix, reliability of its probabilities, and shares of classes in unlabelled samples."""

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import NullLocator
from matplotlib.transforms import ScaledTranslation

from lib.plots import _check, _shared
from lib.plots._strips import strip
from lib.plots.feature_labels import wrapped
from lib.plots.notes import count_note
from lib.plots.style import OKABE_ITO, ROLES, class_colors, field_map

__all__ = ["class_proportions", "confusion_matrix", "reliability"]

_FEW = 10  # probabilities in a bin, below which its symbol is hollow


def confusion_matrix(
    counts, classes, *, predicted=None, label_true="Known class", label_predicted="Predicted class", n=None, ax=None
):
    """Draw a confusion matrix: counts, shares of each known class, recall and precision with 95 % intervals.

    Parameters
    ----------
    counts : array, shape (K, M), whole numbers
        Rows: known class; columns: predicted class.
    classes : sequence of str, length K
    predicted : sequence of str, length M, optional
        Columns; default `classes`. Columns that are no class, such as ``undetermined``, stand last.
    label_true, label_predicted : str
    n : int or str, optional
        Default: number of samples and accuracy.
    ax : Axes, optional

    Returns
    -------
    Axes

    References
    ----------
    Wilson (1927) J. Am. Stat. Assoc. 22, 209-212: interval of a proportion.
    """
    where = "confusion_matrix"
    ax = _check.axes_or_current(ax)
    classes = _check.names_of(where, classes)
    columns = classes if predicted is None else _check.names_of(where, predicted)
    c = _check.array(where, "counts", counts, (len(classes), len(columns)))
    c, _ = _shared.counts(where, c, max(c.sum(), 1))
    if columns[: len(classes)] != classes:
        raise ValueError(f"{where}: columns are {', '.join(columns)}; the classes {', '.join(classes)} come first, in order")
    total = c.sum(axis=1)
    share = np.divide(c, total[:, None], out=np.full(c.shape, np.nan), where=total[:, None] > 0)
    image = ax.imshow(share, cmap=field_map("light"), vmin=0, vmax=1.25, aspect="auto")
    for (i, j), value in np.ndenumerate(c):
        dark = np.isfinite(share[i, j]) and np.dot(image.cmap(image.norm(share[i, j]))[:3], (0.299, 0.587, 0.114)) < 0.5
        words = f"{value:,.0f}" + (f"\n{100 * share[i, j]:.1f} %" if total[i] else "")
        ax.text(j, i, words, ha="center", va="center", fontsize=7.5 if i == j else 7, color="white" if dark else "black",
                fontweight="bold" if i == j else "normal", linespacing=1.2)  # fmt: skip
    texts, upright, deep = _column_names(ax, columns)
    ax.set_xticks(range(len(columns)), texts, rotation=90 if upright else 0)
    ax.set_yticks(range(len(classes)), [f"{wrapped(name)}\n({t:,.0f})" for name, t in zip(classes, total, strict=True)])
    ax.set(xlabel=label_predicted, ylabel=label_true)
    ax.tick_params(length=0)
    for edge in np.arange(0.5, max(c.shape)):
        ax.axhline(edge, color="white", lw=1.2)
        ax.axvline(edge, color="white", lw=1.2)
    ax.set(xlim=(-0.5, len(columns) - 0.5), ylim=(len(classes) - 0.5, -0.5))
    hit = np.diag(c)
    ax.annotate("Recall", (1, 1), (4, 4), xycoords="axes fraction", textcoords="offset points", fontsize=7, va="bottom",
                fontstyle="italic")  # fmt: skip
    for i in np.flatnonzero(total > 0):
        _shared.right_note(ax, i, _percent(hit[i], total[i]))
    below = c.sum(axis=0)[: len(classes)]
    for j in np.flatnonzero(below > 0):
        ax.annotate(_percent(hit[j], below[j]), (j, 0), (0, -deep), xycoords=("data", "axes fraction"),
                    textcoords="offset points", ha="center", va="top", fontsize=7, linespacing=1.2)  # fmt: skip
    ax.annotate("Precision", (1, 0), (4, -deep), xycoords="axes fraction", textcoords="offset points", fontsize=7, va="top",
                fontstyle="italic")  # fmt: skip
    under = ax.transAxes + ScaledTranslation(0, -(deep + 22) / 72, ax.figure.dpi_scale_trans)
    ax.xaxis.set_label_coords(0.5, 0, transform=under)
    return count_note(ax, f"n = {c.sum():,.0f}, {100 * hit.sum() / max(c.sum(), 1):.1f} % correct" if n is None else n)


def reliability(
    probabilities, known, classes=None, *, bins=10, pooled=False, only=None, label="Predicted probability (%)",
    legend="below", n=None, ax=None,
):  # fmt: skip
    """Draw observed shares of classes against predicted probabilities, with the count of each bin.

    Parameters
    ----------
    probabilities : array, shape (n_samples, K), 0-1, rows sum to 1
        Held-out ones.
    known : sequence of str, length n_samples
        Known classes.
    classes : sequence of str, length K, optional
        Of the columns; default: the sorted names in `known`.
    bins : int, >= 2
        Of equal width; empty ones are left out.
    pooled : bool
        One line for all classes instead of one each. Probabilities of one grain in one bin are not independent, so that
        the bars are then a little short; those of grains of one rock are so in any case.
    only : str, optional
        The one class whose line is drawn.  Of two classes, one says all: the line of the other is its mirror image.
    label : str
    legend : str or None
    n : int or str, optional
        Default: number of samples; the legend states the expected calibration error, the mean over the classes drawn.
    ax : Axes, optional

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        For `only` together with `pooled`, or a class that is not there.

    References
    ----------
    Niculescu-Mizil & Caruana (2005) Proc. 22nd ICML, 625-632: reliability diagrams.
    """
    where = "reliability"
    ax = _check.axes_or_current(ax)
    p, known, classes = probabilities_of(where, probabilities, known, classes)
    if only is not None and (pooled or only not in classes):
        raise ValueError(f"{where}: only = {only!r}, pooled = {pooled}; expected one of {', '.join(classes)}, not pooled")
    hit = known[:, None] == np.array(classes, dtype=object)
    edges = np.linspace(0, 1, int(bins) + 1)
    over = strip(ax, "above", 26, 3)
    series = [(k, p[:, i], hit[:, i]) for i, k in enumerate(classes) if only in (None, k)]
    if pooled:
        series = [("all classes", p.ravel(), hit.ravel())]
    ax.plot([0, 100], [0, 100], color=ROLES["reference"], lw=0.8, zorder=1)
    off, keys, scarce = [], [], False
    for i, ((name, one, yes), color) in enumerate(zip(series, class_colors(len(series)), strict=True)):
        place = np.clip(np.digitize(one, edges) - 1, 0, len(edges) - 2)
        count = np.bincount(place, minlength=len(edges) - 1)
        there = count > 0
        mean = np.bincount(place, one, minlength=len(count))[there] / count[there]
        right = np.bincount(place, yes, minlength=len(count))[there]
        seen = right / count[there]
        reach = _check.bars_around(seen, *_shared.wilson(right, count[there]))
        ax.errorbar(100 * mean, 100 * seen, 100 * reach, fmt="none", ecolor=color, elinewidth=0.8, alpha=0.6, zorder=2)
        ax.plot(100 * mean, 100 * seen, color=color, lw=0.9, alpha=0.5, zorder=2.5)
        for few, fill in ((False, color), (True, "white")):
            pick = (count[there] < _FEW) == few
            ax.plot(100 * mean[pick], 100 * seen[pick], ls="none", marker=_shared.MARKERS[i], ms=4, mfc=fill, mew=0.8,
                    mec=color if few else "white", zorder=3)  # fmt: skip
        keys.append(Line2D([], [], color=color, lw=0.9, marker=_shared.MARKERS[i], ms=4, mec="white", mew=0.4, label=name))
        scarce |= bool(np.any(count[there] < _FEW))
        off.append(np.sum(count[there] * np.abs(seen - mean)) / count.sum())
        over.stairs(count, 100 * edges, color=color, lw=1.0, baseline=0.1)
    over.set(yscale="log", ylim=(0.7, None))
    over.yaxis.set_minor_locator(NullLocator())
    top = 10 ** int(np.log10(max(over.get_ylim()[1], 10)))
    over.set_yticks([1, top], ["1", f"{top:,}"])
    over.set_ylabel("Count", fontsize=7)
    over.spines[["top", "right"]].set_visible(False)
    ax.set(xlim=(-2, 102), ylim=(-2, 102), xlabel=label, ylabel="Observed share (%)")
    ax.set_xticks(range(0, 101, 20))
    ax.set_yticks(range(0, 101, 20))
    ax.grid()
    keys.append(Line2D([], [], color=ROLES["reference"], lw=0.8, label="calibrated"))
    if scarce:
        keys.append(Line2D([], [], ls="none", marker="o", ms=4, mfc="white", mec="#444444", mew=0.8,
                           label=f"fewer than {_FEW} in the bin"))  # fmt: skip
    _shared.legend(ax, legend, ncols=2, handles=keys, title=f"expected calibration error {100 * np.mean(off):.1f} %")
    return count_note(ax, len(p) if n is None else n)


def class_proportions(
    proportion, classes, *, lower=None, upper=None, methods=None, truth=None, interval_label="95 % interval",
    label="Share of grains (%)", legend="below", n=None, ax=None,
):  # fmt: skip
    """Draw the shares of classes in a sample, by one or several estimators, with intervals and the truth.

    Parameters
    ----------
    proportion : array, shape (K,) or (n_methods, K), 0-1
        NaN: a class that the method does not have, such as ``undetermined``.
    classes : sequence of str, length K
    lower, upper : array, shape of `proportion`, 0-1, optional
    methods : sequence of str, length n_methods, optional
        At most 7.
    truth : array, shape (K,), 0-1, optional
        Black lines; NaN: unknown.
    interval_label, label : str
    legend : str or None
    n : int or str, optional
    ax : Axes, optional

    Returns
    -------
    Axes
    """
    where = "class_proportions"
    ax = _check.axes_or_current(ax)
    classes = _check.names_of(where, classes)
    p = _shared.series_rows(where, "proportion", proportion, len(classes))
    if np.nanmin(p) < -1e-9 or np.nanmax(p) > 1 + 1e-9:
        raise ValueError(f"{where}: proportion spans {np.nanmin(p):.3g}-{np.nanmax(p):.3g}, expected 0-1; divide by the total")
    bounds = [None if b is None else _shared.series_rows(where, "interval", b, len(classes)) for b in (lower, upper)]
    bounds = _check.interval(where, *bounds, p)
    names = _shared.series_names(where, methods, len(p))
    at, wide = np.arange(len(classes)), 0.78 / len(p)
    colors = [OKABE_ITO["blue"]] if len(p) == 1 else class_colors(len(p))
    for k, color in enumerate(colors):
        place = at + (k - (len(p) - 1) / 2) * wide
        ax.bar(place, 100 * p[k], wide * 0.9, color=color, alpha=0.8, lw=0, zorder=2)
        if bounds[0] is not None:
            reach = 100 * _check.bars_around(p[k], bounds[0][k], bounds[1][k])
            ax.errorbar(
                place, 100 * p[k], reach, fmt="none", ecolor="#222222", elinewidth=0.9, capsize=1.8, capthick=0.9, zorder=3
            )
    keys = [Patch(facecolor=color, alpha=0.8, lw=0, label=name) for name, color in zip(names, colors, strict=True) if name]
    if bounds[0] is not None:
        keys.append(Line2D([], [], color="#222222", lw=0.9, label=interval_label))
    if truth is not None:
        t = 100 * _check.array(where, "truth", truth, (len(classes),))
        ax.hlines(t, at - 0.44, at + 0.44, color="black", lw=1.6, zorder=4)
        keys.append(Line2D([], [], color="black", lw=1.6, label="truth"))
    ax.set_xticks(at, [wrapped(name, 16) for name in classes])
    ax.tick_params(axis="x", length=0)
    spec = ax.get_subplotspec()
    inner = spec is not None and not spec.is_first_col() and len(ax.get_shared_y_axes().get_siblings(ax)) > 1
    ax.set(xlim=(-0.5, len(classes) - 0.5), ylabel=None if inner else label)
    ax.grid(axis="y")
    lines = max(wrapped(name, 16).count("\n") + 1 for name in classes)
    _shared.legend(ax, legend, drop=7 + 9 * lines, ncols=3, handles=keys)
    return count_note(ax, n)


def probabilities_of(where, probabilities, known, classes):
    """Return checked probabilities (n, K), known classes (n,) as objects, and the names of the columns."""
    known = np.array(_check.names_of(where, known), dtype=object)
    classes = sorted(set(known)) if classes is None else _check.names_of(where, classes)
    p = _check.array(where, "probabilities", probabilities, (len(known), len(classes)))
    strange = sorted(set(known) - set(classes))
    if strange:
        raise ValueError(f"{where}: known holds {', '.join(strange)}, not among the classes {', '.join(classes)}")
    sums_to_one(where, p)
    return p, known, classes


def sums_to_one(where, p):
    """Raise ValueError unless the rows of `p` are probabilities."""
    off = np.abs(p.sum(axis=1) - 1)
    if np.any(p < -1e-9) or np.any(off > 1e-3):
        row = int(np.argmax(np.where(np.any(p < 0, axis=1), np.inf, off)))
        raise ValueError(f"{where}: row {row} of probabilities holds {p[row].min():.3g} to {p[row].max():.3g} and sums to "
                         f"{p[row].sum():.4g}; expected values 0-1 whose sum is 1")  # fmt: skip


def _column_names(ax, names):
    """Return names that fit under the columns, whether they have to stand upright, and their depth in points."""
    # before the layout: names of rows and recall take about a quarter; a letter of 7 points is about 1.5 mm wide
    wide = 0.72 * ax.get_position().width * ax.figure.bbox.width / ax.figure.dpi * 25.4 / len(names)
    texts = [wrapped(name, max(int(wide / 1.5), 8)) for name in names]
    if 1.5 * max(len(line) for text in texts for line in text.split("\n")) < wide:
        return texts, False, 8 + 8.5 * max(text.count("\n") + 1 for text in texts)
    texts = [wrapped(name, 16) for name in names]
    return texts, True, 9 + 4.0 * max(len(line) for text in texts for line in text.split("\n"))


def _percent(count, total):
    """Return '94.2 %' over its 95 % interval."""
    low, high = _shared.wilson(count, total)
    return f"{100 * count / total:.1f} %\n({100 * low:.0f}–{100 * high:.0f})"
