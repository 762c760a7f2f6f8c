"""Density of states from samples at several temperatures, unbinned, with errors.

Samples of states s with energies E were drawn at inverse temperatures beta_l with probability proportional to
``exp(-beta_l E(s))``.  Their best common weights, those that give each sample its share of the states themselves (beta = 0),
are

    w(s) = c(s) / sum_l N_l exp(f_l - beta_l E(s)),      f_l = -log sum_s w(s) exp(-beta_l E(s)),

with c(s) the number of times that s was drawn at any temperature and N_l the number of samples at beta_l [1]_ (eqs. 11 and
12).  It is the multiple-histogram method [2]_ with bins of zero width: histograms of a finite width bias the rare low end,
where ``beta_max dE`` is not small.  The f_l minimise a convex function (their equations are its gradient), which Newton's
method finds.

Errors come from leaving out one block of samples at a time and solving again, so that correlations within a block, between
the temperatures of one ladder, and between the f_l all enter; blocks should be longer than the correlation time.

References
----------
.. [1] Shirts, M.R., Chodera, J.D. (2008) Statistically optimal analysis of samples from multiple equilibrium states.
       J. Chem. Phys. 129, 124105.
.. [2] Ferrenberg, A.M., Swendsen, R.H. (1989) Optimized Monte Carlo data analysis. Phys. Rev. Lett. 63, 1195-1198.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import logsumexp

__all__ = ["MultiHistogram", "solve_multihistogram"]

CHUNK = 1 << 16  # states treated at once: bounds the memory of the (states, levels) table
TOLERANCE = 1e-9  # largest change of a free energy at convergence
MAX_STEPS = 200


@dataclass(frozen=True)
class MultiHistogram:
    """Weights of sampled states, and what follows from them.

    Parameters
    ----------
    betas : array, shape (L,)
    free_energy : array, shape (L,)
        ``-log mean exp(-beta_l E)`` over all states, 0 at beta = 0.
    free_energy_se : array, shape (L,)
        Its jackknife standard error; NaN without blocks.
    energy : array, shape (S,)
        Of each distinct state; inf allowed (a state that only beta = 0 can meet).
    weights : array, shape (S,)
        Share of all states that each sampled state stands for; sum 1.
    replicates : array, shape (B, S)
        Weights with one block left out each; B = 0 without blocks.
    overlap : array, shape (L - 1,)
        Of neighbouring levels: correlation of the chances that a sample is ascribed to one and to the other; 1 = the same
        distribution, 0 = no energy in common.
    """

    betas: np.ndarray
    free_energy: np.ndarray
    free_energy_se: np.ndarray
    energy: np.ndarray
    weights: np.ndarray
    replicates: np.ndarray
    overlap: np.ndarray

    def density(self, bins, n_bins, total=1.0):
        """Number of states in each bin.

        Parameters
        ----------
        bins : array of int, shape (S,)
            Bin of each distinct state, negative = in none.
        n_bins : int
        total : float
            Number of all states.

        Returns
        -------
        count, se : array, shape (n_bins,)
            A bin that no sample fell into holds 0 with error 0: nothing is known of it except that it is small.
        """
        inside = bins >= 0

        def counts(weights):
            return total * np.bincount(bins[inside], weights=weights[inside], minlength=n_bins)

        return counts(self.weights), jackknife_se(np.array([counts(w) for w in self.replicates]), n_bins)

    def mean(self, values, beta, among=None):
        """Mean of an observable at any inverse temperature that the ladder covers.

        Parameters
        ----------
        values : array, shape (S,) or (S, d)
            Of each distinct state.
        beta : float
            0 or more.
        among : array of bool, shape (S,), optional
            States over which the mean is taken; None: all.

        Returns
        -------
        mean, se : array, shape () or (d,)
        """
        values = np.asarray(values, float)
        factor = _boltzmann(self.energy, beta) * (1.0 if among is None else among)

        def average(weights):
            w = weights * factor
            return w @ values / w.sum()

        return average(self.weights), jackknife_se(np.array([average(w) for w in self.replicates]), values.shape[1:])


def _boltzmann(energy, beta):
    """Factors exp(-beta (E - min E)), 1 everywhere at beta = 0; an infinite energy has factor 0 at any other beta."""
    if beta == 0:
        return np.ones(len(energy))
    return np.exp(-beta * (energy - energy[np.isfinite(energy)].min()))


def jackknife_se(replicates, shape):
    """Standard error from estimates with one block left out each.

    Parameters
    ----------
    replicates : array, shape (B, ...)
    shape : int or tuple of int
        Of the result where it is not known.

    Returns
    -------
    array, shape (...)
        NaN for fewer than two blocks.
    """
    n = len(replicates)
    if n < 2:
        return np.full(shape, np.nan)
    return np.sqrt((n - 1) / n * ((replicates - replicates.mean(axis=0)) ** 2).sum(axis=0))


def solve_multihistogram(energy, level, betas, *, state=None, block=None):
    """Weigh samples from several temperatures together.

    Parameters
    ----------
    energy : array, shape (S,)
        Of each distinct state, in units of 1 / beta.
    level : array of int, shape (N,)
        Temperature, 0..L-1, at which each sample was drawn.
    betas : array, shape (L,)
        Inverse temperatures, 0 or more; with 0 among them the scale of the density is exact, otherwise it rests on the tail of
        the hottest level.
    state : array of int, shape (N,), optional
        State that each sample is in, 0..S-1; None: sample i is state i.
    block : array of int, shape (N,), optional
        Block of each sample for the errors, e.g. parts of independent chains; 10 to 20 blocks do.

    Returns
    -------
    MultiHistogram

    Raises
    ------
    ValueError
        If a level has no sample (or, with a block left out, none), or lengths differ.

    References
    ----------
    .. [1] Shirts and Chodera (2008), see the module, eqs. 11, 12.

    Examples
    --------
    Two states, the upper one three times rarer at beta = log 3 than at beta = 0:

    >>> drawn = np.repeat([0, 1, 0, 1], [500, 500, 750, 250])
    >>> found = solve_multihistogram([0, 1], np.repeat([0, 1], 1000), [0, np.log(3)], state=drawn)
    >>> found.weights.round(6).tolist()
    [0.5, 0.5]
    """
    energy, betas, level = np.asarray(energy, float), np.asarray(betas, float), np.asarray(level)
    state = np.arange(len(energy)) if state is None else np.asarray(state)
    if len(state) != len(level) or (block is not None and len(block) != len(level)):
        raise ValueError(
            f"{len(level)} levels, {len(state)} states, {'no' if block is None else len(block)} blocks: one each a sample"
        )
    n_states, n_levels = len(energy), len(betas)
    counts = np.bincount(state, minlength=n_states).astype(float)
    numbers = np.bincount(level, minlength=n_levels).astype(float)
    if (numbers == 0).any():
        raise ValueError(f"no sample at beta = {betas[numbers == 0][0]:g}: leave levels without samples out of betas")
    start = _first_guess(energy, level, state, betas)
    solved = _solve(energy, counts, numbers, betas, start)
    weights, free = _weights(energy, counts, numbers, betas, solved)

    replicates, others = np.empty((0, n_states)), np.empty((0, n_levels))
    labels, block = (np.array([]), None) if block is None else np.unique(block, return_inverse=True)
    if len(labels) > 1:
        replicates, others = np.empty((len(labels), n_states)), np.empty((len(labels), n_levels))
        for b in range(len(labels)):
            out = block == b
            fewer = numbers - np.bincount(level[out], minlength=n_levels)
            if (fewer == 0).any():
                raise ValueError(f"beta = {betas[fewer == 0][0]:g} has samples in one block only: use longer blocks")
            rest = counts - np.bincount(state[out], minlength=n_states)
            again = _solve(energy, rest, fewer, betas, solved)
            replicates[b], others[b] = _weights(energy, rest, fewer, betas, again)
    moments = _shares(energy, counts, numbers, betas, solved)[1]
    own = np.sqrt(np.diag(moments))
    overlap = np.diag(moments, 1) / (own[1:] * own[:-1])
    return MultiHistogram(betas, free, jackknife_se(others, n_levels), energy, weights, replicates, overlap)


def _log_terms(energy, numbers, betas, f):
    """Log of N_l exp(f_l - beta_l E), shape (S, L); states of infinite energy count at beta = 0 only."""
    with np.errstate(invalid="ignore"):
        cost = np.where(betas == 0, 0.0, energy[:, None] * betas)
    return np.log(numbers) + f - cost


def _first_guess(energy, level, state, betas):
    """Free energies by integrating the mean energy over beta (df / dbeta = mean E)."""
    e, order = energy[state], np.argsort(betas)
    finite = np.isfinite(e)
    total = np.bincount(level[finite], weights=e[finite], minlength=len(betas))
    mean = (total / np.maximum(np.bincount(level[finite], minlength=len(betas)), 1))[order]
    f = np.zeros(len(betas))
    f[order[1:]] = np.cumsum(0.5 * np.diff(betas[order]) * (mean[1:] + mean[:-1]))
    return f


def _shares(energy, counts, numbers, betas, f):
    """Objective, its second moments (L, L) and expected samples a level (L,) at free energies f."""
    value, moments, expected = -numbers @ f, np.zeros((len(betas),) * 2), np.zeros(len(betas))
    for low in range(0, len(energy), CHUNK):
        part, c = slice(low, low + CHUNK), counts[low : low + CHUNK]
        terms = _log_terms(energy[part], numbers, betas, f)
        top = terms.max(axis=1)
        p = np.exp(terms - top[:, None])
        total = p.sum(axis=1)
        p /= total[:, None]
        value += c @ (top + np.log(total))
        expected += c @ p
        moments += (p * c[:, None]).T @ p
    return value, moments, expected


def _solve(energy, counts, numbers, betas, f):
    """Free energies that minimise the convex objective, by damped Newton steps; the reference level keeps its value."""
    reference = int(np.argmin(betas))
    free = np.delete(np.arange(len(betas)), reference)
    f = f - f[reference]
    value, moments, expected = _shares(energy, counts, numbers, betas, f)
    for _ in range(MAX_STEPS):
        hessian = (np.diag(expected) - moments)[np.ix_(free, free)]
        # where two levels hardly overlap the Hessian is nearly singular: a whisper of damping keeps the step finite
        hessian[np.diag_indices(len(free))] += 1e-12 * numbers[free]
        step = np.zeros(len(betas))
        step[free] = np.linalg.solve(hessian, (numbers - expected)[free])
        slope = float(step @ (expected - numbers))
        size = min(1.0, 5.0 / max(np.abs(np.diff(step)).max(initial=0.0), 1e-300))
        while True:
            new = _shares(energy, counts, numbers, betas, f + size * step)
            if new[0] <= value + 1e-4 * size * slope + 1e-12 * abs(value) or size < 1e-6:
                break
            size /= 2
        f = f + size * step
        value, moments, expected = new
        if np.abs(size * step).max() < TOLERANCE:
            return f
    raise ArithmeticError(
        f"the free energies of {len(betas)} levels do not settle: neighbouring temperatures share no energies; use more levels"
    )


def _weights(energy, counts, numbers, betas, f):
    """Normalised weights at beta = 0 and free energies relative to it."""
    log_w = np.full(len(energy), -np.inf)
    for low in range(0, len(energy), CHUNK):
        part = slice(low, low + CHUNK)
        log_w[part] = -logsumexp(_log_terms(energy[part], numbers, betas, f), axis=1)
    with np.errstate(divide="ignore"):
        log_w += np.log(counts)
    log_w -= logsumexp(log_w)
    with np.errstate(invalid="ignore"):
        free = [-logsumexp(log_w - np.where(b == 0, 0.0, b * energy)) for b in betas]
    return np.exp(log_w), np.array(free)
