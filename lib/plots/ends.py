"""Names of lines at their ends: beside the Axes, spread so that none touch, or where a line leaves the view."""

import matplotlib.patheffects as pe
import numpy as np
from matplotlib.artist import Artist
from matplotlib.lines import Line2D
from matplotlib.text import Text
from matplotlib.transforms import Bbox, IdentityTransform

from lib.plots import _check

__all__ = ["end_labels"]

_GAP, _LEADER = 5.0, 13.0  # points from the Axes to the names, without and with leader lines
_NEAR = 0.15  # a line that ends in this last part of the width is named beside the Axes


def end_labels(ax, lines, texts, *, fontsize=7.0):
    """Name lines at their right ends, outside the Axes, spread vertically so that no two touch.

    Where a name had to move, thin leaders join the names to their lines. A line that leaves the view through the upper or
    lower edge, or ends far from the right edge, is named where it leaves or ends. Places are found each time the figure is
    drawn.

    Parameters
    ----------
    ax : Axes
    lines : sequence of matplotlib.lines.Line2D
    texts : sequence of str
    fontsize : float, points

    Returns
    -------
    Axes
    """
    texts = _check.names_of("end_labels", texts, len(lines))
    notes = []
    for line, text in zip(lines, texts, strict=True):
        note = Text(0, 0, text, fontsize=fontsize, color=line.get_color(), va="center", ha="left", zorder=6)
        note.set_transform(IdentityTransform())
        note.set_in_layout(False)
        notes.append(ax.add_artist(note))
        note.set_clip_on(False)
    ax.add_artist(_Ends(lines, notes)).set_clip_on(False)
    return ax


class _Ends(Artist):
    """Places the names just before they are drawn, draws the leaders, and asks the layout for the room beside the Axes."""

    def __init__(self, lines, notes):
        super().__init__()
        self.lines, self.notes, self.leaders = lines, notes, []
        self.set_zorder(-100)  # first to be drawn, hence before the names

    def draw(self, renderer):
        px, frame = renderer.points_to_pixels(1.0), self.axes.get_window_extent(renderer)
        ends = {i: end for i, line in enumerate(self.lines) if (end := _visible_end(line)) is not None}
        for i, note in enumerate(self.notes):
            note.set_visible(i in ends)
        self.leaders = []
        for group in _groups(ends):
            at = {i: np.array([frame.x0, frame.y0]) + np.asarray(ends[i]) * (frame.width, frame.height) for i in group}
            beside = ends[group[0]][0] >= 1 - _NEAR
            self._spread(at, frame.x1 if beside else max(x for x, _ in at.values()), not beside, frame, px)
        for leader in self.leaders:
            leader.set_figure(self.axes.get_figure())
            leader.draw(renderer)

    def _spread(self, at, edge, inside, frame, px):
        """Place names to the right of an edge, as near to their ends as they can without touching, and add leaders."""
        chosen = sorted(at, key=lambda i: at[i][1])
        want = np.array([at[i][1] for i in chosen])
        step = 1.25 * max(self.notes[i].get_fontsize() for i in chosen) * px
        room = step / 2 if inside else 0.0
        place = _apart(want, step, frame.y0 + room, frame.y1 - room)
        moved = np.abs(place - want) > 0.6 * step
        x = edge + (_LEADER if moved.any() else _GAP) * px
        halo = [pe.withStroke(linewidth=1.4, foreground="white", alpha=0.85)] if inside else []
        for i, y in zip(chosen, place, strict=True):
            self.notes[i].set(x=x, y=y, path_effects=halo)
            if moved.any():  # then all of them, so that none is taken for the neighbour's
                way = [at[i][0], x - 1.5 * px], [at[i][1], y]
                self.leaders.append(Line2D(*way, lw=0.4, color="#777777", transform=IdentityTransform()))

    def get_tightbbox(self, renderer=None):
        """Return the room for the names beside the Axes, always that with leaders, so that the layout does not waver."""
        renderer = renderer or self.axes.figure.canvas.get_renderer()
        px, frame = renderer.points_to_pixels(1.0), self.axes.get_window_extent(renderer)
        beside = [
            note for line, note in zip(self.lines, self.notes, strict=True) if (_visible_end(line) or (0, 0))[0] >= 1 - _NEAR
        ]
        wide = max((note.get_window_extent(renderer).width for note in beside), default=0.0)
        return Bbox.from_extents(frame.x0, frame.y0, frame.x1 + (wide + _LEADER * px if wide else 0), frame.y1)

    def get_window_extent(self, renderer=None):
        """Return the room for the names."""
        return self.get_tightbbox(renderer)


def _groups(ends):
    """Gather ends that share a column of names: those at the right edge, and others within 4 % of the width of the last."""
    order = sorted(ends, key=lambda i: ends[i][0])
    groups = [[i for i in order if ends[i][0] >= 1 - _NEAR]]
    for i in order:
        if ends[i][0] < 1 - _NEAR:
            if groups[-1] and i != order[0] and ends[i][0] - ends[groups[-1][-1]][0] <= 0.04:
                groups[-1].append(i)
            else:
                groups.append([i])
    return [group for group in groups if group]


def _visible_end(line):
    """Return where a line ends or last leaves the view, (x, y) as fractions of the Axes, or None when it is not seen."""
    data = np.column_stack([np.asarray(value, float) for value in line.get_data()])
    at = (line.get_transform() - line.axes.transAxes).transform(data[np.all(np.isfinite(data), axis=1)])
    seen = np.all((at >= -1e-9) & (at <= 1 + 1e-9), axis=1)
    if not seen.any():
        return None
    last = int(np.flatnonzero(seen)[-1])
    if last == len(at) - 1:
        return tuple(at[last])
    start, step = at[last], at[last + 1] - at[last]
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = np.where(step > 0, (1 - start) / step, np.where(step < 0, -start / step, np.inf))
    return tuple(np.clip(start + min(shares.min(), 1.0) * step, 0, 1))


def _apart(want, step, low, high):
    """Move sorted places apart to at least `step`, between `low` and `high` when there is room for all."""
    place = np.clip(want, low, high)
    for _turn in range(200):  # push neighbours apart by half of what they lack, until nobody lacks anything
        lack = step - np.diff(place)
        if not np.any(lack > 1e-6):
            break
        push = np.maximum(lack, 0) / 2
        place[:-1] -= push
        place[1:] += push
    place -= max(place[-1] - high, 0)
    return place + max(low - place[0], 0)
