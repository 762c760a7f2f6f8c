"""Artificial series of olivine, quartz and water, whose reactions are known: designs, noise, and how well they are found."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd

from lib.kinetics import BatchReactor, silica_network
from lib.tasks import run_tasks

#: Networks that made the artificial series, in the order in which they are cycled.
TRUTHS = {
    "hydration, brucite used up": ("R1", "R2", "R5"),
    "silica to serpentine to talc": ("R1", "R3", "R4"),
    "both": ("R1", "R2", "R3", "R4"),
}
#: Reactions that cannot run in a truth, because what they consume is never made: to count them would be unfair.
INERT = {"silica to serpentine to talc": ("R5",)}
#: What is measured: dissolved silica only; silica, and the four solids once at the end; everything.
DESIGNS = ("silica", "silica + solids at the end", "everything")
SOLIDS = ("Fo", "Srp", "Brc", "Tlc")
DURATION, FIRST, N_TIMES = 60.0, 0.2, 30
#: Tolerance of the solver that makes data; the one that fits them has 3e-4.
TIGHT = 1e-7
#: Half-width, in log10, of the range about the reference in which true rate constants are drawn.
SPREAD = 0.2


@dataclasses.dataclass(frozen=True, eq=False)
class SilicaSeries:
    """An artificial series.

    Parameters
    ----------
    reactor : BatchReactor
        Candidates, start and times.
    data, clean : ndarray, shape (n_times, n_species)
        Measured amounts, NaN where the design measures nothing; amounts without noise.
    noise : float
        Standard deviation of each measured number.
    truth : tuple of str
        Names of the reactions that ran.
    inert : tuple of str
        Candidates that could not have run and are left out when an answer is scored.
    k : ndarray, shape (n,)
        True rate constants.
    """

    reactor: BatchReactor
    data: np.ndarray
    clean: np.ndarray
    noise: float
    truth: tuple
    inert: tuple
    k: np.ndarray

    @property
    def frame(self) -> pd.DataFrame:
        """One row a time and species: time, species, value (NaN = not measured), clean."""
        species, times = self.reactor.network.species, self.reactor.times
        return pd.DataFrame(
            {
                "time": np.repeat(times, len(species)), "species": list(species) * times.size,
                "value": self.data.ravel(), "clean": self.clean.ravel(),
            }
        )  # fmt: skip


def observed(design, n_times=N_TIMES):
    """Return what a design measures.

    Parameters
    ----------
    design : str
        One of `DESIGNS`.
    n_times : int
        Number of times.

    Returns
    -------
    ndarray of bool, shape (n_times, 7)
        In the order of the species of `lib.kinetics.silica_network`.

    Raises
    ------
    ValueError
        For an unknown design.
    """
    if design not in DESIGNS:
        raise ValueError(f"unknown design {design!r}; expected one of {', '.join(DESIGNS)}")
    species = silica_network().species
    out = np.zeros((n_times, len(species)), dtype=bool)
    out[:, species.index("C")] = True
    if design == DESIGNS[1]:
        out[-1, [species.index(s) for s in SOLIDS]] = True
    return out | (design == DESIGNS[2])


def artificial_series(truth, design, noise, rng, *, n_times=N_TIMES, spread=SPREAD) -> SilicaSeries:
    """Make one series by known reactions.

    Parameters
    ----------
    truth : str
        One of `TRUTHS`.
    design : str
        One of `DESIGNS`.
    noise : float
        Standard deviation of the Gaussian noise on every measured number (mol, or saturation of silica); 0 or more.
    rng : numpy.random.Generator
        Of rate constants and noise.
    n_times : int
        Times, evenly spread in the logarithm from 0.2 to 60.
    spread : float
        True log10 rate constants are uniform within this of the reference.

    Returns
    -------
    SilicaSeries

    Raises
    ------
    ValueError
        For an unknown truth or design, or negative noise.
    """
    if truth not in TRUTHS:
        raise ValueError(f"unknown truth {truth!r}; expected one of {', '.join(TRUTHS)}")
    if not noise >= 0:
        raise ValueError(f"noise is {noise}; expected a standard deviation of 0 or more")
    network = silica_network()
    reactor = BatchReactor(network, None, np.geomspace(FIRST, DURATION, n_times))
    k = np.where(network.mask(TRUTHS[truth]), network.reference * 10 ** rng.uniform(-spread, spread, network.n), 0.0)
    clean = reactor.solve(k, rtol=TIGHT)
    data = np.where(observed(design, n_times), clean + noise * rng.standard_normal(clean.shape), np.nan)
    return SilicaSeries(reactor, data, clean, float(noise), TRUTHS[truth], INERT.get(truth, ()), k)


def series_problem(series, *, sigma="known"):
    """Pose the choice of reactions behind an artificial series.

    Parameters
    ----------
    series : SilicaSeries
        As `artificial_series` makes it, with noise above zero.
    sigma : {"known", "unknown"}
        Whether the standard deviation is given, or marginalised for each species.

    Returns
    -------
    lib.network_selection.SelectionProblem
    """
    from lib.network_selection import reactor_problem

    return reactor_problem(series.reactor, series.data, series.noise if sigma == "known" else None)


def as_prepared(series):
    """Return an artificial series in the form of a measured one, for `lib.reactions.analyse`.

    Parameters
    ----------
    series : SilicaSeries
        As `artificial_series` makes it.

    Returns
    -------
    SeriesData
        Errors are known.
    """
    from .tabular import SeriesData

    error = np.where(np.isfinite(series.data), series.noise, np.nan)
    species = series.reactor.network.species
    units = {s: "ratio" if s == "C" else "mol" for s in species}
    return SeriesData(series.reactor, series.data, error, np.zeros(series.data.shape, dtype=bool), units, False)


def one_set(truth, design, noise, n_times, rng, rescored=0) -> dict:
    """Search all networks of one artificial series, and score the answer.

    Parameters
    ----------
    truth, design, noise, n_times, rng
        As in `artificial_series`.
    rescored : int
        Best networks whose evidence is computed again by stepping stones; 0 for none.

    Returns
    -------
    dict
        exact, exact_bic, brier, brier_bic, tpr, fpr, log_rate_error, n_solves, cpu_seconds, nesting_violations, and, for
        calibration, predicted and observed: arrays over the candidates that are counted.
    """
    from lib.network_selection import exhaustive_networks, rescore, score_search

    series = artificial_series(truth, design, noise, rng, n_times=n_times)
    problem = series_problem(series)
    search = exhaustive_networks(problem, progress=False)
    if rescored:
        search = rescore(problem, search, rescored, seed=int(rng.integers(2**31)))
    score = score_search(search, series.truth, ignore=series.inert)
    bic = score_search(search, series.truth, ignore=series.inert, column="probability_bic")
    rates, true = search.rates.set_index("reaction")["median"], dict(zip(problem.names, series.k, strict=True))
    error = [np.log10(rates[name] / true[name]) for name in series.truth if name in rates.index]
    return {
        "truth": truth, "design": design, "noise": noise, "n_times": n_times, "exact": score["exact"],
        "exact_bic": bic["exact"], **{name: score[name] for name in ("brier", "tpr", "fpr", "predicted", "observed")},
        "brier_bic": bic["brier"], "log_rate_error": float(np.sqrt(np.mean(np.square(error)))) if error else np.nan,
        "n_solves": search.n_solves, "cpu_seconds": search.cpu_seconds, "nesting_violations": search.nesting_violations,
    }  # fmt: skip


def recovery(designs=DESIGNS, noises=(0.01, 0.03, 0.1), n_sets=20, *, n_times=N_TIMES, rescored=0, seed=1, n_jobs=1) -> list:
    """Repeat artificial series over designs and noise.

    Parameters
    ----------
    designs : sequence of str
        Of `DESIGNS`.
    noises : sequence of float
        Standard deviations.
    n_sets : int
        Series a design and noise; the truths are cycled.
    n_times : int
        Times a series.
    rescored : int
        See `one_set`.
    seed, n_jobs : int
        As in `lib.tasks.run_tasks`; the results do not depend on `n_jobs`.

    Returns
    -------
    list of dict
        As `one_set` returns them; see `summary` and `calibration`.
    """
    names = list(TRUTHS)
    tasks = [
        {"truth": names[i % len(names)], "design": d, "noise": s, "n_times": n_times, "rescored": rescored}
        for d in designs
        for s in noises
        for i in range(n_sets)
    ]
    return run_tasks(one_set, tasks, seed=seed, n_jobs=n_jobs, label="artificial series")


def summary(results, by=("design", "noise")) -> pd.DataFrame:
    """Average the scores of series of one kind.

    Parameters
    ----------
    results : list of dict
        Of `recovery`.
    by : sequence of str
        What makes a kind.

    Returns
    -------
    DataFrame
        Columns of `by`, n_sets, exact and exact_bic (shares) with exact_lo95, exact_hi95 (Wilson), brier, brier_se, tpr, fpr,
        log_rate_error, cpu_seconds.
    """
    frame = pd.DataFrame([{k: v for k, v in r.items() if not isinstance(v, np.ndarray)} for r in results])
    rows = []
    for key, part in frame.groupby(list(by), sort=False):
        n, share = len(part), float(part["exact"].mean())
        z2 = 1.96**2 / n
        middle, half = (share + z2 / 2) / (1 + z2), np.sqrt(z2 * (share * (1 - share) + z2 / 4)) / (1 + z2)
        rows.append(
            dict(zip(by, key, strict=True))
            | {"n_sets": n, "exact": share, "exact_lo95": middle - half, "exact_hi95": middle + half}
            | {name: float(part[name].mean()) for name in ("exact_bic", "brier", "tpr", "fpr", "log_rate_error")}
            | {"brier_se": float(part["brier"].std() / np.sqrt(n)), "cpu_seconds": float(part["cpu_seconds"].median())}
        )
    return pd.DataFrame(rows)


def decisions(results) -> tuple:
    """Collect predicted inclusion probabilities with what was true, for calibration.

    Parameters
    ----------
    results : list of dict
        Of `recovery`.

    Returns
    -------
    predicted : ndarray, shape (n_decisions,)
        Inclusion probabilities.
    observed : ndarray, shape (n_decisions,)
        1 where the reaction ran, else 0.
    """
    return np.concatenate([r["predicted"] for r in results]), np.concatenate([r["observed"] for r in results])


def noise_free(k, noise, n_times, design=DESIGNS[1]):
    """Pose the choice of reactions on data without scatter that are taken to have some: for `detectability`.

    Parameters
    ----------
    k : ndarray, shape (8,)
        True rate constants.
    noise : float
        Standard deviation that the data are said to have, above zero.
    n_times : int
        Number of times.
    design : str
        Of `DESIGNS`.

    Returns
    -------
    lib.network_selection.SelectionProblem
    """
    reactor = BatchReactor(silica_network(), None, np.geomspace(FIRST, DURATION, n_times))
    clean = reactor.solve(k, rtol=TIGHT)
    data = np.where(observed(design, n_times), clean, np.nan)
    return series_problem(SilicaSeries(reactor, data, clean, float(noise), (), (), np.asarray(k)))


def detectable(
    reaction="R2", truth="both", noises=(0.01, 0.03, 0.1), numbers=(10, 30, 90), multipliers=(0.03, 0.1, 0.3), n_jobs=1
):
    """From which rate on a reaction shows, over noise and number of times.

    Parameters
    ----------
    reaction : str
        In question; the others of `truth` have their reference rates.
    truth : str
        Of `TRUTHS`.
    noises : sequence of float
        Standard deviations.
    numbers : sequence of int
        Numbers of times.
    multipliers : sequence of float
        Rate constants of the reaction over the reference.
    n_jobs : int
        Processes.

    Returns
    -------
    DataFrame
        noise, n_times, multiplier, rate, log_bayes_factor, probability (even odds).
    """
    from lib.network_selection import detectability

    network = silica_network()
    k = np.where(network.mask(TRUTHS[truth]), network.reference, 0.0)
    designs = [{"noise": s, "n_times": n} for s in noises for n in numbers]
    return detectability(noise_free, reaction, k, designs=designs, multipliers=multipliers, n_jobs=n_jobs)
