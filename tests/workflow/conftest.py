"""A toy notebook in a folder of its own, and a build folder that is thrown away."""

import shutil
from pathlib import Path

import pytest

from lib.workflow import parameters, paths

TOY = Path(__file__).with_name("99_toy.py")


@pytest.fixture
def toy(tmp_path, monkeypatch):
    """Notebooks folder holding only the toy, in a path with a space and an accent."""
    folder = tmp_path / "a folder with é" / "notebooks"
    folder.mkdir(parents=True)
    shutil.copy(TOY, folder / "99_toy.py")
    monkeypatch.setenv("COMPENDIUM_NOTEBOOKS", str(folder))  # for the kernel
    monkeypatch.setenv("COMPENDIUM_BUILD", str(tmp_path / "build"))
    monkeypatch.setattr(paths, "NOTEBOOKS", folder)
    return folder / "99_toy.py"


@pytest.fixture
def cell(monkeypatch):
    """A function that makes a notebook text of one parameters cell."""

    def make(*lines: str) -> str:
        return '# %% [markdown]\n# x\n\n# %% tags=["parameters"]\n' + "\n".join(lines) + "\n\n# %%\n1\n"

    assert parameters.CELL
    return make
