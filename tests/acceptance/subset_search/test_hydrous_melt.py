"""Hydrous melt: the requirements on artificial experiments, and what the compilation says with other deals of the folds."""

import datetime
import hashlib

import numpy as np
import pytest

from lib import hydrous_melt
from lib.hydrous_melt.report import temperature_errors
from lib.hydrous_melt.searching import nested

pytestmark = pytest.mark.acceptance
SEED = int.from_bytes(hashlib.sha256(b"lib.hydrous_melt acceptance").digest()[:4], "big")


@pytest.fixture(scope="module")
def library():
    whole = hydrous_melt.read_lepr()
    if whole is None:
        pytest.skip("data not here: the LEPR workbook (run `make data`, or name a folder in COMPENDIUM_DATA_MIRROR)")
    return hydrous_melt.filtered(whole)[0]


def test_every_requirement_is_met_in_the_table_that_is_drawn():
    table = hydrous_melt.acceptance_table(30, SEED, n_jobs=2)
    print(table.drop(columns=["label"]).round(4).to_string(index=False))
    assert table["met"].all(), table.loc[~table["met"], ["row", "value"]].to_string(index=False)


def test_other_seeds_are_shown():
    today = datetime.date.today()
    for extra in range(5):
        seed = int(today.strftime("%Y%m%d")) * 10 + extra
        table = hydrous_melt.acceptance_table(6, seed, n_jobs=2).set_index("row")
        print("seed", seed, table["value"].round(3).to_dict(), "not met:", list(table.index[~table["met"]]))


def test_random_folds_promise_too_much_as_soon_as_laboratories_differ():
    table = hydrous_melt.recovery((0.0, 15.0, 30.0), n_sets=24, seed=SEED, n_jobs=2).set_index(["study_k", "scheme"])
    print(table[[c for c in table if not c.endswith("_se")]].round(2).to_string())
    ratio = table["claimed_k"] / table["new_k"]
    assert ratio[0.0].between(0.9, 1.1).all()
    for offset in (15.0, 30.0):
        assert ratio[offset, "random"] < 0.9 and ratio[offset, "loo"] < 0.9
        assert ratio[offset, "study"] > ratio[offset, "random"] + 0.05
    # the honest scheme has less power: with the offsets it sees fewer water terms than without (measured 1.0 and about 0.5)
    assert table["seen"][15.0, "study"] < table["seen"][0.0, "study"]


def test_the_error_of_temperature_on_the_compilation(library):
    errors = []
    for fold_seed in range(5):
        frame = nested(library, scheme="study", entropy=57.2, fold_seed=fold_seed)
        errors.append(temperature_errors(frame["temperature_predicted_k"] - frame["temperature_k"])["rmse_k"])
    print("nested error of temperature, K:", np.round(errors, 1))
    # measured 38.1 with the deal of the notebook; the published thermometer has 35.0 on the same pairs
    assert 33 < np.mean(errors) < 43
    free = nested(library, scheme="study")
    found = temperature_errors(free["temperature_predicted_k"] - free["temperature_k"])
    print("with a free part of T:", found)
    assert found["solved"] < 0.7 or found["rmse_k"] > 200


def test_water_terms_over_deals_of_the_folds(library):
    deals = hydrous_melt.over_deals(library, entropy=57.2)
    print(deals.groupby("scheme")["pattern"].value_counts().to_string())
    random, study = (deals[deals["scheme"] == scheme] for scheme in ("random", "study"))
    # dealt at random, both terms are in the best equation of every deal
    assert random[["H2O", "H2O^2"]].all(axis=None) and random["difference_pct"].max() < 0
    # by study only the squared one is (measured 18 and 3 of 20), and the pair gains less than its standard error
    assert study["H2O^2"].sum() >= 15 and study["H2O"].sum() <= 8
    assert abs(study["difference_pct"].mean()) < study["difference_se_pct"].mean()
