"""Principal and independent components of compositions, and the curves that they draw through the data.

Processes that multiply (crystallisation, leaching, enrichment) are straight lines in log-ratio coordinates.  A component found
there comes back as a curve of compositions through the centre, ``C(centre * exp(t m))``, that never leaves the simplex; a
component of the raw or standardised table comes back as a straight line, which does.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from lib.composition import check_basis, closure, clr, clr_inv, orient, pivot_basis
from lib.tasks import spawn

from .ica import random_rotation, rotate
from .matching import Match, cosine_matrix, match, to_clr_direction

__all__ = ["METHODS", "TRANSFORMS", "Factors", "Match", "cosine_matrix", "fit_factors", "match", "to_clr_direction"]

METHODS = ("ica", "fastica", "pca")
TRANSFORMS = ("ilr", "raw", "standardised")
#: A principal component below this share of the total variance is rounding, not data.
ROUNDING = 1e-13


@dataclass(frozen=True, eq=False)
class Factors:
    """Components of a table of compositions, in order of their share of variance.

    Parameters
    ----------
    centre : array, shape (D,)
        Where all scores are 0, closed to 1: geometric centre (ilr) or arithmetic mean.
    directions : array, shape (K, D)
        clr directions, rows sum to 0; their length is that of one standard deviation of the score.
    steps : array, shape (K, D)
        What is added for one standard deviation of the score: the directions themselves (ilr), or mass fractions.
    scores : array, shape (N, K)
        Mean 0, standard deviation 1 (ddof 0), uncorrelated.
    unmixing : array, shape (K, D)
        Scores are (clr or mass fractions, minus those of the centre) @ unmixing.T.
    share : array, shape (K,)
        Share of the total variance in the space of the transform (0-1).
    spectrum : array
        The same of all principal components.
    transform, method : str
        As asked for.
    n_iter : int
        Newton steps of the ICA; 0 for PCA.
    converged : bool
        Whether the ICA reached its optimum.
    contrast : float
        Its objective (see `lib.unmixing.ica.rotate`); NaN for PCA.
    """

    centre: np.ndarray
    directions: np.ndarray
    steps: np.ndarray
    scores: np.ndarray
    unmixing: np.ndarray
    share: np.ndarray
    spectrum: np.ndarray
    transform: str
    method: str
    n_iter: int = 0
    converged: bool = True
    contrast: float = float("nan")

    @property
    def n_components(self) -> int:
        """Number of components."""
        return len(self.directions)

    @property
    def unit(self) -> np.ndarray:
        """Directions of length 1, shape (K, D)."""
        return self.directions / np.linalg.norm(self.directions, axis=1, keepdims=True)

    def project(self, x) -> np.ndarray:
        """Scores of other samples on the same components, shape (M, K).

        Parameters
        ----------
        x : array, shape (M, D)
            Positive compositions of the same parts.
        """
        return (self._coordinates(x) - self._coordinates(self.centre)) @ self.unmixing.T

    def reconstruct(self, scores=None, through=None) -> np.ndarray:
        """Compositions that given scores stand for, shape (M, D); straight sums may leave the simplex (negative parts).

        Parameters
        ----------
        scores : array, shape (M, K), optional
            Default those of the samples.
        through : array, shape (D,), optional
            Composition at which all scores are 0, for instance a fresh rock; default the centre.
        """
        scores = self.scores if scores is None else np.atleast_2d(np.asarray(scores, dtype=float))
        origin = closure(self.centre if through is None else through)
        if origin.shape != self.centre.shape:
            raise ValueError(f"through has shape {origin.shape}: expected one composition of {len(self.centre)} parts")
        if self.transform == "ilr":
            return clr_inv(clr(origin) + scores @ self.steps)
        return origin + scores @ self.steps

    def span(self, k, n_points=101) -> np.ndarray:
        """Scores of component k from its 0.5 % to its 99.5 % quantile, evenly spaced.

        Parameters
        ----------
        k : int
            Component, from 0.
        n_points : int
            How many.
        """
        low, high = np.quantile(self.scores[:, k], [0.005, 0.995])
        return np.linspace(low, high, n_points)

    def curve(self, k, t=None, through=None) -> np.ndarray:
        """Compositions along component k, shape (T, D).

        Parameters
        ----------
        k : int
            Component, from 0.
        t : array, shape (T,), optional
            Scores, in standard deviations; default `span`.
        through : array, shape (D,), optional
            Composition at t = 0; default the centre.
        """
        t = self.span(k) if t is None else np.atleast_1d(np.asarray(t, dtype=float))
        scores = np.zeros((len(t), self.n_components))
        scores[:, k] = t
        return self.reconstruct(scores, through)

    def _coordinates(self, x):
        return clr(x) if self.transform == "ilr" else closure(x)


def fit_factors(
    x, n_components, *, method="ica", transform="ilr", basis=None, sign="loading", n_starts=3, max_iter=200, seed=1
) -> Factors:
    """Find principal or independent components of compositions.

    Parameters
    ----------
    x : array, shape (N, D)
        Positive compositions, any closure; N > n_components and D > n_components.
    n_components : int
        K, from 1 to min(N, D) - 1.
    method : {"ica", "fastica", "pca"}
        Independent components by approximate negentropy, by the classical ln cosh (the optimum of FastICA), or principal
        components.
    transform : {"ilr", "raw", "standardised"}
        Log-ratio coordinates, mass fractions, or mass fractions over the standard deviation of their column.
    basis : array, shape (D, D - 1), optional
        ilr basis; default pivot coordinates. The result does not depend on it, to round-off.
    sign : {"loading", "skewness"}
        Each component points where its largest clr loading, or the skewness of its scores, is positive.
    n_starts : int
        Random starts of the ICA; the largest contrast that converged is kept.
    max_iter : int
        Most Newton steps of each.
    seed : int or numpy.random.SeedSequence
        For the starts.

    Returns
    -------
    Factors

    Raises
    ------
    ValueError
        An unknown choice, too few samples or parts, parts that are not positive, no variance left for a component.

    Notes
    -----
    For a raw table the directions are the straight steps over the mean, centred, so that all can be compared as angles.
    An ICA that did not converge is returned with ``converged = False``: look at `gaussianity` and `icasso` before naming it.

    References
    ----------
    Muehlmann et al. (2020) arXiv:2007.00456 (ICA of ilr coordinates, loadings in clr).
    """
    _check_choice("method", method, METHODS)
    _check_choice("transform", transform, TRANSFORMS)
    _check_choice("sign", sign, ("loading", "skewness"))
    x, n_components = _check_table(x, n_components)
    coordinates, back, centre = _coordinates(x, transform, basis)
    scores, scale, rows, spectrum = _whiten(coordinates, n_components)
    # the sign of a principal axis is a free choice of the solver: fixed in clr, equal starts mean the same in every basis
    loadings = rows @ back
    largest = loadings[np.arange(n_components), np.abs(loadings).argmax(axis=1)]
    flip = np.where(largest < 0, -1.0, 1.0)
    scores, rows = scores * flip, rows * flip[:, None]

    rotation, n_iter, converged, contrast = np.eye(n_components), 0, True, float("nan")
    if method != "pca":
        name = "negentropy" if method == "ica" else "log cosh"
        starts = [random_rotation(n_components, rng) for rng in spawn(seed, max(int(n_starts), 1))]
        found = [rotate(scores, start, contrast=name, max_iter=max_iter) for start in starts]
        best = max(found, key=lambda one: (one.converged, one.contrast))
        rotation, n_iter, converged, contrast = best.matrix, best.n_iter, best.converged, best.contrast

    mixing = rotation @ (scale[:, None] * rows)  # (K, P): one standard deviation of each source, in coordinates
    unmixing = rotation @ (rows / scale[:, None])
    share = np.sum(mixing**2, axis=1) / np.sum(coordinates**2) * len(x)
    steps = mixing @ back
    found = Factors(
        centre=centre,
        directions=steps if transform == "ilr" else to_clr_direction(steps, centre),
        steps=steps,
        scores=scores @ rotation.T,
        unmixing=unmixing @ _inverse(back, transform),
        share=share,
        spectrum=spectrum,
        transform=transform,
        method=method,
        n_iter=n_iter,
        converged=converged,
        contrast=contrast,
    )
    return _arranged(found, sign)


def _coordinates(x, transform, basis):
    """Centred coordinates (N, P), the map back to clr or mass fractions (P, D), and the centre (D,)."""
    if transform == "ilr":
        logs = clr(x)
        vectors = pivot_basis(x.shape[1]) if basis is None else check_basis(basis)
        mean = logs.mean(axis=0)
        return (logs - mean) @ vectors, vectors.T, clr_inv(mean)
    parts = closure(x)
    mean = parts.mean(axis=0)
    centred = parts - mean
    if transform == "raw":
        return centred, np.eye(x.shape[1]), mean
    sd = centred.std(axis=0)
    constant = np.flatnonzero(sd <= 1e-12 * mean)
    if len(constant):
        raise ValueError(f"x: column {constant[0]} (from 0) is constant and cannot be standardised; leave it out")
    return centred / sd, np.diag(sd), mean


def _inverse(back, transform):
    return back if transform == "ilr" else np.diag(1.0 / np.diag(back))


def _whiten(centred, n_components):
    """Scores of unit variance (N, K), their standard deviations (K,), axes (K, P) and the shares of all axes."""
    u, s, rows = np.linalg.svd(centred, full_matrices=False)
    total = np.sum(s**2)
    if not s[n_components - 1] ** 2 > ROUNDING * total:
        rank = int(np.sum(s**2 > ROUNDING * max(total, 1e-300)))
        raise ValueError(
            f"n_components = {n_components}, but the data vary along {rank} directions only: ask for {rank} at most, or "
            "look for repeated rows and parts computed from others"
        )
    n_samples = len(centred)
    spectrum = s[: min(n_samples - 1, centred.shape[1])] ** 2 / total
    k = slice(n_components)
    return u[:, k] * np.sqrt(n_samples), s[k] / np.sqrt(n_samples), rows[k], spectrum


def _arranged(found, sign):
    """Order by share of variance and point by the rule asked for."""
    order = np.argsort(-found.share, kind="stable")
    if sign == "skewness":
        turn = np.where(np.mean(found.scores**3, axis=0) < 0, -1.0, 1.0)
    else:
        turn = np.where(np.sum(orient(found.directions) * found.directions, axis=1) < 0, -1.0, 1.0)
    turn = turn[order]
    return replace(
        found,
        directions=found.directions[order] * turn[:, None],
        steps=found.steps[order] * turn[:, None],
        scores=found.scores[:, order] * turn,
        unmixing=found.unmixing[order] * turn[:, None],
        share=found.share[order],
    )


def _check_choice(name, value, allowed):
    if value not in allowed:
        raise ValueError(f"{name} = {value!r}: expected one of {', '.join(allowed)}")


def _check_table(x, n_components):
    x = closure(x)
    if x.ndim != 2:
        raise ValueError(f"x has shape {x.shape}: expected (n_samples, n_parts)")
    n_samples, n_parts = x.shape
    most = min(n_samples, n_parts) - 1
    if isinstance(n_components, bool) or int(n_components) != n_components or not 1 <= n_components <= most:
        raise ValueError(
            f"n_components = {n_components}: {n_samples} samples of {n_parts} parts allow 1 to {most} (one less than the "
            "smaller of the two)"
        )
    return x, int(n_components)
