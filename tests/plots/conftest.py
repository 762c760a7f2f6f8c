"""Every test of the figures runs without a display, under the style sheet, and leaves no trace of either."""

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest

from lib import plots


@pytest.fixture(autouse=True)
def quiet_figures():
    before = mpl.get_backend(auto_select=False)
    plt.switch_backend("Agg")
    with plots.style_context():
        yield
    plt.close("all")
    if before is not None and before.lower() != "agg":
        plt.switch_backend(before)


@pytest.fixture
def ax():
    return plots.figure("single", 70)[1]


@pytest.fixture
def rock():
    """A small fresh/altered pair with its names, errors and immobile set."""
    names = ["SiO2", "TiO2", "Al2O3", "Fe2O3T", "Na2O", "K2O", "Zr"]
    fresh = np.array([50.0, 1.2, 15.0, 10.0, 3.0, 0.5, 120.0])
    altered = np.array([46.0, 1.3, 16.1, 8.0, 1.5, 3.0, 129.0])
    return {"names": names, "fresh": fresh, "altered": altered, "immobile": np.array([0, 1, 1, 0, 0, 0, 1], bool)}
