"""Analysis of measurements: equation of state, outer core and shock temperatures, with their uncertainty."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from lib.answers import Answer
from lib.tasks import run_tasks

from . import report
from .inference import N_EVALUATIONS, SHOCK_MODES, EosModel, Inference, infer
from .measurements import Measurements, prepare
from .predictions import N_BAND, T_CMB_K, core_frame, core_numbers, isotherm_frame
from .shock_states import shock_frame

#: Frames of an analysis, in the order of the CSV files.
FRAMES = (
    "parameters", "core_numbers", "core", "isotherms", "shock_temperatures", "residuals", "correlations", "treatments",
    "diagnostics", "messages",
)  # fmt: skip
ISOTHERMS_K = (1811.0, 3000.0, 4000.0, 6000.0)
PRESSURES_GPA = np.concatenate([np.linspace(0, 20, 9), np.linspace(25, 360, 35)])
#: Form and treatment that are analysed beside the one asked for.
BESIDE = tuple((form, shock) for form in ("as printed", "consistent") for shock in SHOCK_MODES)


@dataclass(frozen=True, eq=False)
class EosAnalysis(Answer):
    """Results of `analyse`.

    Parameters
    ----------
    inference : Inference
        Posterior of the form and treatment asked for.
    others : dict
        (form, treatment of shocks) -> `Inference`, those of `BESIDE` and the one asked for.
    frames : dict
        Name (see `FRAMES`) -> tidy DataFrame.
    parameters : dict
        What `analyse` was called with.
    """

    inference: Inference
    others: dict
    frames: dict[str, pd.DataFrame]
    parameters: dict = field(default_factory=dict)

    @property
    def measurements(self) -> Measurements:
        """What was analysed."""
        return self.inference.model.measurements


def analyse(
    table,
    *,
    form: str = "consistent",
    shock: str = "energy",
    scaled: bool = True,
    t_cmb_k=T_CMB_K,
    n_evaluations: int = N_EVALUATIONS,
    seed: int = 1,
    n_jobs: int = 1,
) -> EosAnalysis:
    """Infer an equation of state from measurements, and what it says of the outer core.

    Parameters
    ----------
    table : tables.Table or Measurements
        See ``data/06_outer_core_eos/input.toml`` for the columns.
    form : str
        Key of `lib.eos.SAMPLED_FORMS`.
    shock : {"energy", "latent"}
        Temperatures behind shocks: from the energy of the shock, or unobserved variables with a flat prior.
    scaled : bool
        Whether errors of data sets get a factor of their own.
    t_cmb_k : sequence of float
        Temperatures at the core-mantle boundary, K.
    n_evaluations : int
        Likelihoods for the form and treatment asked for; the others of `BESIDE` get a third.
    seed : int
        Of all chains and draws.
    n_jobs : int
        Chains at once; the results do not depend on it.

    Returns
    -------
    EosAnalysis
        Frames, messages and diagnostics.

    Raises
    ------
    ValueError
        For an unknown form or treatment, and for what `Measurements` refuses.
    """
    made = table if isinstance(table, Measurements) else prepare(table)
    EosModel(made, form, shock, scaled)  # refuses unknown names before any work
    wanted = list(dict.fromkeys([(form, shock), *(pair for pair in BESIDE if made.shocked.any() or pair[1] == shock)]))
    tasks = [
        {"measurements": made, "form": f, "shock": s, "scaled": scaled, "n_evaluations": n_evaluations // (1 if i == 0 else 3)}
        for i, (f, s) in enumerate(wanted)
    ]
    found = run_tasks(_posterior, tasks, seed=seed, n_jobs=n_jobs, label="posteriors")
    others = dict(zip(wanted, found, strict=True))
    main = others[form, shock]
    draws = main.draws(N_BAND)
    frames = {
        "parameters": main.summary(),
        "core_numbers": core_numbers(main.model, draws, t_cmb_k),
        "core": core_frame(main.model, draws, t_cmb_k),
        "isotherms": isotherm_frame(main.model, draws[::3], ISOTHERMS_K, PRESSURES_GPA),
        "residuals": report.residual_frame(main.model, draws),
        "correlations": report.correlation_frame(main),
    }
    middle = (t_cmb_k[len(t_cmb_k) // 2],)
    frames["treatments"] = pd.concat(
        [core_numbers(i.model, i.draws(N_BAND), middle).assign(form=f, shock=s) for (f, s), i in others.items()],
        ignore_index=True,
    )
    rng = np.random.default_rng(np.random.SeedSequence(seed).spawn(1)[0])
    pairs = {s: others[f, s] for f, s in others if f == form} if made.shocked.any() else {}
    frames["shock_temperatures"] = (
        shock_frame({s: i.model for s, i in pairs.items()}, {s: i.draws(N_BAND) for s, i in pairs.items()}, rng)
        if pairs else pd.DataFrame(columns=["sample_id", "data_set", "pressure_gpa", "density_g_cm3"])
    )  # fmt: skip
    frames["diagnostics"] = report.diagnostics_frame(frames["parameters"], frames["residuals"], frames["core_numbers"])
    frames["messages"] = report.messages(made, frames["parameters"], frames["diagnostics"])
    parameters = {
        "form": form, "shock": shock, "scaled": scaled, "t_cmb_k": tuple(t_cmb_k), "n_evaluations": n_evaluations, "seed": seed
    }  # fmt: skip
    return EosAnalysis(main, others, {name: frames[name] for name in FRAMES}, parameters)


def _posterior(measurements, form, shock, scaled, n_evaluations, rng):
    """One posterior; a task of its own."""
    model = EosModel(measurements, form, shock, scaled)
    return infer(model, n_evaluations=n_evaluations, seed=np.random.SeedSequence(int(rng.integers(2**63))))
