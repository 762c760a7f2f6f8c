"""How the defaults of the compact inversion were set: by a third body, which no evaluation uses."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd

from lib.tasks import run_tasks

from .compact import CompactSettings, compact_inversion
from .elastic_net import elastic_net_path
from .problems import artificial_body
from .resolution import score

#: Body of the search; the bodies of the evaluation are others, of another magnetisation.
BODY = "tuning"
GRID = {"exponent": (0.4, 0.5, 0.6), "gradient": (0.01, 0.02, 0.05), "cost": (0.0, 0.002, 0.005, 0.01)}


def _noisy(body, noise_nt, stream):
    """Problem of a body with noise of one stream."""
    return artificial_body(body, noise_nt=noise_nt, seed=np.random.default_rng(stream))


def _tune_one(body, exponent, gradient, cost, noise_nt, stream):
    problem = _noisy(body, noise_nt, stream)
    settings = CompactSettings(exponent=exponent, gradient=gradient, cost=cost)
    fit = compact_inversion(problem.sensitivity(), problem.survey.anomaly_nt, problem.mesh, noise_nt, settings=settings)
    marks = score(fit.model, problem.truth, problem.mesh)
    deeper = marks["centroid_depth_m"] - marks["true_centroid_depth_m"]
    return {"exponent": exponent, "gradient": gradient, "cost": cost, "corr_truth": marks["corr_truth"], "deeper_m": deeper}


def tune_compact(grid=None, *, body: str = BODY, noise_nt: float = 5.0, n_seeds: int = 2, seed: int = 8, n_jobs: int = 1):
    """Search the settings of the compact inversion on the tuning body.

    Parameters
    ----------
    grid : dict, optional
        Values of exponent, gradient and cost; None = `GRID`.
    body : str
        Artificial body.
    noise_nt : float
        Noise of its data.
    n_seeds : int
        Noise realisations.
    seed : int
        Streams are spawned from it.
    n_jobs : int
        Inversions at once.

    Returns
    -------
    DataFrame
        One row a setting: exponent, gradient, cost, corr_truth and deeper_m (medians over the seeds; deeper_m is the centroid
        of the model below that of the truth), highest correlation first.
    """
    grid = GRID | (grid or {})
    streams = np.random.SeedSequence(seed).spawn(n_seeds)
    tasks = [
        {"body": body, "exponent": p, "gradient": g, "cost": c, "noise_nt": noise_nt, "stream": stream}
        for p, g, c in itertools.product(*(grid[key] for key in ("exponent", "gradient", "cost")))
        for stream in streams
    ]
    rows = pd.DataFrame(run_tasks(_tune_one, tasks, n_jobs=n_jobs, label="settings"))
    table = rows.groupby(["exponent", "gradient", "cost"], as_index=False).median()
    return table.sort_values("corr_truth", ascending=False, ignore_index=True)


def _recover_one(body, exponent, alpha, bounded, noise_nt, stream, seed):
    problem = _noisy(body, noise_nt, stream)
    path = elastic_net_path(
        problem.sensitivity(), problem.survey.anomaly_nt, alpha=alpha, exponent=exponent,
        lower=0.0 if bounded else -np.inf, stop_rms_nt=noise_nt, tolerance=1e-3,
    )  # fmt: skip
    marks = score(path.models[-1], problem.truth, problem.mesh)
    return {
        "body": body, "exponent": exponent, "alpha": alpha, "seed": seed, **marks, "rms_nt": float(path.rms_nt[-1]),
        "penalty": float(path.penalties[-1]),
    }  # fmt: skip


def recovery_map(
    exponents=(0.25, 0.5, 0.75, 1.0),
    alphas=(0.5, 0.9, 1.0),
    bodies=("blocks", "dyke"),
    *,
    bounded: bool = True,
    noise_nt: float = 5.0,
    n_seeds: int = 1,
    seed: int = 1,
    n_jobs: int = 1,
) -> pd.DataFrame:
    """Recovery of known bodies by the elastic net against its two subjective choices.

    Parameters
    ----------
    exponents, alphas : sequence of float
        Exponents of the column weights, and shares of L1.
    bodies : sequence of str
        Artificial bodies, see `artificial_body`.
    bounded : bool
        Whether magnetisation may not be negative.
    noise_nt : float
        Noise, and misfit of the models, nT.
    n_seeds : int
        Noise realisations.
    seed : int
        Streams are spawned from it.
    n_jobs : int
        Inversions at once.

    Returns
    -------
    DataFrame
        One row a fit: body, exponent, alpha, seed (number of the realisation), the columns of `score`, rms_nt, penalty.
    """
    streams = np.random.SeedSequence(seed).spawn(n_seeds)
    tasks = [
        {"body": b, "exponent": p, "alpha": a, "bounded": bounded, "noise_nt": noise_nt, "stream": stream, "seed": number}
        for b, p, a, (number, stream) in itertools.product(bodies, exponents, alphas, enumerate(streams))
    ]
    return pd.DataFrame(run_tasks(_recover_one, tasks, n_jobs=n_jobs, label="recovery"))
