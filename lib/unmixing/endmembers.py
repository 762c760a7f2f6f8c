"""Unmixing of samples into end members: X = A E with proportions A and compositions E on the simplex.

Mixing is linear in concentrations, so the work is done in concentrations, never in log ratios.  Processes that multiply
concentrations (fractionation, leaching) belong to `factors`.

References
----------
Methods: see `volume`, `nmf`, `archetypes`, `nfindr`, `bayesian`, `fcls`.  Weltje, G. J. (1997) End-member modeling of
compositional data. Math. Geol. 29, 503-549 (the problem in sedimentology).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import factorial

import numpy as np
from scipy import optimize

from .archetypes import archetypal_analysis
from .fcls import fully_constrained, part_scale
from .nfindr import n_findr
from .nmf import SMALLEST, plain_nmf, simplex_nmf
from .samples import checked, noise_scale
from .volume import fit_plane, minimum_volume

METHODS = ("minimum volume", "simplex nmf", "archetypes", "n-findr", "nmf", "bayesian", "known")
# these trust the stated errors and weigh misfits of proportions by them; the others use the spread of each part, which also
# makes allowance for end members that are not quite those of the samples
WEIGHTED = ("minimum volume", "simplex nmf")
# the refinement and simplex NMF look at so many samples at most; proportions are then found for all of them
REFINED_SAMPLES = 5000


@dataclass(frozen=True)
class EndMembers:
    """End members and their proportions in every sample.

    Parameters
    ----------
    end_members : array, shape (K, D)
        Rows sum to 1 if `closed`, else in the unit of the samples.  Order: largest mean proportion first.
    proportions : array, shape (N, K)
        Rows sum to 1.
    residual : array, shape (N, D)
        x - A E.
    volume : float
        |det| of the simplex in the first K - 1 scaled principal components (standard deviation 1 each), / (K-1)!.
    method : str
    scale : array, shape (D,) or (N, D)
        Standard deviations of the analyses as stated by `noise`.
    closed : bool
    misfit : float
        Root mean square of residual / scale.
    notes : list of str
        What the reader should know: clipped end members, disagreeing starts.
    """

    end_members: np.ndarray
    proportions: np.ndarray
    residual: np.ndarray
    volume: float
    method: str
    scale: np.ndarray
    closed: bool
    misfit: float
    notes: list = field(default_factory=list)


def unmix(x, n_end_members, method="minimum volume", *, noise=0.02, close=True, refine=True, mu=0.3, seed=1, n_starts=5,
          softness=None, start=None, end_members=None, **options):  # fmt: skip
    """Find end members and their proportions.

    Parameters
    ----------
    x : array, shape (n_samples, n_parts)
        Concentrations >= 0, no NaN (replace cells below detection first); with close=False scatter below zero is allowed.
    n_end_members : int
        K, from 2 to n_parts (closed) or n_parts + 1.
    method : str
        "minimum volume" (soft minimum-volume simplex, then simplex NMF at price `mu` from there), "simplex nmf" (least squares
        from the N-FINDR samples), "archetypes", "n-findr", "nmf" (plain, for comparison), "bayesian" (posterior mean), "known"
        (only the proportions of `end_members`).
    noise : float or array, shape (n_parts,) or (n_samples, n_parts)
        A number: relative standard deviation of all analyses (0.02 = 2 %).  An array: standard deviations, unit of x.
    close : bool
        Close rows to 1 first, for whole analyses.  False keeps x as it is: some elements in mg/kg of a rock whose rest was not
        analysed mix linearly as they are, but not once the subset is closed again.
    refine : bool
        "minimum volume" only: go on with simplex NMF.
    mu : float
        Price of volume in simplex NMF, see `simplex_nmf`.
    seed : int
    n_starts : int
        Of "minimum volume" and "archetypes".
    softness : float, optional
        Of the walls of the minimum-volume simplex, in units of a proportion; default noise / 2, at least 0.004.
    start : array, shape (K, n_parts), optional
        End members to start from: skips the search of "minimum volume" (refinement only) and N-FINDR of "simplex nmf".
    end_members : array, shape (K, n_parts), optional
        Of "known".
    **options
        Passed to `sample_posterior` ("bayesian").

    Returns
    -------
    EndMembers

    Raises
    ------
    ValueError
        Unusable x, K or noise; unknown method.

    Examples
    --------
    >>> import numpy as np
    >>> e = np.array([[0.8, 0.1, 0.1], [0.1, 0.8, 0.1], [0.1, 0.1, 0.8]])
    >>> a = np.random.default_rng(0).dirichlet([0.3, 0.3, 0.3], 200)
    >>> found = unmix(a @ e, 3, noise=0.005)
    >>> order = match_end_members(e, found.end_members)
    >>> bool(np.abs(found.end_members[order] - e).max() < 0.01)
    True
    """
    if method not in METHODS:
        raise ValueError(f"method {method!r} is unknown: choose one of {', '.join(METHODS)}")
    if options and method != "bayesian":
        raise TypeError(f"method {method!r} has no option {', '.join(options)}")
    x, k = checked(x, n_end_members, method, close)
    if close:
        total = x.sum(axis=1, keepdims=True)
        x = x / total
        noise = noise if np.ndim(noise) < 2 else np.asarray(noise) / total
    relative, s = noise_scale(noise, x, close)
    spread = part_scale(x)
    rng = np.random.default_rng(np.random.SeedSequence(seed))
    notes = []
    plane = None if method == "known" else fit_plane(x, k, spread)
    proportions, weighted = None, method in WEIGHTED
    if method == "known":
        if end_members is None:
            raise ValueError('method "known" needs end_members, shape (n_end_members, n_parts)')
        e = np.asarray(end_members, float)
        if close:
            e = e / e.sum(axis=1, keepdims=True)
    elif method == "minimum volume":
        if start is None:
            e = _minimum_volume(x, plane, k, rng, relative, softness, n_starts, close, notes)
        else:
            e = np.array(start, float)
        if refine:
            e = _refined(x, e, s, mu, close, rng)
    elif method == "simplex nmf":
        e = x[n_findr(plane.scores(x), k, rng)] if start is None else np.array(start, float)
        e = _refined(x, e, s, 0.0, close, rng)
    elif method == "archetypes":
        e = archetypal_analysis(x, k, rng, scale=spread, n_starts=n_starts)[0]
    elif method == "n-findr":
        chosen = n_findr(plane.scores(x), k, rng)
        notes.append(f"end members are the samples {', '.join(map(str, chosen))} (counted from 0)")
        e = x[chosen]
    elif method == "nmf":
        e, proportions = plain_nmf(x, k, closed=close, seed=seed)
        notes.append("plain NMF is not unique: other starts fit as well with other end members")
    else:
        from .bayesian import sample_posterior

        posterior = sample_posterior(x, k, noise=noise, close=close, seed=seed, start=start, **options)
        e, proportions = posterior.mean, posterior.proportions_mean
        notes.extend(posterior.notes)
    if proportions is None:
        proportions = fully_constrained(x, e, s if weighted else spread)
    if method != "known":
        order = np.argsort(-proportions.mean(axis=0), kind="stable")
        e, proportions = e[order], proportions[:, order]
    residual = x - proportions @ e
    size = 0.0 if plane is None else _volume(plane.scores(e))
    misfit = float(np.sqrt(np.mean((residual / s) ** 2)))
    return EndMembers(e, proportions, residual, size, method, s, bool(close), misfit, notes)


def match_end_members(reference, found, scale=None):
    """Which found end member belongs to which of a reference.

    Parameters
    ----------
    reference, found : arrays, shape (K, D)
    scale : array, shape (D,), optional
        What differences are divided by; default: the standard deviation of the reference in each part.

    Returns
    -------
    array of int, shape (K,)
        `found[order]` stands in the order of the reference (least sum of squared distances over all assignments).
    """
    reference, found = np.asarray(reference, float), np.asarray(found, float)
    if reference.shape != found.shape:
        raise ValueError(f"reference {reference.shape} and found {found.shape} must have the same shape")
    s = part_scale(reference) if scale is None else np.asarray(scale, float)
    cost = np.sum(((reference[:, None] - found[None]) / s) ** 2, axis=2)
    return optimize.linear_sum_assignment(cost)[1]


def _minimum_volume(x, plane, k, rng, relative, softness, n_starts, close, notes):
    corners, _, spread = minimum_volume(plane.scores(x), k, rng, noise=relative, softness=softness, n_starts=n_starts)
    e = plane.compositions(corners)
    negative = e < 0
    if np.any(e < -0.01 * x.max(axis=0)):
        notes.append(f"{negative.sum()} of {e.size} values of the minimum-volume end members were negative and set to zero")
    if spread > 0.1:
        notes.append(f"the starts of the minimum-volume search end at different simplices (objective apart by {spread:.2g})")
    e = np.maximum(e, SMALLEST * x.mean())
    return e / e.sum(axis=1, keepdims=True) if close else e


def _refined(x, e, s, mu, close, rng):
    if len(x) > REFINED_SAMPLES:
        rows = np.sort(rng.choice(len(x), REFINED_SAMPLES, replace=False))
        x, s = x[rows], (s if s.ndim == 1 else s[rows])
    return simplex_nmf(x, e, s, mu=mu, closed=close)[0]


def _volume(corners):
    return float(abs(np.linalg.det(np.column_stack([corners, np.ones(len(corners))]))) / factorial(len(corners) - 1))
