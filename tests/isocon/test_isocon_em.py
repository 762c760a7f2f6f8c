"""Spike-and-slab mixture: densities, priors, monotone ascent, agreement with Algorithm S."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from lib import isocon, tables
from lib.isocon import em, kernels, sparse

EXAMPLE = Path(__file__).parents[2] / "data/templates/02_alteration_isocon_example.csv"


@pytest.fixture(scope="module")
def halo():
    return isocon.make_halo("B", np.random.default_rng(21))


def test_density_agrees_with_a_dense_multivariate_normal(halo):
    data = halo.data.take(elements=np.arange(6))
    x, p, s2, below = sparse.arrays(data)
    p[2, 3] = 0.0
    out, q = np.empty(6), np.empty(6)
    mean = np.linspace(-0.1, 0.1, 10)
    kernels.log_density(x, p, s2, below, mean, 1.3, 0.2, 0.05, out, q)
    for i in range(6):
        have = p[i] > 0
        n = have.sum()
        covariance = 1.3 * (np.diag(1 / p[i, have]) + s2[i]) + 0.2 + 0.05 * np.eye(n)
        assert out[i] == pytest.approx(stats.multivariate_normal(mean[have], covariance).logpdf(x[i, have]))


def test_log_of_the_normal_tail():
    for z in (-40.0, -9.0, -8.0, -7.9, -1.0, 0.0, 3.0):
        assert kernels.log_cdf(z) == pytest.approx(stats.norm.logcdf(z), rel=1e-5)


def test_likelihood_never_falls_at_fixed_hyperparameters_and_converges(halo):
    data = halo.data
    x, p, s2, below = sparse.arrays(data)
    start = np.zeros(10)
    values = [
        kernels.em_iterate(x, p, s2, below, data.weight, np.zeros(30), False, start, 0.0, turns)[0] for turns in range(3, 60)
    ]
    # the moment updates of the slab are not exact M-steps: tiny steps down are allowed, not more
    assert np.min(np.diff(values)) > -0.5
    assert abs(values[-1] - values[-2]) < 1e-3


def test_set_and_mass_agree_with_algorithm_s_where_both_are_right(halo):
    one, two = isocon.fit(halo.data), isocon.fit(halo.data, "em")
    np.testing.assert_allclose(one.m, two.m, atol=4 * one.se.max())
    assert ((two.p_immobile > 0.5) == halo.immobile).mean() >= 0.9
    assert np.all((two.p_immobile >= 0) & (two.p_immobile <= 1))


def test_a_prior_decides_between_two_isocons():
    # two equal clusters; the data cannot choose
    names = ["Zr", "TiO2", "Al2O3", "Nb", "K2O", "Rb", "Ba", "Sr"]
    d = np.array([0.0, 0.01, -0.01, 0.0, 0.5, 0.51, 0.49, 0.5])
    data = isocon.from_arrays(np.ones(8), np.exp(d), elements=names)
    found = isocon.fit(data, "em", priors="suggested")
    assert set(found.immobile_elements) == set(names[:4])
    reverse = isocon.fit(data, "em", priors={**dict.fromkeys(names[:4], 0.1), **dict.fromkeys(names[4:], 0.9)})
    assert set(reverse.immobile_elements) == set(names[4:])


def test_suggested_priors_are_probabilities_in_the_usual_order():
    assert all(0 < v < 1 for v in isocon.SUGGESTED_PRIORS.values())
    order = ["Zr", "Al2O3", "V", "Fe2O3T", "SiO2", "CaO", "K2O", "LOI"]
    values = [isocon.SUGGESTED_PRIORS[name] for name in order]
    assert values == sorted(values, reverse=True)


def test_censored_cells_pull_the_probability_down(halo):
    data = halo.data
    i = int(np.flatnonzero(halo.immobile)[3])
    below = np.zeros(data.shape, bool)
    below[i, :3] = True
    x = data.log_ratio.copy()
    x[i, :3] = halo.m[:3] - 1.0
    lost = isocon.fit(replace(data, log_ratio=x, below=below), "em").p_immobile[i]
    x[i, :3] = halo.m[:3] + 0.3
    free = isocon.fit(replace(data, log_ratio=x, below=below), "em").p_immobile[i]
    assert lost < 0.01 < 0.5 < free


def test_only_three_starts_compete_and_the_other_modes_are_listed():
    """In the shipped example three elements gained alike make a likelier, wrong solution."""
    table = tables.read(EXAMPLE, "02_alteration_isocon")
    data = isocon.prepare(table, group="A")
    found = isocon.fit(data, "em")
    assert {"TiO2", "Al2O3", "Zr"} <= set(found.immobile_elements)
    assert np.max(np.abs(found.mass_change_pct)) < 10
    likelier = [mode for mode in found.modes if mode.objective < found.modes[0].objective]
    assert likelier and not {"Zr", "TiO2"} & set(likelier[0].members)
    np.testing.assert_array_equal(found.modes[0].m, found.m)
    # a known sparse solution changes nothing but the time; only the starts that are named compete
    again = isocon.fit(data, "em", sparse=isocon.fit(data))
    np.testing.assert_array_equal(again.m, found.m)
    alone = isocon.fit(data, "em", starts=[likelier[0].m])
    np.testing.assert_allclose(alone.m, likelier[0].m, atol=1e-3)


@pytest.mark.parametrize(("factor", "limited"), [(1.0, False), (0.25, True), (8.0, True)])
def test_scale_at_its_limit_is_noticed(halo, factor, limited):
    assert em.at_scale_limit(isocon.fit(halo.data.with_errors(factor), "em")) == limited


def test_bad_priors_are_refused():
    with pytest.raises(ValueError, match="strictly between 0 and 1"):
        em.prior_log_odds(["Zr"], {"Zr": 1.0})
    with pytest.raises(ValueError, match="'suggested' or a mapping"):
        em.prior_log_odds(["Zr"], "strong")
