"""The analysis of a whole table: what it chooses, what it finds in mixtures and in products, and how it says so."""

import pickle

import numpy as np
import pandas as pd
import pytest

from lib import tables, unmixing
from lib.unmixing import analysis, geometry, steps
from lib.unmixing.tabular import Compositions

EXAMPLE = "03_sediment_unmixing_example"


@pytest.fixture(scope="module")
def mud():
    return tables.read(tables.Source.embedded("templates", EXAMPLE))


@pytest.fixture(scope="module")
def unmixed(mud):
    return unmixing.analyse(mud, method="minimum volume", n_end_members=3, n_bootstrap=8, seed=3)


@pytest.fixture(scope="module")
def processed():
    made = unmixing.three_processes(300, 0.02, np.random.default_rng(4))
    n, d = made.x.shape
    none = np.full((n, d), np.nan)
    samples = tuple(f"S{i}" for i in range(n))
    return made, Compositions(made.x, tuple(made.parts), ("wt",) * d, samples, np.zeros((n, d), bool), none, none)


@pytest.mark.parametrize("n", [60, 300])
def test_mixtures_lie_in_a_flat_of_concentrations_and_products_in_one_of_log_ratios(n):
    rng = np.random.default_rng(n)
    mixed, multiplied = unmixing.pelagic(n, 0.02, rng).x, unmixing.three_processes(n, 0.02, rng).x
    frame = unmixing.flatness(mixed, 0.02)
    assert unmixing.verdict(frame).family == "end members"
    # four end members: three dimensions, and nothing but noise is left there; a chi-squared of 6 (n - 4) or more
    assert frame["concentrations"][2] == pytest.approx(1, abs=0.1) and frame["concentrations"][1] > 2
    frame = unmixing.flatness(multiplied, 0.02)
    assert unmixing.verdict(frame).family == "factors" and frame["log_ratios"][2] < 1.3 < frame["log_ratios"][1]


def test_samples_that_hardly_vary_do_not_tell_mixing_from_multiplying():
    rng = np.random.default_rng(6)
    e = np.array([[0.5, 0.2, 0.15, 0.1, 0.05], [0.52, 0.19, 0.16, 0.09, 0.04], [0.49, 0.22, 0.14, 0.11, 0.04]])
    x = rng.dirichlet([1, 1, 1], 100) @ e * np.exp(0.01 * rng.standard_normal((100, 5)))
    found = unmixing.verdict(unmixing.flatness(x, 0.01))
    assert found.family == "undecided" and "do not tell mixing from multiplying" in found.reason


def test_the_misfit_of_log_ratios_does_not_depend_on_units():
    x = unmixing.pelagic(50, 0.02, np.random.default_rng(2)).x
    factor = np.exp(np.random.default_rng(3).normal(size=x.shape[1]))
    np.testing.assert_allclose(unmixing.flatness(x)["log_ratios"], unmixing.flatness(x * factor)["log_ratios"], rtol=1e-10)
    np.testing.assert_allclose(geometry.log_residuals(x, 7 * x), 0, atol=1e-12)  # closure does not matter


def test_the_example_is_unmixed_into_its_end_members(unmixed):
    found = unmixed.frame("end_members").pivot(index="part", columns="end_member", values="value")
    clay, opal, carbonate = (found.columns[found.loc[part].argmax()] for part in ("Al2O3", "SiO2", "CaO"))
    # contents of data/03_sediment_unmixing/example_recipe.toml; 39 samples with 2 % noise
    assert found.loc["Al2O3", clay] == pytest.approx(17.5, rel=0.05)
    assert found.loc["SiO2", opal] == pytest.approx(88, rel=0.06)
    assert found.loc["CaO", carbonate] == pytest.approx(51.5, rel=0.05)
    assert found.loc["Sr", carbonate] == pytest.approx(1450, rel=0.05)  # ppm stay ppm
    frame = unmixed.frame("end_members")
    assert (frame["lo90"] <= frame["hi90"]).all()
    label = frame.drop_duplicates("end_member").set_index("end_member")["label"]
    assert label[carbonate] == f"EM{carbonate} (CaO, Sr)"
    share = unmixed.frame("proportions")
    assert share.groupby("sample")["proportion"].sum().to_numpy() == pytest.approx(1)
    assert share["position"].iloc[0] == 0.1 and share["group"].str.contains("artificial").all()
    # the intervals hold only the uncertainty of the end members; the estimate lies among its resamples as a rule
    inside = (share["proportion"] >= share["lo90"] - 0.02) & (share["proportion"] <= share["hi90"] + 0.02)
    assert inside.mean() > 0.9


def test_frames_diagnostics_and_messages_are_complete(unmixed):
    assert tuple(unmixed.frames) == unmixing.FRAMES
    for name in ("directions", "curves", "scores"):
        assert unmixed.frame(name).empty and "component" in unmixed.frame(name)  # another family
    assert unmixed.headline == ("end members",) and unmixed.factors is None
    assert unmixed.diagnostic("stability")["ok"] and unmixed.diagnostic("residual")["value"] < 1.5
    gate = unmixed.diagnostic("not_gaussian")
    assert gate["value"] is None and gate["ok"] and "not applicable" in gate["meaning"]
    assert any("1 of 40 samples are left out" in m for m in unmixed.messages)
    assert any("Mixing fits better" in m for m in unmixed.messages)
    with pytest.raises(ValueError, match="unknown frame 'loadings'; there are: directions"):
        unmixed.frame("loadings")
    with pytest.raises(ValueError, match="unknown diagnostic"):
        unmixed.diagnostic("rhat")
    again = pickle.loads(pickle.dumps(unmixed))
    pd.testing.assert_frame_equal(again.frame("end_members"), unmixed.frame("end_members"))
    assert unmixed.parameters["used"] == {"transform": "raw", "n_components": None, "n_end_members": 3, "closed": True}


def test_a_cell_below_detection_is_replaced_and_measured_ones_stay(mud):
    made = unmixing.prepare(mud)
    x, counts, notes = steps.fill(made)
    np.testing.assert_array_equal(x[made.observed], made.x[made.observed])
    assert x[made.below] == pytest.approx(0.65 * made.limit[made.below])  # the usual fraction of the limit
    assert counts["below"].sum() == 1 and any("Zr" in note for note in notes)
    with pytest.raises(ValueError, match="Zr"):
        steps.fill(made, max_share=0.01)


def test_components_of_multiplying_processes(processed):
    made, compositions = processed
    found = unmixing.analyse(compositions, method="ica", n_end_members=3, n_bootstrap=12)
    assert found.verdict.family == "factors" and found.diagnostic("not_gaussian")["ok"]
    cosine = unmixing.match(found.factors.directions, made.directions).cosine
    assert cosine.min() > 0.7  # level of the method at 300 samples; the acceptance tests measure it
    loading = found.frame("directions")
    np.testing.assert_allclose(loading.groupby("component")["loading"].sum(), 0, atol=1e-12)
    # the interval belongs to the component and not to its mirror image
    assert (loading["loading"].between(loading["lo90"] - 0.1, loading["hi90"] + 0.1)).mean() > 0.8
    curve = found.frame("curves")
    np.testing.assert_allclose(curve.groupby(["component", "score"])["value"].sum(), 100, rtol=1e-12)
    first = curve[curve["component"] == 1]
    middle = (first["value"] >= first["lo90"]) & (first["value"] <= first["hi90"])
    assert middle.mean() > 0.5
    assert len(found.frame("scores")) == 900 and found.frame("end_members").empty
    assert len(found.frame("component_number"))


def test_the_method_that_does_not_fit_is_told(mud):
    found = unmixing.analyse(mud, method="pca", n_end_members=2, n_bootstrap=10)
    assert any(m.startswith("warning") and "method 'pca' looks for factors" in m for m in found.messages)
    assert found.gate is None and not found.diagnostic("residual")["ok"]


def test_one_component_alone_is_the_first_principal_component(mud):
    one = unmixing.analyse(mud, method="ica", n_end_members=1, n_bootstrap=10)
    other = unmixing.analyse(mud, method="pca", n_end_members=1, n_bootstrap=10)
    np.testing.assert_allclose(one.factors.directions, other.factors.directions)
    assert all(m.startswith(("note: ", "warning: ")) for m in one.messages)
    assert one.gate is None and any("nothing to tell apart" in m for m in one.messages)


def test_auto_runs_both_and_takes_its_diagnostics_from_the_family_that_fits(mud):
    found = unmixing.analyse(mud, n_end_members=3, n_bootstrap=6)
    assert found.headline == ("end members",) and found.factors.n_components == 2
    assert set(found.frame("stability")["family"]) == {"factors", "end members"}
    assert not any(m.startswith("warning") for m in found.messages)


def test_unstable_end_members_and_missing_resamples_are_told_aloud(mud):
    found = unmixing.analyse(mud, method="n-findr", n_end_members=5, n_bootstrap=6)  # it has three
    assert not found.diagnostic("stability")["ok"]
    assert any(m.startswith("warning: end member EM") and "not reproducible" in m for m in found.messages)
    found = unmixing.analyse(mud, method="archetypes", n_end_members=3, n_bootstrap=0)
    assert found.intervals is None and not found.diagnostic("stability")["ok"]
    assert "not run" in found.diagnostic("stability")["meaning"]


def test_results_depend_on_the_seed_alone(mud):
    def draws(seed):
        return unmixing.analyse(mud, method="n-findr", n_end_members=3, n_bootstrap=6, seed=seed).intervals.draws

    np.testing.assert_array_equal(draws(1), draws(1))
    assert not np.array_equal(draws(1), draws(2))


def test_a_subset_of_the_rock_is_not_closed_again(mud):
    found = unmixing.analyse(mud, parts=("Zr", "Ba", "Sr", "MnO"), method="archetypes", n_end_members=3, n_bootstrap=0)
    assert found.parameters["used"]["closed"] is False and any("subset" in m for m in found.messages)
    sums = found.mixture.end_members.sum(axis=1)
    assert (sums < 0.02).all()  # mass fractions of the rock


def test_what_cannot_be_is_refused(mud):
    with pytest.raises(ValueError, match="method = 'nnmf' is not known; known: auto, ica"):
        analysis.analyse(mud, method="nnmf")
    with pytest.raises(ValueError, match="mixing is linear in concentrations"):
        analysis.analyse(mud, method="nmf", transform="ilr")
    with pytest.raises(ValueError, match="can carry at most 13 with 'ica'"):
        analysis.analyse(mud, method="ica", n_end_members=14)
    with pytest.raises(ValueError, match="complete samples for"):
        analysis.analyse(mud.subset(np.arange(40) < 10))
