"""What must hold in a table of experiments before terms can be searched; every message says what to do."""

from __future__ import annotations

import numpy as np

from .published import putirka2008_eq22, putirka_partition
from .schemes import SCHEMES
from .searching import searched_terms
from .tabular import prepare
from .terms import TERMS, parse, water_terms

#: Fewest experiments, and most terms of a dictionary that is searched whole.
FEWEST, MOST_TERMS = 20, 22
#: Exchange coefficients outside of which olivine and melt were not in equilibrium, or a column is not what it says.
KD_RANGE = (0.1, 0.8)
#: A temperature that is this far (K) under a published thermometer was given in degrees Celsius.
CELSIUS = (190.0, 360.0)


def check_table(table, parameters=None) -> list:
    """List everything that keeps a table from being analysed.

    Parameters
    ----------
    table : tables.Table
        As read by `lib.tables.read`.
    parameters : dict, optional
        Parameters of the run.  Used: terms, schemes, entropy, n_folds.

    Returns
    -------
    list of str or tables.Fault
        Empty when all is well (a Fault where one cell is meant).  Checked: terms and schemes by name, the number of terms and
        experiments, oxides and olivine, temperatures in degrees Celsius, pairs far from exchange equilibrium, water that never
        varies, schemes by study with one study.
    """
    given = dict(parameters or {})
    terms, faults = _terms(given)
    faults += _schemes(given)
    absent = [name for name in ("temperature_k", "pressure_gpa", "H2O_wt") if name not in table.frame]
    if absent:
        hint = " (write 0 for a dry experiment)" if "H2O_wt" in absent else ""
        return [*faults, f"no column {', '.join(absent)}: the equation needs temperature, pressure and water{hint}"]
    try:
        made = prepare(table, terms=terms)
    except ValueError as error:
        return [*faults, str(error)]
    faults += _sizes(made, terms, given)
    faults += _water(made, terms)
    return faults + _physics(table, made)


def _terms(given):
    """The dictionary asked for, without the terms that are faulty, and the faults."""
    terms = tuple(given.get("terms") or TERMS)
    faults, good = [], []
    for term in terms:
        try:
            parse(term)
        except ValueError as error:
            faults.append(f"parameter terms: {error}")
        else:
            good.append(term)
    twice = sorted({term for term in good if good.count(term) > 1})
    if twice:
        faults.append(f"parameter terms names {', '.join(twice)} twice: name each term once")
    entropy = given.get("entropy", 57.2)
    searched = searched_terms(good, entropy or None)
    if len(searched) > MOST_TERMS:
        minutes = 2.0 ** len(searched) * 1.5e-5 / 60
        faults.append(
            f"parameter terms has {len(searched)} terms: all {2 ** len(searched):,} equations under three schemes take about "
            f"{minutes:,.0f} minutes; name at most {MOST_TERMS}, or fixed sizes in Python (search_terms(..., sizes=(1, 6)))"
        )
    return tuple(good), faults


def _schemes(given):
    asked = given.get("schemes") or ()
    asked = (asked,) if isinstance(asked, str) else asked
    unknown = [s for s in asked if s not in SCHEMES]
    return [f"parameter schemes names {', '.join(map(repr, unknown))}; known: {', '.join(SCHEMES)}"] if unknown else []


def _sizes(made, terms, given):
    """Experiments against coefficients, in the smallest training set."""
    n, p = len(made), len(searched_terms(terms, given.get("entropy", 57.2) or None))
    folds = max(2, int(given.get("n_folds", 10) or 10))
    training = n - int(np.ceil(n / folds))
    notes = f" ({'; '.join(made.notes)})" if made.notes else ""
    if n < FEWEST:
        return [f"{n} experiments can be used{notes}: at least {FEWEST} are needed to tell terms apart"]
    if training <= p + 2:
        return [
            f"{n} experiments{notes} for {p} terms: without a fold {training} are left, too few for {p + 1} coefficients; add "
            "experiments, or name fewer terms (parameter terms)"
        ]
    asked = given.get("schemes") or ()
    if set(asked) and set(asked) <= {"study", "one study"} and made.n_studies < 3:
        return [
            f"the schemes {', '.join(asked)} predict whole studies, and the table has {made.n_studies}: fill the column "
            "study, or add the scheme random or loo"
        ]
    return []


def _water(made, terms):
    water = water_terms(terms)
    if not water or np.ptp(made.h2o_wt) > 0.1:
        return []
    return [
        f"H2O_wt is {made.h2o_wt.min():g} to {made.h2o_wt.max():g} wt% in all experiments: the effect of water cannot be "
        f"seen; add experiments with and without water, or leave {', '.join(water)} out of the terms"
    ]


def _physics(table, made):
    """Cells that contradict what olivine and melt can be."""
    names = list(table.frame["sample_id"].astype(str))
    rows = [names.index(sample) for sample in made.samples]
    column = "olivine_fo_pct" if "olivine_fo_pct" in table.frame else "olivine_MgO_wt"
    kd = made.kd
    faults = [
        table.fault(
            row, column,
            f"Kd(Fe-Mg) of olivine and melt is {kd[i]:.2f} (0.3 in equilibrium): forsterite must be in mol% of Mg/(Mg + Fe), "
            "and the melt's iron all as FeO; leave out pairs that were not in equilibrium",
        )
        for i, row in enumerate(rows)
        if not KD_RANGE[0] <= kd[i] <= KD_RANGE[1]
    ]  # fmt: skip
    expected = putirka2008_eq22(made.wt, made.pressure_gpa, putirka_partition(made.fo, made.wt))
    gap = np.median(expected - made.temperature_k)
    if CELSIUS[0] < gap < CELSIUS[1]:
        faults.append(
            f"temperature_k is {gap:.0f} K under a published thermometer (Putirka 2008, eq. 22) in the median: it looks like "
            "degrees Celsius; add 273.15"
        )
    return faults
