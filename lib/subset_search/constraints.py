"""Which subsets of columns may be considered: rules that are known before the search.

A squared term without its linear one, a ratio without its elements, or two scales for the same quantity are not models anybody
wants; leaving them out also makes the search shorter.
"""

import math
from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from lib.subset_search.masks import mask_of, members, popcount, unknown_name

__all__ = ["Constraints"]


@dataclass(frozen=True)
class Constraints:
    """Rules on subsets, by the names of columns.

    Parameters
    ----------
    always : sequence of str
        In every subset.
    forbidden : sequence of str
        In none.
    requires : mapping of str to sequence of str
        A column that may only come with all those named for it: ``{"H2O^2": ("H2O",)}``.
    groups : sequence of sequence of str
        Columns that come all together or not at all; no column in two groups.
    exclusive : sequence of sequence of str
        Columns of which at most one may come.
    min_size : int
        Fewest columns, 0 or more. The subset without columns is not searched unless this is 0.
    max_size : int, optional
        Most columns; None is all of them.

    Examples
    --------
    >>> rules = Constraints(requires={"H2O^2": ["H2O"]}, exclusive=[("T", "1/T")])
    >>> rules.allowed([0b0001, 0b0010, 0b0011, 0b1100], ["H2O", "H2O^2", "T", "1/T"]).tolist()
    [True, False, True, False]
    """

    always: tuple = ()
    forbidden: tuple = ()
    requires: dict = field(default_factory=dict)
    groups: tuple = ()
    exclusive: tuple = ()
    min_size: int = 1
    max_size: int | None = None

    def __post_init__(self):
        # Plain tuples throughout: rules are hashed into the key of stored results.
        for name in ("always", "forbidden"):
            object.__setattr__(self, name, _names(getattr(self, name)))
        for name in ("groups", "exclusive"):
            value = getattr(self, name)
            if isinstance(value, str) or any(isinstance(entry, str) for entry in value):
                raise ValueError(f"{name} = {value!r}: expected a list of lists of names, such as [('Th', 'U')]")
            object.__setattr__(self, name, tuple(map(_names, value)))
        object.__setattr__(self, "requires", {key: _names(needed) for key, needed in self.requires.items()})

    def check(self, names):
        """Refuse rules that name unknown columns or contradict each other.

        Parameters
        ----------
        names : sequence of str
            Of all columns.

        Raises
        ------
        ValueError
            Lists all faults.
        """
        listed = [*self.always, *self.forbidden, *self.requires]
        listed += [name for needed in (*self.requires.values(), *self.groups, *self.exclusive) for name in needed]
        faults = [unknown_name(name, names) for name in dict.fromkeys(listed) if name not in names]
        both = [name for name in self.always if name in self.forbidden]
        faults += [f"{name!r} is both in always and in forbidden: leave it out of one" for name in both]
        twice = [name for name, n in Counter(name for group in self.groups for name in set(group)).items() if n > 1]
        faults += [f"{name!r} is in two groups: join these groups" for name in twice]
        for together in self.exclusive:
            forced = [name for name in together if name in self.always]
            if len(forced) > 1:
                faults.append(f"{' and '.join(map(repr, forced))} are always in, but exclude each other")
        largest = len(names) if self.max_size is None else self.max_size
        if not 0 <= self.min_size <= largest:
            faults.append(f"min_size = {self.min_size} and max_size = {self.max_size}: expected 0 <= min_size <= max_size")
        if faults:
            raise ValueError("Constraints: " + "; ".join(faults))

    def reduce(self, names):
        """What is left to choose: the columns that are always in, and the free building blocks.

        Parameters
        ----------
        names : sequence of str
            Of all columns.

        Returns
        -------
        always : int
            Mask of the columns in every subset, with those that they require and their groups.
        units : array of uint64, shape (m,)
            Masks of the blocks that are free to come or not, in the order of their first column: single columns and groups.
            Columns that a forbidden one, a required one or `exclusive` rules out are gone. Every allowed subset is `always`
            with some of the units; `allowed` must still be asked about the others.

        Raises
        ------
        ValueError
            As `check`; also if the rules leave nothing.
        """
        self.check(names)
        blocks = [mask_of(group, names) for group in self.groups]
        grouped = sum(blocks)  # groups have no common column
        blocks += [1 << j for j in range(len(names)) if not grouped >> j & 1]
        needs = {mask_of(key, names): mask_of(needed, names) for key, needed in self.requires.items()}
        always = self._closed(mask_of(self.always, names), blocks, needs)
        barred = self._barred(mask_of(self.forbidden, names), always, blocks, needs, names)
        if always & barred:
            clash = ", ".join(name for j, name in enumerate(names) if (always & barred) >> j & 1)
            raise ValueError(
                f"Constraints: no subset is allowed, because {clash} must come (always, requires, groups) and must not "
                "(forbidden, exclusive)"
            )
        units = sorted((block for block in blocks if not block & (always | barred)), key=lambda block: block & -block)
        return always, np.array(units, dtype=np.uint64)

    @staticmethod
    def _closed(always, blocks, needs):
        """`always` with all that its columns drag in."""
        before = None
        while before != always:
            before = always
            for key, needed in needs.items():
                always |= needed if key & always else 0
            for block in blocks:
                always |= block if block & always else 0
        return always

    def _barred(self, barred, always, blocks, needs, names):
        """`barred` with all that cannot come either."""
        for together in self.exclusive:
            mask = mask_of(together, names)
            barred |= mask & ~always if mask & always else 0
        before = None
        while before != barred:
            before = barred
            for key, needed in needs.items():
                barred |= key if needed & barred else 0
            for block in blocks:
                barred |= block if block & barred else 0
        return barred

    def allowed(self, masks, names):
        """Which subsets keep all rules.

        Parameters
        ----------
        masks : array of int, shape (M,)
        names : sequence of str
            Of all columns.

        Returns
        -------
        array of bool, shape (M,)

        Raises
        ------
        ValueError
            As `check`.
        """
        self.check(names)
        masks = np.atleast_1d(np.asarray(masks, dtype=np.uint64))
        size = popcount(masks)
        ok = (size >= self.min_size) & (size <= (len(names) if self.max_size is None else self.max_size))

        def part(wanted):
            return masks & np.uint64(mask_of(wanted, names))

        ok &= part(self.always) == np.uint64(mask_of(self.always, names))
        ok &= part(self.forbidden) == 0
        for key, needed in self.requires.items():
            ok &= (part(key) == 0) | (part(needed) == np.uint64(mask_of(needed, names)))
        for group in self.groups:
            ok &= (part(group) == 0) | (part(group) == np.uint64(mask_of(group, names)))
        for together in self.exclusive:
            ok &= popcount(part(together)) <= 1
        return ok

    def describe(self, names):
        """The rules in words.

        Parameters
        ----------
        names : sequence of str
            Of all columns.

        Returns
        -------
        str
        """
        always, units = self.reduce(names)
        fixed = [name for name, inside in zip(names, members(always, len(names))[0], strict=True) if inside]
        said = [f"{len(units)} free blocks, at most {math.prod([2] * len(units)):,} subsets"]
        said += [f"always {', '.join(fixed)}"] if fixed else []
        said += [f"never {', '.join(self.forbidden)}"] if self.forbidden else []
        said += [f"{key} only with {', '.join(needed)}" for key, needed in self.requires.items()]
        said += [f"{' and '.join(group)} together" for group in self.groups]
        said += [f"at most one of {', '.join(together)}" for together in self.exclusive]
        return "; ".join(said)


def _names(value):
    return (value,) if isinstance(value, str) else tuple(value)
