"""Artificial monazites of three kinds of rock, grain by grain and rock by rock, with the answer known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from .kinds import CLASSES, LETTERS, LIMITS, NOISE, PROCESSES, SANDS, STEM, measure, process_shifts
from .lattice import ELEMENTS


@dataclass(frozen=True, eq=False)
class Artificial:
    """Artificial grains and the answer.

    Parameters
    ----------
    values : array, shape (N, 16)
        Measured contents in ppm, in the order of `names`; NaN where below detection.
    below : array of bool, shape (N, 16)
        Below detection.
    limit : array, shape (16,)
        Detection limits in ppm.
    names, classes : tuple of str
        Elements, and kinds of rock.
    labels, groups, samples : tuple of str, length N
        True kind of rock, rock (or sand), and name of each grain.
    processes : DataFrame, shape (N, 7)
        Inputs of the forward model for each grain.
    truth : dict of str to tuple of str
        Process that differs between the kinds -> elements that it moves by `MOVED` or more.
    """

    values: np.ndarray
    below: np.ndarray
    limit: np.ndarray
    names: tuple[str, ...]
    classes: tuple[str, ...]
    labels: tuple[str, ...]
    groups: tuple[str, ...]
    samples: tuple[str, ...]
    processes: pd.DataFrame
    truth: dict[str, tuple[str, ...]]

    @property
    def proportions(self) -> pd.DataFrame:
        """True shares among the grains: group ("all" first), class, n_grains, proportion."""
        made = pd.DataFrame({"group": self.groups, "class": self.labels})
        blocks = {"all": made, **dict(iter(made.groupby("group", sort=True)))}
        rows = []
        for group, block in blocks.items():
            counts = block["class"].value_counts()
            rows += [(group, name, int(counts.get(name, 0)), counts.get(name, 0) / len(block)) for name in self.classes]
        return pd.DataFrame(rows, columns=["group", "class", "n_grains", "proportion"])

    def grains(self, labelled: bool = True):
        """Return the grains without a value below detection.

        Parameters
        ----------
        labelled : bool
            Give them their true class; False for grains of unknown source.

        Returns
        -------
        Grains
        """
        from .tabular import Grains

        whole = ~self.below.any(axis=1)

        def some(texts):
            return [text for text, keep in zip(texts, whole, strict=True) if keep]

        return Grains.from_arrays(
            self.values[whole], self.names, some(self.labels) if labelled else [""] * int(whole.sum()), classes=self.classes,
            groups=some(self.groups), samples=some(self.samples),
        )  # fmt: skip

    def cells(self, labelled: bool = True) -> pd.DataFrame:
        """Return the grains as the text of a table of this case: four significant digits, ``<limit`` below detection.

        Parameters
        ----------
        labelled : bool
            With the column class.

        Returns
        -------
        DataFrame of str, shape (N, 18 or 19)
        """
        out = {"sample_id": self.samples} | ({"class": self.labels} if labelled else {}) | {"group": self.groups}
        for j, name in enumerate(self.names):
            out[f"{name}_ppm"] = [
                f"<{self.limit[j]:g}" if low else f"{float(f'{value:.4g}'):.10g}"
                for value, low in zip(self.values[:, j], self.below[:, j], strict=True)
            ]
        return pd.DataFrame(out)

    def csv(self, labelled: bool = True) -> str:
        """Return `cells` as CSV text."""
        return self.cells(labelled).to_csv(index=False, lineterminator="\n")

    def table(self, labelled: bool = True):
        """Return the grains as a `tables.Table`, as if they had been read from a file (all digits kept).

        Parameters
        ----------
        labelled : bool
            With the column class.

        Returns
        -------
        tables.Table
        """
        from lib import tables

        columns = [f"{name}_ppm" for name in self.names]
        texts = self.cells(labelled).drop(columns=columns)
        limit = np.where(self.below, self.limit, np.nan)
        return tables.Table(
            frame=pd.concat([texts, pd.DataFrame(self.values, columns=columns)], axis=1),
            censored=pd.DataFrame(self.below, columns=columns), limit=pd.DataFrame(limit, columns=columns),
            units=dict.fromkeys(columns, "ppm"), errors={}, analytes=columns, rows=list(range(2, len(texts) + 2)),
            key="artificial grains", schema=tables.load_schema(STEM), artificial=True,
        )  # fmt: skip


def make_grains(
    rng: np.random.Generator, *, n_samples: int = 15, n_grains: int = 8, contrasts=tuple(PROCESSES), spread: float = 1.0,
    noise: float = NOISE,
) -> Artificial:  # fmt: skip
    """Make labelled grains, several from each rock.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of random numbers.
    n_samples : int
        Rocks of each kind, 1 or more.
    n_grains : int
        Grains of each rock, 1 or more.
    contrasts : sequence of str
        Processes (keys of `PROCESSES`) that differ between the kinds; the others are drawn alike for all kinds.
    spread : float
        Factor of all natural spreads, above 0; a smaller one parts the kinds more.
    noise : float
        Relative analytical error (fraction), 0 to 0.5.

    Returns
    -------
    Artificial

    Raises
    ------
    ValueError
        For an unknown process or a number out of range.
    """
    _check(contrasts, spread, noise, n_samples=n_samples, n_grains=n_grains)
    kinds = np.repeat(np.arange(len(CLASSES)), n_samples)
    rocks = np.repeat(np.arange(len(kinds)), n_grains)
    names = [f"{LETTERS[k]}-{i % n_samples + 1:02d}" for i, k in enumerate(kinds)]
    samples = [f"{names[r]}-{i % n_grains + 1}" for i, r in enumerate(rocks)]
    return _make(rng, kinds, rocks, [names[r] for r in rocks], samples, contrasts, spread, noise)


def make_detrital(
    rng: np.random.Generator, *, shares=None, n_grains: int = 120, contrasts=tuple(PROCESSES), spread: float = 1.0,
    noise: float = NOISE,
) -> Artificial:  # fmt: skip
    """Make grains of river sands; every grain comes from a rock of its own.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of random numbers.
    shares : dict of str to sequence of float, optional
        Sand -> share of each kind of `CLASSES` (each 0-1, sum 1); default `SANDS`, far from equal shares.
    n_grains : int
        Grains of each sand, 1 or more; the kinds are drawn, so that the true proportions scatter around the shares.
    contrasts : sequence of str
        As for `make_grains`.
    spread : float
        As for `make_grains`.
    noise : float
        As for `make_grains`.

    Returns
    -------
    Artificial
        `groups` are the sands.

    Raises
    ------
    ValueError
        For shares that are negative or do not sum to 1, an unknown process, or a number out of range.
    """
    _check(contrasts, spread, noise, n_grains=n_grains)
    shares = SANDS if shares is None else shares
    kinds, groups, samples = [], [], []
    for sand, share in shares.items():
        p = np.asarray(share, float)
        if p.shape != (len(CLASSES),) or (p < 0).any() or abs(p.sum() - 1) > 1e-9:
            raise ValueError(f"shares[{sand!r}] = {share} must be {len(CLASSES)} numbers from 0 to 1 with sum 1: {CLASSES}")
        kinds.append(rng.choice(len(CLASSES), size=n_grains, p=p))
        groups += [sand] * n_grains
        samples += [f"{sand.replace(' ', '-')}-{i + 1:03d}" for i in range(n_grains)]
    kinds = np.concatenate(kinds)
    return _make(rng, kinds, np.arange(len(kinds)), groups, samples, contrasts, spread, noise)


def _check(contrasts, spread, noise, **counts):
    """Refuse unknown processes and numbers out of range."""
    unknown = [name for name in contrasts if name not in PROCESSES]
    if unknown:
        raise ValueError(f"contrasts: {', '.join(unknown)} is not known; known: {', '.join(PROCESSES)}")
    for name, value in counts.items():
        if value < 1:
            raise ValueError(f"{name} = {value} must be 1 or more")
    if not spread > 0 or not 0 <= noise <= 0.5:
        raise ValueError(f"spread = {spread} must be above 0 and noise = {noise} from 0 to 0.5 (fractions)")


def _make(rng, kinds, rocks, groups, samples, contrasts, spread, noise):
    """Draw grains, cut them off at the detection limits, and keep the answer."""
    measured, inputs = measure(rng, np.asarray(kinds), rocks, tuple(contrasts), spread, noise)
    limit = np.array([LIMITS[e] for e in ELEMENTS])
    below = measured < limit
    shifts = process_shifts(contrasts)
    truth = {p: tuple(shifts.loc[(shifts["process"] == p) & shifts["moved"], "element"]) for p in contrasts}
    labels = tuple(CLASSES[k] for k in np.asarray(kinds)[rocks])
    return Artificial(
        np.where(below, np.nan, measured), below, limit, ELEMENTS, CLASSES, labels, tuple(groups), tuple(samples),
        pd.DataFrame(inputs), truth,
    )  # fmt: skip
