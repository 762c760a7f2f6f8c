"""Searches over subsets side by side: python benchmarks/subset_search/run.py [--whole] [--linear 20] [--sample 40].

Ours, a loop over scikit-learn, and, where they can be imported, mlxtend and abess, which are not in the project's lock.  An
environment that has them is made of ``peers.lock``, and run from the project's folder:

    .venv/bin/uv venv build/peers
    .venv/bin/uv pip install --python build/peers --require-hashes -r benchmarks/subset_search/peers.lock
    OMP_NUM_THREADS=1 PYTHONPATH=. build/peers/bin/python benchmarks/subset_search/run.py

Everything runs on one core (``--whole`` on two), and times are processor seconds.  Ours score all subsets; loops that would
take hours score a random sample of the same subsets, and their time is extrapolated.  Differences are the largest over the
sample.
"""

import argparse
import importlib.util
import time
import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_selection import SequentialFeatureSelector
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import PredefinedSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from lib.subset_search import (
    LinearProblem,
    MultinomialProblem,
    exchange_search,
    exhaustive_search,
    lasso_path,
    mask_of,
    stepwise,
    subsets_better,
)
from lib.subset_search.masks import members

PEERS = ("mlxtend", "abess")


def present(name):
    """Whether a peer can be imported."""
    return importlib.util.find_spec(name) is not None


def timed(job):
    """Result and processor seconds; that an iteration limit was met is said once."""
    with warnings.catch_warnings():
        warnings.simplefilter("once", ConvergenceWarning)
        began = time.process_time()
        return job(), time.process_time() - began


def regression(p, n=200, seed=1):
    """Columns correlated in neighbours, five of them active: x, y, folds."""
    rng = np.random.default_rng([seed, p])
    x = rng.normal(size=(n, p))
    x[:, 1:] += 0.6 * x[:, :-1]
    return x, x[:, [0, 2, 3, 6, 7]] @ [1.0, -0.8, 0.6, 0.5, -0.4] + rng.normal(size=n), np.arange(n) % 10


def grains(p, n=500, seed=1):
    """Three classes that four columns tell apart: x, labels, folds."""
    rng = np.random.default_rng([seed, p, 3])
    label = rng.integers(0, 3, n)
    x = rng.normal(size=(n, p))
    x[:, 1:] += 0.4 * x[:, :-1]
    x[:, 0] += 1.5 * (label == 1)
    x[:, 2] += 1.2 * (label == 2)
    x[:, 3] -= 1.0 * (label == 0)
    x[:, 5] += 0.6 * label
    order = np.argsort(label, kind="stable")
    folds = np.empty(n, int)
    folds[order] = np.arange(n) % 10
    return x, label, folds


def sample_masks(p, n, rng):
    """Different subsets of p columns at random, sorted."""
    return np.sort(rng.choice(2**p - 1, n, replace=False).astype(np.uint64) + np.uint64(1))


def row(label, n_models, seconds, reference, difference):
    """Print a line: per model, all models, ratio to the loop, largest difference."""
    each = seconds / n_models
    print(
        f"  {label:46}{each * 1e6:14,.2f}{each * reference['n']:14,.1f}"
        f"{reference['each'] / each if reference['each'] else 1:10,.0f}   {difference}"
    )
    return each


def compare(title, problem, reference_loop, masks, unit="relative"):
    """Time an exhaustive search against a loop over a sample of its subsets.

    Parameters
    ----------
    title : str
    problem : Problem
    reference_loop : sequence of tuple (str, callable)
        Each maps memberships (M, p) to losses (M,); the first one gives the time for the ratio, the last one the exact losses.
    masks : array of uint64
        The sample.
    unit : {"relative", "nats"}
        Of the differences.
    """
    p = problem.n_features
    exhaustive_search(problem, sizes=1, progress=False)  # compile and import
    result, seconds = timed(lambda: exhaustive_search(problem, progress=False, n_bins=64))
    found = problem.score(masks).loss
    losses, times = {}, {}
    for label, loop in reference_loop:
        losses[label], times[label] = timed(lambda loop=loop: loop(members(masks, p)))
    exact = losses[reference_loop[-1][0]]

    def apart(values):
        return f"{np.abs((values - exact) / (exact if unit == 'relative' else 1)).max():.1e}"

    print(f"\n{title}\n  {'':46}{'us a model':>14}{'s for all':>14}{'ratio':>10}   largest {unit} difference")
    reference = {"n": result.n_subsets, "each": times[reference_loop[0][0]] / len(masks)}
    row("ours, exhaustive search", result.n_subsets, seconds, reference, apart(found))
    for label, _ in reference_loop:
        row(f"{label} (sample of {len(masks)})", len(masks), times[label], reference, apart(losses[label]))
    return result


def linear(p, n_sample):
    """Least squares: residual sum of squares, 10-fold and leave-one-out cross-validation."""
    x, y, folds = regression(p)
    rng = np.random.default_rng(0)
    n = len(y)

    def bic(rss, size):
        return n * np.log(rss / n) + np.log(n) * size

    def sklearn_rss(tables):
        fits = [(LinearRegression().fit(x[:, t], y), t) for t in tables]
        return np.array([np.sum((y - fit.predict(x[:, t])) ** 2) for fit, t in fits])

    plain = LinearProblem(x, y, criterion="bic")
    masks = sample_masks(p, n_sample, rng)
    shift = plain.score(masks[:1]).loss[0] - bic(sklearn_rss(members(masks[:1], p))[0], members(masks[:1], p).sum())

    def sklearn_bic(tables):
        return bic(sklearn_rss(tables), tables.sum(axis=1)) + shift  # constants of the criterion are a matter of taste

    compare(f"Least squares on all rows, BIC, p = {p}, n = {n}", plain, [("scikit-learn loop", sklearn_bic)], masks)

    def sklearn_cv(splits):
        def loop(tables):
            errors = []
            for chosen in tables:
                t = np.flatnonzero(chosen)
                square = [
                    np.sum((y[out] - LinearRegression().fit(x[keep][:, t], y[keep]).predict(x[out][:, t])) ** 2)
                    for keep, out in splits
                ]
                errors.append(np.sum(square) / n)
            return np.array(errors)

        return loop

    ten = list(PredefinedSplit(folds).split())
    compare(f"Least squares, 10-fold cross-validation, p = {p}, n = {n}", LinearProblem(x, y, folds),
            [("scikit-learn loop", sklearn_cv(ten))], masks)  # fmt: skip
    few, one_each = p - 6, list(PredefinedSplit(np.arange(n)).split())
    compare(f"Least squares, leave-one-out, p = {few}, n = {n}", LinearProblem(x[:, :few], y, "loo"),
            [("scikit-learn loop", sklearn_cv(one_each))], sample_masks(few, 5, rng))  # fmt: skip


def sklearn_log_loss(x, label, folds, masks_or_tables, **options):
    """Mean held-out log-loss (M,), columns scaled in each training part."""
    losses = []
    for t in masks_or_tables:
        total = 0.0
        for keep, out in PredefinedSplit(folds).split():
            model = make_pipeline(StandardScaler(), LogisticRegression(**options)).fit(x[keep][:, t], label[keep])
            total -= model.predict_log_proba(x[out][:, t])[np.arange(len(out)), label[out]].sum()
        losses.append(total / len(label))
    return np.array(losses)


def multinomial(p, n_sample):
    """Multinomial logistic regression, 10-fold cross-validation."""
    x, label, folds = grains(p)
    loops = [
        ("scikit-learn loop, as it comes (lbfgs)", lambda tables: sklearn_log_loss(x, label, folds, tables)),
        ("scikit-learn loop, newton-cholesky, tol 1e-10",
         lambda tables: sklearn_log_loss(x, label, folds, tables, solver="newton-cholesky", tol=1e-10, max_iter=200)),
    ]  # fmt: skip
    problem = MultinomialProblem(x, label, folds)
    compare(f"Multinomial, 3 classes, 10 folds, p = {p}, n = {len(x)}", problem, loops,
            sample_masks(p, n_sample, np.random.default_rng(0)), unit="nats")  # fmt: skip
    if present("mlxtend"):
        from mlxtend.feature_selection import ExhaustiveFeatureSelector

        small = MultinomialProblem(x[:, :5], label, folds)
        theirs, slow = timed(
            lambda: ExhaustiveFeatureSelector(
                make_pipeline(StandardScaler(), LogisticRegression()), min_features=1, max_features=5, scoring="neg_log_loss",
                cv=PredefinedSplit(folds), print_progress=False,
            ).fit(x[:, :5], label)
        )  # fmt: skip
        ours, fast = timed(lambda: exhaustive_search(small, progress=False))
        same = mask_of([small.names[j] for j in theirs.best_idx_], small.names) == ours.best.mask
        print(
            f"  mlxtend ExhaustiveFeatureSelector, p = 5: {slow / 31 * 1e6:,.0f} us a model, ours {fast / 31 * 1e6:,.0f} with "
            f"all overhead ({slow / fast:,.0f} times); the same best subset: {'yes' if same else 'no'}"
        )


def selectors(title, problem, model, scoring, abess_model):
    """What each selector finds, its time, and how many subsets are better."""
    x, names, folds = problem.x, problem.names, problem.folds
    target = problem.labels if problem.kind == "multinomial" else problem.y
    result, seconds = timed(lambda: exhaustive_search(problem, progress=False))
    best = result.best
    print(f"\n{title}: loss of the choice by the same folds, subsets of {result.n_subsets:,} that are better, CPU s")

    def line(label, mask, took):
        loss = float(problem.score([mask]).loss[0])
        print(f"  {label:44}{loss:10.5f}{subsets_better(result, loss):12,.0f}{took:10.2f}   {int(mask).bit_count()} columns")

    line("ours, all subsets", best.mask, seconds)
    found, took = timed(lambda: exchange_search(problem, n_sweeps=1000, n_chains=2, seed=1, progress=False))
    line(f"ours, replica exchange ({found.n_scored:,} scored)", found.best.mask, took)
    for direction in ("forward", "backward"):
        path, took = timed(lambda direction=direction: stepwise(problem, direction))
        line(f"ours, {direction}", path.loc[path["loss"].idxmin(), "mask"], took)
    path, took = timed(lambda: lasso_path(problem))
    line("scikit-learn L1 path, 10 folds", path.loc[path["loss_lasso"].idxmin(), "mask"], took)
    for direction in ("forward", "backward"):

        def job(direction=direction):
            return SequentialFeatureSelector(
                make_pipeline(StandardScaler(), model), n_features_to_select=best.size, direction=direction, scoring=scoring,
                cv=PredefinedSplit(folds),
            ).fit(x, target)  # fmt: skip

        chosen, took = timed(job)
        line(f"scikit-learn sequential, {direction}, size told",
             mask_of([n for n, s in zip(names, chosen.get_support(), strict=True) if s], names), took)  # fmt: skip
    if present("abess"):
        import abess

        response = np.eye(3, dtype=int)[target] if problem.kind == "multinomial" else target
        for label, options, more in (("cross-validated", {"cv": 10}, {"cv_fold_id": folds + 1}), ("EBIC", {}, {})):
            chosen, took = timed(
                lambda options=options, more=more: getattr(abess, abess_model)(**options).fit(x, response, **more)
            )
            support = np.abs(chosen.coef_.reshape(len(names), -1)).sum(axis=1) > 0
            line(f"abess, {label}", mask_of([n for n, s in zip(names, support, strict=True) if s], names), took)


def many_columns(p=40):
    """Replica exchange where no list of all subsets can be made."""
    x, y, folds = regression(p)
    found, seconds = timed(
        lambda: exchange_search(LinearProblem(x, y, folds), n_sweeps=4000, n_chains=4, seed=1, progress=False)
    )
    path = stepwise(LinearProblem(x, y, folds), "forward")
    print(f"\nReplica exchange, p = {p}: {found.n_subsets:.2g} subsets, {found.n_scored:,} scored in {seconds:.1f} s, "
          f"best {found.best.loss:.4f} (forward {path['loss'].min():.4f}), met by {found.n_found} of {found.n_chains} "
          "chains")  # fmt: skip
    for loss in np.quantile(found.top["loss"], [0.2, 1.0]):
        count, se = found.count_below(loss)
        print(f"  subsets below {loss:.4f}: {count:,.0f} +- {se:,.0f}, of which scored: {(found.top['loss'] <= loss).sum()}")


def whole():
    """All subsets of 16 elements on two cores, wall time."""
    x, label, folds = grains(16)
    problem = MultinomialProblem(x, label, folds)
    exhaustive_search(problem, sizes=1, progress=False)  # compile
    result = exhaustive_search(problem, n_jobs=2, progress=False)
    print(f"\nAll {result.n_subsets:,} subsets of 16 columns, n = 500, 10 folds, 2 processes: {result.seconds:.1f} s wall")


def main():
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--linear", type=int, default=20, help="columns of the linear searches, 12 to 24")
    parser.add_argument("--multinomial", type=int, default=12, help="columns of the multinomial search")
    parser.add_argument("--sample", type=int, default=40, help="subsets that a loop is timed on")
    parser.add_argument("--whole", action="store_true", help="also all 65,535 subsets of 16 columns on two cores (a minute)")
    options = parser.parse_args()
    for name in PEERS:
        if not present(name):
            print(
                f"note: {name} is not installed here; benchmarks/subset_search/peers.lock sets up an environment that has it"
            )
    linear(options.linear, options.sample)
    multinomial(options.multinomial, max(options.sample // 4, 4))
    x, y, folds = regression(16)
    selectors("Selectors, linear, p = 16", LinearProblem(x, y, folds), LinearRegression(), "neg_mean_squared_error",
              "LinearRegression")  # fmt: skip
    x, label, folds = grains(10)
    selectors("Selectors, multinomial, p = 10", MultinomialProblem(x, label, folds), LogisticRegression(), "neg_log_loss",
              "MultinomialRegression")  # fmt: skip
    many_columns()
    if options.whole:
        whole()


if __name__ == "__main__":
    main()
