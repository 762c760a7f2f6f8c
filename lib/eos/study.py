"""Does the posterior hold what it promises: coverage of its intervals on artificial measurements with known answers."""

from __future__ import annotations

import numpy as np
import pandas as pd

from lib.tasks import run_tasks

from . import eos_kernels
from .artificial import imitation, static_states, with_errors
from .inference import EosModel, infer
from .measurements import Measurements, published_measurements
from .predictions import core_states
from .shock_states import temperature_draws
from .vinet_thermal import VinetThermal

#: Static measurements that stand beside the imitation of the published ones.
STATIC = ("anvil, density",)


def plausible_truths(n: int, seed, *, form="as printed", shock="latent", n_evaluations=200_000) -> tuple:
    """Return parameters that the published measurements allow: draws from their posterior, for artificial data.

    Parameters
    ----------
    n : int
        Number of draws.
    seed : int or numpy.random.SeedSequence
        Of the posterior.
    form, shock : str
        As of `lib.eos.EosModel`.
    n_evaluations : int
        Likelihoods.

    Returns
    -------
    names : tuple of str
        Parameters.
    truths : ndarray, shape (n, d)
    temperatures : ndarray, shape (n, n_shocked)
        Behind the shocks, K, one drawn with each set of parameters.
    """
    chains, drawn = np.random.SeedSequence(seed).spawn(2) if isinstance(seed, int) else seed.spawn(2)
    found = infer(EosModel(published_measurements(), form, shock), n_evaluations=n_evaluations, seed=chains)
    truths = found.draws(n)
    temperatures = temperature_draws(found.model, truths, np.random.default_rng(drawn))
    return found.names, truths, temperatures[..., 0 if shock == "energy" else 1]


def equation(model: EosModel, theta) -> VinetThermal:
    """Return the equation of state of one draw."""
    rho0, k0, k_prime, gamma0, b, e0, g, t0, a, mass = model.vectors(theta)[0]
    code = "kuwayama" if model.equation.code == eos_kernels.KUWAYAMA else "consistent"
    return VinetThermal(rho0, k0 / 1e9, k_prime, gamma0, b, e0, g, t0, a=a, form=code, molar_mass=mass)


def one_set(names, truth, shock_k, form, shock, static, n_evaluations, t_cmb_k, rng) -> list:
    """Make one artificial data set, analyse it, and compare.

    Parameters
    ----------
    names : tuple of str
        Of the parameters in `truth`.
    truth : array, shape (d,)
        Parameters.
    shock_k : array, shape (n_shocked,)
        Temperatures behind the shocks, K; those of the equation's own Hugoniot if `shock` is "energy".
    form, shock : str
        As of `EosModel`, for the analysis; the data obey `form`.
    static : sequence of str
        Kinds of static measurements.
    n_evaluations : int
        Likelihoods.
    t_cmb_k : float
        K.
    rng : numpy.random.Generator
        Errors and chains.

    Returns
    -------
    list of dict
        quantity, truth, median, lo95, hi95, held, position (share of the posterior below the truth).
    """
    template = EosModel(published_measurements(), form, shock)
    known = dict(zip(names, truth, strict=True))
    eos = equation(template, truth)
    exact = imitation(eos, known["H0"]) if shock == "energy" else imitation(eos, shock_k=shock_k)
    if static:
        exact = exact.join(*(Measurements(static_states(kind, eos)) for kind in static))
    scale = {f"{name} (artificial)": np.exp(known.get(f"s[{name}]", 0.0)) for name in template.scaled_sets}
    model = EosModel(with_errors(exact, rng, scale), form, shock)
    found = infer(model, n_evaluations=n_evaluations, seed=np.random.SeedSequence(int(rng.integers(2**63))))
    draws = found.draws(1000)
    samples = {f"param[{n}]": (known[n], draws[:, i]) for i, n in enumerate(found.names) if n in known}
    at = {}
    for which, theta, owner in (("truth", np.atleast_2d(truth), template), ("draws", draws, model)):
        at[which] = _core(owner, theta, t_cmb_k)
    samples |= {name: (at["truth"][name][0], at["draws"][name]) for name in at["draws"]}
    hidden = _hidden_temperatures(eos, exact, known["H0"]) if shock == "energy" else shock_k
    column = 0 if shock == "energy" else 1
    drawn = temperature_draws(model, draws, rng)[..., column]
    samples |= {f"shock temperature {i + 1}": (t, drawn[:, i]) for i, t in enumerate(hidden)}
    rows = []
    for name, (value, x) in samples.items():
        low, median, high = np.nanquantile(x, [0.025, 0.5, 0.975])
        rows.append({
            "quantity": name, "truth": value, "median": median, "lo95": low, "hi95": high, "held": bool(low <= value <= high),
            "position": float(np.mean(x < value)),
        })  # fmt: skip
    return rows


def _core(model, theta, t_cmb_k):
    """Deviations at the boundaries of the core, by name, each of shape (n,)."""
    found = core_states(model.vectors(theta), model.equation.code, t_cmb_k)
    out = {}
    for name in ("density_deficit_pct", "vp_excess_pct"):
        out[f"{name}[cmb]"], out[f"{name}[icb]"] = found[name][:, 0], found[name][:, -1]
    return out | {"t_icb_k": found["temperature_k"][:, -1]}


def _hidden_temperatures(eos, exact, h0):
    """Temperatures behind the artificial shocks, which the analysis does not see."""
    frame = exact.frame[exact.shocked]
    return [
        eos_kernels.hugoniot_temperature(1e3 * row.density_g_cm3, 1e9 * row.pressure_gpa, eos.vector, eos.form_code,
                                         1e3 * (row.initial_density_g_cm3 if np.isfinite(row.initial_density_g_cm3) else 7.85), 1e6 * h0)
        for row in frame.itertuples()
    ]  # fmt: skip


def coverage(
    n_sets=100, *, form="as printed", shock="latent", static=STATIC, n_evaluations=150_000, t_cmb_k=4000.0, seed=1, n_jobs=1
) -> pd.DataFrame:
    """Return, for artificial data sets, whether 95 % intervals hold the truth.

    Parameters
    ----------
    n_sets : int
        Data sets, each with its own truth from `plausible_truths`.
    form, shock : str
        As of `EosModel`.
    static : sequence of str
        Kinds of static measurements beside the imitation of the published ones.
    n_evaluations : int
        Likelihoods a data set.
    t_cmb_k : float
        Core-mantle temperature, K.
    seed : int
        Of truths, errors and chains.
    n_jobs : int
        Data sets at once; results do not depend on it.

    Returns
    -------
    DataFrame
        One row a data set and quantity: set, quantity, truth, median, lo95, hi95, held, position.
    """
    first, second = np.random.SeedSequence(seed).spawn(2)
    names, truths, warm = plausible_truths(n_sets, first, form=form, shock=shock)
    tasks = [
        {"names": names, "truth": truth, "shock_k": shock_k, "form": form, "shock": shock, "static": tuple(static), "n_evaluations": n_evaluations,
         "t_cmb_k": t_cmb_k}
        for truth, shock_k in zip(truths, warm, strict=True)
    ]  # fmt: skip
    results = run_tasks(one_set, tasks, seed=second, n_jobs=n_jobs, label="artificial data sets")
    return pd.concat([pd.DataFrame(rows).assign(set=i) for i, rows in enumerate(results)], ignore_index=True)


def summarise_coverage(rows) -> pd.DataFrame:
    """Return the share of intervals that hold the truth, by quantity.

    Parameters
    ----------
    rows : DataFrame
        From `coverage`.

    Returns
    -------
    DataFrame
        Columns quantity, n_sets, coverage, lo95, hi95 (Wilson's binomial interval), bias (median error over half the width).
    """
    out = []
    for name, part in rows.groupby("quantity", sort=False):
        n, share = len(part), float(part["held"].mean())
        centre = (share + 1.92 / n) / (1 + 3.84 / n)
        half = 1.96 * np.sqrt(share * (1 - share) / n + 0.96 / n**2) / (1 + 3.84 / n)
        error = (part["median"] - part["truth"]) / (0.5 * (part["hi95"] - part["lo95"]))
        out.append({"quantity": name, "n_sets": n, "coverage": share, "lo95": max(centre - half, 0.0), "hi95": min(centre + half, 1.0),
                    "bias": float(error.median())})  # fmt: skip
    return pd.DataFrame(out)
