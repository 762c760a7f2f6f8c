"""Votes of the elements: those that usually move together share one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

#: Blocks of elements that usually move together, so that their votes for immobility are not independent.
COHERENT_BLOCKS = {
    "REE": ("La", "Ce", "Pr", "Nd", "Sm", "Eu", "Gd", "Tb", "Dy", "Ho", "Er", "Tm", "Yb", "Lu"),
    "Zr-Hf": ("Zr", "Hf"),
    "Nb-Ta": ("Nb", "Ta"),
}


def block_weights(elements: Sequence[str], blocks: Mapping[str, Sequence[str]] | None = None) -> np.ndarray:
    """Votes 1/(block size) for elements of one coherent block, 1 for the rest, shape (I,).

    Parameters
    ----------
    elements : sequence of str
        Names as in the data.
    blocks : mapping block name -> member names, optional
        Default `COHERENT_BLOCKS` (REE, Zr-Hf, Nb-Ta).

    Returns
    -------
    array, shape (I,)
    """
    weight = np.ones(len(elements))
    for members in (COHERENT_BLOCKS if blocks is None else blocks).values():
        inside = np.array([element in set(members) for element in elements])
        if inside.any():
            weight[inside] = 1.0 / inside.sum()
    return weight


def votes(elements, group_weights, keep):
    """Votes of all elements, shape (I,): block weights counted among those that are kept.

    Parameters
    ----------
    elements : sequence of str, length I
    group_weights : None, "blocks" or mapping block name -> member names
        None: one vote each; "blocks": `COHERENT_BLOCKS`.
    keep : bool array, shape (I,)
        Elements that take part.

    Raises
    ------
    ValueError
        Another word.
    """
    if group_weights is None:
        return np.ones(len(elements))
    if isinstance(group_weights, str) and group_weights != "blocks":
        raise ValueError(f"group_weights is None, 'blocks' or a mapping block -> elements, got {group_weights!r}")
    out = np.ones(len(elements))
    kept = [e for e, ok in zip(elements, keep, strict=True) if ok]
    out[keep] = block_weights(kept, None if isinstance(group_weights, str) else group_weights)
    return out
