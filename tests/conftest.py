"""Shared by all tests: the external mirror is meant from the caller's folder, and which tests keep together."""

import os
from pathlib import Path

import matplotlib as mpl
import pytest

mpl.use("agg")
mirror = os.environ.get("COMPENDIUM_DATA_MIRROR")
if mirror:
    os.environ["COMPENDIUM_DATA_MIRROR"] = str(Path(mirror).absolute())


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """With ``-n 2 --dist loadfile``, give all files of one folder to one worker; files beside this one go by themselves.

    The tests of a folder use the same kernels: two workers would compile them twice, and could mix up two forms of one, since
    Numba counts the files of its disk cache without a lock.
    """
    if config.getoption("dist") != "loadfile":
        return None
    from xdist.scheduler import LoadScopeScheduling

    class ByFolder(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            file = nodeid.split("::", 1)[0]
            folder = file.rpartition("/")[0]
            return folder if folder.count("/") else file

    config.option.loadscopereorder = False  # most tests first: but few of them take longest, and must not come last
    return ByFolder(config, log)
