"""The bilateral loop: it corrects a wrong model, leaves a right one alone, and says what cannot be known."""

import pickle

import numpy as np
import pytest

from lib.composition import clr
from lib.unmixing.factors import fit_factors
from lib.unmixing.forward import simulate
from lib.unmixing.intensities import Intensity
from lib.unmixing.loop import bilateral
from lib.unmixing.processes import chain, dilution, fractional_crystallisation, leaching, mixing
from lib.unmixing.revision import ForwardModel, Freedom, project_intensities

START = np.array([50, 20, 15, 10, 5.0])
PARTITION = np.array([0.9, 0.7, 1.2, 2.4, 0.1])
RATES = np.array([0.2, 0.0, 1.4, 0.6, 0.9])
SPREAD = [Intensity("uniform", (0, 0.9)), Intensity("gamma", (0.8, 0.45))]
QUICK = {"n_bootstrap": 15, "n_replicates": 1, "seed": 3}


def truth(n=250, seed=1):
    steps = [fractional_crystallisation(PARTITION, "cooling"), leaching(RATES)]
    return simulate(START, steps, SPREAD, 0.02, np.random.default_rng(seed), n=n)


@pytest.fixture(scope="module")
def revised():
    wrong = [
        fractional_crystallisation(PARTITION + np.array([0, 0.5, 0, -0.6, 0.4]), "cooling"),
        leaching(RATES + np.array([0.3, 0, -0.5, 0, 0.3])),
    ]
    return bilateral(truth().x, ForwardModel(START, wrong, SPREAD, 0.02), **QUICK)


def centred(values):
    return values - values.mean()


def test_a_wrong_model_is_revised_into_the_cones(revised):
    first, last = (revised.history[revised.history["round"] == r] for r in (0, revised.history["round"].max()))
    assert not first["inside"].all()
    assert last["inside"].all()
    assert revised.inside
    assert "inside the bootstrap cones" in revised.stopped
    assert last["misfit"].iloc[0] < 0.1 * first["misfit"].iloc[0]


def test_the_coefficients_go_to_the_truth(revised):
    for process, right in zip(revised.model.processes, (PARTITION, RATES), strict=True):
        before = next(one for one in revised.initial.processes if one.name == process.name)
        wrong = np.abs(centred(before.coefficients) - centred(right)).mean()
        assert np.abs(centred(process.coefficients) - centred(right)).mean() < 0.5 * wrong
    assert set(revised.directions["process"]) == {"cooling", "leaching"}


def test_what_is_reported(revised):
    assert len(revised.parameters) == 2 * START.size
    assert (revised.parameters["sd"] > 0).all()
    assert any("only the product" in text for text in revised.not_identifiable)
    assert (revised.residuals["observed"] / revised.residuals["simulated"]).between(0.7, 1.4).all()
    assert pickle.loads(pickle.dumps(revised)).stopped == revised.stopped


def test_the_true_model_is_hardly_moved():
    made = truth()
    found = bilateral(made.x, ForwardModel(START, made.processes, SPREAD, 0.02), **QUICK | {"n_replicates": 4})
    # compared quantities differ by about one of their standard deviations when the model is right
    assert found.history["misfit"].iloc[0] < 2
    assert found.history["round"].max() <= 1
    np.testing.assert_allclose(found.model.processes[0].coefficients, PARTITION, atol=0.15)
    assert not found.unexplained


def test_a_missing_process_shows_in_the_residual():
    made = truth(seed=2)
    third = leaching([0, 2.0, 0, 0, 0]).apply(made.x, np.random.default_rng(4).gamma(1, 0.15, len(made.x)))
    found = bilateral(third, ForwardModel(START, made.processes, SPREAD, 0.02), max_rounds=0, **QUICK)
    assert any("more scatter outside the components" in text for text in found.unexplained)


def test_parallel_processes_are_reported():
    steps = [leaching(RATES, "rain"), leaching(RATES + np.array([0, 0, 0.1, 0, 0]), "river")]
    model = ForwardModel(START, steps, SPREAD, 0.02)
    found = bilateral(truth().x, model, free=[], shapes=[], max_rounds=0, **QUICK)
    assert any("nearly the same direction" in text for text in found.not_identifiable)
    assert found.parameters["learned"].isna().all()


def test_own_analysis_is_used_on_both_sides():
    calls = []

    def analysis(x, k):
        calls.append(len(x))
        return fit_factors(x, k, method="pca")

    made = truth(60)
    bilateral(
        made.x, ForwardModel(START, made.processes, SPREAD, 0.02), analysis=analysis, max_rounds=0, free=[], shapes=[], **QUICK
    )
    assert set(calls) == {60}
    assert len(calls) == 1 + 15 + 1 + 1  # observed, its resamplings, the model, the data set that is returned


def test_projected_intensities_of_noise_free_samples_are_the_true_ones():
    steps = [fractional_crystallisation(PARTITION), mixing([70, 10, 10, 2, 8.0]), leaching(RATES)]
    t = np.random.default_rng(1).uniform(0.05, 0.6, (40, 3))
    x = chain(START, steps, t)
    np.testing.assert_allclose(project_intensities(x, START, steps), t, atol=1e-6)
    # never outside the limits of a process
    beyond = chain(START, [leaching([-1, 0, 0, 0, 0])], np.full((3, 1), 1.0))
    assert project_intensities(beyond, START, [fractional_crystallisation(PARTITION)]).min() >= 0


def test_free_numbers_leave_out_what_no_composition_shows():
    steps = [fractional_crystallisation(PARTITION, "cooling"), mixing([70, 10, 10, 2, 8.0]), leaching(RATES)]
    freedom = Freedom(ForwardModel(START, steps, [0.1, 0.1, 0.1], 0.02), ("cooling", "mixing", "leaching"), ())
    assert freedom.size == 3 * (START.size - 1)
    theta = np.random.default_rng(5).normal(0, 0.7, freedom.size)
    new = freedom.processes(theta)
    assert new[0].coefficients.min() >= 0
    # the step in the coefficients is the step in the tangent
    step = freedom.basis @ theta[freedom.columns[2]]
    np.testing.assert_allclose(new[2].tangent(START) - steps[2].tangent(START), -step, atol=1e-12)
    np.testing.assert_allclose(
        clr(new[1].coefficients) - clr(steps[1].coefficients), freedom.basis @ theta[freedom.columns[1]], atol=1e-12
    )


@pytest.mark.parametrize("one", [Intensity("gamma", (0.8, 0.45)), Intensity("beta", (0.5, 1.5, 0.7))])
def test_another_shape_of_the_same_family(one):
    other = one.reshaped(0.5)
    assert other.parameters[0] == pytest.approx(one.parameters[0] * np.exp(0.5))
    if one.kind == "gamma":
        assert other.sd == pytest.approx(one.sd)
    assert Intensity("uniform", (0, 1)).reshaped(1) == Intensity("uniform", (0, 1))


def test_refusals():
    made = truth(30)
    model = ForwardModel(START, made.processes, SPREAD, 0.02)
    with pytest.raises(ValueError, match="the model has 5 parts"):
        bilateral(made.x[:, :4], model, **QUICK)
    with pytest.raises(ValueError, match="replace zeros and censored cells first"):
        bilateral(np.where(made.x < 0.03, 0, made.x), model, **QUICK)
    with pytest.raises(ValueError, match="10 resamplings"):
        bilateral(made.x, model, n_bootstrap=3)
    with pytest.raises(ValueError, match="no process is called melting; there are cooling, leaching"):
        bilateral(made.x, model, free=["melting"], **QUICK)
    with pytest.raises(ValueError, match="composition with zeros cannot be revised"):
        Freedom(ForwardModel(START, [dilution([1, 0, 0, 0, 0])], [0.1], 0.02), ("dilution",), ())
    with pytest.raises(ValueError, match="processes must have different names"):
        ForwardModel(START, [leaching(RATES), leaching(RATES)], SPREAD, 0.02)
    with pytest.raises(ValueError, match='or be "projected"'):
        ForwardModel(START, made.processes, "guessed", 0.02)
