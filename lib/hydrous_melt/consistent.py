"""The strict version: interactions W_jk of one excess energy, in the equations of forsterite and fayalite together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from lib.subset_search import Constraints, LinearProblem, exhaustive_search

from .components import R
from .equilibrium import FUSION_ENTROPY, MIXING, excess_design, pair_names, response, slope_of
from .schemes import N_FOLDS, folds_of

#: Columns of the second equation that are always there: its own constant, and pressure in both.
ALWAYS = ("P", "Fa", "P*Fa")


@dataclass(frozen=True, eq=False)
class ConsistentFit:
    """An exhaustive search over interactions.

    Parameters
    ----------
    scheme : str
        Scheme of cross-validation.
    names : tuple of str
        Columns: `ALWAYS` and the interactions.
    result : lib.subset_search.SearchResult
        Losses over both equations (K^2).
    best : tuple of str
        Interactions of the best equation.
    coefficients : DataFrame
        One row a column of it: name, coefficient_k, coefficient_kj_mol, error_kj_mol.
    rmse_fo_k, rmse_fa_k, rmse_temperature_k : float
        Cross-validated errors of y of both equations, and of the temperature from forsterite's.
    """

    scheme: str
    names: tuple[str, ...]
    result: object
    best: tuple[str, ...]
    coefficients: pd.DataFrame
    rmse_fo_k: float
    rmse_fa_k: float
    rmse_temperature_k: float


def stacked(experiments, components=MIXING, entropy=None):
    """Both equations under each other.

    Parameters
    ----------
    experiments : Experiments
        Data, n of them.
    components : sequence of str
        Components that interact.
    entropy : dict, optional
        Entropies of fusion (J/(mol K)) by end member, which fix the coefficients of T; default `FUSION_ENTROPY`.

    Returns
    -------
    columns : array, shape (2 n, p)
        Forsterite's rows first.
    y : array, shape (2 n,)
        Responses less the given part of T, K.
    names : tuple of str
        Names of the columns.
    """
    entropy = FUSION_ENTROPY if entropy is None else entropy
    blocks, ys = [], []
    for k, end_member in enumerate(("Fo", "Fa")):
        p = experiments.pressure_gpa
        own = np.column_stack([p, np.full(len(p), float(k)), k * p])
        blocks.append(np.column_stack([own, excess_design(experiments.x, end_member, components)]))
        y = response(experiments.temperature_k, experiments.fo, experiments.x, end_member)
        ys.append(y - slope_of(entropy[end_member]) * experiments.temperature_k)
    return np.vstack(blocks), np.concatenate(ys), (*ALWAYS, *pair_names(components))


def consistent_problem(experiments, scheme="random", *, components=MIXING, entropy=None, n_folds=N_FOLDS, fold_seed=0):
    """The regression of both equations, an experiment's two rows in the same fold.

    Parameters
    ----------
    experiments : Experiments
        Olivine-melt pairs.
    scheme : {"random", "loo", "study"}
        Folds.
    components : sequence of str
        Components that interact.
    entropy : float or None
        Fixed entropy of fusion of forsterite (J/(mol K)); None leaves it free.
    n_folds, fold_seed : int
        Number of folds, and the seed of their deal.

    Returns
    -------
    LinearProblem
    """
    columns, y, names = stacked(experiments, components, entropy)
    folds = folds_of("random" if scheme == "loo" else scheme, experiments.studies, n_folds, fold_seed)
    return LinearProblem(columns, y, np.tile(folds, 2), names=list(names))


def fit_consistent(
    experiments, scheme: str = "study", *, n_interactions: int = 4, components=MIXING, entropy=None, n_folds: int = N_FOLDS,
    fold_seed: int = 0, keep: int = 1000, n_jobs: int = 1,
) -> ConsistentFit:  # fmt: skip
    """Search all sets of at most `n_interactions` interactions.

    Parameters
    ----------
    experiments : Experiments
        Data.
    scheme : {"random", "study", "one study"}
        Scheme of cross-validation.
    n_interactions : int
        Most interactions in an equation; 4 of 28 are 24,157 equations with at least one.
    components : sequence of str
        Components that interact.
    entropy : dict, optional
        See `stacked`.
    n_folds, fold_seed : int
        See `lib.hydrous_melt.schemes.folds_of`.
    keep : int
        Best sets to keep.
    n_jobs : int
        Processes.

    Returns
    -------
    ConsistentFit
    """
    entropy = FUSION_ENTROPY if entropy is None else entropy
    problem = consistent_problem(
        experiments, scheme, components=components, entropy=entropy, n_folds=n_folds, fold_seed=fold_seed
    )
    names = tuple(problem.names)
    result = exhaustive_search(
        problem, sizes=(len(ALWAYS) + 1, len(ALWAYS) + n_interactions), constraints=Constraints(always=ALWAYS), keep=keep,
        n_jobs=n_jobs, label=f"interactions, {scheme}",
    )  # fmt: skip
    fit = problem.fit(result.best.mask)
    error = np.sqrt(np.diag(np.atleast_2d(fit.covariance)))[-len(fit.names):]  # fmt: skip
    table = pd.DataFrame({"name": list(fit.names), "coefficient_k": fit.coef})
    table = table.assign(coefficient_kj_mol=R * table["coefficient_k"] / 1000, error_kj_mol=R * error / 1000)
    rest, t_error = _heldout(experiments, result.best.names, components, entropy, scheme, n_folds, fold_seed)
    rmse = [float(np.sqrt(np.mean(part**2))) for part in (rest[0], rest[1], t_error)]
    chosen = tuple(name for name in result.best.names if name not in ALWAYS)
    return ConsistentFit(scheme, names, result, chosen, table, *rmse)


def _heldout(experiments, names, components, entropy, scheme, n_folds, fold_seed):
    """Residuals of both equations (2, n), and errors of temperature (n,), each experiment predicted without its fold."""
    columns, y, all_names = stacked(experiments, components, entropy)
    n = len(experiments)
    design = np.column_stack([np.ones(2 * n), columns[:, [all_names.index(name) for name in names]]])
    scale = np.abs(design).max(axis=0)
    folds = np.tile(folds_of("random" if scheme == "loo" else scheme, experiments.studies, n_folds, fold_seed), 2)
    predicted = np.empty(2 * n)
    for k in np.unique(folds):
        here = folds == k
        coef, *_ = np.linalg.lstsq(design[~here] / scale, y[~here], rcond=None)
        predicted[here] = design[here] / scale @ coef
    slope = slope_of(entropy["Fo"])
    t = predicted[:n] / (experiments.y / experiments.temperature_k - slope)
    return (y - predicted).reshape(2, n), t - experiments.temperature_k
