"""The space that a random walk over subsets lives in: which subsets are in it, how many, uniform draws, symmetric moves."""

from dataclasses import dataclass, field

import numpy as np

from lib.subset_search.masks import popcount, size_range, spread

__all__ = ["SubsetSpace"]

COUNT_EXACTLY = 20  # blocks up to which all their subsets are tried to count those that the rules allow
TRIALS = 1 << 16  # draws by which the allowed share of a larger space is estimated
RAREST = 1e-3  # allowed share below which drawing until a subset is allowed takes too long


@dataclass(frozen=True)
class SubsetSpace:
    """Subsets of given sizes that constraints allow, as memberships of the m blocks that are free to come or not.

    Parameters
    ----------
    names : sequence of str
        Of the p columns.
    sizes : int, tuple (int, int) or None
        As in `masks.size_range`.
    constraints : Constraints, optional

    Attributes
    ----------
    low, high : int
        Smallest and largest size.
    units : array of uint64, shape (m,)
        Masks of the blocks, single columns where no group ties them.
    count, count_se : float
        Number of subsets, and its standard error where rules in a large space made it an estimate.

    Raises
    ------
    ValueError
        If nothing is allowed, or fewer than one subset in a thousand, which a random walk would not find.
    """

    names: tuple
    sizes: object = None
    constraints: object = None
    low: int = field(init=False)
    high: int = field(init=False)
    always: np.uint64 = field(init=False)
    units: np.ndarray = field(init=False, repr=False)
    ways: np.ndarray = field(init=False, repr=False)
    count: float = field(init=False)
    count_se: float = field(init=False)

    def __post_init__(self):
        p = len(self.names)
        (low, high), always, units = size_range(p, self.sizes), 0, np.uint64(1) << np.arange(p, dtype=np.uint64)
        if self.constraints is not None:
            always, units = self.constraints.reduce(self.names)
            low = max(0 if self.sizes is None else low, self.constraints.min_size)  # as in `Listing`
            high = high if self.constraints.max_size is None else min(high, self.constraints.max_size)
        for name, value in (("low", low), ("high", high), ("always", np.uint64(always)), ("units", units)):
            object.__setattr__(self, name, value)
        object.__setattr__(self, "ways", self._count_ways())
        count, se = self._count()
        object.__setattr__(self, "count", count)
        object.__setattr__(self, "count_se", se)

    def masks(self, states):
        """Bit masks (M,) of block memberships (M, m)."""
        return self.always | (states.astype(np.uint64) @ self.units)

    def states(self, mask):
        """Block membership (m,) of one mask."""
        return (np.uint64(mask) & self.units) != 0

    def allowed(self, states):
        """Whether block memberships (M, m) belong to the space, bool (M,)."""
        masks = self.masks(states)
        size = popcount(masks)
        inside = (size >= self.low) & (size <= self.high)
        if self.constraints is not None and inside.any():
            inside[inside] = self.constraints.allowed(masks[inside], self.names)
        return inside

    def draw(self, n, rng):
        """Independent uniform draws, bool (n, m)."""
        found, missing = [np.empty((0, len(self.units)), bool)], n
        while missing:
            if self.constraints is None:
                good = self._draw_sized(missing, rng)
            else:
                trial = self._draw_sized(2 * missing + 8, rng)
                good = trial[self.allowed(trial)][:missing]
            found.append(good)
            missing -= len(good)
        return np.concatenate(found)

    def propose(self, states, rng):
        """A symmetric random change of each membership (M, m); the result need not be allowed.

        Of one size: one block in, one out.  Otherwise half of the moves put one block in or out.  A tenth of all change two to
        four blocks, so that what rules tie together can move together.
        """
        rows = np.arange(len(states))
        u, kind = rng.random(states.shape), rng.random(len(states))
        several = kind >= 0.9
        swap = kind < (0.9 if self.low == self.high else 0.45)
        flip = ~swap & ~several
        new = states.copy()
        come, go = np.where(states, -1.0, u).argmax(axis=1), np.where(states, u, -1.0).argmax(axis=1)
        can = swap & ~states[rows, come] & states[rows, go]
        new[rows[can], come[can]], new[rows[can], go[can]] = True, False
        new[rows[flip], u[flip].argmax(axis=1)] ^= True
        if several.any():
            number = np.minimum(2 + (30 * (kind[several] - 0.9)).astype(int), states.shape[1])
            new[several] ^= u[several].argsort(axis=1).argsort(axis=1) < number[:, None]
        return new

    def _count_ways(self):
        """Number of ways (m + 1, p + 1) to make up a size from the blocks from i on."""
        width = popcount(self.units)
        ways = np.zeros((len(self.units) + 1, len(self.names) + 1))
        ways[-1, 0] = 1
        for i in range(len(self.units) - 1, -1, -1):
            ways[i] = ways[i + 1]
            ways[i, width[i] :] += ways[i + 1, : -width[i]]
        return ways

    def _sizes_to_fill(self):
        """Total widths of blocks that give an allowed size, and their numbers of subsets."""
        fill = np.arange(self.low, self.high + 1) - int(popcount(self.always))
        fill = fill[fill >= 0]
        return fill, self.ways[0, fill]

    def _draw_sized(self, n, rng):
        """Uniform among block memberships of the right size, whether the other rules allow them or not."""
        fill, ways = self._sizes_to_fill()
        left = rng.choice(fill, n, p=ways / ways.sum())
        states = np.zeros((n, len(self.units)), bool)
        for i, width in enumerate(popcount(self.units)):
            with_it = np.where(left >= width, self.ways[i + 1, np.maximum(left - width, 0)], 0.0)
            states[:, i] = rng.random(n) * self.ways[i, left] < with_it
            left = left - width * states[:, i]
        return states

    def _count(self):
        """Number of allowed subsets, and its standard error where it had to be estimated."""
        total, se = self._sizes_to_fill()[1].sum(), 0.0
        if total == 0:
            raise ValueError(f"no subset of size {self.low} to {self.high} keeps the constraints: widen sizes or drop a rule")
        if self.constraints is None:
            return float(total), 0.0
        if len(self.units) <= COUNT_EXACTLY:
            masks = spread(np.arange(1 << len(self.units)), self.units) | self.always
            size = popcount(masks)
            masks = masks[(size >= self.low) & (size <= self.high)]
            number = float(self.constraints.allowed(masks, self.names).sum())
        else:  # a fixed stream: the size of the space is no matter of the caller's seed
            share = self.allowed(self._draw_sized(TRIALS, np.random.default_rng(0))).mean()
            number, se = share * total, np.sqrt(share * (1 - share) / TRIALS) * total
        if number < RAREST * total:
            raise ValueError(
                f"the constraints allow {number / total:.2%} of the {total:g} subsets of size {self.low} to {self.high}: a "
                "random walk needs 0.1 % or more. Search exhaustively, which steps over what is not allowed"
            )
        return float(number), float(se)
