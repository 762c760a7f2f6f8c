"""The filled template of grains: artificial clouds around prescribed contents, several grains from each rock."""

from __future__ import annotations

import hashlib

import numpy as np

from .names import parse_column


def grain_example(recipe, schema) -> list:
    """Make an artificial table of grains of known source.

    A content is that of the class times lognormal scatter of the rock and of the grain; the names of the rocks count on
    through the classes.

    Parameters
    ----------
    recipe : dict
        As in ``data/04_monazite_discrimination/example_recipe.toml``: rocks of each class, grains of each rock,
        scatter (column -> between rocks and between grains, standard deviations of the natural logarithm), and classes
        (column -> content in its unit).
    schema : Schema
        Gives the order of the declared columns.

    Returns
    -------
    list of list of str
        Header and rows.
    """
    digest = hashlib.sha256(recipe["seed"].encode()).digest()
    rng = np.random.default_rng(int.from_bytes(digest[:8], "big"))
    analytes = list(recipe["source"][0]["content"])
    header = [name for name in schema.columns if name in ("sample_id", "class", "group", "reference")]
    for name in analytes:
        header += [name, f"{name}_err"] if name in recipe["errors"] else [name]
    of_rocks, of_grains = np.array([recipe["scatter"][name] for name in analytes]).T
    rows, rock = [header], 0
    for source in recipe["source"]:
        content = np.array([source["content"][name] for name in analytes])
        for _ in range(recipe["rocks"]):
            rock += 1
            of_rock = content * np.exp(of_rocks * rng.standard_normal(len(analytes)))
            for number in range(1, recipe["grains"] + 1):
                value = of_rock * np.exp(of_grains * rng.standard_normal(len(analytes)))
                grain = f"R{rock:02d}-{number}"
                cells = {
                    "sample_id": grain,
                    "class": source["name"],
                    "group": f"R{rock:02d}",
                    "reference": recipe["reference"],
                }
                for name, v in zip(analytes, value, strict=True):
                    cells[name] = f"{v:.2f}" if parse_column(name).unit == "wt" else f"{float(f'{v:.3g}'):.10g}"
                cells |= {f"{name}_err": f"{float(cells[name]) * part:.1f}" for name, part in recipe["errors"].items()}
                cells |= {name: f"<{limit:g}" for name, limit in recipe["below_detection"].get(grain, {}).items()}
                cells |= dict.fromkeys(recipe["not_analysed"].get(grain, ()), "")
                rows.append([cells[name] for name in header])
    return rows
