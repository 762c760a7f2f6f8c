"""From data to the pathway: selection, scores, analysis of a table."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from lib import serpentinization as sp
from lib import tables
from lib.network_selection.laplace import laplace_evidence
from lib.serpentinization import report, required
from lib.serpentinization.settle import settle

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
    assert scores["inside"] in (0, 1 / 3, 2 / 3, 1) and scores["inside"] >= 2 / 3  # of R3, R4 and D
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


def test_what_is_still_open_is_said_of_every_possible_measurement(answer):
    ahead = answer.frame("next_measurement")
    spread = ahead.groupby("duration")["posterior_spread_over_sigma"].max()
    assert (ahead["posterior_spread_over_sigma"] >= 0).all() and spread.max() > 0
    assert answer.model.design.durations[-1] < ahead["duration"].max()


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
    decisions = pd.DataFrame(
        {"probability": np.repeat([0.01, 0.8], 100), "ran": np.r_[np.zeros(100), np.ones(60), np.zeros(40)]}
    )
    gap, se = required.calibration_error(decisions)
    assert gap == pytest.approx(0.2) and se == pytest.approx(0.04)


def test_a_fit_that_went_astray_is_found_again_from_its_neighbours(found):
    made, search = found
    problem = sp.selection_problem(made.model, made.data, made.noise)
    mask = problem.mask(("R3", "R4", "D"))
    good = search.fitted[mask]
    lost = dataclasses.replace(good.fit, log_likelihood=-1e4, penalised=-1e4, k=np.where(good.fit.k > 0, 1e-3, 0.0))
    settled = settle(problem, dataclasses.replace(search, fitted=search.fitted | {mask: good._replace(fit=lost)}))
    assert settled.fit(mask).penalised == pytest.approx(good.fit.penalised, abs=0.1)  # the solver's own error
    assert settled.best == search.best and settled.nesting_violations == 0 and settled.n_solves > search.n_solves


def test_a_promise_beyond_the_fit_is_not_counted(found):
    made, search = found
    problem = sp.selection_problem(made.model, made.data, made.noise)
    fit = search.fitted[search.best_mask].fit
    steep = dataclasses.replace(fit, gradient=1e3 * np.sqrt(np.diag(fit.hessian)))
    sober, usual = laplace_evidence(problem, steep), laplace_evidence(problem, fit)
    assert sober.caught and not usual.caught
    # without the slope there is nothing else between the two
    assert abs(sober.log_evidence - usual.log_evidence) < 1.0 and sober.log_evidence < fit.log_likelihood


def test_evidence_by_sampling_agrees_with_the_quadratic(answer):
    table = sp.compare_evidence(answer, 2, n_evaluations=400, seed=1)
    assert list(table["network"]) == list(answer.frame("networks")["network"].head(2))
    # a Gaussian posterior within a few tenths; the error of 400 simulations on top
    gap = (table["log_evidence"] - table["log_evidence_laplace"]).abs()
    assert (gap < 0.5 + 4 * table["log_evidence_error"]).all()
    assert (table["wbic_error"] > 0).all() and np.isfinite(table["minus_wbic"]).all()


def test_other_priors_leave_the_diffusivity_out(answer):
    frame = sp.prior_panel(answer, factors=(1.0,), dex=())
    assert list(frame["reaction"]) == ["R3", "R4", "R5", "R6"] and " D" not in frame["best"].iloc[0]
    now = answer.frame("inclusion").set_index("reaction")["probability"]
    assert frame.set_index("reaction")["probability"].to_numpy() == pytest.approx(now.to_numpy(), abs=0.02)


def test_shares_of_the_magnesium_add_up(answer):
    shares = sp.zone_shares(answer.frame("columns"), answer.model.network)
    total = shares.groupby(["duration", "distance"])["share"].sum()
    assert total.to_numpy() == pytest.approx(100.0) and set(shares["of"]) == {"magnesium"}
    drawn = sp.to_the_ends(shares, 0.005)
    assert (drawn["distance"].min(), drawn["distance"].max()) == (0.0, 0.005) and len(drawn) == len(shares) * 22 // 20
    made = sp.column_of(answer.model, np.append(answer.search.k[0][:-1], answer.search.k[0][-1]), "best")
    assert set(made["label"]) == {"best"} and len(made) == len(answer.frame("columns"))


def test_one_candidate_leaves_nothing_to_tell_apart():
    table = tables.read(tables.Source.embedded("templates", f"{STEM}_example"))
    alone = sp.analyse(table, candidates=["R3"], n_cells=10, n_draws=10)
    assert alone.frame("next_measurement").empty and len(alone.frame("networks")) == 1


def test_requirements_need_their_noises():
    rows = pd.DataFrame({"design": [required.FULL_NAME], "noise": [0.1], "exact": [True]})
    with pytest.raises(ValueError, match=r"noises 0\.01, 0\.03 and 0\.1"):
        sp.acceptance_table(rows=rows)


def test_zones_end_where_half_is_crossed_and_nowhere_when_they_reach_the_end():
    x = np.array([0.5, 1.5, 2.5, 3.5])
    profiles = {
        "Tlc": [4.0, 3.0, 1.0, 0.0],
        "Fo": [0.0, 1.0, 3.0, 4.0],
        "Srp": [0.0, 4.0, 4.0, 0.0],
        "Brc": [0.0, 0.0, 0.0, 1e-4],
    }
    columns = pd.concat(pd.DataFrame({"duration": 1.0, "mineral": m, "distance": x, "median": y}) for m, y in profiles.items())
    zones = report.zones_frame(columns).set_index("mineral")
    assert list(zones.index) == ["Tlc", "Fo", "Srp"]
    assert zones.loc["Tlc", "to"] == pytest.approx(2.0) and np.isnan(zones.loc["Tlc", "from"])
    assert zones.loc["Fo", "from"] == pytest.approx(2.0) and np.isnan(zones.loc["Fo", "to"])
    assert zones.loc["Srp", ["from", "to"]].tolist() == pytest.approx([1.0, 3.0])
