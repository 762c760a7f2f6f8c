"""Recovery of known processes and end members from artificial data, by method, number of samples and noise."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from lib.tasks import run_tasks

from .artificial import ANDESITE, INTENSITIES, LEACHING, OXIDES, PELAGIC, PROCESSES, pelagic, three_processes, wang_wen
from .endmembers import unmix
from .factors import fit_factors, match
from .forward import Artificial, simulate
from .gate import gaussianity
from .intensities import Intensity
from .metrics import curve_distance, unmixing_errors
from .processes import leaching, mixing

#: Name -> (method, transform) of `fit_factors`.
FACTOR_METHODS = {
    "ilr ICA": ("ica", "ilr"), "ilr PCA": ("pca", "ilr"), "standardised ICA": ("ica", "standardised"),
    "standardised PCA": ("pca", "standardised"), "raw ICA": ("ica", "raw"), "raw PCA": ("pca", "raw"),
}  # fmt: skip

#: Name -> arguments of `unmix`.
END_MEMBER_METHODS = {
    "minimum volume": {"method": "minimum volume"},
    "minimum volume, not refined": {"method": "minimum volume", "refine": False},
    "simplex NMF": {"method": "simplex nmf"},
    "archetypes": {"method": "archetypes"},
    "N-FINDR": {"method": "n-findr"},
    "NMF": {"method": "nmf"},
}

#: Name -> (label, generator, its arguments, the noise that methods are told, arguments of `unmix`).
MIXING_CASES = {
    "pure samples": ("pelagic, N 300, some nearly pure samples, 2 % noise", pelagic,
                     {"n": 300, "noise": 0.02, "concentration": 0.5}, 0.02, {}),
    "flat": ("pelagic, N 300, flat proportions, 2 % noise", pelagic, {"n": 300, "noise": 0.02}, 0.02, {}),
    "highly mixed": ("pelagic, N 300, highly mixed, 2 % noise", pelagic,
                     {"n": 300, "noise": 0.02, "concentration": 3.0}, 0.02, {}),
    "few": ("pelagic, N 100, flat proportions, 2 % noise", pelagic, {"n": 100, "noise": 0.02}, 0.02, {}),
    "noise 5 %": ("pelagic, N 300, flat proportions, 5 % noise", pelagic, {"n": 300, "noise": 0.05}, 0.05, {}),
    "noise 10 %": ("pelagic, N 300, flat proportions, 10 % noise", pelagic, {"n": 300, "noise": 0.1}, 0.1, {}),
    "background": ("pelagic, end members without near-zero parts, N 300, 2 % noise", pelagic,
                   {"n": 300, "noise": 0.02, "background": 0.08}, 0.02, {}),
    "published, no noise": ("recipe of Wang & Wen (2025), N 1000, no noise", wang_wen, {"n": 1000, "noise": 0.0}, 0.004,
                            {"close": False}),
    "published, noise 0.1": ("recipe of Wang & Wen (2025), N 1000, noise 0.1", wang_wen, {"n": 1000, "noise": 0.1}, 0.1,
                             {"close": False}),
}  # fmt: skip


def _known(names, table, what):
    """Refuse names that a table does not have."""
    unknown = [name for name in names if name not in table]
    if unknown:
        raise ValueError(f"unknown {what} {', '.join(unknown)}: there are {', '.join(table)}")


def score_factors(made: Artificial, method: str = "ilr ICA", seed: int = 1) -> list[dict]:
    """Scores of one factor method on one artificial data set.

    Parameters
    ----------
    made : Artificial
        Data and truth; every cell observed.
    method : str
        Key of `FACTOR_METHODS`.
    seed : int
        Seed of the starts of the method.

    Returns
    -------
    list of dict
        One a process: process, cosine (|cos| of direction and tangent), curve_distance (of the true curve from the found one
        on Harker diagrams, column standard deviations), score_correlation (|correlation| of score and true intensity).
    """
    how, transform = FACTOR_METHODS[method]
    found = fit_factors(made.x, len(made.processes), method=how, transform=transform, seed=seed)
    pairs = match(found.directions, made.tangents)
    scale = made.x.std(axis=0)
    out = []
    for p, k in enumerate(pairs.order):
        span = found.span(k)
        more = 0.3 * (span[-1] - span[0])
        curve = found.curve(k, np.linspace(span[0] - more, span[-1] + more, 161))
        spread = made.intensity[:, p].std() > 0
        out.append({
            "process": made.names[p],
            "cosine": float(np.abs(pairs.cosine[p])),
            "curve_distance": curve_distance(made.curve(p), curve, scale),
            "score_correlation": abs(float(np.corrcoef(found.scores[:, k], made.intensity[:, p])[0, 1])) if spread else np.nan,
        })  # fmt: skip
    return out


def _recovery(n, noise, design, methods, n_sets, rng):
    """One task: n_sets data sets, every method on each."""
    rows = []
    for j in range(n_sets):
        made = three_processes(n, noise, rng, design=design)
        rows += [{"set": j, "method": name, **one} for name in methods for one in score_factors(made, name)]
    return rows


def recovery(
    n_samples: Sequence[int] = (50, 100, 200, 500, 2000), noise: Sequence[float] = (0.02,), *,
    methods: Sequence[str] = tuple(FACTOR_METHODS), design: str = "independent", n_sets: int = 30, seed: int = 1,
    n_jobs: int = 1,
) -> pd.DataFrame:  # fmt: skip
    """How well directions, curves and scores of three known processes are recovered.

    Parameters
    ----------
    n_samples : sequence of int
        Sample numbers.
    noise : sequence of float
        Relative noise levels (fraction).
    methods : sequence of str
        Keys of `FACTOR_METHODS`; all see the same data.
    design : {"independent", "correlated", "gaussian"}
        As in `three_processes`.
    n_sets : int
        Data sets a cell.
    seed : int
        One stream a cell is spawned from it.
    n_jobs : int
        Cells at once; the results do not depend on it.

    Returns
    -------
    DataFrame
        One row a cell, method and process: n_samples, noise, design, method, process, cosine (median), cosine_low,
        cosine_high (10 and 90 % quantiles), angle_deg (of the median), curve_distance, score_correlation (medians), n_sets.
    """
    _known(methods, FACTOR_METHODS, "methods")
    cells = [(n, level) for level in noise for n in n_samples]
    tasks = [{"n": n, "noise": e, "design": design, "methods": list(methods), "n_sets": n_sets} for n, e in cells]
    found = run_tasks(_recovery, tasks, seed=seed, n_jobs=n_jobs, label="recovery of processes")
    out = []
    for (n, level), rows in zip(cells, found, strict=True):
        frame = pd.DataFrame(rows)
        for (method, process), group in frame.groupby(["method", "process"], sort=False):
            low, middle, high = np.quantile(group["cosine"], [0.1, 0.5, 0.9])
            out.append({
                "n_samples": n, "noise": level, "design": design, "method": method, "process": process,
                "cosine": middle, "cosine_low": low, "cosine_high": high, "angle_deg": np.degrees(np.arccos(min(middle, 1))),
                "curve_distance": group["curve_distance"].median(),
                "score_correlation": group["score_correlation"].median(), "n_sets": n_sets,
            })  # fmt: skip
    return pd.DataFrame(out)


def _unmixing(case, methods, n_sets, rng):
    """One task: n_sets mixtures of one case, every method on each."""
    _, generator, arguments, told, options = MIXING_CASES[case]
    rows = []
    for j in range(n_sets):
        made = generator(rng=rng, **arguments)
        for name in methods:
            # scatter below zero: plain NMF cannot take it and sees zeros
            x = np.maximum(made.x, 0) if name == "NMF" else made.x
            found = unmix(x, len(made.end_members), noise=told, seed=j + 1, **options, **END_MEMBER_METHODS[name])
            errors = unmixing_errors(found.end_members, found.proportions, made.end_members, made.proportions)
            rows.append({"set": j, "method": name, **errors})
    return rows


def end_member_recovery(
    cases: Sequence[str] = tuple(MIXING_CASES)[:7], *, methods: Sequence[str] = tuple(END_MEMBER_METHODS), n_sets: int = 6,
    seed: int = 1, n_jobs: int = 1,
) -> pd.DataFrame:  # fmt: skip
    """Errors of end members and proportions by case and method.

    Parameters
    ----------
    cases : sequence of str
        Keys of `MIXING_CASES`.
    methods : sequence of str
        Keys of `END_MEMBER_METHODS`; all see the same data.
    n_sets : int
        Data sets a case.
    seed : int
        One stream a case is spawned from it.
    n_jobs : int
        Cases at once; the results do not depend on it.

    Returns
    -------
    DataFrame
        One row a case and method: case, label, method, end_member (median over sets of the mean absolute error, wt%; for the
        published recipe 100 x its unit), proportion (median root mean square error, %), n_sets.
    """
    _known(cases, MIXING_CASES, "cases")
    _known(methods, END_MEMBER_METHODS, "methods")
    tasks = [{"case": case, "methods": list(methods), "n_sets": n_sets} for case in cases]
    found = run_tasks(_unmixing, tasks, seed=seed, n_jobs=n_jobs, label="recovery of end members")
    out = []
    for case, rows in zip(cases, found, strict=True):
        frame = pd.DataFrame(rows).groupby("method", sort=False)[["end_member", "proportion"]].median()
        out += [{"case": case, "label": MIXING_CASES[case][0], "method": name, **row, "n_sets": n_sets}
                for name, row in frame.iterrows()]  # fmt: skip
    return pd.DataFrame(out)


def _one_process(kind, n, noise, rng):
    """Rocks or sediments of a single process: mixing of two sediments, or leaching of a rock."""
    if kind == "mixing":
        spread = Intensity("uniform", (0.02, 0.98))
        return simulate(PELAGIC["detrital"], [mixing(PELAGIC["carbonate"])], [spread], noise, rng, n=n, parts=OXIDES)
    return simulate(ANDESITE, [leaching(2 * LEACHING)], [INTENSITIES[2]], noise, rng, n=n, parts=OXIDES)


def _rule(kind, n, noise, n_sets, rng):
    rows = []
    for _ in range(n_sets):
        made = _one_process(kind, n, noise, rng)
        rows.append({space: score_factors(made, f"{space} PCA")[0]["curve_distance"] for space in ("raw", "ilr")})
    return pd.DataFrame(rows).median().to_dict()


def decision_rule(n: int = 300, noise: float = 0.02, *, n_sets: int = 10, seed: int = 1, n_jobs: int = 1) -> pd.DataFrame:
    """One process at a time, one component: mixing is straight in concentrations, leaching in log ratios.

    Parameters
    ----------
    n : int
        Samples.
    noise : float
        Relative noise (fraction).
    n_sets : int
        Data sets a process.
    seed : int
        One stream a process is spawned from it.
    n_jobs : int
        Processes at once.

    Returns
    -------
    DataFrame
        Columns process, space ("raw", "ilr"), curve_distance (median, column standard deviations).
    """
    kinds = ("mixing", "leaching")
    tasks = [{"kind": kind, "n": n, "noise": noise, "n_sets": n_sets} for kind in kinds]
    found = run_tasks(_rule, tasks, seed=seed, n_jobs=n_jobs, label="decision rule")
    return pd.DataFrame(
        [{"process": kind, "space": space, "curve_distance": value}
         for kind, one in zip(kinds, found, strict=True) for space, value in one.items()]
    )  # fmt: skip


def _control(design, n, noise, n_sets, rng):
    rows = []
    for j in range(n_sets):
        made = three_processes(n, noise, rng, design=design)
        found = fit_factors(made.x, 3, seed=j + 1)
        gate = gaussianity(found, seed=j + 1)
        cosine = np.abs(match(found.directions, made.tangents).cosine)
        rows.append({"refused": bool(gate.gaussian), **dict(zip(PROCESSES, cosine, strict=True))})
    return pd.DataFrame(rows)


def negative_controls(n: int = 500, noise: float = 0.02, *, n_sets: int = 20, seed: int = 1, n_jobs: int = 1) -> pd.DataFrame:
    """What log-ratio ICA does where its assumptions fail: correlated intensities, normal intensities.

    Parameters
    ----------
    n : int
        Samples.
    noise : float
        Relative noise (fraction).
    n_sets : int
        Data sets a design.
    seed : int
        One stream a design is spawned from it.
    n_jobs : int
        Designs at once.

    Returns
    -------
    DataFrame
        One row a design and process: design, process, cosine, angle_deg (medians), refused (share of data sets whose scores
        cannot be told from normal ones, so that components get no names), n_sets.
    """
    designs = ("independent", "correlated", "gaussian")
    tasks = [{"design": design, "n": n, "noise": noise, "n_sets": n_sets} for design in designs]
    found = run_tasks(_control, tasks, seed=seed, n_jobs=n_jobs, label="negative controls")
    return pd.DataFrame(
        [{"design": design, "process": process, "cosine": frame[process].median(),
          "angle_deg": np.degrees(np.arccos(np.minimum(frame[process], 1))).median(),
          "refused": frame["refused"].mean(), "n_sets": n_sets}
         for design, frame in zip(designs, found, strict=True) for process in PROCESSES]
    )  # fmt: skip
