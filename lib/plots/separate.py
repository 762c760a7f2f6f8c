"""Panels side by side, each laid out by itself: a strip or long legend of one costs the others nothing."""

import numpy as np

from lib.plots.style import figure

__all__ = ["separate_panels"]


def separate_panels(width="double", height_mm=90.0, ncols=2, *, width_ratios=None):
    """Make a figure of panels in a row, each as tall as its own labels and legend allow.

    In a grid all panels of a row start and end at the same height: a panel with a strip over it (`density_of_states`,
    `reliability`, `indicator_diagram`) or a long legend then leaves the others half empty.

    Parameters
    ----------
    width : {"single", "double"} or float, mm
    height_mm : float, mm
    ncols : int
    width_ratios : sequence of float, length ncols, optional

    Returns
    -------
    fig : matplotlib.figure.Figure
    axes : array of Axes, shape (ncols,)
    """
    fig, ax = figure(width, height_mm)
    ax.remove()
    parts = fig.subfigures(1, ncols, width_ratios=width_ratios, squeeze=False)[0]
    axes = np.empty(ncols, dtype=object)
    axes[:] = [part.subplots() for part in parts]
    return fig, axes
