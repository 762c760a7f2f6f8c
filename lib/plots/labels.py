"""Labels: chemical formulae in type, and point labels that keep off points, lines and one another."""

import re
from itertools import pairwise

import matplotlib.patheffects as pe
import numpy as np
from matplotlib.artist import Artist
from matplotlib.text import Text

from lib.plots import _check
from lib.plots.ends import end_labels

__all__ = ["end_labels", "formula", "point_labels", "quantity"]

_UNITS = {
    "wt": "wt%", "ppm": "ppm", "ppb": "ppb", "permil": "‰", "eps": "ε units", "ratio": "", "pct": "%", "gpa": "GPa",
    "mol": "mol", "mmol_kg": "mmol kg$^{-1}$", "k": "K", "h": "h", "m": "m", "nt": "nT", "g_cm3": "g cm$^{-3}$",
}  # fmt: skip


def formula(name):
    """Typeset the name of an oxide, element or isotope ratio.

    Parameters
    ----------
    name : str
        ``Al2O3``, ``Fe2O3T``, ``H2O+``, ``87Sr/86Sr``, ``d18O``, ``LOI``; other text, ``R2`` of a reaction too, is returned
        as it is.

    Returns
    -------
    str
        With matplotlib's mathtext for sub- and superscripts.

    Examples
    --------
    >>> formula("Al2O3")
    'Al$_2$O$_3$'
    >>> formula("Fe2O3T")
    'Fe$_2$O$_3^{T}$'
    """
    text = str(name)
    if re.fullmatch(r"R\d+", text):  # a reaction; no element is called R
        return text
    if re.fullmatch(r"[dδ]\d+[A-Z][a-z]?", text):
        return "δ" + re.sub(r"^.(\d+)", r"$^{\1}$", text)
    if re.fullmatch(r"\d+[A-Z][a-z]?(/\d+[A-Z][a-z]?)*", text):
        return re.sub(r"(\d+)(?=[A-Z])", r"$^{\1}$", text)
    match = re.fullmatch(r"((?:[A-Z][a-z]?\d*)+?)((?<=[O\d])(?:T|t|tot|\*|\+|-))?", text)
    if not match or not re.search(r"[A-Z][a-z]?\d*O|\d", text):
        return text
    body = re.sub(r"(\d+)", lambda m: f"$_{m[1]}$" if len(m[1]) == 1 else f"$_{{{m[1]}}}$", match[1])
    mark = match[2]
    if not mark:
        return body
    return body[:-1] + f"^{{{mark}}}$" if body.endswith("$") else body + f"$^{{{mark}}}$"


def names_touch(ax, names):
    """Tell whether names side by side under an Axes would touch, so that they have to stand upright.

    Parameters
    ----------
    ax : Axes
        Its width before the layout is taken.
    names : sequence of str

    Returns
    -------
    bool
    """
    # a letter of 7 points is about 1.5 mm wide, a space between two names 1 mm
    width = ax.get_position().width * ax.figure.bbox.width / ax.figure.dpi * 25.4
    return len(names) * (1.5 * max(map(len, names), default=0) + 1) > width


def quantity(column):
    """Turn a table column such as ``SiO2_wt`` into an axis label with its unit, ``SiO$_2$ (wt%)``.

    Parameters
    ----------
    column : str
        ``<analyte>_<unit>``.

    Returns
    -------
    str
    """
    for suffix, unit in _UNITS.items():
        if column.lower().endswith("_" + suffix):
            stem = formula(column[: -len(suffix) - 1])
            return f"{stem} ({unit})" if unit else stem
    return formula(column)


def point_labels(ax, x, y, texts, *, colors="#222222", fontsize=7.0, leader=9.0):
    """Label points where nothing is in the way; places are found each time the figure is drawn.

    Because the search runs at draw time, on the final layout, labels stay apart after a change of size, limits or
    scale. It has no random part: the same figure gives the same places.

    Parameters
    ----------
    ax : Axes
    x, y : array, shape (n,)
        Points, in data units; a label of a point that is not finite is left out.
    texts : sequence of str, length n
        As they are to be drawn (see `formula`).
    colors : color or sequence of colors
    fontsize : float, points
        At least 7.
    leader : float, points
        Labels farther from their point than this get a thin line to it.

    Returns
    -------
    Axes
    """
    x = _check.array("point_labels", "x", x)
    y = _check.array("point_labels", "y", y, x.shape)
    texts = _check.names_of("point_labels", texts, len(x))
    colors = [colors] * len(x) if isinstance(colors, str) else list(colors)
    notes = [
        ax.annotate(t, (a, b), (0, 6), textcoords="offset points", ha="center", va="center", fontsize=fontsize,
                    color=c, in_layout=False, zorder=6, annotation_clip=True,
                    path_effects=[pe.withStroke(linewidth=1.4, foreground="white", alpha=0.85)],
                    arrowprops={"arrowstyle": "-", "lw": 0.4, "color": "#777777", "shrinkA": 0, "shrinkB": 2.5})
        for a, b, t, c in zip(x, y, texts, colors, strict=True)
        if np.isfinite(a) and np.isfinite(b)
    ]  # fmt: skip
    ax.add_artist(_Placer(notes, leader))
    return ax


class _Placer(Artist):
    """Moves annotations apart just before they are drawn; draws nothing itself."""

    def __init__(self, notes, leader):
        super().__init__()
        self.notes, self.leader = notes, leader
        self.set_zorder(-100)  # first to be drawn, hence before the annotations
        self.set_in_layout(False)

    def draw(self, renderer):
        if not self.notes:
            return
        ax, px = self.axes, renderer.points_to_pixels(1.0)
        anchors = ax.transData.transform([n.xy for n in self.notes])
        # of the words alone: an annotation's own extent includes its leader line, so it would depend on the last place
        boxes = [Text.get_window_extent(n, renderer) for n in self.notes]
        sizes = np.array([[b.width, b.height] for b in boxes]).round(2) + px
        frame = ax.get_window_extent(renderer)
        edges = (frame.x0, frame.y0, frame.x1, frame.y1)
        blocks = [ax.get_legend().get_window_extent(renderer)] if ax.get_legend() else []
        blocks += [Text.get_window_extent(t, renderer) for t in ax.texts if t not in self.notes and t.get_visible()]
        fixed = np.array([b.extents for b in blocks]).reshape(-1, 4)
        centres, gaps = _separate(anchors, sizes, _ink(ax, px), fixed, edges, px)
        for note, shift, gap in zip(self.notes, (centres - anchors) / px, gaps, strict=True):
            note.xyann = tuple(shift)
            note.arrow_patch.set_visible(bool(gap > self.leader * px))


def _ink(ax, px):
    """Points (n, 2), pixels, with a weight (n,), on what the Axes draws: markers count 4, lines 1."""
    dots, runs = [], []
    for line in ax.lines:
        path = line.get_transform().transform(np.column_stack(line.get_data()).astype(float))
        if line.get_marker() not in ("None", "", None, " "):
            dots.append(path)
        if line.get_linestyle() not in ("None", "", " "):
            runs.append(path)
    for item in ax.collections:
        if hasattr(item, "get_segments"):
            runs += [item.get_transform().transform(s) for s in item.get_segments() if len(s)]
        elif len(item.get_offsets()) > 0 and hasattr(item, "get_sizes"):
            centre = item.get_offset_transform().transform(np.ma.filled(item.get_offsets(), np.nan).astype(float))
            r = 0.35 * np.sqrt(np.max(item.get_sizes(), initial=0)) * px
            dots += [centre + r * np.array(d) for d in ((0, 0), (1, 0), (-1, 0), (0, 1), (0, -1))]
    fine = [np.zeros((0, 2))]
    for run in runs:
        for a, b in pairwise(run):
            if np.all(np.isfinite([a, b])):
                steps = int(min(1 + np.hypot(*(b - a)) // (3 * px), 400))
                fine.append(a + (b - a) * np.linspace(0, 1, steps + 1)[:, None])
    dots, lines = np.concatenate([np.zeros((0, 2)), *dots]), np.concatenate(fine)
    points = np.concatenate([dots, lines])
    weight = np.concatenate([np.full(len(dots), 4.0), np.full(len(lines), 1.0)])
    keep = np.all(np.isfinite(points), axis=1)
    return points[keep], weight[keep]


def _separate(anchors, sizes, ink, fixed, edges, px):
    """Greedy search with three sweeps: each label takes the cheapest of 96 places around its point, given the rest."""
    angles = np.deg2rad(np.arange(0, 360, 22.5) + 45)
    gaps = np.repeat(np.array([3.5, 6.0, 10.0, 15.0, 21.0, 29.0]) * px, len(angles))
    unit = np.tile(np.column_stack([np.cos(angles), np.sin(angles)]), (6, 1))
    n, (points, weight) = len(anchors), ink
    near = np.hypot(*np.moveaxis(anchors[:, None] - anchors[None], -1, 0))
    order = np.argsort(-np.sum(near < 40 * px, axis=1), kind="stable")  # crowded ones choose first
    boxes, centres, chosen = np.full((n, 4), np.nan), anchors.copy(), np.zeros(n)
    along = np.linspace(0.1, 0.8, 8)[:, None]  # points of a leader line, from the point to its label
    leads = np.full((n, 8, 2), np.nan)
    for _sweep in range(3):
        for i in order:
            centre = anchors[i] + unit * (gaps[:, None] + sizes[i] / 2 * np.minimum(1, 1.25 * np.abs(unit)))
            box = np.hstack([centre - sizes[i] / 2, centre + sizes[i] / 2])
            others = np.concatenate([np.delete(boxes, i, axis=0), fixed])
            others = others[np.isfinite(others[:, 0])]
            wide = np.minimum(box[:, None, 2:], others[None, :, 2:]) - np.maximum(box[:, None, :2], others[None, :, :2])
            overlap = np.prod(np.maximum(wide, 0), axis=2).sum(axis=1) / np.prod(sizes[i])
            inside = np.all((points[None] > box[:, None, :2]) & (points[None] < box[:, None, 2:]), axis=2)
            lead = anchors[i] + along * (centre - anchors[i])[:, None]
            crossed = np.zeros(len(box))
            if len(others):
                hit = (lead[:, :, None] > others[:, :2]) & (lead[:, :, None] < others[:, 2:])
                crossed += hit.all(axis=3).sum(axis=(1, 2))
            theirs = np.delete(leads, i, axis=0).reshape(-1, 2)
            with np.errstate(invalid="ignore"):
                hit = (theirs > box[:, None, :2]) & (theirs < box[:, None, 2:])
            crossed += hit.all(axis=2).sum(axis=1)
            out = np.maximum(edges[:2] - box[:, :2], 0) + np.maximum(box[:, 2:] - edges[2:], 0)
            cost = 30 * overlap + inside @ weight + 3 * crossed + 5 * out.sum(axis=1) / px + 0.12 * gaps / px
            best = int(np.argmin(cost))
            boxes[i], centres[i], chosen[i], leads[i] = box[best], centre[best], gaps[best], lead[best]
    return centres, chosen
