"""Partition coefficients, modes, reactions and published compositions."""

import numpy as np
import pytest

from lib import melting, tables
from lib.melting.coefficients import MINERALS, TABLES

# Bulk coefficients as tabulated: D of the spinel lherzolite, P of two reactions, D of the garnet lherzolite of 1991
PRINTED = """
Rb 0.000281 0.000326 0.000344 0.000277
Ba 5.853e-05 0.0003369 0.0002757 4.2766e-05
Th 0.0013555 0.005623 0.004417 0.0019553
U 0.0019986 0.008394 0.00683 0.0046036
Nb 0.003355 0.01375 0.01105 0.004048
Ta 0.003355 0.01375 0.01105 0.004048
La 0.007723 0.04207 0.03419 0.0048231
Ce 0.012005 0.06785 0.05545 0.007838
Pb 0.00579 0.01254 0.01026 0.00527
Pr 0.01838 0.1058 0.08692 0.012725
Nd 0.026939 0.15143 0.12368 0.022411
Sr 0.012049 0.074888 0.062024 0.0071751
Zr 0.020991 0.10179 0.08385 0.04494
Hf 0.046574 0.24422 0.19934 0.07553
Sm 0.044517 0.24873 0.20355 0.056096
Eu 0.048302 0.28022 0.23076 0.08633
Ti 0.08113 0.3289 0.2597 0.12358
Gd 0.049967 0.29267 0.24091 0.12765
Tb 0.058765 0.33841 0.27819 0.20558
Dy 0.056819 0.33239 0.27467 0.28745
Ho 0.058442 0.35306 0.29202 0.41607
Y 0.075783 0.36795 0.30127 0.40629
Er 0.07481 0.3593 0.2961 0.55564
Yb 0.086 0.3548 0.2902 0.81904
Lu 0.09408 0.35112 0.28188 0.88356
"""
ROWS = [line.split() for line in PRINTED.strip().splitlines()]


def test_bulk_coefficients_are_those_tabulated():
    elements, values = [row[0] for row in ROWS], np.array([[float(x) for x in row[1:]] for row in ROWS])
    default = melting.bulk_coefficients(elements)
    johnson = melting.bulk_coefficients(elements, reaction="johnson_spinel_melt")
    garnet = melting.bulk_coefficients(elements, mode="mo91_garnet", reaction="johnson_garnet_melt")
    found = np.column_stack([default.d, default.p, johnson.p, garnet.d])
    np.testing.assert_allclose(found, values, rtol=5.1e-5)  # printed to four or five digits
    assert default.exhaustion == pytest.approx(0.13 / 0.82) and default.exhausted == "cpx"


def test_bulk_coefficients_by_hand():
    bulk = melting.bulk_coefficients(["Nd"])
    assert bulk.d[0] == pytest.approx(0.57 * 0.00042 + 0.28 * 0.012 + 0.13 * 0.178 + 0.02 * 0.01, rel=1e-14)
    assert bulk.p[0] == pytest.approx(-0.3 * 0.00042 + 0.4 * 0.012 + 0.82 * 0.178 + 0.08 * 0.01, rel=1e-14)
    left = {"ol": 0.57 + 0.3 * 0.13 / 0.82, "opx": 0.28 - 0.4 * 0.13 / 0.82, "sp": 0.02 - 0.08 * 0.13 / 0.82}
    k = melting.mineral_coefficients().loc["Nd"]
    assert bulk.d_after[0] == pytest.approx(sum(x * k[m] for m, x in left.items()) / (1 - 0.13 / 0.82), rel=1e-12)
    np.testing.assert_allclose(bulk.p_after, bulk.d_after, rtol=1e-12)  # what is left melts in its proportions
    orthopyroxene = melting.bulk_coefficients(["Nd"], after={"opx": 1.2, "ol": -0.2})
    assert orthopyroxene.p_after[0] == pytest.approx(1.2 * k["opx"] - 0.2 * k["ol"])


def test_a_reaction_is_brought_to_unit_mass_and_a_mode_only_on_demand():
    raw = melting.modes_and_reactions()
    assert raw.loc["wasylenki", list(MINERALS)].sum() == pytest.approx(0.98)
    assert raw.loc["mo91_garnet", list(MINERALS)].sum() == pytest.approx(1.010)
    others = raw.drop(["wasylenki", "mo91_garnet"])[list(MINERALS)].sum(axis=1)
    np.testing.assert_allclose(others, 1, atol=1e-12)
    k = melting.mineral_coefficients().loc["Yb"]
    p = melting.bulk_coefficients(["Yb"], reaction="wasylenki").p[0]
    assert p == pytest.approx((-0.34 * k["ol"] + 0.56 * k["opx"] + 0.72 * k["cpx"] + 0.04 * k["sp"]) / 0.98)
    plain, made_one = (
        melting.bulk_coefficients(["Yb"], mode="mo91_garnet", reaction="johnson_garnet_melt", renormalise_mode=flag).d[0]
        for flag in (False, True)
    )
    assert plain / made_one == pytest.approx(1.010)


def test_the_two_tables_differ_where_the_literature_does():
    a, b = (melting.mineral_coefficients(name) for name in TABLES)
    assert a.shape == (25, 6) and b.shape == (32, 6) and list(a.columns) == list(MINERALS)
    assert (a.loc["Ti", "cpx"], b.loc["Ti", "cpx"], a.loc["Yb", "cpx"], b.loc["Yb", "cpx"]) == (0.35, 0.18, 0.40, 0.28)
    # columns stand in different orders in the two origins; garnet takes most Lu, plagioclase most Sr, in both
    for table in (a, b):
        assert table.loc["Lu"].idxmax() == "grt" and table.loc["Sr"].idxmax() == "plg" and table.loc["La"].idxmax() == "plg"
    assert melting.bulk_workman_hart()["Yb"] == 0.115 and len(melting.bulk_workman_hart()) == 25


def test_read_tables_cannot_be_changed_by_a_caller():
    minerals, known, bulk = melting.mineral_coefficients(), melting.reference_compositions(), melting.bulk_workman_hart()
    minerals.loc["La", "cpx"] = known.loc["DMM_WH2005", "La"] = bulk["La"] = 9.0
    assert melting.mineral_coefficients().loc["La", "cpx"] == 0.049 and melting.composition("DMM_WH2005")["La"] == 0.192
    assert melting.bulk_workman_hart()["La"] == 0.01


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"table": "mine"}, "no table of partition coefficients 'mine'; known: gibson_geist_2010"),
        ({"elements": ["La", "Cr"]}, "have no Cr; they have Rb"),
        ({"mode": "harzburgite"}, "no mode 'harzburgite'; known: dmm_spinel"),
        ({"mode": "kinzler_grove"}, "no mode 'kinzler_grove'"),
        ({"reaction": "johnson_garnet_melt"}, "consumes grt, which the mode does not hold"),
        ({"reaction": {"ol": 1.5, "cpx": -0.5}}, "P of .* is -.*below zero"),
        ({"mode": {"olivine": 1.0}}, "no mineral 'olivine'; known: ol, opx"),
        ({"after": {"cpx": 1.0}}, "consumes a mineral that is not left"),
    ],
)
def test_wrong_requests_are_named(options, text):
    with pytest.raises(ValueError, match=text):
        melting.bulk_coefficients(**options)


def test_compositions_order_as_they_must():
    """Depleted mantle is poorer than primitive mantle, the more so the more incompatible; E-MORB is richer than N-MORB."""
    elements = ["Nb", "La", "Nd", "Sm", "Yb"]
    ratio = melting.composition("DMM_WH2005", elements) / melting.composition("PM_PON", elements)
    assert (np.diff(ratio) > 0).all() and ratio[-1] < 1
    assert melting.composition("EMORB_Gale2013")["La"] > melting.composition("NMORB_Gale2013")["La"]
    chondritic = melting.reference_compositions(["Sm", "Nd"])
    for name in ("PM_SM89", "PM_MS95", "PM_PON"):
        assert chondritic.loc[name, "Sm"] / chondritic.loc[name, "Nd"] == pytest.approx(0.325, abs=0.005)


def test_wrong_values_of_the_origin_are_left_out():
    everything = melting.reference_compositions()
    assert len(everything) == 11 and not any("D-DMM" in name or "E-DMM" in name for name in everything.index)
    assert np.isnan(everything.loc["EMORB_Gale2013", "Y"])
    with pytest.raises(ValueError, match="EMORB_Gale2013 has no value for Y; it has"):
        melting.composition("EMORB_Gale2013", ["La", "Y"])
    with pytest.raises(ValueError, match="no composition 'DMM'; known: DMM_WH2005"):
        melting.composition("DMM")
    with pytest.raises(ValueError, match="no reference composition has Xx"):
        melting.reference_compositions(["Xx"])


def test_published_means_are_read_as_samples():
    table = tables.read(tables.Source.embedded("01_morb_inversion", "mean_morb"))
    data = melting.to_ppm(table, ["La", "Yb", "Ti"])
    assert data.samples[1] == "EMORB_SM89" and data.ppm[1].tolist() == [6.3, 2.37, 6000] and not table.artificial


def test_compositions_agree_with_pyrolite():
    norm = pytest.importorskip("pyrolite.geochem.norm")
    to_ppm = {"ppm": 1.0, "ppb": 1e-3, "%": 1e4, "wt%": 1e4}
    oxides = {"Ti": ("TiO2", 0.5995), "K": ("K2O", 0.8301), "Na": ("Na2O", 0.7419)}

    def theirs(reference, name):
        """ppm of one row; its own unit is used, and where that is blank wt% for an oxide and ppm for an element."""
        if name not in reference.comp.index:
            return np.nan
        unit = reference.units[name]
        return reference.comp[name] * (to_ppm[unit] if isinstance(unit, str) else 1e4 if "O" in name else 1.0)

    compared = 0
    for name, row in melting.reference_compositions().iterrows():
        reference = norm.get_reference_composition("Pyrolite_MS95" if name == "PM_MS95" else name)
        for element, value in row.dropna().items():
            expected = theirs(reference, element)
            if np.isnan(expected):
                oxide, factor = oxides[element]
                expected = factor * theirs(reference, oxide)
            # filled from an oxide: typed to four digits
            assert value == pytest.approx(expected, rel=5e-4), (name, element)
            compared += 1
    assert compared > 300
