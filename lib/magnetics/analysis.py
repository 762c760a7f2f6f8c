"""Analysis of a survey: a model of the magnetization below, how the penalty was chosen, and how sure each cell is."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from lib.answers import Answer

from . import report
from .choose import choose_penalty, spatial_blocks
from .compact import compact_inversion
from .matrices import product
from .problems import Problem
from .resolution import point_spread
from .selection import flight_line_bootstrap
from .tabular import prepare
from .uniform import uniform_fit

#: Frames of an analysis, in the order of the CSV files.
FRAMES = ("observations", "model", "penalties", "depths", "resolution", "numbers", "diagnostics", "messages")
SIGNS = {"either": (-np.inf, np.inf), "positive": (0.0, np.inf), "negative": (-np.inf, 0.0)}
#: Blocks along the shorter side of a survey whose flight lines are not known.
BLOCKS = 6


@dataclass(frozen=True, eq=False)
class MagneticAnalysis(Answer):
    """Results of `analyse`.

    Parameters
    ----------
    problem : Problem
        Survey and mesh.
    model : ndarray, shape (n_cells,)
        Magnetization in A/m, or its difference from a uniform reference.
    choice : PenaltyChoice
        The path and the three rules.
    selection : SelectionMap
        Refits to resampled flight lines.
    compact : CompactFit or None
        Where it was asked for; then ``model`` is its model.
    frames : dict
        Name (see `FRAMES`) -> tidy DataFrame.
    parameters : dict
        What `analyse` was called with.
    """

    problem: Problem
    model: np.ndarray
    choice: object
    selection: object
    compact: object
    frames: dict[str, pd.DataFrame]
    parameters: dict = field(default_factory=dict)

    @property
    def method(self) -> str:
        """Rule by which the penalty was chosen."""
        return self.choice.method

    def number(self, name: str) -> float:
        """Return one number of the frame ``numbers``.

        Raises
        ------
        ValueError
            For an unknown name; the message lists the known ones.
        """
        known = dict(zip(self.frames["numbers"]["name"], self.frames["numbers"]["value"], strict=True))
        if name not in known:
            raise ValueError(f"unknown number {name!r}; there are: {', '.join(known)}")
        return float(known[name])


def analyse(
    table,
    *,
    inclination_deg: float = float("nan"),
    declination_deg: float = float("nan"),
    dem_path="",
    magnetization_deg=(),
    ground_m: float = 0.0,
    cell_m: float = 0.0,
    n_layers: int = 0,
    depth_m: float = 0.0,
    sigma_nt: float = 0.0,
    exponent: float = 0.75,
    alpha: float = 0.9,
    sign: str = "either",
    reference: str = "zero",
    upper_am: float = 0.0,
    compact: bool = False,
    method: str = "auto",
    n_penalties: int = 31,
    smallest: float = 1e-5,
    n_folds: int = 5,
    n_resamples: int = 20,
    limit_gb: float = 1.0,
    seed: int = 1,
    n_jobs: int = 1,
) -> MagneticAnalysis:
    """Find the magnetization below a survey.

    Parameters
    ----------
    table : tables.Table or Problem
        Points of a survey, see `prepare` for the columns; or a survey on a mesh, to which the parameters up to ``depth_m`` do
        not apply.
    inclination_deg, declination_deg, dem_path, magnetization_deg, ground_m, cell_m, n_layers, depth_m
        Of `prepare`.
    sigma_nt : float
        Standard deviation of the noise; 0 = not known: cross-validation chooses, and the noise of the problem is only shown.
    exponent, alpha : float
        Column weights and share of L1, see `elastic_net_path`.
    sign : {"either", "positive", "negative"}
        Of the magnetization along its direction, or of its difference from the reference.
    reference : {"zero", "uniform"}
        What a model shrinks to: nothing, or ground of one magnetization, which `uniform_fit` finds; then the model is the
        difference from it, as suits an island whose lavas are all magnetic.
    upper_am : float
        Largest magnitude, A/m; 0 = none.
    compact : bool
        Take the compact model (`compact_inversion`) in place of the elastic net's.
    method : str
        Rule of the penalty, see `choose_penalty`; auto = discrepancy where sigma_nt is given, else cross-validation.
    n_penalties, smallest
        Of the path.
    n_folds, n_resamples : int
        Of cross-validation, and refits to resampled lines.
    limit_gb : float
        Memory that the matrix may take.
    seed : int
        Of the resampling.
    n_jobs : int
        Fits at once; the numbers do not depend on it.

    Returns
    -------
    MagneticAnalysis
        Frames, messages and diagnostics.

    Raises
    ------
    ValueError
        What `prepare`, `sensitivity_operator`, `choose_penalty` and `compact_inversion` refuse, and an unknown sign.
    """
    given = {name: value for name, value in locals().items() if name != "table"}
    if sign not in SIGNS:
        raise ValueError(f"sign: {sign!r} is not one of {', '.join(SIGNS)}")
    if reference not in ("zero", "uniform"):
        raise ValueError(f"reference: {reference!r} is neither zero nor uniform")
    made = table if isinstance(table, Problem) else prepare(
        table, inclination_deg=inclination_deg, declination_deg=declination_deg, dem_path=dem_path,
        magnetization_deg=magnetization_deg, ground_m=ground_m, cell_m=cell_m, n_layers=n_layers, depth_m=depth_m,
        noise_nt=sigma_nt,
    )  # fmt: skip
    survey, mesh = made.survey, made.mesh
    noise = sigma_nt or made.noise_nt
    matrix = made.operator(limit_gb=limit_gb)
    if matrix.kind == "dense":
        matrix = matrix.dense()
    line, said = _lines(survey)
    base, level = 0.0, np.zeros(survey.n)
    if reference == "uniform":
        uniform = uniform_fit(matrix, survey.anomaly_nt)
        base, level = uniform.magnetization_a_m, uniform.predicted_nt
        said.append(f"difference from ground of {base:.2f} A/m everywhere and a level of {uniform.level_nt:.1f} nT")
    data = survey.anomaly_nt - level
    cap = upper_am if upper_am > 0 else np.inf
    low, high = SIGNS[sign]
    if sign == "negative" and base > 0:
        low = -base  # ground that has lost its magnetization, not reversed it
    options = {"exponent": exponent, "alpha": alpha, "lower": max(low, -cap), "upper": min(high, cap)}
    if method == "auto":
        method = "discrepancy" if sigma_nt > 0 else "cross_validation"
    choice = choose_penalty(
        matrix, data, sigma_nt=noise, line=line, n_folds=min(n_folds, np.unique(line).size), n_jobs=n_jobs, method=method,
        n_penalties=n_penalties, smallest=smallest, **options,
    )  # fmt: skip
    selection = flight_line_bootstrap(
        matrix, data, line, choice.penalty, n_resamples=n_resamples, seed=seed, n_jobs=n_jobs, tolerance=1e-3, **options
    )
    body = None
    if compact:
        rms = float(choice.path.rms_nt[choice.index])
        body = compact_inversion(matrix, data, mesh, sigma_nt or rms, lower=options["lower"], upper=options["upper"])
    model = choice.model if body is None else body.model
    resolution = _resolution(matrix, mesh, model, choice.penalty, options)

    predicted = level + product(matrix, model)
    depths = report.depths_frame(model, mesh, resolution)
    numbers = report.numbers_frame(made, model, choice, body, predicted, noise, base)
    frames = {
        "observations": report.observations_frame(survey, predicted),
        "model": report.model_frame(model, mesh, selection),
        "penalties": choice.frame,
        "depths": depths,
        "resolution": resolution,
        "numbers": numbers,
        "diagnostics": report.diagnostics_frame(choice, numbers, depths, body),
    }
    rows = [("note", "prepare", text) for text in (*made.notes, *said)] + report.warnings(choice, frames)
    frames["messages"] = pd.DataFrame(rows, columns=["level", "code", "text"])
    given["dem_path"] = str(dem_path)
    return MagneticAnalysis(made, model, choice, selection, body, {name: frames[name] for name in FRAMES}, given)


def _lines(survey):
    """Labels of flight lines, or of blocks where there are none."""
    if len(survey.lines) >= 4:
        return survey.line, []
    west, east, south, north = survey.extent_m
    size = min(east - west, north - south) / BLOCKS
    return (
        spatial_blocks(survey.easting_m, survey.northing_m, size * (1 + 1e-9)),
        [f"flight lines are not known: cross-validation and bootstrap leave out and draw blocks of {size:.0f} m"],
    )


def _resolution(matrix, mesh, model, penalty, options):
    """Point spread of one cell a layer, in the middle of the survey, as strong as the model."""
    total = float(np.abs(model).sum())
    amplitude = float(model @ model) / total if total > 0 else 1.0
    if options["upper"] <= 0:
        amplitude = -amplitude
    middle = mesh.cube(np.arange(mesh.n_cells))[:, mesh.shape[1] // 2, mesh.shape[2] // 2]
    frame, _ = point_spread(matrix, mesh, middle, penalty=penalty, amplitude_am=amplitude, tolerance=1e-3, **options)
    return frame
