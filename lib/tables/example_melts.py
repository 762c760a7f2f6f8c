"""The filled template of basalts: artificial melts of prescribed sources."""

from __future__ import annotations

import hashlib

import numpy as np

from .names import parse_column


def melt_example(recipe, schema) -> list:
    """Make an artificial table of basalts.

    The concentration of an element in a melt of fraction F is C0 (1 - (1 - P F/D)^(1/P)) / F (accumulated fractional
    melting), times exp(slope (MgO - 8)) for fractionation and a lognormal scatter.

    Parameters
    ----------
    recipe : dict
        As in ``data/01_morb_inversion/example_recipe.toml``: coefficients (column -> [D, P]), and suites with their source
        (column -> C0 in the column's unit), melt fractions, MgO and isotope ratios.
    schema : Schema
        Gives the order of the declared columns.

    Returns
    -------
    list of list of str
        Header and rows.
    """
    digest = hashlib.sha256(recipe["seed"].encode()).digest()
    rng = np.random.default_rng(int.from_bytes(digest[:8], "big"))
    isotopes = list(recipe["suite"][0]["isotopes"])
    header = [name for name in schema.columns if name in ("sample_id", "group", "reference", "MgO_wt", *isotopes)]
    for name in recipe["coefficients"]:
        header += [name, f"{name}_err"] if name in recipe["errors"] else [name]
    rows = [header]
    for suite in recipe["suite"]:
        for number, (fraction, mgo) in enumerate(zip(suite["melt_fraction"], suite["MgO_wt"], strict=True), start=1):
            sample = f"{suite['name']}-{number}"
            cells = {"sample_id": sample, "group": suite["name"], "reference": recipe["reference"], "MgO_wt": f"{mgo:.2f}"}
            for name, (value, spread) in suite["isotopes"].items():
                cells[name] = f"{value + spread * rng.standard_normal():.6f}"
            for name, (d, p) in recipe["coefficients"].items():
                held = max(1 - p * fraction / d, 0.0) ** (1 / p)
                value = suite["source"][name] * (1 - held) / fraction * np.exp(recipe["slope"] * (mgo - 8))
                value *= np.exp(recipe["scatter"] * rng.standard_normal())
                cells[name] = f"{value:.2f}" if parse_column(name).unit == "wt" else f"{value:.3g}"
            cells |= {f"{name}_err": f"{float(cells[name]) * part:.2g}" for name, part in recipe["errors"].items()}
            cells |= {name: f"<{limit:g}" for name, limit in recipe["below_detection"].get(sample, {}).items()}
            cells |= dict.fromkeys(recipe["not_analysed"].get(sample, ()), "")
            rows.append([cells[name] for name in header])
    return rows
