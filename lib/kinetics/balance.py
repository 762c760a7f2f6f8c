"""Balances: formulas, reaction equations, elements that a reaction loses, quantities that a network conserves."""

from __future__ import annotations

import dataclasses
import re

import numpy as np

__all__ = ["NetworkFault", "conserved_quantities", "element_faults", "parse_equation", "parse_formula"]

TOLERANCE = 1e-9  # of the largest amount that enters the sum: coefficients are written with a few digits


@dataclasses.dataclass(frozen=True)
class NetworkFault:
    """An element that a reaction makes or destroys.

    Parameters
    ----------
    reaction : str
        Name of the reaction.
    element : str
        The element, or "" when a species has no known composition.
    excess : float
        Moles of it produced by one unit of reaction.
    message : str
        What to correct.
    """

    reaction: str
    element: str
    excess: float
    message: str

    def __str__(self):
        return self.message


def parse_formula(formula):
    """Read a chemical formula.

    Parameters
    ----------
    formula : str
        Such as ``"Mg3Si2O5(OH)4"``; decimals (``"Mg1.8Fe0.2SiO4"``) and nested brackets are read, charges are not.

    Returns
    -------
    dict of str to float
        Atoms of each element.

    Raises
    ------
    ValueError
        For text that is no formula.
    """
    stack, position = [{}], 0
    token = re.compile(r"([A-Z][a-z]?)(\d*\.?\d*)|(\()|(\))(\d*\.?\d*)")
    text = formula.replace(" ", "")
    while position < len(text):
        found = token.match(text, position)
        if not found or (found[4] and len(stack) == 1):
            raise ValueError(f"formula {formula!r}: cannot read {text[position:]!r}; expected elements as in 'Mg3Si2O5(OH)4'.")
        position = found.end()
        if found[3]:
            stack.append({})
            continue
        group, number = ({found[1]: 1.0}, found[2]) if found[1] else (stack.pop(), found[5])
        for element, count in group.items():
            stack[-1][element] = stack[-1].get(element, 0.0) + count * float(number or 1)
    if len(stack) > 1 or not stack[0]:
        raise ValueError(f"formula {formula!r}: empty, or a bracket is left open.")
    return stack[0]


def parse_equation(equation):
    """Read a reaction equation.

    Parameters
    ----------
    equation : str
        Such as ``"2 Fo + 3 H2O -> Srp + Brc"``: a number, a space, a species; the number may be left out; a side may be empty.

    Returns
    -------
    dict of str to float
        Net amount of each species produced.

    Raises
    ------
    ValueError
        For text that is no equation.
    """
    sides = equation.split("->")
    if len(sides) != 2:
        raise ValueError(f"equation {equation!r}: expected one '->', as in '2 Fo + 3 H2O -> Srp + Brc'.")
    net = {}
    for sign, side in zip((-1.0, 1.0), sides, strict=True):
        for term in filter(None, (t.strip() for t in side.split(" + "))):
            found = re.fullmatch(r"(?:(\d+\.?\d*|\.\d+)\s+)?([^\s\d+][^\s+]*)", term)
            if not found:
                raise ValueError(f"equation {equation!r}: cannot read {term!r}; expected a number, a space and a species.")
            net[found[2]] = net.get(found[2], 0.0) + sign * float(found[1] or 1)
    if not net:
        raise ValueError(f"equation {equation!r}: no species on either side.")
    return net


def element_faults(network):
    """Check every reaction of a network for elements made or destroyed.

    Parameters
    ----------
    network : Network
        The network; without element contents nothing can be checked.

    Returns
    -------
    list of NetworkFault
        One for each reaction and element that do not balance, and for each species in a reaction without composition.
    """
    faults = []
    if not network.elements:
        return faults
    for reaction in network.reactions:
        unknown = [s for s in reaction.stoichiometry if s not in network.elements]
        for s in unknown:
            text = f"reaction {reaction.name!r}: species {s!r} has no formula, so that its balance is unknown; give one."
            faults.append(NetworkFault(reaction.name, "", float("nan"), text))
        if unknown:
            continue
        for element in sorted({e for s in reaction.stoichiometry for e in network.elements[s]}):
            terms = [v * network.elements[s].get(element, 0.0) for s, v in reaction.stoichiometry.items()]
            excess = sum(terms)
            if abs(excess) > TOLERANCE * max(map(abs, terms)):
                verb = "makes" if excess > 0 else "loses"
                used, made = -sum(t for t in terms if t < 0), sum(t for t in terms if t > 0)
                text = f"reaction {reaction.name!r} ({reaction.equation or 'no equation'}): {verb} {abs(excess):g} {element}; "
                text += f"{used:g} consumed, {made:g} produced; correct the coefficients."
                faults.append(NetworkFault(reaction.name, element, excess, text))
    return faults


def conserved_quantities(network):
    """Return the linear quantities that no reaction of a network changes.

    Parameters
    ----------
    network : Network
        The network.

    Returns
    -------
    ndarray, shape (n_conserved, n_species)
        Elements' totals (those independent of each other) first, then an orthonormal rest of the left null space.
    """
    n = network.stoichiometry
    scale = max(1.0, np.abs(n).max(initial=0.0))
    rows = []
    for element in sorted({e for s in network.species for e in network.elements.get(s, {})}):
        w = network.capacity * [network.elements.get(s, {}).get(element, 0.0) for s in network.species]
        if np.abs(w @ n).max(initial=0.0) <= TOLERANCE * scale * np.abs(w).max():
            independent = np.linalg.matrix_rank(np.array([*rows, w])) > len(rows)
            rows += [w] if independent else []
    u, size, _ = np.linalg.svd(n, full_matrices=True) if network.n else (np.eye(network.n_species), np.zeros(0), None)
    rank = int((size > 1e-10 * size.max(initial=0.0)).sum())
    null = u[:, rank:].T
    if rows:  # what is left of the null space once the elements are taken out
        basis = np.linalg.qr(np.array(rows).T)[0]
        rest = null - (null @ basis) @ basis.T
        _, size, right = np.linalg.svd(rest)
        null = right[: int((size > 1e-8).sum())]
    return np.vstack([np.array(rows).reshape(-1, network.n_species), null])
