"""What a search hands back: frames, inclusion, indicator matrix, and the file it is written to."""

import numpy as np
import pytest

from lib.subset_search import LinearProblem, SearchResult, exhaustive_search, mask_of

RNG = np.random.default_rng(63)
NAMES = ("La", "Ce", "Eu", "Yb", "Th", "U", "Y")
X = RNG.normal(size=(70, 7))
Y = 2 * X[:, 2] - X[:, 3] + 0.4 * X[:, 0] + RNG.normal(size=70)
PROBLEM = LinearProblem(X, Y, np.arange(70) % 7, names=NAMES)
WHOLE = exhaustive_search(PROBLEM, keep=30)
STREAMED = exhaustive_search(PROBLEM, keep=30, whole=False)


def test_frames_name_the_subsets_and_are_in_order():
    top = WHOLE.top
    assert top["rank"].tolist() == list(range(1, 31))
    assert top["loss"].is_monotonic_increasing
    assert [mask_of(said.split(", "), NAMES) for said in top["features"]] == top["mask"].tolist()
    assert top["size"].tolist() == [mask.bit_count() for mask in top["mask"].tolist()]
    assert np.array_equal(top["rmse"] ** 2, top["loss"]) or np.allclose(top["rmse"] ** 2, top["loss"], rtol=1e-15)
    best = WHOLE.best
    assert (best.mask, best.loss, ", ".join(best.names)) == (top["mask"][0], top["loss"][0], top["features"][0])
    by_size = WHOLE.best_by_size.set_index("size")
    assert by_size.loc[best.size, "rank"] == 1
    assert by_size.loc[1, "rank"] == 0, "one column alone is not among the best 30"
    assert by_size.loc[1, "features"] == "Eu"


def test_the_one_se_set_is_complete_or_says_that_it_is_not():
    limit = WHOLE.best.loss + WHOLE.best.loss_se
    assert WHOLE.one_se_count == np.count_nonzero(WHOLE.whole.loss <= limit)
    assert len(WHOLE.one_se) == WHOLE.one_se_count
    assert WHOLE.one_se.attrs["complete"]
    few = exhaustive_search(PROBLEM, keep=3, whole=False)
    assert not few.one_se.attrs["complete"]
    assert few.one_se_count == WHOLE.one_se_count
    assert few.inclusion("one_se").equals(WHOLE.inclusion("one_se"))


def test_inclusion_counts_columns_of_good_subsets():
    masks = WHOLE.top["mask"].to_numpy()[:20]
    share = [np.mean(masks >> np.uint64(j) & np.uint64(1)) for j in range(7)]
    np.testing.assert_allclose(WHOLE.inclusion("top", n=20)["frequency"], share)
    everything = WHOLE.inclusion("top", fraction=1.0)["frequency"]
    np.testing.assert_allclose(everything, 64 / 127, err_msg="each column is in 64 of the 127 subsets")
    cold = WHOLE.inclusion("boltzmann", beta=1e6)["frequency"]
    assert cold.tolist() == [float(name in WHOLE.best.names) for name in NAMES]
    with pytest.raises(ValueError, match="only the best 30 were kept: search with keep=40"):
        STREAMED.inclusion("top", n=40)


def test_boltzmann_weights_outside_the_kept_list_are_bounded():
    for beta in (0.3, 2.0):
        exact, listed = WHOLE.inclusion("boltzmann", beta=beta), STREAMED.inclusion("boltzmann", beta=beta)
        error = np.abs(exact["frequency"] - listed["frequency"]).max()
        assert exact.attrs["missing"] == 0.0
        assert error <= listed.attrs["missing"] + 1e-12  # of rounding
        assert listed.attrs["missing"] < 1.0
    assert STREAMED.inclusion("boltzmann", beta=8.0).attrs["missing"] < 0.01


def test_the_indicator_holds_members_or_signed_coefficients():
    plain, signed = WHOLE.indicator(12), WHOLE.indicator(12, PROBLEM)
    assert plain.shape == (12, 7)
    assert [mask_of([name for name in NAMES if row[name]], NAMES) for _, row in plain.iterrows()] == WHOLE.top[
        "mask"
    ].tolist()[:12]
    assert np.array_equal(signed != 0, plain == 1)
    assert (signed["Eu"] > 0).all()
    assert (signed["Yb"] < 0).all()
    fit = PROBLEM.fit(WHOLE.best.mask)
    np.testing.assert_array_equal(signed.loc[1, list(fit.names)], fit.standardised)


def test_coefficients_of_classes_are_drawn_by_class_or_by_their_size():
    class Fit:
        standardised = np.array([[3.0], [-4.0]])

    class Classes:
        def fit(self, mask):
            return Fit()

    single = exhaustive_search(PROBLEM, sizes=1)
    assert single.indicator(1, Classes(), output=1).to_numpy().min() == -4.0
    assert single.indicator(1, Classes()).to_numpy().max() == np.sqrt(12.5)


@pytest.mark.parametrize("found", [WHOLE, STREAMED], ids=["whole", "streamed"])
def test_a_result_is_the_same_after_a_file(found, tmp_path):
    found.save(tmp_path / "search.npz")
    again = SearchResult.load(tmp_path / "search.npz")
    for frame in ("top", "best_by_size", "density", "one_se"):
        assert getattr(again, frame).equals(getattr(found, frame))
    for kind in ("top", "boltzmann", "one_se"):
        assert again.inclusion(kind, n=9).equals(found.inclusion(kind, n=9))
    assert (again.names, again.sizes, again.empty, again.counts_sum) == (found.names, found.sizes, found.empty, True)
    assert (again.whole is None) == (found.whole is None)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"kind": "best"}, 'expected "top", "one_se" or "boltzmann"'),
        ({"kind": "boltzmann", "beta": 0.0}, "expected a number above 0"),
        ({"kind": "top", "fraction": 2.0}, "expected above 0 and up to 1"),
    ],
)
def test_inclusion_refuses_what_it_does_not_know(arguments, said):
    with pytest.raises(ValueError, match=said):
        WHOLE.inclusion(**arguments)
