"""Constrained layout that settles: panels of a fixed shape are laid out again until they stay where they are."""

import numpy as np
from matplotlib.layout_engine import ConstrainedLayoutEngine


class SettledLayout(ConstrainedLayoutEngine):
    """Constrained layout, repeated for figures with panels of a fixed aspect.

    Such a panel is smaller than the cell that it stands in. Constrained layout measures titles and labels from the cell
    that it had before, so that after one pass a strip above the panels can cover their letters; a few more passes, each
    from the result of the last, end the error.
    """

    _most = 8

    def execute(self, fig):
        """Lay out the figure: once, or with panels of a fixed shape until no edge moves by more than 0.01 % of the page."""
        super().execute(fig)
        if all(ax.get_box_aspect() is None and ax.get_aspect() == "auto" for ax in fig.axes):
            return
        edges = _edges(fig)
        for _turn in range(self._most):
            super().execute(fig)
            before, edges = edges, _edges(fig)
            if np.max(np.abs(edges - before)) < 1e-4:
                return


def _edges(fig):
    """Edges of all panels as they are drawn, shape (n_axes, 4), fractions of the figure."""
    for ax in fig.axes:
        ax.apply_aspect()
    return np.array([ax.get_position().extents for ax in fig.axes])
