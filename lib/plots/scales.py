"""Scales: per cent with gains and losses of equal weight, logarithmic axes in plain numbers, colour bars."""

from itertools import pairwise

import numpy as np
from matplotlib.ticker import FixedLocator, FuncFormatter, Locator, MaxNLocator, NullFormatter

__all__ = ["RatioPercentLocator", "color_bar", "percent_text", "plain_log_axis", "ratio_percent_axis"]

_FLOOR = -99.99  # per cent; the logarithm of a total loss does not exist

# changes in per cent, from coarse to fine; coarse sets mirror gains and losses (x2 and /2), fine ones are round
_TICKS = (
    (-99.9, -99, -90, 0, 900, 9900, 99900),
    (-99, -97, -90, -67, 0, 200, 900, 2900, 9900),
    (-98, -95, -90, -80, -50, 0, 100, 400, 900, 1900, 4900),
    (-90, -80, -67, -50, -33, 0, 50, 100, 200, 400, 900),
    (-80, -67, -50, -33, -20, 0, 25, 50, 100, 200, 400),
    (-80, -60, -40, -20, 0, 20, 40, 60, 100, 150),
    (-40, -30, -20, -10, 0, 10, 20, 30, 40, 50),
    (-20, -15, -10, -5, 0, 5, 10, 15, 20),
    (-6, -5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5, 6),
)


def percent_text(value, _position=None):
    """Write a change in per cent with its sign: +100, −50, 0.

    Parameters
    ----------
    value : float, per cent
    _position : int, optional
        Not used; matplotlib's formatters pass it.

    Returns
    -------
    str
    """
    if abs(value) < 5e-3:
        return "0"
    number = f"{abs(value):.1f}" if abs(value) > 99 and value < 0 and value % 1 else f"{abs(value):.0f}"
    return ("+" if value > 0 else "\N{MINUS SIGN}") + number


class RatioPercentLocator(Locator):
    """Ticks at round or mirrored changes (x2 and /2, x10 and /10, ...): as many as `most` allows.

    Parameters
    ----------
    most : int
        Largest number of ticks in view.
    """

    def __init__(self, most=8):
        self.most = most

    def __call__(self):
        """Return the ticks in view, per cent, as many as the drawn length of the axis has room for."""
        box = self.axis.axes.get_window_extent()
        flat = self.axis.axis_name == "x"
        points = (box.width if flat else box.height) * 72 / self.axis.axes.figure.dpi
        return self.tick_values(*sorted(self.axis.get_view_interval()), gap=min((24 if flat else 10) / max(points, 1), 0.4))

    def tick_values(self, vmin, vmax, gap=0.04):
        """Return the ticks between `vmin` and `vmax`, per cent, at least the fraction `gap` of the view apart."""
        best = np.array([0.0])
        for ticks in _TICKS:
            seen = np.array([t for t in ticks if vmin - 1e-9 <= t <= vmax + 1e-9], dtype=float)
            # a fine set that fills only the middle of the view is no use
            if len(best) < len(seen) <= self.most and _length(seen[0], seen[-1]) >= 0.55 * _length(vmin, vmax):
                apart = min(_length(a, b) for a, b in pairwise(seen)) / _length(vmin, vmax)
                best = seen if apart >= gap else best
        return best


def _length(low, high):
    """Distance of two changes, per cent, on the ratio scale."""
    return float(np.diff(np.log1p(np.maximum([low, high], _FLOOR) / 100))[0])


def ratio_percent_axis(ax, axis="x", most=8):
    """Scale one axis, whose data are changes in per cent, by the logarithm of the ratio 1 + change/100.

    +900 % (x10) and -90 % (/10) then lie at the same distance from zero. Artists keep their values in per cent.

    Parameters
    ----------
    ax : Axes
    axis : {"x", "y"}
    most : int
        Largest number of ticks.

    Returns
    -------
    Axes
    """
    functions = (
        lambda percent: np.log1p(np.maximum(percent, _FLOOR) / 100),
        lambda logratio: 100 * np.expm1(np.clip(logratio, -9.3, 50)),
    )
    getattr(ax, f"set_{axis}scale")("function", functions=functions)
    which = getattr(ax, f"{axis}axis")
    which.set_major_locator(RatioPercentLocator(most))
    which.set_major_formatter(FuncFormatter(percent_text))
    return ax


def plain_log_axis(ax, axis="y"):
    """Write 0.5, 1, 2, 5 on a logarithmic axis instead of powers of ten; call it when the limits are final.

    Parameters
    ----------
    ax : Axes
    axis : {"x", "y"}

    Returns
    -------
    Axes
    """
    which, limits = getattr(ax, f"{axis}axis"), sorted(getattr(ax, f"get_{axis}lim")())
    for steps in ((1,), (1, 3), (1, 2, 5), (1, 1.5, 2, 3, 5, 7)):
        ticks = np.unique([round(s * 10.0**e, 12) for e in range(-6, 8) for s in steps])
        seen = ticks[(ticks >= limits[0]) & (ticks <= limits[1])]
        if len(seen) >= 4:
            break
    else:  # less than a factor of two in view: round numbers, evenly
        ticks = MaxNLocator(5).tick_values(*limits)
        seen = ticks[(ticks >= limits[0]) & (ticks <= limits[1])]
    which.set_major_locator(FixedLocator(seen))
    which.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    which.set_minor_formatter(NullFormatter())
    return ax


def color_bar(ax, mappable, label, **kwargs):
    """Draw a thin colour bar beside an Axes, exactly as tall as it is.

    Parameters
    ----------
    ax : Axes
    mappable : matplotlib.cm.ScalarMappable
    label : str
        With its unit.
    **kwargs
        Passed to ``Figure.colorbar``.

    Returns
    -------
    matplotlib.colorbar.Colorbar
    """
    bar = ax.figure.colorbar(mappable, cax=ax.inset_axes([1.025, 0, 0.035, 1]), **kwargs)
    bar.set_label(label)
    bar.outline.set_linewidth(0.5)
    return bar
