"""From a table of times to a reactor with data, or to a curve of progress; and the candidates that belong to it."""

from __future__ import annotations

import dataclasses

import numpy as np

from lib.tables.names import parse_column

TIME = "time_h"
#: The observable of a table that asks for surface models.
PROGRESS = "progress"
#: Duration for which the reference rate constants of the silica network hold.
REFERENCE_DURATION = 60.0


@dataclasses.dataclass(frozen=True, eq=False)
class SeriesData:
    """A series of measured amounts, with its candidates.

    Parameters
    ----------
    reactor : lib.kinetics.BatchReactor
        Candidates, start and times (h).
    data, error : ndarray, shape (n_times, n_species)
        Values and standard deviations; NaN where not measured or not given.
    below : ndarray of bool, shape (n_times, n_species)
        Below detection: the value is half the limit.
    units : dict of str to str
        Unit of each measured species.
    common_error : bool
        One error for all species where it is unknown, and not one each.
    notes : tuple of str
        What was assumed.
    """

    reactor: object
    data: np.ndarray
    error: np.ndarray
    below: np.ndarray
    units: dict
    common_error: bool
    notes: tuple = ()

    @property
    def sigma(self):
        """Standard deviations where every measured number has one, else None."""
        known = np.isfinite(self.error) | ~np.isfinite(self.data)
        return self.error if known.all() else None


@dataclasses.dataclass(frozen=True, eq=False)
class ProgressData:
    """A curve of progress.

    Parameters
    ----------
    time : ndarray, shape (n,)
        Hours, above zero.
    progress : ndarray, shape (n,)
        Share reacted, 0-1.
    notes : tuple of str
        What was assumed.
    """

    time: np.ndarray
    progress: np.ndarray
    notes: tuple = ()


def observables(table) -> dict:
    """Return the measured species of a table.

    Parameters
    ----------
    table : tables.Table
        As read.

    Returns
    -------
    dict of str to str
        Column -> species, of columns with at least one value or limit.
    """
    errors = set(table.errors.values())
    names = [c for c in table.units if c != TIME and c not in errors]
    return {
        c: parse_column(c).analyte
        for c in names
        if table.frame[c].notna().any() or (c in table.censored and table.censored[c].any())
    }


def candidate_network(species, network_path="", candidates=(), duration=REFERENCE_DURATION):
    """Return the candidates that a table is explained by.

    Parameters
    ----------
    species : collection of str
        Measured species; alpha_pinene among them chooses that network.
    network_path : path-like
        TOML file of a network; empty for the compendium's own.
    candidates : sequence of str
        Names of the reactions to weigh; empty = all.
    duration : float
        Last time.  The silica network's own rate constants have priors whose scale is inverse to it.

    Returns
    -------
    lib.kinetics.Network

    Raises
    ------
    ValueError
        For everything that is wrong with the file, and for unknown candidates.
    """
    from lib.kinetics import Network, read_network, silica_network

    if network_path:
        network = read_network(network_path)
    elif "alpha_pinene" in species:
        from .pinene import pinene_network

        network = pinene_network()
    else:
        own, factor = silica_network(), REFERENCE_DURATION / duration
        reactions = [dataclasses.replace(r, rate_scale=r.rate_scale * factor, rate=r.rate * factor) for r in own.reactions]
        network = Network(
            own.species, reactions, {**own.elements, **own.formulas}, fast=own.fast, reservoirs=own.reservoirs,
            start=own.start, name=own.name,
        )  # fmt: skip
    unknown = [name for name in candidates if name not in network.names]
    if unknown:
        raise ValueError(f"parameter candidates names {unknown[0]!r}; the network has {', '.join(network.names)}")
    return network.subset(network.mask(candidates)) if candidates else network


def start_of(table, network) -> np.ndarray:
    """Return the amounts at time zero: those of the row of time 0 where it has them, else those of the network.

    Parameters
    ----------
    table : tables.Table
        As read.
    network : lib.kinetics.Network
        Candidates.

    Returns
    -------
    ndarray, shape (n_species,)
    """
    start = network.initial()
    first = np.flatnonzero(table.frame[TIME].to_numpy(float) == 0)
    for column, name in observables(table).items():
        if first.size and name in network.species and np.isfinite(table.frame[column].iloc[first[0]]):
            start[network.species.index(name)] = table.frame[column].iloc[first[0]]
    return start


def prepare(table, *, network_path="", candidates=(), leave_out=(), common_error=None):
    """Order a table for an analysis.

    Parameters
    ----------
    table : tables.Table
        ``time_h``, then species such as ``Srp_ratio`` with errors ``_err``, or ``progress_pct`` alone.
    network_path : path-like
        See `candidate_network`.
    candidates : sequence of str
        See `candidate_network`.
    leave_out : sequence of str
        Measured species that are not used, because they were not measured on their own.
    common_error : bool, optional
        One unknown error for all species; by default for amounts in per cent of one whole, otherwise one each.

    Returns
    -------
    SeriesData or ProgressData

    Raises
    ------
    ValueError
        For no time above zero, species that the network does not know, and what `candidate_network` refuses.
    """
    times = table.frame[TIME].to_numpy(float)
    later, seen = times > 0, observables(table)
    if not later.any():
        raise ValueError("no row has a time above zero; give the series after the start")
    if set(seen.values()) == {PROGRESS}:
        return _progress(table, times, next(iter(seen)))
    unknown = [name for name in leave_out if name not in seen.values()]
    if unknown:
        raise ValueError(f"parameter leave_out names {unknown[0]!r}; measured are {', '.join(seen.values())}")
    network = candidate_network(seen.values(), network_path, candidates, times.max())
    strange = [name for name in seen.values() if name not in network.species]
    if strange:
        raise ValueError(f"the network has no species {strange[0]!r}; it has {', '.join(network.species)}")
    from lib.kinetics import BatchReactor

    reactor = BatchReactor(network, start_of(table, network), times[later])
    shape = (later.sum(), network.n_species)
    data, error, below = np.full(shape, np.nan), np.full(shape, np.nan), np.zeros(shape, dtype=bool)
    units, notes = {}, []
    for column, name in seen.items():
        if name in leave_out:
            notes.append(f"{name} is left out as asked")
            continue
        j, hidden = network.species.index(name), table.censored[column].to_numpy(bool)[later]
        limit = table.limit[column].to_numpy(float)[later]
        data[:, j] = np.where(hidden, limit / 2, table.frame[column].to_numpy(float)[later])
        below[:, j], units[name] = hidden, parse_column(column).unit
        if column in table.errors:
            error[:, j] = table.frame[table.errors[column]].to_numpy(float)[later]
        error[hidden, j] = limit[hidden] / 2
    given = np.isfinite(error) & np.isfinite(data) & ~below
    known = (given | below | ~np.isfinite(data)).all()
    if given.any() and not known:
        notes.append("some numbers have no error: all errors are taken as unknown")
    if below.any():
        how = (
            "give or take half of it" if known
            else "with the same unknown error as the others, which may be too sure: give errors (_err) to all numbers"
        )  # fmt: skip
        notes.append(f"{int(below.sum())} cells below detection count as half their limit, {how}")
    kinds = set(units.values())
    one = common_error if common_error is not None else kinds <= {"pct", "wt"}
    return SeriesData(reactor, data, error, below, units, bool(one), tuple(notes))


def _progress(table, times, column):
    """The curve of a table of progress."""
    factor = 100.0 if parse_column(column).unit == "pct" else 1.0
    value = table.frame[column].to_numpy(float) / factor
    keep = (times > 0) & np.isfinite(value)
    started = int((np.isfinite(value) & (times == 0)).sum())
    notes = ("the reading of time 0 is not used: every model starts there at zero",) if started else ()
    return ProgressData(times[keep], value[keep], notes)
