"""Shared by the tests of the sediment case: tables written on the spot, and external data when it is here."""

import pytest

from lib import tables

STEM = "03_sediment_unmixing"


@pytest.fixture
def table(tmp_path):
    """Write a CSV file and read it in the columns of this case."""

    def make(*lines):
        path = tmp_path / "own.csv"
        path.write_text("\n".join(lines) + "\n")
        return tables.read(path, STEM)

    return make


@pytest.fixture
def external():
    """Return what a reader returns, or skip when its data are not on this machine."""

    def ask(reader, *given):
        found = reader(*given)
        if found is None:
            pytest.skip("external data are not on this machine (make data)")
        return found

    return ask
