"""End members: coverage of intervals, number of end members, and many samples.

The levels B1-B6 of errors are in `test_unmixing`.  Seeds derive from a fixed string.
"""

import hashlib

import numpy as np
import pytest

from lib import tasks
from lib.unmixing.artificial import pelagic
from lib.unmixing.bayesian import sample_posterior
from lib.unmixing.count import end_member_number
from lib.unmixing.endmembers import match_end_members, unmix
from lib.unmixing.intervals import bootstrap_intervals
from lib.unmixing.metrics import unmixing_errors

pytestmark = pytest.mark.acceptance
SEED = int.from_bytes(hashlib.sha256(b"end members acceptance").digest()[:4], "big")


def share(low, truth, high):
    return float(np.mean((low <= truth) & (truth <= high)))


def covered(concentration, which, rng):
    """Shares of true elements and true proportions inside 90 % intervals, one data set."""
    made = pelagic(200, 0.02, rng, concentration=concentration)
    if which == "posterior":
        found = sample_posterior(made.x, 4, n_sweeps=1200, n_chains=3, seed=1)
        e = found.mean
    else:
        fitted = unmix(made.x, 4)
        found, e = bootstrap_intervals(made.x, fitted, n_bootstrap=30), fitted.end_members
    order = match_end_members(made.end_members, e)
    return (share(found.lower[order], made.end_members, found.upper[order]),
            share(found.proportions_lower[:, order], made.proportions, found.proportions_upper[:, order]))  # fmt: skip


def coverage(concentration, which, n_sets):
    task = {"concentration": concentration, "which": which}
    got = np.array(tasks.run_tasks(covered, [task] * n_sets, seed=SEED))
    print(which, "concentration", concentration, "coverage of elements and proportions", got.mean(axis=0).round(3),
          "10 % quantiles", np.quantile(got, 0.1, axis=0).round(2))  # fmt: skip
    return got.mean(axis=0)


def test_the_posterior_is_nearly_calibrated_where_its_model_holds():
    # not quite 90 %: these end members lie at the edge of their prior, with parts near zero (24 sets gave 0.84 and 0.87)
    elements, shares = coverage(1.0, "posterior", 12)
    assert 0.77 < elements < 0.97
    assert 0.8 < shares < 0.96


def test_bootstrap_intervals_are_somewhat_short_as_documented():
    elements, shares = coverage(1.0, "bootstrap", 12)
    assert 0.72 < elements < 0.95
    assert 0.70 < shares < 0.95


def test_no_resample_shows_what_no_sample_shows():
    elements, _ = coverage(3.0, "bootstrap", 6)
    assert elements < 0.75  # documented as a limit of the bootstrap, not a success


def test_the_number_of_end_members_of_pelagic_sediments():
    chosen = []
    for rng in tasks.spawn(SEED, 8):
        names = ("detrital", "opal", "carbonate", "Fe-Mn")[: int(rng.integers(2, 5))]
        made = pelagic(150, 0.02, rng, names=names)
        table = end_member_number(made.x, range(2, 6), n_bootstrap=10)
        chosen.append((len(names), int(table.loc[table["chosen"], "n_end_members"].iloc[0])))
    print("true and chosen numbers", chosen)
    assert sum(true == found for true, found in chosen) >= 7


def test_a_hundred_thousand_samples_are_unmixed_as_well_as_a_few():
    made = pelagic(100_000, 0.02, np.random.default_rng(SEED))
    found = unmix(made.x, 4)
    error = unmixing_errors(found.end_members, found.proportions, made.end_members, made.proportions)
    assert error["end_member"] < 0.15
