"""Networks as TOML files: read with all faults at once, and a template to start from."""

from __future__ import annotations

import difflib
import math
import tomllib
from pathlib import Path

from .balance import parse_equation, parse_formula
from .network import Network, Reaction, silica_network

__all__ = ["NetworkFileFaults", "read_network", "write_template"]

TOP = {"name", "species", "reservoirs", "start", "fast", "formula", "reaction"}
REACTION = {"name", "equation", "surface", "affinity", "rate", "rate_scale"}

HEADER = """\
# A network of candidate reactions. Amounts in mol, rate constants in mol per unit of the table's time.
# species: the states; reservoirs: present without limit, such as water; start: amounts at time zero (0 where not listed).
# fast: dissolved species on another scale than mol, with the mol that one unit holds (0.02: saturation 1 is 0.02 mol).
# formula: composition of each species and reservoir; every reaction is checked element by element.
# surface:  ["constant"], ["constant", m] (until used up), ["proportional", m], ["mineral", m] (m^(2/3)), ["product", m],
#           ["nucleation", m], ["autocatalytic", reactant, product], ["power", m, {exponent = 0.5}],
#           ["fractured", m, {growth = 2.0, initial = 1.0}], ["avrami", m, {exponent = 3.0, initial = 1.0}]
# affinity: ["none"], ["dissolution", c], ["undersaturation", c], ["precipitation", c, {saturation = 0.3}], ["first order", c],
#           ["reversible precipitation", c], ["excess", c, {threshold = 0.02}], ["mass action", c, d, {orders = [1, 2]}]
# rate_scale: scale of the half-normal prior of the rate constant; rate: a reference value, may be left out.
"""


class NetworkFileFaults(ValueError):
    """Everything that is wrong with a network file.

    Parameters
    ----------
    path : path-like
        The file.
    faults : list of str
        One message a fault.
    """

    def __init__(self, path, faults):
        self.path, self.faults = Path(path), list(faults)
        super().__init__("\n".join(f"{self.path.name}: {fault}" for fault in self.faults))


def _unknown(given, known, where):
    for word in sorted(set(given) - known):
        close = difflib.get_close_matches(word, known, 1)
        hint = f"; did you mean {close[0]!r}?" if close else "."
        yield f"{where}: unknown entry {word!r}{hint} Known: {', '.join(sorted(known))}."


def _attempt(faults, where, call, *arguments, **words):
    """Call; on ValueError note it and return None."""
    try:
        return call(*arguments, **words)
    except ValueError as error:
        faults.append(str(error) if not where or where in str(error) else f"{where}: {error}")
        return None


def _number(faults, row, key, default, where):
    value = row.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int | float):
        faults.append(f"{where}: {key} is {value!r}; expected a number.")
        return default
    return float(value)


def _read_reaction(row, place, faults):
    where = f"reaction {row.get('name', '')!r}" if row.get("name") else f"reaction number {place}"
    faults += _unknown(row, REACTION, where)
    missing = [key for key in ("name", "equation") if not isinstance(row.get(key), str) or not row.get(key)]
    if missing:
        faults.append(f"{where}: {missing[0]} is missing; write name = 'R2' and equation = '2 Fo + 3 H2O -> Srp + Brc'.")
        return None
    net = _attempt(faults, where, parse_equation, row["equation"])
    rate, scale = _number(faults, row, "rate", math.nan, where), _number(faults, row, "rate_scale", 1.0, where)
    laws = {}
    for key, default in (("surface", ["constant"]), ("affinity", ["none"])):
        law = row.get(key, default)
        law = [law] if isinstance(law, str) else law
        if not isinstance(law, list) or not law or not isinstance(law[0], str):
            faults.append(f'{where}: {key} is {law!r}; expected a list such as ["mineral", "Fo"].')
            law = default
        laws[key] = tuple(law)
    if not net:
        return None
    return _attempt(faults, where, Reaction, row["name"], net, **laws, rate=rate, rate_scale=scale, equation=row["equation"])


def read_network(path):
    """Read a network from a TOML file and check it.

    Parameters
    ----------
    path : path-like
        File in the form that `write_template` writes.

    Returns
    -------
    Network
        The network, balanced in every element that its formulas name.

    Raises
    ------
    NetworkFileFaults
        With every fault found: broken TOML, unknown entries, species or laws, formulas or equations that cannot be read,
        reactions that make or lose an element.
    """
    path = Path(path)
    try:
        text = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise NetworkFileFaults(path, [f"is not readable as TOML: {error}"]) from None
    faults = list(_unknown(text, TOP, "top of the file"))
    species, reservoirs = text.get("species", []), text.get("reservoirs", [])
    rows = text.get("reaction", [])
    for key, value in (("species", species), ("reservoirs", reservoirs)):
        if not isinstance(value, list) or not all(isinstance(s, str) for s in value) or (key == "species" and not value):
            faults.append(f'{key} is {value!r}; expected a list of names such as ["Fo", "Srp"].')
    if not isinstance(rows, list) or not rows:
        faults.append("no reaction; write one [[reaction]] block for each candidate.")
    tables = {key: text.get(key, {}) for key in ("formula", "fast", "start")}
    for key, value in tables.items():
        if not isinstance(value, dict):
            faults.append(f"{key} is {value!r}; expected a table, [{key}] with one line a species.")
    if faults:
        raise NetworkFileFaults(path, faults)
    elements = {}
    for s, formula in tables["formula"].items():
        if s not in (*species, *reservoirs):
            faults.append(f"[formula]: unknown species {s!r}; known: {', '.join((*species, *reservoirs))}.")
        elements[s] = str(formula)
        _attempt(faults, f"[formula] {s}", parse_formula, elements[s])
    amounts = {key: {s: _number(faults, tables[key], s, 1.0, f"[{key}]") for s in tables[key]} for key in ("fast", "start")}
    reactions = [_read_reaction(row, i, faults) for i, row in enumerate(rows, 1)]
    usable = [r for r in reactions if r is not None]
    network = None
    if not faults:
        network = _attempt(
            faults, "", Network, species, usable, elements,
            reservoirs=reservoirs, name=str(text.get("name", path.stem)), **amounts,
        )  # fmt: skip
    if network is not None:
        faults += [str(fault) for fault in network.balance()]
    if faults:
        raise NetworkFileFaults(path, faults)
    return network


def _toml(value):
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k} = {_toml(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_toml(v) for v in value) + "]"
    return '"' + value + '"' if isinstance(value, str) else f"{value:.12g}"


def write_template(path, network=None):
    """Write a network file to start from.

    Parameters
    ----------
    path : path-like
        File to write; refused when it exists.
    network : Network, optional
        The network to write; the silica network when left out.

    Returns
    -------
    Path
        The file written; `read_network` reads the same network from it.

    Raises
    ------
    FileExistsError
        When there is such a file already.
    """
    path, network = Path(path), network or silica_network()
    formulas = {s: "".join(f"{e}{n:g}" for e, n in part.items()) for s, part in network.elements.items()} | network.formulas
    lines = [HEADER, f'name = "{network.name}"', f"species = {_toml(network.species)}"]
    lines += [f"reservoirs = {_toml(network.reservoirs)}"]
    for title, table in (("start", network.start), ("fast", network.fast), ("formula", formulas)):
        if table:
            lines += ["", f"[{title}]", *(f"{s} = {_toml(v)}" for s, v in table.items())]
    for r in network.reactions:
        lines += ["", "[[reaction]]", f'name = "{r.name}"', f'equation = "{r.equation or equation_of(r.stoichiometry)}"']
        lines += [f"surface = {_toml(r.surface)}", f"affinity = {_toml(r.affinity)}"]
        lines += [f"rate = {r.rate:.12g}"] if math.isfinite(r.rate) else []
        lines += [f"rate_scale = {r.rate_scale:.12g}"]
    with path.open("x", encoding="utf-8") as handle:
        handle.write("\n".join(lines) + "\n")
    return path


def equation_of(stoichiometry):
    """Write net coefficients as an equation.

    Parameters
    ----------
    stoichiometry : mapping of str to float
        Net amount of each species produced.

    Returns
    -------
    str
        Such as ``"2 Fo -> Srp"``.
    """
    sides = [[], []]
    for s, v in stoichiometry.items():
        sides[v > 0].append((f"{abs(v):g} " if abs(v) != 1 else "") + s)
    return " -> ".join(" + ".join(side) for side in sides)
