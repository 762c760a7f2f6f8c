"""Intervals, bootstraps, paths and profiles."""

import numpy as np
import pytest
from scipy import stats

from lib import isocon
from lib.isocon import kernels, sparse


@pytest.fixture(scope="module")
def halo():
    return isocon.make_halo("B", np.random.default_rng(41))


@pytest.fixture(scope="module")
def fit(halo):
    return isocon.fit(halo.data)


def test_plug_in_error_is_the_textbook_one(fit):
    expected = fit.scale * np.sqrt(2 * 0.05**2 / fit.n_immobile)
    np.testing.assert_allclose(fit.se, expected, rtol=1e-9)
    low, high = fit.interval()
    half = stats.t.ppf(0.975, fit.n_immobile - 1) * expected
    np.testing.assert_allclose(np.log1p(high / 100) - np.log1p(low / 100), 2 * half)


def test_error_of_tau_knows_that_the_immobile_elements_made_the_isocon(fit):
    se = fit.log_tau_se() / fit.scale
    own, mean = 2 * 0.05**2, 2 * 0.05**2 / fit.n_immobile
    np.testing.assert_allclose(se[fit.immobile], np.sqrt(own - mean), rtol=1e-6)
    np.testing.assert_allclose(se[~fit.immobile], np.sqrt(own + mean), rtol=1e-6)


def test_bootstrap_with_all_elements_once_is_the_fit_itself(fit):
    data = fit.data
    from lib.isocon.resampling import kernel_arguments

    once = np.ones((1, 30), np.int64)
    m, members = kernels.bootstrap(*sparse.arrays(data), data.weight, once, *kernel_arguments(data, 1.5, 1.0, None))
    np.testing.assert_allclose(m[0], fit.m, atol=1e-9)
    assert np.array_equal(members[0], fit.immobile)


def test_an_element_drawn_twice_is_two_elements(halo):
    data = halo.data
    from lib.isocon.resampling import kernel_arguments

    counts = np.random.default_rng(1).multinomial(30, np.full(30, 1 / 30), size=1)
    m, members = kernels.bootstrap(*sparse.arrays(data), data.weight, counts, *kernel_arguments(data, 1.5, 1.0, None))
    twice = isocon.fit(data.take(elements=np.repeat(np.arange(30), counts[0])))
    np.testing.assert_allclose(m[0], twice.m, atol=1e-6)
    assert set(twice.immobile_elements) <= set(np.array(data.elements)[members[0]])


def test_bootstrap_interval_is_of_the_size_of_the_plug_in_one(halo, fit):
    found = isocon.element_bootstrap(halo.data, np.random.default_rng(1), n_draws=200)
    again = isocon.element_bootstrap(halo.data, np.random.default_rng(1), n_draws=200)
    np.testing.assert_array_equal(found.m, again.m)
    low, high = found.interval()
    plug = np.subtract(*fit.interval()[::-1])
    assert np.all((high - low > 0.4 * plug) & (high - low < 2.5 * plug))
    assert np.nanmin(found.frequency[halo.immobile]) > 0.5 > np.nanmax(found.frequency[~halo.immobile][:5]) - 0.5


def test_monte_carlo_of_errors_and_fresh_samples(halo, fit):
    rng = np.random.default_rng(2)
    found = isocon.error_monte_carlo(halo.data, rng, n_draws=100)
    sd = found.m.std(axis=0)
    # the spread of the mean over the set, up to changes of the set
    assert np.all((sd > 0.6 * fit.se) & (sd < 2.5 * fit.se))
    with pytest.raises(ValueError, match="at least 2"):
        isocon.fresh_bootstrap(halo.data, rng)
    fresh = halo.data.c0 * np.exp(0.05 * rng.standard_normal((6, 30)))
    data = isocon.from_arrays(fresh, halo.data.altered.T, elements=halo.data.elements)
    spread = isocon.fresh_bootstrap(data, rng, n_draws=60)
    assert np.all(spread.m.std(axis=0) < 2 * 0.05 / np.sqrt(6 * 12))


def test_stability_selection_separates_the_sets(halo):
    found = isocon.stability_selection(halo.data, np.random.default_rng(3), n_draws=60)
    assert np.nanmedian(found.frequency[halo.immobile]) > 0.9
    assert np.nanmedian(found.frequency[~halo.immobile]) < 0.1


@pytest.mark.parametrize("kind", ["welsch", "convex"])
def test_path_has_a_plateau_and_ranks_the_elements(halo, kind):
    samples, elements = isocon.threshold_path(halo.data, kind=kind)
    assert len(samples) == 25 * 10 and len(elements) == 25 * 30
    order = isocon.entry_order(elements)
    ranks = order.rank().reindex(list(halo.data.elements)).to_numpy()
    assert ranks[halo.immobile].mean() < ranks[~halo.immobile].mean() - 5
    if kind == "welsch":
        plateau = samples[(samples["threshold"] > 1.2) & (samples["threshold"] < 2.2)]
        assert plateau.groupby("sample")["mass_change_pct"].agg(np.ptp).max() < 3
    with pytest.raises(ValueError, match="'welsch' or 'convex'"):
        isocon.threshold_path(halo.data, kind="ridge")


def test_profile_of_the_objective_touches_its_modes():
    data = isocon.make_halo("G", np.random.default_rng(5)).data
    found = isocon.fit(data)
    profile = isocon.objective_profile(found, n_points=401)
    assert profile["objective"].min() == pytest.approx(found.modes[0].objective, abs=0.02)
    # for one sample the profile is the objective itself
    r2 = (data.log_ratio[:, 0] - profile["m"].to_numpy()[:, None]) ** 2 / (2 * 0.05**2)
    direct = np.sum(1 - np.exp(-0.5 * r2 / (1.5 * found.scale) ** 2), axis=1)
    np.testing.assert_allclose(profile["objective"], direct, atol=1e-6)


def test_profile_over_many_samples_has_its_minimum_at_the_fit(halo, fit):
    profile = isocon.objective_profile(fit, sample=3, n_points=61)
    best = profile.loc[profile["objective"].idxmin()]
    assert best["objective"] == pytest.approx(fit.modes[0].objective, abs=0.2)
    assert abs(best["m"] - fit.modes[0].m[3]) <= 1.01 * (profile["m"][1] - profile["m"][0])


def test_the_sample_of_a_profile_can_be_chosen(fit):
    names = fit.data.samples
    by_name, by_place = (isocon.objective_profile(fit, sample=s, n_points=5) for s in (names[6], 6))
    assert by_name.equals(by_place) and set(by_name["sample"]) == {names[6]}
    largest = names[int(np.argmax(np.abs(fit.mass_change_pct)))]
    assert set(isocon.objective_profile(fit, n_points=3)["sample"]) == {largest}
    for wrong in ("nobody", 10):
        with pytest.raises(ValueError, match=r"is not in the data: expected a position from 0 to 9, or one of s1"):
            isocon.objective_profile(fit, sample=wrong)


def test_other_samples_are_free_in_a_profile(fit):
    """Holding one sample anywhere never costs more than holding all the others at the fit, too."""
    profile = isocon.objective_profile(fit, sample=2, n_points=21)
    data, mode = fit.data, fit.modes[0]
    x, p, s2, below = sparse.arrays(data)
    r2, fixed = np.empty(30), []
    for value in profile["m"]:
        m = mode.m.copy()
        m[2] = value
        kernels.distances(x, p, s2, below, m, np.empty_like(x), r2)
        fixed.append(np.sum(1 - np.exp(-0.5 * r2 / (1.5 * fit.scale) ** 2 / data.dof)))
    assert np.all(profile["objective"] <= np.array(fixed) + 1e-6)
    assert np.any(profile["objective"] < np.array(fixed) - 0.1)


def test_a_known_fit_is_not_repeated_in_the_sensitivity(halo, fit):
    again = isocon.error_sensitivity(halo.data, known=fit)
    assert again.equals(isocon.error_sensitivity(halo.data))
    moved = isocon.error_sensitivity(halo.data, known=fit.replace(m=fit.m + 1)).set_index("error_factor")
    np.testing.assert_allclose(moved.loc[1.0, "mass_change_pct"], 100 * np.expm1(-fit.m - 1))


def test_sensitivity_runs_with_other_errors(halo):
    frame = isocon.error_sensitivity(halo.data)
    assert sorted(frame["error_factor"].unique()) == [0.5, 1.0, 2.0]
    assert frame.groupby("sample")["mass_change_pct"].agg(np.ptp).max() < 5


def test_cross_validation_prefers_some_middle_threshold(halo):
    from lib.isocon.uncertainty import cross_validate

    frame = cross_validate(halo.data, np.random.default_rng(6), grid=[0.3, 1.0, 30.0], folds=4)
    # everything immobile (huge threshold) predicts the mobile elements badly
    assert frame["error"].iloc[2] > 1.5 * frame["error"].min()
