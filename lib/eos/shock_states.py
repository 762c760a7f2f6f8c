"""Temperatures behind shocks, which nobody measured: from the energy of the shock, or drawn as unobserved variables.

They are not the same thing.  The *energy* temperature is what the Rankine-Hugoniot energy leaves once the form's own cold
energy is paid: it needs the enthalpy H0 and believes that the form's energy fits its pressure, which holds in the consistent
form only. The *latent* temperature is whatever makes the form's pressure agree with the measured one at the measured
density, within a flat prior: it uses no energy at all, and absorbs every misfit of the form at those states.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from . import likelihood_kernels as kernels
from .inference import EosModel

#: Points of the density that a latent temperature is drawn from, over 11 standard deviations.
N_GRID = 121


def temperature_draws(model: EosModel, draws, rng) -> np.ndarray:
    """Return both temperatures of every shocked row at each draw of the parameters.

    Parameters
    ----------
    model : EosModel
        Measurements and form.
    draws : array, shape (n, d)
        From a posterior.
    rng : numpy.random.Generator
        For the latent ones.

    Returns
    -------
    ndarray, shape (n, n_shocked, 2)
        K: from energy (nan where none), latent.
    """
    draws = np.ascontiguousarray(draws, float)
    uniform = rng.random((len(draws), len(model.measurements)))
    found = kernels.draw_temperatures(draws, uniform, model.args, N_GRID)
    return found[:, model.measurements.shocked]


def shock_frame(models, draws, rng) -> pd.DataFrame:
    """Return temperatures behind shocks from two posteriors: that with energy temperatures and that with latent ones.

    Parameters
    ----------
    models : dict of str to EosModel
        "energy" and "latent", or one of them, of the same measurements.
    draws : dict of str to array
        Draws of the posterior of each.
    rng : numpy.random.Generator
        For the latent temperatures.

    Returns
    -------
    DataFrame
        One row a shocked state: sample_id, data_set, pressure_gpa, density_g_cm3, and ``energy_k``, ``latent_k`` with
        ``_lo95`` and ``_hi95`` for the posteriors that are there.
    """
    first = next(iter(models.values()))
    frame = first.measurements.frame
    out = frame.loc[first.measurements.shocked, ["sample_id", "data_set", "pressure_gpa", "density_g_cm3"]].reset_index(
        drop=True
    )
    for which, (mode, model) in enumerate(models.items()):
        column = 0 if mode == "energy" else 1
        found = temperature_draws(model, draws[mode], rng.spawn(len(models))[which])[..., column]
        low, middle, high = np.nanquantile(found, [0.025, 0.5, 0.975], axis=0) if found.size else np.empty((3, 0))
        out[f"{mode}_k"], out[f"{mode}_k_lo95"], out[f"{mode}_k_hi95"] = middle, low, high
    return out
