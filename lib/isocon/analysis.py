"""Analysis of a whole table: every group of samples with its own fresh rock, from log ratios to tidy results."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from lib.answers import Answer, Answers

from . import report
from .em import fit_em, prior_log_odds
from .fitting import fit
from .logratio import IsoconData
from .resampling import Resampling, element_bootstrap, fresh_bootstrap, stability_selection
from .results import IsoconFit
from .sparse import fit_sparse
from .tabular import group_names, prepare
from .uncertainty import entry_order, error_sensitivity, objective_profile, threshold_path

#: Frames of a group, in the order of the CSV files.
FRAMES = (
    "mass", "gains", "elements", "modes", "path", "path_elements", "profile", "comparison", "sensitivity", "diagnostics",
    "messages",
)  # fmt: skip


@dataclass(frozen=True)
class GroupResult(Answer):
    """Everything about one halo or profile.

    Parameters
    ----------
    name : str
        Name of the group.
    data : IsoconData
        Its log ratios.
    fit, em, sparse : IsoconFit
        The chosen method, the spike-and-slab mixture, and Algorithm S (the same objects when one of them was chosen).
        ``fit.ambiguous`` of a method without modes (convex, median, ...) is that of ``sparse``.
    bootstrap, stability : Resampling or None
        Resamplings of the elements, and of elements and samples; None when not asked for.
    frames : dict
        Name (see `FRAMES`) -> tidy DataFrame.
    """

    name: str
    data: IsoconData
    fit: IsoconFit
    em: IsoconFit
    sparse: IsoconFit
    bootstrap: Resampling | None
    stability: Resampling | None
    frames: dict[str, pd.DataFrame]

    @property
    def ambiguous(self) -> bool:
        """Whether the chosen fit, the mixture or Algorithm S has a rival isocon, or no two elements agree at all."""
        return report.is_ambiguous(self.fit, self.em, self.sparse)

    @property
    def n_modes(self) -> int:
        """Number of isocons of Algorithm S with at least 1.5 effective elements."""
        return self.sparse.n_modes


@dataclass(frozen=True)
class HaloAnalysis(Answers):
    """Results of `analyse` for all groups.

    Parameters
    ----------
    groups : dict
        Name -> GroupResult, in the order of the table.
    parameters : dict
        What `analyse` was called with.
    """

    groups: dict[str, GroupResult]
    parameters: dict

    @property
    def ambiguous(self) -> bool:
        """Whether any group is ambiguous (see `GroupResult.ambiguous`)."""
        return any(group.ambiguous for group in self.groups.values())


def analyse_group(
    data: IsoconData,
    rng: np.random.Generator,
    *,
    name: str = "all",
    method: str = "sparse",
    priors=None,
    n_bootstrap: int = 200,
    options: dict | None = None,
) -> GroupResult:
    """Analyse one group of samples.

    Parameters
    ----------
    data : IsoconData
        Log ratios of the group.
    rng : numpy.random.Generator
        Stream of the resamplings.
    name : str
        Name of the group.
    method : str
        Key of `lib.isocon.METHODS`.
    priors : None, "suggested" or mapping element -> P(immobile)
        For the mixture (see `lib.isocon.em.fit_em`); the sparse methods do not use it.
    n_bootstrap : int
        Resamplings of the elements (0 = none); half as many for the selection frequency.
    options : dict, optional
        Further arguments of the method.

    Returns
    -------
    GroupResult
    """
    options = dict(options or {})
    if method == "em":
        options.setdefault("priors", priors)
    result = fit(data, method, **options)
    sparse = result if method == "sparse" else fit_sparse(data)
    em = result if method == "em" else fit_em(data, priors=priors, sparse=sparse)
    if not result.modes:
        result = result.replace(ambiguous=sparse.ambiguous)
    bootstrap = stability = fresh = None
    if n_bootstrap:
        bootstrap = element_bootstrap(data, rng, n_draws=n_bootstrap)
        stability = stability_selection(data, rng, n_draws=max(n_bootstrap // 2, 20))
        if data.n_fresh >= 2:
            fresh = fresh_bootstrap(data, rng, n_draws=max(n_bootstrap // 2, 20))
    path, path_elements = threshold_path(data, scale=result.scale)
    sensitivity = error_sensitivity(data, known=sparse, **(options if method == "sparse" else {}))
    odds = prior_log_odds(data.elements, priors)
    frames = {
        "mass": report.mass_frame(result, bootstrap, fresh),
        "gains": report.gains_frame(result),
        "elements": report.elements_frame(result, em, stability, entry_order(path_elements), odds),
        "modes": report.modes_frame(result, em, sparse),
        "path": path,
        "path_elements": path_elements,
        "profile": objective_profile(sparse, sample=int(np.argmax(np.abs(result.mass_change_pct)))),
        "comparison": report.comparison_frame(data, result, em, sparse),
        "sensitivity": sensitivity,
        "diagnostics": report.diagnostics_frame(result, em, sparse, bootstrap),
        "messages": report.messages_frame(result, em, sparse, stability, sensitivity, priors),
    }
    for frame in frames.values():
        frame.insert(0, "group", name)
    return GroupResult(name, data, result, em, sparse, bootstrap, stability, frames)


def analyse(
    table,
    *,
    groups=None,
    method: str = "sparse",
    sigma_altered=0.05,
    sigma_protolith=0.05,
    protolith_error: str = "per sample",
    protolith_scatter: bool = False,
    priors=None,
    group_weights=None,
    exclude=(),
    n_bootstrap: int = 200,
    seed: int = 1,
    n_jobs: int = 1,
    options: dict | None = None,
) -> HaloAnalysis:
    """Find immobile elements, mass change, gains and losses in every group of a table.

    Parameters
    ----------
    table : tables.Table
        See `lib.isocon.prepare` for the columns.
    groups : sequence of str, optional
        Groups of the table to analyse; default all.
    method : str
        Key of `lib.isocon.METHODS`: "sparse" (default), "em", "convex", "cellwise", "spatial", ...
    sigma_altered, sigma_protolith : float or mapping analyte -> float
        Relative 1-sigma errors (fractions) of an altered and of a fresh sample, used where the table has none.
    protolith_error : {"per sample", "of the mean"}
        See `lib.isocon.prepare`.
    protolith_scatter : bool
        See `lib.isocon.prepare`.
    priors : None, "suggested" or mapping
        Prior probabilities of immobility for the mixture.
    group_weights : None, "blocks" or mapping block -> members
        Votes of coherent elements, see `lib.isocon.prepare`.
    exclude : sequence of str
        Analytes left out altogether.
    n_bootstrap : int
        Resamplings of the elements; 0 = none.
    seed : int
        One stream a group is spawned from it.
    n_jobs : int
        Groups at once.
    options : dict, optional
        Further arguments of the method.

    Returns
    -------
    HaloAnalysis

    Raises
    ------
    ValueError
        A group that is not in the table, or one without fresh or altered samples.
    """
    from lib.tasks import run_tasks

    unknown = set(groups or ()) - set(group_names(table))
    if unknown:
        raise ValueError(f"group(s) {', '.join(sorted(unknown))} not in the table: {', '.join(group_names(table))}")
    tasks = [
        {
            "data": prepare(
                table, group=name, sigma_altered=sigma_altered, sigma_protolith=sigma_protolith,
                protolith_error=protolith_error, protolith_scatter=protolith_scatter, group_weights=group_weights,
                exclude=exclude,
            ),
            "name": name, "method": method, "priors": priors, "n_bootstrap": n_bootstrap, "options": options,
        }
        for name in (group_names(table) if groups is None else groups)
    ]  # fmt: skip
    if method == "spatial":
        without = [task["name"] for task in tasks if task["data"].position is None]
        if without:
            raise ValueError(
                f"method 'spatial' needs a position of every altered sample: add distance_m or depth_m (group(s) "
                f"{', '.join(without)}), or choose another method"
            )
    results = run_tasks(analyse_group, tasks, seed=seed, n_jobs=n_jobs, label="isocon")
    parameters = {
        "method": method, "sigma_altered": sigma_altered, "sigma_protolith": sigma_protolith,
        "protolith_error": protolith_error, "protolith_scatter": protolith_scatter, "priors": priors,
        "group_weights": group_weights, "exclude": tuple(exclude), "n_bootstrap": n_bootstrap, "seed": seed,
    }  # fmt: skip
    return HaloAnalysis({result.name: result for result in results}, parameters)
