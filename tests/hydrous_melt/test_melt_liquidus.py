"""Equations of terms: coefficients, temperatures, extrapolation, curves."""

import numpy as np
import pytest

from lib.hydrous_melt import depression_curves, fit_terms, heldout, partition_isopleths
from lib.hydrous_melt.artificial import LAW, artificial_experiments, law_model
from lib.hydrous_melt.depression import olivine_mgo_wt
from lib.hydrous_melt.equilibrium import FUSION_ENTROPY
from lib.hydrous_melt.published import basalt_wt
from lib.hydrous_melt.schemes import folds_of

ENTROPY = FUSION_ENTROPY["Fo"]
EXACT = {"study_k": 0.0, "temperature_k": 0.0, "oxide": 0.0, "water_wt": 0.0, "water_bias": 0.0}


@pytest.fixture(scope="module")
def exact():
    return artificial_experiments(6, 12, np.random.default_rng(4), **EXACT)


def test_without_errors_the_law_comes_back(exact):
    model = fit_terms(exact.experiments, tuple(LAW), entropy=ENTROPY)
    # the design of six oxides and their squares is conditioned to about 1e4
    np.testing.assert_allclose(model.coef, list(LAW.values()), rtol=1e-8)
    e = exact.experiments
    np.testing.assert_allclose(model.temperature(e.wt, e.pressure_gpa, fo=e.fo), e.temperature_k, atol=1e-6)
    np.testing.assert_allclose(model.predict(e.temperature_k, e.pressure_gpa, e.x), e.y, atol=1e-6)


def test_a_free_part_of_t_is_found_too_and_is_the_fixed_one(exact):
    free = fit_terms(exact.experiments, ("T", *LAW))
    assert free.coef[0] == pytest.approx(law_model().fixed_slope, rel=1e-6)
    with pytest.raises(ValueError, match="exclude each other"):
        fit_terms(exact.experiments, ("T", "P"), entropy=ENTROPY)


def test_errors_are_those_of_ordinary_least_squares(made):
    e, names = made.experiments, ("P", "MgO", "H2O")
    model = fit_terms(e, names)
    a = np.column_stack([np.ones(len(e)), e.design(names)])
    coef, rss, *_ = np.linalg.lstsq(a, e.y, rcond=None)
    covariance = np.linalg.inv(a.T @ a) * rss[0] / (len(e) - 4)
    np.testing.assert_allclose([model.intercept, *model.coef], coef, rtol=1e-9)
    np.testing.assert_allclose(model.error, np.sqrt(np.diag(covariance)), rtol=1e-8)
    h = np.einsum("ij,jk,ik->i", a, np.linalg.inv(a.T @ a), a)
    np.testing.assert_allclose(model.leverage(e.temperature_k, e.pressure_gpa, e.x), h, rtol=1e-7)
    table = model.frame()
    assert table["coefficient_j_mol"].iloc[1] == pytest.approx(8.314462618 * table["coefficient_k"].iloc[1])


def test_leave_one_out_is_what_leaving_out_one_by_one_gives(made):
    e, names = made.experiments, ("P", "SiO2", "H2O")
    got = heldout(e, names, "loo", entropy=ENTROPY)
    slow = heldout(e, names, np.arange(len(e)), entropy=ENTROPY)
    np.testing.assert_allclose(got.to_numpy(), slow.to_numpy(), rtol=1e-9)
    with_t = heldout(e, ("T", *names), "loo")
    a = np.column_stack([np.ones(len(e)), e.design(("T", *names))])
    hat = a @ np.linalg.pinv(a)
    np.testing.assert_allclose(with_t["y_k"] - with_t["y_predicted_k"], (e.y - hat @ e.y) / (1 - np.diag(hat)), rtol=1e-6)
    by_study = heldout(e, names, folds_of("one study", e.studies), entropy=ENTROPY)
    assert np.abs(by_study["y_predicted_k"] - got["y_predicted_k"]).max() > 1


def test_a_held_out_temperature_is_the_residual_over_its_slope(made):
    e, names = made.experiments, ("P", "SiO2", "MgO", "H2O")
    got = heldout(e, names, folds_of("study", e.studies, 5), entropy=ENTROPY)
    slope = e.y / e.temperature_k - law_model().fixed_slope
    np.testing.assert_allclose(
        got["temperature_k"] - got["temperature_predicted_k"], (got["y_k"] - got["y_predicted_k"]) / slope, atol=1e-8
    )
    # ln D = y/(2T) + constant at a given melt
    ln_ratio = np.log(got["partition_predicted"] / got["partition"])
    np.testing.assert_allclose(ln_ratio, (got["y_predicted_k"] - got["y_k"]) / (2 * e.temperature_k), atol=1e-12)


def test_terms_that_cannot_be_fitted_are_refused(made):
    e = made.experiments
    with pytest.raises(ValueError, match="3 experiments for 3 coefficients"):
        fit_terms(e, ("P", "H2O"), np.arange(3))
    with pytest.raises(ValueError, match="linear functions of each other"):
        fit_terms(e, ("P", "H2O", "H2O"))
    with pytest.raises(ValueError, match="H2O does not vary"):
        fit_terms(e, ("P", "H2O"), np.flatnonzero(e.h2o_wt == 0).repeat(3))


def test_melts_outside_the_calibration_are_told(made):
    model = fit_terms(made.experiments, ("P", "MgO", "H2O"), entropy=ENTROPY)
    e = made.experiments
    assert not model.outside(e.temperature_k, e.pressure_gpa, e.wt)["extrapolated"].any()
    told = model.outside(1400.0, 0.2, basalt_wt((4.0, 20.0)))
    assert not told["extrapolated"][0] and told["extrapolated"][1]
    assert "H2O_wt 20 >" in told["outside"][1] and "H2O" in told["outside"][1]
    assert "P 5 >" in model.outside(1400.0, 5.0, basalt_wt((4.0,)))["outside"][0]


def test_oxygen_fugacity_makes_olivine_more_magnesian_and_the_liquidus_lower():
    wt = basalt_wt((2.0,))
    plain = law_model().temperature(wt, 0.2)
    # with less ferrous iron the olivine of the same Kd is richer in forsterite: ln Q is larger, and T lower
    reduced, oxidised = (law_model().temperature(wt, 0.2, delta_nno=d) for d in (-3.0, 2.0))
    assert plain > reduced > oxidised
    assert plain - oxidised < 40


def test_a_product_with_t_is_solved_by_iteration(made):
    model = fit_terms(made.experiments, ("P", "MgO", "T*H2O"), entropy=ENTROPY)
    e = made.experiments
    t = model.temperature(e.wt, e.pressure_gpa, fo=e.fo)
    y = t * (e.y / e.temperature_k)
    np.testing.assert_allclose(model.predict(t, e.pressure_gpa, e.x), y, rtol=1e-8)


def test_depression_starts_at_zero_holds_the_law_and_is_the_same_again(made):
    call = {"entropy": ENTROPY, "water": (0.0, 2.0, 4.0, 12.0), "n_bootstrap": 60, "seed": 3}
    curve = depression_curves(made.experiments, tuple(LAW), **call)
    assert curve["depression_k"].iloc[0] == 0 and (np.diff(curve["depression_k"].iloc[:3]) > 0).all()
    t = law_model().temperature(basalt_wt((0.0, 4.0)), 0.2)
    # ten studies with 15 K each: the depression, a difference, is known to some kelvin
    assert curve["depression_k"].iloc[2] == pytest.approx(t[0] - t[1], abs=25)
    assert (curve["lower_k"] <= curve["upper_k"]).all() and curve["extrapolated"].iloc[3]
    assert curve.equals(depression_curves(made.experiments, tuple(LAW), **call))


def test_water_lowers_the_partition_of_magnesium_at_one_temperature():
    frame = partition_isopleths(law_model(), water=(0.0, 4.0), mgo_wt=np.linspace(4, 14, 11))
    at = {h: np.interp(1450, p["liquidus_k"], p["partition_wt"]) for h, p in frame.groupby("h2o_wt")}
    assert at[4.0] < 0.8 * at[0.0]
    assert olivine_mgo_wt(1.0) == pytest.approx(57.29, abs=0.02)  # forsterite
    assert olivine_mgo_wt(0.0) == 0
