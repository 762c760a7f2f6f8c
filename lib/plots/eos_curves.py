"""Equation of state: curves with bands over data, deviation from a seismic model, temperatures of shocked states."""

import numpy as np

from lib.plots import _check, _shared
from lib.plots.notes import count_note
from lib.plots.style import ROLES, class_colors

__all__ = ["eos_curves", "hugoniot_temperatures", "prem_deviation"]


def eos_curves(
    pressure_gpa, curves, *, bands=None, data=None, reference=None, label="Density (kg m$^{-3}$)", x_label="Pressure (GPa)",
    band_label="95 % of the posterior", limits=None, legend="below", n=None, ax=None,
):  # fmt: skip
    """Draw isotherms, adiabats or Hugoniots of an equation of state with their bands over measured values.

    Parameters
    ----------
    pressure_gpa : array, shape (n,), GPa
        Abscissa of all curves that do not bring their own.
    curves : dict of str to array (n,) or (array, array)
        Middle of each curve, on `pressure_gpa` or as (pressure, value); at most 7.
    bands : dict of str to (array, array), optional
        Interval of the curve of the same name, on its abscissa.
    data : DataFrame, optional
        Columns pressure_gpa, value, and optionally error and pressure_err_gpa (1 sigma), set (data set, a marker each) and
        hollow (not used in the fit).
    reference : dict of str to (array, array), optional
        Such as a seismic model, (pressure, value), drawn black and dashed.
    label, x_label : str
        With units.
    band_label : str
    limits : ((float, float) or None, (float, float) or None), optional
        Of the two axes.
    legend : str or None
    n : int or str, optional
        Default: number of data.
    ax : Axes, optional

    Returns
    -------
    Axes
    """
    where = "eos_curves"
    ax = _check.axes_or_current(ax)
    _lines(where, ax, pressure_gpa, curves, bands, band_label)
    for i, (name, (x, y)) in enumerate((reference or {}).items()):
        ax.plot(x, y, color="black", lw=1.0, ls=("--", ":", "-.")[i % 3], label=name, zorder=3.4)
    if data is not None:
        _shared.has_columns(where, data, ["pressure_gpa", "value"])
        names = data["set"].astype(str).to_numpy() if "set" in data else np.full(len(data), "measured")
        hollow = data["hollow"].to_numpy(bool) if "hollow" in data else np.zeros(len(data), bool)
        for i, (name, empty) in enumerate((name, empty) for name in dict.fromkeys(names) for empty in (False, True)):
            part = data[(names == name) & (hollow == empty)]
            if not len(part):
                continue
            bars = {axis: _error(part, column) for axis, column in (("yerr", "error"), ("xerr", "pressure_err_gpa"))}
            words = f"{name} ({len(part)}{', not used' if empty else ''})"
            ax.errorbar(part["pressure_gpa"], part["value"], **bars, fmt=_shared.MARKERS[i // 2 % 7], ms=3.0, color="#333333",
                        mfc="white" if empty else "#333333", mew=0.6, elinewidth=0.5, zorder=4, label=words)  # fmt: skip
    ax.set(xlabel=x_label, ylabel=label)
    _limits(ax, limits)
    _shared.legend(ax, legend, ncols=3)
    return count_note(ax, (f"{len(data)} data" if data is not None else None) if n is None else n)


def prem_deviation(
    x, deviation, *, bands=None, published=None, along="depth", boundaries=None,
    label="Iron denser than PREM (% of iron)", band_label="95 % of the posterior", limits=None, legend="below", n=None,
    ax=None,
):  # fmt: skip
    """Draw how far an equation of state is from a seismic model along the outer core.

    Parameters
    ----------
    x : array, shape (n,)
        Depth (km) or pressure (GPa).
    deviation : dict of str to array, shape (n,), per cent
        A curve a temperature, or a form, at most 7.
    bands : dict of str to (array, array), optional
        Interval of the curve of the same name.
    published : dict of str to sequence of (x, low, high), optional
        Published values at certain depths; low = high for one without a range.
    along : {"depth", "pressure"}
    boundaries : dict of str to float, optional
        Named lines, such as {"CMB": 2891.0, "ICB": 5149.5}.
    label : str
        With its convention: per cent of what.
    band_label : str
    limits : ((float, float) or None, (float, float) or None), optional
    legend : str or None
    n : int or str, optional
    ax : Axes, optional

    Returns
    -------
    Axes
    """
    where = "prem_deviation"
    ax = _check.axes_or_current(ax)
    _check.one_of(where, "along", along, ("depth", "pressure"))
    _lines(where, ax, x, deviation, bands, band_label)
    for i, (name, rows) in enumerate((published or {}).items()):
        for j, (at, low, high) in enumerate(rows):
            middle, half, words = (low + high) / 2, (high - low) / 2, name if j == 0 else None
            bar = [half] if half else None
            ax.errorbar([at], [middle], yerr=bar, fmt="Ds^v"[i % 4], ms=4, mfc="white", color="black", mew=0.8,
                        elinewidth=1.6, zorder=4, label=words)  # fmt: skip
    ax.axhline(0, color=ROLES["muted"], lw=0.6, zorder=0)
    ax.margins(y=0.14)  # room for the names of the boundaries
    for name, at in (boundaries or {}).items():
        ax.axvline(at, color=ROLES["muted"], lw=0.6, ls=":", zorder=0)
        ax.annotate(name, (at, 0), (0, 2), xycoords=("data", "axes fraction"), textcoords="offset points", fontsize=7,
                    ha="center", va="bottom", color=ROLES["reference"], zorder=6,
                    bbox={"pad": 0.4, "facecolor": "white", "edgecolor": "none"})  # fmt: skip
    ax.set(xlabel="Depth (km)" if along == "depth" else "Pressure (GPa)", ylabel=label)
    _limits(ax, limits)
    _shared.legend(ax, legend, ncols=3)
    return count_note(ax, n)


def hugoniot_temperatures(
    latent, *, curves=None, bands=None, published=None, x="pressure_gpa", label="Temperature (K)",
    interval_label="latent temperature, 95 %", legend="below", n=None, ax=None,
):  # fmt: skip
    """Draw temperatures of shocked states, which were not measured, as random variables beside those that energy requires.

    Parameters
    ----------
    latent : DataFrame
        Columns pressure_gpa, median, lo95, hi95 (kelvin); optionally set.
    curves : dict of str to (array, array), optional
        Such as the temperature from the Rankine-Hugoniot energy, (pressure, temperature).
    bands : dict of str to (array, array), optional
        Interval of the curve of the same name, on its abscissa.
    published : dict of str to (array, array) or (array, array, array), optional
        (pressure, temperature[, 1 sigma]).
    x : str
        Column of the abscissa.
    label, interval_label : str
    legend : str or None
    n : int or str, optional
        Default: number of states.
    ax : Axes, optional

    Returns
    -------
    Axes
    """
    where = "hugoniot_temperatures"
    ax = _check.axes_or_current(ax)
    _shared.has_columns(where, latent, [x, "median", "lo95", "hi95"])
    _check.interval(where, latent["lo95"], latent["hi95"], latent["median"])
    _lines(where, ax, None, curves or {}, bands, "95 % of the posterior")
    names = latent["set"].astype(str).to_numpy() if "set" in latent else np.full(len(latent), "")
    for i, name in enumerate(dict.fromkeys(names)):
        part = latent[names == name]
        words = interval_label + (f": {name} ({len(part)})" if name else "")
        t, low, high = (part[column].to_numpy(float) for column in ("median", "lo95", "hi95"))
        ax.errorbar(part[x], t, yerr=_check.bars_around(t, low, high), fmt=_shared.MARKERS[i % 7], ms=3.2, mfc="white",
                    color="black", mew=0.7, elinewidth=0.7, label=words, zorder=4)  # fmt: skip
    for i, (name, values) in enumerate((published or {}).items()):
        ax.errorbar(values[0], values[1], yerr=values[2] if len(values) > 2 else None, fmt="DP*X"[i % 4], ms=4,
                    color=ROLES["muted"], elinewidth=0.6, label=name, zorder=3.6)  # fmt: skip
    ax.set(xlabel="Pressure (GPa)" if x == "pressure_gpa" else x, ylabel=label)
    _shared.legend(ax, legend, ncols=2)
    return count_note(ax, f"{len(latent)} shocked states" if n is None else n)


def _lines(where, ax, x, curves, bands, band_label):
    """Draw named curves, each in its colour, with the bands of the same names."""
    unknown = [name for name in bands or {} if name not in curves]
    if unknown:
        raise ValueError(f"{where}: bands of {', '.join(unknown)} have no curve; there are {', '.join(curves) or 'none'}")
    first = True
    for (name, value), color in zip(curves.items(), class_colors(max(len(curves), 1)), strict=bool(curves)):
        own = isinstance(value, tuple)
        at = _check.array(where, f"abscissa of {name}", value[0] if own else x)
        y = _check.array(where, name, value[1] if own else value, at.shape)
        if name in (bands or {}):
            low, high = _check.interval(where, *bands[name], y)
            ax.fill_between(at, low, high, color=color, alpha=0.22, lw=0, zorder=2)
            if first:
                ax.fill_between([], [], [], color="#777777", alpha=0.3, lw=0, label=band_label)
                first = False
        ax.plot(at, y, color=color, label=name, zorder=3)


def _error(frame, column):
    return frame[column].to_numpy(float) if column in frame and np.isfinite(frame[column]).any() else None


def _limits(ax, limits):
    if limits is not None:
        for axis, pair in zip("xy", limits, strict=True):
            if pair is not None:
                getattr(ax, f"set_{axis}lim")(*pair)
