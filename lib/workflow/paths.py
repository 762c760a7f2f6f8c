"""Where things live: the project's folders, its case studies, and how a reader may name them."""

from __future__ import annotations

import difflib
import os
import re
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = Path(os.environ.get("COMPENDIUM_NOTEBOOKS") or ROOT / "notebooks").absolute()
FIGURES = ROOT / "figures"
DATA = ROOT / "data"
LOCK = ROOT / "requirements.lock"
PROJECT = re.compile(r'^name = "solid-earth-compendium"', re.MULTILINE)


class UsageError(Exception):
    """A request that cannot be carried out as it stands; printed without a traceback, exit code 2."""


def build_root() -> Path:
    """Folder of all build products: ``build/``, or the folder that COMPENDIUM_BUILD names."""
    named = os.environ.get("COMPENDIUM_BUILD")
    return Path(named).absolute() if named else ROOT / "build"


def stems() -> list[str]:
    """Stems of all case studies, in reading order."""
    return sorted(path.stem for path in NOTEBOOKS.glob("[0-9][0-9]_*.py"))


def notebook(stem: str) -> Path:
    """Path of the notebook's text file."""
    return NOTEBOOKS / f"{stem}.py"


def resolve_case(name: str) -> str:
    """Find the one case study that a stem, a number or a part of a stem names.

    Parameters
    ----------
    name : str
        For example ``"02_alteration_isocon"``, ``"2"``, ``"02"`` or ``"isocon"``.

    Raises
    ------
    UsageError
        When no case study, or more than one, answers to the name.
    """
    known = stems()
    if name in known:
        return name
    plain = name.removesuffix(".py").removesuffix(".ipynb").rpartition("/")[2]
    found = [stem for stem in known if stem == plain]
    if not found and plain.isdigit():
        found = [stem for stem in known if int(stem[:2]) == int(plain)]
    if not found:
        found = [stem for stem in known if plain and plain.lower() in stem.lower()]
    if len(found) == 1:
        return found[0]
    nearest = difflib.get_close_matches(plain, known, n=1, cutoff=0.3)
    hint = f"; did you mean {nearest[0]}?" if nearest and not found else ""
    several = f" matches several case studies: {', '.join(found)}" if found else f" names no case study{hint}"
    message = f"NAME={name!r}{several}. Known: {', '.join(known) or 'none'}."
    raise UsageError(message)


def clone_of(folder: Path) -> Path | None:
    """Root of the compendium that holds `folder`, or None when it lies in none."""
    for parent in (folder, *folder.parents):
        project = parent / "pyproject.toml"
        if project.is_file() and PROJECT.search(project.read_text(encoding="utf-8")):
            return parent
    return None


def short(path: Path | str) -> str:
    """Write a path for people: relative to the project or to the caller's folder where that is shorter."""
    path = Path(path).absolute()
    for base in (ROOT, Path.cwd()):
        if path.is_relative_to(base):
            return path.relative_to(base).as_posix() or "."
    return str(path)


def write_atomic(path: Path, content: bytes | str) -> None:
    """Write a file so that a reader sees the old content or the new, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    raw = content.encode("utf-8") if isinstance(content, str) else content
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(raw)
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(temporary, 0o666 & ~umask)  # noqa: PTH101 - mkstemp makes 0600; a product is readable like any other
        os.replace(temporary, path)  # noqa: PTH105 - the atomic rename
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
