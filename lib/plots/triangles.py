"""Ternary diagrams: samples, curves of components, end members with their simplex; and the A-CN-K diagram of weathering."""

from collections.abc import Mapping

import matplotlib.patheffects as pe
import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.lines import TICKRIGHT, Line2D
from matplotlib.markers import MarkerStyle
from matplotlib.ticker import NullLocator
from matplotlib.transforms import Affine2D
from mpltern.ternary import TernaryAxes

from lib.plots import _check, _curves, _shared
from lib.plots.labels import formula
from lib.plots.notes import count_note
from lib.plots.style import ROLES

__all__ = ["acnk_diagram", "acnk_points", "ternary"]

#: Molar mass of an oxide and of how many moles of it the A-CN-K diagram counts, g/mol (IUPAC 2021 atomic weights).
MOLAR = {"Al2O3": 101.961, "CaO": 56.077, "Na2O": 61.979, "K2O": 94.196, "P2O5": 141.943}

#: Ideal minerals in molar Al2O3, CaO + Na2O, K2O, from their formulae, and where their names stand, points.
MINERALS = {
    "plagioclase": ((0.5, 0.5, 0.0), (-20, 0)),  # NaAlSi3O8, CaAl2Si2O8
    "K-feldspar": ((0.5, 0.0, 0.5), (6, 0)),  # KAlSi3O8
    "muscovite": ((0.75, 0.0, 0.25), (6, 0)),  # KAl3Si3O10(OH)2
    "kaolinite, chlorite": ((1.0, 0.0, 0.0), (6, 0)),  # Al2Si2O5(OH)4
}


def ternary(
    points, labels, *, curves=None, t=None, bands=None, truth=None, groups=None, end_members=None, references=None,
    minimum=None, level=0.9, legend="below", n=None, ax=None,
):  # fmt: skip
    """Draw compositions of three parts, with curves of components, end members and reference points.

    Parameters
    ----------
    points : array, shape (n_samples, 3), >= 0
        Top, lower left, lower right; closed to 1 first. Rows with NaN are left out.
    labels : sequence of str, length 3
        Names of the corners.
    curves : dict of str to curve, optional
        As in `lib.plots.harker`, with three parts; curves are closed to 1.
    t : array, shape (T,), optional
    bands, truth : dict, optional
        As in `lib.plots.harker`.
    groups : sequence of str, length n_samples, optional
    end_members : array, shape (K, 3), or dict of str to array (3,), optional
        Stars, joined to a simplex; the names of a dict are written beside them.
    references : dict of str to array (3,), optional
        Named points, such as the upper continental crust.
    minimum : sequence of three float, optional
        Least share of each part, 0-1, in the order of `labels`: shows the smaller triangle above them.
    level : float, 0-1
        Of the bands.
    legend : str or None
    n : int or str, optional
        The legend counts the samples anyway.
    ax : Axes, optional
        An ordinary Axes is taken out of the figure and a ternary one put in its place; use the one returned.

    Returns
    -------
    mpltern.ternary.TernaryAxes
    """
    where = "ternary"
    labels = _check.names_of(where, labels, 3)
    p = _closed(where, "points", points)
    groups = np.array([""] * len(p) if groups is None else _check.names_of(where, groups, len(p)), dtype=object)
    read = {k: (s, _closed(where, k, c)) for k, (s, c) in _curves.read(where, curves, labels, t).items()}
    known = {k: (s, _closed(where, k, c)) for k, (s, c) in _curves.read(where, truth, labels, t).items()}
    shades = _curves.read_bands(where, bands, read, labels)
    corners = dict(end_members) if isinstance(end_members, Mapping) else None
    if end_members is not None:
        stack = np.array(list(corners.values())) if corners else end_members
        stars = _closed(where, "end_members", stack)
    kinds = list(dict.fromkeys(groups))
    style = _curves.group_style(where, kinds, bool(read) or len(kinds) == 1)
    ax = _triangle(ax)
    _dress(ax, labels, minimum)
    many = len(p) > 300
    for kind in kinds:
        pick, (color, marker) = groups == kind, style[kind]
        ax.plot(*p[pick].T, ls="none", marker=marker, ms=2.0 if many else 3.0, mfc=color, mew=0, rasterized=many,
                alpha=0.5 if many else 0.75, zorder=1.5)  # fmt: skip
    tone, dark = _curves.palette(read, known)
    for name, draws in shades.items():
        flat = draws / draws.sum(axis=-1, keepdims=True) @ _CORNERS
        edges = _curves.envelope(read[name][1] @ _CORNERS, flat, np.ones(2), float(level))
        outline = _barycentric(np.concatenate([edges[0], edges[1][::-1]]))
        ax.fill(*outline.T, color=tone[name], alpha=0.25, lw=0, zorder=2.4)
    for name, (score, path) in read.items():
        marks = {s: m for s in (0.0, *_curves.MARKS) if (m := _curves.at_score(score, path, s)) is not None}
        _curves.draw(ax, path.T, marks, tuple((path @ _CORNERS)[-2:]), tone[name])
    for name, (_, path) in known.items():
        _curves.draw(ax, path.T, {}, None, dark[name], truth=True)
    keys = _curves.group_keys(groups[np.isfinite(p).all(axis=1)], style) + _curves.keys(tone, known, shades, level)
    if end_members is not None:
        keys.append(_simplex(ax, stars, list(corners) if corners else None))
    for name, point in (references or {}).items():
        point = _closed(where, f"reference {name!r}", [point])[0]
        ax.plot(*[[v] for v in point], ls="none", marker="D", ms=4.2, mfc="white", mec="black", mew=0.9, zorder=5)
        _beside(ax, point, name)
    _shared.legend(ax, legend, drop=30, ncols=3, handles=keys)
    return count_note(ax, n)


def acnk_points(x, names, calcium="all"):
    """Return the molar Al2O3, CaO + Na2O and K2O of compositions, closed to 1.

    One hundred times the first is the chemical index of alteration, CIA.

    Parameters
    ----------
    x : array, shape (..., n_parts), >= 0
        Masses (fractions, per cent) of oxides; any closure.
    names : sequence of str, length n_parts
        Al2O3, CaO, Na2O, K2O among them; with `calcium` "silicate" P2O5 is used if there.
    calcium : {"all", "silicate"}
        "silicate": CaO less that of apatite, and at most as many moles as Na2O, for samples that hold carbonate.

    Returns
    -------
    numpy.ndarray, shape (..., 3)

    References
    ----------
    Nesbitt & Young (1982) Nature 299, 715-717; McLennan (1993) J. Geol. 101, 295-303, on CaO*.
    """
    where = "acnk_points"
    names = _check.names_of(where, names)
    _check.one_of(where, "calcium", calcium, ["all", "silicate"])
    x = np.array(x, dtype=float)
    missing = [o for o in ("Al2O3", "CaO", "Na2O", "K2O") if o not in names]
    if missing or x.shape[-1:] != (len(names),):
        what = f"no part {', '.join(missing)}" if missing else f"x has shape {x.shape}"
        raise ValueError(f"{where}: {what}; expected (..., {len(names)}) with Al2O3, CaO, Na2O and K2O among the names")
    mole = {o: x[..., names.index(o)] / MOLAR[o] for o in MOLAR if o in names}
    ca = mole["CaO"]
    if calcium == "silicate":
        ca = np.minimum(np.maximum(ca - 10 / 3 * mole.get("P2O5", 0.0), 0.0), mole["Na2O"])
    out = np.stack([mole["Al2O3"], ca + mole["Na2O"], mole["K2O"]], axis=-1)
    return out / out.sum(axis=-1, keepdims=True)


def acnk_diagram(x, names, *, curves=None, t=None, bands=None, truth=None, calcium="all", references=None, **options):
    """Draw the A-CN-K diagram of weathering: Al2O3, CaO + Na2O, K2O in moles, with the scale of the CIA.

    Parameters
    ----------
    x : array, shape (n_samples, n_parts)
        Masses of oxides, any closure.
    names : sequence of str, length n_parts
    curves : dict of str to curve, optional
        As in `lib.plots.harker`, in the parts of `names`.
    t : array, shape (T,), optional
    bands, truth : dict, optional
        As in `lib.plots.harker`.
    calcium : {"all", "silicate"}
        See `acnk_points`.
    references : dict of str to array (n_parts,), optional
        Compositions to mark, such as the upper continental crust.
    **options
        Passed to `ternary`: groups, end_members, minimum, level, legend, n, ax.

    Returns
    -------
    mpltern.ternary.TernaryAxes

    References
    ----------
    Nesbitt & Young (1984) Geochim. Cosmochim. Acta 48, 1523-1534: weathering trends in this diagram.
    """
    where = "acnk_diagram"
    names = _check.names_of(where, names)
    read = _curves.read(where, curves, names, t)

    def moles(values):
        """Return the three coordinates."""
        return acnk_points(values, names, calcium)

    ax = ternary(
        moles(x), ["Al2O3", "CaO* + Na2O" if calcium == "silicate" else "CaO + Na2O", "K2O"],
        curves={k: (s, moles(c)) for k, (s, c) in read.items()},
        bands={k: moles(b) for k, b in _curves.read_bands(where, bands, read, names).items()},
        truth={k: (s, moles(c)) for k, (s, c) in _curves.read(where, truth, names, t).items()},
        references={k: moles(np.asarray(v, float)) for k, v in (references or {}).items()}, **options,
    )  # fmt: skip
    feldspars = np.array([MINERALS["plagioclase"][0], MINERALS["K-feldspar"][0]])
    ax.plot(*feldspars.T, color=ROLES["muted"], lw=0.8, zorder=1)
    least = _least(ax)
    for name, (point, shift) in MINERALS.items():
        if np.any(point < least):
            continue
        ax.plot(*[[v] for v in point], ls="none", marker="o", ms=3.2, color="black", zorder=4.8, clip_on=False)
        _beside(ax, point, name, shift, "#444444")
    for artist in [a for a in (*ax.texts, *ax.lines) if a.get_gid() == _SCALE]:
        artist.remove()  # one scale only, on the left: that of the CIA
    top = 1 - least[1] - least[2]
    step = 0.1 if top - least[0] > 0.4 else 0.05
    for value in np.arange(np.ceil(least[0] / step - 1e-9), np.floor(top / step + 1e-9) + 1) * step + 0.0:
        side = np.array([value, 1 - value - least[2], least[2]]) @ _CORNERS
        ax.annotate(f"{100 * value:.0f}", side, (-4, 0), textcoords="offset points", ha="right", va="center", fontsize=7)
    height = (max(0.5, least[0]) + top) / 2  # above the name of plagioclase
    middle = np.array([height, 1 - height - least[2], least[2]]) @ _CORNERS
    ax.annotate("CIA (%)", middle, (-23, 8), textcoords="offset points", ha="center", va="center", rotation=60, fontsize=7.5)
    return ax


_SCALE = "ternary scale"
# corners of the triangle in the data coordinates of its Axes: top, lower left, lower right
_CORNERS = np.array([[0.0, 1.0], [-1 / np.sqrt(3), 0.0], [1 / np.sqrt(3), 0.0]])


def _barycentric(xy):
    """Return the three shares (n, 3) of points (n, 2) in data coordinates."""
    top = xy[:, 1]
    right = (xy[:, 0] * np.sqrt(3) + 1 - top) / 2
    return np.column_stack([top, 1 - top - right, right])


def _closed(where, name, value):
    """Return compositions (n, 3) closed to 1."""
    out = _check.array(where, name, value, (None, 3))
    if np.any(out < 0):
        raise ValueError(f"{where}: {name} holds {np.sum(out < 0)} negative share(s), down to {np.nanmin(out):.3g}; a ternary "
                         "shows compositions: leave a straight line of raw contents to the Harker diagram")  # fmt: skip
    return out / out.sum(axis=1, keepdims=True)


def _triangle(ax):
    """Return a ternary Axes: the one given, or one in the place of an ordinary one."""
    ax = _check.axes_or_current(ax)
    if isinstance(ax, TernaryAxes):
        return ax
    fig, spec, place = ax.figure, ax.get_subplotspec(), ax.get_position()
    ax.remove()
    return fig.add_subplot(spec, projection="ternary") if spec else fig.add_axes(place, projection="ternary")


# of each part (top, left, right): the part that is least along the side of its ticks, the direction of these, and the
# rotation of their texts, degrees
_SIDES = ((1, 0.0, 0.0), (2, 120.0, -60.0), (0, 240.0, 60.0))


def _dress(ax, labels, minimum):
    """Name the corners, write per cents along the sides, draw the grid, and zoom.

    The ticks are ours: those of a ternary Axes are slow to lay out, and move with the layout that they make.
    """
    if minimum is not None:
        least = _check.array("ternary", "minimum", minimum, (3,))
        if np.any(least < 0) or least.sum() >= 1:
            raise ValueError(f"ternary: minimum is {least.tolist()}, expected three shares >= 0 whose sum is below 1")
        ax.set_ternary_min(*least)
    for axis in (ax.taxis, ax.laxis, ax.raxis):
        axis.set_major_locator(NullLocator())
        axis.set_visible(axis is ax.taxis)
    words = [" + ".join(formula(word) for word in name.split(" + ")) for name in labels]
    ax.set_tlabel(words[0], fontsize=8, labelpad=13)  # an axis label, over which titles find their place
    for word, corner, side in zip(words[1:], _triangle_corners(ax)[1:], (-8, 8), strict=True):
        ax.annotate(word, corner, (side, -21), textcoords="offset points", ha="center", va="center", fontsize=8)
    low = _least(ax)
    span = 1 - low.sum()
    step = next((s for s in (0.2, 0.1, 0.05, 0.02, 0.01) if span / s >= 4), 0.01)
    grid = []
    for part, (beside, angle, turn) in enumerate(_SIDES):
        values = np.arange(np.ceil(low[part] / step - 1e-9), np.floor((low[part] + span) / step + 1e-9) + 1) * step + 0.0
        across = 3 - part - beside
        start, end = np.tile(low, (2, len(values), 1))
        start[:, part] = end[:, part] = values
        start[:, across], end[:, beside] = 1 - values - low[beside], 1 - values - low[across]
        grid += list(np.stack([start @ _CORNERS, end @ _CORNERS], axis=1))
        mark = MarkerStyle(TICKRIGHT, transform=Affine2D().rotate_deg(angle))
        ax.plot(*start.T, ls="none", marker=mark, ms=3, color="black", mew=0.6, clip_on=False, gid=_SCALE)
        shift = 5.5 * np.cos(np.deg2rad(angle)), 5.5 * np.sin(np.deg2rad(angle))
        for value, point in zip(values, start @ _CORNERS, strict=True):
            ax.annotate(f"{100 * value:.0f}", point, shift, textcoords="offset points", fontsize=7, rotation=turn,
                        rotation_mode="anchor", ha="right" if part else "left", va="center", gid=_SCALE)  # fmt: skip
    ax.add_collection(LineCollection(grid, colors="#DDDDDD", linewidths=0.5, zorder=0.4, transform=ax.transData))


def _least(ax):
    """Return the least share of each part in view, shape (3,)."""
    return np.array([axis.get_view_interval()[0] for axis in (ax.taxis, ax.laxis, ax.raxis)])


def _triangle_corners(ax):
    """Return the corners (3, 2) in view, data coordinates: top, lower left, lower right."""
    least = _least(ax)
    return (least + (1 - least.sum()) * np.eye(3)) @ _CORNERS


def _beside(ax, point, text, shift=None, color="black"):
    """Write the name of a point beside it, towards the middle of the triangle."""
    x, y = np.asarray(point) @ _CORNERS
    left = x > 0.3 if shift is None else shift[0] < 0
    ax.annotate(text, (x, y), shift or (-5 if left else 5, 4), textcoords="offset points", ha="right" if left else "left",
                fontsize=7, color=color, zorder=6, annotation_clip=False,
                va="center" if shift and not shift[1] else "baseline",
                path_effects=[pe.withStroke(linewidth=1.6, foreground="white", alpha=0.85)])  # fmt: skip


def _simplex(ax, stars, names):
    """Draw end members and the lines between them; return their key."""
    for i in range(len(stars)):
        for j in range(i):
            ax.plot(*stars[[i, j]].T, color="black", lw=0.6, alpha=0.7, zorder=3)
    ax.plot(*stars.T, ls="none", marker="*", ms=8, mfc=ROLES["undecided"], mec="black", mew=0.6, zorder=5)
    for name, star in zip(names or [], stars, strict=True):
        _beside(ax, star, name)
    return Line2D([], [], ls="-", lw=0.6, color="black", marker="*", ms=7, mfc=ROLES["undecided"], mec="black", mew=0.6,
                  label="end members")  # fmt: skip
