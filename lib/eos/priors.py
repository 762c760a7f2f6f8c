"""What was believed before: priors of the parameters, and the forms of the equation that compete.

A parameter is sampled in the unit that tables of equations of state print.  Each form names the parameters that it leaves
free and the values of the others.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field

import numpy as np
from scipy import stats

from . import eos_kernels, likelihood_kernels

#: Reference temperature of the sampled forms, K: the melting point of iron at 1 bar.
REFERENCE_K = 1811.0
#: Temperatures behind a shock that are taken as possible when nothing but pressure and density was measured, K.
LATENT_LIMITS_K = (3000.0, 9000.0)
_KINDS = {
    "uniform": likelihood_kernels.UNIFORM,
    "normal": likelihood_kernels.NORMAL,
    "half-normal": likelihood_kernels.HALF_NORMAL,
}


@dataclass(frozen=True)
class Prior:
    """Prior distribution of one parameter.

    Parameters
    ----------
    name : str
        Of the parameter.
    kind : {"uniform", "normal", "half-normal"}
        Normal ones are cut off at the limits.
    low, high : float
        Limits; nothing outside is possible.
    mean, sd : float
        Of the normal distribution before it is cut off; a half-normal has mean 0.
    unit, meaning : str
        For tables and figures.

    Raises
    ------
    ValueError
        For an unknown kind, limits in the wrong order, or a standard deviation that is not above zero.
    """

    name: str
    kind: str
    low: float
    high: float
    mean: float = 0.0
    sd: float = 0.0
    unit: str = "1"
    meaning: str = ""

    def __post_init__(self):
        if self.kind not in _KINDS:
            raise ValueError(f"prior of {self.name}: kind {self.kind!r} is not one of {', '.join(_KINDS)}")
        if not self.low < self.high or not np.isfinite([self.low, self.high]).all():
            raise ValueError(f"prior of {self.name}: limits {self.low}, {self.high} must be finite, the lower one first")
        if self.kind != "uniform" and not self.sd > 0:
            raise ValueError(f"prior of {self.name}: a standard deviation above zero is needed, got {self.sd}")

    @property
    def distribution(self):
        """As a frozen distribution of scipy.stats."""
        if self.kind == "uniform":
            return stats.uniform(self.low, self.high - self.low)
        a, b = (self.low - self.mean) / self.sd, (self.high - self.mean) / self.sd
        return stats.truncnorm(a, b, self.mean, self.sd)

    @property
    def code(self) -> list:
        """Numbers that the compiled prior reads."""
        return [_KINDS[self.kind], self.mean, self.sd or 1.0, self.low, self.high]

    def describe(self) -> str:
        """In words."""
        if self.kind == "uniform":
            return f"uniform {self.low:g} to {self.high:g}"
        if self.kind == "half-normal":
            return f"half-normal, scale {self.sd:g}"
        return f"normal {self.mean:g} +- {self.sd:g}, between {self.low:g} and {self.high:g}"


#: Parameters of all forms, in the order of the compiled likelihood.
PRIORS = {
    p.name: p
    for p in (
        Prior("rho0", "uniform", 6800, 7300, unit="kg/m3", meaning="density at 1811 K and zero pressure"),
        Prior("K0", "uniform", 30, 180, unit="GPa", meaning="isothermal bulk modulus there"),
        Prior("K0_prime", "uniform", 3, 9, meaning="its pressure derivative"),
        Prior("gamma0", "uniform", 0.3, 4, meaning="Grueneisen parameter there"),
        Prior("b", "uniform", -0.5, 2.5, meaning="exponent of its change with volume"),
        Prior("e0", "uniform", 0, 4, unit="1e-4/K", meaning="electronic part of the heat capacity"),
        Prior("g", "normal", -3, 1, -1.0, 0.5, meaning="exponent of its change with volume"),
        Prior("a", "uniform", 0, 1, meaning="share of the Grueneisen parameter that changes with volume"),
        Prior("H0", "normal", 1.0, 1.6, 1.30, 0.05, "MJ/kg", "enthalpy of the liquid at 1811 K over iron before the shock"),
    )
}
#: Electronic Grueneisen parameter of the consistent form: 2/3 for free electrons, larger in transition metals.
ELECTRONIC = Prior("g", "uniform", 0, 2.5, meaning="electronic Grueneisen parameter")
#: Logarithm of the factor by which the errors of a data set are too small.
SCALE = Prior("s", "half-normal", 0, 5, 0.0, 0.5, meaning="ln of the factor on the errors of a data set")


@dataclass(frozen=True)
class Form:
    """A form of the equation of state.

    Parameters
    ----------
    title : str
        For figures.
    code : int
        Of `lib.eos.eos_kernels`.
    free : tuple of str
        Parameters that the data shall tell.
    fixed : dict
        Values of the others.
    priors : dict
        Priors that differ from `PRIORS`.
    """

    title: str
    code: int
    free: tuple
    fixed: dict = field(default_factory=dict)
    priors: dict = field(default_factory=dict)

    def prior(self, name: str) -> Prior:
        """Return the prior of one of the free parameters."""
        return self.priors.get(name, PRIORS[name])


_SEVEN = ("rho0", "K0", "K0_prime", "gamma0", "b", "e0", "g")
_PLAIN = {"a": 1.0}
#: Forms that compete.
SAMPLED_FORMS = {
    "as printed": Form("as printed", eos_kernels.KUWAYAMA, _SEVEN, _PLAIN),
    "g fixed": Form("as printed, g = -1", eos_kernels.KUWAYAMA, _SEVEN[:6], _PLAIN | {"g": -1.0}),
    "consistent": Form("thermodynamically consistent", eos_kernels.CONSISTENT, _SEVEN, _PLAIN, {"g": ELECTRONIC}),
    "no electronic term": Form(
        "no electronic term", eos_kernels.KUWAYAMA, _SEVEN[:5], _PLAIN | {"e0": 0.0, "g": -1.0}
    ),
    "constant gamma": Form(
        "Grueneisen parameter constant", eos_kernels.KUWAYAMA, (*_SEVEN[:4], "e0", "g"), _PLAIN | {"b": 0.0}
    ),
    "Ichikawa gamma": Form("Ichikawa's Grueneisen parameter", eos_kernels.KUWAYAMA, (*_SEVEN, "a")),
}  # fmt: skip


def form_named(name: str) -> Form:
    """Return a form.

    Parameters
    ----------
    name : str
        Key of `SAMPLED_FORMS`.

    Returns
    -------
    Form

    Raises
    ------
    ValueError
        For an unknown name; the message lists the known ones.
    """
    if name not in SAMPLED_FORMS:
        raise ValueError(f"unknown form {name!r} of the equation of state; known: {', '.join(SAMPLED_FORMS)}")
    return SAMPLED_FORMS[name]


def scale_prior(data_set: str) -> Prior:
    """Return the prior of the error scale of a data set, named ``s[data set]``."""
    return dataclasses.replace(SCALE, name=f"s[{data_set}]")
