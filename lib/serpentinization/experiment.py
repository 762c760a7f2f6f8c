"""Artificial experiments: a known pathway, known rates and diffusivity, slices measured with noise."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd

from .model import Design, ProfileModel
from .pathways import DIFFUSIVITY, PATHWAYS

#: Tolerance with which artificial data are made, much below that with which they are explained.
TIGHT = 1e-6
#: Half-width of the uniform distribution of log10 rate constants and diffusivity around their reference.
SPREAD = 0.2


@dataclasses.dataclass(frozen=True, eq=False)
class Experiment:
    """An artificial experiment with its truth.

    Parameters
    ----------
    model : ProfileModel
        Design and candidates.
    pathway : str
        Name of the true pathway.
    k : ndarray, shape (n,)
        True rate constants, zero for reactions that did not run.
    diffusivity : float
        True diffusivity.
    clean, data : ndarray, shape (n_data,)
        Without and with noise.
    noise : float
        Standard deviation of the noise, in the unit of the data.
    """

    model: ProfileModel
    pathway: str
    k: np.ndarray
    diffusivity: float
    clean: np.ndarray
    data: np.ndarray
    noise: float

    @property
    def truth(self) -> np.ndarray:
        """Reactions that ran, bool, shape (n,)."""
        return self.k > 0

    @property
    def parameters(self) -> np.ndarray:
        """True rate constants and, last, the diffusivity."""
        return np.append(self.k, self.diffusivity)

    @property
    def design(self) -> Design:
        """What was measured."""
        return self.model.design

    @property
    def frame(self) -> pd.DataFrame:
        """Tidy table: duration, slice, distance, from, to, observable, unit, value, truth, error."""
        return self.model.frame(self.data).assign(truth=self.clean, error=self.noise)


def artificial_experiment(pathway, design=None, *, noise=0.03, rng, spread=SPREAD, network=None, diffusivity=DIFFUSIVITY):
    """Make an artificial experiment.

    Parameters
    ----------
    pathway : str or sequence of str
        Key of `PATHWAYS`, or names of the reactions that run.
    design : Design, optional
        What is measured; the standard design when left out.
    noise : float
        Standard deviation of the noise of every number, in the unit of the design's amounts, 0 or more.
    rng : numpy.random.Generator
        Draws the rates, the diffusivity and the noise.
    spread : float
        log10 of a rate or the diffusivity is uniform within this distance of its reference value.
    network : Network, optional
        Candidates; `pathway_network` when left out.
    diffusivity : float
        Reference diffusivity.

    Returns
    -------
    Experiment
        Data and truth.

    Raises
    ------
    ValueError
        For an unknown pathway or reaction, or a negative noise.
    """
    if isinstance(pathway, str) and pathway not in PATHWAYS:
        raise ValueError(f"unknown pathway {pathway!r}; known: {', '.join(PATHWAYS)}, or give the names of reactions")
    if not noise >= 0:
        raise ValueError(f"noise is {noise}; expected a standard deviation of 0 or more")
    model = ProfileModel(Design() if design is None else design, network)
    names = PATHWAYS[pathway] if isinstance(pathway, str) else tuple(pathway)
    runs = model.network.mask(names)
    factors = 10.0 ** rng.uniform(-spread, spread, model.network.n + 1)
    k = np.where(runs, model.network.reference * factors[:-1], 0.0)
    found = float(diffusivity * factors[-1])
    clean = model.predict(k, found, atol=TIGHT)
    data = clean + noise * rng.standard_normal(clean.size)
    label = pathway if isinstance(pathway, str) else " + ".join(names)
    return Experiment(model, label, k, found, clean, data, float(noise))
