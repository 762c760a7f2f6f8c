"""From a table of samples to compositions: one mass unit, one column a part, three kinds of gaps kept apart."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from lib.tables.names import TO_WT, parse_column

ID_COLUMN, GROUP_COLUMN = "sample_id", "group"
POSITION_COLUMNS = ("depth_m", "distance_m")
#: A part must be analysed (or below detection) in this share of the samples to be used.
MIN_MEASURED = 0.8
#: Relative one-sigma error of a cell where the table has none.
DEFAULT_NOISE = 0.02
#: Fe2O3 per unit mass of FeO.
FEO_TO_FE2O3 = 159.688 / (2 * 71.844)
#: What loss on ignition already holds.
IN_LOI = ("H2O", "H2O+", "H2O-", "CO2", "C", "TOC", "S", "SO2", "SO3")


@dataclass(frozen=True)
class Compositions:
    """Samples as mass fractions of their parts.

    Parameters
    ----------
    x : array, shape (N, D)
        Mass fractions (g/g), as analysed and not closed; NaN where below detection or not analysed.
    names : tuple of str
        The D parts, such as ``SiO2``.
    units : tuple of str
        Unit of each part in the table.
    samples : tuple of str
        The N samples.
    below : array of bool, shape (N, D)
        Below detection.
    limit : array, shape (N, D)
        Detection limit (g/g) where below detection, else NaN.
    error : array, shape (N, D)
        One-sigma error (g/g) where the table has one, else NaN.
    groups : tuple of str
        Class of each sample, "" where there is none.
    position : array, shape (N,), or None
        Depth or distance in metres.
    position_name : str
        Column that the position came from.
    notes : tuple of str
        What was left out, added up or converted.
    """

    x: np.ndarray
    names: tuple[str, ...]
    units: tuple[str, ...]
    samples: tuple[str, ...]
    below: np.ndarray
    limit: np.ndarray
    error: np.ndarray
    groups: tuple[str, ...] = ()
    position: np.ndarray | None = None
    position_name: str = ""
    notes: tuple[str, ...] = ()

    @property
    def shape(self) -> tuple[int, int]:
        """Number of samples and of parts."""
        return self.x.shape

    @property
    def missing(self) -> np.ndarray:
        """Cells that were not analysed, shape (N, D)."""
        return np.isnan(self.x) & ~self.below

    @property
    def observed(self) -> np.ndarray:
        """Cells with a measured value, shape (N, D)."""
        return np.isfinite(self.x)

    def relative_error(self, noise: float = DEFAULT_NOISE) -> np.ndarray:
        """Relative one-sigma error of every cell, shape (N, D): the table's own, or `noise` where it has none."""
        with np.errstate(invalid="ignore", divide="ignore"):
            own = self.error / self.x
        return np.where(np.isfinite(own) & (own > 0), own, noise)

    def take(self, samples=None, parts=None) -> Compositions:
        """Return some samples and parts.

        Parameters
        ----------
        samples : array of bool or of int, optional
            Which samples; default all.
        parts : sequence of str, optional
            Which parts, in the order wanted; default all.

        Returns
        -------
        Compositions

        Raises
        ------
        ValueError
            A part that is not there; the known ones are named.
        """
        unknown = [name for name in parts or () if name not in self.names]
        if unknown:
            raise ValueError(f"no part {', '.join(unknown)} in these compositions; there are {', '.join(self.names)}")
        rows = np.arange(len(self.samples)) if samples is None else np.arange(len(self.samples))[np.asarray(samples)]
        columns = range(len(self.names)) if parts is None else [self.names.index(name) for name in parts]
        columns = list(columns)
        cut = {name: getattr(self, name)[np.ix_(rows, columns)] for name in ("x", "below", "limit", "error")}
        return replace(
            self, **cut, names=tuple(self.names[j] for j in columns), units=tuple(self.units[j] for j in columns),
            samples=tuple(self.samples[i] for i in rows), groups=tuple(self.groups[i] for i in rows) if self.groups else (),
            position=None if self.position is None else self.position[rows],
        )  # fmt: skip

    def frame(self) -> pd.DataFrame:
        """The mass fractions with the samples as index and the parts as columns."""
        return pd.DataFrame(self.x, index=pd.Index(self.samples, name="sample"), columns=list(self.names))


def part_columns(table, exclude=()) -> list[str]:
    """Columns of concentrations by mass that hold a value or a limit.

    Parameters
    ----------
    table : tables.Table
        As read by `lib.tables.read`.
    exclude : sequence of str
        Parts (``SiO2``) or columns (``SiO2_wt``) to pass over.

    Returns
    -------
    list of str
    """
    out = []
    for column in table.analytes:
        name = parse_column(column)
        if not name or name.unit not in TO_WT or {name.analyte, column} & set(exclude):
            continue
        if table.frame[column].notna().any() or table.censored[column].any():
            out.append(column)
    return out


def prepare(table, *, parts=None, exclude=(), min_measured: float = MIN_MEASURED, incomplete: str = "drop") -> Compositions:
    """Build `Compositions` from a table.

    Parameters
    ----------
    table : tables.Table
        Concentrations ``<analyte>_<wt|ppm|ppb>`` with optional ``_err``; ``sample_id``, and optional ``group``,
        ``depth_m``, ``distance_m``.
    parts : sequence of str, optional
        Parts to use, such as ``["SiO2", "Al2O3"]``; default all that are analysed in enough samples.
    exclude : sequence of str
        Parts to leave out.
    min_measured : float, 0-1
        Share of the samples in which a part must be analysed or below detection; others are left out with a note.
        Not applied to parts named in `parts`.
    incomplete : {"drop", "keep"}
        Samples in which one of the chosen parts was not analysed: left out with a note, or kept with NaN.

    Returns
    -------
    Compositions
        All parts as mass fractions.  FeO and Fe2O3 become Fe2O3T, and what LOI already holds is left out beside it.

    Raises
    ------
    ValueError
        A part of `parts` that is not in the table, fewer than two parts, or no complete sample.
    """
    if incomplete not in ("drop", "keep"):
        raise ValueError(f"incomplete must be 'drop' or 'keep', got {incomplete!r}")
    columns = part_columns(table, exclude)
    notes: list[str] = []
    names = [parse_column(c).analyte for c in columns]
    units = [parse_column(c).unit for c in columns]
    cells = _cells(table, columns, units)
    names, units, cells = _total_iron(names, units, cells, notes)
    names, units, cells = _without_parts_of_loi(names, units, cells, notes)
    if parts is not None:
        unknown = [name for name in parts if name not in names]
        if unknown:
            raise ValueError(f"no part {', '.join(unknown)} in this table; it has {', '.join(names) or 'none'}")
        keep = [names.index(name) for name in parts]
    else:
        share = (np.isfinite(cells[0]) | cells[1]).mean(axis=0) if names else np.empty(0)
        keep = [j for j in range(len(names)) if share[j] >= min_measured]
        few = [f"{names[j]} ({share[j]:.0%})" for j in range(len(names)) if j not in keep]
        if few:
            notes.append(f"left out, analysed in fewer than {min_measured:.0%} of the samples: {', '.join(few)}")
    if len(keep) < 2:
        raise ValueError(
            f"{len(keep)} part(s) can be used ({'; '.join(notes) or 'no other has a value'}): a composition needs at least "
            "two; lower min_measured, or exclude samples with many empty cells"
        )
    x, below, limit, error = (array[:, keep] for array in cells)
    frame = table.frame
    samples = frame[ID_COLUMN].astype(str) if ID_COLUMN in frame else pd.Series([f"row {i}" for i in table.rows])
    groups = tuple(frame[GROUP_COLUMN].astype(str)) if GROUP_COLUMN in frame else ()
    name = next((c for c in POSITION_COLUMNS if c in frame and frame[c].notna().any()), "")
    made = Compositions(
        x, tuple(names[j] for j in keep), tuple(units[j] for j in keep), tuple(samples), below, limit, error, groups,
        frame[name].to_numpy(float) if name else None, name, tuple(notes),
    )  # fmt: skip
    return _complete(made) if incomplete == "drop" else made


def _complete(made):
    """Leave out the samples in which a part was not analysed, with a note that names the parts to blame."""
    gaps = made.missing
    rows = ~gaps.any(axis=1)
    if rows.all():
        return made
    blame = ", ".join(f"{name} ({n})" for name, n in zip(made.names, gaps.sum(axis=0), strict=True) if n)
    if not rows.any():
        raise ValueError(f"no sample has all parts analysed; empty cells: {blame}. Exclude the emptiest parts")
    note = f"{(~rows).sum()} of {len(rows)} samples are left out: a part was not analysed ({blame})"
    return replace(made.take(samples=rows), notes=(*made.notes, note))


def _cells(table, columns, units):
    """Values, censored mask, limits and errors as mass fractions, each (N, D)."""
    factor = np.array([TO_WT[unit] / 100 for unit in units])
    value = table.frame[columns].to_numpy(float) * factor
    below = table.censored[columns].to_numpy(bool)
    limit = table.limit[columns].to_numpy(float) * factor
    error = np.full(value.shape, np.nan)
    for j, column in enumerate(columns):
        if column in table.errors:
            error[:, j] = table.frame[table.errors[column]].to_numpy(float) * factor[j]
    return np.where(below, np.nan, value), below, limit, error


def _total_iron(names, units, cells, notes):
    """Add FeO to Fe2O3 where both are given: iron changes its valence, and only the sum is a conserved part."""
    if not {"FeO", "Fe2O3"} <= set(names):
        return names, units, cells
    a, b = names.index("Fe2O3"), names.index("FeO")
    x, below, limit, error = (array.copy() for array in cells)
    # a valence below detection adds half its limit: the other one dominates the sum
    fe3 = np.where(below[:, a], 0.5 * limit[:, a], x[:, a])
    fe2 = np.where(below[:, b], 0.5 * limit[:, b], x[:, b]) * FEO_TO_FE2O3
    both = below[:, a] & below[:, b]
    x[:, a] = np.where(both, np.nan, fe3 + fe2)
    limit[:, a] = np.where(both, limit[:, a] + limit[:, b] * FEO_TO_FE2O3, np.nan)
    below[:, a] = both
    error[:, a] = np.hypot(error[:, a], error[:, b] * FEO_TO_FE2O3)
    keep = [j for j in range(len(names)) if j != b]
    notes.append("FeO and Fe2O3 were added up as Fe2O3T: iron changes its valence")
    names = ["Fe2O3T" if j == a else names[j] for j in keep]
    return names, [units[j] for j in keep], tuple(array[:, keep] for array in (x, below, limit, error))


def _without_parts_of_loi(names, units, cells, notes):
    """Leave out H2O, CO2 and the like beside LOI, which holds them."""
    double = [name for name in names if name in IN_LOI] if "LOI" in names else []
    if not double:
        return names, units, cells
    notes.append(f"{', '.join(double)} left out: LOI holds them already")
    keep = [j for j, name in enumerate(names) if name not in double]
    return [names[j] for j in keep], [units[j] for j in keep], tuple(array[:, keep] for array in cells)
