"""All faults at once: the case's check also runs on what could be read of a faulty table; isotope ratios are carried."""

from dataclasses import replace

import numpy as np
import pytest

from lib import isocon, tables
from lib.tables import faults as faults_module

STEM = "02_alteration_isocon"
HEAD = "sample_id,role,group,SiO2_wt,Al2O3_wt,CaO_wt,Na2O_wt,La_ppm"
ROWS = ["a,fresh,A,50,15,10,3,5", "b,altered,A,48,16,4,2,6", "c,altered,B,48,16,4,2,6"]


def write(tmp_path, head=HEAD, rows=ROWS):
    path = tmp_path / "mine.csv"
    path.write_text("\n".join([head, *rows]))
    return path


def found(tmp_path, head=HEAD, rows=ROWS):
    return [(f.row, f.column, f.message) for f in tables.check(write(tmp_path, head, rows), STEM)]


NO_FRESH = "group 'B': no fresh sample"


def test_faults_of_cells_and_of_the_case_come_in_one_report(tmp_path):
    report = found(tmp_path, rows=[ROWS[0], ROWS[1].replace("16", "n.d."), ROWS[2]])
    assert [(row, column) for row, column, _ in report] == [(None, None), (3, "Al2O3_wt")]
    assert report[0][2].startswith(NO_FRESH)


@pytest.mark.parametrize(
    ("rows", "place"),
    [
        ([ROWS[0], ROWS[1].replace("altered", "what"), *ROWS[1:2]], (3, "role")),  # c may be fresh or altered
        ([ROWS[0], "b,,A,48,16,4,2,6"], (3, "role")),
        ([ROWS[0], "b,altered,,48,16,4,2,6"], (3, "group")),
        ([ROWS[0].replace("fresh,A", "fresh,"), ROWS[1]], (2, "group")),
        ([ROWS[0], "b,altered,A,48,x,4,2,6"], (3, "Al2O3_wt")),
        ([ROWS[0], ROWS[1].replace("altered", "fresh")], (None, "role")),
    ],
)
def test_what_only_follows_from_a_faulty_cell_is_left_out(rows, place, tmp_path):
    rows = [rows[0], *(r.replace("b,", f"{'bcd'[i]},", 1) for i, r in enumerate(rows[1:]))]
    assert [(row, column) for row, column, _ in found(tmp_path, rows=rows)] == [place]


def test_a_word_that_is_nearly_right_counts_as_that_word(tmp_path):
    report = found(tmp_path, rows=[*ROWS[:2], ROWS[2].replace("altered", "Altered")])
    assert [row for row, *_ in report] == [None, 4] and report[0][2].startswith(NO_FRESH)


def test_a_count_in_a_message_takes_the_faulty_cells_as_filled(tmp_path):
    head, rows = HEAD + ",Zr_ppm", ["a,fresh,A,50,15,10,3,,", "b,altered,A,48,x,4,2,6,90"]
    texts = [text for *_, text in found(tmp_path, head, rows)]
    assert sum("only 4 analyte(s) measured in fresh and altered" in text for text in texts) == 1


def test_lines_and_columns_that_could_not_be_read_are_said(tmp_path):
    report = found(tmp_path, rows=[*ROWS, "d,fresh,B,1"])
    assert report[0][2].startswith(NO_FRESH) and "without the lines and columns that could not be read" in report[0][2]
    assert report[1][0] == 5
    report = found(tmp_path, HEAD.replace("role", "rule"))
    assert {column for _, column, _ in report} == {"rule", "role"}  # nothing to check without the roles


def test_an_empty_group_says_what_to_write_and_an_empty_column_is_left_out(tmp_path):
    ((_, column, message),) = found(tmp_path, rows=[ROWS[0], ROWS[1].replace(",A,", ",,")])
    assert column == "group" and "the cell is empty; write what the row belongs to, such as 'A'" in message
    table = tables.read(write(tmp_path, rows=[row.replace(",A,", ",,") for row in ROWS[:2]]), STEM)
    assert "group" not in table.frame and any("group is empty in every row" in note for note in table.notes)


def case_check(monkeypatch, function):
    monkeypatch.setattr(faults_module, "case_check", function, raising=False)
    return replace(tables.load_schema(STEM), check="lib.tables.faults:case_check")


def test_a_case_check_may_fail_on_a_partly_read_table_only(tmp_path, monkeypatch):
    def stumble(table):
        raise KeyError("La_ppm")

    schema = case_check(monkeypatch, stumble)
    path = write(tmp_path, rows=[ROWS[0], ROWS[1].replace("16", "x")])
    assert [f.value for f in tables.check(path, schema)] == ["x"]
    with pytest.raises(KeyError):
        tables.check(write(tmp_path, rows=ROWS[:2]), schema)


def test_faults_that_are_there_already_do_not_come_again(tmp_path, monkeypatch):
    schema = case_check(
        monkeypatch, lambda t: [t.fault(1, "Al2O3_wt", "odd"), t.fault(0, "La_ppm", "odd"), "no vein", "no vein"]
    )
    report = tables.check(write(tmp_path, rows=[ROWS[0], ROWS[1].replace("16", "x")]), schema)
    assert [(f.row, f.column, f.message == "odd") for f in report] == [
        (None, None, False), (2, "La_ppm", True), (3, "Al2O3_wt", False),
    ]  # fmt: skip


def test_parameters_reach_a_check_that_takes_them(tmp_path, monkeypatch):
    schema = case_check(monkeypatch, lambda table, *, parameters=None: [f"method {parameters['method']}"])
    assert [f.message for f in tables.check(write(tmp_path, rows=ROWS[:2]), schema, {"method": "x"})] == ["method x"]
    schema = case_check(monkeypatch, lambda table: [])
    assert tables.check(write(tmp_path, rows=ROWS[:2]), schema, {"method": "x"}) == []


RATIOS = ",Sr87_Sr86_ratio,d18O_permil,Nd_eps,Nd_ppm"


def test_isotope_ratios_are_carried_and_not_analysed(tmp_path):
    rows = [ROWS[0] + ",0.7035,5.6,8.1,12", ROWS[1] + ",0.7101,-3,0,11"]
    path = write(tmp_path, HEAD + RATIOS, rows)
    assert tables.check(path, STEM) == []
    table = tables.read(path, STEM)
    assert table.units["Sr87_Sr86_ratio"] == "ratio" and table.frame["d18O_permil"].tolist() == [5.6, -3]
    data = isocon.prepare(table)
    assert list(data.elements) == ["SiO2", "Al2O3", "CaO", "Na2O", "La", "Nd"]
    np.testing.assert_allclose(np.asarray(data.c0)[-1], 12, rtol=1e-9)


def test_only_concentrations_by_mass_count_and_add_up(tmp_path):
    head = "sample_id,role,SiO2_wt,Al2O3_wt,CaO_wt,Na2O_wt,Sr87_Sr86_ratio,Nd_eps"
    report = found(tmp_path, head, ["a,fresh,50,15,10,3,0.7,5", "b,altered,50,15,10,3,0.7,5"])
    assert report == [(None, None, "4 columns of analytes hold values; at least 5 are needed (names end in _wt, _ppm, _ppb)")]
    majors = "SiO2_wt,TiO2_wt,Al2O3_wt,FeO_wt,MnO_wt,MgO_wt,CaO_wt,Na2O_wt,d18O_permil"
    row = "59,1,15,10,0.2,6,5,3,90"
    table = tables.read(write(tmp_path, "sample_id,role," + majors, [f"a,fresh,{row}", f"b,altered,{row}"]), STEM)
    assert table.warnings == []  # 99.2 wt%; with the 90 permil counted it would be a fault


def test_a_ratio_below_detection_is_refused(tmp_path):
    report = found(tmp_path, HEAD + ",Sr87_Sr86_ratio", [ROWS[0] + ",<0.7", ROWS[1] + ",0.71"])
    assert len(report) == 1 and "below detection is not allowed" in report[0][2]
