"""What to measure next: where the networks that are still possible predict different values."""

from __future__ import annotations

import numpy as np
import pandas as pd

__all__ = ["next_measurement"]


def next_measurement(search, simulate, sigma, labels=None, *, n_networks=20):
    """Rank possible measurements by how well they would tell networks apart.

    Parameters
    ----------
    search : NetworkSearch
        What is known so far.
    simulate : callable
        ``simulate(k, active) -> (prediction, jacobian)`` of the possible measurements, shapes (m,) and (m, p).
    sigma : float or array_like of shape (m,)
        Standard deviation of their errors.
    labels : pandas.DataFrame, m rows, optional
        What they are, such as time and species.
    n_networks : int
        Effective networks that count, the most probable first; two or more.

    Returns
    -------
    pandas.DataFrame
        The labels and, largest first in `difference_over_sigma`: difference (of the two most probable effective networks'
        predictions), difference_over_sigma (over the error of the measurement), z (over that error and the uncertainty of both
        predictions together), expected_nats (mean log Bayes factor in favour of whichever of the two is right that one such
        measurement brings, for equal uncertainties), spread_over_sigma (standard deviation of the predictions of all
        networks that count, weighted by their probabilities, over the error), and candidate, the row of the simulator.  The
        frame's `attrs` hold the two networks as `first` and `second`.

    Raises
    ------
    ValueError
        If fewer than two effective networks were found, or sizes do not agree.

    Notes
    -----
    Two networks with predictions m1, m2 of variances v1, v2 differ by z^2 / 2 nats on average, z^2 = (m1 - m2)^2 /
    (sigma^2 + (v1 + v2) / 2), as the divergence between two normal distributions of the same variance.
    """
    networks = search.effective.head(n_networks)
    if len(networks) < 2:
        raise ValueError("only one effective network was found: nothing is left to tell apart")
    predictions, variances = [], []
    for mask in networks["mask"]:
        fitted = search.fitted[search._member(mask)]
        active = fitted.fit.active
        prediction, jacobian = simulate(fitted.fit.k, active)
        slope = np.where(fitted.laplace.log, fitted.fit.k[active], 1.0)
        scaled = np.asarray(jacobian) * slope
        predictions.append(np.asarray(prediction, dtype=float))
        variances.append(np.einsum("ij,jk,ik->i", scaled, fitted.laplace.covariance, scaled))
    predictions, variances = np.array(predictions), np.array(variances)
    m = predictions.shape[1]
    sigma = np.broadcast_to(np.asarray(sigma, dtype=float), (m,)) if np.size(sigma) in (1, m) else np.zeros(m)
    if not (sigma > 0).all() or (labels is not None and len(labels) != m):
        raise ValueError(f"{m} measurements are possible; expected as many errors above zero, and as many labels")
    difference = predictions[0] - predictions[1]
    z = difference / np.sqrt(sigma**2 + 0.5 * (variances[0] + variances[1]))
    weight = networks["probability"].to_numpy() / networks["probability"].sum()
    mean = weight @ predictions
    frame = pd.DataFrame(index=pd.RangeIndex(m)) if labels is None else labels.reset_index(drop=True).copy()
    frame = frame.assign(
        difference=difference, difference_over_sigma=np.abs(difference) / sigma, z=np.abs(z), expected_nats=0.5 * z**2,
        spread_over_sigma=np.sqrt(weight @ (predictions - mean) ** 2) / sigma, candidate=np.arange(m),
    )  # fmt: skip
    frame = frame.sort_values("difference_over_sigma", ascending=False, kind="stable", ignore_index=True)
    frame.attrs = {"first": networks["network"].iloc[0], "second": networks["network"].iloc[1]}
    return frame
