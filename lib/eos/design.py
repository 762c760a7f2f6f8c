"""What would more measurements buy: width of the density deficit under designs of static experiments, on artificial data."""

from __future__ import annotations

import numpy as np
import pandas as pd

from lib.tasks import run_tasks

from .artificial import KINDS_OF_STATIC, artificial_iron, imitation, static_states
from .inference import EosModel, infer
from .measurements import Measurements
from .predictions import core_numbers

#: Designs: what is added to the imitation of the published measurements.
DESIGNS = {
    "published kinds only": (),
    "1 bar, better density": ("1 bar, density",),
    "press, density": ("press, density",),
    "anvil, density": ("anvil, density",),
    "anvil, sound speed": ("anvil, sound speed",),
    "anvil, both": ("anvil, density", "anvil, sound speed"),
    "anvil, hotter": ("anvil, hotter",),
    "core pressure": ("core pressure",),
    "all of these": tuple(KINDS_OF_STATIC),
}


def design_measurements(kinds) -> Measurements:
    """Return exact artificial states: the imitation of the published ones and static ones of the kinds asked for.

    Parameters
    ----------
    kinds : sequence of str
        Keys of `lib.eos.KINDS_OF_STATIC`.

    Returns
    -------
    Measurements
    """
    eos = artificial_iron()
    base = imitation(eos)
    if not kinds:
        return base
    return base.join(*(Measurements(static_states(kind, eos)) for kind in kinds))


def _one(design, shock, t_cmb_k, n_evaluations, rng):
    """Widths of one design."""
    model = EosModel(design_measurements(DESIGNS[design]), shock=shock, scaled=False)
    found = infer(model, n_evaluations=n_evaluations, seed=np.random.SeedSequence(int(rng.integers(2**63))))
    numbers = core_numbers(model, found.draws(1500), (t_cmb_k,)).set_index(["quantity", "place"])
    out = {"design": design, "shock": shock, "n_static": len(model.measurements) - len(imitation(artificial_iron()))}
    for name, short in (("density_deficit_pct", "deficit"), ("vp_excess_pct", "excess")):
        for place in ("cmb", "icb"):
            row = numbers.loc[(name, place)]
            out[f"{short}_{place}"] = row["median"]
            out[f"width_{short}_{place}"] = row["hi95"] - row["lo95"]
    return out | {"rhat": float(found.chain.diagnostics()["rhat"].max())}


def static_designs(
    designs=tuple(DESIGNS), shocks=("energy", "latent"), *, t_cmb_k=4000.0, n_evaluations=300_000, seed=1, n_jobs=1
) -> pd.DataFrame:
    """Return how wide the 95 % intervals of the core's deviations are under designs of static experiments.

    The measurements are exact, so that widths do not hang on the luck of one set of errors; the analysis assumes the stated
    errors.

    Parameters
    ----------
    designs : sequence of str
        Keys of `DESIGNS`.
    shocks : sequence of str
        Treatments of shock temperatures.
    t_cmb_k : float
        Core-mantle temperature, K.
    n_evaluations : int
        Likelihoods a design.
    seed : int
        A stream a design is spawned from it.
    n_jobs : int
        Designs at once.

    Returns
    -------
    DataFrame
        Columns design, shock, n_static, deficit_cmb, deficit_icb, excess_cmb, excess_icb (medians, per cent), ``width_...``
        of the four (percentage points), rhat, ratio (of width_deficit_cmb to that without static data).
    """
    tasks = [{"design": d, "shock": s, "t_cmb_k": t_cmb_k, "n_evaluations": n_evaluations} for s in shocks for d in designs]
    frame = pd.DataFrame(run_tasks(_one, tasks, seed=seed, n_jobs=n_jobs, label="designs of static experiments"))
    first = frame.groupby("shock")["width_deficit_cmb"].transform("first")
    return frame.assign(ratio=frame["width_deficit_cmb"] / first)
