"""Grains: logarithms, gaps kept apart, codes of classes and groups."""

import numpy as np
import pytest

from lib import tables
from lib.discrimination import Grains, prepare

STEM = "04_monazite_discrimination"
TEXT = """sample_id,class,group,La_ppm,Eu_ppm,Yb_ppm,Th_ppm,U_ppm
a1,granitic,G1,1000,10,4,60000,2000
a2,granitic,G1,1200,11,<2,61000,2100
a3,metamorphic,M1,900,90,1,30000,9000
a4,metamorphic,M1,950,95,1.5,31000,9100
a5,,S1,980,,1.2,31000,9100
a6,,S1,980,40,1.2,31000,9100
"""


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "grains.csv"
    path.write_text(TEXT)
    return tables.read(path, STEM)


def test_contents_become_logarithms_and_incomplete_grains_are_named(table):
    grains = prepare(table, min_measured=0.5)
    assert grains.names == ("La", "Eu", "Yb", "Th", "U")
    assert grains.samples == ("a1", "a3", "a4", "a6")
    assert grains.rows.tolist() == [0, 2, 3, 5]
    np.testing.assert_allclose(grains.x[0], np.log10([1000, 10, 4, 60000, 2000]), rtol=1e-12)
    assert grains.classes == ("granitic", "metamorphic")
    assert grains.codes.tolist() == [0, 1, 1, -1]
    assert grains.labels == ("granitic", "metamorphic", "metamorphic", "")
    assert grains.counts == {"granitic": 1, "metamorphic": 2}
    assert "2 of 6 grains left out" in grains.notes[0]
    lost = grains.dropped.set_index("feature")
    assert lost.loc["Eu", "not_analysed"] == 1 and lost.loc["Eu", "below"] == 0
    assert lost.loc["Yb", "below"] == 1 and lost.loc["Yb", "not_analysed"] == 0


def test_cells_below_detection_take_a_share_of_their_limit(table):
    grains = prepare(table, below="lod/sqrt2", min_measured=0.5)
    assert grains.samples == ("a1", "a2", "a3", "a4", "a6")
    assert grains.values[1, 2] == pytest.approx(2 / np.sqrt(2))
    assert grains.below.sum() == 1 and grains.below[1, 2]
    assert any("1 cells below detection" in note for note in grains.notes)


def test_elements_measured_in_too_few_grains_are_left_out(table):
    grains = prepare(table)
    assert grains.names == ("La", "Th", "U")
    assert "Eu (83%)" in grains.notes[0] and "Yb (83%)" in grains.notes[0]
    assert len(grains.x) == 6


def test_ratios_are_differences_of_logarithms(table):
    grains = prepare(table, features=["La", "Th", "U"], ratios=["Th/U"])
    assert grains.names[-1] == "Th/U" and grains.units[-1] == "ratio"
    np.testing.assert_allclose(grains.x[:, 3], grains.x[:, 1] - grains.x[:, 2], atol=1e-15)


def test_another_table_is_prepared_alike(table):
    known = prepare(table, features=["U", "La"], ratios=["Th/U"])
    again = prepare(table, like=known)
    assert again.names == known.names
    np.testing.assert_array_equal(again.x, known.x)


def test_units_agree():
    def read(text, tmp):
        tmp.write_text(text)
        return prepare(tables.read(tmp, STEM))

    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory() as folder:
        one = read("sample_id,class,La_ppm,Th_ppm\na,g,1000,2000\nb,m,10,20000\n", Path(folder) / "one.csv")
        two = read("sample_id,class,La_ppb,Th_wt\na,g,1000000,0.2\nb,m,10000,2\n", Path(folder) / "two.csv")
    np.testing.assert_allclose(one.x, two.x, atol=1e-12)


def test_arrays_give_the_same_grains(table):
    grains = prepare(table, features=["La", "U"])
    again = Grains.from_arrays(grains.values, grains.names, grains.labels, groups=grains.groups)
    np.testing.assert_allclose(again.x, grains.x, atol=1e-14)
    assert again.codes.tolist() == grains.codes.tolist()
    assert again.group_codes.tolist() == grains.group_codes.tolist()


def test_grains_without_a_group_are_groups_of_their_own():
    grains = Grains.from_arrays(np.ones((4, 1)), ["La"], [0, 0, 1, 1], groups=["r", "r", "", ""])
    codes = grains.group_codes
    assert codes[0] == codes[1] and len(set(codes)) == 3
    assert Grains.from_arrays(np.ones((2, 1)), ["La"], [0, 1]).group_codes is None


def test_taking_rows_and_features_keeps_everything_aligned(table):
    grains = prepare(table, min_measured=0.5).take(rows=[2, 0], features=["U", "La"])
    assert grains.samples == ("a4", "a1") and grains.names == ("U", "La")
    np.testing.assert_allclose(grains.values, [[9100, 950], [2000, 1000]])


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda t: prepare(t, features=["La", "Eu", "Ybb"]), "is Yb meant"),
        (lambda t: prepare(t, below="zero"), "lod/sqrt2"),
        (lambda t: prepare(t, ratios=["ThU"]), "such as Th/U"),
        (lambda t: prepare(t, classes=["granitic", "metamorphc"]), "is 'metamorphc' meant"),
        (lambda t: Grains.from_arrays([[1.0, 0.0]], ["La", "Eu"], ["a"]), "row 0, Eu"),
        (lambda t: Grains.from_arrays([[1.0, 2.0]], ["La"], ["a"]), "one column a feature"),
        (lambda t: Grains.from_arrays([[1.0]], ["La"], [2], classes=["a", "b"]), "outside -1 to 1"),
    ],
)
def test_refusals_say_what_to_do(table, call, said):
    with pytest.raises(ValueError, match=said):
        call(table)
