"""Templates for own data: a blank header, and a filled artificial example made from a recipe."""

from __future__ import annotations

import csv
import hashlib
import io
import json

import numpy as np

from .names import TO_WT, parse_column
from .schema_files import DATA, load_schema, read_toml

_LICENCE = "CC0-1.0"
_CITATION = "made for this compendium; no measured rock"


def template_files(stem) -> dict:
    """Make the templates of a case.

    Parameters
    ----------
    stem : str
        A case with ``input.toml`` and ``example_recipe.toml`` in its data folder.

    Returns
    -------
    dict of str to str
        File name in ``data/templates`` -> text: blank and example table, each with its descriptor.
    """
    schema = load_schema(stem)
    recipe = read_toml(DATA / stem / "example_recipe.toml", "recipe")
    blank = [*schema.columns, *recipe["blank"]]
    rows, made = _example(recipe, schema)
    made = f"{made} One cell is below detection, one is empty."
    example = f"Made by lib.tables.templates from data/{stem}/example_recipe.toml: {made}"
    header_only = "Only the header: delete the columns that you do not have, add those that you have."
    texts = {
        "blank": (_csv([blank]), blank, 0, header_only),
        "example": (_csv(rows), rows[0], len(rows) - 1, example),
    }
    files = {}
    for kind, (text, header, count, how) in texts.items():
        name = f"{stem}_{kind}"
        files[f"{name}.csv"] = text
        files[f"{name}.toml"] = _descriptor(f"{schema.title} ({kind} template)", text, header, count, how, schema)
    return files


def write_templates() -> list:
    """Write the templates of every case that has a recipe; returns the paths."""
    folder = DATA / "templates"
    folder.mkdir(exist_ok=True)
    written = []
    for recipe in sorted(DATA.glob("*/example_recipe.toml")):
        for name, text in template_files(recipe.parent.name).items():
            (folder / name).write_text(text, encoding="utf-8", newline="\n")
            written.append(folder / name)
    return written


def _example(recipe, schema):
    """Return the example of a recipe, by its kind (halos when it names none), and a sentence on how it was made."""
    if recipe.get("kind") == "melts":
        from .example_melts import melt_example

        return melt_example(recipe, schema), (
            "accumulated fractional melts of the sources and melt fractions given there, carried to the MgO given there, with "
            "lognormal scatter."
        )
    if recipe.get("kind") == "grains":
        from .example_grains import grain_example

        return grain_example(recipe, schema), (
            "clouds around the contents given there, with lognormal scatter between rocks and between grains of a rock."
        )
    if recipe.get("kind") == "experiments":
        from .example_experiments import experiment_example

        return experiment_example(recipe, schema), (
            "olivine-melt pairs that obey the law given there, with scatter between studies and within one."
        )
    if recipe.get("kind") == "series":
        from .example_series import series_example

        return series_example(recipe, schema), (
            "amounts over time in a closed vessel where the reactions given there run, with errors of the size given there."
        )
    if recipe.get("kind") == "mixtures":
        from .example_mixtures import mixture_example

        return mixture_example(recipe, schema), (
            "mixtures of the end members given there in proportions drawn at random, with lognormal scatter."
        )
    return halo_example(recipe, schema), (
        "exponential halos with prescribed gains and mass change, lognormal scatter, SiO2 as the balance to 100 wt%."
    )


def halo_example(recipe, schema) -> list:
    """Make an artificial table of alteration halos.

    The concentration of an analyte at distance x, with p = exp(-x/decay_m), is c0 (1 + gain p) / (1 + mass_change p), times
    a lognormal scatter: the mass balance of an altered rock. SiO2 is what remains to 100 wt%, trace elements counted.

    Parameters
    ----------
    recipe : dict
        As in ``data/02_alteration_isocon/example_recipe.toml``.
    schema : Schema
        Gives the order of the declared columns.

    Returns
    -------
    list of list of str
        Header and rows.
    """
    digest = hashlib.sha256(recipe["seed"].encode()).digest()
    rng = np.random.default_rng(int.from_bytes(digest[:8], "big"))
    analytes = ["SiO2_wt", *recipe["halo"][0]["fresh"]]
    wt_last = sorted(analytes, key=lambda name: parse_column(name).unit != "wt")
    filled = ("sample_id", "role", "group", "rock", "reference", "distance_m", "density_g_cm3")
    header = [name for name in schema.columns if name in filled]
    for name in wt_last:
        header += [name, f"{name}_err"] if name in recipe["errors"] else [name]
    rows = [header]
    for halo in recipe["halo"]:
        distances = [("fresh", x) for x in halo["fresh_distance_m"]] + [("altered", x) for x in halo["altered_distance_m"]]
        for number, (role, distance) in enumerate(distances, start=1):
            sample = f"{halo['name']}-{number}"
            progress = np.exp(-distance / halo["decay_m"]) if role == "altered" else 0.0
            cells = _concentrations(halo, progress, recipe["scatter"] * rng.standard_normal(len(halo["fresh"])))
            fresh_density, vein_density = halo["density_g_cm3"]
            density = fresh_density + (vein_density - fresh_density) * progress
            cells |= {f"{name}_err": f"{float(cells[name]) * part:.1f}" for name, part in recipe["errors"].items()}
            cells |= {name: f"<{limit}" for name, limit in recipe["below_detection"].get(sample, {}).items()}
            cells |= dict.fromkeys(recipe["not_analysed"].get(sample, ()), "")
            cells |= {
                "sample_id": sample,
                "role": role,
                "group": halo["name"],
                "rock": halo["rock"],
                "reference": recipe["reference"],
            }
            cells |= {"distance_m": f"{distance:g}", "density_g_cm3": f"{density:.2f}"}
            rows.append([cells[name] for name in header])
    return rows


def _concentrations(halo, progress, scatter):
    """Return the analytes of one sample as text, closed to 100 wt%."""
    cells, total = {}, 0.0
    for (name, fresh), noise in zip(halo["fresh"].items(), scatter, strict=True):
        unit = parse_column(name).unit
        value = fresh * (1 + halo["gain"][name] * progress) / (1 + halo["mass_change"] * progress) * np.exp(noise)
        cells[name] = f"{value:.2f}" if unit == "wt" else f"{value:.0f}"
        total += float(cells[name]) * TO_WT[unit]
    return {"SiO2_wt": f"{100 - total:.2f}", **cells}


def _csv(rows):
    """Return rows as CSV text."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue()


def _descriptor(title, text, header, count, how, schema):
    """Return the descriptor of a template as TOML."""
    plain = {"title": title, "rows": count, "sha256": hashlib.sha256(text.encode()).hexdigest(), "artificial": count > 0}
    plain |= {"licence": _LICENCE, "citation": _CITATION, "how_made": how}
    # JSON strings, numbers and booleans are valid TOML
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in plain.items()] + ["", "[columns]"]
    for name in header:
        column, parts = schema.columns.get(name), parse_column(name)
        unit = column.unit if column else parts.unit
        if column:
            meaning = column.description
        else:
            meaning = f"one standard deviation of {parts.base}" if parts.error else f"concentration of {parts.analyte}"
        fields = ([f"unit = {json.dumps(unit)}"] if unit else []) + [f"meaning = {json.dumps(meaning)}"]
        lines.append(f"{name} = {{ {', '.join(fields)} }}")
    return "\n".join(lines) + "\n"
