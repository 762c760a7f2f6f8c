"""Compositions, terms, equilibria and published formulae."""

import numpy as np
import pytest

from lib.hydrous_melt import components, equilibrium, published, terms

BASALT = published.basalt_wt((0.0, 4.0))


def test_water_dilutes_the_oxides_and_their_ratios_stay():
    assert BASALT.sum(axis=1) == pytest.approx(100)
    np.testing.assert_allclose(BASALT[1, :-1] / BASALT[0, :-1], 0.96, rtol=1e-14)
    x = components.mole_fractions(BASALT)
    assert x.sum(axis=1) == pytest.approx(1)
    # by hand: 4 g of water are 0.222 mol beside 96 g of oxides of about 1.55 mol
    dry = (BASALT[1, :-1] / components.MOLAR_MASS[:-1]).sum()
    assert x[1, -1] == pytest.approx(4 / 18.01528 / (dry + 4 / 18.01528))
    c = components.cation_fractions(BASALT)
    np.testing.assert_allclose(c[0], c[1], rtol=1e-13)  # anhydrous
    with pytest.raises(ValueError, match="H2O of -1 to -1 wt%"):
        components.hydrous_wt(BASALT[0, :-1], -1)
    with pytest.raises(ValueError, match="11 oxides; expected the 10"):
        components.hydrous_wt(BASALT[0], 1)


def test_iron_is_more_ferric_where_oxygen_is_plentiful_and_mostly_ferrous_at_the_buffer():
    t, p = np.full(2, 1473.15), np.full(2, 1e-4)
    nno = components.log_fo2_nno(t, p)
    # Frost (1991): NNO at 1200 degrees C and 1 bar is about -7.6
    assert nno[0] == pytest.approx(-7.56, abs=0.05)
    share = components.ferrous_share(BASALT[[0, 0]], t, p, nno + np.array([0, 2]))
    assert 0.75 < share[0] < 0.87 and share[1] < share[0] - 0.1
    # a tenfold fO2 multiplies Fe2O3/FeO by 10^0.196, the coefficient of ln fO2
    ratio = (1 - share) / share
    assert ratio[1] / ratio[0] == pytest.approx(10 ** (2 * 0.196), rel=1e-12)


def test_terms_are_what_they_say():
    x = components.mole_fractions(BASALT)
    t, p = np.array([1400.0, 1300.0]), np.array([0.2, 0.5])
    got = terms.design(t, p, x, ("T", "P", "H2O^2", "sqrtH2O", "SiO2*H2O", "P*MgO^2"))
    h, s, m = (x[:, components.at(name)] for name in ("H2O", "SiO2", "MgO"))
    np.testing.assert_allclose(got, np.column_stack([t, p, h**2, np.sqrt(h), s * h, p * m**2]), rtol=1e-14)
    assert terms.water_terms(terms.TERMS) == ("H2O", "H2O^2", "sqrtH2O", "SiO2*H2O") and len(terms.TERMS) == 16
    assert terms.hierarchy(terms.TERMS) == {
        "H2O^2": ("H2O",), "SiO2^2": ("SiO2",), "MgO^2": ("MgO",), "SiO2*H2O": ("SiO2", "H2O")
    }  # fmt: skip
    wrong = {"H20": "is H2O meant?", "SiO2*": "'' is not known", "sqrtH2O^2": "is H2O meant?", "lnH2O": "write sqrtH2O"}
    for bad, text in wrong.items():
        with pytest.raises(ValueError, match=text.replace("?", r"\?")):
            terms.parse(bad)


def test_exchange_and_partition_are_inverse_to_each_other():
    x = components.mole_fractions(BASALT)
    fo = equilibrium.equilibrium_fo(x, 0.31)
    assert equilibrium.exchange_kd(fo, x) == pytest.approx(0.31)
    assert fo[0] == pytest.approx(fo[1])  # dilution leaves Fe/Mg
    t = np.array([1450.0, 1350.0])
    y = equilibrium.response(t, fo, x)
    np.testing.assert_allclose(
        equilibrium.partition_from_response(y, t, x), equilibrium.magnesium_partition(fo, x), rtol=1e-12
    )
    assert equilibrium.entropy_of(equilibrium.slope_of(57.2)) == pytest.approx(57.2)


def test_pure_forsterite_melts_at_its_melting_point():
    # the melt of pure forsterite: 2/3 MgO, 1/3 SiO2, activity one: y = T ln(27/4)
    x = np.zeros((1, 11))
    x[0, components.at("MgO")], x[0, components.at("SiO2")] = 2 / 3, 1 / 3
    assert equilibrium.log_quotient(np.ones(1), x)[0] == pytest.approx(np.log(27 / 4))
    from lib.hydrous_melt.artificial import law_model

    assert law_model({}).temperature(x * components.MOLAR_MASS, 0.0, fo=np.ones(1))[0] == pytest.approx(2163.0)


def test_interactions_satisfy_gibbs_duhem(monkeypatch):
    rng = np.random.default_rng(2)
    names = equilibrium.MIXING
    columns = [components.at(name) for name in names]
    x = np.zeros(11)
    x[columns] = rng.dirichlet(np.ones(8))
    w = rng.normal(size=28)

    def ln_gamma(component, x):
        monkeypatch.setattr(equilibrium, "REACTIONS", {"Fo": {component: 1}})
        return equilibrium.excess_design(x, "Fo") @ w

    # sum of X_i ln gamma_i is the excess energy, and sum of X_i d ln gamma_i vanishes along any change of composition
    assert sum(x[components.at(n)] * ln_gamma(n, x) for n in names) == pytest.approx(float(equilibrium.excess_energy(x, w)))
    step = np.zeros(11)
    step[columns] = rng.normal(size=8)
    step[columns] -= step[columns].mean()
    h = 1e-6
    change = sum(x[components.at(n)] * (ln_gamma(n, x + h * step) - ln_gamma(n, x - h * step)) / (2 * h) for n in names)
    assert abs(change) < 1e-7  # central differences of a quadratic: rounding only
    assert len(equilibrium.pair_names()) == 28


def test_published_curves_are_in_their_papers_range():
    almeev = published.DEPRESSIONS["Almeev et al. 2007"]
    # 39.69 C^0.73, printed in the abstract
    assert almeev.formula(1.0) == pytest.approx(39.69) and almeev.checked == "abstract"
    for one in published.DEPRESSIONS.values():
        w = np.linspace(0, one.limits[1], 30)
        drop = one.formula(w)
        assert drop[0] == 0 and (np.diff(drop) > 0).all() and 80 < drop[-1] < 180
    with pytest.raises(ValueError, match="unknown oxide FeOT"):
        published.basalt_wt(0, FeOT=3.0)


def test_published_thermometer_gives_a_basalts_liquidus_and_falls_with_water():
    x = components.mole_fractions(BASALT)
    fo = equilibrium.equilibrium_fo(x)
    t = published.putirka2008_eq22(BASALT, 0.2, published.putirka_partition(fo, BASALT))
    assert 1450 < t[0] < 1510
    assert 60 < t[0] - t[1] < 130
    # one more GPa raises it by some tens of kelvin
    assert 30 < published.putirka2008_eq22(BASALT, 1.2, published.putirka_partition(fo, BASALT))[0] - t[0] < 90
