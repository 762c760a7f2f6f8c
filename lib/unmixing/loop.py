"""The bilateral loop: simulate from process models, analyse both sides alike, compare, revise the model, and stop in time.

The same analysis that is applied to the observed samples is applied to artificial ones of a forward model.  Directions of the
components, quantiles of their scores and the residual outside them are compared in units of the bootstrap uncertainty of the
observed ones, and the free numbers of the model are revised until every simulated direction lies inside the bootstrap cone of
the observed one.  A bias of the analysis acts on both sides and cancels.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from .comparison import PROBABILITIES, Comparison, outside
from .factors import Factors, fit_factors, match
from .gate import gaussianity
from .identifiable import coefficient_table, not_identifiable, unexplained
from .intensities import Intensity
from .revision import PROJECTED, ForwardModel, Freedom

#: Step of the finite differences in the free numbers.
_STEP = 0.05
#: Longest change of one free number in one round.
_LONGEST = 0.5


@dataclass(frozen=True, eq=False)
class Bilateral:
    """What the loop found.

    Parameters
    ----------
    model, initial : ForwardModel
        The revised model and the one that it began with.
    observed, simulated : Factors
        The analysis of the samples, and of one artificial data set of the revised model.
    artificial : Artificial
        That data set, with its truth.
    history : DataFrame
        One row a round (0 = initial model) and component: round, misfit (mean square of all compared quantities in units of
        their bootstrap uncertainty), component, angle_deg, cone_deg, inside.
    directions : DataFrame
        One row a component, after the last round: component, process (whose own tangent is nearest), angle_deg (simulated to
        observed), cone_deg, inside, own_angle_deg (observed direction to the tangent of that process in the model), bias_deg
        (simulated direction to that tangent: what the analysis gets wrong when the truth is known).
    quantiles : DataFrame
        component, probability, observed, simulated, uncertainty of the scores.
    residuals : DataFrame
        One row a part: observed, simulated (root mean square of the clr residual outside the components), noise (of the
        model).
    parameters : DataFrame
        One row a process and part: initial, revised, sd, learned (share of the prior variance that the data removed, 0-1), in
        the unit that the column `quantity` names.
    not_identifiable : list of str
        Sentences on what the data cannot tell.
    unexplained : list of str
        Sentences on what the samples show and the model lacks.
    stopped : str
        Why the loop ended.
    inside : bool
        Whether all directions lie inside their cones.
    n_simulations : int
        Artificial data sets that were analysed.
    """

    model: ForwardModel
    initial: ForwardModel
    observed: Factors
    simulated: Factors
    artificial: object
    history: pd.DataFrame
    directions: pd.DataFrame
    quantiles: pd.DataFrame
    residuals: pd.DataFrame
    parameters: pd.DataFrame
    not_identifiable: list
    unexplained: list
    stopped: str
    inside: bool
    n_simulations: int


def bilateral(
    x, model: ForwardModel, *, free: Sequence[str] | None = None, shapes: Sequence[str] | None = None,
    n_components: int | None = None, method: str = "ica", transform: str = "ilr", analysis: Callable | None = None,
    n_bootstrap: int = 60, n_replicates: int = 4, level: float = 0.9, prior_sd: float = 1.0, max_rounds: int = 10,
    min_rounds: int = 0, seed: int = 1,
) -> Bilateral:  # fmt: skip
    """Revise a forward model until its artificial samples look like the observed ones to the same analysis.

    Parameters
    ----------
    x : array, shape (N, D)
        Observed compositions, positive, nothing missing.
    model : ForwardModel
        First guess.
    free : sequence of str, optional
        Processes whose coefficients may change; default all.
    shapes : sequence of str, optional
        Processes whose intensity distribution may change its shape; default those with a gamma or beta distribution.
    n_components : int, optional
        Components of the analysis; default the number of processes.
    method, transform : str
        As in `fit_factors`.
    analysis : callable, optional
        ``analysis(x, n_components) -> Factors``, in place of method and transform.
    n_bootstrap : int
        Resamplings of the observed samples for cones and uncertainties, 10 or more.
    n_replicates : int
        Artificial data sets a model, averaged.
    level : float
        Level of the cones, 0-1.
    prior_sd : float
        How far a free number may be expected from the first guess: rates, partition coefficients (differences), logarithms of
        the parts of a contaminant.
    max_rounds, min_rounds : int
        Most revisions; and how many are made even inside the cones (going on fits noise of the observed side).
    seed : int
        Bootstrap and artificial data; the same random numbers serve every model.

    Returns
    -------
    Bilateral
        The revised model, the comparison, and what is not identifiable.

    Raises
    ------
    ValueError
        For samples that do not fit the model, or too few resamplings.

    Notes
    -----
    Levenberg-Marquardt steps with finite differences on the mean square of the differences, each in units of its bootstrap
    standard deviation, with the prior as a ridge.

    References
    ----------
    Kuwatani, T., Akaho, S., Nakamura, K. & Komai, T. (2025) Geochemical-process extraction and interpretation using matrix
    factorization. Front. Earth Sci. 13, 1559321 (the idea of verifying an extraction by forward modelling).
    """
    x = np.asarray(x, dtype=float)
    if x.ndim != 2 or x.shape[1] != model.start.size:
        raise ValueError(f"samples have shape {x.shape}, the model has {model.start.size} parts")
    if not (x > 0).all():
        raise ValueError("observed compositions must be positive in all parts: replace zeros and censored cells first")
    if n_bootstrap < 10 or n_replicates < 1:
        raise ValueError(f"10 resamplings and 1 replicate are the least, got {n_bootstrap} and {n_replicates}")
    n_components = len(model.processes) if n_components is None else n_components
    analysis = analysis or (lambda data, k: fit_factors(data, k, method=method, transform=transform, seed=seed))
    freedom = Freedom(model, model.names if free is None else free, _shapes(model) if shapes is None else shapes)
    sides = Comparison(x, n_components, analysis, n_bootstrap, n_replicates, level, seed)

    theta, damping, history = np.zeros(freedom.size), 1e-2, []
    features = sides.simulated(model)
    stopped = f"{max_rounds} rounds were made"
    for turn in range(max_rounds + 1):
        rest = sides.misfit(features)
        angle = sides.angles(features)
        inside = angle <= sides.cone_deg
        history += [{"round": turn, "misfit": float(np.mean(rest**2)), "component": k, "angle_deg": angle[k],
                     "cone_deg": sides.cone_deg[k], "inside": bool(inside[k])} for k in range(n_components)]  # fmt: skip
        if inside.all() and turn >= min_rounds:
            stopped = "all simulated directions lie inside the bootstrap cones of the observed ones"
            break
        if turn == max_rounds or not freedom.size:
            break
        jacobian = _jacobian(sides, freedom, theta, features)
        step = _improve(sides, freedom, theta, rest, jacobian, prior_sd, damping)
        if step is None:
            stopped = "no better model was found near the last one"
            break
        theta, features, damping = step

    revised = freedom.at(theta)
    made = revised.simulate(len(x), np.random.default_rng(sides.replicates[0]), x)
    simulated = analysis(made.x, n_components)
    covariance = np.zeros((0, 0))
    if freedom.size:
        jacobian = _jacobian(sides, freedom, theta, features)
        covariance = np.linalg.inv(jacobian.T @ jacobian + np.eye(freedom.size) / prior_sd**2)
    directions = _directions(sides, features, made, revised)
    parameters = coefficient_table(freedom, theta, covariance, prior_sd)
    quantiles, residuals = _quantiles(sides, features), _residuals(sides, simulated, made, revised)
    gate = gaussianity(sides.observed, seed=seed)
    return Bilateral(
        model=revised, initial=model, observed=sides.observed, simulated=simulated, artificial=made,
        history=pd.DataFrame(history), directions=directions, quantiles=quantiles, residuals=residuals, parameters=parameters,
        not_identifiable=not_identifiable(revised, made, directions, parameters, gate),
        unexplained=unexplained(directions, quantiles, residuals), stopped=stopped,
        inside=bool(inside.all()), n_simulations=sides.n_simulations,
    )  # fmt: skip


def _shapes(model):
    if model.intensities == PROJECTED:
        return ()
    pairs = zip(model.names, model.intensities, strict=True)
    return tuple(name for name, one in pairs if isinstance(one, Intensity) and one.kind in ("gamma", "beta"))


def _jacobian(sides, freedom, theta, features):
    columns = []
    for j in range(freedom.size):
        moved = theta.copy()
        moved[j] += _STEP
        columns.append((sides.simulated(freedom.at(moved)) - features) / _STEP / sides.sd)
    return np.array(columns).T


def _improve(sides, freedom, theta, rest, jacobian, prior_sd, damping):
    """A better vector of free numbers, its features and the next damping; None when there is none."""
    now = rest @ rest + theta @ theta / prior_sd**2
    gradient = jacobian.T @ rest + theta / prior_sd**2
    normal = jacobian.T @ jacobian + np.eye(theta.size) / prior_sd**2
    while damping < 1e5:
        step = np.linalg.solve(normal + damping * np.diag(np.diag(normal)), -gradient)
        step *= min(1.0, _LONGEST / np.max(np.abs(step)))
        new = theta + step
        features = sides.simulated(freedom.at(new))
        then = sides.misfit(features)
        if then @ then + new @ new / prior_sd**2 < now:
            return new, features, max(damping / 5, 1e-4)
        damping *= 6
    return None


def _directions(sides, features, made, model):
    """Angles of observed, simulated and model directions, one row a component."""
    observed, simulated = sides.observed.directions, sides.directions(features)
    angle = sides.angles(features)
    tangents = made.tangents
    # components without a process of their own (more components than processes) keep an empty name
    few = match(simulated, tangents) if len(tangents) <= len(simulated) else None
    owner = dict(zip(few.order, range(len(tangents)), strict=True)) if few is not None else {}
    rows = []
    for k in range(len(observed)):
        p = owner.get(k)
        own = match(observed[k : k + 1], tangents[p : p + 1]).angle_deg[0] if p is not None else np.nan
        bias = match(simulated[k : k + 1], tangents[p : p + 1]).angle_deg[0] if p is not None else np.nan
        rows.append({"component": k, "process": model.names[p] if p is not None else "", "angle_deg": angle[k],
                     "cone_deg": sides.cone_deg[k], "inside": bool(angle[k] <= sides.cone_deg[k]), "own_angle_deg": own,
                     "bias_deg": bias})  # fmt: skip
    return pd.DataFrame(rows)


def _quantiles(sides, features):
    k, d = sides.observed.directions.shape
    here = slice(k * (d - 1), k * (d - 1) + k * len(PROBABILITIES))
    index = pd.MultiIndex.from_product([range(k), PROBABILITIES], names=["component", "probability"])
    columns = {"observed": sides.target[here], "simulated": features[here], "uncertainty": sides.sd[here]}
    return pd.DataFrame(columns, index=index).reset_index()


def _residuals(sides, simulated, made, model):
    def size(x, found):
        return np.sqrt(np.mean(outside(x, found) ** 2, axis=0))

    noise = np.broadcast_to(np.asarray(model.noise, dtype=float), model.start.shape)
    return pd.DataFrame({"part": model.parts, "observed": size(sides.x, sides.observed),
                         "simulated": size(made.x, simulated), "noise": noise})  # fmt: skip
