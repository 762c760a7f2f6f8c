"""The exhaustive search: every allowed subset scored, in chunks that run anywhere and give the same numbers everywhere."""

import time

import numpy as np

from lib.subset_search.counting import Counts, Gauge, bin_edges, count
from lib.subset_search.listing import Listing
from lib.subset_search.problem import energy_factor
from lib.subset_search.ranking import Scored, select
from lib.subset_search.results import SearchResult
from lib.tasks import run_tasks
from lib.taskstore import code_hash

__all__ = ["exhaustive_search"]

#: Scores of all subsets are kept when they take no more than this.
WHOLE_BYTES = 200_000_000
_ROW_BYTES = 33
_MOST_TASKS = 512
_KEEP_OF_SIZE = 100


def exhaustive_search(
    problem,
    *,
    sizes=None,
    constraints=None,
    keep=1000,
    n_bins=512,
    whole="auto",
    n_jobs=1,
    store=None,
    label="",
    progress=None,
):
    """Score every subset of the columns of a problem.

    Parameters
    ----------
    problem : Problem
        `LinearProblem`, `MultinomialProblem`, or anything with the same methods.
    sizes : None, int or tuple (int, int)
        Numbers of columns: all from 1 up, one, or a range with both ends. 0 is the model without columns, which is reported as
        `SearchResult.empty` in any case.
    constraints : Constraints, optional
        Rules on subsets.
    keep : int
        Length of the list of best subsets, 1 or more; 100 of each size at most are kept beside it.
    n_bins : int
        Bins of the density of states, 1 or more.
    whole : "auto" or bool
        Whether the scores of all subsets are kept: "auto" if they take no more than 200 MB. If not, subsets are scored twice,
        and memory does not grow with their number; counts are exact either way.
    n_jobs : int
        Processes (`lib.tasks.run_tasks`).
    store : path, optional
        Folder for finished chunks: a search that was interrupted goes on from there.
    label : str
        Name in the progress bar.
    progress : bool, optional
        Draw progress or not; None asks the environment.

    Returns
    -------
    SearchResult
        The same, to the last bit, for any `n_jobs`, on a cluster, and after resuming.

    Raises
    ------
    ValueError
        If no subset is allowed, too many are asked for, or none of them can be fitted.

    Examples
    --------
    >>> from lib.subset_search import LinearProblem
    >>> rng = np.random.default_rng(3)
    >>> x = rng.normal(size=(80, 6))
    >>> y = x[:, 1] - 2 * x[:, 4] + rng.normal(size=80)
    >>> found = exhaustive_search(LinearProblem(x, y, folds=np.arange(80) % 10))
    >>> found.n_subsets, {"x1", "x4"} <= set(found.best.names)
    (63, True)
    """
    began = time.perf_counter()
    if keep < 1 or n_bins < 1:
        raise ValueError(f"keep = {keep}, n_bins = {n_bins}: expected 1 or more of both")
    if not (whole == "auto" or isinstance(whole, bool)):
        raise ValueError(f'whole = {whole!r}: expected "auto", True or False')
    listing = Listing(problem.names, sizes, constraints)
    if whole == "auto":
        whole = listing.n_candidates * _ROW_BYTES <= WHOLE_BYTES
    # Chunks depend on the search alone, never on the number of workers. The hash makes stored chunks forget older code.
    length = max(int(problem.chunk), -(-listing.n_candidates // _MOST_TASKS))
    common = {"problem": problem, "listing": listing, "code": code_hash(type(problem).score)}
    stretches = listing.stretches(length)
    how = {"n_jobs": n_jobs, "store": store, "progress": progress}

    wanted = {"keep": keep, "keep_of_size": min(keep, _KEEP_OF_SIZE), "whole": bool(whole)}
    tasks = [{**common, **wanted, "start": start, "stop": stop} for start, stop in stretches]
    surveys = run_tasks(_survey, tasks, label=label or "subsets", **how)
    kept = select(Scored.joined([survey["kept"] for survey in surveys]), keep, wanted["keep_of_size"])
    n_subsets, n_failed = (sum(survey[name] for survey in surveys) for name in ("n", "n_failed"))
    highest = max(survey["highest"] for survey in surveys)
    if not len(kept.masks):
        raise ValueError(
            f"none of {n_subsets} subsets can be fitted: columns are collinear, or constant, within the training rows of some "
            "fold. Use fewer or larger folds, leave columns out, or give a ridge"
        )
    scored = Scored.joined([survey["whole"] for survey in surveys]) if whole else None
    del surveys

    reference = problem.score(np.zeros(1, np.uint64))
    best = float(kept.loss[0])
    gauge = Gauge(
        low=listing.low,
        high=listing.high,
        edges=bin_edges(min(best, float(kept.loss.min())), highest, float(reference.loss[0]), n_bins),
        best=best,
        limit=best + float(kept.loss_se[0]),
        factor=energy_factor(problem, best),
    )
    if scored is None:
        tasks = [{**common, "gauge": gauge, "start": start, "stop": stop} for start, stop in stretches]
        counts = run_tasks(_recount, tasks, label=f"{label or 'subsets'}: counting", **how)
    else:
        ends = range(0, n_subsets, length)
        counts = [count(scored.masks[i : i + length], scored.loss[i : i + length], problem.n_features, gauge) for i in ends]
    return SearchResult(
        names=tuple(problem.names),
        kind=problem.kind,
        criterion=problem.criterion,
        n_rows=int(problem.n_rows),
        sizes=(listing.low, listing.high),
        n_subsets=int(n_subsets),
        n_failed=int(n_failed),
        empty=float(reference.loss[0]),
        empty_se=float(reference.loss_se[0]),
        empty_accuracy=float(reference.accuracy[0]),
        keep=int(keep),
        kept=kept,
        whole=scored,
        gauge=gauge,
        counts=sum(counts[1:], start=counts[0]),
        seconds=time.perf_counter() - began,
    )


def _survey(problem, listing, start, stop, keep, keep_of_size, whole, code):
    """First pass over a chunk: its best subsets, its range of losses, and all of it if wanted."""
    masks = listing.masks(start, stop)
    found = problem.score(masks)
    scored = Scored(masks, found.loss, found.loss_se, found.accuracy, found.flag)
    finite = np.isfinite(found.loss)
    return {
        "n": len(masks),
        "n_failed": int(len(masks) - finite.sum()),
        "highest": float(found.loss[finite].max()) if finite.any() else -np.inf,
        "kept": select(scored, keep, keep_of_size),
        "whole": scored if whole else None,
    }


def _recount(problem, listing, start, stop, gauge, code) -> Counts:
    """Second pass over a chunk whose scores were not kept."""
    masks = listing.masks(start, stop)
    return count(masks, problem.score(masks).loss, problem.n_features, gauge)
