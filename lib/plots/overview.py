"""The sparse isocon method in one picture: from a sampled halo to mass change, gains and losses."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch

from lib.plots import _check
from lib.plots.bars import gain_loss_bars, immobility_ranking
from lib.plots.labels import formula
from lib.plots.profiles import profile
from lib.plots.style import OKABE_ITO, ROLES, WIDTH_MM, field_map

__all__ = ["overview_example", "sparse_isocon_overview"]

_HEIGHT_MM = 116.0
_INK = "#333333"
_HALO = LinearSegmentedColormap.from_list("halo", ["#E9C46A", "#DDB978", "#AEB59A", "#8FA3A0", "#879A9B"])


def overview_example(rng=None, n_samples=7, sigma=0.05):
    """Make the small artificial halo that the overview shows.

    Parameters
    ----------
    rng : numpy.random.Generator, optional
        Source of the noise. Default: a fixed stream, since this is an illustration, the same on every page.
    n_samples : int, 3-9
    sigma : float
        Noise of a log ratio (1 sigma), which is a relative error as a fraction.

    Returns
    -------
    dict
        ``names`` (n_elements), ``distance`` (n_samples, m), ``shift`` (n_samples, m_n), ``change``
        (n_elements, n_samples, d_in), ``noise`` (n_elements, n_samples, e_in), ``sigma``.
    """
    if not 3 <= n_samples <= 9:
        raise ValueError(f"overview_example: n_samples is {n_samples}, expected 3-9, which the picture has room for")
    rng = np.random.default_rng(1) if rng is None else rng
    size = {"SiO2": 0.45, "TiO2": 0, "Al2O3": 0, "FeO": 0, "MgO": 0, "CaO": -0.95, "Na2O": -0.75, "K2O": 0.9,
            "Rb": 0.7, "Sr": -0.5, "Zr": 0, "Nb": 0}  # fmt: skip
    distance = np.linspace(0.25, 3.6, n_samples)
    grade = np.exp(-distance / 1.3)
    return {
        "names": list(size),
        "distance": distance,
        "shift": -np.log1p(0.36 * grade),
        "change": np.outer(list(size.values()), grade / grade.max()),
        "noise": rng.normal(0, sigma, (len(size), n_samples)),
        "sigma": sigma,
    }


def sparse_isocon_overview(example=None):
    """Draw the method: log ratios, their split into a common shift and sparse changes, selection, results.

    Parameters
    ----------
    example : dict, optional
        As `overview_example` makes it (the default); at most 14 elements and 9 samples are legible.

    Returns
    -------
    matplotlib.figure.Figure
        190 mm wide.

    Raises
    ------
    ValueError
        A missing entry or arrays that do not fit together.
    """
    where = "sparse_isocon_overview"
    wanted = ("names", "distance", "shift", "change", "noise", "sigma")
    example = overview_example() if example is None else example
    missing = [key for key in wanted if key not in example]
    if missing:
        raise ValueError(f"{where}: example lacks {', '.join(missing)}; make one with overview_example(rng)")
    names = _check.names_of(where, example["names"])
    distance = _check.array(where, "distance", example["distance"])
    shift = _check.array(where, "shift", example["shift"], distance.shape)
    shape = (len(names), len(distance))
    change = _check.array(where, "change", example["change"], shape)
    noise = _check.array(where, "noise", example["noise"], shape)
    sigma = float(example["sigma"])

    fig = plt.figure(figsize=(WIDTH_MM["double"] / 25.4, _HEIGHT_MM / 25.4))
    sheet = _axes(fig, 0, 0, WIDTH_MM["double"], _HEIGHT_MM)
    sheet.set(xlim=(0, WIDTH_MM["double"]), ylim=(0, _HEIGHT_MM))
    sheet.axis("off")
    for i, (x, y, w, h, title) in enumerate(
        (
            (1, 60.5, 49, 54.5, "Sample the halo"),
            (54, 60.5, 135, 54.5, "Log ratios to the fresh rock  =  one shift a sample + sparse changes + noise"),
            (1, 1, 59, 53.5, "Select the immobile ones"),
            (64, 1, 59, 53.5, "The shift is the mass change"),
            (127, 1, 62, 53.5, "The rest is gain or loss"),
        ),
        start=1,
    ):
        _card(sheet, x, y, w, h, i, title)
    _draw_halo(_axes(fig, 4.5, 71.6, 42, 32.2), distance, grade=np.abs(shift) / np.abs(shift).max())
    _draw_split(fig, sheet, names, shift, change, noise)
    _draw_results(fig, names, distance, shift, change, noise, sigma)
    for start, end, bend in (
        ((50.2, 88), (53.8, 88), 0.0),
        ((76, 60.3), (40, 54.7), 0.0),
        ((104.0, 60.3), (96, 54.7), 0.0),
        ((133.5, 60.3), (150, 54.7), 0.0),
    ):
        sheet.add_patch(FancyArrowPatch(start, end, arrowstyle="-|>", mutation_scale=9, lw=1.4, color="#7A7A7A",
                                        connectionstyle=f"arc3,rad={bend}", shrinkA=0, shrinkB=0))  # fmt: skip
    sheet.text(47.7, 110.7, "artificial", ha="right", va="center", fontsize=7, style="italic", color=_INK)
    return fig


def _axes(fig, x, y, w, h):
    """Add an Axes placed in mm from the lower left corner."""
    width, height = fig.get_size_inches() * 25.4
    return fig.add_axes((x / width, y / height, w / width, h / height))


def _card(sheet, x, y, w, h, number, title):
    """Draw one step's background, number and title."""
    sheet.add_patch(FancyBboxPatch((x + 1, y + 1), w - 2, h - 2, boxstyle="round,pad=1,rounding_size=1.6",
                                   facecolor="#F6F6F3", edgecolor="#D5D5CE", linewidth=0.6))  # fmt: skip
    sheet.add_patch(Circle((x + 4.2, y + h - 4.2), 2.3, facecolor=_INK, edgecolor="none"))
    sheet.text(x + 4.2, y + h - 4.35, str(number), color="white", fontsize=7.5, fontweight="bold", ha="center", va="center")
    sheet.text(x + 8, y + h - 4.3, title, color=_INK, fontsize=8, fontweight="bold", ha="left", va="center")


def _draw_halo(ax, distance, grade):
    """Draw a section through vein, halo and fresh rock, with the places of the samples."""
    end = 1.35 * distance.max()
    x = np.linspace(0, end, 300)
    tint = 1 - np.interp(x, distance, grade, left=1, right=0)
    # grains: a fixed low-discrepancy sequence (golden ratio), not random numbers, keeps the picture the same
    k = np.arange(1, 420)
    gx, gy = (k * 0.7548776662) % 1 * end, (k * 0.5698402910) % 1
    ax.imshow(
        np.tile(tint, (2, 1)), extent=(0, end, 0, 1), aspect="auto", cmap=_HALO, vmin=0, vmax=1, interpolation="bilinear"
    )
    fleck = 1 - np.interp(gx, distance, grade, left=1, right=0)
    ax.scatter(gx, gy, s=3 + 9 * ((k * 0.381966) % 1), c=np.clip(fleck + 0.22 * np.cos(2.4 * k), 0, 1), cmap=_HALO,
               vmin=0, vmax=1, lw=0, alpha=0.75, marker=(5, 0), clip_on=True, rasterized=True)  # fmt: skip
    wave = 0.03 * end * np.sin(np.linspace(0, 9, 60))
    ax.fill_betweenx(np.linspace(0, 1, 60), -0.16 * end, wave - 0.03 * end, color="white", ec="#8C8C8C", lw=0.7, zorder=2)
    ax.text(-0.105 * end, 0.5, "vein", rotation=90, ha="center", va="center", fontsize=7, color=_INK, zorder=3)
    height = 0.5 + 0.13 * np.cos(2.1 * np.arange(len(distance)))
    for i, (a, b) in enumerate(zip(distance, height, strict=True)):
        ax.scatter(a, b, s=62, color=_INK, edgecolors="white", linewidths=0.9, zorder=4)
        ax.text(a, b - 0.006, str(i + 1), color="white", fontsize=7, fontweight="bold", ha="center", va="center", zorder=5)
    for b in (0.25, 0.5, 0.75):
        ax.scatter(1.2 * distance.max(), b, s=42, marker="s", color="white", edgecolors="black", linewidths=1, zorder=4)
    label = {"va": "bottom", "ha": "center", "fontsize": 7, "color": _INK}
    ax.text(distance.mean(), 1.02, f"{len(distance)} altered $c_A$", **label)
    ax.text(1.2 * distance.max(), 1.02, "fresh $c_0$", **label)
    ax.set(xlim=(-0.16 * end, end), ylim=(0, 1), yticks=[], xlabel="Distance from the vein (m)")
    ax.spines[["left", "right", "top"]].set_visible(False)


def _draw_split(fig, sheet, names, shift, change, noise):
    """Draw x = m + d + e as four matrices on one colour scale."""
    total = shift + change + noise
    top = float(np.abs(total).max())
    left, width, step, bottom, height = 65.0, 21.5, 28.8, 69.8, 33.0
    parts = (
        (total, "$x_{in}=\\ln(c_{A,in}/c_{0,i})$", "="),
        (np.broadcast_to(shift, total.shape), "$m_n$: shift", "+"),
        (change, "$d_{in}$: mostly zero", "+"),
        (noise, "$e_{in}$: noise", ""),
    )
    colors = field_map("diverging").with_extremes(bad="white")  # a change that is exactly zero stays white
    for j, (matrix, title, sign) in enumerate(parts):
        x = left + j * step
        ax = _axes(fig, x, bottom, width, height)
        image = ax.imshow(
            np.ma.masked_equal(matrix, 0.0), cmap=colors, vmin=-top, vmax=top, aspect="auto", interpolation="nearest"
        )
        ax.set_xticks(np.arange(matrix.shape[1] - 1) + 0.5, minor=True)
        ax.set_yticks(np.arange(matrix.shape[0] - 1) + 0.5, minor=True)
        ax.grid(which="minor", color="white", lw=0.7)
        ax.set_xticks(range(matrix.shape[1]), [str(k + 1) for k in range(matrix.shape[1])])
        ax.set_yticks(range(len(names)), [formula(n) for n in names] if j == 0 else [])
        ax.tick_params(which="both", length=0)
        ax.spines[:].set_visible(False)
        ax.set_xlabel("Sample", labelpad=1.5)
        sheet.text(x + width / 2, bottom + height + 1.2, title, ha="center", va="bottom", fontsize=7.5, color=_INK)
        sheet.text(
            x + width + (step - width) / 2, bottom + height / 2, sign, ha="center", va="center", fontsize=15, color=_INK
        )
    bar = fig.colorbar(image, cax=_axes(fig, left + 3 * step + width + 2.5, bottom, 2.0, height))
    bar.outline.set_linewidth(0.5)
    bar.set_label("Log ratio (1)", labelpad=2)


def _draw_results(fig, names, distance, shift, change, noise, sigma):
    """Draw selection, mass change and gains/losses as the method sees them from the noisy log ratios."""
    total = shift + change + noise
    held = ~np.any(change != 0, axis=1)
    # the estimate: mean over the immobile set, with its plug-in standard error
    guess = total[held].mean(axis=0)
    error = sigma / np.sqrt(max(held.sum(), 1))
    far = np.sqrt(np.mean((total - guess) ** 2, axis=1)) / sigma
    ax = _axes(fig, 13, 11, 43, 35.5)
    immobility_ranking(names, far, kind="distance", threshold=1.6, decision=held, ax=ax)
    ax.set_xlabel("Scaled distance $r_i/\\sqrt{N}$ (σ)", labelpad=1.5)
    ax.get_legend().set_loc("lower right")
    ax.set_ylim(len(names) - 0.3, -0.7)
    ax.legend(loc="upper right", handlelength=1.2)

    ax = _axes(fig, 77, 11, 43, 35.5)
    percent = {k: 100 * np.expm1(-(guess + s * 1.96 * error)) for k, s in (("mid", 0), ("low", 1), ("high", -1))}
    profile(distance, percent["mid"], lower=percent["low"], upper=percent["high"], truth=100 * np.expm1(-shift),
            colors={"": ROLES["immobile"]}, names={"": "estimate, 95 %"}, connect=False, n="", ax=ax)  # fmt: skip
    ax.set_xlabel("Distance from the vein (m)", labelpad=1.5)
    ax.set_ylabel("Mass change (%)", labelpad=1)
    ax.text(0.96, 0.62, "$100\\,(e^{-m_n}-1)$", transform=ax.transAxes, ha="right", fontsize=8, color=OKABE_ITO["black"])

    ax = _axes(fig, 140, 11, 45, 35.5)
    logs = total[:, 0] - guess[0]
    half = 1.96 * np.sqrt(sigma**2 + error**2)
    tau = {k: 100 * np.expm1(logs + s * half) for k, s in (("mid", 0), ("low", -1), ("high", 1))}
    gain_loss_bars(names, tau["mid"], lower=tau["low"], upper=tau["high"], immobile=held, ax=ax)
    ax.set_xticks([-67, -33, 0, 50, 200])  # thirds and halves, mirrored
    ax.set_xlabel("Gain or loss in sample 1 (%)", labelpad=1.5)
    ax.text(0.97, 0.05, "$100\\,(e^{d_{in}}-1)$", transform=ax.transAxes, ha="right", fontsize=8, color=OKABE_ITO["black"])
