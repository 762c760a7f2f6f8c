"""The inverse problem: data, priors and likelihood of melt fractions and source composition.

    y_ij = ln C0_j + g_j(F_i) + b_j x_i + a_i v_j + e_ij ,   e_ij ~ N(0, s_ij^2)          (logarithmic noise)
    C_ij = C0_j exp g_j(F_i) + e_ij                                                        (additive noise)

y_ij is the logarithm of the concentration of element j in sample i, g_j the logarithm of its enrichment over the source
C0, x_i = MgO - 8 wt% with slope b_j, and a_i v_j a deviation of the source of sample i along an enrichment vector.  The last
two terms, errors of the partition coefficients and a model error are optional.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from . import collapsed_kernels as kernels
from .forward import log_enrichment, log_enrichment_and_slope
from .priors import MeltFractionPrior, SourcePrior

#: Nodes of the table in ln F; with uncertain coefficients, and layers in their logarithm.
N_NODES, N_NODES_LAYERED, LAYER_STEP, LAYER_REACH = 1025, 257, 0.1, 4.0
#: Points of the coarse grid of the independence step.
N_JUMP = 48
NOISES = ("log", "linear")


@dataclass(frozen=True)
class MeltingData:
    """Concentrations in basalts that melted from one source.

    Parameters
    ----------
    elements, samples : tuple of str
        Names, n and m of them.
    values : array, shape (m, n)
        ln ppm (noise "log") or ppm (noise "linear"); NaN where not analysed; the detection limit where ``below``.
    sigma : array, shape (m, n)
        1-sigma errors of the values (relative errors for noise "log").
    below : bool array, shape (m, n), optional
        Cells below detection; they enter by the probability of lying below the limit.
    noise : {"log", "linear"}
        Kind of the errors.
    mgo : array, shape (m,), optional
        MgO in wt%, for a correction of fractionation inside the model.
    """

    elements: tuple
    samples: tuple
    values: np.ndarray
    sigma: np.ndarray
    below: np.ndarray | None = None
    noise: str = "log"
    mgo: np.ndarray | None = None

    def __post_init__(self):
        shape = (len(self.samples), len(self.elements))
        values, sigma = np.asarray(self.values, float), np.broadcast_to(np.asarray(self.sigma, float), shape).copy()
        below = np.zeros(shape, bool) if self.below is None else np.asarray(self.below, bool)
        if values.shape != shape or below.shape != shape:
            raise ValueError(f"values have shape {values.shape}; expected (samples, elements) = {shape}")
        if self.noise not in NOISES:
            raise ValueError(f"noise must be one of {', '.join(NOISES)}, got {self.noise!r}")
        known = np.isfinite(values)
        if not np.all(np.isfinite(sigma[known]) & (sigma[known] > 0)):
            i, j = np.argwhere(known & ~(sigma > 0))[0]
            raise ValueError(f"error of {self.elements[j]} in {self.samples[i]} is {sigma[i, j]}; errors must be positive")
        if not known.any(axis=1).all():
            empty = [s for s, row in zip(self.samples, known, strict=True) if not row.any()]
            raise ValueError(f"no element measured in sample(s) {', '.join(empty)}: leave them out")
        object.__setattr__(self, "values", values)
        object.__setattr__(self, "sigma", sigma)
        object.__setattr__(self, "below", below)
        object.__setattr__(self, "elements", tuple(self.elements))
        object.__setattr__(self, "samples", tuple(self.samples))

    @property
    def seen(self) -> np.ndarray:
        """Cells that say something: measured, or below detection, bool array (m, n)."""
        return np.isfinite(self.values)

    @property
    def shape(self) -> tuple:
        """Numbers of samples and elements (m, n)."""
        return self.values.shape

    def take(self, samples=None, elements=None) -> MeltingData:
        """Return the data of some samples and elements (index arrays or masks)."""
        rows = np.arange(self.shape[0]) if samples is None else np.arange(self.shape[0])[samples]
        columns = np.arange(self.shape[1]) if elements is None else np.arange(self.shape[1])[elements]
        cut = np.ix_(rows, columns)
        return dataclasses.replace(
            self, elements=tuple(self.elements[j] for j in columns), samples=tuple(self.samples[i] for i in rows),
            values=self.values[cut], sigma=self.sigma[cut], below=self.below[cut],
            mgo=None if self.mgo is None else np.asarray(self.mgo)[rows],
        )  # fmt: skip


@dataclass(frozen=True)
class Extras:
    """Optional parts of the model; all off by default.

    Parameters
    ----------
    d_common, d_element : float
        Prior sd of a shift of ln D (and ln P) common to all elements, and of one for each element.
    enrichment : array, shape (n,), optional
        Direction v of deviations of the source between samples, per unit of a_i.
    enrichment_scale : float
        Scale of the half-normal prior of the sd of a_i.
    mgo_slope, mgo_slope_sd : array or float
        Prior mean and sd of d ln C / d MgO (per wt%), shape (n,); used when the data have MgO.
    model_error : float
        Scale of the half-normal prior of an error added to all stated ones; 0 = none.
    """

    d_common: float = 0.0
    d_element: float = 0.0
    enrichment: np.ndarray | None = None
    enrichment_scale: float = 0.5
    mgo_slope: np.ndarray | float = -0.19
    mgo_slope_sd: np.ndarray | float = 0.03
    model_error: float = 0.0

    @property
    def uncertain_d(self) -> bool:
        """Whether partition coefficients are uncertain."""
        return self.d_common > 0 or self.d_element > 0


@dataclass(frozen=True)
class Posterior:
    """Posterior of melt fractions and source composition.

    Parameters
    ----------
    data : MeltingData
        m samples, n elements.
    bulk_d, bulk_p : array, shape (n,)
        Bulk coefficients of the initial solid and of the melting assemblage.
    model : str
        Key of `lib.melting.MODELS`.
    prior_f : MeltFractionPrior
        Prior of the melt fractions.
    source : SourcePrior
        Prior of the source composition, in the order of the elements.
    extras : Extras
        Optional parts.
    options : dict
        Further arguments of the forward model (such as ``porosity``).
    """

    data: MeltingData
    bulk_d: np.ndarray
    bulk_p: np.ndarray
    model: str = "accumulated"
    prior_f: MeltFractionPrior = field(default_factory=MeltFractionPrior)
    source: SourcePrior | None = None
    extras: Extras = field(default_factory=Extras)
    options: dict = field(default_factory=dict)

    def __post_init__(self):
        n = self.data.shape[1]
        for name in ("bulk_d", "bulk_p"):
            value = np.asarray(getattr(self, name), float)
            if value.shape != (n,):
                raise ValueError(f"{name} has shape {value.shape}; expected one value for each of {n} elements")
            object.__setattr__(self, name, value)
        if self.source is None:
            object.__setattr__(self, "source", SourcePrior.wide(self.data.elements))
        if self.source.mean.shape != (n,):
            raise ValueError(f"the source prior has {self.source.mean.size} elements, the data have {n}")
        if not self.linear and self.source.of != "ln":
            raise ValueError("logarithmic noise needs a source prior of ln C0")
        if self.linear and (self.extras.enrichment is not None or self.data.mgo is not None or self.source.correlated):
            raise ValueError(
                "additive noise goes with a plain source prior only: leave out source deviations, MgO and correlation, "
                "or use noise='log'"
            )

    @property
    def linear(self) -> bool:
        """Whether noise is additive."""
        return self.data.noise == "linear"

    @cached_property
    def table(self) -> np.ndarray:
        """Tabulated function of every element and its slope per node, shape (layers, nodes, n, 2)."""
        layered = self.extras.uncertain_d
        shifts = self.layers if layered else np.zeros(1)
        u = self.nodes
        step = u[1] - u[0]
        out = np.empty((shifts.size, u.size, self.bulk_d.size, 2))
        for k, shift in enumerate(shifts):
            g, slope = log_enrichment_and_slope(
                self.model, np.exp(u), self.bulk_d * np.exp(shift), self.bulk_p * np.exp(shift), **self._shifted(shift)
            )
            gone = ~np.isfinite(g)
            if self.linear:
                f = np.exp(np.where(gone, -np.inf, g))
                out[k, ..., 0], out[k, ..., 1] = f, np.where(gone, 0.0, f * np.where(gone, 0.0, slope) * step)
            else:
                out[k, ..., 0], out[k, ..., 1] = np.where(gone, -1e30, g), np.where(gone, 0.0, slope * step)
        return out

    def _shifted(self, shift):
        """Options with the coefficients of a second stage shifted like the first."""
        return {k: np.exp(shift) * np.asarray(v) if k in ("d_after", "p_after") else v for k, v in self.options.items()}

    @property
    def nodes(self) -> np.ndarray:
        """Nodes of the table in ln F, over the range of the prior."""
        n = N_NODES_LAYERED if self.extras.uncertain_d else N_NODES
        return np.linspace(np.log(self.prior_f.low), np.log(self.prior_f.high), n)

    @cached_property
    def ridge(self) -> np.ndarray:
        """Coordinate, at the nodes, in which a common shift of all samples is nearly absorbed by the source.

        ln F for most models.  An instantaneous melt with the same P/D = r in all elements has g_j = const + (1/P_j - 1)
        ln(1 - r F), so that a common shift of ln(1 - r F) is absorbed exactly: the element exhausted last gives it,
        continued as ln F beyond its exhaustion.
        """
        u = self.nodes
        if self.model != "instantaneous":
            return u.copy()
        last = int(np.argmax(self.bulk_d / np.maximum(self.bulk_p, 1e-12)))
        v = -np.asarray(self.enrichment(np.exp(u)))[:, last]
        good = np.flatnonzero(np.isfinite(v))
        v[good[-1] + 1 :] = v[good[-1]] + (u[good[-1] + 1 :] - u[good[-1]])
        return v

    @property
    def layers(self) -> np.ndarray:
        """Shifts of ln D at which the table is made, to four prior sd on either side."""
        reach = LAYER_REACH * np.hypot(self.extras.d_common, self.extras.d_element)
        n = max(int(np.ceil(reach / LAYER_STEP)), 2)
        return np.linspace(-reach, reach, 2 * n + 1)

    @property
    def covariate(self) -> np.ndarray:
        """MgO - 8 wt% of every sample, shape (m,); zeros when not used."""
        if self.data.mgo is None:
            return np.zeros(self.data.shape[0])
        return np.asarray(self.data.mgo, float) - 8.0

    def problem(self) -> kernels.Problem:
        """Return what the compiled sampler needs; it may change ``y`` (cells below detection), so that every call copies."""
        data, source, extras, prior = self.data, self.source, self.extras, self.prior_f
        n = data.shape[1]
        seen = data.seen
        u, shifts = self.nodes, self.layers
        cells = np.argwhere(data.below & seen)
        with_mgo = data.mgo is not None
        v = np.zeros(n) if extras.enrichment is None else np.asarray(extras.enrichment, float)
        width = (u.size - 1) / N_JUMP
        nodes = np.round(width * (0.5 + np.arange(N_JUMP))).astype(np.int64)
        if self.linear:
            fixed = np.zeros(n), np.zeros(n)
        else:
            fixed = tuple(np.broadcast_to(np.asarray(t, float) * with_mgo, n).copy()
                          for t in (extras.mgo_slope, extras.mgo_slope_sd))  # fmt: skip
        zeta = self.linear and source.of == "ln"
        mu, tau2 = source.mean.copy(), source.sd**2
        if zeta:  # auxiliary prior of C0: broad, at the right order of magnitude
            mu, tau2 = np.exp(source.mean), 9 * np.exp(2 * source.mean)
        tiny = 1e-9
        return kernels.Problem(
            linear=self.linear, ln_mu=source.mean.copy(), ln_tau2=source.sd**2, y=np.where(seen, data.values, 0.0),
            s2=np.where(seen, data.sigma, 1.0) ** 2, seen=seen,
            x=self.covariate, v=v, mu=mu, tau2=tau2, b0=fixed[0], sb2=fixed[1] ** 2,
            z=source.directions.copy(), ta2=source.direction_sd**2, table=self.table, u_lo=u[0], step=u[1] - u[0],
            delta_lo=shifts[0], delta_step=shifts[1] - shifts[0], prior=prior.code,
            hyper=np.array([prior.mean, prior.mean_sd, prior.sd_scale, extras.enrichment_scale,
                            max(extras.d_common, tiny), max(extras.d_element, tiny), max(extras.model_error, tiny)]),
            cens=cells.astype(np.int64).reshape(-1, 2), limit=data.values[data.below & seen], nodes=nodes, ridge=self.ridge,
            flags=np.array([extras.enrichment is not None, extras.uncertain_d, extras.model_error > 0, zeta]),
        )  # fmt: skip

    def draw_start(self, rng: np.random.Generator) -> dict:
        """Draw a starting point from the prior: melt_fraction (m,), deviation (m,), ln_d (n,), hyper (5,), ln_source (n,)."""
        m, n = self.data.shape
        extras = self.extras
        f, mu, sd = self.prior_f.draw(rng, m)
        ln_sa = np.log(extras.enrichment_scale * max(abs(rng.standard_normal()), 0.05))
        ln_error = np.log(max(extras.model_error, 1e-9) * max(abs(rng.standard_normal()), 0.05))
        deviation = np.exp(ln_sa) * rng.standard_normal(m) if extras.enrichment is not None else np.zeros(m)
        eta = extras.d_common * np.clip(rng.standard_normal(), -2, 2)
        ln_d = extras.d_element * np.clip(rng.standard_normal(n), -2, 2)
        return {
            "melt_fraction": f, "deviation": deviation, "ln_d": ln_d, "ln_source": self.source.draw(rng),
            "hyper": np.array([mu, np.log(sd), ln_sa, eta, ln_error]),
        }  # fmt: skip

    def enrichment(self, melt_fraction) -> np.ndarray:
        """Return ln(C_L / C0) from the melting equations themselves, shape (m, n)."""
        return log_enrichment(self.model, np.asarray(melt_fraction, float), self.bulk_d, self.bulk_p, **self.options)

    def log_prior(self, melt_fraction) -> float:
        """Return ln p(F) as a density in ln F for a flat or log-uniform prior (not normalised); -inf out of bounds."""
        return self.prior_f.log_density(melt_fraction)

    def joint_log_likelihood(self, melt_fraction, ln_source, slope=None, deviation=None) -> float:
        """Return ln p(data | F, C0), with its normalisation; cells below detection by the normal distribution function.

        Parameters
        ----------
        melt_fraction : array, shape (m,)
            Melt fractions.
        ln_source : array, shape (n,)
            ln ppm of the source.
        slope : array, shape (n,), optional
            d ln C / d MgO; default the prior mean.
        deviation : array, shape (m,), optional
            Deviations a_i; default zero.
        """
        from scipy import stats

        data = self.data
        g = self.enrichment(melt_fraction)
        if self.linear:
            expected = np.exp(np.asarray(ln_source) + g)
        else:
            problem_slope = np.broadcast_to(np.asarray(self.extras.mgo_slope if slope is None else slope, float), g.shape[1])
            expected = np.asarray(ln_source) + g + np.outer(self.covariate, problem_slope)
            if deviation is not None and self.extras.enrichment is not None:
                expected = expected + np.outer(deviation, self.extras.enrichment)
        t = np.where(data.seen, (data.values - expected) / data.sigma, 0.0)
        measured = data.seen & ~data.below
        total = np.sum(stats.norm.logpdf(t[measured]) - np.log(data.sigma[measured]))
        return float(total + np.sum(stats.norm.logcdf(t[data.seen & data.below])))

    def collapsed_log_likelihood(self, melt_fraction, deviation=None) -> float:
        """Return ln p(data | F), the source integrated out, with its normalisation (basic model without missing extras).

        Parameters
        ----------
        melt_fraction : array, shape (m,)
            Melt fractions within the bounds of the prior.
        deviation : array, shape (m,), optional
            Deviations a_i; default zero.
        """
        from .collapsed import make_state

        start = {"melt_fraction": np.asarray(melt_fraction, float)}
        if deviation is not None:
            start["deviation"] = np.asarray(deviation, float)
        problem = self.problem()
        if problem.flags[kernels.HAS_ZETA]:
            raise ValueError("with additive noise and a prior of ln C0 the source is not integrated in closed form")
        return float(kernels.refresh(problem, make_state(problem, start)))
