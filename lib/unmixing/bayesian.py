"""Posterior of end members, proportions and noise by Gibbs sampling.

    x_n ~ N(c_n A_n E, sigma^2 diag s_n^2),  A_n ~ Dirichlet(1),  E_k ~ Dirichlet(1) (>= 0 if not closed),  p(sigma) ~ 1/sigma

with c_n = 1, or, of closed rows, a free total: errors are independent in what was measured, and closing divides by a total
that has an error itself.

Evenly spread proportions give each simplex a weight vol(E)^-N by themselves: the smallest simplex that the noise allows is
preferred without any price on volume.  All conditionals are normal distributions cut off at the walls of a simplex, drawn
along edges of the simplex.  Proportions and end members hang together, since E -> T E, A -> A T^-1 leaves the fit as it is;
such joint steps with T from a one-parameter group are therefore drawn too, exactly, from the invariant measure of the group.

90 % intervals of artificial mixtures with evenly spread proportions hold about 84 % of the true elements and 87 % of the true
proportions (`tests/acceptance`); where proportions are not evenly spread, the model is not the right one.

References
----------
Dobigeon, N., Moussaoui, S., Coulon, M., Tourneret, J.-Y. & Hero, A. O. (2009) Joint Bayesian endmember extraction and linear
unmixing for hyperspectral imagery. IEEE Trans. Signal Process. 57, 4355-4368 (the model);  Liu, J. S. & Sabatti, C. (2000)
Generalised Gibbs sampler and multigrid Monte Carlo for Bayesian computation. Biometrika 87, 353-369 (the joint steps, thm 1).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy import optimize, special

from lib.sampling import ess_bulk, rhat

from .fcls import fully_constrained
from .samples import checked, noise_scale

MOST_RHAT = 1.05
LEAST_ESS = 100
MOST_SAMPLES = 5000


@dataclass(frozen=True)
class Posterior:
    """Draws of the end members, and summaries.

    Parameters
    ----------
    end_members : array, shape (n_chains, n_draws, K, D)
        Order: largest mean proportion first.
    sigma : array, shape (n_chains, n_draws)
        Noise in units of the stated standard deviations: 1 = as stated.
    mean, lower, upper : arrays, shape (K, D)
        Posterior mean, 5 % and 95 % quantiles of each element of each end member.
    proportions_mean, proportions_sd : arrays, shape (N, K)
    proportions_lower, proportions_upper : arrays, shape (N, K)
        5 % and 95 % quantiles.
    rhat, ess : arrays, shape (K, D)
        Agreement of the chains and effective number of draws.
    ok : bool
        All R-hat below 1.05 and all effective numbers above 100.
    notes : list of str
    """

    end_members: np.ndarray
    sigma: np.ndarray
    mean: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    proportions_mean: np.ndarray
    proportions_sd: np.ndarray
    proportions_lower: np.ndarray
    proportions_upper: np.ndarray
    rhat: np.ndarray
    ess: np.ndarray
    ok: bool
    notes: list = field(default_factory=list)


def sample_posterior(x, n_end_members, *, noise=0.02, close=True, n_sweeps=2000, n_chains=4, thin=4, seed=1, start=None):
    """Draw from the posterior of end members, proportions and noise.

    Parameters
    ----------
    x : array, shape (n_samples, n_parts)
        As in `unmix`.
    n_end_members : int
    noise : float or array
        As in `unmix`; only its pattern matters, since its level sigma is sampled.
    close : bool
        As in `unmix`.
    n_sweeps : int
        Sweeps of each chain, 40 or more; the first half is thrown away.
    n_chains : int
        2 or more, computed together.
    thin : int
        Every so many sweeps are kept.
    seed : int
    start : array, shape (K, n_parts), optional
        End members to start near; default: the minimum-volume answer.

    Returns
    -------
    Posterior

    Raises
    ------
    ValueError
        Unusable x, K, noise, or number of sweeps or chains.

    References
    ----------
    Dobigeon et al. (2009), section III, with the joint steps of Liu & Sabatti (2000), eq. 4.
    """
    x, k = checked(x, n_end_members, "bayesian", close)
    if len(x) > MOST_SAMPLES:
        raise ValueError(f"{len(x)} samples are too many to keep draws of all proportions (at most {MOST_SAMPLES}): take a "
                         "random part of them, then proportions of all by fully_constrained")  # fmt: skip
    if k > x.shape[1] - (1 if close else 0):
        raise ValueError(f"{k} end members of {x.shape[1]} parts fit every sample exactly and nothing tells the noise: "
                         "use fewer end members")  # fmt: skip
    if n_sweeps < 40 or n_chains < 2 or not 1 <= thin <= n_sweeps // 20:
        raise ValueError(f"n_sweeps = {n_sweeps}, n_chains = {n_chains}, thin = {thin}: at least 40 sweeps and 2 chains are "
                         "needed, and thin at most a twentieth of the sweeps")  # fmt: skip
    if start is None:
        from .endmembers import unmix  # which imports this module

        start = unmix(x, k, noise=noise, close=close, seed=seed).end_members
    if close:
        total = x.sum(axis=1, keepdims=True)
        x, noise = x / total, noise if np.ndim(noise) < 2 else np.asarray(noise) / total
    s = np.broadcast_to(noise_scale(noise, x, close=False)[1], x.shape)
    rng = np.random.default_rng(np.random.SeedSequence(seed))
    state = _State(x, 1 / s**2, np.asarray(start, float), n_chains, close, rng)
    kept, sigma, shares = [], [], []
    for sweep in range(n_sweeps):
        state.sweep()
        if sweep >= n_sweeps // 2 and (sweep - n_sweeps // 2) % thin == 0:
            kept.append(state.e.copy())
            sigma.append(state.sigma.copy())
            shares.append(state.a.astype(np.float32))
    kept, shares = np.array(kept), np.array(shares)
    _relabel(kept, shares, np.asarray(start, float), np.std(x, axis=0))
    return _summary(np.swapaxes(kept, 0, 1), np.swapaxes(sigma, 0, 1), shares)


def _relabel(kept, shares, reference, scale):
    """Give the end members of every draw the order of the reference, in place: the posterior does not know their names."""
    for e, a in zip(kept.reshape(-1, *reference.shape), shares.reshape(-1, *shares.shape[2:]), strict=True):
        cost = np.sum(((reference[:, None] - e[None]) / scale) ** 2, axis=2)
        order = optimize.linear_sum_assignment(cost)[1]
        e[:], a[:] = e[order], a[:, order]


def _summary(e, sigma, shares):
    shares = shares.reshape(-1, *shares.shape[2:]).astype(float)
    order = np.argsort(-shares.mean(axis=(0, 1)), kind="stable")
    e, shares = e[:, :, order], shares[:, :, order]
    c, n, k, d = e.shape
    flat = e.reshape(c * n, k, d)
    lower, upper = np.quantile(flat, [0.05, 0.95], axis=0)
    agreement, size = (f(e.reshape(c, n, k * d)).reshape(k, d) for f in (rhat, ess_bulk))
    ok = bool(agreement.max() < MOST_RHAT and size.min() > LEAST_ESS)
    notes = []
    if not ok:
        notes.append(f"the chains have not converged (largest R-hat {agreement.max():.3f}, smallest effective number of "
                     f"draws {size.min():.0f}): raise n_sweeps")  # fmt: skip
    low, high = np.quantile(shares, [0.05, 0.95], axis=0)
    return Posterior(e, sigma, flat.mean(axis=0), lower, upper, shares.mean(axis=0), shares.std(axis=0), low, high,
                     agreement, size, ok, notes)  # fmt: skip


class _State:
    """All chains at one point: end members (C, K, D), proportions (C, N, K), residuals (C, N, D), sigma (C,)."""

    def __init__(self, x, precision, start, n_chains, close, rng):
        self.x, self.precision, self.close, self.rng = x, precision, close, rng
        (self.n, self.d), self.k, self.c = x.shape, len(start), n_chains
        # starts more spread than the posterior: each vertex pulled towards the middle, or away from it, by up to a tenth
        middle = x.mean(axis=0)
        stretch = rng.uniform(0.9, 1.1, (n_chains, self.k, 1))
        self.e = np.maximum(middle + stretch * (start - middle), 1e-6 * middle)
        if close:
            self.e /= self.e.sum(axis=2, keepdims=True)
        self.a = np.array([0.98 * fully_constrained(x, e, np.sqrt(1 / precision)) + 0.02 / self.k for e in self.e])
        self.sigma = np.ones(n_chains)
        self.total = np.ones((n_chains, self.n, 1))
        self.pairs = [(i, j) for i in range(self.k) for j in range(i)]

    def sweep(self):
        """Update everything once."""
        mixed = self.a @ self.e
        if self.close:
            self._totals(mixed)
        self.w = self.precision * self.total**2
        self.r = self.x / self.total - mixed  # anew each time, so that rounding does not pile up
        self._proportions()
        self._end_members()
        self._noise()
        self._joint()

    def _totals(self, mixed):
        weighted = self.precision * mixed
        curvature = np.einsum("cnd,cnd->cn", weighted, mixed)
        mean = np.einsum("cnd,nd->cn", weighted, self.x) / curvature
        sd = self.sigma[:, None] / np.sqrt(curvature)
        self.total = truncated_normal(mean, sd, np.full_like(mean, 1e-3), np.full_like(mean, np.inf), self.rng)[:, :, None]

    def _proportions(self):
        for i, j in self.pairs:
            along = (self.e[:, i] - self.e[:, j])[:, None]
            weighted = self.w * along
            curvature = np.maximum(np.matmul(weighted, np.swapaxes(along, 1, 2))[:, :, 0], 1e-300)
            mean = np.einsum("cnd,cnd->cn", weighted, self.r) / curvature
            sd = self.sigma[:, None] / np.sqrt(curvature)
            step = truncated_normal(mean, sd, -self.a[:, :, i], self.a[:, :, j], self.rng)
            self.a[:, :, i] = np.maximum(self.a[:, :, i] + step, 0)
            self.a[:, :, j] = np.maximum(self.a[:, :, j] - step, 0)
            self.r -= step[:, :, None] * along

    def _end_members(self):
        for k in range(self.k):
            a = self.a[:, :, k]
            precision = np.maximum(np.einsum("cn,cnd->cd", a**2, self.w), 1e-300)
            slope = np.einsum("cn,cnd->cd", a, self.w * self.r)
            before = self.e[:, k].copy()
            if self.close:
                self._along_edges(self.e[:, k], precision, slope)
            else:
                sd = self.sigma[:, None] / np.sqrt(precision)
                self.e[:, k] += truncated_normal(slope / precision, sd, -before, np.full_like(before, np.inf), self.rng)
                self.e[:, k] = np.maximum(self.e[:, k], 0)
            self.r -= a[:, :, None] * (self.e[:, k] - before)[:, None]

    def _along_edges(self, row, precision, slope):
        """Three random pairings of the parts; a pair exchanges mass, the sum stays."""
        half = self.d // 2
        for _ in range(3):
            order = self.rng.permutation(self.d)
            i, j = order[:half], order[half : 2 * half]
            curvature = precision[:, i] + precision[:, j]
            mean = (slope[:, i] - slope[:, j]) / curvature
            sd = self.sigma[:, None] / np.sqrt(curvature)
            step = truncated_normal(mean, sd, -row[:, i], row[:, j], self.rng)
            row[:, i] = np.maximum(row[:, i] + step, 0)
            row[:, j] = np.maximum(row[:, j] - step, 0)
            slope[:, i] -= precision[:, i] * step
            slope[:, j] += precision[:, j] * step

    def _noise(self):
        squares = np.einsum("cnd,cnd->c", self.r**2, self.w)
        self.sigma = np.sqrt(0.5 * squares / self.rng.gamma(0.5 * self.n * self.d, size=self.c))

    def _joint(self):
        """E_i -> u E_i + (1-u) E_j with the proportions that keep A E: u from u^(m-1) du, its exact law on the group."""
        power = (self.d - 1 if self.close else self.d) - self.n
        for i in range(self.k):
            for j in range(self.k):
                if i == j:
                    continue
                ai, aj = self.a[:, :, i], self.a[:, :, j]
                with np.errstate(divide="ignore", invalid="ignore"):
                    # a_j - (1-u)/u a_i >= 0 in every sample bounds u from below, E_i >= 0 from above
                    ratio = np.min(np.where(ai > 0, aj / ai, np.inf), axis=1)
                    apart = self.e[:, j] - self.e[:, i]
                    room = np.min(np.where(apart > 0, self.e[:, i] / apart, np.inf), axis=1)
                low, high = 1 / (1 + ratio), 1 + room
                u = _power_law(low, high, power, self.rng.uniform(size=self.c))
                gone = (1 - u) / u
                self.e[:, i] = np.maximum(u[:, None] * self.e[:, i] + (1 - u)[:, None] * self.e[:, j], 0)
                self.a[:, :, j] = np.maximum(aj - gone[:, None] * ai, 0)
                self.a[:, :, i] = self.a[:, :, i] / u[:, None]


def _power_law(low, high, power, uniform):
    """Draw from u^(power-1) on [low, high], by its inverse distribution function in logarithms."""
    low = np.maximum(low, 1e-12)
    length = np.log(np.minimum(high, 1e12) / low)
    if power == 0:
        return low * np.exp(uniform * length)
    # log u - log low = log(1 + q (exp(power length) - 1)) / power;  expm1 overflows only for a positive power
    return low * np.exp(np.log1p(uniform * np.expm1(np.minimum(power * length, 700.0))) / power)


def truncated_normal(mean, sd, low, high, rng):
    """Normal variates cut off to [low, high], exact far in the tails.

    Parameters
    ----------
    mean, sd, low, high : arrays of one shape
        sd > 0, low <= high.
    rng : numpy.random.Generator

    Returns
    -------
    array
    """
    a, b = (low - mean) / sd, (high - mean) / sd
    # probabilities of the lower tail are accurate: turn intervals of the upper half round
    flip = a > 0
    a, b = np.where(flip, -b, a), np.where(flip, -a, b)
    uniform = rng.uniform(size=np.shape(mean))
    top, bottom = special.ndtr(b), special.ndtr(a)
    z = special.ndtri(top - uniform * (top - bottom))
    far = b < -30  # where probabilities themselves underflow, their logarithms do not
    if far.any():
        top, bottom = special.log_ndtr(b[far]), special.log_ndtr(a[far])
        share = np.log1p(uniform[far] * np.expm1(np.minimum(bottom - top, 0.0)))
        z[far] = special.ndtri_exp(np.minimum(top + share, 0.0))
    z = np.clip(z, a, b)
    return np.clip(mean + sd * np.where(flip, -z, z), low, high)
