"""Samplers side by side: python benchmarks/sampling/run.py [--seeds 5] [--cases morb] [--csv table.csv].

Ours, emcee, and, where they can be imported, reddemcee, dynesty and nautilus, which are not in the project's lock.  An
environment that has them is made of ``peers.lock``, and run from the project's folder:

    .venv/bin/uv venv build/peers
    .venv/bin/uv pip install --python build/peers --require-hashes -r benchmarks/sampling/peers.lock
    PYTHONPATH=. build/peers/bin/python benchmarks/sampling/run.py

On the targets with known answers all get the same number of likelihoods, as the same Python-level vectorised function except
in the rows marked "compiled"; `compare(problem, ...)` takes any `lib.sampling.Problem`.  The case ``morb`` is described in
``morb.py``.
"""

import argparse
import csv
from pathlib import Path

import numpy as np
from morb import compare_morb
from peers import PEERS, RUNNERS, Counter, present, timed
from scipy import stats

from lib import sampling
from lib.sampling import Problem
from lib.sampling.diagnostics import ensemble_diagnostics
from lib.sampling.targets import GaussianTarget, LinearRegression, bimodal

OURS = ("metropolis", "adaptive", "exchange", "emcee")


def run_ours(problem, method, n_evaluations, seed, **options):
    """Draws as chains, evidence, its error, evaluations, and the verdict, of our samplers."""
    chain = sampling.sample(problem, method, n_evaluations=n_evaluations, seed=seed, **options)
    evidence = chain.evidence() if method == "exchange" else None
    value, error = (evidence.value, evidence.error) if evidence else (np.nan, np.nan)
    return chain, None, value, error, chain.n_evaluations, "yes" if chain.verdict().ok else "no"


def compare(problem, *, n_evaluations, seeds, title, mean=None, sd=None, log_evidence=None, transform=None, compiled=None,
            methods=OURS, peers=tuple(PEERS), options=None):  # fmt: skip
    """Print one table: all methods on one problem, medians over seeds.

    Parameters
    ----------
    problem : lib.sampling.Problem
        With plain (best vectorised) functions if peers are wanted.
    n_evaluations : int
        For each method.
    seeds : sequence of int
    title : str
    mean, sd : array, shape (d,), optional
        Of the true posterior; None: bias is not shown.
    log_evidence : float, optional
        True ln Z.
    transform : callable, optional
        From the unit cube to the prior, (..., d) -> (..., d); nested samplers are left out without it.
    compiled : lib.sampling.Problem, optional
        The same problem with compiled functions: rows of our own samplers on it are added.
    methods, peers : sequence of str
    options : dict of str to dict, optional
        Arguments of `lib.sampling.sample`, by method.

    Returns
    -------
    list of dict
        The rows.
    """
    jobs = []
    for name, which in (("", problem), (" compiled", compiled)):
        if which is not None:
            for m in methods:
                more = (options or {}).get(m, {})
                jobs.append((m + name, lambda seed, m=m, p=which, more=more: run_ours(p, m, n_evaluations, seed, **more)))
    for peer in present(peers):
        if peer in ("dynesty", "nautilus") and transform is None:
            print(f"note: {peer} needs a prior transform, which this problem does not give")
        else:
            jobs.append((peer, lambda seed, p=peer: RUNNERS[p](Counter(problem), n_evaluations, seed, transform)))
    print(
        f"\n{title}: {n_evaluations} likelihoods, {len(seeds)} seeds (ESS: smallest of the parameters; bias: largest, in sd)"
    )
    print(f"{'method':22}{'ESS/1000':>10}{'ESS/s':>10}{'CPU s':>8}{'used':>9}{'bias':>7}{'rms dlnZ':>10}{'stated':>8}  passed")
    rows = []
    for name, job in jobs:
        rows.append(row := {"case": title} | summary(name, [timed(job, seed) for seed in seeds], mean, sd, log_evidence))
        print(f"{row['method']:22}{row['ess_per_1000']:10.2f}{row['ess_per_s']:10.0f}{row['cpu_s']:8.2f}{row['used']:9.0f}"
              f"{row['bias']:7.2f}{row['rms_dlnz']:10.3f}{row['stated']:8.3f}  {row['passed']}")  # fmt: skip
    return rows


def summary(name, runs, mean, sd, log_evidence):
    """One row from the runs over seeds."""
    sizes, biases, errors = [], [], []
    for draws, weight, value, _, _, _, _ in runs:
        if isinstance(draws, sampling.Chain):
            sizes.append(np.min(draws.diagnostics()["ess_bulk"]))
            centre = draws.flat().mean(axis=0)
        elif weight is None:  # walkers (n_walkers, n, d) of one ensemble
            steps = draws.swapaxes(0, 1)[None]
            sizes.append(min(np.min(sampling.ess_bulk(draws)), np.min(ensemble_diagnostics(steps)["ess_bulk"])))
            centre = draws.mean(axis=(0, 1))
        else:
            sizes.append(weight.sum() ** 2 / np.sum(weight**2))
            centre = weight @ draws / weight.sum()
        biases.append(np.nan if mean is None else np.max(np.abs(centre - mean) / sd))
        errors.append(np.nan if log_evidence is None else value - log_evidence)
    stated, used, cpu = (np.median([run[i] for run in runs]) for i in (3, 4, 6))
    passed = [run[5] for run in runs]
    return {
        "method": name, "ess_per_1000": float(np.median(sizes) / used * 1000), "ess_per_s": float(np.median(sizes) / cpu),
        "cpu_s": float(cpu), "used": float(used), "bias": float(np.median(biases)),
        "rms_dlnz": float(np.sqrt(np.mean(np.square(errors)))), "stated": float(stated),
        "passed": f"{passed.count('yes')}/{len(passed)}" if passed[0] else "-",
    }  # fmt: skip


def gaussian(d, **how):
    """A correlated Gaussian in d dimensions."""
    target = GaussianTarget(d)
    compiled = target.problem()
    sampling.sample(compiled, n_evaluations=5000, seed=0)  # compile or load the kernels
    return compare(
        target.problem("vectorised"), title=f"correlated Gaussian, d = {d}", compiled=compiled, mean=target.posterior_mean,
        sd=np.sqrt(np.diag(target.covariance)), log_evidence=target.log_evidence,
        transform=lambda u: target.sd * stats.norm.ppf(u), **how,
    )  # fmt: skip


def peaks(**how):
    """Two narrow peaks: the bias is that of the mass between them."""
    compiled, width = bimodal(), 0.05
    sampling.sample(compiled, n_evaluations=5000, seed=0)

    def log_likelihood(x):
        right, left = (-0.5 * np.sum(((x - c) / width) ** 2, axis=-1) for c in (1, -1))
        return np.logaddexp(right, left) - np.log(2) - 3 * np.log(width * np.sqrt(2 * np.pi))

    return compare(
        Problem(compiled.names, log_likelihood, bounds=compiled.bounds, vectorised=True),
        title="two peaks of width 0.05 at +-1, d = 3",
        compiled=compiled, mean=np.zeros(3), sd=np.ones(3), log_evidence=-3 * np.log(6), transform=lambda u: 6 * u - 3, **how,
    )  # fmt: skip


def regression(**how):
    """A linear regression with its prior."""
    line = LinearRegression(np.random.default_rng(1))
    compiled = line.problem()
    sampling.sample(compiled, n_evaluations=5000, seed=0)

    def log_likelihood(theta):
        residual = line.y - theta @ line.x.T
        return -0.5 * np.sum(residual**2, axis=-1) / line.sigma**2 - line.n * np.log(line.sigma * np.sqrt(2 * np.pi))

    def log_prior(theta):
        return -0.5 * np.sum(theta**2, axis=-1) / line.sd**2

    covariance = np.linalg.inv(line.x.T @ line.x / line.sigma**2 + np.eye(line.d) / line.sd**2)
    return compare(
        Problem(compiled.names, log_likelihood, log_prior, compiled.prior_sample, vectorised=True),
        title="linear regression, d = 3",
        compiled=compiled, mean=covariance @ line.x.T @ line.y / line.sigma**2, sd=np.sqrt(np.diag(covariance)),
        log_evidence=line.log_evidence, transform=lambda u: line.sd * stats.norm.ppf(u), **how,
    )  # fmt: skip


CASES = {
    "gaussian5": lambda **how: gaussian(5, n_evaluations=100_000, **how),
    "gaussian20": lambda **how: gaussian(20, n_evaluations=200_000, **how),
    "peaks": lambda **how: peaks(n_evaluations=200_000, **how),
    "regression": lambda **how: regression(n_evaluations=50_000, **how),
    "morb": compare_morb,
}


def write(path, rows):
    """Write rows of all cases as one CSV; cells that a case does not know stay empty."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    with Path(path).open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, names, lineterminator="\n")
        writer.writeheader()
        writer.writerows({k: f"{v:.6g}" if isinstance(v, float) else v for k, v in row.items()} for row in rows)


def main():
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5, help="repetitions")
    parser.add_argument("--cases", nargs="*", choices=CASES, default=list(CASES))
    parser.add_argument("--peers", nargs="*", choices=PEERS, default=list(PEERS), help="nautilus takes a minute a run")
    parser.add_argument("--csv", help="file for all the numbers, besides the screen")
    arguments = parser.parse_args()
    rows = []
    for case in arguments.cases:
        rows += CASES[case](seeds=range(arguments.seeds), peers=arguments.peers)
    if arguments.csv:
        write(arguments.csv, rows)


if __name__ == "__main__":
    main()
