"""Other ways from a series to its reactions: pysindy, and integral regression; all states are observed.

Both are given what helps them: the same eight functions as library, dissolved silica in moles (so that all coefficients are
stoichiometric numbers times rates), the known start, time or its logarithm (in which the times are evenly spaced) as the
independent variable, the noise (for splines), and many settings.  ``settings()`` of a way lists them, ``find(series, ...)``
returns the set of reactions found by one and ``scan(series)`` by each; `run.py` keeps, for each way and noise, what does best
*with the truth known*.  Ensembles and the weak form draw from NumPy's global generator, which nothing here seeds:
their rows differ a little from run to run.

pysindy fits one coefficient for every function in every equation.  A reaction counts as found when its coefficient has the
right sign in at least half of the species that it changes; terms in equations where a reaction has no business are forgiven.
"""

import importlib.util
import itertools
import warnings

import numpy as np
from scipy.optimize import nnls
from silica_rates import BRUCITE, EPS, MOLES, NAMES, TALC

ACTIVE = [np.flatnonzero(column) for column in MOLES.T]
SUBSETS = [np.flatnonzero([m >> j & 1 for j in range(8)]) for m in range(256)]


def present():
    """Whether pysindy can be imported."""
    return importlib.util.find_spec("pysindy") is not None


def area(m):
    """Surface of a mineral, arrays; noise may make its amount negative."""
    m = np.maximum(m, 0.0)
    return m / np.cbrt(m + 1e-3)


#: Rates for rate constants of one; arguments are the seven states (silica in moles) and a weight, dt over d(clock).
LIBRARY = [
    lambda fo, srp, brc, tlc, qz, am, c, w: w * area(qz) * (1 - c / EPS),
    lambda fo, srp, brc, tlc, qz, am, c, w: w * area(fo),
    lambda fo, srp, brc, tlc, qz, am, c, w: w * area(fo) * c / EPS,
    lambda fo, srp, brc, tlc, qz, am, c, w: w * area(srp) * np.maximum(c / EPS / TALC - 1, 0),
    lambda fo, srp, brc, tlc, qz, am, c, w: w * area(brc) * np.maximum(c / EPS - BRUCITE, 0),
    lambda fo, srp, brc, tlc, qz, am, c, w: w * area(fo) * np.maximum(c / EPS / TALC - 1, 0),
    lambda fo, srp, brc, tlc, qz, am, c, w: w * c / EPS,
    lambda fo, srp, brc, tlc, qz, am, c, w: w * area(fo) * area(srp + 1e-3),
]


def in_moles(series, clock):
    """What stands for time, states and weight; the known start is in it when time itself is used."""
    times, y = series.reactor.times, series.data * np.append(np.ones(6), EPS)
    if clock == "log time":
        return np.log(times), y, times[:, None]
    start = series.reactor.y0 * np.append(np.ones(6), EPS)
    return np.append(0.0, times), np.vstack([start, y]), np.ones((times.size + 1, 1))


class Integral:
    """Amounts reacted = stoichiometry times integrated rates, by non-negative least squares; the best subset by BIC."""

    name = "integral regression (NNLS + BIC)"

    @staticmethod
    def settings():
        """Trapezoids in time or its logarithm; with the balance of dissolved silica or without."""
        return [{"clock": c, "silica": s} for c in ("time", "log time") for s in (True, False)]

    def scan(self, series):
        """Names found with every setting."""
        return [self.find(series, **setting) for setting in self.settings()]

    @staticmethod
    def find(series, clock, silica):
        """Names of the best subset."""
        tau, y, w = in_moles(series, clock)
        unit = np.column_stack([f(*y.T, w[:, 0]) for f in LIBRARY])
        steps = 0.5 * np.diff(tau)[:, None] * (unit[1:] + unit[:-1])
        first = unit[:1] if clock == "log time" else np.zeros((1, 8))  # before the first time, which is short: its rate
        reacted = np.vstack([first, first + np.cumsum(steps, axis=0)])
        start = series.reactor.y0 * np.append(np.ones(6), EPS)
        rows = slice(None) if silica else slice(0, 6)
        design = (MOLES[None, rows] * reacted[:, None]).reshape(-1, 8)
        target = (y - start)[:, rows].ravel()
        q, small = np.linalg.qr(design)  # 256 fits of 8 numbers instead of 210
        short, left = q.T @ target, target @ target
        left -= short @ short
        scores = []
        for subset in SUBSETS:
            rss = left + (nnls(small[:, subset], short)[1] ** 2 if subset.size else short @ short)
            scores.append(target.size * np.log(rss) + np.log(target.size) * subset.size)
        return {NAMES[j] for j in SUBSETS[int(np.argmin(scores))]}


def differentiators(noise):
    """Differentiators of pysindy and of the package that it wraps, by name."""
    import pysindy

    return (
        {"differences": pysindy.FiniteDifference()}
        | {f"Savitzky-Golay {n}": pysindy.SmoothedFiniteDifference(smoother_kws={"window_length": n}) for n in (5, 9)}
        | {f"spline {x}": pysindy.SINDyDerivative(kind="spline", s=x * 30 * noise**2, order=3) for x in (0.5, 1.0)}
        | {"Kalman": pysindy.SINDyDerivative(kind="kalman", alpha=1e-2)}
    )


class Sindy:
    """A regression of pysindy on derivatives or, in the weak form, on integrals against test functions."""

    def __init__(self, name, optimisers, weak=False, thrifty=False):
        self.name, self.optimisers, self.weak, self.thrifty = name, optimisers, weak, thrifty

    def outer(self):
        """Clocks with differentiators, or with half-widths of the test functions (shares of the whole)."""
        if self.weak:
            return [{"clock": c, "share": s} for c in ("time", "log time") for s in (0.1, 0.2, 0.35)]
        names = ["differences", "spline 1.0"] if self.thrifty else list(differentiators(0.01))
        even = [{"clock": "log time", "derivative": d} for d in names]
        return even + [
            {"clock": "time", "derivative": d} for d in names if not d.startswith("Savitzky")
        ]  # it needs even steps

    def settings(self):
        """All combinations with the optimisers."""
        return [{**first, "optimiser": o} for first in self.outer() for o in self.optimisers]

    def model(self, series, optimiser, clock, derivative="differences", share=None):
        """Fit pysindy's model."""
        import pysindy

        tau, y, w = in_moles(series, clock)
        library = pysindy.CustomLibrary(LIBRARY)
        if self.weak:
            library = pysindy.WeakPDELibrary(library, spatiotemporal_grid=tau, K=100, H_xt=[share * np.ptp(tau)])
        model = pysindy.SINDy(optimiser, library, differentiators(series.noise)[derivative])
        return quietly(lambda: model.fit(y, t=tau, u=w))

    def find(self, series, optimiser, **first):
        """Names of the reactions found with one setting, all from the beginning."""
        return read(self.model(series, self.optimisers[optimiser](), **first).coefficients())

    def scan(self, series):
        """Names of the reactions found with every setting, in the order of `settings`; derivatives are formed once."""
        found = []
        for first in self.outer():
            kept = keeper()
            self.model(series, kept, **first)
            fits = [quietly(lambda make=make, kept=kept: make().fit(kept.x, kept.y)) for make in self.optimisers.values()]
            found += [read(fit.coef_) for fit in fits]
        return found


def keeper():
    """An optimiser that keeps the numbers it is given."""
    import pysindy

    class Keeper(pysindy.STLSQ):
        def fit(self, x, y):
            self.x, self.y = np.array(x), np.array(y)
            return super().fit(x, y)

    return Keeper()


def quietly(fit):
    """The model; that a threshold removed everything, or an iteration limit was met, is not worth a line each time."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return fit()


def read(coefficients):
    """Names of the reactions in coefficients (7 equations, 8 functions)."""
    signs = np.sign(np.asarray(coefficients))[:7]
    right = [np.mean(signs[rows, j] == np.sign(MOLES[rows, j])) for j, rows in enumerate(ACTIVE)]
    return {name for name, share in zip(NAMES, right, strict=True) if share >= 0.5}


def tied(threshold, nu=1.0):
    """Constrained SR3: coefficients of a function stand in the ratios of its stoichiometry; hard thresholds."""
    import pysindy

    ties = []
    for j, rows in enumerate(ACTIVE):
        for s in range(7):
            row = np.zeros((7, 8))
            if s not in rows:
                row[s, j] = 1.0
            elif s != rows[0]:
                row[s, j], row[rows[0], j] = MOLES[rows[0], j], -MOLES[s, j]
            if row.any():
                ties.append(row.ravel())
    ties = np.array(ties)
    return pysindy.ConstrainedSR3(
        reg_weight_lam=threshold**2 / (2 * nu), regularizer="l0", relax_coeff_nu=nu, max_iter=300, tol=1e-6,
        constraint_lhs=ties, constraint_rhs=np.zeros(len(ties)), equality_constraints=True,
    )  # fmt: skip


def stlsq(threshold, alpha, scaled):
    """Thresholded ridge regression."""
    import pysindy

    return pysindy.STLSQ(threshold=threshold, alpha=alpha, normalize_columns=scaled)


def bagged(threshold, alpha, scaled):
    """Median over 20 resampled fits: a term stays that most of them have."""
    import pysindy

    return pysindy.EnsembleOptimizer(stlsq(threshold, alpha, scaled), bagging=True, n_models=20)


def choices(make, **values):
    """All combinations of some settings: name -> function that makes the optimiser."""
    found = {}
    for row in itertools.product(*values.values()):
        one = dict(zip(values, row, strict=True))
        found[", ".join(f"{k} {v}" for k, v in one.items())] = lambda one=one: make(**one)
    return found


STLSQ = (
    choices(stlsq, threshold=(0.001, 0.003, 0.01, 0.02, 0.05), alpha=(1e-6,), scaled=(False,))
    | choices(stlsq, threshold=(0.003, 0.02), alpha=(0.05,), scaled=(False,))
    | choices(stlsq, threshold=(0.01, 0.03, 0.1), alpha=(1e-6,), scaled=(True,))
)
TIED = choices(tied, threshold=(0.001, 0.003, 0.01, 0.02, 0.03, 0.05), nu=(0.1, 10.0))
BAGGED = choices(bagged, threshold=(0.003, 0.02), alpha=(1e-3,), scaled=(False,))
PYSINDY = (
    Sindy("pysindy, STLSQ", STLSQ),
    Sindy("pysindy, constrained SR3", TIED),
    Sindy("pysindy, ensemble of STLSQ", BAGGED, thrifty=True),
    Sindy("pysindy, weak form, STLSQ", STLSQ, weak=True),
    Sindy("pysindy, weak form, constrained SR3", TIED, weak=True),
)
