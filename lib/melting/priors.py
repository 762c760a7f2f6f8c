"""Priors of melt fractions and of the source composition."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from .collapsed_kernels import FLAT, HIERARCHICAL, LOG_UNIFORM

KINDS = {"flat": FLAT, "log-uniform": LOG_UNIFORM, "hierarchical": HIERARCHICAL}


@dataclass(frozen=True)
class MeltFractionPrior:
    """Prior of the melt fractions, within bounds.

    Parameters
    ----------
    kind : {"log-uniform", "flat", "hierarchical"}
        p(F) ~ 1/F; p(F) constant (biased for many samples: the product of m flat priors pulls the common scale up by
        m Var(ln k)); or logit F_i ~ N(mu, s^2) with mu ~ N(mean, mean_sd^2) and s half-normal.
    low, high : float
        Bounds of F, fractions.  A hierarchical prior is cut there for all samples together.
    mean, mean_sd : float
        Of mu, in units of logit F; the default is F = 0.08, times or divided by about two.
    sd_scale : float
        Scale of the half-normal prior of s.
    """

    kind: str = "log-uniform"
    low: float = 0.002
    high: float = 0.30
    mean: float = -2.44
    mean_sd: float = 0.75
    sd_scale: float = 0.7

    def __post_init__(self):
        if self.kind not in KINDS:
            raise ValueError(f"prior of F must be one of {', '.join(KINDS)}, got {self.kind!r}")
        if not 0 < self.low < self.high < 1:
            raise ValueError(f"bounds of F must satisfy 0 < low < high < 1, got {self.low} and {self.high}")

    @property
    def code(self) -> int:
        """Number of the kind in the compiled sampler."""
        return KINDS[self.kind]

    def draw(self, rng: np.random.Generator, m: int) -> tuple:
        """Draw m melt fractions; returns them with mu and s (their prior means for the other kinds)."""
        if self.kind == "flat":
            return rng.uniform(self.low, self.high, m), self.mean, self.sd_scale
        if self.kind == "log-uniform":
            return np.exp(rng.uniform(np.log(self.low), np.log(self.high), m)), self.mean, self.sd_scale
        while True:  # the cut holds for all samples together, hence the whole draw is repeated
            mu, s = self.mean + self.mean_sd * rng.standard_normal(), self.sd_scale * abs(rng.standard_normal())
            f = 1 / (1 + np.exp(-(mu + s * rng.standard_normal(m))))
            if s > 0 and np.all((f > self.low) & (f < self.high)):
                return f, mu, s

    def log_density(self, melt_fraction) -> float:
        """Return the logarithm of the density of ln F, not normalised; -inf out of bounds.

        Raises
        ------
        ValueError
            For the hierarchical prior, which has no density without its hyperparameters.
        """
        f = np.asarray(melt_fraction, float)
        if self.kind == "hierarchical":
            raise ValueError("a hierarchical prior has a density only together with its hyperparameters")
        if not np.all((f > self.low) & (f < self.high)):
            return -np.inf
        return float(np.sum(np.log(f))) if self.kind == "flat" else 0.0


@dataclass(frozen=True)
class SourcePrior:
    """Gaussian prior of the source: of ln C0, or (for additive noise only) of C0 itself, cut at zero.

    With independent priors flat in C0 the prior of a common shift of all ln C0 grows as exp(n shift): like a flat prior of F
    it favours large sources and, where both go together, large F.

    Parameters
    ----------
    mean, sd : array, shape (n,)
        In ln ppm, or in ppm.
    directions : array, shape (n, 2), optional
        Two directions common to all elements (level, and slope along an incompatibility index).
    direction_sd : array, shape (2,)
        Their prior sd; 0 = not used.
    of : {"ln", "ppm"}
        What the prior is Gaussian in.
    """

    mean: np.ndarray
    sd: np.ndarray
    directions: np.ndarray | None = None
    direction_sd: np.ndarray = field(default_factory=lambda: np.zeros(2))
    of: str = "ln"

    def __post_init__(self):
        mean = np.asarray(self.mean, float)
        sd = np.broadcast_to(np.asarray(self.sd, float), mean.shape).copy()
        directions = np.zeros((mean.size, 2)) if self.directions is None else np.asarray(self.directions, float)
        if self.of not in ("ln", "ppm"):
            raise ValueError(f"a source prior is one of 'ln' or 'ppm', got {self.of!r}")
        if not (np.all(np.isfinite(mean)) and np.all(sd > 0)):
            raise ValueError("the source prior needs finite means and positive sd for every element")
        for name, value in (("mean", mean), ("sd", sd), ("directions", directions),
                            ("direction_sd", np.asarray(self.direction_sd, float))):  # fmt: skip
            object.__setattr__(self, name, value)

    @property
    def correlated(self) -> bool:
        """Whether common directions are used."""
        return bool(np.any(self.direction_sd > 0))

    @classmethod
    def wide(cls, elements, primitive_mantle=None, *, of="ln") -> SourcePrior:
        """Return ln C0_j ~ N(ln PM_j - 1, 1.5^2), or C0_j ~ N(PM_j / 2, PM_j^2) cut at zero.

        Parameters
        ----------
        elements : sequence of str
            Names.
        primitive_mantle : array, shape (n,), optional
            Primitive mantle in ppm; default Palme & O'Neill (2014).
        of : {"ln", "ppm"}
            What the prior is Gaussian in.
        """
        pm = primitive(elements) if primitive_mantle is None else np.asarray(primitive_mantle, float)
        return cls(np.log(pm) - 1, np.full(pm.size, 1.5)) if of == "ln" else cls(pm / 2, pm, of="ppm")

    @classmethod
    def smooth(cls, elements, bulk_d, primitive_mantle=None, *, own_sd=0.2, level_sd=1.5, slope_sd=0.5) -> SourcePrior:
        """Return the prior of a smoothly depleted or enriched source.

        ln C0_j = ln PM_j - 1 + a + b t_j + d_j, with t_j = -ln D_j (centred, unit range), d_j ~ N(0, own_sd^2).

        Parameters
        ----------
        elements : sequence of str
            Names.
        bulk_d : array, shape (n,)
            Bulk coefficients, which give the incompatibility index.
        primitive_mantle : array, shape (n,), optional
            As for `wide`.
        own_sd, level_sd, slope_sd : float
            Prior sd of d_j, a and b.
        """
        pm = primitive(elements) if primitive_mantle is None else np.asarray(primitive_mantle, float)
        index = -np.log(np.asarray(bulk_d, float))
        index = index - index.mean()
        index = index / max(np.ptp(index), 1e-12)
        directions = np.column_stack([np.ones(pm.size), index])
        # over the unit range the slope is the difference between the most and the least incompatible element
        return cls(np.log(pm) - 1, np.full(pm.size, own_sd), directions, np.array([level_sd, 4 * slope_sd]))

    def draw(self, rng: np.random.Generator) -> np.ndarray:
        """Draw ln C0 of every element, shape (n,)."""
        if self.of == "ppm":
            out = np.full(self.mean.size, -1.0)
            while np.any(out <= 0):
                again = out <= 0
                out[again] = self.mean[again] + self.sd[again] * rng.standard_normal(int(again.sum()))
            return np.log(out)
        common = self.directions @ (self.direction_sd * rng.standard_normal(2))
        return self.mean + common + self.sd * rng.standard_normal(self.mean.size)


def primitive(elements) -> np.ndarray:
    """Return the primitive mantle of Palme & O'Neill (2014) in ppm for some elements, shape (n,)."""
    from .compositions import composition

    return composition("PM_PON", elements)
