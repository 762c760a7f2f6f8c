"""Published tables: their numbers come out again, and their traps are known."""

import numpy as np
import pytest

from lib import tables, unmixing
from lib.unmixing import glorise, lipp, mano


@pytest.mark.parametrize("name", lipp.CUMULATIVE)
def test_lipp_2020_is_reproduced_to_its_last_printed_digit(name, external):
    external(unmixing.read_lipp, name)
    found = lipp.reproduction()
    found = found[found["table"] == name]
    assert len(found) >= 6
    assert (abs(found["value"] - found["published"]) <= found["tolerance"]).all()


def test_the_published_vectors_are_unit_clr_vectors_and_not_orthogonal():
    for vector in (lipp.WEATHERING, lipp.PROVENANCE):
        assert sum(vector) == pytest.approx(0, abs=2e-7)  # seven numbers of seven digits
        assert np.linalg.norm(vector) == pytest.approx(1, abs=2e-7)
    assert np.dot(lipp.WEATHERING, lipp.PROVENANCE) == pytest.approx(0.20199, abs=5e-6)  # as their program prints it


def test_dropping_the_zeros_changes_the_variances_of_the_sedimentary_rocks(external):
    x = external(lipp.seven_parts, "sedimentary_rocks")
    assert x.shape == (2861, 7) and (x == 0).sum() == 4
    _, cumulative = lipp.principal_components(x[(x > 0).all(axis=1)])
    np.testing.assert_allclose(cumulative[:3], [0.4759, 0.7262, 0.8454], atol=5e-5)


def test_the_oblique_fit_finds_what_was_put_in():
    rng = np.random.default_rng(5)
    w, p, origin = map(np.array, (lipp.WEATHERING, lipp.PROVENANCE, lipp.UPPER_CRUST))
    omega, psi = rng.normal(size=(2, 30))
    # a residual at right angles to both directions and to the closure must change neither coordinate
    rest = rng.normal(size=(30, 7))
    span = np.linalg.qr(np.column_stack([w, p, np.ones(7)]))[0]
    rest -= rest @ span @ span.T
    found = unmixing.oblique_fit(50 * np.exp(origin + np.outer(omega, w) + np.outer(psi, p) + rest))
    np.testing.assert_allclose(found.omega, omega, atol=1e-6)
    np.testing.assert_allclose(found.psi, psi, atol=1e-6)
    np.testing.assert_allclose(found.residual, np.linalg.norm(rest, axis=1), atol=1e-6)
    assert 0 < found.explained < 1


def test_tables_of_lipp_are_read_in_our_columns(external):
    rocks = external(unmixing.read_lipp, "sedimentary_rocks")
    assert len(rocks) == 2861 and rocks.frame["MgO_wt"].isna().sum() == 4 and rocks.warnings == []
    assert any("4 zeros were read as empty" in note for note in rocks.notes)
    lake = external(unmixing.read_lipp, "craterlake")
    assert len(lake) == 135 and len(lake.analytes) == 9 and lake.frame["group"].nunique() == 10
    soil = external(unmixing.read_lipp, "toorongo")
    assert len(soil) == 15 and len(soil.analytes) == 10 and soil.schema.stem == "03_sediment_unmixing"
    for table in (rocks, lake, soil, external(unmixing.read_lipp, "rivers")):
        assert unmixing.check_table(table) == []
    with pytest.raises(ValueError, match="there are toorongo, craterlake"):
        unmixing.read_lipp("soils")


def test_a_file_that_is_not_the_table_is_refused(tmp_path):
    path = tmp_path / "rocks.csv"
    path.write_text("Sample,SiO2,Al2O3\na,50,12\n")
    with pytest.raises(tables.TableFaults, match=r"the column MgO of the sedimentary rocks is missing"):
        unmixing.read_lipp("sedimentary_rocks", path)
    with pytest.raises(tables.TableFaults, match=r"column Lat_deg: the column Lat_deg of GloRiSe is missing"):
        majors = tmp_path / "majors.csv"
        majors.write_text(",".join(["Sample_ID", "Location_ID", "Sampletype", "C_inorg_wt", *glorise._OXIDES]) + "\n")
        minerals = tmp_path / "minerals.csv"
        minerals.write_text("Sample_ID,Unit,Method\n")
        path.write_text("Location_ID,Citation,Lon_deg,Country,Region\n")
        unmixing.read_glorise(majors, minerals, path)


def test_the_laboratory_mixtures_have_three_edges(external):
    found = external(unmixing.read_mano)
    assert [len(t) for t in (found.mixtures, found.sources, found.core)] == [27, 56, 32]
    assert found.core.frame["depth_m"].iloc[0] == pytest.approx(0.065)  # layer 6-7 cm
    share = 100 * unmixing.reference_proportions(mano.mixture_compositions(found))
    np.testing.assert_allclose(share.sum(axis=1), 100, atol=1e-9)
    # level of an independent trial with the same inferred reference, printed to one per cent
    for name, expected in {"22": (65, 35, 0), "33": (4, 85, 11), "41": (17, 2, 81), "47": (87, 0, 13)}.items():
        np.testing.assert_allclose(share.loc[f"MEL1-{name}"], expected, atol=0.6)
    # the samples taken for pure have the contents of the class means of the source soils
    aluminium = 1e6 * mano.mixture_compositions(found).frame().loc[list(mano.PURE.values()), "Al"]
    means = found.class_means.loc[["Subsoil", "Cropland", "Forest"], "Al"]
    np.testing.assert_allclose(aluminium, means, rtol=0.03)


def test_a_content_below_zero_is_no_content(external):
    found = external(unmixing.read_mano, None, ("Al", "Fe", "Cr"))
    tables_ = (found.mixtures, found.sources, found.core)
    assert any("Cr: " in note and "not positive" in note for t in tables_ for note in t.notes)
    assert all((t.frame["Cr_ppm"].dropna() > 0).all() for t in tables_)


def test_an_r_file_with_another_object_is_refused(external):
    source = external(tables.locate, mano.MANO)
    with pytest.raises(ValueError, match="no data frame 'Mano' in it; it holds Hayama"):
        mano.read_rda(source, "Mano")


def test_rivers_of_the_world_are_joined_with_their_minerals(external):
    found = external(unmixing.read_glorise)
    n = len(found.table)
    assert n > 800 and found.table.frame["sample_id"].is_unique and len(found.places) == n
    assert (found.table.frame[[f"{o}_wt" for o in glorise.CORE_OXIDES]] > 0).all().all()
    minerals = found.minerals
    assert len(minerals) >= 270 and minerals.index.isin(found.places.index).all() and minerals.index.is_unique
    amounts = minerals.drop(columns=["unit", "method"])
    assert amounts.max().max() < 100.001 and amounts.min().min() >= 0  # a dolomite of 3900 % is not read
    made = unmixing.prepare(found.table, parts=glorise.CORE_OXIDES)
    assert made.shape == (n, 8)
    # an independent measurement of the same thing: carbonate carbon grows with the share of CaO
    calcium = (made.frame()["CaO"] / made.x.sum(axis=1)).loc[found.inorganic_carbon.index]
    assert np.corrcoef(calcium, found.inorganic_carbon)[0, 1] > 0.9
    assert unmixing.check_table(found.table) == []
