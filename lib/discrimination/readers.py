"""Published sets of labelled grains: zircon and apatite of granites, pyrite of ore deposits; None where a file is not here."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from lib import tables
from lib.tables.grid import Grid
from lib.tables.reader import build

from .kinds import STEM
from .lattice import REE

ZIRCON_KEYS = ("monazite/zircon_x_train.txt", "monazite/zircon_y_train.txt")
APATITE_KEYS = ("monazite/apatite_dataset.X.txt", "monazite/apatite_dataset.Y.txt")
PYRITE_KEY = "monazite/pyrite_Training.csv"
#: Columns of the zircon file, which has no header, and the words for its labels, as its authors' repository states them.
ZIRCON = ("Ce", "Eu", "Ho", "Nb", "Ta", "Th", "U", "Th/U", "U/Yb", "Ce/Ce*", "Eu/Eu*")
ZIRCON_CLASSES = ("I-type", "S-type", "A-type")
#: Columns of the apatite file, which has no header; label 0 has the high Sr and weak Eu anomaly of I-type granites.
APATITE = (*REE, "Sr", "Y", "Eu/Eu*", "Sr/Y", "La/Yb")
APATITE_CLASSES = ("I-type", "S-type")
#: The twelve elements of apatite that are measured by most methods.
APATITE_TWELVE = ("La", "Ce", "Nd", "Sm", "Eu", "Gd", "Dy", "Er", "Yb", "Lu", "Sr", "Y")
#: Columns of the pyrite file (isotope measured) and the words for its labels, after the styles of deposit under each.
PYRITE = {"Co59": "Co", "Ni60": "Ni", "Cu65": "Cu", "Zn66": "Zn", "As75": "As", "Mo95": "Mo", "Ag107": "Ag", "Sb121": "Sb"}
PYRITE |= {"Te125": "Te", "Au197": "Au", "Tl205": "Tl", "Pb208": "Pb"}
PYRITE_CLASSES = {"0": "sedimentary", "1": "SEDEX and VHMS", "2": "other hydrothermal"}
#: The file rounds to so many ppm, and what is smaller is zero there.
PYRITE_STEP = dict.fromkeys(PYRITE.values(), 0.01) | {"Te": 0.001, "Au": 0.001}


def read_zircon(sources=None):
    """Read zircons of I-, S- and A-type granites.

    Parameters
    ----------
    sources : (path-like, path-like), optional
        Files of contents and of labels; by default where `lib.tables.locate` finds them.

    Returns
    -------
    Grains or None
        3035 grains, 7 elements (ppm) and 4 ratios, without groups; None when a file is not on this machine.

    Raises
    ------
    ValueError
        When the files are not those.
    """
    return _plain(sources, ZIRCON_KEYS, ZIRCON, ZIRCON_CLASSES, "Z")


def read_apatite(sources=None, features=APATITE_TWELVE):
    """Read apatites of I- and S-type granites.

    Parameters
    ----------
    sources : (path-like, path-like), optional
        Files of contents and of labels; by default where `lib.tables.locate` finds them.
    features : sequence of str
        Some of `APATITE`; default `APATITE_TWELVE`.

    Returns
    -------
    Grains or None
        1195 grains without groups; None when a file is not on this machine.

    Raises
    ------
    ValueError
        When the files are not those, or a feature is not in them.
    """
    grains = _plain(sources, APATITE_KEYS, APATITE, APATITE_CLASSES, "A")
    return None if grains is None else grains.take(features=features)


def _plain(sources, keys, names, classes, letter):
    """Read a matrix of numbers and its labels, both without a header."""
    sources = [tables.locate(key) for key in keys] if sources is None else list(sources)
    if any(source is None for source in sources):
        return None
    from .tabular import Grains

    try:
        values, labels = (np.loadtxt(Path(source), ndmin=d) for source, d in zip(sources, (2, 1), strict=True))
    except ValueError as error:
        raise ValueError(f"{sources[0]}, {sources[1]}: expected numbers without a header ({error})") from None
    codes = labels.astype(int)
    if values.shape[1] != len(names) or len(values) != len(codes):
        raise ValueError(
            f"{sources[0]}, {sources[1]}: {values.shape[1]} columns and {len(values)} rows beside {len(codes)} labels; "
            f"expected the columns {', '.join(names)} and one label a row"
        )
    if (codes != labels).any() or set(codes) != set(range(len(classes))):
        raise ValueError(
            f"{sources[1]}: labels {sorted(set(labels))}; expected 0 to {len(classes) - 1} ({', '.join(classes)})"
        )
    samples = [f"{letter}{i + 1:04d}" for i in range(len(codes))]
    return Grains.from_arrays(values, names, codes, classes=classes, samples=samples)


def read_pyrite(source=None):
    """Read pyrite of 49 deposits, with what is below detection told from zero.

    Parameters
    ----------
    source : path-like or tables.Source, optional
        ``Training.csv``; by default where `lib.tables.locate` finds it.

    Returns
    -------
    tables.Table or None
        3207 spots, class, group (the deposit) and 12 elements in ppm; None when the file is not on this machine.  The file
        writes 0 for below detection and does not state the limits: the last decimal that it keeps (0.01 ppm; Te, Au 0.001)
        stands for them, with a note.

    Raises
    ------
    ValueError
        When the file is not that data set.
    """
    source = tables.locate(PYRITE_KEY) if source is None else source
    if source is None:
        return None
    with Path(source).open(encoding="utf-8-sig", newline="") as handle:
        reader = csv.DictReader(handle)
        numbered = [(reader.line_num, line) for line in reader]
    lines = [line for _, line in numbered]
    lacking = [name for name in ("Deposit", "Label", *PYRITE) if not lines or name not in lines[0]]
    if lacking:
        raise ValueError(f"{source}: no column {', '.join(lacking)}; expected Training.csv of the repository ML_Pyrite")
    strange = sorted({line["Label"] for line in lines} - set(PYRITE_CLASSES))
    if strange:
        raise ValueError(f"{source}: label {strange[0]!r}; expected {', '.join(PYRITE_CLASSES)}")
    header = ["sample_id", "class", "group", *(f"{element}_ppm" for element in PYRITE.values())]
    rows, zeros = [], dict.fromkeys(PYRITE.values(), 0)
    for i, (number, line) in enumerate(numbered):
        cells = [f"P{i + 1:04d}", PYRITE_CLASSES[line["Label"]], " ".join(line["Deposit"].split())]
        for column, element in PYRITE.items():
            zero = float(line[column] or "nan") == 0
            zeros[element] += zero
            cells.append(f"<{PYRITE_STEP[element]:g}" if zero else line[column].strip())
        rows.append((number, cells))
    said = ", ".join(f"{element} {count}" for element, count in zeros.items() if count)
    note = f"{sum(zeros.values())} zeros stand for below detection ({said}); the file does not give the limits, and its last "
    note += "decimal (0.01 ppm; Te, Au 0.001) was taken for them"
    return build(Grid(str(getattr(source, "path", source)), 1, header, rows, notes=[note]), tables.load_schema(STEM), source)
