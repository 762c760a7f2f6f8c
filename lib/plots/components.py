"""How many components, and how stable: criteria side by side, and clusters of the components of repeated runs."""

from textwrap import fill

import numpy as np
import pandas as pd
from matplotlib.collections import LineCollection
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator
from scipy.cluster import hierarchy

from lib.plots import _check, _shared
from lib.plots.notes import count_note
from lib.plots.scales import color_bar, plain_log_axis
from lib.plots.style import ROLES, class_colors, field_map, figure

__all__ = ["icasso_dendrogram", "scree_criteria"]


def scree_criteria(
    frame, criteria=None, *, adopted=None, k="n_components", criterion="criterion", value="value", limit="limit",
    chosen="chosen", log=(), limit_label="threshold of the criterion", n=None, fig=None,
):  # fmt: skip
    """Draw all criteria of the number of components side by side, with what each of them chooses.

    Parameters
    ----------
    frame : DataFrame
        One row a number of components, with `criteria`; else tidy, one row a criterion and number of components.
    criteria : dict of str to (str, str or float or None, str or None), optional
        Name of a criterion (its axis label) to the columns of its value, its threshold (or one number), and the bool column
        of its choice. Those without their column of values are left out.
    adopted : int, optional
        The number that was taken, a line through all panels.
    k : str
        Column of the number of components.
    criterion, value : str
        Of a tidy frame: columns of the name of the criterion and its value.
    limit : str
        Of a tidy frame: column of the threshold, such as the 95 % quantile of the parallel analysis; need not exist.
    chosen : str
        Of a tidy frame: column that is true in the row that the criterion chooses; need not exist.
    log : sequence of str, or True
        Criteria on a logarithmic axis.
    limit_label : str
    n : int or str, optional
        Samples, written over the legend.
    fig : Figure or SubFigure, optional

    Returns
    -------
    array of Axes, shape (n_rows, n_columns)
        None in empty places.
    """
    where = "scree_criteria"
    if criteria is not None:
        frame = _tidy(where, frame, criteria, k)
        criterion, value, limit, chosen = "criterion", "value", "limit", "chosen"
    _shared.has_columns(where, frame, (criterion, k, value))
    kinds = list(dict.fromkeys(frame[criterion]))
    ncols = min(len(kinds), 3 if len(kinds) != 4 else 2)
    nrows = -(-len(kinds) // ncols)
    size = ("double" if ncols > 1 else "single", 18 + 46 * nrows)
    fig, axes = _shared.grid(fig, size, nrows, ncols, squeeze=False, sharex=True)
    keys = {}
    for ax, kind in zip(axes.flat, kinds, strict=False):
        part = frame[frame[criterion] == kind].sort_values(k, kind="stable")
        at, v = part[k].to_numpy(float), part[value].to_numpy(float)
        if adopted is not None:
            ax.axvline(adopted, color=ROLES["immobile"], lw=5, alpha=0.25, zorder=0)
            keys["adopted"] = Line2D([], [], color=ROLES["immobile"], lw=5, alpha=0.25, label=f"adopted: {adopted}")
        if limit in part and part[limit].notna().any():
            ax.plot(at, part[limit], color=ROLES["reference"], lw=0.9, ls=(0, (4, 2)), zorder=2)
            keys["limit"] = Line2D([], [], color=ROLES["reference"], lw=0.9, ls=(0, (4, 2)), label=limit_label)
        ax.plot(at, v, color="#0072B2", lw=0.9, marker="o", ms=3.6, mec="white", mew=0.4, zorder=3)
        take = part[part[chosen].fillna(False).astype(bool)] if chosen in part else part.iloc[:0]
        ax.plot(take[k], take[value], ls="none", marker="o", ms=8, mfc="none", mec=ROLES["gain"], mew=1.2, zorder=4)
        keys["chosen"] = Line2D([], [], ls="none", marker="o", ms=7, mfc="none", mec=ROLES["gain"], mew=1.2, label="chosen")
        ax.set_title(f"chooses {', '.join(f'{c:g}' for c in take[k])}" if len(take) else "no choice", loc="right", fontsize=7,
                     color=ROLES["gain"] if len(take) else ROLES["reference"])  # fmt: skip
        if log is True or kind in log:
            ax.set_yscale("log")
            plain_log_axis(ax, "y")
        ax.set(ylabel=fill(kind, 26), xlim=(frame[k].min() - 0.5, frame[k].max() + 0.5))
        ax.xaxis.set_major_locator(MaxNLocator(9, integer=True))
        ax.grid(axis="y")
    for i in range(nrows * ncols):
        if i >= len(kinds):
            axes.flat[i].remove()
            axes.flat[i] = None
        elif i + ncols >= len(kinds):
            axes.flat[i].tick_params(labelbottom=True)
            axes.flat[i].set_xlabel("Components (count)")
    fig.legend(handles=list(keys.values()), loc="outside lower center", ncols=3, borderpad=0,
               title=f"n = {n}" if isinstance(n, int) else n)  # fmt: skip
    return axes


def _tidy(where, frame, criteria, k):
    """Return the criteria of a wide frame below one another."""
    _shared.has_columns(where, frame, [k])
    there = {name: spec for name, spec in criteria.items() if spec[0] in frame}
    if not there:
        wanted = ", ".join(spec[0] for spec in criteria.values())
        raise ValueError(f"{where}: none of the columns {wanted} is in the frame; it has {', '.join(map(str, frame.columns))}")
    parts = []
    for name, (value, limit, chosen) in there.items():
        _shared.has_columns(where, frame, [limit if isinstance(limit, str) else None, chosen])
        level = frame[limit] if isinstance(limit, str) else (np.nan if limit is None else float(limit))
        taken = False if chosen is None else frame[chosen]
        parts.append(pd.DataFrame({"criterion": name, k: frame[k], "value": frame[value], "limit": level, "chosen": taken}))
    return pd.concat(parts, ignore_index=True)


def icasso_dendrogram(similarity, linkage, labels, iq, *, names=None, threshold=0.75, n=None, fig=None):
    """Draw how repeated runs agree: similarity of all components found, their dendrogram, and the index of each cluster.

    Parameters
    ----------
    similarity : array, shape (M, M), 0-1
        Absolute correlation of the components of all runs.
    linkage : array, shape (M - 1, 4)
        Hierarchical clustering of SciPy, with distance 1 - similarity.
    labels : array of int, shape (M,)
        Cluster of each, 0-based, in the order of `iq`.
    iq : array, shape (K,)
        Quality index: mean similarity inside the cluster less that to the others.
    names : sequence of str, length K, optional
        Default IC1, IC2, ...
    threshold : float, optional
        Below it a cluster is unstable: hollow, and said.
    n : int or str, optional
        Such as ``50 bootstrap runs``.
    fig : Figure or SubFigure, optional

    Returns
    -------
    dict of str to Axes
        ``tree``, ``matrix`` and ``iq``.

    References
    ----------
    Himberg, Hyvarinen & Esposito (2004) NeuroImage 22, 1214-1222: clusters of estimates and their index.
    """
    where = "icasso_dendrogram"
    q = _check.array(where, "iq", iq)
    names = [f"IC{i + 1}" for i in range(len(q))] if names is None else _check.names_of(where, names, len(q))
    s = _check.array(where, "similarity", similarity, (None, None))
    m = len(s)
    _check.array(where, "similarity", s, (m, m))
    z = _check.array(where, "linkage", linkage, (m - 1, 4))
    cluster = _check.array(where, "labels", labels, (m,)).astype(int)
    if cluster.min() < 0 or cluster.max() >= len(q):
        raise ValueError(f"{where}: labels span {cluster.min()}-{cluster.max()}, expected 0-{len(q) - 1}, one of {len(q)} iq")
    mosaic = {"height_ratios": [0.42, 1], "width_ratios": [1, 0.52]}
    if fig is None:
        fig, axes = figure("double", 118, mosaic=[["tree", "."], ["matrix", "iq"]], **mosaic)
    else:
        axes = fig.subplot_mosaic([["tree", "."], ["matrix", "iq"]], **mosaic)
    tone = class_colors(len(q))
    leaves = _tree(axes["tree"], z, cluster, tone)
    axes["tree"].set(xlim=(0, m), ylabel="1 − similarity (1)")
    axes["tree"].set_xticks([])
    for side in ("top", "right", "bottom"):
        axes["tree"].spines[side].set_visible(False)
    count_note(axes["tree"], n)
    ax = axes["matrix"]
    image = ax.imshow(s[np.ix_(leaves, leaves)], cmap=field_map("light"), vmin=0, vmax=1, aspect="auto",
                      extent=(0, m, m, 0), interpolation="nearest", rasterized=True)  # fmt: skip
    runs = np.split(leaves, np.flatnonzero(np.diff(cluster[leaves])) + 1)
    start, done = 0, set()
    for run in runs:
        c = cluster[run[0]]
        box = start + np.array([[0, 1, 1, 0, 0], [0, 0, 1, 1, 0]]) * len(run)
        ax.plot(*box, color=tone[c], lw=1.4, clip_on=False, zorder=3)
        if c not in done and len(run) > 0.04 * m:
            ax.annotate(names[c], (0, start + len(run) / 2), (-4, 0), xycoords=("axes fraction", "data"),
                        textcoords="offset points", ha="right", va="center", fontsize=7, color=tone[c])  # fmt: skip
            done.add(c)
        start += len(run)
    ax.set(xlim=(0, m), ylim=(m, 0), xlabel=f"{m} components of all runs, in the order of the tree")
    ax.set_xticks([])
    ax.set_yticks([])
    color_bar(ax, image, "Similarity, |correlation| (1)")
    _index(axes["iq"], q, names, np.bincount(cluster, minlength=len(q)), tone, threshold)
    return axes


def _tree(ax, linkage, cluster, tone):
    """Draw the dendrogram, links inside one cluster in its colour; return the order of its leaves."""
    tree = hierarchy.dendrogram(linkage, no_plot=True)
    m = len(cluster)
    lines, colors = [], []
    leaf = np.array(tree["leaves"])
    for x, y in zip(tree["icoord"], tree["dcoord"], strict=True):
        span = leaf[int(np.floor(min(x) / 10)) : int(np.floor(max(x) / 10)) + 1]
        found = set(cluster[span].tolist())
        lines.append(np.column_stack([np.array(x) / 10, y]))
        colors.append(tone[found.pop()] if len(found) == 1 else "#555555")
    ax.add_collection(LineCollection(lines, colors=colors, linewidths=0.6, rasterized=m > 150))
    ax.set_ylim(0, 1.04 * linkage[:, 2].max())
    return leaf


def _index(ax, q, names, sizes, tone, threshold):
    """Draw the quality index of each cluster."""
    at = np.arange(len(q))
    low = np.zeros(len(q), bool) if threshold is None else ~(q >= threshold)
    ax.hlines(at, 0, q, color=tone, lw=1.4, alpha=0.6, zorder=2)
    faces = ["white" if bad else c for bad, c in zip(low, tone, strict=True)]
    ax.scatter(q, at, s=34, c=faces, edgecolors=tone, linewidths=1.3, zorder=3)
    if threshold is not None:
        ax.axvline(threshold, color="black", lw=0.8, ls=(0, (4, 2)), zorder=1)
    for i in at:
        words = f"{q[i]:.2f}, {sizes[i]} estimates" + (": unstable" if low[i] else "")
        ax.annotate(words, (0, i), (3, 7), textcoords="offset points", fontsize=7, color="#8A2C00" if low[i] else "black")
    ax.set_yticks(at, names)
    ax.tick_params(axis="y", length=0)
    ax.set(xlim=(min(0.0, np.nanmin(q)) * 1.1, 1.05), ylim=(len(q) - 0.4, -0.75), xlabel="Quality index $I_q$ (1)")
