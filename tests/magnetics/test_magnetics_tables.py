"""Own data: templates, terrain files, the mesh that is made, and what is refused with which advice."""

import numpy as np
import pytest

from lib import magnetics as mg
from lib import tables
from lib.magnetics import embedded, operators
from lib.magnetics.tabular import noise_known
from lib.tables.schema_files import DATA

STEM = "08_volcano_magnetization"
DEM = DATA / "templates" / f"{STEM}_terrain_example.csv"
COLUMNS = ("easting_m", "northing_m", "height_m", "anomaly_nt", "line")


def grid(n=6):
    """A survey of n lines of n points over two dipoles, 100 m apart at 120 m."""
    survey = mg.station_grid(500000 + 100.0 * np.arange(n), 3000000 + 100.0 * np.arange(n), 120.0)
    r2 = (survey.easting_m - 500230) ** 2 + (survey.northing_m - 3000260) ** 2
    frame = survey.with_anomaly(np.round(400 / (1 + r2 / 150**2) ** 1.5 - 60)).frame()
    return frame[list(COLUMNS)]


def write(tmp_path, frame, name="own.csv"):
    frame = frame.copy()
    frame.insert(0, "sample_id", [f"p{i}" for i in range(len(frame))])
    frame.to_csv(tmp_path / name, index=False)
    return tmp_path / name


def faults(tmp_path, frame, **parameters):
    return [str(f) for f in tables.check(write(tmp_path, frame), STEM, parameters)]


def terrain_file(tmp_path, height, reach=1000.0, name="dem.csv"):
    x = np.linspace(-reach, reach, 9)
    east, north = (a.ravel() for a in np.meshgrid(500250 + x, 3000250 + x))
    rows = [f"{e},{n},{height(e, n)}" for e, n in zip(east, north, strict=True)]
    (tmp_path / name).write_text("\n".join(["easting_m,northing_m,height_m", *rows]) + "\n", encoding="utf-8")
    return str(tmp_path / name)


def test_templates_are_made_again_bit_for_bit():
    for name, text in embedded.embedded_files().items():
        assert (DATA / name).read_text(encoding="utf-8") == text, name


def test_example_has_no_fault_and_becomes_a_problem():
    example = DATA / "templates" / f"{STEM}_example.csv"
    given = {"dem_path": str(DEM), "inclination_deg": 37.37, "declination_deg": -4.56}
    assert tables.check(example, STEM, given) == []
    problem = mg.prepare(tables.read(example, STEM), **given)
    assert problem.survey.n == 144 and len(problem.survey.lines) == 12 and problem.noise_nt == 5
    assert not problem.mesh.is_flat and (problem.mesh.shape[0]) >= 4
    fit = mg.uniform_fit(problem.sensitivity(), problem.survey.anomaly_nt)
    assert fit.magnetization_a_m == pytest.approx(6.0, rel=0.15)  # 6 A/m but for the weak zone
    assert any("prisms" in note for note in problem.notes)


def test_blank_template_has_the_columns(tmp_path):
    header = (DATA / "templates" / f"{STEM}_blank.csv").read_text(encoding="utf-8")
    assert set(COLUMNS) < set(header.strip().split(","))


def test_a_plain_survey_needs_neither_lines_nor_terrain(tmp_path):
    frame = grid().drop(columns="line")
    assert faults(tmp_path, frame) == []
    problem = mg.prepare(tables.read(tmp_path / "own.csv", STEM), inclination_deg=60, declination_deg=2, ground_m=20)
    assert problem.survey.lines == ("no line names",) and problem.mesh.is_flat
    assert any("no terrain given: level ground at 20 m" in note for note in problem.notes)
    assert any("noise taken as" in note for note in problem.notes)


def change(frame, row, column, value):
    return frame.assign(**{column: frame[column].where(np.arange(len(frame)) != row, value)})


def scaled(frame, scale, east, north):
    return frame.assign(easting_m=east + (frame.easting_m - 5e5) * scale, northing_m=north + (frame.northing_m - 3e6) * scale)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda f: f.iloc[:15], "15 points: at least 20 are needed"),
        (lambda f: scaled(f, 1e-5, 140.8, 27.2), "look like degrees"),
        (lambda f: scaled(f, 1e-3, 0, 0), "kilometres times 1000"),
        (lambda f: change(f, 20, "anomaly_nt", 4000), "row 22, column anomaly_nt: a spike: +3,"),
        (lambda f: change(f, 7, "line", ""), "row 9, column line: the flight line is missing here and given in other rows"),
        (lambda f: f.assign(line=f.line.where(f.line.isin(["L01", "L02"]), "L03")), "points of several lines have one name"),
        (lambda f: change(f, 9, "height_m", -4), "row 11, column height_m: the point lies 4.0 m below level ground at 0 m"),
        (lambda f: change(f, 9, "easting_m", f.easting_m[8]), "same easting, northing and height"),
        (lambda f: f.assign(northing_m=3e6, easting_m=5e5 + 10 * np.arange(len(f)), line="a"), "on one straight line"),
        (lambda f: f.assign(height_m=[*f.height_m[:-1], np.nan]), "column height_m"),
    ],
)  # fmt: skip
def test_every_fault_of_the_points_says_what_to_do(tmp_path, spoil, message):
    found = faults(tmp_path, spoil(grid()))
    assert any(message in text for text in found), found
    assert len(found) <= 2


PLACES = {  # scale of the metres in the table, west, south
    "kilometres of a map projection": ((1e-2, 500.4), (1e-2, 3000.4), "kilometres times 1000"),
    "kilometres, wide": ((5e-2, 500.4), (5e-2, 3000.4), "kilometres times 1000"),
    "latitude first": ((1e-3, 27.2), (1e-3, 140.8), "look swapped, latitude first"),
    "five degrees": ((1e-2, 140.8), (1e-2, 27.2), "look like degrees"),
    "degrees and metres": ((1e-2, 140.8), (1.0, 3e6), "of which one, look like degrees"),
    "metres and degrees": ((1.0, 5e5), (1e-2, 27.2), "of which one, look like degrees"),
}


@pytest.mark.parametrize("place", PLACES)
def test_what_is_not_in_metres_is_refused(tmp_path, place):
    (by_east, east), (by_north, north), message = PLACES[place]
    frame = grid()
    frame = frame.assign(
        easting_m=east + (frame.easting_m - 5e5) * by_east, northing_m=north + (frame.northing_m - 3e6) * by_north
    )
    found = faults(tmp_path, frame)
    assert len(found) == 1 and message in found[0], found


@pytest.mark.parametrize("scale", [0.4, 1.0, 4.0])
def test_local_metres_that_begin_at_zero_are_metres(tmp_path, scale):
    frame = scaled(grid(), scale, 0, 0)
    assert faults(tmp_path, frame) == []


def test_level_ground_far_below_the_points_is_asked_for(tmp_path):
    high = grid().assign(height_m=1620.0)
    (found,) = faults(tmp_path, high)
    assert "points are about 1620 m above level ground at 0 m: give -p ground_m or -p dem_path" in found
    assert faults(tmp_path, high, ground_m=1500.0) == []
    assert faults(tmp_path, grid().assign(height_m=500.0)) == []  # as aeromagnetic surveys are flown
    wide = scaled(high, 20.0, 5e5, 3e6)
    assert faults(tmp_path, wide) == []  # cells of 2 km


def test_memory_is_that_of_the_analysis_and_small_kernels_pass(tmp_path):
    flat = grid()
    assert faults(tmp_path, flat, cell_m=10.0, limit_gb=0.001) == []  # points on a grid of ten cells: nothing is large
    rough = flat.assign(height_m=120.0 + np.arange(len(flat)) % 5)
    (one,), (four,) = (faults(tmp_path, rough, cell_m=10.0, limit_gb=0.001, n_jobs=n) for n in (1, 4))
    assert "36 data x" in one and "block_median" in one and "limit_gb" not in one
    assert "n_jobs" in four and "n_jobs" not in one
    assert operators.analysis_memory(1000, 5000, 2) == 8 * 1000 * 5000 * 4


def test_a_line_flown_to_and_fro_is_two_lines(tmp_path):
    frame = grid(8)
    pairs = frame.assign(line=frame.line.str[1:].astype(int).add(1).floordiv(2).astype(str))
    frame = pairs.assign(northing_m=3e6 + (pairs.northing_m - 3e6) * 0.9)
    back = frame.northing_m.rank(method="dense").astype(int) % 2 == 0
    frame = frame.assign(easting_m=frame.easting_m.where(~back, 1000700 - frame.easting_m))
    frame = frame.assign(northing_m=frame.northing_m.where(~back, frame.northing_m - 70))
    found = faults(tmp_path, frame)
    assert len(found) == 4 and all("goes to and fro" in text for text in found)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"inclination_deg": 95.0}, "parameter inclination_deg and declination_deg: (95.0, 0.0) is no inclination"),
        ({"magnetization_deg": [10.0]}, "parameter magnetization_deg"),
        ({"cell_m": 0.2}, "use cells"),
        ({"cell_m": 0.01}, "in the analysis"),
        ({"cell_m": -10.0}, "must be zero or more"),
        ({"ground_m": 130.0}, "36 of 36 points lie below level ground"),
        ({"dem_path": "nowhere.csv"}, "there is no such file"),
    ],
)
def test_every_fault_of_the_parameters_says_what_to_do(tmp_path, parameters, message):
    found = faults(tmp_path, grid(), **parameters)
    assert any(message in text for text in found), found


def test_terrain_is_read_and_held_against_the_points(tmp_path):
    path = terrain_file(tmp_path, lambda e, n: 0.1 * (e - 500000) - 0.05 * (n - 3000000))
    assert faults(tmp_path, grid(), dem_path=path) == []
    terrain = mg.read_terrain(path)
    np.testing.assert_allclose(terrain.at([500123.0], [3000321.0]), [12.3 - 16.05], atol=1e-9)  # bilinear keeps planes
    problem = mg.prepare(tables.read(tmp_path / "own.csv", STEM), inclination_deg=50, declination_deg=0, dem_path=path)
    surface = problem.mesh.interfaces_m[0]
    assert np.ptp(surface) > 30 and problem.mesh.top_detail_m is not None
    small = terrain_file(tmp_path, lambda e, n: 0.0, reach=200.0, name="small.csv")
    assert "does not cover all points" in faults(tmp_path, grid(), dem_path=small)[0]
    high = terrain_file(tmp_path, lambda e, n: 300.0, name="high.csv")
    assert "looks like the height above the ground" in faults(tmp_path, grid(), dem_path=high)[0]
    hill = terrain_file(tmp_path, lambda e, n: 250.0 if (e, n) == (500250, 3000250) else 0.0, name="hill.csv")
    found = faults(tmp_path, grid(), dem_path=hill)
    assert found and all("below the terrain" in text for text in found)


def test_scattered_terrain_is_gridded_and_bad_terrain_is_refused(tmp_path):
    rng = np.random.default_rng(4)
    east, north = rng.uniform(0, 1000, (2, 300))
    made = mg.terrain_of_points(east, north, 0.2 * east + 0.1 * north)
    np.testing.assert_allclose(made.at([300.0, 700.0], [500.0, 400.0]), [110.0, 180.0], atol=1.0)
    (tmp_path / "bad.csv").write_text("easting_m,northing_m,height_m\n1,2,3\n4,5,high\n6,7,\n", encoding="utf-8")
    with pytest.raises(tables.TableFaults) as caught:
        mg.read_terrain(tmp_path / "bad.csv")
    assert [f.row for f in caught.value.faults] == [3, 4]
    (tmp_path / "other.csv").write_text("x,y,z\n1,2,3\n", encoding="utf-8")
    with pytest.raises(tables.TableFaults, match="terrain needs the columns easting_m, northing_m, height_m"):
        mg.read_terrain(tmp_path / "other.csv")
    with pytest.raises(ValueError, match="one straight line"):
        mg.terrain_of_points(np.arange(9.0), np.arange(9.0), np.ones(9))


def test_terrain_without_data_or_off_the_earth_is_refused(tmp_path):
    def of(values):
        return terrain_file(tmp_path, lambda e, n: values.get((e, n), -40.0))

    first, last = (499250.0, 2999250.0), (501250.0, 3001250.0)
    for value, message in (
        (-9999, "no data"),
        (-32768, "no data"),
        (-999, "no data"),
        (9500, "no height on Earth"),
        (-11500, "E"),
    ):
        (fault,) = faults(tmp_path, grid(), dem_path=of({first: value}))
        assert message in fault and "row 2" in fault
    assert faults(tmp_path, grid(), dem_path=of({first: -999, last: -950})) == []  # the sea is that deep there
    many = faults(tmp_path, grid(), dem_path=terrain_file(tmp_path, lambda e, n: -9999.0))
    assert len(many) == 12 and "(69 more rows like this)" in many[-1]


def test_prepare_says_what_it_used_and_where_its_noise_is_from(tmp_path):
    default = {"inclination_deg": 37.37, "declination_deg": -4.56}
    table = tables.read(write(tmp_path, grid().assign(anomaly_nt_err=[3.0, 5.0] * 18)), STEM)
    problem = mg.prepare(table, **default, magnetization_deg=(30, 10))
    notes = "\n".join(problem.notes)
    assert problem.noise_nt == pytest.approx(np.sqrt(17)) and noise_known(problem)
    assert "inclination 37.37, declination -4.56 degrees; magnetization: inclination 30, declination 10 degrees" in notes
    assert "field direction is the default (that of Nishinoshima); give -p inclination_deg and -p declination_deg" in notes
    table = tables.read(write(tmp_path, grid()), STEM)
    path = terrain_file(tmp_path, lambda e, n: 10.0)
    problem = mg.prepare(table, inclination_deg=50, declination_deg=0, dem_path=path)
    notes = "\n".join(problem.notes)
    assert "along the field" in notes and "terrain: dem.csv" in notes and "default" not in notes
    assert "assumed, not measured" in notes and not noise_known(problem)
    assert noise_known(mg.prepare(table, **default, noise_nt=4.0))


def test_layers_grow_downwards_and_reach_the_depth():
    free = mg.layer_thickness(50.0, 900.0)
    fixed = mg.layer_thickness(50.0, 900.0, 6)
    for thickness in (free, fixed):
        assert thickness.sum() == pytest.approx(900) and (np.diff(thickness) > 0).all()
    assert free[0] <= 50 and fixed.size == 6
