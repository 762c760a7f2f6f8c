"""External tables: the registry ``data/external.toml``, and where each file is on this machine.

Nothing heavy is imported here: the check that decides whether a notebook has to run again calls `locate`.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from .faults import SchemaError
from .schema_files import DATA, read_toml

REGISTRY = DATA / "external.toml"
MIRROR_VARIABLE = "COMPENDIUM_DATA_MIRROR"
CACHE_VARIABLE = "COMPENDIUM_CACHE"
_REQUIRED = {"url": str, "bytes": int, "sha256": str, "licence": str, "citation": str}
_OPTIONAL = {"note": str, "schema": str, "columns": str}


class ExternalDataError(ValueError):
    """A file on this machine is not the one that the registry names."""


@dataclass(frozen=True)
class Entry:
    """One external file.

    Parameters
    ----------
    key : str
        Name in the registry, also its path in the mirror and the cache, such as ``isocon/soils.csv``.
    url : str
        Address at a fixed commit or a DOI.
    bytes : int
        Size.
    sha256 : str
        Checksum, 64 hexadecimal digits.
    licence, citation, note : str
        Licence as published, original publication, remarks.
    schema : str
        Stem of the case whose schema the table is read with, or empty.
    columns : str
        Mapping to that schema, relative to ``data/``, or empty.
    """

    key: str
    url: str
    bytes: int
    sha256: str
    licence: str
    citation: str
    note: str = ""
    schema: str = ""
    columns: str = ""


def registry(path=None) -> dict:
    """Read the registry of external files.

    Parameters
    ----------
    path : path-like, optional
        By default ``data/external.toml``.

    Returns
    -------
    dict of str to Entry
        In the order of the file.

    Raises
    ------
    SchemaError
        With everything that is wrong in the registry.
    """
    path = Path(path or REGISTRY)
    entries, problems = {}, []
    for key, given in read_toml(path, "registry").items():
        where = f"{path.name}: [{key}]"
        if not isinstance(given, dict) or ".." in key or key.startswith(("/", "\\")):
            problems.append(f'{where}: an entry is ["folder/file"] followed by its values')
            continue
        problems += [f"{where}: {name} is missing" for name in _REQUIRED if name not in given]
        known = _REQUIRED | _OPTIONAL
        for name, value in given.items():
            if name not in known:
                problems.append(f"{where}: unknown value {name}; known: {', '.join(known)}")
            elif not isinstance(value, known[name]):
                problems.append(f"{where}: {name} = {value!r} must be of type {known[name].__name__}")
        digest = str(given.get("sha256", ""))
        if len(digest) != 64 or set(digest) - set("0123456789abcdef"):
            problems.append(f"{where}: sha256 must be 64 hexadecimal digits in small letters")
        entries[key] = (key, given)
    if problems:
        raise SchemaError("\n".join(problems))
    return {key: Entry(key=key, **given) for key, given in entries.values()}


def entry(key) -> Entry:
    """Return one entry of the registry.

    Raises
    ------
    SchemaError
        When the key is unknown; the nearest ones are named.
    """
    known = registry()
    if key not in known:
        raise SchemaError(f"'{key}' is not in data/external.toml; known: {', '.join(known) or 'nothing'}")
    return known[key]


def mirror_folder() -> Path | None:
    """Return the folder named by ``COMPENDIUM_DATA_MIRROR``, made absolute from the caller's folder, or None."""
    given = os.environ.get(MIRROR_VARIABLE, "").strip()
    return Path(given).expanduser().absolute() if given else None


def cache_folder() -> Path:
    """Return the folder where downloads are kept: ``COMPENDIUM_CACHE``, or the user's cache folder of the system."""
    given = os.environ.get(CACHE_VARIABLE, "").strip()
    if given:
        return Path(given).expanduser().absolute()
    from platformdirs import user_cache_dir

    return Path(user_cache_dir("solid-earth-compendium"))


def sha256_of(path) -> str:
    """Return the SHA-256 of a file as 64 hexadecimal digits."""
    with Path(path).open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def locate(key):
    """Find an external file on this machine, without the network.

    The mirror is tried first, then the cache. Size and checksum are verified each time.

    Parameters
    ----------
    key : str
        Key of the registry, such as ``"isocon/soils.csv"``.

    Returns
    -------
    Source or None
        None when the file is not here (see `fetch`).

    Raises
    ------
    ExternalDataError
        When a file of that name is here and is a different one.
    SchemaError
        When the registry does not know the key.
    """
    item = entry(key)
    mirror = mirror_folder()
    for folder, kind in ((mirror, "mirror"), (cache_folder(), "cache")):
        path = folder / key if folder else None
        if path and path.is_file():
            _verify(path, item, kind)
            return _source(path, item)
    return None


def fetch(keys=None, *, retry=False):
    """Download what is missing; see `lib.tables.download.fetch` (imported only here, for pooch and requests are slow)."""
    from .download import fetch as run

    return run(keys, retry=retry)


def _verify(path, item, kind):
    """Refuse a file whose size or checksum is not that of the registry."""
    size = path.stat().st_size
    found = sha256_of(path) if size == item.bytes else f"{size} bytes"
    expected = item.sha256 if size == item.bytes else f"{item.bytes} bytes"
    if found == expected:
        return
    what = "SHA-256" if size == item.bytes else "size"
    todo = {
        "mirror": f"Put the right file there, or unset {MIRROR_VARIABLE}",
        "cache": f"Delete that file and run `make data` to fetch it again (from {item.url})",
    }[kind]
    raise ExternalDataError(
        f"{item.key}: the file in the {kind} is not the registered one and was not used.\n  file      {path}\n"
        f"  expected  {what} {expected}\n  found     {what} {found}\n"
        f"{todo}. If the file was changed by its publisher, report it: data/external.toml then needs a new entry."
    )


def _source(path, item):
    """Return the Source of a verified file."""
    from .sources import Source

    return Source(
        key=item.key,
        path=path,
        schema=DATA / item.schema / "input.toml" if item.schema else None,
        adapter=DATA / item.columns if item.columns else None,
        licence=item.licence,
        citation=item.citation,
    )
