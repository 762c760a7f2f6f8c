"""Effective networks: a reaction that is allowed but cannot run is the same as one that is absent.

Without a source of brucite a reaction that consumes brucite changes nothing, and networks with and without it have the same
evidence.  They are one hypothesis, named by its shortest form.
"""

from __future__ import annotations

import numpy as np

__all__ = ["canonical_mask"]

#: A reaction counts as inert when its extent is below this part of the sum of all.
INERT = 1e-8
#: Rates at zero are lifted to this part of a typical value: what is merely not needed is not inert.
LIFT = 2e-3


def canonical_mask(problem, fit):
    """Return the mask of a network without its inert reactions.

    Parameters
    ----------
    problem : SelectionProblem
        With `flux`; without it nothing counts as inert.
    fit : MapFit
        Most probable rates of the network.

    Returns
    -------
    int
        Mask of the reactions that run, and of those that are always in.
    """
    from lib.kinetics import StepFailure

    mask = sum(1 << int(j) for j in fit.active)
    if problem.flux is None or not len(fit.active):
        return mask
    k = np.zeros(problem.n)
    k[fit.active] = np.maximum(fit.k, LIFT * problem.prior.typical)[fit.active]
    try:
        flux = np.abs(problem.flux(k, fit.active))
    except StepFailure:
        return mask
    runs = flux[fit.active] > INERT * flux.sum()
    return sum(1 << int(j) for j, r in zip(fit.active, runs, strict=True) if r or problem.always >> int(j) & 1)
