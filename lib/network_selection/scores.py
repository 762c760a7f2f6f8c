"""How well a selection did where the truth is known."""

from __future__ import annotations

import numpy as np
import pandas as pd

__all__ = ["calibration_table", "score_search"]


def score_search(result, truth, *, ignore=(), column="probability"):
    """Hold a result against the true network.

    Parameters
    ----------
    result : NetworkSearch or IndicatorChains
        What was found.
    truth : sequence of str
        Reactions that ran.
    ignore : sequence of str
        Candidates that do not count, such as a diffusivity that is always in.
    column : {"probability", "probability_bic"}
        Weights.

    Returns
    -------
    dict
        exact (the most probable effective network is the true one), tpr and fpr (rates of true and false positives at an
        inclusion probability above 1/2), brier (mean squared error of the inclusion probabilities), probability_of_truth,
        predicted and observed (arrays, one entry a candidate that counts).

    Raises
    ------
    ValueError
        For a name that is no candidate.
    """
    names = result.names
    for name in (*truth, *ignore):
        if name not in names:
            raise ValueError(f"{name!r} is no candidate; known: {', '.join(names)}")
    counts = np.array([name not in ignore for name in names])
    observed = np.array([name in truth for name in names])[counts]
    predicted = result.inclusion[column].to_numpy()[counts]
    effective = result.effective
    best = int(effective["mask"].iloc[int(np.argmax(effective[column].to_numpy()))])
    keep = [j for j, c in enumerate(counts) if c]
    true_mask = sum(1 << j for j in keep if names[j] in truth)
    kept_mask = sum(1 << j for j in keep)
    positive = predicted > 0.5
    same = (effective["mask"].to_numpy() & kept_mask) == true_mask
    return {
        "exact": bool(best & kept_mask == true_mask),
        "tpr": float(positive[observed].mean()) if observed.any() else np.nan,
        "fpr": float(positive[~observed].mean()) if (~observed).any() else np.nan,
        "brier": float(np.mean((predicted - observed) ** 2)),
        "probability_of_truth": float(effective[column].to_numpy()[same].sum()),
        "predicted": predicted, "observed": observed.astype(float),
    }  # fmt: skip


def calibration_table(predicted, observed, edges=(0.0, 0.2, 0.5, 0.8, 1.0)) -> pd.DataFrame:
    """Compare predicted probabilities with observed frequencies.

    Parameters
    ----------
    predicted : array_like, shape (n,)
        Probabilities.
    observed : array_like, shape (n,)
        0 or 1.
    edges : array_like, shape (n_bins + 1,)
        Limits of the bins.

    Returns
    -------
    pandas.DataFrame
        One row a bin that is not empty: low, high, n, predicted (mean), observed (share), difference, error (binomial standard
        error of the share, at the predicted probability).

    Raises
    ------
    ValueError
        For arrays of different length or probabilities outside 0 and 1.

    Examples
    --------
    >>> calibration_table([0.1, 0.1, 0.9, 0.9], [0, 0, 1, 1])["observed"].tolist()
    [0.0, 1.0]
    """
    predicted, observed = np.asarray(predicted, dtype=float).ravel(), np.asarray(observed, dtype=float).ravel()
    if predicted.shape != observed.shape or not ((predicted >= -1e-9) & (predicted <= 1 + 1e-9)).all():
        raise ValueError(
            f"{predicted.size} probabilities between 0 and 1 and as many outcomes were expected; got {observed.size}"
        )
    edges = np.asarray(edges, dtype=float)
    place = np.clip(np.searchsorted(edges, predicted, side="right") - 1, 0, edges.size - 2)
    rows = []
    for i in range(edges.size - 1):
        inside = place == i
        if inside.any():
            mean, share = float(predicted[inside].mean()), float(observed[inside].mean())
            rows.append({
                "low": edges[i], "high": edges[i + 1], "n": int(inside.sum()), "predicted": mean, "observed": share,
                "difference": share - mean, "error": float(np.sqrt(mean * (1 - mean) / inside.sum())),
            })  # fmt: skip
    return pd.DataFrame(rows)
