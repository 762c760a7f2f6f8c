"""What the equation of state and its inference have to reach, and what they do reach."""

from __future__ import annotations

import numpy as np
import pandas as pd

from . import eos_kernels, likelihood_kernels
from .inference import EosModel
from .measurements import published_measurements
from .outer_core import compare_with_prem
from .parameter_sets import published_set
from .study import coverage

#: Numbers of Kuwayama et al. (2020) at two more digits than printed, from their parameters and PREM at 4000 K (per cent).
ANCHORS = {
    "density_deficit_pct[cmb]": 7.56, "density_deficit_pct[icb]": 7.52, "vp_excess_pct[cmb]": 3.69, "vp_excess_pct[icb]": 4.37,
}  # fmt: skip
#: row -> (label, quantity, lower limit, upper limit).
REQUIREMENTS = {
    "A1": ("published parameters: deviations from PREM, percentage points", "largest difference", None, 0.02),
    "A2": ("polynomials of the likelihood against the equation itself", "largest relative difference", None, 1e-9),
    "A3": ("integral over a shock temperature against 400 nodes, in ln L", "largest difference", None, 1e-3),
    "B1": ("95 % intervals of the core's deviations hold the truth", "share", 0.90, 0.99),
    "B2": ("95 % intervals of the parameters hold the truth", "share", 0.90, 0.99),
    "B3": ("95 % intervals of shock temperatures hold the truth", "share", 0.90, 0.99),
}


def _anchors() -> float:
    found = compare_with_prem(published_set("kuwayama2020").eos, 4000.0)
    return max(abs(found[name] - value) for name, value in ANCHORS.items())


def _polynomials(rng) -> float:
    """Largest relative difference of pressure, moduli and reference energy between the two implementations."""
    worst = 0.0
    for form in ("as printed", "consistent", "Ichikawa gamma"):
        model = EosModel(published_measurements(), form)
        theta = model.problem().prior_sample(rng, 20)
        for draw, p in zip(theta, model.vectors(theta), strict=True):
            full = likelihood_kernels.fill(draw, model.args)
            settings, code = model.args[3], model.equation.code
            rho, warm = rng.uniform(6500, 13000), rng.uniform(1800, 8000)
            iso = likelihood_kernels.isochore(rho, full, settings)
            pressure, modulus, slope, adiabatic, _ = likelihood_kernels.moduli(iso, rho, warm, settings)
            expected = eos_kernels.state(rho, warm, p, code)
            pairs = [
                (pressure, expected[0], abs(expected[0]) + abs(expected[1])), (modulus, expected[1], abs(expected[1]) + p[1]),
                (slope, expected[2], abs(expected[2])),
                (adiabatic, eos_kernels.adiabatic_modulus(rho, warm, p, code), abs(expected[1]) + p[1]),
                (likelihood_kernels.reference_energy(rho, full, settings), eos_kernels.reference_energy(rho, p, code), 1e6),
            ]  # fmt: skip
            worst = max(worst, *(abs(a - b) / scale for a, b, scale in pairs))
    return worst


def _quadrature(rng) -> float:
    """Largest difference of the log-likelihood with many nodes, around published parameters."""
    model = EosModel(published_measurements(), "as printed", "latent")
    theta = np.array([7030, 82.1, 5.8, 2.02, 0.63, 0.68, -1.0, 0.1, 0.1, 0.1]) * (1 + 0.02 * rng.standard_normal((50, 10)))
    rows, places, base, settings, _, priors = model.args
    fine = (rows, places, base, settings, np.column_stack(np.polynomial.legendre.leggauss(400)), priors)
    return float(np.abs(model.log_likelihood(theta) - likelihood_kernels.pointwise(theta, fine)[..., 0].sum(axis=1)).max())


def acceptance_table(
    n_sets: int = 12, seed: int = 1, n_jobs: int = 1, n_evaluations: int = 120_000, rows=None
) -> pd.DataFrame:
    """Every requirement of this case, measured.

    Parameters
    ----------
    n_sets : int
        Artificial data sets for the rows B.
    seed : int
        Of everything random.
    n_jobs : int
        Data sets at once; the results do not depend on it.
    n_evaluations : int
        Likelihoods a data set.
    rows : DataFrame, optional
        From `lib.eos.coverage`, where it has been made already.

    Returns
    -------
    DataFrame
        One row a requirement: row, label, quantity, value, se (standard error of a share over data sets), limit_low,
        limit_high (NaN = none), met, n_sets.  With few data sets a share counts as met when its limits are within two
        standard errors.
    """
    first, second = (np.random.default_rng(s) for s in np.random.SeedSequence(seed).spawn(2))
    made = (
        coverage(n_sets, n_evaluations=n_evaluations, seed=seed, n_jobs=n_jobs, shocks=("energy",)) if rows is None else rows
    )
    made = made[made["shock"] == "energy"]
    core = made["quantity"].str.contains("pct|t_icb")
    shocked, parameter = made["quantity"].str.startswith("shock"), made["quantity"].str.startswith("param")
    values = {"A1": _anchors(), "A2": _polynomials(first), "A3": _quadrature(second)}
    out = []
    for row, (label, quantity, low, high) in REQUIREMENTS.items():
        se, n = 0.0, 1
        if row in values:
            value = values[row]
        else:
            each = made[{"B1": core, "B2": parameter, "B3": shocked}[row]].groupby("set")["held"].mean()
            n, value = len(each), float(each.mean())
            # intervals of one data set fail together, so that data sets are counted rather than intervals
            se = max(float(each.std()) if n > 1 else 1.0, np.sqrt(0.05 * 0.95)) / np.sqrt(n)
        out.append({
            "row": row, "label": label, "quantity": quantity, "value": value, "se": se,
            "limit_low": np.nan if low is None else low, "limit_high": np.nan if high is None else high,
            "met": bool((low is None or value >= low - 2 * se) and (high is None or value <= high + 2 * se)), "n_sets": n,
        })  # fmt: skip
    return pd.DataFrame(out)
