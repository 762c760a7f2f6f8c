"""Reading rightly: the same table in any usual spelling gives the same numbers."""

import csv
import io

import numpy as np
import openpyxl
import pandas as pd
import pytest

from lib import tables

STEM = "02_alteration_isocon"
TEXT = '''sample_id,role,rock,distance_m,SiO2_wt,Al2O3_wt,CaO_wt,La_ppm,La_ppm_err,Zr_ppm,Au_ppb
NA,fresh,"basalt, fresh",10.5,50.25,15.1,10.02,5.75,0.25,101,<0.5
401,altered,"say ""rock""",0.5,48.125,16.7,,<0.05,,118.5,2.25
Ä-3,altered,,0.25,47.5,17.25,4.4,1e1,2.5E-1,125,.5
'''


def write(tmp_path, data, name="mine.csv"):
    path = tmp_path / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


def rows():
    return list(csv.reader(io.StringIO(TEXT)))


def as_text(delimiter, comma=False, end="\n"):
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator=end)
    body = rows()
    decimal = [[c.replace(".", ",") if i > 2 else c for i, c in enumerate(row)] for row in body[1:]]
    writer.writerows([body[0], *(decimal if comma else body[1:])])
    return out.getvalue()


def as_xlsx():
    book = openpyxl.Workbook()
    for r, row in enumerate(rows()):
        for c, text in enumerate(row):
            try:
                value = float(text) if r and c > 2 else text
            except ValueError:
                value = text
            book.active.cell(r + 1, c + 1, value or None)
    book.create_sheet("notes")["A1"] = "a remark"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


SPELLINGS = {
    "semicolon": (as_text(";"), "semicolons"),
    "tab": (as_text("\t"), "tabs"),
    "semicolon and decimal comma": (as_text(";", comma=True), "decimal commas"),
    "tab and decimal comma": (as_text("\t", comma=True), "decimal commas"),
    "quoted decimal comma in a comma file": (as_text(",", comma=True), "decimal commas"),
    "byte-order mark": (b"\xef\xbb\xbf" + TEXT.encode(), "byte-order mark"),
    "Windows line ends": (as_text(",", end="\r\n"), "CRLF"),
    "latin-1": (TEXT.encode("latin-1"), "latin-1"),
    "UTF-16": (TEXT.replace(",", "\t").replace("basalt\t", "basalt,").encode("utf-16"), "UTF-16"),
    "empty rows and columns": (
        "".join(line + ",,\n" for line in TEXT.splitlines()) + ",,,,,,,,,,,,\n\n",
        "empty rows",
    ),
    "spaces": (
        TEXT.replace(",", " , ").replace('"basalt ,  fresh"', '"basalt, fresh"').replace(' , "', ',"'),
        "spaces around",
    ),
    "spaces before a quote": (TEXT.replace(',"', ', "'), ""),
    "sep= line of Excel": ("sep=;\n" + as_text(";"), "sep="),
    "Excel": (as_xlsx(), "sheet 'Sheet' was read"),
}


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    return tables.read(write(tmp_path_factory.mktemp("plain"), TEXT), STEM)


def same(a, b):
    pd.testing.assert_frame_equal(a.frame, b.frame)
    pd.testing.assert_frame_equal(a.censored, b.censored)
    pd.testing.assert_frame_equal(a.limit, b.limit)
    assert (a.units, a.errors, a.analytes) == (b.units, b.errors, b.analytes)


@pytest.mark.parametrize("name", SPELLINGS)
def test_any_usual_spelling_gives_the_same_table_and_a_note(name, plain, tmp_path):
    data, note = SPELLINGS[name]
    table = tables.read(write(tmp_path, data), STEM)
    same(table, plain)
    assert note in "; ".join(table.notes)


def test_the_three_empties_stay_apart(plain):
    assert np.isnan(plain.frame["CaO_wt"][1]) and not plain.censored["CaO_wt"][1]  # not analysed
    assert np.isnan(plain.frame["La_ppm"][1]) and plain.censored["La_ppm"][1] and plain.limit["La_ppm"][1] == 0.05
    assert plain.frame["Au_ppb"].tolist()[1:] == [2.25, 0.5] and plain.limit["Au_ppb"][0] == 0.5
    assert plain.limit["CaO_wt"].isna().all()


def test_texts_numbers_units_and_errors_are_typed(plain):
    assert plain.frame["sample_id"].tolist() == ["NA", "401", "Ä-3"]
    assert plain.frame["rock"].tolist() == ["basalt, fresh", 'say "rock"', ""]
    assert plain.frame["La_ppm_err"].tolist()[::2] == [0.25, 0.25]
    assert plain.analytes == ["SiO2_wt", "Al2O3_wt", "CaO_wt", "La_ppm", "Zr_ppm", "Au_ppb"]
    assert plain.errors == {"La_ppm": "La_ppm_err"}
    assert plain.units["Au_ppb"] == "ppb" and plain.units["distance_m"] == "m" and "rock" not in plain.units
    assert all(plain.frame[c].dtype == float for c in plain.units)
    assert any("'NA' was kept" in note for note in plain.notes)
    assert len(plain.sha256) == 64


def test_line_numbers_are_those_of_an_editor(tmp_path):
    text = TEXT.replace('"basalt, fresh"', '"basalt,\nfresh"').replace("401,", "\n401,")
    assert tables.read(write(tmp_path, text), STEM).rows == [2, 5, 6]
    with pytest.raises(tables.TableFaults) as caught:
        tables.read(write(tmp_path, text.replace("118.5", "n.d.")), STEM)
    assert [(f.row, f.column, f.value) for f in caught.value.faults] == [(5, "Zr_ppm", "n.d.")]


def test_own_form_is_read_back_equal(plain, tmp_path):
    plain.to_csv(tmp_path / "again.csv")
    again = tables.read(tmp_path / "again.csv", STEM)
    same(again, plain)
    assert again.to_csv() == plain.to_csv()


def test_subset_keeps_lines_and_drops_what_is_left_without_value(tmp_path):
    head, *body = TEXT.splitlines()
    text = "\n".join([head + ",Nb_ppm,Nb_ppm_err", body[0] + ",,", body[1] + ",4,0.1", body[2] + ",,"])
    table = tables.read(write(tmp_path, text), STEM)
    part = table.subset(np.array([True, False, True]))
    assert len(part) == 2 and part.rows == [2, 4] and part.frame.index.tolist() == [0, 1]
    assert "Nb_ppm" not in part.frame and "Nb_ppm_err" not in part.frame and "Nb_ppm" not in part.analytes
    assert "Au_ppb" in part.analytes  # one value and one limit are left
    assert list(part.censored) == list(part.units)
    with pytest.raises(ValueError, match=r"expected \(3,\) booleans"):
        table.subset(np.array([0, 2]))


def test_subset_keeps_an_analyte_of_which_only_a_limit_is_left(plain):
    part = plain.subset(np.array([False, True, False]))
    assert "La_ppm" in part.analytes and part.limit["La_ppm"].tolist() == [0.05] and "CaO_wt" not in part.analytes


def test_an_error_beside_no_value_and_a_column_without_value_are_warned_of(tmp_path):
    head, *body = TEXT.replace("<0.05,,", "<0.05,0.1,").splitlines()
    table = tables.read(write(tmp_path, "\n".join([head + ",Nb_ppm", *(line + "," for line in body)])), STEM)
    assert any("La_ppm_err: 1 errors stand beside empty or censored values" in text for text in table.warnings)
    assert "the column Nb_ppm holds no value" in table.warnings


def test_subset_keeps_only_its_own_warnings(tmp_path):
    majors = ["SiO2", "TiO2", "Al2O3", "Fe2O3", "MnO", "MgO", "CaO", "Na2O"]
    text = "sample_id,role," + ",".join(f"{m}_wt" for m in majors) + "\n"
    text += "".join(f"{s},{r},{x},1,15,10,0.1,8,10,3\n" for s, r, x in (("a", "fresh", 50), ("b", "altered", 20)))
    table = tables.read(write(tmp_path, text), STEM)
    assert len(table.warnings) == 1 and table.warnings[0].startswith("row 3 (b)")
    assert table.subset(np.array([True, False])).warnings == []


def test_without_schema_analytes_are_known_and_the_rest_is_text(tmp_path):
    table = tables.read(
        write(tmp_path, "sample_id,place,SiO2_wt,Sr87_Sr86_ratio,Nd_eps,d18O_permil\na,x,50,0.7032,-8.5,5.5\n")
    )
    assert table.analytes == ["SiO2_wt", "Sr87_Sr86_ratio", "Nd_eps", "d18O_permil"]
    assert table.frame["Nd_eps"][0] == -8.5 and table.frame["place"].tolist() == ["x"]


def test_a_check_function_can_point_at_a_cell(plain):
    fault = plain.fault(1, "La_ppm_err", "no error given")
    assert (fault.row, fault.column) == (3, "La_ppm_err") and str(fault).endswith("row 3, column La_ppm_err: no error given")
    assert plain.fault(None, None, "too few").row is None


@pytest.mark.parametrize("unit, factor", [("ppm", 1e4), ("ppb", 1e7)])
def test_totals_count_every_unit_of_mass(unit, factor, tmp_path):
    def total_warning(silica):
        text = f"sample_id,role,SiO2_{unit},TiO2_wt,Al2O3_wt,FeOT_wt,MnO_wt,MgO_wt,CaO_wt,Na2O_wt,H2O_wt,LOI_wt\n"
        text += f"a,fresh,{silica * factor:.0f},1,15,10,0.2,8,10,3,2,2\nb,altered,{50 * factor:.0f},1,15,10,0.2,8,10,3,2,2\n"
        return tables.read(write(tmp_path, text), STEM).warnings

    assert total_warning(50) == []  # 99.2, water within LOI not counted twice
    assert "89.70 wt%" in total_warning(40.5)[0]
    assert "103.20 wt%" in total_warning(54)[0]


def test_a_subset_of_the_majors_has_no_total(tmp_path):
    head = "sample_id,role,SiO2_wt,TiO2_wt,Al2O3_wt,FeO_wt,MnO_wt,MgO_wt,CaO_wt,Na2O_wt\n"
    two_absent = head + "a,fresh,10,1,15,10,<0.2,8,10,3\nb,altered,10,1,15,10,0.2,8,10,3\n"
    assert len(tables.read(write(tmp_path, two_absent), STEM).warnings) == 2  # a censored cell is not absent
    three_absent = two_absent.replace("<0.2", "").replace("0.2", "")
    assert not any("add up" in text for text in tables.read(write(tmp_path, three_absent), STEM).warnings)
    no_silica = two_absent.replace("SiO2_wt", "K2O_wt")
    assert tables.read(write(tmp_path, no_silica), STEM).warnings == []
