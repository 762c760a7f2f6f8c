"""Patterns of elements: multi-element (spider) and REE diagrams, and what each element tells."""

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from lib.plots import _check, _shared
from lib.plots.ends import end_labels
from lib.plots.labels import formula
from lib.plots.notes import count_note
from lib.plots.scales import plain_log_axis
from lib.plots.style import ROLES, class_colors

__all__ = ["INCOMPATIBILITY", "information_bars", "spider"]

#: Elements in the usual order of multi-element diagrams, the most incompatible in mantle melting first.
INCOMPATIBILITY = (
    "Cs", "Tl", "Rb", "Ba", "W", "Th", "U", "Nb", "Ta", "K", "La", "Ce", "Pb", "Pr", "Mo", "Sr", "P", "Nd", "Zr", "Hf",
    "Sm", "Na", "Eu", "Sn", "Sb", "Ti", "Gd", "Tb", "Dy", "Li", "Y", "Ho", "Er", "Tm", "Yb", "Lu", "Ga", "Al", "V", "Sc",
)  # fmt: skip

# never a full line: that is a median
_DASHES = ((0, (5, 1.5)), (0, (1, 1)), (0, (4, 1.2, 1, 1.2)), (0, (9, 2)), (0, (6, 1.2, 1, 1.2, 1, 1.2)))


def _order(where, elements, how):
    """Indices that put `elements` into the order wanted."""
    _check.one_of(where, "order", how, ["incompatibility", "given"])
    if how == "given":
        return np.arange(len(elements))
    strange = [e for e in elements if e not in INCOMPATIBILITY]
    if strange:
        raise ValueError(f"{where}: no place for {', '.join(strange)} in the order of incompatibility; pass element symbols "
                         "without unit, or order='given'")  # fmt: skip
    return np.argsort([INCOMPATIBILITY.index(e) for e in elements], kind="stable")


def spider(
    elements, values, *, lower=None, upper=None, middle=None, values_err=None, censored=None, series=None,
    normalise=None, normalisation=None, references=None, order="incompatibility", subject="Sample",
    band_label="95 % posterior predictive", points="line", legend="below", n=None, ax=None,
):  # fmt: skip
    """Draw a multi-element or REE diagram: measured patterns against predictive bands, on a logarithmic axis.

    Elements without a value (NaN) are left out of their series, and its line and band run straight over them.

    Parameters
    ----------
    elements : sequence of str, length n_elements
        Symbols, such as ``La``.
    values : array, shape (n_elements,) or (n_series, n_elements), ppm, > 0
        Measured (or true, or median) concentrations.
    lower, upper : array, shape of `values` or (n_elements,), ppm, > 0, optional
        95 % posterior (predictive) band: one a series, in its colour, or one in grey for all.
    middle : array, shape of `lower`, ppm, > 0, optional
        Median of the posterior predictive, a line without symbols.
    values_err : array, shape of `values`, ppm, optional
        1 sigma; drawn as 95 % bars, multiplicative (``exp(1.96 err / value)``).
    censored : array of bool, shape of `values`, optional
        Below detection, `values` then holding the limit: a hollow triangle pointing down.
    series : sequence of str, length n_series, optional
        Names; equal names share a colour and one line of the legend. At most 7 different ones.
    normalise : array, shape (n_elements,), ppm, > 0, optional
        Composition by which everything is divided.
    normalisation : str, optional
        Its name for the axis, such as ``primitive mantle``; give it without `normalise` when the input is normalised.
    references : dict of str to array, shape (n_elements,), optional
        Compositions such as DMM or N-MORB, in the unit of `values`: thin lines named at their right ends.
    order : {"incompatibility", "given"}
        Most incompatible at the left, or the order given.
    subject : str
        What is normalised: the axis reads ``Sample / primitive mantle (1)``.
    band_label : str
    points : {"line", "alone"}
        Symbols joined by a thin line, or not: the latter suits data with `middle`.
    legend : str or None
        "below", or a legend location, or None.
    n : int or str, optional
        Sample count; default: the number of series when there are several.
    ax : Axes, optional

    Returns
    -------
    Axes

    References
    ----------
    Sun & McDonough (1989) Geol. Soc. Spec. Publ. 42, 313-345: normalised multi-element diagrams.
    """
    where = "spider"
    ax = _check.axes_or_current(ax)
    elements = _check.names_of(where, elements)
    _check.one_of(where, "points", points, ["line", "alone"])
    size = len(elements)
    by = np.ones(size) if normalise is None else _check.array(where, "normalise", normalise, (size,), positive=True)
    if normalise is not None and normalisation is None:
        raise ValueError(f"{where}: normalise was given without the name of what it is; pass normalisation='primitive mantle'")
    rank = _order(where, elements, order)

    def ready(name, value):
        """Check, normalise and order one or several patterns."""
        return (_shared.series_rows(where, name, value, size, positive=True) / by)[:, rank]

    y = ready("values", values)
    names = _shared.series_names(where, series, len(y)) if series is not None or len(y) == 1 else [""] * len(y)
    kinds = list(dict.fromkeys(names))
    tone = dict(zip(kinds, class_colors(len(kinds)), strict=True))
    bound = np.zeros(size * len(y), bool) if censored is None else np.array(censored)
    bound = _check.mask(where, "censored", np.reshape(bound, -1), y.size).reshape(y.shape)[:, rank]
    sigma = None if values_err is None else _shared.series_rows(where, "values_err", values_err, size)[:, rank] / by[rank]
    at = np.arange(size)
    for i, (name, pattern) in enumerate((references or {}).items()):
        one = ready(f"references[{name!r}]", pattern)[0]
        (line,) = ax.plot(at[np.isfinite(one)], one[np.isfinite(one)], color="#666666", lw=0.8, ls=_DASHES[i % 5], zorder=1)
        line.set_gid(f"reference:{name}")
    keys = _bands(ax, where, ready, lower, upper, middle, [tone[name] for name in names], band_label)
    many = len(y) > 7
    for row, name in enumerate(names):
        there = np.isfinite(y[row])
        x, c = at[there], y[row][there]
        mark = _shared.MARKERS[kinds.index(name)]
        if points == "line":
            ax.plot(x, c, color=tone[name], lw=0.4 if many else 0.8, alpha=0.7, zorder=2.2 if many else 3)
        if values_err is not None:
            seen = ~bound[row][there]  # a limit has no error bar
            factor = np.exp(1.96 * sigma[row][there] / c)[seen]
            ax.vlines(x[seen], c[seen] / factor, c[seen] * factor, color=tone[name], lw=0.7, zorder=3)
        for hollow, pick in ((False, ~bound[row][there]), (True, bound[row][there])):
            ax.plot(x[pick], c[pick], ls="none", marker="v" if hollow else mark, ms=2.0 if many else 4.2, color=tone[name],
                    mfc="white" if hollow else tone[name], mec=tone[name] if hollow or many else "white",
                    mew=0.8 if hollow else 0.4, zorder=2.4 if many else 4)  # fmt: skip
    for i, name in enumerate(kinds):
        if name:
            style = "-" if points == "line" else "none"
            keys.insert(i, Line2D([], [], color=tone[name], lw=0.8, ls=style, marker=_shared.MARKERS[i], ms=4.2, mec="white",
                                  mew=0.4, label=name))  # fmt: skip
    if bound.any():
        keys.append(Line2D([], [], ls="none", marker="v", color="#444444", mfc="white", ms=4.2, label="below detection"))
    _dress(ax, [elements[i] for i in rank], f"{subject} / {normalisation} (1)" if normalisation else "Concentration (ppm)")
    if references:
        lines = [line for line in ax.lines if (line.get_gid() or "").startswith("reference:")]
        end_labels(ax, lines[-len(references) :], list(references))
    _shared.legend(ax, legend, drop=15, ncols=max(1, min(3, len(keys))), handles=keys)
    return count_note(ax, f"{len(y)} samples" if n is None and len(y) > 1 else n)


def _bands(ax, where, ready, lower, upper, middle, colors, label):
    """Draw the bands and their median lines; return what the legend has to say of them."""
    if (lower is None) != (upper is None):
        _check.interval(where, lower, upper, [])
    patterns = {"band": None if lower is None else (ready("lower", lower), ready("upper", upper))}
    patterns["line"] = None if middle is None else ready("middle", middle)
    keys = []
    for kind, drawn in patterns.items():
        if drawn is None:
            continue
        rows = drawn[0] if kind == "band" else drawn
        if len(rows) not in (1, len(colors)):
            raise ValueError(f"{where}: {len(rows)} {kind}s for {len(colors)} series; pass one for all, or one a series")
        common = ROLES["reference"] if len(rows) == 1 < len(colors) else None
        for i, row in enumerate(rows):
            there, color = np.isfinite(row), common or colors[i]
            x = np.flatnonzero(there)
            if kind == "band":
                low, high = _check.interval(where, row[there], drawn[1][i][there], row[there])
                ax.fill_between(x, low, high, color=color, alpha=0.22, lw=0, zorder=2)
            else:
                ax.plot(x, row[there], color=color, lw=1.1, zorder=2.6)
        shown = common or (colors[0] if len(set(colors)) == 1 else "#777777")
        if kind == "band":
            keys.append(Patch(facecolor=shown, alpha=0.3, lw=0, label=label))
        else:
            keys.append(Line2D([], [], color=shown, lw=1.1, label="its median"))
    return keys


def _dress(ax, names, label):
    """Scale and label the axes of a pattern."""
    ax.set_yscale("log")
    low, high = ax.get_ylim()
    ax.set(xlim=(-0.6, len(names) - 0.4), ylim=(low, high), ylabel=label)
    ax.set_xticks(np.arange(len(names)), [formula(name) for name in names])
    ax.tick_params(axis="x", length=2)
    plain_log_axis(ax, "y")
    ax.grid(axis="x")


def information_bars(
    elements, information, *, series=None, needed=None, sort="incompatibility", log=False,
    label="Information on absolute $F$, $\\Sigma_i(g'_{ij}-\\bar g'_j)^2$ (1)", legend="best", n=None, ax=None,
):  # fmt: skip
    """Draw how much each element tells of the absolute melt fraction, for one or several models.

    Parameters
    ----------
    elements : sequence of str, length n_elements
    information : array, shape (n_elements,) or (n_series, n_elements), >= 0
        Centred information, the sum over samples of the squared deviation of d ln(C_L/C_0)/d ln F from its mean.
    series : sequence of str, length n_series, optional
        Names of the models; at most 7.
    needed : float, optional
        Level drawn as a line, such as what a stated precision asks for.
    sort : {"incompatibility", "value", "given"}
        "value": the most telling (by the first series) first.
    log : bool
        Logarithmic axis; elements with zero information then have no bar.
    label : str
    legend : str or None
        Location, "below", or None.
    n : int or str, optional
    ax : Axes, optional

    Returns
    -------
    Axes
    """
    where = "information_bars"
    ax = _check.axes_or_current(ax)
    elements = _check.names_of(where, elements)
    _check.one_of(where, "sort", sort, ["incompatibility", "value", "given"])
    v = _shared.series_rows(where, "information", information, len(elements))
    if np.nanmin(v) < 0:
        raise ValueError(f"{where}: information spans down to {np.nanmin(v):.3g}, expected >= 0; it is a sum of squares")
    names = _shared.series_names(where, series, len(v))
    order = np.argsort(-np.nan_to_num(v[0]), kind="stable") if sort == "value" else _order(where, elements, sort)
    at, wide = np.arange(len(elements)), 0.8 / len(v)
    for i, (name, color) in enumerate(zip(names, class_colors(len(names)), strict=True)):
        ax.bar(at + (i - (len(v) - 1) / 2) * wide, v[i][order], wide * 0.94, color=color, zorder=2, label=name or None)
    if needed is not None:
        ax.axhline(needed, color="black", lw=0.8, ls=(0, (4, 2)), zorder=3, label=f"needed: {needed:.2g}")
    if log:
        ax.set_yscale("log")
        plain_log_axis(ax, "y")
    ax.set_xticks(at, [formula(elements[i]) for i in order], rotation=90 if len(elements) > 18 else 0)
    ax.tick_params(axis="x", length=0)
    ax.set(xlim=(-0.6, len(elements) - 0.4), ylabel=label)
    _shared.legend(ax, legend, drop=15, ncols=3)
    return count_note(ax, n)
