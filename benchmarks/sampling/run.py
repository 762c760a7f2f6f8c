"""Samplers side by side at equal numbers of likelihoods: python benchmarks/sampling/run.py [--seeds 5] [--cases peaks].

Ours, emcee with its default move, and, where they can be imported, reddemcee, dynesty and nautilus (not in the project's lock;
``benchmarks/sampling/peers.lock`` sets an environment up for them).  All get the same Python-level
vectorised likelihood, except the rows marked "compiled".

`compare(problem, ...)` takes any `lib.sampling.Problem`; a case study adds its own by calling it.
"""

import argparse
import importlib.util
import time
import warnings

import numpy as np
from scipy import stats

from lib import sampling
from lib.sampling import Problem
from lib.sampling.diagnostics import ensemble_diagnostics
from lib.sampling.targets import GaussianTarget, LinearRegression, bimodal

OURS = ("metropolis", "adaptive", "exchange", "emcee")
PEERS = {"emcee, stretch": "emcee", "reddemcee": "reddemcee", "dynesty": "dynesty", "nautilus": "nautilus"}


class Counter:
    """Counts the points of a vectorised problem and gives the functions that peers want."""

    def __init__(self, problem):
        self.problem, self.n = problem, 0

    def both(self, points):
        """Log-likelihood and log-prior."""
        likelihood, prior, n = self.problem.evaluate(np.atleast_2d(points))
        self.n += n
        return likelihood, prior

    def likelihood(self, points):
        """Log-likelihood without -inf, which not every peer takes."""
        return np.maximum(self.both(points)[0], -1e300)


def run_ours(problem, method, n_evaluations, seed, **options):
    """Draws as chains, evidence, its error, evaluations, and the verdict, of our samplers."""
    chain = sampling.sample(problem, method, n_evaluations=n_evaluations, seed=seed, **options)
    evidence = chain.evidence() if method == "exchange" else None
    value, error = (evidence.value, evidence.error) if evidence else (np.nan, np.nan)
    return chain, None, value, error, chain.n_evaluations, "yes" if chain.verdict().ok else "no"


def run_stretch(problem, n_evaluations, seed, transform):
    """One emcee ensemble with the default move."""
    chain = sampling.sample(problem, "emcee", n_evaluations=n_evaluations, seed=seed, moves=stretch())
    return chain, None, np.nan, np.nan, chain.n_evaluations, "yes" if chain.verdict().ok else "no"


def stretch():
    """The default move of emcee."""
    import emcee

    return [(emcee.moves.StretchMove(), 1.0)]


def run_reddemcee(problem, n_evaluations, seed, transform):
    """Adaptive ladder over stretch moves, as many temperatures as ours starts with; its vectorize=True fails (1.0)."""
    import reddemcee

    d = problem.n_parameters
    count = Counter(problem)
    n_temperatures, n_walkers = 4 + int(np.ceil(2 * np.sqrt(d))), max(4 * d, 16)
    n_sweeps = int(n_evaluations / (n_temperatures * n_walkers))
    sampler = reddemcee.PTSampler(
        n_walkers, d, lambda x: float(count.likelihood(x)[0]), lambda x: float(problem.log_prior_of(np.atleast_2d(x))[0]),
        ntemps=n_temperatures, adapt_tau=max(n_sweeps / 20, 10),
    )  # fmt: skip
    rng = np.random.default_rng(seed)
    sampler._random = np.random.RandomState(np.random.MT19937(seed))  # unseeded otherwise
    start = problem.draw_prior(rng, n_temperatures * n_walkers).reshape(n_temperatures, n_walkers, d)
    sampler.run_mcmc(start, nsweeps=n_sweeps, nsteps=1, progress=False)
    half = n_sweeps // 2
    chains = sampler.get_chain(discard=half)[0].swapaxes(0, 1)
    value, error = sampler.get_evidence_ss(discard=half)
    return chains, None, float(value), float(error), count.n, ""


def run_dynesty(problem, n_evaluations, seed, transform):
    """Static nested sampling with its defaults, stopped at the budget."""
    import dynesty

    count = Counter(problem)
    sampler = dynesty.NestedSampler(
        lambda x: float(count.likelihood(x)[0]), transform, problem.n_parameters, rstate=np.random.default_rng(seed)
    )
    sampler.run_nested(maxcall=n_evaluations, print_progress=False)
    found = sampler.results
    return found.samples, np.exp(found.logwt - found.logz[-1]), found.logz[-1], found.logzerr[-1], count.n, ""


def run_nautilus(problem, n_evaluations, seed, transform):
    """Importance nested sampling with neural networks; 2000 effective draws (default 10 000) are enough, and slow enough."""
    import nautilus

    count = Counter(problem)
    sampler = nautilus.Sampler(transform, count.likelihood, n_dim=problem.n_parameters, vectorized=True, seed=seed)
    sampler.run(n_like_max=n_evaluations, n_eff=2000, verbose=False)
    points, log_weight, _ = sampler.posterior()
    error = 1 / np.sqrt(max(sampler.n_eff, 1))
    return points, np.exp(log_weight), sampler.log_z, error, count.n, ""


RUNNERS = {
    "emcee, stretch": run_stretch,
    "reddemcee": run_reddemcee,
    "dynesty": run_dynesty,
    "nautilus": run_nautilus,
}


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
    for peer in peers:
        if importlib.util.find_spec(PEERS[peer]) is None:
            print(f"note: {peer} is not installed here; benchmarks/sampling/peers.lock sets up an environment that has it")
        elif peer in ("dynesty", "nautilus") and transform is None:
            print(f"note: {peer} needs a prior transform, which this problem does not give")
        else:
            jobs.append((peer, lambda seed, p=peer: RUNNERS[p](problem, n_evaluations, seed, transform)))
    print(
        f"\n{title}: {n_evaluations} likelihoods, {len(seeds)} seeds (ESS: smallest of the parameters; bias: largest, in sd)"
    )
    print(f"{'method':22}{'ESS/1000':>10}{'ESS/s':>10}{'CPU s':>8}{'used':>9}{'bias':>7}{'rms dlnZ':>10}{'stated':>8}  passed")
    rows = []
    for name, job in jobs:
        rows.append(row := summary(name, [timed(job, seed) for seed in seeds], mean, sd, log_evidence))
        print(f"{row['method']:22}{row['ess_per_1000']:10.2f}{row['ess_per_s']:10.0f}{row['cpu_s']:8.2f}{row['used']:9.0f}"
              f"{row['bias']:7.2f}{row['rms_dlnz']:10.3f}{row['stated']:8.3f}  {row['passed']}")  # fmt: skip
    return rows


def timed(job, seed):
    """Result and processor seconds of one run."""
    began = time.process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("once")
        result = job(seed)
    return (*result, time.process_time() - began)


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
    compare(
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

    compare(
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
    compare(
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
}


def main():
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--cases", nargs="*", choices=CASES, default=list(CASES))
    parser.add_argument("--peers", nargs="*", choices=PEERS, default=list(PEERS), help="nautilus takes a minute a run")
    arguments = parser.parse_args()
    for case in arguments.cases:
        CASES[case](seeds=range(arguments.seeds), peers=arguments.peers)


if __name__ == "__main__":
    main()
