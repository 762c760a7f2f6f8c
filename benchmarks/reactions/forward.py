"""Time of one forward solve at a stated accuracy: ours against LSODA of scipy, and what the profile reactor takes."""

import time

import numpy as np
from scipy.integrate import odeint, solve_ivp
from silica_rates import compiled_slope, numpy_slope, python_slope

from lib.kinetics import BatchReactor, ProfileReactor, silica_network
from lib.reactions.silica import TRUTHS

TIMES = np.geomspace(0.2, 60.0, 30)
SYSTEMS = {" ".join(truth): truth for truth in TRUTHS.values()} | {"all eight": tuple(f"R{j}" for j in range(1, 9))}
TOLERANCES = 10.0 ** -np.arange(2.0, 9.01, 0.25)
N_RATES = 5  # sets of rate constants within 0.2 dex of the reference, beside the reference itself


def seconds(job, shortest=0.06, repeats=2):
    """Processor seconds of one call: the best of some runs that last long enough each."""
    job()
    n = 1
    while True:
        began = time.process_time()
        for _ in range(n):
            job()
        took = time.process_time() - began
        if took > shortest / 4:
            break
        n *= 4
    best = took / n
    n = max(int(shortest / best), 1)
    for _ in range(repeats):
        began = time.process_time()
        for _ in range(n):
            job()
        best = min(best, (time.process_time() - began) / n)
    return best


def by_solve_ivp(slope, as_k):
    """LSODA as `scipy.integrate.solve_ivp` offers it."""

    def solve(reactor, k, rtol):
        found = solve_ivp(
            slope, (0.0, TIMES[-1]), reactor.y0, method="LSODA", t_eval=TIMES, rtol=rtol, atol=0.1 * rtol, args=(as_k(k),)
        )
        return found.y.T if found.success else np.full((TIMES.size, 7), np.nan)

    return solve


def by_odeint(reactor, k, rtol):
    """LSODA as `scipy.integrate.odeint` offers it, which has the least Python about it."""
    times = np.concatenate([[0.0], TIMES])
    return odeint(compiled_slope, reactor.y0, times, args=(k,), rtol=rtol, atol=0.1 * rtol, tfirst=True, mxstep=5000)[1:]


SOLVERS = {
    "ours": lambda reactor, k, rtol: reactor.solve(k, rtol=rtol),
    "LSODA (solve_ivp), NumPy right side": by_solve_ivp(numpy_slope, np.asarray),
    "LSODA (solve_ivp), hand-tuned Python": by_solve_ivp(python_slope, lambda k: k.tolist()),
    "LSODA (solve_ivp), compiled right side": by_solve_ivp(compiled_slope, np.asarray),
    "LSODA (odeint), compiled right side": by_odeint,
}


def loosest(solve, reactor, rates, exact, accuracy):
    """Loosest of the tolerances that keeps the largest error of all rate constants below the accuracy, and that error."""
    for rtol in TOLERANCES:
        error = max(np.abs(solve(reactor, k, rtol) - y).max() for k, y in zip(rates, exact, strict=True))
        if error <= accuracy:
            return rtol, error
    raise RuntimeError(f"no tolerance down to {TOLERANCES[-1]:.0e} reaches an error of {accuracy:.0e}")


def batch(accuracies=(5e-4, 1e-5)):
    """Print times of all solvers on all systems; median over rate constants, each at its own loosest tolerance."""
    network = silica_network()
    reactor = BatchReactor(network, None, TIMES)
    rng = np.random.default_rng(1)
    factors = np.vstack([np.ones(8), 10 ** rng.uniform(-0.2, 0.2, (N_RATES, 8))])
    rows = []
    for accuracy in accuracies:
        print(f"\nForward solve, 7 states, 30 times: largest error {accuracy:.0e} at most, over {len(factors)} sets of rates")
        print(f"  {'':44}" + "".join(f"{name:>28}" for name in SYSTEMS))
        lines = {name: [] for name in SOLVERS}
        for system, names in SYSTEMS.items():
            rates = network.reference * factors * network.mask(names)
            exact = [by_solve_ivp(compiled_slope, np.asarray)(reactor, k, 1e-11) for k in rates]
            for name, solve in SOLVERS.items():
                rtol, error = loosest(solve, reactor, rates, exact, accuracy)
                took = np.median([seconds(lambda k=k, s=solve, r=rtol: s(reactor, k, r)) for k in rates[:3]])
                lines[name].append(took)
                rows.append({"table": "forward", "case": system, "method": name, "accuracy": accuracy, "rtol": rtol,
                             "error": error, "ms": 1e3 * took, "ratio": took / lines["ours"][-1]})  # fmt: skip
        for name in SOLVERS:
            cells = [f"{1e3 * s:10.3f} ms ({s / o:6.1f} x)" for s, o in zip(lines[name], lines["ours"], strict=True)]
            print(f"  {name:44}" + "".join(f"{cell:>28}" for cell in cells))
    return rows


def sensitivities():
    """Print the time and accuracy of ours at the tolerance that the searches use, with sensitivities and without."""
    network = silica_network()
    reactor, fine = BatchReactor(network, None, TIMES), BatchReactor(network, None, TIMES, rtol=1e-8)
    print("\nOurs at the tolerance of the searches (3e-4): ms and largest error; with sensitivities, that of k dy/dk too")
    rows = []
    for system, names in SYSTEMS.items():
        mask = network.mask(names)
        k = network.reference * mask
        y, slope = reactor.solve_with_sensitivities(k, mask)
        y_fine, slope_fine = fine.solve_with_sensitivities(k, mask)
        row = {
            "table": "ours", "case": system, "ms": 1e3 * seconds(lambda k=k: reactor.solve(k)),
            "error": np.abs(reactor.solve(k) - y_fine).max(),
            "ms_sensitivities": 1e3 * seconds(lambda k=k, m=mask: reactor.solve_with_sensitivities(k, m)),
            "error_sensitivities": np.abs((slope - slope_fine) * k[mask]).max(),
        }  # fmt: skip
        rows.append(row)
        print(f"  {system:14}{row['ms']:8.3f} ms {row['error']:8.1e}   with {mask.sum()}: {row['ms_sensitivities']:7.3f} ms "
              f"{np.abs(y - y_fine).max():8.1e} {row['error_sensitivities']:8.1e}")  # fmt: skip
    return rows


def profile():
    """Print the time and accuracy of the profile reactor in the setting of the specification: 50 cells, one duration."""
    network = silica_network()
    part = network.subset(network.mask(["R2", "R3", "R4", "R5"]))
    reactor = ProfileReactor(part, 5.0, 50, durations=(40.0,), start={"Fo": 1.0})
    k, diffusivity = np.array([0.01, 0.05, 0.05, 0.5]), 0.5
    y = reactor.solve(k, diffusivity)
    error = np.abs(y - reactor.solve(k, diffusivity, atol=1e-8)).max()
    magnesium = {"Fo": 2, "Srp": 3, "Brc": 1, "Tlc": 3}
    balance = np.abs(y @ [magnesium.get(m, 0) for m in reactor.minerals] - 2.0).max()
    plain = seconds(lambda: reactor.solve(k, diffusivity))
    both = seconds(lambda: reactor.solve_with_sensitivities(k, diffusivity))
    print(f"\nProfile of 50 cells: {1e3 * plain:.2f} ms, largest error {error:.1e}, magnesium off by {balance:.0e}; "
          f"with 5 sensitivities {1e3 * both:.2f} ms")  # fmt: skip
    return [
        {"table": "ours", "case": "profile of 50 cells", "ms": 1e3 * plain, "error": error, "ms_sensitivities": 1e3 * both}
    ]
