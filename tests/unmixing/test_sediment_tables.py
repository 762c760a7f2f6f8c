"""From tables to compositions, and what keeps a table from being analysed."""

import pickle

import numpy as np
import pytest

from lib import tables, unmixing
from lib.unmixing.check import feasible

STEM = "03_sediment_unmixing"
HEAD = "sample_id,SiO2_wt,Al2O3_wt,MgO_wt,CaO_wt"
OXIDES = "SiO2_wt,TiO2_wt,Al2O3_wt,Fe2O3T_wt,MgO_wt,CaO_wt,Na2O_wt,K2O_wt"


def rows(n=12, seed=1, closed=False, tail=lambda i: ""):
    """Lines of n samples of eight oxides that differ, optionally normalised to 100.00."""
    rng = np.random.default_rng(seed)
    lines = []
    for i in range(n):
        x = np.array([60, 0.8, 15, 6, 2.5, 4, 3, 2.5]) * np.exp(0.2 * rng.standard_normal(8))
        x = np.round(x / x.sum() * (100 if closed else 96.3), 2)
        x[0] = round(x[0] + (100 if closed else 96.3) - x.sum(), 2) + (0 if closed else 0.37 * np.sin(i))
        lines.append(f"S{i}," + ",".join(f"{v:.2f}" for v in x) + tail(i))
    return lines


def test_units_become_mass_fractions_and_gaps_stay_apart(table):
    made = unmixing.prepare(
        table(
            f"{HEAD},Zr_ppm,Zr_ppm_err,Au_ppb,group,depth_m",
            "a,60,15,2,4,150,3,2,mud,0.5",
            "b,61,14,3,5,<10,,<1,,1.5",
            "c,59,16,2.5,4.5,120,6,5,sand,2.5",
        )
    )
    assert made.names == ("SiO2", "Al2O3", "MgO", "CaO", "Zr", "Au") and made.units[-2:] == ("ppm", "ppb")
    np.testing.assert_allclose(made.x[0], [0.6, 0.15, 0.02, 0.04, 1.5e-4, 2e-9], rtol=1e-14)
    assert made.below.sum() == 2 and np.isnan(made.x[1, 4:]).all() and not made.missing.any()
    np.testing.assert_allclose(made.limit[1, 4:], [1e-5, 1e-9])
    assert made.error[0, 4] == pytest.approx(3e-6) and np.isnan(made.error[0, 0])
    assert made.relative_error(0.03)[0, 4] == pytest.approx(0.02) and made.relative_error(0.03)[0, 0] == 0.03
    assert made.groups == ("mud", "", "sand") and made.position.tolist() == [0.5, 1.5, 2.5]
    assert made.frame().loc["c", "SiO2"] == 0.59
    part = made.take(samples=np.array([True, False, True]), parts=["CaO", "SiO2"])
    assert part.x.tolist() == [[0.04, 0.6], [0.045, 0.59]] and part.samples == ("a", "c") and part.groups == ("mud", "sand")
    with pytest.raises(ValueError, match="no part Fe2O3 in these compositions; there are SiO2, Al2O3"):
        made.take(parts=["Fe2O3"])


def test_parts_that_are_rarely_analysed_and_incomplete_samples_are_left_out_with_a_note(table):
    own = table(f"{HEAD},Zr_ppm", "a,60,15,2,4,", "b,61,14,,5,", "c,59,16,2.5,4.5,100", *(f"{i},60,15,2,4," for i in range(7)))
    made = unmixing.prepare(own)
    assert made.names == ("SiO2", "Al2O3", "MgO", "CaO") and "b" not in made.samples and made.shape == (9, 4)
    assert made.notes == (
        "left out, analysed in fewer than 80% of the samples: Zr (10%)",
        "1 of 10 samples are left out: a part was not analysed (MgO (1))",
    )
    kept = unmixing.prepare(own, incomplete="keep")
    assert kept.shape == (10, 4) and kept.missing.sum() == 1
    assert unmixing.prepare(own, parts=["SiO2", "Zr"]).samples == ("c",)
    with pytest.raises(ValueError, match="no part Nb in this table; it has SiO2"):
        unmixing.prepare(own, parts=["SiO2", "Nb"])
    with pytest.raises(ValueError, match=r"1 part\(s\) can be used"):
        unmixing.prepare(own, exclude=["SiO2", "Al2O3", "MgO_wt"])


def test_iron_is_added_up_and_nothing_is_counted_twice_beside_loi(table):
    made = unmixing.prepare(
        table("sample_id,SiO2_wt,Fe2O3_wt,FeO_wt,LOI_wt,CO2_wt", "a,60,3,4,5,2", "b,61,<0.5,5,6,3", "c,61,<0.5,<0.2,6,3")
    )
    assert made.names == ("SiO2", "Fe2O3T", "LOI")
    # 2 FeO + O -> Fe2O3: 159.688 / 143.688 g a gram
    assert made.x[0, 1] == pytest.approx(0.03 + 0.04 * 1.11135, rel=1e-4)
    assert made.x[1, 1] == pytest.approx(0.0025 + 0.05 * 1.11135, rel=1e-4)
    assert made.below[:, 1].tolist() == [False, False, True] and made.limit[2, 1] == pytest.approx(
        0.005 + 0.002 * 1.11135, rel=1e-4
    )
    assert any("added up as Fe2O3T" in n for n in made.notes) and any("CO2 left out: LOI holds" in n for n in made.notes)


def test_a_sound_table_passes_and_compositions_can_be_stored(table):
    own = table(f"sample_id,{OXIDES}", *rows())
    assert unmixing.check_table(own) == []
    made = pickle.loads(pickle.dumps(unmixing.prepare(own)))
    assert made.shape == (12, 8)


def test_oxides_normalised_to_100_beside_trace_elements_are_refused(table):
    zr = {"tail": lambda i: f",{150 + 7 * i}"}
    head = f"sample_id,{OXIDES},Zr_ppm"
    (fault,) = unmixing.check_table(table(head, *rows(closed=True, **zr)))
    assert "exactly 100 wt% in 12 of 12 samples" in fault and "Zr_ppm were not" in fault and "not normalised" in fault
    # the way out that the message names
    assert unmixing.check_table(table(head, *rows(closed=True, **zr)), {"exclude": ["Zr"]}) == []
    assert unmixing.check_table(table(head, *rows(**zr))) == []
    # half normalised, half as measured: just as wrong
    mixed = rows(6, closed=True, **zr) + [line.replace("S", "T", 1) for line in rows(6, **zr)]
    (fault,) = unmixing.check_table(table(head, *mixed))
    assert "6 of 12" in fault
    # normalised volatile-free, with the volatiles on top
    tail = {"tail": lambda i: f",{150 + 7 * i},{4 + 0.1 * i:.2f}"}
    (fault,) = unmixing.check_table(table(f"{head},LOI_wt", *rows(closed=True, **tail)))
    assert "while LOI_wt is given on top" in fault


def test_oxides_closed_with_their_trace_elements_are_on_one_basis(table):
    lines = []
    for i, line in enumerate(rows(closed=True)):
        name, silica, *others = line.split(",")
        lines.append(",".join([name, f"{float(silica) - 0.20:.2f}", *others, str(2000 + i)]))
    assert unmixing.check_table(table(f"sample_id,{OXIDES},Ba_ppm", *lines)) == []


def test_constant_and_censored_columns_are_refused(table):
    tail = {"tail": lambda i: f",0.10,{'<5' if i < 4 else 20 + i}"}
    faults = unmixing.check_table(table(f"sample_id,{OXIDES},MnO_wt,Nb_ppm", *rows(**tail)))
    assert len(faults) == 2
    assert "MnO_wt is 0.1 in all 12 samples" in faults[0] and "exclude" in faults[0]
    assert "Nb_ppm: 4 of 12 samples (33%) are below detection, more than the 30%" in faults[1] and "max_censored" in faults[1]
    own = table(f"sample_id,{OXIDES},MnO_wt,Nb_ppm", *rows(**tail))
    assert unmixing.check_table(own, {"exclude": ["MnO"], "max_censored": 0.4}) == []


def test_too_few_samples_or_parts_are_refused(table):
    (fault,) = unmixing.check_table(table(f"sample_id,{OXIDES}", *rows(7)))
    assert "7 complete samples for 8 parts" in fault and "exclude parts (SiO2, TiO2" in fault
    faults = unmixing.check_table(table(f"sample_id,{OXIDES}", *rows()), {"exclude": OXIDES.split(",")[2:]})
    assert any("2 part(s) with values (without the excluded Al2O3_wt" in f for f in faults)
    (fault,) = unmixing.check_table(table(f"sample_id,{OXIDES}", *rows()), {"exclude": ["K2o"]})
    assert "names K2o (is K2O meant?)" in fault


def test_parameters_that_cannot_be_are_refused_with_what_can(table):
    own = table(f"sample_id,{OXIDES}", *rows())

    def faults(**parameters):
        return unmixing.check_table(own, parameters)

    assert faults(method="ica", n_end_members=7) == [] and faults(method="archetypes", n_end_members=8) == []
    (fault,) = faults(method="ica", n_end_members=8)
    assert "can carry 1 to 7" in fault and "D - 1 independent log-ratios" in fault
    (fault,) = faults(method="minimum volume", n_end_members=9)
    assert "can carry 2 to 8" in fault and "0 lets the analysis choose" in fault
    assert "2 to" in faults(method="auto", n_end_members=1)[0]
    (fault,) = faults(method="minimum volum")
    assert "did you mean 'minimum volume'?" in fault and "archetypes" in fault
    (fault,) = faults(method="n-findr", transform="ilr")
    assert "mixing is linear in concentrations" in fault
    (fault,) = faults(transform="clr")
    assert "parameter transform = 'clr'" in fault
    assert feasible(5, 10, "pca") == (4, "there must be more samples than components")


def test_all_faults_come_at_once(table):
    own = table(f"sample_id,{OXIDES},MnO_wt", *rows(6, tail=lambda i: ",0.1"))
    assert len(unmixing.check_table(own, {"method": "pcs", "exclude": ["Nb"]})) == 4


def test_the_example_has_every_kind_of_cell_and_no_fault():
    own = tables.read(tables.Source.embedded("templates", f"{STEM}_example"))
    assert len(own) == 40 and own.artificial and own.warnings == [] and own.errors == {"Zr_ppm": "Zr_ppm_err"}
    assert own.censored.sum().sum() == 1 and own.frame["group"].str.contains("artificial").all()
    assert (own.frame[own.analytes].isna() & ~own.censored[own.analytes]).sum().sum() == 1
    assert unmixing.check_table(own) == []
    found = tables.check(tables.Source.embedded("templates", f"{STEM}_blank"))
    assert len(found) == 1 and "no row below it" in found[0].message


def test_the_generated_templates_are_current():
    from lib.tables import schema_files, templates

    for name, text in templates.template_files(STEM).items():
        assert (schema_files.DATA / "templates" / name).read_text(encoding="utf-8") == text
