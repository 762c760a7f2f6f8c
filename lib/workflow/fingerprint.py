"""Content hashes: what a notebook run, or one cached call, depends on.

Modules are followed from import statements (`lib.sources`); of ``lib.workflow`` a notebook depends on the recorder alone.
"""

from __future__ import annotations

import hashlib
import re
import sys
from pathlib import Path

from lib import sources
from lib.workflow.paths import DATA, LOCK, notebook

HEADER = re.compile(r"\A# ---\n.*?^# ---\n", re.DOTALL | re.MULTILINE)


def sha256(content: bytes) -> str:
    """SHA-256 of bytes as hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's content."""
    with Path(path).open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def combine(parts: dict[str, str]) -> str:
    """One hash of named hashes, whatever their order."""
    return sha256("\n".join(f"{name}\t{parts[name]}" for name in sorted(parts)).encode())


def code_parts(start: Path | str) -> dict[str, str]:
    """Hashes of the lib files and the lock that `start` depends on, by path relative to the project."""
    parts = {name: file_sha256(path) for name, path in sources.closure(start).items()}
    if LOCK.is_file():
        parts["requirements.lock"] = file_sha256(LOCK)
    return parts


def notebook_text(stem: str) -> str:
    """Text of a notebook without its header (whose versions differ between tools without meaning)."""
    return HEADER.sub("", notebook(stem).read_text(encoding="utf-8").replace("\r\n", "\n"))


def data_parts(stem: str) -> dict[str, str]:
    """Hashes of the case's embedded tables and of its description of input."""
    folder = DATA / stem
    files = sorted(folder.rglob("*")) if folder.is_dir() else []
    return {f"data/{path.relative_to(DATA).as_posix()}": file_sha256(path) for path in files if path.is_file()}


def external_keys(stem: str) -> list[str]:
    """Keys of the external data sets that a case reads when they are here."""
    import tomllib

    described = DATA / stem / "input.toml"
    return tomllib.loads(described.read_text(encoding="utf-8")).get("external", []) if described.is_file() else []


def here(key: str):
    """The source of an external data set if a file with the right checksum is on this machine, else None."""
    from lib.tables import external

    try:
        return external.locate(key)
    except external.ExternalDataError as error:  # a damaged or foreign file is refused, and counts as absent
        print(error, file=sys.stderr)
        return None


def external_parts(stem: str) -> dict[str, str]:
    """Hash of each external data set that is on this machine, ``absent`` for the others."""
    sources = {key: here(key) for key in external_keys(stem)}
    return {f"external/{key}": file_sha256(source.path) if source else "absent" for key, source in sources.items()}


def run_parts(stem: str, parameters: dict[str, object]) -> dict[str, str]:
    """All that a run of a notebook depends on, by name; `combine` makes one hash of it."""
    parts = {"notebook": sha256(notebook_text(stem).encode()), **code_parts(notebook(stem)), **data_parts(stem)}
    parts.update(external_parts(stem))
    for name, value in parameters.items():
        if name in ("out_dir", "n_jobs"):
            continue  # where results go and how many workers made them do not change the results
        if name.endswith("_path") and value:
            parts[f"parameter {name}"] = file_sha256(Path(str(value)))
        else:
            parts[f"parameter {name}"] = repr(value)
    return parts
