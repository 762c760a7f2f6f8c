"""Shares of sources in a sand: prior shift, posterior draws, clusters, grains unlike any source."""

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.stats import norm

from lib.discrimination import (
    Grains,
    adjusted_counts,
    apply_to_detrital,
    draw_proportions,
    em_prior_shift,
    fit_classifier,
    unlike,
)
from lib.discrimination.detrital import ALL, HEADLINE, cluster_weights
from lib.discrimination.shift import METHODS, likelihood_ratios, shares_by_method, shares_frame

CENTRES = np.array([[0.0, 0.0], [1.2, 0.3], [0.2, 1.4]])
PRIOR = np.full(3, 1 / 3)
CLASSES = ("a", "b", "c")


def grains_of(rng, counts, sd=0.7):
    codes = np.repeat(np.arange(3), counts)
    return CENTRES[codes] + sd * rng.standard_normal((len(codes), 2)), codes


def posterior(x, prior=PRIOR, sd=0.7):
    """Exact class probabilities of the clouds."""
    density = norm.pdf(x[:, None, :], CENTRES[None], sd).prod(axis=2) * prior
    return density / density.sum(axis=1, keepdims=True)


@pytest.fixture(scope="module")
def sand():
    x, _ = grains_of(np.random.default_rng(1), [20, 150, 80])
    return x


def test_em_finds_the_maximum_of_the_likelihood(sand):
    p = posterior(sand)
    found = em_prior_shift(p, PRIOR, tolerance=1e-12)
    assert found.converged
    ratio = likelihood_ratios(p, PRIOR)

    def loss(theta):
        share = np.exp(np.append(theta, 0))
        return -np.log(ratio @ (share / share.sum())).sum()

    other = minimize(loss, np.zeros(2), tol=1e-12)
    share = np.exp(np.append(other.x, 0))
    np.testing.assert_allclose(found.proportions, share / share.sum(), atol=1e-5)
    assert found.log_likelihood == pytest.approx(-other.fun, abs=1e-7)
    np.testing.assert_allclose(found.posterior.mean(axis=0), found.proportions, atol=1e-8)


def test_training_shares_do_not_matter(sand):
    other = np.array([0.7, 0.2, 0.1])
    one, two = em_prior_shift(posterior(sand), PRIOR), em_prior_shift(posterior(sand, other), other)
    np.testing.assert_allclose(one.proportions, two.proportions, atol=1e-6)


def test_em_is_right_where_counts_are_pulled_to_the_training_shares():
    rng = np.random.default_rng(2)
    truth = np.array([0.05, 0.85, 0.10])
    x, _ = grains_of(rng, [200, 3400, 400])
    found = shares_by_method(posterior(x), PRIOR)
    # 4000 grains: standard errors of the shares near 0.01
    np.testing.assert_allclose(found["prior shift (EM)"], truth, atol=0.035)
    assert np.abs(found["probability sum"] - truth).max() > 0.1


def test_adjusted_counts_invert_the_confusion_matrix():
    confusion = np.array([[80, 15, 5], [10, 85, 5], [5, 5, 90]])
    share = np.array([0.2, 0.5, 0.3])
    counts = share @ (confusion / confusion.sum(axis=1, keepdims=True)) * 500
    np.testing.assert_allclose(adjusted_counts(counts, confusion), share, atol=1e-6)
    # more of a class than the confusion allows: a share stays between 0 and 1
    assert adjusted_counts([0, 500, 0], confusion).min() >= 0


def test_posterior_draws_agree_with_a_grid(sand):
    p = posterior(sand[::8])
    draws = draw_proportions(p, PRIOR, 4000, np.random.default_rng(3))
    np.testing.assert_allclose(draws.sum(axis=1), 1)
    step = np.linspace(0, 1, 121)
    a, b = (g.ravel() for g in np.meshgrid(step, step))
    keep = a + b <= 1
    grid = np.column_stack([a, b, 1 - a - b])[keep]
    with np.errstate(divide="ignore"):
        log = np.log(grid @ likelihood_ratios(p, PRIOR).T).sum(axis=1)
    weight = np.exp(log - log.max())
    mean = weight @ grid / weight.sum()
    sd = np.sqrt(weight @ (grid - mean) ** 2 / weight.sum())
    # Gibbs draws are correlated: some 300 independent ones of 4000
    np.testing.assert_allclose(draws.mean(axis=0), mean, atol=0.25 * sd.max())
    np.testing.assert_allclose(draws.std(axis=0), sd, rtol=0.2)


def test_undetermined_grains_are_a_class_of_their_own(sand):
    found = shares_by_method(posterior(sand), PRIOR, confusion=np.eye(3), threshold=0.8)
    assert set(found) == set(METHODS)
    counts = found["counts"]
    assert len(counts) == 4 and counts.sum() == pytest.approx(1) and counts[3] > 0.2
    frame = shares_frame(found, CLASSES)
    assert (frame["class"] == "undetermined").sum() == 1
    np.testing.assert_allclose(frame.groupby("method")["proportion"].sum(), 1)


def test_clusters_are_drawn_whole_and_classes_keep_their_number_of_rocks():
    rng = np.random.default_rng(4)
    codes, clusters = np.repeat([0, 1], 30), np.arange(60) // 5
    for _ in range(20):
        weight = cluster_weights(codes, clusters, rng)
        assert all(len(set(weight[clusters == c])) == 1 for c in range(12))
        assert weight[codes == 0].sum() == weight[codes == 1].sum() == 30


def test_grains_far_from_every_class_are_found():
    rng = np.random.default_rng(5)
    x, codes = grains_of(rng, [100, 100, 100])
    new = np.vstack([CENTRES, [[6.0, -5.0]], [[1.2, 8.0]]])
    assert unlike(x, codes, new).tolist() == [False, False, False, True, True]
    inside, _ = grains_of(rng, [700, 700, 700])
    assert unlike(x, codes, inside).mean() < 0.005
    assert not unlike(x[:4], np.zeros(4, int), new).any()


@pytest.fixture(scope="module")
def applied():
    rng = np.random.default_rng(6)
    x, codes = grains_of(rng, [60, 60, 60], 0.5)
    y, truth = grains_of(rng, [10, 60, 30], 0.5)
    training = Grains.from_arrays(10**x, ["La", "Yb"], codes, classes=CLASSES)
    order = rng.permutation(len(y))
    detrital = Grains.from_arrays(10 ** y[order], ["La", "Yb"], classes=CLASSES, groups=["r1"] * 60 + ["r2"] * 36 + ["r3"] * 4)
    held = fit_classifier(x, codes, ["La", "Yb"], CLASSES).predict_proba(x)
    found = apply_to_detrital(training, detrital, ["La", "Yb"], held, n_bootstrap=40, seed=3)
    return training, detrital, held, truth, found


def test_every_site_gets_shares_with_intervals(applied):
    _, detrital, _, truth, found = applied
    frame = found.proportions
    assert set(frame["site"]) == {ALL, "r1", "r2"}
    assert set(frame["method"]) == {*METHODS, HEADLINE}
    np.testing.assert_allclose(frame.groupby(["site", "method"])["proportion"].sum(), 1, atol=1e-6)
    whole = frame[(frame["site"] == ALL) & (frame["method"] == HEADLINE)]
    assert (whole["lo95"] < whole["proportion"]).all() and (whole["proportion"] < whole["hi95"]).all()
    share = np.bincount(truth) / len(truth)
    assert ((whole["lo95"] <= share) & (share <= whole["hi95"])).all()
    assert any("r3" in text for _, text in found.messages)
    assert len(found.grains) == len(detrital.x)


def test_grains_are_judged_with_the_shares_of_their_sand(applied):
    *_, found = applied
    frame = found.grains
    np.testing.assert_allclose(frame[[f"p[{c}]" for c in CLASSES]].sum(axis=1), 1)
    sure = frame["assigned"] != "undetermined"
    assert (frame.loc[sure, "p_max"] >= 0.6).all() and (frame.loc[~sure, "p_max"] < 0.6).all()
    r1 = found.proportions[(found.proportions["site"] == "r1") & (found.proportions["method"] == "prior shift (EM)")]
    mean = frame.loc[frame["group"] == "r1", [f"p[{c}]" for c in CLASSES]].mean().to_numpy()
    np.testing.assert_allclose(mean, r1["proportion"], atol=1e-6)


def test_same_seed_same_intervals_and_none_without_a_bootstrap(applied):
    training, detrital, held, _, found = applied
    again = apply_to_detrital(training, detrital, ["La", "Yb"], held, n_bootstrap=40, seed=3)
    assert again.proportions.equals(found.proportions)
    none = apply_to_detrital(training, detrital, ["La", "Yb"], held, n_bootstrap=0)
    assert none.proportions["lo95"].isna().all() and not none.draws


def test_refusals_of_shapes(sand):
    with pytest.raises(ValueError, match="one column a class"):
        em_prior_shift(posterior(sand), [0.5, 0.5])
    with pytest.raises(ValueError, match="every class needs training grains"):
        em_prior_shift(posterior(sand), [0.5, 0.5, 0.0])
