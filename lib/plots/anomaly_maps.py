"""Maps of a survey: total-field anomaly with its flight lines, observed against predicted, and shaded terrain."""

import matplotlib.patheffects as pe
import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LightSource, TwoSlopeNorm
from matplotlib.tri import Triangulation

from lib.plots import _check, _shared
from lib.plots.notes import count_note
from lib.plots.scales import color_bar
from lib.plots.style import field_map

__all__ = ["anomaly_fit", "anomaly_map", "terrain_map"]

_HALO = [pe.withStroke(linewidth=1.0, foreground="#222222")]  # flight lines are seen on dark sea and pale summit


def anomaly_map(
    easting_m, northing_m, value, *, line=None, limit=None, outlines=None, points=True, label="Total-field anomaly (nT)",
    colorbar=True, n=None, ax=None,
):  # fmt: skip
    """Draw values at survey points as a triangulated map on colours symmetrical about zero.

    Parameters
    ----------
    easting_m, northing_m : array, shape (n_data,), m
    value : array, shape (n_data,)
    line : array, shape (n_data,), optional
        Flight line of each point; points of one line are joined.
    limit : float, > 0, optional
        Value at which colours saturate; default: the 99.5 % quantile of the absolute values.
    outlines : sequence of (array, array), optional
        Outlines of bodies or of an island, m.
    points : bool
        Draw the points too.
    label : str
        Of the colour bar, with its unit.
    colorbar : bool
    n : int or str, optional
        Default: number of points.
    ax : Axes, optional

    Returns
    -------
    Axes
    """
    where = "anomaly_map"
    ax = _check.axes_or_current(ax)
    e = _check.array(where, "easting_m", easting_m)
    north, v = _check.array(where, "northing_m", northing_m, e.shape), _check.array(where, "value", value, e.shape)
    seen = np.isfinite(e + north + v)
    if seen.sum() < 3:
        raise ValueError(f"{where}: {seen.sum()} points with a value, a map needs 3; check for NaN")
    e, north, v = e[seen], north[seen], v[seen]
    scale, unit = map_scale(e, north)
    top = (float(np.quantile(np.abs(v), 0.995)) or 1.0) if limit is None else float(limit)
    mesh = Triangulation(e * scale, north * scale)
    mesh.set_mask(_slivers(mesh))
    field = ax.tripcolor(mesh, v, shading="gouraud", cmap=field_map("diverging"), vmin=-top, vmax=top, rasterized=True)
    if line is not None:
        names = np.asarray(line, dtype=object)
        if names.shape != seen.shape:
            raise ValueError(f"{where}: line has shape {names.shape}, expected {seen.shape}; pass one line a point")
        names = names[seen].astype(str)
        for name in dict.fromkeys(names):
            of = names == name
            ax.plot(e[of] * scale, north[of] * scale, color="#555555", lw=0.35, alpha=0.8, zorder=3)
    elif points:
        ax.plot(e * scale, north * scale, ls="none", marker=".", ms=1.0, mew=0, color="#444444", zorder=3)
    draw_outlines(ax, outlines, scale)
    over = [np.any(v < -top), np.any(v > top)]
    if colorbar:
        color_bar(ax, field, label, extend=("both" if all(over) else "min" if over[0] else "max" if over[1] else "neither"))
    map_axes(ax, unit)
    return count_note(ax, int(seen.sum()) if n is None else n)


def anomaly_fit(easting_m, northing_m, observed, predicted, *, line=None, sigma_nt=None, outlines=None, n=None, fig=None):
    """Draw observed and predicted anomaly on one scale, and the residual on its own.

    Parameters
    ----------
    easting_m, northing_m : array, shape (n_data,), m
    observed, predicted : array, shape (n_data,), nT
    line : array, shape (n_data,), optional
        Flight line of each point.
    sigma_nt : float or array, optional
        1-sigma error; then the residual is stated as chi2/N too.
    outlines : sequence of (array, array), optional
    n : int or str, optional
        Default: number of points.
    fig : Figure, optional
        Default: a new one of double width.

    Returns
    -------
    array of Axes, shape (3,)
        Observed, predicted, residual.
    """
    where = "anomaly_fit"
    o = _check.array(where, "observed", observed)
    p = _check.array(where, "predicted", predicted, o.shape)
    residual = o - p
    top = float(np.nanquantile(np.abs(np.concatenate([o, p])), 0.995)) or 1.0
    fig, axes = _shared.grid(fig, ("double", 60), 1, 3, sharey=True)
    rms = float(np.sqrt(np.nanmean(residual**2)))
    note = f"rms {rms:.3g} nT" if sigma_nt is None else f"rms {rms:.3g}, "
    if sigma_nt is not None:
        note += f"χ²/N {np.nanmean((residual / np.asarray(sigma_nt, float)) ** 2):.2f}"
    rows = ((o, "Observed", top, len(o) if n is None else n), (p, "Predicted", top, ""), (residual, "Residual", None, note))
    for ax, (value, title, limit, words) in zip(axes, rows, strict=True):
        anomaly_map(easting_m, northing_m, value, line=line, limit=limit, outlines=outlines, label="nT", n=words, ax=ax)
        ax.set_title(title, loc="left")
    for ax in axes[1:]:
        ax.set_ylabel("")
    return axes


def terrain_map(
    east_m, north_m, elevation_m, *, easting_m=None, northing_m=None, line=None, sea_level=None, contour_m=None,
    outlines=None, label="Elevation (m)", n=None, ax=None,
):  # fmt: skip
    """Draw terrain in colours with hill shading, contours, and the survey over it.

    Parameters
    ----------
    east_m : array, shape (n_east,), m
    north_m : array, shape (n_north,), m
    elevation_m : array, shape (n_north, n_east), m
    easting_m, northing_m : array, shape (n_data,), m, optional
        Survey points.
    line : array, shape (n_data,), optional
        Their flight lines; points of one line are joined.
    sea_level : float, m, optional
        Drawn as a coast line.
    contour_m : float, m, optional
        Distance of contours; default: about ten.
    outlines : sequence of (array, array), optional
    label : str
    n : int or str, optional
    ax : Axes, optional

    Returns
    -------
    Axes
    """
    where = "terrain_map"
    ax = _check.axes_or_current(ax)
    e, north = _check.array(where, "east_m", east_m), _check.array(where, "north_m", north_m)
    z = _check.array(where, "elevation_m", elevation_m, (len(north), len(e)))
    scale, unit = map_scale(e, north)
    low, high = float(np.nanmin(z)), float(np.nanmax(z))
    step = contour_m or _round_step((high - low) / 10)
    # the coast lies in the middle of the map, and each side has its own range, unless one is next to nothing; without a sea
    # only the half above it is used
    coast = low if sea_level is None else float(np.clip(sea_level, low, high))
    up, down = max(high - coast, 1e-6), coast - low
    norm = TwoSlopeNorm(coast, coast - max(down, up / 4), coast + max(up, down / 4))
    light = LightSource(azdeg=315, altdeg=40)
    ground = np.nan_to_num(z, nan=low)
    spacing = {"dx": float(np.diff(e).mean()), "dy": float(np.diff(north).mean())}
    shaded = light.shade_rgb(field_map("terrain")(norm(ground))[..., :3], ground, blend_mode="soft", vert_exag=1.5, **spacing)
    ax.pcolormesh(_edges(e) * scale, _edges(north) * scale, shaded, rasterized=True)
    if high > low:
        levels = np.arange(np.ceil(low / step) * step, high, step)
        if len(levels):
            ax.contour(e * scale, north * scale, z, levels=levels, colors="#333333", linewidths=0.35, alpha=0.7)
        if sea_level is not None and low < sea_level < high:
            ax.contour(e * scale, north * scale, z, levels=[sea_level], colors="black", linewidths=1.0)
    if easting_m is not None:
        at = _check.array(where, "easting_m", easting_m) * scale
        up = _check.array(where, "northing_m", northing_m, at.shape) * scale
        names = None if line is None else np.asarray(line).astype(str)
        for name in [] if names is None else dict.fromkeys(names):
            ax.plot(at[names == name], up[names == name], color="white", lw=0.5, path_effects=_HALO, zorder=4)
        if names is None:
            ax.plot(at, up, ls="none", marker=".", ms=1.6, mew=0, color="white", path_effects=_HALO, zorder=4)
    draw_outlines(ax, outlines, scale)
    bar = color_bar(ax, ScalarMappable(norm, field_map("terrain")), label)
    bar.ax.set_ylim(low, max(high, low + 1e-6))
    map_axes(ax, unit)
    return count_note(ax, n)


def map_scale(*coordinates):
    """Return the factor and unit in which coordinates in metres are written: km when they span more than 1.5 km."""
    span = max(float(np.nanmax(c) - np.nanmin(c)) for c in coordinates)
    return (1e-3, "km") if span > 1500 else (1.0, "m")


def map_axes(ax, unit):
    """Label a map, with equal scales."""
    ax.set(xlabel=f"Easting ({unit})", ylabel=f"Northing ({unit})")
    ax.set_aspect("equal", adjustable="box")


def draw_outlines(ax, outlines, scale):
    """Draw outlines of bodies or of an island, closed."""
    for x, y in outlines or ():
        ax.plot(np.append(x, x[0]) * scale, np.append(y, y[0]) * scale, color="black", lw=0.9, zorder=5)


def _edges(centres):
    """Edges of cells from their centres."""
    middle = (centres[1:] + centres[:-1]) / 2
    return np.concatenate([[2 * centres[0] - middle[0]], middle, [2 * centres[-1] - middle[-1]]])


def _slivers(mesh, most=4.0):
    """Tell which triangles reach across a gap in the survey: an edge longer than `most` times the 90 % quantile."""
    corners = np.stack([mesh.x, mesh.y], axis=1)[mesh.triangles]
    longest = np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2).max(axis=1)
    return longest > most * np.quantile(longest, 0.9)


def _round_step(value):
    """Return 1, 2 or 5 times a power of ten near `value`."""
    if value <= 0:
        return 1.0
    power = 10.0 ** np.floor(np.log10(value))
    return float(power * (1, 2, 5, 10)[int(np.searchsorted((1.5, 3.5, 7.5), value / power))])
