"""Inversion of a whole table: every group of samples with its own source, from concentrations to tidy results."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from lib.answers import Answer, Answers

from . import report
from .collapsed import Draws, sample
from .inversion import DEFAULT_ERROR, SLOPE_SD, Prepared, group_names, prepare
from .posterior import Posterior

#: Frames of a group, in the order of the CSV files.
FRAMES = (
    "melt_fraction", "source", "relative_melt_fraction", "scale", "predictive", "information", "ridge", "traces",
    "diagnostics", "messages",
)  # fmt: skip


@dataclass(frozen=True)
class MorbGroup(Answer):
    """Everything about the samples of one source.

    Parameters
    ----------
    name : str
        Name of the group.
    prepared : Prepared
        Its posterior, coefficients and notes.
    draws : Draws
        Draws from the posterior.
    frames : dict
        Name (see `FRAMES`) -> tidy DataFrame.
    """

    name: str
    prepared: Prepared
    draws: Draws
    frames: dict[str, pd.DataFrame]

    @property
    def posterior(self) -> Posterior:
        """Data, priors and model."""
        return self.prepared.posterior


@dataclass(frozen=True)
class MorbAnalysis(Answers):
    """Results of `analyse` for all groups.

    Parameters
    ----------
    groups : dict
        Name -> MorbGroup, in the order of the table.
    parameters : dict
        What `analyse` was called with.
    """

    groups: dict[str, MorbGroup]
    parameters: dict

    def diagnostic(self, name: str) -> float:
        """Return the worst value of a diagnostic over the groups."""
        frame = self.frame("diagnostics")
        values = frame.loc[frame["name"] == name, "value"]
        if values.empty:
            raise ValueError(f"unknown diagnostic {name!r}; there are {', '.join(frame['name'].unique())}")
        return float(values.min() if name in ("ess_min", "posterior_predictive") else values.max())


def analyse_group(
    prepared: Prepared, rng: np.random.Generator, *, name="all", n_chains=4, n_draws=1000, n_warm=None, thin=2
) -> MorbGroup:
    """Sample the posterior of one group and summarise it.

    Parameters
    ----------
    prepared : Prepared
        From `lib.melting.prepare`.
    rng : numpy.random.Generator
        Stream of the chains.
    name : str
        Name of the group.
    n_chains, n_draws, n_warm, thin : int
        As in `lib.melting.sample`.

    Returns
    -------
    MorbGroup
    """
    posterior = prepared.posterior
    draws = sample(posterior, n_chains=n_chains, n_draws=n_draws, n_warm=n_warm, thin=thin, seed=rng)
    predictive, p_value = report.predictive_frame(posterior, draws, rng.spawn(1)[0])
    frames = {
        "melt_fraction": report.melt_fraction_frame(posterior, draws),
        "source": report.source_frame(posterior, draws),
        "relative_melt_fraction": report.relative_frame(posterior, draws),
        "scale": report.scale_frame(posterior, draws),
        "predictive": predictive,
        "information": report.information_frame(posterior, draws),
        "ridge": report.ridge_frame(posterior, draws),
        "traces": report.traces_frame(draws),
        "diagnostics": report.diagnostics_frame(posterior, draws, p_value),
    }
    frames["messages"] = report.messages_frame(prepared, draws, frames)
    for frame in frames.values():
        frame.insert(0, "group", name)
    return MorbGroup(name, prepared, draws, frames)


def analyse(
    table,
    *,
    model: str = "accumulated",
    coefficients: str = "gibson_geist_2010",
    prior_f: str = "log-uniform",
    groups=None,
    elements=None,
    errors=DEFAULT_ERROR,
    model_error: float = 0.05,
    d_common: float = 0.25,
    d_element: float = 0.15,
    source: str = "wide",
    source_deviation: bool = False,
    mgo_correction: str = "auto",
    mgo_slopes=None,
    mgo_slope_sd: float = SLOPE_SD,
    primary_factor: float = 1.0,
    options: dict | None = None,
    n_chains: int = 4,
    n_draws: int = 1000,
    n_warm: int | None = None,
    thin: int = 3,
    seed: int = 1,
    n_jobs: int = 1,
) -> MorbAnalysis:
    """Estimate source composition and melt fractions of every group of a table.

    Parameters
    ----------
    table : tables.Table
        Samples with concentrations (wt, ppm, ppb), optional ``_err`` columns, ``group`` and ``MgO_wt``.
    model : str
        Key of `lib.melting.MODELS`; "two_stage" takes the exhaustion of the mode and reaction.
    coefficients : str
        Table of mineral/melt coefficients (see `lib.melting.mineral_coefficients`).
    prior_f : {"log-uniform", "hierarchical", "flat"}
        See `lib.melting.MeltFractionPrior`.
    groups : sequence of str, optional
        Groups to analyse; default all.
    elements : sequence of str, optional
        Elements wanted; default those of `lib.melting.inversion.ELEMENTS` that are measured in most samples.
    errors : float or mapping element -> float
        Relative 1-sigma errors (fractions) where the table has none.
    model_error : float
        Scale of the prior of a relative error added to all others (half-normal); 0 = none.
    d_common, d_element : float
        Prior sd of ln D, in common and of each element (fractions).
    source : {"wide", "smooth"}
        Independent ln C0 around primitive mantle, or a smooth pattern.
    source_deviation : bool
        Whether each sample's source may be more or less enriched.
    mgo_correction : {"auto", "in model", "none"}
        Correction to 8 wt% MgO with slopes that are unknowns of the model; "auto" and "in model" do so where MgO_wt is given.
    mgo_slopes : mapping element -> float, optional
        Prior means of d ln C / d MgO per wt%; default -0.19, less for elements that plagioclase holds.
    mgo_slope_sd : float
        Their prior sd.
    primary_factor : float
        Factor from concentrations at 8 wt% MgO to those of the primary melt (about 0.73); it scales the source only.
    options : dict, optional
        Further arguments of the forward model.
    n_chains, n_draws, n_warm, thin : int
        As in `lib.melting.sample`.
    seed : int
        One stream a group is spawned from it.
    n_jobs : int
        Groups at once.

    Returns
    -------
    MorbAnalysis

    Raises
    ------
    ValueError
        A group that is not in the table, fewer than three usable elements in a group, or an unknown choice.
    """
    from lib.tasks import run_tasks

    known = group_names(table)
    unknown = set(groups or ()) - set(known)
    if unknown:
        raise ValueError(f"group(s) {', '.join(sorted(unknown))} not in the table: {', '.join(known)}")
    given = {
        "model": model, "coefficients": coefficients, "prior_f": prior_f, "elements": elements, "errors": errors,
        "model_error": model_error, "d_common": d_common, "d_element": d_element, "source": source,
        "source_deviation": source_deviation, "mgo_correction": mgo_correction, "mgo_slopes": mgo_slopes,
        "mgo_slope_sd": mgo_slope_sd, "primary_factor": primary_factor, "options": options,
    }  # fmt: skip
    run = {"n_chains": n_chains, "n_draws": n_draws, "n_warm": n_warm, "thin": thin}
    tasks = [
        {"prepared": prepare(table, group=name, **given), "name": name, **run}
        for name in (known if groups is None else groups)
    ]
    results = run_tasks(analyse_group, tasks, seed=seed, n_jobs=n_jobs, label="inversion")
    return MorbAnalysis({one.name: one for one in results}, given | run | {"seed": seed})
