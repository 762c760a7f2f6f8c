"""Does the posterior hold what it promises: coverage of its intervals on artificial measurements with known answers."""

from __future__ import annotations

import numpy as np
import pandas as pd

from lib.tasks import run_tasks

from . import eos_kernels
from .artificial import imitation, on_hugoniot, static_states, with_errors
from .inference import EosModel, infer
from .measurements import Measurements, published_measurements
from .predictions import core_states
from .shock_states import temperature_draws
from .vinet_thermal import VinetThermal


def plausible_truths(n: int, seed, *, form="consistent", n_evaluations=300_000) -> tuple:
    """Return parameters that the published measurements allow: draws from their posterior, for artificial data.

    Parameters
    ----------
    n : int
        Number of draws.
    seed : int or numpy.random.SeedSequence
        Of the posterior.
    form : str
        Key of `lib.eos.SAMPLED_FORMS`.
    n_evaluations : int
        Likelihoods.

    Returns
    -------
    names : tuple of str
        Parameters.
    truths : ndarray, shape (n, d)
    """
    found = infer(EosModel(published_measurements(), form, "energy"), n_evaluations=n_evaluations, seed=seed)
    spare = found.draws(2 * n + 20)
    alive = [theta for theta in spare if _is_liquid(found.model, theta)]
    return found.names, np.array(alive)[np.linspace(0, len(alive) - 1, n).astype(int)]


def _is_liquid(model, theta) -> bool:
    """Whether a draw is a liquid at every state of the measurements: near the spinodal of hot iron at 1 bar some are not."""
    try:
        imitation(equation(model, theta), float(theta[model.names.index("H0")]))
    except ValueError:
        return False
    return True


def equation(model: EosModel, theta) -> VinetThermal:
    """Return the equation of state of one draw."""
    rho0, k0, k_prime, gamma0, b, e0, g, t0, a, mass = model.vectors(theta)[0]
    code = "kuwayama" if model.equation.code == eos_kernels.KUWAYAMA else "consistent"
    return VinetThermal(rho0, k0 / 1e9, k_prime, gamma0, b, e0, g, t0, a=a, form=code, molar_mass=mass)


def one_set(names, truth, form, shocks, static, n_evaluations, t_cmb_k, rng) -> list:
    """Make one artificial data set, analyse it with each treatment of shock temperatures, and compare.

    Parameters
    ----------
    names : tuple of str
        Of the parameters in `truth`.
    truth : array, shape (d,)
        Parameters; shocked states lie on the Hugoniot that they give.
    form : str
        As of `EosModel`, of the data and of the analysis.
    shocks : sequence of str
        Treatments.
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
        shock, quantity, truth, median, lo95, hi95, held, position (share of the posterior below the truth).
    """
    template = EosModel(published_measurements(), form, "energy")
    known = dict(zip(names, truth, strict=True))
    eos = equation(template, truth)
    exact = imitation(eos, known["H0"])
    if static:
        exact = exact.join(*(Measurements(static_states(kind, eos)) for kind in static))
    scale = {f"{name} (artificial)": np.exp(known.get(f"s[{name}]", 0.0)) for name in template.scaled_sets}
    made = with_errors(exact, rng, scale)
    hidden = hidden_temperatures(eos, exact.frame[exact.shocked], known["H0"])
    goal = _core(template, np.atleast_2d(truth), t_cmb_k)
    rows = []
    for shock in shocks:
        model = EosModel(made, form, shock)
        found = infer(model, n_evaluations=n_evaluations, seed=np.random.SeedSequence(int(rng.integers(2**63))))
        draws = found.draws(1000)
        samples = {f"param[{n}]": (known[n], draws[:, i]) for i, n in enumerate(found.names) if n in known}
        samples |= {name: (goal[name][0], x) for name, x in _core(model, draws, t_cmb_k).items()}
        drawn = temperature_draws(model, draws, rng)[..., 0 if shock == "energy" else 1]
        samples |= {f"shock temperature {i + 1}": (t, drawn[:, i]) for i, t in enumerate(hidden)}
        for name, (value, x) in samples.items():
            low, median, high = np.nanquantile(x, [0.025, 0.5, 0.975])
            rows.append({
                "shock": shock, "quantity": name, "truth": value, "median": median, "lo95": low, "hi95": high,
                "held": bool(low <= value <= high), "position": float(np.mean(x < value)),
            })  # fmt: skip
    return rows


def _core(model, theta, t_cmb_k):
    """Deviations at the boundaries of the core, by name, each of shape (n,)."""
    found = core_states(model.vectors(theta), model.equation.code, t_cmb_k)
    out = {}
    for name in ("density_deficit_pct", "vp_excess_pct"):
        out[f"{name}[cmb]"], out[f"{name}[icb]"] = found[name][:, 0], found[name][:, -1]
    return out | {"t_icb_k": found["temperature_k"][:, -1]}


def hidden_temperatures(eos: VinetThermal, shocked, h0: float = 1.30) -> list:
    """Return the temperatures behind artificial shocks, which an analysis does not see.

    Parameters
    ----------
    eos : VinetThermal
        Equation of state that they obey.
    shocked : DataFrame
        Rows of `Measurements` that are shocked states.
    h0 : float
        Enthalpy of the liquid at 1811 K over iron before the shock, MJ/kg.

    Returns
    -------
    list of float
        On the equation's own Hugoniot at each pressure, K.
    """
    start = 1e3 * shocked["initial_density_g_cm3"].fillna(7.85).to_numpy()
    states = zip(shocked["pressure_gpa"], shocked["density_g_cm3"], start, strict=True)
    return [on_hugoniot(eos, 1e9 * pressure, before, 1e6 * h0, 1e3 * dense)[1] for pressure, dense, before in states]


def coverage(
    n_sets=100,
    *,
    form="consistent",
    shocks=("energy", "latent"),
    static=(),
    n_evaluations=150_000,
    t_cmb_k=4000.0,
    seed=1,
    n_jobs=1,
) -> pd.DataFrame:
    """Return, for artificial data sets, whether 95 % intervals hold the truth.

    Parameters
    ----------
    n_sets : int
        Data sets, each with its own truth from `plausible_truths`, in the places of the published measurements.
    form : str
        As of `EosModel`.
    shocks : sequence of str
        Treatments of shock temperatures, on the same data.
    static : sequence of str
        Kinds of static measurements beside the imitation of the published ones.
    n_evaluations : int
        Likelihoods an analysis.
    t_cmb_k : float
        Core-mantle temperature, K.
    seed : int
        Of truths, errors and chains.
    n_jobs : int
        Data sets at once; results do not depend on it.

    Returns
    -------
    DataFrame
        One row a data set, treatment and quantity: set, shock, quantity, truth, median, lo95, hi95, held, position.
    """
    first, second = np.random.SeedSequence(seed).spawn(2)
    names, truths = plausible_truths(n_sets, first, form=form, n_evaluations=min(3 * n_evaluations, 300_000))
    plan = {"form": form, "shocks": tuple(shocks), "static": tuple(static), "n_evaluations": n_evaluations, "t_cmb_k": t_cmb_k}
    tasks = [{"names": names, "truth": truth, **plan} for truth in truths]
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
        Columns shock, quantity, n_sets, coverage, lo95, hi95 (Wilson's binomial interval), bias (median error over half the
        width).
    """
    out = []
    for (shock, name), part in rows.groupby(["shock", "quantity"], sort=False):
        n, share = len(part), float(part["held"].mean())
        centre = (share + 1.92 / n) / (1 + 3.84 / n)
        half = 1.96 * np.sqrt(share * (1 - share) / n + 0.96 / n**2) / (1 + 3.84 / n)
        error = (part["median"] - part["truth"]) / (0.5 * (part["hi95"] - part["lo95"]))
        out.append({
            "shock": shock, "quantity": name, "n_sets": n, "coverage": share, "lo95": max(centre - half, 0.0),
            "hi95": min(centre + half, 1.0), "bias": float(error.median()),
        })  # fmt: skip
    return pd.DataFrame(out)
