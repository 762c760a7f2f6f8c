"""Statistical acceptance of the sparse isocon on artificial haloes, and its answers on published profiles.

Seeds derive from a fixed string; five more from the date are run and printed, not asserted.
"""

import datetime
import hashlib
from pathlib import Path

import numpy as np
import pytest

from lib import isocon, tables

pytestmark = pytest.mark.acceptance

SEED = int.from_bytes(hashlib.sha256(b"isocon acceptance").digest()[:4], "big")
N_SETS = 300
# one altered sample: a halo gives a single error, and 60 haloes would leave the mean uncertain by 0.13 points
N_SETS_PAIR = 2000
# errors of the published profiles: altered 6 %, protolith 4 % as it stands (not divided by the number of fresh rocks)
PROFILE = {"sigma_altered": 0.06, "sigma_protolith": 0.04, "protolith_error": "of the mean"}


@pytest.fixture(scope="module")
def scores():
    """Scores by (scenario, method), computed once."""
    kept = {}

    def get(scenario, method="sparse", n_sets=N_SETS):
        key = (scenario, method, n_sets)
        if key not in kept:
            kept[key] = isocon.benchmark(scenario, method, n_sets, SEED)
            print(key, {name: round(value, 3) for name, value in kept[key].items()})
        return kept[key]

    return get


@pytest.mark.parametrize(
    ("scenario", "mae", "f1"),
    [("A", 1.8, 0.98), ("B", 1.8, 0.98), ("C", 4.6, 0.90), ("D", 2.2, 0.95), ("E", 1.0, 0.98)],
)
def test_error_and_immobile_set(scores, scenario, mae, f1):
    found = scores(scenario)
    assert found["mae"] <= mae
    assert found["f1"] >= f1


def test_bias_is_small_although_most_mobile_elements_are_gained(scores):
    assert abs(scores("B")["bias"]) <= 0.5


def test_one_altered_sample(scores):
    assert scores("G", n_sets=N_SETS_PAIR)["mae"] <= 1.7


@pytest.mark.parametrize("method", ["convex", "geometric median", "geometric median, unweighted", "median", "lasso"])
def test_convex_forms_fail_when_most_elements_are_mobile(scores, method):
    assert scores("D", method)["mae"] > 9


@pytest.mark.parametrize("factor", [0.5, 2.0])
def test_misstated_errors_cost_little(scores, factor):
    wrong = isocon.benchmark(isocon.variant("B", stated=factor), "sparse", N_SETS, SEED)
    print(factor, wrong)
    assert wrong["mae"] <= 1.1 * scores("B")["mae"]
    assert wrong["f1"] >= 0.95


@pytest.mark.parametrize("scenario", ["A", "B"])
def test_close_to_the_oracle(scores, scenario):
    assert scores(scenario)["mae"] <= 1.15 * scores(scenario, "oracle")["mae"]


def test_coverage(scores):
    assert 0.88 <= scores("B")["coverage"] <= 0.98


def test_mixture_reaches_the_level_of_algorithm_s(scores):
    # its free slab mean pays off when all mobile elements go one way in strong noise
    assert scores("C", "em")["mae"] <= 1.05 * scores("C")["mae"]
    for scenario in "AB":
        assert scores(scenario, "em")["mae"] <= 1.15 * scores(scenario)["mae"]


def test_mixture_where_most_elements_are_mobile(scores):
    # measured 2.13 (standard error 0.07), with another seed and 240 halos 2.38
    assert scores("D", "em")["mae"] <= 2.8
    assert scores("D", "em")["f1"] >= 0.94


def test_coherent_block(scores):
    """Nine elements that move together: a known weakness, limited by the choice of starts and cured by votes."""
    # measured 5.6 and 4.5 (seed of 240 other halos: 7.0 and 5.6); with all modes of Algorithm S competing as starts the
    # mixture was wrong by 21 points
    assert scores("coherent", "em")["mae"] <= 10
    assert scores("coherent")["mae"] <= 8
    for method in ("sparse", "em"):
        assert scores("coherent", f"{method}, one vote for the block")["mae"] <= 0.5 * scores("coherent", method)["mae"]
        assert scores("coherent", f"{method}, shipped blocks")["mae"] < scores("coherent", method)["mae"]


def test_shipped_example_keeps_its_immobile_elements_in_the_mixture():
    path = Path(__file__).parents[3] / "data/templates/02_alteration_isocon_example.csv"
    for group in "AB":
        found = isocon.fit(isocon.prepare(tables.read(path, "02_alteration_isocon"), group=group), "em")
        print(group, found.immobile_elements, found.mass_change_pct.round(1))
        assert {"Al2O3", "TiO2", "Zr"} <= set(found.immobile_elements)
        assert not {"K2O", "Rb", "LOI"} & set(found.immobile_elements)


def test_every_requirement_is_met_in_the_table_that_is_drawn():
    table = isocon.acceptance_table(100, SEED)
    print(table[table["met"].notna()].drop(columns=["label", "quantity"]).round(4).to_string(index=False))
    assert table["met"].dropna().all()


def test_bootstrap_coverage():
    """Percentile bootstrap over elements is somewhat short (about 0.9), as the plug-in interval without t is."""
    inside = []
    for stream in np.random.SeedSequence(SEED).spawn(60):
        rng = np.random.default_rng(stream)
        halo = isocon.make_halo("B", rng)
        low, high = isocon.element_bootstrap(halo.data, rng, n_draws=200).interval()
        inside.append(((low <= halo.mass_change_pct) & (halo.mass_change_pct <= high)).mean())
    print("bootstrap coverage", np.mean(inside))
    assert 0.82 <= np.mean(inside) <= 0.98


def test_noise_free_haloes_are_solved_exactly():
    for stream in np.random.SeedSequence(SEED).spawn(60):
        halo = isocon.make_halo(isocon.variant("D", noise=0.0, stated_error=1e-3), np.random.default_rng(stream))
        found = isocon.fit(halo.data)
        assert np.array_equal(found.immobile, halo.immobile)
        np.testing.assert_allclose(found.m, halo.m, atol=1e-8)


def test_units_and_order_change_nothing():
    for stream in np.random.SeedSequence(SEED).spawn(60):
        rng = np.random.default_rng(stream)
        data = isocon.make_halo("B", rng).data
        factor = 10.0 ** rng.integers(-4, 5, data.shape[0])
        e, s = rng.permutation(data.shape[0]), rng.permutation(data.shape[1])
        again = isocon.from_arrays(
            (data.c0 * factor)[e],
            (data.altered * factor[:, None])[np.ix_(e, s)].T,
            elements=np.array(data.elements)[e],
        )
        one, two = isocon.fit(data), isocon.fit(again)
        assert set(one.immobile_elements) == set(two.immobile_elements)
        np.testing.assert_allclose(two.m, one.m[s], atol=1e-12)  # rounding of sums in another order


def test_other_seeds_are_shown(scores):
    today = datetime.date.today()
    for extra in range(5):
        seed = int(today.strftime("%Y%m%d")) * 10 + extra
        row = {s: round(isocon.benchmark(s, "sparse", 60, seed)["mae"], 2) for s in "ABCDE"}
        print("seed", seed, "mean absolute error", row)


@pytest.fixture(scope="module")
def soils():
    source = tables.locate("isocon/soils.csv")
    if source is None:
        pytest.skip("data not here: isocon/soils.csv (run `make data`, or name a folder in COMPENDIUM_DATA_MIRROR)")
    return tables.read(source)


@pytest.mark.parametrize("method", ["sparse", "em"])
def test_basalt_profile_of_nesbitt_and_wilson_1992(soils, method):
    found = isocon.fit(isocon.prepare(soils, group="16", **PROFILE), method)
    assert set(found.immobile_elements) == {"TiO2", "Al2O3", "Fe2O3T"}
    change = found.mass_change_pct
    np.testing.assert_allclose(change[-4:], [-36, -40, -41, -41], atol=2)
    if method == "sparse":
        np.testing.assert_allclose(change, [-11, -12, -20, -31, -36, -40, -41, -41], atol=1)


def test_median_type_methods_give_the_wrong_sign_on_the_basalt_profile(soils):
    data = isocon.prepare(soils, group="16", **PROFILE)
    assert isocon.fit(data, "convex").mass_change_pct[-1] == pytest.approx(154, abs=3)


def test_granite_profile_of_white_2001(soils):
    found = isocon.fit(isocon.prepare(soils, group="2", **PROFILE))
    assert set(found.immobile_elements) == {"Al2O3", "Fe2O3T"}
    assert -37 <= found.mass_change_pct.min() <= -34
    assert found.mass_change_pct[0] == pytest.approx(64, abs=2)
    assert found.ambiguous


def test_granodiorite_profile_of_girty_2003(soils):
    found = isocon.fit(isocon.prepare(soils, group="4", **PROFILE))
    assert set(found.immobile_elements) == {"SiO2", "Al2O3", "Fe2O3T", "MgO", "TiO2"}
    assert found.mass_change_pct.min() == pytest.approx(-17, abs=1)


def test_diorite_profile_of_turner_2003_is_contested(soils):
    data = isocon.prepare(soils, group="3", **PROFILE)
    sparse, em = isocon.fit(data), isocon.fit(data, "em")
    assert set(sparse.immobile_elements) == {"SiO2", "Al2O3"}
    assert np.max(np.abs(sparse.mass_change_pct)) <= 11
    print("EM on Turner:", em.immobile_elements, em.mass_change_pct.round(1))
    assert np.max(np.abs(em.mass_change_pct - sparse.mass_change_pct)) > 5


def test_toorongo_keeps_iron_and_titanium_although_alumina_disagrees():
    source = tables.locate("isocon/toorongo_soil.csv")
    if source is None:
        pytest.skip("data not here: isocon/toorongo_soil.csv (run `make data`, or name COMPENDIUM_DATA_MIRROR)")
    table = tables.read(source)
    for error, members, change in ((0.04, {"Fe2O3T", "TiO2"}, 131), (0.06, {"Fe2O3T", "TiO2", "K2O"}, 119)):
        data = isocon.prepare(table, sigma_altered=error, sigma_protolith=0.04, protolith_error="of the mean")
        found = isocon.fit(data)
        assert set(found.immobile_elements) == members
        assert found.mass_change_pct[-1] == pytest.approx(change, abs=1)
    alumina = isocon.fit(data, "reference", elements=["Al2O3"])
    assert alumina.mass_change_pct[-1] == pytest.approx(-48, abs=1)
