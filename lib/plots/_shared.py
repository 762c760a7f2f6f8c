"""What the idioms of inference share: legends under the axes, several series in one array, proportions."""

import numpy as np
from matplotlib.transforms import ScaledTranslation
from scipy import stats

from lib.plots import _check
from lib.plots.style import figure

MARKERS = ("o", "s", "^", "D", "v", "P", "X")
MASS_UNITS = {"wt%": 1e2, "g/kg": 1e3, "ppm": 1e6, "mg/kg": 1e6, "ppb": 1e9}  # numbers of each in a mass fraction of 1


def legend(ax, where="below", *, drop=26.0, ncols=2, **kwargs):
    """Draw the legend of an Axes under it, inside it, or not at all.

    Parameters
    ----------
    ax : Axes
    where : str or None
        "below" the axes, a legend location inside them, or None.
    drop : float, points
        Distance of a legend below from the axes: room for tick labels and axis label.
    ncols : int
        At most; fewer when the panel is too narrow for them.
    **kwargs
        Passed to ``Axes.legend``, such as ``handles``.
    """
    if not where or not (kwargs.get("handles") or ax.get_legend_handles_labels()[1]):
        return
    if where != "below":
        ax.legend(loc=where, **kwargs)
        return
    words = [h.get_label() for h in kwargs.get("handles") or ax.get_legend_handles_labels()[0]]
    ncols = max(1, min(ncols, int(_width_mm(ax) / (10 + 1.25 * max(map(len, words))))))
    under = ax.transAxes + ScaledTranslation(0, -drop / 72, ax.figure.dpi_scale_trans)
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, 0), bbox_transform=under, ncols=ncols, borderpad=0, **kwargs)


def _width_mm(ax):
    """Width of the page that belongs to an Axes, mm, before the layout is known."""
    spec, whole = ax.get_subplotspec(), ax.figure.bbox.width / ax.figure.dpi * 25.4
    if spec is None:
        return whole * ax.get_position().width
    shares = spec.get_gridspec().get_width_ratios()
    return whole * sum(shares[spec.colspan.start : spec.colspan.stop]) / sum(shares)


def right_note(ax, y, text, color="black"):
    """Write a word at the right end of the row `y`, outside the axes."""
    ax.annotate(text, (1, y), (4, 0), xycoords=("axes fraction", "data"), textcoords="offset points", va="center", fontsize=7,
                color=color)  # fmt: skip


def has_columns(where, frame, columns):
    """Raise ValueError when `frame` lacks one of `columns` (None is left out)."""
    missing = [c for c in columns if c is not None and c not in frame.columns]
    if missing:
        raise ValueError(f"{where}: frame lacks column(s) {', '.join(missing)}; it has {', '.join(map(str, frame.columns))}")


def series_rows(where, name, value, n, **kwargs):
    """Return one series (n,) or several (n_series, n) as a float array of two dimensions."""
    try:
        single = np.ndim(value) == 1
    except ValueError:  # ragged lists: the check below says what is wrong
        single = False
    return np.atleast_2d(_check.array(where, name, value, (n,) if single else (None, n), **kwargs))


def series_names(where, names, n):
    """Return the names of `n` series; without names a single nameless one."""
    if names is None and n > 1:
        raise ValueError(f"{where}: {n} series without names; pass one name a series")
    return [""] if names is None else _check.names_of(where, names, n)


def counts(where, failures, total):
    """Return counts and totals as checked float arrays of the shape of `failures`.

    Raises
    ------
    ValueError
        Negative, larger than the total, or not whole numbers (fractions passed instead of counts).
    """
    k = np.array(failures, dtype=float)
    n = np.broadcast_to(np.array(total, dtype=float), k.shape).copy()
    seen = np.isfinite(k)
    if np.any(k[seen] % 1 != 0):
        raise ValueError(f"{where}: counts hold {k[seen][k[seen] % 1 != 0][0]:.3g}, expected whole numbers; pass counts and "
                         "the total, not fractions: intervals need both")  # fmt: skip
    if np.any(k[seen] < 0) or np.any(k[seen] > n[seen]) or np.any(n[seen] < 1):
        raise ValueError(f"{where}: counts span {k[seen].min():.0f}-{k[seen].max():.0f} of totals {n[seen].min():.0f}-"
                         f"{n[seen].max():.0f}; expected 0 <= count <= total and total >= 1")  # fmt: skip
    return k, n


def wilson(count, total):
    """Return the 95 % Wilson (1927) interval (lower, upper) of a proportion, 0-1."""
    z2 = 1.959964**2
    p = count / total
    centre = (p + z2 / (2 * total)) / (1 + z2 / total)
    half = np.sqrt(z2 * (p * (1 - p) / total + z2 / (4 * total**2))) / (1 + z2 / total)
    return np.maximum(centre - half, 0.0), np.minimum(centre + half, 1.0)


def binomial_band(n, probability, level=0.95):
    """Return the central interval (lower, upper) of Binomial(n, probability), counts."""
    tail = (1 - level) / 2
    return stats.binom.ppf(tail, n, probability), stats.binom.ppf(1 - tail, n, probability)


def sqrt_ticks(top):
    """Round per cents for an axis that ends at `top` and runs with the square root."""
    for lowest, ticks in ((25, (0, 1, 5, 10, 20, 30, 40, 60, 80, 100)), (6, (0, 0.2, 1, 2, 5, 10, 15, 20, 25)),
                          (1.2, (0, 0.1, 0.5, 1, 2, 3, 4, 5, 6)), (0, (0, 0.01, 0.1, 0.2, 0.4, 0.6, 0.8, 1))):  # fmt: skip
        if top >= lowest:
            return [t for t in ticks if t <= top]
    return [0.0]


def grid(fig, size, nrows, ncols, **kwargs):
    """Return (figure, array of Axes): new panels in `fig`, or in a new figure of `size` (width, height in mm)."""
    if fig is None:
        return figure(*size, nrows, ncols, **kwargs)
    return fig, fig.subplots(nrows, ncols, **kwargs)
