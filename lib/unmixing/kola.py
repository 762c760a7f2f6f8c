"""Soils of the Kola project (C horizon) with their stated detection limits: real cells below detection, told from zeros."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from lib import tables

KOLA_KEY = "sediment/chorizonDL.rda"
_OBJECT = "chorizonDL"
#: Columns of that file that are no concentrations, and what they are called here.
_PLACES = {
    "XCOO": "easting_m",
    "YCOO": "northing_m",
    "ELEV": "elevation_m",
    "LITO": "lithology_code",
    "pH": "ph",
    "LOI": "loi_wt",
}
#: Ways of analysis: what an acid takes out of the grains, and the whole grains by X-rays (in wt%) and by neutrons.
DIGESTIONS = ("aqua regia", "total")
PERCENT = 1e4


@dataclass(frozen=True)
class Kola:
    """Contents of the C horizon.

    Parameters
    ----------
    x : array, shape (606, 52)
        mg/kg; NaN where below detection.
    below : array of bool, shape (606, 52)
        Below detection; nothing is missing in this set.
    limit : array, shape (52,)
        Detection limits as the file states them, mg/kg.
    names : tuple of str
        Elements; the same one may be there twice, by different digestions.
    digestion : tuple of str
        "aqua regia" or "total" for each of them.
    samples : tuple of str
        Numbers of the samples in the atlas.
    places : pandas.DataFrame
        One row a sample: easting_m, northing_m, elevation_m, lithology_code, ph, loi_wt.
    notes : tuple of str
        What was read in which way.
    """

    x: np.ndarray
    below: np.ndarray
    limit: np.ndarray
    names: tuple[str, ...]
    digestion: tuple[str, ...]
    samples: tuple[str, ...]
    places: pd.DataFrame
    notes: tuple[str, ...] = ()

    def composition(self, digestion="aqua regia", names=None, max_share=0.4):
        """Parts analysed in one way, ready for `lib.composition.replace`.

        Parameters
        ----------
        digestion : {"aqua regia", "total"}
            Contents by the two are different things and never stand in one composition.
        names : sequence of str, optional
            Elements; default all.
        max_share : float, 0-1
            Elements with a larger share below detection are left out.

        Returns
        -------
        x : array, shape (606, n_parts)
            mg/kg; NaN where below detection.
        below : array of bool, shape (606, n_parts)
            Below detection.
        limit : array, shape (n_parts,)
            Detection limits, mg/kg.
        names : tuple of str
            Elements.

        Raises
        ------
        ValueError
            An unknown digestion or element.
        """
        if digestion not in DIGESTIONS:
            raise ValueError(f"digestion = {digestion!r} is not known; known: {', '.join(DIGESTIONS)}")
        here = [j for j, way in enumerate(self.digestion) if way == digestion]
        known = [self.names[j] for j in here]
        unknown = [name for name in names or () if name not in known]
        if unknown:
            raise ValueError(f"no {', '.join(unknown)} by {digestion}; there are {', '.join(known)}")
        kept = [j for j in here if (names is None or self.names[j] in names) and self.below[:, j].mean() <= max_share]
        return self.x[:, kept], self.below[:, kept], self.limit[kept], tuple(self.names[j] for j in kept)


def read_kola(source=None) -> Kola | None:
    """Read the C horizon of the Kola project with its detection limits.

    Parameters
    ----------
    source : path-like or tables.Source, optional
        ``chorizonDL.rda``; by default where `lib.tables.locate` finds it.

    Returns
    -------
    Kola or None
        None when the file is not on this machine.

    Raises
    ------
    ValueError
        When the file is not that data set, or states no detection limits.

    Notes
    -----
    The file holds 0 where the content is below detection, and the limits as an attribute, which a plain reading loses.
    Columns ``_XRF`` are in wt% of the element, all others in mg/kg; LOI and pH are no parts.

    References
    ----------
    Reimann, C. and others 1998. Environmental geochemical atlas of the central Barents region. Geological Survey of Norway.
    """
    source = tables.locate(KOLA_KEY) if source is None else source
    if source is None:
        return None
    frame, limits = _read(getattr(source, "path", source))
    parts = [name for name in frame if name in limits.index and name not in _PLACES]
    values = frame[parts].to_numpy(float)
    xrf = np.array([name.endswith("_XRF") for name in parts])
    if np.isnan(values).any() or (values < 0).any():
        raise ValueError(f"{source}: empty or negative contents; expected the data set {_OBJECT}, with 0 for below detection")
    below = values == 0
    factor = np.where(xrf, PERCENT, 1.0)
    notes = (
        f"{below.sum()} of {below.size} contents are below the stated detection limits (written 0 in the file): "
        + ", ".join(f"{parts[j]} {below[:, j].sum()}" for j in np.flatnonzero(below.any(axis=0))),
        "columns _XRF were turned from wt% into mg/kg",
    )
    return Kola(
        x=np.where(below, np.nan, values * factor),
        below=below,
        limit=limits[parts].to_numpy(float) * factor,
        names=tuple(name.split("_")[0] for name in parts),
        digestion=tuple("total" if "_" in name else "aqua regia" for name in parts),
        samples=tuple(f"{number:.0f}" for number in frame["*ID"]),
        places=frame[list(_PLACES)].rename(columns=_PLACES),
        notes=notes,
    )


def _read(path):
    """Return the data frame and its attribute DL, which the usual conversion drops."""
    import rdata
    from rdata.conversion import DEFAULT_CLASS_MAP, dataframe_constructor

    limits = {}

    def keep_limits(obj, attrs):
        if "DL" in attrs:
            limits["DL"] = attrs["DL"]
        return dataframe_constructor(obj, attrs)

    found = rdata.read_rda(
        str(path), constructor_dict={**DEFAULT_CLASS_MAP, "data.frame": keep_limits}, default_encoding="utf-8"
    )
    if _OBJECT not in found:
        raise ValueError(f"{path}: no data frame {_OBJECT!r} in it; it holds {', '.join(found) or 'nothing'}")
    frame = found[_OBJECT].rename(columns=str).reset_index(drop=True)
    lacking = [name for name in ("*ID", *_PLACES) if name not in frame]
    if lacking or "DL" not in limits:
        raise ValueError(f"{path}: {', '.join(lacking) or 'the attribute DL (detection limits)'} is missing in {_OBJECT}")
    stated = limits["DL"]
    # a named vector arrives as a labelled array
    names = [str(name) for name in np.asarray(stated.coords[stated.dims[0]])]
    return frame, pd.Series(np.asarray(stated, float), index=names)
