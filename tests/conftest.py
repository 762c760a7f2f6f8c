"""Shared by all tests: the external mirror is meant from the caller's folder, and which tests keep together."""

import os
from pathlib import Path

import matplotlib as mpl
import pytest

mpl.use("agg")
mirror = os.environ.get("COMPENDIUM_DATA_MIRROR")
if mirror:
    os.environ["COMPENDIUM_DATA_MIRROR"] = str(Path(mirror).absolute())


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config, items):
    """Give the tests of one folder to one worker (pytest -n 2 --dist loadgroup); tests beside this file go by file.

    Two workers that meet the same kernels would compile them twice, and could mix up its forms: Numba names the files of its
    disk cache by counting, without a lock.
    """
    if config.pluginmanager.hasplugin("xdist"):
        here = Path(__file__).parent
        for item in items:
            group = item.path.stem if item.path.parent == here else item.path.parent.name
            item.add_marker(pytest.mark.xdist_group(group))
