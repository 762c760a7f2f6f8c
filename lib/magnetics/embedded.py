"""The templates of this case, as they lie in ``data/templates``: made again from fixed words, bit for bit."""

from __future__ import annotations

import csv
import hashlib
import io
import json

import numpy as np

from lib.tables.schema_files import DATA, load_schema

from .island import ISLAND_FIELD
from .prisms import terrain_mesh
from .survey import Survey
from .terrain import volcanic_island
from .total_field import exact_anomaly

STEM = "08_volcano_magnetization"
EXAMPLE, BLANK, TERRAIN = f"{STEM}_example", f"{STEM}_blank", f"{STEM}_terrain_example"
HEADER = ("sample_id", "line", "easting_m", "northing_m", "height_m", "anomaly_nt", "anomaly_nt_err", "reference")
#: Of the example: magnetization of the ground and of a weak zone in A/m, standard deviation of the noise in nT.
GROUND, WEAK, NOISE = 6.0, 1.0, 5.0
#: Lower left corner of the example's grid, so that it looks like one of a map projection.
CORNER = (430000.0, 3013000.0)
_LICENCE, _CITATION = "CC0-1.0", "made for this compendium; no measured point"


def _stream(name):
    """Random numbers from the name of a table."""
    return np.random.default_rng(int.from_bytes(hashlib.sha256(f"{STEM} {name}".encode()).digest()[:8], "big"))


def _example():
    """Survey and terrain of the example: 12 lines of 12 points, 225 m apart, with a weak zone 300 m east of the middle."""
    rng = _stream(EXAMPLE)
    terrain = volcanic_island(rng, half_width_m=1600.0, spacing_m=200.0)
    places = np.linspace(-1237.5, 1237.5, 12)
    east, north = (a.ravel() for a in np.meshgrid(places, places))
    east, north = (np.round(a + rng.uniform(-15, 15, a.size)) for a in (east, north))
    height = np.round(np.maximum(terrain.at(east, north), 0) + rng.uniform(125, 140, east.size))
    lines = np.repeat([f"L{i + 1:02d}" for i in range(12)], 12)
    survey = Survey(east, north, height, np.zeros(east.size), lines)
    mesh = terrain_mesh(terrain, -1600, 1600, -1600, 1600, 24, 24, np.full(6, 130.0))
    magnetization = np.where(mesh.mask_cylinder(300.0, 0.0, 260.0, 60.0, 600.0), WEAK, GROUND)
    clean = exact_anomaly(survey, mesh, magnetization, *ISLAND_FIELD)
    return survey.with_anomaly(clean + NOISE * rng.standard_normal(survey.n)), terrain


def embedded_files() -> dict:
    """Make the templates and their descriptors.

    Returns
    -------
    dict of str to str
        Path under ``data/`` -> text.
    """
    schema = load_schema(STEM)
    survey, terrain = _example()
    points = [list(HEADER)]
    for i in range(survey.n):
        place = [survey.easting_m[i] + CORNER[0], survey.northing_m[i] + CORNER[1], survey.height_m[i]]
        words = [f"{value:.0f}" for value in (*place, survey.anomaly_nt[i] + 0.0)]
        points.append([f"{survey.line[i]}-{i % 12 + 1:02d}", survey.line[i], *words, f"{NOISE:g}", "artificial"])
    nodes = [["easting_m", "northing_m", "height_m"]]
    for j, n in enumerate(terrain.northing_m):
        for i, e in enumerate(terrain.easting_m):
            nodes.append([f"{e + CORNER[0]:.0f}", f"{n + CORNER[1]:.0f}", f"{round(terrain.height_m[j, i]) + 0:d}"])
    made = (
        "Made by `python -m lib.magnetics` with words as seed: the exact anomaly of an artificial island, "
        f"{GROUND:g} A/m with a zone of {WEAK:g} A/m, in the field of Nishinoshima (inclination {ISLAND_FIELD[0]}, "
        f"declination {ISLAND_FIELD[1]}), and a normal noise of {NOISE:g} nT."
    )
    tables = {
        EXAMPLE: (points, f"{schema.title} (example template)", made),
        TERRAIN: (nodes, "Terrain of the example template, for dem_path (sea floor below zero)", made),
        BLANK: (
            [list(HEADER)], f"{schema.title} (blank template)",
            "Only the header: delete the columns that you do not have, add those that you have.",
        ),
    }  # fmt: skip
    files = {}
    for name, (rows, title, how) in tables.items():
        out = io.StringIO()
        csv.writer(out, lineterminator="\n").writerows(rows)
        files[f"templates/{name}.csv"] = out.getvalue()
        files[f"templates/{name}.toml"] = _descriptor(out.getvalue(), title, rows, how, schema)
    return files


def write_embedded() -> list:
    """Write the templates and their descriptors.

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
