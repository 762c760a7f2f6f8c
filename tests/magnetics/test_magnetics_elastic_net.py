"""The elastic net: known answers, an independent solver, certificates, bounds, and what it refuses."""

import numpy as np
import pytest
from scipy.optimize import minimize
from sklearn.linear_model import ElasticNet

from lib.magnetics.descent_kernels import conjugate
from lib.magnetics.duality import certified_zero
from lib.magnetics.elastic_net import column_weights, elastic_net_path
from lib.magnetics.matrices import column_norms, product, scaled_rows, take_columns, transposed_product

N_DATA, N_CELLS = 30, 80


class Operator:
    """A matrix known only by its products."""

    def __init__(self, matrix):
        self._matrix, self.shape = matrix, matrix.shape

    def columns(self, index):
        return self._matrix[:, index]

    def matvec(self, model):
        return self._matrix @ model

    def rmatvec(self, residual):
        return self._matrix.T @ residual

    def column_norms(self):
        return np.linalg.norm(self._matrix, axis=0)


@pytest.fixture(scope="module")
def problem():
    """Columns as alike as those of neighbouring cells, of falling length, and data from four of them."""
    rng = np.random.default_rng(3)
    place, seen = np.linspace(0, 1, N_CELLS), np.linspace(0, 1, N_DATA)
    matrix = np.exp(-(((seen[:, None] - place) / 0.08) ** 2)) * (3 - 2 * place) + 0.01 * rng.standard_normal((N_DATA, N_CELLS))
    model = np.zeros(N_CELLS)
    model[[10, 11, 40, 65]] = [2.0, 2.0, -1.5, 3.0]
    return np.asfortranarray(matrix), matrix @ model + 0.05 * rng.standard_normal(N_DATA)


def objective(matrix, data, weights, alpha, lam, model):
    z = weights * model
    return 0.5 * np.sum((data - matrix @ model) ** 2) + lam * alpha * np.abs(z).sum() + 0.5 * lam * (1 - alpha) * z @ z


def reference(matrix, data, weights, alpha, lam, lower, upper):
    """The same minimum by another route: parts above and below zero as separate smooth variables (L-BFGS-B)."""
    scaled = matrix / weights

    def value(parts):
        z = parts[:N_CELLS] - parts[N_CELLS:]
        r = data - scaled @ z
        slope = -scaled.T @ r + lam * (1 - alpha) * z
        total = 0.5 * r @ r + lam * alpha * parts.sum() + 0.5 * lam * (1 - alpha) * z @ z
        return total, np.concatenate([slope + lam * alpha, -slope + lam * alpha])

    ends = np.concatenate([np.broadcast_to(upper, N_CELLS) * weights, -np.broadcast_to(lower, N_CELLS) * weights])
    options = {"maxiter": 20000, "maxfun": 40000, "ftol": 1e-15, "gtol": 1e-10}
    found = minimize(value, np.zeros(2 * N_CELLS), jac=True, bounds=[(0, e) for e in ends], method="L-BFGS-B", options=options)
    return found.fun


@pytest.mark.parametrize("alpha", [0.3, 0.9])
@pytest.mark.parametrize(("lower", "upper"), [(-np.inf, np.inf), (0.0, np.inf), (-1.0, 1.2)])
def test_the_minimum_is_that_of_another_solver_and_the_gap_bounds_the_distance_to_it(problem, alpha, lower, upper):
    matrix, data = problem
    path = elastic_net_path(matrix, data, alpha=alpha, lower=lower, upper=upper, n_penalties=4, smallest=1e-2, tolerance=1e-6)
    for lam, model, gap, value in zip(path.penalties, path.models, path.relative_gap, path.objective, strict=True):
        best = reference(matrix, data, path.weights, alpha, lam, lower, upper)
        assert value == pytest.approx(objective(matrix, data, path.weights, alpha, lam, model), rel=1e-10)
        assert value - best <= gap * value + 1e-7 * value  # the reference stops at 1e-7 or better
        assert gap <= 1e-6
        assert (model >= lower - 1e-12).all()
        assert (model <= upper + 1e-12).all()


def test_a_loose_tolerance_is_still_certified(problem):
    matrix, data = problem
    path = elastic_net_path(matrix, data, n_penalties=4, smallest=1e-2, tolerance=0.05)
    for lam, value, gap in zip(path.penalties, path.objective, path.relative_gap, strict=True):
        best = reference(matrix, data, path.weights, 0.9, lam, -np.inf, np.inf)
        assert value - best <= gap * value + 1e-7 * value


def test_scikit_learn_finds_the_same_model(problem):
    matrix, data = problem
    lam = 0.5
    path = elastic_net_path(matrix, data, penalties=[lam], tolerance=1e-10)
    theirs = ElasticNet(alpha=lam / N_DATA, l1_ratio=0.9, fit_intercept=False, max_iter=100_000, tol=1e-10)
    theirs.fit(matrix / path.weights, data)
    np.testing.assert_allclose(path.weights * path.models[0], theirs.coef_, atol=1e-4)


def test_the_path_begins_with_nothing_and_its_misfit_falls(problem):
    matrix, data = problem
    path = elastic_net_path(matrix, data, n_penalties=8, smallest=1e-3)
    assert path.n_active[0] == 0
    assert path.n_active[1] > 0
    assert (np.diff(path.rms_nt) < 0).all()
    assert path.first_below(path.rms_nt[3]) == 3
    assert path.first_below(0.0) is None
    shorter = elastic_net_path(matrix, data, n_penalties=8, smallest=1e-3, stop_rms_nt=path.rms_nt[3] * 1.0001)
    assert len(shorter.penalties) == 4
    assert list(shorter.frame()["penalty"]) == list(path.penalties[:4])


def test_an_operator_gives_what_its_matrix_gives(problem):
    matrix, data = problem
    one, two = (elastic_net_path(m, data, n_penalties=4, smallest=1e-2, lower=0.0) for m in (matrix, Operator(matrix)))
    np.testing.assert_allclose(one.models, two.models, atol=1e-9)
    factors = np.r_[np.zeros(5), np.full(N_DATA - 5, 2.0)]
    kept, hidden = scaled_rows(matrix, factors), scaled_rows(Operator(matrix), factors)
    m, r, index = one.models[-1], np.arange(N_DATA - 5.0), np.array([3, 70])
    for call in (lambda k: product(k, m), lambda k: transposed_product(k, r), lambda k: take_columns(k, index), column_norms):
        np.testing.assert_allclose(call(kept), call(hidden), rtol=1e-12)


def test_pure_l1_is_certified_although_columns_are_dependent(problem):
    matrix, data = problem
    twice = np.hstack([matrix, matrix])
    one, two = (elastic_net_path(m, data, alpha=1.0, n_penalties=5, smallest=1e-3, tolerance=1e-4) for m in (matrix, twice))
    weights = np.tile(one.weights, 2)
    again = elastic_net_path(twice, data, alpha=1.0, penalties=one.penalties, weights=weights, tolerance=1e-4)
    assert two.relative_gap.max() <= 1e-4
    np.testing.assert_allclose(again.objective, one.objective, rtol=2e-4)  # halves of a cell are as dear as the whole


def test_single_column_has_the_closed_form():
    x, y = np.array([[3.0], [4.0]]), np.array([2.0, 1.0])
    path = elastic_net_path(x, y, alpha=0.5, penalties=[2.0], weights=np.ones(1), tolerance=1e-12)
    assert path.models[0, 0] == pytest.approx((10.0 - 1.0) / (25.0 + 1.0))
    held = elastic_net_path(x, y, alpha=0.5, penalties=[2.0], weights=np.ones(1), upper=0.1, tolerance=1e-12)
    assert held.models[0, 0] == pytest.approx(0.1)


def test_the_conjugate_is_the_largest_value_on_a_fine_grid():
    z = np.linspace(-40, 40, 800_001)
    cases = (
        (3.0, 1.0, 0.5, -9.0, 9.0), (3.0, 1.0, 0.5, -9.0, 1.0), (-4.0, 1.0, 0.2, -2.0, np.inf), (-4.0, 1.0, 0.2, 0.0, np.inf),
        (0.5, 1.0, 0.1, -9.0, 9.0), (2.0, 1.0, 0.0, -1.0, 3.0),
    )  # fmt: skip
    for v, lam1, lam2, low, high in cases:
        inside = z[(z >= low) & (z <= high)]
        most = np.max(v * inside - lam1 * np.abs(inside) - 0.5 * lam2 * inside**2)
        assert conjugate(np.array([v]), lam1, lam2, np.array([low]), np.array([high])) == pytest.approx(most, abs=1e-6)
    assert conjugate(np.array([2.0]), 1.0, 0.0, np.array([0.0]), np.array([np.inf])) == np.inf


def test_screened_cells_are_zero_at_a_sharper_minimum(problem):
    matrix, data = problem
    loose = elastic_net_path(matrix, data, n_penalties=3, smallest=0.2, tolerance=1e-3)
    sharp = elastic_net_path(matrix, data, penalties=loose.penalties, tolerance=1e-10)
    assert (loose.n_screened > 0).all()
    assert (loose.n_screened <= N_CELLS - sharp.n_active).all()
    zero = certified_zero(np.array([0.0, 0.9, -0.9, -5.0]), np.ones(4), 0.2, 1.0, np.array([-1.0, -1, -1, 0]), np.ones(4))
    assert zero.tolist() == [True, False, False, True]


def test_the_exponent_of_the_weights_leaves_their_geometric_mean(problem):
    matrix, _ = problem
    length = np.linalg.norm(matrix, axis=0)
    for exponent in (0.0, 0.5, 1.0):
        weights = column_weights(matrix, exponent)
        assert np.exp(np.log(weights).mean()) == pytest.approx(np.exp(np.log(length).mean()))
    np.testing.assert_allclose(column_weights(matrix, 1.0), length)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"alpha": 0.0}, "alpha"),
        ({"lower": 0.5}, "lower <= 0 <= upper"),
        ({"penalties": [1.0, 2.0]}, "falling order"),
        ({"smallest": 2.0}, "smallest"),
        ({"exponent": 3.0}, "outside 0 to 2"),
        ({"lower": 0.0, "upper": 0.0}, "signs of the bounds"),
    ],
)
def test_what_cannot_be_is_refused(problem, options, words):
    with pytest.raises(ValueError, match=words):
        elastic_net_path(*problem, **options)


def test_data_and_columns_are_checked(problem):
    matrix, data = problem
    with pytest.raises(ValueError, match="30 finite numbers"):
        elastic_net_path(matrix, data[:5])
    blind = matrix.copy()
    blind[:, 7] = 0
    with pytest.raises(ValueError, match="cell 7"):
        elastic_net_path(blind, data)
