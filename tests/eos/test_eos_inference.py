"""Posterior, evidence, predictions and the analysis, on short chains."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from lib import eos
from lib.eos.analysis import FRAMES
from lib.eos.artificial import artificial_iron
from lib.eos.inference import EosModel, infer, prior_overlap
from lib.eos.priors import scale_prior
from lib.eos.study import equation, one_set


@pytest.fixture(scope="module")
def answer():
    return eos.analyse(eos.example_measurements(), n_evaluations=60_000, t_cmb_k=(4000.0,), seed=3)


def test_an_analysis_has_every_frame_and_says_what_it_does_not_know(answer):
    assert tuple(answer.frames) == FRAMES
    assert {"rhat", "ess", "misfit", "core_reached"} == set(answer.frame("diagnostics")["name"])
    parameters = answer.frame("parameters").set_index("parameter")
    assert not parameters.loc["g", "identified"] and parameters.loc["K0", "identified"]
    assert any("g" in text and "do not tell" in text for text in answer.messages)
    assert not answer.diagnostic("ess")["ok"]  # such chains are too short, and that is said
    assert set(answer.others) == {(f, s) for f in ("as printed", "consistent") for s in ("energy", "latent")}
    assert len(answer.frame("shock_temperatures")) == 14


def test_the_answer_lies_in_the_posterior_of_artificial_iron(answer):
    numbers = answer.frame("core_numbers").set_index(["quantity", "place"])
    known = eos.compare_with_prem(artificial_iron(), 4000.0)
    for quantity in ("density_deficit_pct", "vp_excess_pct"):
        for place in ("cmb", "icb"):
            row = numbers.loc[(quantity, place)]
            # one fixed set of errors: within four standard deviations, and narrower than eight points
            assert abs(row["median"] - known[f"{quantity}[{place}]"]) < 4 * row["sd"] and row["sd"] < 2
            assert row["lo95"] < row["median"] < row["hi95"] and row["reached"] == 1.0
    residuals = answer.frame("residuals")
    assert 0.3 < residuals["square"].mean() < 2.0


def test_core_states_are_those_of_the_equation(answer):
    model, draws = answer.inference.model, answer.inference.draws(3)
    found = eos.core_states(model.vectors(draws), model.equation.code, 4000.0)
    profile = eos.core_profile(equation(model, draws[1:2]), 4000.0)
    for name in ("density", "temperature_k", "sound_speed", "density_deficit_pct", "vp_excess_pct"):
        np.testing.assert_allclose(found[name][1], profile[name], rtol=1e-9)


def test_the_same_seed_gives_the_same_draws_and_chains_differ():
    model = EosModel(eos.example_measurements())
    one, two = (infer(model, n_evaluations=8_000, seed=4).chain.draws for _ in range(2))
    assert np.array_equal(one, two) and not np.array_equal(one[0], one[1])


def test_evidence_is_that_of_an_analytic_problem():
    """One density with rho0 alone unknown: the evidence is an integral of a normal density over a flat prior."""
    frame = pd.DataFrame([{
        "sample_id": "a", "kind": "1 bar", "data_set": "x", "pressure_gpa": 1e-4, "temperature_k": 1811.0,
        "density_g_cm3": 7.05, "density_g_cm3_err": 0.03,
    }])  # fmt: skip
    from lib.eos.measurements import Measurements, tidy

    model = EosModel(Measurements(tidy(frame)), "no electronic term")
    found = infer(model, n_evaluations=40_000, seed=2, method="exchange")
    # at T0 and zero pressure the density is rho0 (P = 1 bar moves it by 1e-6)
    assert found.evidence.value == pytest.approx(-np.log(500.0), abs=4 * found.evidence.error + 0.02)
    rho0 = found.chain.flat()[:, 0]
    assert rho0.mean() == pytest.approx(7050, abs=6) and rho0.std() == pytest.approx(30, rel=0.15)


def test_priors_are_what_they_say():
    for prior in (*eos.PRIORS.values(), scale_prior("x")):
        x = prior.distribution.ppf(np.random.default_rng(1).random(4000))
        assert x.min() >= prior.low and x.max() <= prior.high and prior.describe()
        assert prior_overlap(x, prior) > 0.9
    half = scale_prior("x").distribution
    # half-normal of scale 0.5: median 0.5 * 0.6745
    assert half.median() == pytest.approx(0.5 * stats.norm.ppf(0.75), rel=1e-6)
    assert prior_overlap(np.full(100, 85.0), eos.PRIORS["K0"]) < 0.05


@pytest.mark.parametrize(("changes", "message"), [
    ({"kind": "cauchy"}, "not one of uniform"), ({"low": 9.0}, "the lower one first"),
    ({"kind": "normal"}, "above zero is needed"),
])  # fmt: skip
def test_bad_priors_are_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        eos.Prior(**({"name": "x", "kind": "uniform", "low": 0.0, "high": 1.0} | changes))


def test_unknown_names_are_refused():
    made = eos.example_measurements()
    with pytest.raises(ValueError, match="known: as printed"):
        EosModel(made, "vinet")
    with pytest.raises(ValueError, match="expected one of energy, latent"):
        EosModel(made, shock="pyrometer")
    with pytest.raises(ValueError, match="priors of Q"):
        EosModel(made, priors={"Q": eos.PRIORS["K0"]})
    with pytest.raises(ValueError, match="unknown kind of static"):
        eos.static_states("pressless", artificial_iron())


def test_an_artificial_set_is_analysed_against_its_artificial_iron():
    model = EosModel(eos.published_measurements())
    known = {"rho0": 7020, "K0": 86, "K0_prime": 5.75, "gamma0": 1.9, "b": 0.4, "e0": 1.0, "g": 0.9, "H0": 1.3}
    theta = np.array([known.get(name, 0.1) for name in model.names])
    rows = pd.DataFrame(one_set(model.names, theta, "consistent", ("energy",), (), 20_000, 4000.0, np.random.default_rng(8)))
    assert len(rows) == 8 + 5 + 14 and rows["position"].between(0, 1).all()
    assert rows.loc[rows["quantity"] == "param[rho0]", "truth"].item() == 7020
    summary = eos.summarise_coverage(rows.assign(set=0))
    assert len(summary) == len(rows) and summary["coverage"].isin([0.0, 1.0]).all()


def test_designs_add_static_states_and_forms_are_compared():
    designs = eos.static_designs(("published kinds only", "core pressure"), ("energy",), n_evaluations=24_000, seed=2)
    assert designs["n_static"].tolist() == [0, 4] and designs["ratio"].iloc[1] < 0.8
    compared = eos.compare_forms(
        eos.example_measurements(), ("g fixed", "no electronic term"), ("energy",), n_evaluations=16_000
    )
    assert compared["probability"].sum() == pytest.approx(1.0) and compared["relative"].max() == 0.0
