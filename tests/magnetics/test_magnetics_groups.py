"""Group L1-L2: one component is the elastic net, axes do not matter, an unknown direction is found."""

import numpy as np
import pytest

from lib.magnetics import direction, elastic_net_path, flat_mesh, group_path, sensitivity, station_grid

AXES = ((0.0, 90.0), (0.0, 0.0), (-90.0, 0.0))  # east, north, up as inclination and declination


@pytest.fixture(scope="module")
def components():
    places = np.linspace(-300, 300, 9)
    survey = station_grid(places, places, np.full((9, 9), 60.0))
    mesh = flat_mesh(-300, 300, -300, 300, 6, 6, np.full(3, 80.0))
    return mesh, [sensitivity(survey, mesh, 60.0, 0.0, axis) for axis in AXES]


def test_one_component_is_the_elastic_net(components):
    _, matrices = components
    data = matrices[2] @ np.r_[np.zeros(20), 4.0, np.zeros(87)] + np.random.default_rng(1).standard_normal(81)
    one = group_path(matrices[2:], data, n_penalties=5, smallest=0.05, tolerance=1e-6)
    other = elastic_net_path(matrices[2], data, penalties=one.penalties, tolerance=1e-6)
    np.testing.assert_allclose(one.objective, other.objective, rtol=1e-5)
    assert one.relative_gap.max() <= 1e-6
    assert one.first_below(other.rms_nt[3] * 1.001) == 3


def test_turned_axes_turn_the_model_and_change_nothing_else(components):
    _, (east, north, up) = components
    data = 3.0 * east[:, 50] - 2.0 * up[:, 50] + north[:, 15]
    c, s = np.cos(0.7), np.sin(0.7)
    plain = group_path([east, north, up], data, n_penalties=4, smallest=0.1, tolerance=1e-7)
    turned = group_path([c * east + s * north, c * north - s * east, up], data, n_penalties=4, smallest=0.1, tolerance=1e-7)
    np.testing.assert_allclose(turned.penalties, plain.penalties, rtol=1e-10)
    np.testing.assert_allclose(turned.objective, plain.objective, rtol=1e-6)
    np.testing.assert_array_equal(turned.models[-1].any(axis=1), plain.models[-1].any(axis=1))


def test_an_unknown_direction_is_found(components):
    mesh, matrices = components
    wanted = direction(-30.0, 200.0)
    cell = int(np.ravel_multi_index((0, 3, 2), mesh.shape))
    data = sum(4.0 * part * matrix[:, cell] for part, matrix in zip(wanted, matrices, strict=True))
    path = group_path(matrices, data, n_penalties=14, smallest=3e-4)
    total = path.models[-1].sum(axis=0)
    assert total @ wanted / np.linalg.norm(total) > 0.97  # within 14 degrees
    assert np.linalg.norm(path.models[-1], axis=1).argmax() == cell


def test_what_cannot_be_is_refused(components):
    _, matrices = components
    with pytest.raises(ValueError, match="one shape"):
        group_path([matrices[0], matrices[1][:, :5]], np.zeros(81))
    with pytest.raises(ValueError, match="alpha"):
        group_path(matrices, np.ones(81), alpha=0)
