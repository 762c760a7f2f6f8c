"""Stability over resamples, the gate against normal data, and mobilities with their intervals."""

import pickle

import numpy as np
import pytest
from scipy import stats

from lib.composition import clr
from lib.unmixing.artificial import LEACHING, OXIDES, three_processes
from lib.unmixing.factors import fit_factors, match
from lib.unmixing.gate import _mardia, _whitened, gaussianity
from lib.unmixing.mobility import mobility_table, relative_mobility
from lib.unmixing.stability import icasso


def rocks(n, seed, design="independent"):
    return three_processes(n, 0.02, np.random.default_rng(seed), design=design)


@pytest.fixture(scope="module")
def many():
    made = rocks(500, 41)
    return made, icasso(made.x, 3, n_runs=30)


def test_many_samples_are_stable_few_and_normal_ones_are_flagged(many):
    _, stable = many
    assert stable.iq.min() > 0.8
    assert not stable.flagged.any()
    assert stable.messages == []
    few = icasso(rocks(50, 42).x, 3, n_runs=30)
    normal = icasso(rocks(500, 43, "gaussian").x, 3, n_runs=30)
    assert few.flagged.any()
    assert "not reproducible" in few.messages[0]
    assert normal.flagged.all()


def test_restarts_alone_flag_nothing(many):
    few = icasso(rocks(50, 42).x, 3, n_runs=10, resample="start")
    assert few.iq.min() > 0.9
    assert "only the starts were varied" in few.messages[-1]


def test_cones_hold_the_stated_share_and_the_true_direction(many):
    made, stable = many
    inside = np.mean(stable.angles_deg <= stable.cone_deg, axis=0)
    np.testing.assert_allclose(inside, 0.9, atol=0.04)
    pairs = match(stable.factors.directions, made.tangents)
    # the truth is a tangent of a bent curve: twice the cone
    assert np.all(pairs.angle_deg < 2 * stable.cone_deg[pairs.order] + 3)
    np.testing.assert_allclose(match(stable.centrotype, stable.factors.directions).order, range(3))
    low, high = stable.interval(0.9)
    assert np.mean((stable.factors.directions > low) & (stable.factors.directions < high)) > 0.8


def test_index_and_clusters_follow_their_definitions(many):
    _, stable = many
    size = 3 * stable.n_runs
    assert stable.similarity.shape == (size, size)
    assert np.all(np.sort(stable.labels.reshape(-1, 3), axis=1) == [0, 1, 2])
    for k in range(3):
        inside = np.flatnonzero(stable.labels == k)
        within = np.mean([stable.similarity[i, j] for i in inside for j in inside if i != j])
        between = stable.similarity[np.ix_(inside, np.flatnonzero(stable.labels != k))].mean()
        assert stable.iq[k] == pytest.approx(within - between, abs=1e-12)
    assert stable.frame()["component"].tolist() == [1, 2, 3]


def test_similarity_is_the_correlation_of_scores(many):
    made, stable = many
    # run 0 again, by hand: its scores on all samples, through its directions
    centred = clr(made.x) - clr(made.x).mean(axis=0)
    rows = stable.directions[0]
    rough = centred @ np.linalg.pinv(rows)
    found = np.abs(np.corrcoef(rough.T))
    label = stable.labels[:3]
    # scores by the pseudo-inverse weigh the noise otherwise, which is 4 % of the spread
    np.testing.assert_allclose(stable.similarity[:3, :3], found[np.ix_(label, label)], atol=0.02)


def test_equal_runs_are_clustered_and_a_seed_fixes_the_rest(many):
    made, _ = many
    same = icasso(made.x[:60], 3, n_runs=4, resample="start", method="pca")
    np.testing.assert_allclose(same.iq, 1, atol=1e-12)
    np.testing.assert_allclose(same.cone_deg, 0, atol=1e-5)
    one, two, other = (icasso(made.x[:60], 3, n_runs=4, resample="both", seed=s) for s in (3, np.random.SeedSequence(3), 4))
    assert np.array_equal(one.directions, two.directions)
    assert not np.array_equal(one.directions, other.directions)
    assert np.array_equal(pickle.loads(pickle.dumps(one)).similarity, two.similarity)


def test_band_of_curves(many):
    made, stable = many
    band = stable.curves(0, [-1.0, 0.0, 1.0], through=made.start)
    assert band.shape == (30, 3, 10)
    np.testing.assert_allclose(band[:, 1], np.tile(made.start, (30, 1)), atol=1e-14)
    np.testing.assert_allclose(clr(band[4, 2]) - clr(band[4, 1]), stable.directions[4, 0], atol=1e-12)


def test_stability_names_what_is_wrong(many):
    made, _ = many
    with pytest.raises(ValueError, match="resample = 'rows'"):
        icasso(made.x, 3, resample="rows")
    with pytest.raises(ValueError, match="n_runs = 1"):
        icasso(made.x, 3, n_runs=1)
    with pytest.raises(ValueError, match="straight lines"):
        icasso(made.x, 3, n_runs=3, transform="raw").curves(0)


def test_gate_opens_for_skewed_processes_and_stays_shut_for_normal_ones(many):
    _, stable = many
    skewed = gaussianity(stable.factors, n_bootstrap=60)
    assert not skewed.gaussian
    assert skewed.identifiable.all()
    assert skewed.labels() == ["IC1", "IC2", "IC3"]
    normal = gaussianity(rocks(300, 44, "gaussian").x, 3, n_bootstrap=60)
    assert normal.gaussian
    assert not normal.identifiable.any()
    assert normal.n_non_gaussian == 0
    assert "must not be named" in normal.message
    assert normal.labels()[1] == "IC2 (not identifiable)"


def test_one_normal_component_can_be_borne_two_cannot():
    rng = np.random.default_rng(6)
    skewed = rng.exponential(size=(800, 2))
    one = gaussianity(np.c_[skewed, rng.standard_normal(800)], n_bootstrap=60)
    assert one.n_non_gaussian == 2
    assert one.identifiable.all()
    two = gaussianity(np.c_[skewed[:, 0], rng.standard_normal((800, 2))], n_bootstrap=60)
    assert two.identifiable.tolist() == [True, False, False]
    assert "components 2, 3" in two.message


def test_moments_and_mardia_by_another_route():
    scores = np.random.default_rng(7).gamma(2, size=(120, 3)) @ np.array([[1, 0.5, 0], [0, 1, 0.2], [0.3, 0, 1]])
    found = gaussianity(scores, n_bootstrap=20)
    np.testing.assert_allclose(found.skewness, stats.skew(scores), atol=1e-12)
    np.testing.assert_allclose(found.kurtosis, stats.kurtosis(scores), atol=1e-12)
    centred = scores - scores.mean(axis=0)
    products = centred @ np.linalg.inv(centred.T @ centred / 120) @ centred.T  # the double sum of the paper
    assert found.mardia_skewness == pytest.approx(np.mean(products**3), rel=1e-10)
    assert found.mardia_kurtosis == pytest.approx(np.mean(np.diag(products) ** 2) - 15, rel=1e-9)
    turned = _whitened(scores) @ np.linalg.qr(np.random.default_rng(1).standard_normal((3, 3)))[0]
    np.testing.assert_allclose(_mardia(turned), _mardia(_whitened(scores)), rtol=1e-10)


def test_gate_names_what_is_wrong():
    with pytest.raises(ValueError, match="n_samples > n_components"):
        gaussianity(np.zeros((3, 3)))
    column = np.random.default_rng(0).standard_normal((40, 1))
    with pytest.raises(ValueError, match="depend on each other"):
        gaussianity(np.c_[column, 2 * column], n_bootstrap=20)
    with pytest.raises(ValueError, match="20 or more"):
        gaussianity(np.c_[column, column**2], n_bootstrap=5)


def test_mobilities_of_an_exact_leaching_direction_are_the_rates():
    tau_sd = 0.4
    direction = tau_sd * (LEACHING.mean() - LEACHING)
    exact = relative_mobility(direction, 1, intensity_sd=tau_sd)
    np.testing.assert_allclose(exact, LEACHING - LEACHING[1], atol=1e-12)
    np.testing.assert_allclose(relative_mobility(-direction, 1, mobile=6, intensity_sd=tau_sd), exact, atol=1e-12)
    assert relative_mobility(direction).min() == 0  # the least mobile part is the reference
    several = relative_mobility(np.stack([direction, -direction]), [1, 2], mobile=6)
    np.testing.assert_allclose(several[0], several[1], atol=1e-12)
    with pytest.raises(ValueError, match="reference = 12"):
        relative_mobility(direction, 12)
    with pytest.raises(ValueError, match="positive number"):
        relative_mobility(direction, 1, intensity_sd=0)


def test_mobility_table_finds_the_leached_oxides(many):
    made, stable = many
    k = match(stable.factors.directions, made.tangents).order[2]
    frame = mobility_table(
        stable, k, OXIDES, reference="TiO2", mobile="CaO", intensity_sd=made.intensity[:, 2].std()
    ).set_index("part")
    assert frame.index[:2].tolist() == ["CaO", "Na2O"]
    assert np.all((frame["lo"] <= frame["mobility"] + 0.05) & (frame["mobility"] - 0.05 <= frame["hi"]))
    truth = LEACHING - LEACHING[1]
    top = [OXIDES[i] for i in np.argsort(-truth)[:5]]
    expected = [truth[OXIDES.index(name)] for name in top]
    np.testing.assert_allclose(frame.loc[top, "mobility"], expected, rtol=0.2)  # median of the worst is 9 %
    assert frame.loc["TiO2", "reference"]
    assert mobility_table(fit_factors(made.x, 3), 0, OXIDES)["lo"].isna().all()
    with pytest.raises(ValueError, match="'Zr' is not in the table"):
        mobility_table(stable, k, OXIDES, reference="Zr")
