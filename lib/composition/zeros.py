"""Cells without a logarithm: zero, below detection and not analysed are three different things.

*Below detection* is known to lie under a stated limit, *not analysed* can be anything, and a *zero* says that the part is
absent, which no log-ratio can hold: it is refused unless the caller says that it stands for "below detection".
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from .em import EmFit, log_ratio_em
from .parts import as_rows
from .simplex import closure

METHODS = ("multiplicative", "log-ratio EM")
ZERO = ("refuse", "below", "structural")
#: Sweeps of the fit of rows and columns that stands in for parts not analysed, and where it stops (natural logarithms).
SWEEPS, STOP = 500, 1e-10


@dataclass(frozen=True)
class Replaced:
    """Compositions without empty cells.

    Parameters
    ----------
    values : array, shape (n_samples, n_parts)
        Positive, closed to 1; ratios of observed parts are those that were given.
    imputed : array of bool, shape (n_samples, n_parts)
        Cells that hold an estimate.
    counts : pandas.DataFrame
        One row a part: part, below, missing, share (of samples imputed, 0 to 1).
    method : str
        One of ``METHODS``.
    notes : tuple of str
        What the reader should know, in words.
    em : EmFit or None
        Mean and covariance of the log-ratios, when they were estimated.
    """

    values: np.ndarray
    imputed: np.ndarray
    counts: pd.DataFrame
    method: str
    notes: tuple[str, ...] = ()
    em: EmFit | None = None


def replace(
    x,
    *,
    below=None,
    limit=None,
    missing=None,
    zero="refuse",
    method="multiplicative",
    fraction=0.65,
    max_share=0.8,
    names=None,
    samples=None,
    denominator=None,
    total=None,
    tolerance=1e-4,
    max_iterations=200,
) -> Replaced:
    """Fill cells that are below detection or not analysed, and report every one of them.

    Parameters
    ----------
    x : array-like, shape (n_samples, n_parts)
        Concentrations in one unit.  Cells marked in `below` or `missing` are not read.
    below : array-like of bool, shape (n_samples, n_parts), optional
        Cells below detection.
    limit : float or array-like, shape (n_parts,) or (n_samples, n_parts), optional
        Detection limits in the unit of `x`; needed where `below` is true, and may be NaN elsewhere.
    missing : array-like of bool, shape (n_samples, n_parts), optional
        Cells not analysed; default the NaN of `x` that are not below detection.
    zero : {"refuse", "below", "structural"}
        What a 0 means that is not marked: "refuse" asks the caller; "below" takes it for below detection;
        "structural" (truly absent) is answered with what can be done.
    method : {"multiplicative", "log-ratio EM"}
        "multiplicative" puts `fraction` times the limit; "log-ratio EM" the expected log-ratio below the limit.
    fraction : float, above 0 and at most 1
        Of the limit, for "multiplicative" and for the start of the EM.
    max_share : float, 0-1
        Largest share of imputed cells a part may have.
    names : sequence of str, optional
        Parts; default the columns of a DataFrame, or numbers.
    samples : sequence of str, optional
        Samples; default the index of a DataFrame, or numbers.
    denominator : str or int, optional
        Part that the EM divides by; default the complete part that varies least against the others.
    total : float, optional
        Closure constant, when the table was closed (such as 100) *without* the replaced cells: observed parts then shrink
        to make room.  Default: the numbers are absolute concentrations, and nothing shrinks.
    tolerance : float
        The EM stops when no mean or covariance changes by more.
    max_iterations : int
        Of the EM.

    Returns
    -------
    Replaced

    Raises
    ------
    ValueError
        Unmarked zeros or negative numbers, a limit that is not given, a part with more than `max_share` imputed, a sample
        without observed parts, or for the EM: no complete part, or fewer samples than it has numbers to estimate.

    Notes
    -----
    A part not analysed is filled by "multiplicative" with the value that keeps the mean log-ratio of this part to the
    observed parts of the sample (additive rows and columns in logarithms).

    References
    ----------
    Martin-Fernandez, J.A., Barcelo-Vidal, C. and Pawlowsky-Glahn, V. 2003. Dealing with zeros and missing values in
    compositional data sets using nonparametric imputation. Mathematical Geology 35, 253-278 (eq. 3).
    Palarea-Albaladejo, J. and Martin-Fernandez, J.A. 2008. A modified EM alr-algorithm for replacing rounded zeros in
    compositional data sets. Computers and Geosciences 34, 902-917.
    """
    if method not in METHODS:
        raise ValueError(f"method = {method!r} is not known; known: {', '.join(METHODS)}")
    if not 0 < fraction <= 1:
        raise ValueError(f"fraction = {fraction} of the detection limit; it must be above 0 and at most 1 (0.65 is usual)")
    if zero not in ZERO:
        raise ValueError(f"zero = {zero!r} is not known; known: {', '.join(ZERO)}")
    names = _names(x, names, "columns", 1)
    samples = _names(x, samples, "index", 0)
    values = np.atleast_2d(as_rows(x)).copy()
    if (len(samples), len(names)) != values.shape:
        raise ValueError(f"{len(samples)} samples and {len(names)} names are given for x of shape {values.shape}")
    below = _mask(below, values.shape, "below")
    missing = np.isnan(values) & ~below if missing is None else _mask(missing, values.shape, "missing")
    both = below & missing
    if both.any():
        i, j = np.argwhere(both)[0]
        raise ValueError(f"sample {samples[i]}, part {names[j]}: marked both below detection and not analysed; choose one")
    below = _zeros(values, below, missing, zero, names, samples)
    limit = _limits(limit, below, names, samples)
    imputed = below | missing
    _observed(values, imputed, names, samples)
    counts = pd.DataFrame({"part": names, "below": below.sum(axis=0), "missing": missing.sum(axis=0)})
    counts["share"] = imputed.mean(axis=0)
    _shares(counts, max_share)
    notes = _say(counts, method, fraction)
    if total is not None:
        values = _make_room(values, below, missing, fraction * limit, total, samples)
    start = _multiplicative(values, below, missing, fraction * limit)
    fitted = None
    if method == "log-ratio EM" and imputed.any():
        d = _denominator(start, imputed, names, denominator)
        fitted = log_ratio_em(start, below, missing, limit, denominator=d, tolerance=tolerance, max_iterations=max_iterations)
        start = fitted.values
        notes.append(
            f"log-ratios to {names[d]}; {fitted.iterations} iterations"
            + ("" if fitted.converged else f", NOT converged (last change {fitted.change:.2g}, wanted {tolerance:g})")
        )
    return Replaced(closure(start), imputed, counts, method, tuple(notes), fitted)


def censor(x, limit) -> tuple[np.ndarray, np.ndarray]:
    """Take away what an analysis with given detection limits would not have seen.

    Parameters
    ----------
    x : array-like, shape (n_samples, n_parts)
        Concentrations.
    limit : float or array-like, shape (n_parts,) or (n_samples, n_parts)
        Detection limits in the same unit; NaN or 0 where there is none.

    Returns
    -------
    values : array, shape (n_samples, n_parts)
        NaN where below the limit.
    below : array of bool, shape (n_samples, n_parts)
        Where that is.
    """
    values = as_rows(x)
    below = values < np.nan_to_num(np.broadcast_to(np.asarray(limit, float), values.shape))
    return np.where(below, np.nan, values), below


def _names(x, given, attribute, axis):
    """Return names of samples or parts."""
    if given is None:
        given = getattr(x, attribute, None)
    if given is None or callable(given):
        shape = np.atleast_2d(np.asarray(x, dtype=object)).shape
        return [str(i) for i in range(shape[axis])]
    return [str(name) for name in given]


def _mask(given, shape, what):
    """Return a mask of the shape of the table."""
    if given is None:
        return np.zeros(shape, bool)
    mask = np.atleast_2d(np.asarray(given))
    if mask.shape != shape or mask.dtype != bool:
        raise ValueError(f"{what} has shape {mask.shape} and type {mask.dtype}; expected true or false in shape {shape}")
    return mask


def _cell(where, names, samples):
    """Name the first cells of a mask."""
    found = [f"sample {samples[i]}, part {names[j]}" for i, j in np.argwhere(where)[:5]]
    return "; ".join(found) + (f" and {where.sum() - 5} more" if where.sum() > 5 else "")


def _zeros(values, below, missing, zero, names, samples):
    """Return the mask of censored cells after zeros were looked at."""
    unmarked = (values == 0) & ~below & ~missing
    if not unmarked.any():
        return below
    where = _cell(unmarked, names, samples)
    if zero == "below":
        return below | unmarked
    if zero == "structural":
        raise ValueError(
            f"a part that is truly absent has no log-ratio ({where}); add the part to a related one, leave it out, or treat "
            "the samples that have it apart from those that have not"
        )
    raise ValueError(
        f"zero concentration at {where}: say what it means. Below detection: mark it in `below` (or zero='below') with its "
        "limit; not analysed: write NaN; truly absent: zero='structural' says what can be done"
    )


def _limits(limit, below, names, samples):
    """Return detection limits of the shape of the table; NaN where there is none."""
    if not below.any():
        return np.full(below.shape, np.nan)
    if limit is None:
        raise ValueError(f"{below.sum()} cells are below detection but no limit is given; pass limit=, in the unit of x")
    try:
        found = np.broadcast_to(np.asarray(limit, float), below.shape)
    except ValueError as error:
        raise ValueError(f"limit has shape {np.shape(limit)}; expected one number, one a part or {below.shape}") from error
    lacking = below & ~((found > 0) & np.isfinite(found))
    if lacking.any():
        raise ValueError(f"no positive detection limit for {_cell(lacking, names, samples)}; state it in the unit of x")
    return found


def _observed(values, imputed, names, samples):
    """Refuse numbers that cannot be concentrations, and samples that hold none."""
    wrong = ~imputed & ~((values > 0) & np.isfinite(values))
    if wrong.any():
        raise ValueError(
            f"not a positive finite number at {_cell(wrong, names, samples)}; mark it as below detection or as missing"
        )
    empty = imputed.all(axis=1)
    if empty.any():
        which = ", ".join(samples[i] for i in np.flatnonzero(empty)[:5])
        raise ValueError(f"{empty.sum()} samples have no observed part ({which}); leave them out")


def _shares(counts, max_share):
    """Refuse parts that are mostly guessed."""
    over = counts[counts["share"] > max_share]
    if len(over):
        said = ", ".join(f"{row.part} {row.share:.0%}" for row in over.itertuples())
        raise ValueError(
            f"more than max_share = {max_share:.0%} of the samples have no value in {said}; leave these parts out, or raise "
            "max_share knowing that their log-ratios are then mostly assumed"
        )


def _say(counts, method, fraction):
    """Say in words what was imputed."""
    notes = []
    for kind, words in (("below", "below detection"), ("missing", "not analysed")):
        some = counts[counts[kind] > 0]
        if len(some):
            listed = ", ".join(f"{row['part']} {row[kind]}" for _, row in some.iterrows())
            how = f"{fraction:g} of the limit" if kind == "below" else "the mean log-ratio to the observed parts"
            how = how if method == "multiplicative" else "the log-ratio EM"
            notes.append(f"{int(some[kind].sum())} cells {words} were filled by {how}: {listed}")
    return notes


def _make_room(values, below, missing, delta, total, samples):
    """Shrink the observed parts of a closed table, so that the replaced cells fit into the total."""
    room = 1 - np.where(below, delta, 0.0).sum(axis=1) / total
    if (room <= 0).any():
        i = int(np.flatnonzero(room <= 0)[0])
        raise ValueError(
            f"sample {samples[i]}: replaced cells sum to more than total = {total:g}; check the unit of the limits"
        )
    return np.where(below | missing, values, values * room[:, None])


def _multiplicative(values, below, missing, delta):
    """Fill censored cells with delta, missing ones by rows and columns in logarithms."""
    filled = np.where(below, delta, values)
    if not missing.any():
        return filled
    known = ~missing
    logs = np.log(np.where(known, filled, 1.0))
    rows, columns = np.zeros(len(logs)), np.zeros(logs.shape[1])
    n_row, n_column = known.sum(axis=1), np.maximum(known.sum(axis=0), 1)
    for _ in range(SWEEPS):
        rows = (known * (logs - columns)).sum(axis=1) / n_row
        new = (known * (logs - rows[:, None])).sum(axis=0) / n_column
        change, columns = np.abs(new - columns).max(), new
        if change < STOP:
            break
    return np.where(missing, np.exp(rows[:, None] + columns), filled)


def _denominator(start, imputed, names, given):
    """Return the column that the EM divides by."""
    complete = np.flatnonzero(~imputed.any(axis=0))
    if given is not None:
        found = names.index(given) if isinstance(given, str) and given in names else given
        if found not in range(len(names)):
            raise ValueError(f"denominator = {given!r} is not a part; parts: {', '.join(names)}")
        if found not in complete:
            raise ValueError(
                f"denominator {names[found]} has {imputed[:, found].sum()} cells without a value; take a complete part"
            )
        return int(found)
    if not len(complete):
        best = int(imputed.sum(axis=0).argmin())
        raise ValueError(
            "method 'log-ratio EM' needs one part that is observed in every sample, and there is none (closest: "
            f"{names[best]}, {imputed[:, best].sum()} without a value); leave out those samples, or use 'multiplicative'"
        )
    logs = np.log(start)
    spread = [(logs - logs[:, [j]]).var(axis=0).sum() for j in complete]
    return int(complete[int(np.argmin(spread))])
