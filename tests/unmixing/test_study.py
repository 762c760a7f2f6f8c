"""Studies on artificial data: the distances they use, and that their small versions run, repeat and point the right way."""

import numpy as np
import pytest

from lib.unmixing import study
from lib.unmixing.metrics import curve_distance, unmixing_errors


def test_distance_of_curves():
    t = np.linspace(0, 1, 11)[:, None]
    line = t * np.array([3.0, 4.0])
    assert curve_distance(line, line[::5], np.ones(2)) == pytest.approx(0, abs=1e-12)  # points between, on the segments
    shifted = line + np.array([-0.8, 0.6])  # square to the line, length 1
    inner = shifted[1:-1]
    assert curve_distance(inner, line, np.ones(2)) == pytest.approx(1 / np.sqrt(2))  # root mean square over two parts
    assert curve_distance(inner, line, np.full(2, 2.0)) == pytest.approx(0.5 / np.sqrt(2))
    # beyond the end of the found curve the distance is that to its last point
    assert curve_distance(np.array([[6.0, 8.0]]), line, np.ones(2)) == pytest.approx(5 / np.sqrt(2))


def test_errors_do_not_depend_on_the_order_of_end_members():
    rng = np.random.default_rng(1)
    ends, proportions = rng.dirichlet(np.ones(6), 3), rng.dirichlet(np.ones(3), 20)
    order = [2, 0, 1]
    errors = unmixing_errors(ends[order] + 0.001, proportions[:, order], ends, proportions)
    assert errors["end_member"] == pytest.approx(0.1)
    assert errors["proportion"] == pytest.approx(0, abs=1e-12)


@pytest.fixture(scope="module")
def small():
    return study.recovery((60, 400), n_sets=4, methods=("ilr ICA", "raw ICA"), seed=2)


def test_log_ratio_components_find_the_mixing_and_raw_ones_do_not(small):
    at = small.set_index(["n_samples", "method", "process"])["cosine"]
    assert at[400, "ilr ICA", "mixing"] > 0.85
    assert at[400, "raw ICA", "mixing"] < 0.75
    assert len(small) == 2 * 2 * 3
    assert (small["cosine_low"] <= small["cosine_high"]).all()


def test_recovery_repeats_and_does_not_depend_on_the_other_methods(small):
    again = study.recovery((60, 400), n_sets=4, methods=("ilr ICA",), seed=2)
    same = small[small["method"] == "ilr ICA"].reset_index(drop=True)
    assert again.equals(same)


def test_decision_rule():
    at = study.decision_rule(150, n_sets=3).set_index(["process", "space"])["curve_distance"]
    assert at["mixing", "raw"] < 0.5 * at["mixing", "ilr"]
    assert at["leaching", "ilr"] < 0.5 * at["leaching", "raw"]


def test_unmixing_study_sees_the_background():
    found = study.end_member_recovery(["background"], methods=("N-FINDR", "NMF"), n_sets=2).set_index("method")
    assert found.loc["NMF", "proportion"] > 1.2 * found.loc["N-FINDR", "proportion"] > 3
    with pytest.raises(ValueError, match="unknown cases no such case: there are pure samples"):
        study.end_member_recovery(["no such case"])


def test_unknown_method_is_named():
    with pytest.raises(ValueError, match="unknown methods tsne: there are ilr ICA"):
        study.recovery(methods=("tsne",))
