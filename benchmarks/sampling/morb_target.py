"""The posterior of case A of the MORB study as compiled functions of many points, for samplers of other packages.

`Target` holds the melt fractions alone (the source integrated out) or melt fractions and source together, both from the same
table of the melting equations as `lib.melting.sample`, so that only samplers differ.  Peers start near the mode: from the
normal approximation there, whose cost is not counted.
"""

import math

import numpy as np
from numba import njit
from scipy import optimize

from lib.melting import joint, joint_kernels


# not cached on disk: Numba looks a cached function up by the name of its module, and a script's neighbour has none elsewhere
@njit(error_model="numpy")
def collapsed(flat, table, u_lo, step, y, w, mu, tau2, theta, out):
    """Fill ``out`` (k, 2) with log-likelihood, the source integrated out, and log-prior of ``theta`` = ln F (k, m).

    ``y`` and ``w`` (m, n) are ln ppm and precisions, ``mu`` and ``tau2`` (n,) mean and variance of the prior of ln C0.
    Constants are left out.
    """
    m, n = y.shape
    total, s, q = np.zeros(n), np.empty(n), np.empty(n)
    for i in range(m):
        total += w[i]
    u_hi = u_lo + step * (table.shape[0] - 1)
    for o in range(theta.shape[0]):
        s[:], q[:] = 0.0, 0.0
        value, prior = 0.0, 0.0
        for i in range(m):
            u = theta[o, i]
            if not u_lo < u < u_hi:
                prior = -np.inf
                break
            prior += u if flat else 0.0
            t = (u - u_lo) / step
            k = min(int(t), table.shape[0] - 2)
            t -= k
            for j in range(n):
                low, low_slope, high, high_slope = table[k, j, 0], table[k, j, 1], table[k + 1, j, 0], table[k + 1, j, 1]
                rise = high - low
                bend = (low_slope - rise) * (1.0 - t) - (high_slope - rise) * t
                r = y[i, j] - low - t * (rise + (1.0 - t) * bend)
                s[j] += w[i, j] * r
                q[j] += w[i, j] * r * r
        if prior > -np.inf:
            for j in range(n):
                mean = s[j] / total[j]
                value -= 0.5 * (q[j] - s[j] * mean + (mean - mu[j]) ** 2 / (tau2[j] + 1.0 / total[j]))
        out[o, 0] = value if prior > -np.inf else -np.inf
        out[o, 1] = prior


class Target:
    """Compiled log-density of a melting posterior with logarithmic noise and a wide source prior.

    Parameters
    ----------
    posterior : lib.melting.Posterior
        The plain model: complete data, flat or log-uniform prior of F.
    with_source : bool
        Whether ln C0 (n) follows ln F (m) among the parameters.

    Attributes
    ----------
    d, m : int
        Numbers of parameters and of samples.
    n : int
        Points computed so far.
    """

    def __init__(self, posterior, with_source):
        linear, *self.arguments = joint.arguments(posterior)
        self.posterior, self.linear, self.with_source, self.n = posterior, linear, with_source, 0
        self.m, n = posterior.data.shape
        self.d = self.m + n * with_source

    def both(self, points):
        """Log-likelihood and log-prior of points (k, d), as columns (k, 2)."""
        points = np.ascontiguousarray(np.atleast_2d(points))
        out = np.empty((len(points), 2))
        self.n += len(points)
        if self.with_source:
            joint_kernels.many(self.linear, *self.arguments, points, out)
        else:
            collapsed(*self.arguments, points, out)
        return out

    def log_density(self, points):
        """Log-posterior of points (k, d), not normalised, shape (k,)."""
        return self.both(points).sum(axis=1)

    def likelihood(self, points):
        """Log-likelihood without -inf, shape (k,)."""
        return np.maximum(self.both(points)[:, 0], -1e300)

    def prior(self, points):
        """Log-prior, shape (k,); not counted."""
        n, value = self.n, self.both(points)[:, 1]
        self.n = n
        return value

    def transform(self, unit):
        """Points of the unit cube (..., m) as ln F drawn from the prior (source integrated out only)."""
        prior = self.posterior.prior_f
        if prior.kind == "flat":
            return np.log(prior.low + (prior.high - prior.low) * unit)
        return np.log(prior.low) + np.log(prior.high / prior.low) * unit

    def level(self, points):
        """Mean of ln F over the samples, of points (..., d)."""
        return points[..., : self.m].mean(axis=-1)

    def source_given(self, rng, u):
        """Draws of ln C0 (k, n) from its exact conditional given ln F (k, m)."""
        _, _, _, _, y, w, mu, tau2 = self.arguments
        g = self.posterior.enrichment(np.exp(u).ravel()).reshape(*u.shape, -1)
        variance = 1 / (w.sum(axis=0) + 1 / tau2)
        mean = variance * (((y - g) * w).sum(axis=1) + mu / tau2)
        return mean + np.sqrt(variance) * rng.standard_normal(mean.shape)

    def use_start(self, centre, covariance):
        """Let `start` draw from this normal distribution of ln F."""
        self.centre, self.root = centre, np.linalg.cholesky(covariance)

    def start(self, rng, n):
        """Draws near the mode (n, d): ln F from the normal approximation, ln C0 given them."""
        u = np.empty((0, self.m))
        while len(u) < n:
            more = self.centre + rng.standard_normal((2 * n, self.m)) @ self.root.T
            u = np.concatenate([u, more[np.all(np.abs(more - np.mean(self.bounds)) < np.ptp(self.bounds) / 2, axis=1)]])
        u = u[:n]
        return np.hstack([u, self.source_given(rng, u)]) if self.with_source else u

    @property
    def bounds(self):
        """Bounds of ln F."""
        return np.log([self.posterior.prior_f.low, self.posterior.prior_f.high])


def mode(target):
    """Mode of ln F (m,) with the source integrated out, and the covariance (m, m) of the normal approximation there."""
    low, high = target.bounds
    start = np.full(target.m, 0.5 * (low + high))

    def falls(u):
        return -target.log_density(np.clip(u, low + 1e-6, high - 1e-6))

    def slope(u, h=1e-5):
        shifts = h * np.eye(target.m)
        return (falls(u + shifts) - falls(u - shifts)) / (2 * h)

    best = optimize.minimize(lambda u: falls(u)[0], start, jac=slope, bounds=[(low + 1e-4, high - 1e-4)] * target.m).x
    h = 0.02  # a few nodes of the table, whose second derivative jumps at each
    shifts = h * np.eye(target.m)
    curvature = np.array([(slope(best + s) - slope(best - s)) / (2 * h) for s in shifts])
    return best, np.linalg.inv(0.5 * (curvature + curvature.T))


def reference(target, rng, n=100_000):
    """Mean and sd of the level by importance sampling from a Student t around the mode, and the effective number of draws.

    A route of its own: no Markov chain.
    """
    freedom = 8.0
    stretch = np.sqrt(freedom / rng.chisquare(freedom, n))[:, None]
    z = rng.standard_normal((n, target.m)) * stretch
    weight = target.log_density(target.centre + z @ target.root.T)
    weight += 0.5 * (freedom + target.m) * np.log1p((z**2).sum(axis=1) / freedom)
    weight = np.exp(weight - weight.max())
    weight /= weight.sum()
    level = target.level(target.centre + z @ target.root.T)
    mean = weight @ level
    return float(mean), math.sqrt(weight @ (level - mean) ** 2), 1 / float(weight @ weight)
