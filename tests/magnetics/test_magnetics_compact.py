"""The compact inversion: certificate, known answers, what it refuses."""

import numpy as np
import pytest

from lib.magnetics import CompactSettings, Survey, compact_inversion, flat_mesh, score, sensitivity
from lib.magnetics.compact import _lowest_bound
from lib.magnetics.tuning import tune_compact

SIGMA = 2.0
LONG = CompactSettings(n_first=600, n_bound=200)


def box(mesh, west, east, south, north, bottom, top):
    """Cells whose middle is within these sides (m)."""
    sides = ((west, east), (south, north), (bottom, top))
    inside = [(mesh.centres[:, i] > a) & (mesh.centres[:, i] < b) for i, (a, b) in enumerate(sides)]
    return np.all(inside, axis=0)


@pytest.fixture(scope="module")
def body():
    """A cube of 3 A/m in 7 x 7 x 4 cells under 100 stations."""
    mesh = flat_mesh(-350, 350, -350, 350, 7, 7, np.full(4, 80.0))
    places = np.linspace(-350, 350, 10)
    east, north = (a.ravel() for a in np.meshgrid(places, places))
    survey = Survey(east, north, np.full(100, 70.0), np.zeros(100), np.repeat([f"L{i}" for i in range(10)], 10))
    matrix = sensitivity(survey, mesh, 50.0, 10.0)
    truth = 3.0 * box(mesh, -150, 150, -150, 150, -240, -80)
    noise = np.random.default_rng(5).standard_normal(100)
    # noise of exactly the radius, so that the truth itself is admissible
    return mesh, matrix, truth, matrix @ truth + noise * SIGMA * 10 / np.linalg.norm(noise)


def value(mesh, matrix, model, settings):
    """J, written out."""
    length = np.linalg.norm(matrix, axis=0)
    w = (length / np.exp(np.log(length).mean())) ** settings.exponent
    total = w @ np.abs(model)
    for axis in range(3):
        a, b = mesh.neighbours(axis).T
        total += settings.gradient * np.sqrt(w[a] * w[b]) @ np.abs(model[a] - model[b])
    return total


def test_the_model_explains_the_data_is_not_dearer_than_the_truth_and_finds_it(body):
    mesh, matrix, truth, data = body
    fit = compact_inversion(matrix, data, mesh, SIGMA, settings=LONG)
    assert fit.rms_nt == pytest.approx(SIGMA, rel=5e-3)
    assert 0 <= fit.relative_gap < 5e-3
    assert fit.objective == pytest.approx(value(mesh, matrix, fit.model, LONG), rel=1e-10)
    marks = score(fit.model, truth, mesh)
    assert marks["corr_truth"] > 0.9
    assert abs(marks["centroid_depth_m"] - marks["true_centroid_depth_m"]) < 40  # half a cell
    assert fit.bound_am == pytest.approx(fit.model.max(), rel=0.02)  # the bound that was found holds somewhere
    assert 2.0 < fit.bound_am < 4.5  # of a body of 3 A/m


def test_a_last_bound_that_does_not_explain_the_data_is_given_up():
    class Work:
        """Explains the data at bounds above 3.5, and at the last run no more."""

        m, at, worst = np.array([0.0, 5.0]), np.inf, 3.5

        def run(self, bound, n_steps):
            self.at = bound
            return 1.001 if n_steps == 60 else 1.002

        def misfit(self):
            return 1.0 if self.at > self.worst else 1.5

        def state(self):
            if self.at < np.inf:
                self.worst = 10.0  # nothing explains the data after the first bound
            return self.at

        def restore(self, state):
            self.at = state

    work = Work()
    bound, tried = _lowest_bound(work, 1.0, CompactSettings())
    assert work.at == bound == 5.0  # the last state that explained the data
    assert tried[-1] == (5.0, 1.001)
    work = Work()
    work.worst = 100.0  # no bound explains them: that without bound stands
    assert _lowest_bound(work, 1.0, CompactSettings())[0] == work.at == np.inf


def test_without_bound_the_dual_is_below_every_admissible_model(body):
    mesh, matrix, truth, data = body
    settings = CompactSettings(cost=0.0, n_first=600)
    fit = compact_inversion(matrix, data, mesh, SIGMA, settings=settings)
    assert np.isinf(fit.bound_am)
    assert fit.bounds.shape == (0, 2)
    dual = fit.objective * (1 - fit.relative_gap)
    assert dual <= value(mesh, matrix, truth, settings)
    for share in (0.2, 0.5, 0.8):  # admissible models form a convex set
        assert dual <= value(mesh, matrix, share * truth + (1 - share) * fit.model, settings) * (1 + 1e-3)


def test_bounds_and_signs_hold(body):
    mesh, matrix, truth, data = body
    for sign in (1, -1):
        low, high = (0.0, 3.5) if sign > 0 else (-3.5, 0.0)
        fit = compact_inversion(matrix, sign * data, mesh, SIGMA, lower=low, upper=high)
        assert (fit.model >= low).all()
        assert (fit.model <= high).all()
        assert score(fit.model, sign * truth, mesh)["corr_truth"] > 0.85


def test_scale_of_the_data_is_scale_of_the_model(body):
    mesh, matrix, _, data = body
    one = compact_inversion(matrix, data, mesh, SIGMA, settings=LONG)
    ten = compact_inversion(matrix, 10 * data, mesh, 10 * SIGMA, settings=LONG)
    assert ten.objective == pytest.approx(10 * one.objective, rel=5e-3)  # both within their gaps
    assert np.corrcoef(one.model, ten.model)[0, 1] > 0.98


def test_noise_alone_gives_nothing(body):
    mesh, matrix, _, data = body
    fit = compact_inversion(matrix, data, mesh, 10 * np.abs(data).max())
    assert not fit.model.any()
    assert fit.relative_gap == 0


def test_what_cannot_be_is_refused(body):
    mesh, matrix, _, data = body
    with pytest.raises(ValueError, match="explains the data"):
        compact_inversion(matrix, data, mesh, SIGMA, upper=0.2)
    with pytest.raises(ValueError, match="noise level above zero"):
        compact_inversion(matrix, data, mesh, 0.0)
    with pytest.raises(ValueError, match="lower <= 0 <= upper"):
        compact_inversion(matrix, data, mesh, SIGMA, lower=1.0)
    with pytest.raises(ValueError, match="mesh of 196 cells"):
        compact_inversion(matrix[:, :50], data, mesh, SIGMA)

    class Huge:
        shape = (100, 196)

        def dense(self):
            raise AssertionError("expanded")

    huge, wide = Huge(), flat_mesh(0, 1, 0, 1, 1000, 1000, np.full(2, 1.0))
    huge.shape = (100, wide.n_cells)
    with pytest.raises(ValueError, match=r"3\.2 GB"):
        compact_inversion(huge, data, wide, SIGMA)


def test_the_search_of_settings_uses_its_own_body():
    grid = {"exponent": (0.5,), "gradient": (0.02,), "cost": (0.0,)}
    with pytest.raises(Exception, match="no artificial body"):
        tune_compact(grid, body="no such", n_seeds=1)
