"""Grains as a matrix of logarithms: one row a grain, one column an element or ratio, with class and rock of each."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

#: Code of a grain without a class.
UNLABELLED = -1
_DROPPED = ["feature", "not_analysed", "below", "measured_share", "grains_lost", "used"]


@dataclass(frozen=True, eq=False)
class Grains:
    """Grains as decimal logarithms of their contents.

    Parameters
    ----------
    x : array, shape (N, p)
        log10 of contents (ppm for elements) and of ratios; finite.
    names : tuple of str
        The p features, such as ``La`` or ``Th/U``.
    classes : tuple of str
        Sources, in the order of the codes.
    codes : array of int, shape (N,)
        Class of each grain, -1 where it has none.
    groups : tuple of str
        Rock, deposit or site that each grain comes from; empty tuple where the table does not say.
    samples : tuple of str
        Names of the grains.
    rows : array of int, shape (N,)
        Row of each grain in the table it was read from (first = 0).
    below : array of bool, shape (N, p)
        Cells below detection that were replaced.
    units : tuple of str
        Unit of each feature before the logarithm.
    dropped : DataFrame
        What was left out: feature, not_analysed, below (cells), measured_share (0-1), grains_lost (by this feature), used.
    notes : tuple of str
        The same in words.
    """

    x: np.ndarray
    names: tuple[str, ...]
    classes: tuple[str, ...]
    codes: np.ndarray
    groups: tuple[str, ...] = ()
    samples: tuple[str, ...] = ()
    rows: np.ndarray | None = None
    below: np.ndarray | None = None
    units: tuple[str, ...] = ()
    dropped: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=_DROPPED))
    notes: tuple[str, ...] = ()

    def __post_init__(self):
        if self.x.ndim != 2 or self.x.shape[1] != len(self.names) or len(self.codes) != len(self.x):
            raise ValueError(
                f"grains: x has shape {self.x.shape}, which does not go with {len(self.names)} features and "
                f"{len(self.codes)} class codes: give one row a grain and one column a feature"
            )
        if not np.isfinite(self.x).all():
            i, j = np.argwhere(~np.isfinite(self.x))[0]
            raise ValueError(
                f"grains: row {i}, {self.names[j]} has no finite logarithm: contents must be above zero; drop the grain, or "
                "replace what is below detection by a share of the detection limit"
            )

    @property
    def shape(self) -> tuple[int, int]:
        """Number of grains and of features."""
        return self.x.shape

    @property
    def labels(self) -> tuple[str, ...]:
        """Class of each grain as text, "" where it has none."""
        return tuple(self.classes[c] if c >= 0 else "" for c in self.codes)

    @property
    def counts(self) -> dict[str, int]:
        """Grains of each class."""
        return {name: int((self.codes == k).sum()) for k, name in enumerate(self.classes)}

    @property
    def group_codes(self) -> np.ndarray | None:
        """Number of the group of each grain, shape (N,); a grain without a group is one of its own.  None without groups."""
        if not any(self.groups):
            return None
        names = [group or f"\0{i}" for i, group in enumerate(self.groups)]
        return np.unique(names, return_inverse=True)[1]

    @property
    def values(self) -> np.ndarray:
        """Contents and ratios in their own units, shape (N, p)."""
        return 10.0**self.x

    def take(self, rows=None, features=None) -> Grains:
        """Return some grains and features.

        Parameters
        ----------
        rows : array of bool or of int, optional
            Which grains; default all.
        features : sequence of str, optional
            Which features, in the order wanted; default all.

        Returns
        -------
        Grains

        Raises
        ------
        ValueError
            A feature that is not there; the nearest one is named.
        """
        columns = np.arange(len(self.names)) if features is None else feature_columns(features, self.names)
        picked = np.arange(len(self.x)) if rows is None else np.arange(len(self.x))[np.asarray(rows)]

        def some(values):
            return tuple(values[i] for i in picked) if len(values) else ()

        return replace(
            self, x=self.x[np.ix_(picked, columns)], names=tuple(self.names[j] for j in columns), codes=self.codes[picked],
            groups=some(self.groups), samples=some(self.samples), rows=None if self.rows is None else self.rows[picked],
            below=None if self.below is None else self.below[np.ix_(picked, columns)],
            units=tuple(self.units[j] for j in columns) if self.units else (),
        )  # fmt: skip

    def frame(self) -> pd.DataFrame:
        """Contents, one row a grain, with the columns sample, class and group first."""
        out = pd.DataFrame(self.values, columns=list(self.names))
        out.insert(0, "group", list(self.groups) if self.groups else "")
        out.insert(0, "class", list(self.labels))
        out.insert(0, "sample", list(self.samples) if self.samples else np.arange(len(out)).astype(str))
        return out

    @classmethod
    def from_arrays(cls, values, names, labels=None, *, classes=None, groups=None, samples=None, units=None) -> Grains:
        """Build grains from plain arrays.

        Parameters
        ----------
        values : array, shape (N, p)
            Contents and ratios, above zero, NOT as logarithms.
        names : sequence of str
            The p features.
        labels : sequence of str or of int, shape (N,), optional
            Class names ("" = none), or codes into `classes` (-1 = none); default: no grain has a class.
        classes : sequence of str, optional
            Order of the classes; default sorted names.
        groups, samples : sequence of str, optional
            Rock, deposit or site, and name, of each grain.
        units : sequence of str, optional
            Default ppm, and ratio for names with a slash.

        Returns
        -------
        Grains

        Raises
        ------
        ValueError
            Contents that are not positive, shapes that do not fit, or a label outside `classes`.
        """
        values = np.asarray(values, float)
        names = tuple(names)
        with np.errstate(divide="ignore", invalid="ignore"):
            x = np.log10(values)
        codes, known = class_codes(np.full(len(values), "") if labels is None else np.asarray(labels), classes)
        whole = pd.DataFrame(
            {"feature": names, "not_analysed": 0, "below": 0, "measured_share": 1.0, "grains_lost": 0, "used": True}
        )
        return cls(
            x, names, known, codes, tuple(map(str, groups)) if groups is not None else (),
            tuple(map(str, samples)) if samples is not None else tuple(str(i + 1) for i in range(len(x))),
            np.arange(len(x)), np.zeros(x.shape, bool),
            tuple(units) if units is not None else tuple("ratio" if "/" in name or "*" in name else "ppm" for name in names),
            whole,
        )  # fmt: skip


def class_codes(labels, classes):
    """Codes (N,) and class names of labels given as text ("" = none) or as integers (-1 = none)."""
    if labels.dtype.kind in "iuf":
        codes = labels.astype(int)
        known = tuple(classes) if classes is not None else tuple(f"class {k}" for k in range(int(codes.max(initial=-1)) + 1))
        if (codes >= len(known)).any() or (codes < UNLABELLED).any():
            raise ValueError(f"a class code is outside -1 to {len(known) - 1}: name all classes in `classes`")
        return codes, known
    text = np.array([str(label).strip() for label in labels])
    known = tuple(classes) if classes is not None else tuple(sorted(set(text) - {""}))
    strange = sorted(set(text) - {""} - set(known))
    if strange:
        near = difflib.get_close_matches(strange[0], known, n=1)
        raise ValueError(f"class {strange[0]!r} is not one of {', '.join(known)}{f'; is {near[0]!r} meant?' if near else ''}")
    place = {name: k for k, name in enumerate(known)} | {"": UNLABELLED}
    return np.array([place[t] for t in text], dtype=int), known


def feature_columns(features, names) -> list[int]:
    """Columns of features in `names`; a name that is not there is refused with the nearest one."""
    names = list(names)
    unknown = [f for f in features if f not in names]
    if unknown:
        near = difflib.get_close_matches(unknown[0], names, n=1)
        hint = f" (is {near[0]} meant?)" if near else ""
        raise ValueError(f"no feature {', '.join(unknown)}{hint}; there are {', '.join(names)}")
    return [names.index(f) for f in features]
