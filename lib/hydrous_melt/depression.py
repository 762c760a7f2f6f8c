"""What water does to the olivine liquidus and to the partition of magnesium, from an equation, with its uncertainty."""

from __future__ import annotations

import numpy as np
import pandas as pd

from .components import MOLAR_MASS, at, mole_fractions
from .equilibrium import equilibrium_fo, magnesium_partition
from .liquidus import fit_terms
from .published import basalt_wt

#: Water contents (wt%) of the curves, and pressure (GPa) at which they are drawn: that of Almeev et al. (2007).
WATER = np.linspace(0.0, 8.0, 33)
PRESSURE_GPA = 0.2
ISOPLETHS = (0.0, 2.0, 4.0, 6.0)


def depression_curves(
    experiments,
    terms,
    *,
    entropy: float | None = None,
    water=WATER,
    pressure_gpa: float = PRESSURE_GPA,
    n_bootstrap: int = 200,
    seed: int = 1,
    level: float = 0.9,
) -> pd.DataFrame:
    """Depression of the olivine liquidus of `lib.hydrous_melt.published.BASALT` by water.

    Parameters
    ----------
    experiments : Experiments
        Calibration.
    terms : sequence of str
        Terms of the equation, which are not chosen again in the bootstrap.
    entropy : float, optional
        See `fit_terms`.
    water : array-like, shape (m,)
        Water contents in wt%, the first one 0.
    pressure_gpa : float
        Pressure in GPa.
    n_bootstrap : int
        Resamplings of whole studies (of experiments when there is one study); 0 = no band.
    seed : int
        Of the resamplings.
    level : float, 0-1
        Width of the band.

    Returns
    -------
    DataFrame
        One row a water content: h2o_wt, liquidus_k, depression_k, lower_k, upper_k, extrapolated (bool) and outside (which
        variables of the melt are beyond the calibration).
    """
    wt, water = basalt_wt(water), np.asarray(water, float)
    model = fit_terms(experiments, terms, entropy=entropy)
    liquidus = model.temperature(wt, pressure_gpa)
    draws = [m.temperature(wt, pressure_gpa) for m in bootstrap_models(experiments, terms, entropy, n_bootstrap, seed)]
    lower = upper = np.full(len(water), np.nan)
    if draws:
        drops = np.array([t[0] - t for t in draws])
        drops = drops[np.isfinite(drops).all(axis=1)]
        if len(drops) >= 20:
            lower, upper = np.quantile(drops, [(1 - level) / 2, (1 + level) / 2], axis=0)
    outside = model.outside(liquidus, pressure_gpa, wt)
    outside["extrapolated"] |= ~np.isfinite(liquidus)
    return pd.DataFrame(
        {"h2o_wt": water, "liquidus_k": liquidus, "depression_k": liquidus[0] - liquidus, "lower_k": lower, "upper_k": upper,
         "extrapolated": outside["extrapolated"], "outside": outside["outside"]}
    )  # fmt: skip


def bootstrap_models(experiments, terms, entropy, n: int, seed: int) -> list:
    """Equations refitted to resampled studies; resamplings in which a coefficient is not determined are left out.

    Parameters
    ----------
    experiments, terms, entropy
        As for `fit_terms`.
    n : int
        Resamplings.
    seed : int
        Of the resamplings.

    Returns
    -------
    list of TermModel
    """
    rng = np.random.default_rng(seed)
    names = sorted(set(experiments.studies))
    by_study = len(names) > 1
    groups = [np.flatnonzero(np.array(experiments.studies) == name) for name in names]
    if not by_study:
        groups = [np.array([i]) for i in range(len(experiments))]
    out = []
    for _ in range(n):
        rows = np.concatenate([groups[g] for g in rng.integers(len(groups), size=len(groups))])
        try:
            out.append(fit_terms(experiments, terms, rows, entropy=entropy))
        except ValueError:
            continue  # too few different experiments for these terms in this draw
    return out


def partition_isopleths(model, *, water=ISOPLETHS, mgo_wt=None, pressure_gpa: float = PRESSURE_GPA) -> pd.DataFrame:
    """Partition of magnesium along the olivine liquidus, for basalts of varied MgO and water.

    Parameters
    ----------
    model : TermModel
        Equation.
    water : sequence of float
        Water contents in wt%.
    mgo_wt : array-like, optional
        MgO of the anhydrous basalt in wt% (before closure); default 4 to 14.
    pressure_gpa : float
        Pressure in GPa.

    Returns
    -------
    DataFrame
        One row a melt: h2o_wt, mgo_wt, liquidus_k, partition (molar, X_MgO olivine / X_MgO melt), partition_wt (by mass, MgO
        in the olivine over MgO in the hydrous melt), extrapolated.
    """
    mgo_wt = np.linspace(4, 14, 21) if mgo_wt is None else np.asarray(mgo_wt, float)
    rows = []
    for h2o in water:
        wt = np.array([basalt_wt(h2o, MgO=m) for m in mgo_wt])
        x = mole_fractions(wt)
        fo, t = equilibrium_fo(x), model.temperature(wt, pressure_gpa)
        outside = model.outside(t, pressure_gpa, wt)["extrapolated"] | ~np.isfinite(t)
        rows.append(
            pd.DataFrame({"h2o_wt": h2o, "mgo_wt": mgo_wt, "liquidus_k": t, "partition": magnesium_partition(fo, x),
                          "partition_wt": olivine_mgo_wt(fo) / wt[:, at("MgO")], "extrapolated": outside})
        )  # fmt: skip
    return pd.concat(rows, ignore_index=True)


def olivine_mgo_wt(fo) -> np.ndarray:
    """MgO of stoichiometric olivine (Mg,Fe)2SiO4 in wt%, from its X_Fo."""
    fo = np.asarray(fo, float)
    mg, fe, si = 2 * fo * MOLAR_MASS[at("MgO")], 2 * (1 - fo) * MOLAR_MASS[at("FeO")], MOLAR_MASS[at("SiO2")]
    return 100 * mg / (mg + fe + si)
