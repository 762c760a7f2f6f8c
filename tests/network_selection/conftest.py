"""Problems whose answers are known: a linear simulator, and the silica network."""

import numpy as np
import pytest

from lib.network_selection import SelectionProblem


class Linear:
    """Predictions that are linear in the rates, so that every posterior is a cut-off normal distribution."""

    def __init__(self, columns):
        self.columns = columns

    def __call__(self, k, active):
        return self.columns @ k, self.columns[:, active]


@pytest.fixture
def linear():
    """Return a maker of linear problems: three candidates, 40 data; `truth` are the rates behind the data."""

    def make(truth=(1.0, 0.5, 0.0), sigma=0.1, seed=1, orthogonal=True, **options):
        rng = np.random.default_rng(seed)
        columns = rng.standard_normal((40, len(truth)))
        if orthogonal:
            columns = np.linalg.qr(columns)[0] * 3.0
        data = columns @ truth + 0.1 * rng.standard_normal(40)
        names = tuple("abcdefgh"[: len(truth)])
        return SelectionProblem(Linear(columns), data, sigma, names=names, scales=[2.0] * len(truth), **options), columns, data

    return make


@pytest.fixture
def linear_simulator():
    """Return the simulator that is linear in the rates."""
    return Linear
