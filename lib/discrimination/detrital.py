"""Detrital grains: what each of them is, and which shares of the sources a sand holds, with the uncertainty of both.

The interval of a share has three parts: few grains in the sand, classes that overlap, and a classifier that was learnt from
few rocks.  The last is the one that is usually left out; here whole rocks are redrawn where the training table names them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from .calibration import Calibration, calibrate
from .classifier import Classifier, confusion_matrix, fit_classifier
from .grains import Grains
from .outside import unlike
from .shift import METHODS, UNDETERMINED, PriorShift, draw_proportions, em_prior_shift, shares_by_method, shares_frame

#: Sands with fewer grains get no shares of their own.
MIN_GRAINS = 10
ALL = "all"
#: Posterior draws a redrawn classifier.
DRAWS_EACH = 10
#: The method whose interval carries every source of uncertainty.
HEADLINE = "prior shift (Bayesian)"


@dataclass(frozen=True, eq=False)
class Detrital:
    """Sources of grains of unknown source.

    Parameters
    ----------
    grains : DataFrame
        One row a grain: sample, group, assigned (class or "undetermined"), p_max, unlike (True = outside the training
        grains of every class), and ``p[<class>]`` under the shares found for its sand.
    proportions : DataFrame
        site ("all" or the group), method, class, proportion, lo95, hi95, n_grains.
    shift : PriorShift
        Maximum-likelihood shares of all grains together.
    draws : dict
        Site -> posterior draws of the shares, shape (n, K).
    probabilities : array, shape (N, K)
        Calibrated probabilities with the training shares as prior.
    messages : tuple of tuple (str, str)
        Level and text.
    """

    grains: pd.DataFrame
    proportions: pd.DataFrame
    shift: PriorShift
    draws: dict[str, np.ndarray]
    probabilities: np.ndarray
    messages: tuple[tuple[str, str], ...] = ()


def cluster_weights(codes, clusters, rng) -> np.ndarray:
    """How often a bootstrap draws each grain: whole clusters with replacement, class by class.

    Parameters
    ----------
    codes : array of int, shape (N,)
        Classes.
    clusters : array of int, shape (N,), or None
        Rock of each grain; None = every grain by itself.
    rng : numpy.random.Generator
        Stream.

    Returns
    -------
    array of float, shape (N,)
    """
    codes = np.asarray(codes)
    clusters = np.arange(len(codes)) if clusters is None else np.asarray(clusters)
    weight = np.zeros(len(codes))
    for k in np.unique(codes):
        rows = np.flatnonzero(codes == k)
        units, place = np.unique(clusters[rows], return_inverse=True)
        weight[rows] = rng.multinomial(len(units), np.full(len(units), 1 / len(units)))[place]
    return weight


def apply_to_detrital(
    training: Grains,
    detrital: Grains,
    features,
    held_out,
    *,
    C: float = 1.0,
    calibration: Calibration | None = None,
    threshold: float = 0.6,
    n_bootstrap: int = 200,
    seed: int = 1,
) -> Detrital:
    """Judge detrital grains with a classifier, and estimate the shares of the sources.

    Parameters
    ----------
    training, detrital : Grains
        Grains of known and unknown source with the same features.
    features : sequence of str
        Features of the classifier.
    held_out : array, shape (N, K)
        Cross-validated probabilities of the training grains with these features (for the confusion matrix).
    C : float
        Ridge, see `fit_classifier`.
    calibration : Calibration, optional
        Applied to every probability before shares are estimated.
    threshold : float, 0-1
        Largest probability below which a grain stays "undetermined".
    n_bootstrap : int
        Redrawn training sets (whole rocks where groups are known); 0 = no intervals.
    seed : int
        Of the resampling.

    Returns
    -------
    Detrital
    """
    features = tuple(features)
    x, y = training.take(features=features).x, detrital.take(features=features).x
    classes, k = training.classes, len(training.classes)
    codes = training.codes
    model = fit_classifier(x, codes, features, classes, C=C)
    p = _probabilities(model, y, calibration)
    held_out = np.asarray(held_out, float)
    held = held_out if calibration is None else calibration.apply(held_out)
    sites = _sites(detrital)
    shifts = {site: em_prior_shift(p[rows], model.prior) for site, rows in sites.items()}
    table = _point_estimates(p, held, codes, model, sites, threshold, classes)
    draws: dict[str, np.ndarray] = {}
    if n_bootstrap:
        spread, draws = _bootstrap(
            x, y, training, held_out, sites, shifts, model, calibration is not None, threshold, n_bootstrap, seed
        )  # fmt: skip
        table = _with_intervals(table, spread, draws, sites, classes)
    strange = unlike(training.x, codes, detrital.x, clusters=training.group_codes)
    posterior = shifts[ALL].posterior.copy()
    for site, rows in sites.items():
        if site != ALL:
            posterior[rows] = shifts[site].posterior
    sure = posterior.max(axis=1) >= threshold
    frame = pd.DataFrame(
        {"sample": list(detrital.samples), "group": list(detrital.groups) if detrital.groups else "",
         "assigned": np.where(sure, np.array(classes)[posterior.argmax(axis=1)], UNDETERMINED),
         "p_max": posterior.max(axis=1), "unlike": strange}
    )  # fmt: skip
    for j in range(k):
        frame[f"p[{classes[j]}]"] = posterior[:, j]
    return Detrital(frame, table, shifts[ALL], draws, p, tuple(_messages(strange, detrital, sites, shifts)))


def _probabilities(model: Classifier, x, calibration):
    p = model.predict_proba(x)
    return p if calibration is None else calibration.apply(p)


def _sites(detrital: Grains) -> dict[str, np.ndarray]:
    """Rows of all grains, and of every sand with enough of them."""
    out = {ALL: np.arange(len(detrital.x))}
    names = np.array(detrital.groups) if detrital.groups else np.empty(0, str)
    found = [name for name in dict.fromkeys(names.tolist()) if name and (names == name).sum() >= MIN_GRAINS]
    if len(found) > 1 or (found and (names == found[0]).sum() < len(names)):
        out |= {name: np.flatnonzero(names == name) for name in found}
    return out


def _point_estimates(p, held, codes, model, sites, threshold, classes):
    """Shares by every method, at every site, without intervals."""
    confusion = confusion_matrix(codes, held, len(classes))
    frames = []
    for site, rows in sites.items():
        one = shares_frame(shares_by_method(p[rows], model.prior, confusion=confusion, threshold=threshold), classes)
        one.insert(0, "site", site)
        frames.append(one.assign(lo95=np.nan, hi95=np.nan, n_grains=len(rows)))
    return pd.concat(frames, ignore_index=True)


def _bootstrap(x, y, training, held_out, sites, shifts, model, recalibrate, threshold, n_bootstrap, seed):
    """Spread of every estimator over redrawn training rocks and redrawn sand, and posterior draws of the shares."""
    codes, clusters, k = training.codes, training.group_codes, len(training.classes)
    spread = {(site, method): [] for site in sites for method in METHODS}
    draws = {site: [] for site in sites}
    for stream in np.random.SeedSequence(seed).spawn(n_bootstrap):
        rng = np.random.default_rng(stream)
        weight = cluster_weights(codes, clusters, rng)
        again = fit_classifier(x, codes, model.names, model.classes, C=model.penalty, weight=weight)
        # the calibration is as uncertain as the classifier, and redrawn with it
        calibration = calibrate(codes, held_out, weight) if recalibrate else None
        p = _probabilities(again, y, calibration)
        held = held_out if calibration is None else calibration.apply(held_out)
        confusion = np.zeros((k, k))
        np.add.at(confusion, (codes, held.argmax(axis=1)), weight)
        for site, rows in sites.items():
            some = rng.choice(rows, len(rows))
            found = shares_by_method(p[some], again.prior, confusion=confusion, threshold=threshold, tolerance=1e-5)
            for method, values in found.items():
                spread[site, method].append(values)
            draws[site].append(draw_proportions(p[rows], again.prior, DRAWS_EACH, rng, start=shifts[site].proportions))
    return spread, {site: np.vstack(values) for site, values in draws.items()}


def _with_intervals(table, spread, draws, sites, classes):
    """Fill the 95 % limits in, and append the posterior as a method of its own."""
    table = table.copy()
    for (site, method), values in spread.items():
        low, high = np.quantile(np.array(values), [0.025, 0.975], axis=0)
        rows = (table["site"] == site) & (table["method"] == method)
        table.loc[rows, "lo95"], table.loc[rows, "hi95"] = low, high
    more = []
    for site, values in draws.items():
        low, high = np.quantile(values, [0.025, 0.975], axis=0)
        middle = values.mean(axis=0)
        more += [(site, HEADLINE, name, float(middle[j]), float(low[j]), float(high[j]), len(sites[site]))
                 for j, name in enumerate(classes)]  # fmt: skip
    return pd.concat([table, pd.DataFrame(more, columns=table.columns)], ignore_index=True)


def _messages(strange, detrital, sites, shifts):
    """What a reader of the shares has to know."""
    share = float(strange.mean()) if len(strange) else 0.0
    if share > 0.05:
        yield (
            "warning",
            (
                f"{int(strange.sum())} of {len(strange)} detrital grains ({share:.0%}) lie outside the training grains of "
                "every class: a source may be missing from the training table, and their shares go to the least unlike class"
            ),
        )
    elif strange.any():
        yield "note", f"{int(strange.sum())} of {len(strange)} detrital grains lie outside the training grains of every class"
    names = np.array(detrital.groups) if detrital.groups else np.empty(0, str)
    small = [
        name for name in dict.fromkeys(names.tolist()) if name and name not in sites and (names == name).sum() < MIN_GRAINS
    ]
    if small and len(names):
        yield "note", f"no shares of their own for {', '.join(small)}: fewer than {MIN_GRAINS} grains"
    if not all(shift.converged for shift in shifts.values()):
        yield "warning", "the shares did not settle in the steps allowed: classes can hardly be told apart in this sand"
