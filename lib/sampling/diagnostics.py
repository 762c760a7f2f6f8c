"""Have the chains converged, and how much do they say: R-hat, effective sample sizes, Monte-Carlo errors.

The definitions are those of Vehtari et al. (2021) [1]_: chains are cut in halves, values replaced by normal scores of
their ranks, and R-hat is the larger of that of the values and that of their distances from the median; so it sees chains
that differ in place, in spread, and chains that drift.  The autocorrelations (by FFT) are summed up to where pairs of
them turn negative, with pairs not allowed to grow (Geyer's initial monotone sequence).

Nothing here gives a pleasing number to a chain that cannot carry it.  A value that is not finite, or a half chain that
never moved, gives R-hat = inf and an effective size of 0.  (arviz gives a set of equal constant chains an effective size
equal to the number of draws, and NaN for their R-hat, which passes a test written as ``not rhat > 1.01``.)

Why not arviz-stats: it was measured.  Release 0.8 (the last one for Python 3.11; it needs only NumPy and SciPy, so the lock
would stay universal) gives the same numbers to rounding where both are defined.  But its import takes 1.3 s of processor time,
a notebook or task each (it loads scipy.stats; this module needs scipy.special only), and the treatment of stuck chains
would have to be wrapped around it in any case.  The tests hold this module against stored values of arviz.

References
----------
.. [1] Vehtari, A., Gelman, A., Simpson, D., Carpenter, B., Burkner, P.-C. (2021) Rank-normalization, folding, and
       localization: an improved R-hat for assessing convergence of MCMC. Bayesian Analysis 16, 667-718: eqs. 3-4 (R-hat),
       10-13 (effective size), 14 (rank normalisation), sections 4.2 (folding) and 4.3 (tails).
"""

import numpy as np
from scipy.special import betaincinv, ndtri

__all__ = [
    "autocorrelation_time",
    "ensemble_diagnostics",
    "ess_bulk",
    "ess_mean",
    "ess_quantile",
    "ess_tail",
    "mcse_mean",
    "mcse_quantile",
    "rhat",
]

MIN_DRAWS = 8  # draws a chain below which a half chain has no autocorrelation to speak of


def rhat(chains, *, discrete=False):
    """Rank-normalised split R-hat: the larger of the bulk and the folded one.

    Parameters
    ----------
    chains : array, shape (n_chains, n_draws) or (n_chains, n_draws, d)
        Draws after burn-in; one chain is enough (its halves are compared).
    discrete : bool
        True for indicators and counts: half chains that stay at one value are then allowed, unless all values are equal.

    Returns
    -------
    float or array, shape (d,)
        1 for perfect agreement, accepted up to 1.01; inf if a value is not finite or a half chain never moved.

    Raises
    ------
    ValueError
        If the shape is another one, or a chain has fewer than 8 draws.
    """
    return _each(_rhat, np.inf, chains, discrete)


def ess_bulk(chains, *, discrete=False):
    """Effective sample size of the bulk: of rank-normalised split chains.

    Parameters
    ----------
    chains : array, shape (n_chains, n_draws) or (n_chains, n_draws, d)
    discrete : bool
        See `rhat`.

    Returns
    -------
    float or array, shape (d,)
        Number of independent draws that say as much about the centre; 0 if a value is not finite or a half chain never moved.
    """
    return _each(lambda x: _ess(_normal_scores(x)), 0.0, chains, discrete)


def ess_tail(chains, *, discrete=False):
    """Effective sample size of the tails: the smaller of those of the 5 % and the 95 % quantile.

    Parameters
    ----------
    chains : array, shape (n_chains, n_draws) or (n_chains, n_draws, d)
    discrete : bool
        See `rhat`.

    Returns
    -------
    float or array, shape (d,)
        0 if a value is not finite or a half chain never moved.
    """
    return _each(lambda x: min(_ess_below(x, 0.05), _ess_below(x, 0.95)), 0.0, chains, discrete)


def ess_mean(chains, *, discrete=False):
    """Effective sample size for the mean: of the split chains as they are.

    Parameters
    ----------
    chains : array, shape (n_chains, n_draws) or (n_chains, n_draws, d)
    discrete : bool
        See `rhat`.

    Returns
    -------
    float or array, shape (d,)
        0 if a value is not finite or a half chain never moved.
    """
    return _each(_ess, 0.0, chains, discrete)


def ess_quantile(chains, probability, *, discrete=False):
    """Effective sample size for one quantile.

    Parameters
    ----------
    chains : array, shape (n_chains, n_draws) or (n_chains, n_draws, d)
    probability : float
        Between 0 and 1, both excluded.
    discrete : bool
        See `rhat`.

    Returns
    -------
    float or array, shape (d,)
        0 if a value is not finite or a half chain never moved.
    """
    _check_probability(probability)
    return _each(lambda x: _ess_below(x, probability), 0.0, chains, discrete)


def mcse_mean(chains, *, discrete=False):
    """Monte-Carlo standard error of the posterior mean.

    Parameters
    ----------
    chains : array, shape (n_chains, n_draws) or (n_chains, n_draws, d)
    discrete : bool
        See `rhat`.

    Returns
    -------
    float or array, shape (d,)
        In the unit of the draws; inf where `ess_mean` is 0.
    """
    return _each(lambda x: np.std(x, ddof=1) / np.sqrt(_ess(x)), np.inf, chains, discrete)


def mcse_quantile(chains, probability, *, discrete=False):
    """Monte-Carlo standard error of a posterior quantile.

    Parameters
    ----------
    chains : array, shape (n_chains, n_draws) or (n_chains, n_draws, d)
    probability : float
        Between 0 and 1, both excluded.
    discrete : bool
        See `rhat`.

    Returns
    -------
    float or array, shape (d,)
        Half the distance of the order statistics at the 16 and 84 % points of the beta distribution of the quantile's
        probability; inf where `ess_quantile` is 0.
    """
    _check_probability(probability)

    def error(x):
        n = _ess_below(x, probability)
        if n == 0:
            return np.inf
        low, high = betaincinv(n * probability + 1, n * (1 - probability) + 1, [0.1586553, 0.8413447])
        ordered = np.sort(x, axis=None)
        lower = ordered[max(int(np.floor(low * x.size)) - 1, 0)]
        upper = ordered[min(int(np.ceil(high * x.size)) - 1, x.size - 1)]
        return (upper - lower) / 2

    return _each(error, np.inf, chains, discrete)


def autocorrelation_time(chains, *, discrete=False):
    """Integrated autocorrelation time: draws a chain needs for one independent one.

    Parameters
    ----------
    chains : array, shape (n_chains, n_draws) or (n_chains, n_draws, d)
    discrete : bool
        See `rhat`.

    Returns
    -------
    float or array, shape (d,)
        Number of draws divided by `ess_mean`; inf where that is 0.
    """
    return _each(lambda x: x.size / _ess(x), np.inf, chains, discrete)


def ensemble_diagnostics(steps):
    """Effective sizes of ensembles whose walkers are not independent.

    The mean over the walkers of one step is one draw of a series; its Monte-Carlo error, against the spread of single
    walkers, tells how many independent draws they are worth together; made for normal scores and tail indicators as
    well. Walkers that are taken for independent chains seem to be worth more: up to twice as much with the stretch move
    in benchmarks/sampling.

    Parameters
    ----------
    steps : array, shape (n_chains, n_steps, n_walkers, d)

    Returns
    -------
    dict of str to array, shape (d,)
        "ess_bulk", "ess_tail" and "mcse", as `ess_bulk`, `ess_tail` and `mcse_mean` give them for chains.
    """
    steps = np.asarray(steps, float)
    out = {"ess_bulk": [], "ess_tail": [], "mcse": []}
    for i in range(steps.shape[3]):
        x = steps[..., i]
        if not np.isfinite(x).all():
            found = 0.0, 0.0, np.inf
        else:
            bulk = _normal_scores(x)
            tails = [(x <= np.quantile(x, p)).astype(float) for p in (0.05, 0.95)]
            found = _worth(bulk), min(map(_worth, tails)), mcse_mean(x.mean(axis=2))
        for name, value in zip(out, found, strict=True):
            out[name].append(value)
    return {name: np.array(values) for name, values in out.items()}


def _worth(x):
    """Independent draws that (n_chains, n_steps, n_walkers) values are worth together."""
    error = mcse_mean(x.mean(axis=2), discrete=True)
    return float(np.var(x) / error**2) if np.isfinite(error) and error > 0 else 0.0


def _check_probability(probability):
    if not 0 < probability < 1:
        raise ValueError(f"probability = {probability!r}: expected a number between 0 and 1, both excluded")


def _each(function, bad, chains, discrete):
    """Apply a function of split chains (2 n_chains, n_draws // 2) to each parameter; `bad` where they say nothing."""
    chains = np.asarray(chains, float)
    if chains.ndim not in (2, 3) or chains.shape[0] < 1 or (chains.ndim == 3 and chains.shape[2] < 1):
        raise ValueError(
            f"chains have shape {chains.shape}: expected (n_chains, n_draws) or (n_chains, n_draws, d); "
            "write x[None] for a single chain"
        )
    if chains.shape[1] < MIN_DRAWS:
        raise ValueError(f"chains of {chains.shape[1]} draws (shape {chains.shape}): at least {MIN_DRAWS} are needed a chain")
    columns = chains[..., None] if chains.ndim == 2 else chains
    half = chains.shape[1] // 2
    out = np.empty(columns.shape[2])
    for i in range(len(out)):
        x = columns[..., i]
        split = np.concatenate([x[:, :half], x[:, -half:]])
        out[i] = function(split) if _moves(split, discrete) else bad
    return float(out[0]) if chains.ndim == 2 else out


def _moves(split, discrete):
    """Whether all values are finite and no half chain is stuck."""
    if not np.isfinite(split).all():
        return False
    span = np.ptp(split) if discrete else np.ptp(split, axis=1).min()
    return bool(span > 0)


def _normal_scores(x):
    """Normal scores of the ranks over all chains, ties sharing their mean rank (eq. 14)."""
    _, place, count = np.unique(x, return_inverse=True, return_counts=True)
    rank = (np.cumsum(count) - 0.5 * (count - 1))[place.reshape(x.shape)]
    return ndtri((rank - 0.375) / (x.size + 0.25))


def _rhat(x):
    folded = np.abs(x - np.median(x))
    return max(_plain_rhat(_normal_scores(x)), _plain_rhat(_normal_scores(folded)))


def _plain_rhat(x):
    """Eqs. 1-4 for chains already split."""
    n = x.shape[1]
    within = np.var(x, axis=1, ddof=1).mean()
    between = np.var(x.mean(axis=1), ddof=1)
    if within == 0:  # folded indicators may be constant although the values are not
        return np.inf if between > 0 else 1.0
    return float(np.sqrt((n - 1) / n + between / within))


def _ess_below(x, probability):
    """Effective size of the indicator of being below a quantile."""
    below = (x <= np.quantile(x, probability)).astype(float)
    return _ess(below) if np.ptp(below) > 0 else 0.0


def _ess(x):
    """Effective size of split chains (m, n): eqs. 10-13, autocovariances by FFT, pairs positive and not growing."""
    m, n = x.shape
    centred = x - x.mean(axis=1, keepdims=True)
    size = 1 << (2 * n - 1).bit_length()
    spectrum = np.fft.rfft(centred, size, axis=1)
    covariance = (np.fft.irfft((spectrum * spectrum.conj()).real.mean(axis=0), size) / n)[:n]  # mean over the chains
    within = covariance[0] * n / (n - 1)
    total = covariance[0] + (np.var(x.mean(axis=1), ddof=1) if m > 1 else 0.0)
    if total <= 0:
        return 0.0
    rho = 1 - (within - covariance) / total
    rho[0] = 1.0
    pairs = rho[: n - n % 2].reshape(-1, 2)[: max((n - 2) // 2, 1)]  # the last lags rest on one or two products
    sums = pairs.sum(axis=1)
    positive = np.flatnonzero(sums <= 0)
    end = int(positive[0]) if len(positive) else len(sums) - 1
    tau = -1 + 2 * np.minimum.accumulate(sums[:end]).sum() + max(pairs[end, 0], 0.0)
    return m * n / max(tau, 1 / np.log10(m * n))  # antithetic chains gain, but not without bound
