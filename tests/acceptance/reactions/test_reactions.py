"""Choice of reactions: requirements on artificial series, agreement with sampling, all fifteen candidates of alpha-pinene."""

import datetime
import hashlib

import pytest

from lib import reactions, tables
from lib.network_selection import Guide, exhaustive_networks, reactor_problem, sample_networks
from lib.reactions.pinene import CANDIDATES
from lib.workflow.paths import ROOT

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.skipif(
        not (ROOT / "notebooks" / "05_hydrothermal_reactions.py").is_file(),
        reason="the notebook of this case is not written yet",
    ),
]
SEED = int.from_bytes(hashlib.sha256(b"lib.reactions acceptance").digest()[:4], "big")
NOISES = (0.01, 0.03, 0.1)


@pytest.fixture(scope="module")
def results():
    _, end, everything = reactions.DESIGNS
    return [
        *reactions.recovery([end], NOISES, n_sets=40, seed=SEED, n_jobs=2),
        *reactions.recovery([everything], (0.01, 0.1), n_sets=40, seed=SEED + 1, n_jobs=2),
    ]


def test_every_requirement_is_met_with_forty_series_of_each_kind(results):
    print(reactions.summary(results).round(3).to_string(index=False))
    table = reactions.acceptance_table(results)
    print(table.drop(columns="label").round(3).to_string(index=False))
    assert table["met"].all(), table.loc[~table["met"], ["row", "value", "se"]].to_string(index=False)


def test_other_seeds_are_shown():
    today = int(datetime.date.today().strftime("%Y%m%d"))
    for extra in range(5):
        found = reactions.recovery(reactions.DESIGNS[1:2], (0.03,), n_sets=3, seed=10 * today + extra, n_jobs=2)
        print("seed", 10 * today + extra, reactions.summary(found).round(3).to_string(index=False), sep="\n")


def test_replica_exchange_agrees_with_the_whole_search():
    # at 1 % all agree; 3 % has the same limit in test_network_selection; at 10 % 1667 kept sweeps leave chains 0.08 apart
    _, answer = reactions.silica_example(SEED + 1, noise=0.1, n_sweeps=7500, n_rescored=30, factors=(), dex=(), n_jobs=2)
    frame = answer.frame("agreement")
    print("largest difference:", frame["difference"].max().round(3), "between chains:", frame["spread"].max().round(3))
    assert frame["difference"].max() <= 0.05 and frame["spread"].max() <= 0.05


def test_alpha_pinene_goes_to_dipentene_and_alloocimene_whatever_else():
    table = tables.read(tables.Source.embedded("05_hydrothermal_reactions", "alpha_pinene"))
    for candidates in (CANDIDATES, reactions.PLAUSIBLE):
        reactor, data = reactions.pinene_series(table, candidates)
        problem = reactor_problem(reactor, data, None, by_species=False)
        search = exhaustive_networks(problem, n_jobs=2)
        print(search.inclusion.round(3).T.to_string())
        inclusion = search.inclusion.set_index("reaction")["probability"]
        assert inclusion[["A>D", "A>L"]].min() > 0.99 and search.nesting_violations == 0
    chains = sample_networks(problem, n_sweeps=6000, guide=Guide(problem, search), seed=SEED, n_jobs=2)  # the plausible
    print(chains.verdict())
    # specification 7; without proposals from the search 8000 kept sweeps leave 0.090
    assert chains.max_spread <= 0.05


def test_sparse_rates_find_hidden_surfaces_when_noise_is_small():
    table = reactions.recover_supports((0.001, 0.01), (60,), n_sets=8, seed=SEED, n_jobs=2)
    print(table.round(2).to_string())
    best = table[(table["sparsity"] == "non-uniform") & (table["stage"] == "debiased")].set_index("noise")
    assert best.loc[0.001, "true_positive"] >= best.loc[0.01, "true_positive"] - 0.1
    assert best.loc[0.001, "true_positive"] > 0.6
