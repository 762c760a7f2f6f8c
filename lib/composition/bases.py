"""Orthonormal bases of the clr plane, as matrices V of shape (n_parts, n_parts - 1): V'V = I and columns that sum to 0.

References
----------
Egozcue, J.J. and Pawlowsky-Glahn, V. 2005. Groups of parts and their balances in compositional data analysis.
Mathematical Geology 37, 795-828 (balances, eq. 9).
"""

from __future__ import annotations

import numpy as np

from .parts import as_parts

#: Largest departure from orthonormality that passes; rounding of a basis of 100 parts stays below 1e-13.
TOLERANCE = 1e-8


def pivot_basis(n_parts) -> np.ndarray:
    """Basis of pivot coordinates: part i against the geometric mean of the parts after it.

    Parameters
    ----------
    n_parts : int
        Two or more.

    Returns
    -------
    array, shape (n_parts, n_parts - 1)
        z_i = sqrt((D - i) / (D - i + 1)) ln(x_i / gm(x_(i+1) .. x_D)), i = 1 .. D - 1.
    """
    d = _parts(n_parts)
    signs = np.triu(-np.ones((d - 1, d)), 1)
    signs[np.arange(d - 1), np.arange(d - 1)] = 1.0
    return _columns(signs)


def helmert_basis(n_parts) -> np.ndarray:
    """Basis that Gram and Schmidt's procedure gives, the default of scikit-bio: the first i parts against part i + 1.

    Parameters
    ----------
    n_parts : int
        Two or more.

    Returns
    -------
    array, shape (n_parts, n_parts - 1)
    """
    d = _parts(n_parts)
    signs = np.tril(np.ones((d - 1, d)))
    signs[np.arange(d - 1), np.arange(1, d)] = -1.0
    return _columns(signs)


def balance_basis(signs) -> np.ndarray:
    """Basis of balances of a sequential binary partition.

    Parameters
    ----------
    signs : array-like, shape (n_parts - 1, n_parts)
        One row a split: +1 parts above, -1 parts below, 0 parts that take no part in it.

    Returns
    -------
    array, shape (n_parts, n_parts - 1)
        With r parts above and s below: +sqrt(s / (r (r + s))) and -sqrt(r / (s (r + s))).

    Raises
    ------
    ValueError
        Other numbers than -1, 0, 1, a split without parts on one side, or splits that are not one partition.
    """
    given = np.asarray(signs, float)
    if given.ndim != 2 or given.shape[0] != given.shape[1] - 1:
        raise ValueError(f"signs has shape {given.shape}; a partition of D parts has D - 1 splits: shape (D - 1, D)")
    if not np.isin(given, (-1.0, 0.0, 1.0)).all():
        raise ValueError("signs may hold +1, -1 and 0 only")
    for i, row in enumerate(given):
        if not ((row > 0).any() and (row < 0).any()):
            raise ValueError(f"split {i} has no parts on one side; it needs at least one +1 and one -1")
    found = _columns(given)
    off = np.abs(found.T @ found - np.eye(len(given)))
    if off.max() > TOLERANCE:
        i, j = np.unravel_index(off.argmax(), off.shape)
        raise ValueError(
            f"splits {i} and {j} overlap without one lying inside one side of the other; a sequential binary partition "
            "splits all parts first and then always one of the groups that it made"
        )
    return found


def balance(x, plus, minus) -> np.ndarray | float:
    """One balance: the scaled log-ratio of the geometric means of two groups of parts.

    Parameters
    ----------
    x : array-like, shape (n_parts,) or (n_samples, n_parts)
        Positive.
    plus, minus : sequence of int
        Columns of the two groups, without a common one.

    Returns
    -------
    float or array, shape (n_samples,)
        sqrt(r s / (r + s)) ln(gm(plus) / gm(minus)).

    Raises
    ------
    ValueError
        An empty group, a column in both, or cells that are not positive.
    """
    plus, minus = list(plus), list(minus)
    both = sorted(set(plus) & set(minus))
    if both or not plus or not minus:
        raise ValueError(f"the two groups must hold parts and share none; shared: {both}, plus {plus}, minus {minus}")
    # the groups alone count: a part outside them may be zero
    logs = np.log(as_parts(np.asarray(x, float)[..., plus + minus]))
    r, s = len(plus), len(minus)
    found = np.sqrt(r * s / (r + s)) * (logs[..., :r].mean(axis=-1) - logs[..., r:].mean(axis=-1))
    return float(found) if found.ndim == 0 else found


def random_basis(n_parts, rng) -> np.ndarray:
    """Basis in a random orientation, uniformly distributed; to test that a result does not depend on the basis.

    Parameters
    ----------
    n_parts : int
        Two or more.
    rng : numpy.random.Generator
        Stream of random numbers.

    Returns
    -------
    array, shape (n_parts, n_parts - 1)
    """
    d = _parts(n_parts)
    q, r = np.linalg.qr(rng.standard_normal((d - 1, d - 1)))
    return pivot_basis(d) @ (q * np.sign(np.diag(r)))


def check_basis(basis) -> np.ndarray:
    """Return a basis when it is one.

    Parameters
    ----------
    basis : array-like, shape (n_parts, n_parts - 1)
        V'V = I and every column sums to 0, both to 1e-8.

    Returns
    -------
    array, shape (n_parts, n_parts - 1)

    Raises
    ------
    ValueError
        Saying which of the two fails and by how much.
    """
    v = np.asarray(basis, float)
    if v.ndim != 2 or v.shape[0] != v.shape[1] + 1:
        raise ValueError(f"the basis has shape {v.shape}; expected (n_parts, n_parts - 1), one column a coordinate")
    sums, gram = np.abs(v.sum(axis=0)).max(), np.abs(v.T @ v - np.eye(v.shape[1])).max()
    if not sums < TOLERANCE:
        raise ValueError(f"the columns of the basis must sum to 0; largest sum {sums:.3g}")
    if not gram < TOLERANCE:
        raise ValueError(f"the columns of the basis must be orthonormal; largest departure {gram:.3g}")
    return v


def _columns(signs):
    """Return balances of sign rows as columns."""
    above, below = signs > 0, signs < 0
    r, s = above.sum(axis=1, keepdims=True), below.sum(axis=1, keepdims=True)
    return (np.sqrt(s / (r * (r + s))) * above - np.sqrt(r / (s * (r + s))) * below).T


def _parts(n_parts):
    """Return the number of parts when it is one."""
    if int(n_parts) != n_parts or n_parts < 2:
        raise ValueError(f"n_parts = {n_parts}; a composition has two parts or more")
    return int(n_parts)
