"""What a comparison of observed and artificial samples taught about each coefficient, and what it cannot teach."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd

from lib.composition import clr

#: Two processes whose directions are nearer than this (degrees) leave one component between them.
NEARLY_PARALLEL_DEG = 20.0
#: Bias of the analysis on its own artificial data from which a component must not be read as a process (degrees).
LARGE_BIAS_DEG = 25.0
#: Share of the prior variance that has to go for a coefficient to count as learned.
LEARNED = 0.5
#: Observed over simulated residual, and difference of score quantiles over its uncertainty, from which a model is incomplete.
RESIDUAL_RATIO, QUANTILE_MISFIT = 1.5, 3.0

_QUANTITY = {
    "fractional crystallisation": "partition coefficient minus mean",
    "leaching": "rate minus mean rate",
    "mixing": "ln(part / geometric mean) of what is added",
    "dilution": "ln(part / geometric mean) of what is added",
    "batch melting": "ln partition coefficient",
}


def coefficient_table(freedom, theta, covariance, prior_sd: float) -> pd.DataFrame:
    """Coefficients of all processes before and after the revision.

    Parameters
    ----------
    freedom : Freedom
        Free numbers of the model.
    theta : array, shape (M,)
        Their values.
    covariance : array, shape (M, M)
        Their covariance after the revision.
    prior_sd : float
        Their standard deviation before.

    Returns
    -------
    DataFrame
        process, part, quantity, initial, revised, sd, learned; sd 0 and learned NaN where a process was kept fixed.
    """
    rows = []
    for k, (before, after) in enumerate(zip(freedom.model.processes, freedom.processes(theta), strict=True)):
        sd, learned = np.zeros(before.coefficients.size), np.full(before.coefficients.size, np.nan)
        if k in freedom.columns:
            block = covariance[freedom.columns[k], freedom.columns[k]]
            to_parts = freedom.basis if block.shape[0] == freedom.basis.shape[1] else np.eye(block.shape[0])
            variance = np.einsum("ij,jk,ik->i", to_parts, block, to_parts)
            sd = np.sqrt(variance)
            learned = 1 - variance / (prior_sd**2 * np.sum(to_parts**2, axis=1))
        first, last = _shown(before), _shown(after)
        quantity = _QUANTITY.get(before.kind, "coefficient")
        rows += [
            {"process": before.name, "part": part, "quantity": quantity, "initial": first[i], "revised": last[i], "sd": sd[i],
             "learned": learned[i]}
            for i, part in enumerate(freedom.model.parts)
        ]  # fmt: skip
    return pd.DataFrame(rows)


def _shown(process):
    """Coefficients in a form that does not depend on what no composition can show."""
    values = process.coefficients
    if process.adds_composition:
        return clr(values) if (values > 0).all() else np.where(values > 0, values, np.nan)
    if process.kind == "batch melting":
        return np.log(values)
    return values if process.law is not None else values - values.mean()


def not_identifiable(model, made, directions: pd.DataFrame, parameters: pd.DataFrame, gate) -> list:
    """Sentences on what the samples cannot tell.

    Parameters
    ----------
    model : ForwardModel
        The revised model.
    made : Artificial
        A data set of it.
    directions : DataFrame
        As in `Bilateral`.
    parameters : DataFrame
        From `coefficient_table`.
    gate : Gaussianity
        Of the observed scores.

    Returns
    -------
    list of str
        Empty only when there is nothing to say, which is never the case for straight processes.
    """
    said = []
    straight = [process.name for process in model.processes if not process.turns]
    if straight:
        said.append(
            f"{' and '.join(straight)}: only the product of coefficient differences and intensity shows in a composition; the "
            "coefficients hold for the spread of intensities that was assumed, and relative to their mean"
        )
    unit = made.directions
    for a, b in combinations(range(len(unit)), 2):
        angle = float(np.degrees(np.arccos(min(abs(unit[a] @ unit[b]), 1.0))))
        if angle < NEARLY_PARALLEL_DEG:
            said.append(f"{made.names[a]} and {made.names[b]} act in nearly the same direction ({angle:.0f} degrees apart)")
    if gate.gaussian:
        said.append("the scores cannot be told from normal ones: independent components are not identified")
    else:
        weak = [k for k, fine in enumerate(gate.identifiable) if not fine]
        if len(weak) > 1:
            listed = ", ".join(str(k + 1) for k in weak)
            said.append(f"components {listed} have normal scores: their directions may be turned among themselves")
    said += [
        f"component {row.component + 1} is {row.bias_deg:.0f} degrees from {row.process} even in artificial samples, where "
        "the truth is known: it must not be read as that process alone"
        for row in directions.itertuples()
        if row.bias_deg > LARGE_BIAS_DEG
    ]
    for name, group in parameters[parameters["learned"] < LEARNED].groupby("process", sort=False):
        said.append(f"{name}: the samples say little of {', '.join(group['part'])} (the first guess stands)")
    return said


def unexplained(directions: pd.DataFrame, quantiles: pd.DataFrame, residuals: pd.DataFrame) -> list:
    """Sentences on what the samples show and the model lacks.

    Parameters
    ----------
    directions, quantiles, residuals : DataFrame
        As in `Bilateral`.

    Returns
    -------
    list of str
        Empty when the model explains everything that was compared.
    """
    said = [
        f"component {row.component + 1}: the simulated direction stays {row.angle_deg:.0f} degrees away, outside the cone of "
        f"{row.cone_deg:.0f} degrees"
        for row in directions.itertuples()
        if not row.inside
    ]
    misfit = (quantiles["observed"] - quantiles["simulated"]).abs() / quantiles["uncertainty"]
    said += [
        f"component {k + 1}: the scores are spread otherwise than in the model"
        for k, worst in misfit.groupby(quantiles["component"]).max().items()
        if worst > QUANTILE_MISFIT
    ]
    ratio = residuals["observed"] / residuals["simulated"]
    large = [f"{part} ({r:.1f} times)" for part, r in zip(residuals["part"], ratio, strict=True) if r > RESIDUAL_RATIO]
    if large:
        said.append(f"more scatter outside the components than the model makes: {', '.join(large)}")
    return said
