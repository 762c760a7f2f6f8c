"""A second look at fits of networks: from larger ones that fit better, and back.

Every network of a search starts from the best of its parts.  Where one long run has used up what tells reactions apart, that
start can lead to a side summit or get caught at a kink, although a larger network has found the way.
"""

from __future__ import annotations

import dataclasses

import numpy as np

#: A neighbour that fits better by less than this, in nats, is no reason to start again.
WORTH = 0.5
#: Networks that could not come nearer than this to the best, in nats, are left alone.
REACH = 30.0
#: What a quadratic may promise beyond the point where the fit ended, in nats.
MOST_PROMISE = 1.0


def settle(problem, search):
    """Start networks again from their neighbours, larger ones first, then parts.

    Parameters
    ----------
    problem : lib.network_selection.SelectionProblem
        That of the search.
    search : lib.network_selection.NetworkSearch
        Result of `lib.network_selection.exhaustive_networks`.

    Returns
    -------
    lib.network_selection.NetworkSearch
        With the better fits and new weights.

    Notes
    -----
    A fit that is caught at a kink (a rate of zero, next to which silica is used up at once) leaves a gradient that promises a
    summit where there is none, and the quadratic a large evidence.  Such a network starts again from typical rates; where the
    promise stays, it is not counted.  Priors integrate to one, so that an evidence is at most the largest likelihood.
    """
    from lib.network_selection.exhaustive import NESTING, NESTING_SHARE
    from lib.network_selection.inert import canonical_mask
    from lib.network_selection.mapfit import fit_map
    from lib.network_selection.network_search import Fitted, NetworkSearch

    fits = {mask: fitted.fit for mask, fitted in search.fitted.items()}
    bits = [1 << j for j in range(problem.n)]
    before, solves = dict(fits), 0
    floor = max(fit.penalised for fit in fits.values()) - REACH
    for mask, fit in before.items():
        if _laplace(problem, fit)[1] and len(fit.active):
            again = fit_map(problem, fit.active, [problem.prior.typical[fit.active]])
            solves += again.n_solves
            fits[mask] = max(fit, again, key=lambda one: one.penalised)
    for mask in sorted(fits, key=int.bit_count, reverse=True):
        solves += _again(problem, fits, mask, [mask | bit for bit in bits if not mask & bit], floor)
    for mask in sorted(fits, key=int.bit_count):
        solves += _again(problem, fits, mask, [mask ^ bit for bit in bits if mask & bit], floor)
    top, violations, worst = max(fit.penalised for fit in fits.values()), 0, 0.0
    fitted = {}
    for mask, fit in fits.items():
        canonical = search.fitted[mask].canonical if fit is before[mask] else canonical_mask(problem, fit)
        fitted[mask] = Fitted(fit, _laplace(problem, fit)[0], canonical)
        parts = [fits[p].penalised for bit in bits if mask & bit and (p := mask ^ bit) in fits]
        if parts and np.isfinite(max(parts)):
            slack = NESTING_SHARE * (top - max(parts))
            worst = max(worst, max(parts) - fit.penalised - slack)
            violations += max(parts) - fit.penalised > slack + NESTING
    return NetworkSearch.weigh(
        problem, fitted, nesting_violations=int(violations), worst_nesting=float(worst), n_solves=search.n_solves + solves,
        cpu_seconds=search.cpu_seconds,
    )  # fmt: skip


def _again(problem, fits, mask, neighbours, floor):
    """Fit a network from the rates of its best neighbour, if that may help; return the solves that it took."""
    from lib.network_selection.mapfit import fit_map

    known = [fits[m] for m in neighbours if m in fits]
    if not known:
        return 0
    best = max(known, key=lambda fit: fit.penalised)
    if best.log_likelihood < max(fits[mask].penalised + WORTH, floor):
        return 0
    active = problem.active(mask)
    found = fit_map(problem, active, [best.k[active]])
    if found.penalised > fits[mask].penalised:
        fits[mask] = found
    return found.n_solves


def _laplace(problem, fit):
    """Laplace approximation of a fit, and whether its gradient promised too much and was left out."""
    from lib.network_selection.laplace import laplace_evidence

    found = laplace_evidence(problem, fit)
    if not np.isfinite(fit.penalised):
        return found, False
    calm = np.where(found.at_bound, np.maximum(fit.gradient, 0.0), 0.0)
    sober = laplace_evidence(problem, dataclasses.replace(fit, gradient=calm))
    caught = found.log_evidence > sober.log_evidence + MOST_PROMISE
    used = sober if caught else found
    return dataclasses.replace(used, log_evidence=min(used.log_evidence, fit.log_likelihood)), caught
