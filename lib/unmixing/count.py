"""How many end members: misfit against the stated noise, elbow of the misfit, and stability over resamples, side by side.

References
----------
Weltje, G. J. (1997) Math. Geol. 29, 503-549 (explained variance and interpretability);  Lange, T., Roth, V., Braun, M. L. &
Buhmann, J. M. (2004) Stability-based validation of clustering solutions. Neural Comput. 16, 1299-1323 (stability).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from .endmembers import unmix
from .intervals import bootstrap_intervals

ENOUGH = 1.25
STABLE = 0.8


def end_member_number(x, candidates=range(2, 7), *, noise=0.02, close=True, n_bootstrap=20, seed=1, n_jobs=1, **options):
    """Criteria of the number of end members.

    Parameters
    ----------
    x : array, shape (n_samples, n_parts)
        As in `unmix`.
    candidates : iterable of int
        Numbers to try; those that the samples cannot carry are left out.
    noise : float or array
        As in `unmix`; it decides when the misfit is small enough.
    close : bool
        As in `unmix`.
    n_bootstrap : int
        Resamples for the stability, 2 or more.
    seed : int
    n_jobs : int
    **options
        Passed to `unmix`.

    Returns
    -------
    DataFrame
        One row a number: n_end_members; rss, sum of (residual/sd)^2; chi2_per_dof, with (N-K)(D-K) degrees of freedom if
        closed and (N-K)(D-K+1) if not; explained, share of the scaled variance; elbow (bool), sharpest bend of log rss;
        stability of the least stable end member (0-1); stable (bool), at least 0.8; chosen (bool), one row; reason (text).

    Raises
    ------
    ValueError
        No candidate is possible.
    """
    x = np.asarray(x, float)
    n, d = x.shape
    most = min(n - 1, d - 1 if close else d)
    candidates = sorted({int(k) for k in candidates if 2 <= k <= most})
    if not candidates:
        raise ValueError(f"{n} samples of {d} parts allow 2 to {most} end members: none of the candidates is possible")
    rows = []
    for k in candidates:
        try:
            found = unmix(x, k, noise=noise, close=close, seed=seed, **options)
        except ValueError as error:
            if "directions only" in str(error):  # more end members than the samples have dimensions
                break
            raise
        within = bootstrap_intervals(x, found, n_bootstrap=n_bootstrap, noise=noise, seed=seed, n_jobs=n_jobs, **options)
        closed = x / x.sum(axis=1, keepdims=True) if close else x
        rss = float(np.sum((found.residual / found.scale) ** 2))
        total = float(np.sum(((closed - closed.mean(axis=0)) / found.scale) ** 2))
        dof = (n - k) * (d - k + (0 if close else 1))
        rows.append({"n_end_members": k, "rss": rss, "chi2_per_dof": rss / dof, "explained": 1 - rss / total,
                     "stability": float(within.stability.min())})  # fmt: skip
    if not rows:
        raise ValueError("the samples vary in one direction or none: there is nothing to unmix")
    frame = pd.DataFrame(rows)
    frame.insert(4, "elbow", _elbow(frame["rss"].to_numpy()))
    frame["stable"] = frame["stability"] >= STABLE
    best, reason = _choice(frame)
    frame["chosen"] = np.arange(len(frame)) == best
    frame["reason"] = np.where(frame["chosen"], reason, "")
    return frame


def _elbow(rss):
    """Mark the point farthest below the straight line between the ends of log rss."""
    mark = np.zeros(len(rss), bool)
    if len(rss) > 2:
        y = np.log(np.maximum(rss, 1e-12 * rss.max()))
        line = np.linspace(y[0], y[-1], len(y))
        mark[np.argmax(line - y)] = True
    return mark


def _choice(frame):
    """Row to take, and why."""
    enough = np.flatnonzero(frame["chi2_per_dof"] <= ENOUGH)
    stable = np.flatnonzero(frame["stable"])
    number = frame["n_end_members"].to_numpy()
    if enough.size:
        i = enough[0]
        if frame["stable"].iloc[i]:
            return i, f"{number[i]} is the smallest number that fits to the stated noise, and it is stable over resamples"
        below = stable[stable < i]
        if below.size:
            j = below[-1]
            much = frame["stability"].iloc[i]
            return j, (f"{number[i]} fits to the stated noise but is not stable over resamples ({much:.2f} < {STABLE}); "
                       f"{number[j]} is the largest stable number below it")  # fmt: skip
        return i, f"{number[i]} is the smallest number that fits to the stated noise; it is NOT stable over resamples"
    bend = np.flatnonzero(frame["elbow"])
    i = bend[0] if bend.size else len(frame) - 1
    below = stable[stable <= i]
    if below.size:
        best = below[-1]
        return (
            best,
            f"none fits to the stated noise; {number[best]} is the largest stable number up to the elbow ({number[i]})",
        )
    return i, f"none fits to the stated noise and none is stable up to the elbow of the misfit, {number[i]}"
