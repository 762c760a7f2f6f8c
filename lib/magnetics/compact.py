"""Compact bodies: sparse magnetisation with few edges, bounded by the least magnetisation that the data allow cheaply.

Minimised over the magnetisation m:

    J(m) = sum_j w_j |m_j| + gamma sum_e b_e |m_e' - m_e''|    with    |K m - y| <= sigma sqrt(N)  and  |m_j| <= U,

e running over pairs of neighbouring cells.  The misfit is a constraint, so no penalty has to be searched for.  The bound U is not
told: J rises as U falls, slowly at first (a few strongly magnetised cells are traded for a body of even strength) and then fast
(the data do not allow it).  U is taken where J has risen by a small share; bodies of even magnetisation come out.  The idea that
data bound the strength from below is that of ideal bodies (Parker).

Alternating directions: one linear system in the space of the data is factored once and serves every bound and every step.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.linalg as la
import scipy.sparse as sp
from scipy.sparse.linalg import splu

from .elastic_net import column_weights
from .prisms import AXES

#: Over-relaxation of alternating directions.
RELAX = 1.6
#: Ratio of neighbouring bounds that are tried.
LADDER = 0.75


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
    gradient: float = 0.05
    cost: float = 0.02
    n_first: int = 100
    n_bound: int = 50


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
        U, infinite when none was sought.
    objective : float
        J of the model.
    relative_gap : float
        (J - dual) / J: how far J may be from its minimum.
    bounds : ndarray, shape (n, 2)
        Bounds tried and J over that without bound.
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

    def value(self):
        """J of the present model."""
        return float(self.w @ np.abs(self.m) + self.gamma * (self.b @ np.abs(self.difference @ self.m)))
