"""Narrow panels that stand on the sides of an Axes, of a size in points, and move with it when the page is laid out."""

import numpy as np
from matplotlib.ticker import NullLocator
from matplotlib.transforms import Bbox

SIDES = ("above", "left", "right")
_ROW, _GROUND = 10.0, "#F7F7F7"  # height of a row, points, and colour of the ground of a strip of names


class _Beside:
    """Place of a strip: on one side of its Axes, whatever the layout makes of that."""

    def __init__(self, ax, side, size, gap):
        self.ax, self.side, self.size, self.gap = ax, side, size, gap

    def __call__(self, _ax, _renderer):
        """Return the box of the strip, fractions of the figure."""
        box, page = self.ax.get_position(), self.ax.figure.bbox
        scale = self.ax.figure.dpi / 72 / (page.height if self.side == "above" else page.width)
        size, gap = self.size * scale, self.gap * scale
        if self.side == "above":
            return Bbox.from_bounds(box.x0, box.y1 + gap, box.width, size)
        start = box.x1 + gap if self.side == "right" else box.x0 - gap - size
        return Bbox.from_bounds(start, box.y0, size, box.height)


def strip(ax, side, size, gap=0.0):
    """Add a strip to an Axes that shares the axis along which it runs.

    Parameters
    ----------
    ax : Axes
    side : {"above", "left", "right"}
    size : float, points
        Its height (above) or width.
    gap : float, points

    Returns
    -------
    Axes
        A child of `ax`; it has no tick labels on the shared axis.
    """
    shared = {"sharex": ax} if side == "above" else {"sharey": ax}
    child = ax.inset_axes([0, 1, 1, 0.1], **shared)
    child.set_axes_locator(_Beside(ax, side, size, gap))
    child.tick_params(**({"labelbottom": False, "bottom": False} if side == "above" else {"labelleft": False, "left": False}))
    return child


def merged(marks):
    """Return marks as tuples, the names of those with one loss and size joined."""
    names, values = {}, {}
    for name, value in marks.items():
        row = tuple(float(v) for v in np.atleast_1d(value))
        where = (round(row[0], 12), *row[1:2])
        names.setdefault(where, []).append(str(name))
        values.setdefault(where, row)
    return {" = ".join(names[where]): values[where] for where in names}


def named_rows(ax, rows, color, ticks=(), ticks_label=""):
    """Draw named losses as rows of a strip over the panel, the lowest loss at the top, with lines down into the panel."""
    if not rows and not len(ticks):
        return
    order = sorted(rows, key=lambda name: rows[name][0])
    names = ([ticks_label] if len(ticks) else []) + order
    over = strip(ax, "above", _ROW * len(names) + 4)
    over.set_ylim(len(names) - 0.4, -0.6)
    over.yaxis.set_major_locator(NullLocator())
    over.set_facecolor(_GROUND)
    low, high = ax.get_xlim()

    def write(row, loss, words, left=None):
        """Write beside a symbol, on the side that has room."""
        share = (min(max(loss, low), high) - low) / (high - low)
        left = share > 0.62 if left is None else left
        over.annotate(words, (min(max(loss, low), high), row), (-5 if left else 5, 0), textcoords="offset points",
                      ha="right" if left else "left", va="center", fontsize=7, zorder=6,
                      bbox={"facecolor": _GROUND, "edgecolor": "none", "pad": 0.4})  # fmt: skip

    if len(ticks):
        over.vlines(ticks, -0.3, 0.3, color="#666666", lw=0.6, zorder=3)
        left = np.max(ticks) - low > 0.4 * (high - low)
        write(0, np.min(ticks) if left else np.max(ticks), ticks_label, left)
    for row, name in enumerate(names):
        if name not in rows:
            continue
        loss, size, error = (*rows[name], None, None)[:3]
        words = name + (f" ({size:.0f})" if size else "")
        error = float(error) if error is not None and np.isfinite(error) else 0.0
        if not np.isfinite(loss):
            write(row, low, f"{words}: no loss")
            continue
        if not low <= loss <= high:
            write(row, loss, f"← {words}, {loss:.3g}" if loss < low else f"{words}, {loss:.3g} →")
            continue
        if error:
            over.plot([loss - error, loss + error], [row, row], color="#444444", lw=1.0, zorder=4, scalex=False)
        over.plot([loss, loss], [row, len(names)], color="#444444", lw=0.7, zorder=2, scalex=False, scaley=False)
        ax.axvline(loss, color="#444444", lw=0.7, ls=(0, (4, 2)), zorder=2.5)
        over.plot([loss], [row], marker="o", ms=4.6, mfc=color(size if size is None else int(size)), mec="black", mew=0.7,
                  zorder=5, scalex=False, scaley=False)  # fmt: skip
        write(row, loss + (error if (loss - low) / (high - low) <= 0.62 else -error), words)
