"""Schemas, descriptors and the registry are checked themselves, with everything that is wrong in one error."""

import pytest

from lib import tables
from lib.tables import external, schema_files, sources

STEM = "02_alteration_isocon"

BAD = """
titel = "x"
check = "lib.isocon"
external = [1]
[columns.sample_id]
kind = "id"
title = "sample"
description = "Name."
[columns.depth_m]
kind = "number"
unit = "km"
range = [5, 1]
title = "depth"
description = "Depth."
[columns.role]
kind = "category"
title = "role"
at_least = { old = 1 }
[columns.note]
kind = "txt"
title = "note"
description = "Note."
required = "yes"
[analytes]
units = ["wt", "g"]
minimum = "five"
"""


def test_every_mistake_of_a_schema_is_in_one_error(tmp_path):
    path = tmp_path / "input.toml"
    path.write_text(BAD)
    with pytest.raises(tables.SchemaError) as caught:
        tables.load_schema(path)
    text = str(caught.value)
    for part in (
        "unknown key 'titel'; do you mean 'title'?",
        "check = 'lib.isocon' must be 'module:function'",
        "external must be a list of strings",
        "columns.depth_m: unit = 'km' must be one of wt, ppm",
        "columns.depth_m: range = [5, 1] must be two numbers, the smaller first",
        "columns.role: values (a list of words) and kind = 'category' need each other",
        "columns.role: at_least names 'old', which is not in values",
        "columns.role: description is missing",
        "columns.note: kind = 'txt' must be one of id, text, category, number",
        "columns.note: required = 'yes' must be of type bool",
        "analytes: unit 'g' must be one of wt",
        "analytes: minimum = 'five' must be of type int",
        "title is missing",
    ):
        assert part in text
    assert len(text.splitlines()) == 13


def test_a_schema_that_is_not_there_or_no_toml_is_named(tmp_path):
    with pytest.raises(tables.SchemaError, match=r"cases with a schema: .*02_alteration_isocon"):
        tables.load_schema("99_nothing")
    (tmp_path / "input.toml").write_text("a = ")
    with pytest.raises(tables.SchemaError, match="not valid TOML"):
        tables.load_schema(tmp_path / "input.toml")


def test_a_number_column_carries_its_unit_in_its_name(tmp_path):
    words = 'title = "t"\ndescription = "d"\n'
    text = f'{words}[columns.a]\nkind = "id"\n{words}[columns.depth]\nkind = "number"\nunit = "m"\n{words}'
    (tmp_path / "input.toml").write_text(text)
    with pytest.raises(tables.SchemaError, match="the name must end in its unit, _m"):
        tables.load_schema(tmp_path / "input.toml")


@pytest.mark.parametrize("path", sorted(schema_files.DATA.glob("*/input.toml")), ids=lambda p: p.parent.name)
def test_every_case_has_a_sound_schema_whose_description_names_every_column(path):
    schema = tables.load_schema(path)
    text = tables.describe_schema(path)
    assert schema.mandatory_diagnostics
    for column in schema.columns.values():
        assert column.name in text and column.description in text
    assert set(schema.external) <= set(external.registry())


def test_the_isocon_schema_says_what_the_method_needs():
    schema = tables.load_schema(STEM)
    assert schema.columns["role"].at_least == {"fresh": 1, "altered": 1}
    assert schema.analytes.units == ("wt", "ppm", "ppb", "ratio", "permil", "eps") and schema.analytes.minimum == 5
    assert {"ambiguity", "bootstrap_spread", "closure"} <= set(schema.mandatory_diagnostics)
    assert schema.check == "lib.isocon:check_table"


def test_columns_may_allow_what_is_a_sentinel_elsewhere(tmp_path):
    (tmp_path / "input.toml").write_text(
        'title = "t"\n[columns.a]\nkind = "id"\ntitle = "a"\ndescription = "a"\n'
        '[columns.dt_nt]\nkind = "number"\nunit = "nt"\ntitle = "d"\ndescription = "d"\nallow_sentinels = true\n'
        '[columns.b_nt]\nkind = "number"\nunit = "nt"\ntitle = "d"\ndescription = "d"\n'
    )
    (tmp_path / "x.csv").write_text("a,dt_nt,b_nt\n1,-99,0\n2,0,-99\n")
    with pytest.raises(tables.TableFaults) as caught:
        tables.read(tmp_path / "x.csv", tmp_path / "input.toml")
    assert [(f.row, f.column) for f in caught.value.faults] == [(3, "b_nt")]


def test_a_descriptor_with_mistakes_is_refused(tmp_path):
    path = tmp_path / "x.toml"
    path.write_text('title = "t"\nrows = "2"\nauthor = "me"\n[columns]\n')
    with pytest.raises(tables.SchemaError) as caught:
        sources.read_descriptor(path)
    text = str(caught.value)
    assert "sha256 is missing" in text and "rows must be of type int" in text and "unknown value author" in text


def test_a_registry_with_mistakes_is_refused(tmp_path):
    path = tmp_path / "external.toml"
    path.write_text('["a/b.csv"]\nurl = "x"\nbytes = "3"\nsha256 = "XY"\nlicense = "MIT"\n["../c.csv"]\nurl = "x"\n')
    with pytest.raises(tables.SchemaError) as caught:
        external.registry(path)
    text = str(caught.value)
    for part in (
        "licence is missing",
        "bytes = '3' must be of type int",
        "sha256 must be 64",
        "unknown value license",
        "[../c.csv]",
    ):
        assert part in text
