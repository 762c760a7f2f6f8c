"""Which reactions ran: expectation-maximisation with a sparse, non-negative M step on a particle smoother.

E step: trajectories of the hidden states given all measurements (`lib.reactions.particles`).  The rate constants k enter the
drift linearly, so their expected complete-data log likelihood is quadratic, -k'Gk/2 + b'k, and the M step is a non-negative
least squares with an L1 penalty,

    min over k >= 0 of  k'Gk/2 - b'k + sum_j lambda_j k_j,
    G = E[Phi' N' Q^-1 N Phi] dt,   b = E[Phi' N' Q^-1 dx],   summed over steps,

Phi(x) the rates for rate constants of one, N the stoichiometry, Q the system noise per unit time.  *Uniform* sparsity has
lambda_j = penalty / s_j with s_j the scale of the rate; *adaptive* (non-uniform) sparsity penalty / (k_j + eps s_j),
k_j from the step before, which acts as a logarithmic penalty: small rates are pushed to zero, large ones hardly shrunk.  The
noise levels follow in closed form.

With little system noise the hidden states are tied to the rates that made them, and plain EM creeps.  Most of that is undone
by taking, for the same gradient b - Gk of the marginal likelihood, not G as curvature but the observed information: G less
the covariance of the score between trajectories (Louis), never less than a fraction (`curvature`) of G; 1 is plain EM.

References
----------
After the combination of particle filter, EM and sparsity of differing levels of Ito et al. 2021, Entropy 23, 824; equations
are the project's own.  Louis, T. A. 1982, J. R. Stat. Soc. B 44, 226.  Zou, H. 2006, J. Am. Stat. Assoc. 101, 1418 (adaptive
LASSO).
"""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
from numba import njit

from .particles import backward_simulation, particle_filter
from .starting_rates import first_noise, least_squares_rates
from .state_space import Noise, StateSpace

__all__ = ["SparseFit", "curvature_and_score", "fit_sparse_em", "log_likelihood", "nonnegative_lasso", "rate_errors"]

EPS = 0.1, 0.01  # of a rate's scale, at first and at last: below it the adaptive weight grows no more
TAIL = 0.4  # share of the iterations over which rates and noise are averaged
CALM = 4.0  # factor on the least share of curvature over these last iterations: shorter, calmer steps
WARM = 0.1  # share of the iterations over which the penalty is brought in
RELAX = 1.6  # over-relaxation of the noise levels, on the log scale
REACH = 4.0  # of the standard deviation that a rate had, were the states known: how far to either side the score is taken
LEAST_SHARE = 2e-3  # of the information with known states, that a standard deviation is based on
LEAST_NOISE = 0.05  # of the first guess: below it the filter would lose its particles
SWEEPS, TOLERANCE = 2000, 1e-10


@njit(cache=True, nogil=True)
def _descend(g, b, k):
    """Coordinate descent for min k'gk/2 - b'k over k >= 0, from k; return the number of sweeps."""
    p = k.shape[0]
    for sweep in range(SWEEPS):
        moved = 0.0
        for j in range(p):
            if g[j, j] <= 0.0:
                k[j] = 0.0
                continue
            pull = b[j]
            for l in range(p):
                pull -= g[j, l] * k[l]
            new = max(0.0, k[j] + pull / g[j, j])
            moved = max(moved, abs(new - k[j]) * np.sqrt(g[j, j]))
            k[j] = new
        if moved < TOLERANCE:
            return sweep + 1
    return SWEEPS


def nonnegative_lasso(gram, target, penalties, start=None):
    """Minimise k'Gk/2 - b'k + sum_j lambda_j k_j over k >= 0.

    Parameters
    ----------
    gram : array_like, shape (n, n)
        G, symmetric and positive semi-definite; a coordinate with zero on the diagonal stays zero.
    target : array_like, shape (n,)
        b.
    penalties : array_like, shape (n,)
        lambda, zero or more; infinite keeps a coordinate at zero.
    start : array_like, shape (n,), optional
        Where coordinate descent begins; zero when left out.

    Returns
    -------
    ndarray, shape (n,)
        The minimum.
    """
    target, penalties = np.asarray(target, dtype=float), np.asarray(penalties, dtype=float)
    if np.isnan(penalties).any() or (penalties < 0).any():
        raise ValueError(f"penalties are {penalties}; expected numbers, zero or more.")
    free = np.flatnonzero(np.isfinite(penalties))
    gram = np.ascontiguousarray(np.asarray(gram, dtype=float)[np.ix_(free, free)])
    k = np.zeros(target.size)
    inner = np.zeros(free.size) if start is None else np.array(start, dtype=float)[free]
    _descend(gram, target[free] - penalties[free], inner)
    k[free] = inner
    return k


def curvature_and_score(smoothed, rates, noise):
    """Return curvatures and gradient of the log likelihood, as the trajectories tell them.

    Parameters
    ----------
    smoothed : Smoothed
        Trajectories made with these rates and noise levels.
    rates : array_like, shape (n,)
        Rate constants.
    noise : Noise
        Noise levels.

    Returns
    -------
    gram : ndarray, shape (n, n)
        G, the curvature of the M step: the information if the hidden states were known.
    observed : ndarray, shape (n, n)
        G less the covariance of the score between trajectories: the information in the measurements.
    score : ndarray, shape (n,)
        Mean over trajectories of b - G k: the gradient.
    """
    model = smoothed.model
    stoichiometry, precision = model.network.stoichiometry, 1.0 / (noise.system * model.noise_shape) ** 2
    coupling = (stoichiometry.T * precision) @ stoichiometry
    scores = np.einsum("mjs,sj,s->mj", smoothed.rate_moves, stoichiometry, precision)
    scores -= np.einsum("mjl,jl,l->mj", smoothed.rate_pairs, coupling, np.asarray(rates, dtype=float))
    gram = coupling * smoothed.rate_pairs.mean(axis=0)
    return gram, gram - np.cov(scores.T).reshape(gram.shape), scores.mean(axis=0)


def _raised(gram, observed, least):
    """The observed information with its small directions raised to a share of G (its estimate need not even be positive)."""
    if least >= 1.0:
        return gram
    size = np.sqrt(np.diag(gram))
    size[size == 0] = 1.0
    values, vectors = np.linalg.eigh(gram / np.outer(size, size) + 1e-8 * np.eye(size.size))
    values = np.sqrt(np.maximum(values, 1e-10))
    white, colour = vectors / values / size[:, None], vectors * values * size[:, None]
    share, turn = np.linalg.eigh(white.T @ observed @ white)
    root = colour @ turn * np.sqrt(np.clip(share, least, 1.0))
    return root @ root.T


@dataclasses.dataclass(frozen=True)
class SparseFit:
    """Result of one run of EM.

    Parameters
    ----------
    model : StateSpace
        The series.
    rates : Series
        Rate constants by reaction, averaged over the last iterations; zero outside the support.
    sd : Series
        Standard deviation of each rate in the support of a fit without penalty (`rate_errors`); NaN elsewhere.
    noise : Noise
        Noise levels.
    log_likelihood : float
        Log likelihood of the measurements at these rates.
    bic : float
        Bayesian information criterion, counting rates in the support and noise levels.
    path : DataFrame
        Columns iteration, reaction, rate.
    progress : DataFrame
        Columns iteration, log_likelihood, system_sd, observation_sd (mean over measured species), active.
    penalty : float
        The penalty; 0 for a debiased fit.
    adaptive : bool
        Whether sparsity was non-uniform.
    """

    model: StateSpace
    rates: pd.Series
    sd: pd.Series
    noise: Noise
    log_likelihood: float
    bic: float
    path: pd.DataFrame
    progress: pd.DataFrame
    penalty: float
    adaptive: bool

    @property
    def support(self):
        """Names of the reactions with a rate above zero."""
        return tuple(self.rates.index[self.rates > 0])


def _noise_step(smoothed, k, floor, before, relax):
    """Closed-form noise levels for given rates."""
    model, stoichiometry = smoothed.model, smoothed.model.network.stoichiometry
    flow = stoichiometry * k
    pairs, moved = smoothed.rate_pairs.mean(axis=0), smoothed.rate_moves.mean(axis=0)
    rest = smoothed.moves.mean(axis=0) - 2 * np.einsum("sj,js->s", flow, moved) + np.einsum("sj,jl,sl->s", flow, pairs, flow)
    system = np.sqrt(max((rest / model.noise_shape**2).sum(), 1e-300) / (rest.size * model.steps.size))
    number = np.isfinite(model.data).sum(axis=0)
    observation = np.sqrt(np.maximum(smoothed.misfit.mean(axis=0), 1e-300) / np.maximum(number, 1))
    system = before.system * (system / before.system) ** relax
    observation = before.observation * (observation / before.observation) ** relax
    observation = np.where(number > 0, np.maximum(observation, LEAST_NOISE * floor.observation), 1.0)
    return Noise(max(float(system), LEAST_NOISE * floor.system), observation)


def log_likelihood(model, rates, noise, rng, n_particles=1000, n_runs=3):
    """Estimate the log likelihood of the measurements from several filters.

    Parameters
    ----------
    model : StateSpace
        The series.
    rates : array_like, shape (n,)
        Rate constants.
    noise : Noise
        Noise levels.
    rng : numpy.random.Generator
        Source of randomness.
    n_particles : int
        Particles of each filter.
    n_runs : int
        Number of filters; the mean of their likelihoods is taken.

    Returns
    -------
    float
        Log likelihood.
    """
    runs = [
        particle_filter(model, rates, noise, rng, n_particles, only=np.asarray(rates) > 0).log_likelihood
        for _ in range(n_runs)
    ]
    return float(np.logaddexp.reduce(runs) - np.log(n_runs))


def fit_sparse_em(
    model, rng, *, penalty=0.5, adaptive=True, support=None, start=None, noise=None, estimate_noise=True, n_iterations=40,
    n_particles=250, n_trajectories=50, curvature=0.05, relax=RELAX,
):  # fmt: skip
    """Estimate sparse rate constants, hidden states and noise levels from a partially observed series.

    Parameters
    ----------
    model : StateSpace
        The series.
    rng : numpy.random.Generator
        Source of randomness.
    penalty : float
        Size of the L1 penalty, zero or more, in units of log likelihood for a rate of one scale.
    adaptive : bool
        Non-uniform sparsity (weights from the rates of the step before) instead of uniform.
    support : sequence of str, optional
        Reactions that may run; all when left out.  With ``penalty=0`` this debiases.
    start : array_like, shape (n,), optional
        Starting rates; those of `least_squares_rates` when left out.
    noise : Noise, optional
        Starting noise levels; guessed from the roughness of the measurements when left out.
    estimate_noise : bool
        Whether to estimate the noise levels.
    n_iterations : int
        Iterations, 5 or more.
    n_particles, n_trajectories : int
        Particles of the filter and trajectories of the smoother in every iteration.
    curvature : float
        Least share of G that is kept as curvature in any direction, above 0; 1 is plain EM.
    relax : float
        Over-relaxation of the noise levels on the log scale, 1 to below 2; 1 is plain EM.

    Returns
    -------
    SparseFit
        Rates, noise levels and the path of the iterations.

    Raises
    ------
    ValueError
        For impossible settings, and when the explicit steps of the model are unstable.
    """
    network = model.network
    if penalty < 0 or n_iterations < 5 or not 0 < curvature <= 1:
        raise ValueError(
            f"penalty {penalty}, n_iterations {n_iterations}, curvature {curvature}; expected zero or more, 5 or more, and "
            "a share above 0 and up to 1."
        )
    scale = network.rate_scale
    allowed = np.ones(network.n, dtype=bool) if support is None else network.mask(support)
    start = least_squares_rates(model, rng, support) if start is None else start
    k = np.where(allowed, np.asarray(start, dtype=float), 0.0)
    floor = noise = first_noise(model) if noise is None else noise
    tail = max(3, round(TAIL * n_iterations))
    rates, levels, rows = [], [], []
    for iteration in range(n_iterations):
        filtered = particle_filter(model, k, noise, rng, n_particles, only=allowed)
        smoothed = backward_simulation(filtered, rng, n_trajectories)
        gram, observed, score = curvature_and_score(smoothed, k, noise)
        late = n_iterations - iteration <= tail
        h = _raised(gram, observed, min(1.0, CALM * curvature) if late else curvature)
        eps = EPS[0] * (EPS[1] / EPS[0]) ** (iteration / (n_iterations - 1))
        weights = (penalty / (k + eps * scale) if adaptive else penalty / scale) * min(1.0, iteration / (WARM * n_iterations))
        weights = np.where(allowed, weights, np.inf)
        rows.append((iteration, filtered.log_likelihood, noise.system, noise.observation, np.count_nonzero(k)))
        rates.append(k)
        levels.append(noise)
        if estimate_noise:  # at the M step proper: a long step would pass for noise
            proper = nonnegative_lasso(gram, gram @ k + score, weights, k)
            noise = _noise_step(smoothed, proper, floor, noise, 1.0 if late else relax)
        k = nonnegative_lasso(h, h @ k + score, weights, k)
    rates.append(k)
    levels.append(noise)
    last = np.array(rates[-tail:])
    k = np.where((last > 0).mean(axis=0) > 0.5, last.mean(axis=0), 0.0)
    noise = Noise(float(np.mean([v.system for v in levels[-tail:]])), np.mean([v.observation for v in levels[-tail:]], axis=0))
    return _finish(model, rng, k, noise, rates, rows, penalty, adaptive, estimate_noise, n_particles, n_trajectories)


def rate_errors(model, rates, noise, rng, n_particles=500, n_trajectories=200):
    """Return standard deviations of rates from differences of the score to either side.

    Parameters
    ----------
    model : StateSpace
        The series.
    rates : array_like, shape (n,)
        Rate constants, at a maximum of the likelihood.
    noise : Noise
        Noise levels, taken as known.
    rng : numpy.random.Generator
        Source of randomness.
    n_particles, n_trajectories : int
        Of each of the two filters and smoothers a rate.

    Returns
    -------
    ndarray, shape (n,)
        Standard deviations of the rates above zero; NaN for the others.
    """
    k = np.array(rates, dtype=float)
    on = np.flatnonzero(k > 0)

    def look(k):
        filtered = particle_filter(model, k, noise, rng, n_particles, only=k > 0)
        gram, _, score = curvature_and_score(backward_simulation(filtered, rng, n_trajectories), k, noise)
        return gram[np.ix_(on, on)], score[on]

    gram, _ = look(k)
    observed = np.empty_like(gram)
    for a, j in enumerate(on):
        step = min(REACH / np.sqrt(max(gram[a, a], 1e-300)), 0.5 * k[j])
        high, low = k.copy(), k.copy()
        high[j] += step
        low[j] -= step
        observed[:, a] = (look(low)[1] - look(high)[1]) / (2 * step)
    sd = np.full(k.size, np.nan)
    sd[on] = np.sqrt(np.diag(np.linalg.pinv(_raised(gram, (observed + observed.T) / 2, LEAST_SHARE))))
    return sd


def _finish(model, rng, k, noise, rates, rows, penalty, adaptive, estimate_noise, n_particles, n_trajectories):
    """Put the numbers of a run together."""
    network = model.network
    on = np.flatnonzero(k)
    sd = np.full(network.n, np.nan)
    if penalty == 0 and on.size:
        sd[on] = rate_errors(model, k, noise, rng, 2 * n_particles, 3 * n_trajectories)[on]
    ll = log_likelihood(model, k, noise, rng, 3 * n_particles)
    n_parameters = on.size + (1 + len(model.observed) if estimate_noise else 0)
    names = list(network.names)
    path = pd.DataFrame(
        {
            "iteration": np.repeat(np.arange(len(rates)), network.n),
            "reaction": names * len(rates),
            "rate": np.concatenate(rates),
        }
    )
    seen = [network.species.index(s) for s in model.observed]
    progress = pd.DataFrame(
        [(i, l, q, o[seen].mean(), a) for i, l, q, o, a in rows],
        columns=["iteration", "log_likelihood", "system_sd", "observation_sd", "active"],
    )
    return SparseFit(
        model, pd.Series(k, index=names, name="rate"), pd.Series(sd, index=names, name="sd"), noise, ll,
        n_parameters * np.log(model.n_data) - 2 * ll, path, progress, float(penalty), bool(adaptive),
    )  # fmt: skip
