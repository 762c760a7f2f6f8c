"""Input checks shared by the drawing functions: one wording, and never a change of what the caller passed."""

import matplotlib.pyplot as plt
import numpy as np


def axes_or_current(ax):
    """Return `ax`, or the current Axes when it is None."""
    return plt.gca() if ax is None else ax


def array(where, name, value, shape=None, *, positive=False):
    """Return a float copy of `value`, of the shape expected.

    Parameters
    ----------
    where, name : str
        Function and argument, for the message.
    value : array-like
        Numbers; NaN means no value.
    shape : tuple of (int or None), optional
        Expected shape, None for any length; default: one-dimensional of any length.
    positive : bool
        Refuse values that are not above zero.

    Returns
    -------
    numpy.ndarray of float

    Raises
    ------
    ValueError
        Wrong number of dimensions, wrong length, or a value that is not positive where it must be.
    """
    shape = (None,) if shape is None else shape
    try:
        out = np.array(value, dtype=float)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{where}: {name} holds something that is not a number ({error}); pass numbers or NaN") from error
    wanted = "(" + ", ".join("any" if s is None else str(s) for s in shape) + ")"
    if out.ndim != len(shape) or any(s is not None and s != t for s, t in zip(shape, out.shape, strict=True)):
        raise ValueError(f"{where}: {name} has shape {out.shape}, expected {wanted}; check its order and length")
    if positive and np.any(out <= 0):
        raise ValueError(
            f"{where}: {name} holds {np.sum(out <= 0)} value(s) <= 0, expected all > 0; leave cells "
            "below detection or not analysed as NaN"
        )
    return out


def mask(where, name, value, n):
    """Return a boolean copy of `value`, shape (n,); None gives all False."""
    if value is None:
        return np.zeros(n, dtype=bool)
    out = np.array(value)
    if out.dtype != bool or out.shape != (n,):
        raise ValueError(f"{where}: {name} must be a boolean array of shape ({n},), got {out.dtype} of shape {out.shape}")
    return out


def interval(where, lower, upper, value):
    """Return checked copies of an interval around `value`, or (None, None).

    Raises
    ------
    ValueError
        Only one bound given, a wrong shape, or a lower bound above the upper one.
    """
    if lower is None and upper is None:
        return None, None
    if lower is None or upper is None:
        raise ValueError(f"{where}: only one bound of the interval was given; pass both lower and upper, or neither")
    lower = array(where, "lower", lower, np.shape(value))
    upper = array(where, "upper", upper, np.shape(value))
    if np.any(lower > upper):
        raise ValueError(f"{where}: lower exceeds upper at index {int(np.argmax((lower > upper).ravel()))}; swap them")
    return lower, upper


def names_of(where, names, n=None):
    """Return `names` as a list of str, of length `n`."""
    if isinstance(names, str):
        raise ValueError(f"{where}: names is one text ({names!r}); pass a list of names")
    out = [str(name) for name in names]
    if n is not None and len(out) != n:
        raise ValueError(f"{where}: {len(out)} names for {n} values; pass one name a value")
    return out


def named(where, ax, names, *, immobile=None, positive=False, **values):
    """Check what most idioms take: an Axes, names, an immobile set, and arrays with one value a name.

    Parameters
    ----------
    where : str
        Function, for the messages.
    ax : Axes or None
        None for the current one.
    names : sequence of str, length n
    immobile : array of bool, shape (n,), optional
    positive : bool
        Refuse values that are not above zero.
    **values
        Arrays, shape (n,), by the name of their argument.

    Returns
    -------
    tuple
        Axes, list of names, boolean array (all False without `immobile`), then a float copy of each of `values`.
    """
    ax, names = axes_or_current(ax), names_of(where, names)
    arrays = [array(where, key, value, (len(names),), positive=positive) for key, value in values.items()]
    return (ax, names, mask(where, "immobile", immobile, len(names)), *arrays)


def one_of(where, name, value, allowed):
    """Return `value` when it is one of `allowed`."""
    if value not in allowed:
        raise ValueError(f"{where}: {name} is {value!r}, expected one of {', '.join(map(repr, allowed))}")
    return value


def bars_around(value, lower, upper):
    """Distances (2, n) for ``errorbar``; an interval that leaves its value out is cut at the value, never negative."""
    return np.vstack([np.maximum(value - lower, 0), np.maximum(upper - value, 0)])
