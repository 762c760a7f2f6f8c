"""What an inversion can resolve: recovered points, checkerboards, and scores against a known truth."""

from __future__ import annotations

import numpy as np
import pandas as pd

from .elastic_net import elastic_net_path
from .matrices import product
from .problems import centroid_depth
from .selection import APPROACH

#: Share of a model's largest value from which a cell belongs to the body, in `score`.
BODY_SHARE = 0.2


def score(model, truth, mesh) -> dict:
    """Compare a model with the truth.

    Parameters
    ----------
    model, truth : array-like, shape (n_cells,)
        Magnetisation in A/m.
    mesh : Mesh
        Their cells.

    Returns
    -------
    dict
        corr_truth (Pearson's correlation over cells; NaN when the model is constant), rmse_am, iou (cells above 20 % of the
        largest in both, over those in either), centroid_depth_m and true_centroid_depth_m (see `centroid_depth`).
    """
    model, truth = np.asarray(model, float), np.asarray(truth, float)
    varies = np.ptp(model) > 0 and np.ptp(truth) > 0
    ours, theirs = (np.abs(m) > BODY_SHARE * np.abs(m).max() for m in (model, truth))
    either = int((ours | theirs).sum())
    return {
        "corr_truth": float(np.corrcoef(model, truth)[0, 1]) if varies else float("nan"),
        "rmse_am": float(np.sqrt(np.mean((model - truth) ** 2))),
        "iou": int((ours & theirs).sum()) / either if either else float("nan"),
        "centroid_depth_m": centroid_depth(mesh, model),
        "true_centroid_depth_m": centroid_depth(mesh, truth),
    }


def checkerboard(mesh, size=(3, 4, 4), amplitude_am: float = 2.0, n_layers: int | None = None) -> np.ndarray:
    """Magnetisation of alternating sign in boxes.

    Parameters
    ----------
    mesh : Mesh
        Cells.
    size : tuple of int
        Cells of a box: layers, northwards, eastwards.
    amplitude_am : float
        In A/m.
    n_layers : int, optional
        Layers that are magnetised, from the top; None = all.

    Returns
    -------
    ndarray, shape (n_cells,)
        In A/m.
    """
    boxes = [index // length for index, length in zip(np.indices(mesh.shape), size, strict=True)]
    values = np.where(sum(boxes) % 2 == 0, amplitude_am, -amplitude_am).astype(float)
    if n_layers is not None:
        values[n_layers:] = 0.0
    return values.ravel()


def _recover(matrix, truth, sigma_nt, penalty, rng, options):
    """Model found from the anomaly of a truth."""
    data = product(matrix, truth)
    if sigma_nt:
        data = data + sigma_nt * rng.standard_normal(data.size)
    if penalty is None:
        path = elastic_net_path(matrix, data, stop_rms_nt=sigma_nt, **options)
    else:
        path = elastic_net_path(matrix, data, penalties=penalty * np.array(APPROACH), **options)
    return path.models[-1]


def checkerboard_recovery(
    matrix, mesh, truth, *, sigma_nt: float = 5.0, penalty: float | None = None, seed: int = 1, **options
) -> tuple[pd.DataFrame, np.ndarray]:
    """Recover a checkerboard, and say layer by layer how well.

    Parameters
    ----------
    matrix : ndarray or operator, shape (n_data, n_cells)
        Anomaly of every cell, nT per A/m.
    mesh : Mesh
        Its cells.
    truth : array-like, shape (n_cells,)
        From `checkerboard`, A/m.
    sigma_nt : float
        Noise added, nT, above zero; also the misfit sought when there is no penalty.
    penalty : float, optional
        Lambda; None = the first on a path whose misfit is sigma_nt.
    seed : int
        Of the noise.
    **options
        Of `elastic_net_path`.

    Returns
    -------
    frame : DataFrame
        One row a layer: layer, depth_m, correlation (NaN where either is constant), amplitude_ratio (root mean square of the
        model over that of the truth).
    model : ndarray, shape (n_cells,)
        In A/m.
    """
    rng = np.random.default_rng(np.random.SeedSequence(seed))
    truth = np.asarray(truth, float)
    model = _recover(matrix, truth, sigma_nt, penalty, rng, options)
    rows = []
    layers = zip(*(np.asarray(a).reshape(mesh.shape[0], -1) for a in (model, truth, mesh.depth)), strict=True)
    for layer, (m, t, depth) in enumerate(layers):
        varies = np.ptp(m) > 0 and np.ptp(t) > 0
        size = np.sqrt((t**2).mean())
        rows.append({
            "layer": layer, "depth_m": float(depth.mean()),
            "correlation": float(np.corrcoef(m, t)[0, 1]) if varies else float("nan"),
            "amplitude_ratio": float(np.sqrt((m**2).mean()) / size) if size > 0 else float("nan"),
        })  # fmt: skip
    return pd.DataFrame(rows), model


def point_spread(
    matrix,
    mesh,
    cells,
    *,
    penalty: float,
    amplitude_am: float = 5.0,
    sigma_nt: float = 0.0,
    seed: int = 1,
    within: float | None = None,
    **options,
) -> tuple[pd.DataFrame, np.ndarray]:
    """Recover single magnetised cells: where they appear, and over what distance they are smeared.

    Parameters
    ----------
    matrix : ndarray or operator, shape (n_data, n_cells)
        Anomaly of every cell, nT per A/m.
    mesh : Mesh
        Its cells.
    cells : sequence of int
        Cells to try, one at a time.
    penalty : float
        Lambda of the inversion that is judged: resolution of a sparse inversion depends on it, and on the amplitude.
    amplitude_am : float
        Magnetisation of the cell, A/m.
    sigma_nt : float
        Noise added, nT; 0 = none.
    seed : int
        Of the noise.
    within : float, optional
        Only cells whose horizontal distance from the one tried is at most its depth times this, and a cell's width, are taken
        for its image: with noise, what the noise alone puts elsewhere is not.  None = all cells.
    **options
        Of `elastic_net_path`.

    Returns
    -------
    frame : DataFrame
        One row a cell: cell, layer, depth_m, east_shift_m, north_shift_m, deeper_m (centroid of the model minus the cell),
        spread_m (root mean squared distance from the centroid), moment_ratio (recovered over true moment); NaN when nothing
        is recovered.
    models : ndarray, shape (len(cells), n_cells)
        In A/m.
    """
    rng = np.random.default_rng(np.random.SeedSequence(seed))
    rows, models = [], []
    for cell in cells:
        truth = np.zeros(mesh.n_cells)
        truth[cell] = amplitude_am
        model = _recover(matrix, truth, sigma_nt, penalty, rng, options)
        image = model
        if within is not None:
            away = np.hypot(*(mesh.centres - mesh.centres[cell])[:, :2].T)
            image = np.where(away <= within * mesh.depth[cell] + np.diff(mesh.east_edges_m).mean(), model, 0.0)
        moment = np.abs(image) * mesh.volume
        share = moment / moment.sum() if moment.any() else np.full(moment.size, np.nan)
        centre = share @ mesh.centres
        shift = centre - mesh.centres[cell]
        spread = np.sqrt(share @ ((mesh.centres - centre) ** 2).sum(axis=1))
        rows.append({
            "cell": int(cell), "layer": int(cell // (mesh.shape[1] * mesh.shape[2])), "depth_m": float(mesh.depth[cell]),
            "east_shift_m": float(shift[0]), "north_shift_m": float(shift[1]), "deeper_m": float(-shift[2]),
            "spread_m": float(spread),
            "moment_ratio": float((image @ mesh.volume) / (truth @ mesh.volume)) if moment.any() else float("nan"),
        })  # fmt: skip
        models.append(model)
    return pd.DataFrame(rows), np.array(models)
