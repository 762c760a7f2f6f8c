"""End members, proportions and components side by side: python benchmarks/unmixing/run.py [--seeds 5].

Ours, scikit-learn (NMF, FastICA) and, where they can be imported, archetypes, pysptools and picard (not in the project's lock;
``benchmarks/unmixing/peers.lock`` sets an environment up for them, in which this runs with the project root on PYTHONPATH).
All see the same artificial data; peers get them scaled as their manuals advise, and ours are told the noise.  Of pysptools
0.15 only the constrained least squares run: its searches call routines that NumPy and SciPy no longer have.
"""

import argparse
import importlib.util
import time
import warnings

import numpy as np
from sklearn.decomposition import NMF, FastICA
from sklearn.exceptions import ConvergenceWarning

from lib.composition import clr, ilr, ilr_inv
from lib.unmixing.artificial import pelagic, three_processes
from lib.unmixing.bayesian import sample_posterior
from lib.unmixing.endmembers import unmix
from lib.unmixing.factors import fit_factors, match
from lib.unmixing.fcls import fully_constrained
from lib.unmixing.metrics import unmixing_errors
from lib.unmixing.stability import icasso

PEERS = {"archetypes": "archetypes", "pysptools": "pysptools", "picard": "picard"}
MIXTURES = {
    "some pure samples": {"concentration": 0.5},
    "flat proportions": {},
    "highly mixed": {"concentration": 3.0},
    "no near-zero parts": {"background": 0.08},
}


def present(name):
    """Whether a peer can be imported."""
    return importlib.util.find_spec(PEERS[name]) is not None


def ours(method, **options):
    """End members and proportions of `unmix`."""

    def run(x, k, noise, seed):
        found = unmix(x, k, method, noise=noise, seed=seed, **options)
        return found.end_members, found.proportions

    return run


def posterior(x, k, noise, seed):
    """Posterior means."""
    found = sample_posterior(x, k, noise=noise, seed=seed, n_sweeps=1500)
    return found.mean, found.proportions_mean


def sklearn_nmf(x, k, noise, seed):
    """NMF of parts divided by their standard deviations; rows of H closed."""
    s = x.std(axis=0)
    model = NMF(k, init="nndsvda", random_state=seed, max_iter=5000, tol=1e-6)
    w = model.fit_transform(x / s)
    h = model.components_ * s
    a = w * h.sum(axis=1)
    return h / h.sum(axis=1, keepdims=True), a / a.sum(axis=1, keepdims=True)


def peer_archetypes(x, k, noise, seed):
    """Package archetypes: furthest-sum start, 5 starts, standardised parts."""
    from archetypes import AA

    s, mean = x.std(axis=0), x.mean(axis=0)
    model = AA(n_archetypes=k, init="furthest_sum", n_init=5, random_state=seed, max_iter=1000, tol=1e-5)
    a = model.fit_transform((x - mean) / s)
    return model.archetypes_ * s + mean, a


def end_members(seeds):
    """Errors and seconds of all methods."""
    methods = {
        "ours, minimum volume": ours("minimum volume"),
        "ours, not refined": ours("minimum volume", refine=False),
        "ours, posterior": posterior,
        "ours, simplex NMF": ours("simplex nmf"),
        "ours, archetypes": ours("archetypes"),
        "ours, N-FINDR": ours("n-findr"),
        "scikit-learn NMF": sklearn_nmf,
    }
    if present("archetypes"):
        methods["archetypes AA"] = peer_archetypes
    print(f"\nFour pelagic end members, 300 x 10, 2 % noise, median of {len(seeds)} sets: "
          "end members (mean error, wt%) / proportions (rms, %), CPU s")  # fmt: skip
    print(f"{'':24}" + "".join(f"{name:>22}" for name in MIXTURES) + f"{'CPU s':>9}")
    for label, method in methods.items():
        cells, seconds = [], []
        for options in MIXTURES.values():
            scores = []
            for seed in seeds if method is not posterior else seeds[:3]:
                made = pelagic(300, 0.02, np.random.default_rng([seed, 1]), **options)
                (e, a), took = timed(lambda made=made, seed=seed, method=method: method(made.x, 4, 0.02, seed))
                scores.append(list(unmixing_errors(e, a, made.end_members, made.proportions).values()))
                seconds.append(took)
            cells.append("{:.2f} / {:.1f}".format(*np.median(scores, axis=0)))
        print(f"{label:24}" + "".join(f"{cell:>22}" for cell in cells) + f"{np.median(seconds):9.3f}")


def timed(job):
    """Result and processor seconds; that an iteration limit was met is not repeated a hundred times."""
    with warnings.catch_warnings():
        warnings.simplefilter("once", ConvergenceWarning)
        began = time.process_time()
        return job(), time.process_time() - began


def proportions():
    """Known end members: agreement and speed."""
    print("\nProportions of known end members (CPU s)")
    for n in (300, 100_000):
        made = pelagic(n, 0.02, np.random.default_rng(2))
        found, took = timed(lambda made=made: fully_constrained(made.x, made.end_members, np.ones(10)))
        line = f"{n:8} samples: ours {took:.4f}"
        if n == 300 and present("pysptools") and importlib.util.find_spec("cvxopt") is not None:
            from pysptools.abundance_maps.amaps import FCLS

            theirs, slow = timed(lambda made=made: FCLS(made.x, made.end_members))
            line += f", pysptools {slow:.4f} ({slow / took:.0f} times), largest difference {np.abs(theirs - found).max():.1e}"
        print(line)
    for label, options in (("refined", {}), ("not refined", {"refine": False})):
        took = timed(lambda made=made, options=options: unmix(made.x, 4, **options))[1]
        print(f"{len(made.x):8} samples, end members searched, {label}: {took:.2f}")


def sources_of(name, z, seed):
    """Directions (K, D-1) in ilr coordinates found by a peer."""
    if name == "scikit-learn FastICA":
        model = FastICA(3, whiten="unit-variance", random_state=seed, max_iter=3000, tol=1e-6).fit(z)
        return model.mixing_.T
    from picard import picard

    mixer, unmixer, _ = picard(z.T, n_components=3, ortho=False, extended=True, random_state=seed, max_iter=1000, tol=1e-6)
    return np.linalg.pinv(unmixer @ mixer).T


def directions(seeds):
    """Components of three processes: |cos| of directions with the truth."""
    print(f"\nThree processes on a basaltic andesite, ilr coordinates, median |cos| of {len(seeds)} sets: "
          "crystallisation / mixing / leaching, CPU s")  # fmt: skip
    methods = ["ours, ICA", "ours, fastica", "ours, PCA", "scikit-learn FastICA"] + ["picard, extended"] * present("picard")
    for n in (100, 500, 2000):
        for label in methods:
            cosines, seconds = [], []
            for seed in seeds:
                made = three_processes(n, 0.02, np.random.default_rng([seed, n]))
                if label.startswith("ours"):
                    how = label.removeprefix("ours, ").lower()
                    found, took = timed(lambda made=made, how=how: fit_factors(made.x, 3, method=how).directions)
                else:
                    z = ilr(made.x)
                    found, took = timed(lambda label=label, z=z, seed=seed: sources_of(label, z - z.mean(axis=0), seed))
                    found = clr(ilr_inv(found))
                cosines.append(np.abs(match(found, made.tangents).cosine))
                seconds.append(took)
            print(f"N {n:5}  {label:22}" + " / ".join(f"{c:.3f}" for c in np.median(cosines, axis=0))
                  + f"{np.median(seconds):10.4f}")  # fmt: skip
    made = three_processes(2000, 0.02, np.random.default_rng(3))
    took = timed(lambda: icasso(made.x, 3, n_runs=100, resample="bootstrap", seed=1))[1]
    print(f"N  2000  100 bootstraps of ours {took:.2f}")


def main():
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5)
    seeds = range(parser.parse_args().seeds)
    for name in PEERS:
        if not present(name):
            print(f"note: {name} is not installed here; benchmarks/unmixing/peers.lock sets up an environment that has it")
    end_members(seeds)
    proportions()
    directions(seeds)


if __name__ == "__main__":
    main()
