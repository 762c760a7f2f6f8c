"""The filled template of hydrous melts: artificial experiments on olivine and melt that obey a prescribed law."""

from __future__ import annotations

import hashlib

import numpy as np

GAS_CONSTANT = 8.314462618


def experiment_example(recipe, schema) -> list:
    """Make an artificial table of olivine-melt pairs.

    A melt is the base composition with lognormal scatter between studies and within one, and with water.  Its olivine follows
    from the exchange coefficient, and its temperature from T (ln Q - w) = w0 + sum of excess terms, with
    Q = X_Fo^2/(X_MgO^2 X_SiO2), w = -entropy/R + ln(27/4) and w0 = melting point times entropy/R.

    Parameters
    ----------
    recipe : dict
        As in ``data/09_hydrous_melt/example_recipe.toml``: studies, experiments in each, base composition (anhydrous, wt%),
        molar masses (g/mol), scatter, law and errors.
    schema : Schema
        Gives the order of the declared columns.

    Returns
    -------
    list of list of str
        Header and rows.
    """
    digest = hashlib.sha256(recipe["seed"].encode()).digest()
    rng = np.random.default_rng(int.from_bytes(digest[:8], "big"))
    base, law = recipe["base"], recipe["law"]
    oxides = list(base)
    mass = np.array([recipe["molar_mass"][name] for name in [*oxides, "H2O_wt"]])
    filled = ("sample_id", "study", "temperature_k", "pressure_gpa", "olivine_fo_pct", "H2O_wt", "water_method", "reference")
    header = [*(name for name in schema.columns if name in filled), *oxides]
    rows = [header]
    for number, study in enumerate(recipe["study"], start=1):
        start = np.array(list(base.values())) * np.exp(recipe["between"] * rng.standard_normal(len(oxides)))
        offset = recipe["offset_k"] * rng.standard_normal()
        for i, water in enumerate(study["water"], start=1):
            dry = start * np.exp(recipe["within"] * rng.standard_normal(len(oxides)))
            wt = np.append(dry / dry.sum() * (100 - water), water)
            x = dict(zip([*oxides, "H2O_wt"], wt / mass / (wt / mass).sum(), strict=True))
            fo = 1 / (1 + recipe["kd"] * x["FeOT_wt"] / x["MgO_wt"])
            excess = sum(c * x[name] for name, c in law["linear"].items()) + law["pressure"] * study["pressure_gpa"]
            excess += law["water_squared"] * x["H2O_wt"] ** 2
            ratio = law["entropy"] / GAS_CONSTANT
            quotient = np.log(fo**2 / (x["MgO_wt"] ** 2 * x["SiO2_wt"]))
            t = (law["melting_k"] * ratio + excess) / (quotient + ratio - np.log(27 / 4))
            sample = f"S{number}-{i:02d}"
            cells = {"sample_id": sample, "study": study["name"], "reference": recipe["reference"]}
            cells |= {"temperature_k": f"{t + offset + recipe['error_k'] * rng.standard_normal():.0f}"}
            cells |= {"pressure_gpa": f"{study['pressure_gpa']:g}", "olivine_fo_pct": f"{100 * fo:.1f}"}
            cells |= {"H2O_wt": f"{water:.2f}", "water_method": "artificial" if water else ""}
            seen = wt[:-1] * np.exp(recipe["scatter"] * rng.standard_normal(len(oxides)))
            cells |= {name: f"{value:.2f}" for name, value in zip(oxides, seen, strict=True)}
            cells |= {name: f"<{limit:g}" for name, limit in recipe["below_detection"].get(sample, {}).items()}
            cells |= dict.fromkeys(recipe["not_analysed"].get(sample, ()), "")
            rows.append([cells[name] for name in header])
    return rows
