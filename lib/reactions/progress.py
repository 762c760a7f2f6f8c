"""Surface models of one reaction, weighed by the evidence that a curve of progress against time gives.

Every model is an autonomous law dX/dt = k g(X; shape) of the share X that has reacted, so that time follows from one integral,
k t = int_0^X du/g(u), and a curve is a stretched standard one.  The rate constant is expressed by the half time, whose prior
is the same for all models: differences in evidence come from the shapes.  The standard deviation of readings is marginalised.
"""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd

GRID = 4001
#: Cells of half time and shape; the prior of the half time is log-uniform over this factor on both sides of the duration.
N_HALF, N_SHAPE, HALF_RANGE = 160, 80, 20.0
#: The grid is drawn closer to where the log likelihood is within so many nats of its top, at most so often.
DEPTH, ROUNDS = 25.0, 6
NO_SHAPE = ("shape", "shape_lo95", "shape_hi95")


@dataclasses.dataclass(frozen=True)
class SurfaceModel:
    """One law of progress.

    Parameters
    ----------
    name : str
        For tables and figures.
    law : callable
        (X, shape) -> g(X), X and g of shape (n,); or "avrami", whose curve is known.
    shape : tuple or None
        (name, low, high, scale) of the shape parameter with its prior range, scale "log" or "linear"; None for none.
    formula : str
        dX/dt / k, typeset.
    meaning : str
        What happens at the surface.
    """

    name: str
    law: object
    shape: tuple | None
    formula: str
    meaning: str


def _third(x):
    return np.clip(x, 0, None) ** (2 / 3)


#: The candidates.  Seeds and growth have log-uniform priors over wide ranges, Avrami's exponent a uniform one.
SURFACE_MODELS = {
    m.name: m
    for m in (
        SurfaceModel("constant area", lambda x, s: np.ones_like(x), None, "1", "the area never changes"),
        SurfaceModel("shrinking grains", lambda x, s: _third(1 - x), None, "(1-X)^{2/3}", "area of evenly dissolving grains"),
        SurfaceModel("proportional", lambda x, s: 1 - x, None, "1-X", "first order in what is left"),
        SurfaceModel(
            "Avrami", "avrami", ("exponent", 0.5, 6.0, "linear"), r"n(1-X)[-\ln(1-X)]^{1-1/n}", "nucleation and growth"
        ),
        SurfaceModel(
            "autocatalytic", lambda x, s: (1 - x) * (x + s), ("seed", 1e-4, 1.0, "log"), "(1-X)(X+s)",
            "reactant and product both help, in proportion"
        ),
        SurfaceModel(
            "product surface", lambda x, s: _third(1 - x) * _third(x + s), ("seed", 1e-4, 1.0, "log"),
            "(1-X)^{2/3}(X+s)^{2/3}", "areas of shrinking reactant and growing product"
        ),
        SurfaceModel(
            "cracking", lambda x, s: _third(1 - x) * (1 + s * x), ("growth", 0.1, 1e4, "log"), "(1-X)^{2/3}(1+gX)",
            "shrinking grains whose area grows by new cracks"
        ),
    )
}  # fmt: skip


def standard_curve(model, shape=None):
    """Tabulate the progress of a model against time in half times.

    Parameters
    ----------
    model : str
        Of `SURFACE_MODELS`.
    shape : float, optional
        Shape parameter, for the models that have one.

    Returns
    -------
    t : ndarray, shape (n,)
        Time over the half time; increasing from 0.
    x : ndarray, shape (n,)
        Progress, 0-1.

    Raises
    ------
    ValueError
        For an unknown model, and a shape that is missing or not above zero.
    """
    if model not in SURFACE_MODELS:
        raise ValueError(f"unknown surface model {model!r}; known: {', '.join(SURFACE_MODELS)}")
    given = SURFACE_MODELS[model]
    if given.shape is not None and not (shape is not None and shape > 0):
        raise ValueError(f"{model} needs its {given.shape[0]} above zero, got {shape}")
    # cosine spacing: dense at both ends, where g may go to zero
    x = 0.5 * (1 - np.cos(np.linspace(0, np.pi, GRID)))
    x[-1] = 1 - 1e-9
    if given.law == "avrami":
        t = (-np.log1p(-x) / np.log(2)) ** (1 / shape)
        return t, x
    middle = (x[1:] + x[:-1]) / 2
    t = np.concatenate([[0.0], np.cumsum(np.diff(x) / given.law(middle, shape))])
    return t / np.interp(0.5, x, t), x


@dataclasses.dataclass(frozen=True, eq=False)
class ProgressFit:
    """Posterior of one surface model on a grid.

    Parameters
    ----------
    model : str
        Its name.
    log_evidence : float
        Natural logarithm, without constants that all models share.
    half_time : ndarray, shape (n_half,)
        Grid of half times, in the unit of the data.
    shape : ndarray, shape (n_shape,)
        Grid of the shape parameter; [nan] without one.
    weight : ndarray, shape (n_shape, n_half)
        Posterior mass of every cell.
    ssr : ndarray, shape (n_shape, n_half)
        Sum of squared residuals.
    n : int
        Readings.
    """

    model: str
    log_evidence: float
    half_time: np.ndarray
    shape: np.ndarray
    weight: np.ndarray
    ssr: np.ndarray
    n: int

    @property
    def best(self) -> tuple:
        """Half time, shape and root mean square residual of the least squares fit on the grid."""
        i, j = np.unravel_index(self.ssr.argmin(), self.ssr.shape)
        return float(self.half_time[j]), float(self.shape[i]), float(np.sqrt(self.ssr[i, j] / self.n))

    def draws(self, n, rng):
        """Draw from the posterior.

        Parameters
        ----------
        n : int
            Number of draws.
        rng : numpy.random.Generator
            Of the draws.

        Returns
        -------
        half_time, shape, sigma : ndarray, shape (n,)
            Half time, shape parameter and standard deviation of a reading.
        """
        cell = rng.choice(self.weight.size, n, p=self.weight.ravel())
        i, j = np.unravel_index(cell, self.weight.shape)
        sigma = np.sqrt(self.ssr[i, j] / rng.chisquare(self.n, n))
        return self.half_time[j], self.shape[i], sigma


def _at(u, low, high, scale):
    """Value of a parameter whose prior is even in u, 0-1."""
    return low * (high / low) ** u if scale == "log" else low + (high - low) * u


def _middles(box, n):
    """Middles of n cells of an interval."""
    return box[0] + (box[1] - box[0]) * (np.arange(n) + 0.5) / n


def _sums(model, t, x, half, shapes):
    """Sums of squared residuals over a grid, shape (n_shape, n_half)."""
    ssr = np.empty((len(shapes), half.size))
    scaled = t / half[:, None]
    for i, shape in enumerate(shapes):
        clock, curve = standard_curve(model, shape)
        ssr[i] = ((np.interp(scaled, clock, curve) - x) ** 2).sum(axis=1)
    return ssr


def _zoom(box, inside, n):
    """Interval of the cells with mass, and one more on each side."""
    at = np.flatnonzero(inside)
    width = (box[1] - box[0]) / n
    return max(box[0], box[0] + (at[0] - 1) * width), min(box[1], box[0] + (at[-1] + 2) * width)


def fit_progress(time, progress, model, thin=1) -> ProgressFit:
    """Weigh one surface model.

    Parameters
    ----------
    time : array_like, shape (n,)
        Above zero.
    progress : array_like, shape (n,)
        Share reacted, 0-1.
    model : str
        Of `SURFACE_MODELS`.
    thin : int
        Coarsens the grids, to see that they are fine enough.

    Returns
    -------
    ProgressFit

    Raises
    ------
    ValueError
        For fewer than four readings, and times or progress that are not finite.

    Notes
    -----
    The likelihood with a standard deviation of prior 1/sigma is proportional to SSR^(-n/2); the evidence is its mean over the
    prior, taken on a grid of half time (log-uniform) and shape that is drawn closer to where the mass is.
    """
    t, x = np.asarray(time, dtype=float), np.asarray(progress, dtype=float)
    if t.size < 4 or t.shape != x.shape or not (np.isfinite(t).all() and np.isfinite(x).all() and (t > 0).all()):
        raise ValueError(
            f"{t.size} times and {x.size} values; expected four or more pairs of finite numbers, times above zero"
        )
    given = SURFACE_MODELS[model].shape if model in SURFACE_MODELS else None
    n_half, n_shape = N_HALF // thin, N_SHAPE // thin if given else 1
    boxes = [(0.0, 1.0), (0.0, 1.0)]
    for _ in range(ROUNDS):
        half = _at(_middles(boxes[0], n_half), t.max() / HALF_RANGE, t.max() * HALF_RANGE, "log")
        shapes = _at(_middles(boxes[1], n_shape), *given[1:]) if given else [None]
        ssr = _sums(model, t, x, half, shapes)
        log_like = -0.5 * t.size * np.log(np.maximum(ssr, 1e-300))
        inside = log_like > log_like.max() - DEPTH
        last = [hi - lo for lo, hi in boxes]
        zoomed = [_zoom(boxes[0], inside.any(axis=0), n_half), _zoom(boxes[1], inside.any(axis=1), n_shape)]
        if all(hi - lo > 0.6 * width for (lo, hi), width in zip(zoomed, last, strict=True)):
            break
        boxes = zoomed
    mass = np.exp(log_like - log_like.max())
    # the rest of the prior has no mass to speak of
    value = log_like.max() + np.log(mass.mean()) + np.log(last).sum()
    grid = np.array(shapes, dtype=float) if given else np.array([np.nan])
    return ProgressFit(model, float(value), half, grid, mass / mass.sum(), ssr, t.size)


def weigh_surfaces(time, progress, models=None, thin=1) -> tuple:
    """Weigh surface models against each other.

    Parameters
    ----------
    time, progress : array_like, shape (n,)
        As for `fit_progress`.
    models : sequence of str, optional
        Of `SURFACE_MODELS`; all when left out.
    thin : int
        As in `fit_progress`.

    Returns
    -------
    table : DataFrame
        By evidence: model, n (readings), log_evidence, probability, bic, rms (of the residuals), half_time with lo95 and
        hi95, shape_name, shape with lo95 and hi95, autocorrelation (of successive residuals of the best fit).
    fits : dict of str to ProgressFit
        By model.
    """
    t, x = np.asarray(time, dtype=float), np.asarray(progress, dtype=float)
    fits = {name: fit_progress(t, x, name, thin) for name in (models or SURFACE_MODELS)}
    rows = []
    for name, fit in fits.items():
        given = SURFACE_MODELS[name].shape
        half, shape, rms = fit.best
        residual = x - predict(fit.model, half, shape, t)
        by_half, by_shape = fit.weight.sum(axis=0), fit.weight.sum(axis=1)
        rows.append(
            {
                "model": name, "n": fit.n, "log_evidence": fit.log_evidence,
                "bic": fit.n * np.log(rms**2) + (1 + (given is not None)) * np.log(fit.n), "rms": rms,
                **_interval("half_time", fit.half_time, by_half),
                "shape_name": given[0] if given else "",
                **(_interval("shape", fit.shape, by_shape) if given else dict.fromkeys(NO_SHAPE, np.nan)),
                "autocorrelation": float((residual[1:] * residual[:-1]).sum() / (residual**2).sum()),
            }
        )  # fmt: skip
    table = pd.DataFrame(rows)
    weight = np.exp(table["log_evidence"] - table["log_evidence"].max())
    table.insert(3, "probability", weight / weight.sum())
    return table.sort_values("log_evidence", ascending=False, ignore_index=True), fits


def _interval(name, grid, mass):
    """Median and 95 % interval of a marginal on a grid."""
    total = np.cumsum(mass) - mass / 2
    found = [float(np.interp(q, total, grid)) for q in (0.5, 0.025, 0.975)]
    return dict(zip((name, f"{name}_lo95", f"{name}_hi95"), found, strict=True))


def predict(model, half_time, shape, time):
    """Return the progress of a model.

    Parameters
    ----------
    model : str
        Of `SURFACE_MODELS`.
    half_time : float
        Time at which half has reacted.
    shape : float
        Shape parameter; NaN for models without.
    time : array_like, shape (n,)
        Zero or more, in the unit of `half_time`.

    Returns
    -------
    ndarray, shape (n,)
        Share reacted, 0-1.
    """
    clock, curve = standard_curve(model, None if np.isnan(shape) else shape)
    return np.interp(np.asarray(time, dtype=float) / half_time, clock, curve)


def predictive_band(fit, time, rng, n_draws=400) -> pd.DataFrame:
    """Return the posterior predictive band of a surface model.

    Parameters
    ----------
    fit : ProgressFit
        Of one model.
    time : array_like, shape (n,)
        Where it is wanted.
    rng : numpy.random.Generator
        Of the draws.
    n_draws : int
        Draws from the posterior.

    Returns
    -------
    DataFrame
        time, median, lo95, hi95 of the progress, and predictive_lo95, predictive_hi95 of a new reading.
    """
    time = np.asarray(time, dtype=float)
    half, shape, sigma = fit.draws(n_draws, rng)
    curves = np.array([predict(fit.model, h, s, time) for h, s in zip(half, shape, strict=True)])
    reading = curves + sigma[:, None] * rng.standard_normal(curves.shape)
    low, middle, high = np.quantile(curves, [0.025, 0.5, 0.975], axis=0)
    below, above = np.quantile(reading, [0.025, 0.975], axis=0)
    return pd.DataFrame(
        {"time": time, "median": middle, "lo95": low, "hi95": high, "predictive_lo95": below, "predictive_hi95": above}
    )
