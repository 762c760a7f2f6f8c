"""A second look at fits of networks: from larger ones that fit better, and back.

Every network of a search starts from the best of its parts.  Where one long run has used up what tells reactions apart, that
start can lead to a side summit or get caught at a kink, although a larger network has found the way.
"""

from __future__ import annotations

import numpy as np

#: A neighbour that fits better by less than this, in nats, is no reason to start again.
WORTH = 0.5
#: Networks that could not come nearer than this to the best, in nats, are left alone.
REACH = 30.0


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
    A network whose fit is caught at a kink (a rate of zero, next to which silica is used up at once; see
    `lib.network_selection.laplace`) starts again from typical rates.
    """
    from lib.network_selection.exhaustive import NESTING, nesting_slack
    from lib.network_selection.inert import canonical_mask
    from lib.network_selection.laplace import laplace_evidence
    from lib.network_selection.mapfit import fit_map
    from lib.network_selection.network_search import Fitted, NetworkSearch

    fits = {mask: fitted.fit for mask, fitted in search.fitted.items()}
    bits = [1 << j for j in range(problem.n)]
    before, solves = dict(fits), 0
    near = max(fit.penalised for fit in fits.values()) - REACH
    for mask, fit in before.items():
        if laplace_evidence(problem, fit).caught and len(fit.active):
            again = fit_map(problem, fit.active, [problem.prior.typical[fit.active]])
            solves += again.n_solves
            fits[mask] = max(fit, again, key=lambda one: one.penalised)
    for mask in sorted(fits, key=int.bit_count, reverse=True):
        solves += _again(problem, fits, mask, [mask | bit for bit in bits if not mask & bit], WORTH, near)
    for mask in sorted(fits, key=int.bit_count):
        solves += _again(problem, fits, mask, [mask ^ bit for bit in bits if mask & bit], NESTING)
    top, violations, worst = max(fit.penalised for fit in fits.values()), 0, 0.0
    fitted = {}
    for mask, fit in fits.items():
        canonical = search.fitted[mask].canonical if fit is before[mask] else canonical_mask(problem, fit)
        fitted[mask] = Fitted(fit, laplace_evidence(problem, fit), canonical)
        parts = [fits[p].penalised for bit in bits if mask & bit and (p := mask ^ bit) in fits]
        if parts and np.isfinite(max(parts)):
            slack = nesting_slack(top - max(parts))
            worst = max(worst, max(parts) - fit.penalised - slack + NESTING)
            violations += max(parts) - fit.penalised > slack
    return NetworkSearch.weigh(
        problem, fitted, nesting_violations=int(violations), worst_nesting=float(worst), n_solves=search.n_solves + solves,
        cpu_seconds=search.cpu_seconds,
    )  # fmt: skip


def _again(problem, fits, mask, neighbours, worth, floor=-np.inf):
    """Fit a network from the rates of its best neighbour, if that may help by `worth`; return the solves that it took."""
    from lib.network_selection.mapfit import fit_map

    known = [fits[m] for m in neighbours if m in fits]
    if not known:
        return 0
    best = max(known, key=lambda fit: fit.penalised)
    if best.log_likelihood < max(fits[mask].penalised + worth, floor):
        return 0
    active = problem.active(mask)
    found = fit_map(problem, active, [best.k[active]])
    if found.penalised > fits[mask].penalised:
        fits[mask] = found
    return found.n_solves
