"""Normal errors of data, of known size or of unknown size that is integrated out."""

from __future__ import annotations

import numpy as np

__all__ = ["NormalErrors"]

#: Smallest sum of squares, relative to that of the data, that a marginalised error can reach: rounding, not information.
PERFECT = 1e-20


class NormalErrors:
    """Data with independent normal errors.

    Parameters
    ----------
    data : array_like, shape (n,)
        Measured values; NaN = not measured.
    sigma : None, float or array_like of shape (n,)
        Standard deviations; None = unknown, with the prior 1 / sigma, integrated out, one for each group.
    groups : array_like of int, shape (n,), optional
        Groups that share an unknown standard deviation; one for all when left out.

    Attributes
    ----------
    size : int
        Number of data with those that are not measured.
    measured : ndarray of int, shape (n_measured,)
        Which are measured.
    data, sigma : ndarray, shape (n_measured,)
        Of these; `sigma` is None if unknown.

    Raises
    ------
    ValueError
        For no data, infinite ones, errors that are not above zero, and shapes that differ.
    """

    def __init__(self, data, sigma=None, groups=None):
        data = np.asarray(data, dtype=float).ravel()
        self.size, self.measured = data.size, np.flatnonzero(np.isfinite(data))
        if np.isinf(data).any() or not self.measured.size:
            raise ValueError(f"data hold {self.measured.size} finite values of {data.size}; expected numbers, NaN where none")
        self.data, self._all = data[self.measured], self.measured.size == data.size
        self.sigma = None
        if sigma is not None:
            sigma = np.asarray(sigma, dtype=float).ravel()
            if sigma.size not in (1, data.size):
                raise ValueError(f"{sigma.size} values of sigma were given for {data.size} data; expected one, or one each")
            self.sigma = np.broadcast_to(sigma, data.shape)[self.measured]
            sound = np.isfinite(self.sigma) & (self.sigma > 0)
            if not sound.all():
                i = int(np.argmin(sound))
                raise ValueError(
                    f"sigma of datum {self.measured[i]} is {self.sigma[i]}; expected a number above zero, or None: unknown"
                )
        self._groups = np.zeros(data.size, dtype=int) if groups is None else np.asarray(groups)
        if self._groups.shape != data.shape:
            raise ValueError(f"groups have shape {self._groups.shape}; expected one label for each of the {data.size} data")
        labels, self._place = np.unique(self._groups[self.measured], return_inverse=True)
        self._count = np.bincount(self._place, minlength=labels.size).astype(float)
        self._floor = PERFECT * np.maximum(np.bincount(self._place, self.data**2, labels.size), 1e-200)

    def pick(self, values):
        """Return the rows of what was measured.

        Parameters
        ----------
        values : ndarray, shape (n, ...)
            One row a datum.

        Returns
        -------
        ndarray, shape (n_measured, ...)
            Without those of data that are not there.
        """
        return values if self._all else values[self.measured]

    def _squares(self, residual):
        return np.maximum(np.bincount(self._place, residual * residual, self._count.size), self._floor)

    def log_likelihood(self, prediction) -> float:
        """Return the log likelihood of predictions.

        Parameters
        ----------
        prediction : ndarray, shape (n_measured,)
            Predictions.

        Returns
        -------
        float
            -chi^2 / 2, or -sum over groups of n_o / 2 ln SSR_o; -inf for predictions that are not finite.
        """
        r = self.data - prediction
        if self.sigma is not None:
            r = r / self.sigma
            value = -0.5 * float(r @ r)
        else:
            value = -0.5 * float(self._count @ np.log(self._squares(r)))
        return value if np.isfinite(value) else -np.inf

    def curvature(self, prediction, jacobian):
        """Return log likelihood, gradient and Gauss-Newton Hessian of its negative.

        Parameters
        ----------
        prediction : ndarray, shape (n_measured,)
            Predictions.
        jacobian : ndarray, shape (n_measured, p)
            Their derivatives.

        Returns
        -------
        value : float
            Log likelihood.
        gradient : ndarray, shape (p,)
            Gradient of the negative log likelihood.
        hessian : ndarray, shape (p, p)
            For errors of unknown size, without the term of the change of their estimate, which is small near the best fit.
        """
        r = self.data - prediction
        if self.sigma is not None:
            weight = 1.0 / self.sigma
            r = r * weight
            value = -0.5 * float(r @ r)
        else:
            squares = self._squares(r)
            value = -0.5 * float(self._count @ np.log(squares))
            weight = np.sqrt(self._count / squares)[self._place]
            r = r * weight
        scaled = jacobian * weight[:, None]
        return (value if np.isfinite(value) else -np.inf), -(scaled.T @ r), scaled.T @ scaled

    def with_data(self, data, sigma=None):
        """Return the same errors of other data.

        Parameters
        ----------
        data : array_like, shape (n,)
            As many as before; NaN = not measured.
        sigma : float or array_like, optional
            Their standard deviations; those of these data when left out, which must then be known wherever one is needed.

        Returns
        -------
        NormalErrors
            New data.

        Raises
        ------
        ValueError
            For another number of data, or a datum without an error.
        """
        data = np.asarray(data, dtype=float).ravel()
        if data.size != self.size:
            raise ValueError(f"{data.size} data were given; the simulator predicts {self.size}")
        if sigma is None and self.sigma is not None:
            sigma = np.full(self.size, np.nan)
            sigma[self.measured] = self.sigma
        return NormalErrors(data, sigma, self._groups)
