"""Case A of the MORB study: our collapsed sampler against emcee, reddemcee and nested samplers on compiled posteriors.

Every repetition makes its own data set.  Seconds are those of the processor for one whole run in one thread, warm-up or
burn-in included, compilation not.  What favours the peers: emcee and reddemcee start near the mode, at no cost, and ours from
the prior; the posterior without the source needs no draw of it from them; and emcee is also run with the best moves and
number of walkers that were found.  Effective sizes are of ranks (`lib.sampling.ess_bulk`); for walkers the smaller of both
ways to count (`lib.sampling.diagnostics.ensemble_diagnostics`), for nested samplers that of the weights.  "Level" is the mean
of ln F; "least" is the smallest over ln F of all samples and, where it is sampled, ln C0 of all elements.  "Bias" is the
largest distance of a mean level from that of importance sampling, in posterior sd.
"""

import functools

import numpy as np
from morb_target import Target, mode, reference
from peers import RUNNERS, present, stretch, timed

from lib import melting
from lib.sampling import ess_bulk
from lib.sampling.diagnostics import ensemble_diagnostics

#: Our row.
US = "collapsed (ours)"
#: Ours is held to be good enough from this ratio of effective draws a second on.
AIM = 20.0
#: Evaluations: ours about, emcee, and the others at most.
OURS, EMCEE, EMCEE_BEST = 200_000, 1_000_000, 2_000_000
OTHERS = {"reddemcee": 400_000, "dynesty": 2_000_000, "nautilus": 200_000}
#: Walkers of emcee with its default move, and of the best setting found (64 to 1024 walkers, three sets of moves tried).
WALKERS, BEST_WALKERS = 64, 512
#: Part of an ensemble's steps that is thrown away, though it starts near the mode, and what is kept of the others: one step
#: in four, where the shortest autocorrelation time is forty.
BURN_IN, THIN = 0.1, 4
COLUMNS = (("level", "ESS of the level"), ("least", "smallest ESS"))


def best_moves():
    """The moves that mix best here: differential evolution, one step in ten long enough to change mode."""
    import emcee

    return [(emcee.moves.DEMove(), 0.9), (emcee.moves.DEMove(gamma0=1.0), 0.1)]


def run_ours(posterior, seed, budget=OURS):
    """The collapsed sampler as a user calls it: 4 chains from the prior, a third of the turns warm-up."""
    draws = melting.sample(posterior, n_chains=4, n_draws=int(budget / 12), thin=1, seed=seed)
    points = np.concatenate([np.log(draws.melt_fraction), draws.ln_source], axis=2)
    return points, "chains", draws.n_evaluations


def run_emcee(target, seed, moves, walkers, budget=EMCEE):
    """One ensemble on a compiled, vectorised log-density."""
    import emcee

    rng = np.random.default_rng(seed)
    sampler = emcee.EnsembleSampler(walkers, target.d, target.log_density, moves=moves(), vectorize=True)
    # emcee takes its state from NumPy's global one, and ignores a wrong one silently
    sampler.random_state = np.random.RandomState(np.random.MT19937(seed)).get_state()
    n_steps = max(int(budget / walkers), 20)
    sampler.run_mcmc(target.start(rng, walkers), n_steps)
    return sampler.get_chain(discard=int(BURN_IN * n_steps), thin=THIN).swapaxes(0, 1), "walkers", target.n


def run_peer(name, target, seed, budget):
    """One of the other peers."""
    points, weight, _, _, used, _ = RUNNERS[name](target, budget, seed, target.transform)
    return points, "walkers" if weight is None else weight, used


def jobs(names, share=1.0):
    """Name -> function (posterior, near, seed) of every method; ``near`` is a function that lets a target start near the mode.

    ``share`` makes all budgets smaller.
    """
    out = {US: lambda posterior, near, seed: run_ours(posterior, seed, int(OURS * share))}
    settings = {
        "default": (stretch, WALKERS, int(EMCEE * share)),
        "tuned": (best_moves, BEST_WALKERS, int(EMCEE_BEST * share)),
    }
    for how, setting in settings.items() if "emcee, stretch" in names else ():
        for what, joint in (("joint", True), ("collapsed", False)):
            out[f"emcee {what}, {how}"] = lambda posterior, near, seed, j=joint, o=setting: run_emcee(near(j), seed, *o)
    for name in (name for name in OTHERS if name in names):
        budget = int(OTHERS[name] * share)
        out[f"{name} collapsed"] = lambda posterior, near, seed, n=name, b=budget: run_peer(n, near(False), seed, b)
    return out


def measure(points, kind, used, seconds, m, truth):
    """Effective sizes and cost of one run, and the distance of its mean level from the reference in sd."""
    level = points[..., :m].mean(axis=-1, keepdims=True)
    everything = np.concatenate([level, points], axis=-1)
    if isinstance(kind, np.ndarray):
        size = np.full(everything.shape[-1], kind.sum() ** 2 / (kind**2).sum())
        mean = kind @ level[:, 0] / kind.sum()
    else:
        size, mean = ess_bulk(everything), level.mean()
        if kind == "walkers":
            size = np.minimum(size, ensemble_diagnostics(everything.swapaxes(0, 1)[None])["ess_bulk"])
    out = {"used": used, "cpu_s": seconds, "bias": (mean - truth[0]) / truth[1]}
    for name, value in (("level", size[0]), ("least", size[1:].min())):
        out |= {f"{name}_ess": value, f"{name}_per_1000": 1000 * value / used, f"{name}_per_s": value / seconds}
    return out


def repetition(seed, methods):
    """All methods on one data set; returns name -> measures."""
    posterior = melting.make_data("A", np.random.default_rng(seed)).posterior
    plain = Target(posterior, False)
    centre = mode(plain)
    plain.use_start(*centre)
    truth = reference(plain, np.random.default_rng([seed, 1]))

    def near(with_source):
        target = Target(posterior, with_source)
        target.use_start(*centre)
        return target

    found = {}
    for name, method in methods.items():
        points, kind, used, seconds = timed(functools.partial(method, posterior, near), seed)
        found[name] = measure(points, kind, used, seconds, plain.m, truth)
    return found


def warm(methods):
    """Compile or load every kernel, and let every package finish its imports."""
    posterior = melting.make_data("A", np.random.default_rng(0)).posterior
    melting.sample(posterior, n_draws=20, n_warm=20)
    for joint in (True, False):
        target = Target(posterior, joint)
        target.log_density(np.full((1, target.d), -2.0))


def middle(values, digits=0):
    """Median with the range behind it, as text."""
    return f"{np.median(values):.{digits}f} ({np.min(values):.{digits}f}-{np.max(values):.{digits}f})"


def ratios(runs, key, names):
    """Effective draws a second, ours over the best of some methods, in each repetition."""
    return [run[US][f"{key}_per_s"] / max(run[name][f"{key}_per_s"] for name in names) for run in runs]


def summarise(runs):
    """Rows of the table from the repetitions: medians, lowest and highest."""
    rows = []
    for name in runs[0]:
        row = {"case": "MORB case A", "method": name, "repetitions": len(runs)}
        columns = {key: [run[name][key] for run in runs] for key in runs[0][name]}
        columns |= {f"{key}_ours_over_it": ratios(runs, key, [name]) for key, _ in COLUMNS}
        columns["bias"] = np.abs(columns["bias"])
        for key, values in columns.items():
            row |= {key: float(np.median(values)), f"{key}_min": float(np.min(values)), f"{key}_max": float(np.max(values))}
        rows.append(row)
    return rows


def verdicts(runs):
    """Sentences on the aim: ours over the better of emcee on both posteriors, default setting and best one."""
    out = []
    for which, settings in (("with its default move", ("default",)), ("however it is set", ("default", "tuned"))):
        names = [name for name in runs[0] if name.startswith("emcee") and name.endswith(settings)]
        for key, what in COLUMNS if names else ():
            ratio = ratios(runs, key, names)
            met = "met" if np.median(ratio) >= AIM else "NOT met"
            out.append(f"{what} a second, ours over the better emcee {which}: {middle(ratio, 1)}; aim {AIM:g}: {met}")
    return out


def compare_morb(*, seeds, peers, share=1.0):
    """Print the table and what became of the aim; returns the rows.

    Parameters
    ----------
    seeds : sequence of int
        One repetition each.
    peers : sequence of str
        Of `peers.PEERS`.
    share : float
        Part of the full budgets.
    """
    methods = jobs(present(peers), share)
    warm(methods)
    runs = [repetition(seed, methods) for seed in seeds]
    rows = summarise(runs)
    print(f"\nMORB case A (10 samples, 14 elements, 5 %): {len(runs)} data sets, median (range)")
    wide = (27, 8, 8, 22, 22, 19, 19, 7, 6)
    print(f"{'':27}{'ESS in 1000 lnL':>16}{'ESS in a processor second':>44}{'ours over it, in a second':>38}")
    head = ("method", "level", "least", "level", "least", "level", "least", "CPU s", "bias")
    print(f"{head[0]:{wide[0]}}" + "".join(f"{name:>{width}}" for name, width in zip(head[1:], wide[1:], strict=True)))
    for row in rows:
        found = [run[row["method"]] for run in runs]
        cells = [f"{row[f'{key}_per_1000']:.2f}" for key, _ in COLUMNS]
        cells += [middle([one[f"{key}_per_s"] for one in found]) for key, _ in COLUMNS]
        cells += [middle(ratios(runs, key, [row["method"]]), 1) for key, _ in COLUMNS]
        cells += [f"{row['cpu_s']:.2f}", f"{row['bias_max']:.2f}"]
        print(f"{row['method']:{wide[0]}}" + "".join(f"{text:>{width}}" for text, width in zip(cells, wide[1:], strict=True)))
    print("\n".join(verdicts(runs)))
    return rows
