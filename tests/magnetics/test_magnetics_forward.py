"""Anomalies of prisms: against sums of dipoles, in line with edges, under symmetries, and in every form of the matrix."""

import dataclasses

import numpy as np
import pytest

from lib import magnetics as mg

FIELD, OTHER = (37.0, -5.0), (-20.0, 110.0)


def stations(*places):
    east, north, height = np.array(places, float).T
    return mg.Survey(east, north, height, np.zeros(east.size), np.full(east.size, "a"))


def dipoles(survey, mesh, cell, field, body, order=24):
    """Anomaly per A/m of one prism by Gauss-Legendre quadrature of point dipoles: exact where stations are far enough."""
    x, w = np.polynomial.legendre.leggauss(order)
    sides = [(mesh.west, mesh.east), (mesh.south, mesh.north), (mesh.bottom, mesh.top)]
    axes = [(a[cell] + b[cell]) / 2 + (b[cell] - a[cell]) / 2 * x for a, b in sides]
    points = np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, 3)
    weight = np.einsum("i,j,k->ijk", w, w, w).ravel() * mesh.volume[cell] / 8
    d = survey.stations[:, None] - points
    r = np.linalg.norm(d, axis=2)
    f, m = mg.direction(*field), mg.direction(*body)
    return 100 * ((3 * (d @ f) * (d @ m) / r**5 - f @ m / r**3) @ weight)


@pytest.fixture(scope="module")
def two_by_two():
    return mg.Mesh(
        [0, 100, 180], [-50, 60, 150], -np.cumsum([[[0, -5], [4, 2]], [[90, 80], [70, 90]], [[50.0, 60], [70, 40]]], axis=0)
    )


@pytest.mark.parametrize("body", [None, OTHER])
def test_prisms_are_sums_of_dipoles(two_by_two, body):
    # also in line with upright and level edges, in the planes of walls, right and left, and beside the columns
    places = stations(
        (40, 10, 150), (0, -50, 160), (100, 60, 140), (180, 200, 130), (-200, 60, -40), (400, 300, -300), (100, 0, 900)
    )
    found = mg.sensitivity(places, two_by_two, *FIELD, magnetization=body)
    for cell in range(8):
        wanted = dipoles(places, two_by_two, cell, FIELD, body or FIELD)
        np.testing.assert_allclose(found[:, cell], wanted, atol=1e-9 * np.abs(wanted).max())  # the limit of the benchmark


def test_field_is_continuous_across_lines_and_planes_of_edges(two_by_two):
    step = 1e-6
    for place in [
        (100, 60, 30),
        (0, 20, 30),
        (50, 150, 30),
        (-30, -50, 0),
        (-30, 60, -90),
        (180, -80, -160),
        (100, -200, -20),
    ]:
        moved = [np.add(place, step * np.array(s)) for s in ((1, 1, 1), (-1, 1, -1), (1, -1, 1), (-1, -1, -1), (0, 0, 0))]
        values = mg.sensitivity(stations(*moved), two_by_two, *FIELD)
        # gradients are below 10 nT/m this far from the edges
        assert np.ptp(values, axis=0).max() < 10 * 4 * step


def test_anomaly_does_not_change_when_prisms_are_cut():
    places = mg.station_grid(np.linspace(-90, 90, 5), np.linspace(-90, 90, 4), 40.0)
    whole = mg.sensitivity(places, mg.flat_mesh(-50, 50, -30, 60, 1, 1, [80.0]), *FIELD)[:, 0]
    pieces = mg.sensitivity(places, mg.flat_mesh(-50, 50, -30, 60, 4, 3, [20.0, 10, 50]), *FIELD)
    np.testing.assert_allclose(pieces.sum(axis=1), whole, rtol=1e-11)


def test_field_and_magnetization_may_change_places(two_by_two):
    places = stations((30, 20, 60), (-300, 10, 200))
    one = mg.sensitivity(places, two_by_two, *FIELD, magnetization=OTHER)
    np.testing.assert_allclose(one, mg.sensitivity(places, two_by_two, *OTHER, magnetization=FIELD), atol=1e-13)


def test_a_wide_level_sheet_is_invisible_and_a_step_is_not():
    mesh = mg.flat_mesh(-2e6, 2e6, -2e6, 2e6, 1, 1, [100.0])
    assert abs(mg.anomaly(stations((0, 0, 50)), mesh, [10.0], 90, 0)[0]) < 0.5  # of 2 pi 100 * 10 = 6283 nT within the sheet
    # edge of a half-plane of vertical magnetization: horizontal component 2 * 100 * ln(z2/z1) nT per A/m above the edge
    half = mg.flat_mesh(0, 1e6, -1e7, 1e7, 1, 1, [100.0])
    b = mg.field_vector(stations((0, 0, 50)), half, [1.0], -90, 0)[0]
    assert abs(b[0]) == pytest.approx(200 * np.log(150 / 50), rel=1e-3)


def test_detailed_top_is_the_sum_of_its_pieces():
    top = np.array([[5.0, -3], [8, 1]])
    mesh = mg.Mesh([0, 100], [0, 100], [[[top.mean()]], [[-60.0]], [[-130.0]]], top_detail_m=top)
    assert mesh.volume[0] == pytest.approx(2500 * (top + 60).sum())
    places = stations((30, 40, 70), (210, -50, -20), (50, 50, 40))
    found = mg.sensitivity(places, mesh, *FIELD)
    pieces = mg.Mesh([0, 50, 100], [0, 50, 100], [top, np.full((2, 2), -60.0)])
    np.testing.assert_allclose(found[:, 0], mg.sensitivity(places, pieces, *FIELD).sum(axis=1), rtol=1e-11)
    lower = mg.flat_mesh(0, 100, 0, 100, 1, 1, [70.0], -60.0)
    np.testing.assert_allclose(found[:, 1], mg.sensitivity(places, lower, *FIELD)[:, 0], rtol=1e-11)


def test_anomaly_is_the_product_and_the_exact_one_adds_the_field_across():
    problem = mg.artificial_body("dyke", noise_nt=0.0)
    some = problem.survey.subset(np.arange(0, 625, 40))
    matrix = mg.sensitivity(some, problem.mesh, **problem.directions)
    linear = mg.anomaly(some, problem.mesh, problem.truth, **problem.directions)
    np.testing.assert_allclose(matrix @ problem.truth, linear, atol=1e-10)
    b = mg.field_vector(some, problem.mesh, problem.truth, **problem.directions)
    exact = mg.exact_anomaly(some, problem.mesh, problem.truth, problem.inclination_deg, problem.declination_deg, 41861.0)
    across = (b**2).sum(axis=1) - linear**2
    # the next term is smaller by |B|/F, here 1 %
    np.testing.assert_allclose(exact - linear, across / (2 * 41861.0), atol=0.02 * across.max() / (2 * 41861.0))


@pytest.mark.parametrize("keep", [slice(None), [0, 3, 4, 9, 17, 24, 33, 41]])
def test_shared_kernel_is_the_matrix(keep):
    mesh = mg.flat_mesh(0, 600, -100, 700, 6, 8, [80.0, 100, 150])
    survey = mg.station_grid(np.arange(50, 651, 100.0), np.arange(-100, 501, 100.0), 60.0).subset(keep)
    matrix = mg.sensitivity(survey, mesh, *FIELD)
    shared = mg.sensitivity_operator(survey, mesh, *FIELD)
    if keep == slice(None):
        assert shared.kind == "shared" and shared.nbytes < 0.4 * matrix.nbytes
    single = mg.DenseKernel(mg.sensitivity(survey, mesh, *FIELD, dtype=np.float32))
    rng = np.random.default_rng(1)
    m, r = rng.standard_normal(mesh.n_cells), rng.standard_normal(survey.n)
    largest = np.abs(matrix).max()
    for kernel, error in ((shared, 1e-12), (single, 1e-6)):
        assert kernel.shape == matrix.shape
        np.testing.assert_allclose(kernel.dense(), matrix, atol=error * largest)
        np.testing.assert_allclose(kernel.matvec(m), matrix @ m, atol=100 * error * largest)
        np.testing.assert_allclose(kernel.rmatvec(r), matrix.T @ r, atol=100 * error * largest)
        np.testing.assert_allclose(kernel.column(70), matrix[:, 70], atol=error * largest)
        np.testing.assert_allclose(kernel.columns([5, 141]), matrix[:, [5, 141]], atol=error * largest)
        np.testing.assert_allclose(kernel.column_norms(), np.linalg.norm(matrix, axis=0), rtol=10 * error)


def test_shared_kernel_takes_only_what_is_a_grid():
    mesh = mg.flat_mesh(0, 600, 0, 600, 6, 6, [80.0, 100])
    grid = mg.station_grid(np.arange(0, 601, 100.0), np.arange(0, 601, 100.0), 60.0)
    kinds = {
        "grid": mg.sensitivity_operator(grid, mesh, *FIELD).kind,
        "moved": mg.sensitivity_operator(dataclasses.replace(grid, easting_m=grid.easting_m + 37.0), mesh, *FIELD).kind,
        "wavering": mg.sensitivity_operator(
            dataclasses.replace(grid, northing_m=grid.northing_m + 0.1 * np.sin(grid.easting_m)), mesh, *FIELD
        ).kind,
        "draped": mg.sensitivity_operator(
            dataclasses.replace(grid, height_m=grid.height_m + 0.01 * grid.easting_m), mesh, *FIELD
        ).kind,
    }
    assert kinds == {"grid": "shared", "moved": "shared", "wavering": "dense", "draped": "dense"}


def test_what_cannot_be_computed_is_refused_with_advice():
    mesh = mg.flat_mesh(0, 100, 0, 100, 2, 2, [50.0])
    with pytest.raises(ValueError, match=r"1 of 2 stations lie below the surface of the mesh, number 2 by 3\.0 m"):
        mg.sensitivity(stations((0, 0, 5), (20, 30, -3)), mesh, *FIELD)
    with pytest.raises(ValueError, match=r"station 1 .* lies on an edge of a prism"):
        mg.sensitivity(stations((50, 20, 0)), mesh, *FIELD)
    with pytest.raises(ValueError, match="inclination 120"):
        mg.sensitivity(stations((50, 20, 10)), mesh, 120, 0)
    with pytest.raises(ValueError, match="3 magnetizations for 4 cells"):
        mg.anomaly(stations((50, 20, 10)), mesh, [1, 2, 3], *FIELD)
    with pytest.raises(ValueError, match="field_nt is 0"):
        mg.exact_anomaly(stations((50, 20, 10)), mesh, np.ones(4), *FIELD, 0)
    draped = stations((50, 20, 10), (60, 20, 11))
    with pytest.raises(
        ValueError, match=r"2 data x 4 cells take 0\.00 GB .* use cells 1\.8 times as wide \(cell_m\).* one datum in 4"
    ):
        mg.sensitivity_operator(draped, mesh, *FIELD, limit_gb=1e-8)


def test_mesh_knows_its_cells():
    mesh = mg.terrain_mesh(mg.gaussian_island(), -300, 300, -200, 200, 6, 4, [20.0, 40, 60])
    assert mesh.shape == (3, 4, 6) and mesh.n_cells == 72 and not mesh.is_flat
    np.testing.assert_allclose(mesh.cube(mesh.depth)[:, 0, 0], [10, 40, 90])
    assert mesh.volume.sum() == pytest.approx(600 * 400 * 120)
    for axis, step, n in (("layer", 24, 48), ("north", 6, 54), ("east", 1, 60)):
        pairs = mesh.neighbours(axis)
        assert len(pairs) == n and (np.diff(pairs) == step).all()
        apart = np.abs(np.diff(mesh.centres[pairs], axis=1)[:, 0])
        assert (apart[:, {"east": 0, "north": 1, "layer": 2}[axis]] > 0).all()
    pipe = mesh.mask_cylinder(0, 0, 80, 30, 70)
    assert mesh.cube(pipe).any(axis=(1, 2)).tolist() == [False, True, False] and pipe.sum() == 4
    with pytest.raises(ValueError, match="axis is 'up'"):
        mesh.neighbours("up")
    with pytest.raises(ValueError, match="must descend"):
        mg.Mesh([0, 1], [0, 1], [[[0.0]], [[1.0]]])
    with pytest.raises(ValueError, match="make the top layer thicker"):
        mg.terrain_mesh(mg.gaussian_island(width_m=60), -300, 300, -300, 300, 3, 3, [20.0, 40], subdivide=4)
