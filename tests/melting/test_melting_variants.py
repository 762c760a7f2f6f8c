"""Deviations of the source between samples, and the comparison of assumptions."""

import dataclasses

import numpy as np
import pytest

from lib import melting
from lib.melting import collapsed, variants
from lib.sampling import diagnostics


@pytest.fixture(scope="module")
def deviating():
    """Fourteen melts of a source that varies from sample to sample by 0.4 ln units at its most incompatible element."""
    rng = np.random.default_rng(7)
    made = melting.make_data(melting.Cell("accumulated", 0.02, 14, 14), rng)
    vector = -np.log(made.posterior.bulk_d)
    vector = (vector - vector.min()) / np.ptp(vector)
    deviation = 0.4 * rng.standard_normal(14)
    values = made.posterior.data.values + np.outer(deviation, vector)
    data = dataclasses.replace(made.posterior.data, values=values)
    extras = dataclasses.replace(made.posterior.extras, enrichment=vector)
    prior = dataclasses.replace(made.posterior.prior_f, low=0.002, high=0.3)
    return made, dataclasses.replace(made.posterior, data=data, extras=extras, prior_f=prior), deviation


def test_chains_with_deviating_sources_find_the_level_that_a_start_at_the_truth_finds(deviating):
    made, posterior, deviation = deviating
    draws = melting.sample(posterior, n_chains=3, n_draws=250, n_warm=1000, thin=3, seed=3)
    _, n = posterior.data.shape
    hyper = np.array([0.0, 0.0, np.log(0.4), 0.0, -20.0])
    truth = {"melt_fraction": made.melt_fraction, "deviation": deviation, "ln_d": np.zeros(n), "ln_source": made.ln_source,
             "hyper": hyper}  # fmt: skip
    known = melting.sample(posterior, n_chains=1, n_draws=250, n_warm=500, thin=3, seed=4, start=truth)
    best = np.median(known.log_likelihood[..., 0])
    # ten units of ln likelihood are what the study calls a wrong level
    assert np.all(np.median(draws.log_likelihood[..., 0], axis=1) > best - 10)
    z = (draws.level.mean() - np.log(made.melt_fraction).mean()) / draws.level.std()
    assert abs(z) < 3
    assert np.corrcoef(draws.pooled("deviation").mean(axis=0), deviation)[0, 1] > 0.9


def test_one_source_reads_differences_of_the_source_as_differences_of_melting(deviating):
    made, posterior, _ = deviating
    plain = dataclasses.replace(posterior, extras=dataclasses.replace(posterior.extras, enrichment=None))
    draws = melting.sample(plain, n_chains=2, n_draws=200, n_warm=600, thin=2, seed=5)
    ln_f = np.log(draws.pooled("melt_fraction"))
    z = (ln_f.mean(axis=0) - np.log(made.melt_fraction)) / ln_f.std(axis=0)
    assert np.sqrt(np.mean(z**2)) > 5  # sure of itself, and wrong
    assert float(np.nanmax(diagnostics.rhat(draws.level))) < 1.1


def test_independence_steps_and_pilots_go_with_deviations_only(deviating):
    made, posterior, _ = deviating
    assert collapsed.jump_plan(posterior) == (1, 1)
    assert collapsed.jump_plan(made.posterior) == (0, 1)


def test_variants_change_one_assumption_and_switch_to_the_other_coefficients(monkeypatch):
    asked = []

    def recorded(table, **given):
        asked.append(given)
        raise RuntimeError("enough")

    monkeypatch.setattr(variants, "analyse", recorded)
    for used in variants._TABLES:
        given = {"coefficients": used, "model": "batch"}
        with pytest.raises(RuntimeError, match="enough"):
            variants.variant_rows("other", None, {"coefficients": variants._TABLES[1]}, given, np.random.default_rng(1))
    assert [one["coefficients"] for one in asked] == list(variants._TABLES[::-1])
    assert all(one["model"] == "batch" for one in asked)
