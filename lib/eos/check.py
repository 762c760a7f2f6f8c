"""What must hold in a table of measurements before an equation of state can be inferred; every message says what to do."""

from __future__ import annotations

import numpy as np

from .inference import SHOCK_MODES
from .measurements import row_faults, tidy
from .parameter_sets import published_set
from .priors import SAMPLED_FORMS

#: Values that liquid iron can have (in the columns' units), and what else the number may have been written in.
RANGES = {
    "pressure_gpa": (0.0, 1000.0, "MPa or bar"),
    "density_g_cm3": (4.0, 20.0, "kg/m3"),
    "temperature_k": (1000.0, 15000.0, "other units than kelvin"),
    "sound_speed_km_s": (1.5, 20.0, "m/s"),
    "initial_density_g_cm3": (3.0, 12.0, "kg/m3"),
}
#: A density that differs by more than this from the published equation of state is no density of liquid iron there.
FAR = 0.2
#: Below this temperature (K) iron is not liquid at any pressure.
COLDEST = 1500.0


def check_table(table, parameters=None) -> list:
    """List everything that keeps a table from being analysed.

    Parameters
    ----------
    table : tables.Table
        As read by `lib.tables.read`.
    parameters : dict, optional
        Parameters of the run.  Used: form, shock, with_published.

    Returns
    -------
    list of str or tables.Fault
        Empty when all is well.  Checked: units a thousand times off, rows without the numbers that their kind needs, missing
        errors, temperatures at which iron is solid, densities far outside of what the form gives at that pressure, fewer
        measurements than parameters, names of form and treatment.
    """
    given = dict(parameters or {})
    faults = _choices(given)
    frame = tidy(table.frame)
    ranges = _ranges(table, frame)
    faults += ranges
    faults += [table.fault(i, column if column in table.frame else None, text) for i, column, text in row_faults(frame)]
    if not ranges:
        faults += _physics(table, frame)
    return faults if given.get("with_published") else faults + _number(frame, given)


def _choices(given):
    known = {"form": tuple(SAMPLED_FORMS), "shock": SHOCK_MODES}
    return [
        f"parameter {name} is {given[name]!r}; known: {', '.join(words)}"
        for name, words in known.items()
        if given.get(name) and given[name] not in words
    ]


def _ranges(table, frame):
    """Numbers that no liquid iron has, with the factor by which they are off."""
    out = []
    for column, (low, high, other) in RANGES.items():
        values = frame[column].to_numpy(float)
        for i in np.flatnonzero((values < low) | (values > high)):
            value, hint = values[i], ""
            for factor in (1e-3, 1e3, 1e-1, 1e-4, 1e-9):
                if low < value * factor < high and (factor < 1) == (value > high):
                    hint = f"; was it written in {other}? {value * factor:g} would fit"
                    break
            text = f"{value:g} is outside of {low:g} to {high:g}, the range of the form{hint}"
            out.append(table.fault(int(i), column, text))
    return out


def _physics(table, frame):
    """Numbers that contradict what liquid iron is."""
    out, eos = [], published_set("kuwayama2020").eos
    for i, row in enumerate(frame.to_dict("records")):
        warm = row["temperature_k"]
        if warm < COLDEST:
            text = f"{warm:g} K: iron is solid there; a temperature in degrees Celsius needs 273.15 added"
            out.append(table.fault(i, "temperature_k", text))
            continue
        dense, pressure = row["density_g_cm3"], row["pressure_gpa"]
        if not np.isfinite(dense) or not np.isfinite(pressure):
            continue
        try:
            expected = float(eos.density(pressure, warm if np.isfinite(warm) else min(3000.0 + 12.0 * pressure, 9000.0))) / 1e3
        except ValueError:
            continue
        if abs(dense / expected - 1) > FAR:
            where = f"{pressure:g} GPa" + (f" and {warm:g} K" if np.isfinite(warm) else "")
            text = (
                f"{dense:g} g/cm3 at {where}: liquid iron has about {expected:.2f}; correct the units or the row, "
                "or leave it out (this case is on iron)"
            )
            out.append(table.fault(i, "density_g_cm3", text))
    return out


def _number(frame, given):
    """Too few measurements."""
    form = SAMPLED_FORMS.get(given.get("form") or "as printed") or SAMPLED_FORMS["as printed"]
    n = int(frame[["density_g_cm3", "sound_speed_km_s"]].notna().to_numpy().sum())
    if (given.get("shock") or "energy") == "latent":  # a shocked state's density goes into its temperature
        n -= int(((frame["kind"] == "shock") & frame["density_g_cm3"].notna()).sum())
    if n >= len(form.free):
        return []
    latent = (
        "shocked states whose temperature stays open not counted (or set shock to energy)"
        if "shock" in set(frame["kind"])
        else ""
    )
    return [
        f"{n} densities and sound speeds{', ' + latent if latent else ''}, but the form has {len(form.free)} parameters "
        f"({', '.join(form.free)}): add measurements, or take a form with fewer parameters"
    ]
