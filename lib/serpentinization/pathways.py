"""Candidate reactions between quartz and olivine, and the pathways that artificial experiments follow."""

from __future__ import annotations

from lib.kinetics import Network, Reaction, silica_network

#: Reference rate constants (per unit time, where an experiment lasts 40) of the candidates in a column of length 5.
RATES = {"R2": 0.015, "R3": 0.1, "R4": 0.1, "R5": 0.5, "R6": 0.1, "R8": 0.05}
CANDIDATES = tuple(RATES)
#: Reference diffusivity, in moles of silica at quartz saturation per unit length and time.
DIFFUSIVITY = 0.1
#: Standard deviation of log10 of the diffusivity in its prior.
DIFFUSIVITY_DEX = 0.5
#: A half-normal prior's scale over the reference value.
PRIOR_SCALE = 2.0
#: Name under which the diffusivity stands beside the rate constants.
DIFFUSIVITY_NAME = "D"
#: Pathways of the artificial experiments.
PATHWAYS = {
    "through serpentine": ("R2", "R3", "R4", "R5"),
    "straight to talc": ("R2", "R3", "R5", "R6"),
    "without brucite": ("R3", "R4"),
    "self-accelerating": ("R3", "R4", "R5", "R8"),
}


def pathway_network(candidates=CANDIDATES) -> Network:
    """Return the candidate reactions of a column of olivine against quartz.

    Parameters
    ----------
    candidates : sequence of str
        Names among R2 (hydration to serpentine and brucite), R3 (olivine and silica to serpentine), R4 (serpentine and silica
        to talc), R5 (brucite and silica to serpentine), R6 (olivine and silica to talc), R8 (R2 on the surface of serpentine).

    Returns
    -------
    Network
        States Fo, Srp, Brc, Tlc and C (dissolved silica over that at quartz saturation); one mole of olivine at the start.

    Raises
    ------
    ValueError
        For an unknown candidate.

    Notes
    -----
    The reactions are those of `lib.kinetics.silica_network`; quartz itself is the boundary of the column.

    References
    ----------
    Oyanagi, R., Okamoto, A. & Tsuchiya, N. 2018, Minerals 8, 579.
    """
    unknown = [name for name in candidates if name not in RATES]
    if unknown:
        raise ValueError(f"no candidate {unknown[0]!r} for a column of olivine; known: {', '.join(RATES)}")
    whole = silica_network()
    reactions = []
    for name in candidates:
        r = whole.reactions[whole.index(name)]
        scale = PRIOR_SCALE * RATES[name]
        reactions.append(Reaction(name, r.stoichiometry, r.surface, r.affinity, scale, RATES[name], r.equation))
    species = ("Fo", "Srp", "Brc", "Tlc", "C")
    formulas = {s: formula for s, formula in whole.formulas.items() if s in (*species, *whole.reservoirs)}
    return Network(
        species, reactions, formulas, fast={"C": whole.fast["C"]}, reservoirs=whole.reservoirs,
        start={"Fo": 1.0}, name="olivine against quartz",
    )  # fmt: skip
