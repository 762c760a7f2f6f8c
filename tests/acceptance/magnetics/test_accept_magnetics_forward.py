"""The kernel of prisms against choclo's, and the memory of the largest problem."""

import hashlib

import numpy as np
import pytest

from lib import magnetics as mg

pytestmark = pytest.mark.acceptance
SEED = int.from_bytes(hashlib.sha256(b"magnetics forward acceptance").digest()[:4], "big")


@pytest.mark.parametrize("name", ["blocks", "dyke"])
def test_kernel_is_choclos_to_a_part_in_a_thousand_million(name):
    magnetic_field = pytest.importorskip("choclo.prism").magnetic_field
    mu0 = pytest.importorskip("choclo.constants").VACUUM_MAGNETIC_PERMEABILITY
    problem = mg.artificial_body(name)
    mesh, places, along = problem.mesh, problem.survey.stations, mg.direction(36.3, -4.6)
    matrix = problem.sensitivity()
    sides = np.column_stack([mesh.west, mesh.east, mesh.south, mesh.north, mesh.bottom, mesh.top])
    rng = np.random.default_rng(SEED)
    for cell in rng.choice(mesh.n_cells, 60, replace=False):
        rows = rng.choice(len(places), 40, replace=False)
        b = np.array([magnetic_field(*places[i], *sides[cell], *along) for i in rows])
        # choclo takes the measured mu0, 5e-10 from 4 pi 1e-7
        theirs = 1e9 * (b @ along) * (4e-7 * np.pi / mu0)
        assert np.abs(matrix[rows, cell] - theirs).max() < 1e-9 * np.abs(matrix[:, cell]).max()


def test_largest_problem_is_kept_as_offsets_and_right():
    mesh = mg.flat_mesh(-2500, 2500, -2500, 2500, 50, 50, np.full(25, 100.0))
    places = np.linspace(-2500, 2400, 50)
    survey = mg.station_grid(places, places, 50.0)
    kernel = mg.sensitivity_operator(survey, mesh, 45, -7)
    assert kernel.shape == (2500, 62500) and kernel.nbytes < 3e6
    rng = np.random.default_rng(SEED)
    rows = rng.choice(2500, 30, replace=False)
    m = rng.standard_normal(mesh.n_cells)
    few = mg.sensitivity(survey.subset(rows), mesh, 45, -7)
    np.testing.assert_allclose(kernel.matvec(m)[rows], few @ m, atol=1e-9 * np.abs(few).max() * np.sqrt(mesh.n_cells))
    r = np.zeros(2500)
    r[rows] = rng.standard_normal(30)
    np.testing.assert_allclose(kernel.rmatvec(r), few.T @ r[rows], atol=1e-10 * np.abs(few).max())
