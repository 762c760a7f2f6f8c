"""Speed and agreement of the isocon fit against a plain SciPy implementation, in one run: python benchmarks/isocon/run.py."""

import statistics
import time

import baseline
import numpy as np

from lib import isocon
from lib.isocon import kernels, sparse
from lib.isocon.resampling import kernel_arguments


def seconds(function, repeat):
    """Median time of a call."""
    taken = []
    for _ in range(repeat):
        start = time.perf_counter()
        function()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def wide(n_elements, n_samples, rng):
    """Artificial data of any size: 40 % mobile, 85 % gains, 5 % errors."""
    mobile = rng.uniform(size=n_elements) < 0.4
    sign = np.where(rng.uniform(size=n_elements) < 0.85, 1, -1)
    d = np.where(mobile, sign * rng.uniform(0.25, 1.2, n_elements), 0)[:, None] * rng.uniform(0.15, 1, (1, n_samples))
    noise = 0.05 * rng.standard_normal((n_elements, n_samples)) + 0.05 * rng.standard_normal((n_elements, 1))
    x = d + rng.uniform(-0.3, 0.3, n_samples) + noise
    return isocon.from_arrays(np.ones(n_elements), np.exp(x).T, position=np.arange(n_samples, dtype=float))


def main():
    """Print the table."""
    rng = np.random.default_rng(1)
    isocon.fit(isocon.make_halo("B", rng).data)  # compile or load the kernels
    isocon.fit(isocon.make_halo("B", rng).data, "em")
    print(f"{'case':34}{'ours':>12}{'plain SciPy':>14}{'ratio':>8}   agreement")
    haloes = [isocon.make_halo(scenario, rng) for scenario in "ABDG" for _ in range(5)]
    for name in ("fit 30x10", "fit 30x1"):
        chosen = [h for h in haloes if (h.data.shape[1] == 1) == name.endswith("x1")]
        ours = np.mean([seconds(lambda h=h: isocon.fit(h.data), 5) for h in chosen])
        theirs = np.mean([seconds(lambda h=h: baseline.fit(h.data), 1) for h in chosen])
        apart, sets = [], 0
        for h in chosen:
            one, (m, members, _) = isocon.fit(h.data), baseline.fit(h.data)
            apart.append(np.max(np.abs(one.m - m)))
            sets += np.array_equal(np.flatnonzero(one.immobile), members)
        print(f"{name:34}{ours * 1e3:9.2f} ms{theirs * 1e3:11.1f} ms{theirs / ours:8.0f}   "
              f"same set {sets}/{len(chosen)}, median |dm| {np.median(apart):.1e}")  # fmt: skip
    data = haloes[5].data
    start = time.perf_counter()
    theirs, counts = baseline.bootstrap(data, 20, np.random.default_rng(2))
    slow = (time.perf_counter() - start) * 10
    arguments = kernel_arguments(data, 1.5, 1.0, None)
    ours = kernels.bootstrap(*sparse.arrays(data), data.weight, counts, *arguments)[0]
    fast = seconds(lambda: isocon.element_bootstrap(data, np.random.default_rng(2), n_draws=200), 3)
    same = np.mean(np.max(np.abs(ours - theirs), axis=1) < 1e-5)
    print(f"{'bootstrap 200-fold 30x10':34}{fast:10.2f} s{slow:12.1f} s{slow / fast:8.0f}   "
          f"same resamples: {100 * same:.0f} % equal to 1e-5 (theirs timed on 20)")  # fmt: skip
    for shape in ((30, 333), (100, 100)):
        data = wide(*shape, rng)
        for method in ("sparse", "em", "spatial", "cellwise"):
            taken = seconds(lambda m=method, d=data: isocon.fit(d, m), 1)
            print(f"{f'{method} {shape[0]}x{shape[1]}':34}{taken:10.2f} s")
    start = time.perf_counter()
    isocon.benchmark_table(n_sets=60)
    print(f"{'score table, 60 sets, 6 scenarios':34}{time.perf_counter() - start:10.1f} s   "
          f"{len(isocon.BENCHMARK_METHODS)} methods")  # fmt: skip


if __name__ == "__main__":
    main()
