"""Which reactions ran: the profiles as a selection problem, and how well an answer agrees with a known truth."""

from __future__ import annotations

import numpy as np

from .pathways import DIFFUSIVITY, DIFFUSIVITY_DEX, DIFFUSIVITY_NAME

#: Share of all extents below which a reaction did nothing.
INERT = 1e-8


class _Simulation:
    """What the selection asks of a model (a class, so that it can be sent to other processes)."""

    def __init__(self, model):
        self.model = model

    def simulate(self, parameters, active):
        return self.model.simulate(parameters, active)

    def predict(self, parameters, active):
        return self.model.predict(parameters[:-1], parameters[-1], np.asarray(active)[:-1])

    def flux(self, parameters, active):
        # the diffusivity is part of every network, also where no reaction asks for silica
        return np.append(self.model.flux(parameters, active)[:-1], 1.0)

    def admissible(self, mask):
        return bool(np.any(np.asarray(mask)[:-1]))


def selection_problem(model, data, sigma=None, *, diffusivity=DIFFUSIVITY, groups=None, rate_scale=None):
    """Pose the choice of reactions behind measured profiles.

    Parameters
    ----------
    model : ProfileModel
        Design and candidates.
    data : array_like, shape (n_data,)
        Measured; NaN where not.
    sigma : float or array_like, shape (n_data,), optional
        Standard deviations; when left out they are marginalised, one for each solid.
    diffusivity : float
        Median of the log-normal prior of the diffusivity.
    groups : array_like of int, shape (n_data,), optional
        Numbers that share an unknown standard deviation; those of one solid when left out.
    rate_scale : array_like, shape (n,), optional
        Scales of the half-normal priors; the network's own when left out.

    Returns
    -------
    lib.network_selection.SelectionProblem
        Its last "reaction", D, is the diffusivity, which no network is without.

    Raises
    ------
    ValueError
        For data that do not fit the design.
    """
    from lib.network_selection import HalfNormal, LogNormal, SelectionProblem

    data = np.asarray(data, dtype=float)
    if data.shape != (model.design.n_data,):
        raise ValueError(
            f"data have shape {data.shape}; the design has {model.design.n_data} numbers (duration, slice, solid)"
        )
    if groups is None:
        groups = np.tile(np.arange(len(model.design.solids)), data.size // len(model.design.solids))
    scales = model.network.rate_scale if rate_scale is None else np.asarray(rate_scale, dtype=float)
    priors = [*(HalfNormal(s) for s in scales), LogNormal(diffusivity, DIFFUSIVITY_DEX)]
    does = _Simulation(model)
    return SelectionProblem(
        does.simulate, data, sigma, names=model.names, priors=priors, groups=groups, always=(DIFFUSIVITY_NAME,),
        admissible=does.admissible, predict=does.predict, flux=does.flux,
    )  # fmt: skip


def select_pathway(model, data, sigma=None, *, diffusivity=DIFFUSIVITY, groups=None, n_jobs=1):
    """Weigh every network of the candidates against measured profiles.

    Parameters
    ----------
    model : ProfileModel
        Design and candidates.
    data : array_like, shape (n_data,)
        Measured; NaN where not.
    sigma : float or array_like, shape (n_data,), optional
        Standard deviations; when left out they are marginalised, one for each solid.
    diffusivity : float
        Median of the log-normal prior of the diffusivity.
    groups : array_like of int, shape (n_data,), optional
        Numbers that share an unknown standard deviation; those of one solid when left out.
    n_jobs : int
        Processes at once.

    Returns
    -------
    lib.network_selection.NetworkSearch
        Networks with their evidence, inclusion probabilities, rates.
    """
    from lib.network_selection import exhaustive_networks

    from .settle import settle

    problem = selection_problem(model, data, sigma, diffusivity=diffusivity, groups=groups)
    return settle(problem, exhaustive_networks(problem, n_jobs=n_jobs))


def effective_truth(experiment) -> tuple:
    """Return the names of the reactions that ran and did something, of an artificial experiment.

    Parameters
    ----------
    experiment : Experiment
        With its truth.

    Returns
    -------
    tuple of str
        Reactions, without the diffusivity.
    """
    fluxes = experiment.model.flux(experiment.parameters)[:-1]
    network = experiment.model.network
    return tuple(network.names[j] for j in np.flatnonzero(fluxes > INERT * fluxes.sum()))


def score(search, experiment) -> dict:
    """Say how well a search found a known truth.

    Parameters
    ----------
    search : lib.network_selection.NetworkSearch
        Of the experiment's data.
    experiment : Experiment
        With its truth.

    Returns
    -------
    dict
        exact (the most probable effective network is the true one), brier, tpr and fpr (mean squared error of the inclusion
        probabilities; shares of true and of other reactions with one above a half), probability_of_truth, log_rate_error
        (root mean square of log10 of found over true, of the rates in both networks; NaN when none), log_diffusivity_error,
        inside (share of the rates in both networks, and the diffusivity, whose 95 % interval holds the truth).
    """
    truth = set(effective_truth(experiment))
    names = experiment.model.network.names
    inclusion = search.inclusion.set_index("reaction")["probability"].reindex(names).to_numpy(float)
    ran = np.array([name in truth for name in names])
    effective = _effective(search)
    best = max(effective, key=effective.get)
    k = np.asarray(search.k[0], dtype=float)
    both = ran & (k[:-1] > 0)
    found = np.log10(k[:-1][both] / experiment.k[both])
    true = dict(zip(experiment.model.names, experiment.parameters, strict=True))
    held = [row.lo95 <= true[row.reaction] <= row.hi95 for row in search.rates.itertuples() if true[row.reaction] > 0]
    return {
        "exact": best == truth, "brier": float(np.mean((inclusion - ran) ** 2)), "tpr": float(np.mean(inclusion[ran] > 0.5)),
        "fpr": float(np.mean(inclusion[~ran] > 0.5)) if (~ran).any() else 0.0,
        "probability_of_truth": probability_of(search, truth),
        "log_rate_error": float(np.sqrt(np.mean(found**2))) if both.any() else float("nan"),
        "log_diffusivity_error": float(abs(np.log10(k[-1] / experiment.diffusivity))), "inside": float(np.mean(held)),
    }  # fmt: skip


def _effective(search):
    """Probabilities of the effective networks, by their reactions."""
    names = [frozenset(network.split(" + ")) - {DIFFUSIVITY_NAME} for network in search.effective["network"]]
    return dict(zip(names, search.effective["probability"].to_numpy(float), strict=True))


def probability_of(search, names) -> float:
    """Return the probability of a network.

    Parameters
    ----------
    search : lib.network_selection.NetworkSearch
        Of some data.
    names : sequence of str
        Reactions of the network, without the diffusivity.

    Returns
    -------
    float
        Probability of the effective network, 0 when it is none.
    """
    return float(_effective(search).get(frozenset(names), 0.0))


def separation(search, names):
    """Return how far a network stands above its best rival.

    Parameters
    ----------
    search : lib.network_selection.NetworkSearch
        Of some data.
    names : sequence of str
        Reactions of the network, without the diffusivity.

    Returns
    -------
    gap : float
        Log evidence (of effective networks) less that of the best other one; negative where the rival is ahead.
    rival : str
        The rival.
    """
    wanted, own, rival, other = set(names), -np.inf, -np.inf, ""
    for row in search.networks.itertuples():
        if set(row.effective.split(" + ")) - {DIFFUSIVITY_NAME} == wanted:
            own = max(own, row.log_evidence)
        elif row.log_evidence > rival:
            rival, other = row.log_evidence, row.effective
    return float(own - rival), other.replace(f" + {DIFFUSIVITY_NAME}", "")
