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
from .surroundings import surroundings_response
from .tabular import noise_known, noise_noted, prepare
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
    n_longer: int = 2,
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
        Standard deviation of the noise; 0 = that of the column anomaly_nt_err (root mean square), and where there is none it
        is not known: cross-validation chooses, and the noise of the problem is only shown, as assumed.
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
        Rule of the penalty, see `choose_penalty`; auto = discrepancy where sigma_nt is given; where the table has errors,
        discrepancy if they can be reached; else cross-validation.
    n_penalties, smallest
        Of the path.
    n_folds, n_resamples : int
        Of cross-validation, and refits to resampled lines.
    limit_gb : float
        Memory that the matrix may take.
    n_longer : int
        How often at most the path is lengthened by a decade, at the same number of penalties a decade, while cross-validation
        still falls at its weakest penalty; 0 = never.
    seed : int
        Of the resampling, and of the noise in the test of resolution.
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
        # level ground that goes on for ever makes no anomaly, and its magnetization could not be found
        outside = None if made.terrain is None else surroundings_response(made)
        uniform = uniform_fit(matrix, survey.anomaly_nt, outside_nt=outside)
        base, level = uniform.magnetization_a_m, uniform.predicted_nt
        said.append(
            f"difference from ground of {base:.2f} A/m in the mesh{'' if outside is None else ' and in what continues it'}, "
            f"and a level of {uniform.level_nt:.1f} nT"
        )
    data = survey.anomaly_nt - level
    cap = upper_am if upper_am > 0 else np.inf
    low, high = SIGNS[sign]
    if sign == "negative" and base > 0:
        low = -base  # ground that has lost its magnetization, not reversed it
    options = {"exponent": exponent, "alpha": alpha, "lower": max(low, -cap), "upper": min(high, cap)}
    if method == "auto":
        method = "discrepancy" if sigma_nt > 0 else "auto" if noise_noted(made) else "cross_validation"
    ways = {
        "sigma_nt": noise, "line": line, "n_folds": min(n_folds, np.unique(line).size), "n_jobs": n_jobs, "method": method
    }  # fmt: skip
    choice, longer = _choose(matrix, data, n_penalties, smallest, n_longer, ways | options)
    said += longer
    selection = flight_line_bootstrap(
        matrix, data, line, choice.penalty, n_resamples=n_resamples, least_am=report.FAINT * float(np.abs(choice.model).max()),
        seed=seed, n_jobs=n_jobs, tolerance=1e-3, **options,
    )  # fmt: skip
    body = None
    if compact:
        rms = float(choice.path.rms_nt[choice.index])
        body = compact_inversion(matrix, data, mesh, sigma_nt or rms, lower=options["lower"], upper=options["upper"])
    model = choice.model if body is None else body.model
    resolution = _resolution(matrix, mesh, model, choice.penalty, options, noise, seed)
    assumed = not (sigma_nt > 0 or noise_known(made))

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
        "diagnostics": report.diagnostics_frame(choice, numbers, depths, body, assumed),
    }
    rows = [("note", "prepare", text) for text in (*made.notes, *said)]
    rows += report.warnings(choice, frames, float(noise) if assumed else None)
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


def _choose(matrix, data, n_penalties, smallest, n_longer, options):
    """Choose the penalty, on a longer path where cross-validation still falls at its end; and notes on that."""
    choice = choose_penalty(matrix, data, n_penalties=n_penalties, smallest=smallest, **options)
    a_decade, said = (n_penalties - 1) / -np.log10(smallest), []
    for _ in range(n_longer):
        if not choice.ends_early:
            break
        smallest = smallest / 10
        count = 1 + round(a_decade * -np.log10(smallest))
        try:
            choice = choose_penalty(matrix, data, n_penalties=count, smallest=smallest, **options)
        except RuntimeError as error:  # penalties so weak that the solver does not converge
            said.append(f"the path could not be lengthened to smallest = {smallest:.2g}: {error}")
            break
        said.append(f"path lengthened to smallest = {smallest:.2g}, {count} penalties: cross-validation still fell at its end")
    return choice, said


def _resolution(matrix, mesh, model, penalty, options, noise, seed):
    """Point spread of one cell a layer, in the middle of the survey, as strong as the model, with the noise of the data."""
    total = float(np.abs(model).sum())
    amplitude = float(model @ model) / total if total > 0 else 1.0
    if options["upper"] <= 0:
        amplitude = -amplitude
    middle = mesh.cube(np.arange(mesh.n_cells))[:, mesh.shape[1] // 2, mesh.shape[2] // 2]
    frame, _ = point_spread(
        matrix, mesh, middle, penalty=penalty, amplitude_am=amplitude, sigma_nt=noise, seed=seed, within=1.0, tolerance=1e-3,
        **options,
    )  # fmt: skip
    return frame
