"""Rate laws as products of single-species factors, each a row of numbers.

A reaction runs at the rate k S(y) f(y): k the rate constant (the unknown), S a surface model, f an affinity or a mass-action
term.  Every S and f offered here is a product of functions of *one* species each.  A law is therefore a short list of factors
(number of the function, species, parameters), one compiled kernel evaluates every network, and first and second derivatives
follow from the product rule.  The functions themselves are in `solver_kernels`.
"""

from __future__ import annotations

import difflib
import math
from typing import NamedTuple

__all__ = ["AFFINITIES", "SURFACES", "Factor", "factors_of"]

AFFINE, RAMP, GRAIN, POWER, AVRAMI = range(5)
MOST_FACTORS = 4
SOFTENING = 1e-3  # amount below which m^(2/3) turns linear: its slope would be infinite at zero
SEED = 1e-3


class Factor(NamedTuple):
    """One single-species factor of a rate law.

    Parameters
    ----------
    law : int
        Number of the function (see `solver_kernels`).
    species : str
        Species that it depends on.
    parameters : tuple of float
        Four numbers, the meaning of which belongs to the function.
    """

    law: int
    species: str
    parameters: tuple


def _factor(law, species, *parameters):
    return Factor(law, species, (*map(float, parameters), 0.0, 0.0, 0.0, 0.0)[:4])


def _grain(species, softening, shift=0.0, added=0.0):
    return _factor(GRAIN, species, softening, shift, added)


def _order(species, order):
    return _factor(AFFINE, species, 0.0, 1.0) if order == 1 else _factor(POWER, species, order, 0.0)


# kind -> (least and most species, {parameter: default}, maker of factors); None = must be given
SURFACES = {
    "constant": (0, 1, {"softening": SOFTENING}, lambda s, p: [_factor(POWER, x, 0.0, p["softening"]) for x in s]),
    "proportional": (1, 1, {}, lambda s, p: [_factor(RAMP, s[0], 0.0, 1.0)]),
    "mineral": (1, 1, {"softening": SOFTENING}, lambda s, p: [_grain(s[0], p["softening"])]),
    "product": (1, 1, {"seed": SEED, "softening": SOFTENING}, lambda s, p: [_grain(s[0], p["softening"], p["seed"])]),
    "nucleation": (
        1, 1, {"nuclei": SEED, "softening": SOFTENING}, lambda s, p: [_grain(s[0], p["softening"], 0.0, p["nuclei"])],
    ),
    "autocatalytic": (
        2, 2, {"seed": SEED, "softening": SOFTENING},
        lambda s, p: [_grain(s[0], p["softening"]), _grain(s[1], p["softening"], p["seed"])],
    ),
    "power": (
        1, 1, {"exponent": None, "softening": SOFTENING}, lambda s, p: [_factor(POWER, s[0], p["exponent"], p["softening"])],
    ),
    "fractured": (
        1, 1, {"growth": None, "initial": 1.0, "softening": SOFTENING},
        lambda s, p: [_grain(s[0], p["softening"]), _factor(AFFINE, s[0], 1.0 + p["growth"], -p["growth"] / p["initial"])],
    ),
    "avrami": (
        1, 1, {"exponent": None, "initial": 1.0, "seed": 1e-9},
        lambda s, p: [_factor(AVRAMI, s[0], p["exponent"], p["initial"], p["seed"])],
    ),
}  # fmt: skip

AFFINITIES = {
    "none": (0, 0, {}, lambda s, p: []),
    "dissolution": (1, 1, {"saturation": 1.0}, lambda s, p: [_factor(AFFINE, s[0], 1.0, -1.0 / p["saturation"])]),
    "undersaturation": (1, 1, {"saturation": 1.0}, lambda s, p: [_factor(RAMP, s[0], 1.0, -1.0 / p["saturation"])]),
    "precipitation": (1, 1, {"saturation": 1.0}, lambda s, p: [_factor(RAMP, s[0], -1.0, 1.0 / p["saturation"])]),
    "reversible precipitation": (1, 1, {"saturation": 1.0}, lambda s, p: [_factor(AFFINE, s[0], -1.0, 1.0 / p["saturation"])]),
    "first order": (1, 1, {}, lambda s, p: [_factor(AFFINE, s[0], 0.0, 1.0)]),
    "excess": (1, 1, {"threshold": 0.0}, lambda s, p: [_factor(RAMP, s[0], -p["threshold"], 1.0)]),
    "mass action": (1, 3, {"orders": (1.0,)}, lambda s, p: [_order(*pair) for pair in zip(s, p["orders"], strict=True)]),
}

MUST_BE_POSITIVE = ("softening", "saturation", "initial", "seed")


def _near(word, known):
    close = difflib.get_close_matches(str(word), [str(k) for k in known], 1)
    return f"; did you mean {close[0]!r}?" if close else "."


def _parsed(law, offered, role, reaction):
    """Split (kind, species..., {parameters}) and fill in the defaults."""
    where = f"reaction {reaction!r}, {role}"
    law = (law,) if isinstance(law, str) else tuple(law)
    if not law or law[0] not in offered:
        kind = law[0] if law else ""
        raise ValueError(f"{where}: unknown law {kind!r}{_near(kind, offered)} Known: {', '.join(offered)}.")
    kind, rest = law[0], law[1:]
    given = rest[-1] if rest and isinstance(rest[-1], dict) else {}
    species = rest[:-1] if rest and isinstance(rest[-1], dict) else rest
    least, most, defaults, make = offered[kind]
    if not all(isinstance(s, str) for s in species) or not least <= len(species) <= most:
        number = f"{least}" if least == most else f"{least} to {most}"
        raise ValueError(f"{where} {kind!r}: takes {number} species name(s), then {{parameter: number}}; got {list(rest)}.")
    if unknown := set(given) - set(defaults):
        word, known = sorted(unknown)[0], ", ".join(defaults) or "none"
        raise ValueError(f"{where} {kind!r}: unknown parameter {word!r}{_near(word, defaults)} Known: {known}.")
    parameters = {**defaults, **given}
    if kind == "mass action":
        orders = tuple(given.get("orders", (1.0,) * len(species)))
        if len(orders) != len(species) or not all(isinstance(o, int | float) and 1 <= o < math.inf for o in orders):
            raise ValueError(
                f"{where} {kind!r}: orders {list(orders)}; expected a number of 1 or more for each of {list(species)}."
            )
        return species, {"orders": orders}, make
    for name, value in parameters.items():
        if value is None:
            raise ValueError(f"{where} {kind!r}: the parameter {name!r} has no default; write {{{name!r}: number}} last.")
        may_be_zero = name not in MUST_BE_POSITIVE and (kind, name) != ("avrami", "exponent")
        if not (isinstance(value, int | float) and 0 <= value < math.inf and (value > 0 or may_be_zero)):
            least = "zero or more" if may_be_zero else "above zero"
            raise ValueError(f"{where} {kind!r}: {name} is {value!r}; expected a finite number, {least}.")
    return species, parameters, make


def factors_of(surface, affinity, reaction=""):
    """Translate a surface model and an affinity into factors.

    Parameters
    ----------
    surface, affinity : tuple
        ``(kind, species..., {parameter: number})``; the kinds are the keys of `SURFACES` and `AFFINITIES`, the last entry may
        be left out where defaults will do.
    reaction : str
        Name of the reaction, for messages.

    Returns
    -------
    list of Factor
        At most four; their product is the rate for a rate constant of one.

    Raises
    ------
    ValueError
        For an unknown kind, a wrong number of species, an unknown, missing or impossible parameter.

    Notes
    -----
    Surfaces, with m an amount and a(m) = m / (m + softening)^(1/3), a grain's area m^(2/3) made smooth at zero: *constant* 1,
    or, where a mineral is named, m / (m + softening), which ends when that is used up; *proportional* m; *mineral* a(m);
    *product* a(m + seed), growth on the product; *nucleation* a(m) + nuclei; *autocatalytic* a(reactant) a(product + seed);
    *power* m (m + softening)^(exponent - 1); *fractured* a(m) (1 + growth (1 - m / initial)), surface opened as the reaction
    goes on; *avrami* n m L^((n-1)/n) with L = ln(initial / m) + seed, the rate whose solution is m = initial exp(-(k t)^n)
    (the seed, without which nothing starts, brings time forward by seed^(1/n) / k).

    Affinities, with c a dissolved species: *dissolution* 1 - c/saturation; *undersaturation* the same, never negative;
    *precipitation* c/saturation - 1, never negative; *reversible precipitation* the same, either sign; *first order* c;
    *excess* c - threshold, never negative; *mass action* the product of c^order.
    """
    s, p, make = _parsed(surface, SURFACES, "surface", reaction)
    t, q, make_affinity = _parsed(affinity, AFFINITIES, "affinity", reaction)
    factors = [*make(s, p), *make_affinity(t, q)]
    if len(factors) > MOST_FACTORS:
        raise ValueError(f"reaction {reaction!r}: its law has {len(factors)} factors, at most {MOST_FACTORS} are possible.")
    return factors
