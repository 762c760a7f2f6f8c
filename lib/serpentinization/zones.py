"""Zones of a column in shares that add up: what carries the magnesium, cell by cell."""

from __future__ import annotations

import numpy as np
import pandas as pd

#: What does not move: its shares add up to 100 % in every cell.
IMMOBILE = "Mg"


def column_of(model, parameters, label="") -> pd.DataFrame:
    """Return the minerals of every cell for given rates.

    Parameters
    ----------
    model : ProfileModel
        The column.
    parameters : array_like, shape (n + 1,)
        Rate constants, the diffusivity last.
    label : str
        Put into the column `label`.

    Returns
    -------
    DataFrame
        label, duration, distance, mineral, median: moles per mole of olivine at the start.
    """
    parameters = np.asarray(parameters, dtype=float)
    y = np.maximum(model.reactor.solve(parameters[:-1], parameters[-1]), 0.0)
    t, x, m = np.meshgrid(model.design.durations, model.reactor.centres, np.arange(y.shape[2]), indexing="ij")
    return pd.DataFrame({
        "label": label, "duration": t.ravel(), "distance": x.ravel(),
        "mineral": np.array(model.reactor.minerals)[m.ravel()], "median": y.ravel(),
    })  # fmt: skip


def to_the_ends(columns, length) -> pd.DataFrame:
    """Carry the first and the last cell to the ends of the column, so that a drawing begins at the contact.

    Parameters
    ----------
    columns : DataFrame
        Values at the centres of cells: column distance, and what tells profiles apart (label, duration, mineral).
    length : float
        Of the column, in the unit of the distances.

    Returns
    -------
    DataFrame
        The same rows, before them those at 0, after them those at the length.
    """
    x = columns["distance"]
    ends = [columns[x == x.min()].assign(distance=0.0), columns[x == x.max()].assign(distance=length)]
    return pd.concat([ends[0], columns, ends[1]], ignore_index=True)


def zone_shares(columns, network) -> pd.DataFrame:
    """Turn amounts of minerals into shares of the magnesium that they hold.

    Parameters
    ----------
    columns : DataFrame
        Columns duration, distance, mineral, median; optionally label.
    network : lib.kinetics.Network
        Knows the elements of its minerals.

    Returns
    -------
    DataFrame
        The same with share, per cent, and of: "magnesium", or "moles" where no mineral of the network holds any.
    """
    held = {m: network.elements.get(m, {}).get(IMMOBILE, 0.0) for m in dict.fromkeys(columns["mineral"])}
    of = "magnesium" if any(held.values()) else "moles"
    weight = columns["mineral"].map(held).to_numpy(float) if of == "magnesium" else np.ones(len(columns))
    amount = columns["median"].to_numpy(float).clip(min=0.0) * weight
    keys = [c for c in ("label", "duration", "distance") if c in columns]
    total = pd.Series(amount).groupby([columns[k].to_numpy() for k in keys]).transform("sum").to_numpy()
    return columns.assign(share=100.0 * amount / np.maximum(total, 1e-300), of=of)
