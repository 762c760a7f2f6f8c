"""What an experiment would measure: slices of a column, after given durations, for given rates and diffusivity."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd

from lib.kinetics import ProfileReactor, slice_averages

from .pathways import DIFFUSIVITY_NAME, pathway_network

ATOMIC_MASS = {
    "H": 1.008, "C": 12.011, "O": 15.999, "Na": 22.990, "Mg": 24.305, "Al": 26.982, "Si": 28.085, "S": 32.06, "K": 39.098,
    "Ca": 40.078, "Ti": 47.867, "Cr": 51.996, "Mn": 54.938, "Fe": 55.845, "Ni": 58.693,
}  # fmt: skip
WATER = "H2O"
AMOUNTS = ("ratio", "wt")


@dataclasses.dataclass(frozen=True)
class Design:
    """What is measured, and when.

    Parameters
    ----------
    durations : tuple of float
        Durations of the runs, increasing; every run starts from the same olivine.
    n_slices : int
        Slices of equal width from the quartz side to the closed end; not used where `cuts` are given.
    solids : tuple of str
        Minerals measured in every slice; "H2O" is the water that the minerals hold.
    length : float
        Length of the column.
    amounts : {"ratio", "wt"}
        Moles per mole of olivine at the start, or mass % of the dry solids.
    cuts : tuple of (float, float)
        From and to of every slice, where they are not equal; empty = `n_slices` equal ones.
    n_cells : int
        Cells of the model.
    boundary : float
        Dissolved silica at the quartz side, 1 at quartz saturation.
    archie : float
        Exponent of De = D porosity^q; 0 for a constant diffusivity.
    volumes : tuple of (str, float)
        Volume fraction of one unit of each mineral; needed with `archie`.
    """

    durations: tuple = (10.0, 20.0, 40.0)
    n_slices: int = 15
    solids: tuple = ("Fo", "Srp", "Brc", "Tlc")
    length: float = 5.0
    amounts: str = "ratio"
    cuts: tuple = ()
    n_cells: int = 50
    boundary: float = 1.0
    archie: float = 0.0
    volumes: tuple = ()

    def __post_init__(self):
        if self.amounts not in AMOUNTS:
            raise ValueError(f"amounts = {self.amounts!r}: expected one of {', '.join(AMOUNTS)}")
        if not self.solids or len(set(self.solids)) < len(self.solids):
            raise ValueError(f"solids {self.solids}: name at least one mineral, each once")
        if not self.cuts and self.n_slices < 1:
            raise ValueError(f"n_slices = {self.n_slices}: expected 1 or more")

    @property
    def slices(self) -> np.ndarray:
        """From and to of every slice, shape (n_slices, 2)."""
        if self.cuts:
            return np.array(self.cuts, dtype=float)
        edges = np.linspace(0.0, self.length, self.n_slices + 1)
        return np.column_stack([edges[:-1], edges[1:]])

    @property
    def n_data(self) -> int:
        """Numbers measured in all."""
        return len(self.durations) * len(self.slices) * len(self.solids)


class ProfileModel:
    """Predictions of a design for a network of candidate reactions.

    Parameters
    ----------
    design : Design
        What is measured.
    network : Network, optional
        Candidates; `pathway_network` when left out.

    Attributes
    ----------
    reactor : ProfileReactor
        The column.
    names : tuple of str
        Names of the parameters: the candidates, then "D", the diffusivity.

    Raises
    ------
    ValueError
        For a solid that is no species of the network, or whose composition is not known where it is needed.
    """

    def __init__(self, design, network=None):
        self.design = design
        self.network = pathway_network() if network is None else network
        self.reactor = ProfileReactor(
            self.network, design.length, design.n_cells, design.boundary, design.durations, archie=design.archie,
            volumes=dict(design.volumes),
        )  # fmt: skip
        self.names = (*self.network.names, DIFFUSIVITY_NAME)
        self.averages = slice_averages(self.reactor.edges, design.slices)
        self._observe = self._observables()

    def _observables(self):
        """Matrices: measured quantities, and the mass of everything solid, from minerals."""
        minerals, elements = self.reactor.minerals, self.network.elements
        rows = []
        for solid in self.design.solids:
            if solid == WATER:
                rows.append([elements.get(m, {}).get("H", 0.0) / 2.0 for m in minerals])
            elif solid in minerals:
                rows.append([float(m == solid) for m in minerals])
            else:
                raise ValueError(
                    f"{solid!r} is measured, but the candidates do not know it; known: {', '.join(minerals)}, H2O"
                )
        if self.design.amounts == "ratio":
            return np.array(rows), None
        unknown = [m for m in minerals if not elements.get(m) or not set(elements[m]) <= set(ATOMIC_MASS)]
        if unknown:
            raise ValueError(f"mass % needs the composition of {unknown[0]!r}; give its formula in the network file")
        mass = np.array([sum(ATOMIC_MASS[e] * n for e, n in elements[m].items()) for m in minerals])
        water = 2 * ATOMIC_MASS["H"] + ATOMIC_MASS["O"]
        scale = [water if solid == WATER else mass[minerals.index(solid)] for solid in self.design.solids]
        return 100.0 * np.array(rows) * np.array(scale)[:, None], mass

    def predict(self, k, diffusivity, mask=None, *, atol=None) -> np.ndarray:
        """Return what would be measured without error.

        Parameters
        ----------
        k : array_like, shape (n,)
            Rate constants of all candidates.
        diffusivity : float
            Diffusivity of silica, see `lib.kinetics.ProfileReactor.solve`.
        mask : array_like of bool, shape (n,), optional
            Reactions that run.
        atol : float, optional
            Tolerance of the solver.

        Returns
        -------
        ndarray, shape (n_data,)
            In the order duration, slice, observable.
        """
        return self.measure(self.reactor.solve(k, diffusivity, mask, atol=atol))

    def measure(self, cells) -> np.ndarray:
        """Return what would be measured of given minerals.

        Parameters
        ----------
        cells : array_like, shape (n_durations, n_cells, n_minerals)
            Amounts, as `lib.kinetics.ProfileReactor.solve` gives them.

        Returns
        -------
        ndarray, shape (n_data,)
            In the order duration, slice, observable.
        """
        return self._measure(self.averages @ np.asarray(cells))[0].ravel()

    def _measure(self, amounts):
        """Observables (..., n_obs) and the factors that their derivatives need, from slice averages (..., n_minerals)."""
        observe, mass = self._observe
        values = amounts @ observe.T
        if mass is None:
            return values, None
        total = (amounts @ mass)[..., None]
        return values / total, total

    def predict_with_jacobian(self, k, diffusivity, active=None, *, atol=None):
        """Return what would be measured, and its derivatives.

        Parameters
        ----------
        k, diffusivity, atol
            As in `predict`.
        active : array_like of bool, shape (n,), or of int, optional
            Reactions that run.

        Returns
        -------
        prediction : ndarray, shape (n_data,)
            In the order duration, slice, observable.
        jacobian : ndarray, shape (n_data, n_active + 1)
            With respect to the active rate constants and, last, the diffusivity.
        """
        y, dy = self.reactor.solve_with_sensitivities(k, diffusivity, active, atol=atol)
        amounts = self.averages @ y
        t, n, m, q = dy.shape
        slopes = (self.averages @ dy.reshape(t, n, m * q)).reshape(t, -1, m, q)
        values, total = self._measure(amounts)
        observe, mass = self._observe
        jacobian = np.einsum("om,tsmq->tsoq", observe, slopes, optimize=True)
        if mass is not None:
            change = np.einsum("m,tsmq->tsq", mass, slopes, optimize=True)[:, :, None]
            jacobian = (jacobian - values[..., None] * change) / total[..., None]
        return values.ravel(), jacobian.reshape(-1, q)

    def simulate(self, parameters, active=None):
        """Return prediction and derivatives for parameters in one list, the diffusivity last.

        Parameters
        ----------
        parameters : array_like, shape (n + 1,)
            Rate constants of all candidates, then the diffusivity.
        active : array_like of bool, shape (n + 1,), or of int, optional
            Parameters that count; the diffusivity must be among them.

        Returns
        -------
        prediction : ndarray, shape (n_data,)
            What would be measured.
        jacobian : ndarray, shape (n_data, n_active)
            Derivatives in the order of `active`.
        """
        parameters = np.asarray(parameters, dtype=float)
        n = self.network.n
        active = np.flatnonzero(parameters[:n] != 0) if active is None else np.atleast_1d(np.asarray(active))
        active = np.flatnonzero(active) if active.dtype == bool else active
        reactions = active[active < n]
        prediction, jacobian = self.predict_with_jacobian(parameters[:n], parameters[n], reactions)
        order = np.empty(active.size, dtype=int)
        order[active < n] = np.arange(reactions.size)
        order[active >= n] = reactions.size
        return prediction, jacobian[:, order]

    def flux(self, parameters, active=None):
        """Return how much each reaction did, and the supply of silica.

        Parameters
        ----------
        parameters : array_like, shape (n + 1,)
            Rate constants of all candidates, then the diffusivity.
        active : array_like of bool, shape (n + 1,), or of int, optional
            Parameters that count; those above zero when left out.

        Returns
        -------
        ndarray, shape (n + 1,)
            Mean extent of each reaction over the cells, and moles of silica taken up; zero marks what has no effect.
        """
        parameters = np.asarray(parameters, dtype=float)
        n = self.network.n
        mask = None
        if active is not None:
            mask = np.zeros(n + 1, dtype=bool)
            mask[np.asarray(active)] = True
            mask = mask[:n]
        return self.reactor.fluxes(parameters[:n], parameters[n], mask)

    def frame(self, values, name="value") -> pd.DataFrame:
        """Return numbers of the design as a tidy table.

        Parameters
        ----------
        values : array_like, shape (n_data,)
            Measured or predicted.
        name : str
            Name of their column.

        Returns
        -------
        DataFrame
            Columns duration, slice (from 1), distance (middle of the slice), from, to, observable, unit, and the values.
        """
        d = self.design
        t, s, o = np.meshgrid(np.arange(len(d.durations)), np.arange(len(d.slices)), np.arange(len(d.solids)), indexing="ij")
        t, s, o = t.ravel(), s.ravel(), o.ravel()
        cuts = d.slices
        return pd.DataFrame({
            "duration": np.array(d.durations)[t], "slice": s + 1, "distance": cuts.mean(axis=1)[s], "from": cuts[s, 0],
            "to": cuts[s, 1], "observable": np.array(d.solids)[o], "unit": d.amounts, name: np.asarray(values, dtype=float),
        })  # fmt: skip
