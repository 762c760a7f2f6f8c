"""A reader's own priors and blocks are read, and what cannot be understood is named."""

import pytest

from lib.isocon.choices import read_choices


def test_priors_and_blocks_are_read(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text("element,p_immobile,block\nZr,0.9,zircon\nHf,,zircon\nK2O,0.1,\n")
    assert read_choices(path) == ({"Zr": 0.9, "K2O": 0.1}, {"zircon": ["Zr", "Hf"]})
    path.write_text("element,block\nLa,REE\nCe,REE\n")
    assert read_choices(path) == (None, {"REE": ["La", "Ce"]})


def test_all_faults_are_named_with_their_rows(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text("element,p_immobile\nZr,1\nZr,0.5\nTi,often\n,0.5\n")
    with pytest.raises(ValueError, match=r"(?s)row 2.*'1' is not.*row 3.*twice.*row 4.*'often'.*row 5.*empty"):
        read_choices(path)
    path.write_text("name,prior\nZr,0.5\n")
    with pytest.raises(ValueError, match="expected the columns element"):
        read_choices(path)


def test_a_faulty_file_is_refused_before_a_run(tmp_path):
    from lib import tables
    from lib.isocon import check_table

    table = tables.read(tables.Source.embedded("02_alteration_isocon", "grant2005"))
    path = tmp_path / "mine.csv"
    path.write_text("element,p_immobile\nZr,2\n")
    assert any("'2' is not a probability" in str(fault) for fault in check_table(table, {"elements_path": str(path)}))
    assert not check_table(table, {"elements_path": ""})
