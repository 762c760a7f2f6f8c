"""One value an item with its interval: gain/loss bars, rankings, forest plots, selection frequencies."""

import numpy as np

from lib.plots import _check
from lib.plots._shared import wilson
from lib.plots.labels import formula, names_touch
from lib.plots.notes import count_note
from lib.plots.scales import percent_text, ratio_percent_axis
from lib.plots.style import OKABE_ITO, ROLES, class_colors

__all__ = ["forest", "gain_loss_bars", "immobility_ranking", "selection_frequency"]


def gain_loss_bars(
    names, change, *, lower=None, upper=None, immobile=None, censored=None, scale="ratio", sort=True,
    orientation="horizontal", n=None, ax=None,
):  # fmt: skip
    """Draw gains and losses of elements as bars with 95 % intervals.

    Parameters
    ----------
    names : sequence of str, length n_elements
    change : array, shape (n_elements,), per cent of the original amount, > -100
        100 tau. For a censored element the upper bound of the change.
    lower, upper : array, shape (n_elements,), per cent, optional
        95 % interval.
    immobile : array of bool, shape (n_elements,), optional
        Drawn in the colour of the immobile set, on a shaded row.
    censored : array of bool, shape (n_elements,), optional
        Below detection: a hollow bar up to the bound with an arrow towards smaller values.
    scale : {"ratio", "linear"}
        "ratio": logarithm of 1 + change/100, on which x10 (+900 %) and /10 (-90 %) weigh the same.
    sort : bool
        From the greatest gain down; else in the order given, from the top or the left.
    orientation : {"horizontal", "vertical"}
    n : int or str, optional
        Sample count to state.
    ax : Axes, optional

    Returns
    -------
    Axes

    References
    ----------
    Leitch & Day (1990), program NEWGRES: changes as ratios, so that gains and losses weigh the same.
    """
    where = "gain_loss_bars"
    ax, names, held, change = _check.named(where, ax, names, immobile=immobile, change=change)
    _check.one_of(where, "scale", scale, ["ratio", "linear"])
    flat = _check.one_of(where, "orientation", orientation, ["horizontal", "vertical"]) == "horizontal"
    if np.any(change <= -100) and scale == "ratio":
        bad = names[int(np.argmax(change <= -100))]
        raise ValueError(f"{where}: change of {bad} is {np.nanmin(change):.4g} %, expected > -100 %; "
                         "mark it censored with its upper bound, or pass scale='linear'")  # fmt: skip
    lower, upper = _check.interval(where, lower, upper, change)
    bound = _check.mask(where, "censored", censored, len(names))
    order = np.argsort(-change, kind="stable") if sort else np.arange(len(names))
    at = np.arange(len(names))
    change, held, bound = change[order], held[order], bound[order]
    tone = np.where(held, ROLES["immobile"], np.where(change >= 0, ROLES["gain"], ROLES["loss"]))
    if scale == "ratio":
        ratio_percent_axis(ax, "x" if flat else "y")
    for i in at[held]:
        (ax.axhspan if flat else ax.axvspan)(i - 0.5, i + 0.5, color=ROLES["immobile"], alpha=0.10, lw=0, zorder=0)
    face = [(1, 1, 1, 0) if b else c for b, c in zip(bound, tone, strict=True)]
    (ax.barh if flat else ax.bar)(at, change, 0.62, color=face, edgecolor=tone, linewidth=0.8, zorder=2)
    if lower is not None:
        spread = _check.bars_around(change, np.maximum(lower[order], -99.9), upper[order])
        spread[:, bound] = np.nan
        where_to = {"x": change, "y": at, "xerr": spread} if flat else {"x": at, "y": change, "yerr": spread}
        ax.errorbar(**where_to, fmt="none", ecolor="#222222", elinewidth=0.8, capsize=1.5, capthick=0.8, zorder=3)
    for i in at[bound]:
        tail, shift = ((change[i], i), (-16, 0)) if flat else ((i, change[i]), (0, -16))
        ax.annotate("", tail, shift, textcoords="offset points", annotation_clip=False,
                    arrowprops={"arrowstyle": "<|-", "lw": 0.9, "color": tone[i], "mutation_scale": 6, "shrinkA": 0,
                                "shrinkB": 0})  # fmt: skip
    texts = [formula(names[i]) for i in order]
    if flat:
        ax.axvline(0, color="black", lw=0.7, zorder=4)
        ax.set_yticks(at, texts)
        ax.set(ylim=(len(names) - 0.4, -0.6), xlabel="Gain or loss of the original amount (%)")
    else:
        ax.axhline(0, color="black", lw=0.7, zorder=4)
        ax.set_xticks(at, texts, rotation=90 if names_touch(ax, names) else 0)
        ax.set(xlim=(-0.6, len(names) - 0.4), ylabel="Gain or loss of the original amount (%)")
    if scale == "linear":
        (ax.xaxis if flat else ax.yaxis).set_major_formatter(percent_text)
    ax.tick_params(axis="y" if flat else "x", length=0)
    return count_note(ax, n)


def immobility_ranking(
    names, score, *, lower=None, upper=None, kind="probability", threshold=None, decision=None, n=None, ax=None
):
    """Rank elements by evidence of immobility, coloured by the decision taken.

    Parameters
    ----------
    names : sequence of str, length n_elements
    score : array, shape (n_elements,)
        Posterior probability P(immobile), 0-1; or scaled distance r_i / sqrt(N) from the common shift.
    lower, upper : array, shape (n_elements,), optional
        95 % interval.
    kind : {"probability", "distance"}
        What `score` is: a high probability or a small distance speaks for immobility.
    threshold : float, optional
        Level of the decision, drawn as a line.
    decision : array of bool, or sequence of {"immobile", "mobile", "undecided"}, optional
        Default: by `threshold`.
    n : int or str, optional
    ax : Axes, optional

    Returns
    -------
    Axes
    """
    where = "immobility_ranking"
    ax, names, _, score = _check.named(where, ax, names, score=score)
    _check.one_of(where, "kind", kind, ["probability", "distance"])
    lower, upper = _check.interval(where, lower, upper, score)
    if decision is None:
        if threshold is None:
            raise ValueError(f"{where}: neither threshold nor decision was given; pass one, to colour by")
        decision = score >= threshold if kind == "probability" else score <= threshold
    said = [d if isinstance(d, str) else ("immobile" if d else "mobile") for d in decision]
    _check.names_of(where, said, len(names))
    for word in said:
        _check.one_of(where, "decision", word, ["immobile", "mobile", "undecided"])
    order = np.argsort(-score if kind == "probability" else score, kind="stable")
    at = np.arange(len(names))
    tint = {"immobile": ROLES["immobile"], "undecided": ROLES["undecided"], "mobile": ROLES["muted"]}
    start = 0.0
    for word, color in tint.items():
        pick = np.array([said[i] == word for i in order])
        if not pick.any():
            continue
        value = score[order][pick]
        ax.hlines(at[pick], start, value, color=color, lw=1.0, alpha=0.45, zorder=1)
        if lower is not None:
            reach = _check.bars_around(value, lower[order][pick], upper[order][pick])
            ax.errorbar(value, at[pick], xerr=reach, fmt="none", ecolor=color, elinewidth=1.6, zorder=2)
        fill = color if word == "immobile" else "white"
        ax.scatter(value, at[pick], s=20, c=fill, edgecolors=color, linewidths=1.1, zorder=3, label=word)
    if threshold is not None:
        ax.axvline(threshold, color="black", lw=0.8, ls=(0, (4, 2)), zorder=0, label=f"threshold {threshold:.3g}")
    if kind == "probability":
        ax.set(xlim=(-0.02, 1.02), xlabel="Posterior probability of immobility (1)")
    else:
        ax.set(xlim=(0, None), xlabel="Scaled distance $r_i/\\sqrt{N}$ (σ)")
    ax.set_yticks(at, [formula(names[i]) for i in order])
    ax.set_ylim(len(names) - 0.4, -0.6)
    ax.legend(loc="lower right" if kind == "probability" else "upper right")
    return count_note(ax, n)


def forest(names, value, *, lower=None, upper=None, groups=None, reference=0.0, label="Value", n=None, ax=None):
    """Draw named values with their intervals, one a row, against a reference line.

    Parameters
    ----------
    names : sequence of str, length n
    value : array, shape (n,)
    lower, upper : array, shape (n,), optional
        95 % interval.
    groups : sequence of str, length n, optional
        Class of each row, shown by colour and named in a legend; at most 7.
    reference : float or None
        Value of the vertical line.
    label : str
        Axis label with its unit.
    n : int or str, optional
    ax : Axes, optional

    Returns
    -------
    Axes
    """
    where = "forest"
    ax, names, _, value = _check.named(where, ax, names, value=value)
    lower, upper = _check.interval(where, lower, upper, value)
    groups = [""] * len(names) if groups is None else _check.names_of(where, groups, len(names))
    kinds = list(dict.fromkeys(groups))
    at = np.arange(len(names))
    if reference is not None:
        ax.axvline(reference, color=ROLES["muted"], lw=0.8, zorder=0)
    for kind, color in zip(kinds, class_colors(len(kinds)), strict=True):
        pick = np.array([g == kind for g in groups])
        if lower is not None:
            reach = _check.bars_around(value, lower, upper)[:, pick]
            ax.errorbar(value[pick], at[pick], xerr=reach, fmt="none", ecolor=color, elinewidth=1.2, zorder=2)
        ax.scatter(value[pick], at[pick], s=20, color=color, edgecolors="white", linewidths=0.4, zorder=3, label=kind)
    ax.set_yticks(at, [formula(name) for name in names])
    ax.set(ylim=(len(names) - 0.4, -0.6), xlabel=label)
    if len(kinds) > 1:
        ax.legend(loc="best")
    return count_note(ax, n)


def selection_frequency(
    names, frequency, n_draws, *, threshold=None, decision=None, sort=True, label=None, orientation=None, ax=None
):
    """Draw how often each element was selected in resampling, with binomial (Wilson) 95 % intervals.

    Parameters
    ----------
    names : sequence of str, length n_elements
    frequency : array, shape (n_elements,), 0-1
    n_draws : int, >= 1
        Number of resamples, which sets the intervals.
    threshold : float, optional
        Drawn as a line; without `decision`, elements at or above it have the colour of the immobile set.
    decision : array of bool, shape (n_elements,), optional
        The immobile set by another criterion, which then sets the colours: immobile in its colour, the others grey.
    sort : bool
        From the most frequent on; else in the order given, from the left or the top.
    label : str, optional
        Axis label.
    orientation : {"vertical", "horizontal"}, optional
        Default: horizontal for more than 12 elements, whose names would touch under vertical bars.
    ax : Axes, optional

    Returns
    -------
    Axes

    References
    ----------
    Wilson (1927) J. Am. Stat. Assoc. 22, 209-212: interval of a proportion.
    """
    where = "selection_frequency"
    ax, names, _, f = _check.named(where, ax, names, frequency=frequency)
    if orientation is None:
        orientation = "horizontal" if len(names) > 12 else "vertical"
    flat = _check.one_of(where, "orientation", orientation, ["horizontal", "vertical"]) == "horizontal"
    if np.any((f < 0) | (f > 1)):
        raise ValueError(f"{where}: frequency spans {np.nanmin(f):.3g}-{np.nanmax(f):.3g}, expected 0-1; divide by n_draws")
    if int(n_draws) < 1:
        raise ValueError(f"{where}: n_draws is {n_draws}, expected the number of resamples, 1 or more")
    order = np.argsort(-f, kind="stable") if sort else np.arange(len(names))
    if decision is not None:
        chosen = _check.mask(where, "decision", decision, len(names))
    else:
        chosen = np.ones(len(f), bool) if threshold is None else f >= threshold
    tone = np.where(chosen, ROLES["immobile"], "#C4C4C4")[order]
    at = np.arange(len(names))
    reach = _check.bars_around(f, *wilson(f * n_draws, n_draws))[:, order]
    place = {"x": f[order], "y": at, "xerr": reach} if flat else {"x": at, "y": f[order], "yerr": reach}
    (ax.barh if flat else ax.bar)(at, f[order], 0.7, color=tone, zorder=1)
    ax.errorbar(**place, fmt="none", ecolor=OKABE_ITO["black"], elinewidth=0.8, zorder=2)
    if threshold is not None:
        (ax.axvline if flat else ax.axhline)(threshold, color="black", lw=0.8, ls=(0, (4, 2)), zorder=3)
    texts, label = [formula(names[i]) for i in order], label or "Selection frequency (1)"
    if flat:
        ax.set_yticks(at, texts)
        ax.set(xlim=(0, 1.05), ylim=(len(names) - 0.4, -0.6), xlabel=label)
    else:
        ax.set_xticks(at, texts, rotation=90 if names_touch(ax, names) else 0)
        ax.set(ylim=(0, 1.05), xlim=(-0.6, len(names) - 0.4), ylabel=label)
    ax.tick_params(axis="y" if flat else "x", length=0)
    return count_note(ax, f"{int(n_draws)} resamples")
