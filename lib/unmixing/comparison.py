"""Two sides, one analysis: what the analysis sees in observed samples, with its uncertainty, and in those of a model."""

from __future__ import annotations

import numpy as np

from lib.composition import clr, helmert_basis
from lib.tasks import spawn

from .factors import Factors, match
from .revision import ForwardModel

#: Probabilities at which the scores are compared.
PROBABILITIES = (0.05, 0.25, 0.5, 0.75, 0.95)


class Comparison:
    """Both sides of the comparison: the observed features with their uncertainty, and the features of a model.

    A feature vector holds the K directions in ilr coordinates (length = one standard deviation of the score), the quantiles of
    the K scores, and the logarithm of the root mean square residual outside the components.

    Parameters
    ----------
    x : array, shape (N, D)
        Observed compositions, positive.
    n_components : int
        K.
    analysis : callable
        ``analysis(x, n_components) -> Factors``, the same for both sides.
    n_bootstrap : int
        Resamplings of the observed samples.
    n_replicates : int
        Artificial data sets a model, averaged.
    level : float
        Level of the cones, 0-1.
    seed : int
        Of the bootstrap and of the artificial data.
    """

    def __init__(self, x, n_components, analysis, n_bootstrap, n_replicates, level, seed):
        self.x, self.analysis = x, analysis
        self.basis = helmert_basis(x.shape[1])
        boot, *replicates = np.random.SeedSequence(seed).spawn(1 + n_replicates)
        self.replicates = replicates
        self.observed = analysis(x, n_components)
        self.target, _ = self.features(x, self.observed)
        draws, angles = [], []
        for rng in spawn(boot, n_bootstrap):
            sample = x[rng.integers(len(x), size=len(x))]
            one, pairs = self.features(sample, analysis(sample, n_components))
            draws.append(one)
            angles.append(pairs.angle_deg)
        # the artificial side scatters too, less so the more replicates are averaged
        self.sd = np.sqrt(np.var(draws, axis=0, ddof=1) * (1 + 1 / n_replicates)) + 1e-6
        self.cone_deg = np.quantile(angles, level, axis=0)
        self.n_simulations = 0

    def features(self, x, found: Factors):
        """What the analysis of some samples shows, in the order and with the signs of the observed components.

        Parameters
        ----------
        x : array, shape (M, D)
            Samples.
        found : Factors
            Their components.

        Returns
        -------
        array, shape (F,)
            Features.
        Match
            Pairing with the observed directions.
        """
        pairs = match(found.directions, self.observed.directions)
        scores = found.scores[:, pairs.order] * pairs.sign
        rest = np.log(np.sqrt(np.mean(outside(x, found) ** 2)) + 1e-12)
        directions = pairs.apply(found.directions) @ self.basis
        return np.concatenate([directions.ravel(), np.quantile(scores, PROBABILITIES, axis=0).T.ravel(), [rest]]), pairs

    def simulated(self, model: ForwardModel):
        """Mean features of a model over the replicates; every model sees the same random numbers.

        Parameters
        ----------
        model : ForwardModel
            What makes the samples.

        Returns
        -------
        array, shape (F,)
            Features.
        """
        total = 0.0
        for stream in self.replicates:
            made = model.simulate(len(self.x), np.random.default_rng(stream), self.x)
            total = total + self.features(made.x, self.analysis(made.x, self.observed.n_components))[0]
        self.n_simulations += len(self.replicates)
        return total / len(self.replicates)

    def misfit(self, features):
        """Differences of simulated and observed features in units of their uncertainty.

        Parameters
        ----------
        features : array, shape (F,)
            From `simulated`.

        Returns
        -------
        array, shape (F,)
            About 1 in size where the model is right.
        """
        return (features - self.target) / self.sd

    def directions(self, features):
        """Directions in a vector of features.

        Parameters
        ----------
        features : array, shape (F,)
            From `simulated`.

        Returns
        -------
        array, shape (K, D)
            clr directions.
        """
        k, d = self.observed.directions.shape
        return features[: k * (d - 1)].reshape(k, d - 1) @ self.basis.T

    def angles(self, features):
        """Angles of simulated and observed directions.

        Parameters
        ----------
        features : array, shape (F,)
            From `simulated`.

        Returns
        -------
        array, shape (K,)
            Degrees.
        """
        a, b = self.directions(features), self.observed.directions
        cosine = np.abs((a * b).sum(axis=1)) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)
        return np.degrees(np.arccos(np.minimum(cosine, 1)))


def outside(x, found: Factors) -> np.ndarray:
    """Part of the clr coordinates that the components leave.

    Parameters
    ----------
    x : array, shape (N, D)
        Samples.
    found : Factors
        Their components.

    Returns
    -------
    array, shape (N, D)
        clr residual.
    """
    y = clr(x)
    y = y - y.mean(axis=0)
    axes = np.linalg.svd(found.directions, full_matrices=False)[2]
    return y - y @ axes.T @ axes
