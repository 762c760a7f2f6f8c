"""Kola soils: 0 in the file is below detection, limits and units are those of the file, and it hardly matters there."""

import numpy as np
import pytest

from lib import composition as comp
from lib import tables
from lib.unmixing import read_kola


@pytest.fixture(scope="module")
def kola():
    found = read_kola()
    if found is None:
        pytest.skip("the external Kola table is not on this machine")
    return found


def test_all_cells_are_measured_or_below_their_stated_limit(kola):
    assert kola.x.shape == kola.below.shape == (606, 52) and kola.limit.shape == (52,)
    assert np.isnan(kola.x).sum() == kola.below.sum() == 42
    assert (kola.limit > 0).all()
    # to 1e-9 of the limit: numbers were written in decimals
    assert (np.where(kola.below, np.inf, kola.x) >= kola.limit * (1 - 1e-9)).all()
    assert {name for name, n in zip(kola.names, kola.below.sum(axis=0), strict=True) if n} == {
        "Ag", "As", "Bi", "Co", "K", "Nd", "S", "Sc",
    }  # fmt: skip
    assert len(set(kola.samples)) == 606 and kola.places["easting_m"].between(3e5, 9e5).all()


def test_whole_grains_hold_more_than_an_acid_takes_out_and_add_up_as_oxides(kola):
    x, below, _, names = kola.composition("total")
    acid, _, _, by_acid = kola.composition()
    for element in ("Al", "Ca", "Fe", "K", "Mg", "Na", "Ti", "Si"):
        assert np.median(x[:, names.index(element)]) > np.nanmedian(acid[:, by_acid.index(element)])
    oxides = {"Si": 2.1393, "Al": 1.8895, "Fe": 1.4297, "Mg": 1.6583, "Ca": 1.3992, "Na": 1.3480, "K": 1.2046, "Ti": 1.6683}
    total = sum(factor * x[:, names.index(element)] for element, factor in oxides.items()) * 1e-4
    # wt% and mg/kg are told apart: with loss on ignition the median soil closes to 100 within 3
    assert np.median(total + kola.places["loi_wt"]) == pytest.approx(100, abs=3)
    assert len(names) == len(set(names)) == 23 and below.sum() == 9


def test_replacement_hardly_turns_the_directions_of_real_soils(kola):
    x, below, limit, names = kola.composition()
    found = comp.sensitivity(x, below=below, limit=limit, names=names, n_components=2)
    assert 0 < found["angle_deg"].max() < 1  # measured: 0.64 degrees for 33 cells of 17574
    assert (found["note"] == "").all()


def test_choices_and_refusals(kola):
    assert kola.composition(names=("Ag", "Zn"))[3] == ("Ag", "Zn")
    assert "Bi" not in kola.composition(max_share=0.02)[3]
    with pytest.raises(ValueError, match="no Rb by aqua regia; there are Ag"):
        kola.composition(names=("Rb", "Zn"))
    with pytest.raises(ValueError, match="aqua regia, total"):
        kola.composition("XRF")
    other = tables.locate("sediment/Hongite.rda")
    if other is not None:
        with pytest.raises(ValueError, match="no data frame 'chorizonDL' in it; it holds Hongite"):
            read_kola(other)
