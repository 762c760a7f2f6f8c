"""Amounts over time with their bands, measured or hidden, a panel a species."""

from collections.abc import Mapping

import numpy as np
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter

from lib.plots import _check
from lib.plots.labels import formula
from lib.plots.notes import count_note
from lib.plots.style import ROLES, class_colors, figure

__all__ = ["hidden_states"]


def hidden_states(
    bands, data=None, truth=None, *, species=None, names=None, log_time=True, time_label="Time (h)",
    value_label="Amount (mol)", ncols=4, panel_mm=46.0, band_label=", 95 %", legend="below", n=None,
    fig=None,
):  # fmt: skip
    """Draw the bands of each species over time in a panel of its own, with data and known answer.

    Parameters
    ----------
    bands : DataFrame, or mapping of str to DataFrame
        Columns time_h, species, median, and lo95, hi95 or low, high (95 % of the amount); optionally predictive_lo95,
        predictive_hi95 (95 % of a new reading, drawn paler; NaN for none).  A mapping, of at most 3, overlays several.
    data : DataFrame, optional
        Columns time_h, species, value; optionally error (1 sigma).
    truth : DataFrame, optional
        Known answer of artificial data: columns time_h, species, value.
    species : sequence of str, optional
        Which, in the order of panels; default: those of the first bands.
    names : mapping of str to str, optional
        Titles of panels; species without data have "(hidden)" added.
    log_time : bool
        Logarithmic axis of time; a time of zero is left out.
    time_label, value_label : str
        With units.
    ncols : int
        Panels in a row.
    panel_mm : float
        Height of a row.
    band_label : str
        Added to the names of the bands.
    legend : str or None
        "below" or None.
    n : int or str, optional
        Default: number of data.
    fig : Figure, optional
        Default: a new one of double width.

    Returns
    -------
    array of Axes, shape (n_species,)
    """
    where = "hidden_states"
    layers = dict(bands) if isinstance(bands, Mapping) else {"posterior": bands}
    if not 1 <= len(layers) <= 3:
        raise ValueError(f"{where}: {len(layers)} layers of bands, expected 1 to 3")
    first = next(iter(layers.values()))
    species = list(dict.fromkeys(first["species"])) if species is None else list(species)
    rows, columns = -(-len(species) // ncols), min(ncols, len(species))
    if fig is None:
        fig, axes = figure("double", panel_mm * rows + 12, rows, columns, squeeze=False)
    else:
        axes = fig.subplots(rows, columns, squeeze=False)
    flat = axes.ravel()
    measured = set() if data is None else set(data["species"])
    tints = class_colors(len(layers))
    for i, (ax, name) in enumerate(zip(flat, species, strict=False)):
        for (label, frame), tint in zip(layers.items(), tints, strict=True):
            _band(ax, frame[frame["species"] == name], f"{label}{band_label}", tint, log_time)
        if truth is not None:
            part = _positive(truth[truth["species"] == name], log_time)
            ax.plot(part["time_h"], part["value"], color="black", lw=1.0, ls="--", label="known answer", zorder=4)
        if name in measured:
            part = _positive(data[data["species"] == name], log_time)
            error = part["error"] if "error" in part and np.isfinite(part["error"]).any() else None
            ax.errorbar(part["time_h"], part["value"], yerr=error, fmt="o", ms=2.6, color="black", mfc="white", mew=0.6,
                        elinewidth=0.6, label="measured", zorder=5)  # fmt: skip
        title = (names or {}).get(name, formula(name))
        hidden = data is not None and name not in measured
        ax.set_title(
            f"{title} (hidden)" if hidden else title, fontsize=8, loc="left", color=ROLES["reference"] if hidden else "black"
        )
        if log_time:
            ax.set_xscale("log")
            ax.xaxis.set_major_locator(LogLocator(numticks=4))
            ax.xaxis.set_minor_formatter(NullFormatter())
        else:
            ax.xaxis.set_major_locator(MaxNLocator(4))
        ax.set(xlabel=time_label if i >= len(species) - columns else "", ylabel=value_label if i % columns == 0 else "")
    for ax in flat[len(species) :]:
        ax.set_visible(False)
    if legend:
        found = {}
        for ax in flat[: len(species)]:
            for handle, label in zip(*ax.get_legend_handles_labels(), strict=True):
                found.setdefault(label, handle)
        fig.legend(list(found.values()), list(found), loc="outside lower center", ncols=len(found), frameon=False, fontsize=7)
    count_note(flat[columns - 1], n if n is not None else (None if data is None else f"{len(data)} numbers"))
    return flat[: len(species)]


def _positive(frame, log_time):
    return frame[frame["time_h"] > 0] if log_time else frame


def _band(ax, frame, label, tint, log_time):
    """One band with its median."""
    frame = _positive(frame, log_time)
    low, high = ("lo95", "hi95") if "lo95" in frame else ("low", "high")
    missing = [c for c in ("time_h", "median", low, high) if c not in frame]
    if missing:
        raise ValueError(f"hidden_states: bands have no column {missing[0]!r}; expected time_h, species, median, lo95, hi95")
    t = _check.array("hidden_states", "time_h", frame["time_h"].to_numpy(float))
    if "predictive_lo95" in frame and np.isfinite(frame["predictive_lo95"]).any():
        ax.fill_between(t, frame["predictive_lo95"], frame["predictive_hi95"], color=tint, alpha=0.13, lw=0, zorder=1,
                        label="95 % of a new reading")  # fmt: skip
    ax.fill_between(t, frame[low], frame[high], color=tint, alpha=0.3, lw=0, zorder=2)
    ax.plot(t, frame["median"], color=tint, lw=1.1, zorder=3, label=label)
