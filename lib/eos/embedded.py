"""The templates of this case, as they lie in ``data/templates``: made again from fixed words."""

from __future__ import annotations

import csv
import hashlib
import io
import json

import numpy as np

from lib.tables.schema_files import DATA, load_schema

from .artificial import artificial_iron, imitation, static_states, with_errors
from .measurements import Measurements, published_measurements

STEM = "06_outer_core_eos"
EXAMPLE, BLANK = f"{STEM}_example", f"{STEM}_blank"
#: Kinds of static measurement in the example.
KINDS = ("1 bar, density", "anvil, density", "anvil, sound speed")
_DIGITS = {"pressure_gpa": 2, "density_g_cm3": 3, "temperature_k": 0, "sound_speed_km_s": 3}
_LICENCE = "CC0-1.0"
_CITATION = "made for this compendium; nothing was measured"


def example_measurements() -> Measurements:
    """Return the artificial measurements of the example template: static, shocked and at 1 bar.

    Returns
    -------
    Measurements
        From `lib.eos.artificial_iron`, with errors of the sizes that are stated.
    """
    rng = np.random.default_rng(int.from_bytes(hashlib.sha256(f"{STEM} example table".encode()).digest()[:8], "big"))
    eos = artificial_iron()
    shocks = imitation(eos, template=published_measurements(sets=("brown2000_hugoniot", "brown_mcqueen1986")))
    static = (Measurements(static_states(kind, eos)) for kind in KINDS)
    return with_errors(shocks.join(*static), rng)


def template_texts() -> dict:
    """Make the blank and the filled template with their descriptors.

    Returns
    -------
    dict of str to str
        File name in ``data/templates`` -> text.
    """
    schema = load_schema(STEM)
    names = list(_DIGITS)
    header = [
        "sample_id",
        "kind",
        "data_set",
        *(part for n in names for part in (n, f"{n}_err")),
        "initial_density_g_cm3",
        "reference",
    ]
    rows = [header]
    for number, row in enumerate(example_measurements().frame.to_dict("records"), 1):
        cells = {"sample_id": f"A{number:02d}", "kind": row["kind"], "data_set": row["data_set"], "reference": "artificial"}
        for name in names:
            ambient = name == "pressure_gpa" and row["kind"] == "1 bar"  # may stay empty
            cells[name] = _text(np.nan if ambient else row[name], _DIGITS[name])
            cells[f"{name}_err"] = _text(np.nan if ambient else row[f"{name}_err"], _DIGITS[name])
        cells["initial_density_g_cm3"] = _text(row["initial_density_g_cm3"], 3)
        rows.append([cells[name] for name in header])
    how = (
        "Made by `python -m lib.eos` with words as seed: states of an artificial equation of state, near that of iron, in the "
        "places of published and of imagined measurements, with normal errors of the sizes that are stated. Temperatures "
        "behind shocks are empty."
    )
    blank = "Only the header: delete the columns that you do not have."
    files = {}
    for name, kind, lines, made in ((EXAMPLE, "example", rows, how), (BLANK, "blank", [header], blank)):
        out = io.StringIO()
        csv.writer(out, lineterminator="\n").writerows(lines)
        files[f"{name}.csv"] = out.getvalue()
        files[f"{name}.toml"] = _descriptor(f"{schema.title} ({kind} template)", out.getvalue(), lines, made, schema)
    return files


def write_templates() -> list:
    """Write the templates and their descriptors; returns the paths."""
    written = []
    for name, text in template_texts().items():
        path = DATA / "templates" / name
        path.write_text(text, encoding="utf-8", newline="\n")
        written.append(path)
    return written


def _text(value, digits):
    return "" if not np.isfinite(value) or value == 0 else f"{value:.{digits}f}"


def _descriptor(title, text, rows, made, schema):
    """Return a descriptor as TOML (JSON strings, numbers and booleans are valid TOML)."""
    count = len(rows) - 1
    plain = {"title": title, "rows": count, "sha256": hashlib.sha256(text.encode()).hexdigest(), "artificial": count > 0}
    plain |= {"licence": _LICENCE, "citation": _CITATION, "how_made": made}
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in plain.items()] + ["", "[columns]"]
    for name in rows[0]:
        base = schema.columns[name.removesuffix("_err")]
        meaning = f"one standard deviation of {base.name}" if name.endswith("_err") else base.description
        fields = ([f"unit = {json.dumps(base.unit)}"] if base.unit else []) + [f"meaning = {json.dumps(meaning)}"]
        lines.append(f"{name} = {{ {', '.join(fields)} }}")
    return "\n".join(lines) + "\n"
