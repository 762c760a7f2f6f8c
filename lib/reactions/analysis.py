"""Analysis of a series: which of many candidate reactions ran, or which surface model a curve of progress follows."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from lib.answers import Answer

from . import report
from .progress import SURFACE_MODELS, predictive_band, weigh_surfaces
from .sensitivity import under_priors
from .tabular import ProgressData, prepare

#: Frames of an analysis, in the order of the CSV files; those of the other kind have no rows.
FRAMES = (
    "inclusion", "networks", "effective", "rates", "surfaces", "prediction", "residuals", "agreement", "sensitivity",
    "next_measurement", "reactions", "data", "diagnostics", "messages",
)  # fmt: skip
#: Simulations for the evidence of each network that is computed again.
N_EVALUATIONS = 3000
#: Candidates of which the dependence on priors is computed: the most probable ones.
MOST_SENSITIVITY = 8
#: Share of the posterior that the largest networks of a cut search may have.
CUT = 0.01
N_CURVE = 60


@dataclass(frozen=True, eq=False)
class ReactionAnalysis(Answer):
    """Results of `analyse`.

    Parameters
    ----------
    prepared : SeriesData or ProgressData
        What was used.
    kind : str
        "networks" or "surfaces".
    search : lib.network_selection.NetworkSearch or None
        All networks.
    chains : lib.network_selection.IndicatorChains or None
        The independent check by replica exchange.
    frames : dict
        Name (see `FRAMES`) -> tidy DataFrame.
    parameters : dict
        What `analyse` was called with.
    """

    prepared: object
    kind: str
    search: object
    chains: object
    frames: dict[str, pd.DataFrame]
    parameters: dict = field(default_factory=dict)

    @property
    def best(self) -> str:
        """The most probable network ("R1 + R2"), or surface model."""
        return (
            self.frame("surfaces")["model"].iloc[0] if self.kind == "surfaces" else self.frame("effective")["network"].iloc[0]
        )


def analyse(
    table,
    *,
    network_path="",
    candidates=(),
    leave_out=(),
    common_error: bool | None = None,
    n_rescored: int = 30,
    n_sweeps: int = 4000,
    max_networks: int = 1 << 15,
    factors=(0.25, 1.0, 4.0),
    dex=(0.5, 1.5),
    n_draws: int = 200,
    seed: int = 1,
    n_jobs: int = 1,
) -> ReactionAnalysis:
    """Weigh the candidate reactions of a measured series.

    Parameters
    ----------
    table : tables.Table, SeriesData or ProgressData
        See `lib.reactions.prepare` for the columns.
    network_path : path-like
        TOML file of candidate reactions; empty for the compendium's own.
    candidates, leave_out : sequence of str
        Reactions to weigh, empty for all; measured species that are not used.
    common_error : bool, optional
        See `lib.reactions.prepare`.
    n_rescored : int
        Best networks whose evidence is computed again by stepping stones; 0 for none.
    n_sweeps : int
        Sweeps of the independent check by replica exchange over reactions and rates; 0 leaves it out.
    max_networks : int
        All sizes of networks are weighed as long as that makes no more than these; otherwise the smaller sizes.
    factors, dex : sequence of float
        Prior-sensitivity: factors on the half-normal scales; widths (decades) of log-normal priors instead.
    n_draws : int
        Posterior draws for predictive bands.
    seed : int
        Of all random streams.
    n_jobs : int
        Processes; the results do not depend on it.

    Returns
    -------
    ReactionAnalysis

    Raises
    ------
    ValueError
        What `lib.reactions.prepare` refuses.
    """
    given = {"network_path": str(network_path), "candidates": tuple(candidates), "leave_out": tuple(leave_out),
             "common_error": common_error, "n_rescored": n_rescored, "n_sweeps": n_sweeps, "max_networks": max_networks,
             "factors": tuple(factors), "dex": tuple(dex), "n_draws": n_draws, "seed": seed}  # fmt: skip
    made = table
    if hasattr(table, "frame"):
        made = prepare(table, network_path=network_path, candidates=candidates, leave_out=leave_out, common_error=common_error)
    streams = [np.random.default_rng(s) for s in np.random.SeedSequence(seed).spawn(3)]
    if isinstance(made, ProgressData):
        return _surfaces(made, streams[0], n_draws, given)
    return _networks(made, streams, given, n_jobs)


def problem_of(prepared):
    """Pose the choice of reactions of a prepared series.

    Parameters
    ----------
    prepared : SeriesData
        As `lib.reactions.prepare` makes it.

    Returns
    -------
    lib.network_selection.SelectionProblem
        Errors are marginalised where some are unknown.
    """
    from lib.network_selection import reactor_problem

    return reactor_problem(prepared.reactor, prepared.data, prepared.sigma, by_species=not prepared.common_error)


def sizes_of(n, max_networks) -> tuple:
    """Fewest and most reactions of the networks that are weighed.

    Parameters
    ----------
    n : int
        Candidates.
    max_networks : int
        Most networks.

    Returns
    -------
    tuple of int
        All sizes where that makes no more networks, otherwise the smaller ones.
    """
    from math import comb

    total = 0
    for size in range(n + 1):
        total += comb(n, size)
        if total > max_networks:
            return 0, size - 1
    return 0, n


def _networks(made, streams, given, n_jobs):
    """Analysis of species over time."""
    from lib.network_selection import Guide, exhaustive_networks, rescore, sample_networks

    network, rows = made.reactor.network, [("note", "prepare", text) for text in made.notes]
    problem, sizes = problem_of(made), sizes_of(made.reactor.network.n, given["max_networks"])
    search = exhaustive_networks(problem, sizes=sizes, n_jobs=n_jobs)
    rows += _cut(search, sizes, network.n)
    seeds = streams[0].integers(2**31, size=3)
    if given["n_rescored"]:
        search = rescore(problem, search, given["n_rescored"], n_evaluations=N_EVALUATIONS, seed=int(seeds[0]), n_jobs=n_jobs)
    chains = None
    if given["n_sweeps"]:
        guide = Guide(problem, search)
        chains = sample_networks(problem, n_sweeps=given["n_sweeps"], guide=guide, seed=int(seeds[1]), n_jobs=n_jobs)
    frames = _network_frames(made, problem, search, chains, streams, given, n_jobs)
    rows += _spoken(frames, made) + report.said(frames["diagnostics"])
    frames["messages"] = pd.DataFrame(rows, columns=["level", "code", "text"])
    return _answer(made, "networks", search, chains, frames, given)


def _network_frames(made, problem, search, chains, streams, given, n_jobs):
    """All frames but the messages."""
    best = search.fit(search.best_mask)
    residuals = report.residual_frame(made, made.reactor.solve(best.k, best.active))
    spread = report.spread_of(residuals, made.common_error)
    k = report.posterior_draws(problem, search, given["n_draws"], streams[1])
    times = np.geomspace(made.reactor.times[0] / 2, made.reactor.times[-1], N_CURVE)
    agreement = report.agreement_frame(search, chains)
    diagnostics = report.network_diagnostics(search, agreement, *report.residual_check(residuals, best.active.size))
    return {
        "inclusion": search.inclusion, "networks": search.networks.reset_index().head(1000),
        "effective": search.effective.reset_index(), "rates": search.averaged_rates().assign(
            in_best=lambda d: d["reaction"].isin(search.best)),
        "prediction": report.prediction_frame(made.reactor, k, times, spread, streams[2]), "residuals": residuals,
        "agreement": agreement, "sensitivity": _sensitivity(made, search, given, n_jobs),
        "next_measurement": _next(made, search, spread), "reactions": report.reactions_frame(made.reactor.network),
        "data": report.data_frame(made), "diagnostics": diagnostics,
    }  # fmt: skip


def _sensitivity(made, search, given, n_jobs):
    """Inclusion under other priors, of the candidates that have a chance when there are many."""
    from lib.kinetics import BatchReactor

    if not (given["factors"] or given["dex"]):
        return pd.DataFrame()
    network = made.reactor.network
    if network.n > MOST_SENSITIVITY:
        ranked = search.inclusion.sort_values("probability", ascending=False)["reaction"].head(MOST_SENSITIVITY)
        network = network.subset(network.mask(list(ranked)))
        made = replace(made, reactor=BatchReactor(network, made.reactor.y0, made.reactor.times))
    return under_priors(problem_of(made), given["factors"], given["dex"], seed=given["seed"], n_jobs=n_jobs)


def _next(made, search, spread):
    """Where the two most probable networks differ most: every species at the times of the series."""
    from lib.network_selection import ReactorModel, next_measurement

    if len(search.effective) < 2:
        return pd.DataFrame()
    model = ReactorModel(made.reactor)
    labels = model.frame()
    # a species that was not measured is given the typical error of those that were
    typical = float(np.median(list(spread.values())))
    sigma = np.array([spread.get(name, typical) for name in labels["species"]])
    labels = labels.assign(measured=np.isfinite(made.data).ravel(), error=sigma)
    return next_measurement(search, model.simulate, sigma, labels)


def _cut(search, sizes, n):
    """Say that not all sizes were weighed, and whether that matters."""
    if sizes[1] == n:
        return []
    last = search.networks.loc[search.networks["n_active"] == sizes[1], "probability"].sum()
    level = "warning" if last > CUT else "note"
    return [(level, "sizes", f"networks of more than {sizes[1]} of {n} candidates were not weighed; those of {sizes[1]} have "
             f"{last:.1%} of the probability")]  # fmt: skip


def _spoken(frames, made):
    """Messages about the result."""
    rows, first = [], frames["effective"].iloc[0]
    rows.append(("note", "best", f"most probable network {first['network']}, probability {first['probability']:.2f}"))
    low, high = report.UNDECIDED
    open_ = frames["inclusion"][frames["inclusion"]["probability"].between(low, high)]
    if len(open_):
        text = ", ".join(f"{r.reaction} ({r.probability:.2f})" for r in open_.itertuples())
        rows.append(("note", "undecided", f"undecided reactions: {text}"))
    if made.sigma is None:
        text = "one for all species" if made.common_error else "one a species"
        rows.append(("note", "errors", f"errors are unknown and marginalised, {text}"))
    return rows


def _surfaces(made, rng, n_draws, given):
    """Analysis of a curve of progress."""
    table, fits = weigh_surfaces(made.time, made.progress)
    other, _ = weigh_surfaces(made.time, made.progress, thin=2)
    both = table.set_index("model")["log_evidence"] - other.set_index("model")["log_evidence"]
    times = np.linspace(0, made.time.max(), N_CURVE)
    bands = [
        predictive_band(fits[m], times, rng, n_draws).rename(columns={"time": "time_h"}).assign(species=m)
        for m in table["model"]
    ]
    diagnostics = report.surface_diagnostics(table, float(both.abs().max()))
    rows = [("note", "prepare", text) for text in made.notes]
    best = table.iloc[0]
    rows.append(("note", "best", f"most probable surface model {best['model']}, probability {best['probability']:.2f}"))
    rows += report.said(diagnostics)
    meaning = [
        {"reaction": m.name, "equation": m.formula, "surface": m.meaning, "affinity": "none", "prior_scale": np.nan}
        for m in SURFACE_MODELS.values()
    ]
    frames = {
        "surfaces": table, "prediction": pd.concat(bands, ignore_index=True), "reactions": pd.DataFrame(meaning),
        "data": pd.DataFrame({"time_h": made.time, "species": "progress", "unit": "1", "value": made.progress}),
        "diagnostics": diagnostics, "messages": pd.DataFrame(rows, columns=["level", "code", "text"]),
    }  # fmt: skip
    return _answer(made, "surfaces", None, None, frames, given)


def _answer(made, kind, search, chains, frames, given):
    return ReactionAnalysis(made, kind, search, chains, {name: frames.get(name, pd.DataFrame()) for name in FRAMES}, given)
