"""What an isocon fit returns, and the quantities that follow from it."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
from scipy import stats

from .logratio import IsoconData

#: A second mode makes the result ambiguous from this share of the first one's effective number of elements on,
#: when it lies more than this many standard errors away.
AMBIGUOUS_SHARE = 0.8
AMBIGUOUS_DISTANCE = 3.0
#: A mode with fewer effective elements than this is one element alone: nothing supports it.
SUPPORTED = 1.5


@dataclass(frozen=True)
class Mode:
    """One local minimum of the redescending objective: an isocon that some cluster of elements supports.

    Parameters
    ----------
    m : array, shape (N,)
        ln slopes at the minimum.
    m_refit : array, shape (N,)
        Weighted mean of its members.
    objective : float
        Sum of (1 - weight) at the minimum; smaller is better.
    effective_number : float
        Sum of the element weights exp(-r^2/2c^2) at the minimum.
    members : tuple of str
        Elements within the 99 % distance.
    """

    m: np.ndarray
    m_refit: np.ndarray
    objective: float
    effective_number: float
    members: tuple[str, ...]

    @property
    def supported(self) -> bool:
        """Whether more than one element stands behind the mode: at least 1.5 effective elements."""
        return self.effective_number >= SUPPORTED

    @property
    def mass_change_pct(self) -> np.ndarray:
        """Mass change of every sample at the minimum, shape (N,), per cent of the original mass."""
        return 100 * np.expm1(-self.m)

    @property
    def mass_change_refit_pct(self) -> np.ndarray:
        """The same on the members' mean, shape (N,), per cent of the original mass."""
        return 100 * np.expm1(-self.m_refit)


@dataclass(frozen=True)
class IsoconFit:
    """Isocon of every altered sample and the elements that carry it.

    Parameters
    ----------
    method : str
        How it was found.
    data : IsoconData
        What it was found from.
    m : array, shape (N,)
        ln of the isocon slope.
    covariance : array, shape (N, N)
        Plug-in covariance of ``m`` for the chosen set, noise scale included.
    scale : float
        Factor k on the stated errors.
    immobile : bool array, shape (I,)
        Members of the immobile set.
    distance : array, shape (I,)
        Mahalanobis distance r_i of every element from the isocon, with the stated errors.
    weight : array, shape (I,)
        Redescending (or posterior) weight of every element, 0-1.
    modes : tuple of Mode
        Best first; empty for convex methods.
    ambiguous : bool
        Another isocon is nearly as well supported.
    tuning : float
        Welsch constant in units of sqrt(cells) and of the noise.
    p_immobile : array, shape (I,) or None
        Posterior probability of immobility (EM only): a model's statement, not a proof.
    cells : bool array, shape (I, N) or None
        Cell-wise immobility (cell-wise variant only).
    """

    method: str
    data: IsoconData
    m: np.ndarray
    covariance: np.ndarray
    scale: float
    immobile: np.ndarray
    distance: np.ndarray
    weight: np.ndarray
    modes: tuple[Mode, ...] = ()
    ambiguous: bool = False
    tuning: float = 1.5
    p_immobile: np.ndarray | None = None
    cells: np.ndarray | None = None

    @property
    def slope(self) -> np.ndarray:
        """Isocon slope S = M_0/M_A of every sample, shape (N,)."""
        return np.exp(self.m)

    @property
    def mass_ratio(self) -> np.ndarray:
        """Mass ratio mu = M_A/M_0 of every sample, shape (N,)."""
        return np.exp(-self.m)

    @property
    def mass_change_pct(self) -> np.ndarray:
        """100 (M_A/M_0 - 1), shape (N,)."""
        return 100 * np.expm1(-self.m)

    @property
    def immobile_elements(self) -> tuple[str, ...]:
        """Names of the immobile set."""
        return tuple(e for e, yes in zip(self.data.elements, self.immobile, strict=True) if yes)

    @property
    def n_immobile(self) -> int:
        """Number of elements in the immobile set."""
        return int(self.immobile.sum())

    @property
    def n_modes(self) -> int:
        """Number of supported modes (at least 1.5 effective elements); 0 for methods without modes."""
        return sum(mode.supported for mode in self.modes)

    @property
    def se(self) -> np.ndarray:
        """Plug-in standard error of ``m``, shape (N,)."""
        return np.sqrt(np.diag(self.covariance))

    @property
    def t_factor(self) -> float:
        """Student factor of a 95 % interval.

        Degrees of freedom n_A - 1; with fewer than six immobile elements up to 5 are taken from the other samples,
        whose N (n_A - 1) residuals carry the same noise scale.
        """
        own = max(self.n_immobile - 1, 1)
        return float(stats.t.ppf(0.975, max(own, min(own * self.m.size, 5))))

    def interval(self) -> tuple[np.ndarray, np.ndarray]:
        """95 % interval of the mass change in per cent: two arrays (N,), from k SE(m) and Student's t."""
        half = self.t_factor * self.se
        return 100 * np.expm1(-self.m - half), 100 * np.expm1(-self.m + half)

    def tau(self) -> np.ndarray:
        """Fractional gain (+) or loss (-) of every element, tau = mu c_A/c_0 - 1, shape (I, N).

        In a censored cell it is the upper bound (the value at the limit); NaN where not analysed.
        """
        return np.expm1(self.data.log_ratio - self.m)

    def log_tau_se(self) -> np.ndarray:
        """Standard error of ln(1 + tau), shape (I, N).

        Var = sigma_A^2 + sigma_0^2 + Var(m), and for an immobile element minus 2 Cov(x_in, m_n), because its own
        error went into m; with equal errors that covariance is (sigma_A^2 + sigma_0^2)/n_A = Var(m).
        """
        own = self.scale**2 * (self.data.sigma_altered**2 + self.data.sigma_protolith[:, None] ** 2)
        variance = own + self.se[None, :] ** 2
        shared = np.where(self.immobile[:, None], 2 * self.se[None, :] ** 2, 0.0)
        return np.sqrt(np.maximum(variance - shared, 0.0))

    def replace(self, **changes) -> IsoconFit:
        """Return a copy with changed fields."""
        return dataclasses.replace(self, **changes)

    def rivals(self) -> tuple[Mode, ...]:
        """Other modes nearly as well supported as the first and far from it (see AMBIGUOUS_*)."""
        if len(self.modes) < 2:
            return ()
        first = self.modes[0]
        return tuple(
            mode
            for mode in self.modes[1:]
            if mode.effective_number >= AMBIGUOUS_SHARE * first.effective_number
            and np.any(np.abs(mode.m - first.m) > AMBIGUOUS_DISTANCE * self.se)
        )

    def flagged(self) -> IsoconFit:
        """Return a copy with ``ambiguous`` set from the modes."""
        return self.replace(ambiguous=bool(self.rivals()))


def location_covariance(data: IsoconData, members: np.ndarray, scale: float = 1.0) -> np.ndarray:
    """Covariance k^2 (sum over members of Sigma_i^{-1})^{-1} of the isocon vector, shape (N, N).

    With block weights the sum is weighted and the variance is that of correlated votes: coherent elements count as
    one.  A sample without a member gets infinite variance.
    """
    n_samples = data.shape[1]
    information = np.zeros((n_samples, n_samples))
    for i in np.flatnonzero(members):
        have = np.isfinite(data.log_ratio[i]) & ~data.below[i]
        p = np.where(have, 1.0 / data.sigma_altered[i] ** 2, 0.0)
        s2 = data.sigma_protolith[i] ** 2
        vote = data.weight[i] if data.weight[i] > 0 else 1.0
        information += vote * (np.diag(p) - s2 / (1 + s2 * p.sum()) * np.outer(p, p))
    covered = np.diag(information) > 0
    out = np.zeros((n_samples, n_samples))
    out[np.diag_indices(n_samples)] = np.where(covered, 0.0, np.inf)
    where = np.flatnonzero(covered)
    out[np.ix_(where, where)] = scale**2 * np.linalg.inv(information[np.ix_(where, where)])
    return out
