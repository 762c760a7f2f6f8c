"""Components of compositions: what they must not depend on, what they must find, and the curves they draw."""

import numpy as np
import pytest
from sklearn.decomposition import FastICA

from lib.composition import clr, helmert_basis, ilr, pivot_basis, principal_directions, random_basis
from lib.unmixing.artificial import three_processes
from lib.unmixing.factors import TRANSFORMS, cosine_matrix, fit_factors, match, to_clr_direction
from lib.unmixing.ica import CONTRASTS, random_rotation, rotate


@pytest.fixture(scope="module")
def rocks():
    return three_processes(500, 0.02, np.random.default_rng(31))


@pytest.mark.parametrize("method", ["ica", "fastica", "pca"])
def test_the_answer_does_not_depend_on_the_ilr_basis(rocks, method):
    reference = fit_factors(rocks.x, 3, method=method)
    for basis in (helmert_basis(10), random_basis(10, np.random.default_rng(2))):
        found = fit_factors(rocks.x, 3, method=method, basis=basis)
        # 1e-8 is the demand; a Newton search leaves rounding only
        np.testing.assert_allclose(found.directions, reference.directions, atol=1e-10)
        np.testing.assert_allclose(found.scores, reference.scores, atol=1e-10)


def test_relabelled_parts_scaled_samples_and_other_units_change_nothing_else(rocks):
    reference = fit_factors(rocks.x, 3)
    order = np.random.default_rng(3).permutation(10)
    relabelled = fit_factors(rocks.x[:, order], 3)
    np.testing.assert_allclose(relabelled.directions, reference.directions[:, order], atol=1e-10)
    units = np.ones(10)
    units[4] = 1e4  # one part in ppm: the centre moves, directions and scores do not
    rescaled = fit_factors(rocks.x * units * np.linspace(1, 90, 500)[:, None], 3)
    np.testing.assert_allclose(rescaled.directions, reference.directions, atol=1e-10)
    np.testing.assert_allclose(rescaled.scores, reference.scores, atol=1e-10)


@pytest.mark.parametrize("transform", TRANSFORMS)
def test_scores_are_white_and_all_components_give_the_data_back(rocks, transform):
    found = fit_factors(rocks.x, 9, transform=transform)
    np.testing.assert_allclose(found.scores.T @ found.scores / 500, np.eye(9), atol=1e-10)
    np.testing.assert_allclose(found.project(rocks.x), found.scores, atol=1e-7)  # the last raw component is 1e-5 of the first
    np.testing.assert_allclose(found.reconstruct(), rocks.x, atol=1e-12)
    assert found.share.sum() == pytest.approx(1, abs=1e-12)
    assert np.all(np.diff(found.share) <= 1e-15)
    np.testing.assert_allclose(found.directions.sum(axis=1), 0, atol=1e-12)


def test_principal_components_are_those_of_the_clr_covariance(rocks):
    found = fit_factors(rocks.x, 4, method="pca")
    directions, _, share = principal_directions(rocks.x, 4)
    np.testing.assert_allclose(found.unit, directions, atol=1e-10)
    np.testing.assert_allclose(found.share, share, atol=1e-12)
    np.testing.assert_allclose(found.spectrum[:4], share, atol=1e-12)


def test_one_independent_component_is_the_first_principal_one(rocks):
    one, first = (fit_factors(rocks.x, 1, method=method) for method in ("ica", "pca"))
    np.testing.assert_allclose(np.abs(one.scores), np.abs(first.scores), atol=1e-10)


def test_the_classical_contrast_ends_where_scikit_learn_does(rocks):
    scores = fit_factors(rocks.x, 3, method="pca").scores
    theirs = FastICA(whiten=False, tol=1e-13, max_iter=5000, w_init=np.eye(3)).fit(scores).components_
    ours = rotate(scores, np.eye(3), contrast="log cosh").matrix
    # their last steps shrink by a factor near 1 and end where 1 - |cos| meets rounding, 1e-7 rad
    assert match(ours, theirs).cosine.min() > 1 - 1e-10


@pytest.mark.parametrize("contrast", sorted(CONTRASTS))
def test_the_rotation_is_a_maximum(contrast, rocks):
    scores = fit_factors(rocks.x, 4, method="pca").scores
    best = rotate(scores, random_rotation(4, np.random.default_rng(1)), contrast=contrast)
    assert best.converged
    np.testing.assert_allclose(best.matrix @ best.matrix.T, np.eye(4), atol=1e-12)
    rng = np.random.default_rng(5)
    for _ in range(20):
        left, _, right = np.linalg.svd(best.matrix + 1e-3 * rng.standard_normal((4, 4)))
        # WARM_STEPS and a Newton step would lead back: the objective is looked at through no search
        assert _contrast(scores, left @ right, contrast) < best.contrast
    assert _contrast(scores, best.matrix, contrast) == pytest.approx(best.contrast, rel=1e-9)


def _contrast(scores, matrix, contrast):
    """The objective written out a second time."""
    terms, squared = CONTRASTS[contrast]
    deviation = [(weight, function(scores @ matrix.T)[0].mean(axis=0) - mean) for function, mean, weight in terms]
    return sum(w * (0.5 * np.sum(d**2) if squared else np.sum(np.abs(d))) for w, d in deviation)


@pytest.mark.parametrize("contrast", sorted(CONTRASTS))
def test_normal_means_of_the_contrast_functions(contrast):
    nodes, weights = np.polynomial.hermite_e.hermegauss(150)
    step = 1e-5
    for function, mean, _ in CONTRASTS[contrast][0]:
        # 1e-8: the quadrature of ln cosh, which is no polynomial
        assert weights @ function(nodes)[0] / weights.sum() == pytest.approx(mean, abs=1e-8)
        point = np.linspace(-2, 2, 9)
        for low in (0, 1):
            slope = (function(point + step)[low] - function(point - step)[low]) / (2 * step)
            np.testing.assert_allclose(function(point)[low + 1], slope, atol=1e-8)


def test_log_ratio_ica_finds_three_processes_and_raw_ica_does_not(rocks):
    found = fit_factors(rocks.x, 3)
    pairs = match(found.directions, rocks.tangents)
    assert pairs.cosine.min() > 0.93  # crystallisation, mixing, leaching; the 10 % quantile of the mixing is 0.95
    scores = found.scores[:, pairs.order] * pairs.sign
    for k in range(3):
        assert np.corrcoef(scores[:, k], rocks.intensity[:, k])[0, 1] > 0.9
    assert match(fit_factors(rocks.x, 3, transform="raw").directions, rocks.tangents).cosine[1] < 0.75


def test_exactly_log_linear_sources_are_recovered():
    rng = np.random.default_rng(4)
    directions = rng.standard_normal((3, 6))
    directions -= directions.mean(axis=1, keepdims=True)
    x = np.exp(np.c_[rng.uniform(0, 2, 4000), rng.gamma(1, 1, 4000), rng.laplace(size=4000)] @ directions)
    assert match(fit_factors(x, 3).directions, directions).angle_deg.max() < 3  # 1/sqrt(4000) rad and a factor of 3


def test_curves_are_straight_in_log_ratios_and_raw_lines_leave_the_simplex(rocks):
    found = fit_factors(rocks.x, 3)
    t = np.linspace(-60, 60, 7)
    curve = found.curve(1, t)
    assert curve.min() > 0
    np.testing.assert_allclose(curve.sum(axis=1), 1, atol=1e-12)
    np.testing.assert_allclose(np.diff(clr(curve), 2, axis=0), 0, atol=1e-9)
    np.testing.assert_allclose(found.curve(1, [0.0])[0], found.centre, atol=1e-14)
    raw = fit_factors(rocks.x, 3, transform="raw").curve(0, t)
    np.testing.assert_allclose(raw.sum(axis=1), 1, atol=1e-12)
    assert raw.min() < 0
    low, high = found.span(1)[[0, -1]]
    assert (np.mean(found.scores[:, 1] < low), np.mean(found.scores[:, 1] > high)) == (pytest.approx(0.006, abs=0.003),) * 2


def test_a_curve_can_start_from_a_given_rock(rocks):
    found = fit_factors(rocks.x, 3)
    np.testing.assert_allclose(found.curve(0, [0.0], through=rocks.start * 100)[0], rocks.start, atol=1e-14)
    both = found.reconstruct([[1.0, 0, -2.0]])
    np.testing.assert_allclose(clr(both)[0], clr(found.centre) + found.directions[0] - 2 * found.directions[2], atol=1e-12)
    with pytest.raises(ValueError, match="through has shape"):
        found.curve(0, through=rocks.start[:4])


def test_signs_and_a_straight_step_as_clr_direction(rocks):
    found = fit_factors(rocks.x, 3)
    assert all(row[np.abs(row).argmax()] > 0 for row in found.directions)
    assert np.all(np.mean(fit_factors(rocks.x, 3, sign="skewness").scores ** 3, axis=0) > 0)
    mean, step = rocks.x.mean(axis=0), np.linspace(-1, 1, 10) * 1e-7
    np.testing.assert_allclose(to_clr_direction(step, mean), clr(mean + step) - clr(mean), rtol=1e-4, atol=1e-11)
    cosine = cosine_matrix(found.directions, rocks.tangents)
    pairs = match(found.directions, rocks.tangents)
    np.testing.assert_allclose(np.abs(cosine[pairs.order, range(3)]), pairs.cosine, atol=1e-12)
    assert np.all(np.sum(pairs.apply(found.directions) * rocks.tangents, axis=1) > 0)
    np.testing.assert_allclose(np.cos(np.radians(pairs.angle_deg)), pairs.cosine, atol=1e-9)


def test_faults_are_named(rocks):
    x = rocks.x
    with pytest.raises(ValueError, match="500 samples of 10 parts allow 1 to 9"):
        fit_factors(x, 10)
    with pytest.raises(ValueError, match="method = 'nmf': expected one of"):
        fit_factors(x, 3, method="nmf")
    with pytest.raises(ValueError, match="vary along 2 directions only"):
        fit_factors(np.exp(np.random.default_rng(0).standard_normal((50, 2)) @ ilr_rows(2)), 3)
    with pytest.raises(ValueError, match="is constant and cannot be standardised"):
        fit_factors(np.insert(x * 0.8, 2, 0.2, axis=1), 3, transform="standardised")
    hole = x.copy()
    hole[7, 3] = 0
    with pytest.raises(ValueError, match="row 7, column 3"):
        fit_factors(hole, 3)
    assert fit_factors(hole, 3, transform="raw").scores.shape == (500, 3)  # a true zero is an amount like any other


def ilr_rows(k):
    return pivot_basis(6)[:, :k].T


def test_missing_samples_can_be_projected_later(rocks):
    found = fit_factors(rocks.x[:400], 3)
    coordinates = (ilr(rocks.x[400:]) - ilr(found.centre)) @ pivot_basis(10).T
    np.testing.assert_allclose(found.project(rocks.x[400:]), coordinates @ found.unmixing.T, atol=1e-10)
