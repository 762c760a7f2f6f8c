"""Which form of the equation of state do the data prefer: evidences, side by side."""

from __future__ import annotations

import numpy as np
import pandas as pd

from lib.tasks import run_tasks

from .inference import EosModel, infer
from .priors import SAMPLED_FORMS


def _one(measurements, form, shock, scaled, n_evaluations, rng):
    """Evidence of one form."""
    model = EosModel(measurements, form, shock, scaled)
    seed = np.random.SeedSequence(int(rng.integers(2**63)))
    found = infer(model, n_evaluations=n_evaluations, seed=seed, method="exchange")
    evidence = found.evidence
    best = found.chain.draws.reshape(-1, found.chain.draws.shape[2])[int(np.argmax(found.chain.log_likelihood.ravel()))]
    return {
        "form": form, "title": SAMPLED_FORMS[form].title, "shock": shock, "n_parameters": len(model.names),
        "log_evidence": evidence.value, "error": evidence.error,
        "max_log_likelihood": float(model.log_likelihood(best[None])[0]),
        "rhat": float(found.chain.diagnostics()["rhat"].max()),
    }  # fmt: skip


def compare_forms(
    measurements,
    forms=tuple(SAMPLED_FORMS),
    shocks=("energy", "latent"),
    *,
    scaled=True,
    n_evaluations=200_000,
    seed=1,
    n_jobs=1,
) -> pd.DataFrame:
    """Return the evidence of every form with every treatment of shock temperatures.

    Parameters
    ----------
    measurements : Measurements
        Data, the same for all.
    forms : sequence of str
        Keys of `lib.eos.SAMPLED_FORMS`.
    shocks : sequence of str
        Of "energy" and "latent".
    scaled : bool
        As of `EosModel`.
    n_evaluations : int
        Likelihoods a run.
    seed : int
        A stream a run is spawned from it.
    n_jobs : int
        Runs at once; results do not depend on it.

    Returns
    -------
    DataFrame
        Columns form, title, shock, n_parameters, log_evidence, error (Monte-Carlo, 1 sigma), max_log_likelihood, rhat,
        relative (log_evidence below the best), probability (of all rows, equal before).
    """
    tasks = [
        {"measurements": measurements, "form": form, "shock": shock, "scaled": scaled, "n_evaluations": n_evaluations}
        for shock in shocks
        for form in forms
    ]
    frame = pd.DataFrame(run_tasks(_one, tasks, seed=seed, n_jobs=n_jobs, label="forms of the equation of state"))
    frame["relative"] = frame["log_evidence"] - frame["log_evidence"].max()
    weight = np.exp(frame["relative"])
    return frame.assign(probability=weight / weight.sum())
