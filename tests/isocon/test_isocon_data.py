"""Log ratios: what enters, what is left out and why, and what is refused."""

import numpy as np
import pytest
from scipy import optimize, stats

from lib import isocon, tables
from lib.isocon.censored import censored_mean
from lib.isocon.logratio import from_arrays
from lib.isocon.votes import block_weights

FRESH = np.array([[50.0, 15.0, 100.0, 8.0], [52.0, 15.5, 110.0, 8.2], [48.0, np.nan, 90.0, 7.8]])
ALTERED = np.array([[45.0, 16.0, 120.0, 4.0], [40.0, 17.0, 125.0, 3.0]])
NAMES = ["SiO2", "Al2O3", "Zr", "CaO"]

HEAD = "sample_id,role,group,depth_m,density_g_cm3,SiO2_wt,TiO2_wt,Al2O3_wt,FeO_wt,Fe2O3_wt,CaO_wt,Zr_ppm,Zr_ppm_err\n"
ROWS = (
    "F1,fresh,a,,2.8,50,1.0,15,6,3,8,100,4\nF2,fresh,a,,3.0,52,1.1,16,7,2,9,110,4\n"
    "A1,altered,a,1,2.5,45,1.2,17,3,5,<0.5,120,6\nA2,altered,a,2,2.4,44,1.2,18,2,6,2,,\n"
)


@pytest.fixture
def table(tmp_path):
    def make(text=HEAD + ROWS):
        path = tmp_path / "halo.csv"
        path.write_text(text)
        return tables.read(path, "02_alteration_isocon")

    return make


def test_reference_is_the_geometric_mean_and_its_error_shrinks_with_the_number_of_fresh_samples():
    data = from_arrays(FRESH, ALTERED, elements=NAMES, sigma_protolith={"Al2O3": 0.04}, sigma_altered=0.02)
    np.testing.assert_allclose(data.c0[0], (50 * 52 * 48) ** (1 / 3))
    np.testing.assert_allclose(data.c0[1], np.sqrt(15 * 15.5))
    np.testing.assert_allclose(data.sigma_protolith, np.array([0.05, 0.04, 0.05, 0.05]) / np.sqrt([3, 2, 3, 3]))
    of_mean = from_arrays(FRESH, ALTERED, elements=NAMES, protolith_error="of the mean")
    np.testing.assert_allclose(of_mean.sigma_protolith, 0.05)
    np.testing.assert_allclose(data.log_ratio, np.log(ALTERED.T / data.c0[:, None]))


def test_scatter_of_the_fresh_samples_is_drawn_towards_the_stated_error():
    stated = 0.05
    data = from_arrays(FRESH, ALTERED, elements=NAMES, protolith_scatter=True, sigma_protolith=stated)
    scatter = np.std(np.log(FRESH[:, 2]), ddof=1)
    per_sample = data.sigma_protolith[2] * np.sqrt(3)
    assert stated < per_sample < scatter
    # two values are too few: stated error kept
    assert data.sigma_protolith[1] == pytest.approx(stated / np.sqrt(2))


def test_censored_and_missing_cells_stay_apart():
    below = np.zeros(ALTERED.shape, bool)
    below[0, 3] = True
    altered = ALTERED.copy()
    altered[1, 0] = np.nan
    data = from_arrays(FRESH, altered, elements=NAMES, below=below, min_measured=0.5)
    assert data.below.sum() == 1 and data.below[3, 0]
    assert np.isnan(data.log_ratio[0, 1])
    assert data.dof.tolist() == [1, 2, 2, 1]


def test_rarely_measured_elements_lose_their_vote_but_stay():
    altered = ALTERED.copy()
    altered[1, 0] = np.nan
    data = from_arrays(FRESH, altered, elements=NAMES)
    assert not data.used[0] and data.elements[0] == "SiO2"
    assert any("SiO2: no vote" in note and "50 %" in note for note in data.notes)


def test_an_element_unknown_in_the_fresh_rock_is_dropped_with_a_reason():
    fresh = FRESH.copy()
    fresh[:, 3] = np.nan
    data = from_arrays(fresh, ALTERED, elements=NAMES)
    assert "CaO" not in data.elements
    assert any("CaO: dropped, not analysed" in note for note in data.notes)
    censored = from_arrays(FRESH, ALTERED, elements=NAMES, fresh_below=np.tile([False, False, False, True], (3, 1)))
    assert any("CaO: dropped, below detection in 3 of 3 fresh" in note for note in censored.notes)
    fresh[0, 3] = 8.0
    both = from_arrays(fresh, ALTERED, elements=NAMES, fresh_below=np.eye(3, 4, 3, dtype=bool) | (fresh == 8.0))
    assert any("CaO: dropped, below detection in 1 and not analysed in 2 of 3 fresh" in note for note in both.notes)


def test_mean_of_censored_values_is_the_maximum_of_the_likelihood():
    rng = np.random.default_rng(4)
    for _ in range(20):
        values, limits, sigma = rng.normal(0, 0.3, 3), rng.normal(0, 0.3, 2), rng.uniform(0.05, 0.5)

        def cost(mean, values=values, limits=limits, sigma=sigma):
            return -stats.norm.logpdf(values, mean, sigma).sum() - stats.norm.logcdf(limits, mean, sigma).sum()

        best = optimize.minimize_scalar(cost, bounds=(-3, 3), method="bounded", options={"xatol": 1e-10}).x
        mean, error, expected = censored_mean(values, limits, sigma)
        assert mean == pytest.approx(best, abs=1e-6) and mean <= values.mean()
        step = 1e-4
        curvature = (cost(mean + step) - 2 * cost(mean) + cost(mean - step)) / step**2
        assert error == pytest.approx(curvature**-0.5, rel=1e-3)  # second difference of a smooth function
        assert np.all(expected < limits)
        assert np.append(values, expected).mean() == pytest.approx(mean, abs=1e-10)


def test_a_limit_far_above_says_nothing_and_one_far_below_counts_as_a_value():
    mean, error, _ = censored_mean([1.0, 1.2], [5.0], 0.1)
    assert mean == pytest.approx(1.1) and error == pytest.approx(0.1 / np.sqrt(2))
    # the hidden value lies some hundredths below the limit: sigma / z
    assert censored_mean([1.0, 1.2], [-5.0], 0.1)[0] == pytest.approx((1.0 + 1.2 - 5.0) / 3, abs=1e-2)
    assert censored_mean([1.0], [0.0], 0.0)[0] == pytest.approx(0.5, abs=1e-2)
    assert censored_mean([1.0, 1.2], [], 0.1)[0] == pytest.approx(1.1)


@pytest.mark.parametrize("protolith_error", ["per sample", "of the mean"])
def test_fresh_cells_below_detection_are_censored_not_missing(protolith_error):
    below = np.zeros(FRESH.shape, bool)
    below[2, 3] = True
    limit = FRESH.copy()
    limit[2, 3] = 6.0
    told = {"elements": NAMES, "protolith_error": protolith_error, "sigma_protolith": 0.1}
    data, without = from_arrays(limit, ALTERED, fresh_below=below, **told), from_arrays(FRESH, ALTERED, **told)
    assert data.c0[3] < np.sqrt(8.0 * 8.2) * 0.97
    np.testing.assert_allclose(data.c0[:3], without.c0[:3])
    # the bootstrap of the fresh samples starts from the same reference
    np.testing.assert_allclose(np.exp(np.log(data.fresh[:, 3]).mean()), data.c0[3])
    assert data.fresh[2, 3] < 6.0 and np.isnan(data.fresh[2, 1])
    note = [text for text in data.notes if text.startswith("CaO: below detection in 1 of 3 fresh samples")]
    assert len(note) == 1 and f"{data.c0[3]:.4g}" in note[0] and "8.099 without" in note[0]
    if protolith_error == "per sample":
        assert 0.1 / np.sqrt(3) < data.sigma_protolith[3] < 0.1 / np.sqrt(2)
    else:
        assert data.sigma_protolith[3] == 0.1


def test_refusals_say_where_and_what_to_do():
    bad = ALTERED.copy()
    bad[1, 2] = 0
    with pytest.raises(ValueError, match=r"altered row 2, Zr: 0.0 has no logarithm.*detection limit"):
        from_arrays(FRESH, bad, elements=NAMES)
    with pytest.raises(ValueError, match="same elements"):
        from_arrays(FRESH, ALTERED[:, :3])
    with pytest.raises(ValueError, match=r"fractions \(0.05 for 5 %\)"):
        from_arrays(FRESH, ALTERED, sigma_altered=5)
    with pytest.raises(ValueError, match="fewer than 2 usable elements"):
        from_arrays([[1.0, np.nan]], [[1.0, 1.0]])
    with pytest.raises(ValueError, match="not in the data"):
        from_arrays(FRESH, ALTERED, elements=NAMES).index(["Ti"])
    with pytest.raises(ValueError, match="'per sample' or 'of the mean'"):
        from_arrays(FRESH, ALTERED, protolith_error="mean")
    with pytest.raises(ValueError, match="'blocks' or a mapping"):
        from_arrays(FRESH, ALTERED, group_weights="ree")


def test_block_weights_give_a_coherent_block_one_vote():
    weight = block_weights(["SiO2", "La", "Ce", "Yb", "Zr", "Hf", "Nb"])
    np.testing.assert_allclose(weight, [1, 1 / 3, 1 / 3, 1 / 3, 0.5, 0.5, 1])
    np.testing.assert_allclose(block_weights(["a", "b", "c"], {"x": ["a", "b"]}), [0.5, 0.5, 1])


def test_table_of_samples(table):
    data = isocon.prepare(table(), min_measured=0.5)
    assert data.samples == ("A1", "A2") and data.n_fresh == 2
    assert data.position.tolist() == [1, 2] and data.position_name == "depth_m"
    assert data.density_fresh == pytest.approx(2.9)
    # iron is added up: Fe2O3 = 3 + 1.1113 x 6 in the first fresh sample
    iron = data.elements.index("Fe2O3T")
    assert data.fresh[0, iron] == pytest.approx(3 + 6 * 1.11134, rel=1e-5)
    assert "FeO" not in data.elements and "Fe2O3" not in data.elements
    calcium, zircon = data.elements.index("CaO"), data.elements.index("Zr")
    assert data.below[calcium].tolist() == [True, False] and data.altered[calcium, 0] == 0.5
    # measured errors go before stated ones
    assert data.sigma_altered[zircon, 0] == pytest.approx(6 / 120)
    assert data.sigma_protolith[zircon] == pytest.approx(np.sqrt((0.04**2 + (4 / 110) ** 2) / 2) / np.sqrt(2))
    assert np.isnan(data.log_ratio[zircon, 1])


def test_loi_has_no_vote_beside_its_parts(table):
    text = (HEAD + ROWS).replace("CaO_wt", "CaO_wt,LOI_wt,H2O_wt").replace(",8,100", ",8,1,0.8,100")
    text = text.replace(",9,110", ",9,1,0.9,110").replace(",<0.5,120", ",<0.5,3,2,120").replace(",6,2,,", ",6,2,4,3,,")
    data = isocon.prepare(table(text))
    assert data.weight[data.elements.index("LOI")] == 0 and data.weight[data.elements.index("H2O")] == 1


def test_a_group_without_fresh_rows_is_refused(table):
    with pytest.raises(ValueError, match="group 'b': no row has role 'fresh'"):
        isocon.prepare(table(HEAD + ROWS + "B1,altered,b,1,2.5,45,1.2,17,3,5,4,120,6\n"), group="b")
