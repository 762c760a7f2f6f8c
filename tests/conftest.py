"""Shared by all tests: the external mirror, if one is named, is meant from the caller's folder."""

import os
from pathlib import Path

import matplotlib as mpl

mpl.use("agg")
mirror = os.environ.get("COMPENDIUM_DATA_MIRROR")
if mirror:
    os.environ["COMPENDIUM_DATA_MIRROR"] = str(Path(mirror).absolute())
