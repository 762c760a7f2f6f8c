"""The parameters of a notebook: read from its text, and refused when unknown, of the wrong type or out of range.

The cell tagged ``parameters`` is the only declaration. Each line reads ``name = literal  # unit; range; meaning`` with a range
``low to high``, ``one of a, b, c`` or ``any``. papermill's own inspection is not used: it only warns of an unknown name,
turns tuples into strings and loses a parameter whose comment holds an equals sign.
"""

from __future__ import annotations

import ast
import difflib
import io
import re
import tokenize
from dataclasses import dataclass
from pathlib import Path

from lib.workflow.paths import UsageError, notebook

CELL = re.compile(r"^# %%.*$", re.MULTILINE)
TAG = re.compile(r"tags\s*=\s*\[[^\]]*[\"']parameters[\"'][^\]]*\]")
NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
BETWEEN = re.compile(rf"^({NUMBER}) to ({NUMBER})$")


@dataclass(frozen=True)
class Parameter:
    """One declared parameter of a notebook."""

    name: str
    default: object
    unit: str
    allowed: str
    meaning: str

    @property
    def is_path(self) -> bool:
        """Whether the value names a file, whose content then counts as an input."""
        return self.name.endswith("_path")


def declared(stem: str, text: str | None = None) -> dict[str, Parameter]:
    """Read the parameters cell of a notebook.

    Parameters
    ----------
    stem : str
        The notebook's stem.
    text : str, optional
        Its py:percent text; read from ``notebooks/`` when absent.

    Returns
    -------
    dict of str to Parameter
        In the order of the cell.

    Raises
    ------
    UsageError
        When there is not exactly one such cell, or a line is not a documented literal.
    """
    text = notebook(stem).read_text(encoding="utf-8") if text is None else text
    marks = list(CELL.finditer(text))
    ends = [mark.start() for mark in marks[1:]] + [len(text)]
    cells = [(mark, end) for mark, end in zip(marks, ends, strict=True) if TAG.search(mark.group())]
    if len(cells) != 1:
        message = f'notebook {stem}: expected exactly one cell tagged "parameters", found {len(cells)}'
        raise UsageError(message)
    (mark, end) = cells[0]
    source = text[mark.end() : end]
    comments = _comments(source)
    found: dict[str, Parameter] = {}
    for node in ast.parse(source).body:
        where = f"notebook {stem}, parameters cell, line {node.lineno - 1} of the cell"
        if not (isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name)):
            message = f"{where}: only lines 'name = literal  # unit; range; meaning' may stand here"
            raise UsageError(message)
        name = node.targets[0].id
        try:
            default = ast.literal_eval(node.value)
        except ValueError as error:
            message = f"{where}: {name} must be a literal; a derived value would not follow an injected one"
            raise UsageError(message) from error
        parts = [part.strip() for part in comments.get(node.end_lineno, "").split(";", 2)]
        if len(parts) != 3 or not all(parts):
            message = f"{where}: {name} needs a comment '# unit; range; meaning', got {'; '.join(parts)!r}"
            raise UsageError(message)
        found[name] = Parameter(name, default, *parts)
        fault = _fault(found[name], default)
        if fault:
            message = f"{where}: the default breaks its own rule: {fault}"
            raise UsageError(message)
    return found


def _comments(source: str) -> dict[int, str]:
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return {token.start[0]: token.string.lstrip("# ").strip() for token in tokens if token.type == tokenize.COMMENT}


def parse_value(parameter: Parameter, text: str) -> object:
    """Read a value typed on the command line by the type of the parameter's default."""
    if isinstance(parameter.default, str):
        return text
    lowered = {"true": "True", "false": "False", "null": "None", "none": "None"}.get(text.strip().lower(), text)
    try:
        return ast.literal_eval(lowered)
    except (ValueError, SyntaxError):
        return text  # of the wrong type then, and refused by `effective` with the reason


def effective(stem: str, given: dict[str, object], *, base: Path | None = None) -> dict[str, object]:
    """Merge given values into the declared defaults, refusing what does not fit.

    Parameters
    ----------
    stem : str
        The notebook's stem.
    given : dict
        Values by name.
    base : Path, optional
        Folder against which values of ``*_path`` parameters are made absolute; the current one when absent.

    Returns
    -------
    dict
        A value for every declared parameter, of plain JSON types.

    Raises
    ------
    UsageError
        Naming every unknown name (with the nearest known one), wrong type, value out of range and missing file.
    """
    known = declared(stem)
    faults = []
    values = {name: parameter.default for name, parameter in known.items()}
    for name, value in given.items():
        if name not in known:
            nearest = difflib.get_close_matches(name, known, n=1, cutoff=0.4)
            hint = f"; did you mean {nearest[0]}?" if nearest else ""
            faults.append(f"unknown parameter {name!r}{hint} (known: {', '.join(known)})")
            continue
        parameter = known[name]
        value = list(value) if isinstance(value, tuple) else value
        if isinstance(parameter.default, float) and isinstance(value, int) and not isinstance(value, bool):
            value = float(value)
        fault = _fault(parameter, value)
        if fault:
            faults.append(fault)
        values[name] = value
    base = base or Path.cwd()
    for name, parameter in known.items():
        if parameter.is_path and isinstance(values[name], str) and values[name]:
            path = (base / Path(values[name]).expanduser()).absolute()
            values[name] = str(path)
            if not path.is_file():
                faults.append(f"{name}: no file {path}; give a path relative to {base} or an absolute one")
    if faults:
        raise UsageError(f"{stem}: " + f"\n{stem}: ".join(faults))
    return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}


def _fault(parameter: Parameter, value: object) -> str | None:
    """Say what is wrong with a value, or None."""
    name, default = parameter.name, parameter.default
    if default is not None:
        kind = type(default)
        right = isinstance(value, kind) and (kind is bool) == isinstance(value, bool)
        if kind in (list, tuple):
            right = isinstance(value, (list, tuple))
        if not right:
            return f"{name}: expected {kind.__name__}, got {type(value).__name__} {value!r} ({parameter.meaning})"
    members = value if isinstance(value, (list, tuple)) else [value]
    between = BETWEEN.match(parameter.allowed)
    if between:
        low, high = map(float, between.groups())
        outside = [member for member in members if not (isinstance(member, (int, float)) and low <= float(member) <= high)]
        if outside:
            return f"{name}: {outside[0]!r} is outside {parameter.allowed} ({parameter.unit}; {parameter.meaning})"
    elif parameter.allowed.startswith("one of "):
        choices = [choice.strip() for choice in parameter.allowed.removeprefix("one of ").split(",")]
        outside = [member for member in members if str(member) not in choices]
        if outside:
            nearest = difflib.get_close_matches(str(outside[0]), choices, n=1)
            hint = f"; did you mean {nearest[0]}?" if nearest else ""
            return f"{name}: {outside[0]!r} is not {parameter.allowed}{hint}"
    elif parameter.allowed != "any":
        return f"{name}: its declared range {parameter.allowed!r} is not 'low to high', 'one of ...' or 'any'"
    return None


def table(stem: str) -> str:
    """Return the declared parameters as lines for people."""
    rows = [(p.name, repr(p.default), p.unit, p.allowed, p.meaning) for p in declared(stem).values()]
    head = ("parameter", "default", "unit", "range", "meaning")
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(4)]
    lines = [
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[4]]) for row in [head, *rows]
    ]
    return "\n".join(lines)
