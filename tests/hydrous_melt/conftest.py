"""Shared by the tests of the hydrous-melt case: tables written on the spot, and the compilation when it is here."""

import numpy as np
import pytest

from lib import tables
from lib.hydrous_melt import artificial_experiments, filtered, read_lepr

STEM = "09_hydrous_melt"


@pytest.fixture
def table(tmp_path):
    """Write a CSV file and read it in the columns of this case."""

    def make(*lines):
        path = tmp_path / "own.csv"
        path.write_text("\n".join(lines) + "\n")
        return tables.read(path, STEM)

    return make


@pytest.fixture(scope="session")
def example():
    """The filled template."""
    return tables.read(tables.Source.embedded("templates", f"{STEM}_example"))


@pytest.fixture(scope="session")
def made():
    """Artificial experiments of 10 studies with 8 experiments each."""
    return artificial_experiments(10, 8, np.random.default_rng(11))


@pytest.fixture(scope="session")
def compilation():
    """All pairs of the compilation, or skip when it is not on this machine."""
    whole = read_lepr()
    if whole is None:
        pytest.skip("the LEPR workbook is not on this machine (make data)")
    return whole


@pytest.fixture(scope="session")
def library(compilation):
    """The pairs that the specification used."""
    return filtered(compilation)[0]
