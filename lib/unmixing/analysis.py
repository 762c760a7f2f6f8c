"""Analysis of a table of sediments: from contents to directions of change, end members, and what may be said of them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from lib.answers import Answer

from . import report, steps
from .check import MAX_CENSORED, feasible
from .choices import METHODS, choose_transform
from .geometry import Verdict, flatness, verdict
from .tabular import DEFAULT_NOISE, MIN_MEASURED, Compositions, prepare

#: Frames of an analysis, in the order of the CSV files.
FRAMES = (
    "directions", "curves", "scores", "end_members", "proportions", "component_number", "end_member_number", "geometry",
    "stability", "residuals", "imputed", "diagnostics", "messages",
)  # fmt: skip
#: Relative error of a cell that was replaced: it is known to a factor only.
IMPUTED_ERROR = 0.5
#: Share of cells with an error of their own from which on the errors of a table count as known.
KNOWN = 0.5
#: Median total of the parts (mass fraction) from which on the analyses count as whole.
WHOLE = 0.5


@dataclass(frozen=True, eq=False)
class SedimentAnalysis(Answer):
    """Results of `analyse`.

    Parameters
    ----------
    compositions : Compositions
        The samples and parts that were used, with their gaps.
    x : array, shape (N, D)
        The same as mass fractions without gaps (cells below detection replaced).
    stability : Stability or None
        Components and how reproducible they are; ``stability.factors`` is the fit.
    gate : Gaussianity or None
        Whether independent components may be named; None for principal components.
    mixture : EndMembers or None
        End members and proportions.
    intervals : Intervals or None
        Their bootstrap intervals.
    verdict : Verdict
        Whether the samples look like mixtures or like products of multiplying processes.
    headline : tuple of str
        "factors", "end members" or both: what the diagnostics speak of (with "auto" the family that fits better).
    frames : dict
        Name (see `FRAMES`) -> tidy DataFrame.
    parameters : dict
        What `analyse` was called with, and what it chose: n_components, n_end_members, transform, closed.
    """

    compositions: Compositions
    x: np.ndarray
    stability: object | None
    gate: object | None
    mixture: object | None
    intervals: object | None
    verdict: Verdict
    headline: tuple[str, ...]
    frames: dict[str, pd.DataFrame]
    parameters: dict = field(default_factory=dict)

    @property
    def factors(self):
        """The components (`lib.unmixing.factors.Factors`), None when none were asked for."""
        return None if self.stability is None else self.stability.factors


def analyse(
    table,
    *,
    method: str = "auto",
    transform: str = "auto",
    n_end_members: int = 0,
    noise: float = DEFAULT_NOISE,
    parts=None,
    exclude=(),
    min_measured: float = MIN_MEASURED,
    max_censored: float = MAX_CENSORED,
    replacement: str = "multiplicative",
    close="auto",
    n_bootstrap: int = 100,
    seed: int = 1,
    n_jobs: int = 1,
) -> SedimentAnalysis:
    """Find the processes or end members behind a table of compositions.

    Parameters
    ----------
    table : tables.Table or Compositions
        See `lib.unmixing.prepare` for the columns.
    method : str
        Key of `lib.unmixing.choices.METHODS`.  "auto" runs independent components in log-ratios and minimum-volume end
        members, and says which fits better.
    transform : {"auto", "ilr", "raw", "standardised"}
        Coordinates of the components; "auto" is ilr.  End members are always sought in concentrations.
    n_end_members : int
        End members, or components with the methods ica and pca (with "auto" there is one component fewer, since K end
        members span K - 1 directions); 0 = choose, and say why.
    noise : float
        Relative one-sigma error where the table has none.
    parts, exclude : sequence of str
        Parts to use, or to leave out; see `lib.unmixing.prepare`.
    min_measured : float, 0-1
        See `lib.unmixing.prepare`.
    max_censored : float, 0-1
        Largest share of a part's cells that may be below detection.
    replacement : {"multiplicative", "log-ratio EM"}
        How they are replaced, see `lib.composition.replace`.
    close : {"auto", True, False}
        Whether end members are sought in closed compositions; "auto" closes whole analyses and leaves subsets, such as trace
        elements alone, as they are: mixing is not linear in a subset that was closed again.
    n_bootstrap : int
        Resamplings of the samples for stability and intervals; 0 = none for end members, and the smallest number for
        components.
    seed : int
        Streams are spawned from it.
    n_jobs : int
        Processes at once; the results do not depend on it.

    Returns
    -------
    SedimentAnalysis

    Raises
    ------
    ValueError
        What `prepare` and `lib.composition.replace` refuse, an unknown method, or too many components for the table.
    """
    if method not in METHODS:
        raise ValueError(f"method = {method!r} is not known; known: {', '.join(METHODS)}")
    chosen = choose_transform(method, transform)
    made = table
    if not isinstance(table, Compositions):
        made = prepare(table, parts=parts, exclude=exclude, min_measured=min_measured)
    n, d = made.shape
    if n < d:
        raise ValueError(f"{n} complete samples for {d} parts: add samples, or leave out parts ({', '.join(made.names)})")
    most = feasible(n, d, method)[0]
    if n_end_members > most:
        raise ValueError(f"n_end_members = {n_end_members}: {n} samples of {d} parts can carry at most {most} with {method!r}")
    x, imputed, replace_notes = steps.fill(made, replacement, max_censored)
    relative = np.where(made.below | made.missing, IMPUTED_ERROR, made.relative_error(noise))
    known = bool(np.isfinite(made.error).mean() > KNOWN)
    seeds = [int(s.generate_state(1)[0]) for s in np.random.SeedSequence(seed).spawn(6)]
    shape = flatness(x, relative)
    decided = verdict(shape)
    headline = _headline(method, decided)
    frames = {name: report.empty(name) for name in report.COLUMNS} | {"geometry": shape, "imputed": imputed}
    rows = [("note", "prepare", text) for text in (*made.notes, *replace_notes)]
    stability = gate = mixture = intervals = None
    fitted, labels, em_labels = {}, [], []
    used = {"transform": chosen, "n_components": None, "n_end_members": None, "closed": None}

    if METHODS[method] in ("factors", "both"):
        # K end members span K - 1 directions
        asked = max(n_end_members - (method == "auto"), 0)
        k, numbers, said = steps.find_components(x, relative if known else None, asked, min(most, d - 1), seeds[0])
        stability, gate = steps.find_factors(
            x, k, "ica" if method == "auto" else method, chosen, n_bootstrap, seeds[1:3], n_jobs
        )  # fmt: skip
        labels = report.labels_of_factors(stability, gate)
        frames["component_number"] = numbers
        frames["directions"] = report.directions_frame(stability, made.names, labels)
        frames["curves"] = report.curves_frame(stability, made.names, made.units, labels)
        frames["scores"] = report.long_frame(stability.factors.scores, made, "component", "score", labels)
        fitted["factors"] = stability.factors.reconstruct()
        used["n_components"] = k
        level = "warning" if "factors" in headline else "note"
        rows += [("note", "number", said)] if said else []
        if k == 1 and method != "pca":
            rows.append(("note", "number", "one component is the first principal one: there is nothing to tell apart"))
        rows += [(level, "stability", text) for text in stability.messages]
        if gate is not None:
            rows.append(("note" if gate.identifiable.all() else level, "gaussian", gate.message))

    if METHODS[method] in ("end members", "both"):
        kind = "minimum volume" if method == "auto" else method
        whole = bool(np.median(x.sum(axis=1)) >= WHOLE) if close == "auto" else bool(close)
        k, numbers, said = steps.find_number(x, relative, n_end_members, most, whole, shape, seeds[3], n_jobs)
        mixture, intervals = steps.find_end_members(x, k, kind, relative, whole, n_bootstrap, seeds[4:6], n_jobs)
        data = x / x.sum(axis=1, keepdims=True) if whole else x
        em_labels = report.labels_of_end_members(mixture.end_members, data.mean(axis=0), made.names)
        frames["end_member_number"] = numbers
        frames["end_members"] = report.end_members_frame(mixture, intervals, made.names, made.units, em_labels)
        frames["proportions"] = report.proportions_frame(mixture, intervals, made, em_labels)
        fitted["end members"] = mixture.proportions @ mixture.end_members
        used |= {"n_end_members": k, "closed": whole}
        rows += [("note", "number", said)] if said else []
        rows += [("note", "unmixing", text) for text in report.unmixing_notes(mixture, made.samples)]
        level = "warning" if "end members" in headline else "note"
        rows += [(level, "stability", text) for text in report.unstable_end_members(intervals, em_labels)]
        if not whole:
            rows.append(("note", "unmixing", "the parts are a subset of the rock and were not closed again"))

    frames["stability"] = report.stability_frame(stability, gate, labels, intervals, em_labels)
    frames["residuals"] = report.residuals_frame(x, relative, made.names, fitted)
    frames["diagnostics"] = report.diagnostics_frame(
        stability if "factors" in headline else None, gate if "factors" in headline else None,
        intervals if "end members" in headline else None, frames["residuals"].query("family in @headline"),
    )  # fmt: skip
    rows.append(_verdict_row(decided, method, known, noise))
    frames["messages"] = pd.DataFrame(rows, columns=["level", "code", "text"])
    parameters = {
        "method": method, "transform": transform, "n_end_members": n_end_members, "noise": noise,
        "parts": None if parts is None else tuple(parts), "exclude": tuple(exclude), "min_measured": min_measured,
        "max_censored": max_censored, "replacement": replacement, "close": close, "n_bootstrap": n_bootstrap, "seed": seed,
        "used": used,
    }  # fmt: skip
    frames = {name: frames[name] for name in FRAMES}
    return SedimentAnalysis(made, x, stability, gate, mixture, intervals, decided, headline, frames, parameters)


def _headline(method, decided):
    """Families that the diagnostics speak of: the one asked for, or with "auto" the one that fits, or both."""
    if METHODS[method] != "both":
        return (METHODS[method],)
    return ("factors", "end members") if decided.family == "undecided" else (decided.family,)


def _verdict_row(decided, method, known, noise):
    """Say which family fits, and warn when the other one was asked for."""
    errors = "the table's errors" if known else f"an assumed error of {noise:.1%}"
    text = f"with {errors}: {decided.reason}"
    other = {"factors": "end members", "end members": "factors"}.get(decided.family)
    if METHODS[method] == other:
        return ("warning", "geometry", f"{text}, but method {method!r} looks for {other}")
    return ("note", "geometry", text)
