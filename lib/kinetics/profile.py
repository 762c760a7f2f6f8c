"""A 1-D profile: minerals that react in place while one dissolved species diffuses in from one side."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from .profile_kernels import profile_kernel
from .reactor import FAILURES, StepFailure

__all__ = ["ProfileReactor", "slice_averages"]

TOLERANCE = 5e-4  # absolute, of a step; the largest error of an amount is then below 1e-3
MOST_STEPS = 20000
NO_START = "found no dissolved concentration for the starting amounts"


class ProfileReactor:
    """Reaction and quasi-steady diffusion in a column.

    Minerals change in every cell by the network's reactions.  The one dissolved species of the network holds so little against
    the solids that its transport is always steady: d/dx(De dC/dx) = sum_j u_j k_j S_j f_j, u_j what reaction j consumes of it.
    C is held at `boundary` at x = 0; nothing passes x = `length`.

    Parameters
    ----------
    network : Network
        Candidate reactions; exactly one species is listed as `fast` (dissolved and mobile).
    length : float
        Length of the column, in the length unit of the diffusivity.
    n_cells : int
        Cells of equal width, 2 or more.
    boundary : float
        Value of the dissolved species at x = 0 (1: saturated with quartz, in the silica network).
    durations : array_like, shape (n_durations,)
        Durations at which the profile is wanted, increasing, in the time unit of the rate constants.
    start : mapping of str to float, or array_like, shape (n_species,) or (n_cells, n_species), optional
        Initial amounts per unit length; the network's own start when left out.
    archie : float
        Exponent q of De = diffusivity * porosity^q; 0 for a constant diffusivity.
    volumes : mapping of str to float, optional
        Volume fraction that one unit of a mineral fills; needed with `archie`.
    porosity_floor : float, above 0
        Porosity below which the pores count as connected no worse.
    atol, rtol : float
        Absolute and relative tolerance of a step, for amounts of order one.

    Attributes
    ----------
    minerals : tuple of str
        All species but the dissolved one; the last axis of what is returned.
    centres, edges : ndarray, shape (n_cells,) and (n_cells + 1,)
        Middles and boundaries of the cells.

    Raises
    ------
    ValueError
        For sizes, durations, starts and volumes that cannot be.

    Notes
    -----
    Cell-centred finite volumes, second order in space; TR-BDF2 with adaptive steps, second order in time; the project's own
    working model, after the experiments and models of Oyanagi et al.

    References
    ----------
    Oyanagi, R., Okamoto, A. & Tsuchiya, N. 2018, Minerals 8, 579.
    Hosea, M. E. & Shampine, L. F. 1996, Applied Numerical Mathematics 20, 21-37.
    """

    def __init__(
        self, network, length, n_cells=50, boundary=1.0, durations=(), *, start=None, archie=0.0, volumes=None,
        porosity_floor=1e-3, atol=TOLERANCE, rtol=0.0,
    ):  # fmt: skip
        self.network, self.length, self.n_cells = network, float(length), int(n_cells)
        self.boundary, self.archie, self.porosity_floor = float(boundary), float(archie), float(porosity_floor)
        self.atol, self.rtol = float(atol), float(rtol)
        self.durations = np.array(durations, dtype=float)
        self._check()
        self.mobile = network.species.index(next(iter(network.fast)))
        self.edges = np.linspace(0.0, self.length, self.n_cells + 1)
        self.centres = 0.5 * (self.edges[1:] + self.edges[:-1])
        self._solid = np.delete(np.arange(network.n_species), self.mobile)
        self.minerals = tuple(network.species[s] for s in self._solid)
        self.y0 = self._start(start)
        self.y0[self.mobile] = 0.0
        self._volumes = np.zeros(network.n_species)
        for species, volume in (volumes or {}).items():
            network._known(species, "volumes", network.species)
            self._volumes[network.species.index(species)] = volume
        if self.archie and not self._volumes.any():
            raise ValueError(
                f"archie = {self.archie:g} needs volumes={{mineral: volume fraction of one unit}}, none was given."
            )
        if self.archie and (1 - self._volumes @ self.y0 <= 0).any():
            raise ValueError("the minerals of the start fill more than the whole volume; check volumes and start.")

    def _check(self):
        if len(self.network.fast) != 1:
            raise ValueError(
                f"network {self.network.name!r} lists {len(self.network.fast)} fast species {list(self.network.fast)}; a "
                "profile needs exactly one, the dissolved species that diffuses."
            )
        if not (np.isfinite(self.length) and self.length > 0 and self.n_cells >= 2):
            raise ValueError(
                f"length {self.length:g} and n_cells {self.n_cells}: expected a length above zero and 2 cells or more."
            )
        if self.durations.ndim != 1 or not self.durations.size or not np.isfinite(self.durations).all():
            raise ValueError(f"durations have shape {self.durations.shape}; expected a list of one or more finite numbers.")
        if self.durations[0] < 0 or (np.diff(self.durations) <= 0).any():
            raise ValueError(f"durations must be 0 or more and increase; got {self.durations.tolist()}.")
        if not (self.archie >= 0 and self.porosity_floor > 0 and self.atol > 0 and self.rtol >= 0 and self.boundary >= 0):
            raise ValueError("archie, boundary and rtol must be 0 or more; porosity_floor and atol above 0.")

    def _start(self, start):
        n, m = self.n_cells, self.network.n_species
        if start is None or isinstance(start, Mapping) or np.ndim(start) == 1:
            return np.repeat(self.network.initial(start)[:, None], n, axis=1)
        start = np.array(start, dtype=float)
        if start.shape != (n, m) or not np.isfinite(start).all():
            raise ValueError(f"start has shape {start.shape}; expected finite numbers of shape {(n, m)}, cells x species.")
        return np.ascontiguousarray(start.T)

    def _reduced(self, active):
        """Amounts that change independently, and C: y = y0 + directions (z, C), dz/dt = share k phi, last row what C loses.

        The amounts z are those of as many minerals as the reactions are independent, the last of the list first, so that the
        main reactant, usually listed first, follows from the balance.
        """
        moles = self.network.moles[:, active].copy()
        moles[self.mobile] = 0.0
        chosen = []
        for s in range(self.network.n_species - 1, -1, -1):
            if np.linalg.matrix_rank(moles[[*chosen, s]]) > len(chosen):
                chosen.append(s)
        share = np.ascontiguousarray(moles[chosen[::-1]])
        basis = moles @ np.linalg.pinv(share) if chosen else np.zeros((len(moles), 0))
        basis[np.abs(basis) < 1e-12] = 0.0
        dissolved = np.zeros((len(moles), 1))
        dissolved[self.mobile] = 1.0
        uptake = -self.network.moles[self.mobile, active]
        return np.hstack([basis, dissolved]), np.vstack([share, uptake])

    def _solve(self, k, diffusivity, active, sensitive, atol):
        k, network = np.asarray(k, dtype=float), self.network
        if k.shape != (network.n,):
            raise ValueError(f"k has shape {k.shape}; expected one rate constant for each of the {network.n} candidates.")
        active = np.flatnonzero(k != 0) if active is None else np.atleast_1d(np.asarray(active))
        active = np.flatnonzero(active) if active.dtype == bool else active.astype(np.int64)
        chosen = np.ascontiguousarray(k[active])
        if not (np.isfinite(chosen) & (chosen >= 0)).all():
            j = active[np.argmin(np.isfinite(chosen) & (chosen >= 0))]
            raise ValueError(f"rate constant of {network.names[j]!r} is {k[j]}; expected a finite number, zero or more.")
        if not (np.isfinite(diffusivity) and diffusivity > 0):
            raise ValueError(f"diffusivity is {diffusivity}; expected a finite number above zero.")
        directions, share = self._reduced(active)
        n_times, n, p, r = self.durations.size, self.n_cells, active.size, share.shape[0] - 1
        q = p + 1 if sensitive else 0
        z_out, extent_out, s_out = (
            np.empty((n_times, (r + 1) * n)),
            np.empty((n_times, p, n)),
            np.empty((n_times, q, (r + 1) * n)),
        )
        atol = self.atol if atol is None else float(atol)
        square = (n / self.length) ** 2
        passive = -self._volumes @ directions[:, :r] if self.archie else np.zeros(0)
        rows, line = r + 1 + (self.archie > 0), (r + 1) * n
        code, work, phis = network.code, np.empty(n), np.zeros((3, p, n))
        used = code.reaction_factors[active]
        problem = (
            code, active, np.unique(used[used >= 0]), self.y0, directions, passive, self.mobile, float(diffusivity) * square,
            self._volumes, self.archie, self.porosity_floor, self.boundary,
        )  # fmt: skip
        store = (
            np.empty((network.n_species, n)), np.empty((r + 1, p)), np.empty((2, code.factor_law.size, n)), work,
            work.view(np.int64), np.empty((rows, r + 1, n)), *np.zeros((3, n + 1)), *np.empty((3, n)), phis,
        )  # fmt: skip
        z, x = np.zeros(line), np.empty((rows, n))
        z[r * n :] = self.boundary
        steps = profile_kernel(
            problem, store, chosen, share, self.durations, atol, self.rtol, MOST_STEPS, z, np.empty(line), np.empty(line),
            x.reshape(-1), x, np.zeros((3, line)), np.zeros(n), np.empty(n), np.zeros((p, n)), np.zeros((q, line)),
            np.zeros((q, line)), np.zeros((3, q, line)), z_out, extent_out, s_out,
        )  # fmt: skip
        if steps[0] < 0:
            rates = ", ".join(f"{network.names[j]}={k[j]:.4g}" for j in active)
            why = FAILURES.get(steps[0], NO_START)
            raise StepFailure(
                f"the profile {why} at atol {atol:g} with {rates}, diffusivity={diffusivity:.4g}; check rates and units."
            )
        z_out, s_out = z_out.reshape(n_times, r + 1, n), s_out.reshape(n_times, q, r + 1, n)
        s_out[:, -1:] *= square  # the kernel's diffusivity is that over the square of a cell
        return active, directions[self._solid, :r], z_out[:, :r], z_out[:, r], extent_out, s_out[:, :, :r], steps

    def solve(self, k, diffusivity, mask=None, *, atol=None):
        """Return the minerals of every cell after each duration.

        Parameters
        ----------
        k : array_like, shape (n,)
            Rate constants of all candidates, zero or more.
        diffusivity : float
            Effective diffusivity times the amount that one unit of the dissolved species stands for: moles / (length time).
        mask : array_like of bool, shape (n,), or of int, optional
            Reactions that run; those with a rate constant above zero when left out.
        atol : float, optional
            Tolerance, in place of the reactor's.

        Returns
        -------
        ndarray, shape (n_durations, n_cells, n_minerals)
            Amounts.

        Raises
        ------
        StepFailure
            When the solver cannot reach the last duration.
        """
        _, basis, z, *_ = self._solve(k, diffusivity, mask, False, atol)
        return self.y0[self._solid].T + np.moveaxis(z, 1, 2) @ basis.T

    def solve_with_sensitivities(self, k, diffusivity, active=None, *, atol=None):
        """Return the minerals and their derivatives with respect to rate constants and diffusivity.

        Parameters
        ----------
        k : array_like, shape (n,)
            Rate constants of all candidates, zero or more.
        diffusivity : float
            As in `solve`.
        active : array_like of bool, shape (n,), or of int, optional
            Reactions that run; one with a rate constant of zero has its derivative all the same.
        atol : float, optional
            Tolerance, in place of the reactor's.

        Returns
        -------
        y : ndarray, shape (n_durations, n_cells, n_minerals)
            Amounts.
        dy : ndarray, shape (n_durations, n_cells, n_minerals, n_active + 1)
            Derivatives in the order of `active`; the last is that with respect to the diffusivity.

        Notes
        -----
        They are the derivatives of the discrete solution with its steps held fixed.
        """
        _, basis, z, _, _, s, _ = self._solve(k, diffusivity, active, True, atol)
        y = self.y0[self._solid].T + np.moveaxis(z, 1, 2) @ basis.T
        return y, np.moveaxis(np.einsum("mr,tprn->tpnm", basis, s, optimize=True), 1, -1)

    def dissolved(self, k, diffusivity, mask=None, *, atol=None):
        """Return the dissolved species in every cell after each duration.

        Parameters
        ----------
        k, diffusivity, mask, atol
            As in `solve`.

        Returns
        -------
        ndarray, shape (n_durations, n_cells)
            Concentration in units of saturation.
        """
        return self._solve(k, diffusivity, mask, False, atol)[3]

    def extents(self, k, diffusivity, mask=None, *, atol=None):
        """Return how far each reaction has run in every cell.

        Parameters
        ----------
        k, diffusivity, mask, atol
            As in `solve`.

        Returns
        -------
        ndarray, shape (n_durations, n_cells, n)
            Integrated rates; zero for reactions that do not run.
        """
        active, _, _, _, extents, _, _ = self._solve(k, diffusivity, mask, False, atol)
        full = np.zeros((self.durations.size, self.n_cells, self.network.n))
        full[:, :, active] = np.moveaxis(extents, 1, 2)
        return full

    def fluxes(self, k, diffusivity, mask=None):
        """Return what each reaction, and the supply of the dissolved species, did in all.

        Parameters
        ----------
        k, diffusivity, mask
            As in `solve`.

        Returns
        -------
        ndarray, shape (n + 1,)
            Largest extent of each reaction over durations, averaged over the cells; last, the moles of the dissolved species
            consumed per cell.  Zero marks a reaction (or a diffusivity) that is present and without effect.
        """
        extents = self.extents(k, diffusivity, mask).mean(axis=1)
        supply = np.abs(extents @ self.network.moles[self.mobile]).max()
        return np.append(np.abs(extents).max(axis=0), supply)


def slice_averages(edges, slices):
    """Return the matrix that averages cells over slices.

    Parameters
    ----------
    edges : array_like, shape (n_cells + 1,)
        Boundaries of the cells.
    slices : array_like, shape (n_slices, 2)
        From and to of every slice, inside the column.

    Returns
    -------
    ndarray, shape (n_slices, n_cells)
        Weights; each row sums to one.

    Raises
    ------
    ValueError
        For a slice that leaves the column or has no width.
    """
    edges, slices = np.asarray(edges, dtype=float), np.asarray(slices, dtype=float).reshape(-1, 2)
    slack = 1e-9 * (edges[-1] - edges[0])
    for i, (a, b) in enumerate(slices):
        if not (edges[0] - slack <= a < b <= edges[-1] + slack):
            raise ValueError(f"slice {i} from {a:g} to {b:g} must lie in the column from {edges[0]:g} to {edges[-1]:g}.")
    overlap = np.minimum(slices[:, 1:], edges[None, 1:]) - np.maximum(slices[:, :1], edges[None, :-1])
    weights = np.clip(overlap, 0.0, None)
    return weights / weights.sum(axis=1, keepdims=True)
