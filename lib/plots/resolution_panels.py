"""What a survey can resolve: point spreads against depth."""

from lib.plots import _check, _shared
from lib.plots.notes import count_note, panel_labels
from lib.plots.style import ROLES, class_colors

__all__ = ["resolution_panel"]

MEASURES = {
    "moment_ratio": "Recovered share of the moment (1)",
    "spread_m": "Spread of the image (m)",
    "deeper_m": "Image deeper than its source (m)",
}


def resolution_panel(frame, *, depth="depth_m", series=None, measures=None, n=None, fig=None):
    """Draw how single cells come back from an inversion, against their depth.

    Parameters
    ----------
    frame : DataFrame
        One row a source: the column named by `depth`, and columns of `measures`.
    depth : str
    series : str, optional
        Column that tells, for instance, methods apart; at most 7.
    measures : dict of str to str, optional
        Axis labels by column; default: those of moment_ratio, spread_m, deeper_m that are there.
    n : int or str, optional
        Default: number of sources.
    fig : Figure, optional
        Default: a new one of double width.

    Returns
    -------
    array of Axes, shape (n_measures,)
    """
    where = "resolution_panel"
    shown = {k: v for k, v in MEASURES.items() if k in frame} if measures is None else dict(measures)
    if not shown:
        raise ValueError(f"{where}: frame has none of {', '.join(MEASURES)}; pass measures={{column: label}}")
    _shared.has_columns(where, frame, [depth, series, *shown])
    kinds = [""] if series is None else list(dict.fromkeys(frame[series].astype(str)))
    fig, axes = _shared.grid(fig, ("double", 72), 1, len(shown), sharey=True, squeeze=False)
    axes = axes.ravel()
    for ax, (column, words) in zip(axes, shown.items(), strict=True):
        for i, (kind, color) in enumerate(zip(kinds, class_colors(len(kinds)), strict=True)):
            part = frame if series is None else frame[frame[series].astype(str) == kind]
            values = _check.array(where, column, part[column])
            ax.plot(
                values, part[depth], ls="none", marker=_shared.MARKERS[i], ms=2.6, mew=0, alpha=0.55, color=color, zorder=2
            )
            middle = part.groupby(depth)[column].median()
            if len(middle) > 1:
                ax.plot(middle, middle.index, color=color, lw=1.2, zorder=3, label=kind or None)
        perfect = {"moment_ratio": 1.0, "deeper_m": 0.0}.get(column)
        if perfect is not None:
            ax.axvline(perfect, color=ROLES["reference"], lw=0.7, ls=":", zorder=0)
        ax.set(xlabel=words)
    axes[0].set(ylabel="Depth of the source (m)")
    axes[0].set_ylim(1.04 * frame[depth].max(), 0)
    handles, labels = axes[0].get_legend_handles_labels()
    if labels:
        fig.legend(handles, labels, loc="outside lower center", ncols=len(labels), frameon=False)
    panel_labels(axes)
    count_note(axes[-1], f"{len(frame)} point sources" if n is None else n)
    return axes
