"""Ground beyond a mesh: one body with it, and what a uniform edifice comes out as."""

import numpy as np
import pytest

from lib import magnetics as mg


def test_mesh_and_surroundings_are_one_slab():
    mesh = mg.flat_mesh(-400, 400, -300, 300, 8, 6, [100, 150], 20.0)
    pieces = mg.surroundings(mesh, reach=1.0, base=2.0, across=3)
    places = mg.station_grid(np.linspace(-350, 350, 5), np.linspace(-250, 250, 4), 90.0)
    whole = mg.flat_mesh(-1200, 1200, -1100, 1100, 1, 1, [750], 20.0)
    parts = sum(mg.anomaly(places, piece, np.full(piece.n_cells, 2.0), 50, -10) for piece in (mesh, *pieces))
    np.testing.assert_allclose(parts, mg.anomaly(places, whole, [2.0], 50, -10), atol=1e-9)
    assert sum(piece.volume.sum() for piece in pieces) + mesh.volume.sum() == pytest.approx(2400 * 2200 * 750)


def test_an_edifice_that_goes_on_beyond_the_mesh_keeps_its_magnetization():
    island = mg.artificial_island(seed=3, quick=True)
    matrix = island.sensitivity()
    cut_off = mg.uniform_fit(matrix, island.survey.anomaly_nt)
    whole = mg.uniform_fit(matrix, island.survey.anomaly_nt, outside_nt=mg.surroundings_response(island))
    truth = island.reference[0]
    assert abs(whole.magnetization_a_m - truth) < 1.0  # ends elsewhere, coarser cells, a conduit
    assert truth - cut_off.magnetization_a_m > 2.0


def test_surroundings_need_a_size():
    mesh = mg.flat_mesh(-1, 1, -1, 1, 1, 1, [1.0])
    with pytest.raises(ValueError, match="above zero"):
        mg.surroundings(mesh, reach=0.0)
