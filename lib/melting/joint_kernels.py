"""Compiled samplers of melt fractions and source together, which the study compares with the collapsed one.

They walk in theta = (ln F_1..m, ln C0_1..n) and look up the same tables.  Like `collapsed_kernels`, this file calls compiled
functions of no other file (see there why).  ``budget`` counts evaluations of the whole likelihood.
"""

import math

import numpy as np
from numba import njit


@njit(cache=True, error_model="numpy")
def fill(table, u_lo, step, u, out):
    """Fill ``out`` (n,) with the tabulated function of every element at ln F = u."""
    t = (u - u_lo) / step
    k = min(max(int(t), 0), table.shape[0] - 2)
    t -= k
    for j in range(out.size):
        v0, d0, v1, d1 = table[k, j, 0], table[k, j, 1], table[k + 1, j, 0], table[k + 1, j, 1]
        c = v1 - v0
        e = d0 - c
        out[j] = v0 + t * (c + (1.0 - t) * (e * (1.0 - t) - (d1 - c) * t))


@njit(cache=True, error_model="numpy")
def row_likelihood(linear, y, w, g, c):
    """Return the log-likelihood of one sample from its tabulated row g and ln C0 = c, without normalisation."""
    total = 0.0
    for j in range(c.size):
        r = y[j] - (math.exp(c[j]) * g[j] if linear else c[j] + g[j])
        total -= 0.5 * w[j] * r * r
    return total


@njit(cache=True, error_model="numpy")
def log_likelihood(linear, table, u_lo, step, y, w, theta, g):
    """Return the log-likelihood of theta; fills the rows g (m, n)."""
    m = y.shape[0]
    total = 0.0
    for i in range(m):
        fill(table, u_lo, step, theta[i], g[i])
        total += row_likelihood(linear, y[i], w[i], g[i], theta[m:])
    return total


@njit(cache=True, error_model="numpy")
def log_prior(flat, u_lo, u_hi, mu, tau2, m, theta):
    """Return the log prior density of theta = (ln F, ln C0), not normalised."""
    total = 0.0
    for i in range(m):
        if not u_lo < theta[i] < u_hi:
            return -np.inf
        if flat:
            total += theta[i]
    for j in range(mu.size):
        total -= 0.5 * (theta[m + j] - mu[j]) ** 2 / tau2[j]
    return total


@njit(cache=True, error_model="numpy")
def many(linear, flat, table, u_lo, step, y, w, mu, tau2, theta, out):
    """Fill ``out`` (k, 2) with log-likelihood and log-prior of many theta (k, m + n)."""
    m = y.shape[0]
    g = np.empty(y.shape)
    u_hi = u_lo + step * (table.shape[0] - 1)
    for k in range(theta.shape[0]):
        out[k, 1] = log_prior(flat, u_lo, u_hi, mu, tau2, m, theta[k])
        out[k, 0] = log_likelihood(linear, table, u_lo, step, y, w, theta[k], g) if out[k, 1] > -np.inf else -np.inf


@njit(cache=True, error_model="numpy")
def block(linear, flat, table, u_lo, step, y, w, mu, tau2, rng, theta, learn, levels, values):
    """Metropolis steps of all unknowns at once: isotropic, or with ``learn`` with the covariance so far (Haario).

    The covariance is used after a fifth of the budget (nine steps in ten), so that the way down does not set it.

    Fills mean ln F (budget,) and log-likelihood (budget,); the step size adapts in the first half.
    """
    m, d = y.shape[0], theta.size
    budget = levels.size
    g = np.empty(y.shape)
    u_hi = u_lo + step * (table.shape[0] - 1)
    ll, lp = log_likelihood(linear, table, u_lo, step, y, w, theta, g), 0.0
    lp = log_prior(flat, u_lo, u_hi, mu, tau2, m, theta)
    size, mean, cov = math.log(0.05), theta.copy(), np.eye(d) * 0.01
    root = np.eye(d)
    learn_from, shaped = budget // 5, math.log(2.38 / math.sqrt(d))
    for t in range(budget):
        plain = not learn or t < learn_from or rng.random() < 0.1
        z = rng.standard_normal(d)
        new = theta + (math.exp(size) * z if plain else math.exp(shaped) * np.dot(root, z))
        new_lp = log_prior(flat, u_lo, u_hi, mu, tau2, m, new)
        accepted = False
        if new_lp > -np.inf:
            new_ll = log_likelihood(linear, table, u_lo, step, y, w, new, g)
            accepted = math.log(1.0 - rng.random()) < new_ll + new_lp - ll - lp
            if accepted:
                theta[:], ll, lp = new, new_ll, new_lp
        if t < budget // 2:
            step_by = ((1.0 if accepted else 0.0) - 0.234) * (t + 5.0) ** -0.5
            if plain:
                size += step_by
            else:
                shaped += step_by
            if learn and t >= learn_from // 2:
                if t == learn_from // 2:
                    mean[:] = theta
                gain = (t - learn_from // 2 + 50.0) ** -0.7
                dev = theta - mean
                mean += gain * dev
                cov += gain * (np.outer(dev, dev) - cov)
                if t >= learn_from and t % 100 == 0:
                    for k in range(d):
                        cov[k, k] += 1e-10
                    root = np.linalg.cholesky(cov)
        levels[t] = theta[:m].mean()
        values[t] = ll


@njit(cache=True, error_model="numpy")
def one_turn(linear, flat, table, u_lo, step, y, w, mu, tau2, rng, theta, g, rows, size, gain, beta, scale):
    """Single-site steps of every unknown, and the scale move; returns the log-likelihood.

    ``rows`` (m,) holds the log-likelihood of every sample; ``size`` (m + n + 1,) the step sizes.
    """
    m, n = y.shape
    u_hi = u_lo + step * (table.shape[0] - 1)
    row = np.empty(n)
    for i in range(m):
        u = theta[i] + size[i] * rng.standard_normal()
        ok = False
        if u_lo < u < u_hi:
            fill(table, u_lo, step, u, row)
            value = row_likelihood(linear, y[i], w[i], row, theta[m:])
            ok = math.log(1.0 - rng.random()) < beta * (value - rows[i]) + (u - theta[i] if flat else 0.0)
            if ok:
                theta[i], rows[i], g[i] = u, value, row
        size[i] *= math.exp(gain * ((1.0 if ok else 0.0) - 0.44))
    for j in range(n):
        old = theta[m + j]
        new = old + size[m + j] * rng.standard_normal()
        a, b = (math.exp(old), math.exp(new)) if linear else (old, new)
        change = 0.0
        for i in range(m):
            if linear:
                r0, r1 = y[i, j] - a * g[i, j], y[i, j] - b * g[i, j]
            else:
                r0, r1 = y[i, j] - a - g[i, j], y[i, j] - b - g[i, j]
            change += 0.5 * w[i, j] * (r0 - r1) * (r0 + r1)
        prior = 0.5 * (old - new) * (old + new - 2 * mu[j]) / tau2[j]
        ok = math.log(1.0 - rng.random()) < beta * change + prior
        if ok:
            theta[m + j] = new
        size[m + j] *= math.exp(gain * ((1.0 if ok else 0.0) - 0.44))
    for i in range(m):
        rows[i] = row_likelihood(linear, y[i], w[i], g[i], theta[m:])
    total = rows.sum()
    if scale:
        e = size[m + n] * rng.standard_normal()
        new_theta = theta + e
        prior = log_prior(flat, u_lo, u_hi, mu, tau2, m, new_theta)
        ok = False
        if prior > -np.inf:
            new_g = np.empty((m, n))
            value = log_likelihood(linear, table, u_lo, step, y, w, new_theta, new_g)
            prior -= log_prior(flat, u_lo, u_hi, mu, tau2, m, theta)
            ok = math.log(1.0 - rng.random()) < beta * (value - total) + prior
            if ok:
                theta[:], g[:, :], total = new_theta, new_g, value
                for i in range(m):
                    rows[i] = row_likelihood(linear, y[i], w[i], g[i], theta[m:])
        size[m + n] *= math.exp(gain * ((1.0 if ok else 0.0) - 0.44))
    return total


@njit(cache=True, error_model="numpy")
def sites(linear, flat, table, u_lo, step, y, w, mu, tau2, rng, thetas, betas, scale, levels, values):
    """Single-site sampler at every inverse temperature of a ladder, with swaps of neighbours (one level: no swaps).

    Fills mean ln F and log-likelihood at inverse temperature 1 after every turn; ``thetas`` (k, m + n) are the starts,
    coldest first.  A turn costs 2 (with the scale move 3) evaluations a level; steps adapt in the first half.
    """
    m, n = y.shape
    k = betas.size
    turns = levels.size
    size = np.full((k, m + n + 1), 0.1)
    g, rows, ll = np.empty((k, m, n)), np.empty((k, m)), np.empty(k)
    where = np.arange(k)  # state that sits at each temperature
    for o in range(k):
        log_likelihood(linear, table, u_lo, step, y, w, thetas[o], g[o])
        for i in range(m):
            rows[o, i] = row_likelihood(linear, y[i], w[i], g[o, i], thetas[o, m:])
    swaps = 0
    for t in range(turns):
        gain = (t + 3.0) ** -0.6 if t < turns // 2 else 0.0
        for o in range(k):
            s = where[o]
            ll[o] = one_turn(
                linear, flat, table, u_lo, step, y, w, mu, tau2, rng, thetas[s], g[s], rows[s], size[o], gain, betas[o], scale
            )
        for o in range(t % 2, k - 1, 2):
            if math.log(1.0 - rng.random()) < (betas[o] - betas[o + 1]) * (ll[o + 1] - ll[o]):
                where[o], where[o + 1] = where[o + 1], where[o]
                ll[o], ll[o + 1] = ll[o + 1], ll[o]
                swaps += 1
        levels[t] = thetas[where[0], :m].mean()
        values[t] = ll[0]
    return swaps
