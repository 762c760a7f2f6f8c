"""The artificial tables of this case, as they lie in ``data/``: made again from fixed words, bit for bit."""

from __future__ import annotations

import csv
import dataclasses
import hashlib
import io
import json
from functools import cache

import numpy as np

from lib.tables.schema_files import DATA, load_schema

from .choices import candidate_network, reference_diffusivity
from .experiment import Experiment, artificial_experiment
from .model import Design

STEM = "07_serpentinization_pathways"
ARTIFICIAL, EXAMPLE, BLANK = "artificial_profiles", f"{STEM}_example", f"{STEM}_blank"
#: Column of 5 mm, runs of up to six weeks.
LENGTH_M, DURATIONS_H = 0.005, (250.0, 500.0, 1000.0)
MINERALS = ("Fo", "Srp", "Brc", "Tlc")
NOISE_WT = 1.5
_LICENCE = "CC0-1.0"
_CITATION = "made for this compendium; no measured column"


def _stream(name):
    """Random numbers from the name of a table."""
    return np.random.default_rng(int.from_bytes(hashlib.sha256(f"{STEM} {name}".encode()).digest()[:8], "big"))


def _made(name, pathway, **changes) -> Experiment:
    """An experiment in hours and metres."""
    design = dataclasses.replace(Design(DURATIONS_H, 15, MINERALS, LENGTH_M, "wt"), **changes)
    duration = design.durations[-1]
    return artificial_experiment(
        pathway, design, noise=NOISE_WT, rng=_stream(name), network=candidate_network(duration=duration),
        diffusivity=reference_diffusivity(LENGTH_M, duration),
    )  # fmt: skip


@cache
def embedded_experiment() -> Experiment:
    """Return the artificial experiment of ``data/07_serpentinization_pathways/artificial_profiles.csv`` with its truth.

    Returns
    -------
    Experiment
        Three runs of a column of 5 mm, 15 slices each, in wt%; the pathway goes through serpentine.
    """
    return _made(ARTIFICIAL, "through serpentine")


def embedded_files() -> dict:
    """Make the artificial table, the template and their descriptors.

    Returns
    -------
    dict of str to str
        Path under ``data/`` -> text.
    """
    schema = load_schema(STEM)
    title = schema.title
    how = (
        "Made by `python -m lib.serpentinization` with words as seed: the model of this case with rates and diffusivity drawn "
        f"around their reference values, and a normal scatter of {NOISE_WT:g} wt%, which takes absent minerals below zero too."
    )
    example = _made(EXAMPLE, "straight to talc", durations=DURATIONS_H[1:], n_slices=10)
    header = [
        "sample_id",
        "duration_h",
        "distance_m",
        "thickness_m",
        *(f"{m}_{u}" for m in MINERALS for u in ("wt", "wt_err")),
    ]
    tables = {
        f"{STEM}/{ARTIFICIAL}": (_rows(embedded_experiment()), f"Artificial column, three runs: {title.lower()}", how),
        f"templates/{EXAMPLE}": (_rows(example), f"{title} (example template)", how),
        f"templates/{BLANK}": (
            [header], f"{title} (blank template)",
            "Only the header: delete the columns that you do not have, add those that you have.",
        ),
    }  # fmt: skip
    files = {}
    for path, (rows, name, made) in tables.items():
        out = io.StringIO()
        csv.writer(out, lineterminator="\n").writerows(rows)
        files[f"{path}.csv"] = out.getvalue()
        files[f"{path}.toml"] = _descriptor(out.getvalue(), name, rows, made, schema)
    return files


def write_embedded() -> list:
    """Write the artificial table, the templates and their descriptors.

    Returns
    -------
    list of Path
        What was written.
    """
    written = []
    for name, text in embedded_files().items():
        (DATA / name).write_text(text, encoding="utf-8", newline="\n")
        written.append(DATA / name)
    return written


def _rows(made):
    """Table of an experiment: header and one row a slice."""
    d = made.design
    header = ["sample_id", "reference", "duration_h", "distance_m", "thickness_m"]
    for solid in d.solids:
        header += [f"{solid}_{d.amounts}", f"{solid}_{d.amounts}_err"]
    values = made.data.reshape(len(d.durations), len(d.slices), len(d.solids))
    rows = [header]
    for t, duration in enumerate(d.durations):
        for s, (a, b) in enumerate(d.slices):
            cells = [f"run {duration:g} h, slice {s + 1}", "artificial", f"{duration:g}", f"{(a + b) / 2:.6g}", f"{b - a:.6g}"]
            for value in values[t, s]:
                cells += [f"{round(value, 1) + 0.0:.1f}", f"{made.noise:g}"]
            rows.append(cells)
    return rows


def _descriptor(text, title, rows, made, schema):
    """Return a descriptor as TOML (JSON strings, numbers and booleans are valid TOML)."""
    count = len(rows) - 1
    plain = {"title": title, "rows": count, "sha256": hashlib.sha256(text.encode()).hexdigest(), "artificial": count > 0}
    plain |= {"licence": _LICENCE, "citation": _CITATION, "how_made": made}
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in plain.items()] + ["", "[columns]"]
    for name in rows[0]:
        column = schema.columns.get(name)
        unit = column.unit if column else name.removesuffix("_err").rpartition("_")[2]
        meaning = column.description if column else f"one standard deviation of {name.removesuffix('_err')}"
        fields = ([f"unit = {json.dumps(unit)}"] if unit else []) + [f"meaning = {json.dumps(meaning)}"]
        lines.append(f"{name} = {{ {', '.join(fields)} }}")
    return "\n".join(lines) + "\n"
