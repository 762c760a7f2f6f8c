"""The eight candidate reactions of olivine, quartz and water, written out by hand as a user of another package would."""

import numpy as np
from numba import njit
from numba.extending import register_jitable

EPS = 0.02  # moles of silica that the fluid holds at quartz saturation
TALC, BRUCITE = 0.3, 0.02  # saturations from which talc grows and brucite is used up
NAMES = tuple(f"R{j}" for j in range(1, 9))
SPECIES = ("Fo", "Srp", "Brc", "Tlc", "Qz", "Am", "C")
#: Moles of each species (dissolved silica too) that one unit of each reaction makes: rows are species.
MOLES = np.array([
    [0, -2, -3, 0, 0, -3, 0, -2],
    [0, 1, 2, -1, 1, 0, 0, 1],
    [0, 1, 0, 0, -3, 0, 0, 1],
    [0, 0, 0, 1, 0, 2, 0, 0],
    [-1, 0, 0, 0, 0, 0, 0, 0],
    [0, 0, 0, 0, 0, 0, 1, 0],
    [1, 0, -1, -2, -2, -5, -1, 0],
], dtype=float)  # fmt: skip
PER_STATE = MOLES / np.array([[1.0]] * 6 + [[EPS]])


@register_jitable
def grain(m):
    """Surface of a mineral."""
    return m / (m + 1e-3) ** (1 / 3) if m > 0 else 0.0


@register_jitable
def slopes(fo, srp, brc, qz, c, k1, k2, k3, k4, k5, k6, k7, k8):
    """Rates of change of the seven states, floats in and out; reactions that do not run are not worked out."""
    r1 = k1 * grain(qz) * (1 - c) if k1 else 0.0
    olivine = grain(fo)
    r2 = (k2 + (k8 * grain(srp + 1e-3) if k8 else 0.0)) * olivine
    r3 = k3 * olivine * c
    r4 = k4 * grain(srp) * (c / TALC - 1) if k4 and c > TALC else 0.0
    r5 = k5 * grain(brc) * (c - BRUCITE) if k5 and c > BRUCITE else 0.0
    r6 = k6 * olivine * (c / TALC - 1) if k6 and c > TALC else 0.0
    r7 = k7 * c
    return (
        -2 * r2 - 3 * r3 - 3 * r6, r2 + 2 * r3 - r4 + r5, r2 - 3 * r5, r4 + 2 * r6, -r1, r7,
        (r1 - r3 - 2 * r4 - 2 * r5 - 5 * r6 - r7) / EPS,
    )  # fmt: skip


def numpy_slope(t, y, k):
    """Right side for scipy as it is usually written, with arrays: stoichiometry times rates; k is an array."""
    m = np.maximum(np.append(y[:5], y[1] + 1e-3), 0.0)  # the last: serpentine and its seed
    fo, srp, brc, _, qz, seeded = m / np.cbrt(m + 1e-3)
    c = y[6]
    talc = max(c / TALC - 1, 0.0)
    unit = np.array([qz * (1 - c), fo, fo * c, srp * talc, brc * max(c - BRUCITE, 0.0), fo * talc, c, fo * seeded])
    return PER_STATE @ (k * unit)


def python_slope(t, y, k):
    """Right side for scipy in floats, as fast as Python can be made; k is a list."""
    fo, srp, brc, _, qz, _, c = y.tolist()
    return slopes(fo, srp, brc, qz, c, *k)


@njit
def compiled_slope(t, y, k):
    """The same, compiled; k is an array."""
    return np.array(slopes(y[0], y[1], y[2], y[4], y[6], k[0], k[1], k[2], k[3], k[4], k[5], k[6], k[7]))
