"""Do the samples lie in a plane of concentrations or in a plane of log-ratios?  The first is mixing, the second multiplying.

Conservative mixtures of K end members lie in a flat of K - 1 dimensions in concentrations, a curved sheet in log-ratios.
Processes that multiply (crystallisation, leaching, enrichment) lie in a flat of log-ratios, and on a curved sheet in
concentrations.  Which flat of the same dimension leaves less can be measured, in units of the analytical error.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

#: A flat that leaves less than this times what the other leaves is the better one; else nothing is decided.
CLEARLY_BETTER = 0.85
#: A flat that leaves less than this times the analytical error holds the samples.
WITHIN_NOISE = 1.5
#: A reconstruction below this share of the measured value counts as this share: a flat of concentrations may turn negative.
_FLOOR = 0.02
SWEEPS = 30


@dataclass(frozen=True)
class Verdict:
    """Which kind of analysis fits the samples.

    Parameters
    ----------
    family : {"end members", "factors", "undecided"}
        Mixing, multiplying, or neither clearly.
    ratio : float
        Misfit of the flats of concentrations over that of the flats of log-ratios, geometric mean.
    n_dimensions : int
        Dimensions up to which they were compared.
    reason : str
        One sentence.
    """

    family: str
    ratio: float
    n_dimensions: int
    reason: str


def flatness(x, noise=0.02, max_dimensions: int | None = None) -> pd.DataFrame:
    """Misfit of the best flat of each dimension, in concentrations and in log-ratios.

    Parameters
    ----------
    x : array, shape (N, D)
        Positive compositions, any closure.
    noise : float or array, shape (N, D)
        Relative one-sigma error.
    max_dimensions : int, optional
        Largest dimension; default D - 2, at most 6.

    Returns
    -------
    DataFrame
        Columns n_dimensions, concentrations, log_ratios: root mean square of the clr residuals divided by the noise, per
        degree of freedom; 1 where nothing but noise is left.
    """
    from lib.composition import closure, clr

    x = closure(np.asarray(x, float))
    n, d = x.shape
    most = min(d - 2, 6, n - 2) if max_dimensions is None else min(max_dimensions, d - 2, n - 2)
    relative = np.broadcast_to(np.asarray(noise, float), x.shape)
    y = clr(x)
    # one weight a part in both spaces, so that the two are compared on equal terms
    weight = 1 / np.sqrt(np.mean(relative**2, axis=0))
    rows = []
    for k in range(1, most + 1):
        made = {"concentrations": _plane_of_concentrations(x, relative, k), "log_ratios": np.exp(_plane(y, weight, k))}
        row = {"n_dimensions": k}
        for name, fitted in made.items():
            rest = log_residuals(x, fitted) / relative
            row[name] = float(np.sqrt(np.sum(rest**2) / ((n - k - 1) * (d - 1 - k))))
        rows.append(row)
    return pd.DataFrame(rows, columns=["n_dimensions", "concentrations", "log_ratios"])


def verdict(frame: pd.DataFrame, n_dimensions: int | None = None) -> Verdict:
    """Decide between mixing and multiplying.

    Parameters
    ----------
    frame : DataFrame
        As `flatness` returns it.
    n_dimensions : int, optional
        Dimensions up to which the flats are compared; default the first at which the better one leaves less than 1.5 times the
        noise, or all when none does.

    Returns
    -------
    Verdict
        From the geometric mean of the ratios of the misfits over these dimensions.
    """
    best = frame[["concentrations", "log_ratios"]].min(axis=1)
    if n_dimensions is None:
        good = frame["n_dimensions"][best < WITHIN_NOISE]
        n_dimensions = int(good.iloc[0]) if len(good) else int(frame["n_dimensions"].iloc[-1])
    part = frame[frame["n_dimensions"] <= n_dimensions]
    ratio = float(np.exp(np.log(part["concentrations"] / part["log_ratios"]).mean()))
    last = part.iloc[-1]
    said = (
        f"flats of up to {n_dimensions} dimension(s) in concentrations leave {ratio:.2f} times what those in log-ratios leave "
        f"(the last: {last['concentrations']:.2g} and {last['log_ratios']:.2g} times the analytical error)"
    )
    if best[part.index[-1]] >= WITHIN_NOISE:
        said += "; neither comes down to the error, so that more is going on than either picture holds"
    if ratio < CLEARLY_BETTER:
        return Verdict("end members", ratio, n_dimensions, f"{said}. Mixing fits better")
    if ratio > 1 / CLEARLY_BETTER:
        return Verdict("factors", ratio, n_dimensions, f"{said}. Multiplying processes fit better")
    return Verdict("undecided", ratio, n_dimensions, f"{said}. The samples do not tell mixing from multiplying")


def log_residuals(x, fitted) -> np.ndarray:
    """Differences of clr coordinates between measured and reconstructed compositions, natural logarithms.

    Parameters
    ----------
    x : array, shape (N, D)
        Measured, positive, any closure.
    fitted : array, shape (N, D)
        Reconstructed, in the same unit; a part below 2 % of the measured one (a straight line may leave the simplex and turn
        negative) counts as 2 %.

    Returns
    -------
    array, shape (N, D)
    """
    from lib.composition import clr

    x = np.asarray(x, float)
    return clr(x) - clr(np.maximum(fitted, _FLOOR * x))


def _plane(y, weight, k):
    """Best flat of dimension k through the rows of y, columns weighted: ordinary principal components."""
    centre = y.mean(axis=0)
    u, s, v = np.linalg.svd((y - centre) * weight, full_matrices=False)
    return centre + (u[:, :k] * s[:k]) @ v[:k] / weight


def _plane_of_concentrations(x, relative, k):
    """Best flat of dimension k in concentrations when each cell has its own error: alternating least squares."""
    sd = relative * x
    scale = np.sqrt(np.mean(sd**2, axis=0))
    centre = x.mean(axis=0)
    _, _, v = np.linalg.svd((x - centre) / scale, full_matrices=False)
    basis = np.vstack([centre, v[:k] * scale])  # rows: a point of the flat, then k directions
    w = sd**-2
    floor = 1e-10 * np.eye(k)
    last = np.inf
    for _ in range(SWEEPS):
        # scores of every sample with the flat held, then point and directions of every part with the scores held
        wb = w[:, None, :] * basis[1:]
        left = wb @ basis[1:].T
        left += floor * np.trace(left, axis1=1, axis2=2)[:, None, None]
        scores = np.linalg.solve(left, np.einsum("nkd,nd->nk", wb, x - basis[0])[..., None])[..., 0]
        design = np.column_stack([np.ones(len(x)), scores])
        gram = np.einsum("nd,na,nb->dab", w, design, design, optimize=True)
        gram += 1e-12 * np.trace(gram, axis1=1, axis2=2)[:, None, None] * np.eye(k + 1)
        basis = np.linalg.solve(gram, np.einsum("nd,na,nd->da", w, design, x, optimize=True)[..., None])[..., 0].T
        fitted = design @ basis
        cost = float(np.sum(w * (x - fitted) ** 2))
        if last - cost < 1e-4 * cost:
            break
        last = cost
    return fitted
