"""What must hold in a table of a series before reactions can be weighed; every message says what to do."""

from __future__ import annotations

import difflib

import numpy as np

from lib.tables.names import parse_column

from .tabular import PROGRESS, TIME, candidate_network, observables, start_of

#: Fewest times above zero: fewer cannot tell two rates apart.
FEWEST = 4
#: Most candidates: of many, only the smaller networks are weighed (`analysis.sizes_of`); above this, too small ones.
MOST_CANDIDATES = 30


def check_table(table, parameters=None) -> list:
    """List everything that keeps a table from being analysed.

    Parameters
    ----------
    table : tables.Table
        As read by `lib.tables.read`.
    parameters : dict, optional
        Parameters of the run.  Used: network_path, candidates, leave_out.

    Returns
    -------
    list of str or tables.Fault
        Empty when all is well.  Checked: times that increase, four or more of them; species that the network knows and that a
        candidate makes or consumes; one unit a species, and one that the compendium's own network has; progress within 0 and
        100; and the network file (balance of every reaction by element, species, laws).
    """
    given = dict(parameters or {})
    seen = observables(table)
    faults = _times(table)
    if not seen:
        return [*faults, "nothing is measured: add columns such as C_ratio and Srp_ratio, or progress_pct"]
    if PROGRESS in seen.values():
        return faults + _progress(table, seen)
    twice = sorted({name for name in seen.values() if list(seen.values()).count(name) > 1})
    faults += [f"{name} is given in two units; keep one of its columns" for name in twice]
    return faults + _network(table, given, seen)


def _times(table):
    times, out = table.frame[TIME].to_numpy(float), []
    for i in np.flatnonzero(np.diff(times) <= 0) + 1:
        text = "repeats the row before" if times[i] == times[i - 1] else f"comes after {times[i - 1]:g} h"
        out.append(
            table.fault(int(i), TIME, f"time must increase from row to row, and {times[i]:g} h {text}; average repeated "
                        "times, sort the rows, and give one series a table")
        )  # fmt: skip
    if (times > 0).sum() < FEWEST:
        out.append(f"{int((times > 0).sum())} times above zero; at least {FEWEST} are needed")
    return out


def _progress(table, seen):
    columns = [c for c, name in seen.items() if name == PROGRESS]
    others = [c for c in seen if c not in columns]
    if others or len(columns) > 1:
        return [
            f"{', '.join(columns)} stands beside {', '.join(others) or 'itself'}: progress alone asks for surface models, "
            "species ask for networks; delete one or the other"
        ]
    column = columns[0]
    unit = parse_column(column).unit
    if unit not in ("pct", "ratio"):
        return [f"{column}: progress is a share; write progress_pct (0-100) or progress_ratio (0-1)"]
    top = 100.0 if unit == "pct" else 1.0
    value = table.frame[column].to_numpy(float)
    rows = np.flatnonzero((value < 0) | (value > top))
    out = [table.fault(int(i), column, f"progress must lie between 0 and {top:g}") for i in rows]
    if np.isfinite(value).sum() < FEWEST + 1:
        out.append(f"{column} has {int(np.isfinite(value).sum())} values; at least {FEWEST + 1} are needed")
    return out


def _units(seen):
    """Columns in other units than those of the compendium's own networks, with which numbers are compared as they are."""
    pinene, out = "alpha_pinene" in seen.values(), []
    for column, name in seen.items():
        known = ("pct",) if pinene else ("ratio",) if name == "C" else ("ratio", "mol")
        unit = parse_column(column).unit
        if unit not in known:
            meant = (
                "per cent of the whole" if pinene
                else "divide dissolved silica by that at quartz saturation, column C_ratio" if name == "C"
                else f"divide by the moles of olivine at the start, column {name}_ratio"
            )  # fmt: skip
            out.append(
                f"{column}: the compendium's own network does not know the unit {unit}; {meant}; or give a network file in "
                "your units (network_path)"
            )
    return out


def _network(table, given, seen):
    """Faults of the candidates, and observables that none of them touches."""
    duration = max(float(np.nanmax(table.frame[TIME].to_numpy(float), initial=0.0)), 1e-9)
    try:
        network = candidate_network(
            seen.values(), given.get("network_path") or "", tuple(given.get("candidates") or ()), duration
        )
    except (ValueError, OSError) as error:
        return str(error).splitlines()
    out, left = [], tuple(given.get("leave_out") or ())
    out += [
        f"parameter leave_out names {x!r}; measured are {', '.join(seen.values())}" for x in left if x not in seen.values()
    ]
    if not given.get("network_path"):
        out += _units({column: name for column, name in seen.items() if name in network.species})
    touched = [s for s, row in zip(network.species, network.moles, strict=True) if np.any(row != 0)]
    for column, name in seen.items():
        if name in network.species and name not in touched:
            out.append(f"{column}: no candidate makes or consumes {name}; delete the column, or add a reaction")
        elif name not in network.species:
            near = difflib.get_close_matches(name, network.species, 1)
            hint = f"do you mean {near[0]}?" if near else "candidates know"
            out.append(
                f"{column}: the network has no species {name}; {hint} ({', '.join(touched)}); or give your own network file "
                "(network_path)"
            )
    if network.n > MOST_CANDIDATES:
        out.append(f"the network has {network.n} candidates; weigh at most {MOST_CANDIDATES} at once (parameter candidates)")
    if all(name in network.species for name in seen.values()) and not np.any(start_of(table, network) > 0):
        out.append("nothing is there at the start: add a row of time 0, or [start] to the network file")
    return out
