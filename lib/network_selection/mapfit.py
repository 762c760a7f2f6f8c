"""Most probable rate constants of one network: bounded Levenberg-Marquardt with the simulator's own sensitivities."""

from __future__ import annotations

import dataclasses

import numpy as np

__all__ = ["MapFit", "fit_map"]

#: A step that promises less than this, in nats, is not made: well below the Monte-Carlo error of any evidence.
PROMISE = 1e-3
#: Below this promise a step that fails is the simulator's own error, and ends the search.
NOISE = 0.02
MOST_STEPS = 60
#: Longest step of a logarithmic coordinate.
LONGEST = 2.0


@dataclasses.dataclass(frozen=True, eq=False)
class MapFit:
    """The most probable rates of one network.

    Parameters
    ----------
    active : ndarray of int, shape (p,)
        Candidates that run.
    x : ndarray, shape (p,)
        Coordinates of their priors.
    k : ndarray, shape (n,)
        Rate constants, zero for the others.
    log_likelihood : float
        Log likelihood there; -inf where the simulator failed from all starts.
    penalised : float
        Log likelihood minus sum ((x - centre) / width)^2 / 2: never less for a network that has more reactions.
    gradient : ndarray, shape (p,)
        Gradient of the negative log posterior in x.
    hessian : ndarray, shape (p, p)
        Gauss-Newton Hessian of it.
    n_solves : int
        Simulations with derivatives that it took.
    converged : bool
        Whether the search ended by itself.
    """

    active: np.ndarray
    x: np.ndarray
    k: np.ndarray
    log_likelihood: float
    penalised: float
    gradient: np.ndarray
    hessian: np.ndarray
    n_solves: int
    converged: bool


def fit_map(problem, active, starts):
    """Find the most probable rate constants of a network.

    Parameters
    ----------
    problem : SelectionProblem
        Data, simulator, priors.
    active : ndarray of int, shape (p,)
        Candidates that run.
    starts : sequence of ndarray, shape (p,)
        Rate constants to start from; the best end is kept.

    Returns
    -------
    MapFit
        The best of the fits; `n_solves` counts all of them.
    """
    fits = []
    for start in starts:
        fits.append(_climb(problem, active, np.asarray(start, dtype=float)))
        if not len(active):
            break
    best = max(fits, key=lambda fit: fit.penalised)
    return dataclasses.replace(best, n_solves=sum(fit.n_solves for fit in fits))


def _evaluate(problem, active, x):
    """Log likelihood, penalised value, gradient, Hessian at coordinates; the value is -inf where the simulator fails."""
    from lib.kinetics import StepFailure

    prior = problem.prior
    k = np.zeros(problem.n)
    k[active], slope = prior.rates(x, active)
    try:
        prediction, jacobian = problem.linearise(k, active)
    except StepFailure:
        return k, -np.inf, -np.inf, None, None
    value, gradient, hessian = problem.errors.curvature(prediction, jacobian * slope)
    width = prior.width[active]
    z = (x - prior.centre[active]) / width
    hessian[np.diag_indices_from(hessian)] += 1.0 / width**2
    return k, value, value - 0.5 * float(z @ z), gradient + z / width, hessian


def _step(x, bound, gradient, hessian, damping):
    """Step of the damped quadratic that stays above the bound: what would cross it goes to it, the rest is solved again."""
    p = x.size
    held = (x <= bound) & (gradient >= 0)
    step = np.zeros(p)
    damped = hessian + np.diag(damping * np.diag(hessian))
    for _ in range(p + 1):
        free = np.flatnonzero(~held)
        if not free.size:
            break
        right = -gradient[free] - damped[np.ix_(free, np.flatnonzero(held))] @ step[held]
        step[free] = np.linalg.solve(damped[np.ix_(free, free)], right)
        crossing = free[x[free] + step[free] < bound[free]]
        if not crossing.size:
            break
        held[crossing] = True
        step[crossing] = bound[crossing] - x[crossing]
    return step


def _climb(problem, active, start):
    """Climb from one start."""
    prior = problem.prior
    bound, log = prior.bound[active], prior.log[active]
    x = np.maximum(prior.coordinates(_full(problem.n, active, start))[active], bound)
    k, value, penalised, gradient, hessian = _evaluate(problem, active, x)
    n_solves, converged, damping = 1, False, 1e-3
    if not np.isfinite(penalised):
        p = len(active)
        return MapFit(active, x, k, -np.inf, -np.inf, np.zeros(p), np.eye(p), n_solves, False)
    for _ in range(MOST_STEPS):
        step = _step(x, bound, gradient, hessian, damping)
        if log.any():
            step[log] = np.clip(step[log], -LONGEST, LONGEST)
        promise = -float(gradient @ step + 0.5 * step @ hessian @ step)
        if promise < PROMISE:
            converged = True
            break
        new = _evaluate(problem, active, np.maximum(x + step, bound))
        n_solves += 1
        gain = new[2] - penalised
        if gain > 0:
            x = np.maximum(x + step, bound)
            k, value, penalised, gradient, hessian = new
            ratio = gain / promise
            damping *= 0.1 if ratio > 0.75 else (0.5 if ratio > 0.25 else 3.0)
            damping = max(damping, 1e-9)
        elif promise < NOISE:
            converged = True
            break
        else:
            damping = max(damping, 1e-4) * 8.0
            if damping > 1e9:
                break
    return MapFit(active, x, k, value, penalised, gradient, hessian, n_solves, converged)


def _full(n, active, values):
    full = np.ones(n)
    full[active] = values
    return full
