"""How many components: criteria side by side, because none is right for every table.

Where analytical errors are known, components are added until what is left is noise; the other criteria guess the noise from
the data themselves.  All work on log-ratios, and none depends on the ilr basis.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import gammaln
from scipy.stats import chi2

from lib.composition import clr, pivot_basis
from lib.tasks import spawn

from .stability import THRESHOLD, icasso

__all__ = ["CRITERIA", "Suggestion", "component_number", "suggest_number"]

#: Criterion -> column of its statistic, in the order in which `suggest_number` believes them.
CRITERIA = {"noise": "noise_chi2", "bicv": "bicv_error", "parallel": "parallel_q95", "minka": "minka_log_evidence",
            "iq_kept": "iq"}  # fmt: skip
SPOKEN = {"noise": "analytical noise", "bicv": "bi-cross-validation", "parallel": "parallel analysis",
          "minka": "Minka's evidence", "iq_kept": "stability"}  # fmt: skip


@dataclass(frozen=True)
class Suggestion:
    """A number of components and why.

    Parameters
    ----------
    n_components : int
        K.
    reason : str
        A sentence that names the criterion and what the others say.
    votes : dict of str to int
        Criterion -> its number; 0 = no component.
    """

    n_components: int
    reason: str
    votes: dict[str, int]


def component_number(
    x, error=None, *, max_components=None, n_permutations=200, n_repeats=20, n_runs=0, level=0.95, error_slack=0.1,
    seed=1,
) -> pd.DataFrame:  # fmt: skip
    """Hold all criteria for the number of components side by side.

    Parameters
    ----------
    x : array, shape (N, D)
        Positive compositions, any closure.
    error : float, or array, shape (D,) or (N, D), optional
        Relative analytical standard deviation (fraction) of each part or cell; without it there is no noise criterion.
    max_components : int, optional
        Last row of the table; default min(N, D) - 2, at least 1.
    n_permutations : int
        Permuted tables of the parallel analysis.
    n_repeats : int
        Random rotations of the bi-cross-validation.
    n_runs : int
        Bootstrap fits for each stability index; 0 leaves it out.
    level : float
        Level of the parallel analysis and the noise criterion (0-1).
    error_slack : float
        Relative uncertainty of the stated errors themselves (fraction): the limit of chi-square is widened by (1 + it)^2.
        At 0 the curvature of a process in log-ratios counts as a component of its own as soon as there are samples enough.
    seed : int or numpy.random.SeedSequence
        For permutations, rotations and resamples.

    Returns
    -------
    DataFrame
        One row for each n_components from 1. ``eigenvalue`` (ln units squared, ddof 1), ``share``, ``cumulative``; then for
        each criterion its statistic and a bool column that is True in the row it chooses (in none = no component):
        ``parallel_q95``/``parallel``: eigenvalues above the quantile of those of permuted columns;
        ``noise_chi2``/``noise``: reduced chi-square of the rest, the first not above its limit;
        ``minka_log_evidence``/``minka``: largest Laplace evidence of probabilistic PCA (with more samples than parts);
        ``bicv_error``/``bicv``: error of held-out blocks relative to that without components (NaN where a block cannot hold
        as many), and the first that the best does not beat by more than one standard deviation over the rotations;
        ``iq``/``iq_kept``: smallest stability index of the components, and the last number at which it passes.

    Raises
    ------
    ValueError
        Too few samples or parts, errors of another shape or not positive.

    References
    ----------
    Horn (1965) Psychometrika 30, 179-185; Minka (2000) MIT Media Laboratory TR 514, eqs 76-80; Owen & Perry (2009) Annals of
    Applied Statistics 3, 564-594; Wentzell et al. (1997) Journal of Chemometrics 11, 339-366 (errors in PCA).
    """
    logs = clr(x)
    if logs.ndim != 2 or min(logs.shape) < 3:
        raise ValueError(f"x has shape {logs.shape}: three samples (rows) of three parts (columns) are needed at least")
    n_samples, n_parts = logs.shape
    most = max(min(n_samples, n_parts) - 2, 1)
    if max_components is not None:
        if not 1 <= max_components <= most:
            raise ValueError(f"max_components = {max_components}: {n_samples} samples of {n_parts} parts allow 1 to {most}")
        most = int(max_components)
    permuting, rotating = spawn(seed, 2)
    centred = logs - logs.mean(axis=0)
    coordinates = centred @ pivot_basis(n_parts)
    values = np.linalg.svd(coordinates, compute_uv=False) ** 2 / (n_samples - 1)
    if not values[0] > 0:
        raise ValueError("x: all samples have the same composition; there is no component in them")
    share = values / values.sum()
    number = np.arange(1, most + 1)
    frame = {"n_components": number, "eigenvalue": values[:most], "share": share[:most], "cumulative": share.cumsum()[:most]}

    quantile = _permuted(logs, n_permutations, level, permuting)[:most]
    kept = int(np.cumprod(values[:most] > quantile).sum())
    frame |= {"parallel_q95": quantile, "parallel": number == kept}
    if error is not None:
        reduced, limit = _noise(logs, error, most, level, error_slack)
        passed = np.flatnonzero(reduced <= limit)
        frame |= {"noise_chi2": reduced, "noise": number == (number[passed[0]] if len(passed) else -1)}
    if n_samples > n_parts:
        evidence = np.array([_minka(values * (n_samples - 1) / n_samples, k, n_samples) for k in number])
        frame |= {"minka_log_evidence": evidence, "minka": number == number[evidence.argmax()]}
    errors = _held_out(coordinates, most, n_repeats, rotating)
    excess = errors - errors[:, [int(np.nanargmin(errors.mean(axis=0)))]]
    best = int(np.flatnonzero(excess.mean(axis=0) <= excess.std(axis=0))[0])
    frame |= {"bicv_error": errors.mean(axis=0)[1:], "bicv": number == best}
    if n_runs:
        iq = np.array([icasso(x, int(k), n_runs=n_runs, seed=seed).iq.min() if k > 1 else 1.0 for k in number])
        frame |= {"iq": iq, "iq_kept": number == number[iq >= THRESHOLD].max()}
    return pd.DataFrame(frame)


def suggest_number(frame) -> Suggestion:
    """Choose a number from the table of criteria, and say why.

    Parameters
    ----------
    frame : DataFrame
        From `component_number`.

    Returns
    -------
    Suggestion
        By the noise where errors are known; else by bi-cross-validation; at least 1.
    """
    votes = {}
    for name in CRITERIA:
        if name in frame:
            rows = frame.loc[frame[name].astype(bool), "n_components"]
            votes[name] = int(rows.iloc[0]) if len(rows) else 0
    first, note = "bicv", ""
    if votes.get("noise"):
        first = "noise"
    elif "noise" in votes:
        note = f"; even {int(frame['n_components'].iloc[-1])} components leave more than the stated errors"
    elif len(able := frame["bicv_error"].dropna()) == votes["bicv"] < len(frame):
        note = f"; {len(able)} is the most that bi-cross-validation can see here"
    chosen = max(votes[first], 1)
    rest = ", ".join(
        f"{SPOKEN[name]} {value}" for name, value in votes.items() if name != first and (value or name != "noise")
    )
    return Suggestion(chosen, f"{chosen} by {SPOKEN[first]} (others: {rest}){note}", votes)


def _permuted(logs, n_permutations, level, rng):
    """Quantile of the eigenvalues when the columns of clr x are shuffled apart (Horn 1965, for compositions).

    Shuffled rows no longer sum to 0.  Centring them again takes away 1/D of the variance of noise, which is given back: else
    noise would pass for components.
    """
    found = np.empty((n_permutations, logs.shape[1]))
    total = np.var(logs, axis=0, ddof=1).sum()
    for i in range(n_permutations):
        shuffled = rng.permuted(logs, axis=0)
        shuffled -= shuffled.mean(axis=1, keepdims=True)
        values = np.linalg.eigvalsh(np.cov(shuffled, rowvar=False))[::-1]
        found[i] = values * (total / values.sum())
    return np.quantile(found, level, axis=0)


def _noise(logs, error, most, level, slack):
    """Reduced chi-square of what K components leave, and its limit.

    The loadings are those of the table in which the noise (root mean square of each column) is isotropic; the scores, and the
    constant that closure leaves free in each row, are fitted with the error of every cell.
    """
    n_samples, n_parts = logs.shape
    error = np.asarray(error, dtype=float)
    if error.shape not in ((), (n_parts,), (n_samples, n_parts)) or not (np.isfinite(error) & (error > 0)).all():
        raise ValueError(
            f"error has shape {error.shape}: expected positive relative errors, one, ({n_parts},) or {logs.shape}"
        )
    error = np.broadcast_to(error, logs.shape)
    column = np.sqrt(np.mean(error**2, axis=0))
    # in units of the column's noise closure adds a multiple of 1/column to a row: that direction is taken out
    closing = 1.0 / column / np.linalg.norm(1.0 / column)
    scaled = (logs - logs.mean(axis=0)) / column
    scaled -= np.outer(scaled @ closing, closing)
    rows = np.linalg.svd(scaled, full_matrices=False)[2]
    weight = column / error
    reduced, limit = np.empty(most), np.empty(most)
    for k in range(1, most + 1):
        design = np.vstack([closing, rows[:k]])
        rest = scaled - _row_fits(scaled, design, weight)
        freedom = (n_samples - 1 - k) * (n_parts - 1 - k)
        reduced[k - 1] = np.sum((weight * rest) ** 2) / freedom
        limit[k - 1] = chi2.ppf(level, freedom) / freedom * (1.0 + slack) ** 2
    return reduced, limit


def _row_fits(table, design, weight):
    """Weighted least-squares fit of every row of the table by the rows of the design."""
    if np.allclose(weight, 1.0, rtol=1e-12):
        return table @ design.T @ design
    squared = weight**2
    normal = np.einsum("ad,nd,bd->nab", design, squared, design, optimize=True)
    right = (squared * table) @ design.T
    return np.linalg.solve(normal, right[:, :, None])[:, :, 0] @ design


def _minka(values, k, n_samples):
    """Laplace approximation of the log evidence of k components (Minka 2000, eqs 76-80), up to a constant."""
    n_features = len(values)
    if k >= n_features:
        return -np.inf
    rest = max(values[k:].mean(), 1e-300)
    count = n_features * k - k * (k + 1) / 2
    prior = -k * np.log(2.0) + np.sum(
        gammaln((n_features - np.arange(k)) / 2) - (n_features - np.arange(k)) / 2 * np.log(np.pi)
    )
    fit = -n_samples / 2 * (np.log(values[:k]).sum() + (n_features - k) * np.log(rest))
    shrunk = np.append(values[:k], np.full(n_features - k, rest))
    curvature = 0.0
    for i in range(k):
        j = np.arange(i + 1, n_features)
        curvature += np.sum(np.log((1 / shrunk[j] - 1 / shrunk[i]) * (values[i] - values[j]) * n_samples))
    return prior + fit + (count + k) / 2 * np.log(2 * np.pi) - curvature / 2 - k / 2 * np.log(n_samples)


def _held_out(table, most, n_repeats, rng):
    """Error of 2 x 2 bi-cross-validation (Owen & Perry 2009, eq. 3.1), relative to that of no component.

    Rows are halved at random and columns after a random rotation, so that the answer does not lean on an ilr basis.
    """
    n_samples, n_columns = table.shape
    able = min(most, n_samples // 2, n_columns // 2)
    found = np.zeros((n_repeats, most + 1))
    for repeat in range(n_repeats):
        turned = table @ np.linalg.qr(rng.standard_normal((n_columns, n_columns)))[0]
        half = rng.permutation(n_samples) < n_samples // 2
        side = np.arange(n_columns) < n_columns // 2
        for rows, columns in ((half, side), (half, ~side), (~half, side), (~half, ~side)):
            centred = turned - turned[~rows].mean(axis=0)
            target = centred[np.ix_(rows, columns)]
            u, s, v = np.linalg.svd(centred[np.ix_(~rows, ~columns)], full_matrices=False)
            left, right = centred[np.ix_(rows, ~columns)] @ v.T, u.T @ centred[np.ix_(~rows, columns)]
            guess = np.zeros_like(target)
            found[repeat, 0] += np.sum(target**2)
            for k in range(able):
                if s[k] > 1e-12 * s[0]:
                    guess = guess + np.outer(left[:, k] / s[k], right[k])
                found[repeat, k + 1] += np.sum((target - guess) ** 2)
    found[:, able + 1 :] = np.nan
    return found / found[:, :1]
