"""What an exhaustive search hands back: the best subsets, and how all of them are distributed."""

import dataclasses
import json
from dataclasses import dataclass

import numpy as np
import pandas as pd

from lib.subset_search.counting import Counts, Gauge, weighted
from lib.subset_search.masks import members, names_of, popcount
from lib.subset_search.problem import Subset, energy_factor
from lib.subset_search.ranking import Scored, order, subset_frame

__all__ = ["SearchResult"]


@dataclass(frozen=True)
class SearchResult:
    """All subsets, scored.

    Parameters
    ----------
    names : tuple of str
        Of the p columns.
    kind : {"linear", "multinomial"}
    criterion : str
        What the loss is: "cv" or "loo" for the mean over held-out rows (squared unit of y, or nats), or an information
        criterion.
    n_rows : int
    sizes : tuple (int, int)
        Smallest and largest size searched.
    n_subsets : int
        How many were scored.
    n_failed : int
        Those among them that have no loss: collinear columns.
    empty, empty_se, empty_accuracy : float
        Loss of the model with an intercept only, the reference of all.
    keep : int
        Length of `top`.
    kept : Scored
        The best over all and of each size, in order.
    whole : Scored or None
        Every subset, in the order of the search (masks, loss, loss_se, accuracy, flag).
    gauge : Gauge
        Bins, limits and weights that were counted by.
    counts : Counts
        Exact counts over all subsets, whether their scores were kept or not.
    seconds : float
        Wall time.
    """

    names: tuple
    kind: str
    criterion: str
    n_rows: int
    sizes: tuple
    n_subsets: int
    n_failed: int
    empty: float
    empty_se: float
    empty_accuracy: float
    keep: int
    kept: Scored
    whole: Scored | None
    gauge: Gauge
    counts: Counts
    seconds: float

    @property
    def best(self):
        """The subset of lowest loss; of equals the smaller, then the one with the smaller mask."""
        return self._subset(0)

    @property
    def top(self):
        """The best subsets, as many as `keep`: rank, mask, size, loss, rmse (linear), loss_se, accuracy, flag, features."""
        return self._frame(self.kept.take(slice(0, self.keep)))

    @property
    def best_by_size(self):
        """The best subset of each size, by size; columns as in `top`, where rank is the one over all (0: not in `top`)."""
        _, first = np.unique(popcount(self.kept.masks), return_index=True)
        frame = self._frame(self.kept.take(first))
        frame["rank"] = np.where(first < self.keep, first + 1, 0)
        return frame

    @property
    def density(self):
        """Density of states, one row a size and occupied bin: size, loss_low, loss_high, count."""
        size, place = np.nonzero(self.counts.bins)
        edges = self.gauge.edges
        return pd.DataFrame(
            {
                "size": size + self.gauge.low,
                "loss_low": edges[place],
                "loss_high": edges[place + 1],
                "count": self.counts.bins[size, place],
            }
        )

    @property
    def counts_sum(self):
        """Whether the density of states and the subsets without a loss add up to all subsets."""
        return int(self.counts.bins.sum()) + self.n_failed == self.n_subsets

    @property
    def one_se_count(self):
        """How many subsets, over all, lie within one standard error of the best."""
        return self.counts.one_se

    @property
    def one_se(self):
        """Subsets whose loss is at most that of the best plus its standard error; columns as in `top`.

        ``attrs["complete"]`` is False if there are more (`one_se_count`) than the search kept. The whole set is the answer to
        which columns matter: the data do not tell its members apart.
        """
        self._need_se()
        found = self._listed()
        frame = self._frame(found.take(found.loss <= self.gauge.limit))
        frame.attrs["complete"] = len(frame) == self.one_se_count
        return frame

    @property
    def models_per_second(self):
        """Subsets scored a second, all workers together."""
        return self.n_subsets / self.seconds

    def inclusion(self, kind="top", *, n=100, fraction=None, beta=1.0):
        """How often each column takes part in good subsets.

        Parameters
        ----------
        kind : {"top", "one_se", "boltzmann"}
            Among the `n` best; among those within one standard error of the best; or, over all subsets, with weights
            ``exp(-beta f (loss - best))``, f from `energy_factor` (beta = 1 with BIC: approximate posterior probabilities).
        n : int
            For "top"; at most `keep`, or any number if the scores of all were kept.
        fraction : float, optional
            For "top", instead of `n`: share of all subsets, above 0 and up to 1.
        beta : float
            For "boltzmann"; inverse temperature, above 0.

        Returns
        -------
        pandas.DataFrame
            Columns feature, frequency (0-1). ``attrs["n"]`` is the number of subsets. For "boltzmann" ``attrs["effective"]``
            is the sum of the weights, the best counting 1, and ``attrs["missing"]`` an upper bound of the share of the weight
            that lies outside the kept list: 0 but for `beta` other than 1 in a search whose scores were not kept.

        Raises
        ------
        ValueError
            If the kind is unknown, a number is out of range, or the loss has no standard error.
        """
        if kind == "top":
            return self._among_top(n if fraction is None else fraction * self.n_subsets, fraction)
        if kind == "one_se":
            self._need_se()
            return self._inclusion(self.counts.one_se_features / self.one_se_count, n=self.one_se_count)
        if kind == "boltzmann":
            return self._boltzmann(beta)
        raise ValueError(f'kind = {kind!r}: expected "top", "one_se" or "boltzmann"')

    def _among_top(self, n, fraction):
        if fraction is not None and not 0 < fraction <= 1:
            raise ValueError(f"fraction = {fraction}: expected above 0 and up to 1")
        n = max(1, min(round(n), self.n_subsets - self.n_failed))
        found = self.kept
        if n > self.keep:
            if self.whole is None:
                raise ValueError(f"{n} subsets are asked for, but only the best {self.keep} were kept: search with keep={n}")
            found = self._listed()
        return self._inclusion(members(found.masks[:n], len(self.names)).mean(axis=0), n=n)

    def _boltzmann(self, beta):
        if not beta > 0:
            raise ValueError(f"beta = {beta}: expected a number above 0")
        if beta == 1.0:
            total, parts, missing = self.counts.weight, self.counts.weight_features, 0.0
        else:
            found = self.kept if self.whole is None else self.whole
            finite = np.isfinite(found.loss)
            weights = np.exp(-beta * self.gauge.factor * (found.loss[finite] - self.gauge.best))
            total = float(weights.sum())
            parts = weighted(found.masks[finite], weights, len(self.names))
            # Whatever is not in the list weighs at most what the lower edge of its bin would.
            bound = 0.0
            if self.whole is None:
                most = np.exp(-beta * self.gauge.factor * np.maximum(self.gauge.edges[:-1] - self.gauge.best, 0.0))
                outside = self.counts.bins.sum(axis=0) - np.histogram(self.kept.loss, self.gauge.edges)[0]
                bound = float(np.maximum(outside, 0) @ most)
            missing = bound / (bound + total)
        frame = self._inclusion(parts / total, n=self.n_subsets - self.n_failed)
        frame.attrs.update(effective=total, missing=missing)
        return frame

    def _inclusion(self, frequency, n):
        frame = pd.DataFrame({"feature": list(self.names), "frequency": np.asarray(frequency, float)})
        frame.attrs["n"] = int(n)
        return frame

    def indicator(self, n=50, problem=None, output=None):
        """Which column is in which of the best subsets, and with which coefficient.

        Parameters
        ----------
        n : int
            Rows, at most `keep`.
        problem : Problem, optional
            If given, each subset is fitted to all rows and cells hold the standardised coefficient, 0 outside the subset; if
            not, cells are 1 and 0.
        output : int, optional
            For a problem with several sets of coefficients (classes): which; if not given, the root mean square over them.

        Returns
        -------
        pandas.DataFrame, shape (n, p)
            Index rank, columns the names.
        """
        top = self.kept.take(slice(0, min(n, self.keep)))
        inside = members(top.masks, len(self.names))
        cells = inside.astype(float if problem is not None else int)
        if problem is not None:
            for row, mask in enumerate(top.masks):
                values = np.asarray(problem.fit(int(mask)).standardised, float)
                if values.ndim == 2:
                    values = np.sqrt((values**2).mean(axis=0)) if output is None else values[output]
                cells[row, inside[row]] = values
        return pd.DataFrame(cells, columns=list(self.names), index=pd.RangeIndex(1, len(cells) + 1, name="rank"))

    def save(self, path):
        """Write to a compressed NumPy archive.

        Parameters
        ----------
        path : path
            Should end in .npz.
        """
        plain = ("names", "kind", "criterion", "n_rows", "sizes", "n_subsets", "n_failed", "empty", "empty_se",
                 "empty_accuracy", "keep", "seconds")  # fmt: skip
        arrays = {"header": np.array(json.dumps({name: getattr(self, name) for name in plain}))}
        for name in ("kept", "whole", "gauge", "counts"):
            part = getattr(self, name)
            if part is not None:
                arrays.update({f"{name}.{entry.name}": getattr(part, entry.name) for entry in dataclasses.fields(part)})
        np.savez_compressed(path, **arrays)

    @classmethod
    def load(cls, path):
        """Read what `save` wrote.

        Parameters
        ----------
        path : path

        Returns
        -------
        SearchResult
        """
        with np.load(path, allow_pickle=False) as stored:
            header = json.loads(str(stored["header"]))
            parts = {"whole": None}
            for name, kind in (("kept", Scored), ("whole", Scored), ("gauge", Gauge), ("counts", Counts)):
                found = {key.partition(".")[2]: stored[key] for key in stored.files if key.startswith(f"{name}.")}
                if found:
                    parts[name] = kind(**{key: value if value.ndim else value.item() for key, value in found.items()})
        header["names"], header["sizes"] = tuple(header["names"]), tuple(header["sizes"])
        return cls(**header, **parts)

    def _listed(self):
        """All that is known one by one, in order."""
        if self.whole is None:
            return self.kept
        found = self.whole.take(np.isfinite(self.whole.loss))
        return found.take(order(found.masks, found.loss))

    def _subset(self, i):
        mask = int(self.kept.masks[i])
        values = (float(values[i]) for values in (self.kept.loss, self.kept.loss_se, self.kept.accuracy))
        return Subset(mask, names_of(mask, self.names), mask.bit_count(), *values)

    def _frame(self, scored):
        return subset_frame(scored, self.names, rmse=self.kind == "linear" and self.criterion in ("cv", "loo"))

    def _need_se(self):
        if np.isnan(self.gauge.limit):
            raise ValueError(
                f'the loss "{self.criterion}" has no standard error, as it rests on no folds: use folds, or '
                'inclusion("boltzmann")'
            )

    def energy_factor(self):
        """Factor f of the Boltzmann weights ``exp(-beta f (loss - best))``.

        Returns
        -------
        float
        """
        return energy_factor(self, self.best.loss)
