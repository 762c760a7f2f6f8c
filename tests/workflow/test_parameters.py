"""Parameters: the cell is the only declaration, and what does not fit it is refused before a kernel starts."""

import pytest

from lib.workflow import parameters
from lib.workflow.paths import UsageError, resolve_case, stems

SLOPE = "slope = 2.0  # km/h; 0 to 10; steepness"


def test_the_cell_is_read_with_unit_range_and_meaning(cell):
    found = parameters.declared("x", cell(SLOPE, 'mode = "full"  # word; one of full, quick; size, a = b'))
    assert list(found) == ["slope", "mode"]
    assert (found["slope"].unit, found["slope"].allowed, found["slope"].default) == ("km/h", "0 to 10", 2.0)
    assert found["mode"].meaning == "size, a = b"  # papermill's inspection loses a comment that holds "="


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("double = 2 * slope  # 1; any; derived", "must be a literal"),
        ("slope = 2.0", "needs a comment"),
        ("slope = 2.0  # 1; 3 to 4; outside", "breaks its own rule"),
        ("slope = 2.0  # 1; about 3; vague", "is not 'low to high'"),
        ("import os", "only lines"),
    ],
)
def test_a_cell_that_could_mislead_is_refused(cell, line, words):
    with pytest.raises(UsageError, match=words):
        parameters.declared("x", cell(line))


def test_exactly_one_parameters_cell(cell):
    with pytest.raises(UsageError, match="found 0"):
        parameters.declared("x", "# %%\n1\n")
    with pytest.raises(UsageError, match="found 2"):
        parameters.declared("x", cell(SLOPE) + cell(SLOPE))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"slop": 3.0}, "unknown parameter 'slop'; did you mean slope"),
        ({"slope": "3"}, "expected float, got str '3'"),
        ({"slope": True}, "expected float, got bool"),
        ({"n_jobs": 1.5}, "expected int, got float"),
        ({"slope": 11.0}, "11.0 is outside 0 to 10"),
        ({"slope": float("nan")}, "outside 0 to 10"),
        ({"mode": "qick"}, "did you mean quick"),
        ({"data_path": "nowhere.csv"}, "no file .*nowhere.csv"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_with_the_reason(toy, given, words):
    with pytest.raises(UsageError, match=words):
        parameters.effective("99_toy", given)


def test_all_faults_are_told_at_once(toy):
    with pytest.raises(UsageError) as caught:
        parameters.effective("99_toy", {"slop": 1, "slope": 99, "mode": "x"})
    assert str(caught.value).count("99_toy:") == 3


def test_whole_numbers_pass_for_floats_and_files_become_absolute(toy, tmp_path):
    (tmp_path / "my.csv").write_text("a")
    values = parameters.effective("99_toy", {"slope": 3, "data_path": "my.csv"}, base=tmp_path)
    assert values["slope"] == 3.0
    assert isinstance(values["slope"], float)
    assert values["data_path"] == str(tmp_path / "my.csv")


def test_text_of_the_command_line_follows_the_type_of_the_default(toy):
    known = parameters.declared("99_toy")
    assert parameters.parse_value(known["slope"], "1e-3") == 1e-3
    assert parameters.parse_value(known["mode"], "3") == "3"
    assert parameters.parse_value(known["n_jobs"], "two") == "two"  # then refused by type, with the reason


def test_a_case_answers_to_stem_number_and_part(toy):
    assert {resolve_case(name) for name in ("99_toy", "99", "toy", "notebooks/99_toy.py")} == {"99_toy"}
    with pytest.raises(UsageError, match=r"did you mean 99_toy"):
        resolve_case("99_toi")


@pytest.mark.parametrize("stem", stems())
def test_every_notebook_declares_the_common_parameters(stem):
    found = parameters.declared(stem)
    assert {"data_path", "out_dir", "mode", "seed", "n_jobs"} <= set(found)
    assert all(parameter.meaning for parameter in found.values())
    assert "slope" not in found
    assert parameters.table(stem).count("\n") == len(found)
