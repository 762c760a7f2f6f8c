"""Choice of the penalty, selection by resampled lines, resolution."""

import numpy as np
import pytest

from lib.magnetics import (
    Survey,
    checkerboard,
    checkerboard_recovery,
    choose_penalty,
    flat_mesh,
    flight_line_bootstrap,
    line_folds,
    point_spread,
    recovery_map,
    score,
    sensitivity,
    signed_curvature,
    spatial_blocks,
)  # fmt: skip
from lib.magnetics.choose import corner

SIGMA = 2.0
PATH = {"n_penalties": 16, "smallest": 1e-5, "exponent": 0.5, "lower": 0.0, "tolerance": 1e-3}


@pytest.fixture(scope="module")
def body():
    """Two cells of 5 A/m in 6 x 6 x 3 under 81 stations of 9 lines."""
    mesh = flat_mesh(-300, 300, -300, 300, 6, 6, np.full(3, 80.0))
    places = np.linspace(-300, 300, 9)
    east, north = (a.ravel() for a in np.meshgrid(places, places))
    survey = Survey(east, north, np.full(81, 60.0), np.zeros(81), np.repeat([f"L{i}" for i in range(9)], 9))
    matrix = sensitivity(survey, mesh, 60.0, 0.0)
    truth = np.zeros(mesh.n_cells)
    truth[[14, 57]] = 5.0
    data = matrix @ truth + SIGMA * np.random.default_rng(1).standard_normal(81)
    return mesh, survey, matrix, truth, data


def test_curvature_of_a_circle_is_one_over_its_radius_with_the_sign_of_its_bend():
    angle = np.linspace(0.2, 1.4, 60)
    penalties = 10 ** np.linspace(2, 0, 60)
    # as lambda falls the misfit falls and the norm grows, along a circle of radius 0.5 around either corner
    hollow = signed_curvature(penalties, 10 ** (1 - 0.5 * np.sin(angle)), 10 ** (1 - 0.5 * np.cos(angle)))
    bulging = signed_curvature(penalties, 10 ** (0.5 * np.cos(angle)), 10 ** (0.5 * np.sin(angle)))
    np.testing.assert_allclose(hollow[3:-3], 2.0, rtol=1e-3)
    np.testing.assert_allclose(bulging[3:-3], -2.0, rtol=1e-3)
    assert np.isnan(hollow[[0, -1]]).all()
    assert np.isnan(signed_curvature([3.0, 2, 1], [1, 1, 1], [1, 1, 1])).all()


def test_a_corner_is_one_only_inside_of_the_path():
    nan = float("nan")
    assert corner([nan, nan, 0.1, 2.0, 0.5, nan]) == 3
    assert corner([nan, nan, 0.1, 0.5, 2.0, nan]) is None  # still bending where the path ends
    assert corner([nan, 2.0, 0.5, 0.1, nan]) is None
    assert corner([nan, -2.0, -0.5, -1.0, nan]) is None
    assert corner([nan] * 5) is None and corner([nan, 1.0, nan]) is None


def test_cross_validation_tells_a_path_that_ends_too_early(body):
    _, survey, matrix, _, data = body
    noisy = data + 10 * np.random.default_rng(3).standard_normal(81)  # over-fitted at weak penalties
    short, long = (
        choose_penalty(matrix, noisy, line=survey.line, n_folds=3, **PATH | {"n_penalties": n, "smallest": s})
        for n, s in ((4, 0.3), (16, 1e-5))
    )
    assert short.ends_early and short.index == 3
    assert not long.ends_early
    with pytest.raises(ValueError, match="no corner within the path"):
        choose_penalty(matrix, data, method="l_curve", n_penalties=3, exponent=0.5)
    with pytest.raises(ValueError, match=r"discrepancy: the smallest misfit .*; l_curve has no answer"):
        choose_penalty(matrix, data, sigma_nt=1e-6, n_penalties=3, exponent=0.5)


def test_the_three_rules_are_marked_and_the_discrepancy_is_met(body):
    _, survey, matrix, truth, data = body
    choice = choose_penalty(matrix, data, sigma_nt=1.1 * SIGMA, line=survey.line, n_folds=3, **PATH)
    assert choice.method == "discrepancy"
    at = choice.picks["discrepancy"]
    assert choice.path.rms_nt[at] <= 1.1 * SIGMA < choice.path.rms_nt[at - 1]
    assert choice.frame.loc[at, "chi2"] == pytest.approx((choice.path.rms_nt[at] / (1.1 * SIGMA)) ** 2)
    for rule in ("l_curve", "discrepancy", "cross_validation"):
        assert choice.frame[rule].sum() == (choice.picks[rule] is not None)
    best = choice.picks["cross_validation"]
    assert choice.frame["cv_rms_nt"].idxmin() == best
    assert choice.frame.loc[best, "cv_rms_nt"] < 0.5 * choice.frame.loc[0, "cv_rms_nt"]
    assert np.corrcoef(choice.model, truth)[0, 1] > 0.7
    assert choice.penalty == choice.path.penalties[at]


def test_cross_validation_predicts_lines_it_has_not_seen(body):
    _, survey, matrix, _, data = body
    choice = choose_penalty(matrix, data, line=survey.line, n_folds=9, method="cross_validation", **PATH)
    # with pure noise in place of the data nothing can be predicted: the emptiest models win
    noise = np.random.default_rng(2).standard_normal(81)
    empty = choose_penalty(matrix, noise, line=survey.line, n_folds=9, method="cross_validation", **PATH)
    assert choice.index > 6
    assert empty.index <= 3
    assert np.isnan(choice.frame["chi2"]).all()


def test_folds_keep_lines_together_and_blocks_are_squares():
    line = np.repeat(["b", "a", "c", "d", "e"], 4)
    folds = line_folds(line, 2)
    assert folds.reshape(5, 4).std(axis=1).max() == 0
    assert folds[::4].tolist() == [0, 1, 0, 1, 0]  # in the order of the survey
    with pytest.raises(ValueError, match="5 lines"):
        line_folds(line, 6)
    blocks = spatial_blocks([0.0, 90, 110, 250], [0.0, 10, 10, 120], 100.0)
    assert blocks.tolist() == ["block 0 0", "block 0 0", "block 0 1", "block 1 2"]


def test_rules_without_answer_say_what_to_give(body):
    _, _, matrix, _, data = body
    with pytest.raises(ValueError, match="give sigma_nt"):
        choose_penalty(matrix, data, method="discrepancy", **PATH)
    with pytest.raises(ValueError, match="give line"):
        choose_penalty(matrix, data, method="cross_validation", **PATH)
    with pytest.raises(ValueError, match="smaller penalties"):
        choose_penalty(matrix, data, sigma_nt=1e-6, method="discrepancy", **PATH)
    with pytest.raises(ValueError, match="not one of auto"):
        choose_penalty(matrix, data, method="guess", **PATH)


def test_selection_finds_the_magnetised_cells_again_and_again(body):
    _, survey, matrix, truth, data = body
    options = {"exponent": 0.5, "lower": 0.0, "tolerance": 1e-3}
    one, two = (flight_line_bootstrap(matrix, data, survey.line, 30.0, n_resamples=12, seed=s, **options) for s in (1, 1))
    np.testing.assert_array_equal(one.models, two.models)
    assert one.frequency[truth > 0].min() == 1.0
    assert one.frequency[truth == 0].mean() < 0.3
    assert (one.sd[truth > 0] > 0).all()
    np.testing.assert_allclose(one.mean, one.models.mean(axis=0))
    with pytest.raises(ValueError, match="1 lines"):
        flight_line_bootstrap(matrix, data, np.zeros(81), 30.0)


def test_scores_of_the_truth_are_perfect_and_of_its_mirror_are_not(body):
    mesh, _, _, truth, _ = body
    marks = score(truth, truth, mesh)
    assert (marks["corr_truth"], marks["rmse_am"], marks["iou"]) == (pytest.approx(1), 0, 1)
    assert marks["centroid_depth_m"] == pytest.approx(80.0)  # cells in the first and second layer, 40 and 120 m
    assert score(truth[::-1], truth, mesh)["iou"] == 0
    assert np.isnan(score(0 * truth, truth, mesh)["corr_truth"])


def test_checkerboard_alternates_and_fades_with_depth(body):
    mesh, _, matrix, _, _ = body
    board = checkerboard(mesh, size=(3, 2, 2), amplitude_am=2.0)
    cube = mesh.cube(board)
    assert set(np.unique(cube)) == {-2.0, 2.0}
    assert (cube[:, :2, :2] == 2).all()
    assert (cube[:, 2:4, :2] == -2).all()
    assert not mesh.cube(checkerboard(mesh, n_layers=1))[1:].any()
    frame, model = checkerboard_recovery(matrix, mesh, board, sigma_nt=1.0, exponent=0.5, tolerance=1e-3)
    assert model.shape == (mesh.n_cells,)
    assert frame.loc[0, "correlation"] > frame.loc[2, "correlation"]
    assert frame.loc[0, "correlation"] > 0.8


def test_a_shallow_cell_comes_back_in_its_place(body):
    mesh, _, matrix, _, _ = body
    cells = [14, 36 + 14]
    frame, models = point_spread(matrix, mesh, cells, penalty=1.0, exponent=0.5, lower=0.0, tolerance=1e-3)
    assert frame["cell"].tolist() == cells
    assert models.shape == (2, mesh.n_cells)
    assert frame.loc[0, "moment_ratio"] == pytest.approx(1, abs=0.2)
    assert abs(frame.loc[0, "deeper_m"]) < 40
    assert frame.loc[0, "spread_m"] < 100
    options = {"penalty": 1.0, "sigma_nt": 5.0, "exponent": 0.5, "lower": 0.0, "tolerance": 1e-3}
    (everywhere, all_models), (near, same) = (point_spread(matrix, mesh, [14], within=w, **options) for w in (None, 1.0))
    np.testing.assert_array_equal(all_models, same)
    assert near.loc[0, "spread_m"] < everywhere.loc[0, "spread_m"]  # what noise puts elsewhere is no image of the cell
    nothing, _ = point_spread(matrix, mesh, [14], penalty=1e9, exponent=0.5)
    assert np.isnan(nothing.loc[0, "moment_ratio"])


def test_the_map_of_recovery_has_a_row_a_fit():
    table = recovery_map((0.5,), (0.9,), ("blocks",))
    assert table[["body", "exponent", "alpha", "seed"]].to_numpy().tolist() == [["blocks", 0.5, 0.9, 0]]
    assert table.loc[0, "corr_truth"] > 0.6  # the specification's trial: .71
    assert table.loc[0, "rms_nt"] <= 5.0
