"""The filled template of reaction series: amounts in a closed vessel where known reactions run."""

from __future__ import annotations

import hashlib

import numpy as np


def series_example(recipe, schema) -> list:
    """Make an artificial table of amounts over time.

    Parameters
    ----------
    recipe : dict
        As in ``data/05_hydrothermal_reactions/example_recipe.toml``: the rates of reactions of the olivine-quartz-water
        network that run, per hour; times (first, last, number) in hours; the columns with their errors; the only rows, if
        any, at which a column is filled.
    schema : Schema
        Gives the order of the declared columns.

    Returns
    -------
    list of list of str
        Header and rows.
    """
    from lib.kinetics import BatchReactor, silica_network

    digest = hashlib.sha256(recipe["seed"].encode()).digest()
    rng = np.random.default_rng(int.from_bytes(digest[:8], "big"))
    network = silica_network()
    k = np.zeros(network.n)
    for name, rate in recipe["rates"].items():
        k[network.index(name)] = rate
    first, last, number = recipe["times_h"]
    times = [float(f"{t:.3g}") for t in np.geomspace(first, last, number)]
    amounts = BatchReactor(network, None, times).solve(k, rtol=1e-8)
    columns = list(recipe["errors"])
    header = [name for name in schema.columns if name in ("sample_id", "time_h", "reference")]
    rows = [[*header, *(part for c in columns for part in (c, f"{c}_err"))]]
    for i, time in enumerate(times):
        cells = {"sample_id": f"{recipe['prefix']}{i + 1:02d}", "time_h": f"{time:g}", "reference": recipe["reference"]}
        row = [cells[name] for name in header]
        for column in columns:
            error = recipe["errors"][column]
            value = amounts[i, network.species.index(column.rpartition("_")[0])] + error * rng.standard_normal()
            here = i in recipe.get("rows", {}).get(column, range(number)) and i not in recipe["not_analysed"].get(column, ())
            limit = recipe["below_detection"].get(column, 0.0)
            hidden = here and value < limit
            row += [f"<{limit:g}" if hidden else f"{value:.3f}" if here else "", f"{error:g}" if here and not hidden else ""]
        rows.append(row)
    return rows
