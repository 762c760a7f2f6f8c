"""A magnetic survey: where the anomaly was measured, on which flight line, and how large it was."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd


@dataclass(frozen=True, eq=False)
class Survey:
    """Total-field anomalies at points of flight lines.

    Parameters
    ----------
    easting_m, northing_m : array, shape (n,)
        Position in metres of one plane coordinate system.
    height_m : array, shape (n,)
        Height of the sensor in metres above the datum of the terrain, upwards positive.
    anomaly_nt : array, shape (n,)
        Total-field anomaly in nT; NaN where only the place is known.
    line : array of str, shape (n,)
        Flight line of each point; one name for all where lines are not known.
    name : str
        Shown on figures.
    notes : tuple of str
        How it was made or read.

    Raises
    ------
    ValueError
        For arrays of different length, or a place that is not finite.
    """

    easting_m: np.ndarray
    northing_m: np.ndarray
    height_m: np.ndarray
    anomaly_nt: np.ndarray
    line: np.ndarray
    name: str = ""
    notes: tuple = ()

    def __post_init__(self):
        """Bring arrays to one type and check them."""
        for field in ("easting_m", "northing_m", "height_m", "anomaly_nt"):
            object.__setattr__(self, field, np.ascontiguousarray(getattr(self, field), dtype=float).ravel())
        object.__setattr__(self, "line", np.asarray(self.line, dtype=str).ravel())
        sizes = {f: getattr(self, f).size for f in ("easting_m", "northing_m", "height_m", "anomaly_nt", "line")}
        if len(set(sizes.values())) > 1:
            raise ValueError(f"a survey needs one value of each kind a point; found {sizes}")
        bad = np.flatnonzero(~np.isfinite(self.stations).all(axis=1))
        if bad.size:
            raise ValueError(f"{bad.size} points have no finite position, the first is number {bad[0] + 1}; leave them out")

    @property
    def n(self) -> int:
        """Number of points."""
        return self.easting_m.size

    @property
    def stations(self) -> np.ndarray:
        """Easting, northing and height in m, shape (n, 3)."""
        return np.column_stack([self.easting_m, self.northing_m, self.height_m])

    @property
    def lines(self) -> tuple:
        """Names of the flight lines, in the order of the points."""
        return tuple(dict.fromkeys(self.line.tolist()))

    @property
    def blocks(self) -> np.ndarray:
        """Number of the flight line of each point, 0 .. len(lines) - 1, shape (n,)."""
        number = {name: i for i, name in enumerate(self.lines)}
        return np.array([number[name] for name in self.line.tolist()], dtype=np.int64)

    @property
    def extent_m(self) -> tuple:
        """West, east, south and north end of the points in m."""
        return (
            float(self.easting_m.min()), float(self.easting_m.max()), float(self.northing_m.min()),
            float(self.northing_m.max()),
        )  # fmt: skip

    def subset(self, rows) -> Survey:
        """Return the points of an index or mask, in its order.

        Parameters
        ----------
        rows : array of int or bool
            Which points.

        Returns
        -------
        Survey
            With the same name and notes.
        """
        fields = ("easting_m", "northing_m", "height_m", "anomaly_nt", "line")
        return replace(self, **{f: getattr(self, f)[rows] for f in fields})

    def with_anomaly(self, anomaly_nt, name=None) -> Survey:
        """Return the same points with other values.

        Parameters
        ----------
        anomaly_nt : array, shape (n,)
            In nT.
        name : str, optional
            Another name.

        Returns
        -------
        Survey
            Of the same places and lines.
        """
        return replace(self, anomaly_nt=anomaly_nt, name=self.name if name is None else name)

    def frame(self) -> pd.DataFrame:
        """Return the points as a table: easting_m, northing_m, height_m, anomaly_nt, line."""
        fields = ("easting_m", "northing_m", "height_m", "anomaly_nt", "line")
        return pd.DataFrame({f: getattr(self, f) for f in fields})


def station_grid(easting_m, northing_m, height_m, along="east") -> Survey:
    """Return points on a rectangular grid, without values.

    Parameters
    ----------
    easting_m, northing_m : array
        Coordinates of columns and rows in m.
    height_m : float or array, shape (n_north, n_east)
        Height of the sensor in m.
    along : str
        Direction of flight, "east" (a line is a row) or "north" (a line is a column).

    Returns
    -------
    Survey
        Points row by row, westernmost first; lines L01, L02 ...

    Raises
    ------
    ValueError
        When `along` is neither of the two.
    """
    if along not in ("east", "north"):
        raise ValueError(f"along is {along!r}; give 'east' or 'north'")
    east, north = np.meshgrid(np.asarray(easting_m, float), np.asarray(northing_m, float))
    number = np.indices(east.shape)[0 if along == "east" else 1]
    names = np.array([f"L{i + 1:02d}" for i in range(number.max() + 1)])
    height = np.broadcast_to(np.asarray(height_m, float), east.shape)
    return Survey(east.ravel(), north.ravel(), height.ravel(), np.full(east.size, np.nan), names[number.ravel()])
