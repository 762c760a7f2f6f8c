"""Which source files a piece of code depends on, found from import statements alone: nothing is imported to find out."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent
PACKAGE = ROOT.name


def find(dotted: str) -> tuple[str, Path] | None:
    """The module that a dotted name below ``lib`` belongs to, and its file; None for names outside.

    A name such as ``lib.tasks.run_tasks`` belongs to ``lib.tasks``.
    """
    parts = dotted.split(".")
    while parts and parts[0] == PACKAGE:
        base = ROOT.joinpath(*parts[1:])
        for path in (base / "__init__.py", base.with_suffix(".py")):
            if path.is_file() and len(parts) > 1:
                return ".".join(parts), path
        parts = parts[:-1]
    return None


def imports(path: Path) -> frozenset[str]:
    """Dotted names below ``lib`` that a Python file may import, at any depth of its code.

    Relative imports are resolved; a file that imports by name (``import_module``, ``lazy_loader``) counts as importing
    every module of its folder.
    """
    status = path.stat()
    return _imports(path, status.st_mtime_ns, status.st_size)


@cache
def _imports(path: Path, _changed: int, _size: int) -> frozenset[str]:
    inside = path.is_relative_to(ROOT)
    folder = [PACKAGE, *path.parent.relative_to(ROOT).parts] if inside else []
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), filename=path.name)):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = folder[: len(folder) - node.level + 1] if node.level else []
            origin = ".".join([*above, *([node.module] if node.module else [])])
            names.update([origin, *(f"{origin}.{alias.name}" for alias in node.names)])
        elif inside and getattr(node, "id", getattr(node, "attr", "")) in ("import_module", "__import__", "lazy_loader"):
            names.update(".".join([*folder, member.stem]) for member in path.parent.glob("*.py"))
    return frozenset(name for name in names if name.partition(".")[0] == PACKAGE)


def closure(start: str | Path) -> dict[str, Path]:
    """All files of ``lib`` that a module (dotted name) or a Python file anywhere depends on.

    Parameters
    ----------
    start : str or Path
        A dotted name is part of its own closure; a file outside ``lib``, such as a notebook, is not.

    Returns
    -------
    dict of str to Path
        By path relative to the project, sorted; with the files other than Python that lie in a package's folder (schemas,
        style sheets).
    """
    todo = [start] if isinstance(start, str) else list(imports(start.resolve()))
    found: dict[str, Path] = {}
    while todo:
        hit = find(todo.pop())
        if hit is None or hit[0] in found:
            continue
        name, path = hit
        found[name] = path
        todo.append(name.rpartition(".")[0])  # importing a module runs its parent packages
        todo.extend(imports(path))
    files = set(found.values())
    for path in found.values():
        if path.name == "__init__.py":
            files.update(
                p for p in path.parent.iterdir() if p.is_file() and p.suffix in (".mplstyle", ".json", ".toml", ".csv")
            )
    return {path.relative_to(ROOT.parent).as_posix(): path for path in sorted(files)}
