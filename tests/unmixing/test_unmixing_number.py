"""Number of components by several criteria, and clusters in the whitened space."""

import numpy as np
import pytest
from sklearn.decomposition import PCA

from lib.composition import closure, ilr
from lib.unmixing.artificial import three_processes
from lib.unmixing.kca import whitened_kmeans
from lib.unmixing.number import component_number, suggest_number


def log_linear(n, rank, noise, rng, n_parts=10):
    """Compositions of exactly `rank` log-linear sources and multiplicative noise."""
    sources = rng.gamma(1, 1, (n, rank)) @ (0.5 * rng.standard_normal((rank, n_parts)))
    return closure(np.exp(sources + noise * rng.standard_normal((n, n_parts))))


def chosen(frame, name):
    return frame.loc[frame[name], "n_components"].tolist()


@pytest.mark.parametrize("rank", [1, 2, 4])
def test_known_noise_gives_the_rank(rank):
    rng = np.random.default_rng([5, rank])
    sd = np.linspace(0.01, 0.06, 10)
    x = log_linear(300, rank, sd, rng)
    frame = component_number(x, sd, n_permutations=40, n_repeats=5)
    assert chosen(frame, "noise") == [rank]
    # what is left is noise: chi-square over its freedom is 1 within a few standard deviations, sqrt(2 / 1500)
    assert frame.loc[rank - 1, "noise_chi2"] == pytest.approx(1, abs=0.15)
    assert suggest_number(frame).n_components == rank
    assert "analytical noise" in suggest_number(frame).reason


def test_errors_cell_by_cell():
    rng = np.random.default_rng(8)
    sd = np.linspace(0.01, 0.05, 10) * rng.uniform(0.5, 2, (300, 1))  # some samples were measured better
    x = log_linear(300, 2, sd, rng)
    frame = component_number(x, sd, n_permutations=10, n_repeats=3)
    assert chosen(frame, "noise") == [2]
    assert frame.loc[1, "noise_chi2"] == pytest.approx(1, abs=0.15)
    same = component_number(x, np.full(x.shape, 0.03), n_permutations=10, n_repeats=3)
    one = component_number(x, 0.03, n_permutations=10, n_repeats=3)
    np.testing.assert_allclose(same["noise_chi2"], one["noise_chi2"], rtol=1e-10)


def test_equal_noise_can_be_guessed_from_the_data():
    x = log_linear(300, 3, 0.03, np.random.default_rng(9))
    frame = component_number(x, n_permutations=60, n_repeats=10)
    assert chosen(frame, "minka") == [PCA("mle").fit(ilr(x)).n_components_] == [3]
    assert chosen(frame, "bicv") == [3]
    assert "noise" not in frame
    assert suggest_number(frame).votes == {"bicv": 3, "parallel": chosen(frame, "parallel")[0], "minka": 3}


def test_curvature_of_processes_counts_only_without_slack():
    x = three_processes(500, 0.02, np.random.default_rng(11)).x
    assert chosen(component_number(x, 0.02, n_permutations=5, n_repeats=2), "noise") == [3]
    assert chosen(component_number(x, 0.02, n_permutations=5, n_repeats=2, error_slack=0), "noise")[0] > 3


def test_pure_noise_has_no_component():
    rng = np.random.default_rng(12)
    found = [component_number(np.exp(0.05 * rng.standard_normal((100, 8))), n_permutations=40, n_repeats=4) for _ in range(12)]
    # the first eigenvalue passes by chance in 1 of 20 tables; three of twelve have a chance of 2 %
    assert sum(bool(chosen(frame, "parallel")) for frame in found) <= 3
    assert sum(bool(chosen(frame, "bicv")) for frame in found) <= 1
    assert suggest_number(found[0]).votes["bicv"] == 0


def test_statistics_do_not_depend_on_the_order_of_parts():
    x = log_linear(100, 2, 0.03, np.random.default_rng(13))
    order = np.random.default_rng(1).permutation(10)
    kept = ["eigenvalue", "share", "noise_chi2", "minka_log_evidence"]
    one, other = (component_number(rows, 0.03, n_permutations=5, n_repeats=2)[kept] for rows in (x, x[:, order]))
    np.testing.assert_allclose(one, other, rtol=1e-9)


def test_stability_as_a_criterion():
    x = log_linear(500, 3, 0.03, np.random.default_rng(14))
    frame = component_number(x, 0.03, max_components=5, n_permutations=5, n_repeats=2, n_runs=10)
    assert chosen(frame, "iq_kept") == [3]  # the fourth would be noise


def test_number_names_what_is_wrong():
    x = log_linear(30, 2, 0.03, np.random.default_rng(15))
    with pytest.raises(ValueError, match="allow 1 to 8"):
        component_number(x, max_components=9)
    with pytest.raises(ValueError, match="expected positive relative errors"):
        component_number(x, np.ones(4))
    with pytest.raises(ValueError, match="three samples"):
        component_number(x[:2])
    with pytest.raises(ValueError, match="same composition"):
        component_number(np.full((20, 4), 0.25))


def clumps(rng):
    """Three well separated clumps of 60, 40 and 20 samples."""
    centres = np.array([[0.0, 0, 0, 0, 0], [2, -1, 0, 0, -1], [-1, 2, -1, 0, 0]])
    truth = np.repeat([0, 1, 2], [60, 40, 20])
    return np.exp(centres[truth] + 0.1 * rng.standard_normal((120, 5))), truth


def test_clumps_are_found_largest_first():
    x, truth = clumps(np.random.default_rng(16))
    found = whitened_kmeans(x, 2, n_init=10, max_clusters=5, n_reference=4)
    assert found.rule == "gap"
    assert np.array_equal(found.labels, truth)
    assert found.counts.tolist() == [60, 40, 20]
    np.testing.assert_allclose(found.centres.sum(axis=1), 1, atol=1e-12)
    logs = np.log(x[truth == 2]).mean(axis=0)
    np.testing.assert_allclose(found.centres[2], closure(np.exp(logs)), rtol=1e-12)
    assert found.curve["chosen"].tolist() == [False, False, True, False, False]


def test_distances_do_not_depend_on_the_rotation():
    x, _ = clumps(np.random.default_rng(17))
    found = whitened_kmeans(x, 2, 3, n_init=5, max_clusters=3, n_reference=2)
    near = np.linalg.norm(found.ic_scores[:, None] - found.centre_scores, axis=2).argmin(axis=1)
    assert np.array_equal(near, found.labels)  # the space of the components is the whitened one, rotated
    assert found.rule == "given"


def test_arms_of_one_cloud_get_the_elbow():
    x = three_processes(300, 0.02, np.random.default_rng(18)).x
    found = whitened_kmeans(x, 3, n_init=10, max_clusters=6, n_reference=4)
    assert found.rule == "elbow"
    assert 2 <= found.n_clusters <= 5


def test_impossible_numbers_of_clusters():
    x, _ = clumps(np.random.default_rng(19))
    with pytest.raises(ValueError, match="n_clusters = 9"):
        whitened_kmeans(x, 2, 9)
    with pytest.raises(ValueError, match="3 to 119"):
        whitened_kmeans(x, 2, max_clusters=120)
