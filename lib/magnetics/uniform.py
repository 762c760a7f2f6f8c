"""The uniform edifice that explains most of an anomaly, from which departures are sought."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class UniformFit:
    """A mesh of one magnetization, and a level, fitted to an anomaly.

    Parameters
    ----------
    magnetization_a_m : float
        Of all cells, in A/m.
    level_nt : float
        Constant added to the anomaly, in nT.
    predicted_nt, residual_nt : array, shape (n_data,)
        What the fit explains, and what it leaves, in nT.
    magnetization_error : float
        Standard deviation of the magnetization in A/m if residuals were independent.
    """

    magnetization_a_m: float
    level_nt: float
    predicted_nt: np.ndarray
    residual_nt: np.ndarray
    magnetization_error: float


def uniform_fit(matrix, anomaly_nt, *, level=True, rounds=20, outside_nt=None) -> UniformFit:
    """Fit one magnetization to all cells.

    Stations that a uniform body cannot explain (those above a conduit) are given less weight: Huber's weights, with the
    median absolute residual as scale.

    Parameters
    ----------
    matrix : array or kernel, shape (n_data, n_cells)
        Sensitivities in nT per A/m.
    anomaly_nt : array, shape (n_data,)
        Measured anomaly in nT.
    level : bool
        Fit a constant too (the survey's datum).
    rounds : int
        Rounds of reweighting; 1 = least squares.
    outside_nt : array, shape (n_data,), optional
        Anomaly of the ground beyond the mesh for 1 A/m (`surroundings_response`), which has the same magnetization.

    Returns
    -------
    UniformFit
        Fit and residuals.
    """
    ones = np.ones(matrix.shape[1])
    response = matrix.matvec(ones) if hasattr(matrix, "matvec") else matrix @ ones
    response = response if outside_nt is None else response + outside_nt
    design = np.column_stack([response, np.ones_like(response)])[:, : 1 + level]
    data, weight = np.asarray(anomaly_nt, float), np.ones(response.size)
    for _ in range(max(rounds, 1)):
        root = np.sqrt(weight)
        found = np.linalg.lstsq(design * root[:, None], data * root, rcond=None)[0]
        residual = data - design @ found
        scale = 1.345 * 1.4826 * np.median(np.abs(residual)) + 1e-300
        weight = np.minimum(1.0, scale / np.maximum(np.abs(residual), 1e-300))
    spread = np.linalg.inv(design.T @ (design * weight[:, None]))[0, 0] * np.average(residual**2, weights=weight)
    return UniformFit(float(found[0]), float(found[1]) if level else 0.0, design @ found, residual, float(np.sqrt(spread)))
