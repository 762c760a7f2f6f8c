"""The two artificial examples that the notebook draws: hidden solids with sparse rates, and networks weighed by evidence."""

from __future__ import annotations

import numpy as np
import pandas as pd

from .analysis import analyse
from .particles import backward_simulation, particle_filter
from .silica import DESIGNS, artificial_series, as_prepared
from .sparsity_choice import choose_sparsity, rate_bars
from .state_space import simulate_series, surface_network
from .support_recovery import HIDDEN_TRUTHS, MAX_STEP, recovery_study, series_times, summarise_support


def sparse_example(seed=1, *, truth=0, n_times=60, noise=0.002, n_particles=1000, **settings) -> dict:
    """Fit one artificial series of dissolved concentration with uniform and non-uniform sparsity.

    Parameters
    ----------
    seed : int
        Of series and particles.
    truth : int
        Which of `lib.reactions.support_recovery.HIDDEN_TRUTHS` made the series.
    n_times : int
        Readings.
    noise : float
        Standard deviation of a reading, mol per kg, and of the system, per square root of unit time.
    n_particles : int
        Of the last filter, which is drawn.
    **settings
        Of `lib.reactions.choose_sparsity`.

    Returns
    -------
    dict
        Frames data, truth, filtered, smoothed (time_h, species and values), path (method, iteration, reaction, rate), rates
        (as `rate_bars` gives them) and choice (method and the table of penalties); support: dict of method to names; short:
        dict of short names of the candidates.
    """
    streams = [np.random.default_rng(s) for s in np.random.SeedSequence(seed).spawn(4)]
    network = surface_network()
    series = simulate_series(
        HIDDEN_TRUTHS[truth], series_times(n_times), streams[0], observation_sd=noise, system_sd=noise, max_step=MAX_STEP
    )
    ways = {
        "uniform": choose_sparsity(series.model, streams[1], adaptive=False, **settings),
        "non-uniform": choose_sparsity(series.model, streams[2], adaptive=True, **settings),
    }
    best = ways["non-uniform"].debiased
    filtered = particle_filter(series.model, best.rates.to_numpy(), best.noise, streams[3], n_particles)
    smoothed = backward_simulation(filtered, streams[3])
    return {
        "data": series.model.frame(), "truth": series.truth, "filtered": filtered.frame(), "smoothed": smoothed.frame(),
        "path": pd.concat([c.fit.path.assign(method=name) for name, c in ways.items()], ignore_index=True),
        "rates": rate_bars(*ways.values(), series.rates),
        "choice": pd.concat([c.table.assign(method=name) for name, c in ways.items()], ignore_index=True),
        "support": {name: c.support for name, c in ways.items()},
        "short": {n: n.replace("dissolution", "diss.").replace("precipitation", "prec.") for n in network.names},
    }  # fmt: skip


def recover_supports(noises, numbers_of_times, *, n_sets=4, seed=1, n_jobs=1) -> pd.DataFrame:
    """Count how often the right terms are found; see `lib.reactions.recovery_study`, whose results are summarised.

    Parameters
    ----------
    noises : sequence of float
        Standard deviations, mol per kg.
    numbers_of_times : sequence of int
        Readings of a series.
    n_sets, seed, n_jobs : int
        As there.

    Returns
    -------
    DataFrame
        One row a sparsity, stage, noise and number of times.
    """
    return summarise_support(recovery_study(noises, numbers_of_times, n_sets=n_sets, seed=seed, n_jobs=n_jobs))


def silica_example(seed=1, *, truth="both", design=DESIGNS[1], noise=0.03, **options) -> tuple:
    """Make one artificial series of olivine, quartz and water, and analyse it.

    Parameters
    ----------
    seed : int
        Of the series and the analysis.
    truth, design : str
        As in `lib.reactions.artificial_series`.
    noise : float
        Standard deviation of every reading.
    **options
        Of `lib.reactions.analyse`.

    Returns
    -------
    series : SilicaSeries
        The series with its truth.
    answer : ReactionAnalysis
        What was found.
    """
    series = artificial_series(truth, design, noise, np.random.default_rng(np.random.SeedSequence(seed)))
    return series, analyse(as_prepared(series), seed=seed, **options)
