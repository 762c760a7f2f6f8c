"""Partially observed state-space model of a reaction network: hidden solids, a measured fluid, noise in both.

The amounts x follow dx = N r(x) dt + dW, r_j = k_j S_j(x) f_j(x), and some of them are measured at some times.  Time is cut
into short steps, on which x moves by an explicit Euler step and Gaussian system noise.  The rate constants k enter linearly,
which `lib.reactions.sparse_em` makes use of.  Every pair of a reaction and a surface model is one candidate with its own k.

The equations are the project's own, after the structure described by the papers (surface-dependent dissolution of a solid,
dissolved intermediate, surface-dependent precipitation of another solid, only the dissolved species measured).

References
----------
Ito, S., et al. 2021, Entropy 23, 824.  Omori, T., et al. 2016, Physical Review E 94, 033305.
"""

from __future__ import annotations

import dataclasses
from typing import NamedTuple

import numpy as np
import pandas as pd

from lib.kinetics import Network, Reaction

__all__ = ["Noise", "Series", "StateSpace", "simulate_series", "surface_network"]

FINER = 20  # artificial data are made with steps this much shorter than those of the model that is fitted


class Noise(NamedTuple):
    """Standard deviations of system and measurement.

    Parameters
    ----------
    system : float
        Of the system noise, amount per square root of unit time; `StateSpace.noise_shape` says how much each species has.
    observation : ndarray, shape (n_species,)
        Of a measurement of each species, in its unit; any number for a species that is not measured.
    """

    system: float
    observation: np.ndarray


def surface_network(saturation=(0.3, 0.1), nuclei=0.1):
    """Return seven candidates for a solid A that dissolves to c, from which a solid B precipitates.

    Parameters
    ----------
    saturation : tuple of float
        Solubility of A and of B, mol per kg of water; that of B is the smaller.
    nuclei : float
        Surface of nuclei of B, in units of (mol)^(2/3).

    Returns
    -------
    Network
        States A, B, c, mol per kg of water.  A dissolves at a rate proportional to 1 - c/c_A times a constant, the area
        A^(2/3) or the amount A; B grows at (c/c_B - 1)+ times a constant, the area A^(2/3) of the reactant,
        B^(2/3) + nuclei, or the amount B.

    References
    ----------
    After the candidate surface models of Ito et al. 2021, Entropy 23, 824.
    """
    if not 0 < saturation[1] < saturation[0]:
        raise ValueError(f"saturation is {saturation}; expected the solubility of A, then a smaller one of B, above zero.")
    down, up = {"A": -1.0, "c": 1.0}, {"c": -1.0, "B": 1.0}
    under, over = ("dissolution", "c", {"saturation": saturation[0]}), ("precipitation", "c", {"saturation": saturation[1]})
    rows = [
        ("dissolution: constant", down, ("constant", "A"), under, 0.1, "A -> c"),
        ("dissolution: area of A", down, ("mineral", "A"), under, 0.1, "A -> c"),
        ("dissolution: amount of A", down, ("proportional", "A"), under, 0.1, "A -> c"),
        ("precipitation: constant", up, ("constant", "c"), over, 0.05, "c -> B"),
        ("precipitation: area of A", up, ("mineral", "A"), over, 0.05, "c -> B"),
        ("precipitation: area of B", up, ("nucleation", "B", {"nuclei": nuclei}), over, 0.05, "c -> B"),
        ("precipitation: amount of B", up, ("proportional", "B"), over, 0.05, "c -> B"),
    ]
    reactions = [Reaction(n, nu, s, f, rate_scale=k, rate=k, equation=e) for n, nu, s, f, k, e in rows]
    moiety = {x: {"A": 1.0} for x in ("A", "B", "c")}
    return Network(("A", "B", "c"), reactions, moiety, start={"A": 1.0, "B": 0.01}, name="dissolution and precipitation")


class StateSpace:
    """A network with the times and measurements of one series.

    Parameters
    ----------
    network : Network
        Candidate reactions; none may be fast against the steps, which are explicit.
    times : array_like, shape (n_times,)
        Times of measurement, increasing, the start of the run being time zero.
    data : mapping of str to array_like, shape (n_times,)
        Measured amounts of each measured species; NaN where not measured.
    max_step : float or tuple of two float, optional
        Longest step of the model, or the longest at the start and at the end of the run, linear between; the longest gap
        between measurements when left out.  Every measurement falls on a step.  The first steps must be short against the
        time in which the fluid nears its steady state, or rates come out too small; later ones only short enough to be stable.
    start : mapping or array_like, optional
        Initial amounts; the network's own when left out.
    start_sd : float or array_like, shape (n_species,)
        Standard deviation of the initial amounts, above zero.
    noise_shape : array_like, shape (n_species,), optional
        Size of the system noise of each species relative to the common one, above zero.  Left out: one for measured species, a
        third for the others.

    Attributes
    ----------
    grid : ndarray, shape (n_grid,)
        Times of all steps, from zero.
    data : ndarray, shape (n_grid, n_species)
        Measurements on that grid, NaN elsewhere.
    observed : tuple of str
        The measured species.

    Raises
    ------
    ValueError
        For times that do not increase, unknown species, columns of the wrong length, and measurements that hold no number.
    """

    def __init__(self, network, times, data, *, max_step=None, start=None, start_sd=0.005, noise_shape=None):
        self.network, self.start = network, network.initial(start)
        times = np.asarray(times, dtype=float)
        if times.ndim != 1 or times.size < 3 or not np.isfinite(times).all():
            raise ValueError(f"times have shape {times.shape}; expected a list of three or more finite numbers.")
        if times[0] < 0 or (np.diff(times) <= 0).any():
            i = 0 if times[0] < 0 else int(np.argmax(np.diff(times) <= 0)) + 1
            raise ValueError(f"times must start at 0 or later and increase; time {i} is {times[i]:g}.")
        self.times = times
        knots = times if times[0] == 0 else np.concatenate([[0.0], times])
        gaps = np.diff(knots)
        longest = np.broadcast_to(np.asarray(gaps.max() if max_step is None else max_step, dtype=float), (2,))
        if not (longest > 0).all():
            raise ValueError(f"max_step is {max_step}; expected a time above zero, or two, for the start and the end.")
        limit = longest[0] + (longest[1] - longest[0]) * knots[:-1] / knots[-1]
        parts = np.ceil(gaps / limit - 1e-9).astype(int)
        self.steps = np.repeat(gaps / parts, parts)
        self.grid = np.concatenate([[0.0], np.cumsum(self.steps)])
        where = np.concatenate([[0], np.cumsum(parts)])[knots.size - times.size :]
        self.grid[where] = times
        self.data = np.full((self.grid.size, network.n_species), np.nan)
        for species, values in dict(data).items():
            if species not in network.species:
                raise ValueError(f"data: unknown species {species!r}; known: {', '.join(network.species)}.")
            values = np.asarray(values, dtype=float)
            if values.shape != times.shape or np.isinf(values).any():
                raise ValueError(f"data of {species!r} have shape {values.shape}; expected {times.size} numbers or NaN.")
            self.data[where, network.species.index(species)] = values
        measured = np.isfinite(self.data)
        if not measured.any():
            raise ValueError("data hold no measured number; expected at least one species measured at some times.")
        self.n_data = int(measured.sum())
        self.observed = tuple(s for s, m in zip(network.species, measured.any(axis=0), strict=True) if m)
        self.start_sd = self._positive("start_sd", start_sd)
        shape = np.where(measured.any(axis=0), 1.0, 1 / 3) if noise_shape is None else noise_shape
        self.noise_shape = self._positive("noise_shape", shape)

    def _positive(self, name, values):
        values = np.broadcast_to(np.asarray(values, dtype=float), (self.network.n_species,)).copy()
        if not (np.isfinite(values) & (values > 0)).all():
            raise ValueError(f"{name} is {values}; expected numbers above zero, one a species {self.network.species}.")
        return values

    def noise(self, system, observation):
        """Return noise levels in the form that the filter takes.

        Parameters
        ----------
        system : float
            System noise, amount per square root of unit time, above zero.
        observation : float or mapping of str to float
            Standard deviation of a measurement, the same for all or one a measured species, above zero.

        Returns
        -------
        Noise
            Both levels.
        """
        names = self.network.species
        levels = dict.fromkeys(names, 1.0)
        levels.update(observation if isinstance(observation, dict) else dict.fromkeys(names, float(observation)))
        sd = np.array([levels[s] for s in names], dtype=float)
        if not (system > 0 and (sd > 0).all() and np.isfinite(sd).all() and np.isfinite(system)):
            raise ValueError(
                f"noise levels are {system} (system) and {observation} (observation); expected numbers above zero."
            )
        return Noise(float(system), sd)

    def frame(self):
        """Return the measurements.

        Returns
        -------
        DataFrame
            Columns time_h, species, value; one row a measurement.
        """
        row, column = np.nonzero(np.isfinite(self.data))
        species = np.array(self.network.species)[column]
        return pd.DataFrame({"time_h": self.grid[row], "species": species, "value": self.data[row, column]})


@dataclasses.dataclass(frozen=True)
class Series:
    """One artificial series.

    Parameters
    ----------
    model : StateSpace
        The series as an analysis sees it.
    rates : Series
        True rate constants of all candidates, by name.
    truth : DataFrame
        True amounts: columns time_h, species, value.
    noise : Noise
        The true noise levels.
    """

    model: StateSpace
    rates: pd.Series
    truth: pd.DataFrame
    noise: Noise


def simulate_series(rates, times, rng, *, network=None, observation_sd=0.003, system_sd=0.003, observed=("c",), **model):
    """Make an artificial series with system noise and measurement noise.

    Parameters
    ----------
    rates : mapping of str to float
        Rate constants of the candidates that run; the others are zero.
    times : array_like, shape (n_times,)
        Times of measurement, increasing.
    rng : numpy.random.Generator
        Source of the noise.
    network : Network, optional
        Candidate reactions; `surface_network` when left out.
    observation_sd : float
        Standard deviation of a measurement, above zero.
    system_sd : float
        System noise of a measured species, amount per square root of unit time, above zero.
    observed : sequence of str
        Species that are measured.
    **model
        Further arguments of `StateSpace`.

    Returns
    -------
    Series
        The artificial series, made with steps twenty times shorter than those of its model.
    """
    network = surface_network() if network is None else network
    k = np.zeros(network.n)
    for name, value in rates.items():
        k[network.index(name)] = value
    blank = {s: np.zeros(len(times)) for s in observed}
    plan = StateSpace(network, times, blank, **model)
    noise = plan.noise(system_sd, observation_sd)
    x = plan.start.copy()
    states = np.empty((plan.grid.size, network.n_species))
    states[0] = x
    for i, step in enumerate(plan.steps):
        fine = step / FINER
        for shock in rng.standard_normal((FINER, network.n_species)):
            x = x + fine * network.stoichiometry @ network.rates(x, k) + np.sqrt(fine) * system_sd * plan.noise_shape * shock
        states[i + 1] = x
    at = np.searchsorted(plan.grid, plan.times)
    truth = pd.DataFrame(
        {
            "time_h": np.tile(plan.grid, network.n_species),
            "species": np.repeat(network.species, plan.grid.size),
            "value": states.T.ravel(),
        }
    )
    data = {s: states[at, network.species.index(s)] + observation_sd * rng.standard_normal(plan.times.size) for s in observed}
    made = StateSpace(network, times, data, **model)
    return Series(made, pd.Series(k, index=network.names, name="rate"), truth, noise)
