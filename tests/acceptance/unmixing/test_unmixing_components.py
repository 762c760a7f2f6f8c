"""Error rates of the gate and of the stability index on artificial rocks; the time of a hundred resamples."""

import hashlib

import numpy as np
import pytest

from lib.tasks import spawn
from lib.unmixing.artificial import three_processes
from lib.unmixing.factors import fit_factors
from lib.unmixing.gate import gaussianity
from lib.unmixing.stability import icasso

pytestmark = pytest.mark.acceptance

SEED = int.from_bytes(hashlib.sha256(b"lib.unmixing components").digest()[:4], "big")
N_SETS = 60


def rocks(n, design="independent"):
    return [three_processes(n, 0.02, rng, design=design).x for rng in spawn(SEED, N_SETS)]


def test_the_gate_errs_as_rarely_as_it_says():
    shut = [gaussianity(fit_factors(x, 3), n_bootstrap=60).gaussian for x in rocks(200, "gaussian")]
    # level 0.05: more than 8 of 60 wrongly open would have a chance of 0.3 %
    assert np.sum(~np.array(shut)) <= 8
    opened = [gaussianity(fit_factors(x, 3), n_bootstrap=60) for x in rocks(200)]
    assert np.mean([one.identifiable.all() for one in opened]) > 0.9


def test_the_index_tells_few_and_normal_samples_from_enough():
    enough, few, normal = (
        np.array([icasso(x, 3, n_runs=30).iq.min() for x in rows]) for rows in (rocks(500), rocks(50), rocks(500, "gaussian"))
    )
    print({name: np.quantile(iq, [0, 0.5, 1]).round(2) for name, iq in [("500", enough), ("50", few), ("normal", normal)]})
    assert np.median(enough) >= 0.75
    assert np.mean(enough >= 0.75) > 0.95
    assert np.mean(few < 0.75) > 0.9
    assert np.mean(normal < 0.75) > 0.95
