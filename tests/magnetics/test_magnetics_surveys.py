"""Surveys: artificial ones with their truth, flight lines and their medians, the external ones where they are here."""

import numpy as np
import pandas as pd
import pytest

from lib import magnetics as mg
from lib import tables


def test_bodies_are_those_of_the_evaluation_and_of_tuning():
    made = {name: mg.artificial_body(name, noise_nt=0.0) for name in mg.BODIES}
    assert {name: int((p.truth > 0).sum()) for name, p in made.items()} == {
        "blocks": 81, "blocks_island": 81, "dyke": 78, "dyke_flat": 78, "tuning": 69, "tuning_island": 69,
    }  # fmt: skip
    # depths that the specification states: 350 and 412 m
    assert made["blocks"].centroid_depth_m == pytest.approx(350)
    assert made["dyke"].centroid_depth_m == pytest.approx(412, abs=0.5)
    tuning = made["tuning"].truth > 0
    for name in ("blocks", "dyke"):
        overlap = (tuning & (made[name].truth > 0)).sum() / (tuning | (made[name].truth > 0)).sum()
        assert overlap < 0.15 and made[name].truth.max() != made["tuning"].truth.max()
    np.testing.assert_array_equal(made["blocks"].survey.anomaly_nt, made["blocks"].clean_nt)


def test_noise_is_that_of_the_seed():
    clean, a, b, again = (
        mg.artificial_body("blocks", noise_nt=n, seed=s).survey.anomaly_nt for n, s in ((0, 0), (5, 1), (5, 2), (5, 1))
    )
    np.testing.assert_array_equal(a, again)
    assert 4.5 < np.std(a - clean) < 5.5 and not np.array_equal(a, b)
    with pytest.raises(ValueError, match="no artificial body 'sphere'; known: blocks"):
        mg.artificial_body("sphere")


def test_columns_fall_off_with_depth_as_stated():
    norms = np.linalg.norm(mg.artificial_body("blocks_island").sensitivity(), axis=0).reshape(10, -1).mean(axis=1)
    assert norms[0] / norms[-1] == pytest.approx(54, abs=0.5)  # the specification's trial


def test_island_is_a_uniform_edifice_but_for_its_conduit():
    island = mg.artificial_island(quick=True, noise_nt=0.0)
    ground = island.terrain.at(island.survey.easting_m, island.survey.northing_m)
    assert 100 < island.terrain.height_m.max() < 200 and island.terrain.height_m.min() < -300
    assert (island.survey.height_m > np.maximum(ground, 0) + 80).all()
    changed = island.truth != island.reference
    assert 0 < changed.sum() < 0.03 * changed.size and (island.truth[changed] == 1).all()
    fit = mg.uniform_fit(island.sensitivity(), island.clean_nt, outside_nt=mg.surroundings_response(island))
    assert fit.magnetization_a_m == pytest.approx(8.0, rel=0.12)  # the true edifice goes on further than is assumed
    np.testing.assert_allclose(fit.predicted_nt + fit.residual_nt, island.clean_nt, atol=1e-9)
    # what a uniform edifice cannot explain is measured above the conduit
    middle = np.hypot(island.survey.easting_m - 90, island.survey.northing_m - 60) < 500
    assert np.std(fit.residual_nt[middle]) > 4 * np.std(fit.residual_nt[~middle])


def test_uniform_fit_passes_over_stations_that_it_cannot_explain():
    rng = np.random.default_rng(3)
    matrix = rng.uniform(0, 2, (60, 4))
    data = 5 * matrix.sum(axis=1) - 7
    data[:8] -= 300
    fit = mg.uniform_fit(matrix, data)
    assert (fit.magnetization_a_m, fit.level_nt) == (pytest.approx(5, abs=1e-3), pytest.approx(-7, abs=0.01))
    assert mg.uniform_fit(matrix, data, rounds=1).level_nt < -20


def test_medians_never_mix_lines_and_follow_the_flight():
    n = 400
    along = np.concatenate([np.linspace(0, 3990, n), np.linspace(3990, 0, n)])
    north = np.concatenate([np.zeros(n), np.full(n, 30.0)])
    value = np.where(north > 0, 1000.0, 0.0) + along
    value[5] = 1e6  # one wild reading does not move a median
    survey = mg.Survey(along, north, np.full(2 * n, 80.0), value, np.repeat(["east", "west"], n))
    blocks = mg.block_median(survey, 100.0)
    assert blocks.lines == ("east", "west") and blocks.n == 80
    assert set(blocks.northing_m[blocks.line == "east"]) == {0.0} and set(blocks.northing_m[blocks.line == "west"]) == {30.0}
    assert (np.diff(blocks.easting_m[:40]) > 0).all() and (np.diff(blocks.easting_m[40:]) < 0).all()
    np.testing.assert_allclose(blocks.anomaly_nt - blocks.easting_m, np.repeat([0.0, 1000.0], 40), atol=10.0)
    with pytest.raises(ValueError, match="block_m is 0"):
        mg.block_median(survey, 0)


def test_local_metres_are_those_of_the_radii_of_curvature():
    lon, lat = 140.5718, -22.0942
    a, e2 = 6378137.0, 6.69437999014e-3
    w = 1 - e2 * np.sin(np.radians(lat)) ** 2
    meridian, prime = a * (1 - e2) / w**1.5, a / w**0.5
    steps = np.radians([0.01, 0.02])
    east, north = mg.local_metres([lon + 0.02, lon, lon + 0.02], [lat, lat + 0.01, lat + 0.01], 0.0, (lon, lat, 0.0))
    assert east[0] == pytest.approx(prime * np.cos(np.radians(lat)) * steps[1], rel=1e-6)
    assert north[1] == pytest.approx(meridian * steps[0], rel=1e-6)
    # parallels are curved: due east along one, a place lies poleward of the straight line by E^2 tan(lat) / 2N
    assert north[0] == pytest.approx(east[0] ** 2 * np.tan(np.radians(lat)) / (2 * prime), rel=1e-4)
    assert mg.local_metres(lon, lat, 300.0, (lon, lat, 300.0)) == (pytest.approx(0, abs=1e-8), pytest.approx(0, abs=1e-8))
    with pytest.raises(ValueError, match="more than 1 degree from the origin"):
        mg.local_metres([lon], [lat + 3], 0.0, (lon, lat, 0.0))


def test_trend_is_taken_from_the_rim():
    grid = mg.station_grid(np.linspace(0, 1000, 21), np.linspace(0, 800, 17), 50.0)
    body = 300 * np.exp(-((grid.easting_m - 500) ** 2 + (grid.northing_m - 400) ** 2) / 100**2)
    plane = 20 + 0.01 * grid.easting_m - 0.02 * grid.northing_m
    left, trend = mg.without_trend(grid.with_anomaly(plane + body), degree=1)
    np.testing.assert_allclose(trend, plane, atol=0.01)
    np.testing.assert_allclose(left.anomaly_nt, body, atol=0.01)
    assert np.ptp(mg.without_trend(grid.with_anomaly(plane), degree=0)[1]) == 0


def test_osborne_reader_cuts_a_square_and_keeps_lines(tmp_path):
    step = 1e-4
    lon, row = np.meshgrid(np.arange(-60, 61) * step, np.arange(-3, 4) * 20 * step)
    value = np.round(1000 * np.exp(-(lon**2 + row**2) / 0.002**2)).ravel()
    frame = pd.DataFrame({
        "flight_line": (1000 + np.indices(lon.shape)[0]).ravel(), "longitude": 140.0 + lon.ravel(),
        "latitude": -22.0 + row.ravel(), "height_orthometric_m": 300, "total_field_anomaly_nt": value,
    })  # fmt: skip
    frame.to_csv(tmp_path / "survey.csv", index=False)
    read = mg.read_osborne(tmp_path / "survey.csv", half_width_m=350, block_m=0)
    assert read.lines == ("1002", "1003", "1004") and read.n == 3 * 67  # 10.3 m a step of longitude, 221 m between lines
    assert read.anomaly_nt[np.hypot(read.easting_m, read.northing_m).argmin()] == 1000
    assert mg.read_osborne(tmp_path / "survey.csv", half_width_m=350).n == 3 * 7
    frame.drop(columns="longitude").to_csv(tmp_path / "other.csv")
    with pytest.raises(ValueError, match="has no column longitude; expected flight_line"):
        mg.read_osborne(tmp_path / "other.csv")


def test_osborne_survey_where_it_is_here():
    source = tables.locate(mg.OSBORNE_KEY)
    if source is None:
        pytest.skip("external data not here")
    survey = mg.read_osborne(source)
    assert survey.n == 1491 and len(survey.lines) == 26
    largest = survey.anomaly_nt.argmax()
    assert survey.line[largest] == "5676" and np.hypot(survey.easting_m[largest], survey.northing_m[largest]) < 100
    problem = mg.osborne_problem(survey)
    assert problem.survey.height_m.min() > problem.mesh.top.max() + 25 and abs(np.median(problem.survey.anomaly_nt)) < 200


def test_three_blocks_are_read_as_their_author_meant_where_they_are_here():
    sources = [tables.locate(key) for key in mg.BLOCKS_KEYS]
    if None in sources:
        pytest.skip("external data not here")
    blocks = mg.read_blocks(*sources)
    assert blocks.mesh.shape == (25, 50, 50) and blocks.survey.n == 2500 and sorted(set(blocks.truth)) == [0, 0.5, 1, 1.5]
    noise = (blocks.survey.anomaly_nt - blocks.clean_nt).reshape(50, 50)
    # what the true model leaves is noise: small, and no more alike between neighbours than chance (2500 ** -0.5 = 0.02) allows
    assert blocks.noise_nt == pytest.approx(0.573, abs=0.001) and np.std(blocks.survey.anomaly_nt) > 8
    for a, b in ((noise[1:], noise[:-1]), (noise[:, 1:], noise[:, :-1])):
        assert abs(np.corrcoef(a.ravel(), b.ravel())[0, 1]) < 0.08
    kernel = blocks.operator()
    assert kernel.kind == "shared" and kernel.nbytes < 3e6
