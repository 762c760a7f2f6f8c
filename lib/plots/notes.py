"""Words on figures: panel letters, sample counts, watermarks and verdicts."""

import string
from weakref import WeakKeyDictionary

from matplotlib.axes import Axes
from matplotlib.offsetbox import AnchoredText

from lib.plots import _check
from lib.plots.style import OKABE_ITO

__all__ = ["count_note", "panel_labels", "verdict_box", "watermark"]

# fill, edge and text colour; in order of severity
_LEVELS = {
    "ok": ("#E3F4EE", OKABE_ITO["bluish_green"]),
    "note": ("#EEF3F7", OKABE_ITO["blue"]),
    "warning": ("#FFF3D6", "#A66F00"),
    "fail": ("#FBE3D6", "#B23A00"),
}
# Axes -> (left title as lettered, title without the letter), so that lettering again replaces the letter only
_LETTERED = WeakKeyDictionary()


def panel_labels(axes, labels=None):
    """Letter the panels of a figure, at the upper left outside each; a left title that is there stays, behind the letter.

    Parameters
    ----------
    axes : sequence, array or dict of Axes
        In reading order.
    labels : sequence of str, optional
        Default a, b, c, ...

    Returns
    -------
    list of Axes
    """
    axes = list(axes.values()) if isinstance(axes, dict) else list(getattr(axes, "flat", axes))
    labels = list(string.ascii_lowercase[: len(axes)]) if labels is None else list(labels)
    if len(labels) != len(axes):
        raise ValueError(f"panel_labels: {len(labels)} labels for {len(axes)} panels; pass one a panel")
    for ax, label in zip(axes, labels, strict=True):
        drawn, own = _LETTERED.get(ax, ("", ""))
        if ax.get_title(loc="left") != drawn:
            own = ax.get_title(loc="left")
        style = {} if own else {"fontweight": "bold", "fontsize": 9}
        title = ax.set_title(f"$\\mathbf{{{label}}}$  {own}" if own else label, loc="left", **style)
        _LETTERED[ax] = title.get_text(), own
    return axes


def count_note(ax, n):
    """State a sample count at the upper right outside an Axes, where no data can be.

    Parameters
    ----------
    ax : Axes
    n : int, str or None
        A count (written ``n = 8``), a text such as ``"3 fresh, 8 altered"``, or None for nothing.

    Returns
    -------
    Axes
    """
    if n is not None:
        ax.set_title(n if isinstance(n, str) else f"n = {n}", loc="right", fontsize=7, color="#333333")
    return ax


def watermark(fig, text="QUICK MODE: not for use"):
    """Write a pale text across a figure; a second call replaces the first.

    Parameters
    ----------
    fig : matplotlib.figure.Figure
    text : str

    Returns
    -------
    matplotlib.text.Text
    """
    for old in [t for t in fig.texts if t.get_gid() == "watermark"]:
        old.remove()
    width, height = fig.get_size_inches() * 72
    # about 0.66 em a letter; the text takes about 70 % of the diagonal
    size = min(48.0, max(7.0, 0.72 * (width**2 + height**2) ** 0.5 / (0.66 * max(len(text), 1))))
    angle = 30 if height > 0.5 * width else 15
    return fig.text(
        0.5,
        0.5,
        text,
        ha="center",
        va="center",
        rotation=angle,
        fontsize=size,
        color="#B0306A",
        alpha=0.22,
        fontweight="bold",
        zorder=1000,
        gid="watermark",
        in_layout=False,
    )


def verdict_box(target, text, level="note", loc="upper right"):
    """Draw a verdict, such as a failed diagnostic or missing data, so that the figure cannot be read without it.

    Parameters
    ----------
    target : Axes or Figure
        On an Axes the box sits inside, at `loc`. On a Figure it is a strip at the top (the bottom when the figure
        has a title), for which constrained layout makes room; further calls add lines to the same strip, which
        takes the colour of the gravest level.
    text : str
    level : {"ok", "note", "warning", "fail"}
    loc : str
        Corner inside an Axes, as for a legend.

    Returns
    -------
    matplotlib.artist.Artist
        The box.
    """
    _check.one_of("verdict_box", "level", level, list(_LEVELS))
    if isinstance(target, Axes):
        fill, edge = _LEVELS[level]
        box = AnchoredText(text, loc=loc, pad=0.35, borderpad=0.4, prop={"size": 7, "color": edge, "weight": "bold"})
        box.patch.set(facecolor=fill, edgecolor=edge, linewidth=0.8)
        box.set(zorder=20, gid="verdict")
        target.add_artist(box)
        return box
    lines = [text]
    for old in [leg for leg in target.legends if (leg.get_gid() or "").startswith("verdict")]:
        before = old.get_title().get_text().split("\n")
        lines = before + [line for line in lines if line not in before]
        level = max(level, old.get_gid().split(":")[1], key=list(_LEVELS).index)
        old.remove()
    fill, edge = _LEVELS[level]
    where = "outside lower center" if target.get_suptitle() else "outside upper center"
    box = target.legend([], [], title="\n".join(lines), loc=where, frameon=True, framealpha=1, borderpad=0.2)
    box.get_title().set(fontsize=7.5, color=edge, fontweight="bold", multialignment="center")
    box.get_frame().set(facecolor=fill, edgecolor=edge, linewidth=0.8)
    box._legend_box.sep = 0  # no room for the handles that are not there
    box.set_gid(f"verdict:{level}")
    return box
