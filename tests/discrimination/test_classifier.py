"""Logistic classifier: two spaces, two classes, confusion, calibration, projection."""

import numpy as np
import pytest
from scipy.special import softmax

from lib.discrimination import (
    Grains,
    calibrate,
    confusion,
    discriminant_projection,
    fit_classifier,
    reliability,
    scores,
)
from lib.discrimination.calibration import calibration_error
from lib.discrimination.classifier import confusion_matrix

NAMES, CLASSES = ("La", "Eu", "Yb"), ("a", "b", "c")


def clouds(rng, n=120, k=3):
    means = np.array([[3.0, 1.0, 0.5], [3.3, 1.6, 0.2], [3.1, 1.4, 1.0]])[:k]
    codes = np.repeat(np.arange(k), n)
    return means[codes] + 0.3 * rng.standard_normal((len(codes), 3)), codes


@pytest.fixture(scope="module")
def fitted():
    x, codes = clouds(np.random.default_rng(1))
    return x, codes, fit_classifier(x, codes, NAMES, CLASSES, C=2.0)


def penalised(theta, z, codes, penalty, k):
    """The objective as the specification writes it, symmetric over classes."""
    b, w = theta[:k], theta[k:].reshape(k, -1)
    logp = np.log(softmax(b + z @ w.T, axis=1))
    return -logp[np.arange(len(codes)), codes].sum() + (w**2).sum() / (2 * penalty)


@pytest.mark.parametrize("k", [2, 3])
def test_the_fit_is_a_minimum_of_the_symmetric_penalised_likelihood(k):
    x, codes = clouds(np.random.default_rng(2), k=k)
    model = fit_classifier(x, codes, NAMES, CLASSES[:k], C=0.7)
    theta = np.concatenate([model.intercept, model.coef.ravel()])
    z = (x - model.mean) / model.sd
    at = penalised(theta, z, codes, 0.7, k)
    rng = np.random.default_rng(3)
    # every step away is uphill; gradients of a minimum are zero, so that the rise is of second order
    rises = [penalised(theta + 1e-3 * rng.standard_normal(theta.size), z, codes, 0.7, k) - at for _ in range(40)]
    assert min(rises) > 0
    step = 1e-5
    gradient = [(penalised(theta + step * e, z, codes, 0.7, k) - penalised(theta - step * e, z, codes, 0.7, k)) / (2 * step)
                for e in np.eye(theta.size)]  # fmt: skip
    assert np.abs(gradient).max() < 1e-4 * len(x)


def test_log10_space_and_standardised_space_say_the_same(fitted):
    x, _, model = fitted
    b, w = model.in_log10()
    np.testing.assert_allclose(softmax(b + x @ w.T, axis=1), model.predict_proba(x), atol=1e-12)


def test_discriminant_functions_are_log_odds(fitted):
    x, _, model = fitted
    frame = model.discriminants()
    p = model.predict_proba(x)
    for a, b in (("a", "b"), ("a", "c"), ("b", "c")):
        one = frame[(frame["class_a"] == a) & (frame["class_b"] == b)].set_index("feature")["coefficient"]
        value = one["intercept"] + x @ one[list(NAMES)].to_numpy()
        np.testing.assert_allclose(value, np.log(p[:, CLASSES.index(a)] / p[:, CLASSES.index(b)]), atol=1e-9)


def test_mean_probabilities_are_the_training_shares(fitted):
    x, _, model = fitted
    # intercepts are not penalised: their score equation says so
    np.testing.assert_allclose(model.predict_proba(x).mean(axis=0), model.prior, atol=1e-6)


def test_weights_are_repeated_grains(fitted):
    x, codes, _ = fitted
    weight = np.random.default_rng(4).integers(0, 3, len(x))
    one = fit_classifier(x, codes, NAMES, CLASSES, weight=weight)
    many = fit_classifier(np.repeat(x, weight, axis=0), np.repeat(codes, weight), NAMES, CLASSES)
    np.testing.assert_allclose(one.predict_proba(x), many.predict_proba(x), atol=1e-7)


def test_grains_with_more_features_are_judged_by_name(fitted):
    x, codes, model = fitted
    grains = Grains.from_arrays(10.0 ** np.column_stack([x[:, ::-1], x[:, 0]]), ["Yb", "Eu", "La", "U"], codes)
    np.testing.assert_allclose(model.predict_proba(grains), model.predict_proba(x), atol=1e-9)


def test_confusion_counts_every_grain_once(fitted):
    x, codes, model = fitted
    p = model.predict_proba(x)
    frame = confusion(codes, p, CLASSES)
    assert frame["count"].sum() == len(x)
    np.testing.assert_allclose(frame.groupby("true")["share"].sum(), 1)
    matrix = confusion_matrix(codes, p, 3)
    assert np.trace(matrix) / len(x) == pytest.approx(scores(codes, p)["accuracy"])
    assert np.mean(np.diag(matrix) / matrix.sum(axis=1)) == pytest.approx(scores(codes, p)["balanced_accuracy"])


def test_calibration_undoes_a_known_distortion():
    rng = np.random.default_rng(5)
    logits = rng.normal(0, 2, (6000, 3))
    honest = softmax(logits, axis=1)
    codes = (honest.cumsum(axis=1) < rng.random((6000, 1))).sum(axis=1)
    # too sure by a factor of two, and turned towards the first class
    p = softmax(2.0 * logits + np.array([0.8, 0, 0]), axis=1)
    found = calibrate(codes, p)
    assert abs(found.slope - 0.5) < 4 * found.slope_se
    assert found.slope_se < 0.02
    assert found.error_after < 0.3 * found.error_before
    np.testing.assert_allclose(found.apply(p), honest, atol=0.06)
    assert calibration_error(codes, honest) < 0.02


def test_a_calibrated_classifier_gives_calibrated_probabilities(fitted):
    x, codes, model = fitted
    found = calibrate(codes, np.random.default_rng(6).dirichlet([1, 1, 1], len(x)))
    np.testing.assert_allclose(model.calibrated(found).predict_proba(x), found.apply(model.predict_proba(x)), atol=1e-9)


def test_reliability_bins_hold_all_grains_and_honest_ones_lie_on_the_line():
    rng = np.random.default_rng(7)
    p = rng.dirichlet([0.5, 0.5, 0.5], 4000)
    codes = (p.cumsum(axis=1) < rng.random((4000, 1))).sum(axis=1)
    frame = reliability(codes, p, CLASSES)
    assert (frame.groupby("class")["count"].sum() == 4000).all()
    # 95 % intervals of 24 bins: more than 5 outside has a probability below 0.1 %
    assert (~frame["predicted"].between(frame["lo95"], frame["hi95"])).sum() <= 5


def test_projection_has_unit_scatter_within_classes_and_parts_the_means():
    x, codes = clouds(np.random.default_rng(8))
    found = discriminant_projection(x, codes, 3)
    s = found.scores(x)
    inside = s - np.array([s[codes == k].mean(axis=0) for k in range(3)])[codes]
    np.testing.assert_allclose(inside.T @ inside / (len(x) - 3), np.eye(2), atol=1e-6)
    assert found.share.sum() == pytest.approx(1)
    # independent route: no direction parts the means more, relative to the scatter within
    rng = np.random.default_rng(9)
    between = np.ptp([s[codes == k, 0].mean() for k in range(3)])
    for a in rng.standard_normal((200, 3)):
        t = x @ a
        scatter = np.sqrt(np.mean([t[codes == k].var(ddof=1) for k in range(3)]))
        spread = np.array([t[codes == k].mean() for k in range(3)]).var() / scatter**2
        assert spread <= np.array([s[codes == k, 0].mean() for k in range(3)]).var() * (1 + 1e-6)
    assert between > 1


def test_projection_of_two_classes_has_a_second_axis_that_does_not_part_them():
    x, codes = clouds(np.random.default_rng(10), k=2)
    found = discriminant_projection(x, codes, 2)
    s = found.scores(x)
    gap = s[codes == 0].mean(axis=0) - s[codes == 1].mean(axis=0)
    assert abs(gap[0]) > 2
    assert abs(gap[1]) < 1e-6
    assert found.share[0] == pytest.approx(1)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda x, c: (x, np.zeros_like(c)), "no training grain of class 'b'"),
        (lambda x, c: (np.where(x < x.max(), x, np.nan), c), "not finite in every grain"),
        (lambda x, c: (x * [1, 0, 1], c), "Eu has the same content"),
    ],
)
def test_refusals(fitted, change, said):
    x, codes, _ = fitted
    with pytest.raises(ValueError, match=said):
        fit_classifier(*change(x, codes), NAMES, CLASSES)
