"""Algorithm S written plainly with NumPy and SciPy: dense covariances, a general minimiser from every start.

Same objective, same starts, same rules for refit and noise scale as `lib.isocon.sparse`; nothing is shared with it but the
data class.  Complete data only.
"""

import numpy as np
from scipy import optimize, stats


def fit(data, *, estimate_scale=None, tuning=1.5, counts=None):
    """Return (m, immobile set, noise scale) of `IsoconData`; ``counts`` are multiplicities of a bootstrap."""
    rows = np.arange(data.shape[0]) if counts is None else np.repeat(np.arange(data.shape[0]), counts)
    x = data.log_ratio[rows]
    n_elements, n_samples = x.shape
    precision = np.array(
        [
            np.linalg.inv(np.diag(a**2) + s**2)
            for a, s in zip(data.sigma_altered[rows], data.sigma_protolith[rows], strict=True)
        ]
    )
    if estimate_scale is None:
        estimate_scale = n_elements >= 20

    def distances(m):
        u = x - m
        return np.einsum("in,inm,im->i", u, precision, u)

    def weighted_mean(w):
        return np.linalg.solve(np.einsum("i,inm->nm", w, precision), np.einsum("i,inm,im->n", w, precision, x))

    def objective(m, c2):
        u = x - m
        pu = np.einsum("inm,im->in", precision, u)
        w = np.exp(-0.5 * np.einsum("in,in->i", u, pu) / c2)
        return np.sum(1 - w), -(w[:, None] * pu).sum(axis=0) / c2

    median = optimize.minimize(lambda m: np.sum(np.sqrt(distances(m) + 1e-6)), np.median(x, axis=0), method="L-BFGS-B").x
    starts = [median, *np.unique(x, axis=0)]
    cut = stats.chi2.ppf(0.99, n_samples)
    k = 1.0
    for _ in range(6):
        c2 = tuning**2 * k**2 * n_samples
        tries = [
            optimize.minimize(objective, s, args=(c2,), jac=True, method="L-BFGS-B", options={"ftol": 1e-15, "gtol": 1e-10})
            for s in starts
        ]  # fmt: skip
        m = min(tries, key=lambda t: t.fun).x
        members = None
        for _ in range(50):
            r2 = distances(m)
            new = r2 < k**2 * cut
            if new.sum() < 2:
                new = np.isin(np.arange(n_elements), np.argsort(r2)[: max(2, n_elements // 4)])
            if members is not None and np.array_equal(new, members):
                break
            members = new
            m = weighted_mean(members.astype(float))
        if not estimate_scale:
            break
        h = max(1, round(0.35 * n_elements))
        p = min(0.9, h / (members.sum() + 1))
        k2 = np.sort(distances(m))[h - 1] / stats.chi2.ppf(p, n_samples) * n_elements / (n_elements - 1)
        cells = h * n_samples
        new_k = np.clip(np.sqrt((6 + cells * k2) / (6 + cells)), 0.3, 2.0)
        if abs(new_k - k) < 0.02 * k:
            break
        k = new_k
    return m, np.unique(rows[members]), k


def bootstrap(data, n_draws, rng):
    """Isocon vectors of resampled elements, shape (n_draws, N)."""
    n = data.shape[0]
    counts = rng.multinomial(n, np.full(n, 1 / n), size=n_draws)
    return np.array([fit(data, counts=c)[0] for c in counts]), counts
