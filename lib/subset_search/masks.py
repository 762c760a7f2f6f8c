"""Subsets of columns as bit masks: counting, listing, naming.

A mask is an unsigned 64-bit integer; bit j is set if column j belongs to the subset.  At most 63 columns, so that every mask
is also a non-negative signed integer.  Listings can be entered at any position, which is how a search is cut into tasks.
"""

import difflib
import math
import numbers

import numpy as np

__all__ = [
    "MAX_FEATURES",
    "combinations",
    "gray",
    "gray_rank",
    "mask_of",
    "members",
    "n_subsets",
    "names_of",
    "popcount",
    "rank",
    "size_range",
    "spread",
    "unrank",
]

MAX_FEATURES = 63


def gray(i):
    """Binary reflected Gray code: neighbours in the list differ by one column.

    Parameters
    ----------
    i : int or array of int
        Position in the list, 0 or more.

    Returns
    -------
    uint64 or array of uint64
        The mask at that position.

    Examples
    --------
    >>> [int(g) for g in gray(range(8))]
    [0, 1, 3, 2, 6, 7, 5, 4]
    """
    i = np.asarray(i, dtype=np.uint64)
    return i ^ (i >> np.uint64(1))


def gray_rank(masks):
    """Position of masks in the Gray code; inverse of `gray`.

    Parameters
    ----------
    masks : int or array of int

    Returns
    -------
    uint64 or array of uint64
    """
    found = np.asarray(masks, dtype=np.uint64)
    for shift in (1, 2, 4, 8, 16, 32):
        found = found ^ (found >> np.uint64(shift))
    return found


def popcount(masks):
    """Number of columns in each subset.

    Parameters
    ----------
    masks : int or array of int

    Returns
    -------
    int64 or array of int64
    """
    return np.bitwise_count(np.asarray(masks, dtype=np.uint64)).astype(np.int64)


def members(masks, n_features):
    """Which column is in which subset.

    Parameters
    ----------
    masks : array of int, shape (M,)
    n_features : int
        Number of columns p.

    Returns
    -------
    array of bool, shape (M, p)
    """
    masks = np.atleast_1d(np.asarray(masks, dtype=np.uint64))
    return (masks[:, None] >> np.arange(n_features, dtype=np.uint64)) & np.uint64(1) != 0


def size_range(n_features, sizes=None):
    """Smallest and largest size asked for.

    Parameters
    ----------
    n_features : int
        Number of columns p.
    sizes : None, int or tuple (int, int)
        All sizes from 1 to p, one size, or a range with both ends included; 0 is the model without columns.

    Returns
    -------
    tuple (int, int)

    Raises
    ------
    ValueError
        If the sizes are not whole numbers between 0 and p in ascending order.
    """
    if sizes is None:
        return min(1, n_features), n_features
    pair = (sizes, sizes) if isinstance(sizes, numbers.Integral) else sizes
    try:
        low, high = pair
        whole = all(isinstance(end, numbers.Integral) and not isinstance(end, bool) for end in (low, high))
    except (TypeError, ValueError):
        whole = False
    if not whole or not 0 <= low <= high <= n_features:
        raise ValueError(
            f"sizes = {sizes!r}: expected one size or a pair (smallest, largest) of whole numbers between 0 and the number of "
            f"columns, {n_features}"
        )
    return int(low), int(high)


def n_subsets(n_features, sizes=None):
    """How many subsets there are.

    Parameters
    ----------
    n_features : int
        Number of columns p.
    sizes : None, int or tuple (int, int)
        As in `size_range`; None counts all but the empty subset, 2**p - 1.

    Returns
    -------
    int

    Examples
    --------
    >>> n_subsets(16), n_subsets(16, 2), n_subsets(16, (1, 3))
    (65535, 120, 696)
    """
    low, high = size_range(n_features, sizes)
    return sum(math.comb(n_features, k) for k in range(low, high + 1))


def rank(mask):
    """Position of a mask among all of its size, in ascending order (combinatorial number system).

    Parameters
    ----------
    mask : int

    Returns
    -------
    int
    """
    bits = [j for j in range(MAX_FEATURES + 1) if int(mask) >> j & 1]
    return sum(math.comb(j, i + 1) for i, j in enumerate(bits))


def unrank(n_features, size, position):
    """The mask at a position among all of one size; inverse of `rank`.

    Parameters
    ----------
    n_features, size : int
    position : int
        0 up to, not including, C(p, size).

    Returns
    -------
    int

    Raises
    ------
    ValueError
        If there is no such position.
    """
    if not 0 <= position < math.comb(n_features, size):
        raise ValueError(
            f"position {position}: expected 0 to {math.comb(n_features, size) - 1}, as there are "
            f"{math.comb(n_features, size)} subsets of {size} out of {n_features} columns"
        )
    mask, top = 0, n_features
    for k in range(size, 0, -1):
        top = next(j for j in range(top - 1, -1, -1) if math.comb(j, k) <= position)
        position -= math.comb(top, k)
        mask |= 1 << top
    return mask


def combinations(n_features, size, start=0, stop=None):
    """Subsets of one size in ascending order, or a stretch of that list.

    Parameters
    ----------
    n_features, size : int
        C(p, size) subsets.
    start, stop : int, optional
        Positions in the list, as in a slice.

    Returns
    -------
    array of uint64, shape (stop - start,)

    Examples
    --------
    >>> [f"{mask:04b}" for mask in combinations(4, 2)]
    ['0011', '0101', '0110', '1001', '1010', '1100']
    >>> int(combinations(4, 2, 4, 5)[0]) == 0b1010
    True
    """
    _check_width(n_features)
    size_range(n_features, size)
    stop = math.comb(n_features, size) if stop is None else min(stop, math.comb(n_features, size))
    if start >= stop:
        return np.empty(0, np.uint64)
    first = np.asarray([unrank(n_features, size, start)], dtype=np.uint64)
    return _stretch(first, stop - start) if size else first


def _stretch(first, n):
    """`n` masks of one size from `first` on.

    Doubling the list by whole arrays is not possible in ascending order, so the step from mask to mask (Gosper: add the lowest
    set bit, shift what the carry left behind to the bottom) is taken for many starting points at once.
    """
    size = int(popcount(first)[0])
    lanes = max(1, min(n, 1024))
    length = -(-n // lanes)
    begin = rank(int(first[0]))
    wide = MAX_FEATURES + 1
    state = np.array([unrank(wide, size, begin + length * i) for i in range(-(-n // length))], dtype=np.uint64)
    found = np.empty((len(state), length), np.uint64)
    one, two = np.uint64(1), np.uint64(2)
    for step in range(length):
        found[:, step] = state
        low = state & (~state + one)
        carried = state + low
        state = carried | (((state ^ carried) // np.maximum(low, one)) >> two)
    return found.ravel()[:n]


def spread(index, units):
    """Masks made of building blocks: bit i of `index` brings in all columns of `units[i]`.

    Parameters
    ----------
    index : array of int, shape (M,)
    units : array of uint64, shape (m,)
        Masks without common columns.

    Returns
    -------
    array of uint64, shape (M,)
    """
    index = np.asarray(index, dtype=np.uint64)
    found = np.zeros(index.shape, np.uint64)
    for i, unit in enumerate(np.asarray(units, dtype=np.uint64)):
        found |= ((index >> np.uint64(i)) & np.uint64(1)) * unit
    return found


def names_of(mask, names):
    """Names of the columns in a subset.

    Parameters
    ----------
    mask : int
    names : sequence of str
        Of all columns, in order.

    Returns
    -------
    tuple of str

    Raises
    ------
    ValueError
        If the mask has a bit beyond the last name.

    Examples
    --------
    >>> names_of(0b101, ["La", "Ce", "Eu"])
    ('La', 'Eu')
    """
    mask = int(mask)
    if mask >> len(names):
        raise ValueError(f"mask {mask} has a bit beyond column {len(names) - 1}: is it of another table?")
    return tuple(name for j, name in enumerate(names) if mask >> j & 1)


def mask_of(names, all_names):
    """Mask of the columns that are named.

    Parameters
    ----------
    names : sequence of str
    all_names : sequence of str
        Of all columns, in order.

    Returns
    -------
    int

    Raises
    ------
    ValueError
        If a name is unknown; the nearest known ones are given.

    Examples
    --------
    >>> mask_of(["Eu", "La"], ["La", "Ce", "Eu"])
    5
    """
    names = [names] if isinstance(names, str) else names
    where = {name: j for j, name in enumerate(all_names)}
    unknown = [name for name in names if name not in where]
    if unknown:
        raise ValueError("; ".join(unknown_name(name, all_names) for name in unknown))
    return sum(1 << where[name] for name in set(names))


def unknown_name(name, all_names):
    """A sentence about a name that is none of the columns.

    Parameters
    ----------
    name : str
    all_names : sequence of str

    Returns
    -------
    str
    """
    near = difflib.get_close_matches(str(name), list(all_names), n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(map(repr, near))}?" if near else f"the columns are {', '.join(map(str, all_names))}"
    return f"no column is named {name!r}: {hint}"


def _check_width(n_features):
    if n_features > MAX_FEATURES:
        raise ValueError(
            f"{n_features} columns: a subset is one 64-bit mask, so that at most {MAX_FEATURES} can be searched. Leave "
            "columns out, or put columns that belong together into one group"
        )
