"""What factors and unmixing have to reach on artificial data, and what they and their rivals do reach."""

from __future__ import annotations

import numpy as np
import pandas as pd

from lib.composition import helmert_basis, pivot_basis, random_basis
from lib.tasks import run_tasks

from .artificial import LEACHING, OXIDES, PROCESSES, three_processes, wang_wen
from .endmembers import unmix
from .factors import fit_factors, match
from .gate import gaussianity
from .metrics import unmixing_errors
from .mobility import relative_mobility
from .stability import icasso
from .study import END_MEMBER_METHODS, MIXING_CASES, score_factors

#: Most mobile oxides of the leaching, for which the mobility has to be right.
MOBILE = tuple(np.argsort(-LEACHING)[:5])
REFERENCE = OXIDES.index("TiO2")
#: Resamplings of a stability run.
N_RUNS = 30

#: row -> (label, quantity, lower limit, upper limit).  Levels of the specification's acceptance benchmark.
REQUIREMENTS = {
    "A1 crystallisation": ("ilr ICA, N 500, 2 %: direction of crystallisation", "median |cos|", 0.99, None),
    "A1 leaching": ("ilr ICA, N 500, 2 %: direction of leaching", "median |cos|", 0.995, None),
    "A1 mixing": ("ilr ICA, N 500, 2 %: direction of mixing", "median |cos|", 0.93, None),
    "A1 raw ICA fails": ("raw ICA, N 500, 2 %: direction of mixing (must fail)", "median |cos|", None, 0.60),
    "A2": ("ilr ICA, N 2000: worst of the three directions", "median |cos|", 0.98, None),
    "A3 crystallisation": ("ilr ICA, N 500: curve of crystallisation", "median distance, column sd", None, 0.12),
    "A3 leaching": ("ilr ICA, N 500: curve of leaching", "median distance, column sd", None, 0.12),
    "A3 mixing": ("ilr ICA, N 500: curve of mixing", "median distance, column sd", None, 0.12),
    "A4": ("same directions from every ilr basis and order of parts", "largest difference", None, 1e-8),
    "A5 stable": ("smallest Iq of 30 resamplings, N 500", "median Iq", 0.75, None),
    "A5 few samples": ("data sets of N 50 flagged as unstable", "share", 0.9, None),
    "A5 normal": ("data sets with normal intensities that are refused, N 500", "share", 0.9, None),
    "A5 not normal": ("data sets with skewed intensities that are refused, N 500", "share", None, 0.05),
    "A6": ("rate minus that of TiO2, worst of five oxides, N 500", "median relative error", None, 0.12),
    "B1 end members": ("minimum volume, flat proportions, 2 %", "end members, wt%", None, 0.40),
    "B1 proportions": ("minimum volume, flat proportions, 2 %", "proportions, %", None, 1.5),
    "B2 end members": ("minimum volume, highly mixed, 2 %", "end members, wt%", None, 2.3),
    "B2 proportions": ("minimum volume, highly mixed, 2 %", "proportions, %", None, 4.0),
    "B3 end members": ("minimum volume, flat proportions, 5 %", "end members, wt%", None, 0.8),
    "B3 proportions": ("minimum volume, flat proportions, 5 %", "proportions, %", None, 2.6),
    "B4": ("published recipe without noise, not refined, softness 0.002", "end members, their unit", None, 0.005),
    "B5": ("published recipe, noise 0.1, not refined, softness from the noise", "end members, their unit", None, 0.06),
    "B6 end members": ("minimum volume, end members without near-zero parts", "end members, wt%", None, 0.35),
    "B6 proportions": ("minimum volume, end members without near-zero parts", "proportions, %", None, 2.5),
    "B6 NMF fails": ("plain NMF on the same (must fail)", "proportions, %", 8.0, None),
}  # fmt: skip
#: Case of `MIXING_CASES` behind each row.
_CASES = {"B1": "flat", "B2": "highly mixed", "B3": "noise 5 %", "B6": "background"}


def _factors(n, methods, rng):
    """Scores of one data set of three processes."""
    made = three_processes(n, 0.02, rng)
    out = {}
    for name in methods:
        for one in score_factors(made, name):
            out[name, one["process"], "cosine"] = one["cosine"]
            out[name, one["process"], "distance"] = one["curve_distance"]
    return out


def _bases(n, rng):
    """Largest difference of directions between ilr bases, and between orders of the parts."""
    made = three_processes(n, 0.02, rng)
    d = made.x.shape[1]
    reference = fit_factors(made.x, 3, basis=pivot_basis(d)).directions
    worst = 0.0
    for basis in (helmert_basis(d), random_basis(d, rng)):
        found = fit_factors(made.x, 3, basis=basis).directions
        worst = max(worst, float(np.abs(match(found, reference).apply(found) - reference).max()))
    order = rng.permutation(d)
    found = np.empty_like(reference)
    found[:, order] = fit_factors(made.x[:, order], 3).directions
    return {"difference": max(worst, float(np.abs(match(found, reference).apply(found) - reference).max()))}


def _stability(n, rng):
    made = three_processes(n, 0.02, rng)
    found = icasso(made.x, 3, n_runs=N_RUNS, resample="bootstrap", seed=int(rng.integers(2**31)))
    return {"iq": float(np.min(found.iq)), "flagged": bool(np.any(found.flagged))}


def _gate(n, design, rng):
    made = three_processes(n, 0.02, rng, design=design)
    return {"refused": bool(gaussianity(fit_factors(made.x, 3), seed=int(rng.integers(2**31))).gaussian)}


def _mobility(n, rng):
    """Largest relative error of five rates from the leaching component."""
    made = three_processes(n, 0.02, rng)
    found = fit_factors(made.x, 3)
    p = PROCESSES.index("leaching")
    pairs = match(found.directions, made.tangents)
    direction = pairs.apply(found.directions)[p]
    rates = relative_mobility(direction, reference=REFERENCE, intensity_sd=made.intensity[:, p].std())
    truth = LEACHING - LEACHING[REFERENCE]
    return {"error": float(np.max(np.abs(rates[list(MOBILE)] / truth[list(MOBILE)] - 1)))}


def _mixtures(case, methods, rng):
    """Errors of one set of mixtures."""
    _, generator, arguments, told, options = MIXING_CASES[case]
    made = generator(rng=rng, **arguments)
    out = {}
    for name in methods:
        found = unmix(made.x, len(made.end_members), noise=told, **options, **END_MEMBER_METHODS[name])
        errors = unmixing_errors(found.end_members, found.proportions, made.end_members, made.proportions)
        out |= {(name, quantity): value for quantity, value in errors.items()}
    return out


def _published(noise, rng):
    """Mean absolute error of the published recipe: softness 0.002 without noise, else from the noise."""
    made = wang_wen(1000, noise, rng)
    softness = 0.002 if noise == 0 else None
    found = unmix(made.x, 4, noise=max(noise, 1e-3), close=False, refine=False, softness=softness)
    errors = unmixing_errors(found.end_members, found.proportions, made.end_members, made.proportions)
    return {"error": errors["end_member"] / 100}


def _task(kind, sets, arguments, rng):
    """One task: `sets` data sets of one kind, as a table of medians and means."""
    function = {"factors": _factors, "bases": _bases, "stability": _stability, "gate": _gate, "mobility": _mobility,
                "mixtures": _mixtures, "published": _published}[kind]  # fmt: skip
    return pd.DataFrame([function(rng=rng, **arguments) for _ in range(sets)])


def acceptance_table(n_sets: int = 30, seed: int = 1, n_jobs: int = 1) -> pd.DataFrame:
    """Every statistical requirement of this case on artificial data, measured.

    Parameters
    ----------
    n_sets : int
        Data sets of three processes; three times as many for the mobilities, 0.4 of it (6 at least) for stability runs and
        mixtures; the column n_sets says so.
    seed : int
        One stream a kind of data is spawned from it.
    n_jobs : int
        Kinds at once; the results do not depend on it.

    Returns
    -------
    DataFrame
        One row a requirement: row, label, quantity, value, se (standard error of a median or share, from the scatter of the
        sets), limit_low, limit_high (NaN = none), met, n_sets.  Rows that say "fails" show a rival failing on purpose.

    Notes
    -----
    Rows A: directions, curves, invariance, stability, mobility of log-ratio ICA.  Rows B: unmixing.  Minimum volume means the
    default route of `unmix` (soft minimum-volume simplex, then refined).
    """
    few = max(6, round(0.4 * n_sets))
    plan = {
        "N 500": ("factors", n_sets, {"n": 500, "methods": ["ilr ICA", "raw ICA"]}),
        "N 2000": ("factors", n_sets, {"n": 2000, "methods": ["ilr ICA"]}),
        "bases": ("bases", max(3, n_sets // 6), {"n": 500}),
        "stable": ("stability", few, {"n": 500}),
        "few samples": ("stability", few, {"n": 50}),
        "normal": ("gate", n_sets, {"n": 500, "design": "gaussian"}),
        "not normal": ("gate", n_sets, {"n": 500, "design": "independent"}),
        "mobility": ("mobility", 3 * n_sets, {"n": 500}),
        **{row: ("mixtures", few, {"case": case, "methods": ["minimum volume", *(["NMF"] if row == "B6" else [])]})
           for row, case in _CASES.items()},
        "B4": ("published", few, {"noise": 0.0}),
        "B5": ("published", few, {"noise": 0.1}),
    }  # fmt: skip
    tasks = [{"kind": kind, "sets": sets, "arguments": arguments} for kind, sets, arguments in plan.values()]
    found = dict(zip(plan, run_tasks(_task, tasks, seed=seed, n_jobs=n_jobs, label="unmixing requirements"), strict=True))

    columns = {f"A1 {p}": found["N 500"]["ilr ICA", p, "cosine"] for p in PROCESSES}
    columns |= {f"A3 {p}": found["N 500"]["ilr ICA", p, "distance"] for p in PROCESSES}
    columns["A1 raw ICA fails"] = found["N 500"]["raw ICA", "mixing", "cosine"]
    worst = [found["N 2000"]["ilr ICA", p, "cosine"] for p in PROCESSES]
    columns["A2"] = worst[int(np.argmin([one.median() for one in worst]))]
    columns["A4"] = found["bases"]["difference"]
    columns["A5 stable"] = found["stable"]["iq"]
    columns["A5 few samples"] = found["few samples"]["flagged"]
    columns["A5 normal"] = found["normal"]["refused"]
    columns["A5 not normal"] = found["not normal"]["refused"]
    columns["A6"] = found["mobility"]["error"]
    for row in _CASES:
        columns[f"{row} end members"] = found[row]["minimum volume", "end_member"]
        columns[f"{row} proportions"] = found[row]["minimum volume", "proportion"]
    columns["B6 NMF fails"] = found["B6"]["NMF", "proportion"]
    columns |= {row: found[row]["error"] for row in ("B4", "B5")}

    rows = []
    for row, (label, quantity, low, high) in REQUIREMENTS.items():
        values = columns[row].to_numpy(dtype=float)
        share = quantity == "share"
        value = float(values.mean() if share else values.max() if row == "A4" else np.median(values))
        # standard error of a median: 1.2533 sd/sqrt(n) for a bell shape, with the sd from the quartiles
        spread = values.std() if share else 1.2533 * np.subtract(*np.quantile(values, [0.75, 0.25])) / 1.349
        rows.append({
            "row": row, "label": label, "quantity": quantity, "value": value, "se": float(spread / np.sqrt(values.size)),
            "limit_low": np.nan if low is None else low, "limit_high": np.nan if high is None else high,
            "met": bool((low is None or value >= low) and (high is None or value <= high)), "n_sets": values.size,
        })  # fmt: skip
    return pd.DataFrame(rows)
