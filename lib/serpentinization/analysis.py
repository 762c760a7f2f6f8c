"""Analysis of measured profiles: which reactions ran, how fast, how silica moved, and what to measure next."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from lib.answers import Answer

from . import report
from .choices import candidate_network, reference_diffusivity
from .design import next_measurement
from .model import ProfileModel
from .selection import select_pathway
from .tabular import Profiles, prepare

#: Frames of an analysis, in the order of the CSV files.
FRAMES = (
    "inclusion", "networks", "rates", "profiles", "columns", "zones", "reactions", "next_measurement", "diagnostics",
    "messages",
)  # fmt: skip

#: Columns of the frame of further measurements when one network is all there is.
NOTHING_LEFT = ("duration", "slice", "distance", "from", "to", "observable", "unit", "difference_over_sigma",
                "posterior_spread_over_sigma")  # fmt: skip
#: Draws of the posterior that say what is still open.
MOST_DRAWS_AHEAD = 60


@dataclass(frozen=True, eq=False)
class PathwayAnalysis(Answer):
    """Results of `analyse`.

    Parameters
    ----------
    profiles : Profiles
        What was measured.
    model : ProfileModel
        Its design with the candidates.
    search : lib.network_selection.NetworkSearch
        Every network with its evidence.
    draws : ndarray, shape (n_draws, n + 1)
        Rate constants (1/h) and diffusivity (m2/h) drawn from the posterior, over networks.
    frames : dict
        Name (see `FRAMES`) -> tidy DataFrame.
    parameters : dict
        What `analyse` was called with.
    """

    profiles: Profiles
    model: ProfileModel
    search: object
    draws: np.ndarray
    frames: dict[str, pd.DataFrame]
    parameters: dict = field(default_factory=dict)


def analyse(
    table,
    *,
    network_path="",
    candidates=(),
    length_m: float = 0.0,
    noise: float = 0.0,
    diffusivity: float = 0.0,
    boundary: float = 1.0,
    n_cells: int = 50,
    n_draws: int = 60,
    seed: int = 1,
    n_jobs: int = 1,
) -> PathwayAnalysis:
    """Find the reactions behind measured profiles.

    Parameters
    ----------
    table : tables.Table or Profiles
        See `lib.serpentinization.prepare` for the columns.
    network_path : path-like
        TOML file of a network of your own, rate constants per hour; empty = the compendium's candidates, whose rate constants
        have priors inverse to the longest duration.
    candidates : sequence of str
        Reactions to weigh; empty = all of the network.
    length_m : float
        Length of the column in metres; 0 = to the end of the last slice.
    noise : float
        Standard deviation of numbers without an error of their own, in their unit; 0 = unknown: then the scatter of each solid
        is marginalised, and errors in the table are not used unless every number has one.
    diffusivity : float
        Median of the prior of the diffusivity (m2/h, times silica at saturation over olivine, both per volume); 0 = that with
        which silica would just cross the column.
    boundary : float
        Dissolved silica at the quartz side, 1 at quartz saturation.
    n_cells : int
        Cells of the model.
    n_draws : int
        Draws of the posterior for bands and intervals.
    seed : int
        Of the draws.
    n_jobs : int
        Processes at once.

    Returns
    -------
    PathwayAnalysis
        Frames, messages and diagnostics.

    Raises
    ------
    ValueError
        What `prepare` and the network file are refused for.
    """
    made = table if isinstance(table, Profiles) else prepare(table, length_m=length_m, n_cells=n_cells, boundary=boundary)
    design = made.design
    network = candidate_network(network_path, candidates, design.durations[-1])
    model = ProfileModel(design, network)
    sigma, said = _errors(made, noise)
    reference = diffusivity or reference_diffusivity(design.length, design.durations[-1])
    search = select_pathway(model, made.data, sigma, diffusivity=reference, n_jobs=n_jobs)
    rng = np.random.default_rng(np.random.SeedSequence(seed))
    draws = report.posterior_draws(search, n_draws, rng)

    frames = {
        "inclusion": report.inclusion_frame(search, network),
        "networks": report.networks_frame(search),
        "rates": report.rates_frame(search),
    }
    frames["profiles"], frames["columns"] = report.profile_frames(made, model, draws, sigma)
    frames["zones"] = report.zones_frame(frames["columns"])
    frames["reactions"] = report.reactions_frame(model, draws)
    typical = float(np.nanmedian(sigma)) if sigma is not None else report.scatter(frames["profiles"])
    frames["next_measurement"] = pd.DataFrame(columns=NOTHING_LEFT)
    if len(search.effective) > 1:
        frames["next_measurement"] = next_measurement(search, model, typical, draws=draws[:MOST_DRAWS_AHEAD])
    frames["diagnostics"] = report.diagnostics_frame(search, frames, sigma is not None)
    rows = [("note", "prepare", text) for text in (*made.notes, *said)] + report.warnings(search, frames)
    frames["messages"] = pd.DataFrame(rows, columns=["level", "code", "text"])
    parameters = {
        "network_path": str(network_path), "candidates": tuple(candidates), "length_m": length_m, "noise": noise,
        "diffusivity": diffusivity, "boundary": boundary, "n_cells": n_cells, "n_draws": n_draws, "seed": seed,
        "used": {"diffusivity": reference, "length_m": design.length},
    }  # fmt: skip
    return PathwayAnalysis(made, model, search, draws, {name: frames[name] for name in FRAMES}, parameters)


def _errors(made, noise):
    """Standard deviations of the numbers, or None when they have to be marginalised; and what was decided."""
    measured = np.isfinite(made.data)
    sigma = np.where(np.isfinite(made.error), made.error, noise if noise > 0 else np.nan)
    if np.isfinite(sigma[measured]).all():
        return np.where(measured, sigma, np.nan), []
    without = int((~np.isfinite(sigma) & measured).sum())
    return None, [f"{without} numbers have no error: the scatter of each solid is found from the misfit (or give noise)"]
