"""The filled template of sediments: artificial mixtures of prescribed end members."""

from __future__ import annotations

import hashlib

import numpy as np

from .names import parse_column


def mixture_example(recipe, schema) -> list:
    """Make an artificial table of sediments down a core.

    A content is the sum over the end members of proportion times content, times a lognormal scatter; the proportions are
    drawn from a Dirichlet distribution and do not depend on depth.

    Parameters
    ----------
    recipe : dict
        As in ``data/03_sediment_unmixing/example_recipe.toml``: number of samples, Dirichlet parameter, depth step, and end
        members (column -> content in the column's unit).
    schema : Schema
        Gives the order of the declared columns.

    Returns
    -------
    list of list of str
        Header and rows.
    """
    digest = hashlib.sha256(recipe["seed"].encode()).digest()
    rng = np.random.default_rng(int.from_bytes(digest[:8], "big"))
    header = [name for name in schema.columns if name in ("sample_id", "group", "reference", "depth_m")]
    analytes = list(recipe["end_member"][0]["content"])
    for name in analytes:
        header += [name, f"{name}_err"] if name in recipe["errors"] else [name]
    content = np.array([[member["content"][name] for name in analytes] for member in recipe["end_member"]])
    proportions = rng.dirichlet([recipe["dirichlet"]] * len(content), recipe["samples"])
    values = proportions @ content * np.exp(recipe["scatter"] * rng.standard_normal((recipe["samples"], len(analytes))))
    rows = [header]
    for number, (share, row) in enumerate(zip(proportions, values, strict=True), start=1):
        sample = f"C-{number:02d}"
        group = f"mostly {recipe['end_member'][int(share.argmax())]['name']} (artificial)"
        depth = f"{number * recipe['depth_step_m']:.2f}"
        cells = {"sample_id": sample, "group": group, "reference": recipe["reference"], "depth_m": depth}
        for name, value in zip(analytes, row, strict=True):
            cells[name] = f"{value:.2f}" if parse_column(name).unit == "wt" else f"{value:.0f}"
        cells |= {f"{name}_err": f"{float(cells[name]) * part:.1f}" for name, part in recipe["errors"].items()}
        cells |= {name: f"<{limit:g}" for name, limit in recipe["below_detection"].get(sample, {}).items()}
        cells |= dict.fromkeys(recipe["not_analysed"].get(sample, ()), "")
        rows.append([cells[name] for name in header])
    return rows
