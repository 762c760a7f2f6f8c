"""A toy notebook in a folder of its own, and a build folder that is thrown away."""

import shutil
from pathlib import Path

import pytest

from lib.workflow import parameters, paths, runner

TOY = Path(__file__).with_name("99_toy.py")


def only_the_toy(folder, patch):
    """Make the notebooks folder hold only the toy, in a path with a space and an accent, and build beside it."""
    notebooks = folder / "a folder with é" / "notebooks"
    notebooks.mkdir(parents=True)
    shutil.copy(TOY, notebooks / "99_toy.py")
    patch.setenv("COMPENDIUM_NOTEBOOKS", str(notebooks))  # for the kernel
    patch.setenv("COMPENDIUM_BUILD", str(folder / "build"))
    patch.setattr(paths, "NOTEBOOKS", notebooks)
    return notebooks / "99_toy.py"


@pytest.fixture
def toy(tmp_path, monkeypatch):
    """The toy notebook in a notebooks folder of its own."""
    return only_the_toy(tmp_path, monkeypatch)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Out folder of the toy, run once for all tests that only read it or a copy: a kernel costs seconds."""
    with pytest.MonkeyPatch.context() as patch:
        only_the_toy(tmp_path_factory.mktemp("made"), patch)
        return runner.run("99_toy", {}, quiet=True)


@pytest.fixture
def cell(monkeypatch):
    """A function that makes a notebook text of one parameters cell."""

    def make(*lines: str) -> str:
        return '# %% [markdown]\n# x\n\n# %% tags=["parameters"]\n' + "\n".join(lines) + "\n\n# %%\n1\n"

    assert parameters.CELL
    return make
