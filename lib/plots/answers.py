"""What an inference answers: which model the evidence prefers, and the melt fraction of every sample."""

import numpy as np
from matplotlib.ticker import NullLocator

from lib.plots import _check, _shared
from lib.plots.notes import count_note
from lib.plots.scales import plain_log_axis
from lib.plots.style import OKABE_ITO, ROLES, class_colors

__all__ = ["evidence_bars", "melt_fraction_forest"]


def evidence_bars(
    names, log_evidence, *, err=None, lower=None, upper=None, reference=None, truth=None, decisive=3.0, scale="linear",
    label=None, legend="below", n=None, ax=None,
):  # fmt: skip
    """Draw differences of log evidence from a reference model, which stands at zero, with posterior probabilities.

    Parameters
    ----------
    names : sequence of str, length n_models
    log_evidence : array, shape (n_models,), natural logarithm
    err : array, shape (n_models,), optional
        1 sigma Monte-Carlo error; the difference then has that of both models.
    lower, upper : array, shape (n_models,), natural logarithm, optional
        95 % interval of the *difference* instead, such as its spread over data sets.
    reference : str, optional
        Model at zero; default: the one of most evidence.
    truth : str, optional
        Model that made the data, marked.
    decisive : float, >= 0
        Differences smaller than this are not strong evidence, and shaded.
    scale : {"linear", "symlog"}
        "symlog" is linear up to `decisive` and logarithmic beyond.
    label : str, optional
    legend : str or None
    n : int or str, optional
    ax : Axes, optional

    Returns
    -------
    Axes

    References
    ----------
    Kass & Raftery (1995) J. Am. Stat. Assoc. 90, 773-795: a factor of 20, ln 20 = 3, is strong evidence.
    """
    where = "evidence_bars"
    ax = _check.axes_or_current(ax)
    names = _check.names_of(where, names)
    z = _check.array(where, "log_evidence", log_evidence, (len(names),))
    _check.one_of(where, "scale", scale, ["linear", "symlog"])
    base = int(np.nanargmax(z)) if reference is None else names.index(_check.one_of(where, "reference", reference, names))
    if truth is not None:
        _check.one_of(where, "truth", truth, names)
    delta = z - z[base]
    if err is not None:
        sigma = _check.array(where, "err", err, z.shape)
        half = np.where(np.arange(len(z)) == base, 0.0, 1.96 * np.hypot(sigma, sigma[base]))
        lower, upper = delta - half, delta + half
    lower, upper = _check.interval(where, lower, upper, delta)
    at = np.arange(len(names))
    tone = [ROLES["immobile"] if name == truth else OKABE_ITO["sky_blue"] for name in names]
    if scale == "symlog":
        ax.set_xscale("symlog", linthresh=decisive, linscale=0.7)
    ax.axvspan(
        -decisive, decisive, color=ROLES["shade"], lw=0, zorder=0, label=f"difference < {decisive:g}: not strong evidence"
    )
    ax.barh(at, delta, 0.6, color=tone, zorder=2)
    if lower is not None:
        ax.errorbar(delta, at, xerr=_check.bars_around(delta, lower, upper), fmt="none", ecolor="#222222", elinewidth=0.9,
                    capsize=2, capthick=0.9, zorder=3)  # fmt: skip
    ax.plot(0, base, marker="D", ms=4.5, color=tone[base] if names[base] == truth else "black", mec="black", mew=0.6,
            ls="none", zorder=4, label="reference model")  # fmt: skip
    ax.axvline(0, color="black", lw=0.8, zorder=3.5)
    weight = np.exp(delta - np.nanmax(delta))
    shares = weight / np.nansum(weight)
    for i, p in zip(at, shares, strict=True):
        text = "not run" if np.isnan(p) else ("$P$ < 0.001" if p < 1e-3 else f"$P$ = {p:.3f}")
        _shared.right_note(ax, i, text)
    ax.set_yticks(at, [f"{name} (truth)" if name == truth else name for name in names])
    for tick, name in zip(ax.get_yticklabels(), names, strict=True):
        tick.set(fontweight="bold" if name == truth else "normal")
    ax.tick_params(axis="y", length=0)
    ax.set(ylim=(len(names) - 0.4, -0.6), xlabel=label or f"ln evidence, minus that of {names[base]} (1)")
    if scale == "symlog":
        most = int(np.ceil(np.log10(np.nanmax(np.abs(delta)) + 10)))
        powers = [s * 10.0**e for e in range(most + 1) for s in (-1, 1) if 10**e > 1.5 * decisive]
        low, high = ax.get_xlim()
        ax.set_xticks([t for t in sorted([-decisive, 0, decisive, *powers]) if low <= t <= high])
        ax.xaxis.set_minor_locator(NullLocator())
        ax.xaxis.set_major_formatter(lambda v, _: f"{v:g}".replace("-", "\N{MINUS SIGN}"))
    _shared.legend(ax, legend)
    return count_note(ax, n)


def melt_fraction_forest(
    names, melt_fraction, *, lower=None, upper=None, models=None, groups=None, truth=None, sort=False, log=True,
    label="Melt fraction $F$ (1)", legend="below", n=None, ax=None,
):  # fmt: skip
    """Draw the melt fraction of each sample with its interval; several models side by side in a row.

    Parameters
    ----------
    names : sequence of str, length n_samples
    melt_fraction : array, shape (n_samples,) or (n_models, n_samples), 0-1
        Posterior medians.
    lower, upper : array, shape of `melt_fraction`, 0-1, optional
        95 % interval.
    models : sequence of str, length n_models, optional
        Told apart by colour, symbol and place; at most 4.
    groups : sequence of str, length n_samples, optional
        Samples of a group are put together, on alternating shades, with its name at the right.
    truth : array, shape (n_samples,), 0-1, optional
        Known answer, a black tick.
    sort : bool
        Within a group by the first model, smallest first.
    log : bool
    label : str
    legend : str or None
    n : int or str, optional
        Default: number of samples.
    ax : Axes, optional

    Returns
    -------
    Axes
    """
    where = "melt_fraction_forest"
    ax = _check.axes_or_current(ax)
    names = _check.names_of(where, names)
    f = _shared.series_rows(where, "melt_fraction", melt_fraction, len(names), positive=log)
    if np.nanmax(f) > 1:
        raise ValueError(f"{where}: melt_fraction reaches {np.nanmax(f):.3g}, expected 0-1; divide per cent by 100")
    titles = _shared.series_names(where, models, len(f))
    if len(f) > 4:
        raise ValueError(f"{where}: {len(f)} models in a row, expected at most 4; draw them in panels")
    lower, upper = (None if b is None else np.atleast_2d(np.array(b, float)) for b in (lower, upper))
    lower, upper = _check.interval(where, lower, upper, f)
    parts = [""] * len(names) if groups is None else _check.names_of(where, groups, len(names))
    kinds = list(dict.fromkeys(parts))
    key = np.where(np.isfinite(f[0]), f[0], np.inf) if sort else np.zeros(len(names))
    order = np.lexsort((key, [kinds.index(p) for p in parts]))
    at = np.arange(len(names))
    if log:
        ax.set_xscale("log")
    for g, kind in enumerate(kinds):
        rows = at[[parts[i] == kind for i in order]]
        if g % 2 == 0 and len(kinds) > 1:
            ax.axhspan(rows[0] - 0.5, rows[-1] + 0.5, color=ROLES["shade"], lw=0, zorder=0)
        _shared.right_note(ax, rows.mean(), kind)
    dodge = 0.6 / len(f)
    for k, (title, color) in enumerate(zip(titles, class_colors(len(f)), strict=True)):
        y = at + (k - (len(f) - 1) / 2) * dodge
        v = f[k][order]
        if lower is not None:
            ax.errorbar(v, y, xerr=_check.bars_around(v, lower[k][order], upper[k][order]), fmt="none", ecolor=color,
                        elinewidth=1.1, zorder=2)  # fmt: skip
        ax.plot(v, y, ls="none", marker=_shared.MARKERS[k], ms=4, color=color, mec="white", mew=0.4, zorder=3,
                label=title or None)  # fmt: skip
    if truth is not None:
        t = _check.array(where, "truth", truth, (len(names),))[order]
        ax.plot(t, at, ls="none", marker="|", ms=8, mew=1.2, color="black", zorder=4, label="truth")
    ax.set_yticks(at, [names[i] for i in order])
    ax.tick_params(axis="y", length=0)
    ax.set(ylim=(len(names) - 0.4, -0.6), xlabel=label)
    if log:
        plain_log_axis(ax, "x")
    ax.grid(axis="x")
    _shared.legend(ax, legend, ncols=len(f) + 1)
    return count_note(ax, f"{len(names)} samples" if n is None else n)
