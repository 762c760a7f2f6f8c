"""Evidence and free energy from a ladder of tempered replicas, with Monte-Carlo errors.

With replicas down to the prior (beta = 0) the log evidence ln Z = ln integral L prior is

- *stepping-stone* [1]_: the sum over steps of ``ln mean exp((beta_k - beta_{k+1}) ln L)`` over the hotter replica;
- *bridge* [2]_: each step by Bennett's acceptance ratio, which uses both replicas and has the least error of all such
  estimates (the default);
- *thermodynamic integration* [3]_: the integral of the mean of ln L over beta, by the trapezoidal rule with its correction
  from the variances of ln L; its discretisation error is not part of the Monte-Carlo error, nor does it exist where
  ln L = -inf has a probability under the prior.

Errors are Monte-Carlo standard errors of a mean: each estimate is linearised in the empirical distributions that it uses,
and `lib.sampling.mcse_mean` is taken of the sum of influences of a sweep over all replicas, which exchange states and are
therefore not independent.  Differences between the chains enter through it.

References
----------
.. [1] Xie, W., Lewis, P.O., Fan, Y., Kuo, L., Chen, M.-H. (2011) Improving marginal likelihood estimation for Bayesian
       phylogenetic model selection. Syst. Biol. 60, 150-160 (eq. 8).
.. [2] Bennett, C.H. (1976) Efficient estimation of free energy differences from Monte Carlo data. J. Comput. Phys. 22,
       245-268 (eq. 12).
.. [3] Friel, N., Hurn, M., Wyse, J. (2014) Improving power posterior estimation of statistical evidence. Stat. Comput.
       24, 709-723 (eq. 8).
.. [4] Watanabe, S. (2013) A widely applicable Bayesian information criterion. J. Mach. Learn. Res. 14, 867-897.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logsumexp

from lib.sampling.diagnostics import mcse_mean

__all__ = ["EVIDENCE_METHODS", "Evidence", "estimate_evidence", "estimate_wbic"]


@dataclass(frozen=True)
class Evidence:
    """A log evidence (or WBIC) with its error.

    Parameters
    ----------
    value : float
        ln Z, or WBIC in the scale of -ln Z.
    error : float
        Monte-Carlo standard error; inf if the chains cannot tell.
    method : str
    by_chain : array, shape (n_chains,)
        The same from each chain alone.
    """

    value: float
    error: float
    method: str
    by_chain: np.ndarray

    def __str__(self):
        return f"{self.method}: {self.value:.3f} +- {self.error:.3f}"


def stepping_stone(betas, ll):
    """Stepping-stone estimate of ln Z from log-likelihoods (n, K), and the influence (n,) of each sweep."""
    terms = (betas[:-1] - betas[1:]) * ll[:, 1:]
    each = logsumexp(terms, axis=0) - np.log(len(ll))
    return float(each.sum()), (np.exp(terms - each) - 1).sum(axis=1)


def bridge(betas, ll):
    """Bennett's estimate: each step c solves sum expit(hot - c) = sum expit(c - cold), terms multiplied by its length."""
    total, influence = 0.0, np.zeros(len(ll))
    for k, step in enumerate(betas[:-1] - betas[1:]):
        cold, hot = step * ll[:, k], step * ll[:, k + 1]
        ends = logsumexp(hot) - np.log(len(hot)), np.log(len(cold)) - logsumexp(-cold)  # the one-sided estimates
        low, high = min(ends) - 1e-9, max(ends) + 1e-9
        while high - low > 1e-6:  # bisection cannot fail
            c = 0.5 * (low + high)
            low, high = (c, high) if expit(hot - c).sum() > expit(c - cold).sum() else (low, c)
        c = 0.5 * (low + high)
        up, down = expit(hot - c), expit(c - cold)
        total += c
        influence += (up - down) / np.mean(up * (1 - up) + down * (1 - down))
    return float(total), influence


def thermodynamic(betas, ll):
    """Corrected trapezoidal integral of the mean log-likelihood over beta."""
    mean = ll.mean(axis=0)
    square = (ll - mean) ** 2
    steps = betas[:-1] - betas[1:]

    def integral(m, v):
        return np.sum(0.5 * steps * (m[..., :-1] + m[..., 1:]) - steps**2 / 12 * (v[..., :-1] - v[..., 1:]), axis=-1)

    return float(integral(mean, square.mean(axis=0))), integral(ll - mean, square - square.mean(axis=0))


EVIDENCE_METHODS = {"bridge": bridge, "stepping-stone": stepping_stone, "thermodynamic": thermodynamic}


def estimate_evidence(betas, ll, *, method="bridge"):
    """Log evidence with its Monte-Carlo error.

    Parameters
    ----------
    betas : array, shape (K,)
        From 1 down to 0.
    ll : array, shape (n_chains, n, K)
        Log-likelihood of each replica after each sweep.
    method : {"bridge", "stepping-stone", "thermodynamic"}

    Returns
    -------
    Evidence

    Raises
    ------
    ValueError
        If the ladder does not end at the prior, or the method is unknown or cannot be used.
    """
    if method not in EVIDENCE_METHODS:
        raise ValueError(f"method = {method!r}: expected one of {', '.join(EVIDENCE_METHODS)}")
    if len(betas) < 2 or betas[-1] != 0 or betas[0] != 1:
        raise ValueError(
            f"the ladder runs from {betas[0]:g} to {betas[-1]:g}: an evidence needs replicas from 1 down to 0, the prior"
        )
    if method == "thermodynamic" and not np.isfinite(ll).all():
        raise ValueError(
            "the likelihood is zero for some draws from the prior: the mean of ln L does not exist, use the bridge"
        )
    return _with_error(method, lambda x: EVIDENCE_METHODS[method](betas, x), ll)


def estimate_wbic(betas, ll, n_data):
    """WBIC of Watanabe [1]_: minus the mean of ln L at inverse temperature 1 / ln(n_data), approximating -ln Z.

    Parameters
    ----------
    betas : array, shape (K,)
        From 1 downwards.
    ll : array, shape (n_chains, n, K)
    n_data : int
        Number of data, at least 3.

    Returns
    -------
    Evidence
        Its value is the WBIC. Draws of the next hotter replica are reweighted to the wanted temperature.

    Raises
    ------
    ValueError
        If `n_data` is too small or the ladder too short.

    References
    ----------
    .. [1] Watanabe (2013), see the module; definition 2.
    """
    if n_data < 3:
        raise ValueError(f"n_data = {n_data}: WBIC needs 3 data or more (ln n > 1)")
    wanted = 1 / np.log(n_data)
    below = np.flatnonzero((betas <= wanted) & (betas > 0))
    if len(below) == 0:
        raise ValueError(f"no replica between 0 and 1/ln(n_data) = {wanted:.3g}: use more replicas")
    k = below[0]

    def value(x):
        log_weight = (wanted - betas[k]) * x[:, k]
        weight = np.exp(log_weight - logsumexp(log_weight) + np.log(len(x)))  # mean 1
        mean = np.mean(weight * x[:, k])
        return float(-mean), -weight * (x[:, k] - mean)

    return _with_error("WBIC", value, ll)


def _with_error(name, function, ll):
    """Apply `function(ll (n, K)) -> value, influence (n,)` to all chains together and to each alone."""
    value, influence = function(np.concatenate(ll))
    by_chain = np.array([function(chain)[0] for chain in ll])
    return Evidence(value, float(mcse_mean(influence.reshape(ll.shape[:2]))), name, by_chain)
