"""Artificial experiments on olivine and hydrous melt that obey a known law, with the errors that real ones have."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .components import OXIDES, R, mole_fractions
from .equilibrium import FUSION_ENTROPY, KD, equilibrium_fo, slope_of
from .liquidus import TermModel
from .published import basalt_wt
from .tabular import Experiments, empty_quality

#: The law: forsterite's fusion (2163 K, 57.2 J/(mol K)) and excess terms in round numbers (K; P in GPa), chosen so that a
#: basalt has its olivine liquidus near 1200 degrees C and 4 wt% of water lower it by about 110 K.
LAW = {"P": 500.0, "Al2O3": -4000.0, "CaO": -3000.0, "Na2O": -8000.0, "H2O": -5000.0, "H2O^2": 11000.0}
INTERCEPT = 2163.0 * FUSION_ENTROPY["Fo"] / R
#: Relative scatter of the oxides between starting materials, and between the melts of one of them (SiO2 to P2O5).
BETWEEN = np.array([0.05, 0.35, 0.08, 0.20, 0.30, 0.20, 0.15, 0.25, 0.80, 0.50])
WITHIN = np.array([0.04, 0.15, 0.06, 0.12, 0.15, 0.25, 0.12, 0.15, 0.20, 0.20])
PRESSURES_GPA = (0.0001, 0.1, 0.2, 0.4, 0.8, 1.2)


@dataclass(frozen=True, eq=False)
class Artificial:
    """Artificial experiments with their truth.

    Parameters
    ----------
    experiments : Experiments
        As an experimenter would report them.
    temperature_k : array, shape (n,)
        True temperature.
    offset_k : array, shape (n,)
        Offset of the reported temperature that all experiments of a study share.
    law : dict
        Excess terms and their coefficients (K).
    """

    experiments: Experiments
    temperature_k: np.ndarray
    offset_k: np.ndarray
    law: dict


def law_model(law=None) -> TermModel:
    """The law as an equation that predicts temperatures (`TermModel`)."""
    law = LAW if law is None else law
    p = len(law)
    return TermModel(
        tuple(law), INTERCEPT, np.array(list(law.values())), np.zeros(p + 1), 0.0, 1, {}, {}, np.zeros(p), np.zeros((p, p)),
        np.inf, slope_of(FUSION_ENTROPY["Fo"]),
    )  # fmt: skip


def artificial_experiments(
    n_studies: int,
    n_each: int,
    rng,
    *,
    study_k: float = 15.0,
    temperature_k: float = 5.0,
    oxide: float = 0.01,
    water_wt: float = 0.2,
    water_bias: float = 0.05,
    kd_scatter: float = 0.03,
    law=None,
) -> Artificial:
    """Make artificial experiments.

    Parameters
    ----------
    n_studies, n_each : int
        Studies, each with its own starting material, and experiments in each.
    rng : numpy.random.Generator
        Source of randomness.
    study_k : float
        Standard deviation, between studies, of an offset of temperature that a study's experiments share (K): thermocouples,
        iron loss, and whatever the melts of a laboratory have in common.
    temperature_k : float
        One-sigma error of a single temperature (K).
    oxide : float
        Relative one-sigma error of the oxides.
    water_wt, water_bias : float
        One-sigma error of a water content (wt%), and of a study's calibration of water (relative).
    kd_scatter : float
        Relative scatter of Kd(Fe-Mg).
    law : dict, optional
        Excess terms and coefficients; default `LAW`.

    Returns
    -------
    Artificial
        Half of the studies have dry experiments among wet ones; water goes to 8 wt%.
    """
    law = LAW if law is None else law
    n = n_studies * n_each
    study = np.repeat(np.arange(n_studies), n_each)
    base = basalt_wt()[:-1]
    dry = base * np.exp(BETWEEN * rng.standard_normal((n_studies, 10)))[study] * np.exp(WITHIN * rng.standard_normal((n, 10)))
    wettest = np.repeat(rng.uniform(2, 8, n_studies), n_each)
    water = wettest * rng.uniform(0, 1, n) * np.where(rng.random(n) < 0.15, 0.0, 1.0)
    pressure = rng.choice(PRESSURES_GPA, n_studies)[study]
    pressure = np.where(water > 0, np.maximum(pressure, 0.1), pressure)
    wt = np.column_stack([dry / dry.sum(axis=1, keepdims=True) * (100 - water)[:, None], water])
    fo = equilibrium_fo(mole_fractions(wt), KD * np.exp(kd_scatter * rng.standard_normal(n)))
    truth = law_model(law).temperature(wt, pressure, fo=fo)
    offset = (study_k * rng.standard_normal(n_studies))[study]
    seen = np.where(water > 0, water * (1 + water_bias * rng.standard_normal(n_studies))[study], 0.0)
    seen = np.where(water > 0, np.maximum(seen + water_wt * rng.standard_normal(n), 0.0), 0.0)
    analysed = dry * np.exp(oxide * rng.standard_normal(dry.shape))
    analysed = np.column_stack([analysed / analysed.sum(axis=1, keepdims=True) * (100 - seen)[:, None], seen])
    measured = truth + offset + temperature_k * rng.standard_normal(n)
    made = Experiments(
        tuple(f"A{s + 1:02d}-{i + 1:02d}" for s in range(n_studies) for i in range(n_each)),
        tuple(f"artificial study {s + 1:02d}" for s in study), measured, pressure, analysed, np.clip(fo, 0.01, 0.99),
        empty_quality(n), ("artificial experiments that obey a known law",), "artificial",
    )  # fmt: skip
    return Artificial(made, truth, offset, dict(law))


def table_text(made: Artificial) -> str:
    """CSV text of artificial experiments in the columns of this case, rounded as in print."""
    e = made.experiments
    head = ["sample_id", "study", "temperature_k", "pressure_gpa", "olivine_fo_pct", "H2O_wt", "water_method"]
    names = {name: "FeOT_wt" if name == "FeO" else f"{name}_wt" for name in OXIDES[:-1]}
    lines = [",".join([*head, *names.values()])]
    for i in range(len(e)):
        method = "artificial" if e.h2o_wt[i] > 0 else ""
        cells = [e.samples[i], e.studies[i], f"{e.temperature_k[i]:.0f}", f"{e.pressure_gpa[i]:g}", f"{100 * e.fo[i]:.1f}"]
        cells += [f"{e.h2o_wt[i]:.2f}", method, *(f"{v:.2f}" for v in e.wt[i, :-1])]
        lines.append(",".join(cells))
    return "\n".join(lines) + "\n"
