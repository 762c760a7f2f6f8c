"""Compiled replica exchange, for likelihoods compiled by Numba; with one replica it is a Metropolis sampler.

The user's functions enter as typed function pointers, not as dispatchers: Numba's disk cache would take every new process's
dispatcher for a new type, compile again (2.6 s against 0.3 s) and leave one more file behind each time.  The pointers are
also safe when the user's code changes: the cached sampler holds none of it.

All compiled code of the package is in this file, because that cache does not see a change of a callee in another file.
"""

import numpy as np
from numba import njit, typeof, types

__all__ = ["exchange_kernel", "flat_prior", "no_move", "pointers"]

WALK, SITE, USER = 0, 1, 2
BAD_LIKELIHOOD, BAD_MOVE = 1, 2


@njit(cache=True)
def flat_prior(theta, args):
    """Zero: bounds alone."""
    return 0.0


@njit(cache=True)
def no_move(rng, theta, log_likelihood, log_prior, beta, scale, args):
    """Stands where no move of the user's is given."""
    return log_likelihood, log_prior, 0.0, 0.0, 0.0


@njit(cache=True, nogil=True)
def _exchange(
    log_likelihood, log_prior, move, args, rng, kind, n_local, theta, ll, lp, walker, betas, factor, scale, log_step, gain,
    target, bounds, prior_block, first, thin, draws, kept_ll, position, accepted, proposed, swap, moments,
):  # fmt: skip
    """Run len(prior_block) sweeps in place; return (error code, likelihood evaluations)."""
    n_levels, d = theta.shape
    new = np.empty(d)
    noise = np.empty(d)
    evaluations = 0
    for t in range(prior_block.shape[0]):
        weight = gain * (t + 1.0) ** -0.6
        for k in range(n_levels):
            beta = betas[k]
            if beta == 0.0:  # the last replica: an independent draw from the prior
                theta[k] = prior_block[t]
                lp[k] = log_prior(theta[k], args)
                ll[k] = log_likelihood(theta[k], args)
                evaluations += 1
                if not ll[k] < np.inf:
                    return BAD_LIKELIHOOD, evaluations
            elif kind == USER:
                result = move(rng, theta[k], ll[k], lp[k], beta, np.exp(log_step[k]) * scale[k], args)
                ll[k], lp[k] = result[0], result[1]
                accepted[k] += result[2]
                proposed[k] += result[3]
                evaluations += int(result[4])
                if not (-np.inf < ll[k] < np.inf):
                    return BAD_MOVE, evaluations
                if result[3] > 0:
                    log_step[k] += weight * (result[2] / result[3] - target)
            else:
                for local in range(n_local * (d if kind == SITE else 1)):
                    step = np.exp(log_step[k])
                    new[:] = theta[k]
                    if kind == SITE:
                        new[local % d] += step * scale[k, local % d] * rng.standard_normal()
                    else:
                        for i in range(d):
                            noise[i] = rng.standard_normal()
                        for i in range(d):
                            for j in range(i + 1):
                                new[i] += step * factor[k, i, j] * noise[j]
                    inside = True
                    for i in range(d):
                        if new[i] < bounds[i, 0] or new[i] > bounds[i, 1]:
                            inside = False
                    chance = 0.0
                    if inside:
                        new_lp = log_prior(new, args)
                        if new_lp > -np.inf:
                            new_ll = log_likelihood(new, args)
                            evaluations += 1
                            if not new_ll < np.inf:
                                theta[k] = new
                                return BAD_LIKELIHOOD, evaluations
                            chance = np.exp(min(0.0, beta * (new_ll - ll[k]) + new_lp - lp[k]))
                            if rng.random() < chance:
                                theta[k] = new
                                ll[k], lp[k] = new_ll, new_lp
                                accepted[k] += 1
                    proposed[k] += 1
                    log_step[k] += weight * (chance - target)
        # non-reversible exchange: even pairs in even sweeps, odd pairs in odd ones
        for k in range(n_levels - 1):
            chance = 0.0
            if ll[k + 1] > -np.inf:
                chance = np.exp(min(0.0, (betas[k] - betas[k + 1]) * (ll[k + 1] - ll[k])))
            swap[k] += chance
        for k in range((first + t) % 2, n_levels - 1, 2):
            if ll[k + 1] > -np.inf and np.log(rng.random()) < (betas[k] - betas[k + 1]) * (ll[k + 1] - ll[k]):
                for i in range(d):
                    theta[k, i], theta[k + 1, i] = theta[k + 1, i], theta[k, i]
                ll[k], ll[k + 1] = ll[k + 1], ll[k]
                lp[k], lp[k + 1] = lp[k + 1], lp[k]
                walker[k], walker[k + 1] = walker[k + 1], walker[k]
        if moments.shape[0] > 0:
            for k in range(n_levels):
                for i in range(d):
                    u = theta[k, i] - moments[k, d + 1, i]
                    moments[k, d, i] += u
                    for j in range(i + 1):
                        moments[k, i, j] += u * (theta[k, j] - moments[k, d + 1, j])
        if (t + 1) % thin == 0:
            kept = (t + 1) // thin - 1
            draws[kept] = theta[0]
            kept_ll[kept] = ll
        position[t] = walker
    return 0, evaluations


def pointers(problem, move):
    """The three functions of a compiled problem, compiled for its arguments.

    Parameters
    ----------
    problem : lib.sampling.Problem
        A compiled one.
    move : numba function or None

    Returns
    -------
    functions : tuple of three compiled functions
    kinds : tuple of three numba function types
    """
    theta, extra = types.float64[::1], typeof(problem.args)
    plain = types.float64(theta, extra)
    moving = types.UniTuple(types.float64, 5)(
        typeof(np.random.default_rng(0)), theta, types.float64, types.float64, types.float64, theta, extra
    )
    functions = (problem.log_likelihood, problem.log_prior or flat_prior, move or no_move)
    signatures = (plain, plain, moving)
    for function, signature in zip(functions, signatures, strict=True):
        if signature.args not in function.overloads:
            function.compile(signature)
        if function.overloads[signature.args].signature.return_type != signature.return_type:
            raise TypeError(
                f"{function.__name__} returns {function.overloads[signature.args].signature.return_type}: expected "
                f"{signature.return_type} (return floats in every branch)"
            )
    return functions, tuple(types.FunctionType(signature) for signature in signatures)


def exchange_kernel(functions, kinds, args, rng, *rest):
    """Run the compiled sampler; see `_exchange` for the arguments.

    Parameters
    ----------
    functions, kinds : tuple
        From `pointers`.
    args : object
        Second argument of the likelihood.
    rng : numpy.random.Generator
    *rest : arrays and numbers

    Returns
    -------
    error, evaluations : int
    """
    signature = (*kinds, typeof(args), typeof(rng), *(typeof(x) for x in rest))
    if signature not in _exchange.overloads:
        _exchange.disable_compile(False)
        _exchange.compile(signature)
        _exchange.disable_compile()  # else a call would compile for the dispatchers instead of using the pointers
    return _exchange(*functions, args, rng, *rest)
