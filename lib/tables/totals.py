"""Do whole-rock analyses add up: over 106 mass % is a fault, outside 90-102 a warning, a subset is not judged."""

from __future__ import annotations

import numpy as np

from .names import IRON, MAJORS, TO_WT, parse_column

FAULT_ABOVE = 106.0
USUAL = (90.0, 102.0)
_IN_LOI = ("H2O", "H2O+", "H2O-", "CO2", "S", "SO2", "SO3", "C", "TOC")


def check_totals(grid, frame, censored, roles, label=None) -> list:
    """Check the sum of each row.

    Counted are all analytes in wt, ppm and ppb as they stand (a trace element as the element). Where LOI is given, H2O,
    CO2, C and S are not added to it. Censored cells count as zero. A row is not judged when SiO2 or any three of the ten
    majors are absent (not analysed); iron counts as present under any of its names.

    Parameters
    ----------
    grid : Grid
        Receives the faults.
    frame : pandas.DataFrame, shape (n_rows, n_columns)
        Numbers, NaN where there is none.
    censored : dict of str to array of bool, shape (n_rows,)
        Cells below detection.
    roles : list of Role
        Columns of numbers; those of concentrations are counted, declared in the schema or not, errors are not.
    label : pandas.Series, optional
        Sample names for the messages.

    Returns
    -------
    list of str
        Warnings.
    """
    parts = {
        parse_column(role.name).analyte: (frame[role.name].to_numpy(float), censored[role.name], role.unit)
        for role in roles
        if role.unit in TO_WT and not role.values
    }
    warnings = []
    for i, (row, _) in enumerate(grid.rows):
        here = {name for name, (value, below, _) in parts.items() if not np.isnan(value[i]) or below[i]}
        absent = [name for name in MAJORS if name not in here and not (name == "Fe2O3T" and here & set(IRON))]
        if "SiO2" in absent or len(absent) >= 3:
            continue
        skip = _IN_LOI if "LOI" in here else ()
        total = sum(np.nan_to_num(value[i]) * TO_WT[unit] for name, (value, _, unit) in parts.items() if name not in skip)
        if total > FAULT_ABOVE:
            grid.fault(
                row,
                None,
                f"{total:.2f}",
                f"the analytes add up to {total:.2f} wt%, over {FAULT_ABOVE:g}; check units and typing errors",
            )
        elif not USUAL[0] <= total <= USUAL[1]:
            name = f" ({label.iloc[i]})" if label is not None else ""
            warnings.append(f"row {row}{name}: the analytes add up to {total:.2f} wt%, outside {USUAL[0]:g}-{USUAL[1]:g}")
    return warnings
