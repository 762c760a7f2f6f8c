"""Own tables: what cannot be analysed is refused before anything runs, with what to do."""

import numpy as np
import pytest

from lib import discrimination as d
from lib import tables
from lib.tables.schema_files import DATA

STEM = d.STEM
EXAMPLE = DATA / "templates" / f"{STEM}_example.csv"
SAND = DATA / STEM / "artificial_detrital.csv"


@pytest.fixture
def own(tmp_path):
    """Write a table of grains of the classes given, three elements, and return its path."""

    def make(classes, change=None, header="sample_id,class,group,La_ppm,Eu_ppm,Yb_ppm"):
        rng = np.random.default_rng(len(classes))
        cells = [[f"g{i}", c, f"rock{i % 4}", *(f"{v:.1f}" for v in rng.uniform(10, 20, 3))] for i, c in enumerate(classes)]
        if change:
            change(cells)
        path = tmp_path / "own.csv"
        path.write_text("\n".join([header, *(",".join(row) for row in cells)]) + "\n")
        return path

    return make


def faults(path, **parameters):
    return [str(f) for f in tables.check(path, STEM, parameters=parameters)]


AB = ["granite"] * 12 + ["gneiss"] * 12


def test_the_tables_of_the_case_are_sound():
    assert faults(EXAMPLE) == [] and faults(DATA / STEM / "artificial_monazite.csv", detrital_path=str(SAND)) == []
    assert faults(EXAMPLE, detrital_path=str(SAND), cv="grouped", max_size=3, exclude=["Th"], ratios=["Eu/Gd"]) == []


def test_a_table_without_classes_or_with_one_is_refused(own):
    assert "all 24 grains with a class are 'granite'" in faults(own(["granite"] * 24))[0]
    (found,) = faults(own([""] * 24))
    assert "no grain has a class" in found and "detrital_path" in found
    (found,) = faults(own(AB, header="sample_id,reference,group,La_ppm,Eu_ppm,Yb_ppm"))
    assert "no grain has a class" in found


def test_a_class_smaller_than_the_folds_is_told_what_to_do(own):
    (found,) = faults(own(["granite"] * 20 + ["gneiss"] * 4))
    assert "class 'gneiss' has 4 usable grains, fewer than the 10 folds" in found and "set n_folds to 4 or less" in found
    assert faults(own(["granite"] * 20 + ["gneiss"] * 4), n_folds=4) == []
    (found,) = faults(own(["granite"] * 20 + ["gneiss"]))
    assert "1 usable grains" in found and "n_folds to 1" not in found


def test_gaps_count_where_they_cost_grains(own):
    def below(cells):
        for row in cells[12:17]:
            row[4] = "<2"

    (found,) = faults(own(AB, below), min_measured=0.5)
    assert "class 'gneiss' has 7 usable grains (5 of 24 grains left out: no value in Eu 5" in found
    assert faults(own(AB, below), below="lod/sqrt2") == []

    def all_of_one(cells):
        for row in cells[12:]:
            row[4] = ""

    (found,) = faults(own(AB, all_of_one), min_measured=0.1)
    assert "only 'granite' has grains with a value in every element used" in found and "exclude the elements" in found


def test_zeros_and_negative_contents_are_refused_cell_by_cell(own):
    def wrong(cells):
        cells[0][3], cells[5][5] = "0", "-3"

    found = faults(own(AB, wrong))
    assert (
        len(found) == 2
        and "row 2, column La_ppm" in found[0]
        and "exactly zero" in found[0]
        and "row 7, column Yb_ppm" in found[1]
    )
    table = tables.read(own(AB), STEM)
    table.frame.loc[3, "La_ppm"] = 0.0  # a table that was not read from a file
    (fault,) = d.check_table(table)
    assert fault.row == 5 and "write '<limit' if it was below detection" in fault.message


def test_constant_elements_and_two_spellings_are_noticed(own):
    def flat(cells):
        for row in cells:
            row[3] = "7"

    (found,) = faults(own(AB, flat))
    assert "La is the same in all 24 grains" in found
    (found,) = faults(own([*AB, *["Granite "] * 12]))
    assert "'Granite' (12 grains) and 'granite' (12) differ in spelling only" in found


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"exclude": ["Ybb"]}, r"parameter exclude names Ybb (is Yb meant?)"),
        ({"features": ["La", "Lu"]}, "parameter features names Lu"),
        ({"ratios": ["Th/Yb"]}, "parameter ratios names Th"),
        ({"choose": ["La", "Ce"]}, "parameter choose names Ce"),
        ({"cv": "groupd"}, "parameter cv = 'groupd' is not known (is grouped meant?)"),
        ({"below": "half"}, "parameter below = 'half' is not known"),
        ({"n_folds": 1}, "at least 2 are needed"),
    ],
)
def test_unknown_words_are_named_with_the_nearest(own, parameters, expected):
    (found,) = faults(own(AB), **parameters)
    assert expected in found


def test_groups_must_be_named_and_two_a_class(own):
    def one_group(cells):
        for row in cells[:12]:
            row[2] = "pluton"

    (found,) = faults(own(AB, one_group), cv="grouped")
    assert "all grains of class 'granite' are of one group" in found and faults(own(AB, one_group)) == []
    (found,) = faults(own(AB, header="sample_id,class,reference,La_ppm,Eu_ppm,Yb_ppm"), cv="leave-group-out")
    assert "needs the column group" in found
    found = faults(own(AB, lambda cells: cells[3].__setitem__(2, "")))
    assert len(found) == 1 and "row 5, column group" in found[0]


def test_a_search_that_takes_too_long_names_what_would_fit():
    table, short = d.make_grains(np.random.default_rng(0), n_samples=20, n_grains=100).table(), {"max_minutes": 1}
    assert d.check_table(table) == []
    (found,) = d.check_table(table, short)
    assert "16 elements make 65,535 subsets of 1 to 16" in found and "exchange_search" in found
    fits = int(found.partition("at most ")[2].split()[0])
    assert 2 <= fits < 16 and d.check_table(table, short | {"max_size": fits}) == []
    assert d.check_table(table, short | {"max_size": fits + 1}) and d.check_table(table, short | {"sizes": [1, fits]}) == []
    assert d.check_table(table, short | {"n_jobs": 16}) == []


def test_the_estimate_follows_the_counts_of_subsets_grains_and_folds():
    one = d.estimated_seconds(1, 1000, 2, 10)
    assert d.estimated_seconds(5, 1000, 2, 10, (1, 1)) == pytest.approx(5 * one)
    assert (
        d.estimated_seconds(1, 2000, 2, 5) == pytest.approx(one) and d.estimated_seconds(1, 1000, 2, 10, n_jobs=2) == one / 2
    )
    assert d.estimated_seconds(1, 1000, 3, 10) > one
    # the goal of this case: all subsets of 16 elements, 500 grains, under a minute on two cores
    assert 3 < d.estimated_seconds(16, 500, 3, 10, n_jobs=2) < 60


def test_faults_of_the_second_table_carry_its_own_name_and_line(own, tmp_path):
    sand = tmp_path / "sand.csv"
    sand.write_text("sample_id,La_ppm,Eu_ppm,Yb_ppm\na,1,2,3\nb,0,2,3\n")
    (found,) = faults(own(AB), detrital_path=str(sand))
    assert "sand.csv: row 3, column La_ppm" in found
    sand.write_text("sample_id,La_ppm,Eu_ppm\na,1,2\n")
    (found,) = faults(own(AB), detrital_path=str(sand))
    assert (
        "sand.csv" in found and "no column of Yb" in found and faults(own(AB), detrital_path=str(sand), exclude=["Yb"]) == []
    )
    sand.write_text("sample_id,La_ppm,Eu_ppm,Yb_ppm\na,1,2,\nb,,2,3\n")
    (found,) = faults(own(AB), detrital_path=str(sand))
    assert "sand.csv" in found and "no grain has a value" in found


def test_a_class_in_the_second_table_is_not_looked_at_and_unknown_grains_stay_in_one_place(own, tmp_path):
    sand = tmp_path / "sand.csv"
    sand.write_text("sample_id,class,La_ppm,Eu_ppm,Yb_ppm\na,something else,1,2,3\n")
    assert faults(own(AB), detrital_path=str(sand)) == []
    (found,) = faults(own([*AB, "", ""]), detrital_path=str(sand))
    assert "2 grains of the table have no class" in found and faults(own([*AB, "", ""])) == []
    (found,) = faults(own(["granite"] * 24), detrital_path=str(sand))
    assert "at least two sources" in found
