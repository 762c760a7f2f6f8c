"""The list of subsets that a search goes through, which can be entered anywhere."""

import math

import numpy as np

from lib.subset_search.masks import combinations, popcount, size_range, spread

__all__ = ["Listing"]

#: More subsets than this are refused: days of work even for the fastest kernel.
LARGEST = 1 << 40


class Listing:
    """Subsets of the wanted sizes that constraints allow, in a fixed order.

    Candidates are numbered without being stored; those that break a rule are left out when a stretch is made.

    Parameters
    ----------
    names : sequence of str
        Of all columns.
    sizes : None, int or tuple (int, int)
        As in `lib.subset_search.masks.size_range`.
    constraints : Constraints, optional

    Raises
    ------
    ValueError
        If no subset is left, or far too many.
    """

    def __init__(self, names, sizes=None, constraints=None):
        self.names, self.constraints = tuple(names), constraints
        p = len(self.names)
        self.low, self.high = size_range(p, sizes)
        if constraints is None:
            self.always, self.units = 0, np.uint64(1) << np.arange(p, dtype=np.uint64)
        else:
            self.always, self.units = constraints.reduce(self.names)
            smallest = 0 if sizes is None else self.low  # sizes=None leaves the empty subset to min_size
            self.low = max(smallest, constraints.min_size)
            self.high = self.high if constraints.max_size is None else min(self.high, constraints.max_size)
        self.parts = self._parts()
        self.n_candidates = sum(n for _, n in self.parts)
        if not self.n_candidates:
            raise ValueError(
                f"no subset of {self.low} to {self.high} columns: {int(popcount(self.always))} are always in and "
                f"{len(self.units)} blocks are free; widen sizes or loosen the constraints"
            )
        if self.n_candidates > LARGEST:
            raise ValueError(
                f"{self.n_candidates:.3g} subsets are too many to score one by one: ask for fewer sizes, use constraints, or "
                "sample them (exchange_search)"
            )

    def _parts(self):
        """Pairs (number of blocks, number of candidates); None blocks is all numbers at once."""
        m, fixed, width = len(self.units), int(popcount(self.always)), np.sort(popcount(self.units))
        least = fixed + np.concatenate([[0], np.cumsum(width)])  # columns of the k narrowest blocks
        most = fixed + np.concatenate([[0], np.cumsum(width[::-1])])
        ks = [k for k in range(m + 1) if least[k] <= self.high and most[k] >= self.low]
        total = sum(math.comb(m, k) for k in ks)
        if 2 * total > 2**m:  # counting through all is simpler, and its order the fastest to score
            return [(None, 2**m)]
        return [(k, math.comb(m, k)) for k in ks]

    def masks(self, start, stop):
        """Allowed subsets among a stretch of the candidates.

        Parameters
        ----------
        start, stop : int
            From 0 to `n_candidates`.

        Returns
        -------
        array of uint64, shape (M,)
            M is at most stop - start.
        """
        found, begin = [], 0
        for k, n in self.parts:
            low, high = max(start - begin, 0), min(stop - begin, n)
            if low < high:
                index = np.arange(low, high, dtype=np.uint64) if k is None else combinations(len(self.units), k, low, high)
                found.append(index)
            begin += n
        index = np.concatenate(found) if found else np.empty(0, np.uint64)
        # Without groups and fixed columns the numbers are the masks themselves.
        plain = not self.always and len(self.units) == len(self.names)
        masks = index if plain else spread(index, self.units) | np.uint64(self.always)
        size = popcount(masks)
        inside = (size >= self.low) & (size <= self.high)
        if self.constraints is not None:
            inside &= self.constraints.allowed(masks, self.names)
        return masks if inside.all() else masks[inside]

    def stretches(self, length):
        """Pairs (start, stop) that cover all candidates.

        Parameters
        ----------
        length : int

        Returns
        -------
        list of tuple (int, int)
        """
        return [(start, min(start + length, self.n_candidates)) for start in range(0, self.n_candidates, length)]
