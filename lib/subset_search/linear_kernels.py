"""Numba kernels of the linear search: Gaussian elimination along a tree of subsets.

Adding a column to a model is one step of elimination: the column becomes a pivot, and what it explains is taken out of the
columns that may still follow and out of the response.  Columns enter from the highest bit down.  A subset is then reached from
its parent, the subset without its lowest bit, by one step that touches only the columns below that bit; half of all subsets
end in bit 0 and touch the response alone.  Masks in ascending order are this tree walked depth first, so a stack of one state
a depth is all the memory, and a subset costs a few numbers instead of the k^3 of a fit.

Nothing is ever taken back (a step that is undone leaves rounding errors behind): the state of a subset comes by one and the
same chain of operations whatever was scored before it, so its value depends on the mask alone, to the last bit.

Layout: the response is index 0 and column j is index j + 1, so that what remains below a pivot is a contiguous beginning;
symmetric matrices use their lower triangle; the fold is the last axis, over which every step is one short vector operation.

References
----------
Furnival G.M., Wilson R.W. (1974) Regressions by leaps and bounds. Technometrics 16, 499-511 (the tree of subsets).
"""

import numpy as np
from numba import njit

#: A pivot below this share of its column's own sum of squares counts as collinear.
SINGULAR = 1e-10


@njit(cache=True, nogil=True, error_model="numpy")
def highest(bits):
    """Position of the highest set bit; -1 of zero."""
    found = -1
    while bits:
        bits >>= np.uint64(1)
        found += 1
    return found


@njit(cache=True, nogil=True, error_model="numpy")
def needed(mask, following, bit, use):
    """Fill `use` with the indices that the step of `bit` must update, ascending; returns how many.

    A state that the next mask builds on too keeps all columns below its bit, any other one those of its own mask.
    """
    shared = (mask >> np.uint64(bit)) == (following >> np.uint64(bit))
    use[0] = 0
    n = 1
    for j in range(bit):
        if shared or (mask >> np.uint64(j)) & np.uint64(1):
            use[n] = j + 1
            n += 1
    return n


@njit(cache=True, nogil=True, error_model="numpy")
def fold_errors(masks, train, test, losses):
    """Held-out squared error of every fold, for subsets in ascending order of their masks.

    The same elimination is applied to the cross products of the training rows and, as a congruence, to those of the rows held
    out.  When all columns of a subset have been pivots, the response of the held-out rows has become their residual: its
    square is the corner of the second matrix, and no coefficient was ever formed.

    Parameters
    ----------
    masks : array of uint64, shape (M,)
        Ascending.
    train, test : array, shape (p + 1, p + 1, F)
        Cross products about the training mean; `train` with the ridge on its diagonal.
    losses : array, shape (M, F)
        Filled; NaN where a pivot vanishes in any fold.
    """
    m, folds = train.shape[0], train.shape[2]
    a, b = np.empty((m, m, m, folds)), np.empty((m, m, m, folds))  # depth, row, column, fold
    for i in range(m):
        for j in range(m):
            for f in range(folds):
                a[0, i, j, f], b[0, i, j, f] = train[i, j, f], test[i, j, f]
    gain, half = np.empty((m, folds)), np.empty((m, folds))
    bits, use = np.empty(m, np.int64), np.empty(m, np.int64)
    bad = np.zeros(m, np.bool_)
    depth, previous = 0, np.uint64(0)
    for s in range(masks.size):
        mask = masks[s]
        following = masks[s + 1] if s + 1 < masks.size else np.uint64(0)
        bit = highest(mask ^ previous)
        while depth > 0 and bits[depth - 1] < bit:
            depth -= 1
        while bit >= 0:
            if (mask >> np.uint64(bit)) & np.uint64(1):
                c, n = bit + 1, needed(mask, following, bit, use)
                old, new = depth, depth + 1
                ok = not bad[old]
                for f in range(folds):
                    ok &= a[old, c, c, f] > SINGULAR * train[c, c, f]
                bad[new] = not ok
                for iu in range(n if ok else 0):
                    i = use[iu]
                    for f in range(folds):
                        g = a[old, c, i, f] / a[old, c, c, f]
                        gain[i, f] = g
                        half[i, f] = b[old, c, i, f] - 0.5 * g * b[old, c, c, f]
                    for ju in range(iu + 1):
                        j = use[ju]
                        for f in range(folds):
                            a[new, i, j, f] = a[old, i, j, f] - gain[i, f] * a[old, c, j, f]
                            b[new, i, j, f] = b[old, i, j, f] - gain[i, f] * half[j, f] - gain[j, f] * half[i, f]
                bits[depth] = bit
                depth = new
            bit -= 1
        for f in range(folds):
            losses[s, f] = np.nan if bad[depth] else b[depth, 0, 0, f]
        previous = mask


@njit(cache=True, nogil=True, error_model="numpy")
def left_out_errors(masks, gram, columns, losses):
    """Squared error of each row predicted from all others, for subsets in ascending order of their masks.

    The elimination carries the columns themselves: the response becomes the residual e_i, and each pivot column adds its part
    to the leverage h_i.  The residual of row i in a fit without it is ``e_i / (1 - h_i)``.

    Parameters
    ----------
    masks : array of uint64, shape (M,)
        Ascending.
    gram : array, shape (p + 1, p + 1)
        Cross products about the mean, with the ridge on the diagonal.
    columns : array, shape (p + 1, n)
        The centred response and columns.
    losses : array, shape (M, n)
        Filled; NaN where a pivot vanishes, or where a row alone decides a coefficient (h_i = 1).
    """
    m, rows = columns.shape
    a, x = np.empty((m, m, m)), np.empty((m, m, rows))  # depth first
    leverage = np.empty((m, rows))
    for i in range(m):
        for j in range(m):
            a[0, i, j] = gram[i, j]
        for r in range(rows):
            x[0, i, r] = columns[i, r]
            leverage[0, r] = 1.0 / rows  # of the intercept
    bits, use = np.empty(m, np.int64), np.empty(m, np.int64)
    bad = np.zeros(m, np.bool_)
    depth, previous = 0, np.uint64(0)
    for s in range(masks.size):
        mask = masks[s]
        following = masks[s + 1] if s + 1 < masks.size else np.uint64(0)
        bit = highest(mask ^ previous)
        while depth > 0 and bits[depth - 1] < bit:
            depth -= 1
        while bit >= 0:
            if (mask >> np.uint64(bit)) & np.uint64(1):
                c, n = bit + 1, needed(mask, following, bit, use)
                old, new = depth, depth + 1
                ok = (not bad[old]) and a[old, c, c] > SINGULAR * gram[c, c]
                bad[new] = not ok
                for iu in range(n if ok else 0):
                    i = use[iu]
                    g = a[old, c, i] / a[old, c, c]
                    for ju in range(iu + 1):
                        a[new, i, use[ju]] = a[old, i, use[ju]] - g * a[old, c, use[ju]]
                    for r in range(rows):
                        x[new, i, r] = x[old, i, r] - g * x[old, c, r]
                if ok:
                    share = 1.0 / a[old, c, c]
                    for r in range(rows):
                        leverage[new, r] = leverage[old, r] + share * x[old, c, r] * x[old, c, r]
                bits[depth] = bit
                depth = new
            bit -= 1
        undefined = bad[depth]
        for r in range(rows):
            undefined |= leverage[depth, r] > 1.0 - SINGULAR
        for r in range(rows):
            error = x[depth, 0, r] / (1.0 - leverage[depth, r])
            losses[s, r] = np.nan if undefined else error * error
        previous = mask
