"""What must hold in a table of slices before pathways can be weighed; every message says what to do."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from lib.tables.names import parse_column

from .tabular import DISTANCE, DURATION, THICKNESS, UNITS, cuts_of, solid_columns

MIN_SLICES = 3
#: Most candidates: every set of them is fitted, and each more doubles the time.
MOST_CANDIDATES = 14
#: Mass % of all solids of a slice above which something is counted twice.
MOST_TOTAL = 115.0
#: Overlap of two slices, as a share of the thinner one, that is more than rounding.
OVERLAP = 0.01


def check_table(table, parameters=None) -> list:
    """List everything that keeps a table from being analysed.

    Parameters
    ----------
    table : tables.Table
        As read by `lib.tables.read`.
    parameters : dict, optional
        Parameters of the run.  Used: network_path, candidates, length_m.

    Returns
    -------
    list of str or tables.Fault
        Empty when all is well.  Checked: the network file (balance of every reaction, species, laws, one dissolved species, at
        most `MOST_CANDIDATES` candidates),
        solids in one unit and made or consumed by a candidate, durations above zero, slices that neither repeat nor overlap
        nor leave the column, at least three of them in a run, totals.
    """
    given = dict(parameters or {})
    columns = solid_columns(table)
    faults = _solids(columns) + _rows(table, columns)
    faults += _network(given, columns)
    if not any(table.frame[c].isna().any() for c in (DURATION, DISTANCE)):
        faults += _slices(table, given)
    return faults


def _network(given, columns):
    """Faults of the candidates, and solids that none of them touches."""
    from .choices import candidate_network

    try:
        network = candidate_network(given.get("network_path") or "", tuple(given.get("candidates") or ()))
    except (ValueError, OSError) as error:
        return str(error).splitlines()
    if network.n > MOST_CANDIDATES:
        return [
            f"the network has {network.n} candidates, which make {1 << network.n} networks, too many to fit; weigh at most "
            f"{MOST_CANDIDATES} at once (parameter candidates)"
        ]
    solids = [s for s in network.species if s not in network.fast and np.any(network.moles[network.species.index(s)] != 0)]
    out = []
    for column in columns:
        name = parse_column(column).analyte
        if name == "H2O" and not any(network.elements.get(s, {}).get("H") for s in solids):
            out.append(f"{column}: no candidate makes or consumes a mineral with water in it")
        elif name != "H2O" and name not in solids:
            out.append(f"{column}: no candidate makes or consumes {name}; candidates know {', '.join(solids)} (and H2O)")
    return out


def _solids(columns):
    units = sorted({parse_column(c).unit for c in columns})
    if not columns:
        return ["no solid is measured: add columns such as Fo_wt, Srp_wt, Brc_wt, Tlc_wt (mass % of the dry solids)"]
    if len(units) > 1:
        return [f"solids are given in {' and '.join(units)}; give all of them in one unit of {', '.join(UNITS)}"]
    return []


def _rows(table, columns):
    """Faults of single rows: durations, thickness, totals."""
    out = []
    frame = table.frame
    for column, least in ((DURATION, "duration"), (THICKNESS, "thickness")):
        if column in frame:
            rows = np.flatnonzero(frame[column].to_numpy(float) <= 0)
            out += [table.fault(int(i), column, f"a {least} must be above zero") for i in rows]
    weights = [c for c in columns if parse_column(c).unit == "wt"]
    minerals = [c for c in weights if parse_column(c).analyte != "H2O"]
    total = frame[minerals].sum(axis=1).to_numpy(float)
    rows = np.flatnonzero(total > MOST_TOTAL)
    out += [table.fault(int(i), None, f"the minerals add up to {total[i]:.1f} wt%, more than {MOST_TOTAL:g}") for i in rows]
    return out


def _slices(table, given):
    """Faults of where slices lie."""
    out = []
    cuts, durations = cuts_of(table), table.frame[DURATION].to_numpy(float)
    length = float(given.get("length_m") or 0.0)
    if length and cuts.max() > length * (1 + 1e-6):
        i = int(cuts[:, 1].argmax())
        text = f"the slice ends at {cuts[i, 1]:g} m, beyond the column (length_m = {length:g}); correct one of them"
        out.append(table.fault(i, DISTANCE, text))
    for duration in np.unique(durations):
        rows = np.flatnonzero(durations == duration)
        if rows.size < MIN_SLICES:
            out.append(
                f"the run of {duration:g} h has {rows.size} slice(s); at least {MIN_SLICES} are needed to see a profile: add "
                "slices, or leave the run out"
            )
        order = rows[np.lexsort((cuts[rows, 1], cuts[rows, 0]))]
        for a, b in pairwise(order):
            if table.frame[DISTANCE].iloc[int(a)] == table.frame[DISTANCE].iloc[int(b)]:
                text = f"the run of {duration:g} h has a slice at this distance in row {table.rows[int(a)]} too"
                out.append(table.fault(int(b), DISTANCE, f"{text}; average repeated slices, or correct the distance"))
                continue
            thin = min(np.ptp(cuts[a]), np.ptp(cuts[b]))
            if cuts[a, 1] - cuts[b, 0] > OVERLAP * thin:
                text = f"the slice overlaps that of row {table.rows[int(a)]} in the run of {duration:g} h"
                out.append(
                    table.fault(int(b), DISTANCE, f"{text}; correct the distance or thickness, or average repeated slices")
                )
    return out
