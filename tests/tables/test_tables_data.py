"""The data in this repository: descriptors, generated files, templates, and foreign tables in our own schema."""

import hashlib

import numpy as np
import pytest

from lib import tables
from lib.tables import catalogue, schema_files, sources, templates
from lib.tables.__main__ import main

STEM = "02_alteration_isocon"
EMBEDDED = sources.embedded_sources()
SOILS_HEAD = "Samp,SiO2,Al2O3,Fe2O3T,MgO,Na2O,CaO,K2O,TiO2,MnO,P205,H20,Ref,Location,Profile,Protolith,Unweathered\n"


@pytest.mark.parametrize("source", EMBEDDED, ids=lambda s: s.key)
def test_every_embedded_table_is_what_its_descriptor_says(source):
    assert sources.verify_embedded(source) == []
    assert source.licence and source.citation
    if sources.read_descriptor(source.descriptor)["rows"]:
        table = tables.read(source)
        assert table.sha256 == hashlib.sha256(source.path.read_bytes()).hexdigest()
        assert (table.key, table.citation, table.artificial) == (source.key, source.citation, source.artificial)
        assert table.warnings == [] and table.notes == []
        columns = sources.read_descriptor(source.descriptor)["columns"]
        assert {name: column["unit"] for name, column in columns.items() if "unit" in column} == table.units


def test_generated_files_are_current():
    assert catalogue.verify() == []
    text = (schema_files.DATA / "README.md").read_text(encoding="utf-8")
    assert all(source.key in text for source in EMBEDDED)


def test_a_changed_table_is_noticed(tmp_path):
    source = tables.Source.embedded(STEM, "grant2005")
    changed = tmp_path / "grant2005.csv"
    changed.write_text(source.path.read_text().replace("46.45", "46.54") + "\n")
    found = sources.verify_embedded(tables.Source(source.key, changed, descriptor=source.descriptor))
    assert len(found) == 1 and "SHA-256" in found[0] and "write the new one there" in found[0]


def test_a_descriptor_that_counts_or_names_wrongly_is_noticed(tmp_path):
    source = tables.Source.embedded(STEM, "grant2005")
    wrong = tmp_path / "grant2005.toml"
    text = source.descriptor.read_text(encoding="utf-8")
    wrong.write_text(text.replace("rows = 2", "rows = 3").replace("Sc_ppm =", "Se_ppm ="), encoding="utf-8")
    found = sources.verify_embedded(tables.Source(source.key, source.path, descriptor=wrong))
    assert len(found) == 2 and "2 rows, the descriptor says 3" in found[0] and "Se_ppm" in found[1]


def test_unknown_tables_are_named_with_the_known():
    with pytest.raises(tables.SchemaError, match="holds grant2005"):
        tables.Source.embedded(STEM, "grant2006")
    with pytest.raises(tables.SchemaError, match=r"known: .*isocon/soils\.csv"):
        tables.Source.from_key("isocon/soil.csv")
    assert tables.Source.from_key(f"{STEM}/grant2005.csv") == tables.Source.embedded(STEM, "grant2005")


def test_grant_2005_gives_the_printed_slopes():
    """Slopes of the worked example as its manual prints them, to three decimals (hence half a unit of the third)."""
    printed = {"SiO2_wt": 0.982, "TiO2_wt": 1.008, "Al2O3_wt": 1.031, "Fe2O3_wt": 0.742, "MnO_wt": 0.882, "MgO_wt": 0.737}
    printed |= {"CaO_wt": 0.683, "Na2O_wt": 0.713, "K2O_wt": 6.367, "H2O_wt": 0.727, "CO2_wt": 3.331}
    printed |= {"Sc_ppm": 0.929, "V_ppm": 0.933, "Cr_ppm": 0.901, "Ni_ppm": 0.627, "Cu_ppm": 0.974}
    printed |= {"Zn_ppm": 0.720, "Sr_ppm": 1.259, "Y_ppm": 0.586, "Ba_ppm": 1.750}
    table = tables.read(tables.Source.embedded(STEM, "grant2005"))
    assert table.analytes == list(printed) and table.frame["role"].tolist() == ["fresh", "altered"]
    slopes = table.frame[table.analytes].iloc[1] / table.frame[table.analytes].iloc[0]
    np.testing.assert_allclose(slopes, list(printed.values()), atol=5.01e-4)
    # the set of the example, Al, Si, Ti, Cu, Sc, has the mean slope 0.98465: no rounding of a single value can hide here
    assert slopes[["Al2O3_wt", "SiO2_wt", "TiO2_wt", "Cu_ppm", "Sc_ppm"]].mean() == pytest.approx(0.98465, abs=5e-6)


def test_templates_are_made_again_bit_for_bit():
    for name, text in templates.template_files(STEM).items():
        assert (schema_files.DATA / "templates" / name).read_text(encoding="utf-8") == text


def test_the_example_shows_every_kind_of_cell_and_closes():
    table = tables.read(tables.Source.embedded("templates", f"{STEM}_example"))
    assert len(table) == 12 and len(table.analytes) == 14 and table.frame["group"].nunique() == 2 and table.artificial
    assert table.censored.sum().sum() == 1 and table.errors == {"Zr_ppm": "Zr_ppm_err"}
    assert (table.frame[table.analytes].isna() & ~table.censored[table.analytes]).sum().sum() == 1
    assert table.frame["rock"].str.contains("artificial").all()
    wt = [a for a in table.analytes if table.units[a] == "wt"]
    ppm = [a for a in table.analytes if table.units[a] == "ppm"]
    totals = table.frame[wt].sum(axis=1) + 1e-4 * table.frame[ppm].sum(axis=1)
    # two decimals of SiO2, and up to 92 ppm in the cells without a number
    np.testing.assert_allclose(totals, 100, atol=0.015)
    assert table.frame.groupby("group")["role"].value_counts().unstack().to_numpy().tolist() == [[4, 2], [4, 2]]


def test_the_blank_template_has_the_required_columns_and_only_its_emptiness_as_fault():
    found = tables.check(tables.Source.embedded("templates", f"{STEM}_blank"))
    assert len(found) == 1 and "no row below it" in found[0].message


def test_soils_are_read_in_our_schema():
    source = tables.Source.from_key("isocon/soils.csv")
    if source is None:
        pytest.skip("isocon/soils.csv is not on this machine (make data)")
    table = tables.read(source)
    assert len(table) == 130 and table.frame["group"].nunique() == 16 and table.key == "isocon/soils.csv"
    fresh = table.frame["role"] == "fresh"
    assert {g: int((fresh & (table.frame["group"] == g)).sum()) for g in ("16", "2", "4", "3")} == {
        "16": 1,
        "2": 4,
        "4": 4,
        "3": 1,
    }
    assert {"P2O5_wt", "K2O_wt", "H2O_wt", "Fe2O3T_wt"} <= set(table.analytes) and len(table.analytes) == 11
    diorite = table.subset((table.frame["group"] == "3").to_numpy())
    assert "P2O5_wt" not in diorite.analytes and len(diorite.analytes) == 9  # one zero
    granite = table.subset((table.frame["group"] == "2").to_numpy())
    assert len(granite.analytes) == 8 and len(granite) == 32  # MnO and P2O5 were not analysed
    assert table.licence == "MIT" and "G" in table.citation
    raw = source.path.read_text(encoding="latin-1").splitlines()[table.rows[0] - 1].split(",")
    assert float(raw[1]) == table.frame["SiO2_wt"][0] and raw[0] == table.frame["sample_id"][0]


def test_toorongo_is_read_in_our_schema():
    source = tables.Source.from_key("isocon/toorongo_soil.csv")
    if source is None:
        pytest.skip("isocon/toorongo_soil.csv is not on this machine (make data)")
    table = tables.read(source)
    assert len(table) == 15 and table.frame["role"].tolist() == ["fresh"] + ["altered"] * 14 and len(table.analytes) == 10


def test_the_soils_mapping_drops_what_is_incomplete_in_a_profile_and_says_so(tmp_path):
    path = tmp_path / "soils.csv"
    mapping = schema_files.DATA / STEM / "soils_columns.toml"
    rows = [
        "1,50,15,10,8,3,10,1,1,0.2,0.1,,Ref,Here,1,Basalt,Y",
        "2,45,18,12,8,3,10,1,1,,0.0,,Ref,Here,1,Basalt,",
        "3,50,15,10,8,3,10,1,1,0.2,0.1,1,Ref,Here,2,Basalt,",
    ]
    path.write_text(SOILS_HEAD + "\n".join(rows))
    table = tables.adapt(path, mapping)
    assert table.frame["role"].tolist() == ["fresh", "altered", "altered"]
    assert table.frame["MnO_wt"].isna().tolist() == table.frame["P2O5_wt"].isna().tolist() == [True, True, False]
    assert "MnO_wt is left out of group 1, where a cell is empty" in table.notes
    assert "P2O5_wt is left out of group 1, where a cell is empty or zero" in table.notes
    path.write_text(SOILS_HEAD.replace("P205", "P2O5").replace("Ref", "Reference") + "\n".join(rows))
    with pytest.raises(tables.TableFaults) as caught:
        tables.adapt(path, mapping)
    assert {(f.column, "does not name" in f.message) for f in caught.value.faults} == {
        ("P2O5", True), ("P205", False), ("Reference", True), ("Ref", False)
    }  # fmt: skip
    path.write_text(SOILS_HEAD + rows[0].replace("50", "n.d.") + "\n" + rows[1])
    with pytest.raises(tables.TableFaults, match=r"row 2, column SiO2_wt: 'n\.d\.'"):
        tables.adapt(path, mapping)


def test_a_mapping_converts_units_and_keeps_limits(tmp_path):
    (tmp_path / "map.toml").write_text(
        f'schema = "{STEM}"\n[columns]\nsample_id = "S"\n'
        '[columns.role]\nfrom = "S"\nwords = { a = "fresh" }\notherwise = "altered"\n'
        '[analytes]\nSiO2_wt = "Si"\nAl2O3_wt = "Al"\nMgO_wt = "Mg"\nCaO_wt = "Ca"\nAu_ppb = { from = "Au", unit = "ppm" }\n'
    )
    (tmp_path / "x.csv").write_text("S,Si,Al,Mg,Ca,Au\na,50,15,8,10,0.0125\nb,48,16,7,9,<0.001\n")
    table = tables.adapt(tmp_path / "x.csv", tmp_path / "map.toml")
    assert table.frame["Au_ppb"][0] == pytest.approx(12.5, rel=1e-12) and table.limit["Au_ppb"][1] == pytest.approx(
        1, rel=1e-12
    )
    (tmp_path / "map.toml").write_text('schema = "x"\nfoo = 1\n[analytes]\nSiO2 = "Si"\n[incomplete]\nwithin = "group"\n')
    with pytest.raises(tables.SchemaError) as caught:
        tables.adapt(tmp_path / "x.csv", tmp_path / "map.toml")
    assert all(part in str(caught.value) for part in ("unknown key 'foo'", "analytes.SiO2: units", "within must name one of"))


def test_the_command_line_prints_and_returns_codes(tmp_path, capsys):
    assert main(["verify"]) == 0
    assert main(["describe", STEM]) == 0 and "density_g_cm3" in capsys.readouterr().out
    (tmp_path / "x.csv").write_text("sample_id,role\na,fresh\n")
    assert main(["check", STEM, str(tmp_path / "x.csv")]) == 2
    assert "at least 5 are needed" in capsys.readouterr().out
