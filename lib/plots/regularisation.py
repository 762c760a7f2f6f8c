"""How strongly to regularise: L-curve, discrepancy and cross-validation together, and recovery over the other choices."""

import numpy as np
from matplotlib.patches import Rectangle

from lib.plots import _check, _shared
from lib.plots.notes import count_note, panel_labels
from lib.plots.scales import plain_log_axis
from lib.plots.style import ROLES, class_colors, field_map, figure

__all__ = ["lambda_panel", "recovery_map"]


def lambda_panel(path, *, chosen=None, adopted=None, sigma_nt=None, n=None, fig=None):
    """Draw the ways of choosing the penalty lambda on one figure, with what each of them chooses.

    Parameters
    ----------
    path : DataFrame
        A row a lambda: columns penalty (lambda, nT^2), rms_nt, misfit_log10, norm_log10; optionally curvature (signed, of
        the L-curve), cv_rms_nt and cv_se_nt (line-blocked cross-validation), which have a panel each.
    chosen : dict of str to float, optional
        Lambda by criterion, such as {"L-curve": 12.0, "discrepancy": 8.0, "by line": 9.5}; None or NaN for one that chose
        none.
    adopted : str, optional
        Name of the criterion whose lambda is used: its mark is filled.
    sigma_nt : float, optional
        1-sigma error of the data, nT: the level of the discrepancy.
    n : int or str, optional
    fig : Figure, optional
        Default: a new one of double width.

    Returns
    -------
    array of Axes, shape (2-4,)
        L-curve, its curvature, rms, cross-validation.
    """
    where = "lambda_panel"
    _shared.has_columns(where, path, ["penalty", "rms_nt", "misfit_log10", "norm_log10"])
    path = path.sort_values("penalty")
    lam = _check.array(where, "penalty", path["penalty"], positive=True)
    marks = {name: float("nan") if value is None else float(value) for name, value in (chosen or {}).items()}
    if adopted is not None and adopted not in marks:
        raise ValueError(f"{where}: adopted {adopted!r} is not among the criteria {', '.join(marks) or '(none)'}")
    panels = {"curvature": "Signed curvature (1)", "rms_nt": "rms of the residual (nT)",
              "cv_rms_nt": "Cross-validated rms, by line (nT)"}  # fmt: skip
    panels = {column: words for column, words in panels.items() if column in path and np.isfinite(path[column]).any()}
    fig, axes = _shared.grid(fig, ("double", 64), 1, 1 + len(panels), squeeze=False)
    axes = axes.ravel()
    line = {"marker": "o", "ms": 2.0, "lw": 0.9, "color": "#444444"}
    # the zero model has no norm: its logarithm is left out
    axes[0].plot(path["misfit_log10"].where(np.isfinite(path["norm_log10"])), path["norm_log10"], **line)
    axes[0].set(xlabel="log$_{10}$ misfit", ylabel="log$_{10}$ penalty term")
    for ax, (column, words) in zip(axes[1:], panels.items(), strict=True):
        ax.semilogx(lam, path[column], **line)
        ax.set(xlabel="λ (nT²)", ylabel=words)
        if column == "cv_rms_nt" and "cv_se_nt" in path:
            band = [path[column] + sign * path["cv_se_nt"] for sign in (-1, 1)]
            ax.fill_between(lam, *band, color=ROLES["muted"], alpha=0.3, lw=0)
        if column == "rms_nt" and sigma_nt is not None:
            ax.axhline(sigma_nt, color=ROLES["reference"], lw=0.8, ls="--")
            place = {"xycoords": ("axes fraction", "data"), "textcoords": "offset points"}
            ax.annotate("σ of the data", (0, sigma_nt), (3, 2), fontsize=7, color=ROLES["reference"], **place)
        if column == "curvature":
            ax.axhline(0, color=ROLES["muted"], lw=0.6, zorder=0)
        else:
            ax.set_yscale("log")
            plain_log_axis(ax)
    for ring, (name, value) in enumerate(marks.items()):
        tone = class_colors(max(len(marks), 1))[ring]
        used = name == adopted
        style = {"ls": "none", "marker": "o", "mec": tone, "mew": 1.2, "zorder": 5}
        style |= (
            {"ms": 5.0, "mfc": tone} if used else {"ms": 7.5 + 2.5 * ring, "mfc": "none"}
        )  # rings stay apart on one penalty
        words = name + (" (adopted)" if used else "" if np.isfinite(value) else " (none)")
        at = {c: np.interp(np.log(value), np.log(lam), path[c]) for c in ("misfit_log10", "norm_log10", *panels)}
        axes[0].plot(at["misfit_log10"], at["norm_log10"], label=words, **style)
        for ax, column in zip(axes[1:], panels, strict=True):
            ax.plot(value, at[column], **style)
            ax.axvline(value, color=tone, lw=0.6, ls=":", zorder=0)
    for ax in axes[1:]:
        ax.set_xlim(lam.max() * 1.15, lam.min() / 1.15)  # as the path runs: from strong to weak
    handles, labels = axes[0].get_legend_handles_labels()
    if labels:
        fig.legend(handles, labels, loc="outside lower center", ncols=len(labels), frameon=False)
    panel_labels(axes)
    count_note(axes[-1], n)
    return axes


def recovery_map(
    frame, *, x="exponent", y="alpha", panel="body", value="corr_truth", limits=None, best="high", mark=None,
    fmt="{:.2f}", x_label="Weight exponent $p$ (1)", y_label="Mixing ratio $\\alpha$ (1)",
    label="Correlation with the truth (1)", n=None, fig=None,
):  # fmt: skip
    """Draw a measure of recovery over two choices, a panel a body, with the values in print and the best ringed.

    Parameters
    ----------
    frame : DataFrame
        One row a cell: the columns named by `x`, `y`, `panel` and `value`; cells without a row stay empty.
    x, y, panel, value : str
        Columns; `panel` None for a single panel.
    limits : (float, float), optional
        Of the colours; default: the range of the values.
    best : {"high", "low"}
        Which end is good.
    mark : (float, float), optional
        (x, y) of the default, ringed in black.
    fmt : str
        Of the printed values.
    x_label, y_label, label : str
    n : int or str, optional
    fig : Figure, optional

    Returns
    -------
    array of Axes, shape (n_panels,)
    """
    where = "recovery_map"
    _shared.has_columns(where, frame, [x, y, value, panel])
    _check.one_of(where, "best", best, ("high", "low"))
    if panel is None:
        frame, panel = frame.assign(_panel=""), "_panel"
    kinds = list(dict.fromkeys(frame[panel].astype(str)))
    xs, ys = np.unique(frame[x]), np.unique(frame[y])
    low, high = limits or (float(frame[value].min()), float(frame[value].max()))
    colors = field_map("light") if best == "high" else field_map("light").reversed()
    if fig is None:
        fig, axes = figure("double", 20 + 9 * len(ys) + 8, 1, len(kinds), squeeze=False, sharey=True)
        axes = axes.ravel()
    else:
        axes = fig.subplots(1, len(kinds), squeeze=False, sharey=True).ravel()
    for ax, kind in zip(axes, kinds, strict=True):
        table = frame[frame[panel].astype(str) == kind].pivot_table(index=y, columns=x, values=value, aggfunc="median")
        table = table.reindex(index=ys, columns=xs).to_numpy(float)
        image = ax.imshow(table, cmap=colors, vmin=low, vmax=high, origin="lower", aspect="auto")
        for (i, j), v in np.ndenumerate(table):
            if np.isfinite(v):
                shade = colors((v - low) / (high - low or 1.0))
                dark = sum(w * c for w, c in zip((0.299, 0.587, 0.114), shade[:3], strict=True)) < 0.5
                ax.text(j, i, fmt.format(v), ha="center", va="center", fontsize=7, color="white" if dark else "#222222")
        seen = np.isfinite(table)
        if seen.any():
            target = np.where(seen, table if best == "high" else -table, -np.inf)
            i, j = np.unravel_index(int(np.argmax(target)), table.shape)
            ax.add_patch(Rectangle((j - 0.46, i - 0.46), 0.92, 0.92, fill=False, ec=ROLES["gain"], lw=1.4))
        if mark is not None and mark[0] in xs and mark[1] in ys:
            j, i = int(np.flatnonzero(xs == mark[0])[0]), int(np.flatnonzero(ys == mark[1])[0])
            ax.add_patch(Rectangle((j - 0.42, i - 0.42), 0.84, 0.84, fill=False, ec="black", lw=0.9, ls="--"))
        ax.set_xticks(range(len(xs)), [f"{v:g}" for v in xs])
        ax.set_yticks(range(len(ys)), [f"{v:g}" for v in ys])
        ax.set(xlabel=x_label)
        ax.tick_params(length=0)
        if kind:
            ax.set_title(kind, loc="left", fontsize=7.5)
    axes[0].set_ylabel(y_label)
    bar = fig.colorbar(image, ax=list(axes), label=label, pad=0.01, aspect=18)
    bar.outline.set_linewidth(0.5)
    count_note(axes[-1], n)
    return axes
