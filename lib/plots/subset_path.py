"""Loss against the size of the subset, and models compared under several schemes of cross-validation."""

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from lib.plots import _check, _shared
from lib.plots.feature_labels import term_label
from lib.plots.notes import count_note
from lib.plots.style import OKABE_ITO, ROLES, class_colors

__all__ = ["path_by_size", "scheme_contrast"]

_BAND = "#FBE3BC"
_RANGE, _MIDDLE = "#E4E4E4", "#8A8A8A"


def path_by_size(
    frame, *, size="size", loss="loss", error="loss_se", series=None, density=None, empty=None, nested=None, truth=None,
    one_se=True, limits=None, label="Cross-validated log-loss (nats)", legend="below", n=None, ax=None,
):  # fmt: skip
    """Draw the loss of the best subset of each size, with what is as good within one standard error.

    Parameters
    ----------
    frame : DataFrame
        One row a size (and series): the best subset.
    size, loss : str
        Columns.
    error : str or None
        Column of the standard error of the loss; left out where the frame does not have it.
    series : str, optional
        Column that names several searches, such as schemes of cross-validation; at most 7. The one-SE band is drawn
        for a single search only.
    density : DataFrame, optional
        Density of states (columns ``size``, ``loss_low``, ``loss_high``, ``count``): the range and median of all
        subsets of each size are drawn, within `limits`.
    empty : float, optional
        Loss of the model without features.
    nested : (float, float), optional
        Loss and standard error of "search, then select" by nested cross-validation.
    truth : int, optional
        True number of features.
    one_se : bool
        Shade what is within one standard error of the least loss, and mark the smallest subset there.
    limits : (float, float), optional
        Of the loss axis; default: of the path, not of all subsets.
    label : str
        With its unit.
    legend : str or None
    n : int or str, optional
    ax : Axes, optional

    Returns
    -------
    Axes
    """
    where = "path_by_size"
    ax = _check.axes_or_current(ax)
    _shared.has_columns(where, frame, (size, loss, series))
    error = error if error in frame.columns else None
    kinds = [""] if series is None else list(dict.fromkeys(frame[series]))
    keys, ends = [], [] if empty is None else [float(empty)]
    if density is not None:
        keys += _all_subsets(where, ax, density)
    if truth is not None:
        ax.axvline(truth, color=ROLES["immobile"], lw=3.5, alpha=0.35, zorder=0.6)
        keys.append(Line2D([], [], color=ROLES["immobile"], lw=3.5, alpha=0.35, label=f"true size: {truth}"))
    for i, (kind, color) in enumerate(zip(kinds, class_colors(len(kinds)), strict=True)):
        part = (frame if series is None else frame[frame[series] == kind]).sort_values(size, kind="stable")
        k, e = part[size].to_numpy(float), part[loss].to_numpy(float)
        se = np.zeros(len(e)) if error is None else np.nan_to_num(part[error].to_numpy(float))
        shift = 0.08 * (i - (len(kinds) - 1) / 2)
        ends += [*(e - se), *(e + se)]
        ax.errorbar(k + shift, e, se if error else None, color=color, lw=1.0, elinewidth=0.8, marker=_shared.MARKERS[i], ms=4,
                    mec="white", mew=0.4, zorder=3)  # fmt: skip
        words = "best of each size" if series is None else str(kind)
        keys.append(Line2D([], [], color=color, lw=1.0, marker=_shared.MARKERS[i], ms=4, mec="white", mew=0.4,
                           label=words + (" (± SE)" if error else "")))  # fmt: skip
        if series is None and one_se and error:
            low = int(np.nanargmin(e))
            line = e[low] + se[low]
            small = int(np.flatnonzero(e <= line)[np.argmin(k[e <= line])])
            ax.axhspan(e[low], line, color=_BAND, lw=0, zorder=0.5)
            keys.append(Patch(facecolor=_BAND, lw=0, label="within one SE of the best"))
            for at, tone, text in ((low, OKABE_ITO["vermillion"], f"least loss: {k[low]:g}"),
                                   (small, "black", f"smallest within one SE: {k[small]:g}")):  # fmt: skip
                ring = {
                    "ls": "none",
                    "marker": "o",
                    "ms": 9 if at == low and tone != "black" else 12,
                    "mfc": "none",
                    "mec": tone,
                }
                ax.plot([k[at]], [e[at]], mew=1.2, zorder=4, **ring)
                keys.append(Line2D([], [], mew=1.2, **{**ring, "ms": 7}, label=text))
    sizes = np.unique(frame[size])
    right = sizes[-1] + 0.6
    if nested is not None:
        value, spread = (float(v) for v in nested)
        ends += [value - spread, value + spread]
        right = sizes[-1] + 1.4
        ax.errorbar([sizes[-1] + 0.8], [value], [spread], fmt="D", color="black", ms=4.2, mfc="white", mew=1.0, elinewidth=1.0,
                    zorder=4)  # fmt: skip
        ax.axvline(sizes[-1] + 0.45, color="#BBBBBB", lw=0.6)
        keys.append(Line2D([], [], ls="none", marker="D", color="black", ms=4.2, mfc="white", mew=1.0,
                           label="search then select, nested CV"))  # fmt: skip
    if empty is not None:
        ax.axhline(empty, color="black", lw=0.8, ls=(0, (4, 2)), zorder=1)
        keys.append(Line2D([], [], color="black", lw=0.8, ls=(0, (4, 2)), label="no feature"))
    low, high = (np.nanmin(ends), np.nanmax(ends)) if limits is None else limits
    room = 0.04 * (high - low) if limits is None else 0
    ax.set(xlim=(sizes[0] - 0.6, right), ylim=(low - room, high + room), xlabel="Features in the subset (count)", ylabel=label)
    ax.xaxis.set_major_locator(MaxNLocator(10, integer=True))
    ax.set_xticks([t for t in ax.get_xticks() if sizes[0] <= t <= sizes[-1]])
    ax.grid(axis="y")
    _shared.legend(ax, legend, ncols=3, handles=keys)
    return count_note(ax, n)


def _all_subsets(where, ax, density):
    """Draw the range and the median of all subsets of each size; return what a legend has to say of them."""
    _shared.has_columns(f"{where} (density)", density, ("size", "loss_low", "loss_high", "count"))
    seen = density[density["count"] > 0]
    for size, part in seen.groupby("size"):
        part = part.sort_values("loss_low")
        half = np.searchsorted(part["count"].cumsum().to_numpy(), part["count"].sum() / 2)
        middle = part[["loss_low", "loss_high"]].mean(axis=1).iloc[int(half)]
        low, high = part["loss_low"].min(), part["loss_high"].max()
        ax.bar(size, high - low, 0.7, bottom=low, color=_RANGE, lw=0, zorder=0.8)
        ax.plot([size - 0.35, size + 0.35], [middle, middle], color=_MIDDLE, lw=1.2, zorder=0.9)
    return [
        Patch(facecolor=_RANGE, lw=0, label="all subsets: range"),
        Line2D([], [], color=_MIDDLE, lw=1.2, label="and median"),
    ]


def scheme_contrast(
    frame, *, model="model", scheme="scheme", value="rmse", error="se", reference=None, label="RMSE of cross-validation (K)",
    n=None, fig=None,
):  # fmt: skip
    """Draw models under several schemes of cross-validation side by side: what one scheme finds, another may not.

    Parameters
    ----------
    frame : DataFrame
        Tidy: one row a model and scheme.
    model, scheme : str
        Columns; rows and panels stand in the order of first appearance.
    value : str
        Column of the error of prediction.
    error : str or None
        Column of its standard error; left out where the frame does not have it.
    reference : str, optional
        Model drawn as a line (with a band of its standard error); the others get their difference from it in per cent.
    label : str
        With its unit.
    n : int, str or dict of str to str, optional
        Sample count: of all panels, or of each, by its scheme, with words (``449 pairs``).
    fig : Figure or SubFigure, optional
        Default: a new figure of the double width.

    Returns
    -------
    array of Axes, shape (n_schemes,)
    """
    where = "scheme_contrast"
    _shared.has_columns(where, frame, (model, scheme, value))
    error = error if error in frame.columns else None
    models, schemes = list(dict.fromkeys(frame[model])), list(dict.fromkeys(frame[scheme]))
    if reference is not None and reference not in models:
        raise ValueError(f"{where}: reference {reference!r} is none of the models {', '.join(map(str, models))}")
    if frame.duplicated([model, scheme]).any():
        raise ValueError(f"{where}: more than one row of the same {model} and {scheme}; pass one a pair")
    fig, axes = _shared.grid(fig, ("double", 26 + 6.0 * len(models)), 1, len(schemes), squeeze=False, sharey=True)
    for i, (ax, name, color) in enumerate(zip(axes[0], schemes, class_colors(len(schemes)), strict=True)):
        part = frame[frame[scheme] == name].set_index(model).reindex(models)
        v = part[value].to_numpy(float)
        se = np.full(len(v), np.nan) if error is None else part[error].to_numpy(float)
        at = np.arange(len(models))
        if reference is not None:
            k = models.index(reference)
            ax.axvline(v[k], color=ROLES["reference"], lw=0.9, zorder=1)
            if np.isfinite(se[k]):
                ax.axvspan(v[k] - se[k], v[k] + se[k], color=ROLES["shade"], lw=0, zorder=0)
            for row in at[np.isfinite(v)]:
                change = 100 * (v[row] / v[k] - 1)
                text = "reference" if row == k else f"{change:+.1f} %".replace("-", "\N{MINUS SIGN}")
                _shared.right_note(ax, row, text, "#777777" if row == k else "black")
        ax.errorbar(
            v, at, xerr=None if error is None else np.nan_to_num(se), fmt="none", ecolor=color, elinewidth=1.0, zorder=2
        )
        ax.plot(v, at, ls="none", marker=_shared.MARKERS[i], ms=5, color=color, mec="white", mew=0.4, zorder=3)
        best = int(np.nanargmin(v))
        ax.plot([v[best]], [best], ls="none", marker="o", ms=10, mfc="none", mec=OKABE_ITO["black"], mew=0.9, zorder=4)
        for row in at[~np.isfinite(v)]:
            _shared.right_note(ax, row, "not run", "#777777")
        ax.set_title(f"{name}\n{n[name]}" if isinstance(n, dict) else str(name), loc="left", fontsize=7.5)
        ax.set(xlabel=label, ylim=(len(models) - 0.4, -0.6))
        ax.xaxis.set_major_locator(MaxNLocator(4))
        ax.grid(axis="x")
        ax.tick_params(axis="y", length=0)
    axes[0, 0].set_yticks(np.arange(len(models)), [term_label(name) for name in models])
    words = "○ least of the panel" + ("; bars: ±1 standard error" if error else "")
    words += "" if n is None or isinstance(n, dict) else f"; {n}" if isinstance(n, str) else f"; n = {n}"
    fig.legend([], [], loc="outside lower center", title=words, borderpad=0)
    return axes[0]
