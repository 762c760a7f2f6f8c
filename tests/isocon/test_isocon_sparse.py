"""Sparse isocon: exact cases, invariances, independent routes, modes, missing and censored cells."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import optimize

from lib import isocon, tables
from lib.isocon import kernels, sparse
from lib.isocon.logratio import from_arrays
from lib.isocon.results import location_covariance

GRANT = Path(__file__).parents[2] / "data/02_alteration_isocon/grant2005.csv"


@pytest.fixture(scope="module")
def halo():
    return isocon.make_halo("B", np.random.default_rng(11))


@pytest.fixture(scope="module")
def uneven(halo):
    """Different errors for every element, 8 % of the cells missing."""
    rng = np.random.default_rng(12)
    data = halo.data
    x = np.where(rng.uniform(size=data.shape) < 0.08, np.nan, data.log_ratio)
    return replace(
        data, log_ratio=x, sigma_altered=data.sigma_altered * rng.uniform(0.5, 2, (data.shape[0], 1)),
        sigma_protolith=data.sigma_protolith * rng.uniform(0.2, 2, data.shape[0]),
    )  # fmt: skip


def dense(data):
    """Inverse covariances of the observed blocks by plain inversion, embedded in (N, N): the independent route."""
    out = []
    for i in range(data.shape[0]):
        have = np.flatnonzero(np.isfinite(data.log_ratio[i]))
        block = np.diag(data.sigma_altered[i, have] ** 2) + data.sigma_protolith[i] ** 2
        full = np.zeros((data.shape[1], data.shape[1]))
        full[np.ix_(have, have)] = np.linalg.inv(block)
        out.append(full)
    return np.array(out), np.nan_to_num(data.log_ratio)


def test_distances_and_weighted_mean_agree_with_dense_algebra(uneven):
    precision, x = dense(uneven)
    m = np.linspace(-0.2, 0.2, x.shape[1])
    r2 = np.empty(len(x))
    arrays = sparse.arrays(uneven)
    active = np.empty_like(x)
    kernels.distances(*arrays, m, active, r2)
    np.testing.assert_allclose(r2, np.einsum("in,inm,im->i", x - m, precision, x - m), rtol=1e-10)
    omega = np.linspace(0, 1, len(x))
    moved = m.copy()
    kernels.improve(arrays[0], active, arrays[2], omega, moved)
    direct = np.linalg.solve(np.einsum("i,inm->nm", omega, precision), np.einsum("i,inm,im->n", omega, precision, x))
    np.testing.assert_allclose(moved, direct, atol=1e-11)
    members = omega > 0.5
    np.testing.assert_allclose(
        location_covariance(replace(uneven, weight=np.ones(len(x))), members),
        np.linalg.inv(precision[members].sum(axis=0)), rtol=1e-9,
    )  # fmt: skip


def test_convex_form_agrees_with_a_direct_solve_of_the_joint_problem(uneven):
    lam = 2.5
    found = isocon.fit_convex(uneven, threshold=lam)
    precision, x = dense(uneven)
    m = np.zeros(x.shape[1])
    total = precision.sum(axis=0)
    for _ in range(4000):  # block minimisation over d (group soft threshold) and m of the penalised least squares
        u = x - m
        r = np.sqrt(np.einsum("in,inm,im->i", u, precision, u))
        d = np.maximum(0, 1 - lam / r)[:, None] * u
        m = np.linalg.solve(total, np.einsum("inm,im->n", precision, x - d))
    np.testing.assert_allclose(found.m, m, atol=1e-6)


@pytest.mark.parametrize("whiten", [True, False])
def test_geometric_median_agrees_with_a_newton_solve(uneven, whiten):
    found = isocon.fit_geometric_median(uneven, whiten=whiten)
    precision, x = dense(uneven)
    if not whiten:
        precision = np.array([np.diag(np.isfinite(row).astype(float)) for row in uneven.log_ratio])

    def objective(m):
        pu = np.einsum("inm,im->in", precision, x - m)
        r = np.sqrt(np.einsum("in,in->i", pu, x - m) + 1e-16)
        hessian = (precision / r[:, None, None]).sum(axis=0) - np.einsum("in,im->nm", pu / r[:, None] ** 3, pu)
        return r.sum(), -(pu / r[:, None]).sum(axis=0), hessian

    best = optimize.minimize(lambda m: objective(m)[:2], np.zeros(x.shape[1]), jac=True, hess=lambda m: objective(m)[2],
                             method="trust-exact", options={"gtol": 1e-9})  # fmt: skip
    np.testing.assert_allclose(found.m, best.x, atol=1e-6)


def test_geometric_median_on_an_element_is_that_element():
    # two samples; the angle of the triangle at the first point exceeds 120 degrees, so the median is that point
    points = np.array([[0.0, 0.0], [1.0, 0.2], [-1.0, 0.2]])
    data = from_arrays(np.ones(3), np.exp(points).T)
    np.testing.assert_array_equal(isocon.fit_geometric_median(data, whiten=False).m, [0.0, 0.0])


def test_lasso_in_each_sample_is_hubers_estimate(halo):
    data = halo.data
    found = isocon.fit(data, "lasso")
    sd = np.hypot(data.sigma_altered[:, 0], data.sigma_protolith)

    def huber(m):
        z = np.abs(data.log_ratio[:, 0] - m) / sd
        return np.sum(np.where(z <= 1, z**2 / 2, z - 0.5))

    best = optimize.minimize_scalar(huber, bounds=(-1, 1), method="bounded", options={"xatol": 1e-10})
    assert found.m[0] == pytest.approx(best.x, abs=1e-6)


def test_noise_free_halo_is_solved_exactly():
    halo = isocon.make_halo(isocon.variant("D", noise=0.0, stated_error=1e-3), np.random.default_rng(2))
    found = isocon.fit(halo.data)
    assert np.array_equal(found.immobile, halo.immobile)
    np.testing.assert_allclose(found.m, halo.m, atol=1e-8)
    np.testing.assert_allclose(np.log1p(found.tau()), halo.d, atol=1e-8)


@pytest.mark.parametrize("method", ["sparse", "em", "convex", "geometric median", "median", "cellwise", "spatial"])
def test_units_and_order_change_nothing(halo, method):
    data = halo.data
    rng = np.random.default_rng(1)
    factor = 10.0 ** rng.integers(-4, 5, data.shape[0])
    e, s = rng.permutation(data.shape[0]), rng.permutation(data.shape[1])
    position = data.position
    again = from_arrays(
        (data.c0 * factor)[e], (data.altered * factor[:, None])[np.ix_(e, s)].T, elements=np.array(data.elements)[e],
        position=position[s],
    )  # fmt: skip
    one, two = isocon.fit(data, method), isocon.fit(again, method)
    # iterations stop at 1e-8 or 1e-9 of m; the choice of elements must not change at all
    np.testing.assert_allclose(two.m, one.m[s], atol=1e-7)
    assert set(one.immobile_elements) == set(two.immobile_elements)
    assert one.ambiguous == two.ambiguous


def test_refit_of_the_same_set_is_exact_under_permutation(halo):
    order = np.arange(30)[::-1]
    one, two = isocon.fit(halo.data), isocon.fit(halo.data.take(elements=order))
    np.testing.assert_allclose(two.m, one.m, atol=1e-13)  # hard refit: a linear mean, rounding only


def test_missing_cells_cost_little_and_are_never_zero(halo):
    rng = np.random.default_rng(5)
    x = np.where(rng.uniform(size=halo.data.shape) < 0.15, np.nan, halo.data.log_ratio)
    full, holes = isocon.fit(halo.data), isocon.fit(replace(halo.data, log_ratio=x))
    assert np.max(np.abs(full.m - holes.m)) < 4 * np.max(full.se)
    assert np.isnan(holes.tau()[np.isnan(x)]).all()


def test_a_censored_cell_counts_only_where_the_isocon_passes_its_limit(halo):
    data = halo.data
    i = int(np.flatnonzero(halo.immobile)[0])
    arrays = sparse.arrays(data)
    base, r2 = np.empty(30), np.empty(30)
    active = np.empty(data.shape)
    below = np.zeros(data.shape, bool)
    below[i, :4] = True
    missing = arrays[1].copy()
    missing[i, :4] = 0
    kernels.distances(arrays[0], missing, *arrays[2:], halo.m, active, base)
    # limit far above the isocon: as if not analysed
    x = arrays[0].copy()
    x[i, :4] = halo.m[:4] + 1
    kernels.distances(x, arrays[1], arrays[2], below, halo.m, active, r2)
    assert r2[i] == pytest.approx(base[i])
    # limit far below the isocon: loss of at least that much, the penalty of a measured value at the limit
    x[i, :4] = halo.m[:4] - 1
    kernels.distances(x, arrays[1], arrays[2], below, halo.m, active, r2)
    measured = np.empty(30)
    kernels.distances(x, arrays[1], arrays[2], np.zeros_like(below), halo.m, active, measured)
    assert r2[i] == pytest.approx(measured[i]) and r2[i] > base[i] + 100


def test_censored_profile_is_the_minimum_over_the_hidden_values(halo):
    data = halo.data
    x, p, s2, _ = sparse.arrays(data)
    below = np.zeros(data.shape, bool)
    below[0, [1, 4, 7]] = True
    m = x[0] + np.linspace(-0.15, 0.15, 10)
    r2 = np.empty(30)
    kernels.distances(x, p, s2, below, m, np.empty_like(x), r2)
    precision = np.linalg.inv(np.diag(1 / p[0]) + s2[0])

    def cost(hidden):
        u = x[0] - m
        u[[1, 4, 7]] = hidden
        return u @ precision @ u

    top = (x[0] - m)[[1, 4, 7]]
    best = optimize.minimize(cost, top - 0.01, bounds=[(None, t) for t in top], options={"ftol": 1e-15, "gtol": 1e-10})
    assert r2[0] == pytest.approx(best.fun, rel=1e-6)


def test_loss_of_a_censored_element_is_a_bound(halo):
    data = halo.data
    i = int(np.flatnonzero(halo.immobile)[0])
    below = np.zeros(data.shape, bool)
    below[i, :3] = True
    x = data.log_ratio.copy()
    x[i, :3] = halo.m[:3] - 2
    found = isocon.fit(replace(data, log_ratio=x, below=below))
    assert not found.immobile[i]
    np.testing.assert_allclose(found.tau()[i, :3], np.expm1(-2), atol=0.05)


def test_a_coherent_block_has_one_vote():
    names = ["SiO2", "Al2O3", "TiO2", "Zr", "Nb", *["La", "Ce", "Nd", "Sm", "Eu", "Gd", "Yb", "Lu"]]
    rng = np.random.default_rng(3)
    d = np.zeros((13, 6))
    d[5:] = 0.8
    seen = np.exp(d + 0.01 * rng.standard_normal(d.shape))
    plain = isocon.fit(from_arrays(np.ones(13), seen.T, elements=names))
    voted = isocon.fit(from_arrays(np.ones(13), seen.T, elements=names, group_weights="blocks"))
    assert set(plain.immobile_elements) == set(names[5:])
    assert set(voted.immobile_elements) == set(names[:5])


@pytest.mark.parametrize("error", [0.02, 0.03, 0.04, 0.05])
def test_single_pair_of_grant_has_two_isocons(error):
    data = isocon.prepare(tables.read(GRANT, "02_alteration_isocon"), sigma_altered=error, sigma_protolith=error)
    for options in ({}, {"estimate_scale": False}):
        found = isocon.fit(data, **options)
        change = [mode.mass_change_pct[0] for mode in found.modes if mode.effective_number > 2]
        assert found.ambiguous
        assert any(abs(c - 5) < 1.5 for c in change) and any(abs(c - 38.5) < 1.5 for c in change)


def test_denser_cluster_depends_on_the_stated_error():
    table = tables.read(GRANT, "02_alteration_isocon")
    changes = {}
    for error in (0.02, 0.04):
        data = isocon.prepare(table, sigma_altered=error, sigma_protolith=error)
        changes[error] = isocon.fit(data, estimate_scale=False).mass_change_pct[0]
    assert changes[0.02] == pytest.approx(38.5, abs=1) and changes[0.04] == pytest.approx(4.9, abs=0.5)


def test_named_elements_and_unknown_methods(halo):
    one = isocon.fit(halo.data, "reference", elements=["Zr"])
    np.testing.assert_allclose(one.m, halo.data.log_ratio[halo.data.elements.index("Zr")], atol=1e-12)
    with pytest.raises(ValueError, match="did you mean 'sparse'"):
        isocon.fit(halo.data, "sparze")
