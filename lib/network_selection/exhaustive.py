"""Every network of the candidates, from small to large, each started from the best of its parts."""

from __future__ import annotations

import itertools
import math
import time

import numpy as np

from lib.progress import bar
from lib.tasks import run_tasks

from .inert import canonical_mask
from .laplace import laplace_evidence
from .mapfit import fit_map
from .network_search import Fitted, NetworkSearch

__all__ = ["exhaustive_networks"]

#: Rates at which new reactions start, in units of a typical rate: hardly there, and plainly there.
STARTS = (1e-3, 0.2)
MOST_NETWORKS = 1 << 16
#: A larger network that fits worse than a part of it by more than `nesting_slack` was stuck.  The error of the solver
#: multiplies the residuals: terms in the root of the distance from the best network, and in the distance, are allowed on
#: top.  Measured: the same rates solved with another set of active reactions differ by 0.14 nats 400 nats below the best;
#: no answer changes.
NESTING = 0.1
NESTING_ROOT = 0.01
NESTING_SHARE = 1e-4


def nesting_slack(distance):
    """Return the nats by which solver error alone can leave a network behind a part of it, both `distance` below the best."""
    distance = max(distance, 0.0)  # a repaired network can pass the one that was best
    return NESTING + NESTING_ROOT * distance**0.5 + NESTING_SHARE * distance


def exhaustive_networks(problem, *, sizes=None, n_jobs=1, progress=None):
    """Fit every network and weigh them by their evidence.

    Parameters
    ----------
    problem : SelectionProblem
        Data, candidates, priors.
    sizes : tuple of int, optional
        Fewest and most reactions of a network.
    n_jobs : int
        Processes; networks of one size are shared out.  The problem must then be picklable.
    progress : bool, optional
        Draw progress or not; None asks the environment.

    Returns
    -------
    NetworkSearch
        Evidence, inclusion probabilities, rates.

    Raises
    ------
    ValueError
        For more than 65536 networks of these sizes (use `sample_networks`), or none that is admissible.

    Notes
    -----
    A network starts from its best-fitting part with the new rates at 1e-3 and at 0.2 of a typical value; the better end
    counts.  Every network is then held against all its parts that have one reaction less: one that fits worse is started
    again from there.  What remains worse by more than 0.1 nat (and a ten-thousandth of its distance from the best) is
    counted in `nesting_violations`.

    Examples
    --------
    >>> import numpy as np
    >>> from lib.network_selection import SelectionProblem, exhaustive_networks
    >>> t = np.linspace(0.0, 1.0, 20)
    >>> columns = np.column_stack([t, t**2])
    >>> line = SelectionProblem(lambda k, a: (columns @ k, columns[:, a]), 2 * t, 0.1, names=("a", "b"), scales=(2.0, 2.0))
    >>> exhaustive_networks(line).best
    ('a',)
    """
    began = time.process_time()
    levels = _levels(problem, sizes)
    n_networks = sum(len(level) for level in levels)
    fits = {}
    with bar(n_networks, label="networks", unit="network", show=progress) as shown:
        for level in levels:
            fits |= _fit_level(problem, level, fits, n_jobs)
            shown.update(len(level))
    repairs, violations, worst = _nest(problem, fits)
    fitted = {}
    for mask, fit in fits.items():
        fitted[mask] = Fitted(fit, laplace_evidence(problem, fit), canonical_mask(problem, fit))
    n_solves = sum(fit.n_solves for fit in fits.values()) + repairs
    return NetworkSearch.weigh(
        problem, fitted, nesting_violations=violations, worst_nesting=worst, n_solves=n_solves,
        cpu_seconds=time.process_time() - began,
    )  # fmt: skip


def _levels(problem, sizes):
    """Masks of all networks considered, by size."""
    free = [1 << j for j in range(problem.n) if not problem.always >> j & 1]
    low, high = (0, problem.n) if sizes is None else sizes
    fixed = problem.always.bit_count()
    added = range(max(low - fixed, 0), min(high - fixed, len(free)) + 1)
    number = sum(math.comb(len(free), size) for size in added)
    if number > MOST_NETWORKS:
        raise ValueError(
            f"{len(free)} free candidates make {number} networks, more than {MOST_NETWORKS}; use sample_networks, fix some "
            "with always=, or weigh small networks only with sizes="
        )
    levels = [
        sorted(m for extra in itertools.combinations(free, size) if problem.allowed(m := problem.always | sum(extra)))
        for size in added
    ]
    levels = [level for level in levels if level]
    if not levels:
        raise ValueError("no network is admissible; check always, admissible and sizes")
    return levels


def _fit_level(problem, level, fits, n_jobs):
    """Fit the networks of one size."""
    masks = np.array(list(fits), dtype=np.int64)
    heights = np.array([fit.penalised for fit in fits.values()])
    starts = {}
    for mask in level:
        inside = np.flatnonzero((masks & ~mask) == 0) if masks.size else ()
        part = None if not len(inside) else fits[int(masks[inside[np.argmax(heights[inside])]])]
        starts[mask] = _starts(problem, mask, part)
    if n_jobs == 1 or len(level) < 4:
        return _fit_many(problem, starts)
    pieces = [dict(list(starts.items())[i :: 4 * n_jobs]) for i in range(4 * n_jobs)]
    found = run_tasks(_fit_many, [{"problem": problem, "starts": s} for s in pieces if s], n_jobs=n_jobs, progress=False)
    merged = {mask: fit for part in found for mask, fit in part.items()}
    return {mask: merged[mask] for mask in level}


def _fit_many(problem, starts):
    """Fit some networks, each from its starts."""
    return {mask: fit_map(problem, problem.active(mask), start) for mask, start in starts.items()}


def _starts(problem, mask, part):
    """Starting rates of a network: those of its part, the new ones small and not so small."""
    active = problem.active(mask)
    known = np.zeros(problem.n, dtype=bool)
    k = np.where(problem.prior.log, problem.prior.typical, problem.lower)
    if part is not None and np.isfinite(part.penalised):
        known[part.active] = True
        k[part.active] = part.k[part.active]
    new = ~known & ~problem.prior.log
    if part is None and len(active):  # nothing to start from: all plainly there
        return [np.where(new, share * problem.prior.typical, k)[active] for share in (1.0, STARTS[1])]
    return [np.where(new, np.maximum(share * problem.prior.typical, problem.lower), k)[active] for share in STARTS]


def _nest(problem, fits):
    """Start networks again that fit worse than a part; return solves, networks that stay worse, and the worst difference."""
    solves, violations, worst = 0, 0, 0.0
    top = max(fit.penalised for fit in fits.values())
    for mask in sorted(fits, key=int.bit_count):
        parts = [p for j in range(problem.n) if (p := mask & ~(1 << j)) != mask and p in fits]
        if not parts:
            continue
        best = fits[max(parts, key=lambda p: fits[p].penalised)]
        if not np.isfinite(best.penalised):
            continue
        slack = nesting_slack(top - best.penalised)
        if fits[mask].penalised < best.penalised - slack:
            again = fit_map(problem, problem.active(mask), _nested_starts(problem, mask, best))
            solves += again.n_solves
            if again.penalised > fits[mask].penalised:
                fits[mask] = again
        # a log-normal rate cannot be zero: a network with it does not hold the one without
        below = best.penalised - fits[mask].penalised
        new = mask & ~sum(1 << int(j) for j in best.active)
        if not problem.prior.log[problem.active(new)].any():
            worst = max(worst, below - slack + NESTING)
            violations += below > slack
    return solves, int(violations), float(worst)


def _nested_starts(problem, mask, part):
    """The rates of a part, with the new ones at zero first."""
    first, second = _starts(problem, mask, part)
    active = problem.active(mask)
    new = ~np.isin(active, part.active) & ~problem.prior.log[active]
    return [np.where(new, problem.lower[active], first), first, second]
