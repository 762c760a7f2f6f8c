"""Reactions, networks of candidate reactions, and the silica-driven network of serpentinisation."""

from __future__ import annotations

import dataclasses
import difflib
import math
from collections.abc import Mapping
from functools import cached_property

import numpy as np

from .balance import NetworkFault, conserved_quantities, element_faults, parse_equation, parse_formula
from .laws import MOST_FACTORS, factors_of

__all__ = ["Network", "NetworkFault", "Reaction", "silica_network", "silica_start"]


@dataclasses.dataclass(frozen=True)
class Reaction:
    """One candidate reaction; its rate is k S(y) f(y).

    Parameters
    ----------
    name : str
        Short name, unique in its network.
    stoichiometry : mapping of str to float
        Amount of each species produced (positive) or consumed (negative) for one unit of reaction.
    surface : tuple
        Surface model S, see `lib.kinetics.laws.factors_of`.
    affinity : tuple
        Affinity or mass-action term f, see the same.
    rate_scale : float
        Scale of the rate constant, in the network's amount and time units; that of a half-normal prior.  Above zero.
    rate : float
        Reference rate constant; NaN where there is none.
    equation : str
        The reaction in words, for tables and figures.
    """

    name: str
    stoichiometry: Mapping
    surface: tuple = ("constant",)
    affinity: tuple = ("none",)
    rate_scale: float = 1.0
    rate: float = math.nan
    equation: str = ""

    def __post_init__(self):
        if not self.stoichiometry or not all(np.isfinite(v) for v in self.stoichiometry.values()):
            raise ValueError(
                f"reaction {self.name!r}: stoichiometry {dict(self.stoichiometry)}; expected finite coefficients."
            )
        if not (math.isfinite(self.rate_scale) and self.rate_scale > 0):
            raise ValueError(f"reaction {self.name!r}: rate_scale is {self.rate_scale}; expected a finite number above zero.")
        factors_of(self.surface, self.affinity, self.name)

    @property
    def factors(self):
        """The law as a list of `lib.kinetics.laws.Factor`."""
        return factors_of(self.surface, self.affinity, self.name)


class Network:
    """Candidate reactions over a set of species, ready for the compiled solver.

    Parameters
    ----------
    species : sequence of str
        The states, in order.
    reactions : sequence of Reaction
        The candidates, in order.
    elements : mapping of str to str or mapping, optional
        Composition of a species, as a formula (``{"Fo": "Mg2SiO4"}``) or as the elements to follow
        (``{"Fo": {"Mg": 2, "Si": 1}}``).
    fast : mapping of str to float, optional
        Dissolved species measured on another scale than moles, with the moles that one unit of the state holds
        (``{"C": 0.02}``: a saturation of one is 0.02 mol).  A small number makes the species fast and the system stiff.
    reservoirs : sequence of str, optional
        Species present without limit, such as water: they may stand in reactions and are no states.
    start : mapping of str to float, optional
        Initial amounts; zero where not listed.
    name : str, optional
        Name of the network.

    Attributes
    ----------
    names : tuple of str
        Names of the reactions.
    stoichiometry : ndarray, shape (n_species, n)
        Change of each state by one unit of each reaction.
    rate_scale, reference : ndarray, shape (n,)
        Scales and reference values of the rate constants.

    Raises
    ------
    ValueError
        For repeated names, unknown species in a reaction or law, and capacities that are not above zero.
    """

    def __init__(self, species, reactions, elements=None, *, fast=None, reservoirs=(), start=None, name=""):
        self.species, self.reactions = tuple(species), tuple(reactions)
        self.formulas = {s: e for s, e in (elements or {}).items() if isinstance(e, str)}
        self.elements = {s: parse_formula(e) if isinstance(e, str) else dict(e) for s, e in (elements or {}).items()}
        self.fast, self.reservoirs, self.start, self.name = dict(fast or {}), tuple(reservoirs), dict(start or {}), name
        self.names = tuple(r.name for r in self.reactions)
        self.n, self.n_species = len(self.reactions), len(self.species)
        self._check()
        self.rate_scale = np.array([r.rate_scale for r in self.reactions], dtype=float)
        self.reference = np.array([r.rate for r in self.reactions], dtype=float)
        self.capacity = np.array([self.fast.get(s, 1.0) for s in self.species], dtype=float)
        moles = np.array([[r.stoichiometry.get(s, 0.0) for r in self.reactions] for s in self.species], dtype=float)
        self.moles = moles.reshape(self.n_species, self.n)
        self.stoichiometry = self.moles / self.capacity[:, None]

    def _check(self):
        for what, names in (("species", self.species), ("reaction", self.names)):
            repeated = sorted({x for x in names if names.count(x) > 1})
            if repeated:
                raise ValueError(f"network {self.name!r}: the {what} name {repeated[0]!r} stands twice; names must differ.")
        for reaction in self.reactions:
            for s in reaction.stoichiometry:
                self._known(s, f"stoichiometry of reaction {reaction.name!r}", (*self.species, *self.reservoirs))
            for factor in reaction.factors:
                self._known(factor.species, f"rate law of reaction {reaction.name!r}", self.species)
        for s, capacity in self.fast.items():
            self._known(s, "fast", self.species)
            if not (math.isfinite(capacity) and capacity > 0):
                raise ValueError(f"network {self.name!r}: capacity of {s!r} is {capacity}; expected moles a unit, above zero.")
        for s in self.start:
            self._known(s, "start", self.species)

    def _known(self, s, where, known):
        if s not in known:
            close = difflib.get_close_matches(str(s), known, 1)
            hint = f" Did you mean {close[0]!r}?" if close else ""
            raise ValueError(f"network {self.name!r}, {where}: unknown species {s!r}.{hint} Known: {', '.join(known)}.")

    @cached_property
    def code(self):
        """The network as plain arrays (`solver_kernels.NetworkCode`); a factor that several laws share stands once."""
        from .solver_kernels import NetworkCode  # here, so that reading and checking a network does not load Numba

        unique, rows = {}, np.full((self.n, MOST_FACTORS), -1, dtype=np.int64)
        for j, reaction in enumerate(self.reactions):
            for slot, factor in enumerate(reaction.factors):
                rows[j, slot] = unique.setdefault(factor, len(unique))
        return NetworkCode(
            np.array([f.law for f in unique], dtype=np.int64),
            np.array([self.species.index(f.species) for f in unique], dtype=np.int64),
            np.array([f.parameters for f in unique], dtype=float).reshape(len(unique), 4),
            rows,
            np.ascontiguousarray(self.stoichiometry),
        )

    def index(self, name):
        """Return the position of a reaction.

        Parameters
        ----------
        name : str
            Name of a reaction.

        Returns
        -------
        int
            Its position among the candidates.
        """
        if name not in self.names:
            raise KeyError(f"no reaction {name!r} in network {self.name!r}; known: {', '.join(self.names)}")
        return self.names.index(name)

    def mask(self, names):
        """Return the mask of some reactions.

        Parameters
        ----------
        names : iterable of str
            Names of reactions.

        Returns
        -------
        ndarray of bool, shape (n,)
            True for each of them.
        """
        chosen = np.zeros(self.n, dtype=bool)
        chosen[[self.index(x) for x in names]] = True
        return chosen

    def subset(self, mask):
        """Return the network of some of the candidates, with the same states.

        Parameters
        ----------
        mask : array_like of bool, shape (n,), or of int
            The reactions to keep.

        Returns
        -------
        Network
            The smaller network.
        """
        kept = np.arange(self.n)[np.asarray(mask)]
        return Network(
            self.species, [self.reactions[j] for j in kept], {**self.elements, **self.formulas},
            fast=self.fast, reservoirs=self.reservoirs, start=self.start, name=self.name,
        )  # fmt: skip

    def initial(self, amounts=None):
        """Return the initial state.

        Parameters
        ----------
        amounts : mapping of str to float, or array_like, shape (n_species,), optional
            Initial amounts; the network's own `start` when left out.

        Returns
        -------
        ndarray, shape (n_species,)
            The state, in the order of `species`.
        """
        amounts = self.start if amounts is None else amounts
        if isinstance(amounts, Mapping):
            for s in amounts:
                self._known(s, "initial amounts", self.species)
            amounts = [amounts.get(s, 0.0) for s in self.species]
        y = np.array(amounts, dtype=float)
        if y.shape != (self.n_species,) or not np.isfinite(y).all():
            raise ValueError(f"initial amounts {y} do not fit; expected {self.n_species} finite numbers for {self.species}.")
        return y

    def rates(self, y, k):
        """Return the rate of every reaction.

        Parameters
        ----------
        y : array_like, shape (n_species,)
            State.
        k : array_like, shape (n,)
            Rate constants.

        Returns
        -------
        ndarray, shape (n,)
            Rates, in moles per unit time.
        """
        from .solver_kernels import evaluate_rates

        phi = np.empty(self.n)
        evaluate_rates(self.code, np.arange(self.n), np.asarray(y, dtype=float), phi, np.empty((self.n, self.n_species)))
        return phi * np.asarray(k, dtype=float)

    def balance(self):
        """Check every reaction against the element content of its species.

        Returns
        -------
        list of NetworkFault
            One for each reaction and element that do not balance; empty for a sound network.
        """
        return element_faults(self)

    def conserved(self):
        """Return the quantities that no candidate changes.

        Returns
        -------
        ndarray, shape (n_conserved, n_species)
            Each row w has w @ y constant: the elements' totals first, then what else the stoichiometry conserves.
        """
        return conserved_quantities(self)


def silica_network(capacity=0.02):
    """Return eight candidate reactions of olivine, quartz and water with silica as the only mobile component.

    Parameters
    ----------
    capacity : float
        Moles of silica that the fluid holds at quartz saturation; small against the solids, which makes silica fast.

    Returns
    -------
    Network
        States Fo (Mg2SiO4), Srp (Mg3Si2O5(OH)4), Brc (Mg(OH)2), Tlc (Mg3Si4O10(OH)2), Qz, Am (silica lost to a sink), in mol,
        and C, dissolved silica relative to quartz saturation.

    Notes
    -----
    The project's own working model, after the chemistry of the olivine-quartz-water experiments of Oyanagi et al.

    References
    ----------
    Oyanagi, R., Okamoto, A. & Tsuchiya, N. 2018, Minerals 8, 579.
    """
    talc, brucite = {"saturation": 0.3}, {"threshold": 0.02}
    fo = ("mineral", "Fo")
    rows = [
        ("R1", "Qz -> C", ("mineral", "Qz"), ("dissolution", "C"), 0.15),
        ("R2", "2 Fo + 3 H2O -> Srp + Brc", fo, ("none",), 0.02),
        ("R3", "3 Fo + C + 4 H2O -> 2 Srp", fo, ("first order", "C"), 0.03),
        ("R4", "Srp + 2 C -> Tlc + H2O", ("mineral", "Srp"), ("precipitation", "C", talc), 0.03),
        ("R5", "3 Brc + 2 C -> Srp + H2O", ("mineral", "Brc"), ("excess", "C", brucite), 0.6),
        ("R6", "3 Fo + 5 C + 2 H2O -> 2 Tlc", fo, ("precipitation", "C", talc), 0.01),
        ("R7", "C -> Am", ("constant",), ("first order", "C"), 0.05),
        ("R8", "2 Fo + 3 H2O -> Srp + Brc", ("autocatalytic", "Fo", "Srp"), ("none",), 0.1),
    ]
    formulas = {
        "Fo": "Mg2SiO4", "Srp": "Mg3Si2O5(OH)4", "Brc": "Mg(OH)2", "Tlc": "Mg3Si4O10(OH)2", "Qz": "SiO2", "Am": "SiO2",
        "C": "SiO2", "H2O": "H2O",
    }  # fmt: skip
    return Network(
        ("Fo", "Srp", "Brc", "Tlc", "Qz", "Am", "C"),
        [Reaction(n, parse_equation(e), s, a, rate_scale=2 * k, rate=k, equation=e) for n, e, s, a, k in rows],
        formulas,
        fast={"C": capacity}, reservoirs=("H2O",), start={"Fo": 1.0, "Qz": 0.6}, name="silica",
    )  # fmt: skip


def silica_start():
    """Return the start of the silica network: one mole of olivine and 0.6 of quartz in pure water.

    Returns
    -------
    ndarray, shape (7,)
        Initial state.
    """
    return silica_network().initial()
