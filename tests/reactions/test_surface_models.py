"""Surface models of one reaction: known curves, evidence that prefers the true law, and a second way to compute it."""

import numpy as np
import pytest
from scipy.integrate import quad, solve_ivp

from lib.kinetics import BatchReactor, Network, Reaction
from lib.reactions import progress

TIMES = np.linspace(0.1, 2.0, 15)


def test_curves_are_the_known_ones():
    # closed forms, scaled to a half time of one
    x = progress.predict("constant area", 1.0, np.nan, TIMES[TIMES < 1.9])
    np.testing.assert_allclose(x, 0.5 * TIMES[TIMES < 1.9], atol=1e-6)
    shrinking = 1 - np.clip(1 - (1 - 0.5 ** (1 / 3)) * TIMES, 0, None) ** 3
    # the table has 4001 points
    np.testing.assert_allclose(progress.predict("shrinking grains", 1.0, np.nan, TIMES), shrinking, atol=1e-5)
    np.testing.assert_allclose(progress.predict("proportional", 1.0, np.nan, TIMES), 1 - 0.5**TIMES, atol=1e-5)
    np.testing.assert_allclose(progress.predict("Avrami", 1.0, 3.0, TIMES), 1 - 0.5 ** (TIMES**3), atol=1e-5)


@pytest.mark.parametrize(("model", "shape"), [("autocatalytic", 0.02), ("product surface", 0.05), ("cracking", 5.0)])
def test_curves_solve_their_own_law(model, shape):
    law = progress.SURFACE_MODELS[model].law
    t_half = quad(lambda x: 1 / law(np.array([x]), shape)[0], 0, 0.5)[0]
    found = solve_ivp(lambda t, x: t_half * law(x, shape), (0, 1.5), [0.0], t_eval=TIMES[TIMES < 1.5], rtol=1e-9, atol=1e-10)
    np.testing.assert_allclose(progress.predict(model, 1.0, shape, found.t), found.y[0], atol=2e-5)


def test_the_reactor_gives_the_same_curve_as_the_integral():
    network = Network(("X", "P"), [Reaction("r", {"X": -1, "P": 1}, ("fractured", "X", {"growth": 5.0, "softening": 1e-9}))],
                      start={"X": 1.0})  # fmt: skip
    law = progress.SURFACE_MODELS["cracking"].law
    t_half = quad(lambda x: 1 / law(np.array([x]), 5.0)[0], 0, 0.5)[0]
    y = BatchReactor(network, None, TIMES[TIMES < 1.5] * t_half, rtol=1e-8).solve([1.0])
    np.testing.assert_allclose(progress.predict("cracking", 1.0, 5.0, TIMES[TIMES < 1.5]), y[:, 1], atol=2e-5)


@pytest.mark.parametrize(("model", "shape"), [("shrinking grains", np.nan), ("autocatalytic", 0.02), ("Avrami", 2.5)])
def test_the_law_that_made_the_data_comes_first(model, shape):
    rng = np.random.default_rng(5)
    x = progress.predict(model, 1.0, shape, TIMES) + 0.005 * rng.standard_normal(TIMES.size)
    table, fits = progress.weigh_surfaces(TIMES, x, thin=2)
    assert table["model"].iloc[0] == model
    assert table["half_time_lo95"].iloc[0] < 1.0 < table["half_time_hi95"].iloc[0]
    assert table["probability"].sum() == pytest.approx(1)
    band = progress.predictive_band(fits[model], TIMES, rng, 200)
    # about 15 readings with a coverage of 95 %: fewer than 11 has a chance below 1e-3
    assert ((x >= band["predictive_lo95"]) & (x <= band["predictive_hi95"])).sum() >= 11


def test_evidence_agrees_with_adaptive_quadrature():
    rng = np.random.default_rng(2)
    x = progress.predict("proportional", 1.0, np.nan, TIMES) + 0.02 * rng.standard_normal(TIMES.size)
    fit = progress.fit_progress(TIMES, x, "proportional")
    width = 2 * np.log(progress.HALF_RANGE)
    top = -0.5 * TIMES.size * np.log(fit.ssr.min())

    def density(u):
        ssr = ((1 - 0.5 ** (TIMES / (2.0 * np.exp(u))) - x) ** 2).sum()
        return np.exp(-0.5 * TIMES.size * np.log(ssr) - top) / width

    value = quad(density, -width / 2, width / 2, points=[-0.8, -0.6], limit=300)[0]
    # the grid has tens of cells over the posterior
    assert fit.log_evidence == pytest.approx(top + np.log(value), abs=0.02)


def test_mistakes_are_named():
    with pytest.raises(ValueError, match=r"unknown surface model 'avrami'.*Avrami"):
        progress.standard_curve("avrami", 2.0)
    with pytest.raises(ValueError, match="needs its seed above zero"):
        progress.standard_curve("autocatalytic")
    with pytest.raises(ValueError, match="expected four or more"):
        progress.fit_progress([1, 2], [0.1, 0.2], "Avrami")
