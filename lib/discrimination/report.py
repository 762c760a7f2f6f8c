"""Tidy frames and messages of an analysis of grains."""

from __future__ import annotations

import numpy as np
import pandas as pd

from .classifier import confusion, scores

#: Largest mean distance of probability and observed share at which probabilities count as honest.
CALIBRATED = 0.05
#: Largest p value of the permuted labels, where enough of them were drawn.
SIGNIFICANT = 0.05
#: Standard errors by which the honest loss may exceed the best one.
OPTIMISM = 2.0
#: Largest gain of accuracy by holding out single grains instead of whole rocks.
LEAKAGE = 0.03
COLUMNS = {
    "null": ["size", "observed", "null_median", "null_lo95", "null_hi95", "p_value"],
    "null_best": ["permutation", "loss", "accuracy", "mask"],
    "density": ["size", "loss_low", "loss_high", "count"],
    "folds": ["fold", "n_rows", "mask", "size", "features", "inner_loss", "loss", "accuracy"],
    "selectors": ["method", "mask", "size", "loss", "loss_se", "accuracy", "features", "allowed", "better", "share_better"],
    "grains": ["sample", "group", "assigned", "p_max", "unlike"],
    "proportions": ["site", "method", "class", "proportion", "lo95", "hi95", "n_grains"],
    "hypothesis": ["group", "elements", "in_reading", "best_with", "best_without", "loss_with", "loss_without", "cost",
                   "cost_se", "needed"],
}  # fmt: skip


def empty(name: str) -> pd.DataFrame:
    """Return a frame without rows, for a step that was not asked for."""
    return pd.DataFrame(columns=COLUMNS[name])


def of(found, name: str) -> pd.DataFrame:
    """A frame of a result, or an empty one when the step was not run."""
    return empty(name) if found is None else getattr(found, name)


def best_frame(search, problem, mask, nested, null) -> pd.DataFrame:
    """One row a subset that matters (best, chosen, best without error, full): scores, and the honest score of the search."""
    within = search.one_se.sort_values(["size", "loss", "mask"])
    p = len(search.names)
    rows = []
    roles = {"best": int(search.best.mask), "chosen": int(mask), "smallest within one SE": int(within["mask"].iloc[0]),
             "all features": (1 << p) - 1}  # fmt: skip
    for role, one in roles.items():
        found = problem.score(np.array([one], np.uint64))
        names = [name for j, name in enumerate(search.names) if one >> j & 1]
        rows.append({
            "role": role, "mask": one, "size": len(names), "features": ", ".join(names), "loss": float(found.loss[0]),
            "loss_se": float(found.loss_se[0]), "accuracy": float(found.accuracy[0]),
            "balanced_accuracy": scores(problem.codes, problem.cv_probabilities(one))["balanced_accuracy"],
        })  # fmt: skip
    out = pd.DataFrame(rows)
    out["nested_loss"] = np.nan if nested is None else nested.loss
    out["nested_accuracy"] = np.nan if nested is None else nested.accuracy
    out["p_value"] = np.nan if null is None else null.p_value
    out["one_se_set_size"] = int(search.one_se_count)
    out["n_subsets"] = int(search.n_subsets)
    return out


def null_frame(null) -> pd.DataFrame:
    """Best loss by size, observed and with permuted labels."""
    return empty("null") if null is None else null.by_size


def null_best_frame(null) -> pd.DataFrame:
    """One row a permutation: the best it reached."""
    if null is None:
        return empty("null_best")
    number = np.arange(len(null.best_loss)) + 1
    return pd.DataFrame(
        {"permutation": number, "loss": null.best_loss, "accuracy": null.best_accuracy, "mask": null.best_mask}
    )


def indicator_frame(search, problem, classes, n: int) -> pd.DataFrame:
    """One row a subset (of the n best) and feature in it: rank, loss, feature, value (standardised coefficient), class.

    With two classes ``value`` is the signed coefficient of the second; with more it is the root of the summed squares over
    classes, and ``class`` the one with the largest coefficient, whose sign it carries.
    """
    rows = []
    for one in search.top.head(n).itertuples():
        fit = problem.fit(int(one.mask))
        for name, column in zip(fit.names, np.asarray(fit.coef).T, strict=True):
            k = len(column) - 1 if len(column) == 2 else int(np.abs(column).argmax())
            size = float(column[k]) if len(column) == 2 else float(np.sign(column[k]) * np.sqrt((column**2).sum()))
            rows.append((one.rank, one.loss, name, size, classes[k]))
    return pd.DataFrame(rows, columns=["rank", "loss", "feature", "value", "class"])


def confusion_frame(grains, held) -> pd.DataFrame:
    """Held-out confusion: true, assigned, count, share."""
    return confusion(grains.codes, held, grains.classes)


def predictions_frame(grains, held, folds) -> pd.DataFrame:
    """One row a grain: sample, group, fold, class, assigned, right, and the held-out probability of each class."""
    best = held.argmax(axis=1)
    out = pd.DataFrame(
        {"sample": list(grains.samples), "group": list(grains.groups) if grains.groups else "", "fold": folds,
         "class": list(grains.labels), "assigned": np.array(grains.classes)[best], "right": best == grains.codes}
    )  # fmt: skip
    for j, name in enumerate(grains.classes):
        out[f"p[{name}]"] = held[:, j]
    return out


def projection_frame(projection, grains, unknown) -> pd.DataFrame:
    """Scores of known and unknown grains on the canonical axes: sample, class ("" = unknown), axis_1, axis_2."""
    frames = []
    for one in (grains, unknown):
        if one is not None:
            at = projection.scores(one.x)
            labels = list(one.labels) if one is grains else [""] * len(one.x)
            frames.append(pd.DataFrame({"sample": list(one.samples), "class": labels, "axis_1": at[:, 0], "axis_2": at[:, 1]}))
    return pd.concat(frames, ignore_index=True)


def loadings_frame(projection, names) -> pd.DataFrame:
    """Direction of each canonical axis: feature, axis_1, axis_2 (score a decade), and the share of the separation."""
    out = pd.DataFrame({"feature": names, "axis_1": projection.axes[:, 0], "axis_2": projection.axes[:, 1]})
    return out.assign(share_1=projection.share[0], share_2=projection.share[1])


def hypothesis_frame(hypothesis) -> pd.DataFrame:
    """Element groups, and a last row "reading" for the reading as a whole."""
    if hypothesis is None:
        return empty("hypothesis")
    r = hypothesis.reading
    last = {"group": "reading", "elements": "", "in_reading": True, "best_with": r["best_obeying"],
            "best_without": r["best_violating"], "loss_with": r["loss_obeying"], "loss_without": r["loss_violating"],
            "cost": r["difference"], "cost_se": r["difference_se"], "needed": r["verdict"] == "needed"}  # fmt: skip
    return pd.concat([hypothesis.groups, pd.DataFrame([last])], ignore_index=True)


def diagnostics_frame(search, nested, null, calibration, contrast, scheme, recalibrate) -> pd.DataFrame:
    """Headline diagnostics: converged, permuted_labels, optimism, calibration, leakage; name, value, limit, ok, meaning."""
    rows = []
    failed = search.n_failed / max(search.n_subsets, 1)
    rows.append(("converged", failed, 0.0, failed == 0, "share of the subsets whose fit did not converge, 0-1"))
    if null is None:
        rows.append(("permuted_labels", None, SIGNIFICANT, False, "not run: no permutations were asked for"))
    else:
        limit = max(SIGNIFICANT, 1 / (len(null.best_loss) + 1))
        rows.append(("permuted_labels", float(null.p_value), limit, null.p_value <= limit,
                     "share of searches with permuted labels that do as well as the real one"))  # fmt: skip
    if nested is None:
        rows.append(("optimism", None, OPTIMISM, False, "not run: no nested search was asked for"))
    else:
        excess = float((nested.loss - nested.optimistic_loss) / nested.loss_se)
        rows.append(("optimism", excess, OPTIMISM, excess <= OPTIMISM,
                     "loss of 'search, then choose' on unseen grains above the best one, in standard errors"))  # fmt: skip
    error = calibration.error_after if recalibrate else calibration.error_before
    rows.append(("calibration", error, CALIBRATED, error <= CALIBRATED,
                 "mean distance between held-out probabilities and observed shares, 0-1"))  # fmt: skip
    at = contrast[contrast["subset"] == "chosen"].set_index("cv")["accuracy"]
    if "grouped" not in at.index:
        rows.append(
            ("leakage", None, LEAKAGE, True, "cannot be known: the table names no groups (rock, deposit) of the grains")
        )
    else:
        gain = float(at["stratified"] - at["grouped"])
        rows.append(("leakage", gain, LEAKAGE, scheme != "stratified" or gain <= LEAKAGE,
                     "accuracy gained by holding out single grains; harmless when whole rocks are held out"))  # fmt: skip
    return pd.DataFrame(rows, columns=["name", "value", "limit", "ok", "meaning"])


def findings(search, nested, diagnostics, scheme) -> list[tuple[str, str, str]]:
    """What a reader has to know of the search, as level, code, text."""
    rows = []
    count, total = int(search.one_se_count), int(search.n_subsets)
    rows.append(("note", "ambiguity", f"{count:,} of {total:,} subsets lie within one standard error of the best: the "
                 "elements of the best one alone say little"))  # fmt: skip
    if nested is not None:
        rows.append(("note", "optimism", f"accuracy of the best subset {nested.optimistic_accuracy:.1%} on the folds that "
                     f"chose it, {nested.accuracy:.1%} when the search does not see the grains that are judged"))  # fmt: skip
    rows += [("warning", d.name, f"{d.name}: {d.value:.3g} (limit {d.limit:.3g}): {d.meaning}")
             for d in diagnostics.itertuples() if not d.ok and d.value is not None and np.isfinite(d.value)]  # fmt: skip
    return rows
