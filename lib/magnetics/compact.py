"""Compact bodies: sparse magnetisation with few edges, bounded by the least magnetisation that the data allow cheaply.

Minimised over the magnetisation m:

    J(m) = sum_j w_j |m_j| + gamma sum_e b_e |m_e' - m_e''|    with    |K m - y| <= sigma sqrt(N)  and  |m_j| <= U,

e running over pairs of neighbouring cells.  The misfit is a constraint, so no penalty has to be searched for.  The bound U
is not told: J rises as U falls, slowly at first (a few strongly magnetised cells are traded for a body of even strength) and
then fast (the data do not allow it).  U is taken where J has risen by a small share; bodies of even magnetisation come out.
The idea that data bound the strength from below is that of ideal bodies (Parker).

The model of the last step may miss the misfit by up to 2 % (`EXPLAINED`).  J is taken at this model, which is cheaper than
one that meets the misfit exactly: the objective and its gap to the dual are approximate to that extent.

Alternating directions: one linear system in the space of the data is factored once and serves every bound and every step.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.linalg as la
import scipy.sparse as sp
from scipy.sparse.linalg import splu

from .descent_kernels import conjugate
from .elastic_net import column_weights
from .prisms import AXES

#: Over-relaxation of alternating directions.
RELAX = 1.6
#: Ratio of neighbouring bounds that are tried, how many at most, and where they start over the body's typical strength.
LADDER, MOST_BOUNDS, START = 0.8, 12, 1.5
#: Misfit over sigma up to which the data count as explained.
EXPLAINED = 1.02
#: Largest matrix in bytes for which a second one of its size is made here.
MOST_BYTES = 1.5e9


@dataclass(frozen=True)
class CompactSettings:
    """Choices behind a compact model; the defaults were set on the artificial body "tuning", see `tune_compact`.

    Parameters
    ----------
    exponent : float
        Of the column weights, for cells (w) and edges (b), see `column_weights`.
    gradient : float
        gamma, weight of the edges against the cells.
    cost : float
        Share by which J may rise for a lower bound U; 0 = no bound is sought.
    n_first, n_bound : int
        Steps without bound, and for each bound tried.
    """

    exponent: float = 0.5
    gradient: float = 0.02
    cost: float = 0.005
    n_first: int = 300
    n_bound: int = 60


COMPACT = CompactSettings()


@dataclass(frozen=True, eq=False)
class CompactFit:
    """A compact model.

    Parameters
    ----------
    model : ndarray, shape (n_cells,)
        Magnetisation in A/m.
    rms_nt : float
        Misfit.
    bound_am : float
        U, infinite when none was sought, or none was found under which the data are explained.
    objective : float
        J of the model, which may miss the misfit by up to 2 %.
    relative_gap : float
        (J - dual) / J: how far J may be from its minimum; approximate, since J is that of a model that may miss the misfit by
        up to 2 %, and can be too small (even below zero) for that reason.
    bounds : ndarray, shape (n, 2)
        Bounds tried (A/m), and J over that without bound.
    """

    model: np.ndarray
    rms_nt: float
    bound_am: float
    objective: float
    relative_gap: float
    bounds: np.ndarray


class _Splitting:
    """Alternating directions for one survey and mesh; states pass from one bound to the next."""

    def __init__(self, matrix, data, mesh, sigma_nt, settings, lower, upper):
        weights = column_weights(matrix, settings.exponent)
        self.w = weights / np.exp(np.log(weights).mean())
        pairs = np.concatenate([mesh.neighbours(axis) for axis in AXES])
        self.b = np.sqrt(self.w[pairs[:, 0]] * self.w[pairs[:, 1]])
        n, edges = self.w.size, np.arange(len(pairs))
        ones = np.ones(len(pairs))
        self.difference = sp.csr_array(
            (np.concatenate([ones, -ones]), (np.tile(edges, 2), pairs.T.ravel())), shape=(len(pairs), n)
        )
        self.gamma = settings.gradient
        self.adjoint = self.difference.T.tocsr()
        self.lower, self.upper = lower, upper
        scaled = matrix / sigma_nt
        self.target, self.radius = data / sigma_nt, np.sqrt(data.size)
        metric = sp.diags_array(self.w**2) + self.adjoint @ sp.diags_array(self.b**2) @ self.difference
        self.solve_metric = splu(metric.tocsc(), permc_spec="MMD_AT_PLUS_A", options={"SymmetricMode": True}).solve
        self.spread = np.asfortranarray(self.solve_metric(np.ascontiguousarray(scaled.T)))
        self.cross = scaled @ self.spread
        self.factor = la.cho_factor(np.eye(data.size) + self.cross)
        self.scaled = scaled
        self.m, self.t, self.r = np.zeros(n), np.zeros(len(pairs)), np.zeros(data.size)
        self.um, self.ut, self.ur = np.zeros(n), np.zeros(len(pairs)), np.zeros(data.size)
        self.rho = 1.0

    def run(self, bound, n_steps):
        """Make steps towards the minimum under |m| <= bound."""
        low, high = np.maximum(self.lower, -bound), np.minimum(self.upper, bound)
        w2, b2 = self.w**2, self.b**2
        for step in range(n_steps):
            # (metric + A^T A) x = q + A^T v by the matrix inversion lemma; A x comes out on the way
            q = w2 * (self.m - self.um) + self.adjoint @ (b2 * (self.t - self.ut))
            v = self.r - self.ur
            ax = la.cho_solve(self.factor, self.spread.T @ q + self.cross @ v, check_finite=False)
            x = self.solve_metric(q) + self.spread @ (v - ax)
            dx = self.difference @ x
            old = self.m
            h = RELAX * x + (1 - RELAX) * self.m + self.um
            self.m = np.clip(np.sign(h) * np.maximum(np.abs(h) - 1 / (self.rho * self.w), 0.0), low, high)
            self.um = h - self.m
            h = RELAX * dx + (1 - RELAX) * self.t + self.ut
            self.t = np.sign(h) * np.maximum(np.abs(h) - self.gamma / (self.rho * self.b), 0.0)
            self.ut = h - self.t
            h = RELAX * ax + (1 - RELAX) * self.r + self.ur
            off = h - self.target
            self.r = self.target + off * min(1.0, self.radius / max(np.linalg.norm(off), 1e-300))
            self.ur = h - self.r
            if step in (9, 19, 39):
                self._balance(np.linalg.norm(self.w * (x - self.m)), np.linalg.norm(self.w * (self.m - old)))
        return self.value()

    def _balance(self, primal, dual):
        """Bring primal and dual residuals to like size."""
        factor = np.clip(np.sqrt(primal / max(dual, 1e-300)), 0.2, 5.0)
        self.rho *= factor
        for name in ("um", "ut", "ur"):
            setattr(self, name, getattr(self, name) / factor)

    def state(self):
        """Copy of model and multipliers."""
        return {name: np.copy(getattr(self, name)) for name in ("m", "t", "r", "um", "ut", "ur", "rho")}

    def restore(self, state):
        """Go back to a copy."""
        for name, value in state.items():
            setattr(self, name, np.copy(value))

    def value(self):
        """J of the present model."""
        return float(self.w @ np.abs(self.m) + self.gamma * (self.b @ np.abs(self.difference @ self.m)))

    def misfit(self):
        """Root mean squared residual over sigma."""
        return float(np.linalg.norm(self.scaled @ self.m - self.target) / self.radius)

    def relative_gap(self, bound):
        """(J - dual) / J, from multipliers made admissible: those of the edges are clipped, all are scaled down if need be."""
        theta = self.rho * self.ur
        nu = np.clip(self.rho * self.b**2 * self.ut, -self.gamma * self.b, self.gamma * self.b)
        pull = -(self.adjoint @ nu + self.scaled.T @ theta) / self.w
        low, high = (self.w * b for b in (np.maximum(self.lower, -bound), np.minimum(self.upper, bound)))
        held = np.where(pull > 0, high, low)
        free = np.isinf(held) & (np.abs(pull) > 1)
        allowed = float(1 / np.abs(pull[free]).max()) if free.any() else 1.0
        reward = -(theta @ self.target) - self.radius * np.linalg.norm(theta)
        dual = max(s * reward - conjugate(s * pull, 1.0, 0.0, low, high) for s in (allowed * (1 - 1e-12), 0.0))
        value = self.value()
        return float((value - dual) / value) if value > 0 else 0.0


def compact_inversion(matrix, data, mesh, sigma_nt: float, *, settings=COMPACT, lower=0.0, upper=np.inf) -> CompactFit:
    """Find a compact model that explains the data.

    Parameters
    ----------
    matrix : ndarray or operator, shape (n_data, n_cells)
        Anomaly of every cell, nT per A/m.  An operator is expanded; two such matrices have to fit into memory.
    data : array-like, shape (n_data,)
        Anomaly in nT.
    mesh : Mesh
        Cells, for their neighbours.
    sigma_nt : float
        Standard deviation of the noise, which is also the misfit of the model; nT, above zero.
    settings : CompactSettings
        See there.
    lower, upper : float or array-like, shape (n_cells,)
        Bounds in A/m, ``lower <= 0 <= upper``; the bound that is sought applies to both signs beside them.

    Returns
    -------
    CompactFit
        With its duality gap; its misfit is at most 1.02 sigma_nt, not exactly sigma_nt.

    Raises
    ------
    ValueError
        When shapes or bounds do not fit, the problem is too large, or no model explains the data.

    References
    ----------
    Parker, R. L. (1974), Best bounds on density and depth from gravity data, Geophysics 39, 644 (ideal bodies); Boyd et al.
    (2011), Distributed optimization and statistical learning via ADMM, Found. Trends Mach. Learn. 3, 1, Sec. 3.1 and 3.4.3.
    """
    data = np.asarray(data, float)
    n_data, n_cells = matrix.shape
    if data.shape != (n_data,) or mesh.n_cells != n_cells:
        raise ValueError(f"matrix of shape {matrix.shape}: got {data.size} data and a mesh of {mesh.n_cells} cells")
    if not (np.isfinite(sigma_nt) and sigma_nt > 0):
        raise ValueError(f"sigma_nt: {sigma_nt} is not a noise level above zero; cross-validation gives one (choose_penalty)")
    if n_data * n_cells * 8.0 > MOST_BYTES:
        raise ValueError(
            f"compact inversion of {n_data} data and {n_cells} cells needs {2 * n_data * n_cells * 8e-9:.1f} GB; use larger "
            "cells, thin the data, or elastic_net_path, which takes no second matrix"
        )
    lower, upper = (np.broadcast_to(np.asarray(b, float), n_cells) for b in (lower, upper))
    if not ((lower <= 0) & (upper >= 0)).all():
        raise ValueError("bounds: every cell needs lower <= 0 <= upper, because a cell without evidence is zero")
    dense = matrix if isinstance(matrix, np.ndarray) else matrix.dense()
    if np.linalg.norm(data) <= sigma_nt * np.sqrt(n_data):
        rms = float(np.sqrt(np.mean(data**2)))
        return CompactFit(np.zeros(n_cells), rms, np.inf, 0.0, 0.0, np.empty((0, 2)))

    work = _Splitting(dense, data, mesh, sigma_nt, settings, lower, upper)
    free = work.run(np.inf, settings.n_first)
    if work.misfit() > EXPLAINED:
        raise ValueError(
            f"no model within the bounds explains the data to sigma = {sigma_nt:g} nT (misfit {work.misfit() * sigma_nt:.3g} "
            "nT); give a larger sigma_nt, wider bounds, smaller cells or a larger mesh"
        )
    bound, tried = _lowest_bound(work, free, settings) if settings.cost > 0 else (np.inf, [])
    model = work.m
    rms = float(np.sqrt(np.mean((dense @ model - data) ** 2)))
    return CompactFit(model, rms, bound, work.value(), work.relative_gap(bound), np.array(tried).reshape(-1, 2))


def _lowest_bound(work, free, settings):
    """Lower the bound until J has risen by the share ``cost`` or the data are not explained any more; settle just above."""
    size = np.abs(work.m)
    bound = min(START * float(size @ size / size.sum()), float(size.max()))
    tried, last, wall, state = [], (np.log(bound / LADDER), 1.0), None, work.state()
    held, value = np.inf, 1.0  # bound of the state, and J over that without bound
    limit, step = 1 + settings.cost, np.log(1 / LADDER)
    for _ in range(MOST_BOUNDS):
        ratio = work.run(bound, settings.n_bound) / free
        tried.append((bound, ratio))
        if work.misfit() > EXPLAINED:  # multipliers run away where nothing is admissible: back to the last bound that was
            work.restore(state)
            wall = np.log(bound)
        elif ratio > limit:
            share = np.clip((limit - last[1]) / max(ratio - last[1], 1e-12), 0.0, 1.0)
            last = (last[0] + share * (np.log(bound) - last[0]), limit)
            break
        else:
            last, state, held, value = (np.log(bound), ratio), work.state(), bound, ratio
        if wall is not None and last[0] - wall < step / 4:
            break
        bound = float(np.exp(last[0] - step if wall is None else (last[0] + wall) / 2))
    bound = float(np.exp(last[0]))
    ratio = work.run(bound, 2 * settings.n_bound) / free
    tried.append((bound, ratio))
    if work.misfit() > EXPLAINED:  # the last bound asks too much: the last state that explained the data stands
        work.restore(state)
        bound = held
        tried.append((bound, value))
    return bound, tried
