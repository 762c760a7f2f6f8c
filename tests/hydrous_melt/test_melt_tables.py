"""From tables to experiments, what keeps a table from being analysed, and the analysis of one."""

import pickle

import numpy as np
import pytest

from lib import hydrous_melt, tables
from lib.hydrous_melt.analysis import FRAMES
from lib.hydrous_melt.artificial import table_text

STEM = "09_hydrous_melt"
HEAD = "sample_id,temperature_k,pressure_gpa,olivine_fo_pct,H2O_wt,SiO2_wt,Al2O3_wt,FeOT_wt,MgO_wt,CaO_wt,Na2O_wt"
ROW = "1450,0.2,86,2,49,16,9,8,11,2.5"
SHORT = ("P", "MgO", "Na2O", "H2O", "H2O^2")


def test_oxides_become_a_hydrous_melt_however_they_were_normalised(table):
    measured = hydrous_melt.prepare(table(HEAD, f"a,{ROW}"))
    doubled = hydrous_melt.prepare(table(HEAD, "a,1450,0.2,86,2,50,16.326531,9.183673,8.163265,11.224490,2.551020"))
    np.testing.assert_allclose(measured.wt, doubled.wt, rtol=1e-6)
    assert measured.wt.sum() == pytest.approx(100) and measured.h2o_wt[0] == 2 and measured.fo[0] == 0.86
    assert "TiO2, MnO, K2O, P2O5 not analysed" in measured.notes[0]


def test_iron_and_olivine_come_in_several_forms(table):
    other = HEAD.replace("FeOT_wt", "Fe2O3T_wt").replace("olivine_fo_pct", "olivine_MgO_wt,olivine_FeOT_wt")
    made = hydrous_melt.prepare(table(other, "a,1450,0.2,45,13,2,49,16,10.0019,8,11,2.5"))
    plain = hydrous_melt.prepare(table(HEAD, f"a,{ROW}"))
    np.testing.assert_allclose(made.wt, plain.wt, rtol=1e-5)
    # 45/40.3044 and 13/71.8464 mol
    assert made.fo[0] == pytest.approx(1.11650 / (1.11650 + 0.18094), abs=1e-5)


def test_gaps_are_told_apart(table):
    own = table(f"{HEAD},K2O_wt", f"a,{ROW},<0.2", f"b,{ROW},", f"c,{ROW.replace(',2,49', ',,49')},0.5", f"d,{ROW},0.4")
    made = hydrous_melt.prepare(own)
    assert made.samples == ("a", "b", "d")  # c: water not known
    assert made.wt[0, 8] == pytest.approx(0.1 * 98 / 95.6, rel=1e-3) and made.wt[1, 8] == 0
    assert any("half their limit" in n for n in made.notes) and any("H2O_wt (1)" in n for n in made.notes)
    # named by a term, an empty cell is not zero
    assert hydrous_melt.prepare(own, terms=("K2O",)).samples == ("a", "d")
    with pytest.raises(ValueError, match="no column of TiO2 in the melt"):
        hydrous_melt.prepare(own, terms=("TiO2",))
    assert pickle.loads(pickle.dumps(made)).samples == made.samples


def test_the_example_is_sound_current_and_artificial(example):
    assert example.artificial and len(example) == 100 and hydrous_melt.check_table(example) == []
    assert example.censored.sum().sum() == 1
    from lib.tables import schema_files, templates

    for name, text in templates.template_files(STEM).items():
        assert (schema_files.DATA / "templates" / name).read_text(encoding="utf-8") == text
    found = tables.check(tables.Source.embedded("templates", f"{STEM}_blank"))
    assert len(found) == 1 and "no row below it" in found[0].message


def test_faults_say_what_to_do(table, example):
    lines = example.to_csv().splitlines()

    def faults(lines, **parameters):
        return [str(f) for f in hydrous_melt.check_table(table(*lines), parameters)]

    assert faults(lines) == []
    (fault,) = faults(lines, terms=["H2O", "H2O^2", "sqrtH20"])
    assert "'sqrtH20' is not known; is H2O meant?" in fault
    (fault,) = faults(lines, schemes=["studies"])
    assert "known: random, loo, study, one study" in fault
    (fault,) = faults(lines[:19], terms=["P", "H2O"])
    assert "at least 20 are needed" in fault
    (fault,) = faults(lines[:23], entropy=0.0, terms=[*hydrous_melt.TERMS, "MnO", "P2O5"])
    assert "too few for 19 coefficients" in fault
    many = [f"{a}*{b}" for i, a in enumerate(hydrous_melt.OXIDES[:8]) for b in hydrous_melt.OXIDES[i:8]][:24]
    assert any("about" in f and "minutes; name at most 22" in f for f in faults(lines, terms=many))
    celsius = [lines[0]]
    at = lines[0].split(",").index("temperature_k")
    for line in lines[1:]:
        cells = line.split(",")
        cells[at] = str(round(float(cells[at]) - 273.15))
        celsius.append(",".join(cells))
    (fault,) = faults(celsius)
    assert "looks like degrees Celsius; add 273.15" in fault
    water = lines[0].split(",").index("H2O_wt")
    dry = [lines[0], *(",".join([*line.split(",")[:water], "0", *line.split(",")[water + 1 :]]) for line in lines[1:])]
    assert any("the effect of water cannot be seen" in f and "leave H2O" in f for f in faults(dry))


def test_an_olivine_far_from_equilibrium_is_a_fault_of_its_row(table, example):
    lines = example.to_csv().splitlines()
    at = lines[0].split(",").index("olivine_fo_pct")
    cells = lines[5].split(",")
    cells[at] = "45"
    (fault,) = hydrous_melt.check_table(table(*lines[:5], ",".join(cells), *lines[6:]))
    assert fault.row == 6 and fault.column == "olivine_fo_pct" and "Kd(Fe-Mg)" in fault.message


def test_missing_water_column_is_named(table):
    lines = [HEAD.replace("H2O_wt,", ""), *(f"s{i},{ROW.replace(',2,49', ',49')}" for i in range(25))]
    (fault,) = hydrous_melt.check_table(table(*lines))
    assert "no column H2O_wt" in fault and "0 for a dry experiment" in fault


@pytest.fixture(scope="module")
def answer(example):
    return hydrous_melt.analyse(example, terms=hydrous_melt.SHORT_TERMS, n_bootstrap=25)


def test_an_analysis_has_every_frame_and_adopts_the_strict_scheme(answer):
    assert tuple(answer.frames) == FRAMES and all(len(answer.frame(name)) for name in FRAMES)
    assert answer.strict == "study" and answer.model.terms == answer.searches["study"].best
    patterns = answer.frame("patterns")
    assert set(patterns["scheme"]) == {"random", "loo", "study"} and len(patterns) == 48
    assert answer.frame("density").groupby("scheme")["count"].sum().eq(2047).all()
    errors = answer.frame("temperatures").set_index("method")["rmse_k"]
    # offsets of 8 K between studies, errors of 4 K and of the analyses
    assert 5 < errors["best equation, study"] < 25 and errors["best equation, study"] <= errors.iloc[-2] + 5
    assert set(answer.frame("diagnostics")["name"]) == {
        "temperature_error",
        "water_terms",
        "scheme_agreement",
        "extrapolation",
    }
    assert answer.diagnostic("temperature_error")["ok"]
    with pytest.raises(ValueError, match="unknown frame 'pattern'"):
        answer.frame("pattern")
    # the depression of the law that the example obeys, about 95 K at 4 wt%
    curve = answer.frame("depression").set_index("h2o_wt")["depression_k"]
    assert curve[4.0] == pytest.approx(96, abs=15)


def test_one_study_is_analysed_with_a_warning_and_a_constant_term_is_left_out(table, example):
    lines = example.to_csv().splitlines()
    at = {name: i for i, name in enumerate(lines[0].split(","))}
    rows = []
    for line in lines[1:]:
        cells = line.split(",")
        cells[at["study"]], cells[at["pressure_gpa"]] = "", "0.2"
        rows.append(",".join(cells))
    found = hydrous_melt.analyse(table(lines[0], *rows), terms=SHORT, n_bootstrap=0)
    assert found.strict == "loo" and set(found.searches) == {"random", "loo"}
    text = " ".join(found.messages)
    assert "none can be predicted from others" in text and "P left out of the dictionary" in text
    with pytest.raises(ValueError, match="no scheme of study can be used"):
        hydrous_melt.analyse(table(lines[0], *rows), terms=SHORT, schemes=("study",))


def test_artificial_experiments_go_through_a_table(table, made):
    again = hydrous_melt.prepare(table(*table_text(made).splitlines()))
    assert again.samples == made.experiments.samples and again.n_studies == 10
    np.testing.assert_allclose(again.y, made.experiments.y, rtol=0.01)  # printed to two digits after the point
    other = hydrous_melt.artificial_experiments(10, 8, np.random.default_rng(11))
    np.testing.assert_array_equal(other.experiments.wt, made.experiments.wt)
    assert np.ptp(made.offset_k[:8]) == 0 and np.ptp(made.offset_k) > 5
