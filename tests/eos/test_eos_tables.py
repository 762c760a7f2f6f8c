"""From tables to measurements, and what keeps a table from being analysed."""

import numpy as np
import pytest

from lib import eos, tables
from lib.eos.embedded import template_texts
from lib.eos.measurements import Measurements

STEM = "06_outer_core_eos"
HEAD = (
    "sample_id,kind,data_set,pressure_gpa,pressure_gpa_err,density_g_cm3,density_g_cm3_err,temperature_k,sound_speed_km_s,"
    "sound_speed_km_s_err"
)
GOOD = [f"s{i},static,x,{p},1,{rho},0.08,{t},," for i, (p, rho, t) in enumerate(
    [(20, 7.88, 2600), (30, 8.25, 2780), (40, 8.57, 2950), (50, 8.84, 3130), (60, 9.09, 3300), (70, 9.32, 3480),
     (80, 9.52, 3650)]
)]  # fmt: skip


@pytest.fixture
def table(tmp_path):
    def make(*lines, head=HEAD):
        path = tmp_path / "own.csv"
        path.write_text("\n".join([head, *lines]) + "\n")
        return tables.read(path, STEM)

    return make


def faults(table, **parameters):
    return [str(fault) for fault in eos.check_table(table, parameters)]


def test_published_measurements_are_the_liquid_ones_and_sourced():
    made = eos.published_measurements()
    assert len(made) == 23 and made.n_values == 26 and made.shocked.sum() == 14
    shocks = made.frame[made.shocked]
    assert shocks["pressure_gpa"].min() > 259 and made.frame["temperature_k"].max() < 3000
    assert made.scaled_sets == ("Hixson et al. 1990", "Brown et al. 2000", "Brown & McQueen 1986")
    fewer = eos.published_measurements(hottest_k=2500, liquid_above_gpa=300)
    assert len(fewer) == 4 + 7 + 1 + 1 and any("left out" in note for note in fewer.notes)


def test_the_templates_are_sound_and_current():
    for name, text in template_texts().items():
        assert (tables.schema_files.DATA / "templates" / name).read_text(encoding="utf-8") == text
    example = tables.read(tables.Source.embedded("templates", f"{STEM}_example"))
    assert example.artificial and eos.check_table(example) == []
    made = eos.prepare(example)
    assert len(made) == 35 and (made.frame.loc[made.frame["kind"] == "1 bar", "pressure_gpa"] == 1e-4).all()
    # printed digits are far finer than the errors
    np.testing.assert_allclose(made.frame["density_g_cm3"], eos.example_measurements().frame["density_g_cm3"], atol=6e-4)


def test_gaps_mean_not_measured(table):
    own = eos.prepare(table(*GOOD, "v,static,y,35,0.7,,,2600,5.6,0.1", "h,shock,z,270,2,12.5,0.05,6000,,"))
    rows = own.rows()
    assert np.isnan(rows[7, 3]) and rows[7, 7] == 5600 and np.isnan(rows[8, 5])  # a shock's temperature is not used
    assert any("not used" in note for note in own.notes) and any("7.85" in note for note in own.notes)
    assert (rows[:7, 10] == 0).all() and (rows[7:, 10] == -1).all()  # errors of sets with fewer than three rows stay


def test_units_a_thousand_times_off_are_told_with_the_factor(table):
    bad = [
        *GOOD[1:],
        "a,static,x,20,1,7882,80,2600,,",
        "b,static,x,30000,1,8.2,0.1,2700,,",
        "c,shock,z,270,2,12.5,0.05,,9500,200",
    ]
    found = faults(table(*bad))
    assert len(found) == 3
    assert "7882" in found[1] and "kg/m3" in found[1] and "7.882 would fit" in found[1]
    assert "MPa or bar? 30 would fit" in found[0] and "m/s? 9.5 would fit" in found[2]


@pytest.mark.parametrize(("line", "message"), [
    ("a,static,x,40,1,8.6,0.08,,,", "only shocked states"),
    ("a,static,x,40,,8.6,,3000,,", "no error of pressure or density"),
    ("a,static,x,40,1,,,3000,,", "neither density nor sound speed"),
    ("a,static,x,40,1,8.6,0.08,3000,5.6,", "error of the sound speed is empty"),
    ("a,static,x,,,8.6,0.08,3000,,", "the pressure is empty"),
    ("a,shock,x,270,2,,,,9.5,0.2", "needs its density"),
    ("a,1 bar,x,,,7.0,0.05,1200,,", "iron is solid"),
    ("a,static,x,60,1,6.1,0.1,3300,,", "liquid iron has about 9.1"),
    ("a,shock,x,270,2,9.0,0.05,,,", "liquid iron has about 1"),
])  # fmt: skip
def test_every_fault_names_its_row_and_what_to_do(table, line, message):
    (fault,) = faults(table(*GOOD, line))
    assert message in fault and "row 9" in fault


def test_fewer_measurements_than_parameters_are_refused(table):
    (fault,) = faults(table(*GOOD[:6]))
    assert "6 densities and sound speeds" in fault and "7 parameters" in fault and "take a form with fewer" in fault
    assert faults(table(*GOOD[:6]), form="no electronic term") == []
    assert faults(table(*GOOD[:6]), with_published=True) == []
    shocked = [f"h{i},shock,z,{270 + i},2,12.5,0.05,,," for i in range(3)]
    assert any("stays open not counted" in f for f in faults(table(*GOOD[:5], *shocked), shock="latent"))
    assert faults(table(*GOOD[:5], *shocked), shock="energy") == []


def test_unknown_forms_and_treatments_are_refused(table):
    assert "known: as printed" in faults(table(*GOOD), form="Vinet")[0]
    assert "known: energy, latent" in faults(table(*GOOD), shock="pyrometer")[0]


def test_measurements_that_cannot_be_weighed_are_refused_in_python_too():
    frame = eos.published_measurements().frame.assign(density_g_cm3_err=np.nan)
    with pytest.raises(ValueError, match="HWH-1: no error of pressure or density"):
        Measurements(frame)
