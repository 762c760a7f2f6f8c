"""Panels of hidden states, paths of rates, and maps of what can be seen."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from lib import plots


def bands(times, species=("A", "c")):
    rows = [{"time_h": t, "species": s, "median": t, "lo95": t - 1, "hi95": t + 1} for s in species for t in times]
    return pd.DataFrame(rows)


def test_species_without_data_are_called_hidden():
    data = pd.DataFrame({"time_h": [1.0, 2.0], "species": "c", "value": [1.0, 2.0], "error": [0.1, np.nan]})
    truth = pd.DataFrame({"time_h": [1.0, 2.0], "species": "A", "value": [1.0, 2.0]})
    axes = plots.hidden_states({"filtered": bands([0.0, 1.0, 2.0]), "smoothed": bands([1.0, 2.0])}, data, truth)
    assert [ax.get_title(loc="left") for ax in axes] == ["A (hidden)", "c"]
    # a logarithmic axis leaves time zero out
    assert axes[0].lines[0].get_xdata().min() == 1.0
    words = [text.get_text() for text in axes[0].figure.legends[0].get_texts()]
    assert words == ["filtered, 95 %", "smoothed, 95 %", "known answer", "measured"]
    plt.close("all")


def test_bands_without_a_column_are_refused():
    with pytest.raises(ValueError, match="no column 'median'"):
        plots.hidden_states(bands([1.0]).drop(columns="median"))
    with pytest.raises(ValueError, match="4 layers"):
        plots.hidden_states(dict.fromkeys("abcd", bands([1.0])))
    plt.close("all")


def test_paths_that_end_at_zero_are_grey_and_unnamed():
    path = pd.DataFrame({"iteration": [0, 1, 0, 1], "reaction": ["a", "a", "b", "b"], "rate": [0.1, 0.2, 0.3, 0.0]})
    fig, axes = plots.figure("double", 60, 1, 2, sharey=True)
    for ax, factor in zip(axes, (1, 5), strict=True):
        plots.em_path(path.assign(rate=factor * path["rate"]), truth={"a": 0.2}, ax=ax)
    assert axes[0].lines[0].get_color() != axes[0].lines[1].get_color()
    assert axes[1].get_ylim()[1] > 1.5 and axes[0].get_ylim()[0] == 0
    with pytest.raises(ValueError, match="no column 'rate'"):
        plots.em_path(path.drop(columns="rate"), ax=axes[0])
    plt.close(fig)


def test_a_map_has_a_panel_for_each_value_on_one_scale():
    frame = pd.DataFrame([(n, t, m, p) for n in (1, 3) for t in (10, 30) for m, p in ((0.1, 0.2), (1.0, 0.999))],
                         columns=["noise", "n_times", "multiplier", "probability"])  # fmt: skip
    axes = plots.detectability_map(frame)
    assert len(axes) == 2 and {ax.images[0].get_clim() for ax in axes} == {(0, 100)}
    assert {text.get_text() for text in axes[1].texts} == {"> 99"} and {text.get_text() for text in axes[0].texts} == {"20"}
    with pytest.raises(ValueError, match="no column 'noise'"):
        plots.detectability_map(frame.drop(columns="noise"))
    plt.close("all")
