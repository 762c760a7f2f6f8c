"""Inversion as a reader uses it: recovery, reproducibility, refusals, evidence, and the study's bookkeeping."""

import dataclasses
import pickle

import numpy as np
import pandas as pd
import pytest

from lib import melting, tables
from lib.melting import calibration, evidence, study
from lib.melting.artificial import Cell, make_data

ELEMENTS = ("Th", "Nb", "La", "Nd", "Zr", "Sm", "Dy", "Yb", "Ti")


def table(folder, melt_fraction, elements=ELEMENTS, noise=0.03, edit=None):
    """A table of artificial basalts, read as one's own data would be."""
    rng = np.random.default_rng(1)
    bulk = melting.bulk_coefficients(elements)
    g = melting.log_enrichment("accumulated", melt_fraction, bulk.d, bulk.p)
    ppm = melting.composition("DMM_WH2005", elements) * np.exp(g + noise * rng.standard_normal(g.shape))
    frame = pd.DataFrame({f"{e}_ppm": ppm[:, j] for j, e in enumerate(elements)})
    frame.insert(0, "sample_id", [f"basalt {i + 1}" for i in range(len(frame))])
    if edit is not None:
        frame = edit(frame)
    frame.to_csv(folder / "basalts.csv", index=False)
    return tables.read(folder / "basalts.csv", "01_morb_inversion")


@pytest.fixture(scope="module")
def truth():
    return np.array([0.03, 0.05, 0.07, 0.09, 0.11, 0.14])


@pytest.fixture(scope="module")
def analysis(tmp_path_factory, truth):
    data = table(tmp_path_factory.mktemp("basalts"), truth)
    exact = {"d_common": 0.0, "d_element": 0.0, "model_error": 0.0}
    return melting.analyse(data, errors=0.03, n_draws=600, **exact)


def test_melt_fractions_and_source_are_recovered(analysis, truth):
    found = analysis.frame("melt_fraction")
    # each F is off by its sd, and all share the level: four of the reported standard deviations
    assert np.all(np.abs(np.log(found["median"] / truth)) < 4 * found["sd_ln"])
    ratio = analysis.frame("relative_melt_fraction")
    reference = truth[list(found["sample"]).index(ratio["reference"].iloc[0])]
    assert np.allclose(ratio["ratio"], truth / reference, rtol=0.15)
    source = analysis.frame("source")
    expected = melting.composition("DMM_WH2005", source["element"])
    assert np.all(np.abs(np.log(source["median_ppm"] / expected)) < 4 * source["sd_ln"])


def test_diagnostics_are_complete_and_pass(analysis):
    frame = analysis.frame("diagnostics").set_index("name")
    assert set(frame.index) == {"rhat_max", "ess_min", "posterior_predictive", "level_boundary"}
    assert frame["ok"].all()
    assert analysis.diagnostic("rhat_max") == frame.loc["rhat_max", "value"]
    assert any("no MgO_wt column" in text for text in analysis.messages)


def test_results_survive_pickling(analysis):
    again = pickle.loads(pickle.dumps(analysis))
    for name in ("melt_fraction", "source", "predictive"):
        pd.testing.assert_frame_equal(again.frame(name), analysis.frame(name))


def test_the_seed_decides_and_chains_differ():
    data = make_data(Cell("accumulated", 0.05, 4, 5), np.random.default_rng(1))
    first, again, other = (melting.sample(data.posterior, n_chains=2, n_draws=50, seed=s) for s in (1, 1, 2))
    assert np.array_equal(first.melt_fraction, again.melt_fraction)
    assert not np.array_equal(first.melt_fraction, other.melt_fraction)
    assert not np.array_equal(first.melt_fraction[0], first.melt_fraction[1])


def test_uncertain_coefficients_widen_the_level_and_not_the_ratios(tmp_path, analysis, truth):
    wide = melting.analyse(table(tmp_path, truth), errors=0.03, d_element=0.0, model_error=0.0, n_draws=500)
    assert wide.frame("scale")["sd_ln"].iloc[0] > 2 * analysis.frame("scale")["sd_ln"].iloc[0]
    a, b = wide.frame("relative_melt_fraction"), analysis.frame("relative_melt_fraction")
    assert np.allclose(a["ratio"], b["ratio"], rtol=0.05)


def test_a_correction_of_magnesia_is_undone_in_the_model(tmp_path, truth):
    mgo = np.array([7.0, 8.5, 7.5, 9.0, 8.0, 7.2])

    def evolve(frame):
        factor = np.exp(-0.2 * (mgo - 8))
        frame = frame.assign(**{c: frame[c] * factor for c in frame if c.endswith("_ppm")})
        return frame.assign(MgO_wt=mgo)

    found = melting.analyse(table(tmp_path, truth, edit=evolve), errors=0.03, d_common=0.0, d_element=0.0, n_draws=400)
    assert np.allclose(found.frame("relative_melt_fraction")["ratio"].max(), truth.max() / 0.09, rtol=0.25)
    assert not any("no correction" in text for text in found.messages)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"elements": ("Th", "Nb", "La")}, "add at least one of"),
        ({"melt_fraction": np.full(6, 0.08)}, "all melted equally"),
        ({"melt_fraction": np.array([0.05, 0.1])}, "at least 3 of one source"),
        ({"edit": lambda frame: frame.assign(Ti_ppm=frame["Ti_ppm"] / 1e4)}, "wt% belong in a column Ti_wt"),
        ({"edit": lambda frame: frame.assign(Nb_ppm=1e3 * frame["Nb_ppm"])}, "ppb belong in a column Nb_ppb"),
    ],
)
def test_tables_that_tell_nothing_are_refused(tmp_path, truth, change, expected):
    faults = melting.check_table(table(tmp_path, **({"melt_fraction": truth} | change)))
    assert any(expected in text for text in faults)


def test_a_good_table_passes(tmp_path, truth):
    assert melting.check_table(table(tmp_path, truth)) == []


def test_evidence_agrees_with_integration_over_a_grid():
    data = make_data(Cell("batch", 0.10, 2, 5), np.random.default_rng(1))
    posterior = data.posterior
    # a grid three times as fine moves the integral by 2e-5
    u = np.linspace(np.log(posterior.prior_f.low), np.log(posterior.prior_f.high), 61)
    u = 0.5 * (u[1:] + u[:-1])
    value = np.array([[posterior.collapsed_log_likelihood(np.exp([a, b])) for b in u] for a in u])
    expected = value.max() + np.log(np.mean(np.exp(value - value.max())))
    found = evidence.log_evidence(posterior, n_levels=12, n_sweeps=1200, seed=1)
    assert abs(found.log_evidence - expected) < max(5 * found.standard_error, 0.1)


def test_study_judges_and_counts():
    cells = [Cell("accumulated", 0.05, 3, 5)]
    frame = melting.run_study(cells, ("collapsed", "block Metropolis"), n_sets=3, budget=2000, seed=1)
    assert len(frame) == 6
    assert (frame["evaluations"] <= 2000 * 1.01).all()
    rows = melting.summary(frame)
    assert list(rows["n"]) == [3, 3]
    assert np.all(rows["failed_hi"] >= rows["failed"])
    levels = np.random.default_rng(1).standard_normal((400, 2))
    values = np.zeros((400, 2))
    values[:, 1] = -50
    assert study.judge(levels, values, (levels, np.zeros((400, 1))), 0.0)["likelihood_gap"] == 50


def test_wilson_interval_of_no_failures():
    # rule: z^2 / (n + z^2)
    assert melting.wilson(0, 1000) == pytest.approx((0.0, 3.8415 / 1003.8415), abs=1e-6)


def test_ranks_of_a_calibrated_posterior_spread_over_the_unit_interval():
    frame = calibration.run_calibration([Cell("accumulated", 0.05, 3, 5)], n_sets=10, seed=1)
    assert len(frame) == 10 * (1 + 3 + 5)
    assert frame["rank"].between(0, 1).all()
    pooled = melting.coverage(frame).iloc[-1]
    assert pooled["clustered_lo"] <= pooled["coverage"] <= pooled["clustered_hi"]
    assert pooled["coverage"] > 0.7


def test_additive_noise_refuses_what_it_cannot_do():
    data = make_data(Cell("accumulated", 0.05, 3, 5, "linear"), np.random.default_rng(1))
    with pytest.raises(ValueError, match="additive noise"):
        dataclasses.replace(data.posterior, data=dataclasses.replace(data.posterior.data, mgo=np.full(3, 8.0)))
