"""Flight lines: medians along them, positions in metres, levels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from .survey import Survey

#: WGS84 (GRS80 differs by 0.1 mm): semi-major axis in m, first eccentricity squared.
SEMI_MAJOR, ECCENTRICITY_2 = 6378137.0, 6.69437999014e-3


def local_metres(longitude_deg, latitude_deg, height_m, origin) -> tuple:
    """Turn geographic positions into metres on the plane that touches the ellipsoid at an origin.

    With N = a / sqrt(1 - e2 sin2(lat)), X = (N + h) cos(lat) cos(lon), Y = (N + h) cos(lat) sin(lon) and
    Z = (N (1 - e2) + h) sin(lat), the difference d to the origin (lat0, lon0, h0) gives easting
    = -sin(lon0) dX + cos(lon0) dY and northing = -sin(lat0) (cos(lon0) dX + sin(lon0) dY) + cos(lat0) dZ; exact, no series.

    Parameters
    ----------
    longitude_deg, latitude_deg : array
        In degrees, east and north positive.
    height_m : array or float
        Height in m; its datum matters by 2e-5 of the distance for 100 m only.
    origin : tuple of float
        Longitude, latitude (degrees) and height (m) of the point with easting = northing = 0.

    Returns
    -------
    easting_m, northing_m : array
        In m.  Distances on the plane are short of those on the ellipsoid by 1e-7 of them at 5 km from the origin.

    Raises
    ------
    ValueError
        For a latitude or longitude out of range, or places more than 1 degree from the origin, where a plane no longer serves.
    """
    longitude_deg, latitude_deg = np.asarray(longitude_deg, float), np.asarray(latitude_deg, float)
    if (np.abs(latitude_deg) > 90).any() or (np.abs(longitude_deg) > 360).any():
        raise ValueError("latitudes must be from -90 to 90 and longitudes from -360 to 360 degrees")
    if (np.abs(latitude_deg - origin[1]) > 1).any():
        raise ValueError("places more than 1 degree from the origin: choose an origin within the survey, or a map projection")
    x, y, z = _geocentric(longitude_deg, latitude_deg, height_m)
    x0, y0, z0 = _geocentric(*map(np.asarray, origin))
    lon, lat = np.radians(origin[0]), np.radians(origin[1])
    outward = np.cos(lon) * (x - x0) + np.sin(lon) * (y - y0)
    return -np.sin(lon) * (x - x0) + np.cos(lon) * (y - y0), -np.sin(lat) * outward + np.cos(lat) * (z - z0)


def _geocentric(longitude_deg, latitude_deg, height_m):
    lon, lat = np.radians(longitude_deg), np.radians(latitude_deg)
    normal = SEMI_MAJOR / np.sqrt(1 - ECCENTRICITY_2 * np.sin(lat) ** 2)
    return (
        (normal + height_m) * np.cos(lat) * np.cos(lon), (normal + height_m) * np.cos(lat) * np.sin(lon),
        (normal * (1 - ECCENTRICITY_2) + height_m) * np.sin(lat),
    )  # fmt: skip


def block_median(survey, block_m=100.0, least=3) -> Survey:
    """Return medians of blocks along the flight lines; no block holds points of two lines.

    Parameters
    ----------
    survey : Survey
        Densely sampled lines.
    block_m : float
        Length of a block along the line (its principal axis, from its first end) in m, above zero.
    least : int
        Points that a block needs; thinner ones, at the ends of a line, are left out.

    Returns
    -------
    Survey
        Medians of easting, northing, height and anomaly of every block, line by line in the order of flight.

    Raises
    ------
    ValueError
        When `block_m` is not above zero, or no block has enough points.
    """
    if not block_m > 0:
        raise ValueError(f"block_m is {block_m}; give a length in m above zero")
    values = np.column_stack([survey.stations, survey.anomaly_nt])
    blocks = survey.blocks
    medians, names = [], []
    for number, name in enumerate(survey.lines):
        rows = np.flatnonzero(blocks == number)
        place = along_line(survey.easting_m[rows], survey.northing_m[rows])
        bin_of = np.floor((place - place.min()) / block_m).astype(int)
        for b in np.unique(bin_of):
            members = rows[bin_of == b]
            if members.size >= least:
                medians.append(np.median(values[members], axis=0))
                names.append(name)
    if not medians:
        raise ValueError(f"no block of {block_m:g} m holds {least} points of one line: give longer blocks, or no medians")
    east, north, height, anomaly = np.array(medians).T
    note = f"medians of {block_m:g} m along {len(survey.lines)} flight lines: {survey.n:,} readings became {east.size:,}"
    return replace(
        survey, easting_m=east, northing_m=north, height_m=height, anomaly_nt=anomaly, line=np.array(names),
        notes=(*survey.notes, note),
    )  # fmt: skip


def along_line(easting_m, northing_m) -> np.ndarray:
    """Return the coordinate of points along their line.

    Parameters
    ----------
    easting_m, northing_m : array, shape (n,)
        Points of one line, in the order of flight, in m.

    Returns
    -------
    array, shape (n,)
        Distance along the principal axis from their middle in m, growing from the first point towards the last.
    """
    xy = np.column_stack([easting_m, northing_m])
    xy = xy - xy.mean(axis=0)
    axis = np.linalg.svd(xy, full_matrices=False)[2][0]
    place = xy @ axis
    return place if place[-1] >= place[0] else -place


def without_trend(survey, degree=0) -> tuple:
    """Subtract a level or a plane from a survey's anomaly.

    Parameters
    ----------
    survey : Survey
        With values.
    degree : int
        0: the median of the points along the rim (a tenth of the extent); 1: a plane through these points.

    Returns
    -------
    Survey, array, shape (n,)
        The survey less the trend, and the trend in nT.

    Raises
    ------
    ValueError
        For another degree.
    """
    if degree not in (0, 1):
        raise ValueError(f"degree is {degree!r}; give 0 (a level) or 1 (a plane)")
    west, east, south, north = survey.extent_m
    u = (survey.easting_m - west) / max(east - west, 1e-300)
    v = (survey.northing_m - south) / max(north - south, 1e-300)
    rim = np.minimum.reduce([u, 1 - u, v, 1 - v]) <= 0.1
    if degree == 0:
        trend = np.full(survey.n, np.median(survey.anomaly_nt[rim]))
    else:
        design = np.column_stack([np.ones_like(u), u, v])
        trend = design @ np.linalg.lstsq(design[rim], survey.anomaly_nt[rim], rcond=None)[0]
    return survey.with_anomaly(survey.anomaly_nt - trend), trend
