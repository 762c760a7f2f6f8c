"""How well known directions are found again, by number of samples or noise, method and process."""

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.ticker import NullLocator

from lib.plots import _shared
from lib.plots.scales import plain_log_axis
from lib.plots.style import class_colors

__all__ = ["recovery_panels"]


def recovery_panels(
    frame, *, x="n_samples", value="cosine", lower="cosine_low", upper="cosine_high", line="method", column="process",
    as_angle=True, limits=None, x_label="Samples (count)", y_label=None, n=None, fig=None,
):  # fmt: skip
    """Draw the agreement with known directions against the number of samples (or noise), in a panel a process.

    Parameters
    ----------
    frame : DataFrame
        Tidy: one row a cell, method and process.
    x, value : str
        Columns of the abscissa (> 0) and of the agreement, |cos|, 0-1.
    lower, upper : str or None
        Columns of its spread between data sets, drawn as bars.
    line, column : str
        Columns that make the lines (at most 7) and the panels.
    as_angle : bool
        Draw the angle of |cos|, degrees, on a logarithmic axis (downwards is better); else `value` itself.
    limits : dict of str to float, optional
        Accepted `value` by panel, a dashed line.
    x_label, y_label : str
    n : int or str, optional
        Data sets a cell, written over the legend.
    fig : Figure or SubFigure, optional
        Default: a new figure of the double width.

    Returns
    -------
    array of Axes, shape (n_panels,)
    """
    where = "recovery_panels"
    spread = lower is not None and upper is not None
    _shared.has_columns(where, frame, (x, value, line, column, *((lower, upper) if spread else ())))
    if as_angle and (frame[value].min() < 0 or frame[value].max() > 1 + 1e-9):
        raise ValueError(f"{where}: {value} spans {frame[value].min():.3g}-{frame[value].max():.3g}, expected |cos| 0-1; pass "
                         "as_angle=False for another measure")  # fmt: skip
    lines, panels = list(dict.fromkeys(frame[line])), list(dict.fromkeys(frame[column]))

    def drawn(v):
        """Return angles, at least 0.1 degrees, or the value itself."""
        return np.maximum(np.rad2deg(np.arccos(np.minimum(v, 1))), 0.1) if as_angle else np.asarray(v, float)

    fig, axes = _shared.grid(fig, ("double", 82), 1, len(panels), squeeze=False, sharex=True, sharey=True)
    ticks = np.unique(frame[x])
    for ax, panel in zip(axes[0], panels, strict=True):
        part = frame[frame[column] == panel]
        for i, (name, color) in enumerate(zip(lines, class_colors(len(lines)), strict=True)):
            one = part[part[line] == name].sort_values(x, kind="stable")
            at = one[x].to_numpy(float) * 1.035 ** (i - (len(lines) - 1) / 2)  # beside one another
            if spread:
                ends = np.sort([drawn(one[lower]), drawn(one[upper])], axis=0)
                ax.vlines(at, *ends, color=color, lw=0.9, alpha=0.55, zorder=2)
            ax.plot(
                at, drawn(one[value]), color=color, lw=1.0, marker=_shared.MARKERS[i], ms=4, mec="white", mew=0.4, zorder=3
            )
        if limits and panel in limits:
            ax.axhline(float(drawn(limits[panel])), color="black", lw=0.8, ls=(0, (4, 2)), zorder=1)
        ax.set(xscale="log", xlabel=x_label)
        ax.set_title(str(panel), fontsize=7.5)
        ax.grid(axis="y")
        ax.set_xticks(ticks, [f"{t:g}" for t in ticks])
        ax.xaxis.set_minor_locator(NullLocator())
    if as_angle:
        axes[0, 0].set_yscale("log")
        plain_log_axis(axes[0, 0], "y")
    axes[0, 0].set_ylabel(y_label or ("Angle to the true direction (°)" if as_angle else value))
    keys = [Line2D([], [], color=color, lw=1.0, marker=_shared.MARKERS[i], ms=4, mec="white", mew=0.4, label=str(name))
            for i, (name, color) in enumerate(zip(lines, class_colors(len(lines)), strict=True))]  # fmt: skip
    if limits:
        keys.append(Line2D([], [], color="black", lw=0.8, ls=(0, (4, 2)), label="accepted"))
    fig.legend(handles=keys, loc="outside lower center", ncols=4, borderpad=0,
               title=f"{n} data sets a cell" if isinstance(n, int) else n)  # fmt: skip
    return axes[0]
