"""A real case for the bilateral loop: an igneous series and a weathering profile in one table (data of Lipp et al., 2020).

The lavas of Crater Lake crystallised and did not weather; the Toorongo profile is one granodiorite that weathered.  Pooled,
they are rocks that went through crystallisation and leaching in different amounts, and the direction of each is published from
each table alone.
"""

from __future__ import annotations

import numpy as np

from .lipp import PARTS, seven_parts
from .processes import fractional_crystallisation, leaching
from .revision import PROJECTED, ForwardModel

#: First guesses, in the order of `PARTS` (SiO2, Al2O3, Fe2O3T, MgO, Na2O, CaO, K2O): round numbers for olivine, plagioclase
#: and pyroxene leaving a basalt, and for a soil that loses CaO, Na2O and less K2O and SiO2.
FIRST_PARTITION = (0.85, 0.9, 1.4, 2.5, 0.8, 1.3, 0.1)
FIRST_RATES = (0.35, 0, 0, 0.3, 1.3, 1.5, 0.4)
#: Lavas richest in MgO whose mean is the start.
N_PARENTAL = 10


def pooled_rocks() -> tuple[np.ndarray, np.ndarray] | None:
    """Seven oxides of the Toorongo profile and the Crater Lake lavas.

    Returns
    -------
    (array, shape (N, 7), array of str, shape (N,)) or None
        Compositions in wt% and the table of each; None when one of the tables is not on this machine.
    """
    found = {name: seven_parts(name) for name in ("toorongo", "craterlake")}
    if any(x is None for x in found.values()):
        return None
    found = {name: x[(x > 0).all(axis=1)] for name, x in found.items()}
    return np.vstack(list(found.values())), np.repeat(list(found), [len(x) for x in found.values()])


def first_guess(x, groups, noise: float = 0.03, heterogeneity: float = 0.08) -> ForwardModel:
    """A forward model of the pooled rocks to begin with.

    Parameters
    ----------
    x : array, shape (N, 7)
        From `pooled_rocks`.
    groups : array of str, shape (N,)
        From `pooled_rocks`.
    noise : float
        Relative analytical noise (fraction).
    heterogeneity : float
        Relative scatter of the start from rock to rock (fraction): lavas of one volcano are not one magma.

    Returns
    -------
    ForwardModel
        Crystallisation, then leaching, of the mean of the most magnesian lavas; intensities projected.
    """
    lavas = np.asarray(x)[np.asarray(groups) == "craterlake"]
    start = lavas[np.argsort(-lavas[:, PARTS.index("MgO")])[:N_PARENTAL]].mean(axis=0)
    processes = (fractional_crystallisation(FIRST_PARTITION, "crystallisation"), leaching(FIRST_RATES))
    return ForwardModel(start, processes, PROJECTED, noise, heterogeneity=heterogeneity, parts=PARTS)
