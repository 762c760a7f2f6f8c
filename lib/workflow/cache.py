"""Results of expensive calls, kept on disk under a key of everything they depend on.

The key holds the content of the arguments, the source of the function's module and of all of ``lib`` that it imports, and
the lock. (joblib.Memory looks at the function alone and returns stale results when a callee has changed.)
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from pathlib import Path

from lib import sources
from lib.taskstore import Store, code_hash
from lib.workflow import fingerprint
from lib.workflow.paths import LOCK


def _source_state() -> str:
    files = sorted(sources.ROOT.rglob("*.py"))
    return fingerprint.combine({path.as_posix(): fingerprint.file_sha256(path) for path in files})


# What this process has loaded. In JupyterLab the files may change under a running kernel; a result computed by the old
# code must then not be stored under a key made of the new.
LOADED = _source_state()


def cached(folder: Path, func: Callable, *args: object, **kwargs: object) -> object:
    """Return ``func(*args, **kwargs)``, from `folder` when nothing that it depends on has changed.

    Parameters
    ----------
    folder : Path
        Where results are stored, one file each.
    func : callable
        A function of a module of ``lib``. The arguments ``n_jobs`` and ``progress`` are not part of the key.
    *args, **kwargs
        Its arguments, keyed by content.

    Returns
    -------
    object
        What the function returns; it must be picklable.

    Raises
    ------
    TypeError
        For a function outside ``lib``, whose callees cannot be followed.
    """
    if sources.find(getattr(func, "__module__", "")) is None:
        message = f"cached() takes functions of lib, whose callees can be followed; {func!r} is none. Move it to lib."
        raise TypeError(message)
    if _source_state() != LOADED:
        text = "cached(): files of lib changed since this kernel started: computed afresh, not stored. Restart the kernel."
        print(text, file=sys.stderr)
        return func(*args, **kwargs)
    bound = inspect.signature(func).bind(*args, **kwargs)
    bound.apply_defaults()
    keyed = {name: value for name, value in bound.arguments.items() if name not in ("n_jobs", "progress")}
    lock = fingerprint.file_sha256(LOCK) if LOCK.is_file() else "no lock"
    store = Store(folder, func, f"{code_hash(func)} {lock}")
    key = store.key(keyed, None)
    found, result = store.load(key)
    if not found:
        result = func(*args, **kwargs)
        fault = store.save(key, result)
        if fault:
            raise TypeError(fault)
    return result
