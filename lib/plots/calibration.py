"""Is the inference calibrated? Ranks of the truth among posterior draws, and accuracy over a grid of conditions."""

from functools import lru_cache

import numpy as np
from matplotlib.ticker import NullLocator
from scipy import stats

from lib.plots import _check, _shared
from lib.plots.labels import formula
from lib.plots.notes import count_note
from lib.plots.scales import plain_log_axis
from lib.plots.style import OKABE_ITO, ROLES, class_colors

__all__ = ["accuracy_panels", "rank_ecdf", "rank_histogram"]


def _ranks(where, ranks, n_draws):
    """Return ranks as whole numbers 0..n_draws, missing ones left out."""
    r = _check.array(where, "ranks", ranks)
    r = r[np.isfinite(r)]
    if int(n_draws) < 1 or not len(r):
        raise ValueError(f"{where}: {len(r)} ranks among {n_draws} draws; expected at least one of each")
    if np.any(r % 1 != 0) or r.min() < 0 or r.max() > n_draws:
        raise ValueError(f"{where}: ranks span {r.min():.4g}-{r.max():.4g}, expected whole numbers 0-{int(n_draws)}; a rank "
                         "is the number of posterior draws below the truth, n_draws how many there were")  # fmt: skip
    return r.astype(int)


def rank_histogram(ranks, n_draws, *, bins=None, level=0.95, label="Rank of the truth", n=None, ax=None):
    """Draw the ranks of the truth among posterior draws with the binomial band of a calibrated inference.

    A hump in the middle means intervals too wide, a trough too narrow, a slope biased estimates.

    Parameters
    ----------
    ranks : array, shape (n_simulations,), 0-`n_draws`
        Number of (thinned, independent) posterior draws below the truth.
    n_draws : int, >= 1
        Number of these draws.
    bins : int, optional
        Default: about 20 expected in a bin, 5-20 bins, of equal width where `n_draws` + 1 allows.
    level : float, 0-1
        Probability of the band, for each bin alone.
    label : str
    n : int or str, optional
        Default: number of simulations.
    ax : Axes, optional

    Returns
    -------
    Axes

    References
    ----------
    Talts et al. (2018) arXiv:1804.06788, section 4: simulation-based calibration.
    """
    where = "rank_histogram"
    ax = _check.axes_or_current(ax)
    r = _ranks(where, ranks, n_draws)
    places = int(n_draws) + 1
    if bins is None:
        most = int(np.clip(len(r) // 20, 5, 20))
        equal = [b for b in range(max(most // 2, 2), most + 1) if places % b == 0]
        bins = equal[-1] if equal else most
    bins = min(int(bins), places)
    edges = np.ceil(np.arange(bins + 1) * places / bins).astype(int)  # ranks in a bin: edges[i] <= rank < edges[i + 1]
    share = np.diff(edges) / places
    count = np.histogram(r, edges - 0.5)[0]
    low, high = _shared.binomial_band(len(r), share, level)
    steps = {"step": "post", "lw": 0, "color": ROLES["muted"], "alpha": 0.35, "zorder": 1}
    walls = edges / places
    ax.fill_between(walls, np.append(low, low[-1]), np.append(high, high[-1]), **steps,
                    label=f"{100 * level:g} % band if calibrated")  # fmt: skip
    ax.step(walls, np.append(len(r) * share, len(r) * share[-1]), where="post", color=ROLES["reference"], lw=0.9, zorder=3)
    out = (count < low) | (count > high)
    tone = [ROLES["gain"] if o else OKABE_ITO["sky_blue"] for o in out]
    ax.bar(walls[:-1], count, np.diff(walls), align="edge", color=tone, edgecolor="white", alpha=0.8, zorder=2)
    chi2 = float(np.sum((count - len(r) * share) ** 2 / (len(r) * share)))
    p = stats.chi2.sf(chi2, bins - 1)
    top = 1.32 * max(count.max(), high.max())
    ax.set(xlim=(0, 1), ylim=(0, top), xlabel=f"{label} / {places} (1)", ylabel="Simulations (count)")
    ax.text(0.03, 0.96, f"{int(out.sum())} of {bins} bins outside\nχ² test: p "
            + ("< 0.001" if p < 1e-3 else f"= {p:.2g}"), transform=ax.transAxes, va="top", fontsize=7,
            linespacing=1.3)  # fmt: skip
    return count_note(ax, f"{len(r)} simulations" if n is None else n)


def rank_ecdf(ranks, n_draws, *, level=0.95, label="Rank of the truth", legend="best", n=None, ax=None):
    """Draw the ECDF of the ranks of the truth minus the uniform one, with a simultaneous band.

    The band holds the whole curve of a calibrated inference with probability `level`; with several quantities that
    is said of each alone.

    Parameters
    ----------
    ranks : array, shape (n_simulations,), or dict of str to such arrays, 0-`n_draws`
        One quantity, or several (at most 7) of equally many simulations.
    n_draws : int, >= 1
        Number of posterior draws among which the truth was ranked.
    level : float, 0-1
    label : str
    legend : str or None
        Location, "below", or None.
    n : int or str, optional
        Default: number of simulations.
    ax : Axes, optional

    Returns
    -------
    Axes

    References
    ----------
    Saeilynoja, Buerkner & Vehtari (2022) Stat. Comput. 32, 32, section 2: simultaneous bands of the ECDF.
    """
    where = "rank_ecdf"
    ax = _check.axes_or_current(ax)
    several = {name: _ranks(where, r, n_draws) for name, r in (ranks.items() if isinstance(ranks, dict) else [("", ranks)])}
    sizes = {len(r) for r in several.values()}
    if len(sizes) > 1:
        raise ValueError(f"{where}: quantities have {sorted(sizes)} ranks, but one band holds for one number; draw them apart")
    (size,) = sizes
    z, low, high = _simultaneous_band(size, int(n_draws), float(level))
    x, lower, upper = np.insert(z, 0, 0.0), np.insert(low / size - z, 0, 0.0), np.insert(high / size - z, 0, 0.0)
    ax.fill_between(x, lower, upper, color=ROLES["muted"], alpha=0.3, lw=0, zorder=1,
                    label=f"{100 * level:g} % simultaneous band")  # fmt: skip
    ax.axhline(0, color=ROLES["reference"], lw=0.8, zorder=2)
    for (name, r), color in zip(several.items(), class_colors(len(several)), strict=True):
        below = np.searchsorted(np.sort(r), np.round(z * (n_draws + 1)).astype(int) - 1, side="right")
        out = bool(np.any((below < low) | (below > high)))
        words = (formula(name) + (": outside" if out else "")) or ("outside the band" if out else "inside the band")
        ax.plot(x, np.insert(below / size - z, 0, 0.0), color=color, lw=1.1, ls=(0, (4, 1.5)) if out else "-", zorder=3,
                label=words)  # fmt: skip
    reach = 1.15 * max(np.abs(ax.get_ylim()))
    ax.set(xlim=(0, 1), ylim=(-reach, reach), xlabel=f"{label} / {int(n_draws) + 1} (1)", ylabel="ECDF − uniform (1)")
    _shared.legend(ax, legend, ncols=3)
    return count_note(ax, f"{size} simulations" if n is None else n)


@lru_cache(maxsize=32)
def _simultaneous_band(size, n_draws, level):
    """Return where the ECDF is compared, z (K,), and the counts (lower, upper) that hold it all along.

    The pointwise level is found by bisection; the probability that no count leaves its binomial interval is exact:
    counts of a multinomial are independent Poisson counts given their sum, so paths inside are summed by convolution.
    """
    points = np.unique(np.round(np.linspace(1, n_draws + 1, min(n_draws + 1, 101))).astype(int))
    z = points / (n_draws + 1)
    step = stats.poisson.pmf(np.arange(size + 1)[None], (size * np.diff(z, prepend=0.0))[:, None])

    def inside(low, high):
        """Return the probability of paths between the bounds."""
        first, mass = 0, np.ones(1)
        for jump, a, b in zip(step, low.astype(int), high.astype(int), strict=True):
            spread = np.convolve(mass, jump[: b - first + 1])[a - first : b - first + 1]
            first, mass = a, spread
        return mass[-1] / stats.poisson.pmf(size, size)  # the last point is z = 1: all of them

    gamma = [1 - level, 0.0]  # pointwise tail: too narrow a band, too wide a band
    for _turn in range(30):
        middle = sum(gamma) / 2
        low, high = _shared.binomial_band(size, z, 1 - middle)
        gamma[0 if inside(low, high) < level else 1] = middle
    low, high = _shared.binomial_band(size, z, 1 - gamma[1])
    return z, low, high


def accuracy_panels(
    frame, *, x="noise_pct", error="error", spread=None, lower=None, upper=None, line="n_samples", column="n_elements",
    row=None, x_label="Noise (% of the concentration)", y_label="RMS error of ln $F$ (1)", line_text="{} samples",
    column_text="{} elements", row_text="{}", n=None, fig=None,
):  # fmt: skip
    """Draw error, and the posterior spread that should match it, against noise, in a panel a condition.

    Parameters
    ----------
    frame : DataFrame
        Tidy: one row a cell of the grid.
    x, error : str
        Columns of the noise and of the error (> 0), drawn with symbols and full lines.
    spread : str, optional
        Column of the posterior standard deviation claimed, dashed lines: below the error, it claims too much.
    lower, upper : str, optional
        Columns of the 95 % interval of the error.
    line, column, row : str
        Columns that make the lines, the columns of panels and (optionally) the rows of panels.
    x_label, y_label : str
        With units.
    line_text, column_text, row_text : str
        Formats of the values of these columns.
    n : int or str, optional
        Data sets a cell, written over the legend.
    fig : Figure or SubFigure, optional
        Default: a new figure of the double width.

    Returns
    -------
    array of Axes, shape (n_rows, n_columns)
    """
    where = "accuracy_panels"
    _shared.has_columns(where, frame, (x, error, spread, lower, upper, line, column, row))
    if frame[error].min() <= 0:
        raise ValueError(f"{where}: smallest {error} is {frame[error].min():.3g}, expected > 0 on a logarithmic axis")
    cols, lines = sorted(frame[column].unique()), sorted(frame[line].unique())
    rows = [None] if row is None else list(dict.fromkeys(frame[row]))
    shared = {"sharex": True, "sharey": True, "squeeze": False}
    fig, axes = _shared.grid(fig, ("double", 22 + 46 * len(rows)), len(rows), len(cols), **shared)
    for (i, j), ax in np.ndenumerate(axes):
        part = frame[frame[column] == cols[j]]
        part = part if row is None else part[part[row] == rows[i]]
        for k, (value, color) in enumerate(zip(lines, class_colors(len(lines)), strict=True)):
            one = part[part[line] == value].sort_values(x, kind="stable")
            if lower is not None and upper is not None:
                ax.fill_between(one[x], one[lower], one[upper], color=color, alpha=0.15, lw=0, zorder=1)
            ax.plot(one[x], one[error], color=color, marker=_shared.MARKERS[k], ms=4, mec="white", mew=0.4, zorder=3,
                    label=f"error, {line_text.format(value)}")  # fmt: skip
            if spread is not None:
                ax.plot(one[x], one[spread], color=color, lw=0.9, ls=(0, (3, 1.5)), zorder=2,
                        label=f"posterior sd, {line_text.format(value)}")  # fmt: skip
        ax.set(xscale="log", yscale="log")
        ax.grid(axis="y")
        ax.set(xlabel=x_label if i == len(rows) - 1 else None, ylabel=y_label if j == 0 else None)
        words = [column_text.format(cols[j])] + ([] if row is None else [row_text.format(rows[i])])
        ax.set_title(", ".join(reversed(words)), fontsize=7.5)
    ticks = np.unique(frame[x])
    for ax in axes.flat:
        plain_log_axis(ax, "y")
        ax.set_xticks(ticks, [f"{t:g}" for t in ticks])
        ax.xaxis.set_minor_locator(NullLocator())
    handles, labels = axes[0, 0].get_legend_handles_labels()
    fig.legend(handles, labels, loc="outside lower center", ncols=len(lines), borderpad=0,
               title=f"{n} data sets a cell" if isinstance(n, int) else n)  # fmt: skip
    return axes
