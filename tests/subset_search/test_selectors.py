"""Other selectors as subsets of the same problem."""

import numpy as np
import pytest
from sklearn.linear_model import LassoCV, LogisticRegression
from sklearn.model_selection import PredefinedSplit

from lib.subset_search.constraints import Constraints
from lib.subset_search.linear import LinearProblem
from lib.subset_search.masks import popcount
from lib.subset_search.search import exhaustive_search
from lib.subset_search.selectors import SELECTORS, lasso_path, select_all, stepwise, subsets_better

N, P = 80, 7


@pytest.fixture(scope="module")
def problem():
    rng = np.random.default_rng(11)
    x = rng.normal(size=(N, P))
    x[:, 3] = x[:, 0] + x[:, 1] + 0.5 * rng.normal(size=N)  # best alone, useless once x0 and x1 are in
    return LinearProblem(x, x[:, 0] + x[:, 1] + 0.6 * x[:, 2] + 0.7 * rng.normal(size=N), folds=np.arange(N) % 5)


def test_all_are_scored_alike_and_placed_in_the_distribution(problem):
    result = exhaustive_search(problem)
    frame = select_all(problem, result=result).set_index("method")
    assert tuple(frame.index) == SELECTORS
    assert frame.loc["full", "mask"] == 2**P - 1
    whole = dict(zip(result.whole.masks.tolist(), result.whole.loss.tolist(), strict=True))
    for row in frame.itertuples():
        assert row.loss == pytest.approx(whole[int(row.mask)], rel=1e-12)
        assert row.better == sum(loss < row.loss * (1 - 1e-11) for loss in whole.values())
        assert row.share_better == row.better / 127
    assert frame.loc["lasso one-SE", "size"] <= frame.loc["lasso", "size"]
    assert (frame["loss"] >= result.best.loss * (1 - 1e-11)).all()


def test_greedy_paths_take_the_best_step(problem):
    forward = stepwise(problem, "forward")
    assert forward["size"].tolist() == list(range(1, P + 1))
    assert forward["mask"].iloc[0] == 0b1000  # x3 comes first, as it is best alone
    for before, after in zip(forward["mask"], forward["mask"][1:], strict=False):
        steps = [int(before) | 1 << j for j in range(P) if not int(before) >> j & 1]
        assert problem.score([after]).loss[0] == pytest.approx(problem.score(steps).loss.min(), rel=1e-12)
    backward = stepwise(problem, "backward", sizes=(3, 6))
    assert backward["size"].tolist() == [6, 5, 4, 3]
    assert backward["mask"].iloc[-1] == 0b111  # dropping leads to the truth
    assert all(int(b) & int(a) == int(b) for a, b in zip(backward["mask"], backward["mask"][1:], strict=False))


def test_greedy_paths_keep_the_rules(problem):
    rules = Constraints(requires={"x2": ("x5",)}, groups=[("x0", "x6")], exclusive=[("x3", "x1")])
    for direction in ("forward", "backward"):
        path = stepwise(problem, direction, constraints=rules)
        assert rules.allowed(path["mask"], problem.names).all()
        assert len(path) >= 3
    assert (popcount(stepwise(problem, constraints=Constraints(always=("x4",), max_size=3))["mask"]) <= 3).all()


def test_lasso_is_that_of_scikit_learn_with_the_same_folds(problem):
    path = lasso_path(problem, 25)
    sd, mean = problem.x.std(axis=0), problem.x.mean(axis=0)
    z = (problem.x - mean) / sd
    peer = LassoCV(alphas=path["penalty"].to_numpy(), cv=PredefinedSplit(problem.folds)).fit(z, problem.y)
    # it scales with all rows, here with those of the training part: the same to a few per cent
    assert path["loss_lasso"].to_numpy() == pytest.approx(peer.mse_path_.mean(axis=1), rel=0.05)
    chosen = path.set_index("penalty").loc[peer.alpha_]
    assert [int(chosen["mask"]) >> j & 1 for j in range(P)] == (peer.coef_ != 0).astype(int).tolist()
    assert path["mask"].iloc[0] == 0
    assert path["size"].iloc[-1] == P


def test_lasso_of_classes_is_the_penalised_fit():
    class Labelled:
        kind, n_features = "multinomial", 4

        def __init__(self):
            rng = np.random.default_rng(4)
            self.labels = np.array(["gneiss", "granite", "schist"])[rng.integers(0, 3, 150)]
            self.x = rng.normal(size=(150, 4)) + 1.5 * (self.labels == "granite")[:, None] * [0, 1, 0, 0] + [5, 0, 0, 0]
            self.folds = np.arange(150) % 3

    problem = Labelled()
    path = lasso_path(problem, 8, ratio=0.03)
    assert path["mask"].iloc[0] == 0
    assert path["mask"].iloc[1] == 0b10
    z = (problem.x - problem.x.mean(axis=0)) / problem.x.std(axis=0)
    tight = LogisticRegression(l1_ratio=1.0, solver="saga", C=1 / (150 * path["penalty"][4]), tol=1e-8, max_iter=20_000)
    support = (np.abs(tight.fit(z, problem.labels).coef_) > 1e-6).any(axis=0)
    assert [int(path["mask"][4]) >> j & 1 for j in range(4)] == support.astype(int).tolist()
    shares = np.unique(problem.labels, return_counts=True)[1] / 150
    assert path["loss_lasso"][0] == pytest.approx(-(shares * np.log(shares)).sum(), abs=0.02)  # nothing known but the shares
    assert path["loss_lasso"].min() < path["loss_lasso"][0] - 0.1


def test_beyond_the_list_the_density_answers(problem):
    whole, short = exhaustive_search(problem), exhaustive_search(problem, keep=5)
    for loss in np.quantile(whole.whole.loss, [0.2, 0.6, 1.0]):
        exact = (whole.whole.loss < loss).sum()
        assert subsets_better(short, loss) == pytest.approx(exact, abs=2)  # half a bin of 512 over 127 subsets


def test_refusals(problem):
    with pytest.raises(ValueError, match="no selector is named 'ridge'"):
        select_all(problem, methods=("ridge",))
    with pytest.raises(ValueError, match="'forward' or 'backward'"):
        stepwise(problem, "sideways")
    with pytest.raises(ValueError, match="no fold numbers"):
        lasso_path(LinearProblem(problem.x, problem.y, folds="loo"))
