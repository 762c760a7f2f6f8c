"""Are the samplers' numbers, and their stated errors, right over many seeds?

Seeds derive from a fixed string; five more from the date are run and printed, not asserted.
"""

import datetime
import hashlib

import numpy as np
import pytest
from scipy import stats

from lib import sampling
from lib.sampling import sample
from lib.sampling.targets import LinearRegression, bimodal

pytestmark = pytest.mark.acceptance

SEED = int.from_bytes(hashlib.sha256(b"sampling acceptance").digest()[:4], "big")
N_SEEDS = 200


def errors_of_evidence(seed):
    """(value - truth) / stated error by method, for one random regression."""
    target = LinearRegression(np.random.default_rng([SEED, seed]))
    chain = sample(target.problem(), "exchange", n_evaluations=80_000, seed=seed)
    found = [chain.evidence(method) for method in ("bridge", "stepping-stone")]
    return [(f.value - target.log_evidence) / f.error for f in found]


def test_stated_errors_of_the_evidence_are_right():
    z = np.array([errors_of_evidence(seed) for seed in range(N_SEEDS)])
    print("mean z", z.mean(axis=0).round(3), "sd", z.std(axis=0).round(3), "largest", np.abs(z).max(axis=0).round(2))
    fresh = [errors_of_evidence(datetime.date.today().toordinal() + i) for i in range(5)]
    print("fresh seeds:", np.round(fresh, 2).tolist())
    # sd of 200 z-values is known to 5 %; errors from autocorrelations are themselves known to about 10 %
    assert np.all((z.std(axis=0) > 0.8) & (z.std(axis=0) < 1.25))
    assert np.all(np.abs(z.mean(axis=0)) < 4 / np.sqrt(N_SEEDS))


@pytest.mark.parametrize("method", ["adaptive", "exchange", "emcee"])
def test_posteriors_are_calibrated(method):
    """Simulation-based calibration: the rank of the truth among posterior draws is uniform."""
    ranks = []
    for seed in range(N_SEEDS):
        target = LinearRegression(np.random.default_rng([SEED, 1, seed]))
        chain = sample(
            target.problem(), method, n_evaluations=40_000 if method == "exchange" else 12_000, seed=seed, n_chains=2
        )
        ranks.append((chain.flat() < target.truth).mean(axis=0))
    p = [stats.kstest(column, "uniform").pvalue for column in np.transpose(ranks)]
    print(method, "p", np.round(p, 3))
    assert min(p) > 1e-3 / 3


def test_masses_of_two_modes_are_right_over_seeds():
    problem = bimodal()
    z = []
    for seed in range(40):
        right = (sample(problem, "exchange", n_evaluations=600_000, seed=seed).draws[..., 0] > 0).astype(float)
        z.append((right.mean() - 0.5) / sampling.mcse_mean(right))
    print("sd of z", np.std(z).round(3))
    assert np.std(z) < 1.4
    assert abs(np.mean(z)) < 4 / np.sqrt(40)
