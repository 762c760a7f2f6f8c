"""The one style sheet of all figures: print widths, type, colours with a meaning, and saving with stable bytes.

The sheet is a dictionary in code, not an ``.mplstyle`` file, so that a change of style changes the content hash
of the notebooks that import it and their figures are drawn again.
"""

from contextlib import contextmanager
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from cmcrameri import cm as crameri
from matplotlib.colors import ListedColormap
from PIL import Image

from lib.plots._layout import SettledLayout

__all__ = [
    "FIELD_MAPS",
    "OKABE_ITO",
    "ROLES",
    "STYLE",
    "WIDTH_MM",
    "class_colors",
    "field_map",
    "figure",
    "save",
    "style_context",
    "use_style",
]

#: Print widths of the field, mm: one column, two columns.
WIDTH_MM = {"single": 90.0, "double": 190.0}

#: Colours for classes, told apart with any colour vision (Okabe & Ito 2008, Color Universal Design).
OKABE_ITO = {
    "black": "#000000",
    "orange": "#E69F00",
    "sky_blue": "#56B4E9",
    "bluish_green": "#009E73",
    "yellow": "#F0E442",
    "blue": "#0072B2",
    "vermillion": "#D55E00",
    "reddish_purple": "#CC79A7",
}

#: What a colour means, the same in every figure. Gains are warm and losses cold, as in the diverging map.
ROLES = {
    "immobile": OKABE_ITO["bluish_green"],
    "gain": OKABE_ITO["vermillion"],
    "loss": OKABE_ITO["blue"],
    "undecided": OKABE_ITO["orange"],
    "reference": "#555555",
    "muted": "#9A9A9A",
    "shade": "#EDEDED",
}

#: Scientific colour maps for fields (Crameri 2018), by use.
FIELD_MAPS = {
    "sequential": "batlow",
    "points": "batlow",
    "diverging": "vik",
    "light": "lapaz_r",
    "error": "lajolla",
    "binary": "grayC",
    "terrain": "bukavu",
}

STYLE = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],  # ships with matplotlib: the same glyphs, hence bytes, on every machine
    "font.size": 7.5,
    "mathtext.fontset": "dejavusans",
    "mathtext.default": "regular",
    "axes.titlesize": 8,
    "axes.labelsize": 7.5,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "legend.fontsize": 7,
    "legend.title_fontsize": 7,
    "figure.titlesize": 9,
    "axes.linewidth": 0.6,
    "axes.labelpad": 3,
    "figure.constrained_layout.wspace": 0.03,
    "figure.constrained_layout.hspace": 0.03,
    "axes.titlepad": 4,
    "axes.axisbelow": True,
    "axes.unicode_minus": True,
    "axes.prop_cycle": mpl.cycler(
        color=[OKABE_ITO[k] for k in ("blue", "vermillion", "bluish_green", "reddish_purple", "orange", "sky_blue", "black")]
    ),
    "image.cmap": "cmc.batlow",
    "lines.linewidth": 1.1,
    "lines.markersize": 4,
    "patch.linewidth": 0.6,
    "errorbar.capsize": 0,
    "hatch.linewidth": 0.5,
    "xtick.direction": "out",
    "ytick.direction": "out",
    "xtick.major.size": 2.8,
    "ytick.major.size": 2.8,
    "xtick.minor.size": 1.6,
    "ytick.minor.size": 1.6,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.minor.width": 0.4,
    "ytick.minor.width": 0.4,
    "xtick.major.pad": 2.5,
    "ytick.major.pad": 2.5,
    "grid.color": "#DDDDDD",
    "grid.linewidth": 0.5,
    "legend.frameon": True,
    "legend.framealpha": 0.9,
    "legend.edgecolor": "none",
    "legend.fancybox": False,
    "legend.borderpad": 0.3,
    "legend.handlelength": 1.8,
    "legend.labelspacing": 0.3,
    "legend.columnspacing": 1.2,
    "figure.dpi": 120,
    "savefig.dpi": 200,
    "savefig.facecolor": "white",
    "figure.facecolor": "white",
    "figure.constrained_layout.h_pad": 0.03,
    "figure.constrained_layout.w_pad": 0.03,
    "svg.fonttype": "path",
    "svg.hashsalt": "solid-earth-compendium",
    "pdf.fonttype": 42,
    "pdf.compression": 9,
}


def use_style():
    """Apply the style sheet to all figures drawn from now on (a notebook calls it once, at its top)."""
    mpl.rcParams.update(STYLE)


@contextmanager
def style_context(**changes):
    """Apply the style sheet, with changes, inside a ``with`` block only.

    Parameters
    ----------
    **changes
        rcParams with ``_`` written for ``.`` in their names, such as ``font_size=9``.

    Yields
    ------
    None
    """
    known = {key.replace(".", "_"): key for key in mpl.rcParams}
    unknown = sorted(set(changes) - set(known))
    if unknown:
        raise ValueError(f"style_context: no style setting {', '.join(unknown)}; write rcParams names with '_' for '.'")
    with mpl.rc_context({**STYLE, **{known[k]: v for k, v in changes.items()}}):
        yield


def figure(width="single", height_mm=70.0, nrows=1, ncols=1, *, mosaic=None, **kwargs):
    """Make a figure of a print width, with constrained layout.

    Parameters
    ----------
    width : {"single", "double"} or float
        90 mm, 190 mm, or a width in mm between 40 and 190.
    height_mm : float, mm
        Height, between 20 and 250.
    nrows, ncols : int
        Grid of panels; ignored with `mosaic`.
    mosaic : list or str, optional
        Layout for `matplotlib.figure.Figure.subplot_mosaic`.
    **kwargs
        Passed on to ``subplots`` or ``subplot_mosaic`` (``width_ratios``, ``height_ratios``, ``sharex``, ...).

    Returns
    -------
    fig : matplotlib.figure.Figure
    axes : Axes, array of Axes, or dict of Axes with `mosaic`

    Raises
    ------
    ValueError
        Width or height outside the print range.
    """
    if isinstance(width, str):
        if width not in WIDTH_MM:
            raise ValueError(f"figure: width {width!r} is unknown; use 'single' (90 mm), 'double' (190 mm) or mm")
        width = WIDTH_MM[width]
    if not 40 <= width <= 190:
        raise ValueError(f"figure: width {width} mm is outside 40-190 mm, the range of the printed page")
    if not 20 <= height_mm <= 250:
        raise ValueError(f"figure: height_mm {height_mm} is outside 20-250 mm, the range of the printed page")
    fig = plt.figure(figsize=(width / 25.4, height_mm / 25.4), layout=SettledLayout())
    if mosaic is not None:
        return fig, fig.subplot_mosaic(mosaic, **kwargs)
    return fig, fig.subplots(nrows, ncols, **kwargs)


def class_colors(n):
    """Return `n` colours for classes, at most 7, in the order of the style sheet.

    Parameters
    ----------
    n : int
        Number of classes, 1-7.

    Returns
    -------
    list of str
        Hexadecimal colours of `OKABE_ITO`.

    Raises
    ------
    ValueError
        More classes than can be told apart by colour.
    """
    cycle = [entry["color"] for entry in STYLE["axes.prop_cycle"]]
    if not 1 <= n <= len(cycle):
        raise ValueError(f"class_colors: {n} classes, but colour tells 1-{len(cycle)} apart; use markers or panels too")
    return cycle[:n]


def field_map(use="sequential"):
    """Return the scientific colour map for a field.

    Parameters
    ----------
    use : {"sequential", "points", "diverging", "light", "error", "binary", "terrain"}
        Kind of field; see `FIELD_MAPS`. "points" is the sequential map without its palest part, for symbols and
        lines on white; "terrain" has its coast in the middle.

    Returns
    -------
    matplotlib.colors.Colormap
    """
    if use not in FIELD_MAPS:
        raise ValueError(f"field_map: {use!r} is unknown; expected one of {', '.join(FIELD_MAPS)}")
    whole = getattr(crameri, FIELD_MAPS[use])
    return ListedColormap(whole(np.linspace(0, 0.86, 256)), name="batlow_points") if use == "points" else whole


def save(fig, stem, formats=("png", "svg")):
    """Save a figure in several formats, with the same bytes each time.

    Dates are left out of the files and identifiers are salted by the style sheet, hence two saves of the same
    figure under the same lock are equal to the byte, with or without ``SOURCE_DATE_EPOCH``.

    Parameters
    ----------
    fig : matplotlib.figure.Figure
    stem : str or path-like
        File name without its extension; the folder must exist.
    formats : sequence of {"png", "svg", "pdf"}

    Returns
    -------
    list of pathlib.Path
        The files written, in the order of `formats`.
    """
    undated = {"png": {}, "svg": {"Date": None}, "pdf": {"CreationDate": None}}
    unknown = [f for f in formats if f not in undated]
    if unknown:
        raise ValueError(f"save: format {', '.join(unknown)} is unknown; expected {', '.join(undated)}")
    paths = [Path(f"{stem}.{kind}") for kind in formats]
    stable = {key: STYLE[key] for key in ("svg.fonttype", "svg.hashsalt", "savefig.dpi", "savefig.facecolor")}
    engine = fig.get_layout_engine()
    with mpl.rc_context(stable):
        # constrained layout starts from where the panels are: begin from the bare grid, so that the bytes do not depend on
        # what was drawn before; the formats that follow take the places found for the first
        first = vars(fig).setdefault("first_positions", {})  # of colour bars, which have no cell of the grid
        for ax in fig.axes:
            if ax.get_subplotspec() is None:
                takes_part = ax.get_in_layout()
                ax.set_position(first.setdefault(ax, ax.get_position(original=True).frozen()))
                ax.set_in_layout(takes_part)  # set_position takes it out
            elif ax.get_in_layout():
                ax.set_subplotspec(ax.get_subplotspec())
        try:
            for path, kind in zip(paths, formats, strict=True):
                fig.savefig(path, metadata=undated[kind])
                fig.set_layout_engine("none")
                if kind == "png":
                    _shrink(path)
        finally:
            if engine is not None:
                fig.set_layout_engine(engine)
    return paths


def _shrink(path, most=195_000):
    """Rewrite a PNG without its (opaque) alpha channel, and with a palette when it is larger than `most` bytes."""
    dots_a_metre = {"dpi": (STYLE["savefig.dpi"],) * 2}
    with Image.open(path) as image:
        plain = image.convert("RGB")
    plain.save(path, optimize=True, **dots_a_metre)
    if path.stat().st_size > most:
        plain.quantize(256, method=Image.Quantize.MEDIANCUT, kmeans=2, dither=Image.Dither.NONE).save(
            path, optimize=True, **dots_a_metre
        )
