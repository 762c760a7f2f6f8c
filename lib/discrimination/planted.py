"""Artificial grains whose true discriminant is exactly a logistic model of a few elements: the known answer of a search.

Each class is a normal cloud of log10 contents, all with one covariance, that of artificial monazites within a kind of rock.
Then the posterior of the class is a multinomial logistic function of the contents, with weights that are zero outside the
chosen elements.  The other elements differ between the classes too, because they vary together with the chosen ones, but add
nothing once these are known: a selection by single elements falls for them, a search over subsets must not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .kinds import CLASSES, within_covariance
from .lattice import ELEMENTS

_TRIES = 20_000  # grains on which the strength of the contrast is set
_JUDGED = 60_000  # grains on which the best possible accuracy and log-loss are stated


@dataclass(frozen=True, eq=False)
class Planted:
    """Grains with a planted discriminant.

    Parameters
    ----------
    grains : Grains
        The N grains, without groups.
    informative : tuple of str
        Elements that carry the class.
    classes : tuple of str
        The K classes.
    intercept : array, shape (K,)
        True intercepts of the logits, natural logarithm.
    coef : array, shape (K, 16)
        True weights on log10 ppm; zero outside `informative`; each column sums to zero.
    centre : array, shape (16,)
        log10 ppm; the mean of class k is ``centre + covariance @ coef[k]``.
    covariance : array, shape (16, 16)
        Of log10 ppm within every class.
    bayes_accuracy, bayes_log_loss : float
        Accuracy (0-1) and mean log-loss (nats) of the true model, which no other can better.
    bayes_log_loss_se : float
        Standard error of the stated log-loss (Monte Carlo).
    """

    grains: object
    informative: tuple[str, ...]
    classes: tuple[str, ...]
    intercept: np.ndarray
    coef: np.ndarray
    centre: np.ndarray
    covariance: np.ndarray
    bayes_accuracy: float
    bayes_log_loss: float
    bayes_log_loss_se: float

    def probabilities(self, x) -> np.ndarray:
        """True posterior probabilities.

        Parameters
        ----------
        x : array, shape (N, 16)
            log10 ppm in the order of `ELEMENTS`.

        Returns
        -------
        array, shape (N, K)
        """
        return _softmax(np.asarray(x) @ self.coef.T + self.intercept)


def plant(
    rng: np.random.Generator, n: int = 500, informative=("Eu", "Gd", "Yb"), *, accuracy: float = 0.96,
    correlation: float = 0.9, classes=CLASSES, prior=None,
) -> Planted:  # fmt: skip
    """Make grains whose class depends on a few elements only.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of random numbers.
    n : int
        Grains, 1 or more.
    informative : sequence of str
        Elements that carry the class, each as much as the others once these are known.
    accuracy : float
        Accuracy of the true model to aim at, between that of the commonest class and 1.
    correlation : float, 0-1
        Factor of all correlations within a class.  With 1, neighbours such as Tm and Yb (0.99) are the same to 500 grains, and
        no search can tell which of them was chosen; with 0.9 they are still close.
    classes : sequence of str
        Names of two or more classes.
    prior : sequence of float, optional
        Shares of the classes (sum 1); default equal.

    Returns
    -------
    Planted

    Raises
    ------
    ValueError
        For an element that is not among the 16, shares that do not fit, or an accuracy that cannot be reached.
    """
    informative, classes = tuple(informative), tuple(classes)
    strange = [e for e in informative if e not in ELEMENTS]
    if strange or not informative:
        raise ValueError(f"informative = {informative}: choose one or more of {', '.join(ELEMENTS)}")
    k = len(classes)
    prior = np.full(k, 1 / k) if prior is None else np.asarray(prior, float)
    if k < 2 or prior.shape != (k,) or (prior <= 0).any() or abs(prior.sum() - 1) > 1e-9:
        raise ValueError(f"prior = {prior} must be {k} shares above zero with sum 1, one for each of two or more classes")
    if not prior.max() < accuracy < 1:
        raise ValueError(f"accuracy = {accuracy} must lie between {prior.max():g}, the commonest class alone, and 1")
    if not 0 <= correlation <= 1:
        raise ValueError(
            f"correlation = {correlation} must be from 0 (independent elements) to 1 (as in artificial monazites)"
        )
    centre, covariance = within_covariance()
    covariance = correlation * covariance + (1 - correlation) * np.diag(np.diag(covariance))
    directions = _directions(informative, k, covariance)
    strength = _strength(rng, directions, covariance, prior, accuracy)
    coef = strength * directions
    means = centre + coef @ covariance  # rows are classes
    intercept = np.log(prior) - coef @ centre - 0.5 * np.einsum("ki,ij,kj->k", coef, covariance, coef)
    x, codes = _draw(rng, n, means, covariance, prior)
    many, truth = _draw(rng, _JUDGED, means, covariance, prior)
    p = _softmax(many @ coef.T + intercept)
    loss = -np.log(p[np.arange(_JUDGED), truth])
    from .tabular import Grains

    grains = Grains.from_arrays(10.0**x, ELEMENTS, codes, classes=classes)
    return Planted(
        grains, informative, classes, intercept, coef, centre, covariance,
        float((p.argmax(axis=1) == truth).mean()), float(loss.mean()),
        float(loss.std() / np.sqrt(_JUDGED)),
    )  # fmt: skip


def _directions(informative, k, covariance):
    """Weights of unit strength: given the others, each element parts the classes equally, in a direction of its own."""
    place = [ELEMENTS.index(e) for e in informative]
    # what an element still varies when the other informative ones are known
    alone = 1 / np.sqrt(np.diag(np.linalg.inv(covariance[np.ix_(place, place)])))
    corners = np.eye(k) - 1 / k  # corners of a simplex, one a class
    basis = np.linalg.svd(corners)[0][:, : k - 1]
    out = np.zeros((k, len(ELEMENTS)))
    for i, (j, sd) in enumerate(zip(place, alone, strict=True)):
        angle = np.pi * i / len(place) + 0.3  # no element parts only one pair of classes
        weights = basis[:, 0] * np.cos(angle) + basis[:, 1 % (k - 1)] * np.sin(angle)
        out[:, j] = weights / np.linalg.norm(weights) / sd
    return out


def _strength(rng, directions, covariance, prior, accuracy):
    """Find the factor of the weights at which the true model has the accuracy, by bisection on fixed grains."""
    k = len(prior)
    codes = rng.choice(k, size=_TRIES, p=prior)
    noise = rng.standard_normal((_TRIES, len(covariance))) @ np.linalg.cholesky(covariance).T
    projected, between = noise @ directions.T, directions @ covariance @ directions.T

    def found(s):
        logits = s * projected + s**2 * between[codes] + np.log(prior) - 0.5 * s**2 * np.diag(between)
        return float((logits.argmax(axis=1) == codes).mean())

    low, high = 0.0, 1.0
    while found(high) < accuracy:
        high *= 2
        if high > 1e6:
            raise ValueError(
                f"accuracy = {accuracy} cannot be reached with these elements; choose a lower one, or more elements"
            )
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if found(middle) < accuracy else (low, middle)
    return high


def _draw(rng, n, means, covariance, prior):
    codes = rng.choice(len(prior), size=n, p=prior)
    return means[codes] + rng.standard_normal((n, len(covariance))) @ np.linalg.cholesky(covariance).T, codes


def _softmax(logits):
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    return shifted / shifted.sum(axis=1, keepdims=True)
