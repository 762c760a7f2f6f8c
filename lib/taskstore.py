"""A folder of finished results, found again by what they were computed from.

The key of a result is a hash of the function's name, its source code (the module that defines it and every module of
lib which that imports, see `lib.sources`), the arguments, the random stream, and the
versions of Python, NumPy and SciPy.  Comments and layout of the code do not count.  A result is one file, written under
another name and then renamed, so that an interrupted write leaves nothing that looks finished; a checksum in the file
tells a damaged one.
"""

import ast
import contextlib
import hashlib
import importlib.metadata
import inspect
import os
import pickle
import sys
import tempfile
import time
import warnings
from pathlib import Path

import joblib
import numpy as np

from lib import sources

__all__ = ["Store", "code_hash", "value_hash"]

_PLAIN = (bool, int, float, complex, str, bytes, type(None))
_loaded = {}  # module name -> (its spec, hash): a process keeps the hash of the source that it loaded


def code_hash(func):
    """Hash of the source code that a function depends on: its module and all of lib that this imports.

    The source is read when the process first asks, and again only after `importlib.reload` of the module: what counts
    is the code that runs in this process, not what was written to disk meanwhile.

    Parameters
    ----------
    func : callable
        Defined by a module; one that has no Python source (a built-in) is known by its name only.

    Returns
    -------
    str
        SHA-256, hexadecimal.
    """
    module = inspect.unwrap(func).__module__
    spec = getattr(sys.modules.get(module), "__spec__", None)
    if module not in _loaded or _loaded[module][0] is not spec:
        digest = hashlib.sha256()
        for name, path in _files(module).items():
            tree = ast.dump(ast.parse(path.read_bytes())) if path.suffix == ".py" else path.read_bytes()
            digest.update(f"{name}\n{tree}\n".encode())
        _loaded[module] = spec, digest.hexdigest()
    return hashlib.sha256(f"{_loaded[module][1]} {module}:{func.__qualname__}".encode()).hexdigest()


def _files(module):
    """Source files to follow: the module, also one outside lib (a script), and what it imports of lib."""
    own = sources.closure(module)
    path = getattr(sys.modules.get(module), "__file__", None)
    if own or not path or not path.endswith(".py"):
        return own
    return {module: Path(path), **sources.closure(Path(path))}


def value_hash(value, memo=None):
    """Hash of the content of a value: numbers, text, containers, arrays, data frames, dataclasses.

    Parameters
    ----------
    value : object
        Anything that pickles.
    memo : dict, optional
        Remembers large objects by identity, for a set of values that share them and stay alive meanwhile.

    Returns
    -------
    str
    """
    if isinstance(value, _PLAIN):
        return f"{type(value).__name__}:{value!r}"
    if memo is None:
        return joblib.hash(value, hash_name="sha1")
    if id(value) not in memo:
        memo[id(value)] = joblib.hash(value, hash_name="sha1")
    return memo[id(value)]


class Store:
    """Finished results of one function in one folder.

    Parameters
    ----------
    folder : path
        Made if it does not exist.
    func : callable
    code : str
        Its `code_hash`.
    """

    def __init__(self, folder, func, code):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        versions = [sys.version_info[:2], np.__version__, importlib.metadata.version("scipy")]
        self.base = f"{func.__module__}:{func.__qualname__} {code} {versions}"
        self.memo = {}
        for left in self.folder.glob(".*.part"):  # left by a killed process; a recent one may still be in use
            with contextlib.suppress(OSError):
                if time.time() - left.stat().st_mtime > 3600:
                    left.unlink()

    def key(self, task, child):
        """Name of a task's file: depends on function, code, arguments and stream, not on its neighbours."""
        digest = hashlib.sha256(self.base.encode())
        for name in sorted(task):
            digest.update(f"\n{name} = {value_hash(task[name], self.memo)}".encode())
        if child is not None:
            digest.update(f"\nstream {child.entropy} {child.spawn_key} {child.pool_size}".encode())
        return digest.hexdigest()[:40]

    def load(self, key):
        """Read a result back.

        Returns
        -------
        found : bool
            False also for a damaged file, with a warning: it is computed again and replaced.
        value : object
        """
        path = self.folder / f"{key}.pkl"
        try:
            raw = path.read_bytes()
        except FileNotFoundError:
            return False, None
        try:
            if hashlib.sha256(raw[32:]).digest() != raw[:32]:
                raise ValueError("its checksum does not fit")
            return True, pickle.loads(raw[32:])
        except Exception as error:  # unpickling raises what the classes in the file raise
            warnings.warn(f"stored result {path} is damaged ({error}): computed again", stacklevel=3)
            return False, None

    def save(self, key, value):
        """Write a result, whole or not at all.

        Returns
        -------
        None or str
            What went wrong, if the result itself cannot be stored. A full or read-only disk raises OSError.
        """
        try:
            raw = pickle.dumps(value, protocol=5)
        except Exception as error:  # pickling raises what the classes of the result raise
            return f"the result of the task cannot be stored: {type(error).__name__}: {error}"
        handle, part = tempfile.mkstemp(prefix=f".{key[:8]}", suffix=".part", dir=self.folder)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(hashlib.sha256(raw).digest() + raw)
            os.replace(part, self.folder / f"{key}.pkl")  # noqa: PTH105 - atomic on every system
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(part)  # noqa: PTH108
            raise
        return None
