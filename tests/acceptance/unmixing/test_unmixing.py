"""Processes and end members of sediments: the requirements on artificial data and on the real case of the bilateral loop."""

import datetime
import hashlib

import numpy as np
import pytest

from lib.unmixing import study
from lib.unmixing.artificial import ANDESITE, CONTAMINANT, INTENSITIES, LEACHING, OXIDES, PARTITION, three_processes
from lib.unmixing.factors import match
from lib.unmixing.lipp import PROVENANCE, WEATHERING
from lib.unmixing.loop import bilateral
from lib.unmixing.pooled import first_guess, pooled_rocks
from lib.unmixing.processes import fractional_crystallisation, leaching, mixing
from lib.unmixing.required import acceptance_table
from lib.unmixing.revision import ForwardModel

pytestmark = pytest.mark.acceptance
SEED = int.from_bytes(hashlib.sha256(b"lib.unmixing acceptance").digest()[:4], "big")


def test_every_requirement_is_met_in_the_table_that_is_drawn():
    table = acceptance_table(30, SEED, n_jobs=2)
    print(table.drop(columns=["label"]).round(4).to_string(index=False))
    assert table["met"].all(), table.loc[~table["met"], ["row", "value"]].to_string(index=False)


def test_other_seeds_are_shown():
    today = datetime.date.today()
    for extra in range(5):
        seed = int(today.strftime("%Y%m%d")) * 10 + extra
        table = acceptance_table(6, seed, n_jobs=2).set_index("row")
        print("seed", seed, table["value"].round(3).to_dict(), "not met:", list(table.index[~table["met"]]))


def test_more_samples_help_log_ratio_components_and_nothing_else():
    at = study.recovery((100, 2000), methods=("ilr ICA", "ilr PCA", "raw ICA"), n_sets=20, seed=SEED, n_jobs=2)
    at = at.set_index(["method", "process", "n_samples"])["angle_deg"]
    assert at["ilr ICA", "mixing", 2000] < 0.6 * at["ilr ICA", "mixing", 100]
    for method in ("ilr PCA", "raw ICA"):
        assert at[method, "mixing", 2000] > 0.85 * at[method, "mixing", 100]


def test_five_per_cent_noise_changes_little():
    at = study.recovery((500,), (0.05,), methods=("ilr ICA",), n_sets=20, seed=SEED).set_index("process")["cosine"]
    # specification 5.1: .995, .998, .943
    assert at["crystallisation"] >= 0.985
    assert at["leaching"] >= 0.99
    assert at["mixing"] >= 0.9


def test_negative_controls():
    at = study.negative_controls(n_sets=20, seed=SEED, n_jobs=2).set_index(["design", "process"])
    print(at.round(3).to_string())
    assert at.loc["gaussian", "refused"].min() >= 0.85
    assert at.loc["independent", "refused"].max() == 0
    # correlated intensities break the assumption: directions lean towards each other (measured 17, 21, 12 degrees; 5, 12, 2
    # where independent)
    angle = at["angle_deg"].groupby("design").mean()
    assert angle["correlated"] > 1.8 * angle["independent"]


def test_mixing_is_straight_in_concentrations_and_leaching_in_log_ratios():
    at = study.decision_rule(n_sets=10, seed=SEED).set_index(["process", "space"])["curve_distance"]
    print(at.round(3).to_dict())
    assert at["mixing", "raw"] < 0.2 * at["mixing", "ilr"]
    assert at["leaching", "ilr"] < 0.2 * at["leaching", "raw"]


def centred(process):
    values = np.log(process.coefficients) if process.adds_composition else process.coefficients
    return values - values.mean()


def test_bilateral_loop_corrects_wrong_models():
    """Partition coefficients and contaminant wrong by 40 %, rates by 0.3: errors fall to a third, inside the cones."""
    ratios, inside = [], []
    for stream in np.random.SeedSequence(SEED).spawn(8):
        rng = np.random.default_rng(stream)
        made = three_processes(500, 0.02, rng)
        guess = [
            fractional_crystallisation(PARTITION * np.exp(0.4 * rng.standard_normal(10)), "crystallisation"),
            mixing(CONTAMINANT * np.exp(0.4 * rng.standard_normal(10)), "mixing"),
            leaching(LEACHING + 0.3 * rng.standard_normal(10), "leaching"),
        ]
        found = bilateral(made.x, ForwardModel(ANDESITE, guess, list(INTENSITIES), 0.02, parts=OXIDES), seed=5)
        inside.append(found.inside)
        ratios.append([
            np.abs(centred(after) - centred(right)).mean() / np.abs(centred(before) - centred(right)).mean()
            for before, after, right in zip(guess, found.model.processes, made.processes, strict=True)
        ])  # fmt: skip
    print("error after / before", np.median(ratios, axis=0).round(3), "inside", np.mean(inside))
    assert np.mean(inside) >= 0.75
    # measured medians 0.17 and 0.20, and 0.33 for the mixing, which is the least well seen
    assert (np.median(ratios, axis=0) < 0.5).all()


def test_bilateral_loop_on_an_igneous_series_and_a_soil():
    found = pooled_rocks()
    if found is None:
        pytest.skip("data not here: tables of Lipp et al. 2020 (run `make data`, or name a folder in COMPENDIUM_DATA_MIRROR)")
    x, groups = found
    model = first_guess(x, groups)
    result = bilateral(x, model, seed=3)
    published = np.array([PROVENANCE, WEATHERING])

    def angles(one):
        return match([process.tangent(one.start, 0.1) for process in one.processes], published).angle_deg

    before, after = angles(model), angles(result.model)
    print("to published p, w: first guess", before.round(1), "revised", after.round(1), "|", result.stopped)
    print(result.directions.round(2).to_string(), *result.not_identifiable, *result.unexplained, sep="\n")
    assert result.inside
    assert before.min() > 15
    assert after[0] < 7
    # the pooled table sees the weathering through 15 of 150 samples: it is not pulled to the published direction
    assert after[1] < 25
    assert any("scatter outside the components" in text for text in result.unexplained)
