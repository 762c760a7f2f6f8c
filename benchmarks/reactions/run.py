"""Reactions side by side: python benchmarks/reactions/run.py [--sets 10] [--tables forward recovery] [--csv table.csv].

``forward``: time of one solve of the stiff reactor at a stated accuracy, against LSODA of scipy with right sides in NumPy, in
plain Python and compiled; ours with sensitivities; the profile reactor.  ``recovery``: which reactions ran, from the same
artificial series at 1, 3 and 10 % noise: our searches over all 256 networks, their BIC, integral regression and, if it can be
imported, pysindy, which is not in the project's lock.  An environment that has it is made of ``peers.lock`` (with a NumPy
below 2.4, as the weak form of pysindy 2.1 fails with later ones), and run from the project's folder:

    .venv/bin/uv venv build/peers
    .venv/bin/uv pip install --python build/peers --require-hashes -r benchmarks/reactions/peers.lock
    OMP_NUM_THREADS=1 PYTHONPATH=. build/peers/bin/python benchmarks/reactions/run.py

One process; times are processor seconds.
"""

import argparse
import csv
import time
from pathlib import Path

import forward
import numpy as np
import peers
from silica_rates import NAMES

from lib.kinetics import BatchReactor, silica_network
from lib.network_selection import exhaustive_networks, rescore, score_search
from lib.reactions import silica

NOISES = (0.01, 0.03, 0.1)
SEED = 20211
RESCORED = 8  # networks whose evidence is worked out again by stepping stones


def make(noise, n_sets):
    """Series of one noise with all states measured, truths in turn."""
    truths = list(silica.TRUTHS)
    streams = np.random.SeedSequence([SEED, round(1000 * noise)]).spawn(n_sets)
    return [
        silica.artificial_series(truths[i % len(truths)], "everything", noise, np.random.default_rng(stream))
        for i, stream in enumerate(streams)
    ]


def check_rates():
    """Stop if the reactions written out by hand are not those of the library."""
    network, rng = silica_network(), np.random.default_rng(3)
    y, k = rng.random(7), rng.random(8)
    there = network.stoichiometry @ network.rates(y, k)
    unit = np.array([f(*y[:6], y[6] * peers.EPS, 1.0) for f in peers.LIBRARY])
    for slope, rates in ((forward.numpy_slope, k), (forward.python_slope, k.tolist()), (forward.compiled_slope, k)):
        assert np.allclose(there, slope(0.0, y, rates), rtol=1e-9)
    assert np.allclose(network.rates(y, np.ones(8)), unit, rtol=1e-9)


def score(series, found):
    """Exact, rate of true positives, rate of false positives of a set of names; what could not run does not count."""
    counted = [n for n in NAMES if n not in series.inert]
    true = [n for n in counted if n in series.truth]
    false = [n for n in counted if n not in series.truth]
    found = found - set(series.inert)
    return found == set(true), np.mean([n in found for n in true]), np.mean([n in found for n in false])


def line(rows, noise, name, scores, seconds, setting=""):
    """Print and keep one line of the table of recovery."""
    exact, true, false = np.mean(scores, axis=0)
    print(f"  {name:44}{exact:7.2f}{true:7.2f}{false:7.2f}{seconds:10.3f}   {setting}")
    rows.append({"table": "recovery", "noise": noise, "method": name, "exact": exact, "tpr": true, "fpr": false,
                 "n_sets": len(scores), "seconds": seconds, "setting": setting})  # fmt: skip


def masked(series, design):
    """The same series with less of it measured."""
    observed = silica.observed(design, series.reactor.times.size)
    return silica.SilicaSeries(
        series.reactor,
        np.where(observed, series.data, np.nan),
        series.clean,
        series.noise,
        series.truth,
        series.inert,
        series.k,
    )


def ours(rows, noise, many):
    """Our searches of the series, all measured and with solids measured once at the end only."""
    for design in ("everything", "silica + solids at the end"):
        scores, times = {"evidence": [], "evidence, best re-scored": [], "BIC": []}, {"search": [], "rescored": []}
        counts = []
        for i, series in enumerate(many):
            problem = silica.series_problem(masked(series, design))
            began = time.process_time()
            search = exhaustive_networks(problem, progress=False)
            times["search"].append(time.process_time() - began)
            counts.append((search.n_solves, search.nesting_violations))
            again = rescore(problem, search, RESCORED, n_evaluations=1200, seed=i)
            times["rescored"].append(time.process_time() - began)
            for name, result, column in (
                ("evidence", search, "probability"), ("evidence, best re-scored", again, "probability"),
                ("BIC", search, "probability_bic"),
            ):  # fmt: skip
                found = score_search(result, series.truth, ignore=series.inert, column=column)
                scores[name].append((found["exact"], found["tpr"], found["fpr"]))
        solves, violations = np.array(counts).T
        print(f"  {design}: {np.median(times['search']):.2f} s a search (at most {max(times['search']):.2f}), "
              f"{np.median(solves):.0f} solves with sensitivities, {violations.sum()} nesting violations")  # fmt: skip
        for name, values in scores.items():
            seconds = np.median(times["rescored" if "scored" in name else "search"])
            line(rows, noise, f"ours, {name}{', ' + design if design != 'everything' else ''}", values, seconds)


def theirs(rows, noise, many):
    """Other ways, each with the setting that is best for this noise."""
    ways = [peers.Integral(), *(peers.PYSINDY if peers.present() else ())]
    for way in ways:
        scores = np.array([[score(series, found) for found in way.scan(series)] for series in many])  # sets, settings, 3
        mean = scores.mean(axis=0)
        best = int(np.lexsort((mean[:, 1] - mean[:, 2], mean[:, 0]))[-1])  # exact, then true less false positives
        setting = way.settings()[best]
        began = time.process_time()
        for series in many:
            way.find(series, **setting)
        seconds = (time.process_time() - began) / len(many)
        line(rows, noise, way.name, scores[:, best], seconds, f"best of {len(mean)}: " + ", ".join(map(str, setting.values())))


def recovery(n_sets):
    """Table of recovery at three levels of noise."""
    rows = []
    for noise in NOISES:
        many = make(noise, n_sets)
        print(f"\nReactions found, noise {100 * noise:g} %, {n_sets} series, 30 times, all 7 states measured unless said")
        print(f"  {'':44}{'exact':>7}{'TPR':>7}{'FPR':>7}{'CPU s':>10}   setting chosen for it")
        ours(rows, noise, many)
        theirs(rows, noise, many)
    return rows


def write(path, rows):
    """Write all rows as one CSV; cells that a table does not know stay empty."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    with Path(path).open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, names, lineterminator="\n")
        writer.writeheader()
        writer.writerows({k: f"{v:.6g}" if isinstance(v, float) else v for k, v in row.items()} for row in rows)


def main():
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sets", type=int, default=10, help="artificial series a level of noise")
    tables = ("forward", "recovery")
    parser.add_argument("--tables", nargs="*", choices=tables, default=tables)
    parser.add_argument("--csv", help="file for all the numbers, besides the screen")
    options = parser.parse_args()
    check_rates()
    BatchReactor(silica_network(), None, [1.0]).solve(silica_network().reference)  # compile
    rows = []
    if "forward" in options.tables:
        rows += forward.batch() + forward.sensitivities() + forward.profile()
    if "recovery" in options.tables:
        if not peers.present():
            print("note: pysindy is not installed here; benchmarks/reactions/peers.lock sets up an environment that has it")
        rows += recovery(options.sets)
    if options.csv:
        write(options.csv, rows)


if __name__ == "__main__":
    main()
