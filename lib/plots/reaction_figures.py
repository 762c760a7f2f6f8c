"""Rate constants along an iteration, and maps of when a reaction is seen."""

import numpy as np

from lib.plots import _check
from lib.plots.ends import end_labels
from lib.plots.notes import count_note
from lib.plots.scales import color_bar
from lib.plots.style import ROLES, class_colors, field_map, figure

__all__ = ["detectability_map", "em_path"]


def em_path(
    path, *, truth=None, names=None, label="Rate constant (mol per unit time)", x_label="EM iteration", n=None, ax=None
):
    """Draw every rate constant along the iterations; those that end at zero are grey.

    Parameters
    ----------
    path : DataFrame
        Columns iteration, reaction, rate.
    truth : mapping of str to float, optional
        True rate constants of the reactions that ran, drawn as ticks at the right; the others are zero.
    names : mapping of str to str, optional
        Names written at the ends of lines.
    label, x_label : str
        Axis labels with units.
    n : int or str, optional
        Sample count.
    ax : Axes, optional
        Default: the current one.

    Returns
    -------
    Axes
    """
    where = "em_path"
    ax = _check.axes_or_current(ax)
    missing = [c for c in ("iteration", "reaction", "rate") if c not in path]
    if missing:
        raise ValueError(f"{where}: path has no column {missing[0]!r}; expected iteration, reaction, rate")
    reactions = list(dict.fromkeys(path["reaction"]))
    curves = {r: path.loc[path["reaction"] == r, "rate"].to_numpy(float) for r in reactions}
    steps = np.unique(path["iteration"])
    kept = [r for r in reactions if curves[r][-1] > 0]
    # colours are given to all candidates, so that panels of two fits agree
    tints = dict(zip(reactions, class_colors(min(len(reactions), 7)) * (1 + len(reactions) // 7), strict=False))
    tints = {r: tints[r] for r in {*kept, *(truth or ())}}
    lines = []
    for r in reactions:
        on = r in kept
        (line,) = ax.plot(
            steps[: len(curves[r])],
            curves[r],
            color=tints.get(r, ROLES["muted"]),
            lw=1.2 if on else 0.7,
            zorder=3 if on else 2,
        )
        if on:
            lines.append((line, (names or {}).get(r, r)))
    if truth:
        for r, value in truth.items():
            ax.axhline(value, color=tints.get(r, "black"), lw=0.8, ls=":", zorder=1)
    top = 1.08 * max([path["rate"].max(), *(truth or {}).values()])
    # an axis that panels share keeps what the others need
    ax.set(
        xlabel=x_label,
        ylabel=label,
        xlim=(steps[0], steps[-1]),
        ylim=(0, max(top, ax.get_ylim()[1] if ax.get_ylim()[0] == 0 else 0)),
    )
    if lines:
        end_labels(ax, [line for line, _ in lines], [text for _, text in lines])
    return count_note(ax, n)


def detectability_map(
    frame, *, x="noise", y="n_times", panel="multiplier", value="probability", x_text="{:g}", y_text="{:g}",
    panel_text="{:g}", x_label="Noise", y_label="Number of times", label="Probability that it is seen (%)", fig=None,
):  # fmt: skip
    """Draw a table of probabilities for each value of a third quantity, all on one scale from 0 to 100 %.

    Parameters
    ----------
    frame : DataFrame
        One row a cell: the columns named by `x`, `y`, `panel` and `value` (0-1).
    x, y, panel, value : str
        Columns.
    x_text, y_text, panel_text : str
        Formats of the names of columns, rows and panels.
    x_label, y_label, label : str
        Of the axes and the colour bar.
    fig : Figure, optional
        Default: a new one of double width.

    Returns
    -------
    array of Axes, shape (n_panels,)
    """
    missing = [c for c in (x, y, panel, value) if c not in frame]
    if missing:
        raise ValueError(f"detectability_map: frame has no column {missing[0]!r}; it has {', '.join(map(str, frame.columns))}")
    panels = list(dict.fromkeys(frame[panel]))
    if fig is None:
        fig, axes = figure("double", 66, 1, len(panels), squeeze=False, sharey=True)
    else:
        axes = fig.subplots(1, len(panels), squeeze=False, sharey=True)
    for ax, at in zip(axes[0], panels, strict=True):
        table = 100 * frame[frame[panel] == at].pivot(index=y, columns=x, values=value)
        image = ax.imshow(table.to_numpy(), vmin=0, vmax=100, cmap=field_map(), aspect="auto")
        for (i, j), v in np.ndenumerate(table.to_numpy()):
            dark = float(np.dot(image.cmap(v / 100)[:3], (0.299, 0.587, 0.114))) < 0.55
            text = "" if np.isnan(v) else "> 99" if v > 99 else "< 1" if v < 1 else f"{v:.0f}"
            ax.text(j, i, text, ha="center", va="center", fontsize=7, color="white" if dark else "black")
        ax.set_xticks(range(table.shape[1]), [x_text.format(v) for v in table.columns])
        ax.set_yticks(range(table.shape[0]), [y_text.format(v) for v in table.index])
        ax.tick_params(length=0)
        ax.set_title(panel_text.format(at), fontsize=8)
        ax.set_xlabel(x_label)
    axes[0, 0].set_ylabel(y_label)
    color_bar(axes[0, -1], image, label)
    return axes[0]
