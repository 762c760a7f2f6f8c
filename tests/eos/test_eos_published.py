"""Published parameters give published numbers; the embedded tables hang together."""

import numpy as np
import pytest

from lib import tables
from lib.eos import AndersonAhrens, compare_with_prem, core_profile, outer_core, prem_outer_core, published_set, published_sets
from lib.eos.parameter_sets import CASE


def test_kuwayama_reproduces_its_abstract():
    """7.5-7.6 % deficit and 3.7-4.4 % excess in per cent of iron, at a core-mantle temperature of 4000 K."""
    found = compare_with_prem(published_set("kuwayama2020").eos)
    expected = {"density_deficit_pct[cmb]": 7.56, "density_deficit_pct[icb]": 7.52, "vp_excess_pct[cmb]": 3.69,
                "vp_excess_pct[icb]": 4.37}  # fmt: skip
    for name, value in expected.items():
        assert found[name] == pytest.approx(value, abs=0.006), name
    assert found["t_icb_k"] == pytest.approx(5391, abs=0.5)
    assert found["density_of_model_pct[cmb]"] == pytest.approx(8.2, abs=0.05)  # the other convention


def test_matsumura_deviations():
    """Of another code with T0 = 1811 K: 10.6 ... 7.8 % in density, -4.0 ... -3.0 (CMB) and -5.3 ... -4.2 % (ICB) in speed."""
    eos = published_set("matsumura2021").eos
    cool, hot = compare_with_prem(eos, 3500.0), compare_with_prem(eos, 4200.0)
    assert max(cool["density_of_model_pct[cmb]"], cool["density_of_model_pct[icb]"]) == pytest.approx(10.6, abs=0.05)
    assert min(hot["density_of_model_pct[cmb]"], hot["density_of_model_pct[icb]"]) == pytest.approx(7.8, abs=0.05)
    speeds = [run[f"vp_of_model_pct[{end}]"] for end in ("cmb", "icb") for run in (cool, hot)]
    np.testing.assert_allclose(speeds, [-4.0, -3.0, -5.3, -4.2], atol=0.05)
    assert eos.density(1e-4, 1811.0) == pytest.approx(7190, abs=0.5)
    assert eos.replace(t0_k=2000.0).density(1e-4, 1811.0) == pytest.approx(7359, abs=0.5)


def test_moduli_of_published_sets():
    assert published_set("kuwayama2020").eos.bulk_modulus_gpa(11000.0, 5000.0) == pytest.approx(632.53594, abs=5e-6)
    other = published_set("matsumura2021").eos.replace(t0_k=2000.0)
    assert other.adiabatic_bulk_modulus_gpa(11000.0, 5000.0) == pytest.approx(766.166, abs=5e-4)


@pytest.mark.parametrize(("name", "rho"), [("ichikawa2014", 10839.0), ("ichikawa_tsuchiya2020", 10896.0)])
def test_density_of_ab_initio_sets(name, rho):
    assert published_set(name).eos.density(135.75, 4000.0) == pytest.approx(rho, abs=0.6)


def test_sets_agree_on_the_core():
    """Four groups, experiment and theory: densities within 3 % of each other over the whole outer core."""
    density = np.array([core_profile(s.eos)["density"] for s in published_sets().values()])
    assert np.ptp(density, axis=0).max() / density.mean() < 0.03
    assert [s.checked for s in published_sets().values()].count("abstract") == 1


def test_unknown_set_is_named():
    with pytest.raises(ValueError, match=r"no parameter set 'kuwayama'; known: kuwayama2020, matsumura2021"):
        published_set("kuwayama")


def test_prem_is_a_core():
    prem = prem_outer_core()
    assert prem["depth_km"].iloc[[0, -1]].tolist() == [2891.0, 5149.5]
    np.testing.assert_allclose(prem["depth_km"] + prem["radius_km"], 6371.0)
    found = prem["density"] * prem["sound_speed"] ** 2 / 1e9
    np.testing.assert_allclose(found, prem["adiabatic_modulus_gpa"], rtol=2e-6)  # rounding of the speeds
    # Adams and Williamson: a homogeneous liquid on an adiabat has d rho/dP = 1/Vp^2, and PREM nearly is one
    slope = np.gradient(prem["density"], prem["pressure_gpa"] * 1e9)[1:-1]
    np.testing.assert_allclose(slope * prem["sound_speed"][1:-1] ** 2, 1.0, atol=0.03)
    assert (prem["pressure_gpa"].iloc[0], prem["pressure_gpa"].iloc[-1]) == (outer_core.P_CMB_GPA, outer_core.P_ICB_GPA)


def test_prem_against_the_external_table():
    source = tables.locate("eos/prem.txt")
    if source is None:
        pytest.skip("external table eos/prem.txt is not on this machine")
    given = np.loadtxt(source.path)
    given = given[(given[:, 5] == 0) & (given[:, 2] > 1e11)]  # no shear: the outer core
    prem = prem_outer_core()
    np.testing.assert_allclose(given[:, 0] / 1e3, prem["depth_km"])
    for column, name, factor in ((2, "pressure_gpa", 1e9), (3, "density", 1), (4, "sound_speed", 1)):
        np.testing.assert_allclose(given[:, column] / factor, prem[name], rtol=1e-6, err_msg=name)


@pytest.mark.parametrize(("name", "rows"), [("hixson1990", 16), ("brown2000_hugoniot", 37), ("brown_mcqueen1986", 3)])
def test_measured_tables(name, rows):
    source = tables.Source.embedded(CASE, name)
    lines = source.path.read_text(encoding="utf-8").splitlines()
    assert len(lines) == rows + 1
    assert not source.artificial


def test_own_reference_model():
    eos = published_set("kuwayama2020").eos
    shifted = prem_outer_core().assign(density=lambda f: f["density"] * 1.01)
    ratio = (100 - core_profile(eos, reference=shifted)["density_deficit_pct"]) / (
        100 - core_profile(eos)["density_deficit_pct"]
    )
    np.testing.assert_allclose(ratio, 1.01, rtol=1e-12)


def test_anderson_ahrens_values():
    """Of burnman 2.1.0, whose finite differences leave some 1e-5 in the speed."""
    iron, path = AndersonAhrens(), np.array([135.75, 200.0, 328.85])
    rho = iron.density(path, 5000.0)
    np.testing.assert_allclose(rho, [10607.8, 11720.4, 13333.9], atol=0.05)
    np.testing.assert_allclose(iron.sound_speed(rho, 5000.0), [7664, 8595, 10022], atol=0.5)
