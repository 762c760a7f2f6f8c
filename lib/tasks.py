"""Run many independent tasks: here, on all cores, or on a cluster, with the same numbers everywhere.

A task is a dictionary of keyword arguments for one function.  `run_tasks` calls the function once a task and
returns the results in the order of the tasks.  Where the work is done changes nothing in the numbers: every task has
its own random stream, fixed by its position, and one thread.

Where the work is done
    - `n_jobs=1`: in this process, one task after the other;
    - `n_jobs>1`: in that many processes of this machine (joblib, loky);
    - environment variable `COMPENDIUM_SCHEDULER`: on the dask.distributed cluster at that address, for instance
      ``tcp://10.0.0.5:8786``; the word ``local`` starts a cluster of `n_jobs` processes (two at least) on this machine,
      which is the way to try the cluster path without a cluster.  It is read at every call and goes before `n_jobs`.
      joblib leaves a cluster of one single core idle and computes in this process.

Progress is drawn where somebody looks: see `lib.progress`.
"""

import contextlib
import numbers
import os
import reprlib
import sys
import threading
import traceback
from dataclasses import dataclass

import numpy as np

from lib.progress import bar as progress_bar
from lib.taskstore import Store, code_hash
from lib.threads import one_thread

__all__ = ["TaskError", "run_tasks", "spawn"]

_here = threading.local()  # .inside is True while a task runs in this thread: a sweep inside a task stays serial


class TaskError(RuntimeError):
    """Some tasks of a sweep failed; the others finished.

    Parameters
    ----------
    message : str
        How many failed, which, and the first traceback.
    failures : sequence of tuple (int, dict, str)
        Position, arguments and traceback of each failed task; kept as an attribute.
    results : sequence
        Results in the order of the tasks, None where a task failed; kept as an attribute.
    """

    def __init__(self, message, failures=(), results=()):
        super().__init__(message)
        self.failures = list(failures)
        self.results = list(results)


@dataclass
class _Outcome:
    """What one task gave: its position, and its result or the traceback as text (an exception may not pickle)."""

    index: int
    value: object = None
    error: str | None = None


def spawn(seed, n):
    """Independent random generators; `run_tasks(..., seed=seed)` gives number i to task i.

    Parameters
    ----------
    seed : int or numpy.random.SeedSequence
        Non-negative. A SeedSequence is read, not advanced: the same argument gives the same streams again.
    n : int
        How many, at least 0.

    Returns
    -------
    list of numpy.random.Generator, length n

    Examples
    --------
    >>> [int(rng.integers(100)) for rng in spawn(7, 3)] == [int(rng.integers(100)) for rng in spawn(7, 5)[:3]]
    True
    """
    return [np.random.default_rng(child) for child in _children(seed, n)]


def _children(seed, n):
    """Child seeds 0 to n - 1, as SeedSequence.spawn makes them, without changing the parent."""
    if not isinstance(seed, np.random.SeedSequence):
        if isinstance(seed, bool) or not isinstance(seed, numbers.Integral) or seed < 0:
            raise ValueError(f"seed = {seed!r}: expected an integer of 0 or more, or a numpy.random.SeedSequence")
        seed = np.random.SeedSequence(int(seed))
    return [np.random.SeedSequence(seed.entropy, spawn_key=(*seed.spawn_key, i), pool_size=seed.pool_size) for i in range(n)]


def run_tasks(func, tasks, *, seed=None, n_jobs=1, store=None, label="", progress=None):
    """Call `func(**task)` for every task and return the results in order.

    Parameters
    ----------
    func : callable
        A function that a module defines (not a lambda, a closure or a notebook function, unless `n_jobs` is 1 and
        there is no store). It must not change its arguments.
    tasks : sequence of dict
        Keyword arguments, one dictionary a call. What is large and common to all may be the same object in each.
    seed : int or numpy.random.SeedSequence, optional
        If given, each call also gets `rng`, a `numpy.random.Generator` of its own: stream i of `spawn(seed, n)` for
        task i, whatever the order, the number of workers or the rest of the list.
    n_jobs : int
        Processes on this machine: 1 or more, or -1 for all cores.
    store : path, optional
        Folder for finished results. Each is written, whole or not at all, by this process as soon as it arrives; a
        sweep that was killed, or given more tasks, computes only what is missing. A stored result is used again only
        for the same arguments, stream, function and source code (its module and all of lib that this imports).
        Files are pickles: keep the folder to yourself.
    label : str
        Name in the progress bar and in messages.
    progress : bool, optional
        Draw progress or not; None asks the environment.

    Returns
    -------
    list
        Results, in the order of the tasks.

    Raises
    ------
    TypeError, ValueError
        An argument has the wrong form, or `func` cannot be imported by a worker.
    TaskError
        One or more tasks failed, after all others have finished (and are stored).

    Notes
    -----
    Results are equal to the last bit in all three places if the machines run the same versions of the numerical
    libraries on the same kind of processor.

    Examples
    --------
    >>> import math
    >>> run_tasks(math.hypot, [])
    []
    """
    tasks = _checked_tasks(tasks, seeded=seed is not None)
    n_jobs = _checked_jobs(n_jobs)
    scheduler = "" if getattr(_here, "inside", False) else os.environ.get("COMPENDIUM_SCHEDULER", "").strip()
    if getattr(_here, "inside", False):
        n_jobs = 1
    children = [None] * len(tasks) if seed is None else _children(seed, len(tasks))
    away = bool(scheduler) or n_jobs > 1
    if away or store is not None:
        _check_importable(func, f"the cluster {scheduler}" if scheduler else f"n_jobs = {n_jobs}", store)
    code = code_hash(func) if away or store is not None else ""

    shelf = Store(store, func, code) if store is not None else None
    results, waiting = [None] * len(tasks), []
    keys = {}
    for i, (task, child) in enumerate(zip(tasks, children, strict=True)):
        found = False
        if shelf is not None:
            keys[i] = shelf.key(task, child)
            found, results[i] = shelf.load(keys[i])
        if not found:
            waiting.append((i, task, child))

    if scheduler and waiting:
        outcomes = _on_cluster(func, waiting, code, n_jobs, scheduler)
    elif n_jobs > 1 and len(waiting) > 1:
        outcomes = _on_cores(func, waiting, code, min(n_jobs, len(waiting)))
    else:
        outcomes = (_call(func, i, task, child, code) for i, task, child in waiting)

    failures, done = {}, len(tasks) - len(waiting)
    with progress_bar(len(tasks), label=label, done=done, show=progress) as bar, contextlib.closing(outcomes):
        try:
            for outcome in outcomes:
                if outcome.error is None and shelf is not None:
                    outcome.error = shelf.save(keys[outcome.index], outcome.value)
                if outcome.error is None:
                    results[outcome.index] = outcome.value
                    done += 1
                else:
                    failures[outcome.index] = outcome.error
                bar.update(1)
        except ConnectionError:
            raise
        except Exception as error:  # a worker died or a result cannot travel; errors of tasks are not raised
            raise TaskError(_broken(error, label, done, len(tasks), store), results=results) from error
    if failures:
        failed = [(i, tasks[i], failures[i]) for i in sorted(failures)]
        raise TaskError(_report(failed, label, len(tasks), store), failed, results)
    return results


def _call(func, index, task, child, code):
    """Run one task where the work is done: one thread, own random stream, errors as text."""
    try:
        if code and code_hash(func) != code:
            raise RuntimeError(
                f"the source code of {func.__module__} in this worker is not that of the submitting process: "
                "restart the workers (dask) or the kernel, so that both load the same files"
            )
        arguments = task if child is None else {**task, "rng": np.random.default_rng(child)}
        outside, _here.inside = getattr(_here, "inside", False), True
        try:
            with one_thread:
                return _Outcome(index, func(**arguments))
        finally:
            _here.inside = outside
    except Exception:  # collected: the other tasks go on, and run_tasks raises one error at the end
        return _Outcome(index, error=traceback.format_exc())


def _on_cores(func, waiting, code, n_jobs):
    from joblib import Parallel, delayed

    # joblib joins short tasks into batches of some tenths of a second by itself.
    pool = Parallel(n_jobs=n_jobs, backend="loky", return_as="generator_unordered")
    return pool(delayed(_call)(func, i, task, child, code) for i, task, child in waiting)


def _on_cluster(func, waiting, code, n_jobs, scheduler):
    from distributed import Client, LocalCluster
    from joblib import Parallel, delayed, parallel_config

    with contextlib.ExitStack() as stack:
        address = scheduler
        if scheduler == "local":
            address = stack.enter_context(
                LocalCluster(n_workers=max(n_jobs, 2), threads_per_worker=1, dashboard_address="127.0.0.1:0")
            )
        try:
            client = stack.enter_context(Client(address, timeout=10, set_as_default=False))
        except (OSError, ValueError) as error:
            raise ConnectionError(
                f"COMPENDIUM_SCHEDULER = {scheduler!r}: no dask scheduler answers there ({error}). Expected an address "
                "like tcp://host:8786 of a running `dask scheduler`, or the word local; unset it to work on this "
                "machine only"
            ) from error
        with parallel_config(backend="dask", client=client, wait_for_workers_timeout=60):
            pool = Parallel(return_as="generator_unordered")
            yield from pool(delayed(_call)(func, i, task, child, code) for i, task, child in waiting)


def _checked_tasks(tasks, seeded):
    tasks = list(tasks)
    for i, task in enumerate(tasks):
        if not isinstance(task, dict) or not all(isinstance(name, str) for name in task):
            raise TypeError(f"task {i} is {_short(task)}: expected a dictionary of keyword arguments")
        if seeded and "rng" in task:
            raise ValueError(f"task {i} has its own 'rng' although seed is given: leave one of the two out")
    return tasks


def _checked_jobs(n_jobs):
    if isinstance(n_jobs, bool) or not isinstance(n_jobs, numbers.Integral):
        raise TypeError(f"n_jobs = {n_jobs!r}: expected an integer, 1 or more, or -1 for all cores")
    if n_jobs == -1:
        from joblib import cpu_count

        return cpu_count()
    if n_jobs < 1:
        raise ValueError(f"n_jobs = {n_jobs}: expected 1 or more, or -1 for all cores")
    return int(n_jobs)


def _check_importable(func, place, store):
    name, home = getattr(func, "__qualname__", None), getattr(func, "__module__", None)
    target = sys.modules.get(home)
    for part in (name or "").split("."):
        target = getattr(target, part, None)
    if target is not func or home == "__main__":
        why = f"store = {str(store)!r} must find its source code again" if store is not None else f"{place}: imported"
        raise ValueError(
            f"{name or func!r} of {home or 'nowhere'} cannot be used here ({why} by name from a module). Lambdas, "
            "closures, partial functions and functions of a notebook cannot; move it into a module of lib and put "
            "what it needs into the tasks, or use n_jobs = 1 without a store"
        )


def _short(value):
    shape = getattr(value, "shape", None)
    if shape is not None and shape != ():
        return f"{type(value).__name__} of shape {tuple(shape)}"
    return reprlib.repr(value)


def _report(failed, label, total, store):
    kept = f" and are stored in {store}: a rerun computes only the failed ones" if store is not None else ""
    lines = [f"{label + ': ' if label else ''}{len(failed)} of {total} tasks failed; the others finished{kept}."]
    for i, task, _ in failed[:10]:
        lines.append(f"  task {i}: " + ", ".join(f"{name}={_short(value)}" for name, value in task.items()))
    if len(failed) > 10:
        lines.append(f"  and {len(failed) - 10} more (attribute .failures lists all)")
    return "\n".join([*lines, f"The first of them (task {failed[0][0]}) ended with:", failed[0][2].rstrip()])


def _broken(error, label, done, total, store):
    kept = f"they are stored in {store}, and a rerun computes only the rest" if store is not None else "none is stored"
    hint = ""
    if type(error).__name__ in ("TerminatedWorkerError", "BrokenProcessPool", "KilledWorker"):
        hint = ". A worker that dies at once has most often used up the memory: use a smaller n_jobs"
    elif "pickl" in f"{type(error).__name__} {error}".lower():
        hint = ". Arguments and results of tasks must be things that pickle can carry"
    return (
        f"{label + ': ' if label else ''}the work stopped after {done} of {total} tasks ({kept}). "
        f"{type(error).__name__}: {error}{hint}"
    )
