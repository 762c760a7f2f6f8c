"""What data taught about each parameter: prior beside posterior, and what further data would add."""

import numpy as np
from matplotlib.ticker import MaxNLocator

from lib.plots import _check, _shared
from lib.plots.labels import quantity
from lib.plots.notes import count_note
from lib.plots.style import ROLES, class_colors

__all__ = ["design_bars", "prior_posterior"]


def prior_posterior(
    prior, posterior, *, names=None, contraction=None, limit=0.3, truth=None, ncols=4, panel_mm=38.0, n=None, fig=None
):
    """Draw the posterior density of every parameter over its prior; those that data did not tell are said so.

    Parameters
    ----------
    prior : DataFrame, or dict of str to tuple
        Draws, a column a parameter; or ("normal", mean, sd) or ("uniform", low, high) by parameter.
    posterior : DataFrame, or dict of str to DataFrame
        Draws with the same columns; a dict overlays at most 3.
    names : mapping of str to str, optional
        Axis labels with units; default: from the columns.
    contraction : mapping of str to float, optional
        1 - sd(posterior)/sd(prior) of the first posterior; computed when left out.
    limit : float, 0-1
        A smaller contraction counts as "prior = posterior".
    truth : mapping of str to float, optional
        Known answer.
    ncols : int
    panel_mm : float
        Height of a row.
    n : int or str, optional
    fig : Figure, optional
        Default: a new one of double width.

    Returns
    -------
    array of Axes, shape (n_parameters,)
    """
    where = "prior_posterior"
    sets = dict(posterior) if isinstance(posterior, dict) else {"posterior": posterior}
    if not 1 <= len(sets) <= 3:
        raise ValueError(f"{where}: {len(sets)} posteriors, expected 1 to 3")
    first = next(iter(sets.values()))
    columns = [str(c) for c in first.columns]
    prior_names = list(prior) if isinstance(prior, dict) else [str(c) for c in prior.columns]
    missing = [c for c in columns if c not in prior_names]
    if missing:
        raise ValueError(f"{where}: no prior of {', '.join(missing)}; there are {', '.join(prior_names)}")
    rows = -(-len(columns) // ncols)
    fig, grid = _shared.grid(fig, ("double", panel_mm * rows + 10), rows, min(ncols, len(columns)), squeeze=False)
    axes = grid.ravel()
    for ax in axes[len(columns) :]:
        ax.set_visible(False)
    tints = class_colors(len(sets))
    for ax, name in zip(axes, columns, strict=False):
        draws = {label: np.asarray(frame[name], float) for label, frame in sets.items()}
        shape = prior[name] if isinstance(prior, dict) else np.asarray(prior[name], float)
        x, y, sd = _prior_density(where, name, shape, draws)
        told = 1 - np.std(next(iter(draws.values()))) / sd if contraction is None else float(contraction[name])
        silent = told < limit
        ax.fill_between(x, y, color=ROLES["shade"], lw=0, zorder=1)
        ax.plot(x, y, color=ROLES["muted"], lw=0.9, ls="--", label="prior", zorder=2)
        for (label, values), tint in zip(draws.items(), tints, strict=True):
            tone = ROLES["reference"] if silent and len(sets) == 1 else tint
            ax.plot(x, _density(values, x), color=tone, lw=1.3, label=label, zorder=3)
        if truth is not None and name in truth:
            ax.axvline(truth[name], color="black", lw=0.8, ls=":", zorder=4, label="known answer")
        words = "prior = posterior" if silent else f"contraction {100 * told:.0f} %"
        ax.set_title(words, fontsize=7, loc="left", color=ROLES["reference"] if silent else "black")
        ax.set(xlabel=(names or {}).get(name, quantity(name)), ylim=(0, None), yticks=[], xlim=(x[0], x[-1]))
        ax.xaxis.set_major_locator(MaxNLocator(4))
    axes[0].set_ylabel("Density")
    handles, labels = axes[0].get_legend_handles_labels()
    fig.legend(handles, labels, loc="outside lower center", ncols=len(labels), frameon=False)
    count_note(axes[min(ncols, len(columns)) - 1], n)
    return axes[: len(columns)]


def _prior_density(where, name, shape, draws):
    """Return (x, density, sd) of a prior, on an axis that also holds the posteriors."""
    values = np.concatenate(list(draws.values()))
    low, high = np.quantile(values, [0.001, 0.999])
    if isinstance(shape, tuple):
        kind, a, b = shape
        if kind not in ("normal", "uniform"):
            raise ValueError(f"{where}: prior of {name} is {kind!r}, expected 'normal' (mean, sd) or 'uniform' (low, high)")
        sd = b if kind == "normal" else (b - a) / 12**0.5
        ends = (a - 2.8 * b, a + 2.8 * b) if kind == "normal" else (a - 0.05 * (b - a), b + 0.05 * (b - a))
        x = np.linspace(min(low, ends[0]), max(high, ends[1]), 301)
        y = (
            np.exp(-0.5 * ((x - a) / b) ** 2) / (b * (2 * np.pi) ** 0.5)
            if kind == "normal"
            else ((x >= a) & (x <= b)) / (b - a)
        )
        return x, y, sd
    ends = np.quantile(shape, [0.002, 0.998])
    x = np.linspace(min(low, ends[0]), max(high, ends[1]), 301)
    return x, _density(shape, x), float(np.std(shape))


def _density(values, x):
    """Gaussian kernel density (Silverman's width) of draws at `x`, by a histogram on its grid."""
    from scipy.ndimage import gaussian_filter1d

    step = x[1] - x[0]
    spread = min(np.std(values), np.subtract(*np.quantile(values, [0.75, 0.25])) / 1.349) or np.std(values)
    counts, _ = np.histogram(values, bins=np.append(x - step / 2, x[-1] + step / 2))
    width = 0.9 * spread * len(values) ** -0.2 / step
    return gaussian_filter1d(counts / (len(values) * step), max(width, 1.0), mode="reflect")


def design_bars(
    frame, *, design="design", value="width", lower=None, upper=None, series=None, reference=None,
    label="Width of the 95 % interval (percentage points)", legend="below", n=None, ax=None,
):  # fmt: skip
    """Draw what further data would buy: the width of an interval for each design of measurements.

    Parameters
    ----------
    frame : DataFrame
        One row a design (and series).
    design, value : str
        Columns; designs are drawn in the order of their rows, the first at the top.
    lower, upper : str, optional
        Columns of an interval of the value, such as over artificial data sets.
    series : str, optional
        Column that splits each design into several bars, such as the place in the core.
    reference : str, optional
        Design that the others are compared with: a line, and the ratio to it in print.
    label : str
        With its unit.
    legend : str or None
    n : int or str, optional
    ax : Axes, optional

    Returns
    -------
    Axes
    """
    where = "design_bars"
    ax = _check.axes_or_current(ax)
    _shared.has_columns(where, frame, [design, value, lower, upper, series])
    if (lower is None) != (upper is None):
        raise ValueError(f"{where}: only one bound of the interval was given; pass both lower and upper, or neither")
    designs = list(dict.fromkeys(frame[design].astype(str)))
    if reference is not None and reference not in designs:
        raise ValueError(f"{where}: reference {reference!r} is not among the designs {', '.join(designs)}")
    kinds = [None] if series is None else list(dict.fromkeys(frame[series].astype(str)))
    thick = 0.78 / len(kinds)
    for k, (kind, color) in enumerate(zip(kinds, class_colors(len(kinds)), strict=True)):
        part = frame if kind is None else frame[frame[series].astype(str) == kind]
        part = part.set_index(part[design].astype(str))
        if part.index.has_duplicates:
            twice = part.index[part.index.duplicated()][0]
            raise ValueError(f"{where}: design {twice!r} has several rows; name the column that tells them apart as series")
        y = np.array([designs.index(name) for name in part.index]) + (k - (len(kinds) - 1) / 2) * thick
        v = part[value].to_numpy(float)
        bounds = None if lower is None else _check.bars_around(v, part[lower].to_numpy(float), part[upper].to_numpy(float))
        ax.barh(y, v, height=0.9 * thick, color=color, alpha=0.85, xerr=bounds, label=kind,
                error_kw={"elinewidth": 0.8, "ecolor": "#222222"})  # fmt: skip
        base = float(part.loc[reference, value]) if reference is not None and reference in part.index else None
        if base is not None:
            ax.axvline(base, color=color, lw=0.8, ls="--", zorder=0)
        for row, one, name in zip(y, v, part.index, strict=True):
            words = f"{one:.3g}" + (f" (×{one / base:.2f})" if base and name != reference else "")
            _shared.right_note(ax, row, words)
    ax.set_yticks(range(len(designs)), designs)
    ax.set(ylim=(len(designs) - 0.5, -0.5), xlabel=label, xlim=(0, None))
    ax.tick_params(axis="y", length=0)
    _shared.legend(ax, legend if series is not None else None, ncols=4)
    return count_note(ax, n)
