"""Three kinds of rock with monazite: what differs between them, how far each of them scatters, and grains drawn from them.

What differs is what petrology says: feldspar takes Eu from granitic melts, garnet takes heavy rare earths from metamorphic
rocks, earlier monazite and allanite take light ones from evolving melts, a hotter site lets more heavy ones in, and igneous
monazite holds more thorium.  All spreads are chosen here, so that the kinds overlap as they do in nature.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd

from .lattice import ELEMENTS, RADII_IX, REE
from .monazite import INPUTS, monazite_contents

STEM = "04_monazite_discrimination"
CLASSES = ("granitic", "metamorphic with garnet", "metamorphic without garnet")
LETTERS = ("G", "MG", "M")  # first letters of the names of their rocks
#: Process -> inputs of the forward model that it stands for.
PROCESSES = {
    "feldspar": ("feldspar",),
    "garnet": ("garnet",),
    "light": ("light",),
    "heat": ("temperature_k",),
    "thorium": ("thorium", "uranium", "huttonite"),
}
#: How each input is spread: plain numbers, logarithms, or logits (all chosen here).
SCALES = {"temperature_k": "plain", "feldspar": "logit", "garnet": "log", "light": "log", "thorium": "log"}
SCALES |= {"uranium": "log", "huttonite": "logit"}
#: Centre of each input in each kind of rock, in the order of `CLASSES` (units: `monazite.INPUTS`; chosen here).
CENTRES = {
    "temperature_k": (1010.0, 930.0, 850.0),
    "feldspar": (0.42, 0.16, 0.13),
    "garnet": (0.0004, 0.05, 0.0004),
    "light": (0.8, 0.08, 0.08),
    "thorium": (0.075, 0.045, 0.038),
    "uranium": (0.055, 0.11, 0.08),
    "huttonite": (0.6, 0.3, 0.3),
}
#: Standard deviations on the scale of `SCALES`: between rocks of a kind, and between grains of a rock (chosen here).
BETWEEN = {"temperature_k": 35.0, "feldspar": 0.45, "garnet": 0.45, "light": 0.5, "thorium": 0.3, "uranium": 0.4}
BETWEEN |= {"huttonite": 0.6}
WITHIN = {"temperature_k": 15.0, "feldspar": 0.22, "garnet": 0.35, "light": 0.35, "thorium": 0.25, "uranium": 0.2}
WITHIN |= {"huttonite": 0.4}
#: Largest share of Th and U among the cations of a monazite (`monazite_contents` refuses more).
MOST_THORIUM = 0.5
#: Rock to rock differences of the starting rock: ln content, tilt and curvature over the radii La to Lu, and each element.
ROCK_TILT, ROCK_CURVATURE, ROCK_ELEMENT = 0.25, 0.15, 0.05
#: Share of the grains of a garnet-bearing rock that grew before the garnet, and so do not know of it (chosen here).
BEFORE_GARNET = 0.05
#: Detection limits in ppm, of a laser ablation analysis with a small spot (chosen here).
LIMITS = dict.fromkeys(ELEMENTS, 5.0)
#: Relative analytical error, one standard deviation (chosen here).
NOISE = 0.03
#: Shares of the kinds in three artificial river sands, in the order of `CLASSES`.
SANDS = {"sand A": (0.85, 0.12, 0.03), "sand B": (0.60, 0.35, 0.05), "sand C": (0.50, 0.30, 0.20)}
#: A process moves an element when it shifts the kinds apart by this many standard deviations within a kind, or more.
MOVED = 0.75
_CLOUD = 600  # rocks of each kind from which the spread within a kind is taken, one grain each


def process_shifts(contrasts=tuple(PROCESSES)) -> pd.DataFrame:
    """How far each process alone moves each element between the kinds of rock.

    Parameters
    ----------
    contrasts : sequence of str
        Processes to list.

    Returns
    -------
    DataFrame
        process, element, shift (largest minus smallest log10 content over the kinds, all other inputs at the mean of the
        kinds), shift_sd (the same in standard deviations within a kind), moved (`shift_sd` at least `MOVED`).
    """
    rows, sd = [], np.sqrt(np.diag(within_covariance()[1]))
    for process in contrasts:
        inputs = _centres((process,))
        log = np.log10(monazite_contents(**{name: inputs[name] for name in INPUTS}))
        shift = np.ptp(log, axis=0)
        rows += [(process, e, a, a / b, bool(a >= MOVED * b)) for e, a, b in zip(ELEMENTS, shift, sd, strict=True)]
    return pd.DataFrame(rows, columns=["process", "element", "shift", "shift_sd", "moved"])


@cache
def within_covariance() -> tuple[np.ndarray, np.ndarray]:
    """Centre of all kinds, and the covariance within a kind, of log10 contents: rock, grain and analytical scatter together.

    Returns
    -------
    centre : array, shape (16,)
        Mean over the kinds of log10 ppm.
    covariance : array, shape (16, 16)
        Mean over the kinds, from a large fixed set of artificial grains (nothing is cut off at the detection limits).
    """
    kinds = np.repeat(np.arange(len(CLASSES)), _CLOUD)
    rng = np.random.default_rng(_CLOUD)
    measured, _ = measure(rng, kinds, np.arange(len(kinds)), tuple(PROCESSES), 1.0, NOISE)
    log = np.log10(measured)
    clouds = [log[kinds == k] for k in range(len(CLASSES))]
    return np.mean([c.mean(axis=0) for c in clouds], axis=0), np.mean([np.cov(c.T) for c in clouds], axis=0)


def _to(scale, value):
    """Put an input on the scale on which it is spread."""
    value = np.asarray(value, float)
    return value if scale == "plain" else np.log(value) if scale == "log" else np.log(value / (1 - value))


def _back(scale, value):
    return value if scale == "plain" else np.exp(value) if scale == "log" else 1 / (1 + np.exp(-value))


def _centres(contrasts):
    """Centre of each input in each kind: its own where the process differs between kinds, else the mean of the kinds."""
    differing = {name for process in contrasts for name in PROCESSES[process]}
    out = {}
    for name, centre in CENTRES.items():
        scaled = _to(SCALES[name], centre)
        out[name] = _back(SCALES[name], scaled if name in differing else np.full_like(scaled, scaled.mean()))
    return out


def measure(rng, kinds, rocks, contrasts, spread, noise):
    """Draw grains: inputs of rocks and grains, the forward model, analytical error; nothing is cut off.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of random numbers.
    kinds : array of int, shape (n_rocks,)
        Kind of each rock, a position in `CLASSES`.
    rocks : array of int, shape (N,)
        Rock of each grain.
    contrasts : sequence of str
        Processes that differ between the kinds.
    spread, noise : float
        Factor of the natural spreads; relative analytical error (fraction).

    Returns
    -------
    contents : array, shape (N, 16)
        ppm, in the order of `ELEMENTS`.
    inputs : dict of str to array, shape (N,)
        Inputs of the forward model.
    """
    of_grain, n_rocks, n = kinds[rocks], len(kinds), len(rocks)
    centres, inputs = _centres(contrasts), {}
    for name in INPUTS:
        rock = rng.standard_normal(n_rocks)[rocks] * BETWEEN[name]
        grain = rng.standard_normal(n) * WITHIN[name]
        inputs[name] = _back(SCALES[name], _to(SCALES[name], centres[name])[of_grain] + spread * (rock + grain))
    early = rng.random(n) < BEFORE_GARNET
    if "garnet" in contrasts:
        inputs["garnet"] = np.where(early, CENTRES["garnet"][0], inputs["garnet"])
    # one grain in many thousand draws more than half its cations, which is huttonite or cheralite and no longer monazite
    inputs["thorium"] = np.minimum(inputs["thorium"], MOST_THORIUM)
    ideal = monazite_contents(**inputs)
    radius = np.array([RADII_IX[e] for e in REE])
    along = 2 * (radius - radius.mean()) / np.ptp(radius)
    tilt, bend = (rng.standard_normal(n_rocks)[rocks, None] * s for s in (ROCK_TILT, ROCK_CURVATURE))
    rock_ln = spread * (tilt * along + bend * (along**2 - (along**2).mean()))
    rock_ln += spread * ROCK_ELEMENT * rng.standard_normal((n_rocks, len(REE)))[rocks]
    ree = ideal[:, : len(REE)] * np.exp(rock_ln)
    # the site stays full: light rare earths make up for what the rest gains
    ree *= ideal[:, : len(REE)].sum(axis=1, keepdims=True) / ree.sum(axis=1, keepdims=True)
    errors = np.exp(noise * rng.standard_normal((n, len(ELEMENTS))))
    return np.hstack([ree, ideal[:, len(REE) :]]) * errors, inputs
