"""The aeromagnetic survey around the Osborne mine, Queensland, and the published three-block benchmark (external files)."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from .flight_lines import block_median, local_metres
from .prisms import flat_mesh
from .problems import Problem
from .survey import Survey

OSBORNE_KEY = "magnetic/osborne-magnetic.csv.xz"
BLOCKS_KEYS = ("magnetic/Case2_input_mag.in", "magnetic/Case2_settings.par", "magnetic/Case2_true.model")
#: IGRF there in the middle of 1990: inclination, declination in degrees, strength in nT.
OSBORNE_FIELD = (-53.30, 6.68, 52046.0)
_COLUMNS = ("flight_line", "longitude", "latitude", "height_orthometric_m", "total_field_anomaly_nt")


def read_osborne(source, half_width_m=3000.0, block_m=100.0) -> Survey:
    """Read the surroundings of the main anomaly of the Osborne survey.

    Parameters
    ----------
    source : path-like
        The file of the registry key ``magnetic/osborne-magnetic.csv.xz``: one reading about every 9 m.
    half_width_m : float
        Half side of the square around the largest anomaly in m; above zero.
    block_m : float
        Length of the medians along the lines in m; 0 keeps every reading.

    Returns
    -------
    Survey
        Easting and northing from the largest anomaly on the plane that touches the ellipsoid there (`local_metres`), heights
        as in the file (orthometric), flight lines by their number; 1,500 to 1,600 points with the values given here.

    Raises
    ------
    ValueError
        When the file lacks a column, or the square is so small that no block is left.
    """
    frame = pd.read_csv(source)
    absent = [c for c in _COLUMNS if c not in frame]
    if absent:
        raise ValueError(f"{Path(source).name} has no column {', '.join(absent)}; expected {', '.join(_COLUMNS)}")
    peak = frame.loc[frame["total_field_anomaly_nt"].idxmax()]
    origin = tuple(float(peak[c]) for c in ("longitude", "latitude", "height_orthometric_m"))
    # a degree of latitude is 110.6 km or more: nothing beyond this box can be within the square
    reach = half_width_m / 110e3 / np.cos(np.radians(origin[1]))
    near = frame[((frame["latitude"] - origin[1]).abs() <= reach) & ((frame["longitude"] - origin[0]).abs() <= reach)]
    east, north = local_metres(near["longitude"], near["latitude"], near["height_orthometric_m"].to_numpy(float), origin)
    inside = (np.abs(east) <= half_width_m) & (np.abs(north) <= half_width_m)
    near = near[inside]
    survey = Survey(
        east[inside], north[inside], near["height_orthometric_m"], near["total_field_anomaly_nt"],
        near["flight_line"].astype(str), "Osborne mine, Queensland",
        (f"within {half_width_m / 1e3:g} km of the largest anomaly at {origin[0]:.5f} E, {-origin[1]:.5f} S",),
    )  # fmt: skip
    return block_median(survey, block_m) if block_m else survey


def read_blocks(data_path, settings_path, truth_path) -> Problem:
    """Read Utsugi's benchmark of three blocks, Case 2 of AdaL1TV: 2,500 anomalies, 62,500 cells, and the true model.

    The settings call the first axis north-south.  Data and model agree with each other, to their noise of 0.57 nT, only if the
    first coordinate is east and the second north, and so they are read.

    Parameters
    ----------
    data_path, settings_path, truth_path : path-like
        Files of the registry keys ``magnetic/Case2_...``: coordinates in km, z downwards.

    Returns
    -------
    Problem
        Stations row by row; `noise_nt` is the standard deviation of data less anomaly of the true model.

    Raises
    ------
    ValueError
        When settings lack an entry, or files do not fit each other.
    """
    settings = _settings(data_path, settings_path)
    n_x, n_y, n_z = (int(v) for v in settings["1"])
    first, last, other_first, other_last, top, bottom = (1e3 * v for v in settings["2"])
    inclination, declination, *body = settings["3"]
    model, data = np.loadtxt(truth_path), np.loadtxt(data_path)
    if model.shape != (n_x * n_y * n_z, 4) or data.shape[1] != 4:
        raise ValueError(
            f"{Path(truth_path).name} has the shape {model.shape} and {Path(data_path).name} {data.shape}; expected "
            f"({n_x * n_y * n_z}, 4) and (data, 4) by the settings"
        )
    mesh = flat_mesh(first, last, other_first, other_last, n_x, n_y, np.full(n_z, (bottom - top) / n_z), -top)
    place = np.lexsort([model[:, 0], model[:, 1], model[:, 2]])
    expected = mesh.centres * [1e-3, 1e-3, -1e-3]
    if np.abs(model[place, :3] - expected).max() > 1e-6:
        raise ValueError(f"the cells of {Path(truth_path).name} are not those of the mesh in {Path(settings_path).name}")
    data = data[np.lexsort([data[:, 0], data[:, 1]])]
    rows = np.unique(data[:, 1], return_inverse=True)[1]
    survey = Survey(
        *(1e3 * data[:, :3] * [1, 1, -1]).T, data[:, 3], np.char.add("L", np.char.zfill((rows + 1).astype(str), 2)),
        "three blocks (Utsugi, artificial)",
    )  # fmt: skip
    magnetization = None if tuple(body) == (inclination, declination) else tuple(body)
    problem = Problem(
        "Utsugi Case 2", survey, mesh, model[place, 3], None, 0.0, inclination, declination, np.nan, magnetization,
        notes=("artificial, made by the author of AdaL1TV",),
    )  # fmt: skip
    clean = problem.operator().matvec(problem.truth)
    return replace(problem, clean_nt=clean, noise_nt=float(np.std(survey.anomaly_nt - clean)))


def _settings(data_path, settings_path):
    """Numbers of the entries 1 to 3 of a settings file."""
    text = Path(settings_path).read_text(encoding="utf-8")
    entries = re.finditer(r"^([1-6])\. [^:\n]*:\s*([-+.\deE, ]+)$", text, re.MULTILINE)
    found = {entry[1]: [float(word) for word in entry[2].split(",")] for entry in entries}
    lengths = {"1": 3, "2": 6, "3": 4}
    if any(len(found.get(key, ())) != n for key, n in lengths.items()):
        raise ValueError(f"{Path(settings_path).name} lacks the entries 1 (cells), 2 (domain) and 3 (directions)")
    return found
