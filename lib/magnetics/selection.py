"""How surely a cell is magnetised: refits to surveys of flight lines drawn again."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lib.tasks import run_tasks

from .elastic_net import column_weights, elastic_net_path
from .matrices import scaled_rows

#: Larger penalties a refit passes through on its way, times the wanted one.
APPROACH = (10.0, 3.0, 1.0)


@dataclass(frozen=True, eq=False)
class SelectionMap:
    """Refits to resampled flight lines, summarised by cell.

    Parameters
    ----------
    frequency : ndarray, shape (n_cells,)
        Share of refits in which the cell is magnetised, 0-1.
    mean, sd : ndarray, shape (n_cells,)
        Of the magnetisation over the refits, A/m.
    n_resamples : int
        Refits.
    models : ndarray, shape (n_resamples, n_cells)
        The refits, A/m.
    """

    frequency: np.ndarray
    mean: np.ndarray
    sd: np.ndarray
    n_resamples: int
    models: np.ndarray


def _refit(matrix, data, counts, penalty, options):
    """Refit with every datum counted as often as its line was drawn."""
    factors = np.sqrt(counts)
    penalties = penalty * np.array(APPROACH)
    path = elastic_net_path(scaled_rows(matrix, factors), (factors * data)[counts > 0], penalties=penalties, **options)
    return path.models[-1]


def flight_line_bootstrap(
    matrix,
    data,
    line,
    penalty: float,
    *,
    n_resamples: int = 30,
    least_am: float = 0.0,
    seed: int = 1,
    n_jobs: int = 1,
    **options,
) -> SelectionMap:
    """Draw flight lines with replacement, refit, and count in how many refits each cell is magnetised.

    Parameters
    ----------
    matrix : ndarray or operator, shape (n_data, n_cells)
        Anomaly of every cell, nT per A/m.
    data : array-like, shape (n_data,)
        Anomaly in nT.
    line : array-like, shape (n_data,)
        Flight line or block of every datum; errors of one line (levelling, drift) stay together.
    penalty : float
        Lambda of the refits.
    n_resamples : int
        Refits, 2 or more.
    least_am : float
        Magnetisation in A/m above which a cell counts as magnetised.
    seed : int
        Of the draws.
    n_jobs : int
        Refits at once; the result does not depend on it.
    **options
        Of `elastic_net_path`, apart from penalties.

    Returns
    -------
    SelectionMap
        Column weights are those of the whole survey, so that every refit minimises the same penalty.

    Raises
    ------
    ValueError
        With fewer than two lines or refits.

    References
    ----------
    Meinshausen and Buehlmann (2010), Stability selection, J. R. Stat. Soc. B 72, 417 (selection frequencies).
    """
    data = np.asarray(data, float)
    names, number = np.unique(np.asarray(line), return_inverse=True)
    if names.size < 2 or n_resamples < 2:
        raise ValueError(
            f"bootstrap: {names.size} lines and {n_resamples} refits; both have to be 2 or more (use spatial_blocks)"
        )
    options = dict(options)
    exponent = options.pop("exponent", 0.75)
    if options.get("weights") is None:
        options["weights"] = column_weights(matrix, exponent)
    rng = np.random.default_rng(np.random.SeedSequence(seed))
    draws = rng.integers(0, names.size, size=(n_resamples, names.size))
    tasks = [
        {"matrix": matrix, "data": data, "counts": np.bincount(draw, minlength=names.size)[number], "penalty": penalty,
         "options": options}
        for draw in draws
    ]  # fmt: skip
    models = np.array(run_tasks(_refit, tasks, n_jobs=n_jobs, label="refits"))
    frequency = (np.abs(models) > least_am).mean(axis=0)
    return SelectionMap(frequency, models.mean(axis=0), models.std(axis=0, ddof=1), n_resamples, models)
