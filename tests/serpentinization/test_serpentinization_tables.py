"""Tables of slices: the embedded ones, how they are read, what is refused."""

import numpy as np
import pytest

from lib import serpentinization as sp
from lib import tables
from lib.serpentinization import embedded
from lib.tables.schema_files import DATA

STEM = "07_serpentinization_pathways"
HEADER = "sample_id,duration_h,distance_m,Srp_wt,Srp_wt_err,Tlc_wt"
ROWS = ["a,10,0.001,50,1,30", "b,10,0.002,60,1,20", "c,10,0.003,70,1,0", "d,20,0.001,50,1,30", "e,20,0.002,60,1,20",
        "f,20,0.003,70,1,-0.5"]  # fmt: skip


def faults(tmp_path, *, header=HEADER, rows=ROWS, **parameters):
    path = tmp_path / "own.csv"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return [str(f) for f in tables.check(path, STEM, parameters)]


def table(tmp_path, rows=ROWS, header=HEADER):
    path = tmp_path / "own.csv"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return tables.read(path, STEM)


def test_embedded_tables_are_made_again_bit_for_bit():
    for name, text in embedded.embedded_files().items():
        assert (DATA / name).read_text(encoding="utf-8") == text, name


@pytest.mark.parametrize("path", [f"{STEM}/artificial_profiles.csv", f"templates/{STEM}_example.csv"])
def test_embedded_tables_have_no_fault(path):
    assert tables.check(DATA / path, STEM) == []


def test_embedded_table_is_the_experiment_rounded():
    made = sp.embedded_experiment()
    read = sp.prepare(tables.read(tables.Source.embedded(STEM, "artificial_profiles")))
    assert read.design.durations == made.design.durations and read.design.amounts == "wt"
    np.testing.assert_allclose(read.design.slices, made.design.slices, atol=1e-8)
    np.testing.assert_allclose(read.data, made.data, atol=0.051)
    assert (read.error == made.noise).all()


def test_slices_reach_half_way_to_their_neighbours_and_gaps_stay_gaps(tmp_path):
    assert faults(tmp_path) == []
    read = sp.prepare(table(tmp_path, ROWS[:-1]))
    np.testing.assert_allclose(read.design.slices[0], [0.0005, 0.0015])
    np.testing.assert_allclose(read.design.slices[-1], [0.0025, 0.0035])
    assert read.design.length == pytest.approx(0.0035)
    assert np.isnan(read.data[-2:]).all() and read.samples[-1] == ""  # the third slice of the second run
    assert np.isnan(read.error[1]) and read.error[0] == 1


def test_thickness_wins_and_length_is_kept(tmp_path):
    rows = [f"{row},0.0005" for row in ROWS]
    read = sp.prepare(table(tmp_path, rows, HEADER + ",thickness_m"), length_m=0.01)
    np.testing.assert_allclose(read.design.slices[0], [0.00075, 0.00125])
    assert read.design.length == 0.01


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"rows": ROWS[:4]}, "the run of 20 h has 1 slice"),
        ({"rows": [f"{row},0.0015" for row in ROWS], "header": HEADER + ",thickness_m"}, "overlaps that of row 2"),
        ({"rows": [*ROWS, "g,20,0.003,1,1,1"]}, "has a slice at this distance in row 7 too"),
        ({"rows": ["a,0,0.001,50,1,30", *ROWS[1:]]}, "a duration must be above zero"),
        ({"rows": ["a,10,0.001,90,1,30", *ROWS[1:]]}, "add up to 120.0 wt%"),
        ({"header": HEADER.replace("Tlc_wt", "Tlc_ratio")}, "given in ratio and wt"),
        ({"header": HEADER.replace("Tlc", "Mgs")}, "no candidate makes or consumes Mgs"),
        ({"length_m": 0.002}, "beyond the column"),
        ({"candidates": ["R3", "R77"]}, "no candidate 'R77'"),
        ({"candidates": ["R2"], "header": HEADER}, "no candidate makes or consumes Tlc"),
    ],
)
def test_every_fault_says_what_to_do(tmp_path, change, message):
    assert any(message in text for text in faults(tmp_path, **change))


def test_network_file_of_ones_own_is_checked_with_the_table(tmp_path):
    from lib.kinetics import write_template

    network = write_template(tmp_path / "mine.toml", sp.pathway_network(("R3", "R4")))
    assert faults(tmp_path, network_path=str(network)) == []
    network.write_text(network.read_text().replace("3 Fo + C + 4 H2O -> 2 Srp", "3 Fo + 4 H2O -> 2 Srp"))
    assert any("'R3'" in text and "Si" in text for text in faults(tmp_path, network_path=str(network)))


def test_the_example_network_is_that_of_the_case_in_hours():
    path = DATA / STEM / "example_network.toml"
    read, own = sp.candidate_network(path), sp.candidate_network(duration=1000.0)
    assert read.names == own.names and read.rate_scale == pytest.approx(own.rate_scale)
    assert read.reference == pytest.approx(own.reference) and not read.balance()
    table = tables.read(tables.Source.embedded("templates", f"{STEM}_example"))
    assert sp.check_table(table, {"network_path": str(path)}) == []


def test_more_candidates_than_can_be_fitted_are_refused_before_anything_runs(tmp_path):
    from lib.kinetics import write_template

    path = write_template(tmp_path / "many.toml", sp.pathway_network())
    head, *reactions = path.read_text().split("[[reaction]]")
    more = [block.replace('name = "R', f'name = "R{i}') for i in range(3) for block in reactions]
    path.write_text("[[reaction]]".join([head, *more]))
    found = faults(tmp_path, network_path=str(path))
    assert any("18 candidates, which make 262144 networks" in text and "at most 14" in text for text in found)
