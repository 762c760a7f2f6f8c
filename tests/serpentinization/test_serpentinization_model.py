"""Candidates, designs, predictions with derivatives, artificial experiments."""

import numpy as np
import pytest

from lib import serpentinization as sp

DESIGN = sp.Design(durations=(10.0, 40.0), n_slices=4, n_cells=16)
K = np.array([0.015, 0.1, 0.1, 0.5, 0.02, 0.05])


def test_candidates_balance_and_keep_magnesium():
    network = sp.pathway_network()
    assert network.balance() == []
    with pytest.raises(ValueError, match="no candidate 'R7'"):
        sp.pathway_network(("R3", "R7"))
    for names in sp.PATHWAYS.values():
        assert network.mask(names).sum() == len(names)


@pytest.mark.parametrize("amounts", ["ratio", "wt"])
def test_derivatives_of_what_is_measured(amounts):
    design = sp.Design((10.0, 40.0), 4, ("Fo", "Srp", "Brc", "Tlc", "H2O"), n_cells=16, amounts=amounts)
    model = sp.ProfileModel(design)
    value, slopes = model.predict_with_jacobian(K, 0.1, atol=1e-6)
    assert value.shape == (design.n_data,) and slopes.shape == (design.n_data, 7)
    for j in (0, 3, 6):
        sides = []
        for factor in (1.01, 0.99):
            p = np.append(K, 0.1)
            p[j] *= factor
            sides.append(model.predict(p[:-1], p[-1], atol=1e-6))
        difference = (sides[0] - sides[1]) / (0.02 * np.append(K, 0.1)[j])
        # differences of 1 % miss by their square and by kinks
        np.testing.assert_allclose(slopes[:, j], difference, atol=0.02 * np.abs(difference).max())


def test_mass_per_cent_adds_up_and_agrees_with_moles():
    minerals = ("Fo", "Srp", "Brc", "Tlc")
    wt = sp.ProfileModel(sp.Design((40.0,), 4, minerals, n_cells=16, amounts="wt")).predict(K, 0.1).reshape(-1, 4)
    moles = sp.ProfileModel(sp.Design((40.0,), 4, minerals, n_cells=16)).predict(K, 0.1).reshape(-1, 4)
    np.testing.assert_allclose(wt.sum(axis=1), 100.0)
    mass = np.array([140.69, 277.11, 58.32, 379.26])  # g/mol, from tables of minerals
    np.testing.assert_allclose(wt, 100 * moles * mass / (moles @ mass)[:, None], rtol=1e-3)


def test_water_is_that_of_the_minerals():
    names = ("Srp", "Brc", "Tlc", "H2O")
    srp, brc, tlc, water = sp.ProfileModel(sp.Design((40.0,), 4, names, n_cells=16)).predict(K, 0.1).reshape(-1, 4).T
    np.testing.assert_allclose(water, 2 * srp + brc + tlc)


def test_simulate_puts_derivatives_in_the_order_asked_for():
    model = sp.ProfileModel(DESIGN)
    parameters = np.append(K, 0.1)
    _, all_slopes = model.simulate(parameters, np.arange(7))
    mask = np.array([1, 1, 1, 1, 1, 1, 1], dtype=bool)
    np.testing.assert_array_equal(model.simulate(parameters, mask)[1], all_slopes)
    only = np.where([1, 0, 1, 1, 0, 0, 1], parameters, 0.0)
    _, some = model.simulate(only, np.array([0, 2, 3, 6]))
    alone = sp.ProfileModel(DESIGN, sp.pathway_network(("R2", "R4", "R5")))
    np.testing.assert_allclose(some, alone.simulate(only[[0, 2, 3, 6]], np.arange(4))[1], atol=1e-9)


def test_frame_follows_the_order_of_the_data():
    model = sp.ProfileModel(DESIGN)
    frame = model.frame(np.arange(DESIGN.n_data))
    assert list(frame["observable"][:4]) == list(DESIGN.solids)
    assert frame["duration"].is_monotonic_increasing
    assert frame.loc[5, ["slice", "distance"]].tolist() == [2, 1.875]


def test_an_artificial_experiment_is_its_prediction_and_noise():
    made = sp.artificial_experiment("through serpentine", DESIGN, noise=0.02, rng=np.random.default_rng(3))
    assert sp.effective_truth(made) == sp.PATHWAYS["through serpentine"]
    assert made.truth.tolist() == [True, True, True, True, False, False]
    assert np.abs(np.log10(made.parameters[made.parameters > 0] / [0.015, 0.1, 0.1, 0.5, 0.1])).max() <= 0.2
    np.testing.assert_allclose(made.model.predict(made.k, made.diffusivity), made.clean, atol=2e-3)
    assert 0.01 < (made.data - made.clean).std() < 0.03
    again = sp.artificial_experiment("through serpentine", DESIGN, noise=0.02, rng=np.random.default_rng(3))
    np.testing.assert_array_equal(made.data, again.data)


def test_a_reaction_without_its_reactant_is_no_part_of_the_effective_truth():
    made = sp.artificial_experiment(("R3", "R4", "R5"), DESIGN, noise=0.0, rng=np.random.default_rng(1))
    assert sp.effective_truth(made) == ("R3", "R4")


def test_more_measurements_tell_more_and_one_duration_of_talc_tells_little():
    def worst(**changes):
        found = sp.design_information(sp.Design(**({"n_cells": 16} | changes)), "through serpentine")
        return found["sd_log"].to_numpy()

    full, fewer, poor = worst(), worst(durations=(40.0,)), worst(durations=(40.0,), n_slices=5, solids=("Tlc",))
    assert (full <= fewer * (1 + 1e-9)).all()
    assert full.max() < 0.5 < 1 < poor.max()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: sp.Design(amounts="mol"), "amounts = 'mol'"),
        (lambda: sp.Design(solids=()), "name at least one mineral"),
        (lambda: sp.ProfileModel(sp.Design(solids=("Fo", "Qz"))), "'Qz' is measured, but the candidates"),
        (lambda: sp.artificial_experiment("sideways", rng=None), "unknown pathway 'sideways'"),
        (lambda: sp.artificial_experiment(("R3",), noise=-1.0, rng=None), "noise is -1"),
    ],
)
def test_refusals(call, message):
    with pytest.raises(ValueError, match=message):
        call()
