"""Parameters of an analysis: candidates, time scale and their checks (nothing heavy)."""

from __future__ import annotations

#: Duration and length of the column for which the reference rates and diffusivity of `pathways` hold.
REFERENCE_DURATION, REFERENCE_LENGTH = 40.0, 5.0


def candidate_network(network_path="", candidates=(), duration=REFERENCE_DURATION):
    """Return the candidates of an analysis.

    Parameters
    ----------
    network_path : path-like
        TOML file of a network; empty for the compendium's own candidates.
    candidates : sequence of str
        Names of the reactions to weigh; empty = all.
    duration : float
        Longest run.  The compendium's own rate constants have priors whose scale is inverse to it: a reaction that is much
        slower leaves no trace, one that is much faster is over at once.

    Returns
    -------
    Network
        One dissolved species among its states.

    Raises
    ------
    ValueError
        For what is wrong with the file (all of it), unknown candidates, and networks that do not fit a profile.
    """
    from lib.kinetics import Network, Reaction, read_network

    from .pathways import CANDIDATES, pathway_network

    if network_path:
        network = read_network(network_path)
        if len(network.fast) != 1:
            raise ValueError(
                f"the network lists {len(network.fast)} dissolved species under [fast]; a profile needs exactly one, that "
                "which diffuses"
            )
        unknown = [name for name in candidates if name not in network.names]
        if unknown:
            raise ValueError(f"parameter candidates names {unknown[0]!r}; the network has {', '.join(network.names)}")
        return network.subset(network.mask(candidates)) if candidates else network
    own = pathway_network(tuple(candidates) or CANDIDATES)
    factor = REFERENCE_DURATION / duration
    reactions = [
        Reaction(r.name, r.stoichiometry, r.surface, r.affinity, r.rate_scale * factor, r.rate * factor, r.equation)
        for r in own.reactions
    ]  # fmt: skip
    return Network(
        own.species, reactions, own.formulas, fast=own.fast, reservoirs=own.reservoirs, start=own.start, name=own.name
    )  # fmt: skip


def reference_diffusivity(length, duration) -> float:
    """Return the diffusivity with which silica would reach the end of a column at the end of the run, more or less.

    Parameters
    ----------
    length : float
        Of the column.
    duration : float
        Of the longest run.

    Returns
    -------
    float
        In length^2 / time, for one mole of olivine per unit length.
    """
    from .pathways import DIFFUSIVITY

    return DIFFUSIVITY * (length / REFERENCE_LENGTH) ** 2 * REFERENCE_DURATION / duration
