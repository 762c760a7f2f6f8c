"""From data to the pathway: selection, scores, analysis of a table."""

import numpy as np
import pytest

from lib import serpentinization as sp
from lib import tables
from lib.serpentinization import report, required

STEM = "07_serpentinization_pathways"
DESIGN = sp.Design((10.0, 40.0), 6, ("Fo", "Srp", "Tlc"), n_cells=20)


@pytest.fixture(scope="module")
def found():
    made = sp.artificial_experiment(
        ("R3", "R4"), DESIGN, noise=0.02, rng=np.random.default_rng(5), network=sp.pathway_network(("R3", "R4", "R6"))
    )
    return made, sp.select_pathway(made.model, made.data, made.noise)


@pytest.fixture(scope="module")
def answer():
    table = tables.read(tables.Source.embedded("templates", f"{STEM}_example"))
    return sp.analyse(table, candidates=["R3", "R4", "R5", "R6"], n_cells=20, n_draws=20)


def test_the_pathway_is_found_with_its_rates(found):
    made, search = found
    scores = sp.score(search, made)
    assert scores["exact"] and scores["fpr"] == 0 and scores["tpr"] == 1 and scores["brier"] < 0.05
    # three numbers from 36 with 2 % noise: within 0.15 decades
    assert scores["log_rate_error"] < 0.15 and scores["log_diffusivity_error"] < 0.1
    gap, rival = sp.separation(search, ("R3", "R4"))
    assert gap > 1 and rival != "R3 + R4"
    assert sp.separation(search, ("R3", "R6"))[0] < 0


def test_every_network_has_the_diffusivity_and_a_reaction(found):
    _, search = found
    assert all(name.endswith(" + D") for name in search.networks["network"])
    assert len(search.networks) == 7


def test_draws_follow_the_posterior(found):
    made, search = found
    draws = report.posterior_draws(search, 200, np.random.default_rng(1))
    assert (draws >= 0).all() and (draws[:, -1] > 0).all()
    best = search.rates.set_index("reaction")
    for name in ("R3", "R4", "D"):
        values = draws[:, made.model.names.index(name)]
        assert best.loc[name, "lo95"] < np.median(values) < best.loc[name, "hi95"]


def test_analysis_of_a_table(answer):
    assert list(answer.frames) == list(sp.FRAMES)
    profiles = answer.frame("profiles")
    assert len(profiles) == answer.profiles.design.n_data
    assert (profiles["lo95"] <= profiles["median"]).all() and (profiles["median"] <= profiles["hi95"]).all()
    assert answer.diagnostic("nesting")["ok"]
    assert answer.frame("rates")["unit"].iloc[-1] == "m2/h"
    columns = answer.frame("columns")
    talc = columns[(columns["mineral"] == "Tlc") & (columns["duration"] == 1000)]
    assert talc["median"].iloc[0] > talc["median"].iloc[-1]  # talc lies against quartz


def test_a_missing_hydration_reaction_shows_in_the_misfit(answer):
    # the table was made with R2, which these candidates lack: brucite cannot form
    assert not answer.diagnostic("residual")["ok"]
    assert any(text.startswith("warning: residual") for text in answer.messages)


def test_data_must_fit_the_design(found):
    made, _ = found
    with pytest.raises(ValueError, match="the design has 36 numbers"):
        sp.selection_problem(made.model, made.data[:-1], 0.02)


def test_recovery_counts():
    rows = sp.recovery(
        {"small": sp.Design((40.0,), 4, ("Srp",), n_cells=10)}, (0.1,), 1, pathways=("without brucite",), seed=2
    )
    assert {"design", "noise", "pathway", "exact", "inclusion R3", "ran R3"} <= set(rows)
    summary = sp.summarise_recovery(rows)
    assert summary["n_sets"].tolist() == [1] and 0 <= summary["lo95"][0] <= summary["exact"][0] <= summary["hi95"][0] <= 1
    decisions = sp.inclusion_decisions(rows)
    assert len(decisions) == 6 and decisions["ran"].sum() == 2


def test_calibration_error_of_known_numbers():
    import pandas as pd

    decisions = pd.DataFrame(
        {"probability": np.repeat([0.01, 0.8], 100), "ran": np.r_[np.zeros(100), np.ones(60), np.zeros(40)]}
    )
    gap, se = required.calibration_error(decisions)
    assert gap == pytest.approx(0.2) and se == pytest.approx(0.04)
