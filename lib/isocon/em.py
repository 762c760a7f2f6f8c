"""Spike-and-slab isocon: posterior probability of immobility by expectation maximisation.

Immobile element:  x_i ~ N(m, s Sigma_i).   Mobile element:  x_i ~ N(u, s Sigma_i + A 11^T + B I), with a free mean u,
so that mobile elements may go mostly one way without pulling the isocon.

Approximations: censored cells enter the responsibilities only, as ln Phi((ln limit - mean - e)/sd) with the element's
common error e fixed at its value from the measured cells; they do not enter the updates of m, u, A, B and s.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from scipy import stats

from . import kernels
from .logratio import IsoconData
from .results import IsoconFit, Mode, location_covariance
from .sparse import MEMBER_LEVEL, arrays, fit_sparse

#: Limits of the variance factor s in `kernels.em_iterate`: at one of them the stated errors are wrong by more than 3.
VARIANCE_FACTOR_LIMITS = (0.1, 10.0)

#: Suggested prior probability of immobility.  A summary of common practice in whole-rock geochemistry, not
#: measurements: a starting point to be argued about for each rock, fluid and temperature.
SUGGESTED_PRIORS = {
    **dict.fromkeys(("Zr", "Hf", "Nb", "Ta", "Ti", "TiO2"), 0.8),
    **dict.fromkeys(("Al", "Al2O3"), 0.75),
    **dict.fromkeys(("Th", "Sc", "Y", "Gd", "Tb", "Dy", "Ho", "Er", "Tm", "Yb", "Lu"), 0.65),
    **dict.fromkeys(("V", "Cr", "Cr2O3", "Ga"), 0.6),
    **dict.fromkeys(("La", "Ce", "Pr", "Nd", "Sm", "Eu", "P", "P2O5"), 0.45),
    **dict.fromkeys(("Fe", "FeO", "FeOT", "Fe2O3", "Fe2O3T", "Ni", "NiO", "Co"), 0.4),
    "U": 0.3,
    **dict.fromkeys(("Si", "SiO2", "Mg", "MgO", "Mn", "MnO"), 0.25),
    **dict.fromkeys(("Ca", "CaO", "Sr", "Na", "Na2O", "Ba", "BaO"), 0.2),
    **dict.fromkeys(("K", "K2O", "Rb", "Cs", "Pb"), 0.15),
    **dict.fromkeys(("LOI", "H2O", "H2O+", "H2O-", "S", "SO3", "CO2", "C", "F", "Cl"), 0.1),
}


def prior_log_odds(elements: Sequence[str], priors: Mapping[str, float] | str | None) -> np.ndarray | None:
    """Prior log odds of immobility, shape (I,), or None for the common unknown fraction pi.

    Parameters
    ----------
    elements : sequence of str
    priors : None, "suggested", or mapping element -> probability in (0, 1)
        Elements that a mapping does not name get 0.5.

    Raises
    ------
    ValueError
        A probability outside (0, 1), or another word.
    """
    if priors is None or (isinstance(priors, str) and priors == ""):
        return None
    table = SUGGESTED_PRIORS if isinstance(priors, str) and priors == "suggested" else priors
    if not isinstance(table, Mapping):
        raise ValueError(f"priors is None, 'suggested' or a mapping element -> probability, got {priors!r}")
    out = np.array([float(table.get(element, 0.5)) for element in elements])
    if not np.all((out > 0) & (out < 1)):
        raise ValueError("prior probabilities of immobility must lie strictly between 0 and 1: certainty cannot be revised")
    return np.log(out / (1 - out))


def at_scale_limit(fit: IsoconFit) -> bool:
    """Whether the mixture's variance factor s = scale^2 was stopped at its limits (0.1 and 10)."""
    low, high = VARIANCE_FACTOR_LIMITS
    return not low * (1 + 1e-6) < fit.scale**2 < high * (1 - 1e-6)


def fit_em(
    data: IsoconData,
    *,
    priors=None,
    starts=None,
    sparse: IsoconFit | None = None,
    tolerance: float = 1e-9,
    max_turns: int = 1000,
) -> IsoconFit:
    """V4: spike-and-slab mixture, best of three starts by penalised likelihood.

    Parameters
    ----------
    data : IsoconData
        Log ratios and errors.
    priors : None, "suggested", or mapping element -> P(immobile)
        Default: one common fraction pi with a Beta(3, 2) prior, estimated.
    starts : sequence of arrays (N,), optional
        Default: solution of Algorithm S, geometric median, and the mean log ratio of all elements.
    sparse : IsoconFit, optional
        Solution of Algorithm S, when it is known already.
    tolerance : float
        Change of the penalised log likelihood at which EM stops.
    max_turns : int
        Limit of the iterations from one start.

    Returns
    -------
    IsoconFit
        ``p_immobile`` holds P(immobile | data, model); ``immobile`` is P > 0.5; ``scale`` is sqrt(s); every distinct
        solution is in ``modes`` with objective = -(penalised log likelihood), the chosen one first.

    Notes
    -----
    The likelihood of such a mixture has spurious maxima: a few coherent mobile elements as a tight spike, everything
    else in a wide slab.  From the other modes of Algorithm S one often arrives there, at a higher likelihood and a
    wrong answer, so these solutions are listed as modes but cannot be chosen.
    """
    x, p, s2, below = arrays(data)
    odds = prior_log_odds(data.elements, priors)
    use_prior = odds is not None
    odds = np.zeros(len(x)) if odds is None else odds
    others = []
    if starts is None:
        sparse = fit_sparse(data) if sparse is None else sparse
        median = np.zeros(data.shape[1])
        kernels.iterate(kernels.MEDIAN, x, p, s2, below, data.weight, np.full(len(x), 1e-6), median, 1e-5, 200)
        seen = (p > 0) & ~below & data.used[:, None]
        clr = (x * seen).sum(axis=0) / np.maximum(seen.sum(axis=0), 1)
        starts = [sparse.m, median, clr]
        others = [mode.m_refit for mode in sparse.modes if mode.supported]

    def solve(several):
        """Solutions with at least two effective elements, best first."""
        found = [
            kernels.em_iterate(x, p, s2, below, data.weight, odds, use_prior, np.array(m), tolerance, max_turns)
            for m in several
        ]
        return sorted([s for s in found if (s[2] * data.weight).sum() >= 2.0] or found, key=lambda s: -s[0])

    candidates = solve(starts)
    distinct = []
    for solution in [candidates[0], *sorted([*candidates[1:], *solve(others)], key=lambda s: -s[0])]:
        if all(np.max(np.abs(solution[1] - other[1])) > 1e-3 for other in distinct):
            distinct.append(solution)
    _, m, w, s, _, _, _, _ = distinct[0]
    r2 = np.empty(len(x))
    kernels.distances(x, p, s2, below, m, np.empty_like(x), r2)
    member = data.used & (w > 0.5)
    modes = tuple(
        Mode(
            d[1], d[1], -float(d[0]), float((d[2] * data.weight).sum()),
            tuple(e for e, q, u in zip(data.elements, d[2], data.used, strict=True) if q > 0.5 and u),
        )
        for d in distinct
    )  # fmt: skip
    chosen = member if member.any() else r2 <= s * stats.chi2.ppf(MEMBER_LEVEL, data.dof)
    fit = IsoconFit(
        method="em", data=data, m=m, covariance=location_covariance(data, chosen, np.sqrt(s)), scale=float(np.sqrt(s)),
        immobile=member, distance=np.sqrt(r2), weight=w, modes=modes, p_immobile=w,
    )  # fmt: skip
    return fit.flagged()
