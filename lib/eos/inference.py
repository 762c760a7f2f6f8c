"""Posterior of the parameters of an equation of state, and its evidence."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd

from lib.sampling import Problem, sample

from . import likelihood_kernels as kernels
from .measurements import Measurements
from .priors import LATENT_LIMITS_K, REFERENCE_K, Form, Prior, form_named, scale_prior

SHOCK_MODES = ("energy", "latent")
#: Nodes of the quadrature over an unmeasured temperature: the log-likelihood is right to 1e-4.
N_NODES = 14
MOLAR_MASS = 55.845e-3
N_EVALUATIONS = 1_200_000
#: Draws that are kept, about, of all chains together.
N_KEPT = 40_000
#: Points that are evaluated together.
BLOCK = 4096
#: A parameter has learned next to nothing where it contracts by less than the first and overlaps by more than the second.
LEAST_CONTRACTION, MOST_OVERLAP = 0.3, 0.7
_PHYSICAL = ("rho0", "K0", "K0_prime", "gamma0", "b", "e0", "g", "a", "H0")


@dataclass(frozen=True, eq=False)
class EosModel:
    """Measurements, a form of the equation of state, and what is assumed of the shock temperatures.

    Parameters
    ----------
    measurements : Measurements
        Data.
    form : str
        Key of `lib.eos.SAMPLED_FORMS`.
    shock : {"energy", "latent"}
        Temperatures behind shocks: from the Rankine-Hugoniot energy and the form's own energy, with the enthalpy H0 as one
        more parameter; or unobserved, with a flat prior of their own, and integrated out.
    scaled : bool
        Whether the errors of every data set with three rows or more get a factor exp(s) of their own.
    priors : dict
        Name -> `Prior`, in the place of the usual one.

    Raises
    ------
    ValueError
        For an unknown form or treatment of shocks.
    """

    measurements: Measurements
    form: str = "consistent"
    shock: str = "energy"
    scaled: bool = True
    priors: dict = field(default_factory=dict)

    def __post_init__(self):
        form_named(self.form)
        if self.shock not in SHOCK_MODES:
            raise ValueError(f"shock = {self.shock!r}: expected one of {', '.join(SHOCK_MODES)}")
        unknown = sorted(set(self.priors) - set(self.names))
        if unknown:
            raise ValueError(f"priors of {', '.join(unknown)} are given, but the parameters are {', '.join(self.names)}")

    @property
    def equation(self) -> Form:
        """The form itself."""
        return form_named(self.form)

    @property
    def scaled_sets(self) -> tuple:
        """Data sets whose errors are scaled."""
        return self.measurements.scaled_sets if self.scaled else ()

    @cached_property
    def names(self) -> tuple:
        """Names of the sampled parameters, d of them."""
        energy = ("H0",) if self.shock == "energy" and self.measurements.shocked.any() else ()
        return (*self.equation.free, *energy, *(f"s[{name}]" for name in self.scaled_sets))

    @cached_property
    def prior_list(self) -> tuple:
        """Prior of each sampled parameter."""
        usual = {f"s[{name}]": scale_prior(name) for name in self.scaled_sets}
        return tuple(self.priors.get(n) or usual.get(n) or self.equation.prior(n) for n in self.names)

    @cached_property
    def base(self) -> np.ndarray:
        """All parameters, with the values of those that are not sampled."""
        fixed = {"H0": 1.30} | self.equation.fixed
        return np.array([fixed.get(name, 0.0) for name in _PHYSICAL] + [0.0] * max(len(self.scaled_sets), 1))

    @cached_property
    def places(self) -> np.ndarray:
        """Where each sampled parameter stands in `base`."""
        order = {name: i for i, name in enumerate((*_PHYSICAL, *(f"s[{s}]" for s in self.scaled_sets)))}
        return np.array([order[name] for name in self.names])

    @cached_property
    def args(self) -> tuple:
        """Second argument of the compiled likelihood."""
        settings = np.array([REFERENCE_K, self.equation.code, self.shock == "latent", *LATENT_LIMITS_K, MOLAR_MASS], float)
        rows = self.measurements.rows()
        if not self.scaled:
            rows[:, kernels.SET] = -1
        nodes = np.column_stack(np.polynomial.legendre.leggauss(N_NODES))
        return rows, self.places, self.base, settings, nodes, np.array([p.code for p in self.prior_list])

    def problem(self) -> Problem:
        """As `lib.sampling` takes it."""
        return Problem(
            self.names,
            kernels.log_likelihood,
            log_prior=kernels.log_prior,
            prior_sample=_PriorSample(self.prior_list),
            bounds=[(p.low, p.high) for p in self.prior_list],
            args=self.args,
        )

    def log_likelihood(self, theta) -> np.ndarray:
        """Log-likelihood of many points.

        Parameters
        ----------
        theta : array, shape (n, d)
            Sampled parameters.

        Returns
        -------
        ndarray, shape (n,)
        """
        theta = np.atleast_2d(theta)
        blocks = [self.pointwise(theta[i : i + BLOCK])[..., 0].sum(axis=1) for i in range(0, len(theta), BLOCK)]
        return np.nan_to_num(np.concatenate(blocks), nan=-np.inf, neginf=-np.inf)

    def pointwise(self, theta) -> np.ndarray:
        """Log probability and standardised residuals (density, sound speed; measured minus model) of every row.

        Parameters
        ----------
        theta : array, shape (n, d)

        Returns
        -------
        ndarray, shape (n, n_rows, 3)
        """
        return kernels.pointwise(np.ascontiguousarray(theta, float), self.args)

    def vectors(self, theta) -> np.ndarray:
        """Parameters as `lib.eos.eos_kernels` reads them (SI).

        Parameters
        ----------
        theta : array, shape (n, d)

        Returns
        -------
        ndarray, shape (n, 10)
        """
        theta = np.atleast_2d(theta)
        full = np.tile(self.base, (len(theta), 1))
        full[:, self.places] = theta
        rho0, k0, k_prime, gamma0, b, e0, g, a = full[:, :8].T
        t0, mass = np.full(len(full), REFERENCE_K), np.full(len(full), MOLAR_MASS)
        return np.column_stack([rho0, 1e9 * k0, k_prime, gamma0, b, 1e-4 * e0, g, t0, a, mass])


class _PriorSample:
    """Independent draws from the priors; a class so that it can be sent to other processes."""

    def __init__(self, priors):
        self.priors = priors

    def __call__(self, rng, n):
        return np.column_stack([p.distribution.ppf(rng.random(n)) for p in self.priors])


@dataclass(frozen=True, eq=False)
class Inference:
    """Posterior of a model.

    Parameters
    ----------
    model : EosModel
        What was asked.
    chain : lib.sampling.Chain
        Draws with their diagnostics; see there.
    """

    model: EosModel
    chain: object

    @property
    def names(self) -> tuple:
        """Names of the sampled parameters."""
        return self.chain.names

    @cached_property
    def evidence(self):
        """Log evidence with its error (bridge estimate); for draws by replica exchange."""
        return self.chain.evidence()

    def draws(self, n=None) -> np.ndarray:
        """Draws from the posterior, evenly over the chains.

        Parameters
        ----------
        n : int, optional
            About so many; None: all.

        Returns
        -------
        ndarray, shape (n, d)
        """
        flat = self.chain.flat()
        if n is None or n >= len(flat):
            return flat
        return flat[np.linspace(0, len(flat) - 1, n).astype(int)]

    def summary(self) -> pd.DataFrame:
        """Prior against posterior of every parameter.

        Returns
        -------
        DataFrame
            Columns parameter, unit, meaning, prior, prior_sd, mean, sd, median, lo95, hi95, contraction (1 - sd/prior_sd),
            overlap (of the two densities, 0-1), identified, rhat, ess_bulk, ess_tail.
        """
        found = self.chain.diagnostics()
        flat, rows = self.chain.flat(), []
        for i, prior in enumerate(self.model.prior_list):
            x = flat[:, i]
            median, low, high = np.quantile(x, [0.5, 0.025, 0.975])
            sd = float(prior.distribution.std())
            overlap, contraction = prior_overlap(x, prior), 1 - float(x.std(ddof=1)) / sd
            rows.append({
                "parameter": prior.name, "unit": prior.unit, "meaning": prior.meaning, "prior": prior.describe(),
                "prior_sd": sd,
                "mean": x.mean(), "sd": x.std(ddof=1), "median": median, "lo95": low, "hi95": high,
                "contraction": contraction, "overlap": overlap,
                "identified": contraction >= LEAST_CONTRACTION or overlap <= MOST_OVERLAP,
                "rhat": found["rhat"][i], "ess_bulk": found["ess_bulk"][i], "ess_tail": found["ess_tail"][i],
            })  # fmt: skip
        return pd.DataFrame(rows)


def prior_overlap(draws, prior: Prior, n_bins: int = 30) -> float:
    """Return the area that the densities of posterior and prior share.

    Parameters
    ----------
    draws : array, shape (n,)
        From the posterior.
    prior : Prior
        Its prior.
    n_bins : int
        Bins of equal prior probability.

    Returns
    -------
    float
        1 where they agree, 0 where they have nothing in common.
    """
    share = np.histogram(prior.distribution.cdf(draws), bins=n_bins, range=(0.0, 1.0))[0] / len(draws)
    return float(np.minimum(share, 1 / n_bins).sum())


def infer(model: EosModel, *, n_evaluations: int = N_EVALUATIONS, seed=1, n_chains: int = 4, method: str = "adaptive"):
    """Draw from the posterior of a model.

    Parameters
    ----------
    model : EosModel
        Data, form, priors.
    n_evaluations : int
        Likelihoods in total.
    seed : int or numpy.random.SeedSequence
        Of all chains.
    n_chains : int
        Independent chains, each started at a draw from the prior.
    method : {"adaptive", "exchange"}
        Of `lib.sampling.sample`: one random walk a chain that learns its covariance, four times as effective on these
        posteriors, which have one mode; or replica exchange, which gives the evidence as well, and would find other modes.

    Returns
    -------
    Inference
    """
    thin = max(1, round(0.5 * n_evaluations / (N_KEPT * (10 if method == "exchange" else 1))))
    chain = sample(model.problem(), method, n_evaluations=n_evaluations, seed=seed, n_chains=n_chains, thin=thin)
    return Inference(model, chain)
