"""Residuals of a compilation: against a variable, and study by study."""

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from lib.plots import _check, _shared
from lib.plots.style import class_colors

__all__ = ["residuals_by_study"]

_REST = "#B5B5B5"


def residuals_by_study(
    x, residual, study, *, x_label="H$_2$O in the melt (wt%)", label="Residual (K)", most=12, highlight=None, least=3, n=None,
    fig=None,
):  # fmt: skip
    """Draw residuals against a variable with their running median, and by study: noise, or laboratories.

    Parameters
    ----------
    x, residual : array, shape (n,)
        Rows where either is NaN are left out.
    study : sequence of str, length n
    x_label, label : str
        With units.
    most : int, >= 1
        Largest number of studies with a row of their own, those with most data; the rest share one row.
    highlight : sequence of str, optional
        Studies with a colour of their own in both panels, at most 6; default: up to 4 whose median is farthest from 0 in
        units of its error, among those with a row.
    least : int, >= 1
        Data that a study must have to be highlighted by default.
    n : int or str, optional
        Default: data and studies.
    fig : Figure or SubFigure, optional
        Default: a new figure of the double width.

    Returns
    -------
    array of Axes, shape (2,)
    """
    where = "residuals_by_study"
    r = _check.array(where, "residual", residual)
    x = _check.array(where, "x", x, r.shape)
    study = np.array(_check.names_of(where, study, len(r)), dtype=object)
    seen = np.isfinite(x) & np.isfinite(r)
    if seen.sum() < 4:
        raise ValueError(f"{where}: {int(seen.sum())} rows have both x and residual, expected at least 4")
    x, r, study = x[seen], r[seen], study[seen]
    names, count = np.unique(study.astype(str), return_counts=True)
    own = [str(name) for name in names[np.lexsort((names, -count))][: int(most)]]
    rows = own + (["other studies"] if len(names) > len(own) else [])
    chosen = _farthest(r, study, own, least) if highlight is None else _check.names_of(where, highlight)
    missing = [name for name in chosen if name not in names]
    if missing or len(chosen) > 6:
        what = f"{len(chosen)} studies, expected at most 6" if len(chosen) > 6 else f"{', '.join(missing)}, which have no data"
        raise ValueError(f"{where}: highlight names {what}")
    tone = dict(zip(chosen, class_colors(max(len(chosen), 1)), strict=False))
    mark = {name: _shared.MARKERS[1 + i % 6] for i, name in enumerate(chosen)}
    fig, axes = _shared.grid(fig, ("double", max(72, 24 + 5.2 * len(rows))), 1, 2, sharey=False, width_ratios=[1.25, 1])
    left, right = axes
    running = _against(left, x, r, study, tone, mark)
    left.set(xlabel=x_label, ylabel=label)
    rng = np.random.default_rng(0)  # places points only
    for i, name in enumerate(rows):
        mine = r[study == name] if name in own else r[~np.isin(study, own)]
        color = tone.get(name, "#555555")
        low, middle, high = np.quantile(mine, [0.25, 0.5, 0.75])
        right.plot(mine, i + rng.uniform(-0.24, 0.24, len(mine)), ls="none", marker="o", ms=2.2, mew=0, color=color,
                   alpha=0.45, zorder=2, rasterized=len(r) > 1000)  # fmt: skip
        right.barh(i, high - low, 0.62, left=low, color=color, alpha=0.25, lw=0, zorder=1)
        right.plot([middle, middle], [i - 0.31, i + 0.31], color=color, lw=1.6, zorder=3)
    right.axvline(0, color="black", lw=0.7, zorder=0.5)
    texts = [f"{_short(name)}: {int((study == name).sum())}" if name in own else
             f"{len(names) - len(own)} other studies: {int((~np.isin(study, own)).sum())}" for name in rows]  # fmt: skip
    right.set_yticks(range(len(rows)), texts)
    for text, name in zip(right.get_yticklabels(), rows, strict=True):
        if name in tone:
            text.set(color=tone[name], fontweight="bold")
    right.tick_params(axis="y", length=0)
    right.set(ylim=(len(rows) - 0.4, -0.6), xlabel=label)
    right.grid(axis="x")
    keys = [Line2D([], [], ls="none", marker="o", ms=3, color=_REST, mew=0, label="studies in grey")] if tone else []
    keys += [
        Line2D([], [], ls="none", marker=mark[name], ms=3.8, color=tone[name], mew=0, label=_short(name)) for name in tone
    ]
    if running:
        keys.append(Line2D([], [], color="black", lw=1.3, label="running median"))
    shares = "10–90 % (left), 25–75 % (right)" if running else "25–75 %"
    keys.append(Patch(facecolor="#777777", alpha=0.25, lw=0, label=shares))
    words = f"{len(r)} data, {len(names)} studies" if n is None else f"n = {n}" if isinstance(n, int) else n
    fig.legend(handles=keys, loc="outside lower center", ncols=4, borderpad=0, title=words)
    return axes


def _against(ax, x, r, study, tone, mark):
    """Draw residuals against a variable, highlighted studies over the rest; tell whether there is a running median."""
    rest = ~np.isin(study, list(tone))
    ax.axhline(0, color="black", lw=0.7, zorder=0.5)
    ax.plot(x[rest], r[rest], ls="none", marker="o", ms=2.6, color=_REST, mew=0, alpha=0.8, zorder=1.5,
            rasterized=len(r) > 1000)  # fmt: skip
    for name, color in tone.items():
        mine = study == name
        ax.plot(x[mine], r[mine], ls="none", marker=mark[name], ms=3.6, color=color, mec="white", mew=0.2, zorder=2.5)
    order = np.argsort(x, kind="stable")
    window = int(np.clip(len(r) // 8, 7, 80))
    running = len(r) > 2 * window and x[order[-1]] > x[order[0]]
    if running:
        starts = np.unique(np.linspace(0, len(r) - window, 40).astype(int))
        at = np.array([np.median(x[order[s : s + window]]) for s in starts])
        q = np.array([np.quantile(r[order[s : s + window]], [0.1, 0.5, 0.9]) for s in starts])
        keep = np.append(np.diff(at) > 0, True)  # many data without water have one and the same abscissa
        ax.fill_between(at[keep], q[keep, 0], q[keep, 2], color="#777777", alpha=0.2, lw=0, zorder=1)
        ax.plot(at[keep], q[keep, 1], color="black", lw=1.3, zorder=3)
    ax.grid(axis="y")
    return running


def _farthest(r, study, own, least, most=4):
    """Return the studies whose median is farthest from 0 for its error (MAD), in order, if beyond two errors."""
    far = {}
    for name in own:
        mine = r[study == name]
        if len(mine) >= least:
            middle = np.median(mine)
            error = 1.2533 * 1.4826 * np.median(np.abs(mine - middle)) / np.sqrt(len(mine))
            far[name] = abs(middle) / error if error > 0 else np.inf
    return [name for name in sorted(far, key=far.get, reverse=True) if far[name] > 2][:most]


def _short(name, letters=26):
    """Return the name of a study, cut where it would take more room than its data."""
    return name if len(name) <= letters else name[: letters - 1].rstrip() + "…"
