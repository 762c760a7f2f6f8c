"""Can independent components be told at all: tests of the scores against a normal distribution.

Any rotation of normal scores is as independent as any other, so the components of normal data have no meaning.  At most one
normal component can be borne: the others fix it.  ICA looks for what is least normal, and finds something in every sample;
the null distributions here are therefore those of scores that went through the same search.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from lib.tasks import spawn

from .factors import Factors, fit_factors
from .ica import random_rotation, rotate

__all__ = ["Gaussianity", "gaussianity"]

#: Normal samples that are searched by ICA have at most this size: the scaled departure hardly depends on it beyond.
NULL_SIZE = 500


@dataclass(frozen=True, eq=False)
class Gaussianity:
    """Departures of K scores from a normal distribution, and what may be named.

    Parameters
    ----------
    skewness, kurtosis : array, shape (K,)
        Skewness and excess kurtosis of each component; 0 for a normal one.
    skewness_interval, kurtosis_interval : array, shape (K, 2)
        95 % bootstrap intervals.
    mardia_skewness, mardia_kurtosis : float
        Multivariate skewness b1 and excess of kurtosis b2 - K (K + 2); independent of rotations.
    p_skewness, p_kurtosis : float
        Their p values (0-1), the second two-sided, against normal samples of the same size.
    p_component : array, shape (K,)
        p values (0-1) of each component being normal along with all that are more normal than it.
    level : float
        Level of the tests.
    """

    skewness: np.ndarray
    kurtosis: np.ndarray
    skewness_interval: np.ndarray
    kurtosis_interval: np.ndarray
    mardia_skewness: float
    mardia_kurtosis: float
    p_skewness: float
    p_kurtosis: float
    p_component: np.ndarray
    level: float

    @property
    def gaussian(self) -> bool:
        """Whether the scores cannot be told from normal ones, so that no component may be named."""
        return bool(min(self.p_skewness, self.p_kurtosis) > self.level / 2)

    @property
    def n_non_gaussian(self) -> int:
        """How many components are not normal."""
        return 0 if self.gaussian else int(np.sum(self.p_component <= self.level))

    @property
    def identifiable(self) -> np.ndarray:
        """Components that may be named, bool, shape (K,): the non-normal ones, and a normal one if it is the only one."""
        n_components = len(self.p_component)
        if self.n_non_gaussian >= n_components - 1 > 0:
            return np.ones(n_components, dtype=bool)
        return (self.p_component <= self.level) & (not self.gaussian)

    @property
    def message(self) -> str:
        """One sentence for the reader."""
        if self.gaussian:
            return (
                "not identifiable: the scores cannot be told from a normal distribution (Mardia skewness "
                f"p = {self.p_skewness:.2g}, kurtosis p = {self.p_kurtosis:.2g}), so independent components must not be "
                "named; use principal components or bring more samples"
            )
        if not self.identifiable.all():
            bad = ", ".join(str(k + 1) for k in np.flatnonzero(~self.identifiable))
            return f"components {bad} cannot be told from normal ones and are defined up to a rotation among themselves only"
        return f"{self.n_non_gaussian} of {len(self.p_component)} components are not normal: all are identifiable"

    def labels(self, prefix="IC") -> list[str]:
        """Names for figures, such as "IC1", or "IC2 (not identifiable)".

        Parameters
        ----------
        prefix : str
            What goes before the number.
        """
        return [f"{prefix}{k + 1}" + ("" if ok else " (not identifiable)") for k, ok in enumerate(self.identifiable)]

    def frame(self) -> pd.DataFrame:
        """One row a component: skewness and kurtosis with 95 % intervals, p value, identifiable."""
        return pd.DataFrame(
            {
                "component": np.arange(1, len(self.skewness) + 1),
                "skewness": self.skewness,
                "skewness_lo95": self.skewness_interval[:, 0],
                "skewness_hi95": self.skewness_interval[:, 1],
                "excess_kurtosis": self.kurtosis,
                "excess_kurtosis_lo95": self.kurtosis_interval[:, 0],
                "excess_kurtosis_hi95": self.kurtosis_interval[:, 1],
                "p_normal": self.p_component,
                "identifiable": self.identifiable,
            }
        )


def gaussianity(data, n_components=None, *, n_bootstrap=200, level=0.05, seed=1) -> Gaussianity:
    """Test whether components can be told from normal ones.

    Parameters
    ----------
    data : Factors, or array, shape (N, K) or (N, D)
        Components; or scores, N > K + 1, of any rotation; or, if `n_components` is given, positive compositions.
    n_components : int, optional
        Number of independent components to look for in compositions.
    n_bootstrap : int
        Resamples for the intervals and normal samples for the p values, at least 20.
    level : float
        Level of the tests (0-1).
    seed : int or numpy.random.SeedSequence
        For the resamples and the normal samples.

    Returns
    -------
    Gaussianity

    Raises
    ------
    ValueError
        Too few samples, scores that depend on each other, or fewer than 20 resamples.

    Notes
    -----
    The p values of components are sequential.  Sorted from the least normal, component j is held against the least normal
    component that ICA finds in normal samples of K - j + 1 dimensions (of 500 samples at most), and none gets a smaller p
    value than the one before it; the measure is N (skewness^2 / 6 + excess kurtosis^2 / 24).

    References
    ----------
    Mardia (1970) Biometrika 57, 519-530 (b1, b2); Nordhausen et al. (2017) Journal of Multivariate Analysis 157, 25-40 (number
    of non-normal components by simulation).
    """
    if n_bootstrap < 20:
        raise ValueError(f"n_bootstrap = {n_bootstrap}: expected 20 or more, for p values down to {level:g}")
    if n_components is not None:
        data = fit_factors(data, n_components, seed=seed)
    rotated = not isinstance(data, Factors) or data.method != "pca"
    scores = np.asarray(data.scores if isinstance(data, Factors) else data, dtype=float)
    if scores.ndim != 2 or len(scores) <= scores.shape[1] + 1 or not np.isfinite(scores).all():
        raise ValueError(
            f"scores have shape {scores.shape}: expected finite (n_samples, n_components) with n_samples > n_components + 1"
        )
    n_samples = len(scores)
    resampling, normal, search = spawn(seed, 3)
    white = _whitened(scores)
    skewness, kurtosis = _moments(scores)
    drawn = [_moments(scores[resampling.integers(n_samples, size=n_samples)]) for _ in range(n_bootstrap)]
    intervals = np.quantile(drawn, [0.025, 0.975], axis=0)  # (2 ends, 2 moments, K)

    b1, b2 = _mardia(white)
    null = np.array([_mardia(_whitened(normal.standard_normal(scores.shape))) for _ in range(n_bootstrap)])
    middle = np.median(null[:, 1])
    return Gaussianity(
        skewness=skewness,
        kurtosis=kurtosis,
        skewness_interval=intervals[:, 0].T,
        kurtosis_interval=intervals[:, 1].T,
        mardia_skewness=b1,
        mardia_kurtosis=b2,
        p_skewness=_p_value(null[:, 0], b1),
        p_kurtosis=_p_value(np.abs(null[:, 1] - middle), abs(b2 - middle)),
        p_component=_sequential(_departure(scores), n_samples, n_bootstrap, level, search, rotated),
        level=level,
    )


def _whitened(scores):
    centred = scores - scores.mean(axis=0)
    u, s, _ = np.linalg.svd(centred, full_matrices=False)
    if not s[-1] > 1e-10 * s[0]:
        raise ValueError("scores: the columns depend on each other; leave out those that are computed from the others")
    return u * np.sqrt(len(scores))


def _moments(scores):
    z = (scores - scores.mean(axis=0)) / scores.std(axis=0)
    square = z * z
    return np.mean(square * z, axis=0), np.mean(square * square, axis=0) - 3.0


def _mardia(white):
    """b1 from the tensor of third moments (the double sum over pairs of samples is the same), and b2 - K (K + 2)."""
    n_samples, k = white.shape
    pairs = (white[:, :, None] * white[:, None, :]).reshape(n_samples, k * k)
    b1 = np.sum((pairs.T @ white / n_samples) ** 2)
    return float(b1), float(np.mean(np.sum(white**2, axis=1) ** 2) - k * (k + 2))


def _departure(scores):
    skewness, kurtosis = _moments(scores)
    return len(scores) * (skewness**2 / 6 + kurtosis**2 / 24)


def _p_value(null, value):
    return float((1 + np.sum(null >= value)) / (1 + len(null)))


def _sequential(departure, n_samples, n_null, level, rng, rotated):
    """P value of each component, tested from the least normal one against the worst of normal samples of what is left."""
    order = np.argsort(-departure)
    p, running = np.empty(len(order)), 0.0
    for j, component in enumerate(order):
        if running <= level:  # once one is normal, so is all that is more normal
            left = len(order) - j
            worst = np.empty(n_null)
            for i in range(n_null):
                null = _whitened(rng.standard_normal((min(n_samples, NULL_SIZE), left)))
                if rotated and left > 1:
                    null = null @ rotate(null, random_rotation(left, rng), tolerance=0.01, max_iter=5).matrix.T
                worst[i] = _departure(null).max()
            running = max(running, _p_value(worst, departure[component]))
        p[component] = running
    return p
