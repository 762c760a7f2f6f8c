"""Spatial, cell-wise and no-protolith variants: limits, and what they are for."""

from dataclasses import replace

import numpy as np
import pytest

from lib import isocon
from lib.isocon import spatial


@pytest.fixture(scope="module")
def halo():
    return isocon.make_halo("A", np.random.default_rng(31))


def test_spatial_reduces_to_the_plain_fit(halo):
    plain = isocon.fit(halo.data)
    for options in ({"gamma": 0.0}, {"gamma": 1e-9}, {"matern": (1e4, 0.5)}):
        np.testing.assert_allclose(isocon.fit(halo.data, "spatial", **options).m, plain.m, atol=1e-6)


def test_strong_smoothing_gives_one_mass_change(halo):
    flat = replace(halo.data, log_ratio=halo.data.log_ratio - halo.m[:, None].T)
    found = isocon.fit(flat, "spatial", gamma=1e9)
    assert np.ptp(found.m) < 1e-5


def test_smoothing_helps_a_smooth_profile():
    rng = np.random.default_rng(32)
    plain, smooth = [], []
    for _ in range(25):
        halo = isocon.make_halo(isocon.variant("A", n_samples=25), rng)
        truth = 0.3 * np.exp(-halo.data.position / 0.4)
        data = replace(halo.data, log_ratio=halo.data.log_ratio - halo.m + truth)
        plain.append(np.abs(isocon.fit(data).m - truth).mean())
        smooth.append(np.abs(isocon.fit(data, "spatial").m - truth).mean())
    # the error common to all samples (protolith) stays; the rest falls
    assert np.mean(smooth) < 0.85 * np.mean(plain)


def test_walk_prior_penalises_slopes_over_irregular_distances():
    position = np.array([0.0, 3.0, 1.0, 7.0])
    laplacian = spatial.walk_precision(position)
    m = np.array([1.0, 2.0, 4.0, 0.5])
    order = np.argsort(position)
    expected = np.sum(np.diff(m[order]) ** 2 / np.diff(position[order]))
    assert m @ laplacian @ m == pytest.approx(expected)
    # Matern-1/2 is the walk at distances far below its length, gamma = length / (2 sd^2)
    matern = spatial.matern_precision(position, sd=1.0, length=1e4)
    assert m @ matern @ m == pytest.approx(expected * 1e4 / 2, rel=2e-3)
    np.testing.assert_allclose(matern @ np.ones(4), 0, atol=1e-4)


def test_spatial_needs_positions(halo):
    with pytest.raises(ValueError, match="add distance_m or depth_m"):
        isocon.fit(replace(halo.data, position=None), "spatial")
    with pytest.raises(ValueError, match="different positions"):
        isocon.fit(replace(halo.data, position=np.zeros(10)), "spatial")


def test_cellwise_keeps_elements_that_move_in_some_samples_only():
    rng = np.random.default_rng(33)
    whole, cells = [], []
    for _ in range(12):
        halo = isocon.make_halo("B", rng)
        x = halo.data.log_ratio.copy()
        for i in rng.permutation(np.flatnonzero(halo.immobile))[:9]:
            some = rng.choice(10, 4, replace=False)
            x[i, some] += rng.uniform(0.3, 1.0, 4) * np.where(rng.uniform(size=4) < 0.85, 1, -1)
        data = replace(halo.data, log_ratio=x)
        found = isocon.fit(data, "cellwise")
        assert found.cells.shape == data.shape and not found.cells[~found.immobile].any()
        whole.append(np.abs(isocon.fit(data).m - halo.m).mean())
        cells.append(np.abs(found.m - halo.m).mean())
    assert np.mean(cells) < 0.85 * np.mean(whole)


def test_cellwise_of_one_sample_is_the_plain_fit():
    data = isocon.make_halo("G", np.random.default_rng(34)).data
    one, two = isocon.fit(data), isocon.fit(data, "cellwise")
    np.testing.assert_array_equal(one.m, two.m)


def test_without_protolith_the_reference_composition_is_irrelevant(halo):
    rng = np.random.default_rng(35)
    shifted = replace(halo.data, log_ratio=halo.data.log_ratio + rng.uniform(-1, 1, (30, 1)))
    one = isocon.fit_without_protolith(halo.data)
    two = isocon.fit_without_protolith(shifted)
    np.testing.assert_allclose(one.m, two.m, atol=1e-6)
    assert one.m[0] == 0 and one.se[0] == pytest.approx(0, abs=1e-6)
    assert one.immobile_elements == two.immobile_elements
    np.testing.assert_allclose(one.m, halo.m - halo.m[0], atol=4.5 * one.se.max())


def test_variation_matrix_and_mutual_set(halo):
    matrix = isocon.variation_matrix(halo.data.log_ratio)
    np.testing.assert_allclose(matrix, matrix.T)
    assert np.all(np.diag(matrix) == 0)
    direct = np.var(halo.data.log_ratio[1] - halo.data.log_ratio[5], ddof=1)
    assert matrix[1, 5] == pytest.approx(direct)
    found = set(isocon.mutual_set(halo.data))
    truth = set(np.array(halo.data.elements)[halo.immobile])
    assert len(found & truth) >= 0.85 * len(truth) and len(found - truth) <= 2


def test_without_protolith_three_samples_are_needed(halo):
    two = halo.data.take(samples=np.arange(2))
    with pytest.raises(ValueError, match="at least 3"):
        isocon.fit_without_protolith(two)
    with pytest.raises(ValueError, match="at least 3"):
        isocon.mutual_set(two)
