"""A whole analysis: frames, diagnostics, options."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from lib import magnetics
from lib.magnetics import Problem, Survey, flat_mesh, sensitivity

SMALL = {"n_penalties": 16, "smallest": 1e-5, "n_resamples": 4, "n_folds": 3}


def box(mesh, west, east, south, north, bottom, top):
    """Cells whose middle is within these sides (m)."""
    sides = ((west, east), (south, north), (bottom, top))
    inside = [(mesh.centres[:, i] > a) & (mesh.centres[:, i] < b) for i, (a, b) in enumerate(sides)]
    return np.all(inside, axis=0)


@pytest.fixture(scope="module")
def problem():
    """A block of 4 A/m in 7 x 7 x 3 cells under 100 stations of 10 lines, with 3 nT of noise."""
    mesh = flat_mesh(-350, 350, -350, 350, 7, 7, np.full(3, 80.0))
    places = np.linspace(-350, 350, 10)
    east, north = (a.ravel() for a in np.meshgrid(places, places))
    survey = Survey(east, north, np.full(100, 70.0), np.zeros(100), np.repeat([f"L{i}" for i in range(10)], 10))
    truth = 4.0 * box(mesh, -150, 150, -150, 150, -160, 0)
    clean = sensitivity(survey, mesh, 50.0, 0.0) @ truth
    noisy = survey.with_anomaly(clean + 3.0 * np.random.default_rng(4).standard_normal(100), "small")
    return Problem("small", noisy, mesh, truth, clean, 3.0, 50.0, 0.0, 45000.0)


@pytest.fixture(scope="module")
def answer(problem):
    return magnetics.analyse(problem, sign="positive", exponent=0.5, **SMALL)


def test_every_frame_is_there_and_they_agree(problem, answer):
    assert tuple(answer.frames) == magnetics.FRAMES
    seen, model = answer.frame("observations"), answer.frame("model")
    np.testing.assert_allclose(seen["observed_nt"] - seen["predicted_nt"], seen["residual_nt"])
    matrix = problem.sensitivity()
    np.testing.assert_allclose(matrix @ model["magnetization_am"], seen["predicted_nt"], atol=1e-9)
    assert answer.number("rms_nt") == pytest.approx(np.sqrt((seen["residual_nt"] ** 2).mean()))
    assert answer.number("corr_truth") > 0.7
    assert answer.number("duality_gap") <= 1e-4
    assert answer.frame("depths")["moment_share"].sum() == pytest.approx(1)
    assert model["selection_frequency"].between(0, 1).all()
    assert len(answer.frame("resolution")) == problem.mesh.shape[0]
    assert answer.method == "cross_validation"  # the noise was not given
    with pytest.raises(ValueError, match="unknown number"):
        answer.number("weight")


def test_diagnostics_are_met_on_an_easy_survey_and_fail_with_a_wrong_noise(problem, answer):
    assert answer.frame("diagnostics")["ok"].all(), answer.messages
    wrong = magnetics.analyse(problem, sigma_nt=40.0, sign="positive", exponent=0.5, **SMALL)
    assert wrong.method == "discrepancy"
    assert wrong.number("rms_nt") == pytest.approx(40.0, rel=0.5)
    assert wrong.number("rms_nt") <= 40.0


def test_an_error_that_is_assumed_is_called_so(problem, answer):
    assert not any("assumed" in text for text in answer.messages)  # artificial: known
    bare = dataclasses.replace(problem, truth=None, clean_nt=None)
    assumed = magnetics.analyse(bare, sign="positive", exponent=0.5, **SMALL)
    assert any("error assumed, not measured (3 nT)" in text for text in assumed.messages)
    assert "assumed" in assumed.diagnostic("misfit")["meaning"]
    assert assumed.method == "cross_validation"
    noted = dataclasses.replace(bare, notes=("noise: 3 nT, the root mean square of anomaly_nt_err",))
    measured = magnetics.analyse(noted, sign="positive", exponent=0.5, **SMALL)
    assert measured.method == "discrepancy" and measured.number("rms_nt") <= 3.0
    assert not any("assumed" in text for text in measured.messages)
    # errors too small to be reached: the next rule that has an answer
    tight = magnetics.analyse(dataclasses.replace(noted, noise_nt=1e-6), sign="positive", exponent=0.5, **SMALL)
    assert tight.method == "cross_validation"


def test_a_path_that_ends_too_early_is_lengthened_or_told(problem):
    short = {"sign": "positive", "exponent": 0.5} | SMALL | {"n_penalties": 5, "smallest": 0.1}
    told = magnetics.analyse(problem, n_longer=0, **short)
    assert told.choice.ends_early and told.method == "cross_validation"
    assert not told.diagnostic("choices_agree")["ok"]
    assert any("cross-validation still falls at the weakest penalty: the path ends too early" in m for m in told.messages)
    longer = magnetics.analyse(problem, n_longer=1, **short)
    assert len(longer.frame("penalties")) == 9  # four a decade
    assert longer.choice.penalty < told.choice.penalty
    assert any("path lengthened to smallest = 0.01, 9 penalties" in text for text in longer.messages)
    np.testing.assert_allclose(longer.frame("penalties")["penalty"][:5], told.frame("penalties")["penalty"])


def test_faint_cells_do_not_count_in_refits(problem, answer):
    models, least = answer.selection.models, 0.05 * np.abs(answer.choice.model).max()
    np.testing.assert_allclose(answer.frame("model")["selection_frequency"], (np.abs(models) > least).mean(axis=0))


def test_resolution_is_tested_with_the_noise_of_the_data(problem, answer):
    again = magnetics.analyse(problem, sign="positive", exponent=0.5, **SMALL)
    pd.testing.assert_frame_equal(again.frame("resolution"), answer.frame("resolution"))
    loud = magnetics.analyse(dataclasses.replace(problem, noise_nt=60.0), sign="positive", exponent=0.5, **SMALL)
    assert loud.choice.penalty == answer.choice.penalty
    assert not loud.frame("resolution")["moment_ratio"].equals(answer.frame("resolution")["moment_ratio"])


def test_unknown_lines_become_blocks(problem):
    alone = Problem(**{f: getattr(problem, f) for f in problem.__dataclass_fields__} | {
        "survey": Survey(*(getattr(problem.survey, f) for f in ("easting_m", "northing_m", "height_m", "anomaly_nt")),
                         np.full(100, "no line names"))})  # fmt: skip
    answer = magnetics.analyse(alone, sign="positive", exponent=0.5, **SMALL)
    assert any("blocks of" in text for text in answer.messages)
    assert np.isfinite(answer.frame("penalties")["cv_rms_nt"]).all()


def test_a_uniform_reference_leaves_the_difference(problem):
    mesh, truth = problem.mesh, np.full(problem.mesh.n_cells, 4.0)
    hole = box(mesh, -150, 150, -150, 150, -160, 0)
    truth[hole] = 0.5
    data = problem.sensitivity() @ truth
    holed = Problem(
        "hole", problem.survey.with_anomaly(data), mesh, truth, data, 3.0, 50.0, 0.0, 45000.0, reference=truth * 0 + 4
    )
    answer = magnetics.analyse(holed, reference="uniform", sign="negative", exponent=0.5, **SMALL)
    assert answer.number("reference_am") == pytest.approx(4.0, rel=0.25)
    model = answer.frame("model")["magnetization_am"].to_numpy()
    assert (model <= 0).all()
    assert (model >= -answer.number("reference_am") - 1e-9).all()
    assert model[hole].mean() < 3 * model[~hole].mean()


def test_the_compact_model_takes_the_place_of_the_other(problem):
    answer = magnetics.analyse(problem, sign="positive", sigma_nt=3.0, compact=True, **SMALL)
    assert answer.number("rms_nt") == pytest.approx(3.0, rel=0.02)
    assert answer.number("bound_am") > 0
    assert answer.number("corr_truth") > 0.7


def test_unknown_words_are_refused(problem):
    with pytest.raises(ValueError, match="either, positive, negative"):
        magnetics.analyse(problem, sign="up")
    with pytest.raises(ValueError, match="neither zero nor uniform"):
        magnetics.analyse(problem, reference="sea")
