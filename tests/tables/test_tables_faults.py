"""Every kind of fault is refused, with the place, the value, and what to write instead."""

import datetime
import io
from dataclasses import replace

import openpyxl
import pytest

from lib import tables
from lib.tables import faults as faults_module

STEM = "02_alteration_isocon"
HEAD = "sample_id,role,distance_m,SiO2_wt,Al2O3_wt,CaO_wt,Na2O_wt,La_ppm,La_ppm_err"
GOOD = [HEAD, "a,fresh,10,50.5,15.5,10.5,3.5,5.5,0.5", "b,altered,1,48.5,16.5,4.5,2.5,6.5,0.5"]


def faults(tmp_path, data, schema=STEM, name="mine.csv"):
    path = tmp_path / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    try:
        tables.read(path, schema)
    except tables.TableFaults as error:
        assert str(error) == "\n".join(map(str, error.faults))
        return error.faults
    return []


def cell(column, text, delimiter=","):
    """Return the good table with one cell of row 3 changed."""
    row = GOOD[2].split(",")
    row[HEAD.split(",").index(column)] = f'"{text}"' if delimiter in text else text
    return "\n".join(line.replace(",", delimiter) for line in GOOD[:2]) + "\n" + delimiter.join(row) + "\n"


def test_the_good_table_has_no_faults(tmp_path):
    assert faults(tmp_path, "\n".join(GOOD)) == []


EMPTY_OR_LIMIT = "leave empty if not analysed, write <0.05 (your detection limit) if below detection"
CELLS = [
    ("La_ppm", "n.d.", "not determined or not detected", EMPTY_OR_LIMIT),
    ("La_ppm", "nd", "not determined or not detected", EMPTY_OR_LIMIT),
    ("La_ppm", "bdl", "does not say how small", "such as <0.05"),
    ("La_ppm", "<LOD", "does not say how small", "such as <0.05"),
    ("La_ppm", "<", "does not say how small", "such as <0.05"),
    ("La_ppm", "-", "is not a number", EMPTY_OR_LIMIT),
    ("La_ppm", "n/a", "is not a number", EMPTY_OR_LIMIT),
    ("La_ppm", "NA", "is not a number", EMPTY_OR_LIMIT),
    ("La_ppm", "nan", "is not a number", EMPTY_OR_LIMIT),
    ("La_ppm", "inf", "is not a number", EMPTY_OR_LIMIT),
    ("La_ppm", "high", "is not a number", EMPTY_OR_LIMIT),
    ("La_ppm", "6.5 ppm", "is not a number", "write 6.5 alone"),
    ("La_ppm", "6.5*", "is not a number", "write 6.5 alone"),
    ("La_ppm", "1e999", "too large", "write the measured value"),
    ("La_ppm", "-99", "stands for a missing value", EMPTY_OR_LIMIT),
    ("La_ppm", "-999", "stands for a missing value", EMPTY_OR_LIMIT),
    ("La_ppm", "-9999.00", "stands for a missing value", EMPTY_OR_LIMIT),
    ("distance_m", "-999", "stands for a missing value", "leave the cell empty"),
    ("distance_m", "far", "is not a number", "or leave it empty if there is none"),
    ("distance_m", "<5", "not allowed in this column", "write a number, or leave it empty"),
    ("distance_m", "2e6", "outside 0 to 100000 m", "check the number and its unit"),
    ("La_ppm", "-3", "cannot be negative", EMPTY_OR_LIMIT),
    ("La_ppm", "−3", "typographic minus", "write -3"),
    ("La_ppm", "0", "exactly zero", EMPTY_OR_LIMIT),
    ("La_ppm", "0.00", "exactly zero", EMPTY_OR_LIMIT),
    ("SiO2_wt", "485", "outside 0 to 100 wt", "check the number and its unit"),
    ("La_ppm", "<0", "not a detection limit", "above zero"),
    ("La_ppm", "<2e6", "detection limit must be at most 1e+06 ppm", ""),
    ("La_ppm", "<x", "is not a number", ""),
    ("La_ppm", ">100", "above the upper limit", "write the number, or leave it empty"),
    ("La_ppm", "≤0.5", "is not a number", "write <0.5"),
    ("La_ppm", "1,234.5", "thousands separators", "write 1234.5"),
    ("La_ppm", "1 234", "thousands separators", "write 1234"),
    ("La_ppm", "1'234.5", "thousands separators", "write 1234.5"),
    ("La_ppm", "1,234,567", "thousands separators", "write 1234567"),
    ("La_ppm", "6,5", "has a decimal comma, but most numbers", "write 6.5"),
    ("La_ppm", "1,234", "has a decimal comma, but most numbers", "write 1.234, or 1234 if it is a thousands separator"),
    ("La_ppm_err", "0", "must be above zero", "leave it empty if not known"),
    ("La_ppm_err", "-0.5", "must be above zero", "leave it empty if not known"),
    ("La_ppm_err", "<0.5", "not allowed in this column", "leave it empty"),
    ("role", "Altered", "is not one of fresh, altered", "write altered"),
    ("role", "alterd", "is not one of fresh, altered", "write altered"),
    ("role", "", "the cell is empty", "write one of fresh, altered"),
    ("sample_id", "", "has no name", "give each row a name"),
    ("sample_id", "a", "'a' stands in row 2 already", "name of its own"),
]


@pytest.mark.parametrize("column, text, what, advice", CELLS, ids=[f"{c}={t}" for c, t, *_ in CELLS])
def test_a_wrong_cell_is_named_with_what_to_write(column, text, what, advice, tmp_path):
    found = faults(tmp_path, cell(column, text))
    assert [(f.row, f.column, f.value) for f in found] == [(3, column, text)]
    assert what in found[0].message and advice in found[0].message
    assert str(found[0]) == f"{tmp_path / 'mine.csv'}: row 3, column {column}: {found[0].message}"


def test_a_decimal_point_in_a_file_of_decimal_commas(tmp_path):
    text = "\n".join(GOOD).replace(",", ";").replace(".", ",")
    assert faults(tmp_path, text) == []
    found = faults(tmp_path, text.replace("16,5", "16.5").replace("48,5", "1.234,5"))
    assert [(f.column, f.value) for f in found] == [("SiO2_wt", "1.234,5"), ("Al2O3_wt", "16.5")]
    assert "write 1234,5" in found[0].message and "decimal point, but most numbers" in found[1].message


def test_a_comma_that_may_be_a_thousands_separator_is_not_guessed(tmp_path):
    text = "sample_id;SiO2_ppm;TiO2_ppm\na;500,125;1\nb;480,250;2\n"
    found = faults(tmp_path, text, schema=None)
    assert len(found) == 2 and "may be 500.125 or 500125" in found[0].message
    assert faults(tmp_path, text.replace(";1\n", ";1,5\n"), schema=None) == []


def test_with_as_many_points_as_commas_the_point_counts(tmp_path):
    found = faults(tmp_path, "sample_id;SiO2_wt;CaO_wt\na;50,5;1.5\n", schema=None)
    assert [(f.column, f.value) for f in found] == [("SiO2_wt", "50,5")]


HEADERS = [
    ("La_ppm", "La_wt%", "the unit 'wt%'", "write La_wt (allowed: La_wt, La_ppm, La_ppb)"),
    ("SiO2_wt", "SiO2_ppmm", "the unit 'ppmm'", "write SiO2_ppm"),
    ("SiO2_wt", "SiO2", "has no unit", "write SiO2_wt"),
    ("SiO2_wt", "SiO2 (wt%)", "the unit 'wt%'", "write SiO2_wt"),
    ("SiO2_wt", "SiO2_%", "the unit '%'", "write SiO2_wt"),
    ("La_ppm", "La_mg/kg", "the unit 'mg/kg'", "write La_ppm"),
    ("La_ppm", "La_ng_g", "the unit 'ng_g'", "write La_ppb"),
    ("La_ppm", "La_cps", "the unit 'cps'", "allowed are La_wt, La_ppm, La_ppb"),
    ("La_ppm", "La_permil", "the unit 'permil' does not fit La", "allowed are La_wt, La_ppm, La_ppb:"),
    ("distance_m", "87Sr/86Sr", "the name 87Sr/86Sr is not written like this", "write Sr87_Sr86_ratio"),
    ("SiO2_wt", "Si02_wt", "unknown analyte Si02", "do you mean SiO2_wt"),
    ("SiO2_wt", "SIO2_wt", "unknown analyte SIO2", "do you mean SiO2_wt"),
    ("CaO_wt", "FeOt_wt", "unknown analyte FeOt", "do you mean FeOT_wt"),
    ("CaO_wt", "FeO*_wt", "unknown analyte FeO*", "do you mean FeOT_wt"),
    ("CaO_wt", "Fe2O3(T) wt.%", "the unit 'wt.%'", "write Fe2O3T_wt"),
    ("CaO_wt", "L.O.I.", "has no unit", "write LOI_wt"),
    ("CaO_wt", "CaO%", "the unit '%'", "write CaO_wt"),
    ("La_ppm", "La (ppm)", "the name La (ppm) is not written like this", "write La_ppm: analyte, underscore, unit"),
    ("La_ppm", "Lappm", "the name Lappm is not written like this", "write La_ppm"),
    ("La_ppm_err", "La_ppm_2s", "errors (1 sigma", "La_ppm_err; halve errors of two sigma"),
    ("distance_m", "Total", "a column of totals (Total) is not read", "delete it"),
    ("Al2O3_wt", "Al2O_wt", "unknown analyte Al2O", "do you mean Al2O3_wt"),
    ("distance_m", "distnce_m", "unknown column distnce_m", "do you mean distance_m"),
    ("distance_m", "Distance", "unknown column Distance", "do you mean distance_m"),
    ("distance_m", "weather", "unknown column weather", "rename or delete it (known: sample_id, role"),
    ("distance_m", "Qq_ppm", "unknown column Qq_ppm", "such as SiO2, La, LOI"),
    ("distance_m", "SiO2_wt", "stands 2 times", "keep one"),
    ("distance_m", "La_ppb", "La is given twice, as La_ppb and La_ppm", "keep one of them"),
    ("distance_m", "Si_ppm", "Si is given twice, as Si_ppm and SiO2_wt", "keep one of them"),
    ("distance_m", "Ba_ppm_err", "no column of values", "add the column Ba_ppm"),
    ("La_ppm_err", "La_ppb_err", "must have the unit of their values, La_ppm", "write La_ppm_err"),
    ("La_ppm_err", "La_sd", "errors (1 sigma", "are written La_ppm_err"),
    ("distance_m", "", "has values and no name", "give it one, or delete it"),
]


@pytest.mark.parametrize("old, new, what, advice", HEADERS, ids=[f"{n or 'nameless'} for {o}" for o, n, *_ in HEADERS])
def test_a_wrong_column_name_is_named_with_what_to_write(old, new, what, advice, tmp_path):
    head = ",".join(new if name == old else name for name in HEAD.split(","))
    found = [f for f in faults(tmp_path, "\n".join([head, *GOOD[1:]])) if what in f.message]
    assert len(found) == 1 and found[0].row == 1 and advice in found[0].message


@pytest.mark.parametrize("new, fits", [("Fe2O3_wt", True), ("FeOT_wt", False)])
def test_two_oxidation_states_may_stand_side_by_side_but_not_beside_total_iron(new, fits, tmp_path):
    text = "\n".join([HEAD.replace("CaO", "FeO").replace("Na2O_wt", new), *GOOD[1:]])
    found = faults(tmp_path, text)
    assert (found == []) == fits
    assert fits or "total iron already holds the rest" in found[0].message


def test_a_missing_required_column_is_named_with_the_nearest(tmp_path):
    found = faults(tmp_path, "\n".join([HEAD.replace("role", "roles"), *GOOD[1:]]))
    assert any("the required column role is missing; is it the column 'roles'?" in f.message for f in found)
    found = faults(tmp_path, "\n".join(",".join(line.split(",")[1:]) for line in GOOD))
    assert [f.column for f in found] == ["sample_id"] and "Name of the sample" in found[0].message


FILES = {
    "empty": ("", None, "the file is empty; its first line must hold the column names"),
    "blank lines only": ("\n , ,\n", None, "the file is empty"),
    "header only": (HEAD + "\n", 1, "no row below it; add one line a sample"),
    "no header": ("1,2,3\n4,5,6\n", 1, "must hold the column names"),
    "mixed delimiters in the header": (HEAD.replace(",", ";", 2) + "\n" + GOOD[1], 1, "comma (6) and semicolon (2)"),
    "mixed delimiters in a row": ("\n".join([*GOOD[:2], GOOD[2].replace(",", ";")]), 3, "separated by semicolons"),
    "too many cells": (cell("SiO2_wt", "48,5").replace('"', ""), 3, "10 cells where the header has 9; is there a decimal"),
    "too few cells": ("\n".join([*GOOD[:2], GOOD[2][:-4]]), 3, "8 cells where the header has 9; add the missing"),
    "spaces as delimiters": ("\n".join(GOOD).replace(",", " "), 1, "separate them by commas"),
    "open quote": ("\n".join([*GOOD[:2], GOOD[2].replace("b,", '"b,')]), 3, "opened and never closed"),
    "quote in a quote": ("\n".join([*GOOD[:2], GOOD[2].replace("b,", '"b"x",')]), 3, 'write "" for a quote'),
    "binary": (b"\x89HDF\0\0\1", None, "not a text table"),
    "old Excel": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", None, "save it as .xlsx or as CSV"),
    "broken Excel": (b"PK\x03\x04broken", None, "cannot be opened as an Excel workbook"),
    "too few analytes": ("sample_id,role,SiO2_wt\na,fresh,50\nb,altered,51\n", None, "1 columns of analytes hold values; at"),
    "no altered sample": ("\n".join(GOOD).replace("altered", "fresh"), None, "0 rows have 'altered', at least 1 must have it"),
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_no_table_is_refused(name, tmp_path):
    data, row, what = FILES[name]
    found = faults(tmp_path, data)
    assert [f.row for f in found] == [row] and what in found[0].message


def test_a_file_that_is_not_there_is_a_fault_with_the_place_that_was_looked_at(tmp_path):
    found = tables.check(tmp_path / "typo.csv", STEM)
    assert len(found) == 1 and "no such file" in found[0].message and str(tmp_path / "typo.csv") in found[0].message
    assert len(tables.check(tmp_path, STEM)) == 1  # a folder


def test_a_total_over_106_is_a_fault(tmp_path):
    head = "sample_id,role,SiO2_wt,TiO2_wt,Al2O3_wt,FeO_wt,MnO_wt,MgO_wt,CaO_wt,Na2O_wt\n"
    found = faults(tmp_path, head + "a,fresh,59,1,15,10,0.2,8,10,3\nb,altered,50,1,15,10,0.2,8,10,3\n")
    assert [f.row for f in found] == [2] and "add up to 106.20 wt%, over 106; check units" in found[0].message
    assert faults(tmp_path, head + "a,fresh,58.5,1,15,10,0.2,8,10,3\nb,altered,50,1,15,10,0.2,8,10,3\n") == []


def xlsx(change):
    book = openpyxl.Workbook()
    for line in GOOD:
        book.active.append([float(t) if t.replace(".", "").isdigit() else t for t in line.split(",")])
    change(book.active)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


EXCEL = {
    "date": (lambda s: s.__setitem__("A3", datetime.datetime(2024, 3, 1)), "cell (A3): Excel holds a date"),
    "formula": (lambda s: s.__setitem__("D3", "=D2*2"), "cell (D3): a formula without a stored result"),
    "error": (lambda s: s.__setitem__("D3", "#DIV/0!"), "cell (D3): the error value #DIV/0!"),
    "merged": (lambda s: s.merge_cells("B3:C3"), "the cells B3:C3 are merged"),
    "per cent": (lambda s: setattr(s["D3"], "number_format", "0.0%"), "shown as per cent but stored as 48.5"),
    "comma text": (lambda s: s.__setitem__("D3", "48,5"), "'48,5' has a decimal comma"),
}  # fmt: skip


@pytest.mark.parametrize("name", EXCEL)
def test_what_excel_changes_behind_the_back_is_refused(name, tmp_path):
    change, what = EXCEL[name]
    assert faults(tmp_path, xlsx(lambda sheet: None)) == []
    found = faults(tmp_path, xlsx(change), name="mine.xlsx")
    assert [f.row for f in found] == [3] and what in found[0].message


def test_all_faults_of_a_file_come_in_one_report(tmp_path):
    head = HEAD.replace("CaO_wt", "Ca0_wt").replace("distance_m", "dist_km")
    body = [
        "a,fresh,1,50.5,n.d.,1,3.5,5.5,0.5",
        "a,Fresh,1,-99,16.5,1,0,<0.5,-1",
        "c,altered,1,2",
        ',altered,1,48.5,16.5,4.5,"2,5",6.5,0.5',
    ]
    found = faults(tmp_path, "\n".join([head, *body]))
    assert [(f.row, f.column) for f in found] == [
        (1, "dist_km"), (1, "Ca0_wt"), (2, "Al2O3_wt"), (3, "sample_id"), (3, "role"), (3, "SiO2_wt"), (3, "Na2O_wt"),
        (3, "La_ppm_err"), (4, None), (5, "sample_id"), (5, "Na2O_wt"),
    ]  # fmt: skip


def test_the_case_check_runs_when_the_reader_is_content_and_its_texts_become_faults(tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr(
        faults_module,
        "case_check",
        lambda table: seen.append(table) or ["no vein", table.fault(1, "role", "odd")],
        raising=False,
    )
    schema = replace(tables.load_schema(STEM), check="lib.tables.faults:case_check")
    path = tmp_path / "mine.csv"
    path.write_text("\n".join(GOOD))
    found = tables.check(path, schema)
    assert [(f.row, f.column, f.message) for f in found] == [(None, None, "no vein"), (3, "role", "odd")]
    path.write_text("\n".join(GOOD))
    with pytest.raises(tables.SchemaError, match=r"check = 'lib.nothing:f' cannot be imported"):
        tables.check(path, replace(schema, check="lib.nothing:f"))
