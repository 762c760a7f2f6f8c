"""Which experiment can tell: information of a design about rates and diffusivity, and what to measure next."""

from __future__ import annotations

import dataclasses
import itertools
from contextlib import suppress

import numpy as np
import pandas as pd

from lib.kinetics import StepFailure
from lib.tasks import run_tasks

from .experiment import TIGHT
from .model import Design, ProfileModel
from .pathways import DIFFUSIVITY, DIFFUSIVITY_DEX, PATHWAYS

#: Standard deviation of a log parameter above which it counts as unknown: a factor of e either way.
UNKNOWN = 1.0
DURATIONS = {"10": (10.0,), "40": (40.0,), "20, 40": (20.0, 40.0), "10, 20, 40": (10.0, 20.0, 40.0)}
SOLIDS = {
    "H2O": ("H2O",),
    "Tlc": ("Tlc",),
    "Brc, Tlc": ("Brc", "Tlc"),
    "Fo, Srp, Brc, Tlc": ("Fo", "Srp", "Brc", "Tlc"),
}


def standard_designs(durations=None, slices=(5, 10, 20), solids=None, **options) -> dict:
    """Return the grid of designs of the study.

    Parameters
    ----------
    durations : mapping of str to tuple, optional
        Label -> durations; the module's own when left out.
    slices : sequence of int
        Numbers of slices.
    solids : mapping of str to tuple, optional
        Label -> measured solids; the module's own when left out.
    **options
        Other fields of `Design`.

    Returns
    -------
    dict
        (label of durations, number of slices, label of solids) -> Design.
    """
    grid = itertools.product((durations or DURATIONS).items(), slices, (solids or SOLIDS).items())
    return {(d, n, s): Design(times, n, names, **options) for (d, times), n, (s, names) in grid}


def _typical(pathway, network, diffusivity):
    """Reference parameters of a pathway: rates (zero where a reaction does not run) and diffusivity."""
    names = PATHWAYS[pathway] if isinstance(pathway, str) else pathway
    return np.append(np.where(network.mask(names), network.reference, 0.0), diffusivity)


def design_information(design, pathway, noise=0.03, *, network=None, diffusivity=DIFFUSIVITY, model=None) -> pd.DataFrame:
    """Say how well a design fixes the rates of a pathway and the diffusivity, before any measurement.

    Parameters
    ----------
    design : Design
        What would be measured.
    pathway : str or sequence of str
        Key of `PATHWAYS`, or the reactions that run, at their reference rates.
    noise : float, above 0
        Standard deviation of every number.
    network : Network, optional
        Candidates; `pathway_network` when left out.
    diffusivity : float
        Reference diffusivity.
    model : ProfileModel, optional
        In place of design and network, when there is one already.

    Returns
    -------
    DataFrame
        One row a parameter: parameter, value, sd_log (standard deviation of its natural logarithm from the data alone,
        infinite where they say nothing), sd_log_prior (with the prior's information), correlation (with the diffusivity, from
        the data), known.

    Notes
    -----
    Fisher information J'J / noise^2 of the logarithms; the half-normal prior of a rate adds (value / scale)^2 to it, that of
    the diffusivity the inverse of its variance.
    """
    model = model or ProfileModel(design, network)
    network = model.network
    parameters = _typical(pathway, network, diffusivity)
    active = np.flatnonzero(parameters > 0)
    _, jacobian = model.simulate(parameters, active)
    scaled = jacobian * parameters[active] / noise
    # directions that the data hardly see are left with the variance that they have, not dropped
    size, axes = np.linalg.eigh(scaled.T @ scaled)
    covariance = (axes / np.maximum(size, 1e-12 * size.max())) @ axes.T
    value = np.append(parameters[active][:-1] / network.rate_scale[active[:-1]], 1.0 / (DIFFUSIVITY_DEX * np.log(10)))
    both = np.linalg.inv(scaled.T @ scaled + np.diag(value**2))
    sd = np.sqrt(np.diag(covariance))
    return pd.DataFrame({
        "parameter": np.array(model.names)[active], "value": parameters[active], "sd_log": sd,
        "sd_log_prior": np.sqrt(np.diag(both)), "correlation": covariance[:, -1] / (sd * sd[-1]), "known": sd < UNKNOWN,
    })  # fmt: skip


def _one_design(key, design, pathway, noise, search):
    """One row of the design map."""
    model = ProfileModel(design)
    found = design_information(design, pathway, noise, model=model)
    rates = found[found["parameter"] != "D"]
    row = {
        "durations": key[0], "n_slices": key[1], "solids": key[2], "pathway": pathway, "noise": noise,
        "n_data": design.n_data, "worst_sd_log_rate": rates["sd_log"].max(), "sd_log_diffusivity": found["sd_log"].iloc[-1],
        "correlation": rates["correlation"].abs().max(), "known": bool(found["known"].all()),
    }  # fmt: skip
    if search:
        from .selection import probability_of, select_pathway, separation

        parameters = _typical(pathway, model.network, DIFFUSIVITY)
        clean = model.predict(parameters[:-1], parameters[-1], atol=TIGHT)
        found = select_pathway(model, clean, noise)
        row["separation"], row["rival"] = separation(found, PATHWAYS[pathway])
        row["probability"] = probability_of(found, PATHWAYS[pathway])
    return row


def design_map(designs=None, pathways=tuple(PATHWAYS), noise=0.03, *, search=True, n_jobs=1, store=None) -> pd.DataFrame:
    """Compare designs: do they fix the parameters, and do they tell the pathway from its rivals.

    Parameters
    ----------
    designs : mapping, optional
        (label of durations, number of slices, label of solids) -> Design; `standard_designs` when left out.
    pathways : sequence of str
        Keys of `PATHWAYS`, at reference rates.
    noise : float, above 0
        Standard deviation of every number.
    search : bool
        Whether rival networks are sought (one exhaustive search a row); otherwise only information is computed.
    n_jobs : int
        Processes at once.
    store : path-like, optional
        Folder for finished rows, see `lib.tasks.run_tasks`.

    Returns
    -------
    DataFrame
        One row a design and pathway: durations, n_slices, solids, pathway, noise, n_data, worst_sd_log_rate,
        sd_log_diffusivity, correlation (largest absolute, of a rate with the diffusivity), known (every sd_log below 1), and
        with search, on data without noise: separation (log evidence of the true network less that of the best other one: near
        zero or negative where the design cannot tell), rival (that other) and probability (of the true one).
    """
    designs = standard_designs() if designs is None else designs
    tasks = [
        {"key": key, "design": design, "pathway": pathway, "noise": noise, "search": search}
        for key, design in designs.items()
        for pathway in pathways
    ]
    return pd.DataFrame(run_tasks(_one_design, tasks, n_jobs=n_jobs, store=store, label="designs"))


def next_measurement(search, model, noise, *, durations=None, solids=None, draws=()) -> pd.DataFrame:
    """Say which measurement would best tell the remaining explanations apart.

    Parameters
    ----------
    search : lib.network_selection.NetworkSearch
        Of the data at hand.
    model : ProfileModel
        Their design and candidates.
    noise : float, above 0
        Standard deviation of a new measurement.
    durations : sequence of float, optional
        Durations to consider; from a quarter of the first to twice the last when left out.
    solids : sequence of str, optional
        Solids to consider; all minerals when left out.
    draws : array_like, shape (n_draws, n + 1), optional
        Rate constants and diffusivity from the posterior over networks.

    Returns
    -------
    DataFrame
        One row a possible measurement: duration, slice, distance, from, to, observable, unit, and what
        `lib.network_selection.next_measurement` says of it; the most telling first.  With draws also
        posterior_spread_over_sigma: standard deviation of the prediction over networks, rates and diffusivity, over the
        error.  It says where most is still open, also where the two best networks predict the same.
    """
    from lib.network_selection import next_measurement as judge

    d = model.design
    if durations is None:
        durations = np.unique(np.round(np.geomspace(d.durations[0] / 4, d.durations[-1] * 2, 10), 9))
    wider = dataclasses.replace(
        d, durations=tuple(float(t) for t in durations), solids=tuple(solids or model.reactor.minerals)
    )  # fmt: skip
    larger = ProfileModel(wider, model.network)
    labels = larger.frame(np.zeros(wider.n_data)).drop(columns="value")
    frame = judge(search, larger.simulate, noise, labels=labels)
    if len(draws):
        seen = []
        for draw in draws:
            with suppress(StepFailure):  # a far draw; the others tell
                seen.append(larger.predict(draw[:-1], draw[-1]))
        spread = np.std(seen, axis=0) / noise
        frame["posterior_spread_over_sigma"] = spread[frame["candidate"]]
    return frame
