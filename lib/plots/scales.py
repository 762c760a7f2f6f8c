"""An axis in per cent on which a gain and the loss that undoes it have the same length."""

import numpy as np
from matplotlib.ticker import FuncFormatter, Locator

__all__ = ["RatioPercentLocator", "percent_text", "ratio_percent_axis"]

_FLOOR = -99.99  # per cent; the logarithm of a total loss does not exist

# factors whose per cent changes make round, mirrored ticks; from coarse to fine
_FACTORS = (
    (10.0,),
    (3.0, 10.0),
    (2.0, 5.0, 10.0),
    (1.5, 2.0, 3.0, 5.0, 10.0),
    (1.25, 1.5, 2.0, 3.0),
    (1.1, 1.2, 1.4),
    (1.05, 1.1, 1.15, 1.2, 1.25),
    (1.01, 1.02, 1.03, 1.04, 1.05),
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
    """Ticks at changes of mirrored factors (x2 and /2, x10 and /10, ...), the finest set with at most `most` ticks.

    Parameters
    ----------
    most : int
        Largest number of ticks in view.
    """

    def __init__(self, most=8):
        self.most = most

    def __call__(self):
        """Return the ticks in view, per cent."""
        return self.tick_values(*sorted(self.axis.get_view_interval()))

    def tick_values(self, vmin, vmax):
        """Return the ticks between `vmin` and `vmax`, per cent."""
        best = np.array([0.0])
        for factors in _FACTORS:
            top = factors[-1]
            decades = [top**k for k in range(5)] if top == 10.0 else [1.0]
            up = np.unique([1.0, *(f * d for f in factors for d in decades)])
            changes = 100 * (np.concatenate([1 / up[:0:-1], up]) - 1)
            seen = changes[(changes >= vmin - 1e-9) & (changes <= vmax + 1e-9)]
            if len(best) < len(seen) <= self.most:
                best = seen
        return best


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
